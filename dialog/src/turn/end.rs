//! The end of a turn: how much silence means that the caller has finished.
use super::{Act, Floor, Said, Speech, Turn, TurnPlan, Weight, Why};
use std::time::{Duration, Instant};

impl Said {
    fn pause(&self, plan: &TurnPlan) -> Duration {
        let unsure = self.confidence < plan.good;
        match (&self.text, self.weight) {
            (None, _) => plan.unclear,
            (_, Weight::Whole) if unsure => plan.likely,
            (_, Weight::Whole | Weight::Nod | Weight::Hum) => plan.complete,
            (_, Weight::Likely) => plan.likely,
            (_, Weight::Part) => plan.partial,
        }
    }
}

impl Turn {
    pub(super) fn end_deadline(&self, speech: &Speech) -> Option<(Instant, Why)> {
        let Some(silent) = speech.silent else { return Some((speech.began + self.plan.longest, Why::Longest)) };
        let due = match &speech.said {
            Some(said) if said.is_final && !said.stale => (silent + said.pause(&self.plan), Why::End),
            _ if speech.late => (silent + self.plan.late_words, Why::Unheard),
            _ => (silent + self.plan.words, Why::Words),
        };
        // What must be heard is heard first; then the turn is taken.
        if self.floor == Floor::Closed { None } else { Some(due) }
    }

    pub(super) fn end(&mut self, now: Instant) {
        self.grow_late(now);
        let Some(speech) = &self.speech else { return };
        // A nod or a cough over the bot is settled as soon as it is known: the bot has been waiting long enough.
        let settled = speech.silent.is_some()
            && self.floor != Floor::Closed
            && !speech.hushed
            && speech.over_bot
            && speech.said.as_ref().is_some_and(|s| {
                s.is_final && !s.stale && (s.text.is_none() || matches!(s.weight, Weight::Nod | Weight::Hum))
            });
        let due = self.end_deadline(speech).is_some_and(|(at, _)| at <= now);
        if !due && !settled {
            return;
        }
        let Some(speech) = self.speech.take() else { return };
        let bot = self.floor == Floor::Bot && !speech.hushed;
        let spoken = match speech.silent {
            Some(_) => speech.spoken,
            None => speech.spoken + now.saturating_duration_since(speech.burst),
        };
        let finals = speech.said.as_ref().is_some_and(|said| said.is_final && !said.stale);
        let act = match speech.said {
            // What was said last is not known: words that came before it are not the whole answer.
            _ if !finals && speech.silent.is_some() && spoken >= self.plan.cough && !bot => Act::Unheard,
            Some(Said { weight: Weight::Hum, text: Some(_), .. }) => Act::Dropped,
            Some(Said { weight: Weight::Nod, text: Some(_), .. }) if speech.over_bot && !speech.hushed => Act::Dropped,
            // Assent to a question that is none to assent to.
            Some(Said { weight: Weight::Nod, text: Some(_), .. }) => Act::Missed,
            Some(Said { text: Some(text), confidence, .. })
                if !text.trim().is_empty() && confidence >= self.plan.poor =>
            {
                Act::Taken { text, confidence }
            }
            // Somebody spoke over the bot and it was nothing: the bot goes on.
            _ if bot || (speech.over_bot && !speech.hushed) => Act::Dropped,
            // A bot that was hushed has to say something.
            _ if spoken < self.plan.cough && !speech.hushed => Act::Dropped,
            _ => Act::Missed,
        };
        if bot {
            match act {
                Act::Dropped if speech.held => self.acts.push_back(Act::Resume),
                Act::Dropped => {}
                _ => self.acts.push_back(Act::Hush),
            }
        }
        self.acts.push_back(act);
    }

    /// Words stay away: nobody waits with them for the recogniser, but they are still taken when they come. A sound as short as a cough
    /// may yet be a word ("yes"); nothing is said about it meanwhile.
    fn grow_late(&mut self, now: Instant) {
        let due = |speech: &Speech| self.end_deadline(speech).is_some_and(|(at, why)| why == Why::Words && at <= now);
        if !self.speech.as_ref().is_some_and(due) {
            return;
        }
        let Some(speech) = &mut self.speech else { return };
        speech.late = true;
        if std::mem::take(&mut speech.held) && !speech.hushed {
            self.acts.push_back(Act::Resume);
        }
        if speech.spoken >= self.plan.cough {
            self.acts.push_back(Act::Late);
        }
    }
}
