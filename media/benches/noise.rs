//! Whether noise suppression and automatic gain before the recogniser help it: phrases understood, by noise and by level.
//!
//! `cargo bench -p media --features testkit --bench noise`
use media::asr::pocketsphinx::{Model, PocketSphinx};
use media::asr::{Ask, Expect, Language, Recogniser};
use media::codec::g711::{ULAW_TO_PCM, ulaw};
use media::noise::{Dice, rms};
use media::resample::Resampler;
use media::testkit::voices;
use sonora::config::{AdaptiveDigital, GainController2, NoiseSuppression, NoiseSuppressionLevel};
use sonora::{AudioProcessing, Config};
use std::sync::Arc;

const GRAMMAR: &str = include_str!("../src/asr/pocketsphinx/booking.jsgf");

const PHRASES: [&str; 8] = [
    "book a room",
    "mountain view",
    "for tomorrow at seven o'clock",
    "half an hour",
    "two people",
    "on thursday the twenty first",
    "speak to a person",
    "start over",
];

/// Recordings of people that this grammar holds.
const PEOPLE: [(&str, &str); 6] = [
    ("df_book_a_room", "book a room"),
    ("df_mountain_view", "mountain view"),
    ("df_today", "today"),
    ("df_230pm", "two thirty p m"),
    ("df_half_an_hour", "half an hour"),
    ("df_two_people", "two people"),
];

/// Noise alone before each phrase (8 kHz), in which a suppressor learns it; and what is cut off before and after.
const LEAD: usize = 16_000;
const AROUND: usize = 2_400;

fn main() {
    let Ok(engine) = PocketSphinx::load(Model::debian_english()) else {
        return println!("skipped: pocketsphinx-en-us is not installed");
    };
    let mut clips: Vec<(Vec<i16>, &str)> = Vec::new();
    for voice in voices::FLITE {
        clips.extend(PHRASES.iter().filter_map(|text| Some((voices::say(voice, text)?, *text))));
    }
    for (name, text) in PEOPLE {
        clips.extend(voices::people().iter().filter(|(file, _)| file == name).map(|(_, pcm)| (pcm.clone(), text)));
    }
    if clips.is_empty() {
        return println!("skipped: neither flite nor recordings of people");
    }
    println!("{} phrases; right (wrong) by treatment, the rest refused", clips.len());
    print!("{:>22}", "");
    TREATMENTS.iter().for_each(|(name, _)| print!("{name:>14}"));
    println!();
    let ask = Ask { language: Language::En, expect: Expect::Grammar(GRAMMAR.into()), lexicon: Arc::default() };
    let mut conditions = vec![(None, 0.0f32, 0.0f32)];
    for noise in [Kind::White, Kind::Pink, Kind::Babble] {
        conditions.extend([20.0, 10.0, 5.0].map(|snr| (Some(noise), snr, 0.0)));
    }
    conditions.extend([-20.0, -10.0, 10.0].map(|level| (None, 0.0, level)));
    conditions.extend([-20.0, 10.0].map(|level| (Some(Kind::Pink), 15.0, level)));
    let mut sums = [(0, 0); TREATMENTS.len()];
    for (noise, snr, level) in conditions {
        let name = match noise {
            Some(kind) => format!("{kind:?} {snr} dB, {level:+} dB"),
            None => format!("quiet room, {level:+} dB"),
        };
        print!("{name:>22}");
        for (index, (_, config)) in TREATMENTS.iter().enumerate() {
            let (mut right, mut wrong) = (0, 0);
            for (seed, (clip, text)) in clips.iter().enumerate() {
                let pcm = treat(config(), &line(clip, noise, snr, level, seed as u64));
                let mut hearing = engine.open(&ask).expect("the grammar");
                hearing.keep(&pcm).expect("sound");
                let heard = hearing.finish().expect("an answer");
                right += usize::from(heard.text.as_deref() == Some(text));
                wrong += usize::from(heard.text.is_some_and(|heard| heard != *text));
            }
            sums[index].0 += right;
            sums[index].1 += wrong;
            print!("{:>14}", format!("{right} ({wrong})"));
        }
        println!();
    }
    print!("{:>22}", "all");
    sums.iter().for_each(|(right, wrong)| print!("{:>14}", format!("{right} ({wrong})")));
    println!();
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    White,
    Pink,
    Babble,
}

