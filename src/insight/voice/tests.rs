//! How an utterance differs from the usual of its speaker.
use super::*;
use crate::insight::mood::RAISED_DB;
use media::prosody::{Prosody, VoiceFeatures};
use media::resample::Resampler;
use media::testkit::voices::people;

fn utterance(ms: u64, level_db: f64, pitch_hz: f64) -> VoiceMark {
    VoiceMark { ms, from_ms: ms - 1_000, pitch_hz: Some(pitch_hz), level_db, rate: Some(40.0) }
}

#[test]
fn an_utterance_is_compared_with_the_callers_own_usual() {
    let mut voice = VoiceBaseline::default();
    assert_eq!(voice.compare(&utterance(1_000, -30.0, 120.0)), None);
    assert_eq!(voice.compare(&utterance(4_000, -29.0, 122.0)), None);
    let compared = voice.compare(&utterance(8_000, -20.0, 150.0)).unwrap();
    assert_eq!((compared.from_ms, compared.to_ms, compared.db), (7_000, 8_000, 10.0));
    assert_eq!((compared.pitch_percent, compared.rate_percent), (Some(25.0), Some(0.0)));
    // Who goes on shouting is still louder than at first.
    assert!(voice.compare(&utterance(12_000, -20.0, 150.0)).unwrap().db >= 9.0);
}

/// What a clip at 8 kHz sounds like to an ear, on a line that has 300 to 3400 Hz as it came.
fn measured(pcm: &[i16], ms: u64) -> Option<VoiceMark> {
    let (mut up, mut wide) = (Resampler::new(8_000, 16_000), Vec::new());
    up.push(pcm, &mut wide);
    let mut prosody = Prosody::default();
    prosody.begin();
    prosody.push(&wide);
    let VoiceFeatures { pitch_hz, level_db, syllables_per_second } = prosody.features()?;
    let rate = syllables_per_second.map(|rate| f64::from(rate) * 10.0);
    Some(VoiceMark { ms, from_ms: ms, pitch_hz: pitch_hz.map(f64::from), level_db: level_db.into(), rate })
}

/// Louder by so many decibels, and higher by so many percent (and faster by as many).
fn raised(pcm: &[i16], db: f32, percent: u32) -> Vec<i16> {
    let gain = 10_f32.powf(db / 20.0);
    let (mut higher, mut out) = (Resampler::new(8_000 + 80 * percent, 8_000), Vec::new());
    higher.push(pcm, &mut out);
    out.iter().map(|sample| (f32::from(*sample) * gain).clamp(-32_768.0, 32_767.0) as i16).collect()
}

#[test]
fn people_who_speak_as_usual_do_not_raise_their_voice_and_those_who_do_are_found() {
    let all = people();
    if all.is_empty() {
        return println!("skipped: no human recordings");
    }
    let (mut usual, mut loud, mut false_alarms, mut found) = (0, 0, 0, 0);
    // Recordings of one speaker each, in the order of their names.
    for speaker in ["df_", "ss_", "cards_"] {
        let own = all.iter().filter(|(name, _)| name.rsplit('/').next().is_some_and(|file| file.starts_with(speaker)));
        let mut baseline = VoiceBaseline::default();
        for (ms, (_, pcm)) in own.enumerate() {
            let Some(voice) = measured(pcm, ms as u64) else { continue };
            let shout = measured(&raised(pcm, 9.0, 20), ms as u64);
            if let Some(compared) = shout.and_then(|shout| baseline.clone().compare(&shout)) {
                loud += 1;
                found += usize::from(compared.db >= RAISED_DB);
            }
            if let Some(compared) = baseline.compare(&voice) {
                usual += 1;
                false_alarms += usize::from(compared.db >= RAISED_DB);
            }
        }
    }
    let precision = f64::from(u32::try_from(found).unwrap()) / (found + false_alarms).max(1) as f64;
    println!(
        "raised voice: {found} of {loud} found, {false_alarms} of {usual} usual ones taken for one (precision {precision:.2})"
    );
    assert!(loud >= 4 && found * 10 >= loud * 7 && false_alarms * 5 <= usual);
}
