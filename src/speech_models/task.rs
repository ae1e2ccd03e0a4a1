//! `SpeechCall`: a call's handle of its conversation with an endpoint, and the task that carries it on. The call's voice and ear are wrapped:
//! what is said goes through the task, and what is heard reaches it beside the recogniser.
use super::SpeechAccount;
use super::output::Output;
use super::session::{Input, SpeechSession, SpeechSetup, model_fault};
use crate::engines::remote::connection::{Connection, ConnectionEvent, OPENING};
use dialog::model::language_model::{ModelFault, ModelNews, ModelRequest, RequestId};
use media::Rate;
use media::asr::{Cue, Listen};
use media::playout::Played;
use media::pool::Speaker;
use media::remote::RemoteFault;
use media::tts::delivery::ClauseText;
use media::tts::{Sink, Sound, Speak, Spoken, TtsFault, Unsent, UtteranceId};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::time::sleep_until;

/// Orders and pieces of sound that wait for the task: some twenty seconds of sound. More orders are lost, and counted.
const ORDERS: usize = 1024;
/// The most news that wait for the call. Of the voice the oldest are dropped then; a model's that are more fail its answer.
const EVENTS: usize = 64;
const TOLD: usize = 4_096;
/// A piece of an answer, and the request that it belongs to.
type Told = (RequestId, ModelNews);

/// The bot's own voice, for what the endpoint does not say itself.
pub struct NearVoice {
    pub voice: Box<dyn Speak>,
    /// Opens the voices of this machine, which can go on with a clause that is begun.
    pub go_on: Box<dyn FnOnce() -> Speaker + Send>,
    /// What both report.
    pub news: mpsc::Receiver<Spoken>,
}

pub struct SpeechCallSetup {
    pub account: Arc<SpeechAccount>,
    pub rate: Rate,
    pub near: NearVoice,
    /// To the call's playout.
    pub sink: Box<dyn Sink>,
    pub spoken: mpsc::Sender<Spoken>,
    pub told: mpsc::Sender<(RequestId, ModelNews)>,
}

/// Dropping the last of its handles ends the conversation.
#[derive(Clone)]
pub struct SpeechCall {
    account: Arc<SpeechAccount>,
    orders: mpsc::Sender<Input>,
}

impl SpeechCall {
    pub fn open(setup: SpeechCallSetup) -> Self {
        let (orders, inbox) = mpsc::channel(ORDERS);
        let SpeechCallSetup { account, rate, near, sink, spoken, told } = setup;
        let dialogue = {
            let account = account.clone();
            Box::new(move || account.dialogue())
        };
        let core = SpeechSession::new(Instant::now(), SpeechSetup { engine: account.name, dialogue, rate }, sink);
        let task = Task {
            account: account.clone(),
            connection: None,
            permit: None,
            near: Some(near.voice),
            go_on: Some(near.go_on),
            speaker: None,
            near_news: near.news,
            spoken,
            told,
            events: VecDeque::new(),
            words: VecDeque::new(),
        };
        tokio::spawn(task.run(core, inbox));
        Self { account, orders }
    }

    /// Whether requests to this model are its.
    pub fn is(&self, model: &str) -> bool {
        self.account.name == model
    }

    pub fn ask(&self, request: ModelRequest) {
        self.order(Input::Ask(request));
    }

    pub fn stop(&self, id: RequestId) {
        self.order(Input::Stop(id));
    }

    pub fn played(&self, played: Played) {
        self.order(Input::Played(played));
    }

    /// A clause is to be said. `written`: its words as the model wrote them.
    ///
    /// # Errors
    /// [`TtsFault::Busy`] when too much waits.
    pub fn say(
        &self,
        utterance: UtteranceId,
        text: ClauseText,
        interruptible: bool,
        written: String,
    ) -> Result<(), TtsFault> {
        self.orders.try_send(Input::Say { utterance, text, interruptible, written }).map_err(|_| TtsFault::Busy)
    }

    pub fn tune(&self, rate: Rate) {
        self.order(Input::Tune(rate));
    }

    /// One that is lost costs nothing but work: the playout refuses sound below its floor.
    pub fn hush(&self, floor: UtteranceId) {
        self.order(Input::Hush(floor));
    }

