//! The writer thread: encodes the sound of all recordings and writes it to the disk.
use super::RecordFault;
use super::RecordOutcome;
use super::encode::Encoder;
use super::file::{NewFile, RecordingFile};
use super::seal::End;
use super::state::{State, Stopped};
use super::track::Piece;
use std::collections::HashMap;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

/// The most pieces of all calls that wait.
const QUEUE: usize = 8 * 1024;
/// Ticks of sound that are written together. With the incomplete piece a killed process loses at most 0.8 s.
const FLUSH_TICKS: u64 = 30;

/// From a tap to the writer.
pub(super) struct WriteJob {
    pub state: Arc<State>,
    /// With the first piece.
    pub file: Option<NewFile>,
    /// `None`: the recording ended without sound.
    pub piece: Option<Piece>,
}

/// Returns the queue of the process's writer thread; the first recording starts it.
pub(super) fn start() -> Result<SyncSender<WriteJob>, RecordFault> {
    static WRITER: OnceLock<Result<SyncSender<WriteJob>, String>> = OnceLock::new();
    let started = WRITER.get_or_init(|| {
        let (jobs, inbox) = sync_channel(QUEUE);
        let thread = thread::Builder::new().name("writer".into()).spawn(move || run(&inbox));
        thread.map(|_| jobs).map_err(|why| why.to_string())
    });
    started.clone().map_err(RecordFault::Thread)
}

/// One open file.
struct OpenRecording {
    state: Arc<State>,
    file: RecordingFile,
    encoder: Encoder,
    /// Encoded and not written yet.
    bytes: Vec<u8>,
    /// Ticks in it.
    ticks: u64,
}

impl OpenRecording {
    fn take(&mut self, piece: &Piece) -> io::Result<()> {
        let mut silent = piece.silent;
        while silent > 0 {
            let ticks = silent.min(FLUSH_TICKS);
            silent -= ticks;
            let samples = 2 * ticks * u64::from(piece.rate) / 50;
            self.write(&Piece { rate: piece.rate, pcm: vec![0; samples as usize], silent: 0 })?;
        }
        if piece.pcm.is_empty() { Ok(()) } else { self.write(piece) }
    }

    fn write(&mut self, piece: &Piece) -> io::Result<()> {
        self.encoder.push(piece, &mut self.bytes)?;
        self.ticks += piece.ticks();
        if self.ticks >= FLUSH_TICKS {
            self.ticks = 0;
            self.encoder.flush(&mut self.bytes)?;
            self.file.append(&self.bytes, End::More)?;
            self.bytes.clear();
        }
        Ok(())
    }

    /// Closes the file: complete, or up to the fault where the recording is broken.
    fn close(mut self) {
        if self.state.stopped() == Some(Stopped::Dropped) {
            return self.file.remove(&self.state);
        }
        let broken = self.state.fault().is_some();
        let last = match broken {
            false => self.encoder.finish(&mut self.bytes).and_then(|()| self.file.append(&self.bytes, End::Last)),
            true => self.encoder.flush(&mut self.bytes).and_then(|()| self.file.append(&self.bytes, End::More)),
        };
        match last {
            Ok(()) if !broken => self.state.end(RecordOutcome::Whole),
            Ok(()) => self.file.give_up(&self.state),
            Err(why) => self.fail(&why),
        }
    }

    /// Ends the recording after a failure of the disk.
    fn fail(self, why: &io::Error) {
        self.state.disk_failed(why);
        self.file.give_up(&self.state);
    }
}

fn run(inbox: &Receiver<WriteJob>) {
    let mut open: HashMap<u64, OpenRecording> = HashMap::new();
    let mut taken = 0;
    loop {
        match inbox.recv_timeout(Duration::from_millis(250)) {
            Ok(job) => {
                let state = job.state.clone();
                take(&mut open, job);
                state.waiting.fetch_sub(1, Ordering::AcqRel);
                taken += 1;
                // A call has five jobs a second, so ended recordings are closed about twice a second, whatever their number.
                if taken < 2 * open.len().max(1) {
                    continue;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        taken = 0;
        close_ended(&mut open);
    }
}

/// Writes a job. Sound that was queued before a fault is written too.
fn take(open: &mut HashMap<u64, OpenRecording>, job: WriteJob) {
    let WriteJob { state, file, piece } = job;
    if let Some(NewFile::Planned(_)) = &file
        && state.stopped() == Some(Stopped::Dropped)
    {
        return state.end(RecordOutcome::Nothing(None));
    }
    let file = match file.map(NewFile::create).transpose() {
        Ok(file) => file,
        Err(fault) => {
            state.fault().get_or_insert(fault.clone());
            return state.end(RecordOutcome::Nothing(Some(fault)));
        }
    };
    match (file, &piece) {
        (Some(file), _) if state.stopped() == Some(Stopped::Dropped) => return file.remove(&state),
        (Some(file), Some(piece)) => match Encoder::new(file.format, piece.rate) {
            Ok(encoder) => {
                let id = state.id;
                drop(
                    open.insert(id, OpenRecording { state: state.clone(), file, encoder, bytes: Vec::new(), ticks: 0 }),
                );
            }
            Err(why) => {
                state.disk_failed(&why);
                return file.give_up(&state);
            }
        },
        (Some(file), None) => return file.give_up(&state),
        (None, _) => {}
    }
    // A file whose disk failed has been removed.
    if let (Some(piece), Some(file)) = (piece, open.get_mut(&state.id))
        && let Err(why) = file.take(&piece)
        && let Some(file) = open.remove(&state.id)
    {
        file.fail(&why);
    }
}

/// Closes recordings that have ended.
fn close_ended(open: &mut HashMap<u64, OpenRecording>) {
    let ended: Vec<u64> = open.iter().filter(|(_, o)| o.state.is_over()).map(|(id, _)| *id).collect();
    ended.into_iter().filter_map(|id| open.remove(&id)).for_each(OpenRecording::close);
}
