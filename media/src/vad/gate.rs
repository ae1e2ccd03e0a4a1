//! `Gate`: turns log-odds of speech, window by window, into the samples where speech began and stopped.
//!
//! The detectors judge 32 ms at a time and lag behind both ends of speech. The level of the sound, in 8 ms blocks against an
//! adaptive noise floor (minimum statistics, R. Martin, 2001), locates both ends within that time.
pub use super::foreground::EchoDoubt;
use super::foreground::{Foreground, Whose};
use super::{SileroPolicy, WINDOW};
use crate::noise::rms;
use std::collections::VecDeque;
use std::time::Duration;

/// Samples of a level block: 8 ms at 16 kHz.
pub const BLOCK: usize = 128;
const BLOCKS: usize = WINDOW / BLOCK;
/// Levels remembered: 1.6 s.
const HISTORY: usize = 200;

/// When the gate opens and closes.
#[derive(Clone, Copy, Debug)]
pub struct GatePlan {
    /// Speech needed before it counts as begun.
    pub start: Duration,
    /// Silence after the last sound of speech before it counts as over.
    pub end: Duration,
    /// Log-odds above which a window is speech, and above which it still is once speech has begun.
    pub enter: f32,
    pub stay: f32,
    /// How far above the noise speech must rise, in dB.
    pub rise_db: f32,
}

impl GatePlan {
    /// For Silero and earshot together.
    pub fn fused(start: Duration, end: Duration) -> Self {
        Self { start, end, enter: -0.2, stay: -0.8, rise_db: 4.0 }
    }

    /// For earshot alone, which takes noise for speech more often.
    pub fn strict(start: Duration, end: Duration) -> Self {
        Self { start: start * 2, end, enter: 0.6, stay: 0.2, rise_db: 9.0 }
    }
}

/// One window's evidence.
#[derive(Clone, Copy, Debug)]
pub enum Evidence {
    /// Sound from the line, and the log-odds that it is speech.
    Line(f32),
    /// Mostly concealment of lost packets: it may continue speech and begins none.
    Concealed(f32),
    /// Nothing was sent: silence, which says nothing about the line's noise.
    Idle,
    /// An echo of what the line was sent: neither speech nor the line's noise, and it may cover others who speak.
    Echo,
}

/// A decision. Samples are counted at 16 kHz from the gate's first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Start(u64),
    /// The caller speaks from here on; speech before it was that of somebody further away.
    Anew(u64),
    End(u64),
}

#[derive(Debug)]
enum State {
    Quiet {
        /// Windows of speech so far, and the first of them.
        seen: u32,
        since: u64,
    },
    Speech {
        /// Loudest block so far, in dB.
        peak: f32,
        /// End of the last window that was the caller's speech, and of the last one that was anybody's.
        until: u64,
        anybody: u64,
    },
}

#[derive(Debug)]
pub struct Gate {
    plan: GatePlan,
    state: State,
    /// Blocks so far; levels of the newest in dBFS; and means of windows that may be noise.
    blocks: u64,
    levels: VecDeque<f32>,
    calm: VecDeque<f32>,
    floor: f32,
    /// The root mean square of the last window in dBFS, and the least of late where nobody speaks: without emphasis, which would make
    /// fricatives as loud as a nearer talker.
    loudness: f32,
    quiet: VecDeque<f32>,
    last_sample: f32,
    foreground: Foreground,
}

/// Level of digital silence, and the lowest noise floor (one step of µ-law is -72 dB).
const NOTHING_DB: f32 = -96.0;
const LOWEST_FLOOR_DB: f32 = -78.0;
/// The minimum of short-time levels of noise lies this far below their mean.
const BIAS_DB: f32 = 1.0;
/// The range of speech levels: sound further below its loudest block is breath, reverberation or echo.
const RANGE_DB: f32 = 35.0;
/// From this far above the noise Silero judges a window.
const LOOK_DB: f32 = 3.0;
/// The level above the noise at which speech begins and ends.
const EDGE_DB: f32 = 4.0;
/// How far (240 ms) the beginning is searched before the first window of speech, and the end before the last.
const REACH: u64 = 16_000 / 1_000 * 240;
/// Pauses of up to this many blocks (closures of plosives) lie within a word.
const CLOSURE: u64 = 12;
/// Fainter speech ends an utterance after this time (640 ms), where nothing was known to be behind the caller: the ends of the caller's own
/// sentences may be faint.
const FAINT: u64 = 20 * WINDOW as u64;

