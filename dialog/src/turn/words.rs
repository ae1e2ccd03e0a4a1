//! `Words`: what was understood of a turn, with its kind.

/// What words are worth to the step that hears them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerKind {
    /// An answer, finished.
    Whole,
    /// An answer that may go on.
    Likely,
    /// Something that goes on.
    Part,
    /// An entry that may be whole, and may go on: a code of any length, "the third" (of May).
    Open,
    /// An entry that lacks something: three digits of six, a month without its day.
    Short,
    /// A sign that the caller listens, which answers a question once it has been asked: "uh-huh".
    BackchannelAnswer,
    /// A sign that the caller listens: "uh-huh".
    Backchannel,
    /// A sound of thinking ("um"): the caller is not done.
    Hesitation,
}

impl AnswerKind {
    /// Whether the words answer nothing while the bot speaks.
    pub fn is_no_answer(self) -> bool {
        matches!(self, AnswerKind::Backchannel | AnswerKind::Hesitation | AnswerKind::BackchannelAnswer)
    }

    /// Whether the words belong to an entry that is given in parts.
    pub fn is_entry(self) -> bool {
        matches!(self, AnswerKind::Open | AnswerKind::Short)
    }
}

pub struct Words {
    /// `None`: somebody spoke, and it was nothing that was asked for.
    pub text: Option<String>,
    pub confidence: f32,
    pub is_final: bool,
    pub kind: AnswerKind,
}
