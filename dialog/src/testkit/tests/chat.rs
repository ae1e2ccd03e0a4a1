//! A bot that thinks with a language model: what it says while the model writes, what it does for it, and what it does without it.
use super::*;
use crate::model::brain::{Brain, BrainInput};
use crate::model::chat::Chat;
use crate::model::flow::Flow;
use crate::model::language_model::{ModelFault, ModelNews, ModelOutcome, ModelRequest, Purpose, ToolPart, Usage};
use crate::model::thought::Thought;
use crate::tool::{ConfirmedBy, Effect, ToolDefinition};
use serde_json::{Value as Json, json};

mod acting;
mod documents;
mod guardrails;
mod hurry;
mod prompt;

/// A bot that lives on a model.
const BISTRO: &str = r#"
name = "bistro"
language = "en"
greeting = "Bistro Lan, how can I help you?"
closing = "Thank you for calling. Goodbye."
[model]
use = ["near", "far"]
instructions = "You answer for Bistro Lan, open from nine to five."
"#;

/// The help desk, with a model beside its tasks.
fn desk() -> String {
    DESK.replace(
        "[[task]]\nname = \"reset\"",
        "[model]\nuse = [\"near\"]\ninstructions = \"Help desk.\"\n[[task]]\nname = \"reset\"",
    )
}

fn tools() -> Vec<ToolDefinition> {
    let tool = |name: &str, effect, confirm| ToolDefinition {
        name: name.into(),
        description: "For tests.".into(),
        parameters: json!({ "type": "object", "properties": { "people": { "type": "integer", "title": "guests" } } }),
        effect,
        limit: Duration::from_secs(20),
        confirm,
        filler: None,
    };
    vec![
        tool("free_tables", Effect::Reads, ConfirmedBy::Nobody),
        tool("book_table", Effect::Acts, ConfirmedBy::Nobody),
        tool("refund", Effect::Acts, ConfirmedBy::Supervisor),
    ]
}

fn chat(bot: &str, tools: Vec<ToolDefinition>) -> (Arc<Bot>, Chat) {
    let bot = Arc::new(Bot::parse(bot, "test.toml").unwrap_or_else(|e| panic!("{e}")));
    let plan = bot.model.clone().expect("a [model]");
    let brain = Chat::new(bot.clone(), plan, tools, Flow::new(bot.clone(), today()), today());
    (bot, brain)
}

/// The caller has been greeted.
fn greeted(bot: &str) -> Sim {
    let (bot, brain) = chat(bot, tools());
    let mut sim = Sim::with_brain((*bot).clone(), brain);
    sim.input(Input::Answered);
    sim.listen();
    sim.look();
    sim
}

fn text(text: &str) -> ModelNews {
    ModelNews::Text(text.into())
}

fn calls(name: &str, arguments: Json) -> Vec<ModelNews> {
    let arguments = arguments.to_string();
    let (head, tail) = arguments.split_at(arguments.len() / 2);
    let part = |id: Option<&str>, name: Option<&str>, arguments: &str| {
        let text = |text: &str| text.to_owned();
        ModelNews::Tool(ToolPart {
            index: Some(0),
            id: id.map(text),
            name: name.map(text),
            arguments: arguments.into(),
        })
    };
    vec![part(Some("x"), Some(name), head), part(None, None, tail), ModelNews::End]
}

fn messages(request: &ModelRequest) -> Vec<(String, String)> {
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    let all = request.body["messages"].as_array().expect("messages");
    all.iter().map(|message| (text(&message["role"]), text(&message["content"]))).collect()
}

fn last_message(sim: &Sim) -> (String, String) {
    messages(sim.asked.last().expect("a request")).pop().expect("a message")
}

#[test]
fn the_examples_can_be_used() {
    for example in ["bistro.en", "bistro.vi"] {
        let path = format!("{}/../configs/examples/{example}.toml", env!("CARGO_MANIFEST_DIR"));
        let bot = Bot::parse(&std::fs::read_to_string(path).unwrap(), example).unwrap_or_else(|e| panic!("{e}"));
        let mut sim = Sim::new(bot);
        sim.input(Input::Answered);
        sim.input(Input::Typed("xyzzy plugh".into()));
        let asked = sim.asked.last().expect("the model is asked");
        let names: Vec<&str> = asked.body["tools"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|tool| tool["function"]["name"].as_str())
            .collect();
        assert_eq!((asked.model.as_str(), names), ("local", vec!["start_task", "set_slot", "hang_up"]));
    }
}

