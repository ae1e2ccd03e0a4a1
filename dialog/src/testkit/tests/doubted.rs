//! What cannot be undone and was heard doubtfully is asked about before it is done, in both languages.
use super::*;

const EN: &str = r#"
name = "house"
language = "en"
greeting = "Hello."
closing = "Bye now."
person = "desk"
[[task]]
name = "order"
say = "a pizza"
phrases = ["order a pizza"]
slots = ["size", "people"]
confirm = "One {size} pizza for {people}. Is that right?"
on_done = { say = "It is ordered.", then = "ask" }
[[task]]
name = "lost"
say = "something lost"
phrases = ["i lost something"]
slots = ["code"]
on_done = { say = "Noted.", then = "ask" }
[[task]]
name = "light"
say = "switching off the light"
phrases = ["switch off the light"]
on_done = { url = "http://127.0.0.1:1/off", say = "It is off." }
[[slot]]
name = "size"
type = "choice"
values = ["small", "large"]
prompt = "Which size?"
[[slot]]
name = "people"
type = "number"
min = 1
max = 9
prompt = "For how many?"
[[slot]]
name = "code"
type = "digits"
length = 4
prompt = "Which number?"
"#;

const VI: &str = r#"
name = "nhà"
language = "vi"
greeting = "Xin chào."
closing = "Tạm biệt."
person = "desk"
[[task]]
name = "order"
say = "đặt bánh"
phrases = ["đặt bánh"]
slots = ["size", "people"]
confirm = "Bánh {size} cho {people}, đúng không?"
on_done = { say = "Đã đặt.", then = "ask" }
[[task]]
name = "lost"
say = "báo mất đồ"
phrases = ["tôi mất đồ"]
slots = ["code"]
on_done = { say = "Đã ghi.", then = "ask" }
[[task]]
name = "light"
say = "tắt đèn"
phrases = ["tắt đèn"]
on_done = { url = "http://127.0.0.1:1/off", say = "Đã tắt." }
[[slot]]
name = "size"
type = "choice"
values = ["nhỏ", "lớn"]
prompt = "Cỡ nào?"
[[slot]]
name = "people"
type = "number"
min = 1
max = 9
unit = ["người"]
prompt = "Cho mấy người?"
[[slot]]
name = "code"
type = "digits"
length = 4
prompt = "Số mấy?"
"#;

/// The confidence in a hearing that is asked about.
const DOUBTFUL: f32 = 0.45;

/// A call in which this was said and heard well.
fn after(bot: &str, said: &[&str]) -> Sim {
    let mut sim = Sim::new(Bot::parse(bot, "test.toml").unwrap_or_else(|e| panic!("{e}")));
    sim.input(Input::Answered);
    said.iter().for_each(|words| sim.say(words));
    sim.listen();
    sim.look();
    sim
}

/// What happens after words that are heard so well.
fn heard(sim: &mut Sim, words: &str, confidence: f32) -> Vec<String> {
    let usual = std::mem::replace(&mut sim.confidence, confidence);
    sim.say(words);
    sim.listen();
    sim.confidence = usual;
    sim.look()
}

fn says(seen: &[String], text: &str) -> bool {
    let said: Vec<&str> = seen.iter().filter_map(|line| line.strip_prefix("bot: ")).collect();
    said.join(" ").contains(text)
}

/// Something that cannot be undone: what was said before, the question that is open, the words, the question about them, and what is seen where
/// they were meant.
struct Case {
    bot: &'static str,
    before: &'static [&'static str],
    open: &'static str,
    words: &'static str,
    question: &'static str,
    done: &'static str,
}

const fn case(
    bot: &'static str,
    before: &'static [&'static str],
    open: &'static str,
    words: &'static str,
    question: &'static str,
    done: &'static str,
) -> Case {
    Case { bot, before, open, words, question, done }
}

