//! `Tools`: the tools that run, each with its own limit, and how long the caller has waited for them.
use super::Conversation;
use super::message::{Output, Why};
use crate::approval::ApprovalCall;
use crate::knowledge::Knowledge;
use crate::model::brain::BrainInput;
use crate::tool::ledger::{Begin, Ledger, Outcome};
use crate::tool::{Effect, ToolCall, ToolFault, ToolId, arguments};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long after its own limit a tool is given up.
const GRACE: Duration = Duration::from_secs(2);

#[derive(Default)]
pub(super) struct Tools {
    running: Vec<Running>,
    wait: Option<Wait>,
    ledger: Ledger,
    /// Outcomes of calls for which nothing had to run.
    ready: VecDeque<(ToolId, Outcome)>,
}

struct Running {
    id: ToolId,
    is_approval: bool,
    lost_at: Instant,
    /// What asks the caller for patience; `None`: the prompt.
    filler: Option<String>,
}

/// The caller is not listened to while tools run.
struct Wait {
    since: Instant,
    asked: u8,
}

impl Tools {
    /// A tool runs; the caller waits for it until they are told to speak ([`listen`](Self::listen)).
    fn run(&mut self, now: Instant, call: &ToolCall, filler: Option<String>) {
        let is_approval = call.name == ApprovalCall::TOOL;
        self.running.push(Running { id: call.id, is_approval, lost_at: now + call.limit + GRACE, filler });
        self.wait.get_or_insert(Wait { since: now, asked: 0 });
    }

    /// The caller may speak while tools run.
    pub fn listen(&mut self) {
        self.wait = None;
    }

    /// Whether the caller is kept waiting.
    pub fn is_awaited(&self) -> bool {
        self.wait.is_some()
    }

    /// Whether there are outcomes to hand on.
    pub fn has_outcomes(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Whether this one runs.
    pub fn has(&self, id: ToolId) -> bool {
        self.running.iter().any(|tool| tool.id == id)
    }

    /// Whether this one asks a supervisor, and does nothing by itself.
    pub fn is_approval(&self, id: ToolId) -> bool {
        self.running.iter().any(|tool| tool.id == id && tool.is_approval)
    }

    /// A tool has its outcome, or is given up; `false`: it is not one that runs.
    pub fn done(&mut self, id: ToolId) -> bool {
        let before = self.running.len();
        self.running.retain(|tool| tool.id != id);
        if self.running.is_empty() {
            self.wait = None;
        }
        self.running.len() < before
    }

    /// The first tool that should have answered long ago.
    pub fn lost(&self, now: Instant) -> Option<ToolId> {
        self.running.iter().find(|tool| tool.lost_at <= now).map(|tool| tool.id)
    }

    pub fn lost_deadline(&self) -> Option<(Instant, Why)> {
        self.running.iter().map(|tool| (tool.lost_at, Why::ToolLost)).min_by_key(|(at, _)| *at)
    }

    /// When the caller is to be asked for patience: after `slow`, and once more after four times as long.
    pub fn slow_deadline(&self, slow: Duration) -> Option<(Instant, Why)> {
        let wait = self.wait.as_ref()?;
        let after = [slow, slow * 4].get(usize::from(wait.asked)).copied()?;
        Some((wait.since + after, Why::ToolSlow))
    }

    /// The caller is asked for patience: how often, with this time.
    fn ask_patience(&mut self) -> u8 {
        self.wait.as_mut().map_or(0, |wait| {
            wait.asked += 1;
            wait.asked
        })
    }
}

impl Conversation {
    /// The brain calls a tool.
    pub(super) fn call_tool(&mut self, now: Instant, call: ToolCall) {
        if let Some(outcome) = self.search(&call) {
            return self.ends_at_once(now, &call, outcome);
        }
        let tool = self.bot.tool(&call.name);
        let filler = tool.and_then(|tool| tool.filler.clone());
        let fault = tool.and_then(|tool| arguments::check(tool, &call.arguments).err());
        let begin = match fault {
            Some(fault) => Begin::Refuse(ToolFault::Invalid(fault)),
            None => self.tools.ledger.begin(&call),
        };
        self.tools.run(now, &call, filler);
        let (id, name) = (call.id, call.name.clone());
        match begin {
            Begin::Run => self.out.push_back(Output::Run(call)),
            Begin::Join(of) => self.out.push_back(Output::Called { id, name, of: Some(of) }),
            Begin::Replay(of, outcome) => {
                self.out.push_back(Output::Called { id, name, of: Some(of) });
                self.tools.ready.push_back((id, outcome));
            }
            Begin::Refuse(fault) => {
                self.out.push_back(Output::Called { id, name, of: None });
                self.tools.ready.push_back((id, Err(fault)));
            }
        }
    }

