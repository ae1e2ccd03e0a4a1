//! `Ring`: a call that asks to be answered. Answered or declined once: both take it by value.
use crate::headers::Headers;
use crate::line::Line;
use crate::number::Called;
use crate::party::Party;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// By what right a call came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// A phone of ours that proved its password; its configured name.
    Phone(String),
    /// A provider, by its registration or its network; its configured name.
    Trunk(String),
    /// A network from which anyone may call.
    Open,
}

/// Why a call is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decline {
    /// 486: the callee takes no further call.
    Busy,
    /// 404: nobody answers under this user part.
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

/// A call that did not come about, inbound or outbound.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("refused with {status} {reason}")]
pub struct Refused {
    /// The SIP status (RFC 3261 section 21), of the peer or what we would have sent.
    pub status: u16,
    /// The reason phrase, or what went wrong on our side. Holds no name and no number.
    pub reason: String,
}

impl Refused {
    pub(crate) fn new(status: u16, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into() }
    }
}

/// What the owner of a ringing call commands the task that does its signalling.
#[derive(Debug)]
pub(crate) enum Command {
    Ringing,
    Answer(oneshot::Sender<Result<Line, Refused>>),
    Decline(Decline),
}

/// An incoming call before its answer. Dropping it declines with 480.
#[derive(Debug)]
pub struct Ring {
    /// The caller; of a trunk, the identity it asserts, unless the caller asks for privacy.
    pub from: Party,
    pub to: Party,
    /// Whom the request-URI names: what routing goes by.
    pub called: Called,
    /// Of a trunk, the header fields it may bring.
    pub headers: Headers,
    pub via: Via,
    pub(crate) id: u64,
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) gone: CancellationToken,
}

impl Ring {
    /// The number its [`Line`] will have.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Sends 180: the caller hears ringback. Once is enough.
    pub async fn ringing(&mut self) {
        // A closed channel means the caller has gone: `cancelled` tells.
        self.commands.send(Command::Ringing).await.ok();
    }

    /// Sends 200 and hands out the line as soon as sound can flow: at once where the INVITE carried an offer, after the
    /// ACK where we make the offer. Refused when the caller has gone (487) or never acknowledges (408).
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

    /// Resolves when the caller gives up before the answer; until then it waits. May be dropped and asked again.
    pub async fn cancelled(&mut self) {
        self.gone.cancelled().await;
    }
}
