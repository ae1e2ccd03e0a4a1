//! `Core`: what all calls share: the transaction layer, the tables, and the way from a socket to whoever is meant.
use super::admission::Admission;
use super::dialog::Key;
use super::digest::{Challenge, Credentials, Request as Signed, Verifier};
use super::flow::{Carrier, Flow};
use super::merged::{Merged, Transactions};
use super::plan::SipPlan;
use super::registrar::Registrar;
use super::replace::Replacement;
use super::trunk::TrunkState;
use super::{ALLOW, body, gate, name, socket};
use crate::address::{Network, same_family};
use crate::number::Called;
use crate::ring::{Decline, Ring};
use crate::rtp::Ports;
use rsipstack::sip::headers::make_header;
use rsipstack::sip::prelude::*;
use rsipstack::sip::{
    Header, Host, Method, Param, Request, Response, SipMessage, StatusCode, StatusCodeKind, Transport, Uri,
};
use rsipstack::transaction::endpoint::EndpointInnerRef;
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transport::SipConnection;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tracing::debug;

/// What reaches a call's task from the transaction layer.
pub(super) enum DialogEvent {
    /// A request within the dialog.
    Request(Box<Transaction>),
    /// The ACK of INVITE number `seq`, with the answer where we made the offer.
    Acked { seq: u32, body: Vec<u8> },
    /// The ACK of a 2xx did not come within 64*T1.
    Unacked { seq: u32 },
    /// The INVITE is cancelled.
    Cancelled,
    /// The peer answered a refresh of ours with 481, or not at all.
    Lost,
    /// An INVITE that wants to take the place of this dialog.
    Replace(Box<Replacement>),
}

/// Whether a call to this user would be taken.
pub(super) type Forecast = Box<dyn Fn(&Called) -> Result<(), Decline> + Send + Sync>;

/// How a call is reached.
pub(super) struct Entry {
    /// Bounded at 32: a peer with more requests open in one dialog than that hears 500.
    pub events: mpsc::Sender<DialogEvent>,
    /// The ACK of our INVITE's 2xx, sent again for each copy of the 2xx (RFC 3261 section 13.2.2.4).
    pub ack: Option<(u32, Request, Flow)>,
}

/// A dialog's place in the table, left at the latest when this is dropped.
pub(super) struct Registered {
    core: Arc<Core>,
    key: Key,
}

impl Registered {
    pub(super) fn new(core: &Arc<Core>, key: &Key, events: mpsc::Sender<DialogEvent>) -> Self {
        lock(&core.dialogs).insert(key.clone(), Entry { events, ack: None });
        Self { core: core.clone(), key: key.clone() }
    }

    /// The ACK to send again when its 2xx comes again.
    pub(super) fn acknowledged(&self, seq: u32, ack: Request, flow: Flow) {
        if let Some(entry) = lock(&self.core.dialogs).get_mut(&self.key) {
            entry.ack = Some((seq, ack, flow));
        }
    }

    pub(super) fn leave(&self) {
        lock(&self.core.dialogs).remove(&self.key);
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.leave();
    }
}

pub(super) struct Core {
    pub plan: SipPlan,
    pub ports: Ports,
    pub endpoint: EndpointInnerRef,
    /// The datagram sockets.
    pub udp: Vec<Flow>,
    /// Where connections are accepted.
    pub tcp: Vec<SocketAddr>,
    /// Calls end and providers are left.
    pub ending: CancellationToken,
    /// The sockets close and the timers stop.
    pub stop: CancellationToken,
    pub draining: AtomicBool,
    pub rings: mpsc::Sender<Ring>,
    pub forecast: OnceLock<Forecast>,
    /// Streams peers opened.
    pub connections: Arc<Semaphore>,
    /// Streams we opened. Their limit is one of its own, so that peers who use up theirs do not keep us from calling.
    pub connections_out: Arc<Semaphore>,
    pub next_id: AtomicU64,
    pub admission: Mutex<Admission>,
    /// Open and trusted networks.
    pub networks: Vec<Network>,
    pub merged: Mutex<Merged>,
    pub verifier: Mutex<Verifier>,
    pub registrar: Mutex<Registrar>,
    pub trunks: Mutex<Vec<TrunkState>>,
    pub dialogs: Mutex<HashMap<Key, Entry>>,
    pub streams: Mutex<HashMap<SocketAddr, Flow>>,
}

/// A table's lock. A panic elsewhere leaves each table whole: all changes are single steps.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a peer cannot be reached.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Unreachable {
    #[error("the host name has no address")]
    Name,
    #[error("no socket for this transport: set sip.udp or sip.tcp")]
    Transport,
    #[error("cannot connect")]
    Connect,
}

impl Transactions for Core {
    fn is_known(&self, key: &TransactionKey) -> bool {
        self.endpoint.transactions.contains_key(key) || self.endpoint.finished_transactions.contains_key(key)
    }

