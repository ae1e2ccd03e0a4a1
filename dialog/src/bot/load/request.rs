//! The HTTP requests of a bot file, and its tasks' calls of tools.
use super::check::{BotFault, Check, Gaps};
use crate::bot::file::MethodFile;
use crate::bot::request::{RequestTemplate, Target};
use crate::bot::template::{Part, Template};
use crate::tool::{ConfirmedBy, Effect, Method, ToolDefinition};
use serde_json::Value as Json;
use std::time::Duration;

/// The keys of a request, wherever it stands.
pub(super) struct RequestFile {
    pub tool: Option<String>,
    pub arguments: Option<Json>,
    pub url: Option<String>,
    pub method: Option<MethodFile>,
    pub body: Option<Json>,
    pub timeout_ms: Option<u64>,
    pub late: Option<String>,
    pub failed: Option<String>,
    pub incomplete: Option<String>,
}

/// `usual`: the method where none is named. `gaps`: what the address and the body may hold. `None`: it asks nobody.
pub(super) fn request(
    check: &Check,
    key: &str,
    file: RequestFile,
    usual: Method,
    gaps: &Gaps,
) -> Result<Option<RequestTemplate>, BotFault> {
    let gaps = Gaps { is_sent: true, ..gaps.clone() };
    for (name, text) in [("late", &file.late), ("failed", &file.failed), ("incomplete", &file.incomplete)] {
        if let Some(text) = text {
            check.plain(&format!("{key}.{name}"), text)?;
        }
    }
    if file.tool.is_some() {
        return tool(check, key, file, &gaps).map(Some);
    }
    if file.arguments.is_some() {
        return check.fault(format!("{key}.arguments"), "belongs to a tool", "add `tool`, or remove it");
    }
    match &file.url {
        Some(url) => {
            let url = url.clone();
            http(check, key, file, (&url, usual), &gaps).map(Some)
        }
        None => Ok(None),
    }
}

/// A call of a tool of the bot.
fn tool(check: &Check, key: &str, file: RequestFile, gaps: &Gaps) -> Result<RequestTemplate, BotFault> {
    for (name, there) in [
        ("url", file.url.is_some()),
        ("method", file.method.is_some()),
        ("body", file.body.is_some()),
        ("timeout_ms", file.timeout_ms.is_some()),
    ] {
        if there {
            return check.fault(format!("{key}.{name}"), "belongs to a request, and there is a `tool`", "remove one");
        }
    }
    let RequestFile { tool, arguments, late, failed, incomplete, .. } = file;
    let name = tool.unwrap_or_default();
    let Some(tool) = check.tools.iter().map(|tool| &tool.definition).find(|tool| tool.name == name) else {
        let remedy = format!("add [tools.{name}]");
        return check.fault(format!("{key}.tool"), format!("no tool is called {name:?}"), remedy);
    };
    let at = format!("{key}.arguments");
    match &arguments {
        Some(Json::Object(given)) => {
            named(check, &at, given, tool)?;
            body_gaps(check, &at, &Json::Object(given.clone()), gaps)?;
        }
        Some(_) => return check.fault(at, "is no table", "write { name = \"{slot}\" }"),
        None => {}
    }
    let (effect, limit, target) = (tool.effect, tool.limit, Target::Tool(name));
    Ok(RequestTemplate { target, effect, body: arguments, limit, late, failed, incomplete })
}

/// Arguments that the tool needs or does not know, where its schema stands in the file.
fn named(
    check: &Check,
    key: &str,
    given: &serde_json::Map<String, Json>,
    tool: &ToolDefinition,
) -> Result<(), BotFault> {
    let Some(properties) = tool.parameters.get("properties").and_then(Json::as_object) else { return Ok(()) };
    if let Some(name) = given.keys().find(|name| !properties.contains_key(*name)) {
        let known = properties.keys().cloned().collect::<Vec<_>>().join(", ");
        let problem = format!("{} takes no {name:?}", tool.name);
        return check.fault(key, problem, format!("it takes: {known}"));
    }
    let required = tool.parameters.get("required").and_then(Json::as_array);
    let missing = required.into_iter().flatten().filter_map(Json::as_str).find(|name| !given.contains_key(*name));
    match missing {
        Some(name) => check.fault(key, format!("{} needs {name:?}", tool.name), "add it"),
        None => Ok(()),
    }
}

