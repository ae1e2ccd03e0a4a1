//! Which rules what happens in a call sets off, by the file that is shipped.
use super::*;
use crate::config::{AlertsFile, Config};
use crate::plans;
use crate::store::{Latency, LineStats, Mark};

/// The rules that are shipped.
fn rules() -> Vec<AlertRule> {
    AlertsFile::parse(include_str!("../../../configs/alerts.toml")).unwrap().rule
}

struct Call {
    rules: Vec<AlertRule>,
    watch: AlertWatch,
    mood: MoodWatch,
    found: Vec<FoundAlert>,
}

impl Call {
    fn new(language: Language) -> Self {
        let plan = plans::health(&Config::default());
        let (watch, mood) = (AlertWatch::new(plan, "booking.en", language), MoodWatch::new(language));
        let mut call = Self { rules: rules(), watch, mood, found: Vec::new() };
        call.note(500, CallEvent::Answered);
        call.watch.floor(600, Floor::Caller);
        call
    }

    fn note(&mut self, at: u64, event: CallEvent) {
        self.mood.note(at, &event);
        self.found.extend(self.watch.note(&self.rules, at, &event, &self.mood));
        if let Some(mood) = self.mood.mood(at) {
            self.found.extend(self.watch.mood(&self.rules, at, &mood));
        }
    }

    fn tick(&mut self, now: u64) {
        self.found.extend(self.watch.tick(&self.rules, now));
    }

    fn mark(&mut self, at: u64, name: &str, data: serde_json::Value) {
        self.note(at, CallEvent::Mark(Mark { name: name.into(), data: Private(data) }));
    }

    fn says(&mut self, speaker: Speaker, from: u64, text: &str) {
        let turn = Turn {
            speaker,
            text: text.into(),
            heard: text.into(),
            interrupted: false,
            started_ms: from,
            ended_ms: from + 1_000,
            confidence: None,
            by: None,
        };
        self.note(from + 1_200, CallEvent::Turn(turn));
    }

    /// Kind, beginning and end of what was found since the last time.
    fn found(&mut self) -> Vec<(When, u64, u64)> {
        std::mem::take(&mut self.found).into_iter().map(|one| (one.kind, one.from_ms, one.to_ms)).collect()
    }
}

#[test]
fn a_long_silence_is_told_of_once_with_the_moment_it_began() {
    let mut call = Call::new(Language::En);
    call.watch.floor(2_000, Floor::Waiting);
    call.tick(13_900);
    assert_eq!(call.found(), []);
    call.tick(14_100);
    call.tick(90_000);
    assert_eq!(call.found(), [(When::Silence, 2_000, 14_100)]);
    call.watch.floor(95_000, Floor::Caller);
    call.watch.floor(100_000, Floor::Waiting);
    call.tick(113_000);
    assert_eq!(call.found(), [(When::Silence, 100_000, 113_000)]);
}

#[test]
fn misses_count_within_their_window_and_rest_after_an_alert() {
    let mut call = Call::new(Language::En);
    for at in [10_000, 80_000, 100_000] {
        call.mark(at, "not_understood", serde_json::json!({}));
    }
    assert_eq!(call.found(), [], "the first is too long ago");
    call.mark(120_000, "not_understood", serde_json::json!({}));
    assert_eq!(call.found(), [(When::NoMatch, 80_000, 120_000)]);
    call.mark(125_000, "not_understood", serde_json::json!({}));
    assert_eq!(call.found(), [], "it rests");
}

