//! How long models may take, and what a caller hears meanwhile.
use super::{Answer, Asking, CHAR, Chat, FILLER_GAP, SUMMARY_LIMIT, WORDS_SOON};
use crate::model::language_model::{ModelFault, ModelNews, Purpose, RequestId};
use crate::model::thought::Thought;
use std::time::Instant;

impl Chat {
    /// When a request has taken too long, and how.
    fn limit(&self, asking: &Asking) -> (Instant, ModelFault) {
        match asking.first {
            _ if asking.purpose == Purpose::Summary => (asking.asked + SUMMARY_LIMIT, ModelFault::Late),
            None => (asking.asked + self.plan.first, ModelFault::Late),
            Some(_) => (asking.last + self.plan.stall, ModelFault::Stalled),
        }
    }

    /// When the bot is to ask for patience.
    fn filler_at(&self, answer: &Answer) -> Instant {
        let after = if answer.fillers == 0 { self.plan.filler } else { FILLER_GAP };
        let due = answer.sounds_until + after;
        answer.words_since.map_or(due, |since| due.max(since + WORDS_SOON))
    }

    /// When a caller has waited long enough for the first word of an answer that no tool holds up.
    fn patience_end(&self, answer: &Answer) -> Option<Instant> {
        (!answer.spoke && answer.waits.is_empty()).then(|| answer.began + self.plan.patience)
    }

    pub(in super::super) fn next_deadline(&self) -> Option<Instant> {
        let answer = self.answer.as_ref();
        let of_answer = answer.into_iter().flat_map(|answer| {
            let early = answer.early_at().filter(|_| answer.speech.has_early());
            [answer.ask_at, Some(self.filler_at(answer)), self.patience_end(answer), early].into_iter().flatten()
        });
        let waiting = |asking: &&Asking| !self.has_ended(asking.id);
        self.asking.iter().filter(waiting).map(|asking| self.limit(asking).0).chain(of_answer).min()
    }

    /// Whether all of an answer that was asked for ahead has come.
    fn has_ended(&self, id: RequestId) -> bool {
        self.ahead.as_ref().is_some_and(|ahead| ahead.id == id && ahead.news.contains(&ModelNews::End))
    }

    pub(in super::super) fn tick(&mut self, now: Instant) {
        let over = |asking: &&Asking| !self.has_ended(asking.id) && self.limit(asking).0 <= now;
        let late: Vec<(RequestId, ModelFault)> =
            self.asking.iter().filter(over).map(|asking| (asking.id, self.limit(asking).1)).collect();
        for (id, fault) in late {
            self.thoughts.push_back(Thought::StopAsking(id));
            self.model(now, id, ModelNews::Failed(fault));
        }
        self.speak_early(now);
        if self.answer.as_ref().and_then(|answer| answer.ask_at).is_some_and(|at| at <= now) {
            self.ask(now);
        }
        if self.answer.as_ref().and_then(|answer| self.patience_end(answer)).is_some_and(|at| at <= now) {
            return self.fall_back(now);
        }
        if self.answer.as_ref().is_some_and(|answer| self.filler_at(answer) <= now) {
            self.ask_patience(now);
        }
    }

    fn ask_patience(&mut self, now: Instant) {
        let prompts = &self.bot.prompts;
        let Some(answer) = &mut self.answer else { return };
        let text = if answer.fillers == 0 { &prompts.moment } else { &prompts.still_working }.clone();
        answer.fillers = answer.fillers.saturating_add(1);
        self.fill(now, &text);
    }

    /// Says a sentence that is no part of the answer.
    pub(in super::super) fn fill(&mut self, now: Instant, text: &str) {
        if let Some(answer) = &mut self.answer {
            answer.sounds_until = answer.sounds_until.max(now) + CHAR * text.chars().count() as u32;
        }
        self.say(text, true);
    }
}
