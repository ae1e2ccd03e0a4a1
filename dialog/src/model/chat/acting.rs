//! What a model wants done: each call of a tool is checked, run or held for a yes, and has an outcome in what the model is told next.
use super::Chat;
use super::answering::TOOL_ANSWERED;
use super::calls::WrittenCall;
use super::offered::{HANG_UP, SET_SLOT, SPEAK, START_TASK, TRANSFER, confirmed_by, restated};
use super::prompt::Exchange;
use crate::approval::{ApprovalCall, Decision, ShownValue};
use crate::bot::Command;
use crate::guidance::Guidance;
use crate::knowledge::Knowledge;
use crate::model::brain::Brain;
use crate::model::thought::{HangUpReason, Refusal, Thought};
use crate::tool::{ConfirmedBy, Effect, ToolDefinition, ToolFault, ToolId};
use crate::value::answer::{Question, Verdict, answer};
use crate::value::words::tokens;
use serde_json::{Value as Json, json};
use std::time::{Duration, Instant};

/// How much of what would be done has to be heard before a yes counts.
const ENOUGH_HEARD: f32 = 0.5;
/// So often it is asked for again where the answer was not clear.
const MOST_RESTATED: u8 = 2;
/// More of a tool's answer is not told to a model.
const MOST_OUTPUT: usize = 8_000;
/// So much of a name that a model makes up is recorded.
const MOST_NAME: usize = 64;
/// How long a supervisor may take.
const APPROVAL_LIMIT: Duration = Duration::from_secs(60);

/// A call that waits for a yes.
pub(super) struct Held {
    what: Deed,
    /// Its exchange, by its id.
    exchange: String,
    restated: String,
    asked: u8,
    /// The approval of a supervisor that is waited for.
    approval: Option<ToolId>,
}

enum Deed {
    Tool(Box<ToolDefinition>, Json),
    Task(Guidance),
}

/// A tool that runs for the model.
pub(super) struct Running {
    id: ToolId,
    exchange: String,
    acts: bool,
    /// It searches the bot's documents.
    searches: bool,
}

/// What a call comes to at once.
enum Came {
    /// It has this outcome, and the model goes on.
    Output(Json),
    /// The flow speaks with the caller now.
    ToFlow,
    Runs,
    Held,
    HangsUp,
}

fn refused(why: impl std::fmt::Display) -> Came {
    Came::Output(json!({ "ok": false, "error": why.to_string() }))
}

impl Chat {
    /// The model has called these.
    pub(super) fn call(&mut self, now: Instant, calls: Vec<WrittenCall>) {
        let (mut to_flow, mut hangs_up, mut runs) = (false, false, false);
        for call in calls {
            let exchange = self.begin_exchange(&call);
            let came = match to_flow || hangs_up {
                true => refused("the call went on without it"),
                false => self.carry_out(now, &call, &exchange),
            };
            match came {
                Came::Output(output) => self.memory.settle(&exchange, output),
                Came::ToFlow => {
                    to_flow = true;
                    self.memory
                        .settle(&exchange, json!({ "ok": true, "note": "the phone system goes on with the caller" }));
                }
                Came::HangsUp => {
                    hangs_up = true;
                    self.memory.settle(&exchange, json!({ "ok": true }));
                }
                Came::Runs => runs = true,
                Came::Held => {}
            }
        }
        let spoke = self.answer.as_ref().is_some_and(|answer| answer.spoke);
        if hangs_up {
            self.answer = None;
            let closing = self.bot.closing.clone();
            if !spoke {
                self.say(&closing, false);
            }
            return self.end(HangUpReason::Done);
        }
        if to_flow {
            self.answer = None;
            return self.forward();
        }
        let approval = self.held.as_ref().map(|held| held.approval.is_some());
        match approval {
            // What else was called runs meanwhile.
            Some(false) => {
                self.answer = None;
                self.ask_held();
            }
            Some(true) => self.let_speak(),
            None if runs => self.let_speak(),
            None => self.next_round(now),
        }
    }

    /// The caller may speak while the answer is waited for.
    fn let_speak(&mut self) {
        self.listen();
        if let Some(answer) = &mut self.answer {
            answer.listens = true;
        }
    }

