//! `RemoteClauses`: the clauses of a call that a remote voice says, one after another. A core: it is told the time, and holds no socket.
//! A clause that the engine fails on, or lets the caller wait for, is handed over from where it was left, with those behind it; until the
//! near voice has said them, new clauses follow it there.
use super::connection::OPENING;
use media::Rate;
use media::pool::clauses::{Clause, ClauseQueue};
use media::remote::{Message, Received, RemoteFault};
use media::resample::Resampler;
use media::tts::delivery::ClauseText;
use media::tts::remote::{ClauseDialogue, ClauseNews};
use media::tts::{Chunk, Sink, Spoken, UtteranceId};
use std::collections::{BTreeSet, VecDeque};
use std::ops::ControlFlow::Break;
use std::time::{Duration, Instant};

/// Where the engine does not tell: a character lasts about this long.
const PER_CHARACTER: Duration = Duration::from_millis(65);
/// A clause whose sound is longer is none.
const LONGEST: Duration = Duration::from_secs(120);
/// How soon sound that found no room is offered again.
const RETRY: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub enum Input {
    Say {
        utterance: UtteranceId,
        text: ClauseText,
        interruptible: bool,
    },
    Tune(Rate),
    /// Answers come too late, or in time again.
    Hurry(bool),
    Hush(UtteranceId),
    /// The connection is open.
    Opened,
    Received(Received),
    Failed(RemoteFault),
    /// What the near voice says of clauses that were handed over.
    Near(Spoken),
    /// The deadline is reached.
    Tick,
}

#[derive(Debug)]
pub enum Output {
    /// A connection is wanted; one that is open is over.
    Connect,
    Send(Message),
    Spoken(Spoken),
    /// A clause for the near voice.
    HandOver(Clause),
    /// The engine did what it was asked, or did not.
    Did(Result<(), RemoteFault>),
}

/// What a call's clauses are said with.
pub struct ClausesSetup {
    pub engine: &'static str,
    pub dialogue: Box<dyn ClauseDialogue>,
    /// From a clause to its first sound, and from where its sound ends to more.
    pub patience: Duration,
    /// The most clauses that wait.
    pub limit: usize,
    pub rate: Rate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Down,
    Opening { by: Instant },
    Open,
}

/// The clause that the engine says.
struct Saying {
    clause: Clause,
    number: u64,
    /// When more sound has to have come.
    deadline: Instant,
    /// Sound has come.
    has_started: bool,
    resampler: Resampler,
    /// Samples so far, at the clause's rate.
    made: usize,
    /// Times of characters, as the engine tells them, and those that its sound has reached.
    marks: VecDeque<(Duration, u32)>,
    has_marks: bool,
    said: u32,
}

impl Saying {
    fn lasts(&self) -> Duration {
        Duration::from_secs_f64(self.made as f64 / f64::from(self.clause.rate.hz()))
    }

    /// How many characters the sound so far says: never all of them, for the end says that.
    fn reached(&mut self) -> u32 {
        let lasts = self.lasts();
        let all = self.clause.text.chars().count() as u32;
        let reached = if self.has_marks {
            let mut reached = 0;
            while let Some((_, characters)) = self.marks.pop_front_if(|(at, _)| *at <= lasts) {
                reached = characters;
            }
            reached
        } else {
            (lasts.as_millis() / PER_CHARACTER.as_millis()) as u32
        };
        self.said = self.said.max(reached).min(all.saturating_sub(1));
        self.said
    }
}

pub struct RemoteClauses {
    setup: ClausesSetup,
    queue: ClauseQueue,
    rate: Rate,
    link: Link,
    current: Option<Saying>,
    /// When the clause that waits for a connection has to have sound.
    due: Option<Instant>,
    number: u64,
    /// Why the clauses are handed over as soon as their sound has left.
    failing: Option<RemoteFault>,
    /// Clauses that the near voice has yet to say.
    near: BTreeSet<UtteranceId>,
    /// The engine rests: the near voice says all.
    resting: bool,
    /// Answers come too late: the engine is given half the time.
    hurries: bool,
    /// When what has been sent so far will have been heard.
    heard_until: Option<Instant>,
    out: VecDeque<Output>,
}

