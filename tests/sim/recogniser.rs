//! `Recogniser`: a scripted one. It knows what the caller says, hears the part of it that its session covers, and understands
//! nothing but words of the grammar it was given.
use dialog::conversation::Expect;
use media::asr::{self, Ask, AsrFault, Cue, Heard, Hypothesis, Listen};
use media::pool::PoolPlan;
use media::pool::utterance::{EngineWork, Utterance, UtteranceLimits};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// When the engine fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fails {
    #[default]
    Never,
    /// There is none, and that is known before the call.
    Absent,
    /// With every session it is asked to open.
    Opening,
    /// With every pause from this one on (counted from 1).
    Pause(u32),
}

pub struct Recogniser {
    /// From a pause to its words.
    pub took: Duration,
    /// From the end of a word to its part in the words so far.
    pub lag: Duration,
    pub fails: Fails,
    pub confidence: f32,
    /// What the caller has said lately, word by word.
    words: VecDeque<(Instant, Instant, String)>,
    /// Those that an ear listens for, and those on their way to it.
    sessions: Vec<Arc<Mutex<Session>>>,
    opened: u64,
    pauses: u32,
}

/// What a recogniser hears for one ask. The order of its work is that of the speech workers ([`Utterance`]).
struct Session {
    id: u64,
    words: BTreeSet<String>,
    free: bool,
    /// The beginning of the call, and the tick under way.
    start: Instant,
    now: Instant,
    utterance: Utterance,
    /// The beginning of its sound.
    from: Option<Instant>,
    speaking: bool,
    /// A pause that nobody has asked for yet.
    paused: bool,
    shown: usize,
    closed: bool,
}

/// The ear's end of a session.
struct Listener(Arc<Mutex<Session>>);

fn lock(session: &Mutex<Session>) -> MutexGuard<'_, Session> {
    session.lock().expect("no panic")
}

