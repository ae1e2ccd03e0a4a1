//! The features of zipformer models: logarithms of mel bands, as Kaldi computes them and sherpa-onnx asks for them
//! (`kaldi-native-fbank` with `dither = 0`, `snip_edges = false`, `high_freq = -400`, sound from -1 to 1).
use sonora_fft::fft4g::Fft4g;
use std::f32::consts::TAU;

/// Mel bands of a frame.
pub const BANDS: usize = 80;
/// Samples from frame to frame, 10 ms.
pub const SHIFT: usize = 160;
/// Samples of a frame, 25 ms, and the points of its spectrum.
const WINDOW: usize = 400;
const POINTS: usize = 512;
const HZ: f32 = 16_000.0;
const LOWEST_HZ: f32 = 20.0;
const HIGHEST_HZ: f32 = HZ / 2.0 - 400.0;
const PREEMPHASIS: f32 = 0.97;

/// What all streams share.
pub struct Fbank {
    fft: Fft4g,
    window: Vec<f32>,
    bands: Vec<Band>,
}

/// The first point of the spectrum that a band has, and the weights from there.
struct Band {
    first: usize,
    weights: Vec<f32>,
}

fn mel(hz: f32) -> f32 {
    1_127.0 * (1.0 + hz / 700.0).ln()
}

impl Fbank {
    pub fn new() -> Self {
        // Povey's window: a Hann window to the power of 0.85.
        let hann = |n: usize| 0.5 - 0.5 * (TAU * n as f32 / (WINDOW - 1) as f32).cos();
        let (low, high) = (mel(LOWEST_HZ), mel(HIGHEST_HZ));
        let step = (high - low) / (BANDS + 1) as f32;
        let band = |band: usize| {
            let (left, centre, right) =
                (low + step * band as f32, low + step * (band + 1) as f32, low + step * (band + 2) as f32);
            let point = |point: usize| mel(HZ / POINTS as f32 * point as f32);
            let inside = (0..POINTS / 2).filter(|n| point(*n) > left && point(*n) < right);
            let weight = |mel: f32| {
                if mel <= centre { (mel - left) / (centre - left) } else { (right - mel) / (right - centre) }
            };
            let weights = inside.clone().map(|n| weight(point(n))).collect();
            Band { first: inside.clone().next().unwrap_or_default(), weights }
        };
        Self {
            fft: Fft4g::new(POINTS),
            window: (0..WINDOW).map(|n| hann(n).powf(0.85)).collect(),
            bands: (0..BANDS).map(band).collect(),
        }
    }

    /// Appends the bands of one frame of [`WINDOW`] samples, which lies in `frame` and is overwritten.
    fn frame(&self, frame: &mut [f32; POINTS], out: &mut Vec<f32>) {
        let sound = &mut frame[..WINDOW];
        let mean = sound.iter().sum::<f32>() / WINDOW as f32;
        sound.iter_mut().for_each(|sample| *sample -= mean);
        for n in (1..WINDOW).rev() {
            sound[n] -= PREEMPHASIS * sound[n - 1];
        }
        sound[0] -= PREEMPHASIS * sound[0];
        sound.iter_mut().zip(&self.window).for_each(|(sample, window)| *sample *= window);
        frame[WINDOW..].fill(0.0);
        self.fft.rdft(frame);
        // The first two numbers are the real parts at 0 and at half the rate.
        let power =
            |n: usize| if n == 0 { frame[0] * frame[0] } else { frame[2 * n].powi(2) + frame[2 * n + 1].powi(2) };
        let energy = |band: &Band| (band.first..).zip(&band.weights).map(|(n, weight)| power(n) * weight).sum::<f32>();
        out.extend(self.bands.iter().map(|band| energy(band).max(f32::EPSILON).ln()));
    }
}

/// One stream of sound and those of its frames that are complete and have not been dropped.
#[derive(Clone, Default)]
pub struct Features {
    /// Sound from sample `from` on.
    pcm: Vec<i16>,
    from: usize,
    /// Frames from `first` on, [`BANDS`] numbers each.
    values: Vec<f32>,
    first: usize,
}

impl Features {
    /// Takes more sound and computes the frames that it completes.
    pub fn push(&mut self, fbank: &Fbank, pcm: &[i16]) {
        self.pcm.extend_from_slice(pcm);
        let end = self.from + self.pcm.len();
        while start(self.frames()) + WINDOW as isize <= end as isize {
            self.compute(fbank);
        }
        // The next frame needs sound from its start on; the first ones, which reach before the sound, that of the beginning too.
        let keep = usize::try_from(start(self.frames())).unwrap_or_default();
        if keep > self.from {
            self.pcm.drain(..keep - self.from);
            self.from = keep;
        }
    }

