//! The threads, on real time: short, and tolerant of a busy machine.
use super::*;
use crate::codec::Codec;
use crate::ear::EarPlan;
use crate::frame::{Frame, SamplePos};
use crate::packet::{Packet, Rtcp, Rtp, Wire};
use crate::tap::Tap;
use crate::testkit::sim::plan;
use crate::tts::{Sound, UtteranceId};
use bytes::Bytes;
use std::ops::ControlFlow;

mod late;
mod seats;
mod sound;

/// What a phone was sent, and when.
type Got = Arc<Mutex<Vec<(Instant, Packet)>>>;

/// A wire with a phone at the end that sends one packet per 20 ms and keeps what it gets.
struct Phone {
    started: Option<Instant>,
    sent: u32,
    got: Got,
}

impl Phone {
    fn pair() -> (Box<dyn Wire>, Got) {
        let got = Arc::new(Mutex::new(Vec::new()));
        (Box::new(Self { started: None, sent: 0, got: got.clone() }), got)
    }
}

impl Wire for Phone {
    fn recv(&mut self, now: Instant) -> Option<Packet> {
        let started = *self.started.get_or_insert(now);
        let arrived = started + TICK * self.sent;
        if arrived > now {
            return None;
        }
        self.sent += 1;
        Some(packet(arrived, self.sent))
    }

    fn send(&mut self, packet: &Packet) {
        self.got.lock().unwrap().push((Instant::now(), packet.clone()));
    }
}

/// A phone's packet number `n`, 20 ms of one sample.
fn packet(arrived: Instant, n: u32) -> Packet {
    let (sequence, timestamp, payload) = (n as u16, n * 160, Bytes::from(vec![0x90; 160]));
    Packet::Rtp(Rtp { arrived, payload_type: 0, marker: false, sequence, timestamp, ssrc: 9, payload })
}

fn engine(threads: usize) -> Arc<Engine> {
    let models = vad::Models::load(None).unwrap();
    Engine::start(EnginePlan { threads, realtime: false, ..EnginePlan::default() }, models).unwrap()
}

/// A media thread whose ticks are told by the test, and what it hands to its ears.
fn driver(slots: Vec<Slot>) -> (Driver, Receiver<Batch>) {
    let (batches, inbox) = sync_channel(1);
    let driver = Driver {
        running: Arc::default(),
        counters: Arc::default(),
        new_rooms: sync_channel(1).1,
        batches,
        verdicts: sync_channel(1).1,
        slots,
        batch: Batch::default(),
        epoch: Instant::now(),
    };
    (driver, inbox)
}

/// A room for such a thread.
fn slot(id: u64) -> (RoomHandle, mpsc::Receiver<Event>, Slot) {
    let (events, inbox) = mpsc::channel(1024);
    let room = Room::new(Instant::now(), BotMode::Speaks, LineRules::default());
    let (handle, slot) = handle::pair(id, room, id, events);
    (handle, inbox, slot)
}

