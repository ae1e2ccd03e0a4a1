//! The state of one recording, shared by the call, the tap and the writer.
use super::{RecordFault, RecordOutcome};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The number of recordings that have begun and not ended.
static UNCLOSED: AtomicUsize = AtomicUsize::new(0);

/// How many recordings have not ended; the process waits for them before it exits.
pub fn unclosed() -> usize {
    UNCLOSED.load(Ordering::Acquire)
}

pub(super) type OnEnd = Box<dyn FnOnce(RecordOutcome) + Send>;

/// The outcome of a recording, or the callback that waits for it.
pub(super) enum Ending {
    Waiting(Option<OnEnd>),
    Ended(RecordOutcome),
}

/// How a recording was stopped for good while its call goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    /// What was recorded before is kept.
    Kept = 1,
    /// There is no file any more.
    Dropped = 2,
}

/// The state of one recording.
pub(super) struct State {
    pub id: u64,
    pub path: PathBuf,
    /// A bit for each [`super::PausedBy`] that has paused it.
    pub paused: AtomicU8,
    /// Nothing more is recorded: a [`Stopped`].
    pub stopped: AtomicU8,
    /// No more sound comes.
    pub closed: AtomicBool,
    pub waiting: AtomicUsize,
    fault: Mutex<Option<RecordFault>>,
    ending: Mutex<Ending>,
}

impl State {
    pub fn new(path: PathBuf) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        UNCLOSED.fetch_add(1, Ordering::AcqRel);
        Self {
            id: COUNT.fetch_add(1, Ordering::Relaxed),
            path,
            paused: AtomicU8::new(0),
            stopped: AtomicU8::new(0),
            closed: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            fault: Mutex::new(None),
            ending: Mutex::new(Ending::Waiting(None)),
        }
    }

    /// How the recording was stopped for good, where it was.
    pub fn stopped(&self) -> Option<Stopped> {
        match self.stopped.load(Ordering::Acquire) {
            0 => None,
            stopped if stopped == Stopped::Kept as u8 => Some(Stopped::Kept),
            _ => Some(Stopped::Dropped),
        }
    }

    /// Whether all sound that is kept is written: the tap is closed, or the recording was stopped.
    pub fn is_over(&self) -> bool {
        match self.stopped() {
            Some(Stopped::Dropped) => return true,
            Some(Stopped::Kept) if self.waiting.load(Ordering::Acquire) == 0 => return true,
            _ => {}
        }
        self.closed.load(Ordering::Acquire) && self.waiting.load(Ordering::Acquire) == 0
    }

    /// Notes a failure of the disk.
    pub fn disk_failed(&self, why: &io::Error) {
        let fault = RecordFault::Disk { path: self.path.clone(), why: why.to_string() };
        self.fault().get_or_insert(fault);
    }

    pub fn fault(&self) -> MutexGuard<'_, Option<RecordFault>> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn ending(&self) -> MutexGuard<'_, Ending> {
        self.ending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `tell` when the recording ends; at once where it has ended.
    pub fn on_end(&self, tell: OnEnd) {
        let ended = match &mut *self.ending() {
            Ending::Waiting(waiting) => {
                *waiting = Some(tell);
                return;
            }
            Ending::Ended(kept) => kept.clone(),
        };
        tell(ended);
    }

    /// Ends the recording. Only the first outcome counts.
    pub fn end(&self, kept: RecordOutcome) {
        let mut ending = self.ending();
        let Ending::Waiting(tell) = &mut *ending else { return };
        let tell = tell.take();
        *ending = Ending::Ended(kept.clone());
        drop(ending);
        tell.into_iter().for_each(|tell| tell(kept.clone()));
        UNCLOSED.fetch_sub(1, Ordering::AcqRel);
    }
}
