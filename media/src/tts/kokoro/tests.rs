//! The engine with the small model of tests/fixtures/kokoro (its README says how it is made), and with the real one where it is.
use super::*;
use crate::Rate;
use crate::tts::delivery::Phonemes;
use crate::tts::espeak::Espeak;
use std::ops::ControlFlow::{Break, Continue};

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/kokoro").join(name)
}

/// A line of expected.txt: what onnxruntime makes of tokens.
struct Golden {
    speed: f32,
    tokens: Vec<i32>,
    every: usize,
    count: usize,
    samples: Vec<f32>,
}

fn golden() -> Vec<Golden> {
    let text = std::fs::read_to_string(fixture("expected.txt")).unwrap();
    let line = |line: &str| {
        let mut fields = line.split('|');
        let mut next = || fields.next().unwrap();
        let speed = next().parse().unwrap();
        let tokens = next().split(',').map(|token| token.parse().unwrap()).collect();
        let (every, count) = (next().parse().unwrap(), next().parse().unwrap());
        let samples = next().split(' ').map(|sample| sample.parse().unwrap()).collect();
        Golden { speed, tokens, every, count, samples }
    };
    text.lines().map(line).collect()
}

#[test]
fn the_samples_are_onnxruntimes() {
    let graph = Graph::load(&std::fs::read(fixture("small.onnx")).unwrap()).unwrap();
    let voices = Voices::parse(&std::fs::read(fixture("voices.bin")).unwrap()).unwrap();
    let all = golden();
    assert_eq!(all.len(), 4);
    for Golden { speed, tokens, every, count, samples } in all {
        let style = voices.style("af_small", tokens.len() - 2).unwrap();
        let made = graph.run(tokens, style, speed, &mut || Continue(())).unwrap().unwrap();
        assert_eq!(made.len(), count);
        let pairs = made.iter().step_by(every).zip(&samples);
        let differs = pairs.map(|(made, expected)| (made - expected).abs()).fold(0.0, f32::max);
        assert!(differs < 1e-3, "{differs}");
    }
}

/// Without espeak-ng there are no phonemes.
fn is_espeak_there() -> bool {
    let is_there = Espeak::default().check().is_ok();
    if !is_there {
        println!("skipped: espeak-ng is not installed");
    }
    is_there
}

fn small() -> KokoroPlan {
    KokoroPlan::new(fixture("small.onnx"), fixture("voices.bin"))
}

fn load(plan: &KokoroPlan) -> Option<Kokoro> {
    is_espeak_there().then(|| Kokoro::load(plan).unwrap())
}

fn delivered(kokoro: &Kokoro, name: &str, rate: Rate, text: &str, delivery: &Delivery) -> (Vec<i16>, Vec<u32>) {
    let voice = Voice { language: Language::En, name: name.into(), rate };
    let (mut pcm, mut marks) = (Vec::new(), Vec::new());
    let mut sink = |chunk: Chunk<'_>| {
        // One without sound or a mark says that the engine is at work.
        if !chunk.pcm.is_empty() || chunk.upto_char > 0 {
            pcm.extend_from_slice(chunk.pcm);
            marks.push(chunk.upto_char);
        }
        Continue(())
    };
    kokoro.deliver(&voice, text, delivery, &mut sink).unwrap();
    (pcm, marks)
}

#[test]
fn it_speaks_english_in_parts_with_marks_at_every_rate() {
    let Some(kokoro) = load(&small()) else { return };
    assert!(kokoro.speaks(Language::En) && !kokoro.speaks(Language::Vi));
    let text = "Good morning, this is Switchboard. How are you?";
    for rate in [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000] {
        let (pcm, marks) = delivered(&kokoro, "", rate, text, &Delivery::default());
        assert!(pcm.len() as f64 / f64::from(rate.hz()) > 0.5, "{}", pcm.len());
        assert!(marks.is_sorted() && marks.last() == Some(&(text.chars().count() as u32)), "{marks:?}");
    }
    for text in ["", "...", "a\0b", "(x)", "日本"] {
        let marks = delivered(&kokoro, "", Rate::Hz8000, text, &Delivery::default()).1;
        assert_eq!(marks.last().copied().unwrap_or(0), text.chars().count() as u32, "{text:?}");
    }
}

#[test]
fn a_break_ends_it_before_its_sound_and_within() {
    let Some(kokoro) = load(&small()) else { return };
    let voice = Voice { language: Language::En, name: String::new(), rate: Rate::Hz8000 };
    for stop_at in [1, 2] {
        let mut chunks = 0;
        let mut stop = |_: Chunk<'_>| {
            chunks += 1;
            if chunks == stop_at { Break(()) } else { Continue(()) }
        };
        kokoro.speak(&voice, "One, two, three. Four, five, six.", &mut stop).unwrap();
        assert_eq!(chunks, stop_at);
    }
}

