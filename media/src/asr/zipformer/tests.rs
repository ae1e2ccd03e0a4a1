//! The engine with the small models of tests/fixtures/zipformer (their README says how they are made).
use super::expected::Expected;
use super::hearing::Stream;
use super::*;
use crate::asr::{Hypothesis, Lexicon};

mod beside_sherpa;

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/zipformer").join(name)
}

/// Tones and noise that change every 50 ms: `sound` in phrases.py, in whole numbers.
pub fn sound(mut seed: u32, samples: usize) -> Vec<i16> {
    let mut step = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) as i32
    };
    let (mut period, mut loud, mut hiss) = (1, 0, 0);
    let sample = |n: i32| {
        if n % 800 == 0 {
            (period, loud, hiss) = (20 + step() % 180, step() % 64, step() % 32);
        }
        let triangle = (n % period * 65_536 / period - 32_768).abs() - 16_384;
        let noise = step() - 32_768;
        ((triangle * loud + noise * hiss) >> 7) as i16
    };
    (0..samples as i32).map(sample).collect()
}

/// A folder with one of the encoders and what all share.
fn folder(encoder: &str, form: &str) -> PathBuf {
    let name =
        format!("switchboard-zipformer-{encoder}{form}-{}-{:?}", std::process::id(), std::thread::current().id());
    let dir = std::env::temp_dir().join(name);
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    for (from, to) in [
        (format!("{encoder}{form}.onnx"), format!("encoder{form}.onnx")),
        ("decoder.onnx".into(), "decoder.onnx".into()),
        (format!("joiner{form}.onnx"), format!("joiner{form}.onnx")),
        ("tokens.txt".into(), "tokens.txt".into()),
        ("bpe.model".into(), "bpe.model".into()),
    ] {
        std::fs::copy(fixture(&from), dir.join(to)).unwrap();
    }
    dir
}

/// The model that `expected.txt` names, with a beam.
fn load(model: &str, beam: usize) -> Zipformer {
    let (encoder, form) =
        model.split_once('.').map_or((model, String::new()), |(name, form)| (name, format!(".{form}")));
    let dir = folder(encoder, &form);
    let engine = Zipformer::load(ZipformerPlan { beam, ..ZipformerPlan::new(Language::En, &dir) }).unwrap();
    std::fs::remove_dir_all(dir).unwrap();
    engine
}

/// The phrases that sherpa-onnx is given as hot words, as a grammar.
fn hot() -> String {
    let text = std::fs::read_to_string(fixture("pieces.txt")).unwrap();
    let phrases: Vec<String> = text.lines().map(|line| line.split('|').next().unwrap().to_lowercase()).collect();
    format!("#JSGF V1.0;\ngrammar g;\npublic <turn> = {};", phrases.join(" | "))
}

/// Tokens and scores of a sound that arrives in pieces of so many samples.
fn heard(engine: &Engine, expected: Option<&Expected>, pcm: &[i16], piece: usize) -> (Vec<i32>, Vec<f32>) {
    let mut stream = Stream::new(engine);
    let hear = |threads: &Threads| {
        for pcm in pcm.chunks(piece) {
            stream.push(engine, pcm);
            stream.advance(engine, expected, threads, crate::asr::Abort::is_raised)?;
        }
        stream.end(engine, expected, threads)
    };
    engine.on_threads(hear).unwrap();
    let (tokens, scores) = stream.best();
    (tokens.to_vec(), scores.to_vec())
}

#[test]
fn however_sound_arrives_the_tokens_are_the_same() {
    for model in ["zipformer", "zipformer2", "whole"] {
        let engine = load(model, 4).0;
        let pcm = sound(21, 30_000);
        let whole = heard(&engine, None, &pcm, pcm.len());
        assert!(whole.0.len() > 10, "{whole:?}");
        for piece in [1, 160, 320, 1_237, 16_000] {
            assert_eq!(heard(&engine, None, &pcm, piece), whole, "{model}, {piece} samples at once");
        }
    }
}

fn ask(language: Language, jsgf: Option<&str>) -> Ask {
    let expect = jsgf.map_or(Expect::Anything, |jsgf| Expect::Grammar(jsgf.into()));
    Ask { language, expect, lexicon: Lexicon::default() }
}

#[test]
fn the_caller_goes_on_after_a_pause_and_the_whole_is_heard() {
    let engine = load("zipformer2", 4);
    let (first, second) = (sound(31, 20_000), sound(32, 20_000));
    let mut paused = engine.open(&ask(Language::En, None)).unwrap();
    paused.sound(&first).unwrap();
    let begun = paused.finish().unwrap();
    assert_eq!(paused.finish().unwrap(), begun, "asked again, without more sound");
    paused.sound(&second).unwrap();
    let mut whole = engine.open(&ask(Language::En, None)).unwrap();
    // Sound that is only kept is heard in the end.
    whole.keep(&first).unwrap();
    whole.keep(&second).unwrap();
    let (paused, whole) = (paused.finish().unwrap(), whole.finish().unwrap());
    assert_eq!(paused, whole, "a look at the pause changes nothing of what follows");
    assert_ne!(begun.text, whole.text);
}

#[test]
fn partial_words_grow_while_the_caller_speaks_and_each_caller_begins_anew() {
    let engine = load("zipformer", 4);
    let hear = || {
        let mut hearing = engine.open(&ask(Language::En, None)).unwrap();
        let partials: Vec<String> =
            sound(41, 48_000).chunks(1_600).filter_map(|pcm| hearing.sound(pcm).unwrap()).collect();
        (partials, hearing.finish().unwrap())
    };
    let (partials, last) = hear();
    assert!(partials.len() >= 5 && partials.windows(2).all(|pair| pair[0] != pair[1]), "{partials:?}");
    assert!(last.text.is_some() && (0.0..=1.0).contains(&last.confidence), "{last:?}");
    assert_eq!(hear(), (partials, last), "nothing is left of the caller before");
}

