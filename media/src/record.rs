//! `Recorder`: both sides of a call into one two-channel file (left the caller, right what the caller was sent), aligned by
//! tick, on one writer thread for all calls. The file grows as the call goes: what a kill takes is less than a second.
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
use state::{Ending, State};
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError};
use track::{Piece, Track};
use writer::WriteJob;

/// Pieces of one call that may wait for the disk (10 s); more, and the recording breaks.
const WAITING: usize = 50;

/// How sound is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// PCM, 16 bit, at the rate the line began with.
    #[default]
    Wav,
    /// Ogg Opus (RFC 7845), one mono stream for each side, so that neither is heard in the other: a tenth of the space.
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

/// What follows the format's extension in the name of an encrypted recording.
pub const SEALED: &str = "sealed";

/// Where and how a call is recorded.
pub struct RecordPlan {
    pub path: PathBuf,
    pub format: Format,
    /// With one, the file is encrypted.
    pub vault: Option<Arc<Vault>>,
}

/// Who asks that nothing be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// The bot asks for a secret.
    Bot = 1,
    /// A person, by the API.
    Operator = 2,
}

/// What became of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    Whole,
    /// It broke off: its file holds what came before, and is in order.
    Part(RecordFault),
    /// There is no file: not a single sound came, or none reached the disk.
    Nothing(Option<RecordFault>),
}

/// The call's handle of its recording. Dropping it changes nothing: the recording ends with its room.
pub struct Recorder {
    state: Arc<State>,
}

impl Recorder {
    /// Creates the file (and its folder), both for this user alone, and hands out the tap that fills it; the rate is that of
    /// the first frame, and stays when the line's changes.
    ///
    /// # Errors
    /// [`RecordFault::Disk`] if the file cannot be created. What goes wrong later breaks the tap and is told by [`Recorder::fault`].
    pub fn start(plan: &RecordPlan) -> Result<(Self, Box<dyn Tap>), RecordFault> {
        let writer = writer::start()?;
        let sealer = plan.vault.as_deref().map(Sealer::new).transpose()?;
        let disk = |why: io::Error| RecordFault::Disk { path: plan.path.clone(), why: why.to_string() };
        let file = RecordingFile::create(&plan.path, plan.format, sealer).map_err(disk)?;
        let state = Arc::new(State::new(plan.path.clone()));
        let tap = RecordTap { state: state.clone(), writer, file: Some(file), track: Track::default() };
        Ok((Self { state }, Box::new(tap)))
    }

    /// While anybody has it paused, silence is written on both sides and time goes on (for what must not be kept). It takes
    /// effect with the next tick.
    pub fn pause(&self, asker: Asker, paused: bool) {
        if paused {
            self.state.paused.fetch_or(asker as u8, Ordering::Relaxed);
        } else {
            self.state.paused.fetch_and(!(asker as u8), Ordering::Relaxed);
        }
    }

    /// Why the recording broke, if it did.
    pub fn fault(&self) -> Option<RecordFault> {
        self.state.fault().clone()
    }

    /// Whether the file is closed: whole, or as far as it went.
    pub fn done(&self) -> bool {
        matches!(*self.state.ending(), Ending::Ended(_))
    }

    /// Calls `tell` when the file is closed, or at once where it is: on the writer's thread, which it must not hold up.
    pub fn on_end(&self, tell: impl FnOnce(Kept) + Send + 'static) {
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
    /// Goes to the writer with the first piece.
    file: Option<RecordingFile>,
    track: Track,
}

impl Tap for RecordTap {
    fn take(&mut self, left: &Frame, right: &Frame) -> ControlFlow<()> {
        if self.state.fault().is_some() {
            return ControlFlow::Break(());
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
        let broken = self.state.fault().is_some();
        let rest = if broken { None } else { self.track.rest() };
        if rest.is_some() || self.file.is_some() {
            // Where it is refused, the fault says so.
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
