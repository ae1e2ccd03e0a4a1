//! What comes of a REFER at a telephone that is not ours: sipp.
use crate::HUNG_UP;
use crate::bot::{Bot, Manner, plan, sipp};
use telephony::{Change, Referral};

/// What is told of a REFER that this scenario answers.
async fn told(scenario: &str, outcome: &str) -> Vec<Change> {
    let bot = Bot::with(plan(), Manner::Refer).await;
    sipp(&bot, scenario, &["-key", "outcome", outcome]).await;
    let mut changes = bot.calls(1).await.swap_remove(0).changes;
    bot.gone().await;
    assert_eq!(changes.pop(), Some(HUNG_UP), "{scenario} {outcome}");
    changes
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_notify_of_a_telephone_is_the_outcome() {
    for (outcome, status) in [("200 OK", 200), ("486 Busy Here", 486), ("603 Decline", 603)] {
        let expected = [Referral::Progress(100), Referral::Outcome(status)].map(Change::Referral);
        assert_eq!(told("refer_told", outcome).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_that_refuses_is_told_with_its_status() {
    assert_eq!(told("refer_refused", "").await, [Change::Referral(Referral::Refused(405))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_that_tells_nothing_or_rings_on_is_late() {
    assert_eq!(told("refer_untold", "").await, [Change::Referral(Referral::Late)]);
    let expected = [Referral::Progress(180), Referral::Late].map(Change::Referral);
    assert_eq!(told("refer_slow", "").await, expected);
}
