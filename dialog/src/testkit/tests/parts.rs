//! Values that are given in parts, with pauses between them.
use super::*;

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A code of any length, a phone number, and a day.
const ACCOUNT: &str = r#"
name = "account"
language = "en"
greeting = "Accounts."
[[task]]
name = "open"
slots = ["account", "phone", "day"]
on_done = { say = "Noted." }
[[slot]]
name = "account"
type = "digits"
min = 3
max = 12
prompt = "Which account?"
[[slot]]
name = "phone"
type = "phone"
prompt = "Which phone number?"
[[slot]]
name = "day"
type = "date"
prompt = "Which day?"
"#;

impl Sim {
    /// Says the parts one after the other, with these pauses (ms) behind each of them. A recogniser gives all words of a turn at
    /// each pause.
    fn dictate(&mut self, parts: &[(&str, u64)]) {
        let mut said = String::new();
        for (part, pause) in parts {
            said = format!("{said} {part}").trim().to_owned();
            self.speak(Some(&said), ms(300));
            // So much of the pause has passed when its words come.
            self.pass(ms(pause.saturating_sub(220)));
        }
    }
}

/// A call in which the bot has asked its question.
fn asked(bot: &str, said: &[&str]) -> Sim {
    let mut sim = sim(bot);
    for words in said {
        sim.say(words);
    }
    sim.listen();
    sim.look();
    sim
}

#[test]
fn digits_with_pauses_are_one_code_and_nothing_is_asked_before_its_end() {
    for pauses in [[900, 900, 900], [900, 1_200, 1_500], [1_500, 1_500, 1_500], [1_800, 1_800, 1_800]] {
        let mut sim = asked(BOOKING, &["cancel a booking"]);
        let [first, second, third] = pauses;
        sim.dictate(&[("four", first), ("oh", second), ("seven", third)]);
        assert!(sim.look().is_empty(), "{pauses:?}");
        sim.speak(Some("four oh seven one"), ms(300));
        sim.pass(ms(80));
        assert_eq!(sim.look()[..2], ["caller: four oh seven one", "code = \"4071\""], "{pauses:?}");
    }
}

#[test]
fn who_stops_after_half_of_a_code_is_asked_for_the_rest() {
    let mut sim = asked(BOOKING, &["cancel a booking"]);
    sim.dictate(&[("four", 900), ("oh", 1_980)]);
    assert!(sim.look().is_empty());
    sim.pass(ms(40));
    assert_eq!(sim.look(), ["caller: four oh", "bot: I have four zero. What comes next?"]);
    sim.say("seven one");
    sim.say("yes");
    assert_eq!(
        sim.look(),
        [
            "caller: seven one",
            "code = \"4071\"",
            "bot: Did you say four zero seven one?",
            "caller: yes",
            "code = \"4071\" ✓",
            "bot: You want to cancel the booking with the code four zero seven one.",
            "bot: Is that right?",
        ]
    );
}

#[test]
fn silence_after_a_part_asks_for_the_rest_again_and_keys_may_give_it() {
    let mut sim = asked(BOOKING, &["cancel a booking"]);
    sim.dictate(&[("four oh", 2_100)]);
    sim.listen();
    sim.look();
    sim.pass(ms(6_100));
    assert_eq!(sim.look(), ["bot: Sorry, I did not hear anything.", "bot: I have four zero. What comes next?"]);
    sim.key("71#");
    let seen = sim.look();
    assert!(seen.contains(&"code = \"4071\" ✓".to_string()), "{seen:?}");
}

#[test]
fn keys_that_would_do_alone_go_behind_what_was_said_and_are_read_back() {
    let mut sim = asked(ACCOUNT, &[]);
    sim.dictate(&[("four oh", 2_100)]);
    sim.listen();
    sim.look();
    sim.key("7123#");
    let seen = sim.look();
    assert!(seen.contains(&"account = \"407123\"".to_string()), "{seen:?}");
    assert!(seen.iter().any(|line| line.starts_with("bot: Did you say four zero")), "{seen:?}");
}

