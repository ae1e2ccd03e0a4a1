//! `Ringing`: an inbound call from its INVITE to its answer.
use super::access::{Refusal, retry_after};
use super::admission::CallSlot;
use super::call::{self, Answer, COMMANDS, EVENTS, Established};
use super::core::{Core, Registered};
use super::dialog::Dialog;
use super::dialog_event::DialogEvent;
use super::flow::Flow;
use super::invite::Invite;
use super::timer::{SessionInterval, Timer};
use super::{identity, invite_task, name};
use crate::headers::Headers;
use crate::number::Called;
use crate::ring::{CallOrigin, Command, Decline, Refused, Ring};
use crate::rtp::{NoPort, Socket};
use crate::sdp;
use rsipstack::sip::headers::make_header;
use rsipstack::sip::prelude::*;
use rsipstack::sip::{Header, Method, Request};
use rsipstack::transaction::transaction::Transaction;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

/// 100 is sent after this time unless another response has been sent: RFC 3261 section 17.2.1 asks for it after 200 ms.
const TRYING: Duration = Duration::from_millis(150);

/// A call before its answer.
pub(super) struct Ringing {
    core: Arc<Core>,
    id: u64,
    dialog: Dialog,
    socket: Option<Socket>,
    session: sdp::Session,
    /// The answer to the offer; `None` where the INVITE carried no offer, so that the offer is ours.
    negotiated: Option<sdp::Negotiated>,
    events: mpsc::Receiver<DialogEvent>,
    events_in: mpsc::Sender<DialogEvent>,
    commands: mpsc::Receiver<Command>,
    entry: Registered,
    /// Dropping it reports to the ring that the caller has gone.
    _gone: DropGuard,
    parties: (crate::Party, crate::Party),
    timer: Result<(Option<SessionInterval>, Vec<Header>), Vec<Header>>,
    slot: CallSlot,
}

/// The caller's identity and the header fields that a trunk is trusted with.
fn from_trunk(core: &Core, request: &Request, origin: &CallOrigin) -> (Option<crate::Party>, Headers) {
    let CallOrigin::Trunk(name) = origin else { return Default::default() };
    let Some(trunk) = core.plan.trunks.iter().find(|trunk| trunk.name == *name) else { return Default::default() };
    let (headers, too_long) = identity::allowed_headers(request, trunk);
    if too_long {
        core.count("long header field");
    }
    (identity::asserted_caller(request), headers)
}

impl Ringing {
    pub(super) fn prepare(
        core: &Arc<Core>,
        tx: &Transaction,
        flow: Flow,
        origin: CallOrigin,
        slot: CallSlot,
    ) -> Result<(Self, Ring), Refusal> {
        let refusal = |status, why| Refusal { status, headers: vec![], why };
        let request = &tx.original;
        let unfit =
            |fault: sdp::Fault| Refusal { headers: vec![call::warning(&fault)], ..refusal(fault.status(), "SDP") };
        let offer = (!request.body.is_empty()).then(|| sdp::Offer::parse(&request.body)).transpose().map_err(unfit)?;
        // RTP uses the IP family of the offer, where RTP is configured for it, else that of the signalling.
        let source = flow.remote.ip().to_canonical();
        let wanted = offer.as_ref().and_then(sdp::Offer::address).filter(|address| core.ports.serves(*address));
        let socket =
            core.ports.take_towards(wanted.unwrap_or(source)).map_err(|_: NoPort| refusal(503, "RTP ports"))?;
        let mut session = sdp::Session::new(core.plan.prefs.clone(), socket.advertised(), socket.port());
        session.signalled_from(source);
        let negotiated = offer.map(|offer| session.answer(&offer)).transpose().map_err(unfit)?;
        let called = Called::of(&name::written(&request.uri));
        let tag = rsipstack::transaction::random_text(12);
        let contact = flow.contact("switchboard");
        let dialog = Dialog::answering(request, &tag, contact, flow).ok_or(refusal(400, "malformed Contact"))?;
        let party = |header: Result<&str, _>| header.map(name::party).unwrap_or_default();
        let (asserted, headers) = from_trunk(core, request, &origin);
        let from = asserted.unwrap_or_else(|| party(request.from_header().map(|from| from.value()).map_err(drop)));
        let to = party(request.to_header().map(|to| to.value()).map_err(drop));
        let (events_in, events) = mpsc::channel(EVENTS);
        let (commands_in, commands) = mpsc::channel(COMMANDS);
        let (id, gone) = (core.next_id.fetch_add(1, Ordering::Relaxed), CancellationToken::new());
        let entry = Registered::new(core, &dialog.key, events_in.clone());
        let timer = call::timer_of(request, dialog.allows_update);
        let ringing = Self {
            core: core.clone(),
            id,
            dialog,
            socket: Some(socket),
            session,
            negotiated,
            events,
            events_in,
            commands,
            entry,
            _gone: gone.clone().drop_guard(),
            parties: (from.clone(), to.clone()),
            timer,
            slot,
        };
        Ok((ringing, Ring { from, to, called, headers, origin, id, commands: commands_in, gone }))
    }

