//! `Score`: how well a call went that is over, in points, with the moments that each criterion goes by. It follows from what is stored of the
//! call alone, so it is the same whenever it is asked for, and goes with the call wherever that is read.
use super::taken_over::TakenOver;
use crate::store::{Call, CallEvent, Mark, Reason, SilenceKind, Speaker, TimelineEvent};

/// The answer that is quick enough, and the one that costs all its points, in ms.
const QUICK: (f64, f64) = (800.0, 3000.0);
/// The bot falls silent for a person within so many ms of the mark that tells of it.
const ROUNDED: u64 = 100;
/// So many moments of a criterion are kept.
const MOMENTS: usize = 8;

/// One thing by which a call is judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Criterion {
    /// `goal`, `understood`, `quick`, `heard_out`, `no_dead_air`, `tools_work`, `clear_line`.
    pub name: &'static str,
    pub points: u32,
    pub most: u32,
    /// What was counted or measured; `None` where there is nothing to count.
    pub value: Option<f64>,
    /// The evidence: moments since the start of the call, in ms.
    pub moments: Vec<u64>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// 0 to 100, of what could be judged.
    pub percent: u32,
    pub criteria: Vec<Criterion>,
}

/// How much of the points is kept: all up to `good`, none from `bad` on.
fn share(value: f64, (good, bad): (f64, f64)) -> f64 {
    ((bad - value) / (bad - good)).clamp(0.0, 1.0)
}

fn criterion(name: &'static str, most: u32, kept: f64, value: Option<f64>, moments: Vec<u64>) -> Criterion {
    let moments = moments.into_iter().take(MOMENTS).collect();
    Criterion { name, points: (f64::from(most) * kept).round() as u32, most, value, moments }
}

/// `None` while a call goes on. What cannot be judged, because there is nothing of it, is left out.
pub fn score(call: &Call, timeline: &[TimelineEvent]) -> Option<Score> {
    call.end.as_ref()?;
    let all = [goal, understood, quick, heard_out, no_dead_air, tools_work, clear_line];
    let criteria: Vec<Criterion> = all.iter().filter_map(|judge| judge(call, timeline)).collect();
    let sum = |of: fn(&Criterion) -> u32| criteria.iter().map(of).sum::<u32>();
    let (points, most) = (sum(|one| one.points), sum(|one| one.most));
    Some(Score { percent: (100.0 * f64::from(points) / f64::from(most.max(1))).round() as u32, criteria })
}

/// The moments of marks of these names.
fn marks(timeline: &[TimelineEvent], names: &[&str]) -> Vec<u64> {
    let moment = |event: &TimelineEvent| match &event.event {
        CallEvent::Mark(Mark { name, data }) if names.contains(&name.as_str()) => {
            Some(data.0.get("ms").and_then(serde_json::Value::as_u64).unwrap_or(event.at_ms))
        }
        _ => None,
    };
    timeline.iter().filter_map(moment).collect()
}

fn goal(call: &Call, _: &[TimelineEvent]) -> Option<Criterion> {
    let end = call.end.as_ref()?;
    let well = matches!(end.reason, Reason::Done | Reason::Goodbye);
    let last = call.turns.iter().map(|turn| turn.started_ms).max();
    Some(criterion("goal", 30, if well { 1.0 } else { 0.0 }, None, last.into_iter().collect()))
}

fn understood(_: &Call, timeline: &[TimelineEvent]) -> Option<Criterion> {
    let misses = marks(timeline, &["not_understood"]);
    let (many, taken) = (misses.len(), marks(timeline, &["recognised", "key", "typed"]).len());
    let kept = share(many as f64 / (many + taken).max(1) as f64, (0.0, 0.4));
    (many + taken > 0).then(|| criterion("understood", 20, kept, Some(many as f64), misses))
}

fn quick(call: &Call, timeline: &[TimelineEvent]) -> Option<Criterion> {
    let mut times: Vec<u32> = call.latency.iter().map(|latency| latency.total_ms).collect();
    times.sort_unstable();
    let median = f64::from(*times.get(times.len() / 2)?);
    let slow = |event: &TimelineEvent| match &event.event {
        CallEvent::Latency(latency) if f64::from(latency.total_ms) > QUICK.0 => Some((latency.total_ms, event.at_ms)),
        _ => None,
    };
    let mut slow: Vec<(u32, u64)> = timeline.iter().filter_map(slow).collect();
    slow.sort_by_key(|one| std::cmp::Reverse(one.0));
    let moments = slow.into_iter().map(|(_, at)| at).collect();
    Some(criterion("quick", 15, share(median, QUICK), Some(median), moments))
}