    fn begin_exchange(&mut self, call: &WrittenCall) -> String {
        self.tools += 1;
        // Servers may leave numbers out, or use one twice.
        let id = format!("call_{}", self.tools);
        self.memory.begin(Exchange {
            after: usize::MAX,
            id: id.clone(),
            name: call.name.clone(),
            arguments: call.read().unwrap_or_else(|| json!({})).to_string(),
            output: None,
        });
        id
    }

    fn carry_out(&mut self, now: Instant, call: &WrittenCall, exchange: &str) -> Came {
        if let Some(why) = self.not_allowed(&call.name) {
            if let Some(answer) = &mut self.answer {
                answer.refused = true;
            }
            let name = call.name.chars().take(MOST_NAME).collect();
            self.thoughts.push_back(Thought::Refused(Refusal::Tool { name, why: why.clone() }));
            return refused(format_args!("{why}; tell the caller that you cannot do this"));
        }
        let Some(mut arguments) = call.read() else { return refused("the arguments are no JSON object") };
        // A search may be done by an endpoint: it is told nothing personal, also by a model that has heard it.
        match call.name == Knowledge::TOOL {
            true => self.guard.mask_json(&mut arguments),
            false => self.guard.restore_json(&mut arguments),
        }
        match call.name.as_str() {
            START_TASK | SET_SLOT => self.guide_flow(&call.name, &arguments, exchange),
            TRANSFER if self.flow.put_through() => Came::ToFlow,
            TRANSFER => refused("nobody can be reached"),
            SPEAK => {
                let wanted = arguments.get("language").and_then(Json::as_str).unwrap_or_default();
                match self.bot.languages.iter().find(|(language, _)| language.code() == wanted) {
                    Some((_, name)) => {
                        self.flow.hand_on(name);
                        Came::ToFlow
                    }
                    None => refused("nobody speaks that language"),
                }
            }
            HANG_UP if self.was_farewell() => Came::HangsUp,
            HANG_UP => refused("the caller has not said goodbye: ask whether there is anything else"),
            name => match self.offered.tool(name).cloned() {
                Some(tool) => self.call_tool(now, tool, arguments, exchange),
                None => refused("there is no such tool"),
            },
        }
    }

    /// Why a model may not call this now, whatever it was told to by the caller, by a tool or by a text.
    fn not_allowed(&self, name: &str) -> Option<String> {
        if !self.offered.has(name) {
            return Some("there is no such tool".into());
        }
        let tasks = self.bot.tasks_of_tools.get(name)?;
        let is_under_way = self.flow.task().is_some_and(|task| tasks.iter().any(|of| of == task));
        (!is_under_way)
            .then(|| format!("it may be called only while one of these tasks is under way: {}", tasks.join(", ")))
    }

    /// A task or a value for the flow, which reads it like that of a caller.
    fn guide_flow(&mut self, name: &str, arguments: &Json, exchange: &str) -> Came {
        let text = |key: &str| arguments.get(key).and_then(Json::as_str).map(str::to_owned);
        let mut guidance = Guidance::default();
        if name == START_TASK {
            guidance.task = text("task");
            if guidance.task.is_none() {
                return refused("`task` is missing");
            }
            let values = arguments.get("values").and_then(Json::as_object).into_iter().flatten();
            guidance.slots =
                values.filter(|(_, value)| !is_nothing(value)).map(|(k, v)| (k.clone(), v.clone())).collect();
        } else if let (Some(slot), Some(value)) = (text("slot"), arguments.get("value")) {
            guidance.slots.insert(slot, value.clone());
        } else {
            return refused("`slot` and `value` are missing");
        }
        let is_secret = |name: &String| self.bot.slot(name).is_some_and(|slot| self.bot.slots[slot].secret);
        if let Some(secret) = guidance.slots.keys().find(|name| is_secret(name)) {
            return refused(format_args!("`{secret}` is secret: the phone system asks for it itself"));
        }
        if let Err(fault) = self.flow.check_guidance(&guidance) {
            return refused(fault);
        }
        let at_once = guidance.task.as_ref().filter(|task| self.flow.acts_at_once(task));
        if let Some(plan) = at_once.and_then(|name| self.bot.tasks.iter().find(|task| task.name == *name)) {
            let restated = plan.say.clone();
            return self.hold(Deed::Task(guidance), exchange, restated);
        }
        self.flow.take_from_model(&guidance);
        Came::ToFlow
    }

