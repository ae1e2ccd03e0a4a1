//! Speech laid at known places into the noise of a telephone line, and how well a detector tells the one from the other.
//!
//! Labels come of each clip's own energy before anything is mixed: what is within 30 dB of its loudest 10 ms is speech
//! (what is fainter drowns in noise 10 dB below the speech), but for the recording's own noise, which on phones that turn
//! their gain up in pauses is often no more than 25 dB below a word.
use super::voice::Noise;
use super::wav;
use crate::codec::Codec;
use crate::ear::EarPlan;
use crate::resample::Resampler;
use crate::vad::gate::{Evidence, Gate, GatePlan};
use crate::vad::{Models, Scratch, SileroPolicy, Vad, WINDOW};
use std::path::Path;
use std::process::Command;

const HZ: usize = 8_000;
const PIECE: usize = HZ / 100;
/// Level of speech (root mean square of its labelled parts) and of the quiet line, in steps of 16 bits: -26 and -76 dBFS.
const SPEECH: f64 = 1_640.0;
const FLOOR: f64 = 5.0;
const RANGE: f64 = 1e-3;
/// What is within 20 dB of a clip's loudest is speech whatever its noise; pieces (100 ms) around it that are no measure of that
/// noise; what speech must rise above it (6 dB); and pieces of noise that make one.
const CERTAIN: f64 = 1e-2;
const AROUND: usize = 10;
const RISE: f64 = 4.0;
const ENOUGH: usize = 10;
/// Pieces (50 ms) left on either side of speech where babble is made of it.
const EDGE: usize = 5;

/// One utterance at 8 kHz, and which of its 10 ms pieces are speech.
#[derive(Clone, Debug)]
pub struct Clip {
    pub pcm: Vec<f64>,
    pub speech: Vec<bool>,
}

/// What lies under the speech.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Under {
    /// A quiet line.
    Quiet,
    /// Noise of equal power per octave, 10 dB below the speech.
    Pink,
    /// Eight voices at once that speak without a pause, together 10 dB below the speech.
    Babble,
}

/// A line's sound after µ-law, and the truth of each 10 ms.
pub struct Line {
    pub pcm: Vec<i16>,
    pub speech: Vec<bool>,
}

/// Log-odds that a detector gave to windows without speech and to windows with.
#[derive(Clone, Debug, Default)]
pub struct Odds {
    pub without: Vec<f32>,
    pub with: Vec<f32>,
}

impl Clip {
    /// `None` where the sound is empty.
    pub fn new(pcm: &[i16], hz: u32) -> Option<Self> {
        let (mut to8, mut out) = (Resampler::new(hz, HZ as u32), Vec::new());
        to8.push(pcm, &mut out);
        to8.finish(&mut out);
        let energy: Vec<f64> =
            out.chunks_exact(PIECE).map(|piece| piece.iter().map(|s| f64::from(*s).powi(2)).sum()).collect();
        let loudest = energy.iter().copied().fold(0.0, f64::max);
        let speech = spoken(&energy, loudest);
        let active = speech.iter().filter(|speech| **speech).count();
        let sum: f64 = energy.iter().zip(&speech).filter(|(_, speech)| **speech).map(|(energy, _)| energy).sum();
        let scale = SPEECH / (sum / (active * PIECE) as f64).sqrt();
        let pcm = out[..speech.len() * PIECE].iter().map(|s| f64::from(*s) * scale).collect();
        (loudest > 0.0).then_some(Self { pcm, speech })
    }

    fn without_pauses(&self) -> Vec<f64> {
        let kept = widened(&self.speech, EDGE);
        self.pcm.chunks_exact(PIECE).zip(kept).filter(|(_, kept)| *kept).flat_map(|(piece, _)| piece).copied().collect()
    }

    /// All WAV files of a folder, in the order of their names.
    pub fn folder(path: &Path) -> Vec<Self> {
        let mut files: Vec<_> = std::fs::read_dir(path).into_iter().flatten().flatten().map(|e| e.path()).collect();
        files.sort();
        files.iter().filter_map(|file| Self::file(file)).collect()
    }

    fn file(path: &Path) -> Option<Self> {
        let (hz, channels) = wav::read(path).ok()?;
        Self::new(channels.first()?, hz)
    }

    /// A voice of flite's (`flite:slt`) or espeak-ng's (`en-gb`); `None` where it is not installed.
    pub fn say(voice: &str, text: &str) -> Option<Self> {
        let name = format!("switchboard-say-{}-{:?}.wav", std::process::id(), std::thread::current().id());
        let file = std::env::temp_dir().join(name);
        let done = match voice.strip_prefix("flite:") {
            Some(voice) => Command::new("flite").args(["-voice", voice, "-t", text, "-o"]).arg(&file).status(),
            None => Command::new("espeak-ng").args(["-v", voice, "-w"]).arg(&file).arg(text).status(),
        };
        let clip = done.is_ok_and(|status| status.success()).then(|| Self::file(&file)).flatten();
        let _ = std::fs::remove_file(&file);
        clip
    }
}