impl Gate {
    pub fn new(plan: GatePlan) -> Self {
        Self {
            plan,
            state: State::Quiet { seen: 0, since: 0 },
            blocks: 0,
            levels: VecDeque::with_capacity(HISTORY + BLOCKS),
            calm: VecDeque::with_capacity(HISTORY + BLOCKS),
            floor: LOWEST_FLOOR_DB,
            loudness: NOTHING_DB,
            quiet: VecDeque::with_capacity(HISTORY / BLOCKS + 1),
            last_sample: 0.0,
            foreground: Foreground::default(),
        }
    }

    /// While the caller speaks before others who do: the end of the last window that was the caller's.
    pub fn callers_until(&self) -> Option<u64> {
        match self.state {
            State::Speech { until, .. } if self.foreground.is_behind_known() => Some(until),
            _ => None,
        }
    }

    /// Whether others are heard behind the caller.
    pub fn is_before_others(&self) -> bool {
        self.foreground.is_behind_known()
    }

    /// How far, in dB, the caller's speech rises above the line's noise and above those who speak behind; `None` before anybody has spoken.
    pub fn above(&self) -> Option<f32> {
        let noise = self.quiet.iter().copied().fold(f32::INFINITY, f32::min).clamp(LOWEST_FLOOR_DB, 0.0);
        self.foreground.above(noise)
    }

    /// Whether the windows from now on may hold an echo of what the line was sent.
    pub fn doubt(&mut self, echo: EchoDoubt) {
        self.foreground.doubt(echo);
    }

    pub fn is_speech(&self) -> bool {
        matches!(self.state, State::Speech { .. })
    }

    /// Whether speech goes on without a pause. The detectors notice the end of a word up to three windows late.
    pub fn is_mid_word(&self) -> bool {
        let now = self.blocks * BLOCK as u64;
        matches!(self.state, State::Speech { until, .. } if now - until <= 3 * WINDOW as u64)
    }

    /// The noise of the line, in dBFS after pre-emphasis.
    pub fn floor_db(&self) -> f32 {
        self.floor
    }

    /// Measures the next window and tells when Silero is to judge it. [`Gate::judge`] follows.
    pub fn measure(&mut self, window: &[i16; WINDOW]) -> SileroPolicy {
        let mut loudest = NOTHING_DB;
        for block in window.as_chunks::<BLOCK>().0 {
            let level = self.level(block);
            loudest = loudest.max(level);
            self.levels.push_back(level);
        }
        self.loudness = (20.0 * (rms(window).max(0.1) / 32_768.0).log10()).max(NOTHING_DB);
        self.blocks += BLOCKS as u64;
        while self.levels.len() > HISTORY {
            self.levels.pop_front();
        }
        let busy = !matches!(self.state, State::Quiet { seen: 0, .. });
        if busy || loudest > self.floor + LOOK_DB { SileroPolicy::Always } else { SileroPolicy::OnSuspicion }
    }

    /// Judges the window last measured.
    pub fn judge(&mut self, evidence: Evidence) -> Option<Verdict> {
        let now = self.blocks * BLOCK as u64;
        let loudest = self.levels.iter().rev().take(BLOCKS).copied().fold(NOTHING_DB, f32::max);
        let (odds, may_begin) = match evidence {
            Evidence::Line(odds) => (odds, true),
            Evidence::Concealed(odds) => (odds, false),
            Evidence::Idle | Evidence::Echo => (f32::NEG_INFINITY, false),
        };
        let rises = loudest > self.floor + self.plan.rise_db;
        if !matches!(evidence, Evidence::Echo) {
            self.foreground.pass(odds <= self.plan.stay);
        }
        let verdict = match &mut self.state {
            State::Quiet { seen, since } => {
                let speaks = odds > self.plan.enter && rises && may_begin;
                if speaks && self.foreground.may_begin(self.loudness) == Whose::Callers {
                    if *seen == 0 {
                        *since = now - WINDOW as u64;
                    }
                    *seen += 1;
                } else if speaks || odds < self.plan.stay || !may_begin {
                    *seen = seen.saturating_sub(1);
                    if *seen == 0 {
                        self.foreground.began_nothing();
                    }
                }
                let (seen, since) = (*seen, *since);
                let start = if self.foreground.is_behind_known() { self.plan.start * 2 } else { self.plan.start };
                if Duration::from_millis(32) * seen >= start {
                    let peak = self.loudest_since(since);
                    self.foreground.begin();
                    self.state = State::Speech { peak, until: now, anybody: now };
                    Some(Verdict::Start(self.began(since, peak)))
                } else {
                    None
                }
            }
            State::Speech { peak, until, anybody } => {
                *peak = peak.max(loudest);
                let whose =
                    (odds > self.plan.stay && loudest > self.floor).then(|| self.foreground.go_on(self.loudness));
                if whose.is_some() {
                    *anybody = now;
                }
                if matches!(whose, Some(Whose::Callers | Whose::NearersSince(_))) {
                    *until = now;
                }
                let (peak, until, anybody) = (*peak, *until, *anybody);
                if let Some(Whose::NearersSince(windows)) = whose {
                    Some(Verdict::Anew(self.began(now - (windows * WINDOW) as u64, peak)))
                } else {
                    self.ended(until, anybody, peak).map(Verdict::End)
                }
            }
        };
        self.learn(evidence);
        verdict
    }

