//! A supervisor takes a call over, hands it back, and guides the bot.
use super::*;

/// The booking bot without its disclosure, which other tests hear.
fn booking() -> String {
    BOOKING.lines().filter(|line| !line.starts_with("disclosure")).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_bot_falls_silent_in_mid_sentence_hears_nothing_and_comes_back_with_the_open_question() {
    check(
        &booking(),
        "answer
        say book a room
        takeover
        over 900 in chicago
        key 5
        type in seattle
        wait 60000
        handback {}
        say boston",
        r#"
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        caller: book a room
        bot: In which city do you need the room?
        hush
        bot: I'm back with you.
        bot: In which city do you need the room?
        caller: boston
        place = "boston"
        bot: For which day?
        "#,
    );
}

#[test]
fn who_hands_back_fills_slots_and_the_bot_asks_for_the_rest_or_reads_all_back() {
    check(
        &booking(),
        r#"answer
        say book a room in boston tomorrow
        takeover
        wait 20000
        handback {"time": "15:00", "duration": "half an hour"}
        listen
        takeover
        wait 20000
        handback {"people": 4, "time": "half past three in the afternoon"}
        listen
        say yes"#,
        r#"
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        caller: book a room in boston tomorrow
        place = "boston"
        date = "2026-11-26"
        bot: At what time?
        bot: I'm back with you.
        duration = "PT30M" ✓
        time = "15:00" ✓
        bot: For how many people?
        bot: I'm back with you.
        people = 4 ✓
        time = "15:30" ✓
        bot: You want a room in boston tomorrow at three thirty p m for half an hour for four people.
        bot: Is that right?
        caller: yes
        place = "boston" ✓
        date = "2026-11-26" ✓
        time = "15:30" ✓
        duration = "PT30M" ✓
        people = 4 ✓
        bot: Your request for a room in boston tomorrow at three thirty p m is noted.
        bot: Thank you for calling. Goodbye.
        end: done
        "#,
    );
}

#[test]
fn vietnamese_is_handed_back_alike() {
    let mut sim = sim(PLACES);
    sim.listen();
    sim.input(Input::TakenOver);
    sim.pass(Duration::from_secs(40));
    assert!(sim.look().iter().all(|line| !line.contains("nghe máy")), "nobody asks whether anybody is there");
    sim.hand_back(r#"{"place": "ca phe"}"#).unwrap();
    let seen = sim.look().join("\n");
    assert!(seen.contains("Tôi xin tiếp tục hỗ trợ quý khách.") && seen.contains("place = \"cà phê\""), "{seen}");
}

#[test]
fn wrong_values_are_refused_by_the_name_of_their_slot_and_change_nothing() {
    let mut sim = sim(&booking());
    let fault = |sim: &mut Sim, json: &str| sim.hand_back(json).unwrap_err();
    sim.input(Input::TakenOver);
    assert_eq!(fault(&mut sim, r#"{"time": "15:00"}"#), GuidanceFault::NoTask);
    assert_eq!(fault(&mut sim, r#"{"task": "fly"}"#), GuidanceFault::Task("fly".into()));
    for (json, slot) in [
        (r#"{"task": "book", "time": "soon"}"#, "time"),
        (r#"{"task": "book", "time": "three or four p m"}"#, "time"),
        (r#"{"task": "book", "people": 45}"#, "people"),
        (r#"{"task": "book", "people": "forty five"}"#, "people"),
        (r#"{"task": "book", "place": "atlantis"}"#, "place"),
        (r#"{"task": "book", "date": "2026-13-45"}"#, "date"),
        (r#"{"task": "book", "date": ["today"]}"#, "date"),
        (r#"{"task": "book", "code": "1234"}"#, "code"),
        (r#"{"task": "book", "colour": "red"}"#, "colour"),
    ] {
        let fault = fault(&mut sim, json);
        assert_eq!(fault.slot(), Some(slot), "{json}: {fault}");
        assert!(fault.to_string().contains(slot), "{fault}");
    }
    let before = sim.look();
    assert!(before.iter().all(|line| !line.contains('=')), "{before:?}");
    sim.hand_back(r#"{"task": "cancel", "code": "1234"}"#).unwrap();
    assert!(sim.look().iter().any(|line| line.contains("You want to cancel the booking")));
}

#[test]
fn an_hour_that_may_be_of_the_morning_or_the_evening_is_asked_about() {
    let mut sim = sim(&booking());
    sim.input(Input::TakenOver);
    sim.hand_back(r#"{"task": "book", "time": "eight"}"#).unwrap();
    let seen = sim.look();
    assert!(seen.iter().any(|line| line.starts_with("bot: Did you say eight")), "{seen:?}");
}

#[test]
fn the_outcome_of_a_tool_waits_for_the_bot_and_is_told_once() {
    let mut sim = sim(DESK);
    sim.say("reset my password");
    sim.say("one two three four");
    sim.say("yes");
    sim.look();
    sim.input(Input::TakenOver);
    sim.pass(Duration::from_secs(30));
    sim.tool(Ok(serde_json::json!({ "ticket": { "number": 17 } })));
    assert_eq!(sim.look(), Vec::<String>::new(), "neither patience nor the answer is asked for");
    assert_eq!(sim.hand_back(r#"{"pin": "4321"}"#), Err(GuidanceFault::Busy));
    sim.hand_back("{}").unwrap();
    let seen = sim.look();
    assert_eq!(seen[..2], ["bot: I'm back with you.", "bot: Done. Your ticket is seventeen."], "{seen:?}");
    assert!(seen.last().is_some_and(|line| line.starts_with("end: ")), "{seen:?}");
}

#[test]
fn guidance_waits_for_a_pause_and_says_which_clause_followed_it() {
    check(
        &booking(),
        r#"answer
        wait 1000
        guide {"task": "book", "place": "boston"}
        listen
        wait 300
        listen
        over 800 tomorrow
        guide {"say": "We have a new room by the river."}
        listen
        wait 300
        listen"#,
        r#"
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        place = "boston" ✓
        bot: For which day?
        guidance 7: clause 3
        caller: tomorrow
        date = "2026-11-26"
        bot: At what time?
        bot: We have a new room by the river.
        bot: At what time?
        guidance 7: clause 5
        "#,
    );
}

#[test]
fn guidance_that_has_become_impossible_says_why() {
    let mut sim = sim(DESK);
    sim.say("leave a message");
    sim.guide(3, r#"{"urgent": true}"#).unwrap();
    sim.say("call me back");
    sim.say("no");
    sim.listen();
    sim.pass(Duration::from_secs(1));
    let seen = sim.look();
    assert!(seen.iter().any(|line| line.starts_with("guidance 3: ")), "{seen:?}");
}

#[test]
fn a_disclosure_that_was_cut_by_the_takeover_is_made_when_the_bot_is_back() {
    let mut sim = sim(BOOKING);
    sim.pass(Duration::from_millis(700));
    sim.input(Input::TakenOver);
    sim.look();
    sim.hand_back("{}").unwrap();
    let seen = sim.look();
    let expected = [
        "bot: You are speaking with an automated assistant,",
        "bot: this call is recorded and may be monitored.",
        "bot: I'm back with you.",
    ];
    assert_eq!(seen[..3], expected, "{seen:?}");
    assert!(!seen.iter().any(|line| line.contains("Hello")), "no second greeting");
}

#[test]
fn a_bot_that_has_said_goodbye_comes_back_to_say_it_once_more() {
    let mut sim = sim(&booking());
    sim.say("goodbye");
    sim.input(Input::TakenOver);
    sim.look();
    assert_eq!(sim.hand_back(r#"{"people": 4}"#), Err(GuidanceFault::Over));
    sim.hand_back("{}").unwrap();
    assert_eq!(sim.look(), ["bot: Thank you for calling. Goodbye."]);
}

#[test]
fn only_so_much_guidance_waits() {
    let mut sim = sim(&booking());
    for number in 0..8 {
        sim.guide(number, r#"{"say": "We are open."}"#).unwrap();
    }
    assert_eq!(sim.guide(9, r#"{"say": "We are open."}"#), Err(GuidanceFault::Full));
}

#[test]
fn the_late_outcome_of_a_tool_that_was_given_up_keeps_nobody_from_handing_back() {
    let mut sim = sim(DESK);
    for words in ["reset my password", "four eight two one", "yes"] {
        sim.say(words);
    }
    // Given up long after its limit: the call ends, and the outcome comes while a person speaks.
    sim.pass(Duration::from_secs(5));
    sim.input(Input::TakenOver);
    sim.input(Input::ToolDone { id: ToolId(99), result: Ok(serde_json::json!({})) });
    sim.tool(Ok(serde_json::json!({"ticket": {"number": 7}})));
    assert_eq!(sim.hand_back(r#"{"pin": "1234"}"#), Err(GuidanceFault::Busy));
    sim.hand_back("{}").unwrap();
    let mut sim = super::sim(&booking());
    sim.say("book a room");
    sim.input(Input::TakenOver);
    sim.input(Input::ToolDone { id: ToolId(99), result: Ok(serde_json::json!({})) });
    sim.hand_back(r#"{"place": "boston"}"#).unwrap();
}
