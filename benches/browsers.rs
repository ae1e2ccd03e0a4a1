//! What a browser's call costs the server beside a phone's: sixty of each call the echo for a minute with Opus made before.
//!
//! `make browsers`, or `cargo bench --bench browsers -- --peers 60 --seconds 60`. Prints failed calls, the time from the answer to
//! the first sound, and CPU and memory of the server's process for each call, of all its threads as the scheduler counts it
//! (proc(5), schedstat). Nothing is asserted but that no call fails: machines differ. `--only WORD` takes the rows that hold it.
use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use media::codec::{Codec, OpusPlan};
use media::packet::{Packet, Rtp, Wire};
use softphone::page::{Page, Placed};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use telephony::rtp::{Ports, PortsPlan};
use telephony::sdp::Prefs;
use telephony::sip::{Dial, Sip, SipPlan};
use telephony::{Change, Line};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const SIP: u16 = 23_060;
const HTTP: u16 = 23_080;
const TICK: Duration = Duration::from_millis(20);
/// Parts of a tick at which some of the callers send.
const SLICES: usize = 10;
/// Between two calls placed.
const PACE: Duration = Duration::from_millis(50);

struct Words(Vec<String>);

impl Words {
    fn after(&self, word: &str) -> Option<&str> {
        self.0.iter().position(|w| w == word).and_then(|at| self.0.get(at + 1)).map(String::as_str)
    }

    fn number(&self, word: &str, otherwise: u64) -> u64 {
        self.after(word).and_then(|n| n.parse().ok()).unwrap_or(otherwise)
    }
}

/// The server, in a folder of its own.
struct Server {
    child: Child,
    _dir: Folder,
    token: String,
}

struct Folder(std::path::PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Server {
    async fn start(binary: &str, peers: u64) -> anyhow::Result<Self> {
        let dir = Folder(std::env::temp_dir().join(format!("switchboard-browsers-{}", std::process::id())));
        let (root, many) = (dir.0.display(), peers + 10);
        std::fs::create_dir_all(dir.0.join("bots"))?;
        let config = format!(
            "default_route = \"\"\n[sip]\nudp = \"127.0.0.1:{SIP}\"\ntcp = \"\"\nmax_calls = {many}\n[rtp]\nports_from = 33000\n\
             ports_to = 35999\n[bots]\ndir = \"{root}/bots\"\n[store]\ndir = \"{root}/data\"\n[http]\nlisten = \"127.0.0.1:{HTTP}\"\n\
             [log]\nlevel = \"warn\"\n[widget]\npublic = []\nmax_calls = {many}\ncalls_per_address = {many}\n\
             sessions_per_minute = 10000\n[[route]]\nuser = \"echo\"\nbot = \"echo\"\n"
        );
        let file = dir.0.join("server.toml");
        std::fs::write(&file, config)?;
        let child = Command::new(binary).args(["serve", "--config"]).arg(&file).stdout(Stdio::null()).spawn()?;
        let mut server = Self { child, token: String::new(), _dir: dir };
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if tokio::net::TcpStream::connect((HERE, HTTP)).await.is_ok() {
                let token = std::fs::read_to_string(server._dir.0.join("data/admin.token"));
                server.token = token.context("no admin token")?.trim().to_owned();
                return Ok(server);
            }
            ensure!(server.child.try_wait()?.is_none(), "the server ended: see above");
        }
        bail!("the server does not listen")
    }

    /// CPU that its threads have had.
    fn cpu(&self) -> Duration {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).into_iter().flatten().flatten();
        let spent = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("schedstat")).ok());
        Duration::from_nanos(spent.filter_map(|text| text.split(' ').next()?.parse::<u64>().ok()).sum())
    }

    /// Resident memory, in kB.
    fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(f64::NAN)
    }
}

/// One call, as the thread that sends for all sees it.
struct Caller {
    wire: Box<dyn Wire>,
    payload_type: u8,
    clock: u32,
    sound: Arc<Vec<Bytes>>,
    sequence: u16,
    answered: Instant,
    first: Option<Instant>,
    sent: u64,
    heard: u64,
}

