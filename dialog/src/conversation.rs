//! `Conversation`: the core that holds a call's talk. Feed it with `handle(now, Input)`, drain it with `poll()`.
use crate::bot::Bot;
use crate::budget::LatencyBudget;
use crate::clause::Clause;
use crate::history::{History, Line};
use crate::model::brain::{Brain, BrainInput};
use crate::model::thought::Thought;
use crate::turn::{Act, AnswerKind, Floor, Turn, TurnPlan, Words};
use disclosure::Disclosure;
use entry::Entry;
use handing::{Handing, brain_of};
use memory::Keeping;
use person::Search;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use supervised::Supervised;
use tools::Tools;

mod backchannel;
mod debug;
mod disclosure;
mod entry;
mod handing;
mod likely;
mod memory;
mod message;
mod person;
mod supervised;
mod tools;

pub use crate::clause::SayId;
pub use crate::expect::Expect;
pub use crate::guidance::{Guidance, GuidanceFault, SpokenValue};
pub use crate::knowledge::Citation;
pub use crate::model::thought::{HangUpReason, MASK, Refusal};
pub use crate::person::{GivenSlot, HandOver, PersonFault, PersonNews, PersonOrder};
pub use crate::tool::{ToolCall, ToolFault, ToolId};
pub use handing::BotSource;
pub use message::{AnsweredBy, HushedBy, Input, Output, Why};

/// The longest that a recogniser is waited for.
const MAX_PATIENCE: Duration = Duration::from_secs(20);

/// So many clauses in a row that no engine could speak end the call.
const UNSPOKEN_LIMIT: u8 = 4;

/// A call's talk, from the first greeting to the last word.
///
/// After each [`handle`](Self::handle), [`poll`](Self::poll) until `None`, then ask for the [`deadline`](Self::deadline) and send
/// [`Input::Tick`] when it comes. A tick too early or too late does no harm.
pub struct Conversation {
    bot: Arc<Bot>,
    brain: Box<dyn Brain>,
    turn: Turn,
    history: History,
    out: VecDeque<Output>,
    entry: Entry,
    tools: Tools,
    supervised: Supervised,
    search: Search,
    /// Since when nobody speaks, types or works.
    quiet: Option<Instant>,
    /// The caller asked for time.
    given_time: bool,
    /// The words that were told to the brain as likely all of the caller's turn.
    likely: Option<String>,
    /// How much of the question the caller had heard when they began to speak.
    question_heard: Option<f32>,
    /// The brain has said something since its turn was last complete, and it has asked the caller to speak.
    said: bool,
    asked: bool,
    /// Turns of the caller's.
    turns: u32,
    /// How often the bot said that it listens.
    backchannels: usize,
    /// Clauses in a row that no engine could speak.
    unspoken: u8,
    /// The bot's sound is stopped for the caller's voice.
    paused: bool,
    on_hold: bool,
    deaf: bool,
    answered: bool,
    ended: bool,
    /// Why the bot has ended the call.
    ended_for: Option<HangUpReason>,
    keeping: Keeping,
    handing: Handing,
    /// How long words are waited for at least.
    recogniser_patience: Duration,
    disclosure: Disclosure,
    budget: LatencyBudget,
}

impl Conversation {
    /// `today`: the date and time where the caller is, for "tomorrow".
    pub fn new(bot: Arc<Bot>, today: jiff::civil::DateTime) -> Conversation {
        let bot = bot.without_header_gaps().without_known_gaps();
        let mut conversation = Conversation::with_brain(bot.clone(), brain_of(bot, today));
        conversation.handing.today = Some(today);
        conversation
    }