/// Which pieces are speech.
fn spoken(energy: &[f64], loudest: f64) -> Vec<bool> {
    let certain: Vec<bool> = energy.iter().map(|energy| *energy > loudest * CERTAIN).collect();
    let near = widened(&certain, AROUND);
    let mut noise: Vec<f64> = energy.iter().zip(near).filter(|(_, near)| !near).map(|(energy, _)| *energy).collect();
    noise.sort_by(f64::total_cmp);
    let (least, most) = (loudest * RANGE, loudest * CERTAIN);
    let above = if noise.len() < ENOUGH { least } else { (noise[noise.len() / 2] * RISE).clamp(least, most) };
    energy.iter().map(|energy| *energy > above).collect()
}

/// What is true of a piece or of one at most `by` away.
fn widened(of: &[bool], by: usize) -> Vec<bool> {
    (0..of.len()).map(|at| of[at.saturating_sub(by)..(at + by + 1).min(of.len())].contains(&true)).collect()
}

impl Line {
    /// All clips one after the other with pauses of 0.8–2.2 s.
    pub fn of(clips: &[Clip], under: Under, seed: u64) -> Self {
        let mut noise = Noise::new(seed);
        let (mut sound, mut speech) = (Vec::new(), Vec::new());
        for clip in clips {
            let pause = noise.within(80.0, 220.0) as usize;
            sound.resize(sound.len() + pause * PIECE, 0.0);
            speech.resize(speech.len() + pause, false);
            sound.extend(&clip.pcm);
            speech.extend(&clip.speech);
        }
        let wanted = SPEECH / 10f64.sqrt();
        let below = match under {
            Under::Quiet => vec![0.0; sound.len()],
            Under::Pink => scaled(pink(&mut noise, sound.len()), wanted),
            Under::Babble => scaled(babble(clips, &mut noise, sound.len()), wanted),
        };
        let mixed: Vec<i16> = sound
            .iter()
            .zip(&below)
            .map(|(s, b)| (s + b + noise.value() * FLOOR * 3f64.sqrt()).round().clamp(-32_768.0, 32_767.0) as i16)
            .collect();
        let (mut bytes, mut pcm) = (Vec::new(), Vec::new());
        Codec::Pcmu.encoder().encode(&mixed, &mut bytes);
        Codec::Pcmu.decoder().decode(&bytes, &mut pcm);
        Self { pcm, speech }
    }

    /// What Silero, earshot and both together make of each 32 ms of it: the first two look at everything, both together as they
    /// do in an ear, where Silero rests while nothing rises above the noise.
    pub fn judged(&self, models: &Models) -> [Odds; 3] {
        let (mut up, mut sound) = (Resampler::new(8_000, 16_000), Vec::new());
        up.push(&self.pcm, &mut sound);
        self.judged_as(&sound, models)
    }

    /// The same of what something made of the line at 16 kHz, by [`Resampler`] from 8 kHz.
    pub fn judged_as(&self, sound: &[i16], models: &Models) -> [Odds; 3] {
        let (mut apart, mut vad, plan) = (Vad::new(models), Vad::new(models), EarPlan::default());
        let (mut gate, mut scratch) = (Gate::new(GatePlan::fused(plan.start, plan.end)), Scratch::default());
        let late = Resampler::new(8_000, 16_000).delay().as_secs_f64() * 100.0;
        let mut odds = [Odds::default(), Odds::default(), Odds::default()];
        for (index, window) in sound.as_chunks::<WINDOW>().0.iter().enumerate() {
            let mut judge = |vad: &mut Vad, policy| {
                let mut state = vad.push(window, policy);
                let silero = state.as_mut().map_or(0.0, |state| {
                    models.infer(&mut scratch, &mut [state]);
                    state.odds()
                });
                (silero, vad.score(state))
            };
            let (silero, _) = judge(&mut apart, SileroPolicy::Always);
            let policy = gate.measure(window);
            let (_, both) = judge(&mut vad, policy);
            gate.judge(Evidence::Line(both));
            // Speech is what fills at least half of the window.
            let place = |part: f64| ((index as f64 + part) * 3.2 - late).max(0.0) as usize;
            let pieces = &self.speech[place(0.0).min(self.speech.len())..place(1.0).min(self.speech.len())];
            let yes = pieces.iter().filter(|speech| **speech).count() * 2 >= pieces.len().max(1);
            for (odds, value) in odds.iter_mut().zip([silero, vad.earshot_odds(), both]) {
                if yes { &mut odds.with } else { &mut odds.without }.push(value);
            }
        }
        odds
    }
}

