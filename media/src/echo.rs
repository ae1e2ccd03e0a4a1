//! `Echo`: takes a phone's echo of our own sound out of what an ear hears, and says where nothing else is left.
//!
//! Two parts that fail in different ways. The [`canceller`] (AEC3) subtracts what it can foretell and damps the rest; it needs
//! a second or two of sound to find the echo, and again after each jump of its delay. The [`path`] knows only how loud our sound
//! comes back in each band, wherever in the last 0.7 s it was sent; what does not rise above that is echo whatever the
//! canceller makes of it, so a bot does not interrupt itself in its first words. What does, far enough or for long enough, is a
//! caller whatever the canceller makes of him.
mod bands;
mod batch;
mod canceller;
mod early;
mod fit;
mod path;
mod rise;

use crate::frame::{Frame, Origin, Rate, SamplePos};
use crate::noise::rms;
use crate::resample::Resampler;
use bands::Bands;
use batch::{BatchCanceller, Cancelled};
use canceller::Canceller;
use early::{Early, Finding};
use path::Path;
use rise::Rise;
use std::collections::VecDeque;
use std::ops::{Range, RangeInclusive};

/// One leg's, on its ear's thread. It costs nothing while nothing is played, and is built when something first is.
#[derive(Default)]
pub struct Echo {
    line: Option<Line>,
    /// What was sent in ticks whose sound has not come, oldest first.
    owed: VecDeque<Frame>,
    /// What was sent in ticks that the ear has heard as silence; their sound may still come late. Oldest first.
    silent: VecDeque<Frame>,
}

struct Line {
    rate: Rate,
    /// The sound as it came, as late as the cleaned sound is.
    raw: VecDeque<i16>,
    /// Ticks since something was played.
    quiet: u32,
    work: Option<Box<Work>>,
    /// The first seconds; gone once the way is known.
    early: Option<Box<Early>>,
    /// The same sound, for utterances as a whole; gone some seconds later.
    batch: Option<Box<BatchCanceller>>,
    /// Ticks since the first seconds were over.
    known: u32,
    scratch: Vec<i16>,
    /// Brings what is sent to the rate of what comes, where they differ: a far end may answer in another codec.
    bring: Option<Resampler>,
    brought: Vec<i16>,
}

struct Work {
    canceller: Canceller,
    far: Bands,
    near: Bands,
    clean: Bands,
    path: Path,
    /// How much of what the ear gets is the sound as it came, at the end of the last tick.
    share: f32,
    /// That a caller speaks: a cumulative sum (Page, 1954) of what each tick says for it.
    evidence: f32,
    rise: Rise,
}

/// Ticks that may be owed, or silent: as many as a jitter buffer holds packets.
const OWED: usize = 256;
/// Of those whose sound never comes, the last second is followed: no echo of what was sent before that is on its way.
const FOLLOWED: u64 = 50 * SamplePos::PER_TICK;
/// Ticks (0.8 s) after which what was played has come back, in most rooms; and ticks (3 s) after the first seconds in which their
/// utterances end.
const BACK: u32 = 40;
const UTTERANCES: u32 = 150;
/// Root mean square above which what we send is sound and not comfort noise (-54 dBFS).
const PLAYED: f32 = 64.0;
/// Ticks (2 s) after which no echo of what was played is on its way: longer than the longest path and any room.
const REST: u32 = 100;
/// The least share of what the canceller leaves that must be somebody's own, whatever was before.
const OWN: f32 = 0.7;
/// How far (dB) sound must rise above all that may be echo to speak for a caller, and how much further while little of the way
/// has been learned: none of it after so many ticks of sound (3 s).
const RISE_DB: f32 = 7.0;
const YOUNG_DB: f32 = 4.0;
const GROWN: f32 = 150.0;
/// A tick's evidence is one for so many dB past that, within these bounds; what is added up is never below 0 nor above `MOST`,
/// and from `SURE` on a caller speaks.
const STEP_DB: f32 = 4.0;
const WEIGHT: RangeInclusive<f32> = -1.5..=3.0;
const SURE: f32 = 3.0;
const MOST: f32 = 6.0;
/// Shares of what came that are somebody's own between which the ear gets more and more of it as it came: a canceller that has
/// not found its echo, or has none to find, damps a caller by up to 40 dB, and nearly always his first words.
const UNTOUCHED: Range<f32> = 0.85..0.97;
/// The same for how far (dB) the caller rises above all that came while only we spoke.
const CLEAR_DB: Range<f32> = 8.0..14.0;

impl Echo {
    pub fn new() -> Self {
        Self::default()
    }