#[test]
fn the_first_clause_is_said_while_the_rest_is_written() {
    let mut sim = greeted(BISTRO);
    sim.say("do you have a garden");
    sim.model([text("Yes, we have a "), text("lovely one. It is"), ModelNews::Reasoning, text(" **open** until")]);
    assert_eq!(sim.look(), ["ask near: ahead", "caller: do you have a garden", "bot: Yes, we have a lovely one."]);
    sim.model([text(" five, and has ten tables."), ModelNews::End]);
    assert_eq!(sim.look(), ["bot: It is open until five,", "bot: and has ten tables."]);
    let usage = ModelNews::Usage(Usage { prompt: 200, completion: 9, cached: 128 });
    sim.say("thank you, and is there parking");
    sim.model([text("Yes."), usage, ModelNews::End]);
    let report = sim.reports.last().unwrap();
    assert_eq!((report.outcome, report.usage.map(|usage| usage.cached)), (ModelOutcome::Answered, Some(128)));
    let last = sim.asked.last().unwrap();
    assert_eq!(
        messages(last)[1..],
        [
            ("assistant".to_owned(), "Bistro Lan, how can I help you?".to_owned()),
            ("user".to_owned(), "Caller: \"do you have a garden\"".to_owned()),
            (
                "assistant".to_owned(),
                "Yes, we have a lovely one. It is open until five, and has ten tables.".to_owned()
            ),
            ("user".to_owned(), "Caller: \"thank you, and is there parking\"".to_owned()),
        ]
    );
}

#[test]
fn a_slow_writer_is_heard_before_its_clause_is_complete() {
    let mut sim = greeted(BISTRO);
    sim.say("do you have a garden");
    sim.look();
    sim.model([text("There is a garden with")]);
    sim.pass(Duration::from_millis(220));
    assert_eq!(sim.look(), [""; 0], "a clause may be complete in time");
    sim.pass(Duration::from_millis(20));
    assert_eq!(sim.look(), ["bot: There is a garden"]);
    // The next words wait until the voice has nearly said these.
    sim.model([text(" heaters near the door and ev")]);
    sim.pass(Duration::from_millis(300));
    assert_eq!(sim.look(), [""; 0]);
    sim.pass(Duration::from_millis(900));
    assert_eq!(sim.look(), ["bot: with heaters near the door"]);
    sim.model([text("en a roof. It is open."), ModelNews::End]);
    assert_eq!(sim.look(), ["bot: and even a roof. It is open."]);
    // A claim is one wherever it is cut.
    sim.say("and please book it for me");
    sim.look();
    sim.model([text("Your table outside by the")]);
    sim.pass(Duration::from_millis(300));
    sim.model([text(" wall is booked. Anything else?")]);
    let said = sim.look();
    assert!(!said.iter().any(|line| line.contains("booked")), "{said:?}");
}

#[test]
fn an_interruption_stops_the_model_and_only_what_was_heard_is_remembered() {
    let mut sim = greeted(BISTRO);
    sim.say("what is on the menu");
    sim.model([text("We have a soup of the day with fresh bread. Then there is")]);
    sim.pass(Duration::from_millis(700));
    sim.speak(Some("just the desserts please"), Duration::from_millis(900));
    sim.pass(Duration::from_secs(2));
    let trace = sim.look();
    assert!(trace.contains(&"hush".to_owned()) && trace.contains(&"stop asking 1".to_owned()), "{trace:?}");
    let said = messages(sim.asked.last().unwrap());
    let (role, heard) = &said[said.len() - 2];
    assert!(role == "assistant" && heard.ends_with('—') && heard.len() < 45, "{heard}");
    assert_eq!(said.last().unwrap().1, "Caller: \"just the desserts please\"");
    // What still comes of the answer that was stopped is not heard of.
    let first = sim.asked[0].id;
    sim.input(Input::Model { id: first, news: text(" a roast of the house. And more.") });
    assert!(sim.look().is_empty());
}

