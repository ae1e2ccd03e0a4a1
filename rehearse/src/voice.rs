//! `VoiceCall`: one call of a caller with a bot by voice, as a core: what sounds on the wire and what the bot's own record tells go in, what
//! the caller does comes out. The callers, what is expected and the record of the call are those of calls by text.
use crate::caller::{Action, Caller, Hearing, NextMoment, Utterance};
use crate::ear::Ear;
use crate::pattern::Said;
use crate::record::{By, Failure, Line, Record, ToolRun, What};
use crate::scenario::{Doing, End, Moment, Noise, Rehearsal, Scenario, ToolName};
use crate::tools::shown;
use dialog::approval::ApprovalCall;
use dialog::bot::Bot;
use dialog::tool::{ToolCall, ToolId};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

/// No call is longer.
const LONGEST: Duration = Duration::from_secs(600);

/// A caller to whom nothing is said for so long goes on all the same, if the bot listens.
const NOTHING: Duration = Duration::from_secs(15);

/// And is stuck after this, whatever the bot does.
const STUCK: Duration = Duration::from_secs(45);

/// Holds calls by voice: who opens the sockets.
pub trait VoiceCalls: Sync {
    /// Why this scenario cannot be rehearsed here, beside what [`unsuited`] says; and the line that says so.
    fn unsuited(&self, bot: &Bot, scenario: &Scenario) -> Option<(usize, String)>;

    /// Holds one call; what goes wrong on the way stands in its record.
    fn hold(&self, setting: VoiceSetting<'_>, caller: &mut dyn Caller) -> Record;
}

/// What a call by voice is held with.
#[derive(Clone, Copy)]
pub struct VoiceSetting<'a> {
    pub rehearsal: &'a Rehearsal,
    pub scenario: &'a Scenario,
    /// From 1.
    pub run: u32,
    pub seed: u64,
    /// The clauses by which the bot asks again ([`crate::call::reprompts`]).
    pub reprompts: &'a BTreeSet<String>,
}

/// What goes in.
#[derive(Clone, Debug)]
pub enum VoiceInput {
    /// The bot's sound begins, at this moment of the wire.
    BotSounds(Instant),
    /// The bot has been quiet for a while.
    BotQuiet,
    /// The last of the caller's sound, or of their keys, left at this moment.
    CallerStopped(Instant),
    /// The bot is going to say a clause: as it is spoken and as it is read.
    Clause {
        say: u64,
        spoken: String,
        read: String,
    },
    /// So many characters of a clause, as it is read, were heard; `done`: nothing more of it will be.
    Heard {
        say: u64,
        chars: u32,
        done: bool,
    },
    /// The caller has cut the bot off.
    Interrupted {
        say: u64,
    },
    /// Whether the bot has asked something and listens.
    Listens(bool),
    /// The bot has taken these words, or keys, for the caller's turn.
    Taken {
        text: String,
        by: By,
    },
    Slot {
        name: String,
        value: Option<Json>,
        confirmed: bool,
    },
    Task(String),
    ToolCalled(ToolCall),
    ToolEnded {
        id: ToolId,
        outcome: String,
    },
    /// The call is over, and why.
    Ended(End),
    /// Something that makes the rehearsal worthless.
    Fault(String),
    /// A deadline has come.
    Tick,
}

/// What the caller does.
#[derive(Clone, Debug, PartialEq)]
pub enum VoiceOrder {
    /// `noise`: from now on; `None`: the call's own.
    Say {
        words: String,
        pace: f32,
        noise: Option<Noise>,
    },
    /// A sound of which nothing is understood.
    Mumble {
        length: Duration,
    },
    Keys(String),
    HangUp,
}

/// What the caller is about.
enum State {
    Listening,
    /// They take a moment before they do it.
    Pausing {
        until: Instant,
        order: VoiceOrder,
    },
    Acting,
    Silent {
        until: Instant,
    },
    Over,
}

/// A clause of the bot's.
struct Clause {
    spoken: String,
    read: String,
    heard: u32,
    done: bool,
    /// Its line in the record.
    line: usize,
}

pub struct VoiceCall<'a> {
    setting: VoiceSetting<'a>,
    caller: &'a mut dyn Caller,
    start: Instant,
    /// When something was told last.
    told: Instant,
    state: State,
    record: Record,
    said: Said,
    clauses: BTreeMap<u64, Clause>,
    /// The first clause since the caller did something.
    clauses_since: u64,
    running: BTreeSet<ToolId>,
    listens: bool,
    quiet: bool,
    sound_since: Option<Instant>,
    /// When the caller began what they did last.
    acted: Instant,
    /// Their sound ended then, and no answer was heard yet.
    unanswered: Option<Instant>,
    response: Option<Duration>,
    /// The bot has finished since the caller's last turn: what it says now, it says again.
    waited: bool,
    reprompted: bool,
    end: Option<End>,
    out: VecDeque<VoiceOrder>,
}

