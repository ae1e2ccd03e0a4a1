//! `Choice`: one value of several that are named in a bot file.

/// One value of a choice: its name in the record, how it is said, and the words that mean it (tokens, longest first).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub name: String,
    pub say: String,
    pub words: Vec<Vec<String>>,
    pub key: Option<char>,
}
