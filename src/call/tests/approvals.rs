//! Actions that wait for a supervisor, at the core of a call.
use super::*;
use crate::call::seat::{SeatEvent, SeatNews};
use dialog::approval::ApprovalCall;
use dialog::conversation::ToolId;
use media::hears::Supervision;
use serde_json::{Value, json};

/// The taxi bot, whose orders a supervisor approves.
fn asking() -> String {
    BOT.replace("say = \"It comes.\"", "say = \"It comes.\", confirm = \"supervisor\"")
}

/// The number of people is known, and a supervisor is asked.
fn waiting() -> (Line, ToolId, Vec<Act>) {
    let (mut line, _) = Line::of(&asking());
    for (utterance, chars) in [(8, 6), (16, 13)] {
        line.pass(line.now + 60);
        line.played(utterance, Phase::Started, 0);
        line.pass(line.now + 900);
        line.played(utterance, Phase::Done, chars);
    }
    line.pass(line.now + 500);
    let acts = line.says("two");
    let asked = acts.iter().find_map(|act| match act {
        Act::Run(call) => ApprovalCall::of(call).map(|_| call.id),
        _ => None,
    });
    (line, asked.expect("a supervisor is asked"), acts)
}

fn mark<'a>(acts: &'a [Act], name: &str) -> Option<&'a Value> {
    acts.iter().find_map(|act| match act {
        Act::Note(CallEvent::Mark(mark)) if mark.name == name => Some(&mark.data.0),
        _ => None,
    })
}

fn runs(acts: &[Act]) -> usize {
    acts.iter().filter(|act| matches!(act, Act::Run(_))).count()
}

#[test]
fn the_record_says_that_it_waits_who_decided_and_the_action_runs_once() {
    let (mut line, id, acts) = waiting();
    let asked = mark(&acts, "approval_asked").expect("noted");
    assert_eq!((&asked["id"], &asked["task"], &asked["default"]), (&json!(id.0), &json!("order"), &json!("decline")));
    assert_eq!(asked["until_ms"].as_u64().unwrap() - asked["ms"].as_u64().unwrap(), 60_000);
    assert!(acts.iter().any(|act| matches!(act, Act::Listen(_))), "the caller may speak");
    let verdict = json!({"decision": "approve", "by": "ada", "why": "decided", "note": "fine"});
    let acts = line.tell(CallInput::ToolDone { id, result: Ok(verdict.clone()) });
    let decided = mark(&acts, "approval_decided").expect("noted");
    assert_eq!(
        (&decided["decision"], &decided["by"], &decided["note"]),
        (&json!("approve"), &json!("ada"), &json!("fine"))
    );
    assert_eq!(runs(&acts), 1, "{acts:?}");
    let acts = line.tell(CallInput::ToolDone { id, result: Ok(verdict) });
    assert_eq!(runs(&acts), 0, "{acts:?}");
}

#[test]
fn no_sound_is_due_while_it_waits_and_a_call_that_ends_takes_it_back() {
    let (mut line, id, acts) = waiting();
    // What the bot says to it is heard.
    let said: Vec<UtteranceId> = acts
        .iter()
        .filter_map(|act| if let Act::Say { utterance, .. } = act { Some(*utterance) } else { None })
        .collect();
    for utterance in said {
        line.pass(line.now + 60);
        line.played(utterance.0, Phase::Started, 0);
        line.pass(line.now + 1_500);
        line.played(utterance.0, Phase::Done, 60);
    }
    let acts = line.pass(line.now + 5_000);
    assert!(clips(&acts).is_empty() && ends(&acts).is_empty(), "{acts:?}");
    let end = End::new(Blame::RemoteParty, Reason::HungUp);
    let acts = line.tell(CallInput::Gone(end));
    assert_eq!(mark(&acts, "approval_withdrawn").map(|data| data["id"].clone()), Some(json!(id.0)));
}

#[test]
fn a_caller_who_does_not_want_it_any_more_takes_it_back() {
    let (mut line, id, _) = waiting();
    let acts = line.says("never mind");
    assert!(mark(&acts, "approval_withdrawn").is_some(), "{acts:?}");
    assert!(acts.iter().any(|act| matches!(act, Act::Cancel(cancelled) if *cancelled == id)));
    let late = CallInput::ToolDone { id, result: Ok(json!({"decision": "approve", "by": "ada"})) };
    assert_eq!(runs(&line.tell(late)), 0);
}

#[test]
fn a_decision_during_a_takeover_is_followed_when_the_bot_is_back() {
    let (mut line, id, _) = waiting();
    let seat = Seat(2);
    let news = |event| CallInput::Seat(SeatNews { seat, name: "anna".into(), event });
    line.tell(news(SeatEvent::Joined(Supervision::TakeOver)));
    let acts = line.tell(CallInput::ToolDone { id, result: Ok(json!({"decision": "approve", "by": "ada"})) });
    assert_eq!((runs(&acts), mark(&acts, "approval_decided").is_some()), (0, true));
    let acts = line.tell(news(SeatEvent::Left(crate::call::seat::SeatWhy::Asked)));
    assert_eq!(runs(&acts), 1, "{acts:?}");
}
