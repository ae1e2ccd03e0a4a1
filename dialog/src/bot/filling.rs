//! How the gaps of what is sent are filled: addresses, and bodies of JSON.
use super::template::{Part, Template};
use serde_json::Value as Json;

/// The value of a gap; `None`: it is missing and may not be.
pub type ValueOf<'a> = &'a dyn Fn(&Part) -> Option<Json>;

/// An address with its gaps filled.
pub fn address(template: &Template, value_of: ValueOf) -> Option<String> {
    text(template, percent, value_of)
}

/// A body with its gaps filled.
pub fn body(written: &Json, value_of: ValueOf) -> Option<Json> {
    Some(match written {
        Json::String(text) => match Template::parse(text) {
            // A whole value keeps its type.
            Ok(template) => match template.0.as_slice() {
                [Part::Text(_)] | [] => written.clone(),
                [gap] => value_of(gap)?,
                _ => self::text(&template, str::to_owned, value_of)?.into(),
            },
            Err(_) => written.clone(),
        },
        Json::Array(all) => Json::Array(all.iter().map(|part| body(part, value_of)).collect::<Option<_>>()?),
        Json::Object(all) => {
            let filled = all.iter().map(|(key, part)| Some((key.clone(), body(part, value_of)?)));
            Json::Object(filled.collect::<Option<_>>()?)
        }
        other => other.clone(),
    })
}

/// A text with its gaps filled; each value goes through `escaped`.
fn text(template: &Template, escaped: fn(&str) -> String, value_of: ValueOf) -> Option<String> {
    let part = |part: &Part| match part {
        Part::Text(text) => Some(text.clone()),
        gap => Some(escaped(&plain(&value_of(gap)?))),
    };
    template.0.iter().map(part).collect()
}

/// A value within a text.
pub fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        Json::Array(all) if all.iter().all(|v| !v.is_object()) => all.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// RFC 3986 percent-encoding of everything but unreserved characters.
pub fn percent(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