/// A phrase on a noisy line over µ-law, at 8 kHz.
fn line(clip: &[i16], noise: Option<Kind>, snr_db: f32, level_db: f32, seed: u64) -> Vec<i16> {
    let length = LEAD + clip.len() + AROUND;
    let level = 10f32.powf(level_db / 20.0);
    let around = noise.map_or_else(|| vec![0.0; length], |kind| make(kind, length, seed));
    let floor = rms(&around.iter().map(|s| *s as i16).collect::<Vec<_>>()).max(1.0);
    let loud = rms(clip) / floor * 10f32.powf(-snr_db / 20.0);
    let mut dice = Dice::new(seed ^ 99);
    (0..length)
        .map(|n| {
            let voice = n.checked_sub(LEAD).and_then(|n| clip.get(n)).copied().map_or(0.0, f32::from);
            // Every line has some noise of its own.
            let hiss = (2.0 * dice.unit() - 1.0) * 14.0;
            let sum = (voice + around[n] * loud) * level + hiss;
            ULAW_TO_PCM[usize::from(ulaw(sum.clamp(-32_000.0, 32_000.0) as i16))]
        })
        .collect()
}

fn make(kind: Kind, length: usize, seed: u64) -> Vec<f32> {
    let mut dice = Dice::new(seed);
    let mut white = || (2.0 * dice.unit() - 1.0) * 3_000.0;
    match kind {
        Kind::White => (0..length).map(|_| white()).collect(),
        // Three poles (P. Kellet).
        Kind::Pink => {
            let mut state = [0.0f32; 3];
            (0..length)
                .map(|_| {
                    let sample = white();
                    state[0] = 0.99765 * state[0] + sample * 0.099_046;
                    state[1] = 0.963 * state[1] + sample * 0.296_516_4;
                    state[2] = 0.57 * state[2] + sample * 1.052_691_3;
                    (state.iter().sum::<f32>() + sample * 0.1848) * 0.4
                })
                .collect()
        }
        Kind::Babble => {
            let mut sum = vec![0.0; length];
            for voice in 0..6 {
                let talk = voices::talk(voice, length as f32 / 8_000.0 + 4.0);
                let from = (seed as usize * 3_001 + voice * 7_919) % 32_000;
                sum.iter_mut().zip(&talk[from.min(talk.len())..]).for_each(|(out, s)| *out += f32::from(*s) * 0.4);
            }
            sum
        }
    }
}

type Treatment = (&'static str, fn() -> Option<Config>);

const TREATMENTS: [Treatment; 5] = [
    ("none", || None),
    ("noise 6 dB", || Some(Config { noise_suppression: suppression(NoiseSuppressionLevel::Low), ..Config::default() })),
    ("noise 12 dB", || {
        Some(Config { noise_suppression: suppression(NoiseSuppressionLevel::Moderate), ..Config::default() })
    }),
    ("level", || Some(Config { gain_controller2: gain(), ..Config::default() })),
    ("12 dB, level", || {
        let noise_suppression = suppression(NoiseSuppressionLevel::Moderate);
        Some(Config { noise_suppression, gain_controller2: gain(), ..Config::default() })
    }),
];

fn suppression(level: NoiseSuppressionLevel) -> Option<NoiseSuppression> {
    Some(NoiseSuppression { level, ..NoiseSuppression::default() })
}

fn gain() -> Option<GainController2> {
    Some(GainController2 { adaptive_digital: Some(AdaptiveDigital::default()), ..GainController2::default() })
}

/// What a recogniser would get: at 16 kHz, treated all along, cut to the phrase and what is around it.
fn treat(config: Option<Config>, line: &[i16]) -> Vec<i16> {
    let (mut up, mut pcm) = (Resampler::new(8_000, 16_000), Vec::new());
    up.push(line, &mut pcm);
    if let Some(config) = config {
        let mut apm = AudioProcessing::builder().config(config).build();
        let mut out = [0; 160];
        for chunk in pcm.chunks_exact_mut(160) {
            apm.process_capture_i16(chunk, &mut out).expect("10 ms at 16 kHz");
            chunk.copy_from_slice(&out);
        }
    }
    pcm.drain(..2 * (LEAD - AROUND));
    pcm
}
