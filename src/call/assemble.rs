//! `Assembly`: from an answered line to a running call: a room, a core, and what the core's acts are carried out with.
use super::driver::{self, Inbox};
use super::echo::Echo;
use super::effects::{CallModels, CallPeople, Effects, Speech};
use super::end::{Blame, End, Reason};
use super::memory::CallMemory;
use super::others::{BotSpeech, OtherBots};
use super::page::Page;
use super::people::People;
use super::recording::{self, RecordingSetup};
use super::registry::EarlyOrders;
use super::resources::Resources;
use super::route::Route;
use super::talk::Talk;
use super::watchdog::Limits;
use crate::config::{AfterPerson, Config, ECHO};
use crate::engines::Loaded;
use crate::language_models::{self, LanguageModels};
use crate::store::{CallEvent, CallerKey, Direction, MemoryOf, Private, Started};
use crate::tools::builtin::CallReach;
use dialog::conversation::Conversation;
use dialog::memory::Memory;
use media::Language;
use media::ear::{EarPlan, EchoControl};
use media::engine::RoomHandle;
use media::room::{BotMode, Event, Seat};
use media::tts::Voice;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use telephony::webrtc::Data;
use telephony::{Headers, Line};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Capacity of a call's queues. A room that finds its queue full drops progress reports of the playout, never speech edges or keys.
const QUEUE: usize = 256;

/// A long answer. Recognisers say how long they may need for its words.
const USUAL_ANSWER: Duration = Duration::from_secs(4);

/// What is known of a call before it is answered.
pub(super) struct CallInfo {
    pub id: String,
    pub direction: Direction,
    pub via: String,
    pub from: String,
    pub to: String,
    /// The header fields that the trunk's configuration allows.
    pub headers: Headers,
    pub route: Route,
}

/// An answered line, and what reaches its call.
pub(super) struct AnsweredLine {
    pub line: Line,
    pub orders: EarlyOrders,
    /// The data channel of a browser.
    pub page: Option<Data>,
}

/// Assembles and runs calls.
pub(super) struct Assembly {
    pub(super) resources: Resources,
    people: People,
    models: Arc<LanguageModels>,
    /// The calls so far: each has a number in the speech pool.
    calls: AtomicU64,
}

impl Assembly {
    pub(super) fn new(resources: Resources, people: People) -> Self {
        let models = Arc::new(LanguageModels::load(&resources.config));
        Self { resources, people, models, calls: AtomicU64::new(1) }
    }

    /// Begins the call's record.
    pub(super) fn begin_record(&self, info: &CallInfo) {
        let (bot, language) = match &info.route {
            Route::Echo => (ECHO.to_owned(), Language::En.code()),
            Route::Bot(name, loaded) => (name.clone(), loaded.bot.language.code()),
        };
        let started = Started {
            direction: info.direction,
            via: info.via.clone(),
            from: Private(info.from.clone()),
            to: Private(info.to.clone()),
            bot,
            language: language.into(),
            headers: info.headers.iter().map(|(name, value)| (name.to_owned(), Private::from(value))).collect(),
        };
        self.resources.store.note(&info.id, CallEvent::Started(started));
    }

    /// Ends the record of a call that was not run.
    pub(super) fn end_record(&self, id: &str, end: End) {
        self.resources.store.note(id, CallEvent::Ended(end));
    }

    /// Runs an answered call to its end.
    pub(super) async fn run(&self, info: &CallInfo, mut answered: AnsweredLine) {
        let (events, room_events) = mpsc::channel(QUEUE);
        let (bot, ear) = match &info.route {
            Route::Echo => (BotMode::Echoes, None),
            Route::Bot(..) => (BotMode::Speaks, Some(self.ear(answered.page.is_some()))),
        };
        let room = self.resources.engine.open(bot, events).ok().filter(|room| join(room, &mut answered.line, ear));
        let end = match room {
            Some(room) => match &info.route {
                Route::Echo => self.run_echo(info, answered, room, room_events).await,
                Route::Bot(name, loaded) => self.run_bot(info, (name, loaded), answered, room, room_events).await,
            },
            None => {
                answered.line.hang_up("overloaded").await;
                let end = End::new(Blame::Server, Reason::MediaFull);
                self.end_record(&info.id, end);
                end
            }
        };
        tracing::info!(call = %info.id, blame = end.blame.name(), reason = end.reason.text(), "call ended");
    }

