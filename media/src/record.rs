//! `Recorder`: both sides of a call into one two-channel file (left the caller, right what the caller was sent), aligned by
//! tick, on one writer thread for all calls. The file grows as the call goes: what a kill takes is less than a second.
mod encode;
mod ogg_opus;
mod play;
mod seal;
mod track;
mod wav;

pub use play::Playback;
pub use seal::{BadKeys, Vault};
pub use wav::finalise;

use crate::frame::Frame;
use crate::tap::Tap;
use encode::Encoder;
use seal::Sealer;
use std::collections::HashMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;
use track::{Piece, Track};

/// Pieces of one call that may wait for the disk (10 s); more, and the recording breaks.
const WAITING: usize = 50;
/// Pieces of all calls together that may wait.
const QUEUE: usize = 8 * 1024;
/// Ticks of sound that go to the disk together. With the piece that fills up, 0.8 s is the most that a kill can take.
const TOGETHER: u64 = 30;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordFault {
    #[error("{} cannot be written ({why}): check the disk's space and the folder's rights", .path.display())]
    Disk { path: PathBuf, why: String },
    #[error("{} cannot be read: {why}", .path.display())]
    Unreadable { path: PathBuf, why: String },
    #[error("the writer thread does not start: {0}")]
    Thread(String),
    #[error("the disk is too slow for this call's recording; it ends here")]
    Slow,
    #[error("the machine stood still for so long that this call's recording ends here")]
    Stalled,
    #[error("the system gives no random numbers, so nothing can be encrypted")]
    Random,
    #[error("{} is not a WAV file that was begun here", .0.display())]
    NotWav(PathBuf),
    #[error("{} is encrypted, and no key is set: set store.recording_key_file or store.recording_key_command", .0.display())]
    Locked(PathBuf),
    #[error(
        "{} is encrypted with the key {id}, which is none of ours: add that key as a further line to what \
         store.recording_key_file or store.recording_key_command gives", .path.display()
    )]
    OtherKey { path: PathBuf, id: String },
    #[error("{} was changed or is damaged in piece {piece} of its sound: take it from a backup", .path.display())]
    Damaged { path: PathBuf, piece: usize },
    #[error("{} is encrypted in a way this version does not know: use the version that wrote it, or a newer one", .0.display())]
    Version(PathBuf),
}

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

type Tell = Box<dyn FnOnce(Kept) + Send>;

/// Who is told how a recording ended.
enum Told {
    Waiting(Option<Tell>),
    Ended(Kept),
}

/// What the call, the tap and the writer share about one recording.
struct State {
    id: u64,
    path: PathBuf,
    /// Who has paused it, bit by bit.
    paused: AtomicU8,
    /// No more sound comes.
    closed: AtomicBool,
    waiting: AtomicUsize,
    fault: Mutex<Option<RecordFault>>,
    told: Mutex<Told>,
}

impl State {
    fn fault(&self) -> MutexGuard<'_, Option<RecordFault>> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file is closed or gone. The first word on it counts.
    fn end(&self, kept: Kept) {
        let mut told = self.told();
        let Told::Waiting(tell) = &mut *told else { return };
        let tell = tell.take();
        *told = Told::Ended(kept.clone());
        drop(told);
        tell.into_iter().for_each(|tell| tell(kept.clone()));
        OPEN.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Recordings that have begun and not ended.
static OPEN: AtomicUsize = AtomicUsize::new(0);

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
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let (writer, path) = (writer()?, plan.path.clone());
        let sealer = plan.vault.as_deref().map(Sealer::new).transpose()?;
        let disk = |why: io::Error| RecordFault::Disk { path: path.clone(), why: why.to_string() };
        if let Some(folder) = path.parent() {
            private_folder(folder).map_err(disk)?;
        }
        let file = private_file(&path).map_err(disk)?;
        let state = Arc::new(State {
            id: COUNT.fetch_add(1, Ordering::Relaxed),
            path,
            paused: AtomicU8::new(0),
            closed: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            fault: Mutex::new(None),
            told: Mutex::new(Told::Waiting(None)),
        });
        OPEN.fetch_add(1, Ordering::AcqRel);
        let paper = Paper { file, format: plan.format, sealer, whole: 0, good: 0 };
        let tap = Feed { state: state.clone(), writer, paper: Some(paper), track: Track::default() };
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
        matches!(*self.state.told(), Told::Ended(_))
    }

