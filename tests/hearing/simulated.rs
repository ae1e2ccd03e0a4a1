//! A call in simulated time: a telephone line, the real ear, a real recogniser and the conversation of a bot. The recogniser's work takes
//! no time, or as much of the call's time as it took of a processor's.
use crate::sound::{Noise, TICK, models};
use dialog::bot::Bot;
use dialog::conversation::{Conversation, Input, Output, SayId};
use media::asr::{Ask, Cue, Expect, Heard, Hearing, Hypothesis, Listen, Recogniser};
use media::codec::{Codec, Decoder, Encoder};
use media::ear::{Ear, EarPlan};
use media::frame::Origin;
use media::pool::utterance::{EngineWork, Pause, Utterance, UtteranceLimits};
use media::vad::Edge;
use media::{Frame, Language, Rate, SamplePos};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The length of a tick.
pub const STEP: Duration = Duration::from_millis(20);
const LIMITS: UtteranceLimits = UtteranceLimits { length: Duration::from_secs(60), backlog: Duration::from_secs(30) };

/// What the ear tells its session.
#[derive(Clone, Default)]
struct Cues(Arc<Mutex<VecDeque<Cue>>>);

impl Listen for Cues {
    fn cue(&mut self, cue: Cue) {
        self.0.lock().expect("the cues").push_back(cue);
    }
}

/// How a recogniser works.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// In no time.
    AtOnce,
    /// In the processor's time, beginning when the caller pauses.
    AtPauses,
    /// In the processor's time, and ahead of pauses.
    Ahead,
}

/// What this thread has had of a processor.
pub fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or_default())
}

/// A listening session as a speech worker holds it, without its thread.
pub struct Session<'a> {
    engine: &'a dyn Recogniser,
    ask: Ask,
    cues: Cues,
    utterance: Utterance,
    hearing: Box<dyn Hearing>,
    work: Work,
    /// When the work in progress is done, and what it comes to.
    until: Instant,
    words: Option<(Pause, Hypothesis)>,
    /// It works ahead since then. That work is done in the test once it is known what becomes of it.
    ahead: Option<Instant>,
}

/// The part of a decode that cannot be aborted: Whisper's encoder.
const ENCODER: Duration = Duration::from_millis(350);

impl<'a> Session<'a> {
    pub fn open(engine: &'a dyn Recogniser, ask: &Ask, work: Work, now: Instant) -> Self {
        let hearing = engine.open(ask).expect("a grammar that can be heard");
        let (cues, utterance, words, ahead) = (Cues::default(), Utterance::default(), None, None);
        Self { engine, ask: ask.clone(), cues, utterance, hearing, work, until: now, words, ahead }
    }

    /// The ear's end of the session.
    pub fn listener(&self) -> Box<dyn Listen> {
        Box::new(self.cues.clone())
    }

    /// The words of a pause, once the ear has told of one and the work on it is done.
    pub fn step(&mut self, now: Instant) -> Option<Heard> {
        let cues: Vec<Cue> = self.cues.0.lock().expect("the cues").drain(..).collect();
        for cue in cues {
            self.utterance.cue(now, cue, LIMITS).expect("room for the sound");
        }
        if let Some(since) = self.ahead {
            if self.utterance.abort().is_raised() {
                self.until = now.max(since + ENCODER);
            } else if self.utterance.is_final_due() {
                let before = processor_time();
                self.hearing.look_ahead().expect("an answer");
                self.until = since + processor_time().saturating_sub(before);
            } else {
                return None;
            }
            self.ahead = None;
        }
        while self.until <= now {
            if let Some((pause, hypothesis)) = self.words.take()
                && let Some(heard) = self.utterance.answer(now, pause, hypothesis, "told")
            {
                return Some(heard);
            }
            let before = processor_time();
            match self.utterance.work() {
                EngineWork::Rest => {
                    self.until = now;
                    return None;
                }
                EngineWork::Feed(pcm) => {
                    self.hearing.sound(&pcm).expect("sound");
                    self.utterance.feed(pcm.len());
                }
                EngineWork::LookAhead if self.work == Work::Ahead => {
                    self.ahead = Some(now);
                    return None;
                }
                EngineWork::LookAhead => {}
                EngineWork::Anew => {
                    self.utterance.restart();
                    self.hearing = self.engine.open(&self.ask).expect("a grammar that can be heard");
                }
                EngineWork::Finish(pause) => {
                    self.utterance.above().into_iter().for_each(|db| self.hearing.rises_above(db));
                    self.words = Some((pause, self.hearing.finish().expect("an answer")));
                }
            }
            if self.work != Work::AtOnce {
                self.until += processor_time().saturating_sub(before);
            }
        }
        None
    }
}

