//! Fragments of a description that carry ICE alone (RFC 8840): candidates that trickle in, and restarts.
use super::candidate;
use crate::sdp::web::{self, MAX_CANDIDATES};
use std::fmt::Write;

/// The longest fragment read.
pub(super) const MAX_BYTES: usize = 8 * 1024;

/// What a fragment says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fragment {
    pub credentials: Option<(String, String)>,
    /// Checked and written anew; those that cannot be used are left out.
    pub candidates: Vec<String>,
}

impl Fragment {
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        if text.len() > MAX_BYTES {
            return Err("the fragment is longer than 8 KB");
        }
        let sections = web::attributes(text);
        let find = |key: &str| sections.iter().flatten().find(|(k, _)| *k == key).map(|(_, v)| (*v).to_owned());
        let credentials = find("ice-ufrag").zip(find("ice-pwd"));
        if credentials.as_ref().is_some_and(|(ufrag, pwd)| !web::credentials(ufrag, pwd)) {
            return Err("ice-ufrag needs 4 to 256 characters and ice-pwd 22 to 256");
        }
        let said = sections.iter().flatten().filter(|(k, _)| *k == "candidate");
        let candidates: Vec<String> =
            said.clone().filter_map(|(_, v)| candidate::theirs(v)).take(MAX_CANDIDATES).collect();
        let nothing = said.count() == 0 && credentials.is_none() && find("end-of-candidates").is_none();
        if nothing {
            return Err(
                "the fragment says nothing: send a=candidate, a=end-of-candidates or a=ice-ufrag with a=ice-pwd",
            );
        }
        Ok(Self { credentials, candidates })
    }
}

/// Our fragment, in answer to an ICE restart.
pub(super) fn write(mid: &str, (ufrag, pwd): (&str, &str), candidates: &[String], complete: bool) -> String {
    let mut text = String::from("a=ice-options:trickle ice2\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n");
    // Writing to a String cannot fail.
    let _ = write!(text, "a=mid:{mid}\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:{pwd}\r\n");
    for candidate in candidates {
        let _ = write!(text, "a={candidate}\r\n");
    }
    if complete {
        text.push_str("a=end-of-candidates\r\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fragments_of_rfc_9725_are_read() {
        let trickle = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n\
                       a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1\r\n\
                       a=candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ host generation 0 ufrag EsAw network-id 2\r\n\
                       a=candidate:473322822 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0 ufrag EsAw\r\n\
                       a=end-of-candidates\r\n";
        let fragment = Fragment::read(trickle).unwrap();
        assert_eq!(fragment.credentials.unwrap().0, "EsAw");
        assert_eq!(fragment.candidates.len(), 2, "the active TCP one calls us");
    }

    #[test]
    fn what_says_nothing_or_lies_is_refused() {
        for text in ["", "hello", "m=audio 9 RTP/AVP 0\r\na=mid:0", "a=ice-ufrag:a\r\na=ice-pwd:b"] {
            assert!(Fragment::read(text).is_err(), "{text}");
        }
        assert!(Fragment::read(&"a=candidate:x\r\n".repeat(1_000)).is_err());
        assert!(Fragment::read("a=end-of-candidates").is_ok());
    }

    #[test]
    fn ours_is_read_back_by_the_same_rules() {
        let candidates = vec!["candidate:1 1 udp 5 192.0.2.1 7000 typ host".to_owned()];
        let text = write("0", ("abcd", "0123456789012345678901"), &candidates, true);
        let fragment = Fragment::read(&text).unwrap();
        assert_eq!(fragment.credentials, Some(("abcd".into(), "0123456789012345678901".into())));
        assert_eq!(fragment.candidates, ["1 1 udp 5 192.0.2.1 7000 typ host"]);
    }
}
