//! `Call`: one call of a caller with a bot in simulated time.
use crate::caller::{Action, Caller, Hearing, NextMoment, Utterance};
use crate::pattern::Said;
use crate::record::{By, Failure, Line, Record, ToolRun, What};
use crate::scenario::{End, Moment, PersonOutcome};
use crate::tools::{Tools, shown};
use dialog::bot::Bot;
use dialog::conversation::{
    Conversation, HangUpReason, HushedBy, Input, Output, PersonNews, PersonOrder, SayId, ToolFault, ToolId,
};
use dialog::history;
use dialog::simulated::{SimulatedLine, VOICE_ENDED, VOICE_NOTICED};
use jiff::civil::DateTime;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// No call is longer.
const LONGEST: Duration = Duration::from_secs(3_600);

/// Where nothing at all is to come for so long, the call is stuck.
const STUCK: Duration = Duration::from_secs(60);

/// From one key to the next.
const KEY: Duration = Duration::from_millis(200);

/// What a call is held with.
pub struct Setting<'a> {
    pub bot: &'a Arc<Bot>,
    /// The bots that the call may be handed on to, by name.
    pub others: &'a BTreeMap<String, Arc<Bot>>,
    /// The caller's date and time when the call begins.
    pub now: DateTime,
    pub tools: &'a mut dyn Tools,
    pub person: Option<&'a PersonOutcome>,
    /// The clauses by which the bot asks again ([`reprompts`]).
    pub reprompts: &'a BTreeSet<String>,
}

/// Every clause by which a bot asks again for what it did not get.
pub fn reprompts(bot: &Bot) -> BTreeSet<String> {
    let p = &bot.prompts;
    let own = bot.slots.iter().flat_map(|slot| &slot.reprompts);
    let all = own.chain([&p.no_match, &p.no_match_again, &p.unsure, &p.one_value, &p.only_refused, &p.no_such_date]);
    all.flat_map(|text| bot.clauses(text)).map(|clause| clause.said).collect()
}

/// Holds one call; `start` is the moment that its time begins at.
pub fn hold(setting: Setting<'_>, caller: &mut dyn Caller, start: Instant) -> Record {
    let conversation = Conversation::new(setting.bot.clone(), setting.now).with_bots(Arc::new(setting.others.clone()));
    let mut call = Call::new(setting, SimulatedLine::new(conversation, start));
    call.line.input(Input::Answered);
    call.take();
    call.run(caller);
    call.finish()
}

/// A tool that runs.
struct Running {
    id: ToolId,
    due: Instant,
    result: Result<Json, ToolFault>,
    /// Its place in the record.
    run: usize,
}

/// The wish for a person: nothing of it happens before the bot has said all.
struct Search {
    silent_since: Option<Instant>,
    queue_told: bool,
}

/// The caller has finished, and an answer is due.
struct Pending {
    since: Instant,
    taken: bool,
    answer: Option<SayId>,
}

struct Call<'a> {
    setting: Setting<'a>,
    line: SimulatedLine,
    record: Record,
    said: Said,
    running: Vec<Running>,
    search: Option<Search>,
    pending: Option<Pending>,
    response: Option<Duration>,
    /// When the bot was first heard since the caller did something.
    sound_since: Option<Instant>,
    acted: Instant,
    /// The lines of the history by then.
    history_before: usize,
    end: Option<End>,
    /// The bot did not understand, and has not asked again yet.
    misunderstood: bool,
    /// The bot asked again since the last turn.
    reprompted: bool,
}

impl<'a> Call<'a> {
    fn new(setting: Setting<'a>, line: SimulatedLine) -> Self {
        let record = Record::default();
        let acted = line.now();
        Self {
            setting,
            line,
            record,
            said: Said::default(),
            running: Vec::new(),
            search: None,
            pending: None,
            response: None,
            sound_since: None,
            acted,
            history_before: 0,
            end: None,
            misunderstood: false,
            reprompted: false,
        }
    }

