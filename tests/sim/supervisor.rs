//! Supervisors who listen, whisper, join in, take a call over and hand it back.
use crate::plan::{Plan, ms};
use crate::rig::Call;
use dialog::guidance::{Guidance, GuidanceFault};
use media::asr::{Heard, Hypothesis};
use media::codec::Codec;
use media::codec::g711::ULAW_TO_PCM;
use media::hears::Supervision;
use media::leg::Direction;
use media::packet::{Packet, Rtp};
use media::room::Seat;
use media::testkit::sim::{Phone, plan};
use media::testkit::tone::{amplitude, sine_from};
use media::{SamplePos, Wire};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use switchboard::call::Order;
use switchboard::call::driver::Arrival;
use switchboard::call::seat::{GuidanceReply, Guide, HandBack, SeatChange, SeatOrder, SeatReply, SeatWhy};
use switchboard::call::voices::VoiceHeard;
use switchboard::store::{CallEvent, Speaker, Turn};

/// The line of a supervisor: it brings a tone, and notes what it is sent.
pub struct SupervisorLine {
    phone: Phone,
    ends: Arc<Mutex<Ends>>,
}

#[derive(Default)]
struct Ends {
    arrived: VecDeque<Packet>,
    sent: Vec<(Instant, Rtp)>,
    now: Option<Instant>,
}

/// The end of it at the room.
struct SeatWire(Arc<Mutex<Ends>>);

impl Wire for SeatWire {
    fn recv(&mut self, _: Instant) -> Option<Packet> {
        self.0.lock().expect("no panic").arrived.pop_front()
    }

    fn send(&mut self, packet: &Packet) {
        let mut ends = self.0.lock().expect("no panic");
        if let (Packet::Rtp(packet), Some(now)) = (packet, ends.now) {
            ends.sent.push((now, packet.clone()));
        }
    }
}

impl SupervisorLine {
    pub fn wire(&self) -> Box<dyn Wire> {
        Box::new(SeatWire(self.ends.clone()))
    }

    pub fn new(now: Instant, hz: f32) -> Self {
        let voice = Box::new(move |from, len| sine_from(hz, media::Rate::Hz8000, from, len, 5_000));
        let phone = Phone::new(now, Codec::Pcmu, voice, media::testkit::netem::Impairments::default(), 11);
        Self { phone, ends: Arc::default() }
    }

    /// Before a tick: what it has said arrives.
    pub fn run(&mut self, now: Instant) {
        self.phone.run(now);
        let mut ends = self.ends.lock().expect("no panic");
        ends.now = Some(now);
        while let Some((arrived, packet)) = self.phone.net.recv(now) {
            let Packet::Rtp(packet) = packet else { continue };
            ends.arrived.push_back(Packet::Rtp(Rtp { arrived, ..packet }));
        }
    }

    /// The loudest that a tone was in a packet it was sent between these moments.
    pub fn heard(&self, hz: f32, from: Instant, to: Instant) -> f32 {
        let ends = self.ends.lock().expect("no panic");
        let packets = ends.sent.iter().filter(|(at, _)| (from..to).contains(at));
        packets.map(|(_, packet)| level(packet, hz)).fold(0.0, f32::max)
    }
}

impl SupervisorLine {
    /// The loudest sample that it was sent between these moments.
    fn loudest(&self, from: Instant, to: Instant) -> u16 {
        let ends = self.ends.lock().expect("no panic");
        let packets = ends.sent.iter().filter(|(at, _)| (from..to).contains(at));
        let codes = packets.flat_map(|(_, packet)| packet.payload.iter());
        codes.map(|code| ULAW_TO_PCM[usize::from(*code)].unsigned_abs()).max().unwrap_or(0)
    }
}

/// How loud a tone is in a packet.
pub fn level(packet: &Rtp, hz: f32) -> f32 {
    let pcm: Vec<i16> = packet.payload.iter().map(|code| ULAW_TO_PCM[usize::from(*code)]).collect();
    amplitude(&pcm, hz, media::Rate::Hz8000)
}

const ANNA: (Seat, f32) = (Seat(2), 200.0);
const BEN: (Seat, f32) = (Seat(3), 300.0);

