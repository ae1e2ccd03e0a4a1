//! Events as they happen, over a WebSocket: one JSON object per message.
use super::auth::need;
use super::calls::{known, of_right};
use super::view::View;
use super::watcher::{Connection, Gone};
use super::wire::{Missed, ProblemDocument, Snapshot, Watch};
use super::{ApiState, Problem, SharedState, auth};
use crate::security::{Action, Principal, Right};
use crate::store::{Call, CallEvent, TimelineEvent, Wanted};
use axum::extract::ws::WebSocket;
use axum::extract::{Query, State, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::broadcast::{Receiver, error::RecvError};

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
    let place = match state.watchers.take(&principal.name) {
        Ok(place) => place,
        Err(problem) => return problem.into_response(),
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
        let connection = Connection::new(socket, watcher.state.app.access.clone(), watcher.principal.clone());
        let _ = watcher.tell(connection, Snapshot { calls }, events).await;
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
        mut connection: Connection,
        first: Snapshot,
        mut events: Receiver<Arc<TimelineEvent>>,
    ) -> Result<(), Gone> {
        connection.tell(&first).await?;
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Ok(event) => {
                        if let Some(seen) = self.seen(&event).await {
                            connection.tell(&*seen).await?;
                        }
                    }
                    Err(RecvError::Lagged(count)) => connection.tell(&Missed { count }).await?,
                    Err(RecvError::Closed) => return connection.close().await,
                },
                stays = connection.stays() => stays?,
            }
        }
    }

    /// The event as this watcher sees it; `None` where it is none of its business.
    async fn seen<'a>(&mut self, event: &'a TimelineEvent) -> Option<Cow<'a, TimelineEvent>> {
        if self.watch.call.as_ref().is_some_and(|id| *id != event.call) {
            return None;
        }
        // Unrestricted, it sees the same of every bot's calls.
        let bot = if self.principal.bots.is_some() { self.bot(event).await? } else { String::new() };
        if !self.principal.reaches(&bot) {
            return None;
        }
        let view = View::of(&self.principal, &bot);
        Some(if view.is_whole() { Cow::Borrowed(event) } else { Cow::Owned(view.event(event.clone())) })
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
