//! `Call`: an answered call's task: answers requests within the dialog, carries out the commands of the line's owner, and ends the call.
use super::SUPPORTED;
use super::admission::CallSlot;
use super::core::{Core, DialogEvent, Registered, allow, lock};
use super::dialog::Dialog;
use super::digest::Credentials;
use super::leave::{Bye, Leaving};
use super::replace::Replacement;
use super::timer::{self, Agreed, Timer, Why};
use crate::line::{By, Change, Ended};
use crate::ring::Command;
use crate::rtp::{Control, Remote, Switch};
use crate::sdp;
use media::leg::LegPlan;
use rsipstack::sip::headers::make_header;
use rsipstack::sip::prelude::*;
use rsipstack::sip::{Header, Method, Request, StatusCode, StatusCodeKind};
use rsipstack::transaction::transaction::{Transaction, TransactionEvent, TransactionEventSender};
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::debug;

/// Changes a line's owner may leave unread before the call ends.
pub(super) const CHANGES: usize = 64;
/// Events that may wait for a call.
pub(super) const EVENTS: usize = 32;

/// An INVITE's server transaction, driven in a task of its own so that it never waits for the call nor the call for it.
pub(super) struct Invite {
    pub request: Request,
    pub seq: u32,
    respond: TransactionEventSender,
    core: Arc<Core>,
    finished: CancellationToken,
}

impl Invite {
    /// `tag` goes into To of every response but 100. Of the request only what responses repeat is kept.
    pub(super) fn drive(core: &Arc<Core>, mut tx: Transaction, tag: &str, events: mpsc::Sender<DialogEvent>) -> Self {
        let seq = tx.original.cseq_header().and_then(|cseq| cseq.seq()).unwrap_or_default();
        let mut request = stub(&tx.original);
        if let Ok(to) = request.to_header_mut()
            && to.tag().is_ok_and(|tag| tag.is_none())
        {
            to.replace(format!("{};tag={tag}", to.value()));
        }
        let (respond, finished) = (tx.tu_sender.clone(), CancellationToken::new());
        let limit = core.plan.timers.patience() + core.plan.timers.t4 * 2;
        let answered = finished.clone();
        tokio::spawn(async move {
            let mut acked = false;
            // A response that could not be sent leaves the transaction waiting for ever: it is ended then.
            let give_up = async {
                answered.cancelled().await;
                tokio::time::sleep(limit).await;
            };
            tokio::pin!(give_up);
            loop {
                let message = tokio::select! {
                    message = tx.receive() => message,
                    () = &mut give_up => None,
                };
                let event = match message {
                    Some(rsipstack::sip::SipMessage::Request(request)) if request.method == Method::Ack => {
                        acked = true;
                        DialogEvent::Acked { seq, body: request.body }
                    }
                    Some(rsipstack::sip::SipMessage::Request(request)) if request.method == Method::Cancel => {
                        DialogEvent::Cancelled
                    }
                    Some(_) => continue,
                    None => break,
                };
                events.send(event).await.ok();
            }
            let accepted =
                tx.last_response.as_ref().is_some_and(|r| r.status_code.kind() == StatusCodeKind::Successful);
            if accepted && !acked {
                events.send(DialogEvent::Unacked { seq }).await.ok();
            }
        });
        Self { request, seq, respond, core: core.clone(), finished }
    }

    pub(super) fn respond(&self, status: u16, headers: Vec<Header>, body: Option<String>) {
        if status >= 300 {
            lock(&self.core.merged).forget(&self.request);
        }
        let body = body.map(String::into_bytes);
        let mut response = self.core.endpoint.make_response(&self.request, StatusCode::from(status), body);
        if (101..300).contains(&status) {
            let routes = self.request.headers.iter().filter(|header| matches!(header, Header::RecordRoute(_)));
            response.headers.extend(routes.cloned().collect());
        }
        response.headers.extend(headers);
        self.respond.send(TransactionEvent::Respond(response)).ok();
        if status >= 200 {
            self.finished.cancel();
        }
    }
}

/// The headers of a request that go into its responses (RFC 3261 sections 8.2.6.2 and 12.1.1).
fn stub(request: &Request) -> Request {
    let repeated = |header: &&Header| {
        matches!(
            header,
            Header::Via(_)
                | Header::From(_)
                | Header::To(_)
                | Header::CallId(_)
                | Header::CSeq(_)
                | Header::RecordRoute(_)
        )
    };
    let headers: Vec<Header> = request.headers.iter().filter(repeated).cloned().collect();
    Request {
        method: request.method,
        uri: request.uri.clone(),
        version: request.version,
        headers: headers.into(),
        body: vec![],
    }
}

impl Drop for Invite {
    /// An INVITE is always answered.
    fn drop(&mut self) {
        if !self.finished.is_cancelled() {
            self.respond(500, vec![], None);
        }
    }
}

/// The sound of a call, as signalling sees it.
pub(super) struct Media {
    pub session: sdp::Session,
    pub control: Control,
    pub plan: LegPlan,
    pub held: bool,
}

