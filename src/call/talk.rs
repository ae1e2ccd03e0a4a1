//! `Talk`: the core of one call. It joins the conversation (words) with the room, the engines and the line (sound), and writes
//! the call's record. It is told the time and asks for what it wants done as [`Act`]s; `actor` performs them.
use super::end::{Blame, End, Reason};
use super::page::{Incoming, Page, State, Wish};
use super::timeline::{Owed, Silence, Silences, Stopwatch, line};
use super::turns::{BotTurns, CallerTurn, before, clause, utterance};
use super::twins::{Road, Twins};
use super::watch::Watch;
pub use super::watch::{Limits, Why};
pub use crate::standby::Clip;
use crate::store;
use crate::store::{Event as Note, Mark, Private, Slot, Speaker, Turn};
use dialog::conversation::{By, Conversation, Expect, Input as Words, Output, SayId, ToolCall, ToolFault, ToolId};
use media::SamplePos;
use media::asr::Heard;
use media::ear::EarState;
use media::playout::{Gain, Phase, Played};
use media::room::Event;
use media::tts::{Spoken, UtteranceId};
use media::vad::Edge;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

mod obey;

/// A bot that gives no sound for this long, although it owes some, has failed.
const HOPELESS: Duration = Duration::from_secs(12);

/// A standby clip may come again after this, if the bot has still not been heard.
const AGAIN: Duration = Duration::from_secs(5);

/// What happens to a call.
#[derive(Debug)]
pub enum Input {
    /// The line is open both ways.
    Answered,
    Room(Event),
    Heard(Heard),
    Spoken(Spoken),
    /// A key by signalling (SIP INFO); keys in the sound path come with the room.
    Key(char),
    Held(bool),
    /// A browser's connection is gone, or back: like a hold, but nobody's doing.
    Lost(bool),
    /// From a browser's data channel.
    Page(Incoming),
    ToolDone {
        id: ToolId,
        result: Result<serde_json::Value, ToolFault>,
    },
    /// The line is gone: the far end hung up, or its network or our side did.
    Gone(End),
    /// An operator, the API or a drain ends the call.
    EndNow(End),
    Tick,
}

/// What the core wants done.
#[derive(Debug)]
pub enum Act {
    Say {
        utterance: UtteranceId,
        text: String,
        interruptible: bool,
    },
    /// Play this at once: the bot's own sound does not come.
    Standby {
        utterance: UtteranceId,
        clip: Clip,
    },
    Gain(Gain),
    Hush(UtteranceId),
    Listen(Expect),
    Ear(EarState),
    /// Sound between these must not be stored.
    Secret(bool),
    Run {
        id: ToolId,
        call: ToolCall,
    },
    Note(Note),
    /// A message for the browser's page.
    Tell(String),
    /// Hang up; nothing more follows.
    End(End),
}

pub struct Talk {
    conversation: Conversation,
    dead_air: Duration,
    watch: Watch,
    acts: VecDeque<Act>,
    started: Instant,
    answered: Option<Instant>,
    silences: Silences,
    stopwatch: Stopwatch,
    /// Where in the call the caller's voice last began.
    speech_at: SamplePos,
    turns: u32,
    bot: BotTurns,
    caller: CallerTurn,
    /// The bot owes sound since then; when a standby clip last covered for it, and whether that is still to be heard.
    owing: Option<Instant>,
    stood_by: Option<Instant>,
    standing_by: bool,
    /// The clause that the last clips went before, and how many they were.
    clips: (UtteranceId, u64),
    /// A clause that has begun and whose sound has run out.
    missing: Option<UtteranceId>,
    /// The bot owes an answer whose words the recogniser is late with.
    late: bool,
    /// A tool runs: the conversation excuses it, and owes nothing else.
    working: bool,
    /// The newest clause.
    newest: SayId,
    twins: Twins,
    /// A browser's page, told what happens.
    page: Option<Page>,
    /// The conversation has stopped the playout for a moment.
    holding: bool,
    /// The caller holds the line; their connection is lost.
    held: bool,
    lost: bool,
    secret: bool,
    deaf: bool,
    /// The conversation has said its last word; the call ends when it has been heard, or by then at the latest.
    farewell: Option<(End, Instant)>,
    ended: bool,
}

