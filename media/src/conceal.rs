//! `Conceal`: concealment of missing sound, after ITU-T G.711 Appendix I: the last pitch periods are repeated, fade into comfort
//! noise at the room's level, and are cross-faded with the sound that follows. It adds no delay: the seam at its start is smoothed by an
//! offset that decays.
use crate::Rate;
use crate::noise::{COMFORT, Noise, nearest, rms};
use crate::stretch::{longest, period, shortest};

/// Ticks of sound between two moves of the history.
const SPARE: usize = 4;

/// How fast concealment fades into noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fade {
    /// For a missing packet: full for 10 ms, gone after 60 ms.
    Slow,
    /// For silence: gone after 10 ms.
    Fast,
}

pub struct Conceal {
    rate: Rate,
    /// The newest sound, received or synthesised, oldest first: [`Conceal::memory`] of it and up to [`SPARE`] older ticks, so that
    /// it is moved only every few ticks.
    history: Vec<i16>,
    /// Sound synthesised since the last received sound, up to the length of the history.
    made: Vec<i16>,
    /// Samples synthesised since the last received sound; 0 while sound is received.
    length: usize,
    period: usize,
    voiced: bool,
    /// Where in the looped periods the next sample comes from, counted from their beginning.
    at: usize,
    loops: usize,
    gain: f32,
    /// The offset from the first synthesised sample to the last received one.
    bend: f32,
    floor: f32,
    noise: Noise,
}

impl Conceal {
    pub fn new(rate: Rate, seed: u64) -> Self {
        Self {
            rate,
            history: {
                let mut history = Vec::with_capacity(Self::memory(rate) + SPARE * rate.per_tick());
                history.resize(Self::memory(rate), 0);
                history
            },
            made: Vec::new(),
            length: 0,
            period: 1,
            voiced: false,
            at: 0,
            loops: 1,
            gain: 0.0,
            bend: 0.0,
            floor: COMFORT,
            noise: Noise::new(seed),
        }
    }

    /// Three and a quarter of the longest periods, as in Appendix I.
    const fn memory(rate: Rate) -> usize {
        longest(rate) * 13 / 4
    }

    /// Whether the last sound was synthesised.
    pub const fn active(&self) -> bool {
        self.length > 0
    }

    /// The level (root mean square) of the caller's background noise.
    pub const fn floor(&self) -> f32 {
        self.floor
    }

    /// Sets the noise level from the far end's comfort noise (RFC 3389: -dBov, 0–127).
    pub fn set_floor(&mut self, dbov: u8) {
        self.floor = (32_767.0 * 10f32.powf(-f32::from(dbov.min(127)) / 20.0)).clamp(1.0, 300.0);
    }

    /// Takes received sound.
    pub fn heard(&mut self, pcm: &[i16]) {
        if self.active() {
            let made = std::mem::take(&mut self.made);
            self.remember(&made);
            self.made = made;
            self.made.clear();
            self.length = 0;
        }
        self.remember(pcm);
        // The floor falls quickly and rises slowly, so that speech does not raise it.
        let level = rms(pcm);
        self.floor = if level < self.floor { self.floor + 0.2 * (level - self.floor) } else { self.floor * 1.002 };
        self.floor = self.floor.clamp(COMFORT / 2.0, 300.0);
    }

    /// Appends sound of any kind to the history.
    pub fn remember(&mut self, pcm: &[i16]) {
        let keep = Self::memory(self.rate);
        let pcm = &pcm[pcm.len().saturating_sub(keep)..];
        if self.history.len() + pcm.len() > keep + SPARE * self.rate.per_tick() {
            self.history.drain(..self.history.len() + pcm.len() - keep);
        }
        self.history.extend_from_slice(pcm);
    }

    /// Appends `samples` of synthesised sound.
    pub fn extend(&mut self, fade: Fade, samples: usize, out: &mut Vec<i16>) {
        if self.length == 0 {
            self.begin();
        }
        let start = out.len();
        for _ in 0..samples {
            let sample = self.next(fade);
            out.push(nearest(sample));
        }
        self.keep(start, out);
    }

    /// Keeps the synthesised sound `out[start..]`.
    fn keep(&mut self, start: usize, out: &[i16]) {
        self.made.extend_from_slice(&out[start..]);
        let keep = Self::memory(self.rate);
        if self.made.len() > keep {
            self.made.drain(..self.made.len() - keep);
        }
    }

