//! `DialIns`: calls of supervisors that are expected, each by a code that is dialled behind `supervisor_dial_in`.
use crate::security::digits;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use telephony::{Decline, Ring};
use tokio::sync::oneshot;

/// Calls that may be expected at once.
const MOST: usize = 64;

/// The digits of a code.
const CODE: u32 = 4;

/// Cheap to clone: all clones are the same table.
#[derive(Clone, Default)]
pub(super) struct DialIns(Arc<Mutex<HashMap<String, oneshot::Sender<Ring>>>>);

/// A call that is expected until this is dropped.
pub(super) struct Expected {
    table: DialIns,
    pub code: String,
    ring: oneshot::Receiver<Ring>,
}

impl DialIns {
    /// Expects a call, by a code that no other has; `None`: none can be had at present.
    pub fn expect(&self) -> Option<Expected> {
        let mut table = self.lock();
        if table.len() >= MOST {
            return None;
        }
        // Of ten thousand codes at most 64 are taken: eight draws in a row that all are do not happen.
        let code = (0..8).filter_map(|_| digits(CODE).ok()).find(|code| !table.contains_key(code))?;
        let (found, ring) = oneshot::channel();
        table.insert(code.clone(), found);
        Some(Expected { table: self.clone(), code, ring })
    }

    /// Passes on a call to this code, which is void from then on.
    pub async fn take(&self, code: &str, ring: Ring) {
        let found = self.lock().remove(code);
        let refused = match found {
            Some(found) => found.send(ring).err(),
            None => Some(ring),
        };
        if let Some(ring) = refused {
            ring.decline(Decline::Unknown).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, oneshot::Sender<Ring>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Expected {
    /// The call, when it comes.
    pub async fn ring(&mut self) -> Option<Ring> {
        (&mut self.ring).await.ok()
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        self.ring.close();
        self.table.lock().retain(|_, found| !found.is_closed());
    }
}

/// The code that is dialled behind `user`; `None`: another user is called.
pub(super) fn code_of<'a>(user: &str, called: &'a str) -> Option<&'a str> {
    let code = called.strip_prefix(user)?;
    (code.len() == CODE as usize && code.bytes().all(|digit| digit.is_ascii_digit())).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_what_follows_the_user_and_nothing_else() {
        assert_eq!(code_of("70", "701234"), Some("1234"));
        for other in ["70", "70123", "7012345", "70123a", "711234", "booking"] {
            assert_eq!(code_of("70", other), None, "{other}");
        }
    }

    #[test]
    fn codes_are_different_bounded_and_forgotten_with_who_expects_a_call() {
        let table = DialIns::default();
        let mut expected: Vec<Expected> = (0..MOST).map(|_| table.expect().unwrap()).collect();
        assert_eq!(table.lock().len(), MOST, "no code is given twice");
        assert!(expected.iter().all(|one| code_of("", &one.code).is_some()));
        assert!(table.expect().is_none());
        let gone = expected.pop().unwrap().code.clone();
        assert!(!table.lock().contains_key(&gone));
        assert!(table.expect().is_some());
    }
}