    fn call_tool(&mut self, now: Instant, tool: ToolDefinition, arguments: Json, exchange: &str) -> Came {
        match confirmed_by(&tool) {
            ConfirmedBy::Nobody => {
                self.run(now, &tool, arguments, exchange);
                Came::Runs
            }
            ConfirmedBy::Caller => {
                let restated = restated(&tool, &arguments);
                self.hold(Deed::Tool(Box::new(tool), arguments), exchange, restated)
            }
            ConfirmedBy::Supervisor => self.ask_supervisor(now, tool, arguments, exchange),
        }
    }

    fn run(&mut self, now: Instant, tool: &ToolDefinition, arguments: Json, exchange: &str) {
        let id = self.next_tool();
        let (acts, searches) = (tool.effect == Effect::Acts, tool.name == Knowledge::TOOL);
        self.running.push(Running { id, exchange: exchange.to_owned(), acts, searches });
        self.wait_for(now, id);
        self.thoughts.push_back(Thought::Run(tool.call(id, arguments)));
        if let Some(filler) = &tool.filler {
            self.fill(now, filler);
        }
    }

    fn next_tool(&mut self) -> ToolId {
        self.tools += 1;
        ToolId(self.tools)
    }

    /// What acts waits for the caller's yes.
    fn hold(&mut self, what: Deed, exchange: &str, restated: String) -> Came {
        if self.held.is_some() {
            return refused("another action waits for the caller's yes: call this one after it");
        }
        self.held = Some(Held { what, exchange: exchange.to_owned(), restated, asked: 0, approval: None });
        Came::Held
    }

