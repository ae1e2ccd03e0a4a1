//! The JSON of what bots remember of a caller.
use crate::store::{MemoryKind, Remembered};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, Deserialize, ToSchema)]
pub struct MemoryDocument {
    pub remembered: Vec<RememberedDocument>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct RememberedDocument {
    /// `fact`: the value of a slot. `promise`: what is owed to the caller (`call_back`) or was left half done (`unfinished`), its value is the
    /// task. `consent`, `language`, `pace`.
    pub kind: String,
    pub name: String,
    #[schema(value_type = Object)]
    pub value: serde_json::Value,
    /// The bots that know it: the word that they share, or the name of the only one.
    pub shared: String,
    /// The call that it is from.
    pub call: String,
    pub at: Timestamp,
    /// When it is forgotten.
    pub until: Timestamp,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct ForgottenDocument {
    /// How many things were remembered.
    pub forgotten: u64,
}

impl From<Remembered> for RememberedDocument {
    fn from(Remembered { kind, name, value, shared, call, at, until }: Remembered) -> Self {
        let kind = match kind {
            MemoryKind::Fact => "fact",
            MemoryKind::Promise => "promise",
            MemoryKind::Consent => "consent",
            MemoryKind::Language => "language",
            MemoryKind::Pace => "pace",
        };
        Self { kind: kind.into(), name, value: value.0, shared, call, at, until }
    }
}
