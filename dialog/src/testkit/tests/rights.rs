//! Callers who do not want to be recorded, and who ask whether a machine speaks.
use super::*;

fn said(trace: &[String]) -> Vec<&str> {
    trace.iter().filter_map(|line| line.strip_prefix("bot: ")).collect()
}

fn stops(trace: &[String]) -> usize {
    trace.iter().filter(|line| line.starts_with("recording stops")).count()
}

#[test]
fn recording_stops_before_it_is_said_and_the_bot_goes_on_with_its_question() {
    let mut sim = sim(DESK);
    sim.say("reset my password");
    sim.listen();
    sim.look();
    sim.say("please don't record this call");
    let trace = sim.look();
    let place = |line: &str| trace.iter().position(|one| one == line).unwrap_or_else(|| panic!("{trace:#?}"));
    assert!(place("recording stops: kept") < place("bot: All right, this call is not recorded any more."));
    assert_eq!(said(&trace), ["All right, this call is not recorded any more.", "Your pin, please."]);
}

#[test]
fn what_else_was_said_is_taken_and_free_text_is_kept() {
    let mut sim = sim(DESK);
    sim.say("don't record me i want to leave a message");
    let trace = sim.look();
    assert_eq!(stops(&trace), 1, "{trace:#?}");
    assert_eq!(said(&trace).last(), Some(&"What is your message?"));
    sim.say("stop recording");
    let trace = sim.look();
    assert_eq!((stops(&trace), said(&trace).last()), (1, Some(&"What is your message?")), "no message: {trace:#?}");
    sim.say("do not record this the printer on the second floor is broken");
    let trace = sim.look();
    assert_eq!((stops(&trace), said(&trace).last()), (1, Some(&"Is it urgent?")), "{trace:#?}");
}

#[test]
fn a_file_says_what_becomes_of_what_was_recorded_before() {
    let mut sim = sim(&format!("recorded_before = \"drop\"\n{DESK}"));
    sim.say("don't record me");
    assert!(sim.look().contains(&"recording stops: dropped".to_owned()));
}

#[test]
fn who_asks_for_a_machine_is_told_the_truth_and_offered_a_person_and_it_never_counts() {
    let mut sim = sim(DESK);
    sim.say("reset my password");
    for asked in
        ["are you a robot", "am I talking to a machine", "are you human", "is this a real person", "are you a bot"]
    {
        sim.look();
        sim.say(asked);
        let trace = sim.look();
        let expected = [
            "Yes, I am an automated assistant,",
            "not a person.",
            "If you would rather talk to one,",
            "just say: a person.",
            "Your pin, please.",
        ];
        assert_eq!(said(&trace).join(" "), expected.join(" "), "{asked}");
        sim.listen();
    }
    assert!(sim.hung_up.is_none());
    let without = format!("{DESK}\n[commands]\nperson = []\n");
    let mut sim = super::sim(&without);
    sim.say("are you a robot");
    let trace = sim.look();
    assert!(!said(&trace).join(" ").contains("just say"), "{trace:#?}");
}

#[test]
fn both_are_heard_in_vietnamese() {
    let mut sim = sim(PLACES);
    sim.say("đừng ghi âm cuộc gọi này");
    let trace = sim.look();
    assert_eq!(stops(&trace), 1, "{trace:#?}");
    assert!(said(&trace).join(" ").contains("từ giờ cuộc gọi này không ghi âm nữa"), "{trace:#?}");
    sim.say("em là máy hả");
    assert!(said(&sim.look()).join(" ").contains("tôi là trợ lý tự động"));
}

#[test]
fn a_disclosure_is_made_when_all_of_it_was_heard() {
    let mut sim = sim(BOOKING);
    assert!(!sim.talk.is_disclosed());
    sim.pass(Duration::from_millis(2_000));
    assert!(!sim.talk.is_disclosed());
    sim.listen();
    assert!(sim.talk.is_disclosed());
    // Cut off by keys again and again: it is made anew only while somebody waits to listen.
    let mut sim = super::sim(BOOKING);
    sim.pass(Duration::from_millis(500));
    let made = |sim: &mut Sim| said(&sim.look()).iter().filter(|line| line.starts_with("You are speaking")).count();
    assert_eq!(made(&mut sim), 1);
    sim.key("1");
    assert_eq!(made(&mut sim), 1);
    sim.key("3");
    assert_eq!((made(&mut sim), sim.talk.is_disclosed()), (0, false));
    sim.input(Input::ListenerWaits(true));
    sim.key("1204");
    assert_eq!(made(&mut sim), 1);
    sim.listen();
    assert!(sim.talk.is_disclosed());
}

#[test]
fn a_bot_that_discloses_nothing_lets_nobody_listen_and_one_that_says_nothing_of_it_has_the_usual_sentence() {
    let parse = |text: &str| Bot::parse(text, "desk").unwrap().disclosed();
    let bot = parse(&format!("disclosure = \"\"\n{DESK}"));
    assert_eq!((bot.disclosure, bot.lets_listen), (None, false));
    assert_eq!(parse(DESK).disclosure.as_deref(), Some("This call may be monitored."));
    let own = parse(&format!("disclosure = \"We listen.\"\n{DESK}"));
    assert_eq!((own.disclosure.as_deref(), own.lets_listen), (Some("We listen."), true));
}
