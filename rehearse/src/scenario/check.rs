//! `Fault`: what is wrong with a rehearsal's file, at which line, and what to do about it.
use std::ops::Range;
use toml::Spanned;

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("cannot read {file}: {why}")]
    Unreadable { file: String, why: std::io::Error },
    #[error("{file}:{line}: {problem}")]
    Wrong { file: String, line: usize, problem: String },
    /// The bot's own file.
    #[error("{file}:{line}: the bot cannot be used: {why}")]
    Bot { file: String, line: usize, why: String },
}

/// The text that is read, for the lines of faults.
pub(super) struct Source<'a> {
    pub file: &'a str,
    pub text: &'a str,
}

impl Source<'_> {
    pub fn line(&self, span: &Range<usize>) -> usize {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        before.matches('\n').count() + 1
    }

    pub fn line_of<T>(&self, value: &Spanned<T>) -> usize {
        self.line(&value.span())
    }

    pub fn fault(&self, line: usize, problem: impl Into<String>) -> Fault {
        Fault::Wrong { file: self.file.to_owned(), line, problem: problem.into() }
    }

    pub fn syntax(&self, why: &toml::de::Error) -> Fault {
        let line = why.span().map_or(1, |span| self.line(&span));
        self.fault(line, why.message().trim().replace('\n', " "))
    }
}
