//! `Recorder`: both sides of a call into a two-channel WAV file (left the caller, right what the caller was sent), aligned by
//! tick, on one writer thread for all calls. The file can be played at any moment, also after the process was killed.
use crate::frame::{Frame, SamplePos};
use crate::tap::Tap;
use hound::{SampleFormat, WavSpec, WavWriter};
use std::collections::HashMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

/// Ticks that go to the writer together.
const BATCH: usize = 10;
/// Batches of one call that may wait for the disk (10 s); more, and the recording breaks.
const WAITING: usize = 50;
/// Batches of all calls together that may wait.
const QUEUE: usize = 8 * 1024;
/// A gap of more than this (a stall of the machine) ends the recording: nobody wants hours of made-up silence.
const LONGEST_GAP: u64 = 10 * 60 * SamplePos::PER_SECOND;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("{} cannot be written ({why}): check the disk's space and the folder's rights", .path.display())]
    Disk { path: PathBuf, why: String },
    #[error("the writer thread does not start: {0}")]
    Thread(String),
    #[error("the disk is too slow for this call's recording; it ends here")]
    Slow,
    #[error("{} is not a WAV file that was begun here", .0.display())]
    NotWav(PathBuf),
}

/// What the call, the tap and the writer share about one recording.
struct State {
    id: u64,
    path: PathBuf,
    paused: AtomicBool,
    /// No more sound comes.
    closed: AtomicBool,
    /// The writer has closed the file.
    done: AtomicBool,
    waiting: AtomicUsize,
    fault: Mutex<Option<Fault>>,
}

impl State {
    fn fault(&self) -> MutexGuard<'_, Option<Fault>> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The call's handle of its recording. Dropping it changes nothing: the recording ends with its room.
pub struct Recorder {
    state: Arc<State>,
}

impl Recorder {
    /// Creates the file (and its folder), both for this user alone, and hands out the tap that fills it; the rate is that of the first frame.
    ///
    /// # Errors
    /// [`Fault::Disk`] if the file cannot be created. What goes wrong later breaks the tap and is told by [`Recorder::fault`].
    pub fn start(path: &Path) -> Result<(Self, Box<dyn Tap>), Fault> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let writer = writer()?;
        let disk = |why: io::Error| Fault::Disk { path: path.to_owned(), why: why.to_string() };
        if let Some(folder) = path.parent() {
            private_folder(folder).map_err(disk)?;
        }
        let file = private_file(path).map_err(disk)?;
        let state = Arc::new(State {
            id: COUNT.fetch_add(1, Ordering::Relaxed),
            path: path.to_owned(),
            paused: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            done: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            fault: Mutex::new(None),
        });
        let tap = Feed { state: state.clone(), writer, file: Some(file), pcm: Vec::new(), next: None, rate: 0 };
        Ok((Self { state }, Box::new(tap)))
    }

    /// While paused, silence is written on both sides and time goes on (for what must not be kept).
    pub fn pause(&self, paused: bool) {
        self.state.paused.store(paused, Ordering::Relaxed);
    }

    /// Why the recording broke, if it did.
    pub fn fault(&self) -> Option<Fault> {
        self.state.fault().clone()
    }

    /// Whether the file is closed: whole, or as far as it went.
    pub fn done(&self) -> bool {
        self.state.done.load(Ordering::Acquire)
    }
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
    /// Goes to the writer with the first batch.
    file: Option<File>,
    /// Interleaved, of up to [`BATCH`] ticks.
    pcm: Vec<i16>,
    next: Option<SamplePos>,
    rate: u32,
}

struct Job {
    state: Arc<State>,
    file: Option<File>,
    rate: u32,
    pcm: Vec<i16>,
}