/// The last clauses are given this long to be heard.
const FAREWELL: Duration = Duration::from_secs(20);

impl Talk {
    pub fn new(conversation: Conversation, limits: Limits, started: Instant) -> Self {
        Self {
            conversation,
            dead_air: limits.dead_air,
            watch: Watch::new(limits, started),
            acts: VecDeque::new(),
            started,
            answered: None,
            silences: Silences::default(),
            stopwatch: Stopwatch::default(),
            speech_at: SamplePos::default(),
            turns: 0,
            bot: BotTurns::default(),
            caller: CallerTurn::default(),
            owing: None,
            stood_by: None,
            standing_by: false,
            clips: (UtteranceId(0), 0),
            missing: None,
            late: false,
            working: false,
            newest: SayId(0),
            twins: Twins::default(),
            page: None,
            holding: false,
            held: false,
            lost: false,
            secret: false,
            deaf: false,
            farewell: None,
            ended: false,
        }
    }

    /// The same with a page that is told what happens.
    pub fn with_page(self, page: Page) -> Self {
        Self { page: Some(page), ..self }
    }

    pub fn poll(&mut self) -> Option<Act> {
        self.acts.pop_front()
    }

    /// The next moment `handle(now, Input::Tick)` is wanted.
    pub fn deadline(&self) -> Option<(Instant, Why)> {
        if self.ended {
            return None;
        }
        let mut all = vec![self.watch.deadline()];
        all.extend(self.conversation.deadline().map(|(at, _)| (at, Why::Conversation)));
        if let Some(at) = self.owing.filter(|_| !self.watch.is_held()) {
            all.push((at + HOPELESS, Why::Hopeless));
            all.extend((!self.standing_by).then(|| (self.dead_air(at), Why::DeadAir)));
        }
        all.extend(self.farewell.map(|(_, at)| (at, Why::Farewell)));
        all.into_iter().min_by_key(|(at, _)| *at)
    }

    pub fn handle(&mut self, now: Instant, input: Input) {
        if self.ended {
            return;
        }
        match input {
            Input::Answered => {
                self.answered = Some(now);
                self.owing = Some(now);
                self.silences.answered(now);
                self.note(Note::Answered);
                self.tell(now, Words::Answered);
            }
            Input::Room(event) => self.room(now, event),
            Input::Heard(heard) => self.heard(now, heard),
            Input::Spoken(spoken) => self.spoken(now, spoken),
            Input::Key(key) => self.key(now, key, Road::Signalling),
            Input::Held(held) => self.hold(now, held, self.lost),
            Input::Lost(lost) => self.hold(now, self.held, lost),
            Input::Page(incoming) => self.listen_to_page(now, incoming),
            Input::ToolDone { id, result } => {
                self.works(now, false);
                self.mark(now, if result.is_ok() { "tool_answered" } else { "tool_failed" });
                self.tell(now, Words::ToolDone { id, result });
            }
            Input::Gone(end) | Input::EndNow(end) => self.end(now, end),
            Input::Tick => self.tick(now),
        }
        if !self.ended {
            let state = self.state();
            self.show(|page| page.state(state));
        }
    }

    /// Tells the page something, if there is one.
    fn show(&mut self, tell: impl FnOnce(&mut Page)) {
        let Some(page) = &mut self.page else { return };
        tell(page);
        while let Some(message) = page.poll() {
            self.acts.push_back(Act::Tell(message));
        }
    }

    fn state(&self) -> State {
        let speaks = self.sounds() || (self.bot.begun() > 0 && self.bot.more());
        match () {
            () if speaks && !self.holding => State::Speaking,
            () if self.caller.is_speaking() => State::Listening,
            () if self.owing.is_some() || self.working => State::Thinking,
            () => State::Listening,
        }
    }