impl<'a> VoiceCall<'a> {
    /// A call that was answered `now`.
    pub fn new(setting: VoiceSetting<'a>, caller: &'a mut dyn Caller, now: Instant) -> Self {
        Self {
            setting,
            caller,
            start: now,
            told: now,
            state: State::Listening,
            record: Record::default(),
            said: Said::default(),
            clauses: BTreeMap::new(),
            clauses_since: 0,
            running: BTreeSet::new(),
            listens: false,
            quiet: true,
            sound_since: None,
            acted: now,
            unanswered: None,
            response: None,
            waited: false,
            reprompted: false,
            end: None,
            out: VecDeque::new(),
        }
    }

    pub fn poll(&mut self) -> Option<VoiceOrder> {
        self.out.pop_front()
    }

    /// When [`VoiceInput::Tick`] is wanted next.
    pub fn deadline(&self) -> Option<Instant> {
        let own = match &self.state {
            State::Over => return None,
            State::Pausing { until, .. } | State::Silent { until } => Some(*until),
            State::Acting => None,
            State::Listening => {
                let moment = match self.caller.moment() {
                    NextMoment::Over(Moment::After(time)) => self.sound_since.map(|since| since + time),
                    _ => None,
                };
                let patience = [NOTHING, STUCK].map(|patience| Some(self.acted + patience));
                // What was due by then has been done, or waits for something else.
                let due = patience.into_iter().chain([moment]).flatten().filter(|at| *at > self.told);
                due.min()
            }
        };
        [own, Some(self.start + LONGEST)].into_iter().flatten().min()
    }

