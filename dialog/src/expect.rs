//! `Expect`: what the bot is ready to hear.

#[derive(Clone, Debug, PartialEq)]
pub struct Expect {
    /// A JSGF grammar of everything that makes sense now: the coming step, any other slot, and the commands that work everywhere.
    pub grammar: String,
    /// Free text is welcome too (an engine without a grammar should be used, if there is one).
    pub free: bool,
    /// Keys are an entry of the step (a menu or digits).
    pub keys: bool,
    /// What is heard is secret: store neither text nor keys nor sound.
    pub secret: bool,
    /// The slot that is asked for, or checked, by its name.
    pub asked: Option<String>,
    /// A correction of something secret may be heard: it stays on this machine.
    pub may_hold_secret: bool,
}
