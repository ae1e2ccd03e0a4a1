//! Thoughts that arrive one by one, and tools that run at once.
use super::*;
use crate::model::thought::Thought;
use crate::testkit::brain::ScriptedBrain;
use crate::tool::{Effect, ToolCall};

const NOW: Duration = Duration::ZERO;

fn say(text: &str) -> (Duration, Thought) {
    (NOW, ScriptedBrain::say(text))
}

fn listen() -> (Duration, Thought) {
    (NOW, ScriptedBrain::listen())
}

fn run(id: u64, limit: u64) -> (Duration, Thought) {
    let (name, limit) = ("look_up".to_owned(), Duration::from_secs(limit));
    let arguments = serde_json::json!({ "number": id });
    (NOW, Thought::Run(ToolCall { id: ToolId(id), name, arguments, effect: Effect::Reads, limit }))
}

/// The caller has been greeted.
fn greeted(brain: ScriptedBrain) -> Sim {
    let bot = Bot::parse(DESK, "test.toml").unwrap_or_else(|e| panic!("{e}"));
    let mut sim = Sim::with_brain(bot, brain);
    sim.input(Input::Answered);
    sim.listen();
    assert_eq!(sim.look(), ["bot: Help desk."]);
    sim
}

/// A brain whose answer has a first clause at once, and its second one `gap` later.
fn slow(gap: Duration) -> ScriptedBrain {
    let rest = (gap, ScriptedBrain::say("There is a room at noon."));
    ScriptedBrain::default()
        .reply([listen(), say("Help desk.")])
        .reply([listen(), say("Let me see what there is."), rest])
        .reply([listen(), say("Good, something else then.")])
}

fn completed(sim: &Sim) -> usize {
    sim.outputs.iter().filter(|output| **output == Output::Complete).count()
}

#[test]
fn a_first_clause_is_said_while_the_rest_is_still_to_come() {
    let mut sim = greeted(slow(Duration::from_secs(2)));
    sim.say("which rooms are free");
    assert_eq!(sim.look(), ["caller: which rooms are free", "bot: Let me see what there is."]);
    assert_eq!(completed(&sim), 1, "the greeting; the answer has more to come");
    sim.pass(Duration::from_secs(2));
    assert_eq!(sim.look(), ["bot: There is a room at noon."]);
    assert_eq!(completed(&sim), 2);
}

#[test]
fn an_interruption_cancels_what_was_still_to_come() {
    let mut sim = greeted(slow(Duration::from_secs(4)));
    sim.say("which rooms are free");
    sim.speak(Some("never mind"), Duration::from_millis(700));
    sim.pass(Duration::from_secs(10));
    assert_eq!(
        sim.look(),
        [
            "caller: which rooms are free",
            "bot: Let me see what there is.",
            "hold",
            "hush",
            "caller: never mind",
            "bot: Good, something else then."
        ]
    );
    assert_eq!(completed(&sim), 2);
}

#[test]
fn the_bot_has_the_floor_while_it_thinks() {
    let mut sim = greeted(slow(Duration::from_secs(10)));
    sim.say("which rooms are free");
    sim.listen();
    // Its first clause is over. A cough changes nothing, and nobody is asked whether they are there.
    sim.speak(None, Duration::from_millis(150));
    sim.pass(Duration::from_secs(6));
    assert_eq!(sim.look(), ["caller: which rooms are free", "bot: Let me see what there is."]);
    // Words do.
    sim.speak(Some("never mind"), Duration::from_millis(700));
    sim.pass(Duration::from_secs(5));
    assert_eq!(sim.look(), ["hold", "resume", "caller: never mind", "bot: Good, something else then."]);
    assert_eq!(completed(&sim), 3, "the greeting, what was said of the answer, and what was said instead");
}

#[test]
fn tools_run_at_once_to_their_own_outcomes_and_the_caller_may_speak_meanwhile() {
    let brain = ScriptedBrain::default()
        .reply([listen(), say("Help desk.")])
        .reply([run(1, 30), run(2, 3), run(3, 30), listen(), say("I am looking. What else?")])
        .reply([listen(), say("That is noted.")])
        .reply([listen(), say("The second one is late.")])
        .reply([(NOW, Thought::Cancel(ToolId(3))), listen(), say("Here is the first one.")]);
    let mut sim = greeted(brain);
    sim.say("please look this up");
    sim.say("and write that down");
    sim.listen();
    assert_eq!(
        sim.look(),
        [
            "caller: please look this up",
            "run look_up {\"number\":1}",
            "run look_up {\"number\":2}",
            "run look_up {\"number\":3}",
            "bot: I am looking. What else?",
            "caller: and write that down",
            "bot: That is noted.",
        ]
    );
    // Nobody asks for patience: the caller does not wait. The second tool's limit is past, and some grace.
    sim.pass(Duration::from_secs(4));
    assert_eq!(sim.look(), ["bot: The second one is late."]);
    let cancelled = |sim: &Sim| -> Vec<u64> {
        let id = |output: &Output| if let Output::Cancel(id) = output { Some(id.0) } else { None };
        sim.outputs.iter().filter_map(id).collect()
    };
    assert_eq!(cancelled(&sim), [2]);
    sim.input(Input::ToolDone { id: ToolId(1), result: Ok(true.into()) });
    assert_eq!((sim.look(), cancelled(&sim)), (vec!["bot: Here is the first one.".to_string()], vec![2, 3]));
    // What comes of tools that were given up is not heard of.
    for id in [2, 3] {
        sim.input(Input::ToolDone { id: ToolId(id), result: Ok(true.into()) });
    }
    sim.listen();
    assert_eq!(sim.look(), Vec::<String>::new());
}

#[test]
fn a_caller_who_is_not_told_to_speak_waits_until_no_tool_runs() {
    let brain = ScriptedBrain::default()
        .reply([listen(), say("Help desk.")])
        .reply([run(1, 30), run(2, 30)])
        .reply([say("Here is the first one.")])
        .reply([listen(), say("And here is the second one.")]);
    let mut sim = greeted(brain);
    sim.say("please look this up");
    assert!(!sim.talk.takes());
    sim.pass(Duration::from_secs(1));
    sim.input(Input::ToolDone { id: ToolId(2), result: Ok(true.into()) });
    assert!(!sim.talk.takes());
    sim.input(Input::ToolDone { id: ToolId(1), result: Ok(true.into()) });
    assert!(sim.talk.takes());
    assert_eq!(
        sim.look()[3..],
        ["bot: One moment, please.", "bot: Here is the first one.", "bot: And here is the second one."]
    );
    assert_eq!(completed(&sim), 2);
}
