//! Clauses of a remote voice under simulated time: order, marks, interruption, and every way to fail.
use super::*;
use media::Language;
use media::tts::remote::{VoiceAccount, VoiceProtocol};
use media::tts::{Sound, Unsent};
use std::sync::{Arc, Mutex};

const PATIENCE: Duration = Duration::from_millis(700);
const TICK: Duration = Duration::from_millis(20);

/// Takes so many pieces of sound.
#[derive(Clone)]
struct Room(Arc<Mutex<(usize, Vec<Sound>)>>);

impl Sink for Room {
    fn sound(&mut self, sound: Sound) -> Result<(), Unsent> {
        let mut room = self.0.lock().unwrap();
        if room.0 == 0 {
            return Err(Unsent::Full(sound));
        }
        room.0 -= 1;
        room.1.push(sound);
        Ok(())
    }
}

/// A voice whose time passes in steps, and what it gave so far.
struct Bench {
    core: RemoteClauses,
    room: Room,
    now: Instant,
    trace: Vec<String>,
    near: Vec<Clause>,
}

impl Bench {
    fn new(protocol: VoiceProtocol, places: usize) -> Self {
        let (url, model, voice) = ("ws://h".into(), "m".into(), "v".into());
        let account = VoiceAccount { protocol, url, model, voice, key: None };
        let room = Room(Arc::new(Mutex::new((places, Vec::new()))));
        let (engine, dialogue, rate) = ("far", account.dialogue(Language::En), Rate::Hz8000);
        let setup = ClausesSetup { engine, dialogue, patience: PATIENCE, limit: 8, rate };
        let now = Instant::now();
        let core = RemoteClauses::new(now, setup, Box::new(room.clone()), false);
        Self { core, room, now, trace: Vec::new(), near: Vec::new() }
    }

    fn take(&mut self, input: Input) -> &mut Self {
        self.core.handle(self.now, input);
        while let Some(output) = self.core.poll() {
            self.trace.push(match output {
                Output::Connect => "connect".into(),
                Output::Send(Message::Text(text)) => format!("send {text}"),
                Output::Send(Message::Post { .. }) => "post".into(),
                Output::Send(other) => format!("{other:?}").to_lowercase(),
                Output::Spoken(Spoken::Started { utterance, engine, .. }) => {
                    format!("{engine} starts {}", utterance.0)
                }
                Output::Spoken(Spoken::Done { utterance }) => format!("done {}", utterance.0),
                Output::Spoken(Spoken::Failed { utterance, .. }) => format!("failed {}", utterance.0),
                Output::HandOver(clause) => {
                    self.near.push(clause.clone());
                    format!("near says {} from {}", clause.utterance.0, clause.said)
                }
                Output::Did(Ok(())) => "did".into(),
                Output::Did(Err(fault)) => format!("failed: {}", fault.reason()),
            });
        }
        self
    }

    fn pass(&mut self, time: Duration) -> &mut Self {
        let end = self.now + time;
        while self.now < end {
            self.now += TICK;
            if self.core.deadline(self.now).is_some_and(|at| at <= self.now + RETRY) {
                self.take(Input::Tick);
            }
        }
        self
    }

    fn say(&mut self, number: u64, text: &str) -> &mut Self {
        self.take(Input::Say { utterance: UtteranceId(number), text: text.into(), interruptible: true })
    }

    /// So many milliseconds of sound at 24 kHz.
    fn sound(&mut self, ms: usize) -> &mut Self {
        self.take(Input::Received(Received::Binary(vec![1_u8; ms * 48].into())))
    }

    fn told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.trace)
    }

    fn heard(&self) -> Vec<(u64, u32, bool)> {
        self.room.0.lock().unwrap().1.iter().map(|sound| (sound.utterance.0, sound.upto_char, sound.last)).collect()
    }
}

const TEXT: &str = "Ten letter and more.";

#[test]
fn clauses_are_said_in_order_and_each_ends_whole() {
    let mut bench = Bench::new(VoiceProtocol::OpenAi, 99);
    bench.say(1, TEXT).take(Input::Opened).say(2, TEXT);
    assert_eq!(bench.told(), ["connect", "post"]);
    bench.sound(670).take(Input::Received(Received::End));
    assert_eq!(bench.told(), ["far starts 1", "did", "done 1", "post"]);
    // The pause before the next clause is a piece of its own.
    assert_eq!(bench.heard(), [(1, 10, false), (1, 20, false), (1, 20, false), (1, 20, true)]);
    bench.sound(670).take(Input::Received(Received::End)).pass(Duration::from_secs(5));
    assert_eq!(bench.told(), ["far starts 2", "did", "done 2"]);
}

