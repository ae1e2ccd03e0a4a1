//! Callers and what is expected, with a small bot.
use super::*;
use crate::call::{Setting, hold, reprompts};
use crate::caller::{Action, Caller, Hearing, NextMoment, Utterance};
use crate::record::Failure;
use crate::scenario::End;
use crate::tools::ScenarioTools;

const RESET: &str = r#"
[[tool]]
request = "POST /reset"
body = { pin = "4821" }
answer = { ticket = { number = 7 } }
delay_ms = 400
[[scenario]]
name = "a password is reset"
steps = [
    { hear = "Help desk", say = ["reset my password"] },
    { hear = "Your pin", keys = "4821#" },
    { hear = "Reset it", say = ["yes", "that's right"] },
]
[scenario.expect]
tool = [{ request = "POST /reset", times = 1 }]
slot = { pin = "****" }
ends = "done"
"#;

#[test]
fn what_is_expected_is_judged_and_the_first_step_that_fails_is_named() {
    passes(&run(&[desk(RESET)], &Plan::default()));
    for (from, to, says) in [
        (
            "hear = \"Your pin\"",
            "hear = \"Your name\"",
            "12: expected to hear \"Your name\"; the bot said \"Your pin, please.\"",
        ),
        ("hear = \"Your pin\"", "matches = \"name\"", "12: expected words that match"),
        ("hear = \"Your pin\"", "absent = \"pin\"", "12: expected not to hear \"pin\""),
        ("hear = \"Your pin\"", "within_ms = 5", "12: expected an answer within 5 ms; it took"),
        ("ends = \"done\"", "ends = \"no input\"", "8: the call ended with \"done\"; expected \"no input\""),
        ("ends = \"done\"", "says = \"zounds\"", "8: the bot never said \"zounds\""),
        ("ends = \"done\"", "absent = \"ticket\"", "8: the bot said \"ticket\""),
        ("ends = \"done\"", "task = \"order\"", "8: the caller was helped with reset; expected \"order\""),
        ("ends = \"done\"", "within_ms = 100", "8: the slowest answer took"),
        ("ends = \"done\"", "max_turns = 1", "8: 3 turns; expected 1 at most"),
        ("ends = \"done\"", "person = \"support\"", "8: the caller was to be put through to nobody"),
        ("pin = \"****\"", "size = 3", "8: the slot \"size\" has no value"),
        ("pin = \"****\"", "pin = \"4821\"", "8: the slot \"pin\" is \"****\""),
        ("times = 1", "times = 2", "16: \"POST /reset\" was called 1 times; expected 2 times"),
        ("pin = \"4821\"", "pin = \"1\"", "0: the bot asks \"POST http://127.0.0.1:1/reset"),
        ("slot = {", "max_reprompts = 0\nslot = {", ""),
    ] {
        assert!(RESET.contains(from));
        let rehearsal = desk(&RESET.replacen(from, to, 1));
        if says.is_empty() {
            passes(&run(&[rehearsal], &Plan::default()));
        } else {
            let failure = failure(&rehearsal);
            assert!(failure.starts_with(says), "{failure}\nexpected: {says}");
        }
    }
}

#[test]
fn a_secret_is_in_no_transcript_but_as_the_caller_entered_it() {
    let rehearsals = [desk(RESET)];
    let outcomes = run(&rehearsals, &Plan::default());
    let transcript: Vec<String> = text::transcript(&outcomes[0].runs[0].record).collect();
    let shown = transcript.iter().filter(|line| line.contains("4821")).count();
    assert_eq!(shown, 2, "the keys, and the request: {transcript:#?}");
}

#[test]
fn a_seed_gives_the_same_calls_again_and_runs_differ() {
    let rehearsals = [desk(RESET)];
    let record = |seed, threads| {
        let outcomes = run(&rehearsals, &Plan { seed, runs: Some(12), threads: Some(threads), ..Plan::default() });
        let lines = |run: &crate::run::Run| text::transcript(&run.record).collect::<Vec<_>>();
        outcomes[0].runs.iter().map(lines).collect::<Vec<_>>()
    };
    let first = record(5, 1);
    assert_eq!(first, record(5, 4));
    assert_ne!(first, record(6, 1));
    assert!(first.iter().any(|run| run.iter().any(|line| line.ends_with(": yes"))), "{first:?}");
    assert!(first.iter().any(|run| run.iter().any(|line| line.ends_with(": that's right"))));
    let one = run(&rehearsals, &Plan { seed: 5, run: Some(7), ..Plan::default() });
    assert_eq!(text::transcript(&one[0].runs[0].record).collect::<Vec<_>>(), first[6], "one run alone is the same");
}

#[test]
fn a_person_is_looked_for_and_what_comes_of_it_stands_in_the_file() {
    let scenario = |person: &str, steps: &str, expect: &str| {
        desk(&format!(
            "[person]\n{person}\n[[scenario]]\nname = \"a\"\nsteps = [{{ say = \"a person\" }}, {steps}]\n[scenario.expect]\n{expect}"
        ))
    };
    let through = scenario(
        "outcome = \"put through\"\nafter_ms = 9000",
        "",
        "person = \"support\"\nends = \"put through to a person\"",
    );
    let busy =
        scenario("outcome = \"busy\"", "{ hear = \"the line is busy\", say = \"goodbye\" }", "person = \"support\"");
    let queue = scenario(
        "outcome = \"put through\"\nafter_ms = 60000\nplace = 3\nwait_ms = 120000",
        "{ hear = [\"You are number three\", \"two minutes\"], say = \"call me back\" }, { hear = \"we will call you back\" }",
        "ends = \"to be called back\"",
    );
    let patient = scenario(
        "outcome = \"waited too long\"\nafter_ms = 60000\nplace = 3",
        "{ hear = \"everybody is still busy\", hang_up = true }",
        "ends = \"hung up\"",
    );
    for rehearsal in [through, busy, queue, patient] {
        passes(&run(&[rehearsal], &Plan::default()));
    }
    let none = desk("[[scenario]]\nname = \"a\"\nsteps = [{ say = \"a person\" }]");
    assert!(failure(&none).contains("say in [person] what comes of that"), "{}", failure(&none));
}

