//! What a call costs: G.711 echo through the whole media path beside a bare UDP reflector, taken in turn in one run.
//!
//! `make bench`, or `cargo bench --bench figures -- --quick`. Prints CPU per second of call (10 ms = 1 % of a core), the median
//! of the rounds, and the ratio. No floor is asserted: machines differ, the ratio says what the path adds.
use media::codec::Codec;
use media::engine::{Engine, EnginePlan, Mode, Seat};
use media::leg::LegPlan;
use media::vad::Models;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use telephony::rtp::{Ports, PortsPlan, Remote};

const TICK: Duration = Duration::from_millis(20);

/// CPU time of this process, or of this thread alone.
fn cpu(who: libc::c_int) -> Duration {
    // SAFETY: getrusage writes into the struct it is given and nothing else.
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        libc::getrusage(who, &mut usage);
        usage
    };
    let time = |t: libc::timeval| Duration::from_secs(t.tv_sec as u64) + Duration::from_micros(t.tv_usec as u64);
    time(usage.ru_utime) + time(usage.ru_stime)
}

/// One caller: sends a packet each tick and counts what comes back.
struct Caller {
    socket: UdpSocket,
    to: SocketAddr,
    back: u64,
}

impl Caller {
    fn new() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        socket.set_nonblocking(true).expect("a socket that does not block");
        let to = socket.local_addr().expect("an address");
        Self { socket, to, back: 0 }
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("an address")
    }
}

/// Sends from all callers for `time`; what this thread itself costs comes back.
fn drive(callers: &mut [Caller], time: Duration) -> Duration {
    let (before, started) = (cpu(libc::RUSAGE_THREAD), Instant::now());
    let mut packet = [0xffu8; 172];
    packet[..2].copy_from_slice(&[0x80, 0]);
    packet[8..12].copy_from_slice(&7u32.to_be_bytes());
    let mut buffer = [0u8; 2048];
    for tick in 0..(time.as_millis() / TICK.as_millis()) as u32 {
        packet[2..4].copy_from_slice(&(tick as u16).to_be_bytes());
        packet[4..8].copy_from_slice(&(tick * 160).to_be_bytes());
        for caller in &mut *callers {
            // A packet the machine has no room for is lost, as on any network.
            let _ = caller.socket.send_to(&packet, caller.to);
            while caller.socket.recv(&mut buffer).is_ok() {
                caller.back += 1;
            }
        }
        std::thread::sleep((TICK * (tick + 1)).saturating_sub(started.elapsed()));
    }
    cpu(libc::RUSAGE_THREAD) - before
}

/// CPU per call and second of everything in the process but the callers.
fn measure(callers: &mut [Caller], time: Duration) -> (f64, f64) {
    let before = cpu(libc::RUSAGE_SELF);
    let own = drive(callers, time);
    let spent = (cpu(libc::RUSAGE_SELF) - before).saturating_sub(own);
    let calls = callers.len() as f64;
    let sent = calls * (time.as_millis() / TICK.as_millis()) as f64;
    let back = callers.iter().map(|caller| caller.back).sum::<u64>() as f64;
    (spent.as_secs_f64() * 1000.0 / time.as_secs_f64() / calls, back / sent)
}

fn through_the_engine(calls: usize, time: Duration) -> (f64, f64) {
    let plan = EnginePlan { realtime: false, ..EnginePlan::default() };
    let models = Models::load(None).expect("earshot lies in the binary");
    let engine = Engine::start(plan, models).expect("media threads");
    let ports = Ports::new(PortsPlan { from: 40_000, to: 48_000, ..PortsPlan::default() });
    let mut callers: Vec<Caller> = (0..calls).map(|_| Caller::new()).collect();
    let mut rooms = Vec::new();
    for caller in &mut callers {
        let socket = ports.take().expect("a pair of ports");
        caller.to = SocketAddr::new(socket.advertised(), socket.port());
        let (wire, _control) = socket.wire(Remote { rtp: caller.address(), rtcp: None });
        let (events, inbox) = tokio::sync::mpsc::channel(256);
        let room = engine.open(Mode::Echo, events).expect("a room");
        let plan = LegPlan::new(Codec::Pcmu, 0);
        room.join(Seat::CALLER, Box::new(wire), plan, None).expect("a seat");
        rooms.push((room, inbox));
    }
    let figure = measure(&mut callers, time);
    engine.stop();
    figure
}

fn through_a_reflector(calls: usize, time: Duration) -> (f64, f64) {
    let sockets: Vec<UdpSocket> = (0..calls).map(|_| UdpSocket::bind("127.0.0.1:0").expect("a port")).collect();
    let mut callers: Vec<Caller> = (0..calls).map(|_| Caller::new()).collect();
    for (caller, socket) in callers.iter_mut().zip(&sockets) {
        socket.set_nonblocking(true).expect("a socket that does not block");
        caller.to = socket.local_addr().expect("an address");
    }
    let running = Arc::new(AtomicBool::new(true));
    let going = running.clone();
    let reflector = std::thread::spawn(move || {
        let (mut buffer, started) = ([0u8; 2048], Instant::now());
        let mut tick = 0;
        while going.load(Ordering::Relaxed) {
            for socket in &sockets {
                while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                    let _ = socket.send_to(&buffer[..length], from);
                }
            }
            tick += 1;
            std::thread::sleep((TICK * tick).saturating_sub(started.elapsed()));
        }
    });
    let figure = measure(&mut callers, time);
    running.store(false, Ordering::Relaxed);
    reflector.join().expect("the reflector");
    figure
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn main() {
    let quick = std::env::args().any(|word| word == "--quick");
    let (calls, rounds, time) = if quick { (50, 3, 2) } else { (150, 5, 6) };
    let time = Duration::from_secs(time);
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    println!("G.711 echo, {calls} calls, {rounds} rounds of {} s, in turn:", time.as_secs());
    for round in 1..=rounds {
        let ((reflector, reflected), (engine, echoed)) =
            (through_a_reflector(calls, time), through_the_engine(calls, time));
        println!(
            "  round {round}: reflector {reflector:.3} ms ({:.1} % back), switchboard {engine:.3} ms ({:.1} % back)",
            reflected * 100.0,
            echoed * 100.0
        );
        bare.push(reflector);
        ours.push(engine);
    }
    let (ours, bare) = (median(ours), median(bare));
    println!(
        "CPU per second of call, median: switchboard {ours:.3} ms, bare reflector {bare:.3} ms, ratio {:.2}",
        ours / bare
    );
}
