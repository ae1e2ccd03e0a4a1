//! `Rehearsal`: what callers do with one bot and what is expected of it, read from a TOML file and checked whole before the first call.
use crate::pattern::{JsonPattern, RequestPattern, Words};
use dialog::bot::Bot;
use dialog::conversation::{HangUpReason, PersonFault};
use dialog::tool::ToolFault;
use jiff::civil::DateTime;
use regex_lite::Regex;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

mod check;
mod file;
mod load;
mod sound;

pub use load::Fault;

/// One file: a bot, and scenarios with it.
pub struct Rehearsal {
    /// As it was named on the command line.
    pub file: String,
    pub bot_file: PathBuf,
    pub bot: Arc<Bot>,
    /// The bots that a call may be handed on to, by name.
    pub others: BTreeMap<String, Arc<Bot>>,
    /// The caller's date and time when a call begins.
    pub now: DateTime,
    pub runs: u32,
    pub scenarios: Vec<Scenario>,
}

pub struct Scenario {
    pub name: String,
    /// Where it stands in the file.
    pub line: usize,
    /// What `{name}` in a caller's words stands for: one of these in each run.
    pub persona: BTreeMap<String, Vec<String>>,
    pub variation: Variation,
    /// Rehearsed in this way alone.
    pub only: Option<Way>,
    pub voice: CallerVoice,
    pub answers: Vec<StandingAnswer>,
    pub tools: Vec<ToolAnswer>,
    pub person: Option<PersonOutcome>,
    pub steps: Vec<Step>,
    /// In place of steps: what the caller wants, for a language model that takes their part.
    pub goal: Option<String>,
    pub expect: Expectations,
}

impl Scenario {
    /// Whether nothing of it can be done without a language model.
    pub fn needs_model(&self) -> bool {
        self.goal.is_some() || !self.expect.judge.is_empty()
    }
}

/// How calls are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Text,
    Voice,
}

/// How the caller sounds in calls by voice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallerVoice {
    /// The name of the voice; `None`: one that is not the bot's.
    pub speaker: Option<String>,
    pub noise: Option<Noise>,
}

