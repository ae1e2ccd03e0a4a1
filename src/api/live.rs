//! Events as they happen, over a WebSocket: one JSON object per message.
use super::auth::need;
use super::calls::{known, of_right};
use super::view::View;
use super::wire::{Missed, ProblemDocument, Snapshot, Watch};
use super::{ApiState, Problem, SharedState, auth};
use crate::security::{Action, Principal, Right};
use crate::store::{Call, CallEvent, TimelineEvent, Wanted};
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use axum::extract::{Query, State, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::collections::HashMap;
use std::pin::pin;
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
    principal: Principal,
    Query(watch): Query<Watch>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if let Err(problem) = admit(&state, &principal, &watch).await {
        return problem.into_response();
    }
    let Ok(place) = state.watchers.clone().try_acquire_owned() else {
        return Problem::new(StatusCode::SERVICE_UNAVAILABLE, "as many watchers as allowed are connected")
            .into_response();
    };
    // Subscribed before the snapshot is taken, so that nothing falls between.
    let events = state.app.store.watch();
    let of = |call: &Call| watch.call.as_ref().is_none_or(|id| *id == call.id);
    let calls: Vec<Call> = match state.app.store.calls(Wanted { bots: principal.bots.as_deref(), ..Wanted::LIVE }).await
    {
        Ok(calls) => calls.into_iter().filter(of).collect(),
        Err(fault) => return Problem::from(fault).into_response(),
    };
    let bots = calls.iter().map(|call| (call.id.clone(), call.bot.clone())).collect();
    let calls = calls.into_iter().map(|call| View::of(&principal, &call.bot).call(call)).collect();
    let watcher = Watcher { state, principal, watch, bots };
    let serve = async move |socket: WebSocket| {
        // An error here is a watcher that left.
        let _ = watcher.tell(socket, Snapshot { calls }, events).await;
        drop(place);
    };
    upgrade.protocols([auth::PROTOCOL]).max_message_size(4096).on_upgrade(serve)
}

/// Whether `principal` may watch this, and that it does is recorded.
async fn admit(state: &ApiState, principal: &Principal, watch: &Watch) -> Result<(), Problem> {
    need(principal, Right::SeeCalls, None)?;
    let call = watch.call.as_deref();
    if let Some(id) = call {
        known(state, "call", id).await?;
        of_right(state, principal, Right::SeeCalls, id).await?;
    }
    if principal.may(Right::SeeTranscripts, None) {
        state.app.access.audit().note_once(principal, Action::EventsWatched, call, json!({})).await?;
    }
    Ok(())
}

/// The watcher left, or does not answer.
struct Gone;

/// Somebody who watches.
struct Watcher {
    state: ApiState,
    principal: Principal,
    watch: Watch,
    /// The bot of each live call.
    bots: HashMap<String, String>,
}

impl Watcher {
    async fn tell(
        mut self,
        mut socket: WebSocket,
        first: Snapshot,
        mut events: Receiver<Arc<TimelineEvent>>,
    ) -> Result<(), Gone> {
        send(&mut socket, text(&first)).await?;
        let (access, principal) = (self.state.app.access.clone(), self.principal.clone());
        let mut over = pin!(access.until_changed(&principal));
        let mut ping = interval_at(Instant::now() + PING, PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut unanswered = 0;
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Ok(event) => {
                        if let Some(message) = self.seen(&event).await {
                            send(&mut socket, message).await?;
                        }
                    }
                    Err(RecvError::Lagged(count)) => send(&mut socket, text(&Missed { count })).await?,
                    Err(RecvError::Closed) => return send(&mut socket, Message::Close(None)).await,
                },
                () = &mut over => {
                    let reason = "signed out, or of other rights now".into();
                    return send(&mut socket, Message::Close(Some(CloseFrame { code: close_code::POLICY, reason }))).await;
                }
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

    /// The event as this watcher sees it; `None` where it is none of its business.
    async fn seen(&mut self, event: &TimelineEvent) -> Option<Message> {
        if self.watch.call.as_ref().is_some_and(|id| *id != event.call) {
            return None;
        }
        // Unrestricted, it sees the same of every bot's calls.
        let bot = if self.principal.bots.is_some() { self.bot(event).await? } else { String::new() };
        if !self.principal.reaches(&bot) {
            return None;
        }
        let view = View::of(&self.principal, &bot);
        Some(if view.is_whole() { text(event) } else { text(&view.event(event.clone())) })
    }

    async fn bot(&mut self, event: &TimelineEvent) -> Option<String> {
        let known = match &event.event {
            CallEvent::Started(started) => {
                self.bots.insert(event.call.clone(), started.bot.clone());
                Some(started.bot.clone())
            }
            CallEvent::Ended(_) => self.bots.remove(&event.call),
            _ => self.bots.get(&event.call).cloned(),
        };
        // Its start was missed, or it is over.
        match known.or_else(|| self.state.app.store.bot(&event.call)) {
            Some(bot) => Some(bot),
            None => self.state.app.store.call(&event.call).await.ok().flatten().map(|call| call.bot),
        }
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), Gone> {
    timeout(PATIENCE, socket.send(message)).await.map_err(|_| Gone)?.map_err(|_| Gone)
}

fn text(message: &impl serde::Serialize) -> Message {
    Message::Text(serde_json::to_string(message).unwrap_or_default().into())
}
