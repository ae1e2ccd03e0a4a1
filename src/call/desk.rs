//! `Desk`: takes calls in, places calls out, and knows every call that lives.
use super::actor::{self, Inbox, Order};
use super::end::{Blame, End};
use super::perform::Hands;
use super::talk::{Limits, Talk};
use crate::api;
use crate::bots::{Bots, Shelf};
use crate::config::{Config, ECHO};
use crate::engines::{self, Engines, Loaded};
use crate::plans;
use crate::store::{Direction, Event as Note, Private, Recording, Started, Store};
use dialog::conversation::Conversation;
use futures::future::BoxFuture;
use media::engine::{Engine, RoomHandle};
use media::pool::Pool;
use media::record::Recorder;
use media::room::{Event, Mode, Seat};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use telephony::sip::{Sip, Standing};
use telephony::{By, Decline, Ended, Line, Ring, Via};
use tokio::sync::{Notify, mpsc};

/// How much a call's queues hold. A room that finds its queue full drops news of playback, never verdicts or keys.
const QUEUE: usize = 256;

/// Cheap to clone: one desk for the whole server.
#[derive(Clone)]
pub struct Desk(Arc<Shared>);

/// What the desk works with.
pub struct Parts {
    pub config: Arc<Config>,
    pub engine: Arc<Engine>,
    pub pool: Arc<Pool>,
    pub engines: Arc<Engines>,
    pub bots: Arc<Bots<Loaded>>,
    pub store: Store,
}

struct Shared {
    parts: Parts,
    sip: OnceLock<Arc<Sip>>,
    live: Mutex<HashMap<String, mpsc::Sender<Order>>>,
    gone: Notify,
    draining: AtomicBool,
    numbers: AtomicU64,
}

/// Takes a call off the list however its task ends.
struct Listed {
    desk: Desk,
    id: String,
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.desk.live().remove(&self.id);
        self.desk.0.gone.notify_waiters();
    }
}

/// What is known of a call before it is answered.
struct Opening {
    id: String,
    number: u64,
    direction: Direction,
    via: String,
    from: String,
    to: String,
    route: Route,
}

enum Route {
    Echo,
    Bot(String, Arc<Loaded>),
}

