//! What the caller gave is changed by words that mean change, and by nothing that is only heard.
use super::*;

const VIETNAMESE: &str = r#"
name = "phòng"
language = "vi"
greeting = "Đặt phòng."
[[task]]
name = "book"
slots = ["time", "people"]
confirm = "Phòng lúc {time} cho {people}, đúng không?"
on_done = { say = "Đã ghi nhận." }
[[slot]]
name = "time"
type = "time"
prompt = "Lúc mấy giờ?"
[[slot]]
name = "people"
type = "number"
min = 1
max = 20
unit = ["người"]
prompt = "Mấy người?"
"#;

/// A call in which the bot reads back what it was given.
fn read_back(bot: &str) -> Sim {
    let mut sim = sim(bot);
    let said: &[&str] = if bot == BOOKING {
        &["book a room in boston tomorrow at nine a m for an hour for three people"]
    } else {
        &["chín giờ sáng", "ba người"]
    };
    for words in said {
        sim.say(words);
    }
    sim.look();
    sim
}

/// Says it over the read-back.
fn interrupt(sim: &mut Sim, words: &str) -> Vec<String> {
    sim.pass(Duration::from_millis(1_500));
    sim.speak(Some(words), Duration::from_millis(900));
    sim.pass(Duration::from_millis(1_100));
    sim.look()
}

#[test]
fn a_value_is_changed_by_words_that_mean_change() {
    for words in [
        "no at four p m",
        "No, four p.m.",
        "nope four p m",
        "make it four p m",
        "change it to 4 PM",
        "change the time to four p m",
        "four p m instead",
        "actually four p m",
        "I said four p m",
        "I meant four p m",
        "not nine a m four p m",
        "that's wrong it's four p m",
        "sorry four p m",
    ] {
        let seen = interrupt(&mut read_back(BOOKING), words);
        assert!(seen.contains(&"time = \"16:00\"".to_string()), "{words}: {seen:?}");
    }
    for words in [
        "không bốn giờ chiều",
        "không phải, bốn giờ chiều",
        "đổi thành 4 giờ chiều",
        "à không bốn giờ chiều",
        "ý tôi là bốn giờ chiều",
        "tôi nói bốn giờ chiều",
        "sai rồi bốn giờ chiều",
        "dạ không bốn giờ chiều",
        "sửa lại bốn giờ chiều",
    ] {
        let seen = interrupt(&mut read_back(VIETNAMESE), words);
        assert!(seen.contains(&"time = \"16:00\"".to_string()), "{words}: {seen:?}");
    }
}

#[test]
fn a_value_that_is_only_heard_is_asked_about_and_changes_nothing() {
    for (bot, words, question, no, yes, kept) in [
        (BOOKING, "four p m", "I heard four p m. Is that a change?", "no", "yes", "time = \"09:00\" ✓"),
        (BOOKING, "at four p m", "I heard four p m. Is that a change?", "no", "yes", "time = \"09:00\" ✓"),
        (BOOKING, "seattle", "I heard seattle. Is that a change?", "no", "yes", "place = \"boston\" ✓"),
        (BOOKING, "two people", "I heard two people. Is that a change?", "no", "yes", "people = 3 ✓"),
        (BOOKING, "on friday", "I heard on Friday, November twenty seventh.", "no", "yes", "date = \"2026-11-26\" ✓"),
        (VIETNAMESE, "bốn giờ chiều", "Tôi nghe thấy bốn giờ chiều.", "không", "đúng", "time = \"09:00\" ✓"),
        (VIETNAMESE, "hai người", "Tôi nghe thấy hai người.", "không", "đúng", "people = 3 ✓"),
    ] {
        let mut sim = read_back(bot);
        let seen = interrupt(&mut sim, words);
        assert!(!seen.iter().any(|line| line.contains(" = ")), "{words}: {seen:?}");
        assert!(seen.iter().any(|line| line.starts_with(&format!("bot: {question}"))), "{words}: {seen:?}");
        sim.say(no);
        sim.say(yes);
        sim.listen();
        let seen = sim.look();
        assert!(seen.contains(&kept.to_string()), "{words}: {seen:?}");
        assert_eq!(sim.hung_up, Some(HangUpReason::Done), "{words}: {seen:?}");
    }
}

#[test]
fn a_proposed_value_is_taken_by_a_yes_by_a_key_or_when_it_is_said_again() {
    for answer in ["yes", "four p m", "key"] {
        let mut sim = read_back(BOOKING);
        interrupt(&mut sim, "at four p m");
        if answer == "key" {
            sim.key("1");
        } else {
            sim.say(answer);
        }
        let seen = sim.look();
        assert!(seen.contains(&"time = \"16:00\" ✓".to_string()), "{answer}: {seen:?}");
        sim.say("yes");
        sim.listen();
        assert_eq!(sim.hung_up, Some(HangUpReason::Done));
    }
    // The old value again keeps it, and another one is an answer to the question.
    for (answer, time) in [("nine a m", "09:00"), ("no five p m", "17:00")] {
        let mut sim = read_back(BOOKING);
        interrupt(&mut sim, "at four p m");
        sim.say(answer);
        sim.say("yes");
        let seen = sim.look();
        assert!(seen.contains(&format!("time = \"{time}\" ✓")), "{answer}: {seen:?}");
    }
}

