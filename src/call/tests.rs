//! The core of a call, step by step; whole calls are in `tests/sim`.
use super::core::{Act, CallInput, Core};
use super::talk::Talk;
use super::watchdog::{Limits, Why};
use super::{Blame, End, Reason};
use crate::standby::Clip;
use crate::store::{CallEvent, Silence, SilenceKind};
use dialog::bot::Bot;
use dialog::conversation::Conversation;
use media::asr::{AsrFault, Heard, Hypothesis};
use media::ear::EarState;
use media::frame::SamplePos;
use media::playout::{Gain, Phase, Played};
use media::prosody::VoiceFeatures;
use media::room::{Event, Seat};
use media::tts::{self, Spoken, UtteranceId};
use media::vad::Edge;
use std::sync::Arc;
use std::time::{Duration, Instant};

mod approvals;
mod person;
mod privacy;
mod rights;
mod seats;

const BOT: &str = r#"
    name = "taxi"
    language = "en"
    greeting = "Hello."
    [[slot]]
    name = "people"
    type = "number"
    min = 1
    max = 6
    unit = ["person", "people"]
    prompt = "For how many?"
    [[task]]
    name = "order"
    slots = ["people"]
    on_done = { url = "http://127.0.0.1:9/taxi", say = "It comes." }
"#;

struct Line {
    talk: Talk,
    start: Instant,
    now: u64,
}

impl Line {
    fn answered() -> (Self, Vec<Act>) {
        Self::of(BOT)
    }

    fn of(bot: &str) -> (Self, Vec<Act>) {
        let start = Instant::now();
        let bot = Bot::parse(bot, "taxi.toml").unwrap();
        let today = jiff::civil::date(2026, 11, 25).at(9, 0, 0, 0);
        let talk = Talk::new(Conversation::new(Arc::new(bot), today), Limits::default(), start);
        let mut line = Self { talk, start, now: 0 };
        let acts = line.tell(CallInput::Answered);
        (line, acts)
    }

    fn at(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms)
    }

    fn tell(&mut self, input: CallInput) -> Vec<Act> {
        self.talk.handle(self.at(self.now), input);
        std::iter::from_fn(|| self.talk.poll()).collect()
    }

    /// Lets time pass to `ms`; what is wanted on the way.
    fn pass(&mut self, ms: u64) -> Vec<Act> {
        let mut acts = Vec::new();
        while let Some((due, _)) = self.talk.deadline().filter(|(due, _)| *due <= self.at(ms)) {
            self.now = self.now.max((due - self.start).as_millis() as u64);
            acts.extend(self.tell(CallInput::Tick));
        }
        self.now = ms;
        acts
    }

    fn played(&mut self, utterance: u64, phase: Phase, chars: u32) -> Vec<Act> {
        let played = Played { utterance: UtteranceId(utterance), chars, phase, at: self.at(self.now) };
        self.tell(CallInput::Room(Event::Played { seat: Seat::CALLER, played }))
    }

    /// The caller says something; the turn is taken a little later.
    fn says(&mut self, text: &str) -> Vec<Act> {
        let at = SamplePos(0);
        let edge = |edge| CallInput::Room(Event::Edge { seat: Seat::CALLER, edge });
        let mut acts = self.tell(edge(Edge::Start { at, arrived: Some(self.at(self.now)) }));
        acts.extend(self.pass(self.now + 600));
        acts.extend(self.tell(edge(Edge::End { at, arrived: Some(self.at(self.now - 200)), voice: None })));
        acts.extend(self.tell(CallInput::Heard(Heard::Final {
            hypothesis: Hypothesis { text: Some(text.into()), confidence: 0.9 },
            from: at,
            to: at,
            engine: "told",
            took: Duration::ZERO,
            done_at: self.at(self.now),
        })));
        acts.extend(self.pass(self.now + 900));
        acts
    }

    /// Both clauses of the greeting are heard.
    fn greeted() -> Self {
        Self::greeted_by(BOT)
    }

    fn greeted_by(bot: &str) -> Self {
        let (mut line, _) = Self::of(bot);
        for (utterance, chars) in [(8, 6), (16, 13)] {
            line.pass(line.now + 60);
            line.played(utterance, Phase::Started, 0);
            line.pass(line.now + 900);
            line.played(utterance, Phase::Done, chars);
        }
        line
    }

    /// The only slot is filled, and the tool runs.
    fn working() -> (Self, dialog::conversation::ToolId) {
        let mut line = Self::greeted();
        line.pass(line.now + 500);
        let acts = line.says("two");
        let id = acts.iter().find_map(|act| if let Act::Run(call) = act { Some(call.id) } else { None });
        (line, id.expect("the tool runs"))
    }
}

fn clips(acts: &[Act]) -> Vec<Clip> {
    acts.iter().filter_map(|act| if let Act::Standby { clip, .. } = act { Some(*clip) } else { None }).collect()
}

