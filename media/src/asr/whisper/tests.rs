//! Whisper on the tests' own tiny model: synthesised phrases in both languages, and sounds that are none.
use super::*;
use crate::asr::Expect;
use crate::resample::Resampler;
use std::process::Command;
use std::sync::OnceLock;

fn whisper() -> &'static Whisper {
    static WHISPER: OnceLock<Whisper> = OnceLock::new();
    WHISPER.get_or_init(|| Whisper::load(&WhisperPlan::new(fixture())).expect("the fixture loads"))
}

fn ask(language: Language) -> Ask {
    Ask { language, expect: Expect::Anything, lexicon: Arc::default() }
}

/// Speech at 16 kHz, or `None` where the synthesiser is not installed.
fn say(voice: &str, text: &str) -> Option<Vec<i16>> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("switchboard-whisper-{}-{number}.wav", std::process::id()));
    let done = match voice.strip_prefix("flite:") {
        Some(voice) => Command::new("flite").args(["-voice", voice, "-t", text, "-o"]).arg(&path).status(),
        None => Command::new("espeak-ng").args(["-v", voice, "-s", "160", "-w"]).arg(&path).arg(text).status(),
    };
    let pcm = done.is_ok_and(|status| status.success()).then(|| {
        let mut wav = hound::WavReader::open(&path).expect("a WAV file");
        let pcm: Vec<i16> = wav.samples::<i16>().map_while(Result::ok).collect();
        resample(&pcm, wav.spec().sample_rate, 16_000)
    });
    let _ = std::fs::remove_file(&path);
    let mut pcm = pcm?;
    pcm.splice(0..0, [0; 3_200]);
    pcm.extend([0; 3_200]);
    Some(pcm)
}

fn resample(pcm: &[i16], from: u32, to: u32) -> Vec<i16> {
    let (mut resampler, mut out) = (Resampler::new(from, to), Vec::new());
    resampler.push(pcm, &mut out);
    resampler.finish(&mut out);
    out
}

/// Through a telephone: 8 kHz, G.711 µ-law, and back to the ear's 16 kHz.
fn over_the_phone(pcm: &[i16]) -> Vec<i16> {
    let ulaw = |sample: i16| {
        let magnitude = i32::from(sample).abs().min(32_635) + 132;
        let exponent = (24 - magnitude.leading_zeros() as i32).max(0);
        let decoded = ((((magnitude >> (exponent + 3)) & 15) * 2 + 33) << (exponent + 2)) - 132;
        (decoded * i32::from(sample).signum()) as i16
    };
    let narrow: Vec<i16> = resample(pcm, 16_000, 8_000).into_iter().map(ulaw).collect();
    resample(&narrow, 8_000, 16_000)
}

fn hear(pcm: &[i16], language: Language) -> Hypothesis {
    let mut hearing = whisper().open(&ask(language)).expect("a hearing");
    pcm.chunks(320).for_each(|chunk| drop(hearing.sound(chunk).expect("a decode")));
    hearing.finish().expect("a decode")
}

use crate::asr::Hypothesis;
use Language::{En, Vi};

const SAID: &[(Language, &str, &str)] = &[
    (En, "flite:kal16", "book a room"),
    (En, "flite:slt", "mountain view"),
    (En, "flite:kal16", "two thirty p m"),
    (En, "flite:slt", "half an hour"),
    (En, "flite:rms", "two people"),
    (En, "flite:slt", "cancel my booking"),
    (En, "flite:kal16", "talk to an agent"),
    (En, "flite:slt", "yes"),
    (En, "en", "tomorrow"),
    (En, "en-us", "i do not know"),
    (En, "en", "three nights"),
    (Vi, "vi", "khách sạn"),
    (Vi, "vi", "cà phê"),
    (Vi, "vi", "đặt phòng"),
    (Vi, "vi", "gặp nhân viên"),
    (Vi, "vi", "hai giờ chiều"),
    (Vi, "vi", "trở lại"),
    (Vi, "vi", "đúng"),
    (Vi, "vi", "cuối tuần"),
    (Vi, "vi", "hủy đặt phòng"),
];

