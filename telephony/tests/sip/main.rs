//! SIP over real sockets: sipp plays the far end, or a second server of ours does.
mod bot;

use bot::{Bot, free_port, password, plan, sipp, until};
use std::time::Duration;
use telephony::sip::{Carrier, Credentials, Dial, Network, Registration, Sip, SipPlan, Standing, Trunk};
use telephony::{By, Change, Decline, Ended, Party};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_answered_and_hung_up_by_the_caller() {
    let bot = Bot::start(plan()).await;
    sipp(&bot, "call", &[]).await;
    let calls = bot.calls(1).await;
    assert_eq!(calls[0].user, "echo");
    assert_eq!(calls[0].changes, [Change::Ended(Ended { by: By::Caller, reason: "hung up" })]);
    bot.gone().await;
}