    pub(super) async fn run(mut self, tx: Transaction, ring: Ring) {
        let tag = self.dialog.key.local_tag.clone();
        let headers = match std::mem::replace(&mut self.timer, Ok((None, vec![]))) {
            Ok(timer) => {
                self.timer = Ok((timer.0, vec![]));
                timer.1
            }
            Err(headers) => return self.core.reply(tx, 422, headers, None).await,
        };
        let invite = invite_task::drive(&self.core, tx, &tag, self.events_in.clone());
        if self.core.rings.try_send(ring).is_err() {
            self.core.count("rings");
            return invite.respond(503, retry_after(self.core.plan.limits.retry_after), None);
        }
        let too_long = tokio::time::sleep(self.core.plan.limits.ring);
        let trying = tokio::time::sleep(TRYING);
        tokio::pin!(too_long, trying);
        let mut silent = true;
        loop {
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(Command::Ringing) => {
                        silent = false;
                        invite.respond(180, call::contact_and_allow(&self.dialog.contact), None);
                    }
                    Some(Command::Answer(answer)) => return self.answer(invite, headers, answer).await,
                    Some(Command::Decline(why)) => {
                        let headers = match why {
                            Decline::Overloaded(after) => retry_after(after),
                            _ => vec![],
                        };
                        return invite.respond(why.status(), headers, None);
                    }
                    None => return invite.respond(480, vec![], None),
                },
                event = self.events.recv() => match event {
                    Some(DialogEvent::Cancelled) => return invite.respond(487, vec![], None),
                    Some(DialogEvent::Request(tx)) => {
                        if self.early(*tx).await {
                            return invite.respond(487, vec![], None);
                        }
                    }
                    Some(DialogEvent::Replace(replacement)) => replacement.refuse_early(),
                    Some(_) => {}
                    None => return,
                },
                () = &mut trying, if silent => {
                    silent = false;
                    invite.respond(100, vec![], None);
                }
                () = &mut too_long => return invite.respond(480, vec![], None),
                () = self.core.ending.cancelled() => {
                    return invite.respond(503, retry_after(self.core.plan.limits.retry_after), None);
                }
            }
        }
    }

    /// Answers a request within the early dialog; true when it ends the call.
    async fn early(&mut self, tx: Transaction) -> bool {
        let seq = tx.original.cseq_header().and_then(|cseq| cseq.seq()).unwrap_or_default();
        if seq < self.dialog.remote_seq {
            self.core.reply(tx, 500, vec![], None).await;
            return false;
        }
        self.dialog.remote_seq = seq;
        match tx.original.method {
            Method::Bye => {
                self.core.reply(tx, 200, vec![], None).await;
                return true;
            }
            // The offer of the INVITE is not answered yet (RFC 3261 section 14.2, RFC 3311 section 5.2).
            Method::Invite => self.core.reply(tx, 500, retry_after(Duration::from_secs(3)), None).await,
            Method::Update if !tx.original.body.is_empty() => {
                self.core.reply(tx, 500, retry_after(Duration::from_secs(3)), None).await;
            }
            Method::Update => {
                let headers = call::contact_and_allow(&self.dialog.contact);
                self.core.reply(tx, 200, headers, None).await;
            }
            Method::Info => self.core.reply(tx, 200, vec![], None).await,
            _ => call::answer_in_any_state(&self.core, tx).await,
        }
        false
    }

    async fn answer(mut self, invite: Invite, mut headers: Vec<Header>, answer: Answer) {
        let Some(socket) = self.socket.take() else { return };
        headers.extend(call::described(&self.dialog.contact));
        let offered = self.negotiated.is_none();
        let text = match &self.negotiated {
            Some(negotiated) => negotiated.text.clone(),
            None => self.session.offer(),
        };
        invite.respond(200, headers, Some(text));
        let mut unacked = Some((invite.seq, offered));
        let negotiated = match self.negotiated.take() {
            Some(negotiated) => negotiated,
            None => match self.await_answer(invite.seq).await {
                Ok(negotiated) => {
                    unacked = None;
                    negotiated
                }
                Err((refused, bye)) => {
                    answer.send(Err(refused)).ok();
                    if bye {
                        let mut dialog = self.dialog.request(Method::Bye, &self.core.plan.user_agent);
                        dialog.headers.push(make_header("Reason", "SIP;cause=488".into()));
                        let flow = self.dialog.flow.clone();
                        self.core.transact(dialog, &flow).await;
                    }
                    return;
                }
            },
        };
        let agreed = match &self.timer {
            Ok((agreed, _)) => *agreed,
            Err(_) => None,
        };
        let mut timer = Timer::default();
        timer.refreshed(Instant::now(), agreed);
        let established = Established {
            core: self.core,
            id: self.id,
            parties: self.parties,
            dialog: self.dialog,
            session: self.session,
            negotiated,
            socket,
            events: self.events,
            events_in: self.events_in,
            entry: self.entry,
            timer,
            unacked,
            credentials: None,
            slot: Some(self.slot),
        };
        let (line, call) = established.into_call();
        // Where the owner no longer waits, the line is dropped, which sends BYE.
        answer.send(Ok(line)).ok();
        call.run().await;
    }

    /// The ACK with the answer to our offer; or the refusal, and whether a BYE is due.
    async fn await_answer(&mut self, seq: u32) -> Result<sdp::Negotiated, (Refused, bool)> {
        loop {
            match self.events.recv().await {
                Some(DialogEvent::Acked { seq: acked, body }) if acked == seq => {
                    let answer = self.session.accept(&body);
                    return answer.map_err(|fault| (Refused::new(488, fault.to_string()), true));
                }
                Some(DialogEvent::Unacked { .. }) => return Err((Refused::new(408, "no ACK came"), true)),
                Some(DialogEvent::Request(tx)) if tx.original.method == Method::Bye => {
                    self.core.reply(*tx, 200, vec![], None).await;
                    return Err((Refused::new(487, "the caller has gone"), false));
                }
                Some(DialogEvent::Request(tx)) => {
                    self.early(*tx).await;
                }
                Some(DialogEvent::Replace(replacement)) => replacement.refuse_early(),
                Some(_) => {}
                None => return Err((Refused::new(500, "signalling stopped"), false)),
            }
        }
    }
}
