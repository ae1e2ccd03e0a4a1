//! What a model has done: allowed, confirmed, once, and told as it was.
use super::*;

/// The outcomes of calls as the model was told them last.
fn outputs(sim: &Sim) -> Vec<Json> {
    let all = messages(sim.asked.last().unwrap());
    all.iter().filter(|(role, _)| role == "tool").map(|(_, text)| serde_json::from_str(text).unwrap()).collect()
}

#[test]
fn a_tool_that_reads_runs_at_once_and_its_answer_is_told() {
    let mut sim = greeted(BISTRO);
    sim.say("is there a table for two at eight");
    sim.model(calls("free_tables", json!({ "people": 2 })));
    assert_eq!(sim.look()[2..], ["run free_tables {\"people\":2}"]);
    sim.pass(Duration::from_millis(1_300));
    assert_eq!(sim.look(), ["bot: One moment, please."]);
    sim.tool(Ok(json!({ "tables": 3 })));
    assert_eq!(sim.look(), ["ask near: answer"]);
    assert_eq!(outputs(&sim), [json!({ "ok": true, "result": { "tables": 3 } })]);
    sim.model_says("Yes, three tables are free.");
    assert_eq!(sim.look(), ["bot: Yes, three tables are free."]);
}

#[test]
fn what_acts_runs_only_after_it_was_restated_and_the_caller_said_yes() {
    let mut sim = greeted(BISTRO);
    sim.say("book a table for two please");
    sim.model(calls("book_table", json!({ "people": 2 })));
    assert_eq!(sim.look()[2..], ["bot: Book table: guests: two.", "bot: Is that right?"]);
    sim.say("yes");
    assert_eq!(sim.look()[..2], ["caller: yes", "run book_table {\"people\":2}"]);
    sim.tool(Ok(json!({ "number": 7 })));
    sim.model_says("I have booked your table for two.");
    assert!(sim.look().contains(&"bot: I have booked your table for two.".to_owned()));
}

#[test]
fn without_a_clear_yes_nothing_runs_and_the_model_is_told_so() {
    for answer in ["no", "make it four", "what does it cost"] {
        let mut sim = greeted(BISTRO);
        sim.say("book a table for two please");
        sim.model(calls("book_table", json!({ "people": 2 })));
        sim.say(answer);
        let trace = sim.look();
        assert!(!trace.iter().any(|line| line.starts_with("run ")), "{answer}: {trace:?}");
        assert_eq!(outputs(&sim)[0]["ok"], false, "{answer}");
    }
    // A yes to what was hardly heard is none.
    let mut sim = greeted(BISTRO);
    sim.say("book a table for two please");
    sim.model(calls("book_table", json!({ "people": 2 })));
    sim.confidence = 0.3;
    sim.say("yes");
    assert!(!sim.look().iter().any(|line| line.starts_with("run ")));
}

#[test]
fn a_claim_that_nothing_stands_behind_is_not_said() {
    let mut sim = greeted(BISTRO);
    sim.say("book a table for two please");
    sim.model_says("Sure, one second. I have booked your table for two.");
    let trace = sim.look();
    assert!(!trace.iter().any(|line| line.contains("booked")), "{trace:?}");
    assert_eq!(trace.last().unwrap(), "ask near: answer");
    assert!(last_message(&sim).1.contains("no tool has done anything"));
    sim.model_says("Your table has been booked, you're all set.");
    let trace = sim.look();
    assert!(
        trace.iter().any(|line| line.contains("not done yet")) && !trace.iter().any(|line| line.contains("booked")),
        "{trace:?}"
    );
}

#[test]
fn an_interrupted_tool_runs_on_and_the_caller_is_told_of_it() {
    let mut sim = greeted(BISTRO);
    sim.say("book a table for two please");
    sim.model(calls("book_table", json!({ "people": 2 })));
    sim.say("yes");
    sim.look();
    sim.say("do you have a garden");
    let trace = sim.look();
    assert!(trace.ends_with(&["ask near: ahead".into(), "caller: do you have a garden".into()]), "{trace:?}");
    assert_eq!(outputs(&sim)[0]["status"], "still running, its answer follows");
    sim.model_says("Yes, we do have a garden.");
    sim.listen();
    sim.look();
    sim.tool(Ok(json!({ "number": 7 })));
    assert_eq!(sim.look(), ["ask near: answer"]);
    assert_eq!(outputs(&sim), [json!({ "ok": true, "result": { "number": 7 } })]);
    sim.model_says("Your table is booked now.");
    assert_eq!(sim.look(), ["bot: Your table is booked now."]);
}