impl Call {
    /// Whether the room has taken the order.
    fn seat(&mut self, seat: Seat, change: SeatChange) -> bool {
        let name = if seat == ANNA.0 { "anna" } else { "ben" };
        self.note("seat", format!("{name}: {change:?}"));
        let (reply, mut taken) = SeatReply::new();
        self.arrive(Arrival::Order(Order::Seat(SeatOrder { seat, name: name.into(), change, reply })));
        taken.try_recv().expect("answered at once")
    }

    fn join(&mut self, (seat, hz): (Seat, f32), mode: Supervision) -> bool {
        let line = SupervisorLine::new(self.port.now, hz);
        let wire = line.wire();
        self.port.listener.others.push(hz);
        self.port.supervisors.insert(seat, line);
        self.seat(seat, SeatChange::Join { wire, plan: plan(Codec::Pcmu), mode })
    }

    fn mode(&mut self, seat: Seat, mode: Supervision) -> bool {
        self.seat(seat, SeatChange::Mode(mode, SeatWhy::Asked))
    }

    fn leave(&mut self, seat: Seat, why: SeatWhy) -> bool {
        self.port.supervisors.get_mut(&seat).expect("a seat").phone.muted = true;
        self.seat(seat, SeatChange::Leave(why))
    }

    /// The recogniser of a voice that is listened to gives this.
    fn says(&mut self, seat: Seat, text: &str) {
        let hypothesis = Hypothesis { text: Some(text.into()), confidence: 0.9 };
        let (from, to, done_at) = (SamplePos(0), SamplePos(u64::MAX), self.port.now);
        let heard = Heard::Final { hypothesis, from, to, engine: "scripted", took: Duration::ZERO, done_at };
        let session = self.port.sessions[&seat];
        self.arrive(Arrival::Voice(VoiceHeard { seat, session, heard }));
    }

    fn hand_back(&mut self, slots: &str) -> Result<u64, GuidanceFault> {
        self.note("anna", format!("hands back {slots}"));
        let slots: BTreeMap<_, _> = serde_json::from_str(slots).expect("slots");
        let (reply, mut answer) = GuidanceReply::new();
        let guidance = Guidance { slots, ..Guidance::default() };
        let promise = Some("a window seat".into());
        let order = HandBack { seat: ANNA.0, by: "anna".into(), guidance, promise, reply };
        self.arrive(Arrival::Order(Order::HandBack(order)));
        answer.try_recv().expect("answered at once")
    }

    fn guide(&mut self, guidance: Guidance) -> Result<u64, GuidanceFault> {
        self.note("anna", format!("guides: {guidance:?}"));
        let (reply, mut answer) = GuidanceReply::new();
        self.arrive(Arrival::Order(Order::Guide(Guide { by: "anna".into(), guidance, reply })));
        answer.try_recv().expect("answered at once")
    }

    /// The data of the marks of this name.
    pub fn marks(&self, name: &str) -> Vec<serde_json::Value> {
        let marks = self.port.invariants.notes.iter().filter_map(|(_, note)| match note {
            CallEvent::Mark(mark) if mark.name == name => Some(mark.data.0.clone()),
            _ => None,
        });
        marks.collect()
    }

    pub fn turns(&self) -> Vec<Turn> {
        let turns = self.port.invariants.notes.iter().filter_map(|(_, note)| match note {
            CallEvent::Turn(turn) => Some(turn.clone()),
            _ => None,
        });
        turns.collect()
    }

    /// The loudest that a tone was at the caller's phone between these moments.
    pub fn caller_heard(&self, hz: f32, from: Instant, to: Instant) -> f32 {
        let packets = self.port.sent.iter().filter(|(at, _)| (from..to).contains(at));
        packets.map(|(_, packet)| level(packet, hz)).fold(0.0, f32::max)
    }
}

