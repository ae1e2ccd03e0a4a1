//! Turns under simulated time.
use super::*;

struct Trace {
    turn: Turn,
    start: Instant,
    seen: Vec<String>,
    /// What may be all of a turn is noted too.
    all: bool,
}

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Times that are told apart at a glance.
fn plan() -> TurnPlan {
    TurnPlan { likely: ms(500), unclear: ms(700), ..TurnPlan::default() }
}

impl Trace {
    fn new(floor: Floor) -> Trace {
        Trace::with(plan(), floor)
    }

    fn with(plan: TurnPlan, floor: Floor) -> Trace {
        let start = Instant::now() + Duration::from_secs(10);
        let mut turn = Turn::new(plan);
        turn.floor(start - ms(2_000), floor);
        Trace { turn, start, seen: Vec::new(), all: false }
    }

    /// Lets all deadlines up to `at` come.
    fn until(&mut self, at: u64) -> Instant {
        let now = self.start + ms(at);
        while let Some((due, _)) = self.turn.deadline().filter(|(due, _)| *due <= now) {
            self.turn.tick(due);
            self.note(due);
        }
        now
    }

    fn note(&mut self, now: Instant) {
        while let Some(act) = self.turn.poll() {
            let at = now.duration_since(self.start).as_millis();
            let act = match act {
                Act::EagerEnd { .. } | Act::EagerWithdrawn if !self.all => continue,
                Act::EagerEnd { text } => format!("likely {text}"),
                Act::EagerWithdrawn => "goes on".into(),
                Act::Taken { text, .. } => format!("taken {text}"),
                Act::NotUnderstood => "not understood".into(),
                other => format!("{other:?}").to_lowercase(),
            };
            self.seen.push(format!("{at} {act}"));
        }
    }

    fn start(&mut self, at: u64) {
        let now = self.until(at);
        self.turn.started(now);
        self.note(now);
    }

    /// What a busy machine tells late: a voice from `began` to `ended`.
    fn told_late(&mut self, began: u64, ended: u64, [started, stopped]: [u64; 2]) {
        let now = self.until(started);
        self.turn.started(now);
        self.note(now);
        let now = self.until(stopped);
        self.turn.stopped(now, ms(stopped - ended), ms(ended - began));
        self.note(now);
    }

    fn stop(&mut self, at: u64) {
        let now = self.until(at);
        self.turn.stopped(now, ms(200), Duration::ZERO);
        self.note(now);
    }

    fn words(&mut self, at: u64, text: &str, kind: AnswerKind, is_final: bool) {
        let now = self.until(at);
        let text = Some(text.to_string()).filter(|t| !t.is_empty());
        self.turn.words(now, Words { text, confidence: 0.9, is_final, kind, patience: 1.0 });
        self.note(now);
    }

    fn seen(&mut self, upto: u64) -> Vec<String> {
        self.until(upto);
        std::mem::take(&mut self.seen)
    }
}

#[test]
fn a_complete_answer_ends_a_turn_soon_and_an_unfinished_one_late() {
    for (kind, at) in [
        (AnswerKind::YesNo, 1_010),
        (AnswerKind::Whole, 1_080),
        (AnswerKind::Likely, 1_300),
        (AnswerKind::Part, 1_800),
        (AnswerKind::Unfinished, 2_300),
    ] {
        let mut t = Trace::new(Floor::Free);
        t.start(0);
        t.stop(1_000);
        t.words(1_010, "x", kind, true);
        assert_eq!(t.seen(5_000), [format!("{at} taken x")]);
    }
}

#[test]
fn an_entry_that_lacks_something_is_waited_for_and_one_of_any_length_after_a_pause() {
    let mut t = Trace::new(Floor::Free);
    t.start(0);
    t.stop(1_000);
    t.words(1_010, "four oh", AnswerKind::Short, true);
    assert_eq!(t.seen(5_000), ["2800 taken four oh"]);
    // Of any length, in one breath and with a pause of half a second or more.
    for (pause, end) in [(300, 1_000), (600, 2_000)] {
        let mut t = Trace::new(Floor::Free);
        t.start(64);
        t.stop(700);
        t.words(710, "four", AnswerKind::Open, true);
        t.start(500 + pause + 64);
        t.stop(2_200);
        t.words(2_210, "four oh", AnswerKind::Open, true);
        assert_eq!(t.seen(9_000), [format!("{} taken four oh", 2_000 + end)]);
    }
}

