//! `Connection`: carries the messages of one session to an engine and back, over a WebSocket (RFC 6455) or as HTTP requests.
//!
//! A session never waits for it: what the engine does not take in time fails the session ([`RemoteFault::Full`]). What the session has not taken
//! waits in the socket.
use crate::web_client::{client, has_certificates};
use futures::{SinkExt, StreamExt};
use media::remote::{Endpoint, Message, Received, RemoteFault, Transport};
use reqwest::StatusCode;
use reqwest::header::{CONNECTION, CONTENT_TYPE, UPGRADE};
use std::future::pending;
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message as Frame};

/// Messages that wait to be sent: five seconds of sound. More: [`RemoteFault::Full`].
const TO: usize = 256;
/// Messages that wait for the session.
const FROM: usize = 64;
/// The largest message of an engine: some ten seconds of sound in base64.
const LARGEST: usize = 4 << 20;
/// How long an engine may take to open a connection.
pub const OPENING: Duration = Duration::from_secs(3);
/// How long the last messages of a session may take.
const CLOSING: Duration = Duration::from_secs(1);

/// What happens on a connection.
#[derive(Debug)]
pub enum ConnectionEvent {
    Opened,
    Received(Received),
    /// It is over.
    Failed(RemoteFault),
}

/// An event, and the number of the request that it belongs to.
type Numbered = (u64, ConnectionEvent);

/// The session's end. Dropping it sends what waits, and closes.
pub struct Connection {
    to: mpsc::Sender<Message>,
    from: mpsc::Receiver<Numbered>,
    /// Requests so far, those that were ended included: what comes of older ones is dropped.
    requests: u64,
}

impl Connection {
    pub fn open(endpoint: Endpoint) -> Self {
        let (to, messages) = mpsc::channel(TO);
        let (events, from) = mpsc::channel(FROM);
        tokio::spawn(carry(endpoint, messages, events));
        Self { to, from, requests: 0 }
    }

    /// Hands a message over; it is sent in order.
    pub fn send(&mut self, message: Message) -> Result<(), RemoteFault> {
        if is_request(&message) {
            self.requests += 1;
        }
        self.to.try_send(message).map_err(|unsent| match unsent {
            mpsc::error::TrySendError::Full(_) => RemoteFault::Full,
            mpsc::error::TrySendError::Closed(_) => RemoteFault::Closed,
        })
    }

    /// The next event. May be dropped while it waits.
    pub async fn next(&mut self) -> ConnectionEvent {
        loop {
            match self.from.recv().await {
                None => return ConnectionEvent::Failed(RemoteFault::Closed),
                Some((number, ConnectionEvent::Received(_))) if number != self.requests => {}
                Some((_, event)) => return event,
            }
        }
    }
}

const fn is_request(message: &Message) -> bool {
    matches!(message, Message::Post { .. } | Message::Abort)
}

async fn carry(endpoint: Endpoint, messages: mpsc::Receiver<Message>, events: mpsc::Sender<Numbered>) {
    let work = async {
        let is_secure = endpoint.url.starts_with("wss:") || endpoint.url.starts_with("https:");
        let done = match endpoint.transport {
            _ if is_secure && !has_certificates() => Err(RemoteFault::NoCertificates),
            Transport::WebSocket => socket(&endpoint, messages, &events).await,
            Transport::Http => requests(&endpoint, messages, &events).await,
        };
        if let Err(fault) = done {
            // The session may be over.
            let _ = events.send((u64::MAX, ConnectionEvent::Failed(fault))).await;
        }
    };
    tokio::pin!(work);
    tokio::select! {
        () = &mut work => {}
        () = events.closed() => {
            let _ = timeout(CLOSING, work).await;
        }
    }
}

/// The handshake of RFC 6455 section 4.1, over the connection (and TLS) of the HTTP client.
async fn handshake(endpoint: &Endpoint) -> Result<WebSocketStream<reqwest::Upgraded>, RemoteFault> {
    let key = generate_key();
    let mut request = client()
        .get(endpoint.url.replacen("ws", "http", 1))
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", &key);
    for (name, value) in &endpoint.headers {
        request = request.header(*name, value);
    }
    let response = request.send().await.map_err(|error| unsent(&error))?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(RemoteFault::Refused(response.status().as_u16()));
    }
    let accept = response.headers().get("sec-websocket-accept");
    if accept.is_none_or(|accept| accept.as_bytes() != derive_accept_key(key.as_bytes()).as_bytes()) {
        return Err(RemoteFault::Garbled);
    }
    let stream = response.upgrade().await.map_err(|_| RemoteFault::Unreachable)?;
    let limits = WebSocketConfig::default().max_message_size(Some(LARGEST)).max_frame_size(Some(LARGEST));
    Ok(WebSocketStream::from_raw_socket(stream, Role::Client, Some(limits)).await)
}