/// The owner's ends of a call, before it is a line.
pub(super) struct Owner {
    pub commands: mpsc::Receiver<Command>,
    pub changes: mpsc::Sender<Change>,
    pub ended: Arc<OnceLock<Ended>>,
}

pub(super) struct Call {
    pub core: Arc<Core>,
    pub id: u64,
    pub dialog: Dialog,
    pub media: Media,
    pub events: mpsc::Receiver<DialogEvent>,
    pub events_in: mpsc::Sender<DialogEvent>,
    pub owner: Owner,
    pub timer: Timer,
    /// INVITE whose 2xx is not yet acknowledged, and whether that 2xx carried our offer.
    pub unacked: Option<(u32, bool)>,
    /// An INVITE with Replaces that waits for the ACK of our last 2xx, for no BYE may precede that ACK.
    pub successor: Option<Box<Replacement>>,
    pub credentials: Option<Credentials>,
    /// Given back when the call is over, whenever its BYE is answered.
    pub slot: Option<CallSlot>,
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
            let ended = tokio::select! {
                event = self.events.recv() => match event {
                    Some(event) => self.event(event).await,
                    None => Some(Ended { by: By::Network, reason: "signalling stopped" }),
                },
                command = self.owner.commands.recv() => match command {
                    Some(Command::HangUp(reason)) => Some(Ended { by: By::Us, reason }),
                    None => Some(Ended { by: By::Us, reason: "the line was dropped" }),
                    Some(_) => None,
                },
                why = wake => match why {
                    Why::Expired => Some(Ended { by: By::Network, reason: "the session refresh did not come" }),
                    Why::Refresh => self.refresh().await,
                },
                () = self.core.ending.cancelled() => Some(Ended { by: By::Us, reason: "the server stops" }),
            };
            if let Some(ended) = ended {
                return ended;
            }
        }
    }

    /// Tells the owner, sends BYE where the peer has not, and answers what still comes.
    async fn end(mut self, ended: Ended) {
        self.owner.ended.set(ended).ok();
        // Closing the channel is what lets the owner see it.
        self.owner.changes = mpsc::channel(1).0;
        self.owner.commands.close();
        self.slot = None;
        if let Some(successor) = self.successor.take() {
            successor.refuse_late();
        }
        let bye = if ended.by == By::Caller { Bye::Received } else { Bye::Due(ended.reason) };
        let leaving = Leaving {
            core: &self.core,
            dialog: &mut self.dialog,
            events: &mut self.events,
            entry: &self.entry,
            credentials: self.credentials.as_ref(),
            unacked: self.unacked.map(|(seq, _)| seq),
        };
        leaving.run(bye).await;
    }

    pub(super) fn tell(&mut self, change: Change) -> Option<Ended> {
        match self.owner.changes.try_send(change) {
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => None,
            Err(mpsc::error::TrySendError::Full(_)) => {
                Some(Ended { by: By::Us, reason: "the call's owner does not listen" })
            }
        }
    }

    async fn event(&mut self, event: DialogEvent) -> Option<Ended> {
        match event {
            DialogEvent::Request(tx) => self.request(*tx).await,
            DialogEvent::Cancelled => None,
            DialogEvent::Lost => Some(Ended { by: By::Network, reason: "the far end no longer knows the call" }),
            DialogEvent::Replace(replacement) => self.replace(*replacement).await,
            DialogEvent::Acked { seq, body } => {
                let (_, offered) = self.unacked.take_if(|(waiting, _)| *waiting == seq)?;
                let ended = match offered.then(|| self.media.session.accept(&body)) {
                    None => None,
                    Some(Ok(negotiated)) => self.settle(negotiated),
                    Some(Err(_)) => Some(Ended { by: By::Us, reason: "the answer in the ACK does not fit our offer" }),
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
                Some(Ended { by: By::Network, reason: "no ACK came" })
            }
        }
    }

    /// Acts on what was negotiated within the call.
    pub(super) fn settle(&mut self, negotiated: sdp::Negotiated) -> Option<Ended> {
        let sdp::Negotiated { plan, remote, secrets, hold, text } = negotiated;
        let remote: Remote = remote;
        // Whoever answered knows all keys; our own answer is still on its way.
        self.media.control.secure(secrets, if text.is_empty() { Switch::Now } else { Switch::WithTheirs });
        self.media.control.set_remote(remote);
        let mut ended = None;
        if plan != self.media.plan {
            self.media.plan = plan.clone();
            ended = self.tell(Change::Plan(plan));
        }
        if hold != self.media.held {
            self.media.held = hold;
            ended = ended.or(self.tell(Change::Held(hold)));
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
                Some(Ended { by: By::Caller, reason: "hung up" })
            }
            Method::Invite => self.reinvite(tx).await,
            Method::Update => self.update(tx).await,
            Method::Info => {
                let (status, key, headers) = info(&tx.original);
                self.core.reply(tx, status, headers, None).await;
                self.tell(Change::Key(key?))
            }
            _ => {
                any(&self.core, tx).await;
                None
            }
        }
    }

    /// What a session refresh asks of the timer; answers the request itself where that is impossible.
    async fn agree(&mut self, tx: Transaction) -> Option<(Transaction, Option<Agreed>, Vec<Header>)> {
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
        let invite = Invite::drive(&self.core, tx, "", self.events_in.clone());
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
            // RFC 4028 section 10: then nobody is there any more.
            if matches!(core.transact(update, &flow).await.status_code.code(), 408 | 481) {
                events.send(DialogEvent::Lost).await.ok();
            }
        });
        None
    }
}