#[test]
fn an_engine_without_sound_is_late_and_the_near_voice_says_all_until_it_is_done() {
    let mut bench = Bench::new(VoiceProtocol::OpenAi, 99);
    bench.take(Input::Opened).say(1, TEXT).say(2, TEXT).pass(PATIENCE - TICK);
    assert_eq!(bench.told(), ["connect", "post"]);
    bench.pass(TICK * 2);
    assert_eq!(bench.told(), ["abort", "failed: late", "near says 1 from 0", "near says 2 from 0"]);
    bench.say(3, TEXT).take(Input::Near(Spoken::Done { utterance: UtteranceId(1) }));
    assert_eq!(bench.told(), ["near says 3 from 0", "done 1"], "the order stays");
    bench.take(Input::Near(Spoken::Done { utterance: UtteranceId(2) }));
    bench.take(Input::Near(Spoken::Done { utterance: UtteranceId(3) })).told();
    bench.say(4, TEXT).take(Input::Opened);
    assert_eq!(bench.told(), ["connect", "post"], "the engine is tried again");
}

#[test]
fn in_a_hurry_an_engine_has_half_the_time_to_its_first_sound() {
    let mut bench = Bench::new(VoiceProtocol::OpenAi, 99);
    bench.take(Input::Hurry(true)).take(Input::Opened).say(1, TEXT).pass(PATIENCE / 2 - TICK);
    assert_eq!(bench.told(), ["connect", "post"]);
    bench.pass(TICK * 2);
    assert_eq!(bench.told(), ["abort", "failed: late", "near says 1 from 0"]);
}

#[test]
fn the_near_voice_goes_on_where_the_engine_broke_off_once_its_sound_has_left() {
    let mut bench = Bench::new(VoiceProtocol::OpenAi, 1);
    bench.take(Input::Opened).say(1, TEXT).sound(330).sound(330).told();
    bench.take(Input::Failed(RemoteFault::Closed)).pass(Duration::from_millis(100));
    assert_eq!(bench.told(), ["abort"], "sound of it waits for room");
    bench.room.0.lock().unwrap().0 = 99;
    bench.pass(TICK);
    assert_eq!(bench.told(), ["failed: closed", "near says 1 from 10"]);
    assert_eq!(bench.heard(), [(1, 5, false), (1, 10, false)]);
}

#[test]
fn a_caller_who_interrupts_ends_the_clause_at_the_engine() {
    for (protocol, cancel) in [
        (VoiceProtocol::OpenAi, "abort"),
        (VoiceProtocol::ElevenLabs, r#"send {"close_context":true,"context_id":"clause-1"}"#),
        (VoiceProtocol::Cartesia, r#"send {"cancel":true,"context_id":"clause-1"}"#),
    ] {
        let mut bench = Bench::new(protocol, 99);
        bench.take(Input::Opened).say(1, TEXT).say(2, TEXT).told();
        bench.take(Input::Hush(UtteranceId(3)));
        assert_eq!(bench.told(), [cancel]);
        bench.pass(Duration::from_secs(5)).say(3, TEXT);
        assert!(bench.told()[0].starts_with(if protocol == VoiceProtocol::OpenAi { "post" } else { "send" }));
    }
}

#[test]
fn an_idle_connection_that_closes_is_no_failure_and_the_next_clause_opens_another() {
    let mut bench = Bench::new(VoiceProtocol::Cartesia, 99);
    bench.take(Input::Opened).take(Input::Failed(RemoteFault::Closed));
    assert_eq!(bench.told(), ["connect"]);
    bench.say(1, TEXT);
    assert_eq!(bench.told(), ["connect"]);
    bench.pass(PATIENCE + TICK);
    assert_eq!(bench.told(), ["failed: late", "near says 1 from 0"], "opening counts as waiting");
}

#[test]
fn an_engine_that_refuses_at_the_start_has_failed_although_nothing_is_said_yet() {
    let mut bench = Bench::new(VoiceProtocol::Cartesia, 99);
    bench.take(Input::Failed(RemoteFault::Refused(401)));
    assert_eq!(bench.told(), ["connect", "failed: refused"]);
    bench.core.set_resting(true);
    bench.say(1, TEXT);
    assert_eq!(bench.told(), ["near says 1 from 0"]);
}

#[test]
fn a_clause_without_sound_a_clause_without_end_and_garbage_are_failures() {
    let mut bench = Bench::new(VoiceProtocol::OpenAi, 99);
    bench.take(Input::Opened).say(1, TEXT).take(Input::Received(Received::End));
    assert!(bench.told().contains(&"failed: garbled".to_owned()));
    let mut bench = Bench::new(VoiceProtocol::OpenAi, 999);
    bench.take(Input::Opened).say(1, TEXT);
    for _ in 0..121 {
        bench.sound(1_000);
    }
    assert!(bench.told().contains(&"failed: garbled".to_owned()));
    let mut bench = Bench::new(VoiceProtocol::Cartesia, 99);
    bench.take(Input::Opened).say(1, TEXT).take(Input::Received(Received::Text("{".into())));
    assert!(bench.told().contains(&"failed: garbled".to_owned()));
}

#[test]
fn a_sound_that_stops_in_the_middle_is_late_once_the_caller_has_heard_it() {
    let mut bench = Bench::new(VoiceProtocol::OpenAi, 99);
    bench.take(Input::Opened).say(1, TEXT).sound(1_000).told();
    bench.pass(Duration::from_millis(1_600));
    assert_eq!(bench.told(), [""; 0]);
    bench.pass(Duration::from_millis(200));
    assert_eq!(bench.told(), ["abort", "failed: late", "near says 1 from 15"]);
}
