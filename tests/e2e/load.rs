//! Many calls: none fails, and nothing of them is left.
use crate::server::{Client, Inside, Server, echo_only};
use crate::sipp;
use crate::testbed::{HERE, alone, ports, seconds, until};
use std::collections::HashMap;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use switchboard::config::Ms;

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_calls_a_second_for_ten_seconds_all_succeed_and_leave_nothing() {
    let machine = alone().await;
    let voice = Arc::new(media::tts::scripted::Scripted::new(media::tts::scripted::Manner::Prompt));
    let inside = Inside::start("load", vec![], vec![voice], |config| {
        (config.rtp.ports_from, config.rtp.ports_to) = ports(2000);
        config.rtp.drain_ms = Ms(1000);
        config.sip.max_calls = 1000;
    })
    .await;
    // The metrics are the process's: other tests count there too.
    let before = inside.metric("switchboard_calls_ended_total").await;
    let more = ["-r", "200", "-m", "2000", "-l", "900", "-timeout", "40s", "-recv_timeout", "10000"];
    let outcome = sipp::start(inside.sip, "brief_call", &more).finish().await.succeeded();
    println!("{} requests sent again", outcome.repeated);
    assert_eq!((outcome.successful, outcome.failed), (2000, 0));
    let left = || {
        let report = inside.server.report();
        let sip = report.sip.expect("a telephone");
        let tables = [sip.calls, sip.dialogs, sip.transactions, report.media.rooms, report.speech.sessions];
        (report.calls, tables, inside.server.ports.in_use(), sip.finished)
    };
    until(seconds(10), "every call, dialog, transaction, room and port to be gone", || async {
        let (calls, tables, ports, _) = left();
        (calls == 0 && tables == [0; 5] && ports == 0).then_some(())
    })
    .await;
    // Counted before other tests' servers run in this process again.
    let ended = inside.metric("switchboard_calls_ended_total").await - before;
    assert_eq!(ended as u64, 2000);
    drop(machine);
    // Finished transactions are remembered for 64 T1, so that copies of their requests get the same answer (RFC 3261 section 17).
    until(seconds(40), "finished transactions to be forgotten", || async { (left().3 == 0).then_some(()) }).await;
    inside.server.stop().await;
}

/// All callers' sound, on one socket: each packet of a leg is answered with one of a tone.
struct Talkers {
    port: u16,
    /// Packets that brought the tone back.
    echoed: Arc<AtomicU64>,
    running: Arc<AtomicBool>,
}

impl Talkers {
    fn start() -> Self {
        let socket = UdpSocket::bind((HERE, 0)).expect("a port");
        let port = socket.local_addr().expect("an address").port();
        socket.set_read_timeout(Some(Duration::from_millis(200))).expect("a socket");
        let (echoed, running) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(true)));
        let talkers = Self { port, echoed: echoed.clone(), running: running.clone() };
        std::thread::spawn(move || {
            // Two samples of µ-law, far apart: a loud tone at 4 kHz.
            let mut packet = [0x10u8; 172];
            packet[12..].iter_mut().step_by(2).for_each(|sample| *sample = 0x90);
            packet[..2].copy_from_slice(&[0x80, 0]);
            let mut sent: HashMap<_, u32> = HashMap::new();
            let mut buffer = [0u8; 2048];
            while running.load(Ordering::Relaxed) {
                let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
                // RTCP comes by itself on the next port; what is here is sound (RFC 3550 section 5.1).
                if buffer[12.min(length)..length]
                    .windows(2)
                    .any(|pair| pair[0] & 0x80 != pair[1] & 0x80 && pair[0] & 0x70 < 0x40)
                {
                    echoed.fetch_add(1, Ordering::Relaxed);
                }
                // A leg of a later call on the same port hears the sequence go on, as from a peer that was quiet.
                let count = sent.entry(from).or_default();
                *count += 1;
                packet[2..4].copy_from_slice(&(*count as u16).to_be_bytes());
                packet[4..8].copy_from_slice(&(*count * 160).to_be_bytes());
                packet[8..12].copy_from_slice(&u32::from(from.port()).to_be_bytes());
                // A packet the machine has no room for is lost, as on any network.
                let _ = socket.send_to(&packet, from);
            }
        });
        talkers
    }
}

