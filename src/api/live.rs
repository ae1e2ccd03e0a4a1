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
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

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
        let _ = tell(socket, watch, Snapshot { calls }, events).await;
        drop(place);
    };
    upgrade.protocols([auth::PROTOCOL]).max_message_size(4096).on_upgrade(serve)
}

/// The watcher left, or does not answer.
struct Gone;

async fn tell(
    mut socket: WebSocket,
    watch: Watch,
    first: Snapshot,
    mut events: Receiver<Arc<TimelineEvent>>,
) -> Result<(), Gone> {
    send(&mut socket, text(&first)).await?;
    let mut ping = interval_at(Instant::now() + PING, PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut unanswered = 0;
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Ok(event) if watch.call.as_ref().is_none_or(|id| *id == event.call) => send(&mut socket, text(&*event)).await?,
                Ok(_) => {}
                Err(RecvError::Lagged(count)) => send(&mut socket, text(&Missed { count })).await?,
                Err(RecvError::Closed) => return send(&mut socket, Message::Close(None)).await,
            },
            _ = ping.tick() => {
                if unanswered == 2 {
                    return Err(Gone);
                }
                unanswered += 1;
                send(&mut socket, Message::Ping(Default::default())).await?;
            }
            message = socket.recv() => match message {
                // Any message shows that the watcher is connected; none has another meaning.
                Some(Ok(_)) => unanswered = 0,
                Some(Err(_)) | None => return Err(Gone),
            },
        }
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), Gone> {
    timeout(PATIENCE, socket.send(message)).await.map_err(|_| Gone)?.map_err(|_| Gone)
}

fn text(message: &impl serde::Serialize) -> Message {
    Message::Text(serde_json::to_string(message).unwrap_or_default().into())
}
