//! Answers that are written instead of said.
use super::*;
use crate::conversation::{AnsweredBy, MASK};

#[test]
fn a_booking_is_written_in_figures_and_nothing_is_asked_twice() {
    check(
        BOOKING,
        "answer
        wait 500
        type book a room in Boston
        wait 200
        type tomorrow
        wait 200
        type 2:30pm
        wait 200
        type 45 minutes
        wait 200
        type 2 people
        wait 200
        type yes",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded and may be monitored.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        hush
        typed: book a room in Boston
        place = "boston" ✓
        bot: You are speaking with an automated assistant,
        bot: this call is recorded and may be monitored.
        bot: For which day?
        hush
        typed: tomorrow
        date = "2026-11-26" ✓
        bot: At what time?
        hush
        typed: 2:30pm
        time = "14:30" ✓
        bot: For how long?
        hush
        typed: 45 minutes
        duration = "PT45M" ✓
        bot: For how many people?
        hush
        typed: 2 people
        people = 2 ✓
        bot: You want a room in boston tomorrow at two thirty p m for forty five minutes for two people.
        bot: Is that right?
        hush
        typed: yes
        place = "boston" ✓
        date = "2026-11-26" ✓
        time = "14:30" ✓
        duration = "PT45M" ✓
        people = 2 ✓
        bot: Your request for a room in boston tomorrow at two thirty p m is noted.
        bot: Thank you for calling. Goodbye.
        end: done
        "#,
    );
}

#[test]
fn vietnamese_is_understood_without_its_diacritics() {
    let mut sim = sim(PLACES);
    sim.pass(Duration::from_millis(300));
    sim.input(Input::Typed("ca phe".into()));
    let seen = sim.look();
    assert!(seen.contains(&"place = \"cà phê\" ✓".to_string()), "{seen:?}");
    sim.input(Input::Typed("dung roi".into()));
    assert!(sim.look().iter().any(|line| line.contains("đã được ghi nhận")));
}

#[test]
fn free_text_is_taken_as_it_is_written() {
    let mut sim = sim(DESK);
    sim.input(Input::Typed("leave a message".into()));
    sim.input(Input::Typed("  Call me: Ann.Smith-2@example.com, 17b Königstraße ".into()));
    let seen = sim.look();
    let value = "message = \"Call me: Ann.Smith-2@example.com, 17b Königstraße\" ✓";
    assert!(seen.contains(&value.to_string()), "{seen:?}");
}

#[test]
fn a_secret_that_is_written_stays_one() {
    let mut sim = sim(DESK);
    sim.input(Input::Typed("reset my password".into()));
    sim.look();
    sim.input(Input::Typed("4821".into()));
    let secret =
        |o: &&Output| matches!(o, Output::Turn { text, by: AnsweredBy::Text, secret: true, .. } if text == MASK);
    assert_eq!(sim.outputs.iter().filter(secret).count(), 1);
    assert!(!sim.look().join(" ").contains("4821"));
    assert!(!format!("{:?}", Input::Typed("4821".into())).contains("4821"));
}

#[test]
fn writing_closes_a_keypad_entry_and_an_engine_that_hears_nothing_is_not_missed() {
    let mut sim = sim(DESK);
    sim.input(Input::Typed("reset my password".into()));
    sim.key("48");
    sim.input(Input::Typed("4821".into()));
    assert!(sim.look().iter().any(|line| line.starts_with("pin =")));
    let mut deaf = super::sim(DESK);
    deaf.input(Input::Typed("leave a message".into()));
    deaf.input(Input::Deaf(true));
    assert_eq!(deaf.hung_up, None, "who writes can still answer");
    deaf.input(Input::Typed("back at noon".into()));
    assert!(deaf.look().iter().any(|line| line.contains("back at noon")));
}

#[test]
fn nothing_is_taken_while_a_tool_runs_or_the_line_is_held() {
    let mut sim = sim(DESK);
    sim.input(Input::OnHold(true));
    assert!(!sim.talk.takes());
    sim.input(Input::Typed("reset my password".into()));
    sim.input(Input::OnHold(false));
    assert!(sim.talk.takes());
    sim.look();
    for text in ["reset my password", "4821", "yes"] {
        sim.input(Input::Typed(text.into()));
    }
    assert!(!sim.talk.takes());
    sim.look();
    sim.input(Input::Typed("hurry".into()));
    assert!(sim.look().is_empty());
}
