//! The caller is put through to a person, waits for one, and is the bot's again where nobody is found.
use super::*;

const TAXI: &str = r#"
    name = "taxi"
    language = "en"
    greeting = "Hello."
    person = "front-desk"
    [[slot]]
    name = "people"
    type = "number"
    min = 1
    max = 6
    prompt = "For how many?"
    [[slot]]
    name = "pin"
    type = "digits"
    length = 4
    secret = true
    prompt = "Your number?"
    [[slot]]
    name = "time"
    type = "time"
    prompt = "At what time?"
    [[task]]
    name = "order"
    say = "a taxi"
    phrases = ["a taxi", "order a taxi"]
    slots = ["people", "pin", "time"]
    on_done = { say = "It comes." }
    [[task]]
    name = "lost"
    say = "lost property"
    phrases = ["i lost something"]
    person = "lost-property"
    slots = ["people"]
    on_done = { say = "Noted." }
"#;

#[test]
fn who_asks_for_a_person_is_put_through_and_goes_on_with_the_bot_where_nobody_answers() {
    check(
        TAXI,
        "answer
        say order a taxi
        say two
        key 1234
        say i want to talk to a person
        listen
        over 900 are you there
        key 5
        wait 60000
        nobody no answer
        listen
        say at noon
        wait 3000",
        r#"
        bot: Hello.
        bot: What can I do for you?
        caller: order a taxi
        bot: For how many?
        caller: two
        people = 2
        bot: Your number?
        keying true
        keying false
        keys: ****
        pin = "****" ✓
        bot: At what time?
        caller: i want to talk to a person
        bot: One moment, I will put you through.
        find front-desk: a taxi: two. next time
        caller: are you there
        keys: 5
        bot: I am sorry, nobody answers at the moment.
        bot: At what time?
        caller: at noon
        time = "12:00"
        people = 2 ✓
        pin = "****" ✓
        time = "12:00" ✓
        bot: It comes.
        bot: Thank you for calling. Goodbye.
        end: done
        "#,
    );
}

#[test]
fn a_task_has_a_person_of_its_own_and_each_fault_its_sentence() {
    for (fault, sentence) in [
        ("busy", "the line is busy."),
        ("declined", "nobody can take your call right now."),
        ("nobody available", "nobody is there at the moment."),
        ("waited too long", "everybody is still busy."),
        ("not possible", "I could not put you through."),
        ("unknown outcome", "I could not put you through."),
    ] {
        check(
            TAXI,
            &format!("answer\nsay i lost something\nsay an agent please\nlisten\nnobody {fault}\nlisten"),
            &format!(
                "bot: Hello.
                bot: What can I do for you?
                caller: i lost something
                bot: For how many?
                caller: an agent please
                bot: One moment, I will put you through.
                find lost-property: lost property. next people
                bot: I am sorry, {sentence}
                bot: For how many?"
            ),
        );
    }
}

#[test]
fn who_waits_is_told_their_place_and_may_be_called_back() {
    check(
        TAXI,
        "answer
        say an agent
        listen
        key 1
        queue 3 200000
        listen
        queue 1
        listen
        over 900
        over 900 what is that music
        wait 30000
        say could you call me back please",
        r#"
        bot: Hello.
        bot: What can I do for you?
        caller: an agent
        bot: One moment, I will put you through.
        find front-desk: A caller, no request yet. next -
        keys: 1
        bot: You are number three in the queue.
        bot: It may take about four minutes.
        bot: If you would rather be called back,
        bot: say call me back, or press one.
        bot: You are next.
        caller: what is that music
        caller: could you call me back please
        person: CallBack
        bot: All right, we will call you back.
        bot: Thank you for calling. Goodbye.
        end: to be called back
        "#,
    );
}

#[test]
fn a_key_asks_for_a_call_back_and_who_does_not_want_to_wait_goes_on_with_the_bot() {
    check(
        TAXI,
        "answer\nsay an agent\nlisten\nqueue 2\nlisten\nsay go back\nsay an agent\nlisten\nqueue 1\nkey 1",
        r#"
        bot: Hello.
        bot: What can I do for you?
        caller: an agent
        bot: One moment, I will put you through.
        find front-desk: A caller, no request yet. next -
        bot: You are number two in the queue.
        bot: If you would rather be called back,
        bot: say call me back, or press one.
        caller: go back
        person: Stop
        bot: All right.
        bot: What can I do for you?
        caller: an agent
        bot: One moment, I will put you through.
        find front-desk: A caller, no request yet. next -
        bot: You are next.
        bot: If you would rather be called back,
        bot: say call me back, or press one.
        hush
        keys: 1
        person: CallBack
        bot: All right, we will call you back.
        bot: Thank you for calling. Goodbye.
        end: to be called back
        "#,
    );
}

#[test]
fn while_it_rings_the_caller_may_go_back_and_claim_their_rights_and_what_else_they_say_changes_nothing() {
    check(
        TAXI,
        "answer\nsay an agent\nlisten\nover 900 are you there\nwait 20000\nsay go back\nsay an agent\nlisten\nsay goodbye",
        r#"
        bot: Hello.
        bot: What can I do for you?
        caller: an agent
        bot: One moment, I will put you through.
        find front-desk: A caller, no request yet. next -
        caller: are you there
        caller: go back
        person: Stop
        bot: All right.
        bot: What can I do for you?
        caller: an agent
        bot: One moment, I will put you through.
        find front-desk: A caller, no request yet. next -
        caller: goodbye
        bot: Thank you for calling. Goodbye.
        end: caller said goodbye
        "#,
    );
    let mut sim = Sim::new(Bot::parse(TAXI, "taxi.toml").unwrap());
    sim.input(Input::Answered);
    sim.say("an agent");
    sim.listen();
    sim.say("please don't record me");
    sim.listen();
    assert!(sim.outputs.iter().any(|output| matches!(output, Output::StopRecording { .. })));
    sim.input(Input::Person(PersonNews::Failed(PersonFault::Busy)));
    sim.listen();
    assert!(sim.look().join(" ").contains("the line is busy"), "the search has gone on");
}

