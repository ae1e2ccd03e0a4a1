//! `Ledger`: live calls, and ended calls that are not on disk yet, in memory. It is given the same events as the database.
use super::Wanted;
use super::event::{Call, CallEvent, CallState, TimelineEvent};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Ended calls that may wait for a failing database; beyond it the oldest is dropped.
const WAITING: usize = 2_000;

/// One moment on the wall clock and on the monotonic clock.
#[derive(Clone, Copy)]
pub(super) struct ClockReading {
    pub(super) wall: Timestamp,
    pub(super) steady: Instant,
}

#[derive(Default)]
pub(super) struct Ledger(Mutex<Calls>);

#[derive(Default)]
struct Calls {
    all: BTreeMap<String, Entry>,
    /// How many of them have ended.
    over: usize,
}

struct Entry {
    call: Box<Call>,
    /// When it started. Every time of the call is this wall-clock time plus the time that has passed since on the monotonic clock, so
    /// that setting the wall clock during a call changes none of them.
    began: ClockReading,
    /// Its recording was opened, and the event that closes it is not on disk yet.
    unclosed: bool,
    /// An event of it was dropped before it reached the database: the call is stored as a whole after its end.
    incomplete: bool,
}

impl Ledger {
    /// Applies `event` and returns it as an entry of the timeline; `None` if the call is unknown or has ended.
    pub(super) fn apply(&self, id: &str, now: ClockReading, event: CallEvent) -> Option<TimelineEvent> {
        let mut calls = self.lock();
        if let CallEvent::Started(started) = &event {
            if calls.all.contains_key(id) {
                return None;
            }
            let call = Box::new(Call::new(id, now.wall, started));
            calls.all.insert(id.into(), Entry { call, began: now, unclosed: false, incomplete: false });
        }
        let entry = calls.all.get_mut(id)?;
        let over = entry.call.state == CallState::Ended;
        match &event {
            CallEvent::Recording(recording) => entry.unclosed = !recording.closed || entry.unclosed,
            _ if over => return None,
            _ => {}
        }
        // To the microsecond, as the database keeps it.
        let since = now.steady.saturating_duration_since(entry.began.steady).as_micros();
        let since = Duration::from_micros(u64::try_from(since).unwrap_or(u64::MAX));
        let at = SignedDuration::try_from(since).ok().and_then(|since| entry.began.wall.checked_add(since).ok());
        let (at, since) = (at.unwrap_or(now.wall), since.as_millis());
        entry.call.apply(at, &event);
        if entry.call.state == CallState::Ended && !over {
            calls.over += 1;
            calls.bound();
        }
        Some(TimelineEvent { call: id.into(), at, at_ms: u64::try_from(since).unwrap_or(0), event })
    }

    /// An event of this call did not reach the writer.
    pub(super) fn mark_incomplete(&self, id: &str) {
        if let Some(entry) = self.lock().all.get_mut(id) {
            entry.incomplete = true;
        }
    }

    /// `saved` is on disk. A call is removed from memory once its end and the closing of its recording are; an incomplete call once it
    /// is stored as a whole.
    pub(super) fn retire(&self, id: &str, saved: &CallEvent) {
        let mut calls = self.lock();
        let Some(entry) = calls.all.get_mut(id) else { return };
        entry.unclosed &= !matches!(saved, CallEvent::Recording(recording) if recording.closed);
        if !entry.unclosed && !entry.incomplete && entry.call.state == CallState::Ended {
            calls.remove(id);
        }
    }

    /// Incomplete calls that have ended and whose recordings are closed, to be stored as a whole.
    pub(super) fn incomplete(&self) -> Vec<Call> {
        let over =
            |entry: &&Entry| entry.incomplete && entry.call.state == CallState::Ended && !entry.call.recording_open;
        self.lock().all.values().filter(over).map(|entry| Call::clone(&entry.call)).collect()
    }

    /// An incomplete call has been stored as a whole.
    pub(super) fn stored_whole(&self, id: &str) {
        self.lock().remove(id);
    }

    pub(super) fn get(&self, id: &str) -> Option<Call> {
        self.lock().all.get(id).map(|entry| Call::clone(&entry.call))
    }

    pub(super) fn bot(&self, id: &str) -> Option<String> {
        self.lock().all.get(id).map(|entry| entry.call.bot.clone())
    }

    /// Newest first.
    pub(super) fn list(&self, wanted: Wanted<'_>) -> Vec<Call> {
        let Wanted { state, limit, before, bots } = wanted;
        let calls = self.lock();
        let newest = calls.all.values().rev().map(|entry| entry.call.as_ref());
        let of_state = newest.filter(|call| state.is_none_or(|state| call.state == state));
        let of_bots = of_state.filter(|call| bots.is_none_or(|bots| bots.contains(&call.bot)));
        of_bots.filter(|call| before.is_none_or(|before| call.id.as_str() < before)).take(limit).cloned().collect()
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
        if self.all.remove(id).is_some_and(|entry| entry.call.state == CallState::Ended) {
            self.over -= 1;
        }
    }

    fn bound(&mut self) {
        if self.over > WAITING {
            let oldest =
                self.all.values().find(|entry| entry.call.state == CallState::Ended).map(|e| e.call.id.clone());
            oldest.into_iter().for_each(|id| self.remove(&id));
        }
    }
}