/// What is said, with the sound of it; says so where a synthesiser is missing.
fn said() -> &'static [(Language, &'static str, Vec<i16>)] {
    static CLIPS: OnceLock<Vec<(Language, &'static str, Vec<i16>)>> = OnceLock::new();
    CLIPS.get_or_init(|| {
        let clips: Vec<_> =
            SAID.iter().filter_map(|(language, voice, text)| Some((*language, *text, say(voice, text)?))).collect();
        if clips.len() < SAID.len() {
            println!("skipped: {} phrases (flite or espeak-ng is not installed)", SAID.len() - clips.len());
        }
        clips
    })
}

#[test]
fn phrases_in_both_languages_are_heard_plain_and_over_the_phone() {
    for (line, change) in [("plain", None), ("µ-law", Some(over_the_phone as fn(&[i16]) -> Vec<i16>))] {
        let mut right = 0;
        for (language, text, pcm) in said() {
            let heard = hear(&change.map_or_else(|| pcm.clone(), |change| change(pcm)), *language);
            if heard.text.as_deref() == Some(*text) && heard.confidence > 0.5 {
                right += 1;
            } else {
                println!("{line}: {text:?} heard as {heard:?}");
            }
        }
        println!("{line}: {right} of {} right", said().len());
        assert!(right + 1 >= said().len(), "{line}: {right} of {} right", said().len());
    }
}

#[test]
fn what_is_no_speech_gives_no_words() {
    let mut seed = 1u32;
    let mut noise = move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(seed >> 8) / f64::from(1u32 << 23) - 1.0
    };
    let tone = |hz: f64, n: usize| (std::f64::consts::TAU * hz * n as f64 / 16_000.0).sin();
    let sounds: Vec<(&str, Vec<i16>)> = vec![
        ("nothing", vec![0; 32_000]),
        ("faint noise", (0..32_000).map(|_| (noise() * 20.0) as i16).collect()),
        ("noise", (0..32_000).map(|_| (noise() * 600.0) as i16).collect()),
        ("hum", (0..32_000).map(|n| (tone(50.0, n) * 900.0 + tone(150.0, n) * 300.0) as i16).collect()),
        ("ringback", (0..32_000).map(|n| (tone(440.0, n) * 3_000.0 + tone(480.0, n) * 3_000.0) as i16).collect()),
        (
            "a key",
            (0..32_000)
                .map(|n| if n < 3_200 { (tone(770.0, n) * 5_000.0 + tone(1_336.0, n) * 5_000.0) as i16 } else { 0 })
                .collect(),
        ),
        ("clicks", (0..32_000).map(|n| if n % 9_000 < 30 { 9_000 } else { 0 }).collect()),
    ];
    for (name, pcm) in &sounds {
        for language in [En, Vi] {
            for pcm in [pcm.clone(), over_the_phone(pcm)] {
                let heard = hear(&pcm, language);
                assert_eq!(heard.text, None, "{name}: {heard:?}");
            }
        }
    }
}

#[test]
fn several_callers_are_heard_at_once() {
    let expected: Vec<Hypothesis> = said().iter().map(|(language, _, pcm)| hear(pcm, *language)).collect();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let expected = &expected;
            scope.spawn(move || {
                for ((language, _, pcm), expected) in said().iter().zip(expected) {
                    let mut hearing = whisper().open(&ask(*language)).unwrap();
                    hearing.sound(pcm).unwrap();
                    assert_eq!(hearing.finish().unwrap(), *expected);
                }
            });
        }
    });
    assert!(whisper().0.idle.lock().unwrap().len() <= MOST_IDLE);
}