fn heard_out(call: &Call, timeline: &[TimelineEvent]) -> Option<Criterion> {
    let said = call.turns.iter().filter(|turn| turn.speaker == Speaker::Bot).count();
    let taken_over = taken_over(timeline);
    let by_caller = |at: u64| !taken_over.iter().any(|(from, to)| (from.saturating_sub(ROUNDED)..=*to).contains(&at));
    let cut = call.turns.iter().filter(|turn| turn.speaker == Speaker::Bot && turn.interrupted);
    let cut = cut.filter(|turn| by_caller(turn.ended_ms));
    let cut: Vec<u64> = cut.map(|turn| turn.ended_ms).collect();
    let kept = share(cut.len() as f64 / said.max(1) as f64, (0.0, 0.5));
    (said > 0).then(|| criterion("heard_out", 10, kept, Some(cut.len() as f64), cut))
}

/// From when until when people spoke with the caller in the bot's place.
fn taken_over(timeline: &[TimelineEvent]) -> Vec<(u64, u64)> {
    let (mut now, mut begun, mut found) = (TakenOver::default(), None, Vec::new());
    for event in timeline {
        let CallEvent::Mark(mark) = &event.event else { continue };
        let Some(seat) = mark.seat() else { continue };
        now.note(&seat);
        match begun {
            None if now.is_now() => begun = Some(event.at_ms),
            Some(from) if !now.is_now() => {
                found.push((from, event.at_ms));
                begun = None;
            }
            _ => {}
        }
    }
    found.extend(begun.map(|from| (from, u64::MAX)));
    found
}

fn no_dead_air(call: &Call, _: &[TimelineEvent]) -> Option<Criterion> {
    let dead = || call.silences.iter().filter(|one| matches!(one.kind, SilenceKind::DeadAir | SilenceKind::NoRtp));
    let missing: u64 = dead().map(|one| one.ended_ms.saturating_sub(one.started_ms)).sum();
    let moments = dead().map(|one| one.started_ms).collect();
    Some(criterion("no_dead_air", 10, share(missing as f64, (0.0, 8000.0)), Some(missing as f64), moments))
}

fn tools_work(_: &Call, timeline: &[TimelineEvent]) -> Option<Criterion> {
    let called = marks(timeline, &["tool_called"]).len();
    let failed = marks(timeline, &["tool_failed"]);
    let kept = share(failed.len() as f64, (0.0, called.max(1) as f64));
    (called > 0).then(|| criterion("tools_work", 10, kept, Some(failed.len() as f64), failed))
}

