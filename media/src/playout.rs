//! `Playout`: the queue of the bot's sound for one leg, by utterance. It ducks, holds and hushes without a click, and reports what was
//! heard.
mod envelope;
mod utterance;

use crate::Rate;
use crate::tts::{Sound, UtteranceId};
use envelope::Envelope;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use utterance::QueuedUtterance;

/// How loud the bot plays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gain {
    #[default]
    Full,
    /// 18 dB lower, for utterances that may be interrupted.
    Duck,
    /// Silent; the sound waits.
    Hold,
}

impl Gain {
    const fn factor(self) -> f32 {
        match self {
            Self::Full => 1.0,
            Self::Duck => DUCKED,
            Self::Hold => 0.0,
        }
    }
}

/// What the caller has heard of an utterance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Played {
    pub utterance: UtteranceId,
    /// Characters of its text, by the marks of the sound.
    pub chars: u32,
    pub phase: Phase,
    pub at: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its first sound leaves with this tick.
    Started,
    Progress,
    /// It has begun, and its sound has run out before its end: its synthesiser is late. Reported after [`LATE`]; `at` is when the
    /// sound ran out. [`Phase::Progress`] follows when it goes on.
    Waiting,
    /// It was played to its end.
    Done,
    /// The rest will not be played.
    Cut,
}

const DUCKED: f32 = 0.125_9;
const FADE: Duration = Duration::from_millis(10);
const HUSH: Duration = Duration::from_millis(8);
const EDGE: Duration = Duration::from_millis(3);
const PROGRESS: Duration = Duration::from_millis(200);
/// After a hold within this time of its beginning a clause begins again; later it goes on from the last mark within this time, or where
/// it stopped.
const REWIND: Duration = Duration::from_secs(1);
/// With this much sound waiting there is no room for more ([`Playout::has_room`]).
const ENOUGH: Duration = Duration::from_secs(30);
/// The most sound that waits; sound beyond it is dropped, and its utterance ends there.
const LIMIT: Duration = Duration::from_secs(180);
/// Sound that is missing for longer than this inside an utterance is reported.
pub const LATE: Duration = Duration::from_millis(100);

pub struct Playout {
    rate: Rate,
    queue: VecDeque<QueuedUtterance>,
    /// Utterances below this are refused.
    floor: UtteranceId,
    /// Utterances up to this are over.
    over: Option<UtteranceId>,
    gain: Gain,
    /// The gain of the last sample.
    level: f32,
    held: bool,
    /// The fade after a hush.
    tail: Vec<i16>,
    waiting: usize,
    dropped: u64,
    underruns: u64,
    news: VecDeque<Played>,
}

impl Playout {
    pub fn new(rate: Rate) -> Self {
        Self {
            rate,
            queue: VecDeque::new(),
            floor: UtteranceId::default(),
            over: None,
            gain: Gain::Full,
            level: 1.0,
            held: false,
            tail: Vec::new(),
            waiting: 0,
            dropped: 0,
            underruns: 0,
            news: VecDeque::new(),
        }
    }

    fn samples(&self, time: Duration) -> usize {
        (time.as_micros() as u64 * u64::from(self.rate.hz()) / 1_000_000) as usize
    }

    /// Sets the line's rate. Waiting sound is converted when it is played.
    pub fn tune(&mut self, rate: Rate) {
        if rate != self.rate {
            self.waiting = (self.waiting as u64 * u64::from(rate.hz()) / u64::from(self.rate.hz())) as usize;
            self.rate = rate;
            self.tail.clear();
        }
    }

