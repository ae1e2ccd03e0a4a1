//! The bot's own backchannels: when it says that it listens, while a caller tells something long.
use super::act::{Act, Floor, TurnTimer};
use super::end;
use super::plan::TurnPlan;
use super::speech::Speech;
use super::words::AnswerKind;
use std::time::{Duration, Instant};

/// How long the caller is silent before it, and the latest moment at which it may begin: later it would be an answer.
const AFTER: Duration = Duration::from_millis(350);
const WITHIN: Duration = Duration::from_millis(750);

/// So much was said before, of the turn and since the last one.
const SPOKEN: Duration = Duration::from_secs(4);

/// So far two of them are apart, also in two turns.
const APART: Duration = Duration::from_secs(8);

/// When it is due, if the caller stays silent until then.
pub(super) fn due(speech: &Speech, floor: Floor, plan: &TurnPlan, last: Option<Instant>) -> Option<Instant> {
    let silent = speech.silent.filter(|_| plan.backchannels && floor == Floor::Free && !speech.over_bot)?;
    let words = speech.words.as_ref().filter(|words| words.is_settled() && words.confidence >= plan.good)?;
    let goes_on = matches!(words.kind, AnswerKind::Part | AnswerKind::Unfinished);
    let told = goes_on && words.text.as_ref().is_some_and(|text| !text.trim().is_empty());
    let long = speech.spoken >= speech.spoken_before_backchannel + SPOKEN;
    let due = silent + AFTER;
    let rare = last.is_none_or(|last| due >= last + APART);
    let ends = end::deadline(speech, floor, plan).is_none_or(|(at, _)| at <= due);
    (told && long && rare && !ends).then_some(due)
}

pub(super) fn deadline(
    speech: &Speech,
    floor: Floor,
    plan: &TurnPlan,
    last: Option<Instant>,
) -> Option<(Instant, TurnTimer)> {
    due(speech, floor, plan, last).map(|at| (at, TurnTimer::Backchannel))
}

/// Whether one is said now. Words that came too late for one are told nothing.
pub(super) fn decide(
    speech: &mut Speech,
    floor: Floor,
    plan: &TurnPlan,
    last: &mut Option<Instant>,
    now: Instant,
) -> Option<Act> {
    let due = due(speech, floor, plan, *last).filter(|due| *due <= now)?;
    speech.spoken_before_backchannel = speech.spoken;
    if now > due + (WITHIN - AFTER) {
        return None;
    }
    (*last, speech.backchannel) = (Some(now), Some(now));
    let text = speech.text().unwrap_or_default().to_owned();
    Some(Act::Backchannel { text })
}
