//! What a supervisor does to a conversation: takes the call over, hands it back, guides the bot.
use super::Conversation;
use super::message::{HushedBy, Output, Why};
use super::person::Search;
use crate::expect::Expect;
use crate::guidance::{Guidance, GuidanceFault, SpokenValue};
use crate::model::brain::BrainInput;
use crate::tool::{ToolFault, ToolId};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// For so long nobody speaks before guidance is used: within a breath of the caller's it is not.
const PAUSE: Duration = Duration::from_millis(200);

/// So many pieces of guidance wait for a pause at most.
const MOST_GUIDANCE: usize = 8;

/// A tool and what it has come to.
type Outcome = (ToolId, Result<serde_json::Value, ToolFault>);

#[derive(Default)]
pub(super) struct Supervised {
    /// A person speaks with the caller in the bot's place.
    taken_over: bool,
    /// Outcomes of tools that came meanwhile, and whether a recogniser works by now.
    outcomes: Vec<Outcome>,
    deaf: Option<bool>,
    /// What waits for a pause.
    guidance: VecDeque<(u64, Guidance)>,
}

impl Supervised {
    pub fn is_taken_over(&self) -> bool {
        self.taken_over
    }

    /// Keeps the outcome of a tool for the time when the call is the bot's again; `false`: it is.
    pub fn keep_outcome(&mut self, outcome: Outcome) -> Option<Outcome> {
        if !self.taken_over {
            return Some(outcome);
        }
        self.outcomes.push(outcome);
        None
    }

    /// The same for whether a recogniser works.
    pub fn keep_deaf(&mut self, deaf: bool) -> Option<bool> {
        if !self.taken_over {
            return Some(deaf);
        }
        self.deaf = Some(deaf);
        None
    }

    /// When guidance is used, where nobody has spoken since `quiet`.
    pub fn deadline(&self, quiet: Option<Instant>) -> Option<(Instant, Why)> {
        quiet.filter(|_| !self.guidance.is_empty()).map(|since| (since + PAUSE, Why::Guidance))
    }
}

impl Conversation {
    /// Whether the bot can follow this now. `hands_back`: it comes with the call.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn check_guidance(&self, guidance: &Guidance, hands_back: bool) -> Result<(), GuidanceFault> {
        // A bot that has said goodbye comes back to say it once more.
        if self.ended {
            return if hands_back && !guidance.has_values() { Ok(()) } else { Err(GuidanceFault::Over) };
        }
        if !hands_back && self.supervised.guidance.len() >= MOST_GUIDANCE {
            return Err(GuidanceFault::Full);
        }
        // A decision that has come binds nobody yet: other values take the action back.
        let binds = |(id, _): &Outcome| !self.tools.is_approval(*id);
        let waits = self.tools.is_awaited() || self.supervised.outcomes.iter().any(binds);
        if hands_back && waits && guidance.has_values() {
            return Err(GuidanceFault::Busy);
        }
        self.brain.check_guidance(guidance)
    }

    /// What may be recognised of people who speak with each other in the call: values of its slots, in sentences.
    pub fn expect_people(&self) -> Expect {
        self.brain.expect_people()
    }

    /// The values in what one of them has said, for a hand-back.
    pub fn values_among(&self, text: &str) -> Vec<SpokenValue> {
        self.brain.values_among(text)
    }

    /// What may be recognised of a supervisor who tells the bot what to do: tasks, values, and what it can tell callers.
    pub fn expect_whisper(&self) -> Expect {
        self.brain.expect_whisper()
    }

    /// What a supervisor has told the bot; with nothing in it, nothing was understood.
    pub fn read_whisper(&self, text: &str) -> Guidance {
        self.brain.read_whisper(text)
    }

    /// Whether these words hold a secret, asked for or not.
    pub fn is_secret(&self, text: &str) -> bool {
        self.brain.asks_secret() || self.brain.is_secret(text)
    }

    /// A person speaks with the caller from now on: the bot falls silent in mid-sentence, and what is half said is forgotten.
    pub(super) fn take_over(&mut self, now: Instant) {
        if std::mem::replace(&mut self.supervised.taken_over, true) {
            return;
        }
        self.search = Search::None;
        self.forget_turn(now);
        self.hush(now, HushedBy::Person);
        self.drop_entry();
    }

    /// The call is the bot's again: it says so, and goes on with what its tools came to meanwhile, or with what is still open.
    pub(super) fn take_back(&mut self, now: Instant, guidance: Guidance) {
        if !std::mem::take(&mut self.supervised.taken_over) {
            return;
        }
        self.question_heard = None;
        self.history.new_thought();
        if self.ended {
            let text = self.bot.closing.clone();
            return self.say(now, &text, false);
        }
        self.disclose(now);
        let text = self.bot.prompts.returned.clone();
        self.say(now, &text, true);
        let mut outcomes = std::mem::take(&mut self.supervised.outcomes);
        if guidance.has_values() {
            outcomes.retain(|(id, _)| !self.tools.is_approval(*id));
        }
        let told = !outcomes.is_empty() || self.tools.is_awaited();
        for (id, result) in outcomes {
            if self.tools.done(id) {
                self.think_on(now, BrainInput::ToolDone { id, result });
            }
        }
        if !told {
            self.think_on(now, BrainInput::Guided(guidance));
        }
        if let Some(deaf) = self.supervised.deaf.take() {
            self.deafen(now, deaf);
        }
    }

    pub(super) fn queue_guidance(&mut self, id: u64, guidance: Guidance) {
        self.supervised.guidance.push_back((id, guidance));
    }

    /// Nobody speaks: the bot follows what was given first.
    pub(super) fn follow(&mut self, now: Instant) {
        let Some((id, guidance)) = self.supervised.guidance.pop_front() else { return };
        // What could be followed when it was given may be past by now.
        let followed = self.brain.check_guidance(&guidance);
        let first = self.history.floor();
        if followed.is_ok() {
            self.think(now, BrainInput::Guided(guidance));
        }
        let said = (self.history.floor() > first).then_some(first);
        self.out.push_back(Output::Guided { id, said, followed });
    }
}