    /// Ends the sound: the frames that reach beyond it take it backwards from there.
    pub fn end(&mut self, fbank: &Fbank) {
        let end = self.from + self.pcm.len();
        while self.frames() < (end + SHIFT / 2) / SHIFT {
            self.compute(fbank);
        }
    }

    /// Frames since the beginning.
    pub fn frames(&self) -> usize {
        self.first + self.values.len() / BANDS
    }

    /// Frames `at..at + count`, none where not all of them are there.
    pub fn get(&self, at: usize, count: usize) -> Option<&[f32]> {
        let at = at.checked_sub(self.first)?;
        self.values.get(at * BANDS..(at + count) * BANDS)
    }

    /// Drops the frames before `at`.
    pub fn drop_before(&mut self, at: usize) {
        let drop = at.saturating_sub(self.first).min(self.values.len() / BANDS);
        self.values.drain(..drop * BANDS);
        self.first += drop;
    }

    fn compute(&mut self, fbank: &Fbank) {
        let (start, end) = (start(self.frames()), (self.from + self.pcm.len()) as isize);
        let mut frame = [0.0; POINTS];
        for (n, sample) in frame[..WINDOW].iter_mut().enumerate() {
            let mut at = start + n as isize;
            // Beyond either end the sound is mirrored, for very short sound more than once.
            while !(0..end).contains(&at) {
                at = if at < 0 { -at - 1 } else { 2 * end - 1 - at };
            }
            *sample = f32::from(self.pcm[at as usize - self.from]) / 32_768.0;
        }
        fbank.frame(&mut frame, &mut self.values);
    }
}

/// The first sample of a frame; negative for the first one.
fn start(frame: usize) -> isize {
    (frame * SHIFT + SHIFT / 2) as isize - (WINDOW / 2) as isize
}

#[cfg(test)]
mod tests {
    use super::super::tests::{fixture, sound};
    use super::*;

    fn features(pieces: &[&[i16]]) -> Features {
        let (fbank, mut features) = (Fbank::new(), Features::default());
        pieces.iter().for_each(|piece| features.push(&fbank, piece));
        features
    }

    #[test]
    fn features_are_those_of_kaldi_native_fbank() {
        let text = std::fs::read_to_string(fixture("fbank.txt")).unwrap();
        let (mut compared, mut worst) = (0, 0.0_f32);
        for (seed, whole) in [(5, features(&[&sound(5, 4_000)])), (6, features(&[&sound(6, 1_234)]))] {
            let (fbank, mut ended) = (Fbank::new(), whole.clone());
            ended.end(&fbank);
            for line in text.lines().filter(|line| line.starts_with(&format!("{seed} "))) {
                let numbers: Vec<f32> = line.split(' ').map(|number| number.parse().unwrap()).collect();
                let [frame, expected @ ..] = &numbers[1..] else { panic!("{line}") };
                let frame = *frame as usize;
                let found = ended.get(frame, 1).unwrap();
                assert_eq!((found.len(), expected.len()), (BANDS, BANDS));
                let off = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                worst = worst.max(off);
                compared += 1;
                // What does not reach beyond the sound is the same before its end is known.
                assert!(whole.get(frame, 1).is_none_or(|early| early == found));
            }
            let expected = text.lines().filter(|line| line.starts_with(&format!("{seed} "))).count();
            assert_eq!(ended.frames(), expected, "as many frames as there");
        }
        assert!(compared > 30 && worst < 1e-3, "{compared} frames, {worst} at most");
    }

    #[test]
    fn silence_is_the_least_that_a_float_tells_from_nothing() {
        let quiet = features(&[&[0; 1_600]]);
        assert!(quiet.get(0, 8).unwrap().iter().all(|value| *value == f32::EPSILON.ln()));
    }

    #[test]
    fn however_sound_arrives_its_frames_are_the_same() {
        let sound = sound(9, 16_000);
        let whole = features(&[&sound]);
        for size in [1, 7, 160, 333, 5_120] {
            let pieces: Vec<&[i16]> = sound.chunks(size).collect();
            let other = features(&pieces);
            assert_eq!(other.frames(), whole.frames());
            assert!(other.get(0, 90) == whole.get(0, 90) && other.get(0, 90).is_some(), "by {size} samples");
        }
    }

    #[test]
    fn dropped_frames_are_gone_and_the_others_keep_their_numbers() {
        let mut features = features(&[&sound(9, 16_000)]);
        let kept = features.get(50, 3).unwrap().to_vec();
        features.drop_before(50);
        assert!(features.get(49, 2).is_none() && features.get(50, 3).unwrap() == kept);
        let frames = features.frames();
        features.drop_before(1_000);
        assert_eq!(features.frames(), frames);
        // Sound shorter than a frame has one none the less once it has ended.
        let mut short = Features::default();
        short.push(&Fbank::new(), &[900; 90]);
        assert_eq!(short.frames(), 0);
        short.end(&Fbank::new());
        assert_eq!(short.frames(), 1);
    }
}
