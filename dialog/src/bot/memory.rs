//! `MemoryPlan`: what a bot remembers of its callers, and how they agree to that.

/// `[memory]` of a bot's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryPlan {
    /// The slots whose values are kept, by index.
    pub keep: Vec<usize>,
    pub consent: Consent,
    /// How long each of them is kept.
    pub days: u32,
    /// The word of the bots that know the same callers; `None`: this one alone.
    pub shared: Option<String>,
}

/// How callers agree to be remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// They are asked, behind a task in which they gave something to keep.
    Ask,
    /// They are told, behind the disclosure.
    Told,
    /// Nothing is kept, and nothing is read.
    Never,
}
