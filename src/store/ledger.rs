//! `Ledger`: the calls that are live, and those whose end is not on disk yet. Fed by the same events as the database.
use super::event::{Call, Event, State, TimelineEvent};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Ended calls waiting for a database that does not take them; beyond it the oldest is forgotten.
const WAITING: usize = 2_000;

#[derive(Default)]
pub(super) struct Ledger {
    calls: Mutex<BTreeMap<String, Entry>>,
}

struct Entry {
    call: Call,
    /// An event of it was lost on the way to the database: its end is stored as a whole instead.
    torn: bool,
}

impl Ledger {
    /// What `event` is on the call's timeline; `None` when the call is unknown or over.
    pub(super) fn apply(&self, id: &str, at: Timestamp, event: Event) -> Option<TimelineEvent> {
        let mut calls = self.lock();
        if let Event::Started(started) = &event {
            if calls.contains_key(id) {
                return None;
            }
            calls.insert(id.into(), Entry { call: Call::new(id, at, started), torn: false });
        }
        let entry = calls.get_mut(id).filter(|entry| entry.call.state == State::Live)?;
        entry.call.apply(at, &event);
        let since = at.duration_since(entry.call.started_at).as_millis();
        if entry.call.state == State::Ended {
            bound(&mut calls);
        }
        Some(TimelineEvent { call: id.into(), at, at_ms: u64::try_from(since).unwrap_or(0), event })
    }

    /// An event of this call did not reach the writer.
    pub(super) fn tear(&self, id: &str) {
        if let Some(entry) = self.lock().get_mut(id) {
            entry.torn = true;
        }
    }

    /// The end of this call is on disk. A torn one stays until it is stored whole.
    pub(super) fn retire(&self, id: &str) {
        let mut calls = self.lock();
        if calls.get(id).is_some_and(|entry| !entry.torn && entry.call.state == State::Ended) {
            calls.remove(id);
        }
    }

    /// Torn calls that are over, to be stored whole.
    pub(super) fn torn(&self) -> Vec<Call> {
        let over = |entry: &&Entry| entry.torn && entry.call.state == State::Ended;
        self.lock().values().filter(over).map(|entry| entry.call.clone()).collect()
    }

    pub(super) fn mended(&self, id: &str) {
        self.lock().remove(id);
    }

    pub(super) fn get(&self, id: &str) -> Option<Call> {
        self.lock().get(id).map(|entry| entry.call.clone())
    }

    /// Newest first.
    pub(super) fn list(&self, state: Option<State>, limit: usize, before: Option<&str>) -> Vec<Call> {
        let calls = self.lock();
        let newest = calls.values().rev().map(|entry| &entry.call);
        let wanted = newest.filter(|call| state.is_none_or(|state| call.state == state));
        wanted.filter(|call| before.is_none_or(|before| call.id.as_str() < before)).take(limit).cloned().collect()
    }

    pub(super) fn live(&self) -> usize {
        self.lock().values().filter(|entry| entry.call.state == State::Live).count()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bound(calls: &mut BTreeMap<String, Entry>) {
    let mut over = calls.values().filter(|entry| entry.call.state == State::Ended).map(|entry| entry.call.id.clone());
    if let Some(oldest) = over.next()
        && over.count() >= WAITING
    {
        calls.remove(&oldest);
    }
}
