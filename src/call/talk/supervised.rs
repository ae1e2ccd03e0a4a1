//! Supervisors of a call: who takes part and how, and what that means for the bot.
use super::Talk;
use crate::call::core::Act;
use crate::call::seat::{Guide, HandBack, SeatEvent, SeatNews, SeatWhy};
use crate::call::transcript::{Entry, Words};
use crate::store::{CallEvent, Mark, Private};
use dialog::conversation::{self, Guidance, GuidanceFault, SayId};
use media::hears::Supervision;
use media::playout::Gain;
use media::room::Seat;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Instant;

#[derive(Default)]
pub(super) struct CallSupervisors {
    /// Who sits where, and how they take part.
    seats: BTreeMap<Seat, (String, Supervision)>,
    /// The number of the last guidance.
    guidance: u64,
    /// Guidance that was followed, with the first clause that it led to.
    followed: Vec<(u64, SayId)>,
}

impl CallSupervisors {
    /// Whether a person speaks with the caller in the bot's place.
    pub fn has_taken_over(&self) -> bool {
        self.seats.values().any(|(_, mode)| *mode == Supervision::TakeOver)
    }
}

impl Talk {
    /// The room has done it already.
    pub(super) fn seat(&mut self, now: Instant, news: SeatNews) {
        self.change_seat(now, news, Guidance::default());
    }

    /// Notes a change of a seat. Where it ends a takeover, the call is the bot's again.
    fn change_seat(&mut self, now: Instant, news: SeatNews, guidance: Guidance) {
        self.note(news.mark(self.ms(now)));
        let before = self.has_taken_over();
        let SeatNews { seat, name, event } = news;
        let why = match event {
            SeatEvent::Joined(mode) | SeatEvent::Mode(mode, SeatWhy::Asked) => {
                self.supervisors.seats.insert(seat, (name, mode));
                SeatWhy::Asked
            }
            SeatEvent::Mode(mode, why) => {
                self.supervisors.seats.insert(seat, (name, mode));
                why
            }
            SeatEvent::Left(why) => {
                self.supervisors.seats.remove(&seat);
                why
            }
        };
        match (before, self.has_taken_over()) {
            (false, true) => self.take_over(now),
            (true, false) => self.take_back(now, guidance, why.text()),
            _ => {}
        }
    }

    /// A person speaks with the caller from now on. The room plays nothing of the bot's any more, and its ear is closed.
    pub(super) fn take_over(&mut self, now: Instant) {
        if !self.search.is_joined() {
            self.give_up_search();
        }
        self.mark(now, "taken_over");
        self.playout_held = false;
        self.tell_conversation(now, conversation::Input::TakenOver);
        // Words that are still to come are nobody's any more.
        self.due.words_given_up();
        self.due.expect_nothing();
        self.transcript.forget_caller_sound();
        self.transcript.withdraw_partial();
        self.tell_changes();
        for silence in [self.silences.ear_closes(now), self.silences.person(true, now)] {
            self.silence(silence);
        }
    }

    /// The call is the bot's again; one that had said goodbye ends it.
    pub(super) fn take_back(&mut self, now: Instant, guidance: Guidance, why: &str) {
        self.note_mark("bot_back", json!({ "ms": self.ms(now), "why": why }));
        self.due.expect_nothing();
        let silence = self.silences.person(false, now);
        self.silence(silence);
        if let Some((end, _)) = self.ending {
            return self.end(now, end);
        }
        self.tell_conversation(now, conversation::Input::HandedBack(guidance));
        if self.watchdog.is_on_hold() {
            self.act(Act::Gain(Gain::Hold));
        }
    }

    pub(super) fn hand_back(&mut self, now: Instant, order: HandBack) {
        let HandBack { seat, by, guidance, promise, reply } = order;
        let checked = match self.supervisors.seats.get(&seat) {
            // While an agent speaks with the caller too, the call is theirs.
            Some((_, Supervision::TakeOver)) if !self.search.is_joined() => {
                self.conversation.check_guidance(&guidance, true)
            }
            _ => Err(GuidanceFault::NotTakenOver),
        };
        if let Err(fault) = checked {
            return self.act(Act::Reply(reply, Err(fault)));
        }
        let id = self.number_guidance();
        let mut data = self.described(now, id, &by, &guidance);
        data["promise"] = promise.map_or(Value::Null, Value::from);
        self.note_mark("handed_back", data);
        // The room first: nothing of the bot's is played while it rests.
        self.act(Act::Supervise(seat, Supervision::Monitor));
        let event = SeatEvent::Mode(Supervision::Monitor, SeatWhy::Asked);
        self.change_seat(now, SeatNews { seat, name: by, event }, guidance);
        self.act(Act::Reply(reply, Ok(id)));
    }

    pub(super) fn guide(&mut self, now: Instant, order: Guide) {
        let Guide { by, guidance, reply } = order;
        if let Err(fault) = self.conversation.check_guidance(&guidance, false) {
            return self.act(Act::Reply(reply, Err(fault)));
        }
        let id = self.number_guidance();
        let data = self.described(now, id, &by, &guidance);
        self.note_mark("guidance", data);
        self.tell_conversation(now, conversation::Input::Guided { id, guidance });
        self.act(Act::Reply(reply, Ok(id)));
    }

    fn number_guidance(&mut self) -> u64 {
        self.supervisors.guidance += 1;
        self.supervisors.guidance
    }

    /// What was given, without its values: of a secret slot they stand nowhere.
    fn described(&self, now: Instant, id: u64, by: &str, guidance: &Guidance) -> Value {
        let slots: Vec<&String> = guidance.slots.keys().collect();
        json!({
            "ms": self.ms(now), "id": id, "by": by, "task": guidance.task, "slots": slots, "say": guidance.say.is_some()
        })
    }

    fn note_mark(&mut self, name: &str, data: Value) {
        self.note(CallEvent::Mark(Mark { name: name.into(), data: Private(data) }));
    }

    /// The bot has followed guidance, or could not; the turn that it led to is noted when it is complete.
    pub(super) fn guided(&mut self, now: Instant, id: u64, said: Option<SayId>, followed: Result<(), GuidanceFault>) {
        match (followed, said) {
            (Ok(()), Some(first)) => self.supervisors.followed.push((id, first)),
            (Ok(()), None) => self.note_mark("guidance_used", json!({ "ms": self.ms(now), "id": id, "turn": null })),
            (Err(fault), _) => {
                let why = fault.to_string();
                self.note_mark("guidance_refused", json!({ "ms": self.ms(now), "id": id, "why": why }));
            }
        }
    }

    /// Notes which guidance led to this turn.
    pub(super) fn note_guidance(&mut self, entry: &Entry) {
        let Words::Said(clauses) = &entry.words else { return };
        let (ms, turn) = (self.ms(entry.ended), entry.number);
        let led = |(_, first): &mut (u64, SayId)| clauses.iter().any(|clause| clause.say == *first);
        let used: Vec<u64> = self.supervisors.followed.extract_if(.., led).map(|(id, _)| id).collect();
        used.into_iter().for_each(|id| self.note_mark("guidance_used", json!({ "ms": ms, "id": id, "turn": turn })));
    }
}
