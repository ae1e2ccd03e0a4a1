//! What a brain that thinks for itself asks of a flow: whether it understands, what it knows, and that it goes on.
use super::meaning::Meaning;
use super::parse::OPEN;
use super::reply::Next;
use super::{CERTAIN, Flow, diacritics};
use crate::bot::{Command, rights};
use crate::guidance::Guidance;
use crate::model::step::Step;
use crate::model::thought::MASK;
use crate::tool::Effect;
use crate::value::words::tokens;

/// What a flow knows and waits for.
pub struct FlowState {
    /// The task under way, by its name.
    pub task: Option<String>,
    /// Its values, each by its slot as it is written; a secret one masked.
    pub values: Vec<(String, String)>,
    /// The question that is open.
    pub question: Option<String>,
}

impl Flow {
    /// Whether a flow has an answer of its own to these words: to a part of its task, a command, a fact, a right of the caller's.
    pub fn understands(&self, text: &str) -> bool {
        let words = diacritics::restore(tokens(text, self.bot.language), &self.bot, self.step());
        let is_own = rights::claimed(&words, self.bot.language).is_some() || self.forbidden(&words).is_some();
        if is_own || self.answers_doubt(&words).is_some() {
            return true;
        }
        let in_task = !matches!(self.step(), Step::Task);
        match self.context().meaning(&words) {
            Meaning::Command(Command::Person | Command::Goodbye | Command::Wait) => true,
            Meaning::Command(_) => in_task,
            Meaning::NotUnderstood | Meaning::Unclear(_) | Meaning::AskedBack(_) | Meaning::Unsure => false,
            // A no to a question of the model's.
            Meaning::NothingElse if !in_task => false,
            // A value that no task was named with: who asks whether it is open on Friday does not book.
            Meaning::Values(_) if !in_task => false,
            Meaning::Ignored | Meaning::WrongKey | Meaning::WrongEntry => false,
            _ => true,
        }
    }

    /// The caller goes on with something else than an answer to whether they want what was heard doubtfully.
    pub fn drop_doubt(&mut self) {
        self.interview.inquiry.doubted = None;
    }

    /// Whether these words name something that the flow is there for, where nothing was asked: a task, a fact, a person, a right.
    pub fn understands_of_itself(&self, text: &str) -> bool {
        let words = diacritics::restore(tokens(text, self.bot.language), &self.bot, self.step());
        let named = || {
            let meaning = self.context().meaning(&words);
            matches!(meaning, Meaning::Begin { .. } | Meaning::Fact(_) | Meaning::Command(Command::Person))
        };
        rights::claimed(&words, self.bot.language).is_some() || named()
    }

    /// Whether what the caller says is for the flow alone: a person is looked for, a message is left, an action waits.
    pub fn has_the_caller(&self) -> bool {
        matches!(self.step(), Step::Person | Step::Message | Step::Approval | Step::Busy | Step::Over)
    }

    pub fn state(&self) -> FlowState {
        let form = &self.interview.form;
        let task = form.task_plan().filter(|_| self.bot.tasks.len() > 1 || form.is_touched());
        let name = |slot: usize| self.bot.slots[slot].name.clone();
        let written = |slot: usize| form.written_value(slot).map(|text| (name(slot), text));
        let values = form.task_slots().iter().filter_map(|slot| written(*slot)).collect();
        let question = self.interview.inquiry.repeat().say.into_iter().map(|said| said.text).collect::<Vec<_>>();
        let is_open = !matches!(self.step(), Step::Task | Step::Person | Step::Over);
        let question = Some(question.join(" ")).filter(|text| is_open && !text.is_empty() && !text.contains(MASK));
        FlowState { task: task.map(|task| task.name.clone()), values, question }
    }

    /// Takes what a model has understood. Values that nobody would read back before something is done with them are asked about first.
    pub fn take_from_model(&mut self, guidance: &Guidance) {
        let task = guidance.task.as_ref().and_then(|name| self.bot.tasks.iter().find(|task| task.name == *name));
        let task = task.or_else(|| self.interview.form.task_plan());
        let acts = task.is_some_and(|task| {
            let acts = task.done.request.as_ref().is_some_and(|request| request.effect == Effect::Acts);
            acts && task.confirm.is_none()
        });
        let reply = self.guided_as_sure(guidance, if acts { OPEN } else { CERTAIN });
        self.think(reply);
    }

    /// Whether a task does something as soon as it begins: it asks for nothing, and for no yes.
    pub fn acts_at_once(&self, task: &str) -> bool {
        self.bot.tasks.iter().filter(|plan| plan.name == task).any(|plan| {
            let acts = plan.done.request.as_ref().is_some_and(|request| request.effect == Effect::Acts);
            acts && plan.slots.is_empty() && plan.confirm.is_none() && plan.done.approval.is_none()
        })
    }

    /// Asks a flow's open question again after a turn that nothing has answered.
    pub fn answer_nothing(&mut self) {
        let text = self.bot.prompts.unknown.clone();
        let reply = self.interview.refused(&text);
        self.think(reply);
    }

    /// The caller is to be put through, as if they had asked for it; `false`: nobody is there, and no message is taken.
    pub fn put_through(&mut self) -> bool {
        if self.bot.person.is_none() && !self.bot.takes_messages {
            return false;
        }
        let reply = self.command(Command::Person);
        let leads = !matches!(reply.next, Next::HangUp(_));
        self.think(reply);
        leads
    }
}