fn until(mut done: impl FnMut() -> bool) {
    for _ in 0..500 {
        if done() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("it does not happen within five seconds");
}

fn closed(events: &mut mpsc::Receiver<Event>) -> bool {
    std::iter::from_fn(|| events.try_recv().ok()).any(|e| matches!(e, Event::Closed))
}

#[test]
fn an_echo_runs_at_the_pace_of_its_packets_and_says_goodbye() {
    let engine = engine(1);
    let (events, mut inbox) = mpsc::channel(64);
    let room = engine.open(BotMode::Echoes, events).unwrap();
    let (wire, got) = Phone::pair();
    room.join(Seat::CALLER, wire, plan(Codec::Pcmu), Some(EarPlan::default())).unwrap();
    until(|| got.lock().unwrap().len() >= 60);
    let rtp: Vec<(Instant, Rtp)> = got
        .lock()
        .unwrap()
        .iter()
        .filter_map(|(at, p)| if let Packet::Rtp(rtp) = p { Some((*at, rtp.clone())) } else { None })
        .collect();
    assert!(rtp.iter().rev().take(20).all(|(_, p)| p.payload[..] == [0x90; 160]));
    // Timestamps and the clock agree over the whole run, whatever single ticks did.
    let (first, last) = (&rtp[0], &rtp[rtp.len() - 1]);
    let span = Duration::from_micros(u64::from(last.1.timestamp.wrapping_sub(first.1.timestamp)) * 125);
    let clock = last.0 - first.0;
    assert!(span.abs_diff(clock) < Duration::from_millis(60), "{span:?} {clock:?}");
    assert_eq!(engine.report().rooms, 1);
    room.close();
    until(|| closed(&mut inbox));
    assert!(matches!(got.lock().unwrap().last(), Some((_, Packet::Rtcp(Rtcp::Goodbye { .. })))));
    assert_eq!(engine.report().rooms, 0);
    assert_eq!(room.leave(Seat::CALLER), Err(Refused::Gone));
    engine.stop();
    let (events, _inbox) = mpsc::channel(1);
    assert!(matches!(engine.open(BotMode::Speaks, events), Err(Refused::Gone)));
}

#[test]
fn a_room_that_panics_ends_alone() {
    struct Bomb;
    impl Tap for Bomb {
        fn take(&mut self, left: &Frame, _: &Frame) -> ControlFlow<()> {
            assert!(left.pos < SamplePos::of_tick(3), "the bomb of this test goes off");
            ControlFlow::Continue(())
        }
    }
    let engine = engine(1);
    let (events, mut inbox) = mpsc::channel(64);
    let bad = engine.open(BotMode::Speaks, events).unwrap();
    let (events, mut good_inbox) = mpsc::channel(64);
    let good = engine.open(BotMode::Speaks, events).unwrap();
    for room in [&bad, &good] {
        room.join(Seat::CALLER, Phone::pair().0, plan(Codec::Pcmu), None).unwrap();
    }
    bad.record(Box::new(Bomb)).unwrap();
    until(|| closed(&mut inbox));
    let (wire, got) = Phone::pair();
    good.join(Seat::AGENT, wire, plan(Codec::Pcmu), None).unwrap();
    until(|| got.lock().unwrap().len() > 10);
    assert!(!closed(&mut good_inbox));
    let report = engine.report();
    assert_eq!((report.rooms, report.broken_rooms), (1, 1));
    assert!(bad.sink(Seat::CALLER).sound(sound(1)).is_err());
    engine.stop();
    assert!(closed(&mut good_inbox), "stopping closes what is left");
}

fn sound(utterance: u64) -> Sound {
    let (utterance, rate) = (UtteranceId(utterance), crate::Rate::Hz8000);
    Sound { utterance, pcm: vec![1000; 1600], rate, upto_char: 10, interruptible: true, last: true }
}

#[test]
fn a_sink_reaches_the_callers_ear_and_the_call_learns_what_was_heard() {
    let engine = engine(2);
    let (events, mut inbox) = mpsc::channel(64);
    let room = engine.open(BotMode::Speaks, events).unwrap();
    let (wire, got) = Phone::pair();
    room.join(Seat::CALLER, wire, plan(Codec::Pcmu), None).unwrap();
    assert!(room.sink(Seat::CALLER).sound(sound(1)).is_ok());
    let mut phases = Vec::new();
    until(|| {
        while let Ok(event) = inbox.try_recv() {
            if let Event::Played { played, .. } = event {
                phases.push((played.phase, played.chars));
            }
        }
        phases.last().is_some_and(|(phase, _)| *phase == crate::playout::Phase::Done)
    });
    assert_eq!(phases.first(), Some(&(crate::playout::Phase::Started, 0)));
    assert_eq!(phases.last(), Some(&(crate::playout::Phase::Done, 10)));
    assert!(got.lock().unwrap().len() >= 5);
    assert_eq!(room.gain(Seat(99), crate::playout::Gain::Duck), Err(Refused::Seat));
    drop(room);
    until(|| closed(&mut inbox));
    let report = engine.report();
    assert_eq!(report.rooms, 0);
    assert!(report.ticks > 0 && report.lateness.iter().sum::<u64>() == report.ticks);
}

#[test]
fn what_a_supervisor_is_told_does_not_wait_behind_a_long_sentence_to_the_caller() {
    const SUPERVISOR: Seat = Seat(2);
    let engine = engine(1);
    let (events, mut inbox) = mpsc::channel(1024);
    let room = engine.open(BotMode::Speaks, events).unwrap();
    for seat in [Seat::CALLER, SUPERVISOR] {
        room.join(seat, Phone::pair().0, plan(Codec::Pcmu), None).unwrap();
    }
    // Forty seconds, of which thirty find room in the playout.
    let mut to_caller = room.sink(Seat::CALLER);
    (1..=200).for_each(|utterance| to_caller.sound(sound(utterance)).unwrap());
    room.sink(SUPERVISOR).sound(sound(1)).unwrap();
    let done = |event: Event| matches!(event, Event::Played { seat: SUPERVISOR, played } if played.phase == crate::playout::Phase::Done);
    until(|| std::iter::from_fn(|| inbox.try_recv().ok()).any(done));
}

#[test]
fn a_call_that_takes_no_news_blocks_nobody_and_keeps_its_keys() {
    let engine = engine(1);
    let (events, mut inbox) = mpsc::channel(1);
    let room = engine.open(BotMode::Speaks, events).unwrap();
    let (wire, got) = Phone::pair();
    room.join(Seat::CALLER, wire, plan(Codec::Pcmu), None).unwrap();
    for utterance in 1..=20 {
        room.sound(Seat::CALLER, Sound { pcm: vec![0; 160], ..sound(utterance) }).unwrap();
    }
    until(|| got.lock().unwrap().len() >= 30);
    let mut done = Vec::new();
    until(|| {
        while let Ok(event) = inbox.try_recv() {
            if let Event::Played { played, .. } = event
                && played.phase == crate::playout::Phase::Done
            {
                done.push(played.utterance.0);
            }
        }
        done.len() == 20
    });
    assert_eq!(done, (1..=20).collect::<Vec<u64>>());
}

/// Runs a line for 50 packets after something else went wrong: none may be missing.
fn paced_while(trouble: impl FnOnce(&Arc<Engine>, &RoomHandle)) {
    let engine = engine(1);
    let (events, _inbox) = mpsc::channel(64);
    let room = engine.open(BotMode::Speaks, events).unwrap();
    let (wire, got) = Phone::pair();
    room.join(Seat::CALLER, wire, plan(Codec::Pcmu), Some(EarPlan::default())).unwrap();
    until(|| got.lock().unwrap().len() > 5);
    trouble(&engine, &room);
    let from = got.lock().unwrap().len();
    until(|| got.lock().unwrap().len() > from + 50);
    let missed = engine.report().missed_ticks;
    let stamps: Vec<u32> = got
        .lock()
        .unwrap()
        .iter()
        .filter_map(|(_, p)| if let Packet::Rtp(rtp) = p { Some(rtp.timestamp) } else { None })
        .collect();
    // A busy machine may take ticks from the thread; it counts them. Nothing else may be missing.
    let gaps: u32 = stamps.windows(2).map(|w| (w[1].wrapping_sub(w[0]) / 160).saturating_sub(1)).sum();
    assert!(u64::from(gaps) <= missed, "{gaps} packets are missing, {missed} ticks were missed");
}

#[test]
fn a_stalled_ear_thread_delays_no_packet() {
    /// Hangs the ear thread, as a listener must not: what waits for the speech pool is dropped instead.
    struct Stuck;
    impl crate::asr::Listen for Stuck {
        fn cue(&mut self, _: crate::asr::Cue) {}
    }
    impl Drop for Stuck {
        fn drop(&mut self) {
            thread::sleep(Duration::from_millis(600));
        }
    }
    let mut deaf = 0;
    paced_while(|engine, room| {
        room.listen(Seat::CALLER, Some(Box::new(Stuck))).unwrap();
        room.listen(Seat::CALLER, None).unwrap();
        until(|| {
            deaf = engine.report().unheard_ticks;
            deaf > 0
        });
    });
    assert!(deaf > 0, "the ears were behind all the while");
}

#[test]
fn a_tap_that_breaks_delays_no_packet() {
    struct Full;
    impl Tap for Full {
        fn take(&mut self, _: &Frame, _: &Frame) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
    }
    paced_while(|_, room| room.record(Box::new(Full)).unwrap());
}

#[test]
fn a_call_that_sleeps_delays_no_packet() {
    // Nobody takes an event; orders and sound beyond their queues are refused at once.
    paced_while(|_, room| {
        for n in 0..2000 {
            let _ = room.gain(Seat::CALLER, crate::playout::Gain::Full);
            let _ = room.sound(Seat::CALLER, Sound { pcm: vec![0; 16], ..sound(n) });
        }
    });
}