    /// Calls `tell` when the file is closed, or at once where it is: on the writer's thread, which it must not hold up.
    pub fn on_end(&self, tell: impl FnOnce(Kept) + Send + 'static) {
        let ended = match &mut *self.state.told() {
            Told::Waiting(waiting) => {
                *waiting = Some(Box::new(tell));
                return;
            }
            Told::Ended(kept) => kept.clone(),
        };
        tell(ended);
    }
}

/// How many recordings are not closed yet: at the end of the process they are worth a moment's wait.
pub fn unclosed() -> usize {
    OPEN.load(Ordering::Acquire)
}

/// Mode 0700 for what is missing: a stranger on this machine shall not even see how many calls there were.
fn private_folder(path: &Path) -> io::Result<()> {
    let mut folder = DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(path)
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new();
    file.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    file.open(path)
}

/// The room's end.
struct Feed {
    state: Arc<State>,
    writer: SyncSender<Job>,
    /// Goes to the writer with the first piece.
    paper: Option<Paper>,
    track: Track,
}

struct Job {
    state: Arc<State>,
    paper: Option<Paper>,
    /// None: nothing came before the end.
    piece: Option<Piece>,
}

impl Tap for Feed {
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

impl Feed {
    fn hand_over(&mut self, piece: Option<Piece>) -> ControlFlow<()> {
        let waiting = self.state.waiting.fetch_add(1, Ordering::AcqRel);
        let mut full = waiting >= WAITING;
        if !full {
            let job = Job { state: self.state.clone(), paper: self.paper.take(), piece };
            if let Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) = self.writer.try_send(job) {
                (full, self.paper) = (true, job.paper);
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
        let broken = self.state.fault().is_some();
        let rest = if broken { None } else { self.track.rest() };
        if rest.is_some() || self.paper.is_some() {
            // Where it is refused, the fault says so.
            let _ = self.hand_over(rest);
        }
        self.state.closed.store(true, Ordering::Release);
        if let Some(paper) = self.paper.take() {
            paper.give_up(&self.state);
        }
    }
}

/// The one writer thread of the process.
fn writer() -> Result<SyncSender<Job>, RecordFault> {
    static WRITER: OnceLock<Result<SyncSender<Job>, String>> = OnceLock::new();
    let started = WRITER.get_or_init(|| {
        let (jobs, inbox) = sync_channel(QUEUE);
        let thread = thread::Builder::new().name("writer".into()).spawn(move || write(&inbox));
        thread.map(|_| jobs).map_err(|why| why.to_string())
    });
    started.clone().map_err(RecordFault::Thread)
}

/// The file, in the clear or sealed.
struct Paper {
    file: File,
    format: Format,
    sealer: Option<Sealer>,
    /// Bytes of it in the clear.
    whole: u64,
    /// Bytes of the file that are in order.
    good: u64,
}

impl Paper {
    fn put(&mut self, bytes: &[u8], end: End) -> io::Result<()> {
        let whole = self.whole + bytes.len() as u64;
        let mut written = bytes.len() as u64;
        if let Some(sealer) = &mut self.sealer {
            let mut sealed = if self.whole == 0 { sealer.header().to_vec() } else { Vec::new() };
            sealer.seal(bytes, end, &mut sealed)?;
            written = sealed.len() as u64;
            self.file.write_all(&sealed)?;
        } else {
            self.file.write_all(bytes)?;
            self.size(whole)?;
        }
        (self.whole, self.good) = (whole, self.good + written);
        Ok(())
    }

    /// The header of a WAV file tells the truth at every moment.
    fn size(&mut self, whole: u64) -> io::Result<()> {
        if self.format != Format::Wav || self.sealer.is_some() {
            return Ok(());
        }
        for (at, value) in wav::sizes(whole) {
            self.file.seek(SeekFrom::Start(at))?;
            self.file.write_all(&value)?;
        }
        self.file.seek(SeekFrom::End(0)).map(drop)
    }

