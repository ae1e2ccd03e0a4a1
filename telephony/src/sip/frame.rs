//! `Framer`: cuts SIP messages out of a stream by their Content-Length (RFC 3261 section 18.3), in bounded memory.
use super::gate::MAX_MESSAGE;
use super::syntax;

/// One piece of a stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Cut {
    Message(Vec<u8>),
    /// CRLF CRLF: the peer asks for a CRLF in return (RFC 5626 section 4.4.1).
    Ping,
}

/// The stream cannot be followed any further: what is there goes to the gate for a reply, then the connection closes.
#[derive(Debug, PartialEq, Eq)]
pub struct Broken {
    pub head: Vec<u8>,
    pub why: &'static str,
}

#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    /// Bytes from the front in which no end of headers begins.
    searched: usize,
    /// Bytes skipped since a message that did not say its length, in search of the next start line; none while in step.
    skipped: Option<usize>,
}

impl Framer {
    /// The caller reads no further before [`Framer::cut`] has said `None`, so the buffer holds at most one message more
    /// than one read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether a message has begun and not ended: its rest is awaited for a limited time.
    pub fn is_amid(&self) -> bool {
        self.skipped.is_none() && self.buffer.iter().any(|b| !matches!(b, b'\r' | b'\n'))
    }

    /// The next piece; `None` until more bytes come.
    pub fn cut(&mut self) -> Result<Option<Cut>, Broken> {
        if self.skipped.is_some() && !self.find_start()? {
            return Ok(None);
        }
        if self.searched == 0 {
            if self.buffer.starts_with(b"\r\n\r\n") {
                self.buffer.drain(..4);
                return Ok(Some(Cut::Ping));
            }
            if b"\r\n\r\n".starts_with(&self.buffer) {
                // A pong, or half a ping: nothing follows yet that could tell. Both are harmless to keep.
                return Ok(None);
            }
            if self.buffer.starts_with(b"\r\n") {
                self.buffer.drain(..2);
            }
        }
        let from = self.searched;
        let Some(end) = self.buffer[from..].windows(4).position(|w| w == b"\r\n\r\n").map(|at| from + at) else {
            self.searched = self.buffer.len().saturating_sub(3);
            if self.buffer.len() > MAX_MESSAGE {
                return Err(self.broken(self.buffer.len(), "oversize"));
            }
            return Ok(None);
        };
        self.searched = end;
        let length = match syntax::content_length(&self.buffer[..end]) {
            Ok(Some(length)) => length,
            Ok(None) => {
                // The gate answers it. Where it ends nobody knows: the next start line shows.
                self.skipped = Some(0);
                0
            }
            Err(why) => return Err(self.broken(end + 4, why)),
        };
        let total = end + 4 + length;
        if total > MAX_MESSAGE {
            return Err(self.broken(end + 4, "oversize"));
        }
        if self.buffer.len() < total {
            return Ok(None);
        }
        let rest = self.buffer.split_off(total);
        self.searched = 0;
        Ok(Some(Cut::Message(std::mem::replace(&mut self.buffer, rest))))
    }

    /// Drops lines until one begins a message; false where more bytes have to come.
    fn find_start(&mut self) -> Result<bool, Broken> {
        let skipped = self.skipped.unwrap_or_default();
        let mut at = 0;
        while let Some(end) = self.buffer[at..].iter().position(|b| *b == b'\n') {
            if is_start(&self.buffer[at..at + end]) {
                self.buffer.drain(..at);
                self.skipped = None;
                return Ok(true);
            }
            at += end + 1;
        }
        if skipped + self.buffer.len() > MAX_MESSAGE {
            return Err(self.broken(0, "out of step"));
        }
        self.buffer.drain(..at);
        self.skipped = Some(skipped + at);
        Ok(false)
    }

    fn broken(&mut self, upto: usize, why: &'static str) -> Broken {
        self.buffer.truncate(upto.min(MAX_MESSAGE));
        self.searched = 0;
        Broken { head: std::mem::take(&mut self.buffer), why }
    }
}

