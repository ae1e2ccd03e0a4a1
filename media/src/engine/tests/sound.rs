//! The way of the bot's sound from the speech workers to the ear: real workers, and a room whose ticks are simulated.
use crate::Language;
use crate::codec::Codec;
use crate::engine::ears::Batch;
use crate::engine::handle::{RoomHandle, pair};
use crate::engine::slot::{Slot, Step};
use crate::engine::{BotMode, Counters};
use crate::frame::{Frame, TICK};
use crate::leg::LineRules;
use crate::packet::{Packet, Wire};
use crate::playout::{Phase, Played};
use crate::pool::{Pool, PoolPlan, Speaker};
use crate::room::{Event, Room, Seat};
use crate::tap::Tap;
use crate::testkit::sim::plan;
use crate::tts::{
    Chunk, Sink, Sound, Speak, Spoken, Synthesiser, TakeChunk, TtsFault, Unsent, UtteranceId, Voice, VoiceChain,
};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

const LEVEL: i16 = 1_000;
/// Sound of one character.
const PER_CHAR: Duration = Duration::from_millis(60);

/// Speaks as fast as it is let, in pieces of this length.
struct Fast(Duration);

impl Synthesiser for Fast {
    fn name(&self) -> &'static str {
        "fast"
    }

    fn speaks(&self, _: Language) -> bool {
        true
    }

    fn speak(&self, voice: &Voice, text: &str, sink: &mut TakeChunk<'_>) -> Result<(), TtsFault> {
        let chars = text.chars().count();
        let sound = vec![LEVEL; samples(PER_CHAR) * chars];
        let mut made = 0;
        for pcm in sound.chunks(samples(self.0)) {
            made += pcm.len();
            if sink(Chunk { pcm, upto_char: (made / samples(PER_CHAR)) as u32 }).is_break() {
                break;
            }
        }
        assert_eq!(voice.rate.hz(), 8_000);
        Ok(())
    }
}

fn samples(time: Duration) -> usize {
    time.as_millis() as usize * 8
}

struct Deaf;

impl Wire for Deaf {
    fn recv(&mut self, _: Instant) -> Option<Packet> {
        None
    }

    fn send(&mut self, _: &Packet) {}
}

/// Counts the samples of the bot's that the caller is sent.
struct Meter(Arc<AtomicU64>);

impl Tap for Meter {
    fn take(&mut self, _: &Frame, right: &Frame) -> ControlFlow<()> {
        let loud = right.pcm().iter().filter(|sample| sample.unsigned_abs() > 100).count();
        self.0.fetch_add(loud as u64, Ordering::Relaxed);
        ControlFlow::Continue(())
    }
}

/// How many pieces of sound the speech workers have put into the room's queue.
#[derive(Default)]
struct Delivered {
    count: Mutex<u64>,
    more: Condvar,
}

impl Delivered {
    fn count(&self) -> u64 {
        *self.count.lock().unwrap()
    }

    /// Blocks until more than `count` pieces have been delivered.
    fn wait(&self, count: u64) {
        let delivered = self.count.lock().unwrap();
        let (delivered, late) =
            self.more.wait_timeout_while(delivered, LIMIT, |delivered| *delivered <= count).unwrap();
        assert!(!late.timed_out(), "the workers deliver nothing after piece {}", *delivered);
    }
}

/// The room's sink, which counts what it takes.
struct CountingSink(Box<dyn Sink>, Arc<Delivered>);

impl Sink for CountingSink {
    fn sound(&mut self, sound: Sound) -> Result<(), Unsent> {
        self.0.sound(sound)?;
        *self.1.count.lock().unwrap() += 1;
        self.1.more.notify_one();
        Ok(())
    }
}

/// The longest that anything may take in real time.
const LIMIT: Duration = Duration::from_secs(60);

struct Line {
    room: RoomHandle,
    slot: Slot,
    speaker: Speaker,
    events: mpsc::Receiver<Event>,
    spoken: mpsc::Receiver<Spoken>,
    loud: Arc<AtomicU64>,
    delivered: Arc<Delivered>,
    /// How many pieces of sound had been delivered before the last tick.
    taken: u64,
    /// The playout and the queue before it are empty: nothing plays until another piece is delivered.
    starved: bool,
    now: Instant,
}

