//! The lock of a table that several tasks share.
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A table's lock. A panic elsewhere leaves each table whole: all changes are single steps.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
