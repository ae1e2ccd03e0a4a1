//! Outgoing calls: INVITE with digest, provisional responses, CANCEL, and the line.
use super::SUPPORTED;
use super::admission::CallSlot;
use super::call::{EVENTS, Established};
use super::core::{Core, Registered, allow, closed};
use super::dialog::Dialog;
use super::flow::Flow;
use super::name;
use super::plan::Dial;
use super::timer::{self, Timer};
use crate::line::Line;
use crate::party::Party;
use crate::ring::Refused;
use crate::rtp::Socket;
use crate::sdp;
use rsipstack::sip::headers::make_header;
use rsipstack::sip::prelude::*;
use rsipstack::sip::{Header, Method, Request, Response, SipMessage, StatusCodeKind, Version};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transaction::transaction::Transaction;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

/// How long a call rings where the dial does not say.
const RINGS: Duration = Duration::from_secs(60);

/// Places the call in a task of its own, so that CANCEL is sent even after the returned future has been dropped.
pub(super) async fn dial(core: &Arc<Core>, dial: Dial, slot: CallSlot) -> Result<Line, Refused> {
    if core.draining.load(Ordering::Acquire) {
        return Err(Refused::new(503, "the server is shutting down"));
    }
    let attempt = Attempt::prepare(core, dial, slot).await?;
    let (reply, line) = oneshot::channel();
    tokio::spawn(attempt.run(reply));
    line.await.unwrap_or_else(|_| Err(Refused::new(500, "signalling stopped")))
}

struct Attempt {
    core: Arc<Core>,
    dial: Dial,
    flow: Flow,
    invite: Request,
    contact: String,
    session: sdp::Session,
    socket: Socket,
    parties: (Party, Party),
    /// Freed once the call is given up, before its CANCEL is answered.
    slot: Option<CallSlot>,
    deadline: Instant,
}

/// How an INVITE ended.
enum Outcome {
    Final(Response),
    /// Nobody waits for the call any more, or it rang too long: CANCEL was sent, and a 2xx that crossed it was ended by BYE.
    GivenUp(&'static str),
}

/// Sends a request and receives its responses in a task of its own: receiving is not cancel-safe. The responses are few: 1xx
/// and one final response.
fn responses(mut tx: Transaction) -> mpsc::Receiver<Response> {
    let (responses_in, responses) = mpsc::channel(32);
    tokio::spawn(async move {
        if tx.send().await.is_err() {
            return;
        }
        while let Some(message) = tx.receive().await {
            if let SipMessage::Response(response) = message {
                responses_in.send(response).await.ok();
            }
        }
    });
    responses
}

impl Attempt {
    async fn prepare(core: &Arc<Core>, dial: Dial, slot: CallSlot) -> Result<Self, Refused> {
        let target = name::uri(name::split(&dial.to).1).filter(|uri| uri.scheme.is_some());
        let target = target.ok_or_else(|| Refused::new(400, "the number to call is no SIP URI: sip:user@host"))?;
        let proxy = match &dial.outbound_proxy {
            Some(text) => {
                let uri = name::uri(name::split(text).1).filter(|uri| uri.scheme.is_some());
                Some(uri.ok_or_else(|| Refused::new(400, "the outbound proxy is no SIP URI: sip:host:port"))?)
            }
            None => None,
        };
        let flow = match dial.address {
            Some(address) => core.flow_at(address, dial.transport).await,
            None => core.flow_to(proxy.as_ref().unwrap_or(&target), dial.transport).await,
        };
        let flow = flow.map_err(|why| Refused::new(503, why.to_string()))?;
        let peer = flow.remote.ip();
        let socket = core.ports.take_towards(peer).map_err(|why| Refused::new(503, why.to_string()))?;
        let prefs = dial.prefs.clone().unwrap_or_else(|| core.plan.prefs.clone());
        let mut session = sdp::Session::new(prefs, socket.advertised(), socket.port());
        session.signalled_from(peer);
        let from = dial.from.clone().unwrap_or_else(|| Party::new("switchboard", ""));
        let from = if from.host().is_empty() { from.at(&reached_at(flow.local)) } else { from };
        let to = name::party(&format!("<{target}>"));
        let contact = flow.contact(if from.user().is_empty() { "switchboard" } else { "line" });
        let body = session.offer().into_bytes();
        let random = rsipstack::transaction::random_text;
        let mut headers = vec![
            make_header("Via", flow.via()),
            make_header("Max-Forwards", "70".into()),
            make_header("From", format!("{};tag={}", from.expose(), random(12))),
            make_header("To", format!("<{target}>")),
            make_header("Call-ID", random(24)),
            make_header("CSeq", "1 INVITE".into()),
            make_header("Contact", contact.clone()),
            allow(),
            make_header("Supported", SUPPORTED.into()),
            make_header("Session-Expires", timer::session_expires(Duration::ZERO)),
            make_header("User-Agent", core.plan.user_agent.clone()),
            make_header("Content-Type", "application/sdp".into()),
        ];
        if let Some(proxy) = &proxy {
            headers.push(make_header("Route", format!("<{proxy};lr>")));
        }
        let invite =
            Request { method: Method::Invite, uri: target, version: Version::V2, headers: headers.into(), body };
        let rings = if dial.timeout.is_zero() { RINGS } else { dial.timeout };
        let deadline = Instant::now() + rings;
        let core = core.clone();
        Ok(Self { core, dial, flow, invite, contact, session, socket, parties: (from, to), slot: Some(slot), deadline })
    }