impl Odds {
    /// Area under the receiver's operating characteristic: how often a window with speech gets more than one without
    /// (Mann and Whitney, 1947).
    pub fn area(&self) -> f64 {
        let with = self.with.iter().map(|odds| (*odds, true));
        let mut all: Vec<(f32, bool)> = with.chain(self.without.iter().map(|odds| (*odds, false))).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut sum = 0.0;
        for (index, same) in all.chunk_by(|a, b| a.0 == b.0).scan(0, |at, same| {
            *at += same.len();
            Some((*at - same.len(), same))
        }) {
            // Equals share their mean rank.
            let rank = index as f64 + (same.len() + 1) as f64 / 2.0;
            sum += rank * same.iter().filter(|(_, with)| *with).count() as f64;
        }
        let (m, n) = (self.with.len() as f64, self.without.len() as f64);
        (sum - m * (m + 1.0) / 2.0) / (m * n)
    }
}

fn scaled(mut sound: Vec<f64>, wanted: f64) -> Vec<f64> {
    let rms = (sound.iter().map(|s| s * s).sum::<f64>() / sound.len().max(1) as f64).sqrt();
    sound.iter_mut().for_each(|s| *s *= wanted / rms.max(1e-9));
    sound
}

/// White noise through six first-order filters (Kellet, 1999).
fn pink(noise: &mut Noise, length: usize) -> Vec<f64> {
    const POLES: [(f64, f64); 6] = [
        (0.998_86, 0.055_518),
        (0.993_32, 0.075_076),
        (0.969, 0.153_852),
        (0.866_5, 0.310_486),
        (0.55, 0.532_952),
        (-0.761_6, -0.016_898),
    ];
    let (mut kept, mut last) = ([0.0; 6], 0.0);
    (0..length)
        .map(|_| {
            let white = noise.value();
            for (kept, (pole, gain)) in kept.iter_mut().zip(POLES) {
                *kept = pole * *kept + gain * white;
            }
            let pink = kept.iter().sum::<f64>() + last + white * 0.536_2;
            last = white * 0.115_926;
            pink
        })
        .collect()
}

/// Eight voices, each speaking clips in an order of its own without a pause.
fn babble(clips: &[Clip], noise: &mut Noise, length: usize) -> Vec<f64> {
    let spoken: Vec<Vec<f64>> = clips.iter().map(Clip::without_pauses).collect();
    let mut sum = vec![0.0; length];
    for _ in 0..8 {
        let mut at = 0;
        let mut skip = noise.within(0.0, 8_000.0) as usize;
        while at < length {
            let clip = &spoken[noise.within(0.0, spoken.len() as f64 - 1e-6) as usize];
            let from = skip.min(clip.len() - 1);
            for (sum, s) in sum[at..].iter_mut().zip(&clip[from..]) {
                *sum += s;
            }
            at += clip.len() - from;
            skip = 0;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tone of so many 10 ms for each level, in dB below full scale.
    fn levels(parts: &[(usize, f64)]) -> Vec<i16> {
        let tone = |(n, db): (usize, f64)| {
            (0..n * PIECE).map(move |at| ((at as f64 * 0.6).sin() * 30_000.0 * 10f64.powf(-db / 20.0)) as i16)
        };
        parts.iter().copied().flat_map(tone).collect()
    }

    #[test]
    fn a_recordings_own_noise_is_no_speech_and_its_faint_parts_are() {
        let noisy = Clip::new(&levels(&[(60, 26.0), (20, 0.0), (5, 18.0), (60, 26.0)]), 8_000).unwrap();
        assert_eq!(noisy.speech.iter().filter(|speech| **speech).count(), 25);
        let quiet = Clip::new(&levels(&[(60, 50.0), (20, 0.0), (5, 26.0), (60, 50.0)]), 8_000).unwrap();
        assert_eq!(quiet.speech.iter().filter(|speech| **speech).count(), 25);
    }

    #[test]
    fn babble_has_no_pauses() {
        let clip = Clip::new(&levels(&[(100, 80.0), (20, 0.0), (100, 80.0)]), 8_000).unwrap();
        let babble = babble(&[clip], &mut Noise::new(1), 8_000);
        let faintest =
            babble.chunks_exact(800).map(|part| part.iter().map(|s| s * s).sum::<f64>()).fold(f64::MAX, f64::min);
        assert!(faintest > 800.0 * SPEECH * SPEECH, "{faintest}");
    }
}
