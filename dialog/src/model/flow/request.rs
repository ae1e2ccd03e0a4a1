//! The HTTP request that does a task or looks something up, with the values that are known.
use super::form::Form;
use crate::bot::{AnswerGap, Part, RequestTemplate, Template};
use crate::tool::{HttpRequest, Method};
use serde_json::Value as Json;

/// `None`: a part of an earlier answer that it needs is missing.
pub(super) fn request(form: &Form, template: &RequestTemplate) -> Option<HttpRequest> {
    let url = text(form, &template.url, percent)?;
    let body = match (template.method, &template.body) {
        (Method::Get, _) => None,
        (Method::Post, Some(body)) => Some(filled(form, body)?),
        (Method::Post, None) => Some(form.record()),
    };
    Some(HttpRequest { method: template.method, url, body })
}

/// A text with its gaps filled; each value goes through `escaped`.
fn text(form: &Form, template: &Template, escaped: fn(&str) -> String) -> Option<String> {
    let part = |part: &Part| {
        Some(match part {
            Part::Text(text) => text.clone(),
            Part::Slot(gap) => escaped(&plain(&form.json_of(&gap.name))),
            Part::Answer(gap) => escaped(&plain(&found(form, gap)?)),
            Part::Header(name) => escaped(form.bot.headers.value(name)),
        })
    };
    template.0.iter().map(part).collect()
}

/// A part of an earlier answer; null where it is missing and may be.
fn found(form: &Form, gap: &AnswerGap) -> Option<Json> {
    let part = form.part(gap, None).filter(|part| !part.is_null()).cloned();
    if gap.optional { Some(part.unwrap_or_default()) } else { part }
}

/// A body with its gaps filled.
fn filled(form: &Form, body: &Json) -> Option<Json> {
    Some(match body {
        Json::String(written) => match Template::parse(written) {
            // A whole value keeps its type.
            Ok(template) => match template.0.as_slice() {
                [Part::Slot(gap)] => form.json_of(&gap.name),
                [Part::Answer(gap)] => found(form, gap)?,
                [Part::Header(name)] => form.bot.headers.value(name).into(),
                _ => text(form, &template, str::to_owned)?.into(),
            },
            Err(_) => body.clone(),
        },
        Json::Array(all) => Json::Array(all.iter().map(|v| filled(form, v)).collect::<Option<_>>()?),
        Json::Object(all) => {
            Json::Object(all.iter().map(|(k, v)| Some((k.clone(), filled(form, v)?))).collect::<Option<_>>()?)
        }
        other => other.clone(),
    })
}

/// A value within a text.
fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        Json::Array(all) if all.iter().all(|v| !v.is_object()) => all.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// RFC 3986 percent-encoding of everything but unreserved characters.
fn percent(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