    /// What an ear hears of a tick, each frame with what was sent in the tick that it belongs to: `sent` was in this one. Frames that
    /// come late find what was sent in their time; what was sent shortly before, in ticks whose sound never comes, is followed
    /// without. `again` is told what the ear is to hear before the frame of this index ([`Echo::again`]).
    pub fn pair(&mut self, sent: Frame, frames: &mut [Frame], mut again: impl FnMut(usize, Vec<Frame>)) {
        let mut tell = |echo: &mut Self, index: usize| {
            let frames: Vec<Frame> = echo.again().collect();
            if !frames.is_empty() {
                again(index, frames);
            }
        };
        if self.owed.is_empty()
            && let [near] = frames
            && near.pos == sent.pos
        {
            self.clean(near, &sent);
            self.remember(near.origin, sent);
            return tell(self, 0);
        }
        self.owed.push_back(sent);
        for (index, near) in frames.iter_mut().enumerate() {
            while let Some(far) = self.owed.pop_front_if(|far| far.pos < near.pos) {
                if near.pos.0 - far.pos.0 <= FOLLOWED {
                    self.follow(&far);
                    tell(self, index);
                }
                self.remember(Origin::Idle, far);
            }
            let (pos, rate) = (near.pos, near.rate);
            let owed = self.owed.pop_front_if(|far| far.pos == pos);
            let far = owed.or_else(|| self.recall(pos)).unwrap_or_else(|| Frame::silence(pos, rate));
            self.clean(near, &far);
            if near.origin == Origin::Idle {
                self.remember(near.origin, far);
            }
            tell(self, index);
        }
        while self.owed.len() > OWED
            && let Some(far) = self.owed.pop_front()
        {
            self.follow(&far);
            tell(self, frames.len());
        }
        if self.owed.is_empty() {
            // A stall is rare, and its memory is another call's.
            self.owed = VecDeque::new();
        }
    }

    /// Keeps what was sent in a tick that the ear has heard as silence; once the line's own sound is on time, none comes late.
    fn remember(&mut self, origin: Origin, sent: Frame) {
        if origin != Origin::Idle {
            self.silent = VecDeque::new();
        } else if rms(sent.pcm()) > PLAYED {
            self.silent.push_back(sent);
            if self.silent.len() > OWED {
                self.silent.pop_front();
            }
        }
    }

    /// What was sent in a tick that the ear has heard as silence.
    fn recall(&mut self, pos: SamplePos) -> Option<Frame> {
        while self.silent.pop_front_if(|far| far.pos < pos).is_some() {}
        self.silent.pop_front_if(|far| far.pos == pos)
    }

    /// A tick of which nothing came.
    fn follow(&mut self, far: &Frame) {
        let rate = self.line.as_ref().map_or(far.rate, |line| line.rate);
        self.clean(&mut Frame::silence(far.pos, rate), far);
    }

    /// One tick: what was said on the line (`near`, after the jitter buffer), and what the line was sent (`far`). The former
    /// is cleaned in place and moved back in time by as much as that makes it late; where it is echo and nothing else
    /// its origin says so. Lines of 48 kHz are left alone: browsers do this themselves.
    pub fn clean(&mut self, near: &mut Frame, far: &Frame) {
        let rate = near.rate;
        if rate == Rate::Hz48000 {
            return;
        }
        if self.line.as_ref().is_none_or(|line| line.rate != rate) {
            self.line = Some(Line::new(rate));
        }
        if let Some(line) = &mut self.line {
            line.tick(near, far);
        }
    }

    /// Whether words that come now are better handed on once they are over: nothing is known of the way, and echo is about.
    pub fn is_unsure(&self) -> bool {
        self.line.as_ref().is_some_and(|line| line.batch.is_some() && line.quiet < BACK)
    }

    /// The newest sound of a bot's first seconds as it came, its echo cancelled as a whole; `None` once they are over.
    pub fn whole(&self) -> Option<Cancelled> {
        self.line.as_ref()?.batch.as_ref().map(|batch| batch.whole())
    }

    /// Frames from before this tick that the ear is to hear now, before it: they were taken for echo and were not. Each has the
    /// place in the call that it had.
    pub fn again(&mut self) -> impl Iterator<Item = Frame> + '_ {
        self.line.iter_mut().filter_map(|line| line.early.as_mut()).flat_map(|early| early.again())
    }
}

/// What a tick says for a caller of which this share is somebody's own, where the way has been learned from so much sound.
fn weight(own: f32, age: f32) -> f32 {
    let above_db = -10.0 * (1.0 - own).max(1e-4).log10();
    let young = YOUNG_DB * (1.0 - age / GROWN).max(0.0);
    ((above_db - RISE_DB - young) / STEP_DB).clamp(*WEIGHT.start(), *WEIGHT.end())
}

