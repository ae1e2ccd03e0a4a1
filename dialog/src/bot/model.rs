//! `ModelPlan`: the language models that think for a bot, and what they are told.
use std::time::Duration;

#[derive(Clone, Debug, PartialEq)]
pub struct ModelPlan {
    /// The names of the models, as the server's configuration has them: the next is asked where one fails.
    pub names: Vec<String>,
    /// Who the bot is and how it is to help, in words for the model.
    pub instructions: String,
    /// How long the first word of use may take.
    pub first: Duration,
    /// How long an answer may stop in its midst.
    pub stall: Duration,
    /// How long a caller waits for an answer, whichever model gives it.
    pub patience: Duration,
    /// After so much silence of the bot's it asks for patience.
    pub filler: Duration,
    /// Tokens of a request at most, and of an answer.
    pub context_tokens: u32,
    pub most_tokens: u32,
    pub temperature: f64,
}
