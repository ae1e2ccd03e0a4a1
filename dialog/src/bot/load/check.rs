//! `Check`: what is refused in a bot file, with its key and the remedy.
use crate::bot::template::Template;
use crate::language::Language;

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

    pub fn template(&self, key: &str, text: &str, known: &[&str], answers: bool) -> Result<Template, BotFault> {
        self.text(key, text)?;
        let template = match Template::parse(text) {
            Ok(template) => template,
            Err(problem) => return self.fault(key, problem, "write {name}"),
        };
        if let Some(name) = template.slots().find(|name| !known.contains(name)) {
            let known = if known.is_empty() { "none".to_string() } else { known.join(", ") };
            return self.fault(key, format!("no such placeholder {{{name}}}"), format!("known here: {known}"));
        }
        if template.answers() && !answers {
            return self.fault(
                key,
                "has {/…}, but no tool has answered here",
                "use it in `on_done.say` beside a `url`",
            );
        }
        Ok(template)
    }
}