impl Desk {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Shared {
            parts,
            sip: OnceLock::new(),
            live: Mutex::default(),
            gone: Notify::new(),
            draining: AtomicBool::new(false),
            numbers: AtomicU64::new(1),
        }))
    }

    /// Calls can be placed once the desk knows the telephone.
    pub fn connect(&self, sip: Arc<Sip>) {
        self.0.sip.set(sip).ok();
    }

    /// Takes calls until the telephone is gone. Each call is a task of its own.
    pub async fn receive(self, mut rings: mpsc::Receiver<Ring>) {
        while let Some(ring) = rings.recv().await {
            tokio::spawn(self.clone().take(ring));
        }
    }

    /// No new calls from now on; returns when the live ones have ended, or have been ended at `limit`.
    pub async fn drain(&self, limit: Duration) {
        self.0.draining.store(true, Ordering::Release);
        if let Some(sip) = self.0.sip.get() {
            sip.drain();
        }
        if tokio::time::timeout(limit, self.empty()).await.is_err() {
            let orders: Vec<_> = self.live().values().cloned().collect();
            tracing::warn!(calls = orders.len(), "ending the calls that outlasted drain.limit_ms");
            for order in orders {
                order.try_send(Order::End(End::new(Blame::Server, "server stopped"))).ok();
            }
            tokio::time::timeout(Duration::from_secs(2), self.empty()).await.ok();
        }
    }

    async fn empty(&self) {
        loop {
            let gone = self.0.gone.notified();
            if self.live().is_empty() {
                return;
            }
            gone.await;
        }
    }

    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Acquire)
    }

    pub fn count(&self) -> usize {
        self.live().len()
    }

    /// Ends a live call; false where there is none by that id.
    pub fn end(&self, id: &str, end: End) -> bool {
        let order = self.live().get(id).cloned();
        order.is_some_and(|order| order.try_send(Order::End(end)).is_ok())
    }

    fn live(&self) -> std::sync::MutexGuard<'_, HashMap<String, mpsc::Sender<Order>>> {
        self.0.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn parts(&self) -> &Parts {
        &self.0.parts
    }

    fn route(&self, user: &str) -> Option<Route> {
        let config = &self.parts().config;
        let named = config.route.iter().find(|route| route.user.eq_ignore_ascii_case(user)).map(|route| &route.bot);
        let bot = named.or(config.default_route.as_ref())?;
        if bot == ECHO { Some(Route::Echo) } else { self.bot(bot) }
    }

    fn bot(&self, name: &str) -> Option<Route> {
        let loaded = self.parts().bots.get(name)?;
        Some(Route::Bot(name.to_owned(), loaded))
    }

    async fn take(self, ring: Ring) {
        if self.is_draining() {
            return ring.decline(Decline::Overloaded(Duration::from_secs(30))).await;
        }
        let Some(route) = self.route(&ring.user) else {
            tracing::info!("a call to a user that no [[route]] names was refused");
            return ring.decline(Decline::Unknown).await;
        };
        let opening = Opening {
            id: Store::new_id(),
            number: self.0.numbers.fetch_add(1, Ordering::Relaxed),
            direction: Direction::Inbound,
            via: match &ring.via {
                Via::Phone(name) => format!("phone {name}"),
                Via::Trunk(name) => format!("trunk {name}"),
                Via::Open => "open".into(),
            },
            from: ring.from.uri(),
            to: ring.to.uri(),
            route,
        };
        let (orders, inbox) = mpsc::channel(8);
        let listed = self.list(&opening, orders);
        let delay: Duration = self.parts().config.call.answer_delay_ms.into();
        let mut ring = ring;
        if !delay.is_zero() {
            ring.ringing().await;
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = ring.cancelled() => return self.never_began(&listed.id, End::new(Blame::Caller, "cancelled")),
            }
        }
        match ring.answer().await {
            Ok(line) => self.hold(&opening, line, inbox).await,
            Err(refused) => {
                let blame = if refused.status == 487 { Blame::Caller } else { Blame::Network };
                let reason = if refused.status == 487 { "cancelled" } else { "not answered" };
                self.never_began(&listed.id, End::new(blame, reason));
            }
        }
    }

    /// Registers a call: it is on the list and in the record from here on.
    fn list(&self, opening: &Opening, orders: mpsc::Sender<Order>) -> Listed {
        let (bot, language) = match &opening.route {
            Route::Echo => (ECHO.to_owned(), "en"),
            Route::Bot(name, loaded) => (name.clone(), engines::code(engines::language(loaded.bot.language))),
        };
        self.parts().store.note(
            &opening.id,
            Note::Started(Started {
                direction: opening.direction,
                via: opening.via.clone(),
                from: Private(opening.from.clone()),
                to: Private(opening.to.clone()),
                bot,
                language: language.into(),
            }),
        );
        self.live().insert(opening.id.clone(), orders);
        Listed { desk: self.clone(), id: opening.id.clone() }
    }

    fn never_began(&self, id: &str, end: End) {
        self.parts().store.note(id, Note::Ended(end.into()));
    }

    /// An answered call, to its end.
    async fn hold(&self, opening: &Opening, mut line: Line, orders: mpsc::Receiver<Order>) {
        let (events, room_events) = mpsc::channel(QUEUE);
        let mode = if matches!(opening.route, Route::Echo) { Mode::Echo } else { Mode::Bot };
        let Ok(room) = self.parts().engine.open(mode, events) else {
            line.hang_up("overloaded").await;
            return self.never_began(&opening.id, End::new(Blame::Server, "media threads are full"));
        };
        let end = match &opening.route {
            Route::Echo => self.echo(opening, line, &room, orders, room_events).await,
            Route::Bot(_, bot) => self.converse(opening, bot, line, &room, orders, room_events).await,
        };
        room.close();
        tracing::info!(call = %opening.id, blame = end.blame.name(), reason = end.reason, "call ended");
    }

    async fn echo(
        &self,
        opening: &Opening,
        mut line: Line,
        room: &RoomHandle,
        mut orders: mpsc::Receiver<Order>,
        mut events: mpsc::Receiver<Event>,
    ) -> End {
        self.parts().store.note(&opening.id, Note::Answered);
        let end = match line.wire.take().map(|wire| room.join(Seat::CALLER, wire, line.plan.clone(), None)) {
            Some(Ok(())) => {
                actor::echo(&mut line, &mut orders, &mut events, |plan| drop(room.configure(Seat::CALLER, plan))).await
            }
            _ => End::new(Blame::Server, "media threads are full"),
        };
        line.hang_up(end.reason).await;
        self.parts().store.note(&opening.id, Note::Ended(end.into()));
        end
    }

    async fn converse(
        &self,
        opening: &Opening,
        loaded: &Arc<Loaded>,
        mut line: Line,
        room: &RoomHandle,
        orders: mpsc::Receiver<Order>,
        room_events: mpsc::Receiver<Event>,
    ) -> End {
        let Parts { config, pool, engines, store, .. } = self.parts();
        let joined = line
            .wire
            .take()
            .map(|wire| room.join(Seat::CALLER, wire, line.plan.clone(), Some(engines.ear_plan.clone())));
        if !matches!(joined, Some(Ok(()))) {
            line.hang_up("overloaded").await;
            let end = End::new(Blame::Server, "media threads are full");
            self.never_began(&opening.id, end);
            return end;
        }
        let (heard, heard_inbox) = mpsc::channel(QUEUE);
        let (spoken, spoken_inbox) = mpsc::channel(QUEUE);
        let voice = loaded.voice(line.plan.codec.rate());
        let language = voice.language;
        let speaker =
            pool.speaker(opening.number, engines.voices(language), voice, room.sink(Seat::CALLER), spoken.clone());
        let hands = Hands {
            id: opening.id.clone(),
            number: opening.number,
            room: room.clone(),
            pool: pool.clone(),
            ears: engines.ears(language),
            hears: engines.can_hear(language),
            language,
            lexicon: loaded.lexicon.clone(),
            speaker,
            recorder: self.record(&opening.id, room),
            store: store.clone(),
            heard,
            spoken,
            tools: tokio::task::JoinSet::new(),
        };
        let conversation = Conversation::new(loaded.bot.clone(), jiff::Zoned::now().datetime());
        let talk = Talk::new(conversation, Limits::from(config.as_ref()), Instant::now());
        let inbox = Inbox { room: room_events, heard: heard_inbox, spoken: spoken_inbox, orders };
        actor::run(line, talk, hands, inbox).await
    }

    /// Starts the call's recording, if recordings are kept; a disk that refuses costs the recording, not the call.
    fn record(&self, id: &str, room: &RoomHandle) -> Option<Recorder> {
        let Parts { config, store, .. } = self.parts();
        if !config.store.recording {
            return None;
        }
        let path = format!("recordings/{id}.wav");
        match Recorder::start(&config.store.dir.join(&path)) {
            Ok((recorder, tap)) => {
                room.record(tap).ok()?;
                store.note(id, Note::Recording(Recording { path }));
                Some(recorder)
            }
            Err(why) => {
                tracing::error!(call = id, %why, "this call is not recorded");
                None
            }
        }
    }
}

