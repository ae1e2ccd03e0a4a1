//! `Prosody`: how loud, how high and how fast an utterance is spoken. It takes the sound of speech as it comes, at 16 kHz, and costs
//! about a thousandth of its time. What is usual for a speaker it does not know.

/// 20 ms at 16 kHz.
const BLOCK: usize = 320;
/// Pitch is looked for at 4 kHz, in the last 40 ms.
const DOWN: usize = 4;
const WINDOW: usize = 160;
/// Periods of 400 Hz to 60 Hz.
const LAGS: std::ops::RangeInclusive<usize> = 10..=66;
/// A block is voiced where a period fits this well.
const VOICED: f32 = 0.55;
/// Of two periods of which one is the double of the other, the shorter one, where it fits nearly as well.
const NEARLY: f32 = 0.88;
/// Blocks that are kept of an utterance: 30 s.
const KEPT: usize = 1_500;
/// Blocks that are fainter than the loudest by so much are pauses.
const RANGE_DB: f32 = 25.0;
/// A syllable rises this much above the dip before it.
const RISE_DB: f32 = 2.5;
/// The least that is judged: 300 ms, and of voiced sound 160 ms.
const LEAST: usize = 15;
const LEAST_VOICED: usize = 8;
/// A rate needs 600 ms of speech.
const LEAST_RATE: usize = 30;
const BLOCKS_PER_SECOND: f32 = 50.0;

/// What one utterance sounds like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VoiceFeatures {
    /// The median; `None` where too little of it is voiced.
    pub pitch_hz: Option<f32>,
    /// Mean level of its louder half, in dBFS.
    pub level_db: f32,
    /// `None` where it is too short.
    pub syllables_per_second: Option<f32>,
}

/// What was measured of 20 ms.
#[derive(Clone, Copy)]
struct Block {
    db: f32,
    pitch: Option<f32>,
}

#[derive(Default)]
pub struct Prosody {
    /// Samples of a block that is not whole yet.
    rest: Vec<i16>,
    /// The last 40 ms at 4 kHz.
    window: Vec<f32>,
    blocks: Vec<Block>,
}

impl Prosody {
    /// An utterance begins.
    pub fn begin(&mut self) {
        self.rest.clear();
        self.window.clear();
        self.blocks.clear();
    }

    /// Its next sound, at 16 kHz.
    pub fn push(&mut self, pcm: &[i16]) {
        self.rest.extend_from_slice(pcm);
        let mut rest = std::mem::take(&mut self.rest);
        let whole = rest.len() / BLOCK * BLOCK;
        for block in rest[..whole].chunks_exact(BLOCK) {
            self.block(block);
        }
        rest.drain(..whole);
        self.rest = rest;
    }

    fn block(&mut self, block: &[i16]) {
        if self.blocks.len() >= KEPT {
            return;
        }
        let power = block.iter().map(|sample| f32::from(*sample).powi(2)).sum::<f32>() / BLOCK as f32;
        let db = 10.0 * (power / (32_768.0_f32 * 32_768.0)).max(1e-10).log10();
        let down = block.chunks_exact(DOWN).map(|four| four.iter().map(|sample| f32::from(*sample)).sum::<f32>() / 4.0);
        self.window.extend(down);
        let surplus = self.window.len().saturating_sub(WINDOW);
        self.window.drain(..surplus);
        let pitch = if self.window.len() == WINDOW { pitch(&self.window) } else { None };
        self.blocks.push(Block { db, pitch });
    }

    /// What the utterance sounded like; `None` where it was too short.
    pub fn features(&self) -> Option<VoiceFeatures> {
        let loudest = self.blocks.iter().map(|block| block.db).reduce(f32::max)?;
        let spoken = || self.blocks.iter().filter(|block| block.db > loudest - RANGE_DB);
        let mut levels: Vec<f32> = spoken().map(|block| block.db).collect();
        if levels.len() < LEAST {
            return None;
        }
        let count = levels.len();
        levels.sort_unstable_by(f32::total_cmp);
        let upper = &levels[count / 2..];
        let power = upper.iter().map(|db| 10_f32.powf(db / 10.0)).sum::<f32>() / upper.len() as f32;
        let mut pitches: Vec<f32> = spoken().filter_map(|block| block.pitch).collect();
        pitches.sort_unstable_by(f32::total_cmp);
        let pitch_hz = (pitches.len() >= LEAST_VOICED).then(|| pitches[pitches.len() / 2]);
        let rate = || self.syllables(loudest) as f32 * BLOCKS_PER_SECOND / count as f32;
        let syllables_per_second = (count >= LEAST_RATE).then(rate);
        Some(VoiceFeatures { pitch_hz, level_db: 10.0 * power.log10(), syllables_per_second })
    }

    /// Peaks of the level, each after a dip.
    fn syllables(&self, loudest: f32) -> usize {
        let smooth = |at: usize| {
            let near = &self.blocks[at.saturating_sub(1)..(at + 2).min(self.blocks.len())];
            near.iter().map(|block| block.db).sum::<f32>() / near.len() as f32
        };
        let (mut count, mut low, mut high, mut rising) = (0, f32::INFINITY, f32::NEG_INFINITY, false);
        for at in 0..self.blocks.len() {
            let db = smooth(at);
            if rising {
                high = high.max(db);
                if db < high - RISE_DB {
                    (rising, low) = (false, db);
                }
            } else {
                low = low.min(db);
                // Voices make syllables: noise does not count.
                let voiced = self.blocks[at].pitch.is_some();
                if db > low + RISE_DB && db > loudest - RANGE_DB && voiced {
                    (rising, high) = (true, db);
                    count += 1;
                }
            }
        }
        count
    }
}

