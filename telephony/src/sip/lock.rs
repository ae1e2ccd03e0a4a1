//! The lock of a table that several tasks share.
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a table. A poisoned lock is used all the same: every change of a table is a single step, so a panic leaves it consistent.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
