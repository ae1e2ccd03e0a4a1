//! What people in a call say who are not its caller with the bot: to each other, which stands in the record and reaches the conversation in no
//! way; or, as a whisper, to the bot, which it guides like what a supervisor writes.
use super::Talk;
use crate::call::core::Act;
use crate::call::transcript::{GivenAnswer, NOT_RECOGNISED};
use crate::call::voices::{VoiceHeard, VoicePurpose, VoiceTurn};
use dialog::conversation::{AnsweredBy, Guidance, MASK};
use media::room::Seat;
use media::vad::Edge;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Instant;

impl Talk {
    /// Opens sessions for the voices that are transcribed by now, and completes the turns of those that are not any more.
    pub(super) fn settle_voices(&mut self, now: Instant) {
        let wanted = self.wanted_voices();
        for (seat, purpose) in self.voices.listened() {
            if wanted.get(&seat) != Some(&purpose) {
                self.voices.stop(now, seat);
                self.act(Act::StopTranscribing(seat));
            }
        }
        for seat in wanted.into_keys() {
            if !self.voices.is_listening(seat) {
                self.transcribe(seat);
            }
        }
        self.take_voices(now);
    }

    fn wanted_voices(&self) -> BTreeMap<Seat, VoicePurpose> {
        self.supervisors.voices(self.search.is_joined())
    }

    /// The caller's ear has dropped what it had of the turn under way: a new session hears what follows.
    pub(super) fn renew_caller_voice(&mut self, now: Instant) {
        if self.voices.is_listening(Seat::CALLER) {
            self.voices.stop(now, Seat::CALLER);
            self.transcribe(Seat::CALLER);
        }
    }

    /// The call ends: what was said so far is a turn.
    pub(super) fn stop_voices(&mut self, now: Instant) {
        self.voices.listened().into_iter().for_each(|(seat, _)| self.voices.stop(now, seat));
        self.take_voices(now);
    }

    fn transcribe(&mut self, seat: Seat) {
        let purpose = self.wanted_voices().remove(&seat).unwrap_or_default();
        let session = self.voices.listen(seat, purpose);
        let expect = match purpose {
            VoicePurpose::Transcript => self.conversation.expect_people(),
            VoicePurpose::Guidance => self.conversation.expect_whisper(),
        };
        self.act(Act::Transcribe { seat, session, expect });
    }

    pub(super) fn voice_edge(&mut self, now: Instant, seat: Seat, edge: Edge) {
        let (Edge::Start { arrived, .. } | Edge::End { arrived, .. }) = edge;
        self.voices.edge(seat, edge, arrived.unwrap_or(now).min(now));
    }

    pub(super) fn voice_heard(&mut self, now: Instant, heard: VoiceHeard) {
        self.voices.heard(heard);
        self.take_voices(now);
    }

    /// Notes the turns that are complete.
    pub(super) fn take_voices(&mut self, now: Instant) {
        while let Some(seat) = self.voices.next_over(now) {
            self.transcribe(seat);
        }
        while let Some(turn) = self.voices.take() {
            match turn.purpose {
                VoicePurpose::Transcript => self.note_voice(turn),
                VoicePurpose::Guidance if !self.ended => self.whispered(now, turn),
                VoicePurpose::Guidance => {}
            }
        }
    }

    /// A supervisor has said something to the bot. Where nothing in it could guide the bot, the timeline says so: they may say it again.
    fn whispered(&mut self, now: Instant, VoiceTurn { seat, words, .. }: VoiceTurn) {
        // Who has left guides no more.
        let Some(by) = self.supervisors.name(seat).map(str::to_owned) else { return };
        let guidance =
            words.map(|(text, _)| self.conversation.read_whisper(&text)).filter(|read| *read != Guidance::default());
        let given = guidance.map(|guidance| self.give_guidance(now, &by, guidance, Some(seat)));
        let why = match given {
            Some(Ok(_)) => return,
            Some(Err(fault)) => fault.to_string(),
            None => "not understood".to_owned(),
        };
        self.note_mark("whisper_lost", json!({ "ms": self.ms(now), "seat": seat.0, "name": by, "why": why }));
    }

    /// Notes a turn, who spoke, and the values in it, which a hand-back may take.
    fn note_voice(&mut self, VoiceTurn { seat, began, ended, words, .. }: VoiceTurn) {
        let secret = words.as_ref().is_some_and(|(text, _)| self.conversation.is_secret(text));
        let values = match &words {
            Some((text, _)) if !secret => self.conversation.values_among(text),
            _ => Vec::new(),
        };
        let (text, confidence) = match words {
            Some(_) if secret => (MASK.to_owned(), 0.0),
            Some(words) => words,
            None => (NOT_RECOGNISED.to_owned(), 0.0),
        };
        let given = GivenAnswer { text, confidence, by: AnsweredBy::Voice, secret };
        let entry = self.transcript.take_person_turn(seat.party().into(), (began, ended), given);
        self.record(&entry);
        let (ms, turn) = (self.ms(entry.began), entry.number);
        if seat != Seat::CALLER {
            let name = self.supervisors.name(seat);
            self.note_mark("spoke", json!({ "ms": ms, "turn": turn, "seat": seat.0, "name": name }));
        }
        for value in values {
            let data = json!({
                "ms": ms, "turn": turn, "seat": seat.0, "slot": value.slot, "value": value.value, "sure": value.sure
            });
            self.note_mark("value_spoken", data);
        }
    }
}
