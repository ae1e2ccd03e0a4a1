//! Simulated time around a [`Conversation`]: scripts in, traces out. A simulated line plays what the bot says.
use crate::bot::Bot;
use crate::conversation::{
    AnsweredBy, Conversation, Guidance, GuidanceFault, HandOver, HangUpReason, Input, Output, PersonFault, PersonNews,
    PersonOrder, ToolFault, ToolId, Why,
};
use crate::knowledge::Knowledge;
use crate::memory::MemoryNews;
use crate::model::brain::Brain;
use crate::model::language_model::{ModelNews, ModelReport, ModelRequest};
use crate::simulated::{SimulatedLine, VOICE_ENDED, VOICE_NOTICED};
use crate::tool::HttpRequest;
use crate::turn::TurnTimer;
use jiff::civil::{DateTime, date};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub mod brain;
pub mod planted;
pub mod turns;

/// The moment every test call begins: a Wednesday morning.
pub fn today() -> DateTime {
    date(2026, 11, 25).at(9, 0, 0, 0)
}

/// A conversation on a simulated line, with the trace of what it did.
pub struct Sim {
    line: SimulatedLine,
    pub trace: Vec<String>,
    pub outputs: Vec<Output>,
    /// What language models were asked, and how that went.
    pub asked: Vec<ModelRequest>,
    pub reports: Vec<ModelReport>,
    /// The tools that run, the oldest first.
    tools: VecDeque<ToolId>,
    pub hung_up: Option<HangUpReason>,
    /// Recogniser's confidence in what is said.
    pub confidence: f32,
}

/// The conversation itself.
impl std::ops::Deref for Sim {
    type Target = SimulatedLine;

    fn deref(&self) -> &SimulatedLine {
        &self.line
    }
}

impl Sim {
    pub fn new(bot: Bot) -> Sim {
        Sim::at(bot, today())
    }

    /// A call that begins at another moment.
    pub fn at(bot: Bot, now: DateTime) -> Sim {
        Sim::with(Conversation::new(Arc::new(bot), now))
    }

    pub fn with_brain(bot: Bot, brain: impl Brain + 'static) -> Sim {
        Sim::with(Conversation::with_brain(Arc::new(bot), Box::new(brain)))
    }

    fn with(talk: Conversation) -> Sim {
        Sim {
            line: SimulatedLine::new(talk, Instant::now()),
            trace: Vec::new(),
            outputs: Vec::new(),
            asked: Vec::new(),
            reports: Vec::new(),
            tools: VecDeque::new(),
            hung_up: None,
            confidence: 0.9,
        }
    }

    pub fn input(&mut self, input: Input) {
        self.line.input(input);
        self.drain();
    }

    fn note(&mut self, line: String) {
        self.trace.push(line);
    }

