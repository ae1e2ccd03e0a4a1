//! What a rehearsal needs of a recorded call, taken from its record.
use crate::store::{self, Call, CallEvent, Speaker, TimelineEvent};
use ::rehearse::recorded::{RecordedCall, RecordedSlot, RecordedSpeaker, RecordedTurn};
use std::time::Duration;

/// What a rehearsal needs of a call's record.
pub fn recorded_call(call: &Call, timeline: &[TimelineEvent]) -> RecordedCall {
    let turns = call.turns.iter().filter_map(|turn| {
        let by = match (turn.speaker, turn.by) {
            (Speaker::Bot, _) => RecordedSpeaker::Bot,
            (Speaker::Caller, Some(store::AnswerMethod::Keys)) => RecordedSpeaker::Keys,
            (Speaker::Caller, Some(store::AnswerMethod::Text)) => RecordedSpeaker::Text,
            (Speaker::Caller, _) => RecordedSpeaker::Voice,
            // What people said to the caller in the bot's place is not the bot's.
            (Speaker::Agent | Speaker::Supervisor, _) => return None,
        };
        let ms = Duration::from_millis;
        Some(RecordedTurn {
            started: ms(turn.started_ms),
            ended: ms(turn.ended_ms),
            by,
            text: turn.text.0.clone(),
            interrupted: turn.interrupted,
            confidence: turn.confidence,
        })
    });
    let slots = timeline.iter().filter_map(|event| match &event.event {
        CallEvent::Slot(slot) => Some(RecordedSlot {
            at: Duration::from_millis(event.at_ms),
            name: slot.name.clone(),
            value: slot.value.as_ref()?.0.clone(),
        }),
        _ => None,
    });
    let zone = jiff::tz::TimeZone::system();
    RecordedCall {
        id: call.id.clone(),
        started: call.started_at.to_zoned(zone).datetime(),
        turns: turns.collect(),
        slots: slots.collect(),
        end: call.end.map(|end| end.reason.text().to_owned()),
        person: timeline.iter().find_map(person),
    }
}

/// What came of the wish for a person, by the marks that tell it.
fn person(event: &TimelineEvent) -> Option<String> {
    let CallEvent::Mark(mark) = &event.event else { return None };
    match mark.name.as_str() {
        "transferred" | "person_joined" => Some("put through".to_owned()),
        "transfer_failed" => mark.data.0["why"].as_str().map(str::to_owned),
        _ => None,
    }
}
