//! `Voice`: a scripted synthesiser. Each clause is a tone of its own, as long as its text, one after the other.
use media::Rate;
use media::pool::PoolPlan;
use media::pool::clauses::ClauseQueue;
use media::testkit::tone::sine;
use media::tts::delivery::ClauseText;
use media::tts::{Chunk, Sink, Sound, Spoken, TtsFault, Unsent, UtteranceId};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub const PER_CHAR: Duration = Duration::from_millis(60);
pub const AMPLITUDE: i16 = 8_000;

/// The tone of a clause; neighbours are far apart, and a packet of 20 ms tells them from one another.
pub fn tone(utterance: UtteranceId) -> f32 {
    500.0 + 50.0 * (utterance.0 / 8 * 23 % 57) as f32
}

pub struct Voice {
    /// From the request to the first sound.
    pub first: Duration,
    /// From this clause on (counted from 1), every one fails, after this long.
    pub fails: Option<(u64, Duration)>,
    /// The sound of this clause (counted from 1) ends after its first word without a report of its end.
    pub stops: Option<u64>,
    /// What it has to say, and its sound, in the order of the speech workers.
    queue: Option<ClauseQueue>,
    /// Sound of this clause is lost on its way.
    lost: Arc<Mutex<Option<UtteranceId>>>,
    busy: bool,
    said: u64,
}

impl Default for Voice {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(60),
            fails: None,
            stops: None,
            queue: None,
            lost: Arc::default(),
            busy: false,
            said: 0,
        }
    }
}

/// The way to the room, on which sound may be lost.
struct LossyRoute {
    room: Box<dyn Sink>,
    lost: Arc<Mutex<Option<UtteranceId>>>,
}

impl Sink for LossyRoute {
    fn sound(&mut self, sound: Sound) -> Result<(), Unsent> {
        if *self.lost.lock().expect("no panic") == Some(sound.utterance) {
            return Ok(());
        }
        self.room.sound(sound)
    }
}

impl Voice {
    /// Its sound goes there from now on.
    pub fn connect(&mut self, room: Box<dyn Sink>) {
        let route = LossyRoute { room, lost: self.lost.clone() };
        self.queue = Some(ClauseQueue::new(Box::new(route), Rate::Hz8000));
    }

    fn queue(&mut self) -> &mut ClauseQueue {
        self.queue.as_mut().expect("it is connected")
    }

    fn takes(&self) -> Duration {
        match self.fails {
            Some((from, time)) if self.said + 1 >= from => time,
            _ => self.first,
        }
    }

    /// Takes a clause; when [`Voice::speak`] is due, if it is not already.
    pub fn say(&mut self, utterance: UtteranceId, text: ClauseText, interruptible: bool) -> Option<Duration> {
        let limit = PoolPlan::default().clauses;
        self.queue().push(utterance, text, interruptible, limit).expect("so many clauses may wait");
        if self.busy {
            return None;
        }
        self.next()
    }

    /// When the next clause is due.
    pub fn next(&mut self) -> Option<Duration> {
        self.busy = self.queue().is_due();
        self.busy.then(|| self.takes())
    }

    /// Sound that found the room's queue full is offered again; when the next clause is due, if it waited for that.
    pub fn resume(&mut self) -> Option<Duration> {
        if !self.queue().has_unsent() {
            return None;
        }
        assert!(self.queue().send_rest().is_continue(), "the room is there");
        if self.busy { None } else { self.next() }
    }

    pub fn hush(&mut self, floor: UtteranceId) {
        self.queue().hush(floor);
    }

    /// The clause at the front of the queue is synthesised: its sound is sent.
    pub fn speak(&mut self, now: Instant) -> Vec<Spoken> {
        let Some(clause) = self.queue().next_clause() else { return Vec::new() };
        let utterance = clause.utterance;
        self.said += 1;
        if self.fails.is_some_and(|(from, _)| self.said >= from) {
            self.queue().end();
            return vec![Spoken::Failed { utterance, fault: TtsFault::Engine("told to fail".into()) }];
        }
        let chars = clause.text.chars().count();
        let per = (PER_CHAR.as_millis() * 8) as usize;
        let pcm = sine(tone(utterance), Rate::Hz8000, chars * per, AMPLITUDE);
        let mut from = 0;
        // A mark after each word.
        for (at, c) in clause.text.chars().enumerate() {
            if c == ' ' || at + 1 == chars {
                let chunk = Chunk { pcm: &pcm[from * per..(at + 1) * per], upto_char: at as u32 + 1 };
                assert!(self.queue().send(&clause, 0, chunk).is_continue(), "it is wanted");
                from = at + 1;
                if self.stops == Some(self.said) {
                    *self.lost.lock().expect("no panic") = Some(utterance);
                }
            }
        }
        self.queue().end();
        vec![Spoken::Started { utterance, engine: "scripted", at: now }, Spoken::Done { utterance }]
    }
}

/// A standby clip: half a second.
pub fn clip(tone: f32) -> Vec<i16> {
    sine(tone, Rate::Hz8000, 4_000, AMPLITUDE)
}

/// Clauses by number; a standby clip by the clause it goes before.
pub fn name(utterance: UtteranceId) -> String {
    match utterance.0 {
        id if id % 8 == 0 => (id / 8).to_string(),
        id => format!("before {}", id.div_ceil(8)),
    }
}