    /// Leaves of the file what is in order, and no file where nothing is.
    fn give_up(mut self, state: &State) {
        let fault = state.fault().clone();
        let cut =
            self.file.set_len(self.good).and_then(|()| if self.good == 0 { Ok(()) } else { self.size(self.whole) });
        if let Err(why) = cut {
            tracing::warn!(path = %state.path.display(), %why, "the end of a broken recording cannot be cut off");
        }
        let Some(fault) = fault.filter(|_| self.good > 0) else {
            // What was opened may be something else than a file.
            if self.file.metadata().is_ok_and(|about| about.is_file()) {
                let _ = std::fs::remove_file(&state.path);
            }
            return state.end(Kept::Nothing(state.fault().clone()));
        };
        state.end(Kept::Part(fault));
    }
}

/// Whether more follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    More,
    Last,
}

/// One open file.
struct Open {
    state: Arc<State>,
    paper: Paper,
    encoder: Encoder,
    /// Encoded, and not yet on the disk.
    bytes: Vec<u8>,
    /// Ticks in it.
    ticks: u64,
}

impl Open {
    fn take(&mut self, piece: &Piece) -> io::Result<()> {
        self.encoder.push(piece, &mut self.bytes)?;
        self.ticks += piece.ticks();
        if self.ticks >= TOGETHER {
            self.ticks = 0;
            self.encoder.flush(&mut self.bytes)?;
            self.paper.put(&self.bytes, End::More)?;
            self.bytes.clear();
        }
        Ok(())
    }

    /// Ends the file: as a whole one, or as far as it went where the recording is broken.
    fn close(mut self) {
        let broken = self.state.fault().is_some();
        let last = match broken {
            false => self.encoder.finish(&mut self.bytes).and_then(|()| self.paper.put(&self.bytes, End::Last)),
            true => self.encoder.flush(&mut self.bytes).and_then(|()| self.paper.put(&self.bytes, End::More)),
        };
        match last {
            Ok(()) if !broken => self.state.end(Kept::Whole),
            Ok(()) => self.paper.give_up(&self.state),
            Err(why) => self.fail(&why),
        }
    }

    /// The disk takes no more of it.
    fn fail(self, why: &io::Error) {
        failed(&self.state, why);
        self.paper.give_up(&self.state);
    }
}

fn failed(state: &State, why: &io::Error) {
    let fault = RecordFault::Disk { path: state.path.clone(), why: why.to_string() };
    state.fault().get_or_insert(fault);
}

fn write(inbox: &Receiver<Job>) {
    let mut open: HashMap<u64, Open> = HashMap::new();
    let mut unswept = 0;
    loop {
        match inbox.recv_timeout(Duration::from_millis(250)) {
            Ok(job) => {
                let state = job.state.clone();
                append(&mut open, job);
                state.waiting.fetch_sub(1, Ordering::AcqRel);
                unswept += 1;
                // A call brings five in a second: those that ended are closed about twice a second, however many go on.
                if unswept < 2 * open.len().max(1) {
                    continue;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        unswept = 0;
        sweep(&mut open);
    }
}

/// What waited when a recording broke is written too: it came before.
fn append(open: &mut HashMap<u64, Open>, job: Job) {
    let Job { state, paper, piece } = job;
    match (paper, &piece) {
        (Some(paper), Some(piece)) => match Encoder::new(paper.format, piece.rate) {
            Ok(encoder) => {
                let id = state.id;
                drop(open.insert(id, Open { state: state.clone(), paper, encoder, bytes: Vec::new(), ticks: 0 }));
            }
            Err(why) => {
                failed(&state, &why);
                return paper.give_up(&state);
            }
        },
        (Some(paper), None) => return paper.give_up(&state),
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
fn sweep(open: &mut HashMap<u64, Open>) {
    let over = |state: &State| state.closed.load(Ordering::Acquire) && state.waiting.load(Ordering::Acquire) == 0;
    let ended: Vec<u64> = open.iter().filter(|(_, o)| over(&o.state)).map(|(id, _)| *id).collect();
    ended.into_iter().filter_map(|id| open.remove(&id)).for_each(Open::close);
}

#[cfg(test)]
mod tests;