#[test]
fn partial_words_are_mostly_a_beginning_of_the_whole() {
    let plan =
        WhisperPlan { partial_every: Duration::from_millis(200), partials_up_to: 8, ..WhisperPlan::new(fixture()) };
    let eager = Whisper::load(&plan).unwrap();
    let (mut partials, mut beginnings, mut some) = (0, 0, 0);
    for (language, text, pcm) in said().iter().filter(|(_, text, _)| text.contains(' ')) {
        let mut hearing = eager.open(&ask(*language)).unwrap();
        let told: Vec<String> = pcm.chunks(320).filter_map(|chunk| hearing.sound(chunk).unwrap()).collect();
        let whole = hearing.finish().unwrap().text.unwrap_or_default();
        partials += told.len();
        beginnings += told.iter().filter(|partial| whole.starts_with(partial.as_str())).count();
        some += usize::from(!told.is_empty());
        assert!(told.windows(2).all(|pair| pair[0] != pair[1]), "{text}: only changes are told");
    }
    println!("{beginnings} of {partials} partials begin the whole; {some} utterances had one");
    assert!(beginnings * 10 >= partials * 8 && (said().is_empty() || some > 0));
}

#[test]
fn of_what_a_step_expects_the_sentence_that_was_said_is_scored_highest() {
    let expect = |jsgf: &str, language| Ask { expect: Expect::Grammar(jsgf.into()), ..ask(language) };
    let hear = |ask: &Ask, pcm: &[i16]| {
        let mut hearing = whisper().open(ask).expect("a hearing");
        hearing.keep(pcm).expect("sound");
        hearing.finish().expect("a decode")
    };
    let english =
        "public <t> = (book a room | mountain view | half an hour | two people | (two | three) nights | yes | no)+;";
    let vietnamese = "public <t> = khách sạn | cà phê | đặt phòng;";
    for (language, grammar, voice, text) in [
        (En, english, "flite:kal16", "book a room"),
        (En, english, "flite:slt", "mountain view"),
        (En, english, "flite:rms", "two people"),
        (Vi, vietnamese, "vi", "khách sạn"),
        (Vi, vietnamese, "vi", "đặt phòng"),
    ] {
        let Some(pcm) = say(voice, text) else { return println!("skipped: no synthesiser") };
        for pcm in [over_the_phone(&pcm), pcm] {
            let heard = hear(&expect(grammar, language), &pcm);
            assert!(heard.text.as_deref() == Some(text) && heard.confidence >= 0.5, "{text}: {heard:?}");
        }
    }
    let silence = hear(&expect(english, En), &[0; 32_000]);
    assert_eq!(silence.text, None, "{silence:?}");
    let Some(pcm) = say("flite:slt", "mountain view") else { return println!("skipped: no synthesiser") };
    let free = hear(&expect("public <t> = ;", En), &pcm);
    assert_eq!(free.text.as_deref(), Some("mountain view"), "a grammar that cannot be read leaves free speech");
}

#[test]
fn a_decode_ends_at_the_step_at_which_it_is_not_wanted_any_more_and_the_next_is_like_any_other() {
    let Some(pcm) = say("flite:kal16", "book a room") else { return println!("skipped: no synthesiser") };
    let engine = &whisper().0;
    let sound: Vec<f32> = pcm.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
    let grammar = engine.grammar(&"public <t> = book a room | mountain view | yes;".into(), En).unwrap();
    for expected in [None, Some(&*grammar)] {
        // How often it is asked in all, and what comes of it.
        let asked = std::cell::Cell::new(0);
        let count = |limit: usize| {
            asked.set(0);
            engine.decode(&sound, En, expected, &|| {
                asked.set(asked.get() + 1);
                asked.get() > limit
            })
        };
        let whole = count(usize::MAX).expect("a decode");
        let steps = asked.get();
        assert!(steps >= 5, "before and after the encoder, and at each token: {steps}");
        for limit in [0, 1, 2, steps / 2, steps - 1] {
            assert_eq!(count(limit), Err(AsrFault::Aborted), "at step {limit} of {steps}");
            assert!(asked.get() <= limit + 2, "{} asked, {limit} was the limit", asked.get());
            assert_eq!(count(usize::MAX), Ok(whole.clone()), "after one that ended at step {limit}");
        }
    }
}