#[test]
fn a_value_beside_the_answer_to_another_question_changes_nothing_by_itself() {
    let mut sim = sim(BOOKING);
    for words in ["book a room in boston tomorrow", "at nine a m"] {
        sim.say(words);
    }
    sim.look();
    sim.say("an hour in seattle");
    let seen = sim.look();
    assert!(seen.contains(&"duration = \"PT1H\"".to_string()), "{seen:?}");
    assert!(!seen.iter().any(|line| line.starts_with("place")), "{seen:?}");
    assert_eq!(seen.last().map(String::as_str), Some("bot: I heard seattle. Is that a change?"));
    sim.say("no");
    assert_eq!(sim.look().last().map(String::as_str), Some("bot: For how many people?"));
}

#[test]
fn a_hum_over_the_read_back_is_no_answer_and_after_it_is_a_yes() {
    let mut sim = read_back(BOOKING);
    sim.pass(Duration::from_millis(1_500));
    sim.speak(Some("uh-huh"), Duration::from_millis(450));
    sim.pass(Duration::from_millis(900));
    assert_eq!(sim.look(), ["hold", "resume"]);
    sim.say("uh-huh");
    assert!(sim.look().contains(&"time = \"09:00\" ✓".to_string()));
}

#[test]
fn right_with_another_value_is_an_answer_to_the_question_for_it() {
    let mut sim = sim(BOOKING);
    sim.say("book a room in boston tomorrow");
    sim.confidence = 0.3;
    sim.say("at eight a m");
    sim.confidence = 0.9;
    sim.look();
    sim.say("right at nine a m");
    assert_eq!(sim.look()[1], "time = \"09:00\"");
}

#[test]
fn a_yes_with_a_shorter_form_of_the_checked_value_is_a_yes() {
    for (said, answer, kept) in [
        ("at nine p m", "yes nine", "time = \"21:00\" ✓"),
        ("at nine p m", "yes nine p m", "time = \"21:00\" ✓"),
        ("at nine p m", "yes nine a m", "time = \"09:00\""),
    ] {
        let mut sim = sim(BOOKING);
        sim.say("book a room in boston tomorrow");
        sim.confidence = 0.3;
        sim.say(said);
        sim.confidence = 0.9;
        sim.look();
        sim.say(answer);
        let seen = sim.look();
        assert!(seen.contains(&kept.to_string()), "{answer}: {seen:?}");
    }
}

#[test]
fn a_question_about_the_read_back_is_no_answer() {
    for words in ["are you sure", "what time was that", "is that right"] {
        let mut sim = read_back(BOOKING);
        sim.say(words);
        let seen = sim.look();
        assert!(!seen.iter().any(|line| line.contains(" = ")), "{words}: {seen:?}");
        assert_eq!(sim.hung_up, None, "{words}");
        sim.say("yes");
        sim.listen();
        assert_eq!(sim.hung_up, Some(HangUpReason::Done), "{words}");
    }
}

#[test]
fn who_says_nothing_of_a_proposed_value_keeps_the_one_that_was_given() {
    let mut sim = read_back(BOOKING);
    interrupt(&mut sim, "at four p m");
    for _ in 0..2 {
        sim.say("purple elephants");
    }
    sim.say("yes");
    sim.listen();
    let seen = sim.look();
    assert!(seen.contains(&"time = \"09:00\" ✓".to_string()), "{seen:?}");
    assert_eq!(sim.hung_up, Some(HangUpReason::Done), "{seen:?}");
}

#[test]
fn of_several_numbers_only_one_that_is_sure_is_taken() {
    for (words, taken) in [
        ("two no three", Some("people = 3")),
        ("two two people", Some("people = 2")),
        ("three sorry four people", Some("people = 4")),
        ("four two adults and two kids", None),
        ("two thirty", None),
    ] {
        let mut sim = sim(BOOKING);
        sim.say("book a room in boston tomorrow at nine a m for an hour");
        sim.look();
        sim.say(words);
        let seen = sim.look();
        let found = seen.iter().find(|line| line.starts_with("people")).map(String::as_str);
        assert_eq!(found, taken, "{words}: {seen:?}");
    }
}

#[test]
fn a_yes_to_values_that_were_not_heard_confirms_nothing() {
    for (bot, yes) in [(BOOKING, "yes"), (VIETNAMESE, "đúng")] {
        let mut sim = read_back(bot);
        sim.speak(Some(yes), Duration::from_millis(400));
        sim.pass(Duration::from_millis(1_100));
        let trace = sim.look();
        assert!(trace.iter().any(|line| *line == format!("caller: {yes}")), "it is in the record: {trace:#?}");
        assert!(!trace.iter().any(|line| line.ends_with('✓')), "{trace:#?}");
        sim.listen();
        sim.say(yes);
        let trace = sim.look();
        assert!(trace.iter().any(|line| line.ends_with('✓')), "read back, it is confirmed: {trace:#?}");
    }
}

#[test]
fn a_yes_over_the_end_of_the_read_back_confirms_it() {
    let mut sim = read_back(BOOKING);
    while sim.talk.history().last().is_none_or(|line| !matches!(line, Line::Bot { heard, .. } if !heard.is_empty())) {
        sim.pass(Duration::from_millis(20));
    }
    sim.speak(Some("yes"), Duration::from_millis(400));
    sim.pass(Duration::from_millis(1_100));
    assert!(sim.look().iter().any(|line| line.ends_with('✓')), "{:?}", sim.talk.history());
}

#[test]
fn who_confirms_three_times_before_the_end_knows_the_values() {
    let mut sim = read_back(BOOKING);
    for confirmed in [false, false, true] {
        sim.speak(Some("yes"), Duration::from_millis(400));
        sim.pass(Duration::from_millis(1_100));
        let trace = sim.look();
        assert_eq!(trace.iter().any(|line| line.ends_with('✓')), confirmed, "{trace:#?}");
    }
}
