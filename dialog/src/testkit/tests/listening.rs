//! The bot says that it listens while a caller tells something long; and what becomes of callers who say nothing, or who begin as the bot
//! does. In both languages.
use super::*;
use crate::language::Language;

const EN_BOT: &str = include_str!("../turns/en.toml");
const VI_BOT: &str = include_str!("../turns/vi.toml");

struct Caller {
    bot: &'static str,
    task: &'static str,
    place: &'static str,
    /// What has happened, as it is told bit by bit.
    told: [&'static str; 3],
    asks: &'static str,
    sounds: [&'static str; 2],
}

fn caller(language: Language) -> Caller {
    match language {
        Language::En => Caller {
            bot: EN_BOT,
            task: "report a problem",
            place: "boston",
            told: [
                "my car broke down on the bridge this morning",
                "my car broke down on the bridge this morning and nobody came to help me",
                "my car broke down on the bridge this morning and nobody came to help me so i walked to the next garage",
            ],
            asks: "can you tell me how long it takes until somebody comes out to the bridge",
            sounds: ["mm-hm", "uh-huh"],
        },
        Language::Vi => Caller {
            bot: VI_BOT,
            task: "báo sự cố",
            place: "huế",
            told: [
                "xe tôi bị hỏng giữa cầu sáng nay",
                "xe tôi bị hỏng giữa cầu sáng nay và không có ai đến giúp tôi hết",
                "xe tôi bị hỏng giữa cầu sáng nay và không có ai đến giúp tôi hết nên tôi đi bộ về nhà",
            ],
            asks: "bao lâu nữa thì có người đến chỗ cầu",
            sounds: ["dạ", "vâng"],
        },
    }
}

/// The bot has asked what has happened.
fn asked(caller: &Caller, turn: &str) -> Sim {
    let mut sim = sim(&format!("{}\n[turn]\n{turn}\n", caller.bot));
    sim.listen();
    for words in [caller.task, caller.place] {
        sim.input(Input::Typed(words.into()));
        sim.listen();
    }
    sim.pass(Duration::from_millis(300));
    sim.look();
    sim
}

fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[test]
fn the_bot_listens_to_what_is_told_at_length_and_says_so_seldom() {
    for language in Language::ALL {
        let caller = caller(language);
        let mut sim = asked(&caller, "backchannels = true");
        sim.speak(Some(caller.told[0]), secs(5));
        sim.pass(ms(120));
        assert_eq!(sim.look(), Vec::<String>::new(), "{language:?}: 340 ms after the voice");
        sim.pass(ms(300));
        assert_eq!(sim.look(), [format!("listens: {}", caller.sounds[0])], "{language:?}");
        // Soon after the first there is no second one.
        sim.speak(Some(caller.told[1]), secs(5));
        sim.pass(ms(600));
        assert_eq!(sim.look(), Vec::<String>::new(), "{language:?}");
        sim.speak(Some(caller.told[2]), secs(5));
        sim.pass(ms(600));
        assert_eq!(sim.look(), [format!("listens: {}", caller.sounds[1])], "{language:?}");
        // Afterwards the caller has a second to go on; then the turn is taken, whole.
        sim.pass(ms(350));
        assert_eq!(sim.look(), Vec::<String>::new(), "{language:?}");
        sim.pass(ms(900));
        assert_eq!(sim.look()[0], format!("caller: {}", caller.told[2]), "{language:?}");
        let lines = sim.talk.history();
        let heard = lines.iter().filter(
            |line| matches!(line, crate::history::Line::Bot { heard, .. } if caller.sounds.contains(&heard.as_str())),
        );
        assert_eq!(heard.count(), 2, "{language:?}: both were heard to their end");
    }
}

#[test]
fn a_sign_of_listening_is_not_heard_over_the_callers_words() {
    for language in Language::ALL {
        let caller = caller(language);
        let mut sim = asked(&caller, "backchannels = true");
        sim.speak(Some(caller.told[0]), secs(5));
        sim.pass(ms(200));
        assert_eq!(sim.look().len(), 1, "{language:?}");
        sim.input(Input::SpeechStarted);
        assert_eq!(sim.look(), ["hush"], "{language:?}");
        assert!(!sim.speaking(), "{language:?}");
        // It interrupted nobody, and the caller interrupted nothing: their turn goes on.
        sim.pass(secs(2));
        sim.input(Input::SpeechStopped { ago: VOICE_ENDED, spoke: Duration::ZERO });
        sim.input(Input::Words { text: Some(caller.told[1].into()), confidence: 0.9, is_final: true });
        sim.pass(ms(1_500));
        assert_eq!(sim.look()[0], format!("caller: {}", caller.told[1]), "{language:?}");
    }
}

#[test]
fn the_bot_is_silent_where_a_sign_of_listening_would_be_an_answer_or_is_not_wanted() {
    for language in Language::ALL {
        let caller = caller(language);
        let silent = |turn: &str, words: &str, length: Duration| {
            let mut sim = asked(&caller, turn);
            sim.speak(Some(words), length);
            sim.pass(ms(2_500));
            let seen = sim.look();
            assert!(seen.iter().any(|line| line.starts_with("caller: ")), "{language:?} {words}: {seen:?}");
            assert!(!seen.iter().any(|line| line.starts_with("listens")), "{language:?} {words}: {seen:?}");
        };
        silent("backchannels = false", caller.told[0], secs(5));
        silent("", caller.told[0], secs(5));
        silent("backchannels = true", caller.asks, secs(5));
        silent("backchannels = true", caller.told[0], secs(2));
        // Nor where the words are an answer that ends the turn at once, or at a question for a yes or a no.
        let mut sim = asked(&caller, "backchannels = true");
        sim.input(Input::Typed(caller.told[0].into()));
        sim.listen();
        sim.look();
        sim.speak(Some(caller.told[1]), secs(5));
        sim.pass(ms(800));
        assert!(!sim.look().iter().any(|line| line.starts_with("listens")), "{language:?}");
    }
}

#[test]
fn who_says_nothing_is_prompted_then_helped_and_at_last_the_call_ends_with_a_goodbye() {
    for (language, bot, prompted, there, end) in [
        (Language::En, EN_BOT, "did not hear anything", "Are you still there?", "Goodbye."),
        (Language::Vi, VI_BOT, "không nghe thấy gì", "còn nghe máy không", "Tạm biệt."),
    ] {
        let mut sim = sim(bot);
        sim.pass(secs(60));
        let seen = sim.look();
        let at = |text: &str| seen.iter().position(|line| line.contains(text));
        let [prompted, there] =
            [prompted, there].map(|text| at(text).unwrap_or_else(|| panic!("{language:?}: {seen:#?}")));
        assert!(prompted < there, "{language:?}: {seen:#?}");
        // Between and behind stands what the bot can do.
        let task = Bot::parse(bot, "t").unwrap().tasks[0].phrases[0].clone();
        let helped = seen[prompted..].iter().filter(|line| line.to_lowercase().contains(&task)).count();
        println!("{language:?}: {seen:#?}");
        assert!(helped >= 1, "{language:?}: {seen:#?}");
        assert!(seen[seen.len() - 2].contains(end) || seen[seen.len() - 3].contains(end), "{language:?}: {seen:#?}");
        assert_eq!(seen[seen.len() - 1], "end: no input", "{language:?}");
    }
}

#[test]
fn who_begins_as_the_bot_does_is_heard_and_the_bot_says_again_what_they_missed() {
    for language in Language::ALL {
        let caller = caller(language);
        let mut sim = asked(&caller, "");
        sim.speak(Some(caller.told[0]), secs(3));
        // The bot takes the turn, and in the same moment the caller goes on.
        while !sim.speaking() {
            sim.pass(ms(10));
        }
        sim.look();
        sim.pass(ms(64));
        sim.input(Input::SpeechStarted);
        assert_eq!(sim.look(), ["hold"], "{language:?}: the bot gives way at once");
        sim.pass(ms(1_000));
        sim.input(Input::SpeechStopped { ago: VOICE_ENDED, spoke: Duration::ZERO });
        let yes = if language == Language::En { "yes it is urgent" } else { "có gấp lắm" };
        sim.input(Input::Words { text: Some(yes.into()), confidence: 0.9, is_final: true });
        sim.pass(ms(1_500));
        let seen = sim.look();
        assert_eq!(seen[0], "hush", "{language:?}: {seen:?}");
        assert!(seen.contains(&format!("caller: {yes}")), "{language:?}: {seen:?}");
        assert!(seen.iter().any(|line| line.starts_with("bot: ")), "{language:?}: the bot answers: {seen:?}");
    }
}

#[test]
fn how_the_voice_ends_makes_the_silence_longer_or_shorter() {
    use crate::turn::{Pitch, VoiceEnd};
    let waits = |pitch: Option<Pitch>| {
        let caller = caller(Language::En);
        let mut sim = asked(&caller, "");
        sim.pass(VOICE_NOTICED);
        sim.input(Input::SpeechStarted);
        sim.pass(secs(3));
        let ended = sim.now();
        sim.pass(VOICE_ENDED);
        sim.input(Input::SpeechStopped { ago: VOICE_ENDED, spoke: Duration::ZERO });
        if let Some(pitch) = pitch {
            sim.input(Input::VoiceEnd(VoiceEnd { pitch, strength: 1.0 }));
        }
        sim.input(Input::Words { text: Some(caller.told[0].into()), confidence: 0.9, is_final: true });
        while !sim.look().iter().any(|line| line.starts_with("caller: ")) {
            sim.pass(ms(10));
        }
        (sim.now() - ended).as_millis()
    };
    let [usual, falls, level] = [None, Some(Pitch::Falling), Some(Pitch::Level)].map(waits);
    assert!((1_000..1_020).contains(&usual) && (830..860).contains(&falls), "{usual} {falls}");
    assert!((1_430..1_470).contains(&level), "{level}");
}