#[test]
fn a_sound_that_was_nothing_takes_back_no_part_of_an_entry() {
    for (kind, act) in [(AnswerKind::Short, "4000 taken four oh"), (AnswerKind::Part, "2700 not understood")] {
        let mut t = Trace::new(Floor::Free);
        t.start(0);
        t.stop(700);
        t.words(710, "four oh", kind, true);
        t.start(1_300);
        t.stop(2_200);
        t.words(2_210, "", AnswerKind::Part, true);
        assert_eq!(t.seen(9_000), [act]);
    }
}

#[test]
fn an_entry_with_pauses_may_last_longer_than_a_turn() {
    for (kind, cut) in [(AnswerKind::Short, 60_000), (AnswerKind::Part, 20_000)] {
        let mut t = Trace::new(Floor::Free);
        t.start(64);
        t.words(200, "four", kind, false);
        let seen = t.seen(100_000);
        assert!(seen[0].starts_with(&cut.to_string()), "{seen:?}");
    }
}

#[test]
fn a_hum_is_an_answer_only_where_the_bot_is_silent() {
    let mut t = Trace::new(Floor::Bot);
    t.start(64);
    t.stop(600);
    t.words(610, "uh-huh", AnswerKind::BackchannelAnswer, true);
    assert_eq!(t.seen(3_000), ["300 pause", "610 resume", "610 dropped"]);
    let mut t = Trace::new(Floor::Free);
    t.start(64);
    t.stop(600);
    t.words(610, "uh-huh", AnswerKind::BackchannelAnswer, true);
    assert_eq!(t.seen(3_000), ["680 taken uh-huh"]);
}

#[test]
fn a_caller_who_goes_on_keeps_the_turn() {
    let mut t = Trace::new(Floor::Free);
    t.start(0);
    t.stop(700);
    t.words(710, "two", AnswerKind::Part, true);
    t.start(1_200);
    t.stop(2_200);
    t.words(2_210, "two thirty p m", AnswerKind::Whole, true);
    assert_eq!(t.seen(5_000), ["2280 taken two thirty p m"]);
}

#[test]
fn words_that_the_caller_went_on_from_are_not_the_whole_answer() {
    let mut t = Trace::new(Floor::Free);
    t.start(0);
    t.stop(700);
    t.words(710, "two", AnswerKind::Part, true);
    t.start(1_200);
    t.stop(1_600);
    assert_eq!(t.seen(9_000), ["2300 late", "7400 unheard"]);
}

#[test]
fn late_words_of_the_same_turn_are_still_taken() {
    let mut t = Trace::new(Floor::Free);
    t.start(0);
    t.stop(1_000);
    t.words(3_300, "boston", AnswerKind::Whole, true);
    assert_eq!(t.seen(9_000), ["1700 late", "3300 taken boston"]);
    // Who speaks anew is heard whole: the words of both come together.
    t.start(10_000);
    t.stop(11_000);
    t.start(12_000);
    t.stop(12_700);
    t.words(13_000, "boston tomorrow", AnswerKind::Whole, true);
    assert_eq!(t.seen(20_000), ["11700 late", "13000 taken boston tomorrow"]);
}

#[test]
fn a_bot_that_was_paused_goes_on_while_words_are_late_and_stops_for_them() {
    let mut t = Trace::new(Floor::Bot);
    t.start(64);
    t.stop(700);
    t.words(2_600, "boston", AnswerKind::Whole, true);
    assert_eq!(t.seen(9_000), ["300 pause", "1000 resume", "1400 late", "2600 hush", "2600 taken boston"]);
}

