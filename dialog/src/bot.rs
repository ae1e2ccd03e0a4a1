//! `Bot`: one conversation partner, read from one TOML file and checked whole before the first call.
use crate::turn::TurnPlan;
use crate::value::Kind;
use std::collections::BTreeMap;
use std::time::Duration;

mod check;
mod file;
mod headers;
mod template;
mod words;

pub use crate::value::Language;
pub use headers::Headers;
pub(crate) use headers::without_holes;
pub use template::{Part, Template};
pub use words::{Command, Commands, Prompts};

/// Everything a bot says, asks and does. Made by [`Bot::parse`], never changed afterwards; a call has a copy of its own where
/// its sentences hold what is known of that call ([`Bot::with_headers`]).
#[derive(Clone, Debug)]
pub struct Bot {
    pub name: String,
    /// What visitors of web pages are shown of it, by the language of the page; empty: nothing was given.
    pub titles: BTreeMap<Language, String>,
    pub language: Language,
    /// The synthesiser's name for the voice; `None` takes the server's default for the language.
    pub voice: Option<String>,
    /// Pronunciations for words a recogniser's dictionary lacks: each word's phones, in the notation of that dictionary.
    pub lexicon: BTreeMap<String, Vec<String>>,
    /// How words are spelled for the voice, which would read them wrong: "ATM" as "a tê em". What people read keeps the word.
    pub spoken: BTreeMap<String, String>,
    pub disclosure: Option<String>,
    pub greeting: String,
    pub closing: String,
    pub slots: Vec<Slot>,
    pub tasks: Vec<Task>,
    pub prompts: Prompts,
    pub commands: Commands,
    pub turn: TurnPlan,
    pub silence: SilencePlan,
    /// What the trunk said of the call this bot talks in; empty in a bot as it is read.
    pub(crate) headers: Headers,
    /// Some sentence still has a gap for a header field.
    has_header_gaps: bool,
}

/// One thing to find out.
#[derive(Clone, Debug)]
pub struct Slot {
    pub name: String,
    pub kind: Kind,
    pub prompt: String,
    /// Said instead of the prompt from the second attempt on; the last one repeats.
    pub reprompts: Vec<String>,
    pub help: Option<String>,
    pub confirm: Confirm,
    /// Said when the value was taken, before the next prompt.
    pub read_back: Option<Template>,
    /// The keypad may answer it.
    pub keypad: bool,
    /// Its value is neither said, shown nor stored.
    pub secret: bool,
    /// Words that point to this slot when another one could take the same value ("from", "to").
    pub cues: Vec<String>,
}

/// When the caller is asked whether a value was understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirm {
    Never,
    /// Only when the recogniser was not sure.
    #[default]
    Low,
    Always,
}

/// What a caller can want.
#[derive(Clone, Debug)]
pub struct Task {
    pub name: String,
    /// How the keypad menu calls it.
    pub say: String,
    pub phrases: Vec<String>,
    pub key: Option<char>,
    /// Indices into [`Bot::slots`], in the order in which they are asked.
    pub slots: Vec<usize>,
    /// The question before it is done; `None` does it at once.
    pub confirm: Option<Template>,
    pub done: Done,
}

/// What happens when a task's slots are filled.
#[derive(Clone, Debug)]
pub struct Done {
    pub call: Option<Call>,
    /// Said afterwards; may hold parts of a tool's answer.
    pub say: Template,
    pub then: Then,
}

/// Whether the call ends with a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    #[default]
    HangUp,
    /// "What else can I do for you?"
    Ask,
}

/// The HTTP call that does a task.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: crate::conversation::Method,
    pub url: Template,
    pub body: Option<serde_json::Value>,
    pub timeout: Duration,
    /// Said when it takes too long; `None`: the prompt of that name.
    pub late: Option<String>,
    pub failed: Option<String>,
}

