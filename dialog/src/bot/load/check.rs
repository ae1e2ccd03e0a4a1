//! `Check`: what is refused in a bot file, with its key and the remedy.
use crate::bot::template::{AnswerGap, SlotGap, Template};
use crate::bot::tool::BotTool;
use crate::language::Language;
use crate::say::SayAs;
use crate::value::currency::Currency;
use crate::value::kind::Kind;

/// Why a bot file cannot be used. Every message names the file, the key and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BotFault {
    #[error("{file}: not TOML: {problem}")]
    Syntax { file: String, problem: String },
    #[error("{file}: `{key}`: {problem}")]
    Key { file: String, key: String, problem: String },
    #[error("{file}: `{key}`: {problem}; {remedy}")]
    Value { file: String, key: String, problem: String, remedy: String },
}

/// The file that is read, for the texts of faults.
pub(super) struct Check<'a> {
    pub file: &'a str,
    pub language: Language,
    pub currency: Currency,
    /// The tools that tasks may call.
    pub tools: &'a [BotTool],
}

/// What the gaps of a text may be filled with.
#[derive(Clone, Default)]
pub(super) struct Gaps<'a> {
    pub names: Vec<Name<'a>>,
    /// The lookups whose answers are known.
    pub lookups: &'a [String],
    /// An answer has just come.
    pub answer: bool,
    /// The text is sent, not said.
    pub is_sent: bool,
    /// The text is said under a condition.
    pub is_conditional: bool,
    /// Other sentences are said where this one is left out.
    pub may_be_left_out: bool,
}

/// A value that a gap may hold.
#[derive(Clone, Copy)]
pub(super) struct Name<'a> {
    pub name: &'a str,
    /// `None`: it is a text that is said as it stands.
    pub kind: Option<&'a Kind>,
    /// It is asked for under a condition.
    pub is_conditional: bool,
}