#[test]
fn words_are_looked_for_in_what_their_speaker_said_and_the_other_heard() {
    let mut call = Call::new(Language::En);
    call.says(Speaker::Bot, 1_000, "Your lawyer may call you");
    call.says(Speaker::Caller, 3_000, "I guarantee it");
    assert_eq!(call.found(), []);
    call.says(Speaker::Caller, 5_000, "You will hear from my lawyer!");
    let word = call.found.iter().find(|one| one.kind == When::Words).unwrap();
    assert_eq!((word.reason.word.as_deref(), word.reason.by), (Some("lawyer"), Some(Speaker::Caller)));
    assert_eq!(word.turn, Some(AlertTurn { speaker: Speaker::Caller, started_ms: 5_000 }));
    call.found();
    // A turn of the bot is told again when more of it was heard.
    for heard in ["We", "We guarantee", "We guarantee it"] {
        call.says(Speaker::Bot, 9_000, heard);
    }
    assert_eq!(call.found(), [(When::Words, 9_000, 10_000)]);
    // Parts of words are none.
    call.says(Speaker::Caller, 300_000, "The lawyers' street, number four");
    assert_eq!(call.found(), []);
    let mut call = Call::new(Language::Vi);
    call.says(Speaker::Caller, 5_000, "Tôi sẽ gọi công an");
    assert!(call.found().contains(&(When::Words, 5_000, 6_000)));
    call.says(Speaker::Caller, 9_000, WITHHELD);
    assert_eq!(call.found(), []);
}

#[test]
fn who_asks_for_a_person_and_whose_mood_falls_is_told_of() {
    let mut call = Call::new(Language::En);
    call.says(Speaker::Caller, 2_000, "Let me talk to a human please");
    assert_eq!(call.found(), [(When::Person, 2_000, 3_000)]);
    call.says(Speaker::Caller, 8_000, "This is ridiculous, I already told you my name");
    let mood = call.found.pop().unwrap();
    assert_eq!((mood.kind, mood.from_ms, mood.reason.state), (When::Mood, 3_000, Some(MoodState::Upset)));
    assert!(mood.reason.why.contains(&crate::store::MoodCode::Anger) && mood.to_ms == 9_000, "{mood:?}");
    call.found();
    call.says(Speaker::Caller, 12_000, "Unbelievable");
    assert_eq!(call.found(), [], "who stays upset is told of once");
}

#[test]
fn a_raised_voice_slow_answers_a_poor_line_and_a_long_call_are_told_of_with_their_figures() {
    let mut call = Call::new(Language::En);
    for (at, db) in [(2_000, -30.0), (5_000, -31.0), (9_000, -30.0), (15_000, -19.0)] {
        let data = serde_json::json!({"ms": at, "from_ms": at - 900, "level_db": db, "pitch_hz": null, "rate": null});
        call.mark(at, "voice", data);
    }
    let raised = call.found.pop().unwrap();
    assert_eq!(
        (raised.kind, raised.from_ms, raised.to_ms, raised.reason.value),
        (When::RaisedVoice, 14_100, 15_000, Some(11.0))
    );
    call.note(20_000, CallEvent::Latency(Latency::of(1, [200, 300, 4_000, 300, 20])));
    assert_eq!(call.found(), [(When::SlowAnswers, 20_000 - 4_820, 20_000)]);
    let line = |mos| CallEvent::Line(LineStats { seat: "caller".into(), mos: Some(mos), ..LineStats::default() });
    call.note(25_000, line(4.2));
    call.note(30_000, line(2.1));
    assert_eq!(call.found(), [(When::PoorLine, 30_000, 30_000)]);
    call.tick(900_400);
    assert_eq!(call.found(), []);
    call.tick(900_600);
    assert_eq!(call.found(), [(When::LongCall, 500, 900_600)]);
}

#[test]
fn a_rule_of_some_bots_is_for_no_others_and_new_rules_hold_for_calls_under_way() {
    let mut call = Call::new(Language::En);
    call.rules.iter_mut().for_each(|rule| rule.bots = vec!["places.vi".into()]);
    call.says(Speaker::Caller, 2_000, "Let me talk to a human please");
    assert_eq!(call.found(), []);
    call.rules = rules();
    call.says(Speaker::Caller, 8_000, "Let me talk to a human please");
    assert_eq!(call.found(), [(When::Person, 8_000, 9_000)]);
}
