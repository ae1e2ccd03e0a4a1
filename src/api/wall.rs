//! The wall: live calls as rows, pushed to who watches all of them, and one live call, pushed to who watches it.
use super::auth::need;
use super::calls::of_right;
use super::meter::Meter;
use super::view::View;
use super::waiting::WaitingFeed;
use super::watcher::{Connection, Gone};
use super::wire::approvals::WallApprovals;
use super::wire::wall::{AlertMessage, CallSnapshot, WallChanges, WallRow, WallSnapshot};
use super::wire::{Missed, ProblemDocument};
use super::{ApiState, Problem, SharedState, approvals, auth};
use crate::insight::health::HealthPlan;
use crate::insight::wall::{Changes, Row, Wall};
use crate::security::{Action, Principal, Right};
use crate::store::{LiveChange, LiveEvent, Mood, Store, TimelineEvent, Wanted};
use axum::extract::ws::WebSocket;
use axum::extract::{Path, State, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::json;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

/// Changes of a row are told together, this long after the first of them at most.
const BATCH: Duration = Duration::from_millis(100);
/// How often it is asked what time alone has changed.
const TICK: Duration = Duration::from_secs(1);
/// Batches that a watcher may lag behind; a slower one is sent the whole wall again.
const BATCHES: usize = 64;

/// The wall of this server, fed by a task for as long as it is held.
pub(super) struct WallFeed {
    wall: Arc<Mutex<Wall>>,
    changes: broadcast::Sender<Arc<Changes>>,
    feeding: AbortHandle,
}

impl Drop for WallFeed {
    fn drop(&mut self) {
        self.feeding.abort();
    }
}

fn lock(wall: &Mutex<Wall>) -> MutexGuard<'_, Wall> {
    wall.lock().unwrap_or_else(PoisonError::into_inner)
}

impl WallFeed {
    /// Watches the calls of `store` from now on.
    pub(super) fn start(store: Store, plan: HealthPlan) -> Self {
        let wall = Arc::new(Mutex::new(Wall::new(plan)));
        let changes = broadcast::channel(BATCHES).0;
        // Subscribed before the task runs, so that nothing is missed until then.
        let sources = Sources { events: store.watch(), live: store.watch_live(), store };
        let feeding = tokio::spawn(feed(sources, wall.clone(), changes.clone())).abort_handle();
        Self { wall, changes, feeding }
    }

    /// Every live call, and its changes from then on.
    fn watch(&self) -> (Vec<Row>, broadcast::Receiver<Arc<Changes>>) {
        // Batches are sent under the lock: none falls between.
        let mut wall = lock(&self.wall);
        (wall.rows(Timestamp::now()), self.changes.subscribe())
    }

    /// How the caller of a live call seems to feel, where that is known.
    pub(super) fn mood(&self, call: &str) -> Option<Mood> {
        lock(&self.wall).row(Timestamp::now(), call)?.mood
    }

    /// One live call; `None` where it is not live.
    fn watch_call(&self, store: &Store, id: &str) -> Option<CallFeed> {
        let (events, live) = (store.watch(), store.watch_live());
        let mut wall = lock(&self.wall);
        let row = wall.row(Timestamp::now(), id)?;
        Some(CallFeed {
            meter: Meter::new(store.clone(), id),
            events,
            live,
            rows: self.changes.subscribe(),
            row,
            under_way: wall.under_way(id),
        })
    }
}

/// What is told to who watches one call.
struct CallFeed {
    meter: Meter,
    events: broadcast::Receiver<Arc<TimelineEvent>>,
    live: broadcast::Receiver<Arc<LiveEvent>>,
    rows: broadcast::Receiver<Arc<Changes>>,
    row: Row,
    under_way: Vec<LiveChange>,
}

/// What the wall is fed from.
struct Sources {
    store: Store,
    events: broadcast::Receiver<Arc<TimelineEvent>>,
    live: broadcast::Receiver<Arc<LiveEvent>>,
}

