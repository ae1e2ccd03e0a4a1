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

/// The stream cannot be parsed any further. The gate answers what has been read, then the connection closes.
#[derive(Debug, PartialEq, Eq)]
pub struct Unparsable {
    pub head: Vec<u8>,
    pub why: &'static str,
}

/// The state of the parser: what stands at the front of the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// Between messages, or in the head of one.
    Head {
        /// Bytes from the front in which no end of headers begins.
        searched: usize,
    },
    /// In a message whose head has been read.
    Message {
        /// Its length, head and body.
        total: usize,
        /// The length of the body is in its Content-Length.
        sized: bool,
    },
    /// Behind a message without a usable Content-Length, before the next start line.
    Unsized(Search),
}

/// The search for the next start line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Search {
    /// Bytes dropped so far that were no empty lines.
    skipped: usize,
    /// Bytes from the front in which no line ends.
    searched: usize,
    /// The line before was empty and was taken for a ping.
    pinged: bool,
}

#[derive(Debug)]
pub struct Framer {
    buffer: Vec<u8>,
    position: Position,
}

impl Default for Framer {
    fn default() -> Self {
        Self { buffer: Vec::new(), position: Position::Head { searched: 0 } }
    }
}

impl Framer {
    /// The caller reads no further before [`Framer::cut`] has said `None`, so the buffer holds at most one message more
    /// than one read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether a message has begun and not ended: the time for its rest is limited.
    pub fn is_in_message(&self) -> bool {
        !matches!(self.position, Position::Unsized(_)) && self.buffer.iter().any(|b| !matches!(b, b'\r' | b'\n'))
    }

    /// The next piece; `None` until more bytes come.
    pub fn cut(&mut self) -> Result<Option<Cut>, Unparsable> {
        loop {
            let before = self.position;
            let cut = match before {
                Position::Head { searched } => self.read_head(searched)?,
                Position::Message { total, sized } => self.take(total, sized),
                Position::Unsized(search) => self.find_start(search)?,
            };
            let moved = std::mem::discriminant(&before) != std::mem::discriminant(&self.position);
            if cut.is_some() || !moved {
                return Ok(cut);
            }
        }
    }

    /// Reads the head once all of it has arrived. A ping in its place is returned.
    fn read_head(&mut self, searched: usize) -> Result<Option<Cut>, Unparsable> {
        if searched == 0 {
            if self.buffer.starts_with(b"\r\n\r\n") {
                self.buffer.drain(..4);
                return Ok(Some(Cut::Ping));
            }
            if b"\r\n\r\n".starts_with(&self.buffer) {
                // A pong or the first half of a ping; what follows decides.
                return Ok(None);
            }
            if self.buffer.starts_with(b"\r\n") {
                self.buffer.drain(..2);
            }
        }
        let Some(end) = syntax::end_of_head(&self.buffer[searched..]).map(|at| searched + at) else {
            self.position = Position::Head { searched: self.buffer.len().saturating_sub(3) };
            if self.buffer.len() > MAX_MESSAGE {
                return Err(self.unparsable(self.buffer.len(), "oversize"));
            }
            return Ok(None);
        };
        let length = syntax::content_length(&self.buffer[..end]).map_err(|why| self.unparsable(end + 4, why))?;
        // Without Content-Length the message ends with its head; the gate answers it.
        let total = end + 4 + length.unwrap_or_default();
        if total > MAX_MESSAGE {
            return Err(self.unparsable(end + 4, "oversize"));
        }
        self.position = Position::Message { total, sized: length.is_some() };
        Ok(None)
    }

    fn take(&mut self, total: usize, sized: bool) -> Option<Cut> {
        if self.buffer.len() < total {
            return None;
        }
        self.position = if sized { Position::Head { searched: 0 } } else { Position::Unsized(Search::default()) };
        let rest = self.buffer.split_off(total);
        Some(Cut::Message(std::mem::replace(&mut self.buffer, rest)))
    }

