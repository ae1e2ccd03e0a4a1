//! `Voice`: a scripted synthesiser. Each clause is a tone of its own, as long as its text, one after the other.
use media::Rate;
use media::testkit::tone::sine;
use media::tts::{Sound, Spoken, TtsFault, UtteranceId};
use std::collections::VecDeque;
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
    waiting: VecDeque<(UtteranceId, String, bool)>,
    busy: bool,
    floor: UtteranceId,
    said: u64,
}

impl Default for Voice {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(60),
            fails: None,
            stops: None,
            waiting: VecDeque::new(),
            busy: false,
            floor: UtteranceId(0),
            said: 0,
        }
    }
}

#[derive(Default)]
pub struct Spoke {
    pub sounds: Vec<Sound>,
    pub news: Vec<Spoken>,
}

impl Voice {
    fn takes(&self) -> Duration {
        match self.fails {
            Some((from, time)) if self.said + 1 >= from => time,
            _ => self.first,
        }
    }

    /// Takes a clause; when [`Voice::speak`] is due, if it is not already.
    pub fn say(&mut self, utterance: UtteranceId, text: String, interruptible: bool) -> Option<Duration> {
        if utterance >= self.floor {
            self.waiting.push_back((utterance, text, interruptible));
        }
        if self.busy {
            return None;
        }
        self.next()
    }

    /// When the next clause is due.
    pub fn next(&mut self) -> Option<Duration> {
        self.busy = !self.waiting.is_empty();
        self.busy.then(|| self.takes())
    }

    pub fn hush(&mut self, floor: UtteranceId) {
        self.floor = self.floor.max(floor);
        let floor = self.floor;
        self.waiting.retain(|(id, ..)| *id >= floor);
    }

    /// The clause at the front of the queue is synthesised.
    pub fn speak(&mut self, now: Instant) -> Spoke {
        let Some((utterance, text, interruptible)) = self.waiting.pop_front() else { return Spoke::default() };
        self.said += 1;
        let sound = |pcm, upto_char, last| Sound { utterance, pcm, rate: Rate::Hz8000, upto_char, interruptible, last };
        if self.fails.is_some_and(|(from, _)| self.said >= from) {
            let fault = TtsFault::Engine("told to fail".into());
            return Spoke { sounds: vec![sound(Vec::new(), 0, true)], news: vec![Spoken::Failed { utterance, fault }] };
        }
        let chars = text.chars().count();
        let per = (PER_CHAR.as_millis() * 8) as usize;
        let pcm = sine(tone(utterance), Rate::Hz8000, chars * per, AMPLITUDE);
        let mut sounds = Vec::new();
        let mut from = 0;
        // A mark after each word.
        for (at, c) in text.chars().enumerate() {
            if c == ' ' || at + 1 == chars {
                sounds.push(sound(pcm[from * per..(at + 1) * per].to_vec(), at as u32 + 1, at + 1 == chars));
                from = at + 1;
            }
        }
        if self.stops == Some(self.said) {
            sounds.truncate(1);
        }
        let news = vec![Spoken::Started { utterance, engine: "scripted", at: now }, Spoken::Done { utterance }];
        Spoke { sounds, news }
    }
}

/// A standby clip: half a second.
pub fn clip(tone: f32) -> Vec<i16> {
    sine(tone, Rate::Hz8000, 4_000, AMPLITUDE)
}
