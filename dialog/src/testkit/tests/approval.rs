//! Actions that a supervisor has to approve.
use super::*;

const SHOP: &str = r#"
name = "shop"
language = "en"
greeting = "Shop."
closing = "Bye now."
[[task]]
name = "refund"
say = "a refund"
phrases = ["a refund", "refund"]
slots = ["amount", "pin"]
confirm = "Refund {amount}?"
[task.on_done]
url = "http://127.0.0.1:1/refund"
say = "It is refunded."
then = "ask"
confirm = "supervisor"
[task.on_done.approval]
limit_ms = 30000
action = "Refund {amount}"
[[slot]]
name = "amount"
type = "money"
prompt = "How much?"
[[slot]]
name = "pin"
type = "digits"
length = 4
secret = true
prompt = "Your pin?"
[[fact]]
questions = ["how long does it take"]
say = "It takes a minute."
"#;

/// Up to the moment at which the supervisor is asked.
fn waiting(bot: &str) -> Sim {
    let mut sim = sim(bot);
    for words in ["a refund", "forty dollars", "four eight two one", "yes"] {
        sim.say(words);
    }
    sim
}

fn approve() -> Result<serde_json::Value, ToolFault> {
    Ok(serde_json::json!({"decision": "approve", "by": "ada"}))
}

fn decline() -> Result<serde_json::Value, ToolFault> {
    Ok(serde_json::json!({"decision": "decline", "by": "ada"}))
}

fn runs(trace: &[String]) -> Vec<&str> {
    trace.iter().filter_map(|line| line.strip_prefix("run ")).map(|run| run.split(' ').next().unwrap_or("")).collect()
}

fn said(trace: &[String]) -> Vec<&str> {
    trace.iter().filter_map(|line| line.strip_prefix("bot: ")).collect()
}

#[test]
fn the_action_waits_for_the_supervisor_and_is_done_once_when_they_approve() {
    let mut sim = waiting(SHOP);
    let trace = sim.look();
    assert_eq!(runs(&trace), ["approval"], "{trace:#?}");
    assert_eq!(said(&trace).last(), Some(&"One moment, I am checking that with a colleague."));
    let asked = trace.iter().find(|line| line.starts_with("run approval")).unwrap();
    for part in [r#""action":"Refund $40""#, r#""text":"$40""#, r#""text":"****""#, r#""default":"decline""#] {
        assert!(asked.contains(part), "{part} in {asked}");
    }
    assert!(!asked.contains("4821"), "{asked}");
    sim.tool(approve());
    let trace = sim.look();
    assert_eq!(runs(&trace), ["Post"], "{trace:#?}");
    sim.tool(Ok(serde_json::json!({})));
    sim.listen();
    let trace = sim.look();
    assert_eq!(said(&trace)[0], "It is refunded.");
    // Whatever is told of it once more: it is done once.
    for number in 1..4 {
        sim.input(Input::ToolDone { id: ToolId(number), result: approve() });
    }
    assert_eq!(runs(&sim.look()).len(), 0);
}

#[test]
fn the_caller_is_told_again_and_again_that_it_waits_and_may_ask_meanwhile() {
    let mut sim = waiting(&SHOP.replace("limit_ms = 30000", "limit_ms = 600000"));
    sim.listen();
    sim.look();
    sim.pass(Duration::from_secs(22));
    let trace = sim.look();
    assert_eq!(said(&trace), ["I am still waiting for my colleague."], "{trace:#?}");
    sim.say("how long does it take");
    assert!(said(&sim.look()).contains(&"It takes a minute."));
    // Neither sounds nor other words count against the caller.
    for words in ["hello", "la la la la la", "hmm what a nice day", "blah blah blah", "la la la la la"] {
        sim.say(words);
    }
    assert!(sim.hung_up.is_none());
    assert_eq!(runs(&sim.look()).len(), 0);
    sim.tool(approve());
    assert_eq!(runs(&sim.look()), ["Post"]);
}

#[test]
fn a_caller_who_cancels_or_changes_something_takes_the_action_back() {
    for words in ["never mind", "no wait make it fifty dollars", "goodbye", "start over"] {
        let mut sim = waiting(SHOP);
        sim.say(words);
        sim.listen();
        assert!(sim.outputs.iter().any(|output| matches!(output, Output::Cancel(ToolId(1)))), "{words}");
        sim.look();
        sim.input(Input::ToolDone { id: ToolId(1), result: approve() });
        assert_eq!(runs(&sim.look()).len(), 0, "{words}: the decision comes too late");
    }
    let mut sim = waiting(SHOP);
    sim.look();
    sim.say("no wait make it fifty dollars");
    sim.listen();
    let trace = sim.look();
    assert!(said(&trace).contains(&"Refund fifty dollars?"), "{trace:#?}");
}

