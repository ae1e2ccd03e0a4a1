//! What runs, what joins, what is replayed.
use super::*;
use serde_json::json;
use std::time::Duration;

fn call(id: u64, name: &str, arguments: Json, effect: Effect) -> ToolCall {
    ToolCall { id: ToolId(id), name: name.into(), arguments, effect, limit: Duration::from_secs(8) }
}

fn book(id: u64) -> ToolCall {
    call(id, "book", json!({ "people": 2 }), Effect::Acts)
}

const NOTHING: [ToolId; 0] = [];

#[test]
fn the_same_action_joins_the_one_that_runs_and_replays_the_one_that_is_done() {
    let mut ledger = Ledger::default();
    assert_eq!(ledger.begin(&book(1)), Begin::Run);
    assert_eq!(ledger.begin(&call(2, "book", json!({ "people": 2.0 }), Effect::Acts)), Begin::Join(ToolId(1)));
    assert_eq!(ledger.begin(&call(3, "book", json!({ "people": 3 }), Effect::Acts)), Begin::Run);
    assert_eq!(ledger.begin(&call(4, "cancel", json!({ "people": 2 }), Effect::Acts)), Begin::Run);
    let done = Ok(json!({ "table": 7 }));
    assert_eq!(ledger.end(ToolId(1), &done), [ToolId(1), ToolId(2)]);
    assert_eq!(ledger.end(ToolId(1), &done), NOTHING);
    assert_eq!(ledger.begin(&book(5)), Begin::Replay(ToolId(1), done));
}

#[test]
fn an_action_that_is_given_up_goes_on_and_its_outcome_is_that_of_the_same_call() {
    let mut ledger = Ledger::default();
    ledger.begin(&book(1));
    assert_eq!(ledger.give_up(ToolId(1)), Some(Effect::Acts));
    assert_eq!(ledger.give_up(ToolId(1)), None);
    assert_eq!(ledger.begin(&book(2)), Begin::Join(ToolId(1)));
    assert_eq!(ledger.end(ToolId(1), &Err(ToolFault::Late)), NOTHING, "nobody waits for the first call");
    assert_eq!(ledger.end(ToolId(1), &Ok(true.into())), [ToolId(2)]);
    assert_eq!(ledger.begin(&book(3)), Begin::Replay(ToolId(1), Ok(true.into())));
}

#[test]
fn what_was_late_or_broke_off_is_not_done_again_and_what_never_ran_may_be() {
    for (fault, again) in [
        (ToolFault::Late, Begin::Join(ToolId(1))),
        (ToolFault::Broken, Begin::Replay(ToolId(1), Err(ToolFault::Broken))),
        (ToolFault::Status(500), Begin::Replay(ToolId(1), Err(ToolFault::Status(500)))),
        (ToolFault::Unreachable, Begin::Run),
    ] {
        let mut ledger = Ledger::default();
        ledger.begin(&book(1));
        assert_eq!(ledger.end(ToolId(1), &Err(fault)), [ToolId(1)]);
        assert_eq!(ledger.begin(&book(2)), again);
    }
}

#[test]
fn what_only_reads_runs_each_time() {
    let mut ledger = Ledger::default();
    for id in [1, 2] {
        assert_eq!(ledger.begin(&call(id, "find", json!({}), Effect::Reads)), Begin::Run);
    }
    assert_eq!(ledger.give_up(ToolId(1)), Some(Effect::Reads));
    assert_eq!(ledger.end(ToolId(1), &Ok(true.into())), NOTHING);
    assert_eq!(ledger.end(ToolId(2), &Err(ToolFault::Late)), [ToolId(2)]);
}

#[test]
fn there_is_an_end_to_what_is_done_in_one_conversation() {
    let mut ledger = Ledger::default();
    let nth = |id: u64| call(id, "book", json!({ "people": id }), Effect::Acts);
    assert!((0..256).all(|id| ledger.begin(&nth(id)) == Begin::Run));
    assert!(matches!(ledger.begin(&nth(256)), Begin::Refuse(ToolFault::NotAllowed(_))));
    assert_eq!(ledger.begin(&nth(9)), Begin::Join(ToolId(9)));
}