/// What the caller is sent in a booking, and the trace without what supervisors do.
fn booking(supervised: impl FnOnce(&mut Call)) -> (Vec<Rtp>, Vec<(u64, String)>, Vec<String>) {
    let mut call = Plan::shipped("booking.en").answer();
    call.say("book a room in boston");
    call.hear(ms(300));
    supervised(&mut call);
    call.say("tomorrow at two p m for one hour");
    call.say("three people");
    call.hear(ms(2_000));
    call.speak("no four people");
    call.say("yes");
    call.run_out();
    call.check_invariants();
    let sent = call.port.sent.iter().map(|(_, packet)| packet.clone()).collect();
    let own = |(_, line): &(u64, String)| {
        !line.starts_with("seat") && !line.contains("seat_") && !line.contains("whisper_lost")
    };
    let marks = call.port.invariants.notes.iter().filter_map(|(_, note)| match note {
        CallEvent::Mark(mark) => Some(mark.name.clone()),
        _ => None,
    });
    (sent, call.port.trace.iter().filter(|line| own(line)).cloned().collect(), marks.collect())
}

#[test]
fn supervisors_who_listen_and_whisper_change_no_byte_of_what_the_caller_is_sent() {
    let alone = booking(|_| ());
    let listened = booking(|call| {
        call.join(ANNA, Supervision::Monitor);
        call.pass(ms(420));
        call.join(BEN, Supervision::Whisper);
        call.pass(ms(300));
        call.mode(ANNA.0, Supervision::Whisper);
        call.pass(ms(200));
        call.says(ANNA.0, "what a strange call");
        call.leave(BEN.0, SeatWhy::Asked);
        call.pass(ms(180));
        call.mode(ANNA.0, Supervision::Monitor);
        // One line dies, and one stays to the end.
        call.join(BEN, Supervision::Monitor);
        call.pass(ms(500));
        call.leave(BEN.0, SeatWhy::ConnectionLost);
    });
    let plain = booking(|call| call.pass(ms(420 + 300 + 200 + 180 + 500)));
    assert!(listened.2.contains(&"whisper_lost".to_owned()), "a whisper was recognised: {:?}", listened.2);
    assert!(alone.0.len() > 1_000 && listened.0.len() > 1_000);
    assert_eq!(plain.1, listened.1, "the call itself is the same");
    let same = plain.0.len() == listened.0.len()
        && plain.0.iter().zip(&listened.0).all(|(a, b)| {
            (a.sequence, a.timestamp, a.ssrc, a.marker, &a.payload)
                == (b.sequence, b.timestamp, b.ssrc, b.marker, &b.payload)
        });
    assert!(same, "every packet to the caller is the same, byte by byte");
}

