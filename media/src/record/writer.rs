//! The writer thread: encodes the sound of all recordings and brings it to the disk.
use super::Kept;
use super::RecordFault;
use super::encode::Encoder;
use super::file::RecordingFile;
use super::seal::End;
use super::state::State;
use super::track::Piece;
use std::collections::HashMap;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

/// Pieces of all calls together that may wait.
const QUEUE: usize = 8 * 1024;
/// Ticks of sound that go to the disk together. With the piece that fills up, 0.8 s is the most that a kill can take.
const FLUSH_TICKS: u64 = 30;

/// What a tap hands to the writer.
pub(super) struct WriteJob {
    pub state: Arc<State>,
    /// With the first piece.
    pub file: Option<RecordingFile>,
    /// None: nothing came before the end.
    pub piece: Option<Piece>,
}

/// The one writer thread of the process, which the first recording starts.
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
    /// Encoded, and not yet on the disk.
    bytes: Vec<u8>,
    /// Ticks in it.
    ticks: u64,
}

impl OpenRecording {
    fn take(&mut self, piece: &Piece) -> io::Result<()> {
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

    /// Ends the file: as a whole one, or as far as it went where the recording is broken.
    fn close(mut self) {
        let broken = self.state.fault().is_some();
        let last = match broken {
            false => self.encoder.finish(&mut self.bytes).and_then(|()| self.file.append(&self.bytes, End::Last)),
            true => self.encoder.flush(&mut self.bytes).and_then(|()| self.file.append(&self.bytes, End::More)),
        };
        match last {
            Ok(()) if !broken => self.state.end(Kept::Whole),
            Ok(()) => self.file.give_up(&self.state),
            Err(why) => self.fail(&why),
        }
    }

    /// The disk takes no more of it.
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
                // A call brings five in a second: those that ended are closed about twice a second, however many go on.
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

/// What waited when a recording broke is written too: it came before.
fn take(open: &mut HashMap<u64, OpenRecording>, job: WriteJob) {
    let WriteJob { state, file, piece } = job;
    match (file, &piece) {
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
    // A file that the disk gave up is not among them any more.
    if let (Some(piece), Some(file)) = (piece, open.get_mut(&state.id))
        && let Err(why) = file.take(&piece)
        && let Some(file) = open.remove(&state.id)
    {
        file.fail(&why);
    }
}

/// Closes what no more sound comes for.
fn close_ended(open: &mut HashMap<u64, OpenRecording>) {
    let ended: Vec<u64> = open.iter().filter(|(_, o)| o.state.is_over()).map(|(id, _)| *id).collect();
    ended.into_iter().filter_map(|id| open.remove(&id)).for_each(OpenRecording::close);
}