    fn begin(&mut self) {
        let recent = &self.history[self.history.len() - Self::memory(self.rate)..];
        // Before the first packet there is no period to find.
        let found = recent.iter().any(|&x| x != 0).then(|| period(recent, self.rate));
        // Unvoiced sound (s, f, noise) is repeated with the longest period: a short one would buzz.
        let period = found.filter(|found| found.likeness > 0.4).map(|found| found.samples);
        self.voiced = period.is_some();
        self.period = period.unwrap_or(longest(self.rate));
        let len = self.history.len();
        (self.at, self.loops, self.gain) = (0, 1, 1.0);
        self.bend = f32::from(self.history[len - 1]) - f32::from(self.history[len - 1 - self.period]);
    }

    fn next(&mut self, fade: Fade) -> f32 {
        let ms = self.rate.hz() as usize / 1000;
        let mut sample = 0.0;
        if self.gain > 0.0 {
            // One period for 10 ms, then two, then three: a period that is repeated too often beeps.
            let loops = (1 + self.length / (10 * ms)).min(3);
            if loops > self.loops {
                self.at += (loops - self.loops) * self.period;
                self.loops = loops;
            }
            let (len, whole, quarter) = (self.history.len(), self.loops * self.period, self.period / 4);
            let place = len - whole + self.at;
            sample = f32::from(self.history[place]);
            if self.at + quarter >= whole {
                let t = (self.at + quarter - whole + 1) as f32 / (quarter + 1) as f32;
                sample = sample * (1.0 - t) + f32::from(self.history[place - whole]) * t;
            }
            self.at = (self.at + 1) % whole;
            let bent = self.period / 2;
            if self.length < bent {
                sample += self.bend * (1.0 - (self.length + 1) as f32 / (bent + 1) as f32);
            }
            sample *= self.gain;
            let step = match fade {
                Fade::Slow if self.length < 10 * ms => 0.0,
                Fade::Slow => 1.0 / (50 * ms) as f32,
                Fade::Fast => 1.0 / (10 * ms) as f32,
            };
            self.gain = (self.gain - step).max(0.0);
        }
        self.length = self.length.saturating_add(1);
        let hiss = self.noise.sample(self.floor) * (1.0 - self.gain);
        sample + hiss
    }

    /// Appends `samples` that lead from the history to `next`, the sound that follows: an extension of both, shifted in time so that
    /// their periods coincide, and cross-faded.
    pub fn bridge(&mut self, samples: usize, next: &[i16], out: &mut Vec<i16>) {
        let reach = longest(self.rate);
        // For a packet of under 5 ms, or after a long gap that has faded, the search is not worth its cost.
        if next.len() < reach || samples < self.rate.per_tick() / 4 || self.length > 3 * self.rate.per_tick() {
            self.extend(Fade::Slow, samples, out);
            return;
        }
        if self.length == 0 {
            self.begin();
        }
        let voiced = self.voiced;
        let most = if voiced { (self.period / 2).min(samples / 8) } else { 0 };
        // The past is extended beyond the gap, to find the position of its periods.
        let window = (next.len() / 2).min(reach);
        let past: Vec<f32> = (0..samples + most + window + 2).map(|_| self.next(Fade::Slow)).collect();
        let after: Vec<f32> = next.iter().map(|&x| f32::from(x)).collect();
        let shift = best_shift(most, |d| likeness(&past[(samples as i64 + d) as usize..], &after[..window]));
        let gone = |i: usize| at(&past, i as f32 * (samples as f32 + shift as f32) / samples as f32);
        // The future is extended backwards by its first period.
        let period = self.period_of(&after);
        let early = |i: usize, d: i64| {
            let before = (samples - i) as f32 * (samples as f32 + d as f32) / samples as f32;
            let phase = (-before).rem_euclid(period as f32);
            let seam = (after[0] - after[period]) * (1.0 - before / (period as f32 / 4.0)).max(0.0);
            at(&after, phase) + seam
        };
        let most = if voiced { (period / 2).min(samples / 8) } else { 0 };
        let there: Vec<f32> = (0..samples).map(gone).collect();
        // Every fourth sample at 8 kHz is enough.
        let step = self.rate.hz() as usize / 2_000;
        let sparse: Vec<f32> = there.iter().step_by(step).copied().collect();
        let alike = |d: i64| {
            let ahead: Vec<f32> = (0..samples).step_by(step).map(|i| early(i, d)).collect();
            likeness(&sparse, &ahead)
        };
        let lead = best_shift(most, alike);
        let common = alike(lead).clamp(0.0, 1.0);
        let start = out.len();
        for (i, &old) in there.iter().enumerate() {
            let t = (i as f32 + 0.5) / samples as f32;
            // Uncorrelated sounds add in power, correlated ones in amplitude.
            let power = ((1.0 - t) * (1.0 - t) + t * t + 2.0 * t * (1.0 - t) * common).sqrt();
            let sample = (old * (1.0 - t) + early(i, lead) * t) / power;
            out.push(nearest(sample));
        }
        self.keep(start, out);
    }

