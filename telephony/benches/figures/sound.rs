//! What the phones say: something with the loudness and the pauses of speech.
use super::callers::Sound;
use media::Rate;
use media::codec::{Codec, OpusPlan};
use media::resample::Resampler;

/// Seconds until it begins again.
const SECONDS: usize = 8;

/// Buzzes of a voice's pitch with three formants, in syllables, 1.4 s on and 1 s off, at 8 kHz.
pub fn speech() -> Vec<i16> {
    let mut seed = 1u32;
    let sample = |n: usize| {
        let t = n as f32 / 8_000.0;
        let talks = t % 2.4 < 1.4;
        let syllable = (t * 4.0 * std::f32::consts::PI).sin().abs();
        let pitch = 120.0 + 20.0 * (t * 3.0).sin();
        let voice: f32 = (1..=20)
            .map(|k| {
                let f = pitch * k as f32;
                let near = |formant: f32, width: f32| 1.0 / (1.0 + ((f - formant) / width).powi(2));
                (near(650.0, 90.0) + 0.6 * near(1200.0, 110.0) + 0.3 * near(2500.0, 160.0))
                    * (std::f32::consts::TAU * f * t).sin()
            })
            .sum();
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let hiss = (seed >> 16) as f32 / 65_536.0 - 0.5;
        (if talks { voice * syllable * 4_000.0 } else { 0.0 } + hiss * 20.0) as i16
    };
    (0..SECONDS * 8_000).map(sample).collect()
}

/// Opus at 48 kHz with the settings we send it with, and a packet on every tick.
pub fn opus() -> Codec {
    Codec::Opus(OpusPlan { rate: Rate::Hz48000, dtx: false, ..OpusPlan::default() })
}

pub fn g711() -> Sound {
    encoded(Codec::Pcmu, 0)
}

pub fn encoded(codec: Codec, payload_type: u8) -> Sound {
    let (mut encoder, mut pcm) = (codec.encoder(), speech());
    if codec.rate() != Rate::Hz8000 {
        let narrow = std::mem::take(&mut pcm);
        Resampler::new(8_000, codec.rate().hz()).push(&narrow, &mut pcm);
    }
    let payloads = pcm
        .chunks_exact(codec.rate().per_tick())
        .map(|tick| {
            let mut payload = Vec::new();
            encoder.encode(tick, &mut payload);
            payload
        })
        .collect();
    Sound { payload_type, units: codec.clock() / 50, payloads }
}
