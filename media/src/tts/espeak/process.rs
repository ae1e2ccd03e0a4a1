//! A process of espeak-ng: ended with its owner, and read with a limit.
use crate::tts::TtsFault;
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsRawFd;
use std::process::{Child, ChildStdout};
use std::time::Duration;

/// Kills and reaps its process when dropped.
pub struct KillOnDrop(pub Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// Why the program did not start, and what to do.
pub fn not_started(program: &str, error: &io::Error) -> TtsFault {
    match error.kind() {
        ErrorKind::NotFound => TtsFault::Engine(format!("{program} is not installed: apt-get install espeak-ng")),
        _ => TtsFault::Engine(format!("{program} does not start: {error}")),
    }
}

/// Reads what the process has written, as soon as it has; `None` when that is nothing within the limit, 0 bytes at its end.
pub fn read_within(from: &mut ChildStdout, to: &mut [u8], limit: Duration) -> io::Result<Option<usize>> {
    let limit_ms = i32::try_from(limit.as_millis()).unwrap_or(i32::MAX);
    loop {
        let mut poll = libc::pollfd { fd: from.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one descriptor, open while `from` lives.
        match unsafe { libc::poll(&mut poll, 1, limit_ms) } {
            0 => return Ok(None),
            n if n < 0 => match io::Error::last_os_error() {
                error if error.kind() == ErrorKind::Interrupted => {}
                error => return Err(error),
            },
            _ => return from.read(to).map(Some),
        }
    }
}