#[test]
fn a_takeover_in_mid_sentence_and_a_hand_back_with_what_was_agreed() {
    let mut call = Plan::shipped("booking.en").answer();
    call.say("book a room in boston tomorrow");
    call.join(ANNA, Supervision::Monitor);
    call.hear(ms(500));
    let taken = call.port.now;
    call.mode(ANNA.0, Supervision::TakeOver);
    call.pass(ms(2_000));
    // The caller and the human speak; keys and silence mean nothing to the bot.
    call.speak("seattle at nine please");
    call.keys("5");
    call.pass(ms(40_000));
    assert!(call.caller_heard(ANNA.1, taken + ms(60), call.port.now) > 2_000.0, "the caller hears anna");
    let bot = call.port.listener.sound.iter().filter(|(_, to)| *to > taken + ms(40));
    assert_eq!(bot.count(), 0, "the bot is silent within two frames, and stays so");
    assert_eq!(call.hand_back(r#"{"time": "soon"}"#), Err(GuidanceFault::Value("time".into())));
    assert_eq!(call.hand_back(r#"{"time": "15:00", "duration": "an hour"}"#), Ok(1));
    call.hear(ms(300));
    assert!(call.caller_heard(ANNA.1, call.port.now - ms(200), call.port.now) < 100.0, "anna listens again");
    call.say("two people");
    call.say("yes");
    call.run_out();
    call.check("takeover");
    let said: String = call.turns().iter().map(|turn| format!("{:?}: {}\n", turn.speaker, turn.text.0)).collect();
    assert_eq!(said.matches("room booking line").count(), 1, "no second greeting: {said}");
    assert!(said.contains("I'm back with you. For how many people?"), "{said}");
    assert!(said.contains("at 3:00 pm for an hour for 2 people"), "{said}");
    // What the caller said to the human stands in the record, and the bot has taken nothing of it.
    assert!(said.contains("Caller: seattle at nine please") && !said.contains("still there"), "{said}");
    let values: Vec<String> =
        call.marks("value_spoken").iter().map(|mark| format!("{}={}", mark["slot"], mark["value"])).collect();
    assert!(values.contains(&r#""place"="seattle""#.into()), "{values:?}");
    assert!(said.contains("boston") && !said.contains("in seattle"), "{said}");
    let back = call.marks("handed_back");
    assert_eq!((back.len(), &back[0]["promise"], &back[0]["by"]), (1, &"a window seat".into(), &"anna".into()));
}

#[test]
fn nothing_counts_as_heard_while_the_bot_rests() {
    let mut call = Plan::shipped("booking.en").answer();
    call.hear(ms(1_000));
    call.join(ANNA, Supervision::TakeOver);
    call.pass(ms(20_000));
    call.leave(ANNA.0, SeatWhy::ConnectionLost);
    let left = call.port.now;
    call.hear(ms(200));
    assert!(call.port.now - left < Duration::from_secs(3), "the call is with the bot");
    call.hear_out();
    call.hang_up();
    call.check("takeover_lost");
    let first = &call.turns()[0];
    assert!(first.speaker == Speaker::Bot && first.interrupted, "{first:?}");
    // Whoever takes over waits for the end of the disclosure, and nothing behind it counts as heard.
    assert_eq!(
        first.heard.0,
        "You are speaking with an automated assistant, this call is recorded and may be monitored."
    );
}

#[test]
fn a_caller_who_speaks_at_once_when_the_bot_is_back_is_understood() {
    let mut call = Plan::shipped("booking.en").answer();
    call.say("book a room");
    call.hear_out();
    call.join(ANNA, Supervision::TakeOver);
    call.pass(ms(5_000));
    assert_eq!(call.hand_back("{}"), Ok(1));
    call.pass(ms(40));
    call.speak("boston");
    call.pass(ms(1_500));
    call.hear_out();
    call.hang_up();
    call.check_invariants();
    let trace = crate::golden::text(&mut call.port.trace);
    assert!(trace.contains("place = \"boston\""), "the first word is heard\n{trace}");
}

#[test]
fn two_supervisors_take_over_one_after_the_other_and_the_bot_waits_for_both() {
    let mut call = Plan::shipped("booking.en").answer();
    call.hear_out();
    call.join(ANNA, Supervision::TakeOver);
    call.join(BEN, Supervision::Monitor);
    call.pass(ms(3_000));
    let (from, to) = (call.port.now - ms(2_000), call.port.now);
    assert!(call.port.supervisors[&BEN.0].heard(ANNA.1, from, to) < 100.0, "supervisors do not hear each other");
    // The other's order may reach the call first.
    call.mode(BEN.0, Supervision::TakeOver);
    call.mode(ANNA.0, Supervision::Monitor);
    call.pass(ms(3_000));
    assert!(call.port.open.is_empty(), "the bot says nothing");
    call.mode(BEN.0, Supervision::Barge);
    call.hear(ms(300));
    let (from, to) = (call.port.now - ms(200), call.port.now);
    assert!(call.caller_heard(BEN.1, from, to) > 2_000.0, "ben is heard beside the bot");
    assert!(call.caller_heard(ANNA.1, from, to) < 100.0);
    call.hear_out();
    call.hang_up();
    call.check_invariants();
    assert_eq!(call.marks("taken_over").len(), 1);
    assert_eq!(call.marks("bot_back").len(), 1);
}

#[test]
fn guidance_is_followed_at_a_pause_and_the_timeline_tells_by_which_turn() {
    let mut call = Plan::shipped("booking.en").answer();
    call.say("book a room in boston");
    call.hear(ms(200));
    let slots = [("date".to_owned(), "tomorrow".into())].into();
    assert_eq!(call.guide(Guidance { slots, ..Guidance::default() }), Ok(1));
    call.hear_out();
    call.hear_out();
    let say = Some("We have a new room by the river.".to_owned());
    assert_eq!(call.guide(Guidance { say, ..Guidance::default() }), Ok(2));
    call.hear_out();
    call.pass(ms(500));
    call.hang_up();
    call.check("guidance");
    let used = call.marks("guidance_used");
    assert_eq!(used.iter().map(|mark| mark["id"].clone()).collect::<Vec<_>>(), [1, 2], "{used:?}");
    let turns = call.turns();
    let of = |at: usize| turns[used[at]["turn"].as_u64().expect("a turn") as usize].text.0.clone();
    assert_eq!(of(0), "At what time?");
    assert_eq!(of(1), "We have a new room by the river. At what time?");
}

#[test]
fn a_supervisors_ear_follows_the_call_through_a_hold_and_to_the_line_that_takes_its_place() {
    let mut call = Plan::shipped("booking.en").answer();
    assert!(call.join(ANNA, Supervision::Monitor));
    call.hear_out();
    call.say("book a room in boston");
    let loudest = |call: &Call, from: Instant| call.port.supervisors[&ANNA.0].loudest(from, call.port.now);
    let from = call.port.now;
    call.hear(ms(400));
    assert!(loudest(&call, from) > 1_000, "the bot");
    call.hold(Direction::Inactive);
    call.pass(ms(500));
    let from = call.port.now;
    call.pass(ms(1_500));
    assert!(loudest(&call, from) < 300, "the bot waits");
    call.resume();
    // Another far end takes the line over, with a plan of its own.
    call.configure(Direction::SendRecv);
    call.pass(ms(100));
    let from = call.port.now;
    call.hear(ms(400));
    assert!(loudest(&call, from) > 1_000, "the bot again");
    call.hear_out();
    call.hang_up();
    call.check_invariants();
    assert_eq!(call.marks("seat_left").len(), 0);
}

#[test]
fn a_takeover_of_a_goodbye_keeps_the_call_until_it_is_given_back() {
    let mut call = Plan::shipped("booking.en").answer();
    call.say("goodbye");
    call.hear(ms(300));
    call.join(ANNA, Supervision::TakeOver);
    call.pass(ms(60_000));
    assert!(call.end.is_none(), "the human speaks on");
    assert_eq!(call.hand_back(r#"{"time": "15:00"}"#), Err(GuidanceFault::Over));
    assert!(call.hand_back("{}").is_ok());
    call.hear_out();
    call.pass(ms(500));
    assert!(call.end.is_some());
    let last = call.turns().into_iter().rfind(|turn| turn.speaker == Speaker::Bot).expect("it says goodbye again");
    assert_eq!((last.text.0.as_str(), last.interrupted), ("Thank you for calling. Goodbye.", false));
    call.check_invariants();
}

#[test]
fn a_room_that_refuses_a_supervisor_leaves_the_call_with_the_bot_and_the_record_says_so() {
    let mut call = Plan::shipped("booking.en").answer();
    call.hear(ms(300));
    call.port.room_refuses = true;
    assert!(!call.join(ANNA, Supervision::TakeOver), "who wants to join is told");
    assert!(!call.leave(ANNA.0, SeatWhy::ConnectionLost), "nobody sits there");
    call.hear_out();
    call.port.room_refuses = false;
    assert!(call.join(BEN, Supervision::Monitor));
    call.port.room_refuses = true;
    assert!(!call.mode(BEN.0, Supervision::TakeOver));
    call.port.room_refuses = false;
    call.seat(BEN.0, SeatChange::Lost(true));
    call.seat(BEN.0, SeatChange::Lost(false));
    call.say("book a room in boston");
    call.hear_out();
    call.hang_up();
    call.check_invariants();
    let told = |name| call.marks(name).iter().map(|mark| mark["name"].clone()).collect::<Vec<_>>();
    assert_eq!(told("seat_refused"), ["anna", "ben"]);
    assert_eq!((told("seat_joined"), told("seat_left").len()), (vec!["ben".into()], 0));
    assert_eq!((told("seat_lost"), told("seat_found")), (vec!["ben".into()], vec!["ben".into()]));
    assert!(call.marks("taken_over").is_empty() && call.marks("bot_back").is_empty());
    let trace = crate::golden::text(&mut call.port.trace);
    assert!(trace.contains("place = \"boston\""), "the bot goes on\n{trace}");
}
