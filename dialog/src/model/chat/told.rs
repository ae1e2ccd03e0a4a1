//! What models are told of a talk: as much as they have room for, and nothing that is masked.
use super::Chat;
use crate::guard::TalkLine;
use crate::history::Known;

/// An answer in haste has so many tokens.
const HURRIED_TOKENS: u32 = 80;
const BRIEFLY: &str = "the caller has waited long: answer in one short sentence";

impl Chat {
    /// The body of a request that a model has room for.
    pub(super) fn within_room(&mut self, note: Option<&str>, ahead: Option<&str>) -> serde_json::Value {
        let state = self.flow.state();
        let brief = note.map_or_else(|| BRIEFLY.to_owned(), |note| format!("{note}; {BRIEFLY}"));
        let note = if self.hurries { Some(brief.as_str()) } else { note };
        let room = self.plan.context_tokens.saturating_sub(self.plan.most_tokens);
        let mut body = self.prompt.request(&self.memory, &state, note, ahead);
        // Far below the limit, so that what is left stays the same for many turns.
        if self.budget.estimate(&body) > room {
            while self.memory.left_out + 2 < self.memory.said.len() && self.budget.estimate(&body) > room / 5 * 3 {
                self.memory.leave_out(self.memory.left_out + 2);
                body = self.prompt.request(&self.memory, &state, note, ahead);
            }
        }
        if self.hurries {
            body["max_tokens"] = self.plan.most_tokens.min(HURRIED_TOKENS).into();
        }
        body
    }

    /// What was said as models are told it, and what the caller has perhaps said.
    pub(super) fn told(&mut self, ahead: Option<&str>) -> (Vec<Known>, Option<String>) {
        let said = &self.memory.said;
        if !self.guard.is_on() {
            return (said.clone(), ahead.map(str::to_owned));
        }
        let line = |by_caller, text| TalkLine { by_caller, text, asked: None, slot: None };
        let lines = said.iter().map(|known| line(known.by_caller, known.text.as_str()));
        let lines: Vec<TalkLine> = lines.chain(ahead.map(|text| line(true, text))).collect();
        let mut texts = self.guard.talk(&lines).into_iter();
        let told = said.iter().zip(texts.by_ref()).map(|(known, text)| Known { text, ..known.clone() }).collect();
        (told, texts.next())
    }
}