/// A telephone line from a quiet room.
pub struct Line {
    encoder: Box<dyn Encoder>,
    decoder: Box<dyn Decoder>,
    noise: Noise,
    tick: u64,
}

impl Line {
    pub fn new() -> Self {
        Self { encoder: Codec::Pcmu.encoder(), decoder: Codec::Pcmu.decoder(), noise: Noise(1), tick: 0 }
    }

    /// What arrives of the next tick.
    pub fn carry(&mut self, voice: &[i16]) -> Frame {
        let tick: Vec<i16> = (0..TICK)
            .map(|i| {
                (f64::from(voice.get(i).copied().unwrap_or(0)) + self.noise.room()).clamp(-32_000.0, 32_000.0) as i16
            })
            .collect();
        let (mut payload, mut heard) = (Vec::new(), Vec::new());
        self.encoder.encode(&tick, &mut payload);
        self.decoder.decode(&payload, &mut heard);
        let mut frame = Frame::silence(SamplePos(self.tick * SamplePos::PER_SECOND / 50), Rate::Hz8000);
        frame.pcm_mut().copy_from_slice(&heard);
        frame.origin = Origin::Line;
        self.tick += 1;
        frame
    }
}

pub fn language_of(bot: &Bot) -> Language {
    match bot.language {
        dialog::bot::Language::En => Language::En,
        dialog::bot::Language::Vi => Language::Vi,
    }
}

/// The bot's sound as the caller hears it, clause by clause.
#[derive(Default)]
struct Speaker {
    /// How long a character takes.
    pace: Duration,
    /// Clauses that are not heard to their ends: the first one has been heard for `heard`.
    clauses: VecDeque<(SayId, u32)>,
    heard: Duration,
    is_paused: bool,
}

impl Speaker {
    fn chars(&self) -> u32 {
        (self.heard.as_nanos() / self.pace.as_nanos().max(1)) as u32
    }

    /// What the conversation is told after another tick.
    fn tick(&mut self) -> Vec<Input> {
        let Some((say, chars)) = self.clauses.front().copied() else { return Vec::new() };
        if self.is_paused {
            return Vec::new();
        }
        let begins = self.heard.is_zero().then_some(Input::Speaking { say });
        self.heard += STEP;
        let ends = (self.chars() >= chars).then_some(Input::Heard { say, chars, whole: true });
        if ends.is_some() {
            self.clauses.pop_front();
            self.heard = Duration::ZERO;
        }
        begins.into_iter().chain(ends).collect()
    }

    /// What it is told of clauses that nobody hears any more.
    fn hush(&mut self, floor: SayId) -> Vec<Input> {
        self.is_paused = false;
        let mut told = Vec::new();
        while let Some((say, all)) = self.clauses.front().copied().filter(|(say, _)| *say < floor) {
            told.push(Input::Heard { say, chars: self.chars().min(all), whole: true });
            self.clauses.pop_front();
            self.heard = Duration::ZERO;
        }
        told
    }
}

/// A call in which the bot's own sound takes no time, or the time of a voice.
pub struct Call<'a> {
    engine: &'a dyn Recogniser,
    bot: &'a Arc<Bot>,
    work: Work,
    conversation: Conversation,
    ear: Ear,
    line: Line,
    session: Option<Session<'a>>,
    start: Instant,
    ticks: u32,
    /// Where the caller's speech began.
    began: SamplePos,
    speaker: Speaker,
}

