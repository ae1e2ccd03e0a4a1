//! Tools of a bot: what is called, with what, by whose yes; and what acts once whatever happens around it.
use super::*;
use crate::model::thought::Thought;
use crate::random::Random;
use crate::testkit::brain::ScriptedBrain;
use crate::tool::{Effect, ToolCall};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

const TABLES: &str = r#"
name = "tables"
language = "en"
greeting = "Table booking."
[[slot]]
name = "people"
type = "number"
min = 1
max = 20
prompt = "For how many people?"
[[task]]
name = "book"
phrases = ["book a table"]
slots = ["people"]
confirm = "A table for {people}. Is that right?"
[[task.lookup]]
name = "free"
tool = "find_tables"
arguments = { people = "{people}" }
result = "/tables"
none = { say = "There is none so large.", then = "ask_again" }
[task.on_done]
tool = "book_table"
arguments = { people = "{people}", note = "by telephone" }
say = "Done, table {/number}."
[tools.find_tables]
description = "Finds free tables."
url = "https://tables.example/free"
filler = "I look at the book."
[tools.find_tables.parameters]
people = { type = "integer" }
[tools.book_table]
url = "https://tables.example/tables"
method = "POST"
optional = ["note"]
[tools.book_table.parameters]
people = { type = "integer", maximum = 8 }
note = { type = "string" }
"#;

#[test]
fn a_task_calls_the_tools_of_its_bot_with_their_arguments() {
    check(
        TABLES,
        r#"
        answer
        say book a table for two
        wait 1500
        tool {"tables": [{"number": 4}]}
        say yes
        tool {"number": 4}
        "#,
        r#"
        bot: Table booking.
        bot: For how many people?
        caller: book a table for two
        people = 2
        run find_tables {"people":2}
        bot: I look at the book.
        bot: A table for two. Is that right?
        caller: yes
        people = 2 ✓
        run book_table {"note":"by telephone","people":2}
        bot: Done, table four.
        bot: Thank you for calling. Goodbye.
        end: done
        "#,
    );
}

#[test]
fn a_call_whose_arguments_do_not_fit_is_refused_and_the_bot_claims_nothing() {
    check(
        TABLES,
        r#"
        answer
        say book a table for twelve
        tool {"tables": [{"number": 4}]}
        say yes
        "#,
        r#"
        bot: Table booking.
        bot: For how many people?
        caller: book a table for twelve
        people = 12
        run find_tables {"people":12}
        bot: A table for twelve. Is that right?
        caller: yes
        people = 12 ✓
        refuse book_table
        bot: I am sorry, that did not work.
        bot: Please call again later.
        end: tool failed
        "#,
    );
}

#[test]
fn what_is_wrong_with_a_tool_is_told_when_the_file_is_read() {
    let fault = |from: &str, to: &str| {
        assert!(TABLES.contains(from), "{from}");
        Bot::parse(&TABLES.replacen(from, to, 1), "t.toml").err().map(|fault| fault.to_string()).unwrap_or_default()
    };
    for (from, to, told) in [
        ("[tools.book_table]", "[tools.book-table]", "no name of a tool"),
        ("tool = \"book_table\"", "tool = \"book\"", "no tool is called"),
        ("tool = \"find_tables\"", "tool = \"book_table\"", "a lookup only reads"),
        ("people = \"{people}\" }", "seats = \"{people}\" }", "takes no \"seats\""),
        ("arguments = { people = \"{people}\", note", "arguments = { note", "needs \"people\""),
        ("confirm = \"A table for {people}. Is that right?\"", "", "caller has to say yes"),
        ("optional = [\"note\"]", "optional = [\"name\"]", "no parameter"),
        ("optional = [\"note\"]", "confirm = \"supervisor\"", "supervisor has to approve"),
        ("https://tables.example/free", "https://{people}.example/free", "gap in its host"),
        ("https://tables.example/free", "ftp://tables.example/free", "http://"),
        ("https://tables.example/free", "https://tables.example/{day}", "placeholder {day}"),
        ("url = \"https://tables.example/free\"", "openapi = \"a.json\"", "`tools.find_tables.parameters`"),
        ("url = \"https://tables.example/free\"", "", "says not where it is"),
        ("filler = \"I look at the book.\"", "mcp = \"x\"", "is url and mcp"),
        ("filler = \"I look at the book.\"", "headers = { k = { env = \"A\", file = \"b\" } }", "`env` or `file`"),
        ("filler = \"I look at the book.\"", "timeout_ms = 5", "time a caller waits"),
        ("filler = \"I look at the book.\"", "body = { a = \"{people}\" }\nmethod = \"GET\"", "a GET has no body"),
        ("{ type = \"integer\" }", "{ type = \"colour\" }", "JSON schema"),
        ("say = \"Done, table {/number}.\"", "say = \"Done.\"\ntimeout_ms = 900", "there is a `tool`"),
    ] {
        let fault = fault(from, to);
        assert!(fault.contains(told), "{to}: {fault:?}");
    }
    assert_eq!(fault("filler = \"I look at the book.\"", ""), "");
}

/// The number of a call, and what it did.
fn keys_of(calls: &[ToolCall]) -> BTreeMap<String, usize> {
    let mut keys = BTreeMap::new();
    for call in calls.iter().filter(|call| call.effect == Effect::Acts) {
        *keys.entry(format!("{} {}", call.name, call.arguments)).or_default() += 1;
    }
    keys
}

