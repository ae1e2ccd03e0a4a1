//! What a flow does where a caller claims a right: it obeys at once, says so, and goes on with its question or with what else was said.
use super::Flow;
use super::meaning::Meaning;
use super::reply::{Reply, Sentence};
use crate::bot::Right;
use crate::bot::rights;
use crate::memory::MemoryNews;
use crate::model::step::Step;
use crate::model::thought::Thought;

/// Free text of so many words besides the claim is an answer too.
const AN_ANSWER: usize = 4;

impl Flow {
    /// The reply to a sentence that claims a right; `None`: it claims none. It is never counted against the caller.
    pub(super) fn claimed(&mut self, words: &[String], text: &str, confidence: f32) -> Option<Reply> {
        let (right, at) = rights::claimed(words, self.bot.language)?;
        let prompts = &self.bot.prompts;
        let mut say = Vec::new();
        match right {
            Right::NotRecorded => {
                self.thoughts.push_back(Thought::NotRecorded);
                say.push(Sentence::new(&prompts.not_recorded));
            }
            Right::KnowsMachine => {
                self.thoughts.push_back(Thought::MachineTold);
                say.push(Sentence::new(&prompts.machine));
                if self.bot.commands.lead_to_a_person() {
                    say.push(Sentence::new(&prompts.machine_person));
                }
            }
            Right::Forgotten => {
                self.thoughts.push_back(Thought::Memory(MemoryNews::Forget));
                say.push(Sentence::new(&self.interview.forget()));
                // A value that was offered is not: what it was offered for is asked.
                if matches!(self.step(), Step::Check(_) | Step::Remember) {
                    let mut reply = self.interview.unsettled();
                    say.append(&mut reply.say);
                    return Some(Reply { say, ..reply });
                }
            }
        }
        self.interview.inquiry.attempts.spoke();
        let rest: Vec<String> = words[..at.start].iter().chain(&words[at.end..]).cloned().collect();
        let reply = match self.meant_besides(&rest) {
            Some(meaning) => self.act(meaning, text, confidence),
            None => return Some(self.interview.ask(say)),
        };
        say.extend(reply.say);
        Some(Reply { say, ..reply })
    }

    /// What the words around a claim give: a task, values, a text. A yes or a no beside it may belong to the claim.
    fn meant_besides(&self, rest: &[String]) -> Option<Meaning> {
        let meaning = self.context().meaning(rest);
        match &meaning {
            Meaning::Begin { .. } | Meaning::Switch(_) | Meaning::Assembled { .. } => Some(meaning),
            Meaning::Values(values) if !values.is_empty() => Some(meaning),
            Meaning::Text(_) if rest.len() >= AN_ANSWER => Some(meaning),
            _ => None,
        }
    }
}