    fn drain(&mut self) {
        while let Some(output) = self.line.poll() {
            self.outputs.push(output.clone());
            match output {
                Output::Say { clause, .. } => self.note(format!("bot: {}", clause.said())),
                Output::Backchannel { clause, .. } => self.note(format!("listens: {}", clause.said())),
                Output::Pause => self.note("hold".into()),
                Output::Resume => self.note("resume".into()),
                Output::Hush { .. } => self.note("hush".into()),
                Output::Listen(_) | Output::Complete | Output::NoTurn | Output::Late => {}
                Output::Keying(open) => self.note(format!("keying {open}")),
                Output::Turn { text, by, .. } => {
                    let by = match by {
                        AnsweredBy::Voice => "caller",
                        AnsweredBy::Keys => "keys",
                        AnsweredBy::Text => "typed",
                    };
                    self.note(format!("{by}: {text}"))
                }
                Output::Run(call) => {
                    self.tools.push_back(call.id);
                    let line = match HttpRequest::of(&call) {
                        Some(HttpRequest { method, url, body }) => {
                            format!("run {method:?} {url} {}", body.map(|b| b.to_string()).unwrap_or_default())
                        }
                        None => format!("run {} {}", call.name, call.arguments),
                    };
                    self.note(line.trim_end().to_string());
                }
                Output::Cancel(id) => self.tools.retain(|tool| *tool != id),
                Output::Ask(request) => {
                    self.note(format!("ask {}: {}", request.model, request.purpose.text()));
                    self.asked.push(request);
                }
                Output::StopAsking(id) => self.note(format!("stop asking {}", id.0)),
                Output::Asked(report) => self.reports.push(report),
                Output::Called { name, of: Some(of), .. } => self.note(format!("call {name} as {}", of.0)),
                Output::Called { name, of: None, .. } if name == Knowledge::TOOL => {
                    self.note(format!("search by {name}"))
                }
                Output::Called { name, of: None, .. } => self.note(format!("refuse {name}")),
                Output::Outcome { .. } => {}
                Output::Cited(of) => self.note(format!("cites {}:{} {}", of.document, of.line, of.heading)),
                Output::Incomplete(_) => self.note("incomplete answer".into()),
                Output::StopRecording { keeps } => {
                    self.note(format!("recording stops: {}", if keeps { "kept" } else { "dropped" }))
                }
                Output::MachineTold => self.note("machine told".into()),
                Output::Memory(news) => self.note(match news {
                    MemoryNews::Fact { name, value } => format!("remember {name} = {value}"),
                    news => format!("memory: {news:?}"),
                }),
                Output::Bot { name, .. } => self.note(format!("the bot is {name}")),
                Output::NoBot { name } => self.note(format!("no bot {name}")),
                Output::Hurry { hurries, .. } => self.note(if hurries { "hurries" } else { "hurries no more" }.into()),
                Output::Refused(refusal) => self.note(format!("refuses {refusal:?}")),
                Output::HangUp { reason } => {
                    assert!(self.hung_up.is_none(), "hung up twice");
                    self.hung_up = Some(reason);
                    self.note(format!("end: {}", reason.text()));
                }
                Output::Person(PersonOrder::Find(hand_over)) => {
                    let HandOver { to, brief, next, .. } = *hand_over;
                    self.note(format!("find {to}: {brief} next {}", next.unwrap_or_else(|| "-".into())));
                }
                Output::Person(order) => self.note(format!("person: {order:?}")),
                Output::Guided { id, said, followed } => self.note(match (followed, said) {
                    (Ok(()), Some(said)) => format!("guidance {id}: clause {}", said.0),
                    (Ok(()), None) => format!("guidance {id}: nothing said"),
                    (Err(fault), _) => format!("guidance {id}: {fault}"),
                }),
                Output::Slot { name, value, confirmed, .. } => {
                    let value = value.map_or_else(|| "-".into(), |v| v.to_string());
                    self.note(format!("{name} = {value}{}", if confirmed { " ✓" } else { "" }));
                }
            }
        }
    }

    /// Lets time pass: sound plays, deadlines come.
    pub fn pass(&mut self, time: Duration) {
        let until = self.line.now() + time;
        while self.line.step(until) {
            self.drain();
        }
    }

    /// Lets the bot finish.
    pub fn listen(&mut self) {
        for _ in 0..6_000 {
            if !self.speaking() || self.line.is_paused() {
                break;
            }
            self.pass(Duration::from_millis(20));
        }
    }

    pub fn speaking(&self) -> bool {
        self.line.playing().is_some()
    }

    /// Speaks for a while and falls silent, as a gate and a recogniser would report it. `None`: nothing was understood.
    pub fn speak(&mut self, text: Option<&str>, length: Duration) {
        self.pass(VOICE_NOTICED);
        self.input(Input::SpeechStarted);
        self.pass(length + VOICE_ENDED - VOICE_NOTICED);
        self.input(Input::SpeechStopped { ago: VOICE_ENDED, spoke: Duration::ZERO });
        self.pass(Duration::from_millis(20));
        self.input(Input::Words { text: text.map(str::to_string), confidence: self.confidence, is_final: true });
    }

    /// Waits for the bot, says something, and lets the turn end.
    pub fn say(&mut self, text: &str) {
        self.listen();
        self.speak(Some(text), Duration::from_millis(60) * text.chars().count() as u32);
        self.pass(Duration::from_millis(1_100));
        // Words that break off are waited for longer.
        if matches!(self.talk.deadline(), Some((_, Why::Turn(TurnTimer::End)))) {
            self.pass(Duration::from_millis(500));
        }
    }

    pub fn key(&mut self, keys: &str) {
        for key in keys.chars() {
            self.input(Input::Key(key));
            self.pass(Duration::from_millis(200));
        }
    }

    /// The oldest tool that runs has this outcome.
    pub fn tool(&mut self, result: Result<serde_json::Value, ToolFault>) {
        if let Some(id) = self.tools.pop_front() {
            self.input(Input::ToolDone { id, result });
        }
    }

    /// The language model that was asked last answers this.
    pub fn model(&mut self, news: impl IntoIterator<Item = ModelNews>) {
        let id = self.asked.last().map(|request| request.id).expect("a request");
        for news in news {
            self.input(Input::Model { id, news });
        }
    }

