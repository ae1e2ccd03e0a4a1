//! Calls that go from one bot to another: with what is known, without a second greeting, and to the language that the caller speaks.
use super::*;
use crate::bot::Language;
use crate::conversation::BotSource;
use crate::memory::{KnownFact, Memory, MemoryNews};
use std::collections::BTreeMap;

const DESK: &str = r#"
name = "desk"
language = "en"
disclosure = "This call is recorded."
greeting = "Hello, this is the desk. What can I do for you?"
languages = { vi = "desk.vi" }
[[slot]]
name = "name"
type = "name"
prompt = "Your name?"
confirm = "never"
[[slot]]
name = "people"
type = "number"
prompt = "For how many?"
[[slot]]
name = "size"
type = "choice"
values = ["small", "large"]
prompt = "Small or large?"
[[slot]]
name = "pin"
type = "digits"
length = 4
secret = true
prompt = "Your pin?"
[[task]]
name = "room"
phrases = ["book a room"]
slots = ["people", "size", "name"]
on_done = { say = "Noted.", then = "ask" }
[[task]]
name = "bill"
phrases = ["my bill"]
slots = ["name", "pin"]
on_done = { say = "I hand you to billing.", hand_on = "billing" }
[[fact]]
questions = ["When are you open?"]
say = "From nine to six."
"#;

const DESK_VI: &str = r#"
name = "lễ tân"
language = "vi"
disclosure = "Cuộc gọi này được ghi âm."
greeting = "Lễ tân xin nghe."
languages = { en = "desk" }
[[slot]]
name = "people"
type = "number"
prompt = "Mấy người?"
[[slot]]
name = "size"
type = "choice"
values = [{ name = "small", words = ["nhỏ"], say = "nhỏ" }, { name = "large", words = ["lớn"], say = "lớn" }]
prompt = "Phòng nhỏ hay lớn?"
[[task]]
name = "room"
phrases = ["đặt phòng"]
slots = ["people", "size"]
confirm = "Phòng {size} cho {people}. Đúng không ạ?"
on_done = { say = "Đã ghi nhận." }
[[task]]
name = "cancel"
phrases = ["hủy đặt phòng"]
on_done = { say = "Đã hủy." }
"#;

const BILLING: &str = r#"
name = "billing"
language = "en"
disclosure = "This call is recorded by billing."
greeting = "Billing, hello."
[[slot]]
name = "name"
type = "name"
prompt = "Who is it?"
[[slot]]
name = "pin"
type = "digits"
length = 4
prompt = "The pin?"
[[slot]]
name = "month"
type = "choice"
values = ["march", "april"]
prompt = "Which month?"
[[task]]
name = "open_bill"
slots = ["name", "month", "pin"]
[[task.lookup]]
name = "bill"
url = "http://127.0.0.1:9/bills/{month}"
found = { say = "It is {/amount}." }
[task.on_done]
say = "Thank you, {name}."
"#;

fn bot(text: &str) -> Arc<Bot> {
    Arc::new(Bot::parse(text, "bot.toml").unwrap_or_else(|e| panic!("{e}")))
}

fn call_with(text: &str, source: impl BotSource + 'static) -> Sim {
    let talk = Conversation::new(bot(text), today()).with_bots(Arc::new(source));
    let mut sim = Sim::with(talk);
    sim.input(Input::Answered);
    sim.listen();
    sim.look();
    sim
}

fn others() -> BTreeMap<String, Arc<Bot>> {
    [("desk", DESK), ("desk.vi", DESK_VI), ("billing", BILLING)].map(|(name, text)| (name.to_owned(), bot(text))).into()
}

fn call() -> Sim {
    call_with(DESK, others())
}

/// All that the bot says.
fn said(trace: &[String]) -> String {
    trace.iter().filter_map(|line| line.strip_prefix("bot: ")).collect::<Vec<_>>().join(" ")
}

/// Words of which it is not known whether they are complete are waited for longer.
fn say_it_all(sim: &mut Sim, words: &str) {
    sim.say(words);
    sim.pass(Duration::from_millis(1_000));
}

#[test]
fn another_bot_goes_on_when_all_was_heard_with_what_is_known_and_without_a_greeting() {
    let mut sim = call();
    sim.say("my bill");
    sim.say("Bob");
    sim.look();
    sim.say("4 0 7 1");
    assert_eq!(said(&sim.look()), "I hand you to billing.", "the other one waits until that was heard");
    assert!(!sim.talk.takes());
    sim.listen();
    sim.pass(Duration::from_millis(100));
    let trace = sim.look();
    let billing = trace.iter().position(|line| line == "the bot is billing").expect("billing");
    assert!(trace[..billing].iter().all(|line| !line.starts_with("bot:")), "{trace:#?}");
    // The name is known; the secret is not carried, and nothing is greeted or disclosed again.
    assert_eq!(said(&trace), "Which month?");
    sim.say("march");
    let trace = sim.look();
    assert!(trace.iter().any(|line| line.starts_with("run Get http://127.0.0.1:9/bills/march")), "{trace:#?}");
    sim.tool(Ok(serde_json::json!({ "amount": 12 })));
    assert_eq!(said(&sim.look()), "It is twelve. The pin?");
    sim.say("4 0 7 1");
    assert!(said(&sim.look()).contains("Thank you, Bob."), "the tool of the second bot is its own");
    assert!(sim.talk.history().len() > 4, "what was said before stays");
}

