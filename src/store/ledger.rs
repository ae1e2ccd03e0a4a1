//! `Ledger`: the calls that are live, and those whose end is not on disk yet. Fed by the same events as the database.
use super::event::{Call, Event, State, TimelineEvent};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Ended calls waiting for a database that does not take them; beyond it the oldest is forgotten.
const WAITING: usize = 2_000;

#[derive(Default)]
pub(super) struct Ledger(Mutex<Calls>);

#[derive(Default)]
struct Calls {
    all: BTreeMap<String, Entry>,
    /// How many of them are over.
    over: usize,
}

struct Entry {
    call: Box<Call>,
    /// An event of it was lost on the way to the database: its end is stored as a whole instead.
    torn: bool,
}

impl Ledger {
    /// What `event` is on the call's timeline; `None` when the call is unknown or over.
    pub(super) fn apply(&self, id: &str, at: Timestamp, event: Event) -> Option<TimelineEvent> {
        let mut calls = self.lock();
        if let Event::Started(started) = &event {
            if calls.all.contains_key(id) {
                return None;
            }
            calls.all.insert(id.into(), Entry { call: Box::new(Call::new(id, at, started)), torn: false });
        }
        let entry = calls.all.get_mut(id).filter(|entry| entry.call.state == State::Live)?;
        entry.call.apply(at, &event);
        let since = at.duration_since(entry.call.started_at).as_millis();
        if entry.call.state == State::Ended {
            calls.over += 1;
            calls.bound();
        }
        Some(TimelineEvent { call: id.into(), at, at_ms: u64::try_from(since).unwrap_or(0), event })
    }

    /// An event of this call did not reach the writer.
    pub(super) fn tear(&self, id: &str) {
        if let Some(entry) = self.lock().all.get_mut(id) {
            entry.torn = true;
        }
    }

    /// The end of this call is on disk. A torn one stays until it is stored whole.
    pub(super) fn retire(&self, id: &str) {
        let mut calls = self.lock();
        if calls.all.get(id).is_some_and(|entry| !entry.torn && entry.call.state == State::Ended) {
            calls.remove(id);
        }
    }

    /// Torn calls that are over, to be stored whole.
    pub(super) fn torn(&self) -> Vec<Call> {
        let over = |entry: &&Entry| entry.torn && entry.call.state == State::Ended;
        self.lock().all.values().filter(over).map(|entry| Call::clone(&entry.call)).collect()
    }

    pub(super) fn mended(&self, id: &str) {
        self.lock().remove(id);
    }

    pub(super) fn get(&self, id: &str) -> Option<Call> {
        self.lock().all.get(id).map(|entry| Call::clone(&entry.call))
    }

    /// Newest first.
    pub(super) fn list(&self, state: Option<State>, limit: usize, before: Option<&str>) -> Vec<Call> {
        let calls = self.lock();
        let newest = calls.all.values().rev().map(|entry| entry.call.as_ref());
        let wanted = newest.filter(|call| state.is_none_or(|state| call.state == state));
        wanted.filter(|call| before.is_none_or(|before| call.id.as_str() < before)).take(limit).cloned().collect()
    }

    pub(super) fn live(&self) -> usize {
        let calls = self.lock();
        calls.all.len() - calls.over
    }

    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Calls {
    fn remove(&mut self, id: &str) {
        if self.all.remove(id).is_some_and(|entry| entry.call.state == State::Ended) {
            self.over -= 1;
        }
    }

    fn bound(&mut self) {
        if self.over > WAITING {
            let oldest = self.all.values().find(|entry| entry.call.state == State::Ended).map(|e| e.call.id.clone());
            oldest.into_iter().for_each(|id| self.remove(&id));
        }
    }
}
