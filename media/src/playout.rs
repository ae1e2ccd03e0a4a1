//! `Playout`: the bot's sound on its way to one ear, by utterance. It ducks, holds and hushes without a click, and says what was heard.
use crate::Rate;
use crate::noise::nearest;
use crate::resample::Resampler;
use crate::tts::{Sound, UtteranceId};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How loud the bot plays. Full after a hold resumes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gain {
    #[default]
    Full,
    /// 18 dB lower, for utterances that may be interrupted.
    Duck,
    /// Silent, and nothing is lost.
    Hold,
}

/// What the caller has heard of an utterance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Played {
    pub utterance: UtteranceId,
    /// Characters of its text, by the marks that came with the sound.
    pub chars: u32,
    pub phase: Phase,
    pub at: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its first sound leaves with this tick.
    Started,
    Progress,
    /// It has begun and is not at its end, and none of its sound is here: its synthesiser is late. Told once it has lasted
    /// [`LATE`]; `at` is when the sound ran out. [`Phase::Progress`] follows when it goes on.
    Waiting,
    /// All of it has left.
    Done,
    /// The rest will never be heard.
    Cut,
}

const DUCKED: f32 = 0.125_9;
const FADE: Duration = Duration::from_millis(10);
const HUSH: Duration = Duration::from_millis(8);
const EDGE: Duration = Duration::from_millis(3);
const PROGRESS: Duration = Duration::from_millis(200);
/// A hold this early in a clause resumes from its beginning; later, from the last mark of this time, or where it stopped.
const REWIND: Duration = Duration::from_secs(1);
/// With this much sound waiting the playout asks for no more ([`Playout::has_room`]).
const ENOUGH: Duration = Duration::from_secs(30);
/// No more sound than this waits; what comes beyond it is dropped, and its utterance ends there.
const LIMIT: Duration = Duration::from_secs(180);
/// Sound that is missing for longer than this inside an utterance is told.
pub const LATE: Duration = Duration::from_millis(100);

struct Utterance {
    id: UtteranceId,
    pcm: Vec<i16>,
    /// Of `pcm` and of every place in it.
    rate: Rate,
    /// Brings what comes at another rate to `rate`.
    tune: Option<Resampler>,
    /// The next sample to play.
    at: usize,
    /// The furthest that has been played.
    heard: usize,
    /// (samples from the beginning, characters heard when they are played)
    marks: Vec<(usize, u32)>,
    interruptible: bool,
    last: bool,
    started: bool,
    /// Nothing of it plays (not yet, or the synthesiser is slower than the ear): it goes on with two ticks in hand, fading in.
    dry: bool,
    reported: usize,
    /// Since when sound is missing in its middle, and whether that has been told.
    missing: Option<(Instant, bool)>,
}

impl Utterance {
    fn chars(&self) -> u32 {
        let (mut from, mut low) = (0, 0);
        for &(to, high) in &self.marks {
            if self.heard < to {
                let share = (self.heard - from) as f64 / (to - from) as f64;
                return low + (f64::from(high.saturating_sub(low)) * share) as u32;
            }
            (from, low) = (to, high);
        }
        low
    }

    /// Appends sound of any rate.
    fn take(&mut self, sound: &Sound) {
        let (from, to) = (sound.rate.hz(), self.rate.hz());
        if !sound.pcm.is_empty() && self.tune.as_ref().map_or(to, Resampler::from_hz) != from {
            self.tune = (from != to).then(|| Resampler::new(from, to));
        }
        let Some(tune) = &mut self.tune else { return self.pcm.extend_from_slice(&sound.pcm) };
        tune.push(&sound.pcm, &mut self.pcm);
        if sound.last {
            tune.finish(&mut self.pcm);
        }
    }

    /// The line has another rate now: so has what waits, at the same place of the same sound.
    fn convert(&mut self, rate: Rate) {
        let (from, to) = (self.rate.hz() as usize, rate.hz() as usize);
        let scale = |samples: usize| samples * to / from;
        let mut tune = Resampler::new(from as u32, to as u32);
        let old = std::mem::take(&mut self.pcm);
        self.pcm.reserve(scale(old.len()) + rate.per_tick());
        tune.push(&old, &mut self.pcm);
        if self.last {
            tune.finish(&mut self.pcm);
        }
        let end = self.pcm.len();
        for place in [&mut self.at, &mut self.heard, &mut self.reported] {
            *place = scale(*place).min(end);
        }
        for (to, _) in &mut self.marks {
            *to = scale(*to).min(end);
        }
        if let Some((to, _)) = self.marks.last_mut() {
            *to = end;
        }
        // What comes next of it goes on where this stops.
        (self.rate, self.tune) = (rate, Some(tune));
    }