#[test]
fn a_bot_that_is_not_there_leaves_the_call_with_the_one_that_is() {
    let mut sim = call_with(DESK, BTreeMap::new());
    sim.say("my bill");
    sim.say("Bob");
    sim.say("4 0 7 1");
    let trace = sim.look();
    assert!(trace.contains(&"no bot billing".to_owned()), "{trace:#?}");
    assert!(said(&trace).ends_with("Is there anything else I can do for you?"));
    // Neither is a language.
    sim.say("Vietnamese please");
    let trace = sim.look();
    assert!(!trace.iter().any(|line| line.starts_with("the bot is")), "{trace:#?}");
}

#[test]
fn a_wish_changes_the_language_in_the_midst_of_a_task_and_back() {
    let mut sim = call();
    sim.say("book a room");
    sim.say("two");
    assert!(said(&sim.look()).ends_with("Small or large?"));
    sim.say("nói tiếng Việt đi");
    let trace = sim.look();
    assert!(trace.contains(&"the bot is desk.vi".to_owned()), "{trace:#?}");
    assert_eq!(said(&trace), "Vâng, mình nói tiếng Việt ạ. Phòng nhỏ hay lớn?", "{trace:#?}");
    sim.say("lớn");
    assert_eq!(said(&sim.look()), "Phòng lớn cho hai. Đúng không ạ?");
    // Values that both call by the same name go back too.
    sim.say("English please");
    let trace = sim.look();
    assert_eq!(said(&trace), "All right, we go on in English. Your name?", "{trace:#?}");
}

#[test]
fn words_that_only_the_other_bot_understands_change_the_language_and_are_taken() {
    let mut sim = call();
    say_it_all(&mut sim, "tôi muốn đặt phòng");
    let trace = sim.look();
    assert!(trace.contains(&"the bot is desk.vi".to_owned()), "{trace:#?}");
    assert_eq!(said(&trace), "Mấy người?", "nothing is asked twice: {trace:#?}");
    say_it_all(&mut sim, "when are you open");
    let trace = sim.look();
    assert!(trace.contains(&"the bot is desk".to_owned()), "{trace:#?}");
    assert!(said(&trace).starts_with("From nine to six."), "{trace:#?}");
    // What nobody understands stays with the one that is.
    for words in ["the weather is nice", "đặt phòng", "vâng"] {
        let mut sim = call();
        say_it_all(&mut sim, words);
        let trace = sim.look();
        assert!(!trace.iter().any(|line| line.starts_with("the bot is")), "{words}: {trace:#?}");
    }
}

#[test]
fn written_words_change_the_language_too_and_secrets_do_not() {
    let mut sim = call();
    sim.input(Input::Typed("tiếng Việt".into()));
    assert!(sim.look().contains(&"the bot is desk.vi".to_owned()));
    let mut sim = call();
    sim.say("my bill");
    sim.say("Bob");
    sim.look();
    sim.say("nói tiếng Việt đi");
    assert!(!sim.look().iter().any(|line| line.starts_with("the bot is")), "a secret is asked for");
}

#[test]
fn a_caller_who_was_forgotten_is_not_known_to_the_next_bot() {
    struct Source(BTreeMap<String, Arc<Bot>>);
    impl BotSource for Source {
        fn bot(&self, name: &str) -> Option<Arc<Bot>> {
            self.0.get(name).cloned()
        }
        fn known(&self, _: &str) -> Option<Memory> {
            Some(known())
        }
    }
    fn known() -> Memory {
        let fact = KnownFact { name: "people".into(), value: 3.into(), on: today().date() };
        Memory { agreed: true, facts: vec![fact], ..Memory::default() }
    }
    let plan = "[memory]\nkeep = [\"people\"]\nconsent = \"told\"\n";
    let (desk, vi) = (format!("{DESK}{plan}"), format!("{DESK_VI}{plan}"));
    for forget in [false, true] {
        let source = Source([("desk.vi".to_owned(), bot(&vi))].into());
        let talk = Conversation::new(bot(&desk).with_memory(known()), today()).with_bots(Arc::new(source));
        let mut sim = Sim::with(talk);
        sim.input(Input::Answered);
        sim.listen();
        if forget {
            sim.say("forget me");
        }
        say_it_all(&mut sim, "tôi muốn đặt phòng");
        let trace = sim.look();
        let asked = if forget { "Mấy người?" } else { "Vẫn là ba phải không?" };
        assert!(said(&trace).ends_with(asked), "{trace:#?}");
        sim.talk_parts(if forget { None } else { Some(MemoryNews::Language(Language::Vi)) });
    }
}

impl Sim {
    fn talk_parts(&mut self, first: Option<MemoryNews>) {
        self.line.talk.part();
        let mut news = Vec::new();
        while let Some(output) = self.line.talk.poll() {
            if let Output::Memory(one) = output {
                news.push(one);
            }
        }
        assert_eq!(news.into_iter().next(), first);
    }
}

#[test]
fn a_file_that_names_no_other_bot_is_refused() {
    for (from, to, part) in [
        ("languages = { vi = \"desk.vi\" }", "languages = { en = \"desk\" }", "is the language of this bot"),
        ("languages = { vi = \"desk.vi\" }", "languages = { vi = \"desk.vi.toml\" }", "is no name of a bot"),
        ("hand_on = \"billing\"", "hand_on = \"../billing\"", "is no name of a bot"),
    ] {
        let fault = Bot::parse(&DESK.replace(from, to), "desk.toml").expect_err(to).to_string();
        assert!(fault.contains(part), "{fault}");
    }
}
