//! `SpeechSession`: one call with an endpoint that hears and speaks. It sends the caller's sound while they speak, asks for an answer when the
//! call's own turn-taking says so, tells the conversation the words of it, and has its sound said clause by clause. A core: it is told the
//! time, and holds no socket.
use super::clauses::SpeechClauses;
use super::dialogue::{HEARD_HZ, Item, News, Setup, SpeechDialogue};
use super::mirror::{self, Mirror, Plan};
use super::output::Output;
use crate::engines::remote::connection::OPENING;
use dialog::model::language_model::{ModelFault, ModelNews, ModelRequest, Purpose, RequestId};
use media::Rate;
use media::asr::Cue;
use media::playout::{Phase, Played};
use media::remote::{Message, Received, RemoteFault};
use media::tts::delivery::ClauseText;
use media::tts::{Sink, Spoken, UtteranceId};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The longest turn of which the sound is kept.
const LONGEST_TURN: usize = 30 * HEARD_HZ as usize;
/// A shorter sound is no turn: it is told in words.
const SHORTEST_TURN: usize = HEARD_HZ as usize / 10;
/// Sound is sent in pieces of 100 ms while it comes, and of a second where it was kept.
const PIECE: usize = HEARD_HZ as usize / 10;
const LARGEST_PIECE: usize = HEARD_HZ as usize;
/// Words may still come so long after all of the sound.
const LAST_WORDS: Duration = Duration::from_millis(250);
/// An answer that was stopped ends within this, or the connection is of no more use.
const STOPPING: Duration = Duration::from_secs(2);
/// The playout says how much was heard within this.
const CUT: Duration = Duration::from_millis(150);

#[derive(Debug)]
pub enum Input {
    /// The caller's sound from here on belongs to a new turn. `hears`: the endpoint may be told it.
    Turn {
        hears: bool,
    },
    Cue(Cue),
    Ask(ModelRequest),
    Stop(RequestId),
    Say {
        utterance: UtteranceId,
        text: ClauseText,
        interruptible: bool,
        /// The words as they were written.
        written: String,
    },
    Tune(Rate),
    Hush(UtteranceId),
    Played(Played),
    /// What the bot's own voice says of its clauses.
    Near(Spoken),
    Opened,
    Received(Received),
    Failed(RemoteFault),
    /// The deadline is reached.
    Tick,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Down,
    Opening {
        by: Instant,
    },
    /// Open, and the endpoint was not told yet what holds.
    Open,
    Setting {
        by: Instant,
    },
    Ready,
}

pub struct SpeechSetup {
    /// Its name in the configuration.
    pub engine: &'static str,
    /// Makes the messages of a new connection.
    pub dialogue: Box<dyn Fn() -> Box<dyn SpeechDialogue> + Send>,
    pub rate: Rate,
}

pub struct SpeechSession {
    make: Box<dyn Fn() -> Box<dyn SpeechDialogue> + Send>,
    dialogue: Box<dyn SpeechDialogue>,
    link: Link,
    /// What the endpoint was told that holds.
    setup: Option<Setup>,
    mirror: Mirror,
    /// The caller's sound since the last answer, and how much of it was sent.
    sound: Vec<i16>,
    sent: usize,
    hears: bool,
    /// The request that is still to be sent, and the one that is being answered.
    waiting: Option<ModelRequest>,
    /// Until when it waits for the end of an answer that was stopped.
    waits_until: Option<Instant>,
    current: Option<RequestId>,
    /// When an answer of which all sound has come is over.
    ends_at: Option<Instant>,
    /// When the endpoint is told at the latest what was heard.
    settles_at: Option<Instant>,
    clauses: SpeechClauses,
    /// A connection that was lost while nothing was asked may be opened again before something is.
    may_reopen: bool,
    out: VecDeque<Output>,
}

