//! `Recorder`: records both sides of a call into one two-channel file (left the caller, right what the caller was sent), aligned by
//! tick, on one writer thread for all calls. The file grows during the call: a killed process loses less than a second.
mod encode;
mod fault;
mod file;
mod ogg_opus;
mod play;
mod seal;
mod state;
mod track;
mod wav;
mod writer;

pub use fault::RecordFault;
pub use play::Playback;
pub use seal::{BadKeys, Vault};
pub use state::unclosed;
pub use wav::finalise;

use crate::frame::Frame;
use crate::tap::Tap;
use file::RecordingFile;
use seal::Sealer;
use state::{Ending, State, Stopped};
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError};
use track::{Piece, Track};
use writer::WriteJob;

/// The most pieces of one call that wait for the disk (10 s); beyond it the recording ends.
const WAITING: usize = 50;

/// The format of a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// PCM, 16 bit, at the rate the line began with.
    #[default]
    Wav,
    /// Ogg Opus (RFC 7845), a tenth of the size; a mono stream for each side, without crosstalk.
    Opus,
}

impl Format {
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Opus => "opus",
        }
    }
}

/// The further extension of an encrypted recording's name.
pub const SEALED: &str = "sealed";

/// Where and how a call is recorded.
pub struct RecordPlan {
    pub path: PathBuf,
    pub format: Format,
    /// Where set, the file is encrypted.
    pub vault: Option<Arc<Vault>>,
}

/// Who pauses a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PausedBy {
    /// The bot, while it asks for a secret.
    Bot = 1,
    /// A person, by the API.
    Operator = 2,
}

/// The outcome of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordOutcome {
    Whole,
    /// It ended early: the file is valid and holds the sound up to the fault.
    Part(RecordFault),
    /// There is no file: there was no sound, or none reached the disk.
    Nothing(Option<RecordFault>),
}

/// The call's handle of its recording. Dropping it has no effect: the recording ends with its room.
pub struct Recorder {
    state: Arc<State>,
}

impl Recorder {
    /// Creates the file (and its folder), with access for this user only, and returns the tap that fills it. The file's rate is that of
    /// the first frame, also when the line's changes.
    ///
    /// # Errors
    /// [`RecordFault::Disk`] if the file cannot be created. Later faults end the tap and are reported by [`Recorder::fault`].
    pub fn start(plan: &RecordPlan) -> Result<(Self, Box<dyn Tap>), RecordFault> {
        let writer = writer::start()?;
        let sealer = plan.vault.as_deref().map(Sealer::new).transpose()?;
        let disk = |why: io::Error| RecordFault::Disk { path: plan.path.clone(), why: why.to_string() };
        let file = RecordingFile::create(&plan.path, plan.format, sealer).map_err(disk)?;
        let state = Arc::new(State::new(plan.path.clone()));
        let tap = RecordTap { state: state.clone(), writer, file: Some(file), track: Track::default() };
        Ok((Self { state }, Box::new(tap)))
    }

    /// Pauses or resumes the recording from the next tick on. While anyone has it paused, silence is recorded on both sides.
    pub fn pause(&self, by: PausedBy, paused: bool) {
        if paused {
            self.state.paused.fetch_or(by as u8, Ordering::Relaxed);
        } else {
            self.state.paused.fetch_and(!(by as u8), Ordering::Relaxed);
        }
    }

    /// Ends the recording for good while the call goes on: from the next tick on nothing is recorded. What was recorded before is closed
    /// as a whole file if it `keeps`, else removed; both at once.
    pub fn stop(&self, keeps: bool) {
        let stopped = if keeps { Stopped::Kept } else { Stopped::Dropped };
        self.state.stopped.fetch_max(stopped as u8, Ordering::AcqRel);
    }

    /// The fault that ended the recording, if any.
    pub fn fault(&self) -> Option<RecordFault> {
        self.state.fault().clone()
    }

    /// Whether the recording has ended.
    pub fn done(&self) -> bool {
        matches!(*self.state.ending(), Ending::Ended(_))
    }

    /// Calls `tell` when the recording ends, on the writer's thread, which it must not block; at once where it has ended.
    pub fn on_end(&self, tell: impl FnOnce(RecordOutcome) + Send + 'static) {
        let ended = match &mut *self.state.ending() {
            Ending::Waiting(waiting) => {
                *waiting = Some(Box::new(tell));
                return;
            }
            Ending::Ended(kept) => kept.clone(),
        };
        tell(ended);
    }
}

/// The room's side of a recording.
struct RecordTap {
    state: Arc<State>,
    writer: SyncSender<WriteJob>,
    /// Passed to the writer with the first piece.
    file: Option<RecordingFile>,
    track: Track,
}

impl Tap for RecordTap {
    fn take(&mut self, left: &Frame, right: &Frame) -> ControlFlow<()> {
        if self.state.fault().is_some() {
            return ControlFlow::Break(());
        }
        if self.state.stopped().is_some() {
            return ControlFlow::Continue(());
        }
        match self.track.take(left, right, self.state.paused.load(Ordering::Relaxed) != 0) {
            ControlFlow::Break(()) => {
                self.state.fault().get_or_insert(RecordFault::Stalled);
                ControlFlow::Break(())
            }
            ControlFlow::Continue(None) => ControlFlow::Continue(()),
            ControlFlow::Continue(Some(piece)) => self.hand_over(Some(piece)),
        }
    }
}

impl RecordTap {
    fn hand_over(&mut self, piece: Option<Piece>) -> ControlFlow<()> {
        let waiting = self.state.waiting.fetch_add(1, Ordering::AcqRel);
        let mut full = waiting >= WAITING;
        if !full {
            let job = WriteJob { state: self.state.clone(), file: self.file.take(), piece };
            if let Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) = self.writer.try_send(job) {
                (full, self.file) = (true, job.file);
            }
        }
        if full {
            self.state.waiting.fetch_sub(1, Ordering::AcqRel);
            self.state.fault().get_or_insert(RecordFault::Slow);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

impl Drop for RecordTap {
    fn drop(&mut self) {
        let over = self.state.fault().is_some() || self.state.stopped().is_some();
        let rest = if over { None } else { self.track.rest() };
        if rest.is_some() || self.file.is_some() {
            // A refusal is recorded as the fault.
            let _ = self.hand_over(rest);
        }
        self.state.closed.store(true, Ordering::Release);
        if let Some(file) = self.file.take() {
            file.give_up(&self.state);
        }
    }
}

#[cfg(test)]
mod tests;