#[test]
fn a_slow_model_is_covered_for_and_then_given_up_for_the_next() {
    let mut sim = greeted(BISTRO);
    sim.say("do you have a garden");
    sim.look();
    sim.pass(Duration::from_millis(1_200));
    assert_eq!(sim.look(), ["bot: One moment, please."]);
    sim.pass(Duration::from_millis(3_200));
    assert_eq!(sim.look(), ["stop asking 1", "ask far: answer"]);
    assert_eq!(sim.reports[0].outcome, ModelOutcome::Failed(ModelFault::Late));
    sim.model([text("Yes, we do have a garden."), ModelNews::End]);
    assert_eq!(sim.look(), ["bot: Yes, we do have a garden."]);
    // What was said meanwhile is no part of the talk.
    sim.say("and a terrace");
    assert!(messages(sim.asked.last().unwrap()).iter().all(|(_, text)| !text.contains("moment")));
}

#[test]
fn an_answer_that_breaks_off_is_gone_on_with_by_the_next_model() {
    for fault in [ModelFault::Broken, ModelFault::Malformed, ModelFault::Reported, ModelFault::Status(500)] {
        let mut sim = greeted(BISTRO);
        sim.say("do you have a garden");
        sim.model([text("Yes, we have a lovely one. It"), ModelNews::Failed(fault)]);
        let trace = sim.look();
        assert_eq!(trace[2..], ["bot: Yes, we have a lovely one.", "ask far: answer"]);
        let (_, last) = last_message(&sim);
        assert!(last.contains("broke off"), "{last}");
        sim.model_says("It opens at nine.");
        assert_eq!(sim.look(), ["bot: It opens at nine."]);
    }
}

#[test]
fn a_stalled_answer_is_given_up() {
    let mut sim = greeted(BISTRO);
    sim.say("do you have a garden");
    sim.model([text("Yes, we have a lovely one. It")]);
    sim.pass(Duration::from_millis(3_200));
    assert!(sim.look().contains(&"ask far: answer".to_owned()));
    assert_eq!(sim.reports[0].outcome, ModelOutcome::Failed(ModelFault::Stalled));
}

#[test]
fn a_server_with_too_much_to_do_is_left_alone_for_as_long_as_it_wants() {
    let one = BISTRO.replace("\"near\", \"far\"", "\"near\"");
    let mut sim = greeted(&one);
    sim.say("do you have a garden");
    let busy = |secs| ModelNews::Failed(ModelFault::Busy { retry_after: Some(Duration::from_secs(secs)) });
    sim.model([busy(3)]);
    sim.look();
    sim.pass(Duration::from_millis(2_900));
    assert_eq!(sim.look(), ["bot: One moment, please."]);
    sim.pass(Duration::from_millis(200));
    assert_eq!(sim.look(), ["ask near: answer"]);
    // Longer than a caller waits: the bot says so at once.
    sim.model([busy(60)]);
    let trace = sim.look();
    assert!(trace[0].starts_with("bot: I am sorry, I cannot help you"), "{trace:?}");
    assert_eq!(sim.hung_up, Some(HangUpReason::ModelFailed));
}

#[test]
fn where_no_model_answers_the_flow_does_then_a_person_then_a_goodbye() {
    let failed = |sim: &mut Sim| sim.model([ModelNews::Failed(ModelFault::Unreachable)]);
    let mut sim = greeted(&desk());
    sim.say("does the printer work");
    failed(&mut sim);
    let trace = sim.look();
    assert_eq!(trace[2..], ["bot: I am sorry, I cannot answer that.", "bot: What can I do for you?"]);
    sim.say("leave a message");
    assert_eq!(sim.look(), ["caller: leave a message", "bot: What is your message?"]);

    let person = BISTRO.replace("[model]", "person = \"front_desk\"\n[model]");
    let mut sim = greeted(&person);
    sim.say("do you have a garden");
    failed(&mut sim);
    failed(&mut sim);
    let trace = sim.look();
    assert!(trace.iter().any(|line| line.starts_with("find front_desk")), "{trace:?}");

    let mut sim = greeted(BISTRO);
    sim.say("do you have a garden");
    failed(&mut sim);
    failed(&mut sim);
    assert_eq!(sim.hung_up, Some(HangUpReason::ModelFailed));
}

