//! The engines a server is given, missing and broken ones among them.
#[cfg(feature = "whisper")]
use super::recognisers::whisper;
#[cfg(feature = "zipformer")]
use super::recognisers::zipformer;
#[cfg(feature = "piper")]
use super::voices::clause_files;
use super::*;
#[cfg(feature = "zipformer")]
use crate::config::Zipformer;
use media::tts::scripted::{Manner, Scripted};

#[test]
fn a_bots_language_is_heard_and_spoken_under_the_same_code() {
    let codes = dialog::bot::Language::ALL.map(|of_bot| (of_bot.code(), language(of_bot).code()));
    assert!(codes.iter().all(|(of_bot, heard)| of_bot == heard), "{codes:?}");
    assert_eq!(codes.len(), Language::ALL.len());
}

fn engines(manner: Manner) -> Arc<Engines> {
    let vad = vad::Models::load(None).unwrap();
    Arc::new(Engines::of(vad, vec![], vec![Arc::new(Scripted::new(manner))]))
}

fn bots(engines: &Engines) -> Vec<Arc<Loaded>> {
    let text = include_str!("../../configs/bots/booking.en.toml");
    vec![Arc::new(engines.read("booking", text).unwrap().bot)]
}

#[test]
fn what_bots_are_known_to_say_is_spoken_at_both_rates_when_the_wait_is_over() {
    let engines = engines(Manner::Prompt);
    let bots = bots(&engines);
    assert!(engines.warm(bots.clone(), || false).wait(Duration::from_secs(60)));
    let cache = &engines.of_language(Language::En).caches[0];
    let before = cache.report();
    assert!(before.clauses > 0);
    let prompts = bots[0].bot.prompts();
    for rate in [Rate::Hz8000, Rate::Hz16000] {
        cache.warm(&bots[0].voice(rate), prompts.iter().map(String::as_str), || {}).unwrap();
    }
    assert_eq!(cache.report().misses, before.misses, "nothing was left to speak");
}

#[test]
fn a_voice_that_hangs_does_not_hold_up_the_start_for_ever() {
    let engines = engines(Manner::Hang);
    let bots = bots(&engines);
    assert!(!engines.warm(bots, || false).wait(Duration::from_millis(50)));
}

#[cfg(feature = "whisper")]
#[test]
fn a_model_of_the_default_name_that_is_not_there_is_no_fault_and_another_is() {
    let mut speech = Speech::default();
    let there = speech.whisper.model.as_ref().is_some_and(|model| model.exists());
    assert!(there || matches!(whisper(&speech), Ok(None)));
    speech.whisper.model = Some("models/of-another-name.bin".into());
    assert!(whisper(&speech).err().is_some_and(|why| why.contains("of-another-name.bin")));
    speech.whisper.model = None;
    assert!(matches!(whisper(&speech), Ok(None)));
}

/// The small models of tests/fixtures/zipformer, in a folder as `switchboard models get` makes one.
#[cfg(feature = "zipformer")]
#[test]
fn a_zipformer_model_that_is_there_stands_before_whisper_and_decides_what_pocketsphinx_is_not_sure_of() {
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/zipformer");
    let dir = crate::testdir("zipformer");
    for (from, to) in [
        ("zipformer.int8.onnx", "encoder.int8.onnx"),
        ("decoder.onnx", "decoder.onnx"),
        ("joiner.int8.onnx", "joiner.int8.onnx"),
        ("tokens.txt", "tokens.txt"),
        ("bpe.model", "bpe.model"),
    ] {
        std::fs::copy(fixtures.join(from), dir.join(to)).unwrap();
    }
    let mut speech = Speech::default();
    let there = Zipformer::folder(Language::Vi).exists();
    assert!(there || matches!(zipformer(&speech.zipformer[Language::Vi], Language::Vi), Ok(None)));
    let english = &mut speech.zipformer[Language::En];
    english.model = Some(dir.join("elsewhere"));
    assert!(zipformer(english, Language::En).err().is_some_and(|why| why.contains("elsewhere")));
    english.model = Some(dir);
    let whisper: Arc<dyn asr::Recogniser> = Arc::new(asr::scripted::Scripted::new([]));
    let engines = LanguageEngines::load(&speech, &Ok(Some((whisper, "another".into()))), &None, Language::En);
    let names: Vec<&str> = engines.ears.engines().iter().map(|ear| ear.name()).collect();
    let own: Vec<&str> = names.iter().copied().filter(|name| !name.contains('+') && *name != "pocketsphinx").collect();
    assert_eq!(own, ["zipformer", "scripted"], "{names:?}");
    if names.contains(&"pocketsphinx") {
        assert_eq!(names[0], "pocketsphinx+zipformer");
    }
    assert!(engines.about.iter().any(|(good, about)| *good && about.contains("zipformer transducer (streaming")));
}

