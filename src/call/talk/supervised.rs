//! Supervisors of a call: who takes part and how, and what that means for the bot.
use super::Talk;
use crate::call::core::Act;
use crate::call::seat::{Guide, HandBack, SeatEvent, SeatNews, SeatWhy};
use crate::call::transcript::{Entry, Words};
use crate::call::voices::VoicePurpose;
use crate::store::{CallEvent, Mark, Private};
use dialog::conversation::{self, Guidance, GuidanceFault, SayId};
use media::ear::EarState;
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
    /// Who waits until the caller has heard that others may listen, and how they are to take part then.
    waiting: BTreeMap<Seat, (String, Supervision)>,
    /// Who has the agent's seat, or had it last.
    agent: Option<String>,
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

    /// The seats whose voices are listened to beside the bot's caller: of those whom the caller hears, and the caller's own while the bot
    /// rests, for the transcript; of those who whisper, for the bot. `with_agent`: an agent speaks with the caller.
    pub fn voices(&self, with_agent: bool) -> BTreeMap<Seat, VoicePurpose> {
        let purpose = |mode| match mode {
            Supervision::Barge | Supervision::TakeOver => Some(VoicePurpose::Transcript),
            Supervision::Whisper => Some(VoicePurpose::Guidance),
            Supervision::Absent | Supervision::Monitor => None,
        };
        let speak = self.seats.iter().filter_map(|(seat, (_, mode))| Some((*seat, purpose(*mode)?)));
        let rests = with_agent || self.has_taken_over();
        let parties = [(Seat::CALLER, rests), (Seat::AGENT, with_agent)].into_iter();
        speak.chain(parties.filter(|(_, heard)| *heard).map(|(seat, _)| (seat, VoicePurpose::Transcript))).collect()
    }

    /// Who sits there.
    pub fn name(&self, seat: Seat) -> Option<&str> {
        if seat == Seat::AGENT {
            return self.agent.as_deref();
        }
        self.seats.get(&seat).map(|(name, _)| name.as_str())
    }

    pub fn set_agent(&mut self, name: &str) {
        self.agent = Some(name.to_owned());
    }
}

impl Talk {
    /// The room has done it already.
    pub(super) fn seat(&mut self, now: Instant, news: SeatNews) {
        self.change_seat(now, news, Guidance::default());
    }

    /// Who has waited takes part from the moment on at which the caller has heard that others may listen.
    pub(super) fn admit_waiting(&mut self, now: Instant) {
        if self.supervisors.waiting.is_empty() || !self.conversation.is_disclosed() {
            return;
        }
        for (seat, (name, mode)) in std::mem::take(&mut self.supervisors.waiting) {
            self.act(Act::Supervise(seat, mode));
            self.seat(now, SeatNews { seat, name, event: SeatEvent::Joined(mode) });
        }
        self.tell_conversation(now, conversation::Input::ListenerWaits(false));
    }

    /// Notes a change of a seat. Where it ends a takeover, the call is the bot's again.
    fn change_seat(&mut self, now: Instant, news: SeatNews, guidance: Guidance) {
        let CallSupervisors { seats, waiting, .. } = &self.supervisors;
        let taken = seats.contains_key(&news.seat) || waiting.contains_key(&news.seat);
        if !taken && matches!(news.event, SeatEvent::Mode(..) | SeatEvent::Lost(_) | SeatEvent::Left(_)) {
            // The order before this one was refused: nobody sits there.
            return;
        }
        self.note(news.mark(self.ms(now)));
        let before = self.has_taken_over();
        let SeatNews { seat, name, event } = news;
        let why = match event {
            SeatEvent::Refused(_) | SeatEvent::Lost(_) => return,
            SeatEvent::Waits(mode) => {
                self.supervisors.waiting.insert(seat, (name, mode));
                return self.tell_conversation(now, conversation::Input::ListenerWaits(true));
            }
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
                if self.supervisors.waiting.remove(&seat).is_some() && self.supervisors.waiting.is_empty() {
                    self.tell_conversation(now, conversation::Input::ListenerWaits(false));
                }
                why
            }
        };
        match (before, self.has_taken_over()) {
            (false, true) => self.take_over(now),
            (true, false) => self.take_back(now, guidance, why.text()),
            _ => {}
        }
        if !self.ended {
            self.settle_voices(now);
        }
    }

    /// A person speaks with the caller from now on. The room plays nothing of the bot's any more, and a transcriber hears the caller.
    pub(super) fn take_over(&mut self, now: Instant) {
        if !self.search.is_joined() {
            self.give_up_search(now);
        }
        self.mark(now, "taken_over");
        self.playout_held = false;
        self.tell_conversation(now, conversation::Input::TakenOver);
        // Words that are still to come are nobody's any more.
        self.due.words_given_up();
        self.due.expect_nothing();
        self.transcript.forget_caller_sound();
        self.masking.drop_speech();
        self.transcript.withdraw_partial();
        self.tell_changes();
        // The question for a secret is the bot's: it asks for it anew when it is back.
        self.expect_secret(false);
        for silence in [self.silences.ear_closes(now), self.silences.person(true, now)] {
            self.silence(silence);
        }
    }

    /// The call is the bot's again; one that had said goodbye says it once more.
    pub(super) fn take_back(&mut self, now: Instant, guidance: Guidance, why: &str) {
        self.settle_voices(now);
        self.note_mark("bot_back", json!({ "ms": self.ms(now), "why": why }));
        if !self.watchdog.is_on_hold() {
            // What the caller says to the person at this moment is not for the bot.
            self.act(Act::Ear(EarState::Closed));
            self.act(Act::Ear(EarState::Open));
        }
        self.due.expect_nothing();
        let silence = self.silences.person(false, now);
        self.silence(silence);
        self.tell_conversation(now, conversation::Input::HandedBack(guidance));
        if self.ending.is_some() {
            self.transcript.complete_bot();
            self.extend_last_words(now);
        }
        if self.watchdog.is_on_hold() {
            self.act(Act::Gain(Gain::Hold));
        }
    }

    pub(super) fn hand_back(&mut self, now: Instant, order: HandBack) {
        let HandBack { seat, by, guidance, promise, reply } = order;
        let guidance = self.masking.restored(guidance);
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
        let guidance = self.masking.restored(guidance);
        let given = self.give_guidance(now, &by, guidance, None);
        self.act(Act::Reply(reply, given));
    }

    /// Gives guidance to the bot, which follows at the next pause; its number. `voice`: the seat at which it was said.
    pub(super) fn give_guidance(
        &mut self,
        now: Instant,
        by: &str,
        guidance: Guidance,
        voice: Option<Seat>,
    ) -> Result<u64, GuidanceFault> {
        self.conversation.check_guidance(&guidance, false)?;
        let id = self.number_guidance();
        let mut data = self.described(now, id, by, &guidance);
        if let Some(seat) = voice {
            data["seat"] = seat.0.into();
        }
        self.note_mark("guidance", data);
        self.tell_conversation(now, conversation::Input::Guided { id, guidance });
        Ok(id)
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

    pub(super) fn note_mark(&mut self, name: &str, data: Value) {
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
