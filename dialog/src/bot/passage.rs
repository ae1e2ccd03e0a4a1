//! `Passage`: what is said at one place of a bot file, in sentences that may have conditions.
use super::condition::Condition;
use super::template::Template;

#[derive(Clone, Debug, PartialEq)]
pub struct Passage(pub Vec<Saying>);

/// One sentence, or several that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Saying {
    pub text: Template,
    pub when: Condition,
}

impl Passage {
    /// The texts that are known before a call begins.
    pub fn known(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter(|saying| saying.text.is_static()).map(|saying| saying.text.source())
    }
}
