//! Units of keys.
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A time span in whole milliseconds; its key ends in `_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Ms(pub u32);

impl From<Ms> for Duration {
    fn from(ms: Ms) -> Self {
        Self::from_millis(ms.0.into())
    }
}

/// A time span in whole seconds; its key ends in `_s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Secs(pub u32);

impl From<Secs> for Duration {
    fn from(s: Secs) -> Self {
        Self::from_secs(s.0.into())
    }
}