impl Drop for Talkers {
    fn drop(&mut self) {
        self.running.store(false, Ordering::Relaxed);
    }
}

/// Waits until nothing is left of any call, finished transactions included, and reads the memory the server holds then.
async fn at_rest(server: &Client) -> (f64, f64) {
    const LEFT: [&str; 6] = [
        "switchboard_calls_live",
        "switchboard_rooms",
        "switchboard_rtp_ports",
        "switchboard_sip_dialogs",
        "switchboard_sip_transactions",
        "switchboard_sip_finished_transactions",
    ];
    until(seconds(60), "every call, room, port, dialog and transaction to be gone", || async {
        for name in LEFT {
            if server.metric(name).await > 0.0 {
                tokio::time::sleep(seconds(1)).await;
                return None;
            }
        }
        Some(())
    })
    .await;
    (server.metric("process_resident_memory_bytes").await, server.metric("switchboard_tasks").await)
}

/// `make soak`; SOAK_CALLS (20000) and SOAK_RATE (50) change it, SWITCHBOARD_BIN runs another binary.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "eight minutes: make soak"]
async fn twenty_thousand_calls_with_sound_at_fifty_a_second_all_succeed_and_leave_nothing() {
    let number = |name, default: u64| std::env::var(name).ok().map_or(default, |n| n.parse().expect("a number"));
    let (calls, rate) = (number("SOAK_CALLS", 20_000), number("SOAK_RATE", 50));
    let _machine = alone().await;
    let server = Server::with("soak", |config| {
        echo_only(config);
        (config.rtp.ports_from, config.rtp.ports_to) = ports(4000);
        config.rtp.drain_ms = Ms(2000);
        config.sip.max_calls = 1500;
        config.store.recording = false;
        config.log.level = "warn".into();
    })
    .await;
    let talkers = Talkers::start();
    let play = async |many: u64| {
        let (rate, many, port) = (rate.to_string(), many.to_string(), talkers.port.to_string());
        let (seconds, limit) = (calls / rate.parse::<u64>().expect("a rate") + 60, (many.clone(), "1500"));
        let more = ["-r", &rate, "-m", &limit.0, "-l", limit.1, "-recv_timeout", "20000", "-key", "audio_port", &port];
        let timeout = format!("{seconds}s");
        let more = [&more[..], &["-timeout", &timeout]].concat();
        let outcome =
            sipp::start(server.sip, "call_with_sound", &more).finish_within(Duration::from_secs(seconds + 30));
        outcome.await.succeeded()
    };
    play(2000.min(calls)).await;
    let (memory_before, tasks_before) = at_rest(&server).await;
    let outcome = play(calls).await;
    let (memory, tasks) = at_rest(&server).await;
    let growth = (memory - memory_before) / calls as f64;
    println!(
        "{} calls, {} failed, {} requests sent again, {} packets echoed; memory {:.1} -> {:.1} MB: {growth:.0} bytes per call; \
         tasks {tasks_before} -> {tasks}",
        outcome.successful,
        outcome.failed,
        outcome.repeated,
        talkers.echoed.load(Ordering::Relaxed),
        memory_before / 1e6,
        memory / 1e6,
    );
    assert_eq!((outcome.successful, outcome.failed), (calls, 0));
    assert!(talkers.echoed.load(Ordering::Relaxed) > calls * 20, "the callers hear themselves");
    assert!(growth < 1024.0, "{growth:.0} bytes per call stay behind");
    assert!(tasks <= tasks_before + 4.0, "tasks stay behind: {tasks_before} before, {tasks} after");
}
