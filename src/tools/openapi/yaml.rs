//! YAML as JSON: keys that YAML reads as numbers or truths ("200:", "on:") are texts, as JSON has them.
use serde_json::{Map, Value};
use serde_norway::Value as Yaml;

/// # Errors
/// What is wrong with the text, and where.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let read: Yaml = serde_norway::from_str(text).map_err(|why| why.to_string())?;
    json(read)
}

fn json(yaml: Yaml) -> Result<Value, String> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(is) => Value::Bool(is),
        Yaml::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(whole), ..) => whole.into(),
            (_, Some(whole), _) => whole.into(),
            (.., fraction) => fraction.and_then(serde_json::Number::from_f64).map_or(Value::Null, Value::Number),
        },
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(all) => Value::Array(all.into_iter().map(json).collect::<Result<_, _>>()?),
        Yaml::Mapping(all) => {
            let pair = |(name, value)| Ok((key(name)?, json(value)?));
            Value::Object(all.into_iter().map(pair).collect::<Result<Map<_, _>, String>>()?)
        }
        Yaml::Tagged(tagged) => json(tagged.value)?,
    })
}

fn key(yaml: Yaml) -> Result<String, String> {
    match yaml {
        Yaml::String(text) => Ok(text),
        Yaml::Number(number) => Ok(number.to_string()),
        Yaml::Bool(is) => Ok(is.to_string()),
        _ => Err("a key is no text: quote it".into()),
    }
}