/// How long silences may last.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SilencePlan {
    /// The caller says nothing after the bot has finished.
    #[serde(rename = "prompt_ms", deserialize_with = "crate::turn::millis")]
    pub prompt: Duration,
    /// The pause "wait a moment" buys.
    #[serde(rename = "wait_ms", deserialize_with = "crate::turn::millis")]
    pub wait: Duration,
    /// A keypad entry ends when no key follows.
    #[serde(rename = "key_gap_ms", deserialize_with = "crate::turn::millis")]
    pub key_gap: Duration,
    /// A running tool is excused after this, and again after three times this.
    #[serde(rename = "tool_ms", deserialize_with = "crate::turn::millis")]
    pub tool: Duration,
    /// Unanswered prompts before the call ends.
    pub no_input: u8,
    /// Misunderstood turns in a row before the call ends.
    pub no_match: u8,
    /// Turns of the caller before the bot gives up: the end of every loop.
    pub turns: u32,
}

impl Default for SilencePlan {
    fn default() -> Self {
        SilencePlan {
            prompt: Duration::from_secs(6),
            wait: Duration::from_secs(30),
            key_gap: Duration::from_secs(3),
            tool: Duration::from_millis(1_200),
            no_input: 3,
            no_match: 3,
            turns: 150,
        }
    }
}

impl SilencePlan {
    /// A time that nobody can have meant, as key and problem.
    pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
        crate::turn::within(&[
            ("prompt_ms", self.prompt, 1_000, 600_000),
            ("wait_ms", self.wait, 1_000, 600_000),
            ("key_gap_ms", self.key_gap, 500, 30_000),
            ("tool_ms", self.tool, 200, 30_000),
        ])
    }
}

/// Why a bot file cannot be used. Every message names the file, the key and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("{file}: not TOML: {problem}")]
    Syntax { file: String, problem: String },
    #[error("{file}: `{key}`: {problem}")]
    Key { file: String, key: String, problem: String },
    #[error("{file}: `{key}`: {problem}; {remedy}")]
    Value { file: String, key: String, problem: String, remedy: String },
}

impl Bot {
    /// Reads a bot from TOML; `file` names it in errors.
    pub fn parse(text: &str, file: &str) -> Result<Bot, Fault> {
        let de = toml::Deserializer::parse(text)
            .map_err(|e| Fault::Syntax { file: file.into(), problem: e.to_string().trim().replace('\n', " ") })?;
        let read: file::File = serde_path_to_error::deserialize(de).map_err(|e| Fault::Key {
            file: file.into(),
            key: e.path().to_string(),
            problem: e.inner().message().to_string(),
        })?;
        let mut bot = check::bot(read, file)?;
        bot.has_header_gaps = bot.sentences().iter().any(|text| headers::is_in(text));
        Ok(bot)
    }

    pub fn slot(&self, name: &str) -> Option<usize> {
        self.slots.iter().position(|s| s.name == name)
    }

    /// Every clause whose words are known now, as it will be said: for warming a synthesiser's cache. Most wanted first.
    pub fn prompts(&self) -> Vec<String> {
        let p = &self.prompts;
        let mut texts: Vec<String> = self.disclosure.iter().chain([&self.greeting]).cloned().collect();
        texts.extend(self.slots.iter().map(|s| s.prompt.clone()));
        texts.extend([&self.closing, &p.task, &p.no_input, &p.no_match, &p.still_there, &p.moment].map(String::clone));
        texts.extend(self.tasks.iter().filter(|t| t.done.say.is_static()).map(|t| t.done.say.source()));
        for slot in &self.slots {
            texts.extend(slot.reprompts.iter().chain(&slot.help).cloned());
            if slot.keypad {
                texts.push(crate::model::pad::hint(self, &slot.kind));
            }
        }
        texts.extend(
            self.tasks
                .iter()
                .filter_map(|t| t.done.call.as_ref())
                .flat_map(|c| [&c.late, &c.failed])
                .flatten()
                .cloned(),
        );
        texts.extend(p.all().into_iter().map(str::to_string));
        texts.retain(|text| !text.contains('{'));
        let mut clauses = Vec::new();
        for clause in texts.iter().flat_map(|t| self.clauses(t)) {
            if !clauses.contains(&clause) {
                clauses.push(clause);
            }
        }
        clauses
    }

    /// A text in the clauses that a voice says.
    pub fn clauses(&self, text: &str) -> Vec<String> {
        let text = crate::say::written::voiced(text, &self.spoken);
        crate::say::clauses(&text, self.language)
    }

    /// Every grammar this bot may listen with: for checking at load that each word can be pronounced.
    pub fn asks(&self) -> Vec<crate::conversation::Expect> {
        crate::expect::all(self)
    }
}

#[cfg(test)]
mod tests;