impl Caller {
    fn turn(&mut self, now: Instant) {
        let payload = self.sound[usize::from(self.sequence) % self.sound.len()].clone();
        self.sequence = self.sequence.wrapping_add(1);
        let timestamp = u32::from(self.sequence).wrapping_mul(self.clock / 50);
        let (payload_type, sequence) = (self.payload_type, self.sequence);
        let rtp = Rtp { arrived: now, payload_type, marker: false, sequence, timestamp, ssrc: 0x5000, payload };
        self.wire.send(&Packet::Rtp(rtp));
        self.sent += 1;
        self.listen(now);
    }

    fn listen(&mut self, now: Instant) {
        while let Some(packet) = self.wire.recv(now) {
            if let Packet::Rtp(rtp) = packet {
                self.first.get_or_insert(rtp.arrived);
                self.heard += 1;
            }
        }
    }
}

/// The thread that sends for all callers, spread over the tick as real ones are.
fn drive(callers: &Mutex<Vec<Caller>>, stop: &AtomicBool) {
    let start = Instant::now();
    for step in 0u32.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        std::thread::sleep((TICK / SLICES as u32 * step).saturating_sub(start.elapsed()));
        let now = Instant::now();
        let mut callers = callers.lock().expect("callers");
        for (at, caller) in callers.iter_mut().enumerate() {
            if at % SLICES == step as usize % SLICES {
                caller.turn(now);
            } else if caller.first.is_none() {
                caller.listen(now);
            }
        }
    }
}

/// Something with the loudness and the pauses of speech, 8 s of it.
fn sound(codec: Codec) -> Arc<Vec<Bytes>> {
    let rate = match codec {
        Codec::Opus(plan) => plan.rate.hz(),
        _ => 8_000,
    };
    let mut encoder = codec.encoder();
    let sample = |n: u32| {
        let t = n as f32 / rate as f32;
        let loud = if t % 2.4 < 1.4 { (t * 12.6).sin().abs() * 3_000.0 } else { 20.0 };
        let voice: f32 = (1..=12).map(|k| (std::f32::consts::TAU * 130.0 * k as f32 * t).sin() / k as f32).sum();
        (voice * loud) as i16
    };
    let pcm: Vec<i16> = (0..rate * 8).map(sample).collect();
    let encode = |tick: &[i16]| {
        let mut payload = Vec::new();
        encoder.encode(tick, &mut payload);
        Bytes::from(payload)
    };
    Arc::new(pcm.chunks_exact(rate as usize / 50).map(encode).collect())
}

/// One kind of caller.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Browser,
    Phone(Codec),
}

/// A call that is up; what ends it.
enum Held {
    Page(Box<Placed>),
    Line(Box<Line>),
}

impl Held {
    fn line(&mut self) -> &mut Line {
        match self {
            Self::Page(placed) => &mut placed.line,
            Self::Line(line) => line,
        }
    }
}

struct Phones {
    page: Page,
    sip: Sip,
}

impl Phones {
    async fn call(&self, kind: Kind) -> anyhow::Result<(Held, Instant)> {
        match kind {
            Kind::Browser => {
                let placed = self.page.call("echo").await?;
                Ok((Held::Page(Box::new(placed)), Instant::now()))
            }
            Kind::Phone(codec) => {
                let prefs = Prefs { codecs: vec![codec], ..Prefs::default() };
                let to = format!("sip:echo@127.0.0.1:{SIP}");
                let line = self.sip.dial(Dial { to, prefs: Some(prefs), ..Dial::default() }).await?;
                Ok((Held::Line(Box::new(line)), Instant::now()))
            }
        }
    }
}

