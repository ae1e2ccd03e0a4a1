//! What words are worth to the step that hears them: how long to wait for more.
use super::{Context, Meaning};
use crate::bot::Command;
use crate::model::flow::parse::{self, Fill};
use crate::model::flow::parts::Entered;
use crate::model::step::Step;
use crate::turn::{AnswerKind, backchannel, unfinished};
use crate::value;
use crate::value::answer::Verdict;
use crate::value::found::Growth;
use crate::value::kind::Kind;

impl Context<'_> {
    /// How long to wait for more after these words.
    pub fn answer_kind(&self, words: &[String]) -> AnswerKind {
        let bot = &self.form.bot;
        let free = self.free_text().is_some() || self.step == Step::Message;
        let entered = self.entered(words);
        if let Some(kind) = self.entry_kind(&entered, words) {
            return kind;
        }
        if let Some(kind) = self.command_kind(words, free) {
            return kind;
        }
        if self.asks_yes_or_no() {
            match self.verdict(words) {
                (Some(Verdict::Yes), []) if backchannel::is_listening_sound(words, bot.language) => {
                    return AnswerKind::BackchannelAnswer;
                }
                // "no" is often the beginning of a correction.
                (Some(Verdict::No), []) if self.step == Step::Review => return AnswerKind::Likely,
                (Some(Verdict::Yes | Verdict::No), []) => return AnswerKind::YesNo,
                (Some(Verdict::Unsure), []) => return AnswerKind::Likely,
                _ => {}
            }
        } else if backchannel::is_backchannel(words, bot.language) {
            return if backchannel::is_hesitation(words) { AnswerKind::Hesitation } else { AnswerKind::Backchannel };
        }
        let fills = if free { Vec::new() } else { self.fills(words) };
        if fills.is_empty() && backchannel::is_remark(words, bot.language) {
            return AnswerKind::Remark;
        }
        if unfinished::is_unfinished(words, bot.language) {
            return AnswerKind::Unfinished;
        }
        if free || words.is_empty() {
            return AnswerKind::Part;
        }
        match fills.last() {
            Some(Fill { end, found, .. }) if *end == words.len() => match found.growth {
                Growth::Closed => AnswerKind::Whole,
                Growth::Likely => AnswerKind::Likely,
                Growth::Open => AnswerKind::Part,
            },
            Some(_) => AnswerKind::Likely,
            None => match parse::task(bot, words) {
                Some((task, at, len)) if at + len == words.len() => self.task_kind(task),
                _ => AnswerKind::Part,
            },
        }
    }

    /// A task that is named alone is often followed by what it needs.
    fn task_kind(&self, task: usize) -> AnswerKind {
        if self.form.bot.tasks[task].slots.is_empty() { AnswerKind::Whole } else { AnswerKind::Likely }
    }

    /// The kind of a command, or of a question that a fact answers.
    fn command_kind(&self, words: &[String], free: bool) -> Option<AnswerKind> {
        let bot = &self.form.bot;
        let command = bot.commands.find(words, bot.language, free);
        let meant = command.map(Meaning::Command).or_else(|| self.at_any_step(words).filter(|_| !free))?;
        Some(match meant {
            // "Hello", and then what they call for.
            Meaning::Command(Command::Hello) => AnswerKind::Part,
            Meaning::Command(Command::Wait) if unfinished::is_thinking(words, bot.language) => AnswerKind::Unfinished,
            _ => AnswerKind::Whole,
        })
    }

    /// How long to wait for more of a value that is given in parts; `None`: it is none.
    fn entry_kind(&self, entered: &Entered, words: &[String]) -> Option<AnswerKind> {
        let kind = &self.form.bot.slots[self.step.slot()?].kind;
        match entered {
            Entered::Begun(_) => Some(AnswerKind::Short),
            // One digit alone is a code, and may as well be the first of several.
            Entered::Whole { sure: true, .. } if value::is_begun(kind, words, self.form.bot.language) => {
                Some(AnswerKind::Short)
            }
            Entered::Whole { found, .. } if matches!(kind, Kind::Digits { .. } | Kind::Phone | Kind::Date) => {
                Some(match found.growth {
                    Growth::Closed => AnswerKind::Whole,
                    Growth::Likely => AnswerKind::Likely,
                    Growth::Open if *kind == Kind::Date => AnswerKind::Part,
                    Growth::Open => AnswerKind::Open,
                })
            }
            Entered::Whole { .. } | Entered::Other => None,
        }
    }
}