impl Tap for Feed {
    fn take(&mut self, left: &Frame, right: &Frame) -> ControlFlow<()> {
        if self.rate == 0 {
            self.rate = left.rate.hz();
        }
        if self.state.fault().is_some() || left.rate.hz() != self.rate || right.rate != left.rate {
            return ControlFlow::Break(());
        }
        // What a stall left out is silence, so that both sides and the clock stay together.
        let gap = left.pos.0.saturating_sub(self.next.unwrap_or(left.pos).0);
        if gap > LONGEST_GAP {
            return ControlFlow::Break(());
        }
        let missing = (gap / (SamplePos::PER_SECOND / u64::from(self.rate))) as usize;
        self.pcm.resize(self.pcm.len() + 2 * missing, 0);
        if self.state.paused.load(Ordering::Relaxed) {
            self.pcm.resize(self.pcm.len() + 2 * left.pcm().len(), 0);
        } else {
            self.pcm.extend(left.pcm().iter().zip(right.pcm()).flat_map(|(&l, &r)| [l, r]));
        }
        self.next = Some(SamplePos(left.pos.0 + SamplePos::PER_TICK));
        if self.pcm.len() >= 2 * BATCH * left.rate.per_tick() { self.hand_over() } else { ControlFlow::Continue(()) }
    }
}