    /// A conversation with a brain of its own; of the bot come its voice, its patience and what it says by itself.
    pub fn with_brain(bot: Arc<Bot>, brain: Box<dyn Brain>) -> Conversation {
        Conversation {
            brain,
            turn: Turn::new(bot.turn.clone()),
            history: History::default(),
            out: VecDeque::new(),
            entry: Entry::default(),
            tools: Tools::default(),
            supervised: Supervised::default(),
            search: Search::None,
            quiet: None,
            given_time: false,
            likely: None,
            question_heard: None,
            said: false,
            asked: false,
            turns: 0,
            backchannels: 0,
            unspoken: 0,
            paused: false,
            on_hold: false,
            deaf: false,
            answered: false,
            ended: false,
            ended_for: None,
            keeping: Keeping::default(),
            handing: Handing::default(),
            recogniser_patience: Duration::ZERO,
            budget: LatencyBudget::new(bot.latency_budget),
            disclosure: Disclosure::new(bot.clauses(bot.disclosure.as_deref().unwrap_or_default()).len() as u64),
            bot,
        }
    }

    /// With a recogniser that may take so long for the words of an answer: as long as it may be at work, its words are waited for.
    pub fn with_patience(mut self, patience: Duration) -> Conversation {
        self.recogniser_patience = patience.min(MAX_PATIENCE);
        self.turn = Turn::new(self.turn_plan(&self.bot));
        self
    }

    fn turn_plan(&self, bot: &Bot) -> TurnPlan {
        let usual = bot.turn.clone();
        TurnPlan { late_words: usual.late_words.max(self.recogniser_patience), ..usual }
    }

    pub fn bot(&self) -> &Arc<Bot> {
        &self.bot
    }

    /// What was said so far, as the caller heard it.
    pub fn history(&self) -> Vec<Line> {
        self.history.lines()
    }

    /// How many lines that is.
    pub fn history_length(&self) -> usize {
        self.history.length()
    }

    /// What the caller is being helped with now, by its name in the bot's file.
    pub fn task(&self) -> Option<&str> {
        self.brain.task()
    }

    /// Whether [`Output::HangUp`] was given; nothing but [`Input::Heard`] matters afterwards.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Whether keys and written words are taken now: not before the answer, on hold, while a tool is waited for or a person speaks in
    /// the bot's place, or after the end.
    pub fn takes(&self) -> bool {
        let waits = self.tools.is_awaited() || self.search == Search::Deaf;
        let waits = waits || self.is_handing_on();
        let stopped = self.on_hold || waits || self.supervised.is_taken_over() || self.ended;
        self.answered && !stopped
    }

