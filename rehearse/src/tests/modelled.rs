//! Callers whose part a language model takes, and a judge: here the model follows rules.
use super::{DESK, desk};
use crate::model::{Message, Model, Question, Role};
use crate::run::{Outcome, Plan, rehearse};
use crate::scenario::Rehearsal;
use std::sync::Mutex;
use std::time::Instant;

/// Answers with the words beside the first of these that the last message holds.
struct RuledModel {
    rules: &'static [(&'static str, &'static str)],
    asked: Mutex<Vec<Vec<Message>>>,
}

impl RuledModel {
    fn new(rules: &'static [(&'static str, &'static str)]) -> Self {
        Self { rules, asked: Mutex::default() }
    }

    fn asked(&self) -> Vec<Vec<Message>> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

impl Model for RuledModel {
    fn answer(&self, question: &Question<'_>) -> Result<String, String> {
        self.asked.lock().expect("not poisoned").push(question.messages.to_vec());
        let last = &question.messages.last().expect("a message").content;
        let rule = self.rules.iter().find(|(said, _)| last.contains(said));
        rule.map(|(_, answer)| (*answer).to_owned()).ok_or_else(|| "cannot be reached".to_owned())
    }
}

fn run<'a>(rehearsals: &'a [Rehearsal], model: &dyn Model) -> Vec<Outcome<'a>> {
    let plan = Plan { runs: Some(2), threads: Some(1), model: Some(model), ..Plan::default() };
    rehearse(rehearsals, &plan, None, Instant::now())
}

fn problems(outcomes: &[Outcome<'_>]) -> Vec<String> {
    let runs = outcomes.iter().flat_map(|outcome| &outcome.runs);
    runs.flat_map(|run| &run.failures).map(|failure| failure.problem.clone()).collect()
}

const RESET: &str = r#"
[persona]
pin = ["four eight two one", "one one nine two"]
[[tool]]
request = "POST */reset"
answer = { ticket = { number = 7 } }
[[scenario]]
name = "a caller with a goal"
goal = "You want your password reset. Your pin is {pin}."
[scenario.expect]
task = "reset"
tool = [{ request = "POST */reset", times = 1 }]
ends = "done"
judge = ["The bot read the pin back.", "The bot was rude."]
"#;

const RULES: &[(&str, &str)] = &[
    ("Statements:", "1: yes - it did\n2: no - it was polite"),
    ("Help desk.", "<think>I want a reset.</think>\"Reset my password.\""),
    ("Your pin", "[keys 4821#]"),
    ("Reset it", "Yes."),
];

#[test]
fn a_model_takes_the_callers_part_and_judges_the_call() {
    let rehearsals = [desk(RESET)];
    let model = RuledModel::new(RULES);
    let outcomes = run(&rehearsals, &model);
    assert_eq!(
        problems(&outcomes),
        vec!["the judge says that this is not so: \"The bot was rude.\" (it was polite)"; 2],
    );
    let asked = model.asked();
    let goal = &asked[0][0];
    assert_eq!(goal.role, Role::System);
    assert!(goal.content.contains("Your pin is ") && !goal.content.contains("{pin}"), "{}", goal.content);
    assert!(goal.content.contains("You speak English."), "{}", goal.content);
    let judged = asked.iter().find(|messages| messages[1].content.contains("Statements:")).expect("a judge");
    assert!(judged[1].content.contains("caller: Reset my password.") && judged[1].content.contains("1: The bot read"));
    // Each run asks with what both sides have said before.
    assert!(asked.iter().any(|messages| messages.len() == 4 && messages[2].role == Role::Assistant));
}

#[test]
fn without_a_model_nothing_passes_that_needs_one_and_one_that_fails_is_a_failure() {
    let rehearsals = [desk(RESET)];
    let outcomes = rehearse(&rehearsals, &Plan { runs: Some(1), ..Plan::default() }, None, Instant::now());
    assert!(problems(&outcomes).iter().any(|problem| problem.contains("--model")));
    let model = RuledModel::new(&[("Statements:", "1: yes\n2: yes")]);
    let told = problems(&run(&rehearsals, &model));
    assert_eq!(told, vec!["the model that takes the caller's part cannot be reached"; 2]);
    let silent = RuledModel::new(&[("Help desk.", "  ")]);
    assert!(problems(&run(&rehearsals, &silent))[0].contains("answered with nothing"));
}

#[test]
fn a_caller_who_never_comes_to_an_end_is_a_failure() {
    let rehearsals = [desk(RESET)];
    let model = RuledModel::new(&[("", "What is that?")]);
    let told = problems(&run(&rehearsals, &model));
    // The bot ends a call that leads nowhere, or the rehearsal does; either is told.
    assert!(!told.is_empty() && told.iter().all(|problem| !problem.is_empty()), "{told:?}");
}

#[test]
fn a_vietnamese_bot_has_a_vietnamese_caller_who_says_a_last_word_and_hangs_up() {
    let bot =
        DESK.replacen("language = \"en\"", "language = \"vi\"", 1).replacen("reset my password", "đặt lại mật khẩu", 1);
    let scenario = "bot = \"b.toml\"\n[[scenario]]\nname = \"a\"\ngoal = \"Bạn muốn hỏi giờ.\"\n[scenario.expect]\nends = \"hung up\"\n";
    let rehearsals =
        [Rehearsal::parse(scenario, "r.toml", |_| Ok(bot.clone())).unwrap_or_else(|fault| panic!("{fault}"))];
    let model = RuledModel::new(&[("Help desk.", "Mấy giờ rồi em?"), ("", "Ờ, thế em xem giúp lại. [hang up]")]);
    let outcomes = run(&rehearsals, &model);
    assert_eq!(problems(&outcomes), Vec::<String>::new());
    assert!(model.asked()[0][0].content.contains("You speak Vietnamese."));
    let turns = outcomes[0].runs[0].record.transcript();
    assert!(turns.iter().any(|turn| turn.text == "Ờ, thế em xem giúp lại."), "{turns:?}");
}

#[test]
fn a_goal_stands_in_place_of_steps() {
    let fault = |scenario: &str| {
        let text = format!("bot = \"b.toml\"\n[[scenario]]\nname = \"a\"\n{scenario}");
        Rehearsal::parse(&text, "r.toml", |_| Ok(DESK.into())).err().map(|fault| fault.to_string()).unwrap_or_default()
    };
    assert!(fault("goal = \"x\"\nsteps = [{ say = \"a\" }]").contains("either a `goal`"));
    assert!(fault("goal = \" \"").contains("`goal` is empty"));
    assert!(fault("goal = \"My name is {name}.\"").contains("add it to [persona]"));
    assert!(fault("").contains("or a `goal`"));
    assert!(fault("goal = \"x\"\n[scenario.expect]\njudge = [\"\"]").contains("empty statement"));
}
