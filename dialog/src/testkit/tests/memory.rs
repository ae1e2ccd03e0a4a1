//! Callers who are known: what they gave is offered and taken after a yes, kept after their consent, and forgotten at their wish.
use super::*;
use crate::bot::Language;
use crate::memory::{KnownFact, Memory, MemoryNews, Promise, PromiseKind};
use jiff::civil::date;
use serde_json::json;

const SHOP: &str = r#"
name = "shop"
language = "en"
disclosure = "This call is recorded."
greeting = "Hello {caller.name}, what can I do for you?"
[memory]
keep = ["name", "size"]
consent = "CONSENT"
days = 30
[[slot]]
name = "name"
type = "name"
prompt = "Your name, please?"
confirm = "never"
[[slot]]
name = "size"
type = "choice"
values = ["small", "large"]
prompt = "Small or large?"
[[slot]]
name = "day"
type = "date"
prompt = "On which day?"
[[task]]
name = "order"
phrases = ["place an order"]
slots = ["name", "size", "day"]
on_done = { say = "Ordered.", then = "ask" }
[[task]]
name = "cancel"
phrases = ["cancel an order"]
slots = ["name"]
on_done = { say = "Cancelled.", then = "ask" }
"#;

fn known(facts: &[(&str, serde_json::Value)], agreed: bool) -> Memory {
    let on = date(2026, 11, 1);
    let fact = |(name, value): &(&str, serde_json::Value)| KnownFact { name: (*name).into(), value: value.clone(), on };
    Memory { agreed, facts: facts.iter().map(fact).collect(), ..Memory::default() }
}

fn call(consent: &str, memory: Option<Memory>) -> Sim {
    let bot = Bot::parse(&SHOP.replace("CONSENT", consent), "shop.toml").unwrap_or_else(|e| panic!("{e}"));
    let bot = Arc::new(bot);
    let bot = memory.map_or(bot.clone(), |memory| bot.with_memory(memory));
    let mut sim = Sim::with(Conversation::new(bot, today()));
    sim.input(Input::Answered);
    sim.listen();
    sim
}

/// All that the bot says.
fn said(trace: &[String]) -> String {
    trace.iter().filter_map(|line| line.strip_prefix("bot: ")).collect::<Vec<_>>().join(" ")
}

/// What goes to the store.
fn kept(trace: &[String]) -> Vec<&str> {
    trace.iter().map(String::as_str).filter(|line| line.starts_with("remember") || line.starts_with("memory")).collect()
}

fn part(sim: &mut Sim) -> Vec<MemoryNews> {
    sim.line.talk.part();
    let mut all = Vec::new();
    while let Some(output) = sim.line.talk.poll() {
        if let Output::Memory(news) = output {
            all.push(news);
        }
    }
    all
}

#[test]
fn what_is_known_is_offered_by_a_question_and_taken_after_a_yes() {
    let mut sim = call("told", Some(known(&[("name", json!("Anna"))], true)));
    assert_eq!(said(&sim.look()), "This call is recorded. Hello Anna, what can I do for you?");
    sim.say("place an order");
    let trace = sim.look();
    assert_eq!(said(&trace), "Is it Anna again?");
    assert!(!trace.iter().any(|line| line.starts_with("name =")), "taken in silence: {trace:#?}");
    sim.say("yes");
    let trace = sim.look();
    assert!(trace.contains(&"name = \"Anna\" ✓".to_owned()), "{trace:#?}");
    assert_eq!(said(&trace), "Small or large?");
}

