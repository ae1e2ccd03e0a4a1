//! The shape of a bot's TOML file. Every key is known; another one is refused with its path.
use super::approval::Declined;
use super::commands::CommandsFile;
use super::definition::{Confirm, SilencePlan, Then};
use super::memory::Consent;
use super::words::PromptsFile;
use crate::language::Language;
use crate::turn::TurnPlan;
use serde::Deserialize;
use std::collections::BTreeMap;

pub(super) mod tool;

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
    pub currency: Option<CurrencyFile>,
    pub disclosure: Option<String>,
    pub greeting: String,
    pub closing: Option<String>,
    pub opening_hours: Option<String>,
    #[serde(default)]
    pub prompts: PromptsFile,
    #[serde(default)]
    pub commands: CommandsFile,
    #[serde(default)]
    pub turn: TurnPlan,
    #[serde(default)]
    pub silence: SilencePlan,
    pub model: Option<ModelFile>,
    pub memory: Option<MemoryFile>,
    #[serde(default)]
    pub languages: BTreeMap<Language, String>,
    #[serde(default)]
    pub slot: Vec<SlotFile>,
    #[serde(default)]
    pub task: Vec<TaskFile>,
    #[serde(default)]
    pub fact: Vec<FactFile>,
    #[serde(default)]
    pub document: Vec<DocumentFile>,
    #[serde(default)]
    pub takes_messages: bool,
    pub person: Option<String>,
    #[serde(default)]
    pub recorded_before: RecordedBefore,
    pub latency: Option<LatencyFile>,
    #[serde(default)]
    pub forbidden: Vec<ForbiddenFile>,
    #[serde(default)]
    pub mask: Vec<PersonalFile>,
    #[serde(default)]
    pub tools: BTreeMap<String, tool::ToolFile>,
}

