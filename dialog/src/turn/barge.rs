//! The caller's voice over the bot's: hold, hush, resume.
use super::{Act, Floor, Speech, Turn, Weight, Why};
use std::time::Instant;

impl Speech {
    /// Words that are more than a nod. A guess (a partial) counts once the speech is long enough not to be a cough.
    fn means_something(&self, good_guess: bool) -> bool {
        self.said.as_ref().is_some_and(|said| {
            let text = said.text.as_deref().is_some_and(|t| !t.trim().is_empty());
            text && !matches!(said.weight, Weight::Nod | Weight::Hum) && (said.is_final || good_guess)
        })
    }
}

impl Turn {
    /// When the bot's voice has to yield further, if the caller just goes on.
    pub(super) fn barge_deadline(&self, speech: &Speech) -> Option<(Instant, Why)> {
        if self.floor != Floor::Bot || speech.hushed || speech.silent.is_some() {
            return None;
        }
        Some(if speech.held {
            (speech.burst + self.plan.hush, Why::Hush)
        } else {
            (speech.burst + self.plan.hold, Why::Hold)
        })
    }

    pub(super) fn barge(&mut self, now: Instant) {
        let Some(speech) = &mut self.speech else { return };
        if self.floor != Floor::Bot || speech.hushed {
            return;
        }
        let speaking = speech.silent.is_none();
        let long = speech.burst + self.plan.hold <= now || speech.spoken >= self.plan.hold;
        let endless = speaking && speech.burst + self.plan.hush <= now;
        let sure = speech.said.as_ref().is_none_or(|s| s.confidence >= self.plan.poor);
        if endless || (sure && speech.means_something(long)) {
            speech.hushed = true;
            self.acts.push_back(Act::Hush);
        } else if speaking && speech.burst + self.plan.hold <= now && !speech.held {
            speech.held = true;
            self.acts.push_back(Act::Hold);
        }
    }
}