    pub fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Heard { say, chars, whole } => {
                if chars > 0 {
                    self.unspoken = 0;
                }
                self.history.heard(now, say, chars, whole);
            }
            Input::Speaking { say } => self.history.heard(now, say, 0, false),
            Input::Mute { say } => self.unspoken(now, say),
            Input::TakenOver => self.take_over(now),
            Input::HandedBack(guidance) => self.take_back(now, guidance),
            Input::ToolDone { id, result } => self.tool_done(now, id, result),
            Input::AnswerDelay(delay) => self.note_delay(now, delay),
            _ if self.ended => return,
            Input::Answered if self.answered => {}
            Input::Answered => {
                self.answered = true;
                self.think(now, BrainInput::Answered);
            }
            Input::SpeechStarted if self.hears() => {
                self.question_heard = Some(self.history.question_heard());
                self.end_backchannel();
                self.turn.started(now);
            }
            Input::SpeechStopped { ago, spoke } if self.hears() => self.turn.stopped(now, ago, spoke),
            Input::VoiceEnd(end) if self.hears() => self.turn.voice_ended(now, end),
            Input::Words { text, confidence, is_final } if self.hears() => {
                let confidence = if confidence.is_finite() { confidence.clamp(0.0, 1.0) } else { 0.0 };
                let kind = text.as_deref().map_or(AnswerKind::Part, |text| self.answer_kind(text));
                let patience = self.brain.patience();
                self.turn.words(now, Words { text, confidence, is_final, kind, patience });
            }
            Input::SpeechStarted | Input::SpeechStopped { .. } | Input::VoiceEnd(_) | Input::Words { .. } => {}
            Input::Key(key) => self.key(now, key),
            Input::Typed(text) => self.typed(now, &text),
            Input::Model { id, news } => self.think_on(now, BrainInput::Model { id, news }),
            Input::Deaf(deaf) => {
                if let Some(deaf) = self.supervised.keep_deaf(deaf) {
                    self.deafen(now, deaf);
                }
            }
            Input::Guided { id, guidance } => self.queue_guidance(id, guidance),
            Input::Person(news) => self.person_news(now, news),
            Input::ListenerWaits(waits) => self.disclosure.is_wanted = waits,
            Input::OnHold(on_hold) => self.put_on_hold(now, on_hold),
            Input::Tick => {}
        }
        self.settle(now);
    }

    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    pub fn deadline(&self) -> Option<(Instant, Why)> {
        if self.ended || !self.answered || self.supervised.is_taken_over() {
            return None;
        }
        let silence = &self.bot.silence;
        let patience = if self.given_time { silence.wait } else { silence.prompt };
        let lost = self.tools.lost_deadline();
        if self.on_hold {
            return lost;
        }
        [
            self.turn.deadline().map(|(at, timer)| (at, Why::Turn(timer))),
            self.quiet.map(|since| (since + patience, Why::NoInput)),
            self.entry.since().map(|since| (since + silence.key_gap, Why::KeyGap)),
            self.tools.slow_deadline(silence.tool),
            lost,
            self.supervised.deadline(self.quiet),
            self.history.overdue().filter(|_| !self.paused).map(|at| (at, Why::Overdue)),
            self.brain.deadline().map(|at| (at, Why::Brain)),
        ]
        .into_iter()
        .flatten()
        .min_by_key(|(at, _)| *at)
    }

    /// Whether speech is listened to: not while keys are entered, a tool is waited for, the line is on hold, a person speaks in the bot's
    /// place, or no engine hears.
    fn hears(&self) -> bool {
        self.takes() && !self.deaf && !self.entry.is_open()
    }

    /// Lets everything that is due happen, then looks who has the floor.
    fn settle(&mut self, now: Instant) {
        // Each round does one thing that was due; a conversation has only a few of them.
        for _ in 0..16 {
            self.hand_on_outcomes(now);
            self.hand_on_due(now);
            self.floor(now);
            self.turn.tick(now);
            while let Some(act) = self.turn.poll() {
                self.act(now, act);
            }
            self.floor(now);
            match self.deadline().filter(|(at, _)| *at <= now) {
                Some((_, why)) => self.due(now, why),
                None if self.tools.has_outcomes() || self.is_hand_on_due() => {}
                None => break,
            }
        }
    }

    fn floor(&mut self, now: Instant) {
        let floor = match self.history.speaking() {
            None if self.brain.is_thinking() => Floor::Bot,
            None => Floor::Free,
            Some(true) => Floor::Bot,
            Some(false) => Floor::Closed,
        };
        self.turn.floor(now, floor);
        let quiet = floor == Floor::Free && !self.turn.busy() && !self.entry.is_open() && self.takes();
        let quiet = quiet && self.search == Search::None;
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
                (self.given_time, self.quiet) = (false, None);
                self.think(now, BrainInput::NoInput);
            }
            Why::KeyGap => {
                self.entry.expire(now);
                self.enter(now);
            }
            Why::ToolSlow => self.ask_patience(now),
            Why::ToolLost => self.give_up_lost(now),
            Why::Overdue => self.history.skip(now),
            Why::Guidance => self.follow(now),
            Why::Brain => self.think(now, BrainInput::Tick),
        }
    }

    fn act(&mut self, now: Instant, act: Act) {
        match act {
            Act::Pause => {
                self.paused = true;
                self.out.push_back(Output::Pause);
            }
            Act::Resume => self.resume(now),
            Act::Hush => self.hush(now, HushedBy::Caller),
            Act::EagerEnd { text } => self.prepare(now, text),
            Act::EagerWithdrawn => self.withdraw_likely(now),
            Act::Taken { text, confidence } => {
                let question_heard = self.question_heard.take().unwrap_or_else(|| self.history.question_heard());
                self.note_turn(&text, confidence, AnsweredBy::Voice);
                if self.spend_turn(now) {
                    self.take_words(now, &text.clone(), BrainInput::Heard { text, confidence, question_heard });
                }
            }
            Act::Backchannel { text } => self.backchannel(now, &text),
            Act::Late => self.out.push_back(Output::Late),
            Act::Unheard => {
                self.out.push_back(Output::NoTurn);
                if self.spend_turn(now) {
                    self.think(now, BrainInput::Unheard);
                }
            }
            Act::NotUnderstood => {
                self.out.push_back(Output::NoTurn);
                if self.spend_turn(now) {
                    self.think(now, BrainInput::NotUnderstood);
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
        if std::mem::take(&mut self.paused) {
            self.history.restart_clock(now);
            self.out.push_back(Output::Resume);
        }
    }

    fn note_turn(&mut self, text: &str, confidence: f32, by: AnsweredBy) {
        let secret = match by {
            AnsweredBy::Voice | AnsweredBy::Text => self.brain.is_secret(text),
            AnsweredBy::Keys => self.brain.asks_secret(),
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
        self.think(now, BrainInput::TooManyTurns);
        false
    }

    /// Nothing said so far is heard any more, and nothing that was still to come is said.
    fn hush(&mut self, now: Instant, by: HushedBy) {
        self.silence(now, by);
        if self.brain.is_thinking() {
            self.think(now, BrainInput::Interrupted);
        }
    }

    /// Nothing said so far is heard any more.
    fn silence(&mut self, now: Instant, by: HushedBy) {
        if self.history.speaking().is_some() {
            self.out.push_back(Output::Hush { floor: self.history.floor(), by });
            self.history.hush();
            (self.paused, self.said) = (false, false);
        }
        self.resume(now);
    }

    fn listen(&mut self) {
        if !self.ended
            && !self.is_handing_on()
            && !self.tools.is_awaited()
            && !self.supervised.is_taken_over()
            && self.search != Search::Deaf
        {
            self.out.push_back(Output::Listen(self.brain.expect()));
        }
    }

    /// Tells the brain something, and says and does what it comes to so far.
    fn think(&mut self, now: Instant, input: BrainInput) {
        self.settle_likely(now, &input);
        self.history.new_thought();
        self.think_on(now, input);
    }

    /// The same, where what it comes to continues what was just said.
    fn think_on(&mut self, now: Instant, input: BrainInput) {
        if !matches!(input, BrainInput::Model { .. }) {
            self.brain.recall(&self.history);
        }
        self.brain.handle(now, input);
        self.drain(now);
    }

    fn drain(&mut self, now: Instant) {
        while let Some(thought) = self.brain.poll() {
            self.take(now, thought);
        }
        if self.tools.is_awaited() {
            self.turn.forget();
            self.resume(now);
        }
        if self.said && self.asked && !self.brain.is_thinking() {
            (self.said, self.asked) = (false, false);
            self.out.push_back(Output::Complete);
        }
    }

    fn take(&mut self, now: Instant, thought: Thought) {
        if self.ended {
            return;
        }
        match thought {
            Thought::Say { text, interruptible } => {
                self.disclose(now);
                self.say(now, &text, interruptible);
                self.said = true;
            }
            Thought::Slot(news) => {
                self.keep(&news);
                let slot = &self.bot.slots[news.slot];
                let (name, secret) = (slot.name.clone(), slot.secret);
                self.out.push_back(Output::Slot { name, value: news.value, confirmed: news.confirmed, secret });
            }
            Thought::Listen(expect) => {
                self.tools.listen();
                self.search.listen();
                (self.asked, self.given_time) = (true, false);
                self.out.push_back(Output::Listen(expect));
            }
            Thought::GiveTime => self.given_time = true,
            Thought::Run(call) => {
                self.disclose(now);
                self.asked = false;
                self.call_tool(now, call);
            }
            Thought::Ask(request) => self.out.push_back(Output::Ask(request)),
            Thought::StopAsking(id) => self.out.push_back(Output::StopAsking(id)),
            Thought::Asked(report) => self.out.push_back(Output::Asked(report)),
            Thought::Cancel(id) => self.cancel_tool(id),
            Thought::Incomplete(id) => self.out.push_back(Output::Incomplete(id)),
            Thought::Cited(citation) => self.out.push_back(Output::Cited(citation)),
            Thought::Person(order) => self.order_person(now, order),
            Thought::NotRecorded => self.out.push_back(Output::StopRecording { keeps: self.bot.keeps_recording }),
            Thought::MachineTold => self.out.push_back(Output::MachineTold),
            Thought::Memory(news) => self.memory_news(news),
            Thought::HandOn(handed) => self.hand_on(now, handed),
            Thought::Refused(refusal) => self.out.push_back(Output::Refused(refusal)),
            Thought::HangUp(reason) => self.end(reason),
        }
    }

    fn say(&mut self, now: Instant, text: &str, interruptible: bool) {
        let spellings: Vec<_> = self.brain.spellings().into_iter().collect();
        for one in self.bot.clauses_with(text, &spellings) {
            let mut clause = Clause::new(one.said, one.written);
            clause.delivery = one.delivery;
            let say = self.history.say(now, clause.clone(), interruptible);
            self.out.push_back(Output::Say { say, clause, interruptible });
        }
    }

    fn end(&mut self, reason: HangUpReason) {
        if std::mem::take(&mut self.paused) {
            self.out.push_back(Output::Resume);
        }
        self.turn.forget();
        self.entry.close();
        self.search = Search::None;
        (self.asked, self.ended, self.ended_for) = (false, true, Some(reason));
        self.out.push_back(Output::HangUp { reason });
    }

    /// The caller wrote an answer: it hushes the bot at once, and words by voice of the same turn are dropped.
    fn typed(&mut self, now: Instant, text: &str) {
        let text = text.trim();
        if !self.takes() || text.is_empty() {
            return;
        }
        self.forget_turn(now);
        self.hush(now, HushedBy::Caller);
        self.drop_entry();
        self.note_turn(text, 1.0, AnsweredBy::Text);
        if self.spend_turn(now) {
            self.take_words(now, text, BrainInput::Typed(text.to_string()));
        }
    }

    /// An answer has come so late, or in time.
    fn note_delay(&mut self, now: Instant, delay: Duration) {
        if let (Some(hurries), Some(limit)) = (self.budget.answered(delay), self.budget.limit()) {
            self.out.push_back(Output::Hurry { hurries, delay, limit });
            self.brain.handle(now, BrainInput::Hurry(hurries));
            self.drain(now);
        }
    }

    fn deafen(&mut self, now: Instant, deaf: bool) {
        self.deaf = deaf;
        if deaf {
            self.forget_turn(now);
            self.resume(now);
        }
        self.brain.handle(now, BrainInput::Deaf(deaf));
        // What the bot says to that is said at once.
        if let Some(first) = self.brain.poll() {
            self.silence(now, HushedBy::Bot);
            self.take(now, first);
        }
        self.drain(now);
    }

    /// What was half said or half entered is forgotten; afterwards the caller has all the time again that a question gives.
    fn put_on_hold(&mut self, now: Instant, on_hold: bool) {
        self.on_hold = on_hold;
        if on_hold {
            self.forget_turn(now);
            self.resume(now);
            self.drop_entry();
        } else {
            self.history.restart_clock(now);
            self.listen();
        }
    }

    fn unspoken(&mut self, now: Instant, say: SayId) {
        self.history.heard(now, say, 0, true);
        self.unspoken = self.unspoken.saturating_add(1);
        if self.unspoken >= UNSPOKEN_LIMIT && !self.ended {
            self.hush(now, HushedBy::Bot);
            self.end(HangUpReason::CannotSpeak);
        }
    }
}
