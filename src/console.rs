//! What commands print. A reader that goes away (`switchboard check | head`) ends a command quietly, and a server not at all.
use anyhow::Context;
use std::fmt;
use std::io::{self, ErrorKind, Write};

/// The exit status after SIGPIPE: 128 + 13.
pub const UNREAD: u8 = 141;

/// Nobody reads what is printed: no reason to say anything.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("nobody reads what is printed")]
pub struct Unread;

/// Prints a line of a command.
pub fn say(line: fmt::Arguments<'_>) -> anyhow::Result<()> {
    written(writeln!(io::stdout(), "{line}"))
}

/// Prints a text as it is.
pub fn print(text: &str) -> anyhow::Result<()> {
    written(io::stdout().write_all(text.as_bytes()))
}

/// What became of something that was printed.
pub fn written(outcome: io::Result<()>) -> anyhow::Result<()> {
    match outcome {
        Err(why) if why.kind() == ErrorKind::BrokenPipe => Err(Unread.into()),
        outcome => outcome.context("cannot write to standard output"),
    }
}

/// Prints a line of something that goes on whether it is read or not.
pub fn tell(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// The same on standard error.
pub fn warn(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{line}");
}