    fn mark_before(&self, earliest: usize) -> Option<usize> {
        self.marks.iter().map(|&(to, _)| to).rev().find(|&to| to < self.at && to >= earliest)
    }
}

pub struct Playout {
    rate: Rate,
    queue: VecDeque<Utterance>,
    /// Utterances below this are never heard.
    floor: UtteranceId,
    /// Utterances up to this are over.
    over: Option<UtteranceId>,
    gain: Gain,
    /// The gain of the last sample.
    level: f32,
    held: bool,
    /// What still fades after a hush.
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

    /// The line's rate is another one from now on. What waits is converted when its turn comes.
    pub fn tune(&mut self, rate: Rate) {
        if rate != self.rate {
            self.waiting = (self.waiting as u64 * u64::from(rate.hz()) / u64::from(self.rate.hz())) as usize;
            self.rate = rate;
            self.tail.clear();
        }
    }

    /// Takes sound. What is below the floor or belongs to an utterance that is over is refused, silently: it was hushed.
    pub fn push(&mut self, sound: Sound) {
        if sound.utterance < self.floor || self.over.is_some_and(|over| sound.utterance <= over) {
            return;
        }
        let place = self.queue.partition_point(|u| u.id < sound.utterance);
        if self.queue.get(place).is_none_or(|u| u.id != sound.utterance) {
            self.queue.insert(
                place,
                Utterance {
                    id: sound.utterance,
                    pcm: Vec::new(),
                    rate: self.rate,
                    tune: None,
                    at: 0,
                    heard: 0,
                    marks: Vec::new(),
                    interruptible: sound.interruptible,
                    last: false,
                    started: false,
                    dry: true,
                    reported: 0,
                    missing: None,
                },
            );
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
        utterance.take(&sound);
        let came = (utterance.pcm.len() - before) as u64;
        self.waiting += (came * u64::from(self.rate.hz()) / u64::from(utterance.rate.hz())) as usize;
        utterance.last = sound.last;
        utterance.interruptible = sound.interruptible;
        match utterance.marks.last_mut() {
            Some(mark) if mark.0 == utterance.pcm.len() => mark.1 = mark.1.max(sound.upto_char),
            _ => utterance.marks.push((utterance.pcm.len(), sound.upto_char)),
        }
    }

    /// Refuses sound of an utterance, and all that comes of it later: the utterance counts as cut, and what was not played of it
    /// as not heard.
    pub fn refuse(&mut self, now: Instant, utterance: UtteranceId) {
        if utterance >= self.floor && self.over.is_none_or(|over| utterance > over) {
            self.over = Some(utterance);
            self.tell(Played { utterance, chars: 0, phase: Phase::Cut, at: now });
        }
    }

    /// Cuts all that plays or waits. Later utterances are heard.
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

    /// After a hold the clause begins again if it has hardly begun; otherwise the last words are said again.
    fn resume(&mut self) {
        self.held = false;
        let back = self.samples(REWIND);
        let Some(front) = self.queue.front_mut() else { return };
        let from = front.at;
        front.at = if front.at <= back { 0 } else { front.mark_before(front.at - back).unwrap_or(front.at) };
        front.dry = true;
        self.waiting += from - front.at;
    }

    /// Nothing below `floor` is heard from now on; what plays fades within a few milliseconds.
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
        self.waiting = self.waiting.saturating_sub(front.pcm.len() - front.at);
        self.over = Some(front.id);
        self.tell(Played { utterance: front.id, chars: front.chars(), phase, at: now });
    }

    fn tell(&mut self, played: Played) {
        // Progress may be lost where nobody asks; the ends may not.
        if self.news.len() >= 256 {
            self.news.retain(|p| p.phase != Phase::Progress);
        }
        self.news.push_back(played);
    }

    pub fn poll(&mut self) -> Option<Played> {
        self.news.pop_front()
    }

    /// Whether something plays (or would, were it not held) that may be interrupted.
    pub fn interruptible(&self) -> bool {
        self.queue.front().is_some_and(|u| u.started && u.interruptible)
    }