/// The pitch of 40 ms at 4 kHz, by the period after which they are most like themselves (normalised cross-correlation, Talkin 1995).
fn pitch(window: &[f32]) -> Option<f32> {
    let length = WINDOW - *LAGS.end();
    let mean = window.iter().sum::<f32>() / window.len() as f32;
    let mut sound = [0.0_f32; WINDOW];
    sound.iter_mut().zip(window).for_each(|(to, from)| *to = from - mean);
    let energy = |from: usize| sound[from..from + length].iter().map(|x| x * x).sum::<f32>();
    let first = energy(0);
    if first < 1.0 {
        return None;
    }
    let mut fits = [0.0_f32; 80];
    let mut lagged = energy(*LAGS.start());
    for lag in LAGS {
        let product: f32 = sound[..length].iter().zip(&sound[lag..]).map(|(a, b)| a * b).sum();
        fits[lag] = product / (first * lagged).sqrt().max(1.0);
        // The window moves on by one.
        if lag < *LAGS.end() {
            lagged = (lagged - sound[lag].powi(2) + sound[lag + length].powi(2)).max(0.0);
        }
    }
    let best = LAGS.map(|lag| fits[lag]).fold(0.0, f32::max);
    if best < VOICED {
        return None;
    }
    let is_peak = |lag: usize| fits[lag] >= fits[lag - 1] && fits[lag] >= fits[lag + 1];
    let mut inner = LAGS.start() + 1..*LAGS.end();
    let lag = inner.find(|lag| fits[*lag] >= best * NEARLY && is_peak(*lag))?;
    // Between the samples: a parabola through the peak.
    let (before, at, after) = (fits[lag - 1], fits[lag], fits[lag + 1]);
    let curve = before - 2.0 * at + after;
    let shift = if curve.abs() > 1e-6 { 0.5 * (before - after) / curve } else { 0.0 };
    Some(4_000.0 / (lag as f32 + shift.clamp(-0.5, 0.5)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    /// Vowels: harmonics of `pitch` above `lowest`, `rate` syllables a second, at `gain`.
    fn voice(pitch: f32, lowest: f32, rate: f32, gain: f32, seconds: f32) -> Vec<i16> {
        let sample = |at: usize| {
            let t = at as f32 / 16_000.0;
            let harmonics = (1..40).map(|k| k as f32 * pitch).filter(|hz| (lowest..1_800.0).contains(hz));
            let sound: f32 = harmonics.map(|hz| (TAU * hz * t).sin() / (hz / 300.0).max(1.0)).sum();
            let envelope = 0.55 - 0.45 * (TAU * rate * t).cos();
            (sound * envelope * gain * 2_000.0) as i16
        };
        (0..(seconds * 16_000.0) as usize).map(sample).collect()
    }

    fn features(pcm: &[i16]) -> Option<VoiceFeatures> {
        let mut prosody = Prosody::default();
        prosody.begin();
        pcm.chunks(317).for_each(|part| prosody.push(part));
        prosody.features()
    }

    #[test]
    fn pitch_level_and_rate_are_those_of_the_voice() {
        for (hz, lowest) in [(95.0, 0.0), (140.0, 0.0), (210.0, 0.0), (330.0, 0.0), (110.0, 300.0), (180.0, 300.0)] {
            let found = features(&voice(hz, lowest, 4.0, 1.0, 3.0)).unwrap();
            let pitch = found.pitch_hz.unwrap();
            assert!((pitch / hz - 1.0).abs() < 0.04, "{hz} Hz above {lowest} Hz: {pitch}");
            let rate = found.syllables_per_second.unwrap();
            assert!((3.4..4.6).contains(&rate), "{hz}: {rate}");
        }
        let level = |gain| features(&voice(120.0, 0.0, 4.0, gain, 2.0)).unwrap().level_db;
        assert!((level(2.0) - level(1.0) - 6.02).abs() < 0.1);
        let rate = |rate| features(&voice(120.0, 0.0, rate, 1.0, 4.0)).unwrap().syllables_per_second.unwrap();
        assert!(rate(6.0) > rate(3.0) * 1.6, "{} {}", rate(6.0), rate(3.0));
    }

    #[test]
    fn pauses_change_nothing_and_what_is_too_short_or_no_voice_has_no_pitch() {
        let mut with_pauses = vec![0; 8_000];
        with_pauses.extend(voice(150.0, 0.0, 4.0, 1.0, 2.0));
        with_pauses.extend(vec![0; 8_000]);
        let (one, other) = (features(&with_pauses).unwrap(), features(&voice(150.0, 0.0, 4.0, 1.0, 2.0)).unwrap());
        assert!((one.level_db - other.level_db).abs() < 0.5);
        assert_eq!(features(&voice(150.0, 0.0, 4.0, 1.0, 0.2)), None);
        assert_eq!(features(&[]), None);
        let mut seed = 1_u32;
        let noise: Vec<i16> = (0..32_000)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                ((seed >> 16) as i16) / 8
            })
            .collect();
        assert_eq!(features(&noise).unwrap().pitch_hz, None);
        assert_eq!(features(&vec![0; 32_000]).unwrap().pitch_hz, None);
        assert!(features(&vec![i16::MIN; 32_000]).unwrap().level_db.is_finite());
    }

    #[test]
    fn an_utterance_without_an_end_takes_no_more_room() {
        let mut prosody = Prosody::default();
        prosody.begin();
        let second = voice(150.0, 0.0, 4.0, 1.0, 1.0);
        (0..100).for_each(|_| prosody.push(&second));
        assert_eq!(prosody.blocks.len(), KEPT);
        assert!(prosody.features().is_some() && prosody.rest.len() < BLOCK);
    }
}
