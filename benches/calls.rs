//! Whole bot calls at once: each caller books a room by voice, saying the next words when the bot is quiet.
//!
//! `make calls`, or `cargo bench --bench calls -- --calls 10,20,40,60 --neighbour --quick`. Prints, for each number of
//! calls: bookings, turns understood as said, calls refused, replies (from the end of the words to the bot's first sound)
//! and the server's CPU per second of call and memory per call. The callers share one thread. `--neighbour` runs a process
//! of the lowest priority (nice 19) beside it, which is always busy; `--quick` takes 5 and 10 calls. The words
//! are people's where ../shared/speech is there, else flite's. Nothing is asserted: machines differ.
use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use media::Language;
use media::codec::Codec;
use media::packet::{Packet, Rtp, Wire};
use media::tts::flite::Flite;
use media::tts::{Chunk, Synthesiser, Voice};
use softphone::clip::Clip;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::ControlFlow::Continue;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use telephony::rtp::{Ports, PortsPlan};
use telephony::sdp::Prefs;
use telephony::sip::{Dial, Sip, SipPlan};
use telephony::{Change, Line};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const SIP: u16 = 23_160;
const HTTP: u16 = 23_180;
const TICK: Duration = Duration::from_millis(20);
/// Samples of a tick at 8 kHz.
const FRAME: usize = 160;
/// Between two calls placed: people do not all call at the same time.
const PACE: Duration = Duration::from_millis(250);
/// The bot has finished when it has been quiet for so long.
const QUIET: Duration = Duration::from_millis(900);
/// Power of a frame that holds a voice: −45 dBFS.
const LOUD: f64 = 34_000.0;
/// Without an answer for so long, the words are said once more, so often.
const PATIENCE: Duration = Duration::from_secs(10);
const AGAIN: u32 = 1;
/// No booking takes longer.
const LONGEST: Duration = Duration::from_secs(180);

/// What is said, and the recording of it.
const WORDS: [(&str, &str); 7] = [
    ("book a room", "df_book_a_room"),
    ("mountain view", "df_mountain_view"),
    ("today", "df_today"),
    ("two thirty p m", "df_230pm"),
    ("half an hour", "df_half_an_hour"),
    ("two people", "df_two_people"),
    ("yes", ""),
];

struct Words(Vec<String>);

impl Words {
    fn after(&self, word: &str) -> Option<&str> {
        self.0.iter().position(|w| w == word).and_then(|at| self.0.get(at + 1)).map(String::as_str)
    }

    fn has(&self, word: &str) -> bool {
        self.0.iter().any(|w| w == word)
    }
}

/// A process that is killed when the bench ends.
struct Guarded(Child);

impl Drop for Guarded {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

struct Server {
    child: Guarded,
    dir: PathBuf,
    token: String,
    web: reqwest::Client,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.0.kill().ok();
        std::fs::remove_dir_all(&self.dir).ok();
    }
}

