//! `Words`: what was understood of a turn, with its kind.

/// What words are worth to the step that hears them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerKind {
    /// A yes or a no to a question for one, and nothing else.
    YesNo,
    /// An answer, finished.
    Whole,
    /// An answer that may go on.
    Likely,
    /// Something that goes on.
    Part,
    /// What breaks off within a phrase: "a table for", "um".
    Unfinished,
    /// An entry that may be whole, and may go on: a code of any length, "the third" (of May).
    Open,
    /// An entry that lacks something: three digits of six, a month without its day.
    Short,
    /// A sign that the caller listens, which answers a question once it has been asked: "uh-huh".
    BackchannelAnswer,
    /// A sign that the caller listens: "uh-huh".
    Backchannel,
    /// What listeners say of what they hear ("got it"): while the bot speaks it answers nothing.
    Remark,
    /// A sound of thinking ("um"): the caller is not done.
    Hesitation,
}

impl AnswerKind {
    /// Whether the words answer nothing while the bot speaks.
    pub fn is_no_answer(self) -> bool {
        matches!(
            self,
            AnswerKind::Backchannel | AnswerKind::Hesitation | AnswerKind::BackchannelAnswer | AnswerKind::Remark
        )
    }

    /// Whether the words may be all that the caller wants to say.
    pub fn may_be_all(self) -> bool {
        matches!(self, AnswerKind::YesNo | AnswerKind::Whole | AnswerKind::Likely | AnswerKind::Open | AnswerKind::Part)
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
    /// How patient the present step is, beside the whole bot ([`TurnPlan::patience`](super::TurnPlan)).
    pub patience: f32,
}
