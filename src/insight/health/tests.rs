//! How a call stands by what has happened in it, with the thresholds that are shipped.
use super::*;
use crate::config::Config;
use crate::plans;
use crate::store::{Latency, LineStats, Private, Silence, Turn};
use serde_json::json;

/// A call of five seconds, with the thresholds that are shipped.
fn watch() -> HealthWatch {
    let mut watch = HealthWatch::new(plans::health(&Config::default()), Language::En);
    watch.note(0, &CallEvent::Answered);
    watch.floor(5_000, Floor::Bot);
    watch
}

fn mark(name: &str) -> CallEvent {
    CallEvent::Mark(Mark { name: name.into(), data: Private::default() })
}

fn turn(speaker: Speaker, text: &str, started_ms: u64, interrupted: bool) -> CallEvent {
    let (text, heard) = (Private::from(text), Private::from(text));
    CallEvent::Turn(Turn {
        speaker,
        text,
        heard,
        interrupted,
        started_ms,
        ended_ms: started_ms + 900,
        confidence: None,
        by: None,
    })
}

/// Each reason with its figure.
fn reasons(watch: &mut HealthWatch, now: u64) -> Vec<(Reason, f64)> {
    watch.health(now).concerns.iter().map(|concern| (concern.reason, concern.value)).collect()
}

#[test]
fn a_grade_costs_nothing_then_half_then_all_whichever_way_is_worse() {
    let more = Grade { from: 2.0, full: 4.0, points: 40 };
    assert_eq!([1.0, 2.0, 3.0, 4.0, 9.0].map(|value| more.cost(value)), [0, 20, 30, 40, 40]);
    let less = Grade { from: 3.6, full: 2.6, points: 20 };
    assert_eq!([4.2, 3.7, 3.6, 3.1, 1.0].map(|value| less.cost(value)), [0, 0, 10, 15, 20]);
    assert_eq!(Grade { from: 1.0, full: 1.0, points: 30 }.cost(1.0), 30);
}

#[test]
fn a_call_that_goes_well_has_a_hundred_points_and_no_reason() {
    let mut watch = watch();
    watch.note(6_000, &CallEvent::Latency(Latency::of(1, [240, 60, 10, 40, 2])));
    watch.note(7_000, &CallEvent::Line(LineStats { seat: "caller".into(), mos: Some(4.2), ..LineStats::default() }));
    watch.note(8_000, &turn(Speaker::Caller, "a table for two persons", 7_000, false));
    watch.note(9_000, &mark("not_understood"));
    assert_eq!(watch.health(9_000), Health::default(), "one sentence that is not understood is nothing yet");
}

#[test]
fn who_is_not_understood_again_and_again_needs_help_and_what_is_long_past_does_not_count() {
    let mut watch = watch();
    for at in [10_000, 14_000, 18_000] {
        watch.note(at, &mark("not_understood"));
    }
    assert_eq!(reasons(&mut watch, 18_000), [(Reason::NotUnderstood, 3.0)]);
    let (three, two) = (watch.health(18_000).score, watch.health(72_000).score);
    assert!(three < two && two < 100, "{three} {two}");
    assert_eq!(reasons(&mut watch, 200_000), [], "a minute later it is over");
}

#[test]
fn a_caller_who_says_nothing_costs_more_by_the_second_until_somebody_speaks() {
    let mut watch = watch();
    watch.floor(10_000, Floor::Waiting);
    assert_eq!(watch.health(12_000).score, 100);
    let (eight, fifteen) = (watch.health(18_000).score, watch.health(25_000).score);
    assert!(fifteen < eight && eight < 100, "{eight} {fifteen}");
    watch.note(26_000, &mark("held"));
    assert_eq!(watch.health(60_000).score, 100, "a line on hold is silent by right");
    watch.note(61_000, &mark("resumed"));
    assert_eq!(watch.health(62_000).score, 100, "silence counts from when the line was back");
    watch.floor(90_000, Floor::Caller);
    assert_eq!(watch.health(90_100).score, 100);
}

#[test]
fn slow_answers_count_while_one_is_due_and_after() {
    let mut watch = watch();
    watch.floor(10_000, Floor::Thinking);
    assert_eq!(watch.health(10_400).score, 100);
    assert_eq!(reasons(&mut watch, 13_000), [(Reason::SlowAnswers, 3_000.0)]);
    watch.floor(13_100, Floor::Bot);
    watch.note(13_100, &CallEvent::Latency(Latency::of(1, [240, 60, 2_700, 90, 10])));
    assert_eq!(reasons(&mut watch, 14_000), [(Reason::SlowAnswers, 3_100.0)]);
    for turn in 2..5 {
        watch.note(20_000, &CallEvent::Latency(Latency::of(turn, [240, 60, 1, 20, 10])));
    }
    assert_eq!(watch.health(20_000).score, 100, "one slow answer among fast ones is forgiven");
}

