//! `Conversation`: the core that holds a call's talk. Feed it with `handle(now, Input)`, drain it with `poll()`.
use std::time::Duration;

/// One clause the bot says; numbers rise through a conversation and are never used twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SayId(pub u64);

/// One call of a tool, answered by [`Input::ToolDone`] with the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ToolId(pub u64);

#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The line is open: greet.
    Answered,
    /// The caller's voice began (the gate's verdict, about 64 ms after the onset).
    SpeechStarted,
    /// The caller's voice stopped, this long ago (the gate waits about 200 ms before it says so).
    SpeechStopped { ago: Duration },
    /// What was understood. A later `Words` of the same turn replaces an earlier one. `text` is `None` when somebody spoke and it
    /// was nothing that was asked for.
    Words { text: Option<String>, confidence: f32, is_final: bool },
    /// One key of the caller's keypad, each once: `0-9`, `*`, `#`, `A-D`.
    Key(char),
    /// What the caller has heard of a clause: `chars` characters of it; `whole` when all of it, or all that will ever be heard after a hush.
    Heard { say: SayId, chars: u32, whole: bool },
    /// The first sound of a clause reached the caller.
    Speaking { say: SayId },
    /// A tool answered.
    ToolDone { id: ToolId, result: Result<serde_json::Value, ToolFault> },
    /// No recogniser works (`true`) or one works again (`false`).
    Deaf(bool),
    /// Some clause could not be spoken by any engine.
    Mute { say: SayId },
    /// The deadline that [`Conversation::deadline`] named has come.
    Tick,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Say this clause (already normalised for the ear). `last`: the bot's turn ends with it, and the caller is expected to speak.
    Say { say: SayId, text: String, interruptible: bool, last: bool },
    /// Stop the playout where it is; nothing is lost.
    Hold,
    /// Go on after a hold, from the last clause boundary or where it stopped.
    Resume,
    /// Everything below this clause is never heard.
    Hush { floor: SayId },
    /// From now on this is listened for (sent before the prompt that asks for it, so that an early answer is understood).
    Listen(Expect),
    /// The caller's turn is taken: what they said, for the timeline. `secret` text must not be stored.
    Turn { text: String, confidence: f32, by: By, secret: bool },
    /// Run this tool.
    Run { id: ToolId, call: ToolCall },
    /// End the call when all that was said has been heard.
    HangUp { reason: &'static str },
    /// A slot was filled, confirmed or cleared.
    Slot { name: String, value: Option<serde_json::Value>, confirmed: bool, secret: bool },
}

/// How a turn was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Voice,
    Keys,
}

/// What the bot is ready to hear.
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
}

#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall {
    pub method: Method,
    pub url: String,
    pub body: Option<serde_json::Value>,
    pub timeout: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ToolFault {
    #[error("no answer in time")]
    Late,
    #[error("cannot be reached")]
    Unreachable,
    #[error("answered with status {0}")]
    Status(u16),
    #[error("answer is not JSON")]
    NotJson,
}
