//! `Call`: the task of an answered call. It answers requests within the dialog, sends BYE when the line's owner hangs up, and reports
//! the end.
use super::SUPPORTED;
use super::admission::CallSlot;
use super::core::{Core, Registered, allow};
use super::dialog::Dialog;
use super::dialog_event::{DialogEvent, Replacement};
use super::digest::Credentials;
use super::ended_dialog::{Bye, EndedDialog};
use super::timer::{self, SessionInterval, Timer, Why};
use super::transfer::Transfer;
use super::{info, invite_task};
use crate::line::{Change, Ended, EndedBy, HangUp, Line, Refer};
use crate::party::Party;
use crate::ring::Refused;
use crate::rtp::{Control, Remote, Socket, Switch};
use crate::sdp;
use media::leg::LegPlan;
use rsipstack::sip::headers::make_header;
use rsipstack::sip::prelude::*;
use rsipstack::sip::{Header, Method, Request};
use rsipstack::transaction::transaction::Transaction;
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};
use tracing::debug;

mod replace;
mod transfer;

/// Capacity of the queue of changes to the line's owner; when it is full, the call ends.
const CHANGES: usize = 64;
/// Capacity of the queue of commands from the line.
pub(super) const COMMANDS: usize = 8;
/// Capacity of the queue of events from the transaction layer.
pub(super) const EVENTS: usize = 32;

/// The media of a call: the negotiation, and the control of its sockets.
pub(super) struct Media {
    pub session: sdp::Session,
    control: Control,
    plan: LegPlan,
    on_hold: bool,
}

/// The call's ends of the channels that its line holds.
struct Owner {
    hang_ups: mpsc::Receiver<HangUp>,
    refers: mpsc::Receiver<Refer>,
    changes: mpsc::Sender<Change>,
    ended: Arc<OnceLock<Ended>>,
}

/// What a call is made of, once its INVITE, sent or received, has been answered with 2xx.
pub(super) struct Established {
    pub core: Arc<Core>,
    pub id: u64,
    pub parties: (Party, Party),
    pub dialog: Dialog,
    pub session: sdp::Session,
    pub negotiated: sdp::Negotiated,
    pub socket: Socket,
    pub events: mpsc::Receiver<DialogEvent>,
    pub events_in: mpsc::Sender<DialogEvent>,
    pub entry: Registered,
    pub timer: Timer,
    /// See [`Call::unacked`].
    pub unacked: Option<(u32, bool)>,
    pub credentials: Option<Credentials>,
    pub slot: Option<CallSlot>,
}

impl Established {
    /// The line for its owner, and the call behind it.
    pub(super) fn into_call(self) -> (Line, Call) {
        let (wire, control) = self.socket.wire(self.negotiated.remote);
        control.secure(self.negotiated.secrets.clone(), Switch::Now);
        let (changes_in, changes) = mpsc::channel(CHANGES);
        let (hang_ups_in, hang_ups) = mpsc::channel(COMMANDS);
        let (refers_in, refers) = mpsc::channel(COMMANDS);
        let ended = Arc::new(OnceLock::new());
        let line = Line {
            id: self.id,
            from: self.parties.0,
            to: self.parties.1,
            wire: Some(Box::new(wire)),
            plan: self.negotiated.plan.clone(),
            suite: self.negotiated.secrets.map(|secrets| secrets.ours.suite),
            hang_ups: hang_ups_in,
            refers: Some(refers_in),
            changes,
            ended: ended.clone(),
        };
        let (plan, on_hold) = (self.negotiated.plan, self.negotiated.hold);
        let call = Call {
            core: self.core,
            id: self.id,
            dialog: self.dialog,
            media: Media { session: self.session, control, plan, on_hold },
            events: self.events,
            events_in: self.events_in,
            owner: Owner { hang_ups, refers, changes: changes_in, ended },
            timer: self.timer,
            unacked: self.unacked,
            successor: None,
            transfer: None,
            credentials: self.credentials,
            slot: self.slot,
            entry: self.entry,
        };
        (line, call)
    }
}