    async fn run(mut self, mut reply: oneshot::Sender<Result<Line, Refused>>) {
        // Whether the interval of a 422 has been taken over: that is done once.
        let mut patient = false;
        loop {
            match self.invite(&mut reply).await {
                Outcome::GivenUp(why) => {
                    reply.send(Err(Refused::new(408, why))).ok();
                    return;
                }
                Outcome::Final(response) => match response.status_code.code() {
                    200..=299 => return self.answered(response, reply).await,
                    status => {
                        if let (401 | 407, Some(who)) = (status, &self.dial.credentials)
                            && let Some(again) = Core::signed(&self.invite, &response, who, &self.flow)
                        {
                            self.invite = again;
                            continue;
                        }
                        if status == 422 && !patient && self.lengthen(&response) {
                            patient = true;
                            continue;
                        }
                        let reason = response.wire_reason.as_deref().unwrap_or(response.status_code.text());
                        reply.send(Err(Refused::new(status, reason))).ok();
                        return;
                    }
                },
            }
        }
    }

    /// The same INVITE with the interval that a 422 asks for (RFC 4028 section 7.3); false where it names none.
    fn lengthen(&mut self, response: &Response) -> bool {
        let least = response.headers.iter().find_map(|header| match header {
            Header::MinSE(least) => least.value().split(';').next()?.trim().parse::<u32>().ok(),
            _ => None,
        });
        let (Some(least), Ok(seq)) = (least, self.invite.cseq_header().and_then(|cseq| cseq.seq())) else {
            return false;
        };
        let headers = &mut self.invite.headers;
        headers.retain(|header| !matches!(header, Header::Via(_) | Header::CSeq(_) | Header::SessionExpires(_)));
        headers.push_front(make_header("Via", self.flow.via()));
        headers.push(make_header("CSeq", format!("{} INVITE", seq + 1)));
        headers.push(make_header("Session-Expires", timer::session_expires(Duration::from_secs(least.into()))));
        headers.push(make_header("Min-SE", least.to_string()));
        true
    }

    /// One INVITE transaction.
    async fn invite(&mut self, reply: &mut oneshot::Sender<Result<Line, Refused>>) -> Outcome {
        let Ok(key) = TransactionKey::from_request(&self.invite, TransactionRole::Client) else {
            return Outcome::GivenUp("malformed address");
        };
        let (endpoint, connection) = (self.core.endpoint.clone(), self.flow.connection.clone());
        let mut tx = Transaction::new_client(key, self.invite.clone(), endpoint, Some(connection));
        tx.destination = Some(self.flow.destination());
        let mut responses = responses(tx);
        let (mut heard, mut given_up, mut cancelled) = (false, None, false);
        let mut deadline = self.deadline;
        loop {
            if given_up.is_some() {
                self.slot = None;
            }
            if given_up.is_some() && heard && !cancelled {
                cancelled = true;
                self.cancel();
            }
            tokio::select! {
                response = responses.recv() => match response {
                    Some(response) if response.status_code.kind() == StatusCodeKind::Provisional => heard = true,
                    Some(response) => {
                        let Some(why) = given_up else { return Outcome::Final(response) };
                        if response.status_code.kind() == StatusCodeKind::Successful {
                            self.hang_up_at_once(&response).await;
                        }
                        return Outcome::GivenUp(why);
                    }
                    None => return Outcome::GivenUp(given_up.unwrap_or("no answer came")),
                },
                () = reply.closed(), if given_up.is_none() => {
                    given_up = Some("given up");
                    deadline = Instant::now() + self.core.plan.timers.patience();
                }
                () = sleep_until(deadline) => {
                    if given_up.is_some() {
                        return Outcome::GivenUp("no answer came");
                    }
                    given_up = Some("it rang too long");
                    deadline = Instant::now() + self.core.plan.timers.patience();
                }
                () = self.core.ending.cancelled(), if given_up.is_none() => {
                    given_up = Some("the server stops");
                    deadline = Instant::now() + self.core.plan.timers.patience();
                }
                () = closed(&self.flow) => return Outcome::GivenUp("the connection closed"),
            }
        }
    }