/// How the line's end reads in the call's record.
pub fn end_of(ended: Ended) -> End {
    match ended.by {
        By::Caller => End::new(Blame::Caller, "hung up"),
        By::Network => End::new(Blame::Network, ended.reason),
        By::Us => End::new(Blame::Nobody, ended.reason),
    }
}

impl From<&Config> for Limits {
    fn from(config: &Config) -> Self {
        Self {
            call: config.call.max_duration_s.into(),
            hold: config.call.held_max_s.into(),
            no_rtp: config.call.no_rtp_ms.into(),
            dead_air: config.call.dead_air_ms.into(),
        }
    }
}

impl From<End> for crate::store::End {
    fn from(end: End) -> Self {
        Self { blame: end.blame, reason: end.reason.into() }
    }
}

/// What the server holds at this moment, for health, metrics and tests.
#[derive(Clone, Debug)]
pub struct Report {
    /// Calls, ringing ones included.
    pub calls: usize,
    pub sip: Option<telephony::sip::Report>,
    pub media: media::engine::EngineReport,
    pub speech: media::pool::PoolReport,
}

impl Desk {
    pub fn report(&self) -> Report {
        Report {
            calls: self.count(),
            sip: self.0.sip.get().map(|sip| sip.report()),
            media: self.parts().engine.report(),
            speech: self.parts().pool.report(),
        }
    }