    /// Nothing more is to be done.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    pub fn handle(&mut self, now: Instant, input: VoiceInput) {
        self.told = now;
        self.take(now, input);
        self.go_on(now);
    }

    fn take(&mut self, now: Instant, input: VoiceInput) {
        match input {
            VoiceInput::BotSounds(at) => self.sounds(at),
            VoiceInput::BotQuiet => self.quiet = true,
            VoiceInput::CallerStopped(at) => {
                self.unanswered = Some(at);
                if matches!(self.state, State::Acting) {
                    self.state = State::Listening;
                }
            }
            VoiceInput::Clause { say, spoken, read } => self.clause(now, say, spoken, read),
            VoiceInput::Heard { say, chars, done } => {
                if let Some(clause) = self.clauses.get_mut(&say) {
                    (clause.heard, clause.done) = (chars, clause.done || done);
                }
            }
            VoiceInput::Interrupted { say } => {
                self.record.interruptions += 1;
                for clause in self.clauses.range(say..).map(|(_, clause)| clause).filter(|clause| !clause.done) {
                    cut(&mut self.record.lines, clause.line);
                }
            }
            VoiceInput::Listens(listens) => {
                self.listens = listens;
                self.waited |= listens;
            }
            VoiceInput::Taken { text, by } => self.taken(now, text, by),
            VoiceInput::Slot { name, value, confirmed } => {
                let shown = value.as_ref().map_or_else(|| "nothing".to_owned(), Json::to_string);
                let confirmed = if confirmed { ", confirmed" } else { "" };
                self.note(now, What::Note(format!("{name} = {shown}{confirmed}")));
                if let Some(value) = value {
                    self.record.slots.insert(name, value);
                }
            }
            VoiceInput::Task(task) => {
                if self.record.tasks.last() != Some(&task) {
                    self.record.tasks.push(task);
                }
            }
            VoiceInput::ToolCalled(call) => {
                let shown = shown(&call);
                self.running.insert(call.id);
                self.record.tools.push(ToolRun { call, shown, outcome: None });
            }
            VoiceInput::ToolEnded { id, outcome } => {
                self.running.remove(&id);
                let run = self.record.tools.iter_mut().rev().find(|run| run.call.id == id && run.outcome.is_none());
                if let Some(run) = run {
                    let text = format!("{}: {outcome}", run.shown);
                    run.outcome = Some(outcome);
                    self.note(now, What::Note(text));
                }
            }
            VoiceInput::Ended(end) => self.end = self.end.or(Some(end)),
            VoiceInput::Fault(problem) => self.record.faults.push(Failure::new(0, problem)),
            VoiceInput::Tick => {}
        }
    }

    fn sounds(&mut self, at: Instant) {
        self.quiet = false;
        if at >= self.acted {
            self.sound_since.get_or_insert(at);
        }
        if let Some(since) = self.unanswered.take() {
            let response = at.saturating_duration_since(since);
            self.record.responses.push(response);
            self.response = Some(response);
        }
    }

    fn clause(&mut self, now: Instant, say: u64, spoken: String, read: String) {
        let asks_again = self.waited || self.setting.reprompts.contains(&spoken);
        if asks_again && !std::mem::replace(&mut self.reprompted, true) {
            self.record.reprompts += 1;
        }
        // Who has the floor is told behind what they are going to say.
        self.listens = false;
        self.said.add(&spoken, &read);
        let line = self.record.lines.len();
        self.note(now, What::Bot { spoken: spoken.clone(), read: read.clone(), cut: false });
        self.clauses.insert(say, Clause { spoken, read, heard: 0, done: false, line });
    }

    fn taken(&mut self, now: Instant, text: String, by: By) {
        self.record.turns += 1;
        (self.waited, self.reprompted) = (false, false);
        if by != By::Voice {
            return;
        }
        match self.record.ears.last_mut() {
            Some(ear) if ear.heard.is_empty() => ear.heard = text,
            Some(ear) => {
                ear.heard.push(' ');
                ear.heard.push_str(&text);
            }
            None => self.note(now, What::Note(format!("the bot heard {text:?}, and nobody had said anything"))),
        }
    }

    fn note(&mut self, now: Instant, what: What) {
        let at = now.saturating_duration_since(self.start);
        self.record.lines.push(Line { at, what });
    }

    /// Does what is due, again and again, until the caller waits for something.
    fn go_on(&mut self, now: Instant) {
        loop {
            let (length, has_ended) = (now.saturating_duration_since(self.start), self.has_ended());
            if self.is_over() {
                return;
            }
            if length >= LONGEST {
                return self.fail("the call did not end within ten minutes");
            }
            if !self.record.faults.is_empty() {
                return self.hang_up();
            }
            match &mut self.state {
                State::Pausing { .. } | State::Acting | State::Silent { .. } if has_ended => {
                    self.state = State::Listening;
                }
                State::Pausing { until, .. } if now >= *until => {
                    let State::Pausing { order, .. } = std::mem::replace(&mut self.state, State::Acting) else {
                        return;
                    };
                    self.perform(now, order);
                }
                State::Silent { until } if now >= *until => self.state = State::Listening,
                State::Listening => {
                    if !self.listen(now) {
                        return;
                    }
                }
                _ => return,
            }
        }
    }

    fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    /// Whether the caller has done something.
    fn listen(&mut self, now: Instant) -> bool {
        let over = self.has_ended();
        let moment = self.caller.moment();
        let is_moment = over || self.is_moment(&moment, now);
        if !is_moment {
            if matches!(moment, NextMoment::Over(_)) && self.awaits_caller(now) {
                let said = self.said.text().to_owned();
                self.fail(format!("the bot had finished before the caller could interrupt; it said {said:?}"));
            } else if now >= self.acted + STUCK && self.quiet && self.running.is_empty() {
                self.fail("the bot neither spoke nor listened");
            }
            return false;
        }
        let hearing = Hearing {
            said: &self.said,
            over,
            waits_for_person: false,
            response: self.response,
            slots: &self.record.slots,
            bot: &self.setting.rehearsal.bot,
            now: self.setting.rehearsal.now,
        };
        let action = match self.caller.act(&hearing) {
            Ok(action) => action,
            Err(failure) => {
                self.record.faults.push(failure);
                self.hang_up();
                return false;
            }
        };
        if over {
            self.state = State::Over;
            return false;
        }
        self.act(now, action);
        true
    }

    fn fail(&mut self, problem: impl Into<String>) {
        self.record.faults.push(Failure::new(0, problem));
        self.hang_up();
    }

    fn hang_up(&mut self) {
        self.end = self.end.or(Some(End::Caller));
        self.out.push_back(VoiceOrder::HangUp);
        self.state = State::Over;
    }

    fn is_moment(&self, moment: &NextMoment, now: Instant) -> bool {
        match moment {
            NextMoment::BotDone => self.awaits_caller(now),
            NextMoment::Over(Moment::After(time)) => {
                !self.quiet && self.sound_since.is_some_and(|since| since + *time <= now)
            }
            NextMoment::Over(Moment::Said(words)) => {
                let mut heard = Said::default();
                for clause in self.clauses.range(self.clauses_since..).map(|(_, clause)| clause) {
                    heard.add(&clause.spoken_so_far(), &clause.read_so_far());
                }
                !self.quiet && words.missing(&heard).next().is_none()
            }
        }
    }

    /// The bot has said something, has finished, and listens.
    fn awaits_caller(&self, now: Instant) -> bool {
        let has_spoken = !self.said.text().is_empty() || now >= self.acted + NOTHING;
        has_spoken && self.listens && self.quiet && self.running.is_empty()
    }

    fn act(&mut self, now: Instant, action: Action) {
        if let Action::Listen(time) = action {
            self.state = State::Silent { until: now + time };
            return;
        }
        self.said.clear();
        (self.response, self.sound_since, self.reprompted) = (None, None, false);
        self.acted = now;
        self.clauses_since = self.clauses.last_key_value().map_or(0, |(say, _)| say + 1);
        let (pause, order) = match action {
            Action::Say(Utterance { words, recognised, pause, length, pace, noise, .. }) => {
                // Nothing is understood of a sound; what a recogniser writes of words is its own affair.
                let order = match recognised {
                    Some(_) => VoiceOrder::Say { words, pace, noise },
                    None => VoiceOrder::Mumble { length },
                };
                (pause, order)
            }
            Action::Keys { keys, pause } => (pause, VoiceOrder::Keys(keys)),
            Action::Type { .. } => return self.fail("a caller on the telephone cannot write"),
            Action::Wait(time) => {
                self.note(now, What::Caller { words: silent(time), by: By::Nothing });
                self.state = State::Silent { until: now + time };
                return;
            }
            Action::Listen(_) => return,
            Action::HangUp => {
                self.note(now, What::Caller { words: "(hangs up)".into(), by: By::Nothing });
                return self.hang_up();
            }
        };
        self.state = State::Pausing { until: now + pause, order };
    }

    fn perform(&mut self, now: Instant, order: VoiceOrder) {
        self.acted = now;
        self.unanswered = None;
        let by = if self.quiet { By::Voice } else { By::Interrupting };
        let (words, by) = match &order {
            VoiceOrder::Say { words, .. } => {
                self.record.ears.push(Ear { said: words.clone(), heard: String::new() });
                (words.clone(), by)
            }
            VoiceOrder::Mumble { .. } => ("(mumbles)".to_owned(), by),
            VoiceOrder::Keys(keys) => (keys.clone(), By::Keys),
            VoiceOrder::HangUp => return,
        };
        self.note(now, What::Caller { words, by });
        self.out.push_back(order);
    }

    /// The record. `now`: the call is over.
    pub fn finish(mut self, now: Instant) -> Record {
        if let Some(last) = self.clauses.values().next_back().filter(|clause| !clause.done) {
            cut(&mut self.record.lines, last.line);
        }
        if self.record.faults.is_empty() && !self.is_over() {
            self.record.faults.push(Failure::new(0, "the line broke off before the call was over"));
        }
        self.record.end = self.end.unwrap_or(End::Stuck);
        self.record.length = now.saturating_duration_since(self.start);
        self.record.by_voice = true;
        self.record
    }
}

