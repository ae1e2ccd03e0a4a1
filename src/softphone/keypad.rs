//! `Keypad`: keys as telephone-events of RFC 4733.
use bytes::Bytes;
use std::collections::VecDeque;

/// The part of a packet that is the event's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub marker: bool,
    /// When the key went down; every packet of one key carries it.
    pub timestamp: u32,
    pub payload: Bytes,
}

/// How long a key is held, and the pause after it, in samples at 8 kHz.
const HELD: u32 = 800;
const PAUSE: u32 = 640;
/// The end of a key is sent so often, for a lost one would leave it pressed (RFC 4733 section 2.5.1.4).
const ENDS: u32 = 3;
/// −10 dBm0
const VOLUME: u8 = 10;

/// Keys being pressed, one after the other.
#[derive(Debug)]
pub struct Keypad {
    waiting: VecDeque<u8>,
    current: Option<Key>,
    /// No key goes down before this timestamp.
    free_at: u32,
    pressed: bool,
}

#[derive(Debug)]
struct Key {
    code: u8,
    down: u32,
    ends: u32,
}

impl Keypad {
    /// Characters that are no keys are left out.
    pub fn new(keys: &str, timestamp: u32) -> Self {
        Self { waiting: keys.chars().filter_map(code).collect(), current: None, free_at: timestamp, pressed: false }
    }

    /// The packet to send instead of sound at `timestamp`; `None` between keys and after the last.
    pub fn next(&mut self, timestamp: u32, samples: u32) -> Option<Event> {
        if self.current.is_none() && timestamp.wrapping_sub(self.free_at) < 0x8000_0000 {
            self.current = self.waiting.pop_front().map(|code| Key { code, down: timestamp, ends: 0 });
        }
        let key = self.current.as_mut()?;
        let marker = !self.pressed || timestamp == key.down;
        self.pressed = true;
        let elapsed = timestamp.wrapping_sub(key.down) + samples;
        let duration = elapsed.min(HELD);
        let end = elapsed >= HELD;
        let flags = VOLUME | if end { 0x80 } else { 0 };
        let [high, low] = (duration as u16).to_be_bytes();
        let event =
            Event { marker, timestamp: key.down, payload: Bytes::copy_from_slice(&[key.code, flags, high, low]) };
        if end {
            key.ends += 1;
            if key.ends == ENDS {
                self.current = None;
                self.free_at = timestamp.wrapping_add(PAUSE);
            }
        }
        Some(event)
    }

    /// A key has been down.
    pub fn pressed(&self) -> bool {
        self.pressed
    }

    pub fn is_over(&self) -> bool {
        self.current.is_none() && self.waiting.is_empty()
    }
}

/// The event code of a key (RFC 4733 section 3.2).
fn code(key: char) -> Option<u8> {
    match key.to_ascii_uppercase() {
        key @ '0'..='9' => Some(key as u8 - b'0'),
        '*' => Some(10),
        '#' => Some(11),
        key @ 'A'..='D' => Some(key as u8 - b'A' + 12),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_one_event_that_ends_three_times_and_has_its_own_timestamp() {
        let mut keypad = Keypad::new("1-#", 8000);
        let mut packets = vec![];
        for tick in 0..30 {
            packets.extend(keypad.next(8000 + tick * 160, 160));
        }
        assert!(keypad.is_over());
        let of = |code: u8| packets.iter().filter(move |e| e.payload[0] == code).collect::<Vec<_>>();
        for code in [1, 11] {
            let events = of(code);
            assert_eq!(
                events.iter().map(|e| e.marker).collect::<Vec<_>>(),
                [true, false, false, false, false, false, false]
            );
            assert!(events.iter().all(|e| e.timestamp == events[0].timestamp));
            let durations: Vec<_> = events.iter().map(|e| u16::from_be_bytes([e.payload[2], e.payload[3]])).collect();
            assert_eq!(durations, [160, 320, 480, 640, 800, 800, 800]);
            assert_eq!(events.iter().map(|e| e.payload[1]).collect::<Vec<_>>(), [10, 10, 10, 10, 138, 138, 138]);
        }
        assert_eq!(of(11)[0].timestamp - of(1)[0].timestamp, 6 * 160 + PAUSE);
        assert_eq!(packets.len(), 14);
    }
}
