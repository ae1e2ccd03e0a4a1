//! `RemoteSpeaker`: a call's voice on another machine, and its task. The voices of this machine say what is handed over.
use super::clauses::{ClausesSetup, Input, Output, RemoteClauses};
use super::connection::{Connection, ConnectionEvent};
use super::engine::{Account, RemoteEngine};
use super::listening::until;
use media::pool::{Pool, PoolPlan, Speaker};
use media::remote::RemoteFault;
use media::tts::delivery::ClauseText;
use media::tts::remote::VoiceAccount;
use media::tts::{Sink, Sound, Speak, Spoken, TtsFault, Unsent, UtteranceId, Voice, VoiceChain};
use media::{Language, Rate};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{self, error::TrySendError};

pub type RemoteVoice = RemoteEngine<VoiceAccount>;

/// Orders of a call that wait for the task. More clauses are refused with [`TtsFault::Busy`].
const ORDERS: usize = 1024;
/// News of the near voice that wait for the task.
const NEAR: usize = 64;
/// The most news that wait for the call; then the oldest are dropped.
const EVENTS: usize = 64;

/// What a call's voice is opened with.
pub struct VoiceSetup {
    /// Of the call, in the pool's queues.
    pub number: u64,
    pub pool: Arc<Pool>,
    pub engines: Arc<VoiceChain>,
    pub voice: Voice,
    /// Two ways to the same playout: for the engine, and for the voices of this machine.
    pub sinks: [Box<dyn Sink>; 2],
    pub out: mpsc::Sender<Spoken>,
}

/// A call's handle of its voice. Dropping it ends the voice.
pub struct RemoteSpeaker {
    orders: mpsc::Sender<Input>,
}

impl RemoteSpeaker {
    pub fn open(engine: Arc<RemoteVoice>, setup: VoiceSetup) -> Self {
        let (orders, inbox) = mpsc::channel(ORDERS);
        let VoiceSetup { number, pool, engines, voice, sinks: [sink, near_sink], out } = setup;
        let plan = clauses_setup(&engine, &voice, engine.patience);
        let core = RemoteClauses::new(Instant::now(), plan, sink, !engine.is_well());
        let (near_out, near_news) = mpsc::channel(NEAR);
        let near =
            Near { number, pool, engines, voice, out: near_out, sink: Some(near_sink), speaker: None, hurries: false };
        let session = Session { engine, near, near_news, connection: None, out, events: VecDeque::new() };
        tokio::spawn(session.run(core, inbox));
        Self { orders }
    }

    fn order(&self, order: Input) {
        if self.orders.try_send(order).is_err() {
            metrics::counter!("switchboard_call_commands_lost_total").increment(1);
            tracing::debug!("an order to a remote voice was lost: its queue is full");
        }
    }
}

impl Speak for RemoteSpeaker {
    fn say(&self, utterance: UtteranceId, text: ClauseText, interruptible: bool) -> Result<(), TtsFault> {
        self.orders.try_send(Input::Say { utterance, text, interruptible }).map_err(|_| TtsFault::Busy)
    }

    fn tune(&self, rate: Rate) {
        self.order(Input::Tune(rate));
    }

    fn hurry(&self, hurries: bool) {
        self.order(Input::Hurry(hurries));
    }

    /// One that is lost costs nothing but work: the playout refuses sound below its floor.
    fn hush(&self, floor: UtteranceId) {
        self.order(Input::Hush(floor));
    }
}

fn clauses_setup(engine: &RemoteVoice, voice: &Voice, patience: Duration) -> ClausesSetup {
    ClausesSetup {
        engine: engine.name(),
        dialogue: engine.account.dialogue(voice.language),
        patience,
        limit: PoolPlan::default().clauses,
        rate: voice.rate,
    }
}

/// The voices of this machine, from the first clause on that is handed over.
struct Near {
    number: u64,
    pool: Arc<Pool>,
    engines: Arc<VoiceChain>,
    voice: Voice,
    out: mpsc::Sender<Spoken>,
    sink: Option<Box<dyn Sink>>,
    speaker: Option<Speaker>,
    hurries: bool,
}

impl Near {
    fn speaker(&mut self) -> Option<&Speaker> {
        if let Some(sink) = self.sink.take() {
            let (engines, voice, out) = (self.engines.clone(), self.voice.clone(), self.out.clone());
            let speaker = self.pool.speaker(self.number, engines, voice, sink, out);
            speaker.hurry(self.hurries);
            self.speaker = Some(speaker);
        }
        self.speaker.as_ref()
    }
}

struct Session {
    engine: Arc<RemoteVoice>,
    near: Near,
    near_news: mpsc::Receiver<Spoken>,
    connection: Option<Connection>,
    out: mpsc::Sender<Spoken>,
    events: VecDeque<Spoken>,
}