/// What becomes of the sound that was recorded before the caller said that they do not want that.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RecordedBefore {
    #[default]
    Keep,
    Drop,
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
#[serde(deny_unknown_fields)]
pub(super) struct DocumentFile {
    pub path: String,
    pub title: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LatencyFile {
    pub budget_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ForbiddenFile {
    pub name: String,
    pub words: Vec<String>,
    pub say: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelFile {
    pub r#use: Vec<String>,
    pub instructions: String,
    pub first_ms: Option<u64>,
    pub stall_ms: Option<u64>,
    pub patience_ms: Option<u64>,
    pub filler_ms: Option<u64>,
    pub context_tokens: Option<u32>,
    pub most_tokens: Option<u32>,
    pub temperature: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MemoryFile {
    pub keep: Vec<String>,
    pub consent: Consent,
    pub days: Option<u32>,
    pub shared: Option<String>,
}

/// A kind of personal data.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PersonalFile {
    Phone,
    Card,
    Id,
    Email,
    Name,
    Address,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum CurrencyFile {
    Usd,
    Eur,
    Gbp,
    Vnd,
}

/// What a span is of.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SpanEnds {
    Times,
    Dates,
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
    Money,
    Items,
    Span,
    Name,
    Email,
    Address,
    Id,
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
    pub keep: bool,
    #[serde(default)]
    pub cues: Vec<String>,
    pub values: Option<Vec<ValueFile>>,
    pub min: Option<i64>,
    pub max: Option<i64>,
    pub unit: Option<Vec<String>>,
    pub length: Option<usize>,
    pub fields: Option<Vec<FieldFile>>,
    /// What a span is of.
    pub of: Option<SpanEnds>,
    /// Which identity number it is.
    pub scheme: Option<SchemeFile>,
    /// Another one: "AA-9999-99".
    pub pattern: Option<String>,
    pub check: Option<CheckFile>,
    /// What has to be known of an address.
    pub parts: Option<Vec<PartFile>>,
    /// The wards that there are: a name, or a name and a province behind a comma.
    pub wards: Option<Vec<String>>,
    /// Days of the lunar calendar are dates too.
    #[serde(default)]
    pub lunar: bool,
    pub patience: Option<f32>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SchemeFile {
    Card,
    Iban,
    Citizen,
    Tax,
    Isbn,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CheckFile {
    Luhn,
    Mod10,
    Mod11,
    Mod97,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PartFile {
    Number,
    Street,
    Unit,
    Ward,
    District,
    Province,
    City,
    State,
    Postcode,
}

/// One thing to know of each item of a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldFile {
    pub name: String,
    pub prompt: String,
    pub values: Vec<ValueFile>,
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
    pub slots: Vec<TaskSlotFile>,
    #[serde(default)]
    pub lookup: Vec<LookupFile>,
    pub confirm: Option<SayFile>,
    pub person: Option<String>,
    pub on_done: DoneFile,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a slot of a task is a name, or a table of `slot` and `when`")]
pub(super) enum TaskSlotFile {
    Always(String),
    Sometimes(TaskSlotTable),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskSlotTable {
    pub slot: String,
    pub when: WhenFile,
}

impl TaskSlotFile {
    pub fn name(&self) -> &str {
        match self {
            Self::Always(name) => name,
            Self::Sometimes(table) => &table.slot,
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "what is said is a text, or a list of texts and of tables of `text` and `when`")]
pub(super) enum SayFile {
    One(String),
    Many(Vec<SentenceFile>),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a sentence is a text, or a table of `text` and `when`")]
pub(super) enum SentenceFile {
    Always(String),
    Sometimes(SentenceTable),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SentenceTable {
    pub text: String,
    pub when: WhenFile,
}

/// Tests by what they are about: a slot, a lookup, or a part of what a lookup has found.
pub(super) type WhenFile = BTreeMap<String, TestFile>;

#[derive(Deserialize)]
#[serde(untagged, expecting = "a condition is a value, a list of values, or a table of `min` and `max`")]
pub(super) enum TestFile {
    Many(Vec<serde_json::Value>),
    Within(WithinTable),
    One(serde_json::Value),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WithinTable {
    pub min: Option<f64>,
    pub max: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LookupFile {
    pub name: String,
    #[serde(default)]
    pub when: WhenFile,
    pub tool: Option<String>,
    pub arguments: Option<serde_json::Value>,
    pub url: Option<String>,
    pub method: Option<MethodFile>,
    pub body: Option<serde_json::Value>,
    pub timeout_ms: Option<u64>,
    pub late: Option<String>,
    pub failed: Option<String>,
    pub result: Option<String>,
    pub found: Option<BranchFile>,
    pub none: Option<BranchFile>,
    pub several: Option<BranchFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BranchFile {
    pub say: Option<SayFile>,
    #[serde(default)]
    pub set: BTreeMap<String, serde_json::Value>,
    pub then: Option<OnwardFile>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "`then` is \"go_on\", \"ask_again\", \"ask\", \"hang_up\", { ask_again = [\"…\"] } or { task = \"…\" }"
)]
pub(super) enum OnwardFile {
    Plain(PlainOnward),
    Named(NamedOnward),
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PlainOnward {
    GoOn,
    AskAgain,
    Ask,
    HangUp,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum NamedOnward {
    AskAgain(Vec<String>),
    Task(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DoneFile {
    pub say: SayFile,
    #[serde(default)]
    pub then: Then,
    pub hand_on: Option<String>,
    pub tool: Option<String>,
    pub arguments: Option<serde_json::Value>,
    pub url: Option<String>,
    pub method: Option<MethodFile>,
    pub body: Option<serde_json::Value>,
    pub timeout_ms: Option<u64>,
    pub late: Option<String>,
    pub failed: Option<String>,
    pub incomplete: Option<String>,
    pub confirm: Option<ConfirmedBy>,
    pub approval: Option<ApprovalFile>,
}

/// Who has to approve an action before it is done.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ConfirmedBy {
    Supervisor,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DecisionFile {
    Approve,
    #[default]
    Decline,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ApprovalFile {
    pub limit_ms: Option<u64>,
    pub default: DecisionFile,
    pub action: Option<String>,
    pub asking: Option<String>,
    pub still: Option<String>,
    pub declined: Option<String>,
    pub then: Declined,
}

#[derive(Clone, Copy, Deserialize)]
pub(super) enum MethodFile {
    #[serde(rename = "GET")]
    Get,
    #[serde(rename = "POST")]
    Post,
    #[serde(rename = "PUT")]
    Put,
    #[serde(rename = "PATCH")]
    Patch,
    #[serde(rename = "DELETE")]
    Delete,
}