    /// Takes sound. Sound below the floor, or of an utterance that is over, is dropped.
    pub fn push(&mut self, sound: Sound) {
        if sound.utterance < self.floor || self.over.is_some_and(|over| sound.utterance <= over) {
            return;
        }
        let place = self.queue.partition_point(|u| u.id < sound.utterance);
        if self.queue.get(place).is_none_or(|u| u.id != sound.utterance) {
            let utterance = QueuedUtterance::new(sound.utterance, self.rate, sound.interruptible);
            self.queue.insert(place, utterance);
        }
        let room = self.samples(LIMIT).saturating_sub(self.waiting);
        let Some(utterance) = self.queue.get_mut(place) else { return };
        if utterance.last {
            return;
        }
        let comes = sound.pcm.len() * self.rate.hz() as usize / sound.rate.hz() as usize;
        if comes > room {
            self.dropped += sound.pcm.len() as u64;
            utterance.last = true;
            return;
        }
        let before = utterance.pcm.len();
        utterance.push(&sound);
        let came = (utterance.pcm.len() - before) as u64;
        self.waiting += (came * u64::from(self.rate.hz()) / u64::from(utterance.rate.hz())) as usize;
    }

    /// Refuses an utterance: it counts as cut, and sound of it is dropped.
    pub fn refuse(&mut self, now: Instant, utterance: UtteranceId) {
        if utterance >= self.floor && self.over.is_none_or(|over| utterance > over) {
            self.over = Some(utterance);
            self.tell(Played { utterance, chars: 0, phase: Phase::Cut, at: now });
        }
    }

    /// Cuts all sound that plays or waits. Later utterances are played.
    pub fn cut_all(&mut self, now: Instant) {
        let floor = self.queue.back().map(|last| UtteranceId(last.id.0.saturating_add(1)));
        self.hush(now, floor.unwrap_or_default());
    }

    pub fn gain(&mut self, gain: Gain) {
        if self.held && gain != Gain::Hold {
            self.resume();
        }
        self.gain = gain;
    }

    /// Ends a hold: see [`REWIND`].
    fn resume(&mut self) {
        self.held = false;
        let back = self.samples(REWIND);
        if let Some(front) = self.queue.front_mut() {
            self.waiting += front.rewind(back);
        }
    }

    /// Drops all utterances below `floor`; sound that plays fades within a few milliseconds.
    pub fn hush(&mut self, now: Instant, floor: UtteranceId) {
        self.floor = self.floor.max(floor);
        let fade = self.samples(HUSH);
        while let Some(front) = self.queue.front() {
            if front.id >= self.floor {
                break;
            }
            if front.started && self.level > 0.0 && !self.held {
                let rest = &front.pcm[front.at..front.pcm.len().min(front.at + fade)];
                let steps = rest.len() as f32;
                self.tail = rest
                    .iter()
                    .enumerate()
                    .map(|(i, &x)| (f32::from(x) * self.level * (1.0 - (i as f32 + 1.0) / steps)) as i16)
                    .collect();
            }
            self.finish(now, Phase::Cut);
        }
        if self.queue.front().is_none_or(|u| !u.started) {
            (self.held, self.gain, self.level) = (false, Gain::Full, 1.0);
        }
    }

    fn finish(&mut self, now: Instant, phase: Phase) {
        let Some(front) = self.queue.pop_front() else { return };
        self.waiting = self.waiting.saturating_sub(front.left());
        self.over = Some(front.id);
        self.tell(Played { utterance: front.id, chars: front.chars(), phase, at: now });
    }

    fn tell(&mut self, played: Played) {
        // Where nobody polls, progress may be dropped; the ends may not.
        if self.news.len() >= 256 {
            self.news.retain(|p| p.phase != Phase::Progress);
        }
        self.news.push_back(played);
    }

    pub fn poll(&mut self) -> Option<Played> {
        self.news.pop_front()
    }

    /// Whether an interruptible utterance plays or is held.
    pub fn interruptible(&self) -> bool {
        self.queue.front().is_some_and(|u| u.started && u.interruptible)
    }

    /// Whether more sound should be sent. A synthesiser far ahead waits, so that a hush stops it in time.
    pub fn has_room(&self) -> bool {
        self.waiting < self.samples(ENOUGH)
    }

