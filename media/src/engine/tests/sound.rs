//! The way of the bot's sound from the speech workers to the ear: real workers, and a room whose ticks are simulated.
use crate::Language;
use crate::codec::Codec;
use crate::engine::ears::Batch;
use crate::engine::handle::{RoomHandle, pair};
use crate::engine::slot::{Part, Slot};
use crate::engine::{Bot, Counters};
use crate::frame::{Frame, TICK};
use crate::leg::LineRules;
use crate::packet::{Packet, Wire};
use crate::playout::{Phase, Played};
use crate::pool::{Pool, PoolPlan, Speaker};
use crate::room::{Event, Room, Seat};
use crate::tap::Tap;
use crate::testkit::sim::plan;
use crate::tts::{Chain, Chunk, Spoken, Synthesiser, TtsFault, UtteranceId, Voice};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
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

    fn speak(
        &self,
        voice: &Voice,
        text: &str,
        sink: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>,
    ) -> Result<(), TtsFault> {
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

struct Line {
    room: RoomHandle,
    slot: Slot,
    speaker: Speaker,
    events: mpsc::Receiver<Event>,
    spoken: mpsc::Receiver<Spoken>,
    loud: Arc<AtomicU64>,
    now: Instant,
}

impl Line {
    fn new(pool: &Arc<Pool>, piece: Duration) -> Self {
        let now = Instant::now();
        let (events_out, events) = mpsc::channel(256);
        let (room, mut slot) = pair(1, Room::new(now, Bot::Speaks, LineRules::default()), 7, events_out);
        slot.begin(now);
        room.join(Seat::CALLER, Box::new(Deaf), plan(Codec::Pcmu), None).unwrap();
        let loud = Arc::new(AtomicU64::new(0));
        room.record(Box::new(Meter(loud.clone()))).unwrap();
        let voice = Voice { language: Language::En, name: String::new(), rate: crate::Rate::Hz8000 };
        let (news, spoken) = mpsc::channel(256);
        let chain = Arc::new(Chain::new(vec![Arc::new(Fast(piece))]));
        let speaker = pool.speaker(1, chain, voice, room.sink(Seat::CALLER), news);
        Self { room, slot, speaker, events, spoken, loud, now }
    }

    /// One tick; what was played.
    fn tick(&mut self) -> Vec<Played> {
        let (mut batch, counters) = (Batch::default(), Counters::default());
        for part in [Part::Take, Part::Tick, Part::Give] {
            self.slot.turn(part, (self.now, self.now), &mut batch, &counters);
        }
        self.now += TICK;
        while self.spoken.try_recv().is_ok() {}
        std::iter::from_fn(|| self.events.try_recv().ok())
            .filter_map(|event| if let Event::Played { played, .. } = event { Some(played) } else { None })
            .collect()
    }

    /// Ticks until this clause is over, in real time not longer than a minute.
    fn until_over(&mut self, last: u64) -> Vec<Played> {
        let begun = Instant::now();
        let mut all = Vec::new();
        while !all.iter().any(|p: &Played| p.utterance.0 == last && matches!(p.phase, Phase::Done | Phase::Cut)) {
            let played = self.tick();
            // While nothing plays, the workers are given time: their clock is the real one.
            if played.iter().any(|p| p.phase == Phase::Waiting) || all.is_empty() {
                std::thread::sleep(Duration::from_millis(1));
            }
            all.extend(played);
            assert!(begun.elapsed() < Duration::from_secs(60), "clause {last} is never over");
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
            line.speaker.say(UtteranceId(clause), "x".repeat(chars), true).unwrap();
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
        line.speaker.say(UtteranceId(clause), "x".repeat(300), true).unwrap();
    }
    while line.loud.load(Ordering::Relaxed) < 8_000 {
        line.tick();
    }
    let before = line.loud.load(Ordering::Relaxed);
    line.speaker.hush(UtteranceId(21));
    line.room.hush(Seat::CALLER, UtteranceId(21)).unwrap();
    line.speaker.say(UtteranceId(21), "x".repeat(10), true).unwrap();
    let all = line.until_over(21);
    assert!(all.iter().all(|p| p.utterance.0 == 21 || p.phase == Phase::Cut), "{all:?}");
    let more = line.loud.load(Ordering::Relaxed) - before;
    assert!(more <= (10 * samples(PER_CHAR) + 160) as u64, "{more}");
}