#[test]
fn a_person_speaks_with_the_caller_and_the_bot_comes_back_with_what_was_open() {
    check(
        TAXI,
        "answer\nsay order a taxi\nsay an agent\nlisten\ntakeover\nwait 60000\nhandback {}\nlisten\nsay two",
        r#"
        bot: Hello.
        bot: What can I do for you?
        caller: order a taxi
        bot: For how many?
        caller: an agent
        bot: One moment, I will put you through.
        find front-desk: a taxi. next people
        bot: I'm back with you.
        bot: For how many?
        caller: two
        people = 2
        bot: Your number?
        "#,
    );
}

#[test]
fn news_of_a_search_that_is_over_says_nothing() {
    let script = "answer\nsay an agent\nlisten\nnobody busy\nlisten\nnobody busy\nqueue 1\nlisten";
    check(
        TAXI,
        script,
        r#"
        bot: Hello.
        bot: What can I do for you?
        caller: an agent
        bot: One moment, I will put you through.
        find front-desk: A caller, no request yet. next -
        bot: I am sorry, the line is busy.
        bot: What can I do for you?
        "#,
    );
}

#[test]
fn who_is_not_understood_is_put_through_and_hears_goodbye_where_nobody_is_there() {
    let mut sim = Sim::new(Bot::parse(TAXI, "taxi.toml").unwrap());
    sim.input(Input::Answered);
    for _ in 0..7 {
        sim.listen();
        sim.speak(None, Duration::from_millis(600));
        sim.pass(Duration::from_millis(1_100));
    }
    sim.listen();
    let seen = sim.look().join("\n");
    assert!(seen.contains("find front-desk"), "{seen}");
    sim.input(Input::Person(PersonNews::Failed(PersonFault::Nobody)));
    sim.listen();
    assert_eq!(sim.hung_up, Some(HangUpReason::NotUnderstood));
    let seen = sim.look().join(" ");
    assert!(seen.contains("nobody is there at the moment") && seen.contains("Please call again later"), "{seen}");
}

#[test]
fn who_waits_may_claim_their_rights_and_waits_on() {
    let mut sim = Sim::new(Bot::parse(TAXI, "taxi.toml").unwrap());
    sim.input(Input::Answered);
    sim.say("an agent");
    sim.listen();
    sim.input(Input::Person(PersonNews::Waiting { place: 1, wait: None }));
    sim.say("please don't record me");
    sim.listen();
    assert!(sim.outputs.iter().any(|output| matches!(output, Output::StopRecording { .. })));
    sim.pass(Duration::from_secs(60));
    assert_eq!(sim.hung_up, None);
    sim.say("call me back");
    sim.listen();
    assert_eq!(sim.hung_up, Some(HangUpReason::CallBack));
}

#[test]
fn a_caller_in_vietnamese_hears_it_all_in_vietnamese() {
    let bot = TAXI
        .replace("language = \"en\"", "language = \"vi\"")
        .replace("\"i lost something\"", "\"tôi mất đồ\"")
        .replace("\"a taxi\", \"order a taxi\"", "\"gọi xe\"");
    let mut sim = Sim::new(Bot::parse(&bot, "taxi.toml").unwrap());
    sim.input(Input::Answered);
    sim.say("gặp nhân viên");
    sim.listen();
    let wait = Some(Duration::from_secs(60));
    sim.input(Input::Person(PersonNews::Waiting { place: 2, wait }));
    sim.listen();
    let seen = sim.look().join(" ");
    for said in
        ["tôi xin nối máy đến nhân viên", "Khách gọi, chưa có yêu cầu", "vị trí số hai", "khoảng một phút", "phím một"]
    {
        assert!(seen.contains(said), "{said}: {seen}");
    }
    sim.input(Input::Person(PersonNews::Failed(PersonFault::TooLong)));
    sim.listen();
    assert!(sim.look().join(" ").contains("các nhân viên vẫn đang bận"));
    sim.say("gặp nhân viên");
    sim.listen();
    sim.input(Input::Person(PersonNews::Waiting { place: 1, wait: None }));
    sim.say("gọi lại cho tôi nhé");
    sim.listen();
    let seen = sim.look().join(" ");
    assert!(seen.contains("Quý khách là người tiếp theo") && seen.contains("chúng tôi sẽ gọi lại"), "{seen}");
    assert_eq!(sim.hung_up, Some(HangUpReason::CallBack));
}

#[test]
fn a_name_that_is_no_destinations_is_refused_with_its_key() {
    for (file, key) in [
        (TAXI.replace("person = \"front-desk\"", "person = \"front desk\""), "`person`"),
        (TAXI.replace("person = \"lost-property\"", "person = \"\""), "`task[1].person`"),
    ] {
        let fault = Bot::parse(&file, "taxi.toml").unwrap_err().to_string();
        assert!(fault.contains(key) && fault.contains("[destinations.NAME]"), "{fault}");
    }
}
