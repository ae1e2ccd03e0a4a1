//! `Talk`: the core of one call. It joins the conversation (words) with the room, the engines and the line (sound), and writes
//! the call's record. It is told the time and asks for what it wants done as [`Act`]s; `actor` performs them.
use super::end::{Blame, End};
use super::timeline::{Owed, Silence, Silences, Stopwatch, line};
use super::turns::{BotTurns, CallerTurn, before, clause, utterance};
use super::twins::{Road, Twins};
use super::watch::Watch;
pub use super::watch::{Limits, Why};
pub use crate::standby::Clip;
use crate::store;
use crate::store::{Event as Note, Mark, Private, Slot, Speaker, Turn};
use dialog::conversation::{By, Conversation, Expect, Input as Words, Output, SayId, ToolCall, ToolFault, ToolId};
use media::asr::Heard;
use media::ear::Shut;
use media::playout::{Gain, Phase, Played};
use media::room::Event;
use media::tts::{Spoken, UtteranceId};
use media::vad::Edge;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

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
    Shut(Shut),
    /// Sound between these must not be stored.
    Secret(bool),
    Run {
        id: ToolId,
        call: ToolCall,
    },
    Note(Note),
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
    turns: u32,
    bot: BotTurns,
    caller: CallerTurn,
    /// The bot owes sound since then; when a standby clip last covered for it, and whether that is still to be heard.
    owing: Option<Instant>,
    stood_by: Option<Instant>,
    standing_by: bool,
    /// A tool runs: the conversation excuses it, and owes nothing else.
    working: bool,
    /// The newest clause.
    newest: SayId,
    twins: Twins,
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
            turns: 0,
            bot: BotTurns::default(),
            caller: CallerTurn::default(),
            owing: None,
            stood_by: None,
            standing_by: false,
            working: false,
            newest: SayId(0),
            twins: Twins::default(),
            secret: false,
            deaf: false,
            farewell: None,
            ended: false,
        }
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
            Input::Held(held) => self.hold(now, held),
            Input::ToolDone { id, result } => {
                self.works(now, false);
                self.mark(now, if result.is_ok() { "tool_answered" } else { "tool_failed" });
                self.tell(now, Words::ToolDone { id, result });
            }
            Input::Gone(end) | Input::EndNow(end) => self.end(now, end),
            Input::Tick => self.tick(now),
        }
    }

    fn tick(&mut self, now: Instant) {
        if let Some(end) = self.watch.verdict(now) {
            return self.end(now, end);
        }
        if let Some(at) = self.owing.filter(|_| !self.watch.is_held()) {
            if now >= at + HOPELESS {
                return self.end(now, End::new(Blame::Engine, "nothing to say"));
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
        let waiting = self.bot.waiting();
        let utterance = match waiting {
            Some(clause) => before(clause),
            None => before(utterance(SayId(self.newest.0 + 1))),
        };
        self.act(Act::Standby { utterance, clip });
    }

    /// While the line is held nobody hears and nobody listens: the prompt waits, and so does everything that would follow.
    fn hold(&mut self, now: Instant, held: bool) {
        if held == self.watch.is_held() {
            return;
        }
        self.watch.held(held, now);
        self.mark(now, if held { "held" } else { "resumed" });
        // What is due is counted anew.
        self.owing = self.owing.map(|_| now);
        self.caller.clear();
        for silence in [self.silences.ear_closes(now), self.silences.no_rtp(false, now), self.silences.held(held, now)]
        {
            self.silence(silence);
        }
        if held {
            self.tell(now, Words::Held(true));
            self.act(Act::Shut(Shut::Closed));
            self.act(Act::Gain(Gain::Hold));
        } else {
            self.act(Act::Shut(Shut::Open));
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
            Event::Edge { edge: Edge::Start { arrived, .. }, .. } => {
                let at = arrived.unwrap_or(now).min(now);
                self.caller.started(at);
                let silence = self.silences.caller(true, at);
                self.silence(silence);
                self.mark_at(at, "speech_started");
                self.tell(now, Words::SpeechStarted);
            }
            Event::Edge { edge: Edge::End { arrived, .. }, .. } => {
                let at = arrived.unwrap_or(now).min(now);
                self.caller.stopped(at);
                self.stopwatch.stopped(at);
                let silence = self.silences.caller(false, at);
                self.silence(silence);
                self.mark_at(at, "speech_stopped");
                self.tell(now, Words::SpeechStopped { ago: now - at });
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
            Event::Closed => self.end(now, End::new(Blame::Server, "media stopped")),
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
                    self.note(Note::Latency(latency));
                }
                if let Some(say) = say {
                    self.tell(now, Words::Speaking { say });
                }
            }
            Phase::Progress => {
                if let Some(bot) = self.bot.of(utterance) {
                    bot.progress(utterance, chars);
                }
                if let Some(say) = say {
                    self.tell(now, Words::Heard { say, chars, whole: false });
                }
            }
            Phase::Done | Phase::Cut => {
                if let Some(bot) = self.bot.of(utterance) {
                    bot.settled(utterance, chars, at);
                }
                self.standing_by &= say.is_some();
                let more = self.bot.more();
                if more && !self.working {
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
                    self.tell(now, Words::Heard { say, chars, whole: true });
                }
                self.finish_bot_turn(now);
            }
        }
    }

    /// Hands `input` to the conversation and does what it says.
    fn tell(&mut self, now: Instant, input: Words) {
        self.conversation.handle(now, input);
        while let Some(output) = self.conversation.poll() {
            self.obey(now, output);
        }
    }

    fn obey(&mut self, now: Instant, output: Output) {
        match output {
            Output::Say { say, text, interruptible, last } => {
                let utterance = utterance(say);
                self.newest = say;
                self.stopwatch.said(utterance.0, now);
                if !self.sounds() {
                    self.owing.get_or_insert(now);
                }
                if !self.caller.is_speaking() {
                    self.caller.clear();
                }
                self.bot.said(utterance, text.clone(), last);
                self.act(Act::Say { utterance, text, interruptible });
            }
            Output::Hold => {
                self.mark(now, "bot_held");
                let silence = self.silences.bot_stops(Owed::Answer, now);
                self.silence(silence);
                self.act(Act::Gain(Gain::Hold));
            }
            Output::Resume => {
                self.mark(now, "bot_resumed");
                if self.sounds() {
                    let silence = self.silences.bot_begins(now);
                    self.silence(silence);
                }
                self.caller.clear();
                self.act(Act::Gain(Gain::Full));
            }
            Output::NoTurn => {
                self.caller.clear();
                let silence = self.silences.nothing_owed(now);
                self.silence(silence);
            }
            Output::Hush { floor } => {
                self.mark(now, "bot_hushed");
                let floor = before(utterance(floor));
                self.act(Act::Hush(floor));
                self.owing = None;
                self.bot.hushed(floor, now);
                self.finish_bot_turn(now);
            }
            Output::Listen(expect) => {
                if expect.secret != self.secret {
                    self.secret = expect.secret;
                    self.act(Act::Secret(expect.secret));
                }
                self.act(Act::Listen(expect));
            }
            Output::Keying(keying) => {
                if keying {
                    let silence = self.silences.ear_closes(now);
                    self.silence(silence);
                }
                self.act(Act::Shut(if keying { Shut::Closed } else { Shut::Open }));
            }
            Output::Turn { text, confidence, by, secret } => self.turn(now, text, confidence, by, secret),
            Output::Run { id, call } => {
                self.mark(now, "tool_called");
                self.works(now, true);
                self.act(Act::Run { id, call });
            }
            Output::HangUp { reason } => {
                let end = End::of_talk(reason, self.deaf);
                self.working = false;
                self.farewell = Some((end, now + FAREWELL));
                self.bot.complete();
                self.finish_bot_turn(now);
            }
            Output::Slot { name, value, confirmed, secret } => {
                let value =
                    value.map(|value| if secret { Private::<serde_json::Value>::withheld() } else { Private(value) });
                self.note(Note::Slot(Slot { name, value, confirmed }));
            }
        }
    }

    fn turn(&mut self, now: Instant, text: String, confidence: f32, by: By, secret: bool) {
        let (from, to) = self.caller.take(now);
        let text = if secret { Private::<String>::withheld() } else { text.into() };
        let turn = Turn {
            speaker: Speaker::Caller,
            heard: text.clone(),
            text,
            interrupted: false,
            started_ms: self.ms(from),
            ended_ms: self.ms(to),
            confidence: (by == By::Voice).then_some(confidence),
            by: Some(by.into()),
        };
        // A turn of the bot's that is being cut off has begun before this one, and stands before it in the record.
        self.stopwatch.taken(self.turns + self.bot.begun(), now);
        self.turns += 1;
        self.owing = Some(now);
        self.stood_by = None;
        let silence = self.silences.owed(now);
        self.silence(silence);
        self.note(Note::Turn(turn));
    }

    /// Writes the bot's turns down of which all has been heard or hushed, and ends the call if the last was among them.
    fn finish_bot_turn(&mut self, now: Instant) {
        for bot in self.bot.take_over() {
            let (from, to) = bot.span(now);
            let turn = Turn {
                speaker: Speaker::Bot,
                text: bot.text().into(),
                heard: bot.heard().into(),
                interrupted: bot.interrupted(),
                started_ms: self.ms(from),
                ended_ms: self.ms(to),
                confidence: None,
                by: None,
            };
            self.turns += 1;
            self.note(Note::Turn(turn));
        }
        if self.bot.is_empty()
            && !self.standing_by
            && let Some((end, _)) = self.farewell
        {
            self.end(now, end);
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
        self.note(Note::Ended(store::End { blame: end.blame, reason: end.reason.into() }));
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
