//! `Framer`: cuts SIP messages out of a stream by their Content-Length (RFC 3261 section 18.3), in bounded memory.
use super::gate::MAX_MESSAGE;

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
}

impl Framer {
    /// The caller reads no further before [`Framer::cut`] has said `None`, so the buffer holds at most one message more
    /// than one read.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether a message has begun and not ended: its rest is awaited for a limited time.
    pub fn is_amid(&self) -> bool {
        self.buffer.iter().any(|b| !matches!(b, b'\r' | b'\n'))
    }

    /// The next piece; `None` until more bytes come.
    pub fn cut(&mut self) -> Result<Option<Cut>, Broken> {
        if self.searched == 0 {
            if self.buffer.starts_with(b"\r\n\r\n") {
                self.buffer.drain(..4);
                return Ok(Some(Cut::Ping));
            }
            if self.buffer.starts_with(b"\r\n") && self.buffer.len() > 2 && !self.buffer.starts_with(b"\r\n\r") {
                self.buffer.drain(..2);
            }
            if self.buffer.starts_with(b"\r\n") {
                // A pong, or half a ping: nothing follows yet that could tell. Both are harmless to keep.
                return Ok(None);
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
        let length = match content_length(&self.buffer[..end]) {
            Ok(length) => length,
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

    fn broken(&mut self, upto: usize, why: &'static str) -> Broken {
        self.buffer.truncate(upto.min(MAX_MESSAGE));
        self.searched = 0;
        Broken { head: std::mem::take(&mut self.buffer), why }
    }
}

fn content_length(head: &[u8]) -> Result<usize, &'static str> {
    let mut found = None;
    for line in head.split(|b| *b == b'\n') {
        let Some(colon) = line.iter().position(|b| *b == b':') else { continue };
        let name = line[..colon].trim_ascii();
        if !name.eq_ignore_ascii_case(b"content-length") && !name.eq_ignore_ascii_case(b"l") {
            continue;
        }
        let digits = line[colon + 1..].trim_ascii();
        let value = std::str::from_utf8(digits).ok().filter(|d| d.len() <= 9 && d.bytes().all(|c| c.is_ascii_digit()));
        let value = value.and_then(|d| d.parse::<usize>().ok()).ok_or("malformed Content-Length")?;
        if found.replace(value).is_some_and(|earlier| earlier != value) {
            return Err("two Content-Length");
        }
    }
    found.ok_or("no Content-Length on a stream")
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
        for head in ["BYE a SIP/2.0\r\n\r\n", "BYE a SIP/2.0\r\nl: -1\r\n\r\n", "BYE a SIP/2.0\r\nl: 1\r\nl: 2\r\n\r\n"]
        {
            let mut framer = Framer::default();
            framer.push(head.as_bytes());
            assert!(framer.cut().is_err(), "{head}");
        }
    }

    #[test]
    fn memory_is_bounded_by_the_message_limit() {
        let mut framer = Framer::default();
        framer.push(&vec![b'x'; MAX_MESSAGE + 1]);
        assert_eq!(framer.cut().expect_err("too long").why, "oversize");
        framer.push(format!("BYE a SIP/2.0\r\nl: {MAX_MESSAGE}\r\n\r\n").as_bytes());
        assert_eq!(framer.cut().expect_err("too long").why, "oversize");
    }
}