#[test]
fn a_no_is_asked_the_question_itself_and_another_value_is_taken() {
    let memory = || Some(known(&[("name", json!("Anna")), ("size", json!("small"))], true));
    let mut sim = call("told", memory());
    sim.say("place an order");
    sim.look();
    sim.say("no");
    assert_eq!(said(&sim.look()), "Your name, please?");
    sim.say("Bob");
    assert_eq!(said(&sim.look()), "Is it small again?");
    sim.say("no, large");
    let trace = sim.look();
    assert!(trace.iter().any(|line| line.starts_with("size = \"large\"")), "{trace:#?}");
    assert_eq!(said(&trace), "On which day?");
    // What is said before it is asked needs no offer.
    let mut sim = call("told", memory());
    sim.say("place an order, large please");
    sim.say("yes");
    assert!(said(&sim.look()).ends_with("On which day?"));
}

#[test]
fn a_value_that_the_slot_does_not_take_any_more_is_not_offered() {
    let mut sim = call("told", Some(known(&[("size", json!("medium")), ("name", json!(7))], true)));
    sim.say("place an order");
    assert!(said(&sim.look()).ends_with("Your name, please?"));
}

#[test]
fn who_is_asked_and_agrees_is_remembered_and_who_does_not_is_not() {
    for (answer, agrees) in [("yes please", true), ("no", false), ("hmm the weather", false)] {
        let mut sim = call("ask", Some(Memory::default()));
        assert_eq!(said(&sim.look()), "This call is recorded. Hello, what can I do for you?");
        sim.say("cancel an order");
        sim.say("Bob");
        let trace = sim.look();
        assert!(said(&trace).ends_with("May I remember this for the next time you call?"), "{trace:#?}");
        assert_eq!(kept(&trace), Vec::<&str>::new());
        sim.say(answer);
        let trace = sim.look();
        let all = if agrees {
            vec!["memory: Agreed(true)", "remember name = \"Bob\""]
        } else {
            vec!["memory: Agreed(false)"]
        };
        assert_eq!(kept(&trace), all, "{answer}");
        assert!(said(&trace).ends_with("Is there anything else I can do for you?"));
        // Asked once.
        sim.say("cancel an order");
        sim.say("Eve");
        let trace = sim.look();
        assert_eq!(kept(&trace), if agrees { vec!["remember name = \"Eve\""] } else { vec![] });
        assert!(said(&trace).ends_with("Is there anything else I can do for you?"));
        assert_eq!(part(&mut sim).contains(&MemoryNews::Language(Language::En)), agrees);
    }
}

#[test]
fn another_task_in_place_of_an_answer_is_no_consent() {
    let mut sim = call("ask", Some(Memory::default()));
    sim.say("cancel an order");
    sim.say("Bob");
    sim.look();
    sim.say("place an order");
    assert_eq!(said(&sim.look()), "Your name, please?");
    assert_eq!(part(&mut sim), []);
}

#[test]
fn who_was_told_is_remembered_after_they_have_heard_it() {
    let mut sim = call("told", Some(Memory::default()));
    let trace = sim.look();
    assert!(said(&trace).contains("I will remember what you tell me for the next time;"), "{trace:#?}");
    sim.say("cancel an order");
    sim.say("Bob");
    assert_eq!(kept(&sim.look()), ["memory: Agreed(true)", "remember name = \"Bob\""]);
    // Who is known was told before.
    let mut sim = call("told", Some(known(&[], true)));
    assert_eq!(said(&sim.look()), "This call is recorded. Hello, what can I do for you?");
}

#[test]
fn nothing_is_kept_or_read_where_the_bot_never_remembers_or_the_caller_has_no_number() {
    let never = SHOP.replace("{caller.name}", "").replace("CONSENT", "never");
    let bot = Arc::new(Bot::parse(&never, "shop.toml").unwrap());
    let mut sim = Sim::with(Conversation::new(bot.with_memory(known(&[("name", json!("Anna"))], true)), today()));
    sim.input(Input::Answered);
    for mut sim in [sim, call("ask", None), call("told", None)] {
        sim.listen();
        sim.say("cancel an order");
        assert!(said(&sim.look()).ends_with("Your name, please?"));
        sim.say("Bob");
        let trace = sim.look();
        assert!(said(&trace).ends_with("Is there anything else I can do for you?"));
        assert_eq!((kept(&trace), part(&mut sim)), (vec![], vec![]));
    }
}