#[test]
fn a_short_word_is_no_cough_because_its_report_or_its_recogniser_is_late() {
    // Half a second, of which the machine told half.
    let mut t = Trace::new(Floor::Free);
    t.told_late(0, 550, [356, 1_000]);
    t.words(1_700, "today", AnswerKind::Whole, true);
    assert_eq!(t.seen(9_000), ["1500 late", "1700 taken today"]);
    // A cough over the bot that was heard a second time, or came out of a stall, hushes nobody at once and is no word.
    let mut t = Trace::new(Floor::Bot);
    t.told_late(0, 100, [1_300, 1_320]);
    t.words(1_400, "", AnswerKind::Part, true);
    assert_eq!(t.seen(9_000), ["1400 dropped"]);
    // As short as a cough.
    let mut t = Trace::new(Floor::Free);
    t.start(64);
    t.stop(420);
    t.words(1_600, "yes", AnswerKind::Whole, true);
    assert_eq!(t.seen(9_000), ["1600 taken yes"]);
    // A cough all the same.
    for text in [Some(""), None] {
        let mut t = Trace::new(Floor::Bot);
        t.start(64);
        t.stop(420);
        if let Some(text) = text {
            t.words(1_600, text, AnswerKind::Part, true);
        }
        let at = if text.is_some() { 1_600 } else { 6_220 };
        assert_eq!(t.seen(9_000), ["300 pause", "720 resume", &format!("{at} dropped")]);
    }
}

#[test]
fn words_that_never_come_end_the_turn_as_unheard() {
    let mut t = Trace::new(Floor::Free);
    t.start(0);
    t.stop(1_000);
    assert_eq!(t.seen(9_000), ["1700 late", "6800 unheard"]);
}

#[test]
fn a_voice_over_the_bot_pauses_then_hushes_it() {
    let mut t = Trace::new(Floor::Bot);
    t.start(64);
    assert_eq!(t.seen(9_000), ["300 pause", "6000 hush"]);
}

#[test]
fn words_hush_at_once_when_final_and_after_the_pause_when_guessed() {
    let mut t = Trace::new(Floor::Bot);
    t.start(64);
    t.words(200, "mountain", AnswerKind::Part, false);
    assert_eq!(t.seen(290), Vec::<String>::new());
    assert_eq!(t.seen(310), ["300 hush"]);
    let mut t = Trace::new(Floor::Bot);
    t.start(64);
    t.stop(280);
    t.words(285, "no", AnswerKind::Whole, true);
    assert_eq!(t.seen(1_000), ["285 hush", "360 taken no"]);
}

#[test]
fn a_backchannel_or_a_noise_lets_the_bot_go_on() {
    for text in ["uh-huh", ""] {
        let mut t = Trace::new(Floor::Bot);
        t.start(64);
        t.words(350, text, AnswerKind::Backchannel, false);
        t.stop(600);
        t.words(610, text, AnswerKind::Backchannel, true);
        assert_eq!(t.seen(3_000), ["300 pause", "610 resume", "610 dropped"]);
    }
}

#[test]
fn a_paused_bot_resumes_when_no_words_come() {
    let mut t = Trace::new(Floor::Bot);
    t.start(64);
    t.stop(600);
    assert_eq!(t.seen(9_000), ["300 pause", "900 resume", "1300 late", "6400 dropped"]);
}

#[test]
fn what_must_be_heard_is_not_interrupted_and_the_answer_is_kept() {
    let mut t = Trace::new(Floor::Closed);
    t.start(64);
    t.stop(1_200);
    t.words(1_210, "yes", AnswerKind::Whole, true);
    assert_eq!(t.seen(4_000), Vec::<String>::new());
    let now = t.until(4_000);
    t.turn.floor(now, Floor::Bot);
    t.note(now);
    assert_eq!(t.seen(5_000), ["4000 hush", "4000 taken yes"]);
}

#[test]
fn a_cough_in_silence_is_dropped_and_a_mumble_is_not_understood() {
    for (length, act) in [(150, "dropped"), (700, "not understood")] {
        let mut t = Trace::new(Floor::Free);
        t.start(64);
        t.stop(length + 200);
        t.words(length + 210, "", AnswerKind::Part, true);
        let seen = t.seen(5_000);
        assert!(seen.len() == 1 && seen[0].ends_with(act), "{seen:?}");
    }
}

#[test]
fn speech_without_a_pause_does_not_keep_the_turn_for_ever() {
    let mut t = Trace::new(Floor::Free);
    t.start(64);
    assert_eq!(t.seen(60_000), ["20000 not understood"]);
    assert!(t.turn.deadline().is_none());
}

#[test]
fn backchannels_are_told_from_answers() {
    use crate::language::Language;
    use crate::value::words::tokens;
    for (text, language, is_one) in [
        ("uh-huh", Language::En, true),
        ("yeah ok", Language::En, true),
        ("Mm-hmm.", Language::En, true),
        ("boston", Language::En, false),
        ("ok boston", Language::En, false),
        ("dạ vâng", Language::Vi, true),
        ("ừ", Language::Vi, true),
        ("khách sạn", Language::Vi, false),
        ("", Language::En, false),
    ] {
        assert_eq!(backchannel::is_backchannel(&tokens(text, language), language), is_one, "{text}");
    }
}

