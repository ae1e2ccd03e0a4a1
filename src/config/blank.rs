//! Optional keys written as an empty string, so that a file can name every key. For `serde(with = "blank")`.
use serde::{Deserialize, Deserializer, Serializer, de::Error};
use std::fmt::Display;
use std::str::FromStr;

pub(super) fn serialize<T: Display, S: Serializer>(value: &Option<T>, to: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => to.collect_str(value),
        None => to.serialize_str(""),
    }
}

pub(super) fn deserialize<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    let text = String::deserialize(from)?;
    if text.is_empty() {
        Ok(None)
    } else {
        text.parse().map(Some).map_err(|e| D::Error::custom(format!("{text:?}: {e}")))
    }
}

/// The same for paths, which have no `Display`.
pub(super) mod path {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::path::PathBuf;

    pub(in crate::config) fn serialize<S: Serializer>(value: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
        value.clone().unwrap_or_default().serialize(to)
    }

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
        Ok(Some(PathBuf::deserialize(from)?).filter(|path| !path.as_os_str().is_empty()))
    }
}