    /// A new turn of the caller's is listened to. `hears`: the endpoint may be told its sound.
    pub fn listen(&self, to: Box<dyn Listen>, hears: bool) -> Box<dyn Listen> {
        self.order(Input::Turn { hears });
        if hears { Box::new(BothHear { to, orders: self.orders.clone() }) } else { to }
    }

    fn order(&self, order: Input) {
        if self.orders.try_send(order).is_err() {
            metrics::counter!("switchboard_call_commands_lost_total").increment(1);
            tracing::debug!("an order to a speech model was lost: its queue is full");
        }
    }
}

/// A recogniser, and the endpoint beside it.
struct BothHear {
    to: Box<dyn Listen>,
    orders: mpsc::Sender<Input>,
}

impl Listen for BothHear {
    fn cue(&mut self, cue: Cue) {
        // Of an endpoint that does not keep up, some sound is lost; the recogniser hears all.
        let _ = self.orders.try_send(Input::Cue(cue.clone()));
        self.to.cue(cue);
    }
}

struct Task {
    account: Arc<SpeechAccount>,
    connection: Option<Connection>,
    /// Held while a connection is.
    permit: Option<OwnedSemaphorePermit>,
    near: Option<Box<dyn Speak>>,
    go_on: Option<Box<dyn FnOnce() -> Speaker + Send>>,
    speaker: Option<Speaker>,
    near_news: mpsc::Receiver<Spoken>,
    spoken: mpsc::Sender<Spoken>,
    told: mpsc::Sender<Told>,
    events: VecDeque<Spoken>,
    words: VecDeque<Told>,
}

impl Task {
    async fn run(mut self, mut core: SpeechSession, mut orders: mpsc::Receiver<Input>) {
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
                        (self.connection, self.permit) = (None, None);
                        count(&self.account, fault);
                        Input::Failed(fault)
                    }
                },
                permit = self.told.reserve(), if !self.words.is_empty() => {
                    if let (Ok(permit), Some(told)) = (permit, self.words.pop_front()) {
                        permit.send(told);
                    }
                    continue;
                }
                permit = self.spoken.reserve(), if !self.events.is_empty() => {
                    if let (Ok(permit), Some(spoken)) = (permit, self.events.pop_front()) {
                        permit.send(spoken);
                    }
                    continue;
                }
                () = until(deadline) => Input::Tick,
            };
            match &input {
                Input::Tune(rate) => {
                    self.near.iter().for_each(|voice| voice.tune(*rate));
                    self.speaker.iter().for_each(|voice| voice.tune(*rate));
                }
                Input::Hush(floor) => {
                    self.near.iter().for_each(|voice| voice.hush(*floor));
                    self.speaker.iter().for_each(|voice| voice.hush(*floor));
                }
                _ => {}
            }
            core.handle(Instant::now(), input);
        }
    }

    fn close(&mut self) {
        (self.connection, self.permit) = (None, None);
    }

    fn perform(&mut self, core: &mut SpeechSession, output: Output) {
        match output {
            Output::Connect => {
                self.close();
                match self.account.at_once.clone().try_acquire_owned() {
                    Ok(permit) => {
                        self.permit = Some(permit);
                        self.connection = Some(Connection::open(self.account.endpoint()));
                    }
                    // As services say it themselves.
                    Err(_) => core.handle(Instant::now(), Input::Failed(RemoteFault::Refused(429))),
                }
            }
            Output::Close => self.close(),
            Output::Send(message) => {
                // What is over is not told so.
                let Some(connection) = &mut self.connection else { return };
                if let Err(fault) = connection.send(message) {
                    self.close();
                    core.handle(Instant::now(), Input::Failed(fault));
                }
            }
            Output::Told(id, news) => {
                if self.words.len() >= TOLD {
                    self.words.clear();
                    return self.words.push_back((id, ModelNews::Failed(ModelFault::Stalled)));
                }
                self.words.push_back((id, news));
            }
            Output::Spoken(spoken) => self.tell(spoken),
            Output::Say { utterance, text, interruptible } => {
                let said = self.near.as_ref().map(|voice| voice.say(utterance, text, interruptible));
                if let Some(Err(fault)) = said {
                    core.handle(Instant::now(), Input::Near(Spoken::Failed { utterance, fault }));
                }
            }
            Output::GoOn(clause) => {
                let utterance = clause.utterance;
                if let Some(open) = self.go_on.take() {
                    self.speaker = Some(open());
                }
                let taken = self.speaker.as_ref().ok_or(TtsFault::Busy).and_then(|speaker| speaker.go_on(clause));
                if let Err(fault) = taken {
                    core.handle(Instant::now(), Input::Near(Spoken::Failed { utterance, fault }));
                }
            }
            Output::SoundLate => count(&self.account, RemoteFault::Late),
        }
    }

    fn tell(&mut self, spoken: Spoken) {
        if self.events.len() >= EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(spoken);
    }

    fn flush(&mut self) {
        while let Some(spoken) = self.events.pop_front() {
            match self.spoken.try_send(spoken) {
                Ok(()) => {}
                Err(TrySendError::Full(spoken)) => {
                    self.events.push_front(spoken);
                    break;
                }
                Err(TrySendError::Closed(_)) => self.events.clear(),
            }
        }
        while let Some(told) = self.words.pop_front() {
            match self.told.try_send(told) {
                Ok(()) => {}
                Err(TrySendError::Full(told)) => {
                    self.words.push_front(told);
                    break;
                }
                Err(TrySendError::Closed(_)) => self.words.clear(),
            }
        }
    }
}

