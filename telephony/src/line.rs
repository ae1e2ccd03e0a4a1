//! `Line`: the owner's handle of an answered call, inbound or outbound.
use crate::party::Party;
use crate::rtp::Suite;
use media::Wire;
use media::leg::LegPlan;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::mpsc;

/// Which side ended a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedBy {
    /// The far end hung up.
    Caller,
    /// Nobody hung up: a session refresh or an ACK is missing, or the connection is lost.
    Network,
    /// We hung up.
    Us,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    pub by: EndedBy,
    pub reason: &'static str,
}

/// An event of a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The media were negotiated again: the leg is to be configured with this.
    Plan(LegPlan),
    /// The media path to a browser is up; sound sent earlier is dropped. That of a phone is up from the start: there is no event.
    Up,
    /// The far end has put us on hold, or resumed.
    OnHold(bool),
    /// A key sent by INFO (`0`–`9`, `*`, `#`, `A`–`D`). Keys within RTP are reported by the leg.
    Key(char),
    /// This far end has replaced the former one (RFC 3891). [`Change::Plan`] follows where the plan differs.
    Replaced(Party),
    /// How the transfer goes that was asked for by [`Transferrer::refer`].
    Referral(Referral),
    /// No packets of a browser have arrived for the time in its plan (`true`), or they arrive again (`false`). Never of phones.
    Lost(bool),
    /// The last change; [`Line::next`] returns it again each time.
    Ended(Ended),
}

/// How a transfer by REFER goes. The last news is any but [`Referral::Progress`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Referral {
    /// The far end tells this provisional status of its call.
    Progress(u16),
    /// The final status of its call: 200, and it speaks with somebody else.
    Outcome(u16),
    /// The REFER was refused with this status; 408: it was not answered.
    Refused(u16),
    /// The outcome did not come in time.
    Late,
    /// The far end accepted the REFER and does not tell how it went.
    Untold,
}

/// What the far end is asked for.
#[derive(Debug)]
pub(crate) struct Refer {
    /// The address it is to call.
    pub to: String,
    /// The longest the outcome may take.
    pub limit: Duration,
}

/// Transfers the far end of a line.
#[derive(Clone, Debug)]
pub struct Transferrer(mpsc::Sender<Refer>);

impl Transferrer {
    /// Asks the far end to call `to`, a SIP URI. What comes of it is told by [`Change::Referral`] within `limit`. `false`: the line is
    /// over, or takes no more orders.
    #[must_use]
    pub fn refer(&self, to: &str, limit: Duration) -> bool {
        self.0.try_send(Refer { to: to.to_owned(), limit }).is_ok()
    }
}

/// The owner's command to end an answered call, and why.
#[derive(Debug)]
pub(crate) struct HangUp(pub &'static str);

/// An answered call. Dropping it hangs up.
pub struct Line {
    /// Unique in this process.
    pub id: u64,
    pub from: Party,
    pub to: Party,
    /// The wire of its packets, to be taken once for the leg.
    pub wire: Option<Box<dyn Wire>>,
    /// What was negotiated when the call was answered; later plans come as [`Change::Plan`].
    pub plan: LegPlan,
    /// The SRTP suite when the call was answered; `None`: plain RTP, or (of a browser) DTLS has yet to negotiate it.
    pub suite: Option<Suite>,
    pub(crate) hang_ups: mpsc::Sender<HangUp>,
    /// `None`: the line of a browser, which cannot be transferred.
    pub(crate) refers: Option<mpsc::Sender<Refer>>,
    pub(crate) changes: mpsc::Receiver<Change>,
    pub(crate) ended: Arc<OnceLock<Ended>>,
}

impl Line {
    /// The next change. Cancel-safe. Leaving 64 of them unread ends the call, with the reason
    /// `"the call's owner does not listen"`.
    pub async fn next(&mut self) -> Change {
        match self.changes.recv().await {
            Some(change) => change,
            None => Change::Ended(
                self.ended.get().copied().unwrap_or(Ended { by: EndedBy::Network, reason: "signalling stopped" }),
            ),
        }
    }

    /// Transfers the far end; `None`: it cannot be.
    pub fn transferrer(&self) -> Option<Transferrer> {
        self.refers.clone().map(Transferrer)
    }

    /// Sends BYE (its retransmissions go on without the line). `why` goes into the Reason header (RFC 3326).
    pub async fn hang_up(&mut self, why: &'static str) -> Ended {
        self.hang_ups.send(HangUp(why)).await.ok();
        loop {
            if let Change::Ended(ended) = self.next().await {
                return ended;
            }
        }
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("id", &self.id)
            .field("plan", &self.plan)
            .field("suite", &self.suite)
            .finish_non_exhaustive()
    }
}