    fn listen_to_page(&mut self, now: Instant, incoming: Incoming) {
        let mut wish = None;
        self.show(|page| wish = page.take(now, incoming));
        match wish {
            None => {}
            Some(Wish::Key(key)) => self.key(now, key, Road::Signalling),
            Some(Wish::Type(_)) if !self.conversation.takes() => {
                self.show(|page| {
                    page.error("not_taken", "the bot is at work, or the call is on hold: try again in a moment")
                });
            }
            Some(Wish::Type(text)) => {
                self.mark(now, "typed");
                self.caller.clear();
                self.caller.started(now);
                self.caller.stopped(now);
                self.stopwatch.stopped(now);
                self.tell(now, Words::Typed(text));
            }
            Some(Wish::Bye) => self.end(now, End::new(Blame::Caller, Reason::HungUp)),
            Some(Wish::Enough) => self.end(now, End::new(Blame::Caller, Reason::TooManyMessages)),
        }
    }

    fn tick(&mut self, now: Instant) {
        if let Some(end) = self.watch.verdict(now) {
            return self.end(now, end);
        }
        if let Some(at) = self.owing.filter(|_| !self.watch.is_held()) {
            if now >= at + HOPELESS {
                return self.end(now, End::new(Blame::Engine, Reason::NothingToSay));
            }
            if now >= self.dead_air(at) {
                self.stand_by(now, Clip::Moment);
            }
        }
        if let Some((end, at)) = self.farewell
            && now >= at
        {
            return self.end(now, end);
        }
        if self.conversation.deadline().is_some_and(|(at, _)| now >= at) {
            self.tell(now, Words::Tick);
        }
    }

    /// When a bot that has owed sound since `at` is covered for.
    fn dead_air(&self, at: Instant) -> Instant {
        self.stood_by.map_or(at, |before| before + AGAIN).max(at + self.dead_air)
    }

    /// Covers for sound that does not come, once in a while until the bot is heard again.
    fn stand_by(&mut self, now: Instant, clip: Clip) {
        if self.standing_by || self.stood_by.is_some_and(|before| now < before + AGAIN) {
            return;
        }
        (self.stood_by, self.standing_by) = (Some(now), true);
        self.mark(now, "standby");
        let next = || utterance(SayId(self.newest.0 + 1));
        let clause = self.missing.or_else(|| self.bot.waiting()).unwrap_or_else(next);
        let (before_clause, clips) = self.clips;
        let clips = if before_clause == clause { clips } else { 0 };
        self.clips = (clause, clips + 1);
        let utterance = before(clause, clips);
        self.act(Act::Standby { utterance, clip });
    }

    /// While the line is held or lost nobody hears and nobody listens: the prompt waits, and so does everything that would follow.
    fn hold(&mut self, now: Instant, held: bool, lost: bool) {
        if self.held != held {
            self.mark(now, if held { "held" } else { "resumed" });
        }
        if self.lost != lost {
            self.mark(now, if lost { "connection_lost" } else { "connection_back" });
        }
        (self.held, self.lost) = (held, lost);
        for silence in [self.silences.held(held, now), self.silences.lost(lost, now)] {
            self.silence(silence);
        }
        let held = held || lost;
        if held == self.watch.is_held() {
            return;
        }
        self.watch.held(held, now);
        // What is due is counted anew.
        self.owing = self.owing.map(|_| now);
        self.caller.clear();
        for silence in [self.silences.ear_closes(now), self.silences.no_rtp(false, now)] {
            self.silence(silence);
        }
        if held {
            self.tell(now, Words::Held(true));
            self.act(Act::Ear(EarState::Closed));
            self.act(Act::Gain(Gain::Hold));
        } else {
            self.act(Act::Ear(EarState::Open));
            self.tell(now, Words::Held(false));
            self.act(Act::Gain(Gain::Full));
        }
    }

    /// A tool runs, or has answered: then the bot owes what it says to that.
    fn works(&mut self, now: Instant, works: bool) {
        self.working = works;
        self.owing = (!works && !self.sounds()).then_some(now);
    }

