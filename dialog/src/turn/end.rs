//! The end of a turn: how much silence means that the caller has finished, and what the turn then was.
use super::act::{Act, Floor, TurnTimer};
use super::plan::TurnPlan;
use super::speech::{LatestWords, Speech};
use super::voice_end::VoiceEnd;
use super::words::AnswerKind;
use std::time::{Duration, Instant};

/// After the bot has said that it listens, the caller has so long to go on.
const AFTER_BACKCHANNEL: Duration = Duration::from_millis(1_000);

/// What is not surely understood is waited for longer.
const UNSURE: Duration = Duration::from_millis(220);

/// A caller who pauses for so long within an entry gives it in parts.
const PART: Duration = Duration::from_millis(500);

/// How often the longest turn an entry in parts may last: a phone number with pauses between its digits takes half a minute.
const ENTRY_TURNS: u32 = 3;

/// How much silence ends a turn with these words. `parted`: the caller has paused within it, and for more than a breath.
fn silence(words: &LatestWords, parted: bool, plan: &TurnPlan) -> Duration {
    let unsure = words.confidence < plan.good;
    match (&words.text, words.kind) {
        (None, _) => plan.unclear,
        (_, AnswerKind::YesNo | AnswerKind::Whole) if unsure => plan.complete + UNSURE,
        (_, AnswerKind::YesNo) => plan.yes_no,
        (_, AnswerKind::Whole | AnswerKind::Hesitation | AnswerKind::BackchannelAnswer) => plan.complete,
        (_, AnswerKind::Likely) => plan.likely,
        (_, AnswerKind::Open) if !parted => plan.partial,
        (_, AnswerKind::Part | AnswerKind::Backchannel | AnswerKind::Remark) => plan.partial,
        (_, AnswerKind::Unfinished) => plan.unfinished.max(plan.partial),
        (_, AnswerKind::Open | AnswerKind::Short) => plan.entry.max(plan.partial),
    }
}

pub(super) fn deadline(speech: &Speech, floor: Floor, plan: &TurnPlan) -> Option<(Instant, TurnTimer)> {
    let Some(silent) = speech.silent else {
        let entry = speech.words.as_ref().is_some_and(|words| words.kind.is_entry());
        return Some((speech.began + plan.longest * if entry { ENTRY_TURNS } else { 1 }, TurnTimer::Longest));
    };
    let due = match &speech.words {
        Some(words) if words.is_settled() => {
            let usual = silence(words, speech.longest_pause >= PART, plan);
            let patience = f64::from(plan.patience) * f64::from(words.patience) * f64::from(speech.patience);
            let voice = speech.voice_end.map_or(1.0, VoiceEnd::patience);
            let listens = speech.backchannel.map(|at| at + AFTER_BACKCHANNEL);
            ((silent + usual.mul_f64(patience * voice)).max(listens.unwrap_or(silent)), TurnTimer::End)
        }
        _ if speech.paused && !speech.hushed => (silent + plan.resume, TurnTimer::Resume),
        _ if speech.late => (silent + plan.late_words, TurnTimer::Unheard),
        _ => (silent + plan.words, TurnTimer::Words),
    };
    // What must be heard is heard first; then the turn is taken.
    if floor == Floor::Closed { None } else { Some(due) }
}

/// Whether the turn ends now.
pub(super) fn is_due(speech: &Speech, floor: Floor, plan: &TurnPlan, now: Instant) -> bool {
    // A backchannel or a cough over the bot is settled as soon as it is known: the bot has been waiting long enough.
    let settled = speech.silent.is_some()
        && floor != Floor::Closed
        && !speech.hushed
        && speech.over_bot
        && speech.words.as_ref().is_some_and(|s| s.is_settled() && (s.text.is_none() || s.kind.is_no_answer()));
    settled || deadline(speech, floor, plan).is_some_and(|(at, _)| at <= now)
}

/// What a turn was that has ended.
pub(super) fn verdict(speech: Speech, floor: Floor, plan: &TurnPlan, now: Instant) -> Vec<Act> {
    let over_bot = floor == Floor::Bot && !speech.hushed;
    let spoken = speech.length(now);
    let settled = speech.words.as_ref().is_some_and(LatestWords::is_settled);
    let act = match speech.words {
        // What was said last is not known: words that came before it are not the whole answer.
        _ if !settled && speech.silent.is_some() && spoken >= plan.cough && !over_bot => Act::Unheard,
        Some(LatestWords { kind: AnswerKind::Hesitation, text: Some(_), .. }) => Act::Dropped,
        Some(LatestWords {
            kind: AnswerKind::Backchannel | AnswerKind::BackchannelAnswer | AnswerKind::Remark,
            text: Some(_),
            ..
        }) if speech.over_bot && !speech.hushed => Act::Dropped,
        // A yes to a question that is not one of yes or no.
        Some(LatestWords { kind: AnswerKind::Backchannel, text: Some(_), .. }) => Act::NotUnderstood,
        Some(LatestWords { text: Some(text), confidence, .. })
            if !text.trim().is_empty() && confidence >= plan.poor =>
        {
            Act::Taken { text, confidence }
        }
        // There was speech over the bot, and no words: the bot goes on.
        _ if over_bot || (speech.over_bot && !speech.hushed) => Act::Dropped,
        // As short as a cough. A bot that was hushed for it asks again.
        _ if spoken < plan.cough && !speech.hushed => Act::Dropped,
        _ => Act::NotUnderstood,
    };
    let before = match act {
        _ if !over_bot => None,
        Act::Dropped => speech.paused.then_some(Act::Resume),
        _ => Some(Act::Hush),
    };
    before.into_iter().chain([act]).collect()
}

/// Words stay away: a bot that was paused goes on, and later the recogniser counts as late, but its words are still taken when they come. A
/// sound as short as a cough may yet be a word ("yes"); nothing is said about it meanwhile.
pub(super) fn late(speech: &mut Speech, floor: Floor, plan: &TurnPlan, now: Instant) -> Vec<Act> {
    let mut acts = Vec::new();
    let due = |speech: &Speech, timer| deadline(speech, floor, plan).is_some_and(|(at, why)| why == timer && at <= now);
    if due(speech, TurnTimer::Resume) {
        speech.paused = false;
        acts.push(Act::Resume);
    }
    if due(speech, TurnTimer::Words) {
        speech.late = true;
        if speech.spoken >= plan.cough {
            acts.push(Act::Late);
        }
    }
    acts
}

/// These words may be all of it, though the turn does not end yet.
pub(super) fn likely(speech: &mut Speech, floor: Floor, plan: &TurnPlan) -> Option<Act> {
    if speech.told_likely || speech.silent.is_none() || (floor != Floor::Free && !speech.hushed) {
        return None;
    }
    let words = speech.words.as_ref().filter(|words| words.is_settled() && words.kind.may_be_all())?;
    let text = words.text.as_ref().filter(|text| !text.trim().is_empty() && words.confidence >= plan.poor)?;
    speech.told_likely = true;
    Some(Act::EagerEnd { text: text.clone() })
}