impl<'a> Gaps<'a> {
    /// Texts by these names.
    pub fn named(names: &[&'a str]) -> Self {
        let name = |name: &&'a str| Name { name, kind: None, is_conditional: false };
        Gaps { names: names.iter().map(name).collect(), ..Gaps::default() }
    }

    /// Their names as they are told in a remedy.
    fn known(&self) -> String {
        let lookups = self.lookups.iter().map(|lookup| format!("{lookup}/…"));
        let all: Vec<String> = self.names.iter().map(|name| name.name.to_owned()).chain(lookups).collect();
        if all.is_empty() { "none".into() } else { all.join(", ") }
    }
}

impl Check<'_> {
    pub fn fault<T>(
        &self,
        key: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Result<T, BotFault> {
        let (key, problem, remedy) = (key.into(), problem.into(), remedy.into());
        Err(BotFault::Value { file: self.file.into(), key, problem, remedy })
    }

    /// The name of a destination of the server's configuration.
    pub fn destination(&self, key: &str, name: &str) -> Result<(), BotFault> {
        if name.is_empty() || name.contains(|c: char| !c.is_ascii_alphanumeric() && !"_-".contains(c)) {
            return self.fault(
                key,
                format!("{name:?} is no name of a destination"),
                "use ASCII letters, digits, `-` and `_`, as in [destinations.NAME] of the server's configuration",
            );
        }
        Ok(())
    }

    /// The name of another bot: that of its file.
    pub fn bot(&self, key: &str, name: &str) -> Result<(), BotFault> {
        if name.is_empty() || name.contains(['/', '\\']) || name.ends_with(".toml") {
            let remedy = "use the name of its file without .toml, as \"billing.en\"";
            return self.fault(key, format!("{name:?} is no name of a bot"), remedy);
        }
        Ok(())
    }

    pub fn text(&self, key: &str, text: &str) -> Result<(), BotFault> {
        // Signs alone are no sound.
        if !text.chars().any(char::is_alphanumeric) {
            let problem = if text.trim().is_empty() { "is empty" } else { "holds no word" };
            return self.fault(key, problem, "write the sentence the caller hears");
        }
        Ok(())
    }

    /// A sentence without gaps, but for what is known before the first word: header fields.
    pub fn plain(&self, key: &str, text: &str) -> Result<(), BotFault> {
        self.text(key, text)?;
        let known = !text.contains(['{', '}']) || Template::parse(text).is_ok_and(|t| t.is_known_at_once());
        if !known {
            return self.fault(
                key,
                "has a {placeholder}, but nothing is known yet when it is said",
                "use placeholders in `confirm`, `read_back` and `on_done` only; {sip.NAME}, a header field of the call, anywhere",
            );
        }
        Ok(())
    }

    pub fn template(&self, key: &str, text: &str, gaps: &Gaps) -> Result<Template, BotFault> {
        self.text(key, text)?;
        let template = match Template::parse(text) {
            Ok(template) => template,
            Err(problem) => return self.fault(key, problem, "write {name}"),
        };
        if let Some(name) = template.known().next().filter(|_| gaps.is_sent) {
            return self.fault(
                key,
                format!("{{caller.{name}}} is sent, and the caller has not said that it still holds"),
                format!(
                    "write {{{name}}}: the caller is asked about what is known of them, and it is sent after their yes"
                ),
            );
        }
        template.slots().try_for_each(|gap| self.slot_gap(key, gap, gaps))?;
        template.answers().try_for_each(|gap| self.answer_gap(key, gap, gaps))?;
        Ok(template)
    }

    fn slot_gap(&self, key: &str, gap: &SlotGap, gaps: &Gaps) -> Result<(), BotFault> {
        let name = &gap.name;
        let Some(known) = gaps.names.iter().find(|known| known.name == *name) else {
            return self.fault(key, format!("no such placeholder {{{name}}}"), format!("known here: {}", gaps.known()));
        };
        self.form(key, name, gap.say_as, gaps)?;
        if let Some(form) = gap.say_as
            && !known.kind.is_some_and(|kind| form.fits(kind))
        {
            let fitting: Vec<String> = SayAs::ALL
                .iter()
                .filter(|form| known.kind.is_some_and(|kind| form.fits(kind)))
                .map(|form| format!("{{{name}:{}}}", form.name()))
                .collect();
            let remedy = format!("write {{{name}}}{}", fitting.iter().map(|f| format!(" or {f}")).collect::<String>());
            return self.fault(key, format!("{{{name}}} cannot be said as `{}`", form.name()), remedy);
        }
        self.optional(key, name, gap.optional, gaps)?;
        if known.is_conditional && !gaps.is_sent && !gaps.is_conditional && !gap.optional {
            return self.fault(
                key,
                format!("{{{name}}} is not always asked for, and would be missing here"),
                format!("give the sentence a `when`, or write {{{name}?}} in one of a list of sentences"),
            );
        }
        Ok(())
    }

    fn answer_gap(&self, key: &str, gap: &AnswerGap, gaps: &Gaps) -> Result<(), BotFault> {
        match &gap.lookup {
            Some(lookup) if !gaps.lookups.contains(lookup) => {
                return self.fault(
                    key,
                    format!("no lookup {lookup:?} has answered here"),
                    format!("add a [[task.lookup]] of this name before it; known here: {}", gaps.known()),
                );
            }
            None if !gaps.answer => {
                return self.fault(
                    key,
                    "has {/…}, but no tool has answered here",
                    "use it in `on_done.say` beside a `url`, in a lookup's own sentences, or write {lookup/…}",
                );
            }
            _ => {}
        }
        self.form(key, &gap.pointer, gap.say_as, gaps)?;
        self.optional(key, &gap.pointer, gap.optional, gaps)
    }

    fn form(&self, key: &str, name: &str, form: Option<SayAs>, gaps: &Gaps) -> Result<(), BotFault> {
        match form {
            Some(form) if gaps.is_sent => self.fault(
                key,
                format!("has the form `:{}`, but it is sent and not said", form.name()),
                format!("write {{{name}}}"),
            ),
            _ => Ok(()),
        }
    }

    fn optional(&self, key: &str, name: &str, optional: bool, gaps: &Gaps) -> Result<(), BotFault> {
        if optional && !gaps.is_sent && !gaps.may_be_left_out {
            return self.fault(
                key,
                format!("is left out where {{{name}?}} is missing, and nothing is said"),
                format!("write a list of sentences, or {{{name}}}"),
            );
        }
        Ok(())
    }
}
