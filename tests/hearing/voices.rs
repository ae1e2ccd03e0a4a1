//! How well the voices are understood over a telephone, and how soon they begin: rows of `make hearing`.
use super::sound::through_the_ear;
use super::whisper;
use media::asr::{Ask, Expect, Recogniser};
use media::tts::espeak::Espeak;
use media::tts::flite::Flite;
use media::tts::loudness::{Levelled, active_level};
use media::tts::piper::{Piper, PiperPlan};
use media::tts::{Synthesiser, Voice};
use media::{Language, Rate};
use std::ops::ControlFlow::{Break, Continue};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What bots say, without figures, which a recogniser writes in many ways: 108 words.
const SENTENCES: [&str; 10] = [
    "Good morning, this is the booking line of the lake hotel.",
    "Which day would you like to come, and how long will you stay?",
    "I have noted a quiet room with a view of the mountains.",
    "Breakfast is included in the price, and so is the parking.",
    "Please say your name, or press star to start again.",
    "I am sorry, I did not understand. Could you repeat that?",
    "The meeting room has a large screen and fresh coffee.",
    "Your order will be ready soon, and we will call you.",
    "Should your plans change, you can cancel free of charge.",
    "Thank you for calling. Have a pleasant journey. Goodbye.",
];
/// A clause of six words, as a bot's answer begins.
const CLAUSE: &str = "For how many people is it?";

fn voices() -> Vec<(String, Arc<dyn Synthesiser>, &'static str)> {
    let mut all: Vec<(String, Arc<dyn Synthesiser>, &'static str)> = Vec::new();
    let models = whisper::models().unwrap_or_default();
    for file in ["piper-joe/en_US-joe-medium.onnx", "piper-kristin/en_US-kristin-medium.onnx"] {
        let model = models.join(file);
        if !model.exists() {
            println!("skipped: {} is not there; `switchboard models get` fetches it", model.display());
            continue;
        }
        let voice = Piper::load(&PiperPlan::new(Language::En, &model)).expect("a voice that loads");
        all.push((file.split('/').next().unwrap_or_default().into(), Arc::new(voice), ""));
    }
    all.extend(kokoro(&models));
    let flite: Arc<dyn Synthesiser> = Arc::new(Flite::load());
    all.extend(Flite::VOICES.map(|name| (format!("flite {name}"), flite.clone(), name)));
    if Espeak::default().check().is_ok() {
        all.push(("espeak-ng".into(), Arc::new(Espeak::default()), "en-us"));
    }
    all.into_iter().map(|(name, engine, voice)| (name, Arc::new(Levelled::new(engine)) as _, voice)).collect()
}

#[cfg(feature = "kokoro")]
fn kokoro(models: &Path) -> Option<(String, Arc<dyn Synthesiser>, &'static str)> {
    use media::tts::kokoro::{Kokoro, KokoroPlan};
    let [model, voices] = ["kokoro-v1.0.int8.onnx", "voices-v1.0.bin"].map(|file| models.join("kokoro").join(file));
    if !model.exists() || !voices.exists() {
        println!("skipped: {} is not there; `switchboard models get kokoro` fetches it", model.display());
        return None;
    }
    let kokoro = Kokoro::load(&KokoroPlan::new(model, voices)).expect("a voice that loads");
    Some((kokoro.describe(), Arc::new(kokoro), ""))
}

#[cfg(not(feature = "kokoro"))]
fn kokoro(_: &Path) -> Option<(String, Arc<dyn Synthesiser>, &'static str)> {
    None
}

fn said(engine: &dyn Synthesiser, name: &str, text: &str) -> Vec<i16> {
    let voice = Voice { language: Language::En, name: name.into(), rate: Rate::Hz8000 };
    let mut pcm = Vec::new();
    engine
        .speak(&voice, text, &mut |chunk| {
            pcm.extend_from_slice(chunk.pcm);
            Continue(())
        })
        .expect("a voice that speaks");
    pcm
}

/// The processor time that this process and the programs it has started and seen end have had.
fn worked() -> Duration {
    let time = |who| {
        // SAFETY: getrusage writes nothing but the struct it is given; zeros are one.
        let usage = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            libc::getrusage(who, &mut usage);
            usage
        };
        let of = |time: libc::timeval| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1_000);
        of(usage.ru_utime) + of(usage.ru_stime)
    };
    time(libc::RUSAGE_SELF) + time(libc::RUSAGE_CHILDREN)
}

