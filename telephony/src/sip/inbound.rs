//! Incoming requests outside a dialog: who may call, the call until its answer, registration.
use super::admission::CallSlot;
use super::call::{self, Answer, CHANGES, Call, EVENTS, Invite, Media, Owner};
use super::core::{Core, DialogEvent, Registered, allow, lock};
use super::dialog::{Dialog, Key};
use super::digest::{Proof, Request as Signed};
use super::flow::{Carrier, Flow};
use super::gate;
use super::name;
use super::registrar::{self, Register, Wanted, Wants};
use super::timer::{Agreed, Timer};
use super::{identity, options, replace};
use crate::headers::Headers;
use crate::line::Line;
use crate::number::Called;
use crate::ring::{Command, Decline, Refused, Ring, Via};
use crate::rtp::{NoPort, Socket, Switch};
use crate::sdp;
use rsipstack::sip::headers::make_header;
use rsipstack::sip::prelude::*;
use rsipstack::sip::{Header, Method};
use rsipstack::transaction::transaction::Transaction;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::debug;

/// Hands each new transaction to its call, or answers it. Never waits for a peer.
pub(super) async fn route(core: Arc<Core>, mut incoming: mpsc::UnboundedReceiver<Transaction>) {
    loop {
        let tx = tokio::select! {
            tx = incoming.recv() => tx,
            () = core.stop.cancelled() => None,
        };
        let Some(mut tx) = tx else { return };
        let Some(flow) = core.flow_of(&tx) else {
            core.leave_unanswered("stream gone");
            continue;
        };
        if flow.carrier == Carrier::Udp {
            // Where the responses go: read once, not for each of them.
            let to = gate::return_path(&tx.original).map_or(flow.remote, |(_, answers)| answers);
            tx.destination = Some(Flow { remote: to, ..flow.clone() }.destination());
        }
        if let Some(key) = Key::of(&tx.original) {
            within(&core, &key, tx, &flow).await;
            continue;
        }
        match tx.original.method {
            Method::Invite => invite(&core, tx, flow).await,
            Method::Register => register(&core, tx, &flow).await,
            Method::Options => options::answer(&core, tx, &flow).await,
            // Unasked news, such as of a mailbox (RFC 3842 section 4.1), changes nothing here.
            Method::Notify => core.reply_soon(tx, 200, vec![]).await,
            Method::Bye | Method::Info | Method::Update | Method::PRack => core.reply_soon(tx, 481, vec![]).await,
            Method::Ack | Method::Cancel => core.leave_unanswered("no transaction"),
            _ => core.reply_soon(tx, 405, vec![allow()]).await,
        }
    }
}

async fn within(core: &Arc<Core>, key: &Key, tx: Transaction, flow: &Flow) {
    let events = lock(&core.dialogs).get(key).map(|entry| entry.events.clone());
    let Some(events) = events else {
        return match tx.original.method {
            Method::Ack => core.leave_unanswered("stray ACK"),
            _ => core.reply_soon(tx, 481, vec![]).await,
        };
    };
    flow.peer.mark_known();
    match events.try_send(DialogEvent::Request(Box::new(tx))) {
        Ok(()) => {}
        Err(mpsc::error::TrySendError::Full(DialogEvent::Request(tx))) => core.reply_soon(*tx, 500, vec![]).await,
        Err(mpsc::error::TrySendError::Closed(DialogEvent::Request(tx))) => core.reply_soon(*tx, 481, vec![]).await,
        Err(_) => {}
    }
}

pub(super) fn retry_after(after: Duration) -> Vec<Header> {
    vec![make_header("Retry-After", after.as_secs().max(1).to_string())]
}

/// The refusal of a request whose source has been charged for it.
pub(super) struct Refusal {
    status: u16,
    headers: Vec<Header>,
    why: &'static str,
}