/// Whether a line is a request line or a status line.
fn is_start(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    line.starts_with(b"SIP/2.0 ") || (line.ends_with(b" SIP/2.0") && line.split(|b| *b == b' ').count() == 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYE: &[u8] = b"BYE sip:a@b SIP/2.0\r\nContent-Length: 2\r\n\r\nhi";

    #[test]
    fn messages_come_out_whole_however_the_stream_is_cut() {
        let stream = [BYE, b"\r\n\r\n", BYE, BYE].concat();
        for step in [1, 2, 3, 7, 50, 1000] {
            let (mut framer, mut cuts) = (Framer::default(), Vec::new());
            for chunk in stream.chunks(step) {
                framer.push(chunk);
                while let Some(cut) = framer.cut().expect("sound stream") {
                    cuts.push(cut);
                }
            }
            let message = || Cut::Message(BYE.to_vec());
            assert_eq!(cuts, [message(), Cut::Ping, message(), message()], "step {step}");
            assert!(!framer.is_amid());
        }
    }

    #[test]
    fn a_stream_without_a_sound_length_is_broken() {
        for head in ["BYE a SIP/2.0\r\nl: -1\r\n\r\n", "BYE a SIP/2.0\r\nl: 1\r\nl: 2\r\n\r\n"] {
            let mut framer = Framer::default();
            framer.push(head.as_bytes());
            assert!(framer.cut().is_err(), "{head}");
        }
    }

    #[test]
    fn a_length_is_found_however_it_is_written() {
        for length in ["l:\r\n 2", "L : 2", "content-LENGTH\t:\r\n\t02 ", "l: 2\r\nContent-Length: 2"] {
            let mut framer = Framer::default();
            let message = format!("BYE sip:a@b SIP/2.0\r\n{length}\r\n\r\nhi").into_bytes();
            framer.push(&[&message[..], BYE].concat());
            assert_eq!(framer.cut(), Ok(Some(Cut::Message(message))), "{length}");
            assert_eq!(framer.cut(), Ok(Some(Cut::Message(BYE.to_vec()))));
        }
    }

    #[test]
    fn after_a_message_without_length_the_next_start_line_is_found() {
        let bare = b"OPTIONS sip:a@b SIP/2.0\r\nCSeq: 1 OPTIONS\r\n\r\n";
        let body = b"v=0\r\nsomething sip:a@b\r\n\r\n";
        let stream = [&bare[..], body, BYE, bare, BYE].concat();
        for step in [1, 3, 1000] {
            let (mut framer, mut cuts) = (Framer::default(), Vec::new());
            for chunk in stream.chunks(step) {
                framer.push(chunk);
                while let Some(cut) = framer.cut().expect("in step again") {
                    cuts.push(cut);
                }
            }
            let message = |bytes: &[u8]| Cut::Message(bytes.to_vec());
            assert_eq!(cuts, [message(bare), message(BYE), message(bare), message(BYE)], "step {step}");
        }
        let mut framer = Framer::default();
        framer.push(bare);
        framer.cut().expect("the message");
        framer.push(&b"nonsense\r\n".repeat(MAX_MESSAGE / 9));
        assert_eq!(framer.cut().expect_err("too much").why, "out of step");
    }

    #[test]
    fn memory_is_bounded_by_the_message_limit() {
        let mut framer = Framer::default();
        framer.push(&vec![b'x'; MAX_MESSAGE + 1]);
        assert_eq!(framer.cut().expect_err("too long").why, "oversize");
        let mut framer = Framer::default();
        framer.push(b"\r\n\rX");
        assert_eq!(framer.cut().expect("no ping, and not too long"), None);
        framer.push(&vec![b'x'; MAX_MESSAGE + 1]);
        assert_eq!(framer.cut().expect_err("too long").why, "oversize");
        let mut framer = Framer::default();
        framer.push(format!("BYE a SIP/2.0\r\nl: {MAX_MESSAGE}\r\n\r\n").as_bytes());
        assert_eq!(framer.cut().expect_err("too long").why, "oversize");
    }
}