impl Line {
    fn new(rate: Rate) -> Self {
        let raw = VecDeque::from(vec![0; canceller::delay(rate)]);
        let scratch = Vec::with_capacity(rate.per_tick());
        let early = Some(Box::new(Early::new()));
        let batch = Some(Box::new(BatchCanceller::new(rate)));
        Self { rate, raw, quiet: REST, work: None, early, batch, known: 0, scratch, bring: None, brought: Vec::new() }
    }

    fn tick(&mut self, near: &mut Frame, far: &Frame) {
        let far = if far.rate == self.rate {
            self.bring = None;
            far.pcm()
        } else {
            let bring = match self.bring.take() {
                Some(bring) if bring.from_hz() == far.rate.hz() => bring,
                // Its third of a millisecond is far less than any way there and back.
                _ => Resampler::prompt(far.rate.hz(), self.rate.hz()),
            };
            self.brought.clear();
            self.bring.insert(bring).push(far.pcm(), &mut self.brought);
            &self.brought
        };
        let late = (canceller::delay(self.rate) as u64) * SamplePos::PER_SECOND / u64::from(self.rate.hz());
        near.pos = SamplePos(near.pos.0.saturating_sub(late));
        self.raw.extend(near.pcm());
        self.scratch.clear();
        self.scratch.extend(self.raw.drain(..near.pcm().len()));
        if let Some(early) = &mut self.early {
            early.keep(near, &self.scratch);
        } else {
            self.known += 1;
        }
        self.batch.take_if(|_| self.known > UTTERANCES);
        if let Some(batch) = &mut self.batch {
            batch.push(near.pos, &self.scratch, far);
        }
        let rested = self.quiet >= REST;
        self.quiet = if rms(far) > PLAYED { 0 } else { self.quiet.saturating_add(1) };
        if self.quiet >= REST {
            return near.pcm_mut().copy_from_slice(&self.scratch);
        }
        let work = self.work.get_or_insert_with(|| Box::new(Work::new(self.rate)));
        if let Some(early) = self.early.as_mut().filter(|_| rested) {
            early.begin(|pcm| work.near.measure(pcm));
        }
        work.canceller.tick(far, near.pcm_mut());
        let (sent, came, left) =
            (work.far.measure(far), work.near.measure(&self.scratch), work.clean.measure(near.pcm()));
        work.path.play(&sent);
        let finding =
            self.early.as_mut().map_or(Some(Finding::None), |early| early.judge(&sent, &came, &mut work.path));
        let (raw, clean) = (work.path.own(&came), work.path.own(&left));
        let caller = matches!(finding, Some(Finding::Caller));
        // What the jitter buffer made up says nothing of the way.
        if near.origin == Origin::Line && caller {
            work.evidence = MOST;
        } else if near.origin == Origin::Line {
            let own = raw.max(clean);
            let before = work.evidence;
            work.evidence = match finding {
                Some(Finding::Was(evidence)) => evidence,
                _ => (work.evidence + weight(own, work.path.age())).clamp(0.0, MOST),
            };
            if let (Some(Finding::None), Some(early)) = (&finding, &mut self.early)
                && before < SURE
                && work.evidence >= SURE
            {
                early.noticed(&work.path);
            }
            let own = if work.evidence >= SURE { own } else { clean };
            work.path.learn(&came, own);
            if own < OWN {
                near.origin = Origin::Echo;
            }
        }
        let share = (raw - UNTOUCHED.start) / (UNTOUCHED.end - UNTOUCHED.start);
        work.rise.push(&came, work.evidence >= SURE);
        let share = share.max((work.rise.decibels() - CLEAR_DB.start) / (CLEAR_DB.end - CLEAR_DB.start));
        let share = match work.evidence >= SURE {
            _ if caller => 1.0,
            true => share.clamp(0.0, 1.0),
            false => 0.0,
        };
        work.blend(share, &self.scratch, near.pcm_mut());
        match &mut self.early {
            _ if finding.is_none() => self.early = None,
            Some(early) if work.evidence >= SURE => early.given(),
            _ => {}
        }
    }
}

impl Work {
    fn new(rate: Rate) -> Self {
        let [far, near, clean] = [(); 3].map(|()| Bands::new(rate));
        let (canceller, path, rise) = (Canceller::new(rate), Path::new(), Rise::default());
        Self { canceller, far, near, clean, path, share: 0.0, evidence: 0.0, rise }
    }

    /// Fades within the tick to `share` of the sound as it came.
    fn blend(&mut self, share: f32, raw: &[i16], clean: &mut [i16]) {
        let (from, step) = (self.share, (share - self.share) / clean.len() as f32);
        self.share = share;
        if from == 0.0 && share == 0.0 {
            return;
        }
        for (n, (out, raw)) in clean.iter_mut().zip(raw).enumerate() {
            let share = from + step * (n + 1) as f32;
            *out = (f32::from(*raw) * share + f32::from(*out) * (1.0 - share)).round() as i16;
        }
    }
}

#[cfg(test)]
mod tests;