const ALL_EN: &[&str] = &["order a pizza", "large", "for two"];
const ALL_VI: &[&str] = &["đặt bánh", "lớn", "hai người"];
const DONE_EN: &[&str] = &["order a pizza", "large", "for two", "yes"];
const DONE_VI: &[&str] = &["đặt bánh", "lớn", "hai người", "đúng"];
const SIZE_EN: &[&str] = &["order a pizza", "large"];
const SIZE_VI: &[&str] = &["đặt bánh", "lớn"];
const TASK_EN: &str = "What can I do for you?";
const TASK_VI: &str = "Tôi có thể giúp gì cho quý khách?";
const PEOPLE_EN: &str = "For how many?";
const PEOPLE_VI: &str = "Cho mấy người?";
const REVIEW_EN: &str = "One large pizza for two. Is that right?";
const REVIEW_VI: &str = "Bánh lớn cho hai người, đúng không?";
const ELSE_EN: &str = "Is there anything else I can do for you?";
const ELSE_VI: &str = "Quý khách còn cần gì nữa không?";

const CASES: [Case; 20] = [
    case(
        EN,
        &[],
        TASK_EN,
        "a person",
        "Do you want to speak to a person?",
        "find desk: A caller, no request yet. next -",
    ),
    case(
        EN,
        SIZE_EN,
        PEOPLE_EN,
        "a human",
        "Do you want to speak to a person?",
        "find desk: a pizza: large. next people",
    ),
    case(EN, SIZE_EN, PEOPLE_EN, "goodbye", "Do you want to end the call?", "end: caller said goodbye"),
    case(EN, SIZE_EN, PEOPLE_EN, "start over", "Do you want to start again?", "size = -"),
    case(EN, SIZE_EN, PEOPLE_EN, "go back", "Do you want to go back?", "size = -"),
    case(EN, SIZE_EN, PEOPLE_EN, "cancel", "Do you want to stop here?", "size = -"),
    case(EN, SIZE_EN, PEOPLE_EN, "i lost something", "Is it about something lost?", "bot: Which number?"),
    case(
        EN,
        &[],
        TASK_EN,
        "switch off the light",
        "Is it about switching off the light?",
        "run Post http://127.0.0.1:1/off {\"task\":\"light\"}",
    ),
    case(EN, ALL_EN, REVIEW_EN, "yes", "Did you say yes?", "bot: It is ordered."),
    case(EN, DONE_EN, ELSE_EN, "no", "Do you want to end the call?", "end: done"),
    case(
        VI,
        &[],
        TASK_VI,
        "gặp nhân viên",
        "Quý khách muốn gặp nhân viên phải không?",
        "find desk: Khách gọi, chưa có yêu cầu. next -",
    ),
    case(
        VI,
        SIZE_VI,
        PEOPLE_VI,
        "gặp nhân viên",
        "Quý khách muốn gặp nhân viên phải không?",
        "find desk: đặt bánh: lớn. next people",
    ),
    case(
        VI,
        SIZE_VI,
        PEOPLE_VI,
        "tạm biệt",
        "Quý khách muốn kết thúc cuộc gọi phải không?",
        "end: caller said goodbye",
    ),
    case(VI, SIZE_VI, PEOPLE_VI, "bắt đầu lại", "Quý khách muốn bắt đầu lại từ đầu phải không?", "size = -"),
    case(VI, SIZE_VI, PEOPLE_VI, "trở lại", "Quý khách muốn trở lại bước trước phải không?", "size = -"),
    case(VI, SIZE_VI, PEOPLE_VI, "hủy", "Quý khách muốn dừng lại phải không?", "size = -"),
    case(VI, SIZE_VI, PEOPLE_VI, "tôi mất đồ", "Quý khách muốn báo mất đồ phải không?", "bot: Số mấy?"),
    case(
        VI,
        &[],
        TASK_VI,
        "tắt đèn",
        "Quý khách muốn tắt đèn phải không?",
        "run Post http://127.0.0.1:1/off {\"task\":\"light\"}",
    ),
    case(VI, ALL_VI, REVIEW_VI, "đúng", "Quý khách vừa nói đồng ý phải không?", "bot: Đã đặt."),
    case(VI, DONE_VI, ELSE_VI, "không", "Quý khách muốn kết thúc cuộc gọi phải không?", "end: done"),
];

fn yes_and_no(bot: &str) -> [&'static str; 2] {
    if bot == EN { ["yes", "no"] } else { ["đúng", "không"] }
}

