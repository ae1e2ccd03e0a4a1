//! `KeysOut`: keys to the far end: telephone events, or tones where events were not negotiated.
use super::{KEYS, dual};
use crate::frame::TICK;
use std::collections::VecDeque;
use std::f32::consts::TAU;
use std::time::Duration;

/// Keys to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// `0-9`, `*`, `#`, `A-D`; anything else is left out.
    pub keys: String,
    pub tone: Duration,
    pub gap: Duration,
}

impl Keys {
    pub fn new(keys: &str) -> Self {
        Self { keys: keys.to_owned(), tone: Duration::from_millis(120), gap: Duration::from_millis(100) }
    }
}

/// One event packet to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPacket {
    pub marker: bool,
    /// Of the event's beginning.
    pub timestamp: u32,
    pub payload: [u8; 4],
}

#[derive(Clone, Copy, Debug)]
struct Sending {
    event: u8,
    start: Option<u32>,
    sent: u32,
    ticks: u32,
    gap: u32,
}

/// Keys to the far end. A queue of more than 64 keys drops the newest.
#[derive(Debug, Default)]
pub struct KeysOut {
    waiting: VecDeque<Sending>,
    now: Option<Sending>,
}

/// RFC 4733 section 2.5.1.4: the last packet goes out three times.
const ENDS: u32 = 3;

impl KeysOut {
    pub fn push(&mut self, keys: &Keys) {
        let ticks = |time: Duration| time.as_millis().div_ceil(TICK.as_millis()).clamp(1, 200) as u32;
        for key in keys.keys.chars() {
            let Some(event) = KEYS.iter().position(|&k| k == key.to_ascii_uppercase()) else { continue };
            if self.waiting.len() < 64 {
                let (ticks, gap) = (ticks(keys.tone), ticks(keys.gap));
                self.waiting.push_back(Sending { event: event as u8, start: None, sent: 0, ticks, gap });
            }
        }
    }

    /// Whether every key has been sent, and the gap after the last has passed.
    pub fn idle(&self) -> bool {
        self.now.is_none() && self.waiting.is_empty()
    }

    fn current(&mut self) -> Option<&mut Sending> {
        if self.now.is_none() {
            self.now = self.waiting.pop_front();
        }
        self.now.as_mut()
    }

    /// The event packet of this tick instead of its sound, if a key is being sent. `timestamp` is the sound's, `units` the tick's length in it.
    pub fn tick(&mut self, timestamp: u32, units: u32) -> Option<EventPacket> {
        let sending = self.current()?;
        let start = *sending.start.get_or_insert(timestamp);
        sending.sent += 1;
        let (sent, ticks) = (sending.sent, sending.ticks);
        if sent >= ticks + ENDS {
            // The gap, with sound as always.
            if sent >= ticks + ENDS - 1 + sending.gap {
                self.now = None;
            }
            return None;
        }
        let duration = (sent.min(ticks) * units).min(0xffff) as u16;
        let [high, low] = duration.to_be_bytes();
        // Volume 10: -10 dBm0.
        let flags = if sent >= ticks { 0x80 | 10 } else { 10 };
        Some(EventPacket { marker: sent == 1, timestamp: start, payload: [sending.event, flags, high, low] })
    }

    /// Where events were not negotiated: lays the tone of this tick over the sound (ITU-T Q.23), 8 dB below full scale in all.
    pub fn overlay(&mut self, hz: u32, pcm: &mut [i16]) {
        let Some(sending) = self.current() else { return };
        if sending.sent < sending.ticks {
            let (low, high) = dual(sending.event);
            let from = sending.sent as usize * pcm.len();
            for (i, sample) in pcm.iter_mut().enumerate() {
                let t = (from + i) as f32 / hz as f32 * TAU;
                *sample = (((low * t).sin() + (high * t).sin()) * 6_500.0) as i16;
            }
        }
        sending.sent += 1;
        if sending.sent >= sending.ticks + sending.gap {
            self.now = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sent_with_marker_updates_and_three_ends_under_one_timestamp() {
        let mut out = KeysOut::default();
        out.push(&Keys { keys: "5".into(), tone: TICK * 3, gap: TICK * 2 });
        let packets: Vec<_> = (0..8).map(|n| out.tick(1000 + n * 160, 160)).collect();
        let sent: Vec<_> =
            packets.iter().flatten().map(|p| (p.marker, p.payload[1] >> 7, p.payload[3], p.timestamp)).collect();
        assert_eq!(
            sent,
            [
                (true, 0, 160, 1000),
                (false, 0, 64, 1000),
                (false, 1, 224, 1000),
                (false, 1, 224, 1000),
                (false, 1, 224, 1000)
            ]
        );
        assert!(packets[5..].iter().all(Option::is_none));
    }
}
