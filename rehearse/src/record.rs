//! `Record`: what happened in one call of a rehearsal.
use crate::ear::Ear;
use crate::scenario::End;
use dialog::tool::ToolCall;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Clone, Debug, Default)]
pub struct Record {
    pub lines: Vec<Line>,
    pub end: End,
    /// From the caller's last word to the bot's first sound, turn by turn.
    pub responses: Vec<Duration>,
    /// How often the caller cut the bot off.
    pub interruptions: u32,
    /// How often the bot had to ask again.
    pub reprompts: u32,
    /// Turns of the caller's.
    pub turns: u32,
    /// The last value of each slot that had one.
    pub slots: BTreeMap<String, Json>,
    pub tools: Vec<ToolRun>,
    /// What the caller was helped with, in turn.
    pub tasks: Vec<String>,
    /// Where the caller was to be put through to.
    pub person: Option<String>,
    pub length: Duration,
    /// By voice: what the caller said and the bot heard, in turn.
    pub ears: Vec<Ear>,
    pub by_voice: bool,
    /// What went wrong on the way.
    pub faults: Vec<Failure>,
}

/// One line of a transcript.
#[derive(Clone, Debug)]
pub struct Line {
    pub at: Duration,
    pub what: What,
}

#[derive(Clone, Debug)]
pub enum What {
    /// A clause as it is spoken and as it is read; `cut`: the caller did not hear all of it.
    Bot {
        spoken: String,
        read: String,
        cut: bool,
    },
    Caller {
        words: String,
        by: By,
    },
    /// Anything else that happened: a value, a tool, a search for a person.
    Note(String),
}

/// How the caller said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Voice,
    /// Over the bot's words.
    Interrupting,
    Keys,
    Text,
    /// They did something else: silence, a sound, hanging up.
    Nothing,
}

#[derive(Clone, Debug)]
pub struct ToolRun {
    pub call: ToolCall,
    /// As a report shows it.
    pub shown: String,
    /// What it came to; `None`: it was given up.
    pub outcome: Option<String>,
}

/// What is not as it should be, and the line of the file that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub line: usize,
    pub problem: String,
}

impl Failure {
    pub fn new(line: usize, problem: impl Into<String>) -> Self {
        Self { line, problem: problem.into() }
    }
}

/// One turn of the transcript as people read it: consecutive clauses of the bot are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub at: Duration,
    pub speaker: Speaker,
    pub text: String,
    pub cut: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    Bot,
    Caller(By),
    Note,
}

impl Speaker {
    pub const fn name(self) -> &'static str {
        match self {
            Speaker::Bot => "bot",
            Speaker::Caller(By::Voice | By::Nothing) => "caller",
            Speaker::Caller(By::Interrupting) => "caller, interrupting",
            Speaker::Caller(By::Keys) => "caller, by keys",
            Speaker::Caller(By::Text) => "caller, in writing",
            Speaker::Note => "",
        }
    }
}

impl Record {
    pub fn transcript(&self) -> Vec<Turn> {
        let mut turns: Vec<Turn> = Vec::new();
        for Line { at, what } in &self.lines {
            let (speaker, text, cut) = match what {
                What::Bot { spoken, cut, .. } => (Speaker::Bot, spoken, *cut),
                What::Caller { words, by } => (Speaker::Caller(*by), words, false),
                What::Note(text) => (Speaker::Note, text, false),
            };
            match turns.last_mut() {
                Some(last) if speaker == Speaker::Bot && last.speaker == Speaker::Bot && !last.cut => {
                    last.text.push(' ');
                    last.text.push_str(text);
                    last.cut = cut;
                }
                _ => turns.push(Turn { at: *at, speaker, text: text.clone(), cut }),
            }
        }
        turns
    }
}
