//! Callers who do things at random.
use super::*;
use crate::random::Random;

#[test]
fn a_call_comes_to_an_end_whatever_its_caller_does() {
    const WORDS: [&str; 40] = [
        "book a room",
        "cancel my booking",
        "mountain view",
        "boston",
        "today",
        "tomorrow",
        "two thirty p m",
        "half an hour",
        "two people",
        "yes",
        "no",
        "go back",
        "start again",
        "help",
        "repeat",
        "uh-huh",
        "banana",
        "the time",
        "no tomorrow",
        "four eight two one",
        "reset my password",
        "leave a message",
        "wait a moment",
        "",
        "…",
        "99999999999999999999",
        "at",
        "and",
        "twenty",
        "khách sạn",
        "đúng",
        "không",
        "trở lại",
        "dạ",
        "karaoke",
        "cà phê",
        "nothing",
        "what",
        "ok",
        "{place}",
    ];
    let bots: Vec<Bot> =
        [BOOKING, PLACES, DESK].iter().map(|t| Bot::parse(t, "random").unwrap_or_else(|e| panic!("{e}"))).collect();
    let mut ends = std::collections::BTreeMap::new();
    for seed in 0..1_000u64 {
        let mut random = Random::new(seed);
        let mut sim = Sim::new(bots[random.below(bots.len())].clone());
        if random.below(20) == 0 {
            sim.input(Input::Deaf(true));
        }
        sim.input(Input::Answered);
        for _ in 0..60 {
            if sim.hung_up.is_some() {
                break;
            }
            let words = WORDS[random.below(WORDS.len())];
            match random.below(16) {
                0..=5 => sim.say(words),
                6 => sim.speak(Some(words), Duration::from_millis(random.below(1_500) as u64)),
                7 => sim.speak(None, Duration::from_millis(random.below(1_500) as u64)),
                8 => sim.input(Input::SpeechStarted),
                9 => sim.input(Input::SpeechStopped {
                    ago: Duration::from_millis(random.below(400) as u64),
                    spoke: Duration::from_millis(random.below(4000) as u64),
                }),
                10 => sim.key(["1", "2", "3", "*", "#", "0", "12", "1430", "A", "9#", "**"][random.below(11)]),
                11 => sim.pass(Duration::from_millis(random.below(4_000) as u64)),
                12 => sim.input(Input::Words {
                    text: Some(words.into()),
                    confidence: [f32::NAN, 0.0, 0.1, 0.4, 1.0, 9.0][random.below(6)],
                    is_final: random.below(2) == 0,
                }),
                13 => sim.tool(
                    [Ok(serde_json::json!({"ticket": {"number": [1, null]}})), Err(crate::tool::ToolFault::NotJson)]
                        [random.below(2)]
                    .clone(),
                ),
                14 if random.below(8) == 0 => sim.input(Input::Deaf(random.below(2) == 0)),
                14 => sim.input(Input::Mute { say: SayId(random.below(30) as u64) }),
                _ => sim.input(Input::Heard {
                    say: SayId(random.below(30) as u64),
                    chars: random.below(50) as u32,
                    whole: random.below(2) == 0,
                }),
            }
        }
        // Left alone by a caller who is silent, every call comes to an end.
        sim.input(Input::SpeechStopped { ago: Duration::ZERO, spoke: Duration::ZERO });
        for _ in 0..3_000 {
            if sim.hung_up.is_some() {
                break;
            }
            sim.pass(Duration::from_millis(100));
        }
        let end = sim.hung_up.unwrap_or_else(|| panic!("seed {seed} never ends: {:#?}", sim.look()));
        *ends.entry(end.text()).or_insert(0) += 1;
        assert!(sim.talk.deadline().is_none());
    }
    // Between them the callers meet most endings.
    assert!(ends.len() >= 7, "{ends:?}");
}
