//! `Recogniser`: a scripted one. It knows what the caller says, hears the part of it that its session covers, and understands
//! nothing but words of the grammar it was given.
use dialog::conversation::Expect;
use media::asr::{AsrFault, Heard, Hypothesis};
use media::frame::SamplePos;
use media::vad::Edge;
use std::collections::{BTreeSet, VecDeque};
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
    session: Option<Session>,
    sessions: u64,
    pauses: u32,
}

struct Session {
    id: u64,
    words: BTreeSet<String>,
    free: bool,
    /// The beginning of its sound.
    from: Option<Instant>,
    speaking: bool,
    pause: Option<(Instant, SamplePos)>,
    shown: usize,
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
            session: None,
            sessions: 0,
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

    /// Whether opening a session fails, and when.
    pub fn refusal(&self) -> Option<(Duration, AsrFault)> {
        matches!(self.fails, Fails::Absent | Fails::Opening).then(|| (Duration::from_millis(20), fault()))
    }

    /// A new session. If somebody speaks (since `speech`), it gets that sound too.
    pub fn listen(&mut self, expect: &Expect, speech: Option<Instant>) {
        self.sessions += 1;
        let split = |c: char| !(c.is_alphanumeric() || c == '\'');
        self.session = Some(Session {
            id: self.sessions,
            words: expect.grammar.split(split).map(str::to_owned).collect(),
            free: expect.free,
            from: speech.map(|at| at - PREROLL),
            speaking: speech.is_some(),
            pause: None,
            shown: 0,
        });
    }

    /// The ear closes: a session that has had sound is dropped.
    pub fn shut(&mut self) {
        self.session.take_if(|session| session.from.is_some());
    }

    /// An edge of the caller's speech, in a call since `start`; at a pause, when [`Recogniser::finish`] is due.
    pub fn edge(&mut self, now: Instant, start: Instant, edge: Edge) -> Option<(Duration, u64)> {
        let session = self.session.as_mut()?;
        match edge {
            Edge::Start { at, arrived } => {
                // What a network held back was said long before it arrived, at its place in the call.
                let from = arrived.unwrap_or(now).min(start + at.since_start());
                session.from.get_or_insert(from - PREROLL);
                (session.speaking, session.pause) = (true, None);
                None
            }
            Edge::End { at, .. } => {
                session.from?;
                (session.speaking, session.pause) = (false, Some((now, at)));
                Some((self.took, session.id))
            }
        }
    }

    fn heard(&self, session: &Session, until: Instant) -> Vec<&str> {
        let Some(from) = session.from else { return Vec::new() };
        let there = |word: &&(Instant, Instant, String)| word.1 > from && word.1 <= until;
        self.words.iter().filter(there).map(|(.., word)| word.as_str()).collect()
    }

    fn understands(session: &Session, words: &[&str]) -> bool {
        session.free || words.iter().all(|word| session.words.contains(*word))
    }

    /// Words so far, if there are new ones.
    pub fn partial(&mut self, now: Instant) -> Option<String> {
        let session = self.session.as_ref().filter(|session| session.speaking)?;
        let words = self.heard(session, now - self.lag);
        let fresh = words.len() > session.shown && Self::understands(session, &words);
        let (text, count) = (words.join(" "), words.len());
        if let (true, Some(session)) = (fresh, &mut self.session) {
            session.shown = count;
        }
        fresh.then_some(text)
    }

    /// The words of a pause, unless the caller has gone on or nobody wants them any more.
    pub fn finish(&mut self, now: Instant, id: u64) -> Option<Heard> {
        let session = self.session.as_mut().filter(|session| session.id == id)?;
        let (noticed, to) = session.pause.filter(|(at, _)| *at + self.took <= now)?;
        session.pause = None;
        self.pauses += 1;
        if matches!(self.fails, Fails::Pause(from) if self.pauses >= from) {
            self.session = None;
            return Some(Heard::Failed(fault()));
        }
        let session = self.session.as_ref()?;
        let words = self.heard(session, noticed);
        let text = (!words.is_empty() && Self::understands(session, &words)).then(|| words.join(" "));
        let confidence = if text.is_some() { self.confidence } else { 0.0 };
        Some(Heard::Final {
            hypothesis: Hypothesis { text, confidence },
            from: SamplePos(0),
            to,
            engine: "scripted",
            took: self.took,
            done_at: now,
        })
    }
}

/// What is listened for, short: enough to see that it changed.
pub fn digest(expect: &Expect) -> String {
    let hash = expect.grammar.bytes().fold(0xcbf2_9ce4_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
    let flags = [(expect.free, " free"), (expect.keys, " keys"), (expect.secret, " secret")];
    let flags: String = flags.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
    format!("{:04x}{flags}", hash >> 16 ^ hash & 0xffff)
}
