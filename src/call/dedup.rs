//! `KeyDedup`: removes the second copy of a key from phones that send each key both in RTP and by SIP INFO.
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The same key from the other source within this time is the same press.
const SAME_PRESS: Duration = Duration::from_secs(1);

/// Where a key was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// In RTP: an RFC 4733 event, or a tone.
    Sound,
    /// SIP INFO.
    Signalling,
}

/// Recent keys that have been received from one source only.
#[derive(Debug, Default)]
pub struct KeyDedup {
    unmatched: VecDeque<(char, KeySource, Instant)>,
}

impl KeyDedup {
    /// Whether this key is a new press and not the second copy of one from the other source.
    pub fn is_new(&mut self, now: Instant, key: char, source: KeySource) -> bool {
        self.unmatched.retain(|(_, _, at)| now < *at + SAME_PRESS);
        // The oldest first: the keys of each source are in order.
        let copy = self.unmatched.iter().position(|(k, r, _)| *k == key && *r != source);
        match copy {
            Some(first) => drop(self.unmatched.remove(first)),
            None => self.unmatched.push_back((key, source, now)),
        }
        copy.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::KeySource::{Signalling as I, Sound as S};
    use super::*;

    /// Keys as they come, with their milliseconds, and what counts.
    fn check(keys: &[(u64, char, KeySource)], expected: &str) {
        let start = Instant::now();
        let mut dedup = KeyDedup::default();
        let count = |(ms, key, source): &(u64, char, KeySource)| {
            dedup.is_new(start + Duration::from_millis(*ms), *key, *source)
        };
        let new: Vec<bool> = keys.iter().map(count).collect();
        let heard: String = keys.iter().zip(new).filter(|(_, new)| *new).map(|((_, key, _), _)| *key).collect();
        assert_eq!(heard, expected, "{keys:?}");
    }

    #[test]
    fn a_key_that_comes_from_both_sources_counts_once_in_whichever_order() {
        check(&[(0, '5', S), (40, '5', I)], "5");
        check(&[(0, '5', I), (140, '5', S)], "5");
        // The same key twice, alternating, and with signalling far behind.
        check(&[(0, '1', S), (30, '1', I), (300, '1', S), (330, '1', I)], "11");
        check(&[(0, '1', S), (300, '1', S), (400, '1', I), (700, '1', I)], "11");
        // Signalling is behind the next key.
        check(&[(0, '1', S), (200, '2', S), (250, '1', I), (450, '2', I)], "12");
        check(&[(0, '1', S), (200, '2', S), (250, '1', I), (400, '1', S), (450, '2', I), (650, '1', I)], "121");
    }

    #[test]
    fn keys_from_one_source_all_count_and_a_late_one_from_the_other_is_another_press() {
        check(&[(0, '1', S), (200, '1', S), (400, '1', S)], "111");
        check(&[(0, '1', I), (100, '1', I)], "11");
        check(&[(0, '1', S), (1500, '1', I)], "11");
    }
}