#[test]
fn what_was_declined_is_not_done_and_the_caller_may_change_something() {
    for outcome in [decline(), Err(ToolFault::Late)] {
        let mut sim = waiting(SHOP);
        sim.look();
        sim.tool(outcome);
        sim.listen();
        let trace = sim.look();
        assert_eq!(said(&trace), ["I am sorry, my colleague could not approve that.", "What should I change?"]);
        assert_eq!(runs(&trace).len(), 0);
        sim.say("twenty dollars");
        sim.listen();
        let trace = sim.look();
        assert!(said(&trace).contains(&"Refund twenty dollars?"), "what was given is known: {trace:#?}");
        sim.say("yes");
        assert_eq!(runs(&sim.look()), ["approval"]);
    }
}

#[test]
fn what_follows_a_decline_stands_in_the_bots_file() {
    for (then, last) in
        [("ask", "Is there anything else I can do for you?"), ("hang_up", "Bye now."), ("person", "I will connect you")]
    {
        let own = format!("then = {then:?}\ndeclined = \"Not today.\"\naction =");
        let mut sim = waiting(&SHOP.replace("action =", &own));
        sim.look();
        sim.tool(decline());
        let trace = sim.look();
        assert_eq!(said(&trace)[0], "Not today.", "{then}");
        if then != "person" {
            assert_eq!(said(&trace).last(), Some(&last), "{then}");
        }
        assert_eq!(sim.hung_up.is_some(), then != "ask", "{then}: {trace:#?}");
    }
}

#[test]
fn a_person_who_took_the_call_over_may_hand_it_back_with_other_values_whatever_was_decided() {
    let mut sim = waiting(SHOP);
    sim.listen();
    sim.input(Input::TakenOver);
    sim.tool(approve());
    sim.look();
    sim.hand_back(r#"{"amount": "20 dollars"}"#).unwrap();
    sim.listen();
    let trace = sim.look();
    assert_eq!(runs(&trace).len(), 0, "{trace:#?}");
    assert!(said(&trace).contains(&"Refund twenty dollars?"), "{trace:#?}");
    // Without other values the decision holds.
    let mut sim = waiting(SHOP);
    sim.input(Input::TakenOver);
    sim.tool(approve());
    sim.look();
    sim.hand_back("{}").unwrap();
    assert_eq!(runs(&sim.look()), ["Post"]);
}

#[test]
fn a_vietnamese_bot_says_it_in_vietnamese() {
    let bot = SHOP
        .replace("language = \"en\"", "language = \"vi\"")
        .replace("[\"a refund\", \"refund\"]", "[\"hoàn tiền\"]")
        .replace("[\"how long does it take\"]", "[\"bao lâu\"]");
    let mut sim = sim(&bot);
    for words in ["hoàn tiền", "bốn mươi nghìn đồng", "bốn tám hai một", "đúng"] {
        sim.say(words);
    }
    let trace = sim.look();
    assert_eq!(runs(&trace), ["approval"], "{trace:#?}");
    assert!(said(&trace).join(" ").ends_with("Dạ, quý khách chờ một chút, tôi hỏi lại đồng nghiệp."), "{trace:#?}");
    sim.tool(decline());
    sim.listen();
    let trace = sim.look();
    assert!(
        said(&trace).join(" ").starts_with("Rất tiếc, đồng nghiệp của tôi không duyệt được yêu cầu này."),
        "{trace:#?}"
    );
}

#[test]
fn the_file_is_checked() {
    let fault = |from: &str, to: &str| Bot::parse(&SHOP.replace(from, to), "shop").unwrap_err().to_string();
    assert!(fault("confirm = \"supervisor\"\n", "").contains("add `confirm = \"supervisor\"`"));
    assert!(fault("limit_ms = 30000", "limit_ms = 30").contains("1000 to 600000"));
    assert!(fault("{amount}\"\n[[slot", "{nothing}\"\n[[slot").contains("approval.action"));
    assert!(fault("limit_ms", "limit_s").contains("limit_s"));
}
