//! `Chat`: the brain that thinks with a language model. It holds a `Flow`, which keeps the tasks, their slots and what callers may demand
//! at any time: what the flow understands it answers, anything else the model does. It asks by [`Thought::Ask`] and is told the answer
//! piece by piece; each clause is said as soon as it is complete.
use super::brain::{Brain, BrainInput};
use super::flow::Flow;
use super::handed::Carried;
use super::language_model::RequestId;
use super::thought::{HangUpReason, Thought};
use crate::bot::{Bot, ModelPlan};
use crate::expect::Expect;
use crate::guard::{Guard, Personal};
use crate::guidance::{Guidance, GuidanceFault, SpokenValue};
use crate::history::History;
use crate::keypad::Keypad;
use crate::language::Language;
use crate::memory::MemoryNews;
use crate::tool::{ToolDefinition, ToolId};
use crate::turn::AnswerKind;
use crate::value::answer::{Question, answer};
use crate::value::words::tokens;
use acting::{Held, Running};
use answering::{Ahead, Answer, Asking};
use jiff::civil::DateTime;
use offered::Offered;
use prompt::{Budget, Memory, Prompt};
use sources::Sources;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

mod acting;
mod answering;
mod calls;
mod claims;
pub mod completion;
mod instead;
mod offered;
mod prompt;
mod readable;
mod sources;
mod speech;
mod sse;
mod told;

/// Tools that the model calls have numbers from here on; those before are the flow's.
const FIRST_TOOL: u64 = 1_000_000;

pub struct Chat {
    bot: Arc<Bot>,
    plan: ModelPlan,
    flow: Flow,
    offered: Offered,
    prompt: Prompt,
    budget: Budget,
    memory: Memory,
    /// What of the talk models are not told.
    guard: Guard,
    thoughts: VecDeque<Thought>,
    /// The answer to the caller's last turn that is under way.
    answer: Option<Answer>,
    /// The requests under way.
    asking: Vec<Asking>,
    ahead: Option<Ahead>,
    /// The summary that is being written: its request, so many pieces, what there is of it.
    summary: Option<(RequestId, usize, String)>,
    /// A call that waits for a yes.
    held: Option<Held>,
    running: Vec<Running>,
    sources: Sources,
    /// The flow's tools that act.
    flow_acts: Vec<ToolId>,
    /// Until when each model is left alone.
    rests: Vec<Option<Instant>>,
    requests: u64,
    tools: u64,
    /// Something was done in this call: it may be said so.
    has_acted: bool,
    /// A tool has answered that nobody has told the caller about.
    owes: bool,
    /// The model, not the flow, spoke last.
    has_floor: bool,
    /// Answers are to be short and quick.
    hurries: bool,
    /// How long each model took to its first word of late.
    firsts: Vec<Option<Duration>>,
    /// Silences of the caller's since they last spoke.
    silences: u8,
    over: bool,
}

impl Chat {
    /// `now`: the date and time where the caller is.
    pub fn new(bot: Arc<Bot>, plan: ModelPlan, tools: Vec<ToolDefinition>, flow: Flow, now: DateTime) -> Chat {
        let offered = Offered::new(&bot, tools);
        let prompt = Prompt::new(&bot, plan.clone(), offered.schema(), now);
        Chat {
            budget: Budget::new(bot.language),
            rests: vec![None; plan.names.len()],
            guard: Guard::new(bot.mask.iter().copied(), bot.language),
            bot,
            plan,
            flow,
            offered,
            prompt,
            memory: Memory::default(),
            thoughts: VecDeque::new(),
            answer: None,
            asking: Vec::new(),
            ahead: None,
            summary: None,
            held: None,
            running: Vec::new(),
            sources: Sources::default(),
            flow_acts: Vec::new(),
            requests: 0,
            tools: FIRST_TOOL,
            has_acted: false,
            owes: false,
            has_floor: false,
            hurries: false,
            firsts: Vec::new(),
            silences: 0,
            over: false,
        }
    }

    /// Lets the flow think, and takes what it comes to.
    fn ask_flow(&mut self, now: Instant, input: BrainInput) {
        self.flow.handle(now, input);
        self.forward();
    }

