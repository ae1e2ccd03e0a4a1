//! `Sources`: the passages of the bot's documents that a model was given, and which of them it answers by.
use super::Chat;
use crate::knowledge::Citation;
use crate::model::thought::Thought;

/// So many passages are remembered.
const MOST: usize = 32;

#[derive(Default)]
pub(super) struct Sources {
    passages: Vec<usize>,
    /// What was said of the answer under way.
    said: String,
}

impl Sources {
    /// A search has found these.
    pub fn found(&mut self, passages: Vec<usize>) {
        for passage in passages {
            self.passages.retain(|known| *known != passage);
            self.passages.push(passage);
        }
        let over = self.passages.len().saturating_sub(MOST);
        self.passages.drain(..over);
    }

    /// The model says this.
    pub fn said(&mut self, clause: &str) {
        if !self.passages.is_empty() {
            self.said.push_str(clause);
            self.said.push(' ');
        }
    }
}

impl Chat {
    /// No model answers: the bot does by its documents, where they clearly have what the caller asked last.
    pub(super) fn answer_from_documents(&mut self) -> bool {
        let last = self.memory.said.last().filter(|known| known.by_caller);
        let Some(question) = last.map(|known| known.text.clone()) else { return false };
        if !self.bot.tasks.is_empty() {
            let answers = self.flow.answer_from_documents(&question);
            self.forward();
            return answers;
        }
        let Some(answer) = self.bot.knowledge.as_ref().and_then(|knowledge| knowledge.answer(&question)) else {
            return false;
        };
        self.thoughts.push_back(Thought::Cited(answer.cited));
        self.has_floor = true;
        self.listen();
        self.say(&answer.say, true);
        true
    }

    /// An answer has come to its end: what stands in a passage that the model was given is cited.
    pub(super) fn cite(&mut self) {
        let said = std::mem::take(&mut self.sources.said);
        let cited = self.bot.knowledge.as_ref().filter(|_| !said.is_empty());
        let cited: Option<Citation> = cited.and_then(|knowledge| knowledge.cited(&self.sources.passages, &said));
        self.thoughts.extend(cited.map(Thought::Cited));
    }
}
