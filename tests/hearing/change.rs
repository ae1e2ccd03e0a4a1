//! What makes another caller of a recording: pace, pitch and room.
use crate::sound::Noise;
use media::resample::Resampler;

/// How a voice is changed; 1.0 leaves it as it is.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    pub name: &'static str,
    /// How much faster it speaks.
    pub pace: f64,
    /// How much higher its voice is.
    pub pitch: f64,
    /// It speaks in a room, some way from the microphone.
    pub room: bool,
}

pub const CHANGES: [Change; 12] = [
    Change { name: "as recorded", pace: 1.0, pitch: 1.0, room: false },
    Change { name: "slower", pace: 0.85, pitch: 1.0, room: false },
    Change { name: "faster", pace: 1.15, pitch: 1.0, room: false },
    Change { name: "lower", pace: 1.0, pitch: 0.92, room: false },
    Change { name: "higher", pace: 1.0, pitch: 1.08, room: false },
    Change { name: "slower and lower", pace: 0.9, pitch: 0.94, room: false },
    Change { name: "faster and higher", pace: 1.1, pitch: 1.06, room: false },
    Change { name: "in a room", pace: 1.0, pitch: 1.0, room: true },
    Change { name: "slower in a room", pace: 0.9, pitch: 1.0, room: true },
    Change { name: "faster in a room", pace: 1.1, pitch: 1.0, room: true },
    Change { name: "lower in a room", pace: 1.0, pitch: 0.94, room: true },
    Change { name: "higher in a room", pace: 1.0, pitch: 1.06, room: true },
];

impl Change {
    /// The voice (8 kHz), changed.
    pub fn of(&self, pcm: &[i16]) -> Vec<i16> {
        // Played faster, a voice is faster and higher: its pace is brought back.
        let higher = if self.pitch == 1.0 { pcm.to_vec() } else { played_faster(pcm, self.pitch) };
        let stretch = self.pitch / self.pace;
        let paced = if (stretch - 1.0).abs() < 1e-6 { higher } else { stretched(&higher, stretch) };
        if self.room { in_a_room(&paced) } else { paced }
    }
}

fn played_faster(pcm: &[i16], factor: f64) -> Vec<i16> {
    let (mut down, mut out) = (Resampler::new((8_000.0 * factor).round() as u32, 8_000), Vec::new());
    down.push(pcm, &mut out);
    down.finish(&mut out);
    out
}

/// Longer by `factor`, at the same pitch: pieces of 30 ms, half overlapped, each taken from where it continues the one before best (WSOLA:
/// Verhelst and Roelands, 1993).
fn stretched(pcm: &[i16], factor: f64) -> Vec<i16> {
    const HALF: usize = 120;
    const SEARCH: usize = 60;
    let sample = |at: usize| f64::from(pcm.get(at).copied().unwrap_or(0));
    let fade = |i: usize| 0.5 - 0.5 * (std::f64::consts::PI * i as f64 / HALF as f64).cos();
    let mut out: Vec<f64> = (0..HALF).map(sample).collect();
    let mut from = 0;
    while from + 2 * HALF + SEARCH < pcm.len() {
        let wanted = (out.len() as f64 / factor) as usize;
        let likeness = |at: usize| -> f64 {
            let (a, b) = ((0..HALF).map(|i| sample(from + HALF + i)), (0..HALF).map(|i| sample(at + i)));
            let (dot, power) = a.zip(b).fold((0.0, 1.0), |(dot, power), (a, b)| (dot + a * b, power + b * b));
            dot / f64::sqrt(power)
        };
        let places = wanted.saturating_sub(SEARCH)..wanted + SEARCH;
        let next = places.max_by(|a, b| likeness(*a).total_cmp(&likeness(*b))).unwrap_or(wanted);
        out.extend((0..HALF).map(|i| (1.0 - fade(i)) * sample(from + HALF + i) + fade(i) * sample(next + i)));
        from = next;
    }
    out.extend((from + HALF..pcm.len()).map(sample));
    out.into_iter().map(|sample| sample.clamp(-32_000.0, 32_000.0) as i16).collect()
}

/// The voice and its reverberation: exponentially decaying noise that takes 0.35 s to fall by 60 dB, 6 dB below the direct sound.
pub fn in_a_room(pcm: &[i16]) -> Vec<i16> {
    const DECAY: f64 = 0.35 * 8_000.0 / 6.9;
    let mut noise = Noise(7);
    // The first reflection comes after 3 ms.
    let mut response: Vec<f64> = (24..2_400).map(|i| noise.sample() * f64::exp(-(i as f64) / DECAY)).collect();
    let power: f64 = response.iter().map(|tap| tap * tap).sum();
    response.iter_mut().for_each(|tap| *tap *= 0.5 / power.sqrt());
    let direct = pcm.iter().map(|sample| f64::from(*sample)).chain(std::iter::repeat_n(0.0, response.len()));
    let mut out: Vec<f64> = direct.collect();
    for (at, sample) in pcm.iter().enumerate().filter(|(_, sample)| **sample != 0) {
        let reflected = out[at + 24..].iter_mut().zip(&response);
        reflected.for_each(|(out, tap)| *out += f64::from(*sample) * tap);
    }
    out.into_iter().map(|sample| sample.clamp(-32_000.0, 32_000.0) as i16).collect()
}

#[test]
fn a_changed_voice_has_the_length_and_the_pitch_it_should() {
    let tone = |hz: f64| -> Vec<i16> {
        (0..16_000).map(|i| (f64::sin(i as f64 * hz * std::f64::consts::TAU / 8_000.0) * 8_000.0) as i16).collect()
    };
    let crossings = |pcm: &[i16]| pcm.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count() as f64;
    for change in CHANGES {
        let changed = change.of(&tone(200.0));
        let seconds = changed.len() as f64 / 8_000.0;
        let expected = 2.0 / change.pace + if change.room { 0.3 } else { 0.0 };
        assert!((seconds - expected).abs() < 0.06, "{change:?}: {seconds} s");
        let spoken = &changed[..(16_000.0 / change.pace) as usize - 800];
        let pitch = crossings(spoken) / (spoken.len() as f64 / 8_000.0) / 200.0;
        assert!((pitch - change.pitch).abs() < 0.03, "{change:?}: {pitch}");
    }
}
