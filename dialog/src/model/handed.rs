//! What goes with a call from one bot to another.
use serde_json::Value as Json;

/// Another bot is to go on with the call.
#[derive(Clone, Debug, PartialEq)]
pub struct HandedOn {
    /// Its name: that of its file.
    pub to: String,
    pub carried: Carried,
}

/// What the bot before knows. Nothing of a secret is in it. `Debug` hides the values.
#[derive(Clone, Default, PartialEq)]
pub struct Carried {
    /// The task under way, by its name.
    pub task: Option<String>,
    /// Values of slots, by name.
    pub values: Vec<CarriedValue>,
    /// Both bots speak the same language: nothing is said about it.
    pub same_language: bool,
    /// What the caller has said is told next: nothing is asked before.
    pub silent: bool,
}

#[derive(Clone, PartialEq)]
pub struct CarriedValue {
    pub slot: String,
    pub value: Json,
    /// The caller has confirmed it, or will not be asked about it.
    pub confirmed: bool,
}

impl std::fmt::Debug for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Carried {{ task: {:?}, values: {}, silent: {} }}", self.task, self.values.len(), self.silent)
    }
}
