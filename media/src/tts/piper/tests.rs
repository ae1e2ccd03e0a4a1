//! The engine with the small voices of tests/fixtures/piper (their README says how they are made), and with a real one where it is.
use super::*;
use crate::Rate;
use crate::tts::delivery::Phonemes;
use crate::tts::espeak::Espeak;
use std::ops::ControlFlow::{Break, Continue};

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/piper").join(name)
}

/// The real voice of the tests, where it has been fetched: `switchboard models get piper-joe`.
fn joe() -> Option<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/switchboard/models"));
    let models = std::env::var_os("SWITCHBOARD_MODELS").map(PathBuf::from).or_else(home)?;
    let file = Some(models.join("piper-joe/en_US-joe-medium.onnx")).filter(|file| file.exists());
    if file.is_none() {
        println!("skipped: the voice piper-joe is not there; `switchboard models get piper-joe` fetches it");
    }
    file
}

/// A line of expected.txt: what onnxruntime makes of symbols, without noise.
struct Golden {
    speaker: i32,
    length: f32,
    symbols: Vec<i32>,
    every: usize,
    count: usize,
    samples: Vec<f32>,
}

fn golden(model: &str) -> Vec<Golden> {
    let text = std::fs::read_to_string(fixture("expected.txt")).unwrap();
    let line = |line: &str| {
        let mut fields = line.split('|').skip(1);
        let mut next = || fields.next().unwrap();
        let (speaker, length, symbols) = (next().parse().unwrap(), next().parse().unwrap(), next());
        let symbols = symbols.split(',').map(|symbol| symbol.parse().unwrap()).collect();
        let (every, count) = (next().parse().unwrap(), next().parse().unwrap());
        let samples = next().split(' ').map(|sample| sample.parse().unwrap()).collect();
        Golden { speaker, length, symbols, every, count, samples }
    };
    text.lines().filter(|line| line.split('|').next() == Some(model)).map(line).collect()
}

/// The largest difference from onnxruntime's samples; decoded in pieces of so many frames.
fn differs(graph: &Graph, golden: &Golden, pieces: usize) -> f32 {
    let scales = Scales { noise: 0.0, length: golden.length, noise_of_lengths: 0.0 };
    let latent = graph.encode(golden.symbols.clone(), scales, golden.speaker).unwrap();
    let starts = (0..latent.frames).step_by(pieces);
    let samples: Vec<f32> =
        starts.flat_map(|at| graph.decode(&latent, at..(at + pieces).min(latent.frames)).unwrap()).collect();
    assert_eq!(samples.len(), golden.count);
    let pairs = samples.iter().step_by(golden.every).zip(&golden.samples);
    pairs.map(|(made, expected)| (made - expected).abs()).fold(0.0, f32::max)
}

#[test]
fn the_samples_are_onnxruntimes_whole_and_in_pieces() {
    for model in ["one", "two"] {
        let graph = Graph::load(std::fs::read(fixture(&format!("{model}.onnx"))).unwrap()).unwrap();
        assert_eq!(graph.has_speakers(), model == "two");
        let lines = golden(model);
        assert!(lines.len() >= 6);
        for line in &lines {
            for pieces in [1, 7, 16, 10_000] {
                let differs = differs(&graph, line, pieces);
                assert!(differs < 1e-3, "{model}, {pieces} frames at once: {differs}");
            }
        }
    }
}

#[test]
fn the_samples_of_a_real_voice_are_onnxruntimes_whole_and_in_pieces() {
    let Some(file) = joe() else { return };
    let graph = Graph::load(std::fs::read(file).unwrap()).unwrap();
    for line in golden("en_US-joe-medium") {
        let all = [16, 10_000].map(|pieces| differs(&graph, &line, pieces));
        println!("{} symbols: {all:?}", line.symbols.len());
        assert!(all.iter().all(|differs| *differs < 1e-3), "{all:?}");
    }
}

/// Without espeak-ng there are no phonemes.
fn load(model: &str, language: Language) -> Option<Piper> {
    if Espeak::default().check().is_err() {
        println!("skipped: espeak-ng is not installed");
        return None;
    }
    Some(Piper::load(&PiperPlan::new(language, fixture(model))).unwrap())
}

fn said(piper: &Piper, name: &str, rate: Rate, text: &str) -> (Vec<i16>, Vec<u32>) {
    let voice = Voice { language: piper.language, name: name.into(), rate };
    let (mut pcm, mut marks) = (Vec::new(), Vec::new());
    let mut sink = |chunk: Chunk<'_>| {
        // One without sound or a mark says that the engine is at work.
        if !chunk.pcm.is_empty() || chunk.upto_char > 0 {
            pcm.extend_from_slice(chunk.pcm);
            marks.push(chunk.upto_char);
        }
        Continue(())
    };
    piper.speak(&voice, text, &mut sink).unwrap();
    (pcm, marks)
}

#[test]
fn both_languages_speak_in_pieces_with_marks_at_every_rate() {
    for (model, language, text) in [
        ("one.onnx", Language::En, "Good morning, this is Switchboard. How are you?"),
        ("two.onnx", Language::Vi, "Xin chào quý khách, bạn cần tìm gì? Tôi nghe."),
    ] {
        let Some(piper) = load(model, language) else { return };
        assert!(piper.speaks(language) && Language::ALL.iter().filter(|other| piper.speaks(**other)).count() == 1);
        for rate in [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000] {
            let (pcm, marks) = said(&piper, "", rate, text);
            assert!(pcm.len() as f64 / f64::from(rate.hz()) > 0.08, "{}", pcm.len());
            assert!(marks.is_sorted() && marks.last() == Some(&(text.chars().count() as u32)), "{marks:?}");
            assert!(marks.iter().filter(|mark| **mark > 0).count() >= 2, "{marks:?}");
        }
    }
}

