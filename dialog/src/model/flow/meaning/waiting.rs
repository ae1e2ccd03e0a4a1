//! How long to wait for more after what was said.
use super::super::parse::{self, Fill};
use super::super::parts::Entered;
use super::Context;
use crate::model::step::Step;
use crate::turn::{AnswerKind, backchannel};
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
        if bot.commands.find(words, bot.language, free).is_some() || (!free && self.at_any_step(words).is_some()) {
            return AnswerKind::Whole;
        }
        if self.asks_yes_or_no() {
            match self.verdict(words) {
                (Some(Verdict::Yes), []) if backchannel::is_listening_sound(words) => {
                    return AnswerKind::BackchannelAnswer;
                }
                // "no" is often the beginning of a correction.
                (Some(Verdict::No), []) if self.step == Step::Review => return AnswerKind::Likely,
                (Some(_), []) => return AnswerKind::Whole,
                _ => {}
            }
        } else if backchannel::is_backchannel(words, bot.language) {
            return if backchannel::is_hesitation(words) { AnswerKind::Hesitation } else { AnswerKind::Backchannel };
        }
        if free || words.is_empty() || parse::trailing(words, bot.language) {
            return AnswerKind::Part;
        }
        match self.fills(words).last() {
            Some(Fill { end, found, .. }) if *end == words.len() => match found.growth {
                Growth::Closed => AnswerKind::Whole,
                Growth::Likely => AnswerKind::Likely,
                Growth::Open => AnswerKind::Part,
            },
            Some(_) => AnswerKind::Likely,
            None if parse::task(bot, words).is_some_and(|(_, at, len)| at + len == words.len()) => AnswerKind::Whole,
            None => AnswerKind::Part,
        }
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
