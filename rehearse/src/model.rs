//! `Model`: a language model that takes the part of a caller, or judges a call. Who asks it, and how, is not known here.
use serde_json::{Value as Json, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    System,
    User,
    Assistant,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub role: Role,
    pub content: String,
}

impl Message {
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Self { role, content: content.into() }
    }
}

/// What is asked. The same seed should bring the same answer, where a server keeps to that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    pub messages: &'a [Message],
    pub seed: u64,
    /// Answers may differ from run to run, as callers do; a judge's must not.
    pub varies: bool,
    pub most_tokens: u32,
}

impl Question<'_> {
    /// In the shape of OpenAI's chat completions, as a stream, without `model`.
    pub fn body(&self) -> Json {
        let role = |role| match role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        let message = |message: &Message| json!({ "role": role(message.role), "content": message.content });
        let messages: Vec<Json> = self.messages.iter().map(message).collect();
        json!({
            "messages": messages, "stream": true, "max_tokens": self.most_tokens, "seed": self.seed >> 33,
            "temperature": if self.varies { 0.7 } else { 0.0 },
        })
    }
}

/// It may take its time: the call's time stands still.
pub trait Model: Sync {
    /// # Errors
    /// Why it gave no answer, as a report tells it.
    fn answer(&self, question: &Question<'_>) -> Result<String, String>;
}

/// An answer without what a model thinks before it.
pub(crate) fn without_thoughts(answer: &str) -> &str {
    answer.rsplit_once("</think>").map_or(answer, |(_, answer)| answer).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_has_the_shape_of_chat_completions() {
        let messages = [Message::new(Role::System, "You call."), Message::new(Role::User, "Hello.")];
        let question = Question { messages: &messages, seed: u64::MAX, varies: false, most_tokens: 90 };
        let body = question.body();
        assert_eq!(body["messages"][1], json!({ "role": "user", "content": "Hello." }));
        assert_eq!((&body["temperature"], &body["max_tokens"]), (&json!(0.0), &json!(90)));
        // Servers read it as a signed number of 32 bits.
        assert_eq!(body["seed"], json!((1_u64 << 31) - 1));
        assert_eq!(without_thoughts("<think>hm, no</think>\n yes "), "yes");
    }
}