fn words(text: &str) -> Vec<String> {
    let plain: String = text.to_lowercase().chars().filter(|c| c.is_alphanumeric() || c.is_whitespace()).collect();
    plain.split_whitespace().map(str::to_owned).collect()
}

/// Words to insert, remove or replace (Levenshtein).
fn errors(wanted: &[String], heard: &[String]) -> usize {
    let mut row: Vec<usize> = (0..=heard.len()).collect();
    for (i, word) in wanted.iter().enumerate() {
        let mut before = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in heard.iter().enumerate() {
            let cost = (before + usize::from(word != other)).min(row[j] + 1).min(row[j + 1] + 1);
            before = std::mem::replace(&mut row[j + 1], cost);
        }
    }
    row[heard.len()]
}

#[test]
fn word_errors_are_counted_and_the_sentences_have_108_words() {
    let count = |a: &str, b: &str| errors(&words(a), &words(b));
    assert_eq!(count("Hello, there you are.", "hello there you are"), 0);
    assert_eq!((count("a b c", "a c"), count("a c", "a b c"), count("a b", "x b"), count("", "a b")), (1, 1, 1, 2));
    assert_eq!(SENTENCES.iter().map(|text| words(text).len()).sum::<usize>(), 108);
}

/// All voices over µ-law, by Whisper base. The figure asked of the neural one: 3 word errors of 108 at most.
#[test]
#[ignore = "prints figures: make hearing"]
fn figures_of_voices() {
    let Some(whisper) = whisper::base() else { return };
    println!(
        "\n| voice | word errors of 108 by Whisper base over µ-law | CPU ms to the first sound of six words | CPU s for a second of sound | dBFS |"
    );
    println!("|---|---|---|---|---|");
    for (name, engine, voice) in voices() {
        let mut wrong = 0;
        engine.prepare(&Voice { language: Language::En, name: voice.into(), rate: Rate::Hz8000 }).expect("a level");
        let (mut all, before) = (Vec::new(), worked());
        let spoken: Vec<Vec<i16>> = SENTENCES.iter().map(|text| said(&*engine, voice, text)).collect();
        let work = worked().saturating_sub(before);
        for (text, pcm) in SENTENCES.iter().zip(spoken) {
            let ask = Ask { language: Language::En, expect: Expect::Anything, lexicon: Default::default() };
            let mut hearing = whisper.open(&ask).expect("free speech");
            hearing.keep(&through_the_ear(&pcm)).expect("sound");
            let answer = hearing.finish().expect("an answer").text.unwrap_or_default();
            let count = errors(&words(text), &words(&answer));
            if count > 0 {
                println!("    {name}: {text:?} -> {answer:?}");
            }
            wrong += count;
            all.extend(pcm);
        }
        let firsts = (0..5).map(|_| {
            let (before, line) = (worked(), Voice { language: Language::En, name: voice.into(), rate: Rate::Hz8000 });
            let mut stop = |chunk: media::tts::Chunk<'_>| if chunk.pcm.is_empty() { Continue(()) } else { Break(()) };
            engine.speak(&line, CLAUSE, &mut stop).expect("a voice that speaks");
            worked().saturating_sub(before).as_millis()
        });
        let first = firsts.min().unwrap_or_default();
        let factor = work.as_secs_f64() * 8_000.0 / all.len() as f64;
        let exact: Vec<f32> = all.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
        let level = active_level(&exact, Rate::Hz8000).unwrap_or(f32::NEG_INFINITY);
        println!("| {name} | {wrong} | {first} | {factor:.3} | {level:.1} |");
        if name.starts_with("piper") {
            assert!(wrong <= 3, "{name}: {wrong} word errors");
        }
    }
}
