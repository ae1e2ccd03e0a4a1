//! `Twins`: some phones send each key twice, in the sound and by SIP INFO. The second one is no second key.
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Within this the same key by the other road is the same press.
const TWIN: Duration = Duration::from_secs(1);

/// How a key came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Road {
    /// RFC 4733, or a tone.
    Sound,
    /// SIP INFO.
    Signalling,
}

/// The keys of the last moments whose twin has not come.
#[derive(Debug, Default)]
pub struct Twins {
    alone: VecDeque<(char, Road, Instant)>,
}

impl Twins {
    /// Whether this key is a new one, and not the twin of one that came by the other road.
    pub fn is_new(&mut self, now: Instant, key: char, road: Road) -> bool {
        self.alone.retain(|(_, _, at)| now < *at + TWIN);
        // The oldest first: keys stay in order on each road.
        let twin = self.alone.iter().position(|(k, r, _)| *k == key && *r != road);
        match twin {
            Some(twin) => drop(self.alone.remove(twin)),
            None => self.alone.push_back((key, road, now)),
        }
        twin.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::Road::{Signalling as I, Sound as S};
    use super::*;

    /// Keys as they come, with their milliseconds, and what counts.
    fn check(keys: &[(u64, char, Road)], expected: &str) {
        let start = Instant::now();
        let mut twins = Twins::default();
        let count = |(ms, key, road): &(u64, char, Road)| twins.is_new(start + Duration::from_millis(*ms), *key, *road);
        let new: Vec<bool> = keys.iter().map(count).collect();
        let heard: String = keys.iter().zip(new).filter(|(_, new)| *new).map(|((_, key, _), _)| *key).collect();
        assert_eq!(heard, expected, "{keys:?}");
    }

    #[test]
    fn a_key_that_comes_by_both_roads_counts_once_in_whichever_order() {
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
    fn keys_by_one_road_all_count_and_a_late_one_by_the_other_is_another_press() {
        check(&[(0, '1', S), (200, '1', S), (400, '1', S)], "111");
        check(&[(0, '1', I), (100, '1', I)], "11");
        check(&[(0, '1', S), (1500, '1', I)], "11");
    }
}
