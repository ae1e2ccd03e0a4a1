//! `Line`: an answered call as its owner holds it, inbound or outbound alike.
use crate::party::Party;
use crate::rtp::Suite;
use media::Wire;
use media::leg::LegPlan;
use std::fmt;
use std::sync::{Arc, OnceLock};
use tokio::sync::mpsc;

/// Which side ended a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The far end hung up.
    Caller,
    /// Nobody hung up: a refresh, an acknowledgement or a connection failed to come.
    Network,
    /// We hung up.
    Us,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    pub by: By,
    pub reason: &'static str,
}

/// What happens to a line while it lives.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The far end negotiated anew: the leg is to be configured with this.
    Plan(LegPlan),
    /// A browser's media path is up; sound sent before is dropped. A phone's is up from the start and never reports it.
    Up,
    /// The far end put us on hold, or took us off.
    Held(bool),
    /// A key sent by INFO (`0`–`9`, `*`, `#`, `A`–`D`). Keys inside the sound come from the leg.
    Key(char),
    /// This far end has replaced the one before (RFC 3891). A change of plan follows where the plan differs.
    Replaced(Party),
    /// A browser's packets have stopped for as long as the plan says (`true`), or come again (`false`). Never of phones.
    Lost(bool),
    /// The last change; [`Line::next`] returns it again each time.
    Ended(Ended),
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
    /// The wire of its packets; taken once, by whoever runs the leg.
    pub wire: Option<Box<dyn Wire>>,
    /// What was negotiated when the line came up; later plans come as [`Change::Plan`].
    pub plan: LegPlan,
    /// How the sound is encrypted, at the time the line came up; `None`: not at all, or (a browser) as DTLS is yet to agree.
    pub suite: Option<Suite>,
    pub(crate) hang_ups: mpsc::Sender<HangUp>,
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
                self.ended.get().copied().unwrap_or(Ended { by: By::Network, reason: "signalling stopped" }),
            ),
        }
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