    /// Whether the caller hears something of ours.
    fn sounds(&self) -> bool {
        self.standing_by || self.bot.sounds()
    }

    fn room(&mut self, now: Instant, event: Event) {
        match event {
            // An edge that was on its way when the ear closed.
            Event::Edge { .. } if self.watch.is_held() => {}
            Event::Edge { edge: Edge::Start { at: place, arrived }, .. } => {
                self.speech_at = place;
                let at = arrived.unwrap_or(now).min(now);
                if std::mem::take(&mut self.late) {
                    self.owing = None;
                }
                self.caller.started(at);
                let silence = self.silences.caller(true, at);
                self.silence(silence);
                self.mark_at(at, "speech_started");
                self.tell(now, Words::SpeechStarted);
            }
            Event::Edge { edge: Edge::End { at: place, arrived }, .. } => {
                let at = arrived.unwrap_or(now).min(now);
                self.caller.stopped(at);
                self.stopwatch.stopped(at);
                let silence = self.silences.caller(false, at);
                self.silence(silence);
                self.mark_at(at, "speech_stopped");
                self.tell(now, Words::SpeechStopped { ago: now - at, spoke: place.after(self.speech_at) });
            }
            Event::Key { key, .. } => self.key(now, key, Road::Sound),
            Event::Played { played, .. } => self.played(now, played),
            Event::Silent { since, .. } => {
                self.watch.silent(since);
                let silence = self.silences.no_rtp(true, since);
                self.silence(silence);
                self.mark_at(since, "no_rtp");
            }
            Event::Sounding { .. } => {
                self.watch.sounding();
                let silence = self.silences.no_rtp(false, now);
                self.silence(silence);
                self.mark(now, "rtp_again");
            }
            Event::Closed => self.end(now, End::new(Blame::Server, Reason::MediaStopped)),
            Event::TapBroke => self.mark(now, "recording_broken"),
            Event::Stats { seat, stats } => self.note(Note::Line(line(seat, &stats))),
        }
    }

    fn key(&mut self, now: Instant, key: char, road: Road) {
        if !self.twins.is_new(now, key, road) {
            return;
        }
        // Which key it was is the conversation's business: the record holds the entry, if it is not secret.
        self.mark(now, "key");
        self.caller.started(now);
        self.caller.stopped(now);
        self.stopwatch.stopped(now);
        self.tell(now, Words::Key(key));
    }

    fn heard(&mut self, now: Instant, heard: Heard) {
        if self.deaf && !matches!(heard, Heard::Failed(_)) {
            self.deaf = false;
            self.tell(now, Words::Deaf(false));
        }
        match heard {
            Heard::Partial { text } => {
                let turn = self.turns + self.bot.begun();
                self.show(|page| page.heard(turn, &text));
                self.tell(now, Words::Words { text: Some(text), confidence: 0.0, is_final: false });
            }
            Heard::Final { hypothesis, took, done_at, .. } => {
                self.stopwatch.recognised(done_at, took);
                self.mark(now, if hypothesis.text.is_some() { "recognised" } else { "not_understood" });
                let (text, confidence) = (hypothesis.text, hypothesis.confidence);
                self.tell(now, Words::Words { text, confidence, is_final: true });
            }
            Heard::Failed(_) => {
                self.mark(now, "recogniser_failed");
                self.caller.clear();
                if !std::mem::replace(&mut self.deaf, true) {
                    self.show(|page| {
                        page.nothing();
                        page.error("deaf", "no recogniser works: keys and text do");
                    });
                    self.tell(now, Words::Deaf(true));
                }
            }
        }
    }

    fn spoken(&mut self, now: Instant, spoken: Spoken) {
        match spoken {
            Spoken::Started { utterance, at, .. } => self.stopwatch.spoken(utterance.0, at),
            Spoken::Done { .. } => {}
            Spoken::Failed { utterance, .. } => {
                self.mark(now, "synthesiser_failed");
                if let Some(bot) = self.bot.of(utterance) {
                    bot.settled(utterance, 0, now);
                }
                self.stand_by(now, Clip::Sorry);
                if let Some(say) = clause(utterance) {
                    self.show(|page| page.spoken(say.0, 0, true));
                    self.tell(now, Words::Mute { say });
                }
                self.finish_bot_turn(now);
            }
        }
    }

