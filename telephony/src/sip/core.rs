//! `Core`: what all calls share: the transaction layer, the tables, and the dispatch of received messages.
use super::admission::Admission;
use super::dialog::Key;
use super::dialog_event::DialogEvent;
use super::digest::{Challenge, Credentials, SignedRequest, Verifier};
use super::flow::{Flow, SipTransport};
pub(super) use super::lock::lock;
use super::merged::{Merged, Transactions};
use super::plan::{SipPlan, Trunk};
use super::registrar::Registrar;
use super::trunk_state::{RegistrationState, TrunkState};
use super::{ALLOW, body, gate, name};
use crate::address::Network;
use crate::number::Called;
use crate::ring::{Decline, Ring};
use crate::rtp::Ports;
use rsipstack::sip::headers::make_header;
use rsipstack::sip::prelude::*;
use rsipstack::sip::{Header, Method, Request, Response, SipMessage, StatusCode, StatusCodeKind};
use rsipstack::transaction::endpoint::EndpointInnerRef;
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transport::SipConnection;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Instant;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tracing::debug;

/// Whether a call to this user would be taken.
pub(super) type AvailabilityCheck = Box<dyn Fn(&Called) -> Result<(), Decline> + Send + Sync>;

/// A dialog's entry in the table.
pub(super) struct Entry {
    /// Bounded ([`super::call::EVENTS`]): a peer with more open requests in one dialog is answered 500.
    pub events: mpsc::Sender<DialogEvent>,
    /// The CSeq number and the ACK of our INVITE's 2xx, sent again for each retransmission of the 2xx (RFC 3261 section 13.2.2.4).
    pub ack: Option<(u32, Request, Flow)>,
}

/// The registration of a dialog in the table. Dropping it removes the dialog.
pub(super) struct Registered {
    core: Arc<Core>,
    key: Key,
}

impl Registered {
    pub(super) fn new(core: &Arc<Core>, key: &Key, events: mpsc::Sender<DialogEvent>) -> Self {
        lock(&core.dialogs).insert(key.clone(), Entry { events, ack: None });
        Self { core: core.clone(), key: key.clone() }
    }

    /// Sets the ACK that answers retransmissions of the 2xx.
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
    /// Cancelled when calls end and trunks are unregistered.
    pub ending: CancellationToken,
    /// Cancelled when the sockets close and the timers stop.
    pub stop: CancellationToken,
    pub draining: AtomicBool,
    pub rings: mpsc::Sender<Ring>,
    pub availability: OnceLock<AvailabilityCheck>,
    /// Permits of the streams that peers opened.
    pub connections: Arc<Semaphore>,
    /// Permits of the streams that we opened. Peers that use up `connections` do not keep this server from calling.
    pub connections_out: Arc<Semaphore>,
    pub next_id: AtomicU64,
    pub admission: Mutex<Admission>,
    /// Open and trusted networks.
    pub networks: Vec<Network>,
    pub merged: Arc<Mutex<Merged>>,
    pub verifier: Mutex<Verifier>,
    pub registrar: Mutex<Registrar>,
    pub trunks: Mutex<Vec<TrunkState>>,
    pub dialogs: Mutex<HashMap<Key, Entry>>,
    pub streams: Mutex<HashMap<SocketAddr, Flow>>,
}

/// The parts of a core that are made before it.
pub(super) struct CoreSetup {
    pub plan: SipPlan,
    pub ports: Ports,
    pub endpoint: EndpointInnerRef,
    pub udp: Vec<Flow>,
    pub tcp: Vec<SocketAddr>,
    pub stop: CancellationToken,
    pub rings: mpsc::Sender<Ring>,
}

impl Transactions for Core {
    fn is_known(&self, key: &TransactionKey) -> bool {
        self.endpoint.transactions.contains_key(key) || self.endpoint.finished_transactions.contains_key(key)
    }

    /// An accepted INVITE counts as served until no retransmission of it can arrive any more.
    fn is_serving(&self, method: Method, key: &TransactionKey) -> bool {
        let accepted = || match self.endpoint.finished_transactions.get(key) {
            Some(Some(SipMessage::Response(last))) => last.status_code.kind() == StatusCodeKind::Successful,
            _ => false,
        };
        self.endpoint.transactions.contains_key(key) || (method == Method::Invite && accepted())
    }
}

