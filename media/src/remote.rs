//! What this server and a speech engine elsewhere send each other, and how such an engine fails. Protocols are in `asr/remote` and
//! `tts/remote`; they hold no socket and know no time.
use bytes::Bytes;

/// How an engine is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// RFC 6455.
    WebSocket,
    /// One POST for each utterance or clause.
    Http,
}

/// Where an engine is asked.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub transport: Transport,
    /// `http`, `https`, `ws` or `wss`, with path and query.
    pub url: String,
    /// Of the request; one of them may hold a key.
    pub headers: Vec<(&'static str, String)>,
}

/// From the server to an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    Text(String),
    Binary(Vec<u8>),
    /// A request; one that is under way ends.
    Post {
        content_type: String,
        body: Vec<u8>,
    },
    /// Ends the request that is under way.
    Abort,
}

/// From an engine to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    Text(String),
    /// A message, or the next part of an answer to [`Message::Post`].
    Binary(Bytes),
    /// The answer to [`Message::Post`] is whole.
    End,
}

/// Why an engine did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoteFault {
    #[error("it cannot be reached: check its url and the network")]
    Unreachable,
    #[error("this machine has no certificates of authorities to judge it by: install them (package ca-certificates)")]
    NoCertificates,
    #[error("it refuses with HTTP status {0}{hint}", hint = hint(*.0))]
    Refused(u16),
    #[error("it closed the connection")]
    Closed,
    #[error("it reports an error")]
    Reported,
    #[error("it sends what its protocol does not have: check `protocol` and its url")]
    Garbled,
    #[error("it takes longer than patience_ms")]
    Late,
    #[error("it heard nobody, and says nothing")]
    Unanswered,
    #[error("it does not take what it is sent")]
    Full,
}

const fn hint(status: u16) -> &'static str {
    match status {
        401 | 403 => ": check its key",
        404 => ": check its url, model and voice",
        429 => ": too many requests, or the account is used up",
        _ => "",
    }
}

impl RemoteFault {
    /// For metrics.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::NoCertificates => "no_certificates",
            Self::Refused(_) => "refused",
            Self::Closed => "closed",
            Self::Reported => "reported",
            Self::Garbled => "garbled",
            Self::Late => "late",
            Self::Unanswered => "unanswered",
            Self::Full => "full",
        }
    }
}

/// A value of a query or a path, escaped (RFC 3986 section 2.1).
pub(crate) fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// 16-bit samples as protocols want them: little endian.
pub(crate) fn bytes_of(pcm: &[i16]) -> Vec<u8> {
    pcm.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// 16-bit little-endian samples that arrive in pieces, which may end within a sample.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    half: Option<u8>,
}

impl Samples {
    pub fn push(&mut self, bytes: &[u8]) -> Vec<i16> {
        let mut pcm = Vec::with_capacity(bytes.len() / 2 + 1);
        let mut rest = bytes;
        if let (Some(low), Some((&high, more))) = (self.half, rest.split_first()) {
            pcm.push(i16::from_le_bytes([low, high]));
            (self.half, rest) = (None, more);
        }
        let pairs = rest.chunks_exact(2);
        if let [low] = pairs.remainder() {
            self.half = Some(*low);
        }
        pcm.extend(pairs.map(|pair| i16::from_le_bytes([pair[0], pair[1]])));
        pcm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_the_same_however_their_bytes_are_cut() {
        let pcm: Vec<i16> = (-300..300).map(|n| n * 101).collect();
        let bytes = bytes_of(&pcm);
        for size in [1, 2, 3, 7, 1_200] {
            let mut samples = Samples::default();
            let back: Vec<i16> = bytes.chunks(size).flat_map(|part| samples.push(part)).collect();
            assert_eq!(back, pcm, "pieces of {size}");
        }
    }

    #[test]
    fn what_an_address_may_not_hold_is_escaped() {
        assert_eq!(escaped("nova-3_x.y~"), "nova-3_x.y~");
        assert_eq!(escaped("a b&c=d/é"), "a%20b%26c%3Dd%2F%C3%A9");
    }

    #[test]
    fn a_refusal_says_what_to_check() {
        assert!(RemoteFault::Refused(401).to_string().contains("401: check its key"));
        assert_eq!(RemoteFault::Refused(500).to_string(), "it refuses with HTTP status 500");
    }
}
