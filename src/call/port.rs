//! What the API may ask of calls: the ports [`CallControl`], [`PageCalls`] and [`Supervisors`], and what is said through them.
use super::phone_keys::PhoneCommand;
use super::seat::mode_name;
use crate::outbound;
use crate::widget::{CallSlot, TokenClaims, TokenId};
use dialog::guidance::{Guidance, GuidanceFault};
use dialog::seat_words::SeatWords;
use futures::future::BoxFuture;
use media::hears::Supervision;
use media::room::Seat;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

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
    #[error("this bot's file cannot be used: GET /api/v1/bots says why")]
    Broken,
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

/// Supervisors of live calls. `who`: the name of the person who asks; a seat is theirs alone.
pub trait Supervisors: Send + Sync {
    /// Answers a browser's offer: its line takes a seat as soon as it is connected.
    fn join<'a>(&'a self, call: &'a str, offer: SeatOffer) -> BoxFuture<'a, Result<SeatAnswer, SeatFault>>;
    /// Calls a supervisor at their telephone: its line takes the seat when they answer.
    fn call(&self, call: &str, order: PhoneOrder) -> Result<SeatAddress, SeatFault>;
    /// Expects the call of a supervisor: its line takes the seat when it is there.
    fn expect(&self, call: &str, order: PhoneOrder) -> Result<DialIn, SeatFault>;
    /// Who takes part in a live call, by seat.
    fn seats(&self, call: &str) -> Vec<TakenSeat>;
    /// Takes part in another way, from the next 20 ms on. With an error nothing has changed.
    fn set_mode<'a>(
        &'a self,
        at: &'a SeatAddress,
        who: &'a str,
        mode: Supervision,
    ) -> BoxFuture<'a, Result<(), SeatFault>>;
    fn trickle<'a>(
        &'a self,
        at: &'a SeatAddress,
        who: &'a str,
        etag: u32,
        fragment: &'a str,
    ) -> BoxFuture<'a, Result<(), SeatFault>>;
    /// Restarts ICE. Returns the answering fragment, and the new session's number.
    fn restart<'a>(
        &'a self,
        at: &'a SeatAddress,
        who: &'a str,
        fragment: &'a str,
    ) -> BoxFuture<'a, Result<(String, u32), SeatFault>>;
    fn leave<'a>(&'a self, at: &'a SeatAddress, who: &'a str) -> BoxFuture<'a, Result<(), SeatFault>>;
    /// Gives a call that `who` has taken over back to its bot, with what they have agreed with the caller.
    fn hand_back<'a>(
        &'a self,
        call: &'a str,
        who: &'a str,
        guidance: Guidance,
        promise: Option<String>,
    ) -> BoxFuture<'a, Result<u64, SeatFault>>;
    /// Guides the bot, which follows at the next pause. Returns the number by which the call's timeline tells of it.
    fn guide<'a>(&'a self, call: &'a str, who: &'a str, guidance: Guidance) -> BoxFuture<'a, Result<u64, SeatFault>>;
}

/// A seat of a live call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatAddress {
    pub call: String,
    pub seat: Seat,
}

/// The SDP offer of a supervisor's browser.
pub struct SeatOffer {
    pub who: String,
    pub mode: Supervision,
    pub sdp: String,
    /// Over when they may not take part any more: the seat ends with it.
    pub until: BoxFuture<'static, ()>,
    /// Told when the seat ends otherwise than by [`Supervisors::leave`], and why.
    pub left: Box<dyn FnOnce(Seat, &'static str) + Send>,
}

/// A supervisor who is called at their telephone, or who calls.
pub struct PhoneOrder {
    pub who: String,
    /// Over when they may not take part any more: the seat ends with it.
    pub until: BoxFuture<'static, ()>,
    /// Told when the seat ends otherwise than by [`Supervisors::leave`], and why.
    pub left: Box<dyn FnOnce(Seat, &'static str) + Send>,
    pub act: PhoneAct,
}

/// How a supervisor reaches a seat by telephone. No `Debug`: it holds their PIN.
pub struct DialIn {
    pub at: SeatAddress,
    /// What they dial.
    pub dial: String,
    /// What they enter then.
    pub pin: String,
    /// For so long they are expected.
    pub time: Duration,
}

/// Does what a supervisor's keys ask for, within their rights; or says what they are told in its place.
pub type PhoneAct = Arc<dyn Fn(SeatAddress, PhoneCommand) -> BoxFuture<'static, Result<(), SeatWords>> + Send + Sync>;

/// The SDP answer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatAnswer {
    pub seat: Seat,
    /// Of the ICE session.
    pub etag: u32,
    pub sdp: String,
}

/// A seat that a supervisor has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenSeat {
    pub seat: Seat,
    pub name: String,
    pub mode: Supervision,
    /// Whether they hear the call, and are heard as their mode has it: their line is connected and not lost.
    pub connected: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeatFault {
    #[error("the server is stopping and takes no new supervisors")]
    Draining,
    #[error("this server has no address for browsers (rtc.bind)")]
    Off,
    #[error("this call is over, or has not begun")]
    NoCall,
    #[error("the call takes no more orders at present: try again in a moment")]
    Busy,
    #[error(
        "the callers of this bot are not told that others may listen (`disclosure` in its file is empty): nobody may"
    )]
    NotDisclosed,
    #[error("all seats for supervisors of this call are taken")]
    Full,
    #[error("{0} has taken this call over: ask them to hand it back")]
    TakenOver(String),
    #[error("you have not taken this call over")]
    NotTakenOver,
    #[error("this seat is that of {0}")]
    OfAnother(String),
    #[error("{}: the offer has no microphone (a=recvonly); join again with one", mode_name(*.0))]
    Silent(Supervision),
    #[error("there is no such seat in this call, or its supervisor has left")]
    Gone,
    #[error("no telephone is known of {0}: give them one under [supervisor_phones] in the configuration")]
    NoPhone(String),
    #[error("supervisors cannot dial in: set supervisor_dial_in in the configuration")]
    NoDialIn,
    #[error("no telephone can be called at present: try again in a moment")]
    Phone,
    #[error("no port is free for the seat's sound")]
    NoPort,
    #[error("the offer cannot be answered: {0}")]
    Offer(String),
    #[error("the fragment cannot be used: {0}")]
    Fragment(&'static str),
    #[error("the ETag is not that of the present ICE session: restart ICE, or drop these candidates")]
    Stale,
    #[error(transparent)]
    Guidance(#[from] GuidanceFault),
}
