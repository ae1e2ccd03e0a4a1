//! `Ring`: an incoming call that has not been answered. Answering and declining take it by value, so that it is done once.
use crate::headers::Headers;
use crate::line::Line;
use crate::number::Called;
use crate::party::Party;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// What authorised an incoming call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallOrigin {
    /// A phone, by its password; its configured name.
    Phone(String),
    /// A provider, by its registration or its network; its configured name.
    Trunk(String),
    /// An open network.
    Open,
}

/// Why a call is declined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decline {
    /// 486: the callee takes no further call.
    Busy,
    /// 404: there is no such user.
    Unknown,
    /// 603: the callee does not want the call.
    Unwanted,
    /// 503 with Retry-After: the server cannot take it now.
    Overloaded(Duration),
}

impl Decline {
    pub(crate) const fn status(self) -> u16 {
        match self {
            Self::Busy => 486,
            Self::Unknown => 404,
            Self::Unwanted => 603,
            Self::Overloaded(_) => 503,
        }
    }
}

/// The refusal of a call, inbound or outbound.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("refused with {status} {reason}")]
pub struct Refused {
    /// The SIP status (RFC 3261 section 21): the peer's, or the one that fits a failure on our side.
    pub status: u16,
    /// The reason phrase, or what failed on our side. It contains no name and no phone number.
    pub reason: String,
}

impl Refused {
    pub(crate) fn new(status: u16, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into() }
    }
}

/// A command from the owner of a ringing call to the task of its signalling.
#[derive(Debug)]
pub(crate) enum Command {
    Ringing,
    Answer(oneshot::Sender<Result<Line, Refused>>),
    Decline(Decline),
}

/// An incoming call before its answer. Dropping it declines with 480.
#[derive(Debug)]
pub struct Ring {
    /// The caller; from a trunk, the identity that it asserts, unless the caller asks for privacy.
    pub from: Party,
    pub to: Party,
    /// The user of the request-URI, by which calls are routed.
    pub called: Called,
    /// From a trunk, the header fields that its allow-list names.
    pub headers: Headers,
    pub origin: CallOrigin,
    pub(crate) id: u64,
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) gone: CancellationToken,
}

impl Ring {
    /// The `id` that its [`Line`] will have.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Sends 180: the caller hears a ringback tone. It need not be repeated.
    pub async fn ringing(&mut self) {
        // A closed channel means that the caller has gone, which `cancelled` reports.
        self.commands.send(Command::Ringing).await.ok();
    }

    /// Sends 200 and returns the line once media are negotiated: at once where the INVITE carried an offer, after the ACK where the offer
    /// is ours. Refused where the caller has gone (487) or sends no ACK (408).
    pub async fn answer(self) -> Result<Line, Refused> {
        let (reply, line) = oneshot::channel();
        if self.commands.send(Command::Answer(reply)).await.is_err() {
            return Err(Refused::new(487, "the caller has gone"));
        }
        line.await.unwrap_or_else(|_| Err(Refused::new(487, "the caller has gone")))
    }

    pub async fn decline(self, why: Decline) {
        self.commands.send(Command::Decline(why)).await.ok();
    }

    /// Resolves when the caller gives up before the answer. Cancel-safe.
    pub async fn cancelled(&mut self) {
        self.gone.cancelled().await;
    }
}
