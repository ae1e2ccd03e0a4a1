//! What words are worth to the step that hears them: how long to wait for more.
use super::{Context, Meaning};
use crate::bot::Command;
use crate::language::Language;
use crate::model::flow::parse::{self, Fill};
use crate::model::flow::parts::Entered;
use crate::model::step::Step;
use crate::turn::{AnswerKind, backchannel, closing, unfinished};
use crate::value;
use crate::value::answer::Verdict;
use crate::value::found::Growth;
use crate::value::kind::{Kind, Value};

impl Context<'_> {
    /// How long to wait for more after these words.
    pub fn answer_kind(&self, words: &[String]) -> AnswerKind {
        let kind = self.kind_of(words);
        match closing::before_last(words, self.form.bot.language) {
            Some(before) if !before.is_empty() => closed(kind, self.kind_of(before)),
            _ => kind,
        }
    }

    fn kind_of(&self, words: &[String]) -> AnswerKind {
        let bot = &self.form.bot;
        let free = self.free_text().is_some() || self.step == Step::Message;
        let entered = self.entered(words);
        if let Some(kind) = self.entry_kind(&entered, words) {
            return kind;
        }
        // Who only greets has not said yet what they call for.
        if self.step == Step::Task && !self.form.is_touched() && closing::is_greeting(words, bot.language) {
            return AnswerKind::Unfinished;
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
        if free && closing::is_spelled_out(words) {
            return AnswerKind::Whole;
        }
        // "Eleven a m": the value ends the sentence, whatever its last word is elsewhere.
        let ends = |fill: &Fill| fill.end == words.len() && fill.found.growth == Growth::Closed;
        if !fills.last().is_some_and(ends) && unfinished::is_unfinished(words, bot.language) {
            return AnswerKind::Unfinished;
        }
        if free || words.is_empty() {
            return AnswerKind::Part;
        }
        match fills.last() {
            Some(Fill { slot, end, found }) if *end == words.len() => match found.growth {
                Growth::Closed => AnswerKind::Whole,
                Growth::Likely if self.is_whole_number(*slot, &found.value) || names_quarter(words) => {
                    AnswerKind::Whole
                }
                Growth::Likely => AnswerKind::Likely,
                Growth::Open => AnswerKind::Part,
            },
            Some(Fill { end, .. }) if closing::takes_back(&words[*end..], bot.language) => AnswerKind::Unfinished,
            Some(Fill { end, .. }) => followed(words.len() - end),
            None => match parse::task(bot, words) {
                Some((task, at, len)) if at + len == words.len() => self.task_kind(task, at),
                Some((_, at, len)) => followed(words.len() - at - len),
                None => AnswerKind::Part,
            },
        }
    }

    /// A task that is named in a sentence is often followed by what it needs; its name alone is an answer.
    fn task_kind(&self, task: usize, words_before: usize) -> AnswerKind {
        let is_all = self.form.bot.tasks[task].slots.is_empty() || words_before == 0;
        if is_all { AnswerKind::Whole } else { AnswerKind::Likely }
    }

    /// Whether a number is the answer to its own question, and no word makes it a larger one that its slot takes: "five", but not "twenty".
    fn is_whole_number(&self, slot: usize, value: &Value) -> bool {
        let (Kind::Number { max, .. }, Value::Number(number)) = (&self.form.bot.slots[slot].kind, value) else {
            return false;
        };
        self.step == Step::Slot(slot) && !may_grow(*number, *max, self.form.bot.language)
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
                    // "Thứ sáu ngày …".
                    _ if *kind == Kind::Date && unfinished::is_unfinished(words, self.form.bot.language) => {
                        AnswerKind::Unfinished
                    }
                    Growth::Likely => AnswerKind::Likely,
                    Growth::Open if *kind == Kind::Date => AnswerKind::Part,
                    Growth::Open => AnswerKind::Open,
                })
            }
            Entered::Whole { .. } | Entered::Other => None,
        }
    }
}

/// Words with something behind them that nothing follows ("please"): what they are worth with it (`all`), and without (`before`).
fn closed(all: AnswerKind, before: AnswerKind) -> AnswerKind {
    match (all, before) {
        (_, AnswerKind::Whole | AnswerKind::Likely) => AnswerKind::Whole,
        (_, AnswerKind::YesNo) => AnswerKind::YesNo,
        (AnswerKind::Part, AnswerKind::Part) => AnswerKind::Likely,
        _ => all,
    }
}

/// "Half past six", "a quarter to nine": hardly anybody adds which half of the day.
fn names_quarter(words: &[String]) -> bool {
    words.windows(2).any(|pair| {
        matches!(pair[0].as_str(), "half" | "quarter") && matches!(pair[1].as_str(), "past" | "to" | "after")
    })
}

/// A value or a task with so many words behind it, which are no beginning of anything: a sentence ("… for tonight"); after one word it may be
/// its first.
fn followed(words: usize) -> AnswerKind {
    if words > 1 { AnswerKind::Whole } else { AnswerKind::Likely }
}

/// Whether a word behind a number makes it a larger one up to `max`: "twenty" … "five", "ba" … "mươi".
fn may_grow(number: i64, max: i64, language: Language) -> bool {
    let by_tens = language == Language::Vi && (2..=9).contains(&number) && number * 10 <= max;
    let by_ones = number % 10 == 0 && (number >= 20 || (language == Language::Vi && number == 10)) && number < max;
    let by_hundreds = (1..=99).contains(&number) && number * 100 <= max;
    by_tens || by_ones || by_hundreds
}