    /// The period at the beginning of sound: near that of the past where there was one.
    fn period_of(&self, sound: &[f32]) -> usize {
        let (least, most) = (shortest(self.rate), longest(self.rate).min(sound.len() * 2 / 3));
        let window = (sound.len() - most).min(most);
        let (mut best, mut found) = (f32::MIN, most);
        for period in least..=most {
            // Twice the true period fits as well: a period near that of the past is preferred.
            let far = if self.voiced { (period as f32 / self.period as f32).ln().abs() } else { 0.0 };
            let score = likeness(&sound[period..], &sound[..window.max(period.min(sound.len() - period))]) - 0.1 * far;
            if score > best {
                (best, found) = (score, period);
            }
        }
        found
    }

    /// Cross-fades the first milliseconds of received sound with the concealment that it ends.
    pub fn merge(&mut self, pcm: &mut [i16]) {
        if !self.active() {
            return;
        }
        let ms = self.rate.hz() as usize / 1000;
        let overlap = (if self.length > 20 * ms { 10 * ms } else { 5 * ms }).min(pcm.len());
        for (i, sample) in pcm[..overlap].iter_mut().enumerate() {
            let t = (i as f32 + 0.5) / overlap as f32;
            let old = self.next(Fade::Slow);
            *sample = (old * (1.0 - t) + f32::from(*sample) * t).round() as i16;
        }
    }
}

/// Cubic interpolation between samples (Catmull and Rom, 1974).
fn at(pcm: &[f32], place: f32) -> f32 {
    let (i, t) = (place.floor() as usize, place.fract());
    let get = |n: usize| pcm.get(n).or(pcm.last()).copied().unwrap_or(0.0);
    let (a, b, c, d) = (get(i.saturating_sub(1)), get(i), get(i + 1), get(i + 2));
    b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
}

/// Normalised correlation.
fn likeness(a: &[f32], b: &[f32]) -> f32 {
    let (mut ab, mut aa, mut bb) = (0f32, 1f32, 1f32);
    for (&x, &y) in a.iter().zip(b) {
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    ab / (aa * bb).sqrt()
}

/// The shift within ±`most` with the best score, less a penalty that grows with the shift.
fn best_shift(most: usize, score: impl Fn(i64) -> f32) -> i64 {
    let most = most as i64;
    let mut best = (f32::MIN, 0);
    for shift in -most..=most {
        let found = score(shift) - 0.1 * shift.abs() as f32 / most.max(1) as f32;
        if found > best.0 {
            best = (found, shift);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::tone::sine;

    #[test]
    fn a_lost_packet_of_a_tone_is_hardly_heard() {
        let rate = Rate::Hz8000;
        let tone = sine(200.0, rate, 1600, 8000);
        let mut conceal = Conceal::new(rate, 1);
        conceal.heard(&tone[..800]);
        let mut out = tone[..800].to_vec();
        conceal.extend(Fade::Slow, 160, &mut out);
        let mut after = tone[960..].to_vec();
        conceal.merge(&mut after);
        conceal.heard(&after);
        out.extend(after);
        let steepest = |pcm: &[i16]| pcm.windows(2).map(|w| (i32::from(w[1]) - i32::from(w[0])).abs()).max();
        assert!(steepest(&out) <= steepest(&tone).map(|s| s + s / 3), "a click");
        assert!(rms(&out[800..960]) > 0.8 * rms(&tone), "a hole");
        let error: Vec<i16> = out.iter().zip(&tone).map(|(a, b)| a.wrapping_sub(*b)).collect();
        assert!(rms(&error[800..960]) < 0.35 * rms(&tone), "{}", rms(&error[800..960]));
    }

    #[test]
    fn what_stays_away_fades_into_the_rooms_own_noise() {
        let rate = Rate::Hz8000;
        let mut conceal = Conceal::new(rate, 1);
        conceal.heard(&sine(200.0, rate, 1600, 8000));
        let mut out = Vec::new();
        conceal.extend(Fade::Slow, 16_000, &mut out);
        assert!(rms(&out[600..]) < 30.0 && rms(&out[600..]) > 3.0, "{}", rms(&out[600..]));
        assert!(conceal.made.len() <= Conceal::memory(rate));
    }
}
