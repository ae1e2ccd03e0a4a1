//! The HTTP requests of a bot file.
use super::check::{BotFault, Check, Gaps};
use crate::bot::file::MethodFile;
use crate::bot::request::RequestTemplate;
use crate::bot::template::{Part, Template};
use crate::tool::{Effect, Method};
use serde_json::Value as Json;
use std::time::Duration;

/// The keys of a request, wherever it stands.
pub(super) struct RequestFile {
    pub url: String,
    pub method: Option<MethodFile>,
    pub body: Option<Json>,
    pub timeout_ms: Option<u64>,
    pub late: Option<String>,
    pub failed: Option<String>,
    pub incomplete: Option<String>,
}

/// `usual`: the method where none is named. `gaps`: what the address and the body may hold.
pub(super) fn request(
    check: &Check,
    key: &str,
    file: RequestFile,
    usual: Method,
    gaps: &Gaps,
) -> Result<RequestTemplate, BotFault> {
    let gaps = Gaps { is_sent: true, ..gaps.clone() };
    let at = format!("{key}.url");
    if !file.url.starts_with("http://") && !file.url.starts_with("https://") {
        return check.fault(at, "is no web address", "begin it with http:// or https://");
    }
    let url = check.template(&at, &file.url, &gaps)?;
    // Values are percent-encoded: a digit stands for any.
    let filled = url.fill(|part| if let Part::Text(text) = part { text.clone() } else { "1".into() });
    if let Err(problem) = url::Url::parse(&filled) {
        return check.fault(at, format!("is no web address: {problem}"), "write https://host/path");
    }
    if let Some(body) = &file.body {
        body_gaps(check, &format!("{key}.body"), body, &gaps)?;
    }
    let method = match file.method {
        Some(MethodFile::Get) => Method::Get,
        Some(MethodFile::Post) => Method::Post,
        None if file.body.is_some() => Method::Post,
        None => usual,
    };
    if method == Method::Get && file.body.is_some() {
        return check.fault(format!("{key}.body"), "a GET has no body", "use POST, or put the values into `url`");
    }
    let limit = Duration::from_millis(file.timeout_ms.unwrap_or(8_000));
    if !(100..=60_000).contains(&limit.as_millis()) {
        return check.fault(format!("{key}.timeout_ms"), "is not a time a caller waits", "use 100 to 60000");
    }
    for (name, text) in [("late", &file.late), ("failed", &file.failed), ("incomplete", &file.incomplete)] {
        if let Some(text) = text {
            check.plain(&format!("{key}.{name}"), text)?;
        }
    }
    let RequestFile { body, late, failed, incomplete, .. } = file;
    Ok(RequestTemplate { method, effect: effect(method), url, body, limit, late, failed, incomplete })
}

/// What a request of a task does.
fn effect(method: Method) -> Effect {
    match method {
        Method::Get => Effect::Reads,
        Method::Post => Effect::Acts,
    }
}

fn body_gaps(check: &Check, key: &str, body: &Json, gaps: &Gaps) -> Result<(), BotFault> {
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
    let mut all = request.url.0.clone();
    request.body.iter().for_each(|body| of_body(body, &mut all));
    all
}
