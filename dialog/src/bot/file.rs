//! The shape of a bot's TOML file. Every key is known; another one is refused with its path.
use super::commands::CommandsFile;
use super::definition::{Confirm, SilencePlan, Then};
use super::words::PromptsFile;
use crate::language::Language;
use crate::turn::TurnPlan;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub name: String,
    pub title: Option<TitleFile>,
    pub language: Language,
    pub voice: Option<String>,
    #[serde(default)]
    pub lexicon: BTreeMap<String, OneOrMany>,
    #[serde(default)]
    pub spoken: BTreeMap<String, String>,
    pub disclosure: Option<String>,
    pub greeting: String,
    pub closing: Option<String>,
    #[serde(default)]
    pub prompts: PromptsFile,
    #[serde(default)]
    pub commands: CommandsFile,
    #[serde(default)]
    pub turn: TurnPlan,
    #[serde(default)]
    pub silence: SilencePlan,
    #[serde(default)]
    pub slot: Vec<SlotFile>,
    #[serde(default)]
    pub task: Vec<TaskFile>,
    #[serde(default)]
    pub fact: Vec<FactFile>,
    #[serde(default)]
    pub takes_messages: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FactFile {
    #[serde(default)]
    pub questions: Vec<String>,
    #[serde(default)]
    pub words: Vec<String>,
    pub say: String,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a title is a text, or a table of texts by language: { en = \"…\", vi = \"…\" }")]
pub(super) enum TitleFile {
    One(String),
    ByLanguage(BTreeMap<Language, String>),
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Type {
    Choice,
    YesNo,
    Number,
    Digits,
    Phone,
    Date,
    Time,
    Duration,
    Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SlotFile {
    pub name: String,
    pub r#type: Type,
    pub prompt: Option<String>,
    #[serde(default)]
    pub reprompts: Vec<String>,
    pub help: Option<String>,
    #[serde(default)]
    pub confirm: Confirm,
    pub read_back: Option<String>,
    pub keypad: Option<bool>,
    #[serde(default)]
    pub secret: bool,
    #[serde(default)]
    pub cues: Vec<String>,
    pub values: Option<Vec<ValueFile>>,
    pub min: Option<i64>,
    pub max: Option<i64>,
    pub unit: Option<Vec<String>>,
    pub length: Option<usize>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a value is a text, or a table of name, words, say and key")]
pub(super) enum ValueFile {
    Name(String),
    Table(ValueTable),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ValueTable {
    pub name: String,
    #[serde(default)]
    pub words: Vec<String>,
    pub say: Option<String>,
    pub key: Option<char>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskFile {
    pub name: String,
    pub say: Option<String>,
    #[serde(default)]
    pub phrases: Vec<String>,
    pub key: Option<char>,
    #[serde(default)]
    pub slots: Vec<String>,
    pub confirm: Option<String>,
    pub on_done: DoneFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DoneFile {
    pub say: String,
    #[serde(default)]
    pub then: Then,
    pub url: Option<String>,
    pub method: Option<MethodFile>,
    pub body: Option<serde_json::Value>,
    pub timeout_ms: Option<u64>,
    pub late: Option<String>,
    pub failed: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
pub(super) enum MethodFile {
    #[serde(rename = "GET")]
    Get,
    #[serde(rename = "POST")]
    Post,
}
