//! `RemoteListener`: a listening session with a remote recogniser, and its task. The recognisers of this machine take the session over when
//! the engine is given up, until it ends.
use super::connection::{Connection, ConnectionEvent};
use super::engine::{Account, RemoteEngine};
use super::utterance::{Input, Output, RemoteUtterance, UtteranceSetup};
use media::asr::remote::RecogniserAccount;
use media::asr::{self, Ask, AsrFault, Cue, Expect, Heard, Lexicon, Listen};
use media::pool::utterance::UtteranceLimits;
use media::pool::{ListeningSetup, Pool, PoolPlan};
use media::remote::RemoteFault;
use media::{Language, SamplePos};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::time::sleep_until;

pub type RemoteRecogniser = RemoteEngine<RecogniserAccount>;

/// Cues of an ear that wait for the task: ten seconds of sound. More end the session with [`AsrFault::Busy`].
const CUES: usize = 512;

/// An ear's handle of the session. Dropping it ends the session.
pub struct RemoteListener {
    cues: Option<mpsc::Sender<Cue>>,
    overrun: Arc<AtomicBool>,
}

impl RemoteListener {
    /// `ask`: what the remote engine is asked for. `near`: what the engines of this machine are, if they take over.
    pub fn open(engine: Arc<RemoteRecogniser>, ask: &Ask, pool: Arc<Pool>, near: ListeningSetup) -> Self {
        let (cues, inbox) = mpsc::channel(CUES);
        let overrun = Arc::new(AtomicBool::new(false));
        let outbox = Outbox { out: near.out.clone(), waiting: None };
        let core = core_of(&engine, ask);
        let connection = Connection::open(engine.account.endpoint(ask));
        let session = Session { engine, cues: inbox, outbox, pool, near, overrun: overrun.clone() };
        tokio::spawn(session.run(core, connection));
        Self { cues: Some(cues), overrun }
    }
}

impl Listen for RemoteListener {
    fn cue(&mut self, cue: Cue) {
        let Some(cues) = &self.cues else { return };
        if cues.try_send(cue).is_err() {
            self.overrun.store(true, Ordering::Release);
            self.cues = None;
        }
    }
}

fn core_of(engine: &RemoteRecogniser, ask: &Ask) -> RemoteUtterance {
    let plan = PoolPlan::default();
    let setup = UtteranceSetup {
        engine: engine.name(),
        dialogue: engine.account.dialogue(ask),
        patience: engine.patience,
        limits: UtteranceLimits { length: plan.utterance, backlog: plan.backlog },
    };
    RemoteUtterance::new(Instant::now(), setup)
}

/// What a call is told. Where its queue is full, partial words are dropped, and the newest words wait for room.
struct Outbox {
    out: mpsc::Sender<Heard>,
    waiting: Option<Heard>,
}

impl Outbox {
    fn push(&mut self, heard: Heard) {
        // Newer words stand in place of those that wait.
        if !matches!(heard, Heard::Partial { .. }) {
            self.waiting = None;
        }
        match self.out.try_send(heard) {
            Err(TrySendError::Full(heard)) if !matches!(heard, Heard::Partial { .. }) => self.waiting = Some(heard),
            // A call that is over ends the session by dropping the listener.
            Ok(()) | Err(_) => {}
        }
    }

    /// Waits for room. May be dropped while it waits.
    async fn flush(&mut self) {
        if let Ok(permit) = self.out.reserve().await
            && let Some(heard) = self.waiting.take()
        {
            permit.send(heard);
        }
        self.waiting = None;
    }
}

/// What ends the remote part of a session.
enum RemoteEnd {
    /// The session itself is over.
    Session,
    /// The engine is given up.
    Engine,
}

struct Session {
    engine: Arc<RemoteRecogniser>,
    cues: mpsc::Receiver<Cue>,
    outbox: Outbox,
    pool: Arc<Pool>,
    near: ListeningSetup,
    overrun: Arc<AtomicBool>,
}