#[test]
fn interruptions_and_reprompts_are_counted() {
    let steps = "steps = [{ hear = \"Help desk\", say = \"order a shirt\" }, { interrupt = \"banana\", after_ms = 400 }, \
        { hear = \"did not understand\", mumble_ms = 900 }, { silence_ms = 6500 }, { say = \"three\" }, { hear = \"Size three it is\" }]";
    let rehearsals = [desk(&format!("[[scenario]]\nname = \"a\"\n{steps}"))];
    let outcomes = run(&rehearsals, &Plan::default());
    passes(&outcomes);
    for run in &outcomes[0].runs {
        assert_eq!((run.record.interruptions, run.record.reprompts), (1, 3), "{}", told(&outcomes));
    }
}

#[test]
fn a_moment_that_does_not_come_is_a_failure() {
    let late = desk("[[scenario]]\nname = \"a\"\nsteps = [{ interrupt = \"order a shirt\", after_ms = 60000 }]");
    assert!(failure(&late).contains("had finished before the caller could interrupt"));
    let over = desk("[[scenario]]\nname = \"a\"\nsteps = [{ say = \"goodbye\" }, { say = \"hello\" }]");
    assert!(failure(&over).contains("the call had ended before"), "{}", failure(&over));
}

/// A caller of another kind: they order a shirt, whatever is said.
struct Determined(u32);

impl Caller for Determined {
    fn moment(&self) -> NextMoment {
        NextMoment::BotDone
    }

    fn act(&mut self, hearing: &Hearing<'_>) -> Result<Action, Failure> {
        self.0 += 1;
        let words = if hearing.said.has("Which size") { "nine" } else { "order a shirt" };
        let ms = Duration::from_millis;
        Ok(Action::Say(Utterance {
            words: words.into(),
            recognised: Some(words.into()),
            confidence: 0.9,
            pause: ms(300),
            length: ms(900),
            recognise: ms(50),
            pace: 1.0,
            noise: None,
        }))
    }
}

#[test]
fn a_caller_of_any_kind_can_hold_a_call() {
    let rehearsal = desk("[[scenario]]\nname = \"a\"\nsteps = [{ say = \"a\" }]");
    let again = reprompts(&rehearsal.bot);
    let tools = &mut ScenarioTools::new(&[]);
    let setting = Setting {
        bot: &rehearsal.bot,
        others: &rehearsal.others,
        now: rehearsal.now,
        tools,
        person: None,
        reprompts: &again,
    };
    let mut caller = Determined(0);
    let record = hold(setting, &mut caller, Instant::now());
    assert_eq!((record.end.text(), record.slots["size"].clone(), caller.0), ("done", 9.into(), 3), "{record:?}");
    assert!(matches!(record.end, End::Bot(_)) && record.faults.is_empty());
}

#[test]
fn a_report_says_what_failed_where_and_how_to_run_it_again() {
    let wrong = RESET.replace("hear = \"Reset it\"", "hear = \"Reset <it> & go\"");
    let rehearsals = [desk(&wrong), desk(RESET)];
    let outcomes = run(&rehearsals, &Plan::default());
    let report = Report { outcomes: &outcomes, seed: 0, took: Duration::from_millis(10) };
    assert!(!report.has_passed() && report.failed() == 3 && report.calls() == 6);
    let terminal = text::text(&report);
    for part in [
        "FAILED 0/3  a password is reset",
        "desk.rehearsal.toml:13: expected to hear \"Reset <it> & go\"",
        "bot: Your pin, please.",
        "caller, by keys: 4821#",
        "again: switchboard rehearse desk.rehearsal.toml --scenario 'a password is reset' --seed 0 --run 2",
        "2 scenarios, 6 calls: 3 passed, 3 failed.",
    ] {
        assert!(terminal.contains(part), "{part}\n{terminal}");
    }
    junit_is_well_formed(&junit::junit(&report));
    let page = html::html(&report);
    assert!(page.contains("Reset &lt;it&gt; &amp; go") && !page.contains("<it>"));
    assert!(!page.contains("http://") || !page.contains("src="), "nothing is fetched");
    assert_eq!(page.matches("<details open>").count(), 3);
}

fn junit_is_well_formed(xml: &str) {
    let read = roxmltree::Document::parse(xml).unwrap_or_else(|why| panic!("{why}\n{xml}"));
    let root = read.root_element();
    assert_eq!((root.attribute("tests"), root.attribute("failures")), (Some("6"), Some("3")));
    let cases: Vec<_> = root.descendants().filter(|node| node.has_tag_name("testcase")).collect();
    let failed = root.descendants().filter(|node| node.has_tag_name("failure")).count();
    assert_eq!((cases.len(), failed), (6, 3));
    let message = root.descendants().find_map(|node| node.attribute("message")).expect("a message");
    assert!(message.contains("Reset <it> & go"), "{message}");
}