#[test]
fn an_utterance_that_was_aborted_is_heard_whole_when_it_is_finished_again() {
    let Some(pcm) = say("flite:rms", "two people") else { return println!("skipped: no synthesiser") };
    let (mut hearing, abort) = (whisper().open(&ask(En)).unwrap(), crate::asr::Abort::default());
    hearing.abort_by(&abort);
    abort.raise();
    assert!(pcm.chunks(320).all(|chunk| hearing.sound(chunk).unwrap().is_none()), "no partial words");
    assert_eq!(hearing.finish(), Err(AsrFault::Aborted));
    abort.lower();
    assert_eq!(hearing.finish().unwrap().text.as_deref(), Some("two people"));
}

#[test]
fn what_was_worked_out_ahead_is_the_answer_while_only_quiet_follows() {
    let Some(pcm) = say("flite:rms", "two people") else { return println!("skipped: no synthesiser") };
    let (mut hearing, abort) = (whisper().open(&ask(En)).unwrap(), crate::asr::Abort::default());
    hearing.abort_by(&abort);
    hearing.keep(&pcm).unwrap();
    abort.hurry();
    hearing.look_ahead().expect("a pause does not end it");
    // From here on every decode would be aborted.
    abort.raise();
    hearing.keep(&[5; 3_200]).unwrap();
    assert_eq!(hearing.finish().unwrap().text.as_deref(), Some("two people"));
    hearing.keep(&pcm).unwrap();
    assert_eq!(hearing.finish(), Err(AsrFault::Aborted), "the caller went on");
}

#[test]
fn a_free_text_is_what_whisper_cpp_itself_writes() {
    let engine = &whisper().0;
    let (mut same, mut all) = (0, 0);
    for (language, text, pcm) in said() {
        let sound: Vec<f32> = pcm.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
        let mut padded = sound.clone();
        padded.resize(sound.len().max(parameters::SHORTEST), 0.0);
        let mut state = engine.take_state().unwrap();
        state.full(parameters::parameters(padded.len(), *language), &padded).unwrap();
        let written: String = state.as_iter().map(|segment| segment.to_str_lossy().unwrap().into_owned()).collect();
        let (free, _) = engine.decode(&sound, *language, None, &|| false).unwrap();
        all += 1;
        same += usize::from(free.words == crate::asr::text::normalise(&written));
        if free.words != crate::asr::text::normalise(&written) {
            println!("{text:?}: {:?}, and {written:?}", free.words);
        }
    }
    assert!(same * 20 >= all * 19, "{same} of {all}; a guard may refuse some, and a loop be cut");
}

#[test]
fn partial_words_wait_while_other_decodes_run() {
    let Some((language, _, pcm)) = said().first() else { return println!("skipped: no synthesiser") };
    let plan = WhisperPlan { partials_up_to: 0, ..WhisperPlan::new(fixture()) };
    let busy = Whisper::load(&plan).unwrap();
    let mut hearing = busy.open(&ask(*language)).unwrap();
    assert!(pcm.chunks(320).all(|chunk| hearing.sound(chunk).unwrap().is_none()));
    assert_eq!(hearing.finish().unwrap(), hear(pcm, *language));
}

