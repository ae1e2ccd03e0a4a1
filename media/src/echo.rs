//! `Echo`: cancels the echo of our own sound in what an ear hears, and marks frames that hold nothing else.
//!
//! Two parts that fail in different ways. The [`canceller`] (AEC3) subtracts the echo that its filter predicts and damps the rest;
//! it needs a second or two of sound to converge, and again after each jump of the delay. The [`echo_path`] estimates only how
//! loud our sound comes back in each band, whatever its delay up to 0.7 s. Sound that does not rise above that estimate counts as
//! echo, so that a bot does not interrupt itself in its first words. Sound that rises far enough above it, or for long enough, counts as a
//! caller's, even where the canceller damps it.
mod bands;
mod batch;
mod canceller;
mod early_detector;
mod echo_fit;
mod echo_path;
mod signal_to_echo;

use crate::frame::{Frame, Origin, Rate, SamplePos};
use crate::noise::rms;
use crate::resample::Resampler;
use bands::{Bands, Spectrum};
use batch::{BatchCanceller, Cancelled};
use canceller::Canceller;
use early_detector::{EarlyDetector, Finding};
use echo_path::EchoPath;
use signal_to_echo::SignalToEcho;
use std::collections::VecDeque;
use std::ops::{Range, RangeInclusive};

/// The echo control of one leg, on its ear's thread. It is built when something is first played and idles in silence.
#[derive(Default)]
pub struct Echo {
    line: Option<Line>,
    /// Far-end frames of ticks whose near-end sound has not arrived, oldest first.
    unpaired: VecDeque<Frame>,
    /// Far-end frames of ticks that the ear heard as silence; their near-end sound may still arrive late. Oldest first.
    unheard: VecDeque<Frame>,
}

struct Line {
    rate: Rate,
    /// The raw near-end sound, delayed as much as the cancelled sound.
    raw: VecDeque<i16>,
    /// Ticks since something was played.
    quiet: u32,
    processor: Option<Box<EchoProcessor>>,
    /// Detects callers until the echo path is known.
    early: Option<Box<EarlyDetector>>,
    /// Cancels whole utterances of that time; dropped some seconds later.
    batch: Option<Box<BatchCanceller>>,
    /// Ticks since the echo path is known.
    known: u32,
    scratch: Vec<i16>,
    far: FarSound,
}

struct EchoProcessor {
    canceller: Canceller,
    far: Bands,
    near: Bands,
    clean: Bands,
    path: EchoPath,
    /// The share of raw sound in the output at the end of the last tick.
    share: f32,
    /// Evidence that a caller speaks: a cumulative sum (Page, 1954) over ticks.
    evidence: f32,
    ratio: SignalToEcho,
}

/// The most far-end frames kept for late sound: as many as a jitter buffer holds packets.
const LATE_FRAMES: usize = 256;
/// Of frames whose near-end sound never arrives, the last second is processed against silence: older ones have no echo to come.
const PENDING: u64 = 50 * SamplePos::PER_TICK;
/// Ticks (0.8 s) after which the echo of what was played has passed in most rooms; and ticks (3 s) for which the batch canceller is kept
/// once the echo path is known, so that utterances in progress end.
pub(crate) const PASSED: u32 = 40;
const UTTERANCES: u32 = 150;
/// Root mean square (-54 dBFS) above which sent sound is not comfort noise.
pub(crate) const PLAYED: f32 = 64.0;
/// Ticks (2 s) after which no echo is to come: longer than the longest path and any room's response.
const REST: u32 = 100;
/// The least share of near-end power in a frame that is not pure echo.
const NEAR_SHARE: f32 = 0.7;
/// How far (dB) sound must rise above the largest possible echo to count for a caller, and how much further while the echo path is
/// little known. That extra margin falls to zero over [`LEARNED`] ticks of sound (3 s).
const RISE_DB: f32 = 7.0;
const UNLEARNED_DB: f32 = 4.0;
const LEARNED: f32 = 150.0;
/// A tick adds one to the evidence for this many dB beyond the margin, within these bounds. The sum stays between 0 and `MOST`; from
/// `SURE` on a caller speaks.
const STEP_DB: f32 = 4.0;
const WEIGHT: RangeInclusive<f32> = -1.5..=3.0;
const SURE: f32 = 3.0;
const MOST: f32 = 6.0;
/// Shares of near-end power over which the output fades from cancelled to raw sound. A canceller that has not converged, or has no
/// echo to find, damps a caller by up to 40 dB, mostly in the first words.
const UNTOUCHED: Range<f32> = 0.85..0.97;
/// The same for the caller's level (dB) above the loudest echo.
const CLEAR_DB: Range<f32> = 8.0..14.0;