    /// The flow's thoughts are the brain's. The caller may say anything at any step but where a secret is asked for.
    fn forward(&mut self) {
        while let Some(thought) = self.flow.poll() {
            match thought {
                Thought::Listen(expect) => self.thoughts.push_back(Thought::Listen(freely(expect))),
                Thought::Run(call) => {
                    if call.effect == crate::tool::Effect::Acts {
                        self.flow_acts.push(call.id);
                    }
                    self.thoughts.push_back(Thought::Run(call));
                }
                Thought::HangUp(reason) => self.end(reason),
                Thought::Memory(MemoryNews::Forget) => {
                    self.prompt.forget();
                    self.thoughts.push_back(Thought::Memory(MemoryNews::Forget));
                }
                Thought::Slot(news) => {
                    let slot = &self.bot.slots[news.slot];
                    if let (Some(kind), Some(value), false) = (Personal::of(&slot.kind), &news.value, slot.secret) {
                        self.guard.learn(kind, value);
                    }
                    self.thoughts.push_back(Thought::Slot(news));
                }
                thought => {
                    if matches!(thought, Thought::Say { .. }) {
                        self.has_floor = false;
                    }
                    self.thoughts.push_back(thought);
                }
            }
        }
    }

    fn say(&mut self, text: &str, interruptible: bool) {
        self.thoughts.push_back(Thought::Say { text: text.to_owned(), interruptible });
    }

    fn listen(&mut self) {
        let expect = self.expect();
        self.thoughts.push_back(Thought::Listen(expect));
    }

    fn end(&mut self, reason: HangUpReason) {
        self.over = true;
        self.thoughts.push_back(Thought::HangUp(reason));
    }

    /// The caller said or wrote this.
    fn heard(&mut self, now: Instant, input: BrainInput) {
        let (text, confidence, question_heard) = match &input {
            BrainInput::Heard { text, confidence, question_heard } => (text.clone(), *confidence, *question_heard),
            BrainInput::Typed(text) => (text.clone(), 1.0, 1.0),
            _ => return,
        };
        self.silences = 0;
        self.drop_answer(now);
        self.drop_summary(now);
        if self.flow.has_the_caller() || self.flow.asks_secret() || self.flow.is_secret(&text) {
            self.withdraw_ahead(now);
            return self.ask_flow(now, input);
        }
        if self.held.is_some() && self.answers_held(now, &text, confidence, question_heard) {
            return;
        }
        if self.flow.understands(&text) {
            self.withdraw_ahead(now);
            return self.ask_flow(now, input);
        }
        self.flow.drop_doubt();
        self.answer_turn(now, &text);
    }

    /// Nobody spoke.
    fn silence(&mut self, now: Instant) {
        if self.held.is_some() {
            self.silences += 1;
            if self.silences < self.bot.silence.no_input {
                return self.ask_held();
            }
        } else if !self.has_floor || self.flow.has_the_caller() {
            return self.ask_flow(now, BrainInput::NoInput);
        } else {
            self.silences += 1;
        }
        if self.silences >= self.bot.silence.no_input {
            let text = self.bot.prompts.no_caller.clone();
            self.say(&text, true);
            return self.end(HangUpReason::NoInput);
        }
        let text = self.bot.prompts.still_there.clone();
        self.listen();
        self.say(&text, true);
    }

    /// Everything that is under way besides tools is dropped: somebody else decides what comes next.
    fn drop_all(&mut self, now: Instant) {
        self.drop_answer(now);
        self.withdraw_ahead(now);
        self.drop_held("it was not confirmed: a supervisor has taken the call on");
    }
}

impl Brain for Chat {
    fn handle(&mut self, now: Instant, input: BrainInput) {
        if self.over {
            return;
        }
        match input {
            BrainInput::Heard { .. } | BrainInput::Typed(_) => self.heard(now, input),
            BrainInput::Model { id, news } => self.model(now, id, news),
            BrainInput::Tick => self.tick(now),
            BrainInput::Hurry(hurries) => self.hurries = hurries,
            BrainInput::Interrupted => self.drop_answer(now),
            BrainInput::EagerEnd(text) => self.think_ahead(now, &text),
            BrainInput::EagerWithdrawn => self.withdraw_ahead(now),
            BrainInput::ToolDone { id, result } => match id.0 > FIRST_TOOL {
                true => self.tool_done(now, id, result),
                false => {
                    let acts = self.flow_acts.contains(&id);
                    self.has_acted |= acts && result.is_ok();
                    self.ask_flow(now, BrainInput::ToolDone { id, result });
                }
            },
            BrainInput::NoInput => self.silence(now),
            BrainInput::Keys(keys) => {
                self.drop_answer(now);
                self.withdraw_ahead(now);
                match (self.held.is_some(), crate::keypad::yes_no(&keys)) {
                    (true, Some(yes)) => self.decide_held(now, yes),
                    _ => self.ask_flow(now, BrainInput::Keys(keys)),
                }
            }
            BrainInput::Guided(_) => {
                self.drop_all(now);
                self.ask_flow(now, input);
            }
            BrainInput::Answered
            | BrainInput::NotUnderstood
            | BrainInput::Unheard
            | BrainInput::TooManyTurns
            | BrainInput::Deaf(_)
            | BrainInput::HandedOn(_)
            | BrainInput::Person(_) => {
                self.withdraw_ahead(now);
                self.ask_flow(now, input);
            }
        }
    }