    fn ear(&self, browser: bool) -> EarPlan {
        let mut ear = self.resources.engines.ear_plan;
        if browser {
            // Browsers cancel echo themselves.
            ear.echo = EchoControl::Off;
        }
        ear
    }

    async fn run_echo(
        &self,
        info: &CallInfo,
        answered: AnsweredLine,
        room: RoomHandle,
        events: mpsc::Receiver<Event>,
    ) -> End {
        let AnsweredLine { line, orders, page } = answered;
        let limits = Limits::from(self.resources.config.as_ref());
        let core =
            Echo::new(limits, page.as_ref().map(|_| Page::new(&info.id, ECHO, Language::En.code())), Instant::now());
        let (to_page, page) = page.map(|Data { inbox, outbox, .. }| (outbox, inbox)).unzip();
        let (id, store) = (info.id.clone(), self.resources.store.clone());
        let effects = Effects {
            id,
            room,
            store,
            speech: None,
            recorder: None,
            toolbox: self.resources.toolbox.clone(),
            bot: None,
            tools: JoinSet::new(),
            running: Vec::new(),
            models: None,
            page: to_page,
            people: None,
            memory: None,
            others: None,
            approvals: None,
            phones: HashMap::new(),
        };
        // Nothing recognises or synthesises speech: these queues are closed.
        let (heard, voices, spoken) = (mpsc::channel(1).1, mpsc::channel(1).1, mpsc::channel(1).1);
        let models = mpsc::channel(1).1;
        let (early, orders) = orders.into_parts();
        driver::run(line, core, effects, Inbox { room: events, heard, voices, spoken, models, early, orders, page })
            .await
    }

