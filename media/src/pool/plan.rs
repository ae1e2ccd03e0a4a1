//! How a pool is set up, and how it reports.
use std::thread::available_parallelism;
use std::time::Duration;

#[derive(Clone, Debug)]
pub struct PoolPlan {
    /// Worker threads: one less than the cores, but two at least, so that a long clause never delays an answer.
    pub threads: usize,
    /// One call into a recogniser may take this long, or as long as the engine asks for ([`crate::asr::Recogniser::patience`]);
    /// then its worker is given up and the next engine of the chain hears the utterance from its beginning.
    pub listen_limit: Duration,
    /// A synthesiser's first sound, and each further one, may take this long; then the next engine of the chain says
    /// what is left.
    pub speak_limit: Duration,
    /// How far a listening session may fall behind its caller; beyond that it fails with [`crate::asr::AsrFault::Busy`]. More than
    /// the five seconds that an ear may be given at once after a stall of the network.
    pub backlog: Duration,
    /// The longest utterance; sound beyond it is not heard.
    pub utterance: Duration,
    /// Open sessions, ears and voices together; more are refused with `Busy`.
    pub sessions: usize,
    /// Clauses waiting per voice (text alone: sound is made clause by clause); more are refused with `Busy`.
    pub clauses: usize,
    /// Threads that calls may lose to hung engines at a time; at this number no worker is replaced. So many more may be lost to
    /// probes: from half of them on, ill engines are probed at the slowest pace, every five minutes, and with all of them lost,
    /// or without a worker, none is probed until one of these threads comes back.
    pub abandoned: usize,
    /// Once nine of ten answers and clauses of the last ten seconds had to wait up to this long for a worker and its
    /// processor, there is no room for another call, until it is half of that. Zero: there always is.
    pub full_wait: Duration,
    /// How much lower than the media threads the workers' priority is (`nice`).
    pub nice: i32,
}

impl Default for PoolPlan {
    fn default() -> Self {
        Self {
            threads: available_parallelism().map_or(1, usize::from).saturating_sub(1).max(2),
            listen_limit: Duration::from_millis(700),
            speak_limit: Duration::from_millis(600),
            backlog: Duration::from_secs(9),
            utterance: Duration::from_secs(30),
            sessions: 2048,
            clauses: 1024,
            abandoned: 8,
            full_wait: Duration::from_millis(400),
            nice: 5,
        }
    }
}

/// How the pool is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolReport {
    /// Workers that serve.
    pub workers: usize,
    /// Of these, at work now.
    pub working: usize,
    /// Sessions waiting for a final or for speech, and for partial words.
    pub urgent: usize,
    pub later: usize,
    pub sessions: usize,
    /// Threads lost to hung engines at this moment, and since the start.
    pub abandoned: usize,
    pub abandoned_ever: u64,
    /// Engines that rest after a hang or failure.
    pub ill: Vec<&'static str>,
    /// What nine of ten answers and clauses lately did not wait longer than, and whether that leaves no room for a call.
    pub wait: Duration,
    pub full: bool,
}
