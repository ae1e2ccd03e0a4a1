//! `Sense`: what words do in an answer of yes or no.

/// What a word, or a phrase, does in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sense {
    Yes,
    /// A yes where nothing follows it; before other words it means something else ("có": yes, to have).
    LastYes,
    No,
    /// It turns around what follows: "not right".
    Not,
    /// A no that "not" turns around: "wrong".
    Wrong,
    /// All is well as it is: "that's fine", "no problem".
    Content,
    /// Nothing is wanted: "thôi", "không cần".
    Declined,
    Unsure,
    /// It asks where it ends an answer: "đúng hả".
    LastAsks,
    /// What was said before is taken back: "no, I mean yes".
    Instead,
    /// It joins a verdict to another one, and is no part of the answer where none follows: "yes but no".
    Join,
    /// It leads to a verdict: "I think that's".
    Lead,
    /// It may follow a verdict: "please".
    Tail,
}

/// Phrases by their sense.
pub(super) type Table = [(Sense, &'static [&'static str])];