    /// Where the caller's speech stopped, once that is certain. `until`: the end of the caller's last window; `anybody`: of the last one in
    /// which anybody spoke.
    fn ended(&mut self, until: u64, anybody: u64, peak: f32) -> Option<u64> {
        let now = self.blocks * BLOCK as u64;
        let is_over = anybody - until >= FAINT || self.foreground.is_behind_known();
        let until = if is_over { until } else { anybody };
        let stop = self.stopped(until, peak);
        let silence = |samples: u64| Duration::from_micros(samples * 1_000 / 16);
        if silence(now - stop) < self.plan.end || silence(now - until) < self.plan.end / 2 {
            return None;
        }
        self.foreground.end(anybody > until);
        self.state = State::Quiet { seen: 0, since: 0 };
        Some(stop)
    }

    /// Ends speech at once, without a verdict.
    pub fn reset(&mut self) {
        self.state = State::Quiet { seen: 0, since: 0 };
    }

    /// Level of one block in dBFS, after a first-order pre-emphasis that attenuates hum and DC and raises fricatives.
    fn level(&mut self, block: &[i16; BLOCK]) -> f32 {
        // Eight parallel sums, so that the compiler can use vector registers.
        let mut sums = [0.0f32; 8];
        let mut sound = [self.last_sample; BLOCK + 1];
        for (value, sample) in sound[1..].iter_mut().zip(block) {
            *value = f32::from(*sample);
        }
        for (now, before) in sound[1..].as_chunks::<8>().0.iter().zip(sound.as_chunks::<8>().0) {
            for (sum, (now, before)) in sums.iter_mut().zip(now.iter().zip(before)) {
                let emphasised = now - 0.95 * before;
                *sum += emphasised * emphasised;
            }
        }
        self.last_sample = sound[BLOCK];
        let power: f32 = sums.iter().sum();
        let full = BLOCK as f32 * 32_768.0 * 32_768.0;
        (10.0 * (power / full).max(1e-10).log10()).max(NOTHING_DB)
    }

    /// Updates the noise floor from the last window. During speech it can only sink.
    fn learn(&mut self, evidence: Evidence) {
        if !matches!(evidence, Evidence::Line(_)) {
            return;
        }
        let speaking = self.is_speech();
        let mean = self.levels.iter().rev().take(BLOCKS).sum::<f32>() / BLOCKS as f32;
        let mean = (mean + BIAS_DB).max(LOWEST_FLOOR_DB);
        if speaking {
            self.floor = self.floor.min(mean);
            return;
        }
        self.quiet.push_back(self.loudness);
        if self.quiet.len() > HISTORY / BLOCKS {
            self.quiet.pop_front();
        }
        self.calm.push_back(mean);
        if self.calm.len() > HISTORY / BLOCKS {
            self.calm.pop_front();
        }
        self.floor = self.calm.iter().copied().fold(f32::INFINITY, f32::min);
    }

    fn block(&self, index: u64) -> f32 {
        let oldest = self.blocks - self.levels.len() as u64;
        index.checked_sub(oldest).and_then(|index| self.levels.get(index as usize)).copied().unwrap_or(NOTHING_DB)
    }

    fn loudest_since(&self, sample: u64) -> f32 {
        (sample / BLOCK as u64..self.blocks).map(|index| self.block(index)).fold(NOTHING_DB, f32::max)
    }

    fn threshold(&self, peak: f32) -> f32 {
        (self.floor + EDGE_DB).max(peak - RANGE_DB)
    }

    /// The sample where the sound of the speech first rose. `since`: its first window.
    fn began(&self, since: u64, peak: f32) -> u64 {
        let threshold = self.threshold(peak);
        let first = since / BLOCK as u64;
        // What is further ahead of a caller before others is theirs.
        let reach = if self.foreground.is_behind_known() { WINDOW as u64 * 2 } else { REACH };
        let earliest = first.saturating_sub(reach / BLOCK as u64);
        let Some(mut start) = (first..self.blocks).find(|index| self.block(*index) >= threshold) else { return since };
        let mut index = start;
        while index > earliest && start - index <= CLOSURE {
            index -= 1;
            if self.block(index) >= threshold {
                start = index;
            }
        }
        start * BLOCK as u64
    }

