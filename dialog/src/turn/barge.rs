//! Barge-in, the caller's voice over the bot's: when it pauses the bot, and when it hushes it.
use super::act::{Act, Floor, TurnTimer};
use super::plan::TurnPlan;
use super::speech::Speech;
use std::time::{Duration, Instant};

/// How long the voice has to last before the bot pauses. Who began as the bot did goes first.
fn pause(speech: &Speech, plan: &TurnPlan) -> Duration {
    if speech.collides { Duration::ZERO } else { plan.pause }
}

/// When the bot has to give way further, if the caller just goes on.
pub(super) fn deadline(speech: &Speech, floor: Floor, plan: &TurnPlan) -> Option<(Instant, TurnTimer)> {
    if floor != Floor::Bot || speech.hushed || speech.silent.is_some() {
        return None;
    }
    Some(if speech.paused {
        (speech.stretch + plan.hush, TurnTimer::Hush)
    } else {
        (speech.stretch + pause(speech, plan), TurnTimer::Pause)
    })
}

/// What the speech so far does to the bot's sound.
pub(super) fn decide(speech: &mut Speech, floor: Floor, plan: &TurnPlan, now: Instant) -> Option<Act> {
    if floor != Floor::Bot || speech.hushed {
        return None;
    }
    let speaking = speech.silent.is_none();
    let long = speech.stretch + plan.pause <= now || speech.spoken >= plan.pause;
    let endless = speaking && speech.stretch + plan.hush <= now;
    let sure = speech.words.as_ref().is_none_or(|s| s.confidence >= plan.poor);
    if endless || (sure && speech.means_something(long)) {
        speech.hushed = true;
        Some(Act::Hush)
    } else if speaking && speech.stretch + pause(speech, plan) <= now && !speech.paused {
        speech.paused = true;
        Some(Act::Pause)
    } else {
        None
    }
}
