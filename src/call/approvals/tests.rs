//! The queue of approvals without its driver.
use super::*;
use std::time::Duration;

pub(in crate::call) fn asked(seconds: u64, default: Decision) -> ApprovalCall {
    ApprovalCall {
        task: "refund".into(),
        action: "a refund".into(),
        values: vec![ShownValue { slot: "amount".into(), label: "amount".into(), text: "$40".into() }],
        limit: Duration::from_secs(seconds),
        default,
    }
}

fn approval(number: u64) -> Approval {
    Approval::new("call", "bot", asked(60, Decision::Decline), number, Timestamp::UNIX_EPOCH)
}

fn by(who: &str, decision: Decision) -> Verdict {
    Verdict { decision, reason: Reason::Decided { by: who.into(), note: None } }
}

#[test]
fn of_two_who_decide_one_wins_and_the_other_is_told_who_it_was() {
    let mut queue = Approvals::default();
    let mut first = queue.ask(approval(1));
    let mut second = queue.ask(approval(2));
    assert_eq!(queue.list().map(|approval| approval.id.as_str()).collect::<Vec<_>>(), ["call.1", "call.2"]);
    assert_eq!(queue.decide("call.1", by("ada", Decision::Approve)), Ok(()));
    let fault = queue.decide("call.1", by("ben", Decision::Decline)).unwrap_err();
    assert_eq!(fault.to_string(), "ada has approved this already");
    assert_eq!(first.try_recv().unwrap(), by("ada", Decision::Approve));
    assert!(second.try_recv().is_err());
    assert_eq!(queue.list().count(), 1);
    assert_eq!(queue.decide("call.3", by("ada", Decision::Approve)), Err(DecisionFault::Unknown));
}

#[test]
fn what_is_over_or_withdrawn_cannot_be_decided_any_more() {
    let mut queue = Approvals::default();
    let mut expired = queue.ask(approval(1));
    let mut withdrawn = queue.ask(approval(2));
    assert!(queue.expire("call.1") && !queue.expire("call.1"));
    assert!(queue.withdraw("call.2") && !queue.withdraw("call.2") && !queue.expire("call.2"));
    assert_eq!(expired.try_recv().unwrap(), Verdict { decision: Decision::Decline, reason: Reason::Default });
    assert!(withdrawn.try_recv().is_err());
    let late = |queue: &mut Approvals, id| queue.decide(id, by("ada", Decision::Approve)).unwrap_err();
    assert_eq!(late(&mut queue, "call.1"), DecisionFault::Default(Decision::Decline));
    assert_eq!(late(&mut queue, "call.2"), DecisionFault::Withdrawn);
}

#[test]
fn the_queue_is_bounded_and_one_more_is_decided_by_its_default() {
    let mut queue = Approvals::default();
    let _waiting: Vec<_> = (0..MOST as u64).map(|number| queue.ask(approval(number))).collect();
    let mut more = queue.ask(approval(999));
    assert_eq!(more.try_recv().unwrap(), Verdict { decision: Decision::Decline, reason: Reason::Full });
    assert_eq!(queue.list().count(), MOST);
}

#[test]
fn the_record_says_who_decided_and_why() {
    let verdict = Verdict {
        decision: Decision::Decline,
        reason: Reason::Decided { by: "ada".into(), note: Some("too much".into()) },
    };
    let record = serde_json::json!({ "decision": "decline", "by": "ada", "why": "decided", "note": "too much" });
    assert_eq!(verdict.record(), record);
    let approval = approval(4);
    assert_eq!((approval.until - approval.asked_at).get_seconds(), 60);
    assert!(!format!("{approval:?}").contains("$40"));
}