impl Server {
    async fn start(binary: &str, calls: usize) -> anyhow::Result<Self> {
        let dir = std::env::temp_dir().join(format!("switchboard-calls-{}-{calls}", std::process::id()));
        std::fs::create_dir_all(dir.join("bots"))?;
        std::fs::write(dir.join("bots/booking.en.toml"), include_str!("../configs/bots/booking.en.toml"))?;
        let (root, many) = (dir.display(), calls + 10);
        let silero = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/silero_vad_op18_ifless.onnx");
        let silero = silero.exists().then(|| format!("[speech]\nsilero = \"{}\"\n", silero.display()));
        let config = format!(
            "default_route = \"\"\n[sip]\nudp = \"127.0.0.1:{SIP}\"\ntcp = \"\"\nmax_calls = {many}\n[rtp]\nports_from = 33000\n\
             ports_to = 33999\n[bots]\ndir = \"{root}/bots\"\n[store]\ndir = \"{root}/data\"\n[http]\nlisten = \"127.0.0.1:{HTTP}\"\n\
             [log]\nlevel = \"warn\"\n[widget]\nenabled = false\n[speech.whisper]\nmodel = \"\"\n{}[[route]]\nuser = \"booking\"\nbot = \"booking.en\"\n",
            silero.unwrap_or_default()
        );
        let file = dir.join("server.toml");
        std::fs::write(&file, config)?;
        let log = std::fs::File::create(dir.join("log"))?;
        let child =
            Command::new(binary).args(["serve", "--config"]).arg(&file).stdout(Stdio::null()).stderr(log).spawn()?;
        let web = reqwest::Client::builder().no_proxy().build()?;
        let mut server = Self { child: Guarded(child), dir, token: String::new(), web };
        for _ in 0..300 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let ready = server.web.get(format!("http://127.0.0.1:{HTTP}/health/ready")).send().await;
            if ready.is_ok_and(|answer| answer.status().is_success()) {
                let token = std::fs::read_to_string(server.dir.join("data/admin.token"));
                server.token = token.context("no admin token")?.trim().to_owned();
                return Ok(server);
            }
            if server.child.0.try_wait()?.is_some() {
                bail!("the server ended: {}", std::fs::read_to_string(server.dir.join("log")).unwrap_or_default());
            }
        }
        bail!("the server is not ready")
    }

    async fn get(&self, path: &str) -> anyhow::Result<serde_json::Value> {
        let request = self.web.get(format!("http://127.0.0.1:{HTTP}/api/v1/{path}")).bearer_auth(&self.token);
        Ok(serde_json::from_str(&request.send().await?.text().await?)?)
    }

    /// CPU that its threads have had, as the scheduler counts it.
    fn cpu(&self) -> Duration {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.0.id())).into_iter().flatten().flatten();
        let spent = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("schedstat")).ok());
        Duration::from_nanos(spent.filter_map(|text| text.split(' ').next()?.parse::<u64>().ok()).sum())
    }

    /// Resident memory, in MB.
    fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.0.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).map_or(f64::NAN, |kb| kb / 1e3)
    }
}

/// One call, as the thread that sends and receives for all of them keeps it.
struct Caller {
    wire: Box<dyn Wire>,
    payload_type: u8,
    clips: Arc<Vec<Vec<Bytes>>>,
    silence: Bytes,
    sequence: u16,
    /// The clip to say next, and the frame of it while it is said.
    next: usize,
    saying: Option<usize>,
    /// When the last words ended, until they are answered.
    asked: Option<Instant>,
    again: u32,
    /// Loud frames in a row, when the last of the bot's was, and whether it has spoken since we last did.
    run: u32,
    loud: Instant,
    heard: bool,
    replies: Vec<Duration>,
    unanswered: usize,
}

impl Caller {
    fn turn(&mut self, now: Instant, decoder: &[i16; 256]) {
        while let Some(packet) = self.wire.recv(now) {
            if let Packet::Rtp(rtp) = packet {
                self.hear(&rtp, decoder);
            }
        }
        if self.saying.is_none() && self.next < self.clips.len() && now.saturating_duration_since(self.loud) > QUIET {
            match self.asked {
                None if self.heard => self.saying = Some(0),
                Some(asked) if now - asked > PATIENCE && self.again < AGAIN => {
                    (self.again, self.unanswered) = (self.again + 1, self.unanswered + 1);
                    self.next -= 1;
                    (self.asked, self.saying) = (None, Some(0));
                }
                _ => {}
            }
        }
        let mut payload = self.silence.clone();
        if let Some(frame) = self.saying {
            let clip = &self.clips[self.next];
            payload = clip[frame].clone();
            self.saying = Some(frame + 1).filter(|frame| *frame < clip.len());
            if self.saying.is_none() {
                self.next += 1;
                (self.asked, self.heard) = (Some(now), false);
            }
        }
        self.sequence = self.sequence.wrapping_add(1);
        let timestamp = u32::from(self.sequence).wrapping_mul(FRAME as u32);
        let (payload_type, sequence) = (self.payload_type, self.sequence);
        let rtp = Rtp { arrived: now, payload_type, marker: false, sequence, timestamp, ssrc: 0x5000, payload };
        self.wire.send(&Packet::Rtp(rtp));
    }

