//! `Conversation`: the core that holds a call's talk. Feed it with `handle(now, Input)`, drain it with `poll()`.
use crate::bot::Bot;
use crate::history::{History, Line};
use crate::model::flow::{Flow, Step};
use crate::model::pad::Pad;
use crate::model::{Next, Reply, Sentence, reason};
use crate::say;
use crate::turn::{self, Act, Floor, Turn, Weight, Words};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

mod debug;
mod entry;

/// One clause the bot says; numbers rise through a conversation and are never used twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SayId(pub u64);

/// One call of a tool, answered by [`Input::ToolDone`] with the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ToolId(pub u64);

/// What happens to a conversation. `Debug` hides words and keys.
#[derive(Clone, PartialEq)]
pub enum Input {
    /// The line is open: greet.
    Answered,
    /// The caller's voice began (the gate's verdict, about 64 ms after the onset).
    SpeechStarted,
    /// The caller's voice stopped, this long ago (the gate waits about 200 ms before it says so), after so much speech: more than
    /// has passed since it began where a network held the sound back and then brought it at once.
    SpeechStopped { ago: Duration, spoke: Duration },
    /// What was understood. A later `Words` of the same turn replaces an earlier one. `text` is `None` when somebody spoke and it
    /// was nothing that was asked for.
    Words { text: Option<String>, confidence: f32, is_final: bool },
    /// One key of the caller's keypad, each once: `0-9`, `*`, `#`, `A-D`.
    Key(char),
    /// The caller wrote this instead of saying it: an answer that needs no recogniser, and is sure. It hushes at once, like a key.
    Typed(String),
    /// What the caller has heard of a clause: `chars` characters of it; `whole` when all of it, or all that will ever be heard after a hush.
    Heard { say: SayId, chars: u32, whole: bool },
    /// The first sound of a clause reached the caller.
    Speaking { say: SayId },
    /// A tool answered.
    ToolDone { id: ToolId, result: Result<serde_json::Value, ToolFault> },
    /// No recogniser works (`true`) or one works again (`false`).
    Deaf(bool),
    /// Some clause could not be spoken by any engine.
    Mute { say: SayId },
    /// The caller holds the line (`true`), or takes it up again: in between nobody hears and nobody listens.
    Held(bool),
    /// The deadline that [`Conversation::deadline`] named has come.
    Tick,
}

/// What a conversation wants done. `Debug` hides words and values.
#[derive(Clone, PartialEq)]
pub enum Output {
    /// Say this clause (already normalised for the ear). `last`: the bot's turn ends with it, and the caller is expected to speak.
    Say { say: SayId, text: String, interruptible: bool, last: bool },
    /// Stop the playout where it is; nothing is lost.
    Hold,
    /// Go on after a hold, from the last clause boundary or where it stopped.
    Resume,
    /// Everything below this clause is never heard.
    Hush { floor: SayId },
    /// From now on this is listened for (sent before the prompt that asks for it, so that an early answer is understood).
    Listen(Expect),
    /// A keypad entry began (`true`): close the ear until it has ended (`false`).
    Keying(bool),
    /// The sound the caller made was no turn: a cough, a back-channel, or nothing that anybody understood.
    NoTurn,
    /// The caller has finished, and the recogniser is late with what they said: the silence until it comes is the bot's.
    Late,
    /// The caller's turn is taken: what they said, for the timeline. A secret one comes masked.
    Turn { text: String, confidence: f32, by: By, secret: bool },
    /// Run this tool.
    Run { id: ToolId, call: ToolCall },
    /// End the call when all that was said has been heard.
    HangUp { reason: &'static str },
    /// A slot was filled, confirmed or cleared (no value). A secret slot shows [`MASK`] for its value.
    Slot { name: String, value: Option<serde_json::Value>, confirmed: bool, secret: bool },
}

/// How a turn was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Voice,
    Keys,
    Text,
}