    async fn run_bot(
        &self,
        info: &CallInfo,
        (name, loaded): (&str, &Loaded),
        answered: AnsweredLine,
        room: RoomHandle,
        events: mpsc::Receiver<Event>,
    ) -> End {
        let Resources { config, pool, engines, bots, store, recording_policy, approvals, .. } = &self.resources;
        let AnsweredLine { line, orders, page } = answered;
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let (heard, heard_inbox) = mpsc::channel(QUEUE);
        let (spoken, spoken_inbox) = mpsc::channel(QUEUE);
        let (voices, voices_inbox) = mpsc::channel(QUEUE);
        let (told, models) = mpsc::channel(language_models::QUEUE);
        let asked =
            CallModels { models: self.models.clone(), out: told.clone(), asking: JoinSet::new(), running: Vec::new() };
        let voice = loaded.voice(line.plan.codec.rate());
        let language = voice.language;
        let others = BotSpeech {
            pool: pool.clone(),
            engines: engines.clone(),
            bots: bots.clone(),
            number,
            room: room.clone(),
            spoken: spoken.clone(),
            models: self.models.clone(),
            told,
        };
        let people = self.call_people(name, voice.clone(), &others, &line);
        let (rate, speaker) = (voice.rate, others.voice_of(&loaded.bot, voice));
        let speech = Speech {
            number,
            pool: pool.clone(),
            recognisers: engines.ears(language),
            remote_recognisers: engines.remote_ears(language).clone(),
            hears: engines.can_hear(language),
            language,
            rate,
            lexicon: loaded.lexicon.clone(),
            speaker,
            standby: engines.standby(language),
            heard,
            voices,
            // Browsers cancel echo themselves.
            ear: self.ear(true),
            spoken,
        };
        let headers = info.headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let headers: dialog::bot::Headers = headers.collect();
        let known = self.known(info, (name, loaded)).await;
        let memory = known.as_ref().map(|(memory, _)| memory.clone().write(store.clone(), &info.id));
        let bot = self.resources.toolbox.complete(loaded.bot.clone().with_headers(headers.clone()));
        let bot = known.as_ref().map_or(bot.clone(), |(_, known)| bot.with_memory(known.clone()));
        let toolbox = self.resources.toolbox.clone();
        let source = Arc::new(OtherBots { bots: bots.clone(), toolbox, headers, known });
        let begins = self.resources.begins.unwrap_or_else(|| jiff::Zoned::now().datetime());
        let conversation = Conversation::new(bot.clone(), begins)
            .with_patience(engines.longest_wait(language, USUAL_ANSWER))
            .with_bots(source);
        let returning = config.destinations.iter().filter(|(_, to)| to.after == AfterPerson::Bot);
        let mut talk = Talk::new(conversation, Limits::from(config.as_ref()), Instant::now())
            .with_returning(returning.map(|(name, _)| name.clone()).collect());
        if page.is_some() {
            talk = talk.with_page(Page::new(&info.id, name, language.code()));
        }
        let (to_page, page) = page.map(|Data { inbox, outbox, .. }| (outbox, inbox)).unzip();
        let reach = CallReach {
            call: info.id.clone(),
            bot: name.to_owned(),
            language: language.code(),
            caller: match info.direction {
                Direction::Inbound => info.from.clone(),
                Direction::Outbound => info.to.clone(),
            },
            memory: self.memory_of(info, (name, loaded)),
            store: store.clone(),
            room: room.clone(),
            alerts: config.alerts.file.clone(),
        };
        let effects = Effects {
            id: info.id.clone(),
            recorder: recording::start(
                &RecordingSetup {
                    config,
                    store,
                    recording_policy,
                    bleeps: config.privacy.bleep && !bot.mask.is_empty(),
                },
                &info.id,
                &room,
            ),
            room,
            store: store.clone(),
            speech: Some(speech),
            toolbox: self.resources.toolbox.of_call(reach),
            bot: Some(bot),
            tools: JoinSet::new(),
            running: Vec::new(),
            models: Some(asked),
            page: to_page,
            people: Some(people),
            memory,
            others: Some(others),
            approvals: Some((name.to_owned(), approvals.clone())),
            phones: HashMap::new(),
        };
        let (early, orders) = orders.into_parts();
        let (heard, voices, spoken) = (heard_inbox, voices_inbox, spoken_inbox);
        let inbox = Inbox { room: events, heard, voices, spoken, models, early, orders, page };
        driver::run(line, talk, effects, inbox).await
    }
}

impl Assembly {
    /// Whose memory the bot of a call reads.
    fn memory_of(&self, info: &CallInfo, (name, loaded): (&str, &Loaded)) -> Option<MemoryOf> {
        CallMemory::of(name, loaded, caller_of(info)).map(|memory| memory.whose().clone())
    }

    /// What is known of the caller, where the bot remembers and the store answers.
    async fn known(&self, info: &CallInfo, (name, loaded): (&str, &Loaded)) -> Option<(CallMemory, Memory)> {
        let memory = CallMemory::of(name, loaded, caller_of(info))?;
        let known = memory.read(&self.resources.store).await?;
        Some((memory, known))
    }

    /// What the call finds a person with, and speaks to them.
    fn call_people(&self, bot: &str, voice: Voice, speech: &BotSpeech, line: &Line) -> CallPeople {
        CallPeople {
            people: self.people.clone(),
            bot: bot.to_owned(),
            transferrer: line.transferrer(),
            search: None,
            voice: speech.to_seat(voice),
            brief: None,
        }
    }
}

/// Seats the line as the caller of the room; `false` if the room is full or gone.
fn join(room: &RoomHandle, line: &mut Line, ear: Option<EarPlan>) -> bool {
    line.wire.take().is_some_and(|wire| room.join(Seat::CALLER, wire, line.plan.clone(), ear).is_ok())
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

fn caller_of(info: &CallInfo) -> Option<CallerKey> {
    CallerKey::of(info.direction, &info.from.as_str().into(), &info.to.as_str().into())
}