    fn run(&mut self, caller: &mut dyn Caller) {
        loop {
            if let Err(problem) = self.listen(&caller.moment()) {
                self.record.faults.push(Failure::new(0, problem));
                return;
            }
            let hearing = Hearing {
                said: &self.said,
                over: self.is_over(),
                waits_for_person: self.search.is_some(),
                response: self.response,
                slots: &self.record.slots,
                bot: self.setting.bot,
                now: self.setting.now,
            };
            let action = match caller.act(&hearing) {
                Ok(action) => action,
                Err(failure) => return self.record.faults.push(failure),
            };
            if self.is_over() {
                return;
            }
            if !matches!(action, Action::Listen(_)) {
                self.begin_action();
            }
            match action {
                Action::Say(utterance) => self.speak(utterance),
                Action::Type { text, pause } => {
                    self.pass(pause);
                    self.note_caller(text.clone(), By::Text);
                    self.line.input(Input::Typed(text));
                    self.has_spoken(self.line.now());
                    self.take();
                }
                Action::Keys { keys, pause } => self.press(&keys, pause),
                Action::Wait(time) => {
                    self.note_caller(format!("(silent for {:.1} s)", time.as_secs_f32()), By::Nothing);
                    self.pass(time);
                }
                Action::Listen(time) => self.pass(time),
                Action::HangUp => {
                    self.note_caller("(hangs up)".into(), By::Nothing);
                    self.end = Some(End::Caller);
                    return;
                }
            }
        }
    }

    /// Nothing more can be done in this call.
    fn is_over(&self) -> bool {
        self.end.is_some_and(|end| end != End::Stuck) && self.line.playing().is_none()
    }

    /// Lets the bot speak until the caller's moment.
    fn listen(&mut self, moment: &NextMoment) -> Result<(), String> {
        loop {
            if self.is_over() || self.is_moment(moment) {
                return Ok(());
            }
            if let NextMoment::Over(_) = moment
                && self.awaits_caller()
            {
                return Err(format!(
                    "the bot had finished before the caller could interrupt; it said {:?}",
                    self.said.text()
                ));
            }
            if self.line.since_start() > LONGEST {
                return Err("the call did not end within an hour".into());
            }
            let now = self.line.now();
            let until = match moment {
                NextMoment::Over(Moment::After(time)) => {
                    self.sound_since.map(|since| since + *time).filter(|at| *at > now)
                }
                _ => None,
            };
            if !self.advance(until.unwrap_or(now + STUCK)) && until.is_none() {
                return Err("the bot neither spoke nor listened".into());
            }
        }
    }

    fn is_moment(&self, moment: &NextMoment) -> bool {
        match moment {
            NextMoment::BotDone => self.awaits_caller(),
            NextMoment::Over(Moment::After(time)) => {
                self.line.playing().is_some() && self.sound_since.is_some_and(|since| since + *time <= self.line.now())
            }
            NextMoment::Over(Moment::Said(words)) => {
                let mut heard = Said::default();
                for line in self.line.talk.history().iter().skip(self.history_before) {
                    if let history::Line::Bot { heard: text, .. } = line {
                        heard.add(text, text);
                    }
                }
                self.line.playing().is_some() && words.missing(&heard).next().is_none()
            }
        }
    }

    /// The bot has finished, and waits for the caller; or the caller may say that they do not wait for a person.
    fn awaits_caller(&self) -> bool {
        let may_speak = self.search.is_some() && self.line.playing().is_none() && self.line.talk.takes();
        self.line.awaits_caller() || may_speak
    }

    fn begin_action(&mut self) {
        self.said.clear();
        self.response = None;
        self.pending = None;
        self.sound_since = None;
        self.reprompted = false;
        self.acted = self.line.now();
        self.history_before = self.line.talk.history_length();
    }

    /// Speaks for a while and falls silent, as a gate and a recogniser report it.
    fn speak(&mut self, utterance: Utterance) {
        let Utterance { words, recognised, confidence, pause, length, recognise, .. } = utterance;
        self.pass(pause);
        let by = if self.line.playing().is_some() { By::Interrupting } else { By::Voice };
        let words = match &recognised {
            Some(written) if *written != words => format!("{words} (recognised: {written})"),
            _ => words,
        };
        self.note_caller(words, by);
        self.pass(VOICE_NOTICED);
        self.line.input(Input::SpeechStarted);
        self.take();
        self.pass(length.max(VOICE_NOTICED) + VOICE_ENDED - VOICE_NOTICED);
        self.has_spoken(self.line.now() - VOICE_ENDED);
        self.line.input(Input::SpeechStopped { ago: VOICE_ENDED, spoke: Duration::ZERO });
        self.take();
        self.pass(recognise);
        self.line.input(Input::Words { text: recognised, confidence, is_final: true });
        self.take();
    }

