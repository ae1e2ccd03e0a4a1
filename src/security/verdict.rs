//! `AuditVerdict`: whether the audit's records are those that were written, and if not, which are not.
use super::record::{AuditRecord, NO_HASH};
use std::collections::HashMap;
use std::fmt;

/// What is wrong with the audit, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditFlaw {
    /// The record is not as it was written.
    Changed(i64),
    /// The records from the first number to the second are gone.
    Removed(i64, i64),
    /// The record at the first number was written as the second.
    Moved(i64, i64),
    /// The record was written after another one than that which stands before it.
    Unlinked(i64),
    /// The last record is not the one that was written last.
    End(i64),
    /// There is another record of this number than the one that was noted elsewhere, or none.
    Unlike(i64),
}

impl fmt::Display for AuditFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(seq) => write!(f, "record {seq} was changed after it was written"),
            Self::Removed(from, to) if from == to => write!(f, "record {from} was removed"),
            Self::Removed(from, to) => write!(f, "records {from} to {to} were removed"),
            Self::Moved(at, from) => write!(f, "record {at} was written as record {from} and moved"),
            Self::Unlinked(seq) => {
                write!(f, "record {seq} was written after another record than the one before it: that one was replaced")
            }
            Self::End(seq) => write!(f, "record {seq} is the last one and not the one that was written last"),
            Self::Unlike(seq) => {
                write!(
                    f,
                    "record {seq} is not the one that was noted, or is gone: the audit was written anew or cut off"
                )
            }
        }
    }
}

/// What was found of the audit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditVerdict {
    pub records: u64,
    /// Number and hash of the last record.
    pub head: Option<(i64, String)>,
    pub flaws: Vec<AuditFlaw>,
}

/// Reads the records twice in their order: where each hash stands, then whether each record is right.
#[derive(Default)]
pub(super) struct Check {
    /// Number and hash of records that were noted elsewhere, and are not found yet.
    noted: Vec<(i64, String)>,
    places: HashMap<String, i64>,
    records: u64,
    last: Option<(i64, String)>,
    /// Whether the last record is not as it was written: then the next one's link to it tells nothing new.
    last_is_wrong: bool,
    flaws: Vec<AuditFlaw>,
}

impl Check {
    pub(super) fn new(noted: &[(i64, String)]) -> Self {
        Self { noted: noted.to_vec(), ..Self::default() }
    }

    pub(super) fn place(&mut self, record: &AuditRecord) {
        self.places.insert(record.hash.clone(), record.seq);
    }

    pub(super) fn record(&mut self, record: &AuditRecord) {
        self.noted.retain(|(seq, hash)| (*seq, hash) != (record.seq, &record.hash));
        let (last, previous) = self.last.take().unwrap_or_else(|| (0, NO_HASH.to_owned()));
        self.records += 1;
        if record.seq > last + 1 {
            self.flaws.push(AuditFlaw::Removed(last + 1, record.seq - 1));
        }
        let wrong = record.computed() != record.hash;
        let after_wrong = std::mem::replace(&mut self.last_is_wrong, wrong);
        if wrong {
            self.flaws.push(match self.written_as(record) {
                Some(seq) => AuditFlaw::Moved(record.seq, seq),
                None => AuditFlaw::Changed(record.seq),
            });
        } else if record.previous != previous && record.seq == last + 1 && !after_wrong {
            self.flaws.push(AuditFlaw::Unlinked(record.seq));
        }
        self.last = Some((record.seq, record.hash.clone()));
    }

    /// The number under which a record's hash is right: the one after its predecessor's, wherever that stands now, or any other.
    fn written_as(&self, record: &AuditRecord) -> Option<i64> {
        let near = self.places.get(&record.previous).map(|place| place + 1);
        let any = 1..=self.places.len() as i64 + 1;
        near.into_iter().chain(any).find(|seq| AuditRecord { seq: *seq, ..record.clone() }.computed() == record.hash)
    }

    pub(super) fn end(mut self, head: Option<(i64, String)>) -> AuditVerdict {
        match (&self.last, &head) {
            (None, None) => {}
            (last, Some((seq, _))) if last.as_ref().is_none_or(|(last, _)| last < seq) => {
                self.flaws.push(AuditFlaw::Removed(last.as_ref().map_or(0, |(last, _)| *last) + 1, *seq));
            }
            (Some((last, hash)), head) if head.as_ref().is_none_or(|(seq, head)| (seq, head) != (last, hash)) => {
                self.flaws.push(AuditFlaw::End(*last));
            }
            _ => {}
        }
        self.flaws.extend(self.noted.iter().map(|(seq, _)| AuditFlaw::Unlike(*seq)));
        AuditVerdict { records: self.records, head: self.last, flaws: self.flaws }
    }
}
