//! `Turn`: whose turn it is. It decides when the caller has finished, and what their voice does to the bot's.
//!
//! Told the time, it emits [`Act`]s. The leg ducks by itself; `Turn` pauses, resumes and hushes.
use std::collections::VecDeque;
use std::time::{Duration, Instant};

mod act;
pub mod backchannel;
mod barge;
pub mod closing;
mod end;
mod listening;
mod pace;
mod plan;
mod speech;
pub mod unfinished;
mod voice_end;
mod words;

pub use act::{Act, Floor, TurnTimer};
use pace::Pace;
pub use plan::TurnPlan;
pub(crate) use plan::{PATIENCE, millis, within};
use speech::Speech;
pub use voice_end::{Pitch, VoiceEnd};
pub use words::{AnswerKind, Words};

/// A report that the voice stopped counts as no older than this: a gate needs 200 ms, and a tick brings the report.
const MAX_REPORT_AGE: Duration = Duration::from_millis(400);

pub struct Turn {
    plan: TurnPlan,
    floor: Floor,
    /// Since when the bot has the floor.
    bot_since: Option<Instant>,
    pace: Pace,
    speech: Option<Speech>,
    /// The caller's voice is on, also when its turn was cut for length.
    voice: bool,
    /// When the bot last said that it listens.
    last_backchannel: Option<Instant>,
    acts: VecDeque<Act>,
}

impl Turn {
    pub fn new(plan: TurnPlan) -> Turn {
        Turn {
            plan,
            floor: Floor::Free,
            bot_since: None,
            pace: Pace::default(),
            speech: None,
            voice: false,
            last_backchannel: None,
            acts: VecDeque::new(),
        }
    }

    /// Whether the caller is in the middle of a turn, or speaks on after one that was cut for length.
    pub fn busy(&self) -> bool {
        self.speech.is_some() || self.voice
    }

    /// How many times as long as usual the bot waits for this caller by now.
    pub fn caller_patience(&self) -> f32 {
        self.pace.patience()
    }

    pub fn started(&mut self, now: Instant) {
        self.voice = true;
        let began = now.checked_sub(self.plan.noticed).unwrap_or(now);
        match &mut self.speech {
            Some(speech) => {
                // Between the groups of an entry people pause in another way.
                let entry = speech.words.as_ref().is_some_and(|words| words.kind.is_entry());
                if let Some(silent) = speech.silent.filter(|_| !entry) {
                    self.pace.paused(began.saturating_duration_since(silent));
                }
                speech.patience = speech.patience.max(self.pace.patience());
                speech.goes_on(began);
            }
            None => {
                let since = self.bot_since.filter(|_| self.floor != Floor::Free);
                self.speech = Some(Speech {
                    collides: since.is_some_and(|since| began <= since + self.plan.collision),
                    patience: self.pace.patience(),
                    ..Speech::new(began, self.floor != Floor::Free)
                });
            }
        }
        self.withdraw_likely();
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

    /// How the voice sounded at the end of what was said last, before the caller goes on.
    pub fn voice_ended(&mut self, now: Instant, end: VoiceEnd) {
        if let Some(speech) = self.speech.as_mut().filter(|speech| speech.silent.is_some()) {
            speech.voice_end = Some(end);
        }
        self.tick(now);
    }

    /// Words of the running turn. Words that come after its end are dropped.
    pub fn words(&mut self, now: Instant, words: Words) {
        if let Some(speech) = &mut self.speech {
            let before = speech.text().map(str::to_owned);
            speech.takes(words);
            if speech.text() != before.as_deref() {
                self.withdraw_likely();
            }
        }
        self.tick(now);
    }

    /// The bot began or finished speaking.
    pub fn floor(&mut self, now: Instant, floor: Floor) {
        if self.floor != floor {
            if self.floor == Floor::Free {
                self.bot_since = Some(now);
            }
            self.floor = floor;
            self.tick(now);
        }
    }

    /// What was likely the end of the turn was none.
    fn withdraw_likely(&mut self) {
        if let Some(speech) = &mut self.speech
            && std::mem::take(&mut speech.told_likely)
        {
            self.acts.push_back(Act::EagerWithdrawn);
        }
    }

    /// Forgets the running turn: keys were pressed, or the call ends. What was told as likely is forgotten with it. A bot that was paused
    /// for the turn stays paused: the caller of this resumes it.
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
        let backchannel = listening::deadline(speech, self.floor, &self.plan, self.last_backchannel);
        [barge, end, backchannel].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    pub fn tick(&mut self, now: Instant) {
        let Some(speech) = &mut self.speech else { return };
        self.acts.extend(barge::decide(speech, self.floor, &self.plan, now));
        self.acts.extend(listening::decide(speech, self.floor, &self.plan, &mut self.last_backchannel, now));
        self.acts.extend(end::late(speech, self.floor, &self.plan, now));
        if !end::is_due(speech, self.floor, &self.plan, now) {
            return self.acts.extend(end::likely(speech, self.floor, &self.plan));
        }
        let Some(speech) = self.speech.take() else { return };
        let (collides, likely) = (speech.collides, speech.told_likely);
        let acts = end::verdict(speech, self.floor, &self.plan, now);
        let dropped = acts.contains(&Act::Dropped);
        if likely && !acts.iter().any(|act| matches!(act, Act::Taken { .. })) {
            self.acts.push_back(Act::EagerWithdrawn);
        }
        self.acts.extend(acts);
        if !dropped {
            self.pace.taken(collides);
        }
    }
}

#[cfg(test)]
mod tests;