    fn press(&mut self, keys: &str, pause: Duration) {
        self.pass(pause);
        self.note_caller(keys.to_owned(), By::Keys);
        for key in keys.chars() {
            self.has_spoken(self.line.now());
            self.line.input(Input::Key(key));
            self.take();
            self.pass(KEY);
        }
    }

    /// The caller's answer ended at this moment.
    fn has_spoken(&mut self, since: Instant) {
        let taken = self.pending.as_ref().is_some_and(|pending| pending.taken);
        if !taken {
            self.pending = Some(Pending { since, taken: false, answer: None });
        }
    }

    fn note_caller(&mut self, words: String, by: By) {
        self.note(What::Caller { words, by });
    }

    fn note(&mut self, what: What) {
        self.record.lines.push(Line { at: self.line.since_start(), what });
    }

    fn pass(&mut self, time: Duration) {
        let until = self.line.now() + time;
        while self.advance(until) {}
    }

    /// Goes to the next thing that is due by `until`; `false`: there is none.
    fn advance(&mut self, until: Instant) -> bool {
        let tool = self.running.iter().map(|running| running.due).min();
        let person = self.person_due();
        let outside = [tool, person].into_iter().flatten().min();
        // Where the caller is awaited, nothing but their silence is due.
        let no_input = self.line.awaits_caller();
        if self.line.step(outside.map_or(until, |at| at.min(until))) {
            if no_input {
                (self.misunderstood, self.reprompted) = (true, false);
            }
            self.take();
            return true;
        }
        let now = self.line.now();
        if tool.is_some_and(|at| at <= now) {
            self.finish_tool(now);
        } else if person.is_some_and(|at| at <= now) {
            self.person(now);
        } else {
            return false;
        }
        self.take();
        true
    }

    fn finish_tool(&mut self, now: Instant) {
        let Some(at) = self.running.iter().position(|running| running.due <= now) else { return };
        let Running { id, result, run, .. } = self.running.remove(at);
        let outcome = match &result {
            Ok(answer) => answer.to_string(),
            Err(fault) => fault.to_string(),
        };
        let shown = self.record.tools[run].shown.clone();
        self.note(What::Note(format!("{shown}: {outcome}")));
        self.record.tools[run].outcome = Some(outcome);
        self.line.input(Input::ToolDone { id, result });
    }

    /// When something comes of the search for a person.
    fn person_due(&self) -> Option<Instant> {
        let search = self.search.as_ref()?;
        let since = search.silent_since?;
        let outcome = self.setting.person?;
        Some(if outcome.waiting.is_some() && !search.queue_told { since } else { since + outcome.after })
    }

    fn person(&mut self, now: Instant) {
        let Some((search, outcome)) = self.search.as_mut().zip(self.setting.person) else { return };
        if let (Some((place, wait)), false) = (outcome.waiting, search.queue_told) {
            search.queue_told = true;
            self.line.input(Input::Person(PersonNews::Waiting { place, wait }));
            return;
        }
        self.search = None;
        match outcome.fault {
            Some(fault) => {
                self.note(What::Note(format!("no person: {fault}")));
                self.pending = Some(Pending { since: now, taken: true, answer: None });
                self.line.input(Input::Person(PersonNews::Failed(fault)));
            }
            None => {
                self.note(What::Note("put through".into()));
                self.end = Some(End::PutThrough);
            }
        }
    }

    /// Takes what the conversation wants done.
    fn take(&mut self) {
        while let Some(output) = self.line.poll() {
            self.output(output);
        }
        if self.record.tasks.last().map(String::as_str) != self.line.talk.task()
            && let Some(task) = self.line.talk.task()
        {
            self.record.tasks.push(task.to_owned());
        }
        self.hear_sound();
        let (now, is_silent) = (self.line.now(), self.line.playing().is_none());
        if let Some(search) = self.search.as_mut().filter(|_| is_silent) {
            search.silent_since.get_or_insert(now);
        }
    }