    fn hear(&mut self, rtp: &Rtp, decoder: &[i16; 256]) {
        let power = rtp.payload.iter().map(|&b| f64::from(decoder[usize::from(b)]).powi(2)).sum::<f64>();
        if power / (rtp.payload.len().max(1) as f64) < LOUD {
            self.run = 0;
            return;
        }
        self.run += 1;
        self.loud = rtp.arrived;
        if self.run == 2 && self.saying.is_none() {
            self.heard = true;
            if let Some(asked) = self.asked.take() {
                self.replies.push(rtp.arrived.saturating_duration_since(asked));
                self.again = 0;
            }
        }
    }
}

/// The thread that sends and receives for all callers.
fn drive(callers: &Mutex<Vec<Caller>>, stop: &AtomicBool) {
    let mut pcm = Vec::new();
    let decoder = std::array::from_fn(|byte| {
        pcm.clear();
        Codec::Pcmu.decoder().decode(&[byte as u8], &mut pcm);
        pcm.first().copied().unwrap_or(0)
    });
    let start = Instant::now();
    for step in 1u32.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let now = Instant::now();
        callers.lock().expect("callers").iter_mut().for_each(|caller| caller.turn(now, &decoder));
        std::thread::sleep((TICK * step).saturating_sub(start.elapsed()));
    }
}

fn frames(pcm: &[i16]) -> Vec<Bytes> {
    let mut encoder = Codec::Pcmu.encoder();
    let frame = |pcm: &[i16]| {
        let (mut whole, mut payload) = (pcm.to_vec(), Vec::new());
        whole.resize(FRAME, 0);
        encoder.encode(&whole, &mut payload);
        Bytes::from(payload)
    };
    pcm.chunks(FRAME).map(frame).collect()
}

/// The clips, and whether they are people's recordings.
fn clips() -> anyhow::Result<(Vec<Vec<Bytes>>, bool)> {
    let people = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/speech/en");
    let flite = Flite::load();
    let clip = |(text, file): (&str, &str)| {
        let path = people.join(file).with_extension("wav");
        if !file.is_empty() && path.exists() {
            let clip = Clip::read(&path)?;
            return anyhow::Ok(frames(&clip.pcm[clip.speech]));
        }
        let voice = Voice { language: Language::En, name: "rms".into(), rate: media::Rate::Hz8000 };
        let mut pcm = Vec::new();
        flite.speak(&voice, text, &mut |chunk: Chunk<'_>| {
            pcm.extend_from_slice(chunk.pcm);
            Continue(())
        })?;
        let clip = Clip::new(pcm).context("a silent voice")?;
        Ok(frames(&clip.pcm[clip.speech]))
    };
    Ok((WORDS.into_iter().map(clip).collect::<Result<_, _>>()?, people.exists()))
}