/// Refuses a task that would call a tool without who has to say yes to it.
pub(super) fn confirmed(
    check: &Check,
    key: &str,
    request: Option<&RequestTemplate>,
    asks: (bool, bool),
) -> Result<(), BotFault> {
    let Some(Target::Tool(name)) = request.map(|request| &request.target) else { return Ok(()) };
    let tool = check.tools.iter().map(|tool| &tool.definition).find(|tool| tool.name == *name);
    let (caller, supervisor) = asks;
    match tool.map(|tool| tool.confirm) {
        Some(ConfirmedBy::Caller) if !caller => check.fault(
            format!("{key}.confirm"),
            format!("is missing: the caller has to say yes before {name} is called"),
            format!("add the question, or `confirm = \"nobody\"` to [tools.{name}]"),
        ),
        Some(ConfirmedBy::Supervisor) if !supervisor => check.fault(
            format!("{key}.on_done.confirm"),
            format!("is missing: a supervisor has to approve before {name} is called"),
            "add `confirm = \"supervisor\"`",
        ),
        _ => Ok(()),
    }
}

pub(super) const fn method(file: MethodFile) -> Method {
    match file {
        MethodFile::Get => Method::Get,
        MethodFile::Post => Method::Post,
        MethodFile::Put => Method::Put,
        MethodFile::Patch => Method::Patch,
        MethodFile::Delete => Method::Delete,
    }
}

/// An HTTP request to `url`.
fn http(
    check: &Check,
    key: &str,
    file: RequestFile,
    (url, usual): (&str, Method),
    gaps: &Gaps,
) -> Result<RequestTemplate, BotFault> {
    let at = format!("{key}.url");
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return check.fault(at, "is no web address", "begin it with http:// or https://");
    }
    let url = check.template(&at, url, gaps)?;
    // Values are percent-encoded: a digit stands for any.
    let filled = url.fill(|part| if let Part::Text(text) = part { text.clone() } else { "1".into() });
    if let Err(problem) = url::Url::parse(&filled) {
        return check.fault(at, format!("is no web address: {problem}"), "write https://host/path");
    }
    if let Some(body) = &file.body {
        body_gaps(check, &format!("{key}.body"), body, gaps)?;
    }
    let method = match file.method {
        Some(file) => method(file),
        None if file.body.is_some() => Method::Post,
        None => usual,
    };
    if !method.has_body() && file.body.is_some() {
        let problem = format!("a {} has no body", method.name());
        return check.fault(format!("{key}.body"), problem, "use POST, or put the values into `url`");
    }
    let limit = Duration::from_millis(file.timeout_ms.unwrap_or(8_000));
    if !(100..=60_000).contains(&limit.as_millis()) {
        return check.fault(format!("{key}.timeout_ms"), "is not a time a caller waits", "use 100 to 60000");
    }
    let RequestFile { body, late, failed, incomplete, .. } = file;
    let (effect, target) = (effect(method), Target::Http { method, url });
    Ok(RequestTemplate { target, effect, body, limit, late, failed, incomplete })
}

/// What a request of a task does.
fn effect(method: Method) -> Effect {
    match method {
        Method::Get => Effect::Reads,
        _ => Effect::Acts,
    }
}

pub(super) fn body_gaps(check: &Check, key: &str, body: &Json, gaps: &Gaps) -> Result<(), BotFault> {
    match body {
        Json::String(text) if !text.is_empty() => check.template(key, text, gaps).map(drop),
        Json::Array(all) => {
            all.iter().enumerate().try_for_each(|(i, v)| body_gaps(check, &format!("{key}[{i}]"), v, gaps))
        }
        Json::Object(all) => all.iter().try_for_each(|(name, v)| body_gaps(check, &format!("{key}.{name}"), v, gaps)),
        _ => Ok(()),
    }
}

/// Every gap of an address and a body.
pub(super) fn parts(request: &RequestTemplate) -> Vec<Part> {
    fn of_body(body: &Json, out: &mut Vec<Part>) {
        match body {
            Json::String(text) => out.extend(Template::parse(text).map(|template| template.0).unwrap_or_default()),
            Json::Array(all) => all.iter().for_each(|body| of_body(body, out)),
            Json::Object(all) => all.values().for_each(|body| of_body(body, out)),
            _ => {}
        }
    }
    let mut all = match &request.target {
        Target::Http { url, .. } => url.0.clone(),
        Target::Tool(_) => Vec::new(),
    };
    request.body.iter().for_each(|body| of_body(body, &mut all));
    all
}
