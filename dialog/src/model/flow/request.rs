//! The HTTP request that does a task, with the values of its slots.
use super::form::Form;
use crate::bot::{Part, RequestTemplate, Template};
use crate::tool::{HttpRequest, Method};
use serde_json::Value as Json;

pub(super) fn request(form: &Form, template: &RequestTemplate) -> HttpRequest {
    let url = template.url.fill(|part| match part {
        Part::Text(text) => text.clone(),
        Part::Slot(name) | Part::Answer(name) => percent(&form.text(name)),
        Part::Header(name) => percent(form.bot.headers.value(name)),
    });
    let body = (template.method == Method::Post).then(|| match &template.body {
        Some(body) => filled(form, body),
        None => form.record(),
    });
    HttpRequest { method: template.method, url, body }
}

/// A body with its gaps filled.
fn filled(form: &Form, body: &Json) -> Json {
    match body {
        Json::String(text) => match Template::parse(text) {
            // A whole value keeps its type.
            Ok(Template(parts)) => match parts.as_slice() {
                [Part::Slot(name)] => form.bot.slot(name).map_or(Json::Null, |s| form.json(s)),
                [Part::Header(name)] => form.bot.headers.value(name).into(),
                _ => Template(parts)
                    .fill(|part| match part {
                        Part::Text(text) => text.clone(),
                        Part::Slot(name) | Part::Answer(name) => form.text(name),
                        Part::Header(name) => form.bot.headers.value(name).to_owned(),
                    })
                    .into(),
            },
            Err(_) => body.clone(),
        },
        Json::Array(all) => all.iter().map(|v| filled(form, v)).collect(),
        Json::Object(all) => all.iter().map(|(k, v)| (k.clone(), filled(form, v))).collect(),
        other => other.clone(),
    }
}

/// RFC 3986 percent-encoding of everything but unreserved characters.
fn percent(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
