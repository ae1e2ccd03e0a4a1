//! `Claims`: what a provider says of somebody, by name (RFC 7519 section 4).
use serde_json::{Map, Value};

pub(super) type Claims = Map<String, Value>;

/// A claim by its name, which may itself have dots, or by the names of the claims that it lies in.
pub(super) fn claim<'a>(claims: &'a Claims, name: &str) -> Option<&'a Value> {
    if let Some(found) = claims.get(name) {
        return Some(found);
    }
    let (first, rest) = name.split_once('.')?;
    claims.get(first)?.as_object().and_then(|within| claim(within, rest))
}

/// The texts of a claim that holds one, or a list.
pub(super) fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}