/// A brain that calls tools, the same ones again and again, and cancels some.
fn restless(random: &mut Random) -> (ScriptedBrain, BTreeSet<u64>) {
    let (mut brain, mut ids) =
        (ScriptedBrain::default().reply([(Duration::ZERO, ScriptedBrain::listen())]), BTreeSet::new());
    for _ in 0..24 {
        let mut thoughts = Vec::new();
        for _ in 0..random.below(4) {
            let delay = Duration::from_millis(random.below(3) as u64 * 400);
            let last = ids.len() as u64;
            if last > 0 && random.below(4) == 0 {
                thoughts.push((delay, Thought::Cancel(ToolId(1 + random.below(last as usize) as u64))));
                continue;
            }
            let id = ToolId(last + 1);
            ids.insert(id.0);
            let name = ["book", "pay"][random.below(2)].to_owned();
            let effect = if random.below(5) == 0 { Effect::Reads } else { Effect::Acts };
            let arguments = json!({ "people": random.below(3), "at": "noon" });
            let limit = Duration::from_secs(1 + random.below(4) as u64);
            thoughts.push((delay, Thought::Run(ToolCall { id, name, arguments, effect, limit })));
        }
        if random.below(2) == 0 {
            thoughts.push((Duration::ZERO, ScriptedBrain::listen()));
            thoughts.push((Duration::ZERO, ScriptedBrain::say("What else can I do for you today?")));
        }
        brain = brain.reply(thoughts);
    }
    (brain, ids)
}

/// What runs tools: it answers in time, late, twice, wrongly, or never.
#[derive(Default)]
struct Runner {
    ran: Vec<ToolCall>,
    coming: Vec<(u32, ToolId, Result<serde_json::Value, ToolFault>)>,
    seen: usize,
}

impl Runner {
    fn look(&mut self, sim: &Sim, step: u32, random: &mut Random) {
        for output in &sim.outputs[self.seen..] {
            let Output::Run(call) = output else { continue };
            let after = step + random.below(6) as u32;
            let done = Ok(json!({ "by": call.id.0 }));
            // What never ran does not count as done.
            if random.below(8) == 0 {
                self.coming.push((after, call.id, Err(ToolFault::Unreachable)));
                continue;
            }
            self.ran.push(call.clone());
            match random.below(6) {
                0 => {}
                1 => self.coming.push((after, call.id, Err(ToolFault::Status(500)))),
                2 => self.coming.extend([(after, call.id, Err(ToolFault::Late)), (after + 4, call.id, done)]),
                3 => self.coming.extend([(after, call.id, done), (after + 1, call.id, Err(ToolFault::Broken))]),
                _ => self.coming.push((after, call.id, done)),
            }
        }
        self.seen = sim.outputs.len();
    }

    fn tell(&mut self, sim: &mut Sim, step: u32) {
        let (due, later) = std::mem::take(&mut self.coming).into_iter().partition(|(at, ..)| *at <= step);
        self.coming = later;
        let due: Vec<_> = due;
        due.into_iter().for_each(|(_, id, result)| sim.input(Input::ToolDone { id, result }));
    }
}

#[test]
fn what_acts_is_done_once_and_every_call_has_one_outcome_in_a_thousand_calls_with_interruptions() {
    let (mut calls, mut repeated, mut cancelled, mut late) = (0, 0, 0, 0);
    for seed in 0..1_000 {
        let mut random = Random::new(seed);
        let (brain, _) = restless(&mut random);
        let bot = Bot::parse(DESK, "test.toml").unwrap_or_else(|e| panic!("{e}"));
        let mut sim = Sim::with_brain(bot, brain);
        let mut runner = Runner::default();
        sim.input(Input::Answered);
        for step in 0..40 {
            match random.below(9) {
                0 => sim.speak(Some("no wait"), Duration::from_millis(700)),
                1 => sim.speak(None, Duration::from_millis(900)),
                2 => sim.input(Input::Typed("again please".into())),
                3 => sim.key("1"),
                4 => sim.input(Input::TakenOver),
                5 => drop(sim.hand_back("{}")),
                6 => sim.input(Input::OnHold(random.below(2) == 0)),
                _ => sim.pass(Duration::from_millis(100 + random.below(1_500) as u64)),
            }
            runner.look(&sim, step, &mut random);
            runner.tell(&mut sim, step);
        }
        drop(sim.hand_back("{}"));
        sim.input(Input::OnHold(false));
        // Each outcome may lead to further calls, until the brain has no more replies.
        for step in 40..90 {
            runner.look(&sim, step, &mut random);
            runner.tell(&mut sim, step);
            sim.pass(Duration::from_secs(7));
        }
        let twice: Vec<_> = keys_of(&runner.ran).into_iter().filter(|(_, times)| *times > 1).collect();
        assert!(twice.is_empty(), "seed {seed}: {twice:?}");
        let mut outcomes: BTreeMap<u64, usize> = BTreeMap::new();
        for output in &sim.outputs {
            match output {
                Output::Run(call) => calls += usize::from(outcomes.entry(call.id.0).or_default() == &0),
                Output::Called { id, of, .. } => {
                    outcomes.entry(id.0).or_default();
                    (calls, repeated) = (calls + 1, repeated + usize::from(of.is_some()));
                }
                Output::Outcome { id, fault } => {
                    *outcomes.get_mut(&id.0).unwrap_or_else(|| panic!("seed {seed}: {id:?} was not called")) += 1;
                    cancelled += usize::from(*fault == Some(ToolFault::Cancelled));
                    late += usize::from(*fault == Some(ToolFault::Late));
                }
                _ => {}
            }
        }
        let wrong: Vec<_> = outcomes.iter().filter(|(_, times)| **times != 1).collect();
        assert!(wrong.is_empty() && sim.hung_up.is_none(), "seed {seed}: {wrong:?}");
    }
    // All of it happens often.
    assert!(
        calls > 10_000 && repeated > 2_000 && cancelled > 300 && late > 300,
        "{calls} {repeated} {cancelled} {late}"
    );
}
