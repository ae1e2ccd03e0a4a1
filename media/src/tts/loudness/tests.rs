//! The meter on sounds of known level, and the real voices on sentences other than those they are measured with.
use super::*;
use crate::tts::espeak::Espeak;

fn tone(dbfs: f32, seconds: f32, rate: Rate) -> Vec<f32> {
    let peak = 10.0_f32.powf(dbfs / 20.0) * 2.0_f32.sqrt();
    let hz = rate.hz() as f32;
    (0..(seconds * hz) as usize).map(|i| peak * (i as f32 * TAU * 440.0 / hz).sin()).collect()
}

#[test]
fn the_level_is_that_of_the_time_in_which_somebody_speaks() {
    for rate in [Rate::Hz8000, Rate::Hz16000] {
        for dbfs in [-12.0, -26.0, -38.0] {
            let speech = tone(dbfs, 4.0, rate);
            let level = active_level(&speech, rate).unwrap();
            assert!((level - dbfs).abs() < 0.3, "{level} for {dbfs}");
            // Long silences do not count, but for 0.2 s of each.
            let pause = vec![0.0; rate.hz() as usize * 3];
            let pauses: Vec<f32> = [&speech[..], &pause[..], &speech[..], &pause[..]].concat();
            let level = active_level(&pauses, rate).unwrap();
            assert!((level - dbfs).abs() < 0.6, "{level} for {dbfs} with pauses");
        }
        assert_eq!(active_level(&vec![0.0; 8_000], rate), None);
        assert_eq!(active_level(&[], rate), None);
    }
}

#[test]
fn peaks_are_compressed_and_nothing_is_clipped() {
    assert_eq!(compressed(0.5), 16_383);
    assert!(compressed(3.0) < 32_767 && compressed(-3.0) > -32_767);
    assert!((1..100).all(|n| compressed(n as f32 / 100.0) < compressed((n + 1) as f32 / 100.0)));
}

fn said(engine: &dyn Synthesiser, voice: &Voice, text: &str) -> Vec<i16> {
    let mut pcm = Vec::new();
    engine
        .speak(voice, text, &mut |chunk| {
            pcm.extend_from_slice(chunk.pcm);
            Continue(())
        })
        .unwrap();
    pcm
}

#[test]
fn all_voices_are_equally_loud_without_offset_or_clipping() {
    let mut voices: Vec<(Arc<dyn Synthesiser>, Language, &str)> = Vec::new();
    #[cfg(feature = "flite")]
    {
        let flite: Arc<dyn Synthesiser> = Arc::new(crate::tts::flite::Flite::load());
        voices.extend(crate::tts::flite::Flite::VOICES.map(|name| (flite.clone(), Language::En, name)));
    }
    let espeak = Espeak::default();
    if espeak.check().is_ok() {
        let espeak: Arc<dyn Synthesiser> = Arc::new(espeak);
        voices.extend([(espeak.clone(), Language::En, "en"), (espeak, Language::Vi, "vi")]);
    } else {
        eprintln!("skipped: espeak-ng is not installed");
    }
    for (engine, language, name) in voices {
        let engine = Levelled::new(engine);
        let texts = match language {
            Language::En => {
                ["For how many people, and for how long?", "Your room in Boston is noted. Thank you. Goodbye."]
            }
            Language::Vi => ["Quý khách muốn tìm nhà hàng hay khách sạn?", "Cảm ơn quý khách đã gọi. Tạm biệt."],
        };
        for rate in [Rate::Hz8000, Rate::Hz16000] {
            let voice = Voice { language, name: name.into(), rate };
            let pcm: Vec<i16> = texts.iter().flat_map(|text| said(&engine, &voice, text)).collect();
            let exact: Vec<f32> = pcm.iter().map(|s| f32::from(*s) / 32_768.0).collect();
            let level = active_level(&exact, rate).unwrap();
            let offset = exact.iter().sum::<f32>() / exact.len() as f32;
            let peak = pcm.iter().map(|s| s.unsigned_abs()).max().unwrap();
            println!("{name} at {} Hz: {level:.1} dBFS, offset {offset:.5}, peak {peak}", rate.hz());
            assert!((level - LEVEL_DBFS).abs() < 1.5, "{name} at {} Hz speaks at {level} dBFS", rate.hz());
            assert!(offset.abs() < 0.001 && peak < 32_767, "{name}: offset {offset}, peak {peak}");
        }
    }
}