async fn socket(
    endpoint: &Endpoint,
    mut messages: mpsc::Receiver<Message>,
    events: &mpsc::Sender<Numbered>,
) -> Result<(), RemoteFault> {
    let opened = timeout(OPENING, handshake(endpoint)).await.map_err(|_| RemoteFault::Late)?;
    let (mut sink, mut stream) = opened?.split();
    let _ = events.send((0, ConnectionEvent::Opened)).await;
    loop {
        tokio::select! {
            biased;
            message = messages.recv() => {
                let frame = match message {
                    Some(Message::Text(text)) => Frame::text(text),
                    Some(Message::Binary(bytes)) => Frame::binary(bytes),
                    // Of HTTP.
                    Some(Message::Post { .. } | Message::Abort) => continue,
                    None => {
                        let _ = sink.close().await;
                        return Ok(());
                    }
                };
                sink.send(frame).await.map_err(|_| RemoteFault::Closed)?;
            }
            frame = stream.next() => {
                let received = match frame {
                    Some(Ok(Frame::Text(text))) => Received::Text(text.as_str().to_owned()),
                    Some(Ok(Frame::Binary(bytes))) => Received::Binary(bytes),
                    Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_))) => continue,
                    Some(Err(error)) => return Err(fault_of(&error)),
                    None | Some(Ok(Frame::Close(_))) => return Err(RemoteFault::Closed),
                };
                let _ = events.send((0, ConnectionEvent::Received(received))).await;
            }
        }
    }
}

/// Why a request has no answer.
fn unsent(error: &reqwest::Error) -> RemoteFault {
    if error.is_connect() || error.is_builder() { RemoteFault::Unreachable } else { RemoteFault::Closed }
}

fn fault_of(error: &tungstenite::Error) -> RemoteFault {
    use tungstenite::Error::{Capacity, Protocol, Utf8};
    match error {
        Protocol(ProtocolError::ResetWithoutClosingHandshake) => RemoteFault::Closed,
        Protocol(_) | Utf8(_) | Capacity(_) => RemoteFault::Garbled,
        _ => RemoteFault::Closed,
    }
}

type Request<'a> = Pin<Box<dyn Future<Output = Result<(), RemoteFault>> + Send + 'a>>;

async fn requests(
    endpoint: &Endpoint,
    mut messages: mpsc::Receiver<Message>,
    events: &mpsc::Sender<Numbered>,
) -> Result<(), RemoteFault> {
    let _ = events.send((0, ConnectionEvent::Opened)).await;
    let (mut number, mut request) = (0, None::<Request<'_>>);
    loop {
        let under_way = async {
            match &mut request {
                Some(request) => request.await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            message = messages.recv() => {
                let Some(message) = message else { return Ok(()) };
                number += u64::from(is_request(&message));
                match message {
                    Message::Post { content_type, body } => {
                        request = Some(Box::pin(post(endpoint, content_type, body, (number, events))));
                    }
                    Message::Abort => request = None,
                    // Of WebSockets.
                    Message::Text(_) | Message::Binary(_) => {}
                }
            }
            done = under_way => {
                request = None;
                done?;
            }
        }
    }
}

/// One request, and its answer as it comes.
async fn post(
    endpoint: &Endpoint,
    content_type: String,
    body: Vec<u8>,
    (number, events): (u64, &mpsc::Sender<Numbered>),
) -> Result<(), RemoteFault> {
    let mut request = client().post(&endpoint.url).header(CONTENT_TYPE, content_type).body(body);
    for (name, value) in &endpoint.headers {
        request = request.header(*name, value);
    }
    let mut response = request.send().await.map_err(|error| unsent(&error))?;
    if !response.status().is_success() {
        return Err(RemoteFault::Refused(response.status().as_u16()));
    }
    let send = async |received| {
        let _ = events.send((number, ConnectionEvent::Received(received))).await;
    };
    while let Some(part) = response.chunk().await.map_err(|_| RemoteFault::Closed)? {
        send(Received::Binary(part)).await;
    }
    send(Received::End).await;
    Ok(())
}