#[test]
fn voices_are_chosen_by_name_and_by_the_voice_of_a_bot_with_their_accents() {
    let Some(kokoro) = load(&small()) else { return };
    assert_eq!(kokoro.voice, "af_small");
    assert_eq!(kokoro.speakers().collect::<Vec<_>>(), ["af_small", "bm_small"]);
    let british = load(&KokoroPlan { voice: Some("bm_small".into()), ..small() }).unwrap();
    let said = |kokoro: &Kokoro, name| delivered(kokoro, name, Rate::Hz8000, "hello there", &Delivery::default()).0;
    assert_eq!(said(&british, ""), said(&kokoro, "bm_small"));
    assert_ne!(said(&kokoro, ""), said(&kokoro, "bm_small"));
    assert_eq!(said(&kokoro, "rms"), said(&kokoro, ""), "another engine's voice");
    assert_ne!(kokoro.fingerprint(), british.fingerprint());
    let why = Kokoro::load(&KokoroPlan { voice: Some("af_none".into()), ..small() }).err().unwrap().to_string();
    assert!(why.contains("af_small, bm_small"), "{why}");
}

#[test]
fn speed_and_phonemes_are_those_of_the_delivery() {
    let Some(kokoro) = load(&small()) else { return };
    let said = |text, delivery: &Delivery| delivered(&kokoro, "", Rate::Hz8000, text, delivery).0;
    let text = "one margherita please";
    let [usual, fast] = [100, 160].map(|percent| said(text, &Delivery::new(percent, [])).len() as f64);
    assert!(usual > fast * 1.3, "{usual} {fast}");
    let phonemes = Delivery::new(100, [Phonemes { chars: 4..14, ipa: "həlˈoʊ".into() }]);
    assert_ne!(said(text, &phonemes), said(text, &Delivery::default()));
    assert_eq!(said(text, &phonemes).len(), said("one hello please", &Delivery::default()).len());
}

#[test]
fn what_is_missing_is_named() {
    if !is_espeak_there() {
        return;
    }
    let why = |plan: KokoroPlan| Kokoro::load(&plan).err().unwrap().to_string();
    assert!(why(KokoroPlan { model: "none.onnx".into(), ..small() }).contains("switchboard models get kokoro"));
    assert!(why(KokoroPlan { voices: "none.bin".into(), ..small() }).contains("none.bin"));
    assert!(why(KokoroPlan { model: fixture("voices.bin"), ..small() }).contains("voices.bin ("));
    assert!(why(KokoroPlan { voices: fixture("small.onnx"), ..small() }).contains("no archive"));
    assert!(why(KokoroPlan { model: fixture("../piper/one.onnx"), ..small() }).contains("it has no \"tokens\""));
    assert!(why(KokoroPlan { espeak: "no-such-espeak".into(), ..small() }).contains("apt-get install espeak-ng"));
}

/// The real model, where it has been fetched: `switchboard models get kokoro`. In its steps it gives the samples that one run gives, and
/// Kokoro's duration of a clause.
#[test]
fn the_real_model_speaks_in_steps_what_it_speaks_at_once() {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/switchboard/models"));
    let models = std::env::var_os("SWITCHBOARD_MODELS").map(PathBuf::from).or_else(home);
    let Some(dir) = models.map(|models| models.join("kokoro")).filter(|dir| dir.join("voices-v1.0.bin").exists())
    else {
        return println!("skipped: Kokoro is not there; `switchboard models get kokoro` fetches it");
    };
    let mut graph = Graph::load(&std::fs::read(dir.join("kokoro-v1.0.int8.onnx")).unwrap()).unwrap();
    assert!(graph.has_steps());
    let voices = Voices::parse(&std::fs::read(dir.join("voices-v1.0.bin")).unwrap()).unwrap();
    let name = voices.names().next().unwrap();
    let tokens = symbols::numbers("ɡˈʊd mˈɔːɹnɪŋ.", Accent::American).unwrap();
    let style = voices.style(name, tokens.len() - 2).unwrap();
    let mut count = 0;
    let steps = graph.run(tokens.clone(), style, 1.0, &mut || {
        count += 1;
        Continue(())
    });
    let steps = steps.unwrap().unwrap();
    assert_eq!(count, 18);
    graph.without_steps();
    let at_once = graph.run(tokens, style, 1.0, &mut || Continue(())).unwrap().unwrap();
    let seconds = at_once.len() as f64 / f64::from(HZ);
    assert!((0.5..3.0).contains(&seconds) && steps.len() == at_once.len(), "{seconds} s");
    let differs = steps.iter().zip(&at_once).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max);
    assert!(differs < 1e-4, "{differs}");
}