impl SpeechSession {
    /// It opens a connection at once, so that the first answer does not wait for it.
    pub fn new(now: Instant, setup: SpeechSetup, sink: Box<dyn Sink>) -> Self {
        let SpeechSetup { engine, dialogue: make, rate } = setup;
        let dialogue = make();
        let mut session = Self {
            clauses: SpeechClauses::new(engine, dialogue.hz(), rate, sink),
            make,
            dialogue,
            link: Link::Down,
            setup: None,
            mirror: Mirror::default(),
            sound: Vec::new(),
            sent: 0,
            hears: false,
            waiting: None,
            waits_until: None,
            current: None,
            ends_at: None,
            settles_at: None,
            may_reopen: false,
            out: VecDeque::new(),
        };
        session.connect(now);
        session
    }

    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        let link = match self.link {
            Link::Opening { by } | Link::Setting { by } => Some(by),
            Link::Down | Link::Open | Link::Ready => None,
        };
        let stuck = self.waits_until.filter(|_| self.waiting.is_some());
        [link, stuck, self.ends_at, self.settles_at, self.clauses.deadline(now)].into_iter().flatten().min()
    }

    pub fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Turn { hears } => {
                self.forget_sound();
                self.hears = hears;
            }
            Input::Cue(cue) => self.cue(now, cue),
            Input::Ask(request) => self.ask(now, request),
            Input::Stop(id) => self.stop(id),
            Input::Say { utterance, text, interruptible, written } => {
                self.clauses.say(utterance, text, interruptible, &written, &mut self.out);
            }
            Input::Tune(rate) => self.clauses.tune(rate),
            Input::Hush(floor) => {
                self.clauses.hush(floor);
                self.settles_at = Some(now + CUT);
            }
            Input::Played(played) => {
                let is_mine = self.clauses.played(&played);
                if is_mine && played.phase == Phase::Cut {
                    self.settle();
                }
            }
            Input::Near(spoken) => {
                self.clauses.near(&spoken);
                self.out.push_back(Output::Spoken(spoken));
            }
            Input::Opened => self.opened(now),
            Input::Received(received) => match self.dialogue.received(&received) {
                Ok(news) => news.into_iter().for_each(|news| self.news(now, news)),
                Err(fault) => {
                    self.out.push_back(Output::Close);
                    self.fail(fault);
                }
            },
            Input::Failed(fault) => self.fail(fault),
            Input::Tick => {}
        }
        self.check_time(now);
        self.try_ask(now);
        self.clauses.work(now, &mut self.out);
        if self.clauses.take_over() {
            self.mirror.forget_answers();
        }
    }

    fn send(&mut self, messages: impl IntoIterator<Item = Message>) {
        self.out.extend(messages.into_iter().map(Output::Send));
    }

    fn connect(&mut self, now: Instant) {
        self.link = Link::Opening { by: now + OPENING };
        (self.dialogue, self.mirror, self.setup, self.sent) = ((self.make)(), Mirror::default(), None, 0);
        self.forget_answers();
        self.out.push_back(Output::Connect);
    }

    /// A new connection knows nothing of the answers of others.
    fn forget_answers(&mut self) {
        self.clauses.answers.iter_mut().for_each(|answer| answer.is_settled = true);
    }

    fn opened(&mut self, now: Instant) {
        self.link = Link::Open;
        let setup = self.waiting.as_ref().map(|request| mirror::setup(&request.body));
        // What holds can be told later, or it is not known yet.
        let usual = || self.dialogue.change(&Setup::default()).map(|_| Setup::default());
        if let Some(setup) = setup.or_else(usual) {
            self.set_up(now, setup);
        }
    }

    fn set_up(&mut self, now: Instant, setup: Setup) {
        self.link = Link::Setting { by: now + OPENING };
        let messages = self.dialogue.opening(&setup);
        self.setup = Some(setup);
        self.send(messages);
    }

    fn cue(&mut self, now: Instant, cue: Cue) {
        match cue {
            Cue::Begin { .. } if self.link == Link::Down && self.may_reopen => self.connect(now),
            Cue::Sound(pcm) if self.hears => {
                self.sound.extend_from_slice(&pcm);
                let over = self.sound.len().saturating_sub(LONGEST_TURN);
                self.sound.drain(..over);
                self.sent = self.sent.saturating_sub(over);
                if self.sound.len() - self.sent >= PIECE {
                    self.send_sound();
                }
            }
            Cue::Anew { keep, .. } => {
                let kept = self.sound.split_off(self.sound.len().saturating_sub(keep));
                self.forget_sound();
                self.sound = kept;
            }
            Cue::Begin { .. } | Cue::Sound(_) | Cue::Above { .. } | Cue::Pause { .. } => {}
        }
    }

    /// Sends what there is of the caller's sound, if it disturbs nothing.
    fn send_sound(&mut self) {
        if self.link != Link::Ready || !self.dialogue.takes_sound() {
            return;
        }
        for piece in self.sound[self.sent..].chunks(LARGEST_PIECE) {
            self.out.extend(self.dialogue.sound(piece).into_iter().map(Output::Send));
        }
        self.sent = self.sound.len();
    }

    fn forget_sound(&mut self) {
        if std::mem::take(&mut self.sent) > 0 && self.link == Link::Ready {
            let messages = self.dialogue.forget_sound();
            self.send(messages);
        }
        self.sound.clear();
    }

    fn ask(&mut self, now: Instant, request: ModelRequest) {
        if request.purpose == Purpose::Summary {
            // It keeps the talk itself.
            return self.out.push_back(Output::Told(request.id, ModelNews::End));
        }
        if let Some(before) = self.current {
            self.stop(before);
        }
        self.waiting = Some(request);
        self.waits_until = (self.link == Link::Ready && self.dialogue.is_busy()).then(|| now + STOPPING);
        if self.link == Link::Down {
            self.connect(now);
        }
    }

    fn stop(&mut self, id: RequestId) {
        self.waiting.take_if(|request| request.id == id);
        if self.current.take_if(|current| *current == id).is_some() {
            self.ends_at = None;
            let messages = self.dialogue.stop();
            self.send(messages);
            if let Some(answer) = self.clauses.answer(id) {
                answer.is_over = true;
            }
        }
    }

    /// Sends the request that waits, where the endpoint takes it now.
    fn try_ask(&mut self, now: Instant) {
        let Some(request) = &self.waiting else { return };
        let setup = mirror::setup(&request.body);
        match self.link {
            Link::Open => return self.set_up(now, setup),
            Link::Down | Link::Opening { .. } | Link::Setting { .. } => return,
            Link::Ready if self.dialogue.is_busy() => return,
            Link::Ready => {}
        }
        if self.setup.as_ref() != Some(&setup) {
            let Some(messages) = self.dialogue.change(&setup) else { return self.connect(now) };
            self.send(messages);
            self.setup = Some(setup);
        }
        let Some(request) = self.waiting.take() else { return };
        let is_new = self.mirror.is_empty();
        let has_sound = self.hears && self.sound.len() >= SHORTEST_TURN;
        let (is_sure, marks_cuts) = (request.purpose == Purpose::Answer, !self.dialogue.learns_what_was_heard());
        let Ok(plan) = self.mirror.plan(&request.body, has_sound, is_sure, marks_cuts) else {
            self.waiting = Some(request);
            return self.connect(now);
        };
        self.send_plan(plan, is_new);
        self.clauses.begin_answer(request.id);
        self.current = Some(request.id);
        self.ends_at = None;
    }

    fn send_plan(&mut self, plan: Plan, is_new: bool) {
        let Plan { mut items, has_turn } = plan;
        if has_turn {
            self.settle();
        }
        if is_new {
            let last = items.iter().rposition(|item| matches!(item, Item::Sound | Item::Caller(_)));
            let before: Vec<Item> = items.drain(..last.unwrap_or_default()).collect();
            let messages = self.dialogue.history(&before);
            self.send(messages);
        }
        let by_sound = items.contains(&Item::Sound);
        if by_sound {
            self.send_sound();
        }
        let messages = self.dialogue.answer(&items);
        self.send(messages);
        if by_sound {
            self.sound.clear();
            self.sent = 0;
        }
    }

    /// Tells the endpoint what was heard of its answers, as far as it does not know.
    fn settle(&mut self) {
        self.settles_at = None;
        for answer in self.clauses.answers.iter_mut().filter(|answer| answer.is_over) {
            let cut = answer.settle();
            if self.link == Link::Ready {
                let told = cut.iter().filter_map(|(item, ms)| self.dialogue.heard(item, *ms));
                self.out.extend(told.map(Output::Send));
            }
        }
    }

    fn news(&mut self, now: Instant, news: News) {
        if news == News::Ready {
            self.link = Link::Ready;
            self.may_reopen = true;
            return self.send_sound();
        }
        let Some(id) = self.current else { return };
        let Some(answer) = self.clauses.answer(id) else { return };
        let told = match news {
            News::Ready => return,
            News::Text(text) => {
                answer.text(&text);
                self.mirror.answers(&text);
                self.ends_at = self.ends_at.map(|_| now + LAST_WORDS);
                ModelNews::Text(text)
            }
            News::Sound { item, pcm } => return answer.sound(&item, &pcm),
            News::Tool(part) => {
                self.mirror.calls(&part);
                ModelNews::Tool(part)
            }
            News::Ending => {
                self.ends_at = Some(now + LAST_WORDS);
                return;
            }
            News::End => {
                (answer.is_whole, answer.is_over) = (true, true);
                (self.current, self.ends_at) = (None, None);
                ModelNews::End
            }
            News::Failed(fault) => {
                answer.is_over = true;
                (self.current, self.ends_at) = (None, None);
                ModelNews::Failed(fault)
            }
        };
        self.out.push_back(Output::Told(id, told));
    }

    fn check_time(&mut self, now: Instant) {
        if let Link::Opening { by } | Link::Setting { by } = self.link
            && now >= by
        {
            self.out.push_back(Output::Close);
            self.fail(RemoteFault::Late);
        }
        if self.waiting.is_some() && self.waits_until.take_if(|at| now >= *at).is_some() {
            self.connect(now);
        }
        if self.ends_at.is_some_and(|at| now >= at) {
            self.news(now, News::End);
        }
        if self.settles_at.is_some_and(|at| now >= at) {
            self.settle();
        }
    }

    /// The connection is over. What was asked is not answered any more; the next request finds a new connection, and is told all.
    fn fail(&mut self, fault: RemoteFault) {
        self.link = Link::Down;
        (self.sent, self.ends_at, self.settles_at) = (0, None, None);
        self.may_reopen = self.may_reopen && fault == RemoteFault::Closed && self.waiting.is_none();
        let fault = model_fault(fault);
        if let Some(id) = self.current.take() {
            if let Some(answer) = self.clauses.answer(id) {
                answer.is_over = true;
            }
            self.out.push_back(Output::Told(id, ModelNews::Failed(fault)));
        }
        if let Some(request) = self.waiting.take() {
            self.out.push_back(Output::Told(request.id, ModelNews::Failed(fault)));
        }
        self.forget_answers();
    }
}

/// What the conversation is told of a connection's fault.
pub fn model_fault(fault: RemoteFault) -> ModelFault {
    match fault {
        RemoteFault::Unreachable | RemoteFault::NoCertificates => ModelFault::Unreachable,
        RemoteFault::Refused(status) => ModelFault::of_status(status, None),
        RemoteFault::Closed => ModelFault::Broken,
        RemoteFault::Reported => ModelFault::Reported,
        RemoteFault::Garbled => ModelFault::Malformed,
        RemoteFault::Late | RemoteFault::Unanswered => ModelFault::Late,
        RemoteFault::Full => ModelFault::Stalled,
    }
}

#[cfg(test)]
mod tests;
