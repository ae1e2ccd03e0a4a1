//! `Recorder`: records both sides of a call into one two-channel file (left the caller, right what the caller was sent), and into another
//! what people beside the caller say, where some do (left the agent, right supervisors); aligned by tick, on one writer thread for all
//! calls. The files grow during the call: a killed process loses less than a second.
mod encode;
mod fault;
mod feed;
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

use crate::frame::{Frame, SamplePos};
use crate::tap::Tap;
use feed::Feed;
use file::NewFile;
use state::{Ending, State, Stopped};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

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
#[derive(Clone)]
pub struct RecordPlan {
    pub path: PathBuf,
    pub format: Format,
    /// Where set, the file is encrypted.
    pub vault: Option<Arc<Vault>>,
}

/// The file beside a recording that holds what people beside the caller said, where some did.
pub fn people_path(recording: &Path) -> PathBuf {
    let name = recording.file_name().unwrap_or_default().to_string_lossy();
    let (stem, extensions) = name.split_once('.').unwrap_or((&name, ""));
    recording.with_file_name(format!("{stem}.people.{extensions}"))
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
    /// Of the file of people beside the caller.
    people: Arc<State>,
}

impl Recorder {
    /// Creates the file (and its folder), with access for this user only, and returns the tap that fills it. The file's rate is that of
    /// the first frame, also when the line's changes. The file of people ([`people_path`]) is created when the first of them is heard.
    ///
    /// # Errors
    /// [`RecordFault::Disk`] if the file cannot be created. Later faults end the tap and are reported by [`Recorder::fault`].
    pub fn start(plan: &RecordPlan) -> Result<(Self, Box<dyn Tap>), RecordFault> {
        let writer = writer::start()?;
        let file = NewFile::Planned(plan.clone()).create()?;
        let people = RecordPlan { path: people_path(&plan.path), ..plan.clone() };
        let (state, of_people) = (Arc::new(State::new(plan.path.clone())), Arc::new(State::new(people.path.clone())));
        let tap = RecordTap {
            call: Feed::new(state.clone(), writer.clone(), NewFile::Made(file.into())),
            people: Feed::new(of_people.clone(), writer, NewFile::Planned(people)),
            next: None,
        };
        Ok((Self { state, people: of_people }, Box::new(tap)))
    }

    fn both(&self) -> [&State; 2] {
        [&self.state, &self.people]
    }

    /// Pauses or resumes the recording from the next tick on. While anyone has it paused, silence is recorded of everybody.
    pub fn pause(&self, by: PausedBy, paused: bool) {
        for state in self.both() {
            if paused {
                state.paused.fetch_or(by as u8, Ordering::Relaxed);
            } else {
                state.paused.fetch_and(!(by as u8), Ordering::Relaxed);
            }
        }
    }

    /// Ends the recording for good while the call goes on: from the next tick on nothing is recorded of anybody. What was recorded before
    /// is closed as whole files if it `keeps`, else removed; both at once.
    pub fn stop(&self, keeps: bool) {
        let stopped = if keeps { Stopped::Kept } else { Stopped::Dropped };
        self.both().iter().for_each(|state| _ = state.stopped.fetch_max(stopped as u8, Ordering::AcqRel));
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
        self.state.on_end(Box::new(tell));
    }

    /// The same, of the file of people beside the caller.
    pub fn on_people_end(&self, tell: impl FnOnce(RecordOutcome) + Send + 'static) {
        self.people.on_end(Box::new(tell));
    }
}

/// The room's side of a recording.
struct RecordTap {
    call: Feed,
    people: Feed,
    /// The tick that the file of people goes on with; at first the first tick of the recording.
    next: Option<SamplePos>,
}

impl Tap for RecordTap {
    fn take(&mut self, left: &Frame, right: &Frame) -> ControlFlow<()> {
        self.next.get_or_insert(left.pos);
        self.call.take(left, right)
    }

    /// A fault of this file ends it alone.
    fn take_people(&mut self, agent: &Frame, supervisors: &Frame) {
        let from = self.next.replace(SamplePos(agent.pos.0 + SamplePos::PER_TICK)).unwrap_or(agent.pos);
        let silent = agent.pos.0.saturating_sub(from.0) / SamplePos::PER_TICK;
        let _ = self.people.take_after(silent, agent, supervisors);
    }
}

#[cfg(test)]
mod tests;
