//! `Feed`: the room's side of one file of a recording.
use super::RecordFault;
use super::RecordOutcome;
use super::file::NewFile;
use super::state::State;
use super::track::{Piece, Track};
use super::writer::WriteJob;
use crate::frame::Frame;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError};

/// The most pieces of one file that wait for the disk (10 s); beyond it the recording ends.
pub(super) const WAITING: usize = 50;

pub(super) struct Feed {
    state: Arc<State>,
    writer: SyncSender<WriteJob>,
    /// Passed to the writer with the first piece.
    file: Option<NewFile>,
    track: Track,
}

impl Feed {
    pub fn new(state: Arc<State>, writer: SyncSender<WriteJob>, file: NewFile) -> Self {
        Self { state, writer, file: Some(file), track: Track::default() }
    }

    /// Takes one tick; `Break` when the recording has ended by a fault.
    pub fn take(&mut self, left: &Frame, right: &Frame) -> ControlFlow<()> {
        self.take_after(0, left, right)
    }

    /// The same, after so many ticks of silence.
    pub fn take_after(&mut self, silent: u64, left: &Frame, right: &Frame) -> ControlFlow<()> {
        if self.state.fault().is_some() {
            return ControlFlow::Break(());
        }
        if self.state.stopped().is_some() {
            return ControlFlow::Continue(());
        }
        if silent > 0 {
            if let Some(rest) = self.track.skip() {
                self.hand_over(Some(rest))?;
            }
            self.hand_over(Some(Piece { rate: left.rate.hz(), pcm: Vec::new(), silent }))?;
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

impl Drop for Feed {
    fn drop(&mut self) {
        let over = self.state.fault().is_some() || self.state.stopped().is_some();
        let rest = if over { None } else { self.track.rest() };
        if rest.is_some() || matches!(self.file, Some(NewFile::Made(_))) {
            // A refusal is recorded as the fault.
            let _ = self.hand_over(rest);
        }
        self.state.closed.store(true, Ordering::Release);
        match self.file.take() {
            Some(NewFile::Made(file)) => file.give_up(&self.state),
            Some(NewFile::Planned(_)) => {
                let fault = self.state.fault().clone();
                self.state.end(RecordOutcome::Nothing(fault));
            }
            None => {}
        }
    }
}
