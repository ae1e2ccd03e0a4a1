//! `Offered`: what a model may call: the bot's tools, the tasks and slots of its flow, and what ends or hands over a call.
use crate::bot::{Bot, Slot};
use crate::tool::{ConfirmedBy, Effect, ToolDefinition};
use crate::value::kind::{Kind, SpanOf};
use serde_json::{Value as Json, json};

pub(super) const START_TASK: &str = "start_task";
pub(super) const SET_SLOT: &str = "set_slot";
pub(super) const TRANSFER: &str = "transfer_to_person";
pub(super) const SPEAK: &str = "speak_language";
pub(super) const HANG_UP: &str = "hang_up";

pub(super) struct Offered {
    tools: Vec<ToolDefinition>,
    /// As a request holds them: the same bytes in every one.
    schema: Vec<Json>,
}

impl Offered {
    pub fn new(bot: &Bot, tools: Vec<ToolDefinition>) -> Offered {
        let mut schema = built_in(bot);
        schema.extend(tools.iter().map(|tool| function(&tool.name, &tool.description, tool.parameters.clone())));
        Offered { tools, schema }
    }

    pub fn schema(&self) -> &[Json] {
        &self.schema
    }

    /// A tool of the bot's.
    pub fn tool(&self, name: &str) -> Option<&ToolDefinition> {
        self.tools.iter().find(|tool| tool.name == name)
    }

    /// Whether a model may call this at all.
    pub fn has(&self, name: &str) -> bool {
        self.schema.iter().any(|tool| tool["function"]["name"] == name)
    }
}

/// Who has to say yes before this tool is called: what acts never runs without a yes.
pub(super) fn confirmed_by(tool: &ToolDefinition) -> ConfirmedBy {
    match (tool.effect, tool.confirm) {
        (Effect::Acts, ConfirmedBy::Nobody) => ConfirmedBy::Caller,
        (_, confirm) => confirm,
    }
}

fn function(name: &str, description: &str, parameters: Json) -> Json {
    json!({ "type": "function", "function": { "name": name, "description": description, "parameters": parameters } })
}

fn built_in(bot: &Bot) -> Vec<Json> {
    let mut all = Vec::new();
    if !bot.tasks.is_empty() {
        let tasks: Vec<&str> = bot.tasks.iter().map(|task| task.name.as_str()).collect();
        let slots: Vec<&Slot> = bot.slots.iter().filter(|slot| !slot.secret).collect();
        let values: serde_json::Map<String, Json> = slots
            .iter()
            .map(|slot| (slot.name.clone(), json!({ "type": "string", "description": takes(slot) })))
            .collect();
        all.push(function(
            START_TASK,
            "Begins one of the tasks. The phone system then asks the caller for what is missing, reads all of it back and does it. \
             Give only values that the caller has said.",
            json!({
                "type": "object",
                "properties": {
                    "task": { "type": "string", "enum": tasks },
                    "values": { "type": "object", "properties": values, "additionalProperties": false }
                },
                "required": ["task"]
            }),
        ));
        if !slots.is_empty() {
            let names: Vec<&str> = slots.iter().map(|slot| slot.name.as_str()).collect();
            all.push(function(
                SET_SLOT,
                "Sets or changes one value of the task under way to what the caller has said.",
                json!({
                    "type": "object",
                    "properties": { "slot": { "type": "string", "enum": names }, "value": { "type": "string" } },
                    "required": ["slot", "value"]
                }),
            ));
        }
    }
    let nothing = || json!({ "type": "object", "properties": {} });
    let leads = bot.person.is_some() || bot.takes_messages || bot.tasks.iter().any(|task| task.person.is_some());
    if leads {
        all.push(function(
            TRANSFER,
            "Puts the caller through to a person, when they want one or you cannot help.",
            nothing(),
        ));
    }
    if !bot.languages.is_empty() {
        let codes: Vec<&str> = bot.languages.keys().map(|language| language.code()).collect();
        all.push(function(
            SPEAK,
            "Goes on with the caller in another language, when they want to or speak it themselves.",
            json!({
                "type": "object",
                "properties": { "language": { "type": "string", "enum": codes } },
                "required": ["language"]
            }),
        ));
    }
    all.push(function(HANG_UP, "Ends the call, only after the caller has clearly said goodbye.", nothing()));
    all
}

/// What a slot takes, in words for a model.
fn takes(slot: &Slot) -> String {
    match &slot.kind {
        Kind::Choice(all) => {
            let names: Vec<&str> = all.iter().map(|choice| choice.name.as_str()).collect();
            format!("one of: {}", names.join(", "))
        }
        Kind::YesNo => "yes or no".into(),
        Kind::Number { min, max, .. } => format!("a number from {min} to {max}"),
        Kind::Digits { min, max } => format!("{min} to {max} digits"),
        Kind::Phone => "a phone number".into(),
        Kind::Date => "a date, YYYY-MM-DD".into(),
        Kind::Time => "a time of day, HH:MM".into(),
        Kind::Duration => "a duration of ISO 8601, PT30M".into(),
        Kind::Money(_) => "an amount".into(),
        Kind::Items(_) => "a list of items with their counts, in the caller's words".into(),
        Kind::Span { of: SpanOf::Times } => "from when to when, HH:MM/HH:MM".into(),
        Kind::Span { of: SpanOf::Dates } => "from when to when, YYYY-MM-DD/YYYY-MM-DD".into(),
        Kind::Name => "a person's name".into(),
        Kind::Email => "an e-mail address".into(),
        Kind::Address(_) => "a postal address, in the caller's words".into(),
        Kind::Id(_) => "an identity number, in the caller's words".into(),
        Kind::Text => "text".into(),
    }
}

/// What a call would do, for the caller's ear: the titles of the schema where it has some, else names.
pub(super) fn restated(tool: &ToolDefinition, arguments: &Json) -> String {
    let label = |schema: &Json, name: &str| {
        schema.get("title").and_then(Json::as_str).map_or_else(|| name.replace('_', " "), str::to_owned)
    };
    let properties = &tool.parameters["properties"];
    let given = arguments.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let values: Vec<String> =
        given.map(|(name, value)| format!("{}: {}", label(&properties[name], name), plain(value))).collect();
    let what = label(&tool.parameters, &tool.name);
    let mut letters = what.chars();
    let what = letters.next().map(|c| c.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default();
    if values.is_empty() { what } else { format!("{what}: {}", values.join(", ")) }
}

fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Array(all) => all.iter().map(plain).collect::<Vec<_>>().join(", "),
        Json::Object(all) => all
            .iter()
            .map(|(name, value)| format!("{}: {}", name.replace('_', " "), plain(value)))
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    }
}