fn silent(time: Duration) -> String {
    format!("(silent for {:.1} s)", time.as_secs_f32())
}

fn cut(lines: &mut [Line], line: usize) {
    if let Some(What::Bot { cut, .. }) = lines.get_mut(line).map(|line| &mut line.what) {
        *cut = true;
    }
}

impl Clause {
    fn read_so_far(&self) -> String {
        self.read.chars().take(self.heard as usize).collect()
    }

    /// As much of the words as was heard of what is read.
    fn spoken_so_far(&self) -> String {
        let (all, read) = (self.spoken.chars().count(), self.read.chars().count().max(1));
        self.spoken.chars().take(all * self.heard as usize / read).collect()
    }
}

/// What of a scenario cannot be known, or done, by voice; and the line that says so.
pub fn unsuited(scenario: &Scenario) -> Option<(usize, String)> {
    for step in &scenario.steps {
        let problem = match &step.then {
            Some(Doing::Type(_)) => "a caller on the telephone cannot write (`type`)",
            Some(Doing::Say(spoken) | Doing::Interrupt(_, spoken)) if !spoken.misheard.is_empty() => {
                "what is `misheard` by voice the recogniser decides"
            }
            Some(Doing::Say(spoken) | Doing::Interrupt(_, spoken)) if spoken.confidence.is_some() => {
                "how sure the recogniser is (`confidence`) it decides itself by voice"
            }
            _ => continue,
        };
        return Some((step.line, problem.to_owned()));
    }
    if scenario.person.is_some() || scenario.expect.person.is_some() {
        let problem = "nobody takes calls of a rehearsal by voice, so nothing comes of a search for a `person`";
        return Some((scenario.line, problem.to_owned()));
    }
    let approval = scenario
        .tools
        .iter()
        .find(|tool| matches!(&tool.calls.of, ToolName::Named(name) if name == ApprovalCall::TOOL));
    approval.map(|tool| (tool.line, "no supervisor decides in a rehearsal by voice (`approval`)".to_owned()))
}
