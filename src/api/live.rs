//! Events as they happen, over a WebSocket: one JSON object per message.
use super::calls::known;
use super::wire::{Missed, ProblemDocument, Snapshot, Watch};
use super::{Problem, SharedState, auth};
use crate::store::{Call, CallState, TimelineEvent};
use axum::extract::ws::{Message, WebSocket};
use axum::extract::{Query, State, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};

/// Between pings; a watcher that has answered none of two is gone.
const PING: Duration = Duration::from_secs(20);
/// The longest a message may take to leave.
const PATIENCE: Duration = Duration::from_secs(10);

/// A WebSocket: first the live calls (`{"event":"snapshot"}`), then every event of every call, or of one.
/// A watcher that is too slow is told how many events it missed (`{"event":"missed"}`).
#[utoipa::path(get, path = "/api/v1/events", operation_id = "watch_events", tag = "events", params(Watch), responses(
    (status = SWITCHING_PROTOCOLS, description = "Messages: a `Snapshot`, then `TimelineEvent`s and `Missed`"),
    (status = BAD_REQUEST, body = ProblemDocument, content_type = "application/problem+json", description = "A parameter that is wrong or that this address does not take, or no WebSocket handshake"),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json", description = "No call has the id in `call`"),
    (status = UPGRADE_REQUIRED, body = ProblemDocument, content_type = "application/problem+json", description = "The connection cannot become a WebSocket: HTTP/1.0"),
    (status = SERVICE_UNAVAILABLE, body = ProblemDocument, content_type = "application/problem+json", description = "Too many watchers"),
))]
pub(super) async fn events(
    State(state): SharedState,
    Query(watch): Query<Watch>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if let Some(call) = &watch.call
        && let Err(problem) = known(&state, "call", call).await
    {
        return problem.into_response();
    }
    let Ok(place) = state.watchers.clone().try_acquire_owned() else {
        return Problem::new(StatusCode::SERVICE_UNAVAILABLE, "as many watchers as allowed are connected")
            .into_response();
    };
    // Subscribed before the snapshot is taken, so that nothing falls between.
    let events = state.app.store.watch();
    let of = |call: &Call| watch.call.as_ref().is_none_or(|id| *id == call.id);
    let calls = match state.app.store.calls(Some(CallState::Live), usize::MAX, None).await {
        Ok(calls) => calls.into_iter().filter(of).collect(),
        Err(fault) => return Problem::from(fault).into_response(),
    };
    let serve = async move |socket: WebSocket| {
        // An error here is a watcher that left.
        let _ = tell(Watcher::new(socket), watch, Snapshot { calls }, events).await;
        drop(place);
    };
    upgrade.protocols([auth::PROTOCOL]).max_message_size(4096).on_upgrade(serve)
}

/// The watcher left, or does not answer.
pub(super) struct Gone;

/// A connected watcher.
pub(super) struct Watcher {
    socket: WebSocket,
    ping: Interval,
    unanswered: u32,
}

impl Watcher {
    pub(super) fn new(socket: WebSocket) -> Self {
        let mut ping = interval_at(Instant::now() + PING, PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { socket, ping, unanswered: 0 }
    }

    pub(super) async fn tell(&mut self, message: &impl serde::Serialize) -> Result<(), Gone> {
        let text = serde_json::to_string(message).unwrap_or_default();
        self.send(Message::Text(text.into())).await
    }

    pub(super) async fn close(&mut self) -> Result<(), Gone> {
        self.send(Message::Close(None)).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Gone> {
        timeout(PATIENCE, self.socket.send(message)).await.map_err(|_| Gone)?.map_err(|_| Gone)
    }

    /// Returns from time to time while the watcher is connected.
    pub(super) async fn stays(&mut self) -> Result<(), Gone> {
        tokio::select! {
            _ = self.ping.tick() => {
                if self.unanswered == 2 {
                    return Err(Gone);
                }
                self.unanswered += 1;
                self.send(Message::Ping(Default::default())).await
            }
            message = self.socket.recv() => match message {
                // Any message shows that the watcher is connected; none has another meaning.
                Some(Ok(_)) => {
                    self.unanswered = 0;
                    Ok(())
                }
                Some(Err(_)) | None => Err(Gone),
            },
        }
    }
}

async fn tell(
    mut watcher: Watcher,
    watch: Watch,
    first: Snapshot,
    mut events: Receiver<Arc<TimelineEvent>>,
) -> Result<(), Gone> {
    watcher.tell(&first).await?;
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Ok(event) if watch.call.as_ref().is_none_or(|id| *id == event.call) => watcher.tell(&*event).await?,
                Ok(_) => {}
                Err(RecvError::Lagged(count)) => watcher.tell(&Missed { count }).await?,
                Err(RecvError::Closed) => return watcher.close().await,
            },
            stays = watcher.stays() => stays?,
        }
    }
}
