//! Calls as their transcripts tell them.
use super::*;
use dialog::say::written::Written;

struct Call {
    transcript: Transcript,
    start: Instant,
    ms: u64,
}

impl Call {
    fn new() -> Self {
        Self { transcript: Transcript::default(), start: Instant::now(), ms: 0 }
    }

    fn now(&self) -> Instant {
        self.start + Duration::from_millis(self.ms)
    }

    /// The bot says these clauses as one turn, numbered from `first`.
    fn say(&mut self, first: u64, clauses: &[&str]) {
        for (say, text) in (first..).zip(clauses) {
            self.transcript.says(SayId(say), Clause::new((*text).into(), None));
        }
        self.transcript.complete_bot();
    }

    /// A clause sounds for a second.
    fn hear(&mut self, say: u64, chars: u32) {
        self.transcript.sounds(SayId(say), self.now());
        self.ms += 1_000;
        self.transcript.progress(SayId(say), chars);
    }

    fn play(&mut self, say: u64, chars: u32) {
        self.hear(say, chars);
        self.transcript.played(SayId(say), chars, self.now());
    }

    fn answer(&mut self, text: &str) -> Entry {
        let given = GivenAnswer { text: text.into(), confidence: 0.9, by: AnsweredBy::Voice, secret: false };
        self.transcript.take_caller_turn(self.now(), given)
    }

    /// The turns that are complete, as lines.
    fn entries(&mut self) -> Vec<String> {
        self.transcript.take_bot_turns(self.now());
        let ms = |at: Instant| (at - self.start).as_millis();
        let line = |entry: &Entry| {
            let Entry { number, talker, cut, began, ended, .. } = entry;
            let cut = match cut {
                Some(CutBy::Talker(by)) => format!(", cut by {by:?}"),
                Some(CutBy::CallEnd) => ", cut by the end".into(),
                None => String::new(),
            };
            let (text, heard) = (entry.text(), entry.heard());
            let heard = if text == heard { String::new() } else { format!(" ({heard})") };
            format!("{number} {talker:?} [{}-{}]: {text}{heard}{cut}", ms(*began), ms(*ended))
        };
        self.transcript.entries().map(line).collect()
    }

    /// What observers were told.
    fn told(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.transcript.poll()).map(shown).collect()
    }
}

fn shown(change: Change) -> String {
    match change {
        Change::Clause { say, turn, text } => format!("{} in {turn}: {text}", say.0),
        Change::Heard { say, chars, done } => format!("{} heard {chars}{}", say.0, if done { ", done" } else { "" }),
        Change::Interrupted { say, chars } => format!("{} interrupted at {chars}", say.0),
        Change::Partial { turn, text, .. } => format!("{turn} so far: {text}"),
        Change::Withdrawn { turn } => format!("{turn} withdrawn"),
        Change::Taken { turn, text, .. } => format!("{turn} taken: {text}"),
    }
}

const CALLER: CutBy = CutBy::Talker(Talker::Caller);

#[test]
fn a_call_is_numbered_by_when_its_turns_began() {
    let mut call = Call::new();
    call.say(1, &["Welcome.", "Which room?"]);
    call.play(1, 8);
    call.play(2, 11);
    assert_eq!(call.entries(), ["0 Bot [0-2000]: Welcome. Which room?"]);
    call.transcript.caller_started(call.now());
    call.ms += 500;
    call.transcript.caller_stopped(call.now());
    call.ms += 300;
    assert_eq!(call.answer("red").number, 1);
    call.say(3, &["For which day?"]);
    call.play(3, 14);
    assert_eq!(call.entries()[1..], ["1 Caller [2000-2500]: red", "2 Bot [2800-3800]: For which day?"]);
    assert_eq!(
        call.told(),
        [
            "1 in 0: Welcome.",
            "2 in 0: Which room?",
            "1 heard 8",
            "1 heard 8, done",
            "2 heard 11",
            "2 heard 11, done",
            "1 taken: red",
            "3 in 2: For which day?",
            "3 heard 14",
            "3 heard 14, done"
        ]
    );
}

#[test]
fn an_answer_to_an_interruption_is_a_turn_of_its_own_and_is_announced_after_what_was_heard_of_the_first() {
    let mut call = Call::new();
    call.say(1, &["Welcome to us.", "Which room?"]);
    call.hear(1, 5);
    call.transcript.hushed(SayId(3), CALLER, call.now());
    assert_eq!(call.answer("help").number, 1, "the turn that is being cut off began before");
    call.say(3, &["Say a colour."]);
    assert!(call.entries().len() == 1 && call.transcript.bot_has_more() && call.transcript.bot_has_begun());
    assert_eq!(call.transcript.waiting(), Some(SayId(3)));
    call.transcript.cut(SayId(1), 10, call.now());
    assert_eq!(
        call.entries(),
        ["1 Caller [1000-1000]: help", "0 Bot [0-1000]: Welcome to us. Which room? (Welcome to), cut by Caller"]
    );
    call.play(3, 13);
    assert_eq!(call.entries()[2], "2 Bot [1000-2000]: Say a colour.");
    assert!(!call.transcript.bot_has_turns());
    assert_eq!(
        call.told()[3..],
        ["1 taken: help", "1 interrupted at 10", "3 in 2: Say a colour.", "3 heard 13", "3 heard 13, done"]
    );
}

