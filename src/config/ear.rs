//! `[speech.ear]`: when speech counts as begun and ended, and what is done to its sound before.
use super::Ms;
use serde::{Deserialize, Serialize};

/// When speech counts as begun and ended; see `media::ear::EarPlan`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ear {
    pub preroll_ms: Ms,
    pub start_ms: Ms,
    pub end_ms: Ms,
    pub echo: Echo,
    pub noise: Noise,
    pub level: Level,
}

impl Default for Ear {
    fn default() -> Self {
        Self {
            preroll_ms: Ms(300),
            start_ms: Ms(64),
            end_ms: Ms(200),
            echo: Echo::Phones,
            noise: Noise::Off,
            level: Level::Off,
        }
    }
}

/// On which lines our own sound is taken out of what comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Echo {
    Phones,
    Off,
}

impl From<Echo> for media::ear::EchoControl {
    fn from(echo: Echo) -> Self {
        match echo {
            Echo::Phones => Self::On,
            Echo::Off => Self::Off,
        }
    }
}

/// How much of a line's noise is taken out before the recogniser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Noise {
    Off,
    Auto,
    Mild,
    Firm,
    Strong,
}

impl From<Noise> for media::ear::suppressor::Suppression {
    fn from(noise: Noise) -> Self {
        match noise {
            Noise::Off => Self::Off,
            Noise::Auto => Self::Auto,
            Noise::Mild => Self::Mild,
            Noise::Firm => Self::Firm,
            Noise::Strong => Self::Strong,
        }
    }
}

/// Whether callers are brought to the usual level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    On,
    Off,
}

impl From<Level> for media::ear::level::Levelling {
    fn from(level: Level) -> Self {
        match level {
            Level::On => Self::On,
            Level::Off => Self::Off,
        }
    }
}