#[test]
fn who_wants_to_be_forgotten_is_at_any_question() {
    let memory = || Some(known(&[("name", json!("Anna"))], true));
    let mut sim = call("told", memory());
    sim.say("place an order");
    sim.look();
    sim.say("forget me please");
    let trace = sim.look();
    assert_eq!(kept(&trace), ["memory: Forget"]);
    assert_eq!(said(&trace), "All right, I have forgotten what I knew about you. Your name, please?");
    sim.say("Bob");
    assert_eq!(kept(&sim.look()), Vec::<&str>::new(), "nothing is kept after that");
    assert_eq!(part(&mut sim), []);
    // Where nothing is kept that is said.
    let mut sim = call("told", None);
    sim.look();
    sim.say("delete my data");
    let trace = sim.look();
    assert!(said(&trace).starts_with("I do not keep anything about you for other calls."));
    assert_eq!(kept(&trace), Vec::<&str>::new());
}

#[test]
fn a_task_left_half_done_is_told_at_the_next_call_and_done_it_is_no_more() {
    let mut sim = call("told", Some(known(&[], true)));
    sim.say("place an order");
    sim.say("Bob");
    let unfinished = MemoryNews::Promise { kind: PromiseKind::Unfinished, task: Some("order".into()), owed: true };
    assert!(part(&mut sim).contains(&unfinished));
    assert_eq!(part(&mut sim), [], "once");
    let promise = Promise { kind: PromiseKind::Unfinished, task: Some("order".into()), on: date(2026, 11, 1) };
    let mut sim = call("told", Some(Memory { agreed: true, promises: vec![promise], ..Memory::default() }));
    assert!(said(&sim.look()).contains("Last time we did not finish: place an order. To go on with that, say yes."));
    sim.say("yes");
    let trace = sim.look();
    assert!(said(&trace).ends_with("Your name, please?"), "{trace:#?}");
    sim.say("Bob");
    sim.say("large");
    sim.say("tomorrow");
    let done = MemoryNews::Promise { kind: PromiseKind::Unfinished, task: Some("order".into()), owed: false };
    assert!(kept(&sim.look()).contains(&format!("memory: {done:?}").as_str()));
    sim.say("no thanks");
    assert_eq!(part(&mut sim), [MemoryNews::Language(Language::En)], "nothing is left");
}

#[test]
fn a_file_that_would_keep_what_may_not_be_kept_is_refused() {
    let wrong = |from: &str, to: &str| {
        let text = SHOP.replace("CONSENT", "ask").replace(from, to);
        Bot::parse(&text, "shop.toml").expect_err(to).to_string()
    };
    for (from, to, part) in [
        ("\"size\"]\nconsent", "\"hat\"]\nconsent", "no slot is called \"hat\""),
        (
            "name = \"size\"\ntype = \"choice\"\nvalues = [\"small\", \"large\"]",
            "name = \"size\"\ntype = \"text\"",
            "cannot be offered",
        ),
        (
            "name = \"size\"\ntype = \"choice\"\nvalues = [\"small\", \"large\"]",
            "name = \"size\"\nsecret = true\ntype = \"digits\"",
            "is secret",
        ),
        ("days = 30", "days = 0", "no time to remember"),
        ("{caller.name}", "{caller.day}", "nothing is kept for {caller.day}"),
        ("keep = [\"name\", \"size\"]", "keep = [\"size\"]", "nothing is kept for {caller.name}"),
        (
            "say = \"Cancelled.\"",
            "url = \"http://127.0.0.1:9/{caller.name}\", say = \"Cancelled.\"",
            "has not said that it still holds",
        ),
    ] {
        let fault = wrong(from, to);
        assert!(fault.contains(part), "{fault}");
    }
}
