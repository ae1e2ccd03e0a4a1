//! A server that answers, the plan it runs on, and the sipp that calls it.
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use telephony::rtp::{Latching, Ports, PortsPlan};
use telephony::sip::{Credentials, Phone, Sip, SipPlan};
use telephony::{CallOrigin, Change, Decline, Headers, Party, Ring};
use tokio::process::Command;
use tokio::time::{sleep, timeout};

pub const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Shortened timers, free ports, anyone on loopback.
pub fn plan() -> SipPlan {
    let any = vec![SocketAddr::new(HERE, 0)];
    let timers = telephony::sip::Timers {
        t1: Duration::from_millis(50),
        t2: Duration::from_millis(400),
        t4: Duration::from_millis(200),
    };
    SipPlan { udp: any.clone(), tcp: any, timers, ..SipPlan::default() }
}

pub fn password(user: &str) -> Phone {
    Phone { name: user.into(), credentials: Credentials { user: user.into(), password: "open sesame".into() } }
}

/// Two hundred pairs for each server, of its own until the range has been gone through.
pub fn ports() -> Ports {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let from = 20_000 + NEXT.fetch_add(1, Ordering::Relaxed) % 110 * 400;
    Ports::new(PortsPlan {
        bind: HERE,
        advertise: HERE,
        from,
        to: from + 399,
        drain: Duration::from_millis(100),
        latching: Latching::default(),
        ..PortsPlan::default()
    })
}

/// A port nothing is bound to at this moment.
pub fn free_port() -> u16 {
    let socket = UdpSocket::bind((HERE, 0)).expect("a free port");
    socket.local_addr().expect("its address").port()
}

/// What one call was.
#[derive(Clone, Debug)]
pub struct Taken {
    pub user: String,
    pub from: Party,
    pub headers: Headers,
    pub origin: CallOrigin,
    pub changes: Vec<Change>,
    pub over: bool,
}

/// What the bot does with a ring.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Manner {
    Answer,
    /// Answers and sends every packet back as it came.
    Echo,
    /// Rings and waits to be cancelled.
    Ring,
    /// Answers and hangs up after a while.
    HangUp,
    /// Answers and asks the far end to call somebody else.
    Refer,
    Decline(Decline),
}

/// How many packets a bot has sent back. On loopback what was sent lies in the receiver's socket.
#[derive(Default)]
pub struct Echoes {
    count: Mutex<u64>,
    more: Condvar,
}

impl Echoes {
    pub fn count(&self) -> u64 {
        *self.count.lock().expect("echoes")
    }

    fn sent(&self) {
        *self.count.lock().expect("echoes") += 1;
        self.more.notify_all();
    }

    /// Blocks until so many have been sent back in all.
    pub fn wait_for(&self, count: u64) {
        let (echoes, limit) = (self.count.lock().expect("echoes"), Duration::from_secs(5));
        let (echoes, waited) = self.more.wait_timeout_while(echoes, limit, |echoes| *echoes < count).expect("echoes");
        assert!(!waited.timed_out(), "{} of {count} packets were sent back", *echoes);
    }
}

pub struct Bot {
    pub sip: Arc<Sip>,
    pub ports: Ports,
    pub echoes: Arc<Echoes>,
    calls: Arc<Mutex<Vec<Taken>>>,
}

impl Bot {
    pub async fn start(plan: SipPlan) -> Self {
        Self::with(plan, Manner::Answer).await
    }

    pub async fn with(plan: SipPlan, manner: Manner) -> Self {
        Self::on(plan, ports(), manner).await
    }

    pub async fn on(plan: SipPlan, ports: Ports, manner: Manner) -> Self {
        let (sip, mut rings) = Sip::start(plan, ports.clone()).await.expect("started");
        let (calls, echoes) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Echoes::default()));
        tokio::spawn({
            let (calls, echoes) = (calls.clone(), echoes.clone());
            async move {
                while let Some(ring) = rings.recv().await {
                    tokio::spawn(take(ring, manner, calls.clone(), echoes.clone()));
                }
            }
        });
        Self { sip: Arc::new(sip), ports, echoes, calls }
    }

    pub fn udp(&self) -> SocketAddr {
        self.sip.udp().expect("UDP")
    }

    pub fn tcp(&self) -> SocketAddr {
        self.sip.tcp().expect("TCP")
    }

    /// All calls, once there are this many and all are over.
    pub async fn calls(&self, number: usize) -> Vec<Taken> {
        let calls = || self.calls.lock().expect("calls").clone();
        until(|| calls().len() >= number && calls().iter().all(|call| call.over), "calls to end").await;
        assert_eq!(calls().len(), number);
        calls()
    }

    /// Every dialog, running transaction and port is given back.
    pub async fn gone(&self) {
        let clean = || {
            let report = self.sip.report();
            report.calls + report.dialogs + report.transactions + self.ports.in_use() == 0
        };
        until(clean, "everything to be gone").await;
    }
}

