//! `Masking`: what is personal in what leaves a call for its record, for who watches and for webhooks is replaced, by the call's [`Guard`].
//! What a later turn or a slot shows to be personal is replaced in the turns before it too: these are noted again.
use crate::call::bleep::Bleep;
use crate::call::core::Act;
use crate::store::{CallEvent, LiveChange, Private, Speaker, Turn};
use dialog::bot::Bot;
use dialog::clause::Clause;
use dialog::conversation::{Guidance, SayId};
use dialog::guard::{Guard, Personal, TalkLine};
use media::SamplePos;
use serde_json::Value;
use std::collections::VecDeque;
use std::time::Instant;

/// So many turns are looked at again.
const KEPT: usize = 40;

/// A turn as it was said, and as it was noted.
struct Noted {
    turn: Turn,
    asked: Asked,
    shown: Option<Turn>,
}

/// The slot that is asked for, and what of it is personal.
#[derive(Clone, Copy, Default)]
struct Asked {
    slot: Option<usize>,
    kind: Option<Personal>,
}

pub(super) struct Masking {
    guard: Guard,
    noted: VecDeque<Noted>,
    /// Turns that were taken and are not noted yet.
    taken: VecDeque<Taken>,
    /// What is asked for now.
    asks: Asked,
    /// Where the caller has spoken since the last turn; the last may go on.
    spoken: Vec<(SamplePos, Option<SamplePos>)>,
    /// Clauses of the bot's that are masked and still to be heard.
    clauses: VecDeque<SayId>,
    acts: VecDeque<Act>,
}

/// A turn of the caller's that is not noted yet.
struct Taken {
    started_ms: u64,
    asked: Asked,
    /// Where in the call it was said.
    spoken: Vec<(SamplePos, SamplePos)>,
}

impl Masking {
    pub fn new(bot: &Bot) -> Self {
        let guard = Guard::new(bot.mask.iter().copied(), bot.language);
        Self {
            guard,
            noted: VecDeque::new(),
            taken: VecDeque::new(),
            asks: Asked::default(),
            spoken: Vec::new(),
            clauses: VecDeque::new(),
            acts: VecDeque::new(),
        }
    }

    /// This slot is asked for from now on.
    pub fn asks(&mut self, bot: &Bot, slot: Option<&str>) {
        let slot = slot.and_then(|name| bot.slot(name));
        self.asks = Asked { slot, kind: slot.and_then(|slot| Personal::of(&bot.slots[slot].kind)) };
    }

    /// The caller speaks from here on.
    pub fn speech_began(&mut self, at: SamplePos) {
        if self.guard.is_on() {
            self.spoken.push((at, None));
            self.acts.push_back(Act::Bleep(Bleep::Hold(at)));
        }
    }

    pub fn speech_ended(&mut self, at: SamplePos) {
        self.spoken.last_mut().filter(|(_, to)| to.is_none()).into_iter().for_each(|(_, to)| *to = Some(at));
    }

    /// What the caller has said becomes no turn: it has no words.
    pub fn unheard(&mut self) {
        if let Some((_, to)) = self.spoken.extract_if(.., |(_, to)| to.is_some()).last() {
            self.acts.extend(to.map(|to| Act::Bleep(Bleep::Release(to))));
        }
    }

    /// What the caller says is not for the bot any more: it is not transcribed.
    pub fn drop_speech(&mut self) {
        if self.guard.is_on() {
            self.spoken.clear();
            self.acts.push_back(Act::Bleep(Bleep::Release(SamplePos(u64::MAX))));
        }
    }

    /// A turn of the caller's that began at `started_ms` was taken, in answer to what is asked for now. `speaks`: the caller already says more.
    pub fn answers(&mut self, started_ms: u64, speaks: bool) {
        let over = |(_, to): &mut (SamplePos, Option<SamplePos>)| to.is_some() || !speaks;
        let spoken: Vec<_> = self.spoken.extract_if(.., over).map(|(from, to)| (from, to.unwrap_or(from))).collect();
        self.taken.push_back(Taken { started_ms, asked: self.asks, spoken });
        if self.taken.len() > KEPT {
            self.taken.pop_front();
        }
    }

    /// The bot is going to say this.
    pub fn says(&mut self, say: SayId, clause: &Clause) {
        if self.guard.finds(clause.written()) || self.guard.finds(clause.said()) {
            self.clauses.push_back(say);
        }
    }

    pub fn clause_began(&mut self, say: SayId, at: Instant) {
        if self.clauses.contains(&say) {
            self.acts.push_back(Act::Bleep(Bleep::BotBegins(at)));
        }
    }

    pub fn clause_ended(&mut self, say: SayId, at: Instant) {
        if self.clauses.contains(&say) {
            self.acts.push_back(Act::Bleep(Bleep::BotEnds(at)));
        }
        self.clauses.retain(|clause| *clause > say);
    }

