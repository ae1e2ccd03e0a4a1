//! `Calls`: answers calls and holds the list of live ones.
use super::driver::{self, Echo, Inbox, Order};
use super::effects::Effects;
use super::end::{Blame, End, Reason};
use super::page::Page;
use super::pages::PagePeer;
use super::recording::{self, RecordingSetup};
use super::route::{NoRoute, Route};
use super::talk::{Limits, Talk};
use crate::bots::Bots;
use crate::config::{Config, ECHO};
use crate::engines::{self, Engines, Loaded};
use crate::store::vault::RecordingPolicy;
use crate::store::{Direction, Event as Note, Private, Started, Store};
use dialog::conversation::Conversation;
use media::ear::EchoControl;
use media::engine::{Engine, RoomHandle};
use media::pool::Pool;
use media::room::{Event, Mode, Seat};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use telephony::sip::Sip;
use telephony::webrtc::{Data, WebRtc};
use telephony::{Decline, Headers, Line, Ring, Via};
use tokio::sync::{Notify, mpsc};

/// Capacity of a call's queues. A room that finds its queue full drops progress reports of the playout, never speech edges or keys.
const QUEUE: usize = 256;

/// All calls of the server. Cheap to clone.
#[derive(Clone)]
pub struct Calls(pub(super) Arc<Shared>);

/// What calls are made with.
pub struct Parts {
    pub config: Arc<Config>,
    pub engine: Arc<Engine>,
    pub pool: Arc<Pool>,
    pub engines: Arc<Engines>,
    pub bots: Arc<Bots<Loaded>>,
    pub store: Store,
    pub recording_policy: RecordingPolicy,
}

pub(super) struct Shared {
    parts: Parts,
    pub(super) sip: OnceLock<Arc<Sip>>,
    pub(super) web: OnceLock<WebRtc>,
    /// Calls from pages, by id.
    pub(super) peers: Mutex<HashMap<String, PagePeer>>,
    live: Mutex<HashMap<String, mpsc::Sender<Order>>>,
    gone: Notify,
    draining: AtomicBool,
    /// Whether the speech workers were behind when it was last asked.
    pub(super) busy: AtomicBool,
    end_now: Notify,
    numbers: AtomicU64,
}

/// Removes a call from the list when its task ends, in whatever way.
pub(super) struct Registered {
    calls: Calls,
    id: String,
}

impl Drop for Registered {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Without this the record would never end.
            self.calls.end_record(&self.id, End::new(Blame::Server, Reason::CallCrashed));
        }
        self.calls.live().remove(&self.id);
        self.calls.peers().remove(&self.id);
        self.calls.0.gone.notify_waiters();
    }
}

/// What is known of a call before it is answered.
pub(super) struct CallInfo {
    pub id: String,
    pub number: u64,
    pub direction: Direction,
    pub via: String,
    pub from: String,
    pub to: String,
    /// What its trunk said of it.
    pub headers: Headers,
    pub route: Route,
}

/// An answered line and what reaches its call.
pub(super) struct AnsweredLine {
    pub line: Line,
    pub orders: mpsc::Receiver<Order>,
    /// The data channel of a browser.
    pub page: Option<Data>,
}

