//! The JSON of what people write of calls: notes, tags, links; and of what is erased.
use crate::store::{Note, Notes, Share};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, Deserialize, ToSchema)]
pub struct NotesDocument {
    /// The oldest first.
    pub notes: Vec<NoteDocument>,
    pub tags: Vec<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct NoteDocument {
    pub id: i64,
    pub at: Timestamp,
    /// Who wrote it.
    pub by: String,
    /// The moment of the call that it is about; `null`: the whole call.
    pub at_ms: Option<u64>,
    pub text: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    /// 1 to 2000 characters.
    pub text: String,
    /// The moment of the call that it is about, in milliseconds since its start.
    pub at_ms: Option<u64>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagsDocument {
    /// At most 20, each of 1 to 40 characters.
    pub tags: Vec<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShare {
    /// How long the link holds, 1 to 168; not given: 24.
    pub hours: Option<u32>,
    /// The moment of the call that it leads to.
    pub at_ms: Option<u64>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct ShareMade {
    /// Shown once. The link is `/console/#/shared/SECRET`.
    pub secret: String,
    pub until: Timestamp,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareSecret {
    pub secret: String,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct ShareDocument {
    pub call: String,
    pub at_ms: Option<u64>,
    /// Who made it.
    pub by: String,
    pub until: Timestamp,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct ErasedDocument {
    /// Calls that are erased, and recordings of them.
    pub calls: usize,
    pub recordings: usize,
}

impl From<Note> for NoteDocument {
    fn from(Note { id, at, by, at_ms, text }: Note) -> Self {
        Self { id, at, by, at_ms, text: text.0 }
    }
}

impl From<Notes> for NotesDocument {
    fn from(Notes { notes, tags }: Notes) -> Self {
        Self { notes: notes.into_iter().map(Into::into).collect(), tags }
    }
}

impl From<Share> for ShareDocument {
    fn from(Share { call, at_ms, by, until, .. }: Share) -> Self {
        Self { call, at_ms, by, until }
    }
}