    /// What a search of the bot's documents comes to; `None`: the call is of another tool, or more than words have to be asked.
    fn search(&self, call: &ToolCall) -> Option<Outcome> {
        let knowledge = self.bot.knowledge.as_ref().filter(|_| call.name == Knowledge::TOOL)?;
        if let Err(fault) = arguments::check(&Knowledge::tool(), &call.arguments) {
            return Some(Err(ToolFault::Invalid(fault)));
        }
        // Whoever runs tools asks the model of its vectors.
        if knowledge.has_vectors() {
            return None;
        }
        Some(Ok(knowledge.told(call.arguments["question"].as_str().unwrap_or_default())))
    }

    /// A call for which nothing has to run elsewhere.
    fn ends_at_once(&mut self, now: Instant, call: &ToolCall, outcome: Outcome) {
        self.tools.run(now, call, None);
        self.out.push_back(Output::Called { id: call.id, name: call.name.clone(), of: None });
        self.tools.ready.push_back((call.id, outcome));
    }

    /// Hands on the outcomes of calls for which nothing had to run.
    pub(super) fn hand_on_outcomes(&mut self, now: Instant) {
        // What a brain calls because of them waits for the next round.
        for _ in 0..self.tools.ready.len() {
            let Some((id, outcome)) = self.tools.ready.pop_front() else { break };
            self.note_outcome(id, &outcome);
            self.conclude(now, id, outcome);
        }
    }

    /// Who runs a tool tells what it has come to.
    pub(super) fn tool_done(&mut self, now: Instant, id: ToolId, outcome: Outcome) {
        let ended = self.tools.ledger.end(id, &outcome);
        ended.iter().for_each(|id| self.note_outcome(*id, &outcome));
        for id in ended {
            self.conclude(now, id, outcome.clone());
        }
    }

    /// A tool should have answered long ago.
    pub(super) fn give_up_lost(&mut self, now: Instant) {
        let Some(id) = self.tools.lost(now) else { return };
        let late = Err(ToolFault::Late);
        self.give_up(id, &late);
        self.conclude(now, id, late);
    }

    /// The brain does not want the outcome of this call any more.
    pub(super) fn cancel_tool(&mut self, id: ToolId) {
        if self.tools.done(id) {
            match self.tools.ready.iter().position(|(ready, _)| *ready == id) {
                // It had an outcome already, which nobody is told.
                Some(at) => {
                    self.tools.ready.remove(at).iter().for_each(|(id, outcome)| self.note_outcome(*id, outcome))
                }
                None => self.give_up(id, &Err(ToolFault::Cancelled)),
            }
        }
    }

    /// That is the call's outcome; what only reads is stopped.
    fn give_up(&mut self, id: ToolId, outcome: &Outcome) {
        let Some(effect) = self.tools.ledger.give_up(id) else { return };
        self.note_outcome(id, outcome);
        if effect == Effect::Reads {
            self.out.push_back(Output::Cancel(id));
        }
    }

    fn note_outcome(&mut self, id: ToolId, outcome: &Outcome) {
        let fault = outcome.as_ref().err().cloned();
        self.out.push_back(Output::Outcome { id, fault });
    }

    /// The brain is told the outcome of a call: not of one that it has cancelled, and later where a person speaks in its place.
    fn conclude(&mut self, now: Instant, id: ToolId, outcome: Outcome) {
        if !self.ended
            && self.tools.has(id)
            && let Some((id, result)) = self.supervised.keep_outcome((id, outcome))
            && self.tools.done(id)
        {
            self.think(now, BrainInput::ToolDone { id, result });
        }
    }

    /// Asks a caller who waits for a tool for patience.
    pub(super) fn ask_patience(&mut self, now: Instant) {
        let filler = self.tools.running.iter().rev().find_map(|tool| tool.filler.clone());
        let prompts = &self.bot.prompts;
        let text = match self.tools.ask_patience() {
            1 => filler.unwrap_or_else(|| prompts.moment.clone()),
            _ => prompts.still_working.clone(),
        };
        self.say(now, &text, false);
    }
}
