//! `Ledger`: the calls that are live, and those whose end is not on disk yet. Fed by the same events as the database.
use super::event::{Call, Event, State, TimelineEvent};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Ended calls waiting for a database that does not take them; beyond it the oldest is forgotten.
const WAITING: usize = 2_000;

/// A moment by both clocks.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) wall: Timestamp,
    pub(super) steady: Instant,
}

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
    /// When it started. All its times are this one's wall clock and what the steady clock has counted since: a wall clock that is
    /// set meanwhile does not reach them.
    began: Moment,
    /// How its recording ended is not on disk yet.
    unclosed: bool,
    /// An event of it was lost on the way to the database: its end is stored as a whole instead.
    torn: bool,
}

impl Ledger {
    /// What `event` is on the call's timeline; `None` when the call is unknown or over.
    pub(super) fn apply(&self, id: &str, now: Moment, event: Event) -> Option<TimelineEvent> {
        let mut calls = self.lock();
        if let Event::Started(started) = &event {
            if calls.all.contains_key(id) {
                return None;
            }
            let call = Box::new(Call::new(id, now.wall, started));
            calls.all.insert(id.into(), Entry { call, began: now, unclosed: false, torn: false });
        }
        let entry = calls.all.get_mut(id)?;
        let over = entry.call.state == State::Ended;
        match &event {
            Event::Recording(recording) => entry.unclosed = !recording.closed || entry.unclosed,
            _ if over => return None,
            _ => {}
        }
        // To the microsecond, as the database keeps it.
        let since = now.steady.saturating_duration_since(entry.began.steady).as_micros();
        let since = Duration::from_micros(u64::try_from(since).unwrap_or(u64::MAX));
        let at = SignedDuration::try_from(since).ok().and_then(|since| entry.began.wall.checked_add(since).ok());
        let (at, since) = (at.unwrap_or(now.wall), since.as_millis());
        entry.call.apply(at, &event);
        if entry.call.state == State::Ended && !over {
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

    /// This event is on disk. A call leaves memory when its end is, and that of its recording; a torn one when it is stored whole.
    pub(super) fn retire(&self, id: &str, saved: &Event) {
        let mut calls = self.lock();
        let Some(entry) = calls.all.get_mut(id) else { return };
        entry.unclosed &= !matches!(saved, Event::Recording(recording) if recording.closed);
        if !entry.unclosed && !entry.torn && entry.call.state == State::Ended {
            calls.remove(id);
        }
    }

    /// Torn calls that are over, and their recordings closed, to be stored whole.
    pub(super) fn torn(&self) -> Vec<Call> {
        let over = |entry: &&Entry| entry.torn && entry.call.state == State::Ended && !entry.call.recording_open;
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