#[test]
fn a_part_is_taken_back_by_a_word_for_it() {
    let ask = "bot: What is the four digit code of your booking?";
    for (turns, seen) in [
        (&["four eight", "no oh one", "two three"][..], "bot: I have zero one. What comes next?"),
        (&["four", "eight", "scratch that"], "bot: I have four. What comes next?"),
        (&["four", "eight", "no, seven"], "bot: I have four, seven. What comes next?"),
        (&["four eight", "start over"], ask),
        (&["four eight", "go back"], ask),
    ] {
        let mut sim = asked(BOOKING, &["cancel a booking"]);
        let mut all = Vec::new();
        for turn in turns {
            sim.listen();
            sim.speak(Some(turn), ms(400));
            sim.pass(ms(2_000));
            all.extend(sim.look());
        }
        assert!(all.contains(&seen.to_string()), "{turns:?}: {all:?}");
        assert_eq!(sim.hung_up, None);
    }
    // Within one turn: what was put together is read back.
    let mut sim = asked(BOOKING, &["cancel a booking"]);
    sim.speak(Some("four oh eight no seven one"), ms(2_000));
    sim.pass(ms(1_100));
    assert_eq!(sim.look()[1..], ["code = \"4071\"", "bot: Did you say four zero seven one?"]);
}

#[test]
fn a_code_of_any_length_waits_longer_for_who_has_paused() {
    let mut quick = asked(ACCOUNT, &[]);
    quick.speak(Some("four oh seven one"), ms(1_200));
    quick.pass(ms(760));
    assert!(quick.look().is_empty());
    quick.pass(ms(40));
    assert_eq!(quick.look()[0], "caller: four oh seven one");
    let mut slow = asked(ACCOUNT, &[]);
    slow.dictate(&[("four", 900), ("oh", 1_200), ("seven", 1_500), ("one", 1_980)]);
    assert!(slow.look().is_empty());
    slow.pass(ms(40));
    assert_eq!(slow.look()[..2], ["caller: four oh seven one", "account = \"4071\""]);
}

#[test]
fn a_phone_number_with_pauses_is_not_cut_off_by_its_length() {
    let mut sim = asked(ACCOUNT, &["one two three"]);
    let digits = ["one", "six", "five", "oh", "five", "five", "five", "oh", "one", "two"].map(|digit| (digit, 1_800));
    sim.dictate(&digits);
    assert!(sim.look().is_empty(), "20 seconds have passed");
    sim.speak(Some("one six five oh five five five oh one two three"), ms(300));
    sim.pass(ms(80));
    assert_eq!(sim.look()[1], "phone = \"16505550123\"");
}

#[test]
fn a_sound_between_two_parts_takes_nothing_back() {
    let mut sim = asked(BOOKING, &["cancel a booking"]);
    sim.dictate(&[("four oh", 900)]);
    sim.speak(None, ms(150));
    sim.pass(ms(900));
    assert!(sim.look().is_empty());
    sim.speak(Some("four oh seven one"), ms(600));
    sim.pass(ms(80));
    assert_eq!(sim.look()[0], "caller: four oh seven one");
}

#[test]
fn a_date_in_pieces_is_one_date() {
    let mut sim = asked(ACCOUNT, &["one two three", "six five oh five five five oh one two three"]);
    sim.dictate(&[("december", 1_500)]);
    assert!(sim.look().is_empty());
    sim.speak(Some("december fourth"), ms(300));
    sim.pass(ms(80));
    assert_eq!(sim.look()[1], "day = \"2026-12-04\"");
    let mut sim = asked(ACCOUNT, &["one two three", "six five oh five five five oh one two three"]);
    sim.dictate(&[("the third", 850)]);
    assert!(sim.look().is_empty());
    sim.speak(Some("the third of may"), ms(300));
    sim.pass(ms(80));
    assert_eq!(sim.look()[1], "day = \"2027-05-03\"");
    // The month alone: its day is asked for.
    let mut sim = asked(ACCOUNT, &["one two three", "six five oh five five five oh one two three"]);
    sim.dictate(&[("december", 2_100)]);
    assert_eq!(sim.look()[1], "bot: I have december. What comes next?");
    sim.say("the fourth");
    assert_eq!(sim.look()[1], "day = \"2026-12-04\"");
}

#[test]
fn parts_of_a_secret_are_not_said() {
    let mut sim = asked(DESK, &["reset my password"]);
    sim.dictate(&[("four oh", 2_100)]);
    assert_eq!(sim.look(), ["caller: ****", "bot: I have the first part.", "bot: What comes next?"]);
    sim.say("seven one");
    let seen = sim.look().join(" ");
    assert!(seen.contains("pin = \"****\"") && !seen.contains("zero") && !seen.contains("40"), "{seen}");
}