impl Feed {
    fn hand_over(&mut self) -> ControlFlow<()> {
        let room = Vec::with_capacity(self.pcm.len());
        let pcm = std::mem::replace(&mut self.pcm, room);
        let job = Job { state: self.state.clone(), file: self.file.take(), rate: self.rate, pcm };
        let waiting = self.state.waiting.fetch_add(1, Ordering::AcqRel);
        let full = waiting >= WAITING
            || matches!(self.writer.try_send(job), Err(TrySendError::Full(_) | TrySendError::Disconnected(_)));
        if full {
            self.state.waiting.fetch_sub(1, Ordering::AcqRel);
            self.state.fault().get_or_insert(Fault::Slow);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        if !self.pcm.is_empty() && self.state.fault().is_none() {
            let _ = self.hand_over();
        }
        self.state.closed.store(true, Ordering::Release);
    }
}

/// The one writer thread of the process.
fn writer() -> Result<SyncSender<Job>, Fault> {
    static WRITER: OnceLock<Result<SyncSender<Job>, String>> = OnceLock::new();
    let started = WRITER.get_or_init(|| {
        let (jobs, inbox) = sync_channel(QUEUE);
        let thread = thread::Builder::new().name("writer".into()).spawn(move || write(&inbox));
        thread.map(|_| jobs).map_err(|why| why.to_string())
    });
    started.clone().map_err(Fault::Thread)
}

/// One open file.
struct Open {
    state: Arc<State>,
    wav: WavWriter<BufWriter<File>>,
    rate: u32,
    /// Samples since the header was last made true.
    since: u64,
}

fn write(inbox: &Receiver<Job>) {
    let mut open: HashMap<u64, Open> = HashMap::new();
    let mut unswept = 0;
    loop {
        match inbox.recv_timeout(Duration::from_millis(250)) {
            Ok(job) => {
                let (id, state) = (job.state.id, job.state.clone());
                if state.fault().is_none()
                    && let Err(why) = append(&mut open, job)
                {
                    *state.fault() = Some(Fault::Disk { path: state.path.clone(), why: why.to_string() });
                    open.remove(&id);
                }
                state.waiting.fetch_sub(1, Ordering::AcqRel);
                unswept += 1;
                if unswept < 256 {
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

fn append(open: &mut HashMap<u64, Open>, job: Job) -> Result<(), hound::Error> {
    if let Some(file) = job.file {
        let spec =
            WavSpec { channels: 2, sample_rate: job.rate, bits_per_sample: 16, sample_format: SampleFormat::Int };
        let wav = WavWriter::new(BufWriter::with_capacity(32 * 1024, file), spec)?;
        open.insert(job.state.id, Open { state: job.state.clone(), wav, rate: job.rate, since: 0 });
    }
    let Some(open) = open.get_mut(&job.state.id) else { return Ok(()) };
    for &sample in &job.pcm {
        open.wav.write_sample(sample)?;
    }
    open.since += job.pcm.len() as u64 / 2;
    // The header tells the truth at least once a second.
    if open.since * 10 >= u64::from(open.rate) * 8 {
        open.since = 0;
        open.wav.flush()?;
    }
    Ok(())
}

/// Closes what no more sound comes for.
fn sweep(open: &mut HashMap<u64, Open>) {
    let over = |state: &State| state.closed.load(Ordering::Acquire) && state.waiting.load(Ordering::Acquire) == 0;
    let ended: Vec<u64> = open.iter().filter(|(_, o)| over(&o.state)).map(|(id, _)| *id).collect();
    for id in ended {
        let Some(Open { state, wav, .. }) = open.remove(&id) else { continue };
        if let Err(why) = wav.finalize() {
            *state.fault() = Some(Fault::Disk { path: state.path.clone(), why: why.to_string() });
        }
        state.done.store(true, Ordering::Release);
    }
}

/// Makes the header of an interrupted recording true to the length of its file, so that nothing written is lost.
///
/// # Errors
/// [`Fault::Disk`], or [`Fault::NotWav`] where there is not even a header: such a file holds no sound.
pub fn finalise(path: &Path) -> Result<(), Fault> {
    let disk = |why: io::Error| Fault::Disk { path: path.to_owned(), why: why.to_string() };
    let not_wav = || Fault::NotWav(path.to_owned());
    let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(disk)?;
    let length = file.metadata().map_err(disk)?.len();
    let mut head = Vec::new();
    Read::by_ref(&mut file).take(4096).read_to_end(&mut head).map_err(disk)?;
    if head.get(..4) != Some(b"RIFF") || head.get(8..12) != Some(b"WAVE") {
        return Err(not_wav());
    }
    let word = |at: usize| head.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
    let (mut at, mut align) = (12, 4);
    let data = loop {
        let (Some(id), Some(size)) = (head.get(at..at + 4), word(at + 4)) else { return Err(not_wav()) };
        if id == b"data" {
            break at + 8;
        }
        if id == b"fmt " {
            align = head.get(at + 20..at + 22).map_or(4, |b| u64::from(u16::from_le_bytes([b[0], b[1]]))).max(1);
        }
        at = at.saturating_add(8).saturating_add(size as usize).saturating_add(size as usize & 1);
    };
    let sound = (length - data as u64) / align * align;
    let mut put = |at: u64, value: u64| -> io::Result<()> {
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes())
    };
    put(4, data as u64 - 8 + sound).and_then(|()| put(data as u64 - 4, sound)).map_err(disk)?;
    file.set_len(data as u64 + sound).map_err(disk)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rate;
    use crate::testkit::tone::{has, sine_from};
    use crate::testkit::wav;
    use std::fs;

    fn path(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("media-record-{}-{name}", std::process::id())).join("call.wav")
    }

    fn feed(tap: &mut dyn Tap, ticks: std::ops::Range<u64>) -> ControlFlow<()> {
        for tick in ticks {
            let mut left = Frame::silence(SamplePos::of_tick(tick), Rate::Hz8000);
            let mut right = left.clone();
            left.pcm_mut().copy_from_slice(&sine_from(400.0, Rate::Hz8000, tick * 160, 160, 5000));
            right.pcm_mut().copy_from_slice(&sine_from(900.0, Rate::Hz8000, tick * 160, 160, 5000));
            tap.take(&left, &right)?;
        }
        ControlFlow::Continue(())
    }

    fn wait(recorder: &Recorder) {
        for _ in 0..500 {
            if recorder.done() || recorder.fault().is_some() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("the writer does not end");
    }

    #[test]
    fn both_sides_are_aligned_by_tick_across_stalls_and_pauses() -> Result<(), Box<dyn std::error::Error>> {
        let path = path("aligned");
        let (recorder, mut tap) = Recorder::start(&path)?;
        assert!(feed(tap.as_mut(), 5..105).is_continue());
        // One second is missing, then one is secret.
        assert!(feed(tap.as_mut(), 155..205).is_continue());
        recorder.pause(true);
        assert!(feed(tap.as_mut(), 205..255).is_continue());
        recorder.pause(false);
        assert!(feed(tap.as_mut(), 255..258).is_continue());
        drop(tap);
        wait(&recorder);
        let (rate, channels) = wav::read(&path)?;
        assert_eq!((rate, channels.len(), channels[0].len(), channels[1].len()), (8000, 2, 253 * 160, 253 * 160));
        for (channel, hz) in [(0, 400.0), (1, 900.0)] {
            let said: Vec<i16> = sine_from(hz, Rate::Hz8000, 5 * 160, 253 * 160, 5000);
            assert_eq!(channels[channel][..16_000], said[..16_000]);
            assert!(channels[channel][16_000..24_000].iter().all(|&x| x == 0), "the stall");
            assert_eq!(channels[channel][24_000..32_000], said[24_000..32_000]);
            assert!(channels[channel][32_000..40_000].iter().all(|&x| x == 0), "the secret");
            assert_eq!(channels[channel][40_000..], said[40_000..]);
        }
        fs::remove_dir_all(path.parent().ok_or("no folder")?)?;
        Ok(())
    }

    #[test]
    fn a_recording_that_was_cut_off_is_whole_up_to_its_last_second() -> Result<(), Box<dyn std::error::Error>> {
        let path = path("cut");
        let (recorder, mut tap) = Recorder::start(&path)?;
        assert!(feed(tap.as_mut(), 0..500).is_continue());
        for _ in 0..500 {
            if recorder.state.waiting.load(Ordering::Acquire) == 0 {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        // What the disk holds at this moment, as after a kill.
        let cut = path.with_file_name("cut.wav");
        fs::copy(&path, &cut)?;
        let (_, channels) = wav::read(&cut)?;
        assert!(channels[0].len() >= 9 * 8000, "{} samples", channels[0].len());
        assert!(has(&channels[1], 900.0, Rate::Hz8000));
        // Half a frame more got out, and the header does not know it.
        OpenOptions::new().append(true).open(&cut)?.write_all(&[1; 643])?;
        let before = channels[0].len();
        finalise(&cut)?;
        assert!(wav::read(&cut)?.1[0].len() >= before + 160);
        fs::write(&cut, b"RIFF")?;
        assert_eq!(finalise(&cut), Err(Fault::NotWav(cut)));
        drop(tap);
        wait(&recorder);
        fs::remove_dir_all(path.parent().ok_or("no folder")?)?;
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_on_this_machine_can_read_a_recording() -> Result<(), Box<dyn std::error::Error>> {
        use std::os::unix::fs::PermissionsExt;
        let path = path("private");
        let (_recorder, _tap) = Recorder::start(&path)?;
        let folder = path.parent().ok_or("no folder")?;
        let mode = |path: &Path| fs::metadata(path).map(|about| about.permissions().mode() & 0o777);
        assert_eq!((mode(folder)?, mode(&path)?), (0o700, 0o600));
        fs::remove_dir_all(folder)?;
        Ok(())
    }

    #[test]
    fn a_full_disk_breaks_the_recording_and_says_so() -> Result<(), Box<dyn std::error::Error>> {
        let full = Path::new("/dev/full");
        if !full.exists() {
            println!("skipped: no /dev/full here");
            return Ok(());
        }
        let (recorder, mut tap) = Recorder::start(full)?;
        let mut tick = 0;
        while feed(tap.as_mut(), tick..tick + 10).is_continue() {
            tick += 10;
            assert!(tick < 100_000, "it never notices");
            thread::sleep(Duration::from_millis(1));
        }
        assert!(matches!(recorder.fault(), Some(Fault::Disk { .. })), "{:?}", recorder.fault());
        Ok(())
    }
}