impl Refusal {
    pub(super) async fn reply(self, core: &Arc<Core>, tx: Transaction, source: SocketAddr) {
        let Self { status, headers, why } = self;
        debug!(status, why, source = %source.ip(), method = %tx.original.method, "refused");
        core.reply_soon(tx, status, headers).await;
    }
}

/// The refusal where no one may register or call from `source`.
fn forbidden(core: &Core, source: SocketAddr) -> Refusal {
    core.refuse(source, "forbidden");
    Refusal { status: 403, headers: vec![], why: "forbidden" }
}

/// By what right this INVITE may call.
pub(super) fn right(core: &Core, tx: &Transaction, source: SocketAddr) -> Result<Via, Refusal> {
    let from = |networks: &[crate::address::Network]| networks.iter().any(|network| network.contains(source.ip()));
    if let Some(trunk) = core.plan.trunks.iter().find(|trunk| from(&trunk.networks)) {
        return Ok(Via::Trunk(trunk.name.clone()));
    }
    let registered =
        lock(&core.trunks).iter().find(|t| t.registrar.is_some_and(|r| r.ip() == source.ip())).map(|t| t.name.clone());
    // A provider on loopback is a test of this server: there the open network decides.
    if let Some(name) = registered.filter(|_| !from(&core.plan.open)) {
        return Ok(Via::Trunk(name));
    }
    if from(&core.plan.open) {
        return Ok(Via::Open);
    }
    if core.plan.phones.is_empty() {
        return Err(forbidden(core, source));
    }
    phone(core, tx, source).map(Via::Phone)
}

/// The phone whose password the request proves. Each password that is wrong is charged.
fn phone(core: &Core, tx: &Transaction, source: SocketAddr) -> Result<String, Refusal> {
    let now = Instant::now();
    let challenge = |stale, why| {
        let values = lock(&core.verifier).challenges(now, stale);
        let headers = values.into_iter().map(|value| make_header("WWW-Authenticate", value)).collect();
        Refusal { status: 401, headers, why }
    };
    let given = tx.original.headers.iter().filter_map(|header| match header {
        Header::Authorization(value) => Some(value.value()),
        _ => None,
    });
    let given = lock(&core.verifier).ours(given);
    let (method, uri) = (tx.original.method.to_string(), name::written(&tx.original.uri));
    let signed = Signed { method: &method, uri: &uri, body: &tx.original.body };
    let find = |user: &str| core.plan.phones.iter().find(|phone| phone.credentials.user == user);
    let mut why = "challenged";
    for header in given {
        let password = |user: &str| find(user).map(|phone| phone.credentials.password.as_str());
        let proof = lock(&core.verifier).verify(now, header, &signed, password);
        match proof {
            Proof::Good(user) => {
                if let Some(phone) = find(&user) {
                    return Ok(phone.name.clone());
                }
            }
            Proof::Stale => {
                core.count("challenged");
                return Err(challenge(true, "stale nonce"));
            }
            Proof::Wrong => {
                why = "wrong password";
                core.refuse(source, why);
            }
        }
    }
    if why == "challenged" {
        // Every call with a password begins with a challenge, which costs no more than a message.
        core.count(why);
    }
    Err(challenge(false, why))
}

async fn invite(core: &Arc<Core>, tx: Transaction, flow: Flow) {
    let source = flow.remote;
    let via = match right(core, &tx, source) {
        Ok(via) => via,
        Err(refusal) => return refusal.reply(core, tx, source).await,
    };
    flow.peer.mark_known();
    match replace::wanted(&tx.original) {
        Ok(None) => {}
        Ok(Some(replaces)) => return replace::hand_over(core, tx, flow, replaces).await,
        Err(replace::Malformed) => {
            core.count("malformed Replaces");
            return core.reply_soon(tx, 400, vec![]).await;
        }
    }
    let full = core.plan.limits.full_status;
    if core.draining.load(Ordering::Acquire) {
        core.count("draining");
        return core.reply_soon(tx, 503, retry_after(core.plan.limits.retry_after)).await;
    }
    let slot = lock(&core.admission).take_call();
    let Some(slot) = slot else {
        core.count("calls");
        return core.reply_soon(tx, full, retry_after(core.plan.limits.retry_after)).await;
    };
    match Ringing::prepare(core, &tx, flow, via, slot) {
        Ok((ringing, ring)) => {
            tokio::spawn(ringing.run(tx, ring));
        }
        Err(Refusal { status, mut headers, why }) => {
            core.count(why);
            if status == 503 {
                headers = retry_after(core.plan.limits.retry_after);
            }
            core.reply_soon(tx, status, headers).await;
        }
    }
}