impl Calls {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Shared {
            parts,
            sip: OnceLock::new(),
            web: OnceLock::new(),
            peers: Mutex::default(),
            live: Mutex::default(),
            gone: Notify::new(),
            draining: AtomicBool::new(false),
            busy: AtomicBool::new(false),
            end_now: Notify::new(),
            numbers: AtomicU64::new(1),
        }))
    }

    /// Connects the SIP stack: calls can be placed, and OPTIONS is answered with what an INVITE would be answered with.
    pub fn connect(&self, sip: Arc<Sip>) {
        let calls = Arc::downgrade(&self.0);
        sip.forecast(move |called| {
            let calls = Self(calls.upgrade().ok_or(Decline::Overloaded(Duration::from_secs(30)))?);
            calls.forecast(called)
        });
        self.0.sip.set(sip).ok();
    }

    /// Answers calls until the SIP stack stops. Each call is a task of its own.
    pub async fn receive(self, mut rings: mpsc::Receiver<Ring>) {
        while let Some(ring) = rings.recv().await {
            tokio::spawn(self.clone().answer(ring));
        }
    }

    /// No new calls from now on; returns when the live ones have ended, or have been ended at `limit`.
    pub async fn drain(&self, limit: Duration) {
        self.0.draining.store(true, Ordering::Release);
        if let Some(sip) = self.0.sip.get() {
            sip.drain();
        }
        if let Some(web) = self.0.web.get() {
            web.drain();
        }
        let over = tokio::select! {
            () = self.empty() => true,
            () = tokio::time::sleep(limit) => false,
            () = self.0.end_now.notified() => false,
        };
        if !over {
            let orders: Vec<_> = self.live().values().cloned().collect();
            tracing::warn!(calls = orders.len(), "ending the calls that outlasted drain.limit_ms, or a second signal");
            for order in orders {
                order.try_send(Order::End(End::new(Blame::Server, Reason::ServerStopped))).ok();
            }
            tokio::time::timeout(Duration::from_secs(2), self.empty()).await.ok();
        }
    }

    /// Ends the live calls of a drain now, with BYE or a message to the page.
    pub fn end_now(&self) {
        self.0.end_now.notify_one();
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

    /// Pauses a live call's recording or lets it go on; false where nothing is recorded.
    pub fn pause(&self, id: &str, paused: bool) -> bool {
        let recorded = self.parts().store.live(id).is_some_and(|call| call.is_recording());
        let order = self.live().get(id).cloned();
        recorded && order.is_some_and(|order| order.try_send(Order::Pause(paused)).is_ok())
    }

    fn live(&self) -> std::sync::MutexGuard<'_, HashMap<String, mpsc::Sender<Order>>> {
        self.0.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number for the queues of one call.
    pub(super) fn number(&self) -> u64 {
        self.0.numbers.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn parts(&self) -> &Parts {
        &self.0.parts
    }

    async fn answer(self, ring: Ring) {
        let route = match self.route(&ring.called) {
            Ok(route) => route,
            Err(why) => {
                match &why {
                    NoRoute::Draining => {}
                    NoRoute::Busy => self.count_busy(),
                    NoRoute::Unknown => tracing::info!("a call to a user that no [[route]] names was refused"),
                    NoRoute::Broken(bot) => tracing::error!(
                        bot,
                        "a call was refused: this bot's file cannot be used; correct it and reload, see `switchboard check`"
                    ),
                    NoRoute::Voiceless(bot) => tracing::error!(
                        bot,
                        "a call was refused: no voice for this bot's language works; see `switchboard check`"
                    ),
                }
                return ring.decline(Decline::from(&why)).await;
            }
        };
        let opening = CallInfo {
            id: Store::new_id(),
            number: self.number(),
            direction: Direction::Inbound,
            via: match &ring.via {
                Via::Phone(name) => format!("phone {name}"),
                Via::Trunk(name) => format!("trunk {name}"),
                Via::Open => "open".into(),
            },
            from: ring.from.uri(),
            to: ring.to.uri(),
            headers: ring.headers.clone(),
            route,
        };
        let (orders, inbox) = mpsc::channel(8);
        let registered = self.register(&opening, orders);
        let delay: Duration = self.parts().config.call.answer_delay_ms.into();
        let mut ring = ring;
        if !delay.is_zero() {
            ring.ringing().await;
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = ring.cancelled() => return self.end_record(&registered.id, End::new(Blame::RemoteParty, Reason::Cancelled)),
            }
        }
        match ring.answer().await {
            Ok(line) => self.run(&opening, AnsweredLine { line, orders: inbox, page: None }).await,
            Err(refused) => {
                let reason = if refused.status == 487 { Reason::Cancelled } else { Reason::NotAnswered };
                self.end_record(&registered.id, reason.into());
            }
        }
    }

    /// Adds a call to the list and begins its record.
    pub(super) fn register(&self, opening: &CallInfo, orders: mpsc::Sender<Order>) -> Registered {
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
                headers: opening.headers.iter().map(|(name, value)| (name.to_owned(), Private::from(value))).collect(),
            }),
        );
        self.live().insert(opening.id.clone(), orders);
        Registered { calls: self.clone(), id: opening.id.clone() }
    }

    pub(super) fn end_record(&self, id: &str, end: End) {
        self.parts().store.note(id, Note::Ended(end));
    }

    /// Runs an answered call to its end.
    pub(super) async fn run(&self, opening: &CallInfo, mut arrived: AnsweredLine) {
        let (events, room_events) = mpsc::channel(QUEUE);
        let mode = if matches!(opening.route, Route::Echo) { Mode::Echo } else { Mode::Bot };
        let Ok(room) = self.parts().engine.open(mode, events) else {
            arrived.line.hang_up("overloaded").await;
            return self.end_record(&opening.id, End::new(Blame::Server, Reason::MediaFull));
        };
        let end = match &opening.route {
            Route::Echo => self.echo(opening, arrived, &room, room_events).await,
            Route::Bot(_, bot) => self.converse(opening, bot, arrived, &room, room_events).await,
        };
        room.close();
        tracing::info!(call = %opening.id, blame = end.blame.name(), reason = end.reason.text(), "call ended");
    }

    async fn echo(
        &self,
        opening: &CallInfo,
        arrived: AnsweredLine,
        room: &RoomHandle,
        mut events: mpsc::Receiver<Event>,
    ) -> End {
        let AnsweredLine { mut line, orders, page } = arrived;
        let page = page.map(|data| (Page::new(&opening.id, ECHO, "en"), data));
        let store = &self.parts().store;
        store.note(&opening.id, Note::Answered);
        let end = match line.wire.take().map(|wire| room.join(Seat::CALLER, wire, line.plan.clone(), None)) {
            Some(Ok(())) => {
                let limits = Limits::from(self.parts().config.as_ref());
                let (line, events, id) = (&mut line, &mut events, opening.id.as_str());
                driver::echo(Echo { line, room, orders, events, limits, store, id, page }).await
            }
            _ => End::new(Blame::Server, Reason::MediaFull),
        };
        room.close();
        if let Some(line) = driver::last_line(&mut events).await {
            store.note(&opening.id, Note::Line(line));
        }
        line.hang_up(end.reason.text()).await;
        store.note(&opening.id, Note::Ended(end));
        end
    }

    async fn converse(
        &self,
        opening: &CallInfo,
        loaded: &Arc<Loaded>,
        arrived: AnsweredLine,
        room: &RoomHandle,
        room_events: mpsc::Receiver<Event>,
    ) -> End {
        let Parts { config, pool, engines, store, recording_policy, .. } = self.parts();
        let AnsweredLine { mut line, orders, page } = arrived;
        let mut ear = engines.ear_plan;
        if page.is_some() {
            // Browsers cancel echo themselves.
            ear.echo = EchoControl::Off;
        }
        let joined = line.wire.take().map(|wire| room.join(Seat::CALLER, wire, line.plan.clone(), Some(ear)));
        if !matches!(joined, Some(Ok(()))) {
            line.hang_up("overloaded").await;
            let end = End::new(Blame::Server, Reason::MediaFull);
            self.end_record(&opening.id, end);
            return end;
        }
        let (heard, heard_inbox) = mpsc::channel(QUEUE);
        let (spoken, spoken_inbox) = mpsc::channel(QUEUE);
        let voice = loaded.voice(line.plan.codec.rate());
        let language = voice.language;
        let speaker =
            pool.speaker(opening.number, engines.voices(language), voice, room.sink(Seat::CALLER), spoken.clone());
        let effects = Effects {
            id: opening.id.clone(),
            number: opening.number,
            room: room.clone(),
            pool: pool.clone(),
            ears: engines.ears(language),
            hears: engines.can_hear(language),
            language,
            lexicon: loaded.lexicon.clone(),
            standby: engines.standby(language),
            speaker,
            recorder: recording::start(&RecordingSetup { config, store, recording_policy }, &opening.id, room),
            store: store.clone(),
            heard,
            spoken,
            tools: tokio::task::JoinSet::new(),
            running: Vec::new(),
            page: page.as_ref().map(|page| page.outbox.clone()),
        };
        let headers = opening.headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let bot = loaded.bot.clone().with_headers(headers);
        let conversation = Conversation::new(bot, jiff::Zoned::now().datetime());
        let mut talk = Talk::new(conversation, Limits::from(config.as_ref()), Instant::now());
        if let (Some(_), Route::Bot(name, _)) = (&page, &opening.route) {
            talk = talk.with_page(Page::new(&opening.id, name, engines::code(language)));
        }
        let page = page.map(|page| page.inbox);
        let inbox = Inbox { room: room_events, heard: heard_inbox, spoken: spoken_inbox, orders, page };
        driver::run(line, talk, effects, inbox).await
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plans;
    use crate::store::State;

    #[tokio::test]
    async fn a_call_whose_task_crashes_leaves_the_list_and_its_record_says_so() {
        let dir = crate::testdir("calls-crash");
        let config = Config::default();
        let vad = media::vad::Models::load(None).unwrap();
        let engines = Arc::new(Engines::of(vad.clone(), vec![], vec![]));
        std::fs::create_dir_all(dir.join("bots")).unwrap();
        let reader = engines.clone();
        let calls = Calls::new(Parts {
            engine: Engine::start(plans::engine(&config), vad).unwrap(),
            pool: Pool::start(plans::pool(&config)).unwrap(),
            engines,
            bots: Arc::new(Bots::load(&dir.join("bots"), move |name, text| reader.read(name, text)).unwrap()),
            store: Store::open(&dir.join("store")).await.unwrap(),
            recording_policy: RecordingPolicy::of(&config.store),
            config: Arc::new(config),
        });
        let opening = CallInfo {
            id: Store::new_id(),
            number: 1,
            direction: Direction::Inbound,
            via: "open".into(),
            from: "sip:a@example.test".into(),
            to: "sip:echo@example.test".into(),
            headers: Headers::default(),
            route: Route::Echo,
        };
        let registered = calls.register(&opening, mpsc::channel(1).0);
        assert_eq!(calls.count(), 1);
        let call = tokio::spawn(async move {
            let _listed = registered;
            panic!("as meant");
        });
        assert!(call.await.unwrap_err().is_panic());
        assert_eq!(calls.count(), 0);
        let call = calls.parts().store.call(&opening.id).await.unwrap().unwrap();
        let end = call.end.unwrap();
        assert_eq!((call.state, end.blame, end.reason), (State::Ended, Blame::Server, Reason::CallCrashed));
    }
}