fn ends(acts: &[Act]) -> Vec<End> {
    acts.iter().filter_map(|act| if let Act::End(end) = act { Some(*end) } else { None }).collect()
}

fn silences(acts: &[Act]) -> Vec<SilenceKind> {
    let kind = |act: &Act| match act {
        Act::Note(CallEvent::Silence(Silence { kind, .. })) => Some(*kind),
        _ => None,
    };
    acts.iter().filter_map(kind).collect()
}

#[test]
fn sound_that_stays_away_is_covered_once_in_a_while_and_then_given_up() {
    let (mut line, _) = Line::answered();
    assert_eq!(
        line.talk.deadline().map(|(at, why)| (at - line.start, why)),
        Some((Duration::from_millis(1100), Why::DeadAir))
    );
    let acts = line.pass(1_100);
    assert_eq!(clips(&acts), [Clip::Moment]);
    let before =
        acts.iter().find_map(|act| if let Act::Standby { utterance, .. } = act { Some(*utterance) } else { None });
    assert_eq!(before, Some(UtteranceId(1)), "it goes before the clause that is waited for");
    assert_eq!(clips(&line.pass(1_200)), [], "the clip itself is not covered for");
    line.played(1, Phase::Started, 0);
    line.pass(2_000);
    line.played(1, Phase::Done, 0);
    assert_eq!(clips(&line.pass(6_000)), []);
    let acts = line.pass(6_200);
    assert_eq!(clips(&acts), [Clip::Moment]);
    assert!(
        acts.iter().any(|act| matches!(act, Act::Standby { utterance: UtteranceId(2), .. })),
        "a number of its own: the playout plays none twice"
    );
    let acts = line.pass(20_000);
    assert_eq!(ends(&acts), [End::new(Blame::Engine, Reason::NothingToSay)]);
}

#[test]
fn an_excuse_is_heard_out_before_a_bot_that_cannot_speak_hangs_up() {
    let (mut line, _) = Line::answered();
    let mut acts = Vec::new();
    for (ms, utterance) in [(600, 8), (1_000, 16)] {
        acts.extend(line.pass(ms));
        let fault = tts::TtsFault::Engine("told to fail".into());
        acts.extend(line.tell(CallInput::Spoken(Spoken::Failed { utterance: UtteranceId(utterance), fault })));
    }
    assert_eq!(clips(&acts), [Clip::Sorry]);
    // The caller stays silent; what is said to that fails too.
    let mut failed = 0;
    while failed < 2 {
        line.now += 20;
        for act in line.pass(line.now) {
            if let Act::Say { utterance, .. } = act {
                let fault = tts::TtsFault::Engine("told to fail".into());
                let acts = line.tell(CallInput::Spoken(Spoken::Failed { utterance, fault }));
                assert_eq!(ends(&acts), [], "the excuse has not been heard yet");
                failed += 1;
            }
        }
    }
    line.played(9, Phase::Started, 0);
    line.now += 2_000;
    assert_eq!(ends(&line.played(9, Phase::Done, 0)), [End::new(Blame::Engine, Reason::CannotSpeak)]);
}

#[test]
fn a_tool_is_excused_by_the_conversation_and_not_by_a_clip() {
    let (mut line, id) = Line::working();
    let acts = line.pass(line.now + 600);
    let said = acts.iter().find_map(|act| if let Act::Say { utterance, .. } = act { Some(utterance.0) } else { None });
    let excuse = said.expect("one moment, please");
    line.played(excuse, Phase::Started, 0);
    line.pass(line.now + 900);
    line.played(excuse, Phase::Done, 19);
    assert_eq!(clips(&line.pass(line.now + 2_000)), []);
    let answer = serde_json::json!({});
    let acts = line.tell(CallInput::ToolDone { id, result: Ok(answer) });
    assert!(acts.iter().any(|act| matches!(act, Act::Say { text, .. } if text.text == "It comes.")));
    assert_eq!(clips(&line.pass(line.now + 1_200)), [Clip::Moment], "its answer is owed like any other");
}

#[test]
fn a_held_line_has_no_clock_but_its_own() {
    let mut line = Line::greeted();
    let acts = line.tell(CallInput::LineOnHold(true));
    assert!(acts.iter().any(|act| matches!(act, Act::Gain(Gain::Hold))));
    assert!(acts.iter().any(|act| matches!(act, Act::Ear(EarState::Closed))));
    assert_eq!(line.talk.deadline().map(|(_, why)| why), Some(Why::HoldLimit));
    assert!(line.pass(60_000).is_empty(), "nobody is asked whether they are still there");
    let acts = line.tell(CallInput::LineOnHold(false));
    assert!(acts.iter().any(|act| matches!(act, Act::Gain(Gain::Full))));
    assert!(acts.iter().any(|act| matches!(act, Act::Ear(EarState::Open))));
    assert_eq!(silences(&acts), [SilenceKind::MutedOrHeld]);
    assert!(line.pass(65_000).is_empty(), "and afterwards there is time to answer");
    assert!(line.pass(66_100).iter().any(|act| matches!(act, Act::Say { .. })));
}

