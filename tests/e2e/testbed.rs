//! What the tests share: ports, a directory for each test, patience, and who may run beside whom.
use std::future::Future;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, SemaphorePermit};

pub const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Who may run at a time. Calls mostly wait, so two tests share a core; a browser draws its pages on the processor and counts as two.
/// Tests that measure time run alone, behind all others: `--test-threads 100` starts every test at once, and they take turns here.
struct Machine {
    places: Semaphore,
    all: u32,
    /// Tests that run beside others or wait to.
    beside: AtomicUsize,
}

static MACHINE: LazyLock<Machine> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let all = 2 * cores.clamp(1, 4);
    Machine { places: Semaphore::new(all), all: all as u32, beside: AtomicUsize::new(0) }
});

/// A test's time on the machine, until it is dropped.
pub struct Place {
    _permit: SemaphorePermit<'static>,
    beside: bool,
}

impl Place {
    async fn take(many: u32, beside: bool) -> Self {
        let permit = MACHINE.places.acquire_many(many).await.expect("never closed");
        Self { _permit: permit, beside }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.beside {
            MACHINE.beside.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

pub async fn beside_others() -> Place {
    MACHINE.beside.fetch_add(1, Ordering::AcqRel);
    Place::take(1, true).await
}

pub async fn a_browser_beside_others() -> Place {
    MACHINE.beside.fetch_add(1, Ordering::AcqRel);
    Place::take(2, true).await
}

pub async fn alone() -> Place {
    // Others that were started at the same time have come in by then.
    pause(500).await;
    while MACHINE.beside.load(Ordering::Acquire) > 0 {
        pause(100).await;
    }
    Place::take(MACHINE.all, false).await
}

/// A port that nothing is bound to, over UDP or TCP, nor the next one (RTP peers take it for RTCP, baresip for TLS), and that no
/// other test here gets. It lies below what the system gives out by itself: a client's own port would be in the way at times.
pub fn port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let free = |port| UdpSocket::bind((HERE, port)).is_ok() && TcpListener::bind((HERE, port)).is_ok();
    loop {
        let port = 24_000 + NEXT.fetch_add(2, Ordering::Relaxed);
        assert!(port < 32_000, "ports are used up");
        if free(port) && free(port + 1) {
            return port;
        }
    }
}

/// A range of ports for sound, this many, that no other test uses at this time: by the time that they are given out again the
/// first tests are long over. It lies below what the system gives out by itself.
pub fn ports(many: u16) -> (u16, u16) {
    static NEXT: AtomicU16 = AtomicU16::new(10_000);
    let start = |next: u16| if next + many > 24_000 { 10_000 } else { next };
    let next = NEXT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| Some(start(next) + many));
    let from = start(next.expect("always some"));
    (from, from + many - 1)
}

/// A directory of one test's own, removed when the test succeeds and left to look at when it fails.
pub struct Dir(PathBuf);

impl Dir {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("switchboard-e2e-{name}-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&path).expect("a directory for the test");
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("what the test left: {}", self.0.display());
        } else {
            std::fs::remove_dir_all(&self.0).ok();
        }
    }
}

/// A child process that never outlives its test.
pub struct Process(Child);

impl Process {
    pub fn new(child: Child) -> Self {
        Self(child)
    }

    pub fn signal(&self, name: &str) {
        std::process::Command::new("kill")
            .args([&format!("-{name}"), &self.0.id().to_string()])
            .status()
            .expect("kill runs");
    }

    /// Waits for its end; `None` when it takes longer than `limit`.
    pub async fn ended(&mut self, limit: Duration) -> Option<std::process::ExitStatus> {
        let until = Instant::now() + limit;
        loop {
            if let Some(status) = self.0.try_wait().expect("a child of ours") {
                return Some(status);
            }
            if Instant::now() > until {
                return None;
            }
            pause(10).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

pub async fn pause(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

/// Asks again until there is an answer; fails with `what` after `limit`.
pub async fn until<T, F: Future<Output = Option<T>>>(limit: Duration, what: &str, mut ask: impl FnMut() -> F) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < end, "waited {limit:?} in vain for {what}");
        pause(20).await;
    }
}

pub const fn seconds(s: u64) -> Duration {
    Duration::from_secs(s)
}

/// The workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Test data that lies beside a checkout of ours, where it is there: recordings and models that are not the project's own.
pub fn shared(name: &str) -> Option<PathBuf> {
    let path = root().join("../shared").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: no ../shared/{name} beside the checkout");
    None
}
