//! `Turn`: whose turn it is. It decides when the caller has finished, and what their voice does to the bot's.
//!
//! Told the time, it emits [`Act`]s. The leg ducks by itself; `Turn` pauses, resumes and hushes.
use std::collections::VecDeque;
use std::time::{Duration, Instant};

mod act;
pub mod backchannel;
mod barge;
mod end;
mod plan;
mod speech;
mod words;

pub use act::{Act, Floor, TurnTimer};
pub use plan::TurnPlan;
pub(crate) use plan::{millis, within};
use speech::Speech;
pub use words::{AnswerKind, Words};

/// A report that the voice stopped counts as no older than this: a gate needs 200 ms, and a tick brings the report.
const MAX_REPORT_AGE: Duration = Duration::from_millis(400);

pub struct Turn {
    plan: TurnPlan,
    floor: Floor,
    speech: Option<Speech>,
    /// The caller's voice is on, also when its turn was cut for length.
    voice: bool,
    acts: VecDeque<Act>,
}

impl Turn {
    pub fn new(plan: TurnPlan) -> Turn {
        Turn { plan, floor: Floor::Free, speech: None, voice: false, acts: VecDeque::new() }
    }

    /// Whether the caller is in the middle of a turn, or speaks on after one that was cut for length.
    pub fn busy(&self) -> bool {
        self.speech.is_some() || self.voice
    }

    pub fn started(&mut self, now: Instant) {
        self.voice = true;
        let began = now.checked_sub(self.plan.noticed).unwrap_or(now);
        match &mut self.speech {
            Some(speech) => speech.goes_on(began),
            None => self.speech = Some(Speech::new(began, self.floor != Floor::Free)),
        }
        self.tick(now);
    }

    /// The caller's voice stopped this long ago, after it had been on for `spoke` by its own clock (zero: for as long as the reports
    /// are apart). A report that a busy machine, a network or a second hearing delayed makes no short word a cough, and no cough a
    /// word; nor does the recogniser have less time for it.
    pub fn stopped(&mut self, now: Instant, ago: Duration, spoke: Duration) {
        self.voice = false;
        if let Some(speech) = &mut self.speech {
            speech.stops(now.checked_sub(ago.min(MAX_REPORT_AGE)).unwrap_or(now), spoke);
        }
        self.tick(now);
    }

    /// Words of the running turn. Words that come after its end are dropped.
    pub fn words(&mut self, now: Instant, words: Words) {
        if let Some(speech) = &mut self.speech {
            speech.takes(words);
        }
        self.tick(now);
    }

    /// The bot began or finished speaking.
    pub fn floor(&mut self, now: Instant, floor: Floor) {
        if self.floor != floor {
            self.floor = floor;
            self.tick(now);
        }
    }

    /// Forgets the running turn: keys were pressed, or the call ends. A bot that was paused for the turn stays paused: the caller of this resumes it.
    pub fn forget(&mut self) {
        (self.speech, self.voice) = (None, false);
        self.acts.clear();
    }

    pub fn poll(&mut self) -> Option<Act> {
        self.acts.pop_front()
    }

    pub fn deadline(&self) -> Option<(Instant, TurnTimer)> {
        let speech = self.speech.as_ref()?;
        let barge = barge::deadline(speech, self.floor, &self.plan);
        let end = end::deadline(speech, self.floor, &self.plan);
        [barge, end].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    pub fn tick(&mut self, now: Instant) {
        let Some(speech) = &mut self.speech else { return };
        self.acts.extend(barge::decide(speech, self.floor, &self.plan, now));
        self.acts.extend(end::late(speech, self.floor, &self.plan, now));
        if end::is_due(speech, self.floor, &self.plan, now)
            && let Some(speech) = self.speech.take()
        {
            self.acts.extend(end::verdict(speech, self.floor, &self.plan, now));
        }
    }
}

#[cfg(test)]
mod tests;