/// What sounds behind the caller.
#[derive(Clone, Debug, PartialEq)]
pub struct Noise {
    pub sound: NoiseSound,
    /// So many decibels below the voice.
    pub below: f32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoiseSound {
    White,
    Car,
    Babble,
    /// A WAV file.
    File(PathBuf),
}

/// Bounds within which each run draws.
#[derive(Clone)]
pub struct Variation {
    /// Times the usual speed of speech.
    pub pace: [f32; 2],
    /// From the end of the bot's turn to the caller's answer.
    pub pause: [Duration; 2],
    pub confidence: [f32; 2],
    /// From the report of the caller's silence to the recogniser's words.
    pub recognise: [Duration; 2],
    /// The share of steps with `misheard` at which the recogniser writes that.
    pub misheard: f32,
}

impl Default for Variation {
    fn default() -> Self {
        let ms = Duration::from_millis;
        Self {
            pace: [0.8, 1.3],
            pause: [ms(100), ms(900)],
            confidence: [0.75, 0.95],
            recognise: [ms(20), ms(150)],
            misheard: 0.0,
        }
    }
}

/// What the caller answers when the bot says something else than the next step expects.
#[derive(Clone)]
pub struct StandingAnswer {
    pub hear: Words,
    pub answer: Doing,
    pub times: u32,
}

/// What a tool answers, and to which calls of it.
#[derive(Clone)]
pub struct ToolAnswer {
    pub calls: ToolPattern,
    pub result: Result<Json, ToolFault>,
    pub delay: Duration,
    /// How often; `None`: always.
    pub times: Option<u32>,
    pub line: usize,
}

/// Which calls of tools are meant.
#[derive(Clone)]
pub struct ToolPattern {
    pub of: ToolName,
    /// What the arguments, or the body of the request, must hold.
    pub holds: JsonPattern,
}

#[derive(Clone)]
pub enum ToolName {
    Request(RequestPattern),
    Named(String),
}

/// What comes of a wish for a person.
#[derive(Clone)]
pub struct PersonOutcome {
    pub after: Duration,
    /// The caller's place in the queue and the time to wait, told at once.
    pub waiting: Option<(u32, Option<Duration>)>,
    /// `None`: they are put through.
    pub fault: Option<PersonFault>,
}

/// What the caller expects of what the bot has said since they spoke last, then what they do.
#[derive(Clone)]
pub struct Step {
    pub line: usize,
    pub expect: Heard,
    pub then: Option<Doing>,
}

impl Step {
    /// What sounds behind the caller's words, where the step has a noise of its own.
    pub fn noise(&self) -> Option<&Noise> {
        match &self.then {
            Some(Doing::Say(spoken) | Doing::Interrupt(_, spoken)) => spoken.noise.as_ref(),
            _ => None,
        }
    }
}

/// What is expected of the bot's words.
#[derive(Clone, Default)]
pub struct Heard {
    pub hear: Words,
    pub absent: Words,
    pub matches: Option<Regex>,
    /// The value of this slot.
    pub says_value: Option<String>,
    pub within: Option<Duration>,
}

impl Heard {
    pub fn is_empty(&self) -> bool {
        let Self { hear, absent, matches, says_value, within } = self;
        hear.is_empty() && absent.is_empty() && matches.is_none() && says_value.is_none() && within.is_none()
    }
}

/// What a caller does. Texts may hold `{name}` of the persona; of several texts each run takes one.
#[derive(Clone)]
pub enum Doing {
    Say(Spoken),
    Type(Vec<String>),
    Keys(String),
    Silence(Duration),
    Interrupt(Moment, Spoken),
    Mumble(Duration),
    HangUp,
}

/// When the caller speaks over the bot.
#[derive(Clone, PartialEq, Eq)]
pub enum Moment {
    /// So long after the first sound of the bot's turn.
    After(Duration),
    /// As soon as it has said this.
    Said(Words),
}

#[derive(Clone)]
pub struct Spoken {
    pub texts: Vec<String>,
    /// The recogniser's confidence; `None`: as the variation has it.
    pub confidence: Option<f32>,
    /// What the recogniser may write instead.
    pub misheard: Vec<String>,
    /// Times the usual speed; `None`: that of the call.
    pub pace: Option<f32>,
    /// By voice, behind these words; `None`: that of the call.
    pub noise: Option<Noise>,
}

/// What is expected of the whole call.
#[derive(Clone, Default)]
pub struct Expectations {
    pub line: usize,
    pub says: Words,
    pub absent: Words,
    pub slots: BTreeMap<String, Json>,
    pub tools: Vec<ExpectedTool>,
    pub task: Option<String>,
    pub ends: Option<End>,
    pub person: Option<String>,
    pub within: Option<Duration>,
    pub max_turns: Option<u32>,
    pub max_reprompts: Option<u32>,
    /// Statements that a language model must find true of the call.
    pub judge: Vec<String>,
}

#[derive(Clone)]
pub struct ExpectedTool {
    pub calls: ToolPattern,
    /// `None`: at least once.
    pub times: Option<u32>,
    pub line: usize,
}

/// How a call ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    Bot(HangUpReason),
    /// The caller hung up.
    Caller,
    /// The caller was put through to a person.
    PutThrough,
    /// Nobody spoke and nothing was to come.
    #[default]
    Stuck,
}

impl End {
    pub const fn text(self) -> &'static str {
        match self {
            End::Bot(reason) => reason.text(),
            End::Caller => "hung up",
            End::PutThrough => "put through to a person",
            End::Stuck => "stuck",
        }
    }

    /// The ends that a file may expect.
    pub fn all() -> impl Iterator<Item = End> {
        HangUpReason::ALL.iter().map(|reason| End::Bot(*reason)).chain([End::Caller, End::PutThrough])
    }
}