/// 100 goes out unless another response has gone by then: RFC 3261 section 17.2.1 asks for it after 200 ms.
const TRYING: Duration = Duration::from_millis(150);

/// A call before its answer.
struct Ringing {
    core: Arc<Core>,
    id: u64,
    dialog: Dialog,
    socket: Option<Socket>,
    session: sdp::Session,
    /// What the offer came to; none where the INVITE carried none and the offer is ours.
    negotiated: Option<sdp::Negotiated>,
    events: mpsc::Receiver<DialogEvent>,
    events_in: mpsc::Sender<DialogEvent>,
    commands: mpsc::Receiver<Command>,
    entry: Registered,
    /// Dropping it tells the ring that the caller has gone.
    _gone: DropGuard,
    parties: (crate::Party, crate::Party),
    timer: Result<(Option<Agreed>, Vec<Header>), Vec<Header>>,
    slot: CallSlot,
}

impl Ringing {
    fn prepare(
        core: &Arc<Core>,
        tx: &Transaction,
        flow: Flow,
        via: Via,
        slot: CallSlot,
    ) -> Result<(Self, Ring), Refusal> {
        let refusal = |status, why| Refusal { status, headers: vec![], why };
        let request = &tx.original;
        let unfit =
            |fault: sdp::Fault| Refusal { headers: vec![call::warning(&fault)], ..refusal(fault.status(), "SDP") };
        let offer = (!request.body.is_empty()).then(|| sdp::Offer::parse(&request.body)).transpose().map_err(unfit)?;
        // Sound goes by the IP family of the offer, if we have one, else by that of its signalling.
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
        let mut from = party(request.from_header().map(|from| from.value()).map_err(drop));
        let mut headers = Headers::default();
        if let Via::Trunk(name) = &via
            && let Some(trunk) = core.plan.trunks.iter().find(|trunk| trunk.name == *name)
        {
            from = identity::asserted(request).unwrap_or(from);
            let (found, long) = identity::headers(request, trunk);
            headers = found;
            if long {
                core.count("long header field");
            }
        }
        let to = party(request.to_header().map(|to| to.value()).map_err(drop));
        let (events_in, events) = mpsc::channel(EVENTS);
        let (commands_in, commands) = mpsc::channel(8);
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
        Ok((ringing, Ring { from, to, called, headers, via, id, commands: commands_in, gone }))
    }