/// Gives the events of the store to the wall, and its changes to who watches.
async fn feed(sources: Sources, wall: Arc<Mutex<Wall>>, changes: broadcast::Sender<Arc<Changes>>) {
    let Sources { store, mut events, mut live } = sources;
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut due: Option<Instant> = None;
    // Calls that were live before.
    let mut missed = true;
    loop {
        if std::mem::take(&mut missed) {
            match store.calls(Wanted::LIVE).await {
                Ok(calls) => lock(&wall).restore(Timestamp::now(), &calls),
                Err(fault) => tracing::error!(%fault, "the wall does not know which calls are live"),
            }
        }
        tokio::select! {
            // What is stored before what is not: a call begins before anything is said in it.
            biased;
            () = wait(due) => {
                due = None;
                let mut wall = lock(&wall);
                if let Some(new) = wall.take(Timestamp::now()) {
                    // It fails where nobody watches.
                    let _ = changes.send(Arc::new(new));
                }
            }
            _ = tick.tick() => lock(&wall).tick(Timestamp::now()),
            event = events.recv() => match event {
                Ok(event) => lock(&wall).note(&event),
                Err(RecvError::Lagged(_)) => missed = true,
                Err(RecvError::Closed) => return,
            },
            event = live.recv() => match event {
                Ok(event) => lock(&wall).live(Timestamp::now(), &event),
                // What is said next is told again.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
        }
        if due.is_none() && lock(&wall).has_changed() {
            due = Some(Instant::now() + BATCH);
        }
    }
}

async fn wait(due: Option<Instant>) {
    match due {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Those rows that are of their business, as they see them.
fn seen(principal: &Principal, rows: &[Row]) -> Vec<WallRow> {
    let own = rows.iter().filter(|row| principal.reaches(&row.about.bot));
    own.map(|row| View::of(principal, &row.about.bot).row(row.clone()).into()).collect()
}

/// A WebSocket: first every live call as a row (`{"event":"wall"}`), then the rows that change and the ids of calls that end
/// (`{"event":"rows"}`), at most every 100 ms; alerts as they come or are seen (`{"event":"alert"}`); and to who may approve actions, those
/// that wait (`{"event":"approvals"}`), at the start where there are any, and at each change. A watcher that is too slow is sent the whole
/// wall again.
#[utoipa::path(get, path = "/api/v1/wall", operation_id = "watch_wall", tag = "events", responses(
    (status = SWITCHING_PROTOCOLS, description = "Messages: a `WallSnapshot`, then `WallChanges`, `AlertMessage`s and `WallApprovals`"),
    (status = BAD_REQUEST, body = ProblemDocument, content_type = "application/problem+json", description = "A parameter, or no WebSocket handshake"),
    (status = UPGRADE_REQUIRED, body = ProblemDocument, content_type = "application/problem+json", description = "The connection cannot become a WebSocket: HTTP/1.0"),
    (status = SERVICE_UNAVAILABLE, body = ProblemDocument, content_type = "application/problem+json", description = "Too many watchers"),
))]
pub(super) async fn wall(State(state): SharedState, principal: Principal, upgrade: WebSocketUpgrade) -> Response {
    if let Err(problem) = admit(&state, &principal).await {
        return problem.into_response();
    }
    let place = match state.watchers.take(&principal.name) {
        Ok(place) => place,
        Err(problem) => return problem.into_response(),
    };
    let serve = async move |socket: WebSocket| {
        let connection = Connection::new(socket, state.app.access.clone(), principal.clone());
        // An error here is a watcher that left.
        let _ = tell_wall(connection, &principal, &state).await;
        drop(place);
    };
    upgrade.protocols([auth::PROTOCOL]).max_message_size(4096).on_upgrade(serve)
}

/// Whether `principal` may see the wall, and that it does is recorded.
async fn admit(state: &ApiState, principal: &Principal) -> Result<(), Problem> {
    need(principal, Right::SeeCalls, None)?;
    if principal.may(Right::SeeTranscripts, None) {
        state.app.access.audit().note_once(principal, Action::EventsWatched, None, json!({})).await?;
    }
    Ok(())
}

async fn tell_wall(mut connection: Connection, principal: &Principal, state: &ApiState) -> Result<(), Gone> {
    let mut waiting = WaitingFeed::new(state, principal);
    let (mut alerts, approvals) = (state.app.alerting.watch(), &state.app.approvals);
    let mut asked = approvals.watch();
    if !approvals.list().is_empty() {
        asked.mark_changed();
    }
    let decides = principal.may(Right::Approve, None);
    'whole: loop {
        let (rows, mut changes) = state.wall.watch();
        let calls = seen(principal, &rows);
        // Of other calls they are not even told that there were any.
        let mut shown: HashSet<String> = calls.iter().map(|call| call.id.clone()).collect();
        connection.tell(&WallSnapshot { now: Timestamp::now(), calls }).await?;
        waiting.tell(&mut connection, principal, state).await?;
        loop {
            let new = tokio::select! {
                new = changes.recv() => new,
                () = waiting.changed() => {
                    waiting.tell(&mut connection, principal, state).await?;
                    continue;
                }
                alert = alerts.recv() => {
                    // Who missed some finds them in the list.
                    if let Some(alert) = alert.ok().filter(|alert| principal.reaches(&alert.bot)) {
                        let alert = View::of(principal, &alert.bot).alert((*alert).clone());
                        connection.tell(&AlertMessage { alert }).await?;
                    }
                    continue;
                }
                Ok(()) = asked.changed(), if decides => {
                    let approvals = approvals::seen(principal, approvals.list());
                    connection.tell(&WallApprovals { approvals }).await?;
                    continue;
                }
                stays = connection.stays() => {
                    stays?;
                    continue;
                }
            };
            match new {
                Ok(new) => {
                    let (now, calls) = (Timestamp::now(), seen(principal, &new.rows));
                    shown.extend(calls.iter().map(|call| call.id.clone()));
                    let ended: Vec<_> = new.ended.iter().filter(|id| shown.remove(*id)).cloned().collect();
                    if !calls.is_empty() || !ended.is_empty() {
                        connection.tell(&WallChanges { now, calls, ended }).await?;
                    }
                }
                Err(RecvError::Lagged(_)) => continue 'whole,
                Err(RecvError::Closed) => return connection.close().await,
            }
        }
    }
}

