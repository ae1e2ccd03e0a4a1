//! What the API may ask of calls: the ports [`CallControl`] and [`PageCalls`], and what is said through them.
use crate::outbound;
use crate::widget::{CallSlot, TokenClaims, TokenId};
use futures::future::BoxFuture;
use std::fmt;

/// The control of calls, for operators and metrics.
pub trait CallControl: Send + Sync {
    /// Begins an outbound call and returns its id at once. Its progress, ringing included, is in the call's events.
    fn dial(&self, dial: DialOrder) -> BoxFuture<'_, Result<String, DialFault>>;
    /// Ends a live call, without waiting for its end; `false` if no live call has this id.
    fn hang_up(&self, id: &str) -> bool;
    /// Pauses a live call's recording (silence is written) or resumes it; `false` if no live call with this id is recorded.
    fn pause_recording(&self, id: &str, paused: bool) -> bool;
    fn health(&self) -> CallHealth;
    /// Whether no new calls are taken: cheaper than [`Self::health`].
    fn is_draining(&self) -> bool {
        self.health().draining
    }
    /// Whether bots take no calls because the speech workers are behind.
    fn is_busy(&self) -> bool {
        self.health().busy
    }
    /// Read when /metrics is requested: queue lengths, late ticks, packets. Names begin with `switchboard_`.
    fn gauges(&self) -> Vec<(&'static str, f64)> {
        Vec::new()
    }
    /// SIP messages refused or dropped since the start, by reason.
    fn refused(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }
    /// SIP messages that asked for no answer, or could not be answered, by reason.
    fn unanswered(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }
}

/// An outbound call to make.
#[derive(Clone, PartialEq, Eq)]
pub struct DialOrder {
    /// A SIP URI, or a number for a trunk.
    pub to: String,
    pub bot: String,
    /// The calling number shown to the called party; `None`: the trunk's user.
    pub from: Option<String>,
}

/// Without the numbers.
impl fmt::Debug for DialOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DialOrder").field("bot", &self.bot).finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DialFault {
    #[error("the server is stopping and takes no new calls")]
    Draining,
    #[error("as many calls as allowed are in progress (sip.max_calls)")]
    Full,
    #[error("the speech workers are behind: those who are in a call are served first; try again shortly")]
    Busy,
    #[error("there is no bot with this name")]
    Bot,
    #[error(transparent)]
    Address(#[from] outbound::Fault),
}

/// The state of the calls' side of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallHealth {
    /// No new calls are taken.
    pub draining: bool,
    /// Bots take no new calls: the speech workers are behind.
    pub busy: bool,
    /// What does not work, one line each: an engine, a trunk.
    pub faults: Vec<String>,
}

/// Calls from web pages. A request is carried out only if `token` names the token that the call was begun with.
pub trait PageCalls: Send + Sync {
    fn answer(&self, offer: PageOffer) -> BoxFuture<'_, Result<PageAnswer, PageFault>>;
    fn trickle<'a>(
        &'a self,
        id: &'a str,
        token: TokenId,
        etag: u32,
        fragment: &'a str,
    ) -> BoxFuture<'a, Result<(), PageFault>>;
    /// Restarts ICE. Returns the answering fragment, and the new session's number.
    fn restart<'a>(
        &'a self,
        id: &'a str,
        token: TokenId,
        fragment: &'a str,
    ) -> BoxFuture<'a, Result<(String, u32), PageFault>>;
    fn hang_up(&self, id: &str, token: TokenId) -> Result<(), PageFault>;
}

/// The SDP offer of a page, and the token it came with.
pub struct PageOffer {
    pub claims: TokenClaims,
    pub sdp: String,
    pub slot: CallSlot,
}

impl PageOffer {
    /// Host and port of the page's origin.
    pub fn host(&self) -> &str {
        self.claims.origin.split_once("://").map_or("", |(_, host)| host)
    }
}

/// The SDP answer to a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageAnswer {
    /// Of the call.
    pub id: String,
    /// Of the ICE session.
    pub etag: u32,
    pub sdp: String,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageFault {
    #[error("the server is stopping and takes no new calls")]
    Draining,
    #[error("this server takes no calls from pages (widget.enabled)")]
    Off,
    #[error("this bot has no voice at present")]
    NoVoice,
    #[error("this bot cannot be used at present")]
    Broken,
    #[error("no port is free for the call's sound")]
    NoPort,
    #[error("the speech workers are behind: those who are in a call are served first; try again shortly")]
    Busy,
    #[error("there is no bot with this name")]
    Bot,
    #[error("the offer cannot be answered: {0}")]
    Offer(String),
    #[error("the fragment cannot be used: {0}")]
    Fragment(&'static str),
    #[error("the ETag is not that of the present ICE session: restart ICE, or drop these candidates")]
    Stale,
    #[error("there is no such call, or it is over, or the token is not its own")]
    Gone,
}