impl Core {
    pub(super) fn new(CoreSetup { plan, ports, endpoint, udp, tcp, stop, rings }: CoreSetup) -> Self {
        let trusted = plan.trunks.iter().flat_map(|trunk| &trunk.networks);
        let networks: Vec<Network> = plan.open.iter().chain(trusted).copied().collect();
        let state = |trunk: &Trunk| TrunkState {
            name: trunk.name.clone(),
            registration: if trunk.registration.is_some() {
                RegistrationState::Trying
            } else {
                RegistrationState::Trusted
            },
            registrar: None,
        };
        Self {
            ports,
            endpoint,
            udp,
            tcp,
            ending: CancellationToken::new(),
            stop,
            draining: false.into(),
            rings,
            availability: OnceLock::new(),
            connections: Arc::new(Semaphore::new(plan.limits.connections)),
            connections_out: Arc::new(Semaphore::new(plan.limits.connections)),
            next_id: AtomicU64::new(1),
            admission: Mutex::new(Admission::new(&plan.limits, networks.clone())),
            networks,
            merged: Arc::default(),
            verifier: Mutex::new(Verifier::new(plan.realm.clone(), plan.algorithms.clone(), Instant::now())),
            registrar: Mutex::new(Registrar::new(plan.limits.contacts)),
            trunks: Mutex::new(plan.trunks.iter().map(state).collect()),
            dialogs: Mutex::default(),
            streams: Mutex::default(),
            plan,
        }
    }

    /// Counts a refused request.
    pub(super) fn count(&self, why: &'static str) {
        lock(&self.admission).count(why);
        debug!(why, "not served");
    }

    /// Counts a message that needs no answer, or whose answer could not be delivered.
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
            stream: flow.transport == SipTransport::Tcp,
            reply_port: self.plan.reply_port,
            networks: &self.networks,
        }
    }

    /// Receives one message. The reply, if there is one, is sent by the same socket.
    pub(super) async fn receive(self: &Arc<Self>, bytes: &[u8], flow: &Flow) -> Option<gate::Reply> {
        let source = flow.remote;
        if !lock(&self.admission).arrive(Instant::now(), source.ip()) {
            debug!(why = "rate", source = %source.ip(), "not heard");
            return None;
        }
        match gate::inspect(bytes, &self.arrival(flow)) {
            gate::Verdict::Accept(mut message) => {
                body::reduce_to_description(&mut message);
                self.dispatch(*message, bytes, flow).await
            }
            verdict => self.refuse_or_drop(verdict, source),
        }
    }

    /// Receives the head of a message after which its stream cannot be parsed any further. The reply is sent before the stream closes.
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

    /// Dispatches a message that the gate accepted.
    async fn dispatch(self: &Arc<Self>, message: SipMessage, bytes: &[u8], flow: &Flow) -> Option<gate::Reply> {
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
            // The text of the error can contain an address of a caller; its kind does not.
            debug!(kind = ?std::mem::discriminant(&error), "the transaction layer refuses a message");
            self.leave_unanswered("no transaction");
        }
        None
    }

    /// Counts a response to no request of ours, and an ACK of no response of ours: the transaction layer drops both silently.
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

    /// Sends the ACK again where this is a retransmission of the 2xx that it acknowledged.
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

    /// The datagram socket that a request arrived on; the connection tells which of several.
    fn socket_of(&self, connection: &SipConnection) -> Option<Flow> {
        let local = connection.get_addr().get_socketaddr().ok();
        self.udp.iter().find(|flow| Some(flow.local) == local).or(self.udp.first()).cloned()
    }

    /// Sends a request other than INVITE and waits for its final response; 408 where none arrives.
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
        // The transaction would end by its own timer; a closed stream ends it at once.
        let answered = tokio::select! {
            answered = last => answered,
            () = closed(flow) => None,
        };
        answered.unwrap_or(timed_out)
    }

    /// The same request with credentials, where a 401 or 407 asks for them and they have not been sent for its nonce yet.
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
        let answer = challenge.answer(who, &SignedRequest { method: &method, uri: &uri, body: &request.body });
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
        // The transaction layer would rewrite To to add a tag.
        if status > 100
            && let Ok(to) = tx.original.to_header_mut()
            && name::tag(to.value()).is_none()
        {
            to.replace(format!("{};tag={}", to.value(), rsipstack::transaction::random_text(12)));
        }
        // A response that could not be sent is sent again when the request is retransmitted.
        if tx.reply_with(StatusCode::from(status), headers, body).await.is_err() {
            self.leave_unanswered("answer not sent");
        }
    }

    /// Answers in a task of its own where the stream may block. A stream with too many waiting replies is closed.
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
                // The stream may be closed elsewhere; then the reader of the queue is gone, and the reply is dropped.
                core.reply(tx, status, headers, None).await;
                drop(permit);
            });
        }
    }
}

/// Resolves when the connection of a flow has closed; never for datagrams.
pub(super) async fn closed(flow: &Flow) {
    match flow.connection.cancel_token() {
        Some(token) => token.cancelled().await,
        None => std::future::pending().await,
    }
}

pub(super) fn allow() -> Header {
    make_header("Allow", ALLOW.into())
}