/// The small voice of tests/fixtures/piper that has two speakers.
#[cfg(feature = "piper")]
#[test]
fn a_voice_of_piper_stands_first_once_it_is_named_and_bots_may_name_its_speakers() {
    if Espeak::default().check().is_err() {
        return println!("skipped: espeak-ng is not installed");
    }
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/piper");
    let mut speech = Speech::default();
    let load = |speech: &Speech| LanguageEngines::load(speech, &Ok(None), &clause_files(speech), Language::Vi);
    let names = |engines: &LanguageEngines| engines.voices.engines().iter().map(|v| v.name()).collect::<Vec<_>>();
    assert!(clause_files(&speech).is_none(), "no folder without a voice that needs it");
    assert_eq!(names(&load(&speech)), ["espeak"]);
    speech.clauses.dir = Some(crate::testdir("piper").join("clauses"));
    speech.piper[Language::Vi].model = Some(fixtures.join("three.onnx"));
    let missing = load(&speech);
    assert_eq!(names(&missing), ["espeak"]);
    assert!(missing.about.iter().any(|(good, about)| !good && about.contains("three.onnx")), "{:?}", missing.about);
    speech.piper[Language::Vi].model = Some(fixtures.join("two.onnx"));
    let found = load(&speech);
    assert_eq!(names(&found), ["piper", "espeak"]);
    assert!(found.about.iter().any(|(good, about)| *good && about.contains("a voice of Piper")), "{:?}", found.about);
    let mut engines = Engines::of(vad::Models::load(None).unwrap(), Vec::new(), Vec::new());
    engines.languages = vec![found];
    engines.voice_exists(Language::Vi, Some("south")).unwrap();
    let why = engines.voice_exists(Language::Vi, Some("east")).unwrap_err();
    assert!(why.contains("north, south"), "{why}");
    // What is made ahead is found again by the next start.
    let voice = tts::Voice { language: Language::Vi, name: "south".into(), rate: Rate::Hz8000 };
    let made = |engines: &LanguageEngines| {
        let waited = std::cell::Cell::new(0);
        engines.caches[0].warm(&voice, ["Xin chào.", "Tạm biệt."], || waited.set(waited.get() + 1)).unwrap();
        waited.get()
    };
    assert_eq!((made(engines.of_language(Language::Vi)), made(&load(&speech))), (2, 0));
}

