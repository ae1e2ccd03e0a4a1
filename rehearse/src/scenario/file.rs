//! The shape of a rehearsal's TOML file. Every key is known; another one is refused with its line.
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub bot: Spanned<String>,
    pub language: Option<Spanned<dialog::language::Language>>,
    pub runs: Option<Spanned<u32>>,
    pub now: Option<Spanned<jiff::civil::DateTime>>,
    #[serde(default)]
    pub persona: BTreeMap<String, OneOrMany>,
    #[serde(default)]
    pub variation: VariationFile,
    pub voice: Option<Spanned<VoiceFile>>,
    #[serde(default)]
    pub answer: Vec<Spanned<AnswerFile>>,
    #[serde(default)]
    pub tool: Vec<Spanned<ToolFile>>,
    pub person: Option<Spanned<PersonFile>>,
    #[serde(default)]
    pub scenario: Vec<Spanned<ScenarioFile>>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged, expecting = "a text, or a list of texts")]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub fn all(self) -> Vec<String> {
        match self {
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many,
        }
    }
}

/// Between which bounds each run draws.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct VariationFile {
    /// Times the usual speed of speech.
    pub pace: Option<Spanned<[f32; 2]>>,
    /// From the end of the bot's turn to the caller's answer.
    pub pause_ms: Option<Spanned<[u64; 2]>>,
    pub confidence: Option<Spanned<[f32; 2]>>,
    /// From the report of the caller's silence to the recogniser's words.
    pub recognise_ms: Option<Spanned<[u64; 2]>>,
    /// The share of steps with `misheard` at which the recogniser writes that.
    pub misheard: Option<Spanned<f32>>,
}

/// How the caller sounds in calls by voice.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VoiceFile {
    pub speaker: Option<String>,
    pub noise: Option<NoiseFile>,
}

/// What sounds behind the caller: a kind that is made, or a WAV file beside the rehearsal's.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoiseFile {
    pub kind: Option<String>,
    pub file: Option<String>,
    /// Decibels below the voice.
    pub below_db: f32,
}

/// What the caller answers whenever the bot says something that no step expects.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerFile {
    pub hear: OneOrMany,
    pub say: Option<OneOrMany>,
    pub keys: Option<String>,
    /// How often in a call.
    pub times: Option<u32>,
}

/// Calls of a tool and what they are answered; where calls are expected, no answer.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToolFile {
    pub request: Option<String>,
    pub name: Option<String>,
    #[serde(default)]
    pub arguments: BTreeMap<String, Json>,
    #[serde(default)]
    pub body: BTreeMap<String, Json>,
    pub answer: Option<Json>,
    pub status: Option<u16>,
    pub fault: Option<String>,
    #[serde(default)]
    pub delay_ms: u64,
    /// How often it answers, and then the next one that fits does; or how often it is expected.
    pub times: Option<u32>,
}

/// What comes of a wish for a person.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonFile {
    pub outcome: String,
    #[serde(default)]
    pub after_ms: u64,
    /// The caller's place in a queue, told at once.
    pub place: Option<u32>,
    pub wait_ms: Option<u64>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioFile {
    pub name: String,
    #[serde(default)]
    pub persona: BTreeMap<String, OneOrMany>,
    pub variation: Option<VariationFile>,
    /// "text" or "voice": rehearsed in that way alone.
    pub only: Option<Spanned<String>>,
    /// In place of the file's.
    pub voice: Option<Spanned<VoiceFile>>,
    #[serde(default)]
    pub answer: Vec<Spanned<AnswerFile>>,
    /// Before those of the file.
    #[serde(default)]
    pub tool: Vec<Spanned<ToolFile>>,
    pub person: Option<Spanned<PersonFile>>,
    #[serde(default)]
    pub steps: Vec<Spanned<StepFile>>,
    pub goal: Option<String>,
    #[serde(default)]
    pub expect: ExpectFile,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepFile {
    pub hear: Option<OneOrMany>,
    pub absent: Option<OneOrMany>,
    pub matches: Option<String>,
    pub says_value: Option<String>,
    pub within_ms: Option<u64>,
    pub say: Option<OneOrMany>,
    pub r#type: Option<OneOrMany>,
    pub keys: Option<String>,
    pub silence_ms: Option<u64>,
    pub interrupt: Option<OneOrMany>,
    /// When to interrupt: so long after the bot's first sound, or as soon as it has said this.
    pub after_ms: Option<u64>,
    pub after: Option<String>,
    pub mumble_ms: Option<u64>,
    #[serde(default)]
    pub hang_up: bool,
    pub confidence: Option<f32>,
    pub misheard: Option<OneOrMany>,
    pub pace: Option<f32>,
    pub noise: Option<NoiseFile>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ExpectFile {
    pub says: Option<OneOrMany>,
    pub absent: Option<OneOrMany>,
    pub slot: BTreeMap<String, Json>,
    pub tool: Vec<Spanned<ToolFile>>,
    pub task: Option<String>,
    pub ends: Option<Spanned<String>>,
    pub person: Option<String>,
    pub within_ms: Option<u64>,
    pub max_turns: Option<u32>,
    pub max_reprompts: Option<u32>,
    pub judge: Option<OneOrMany>,
}