    fn ask_supervisor(&mut self, now: Instant, tool: ToolDefinition, arguments: Json, exchange: &str) -> Came {
        let restated = restated(&tool, &arguments);
        let value = |(name, value): (&String, &Json)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            ShownValue { slot: name.clone(), label: name.replace('_', " "), text }
        };
        let asked = ApprovalCall {
            task: tool.name.clone(),
            action: restated.clone(),
            values: arguments.as_object().into_iter().flatten().map(value).collect(),
            limit: APPROVAL_LIMIT,
            default: Decision::Decline,
        };
        let came = self.hold(Deed::Tool(Box::new(tool), arguments), exchange, restated);
        if matches!(came, Came::Held) {
            let id = self.next_tool();
            if let Some(held) = &mut self.held {
                held.approval = Some(id);
            }
            self.wait_for(now, id);
            self.thoughts.push_back(Thought::Run(asked.call(id)));
            let checking = self.bot.prompts.checking.clone();
            self.fill(now, &checking);
        }
        came
    }

    /// Restates what would be done, and asks for a yes.
    pub(super) fn ask_held(&mut self) {
        let Some(held) = &mut self.held else { return };
        held.asked += 1;
        let text = self.bot.prompts.confirm_call.replace("{value}", &held.restated);
        self.has_floor = true;
        self.listen();
        self.say(&text, true);
    }

    /// The caller speaks while a call waits for a yes; `false`: they said something else, which the model answers.
    pub(super) fn answers_held(&mut self, now: Instant, text: &str, confidence: f32, question_heard: f32) -> bool {
        let Some(held) = &self.held else { return false };
        if held.approval.is_some() {
            let text = self.bot.prompts.still_checking.clone();
            self.listen();
            self.say(&text, true);
            return true;
        }
        let words = tokens(text, self.bot.language);
        let verdict = answer(&words, self.bot.language, Question::ReadBack).filter(|(_, len)| *len == words.len());
        let sure = confidence >= self.bot.turn.good && question_heard >= ENOUGH_HEARD;
        match verdict {
            Some((Verdict::Yes, _)) if sure => self.decide_held(now, true),
            Some((Verdict::Yes | Verdict::Unsure, _)) if held.asked <= MOST_RESTATED => self.ask_held(),
            // Why not, and what instead, is the model's to find out.
            Some(_) => {
                self.drop_held("the caller did not say yes to it");
                self.answer_turn(now, text);
            }
            None => {
                self.drop_held("the caller did not say yes to it, but something else");
                return false;
            }
        }
        true
    }

    /// The caller has said yes or no.
    pub(super) fn decide_held(&mut self, now: Instant, yes: bool) {
        if !yes {
            self.drop_held("the caller said no");
            return self.answer_unprompted(now, "the caller said no to it: ask what they want instead");
        }
        let Some(held) = self.held.take() else { return };
        match held.what {
            Deed::Tool(tool, arguments) => {
                self.run(now, &tool, arguments, &held.exchange);
                self.let_speak();
            }
            Deed::Task(guidance) => {
                self.memory.settle(&held.exchange, json!({ "ok": true, "note": "the phone system does it now" }));
                self.flow.take_from_model(&guidance);
                self.forward();
            }
        }
    }

    /// A call that was waiting for a yes is not made.
    pub(super) fn drop_held(&mut self, why: &str) {
        let Some(held) = self.held.take() else { return };
        if let Some(id) = held.approval {
            self.thoughts.push_back(Thought::Cancel(id));
        }
        self.memory.settle(&held.exchange, json!({ "ok": false, "error": why }));
    }

    /// A tool that was called for the model has this outcome.
    pub(super) fn tool_done(&mut self, now: Instant, id: ToolId, result: Result<Json, ToolFault>) {
        let is_waited_for = self.answer.as_mut().is_some_and(|answer| {
            let before = answer.waits.len();
            answer.waits.retain(|waiting| *waiting != id);
            answer.waits.len() < before
        });
        if let Some(held) = self.held.take_if(|held| held.approval == Some(id)) {
            return self.approved(now, held, ApprovalCall::decided(&result) == Decision::Approve);
        }
        let Some(at) = self.running.iter().position(|running| running.id == id) else { return };
        let Running { exchange, acts, searches, .. } = self.running.remove(at);
        if searches && let Ok(told) = &result {
            self.sources.found(Knowledge::passages_in(told));
        }
        self.has_acted |= acts && result.is_ok();
        self.memory.settle(&exchange, output(result));
        match &self.answer {
            Some(answer) if is_waited_for && answer.waits.is_empty() => self.next_round(now),
            Some(_) if is_waited_for => {}
            // The answer that waited for it was interrupted: the caller is told unprompted.
            None if !self.flow.has_the_caller() && self.held.is_none() => self.answer_unprompted(now, TOOL_ANSWERED),
            _ => self.owes = true,
        }
    }

    fn approved(&mut self, now: Instant, held: Held, is_approved: bool) {
        match held.what {
            Deed::Tool(tool, arguments) if is_approved => {
                self.run(now, &tool, arguments, &held.exchange);
                self.let_speak();
            }
            _ => {
                self.memory.settle(&held.exchange, json!({ "ok": false, "error": "a supervisor has not approved it" }));
                match self.answer.is_some() {
                    true => self.next_round(now),
                    false => self.answer_unprompted(now, "a supervisor has not approved it: tell the caller"),
                }
            }
        }
    }

    /// Whether the caller's last words clearly end the call.
    fn was_farewell(&self) -> bool {
        let said = &self.memory.said;
        let Some(at) = said.iter().rposition(|known| known.by_caller) else { return false };
        let words = tokens(&said[at].text, self.bot.language);
        let commands = &self.bot.commands;
        let command =
            commands.find(&words, self.bot.language, false).or(commands.understood(&words, self.bot.language));
        if command == Some(Command::Goodbye) {
            return true;
        }
        // "No, that is all" to "is there anything else?"
        let asked = said[..at].iter().rfind(|known| !known.by_caller).is_some_and(|known| known.text.contains('?'));
        let verdict = answer(&words, self.bot.language, Question::Else).filter(|(_, len)| *len == words.len());
        asked && matches!(verdict, Some((Verdict::No, _)))
    }
}

fn is_nothing(value: &Json) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// The outcome of a tool as a model is told it.
fn output(result: Result<Json, ToolFault>) -> Json {
    match result {
        Ok(result) => {
            let text = result.to_string();
            match text.char_indices().nth(MOST_OUTPUT) {
                None => json!({ "ok": true, "result": result }),
                Some((end, _)) => json!({ "ok": true, "beginning_of_result": text[..end] }),
            }
        }
        Err(fault) => json!({ "ok": false, "error": fault.to_string() }),
    }
}