#[test]
fn a_tool_that_never_answers_is_late_and_said_to_be() {
    let mut sim = greeted(BISTRO);
    sim.say("is there a table for two at eight");
    sim.model(calls("free_tables", json!({ "people": 2 })));
    sim.pass(Duration::from_secs(23));
    assert_eq!(outputs(&sim), [json!({ "ok": false, "error": "no answer in time" })]);
    let fillers = sim.look().iter().filter(|line| line.starts_with("bot: ")).count();
    assert!((3..=6).contains(&fillers), "{fillers}");
}

#[test]
fn a_supervisor_decides_where_the_tool_says_so() {
    for (decision, runs) in [("approve", true), ("decline", false)] {
        let mut sim = greeted(BISTRO);
        sim.say("I want my money back");
        sim.model(calls("refund", json!({ "people": 2 })));
        let trace = sim.look();
        assert!(trace.iter().any(|line| line.starts_with("run approval")), "{trace:?}");
        sim.tool(Ok(json!({ "decision": decision })));
        let trace = sim.look();
        assert_eq!(trace.iter().any(|line| line.starts_with("run refund")), runs, "{trace:?}");
        assert_eq!(trace.iter().any(|line| line.starts_with("ask near")), !runs, "{trace:?}");
    }
}

#[test]
fn what_is_not_offered_or_malformed_is_told_and_never_run() {
    for news in [
        calls("drop_database", json!({})),
        vec![
            ModelNews::Tool(ToolPart {
                name: Some("free_tables".into()),
                arguments: "{\"people\":".into(),
                ..ToolPart::default()
            }),
            ModelNews::End,
        ],
        calls("hang_up", json!({})),
        calls("start_task", json!({ "task": "reset" })),
    ] {
        let mut sim = greeted(BISTRO);
        sim.say("is there a table for two at eight");
        sim.model(news);
        let trace = sim.look();
        assert_eq!(trace.last().map(String::as_str), Some("ask near: answer"));
        assert!(trace[2..trace.len() - 1].iter().all(|line| line.starts_with("refuses ")), "{trace:?}");
        assert_eq!(outputs(&sim)[0]["ok"], false);
        // A model that does so again and again comes to its end.
        for _ in 0..8 {
            sim.model(calls("drop_database", json!({})));
        }
        assert!(sim.look().contains(&"bot: I am not able to do that on this call.".to_owned()));
        assert_eq!(sim.hung_up, None, "the caller has the floor");
    }
}

#[test]
fn the_call_ends_on_a_clear_word_and_after_what_was_said() {
    let mut sim = greeted(BISTRO);
    sim.say("please close it");
    sim.model(calls("hang_up", json!({})));
    assert_eq!(sim.hung_up, None);
    sim.model_says("Is there anything else I can do for you?");
    sim.say("no");
    assert_eq!(sim.hung_up, None);
    sim.model([text("Have a nice evening.")].into_iter().chain(calls("hang_up", json!({}))));
    assert_eq!(sim.hung_up, Some(HangUpReason::Done));
    assert!(sim.look().ends_with(&["bot: Have a nice evening.".into(), "end: done".into()]));
}

#[test]
fn the_flow_validates_what_the_model_gives_it() {
    let mut sim = greeted(&desk());
    sim.say("somebody should know that my screen is broken");
    sim.model(calls(
        "start_task",
        json!({ "task": "message", "values": { "message": "screen broken", "urgent": "purple" } }),
    ));
    assert!(outputs(&sim)[0]["error"].as_str().unwrap().contains("urgent"), "{:?}", outputs(&sim));
    sim.look();
    sim.model(calls("start_task", json!({ "task": "message", "values": { "message": "screen broken" } })));
    let trace = sim.look();
    assert!(trace[0].starts_with("message = \"screen broken\"") && trace[1] == "bot: Is it urgent?", "{trace:?}");
    sim.say("yes");
    assert!(sim.look().contains(&"bot: Your message is noted.".to_owned()));
    sim.say("what about that thing with the pin I had");
    sim.model(calls("start_task", json!({ "task": "reset", "values": { "pin": "4821" } })));
    assert!(outputs(&sim).last().unwrap()["error"].as_str().unwrap().contains("secret"));
}