    /// A slot has taken a value: what is recorded of it.
    pub fn slot(&mut self, bot: &Bot, name: &str, value: Value) -> Value {
        let kind = bot.slot(name).and_then(|slot| Personal::of(&bot.slots[slot].kind));
        match kind.and_then(|kind| self.guard.learn(kind, &value)) {
            Some(placeholder) => placeholder.into(),
            None => value,
        }
    }

    /// The values in place of what stands for them, in what a supervisor gives the bot.
    pub fn restored(&self, mut guidance: Guidance) -> Guidance {
        guidance.slots.values_mut().for_each(|value| self.guard.restore_json(value));
        guidance.say = guidance.say.map(|text| self.guard.restore(&text));
        guidance
    }

    /// Turns that are noted again, and orders for the recording.
    pub fn poll(&mut self) -> Option<Act> {
        self.acts.pop_front()
    }

    /// An event as it is recorded.
    pub fn event(&mut self, event: CallEvent) -> CallEvent {
        if !self.guard.is_on() {
            return event;
        }
        match event {
            CallEvent::Turn(turn) => CallEvent::Turn(self.turn(turn)),
            CallEvent::Slot(mut slot) => {
                if let Some(value) = &mut slot.value {
                    self.guard.mask_json(&mut value.0);
                }
                CallEvent::Slot(slot)
            }
            CallEvent::Mark(mut mark) => {
                self.guard.mask_json(&mut mark.data.0);
                CallEvent::Mark(mark)
            }
            event => event,
        }
    }

    /// What is told to who watches: dots in place of what is masked, one for each character, for what is heard is counted in characters.
    pub fn change(&self, change: LiveChange) -> LiveChange {
        let blot = |text: Private<String>| Private(self.guard.blot(&text.0));
        match change {
            _ if !self.guard.is_on() => change,
            LiveChange::Clause { say, turn, text } => LiveChange::Clause { say, turn, text: blot(text) },
            LiveChange::Partial { turn, text, secret } => {
                LiveChange::Partial { turn, text: Private(self.guard.blot_partial(&text.0, self.asks.kind)), secret }
            }
            LiveChange::Taken { turn, text, by, secret } => {
                LiveChange::Taken { turn, text: Private(self.guard.blot_partial(&text.0, self.asks.kind)), by, secret }
            }
            change => change,
        }
    }

    fn turn(&mut self, turn: Turn) -> Turn {
        let (started, speaker) = (turn.started_ms, turn.speaker);
        let place = self.taken.iter().position(|taken| speaker == Speaker::Caller && taken.started_ms == started);
        let taken = place.and_then(|at| self.taken.remove(at));
        let asked = taken.as_ref().map(|taken| taken.asked).unwrap_or_default();
        let is_it = |noted: &Noted| noted.turn.started_ms == started && noted.turn.speaker == speaker;
        // One that is noted again keeps its place.
        match self.noted.iter_mut().find(|noted| is_it(noted)) {
            Some(noted) => (noted.turn, noted.shown) = (turn.clone(), None),
            None => self.noted.push_back(Noted { turn: turn.clone(), asked, shown: None }),
        }
        if self.noted.len() > KEPT {
            self.noted.pop_front();
        }
        let line = |noted: &'_ Noted| -> (bool, String, Asked) {
            (noted.turn.speaker == Speaker::Caller, noted.turn.text.0.clone(), noted.asked)
        };
        let texts: Vec<_> = self.noted.iter().map(line).collect();
        let lines: Vec<TalkLine> = texts
            .iter()
            .map(|(by_caller, text, asked)| TalkLine {
                by_caller: *by_caller,
                text,
                asked: asked.kind,
                slot: asked.slot,
            })
            .collect();
        let masked = self.guard.talk(&lines);
        let said = turn.text.clone();
        let mut out = turn;
        for (noted, text) in self.noted.iter_mut().zip(masked) {
            let heard = match noted.turn.heard == noted.turn.text {
                true => text.clone(),
                false => self.guard.mask(&noted.turn.heard.0),
            };
            let shown = Turn { text: text.into(), heard: heard.into(), ..noted.turn.clone() };
            if noted.turn.started_ms == started && noted.turn.speaker == speaker {
                out = shown.clone();
            } else if noted.shown.as_ref() != Some(&shown) {
                self.acts.push_back(Act::Note(CallEvent::Turn(shown.clone())));
            }
            noted.shown = Some(shown);
        }
        let spoken = taken.map(|taken| taken.spoken).unwrap_or_default();
        if out.text != said {
            let tones = spoken.iter().map(|(from, to)| Bleep::Caller { from: *from, to: *to });
            self.acts.extend(tones.map(Act::Bleep));
        }
        self.acts.extend(spoken.last().map(|(_, to)| Act::Bleep(Bleep::Release(*to))));
        out
    }
}
