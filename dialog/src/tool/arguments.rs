//! Arguments of a call: what its tool's schema says against them, and the one text that equal arguments have.
use super::{FaultText, ToolDefinition};
use serde_json::Value as Json;
use unicode_normalization::UnicodeNormalization;

/// So much of a value is repeated in what is said against it.
const SHOWN: usize = 60;

/// So many faults are told at once: whoever corrects one should not meet the next.
const TOLD: usize = 5;

/// Judges arguments by the tool's schema.
///
/// # Errors
/// What is wrong with which argument, one sentence each.
pub fn check(tool: &ToolDefinition, arguments: &Json) -> Result<(), FaultText> {
    if !arguments.is_object() {
        return Err(FaultText("the arguments are no object: write {\"name\": value, …}".into()));
    }
    let schema = match jsonschema::validator_for(&tool.parameters) {
        Ok(schema) => schema,
        Err(_) => return Err(FaultText("the tool's own schema cannot be used".into())),
    };
    let fault = |error: jsonschema::ValidationError| {
        let at = error.instance_path().to_string();
        let name = at.trim_start_matches('/').replace('/', ".");
        let why: String = error.to_string();
        let shown: String = why.chars().take(SHOWN * 3).collect();
        if name.is_empty() { shown } else { format!("{name}: {shown}") }
    };
    let faults: Vec<String> = schema.iter_errors(arguments).take(TOLD).map(fault).collect();
    if faults.is_empty() { Ok(()) } else { Err(FaultText(faults.join("; "))) }
}

/// Why a schema cannot be that of arguments; `None`: it can.
pub fn schema_fault(schema: &Json) -> Option<String> {
    match schema.get("type") {
        None => return Some("has no `type`: write \"object\"".into()),
        Some(of) if of != "object" => return Some(format!("is of type {of}: arguments are an object")),
        Some(_) => {}
    }
    jsonschema::validator_for(schema).err().map(|why| format!("is no JSON schema: {why}"))
}

/// The text that arguments have in common which mean the same: keys in order, texts in NFC, whole numbers without a fraction.
pub fn canonical(arguments: &Json) -> String {
    let mut out = String::new();
    write(arguments, &mut out);
    out
}

fn write(value: &Json, out: &mut String) {
    let quoted = |text: &str| Json::from(text.nfc().collect::<String>()).to_string();
    match value {
        Json::Object(all) => {
            let mut all: Vec<(String, &Json)> = all.iter().map(|(key, value)| (quoted(key), value)).collect();
            all.sort_by(|one, other| one.0.cmp(&other.0));
            out.push('{');
            for (i, (key, value)) in all.into_iter().enumerate() {
                out.push_str(if i == 0 { "" } else { "," });
                out.push_str(&key);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        Json::Array(all) => {
            out.push('[');
            for (i, value) in all.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { "," });
                write(value, out);
            }
            out.push(']');
        }
        Json::String(text) => out.push_str(&quoted(text)),
        Json::Number(number) => match number.as_f64() {
            // Beyond 2^53 a fraction cannot be told from none.
            Some(whole) if whole.fract() == 0.0 && whole.abs() < 9.0e15 => out.push_str(&format!("{}", whole as i64)),
            _ => out.push_str(&number.to_string()),
        },
        other => out.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::{ConfirmedBy, Effect};
    use serde_json::json;
    use std::time::Duration;

    fn tool(parameters: Json) -> ToolDefinition {
        let (name, description) = ("book".to_owned(), "Books a table.".to_owned());
        let (limit, confirm) = (Duration::from_secs(8), ConfirmedBy::Nobody);
        ToolDefinition { name, description, parameters, effect: Effect::Acts, limit, confirm, filler: None }
    }

    #[test]
    fn what_does_not_fit_is_told_by_its_name_so_that_it_can_be_mended() {
        let schema = json!({
            "type": "object",
            "properties": {
                "people": { "type": "integer", "minimum": 1, "maximum": 8 },
                "place": { "enum": ["inside", "terrace"] },
                "guest": { "$ref": "#/$defs/guest" },
            },
            "required": ["people"],
            "additionalProperties": false,
            "$defs": { "guest": { "anyOf": [{ "type": "string", "minLength": 2 }, { "type": "null" }] } },
        });
        assert_eq!(schema_fault(&schema), None);
        let tool = tool(schema);
        for fits in [json!({ "people": 2 }), json!({ "people": 8.0, "place": "terrace", "guest": null })] {
            assert_eq!(check(&tool, &fits), Ok(()), "{fits}");
        }
        for (wrong, told) in [
            (json!({}), vec!["people", "required"]),
            (json!({ "people": 12 }), vec!["people:", "12", "8"]),
            (json!({ "people": "two" }), vec!["people:", "integer"]),
            (json!({ "people": 2, "place": "roof" }), vec!["place:", "roof", "terrace"]),
            (json!({ "people": 2, "guest": "x" }), vec!["guest:"]),
            (json!({ "people": 2, "colour": "red" }), vec!["colour"]),
            (json!({ "people": 0, "place": "roof" }), vec!["people:", "place:"]),
            (json!([2]), vec!["no object"]),
        ] {
            let FaultText(text) = check(&tool, &wrong).expect_err("it does not fit");
            assert!(told.iter().all(|part| text.contains(part)), "{wrong}: {text}");
        }
    }

    #[test]
    fn schemas_that_cannot_be_used_are_told_apart() {
        for (schema, told) in [
            (json!({ "type": "array" }), "array"),
            (json!({}), "no `type`"),
            (json!({ "type": "object", "properties": { "a": { "type": "colour" } } }), "JSON schema"),
        ] {
            let fault = schema_fault(&schema).expect("a fault");
            assert!(fault.contains(told), "{fault}");
        }
        // A schema from elsewhere may name another one by its address: nothing is fetched.
        let far = json!({ "type": "object", "properties": { "a": { "$ref": "https://example.com/a.json" } } });
        assert!(schema_fault(&far).is_some());
    }

    #[test]
    fn equal_arguments_have_one_text_and_others_another() {
        let one: Json = serde_json::from_str(r#"{"b": [1.0, {"y": "Tra\u0300", "x": null}], "a": true}"#).unwrap();
        let other: Json = serde_json::from_str(r#"{"a": true, "b": [1, {"x": null, "y": "Trà"}]}"#).unwrap();
        assert_eq!(canonical(&one), canonical(&other));
        assert_eq!(canonical(&other), r#"{"a":true,"b":[1,{"x":null,"y":"Trà"}]}"#);
        for (one, other) in
            [(json!({"a": 1}), json!({"a": "1"})), (json!({"a": 1.5}), json!({"a": 1})), (json!([1, 2]), json!([2, 1]))]
        {
            assert_ne!(canonical(&one), canonical(&other));
        }
    }
}