impl RemoteClauses {
    /// It opens a connection at once, so that the first clause does not wait for it.
    pub fn new(now: Instant, setup: ClausesSetup, sink: Box<dyn Sink>, resting: bool) -> Self {
        let (rate, queue) = (setup.rate, ClauseQueue::new(sink, setup.rate));
        let (current, due, failing, near, out) = (None, None, None, BTreeSet::new(), VecDeque::new());
        let mut clauses = Self {
            setup,
            queue,
            rate,
            link: Link::Down,
            current,
            due,
            number: 0,
            failing,
            near,
            resting,
            hurries: false,
            heard_until: None,
            out,
        };
        if !resting {
            clauses.connect(now);
        }
        clauses
    }

    /// Whether the engine rests. It holds for clauses that are not begun.
    pub fn set_resting(&mut self, resting: bool) {
        self.resting = resting;
    }

    pub fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Say { utterance, text, interruptible } => self.say(utterance, text, interruptible),
            Input::Tune(rate) => {
                self.rate = rate;
                self.queue.tune(rate);
            }
            Input::Hurry(hurries) => self.hurries = hurries,
            Input::Hush(floor) => self.hush(floor),
            Input::Opened => self.link = Link::Open,
            Input::Received(received) => match self.setup.dialogue.received(received) {
                Ok(Some(news)) => self.news(now, news),
                Ok(None) => {}
                Err(fault) => self.fail(fault),
            },
            Input::Failed(fault) => self.fail(fault),
            Input::Near(spoken) => self.near(spoken),
            Input::Tick => {}
        }
        self.check_time(now);
        self.work(now);
    }

    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        let opening = if let Link::Opening { by } = self.link { Some(by) } else { None };
        let saying = self.current.as_ref().map(|saying| saying.deadline);
        let retry = self.queue.has_unsent().then(|| now + RETRY);
        opening.into_iter().chain(saying).chain(self.due).chain(retry).min()
    }

    fn say(&mut self, utterance: UtteranceId, text: ClauseText, interruptible: bool) {
        if let Err(fault) = self.queue.push(utterance, text, interruptible, self.setup.limit) {
            self.out.push_back(Output::Spoken(Spoken::Failed { utterance, fault }));
        }
    }

    fn hush(&mut self, floor: UtteranceId) {
        self.queue.hush(floor);
        self.near.retain(|utterance| *utterance >= floor);
        if self.current.as_ref().is_some_and(|saying| saying.clause.utterance < floor) {
            self.cancel();
        }
        (self.due, self.heard_until) = (None, None);
    }

    /// Nobody wants more of the clause that the engine says.
    fn cancel(&mut self) {
        if let Some(saying) = self.current.take() {
            let message = self.setup.dialogue.cancel(saying.number);
            self.out.push_back(Output::Send(message));
        }
    }

    fn near(&mut self, spoken: Spoken) {
        if let Spoken::Done { utterance } | Spoken::Failed { utterance, .. } = &spoken {
            self.near.remove(utterance);
        }
        self.out.push_back(Output::Spoken(spoken));
    }

    fn connect(&mut self, now: Instant) {
        self.link = Link::Opening { by: now + OPENING };
        self.out.push_back(Output::Connect);
    }

    /// Does what can be done now.
    fn work(&mut self, now: Instant) {
        _ = self.queue.send_rest();
        if self.queue.has_unsent() {
            return;
        }
        if let Some(fault) = self.failing.take() {
            self.out.push_back(Output::Did(Err(fault)));
            return self.hand_over();
        }
        while self.current.is_none() && self.queue.is_due() && self.queue.next_clause().is_some() {
            if self.resting || !self.near.is_empty() {
                return self.hand_over();
            }
            match self.link {
                Link::Open => self.begin(now),
                Link::Opening { .. } => {
                    let due = self.patient_until(now);
                    self.due.get_or_insert(due);
                    return;
                }
                Link::Down => self.connect(now),
            }
        }
    }

    fn hand_over(&mut self) {
        self.due = None;
        for mut clause in self.queue.take_all() {
            clause.said = word_of(&clause.text, clause.said);
            self.near.insert(clause.utterance);
            self.out.push_back(Output::HandOver(clause));
        }
    }

    /// Until when sound that is asked for now is waited for: the caller waits from where the sound so far ends.
    fn patient_until(&self, now: Instant) -> Instant {
        let patience = if self.hurries { self.setup.patience / 2 } else { self.setup.patience };
        self.heard_until.map_or(now, |until| until.max(now)) + patience
    }

    /// Asks for the next clause.
    fn begin(&mut self, now: Instant) {
        let deadline = self.due.take().unwrap_or(self.patient_until(now));
        let Some(clause) = self.queue.next_clause() else { return };
        if clause.text.trim().is_empty() {
            self.queue.end();
            self.out.push_back(Output::Spoken(Spoken::Done { utterance: clause.utterance }));
            return;
        }
        if !clause.delivery.is_usual() {
            tracing::debug!(
                engine = self.setup.engine,
                "a voice of another machine is asked for no speeds and no phonemes"
            );
        }
        self.number += 1;
        let resampler = Resampler::new(self.setup.dialogue.hz(), clause.rate.hz());
        let messages = self.setup.dialogue.say(self.number, &clause.text);
        self.out.extend(messages.into_iter().map(Output::Send));
        let (number, made, marks) = (self.number, 0, VecDeque::new());
        let (has_started, has_marks, said) = (false, false, 0);
        self.current = Some(Saying { clause, number, deadline, has_started, resampler, made, marks, has_marks, said });
    }

    fn news(&mut self, now: Instant, news: ClauseNews) {
        let Some(saying) = self.current.as_mut().filter(|saying| saying.number == news.clause) else { return };
        saying.has_marks |= !news.marks.is_empty();
        saying.marks.extend(news.marks);
        let mut pcm = Vec::new();
        saying.resampler.push(&news.pcm, &mut pcm);
        if news.is_end {
            if saying.made + pcm.len() == 0 {
                return self.fail(RemoteFault::Garbled);
            }
            saying.resampler.finish(&mut pcm);
            // Its last piece of sound is there to say so.
            pcm.resize(pcm.len() + saying.clause.rate.per_tick(), 0);
        }
        if !pcm.is_empty() {
            saying.made += pcm.len();
            if saying.lasts() > LONGEST {
                return self.fail(RemoteFault::Garbled);
            }
            let all = saying.clause.text.chars().count() as u32;
            let upto_char = if news.is_end { all } else { saying.reached() };
            if !std::mem::replace(&mut saying.has_started, true) {
                let (utterance, engine) = (saying.clause.utterance, self.setup.engine);
                self.out.push_back(Output::Spoken(Spoken::Started { utterance, engine, at: now }));
            }
            let more = Duration::from_secs_f64(pcm.len() as f64 / f64::from(saying.clause.rate.hz()));
            let heard_until = self.heard_until.map_or(now, |until| until.max(now)) + more;
            self.heard_until = Some(heard_until);
            saying.deadline = heard_until + self.setup.patience;
            if self.queue.send(&saying.clause, 0, Chunk { pcm: &pcm, upto_char }) == Break(()) {
                return self.cancel();
            }
        }
        if news.is_end
            && let Some(saying) = self.current.take()
        {
            self.queue.end();
            self.out.push_back(Output::Did(Ok(())));
            self.out.push_back(Output::Spoken(Spoken::Done { utterance: saying.clause.utterance }));
        }
    }

    fn check_time(&mut self, now: Instant) {
        let is_late = self.current.as_ref().is_some_and(|saying| now >= saying.deadline);
        let is_closed = matches!(self.link, Link::Opening { by } if now >= by);
        if is_late || is_closed || self.due.is_some_and(|due| now >= due) {
            self.fail(RemoteFault::Late);
        }
    }

    /// The engine fails. Where no clause is wanted of it, the next one finds a new connection: services close those that are idle.
    fn fail(&mut self, fault: RemoteFault) {
        self.cancel();
        let (was, is_wanted) = (self.link, self.queue.next_clause().is_some());
        self.link = Link::Down;
        self.due = None;
        if is_wanted {
            self.failing = Some(fault);
        } else if matches!(was, Link::Opening { .. }) {
            self.out.push_back(Output::Did(Err(fault)));
        }
    }
}

/// The characters before the word that character `said` is in: half a word twice is better than a lost one.
pub fn word_of(text: &str, said: u32) -> u32 {
    let characters: Vec<char> = text.chars().collect();
    let said = (said as usize).min(characters.len());
    if said == characters.len() || characters[said].is_whitespace() {
        return said as u32;
    }
    characters[..said].iter().rposition(|character| character.is_whitespace()).map_or(0, |space| space as u32 + 1)
}

#[cfg(test)]
mod tests;