    /// The sample after the last sound of speech, not after `until`.
    fn stopped(&self, until: u64, peak: f32) -> u64 {
        let threshold = self.threshold(peak);
        let last = until / BLOCK as u64;
        let earliest = last.saturating_sub(REACH / BLOCK as u64);
        let loud = (earliest..last).rev().find(|index| self.block(*index) >= threshold);
        loud.map_or(until, |index| (index + 1) * BLOCK as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The verdicts on windows of a level (amplitude of a square wave at a quarter of the rate) and evidence each.
    fn verdicts(windows: &[(i16, Evidence)]) -> Vec<(usize, Verdict)> {
        let mut gate = Gate::new(GatePlan::fused(Duration::from_millis(64), Duration::from_millis(200)));
        let sound = |loud: i16| std::array::from_fn(|n| if n / 2 % 2 == 0 { loud } else { -loud });
        windows
            .iter()
            .enumerate()
            .filter_map(|(index, (loud, evidence))| {
                gate.measure(&sound(*loud));
                Some((index, gate.judge(*evidence)?))
            })
            .collect()
    }

    const YES: Evidence = Evidence::Line(3.0);
    const NO: Evidence = Evidence::Line(-4.0);

    #[test]
    fn speech_counts_after_64_ms_and_is_over_200_ms_after_its_last_sound() {
        let mut windows = vec![(4, NO); 20];
        windows.extend([(3_000, YES); 10]);
        // The detectors lag by two windows.
        windows.extend([(4, YES); 2]);
        windows.extend([(4, NO); 12]);
        let window = WINDOW as u64;
        let verdicts = verdicts(&windows);
        let [(21, Verdict::Start(start)), (36, Verdict::End(end))] = verdicts[..] else { panic!("{verdicts:?}") };
        assert!(start == 20 * window && end.abs_diff(30 * window) <= BLOCK as u64, "{start} {end}");
    }

    #[test]
    fn one_window_of_speech_is_a_click() {
        let mut windows = vec![(4, NO); 20];
        for _ in 0..10 {
            windows.extend([(8_000, YES), (8_000, NO), (4, NO), (4, NO), (4, NO)]);
        }
        assert_eq!(verdicts(&windows), []);
    }

    #[test]
    fn what_does_not_rise_above_the_noise_is_no_speech() {
        let mut windows = vec![(500, NO); 40];
        windows.extend([(550, YES); 20]);
        assert_eq!(verdicts(&windows), []);
    }

    #[test]
    fn the_floor_follows_noise_that_stays() {
        let mut gate = Gate::new(GatePlan::fused(Duration::from_millis(64), Duration::from_millis(200)));
        let mut step = |loud: i16| {
            gate.measure(&std::array::from_fn(|n| if n / 2 % 2 == 0 { loud } else { -loud }));
            gate.judge(NO);
            gate.floor_db()
        };
        let quiet = (0..60).map(|_| step(8)).last().unwrap();
        let loud = (0..60).map(|_| step(800)).last().unwrap();
        let again = (0..2).map(|_| step(8)).last().unwrap();
        assert!((loud - quiet - 40.0).abs() < 1.0 && (again - quiet).abs() < 1.0, "{quiet} {loud} {again}");
    }

    #[test]
    fn a_beginning_before_the_first_window_of_speech_is_found() {
        let mut windows = vec![(4, NO); 20];
        windows.extend([(900, NO); 3]);
        windows.extend([(3_000, YES); 4]);
        assert_eq!(verdicts(&windows), [(24, Verdict::Start(20 * WINDOW as u64))]);
    }

    #[test]
    fn concealment_begins_no_speech_and_silence_of_the_sender_ends_it() {
        let mut windows = vec![(4, NO); 10];
        windows.extend([(3_000, Evidence::Concealed(5.0)); 10]);
        assert_eq!(verdicts(&windows), []);
        let mut windows = vec![(4, NO); 10];
        windows.extend([(3_000, YES); 5]);
        windows.extend([(0, Evidence::Idle); 8]);
        assert!(
            matches!(verdicts(&windows)[..], [(11, Verdict::Start(_)), (_, Verdict::End(end))] if end == 15 * WINDOW as u64)
        );
    }
}