    /// It answers with this text, word by word, and that is all.
    pub fn model_says(&mut self, text: &str) {
        let words: Vec<ModelNews> = text.split_inclusive(' ').map(|word| ModelNews::Text(word.to_owned())).collect();
        self.model(words.into_iter().chain([ModelNews::End]));
    }

    /// A supervisor guides the bot, if it can follow. `json`: the slots, and `task` and `say` beside them.
    pub fn guide(&mut self, id: u64, json: &str) -> Result<(), GuidanceFault> {
        let guidance = guidance(json);
        self.line.talk.check_guidance(&guidance, false)?;
        self.input(Input::Guided { id, guidance });
        Ok(())
    }

    /// Who has taken the call over gives it back.
    pub fn hand_back(&mut self, json: &str) -> Result<(), GuidanceFault> {
        let guidance = guidance(json);
        self.line.talk.check_guidance(&guidance, true)?;
        self.input(Input::HandedBack(guidance));
        Ok(())
    }

    /// What happened since the last look.
    pub fn look(&mut self) -> Vec<String> {
        std::mem::take(&mut self.trace)
    }
}

/// `{"time": "15:00", "say": "Hello."}`: slots, but for `task` and `say`.
fn guidance(json: &str) -> Guidance {
    let mut slots: std::collections::BTreeMap<String, serde_json::Value> =
        serde_json::from_str(json).unwrap_or_else(|e| panic!("{e}: {json}"));
    let mut text = |key: &str| slots.remove(key).map(|text| text.as_str().map(str::to_owned).expect("a text"));
    Guidance { task: text("task"), say: text("say"), slots }
}

/// Runs a script against a bot and compares what happens. One step per line:
/// `answer`, `say WORDS` (after the bot), `over MS WORDS` (speaks so long over the bot; no words: nothing was understood), `key KEYS`,
/// `type TEXT` (at once), `wait MS`, `listen`, `deaf`, `hear`, `tool JSON`, `tool late`, `tool down`, `tool 404`, `sure 0.3` (confidence from here on),
/// `nobody WHY` (no person was found), `queue PLACE MS` (the caller waits for one), `takeover`, `handback JSON`, `guide JSON` ([`Sim::guide`]).
pub fn check(bot: &str, script: &str, expected: &str) {
    let mut sim = Sim::new(Bot::parse(bot, "test.toml").unwrap_or_else(|e| panic!("{e}")));
    let ms = |text: &str| Duration::from_millis(text.parse().unwrap_or_else(|_| panic!("no number: {text}")));
    for line in script.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "answer" => sim.input(Input::Answered),
            "say" => sim.say(rest),
            "over" => {
                let (length, words) = rest.split_once(' ').unwrap_or((rest, ""));
                sim.speak(Some(words).filter(|w| !w.is_empty()), ms(length));
                sim.pass(Duration::from_millis(900));
            }
            "key" => sim.key(rest),
            "type" => sim.input(Input::Typed(rest.into())),
            "wait" => sim.pass(ms(rest)),
            "listen" => sim.listen(),
            "deaf" => sim.input(Input::Deaf(true)),
            "hear" => sim.input(Input::Deaf(false)),
            "takeover" => sim.input(Input::TakenOver),
            "handback" => sim.hand_back(rest).unwrap_or_else(|e| panic!("{e}: {rest}")),
            "guide" => sim.guide(7, rest).unwrap_or_else(|e| panic!("{e}: {rest}")),
            "nobody" => {
                let fault = PersonFault::ALL.into_iter().find(|fault| fault.to_string() == rest);
                let fault = fault.unwrap_or_else(|| panic!("no such fault: {rest}"));
                sim.input(Input::Person(PersonNews::Failed(fault)));
            }
            "queue" => {
                let (place, wait) = rest.split_once(' ').unwrap_or((rest, ""));
                let wait = Some(wait).filter(|wait| !wait.is_empty()).map(ms);
                let place = place.parse().unwrap_or_else(|_| panic!("no place: {place}"));
                sim.input(Input::Person(PersonNews::Waiting { place, wait }));
            }
            "sure" => sim.confidence = rest.parse().unwrap_or(0.9),
            "tool" => sim.tool(match rest {
                "late" => Err(ToolFault::Late),
                "down" => Err(ToolFault::Unreachable),
                "404" => Err(ToolFault::Status(404)),
                json => Ok(serde_json::from_str(json).unwrap_or_else(|e| panic!("{e}"))),
            }),
            other => panic!("no such step: {other}"),
        }
    }
    let seen = sim.look();
    let wanted: Vec<&str> = expected.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    assert_eq!(seen, wanted, "\nseen:\n{}\n", seen.join("\n"));
}

#[cfg(test)]
mod tests;