    async fn run(mut self, tx: Transaction, ring: Ring) {
        let tag = self.dialog.key.local_tag.clone();
        let headers = match std::mem::replace(&mut self.timer, Ok((None, vec![]))) {
            Ok(timer) => {
                self.timer = Ok((timer.0, vec![]));
                timer.1
            }
            Err(headers) => return self.core.reply(tx, 422, headers, None).await,
        };
        let invite = Invite::drive(&self.core, tx, &tag, self.events_in.clone());
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
                    Some(Command::HangUp(_)) | None => return invite.respond(480, vec![], None),
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
            _ => call::any(&self.core, tx).await,
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
        let (wire, control) = socket.wire(negotiated.remote);
        control.secure(negotiated.secrets.clone(), Switch::Now);
        let (changes_in, changes) = mpsc::channel(CHANGES);
        let ended = Arc::new(OnceLock::new());
        let agreed = match &self.timer {
            Ok((agreed, _)) => *agreed,
            Err(_) => None,
        };
        let mut timer = Timer::default();
        timer.refreshed(Instant::now(), agreed);
        // The ring's own channel goes with the ring.
        let (commands_in, commands) = mpsc::channel(8);
        let line = Line {
            id: self.id,
            from: self.parties.0.clone(),
            to: self.parties.1.clone(),
            wire: Some(Box::new(wire)),
            plan: negotiated.plan.clone(),
            suite: negotiated.secrets.map(|secrets| secrets.ours.suite),
            commands: commands_in,
            changes,
            ended: ended.clone(),
        };
        let call = Call {
            core: self.core,
            id: self.id,
            dialog: self.dialog,
            media: Media { session: self.session, control, plan: negotiated.plan, held: negotiated.hold },
            events: self.events,
            events_in: self.events_in,
            owner: Owner { commands, changes: changes_in, ended },
            timer,
            unacked,
            successor: None,
            credentials: None,
            slot: Some(self.slot),
            entry: self.entry,
        };
        // An owner that no longer waits drops the line, and that hangs up.
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

async fn register(core: &Arc<Core>, tx: Transaction, flow: &Flow) {
    let source = flow.remote;
    if core.plan.phones.is_empty() {
        return forbidden(core, source).reply(core, tx, source).await;
    }
    let name = match phone(core, &tx, source) {
        Ok(name) => name,
        Err(refusal) => return refusal.reply(core, tx, source).await,
    };
    flow.peer.mark_known();
    let request = &tx.original;
    let Some(wanted) = wants(request) else {
        return core.reply_soon(tx, 400, vec![]).await;
    };
    let call_id = request.call_id_header().map(|id| id.value().to_owned()).unwrap_or_default();
    let cseq = request.cseq_header().and_then(|cseq| cseq.seq()).unwrap_or_default();
    let now = Instant::now();
    let asked = Register { user: &name, source, carrier: flow.carrier, call_id: &call_id, cseq, wanted };
    let done = lock(&core.registrar).register(now, asked);
    let (status, headers) = match done {
        Ok(bindings) => {
            let left = |at: Instant| at.saturating_duration_since(now).as_secs();
            let one =
                |b: &registrar::Binding| make_header("Contact", format!("<{}>;expires={}", b.contact, left(b.expires)));
            (200, bindings.iter().map(one).collect())
        }
        Err(registrar::Fault::TooBrief) => {
            (423, vec![make_header("Min-Expires", registrar::SHORTEST.as_secs().to_string())])
        }
        Err(registrar::Fault::TooMany) => (403, vec![]),
        Err(registrar::Fault::OutOfOrder) => (500, vec![]),
    };
    core.reply_soon(tx, status, headers).await;
}

/// What a REGISTER asks; `None` where it is malformed.
fn wants(request: &rsipstack::sip::Request) -> Option<Wants> {
    let seconds = |text: &str| text.trim().parse::<u32>().ok().map(|s| Duration::from_secs(s.into()));
    let expires = request.expires_header().map(|header| header.value());
    let whole = expires.and_then(seconds).unwrap_or(Duration::from_secs(3600));
    let mut wanted = Vec::new();
    for header in request.contact_headers() {
        if header.value().trim() == "*" {
            return (expires.map(str::trim) == Some("0")).then_some(Wants::RemoveAll);
        }
        for one in name::list(header.value()) {
            let (_, contact) = name::split(one);
            name::uri(contact)?;
            if contact.contains(['<', '>', '"', ' ']) || wanted.len() == 16 {
                return None;
            }
            let expires = name::param(one, "expires").and_then(seconds).unwrap_or(whole);
            wanted.push(Wanted { contact: contact.to_owned(), expires });
        }
    }
    Some(if wanted.is_empty() { Wants::Query } else { Wants::Contacts(wanted) })
}