fn count(account: &SpeechAccount, fault: RemoteFault) {
    metrics::counter!("switchboard_remote_failures_total", "engine" => account.name, "reason" => fault.reason())
        .increment(1);
    tracing::debug!(engine = account.name, %fault, "a speech model fails; others answer");
}

async fn next(connection: &mut Option<Connection>) -> ConnectionEvent {
    match connection {
        Some(connection) => connection.next().await,
        None => std::future::pending().await,
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(at) => sleep_until(at.into()).await,
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

/// Carries a conversation without sound on to the end of its only answer.
async fn in_words(
    account: &Arc<SpeechAccount>,
    request: ModelRequest,
    out: &mpsc::Sender<Told>,
) -> Result<(), RemoteFault> {
    let make = {
        let account = account.clone();
        Box::new(move || account.dialogue())
    };
    let _permit = account.at_once.clone().try_acquire_owned().map_err(|_| RemoteFault::Refused(429))?;
    let setup = SpeechSetup { engine: account.name, dialogue: make, rate: Rate::Hz8000 };
    let mut core = SpeechSession::new(Instant::now(), setup, Box::new(Nowhere));
    core.handle(Instant::now(), Input::Ask(request));
    let mut connection = None;
    loop {
        while let Some(output) = core.poll() {
            match output {
                Output::Connect => connection = Some(Connection::open(account.endpoint())),
                Output::Close => connection = None,
                Output::Send(message) => {
                    if let Some(connection) = &mut connection {
                        connection.send(message)?;
                    }
                }
                Output::Told(id, news) => {
                    let is_end = matches!(news, ModelNews::End | ModelNews::Failed(_));
                    if out.send((id, news)).await.is_err() || is_end {
                        return Ok(());
                    }
                }
                Output::Spoken(_) | Output::Say { .. } | Output::GoOn(_) | Output::SoundLate => {}
            }
        }
        let input = tokio::select! {
            event = next(&mut connection) => match event {
                ConnectionEvent::Opened => Input::Opened,
                ConnectionEvent::Received(received) => Input::Received(received),
                ConnectionEvent::Failed(fault) => {
                    connection = None;
                    Input::Failed(fault)
                }
            },
            () = until(core.deadline(Instant::now())) => Input::Tick,
        };
        core.handle(Instant::now(), input);
    }
}

/// Asks without a call: the talk is told in words, and the answer's words are what is told.
pub async fn ask_in_words(account: Arc<SpeechAccount>, request: ModelRequest, out: mpsc::Sender<Told>) {
    let id = request.id;
    if let Err(fault) = in_words(&account, request, &out).await {
        // Who does not listen any more needs no outcome.
        let _ = out.send((id, ModelNews::Failed(model_fault(fault)))).await;
    }
}

/// Opens a connection and closes it: whether the endpoint takes the key and is there.
///
/// # Errors
/// Why it is of no use.
pub async fn probe(account: &SpeechAccount) -> Result<Duration, RemoteFault> {
    let began = Instant::now();
    let mut connection = Connection::open(account.endpoint());
    let event = tokio::time::timeout(OPENING, connection.next()).await.map_err(|_| RemoteFault::Late)?;
    match event {
        ConnectionEvent::Failed(fault) => Err(fault),
        ConnectionEvent::Opened | ConnectionEvent::Received(_) => Ok(began.elapsed()),
    }
}
