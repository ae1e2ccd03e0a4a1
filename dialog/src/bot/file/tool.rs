//! The shape of `[tools.NAME]` in a bot's TOML file.
use super::MethodFile;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::bot) struct ToolFile {
    pub description: Option<String>,
    /// A JSON schema for each argument.
    pub parameters: Option<BTreeMap<String, serde_json::Value>>,
    /// The arguments that may be left out.
    #[serde(default)]
    pub optional: Vec<String>,
    pub effect: Option<EffectFile>,
    pub confirm: Option<ToolConfirmFile>,
    /// The tasks during which a model may call it; empty: at any time.
    #[serde(default)]
    pub tasks: Vec<String>,
    pub timeout_ms: Option<u64>,
    pub filler: Option<String>,
    pub url: Option<String>,
    pub method: Option<MethodFile>,
    #[serde(default)]
    pub headers: BTreeMap<String, HeaderFile>,
    pub body: Option<serde_json::Value>,
    pub result: Option<String>,
    pub openapi: Option<String>,
    pub operation: Option<String>,
    pub server: Option<String>,
    pub builtin: Option<String>,
    pub mcp: Option<String>,
    pub tool: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::bot) enum EffectFile {
    Reads,
    Acts,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::bot) enum ToolConfirmFile {
    Nobody,
    Caller,
    Supervisor,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a header field is a text, or a table of `env` or `file`, and perhaps `before`: { env = \"CRM_TOKEN\", before = \"Bearer \" }"
)]
pub(in crate::bot) enum HeaderFile {
    Text(String),
    Secret(SecretFile),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::bot) struct SecretFile {
    pub env: Option<String>,
    pub file: Option<String>,
    #[serde(default)]
    pub before: String,
}