/// What the bot is ready to hear.
#[derive(Clone, Debug, PartialEq)]
pub struct Expect {
    /// A JSGF grammar of everything that makes sense now: the coming step, any other slot, and the commands that work everywhere.
    pub grammar: String,
    /// Free text is welcome too (an engine without a grammar should be used, if there is one).
    pub free: bool,
    /// Keys are an entry of the step (a menu or digits).
    pub keys: bool,
    /// What is heard is secret: store neither text nor keys nor sound.
    pub secret: bool,
}

/// An HTTP call. `Debug` hides where it goes and what it says: both hold slots.
#[derive(Clone, PartialEq)]
pub struct ToolCall {
    pub method: Method,
    pub url: String,
    pub body: Option<serde_json::Value>,
    pub timeout: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ToolFault {
    #[error("no answer in time")]
    Late,
    #[error("cannot be reached")]
    Unreachable,
    #[error("answered with status {0}")]
    Status(u16),
    #[error("answer is not JSON")]
    NotJson,
}

/// Why a conversation wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Turn-taking: hold, hush, the end of a turn.
    Turn(turn::Why),
    /// The caller says nothing.
    NoInput,
    /// No further key.
    KeyGap,
    /// The tool is slow: excuse it.
    ToolSlow,
    /// The tool should have answered long ago.
    ToolLost,
    /// A clause should have been heard long ago.
    Overdue,
}

/// What stands in a record for a secret.
pub const MASK: &str = "****";
/// How long after its own time limit a tool is given up by the conversation.
const TOOL_GRACE: Duration = Duration::from_secs(2);
/// So many clauses in a row that no engine could speak end the call.
const MUTE_LIMIT: u8 = 4;

/// So many readings are remembered.
const READINGS: usize = 64;

struct Tool {
    id: ToolId,
    since: Instant,
    timeout: Duration,
    excuses: u8,
}

/// A call's talk, from the first greeting to the last word.
///
/// After each [`handle`](Self::handle), [`poll`](Self::poll) until `None`, then ask for the [`deadline`](Self::deadline) and send
/// [`Input::Tick`] when it comes. A tick too early or too late does no harm.
pub struct Conversation {
    bot: Arc<Bot>,
    flow: Flow,
    turn: Turn,
    history: History,
    out: VecDeque<Output>,
    entry: entry::Entry,
    /// Since when nobody speaks, types or works.
    quiet: Option<Instant>,
    waiting: bool,
    tool: Option<Tool>,
    tools: u64,
    turns: u32,
    mute: u8,
    held: bool,
    /// The caller holds the line.
    away: bool,
    deaf: bool,
    answered: bool,
    ended: bool,
    /// The first so many clauses are the disclosure, until it has been made.
    disclosure: u64,
    /// What was said lately in other words than it is written.
    readings: VecDeque<(String, String)>,
}

impl Conversation {
    /// `today`: the date and time where the caller is, for "tomorrow".
    pub fn new(bot: Arc<Bot>, today: jiff::civil::DateTime) -> Conversation {
        let bot = bot.without_header_gaps();
        Conversation {
            flow: Flow::new(bot.clone(), today),
            turn: Turn::new(bot.turn.clone()),
            bot,
            history: History::default(),
            out: VecDeque::new(),
            entry: entry::Entry::default(),
            quiet: None,
            waiting: false,
            tool: None,
            tools: 0,
            turns: 0,
            mute: 0,
            held: false,
            away: false,
            deaf: false,
            answered: false,
            ended: false,
            disclosure: 0,
            readings: VecDeque::new(),
        }
    }

    /// What was said so far, as the caller heard it.
    pub fn history(&self) -> Vec<Line> {
        self.history.lines()
    }

    /// Whether [`Output::HangUp`] was given; nothing but [`Input::Heard`] matters afterwards.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// A clause as it is read, where that is easier than as it is said.
    pub fn written(&self, clause: &str) -> Option<say::written::Written> {
        let language = self.bot.language;
        let spellings: Vec<_> = self.flow.spellings().into_iter().chain(self.readings.iter().cloned()).collect();
        say::written::Written::of(clause, &spellings, language)
    }