/// A row of the table.
async fn row(
    name: &str,
    kind: Kind,
    server: &Server,
    phones: &Phones,
    (peers, seconds): (u64, u64),
) -> anyhow::Result<u64> {
    let codec = match kind {
        Kind::Browser => Codec::Opus(OpusPlan { dtx: false, ..OpusPlan::default() }),
        Kind::Phone(codec) => codec,
    };
    let sound = sound(codec);
    let (callers, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let thread = std::thread::spawn({
        let (callers, stop) = (callers.clone(), stop.clone());
        move || drive(&callers, &stop)
    });
    let (memory, mut held, mut failed) = (server.memory(), Vec::new(), 0);
    let mut setup = Vec::new();
    for _ in 0..peers {
        let dialled = Instant::now();
        match phones.call(kind).await {
            Ok((mut call, answered)) => {
                setup.push(answered - dialled);
                let line = call.line();
                let (payload_type, clock) = (line.plan.payload_type, codec.clock());
                let wire = line.wire.take().context("no wire")?;
                let sound = sound.clone();
                let caller =
                    Caller { wire, payload_type, clock, sound, sequence: 0, answered, first: None, sent: 0, heard: 0 };
                callers.lock().expect("callers").push(caller);
                held.push(call);
            }
            Err(why) => {
                failed += 1;
                eprintln!("{name}: {why}");
            }
        }
        tokio::time::sleep(PACE.saturating_sub(dialled.elapsed())).await;
    }
    // The connections settle before anything is counted.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let counted = |callers: &Mutex<Vec<Caller>>| {
        let callers = callers.lock().expect("callers");
        callers.iter().fold((0, 0), |(sent, heard), c| (sent + c.sent, heard + c.heard))
    };
    let (before, packets, began) = (server.cpu(), counted(&callers), Instant::now());
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let (spent, after, lasted) = (server.cpu() - before, counted(&callers), began.elapsed());
    let each = (server.memory() - memory) / peers as f64;
    for call in &mut held {
        let ended = tokio::time::timeout(Duration::ZERO, async {
            while !matches!(call.line().next().await, Change::Ended(_)) {}
        });
        failed += u64::from(ended.await.is_ok());
    }
    stop.store(true, Ordering::Relaxed);
    thread.join().ok();
    let mut connect = Vec::new();
    for caller in callers.lock().expect("callers").drain(..) {
        match caller.first {
            Some(first) => connect.push(first.saturating_duration_since(caller.answered)),
            None => failed += 1,
        }
    }
    for mut call in held {
        call.line().hang_up("enough").await;
        if let Held::Page(placed) = call {
            placed.leave().await;
        }
    }
    connect.sort_unstable();
    setup.sort_unstable();
    let ms = |of: &[Duration], share: f64| {
        let at = (of.len() as f64 * share) as usize;
        of.get(at.min(of.len().saturating_sub(1))).map_or(f64::NAN, |d| d.as_secs_f64() * 1e3)
    };
    let cost = spent.as_secs_f64() * 1e3 / lasted.as_secs_f64() / peers as f64;
    let lost = 100.0 * (1.0 - (after.1 - packets.1) as f64 / (after.0 - packets.0).max(1) as f64);
    println!(
        "| {name} | {failed} | {:.0} | {:.0} / {:.0} | {cost:.2} | {each:.0} | {lost:.2} |",
        ms(&setup, 0.5),
        ms(&connect, 0.5),
        ms(&connect, 0.95)
    );
    Ok(failed)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let words = Words(std::env::args().collect());
    let size = (words.number("--peers", 60), words.number("--seconds", 60));
    let binary = words.after("--server").unwrap_or(env!("CARGO_BIN_EXE_switchboard"));
    ensure!(Path::new(binary).exists(), "no server at {binary}");
    let server = Server::start(binary, size.0).await?;
    let local = SocketAddr::new(HERE, 0);
    let ports = PortsPlan { bind: HERE, advertise: HERE, from: 36_000, to: 37_999, ..PortsPlan::default() };
    let plan = SipPlan { udp: vec![local], tcp: vec![], open: Vec::new(), ..SipPlan::default() };
    let (sip, _) = Sip::start(plan, Ports::new(ports)).await?;
    let page = Page::open(&format!("http://127.0.0.1:{HTTP}/"), HERE)?.with_token(&server.token);
    let phones = Phones { page, sip };
    println!("{} calls to the echo for {} s\n", size.0, size.1);
    println!(
        "| caller | failed | set-up, ms | first sound, ms p50 / p95 | CPU, ms per second of call | memory, kB per call | packets lost, % |"
    );
    println!("|---|---|---|---|---|---|---|");
    let rows = [
        ("phone, PCMU", Kind::Phone(Codec::Pcmu)),
        ("phone, Opus", Kind::Phone(Codec::Opus(OpusPlan::default()))),
        ("browser, Opus", Kind::Browser),
    ];
    let (only, mut failed) = (words.after("--only").unwrap_or(""), 0);
    for (name, kind) in rows.into_iter().filter(|(name, _)| name.contains(only)) {
        // What the server allocates once is there before the row begins.
        if let Ok((mut call, _)) = phones.call(kind).await {
            call.line().hang_up("warm").await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        failed += row(name, kind, &server, &phones, size).await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    phones.sip.stop(Duration::from_secs(2)).await;
    ensure!(failed == 0, "{failed} calls failed");
    Ok(())
}