    fn hear_sound(&mut self) {
        let Some((say, at)) = self.line.last_sound() else { return };
        if at >= self.acted {
            self.sound_since.get_or_insert(at);
        }
        let due = self.pending.as_ref().is_some_and(|pending| pending.answer.is_some_and(|answer| answer <= say));
        if due && let Some(pending) = self.pending.take() {
            let response = at.saturating_duration_since(pending.since);
            self.record.responses.push(response);
            self.response = Some(response);
        }
    }

    fn output(&mut self, output: Output) {
        match output {
            Output::Say { say, clause, .. } => {
                if let Some(pending) = self.pending.as_mut().filter(|pending| pending.taken) {
                    pending.answer.get_or_insert(say);
                }
                let (spoken, read) = (clause.said().to_owned(), clause.written().to_owned());
                let asks_again = self.misunderstood || self.setting.reprompts.contains(&spoken);
                self.misunderstood = false;
                if asks_again && !std::mem::replace(&mut self.reprompted, true) {
                    self.record.reprompts += 1;
                }
                self.said.add(&spoken, &read);
                self.note(What::Bot { spoken, read, cut: false });
            }
            Output::Backchannel { clause, .. } => self.note(What::Note(format!("the bot listens: {}", clause.said()))),
            Output::Hush { by: HushedBy::Caller, .. } => self.record.interruptions += 1,
            Output::Turn { .. } => {
                self.record.turns += 1;
                (self.misunderstood, self.reprompted) = (false, false);
                self.is_taken();
            }
            Output::NoTurn => {
                (self.misunderstood, self.reprompted) = (true, false);
                self.is_taken();
            }
            Output::Run(call) => {
                let (now, run) = (self.line.now(), self.record.tools.len());
                let shown = shown(&call);
                let answer = self.setting.tools.answer(&call);
                let (due, result) = match answer {
                    Some(answer) => (now + answer.after, answer.result),
                    None => {
                        let problem = format!("the bot asks {shown:?}, and no [[tool]] of the file answers that");
                        self.record.faults.push(Failure::new(0, problem));
                        (now, Err(ToolFault::Unreachable))
                    }
                };
                self.running.push(Running { id: call.id, due, result, run });
                self.record.tools.push(ToolRun { call, shown, outcome: None });
            }
            Output::Cancel(id) => self.running.retain(|running| running.id != id),
            Output::Person(PersonOrder::Find(wanted)) => {
                self.note(What::Note(format!("looks for a person: {} ({})", wanted.to, wanted.brief)));
                self.record.person = Some(wanted.to);
                if self.setting.person.is_none() {
                    let problem = "the bot looks for a person: say in [person] what comes of that";
                    self.record.faults.push(Failure::new(0, problem));
                    self.end = Some(End::PutThrough);
                }
                self.search = Some(Search { silent_since: None, queue_told: false });
            }
            Output::Person(PersonOrder::Stop | PersonOrder::CallBack) => self.search = None,
            Output::Slot { name, value, confirmed, .. } => {
                let shown = value.as_ref().map_or_else(|| "nothing".to_owned(), Json::to_string);
                self.note(What::Note(format!("{name} = {shown}{}", if confirmed { ", confirmed" } else { "" })));
                if let Some(value) = value {
                    self.record.slots.insert(name, value);
                }
            }
            Output::HangUp { reason } => self.hung_up(reason),
            _ => {}
        }
    }

    fn is_taken(&mut self) {
        if let Some(pending) = &mut self.pending {
            pending.taken = true;
        }
    }

    fn hung_up(&mut self, reason: HangUpReason) {
        self.search = None;
        self.end = Some(End::Bot(reason));
    }

    /// The record, with how much of each clause was heard.
    fn finish(mut self) -> Record {
        let history = self.line.talk.history();
        let mut heard = history.iter().filter_map(|line| match line {
            history::Line::Bot { cut, .. } => Some(*cut),
            history::Line::Caller { .. } => None,
        });
        for line in &mut self.record.lines {
            if let What::Bot { cut, .. } = &mut line.what {
                *cut = heard.next().unwrap_or(false);
            }
        }
        self.record.end = self.end.unwrap_or(End::Stuck);
        self.record.length = self.line.since_start();
        self.record
    }
}