/// The small model of tests/fixtures/kokoro.
#[cfg(feature = "kokoro")]
#[test]
fn kokoro_stands_first_in_english_once_it_is_named_and_bots_may_name_its_voices() {
    if Espeak::default().check().is_err() {
        return println!("skipped: espeak-ng is not installed");
    }
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kokoro");
    let mut speech = Speech::default();
    speech.kokoro.model = Some(fixtures.join("small.onnx"));
    let load = |speech: &Speech, language| LanguageEngines::load(speech, &Ok(None), &None, language);
    let names = |engines: &LanguageEngines| engines.voices.engines().iter().map(|v| v.name()).collect::<Vec<_>>();
    let missing = load(&speech, Language::En);
    assert_eq!(names(&missing), ["flite", "espeak"]);
    let told = |engines: &LanguageEngines, what: &str| engines.about.iter().any(|(_, about)| about.contains(what));
    assert!(told(&missing, "voices-v1.0.bin"), "{:?}", missing.about);
    speech.kokoro.voices = Some(fixtures.join("voices.bin"));
    let found = load(&speech, Language::En);
    assert_eq!(names(&found), ["kokoro", "flite", "espeak"]);
    assert!(told(&found, "Kokoro's af_small"), "{:?}", found.about);
    speech.voices[Language::Vi].insert(0, Synthesiser::Kokoro);
    let vietnamese = load(&speech, Language::Vi);
    assert!(names(&vietnamese) == ["espeak"] && told(&vietnamese, "English alone"), "{:?}", vietnamese.about);
    let mut engines = Engines::of(vad::Models::load(None).unwrap(), Vec::new(), Vec::new());
    engines.languages = vec![found];
    engines.voice_exists(Language::En, Some("bm_small")).unwrap();
    assert!(engines.voice_exists(Language::En, Some("bm_other")).unwrap_err().contains("af_small, bm_small"));
}

/// With the English model of Debian, where it is installed.
#[test]
fn the_english_bots_here_have_only_words_that_the_recogniser_knows() {
    let speech = Speech::default();
    let engines =
        Engines::load(&Speech { whisper: crate::config::Whisper { model: None, ..speech.whisper }, ..speech });
    if !engines.can_hear(Language::En) {
        return println!("skipped: pocketsphinx-en-us is not installed");
    }
    for (name, text) in [
        ("booking.en", include_str!("../../configs/bots/booking.en.toml")),
        ("pizza.en", include_str!("../../configs/examples/pizza.en.toml")),
        ("appointment.en", include_str!("../../configs/examples/appointment.en.toml")),
        ("bill.en", include_str!("../../configs/examples/bill.en.toml")),
    ] {
        let read = engines.read(name, text);
        assert!(read.is_ok(), "{:?}", read.err());
    }
    let without = include_str!("../../configs/examples/pizza.en.toml").replace("margherita = ", "other = ");
    let why = engines.read("pizza.en", &without).err().unwrap();
    assert!(why.contains("margherita") && why.contains("[lexicon]"), "{why}");
}

#[test]
fn a_voice_that_no_engine_has_is_refused_with_those_there_are() {
    let mut engines = Engines::of(vad::Models::load(None).unwrap(), Vec::new(), Vec::new());
    let bot = |language: &str, voice: &str| {
        format!(
            "name = \"taxi\"\nlanguage = \"{language}\"\nvoice = \"{voice}\"\ngreeting = \"Hello.\"\n[[slot]]\n\
             name = \"day\"\ntype = \"date\"\nprompt = \"When?\"\n[[task]]\nname = \"order\"\n\
             slots = [\"day\"]\non_done = {{ say = \"Noted.\" }}"
        )
    };
    engines.espeak_voices = ["en-gb", "vi", "vi-vn-x-south"].map(str::to_owned).to_vec();
    for (language, voice, good) in [
        ("en", "slt", true),
        ("en", "en-gb+f3", true),
        ("vi", "vi-vn-x-south", true),
        ("vi", "slt", false),
        ("en", "slot", false),
        ("en", "en-us", false),
        ("en", "vi", false),
        ("en", "--help", false),
    ] {
        match engines.read("taxi", &bot(language, voice)) {
            Ok(_) => assert!(good, "{language} {voice}"),
            Err(why) => {
                assert!(!good, "{why}");
                let known = if language == "en" { "rms, slt, kal16, en-gb" } else { "vi, vi-vn-x-south" };
                assert!(why.contains("`voice`") && why.contains(voice) && why.contains(known), "{why}");
            }
        }
    }
    // Without espeak-ng nobody knows what it would have.
    engines.espeak_voices.clear();
    assert!(engines.read("taxi", &bot("en", "en-us")).is_ok());
}