#[test]
fn the_caller_hears_something_within_a_second_and_a_half_whatever_the_model_does() {
    let faults: [Vec<ModelNews>; 7] = [
        vec![],
        vec![ModelNews::Reasoning],
        vec![text("Hm")],
        vec![ModelNews::Failed(ModelFault::Loading { retry_after: None })],
        vec![ModelNews::Failed(ModelFault::Busy { retry_after: None })],
        vec![ModelNews::Failed(ModelFault::Malformed)],
        vec![ModelNews::End],
    ];
    for news in faults {
        let mut sim = greeted(BISTRO);
        sim.say("do you have a garden");
        // The turn ended within what `say` lets pass.
        sim.model(news.clone());
        sim.pass(Duration::from_millis(1_500));
        let trace = sim.look();
        assert!(trace.iter().any(|line| line.starts_with("bot: ")), "{news:?}: {trace:?}");
    }
}

#[test]
fn what_the_flow_understands_needs_no_model() {
    let mut sim = greeted(&desk());
    sim.say("reset my password");
    assert_eq!(sim.look(), ["caller: reset my password", "bot: Your pin, please."]);
    // A secret never reaches a model, nor does what may hold one.
    sim.say("it is four eight two one I think or so");
    sim.say("four eight two one");
    sim.say("yes");
    assert!(sim.asked.is_empty(), "{:?}", sim.look());
    assert!(sim.look().iter().any(|line| line.starts_with("run Post")));
}

#[test]
fn a_question_aside_is_the_models_and_the_flow_keeps_its_own() {
    let mut sim = greeted(&desk());
    sim.say("leave a message");
    sim.say("please call me back about the printer");
    sim.look();
    sim.say("how much does a printer cost anyway");
    assert_eq!(sim.look()[..1], ["ask near: ahead"]);
    let (_, last) = last_message(&sim);
    assert!(last.contains("task under way: message") && last.contains("Is it urgent?"), "{last}");
    sim.model_says("I do not know. Is it urgent?");
    sim.say("no");
    assert!(sim.look().iter().any(|line| line == "urgent = false" || line.starts_with("urgent = false")));
}

#[test]
fn a_turn_thought_of_ahead_is_answered_at_once_or_dropped() {
    let (_, mut brain) = chat(BISTRO, Vec::new());
    let now = Instant::now();
    let drain = |brain: &mut Chat| std::iter::from_fn(|| brain.poll()).collect::<Vec<Thought>>();
    let eager = |text: &str| BrainInput::EagerEnd(text.into());
    let heard = |text: &str| BrainInput::Heard { text: text.into(), confidence: 0.9, question_heard: 1.0 };
    brain.handle(now, BrainInput::Answered);
    drain(&mut brain);
    brain.handle(now, eager("do you have"));
    let asked = drain(&mut brain);
    let [Thought::Ask(first)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((first.purpose, brain.is_thinking()), (Purpose::Ahead, false));
    brain.handle(now, BrainInput::Model { id: first.id, news: text("Yes, we have everything. What") });
    brain.handle(now, BrainInput::EagerWithdrawn);
    let stopped = drain(&mut brain);
    assert!(stopped.contains(&Thought::StopAsking(first.id)) && stopped.len() == 2, "{stopped:?}");
    brain.handle(now, eager("do you have a garden"));
    let asked = drain(&mut brain);
    let [Thought::Ask(second)] = &asked[..] else { panic!("{asked:?}") };
    brain.handle(now, BrainInput::Model { id: second.id, news: text("Yes, we have a lovely one. It is") });
    assert!(drain(&mut brain).is_empty(), "nothing is said before the turn has ended");
    brain.handle(now, heard("do you have a garden"));
    let said = drain(&mut brain);
    assert!(
        matches!(&said[..], [Thought::Listen(_), Thought::Say { text, .. }] if text == "Yes, we have a lovely one."),
        "{said:?}"
    );
    assert!(brain.is_thinking());
}
