//! `Level`: brings a caller's voice to the loudness that recognisers expect, by one slow gain that follows speech only.
//!
//! Cepstral means and logarithmic spectra tolerate a constant gain, but not one that changes within a word. The gain is therefore
//! chosen at the start of an utterance and changes slowly from there. Silence and noise do not change it, and the line's noise is
//! never raised above [`CEILING_DB`].
use crate::noise::{nearest, rms};

/// Whether a caller's level is corrected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Levelling {
    On,
    #[default]
    Off,
}

/// Target of the loud parts of speech, in dBFS: about -20 dBFS over all speech.
const TARGET_DB: f32 = -18.0;
const MAX_GAIN_DB: f32 = 36.0;
const MIN_GAIN_DB: f32 = -12.0;
/// The line's noise is not raised above this, in dBFS.
const CEILING_DB: f32 = -50.0;
/// The share by which the loudness estimate moves towards a louder window, and the dB by which a fainter window lowers it. It
/// follows the loud parts of syllables.
const RISE: f32 = 0.3;
const FALL_DB: f32 = 0.15;
/// Speech is taken to be this much louder than measured at its start, which is faint; the margin fades over [`ONSET_WINDOWS`] windows (1 s).
const ONSET_DB: f32 = 6.0;
const ONSET_WINDOWS: u32 = 31;
/// How fast the gain changes within an utterance, in dB per second.
const UP_DB: f32 = 6.0;
const DOWN_DB: f32 = 30.0;
/// For voice activity detection: the largest lift, the levels that the recent peak and the line's noise may reach, and the decay of
/// the recent peak per window (6 dB in a second).
const LIFT_DB: f32 = 24.0;
const LIFTED_PEAK_DB: f32 = -30.0;
const LIFTED_NOISE_DB: f32 = -56.0;
const PEAK_DECAY_DB: f32 = 0.2;
/// The knee of the limiter.
const KNEE: f32 = 24_000.0;
const FULL: f32 = 32_767.0;
/// Samples over which a change of gain is interpolated.
const STEP: usize = 160;
const HZ: f32 = 16_000.0;

/// The level control of one line.
#[derive(Debug, Default)]
pub struct Level {
    /// Loudness of the loud parts of speech (dBFS), and the windows it was estimated from.
    loud: Option<f32>,
    windows: u32,
    gain_db: f32,
    /// The recent peak of any sound, and the last lift for voice activity detection.
    peak_db: Option<f32>,
    lift_db: f32,
}

impl Level {
    /// Learns from a window of speech with this mean square (on the square of the 16-bit scale).
    pub fn learn(&mut self, power: f32) {
        let db = decibels(power);
        self.loud = Some(
            self.loud.map_or(db, |loud| if db > loud { loud + RISE * (db - loud) } else { (loud - FALL_DB).max(db) }),
        );
        self.windows = self.windows.saturating_add(1);
    }

    /// How far the loud parts of speech rise above the line's noise, in dB; `None` before anybody has spoken.
    pub fn above(&self, floor_db: f32) -> Option<f32> {
        self.loud.map(|loud| loud - floor_db)
    }

    /// The gain for the current estimate, where the line's noise is at `floor_db`.
    fn wanted(&self, floor_db: f32) -> f32 {
        let onset = 1.0 - self.windows.min(ONSET_WINDOWS) as f32 / ONSET_WINDOWS as f32;
        let wanted = self.loud.map_or(0.0, |loud| TARGET_DB - loud - ONSET_DB * onset);
        wanted.min((CEILING_DB - floor_db).max(0.0)).clamp(MIN_GAIN_DB, MAX_GAIN_DB)
    }

    /// An utterance begins: chooses the gain anew.
    pub fn begin(&mut self, floor_db: f32) {
        self.gain_db = self.wanted(floor_db);
    }

    /// Lifts a window for voice activity detection, which misses voices fainter than -45 dBFS. The recent peak and the line's noise
    /// limit the lift.
    pub fn lift(&mut self, floor_db: f32, window: &mut [i16]) {
        let db = decibels(rms(window).powi(2));
        let peak = self.peak_db.map_or(db, |peak| db.max(peak - PEAK_DECAY_DB));
        self.peak_db = Some(peak);
        let before = factor(self.lift_db);
        self.lift_db = (LIFTED_PEAK_DB - peak).min(LIFTED_NOISE_DB - floor_db).clamp(0.0, LIFT_DB);
        let after = factor(self.lift_db);
        if before == 1.0 && after == 1.0 {
            return;
        }
        ramp(before, after, window);
    }

    /// The present gain in dB.
    pub fn gain_db(&self) -> f32 {
        self.gain_db
    }

    /// Brings the next sound of an utterance to its level.
    pub fn apply(&mut self, floor_db: f32, pcm: &mut [i16]) {
        let wanted = self.wanted(floor_db);
        for step in pcm.chunks_mut(STEP) {
            let seconds = step.len() as f32 / HZ;
            let before = factor(self.gain_db);
            self.gain_db += (wanted - self.gain_db).clamp(-DOWN_DB * seconds, UP_DB * seconds);
            ramp(before, factor(self.gain_db), step);
        }
    }
}