async fn row(calls: usize, binary: &str, sip: &Sip, clips: &Arc<Vec<Vec<Bytes>>>) -> anyhow::Result<()> {
    let server = Server::start(binary, calls).await?;
    let (callers, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let thread = std::thread::spawn({
        let (callers, stop) = (callers.clone(), stop.clone());
        move || drive(&callers, &stop)
    });
    let silence = frames(&[0; FRAME]).remove(0);
    let (cpu, idle, mut most) = (server.cpu(), server.memory(), 0.0_f64);
    let (mut lines, mut refused): (Vec<(Line, Instant)>, usize) = (Vec::new(), 0);
    let mut lasted = Duration::ZERO;
    for _ in 0..calls {
        let prefs = Prefs { codecs: vec![Codec::Pcmu], ..Prefs::default() };
        let to = format!("sip:booking@127.0.0.1:{SIP}");
        match sip.dial(Dial { to, prefs: Some(prefs), ..Dial::default() }).await {
            Ok(mut line) => {
                let now = Instant::now();
                let caller = Caller {
                    wire: line.wire.take().context("no wire")?,
                    payload_type: line.plan.payload_type,
                    clips: clips.clone(),
                    silence: silence.clone(),
                    sequence: 0,
                    next: 0,
                    saying: None,
                    asked: None,
                    again: 0,
                    run: 0,
                    loud: now,
                    heard: false,
                    replies: Vec::new(),
                    unanswered: 0,
                };
                callers.lock().expect("callers").push(caller);
                lines.push((line, now));
            }
            Err(_) => refused += 1,
        }
        tokio::time::sleep(PACE).await;
    }
    let until = Instant::now() + LONGEST;
    while !lines.is_empty() {
        most = most.max(server.memory());
        let mut left = Vec::new();
        for (mut line, began) in lines {
            let ended = tokio::time::timeout(Duration::from_millis(1), async {
                while !matches!(line.next().await, Change::Ended(_)) {}
            });
            match ended.await {
                Ok(()) => lasted += began.elapsed(),
                Err(_) if Instant::now() < until => left.push((line, began)),
                Err(_) => {
                    lasted += began.elapsed();
                    line.hang_up("enough").await;
                }
            }
        }
        lines = left;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let spent = server.cpu() - cpu;
    stop.store(true, Ordering::Relaxed);
    thread.join().ok();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (mut booked, mut right) = (0, 0);
    let list = server.get("calls?limit=200").await?;
    for call in list["calls"].as_array().context("no calls")? {
        let call = server.get(&format!("calls/{}", call["id"].as_str().unwrap_or_default())).await?;
        let slots = &call["slots"];
        let done = slots["place"] == "mountain view" && slots["time"] == "14:30" && slots["duration"] == "PT30M";
        booked += usize::from(done && slots["people"] == 2 && call["end"]["blame"] == "nobody");
        let turns = call["turns"].as_array().context("no turns")?;
        let said: Vec<_> = turns.iter().filter(|turn| turn["speaker"] == "caller").map(|turn| &turn["text"]).collect();
        right += WORDS.iter().filter(|(words, _)| said.iter().any(|said| *said == words)).count();
    }
    let callers = callers.lock().expect("callers");
    let mut replies: Vec<Duration> = callers.iter().flat_map(|caller| caller.replies.iter().copied()).collect();
    replies.sort_unstable();
    let unanswered: usize = callers.iter().map(|caller| caller.unanswered).sum();
    let ms = |share: f64| {
        let at = (replies.len() as f64 * share) as usize;
        replies.get(at.min(replies.len().saturating_sub(1))).map_or(f64::NAN, |d| d.as_secs_f64() * 1e3)
    };
    let late = replies.iter().filter(|reply| **reply > Duration::from_millis(2_500)).count();
    println!(
        "| {calls} | {booked} | {right} of {} | {refused} | {:.0} / {:.0} | {late}, {unanswered} | {:.1} | {:.2} |",
        (calls - refused) * WORDS.len(),
        ms(0.5),
        ms(0.95),
        spent.as_secs_f64() * 1e3 / lasted.as_secs_f64(),
        (most - idle) / (calls - refused).max(1) as f64,
    );
    Ok(())
}

/// A process of the lowest priority that is always busy.
fn neighbour() -> anyhow::Result<Guarded> {
    let busy = Command::new("nice").args(["-n", "19", "sh", "-c", "while :; do :; done"]).spawn();
    busy.map(Guarded).context("no neighbour")
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let words = Words(std::env::args().collect());
    let sizes = words.after("--calls").unwrap_or(if words.has("--quick") { "5,10" } else { "10,20,40,60" });
    let sizes: Vec<usize> = sizes.split(',').map(str::parse).collect::<Result<_, _>>()?;
    let binary = words.after("--server").unwrap_or(env!("CARGO_BIN_EXE_switchboard"));
    ensure!(Path::new(binary).exists(), "no server at {binary}");
    let ports = PortsPlan { bind: HERE, advertise: HERE, from: 36_000, to: 37_999, ..PortsPlan::default() };
    let plan = SipPlan { udp: vec![SocketAddr::new(HERE, 0)], tcp: Vec::new(), open: Vec::new(), ..SipPlan::default() };
    let (sip, _) = Sip::start(plan, Ports::new(ports)).await?;
    let (clips, people) = clips()?;
    let clips = Arc::new(clips);
    let neighbour = words.has("--neighbour").then(neighbour).transpose()?;
    println!(
        "bookings by {}{}\n",
        if people { "people's clips" } else { "a synthesised voice" },
        if neighbour.is_some() { " beside a busy process of nice 19" } else { "" }
    );
    println!(
        "| calls | booked | turns right | refused | reply, ms p50 / p95 | replies over 2.5 s, none | CPU, ms per second of call | memory, MB per call |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for calls in sizes {
        row(calls, binary, &sip, &clips).await?;
    }
    sip.stop(Duration::from_secs(2)).await;
    Ok(())
}