async fn take(mut ring: Ring, manner: Manner, calls: Arc<Mutex<Vec<Taken>>>, sent: Arc<Echoes>) {
    let at = {
        let mut calls = calls.lock().expect("calls");
        calls.push(Taken {
            user: ring.called.user().to_owned(),
            from: ring.from.clone(),
            headers: ring.headers.clone(),
            origin: ring.origin.clone(),
            changes: vec![],
            over: false,
        });
        calls.len() - 1
    };
    let note = |change: Change| {
        let mut calls = calls.lock().expect("calls");
        calls[at].over = matches!(change, Change::Ended(_));
        calls[at].changes.push(change);
    };
    if let Manner::Decline(why) = manner {
        calls.lock().expect("calls")[at].over = true;
        return ring.decline(why).await;
    }
    ring.ringing().await;
    if manner == Manner::Ring {
        ring.cancelled().await;
        calls.lock().expect("calls")[at].over = true;
        return;
    }
    let Ok(mut line) = ring.answer().await else {
        calls.lock().expect("calls")[at].over = true;
        return;
    };
    let wire = line.wire.take();
    assert!(wire.is_some(), "the wire is there once");
    let (hung_up, over) = std::sync::mpsc::sync_channel::<()>(0);
    let (echoes, _kept) = if manner == Manner::Echo { (wire, None) } else { (None, wire) };
    let echo = echoes.map(|mut wire| {
        std::thread::spawn(move || {
            while over.recv_timeout(Duration::from_millis(2)) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                while let Some(packet) = wire.recv(std::time::Instant::now()) {
                    wire.send(&packet);
                    sent.sent();
                }
            }
        })
    });
    if manner == Manner::HangUp {
        sleep(Duration::from_millis(300)).await;
        note(Change::Ended(line.hang_up("the bot has finished").await));
        return;
    }
    if manner == Manner::Refer {
        // A REFER that overtakes the answer to the INVITE finds no call.
        sleep(Duration::from_millis(500)).await;
        let transferrer = line.transferrer().expect("a phone can be transferred");
        assert!(transferrer.refer("sip:desk@127.0.0.1:9", Duration::from_secs(2)));
    }
    loop {
        let change = line.next().await;
        let over = matches!(change, Change::Ended(_));
        note(change);
        if over {
            drop(hung_up);
            echo.into_iter().for_each(|echo| echo.join().expect("the echo ends"));
            return;
        }
    }
}

/// Waits for something that takes no more than ten seconds.
pub async fn until(mut done: impl FnMut() -> bool, what: &str) {
    for _ in 0..1000 {
        if done() {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("waited too long for {what}");
}

fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenarios").join(format!("{name}.xml"))
}

/// Plays a scenario against the bot over UDP; fails with sipp's own words where it does not succeed.
pub async fn sipp(bot: &Bot, name: &str, more: &[&str]) {
    sipp_to(bot.udp(), name, more).await;
}

pub async fn sipp_to(server: SocketAddr, name: &str, more: &[&str]) {
    sipp_with(server, name, "127.0.0.1", more).await;
}

/// `here`: the address sipp calls from.
pub async fn sipp_with(server: SocketAddr, name: &str, here: &str, more: &[&str]) {
    let port = free_port();
    let mut command = Command::new("sipp");
    command.arg(server.to_string()).arg("-sf").arg(scenario(name)).args(["-i", here, "-s", "echo"]);
    command.args(["-p", &port.to_string(), "-nostdin", "-timeout", "20s", "-timeout_error", "-recv_timeout", "15000"]);
    if !more.contains(&"-m") {
        command.args(["-m", "1"]);
    }
    command.args(["-mp", &free_port().to_string()]).args(more);
    let trace = std::env::temp_dir().join(format!("sipp-{name}-{port}.log"));
    command.arg("-trace_msg").arg("-message_file").arg(&trace);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let output = match timeout(Duration::from_secs(30), command.output()).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => panic!("sipp does not run (Debian package sip-tester): {error}"),
        Err(_) => panic!("{name}: sipp does not end"),
    };
    let messages = std::fs::read_to_string(&trace).unwrap_or_default();
    std::fs::remove_file(&trace).ok();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {}\n{errors}\n{messages}", output.status);
}

/// What was logged outside the targets that are to be kept quiet.
static LOGGED: Mutex<Vec<String>> = Mutex::new(Vec::new());

pub fn logged() -> Vec<String> {
    LOGGED.lock().expect("logs").clone()
}

pub fn listen_to_logs() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Logs).expect("the only listener"));
}

struct Logs;

struct Text(String);

impl tracing::field::Visit for Text {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!("{}={value:?} ", field.name()));
    }
}

impl tracing::Subscriber for Logs {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        !telephony::QUIET_LOG_TARGETS.iter().any(|quiet| metadata.target().starts_with(quiet))
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn event(&self, event: &tracing::Event<'_>) {
        let mut text = Text(format!("{} ", event.metadata().target()));
        event.record(&mut text);
        LOGGED.lock().expect("logs").push(text.0);
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}