/// Amplifies sound by a factor that moves linearly from `before` to `after`, limited to full scale.
fn ramp(before: f32, after: f32, pcm: &mut [i16]) {
    let rise = (after - before) / pcm.len().max(1) as f32;
    for (n, sample) in pcm.iter_mut().enumerate() {
        *sample = nearest(limit(f32::from(*sample) * (before + rise * (n + 1) as f32)));
    }
}

/// The level of a mean square in dBFS.
fn decibels(power: f32) -> f32 {
    10.0 * (power.max(1.0) / (32_768.0 * 32_768.0)).log10()
}

fn factor(db: f32) -> f32 {
    10f32.powf(db / 20.0)
}

/// Compresses what is above the knee, so that it approaches full scale and does not exceed it.
fn limit(sample: f32) -> f32 {
    let over = sample.abs() - KNEE;
    if over <= 0.0 {
        return sample;
    }
    (KNEE + (FULL - KNEE) * (over / (FULL - KNEE)).tanh()).copysign(sample)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Rng;

    fn tone(level_db: f32, samples: usize) -> Vec<i16> {
        let peak = 32_768.0 * 2f32.sqrt() * factor(level_db);
        (0..samples).map(|n| ((n as f32 * 0.3).sin() * peak) as i16).collect()
    }

    fn dbfs(pcm: &[i16]) -> f32 {
        20.0 * (rms(pcm) / 32_768.0).log10()
    }

    /// Speech of this level for some seconds; the output level of each second.
    fn run(level: &mut Level, level_db: f32, floor_db: f32, seconds: usize) -> Vec<f32> {
        let run = |_| {
            let mut second = tone(level_db, 16_000);
            for window in second.chunks_mut(512) {
                level.learn(rms(window).powi(2));
                level.apply(floor_db, window);
            }
            dbfs(&second)
        };
        (0..seconds).map(run).collect()
    }

    #[test]
    fn whatever_a_voice_begins_with_its_second_utterance_is_at_the_target() {
        for level_db in [-10.0, -20.0, -30.0, -40.0, -50.0] {
            let mut level = Level::default();
            level.learn(rms(&tone(level_db, 512)).powi(2));
            level.begin(-90.0);
            run(&mut level, level_db, -90.0, 2);
            level.begin(-90.0);
            let again = run(&mut level, level_db, -90.0, 1);
            assert!((again[0] - TARGET_DB).abs() < 1.5, "{level_db}: {again:?}");
        }
    }

    #[test]
    fn a_voice_that_becomes_fainter_or_louder_in_mid_sentence_is_followed_within_seconds() {
        let mut level = Level::default();
        level.begin(-90.0);
        run(&mut level, -20.0, -90.0, 3);
        let fainter = run(&mut level, -32.0, -90.0, 6);
        assert!((fainter[5] - TARGET_DB).abs() < 2.0, "{fainter:?}");
        let louder = run(&mut level, -20.0, -90.0, 2);
        assert!((louder[1] - TARGET_DB).abs() < 1.5, "{louder:?}");
    }

    #[test]
    fn noise_is_not_raised_past_its_ceiling_and_what_is_no_speech_moves_nothing() {
        let mut level = Level::default();
        for _ in 0..60 {
            level.learn(rms(&tone(-50.0, 512)).powi(2));
        }
        level.begin(-58.0);
        assert!((level.gain_db() - 8.0).abs() < 0.01, "{}", level.gain_db());
        level.begin(-40.0);
        assert_eq!(level.gain_db(), 0.0, "noise above the ceiling is left where it is");
        let before = level.gain_db();
        for _ in 0..500 {
            level.apply(-40.0, &mut [3; 320]);
        }
        assert_eq!(level.gain_db(), before);
    }

    #[test]
    fn a_gain_that_moves_makes_no_click_and_no_sound_leaves_past_full_scale() {
        let mut level = Level::default();
        level.begin(-90.0);
        // Loud speech is learned while a faint tone passes: the gain falls at its fastest.
        let (mut out, mut rng) = (Vec::new(), Rng::new(4));
        for tick in tone(-30.0, 32_000).chunks(320) {
            level.learn(2e8);
            let mut tick = tick.to_vec();
            level.apply(-90.0, &mut tick);
            out.extend(tick);
        }
        let steepest = |pcm: &[i16]| pcm.windows(2).map(|w| (i32::from(w[1]) - i32::from(w[0])).abs()).max().unwrap();
        assert!(steepest(&out) <= steepest(&tone(-30.0, 32_000)), "{}", steepest(&out));
        for _ in 0..300 {
            level.learn(rng.unit() * 1e9 * if rng.unit() < 0.5 { 1e-9 } else { 1.0 });
            if rng.unit() < 0.2 {
                level.begin(-90.0 * rng.unit());
            }
            let length = (rng.next_u64() % 900) as usize;
            let mut pcm: Vec<i16> = (0..length).map(|_| rng.next_u64() as i16).collect();
            let signs: Vec<bool> = pcm.iter().map(|s| *s < 0).collect();
            level.apply(-90.0, &mut pcm);
            // A sign that changes would show a wrapped sample.
            assert!(pcm.iter().zip(signs).all(|(s, negative)| *s == 0 || (*s < 0) == negative));
            assert!((MIN_GAIN_DB..=MAX_GAIN_DB).contains(&level.gain_db()));
        }
    }
}