/// Answers a request that gets the same answer in every dialog, early or confirmed.
pub(super) async fn any(core: &Core, tx: Transaction) {
    match tx.original.method {
        Method::Options => core.reply(tx, 200, capabilities(), None).await,
        // News of a mailbox or a transfer (RFC 3842, 3515): nothing we act on, and no fault of who sends it.
        Method::Notify => core.reply(tx, 200, vec![], None).await,
        // No reliable provisional response of ours is outstanding (RFC 3262 section 3).
        Method::PRack => core.reply(tx, 481, vec![], None).await,
        _ => core.reply(tx, 405, vec![allow()], None).await,
    }
}

/// What we can do (RFC 3261 section 11.2).
pub(super) fn capabilities() -> Vec<Header> {
    vec![
        allow(),
        make_header("Accept", format!("{}, application/dtmf-relay", super::gate::BODIES)),
        make_header("Accept-Encoding", "identity".into()),
        make_header("Supported", SUPPORTED.into()),
    ]
}

/// Why a description is refused (RFC 3261 section 20.43): a fault holds nothing of the description's own words but tokens.
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

/// Agreement on the session timer with its headers for the 2xx; or those of a 422.
pub(super) fn timer_of(request: &Request, allows_update: bool) -> Result<(Option<Agreed>, Vec<Header>), Vec<Header>> {
    let asked = timer::Asked {
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
        Err(timer::TooSmall) => Err(vec![make_header("Min-SE", timer::MIN_SE.as_secs().to_string())]),
    }
}

/// Status, key and headers an INFO is answered with: keys as `application/dtmf-relay` or `application/dtmf`.
fn info(request: &Request) -> (u16, Option<char>, Vec<Header>) {
    let kind = request.headers.iter().find_map(|header| match header {
        Header::ContentType(kind) => {
            Some(kind.value().split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
        }
        _ => None,
    });
    let body = std::str::from_utf8(&request.body).unwrap_or_default();
    let signal = match kind.as_deref() {
        None => return (200, None, vec![]),
        Some("application/dtmf") => body.trim(),
        Some("application/dtmf-relay") => body
            .lines()
            .filter_map(|line| line.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("signal"))
            .map_or("", |(_, value)| value.trim()),
        Some(_) => {
            let accept = "application/dtmf-relay, application/dtmf".into();
            return (415, None, vec![make_header("Accept", accept)]);
        }
    };
    // Some phones write 10 and 11 for the star and the hash, as RFC 4733 numbers them.
    let key = match signal {
        "10" => Some('*'),
        "11" => Some('#'),
        one if one.len() == 1 => {
            one.chars().next().map(|c| c.to_ascii_uppercase()).filter(|c| "0123456789*#ABCD".contains(*c))
        }
        _ => None,
    };
    (200, key, vec![])
}

/// Where the result of [`Command::Answer`] goes.
pub(super) type Answer = oneshot::Sender<Result<crate::line::Line, crate::ring::Refused>>;

#[cfg(test)]
mod tests {
    use super::*;
    use rsipstack::sip::{Uri, Version};

    fn said(kind: Option<&str>, body: &str) -> (u16, Option<char>) {
        let headers: Vec<Header> = kind.map(|kind| make_header("Content-Type", kind.into())).into_iter().collect();
        let request = Request {
            method: Method::Info,
            uri: Uri::default(),
            version: Version::V2,
            headers: headers.into(),
            body: body.into(),
        };
        let (status, key, _) = info(&request);
        (status, key)
    }

    #[test]
    fn an_info_is_a_key_in_either_of_its_two_forms() {
        assert_eq!(said(Some("application/dtmf-relay"), "Signal=5\r\nDuration=160\r\n"), (200, Some('5')));
        assert_eq!(said(Some("application/dtmf-relay; x=y"), "Duration = 160\nsignal = #"), (200, Some('#')));
        assert_eq!(said(Some("Application/DTMF"), "*\r\n"), (200, Some('*')));
        assert_eq!(said(Some("application/dtmf-relay"), "Signal=11"), (200, Some('#')));
        assert_eq!(said(Some("application/dtmf"), "d"), (200, Some('D')));
        assert_eq!(said(Some("application/dtmf"), "12"), (200, None));
        assert_eq!(said(Some("application/dtmf"), ""), (200, None));
        assert_eq!(said(Some("text/plain"), "5"), (415, None));
        assert_eq!(said(None, ""), (200, None));
    }
}