    /// CANCEL has the INVITE's branch, number and route (RFC 3261 section 9.1).
    fn cancel(&self) {
        let mut cancel = self.invite.clone();
        cancel.method = Method::Cancel;
        cancel.body.clear();
        cancel.headers.retain(|header| {
            matches!(
                header,
                Header::Via(_)
                    | Header::From(_)
                    | Header::To(_)
                    | Header::CallId(_)
                    | Header::CSeq(_)
                    | Header::MaxForwards(_)
                    | Header::Route(_)
            )
        });
        if let Ok(cseq) = cancel.cseq_header_mut() {
            let seq = cseq.seq().unwrap_or(1);
            cseq.replace(format!("{seq} CANCEL"));
        }
        let (core, flow) = (self.core.clone(), self.flow.clone());
        tokio::spawn(async move { core.transact(cancel, &flow).await });
    }

    /// Sends the ACK of a 2xx, and keeps it for retransmissions of the 2xx.
    async fn acknowledge(&self, dialog: &Dialog, entry: &Registered) {
        let seq = self.invite.cseq_header().and_then(|cseq| cseq.seq()).unwrap_or(1);
        let mut ack = dialog.ack(seq, &self.core.plan.user_agent);
        // The ACK carries the INVITE's credentials (RFC 3261 section 13.2.2.4).
        let credentials = |h: &&Header| matches!(h, Header::Authorization(_) | Header::ProxyAuthorization(_));
        ack.headers.extend(self.invite.headers.iter().filter(credentials).cloned().collect());
        let flow = match self.core.flow_to(&dialog.next_hop(), self.flow.transport).await {
            // An open stream is used again; a Contact with another address than the peer's source is behind a NAT.
            Ok(flow)
                if flow.transport == self.flow.transport
                    && (dialog.is_routed() || flow.remote.ip() == self.flow.remote.ip()) =>
            {
                flow
            }
            _ => self.flow.clone(),
        };
        entry.acknowledged(seq, ack.clone(), flow.clone());
        flow.connection.send(ack.into(), Some(&flow.destination())).await.ok();
    }

    fn dialog(&self, response: &Response) -> Option<Dialog> {
        Dialog::answered(&self.invite, response, self.contact.clone(), self.flow.clone())
    }

    async fn hang_up_at_once(&self, response: &Response) {
        let Some(mut dialog) = self.dialog(response) else { return };
        let entry = Registered::new(&self.core, &dialog.key, mpsc::channel(1).0);
        self.acknowledge(&dialog, &entry).await;
        let bye = dialog.request(Method::Bye, &self.core.plan.user_agent);
        self.core.transact(bye, &self.flow).await;
    }

    async fn answered(mut self, response: Response, reply: oneshot::Sender<Result<Line, Refused>>) {
        let negotiated = self.session.accept(&response.body);
        let (Some(dialog), Ok(negotiated)) = (self.dialog(&response), negotiated) else {
            self.hang_up_at_once(&response).await;
            reply.send(Err(Refused::new(488, "the answer does not fit our offer"))).ok();
            return;
        };
        let expires = response.session_expires_header().map(|header| header.value());
        let mut timer = Timer::default();
        timer.refreshed(std::time::Instant::now(), timer::from_answer(expires, dialog.allows_update));
        let (events_in, events) = mpsc::channel(EVENTS);
        let entry = Registered::new(&self.core, &dialog.key, events_in.clone());
        self.acknowledge(&dialog, &entry).await;
        let established = Established {
            id: self.core.next_id.fetch_add(1, Ordering::Relaxed),
            core: self.core,
            parties: self.parties,
            dialog,
            session: self.session,
            negotiated,
            socket: self.socket,
            events,
            events_in,
            entry,
            timer,
            unacked: None,
            credentials: self.dial.credentials,
            slot: self.slot,
        };
        let (line, call) = established.into_call();
        // Where nobody waits any more, the line is dropped, which sends BYE.
        reply.send(Ok(line)).ok();
        call.run().await;
    }
}

/// Host and port of our own in a From. A peer that transfers a call to us (REFER with Replaces, RFC 3891) may send its INVITE there, so the
/// port has to be in it where it is not the usual one.
fn reached_at(local: SocketAddr) -> String {
    match local {
        SocketAddr::V4(address) if address.port() == 5060 => address.ip().to_string(),
        SocketAddr::V6(address) if address.port() == 5060 => format!("[{}]", address.ip()),
        address => address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_address_in_a_from_has_its_port_where_it_is_not_the_usual_one() {
        for (local, host) in [
            ("192.0.2.1:5060", "192.0.2.1"),
            ("192.0.2.1:5070", "192.0.2.1:5070"),
            ("[2001:db8::1]:5060", "[2001:db8::1]"),
            ("[2001:db8::1]:5070", "[2001:db8::1]:5070"),
        ] {
            assert_eq!(reached_at(local.parse().expect("an address")), host);
        }
    }
}