#[test]
fn a_caller_who_goes_on_after_a_pause_is_heard_whole() {
    let Some(pcm) = say("flite:slt", "two people") else { return println!("skipped: no synthesiser") };
    let mut hearing = whisper().open(&ask(En)).unwrap();
    let middle = pcm.len() / 2;
    hearing.sound(&pcm[..middle]).unwrap();
    let first = hearing.finish().unwrap();
    assert_eq!(hearing.finish().unwrap(), first, "nothing new, nothing else");
    hearing.sound(&pcm[middle..]).unwrap();
    assert_eq!(hearing.finish().unwrap().text.as_deref(), Some("two people"));
}

#[test]
fn a_caller_who_never_stops_is_heard_up_to_whispers_window() {
    let mut hearing = whisper().open(&ask(En)).unwrap();
    for _ in 0..40 {
        hearing.sound(&[0; 16_000]).unwrap();
    }
    assert_eq!(hearing.finish().unwrap().text, None);
}

#[test]
fn no_sound_is_no_words() {
    assert_eq!(whisper().open(&ask(Vi)).unwrap().finish().unwrap().text, None);
}

#[test]
fn a_language_it_is_not_set_for_is_refused() {
    let english = Whisper::load(&WhisperPlan { languages: vec![En], ..WhisperPlan::new(fixture()) }).unwrap();
    assert!(english.caps(En).is_some() && english.caps(Vi).is_none());
    assert!(matches!(english.open(&ask(Vi)), Err(AsrFault::Language(_))));
    assert!(matches!(english.check(&ask(Vi)), Err(AsrFault::Language(_))));
    assert!(whisper().caps(Vi).is_some_and(|caps| caps.partials && !caps.needs_grammar));
    println!("{}", whisper().describe());
}

/// What loading a file of these bytes is refused with.
fn refusal(name: &str, bytes: &[u8]) -> String {
    let path = std::env::temp_dir().join(format!("switchboard-{}-{name}.bin", std::process::id()));
    std::fs::write(&path, bytes).unwrap();
    let fault = Whisper::load(&WhisperPlan::new(&path)).err().expect("a fault");
    let mismatch = Whisper::load(&WhisperPlan { sha256: Some("00".into()), ..WhisperPlan::new(&path) }).err();
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(mismatch, Some(AsrFault::Model(why)) if why.contains("sha256")));
    let AsrFault::Model(why) = fault else { panic!("{fault:?}") };
    assert!(why.contains(name), "{why}");
    why
}

#[test]
fn a_file_that_is_missing_or_damaged_is_named_with_what_to_do() {
    let missing = Whisper::load(&WhisperPlan::new("/nowhere/ggml-small.bin")).err();
    assert!(
        matches!(missing, Some(AsrFault::Model(why)) if why.contains("/nowhere/ggml-small.bin") && why.contains("switchboard models"))
    );
    let whole = std::fs::read(fixture()).unwrap();
    assert!(refusal("text", b"<html>404 not found</html>").contains("no ggml file"));
    assert!(refusal("empty", b"").contains("cut short"));
    for share in [3, 10, 50, 90, 99] {
        let part = &whole[..whole.len() * share / 100];
        assert!(refusal(&format!("part-{share}"), part).contains("cut short"), "{share} %");
    }
    assert!(refusal("last-byte", &whole[..whole.len() - 1]).contains("cut short"));
    let mut wrong = whole.clone();
    wrong[12..16].copy_from_slice(&0x7fff_ffffu32.to_le_bytes());
    assert!(refusal("header", &wrong).contains("no Whisper model"));
}

#[test]
fn a_file_is_checked_against_its_checksum() {
    let sum = "eaf7e48a9aeefed83943ea1d3481a05f34630ca091efb3124063539f3a75b34c";
    assert_eq!(file::sha256(&fixture()).unwrap(), sum);
    file::verify(&fixture(), &sum.to_uppercase()).unwrap();
    let other = "be07e048e1e599ad46341c8d2a135645097a538221678b7acdd1b1919c6e1b21";
    let why = file::verify(&fixture(), other).unwrap_err().to_string();
    assert!(why.contains(sum) && why.contains(other), "{why}");
}