#[test]
fn packets_that_stopped_ahead_of_a_hold_do_not_end_the_call_after_it() {
    let mut line = Line::greeted();
    let since = line.at(line.now);
    line.now += 2_000;
    line.tell(CallInput::Room(Event::Silent { seat: Seat::CALLER, since }));
    line.tell(CallInput::LineOnHold(true));
    line.pass(60_000);
    line.tell(CallInput::LineOnHold(false));
    assert_eq!(ends(&line.pass(60_100)), []);
}

#[test]
fn a_key_by_signalling_is_an_answer_like_one_in_the_sound() {
    let mut line = Line::greeted();
    assert!(line.tell(CallInput::Key('3')).iter().any(|act| matches!(act, Act::Run(_))));
}

#[test]
fn a_cough_leaves_the_caller_to_their_thoughts() {
    let mut line = Line::greeted();
    line.pass(line.now + 500);
    let at = SamplePos(0);
    let edge = |edge| CallInput::Room(Event::Edge { seat: Seat::CALLER, edge });
    line.tell(edge(Edge::Start { at, arrived: Some(line.at(line.now)) }));
    line.pass(line.now + 250);
    line.tell(edge(Edge::End { at, arrived: Some(line.at(line.now - 200)), voice: None }));
    let nothing = Hypothesis { text: None, confidence: 0.0 };
    let (took, done_at) = (Duration::ZERO, line.at(line.now));
    line.tell(CallInput::Heard(Heard::Final { hypothesis: nothing, from: at, to: at, engine: "told", took, done_at }));
    let mut acts = line.pass(line.now + 3_000);
    acts.extend(line.tell(CallInput::Gone(End::new(Blame::RemoteParty, Reason::HungUp))));
    assert_eq!(silences(&acts), [SilenceKind::BotWorking, SilenceKind::CallerThinking]);
}

#[test]
fn how_an_utterance_sounded_is_recorded_with_its_moment() {
    let mut line = Line::greeted();
    let edge = |edge| CallInput::Room(Event::Edge { seat: Seat::CALLER, edge });
    let (from, to) = (SamplePos(0), SamplePos(SamplePos::PER_SECOND));
    line.tell(edge(Edge::Start { at: from, arrived: Some(line.at(line.now)) }));
    line.pass(line.now + 1_200);
    let voice = VoiceFeatures { pitch_hz: Some(181.26), level_db: -23.04, syllables_per_second: None };
    let ended = line.now - 200;
    let acts = line.tell(edge(Edge::End { at: to, arrived: Some(line.at(ended)), voice: Some(voice) }));
    let mark = acts.into_iter().find_map(|act| match act {
        Act::Note(CallEvent::Mark(mark)) if mark.name == "voice" => Some(mark.data.0),
        _ => None,
    });
    let known =
        serde_json::json!({"ms": ended, "from_ms": ended - 1_000, "pitch_hz": 181.3, "level_db": -23.0, "rate": null});
    assert_eq!(mark, Some(known));
}

#[test]
fn one_who_cannot_hear_is_not_to_blame_for_what_keys_achieved() {
    let (mut line, id) = Line::working();
    line.tell(CallInput::Heard(Heard::Failed(AsrFault::Late)));
    let acts = line.tell(CallInput::ToolDone { id, result: Ok(serde_json::json!({})) });
    let mut end = Vec::new();
    for act in acts {
        if let Act::Say { utterance, text, .. } = act {
            line.played(utterance.0, Phase::Started, 0);
            end = ends(&line.played(utterance.0, Phase::Done, text.text.chars().count() as u32));
        }
    }
    assert_eq!(end, [End::new(Blame::Nobody, Reason::Done)]);
}

#[test]
fn nothing_follows_the_end() {
    let mut line = Line::greeted();
    let acts = line.tell(CallInput::EndNow(End::new(Blame::Nobody, Reason::Operator)));
    assert!(matches!(acts.last(), Some(Act::End(_))) && matches!(acts[acts.len() - 2], Act::Note(CallEvent::Ended(_))));
    assert_eq!(line.talk.deadline(), None);
    assert!(line.tell(CallInput::Gone(End::new(Blame::RemoteParty, Reason::HungUp))).is_empty());
    assert!(line.tell(CallInput::Key('1')).is_empty());
}

#[test]
fn a_tool_that_acts_and_has_no_outcome_runs_on_and_the_caller_is_told() {
    let (mut line, _) = Line::working();
    let acts = line.pass(line.now + 10_100);
    assert!(!acts.iter().any(|act| matches!(act, Act::Cancel(_))), "{acts:?}");
    assert!(acts.iter().any(|act| matches!(act, Act::Say { .. })), "and the caller is told");
}
