//! `Level`: brings a caller's voice to the loudness recognisers expect, by one slow gain that only speech moves.
//!
//! Cepstral means and logarithmic spectra forgive a gain, but none that moves within a word: so it is chosen where an
//! utterance begins, which nobody has heard anything of, and changes slowly from there. Silence and noise never move it, and
//! the line's noise is never raised past [`CEILING_DB`].
use crate::noise::{nearest, rms};

/// Whether a caller's level is corrected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Levelling {
    On,
    #[default]
    Off,
}

/// Where the loud parts of speech are brought, in dBFS: speech of -20 dBFS on the whole.
const TARGET_DB: f32 = -18.0;
const MOST_DB: f32 = 36.0;
const LEAST_DB: f32 = -12.0;
/// The line's noise is not raised above this, in dBFS.
const CEILING_DB: f32 = -50.0;
/// How far known loudness moves towards a louder window, and by how much (dB) a fainter one lowers it: the loud parts of
/// syllables count.
const RISE: f32 = 0.3;
const FALL_DB: f32 = 0.15;
/// Speech begins fainter than it goes on: so much louder it is taken to be until this many windows (1 s) are known.
const ONSET_DB: f32 = 6.0;
const KNOWN: u32 = 31;
/// How fast the gain changes within an utterance, in dB per second.
const UP_DB: f32 = 6.0;
const DOWN_DB: f32 = 30.0;
/// For voice activity: how far sound is lifted at most, where the loudest of late and the line's noise may come to lie, and
/// by how much (dB) the loudest of late is forgotten per window (6 dB in a second).
const LIFT_DB: f32 = 24.0;
const LIFTED_DB: f32 = -30.0;
const LIFTED_NOISE_DB: f32 = -56.0;
const LULL_DB: f32 = 0.2;
/// Above this the limiter bends, so that nothing leaves past full scale.
const KNEE: f32 = 24_000.0;
const FULL: f32 = 32_767.0;
/// A change of gain is laid over this many samples at a time.
const STEP: usize = 160;
const HZ: f32 = 16_000.0;

/// One line's.
#[derive(Debug, Default)]
pub struct Level {
    /// Loudness of the loud parts of speech so far (dBFS), and the windows it comes of.
    loud: Option<f32>,
    windows: u32,
    gain_db: f32,
    /// The loudest of late, whatever it was, and what voice activity's sound was last lifted by.
    peak_db: Option<f32>,
    lift_db: f32,
}

impl Level {
    /// A window of speech of this mean square (on the square of the 16-bit scale).
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

    /// The gain that what is known asks for, where the line's noise is at `floor_db`.
    fn wanted(&self, floor_db: f32) -> f32 {
        let unsure = 1.0 - self.windows.min(KNOWN) as f32 / KNOWN as f32;
        let wanted = self.loud.map_or(0.0, |loud| TARGET_DB - loud - ONSET_DB * unsure);
        wanted.min((CEILING_DB - floor_db).max(0.0)).clamp(LEAST_DB, MOST_DB)
    }

    /// An utterance begins of which nothing has been sent on: the gain is chosen anew.
    pub fn begin(&mut self, floor_db: f32) {
        self.gain_db = self.wanted(floor_db);
    }

    /// Lifts a window for voice activity, which does not notice voices fainter than -45 dBFS. Nobody need have spoken for
    /// that: the loudest of late and the line's noise say how far it can go.
    pub fn lift(&mut self, floor_db: f32, window: &mut [i16]) {
        let db = decibels(rms(window).powi(2));
        let peak = self.peak_db.map_or(db, |peak| db.max(peak - LULL_DB));
        self.peak_db = Some(peak);
        let before = factor(self.lift_db);
        self.lift_db = (LIFTED_DB - peak).min(LIFTED_NOISE_DB - floor_db).clamp(0.0, LIFT_DB);
        let after = factor(self.lift_db);
        if before == 1.0 && after == 1.0 {
            return;
        }
        ramp(before, after, window);
    }

    /// In dB, at this moment.
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

/// Amplifies sound by a factor that goes evenly from one to another, without ever passing full scale.
fn ramp(before: f32, after: f32, pcm: &mut [i16]) {
    let rise = (after - before) / pcm.len().max(1) as f32;
    for (n, sample) in pcm.iter_mut().enumerate() {
        *sample = nearest(limited(f32::from(*sample) * (before + rise * (n + 1) as f32)));
    }
}

/// Of a mean square, against full scale.
fn decibels(power: f32) -> f32 {
    10.0 * (power.max(1.0) / (32_768.0 * 32_768.0)).log10()
}

fn factor(db: f32) -> f32 {
    10f32.powf(db / 20.0)
}

/// Bends what is above the knee, so that it nears full scale and never reaches past it.
fn limited(sample: f32) -> f32 {
    let over = sample.abs() - KNEE;
    if over <= 0.0 {
        return sample;
    }
    (KNEE + (FULL - KNEE) * (over / (FULL - KNEE)).tanh()).copysign(sample)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Dice;

    fn tone(level_db: f32, samples: usize) -> Vec<i16> {
        let peak = 32_768.0 * 2f32.sqrt() * factor(level_db);
        (0..samples).map(|n| ((n as f32 * 0.3).sin() * peak) as i16).collect()
    }

    fn dbfs(pcm: &[i16]) -> f32 {
        20.0 * (rms(pcm) / 32_768.0).log10()
    }

    /// Speech of this level for some seconds; the level of each second that leaves.
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
        // Loud speech is learned of while a faint tone passes: the gain falls as fast as it can.
        let (mut out, mut dice) = (Vec::new(), Dice::new(4));
        for tick in tone(-30.0, 32_000).chunks(320) {
            level.learn(2e8);
            let mut tick = tick.to_vec();
            level.apply(-90.0, &mut tick);
            out.extend(tick);
        }
        let steepest = |pcm: &[i16]| pcm.windows(2).map(|w| (i32::from(w[1]) - i32::from(w[0])).abs()).max().unwrap();
        assert!(steepest(&out) <= steepest(&tone(-30.0, 32_000)), "{}", steepest(&out));
        for _ in 0..300 {
            level.learn(dice.unit() * 1e9 * if dice.unit() < 0.5 { 1e-9 } else { 1.0 });
            if dice.unit() < 0.2 {
                level.begin(-90.0 * dice.unit());
            }
            let length = (dice.roll() % 900) as usize;
            let mut pcm: Vec<i16> = (0..length).map(|_| dice.roll() as i16).collect();
            let signs: Vec<bool> = pcm.iter().map(|s| *s < 0).collect();
            level.apply(-90.0, &mut pcm);
            // Bounded by its type; what would betray a wrap is a sign that turns.
            assert!(pcm.iter().zip(signs).all(|(s, negative)| *s == 0 || (*s < 0) == negative));
            assert!((LEAST_DB..=MOST_DB).contains(&level.gain_db()));
        }
    }
}