#[test]
fn what_cannot_be_undone_is_asked_about_and_done_after_a_yes() {
    for Case { bot, before, words, question, done, .. } in &CASES {
        let mut sim = after(bot, before);
        let seen = heard(&mut sim, words, DOUBTFUL);
        assert!(says(&seen, question), "{words}: {seen:?}");
        assert!(!seen.iter().any(|line| line == done), "{words} was done: {seen:?}");
        let seen = heard(&mut sim, yes_and_no(bot)[0], 0.9);
        assert!(seen.iter().any(|line| line == done), "{words}: {seen:?}");
    }
}

#[test]
fn a_no_and_silence_bring_the_open_question_back() {
    for Case { bot, before, open, words, done, .. } in &CASES {
        let stops = ["cancel", "hủy"].contains(words);
        // Whether to stop is asked twice, as it always was.
        for answer in [Some(yes_and_no(bot)[1]), None].into_iter().filter(|answer| answer.is_some() || !stops) {
            let mut sim = after(bot, before);
            heard(&mut sim, words, DOUBTFUL);
            let seen = match answer {
                Some(no) => heard(&mut sim, no, 0.9),
                None => {
                    sim.pass(Duration::from_millis(9_000));
                    sim.look()
                }
            };
            assert!(says(&seen, open), "{words}, {answer:?}: {seen:?}");
            assert!(!seen.iter().any(|line| line == done), "{words}, {answer:?}, was done: {seen:?}");
            assert_eq!(sim.hung_up, None);
        }
    }
}

#[test]
fn what_was_heard_well_is_done_at_once() {
    for Case { bot, before, words, question, done, .. } in
        CASES.iter().filter(|case| !["cancel", "hủy"].contains(&case.words))
    {
        let mut sim = after(bot, before);
        let seen = heard(&mut sim, words, 0.9);
        assert!(!says(&seen, question) && seen.iter().any(|line| line == done), "{words}: {seen:?}");
    }
}

#[test]
fn a_command_takes_more_confidence_than_an_answer() {
    for (bot, before, command, question, answered) in [
        (EN, ALL_EN, "a human", "Do you want to speak to a person?", "It is ordered."),
        (VI, ALL_VI, "gặp nhân viên", "Quý khách muốn gặp nhân viên phải không?", "Đã đặt."),
    ] {
        assert!(says(&heard(&mut after(bot, before), command, 0.6), question));
        assert!(says(&heard(&mut after(bot, before), yes_and_no(bot)[0], 0.6), answered));
    }
}

#[test]
fn an_answer_to_the_open_question_is_taken_and_nothing_is_asked_again() {
    for (bot, words, answer, filled) in
        [(EN, "a human", "for three", "people = 3"), (VI, "gặp nhân viên", "ba người", "people = 3")]
    {
        let mut sim = after(bot, if bot == EN { SIZE_EN } else { SIZE_VI });
        heard(&mut sim, words, DOUBTFUL);
        let seen = heard(&mut sim, answer, 0.9);
        assert!(seen.iter().any(|line| line == filled), "{seen:?}");
        let review = if bot == EN {
            "One large pizza for three. Is that right?"
        } else {
            "Bánh lớn cho ba người, đúng không?"
        };
        assert!(says(&seen, review), "{seen:?}");
        // The yes belongs to the read-back.
        let seen = heard(&mut sim, yes_and_no(bot)[0], 0.9);
        assert!(says(&seen, if bot == EN { "It is ordered." } else { "Đã đặt." }), "{seen:?}");
    }
}

#[test]
fn who_says_it_again_means_it_and_so_does_the_key() {
    for (bot, words) in [(EN, "a person"), (EN, "i want to speak to a human"), (VI, "gặp nhân viên")] {
        let mut sim = after(bot, &[]);
        heard(&mut sim, words, DOUBTFUL);
        let seen = heard(&mut sim, words, DOUBTFUL);
        assert!(seen.iter().any(|line| line.starts_with("find desk")), "{words}: {seen:?}");
    }
    for (key, found) in [("1", true), ("2", false)] {
        let mut sim = after(EN, SIZE_EN);
        heard(&mut sim, "a person", DOUBTFUL);
        sim.key(key);
        sim.pass(Duration::from_millis(1_000));
        let seen = sim.look();
        assert_eq!(seen.iter().any(|line| line.starts_with("find desk")), found, "{seen:?}");
        assert_eq!(says(&seen, PEOPLE_EN), !found, "{seen:?}");
    }
}

