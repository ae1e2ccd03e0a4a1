//! Who has the floor: what takes it from a bot that speaks, what does not, and what is told of a turn before it ends.
use super::*;
use crate::language::Language;
use crate::testkit::brain::ScriptedBrain;

/// Of a hundred backchannels so many may take the floor, and of a hundred objections so many must.
const MOST_TAKEN: f64 = 2.0;
const LEAST_STOPPED: f64 = 95.0;

const EN_BOT: &str = include_str!("../turns/en.toml");
const VI_BOT: &str = include_str!("../turns/vi.toml");

/// A sentence long enough to be spoken over.
const EN_SPEECH: &str = "We have a table by the window on Friday evening, and another one near the kitchen at nine on Saturday, \
    both of them are for four people and have a very nice view of the old harbour. Which one?";
const VI_SPEECH: &str = "Bên mình còn một bàn cạnh cửa sổ tối thứ sáu, và một bàn khác gần bếp lúc chín giờ tối thứ bảy, cả hai \
    bàn đều dành cho bốn người và nhìn ra bến cảng cũ rất đẹp. Quý khách chọn bàn nào ạ?";

#[rustfmt::skip]
const EN_LISTENS: &[&str] = &[
    "uh-huh", "uh huh", "mm-hmm", "mm hmm", "mhm", "hm", "yeah", "yeah yeah", "yep", "okay", "ok", "okay okay",
    "right", "right right", "sure", "i see", "got it", "oh okay", "ah okay", "alright", "all right", "oh i see",
    "good", "great", "yes", "yes yes", "cool", "of course", "go on", "um", "hmm okay", "oh right", "perfect",
    "understood", "yeah sure", "makes sense", "ah yeah", "mm okay",
];
#[rustfmt::skip]
const VI_LISTENS: &[&str] = &[
    "dạ", "vâng", "dạ vâng", "vâng ạ", "dạ vâng ạ", "ừ", "ừm", "ờ", "ừ ừ", "à", "à vâng", "ờ ờ", "rồi", "rồi rồi",
    "dạ rồi", "thế à", "vậy à", "à thế à", "ok", "ok em", "oke", "được rồi", "hiểu rồi", "vâng hiểu rồi", "dạ được",
    "ừ hử", "thế ạ", "tốt quá", "đúng rồi", "vâng đúng rồi", "vâng vâng", "tôi hiểu rồi", "à ừ", "dạ dạ", "hừm",
    "nói tiếp đi",
];
#[rustfmt::skip]
const EN_OBJECTS: &[&str] = &[
    "no", "no no", "no no no", "stop", "stop stop", "stop it", "please stop", "wait", "wait wait", "wait a minute",
    "wait a second", "hold on", "hang on", "no wait", "no thanks", "not that", "excuse me", "hey stop", "nope",
    "no that's wrong", "sorry", "one moment", "hello", "what", "cancel",
];
#[rustfmt::skip]
const VI_OBJECTS: &[&str] = &[
    "không", "không không", "dừng", "dừng lại", "khoan", "khoan đã", "từ từ", "từ từ đã", "chờ đã", "chờ chút",
    "đợi đã", "thôi", "thôi thôi", "không phải", "dạ không", "à không", "khoan khoan", "sai rồi", "dừng lại đi",
    "chờ một chút", "không phải vậy", "ơ khoan", "nhầm rồi", "hả", "alo",
];

/// As recognisers write it: bare, as a sentence, and in other ways that are usual.
fn written(text: &str) -> [String; 4] {
    let mut chars = text.chars();
    let capital: String = chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect();
    [text.to_owned(), format!("{capital}."), format!("{capital}!"), format!(" {}, ", text.to_uppercase())]
}

/// A bot with a long first question.
fn bot(language: Language) -> Bot {
    let (file, speech) = match language {
        Language::En => (EN_BOT, EN_SPEECH),
        Language::Vi => (VI_BOT, VI_SPEECH),
    };
    let plain = file.lines().find(|line| line.starts_with("prompt = ")).expect("a prompt");
    let text = file.replacen(plain, &format!("prompt = \"{speech}\""), 1);
    Bot::parse(&text, "test.toml").unwrap_or_else(|e| panic!("{e}"))
}

/// The bot in the midst of it.
fn speaking(bot: &Bot) -> Sim {
    let mut sim = Sim::new(bot.clone());
    sim.input(Input::Answered);
    sim.listen();
    let task = if bot.language == Language::En { "book a table" } else { "đặt bàn" };
    sim.input(Input::Typed(task.into()));
    sim.pass(Duration::from_secs(3));
    assert!(sim.speaking());
    sim.look();
    sim
}

/// The share of these that take the floor, in percent, and how many there were.
fn interrupting(language: Language, texts: &[&str]) -> (f64, u32) {
    let (mut taken, mut all) = (0_u32, 0_u32);
    let bot = bot(language);
    for text in texts {
        for (text, length) in written(text).iter().zip([180, 350, 600, 720]) {
            let mut sim = speaking(&bot);
            sim.speak(Some(text), Duration::from_millis(length));
            all += 1;
            taken += u32::from(sim.look().iter().any(|line| line == "hush"));
        }
    }
    (100.0 * f64::from(taken) / f64::from(all), all)
}

#[test]
fn signs_of_listening_do_not_take_the_floor_and_objections_do() {
    for (language, listens, objects) in [(Language::En, EN_LISTENS, EN_OBJECTS), (Language::Vi, VI_LISTENS, VI_OBJECTS)]
    {
        let (taken, all) = interrupting(language, listens);
        println!("{language:?}: {taken:.1} % of {all} signs of listening take the floor");
        assert!(all >= 100 && taken <= MOST_TAKEN, "{language:?}: {taken} % of {all}");
        let (stopped, all) = interrupting(language, objects);
        println!("{language:?}: {stopped:.1} % of {all} objections do");
        assert!(all >= 100 && stopped >= LEAST_STOPPED, "{language:?}: {stopped} % of {all}");
    }
}