impl Echo {
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels the echo in the frames of one tick. `sent` is the far-end frame of this tick; each near-end frame is paired with the
    /// far-end frame of its own tick, also when it is late. `again(index, frames)` is called with frames that the ear is to hear before
    /// the frame at `index` ([`Echo::again`]).
    pub fn pair(&mut self, sent: Frame, frames: &mut [Frame], mut again: impl FnMut(usize, Vec<Frame>)) {
        let mut tell = |echo: &mut Self, index: usize| {
            let frames: Vec<Frame> = echo.again().collect();
            if !frames.is_empty() {
                again(index, frames);
            }
        };
        if self.unpaired.is_empty()
            && let [near] = frames
            && near.pos == sent.pos
        {
            self.clean(near, &sent);
            self.remember(near.origin, sent);
            return tell(self, 0);
        }
        self.unpaired.push_back(sent);
        for (index, near) in frames.iter_mut().enumerate() {
            while let Some(far) = self.unpaired.pop_front_if(|far| far.pos < near.pos) {
                if near.pos.0 - far.pos.0 <= PENDING {
                    self.process_missing(&far);
                    tell(self, index);
                }
                self.remember(Origin::Idle, far);
            }
            let (pos, rate) = (near.pos, near.rate);
            let unpaired = self.unpaired.pop_front_if(|far| far.pos == pos);
            let far = unpaired.or_else(|| self.recall(pos)).unwrap_or_else(|| Frame::silence(pos, rate));
            self.clean(near, &far);
            if near.origin == Origin::Idle {
                self.remember(near.origin, far);
            }
            tell(self, index);
        }
        while self.unpaired.len() > LATE_FRAMES
            && let Some(far) = self.unpaired.pop_front()
        {
            self.process_missing(&far);
            tell(self, frames.len());
        }
        if self.unpaired.is_empty() {
            // A stall is rare: its memory is freed.
            self.unpaired = VecDeque::new();
        }
    }

    /// Keeps the far-end frame of a tick that the ear heard as silence. Once the line's own sound is on time none of it is needed.
    fn remember(&mut self, origin: Origin, sent: Frame) {
        if origin != Origin::Idle {
            self.unheard = VecDeque::new();
        } else if rms(sent.pcm()) > PLAYED {
            self.unheard.push_back(sent);
            if self.unheard.len() > LATE_FRAMES {
                self.unheard.pop_front();
            }
        }
    }

    /// The far-end frame of a tick that the ear heard as silence.
    fn recall(&mut self, pos: SamplePos) -> Option<Frame> {
        while self.unheard.pop_front_if(|far| far.pos < pos).is_some() {}
        self.unheard.pop_front_if(|far| far.pos == pos)
    }

    /// Processes a tick without near-end sound.
    fn process_missing(&mut self, far: &Frame) {
        let rate = self.line.as_ref().map_or(far.rate, |line| line.rate);
        self.clean(&mut Frame::silence(far.pos, rate), far);
    }

    /// One tick: the line's sound (`near`, after the jitter buffer) and what the line was sent (`far`). Echo in `near` is cancelled in
    /// place, and its position is moved back by the delay of that; pure echo becomes [`Origin::Echo`]. Lines of 48 kHz stay as they
    /// are: browsers cancel echo themselves.
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

    /// Whether the echo path is still unknown while echo may be present: words of this time are better cancelled as a whole
    /// ([`Echo::cancelled`]).
    pub fn is_converging(&self) -> bool {
        self.line.as_ref().is_some_and(|line| line.batch.is_some() && line.quiet < PASSED)
    }

    /// The newest sound, echo cancelled as a whole; `None` once the echo path is known.
    pub fn cancelled(&self) -> Option<Cancelled> {
        self.line.as_ref()?.batch.as_ref().map(|batch| batch.cancelled())
    }

    /// Earlier frames that were wrongly taken for echo, to be heard before this tick's, with their own positions in the call.
    pub fn again(&mut self) -> impl Iterator<Item = Frame> + '_ {
        self.line.iter_mut().filter_map(|line| line.early.as_mut()).flat_map(|early| early.again())
    }
}

/// The evidence of one tick for a caller, by the share of near-end power, where the echo path was learned from `age` ticks.
fn weight(near_share: f32, age: f32) -> f32 {
    let above_db = -10.0 * (1.0 - near_share).max(1e-4).log10();
    let unlearned = UNLEARNED_DB * (1.0 - age / LEARNED).max(0.0);
    ((above_db - RISE_DB - unlearned) / STEP_DB).clamp(*WEIGHT.start(), *WEIGHT.end())
}

impl Line {
    fn new(rate: Rate) -> Self {
        let raw = VecDeque::from(vec![0; canceller::delay(rate)]);
        let scratch = Vec::with_capacity(rate.per_tick());
        let early = Some(Box::new(EarlyDetector::new()));
        let batch = Some(Box::new(BatchCanceller::new(rate)));
        Self { rate, raw, quiet: REST, processor: None, early, batch, known: 0, scratch, far: FarSound::default() }
    }

