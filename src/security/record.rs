//! `AuditRecord`: one record of the audit, and the hash that binds it to the one before it.
use super::random::hex;
use jiff::Timestamp;
use serde_json::json;

/// What the first record has for the hash of the one before it.
pub(super) const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRecord {
    /// From 1, without gaps.
    pub seq: i64,
    pub at: Timestamp,
    /// Who did it: [`Principal::name`].
    pub name: String,
    pub kind: String,
    pub action: String,
    pub call: Option<String>,
    /// A JSON object, as text.
    pub detail: String,
    /// The hash of the record before it.
    pub previous: String,
    /// Over `previous` and everything above, in hexadecimal.
    pub hash: String,
}

impl AuditRecord {
    /// The hash that the record should have: SHA-256 of the previous hash, a line feed, and a JSON array: seq, microseconds since 1970, name, kind, action, call, detail.
    pub fn computed(&self) -> String {
        let Self { seq, name, kind, action, call, detail, .. } = self;
        let record = json!([seq, self.at.as_microsecond(), name, kind, action, call, detail]);
        let text = format!("{}\n{record}", self.previous);
        hex(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()).as_ref())
    }
}