impl Session {
    async fn run(mut self, mut core: RemoteUtterance, mut connection: Connection) {
        match self.remote(&mut core, &mut connection).await {
            RemoteEnd::Session => {
                if let Some(message) = core.closing() {
                    // The last word of a session that is over.
                    let _ = connection.send(message);
                }
            }
            RemoteEnd::Engine => {
                drop(connection);
                self.near(core).await;
            }
        }
        if self.overrun.load(Ordering::Acquire) {
            tracing::debug!(engine = self.engine.name(), "a listening session fell behind its caller");
            let _ = self.outbox.out.send(Heard::Failed(AsrFault::Busy)).await;
        }
    }

    /// Until the session ends, or the engine is given up.
    async fn remote(&mut self, core: &mut RemoteUtterance, connection: &mut Connection) -> RemoteEnd {
        loop {
            while let Some(output) = core.poll() {
                match output {
                    Output::Send(message) => {
                        if let Err(fault) = connection.send(message) {
                            core.handle(Instant::now(), Input::Failed(fault));
                        }
                    }
                    Output::Heard(heard) => {
                        if matches!(heard, Heard::Final { .. }) {
                            self.engine.succeeded();
                        }
                        self.outbox.push(heard);
                    }
                    Output::Failed(fault) => {
                        self.engine.failed(fault);
                        return RemoteEnd::Engine;
                    }
                    Output::Left(fault) => {
                        self.engine.left(fault);
                        return RemoteEnd::Engine;
                    }
                }
            }
            let input = tokio::select! {
                biased;
                cue = self.cues.recv() => match cue {
                    Some(cue) => Input::Cue(cue),
                    None => return RemoteEnd::Session,
                },
                event = connection.next() => input_of(event),
                () = self.outbox.flush(), if self.outbox.waiting.is_some() => continue,
                () = until(core.deadline()) => Input::Tick,
            };
            core.handle(Instant::now(), input);
        }
    }

    /// The engines of this machine hear the utterance from its beginning, and what else the session brings.
    async fn near(&mut self, core: RemoteUtterance) {
        if self.outbox.waiting.is_some() {
            self.outbox.flush().await;
        }
        match self.pool.take_over(self.near.clone(), core.into_utterance()) {
            Ok(mut listener) => {
                while let Some(cue) = self.cues.recv().await {
                    listener.cue(cue);
                }
            }
            Err(fault) => {
                let _ = self.outbox.out.send(Heard::Failed(fault)).await;
            }
        }
    }
}

fn input_of(event: ConnectionEvent) -> Input {
    match event {
        ConnectionEvent::Opened => Input::Opened,
        ConnectionEvent::Received(received) => Input::Received(received),
        ConnectionEvent::Failed(fault) => Input::Failed(fault),
    }
}

pub(super) async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(at) => sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

impl Account for RecogniserAccount {
    /// A second of generated sound, and whatever words it finds in it.
    async fn probe(&self, language: Language, patience: Duration) -> Result<(), RemoteFault> {
        let ask = Ask { language, expect: Expect::Anything, lexicon: Lexicon::default() };
        let (plan, dialogue) = (PoolPlan::default(), self.dialogue(&ask));
        let limits = UtteranceLimits { length: plan.utterance, backlog: plan.backlog };
        let mut core =
            RemoteUtterance::new(Instant::now(), UtteranceSetup { engine: "probe", dialogue, patience, limits });
        let mut connection = Connection::open(self.endpoint(&ask));
        let mut opened = false;
        loop {
            while let Some(output) = core.poll() {
                match output {
                    Output::Send(message) => connection.send(message)?,
                    Output::Heard(Heard::Final { .. }) => {
                        return core.closing().map_or(Ok(()), |message| connection.send(message));
                    }
                    Output::Heard(_) => {}
                    Output::Left(RemoteFault::Unanswered) => return Ok(()),
                    Output::Failed(fault) | Output::Left(fault) => return Err(fault),
                }
            }
            let input = tokio::select! {
                event = connection.next() => input_of(event),
                () = until(core.deadline()) => Input::Tick,
            };
            let opens = !opened && matches!(input, Input::Opened);
            core.handle(Instant::now(), input);
            if opens {
                opened = true;
                let (begin, end) = (SamplePos(0), SamplePos(48_000));
                for cue in [Cue::Begin { at: begin }, Cue::Sound(asr::probe_sound()), Cue::Pause { at: end }] {
                    core.handle(Instant::now(), Input::Cue(cue));
                }
            }
        }
    }
}