#[test]
fn a_break_ends_it_and_odd_texts_are_no_faults() {
    let Some(piper) = load("one.onnx", Language::En) else { return };
    let mut chunks = 0;
    let voice = Voice { language: Language::En, name: String::new(), rate: Rate::Hz8000 };
    let mut stop = |_: Chunk<'_>| {
        chunks += 1;
        Break(())
    };
    piper.speak(&voice, "One, two, three. Four, five, six.", &mut stop).unwrap();
    assert_eq!(chunks, 1);
    for text in ["", "...", "a\0b", "(x)", "日本"] {
        let marks = said(&piper, "", Rate::Hz8000, text).1;
        assert_eq!(marks.last().copied().unwrap_or(0), text.chars().count() as u32, "{text:?}");
    }
}

#[test]
fn speakers_are_chosen_by_name_and_number_and_by_the_voice_of_a_bot() {
    let Some(two) = load("two.onnx", Language::Vi) else { return };
    let plan = |speaker: &str| PiperPlan {
        speaker: Some(speaker.into()),
        ..PiperPlan::new(Language::Vi, fixture("two.onnx"))
    };
    assert_eq!(two.speaker, 0);
    assert_eq!(Piper::load(&plan("south")).unwrap().speaker, 1);
    assert_eq!(Piper::load(&plan("1")).unwrap().speaker, 1);
    let why = Piper::load(&plan("west")).err().unwrap().to_string();
    assert!(why.contains("north, south"), "{why}");
    let why = Piper::load(&PiperPlan { model: fixture("one.onnx"), ..plan("south") }).err().unwrap().to_string();
    assert!(why.contains("one alone"), "{why}");
    let mut names: Vec<&str> = two.speakers().collect();
    names.sort_unstable();
    assert_eq!(names, ["north", "south"]);
}

#[test]
fn what_a_clause_sounds_like_is_known_by_model_and_settings() {
    let Some(one) = load("one.onnx", Language::En) else { return };
    let fast = PiperPlan { speed: 1.2, ..PiperPlan::new(Language::En, fixture("one.onnx")) };
    let fast = Piper::load(&fast).unwrap();
    assert_eq!(one.fingerprint().map(str::len), Some(64));
    assert_ne!(one.fingerprint(), fast.fingerprint());
    assert_eq!(one.fingerprint(), load("one.onnx", Language::En).unwrap().fingerprint());
}

#[test]
fn a_faster_voice_takes_less_time_for_the_same_words() {
    let load = |speed| {
        let plan = PiperPlan { speed, ..PiperPlan::new(Language::En, fixture("one.onnx")) };
        Piper::load(&plan).unwrap()
    };
    if Espeak::default().check().is_err() {
        return println!("skipped: espeak-ng is not installed");
    }
    let text = "we are open from nine to five on every day of the week";
    let [slow, fast] = [0.6, 1.6].map(|speed| said(&load(speed), "", Rate::Hz8000, text).0.len());
    assert!(slow as f64 > fast as f64 * 1.3, "{slow} {fast}");
}

#[test]
fn a_clause_is_as_fast_as_its_delivery_asks_for_and_words_sound_as_their_phonemes_say() {
    let Some(one) = load("one.onnx", Language::En) else { return };
    let voice = Voice { language: Language::En, name: String::new(), rate: Rate::Hz8000 };
    let said = |text: &str, delivery: &Delivery| {
        let mut samples = 0;
        let mut sink = |chunk: Chunk<'_>| {
            samples += chunk.pcm.len();
            Continue(())
        };
        one.deliver(&voice, text, delivery, &mut sink).unwrap();
        samples as f64
    };
    let text = "we are open from nine to five on every day of the week";
    let [slow, fast] = [60, 160].map(|percent| said(text, &Delivery::new(percent, [])));
    assert!(slow > fast * 1.3, "{slow} {fast}");
    let phonemes = |ipa: &str| Delivery::new(100, [Phonemes { chars: 4..6, ipa: ipa.into() }]);
    let [short, long] = ["ə", "ˈɡʊd mˈɔːɹnɪŋ ˈɛvɹɪbˌɑːdi ænd wˈɛlkʌm"].map(|ipa| said("say it now", &phonemes(ipa)));
    assert!(long > short * 1.3, "{short} {long}");
}

#[test]
fn what_is_missing_is_named() {
    let dir = std::env::temp_dir().join(format!("switchboard-piper-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let model = dir.join("voice.onnx");
    let why = |plan: &PiperPlan| Piper::load(plan).err().unwrap().to_string();
    let plan = PiperPlan::new(Language::En, &model);
    assert!(why(&plan).contains("voice.onnx.json"));
    std::fs::copy(fixture("one.onnx.json"), beside(&model)).unwrap();
    assert!(why(&plan).contains("voice.onnx ("));
    let whole = std::fs::read(fixture("one.onnx")).unwrap();
    std::fs::write(&model, &whole[..whole.len() / 2]).unwrap();
    assert!(why(&plan).contains("fetch the voice again"));
    std::fs::write(&model, whole).unwrap();
    let none = PiperPlan { espeak: "no-such-espeak".into(), ..plan };
    assert!(why(&none).contains("apt-get install espeak-ng"));
    std::fs::remove_dir_all(dir).unwrap();
}