#[test]
fn a_sound_without_words_is_no_interruption_and_the_bot_goes_on_soon_after_it() {
    let mut latest = Duration::ZERO;
    let bot = bot(Language::En);
    for length in (60..=3_000).step_by(180) {
        for words in [true, false] {
            let mut sim = speaking(&bot);
            sim.pass(Duration::from_millis(130));
            sim.input(Input::SpeechStarted);
            sim.pass(Duration::from_millis(length));
            let ended = sim.now();
            sim.pass(Duration::from_millis(200));
            sim.input(Input::SpeechStopped { ago: Duration::from_millis(200), spoke: Duration::ZERO });
            sim.pass(Duration::from_millis(20));
            if words {
                sim.input(Input::Words { text: None, confidence: 0.0, is_final: true });
            }
            while sim.is_paused() && latest < Duration::from_secs(9) {
                latest = latest.max(sim.now() - ended);
                sim.pass(Duration::from_millis(10));
            }
            latest = latest.max(sim.now() - ended);
            assert!(!sim.look().iter().any(|line| line == "hush"), "{length} ms");
            // Nothing is said again: what was begun is heard to its end.
            sim.listen();
            let said = sim.look();
            assert!(said.iter().all(|line| !line.starts_with("bot:")), "{length} ms: {said:?}");
        }
    }
    println!("the bot goes on {} ms after the sound at the latest", latest.as_millis());
    assert!(latest <= Duration::from_millis(600), "{latest:?}");
}

#[test]
fn an_answer_is_no_sign_of_listening() {
    for (bot, ask, listens, answers) in [
        (EN_BOT, "parking permit", &["uh-huh", "mm hmm"][..], &["yes", "no", "yeah", "Yes.", "sure", "not really"][..]),
        (VI_BOT, "thẻ gửi xe", &["dạ", "vâng ạ", "ừ"], &["có", "không", "có ạ", "Không.", "dạ có"]),
    ] {
        let asked =
            |before_end: u64| {
                let long = bot
                    .replacen("Is it urgent?", "Thank you very much. Now tell me, is it urgent?", 1)
                    .replacen("Có gấp không ạ?", "Cảm ơn quý khách rất nhiều. Cho tôi hỏi, có gấp không ạ?", 1);
                let mut sim = sim(&long);
                sim.listen();
                sim.input(Input::Typed(ask.into()));
                let whole = u64::from(sim.characters_to_come()) * 66;
                sim.pass(Duration::from_millis(whole.saturating_sub(before_end)));
                sim.look();
                sim
            };
        let is_taken = |sim: &mut Sim| {
            sim.pass(Duration::from_millis(900));
            sim.look().iter().any(|line| line.starts_with("caller: "))
        };
        for answer in answers.iter().chain(listens) {
            // At the last word of the question, and behind it.
            for before_end in [260, 0] {
                let mut sim = asked(before_end);
                sim.speak(Some(answer), Duration::from_millis(400));
                assert!(is_taken(&mut sim), "{answer} {before_end} ms before the end of the question");
            }
        }
        for sound in listens {
            let mut sim = asked(1_130);
            sim.speak(Some(sound), Duration::from_millis(300));
            assert!(!is_taken(&mut sim), "{sound} in the midst of the question");
        }
    }
}

#[test]
fn the_brain_is_told_what_may_be_all_and_whether_it_was() {
    let brain = ScriptedBrain::default().reply([(Duration::ZERO, ScriptedBrain::listen())]);
    let turns = brain.turns();
    let seen = || std::mem::take(&mut *turns.lock().expect("not poisoned"));
    let desk = format!("{DESK}\n[turn]\ncomplete_ms = 600\n");
    let mut sim = Sim::with_brain(Bot::parse(&desk, "test.toml").unwrap_or_else(|e| panic!("{e}")), brain);
    sim.input(Input::Answered);
    sim.listen();
    sim.speak(Some("a table"), Duration::from_millis(700));
    assert_eq!(seen(), ["likely a table"]);
    sim.speak(Some("a table for two"), Duration::from_millis(700));
    assert_eq!(seen(), ["goes on", "likely a table for two"]);
    sim.pass(Duration::from_millis(400));
    assert_eq!(seen(), ["heard a table for two"]);
    // What ends the turn in another way takes it back.
    sim.speak(Some("a room"), Duration::from_millis(700));
    sim.input(Input::Typed("a house".into()));
    assert_eq!(seen(), ["likely a room", "goes on", "typed a house"]);
    sim.speak(Some("a room"), Duration::from_millis(700));
    sim.input(Input::OnHold(true));
    assert_eq!(seen(), ["likely a room", "goes on"]);
}

#[test]
fn a_slot_may_be_more_patient_than_the_bot() {
    let wait = |patience: &str| {
        let name = "name = \"message\"\ntype = \"text\"";
        let mut sim = sim(&DESK.replacen(name, &format!("{name}\n{patience}"), 1));
        sim.say("leave a message");
        sim.listen();
        sim.look();
        sim.speak(Some("the printer on my floor is broken"), Duration::from_millis(1_500));
        let spoken = sim.now();
        while !sim.look().iter().any(|line| line.starts_with("caller: ")) {
            sim.pass(Duration::from_millis(10));
        }
        (sim.now() - spoken).as_millis()
    };
    let usual = wait("");
    assert!((750..=800).contains(&usual), "{usual}");
    assert!((1_750..=1_800).contains(&wait("patience = 2.0")));
}