    /// Drops lines until one begins a message.
    ///
    /// An empty line can be part of a body or of a ping. Two of them are taken for a ping: the peer ignores a superfluous pong as an
    /// empty line before a message (RFC 3261 section 7.5), but closes the connection when a pong is missing (RFC 5626 section 4.4.1).
    fn find_start(&mut self, mut search: Search) -> Result<Option<Cut>, Unparsable> {
        let (mut at, mut cut) = (0, None);
        while let Some(end) = self.buffer[at + search.searched..].iter().position(|b| *b == b'\n') {
            let next = at + search.searched + end + 1;
            let line = &self.buffer[at..next];
            if is_start(line) {
                self.buffer.drain(..at);
                self.position = Position::Head { searched: 0 };
                return Ok(None);
            }
            let empty = line == b"\r\n";
            search.searched = 0;
            search.skipped += if empty { 0 } else { line.len() };
            search.pinged = empty && !search.pinged;
            at = next;
            if search.pinged {
                cut = Some(Cut::Ping);
                break;
            }
        }
        self.buffer.drain(..at);
        if cut.is_none() {
            search.searched = self.buffer.len();
            if search.skipped + self.buffer.len() > MAX_MESSAGE {
                return Err(self.unparsable(0, "out of step"));
            }
        }
        self.position = Position::Unsized(search);
        Ok(cut)
    }

    fn unparsable(&mut self, upto: usize, why: &'static str) -> Unparsable {
        self.buffer.truncate(upto.min(MAX_MESSAGE));
        self.position = Position::Head { searched: 0 };
        Unparsable { head: std::mem::take(&mut self.buffer), why }
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
            assert!(!framer.is_in_message());
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
            // The empty line of the body could be the first half of a ping.
            let expected = [message(bare), Cut::Ping, message(BYE), message(bare), message(BYE)];
            assert_eq!(cuts, expected, "step {step}");
        }
        let mut framer = Framer::default();
        framer.push(bare);
        framer.cut().expect("the message");
        framer.push(&b"nonsense\r\n".repeat(MAX_MESSAGE / 9));
        assert_eq!(framer.cut().expect_err("too much").why, "out of step");
    }

    #[test]
    fn a_ping_after_a_message_without_length_is_answered() {
        let bare: &[u8] = b"OPTIONS sip:a@b SIP/2.0\r\nCSeq: 1 OPTIONS\r\n\r\n";
        let ping: &[u8] = b"\r\n\r\n";
        for (body, pings) in [
            ([ping, ping].concat(), 2),
            ([b"a body\r\n", ping, ping, ping].concat(), 3),
            ([b"a body without an end of line", ping, ping].concat(), 2),
            (ping.repeat(MAX_MESSAGE), MAX_MESSAGE),
        ] {
            for step in [1, 3, 1000] {
                let (mut framer, mut cuts) = (Framer::default(), Vec::new());
                for chunk in [bare, &body, BYE].concat().chunks(step) {
                    framer.push(chunk);
                    while let Some(cut) = framer.cut().expect("in step again") {
                        cuts.push(cut);
                    }
                }
                let found = cuts.iter().filter(|cut| **cut == Cut::Ping).count();
                assert_eq!((found, cuts.len()), (pings, pings + 2), "step {step}");
                assert_eq!(cuts.last(), Some(&Cut::Message(BYE.to_vec())));
            }
        }
    }

    #[test]
    fn a_head_is_read_once_however_slowly_its_body_comes() {
        let mut framer = Framer::default();
        let (head, body) = BYE.split_at(BYE.len() - 2);
        framer.push(head);
        assert_eq!(framer.cut(), Ok(None));
        // A head that were read again would say another length.
        let digit = framer.buffer.iter().rposition(|b| *b == b'2').expect("a length");
        framer.buffer[digit] = b'0';
        for byte in body {
            assert_eq!(framer.cut(), Ok(None));
            assert!(framer.is_in_message());
            framer.push(&[*byte]);
        }
        assert!(matches!(framer.cut(), Ok(Some(Cut::Message(message))) if message.ends_with(b"hi")));
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