fn clear_line(call: &Call, timeline: &[TimelineEvent]) -> Option<Criterion> {
    let line = call.lines.iter().find(|line| line.seat == "caller")?;
    let mos = (f64::from(line.mos?) * 100.0).round() / 100.0;
    let told = |event: &&TimelineEvent| matches!(&event.event, CallEvent::Line(line) if line.seat == "caller");
    let last = timeline.iter().rev().find(told).map(|event| event.at_ms);
    Some(criterion("clear_line", 5, share(4.0 - mos, (0.0, 2.0)), Some(mos), last.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Direction, End, Latency, Private, Silence, Started, Turn};
    use jiff::Timestamp;
    use serde_json::json;

    fn call() -> Call {
        let started = Started {
            direction: Direction::Inbound,
            via: "open".into(),
            from: "sip:a@b.test".into(),
            to: "sip:booking@b.test".into(),
            bot: "booking.en".into(),
            language: "en".into(),
            headers: [].into(),
        };
        Call::new("x", Timestamp::UNIX_EPOCH, &started)
    }

    fn turn(speaker: Speaker, started_ms: u64, interrupted: bool) -> Turn {
        let (text, ended_ms) = ("two people", started_ms + 900);
        Turn {
            speaker,
            text: text.into(),
            heard: text.into(),
            interrupted,
            started_ms,
            ended_ms,
            confidence: None,
            by: None,
        }
    }

    fn event(at_ms: u64, event: CallEvent) -> TimelineEvent {
        TimelineEvent { call: "x".into(), at: Timestamp::UNIX_EPOCH, at_ms, event }
    }

    fn mark(at_ms: u64, name: &str, data: serde_json::Value) -> TimelineEvent {
        event(at_ms, CallEvent::Mark(Mark { name: name.into(), data: Private(data) }))
    }

    fn of<'a>(score: &'a Score, name: &str) -> &'a Criterion {
        score.criteria.iter().find(|one| one.name == name).unwrap_or_else(|| panic!("no {name}: {score:?}"))
    }

    #[test]
    fn a_call_that_goes_on_has_no_score_and_one_with_nothing_to_judge_is_judged_by_its_end() {
        let mut call = call();
        assert_eq!(score(&call, &[]), None);
        call.end = Some(End::from(Reason::Done));
        let judged = score(&call, &[]).unwrap();
        let names: Vec<_> = judged.criteria.iter().map(|one| one.name).collect();
        assert_eq!((judged.percent, names), (100, vec!["goal", "no_dead_air"]));
        call.end = Some(End::from(Reason::Operator));
        assert_eq!(score(&call, &[]).unwrap().percent, 25, "10 of 40");
    }

    #[test]
    fn a_bot_that_falls_silent_for_a_person_is_not_cut_off_by_the_caller() {
        let mut call = call();
        call.end = Some(End::from(Reason::Done));
        call.turns =
            vec![turn(Speaker::Bot, 100, true), turn(Speaker::Bot, 2_500, true), turn(Speaker::Bot, 9_000, true)];
        let takeover = [
            mark(3_450, "seat_joined", json!({"seat": 1, "name": "ada", "mode": "monitor"})),
            mark(3_450, "seat_mode", json!({"seat": 1, "name": "ada", "mode": "takeover"})),
            mark(8_000, "seat_mode", json!({"seat": 1, "name": "ada", "mode": "monitor"})),
        ];
        let moments = |timeline: &[TimelineEvent]| of(&score(&call, timeline).unwrap(), "heard_out").moments.clone();
        assert_eq!((moments(&[]), moments(&takeover)), (vec![1_000, 3_400, 9_900], vec![1_000, 9_900]));
    }

    #[test]
    fn each_criterion_loses_points_by_what_happened_and_names_the_moments() {
        let mut call = call();
        call.end = Some(End::from(Reason::Done));
        call.turns = vec![
            turn(Speaker::Bot, 100, false),
            turn(Speaker::Caller, 1_200, false),
            turn(Speaker::Bot, 2_500, true),
            turn(Speaker::Bot, 5_000, false),
            turn(Speaker::Bot, 7_000, false),
        ];
        call.latency = vec![Latency::of(1, [100, 0, 0, 0, 0]), Latency::of(2, [1_900, 0, 0, 0, 0])];
        call.silences = vec![
            Silence { kind: SilenceKind::DeadAir, started_ms: 4_000, ended_ms: 6_000 },
            Silence { kind: SilenceKind::CallerThinking, started_ms: 8_000, ended_ms: 60_000 },
        ];
        let timeline = [
            mark(1_300, "recognised", json!({"ms": 1_250})),
            mark(3_000, "not_understood", json!({"ms": 2_900})),
            mark(3_500, "typed", json!({})),
            mark(3_600, "key", json!({})),
            event(2_000, CallEvent::Latency(Latency::of(1, [100, 0, 0, 0, 0]))),
            event(4_100, CallEvent::Latency(Latency::of(2, [1_900, 0, 0, 0, 0]))),
            mark(5_000, "tool_called", json!({"id": 1})),
            mark(5_200, "tool_called", json!({"id": 2})),
            mark(5_900, "tool_failed", json!({"id": 2, "ms": 5_800})),
        ];
        let judged = score(&call, &timeline).unwrap();
        for (name, points, value, moments) in [
            ("goal", 30, None, vec![7_000]),
            ("understood", 8, Some(1.0), vec![2_900]),
            ("quick", 8, Some(1_900.0), vec![4_100]),
            ("heard_out", 5, Some(1.0), vec![3_400]),
            ("no_dead_air", 8, Some(2_000.0), vec![4_000]),
            ("tools_work", 5, Some(1.0), vec![5_800]),
        ] {
            let found = of(&judged, name);
            assert_eq!((found.points, found.value, &found.moments), (points, value, &moments), "{name}");
        }
        assert_eq!(judged.percent, 67, "64 of 95");
    }
}
