//! What a supervisor is advised to do, and when.
use super::*;
use crate::config::Config;
use crate::plans;
use crate::store::{Mark, Private, Slot, Turn};

fn mark(name: &str) -> CallEvent {
    CallEvent::Mark(Mark { name: name.into(), data: Private::default() })
}

fn watch(language: Language) -> NextWatch {
    let mut watch = NextWatch::new(plans::health(&Config::default()), language);
    watch.note(0, &CallEvent::Answered);
    watch.floor(0, Floor::Caller);
    watch
}

fn steps(watch: &mut NextWatch, now: u64) -> Vec<(NextCode, Option<String>, Vec<Why>)> {
    let of = |step: NextStep| (step.code, step.slot, step.why.iter().map(|why| why.code).collect());
    watch.steps(now).into_iter().map(of).collect()
}

#[test]
fn a_call_that_goes_well_needs_nothing() {
    assert_eq!(watch(Language::En).steps(5_000), []);
}

#[test]
fn two_misses_lead_to_keys_or_to_the_value_and_three_to_a_person() {
    let mut watch = watch(Language::Vi);
    watch.asked(Some("date"), true);
    watch.note(1_000, &mark("not_understood"));
    assert_eq!(steps(&mut watch, 1_100), []);
    watch.note(5_000, &mark("not_understood"));
    let by_keys = watch.steps(5_100);
    assert_eq!((by_keys[0].code, by_keys[0].slot.as_deref()), (NextCode::AskByKeys, Some("date")));
    assert!(by_keys[0].line.as_ref().is_some_and(|line| line.contains("bấm phím")));
    assert_eq!(by_keys[0].why, [NextReason { code: Why::Misses, value: Some(2.0) }]);
    watch.asked(Some("date"), false);
    assert_eq!(steps(&mut watch, 5_200), [(NextCode::FillSlot, Some("date".into()), vec![Why::Misses])]);
    watch.note(9_000, &mark("not_understood"));
    assert_eq!(steps(&mut watch, 9_100)[0], (NextCode::OfferPerson, None, vec![Why::Misses]));
    // It is understood: another question begins anew.
    let value = Some(Private("2026-11-30".into()));
    watch.note(12_000, &CallEvent::Slot(Slot { name: "date".into(), value, confirmed: false }));
    assert_eq!(steps(&mut watch, 12_100), []);
}

#[test]
fn who_asked_for_a_person_is_offered_one_and_who_is_upset_besides_is_spoken_with() {
    let mut watch = watch(Language::En);
    let turn = Turn {
        speaker: Speaker::Caller,
        text: "I want to talk to a human".into(),
        heard: "".into(),
        interrupted: false,
        started_ms: 1_000,
        ended_ms: 2_000,
        confidence: None,
        by: None,
    };
    watch.note(2_000, &CallEvent::Turn(turn));
    assert_eq!(steps(&mut watch, 2_100), [(NextCode::OfferPerson, None, vec![Why::AskedPerson])]);
    watch.mood(MoodState::Upset);
    assert_eq!(steps(&mut watch, 2_200), [(NextCode::TakeOver, None, vec![Why::AskedPerson, Why::Upset])]);
    watch.note(3_000, &mark("taken_over"));
    assert_eq!(steps(&mut watch, 3_100), [], "somebody does it");
}

#[test]
fn who_waits_is_said_something_fitting() {
    let mut watch = watch(Language::En);
    watch.note(1_000, &mark("tool_called"));
    assert_eq!(steps(&mut watch, 4_000), []);
    assert_eq!(steps(&mut watch, 6_000), [(NextCode::SayLine, None, vec![Why::SlowTool])]);
    watch.note(7_000, &mark("tool_failed"));
    assert_eq!(steps(&mut watch, 8_000), [(NextCode::SayLine, None, vec![Why::ToolFailed])]);
    watch.floor(30_000, Floor::Waiting);
    assert_eq!(steps(&mut watch, 40_000), [(NextCode::SayLine, None, vec![Why::Silence])]);
    watch.floor(41_000, Floor::Bot);
    watch.mood(MoodState::Tense);
    assert_eq!(steps(&mut watch, 42_000), [(NextCode::SayLine, None, vec![Why::Tense])]);
    watch.note(43_000, &mark("no_rtp"));
    assert_eq!(steps(&mut watch, 47_000)[1], (NextCode::CheckLine, None, vec![Why::NoSound]));
}