#[test]
fn a_caller_who_never_stops_is_not_taken_for_silent() {
    let mut t = Trace::new(Floor::Free);
    t.start(64);
    let seen = t.seen(60_000);
    assert_eq!(seen.len(), 1, "the turn is cut once: {seen:?}");
    assert!(t.turn.busy(), "the voice is still on");
    t.stop(61_000);
    assert!(!t.turn.busy());
}

#[test]
fn patience_makes_each_silence_longer_or_shorter() {
    for (patience, step, at) in [(1.0, 1.0, 1_300), (2.0, 1.0, 1_800), (0.5, 1.0, 1_050), (1.0, 3.0, 2_300)] {
        let mut t = Trace::with(TurnPlan { patience, ..plan() }, Floor::Free);
        t.start(64);
        t.stop(1_000);
        let now = t.until(1_010);
        let kind = AnswerKind::Likely;
        t.turn.words(now, Words { text: Some("x".into()), confidence: 0.9, is_final: true, kind, patience: step });
        assert_eq!(t.seen(5_000), [format!("{at} taken x")]);
    }
}

#[test]
fn what_may_be_all_is_told_once_and_taken_back_when_the_caller_goes_on() {
    let mut t = Trace::new(Floor::Free);
    t.all = true;
    t.start(64);
    t.words(500, "a table", AnswerKind::Likely, false);
    t.stop(700);
    t.words(710, "a table", AnswerKind::Likely, true);
    t.words(720, "a table", AnswerKind::Likely, true);
    t.start(800);
    t.stop(1_700);
    t.words(1_710, "a table for", AnswerKind::Unfinished, true);
    t.start(2_200);
    t.stop(3_000);
    t.words(3_010, "a table for two", AnswerKind::Likely, true);
    assert_eq!(
        t.seen(9_000),
        ["710 likely a table", "800 goes on", "3010 likely a table for two", "3300 taken a table for two"]
    );
}

#[test]
fn what_may_be_all_is_taken_back_when_its_words_change_or_come_to_nothing() {
    let mut t = Trace::new(Floor::Free);
    t.all = true;
    t.start(64);
    t.stop(700);
    t.words(710, "boston", AnswerKind::Likely, true);
    t.words(800, "austin", AnswerKind::Likely, true);
    t.words(900, "", AnswerKind::Part, true);
    let seen = t.seen(9_000);
    assert_eq!(seen, ["710 likely boston", "800 goes on", "800 likely austin", "900 goes on", "1200 not understood"]);
}

#[test]
fn who_begins_as_the_bot_does_goes_first_and_is_waited_for_after_the_second_time() {
    let mut t = Trace::new(Floor::Free);
    let mut now = 0;
    for (collides, taken) in [(false, 500), (true, 500), (true, 500), (true, 750), (false, 750), (false, 500)] {
        let begins = now + if collides { 100 } else { 3_000 };
        if !collides {
            let ended = t.until(begins - 100);
            t.turn.floor(ended, Floor::Free);
        }
        t.start(begins + 64);
        let paused = if collides { vec![format!("{} pause", begins + 64)] } else { Vec::new() };
        assert_eq!(t.seen(begins + 65), paused);
        t.stop(begins + 900);
        t.words(begins + 910, "x", AnswerKind::Likely, true);
        let at = begins + 700 + taken;
        let seen = t.seen(at);
        assert_eq!(seen.last().map(String::as_str), Some(format!("{at} taken x").as_str()), "{seen:?}");
        let ended = t.until(at + 10);
        t.turn.floor(ended, Floor::Free);
        t.turn.floor(ended, Floor::Bot);
        now = at + 10;
    }
}

#[test]
fn a_cough_as_the_bot_begins_is_no_collision_and_the_bot_goes_on() {
    let mut t = Trace::new(Floor::Free);
    let now = t.until(0);
    t.turn.floor(now, Floor::Bot);
    t.start(164);
    t.stop(450);
    t.words(460, "", AnswerKind::Part, true);
    assert_eq!(t.seen(3_000), ["164 pause", "460 resume", "460 dropped"]);
    assert_eq!(t.turn.pace.collisions(), 0);
}