impl Listen for Listener {
    fn cue(&mut self, cue: Cue) {
        let (mut session, plan) = (lock(&self.0), PoolPlan::default());
        let limits = UtteranceLimits { length: plan.utterance, backlog: plan.backlog };
        match cue {
            Cue::Begin { at } => {
                // What a network held back was said long before it arrived, at its place in the call.
                let began = session.now.min(session.start + at.since_start());
                session.from.get_or_insert(began - PREROLL);
                session.speaking = true;
            }
            Cue::Anew { at, .. } => {
                session.from = Some(session.now.min(session.start + at.since_start()) - PREROLL);
                session.speaking = true;
            }
            Cue::Sound(_) | Cue::Above { .. } => {}
            Cue::Pause { .. } => (session.speaking, session.paused) = (false, session.from.is_some()),
        }
        let now = session.now;
        session.utterance.cue(now, cue, limits).expect("the engine hears at once");
        // It keeps up with the caller.
        loop {
            match session.utterance.work() {
                EngineWork::Feed(pcm) => session.utterance.feed(pcm.len()),
                EngineWork::Anew => session.utterance.restart(),
                EngineWork::Rest | EngineWork::LookAhead | EngineWork::Finish(_) => break,
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        lock(&self.0).closed = true;
    }
}

/// Sound before the onset that a session gets, and how far a word may begin before the onset of its sound arrives.
const PREROLL: Duration = Duration::from_millis(300);

impl Default for Recogniser {
    fn default() -> Self {
        Self {
            took: Duration::from_millis(40),
            lag: Duration::from_millis(250),
            fails: Fails::Never,
            confidence: 0.9,
            words: VecDeque::new(),
            sessions: Vec::new(),
            opened: 0,
            pauses: 0,
        }
    }
}

pub fn fault() -> AsrFault {
    AsrFault::Engine("told to fail".into())
}

impl Recogniser {
    /// The caller says this from `from` on, so long.
    pub fn say(&mut self, from: Instant, length: Duration, text: &str) {
        let chars = text.chars().count().max(1) as u32;
        let mut at = from;
        for word in text.split_whitespace() {
            let end = at + length * word.chars().count() as u32 / chars;
            self.words.push_back((at, end, word.to_owned()));
            at = end + length / chars;
        }
        while self.words.len() > 100 {
            self.words.pop_front();
        }
    }

    /// A new session, of a call since `start`, for the ear.
    pub fn listen(&mut self, start: Instant, now: Instant, ask: &Ask) -> Result<Box<dyn Listen>, AsrFault> {
        if matches!(self.fails, Fails::Absent | Fails::Opening) {
            return Err(fault());
        }
        self.opened += 1;
        let split = |c: char| !(c.is_alphanumeric() || c == '\'');
        let (words, free) = match &ask.expect {
            asr::Expect::Grammar(grammar) => (grammar.split(split).map(str::to_owned).collect(), false),
            asr::Expect::Anything => (BTreeSet::new(), true),
        };
        let session = Arc::new(Mutex::new(Session {
            id: self.opened,
            words,
            free,
            start,
            now,
            utterance: Utterance::default(),
            from: None,
            speaking: false,
            paused: false,
            shown: 0,
            closed: false,
        }));
        self.sessions.push(session.clone());
        Ok(Box::new(Listener(session)))
    }

    /// A tick of the ear begins.
    pub fn tick(&mut self, now: Instant) {
        self.sessions.retain(|session| !lock(session).closed);
        self.sessions.iter().for_each(|session| lock(session).now = now);
    }

    /// The sessions whose caller has paused in this tick, and when [`Recogniser::finish`] is due.
    pub fn pauses(&self) -> Vec<(Duration, u64)> {
        let open = self.sessions.iter().map(|session| lock(session)).filter(|session| !session.closed);
        let paused = open.filter_map(|mut session| std::mem::take(&mut session.paused).then_some(session.id));
        paused.map(|id| (self.took, id)).collect()
    }

    fn heard(&self, session: &Session, until: Instant) -> Vec<&str> {
        let Some(from) = session.from else { return Vec::new() };
        let there = |word: &&(Instant, Instant, String)| word.1 > from && word.1 <= until;
        self.words.iter().filter(there).map(|(.., word)| word.as_str()).collect()
    }

    fn understands(session: &Session, words: &[&str]) -> bool {
        session.free || words.iter().all(|word| session.words.contains(*word))
    }

    /// The number of the newest session.
    pub fn opened(&self) -> u64 {
        self.opened
    }

    /// Words so far, if there are new ones.
    pub fn partial(&mut self, now: Instant) -> Option<String> {
        let speaking = self.sessions.iter().find(|session| {
            let session = lock(session);
            session.speaking && !session.closed
        });
        let mut session = lock(speaking?);
        let words = self.heard(&session, now - self.lag);
        let fresh = words.len() > session.shown && Self::understands(&session, &words);
        if fresh {
            session.shown = words.len();
        }
        fresh.then(|| words.join(" "))
    }

    /// The words of a pause, unless the caller has gone on or nobody wants them any more.
    pub fn finish(&mut self, now: Instant, id: u64) -> Option<Heard> {
        let session = self.sessions.iter().find(|session| lock(session).id == id)?.clone();
        let mut session = lock(&session);
        let EngineWork::Finish(pause) = session.utterance.work() else { return None };
        if session.closed || pause.noticed + self.took > now {
            return None;
        }
        self.pauses += 1;
        if matches!(self.fails, Fails::Pause(from) if self.pauses >= from) {
            session.closed = true;
            return Some(Heard::Failed(fault()));
        }
        let words = self.heard(&session, pause.noticed);
        let text = (!words.is_empty() && Self::understands(&session, &words)).then(|| words.join(" "));
        let confidence = if text.is_some() { self.confidence } else { 0.0 };
        session.utterance.answer(now, pause, Hypothesis { text, confidence }, "scripted")
    }
}

/// What is listened for, short: enough to see that it changed.
pub fn digest(expect: &Expect) -> String {
    let hash = expect.grammar.bytes().fold(0xcbf2_9ce4_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
    let flags = [(expect.free, " free"), (expect.keys, " keys"), (expect.secret, " secret")];
    let flags: String = flags.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
    format!("{:04x}{flags}", hash >> 16 ^ hash & 0xffff)
}