impl<'a> Call<'a> {
    /// A call in which this was said before.
    pub fn new(engine: &'a dyn Recogniser, bot: &'a Arc<Bot>, before: &[&str], work: Work) -> Self {
        let start = Instant::now();
        let conversation = Conversation::new(bot.clone(), jiff::civil::date(2026, 11, 25).at(9, 0, 0, 0));
        let (ear, line) = (Ear::new(EarPlan::default(), models()), Line::new());
        let (session, ticks, began, speaker) = (None, 0, SamplePos(0), Speaker::default());
        let mut call = Self { engine, bot, work, conversation, ear, line, session, start, ticks, began, speaker };
        call.conversation.handle(start, Input::Answered);
        for said in before {
            call.drain(start);
            call.conversation.handle(start, Input::Typed((*said).into()));
        }
        call.drain(start);
        call
    }

    /// From now on the bot's sound takes this much time for each character.
    pub fn speak_at(&mut self, pace: Duration) {
        self.speaker.pace = pace;
    }

    /// Whether the caller hears the bot.
    pub fn bot_speaks(&self) -> bool {
        !self.speaker.clauses.is_empty()
    }

    /// The caller writes instead of speaking.
    pub fn write(&mut self, text: &str) -> Vec<Output> {
        let now = self.start + STEP * self.ticks;
        self.conversation.handle(now, Input::Typed(text.into()));
        self.drain(now)
    }

    /// The next tick of the call, with what the caller's voice sends in it. Returns what the bot does.
    pub fn tick(&mut self, voice: &[i16]) -> Vec<Output> {
        let now = self.start + STEP * self.ticks;
        self.ticks += 1;
        for input in self.speaker.tick() {
            self.conversation.handle(now, input);
        }
        let frame = self.line.carry(voice);
        let since = |from: SamplePos, to: SamplePos| {
            Duration::from_micros(to.0.saturating_sub(from.0) * 1_000_000 / SamplePos::PER_SECOND)
        };
        match self.ear.hear(&frame) {
            Some(Edge::Start { at, .. }) => {
                self.began = at;
                self.conversation.handle(now, Input::SpeechStarted);
            }
            Some(Edge::End { at, .. }) => {
                let (ago, spoke) = (since(at, frame.pos) + STEP, since(self.began, at));
                self.conversation.handle(now, Input::SpeechStopped { ago, spoke });
            }
            None => {}
        }
        if let Some(Heard::Final { hypothesis, .. }) = self.session.as_mut().and_then(|session| session.step(now)) {
            let (text, confidence) = (hypothesis.text, hypothesis.confidence);
            self.conversation.handle(now, Input::Words { text, confidence, is_final: true });
        }
        while self.conversation.deadline().is_some_and(|(at, _)| at <= now) {
            self.conversation.handle(now, Input::Tick);
        }
        self.drain(now)
    }

    fn drain(&mut self, now: Instant) -> Vec<Output> {
        let mut done = Vec::new();
        while let Some(output) = self.conversation.poll() {
            match &output {
                Output::Say { say, clause, .. } if !self.speaker.pace.is_zero() => {
                    self.speaker.clauses.push_back((*say, clause.chars()));
                }
                Output::Pause => self.speaker.is_paused = true,
                Output::Resume => self.speaker.is_paused = false,
                Output::Hush { floor, .. } => {
                    for input in self.speaker.hush(*floor) {
                        self.conversation.handle(now, input);
                    }
                }
                Output::Say { say, clause, .. } => {
                    let (say, chars) = (*say, clause.chars());
                    self.conversation.handle(now, Input::Speaking { say });
                    self.conversation.handle(now, Input::Heard { say, chars, whole: true });
                }
                Output::Listen(expect) => {
                    let language = language_of(self.bot);
                    let (lexicon, expect) =
                        (Arc::new(self.bot.lexicon.clone()), Expect::Grammar(expect.grammar.clone().into()));
                    let session = Session::open(self.engine, &Ask { language, expect, lexicon }, self.work, now);
                    self.ear.listen(Some(session.listener()));
                    self.session = Some(session);
                }
                _ => {}
            }
            done.push(output);
        }
        done
    }
}