    /// Whether it wants more sound: a synthesiser that is far ahead of the ear waits, and is stopped in time by a hush.
    pub fn has_room(&self) -> bool {
        self.waiting < self.samples(ENOUGH)
    }

    pub fn is_idle(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether sound that was cut still fades.
    pub fn fades(&self) -> bool {
        !self.tail.is_empty()
    }

    pub const fn gain_now(&self) -> Gain {
        self.gain
    }

    pub const fn underruns(&self) -> u64 {
        self.underruns
    }

    /// Samples that found no room.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Fills one tick: `pcm` comes silent, and stays silent where nothing is to be heard.
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

    /// Nothing played, although there was time to fill: notes it where an utterance is in its middle.
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
        let (edge, progress, ahead) = (self.samples(EDGE), self.samples(PROGRESS), 2 * self.rate.per_tick());
        if let Some(front) = self.queue.front_mut()
            && front.rate != self.rate
        {
            front.convert(self.rate);
        }
        let follows = self.queue.get(1).is_some_and(|u| !u.pcm.is_empty() || u.last);
        let Some(front) = self.queue.front_mut() else { return from };
        let gain = if front.interruptible || self.gain == Gain::Hold { self.gain } else { Gain::Full };
        if self.held && gain == Gain::Hold {
            return from;
        }
        let left = front.pcm.len() - front.at;
        if left == 0 {
            // The next clause has sound: this one gets no more.
            if front.last || follows {
                // Without its end nobody knows that it was whole.
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
        let fade = match gain {
            Gain::Hold => Some(((FADE.as_micros() as u64 * u64::from(self.rate.hz())) / 1_000_000) as usize),
            _ => None,
        };
        let n = left.min(pcm.len() - from).min(fade.unwrap_or(usize::MAX));
        let target = match gain {
            Gain::Full => 1.0,
            Gain::Duck => DUCKED,
            Gain::Hold => 0.0,
        };
        // A change of gain takes the whole stretch: 10 ms for a hold, a tick for a duck.
        let (start, step) = (self.level, (target - self.level) / n as f32);
        let rise = if front.dry { edge } else { 0 };
        // The end of what is there: of the utterance, or of what the synthesiser has made so far.
        let fall = if n == left { edge.min(n) } else { 0 };
        let source = &front.pcm[front.at..front.at + n];
        let out = &mut pcm[from..from + n];
        if (start, target, rise, fall) == (1.0, 1.0, 0, 0) {
            out.copy_from_slice(source);
        } else {
            slope(out, source, Slope { start, step, rise, fall });
        }
        self.level = target;
        self.waiting = self.waiting.saturating_sub(n);
        let (began, marked) =
            (!front.started, front.marks.iter().any(|&(to, _)| to > front.heard && to <= front.at + n));
        front.at += n;
        front.heard = front.heard.max(front.at);
        (front.started, front.dry) = (true, fall > 0);
        let ended = front.last && front.at == front.pcm.len();
        self.underruns += u64::from(front.dry && !front.last);
        let again = front.missing.take().is_some_and(|(_, told)| told);
        let told = began || ((again || marked || front.heard - front.reported >= progress) && !ended);
        if told {
            front.reported = front.heard;
            let phase = if began { Phase::Started } else { Phase::Progress };
            let played = Played { utterance: front.id, chars: if began { 0 } else { front.chars() }, phase, at: now };
            self.tell(played);
        }
        if gain == Gain::Hold {
            self.held = true;
            return from;
        }
        if ended {
            self.finish(now, Phase::Done);
        }
        from + n
    }
}

/// How loudness changes over a stretch of sound.
struct Slope {
    start: f32,
    /// Per sample.
    step: f32,
    /// Samples over which it fades in from the beginning, and out to the end.
    rise: usize,
    fall: usize,
}

fn slope(out: &mut [i16], source: &[i16], Slope { start, step, rise, fall }: Slope) {
    let n = source.len();
    for (i, (out, &x)) in out.iter_mut().zip(source).enumerate() {
        let mut level = start + step * (i + 1) as f32;
        if i < rise {
            level *= (i as f32 + 0.5) / rise as f32;
        }
        if n - i <= fall {
            level *= (n - i) as f32 / (fall + 1) as f32;
        }
        *out = nearest(f32::from(x) * level);
    }
}

#[cfg(test)]
mod tests;