pub(super) struct Call {
    pub core: Arc<Core>,
    pub id: u64,
    pub dialog: Dialog,
    pub media: Media,
    pub events: mpsc::Receiver<DialogEvent>,
    pub events_in: mpsc::Sender<DialogEvent>,
    owner: Owner,
    pub timer: Timer,
    /// The CSeq number of an INVITE whose 2xx is not yet acknowledged, and whether that 2xx carried our offer.
    pub unacked: Option<(u32, bool)>,
    /// An INVITE with Replaces that waits until our last 2xx is acknowledged: no BYE may precede that ACK.
    pub successor: Option<Box<Replacement>>,
    /// The REFER of ours whose outcome is awaited, or the last one.
    transfer: Option<Transfer>,
    pub credentials: Option<Credentials>,
    /// Freed when the call is over, before its BYE is answered.
    slot: Option<CallSlot>,
    pub entry: Registered,
}

impl Call {
    /// Runs until the call is over and its BYE answered.
    pub(super) async fn run(mut self) {
        let ended = self.up().await;
        debug!(call = self.id, by = ?ended.by, reason = ended.reason, "call over");
        self.end(ended).await;
    }

    async fn up(&mut self) -> Ended {
        loop {
            let deadline = self.timer.deadline();
            let wake = async {
                match deadline {
                    Some((at, why)) => {
                        tokio::time::sleep_until(at.into()).await;
                        why
                    }
                    None => std::future::pending().await,
                }
            };
            let transfer_due = self.transfer.as_ref().and_then(Transfer::deadline);
            let late = async {
                match transfer_due {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            let ended = tokio::select! {
                event = self.events.recv() => match event {
                    Some(event) => self.event(event).await,
                    None => Some(Ended { by: EndedBy::Network, reason: "signalling stopped" }),
                },
                hang_up = self.owner.hang_ups.recv() => match hang_up {
                    Some(HangUp(reason)) => Some(Ended { by: EndedBy::Us, reason }),
                    None => Some(Ended { by: EndedBy::Us, reason: "the line was dropped" }),
                },
                Some(refer) = self.owner.refers.recv() => self.refer(refer).await,
                () = late => self.expire_transfer(),
                why = wake => match why {
                    Why::Expired => Some(Ended { by: EndedBy::Network, reason: "the session refresh did not come" }),
                    Why::Refresh => self.refresh().await,
                },
                () = self.core.ending.cancelled() => Some(Ended { by: EndedBy::Us, reason: "the server stops" }),
            };
            if let Some(ended) = ended {
                return ended;
            }
        }
    }

    /// Reports the end to the owner, sends BYE unless the peer has, and answers the requests that still arrive.
    async fn end(mut self, ended: Ended) {
        self.owner.ended.set(ended).ok();
        // The owner sees the end when this channel closes.
        self.owner.changes = mpsc::channel(1).0;
        self.owner.hang_ups.close();
        self.slot = None;
        if let Some(successor) = self.successor.take() {
            successor.refuse_late();
        }
        let bye = if ended.by == EndedBy::Caller { Bye::Received } else { Bye::Due(ended.reason) };
        let ended = EndedDialog {
            core: &self.core,
            dialog: &mut self.dialog,
            events: &mut self.events,
            entry: &self.entry,
            credentials: self.credentials.as_ref(),
            unacked: self.unacked.map(|(seq, _)| seq),
        };
        ended.run(bye).await;
    }

    pub(super) fn tell(&mut self, change: Change) -> Option<Ended> {
        match self.owner.changes.try_send(change) {
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => None,
            Err(mpsc::error::TrySendError::Full(_)) => {
                Some(Ended { by: EndedBy::Us, reason: "the call's owner does not listen" })
            }
        }
    }

    async fn event(&mut self, event: DialogEvent) -> Option<Ended> {
        match event {
            DialogEvent::Request(tx) => self.request(*tx).await,
            DialogEvent::Cancelled => None,
            DialogEvent::Referred { status } => self.referred(status),
            DialogEvent::Lost => Some(Ended { by: EndedBy::Network, reason: "the far end no longer knows the call" }),
            DialogEvent::Replace(replacement) => self.replace(*replacement).await,
            DialogEvent::Acked { seq, body } => {
                let (_, offered) = self.unacked.take_if(|(waiting, _)| *waiting == seq)?;
                let ended = match offered.then(|| self.media.session.accept(&body)) {
                    None => None,
                    Some(Ok(negotiated)) => self.settle(negotiated),
                    Some(Err(_)) => {
                        Some(Ended { by: EndedBy::Us, reason: "the answer in the ACK does not fit our offer" })
                    }
                };
                if ended.is_none()
                    && let Some(replacement) = self.successor.take()
                {
                    return self.replace(*replacement).await;
                }
                ended
            }
            DialogEvent::Unacked { seq } => {
                self.unacked.take_if(|(waiting, _)| *waiting == seq)?;
                Some(Ended { by: EndedBy::Network, reason: "no ACK came" })
            }
        }
    }

    /// Applies what was negotiated within the call.
    pub(super) fn settle(&mut self, negotiated: sdp::Negotiated) -> Option<Ended> {
        let sdp::Negotiated { plan, remote, secrets, hold, text } = negotiated;
        let remote: Remote = remote;
        // After the other side's answer both sides have the new keys; our own answer has not arrived yet.
        self.media.control.secure(secrets, if text.is_empty() { Switch::Now } else { Switch::WithTheirs });
        self.media.control.set_remote(remote);
        let mut ended = None;
        if plan != self.media.plan {
            self.media.plan = plan.clone();
            ended = self.tell(Change::Plan(plan));
        }
        if hold != self.media.on_hold {
            self.media.on_hold = hold;
            ended = ended.or(self.tell(Change::OnHold(hold)));
        }
        ended
    }

    async fn request(&mut self, tx: Transaction) -> Option<Ended> {
        let seq = tx.original.cseq_header().and_then(|cseq| cseq.seq()).unwrap_or_default();
        if seq < self.dialog.remote_seq {
            self.core.reply(tx, 500, vec![], None).await;
            return None;
        }
        self.dialog.remote_seq = seq;
        match tx.original.method {
            Method::Bye => {
                self.core.reply(tx, 200, vec![], None).await;
                Some(Ended { by: EndedBy::Caller, reason: "hung up" })
            }
            Method::Invite => self.reinvite(tx).await,
            Method::Update => self.update(tx).await,
            Method::Notify => self.notify(tx).await,
            Method::Info => {
                let (status, key, headers) = info::answer(&tx.original);
                self.core.reply(tx, status, headers, None).await;
                self.tell(Change::Key(key?))
            }
            _ => {
                answer_in_any_state(&self.core, tx).await;
                None
            }
        }
    }

    /// The session interval that a session refresh request asks for. Where none is possible, the request is answered here.
    async fn agree(&mut self, tx: Transaction) -> Option<(Transaction, Option<SessionInterval>, Vec<Header>)> {
        match timer_of(&tx.original, self.dialog.allows_update) {
            Ok((agreed, headers)) => Some((tx, agreed, headers)),
            Err(headers) => {
                self.core.reply(tx, 422, headers, None).await;
                None
            }
        }
    }

    async fn reinvite(&mut self, tx: Transaction) -> Option<Ended> {
        if self.unacked.is_some_and(|(_, offered)| offered) {
            // Our offer of the last INVITE is not answered yet (RFC 3261 section 14.2).
            self.core.reply(tx, 491, vec![], None).await;
            return None;
        }
        let (tx, agreed, mut headers) = self.agree(tx).await?;
        let flow = self.core.flow_of(&tx);
        if let Some(flow) = &flow {
            self.media.session.signalled_from(flow.remote.ip());
        }
        let body = tx.original.body.clone();
        let negotiated = if body.is_empty() {
            None
        } else {
            match sdp::Offer::parse(&body).and_then(|offer| self.media.session.answer(&offer)) {
                Ok(negotiated) => Some(negotiated),
                Err(fault) => {
                    self.core.reply(tx, fault.status(), vec![warning(&fault)], None).await;
                    return None;
                }
            }
        };
        self.dialog.refresh(&tx.original, flow);
        self.timer.refreshed(Instant::now(), agreed);
        headers.extend(described(&self.dialog.contact));
        let text = negotiated.as_ref().map_or_else(|| self.media.session.offer(), |negotiated| negotiated.text.clone());
        let invite = invite_task::drive(&self.core, tx, "", self.events_in.clone());
        self.unacked = Some((invite.seq, negotiated.is_none()));
        invite.respond(200, headers, Some(text));
        negotiated.and_then(|negotiated| self.settle(negotiated))
    }

    async fn update(&mut self, tx: Transaction) -> Option<Ended> {
        let body = tx.original.body.clone();
        if !body.is_empty() && self.unacked.is_some_and(|(_, offered)| offered) {
            // RFC 3311 section 5.2.
            self.core.reply(tx, 491, vec![], None).await;
            return None;
        }
        let (tx, agreed, mut headers) = self.agree(tx).await?;
        let negotiated = if body.is_empty() {
            None
        } else {
            match sdp::Offer::parse(&body).and_then(|offer| self.media.session.answer(&offer)) {
                Ok(negotiated) => Some(negotiated),
                Err(fault) => {
                    self.core.reply(tx, fault.status(), vec![warning(&fault)], None).await;
                    return None;
                }
            }
        };
        let flow = self.core.flow_of(&tx);
        self.dialog.refresh(&tx.original, flow);
        self.timer.refreshed(Instant::now(), agreed);
        headers.extend(contact_and_allow(&self.dialog.contact));
        if negotiated.is_some() {
            headers.push(make_header("Content-Type", "application/sdp".into()));
        }
        let text = negotiated.as_ref().map(|negotiated| negotiated.text.clone().into_bytes());
        self.core.reply(tx, 200, headers, text).await;
        negotiated.and_then(|negotiated| self.settle(negotiated))
    }

    /// Refreshes the session by an UPDATE without a body (RFC 4028 section 7.4).
    async fn refresh(&mut self) -> Option<Ended> {
        self.timer.renewed(Instant::now());
        let mut update = self.dialog.request(Method::Update, &self.core.plan.user_agent);
        update.headers.push(make_header("Supported", "timer".into()));
        let flow = self.core.flow_within(&self.dialog).await;
        let (core, events) = (self.core.clone(), self.events_in.clone());
        tokio::spawn(async move {
            // RFC 4028 section 10: the dialog does not exist any more at the peer.
            if matches!(core.transact(update, &flow).await.status_code.code(), 408 | 481) {
                events.send(DialogEvent::Lost).await.ok();
            }
        });
        None
    }
}

/// Answers a request whose answer is the same in every dialog, early or confirmed.
pub(super) async fn answer_in_any_state(core: &Core, tx: Transaction) {
    match tx.original.method {
        Method::Options => core.reply(tx, 200, capabilities(), None).await,
        // NOTIFY of a mailbox (RFC 3842) is accepted and has no effect.
        Method::Notify => core.reply(tx, 200, vec![], None).await,
        // No reliable provisional response of ours is outstanding (RFC 3262 section 3).
        Method::PRack => core.reply(tx, 481, vec![], None).await,
        _ => core.reply(tx, 405, vec![allow()], None).await,
    }
}

/// The header fields of our capabilities (RFC 3261 section 11.2).
pub(super) fn capabilities() -> Vec<Header> {
    vec![
        allow(),
        make_header("Accept", format!("{}, application/dtmf-relay", super::gate::BODIES)),
        make_header("Accept-Encoding", "identity".into()),
        make_header("Supported", SUPPORTED.into()),
    ]
}

/// The Warning that says why a description is refused (RFC 3261 section 20.43). A fault holds no text of the description but tokens.
pub(super) fn warning(fault: &sdp::Fault) -> Header {
    make_header("Warning", format!("399 switchboard \"{}\"", fault.to_string().replace(['"', '\\'], "'")))
}

pub(super) fn contact_and_allow(contact: &str) -> Vec<Header> {
    vec![make_header("Contact", contact.to_owned()), allow(), make_header("Supported", SUPPORTED.into())]
}

/// Headers of a 2xx with a session description.
pub(super) fn described(contact: &str) -> Vec<Header> {
    let mut headers = contact_and_allow(contact);
    headers.push(make_header("Content-Type", "application/sdp".into()));
    headers
}

/// The agreed session interval and its header fields for the 2xx; or those of a 422.
pub(super) fn timer_of(
    request: &Request,
    allows_update: bool,
) -> Result<(Option<SessionInterval>, Vec<Header>), Vec<Header>> {
    let asked = timer::TimerRequest {
        expires: request.session_expires_header().map(|header| header.value()),
        supports_timer: request.header_contains_token("Supported", "timer")
            || request.header_contains_token("Require", "timer"),
        allows_update,
    };
    match timer::agree(asked) {
        Ok(None) => Ok((None, vec![])),
        Ok(Some(agreed)) => {
            let mut headers = vec![make_header("Session-Expires", agreed.header())];
            if asked.supports_timer {
                headers.push(make_header("Require", "timer".into()));
            }
            Ok((Some(agreed), headers))
        }
        Err(timer::SessionIntervalTooSmall) => Err(vec![make_header("Min-SE", timer::MIN_SE.as_secs().to_string())]),
    }
}

/// Where the result of [`Command::Answer`] goes.
pub(super) type Answer = oneshot::Sender<Result<Line, Refused>>;