    /// Notes where a text that is going to be said is said in other words than it is written.
    fn read(&mut self, text: &str) {
        let language = self.bot.language;
        let said = say::normal(&say::written::voiced(text, &self.bot.spoken), language);
        for reading in say::written::readings(text, &said, language) {
            self.readings.retain(|known| known.0 != reading.0);
            self.readings.push_back(reading);
        }
        while self.readings.len() > READINGS {
            self.readings.pop_front();
        }
    }

    /// Whether keys and written words are taken now: not before the answer, on hold, while a tool runs, or after the end.
    pub fn takes(&self) -> bool {
        self.answered && !self.away && self.tool.is_none() && !self.ended
    }

    pub fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Heard { say, chars, whole } => {
                if chars > 0 {
                    self.mute = 0;
                }
                self.history.heard(now, say, chars, whole);
            }
            Input::Speaking { say } => self.history.heard(now, say, 0, false),
            Input::Mute { say } => self.muted(now, say),
            _ if self.ended => return,
            Input::Answered if self.answered => {}
            Input::Answered => {
                self.answered = true;
                let reply = self.flow.open();
                self.reply(now, reply);
                let text = self.bot.disclosure.as_deref().unwrap_or_default();
                self.disclosure = self.bot.clauses(text).len() as u64;
            }
            Input::SpeechStarted if self.open() => self.turn.started(now),
            Input::SpeechStopped { ago, spoke } if self.open() => self.turn.stopped(now, ago, spoke),
            Input::Words { text, confidence, is_final } if self.open() => {
                let confidence = if confidence.is_finite() { confidence.clamp(0.0, 1.0) } else { 0.0 };
                let weight = text.as_deref().map_or(Weight::Part, |text| self.flow.weigh(text));
                self.turn.words(now, Words { text, confidence, is_final, weight });
            }
            Input::SpeechStarted | Input::SpeechStopped { .. } | Input::Words { .. } => {}
            Input::Key(key) => self.key(now, key),
            Input::Typed(text) => self.typed(now, &text),
            Input::ToolDone { id, result } => {
                if self.tool.as_ref().is_some_and(|t| t.id == id) {
                    self.tool_done(now, result);
                }
            }
            Input::Deaf(deaf) => self.deafen(now, deaf),
            Input::Held(away) => self.put_on_hold(now, away),
            Input::Tick => {}
        }
        self.settle(now);
    }

    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    pub fn deadline(&self) -> Option<(Instant, Why)> {
        if self.ended || !self.answered {
            return None;
        }
        let pause = if self.waiting { self.bot.silence.wait } else { self.bot.silence.prompt };
        let tool = self.tool.as_ref();
        let excuse = |t: &Tool| match t.excuses {
            0 => Some(t.since + self.bot.silence.tool),
            1 => Some(t.since + self.bot.silence.tool * 4),
            _ => None,
        };
        let lost = tool.map(|t| (t.since + t.timeout + TOOL_GRACE, Why::ToolLost));
        if self.away {
            return lost;
        }
        [
            self.turn.deadline().map(|(at, why)| (at, Why::Turn(why))),
            self.quiet.map(|since| (since + pause, Why::NoInput)),
            self.entry.since().map(|since| (since + self.bot.silence.key_gap, Why::KeyGap)),
            tool.and_then(excuse).map(|at| (at, Why::ToolSlow)),
            lost,
            self.history.overdue().filter(|_| !self.held).map(|at| (at, Why::Overdue)),
        ]
        .into_iter()
        .flatten()
        .min_by_key(|(at, _)| *at)
    }

    /// Whether speech is listened to: not while keys are entered, a tool runs, the line is held, or no engine hears.
    fn open(&self) -> bool {
        self.answered && !self.deaf && !self.away && self.tool.is_none() && !self.entry.is_open()
    }

    /// Lets everything that is due happen, then looks who has the floor.
    fn settle(&mut self, now: Instant) {
        // Each round does one thing that was due; a conversation has only a few of them.
        for _ in 0..16 {
            self.floor(now);
            self.turn.tick(now);
            while let Some(act) = self.turn.poll() {
                self.act(now, act);
            }
            self.floor(now);
            match self.deadline().filter(|(at, _)| *at <= now) {
                Some((_, why)) => self.due(now, why),
                None => break,
            }
        }
    }

    fn floor(&mut self, now: Instant) {
        let floor = match self.history.speaking() {
            None => Floor::Free,
            Some(true) => Floor::Bot,
            Some(false) => Floor::Closed,
        };
        self.turn.floor(now, floor);
        let quiet = self.answered
            && floor == Floor::Free
            && !self.turn.busy()
            && !self.entry.is_open()
            && self.tool.is_none()
            && !self.away
            && !self.ended;
        match (quiet, self.quiet) {
            (true, None) => self.quiet = Some(now),
            (false, _) => self.quiet = None,
            _ => {}
        }
    }

    fn due(&mut self, now: Instant, why: Why) {
        match why {
            Why::Turn(_) => self.turn.tick(now),
            Why::NoInput => {
                self.waiting = false;
                let reply = self.flow.no_input();
                self.reply(now, reply);
            }
            Why::KeyGap => self.enter(now),
            Why::ToolSlow => self.excuse(now),
            Why::ToolLost => self.tool_done(now, Err(ToolFault::Late)),
            Why::Overdue => self.history.skip(now),
        }
    }

    fn act(&mut self, now: Instant, act: Act) {
        match act {
            Act::Hold => {
                self.held = true;
                self.out.push_back(Output::Hold);
            }
            Act::Resume => self.resume(now),
            Act::Hush => self.hush(),
            Act::Taken { text, confidence } => self.taken(now, &text, confidence),
            Act::Late => self.out.push_back(Output::Late),
            Act::Unheard => {
                self.out.push_back(Output::NoTurn);
                if self.spend_turn(now) {
                    let reply = self.flow.unheard();
                    self.reply(now, reply);
                }
            }
            Act::Missed => {
                self.out.push_back(Output::NoTurn);
                if self.spend_turn(now) {
                    let reply = self.flow.no_match();
                    self.reply(now, reply);
                }
            }
            Act::Dropped => {
                self.out.push_back(Output::NoTurn);
                // The next utterance must not be heard as a part of this one.
                self.listen();
            }
        }
    }

    fn resume(&mut self, now: Instant) {
        if std::mem::take(&mut self.held) {
            self.history.alive(now);
            self.out.push_back(Output::Resume);
        }
    }

    fn taken(&mut self, now: Instant, text: &str, confidence: f32) {
        self.note_turn(text, confidence, By::Voice);
        if self.spend_turn(now) {
            let reply = self.flow.hear(text, confidence);
            self.reply(now, reply);
        }
    }

    fn note_turn(&mut self, text: &str, confidence: f32, by: By) {
        let secret = match by {
            By::Voice | By::Text => self.flow.secret_words(text),
            By::Keys => self.flow.secret(),
        };
        let text = if secret { MASK.to_string() } else { text.to_string() };
        self.history.caller(&text);
        self.out.push_back(Output::Turn { text, confidence, by, secret });
    }

    /// Counts a turn; `false`: it was one too many, and the call ends.
    fn spend_turn(&mut self, now: Instant) -> bool {
        self.turns += 1;
        if self.turns <= self.bot.silence.turns {
            return true;
        }
        let reply = self.flow.endless();
        self.reply(now, reply);
        false
    }

    /// Nothing said so far is heard any more.
    fn hush(&mut self) {
        if self.history.speaking().is_some() {
            self.out.push_back(Output::Hush { floor: self.history.floor() });
            self.history.hush();
        }
        self.held = false;
    }

    fn listen(&mut self) {
        if !self.ended && self.tool.is_none() {
            self.out.push_back(Output::Listen(self.flow.expect()));
        }
    }

    /// Says and does what a model came to.
    fn reply(&mut self, now: Instant, mut reply: Reply) {
        if let Some(text) = self.undisclosed() {
            reply.say.insert(0, Sentence { text, interruptible: false });
        }
        self.waiting = reply.next == Next::Wait;
        for news in reply.slots {
            let slot = &self.bot.slots[news.slot];
            let (name, secret) = (slot.name.clone(), slot.secret);
            self.out.push_back(Output::Slot { name, value: news.value, confirmed: news.confirmed, secret });
        }
        let asks = matches!(reply.next, Next::Listen | Next::Wait);
        if asks {
            self.listen();
        }
        reply.say.iter().for_each(|sentence| self.read(&sentence.text));
        let clauses: Vec<(String, bool)> = reply
            .say
            .iter()
            .flat_map(|s| self.bot.clauses(&s.text).into_iter().map(|c| (c, s.interruptible)))
            .collect();
        let count = clauses.len();
        for (i, (text, interruptible)) in clauses.into_iter().enumerate() {
            self.say(now, text, interruptible, asks && i + 1 == count);
        }
        match reply.next {
            Next::Listen | Next::Wait => {}
            Next::Run(call) => {
                self.tools += 1;
                let id = ToolId(self.tools);
                self.turn.forget();
                self.tool = Some(Tool { id, since: now, timeout: call.timeout, excuses: 0 });
                self.out.push_back(Output::Run { id, call });
            }
            Next::HangUp(reason) => self.end(reason),
        }
    }

    /// The disclosure, if the caller spoke over it: it stops like anything else, and is made before the next sentence, once
    /// and to its end.
    fn undisclosed(&mut self) -> Option<String> {
        let clauses = std::mem::take(&mut self.disclosure);
        let cut = (1..=clauses).any(|say| self.history.cut(SayId(say)));
        self.bot.disclosure.clone().filter(|_| cut)
    }

    fn say(&mut self, now: Instant, text: String, interruptible: bool, last: bool) {
        let say = self.history.say(now, &text, interruptible);
        self.out.push_back(Output::Say { say, text, interruptible, last });
    }

    fn end(&mut self, reason: &'static str) {
        if self.held {
            self.held = false;
            self.out.push_back(Output::Resume);
        }
        self.turn.forget();
        self.entry.close();
        self.ended = true;
        self.out.push_back(Output::HangUp { reason });
    }

    fn excuse(&mut self, now: Instant) {
        let Some(tool) = &mut self.tool else { return };
        tool.excuses += 1;
        let prompts = &self.bot.prompts;
        let text = if tool.excuses == 1 { &prompts.moment } else { &prompts.still_working }.clone();
        self.read(&text);
        for clause in self.bot.clauses(&text) {
            self.say(now, clause, false, false);
        }
    }

    fn tool_done(&mut self, now: Instant, result: Result<serde_json::Value, ToolFault>) {
        self.tool = None;
        let reply = self.flow.tool(result);
        self.reply(now, reply);
    }

    fn deafen(&mut self, now: Instant, deaf: bool) {
        self.deaf = deaf;
        if deaf {
            self.turn.forget();
            self.resume(now);
        }
        // Before the call is answered, the greeting says so.
        let told = self.flow.deaf(deaf && (self.answered || matches!(self.flow.step(), Step::Task)));
        if let Some(reply) = told.filter(|_| self.answered && self.tool.is_none()) {
            self.hush();
            self.reply(now, reply);
        }
    }

    /// What was half said or half entered is forgotten; afterwards the caller has all the time again that a question gives.
    fn put_on_hold(&mut self, now: Instant, away: bool) {
        self.away = away;
        if away {
            self.turn.forget();
            self.resume(now);
            if self.entry.is_open() {
                self.entry.close();
                self.out.push_back(Output::Keying(false));
            }
        } else {
            self.history.alive(now);
            self.listen();
        }
    }

    fn muted(&mut self, now: Instant, say: SayId) {
        self.history.heard(now, say, 0, true);
        self.mute = self.mute.saturating_add(1);
        if self.mute >= MUTE_LIMIT && !self.ended {
            self.hush();
            self.end(reason::MUTE);
        }
    }
}