#[test]
fn calls_at_once_hear_what_each_would_alone() {
    let engine = Arc::new(load("zipformer2", 4));
    let hear = |engine: &Zipformer, seed: u32| {
        let mut hearing = engine.open(&ask(Language::En, Some(&hot()))).unwrap();
        sound(seed, 20_000).chunks(320).for_each(|pcm| drop(hearing.sound(pcm).unwrap()));
        hearing.finish().unwrap()
    };
    let alone: Vec<Hypothesis> = (50..54).map(|seed| hear(&engine, seed)).collect();
    let together: Vec<_> = (50..54)
        .map(|seed| {
            let engine = engine.clone();
            std::thread::spawn(move || hear(&engine, seed))
        })
        .collect();
    let together: Vec<Hypothesis> = together.into_iter().map(|call| call.join().unwrap()).collect();
    assert_eq!(together, alone);
    assert!(lock(&engine.0.idle).len() <= 5, "threads are used again");
}

/// Two minutes of silence, then speech: more than any count of frames or left context; what sherpa-onnx hears after 20 s stands among
/// the committed lines.
#[test]
fn speech_after_a_long_silence_is_heard() {
    for model in ["zipformer", "zipformer2"] {
        let engine = load(model, 1);
        let mut hearing = engine.open(&ask(Language::En, None)).unwrap();
        for _ in 0..120 {
            hearing.keep(&[0; 16_000]).unwrap();
        }
        hearing.sound(&[]).unwrap();
        let before = hearing.finish().unwrap();
        hearing.sound(&sound(61, 32_000)).unwrap();
        let after = hearing.finish().unwrap();
        assert!(after.text.is_some() && after.text != before.text, "{model}");
    }
}

#[test]
fn what_the_step_expects_is_sure_and_other_words_are_asked_about() {
    // The greedy search hears the same whatever is favoured.
    let engine = load("zipformer", 1);
    let hear = |jsgf: Option<&str>| {
        let mut hearing = engine.open(&ask(Language::En, jsgf)).unwrap();
        hearing.keep(&sound(2, 16_123)).unwrap();
        hearing.finish().unwrap()
    };
    let free = hear(None);
    let said = free.text.clone().unwrap();
    assert!(free.confidence > 0.5, "{free:?}");
    let grammar = |words: &str| format!("#JSGF V1.0;\ngrammar g;\npublic <turn> = {words};");
    let other = hear(Some(&grammar("yes | no")));
    assert_eq!(other, Hypothesis { text: Some(said.clone()), confidence: 0.45 });
    assert_eq!(hear(Some(&grammar(&format!("\"{said}\" | yes")))), free);
    // A grammar that is none is no reason not to listen.
    assert_eq!(hear(Some("public <turn> = ")).text, free.text);
    assert_eq!(engine.open(&ask(Language::Vi, None)).err(), engine.check(&ask(Language::Vi, None)).err());
    assert!(engine.caps(Language::Vi).is_none() && engine.caps(Language::En).is_some_and(|caps| caps.partials));
}

#[test]
fn no_sound_and_the_shortest_are_no_words_and_no_failure() {
    for model in ["zipformer", "whole"] {
        let engine = load(model, 4);
        for pcm in [&[][..], &[0], &[9_000; 100], &[0; 1_000]] {
            let mut hearing = engine.open(&ask(Language::En, None)).unwrap();
            hearing.sound(pcm).unwrap();
            let heard = hearing.finish().unwrap();
            assert!((0.0..=1.0).contains(&heard.confidence), "{heard:?}");
        }
    }
    load("whole", 4).probe(&ask(Language::En, None)).unwrap();
}

#[test]
fn models_that_are_damaged_or_no_zipformers_are_refused_with_their_file() {
    let refused = |change: &dyn Fn(&Path)| {
        let dir = folder("zipformer", "");
        change(&dir);
        let refused = Zipformer::load(ZipformerPlan::new(Language::En, &dir)).err().map(|why| why.to_string());
        std::fs::remove_dir_all(&dir).unwrap();
        refused.unwrap_or_default()
    };
    let copy = |from: &str, to: &'static str| {
        let from = fixture(from);
        move |dir: &Path| assert!(std::fs::copy(&from, dir.join(to)).unwrap() > 0)
    };
    for (why, file) in [
        (refused(&|dir| std::fs::remove_file(dir.join("tokens.txt")).unwrap()), "no tokens.txt"),
        (refused(&|dir| std::fs::write(dir.join("tokens.txt"), "<blk> 0\n▁A 1\n").unwrap()), "it has 2 tokens"),
        (refused(&|dir| std::fs::write(dir.join("bpe.model"), "none").unwrap()), "bpe.model"),
        (refused(&|dir| std::fs::write(dir.join("encoder.onnx"), "none").unwrap()), "encoder.onnx"),
        (refused(&copy("joiner.onnx", "encoder.onnx")), "encoder.onnx"),
        (refused(&copy("zipformer.onnx", "decoder.onnx")), "decoder.onnx"),
        (refused(&copy("decoder.onnx", "joiner.onnx")), "joiner.onnx"),
        (
            refused(&|dir| {
                let whole = std::fs::read(fixture("zipformer.onnx")).unwrap();
                std::fs::write(dir.join("encoder.onnx"), &whole[..whole.len() / 2]).unwrap();
            }),
            "encoder.onnx",
        ),
    ] {
        assert!(why.contains(file), "{file}: {why}");
    }
}