/// A WebSocket of one live call: first its row, its timeline and the turns under way (`{"event":"call"}`), then its events, what
/// changes from moment to moment and is not kept (`{"event":"live"}`), and its row where that changes (`{"event":"rows"}`). A watcher
/// that is too slow is told how many events it missed (`{"event":"missed"}`) and connects again.
#[utoipa::path(get, path = "/api/v1/calls/{id}/live", operation_id = "watch_call", tag = "events", params(("id" = String, Path)), responses(
    (status = SWITCHING_PROTOCOLS, description = "Messages: a `CallSnapshot`, then `TimelineEvent`s, `LiveEvent`s, `WallChanges` and `Missed`"),
    (status = BAD_REQUEST, body = ProblemDocument, content_type = "application/problem+json", description = "A parameter, or no WebSocket handshake"),
    (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
    (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "It is over already"),
    (status = UPGRADE_REQUIRED, body = ProblemDocument, content_type = "application/problem+json", description = "The connection cannot become a WebSocket: HTTP/1.0"),
    (status = SERVICE_UNAVAILABLE, body = ProblemDocument, content_type = "application/problem+json", description = "Too many watchers"),
))]
pub(super) async fn call(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let (view, feed, timeline) = match open(&state, &principal, &id).await {
        Ok(opened) => opened,
        Err(problem) => return problem.into_response(),
    };
    let place = match state.watchers.take(&principal.name) {
        Ok(place) => place,
        Err(problem) => return problem.into_response(),
    };
    let serve = async move |socket: WebSocket| {
        let connection = Connection::new(socket, state.app.access.clone(), principal);
        // An error here is a watcher that left.
        let _ = tell_call(connection, view, &id, timeline, feed).await;
        drop(place);
    };
    upgrade.protocols([auth::PROTOCOL]).max_message_size(4096).on_upgrade(serve)
}

/// What `principal` sees of a live call, what is told of it from now on, and what has happened so far.
async fn open(
    state: &ApiState,
    principal: &Principal,
    id: &str,
) -> Result<(View, CallFeed, Vec<TimelineEvent>), Problem> {
    let call = of_right(state, principal, Right::SeeCalls, id).await?;
    let (view, store) = (View::of(principal, &call.bot), &state.app.store);
    if view.has_words() {
        state.app.access.audit().note_once(principal, Action::EventsWatched, Some(id), json!({})).await?;
    }
    let feed = loop {
        match state.wall.watch_call(store, id) {
            Some(feed) => break feed,
            None if store.live(id).is_none() => {
                return Err(Problem::new(StatusCode::CONFLICT, "this call is over already"));
            }
            // It has just begun: the wall takes it up in a moment.
            None => sleep(Duration::from_millis(10)).await,
        }
    };
    Ok((view, feed, store.timeline(id).await?))
}

async fn tell_call(
    mut connection: Connection,
    view: View,
    id: &str,
    timeline: Vec<TimelineEvent>,
    feed: CallFeed,
) -> Result<(), Gone> {
    let CallFeed { mut meter, mut events, mut live, mut rows, row, under_way } = feed;
    let under_way = under_way.into_iter().filter_map(|change| view.change(change)).collect();
    let timeline = timeline.into_iter().map(|event| view.event(event)).collect();
    let first = CallSnapshot { now: Timestamp::now(), row: view.row(row).into(), timeline, under_way };
    connection.tell(&first).await?;
    loop {
        let fault = tokio::select! {
            event = events.recv() => match event {
                Ok(event) if event.call == id => {
                    connection.tell(&view.event((*event).clone())).await?;
                    continue;
                }
                Ok(_) => continue,
                Err(fault) => fault,
            },
            event = live.recv() => match event {
                Ok(event) if event.call == id => {
                    if let Some(change) = view.change(event.change.clone()) {
                        connection.tell(&LiveEvent { change, ..(*event).clone() }).await?;
                    }
                    continue;
                }
                Ok(_) => continue,
                Err(fault) => fault,
            },
            new = rows.recv() => match new {
                Ok(new) => {
                    if let Some(row) = new.rows.iter().find(|row| row.id == id) {
                        let calls = vec![view.row(row.clone()).into()];
                        connection.tell(&WallChanges { now: Timestamp::now(), calls, ended: Vec::new() }).await?;
                    }
                    continue;
                }
                // The next batch has the row as it is then.
                Err(RecvError::Lagged(_)) => continue,
                Err(fault) => fault,
            },
            levels = meter.next() => {
                connection.tell(&levels).await?;
                continue;
            }
            stays = connection.stays() => {
                stays?;
                continue;
            }
        };
        match fault {
            RecvError::Lagged(count) => connection.tell(&Missed { count }).await?,
            RecvError::Closed => return connection.close().await,
        }
    }
}