impl Session {
    async fn run(mut self, mut core: RemoteClauses, mut orders: mpsc::Receiver<Input>) {
        loop {
            while let Some(output) = core.poll() {
                self.perform(&mut core, output);
            }
            self.flush();
            let deadline = core.deadline(Instant::now());
            let input = tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(order) => order,
                    None => return,
                },
                Some(spoken) = self.near_news.recv() => Input::Near(spoken),
                event = next(&mut self.connection) => match event {
                    ConnectionEvent::Opened => Input::Opened,
                    ConnectionEvent::Received(received) => Input::Received(received),
                    ConnectionEvent::Failed(fault) => {
                        self.connection = None;
                        Input::Failed(fault)
                    }
                },
                permit = self.out.reserve(), if !self.events.is_empty() => {
                    if let (Ok(permit), Some(spoken)) = (permit, self.events.pop_front()) {
                        permit.send(spoken);
                    }
                    continue;
                }
                () = until(deadline) => Input::Tick,
            };
            match &input {
                Input::Tune(rate) => {
                    self.near.voice.rate = *rate;
                    self.near.speaker.iter().for_each(|speaker| speaker.tune(*rate));
                }
                Input::Hurry(hurries) => {
                    self.near.hurries = *hurries;
                    self.near.speaker.iter().for_each(|speaker| speaker.hurry(*hurries));
                }
                Input::Hush(floor) => self.near.speaker.iter().for_each(|speaker| speaker.hush(*floor)),
                _ => {}
            }
            core.set_resting(!self.engine.is_well());
            core.handle(Instant::now(), input);
        }
    }

    fn perform(&mut self, core: &mut RemoteClauses, output: Output) {
        match output {
            Output::Connect => {
                self.connection = Some(Connection::open(self.engine.account.endpoint(self.near.voice.language)));
            }
            Output::Send(message) => {
                // What is over is not told so.
                let Some(connection) = &mut self.connection else { return };
                if let Err(fault) = connection.send(message) {
                    self.connection = None;
                    core.handle(Instant::now(), Input::Failed(fault));
                }
            }
            Output::Spoken(spoken) => {
                if self.events.len() >= EVENTS {
                    self.events.pop_front();
                }
                self.events.push_back(spoken);
            }
            Output::HandOver(clause) => {
                let utterance = clause.utterance;
                let taken = self.near.speaker().ok_or(TtsFault::Busy).and_then(|speaker| speaker.go_on(clause));
                if let Err(fault) = taken {
                    core.handle(Instant::now(), Input::Near(Spoken::Failed { utterance, fault }));
                }
            }
            Output::Did(Ok(())) => self.engine.succeeded(),
            Output::Did(Err(fault)) => {
                // What it may still send belongs to nothing.
                self.connection = None;
                self.engine.failed(fault);
            }
        }
    }

    fn flush(&mut self) {
        while let Some(spoken) = self.events.pop_front() {
            match self.out.try_send(spoken) {
                Ok(()) => {}
                Err(TrySendError::Full(spoken)) => return self.events.push_front(spoken),
                Err(TrySendError::Closed(_)) => self.events.clear(),
            }
        }
    }
}

async fn next(connection: &mut Option<Connection>) -> ConnectionEvent {
    match connection {
        Some(connection) => connection.next().await,
        None => std::future::pending().await,
    }
}

/// Takes all sound, for nobody.
struct Nowhere;

impl Sink for Nowhere {
    fn sound(&mut self, _: Sound) -> Result<(), Unsent> {
        Ok(())
    }
}

impl Account for VoiceAccount {
    /// A word that nobody hears.
    async fn probe(&self, language: Language, patience: Duration) -> Result<(), RemoteFault> {
        let rate = Rate::Hz8000;
        let setup = ClausesSetup { engine: "probe", dialogue: self.dialogue(language), patience, limit: 1, rate };
        let mut core = RemoteClauses::new(Instant::now(), setup, Box::new(Nowhere), false);
        let (utterance, text) = (UtteranceId(1), ClauseText::from("OK."));
        core.handle(Instant::now(), Input::Say { utterance, text, interruptible: true });
        let mut connection = None;
        loop {
            while let Some(output) = core.poll() {
                match output {
                    Output::Connect => connection = Some(Connection::open(self.endpoint(language))),
                    Output::Send(message) => {
                        if let Some(connection) = &mut connection {
                            connection.send(message)?;
                        }
                    }
                    Output::Spoken(_) | Output::HandOver(_) => {}
                    Output::Did(done) => return done,
                }
            }
            let input = tokio::select! {
                event = next(&mut connection) => match event {
                    ConnectionEvent::Opened => Input::Opened,
                    ConnectionEvent::Received(received) => Input::Received(received),
                    ConnectionEvent::Failed(fault) => Input::Failed(fault),
                },
                () = until(core.deadline(Instant::now())) => Input::Tick,
            };
            core.handle(Instant::now(), input);
        }
    }
}