    fn tick(&mut self, near: &mut Frame, far: &Frame) {
        let far = self.far.at(self.rate, far);
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
        let processor = self.processor.get_or_insert_with(|| Box::new(EchoProcessor::new(self.rate)));
        if let Some(early) = self.early.as_mut().filter(|_| rested) {
            early.begin(|pcm| processor.near.measure(pcm));
        }
        processor.tick(near, far, &self.scratch, &mut self.early);
    }
}

/// Brings far-end sound to the near-end rate where they differ: the other side may send another codec than it is sent.
#[derive(Default)]
struct FarSound {
    resampler: Option<Resampler>,
    resampled: Vec<i16>,
}

impl FarSound {
    fn at<'a>(&'a mut self, rate: Rate, far: &'a Frame) -> &'a [i16] {
        if far.rate == rate {
            self.resampler = None;
            return far.pcm();
        }
        let resampler = match self.resampler.take() {
            Some(resampler) if resampler.from_hz() == far.rate.hz() => resampler,
            // Its delay of a third of a millisecond is far less than any echo's.
            _ => Resampler::prompt(far.rate.hz(), rate.hz()),
        };
        self.resampled.clear();
        self.resampler.insert(resampler).push(far.pcm(), &mut self.resampled);
        &self.resampled
    }
}

impl EchoProcessor {
    fn new(rate: Rate) -> Self {
        let [far, near, clean] = [(); 3].map(|()| Bands::new(rate));
        let (canceller, path, ratio) = (Canceller::new(rate), EchoPath::new(), SignalToEcho::default());
        Self { canceller, far, near, clean, path, share: 0.0, evidence: 0.0, ratio }
    }

    /// One tick while echo may arrive: cancels it in `near`, marks pure echo, and mixes in the sound as received (`raw`) where a
    /// caller speaks. `early` is dropped once the echo path is known.
    fn tick(&mut self, near: &mut Frame, far: &[i16], raw: &[i16], early: &mut Option<Box<EarlyDetector>>) {
        self.canceller.tick(far, near.pcm_mut());
        let (sent, received, left) = (self.far.measure(far), self.near.measure(raw), self.clean.measure(near.pcm()));
        self.path.play(&sent);
        let finding = early.as_mut().map_or(Some(Finding::None), |early| early.judge(&sent, &received, &mut self.path));
        let shares = (self.path.near_share(&received), self.path.near_share(&left));
        // Concealment is no evidence.
        if near.origin == Origin::Line {
            near.origin = self.judge(finding.as_ref(), &received, shares, early);
        }
        self.ratio.push(&received, self.evidence >= SURE);
        let share = match finding {
            Some(Finding::Caller) => 1.0,
            _ if self.evidence >= SURE => self.raw_share(shares.0),
            _ => 0.0,
        };
        self.blend(share, raw, near.pcm_mut());
        match early {
            _ if finding.is_none() => *early = None,
            Some(early) if self.evidence >= SURE => early.given(),
            _ => {}
        }
    }

    /// Updates evidence and echo path by a tick from the line. Returns the origin of its sound.
    fn judge(
        &mut self,
        finding: Option<&Finding>,
        received: &Spectrum,
        (raw, clean): (f32, f32),
        early: &mut Option<Box<EarlyDetector>>,
    ) -> Origin {
        if let Some(Finding::Caller) = finding {
            self.evidence = MOST;
            return Origin::Line;
        }
        let (before, near_share) = (self.evidence, raw.max(clean));
        self.evidence = match finding {
            Some(Finding::CallerBefore(evidence)) => *evidence,
            _ => (self.evidence + weight(near_share, self.path.age())).clamp(0.0, MOST),
        };
        if let (Some(Finding::None), Some(early)) = (finding, early)
            && before < SURE
            && self.evidence >= SURE
        {
            early.noticed(&self.path);
        }
        let near_share = if self.evidence >= SURE { near_share } else { clean };
        self.path.learn(received, near_share);
        if near_share < NEAR_SHARE { Origin::Echo } else { Origin::Line }
    }

    /// How much of a caller's sound is better taken as received: it is hardly masked by echo, or far above it.
    fn raw_share(&self, near_share: f32) -> f32 {
        let untouched = (near_share - UNTOUCHED.start) / (UNTOUCHED.end - UNTOUCHED.start);
        let clear = (self.ratio.decibels() - CLEAR_DB.start) / (CLEAR_DB.end - CLEAR_DB.start);
        untouched.max(clear).clamp(0.0, 1.0)
    }

    /// Fades within the tick to this share of raw sound.
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
