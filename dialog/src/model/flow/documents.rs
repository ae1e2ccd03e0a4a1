//! What a bot answers by its documents: a question of the caller's that none of its tasks, slots and facts answers.
use super::Flow;
use super::interview::Interview;
use super::reply::Reply;
use crate::bot::Bot;
use crate::knowledge::DocumentAnswer;

/// The answer to a question; `None`: the bot has no documents, or none of them clearly has it.
pub(super) fn answer(bot: &Bot, question: &str) -> Option<DocumentAnswer> {
    bot.knowledge.as_ref()?.answer(question)
}

impl Interview {
    /// Says it, and goes on with the open question.
    pub fn tell_from_document(&mut self, answer: DocumentAnswer) -> Reply {
        Reply { cited: Some(answer.cited), ..self.tell(&answer.say) }
    }
}

impl Flow {
    /// Answers a question by the bot's documents, where they clearly have it.
    pub fn answer_from_documents(&mut self, question: &str) -> bool {
        let Some(answer) = answer(&self.bot, question) else { return false };
        let reply = self.interview.tell_from_document(answer);
        self.think(reply);
        true
    }
}