    fn played(&mut self, now: Instant, played: Played) {
        let Played { utterance, chars, phase, at } = played;
        let say = clause(utterance);
        match phase {
            Phase::Started => {
                self.owing = None;
                if say.is_some() {
                    self.stood_by = None;
                }
                let silence = self.silences.bot_begins(at);
                self.silence(silence);
                if let Some(bot) = self.bot.of(utterance) {
                    bot.began(utterance, at);
                }
                self.mark_at(at, "bot_sounds");
                if let Some(latency) = self.stopwatch.played(utterance.0, at) {
                    self.show(|page| page.latency(&latency));
                    self.note(Note::Latency(latency));
                }
                if let Some(say) = say {
                    self.tell(now, Words::Speaking { say });
                }
            }
            // The rest of a clause that has begun is owed like any other sound.
            Phase::Waiting => {
                if say.is_some() {
                    (self.missing, self.owing) = (Some(utterance), Some(at));
                    let silence = self.silences.bot_stops(Owed::Rest, at);
                    self.silence(silence);
                    self.mark_at(at, "sound_missing");
                }
            }
            Phase::Progress => {
                if self.missing.take_if(|missing| *missing == utterance).is_some() {
                    self.owing = None;
                    let silence = self.silences.bot_begins(at);
                    self.silence(silence);
                }
                if let Some(bot) = self.bot.of(utterance) {
                    bot.progress(utterance, chars);
                }
                if let Some(say) = say {
                    self.show(|page| page.spoken(say.0, chars, false));
                    self.tell(now, Words::Heard { say, chars, whole: false });
                }
            }
            Phase::Done | Phase::Cut => {
                self.missing.take_if(|missing| *missing == utterance);
                if let Some(bot) = self.bot.of(utterance) {
                    bot.settled(utterance, chars, at);
                }
                self.standing_by &= say.is_some();
                let more = self.bot.more();
                if (more || self.late) && !self.working {
                    self.owing = Some(at);
                }
                let owed = match () {
                    () if self.working => Owed::Answer,
                    () if more => Owed::Rest,
                    () if self.owing.is_some() => Owed::Answer,
                    () => Owed::Nothing,
                };
                let silence = self.silences.bot_stops(owed, at);
                self.silence(silence);
                if let Some(say) = say {
                    self.show(|page| match phase {
                        Phase::Cut => page.cut(say.0, chars),
                        _ => page.spoken(say.0, chars, true),
                    });
                    self.tell(now, Words::Heard { say, chars, whole: true });
                }
                self.finish_bot_turn(now);
            }
        }
    }

    fn end(&mut self, now: Instant, end: End) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.bot.abandon(now);
        self.farewell = None;
        self.finish_bot_turn(now);
        let silence = self.silences.end(now);
        self.silence(silence);
        self.show(|page| page.end(end));
        self.note(Note::Ended(end));
        self.act(Act::End(end));
    }

    fn act(&mut self, act: Act) {
        self.acts.push_back(act);
    }

    fn note(&mut self, note: Note) {
        self.act(Act::Note(note));
    }

    fn mark(&mut self, now: Instant, name: &'static str) {
        self.mark_at(now, name);
    }

    fn mark_at(&mut self, at: Instant, name: &'static str) {
        let data = Private(serde_json::json!({ "ms": self.ms(at) }));
        self.note(Note::Mark(Mark { name: name.into(), data }));
    }

    fn silence(&mut self, silence: Option<Silence>) {
        if let Some(Silence { kind, from, to }) = silence {
            let (started_ms, ended_ms) = (self.ms(from), self.ms(to));
            self.note(Note::Silence(store::Silence { kind, started_ms, ended_ms }));
        }
    }

    fn ms(&self, at: Instant) -> u64 {
        at.saturating_duration_since(self.started).as_millis() as u64
    }
}