#[test]
fn a_clause_whose_end_the_playout_never_reports_is_over_when_the_next_turn_sounds() {
    let mut call = Call::new();
    call.say(1, &["Welcome to us."]);
    call.hear(1, 7);
    call.transcript.hushed(SayId(2), CALLER, call.now());
    call.say(2, &["Yes?"]);
    call.play(2, 4);
    assert_eq!(call.entries(), ["0 Bot [0-1000]: Welcome to us. (Welcome), cut by Caller", "1 Bot [1000-2000]: Yes?"]);
    assert_eq!(call.told()[2..4], ["1 interrupted at 7", "2 in 1: Yes?"]);
}

#[test]
fn a_caller_who_began_just_before_the_bots_first_sound_has_the_turn_after_it() {
    let mut call = Call::new();
    call.ms = 60;
    call.say(1, &["Welcome."]);
    call.transcript.sounds(SayId(1), call.now());
    call.ms = 120;
    call.transcript.caller_started(call.start + Duration::from_millis(40));
    call.transcript.hushed(SayId(2), CALLER, call.now());
    call.transcript.cut(SayId(1), 2, call.now());
    assert_eq!(call.entries(), ["0 Bot [60-120]: Welcome. (), cut by Caller"]);
    call.ms = 500;
    call.transcript.caller_stopped(call.now());
    call.answer("hello");
    assert_eq!(call.entries()[1..], ["1 Caller [61-500]: hello"]);
}

#[test]
fn what_never_sounded_was_not_heard_and_took_its_turn_before_the_caller() {
    let mut call = Call::new();
    call.transcript.caller_started(call.now());
    call.ms += 400;
    call.say(1, &["Welcome."]);
    call.transcript.hushed(SayId(2), CutBy::Talker(Talker::Bot), call.now());
    assert_eq!(call.entries(), ["0 Bot [0-0]: Welcome. (), cut by Bot"]);
    assert_eq!(call.answer("hello").number, 1);
    assert_eq!(call.told(), ["1 in 0: Welcome.", "1 interrupted at 0", "1 taken: hello"]);
}

#[test]
fn the_end_of_a_call_cuts_what_sounds_where_it_was_reported_last() {
    let mut call = Call::new();
    call.say(1, &["Welcome to us.", "Which room?"]);
    call.hear(1, 7);
    call.transcript.abandon(call.now());
    assert_eq!(call.entries(), ["0 Bot [0-1000]: Welcome to us. Which room? (Welcome), cut by the end"]);
}

#[test]
fn a_clause_that_no_voice_could_say_ends_unheard_and_cuts_nothing_off() {
    let mut call = Call::new();
    call.say(1, &["Welcome.", "Which room?"]);
    call.transcript.played(SayId(1), 0, call.now());
    call.play(2, 11);
    assert_eq!(call.entries(), ["0 Bot [0-1000]: Welcome. Which room? (Which room?)"]);
    assert_eq!(call.told()[2], "1 heard 0, done");
}

#[test]
fn people_read_what_the_bots_file_says() {
    let mut call = Call::new();
    let said = "Tìm quán ka ra ô kê.";
    let spellings = [("ka ra ô kê".to_owned(), "karaoke".to_owned())];
    let written = Written::of(said, &spellings, dialog::bot::Language::Vi);
    call.transcript.says(SayId(1), Clause::new(said.into(), written));
    call.hear(1, 15);
    call.transcript.abandon(call.now());
    assert_eq!(call.entries(), ["0 Bot [0-1000]: Tìm quán karaoke. (Tìm quán), cut by the end"]);
    assert_eq!(call.told(), ["1 in 0: Tìm quán karaoke.", "1 heard 9"]);
}

#[test]
fn words_so_far_grow_and_become_a_turn_or_are_withdrawn() {
    let mut call = Call::new();
    for text in ["book", "book", "book a"] {
        call.transcript.partial(text);
    }
    call.answer("book a room");
    call.transcript.partial("uh");
    call.transcript.withdraw_partial();
    call.transcript.withdraw_partial();
    call.say(1, &["Yes?"]);
    call.transcript.partial("mm");
    call.hear(1, 2);
    call.transcript.expect_secret(true);
    call.transcript.partial("4821");
    assert_eq!(
        call.told(),
        [
            "0 so far: book",
            "0 so far: book a",
            "0 taken: book a room",
            "1 so far: uh",
            "1 withdrawn",
            "1 in 1: Yes?",
            "1 so far: mm",
            "1 heard 2",
            "1 withdrawn",
            "2 so far: ****"
        ]
    );
}

#[test]
fn an_observer_who_comes_late_is_told_what_is_still_to_be_heard() {
    let mut call = Call::new();
    call.say(1, &["Welcome.", "Which room?"]);
    call.play(1, 8);
    call.hear(2, 5);
    let unheard: Vec<String> = call.transcript.unheard().into_iter().map(shown).collect();
    assert_eq!(unheard, ["2 in 0: Which room?", "2 heard 5"]);
}

#[test]
fn the_newest_entries_are_kept() {
    let mut call = Call::new();
    for _ in 0..CAPACITY + 3 {
        call.answer("yes");
    }
    assert_eq!(call.transcript.entries().count(), CAPACITY);
    assert_eq!(call.transcript.entries().next().map(|entry| entry.number), Some(3));
}

#[test]
fn debug_shows_no_words() {
    let mut call = Call::new();
    call.answer("zanzibar");
    call.say(1, &["zanzibar"]);
    call.play(1, 8);
    call.entries();
    let shown = format!("{:?}", call.transcript.entries().collect::<Vec<_>>());
    assert!(!shown.contains("zanzibar"), "{shown}");
}