    pub fn is_idle(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether cut sound still fades.
    pub fn fades(&self) -> bool {
        !self.tail.is_empty()
    }

    pub const fn gain_now(&self) -> Gain {
        self.gain
    }

    pub const fn underruns(&self) -> u64 {
        self.underruns
    }

    /// Samples dropped for lack of room.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Fills one tick. `pcm` is silent at first, and stays so where nothing plays.
    pub fn fill(&mut self, now: Instant, pcm: &mut [i16]) {
        let mut done = self.tail.len().min(pcm.len());
        for (out, old) in pcm.iter_mut().zip(self.tail.drain(..done)) {
            *out = old;
        }
        while done < pcm.len() {
            let before = done;
            done = self.play(now, pcm, done);
            if done == before {
                self.miss(now);
                break;
            }
        }
    }

    /// Nothing played in part of a tick: notes and reports that sound is missing where an utterance is in its middle.
    fn miss(&mut self, now: Instant) {
        if self.held {
            return;
        }
        let Some(front) = self.queue.front_mut().filter(|front| front.started && !front.last) else { return };
        let (at, told) = *front.missing.get_or_insert((now, false));
        if !told && now.saturating_duration_since(at) >= LATE {
            front.missing = Some((at, true));
            let played = Played { utterance: front.id, chars: front.chars(), phase: Phase::Waiting, at };
            self.tell(played);
        }
    }

    /// Plays from the front utterance into `pcm[from..]`; returns where it stopped.
    fn play(&mut self, now: Instant, pcm: &mut [i16], from: usize) -> usize {
        let ahead = 2 * self.rate.per_tick();
        if let Some(front) = self.queue.front_mut()
            && front.rate != self.rate
        {
            front.convert(self.rate);
        }
        let follows = self.queue.get(1).is_some_and(|u| !u.pcm.is_empty() || u.last);
        let Some(front) = self.queue.front() else { return from };
        let gain = if front.interruptible || self.gain == Gain::Hold { self.gain } else { Gain::Full };
        if self.held && gain == Gain::Hold {
            return from;
        }
        let left = front.left();
        if left == 0 {
            // The next clause has sound: this one gets no more.
            if front.last || follows {
                // Without its last piece it may not be complete.
                let phase = if front.last { Phase::Done } else { Phase::Cut };
                self.finish(now, phase);
                if self.queue.front().is_some() {
                    return self.play(now, pcm, from);
                }
            }
            return from;
        }
        if front.dry && !front.last && !follows && left < ahead {
            return from;
        }
        if gain == Gain::Hold && (!front.started || front.dry) {
            (self.held, self.level) = (true, 0.0);
            return from;
        }
        from + self.play_front(now, &mut pcm[from..], gain)
    }

    /// Plays the next samples of the front utterance into `out`; returns how many. With [`Gain::Hold`] it fades out, and returns 0.
    fn play_front(&mut self, now: Instant, out: &mut [i16], gain: Gain) -> usize {
        let (edge, interval) = (self.samples(EDGE), self.samples(PROGRESS));
        let most = if gain == Gain::Hold { self.samples(FADE) } else { usize::MAX };
        let Some(front) = self.queue.front_mut() else { return 0 };
        let left = front.left();
        let n = left.min(out.len()).min(most);
        // A change of gain takes the whole piece: 10 ms for a hold, a tick for a duck.
        let (from, to) = (self.level, gain.factor());
        let rise = if front.dry { edge } else { 0 };
        // The end of the utterance, or of what the synthesiser has made so far.
        let fall = if n == left { edge.min(n) } else { 0 };
        Envelope { from, to, rise, fall }.apply(&front.pcm[front.at..front.at + n], &mut out[..n]);
        self.level = to;
        self.waiting = self.waiting.saturating_sub(n);
        let phase = front.advance(n, fall > 0, interval);
        self.underruns += u64::from(front.dry && !front.last);
        let ended = front.is_over();
        if let Some(phase) = phase {
            let chars = if phase == Phase::Started { 0 } else { front.chars() };
            let played = Played { utterance: front.id, chars, phase, at: now };
            self.tell(played);
        }
        if gain == Gain::Hold {
            self.held = true;
            return 0;
        }
        if ended {
            self.finish(now, Phase::Done);
        }
        n
    }
}

#[cfg(test)]
mod tests;
