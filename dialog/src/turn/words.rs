//! `Words`: what was understood of a turn, with its weight.

/// What words are worth to the step that hears them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// An answer, finished.
    Whole,
    /// An answer that may go on.
    Likely,
    /// Something that goes on.
    Part,
    /// A sign that the caller listens: "uh-huh".
    Backchannel,
    /// A sound of thinking ("um"): the caller is not done.
    Hesitation,
}

impl Weight {
    /// Whether the words answer nothing, whatever was asked.
    pub fn is_no_answer(self) -> bool {
        matches!(self, Weight::Backchannel | Weight::Hesitation)
    }
}

pub struct Words {
    /// `None`: somebody spoke, and it was nothing that was asked for.
    pub text: Option<String>,
    pub confidence: f32,
    pub is_final: bool,
    pub weight: Weight,
}
