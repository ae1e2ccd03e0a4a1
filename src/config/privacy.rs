//! `[privacy]`: what is personal in what is said, and hidden in what is stored and in what others are told.
use dialog::guard::Personal;
use serde::{Deserialize, Serialize};

/// A kind of personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonalData {
    Phone,
    Card,
    Id,
    Email,
    Name,
    Address,
}

impl From<PersonalData> for Personal {
    fn from(kind: PersonalData) -> Self {
        match kind {
            PersonalData::Phone => Self::Phone,
            PersonalData::Card => Self::Card,
            PersonalData::Id => Self::Id,
            PersonalData::Email => Self::Email,
            PersonalData::Name => Self::Name,
            PersonalData::Address => Self::Address,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Privacy {
    /// Masked in the calls of every bot; the file of a bot may name more.
    pub mask: Vec<PersonalData>,
    /// What is masked is a tone in recordings.
    pub bleep: bool,
}

impl Default for Privacy {
    fn default() -> Self {
        Self { mask: vec![PersonalData::Card, PersonalData::Id], bleep: true }
    }
}

impl Privacy {
    /// What is masked in the calls of every bot.
    pub fn kinds(&self) -> impl Iterator<Item = Personal> + use<> {
        self.mask.clone().into_iter().map(Personal::from)
    }
}
