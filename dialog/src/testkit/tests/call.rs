//! What traces do not show.
use super::*;

#[test]
fn history_holds_what_was_heard_to_the_word() {
    let mut sim = sim(BOOKING);
    // "Hello, this is the room booking line." begins after the disclosure.
    while sim.look().iter().all(|_| true) && sim.line.playing().is_some_and(|text| !text.starts_with("Would")) {
        sim.pass(Duration::from_millis(20));
    }
    sim.pass(Duration::from_millis(1_500));
    sim.speak(Some("book a room"), Duration::from_millis(700));
    sim.pass(Duration::from_millis(300));
    let lines = sim.talk.history();
    let cut = lines.iter().find_map(|l| match l {
        Line::Bot { text, heard, cut: true } if text.starts_with("Would") => Some(heard.clone()),
        _ => None,
    });
    let heard = cut.expect("the question was cut");
    assert!("Would you like to book a room, or cancel a booking?".starts_with(&heard), "{heard}");
    assert!(heard.split(' ').count() >= 4 && !heard.ends_with(' ') && heard.len() < 50, "{heard}");
    assert!(lines.contains(&Line::Caller { text: "book a room".into() }));
}

#[test]
fn keys_beat_words_of_the_same_turn() {
    let mut sim = sim(BOOKING);
    sim.say("book a room");
    sim.listen();
    sim.speak(Some("boston"), Duration::from_millis(600));
    sim.look();
    sim.key("3");
    sim.pass(Duration::from_millis(1_500));
    assert_eq!(sim.look()[..2], ["keys: 3", "place = \"new york\" ✓"]);
}

#[test]
fn a_pause_inside_an_answer_does_not_end_it() {
    let mut sim = sim(BOOKING);
    for words in ["book a room", "boston", "today"] {
        sim.say(words);
    }
    sim.listen();
    sim.look();
    sim.speak(Some("two"), Duration::from_millis(300));
    sim.pass(Duration::from_millis(350));
    sim.speak(Some("two thirty p m"), Duration::from_millis(800));
    sim.pass(Duration::from_millis(100));
    assert_eq!(sim.look()[..2], ["caller: two thirty p m", "time = \"14:30\""]);
}

#[test]
fn a_complete_answer_is_taken_within_300_ms_of_silence() {
    let mut sim = sim(BOOKING);
    sim.say("book a room");
    sim.listen();
    sim.look();
    sim.speak(Some("mountain view"), Duration::from_millis(800));
    // 200 ms of silence and 20 ms of recognition lie behind it.
    assert!(sim.look().is_empty());
    sim.pass(Duration::from_millis(80));
    assert_eq!(sim.look()[0], "caller: mountain view");
}

#[test]
fn words_that_never_come_are_asked_for_again() {
    let mut sim = sim(BOOKING);
    sim.say("book a room");
    sim.listen();
    sim.look();
    sim.input(Input::SpeechStarted);
    sim.pass(Duration::from_millis(900));
    sim.input(Input::SpeechStopped { ago: Duration::from_millis(200), spoke: Duration::ZERO });
    sim.pass(Duration::from_millis(5_700));
    assert!(sim.look().is_empty());
    sim.pass(Duration::from_millis(150));
    assert_eq!(sim.look()[0], "bot: Sorry, I did not understand that.");
}

#[test]
fn a_recogniser_that_may_need_longer_is_waited_for_longer() {
    for (patience, asked_after) in [(2_000, 6_000), (9_000, 9_000), (60_000, 20_000)] {
        let bot = Arc::new(Bot::parse(BOOKING, "test").unwrap());
        let mut sim = Sim::with(Conversation::new(bot, today()).with_patience(Duration::from_millis(patience)));
        sim.input(Input::Answered);
        sim.listen();
        sim.look();
        sim.input(Input::SpeechStarted);
        sim.pass(Duration::from_millis(900));
        sim.input(Input::SpeechStopped { ago: Duration::ZERO, spoke: Duration::ZERO });
        sim.pass(Duration::from_millis(asked_after - 50));
        assert!(sim.look().is_empty());
        if patience == 9_000 {
            sim.input(Input::Words { text: Some("book a room".into()), confidence: 0.9, is_final: true });
            assert_eq!(sim.look()[0], "caller: book a room");
        } else {
            sim.pass(Duration::from_millis(100));
            assert_eq!(sim.look()[0], "bot: Sorry, I did not understand that.");
        }
    }
}

#[test]
fn a_bot_without_a_voice_ends_the_call() {
    let mut sim = sim(BOOKING);
    for say in 1..=4 {
        sim.input(Input::Mute { say: SayId(say) });
    }
    assert_eq!(sim.hung_up, Some(HangUpReason::CannotSpeak));
}

#[test]
fn lost_sound_does_not_stop_a_conversation() {
    let mut talk = Conversation::new(Arc::new(Bot::parse(BOOKING, "test").unwrap()), today());
    let mut now = Instant::now();
    talk.handle(now, Input::Answered);
    // Nobody ever reports that anything was heard: it ends all the same.
    for _ in 0..400 {
        while talk.poll().is_some() {}
        let Some((at, _)) = talk.deadline() else { break };
        now = at;
        talk.handle(now, Input::Tick);
    }
    assert!(talk.ended());
}

#[test]
fn each_prompt_is_listened_for_before_it_is_said() {
    let mut sim = sim(BOOKING);
    for words in ["book a room", "boston", "today"] {
        sim.say(words);
    }
    let mut listening = false;
    let mut questions = 0;
    for output in &sim.outputs {
        match output {
            Output::Listen(expect) => {
                assert!(expect.grammar.contains("public <turn>"));
                listening = true;
            }
            Output::Complete => {
                assert!(listening);
                questions += 1;
            }
            Output::Turn { .. } => listening = false,
            _ => {}
        }
    }
    assert_eq!(questions, 4);
}

#[test]
fn no_debug_text_holds_a_word_a_key_or_a_value() {
    let mut sim = sim(DESK);
    let inputs = [
        Input::Words { text: Some("zanzibar".into()), confidence: 0.9, is_final: true },
        Input::Key('7'),
        Input::ToolDone { id: ToolId(9), result: Ok(serde_json::json!({"name": "zanzibar"})) },
    ];
    let shown = format!("{inputs:?}");
    assert!(!shown.contains("zanzibar") && !shown.contains('7'), "{shown}");
    sim.say("leave a message");
    sim.say("zanzibar is lovely");
    sim.say("start again");
    sim.say("reset my password");
    sim.key("482199");
    sim.key("1");
    let shown = format!("{:?} {:?}", sim.outputs, sim.talk.history());
    assert!(!shown.contains("zanzibar") && !shown.contains("4821"), "{shown}");
    let secret = |o: &Output| match o {
        Output::Say { clause, .. } => clause.written().contains("4821") || clause.said().contains("four eight"),
        Output::Turn { text, .. } => text.contains("4821") || text.contains("four eight"),
        Output::Slot { value, .. } => value.as_ref().is_some_and(|v| v.to_string().contains("4821")),
        _ => false,
    };
    assert!(!sim.outputs.iter().any(secret));
    assert!(sim.talk.history().iter().all(|l| !matches!(l, Line::Caller { text } if text.contains("4821"))));
}

#[test]
fn a_caller_who_never_stops_asking_is_let_go() {
    let mut sim = sim(BOOKING);
    for _ in 0..200 {
        sim.say("repeat");
        if sim.hung_up.is_some() {
            break;
        }
    }
    assert_eq!(sim.hung_up, Some(HangUpReason::TooManyTurns));
}