    fn recall(&mut self, history: &History) {
        self.memory.recall(history.known());
    }

    fn poll(&mut self) -> Option<Thought> {
        self.thoughts.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        if self.over { None } else { self.next_deadline() }
    }

    fn is_thinking(&self) -> bool {
        self.answer.is_some()
    }

    fn answer_kind(&self, text: &str) -> AnswerKind {
        let words = tokens(text, self.bot.language);
        if self.held.is_some() && answer(&words, self.bot.language, Question::ReadBack).is_some() {
            return AnswerKind::Whole;
        }
        match self.flow.answer_kind(text) {
            AnswerKind::Part if !self.flow.has_the_caller() => free_kind(text, &words, self.bot.language),
            // The model asks what the flow does not know of: a yes may answer it.
            AnswerKind::Backchannel if self.has_floor => AnswerKind::BackchannelAnswer,
            kind => kind,
        }
    }

    fn is_told(&self, text: &str) -> bool {
        self.held.is_none() && self.flow.is_told(text)
    }

    fn keypad(&self) -> Keypad {
        if self.held.is_some() { Keypad::Menu } else { self.flow.keypad() }
    }

    fn asks_secret(&self) -> bool {
        self.flow.asks_secret()
    }

    fn is_secret(&self, text: &str) -> bool {
        self.flow.is_secret(text)
    }

    fn spellings(&self) -> Vec<(String, String)> {
        self.flow.spellings()
    }

    fn check_guidance(&self, guidance: &Guidance) -> Result<(), GuidanceFault> {
        self.flow.check_guidance(guidance)
    }

    fn understands(&self, text: &str) -> bool {
        self.held.is_some() || self.flow.has_the_caller() || Flow::understands(&self.flow, text)
    }

    fn carried(&self) -> Carried {
        self.flow.carried()
    }

    fn expect(&self) -> Expect {
        freely(self.flow.expect())
    }

    fn task(&self) -> Option<&str> {
        self.flow.task()
    }

    fn expect_people(&self) -> Expect {
        self.flow.expect_people()
    }

    fn expect_whisper(&self) -> Expect {
        self.flow.expect_whisper()
    }

    fn read_whisper(&self, text: &str) -> Guidance {
        self.flow.read_whisper(text)
    }

    fn values_among(&self, text: &str) -> Vec<SpokenValue> {
        self.flow.values_among(text)
    }
}

/// The caller may say anything, but where what is asked for is secret: that is heard by its grammar.
fn freely(expect: Expect) -> Expect {
    Expect { free: expect.free || !expect.secret, ..expect }
}

/// How much free words look like all of a turn.
fn free_kind(text: &str, words: &[String], language: Language) -> AnswerKind {
    const EN: [&str; 24] = [
        "and", "or", "but", "the", "a", "an", "to", "for", "of", "with", "at", "in", "on", "my", "your", "is",
        "because", "so", "that", "if", "i", "um", "uh", "like",
    ];
    const VI: [&str; 20] = [
        "và", "hoặc", "nhưng", "là", "của", "cho", "với", "ở", "tại", "lúc", "thì", "mà", "vì", "nếu", "để", "các",
        "những", "ừm", "à", "một",
    ];
    let unfinished: &[&str] = if language == Language::En { &EN } else { &VI };
    match words.last() {
        None => AnswerKind::Part,
        Some(last) if unfinished.contains(&last.as_str()) => AnswerKind::Part,
        Some(_) if text.trim_end().ends_with(['.', '?', '!']) => AnswerKind::Whole,
        Some(_) => AnswerKind::Likely,
    }
}