#[test]
fn a_poor_line_dead_air_failures_and_lost_sound_are_told_apart() {
    let mut watch = watch();
    let line =
        |seat: &str, mos| CallEvent::Line(LineStats { seat: seat.into(), mos: Some(mos), ..LineStats::default() });
    watch.note(6_000, &line("agent", 1.2));
    assert_eq!(watch.health(6_000).score, 100, "only the caller's line counts");
    watch.note(6_000, &line("caller", 2.5));
    watch.note(6_500, &CallEvent::Silence(Silence { kind: SilenceKind::DeadAir, started_ms: 2_000, ended_ms: 6_500 }));
    watch.note(6_600, &CallEvent::Silence(Silence { kind: SilenceKind::BotWorking, started_ms: 0, ended_ms: 6_500 }));
    watch.note(7_000, &mark("tool_failed"));
    watch.note(7_100, &mark("recogniser_failed"));
    watch.note(8_000, &mark("no_rtp"));
    let mut found: Vec<Reason> = reasons(&mut watch, 15_000).into_iter().map(|(reason, _)| reason).collect();
    found.sort();
    assert_eq!(found, [Reason::DeadAir, Reason::NoSound, Reason::PoorLine, Reason::Failures]);
    watch.note(15_500, &mark("rtp_again"));
    watch.note(15_600, &line("caller", 4.1));
    let left: Vec<Reason> = reasons(&mut watch, 15_600).into_iter().map(|(reason, _)| reason).collect();
    assert!(!left.contains(&Reason::NoSound) && !left.contains(&Reason::PoorLine), "{left:?}");
}

#[test]
fn a_turn_that_is_told_twice_was_cut_off_once() {
    let mut watch = watch();
    for at in [6_000, 6_100, 6_200, 6_300] {
        watch.note(at, &turn(Speaker::Bot, "Hello, this is", 5_000, true));
    }
    assert_eq!(watch.health(7_000).score, 100);
    for started in [7_000, 9_000, 11_000] {
        watch.note(started + 500, &turn(Speaker::Bot, "In which", started, true));
    }
    assert_eq!(reasons(&mut watch, 12_000), [(Reason::Interruptions, 4.0)]);
}

#[test]
fn who_asks_for_a_person_in_either_language_is_first_until_the_call_ends() {
    for (language, words) in [
        (Language::En, "can i talk to a real person please"),
        (Language::En, "operator"),
        (Language::Vi, "cho tôi gặp nhân viên"),
    ] {
        let mut watch = HealthWatch::new(plans::health(&Config::default()), language);
        watch.note(0, &CallEvent::Answered);
        watch.floor(1_000, Floor::Bot);
        watch.note(2_000, &turn(Speaker::Caller, words, 1_500, false));
        assert_eq!(reasons(&mut watch, 2_000), [(Reason::PersonWanted, 1.0)], "{words}");
        assert_eq!(watch.health(2_000).score, watch.health(100_000).score);
    }
}

#[test]
fn a_call_that_a_person_has_taken_over_is_in_good_hands_until_it_is_handed_back() {
    let mut watch = watch();
    let seat = |name: &str, mode: &str| {
        CallEvent::Mark(Mark { name: name.into(), data: Private(json!({"seat": 3, "mode": mode})) })
    };
    watch.note(6_000, &turn(Speaker::Caller, "an operator please", 5_500, false));
    (0..4).for_each(|n| watch.note(6_000 + n, &mark("not_understood")));
    watch.note(8_000, &seat("seat_joined", "monitor"));
    assert!(watch.health(8_000).score < 50);
    watch.note(9_000, &seat("seat_mode", "takeover"));
    watch.floor(9_000, Floor::Waiting);
    assert_eq!(watch.health(40_000), Health::default());
    watch.note(41_000, &mark("no_rtp"));
    assert_eq!(reasons(&mut watch, 50_000), [(Reason::NoSound, 9_000.0)]);
    watch.note(50_000, &mark("rtp_again"));
    watch.note(50_000, &seat("seat_mode", "monitor"));
    assert_eq!(reasons(&mut watch, 51_000), [(Reason::NotUnderstood, 4.0)], "silence counts from the hand-back");
}

#[test]
fn all_at_once_is_no_less_than_nothing_and_the_heaviest_reason_is_first() {
    let mut watch = watch();
    (0..9u64).for_each(|n| watch.note(6_000 + n, &mark("not_understood")));
    (0..9u64).for_each(|n| watch.note(6_000 + n, &mark("tool_failed")));
    watch.note(6_500, &turn(Speaker::Caller, "get me a human", 6_000, false));
    watch.note(6_600, &mark("no_rtp"));
    watch.floor(6_700, Floor::Waiting);
    let health = watch.health(60_000);
    assert_eq!(health.score, 0);
    assert!(health.concerns.windows(2).all(|pair| pair[0].points >= pair[1].points));
}

#[test]
fn what_a_takeover_cuts_off_is_no_interruption_and_a_bot_for_keys_alone_no_failure() {
    let mut watch = watch();
    let mark = |name: &str, data| CallEvent::Mark(Mark { name: name.into(), data: Private(data) });
    let no_ear = mark("recogniser_failed", serde_json::json!({"ms": 5_500, "why": "language"}));
    watch.note(5_500, &no_ear);
    watch.note(6_000, &mark("seat_mode", serde_json::json!({"seat": 1, "name": "ada", "mode": "takeover"})));
    for started in [5_800, 6_000, 6_200] {
        watch.note(6_300, &turn(Speaker::Bot, "In which", started, true));
    }
    watch.note(9_000, &mark("seat_left", serde_json::json!({"seat": 1})));
    assert_eq!((watch.figure(Reason::Interruptions, 9_000), watch.figure(Reason::Failures, 9_000)), (None, None));
    watch.note(9_500, &turn(Speaker::Bot, "In which", 9_100, true));
    assert_eq!(watch.figure(Reason::Interruptions, 9_500), Some(1.0));
}