#[test]
fn the_question_is_repeated_where_it_was_not_caught() {
    for (bot, words, question) in [
        (EN, "could you repeat that", "Do you want to end the call?"),
        (VI, "nhắc lại", "Quý khách muốn kết thúc cuộc gọi phải không?"),
    ] {
        let mut sim = after(bot, &[]);
        heard(&mut sim, if bot == EN { "goodbye" } else { "tạm biệt" }, DOUBTFUL);
        assert!(says(&heard(&mut sim, words, 0.9), question));
        heard(&mut sim, yes_and_no(bot)[0], 0.9);
        assert_eq!(sim.hung_up, Some(HangUpReason::Goodbye));
    }
}

#[test]
fn a_yes_before_the_question_was_heard_does_nothing_yet() {
    let mut sim = after(EN, &[]);
    sim.confidence = DOUBTFUL;
    sim.speak(Some("goodbye"), Duration::from_millis(500));
    sim.confidence = 0.9;
    sim.pass(Duration::from_millis(600));
    sim.speak(Some("yes"), Duration::from_millis(300));
    sim.pass(Duration::from_millis(1_100));
    let seen = sim.look();
    assert_eq!(sim.hung_up, None, "{seen:?}");
    sim.listen();
    heard(&mut sim, "yes", 0.9);
    assert_eq!(sim.hung_up, Some(HangUpReason::Goodbye));
}

#[test]
fn a_television_that_calls_for_a_person_again_and_again_is_no_misunderstood_turn() {
    let mut sim = after(EN, SIZE_EN);
    for _ in 0..8 {
        let seen = heard(&mut sim, "a human", DOUBTFUL);
        assert!(says(&seen, "Do you want to speak to a person?"), "{seen:?}");
        assert!(says(&heard(&mut sim, "no", 0.9), PEOPLE_EN));
    }
    assert_eq!(sim.hung_up, None);
    assert!(heard(&mut sim, "for two", 0.9).iter().any(|line| line == "people = 2"));
}

#[test]
fn who_waits_for_a_person_loses_their_place_by_nothing_that_was_heard_doubtfully() {
    for (bot, words, question, done) in [
        (EN, "goodbye", "Do you want to end the call?", "end: caller said goodbye"),
        (EN, "go back", "Do you want to stop here?", "person: Stop"),
        (EN, "call me back", "Do you want to be called back?", "person: CallBack"),
        (VI, "tạm biệt", "Quý khách muốn kết thúc cuộc gọi phải không?", "end: caller said goodbye"),
        (VI, "trở lại", "Quý khách muốn dừng lại phải không?", "person: Stop"),
        (VI, "gọi lại cho tôi", "Quý khách muốn được gọi lại phải không?", "person: CallBack"),
    ] {
        let mut sim = after(bot, &[if bot == EN { "a person" } else { "gặp nhân viên" }]);
        let [yes, no] = yes_and_no(bot);
        for answer in [no, yes] {
            sim.input(Input::Person(PersonNews::Waiting { place: 3, wait: None }));
            sim.listen();
            sim.look();
            let seen = heard(&mut sim, words, DOUBTFUL);
            assert!(says(&seen, question) && !seen.iter().any(|line| line == done), "{words}: {seen:?}");
            let seen = heard(&mut sim, answer, 0.9);
            assert_eq!(seen.iter().any(|line| line == done), answer == yes, "{words}: {seen:?}");
        }
    }
}

#[test]
fn a_caller_who_is_asked_about_a_command_can_still_give_a_secret() {
    let bot = EN.replace("type = \"number\"\nmin = 1\nmax = 9", "type = \"digits\"\nlength = 4\nsecret = true");
    let mut sim = after(&bot, SIZE_EN);
    heard(&mut sim, "a human", DOUBTFUL);
    let seen = heard(&mut sim, "one two three four", 0.9);
    assert!(!seen.iter().any(|line| line.contains("one two")), "{seen:?}");
    assert!(seen.iter().any(|line| line.starts_with("people = \"****\"")), "{seen:?}");
}