    /// Places a call and lets `bot` talk to who answers.
    async fn call_out(
        self,
        opening: Opening,
        dial: telephony::sip::Dial,
        mut orders: mpsc::Receiver<Order>,
        _listed: Listed,
    ) {
        let Some(sip) = self.0.sip.get().cloned() else {
            return self.never_began(&opening.id, End::new(Blame::Server, "no telephone"));
        };
        let line = tokio::select! {
            line = sip.dial(dial) => line,
            Some(Order::End(end)) = orders.recv() => return self.never_began(&opening.id, end),
        };
        match line {
            Ok(line) => self.hold(&opening, line, orders).await,
            Err(refused) => {
                let (blame, reason) = match refused.status {
                    486 | 600 => (Blame::Caller, "busy"),
                    603 | 403 => (Blame::Caller, "declined"),
                    404 | 410 | 484 | 604 => (Blame::Caller, "no such number"),
                    408 | 480 | 487 => (Blame::Caller, "no answer"),
                    _ => (Blame::Network, "not connected"),
                };
                self.never_began(&opening.id, End::new(blame, reason));
            }
        }
    }
}

impl api::Desk for Desk {
    fn dial(&self, dial: api::Dial) -> BoxFuture<'_, Result<String, api::DialFault>> {
        let placed = self.place(dial);
        Box::pin(std::future::ready(placed))
    }

    fn hang_up(&self, id: &str) -> bool {
        self.end(id, End::new(Blame::Nobody, "ended by the operator"))
    }

    fn health(&self) -> api::Health {
        let mut ill = self.parts().engines.sick();
        let report = self.report();
        ill.extend(report.sip.iter().flat_map(|sip| &sip.trunks).filter_map(|(name, standing)| {
            (!matches!(standing, Standing::Trusted | Standing::Registered))
                .then(|| format!("trunk {name} is not registered"))
        }));
        ill.extend(self.parts().bots.list().into_iter().filter_map(|card| {
            card.fault.map(|_| format!("the file of bot {} is broken; the version before it is in use", card.name))
        }));
        api::Health { draining: self.is_draining(), ill }
    }

    fn gauges(&self) -> Vec<(&'static str, f64)> {
        let report = self.report();
        let mut gauges = vec![
            ("switchboard_rooms", report.media.rooms as f64),
            ("switchboard_speech_urgent", report.speech.urgent as f64),
            ("switchboard_speech_later", report.speech.later as f64),
            ("switchboard_speech_workers_abandoned", report.speech.abandoned as f64),
        ];
        if let Some(sip) = report.sip {
            gauges.extend([
                ("switchboard_sip_dialogs", sip.dialogs as f64),
                ("switchboard_sip_transactions", sip.transactions as f64),
                ("switchboard_sip_refused", sip.refused.values().sum::<u64>() as f64),
            ]);
        }
        gauges
    }
}

impl Desk {
    fn place(&self, dial: api::Dial) -> Result<String, api::DialFault> {
        if self.is_draining() {
            return Err(api::DialFault::Draining);
        }
        if self.count() >= self.parts().config.sip.max_calls as usize {
            return Err(api::DialFault::Full);
        }
        let route = self.bot(&dial.bot).ok_or(api::DialFault::Bot)?;
        let plan =
            plans::dial(&self.parts().config, &dial.to, dial.from.as_deref()).map_err(api::DialFault::Destination)?;
        let opening = Opening {
            id: Store::new_id(),
            number: self.0.numbers.fetch_add(1, Ordering::Relaxed),
            direction: Direction::Outbound,
            via: "api".into(),
            from: dial.from.unwrap_or_default(),
            to: dial.to,
            route,
        };
        let (orders, inbox) = mpsc::channel(8);
        let listed = self.list(&opening, orders);
        let id = opening.id.clone();
        tokio::spawn(self.clone().call_out(opening, plan, inbox, listed));
        Ok(id)
    }
}
