//! What is found of calls from the events of the store.
use super::*;
use crate::config::{AlertsFile, Config, When};
use crate::plans;
use crate::store::{Direction, End, Floor, NextCode, Reason, Speaker, Started, Turn};

fn rules() -> Vec<AlertRule> {
    AlertsFile::parse(include_str!("../../../configs/alerts.toml")).unwrap().rule
}

fn start() -> Timestamp {
    "2026-11-30T08:00:00Z".parse().unwrap()
}

fn at(ms: u64) -> Timestamp {
    start() + jiff::SignedDuration::from_millis(ms as i64)
}

fn event(ms: u64, event: CallEvent) -> TimelineEvent {
    TimelineEvent { call: "one".into(), at: at(ms), at_ms: ms, event }
}

fn said(ms: u64, text: &str) -> TimelineEvent {
    let turn = Turn {
        speaker: Speaker::Caller,
        text: text.into(),
        heard: text.into(),
        interrupted: false,
        started_ms: ms - 900,
        ended_ms: ms,
        confidence: None,
        by: None,
    };
    event(ms, CallEvent::Turn(turn))
}

fn started() -> TimelineEvent {
    let started = Started {
        direction: Direction::Inbound,
        via: "open".into(),
        from: "sip:a@b.test".into(),
        to: "sip:c@d.test".into(),
        bot: "booking.en".into(),
        language: "en".into(),
        headers: BTreeMap::new(),
    };
    event(0, CallEvent::Started(started))
}

fn monitor() -> Monitor {
    let mut monitor = Monitor::new(plans::health(&Config::default()));
    monitor.note(&rules(), &started());
    monitor.note(&rules(), &event(100, CallEvent::Answered));
    let change = LiveChange::Floor { floor: Floor::Caller };
    monitor.live(at(200), &LiveEvent { call: "one".into(), change });
    monitor
}

fn found(monitor: &mut Monitor) -> Vec<Finding> {
    std::iter::from_fn(|| monitor.poll()).collect()
}

#[test]
fn a_call_that_goes_well_is_nothing_to_tell_of() {
    let mut monitor = monitor();
    monitor.note(&rules(), &said(3_000, "a table for four on friday"));
    monitor.tick(&rules(), at(5_000));
    assert_eq!(found(&mut monitor), []);
}

#[test]
fn a_mood_an_alert_and_a_next_step_follow_from_one_turn() {
    let mut monitor = monitor();
    monitor.note(&rules(), &said(3_000, "this is ridiculous, let me talk to a human"));
    let found = found(&mut monitor);
    let alerts: Vec<When> = found
        .iter()
        .filter_map(|one| match one {
            Finding::Alert { call, bot, alert } => {
                assert_eq!((call.as_str(), bot.as_str()), ("one", "booking.en"));
                Some(alert.kind)
            }
            _ => None,
        })
        .collect();
    assert_eq!(alerts, [When::Person, When::Mood]);
    let mark =
        found.iter().find_map(|one| if let Finding::Mood { mark, .. } = one { Some(mark) } else { None }).unwrap();
    assert_eq!(
        (mark.name.as_str(), &mark.data.0["state"], &mark.data.0["ms"]),
        ("mood", &"upset".into(), &3_000.into())
    );
    let mood: Mood = serde_json::from_value(mark.data.0.clone()).unwrap();
    assert_eq!(mood.trend, Trend::Falling);
    let steps = found.iter().find_map(|one| if let Finding::Next { steps, .. } = one { Some(steps) } else { None });
    assert_eq!(steps.unwrap()[0].code, NextCode::TakeOver);
    // What is recorded of it leads to nothing new.
    monitor.note(&rules(), &event(3_050, CallEvent::Mark(mark.clone())));
    monitor.tick(&rules(), at(3_500));
    assert_eq!(monitor.poll(), None);
}

#[test]
fn silence_is_found_by_time_alone_and_nothing_after_the_end() {
    let mut monitor = monitor();
    let change = LiveChange::Floor { floor: Floor::Waiting };
    monitor.live(at(1_000), &LiveEvent { call: "one".into(), change });
    monitor.tick(&rules(), at(13_500));
    assert!(
        found(&mut monitor).iter().any(|one| matches!(one, Finding::Alert { alert, .. } if alert.from_ms == 1_000))
    );
    monitor.note(&rules(), &event(14_000, CallEvent::Ended(End::from(Reason::Operator))));
    monitor.tick(&rules(), at(1_000_000));
    assert_eq!(found(&mut monitor), []);
}

#[test]
fn calls_that_were_missed_are_taken_up_without_telling_of_what_was() {
    let mut monitor = Monitor::new(plans::health(&Config::default()));
    let CallEvent::Started(started) = started().event else { unreachable!() };
    let mut call = Call::new("one", start(), &started);
    let CallEvent::Turn(turn) = said(3_000, "this is ridiculous, let me talk to a human").event else { unreachable!() };
    call.turns.push(turn);
    monitor.restore(&[call]);
    assert_eq!(found(&mut monitor), []);
    monitor.note(&rules(), &said(20_000, "let me talk to a human"));
    assert!(
        found(&mut monitor)
            .iter()
            .any(|one| matches!(one, Finding::Alert { alert, .. } if alert.reason.value == Some(2.0)))
    );
    monitor.restore(&[]);
    monitor.note(&rules(), &said(30_000, "let me talk to a human"));
    assert_eq!(found(&mut monitor), []);
}