    /// An accepted INVITE is served until no copy of it can come any more.
    fn is_serving(&self, method: Method, key: &TransactionKey) -> bool {
        let accepted = || match self.endpoint.finished_transactions.get(key) {
            Some(Some(SipMessage::Response(last))) => last.status_code.kind() == StatusCodeKind::Successful,
            _ => false,
        };
        self.endpoint.transactions.contains_key(key) || (method == Method::Invite && accepted())
    }
}

impl Core {
    /// Counts what is not served, or served by a refusal.
    pub(super) fn count(&self, why: &'static str) {
        lock(&self.admission).count(why);
        debug!(why, "not served");
    }

    /// Counts what asks for no answer, or whose answer has no way.
    pub(super) fn leave_unanswered(&self, why: &'static str) {
        lock(&self.admission).leave_unanswered(why);
        debug!(why, "not answered");
    }

    pub(super) fn refuse(&self, source: SocketAddr, why: &'static str) {
        lock(&self.admission).refuse(Instant::now(), source.ip(), why);
        debug!(why, source = %source.ip(), "not served, and charged for it");
    }

    pub(super) fn streams_mut(&self) -> MutexGuard<'_, HashMap<SocketAddr, Flow>> {
        lock(&self.streams)
    }

    pub(super) fn stream(&self, remote: SocketAddr) -> Option<Flow> {
        self.streams_mut().get(&remote).filter(|flow| flow.is_open()).cloned()
    }

    /// How a message on `flow` arrived.
    fn arrival(&self, flow: &Flow) -> gate::Arrival<'_> {
        gate::Arrival {
            source: flow.remote,
            stream: flow.carrier == Carrier::Tcp,
            reply_port: self.plan.reply_port,
            networks: &self.networks,
        }
    }

    /// One message from a socket; what it gives goes back by the same socket.
    pub(super) async fn receive(self: &Arc<Self>, bytes: &[u8], flow: &Flow) -> Option<gate::Reply> {
        let source = flow.remote;
        if !lock(&self.admission).arrive(Instant::now(), source.ip()) {
            debug!(why = "rate", source = %source.ip(), "not heard");
            return None;
        }
        match gate::inspect(bytes, &self.arrival(flow)) {
            gate::Verdict::Accept(mut message) => {
                body::simplify(&mut message);
                self.take(*message, bytes, flow).await
            }
            verdict => self.refuse_or_drop(verdict, source),
        }
    }

    /// The head of a stream that cannot be followed any further; what it gives goes back before the stream closes.
    pub(super) fn receive_last(&self, head: &[u8], why: &'static str, flow: &Flow) -> Option<gate::Reply> {
        let status = if why == "oversize" { 513 } else { 400 };
        self.refuse_or_drop(gate::refuse(head, status, why, &self.arrival(flow)), flow.remote)
    }

    fn refuse_or_drop(&self, verdict: gate::Verdict, source: SocketAddr) -> Option<gate::Reply> {
        match verdict {
            gate::Verdict::Reply { status, why, reply } => {
                debug!(status, "refused at the gate");
                self.refuse(source, why);
                Some(reply)
            }
            gate::Verdict::Drop("keepalive") => {
                self.leave_unanswered("keepalive");
                None
            }
            gate::Verdict::Drop(why) => {
                self.refuse(source, why);
                None
            }
            gate::Verdict::Accept(_) => None,
        }
    }

    /// Hands what the gate let through to whom it belongs.
    async fn take(self: &Arc<Self>, message: SipMessage, bytes: &[u8], flow: &Flow) -> Option<gate::Reply> {
        if self.acknowledge_again(&message).await {
            return None;
        }
        match &message {
            SipMessage::Request(request) if lock(&self.merged).is_merged(request, self.as_ref()) => {
                let refusal = gate::refuse(bytes, 482, "merged", &self.arrival(flow));
                return self.refuse_or_drop(refusal, flow.remote);
            }
            message if self.is_stray(message) => {
                self.leave_unanswered(if message.is_request() { "stray ACK" } else { "stray response" });
                return None;
            }
            _ => {}
        }
        if let Err(error) =
            self.endpoint.on_received_message(message, flow.connection.clone(), &flow.destination()).await
        {
            // The error's text may name a caller; its kind does not.
            debug!(kind = ?std::mem::discriminant(&error), "the transaction layer refuses a message");
            self.leave_unanswered("no transaction");
        }
        None
    }

    /// A response to no request of ours, or an ACK of no answer of ours: the transaction layer would drop it without a trace.
    fn is_stray(&self, message: &SipMessage) -> bool {
        let key = match message {
            SipMessage::Request(ack) if ack.method == Method::Ack => {
                let of_a_call = || Key::of(ack).is_some_and(|key| lock(&self.dialogs).contains_key(&key));
                if gate::is_acknowledged(ack) || of_a_call() {
                    return false;
                }
                TransactionKey::from_request(ack, TransactionRole::Server)
            }
            SipMessage::Request(_) => return false,
            SipMessage::Response(response) => TransactionKey::from_response(response, TransactionRole::Client),
        };
        key.is_ok_and(|key| !self.is_known(&key))
    }

    /// Sends the ACK again when this is a copy of a 2xx it was sent for.
    async fn acknowledge_again(&self, message: &SipMessage) -> bool {
        let SipMessage::Response(response) = message else { return false };
        let Ok(cseq) = response.cseq_header() else { return false };
        if response.status_code.kind() != StatusCodeKind::Successful || cseq.method() != Ok(Method::Invite) {
            return false;
        }
        let (Some(key), Ok(seq)) = (Key::of_response(response), cseq.seq()) else { return false };
        let ack = lock(&self.dialogs).get(&key).and_then(|entry| entry.ack.clone()).filter(|(acked, ..)| *acked == seq);
        let Some((_, ack, flow)) = ack else { return false };
        flow.connection.send(ack.into(), Some(&flow.destination())).await.ok();
        true
    }

    /// The flow a request came on.
    pub(super) fn flow_of(&self, tx: &Transaction) -> Option<Flow> {
        let (source, _) = gate::return_path(&tx.original)?;
        match tx.connection.as_ref()? {
            connection @ SipConnection::Udp(_) => Some(Flow { remote: source, ..self.socket_of(connection)? }),
            _ => self.stream(source),
        }
    }

    /// The datagram socket a request came by: where there are several, the connection tells which.
    fn socket_of(&self, connection: &SipConnection) -> Option<Flow> {
        let local = connection.get_addr().get_socketaddr().ok();
        self.udp.iter().find(|flow| Some(flow.local) == local).or(self.udp.first()).cloned()
    }

    /// The way to a URI's host (RFC 3263), or by the peer's own flow where it is open.
    pub(super) async fn flow_to(self: &Arc<Self>, uri: &Uri, carrier: Carrier) -> Result<Flow, Unreachable> {
        let transport = uri.params.iter().find_map(|param| match param {
            Param::Transport(transport) => Some(*transport),
            _ => None,
        });
        let carrier = match transport {
            None => carrier,
            Some(Transport::Udp) => Carrier::Udp,
            Some(Transport::Tcp) => Carrier::Tcp,
            Some(_) => return Err(Unreachable::Transport),
        };
        let port = uri.host_with_port.port.map(|port| port.0);
        let remote = match &uri.host_with_port.host {
            Host::IpAddr(ip) => SocketAddr::new(*ip, port.unwrap_or(5060)),
            Host::Domain(name) => self.resolve(&name.0, port, carrier).await?,
        };
        self.flow_at(remote, carrier).await
    }

    pub(super) async fn flow_at(self: &Arc<Self>, remote: SocketAddr, carrier: Carrier) -> Result<Flow, Unreachable> {
        lock(&self.admission).expect_answers(Instant::now(), remote.ip());
        match carrier {
            Carrier::Udp => {
                let flow = self.udp.iter().find(|flow| same_family(flow.local.ip(), remote.ip()));
                flow.cloned().map(|flow| Flow { remote, ..flow }).ok_or(Unreachable::Transport)
            }
            Carrier::Tcp => socket::dial(self, remote, socket::Opener::Us).await.map_err(|_| Unreachable::Connect),
        }
    }

    async fn resolve(&self, host: &str, port: Option<u16>, carrier: Carrier) -> Result<SocketAddr, Unreachable> {
        // Of a name's addresses those we have a socket for come first, in the order in which they are found.
        let own: Vec<SocketAddr> = match carrier {
            Carrier::Udp => self.udp.iter().map(|flow| flow.local).collect(),
            Carrier::Tcp => self.tcp.iter().copied().chain(self.udp.iter().map(|flow| flow.local)).collect(),
        };
        let served = |address: &SocketAddr| own.iter().any(|ours| same_family(ours.ip(), address.ip()));
        if port.is_none() {
            // Without a port the name may have SRV records (RFC 3263 section 4.2).
            let target = rsipstack::transport::SipAddr {
                r#type: Some(carrier.transport()),
                addr: rsipstack::sip::Domain::from(host).into(),
            };
            let found = self.endpoint.transport_layer.inner.domain_resolver.resolve(&target);
            if let Ok(Ok(found)) = tokio::time::timeout(Duration::from_secs(5), found).await
                && let Ok(address) = found.get_socketaddr()
                && served(&address)
            {
                return Ok(address);
            }
        }
        let found = tokio::net::lookup_host((host, port.unwrap_or(5060))).await.map_err(|_| Unreachable::Name)?;
        let found: Vec<SocketAddr> = found.collect();
        found.iter().find(|a| served(a)).or(found.first()).copied().ok_or(Unreachable::Name)
    }

    /// Sends a request that is no INVITE and waits for its final response; 408 when none comes.
    pub(super) async fn transact(&self, request: Request, flow: &Flow) -> Response {
        let timed_out = self.endpoint.make_response(&request, StatusCode::RequestTimeout, None);
        let Ok(key) = TransactionKey::from_request(&request, TransactionRole::Client) else { return timed_out };
        let mut tx = Transaction::new_client(key, request, self.endpoint.clone(), Some(flow.connection.clone()));
        tx.destination = Some(flow.destination());
        if !flow.is_open() || tx.send().await.is_err() {
            return timed_out;
        }
        let last = async {
            while let Some(message) = tx.receive().await {
                if let SipMessage::Response(response) = message
                    && response.status_code.kind() != StatusCodeKind::Provisional
                {
                    return Some(response);
                }
            }
            None
        };
        // The transaction gives up by itself; a closed stream would let it wait for that.
        let answered = tokio::select! {
            answered = last => answered,
            () = closed(flow) => None,
        };
        answered.unwrap_or(timed_out)
    }

    /// The same request once more with credentials, where a 401 or 407 asks for them and they were not yet given for it.
    pub(super) fn signed(request: &Request, challenged: &Response, who: &Credentials, flow: &Flow) -> Option<Request> {
        let proxy = challenged.status_code.code() == 407;
        let values = challenged.headers.iter().filter_map(|header| match header {
            Header::WwwAuthenticate(value) if !proxy => Some(value.value()),
            Header::ProxyAuthenticate(value) if proxy => Some(value.value()),
            _ => None,
        });
        let challenge = Challenge::best(values)?;
        let tried = request.headers.iter().any(|header| match header {
            Header::Authorization(_) => !proxy,
            Header::ProxyAuthorization(_) => proxy,
            _ => false,
        });
        if tried && !challenge.stale {
            return None;
        }
        let (method, uri) = (request.method.to_string(), request.uri.to_string());
        let answer = challenge.answer(who, &Signed { method: &method, uri: &uri, body: &request.body });
        let mut again = request.clone();
        let seq = again.cseq_header().ok()?.seq().ok()? + 1;
        again.headers.retain(|header| match header {
            Header::Authorization(_) => proxy,
            Header::ProxyAuthorization(_) => !proxy,
            Header::Via(_) | Header::CSeq(_) => false,
            _ => true,
        });
        again.headers.push_front(make_header("Via", flow.via()));
        again.headers.push(make_header("CSeq", format!("{seq} {method}")));
        again.headers.push(make_header(if proxy { "Proxy-Authorization" } else { "Authorization" }, answer));
        Some(again)
    }

    /// Answers a request and ends its transaction; retransmissions get the same answer for 32 s.
    pub(super) async fn reply(&self, mut tx: Transaction, status: u16, headers: Vec<Header>, body: Option<Vec<u8>>) {
        if status >= 300 {
            lock(&self.merged).forget(&tx.original);
        }
        // The transaction layer would write To anew to give it a tag.
        if status > 100
            && let Ok(to) = tx.original.to_header_mut()
            && name::tag(to.value()).is_none()
        {
            to.replace(format!("{};tag={}", to.value(), rsipstack::transaction::random_text(12)));
        }
        // A response that cannot be sent is asked for again by a copy of the request.
        if tx.reply_with(StatusCode::from(status), headers, body).await.is_err() {
            self.leave_unanswered("answer not sent");
        }
    }

    /// Answers in the background where a stream may have to be waited for. A stream whose peer lets too many wait closes.
    pub(super) async fn reply_soon(self: &Arc<Self>, tx: Transaction, status: u16, headers: Vec<Header>) {
        if matches!(tx.connection, Some(SipConnection::Udp(_))) {
            self.reply(tx, status, headers, None).await;
        } else {
            let Some(flow) = self.flow_of(&tx) else { return self.leave_unanswered("stream gone") };
            let Ok(permit) = flow.peer.replies.clone().try_acquire_owned() else {
                self.count("unread replies");
                if let Some(token) = flow.connection.cancel_token() {
                    token.cancel();
                }
                return;
            };
            let core = self.clone();
            tokio::spawn(async move {
                // The stream may close by another hand; the queue's reader is gone then, and so is this reply.
                core.reply(tx, status, headers, None).await;
                drop(permit);
            });
        }
    }
}

/// Resolves when a flow can carry nothing any more; never for datagrams.
pub(super) async fn closed(flow: &Flow) {
    match flow.connection.cancel_token() {
        Some(token) => token.cancelled().await,
        None => std::future::pending().await,
    }
}

pub(super) fn allow() -> Header {
    make_header("Allow", ALLOW.into())
}
