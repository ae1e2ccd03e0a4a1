//! The settings of a pool, and its report.
use std::thread::available_parallelism;
use std::time::Duration;

#[derive(Clone, Debug)]
pub struct PoolPlan {
    /// Worker threads: by default one less than the cores, but at least two, so that a long clause does not delay recognition.
    pub threads: usize,
    /// One call into a recogniser may take this long, or as long as the engine asks for ([`crate::asr::Recogniser::patience`]);
    /// then its worker is abandoned and the next engine of the chain gets the utterance from its beginning.
    pub listen_limit: Duration,
    /// A synthesiser's first sound, and each further one, may take this long; then the next engine of the chain synthesises the rest.
    pub speak_limit: Duration,
    /// How far a listening session may fall behind its caller; beyond that it fails with [`crate::asr::AsrFault::Busy`]. More than
    /// the five seconds that an ear may be given at once after a stall of the network.
    pub backlog: Duration,
    /// The longest utterance; sound beyond it is ignored.
    pub utterance: Duration,
    /// Open sessions, listening and speaking together; more are refused with `Busy`.
    pub sessions: usize,
    /// Clauses waiting per voice (text alone: sound is made clause by clause); more are refused with `Busy`.
    pub clauses: usize,
    /// Threads of calls that may hang in engines at a time; beyond that number workers are not replaced. As many more may hang in
    /// probes: from half of them on unhealthy engines are probed at the slowest pace, every five minutes; with all of them hung, or
    /// without a worker, there are no probes until one of these threads returns.
    pub abandoned: usize,
    /// The pool is full once the 90th percentile of the time that finals and clauses of the last ten seconds waited for a worker and its
    /// processor reaches this, until it falls below half of it. Zero: never full.
    pub full_wait: Duration,
    /// Niceness of the workers (`nice`), so that media threads go first.
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

/// The state of a pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolReport {
    /// Workers in service.
    pub workers: usize,
    /// Workers that are busy.
    pub working: usize,
    /// Sessions queued for a final or for speech, and for partial words.
    pub urgent: usize,
    pub later: usize,
    pub sessions: usize,
    /// Threads that hang in engines at present, and all since the start.
    pub abandoned: usize,
    pub abandoned_ever: u64,
    /// Engines that are not used after hangs or failures.
    pub unhealthy: Vec<&'static str>,
    /// The recent 90th percentile of waiting times, and whether the pool is full.
    pub wait: Duration,
    pub full: bool,
}