impl Line {
    fn new(pool: &Arc<Pool>, piece: Duration) -> Self {
        let now = Instant::now();
        let (events_out, events) = mpsc::channel(256);
        let (room, mut slot) = pair(1, Room::new(now, BotMode::Speaks, LineRules::default()), 7, events_out);
        slot.begin(now);
        room.join(Seat::CALLER, Box::new(Deaf), plan(Codec::Pcmu), None).unwrap();
        let loud = Arc::new(AtomicU64::new(0));
        room.record(Box::new(Meter(loud.clone()))).unwrap();
        let voice = Voice { language: Language::En, name: String::new(), rate: crate::Rate::Hz8000 };
        let (news, spoken) = mpsc::channel(256);
        let chain = Arc::new(VoiceChain::new(vec![Arc::new(Fast(piece))]));
        let delivered = Arc::new(Delivered::default());
        let sink = Box::new(CountingSink(room.sink(Seat::CALLER), delivered.clone()));
        let speaker = pool.speaker(1, chain, voice, sink, news);
        Self { room, slot, speaker, events, spoken, loud, delivered, taken: 0, starved: true, now }
    }

    fn say(&mut self, clause: u64, chars: usize) {
        self.speaker.say(UtteranceId(clause), "x".repeat(chars).into(), true).unwrap();
    }

    /// One tick, not before there is something to play; what was played.
    fn tick(&mut self) -> Vec<Played> {
        if self.starved {
            self.delivered.wait(self.taken);
        }
        self.taken = self.delivered.count();
        let (mut batch, counters) = (Batch::default(), Counters::default());
        for step in [Step::ReadInputs, Step::Tick, Step::WriteOutputs] {
            self.slot.turn(step, (self.now, self.now), &mut batch, &counters);
        }
        self.now += TICK;
        while self.spoken.try_recv().is_ok() {}
        let played: Vec<Played> = std::iter::from_fn(|| self.events.try_recv().ok())
            .filter_map(|event| if let Event::Played { played, .. } = event { Some(played) } else { None })
            .collect();
        self.starved = played.last().is_some_and(|played| played.phase == Phase::Waiting);
        played
    }

    /// Ticks until this clause is over, in real time not longer than a minute.
    fn until_over(&mut self, last: u64) -> Vec<Played> {
        let begun = Instant::now();
        let mut all = Vec::new();
        while !all.iter().any(|p: &Played| p.utterance.0 == last && matches!(p.phase, Phase::Done | Phase::Cut)) {
            all.extend(self.tick());
            assert!(begun.elapsed() < LIMIT, "clause {last} is never over");
        }
        all
    }
}

/// Texts whose sound fills the queue between the workers and the room, or all of the playout, many times over.
#[test]
fn a_text_of_any_length_is_heard_whole() {
    let pool = Pool::start(PoolPlan { threads: 2, ..PoolPlan::default() }).unwrap();
    for (clauses, chars, piece) in [(1, 2, 20), (1, 500, 10), (7, 300, 4), (40, 30, 10), (300, 40, 20), (3, 2_000, 5)] {
        let mut line = Line::new(&pool, Duration::from_millis(piece));
        for clause in 1..=clauses {
            line.say(clause, chars);
        }
        let all = line.until_over(clauses);
        let done: Vec<_> = all.iter().filter(|p| p.phase == Phase::Done).map(|p| (p.utterance.0, p.chars)).collect();
        let whole: Vec<_> = (1..=clauses).map(|clause| (clause, chars as u32)).collect();
        assert_eq!(done, whole);
        let made = clauses * (chars * samples(PER_CHAR)) as u64;
        let loud = line.loud.load(Ordering::Relaxed);
        // Where the simulated ear overtakes the workers, a few samples fade.
        assert!(loud <= made && loud * 100 >= made * 99, "{loud} of {made} samples were sent");
    }
}

#[test]
fn a_hush_leaves_nothing_of_what_waits_and_the_next_clause_is_heard() {
    let pool = Pool::start(PoolPlan { threads: 2, ..PoolPlan::default() }).unwrap();
    let mut line = Line::new(&pool, Duration::from_millis(5));
    for clause in 1..=20 {
        line.say(clause, 300);
    }
    while line.loud.load(Ordering::Relaxed) < 8_000 {
        line.tick();
    }
    let before = line.loud.load(Ordering::Relaxed);
    line.speaker.hush(UtteranceId(21));
    line.room.hush(Seat::CALLER, UtteranceId(21)).unwrap();
    line.say(21, 10);
    let all = line.until_over(21);
    assert!(all.iter().all(|p| p.utterance.0 == 21 || p.phase == Phase::Cut), "{all:?}");
    let more = line.loud.load(Ordering::Relaxed) - before;
    assert!(more <= (10 * samples(PER_CHAR) + 160) as u64, "{more}");
}
