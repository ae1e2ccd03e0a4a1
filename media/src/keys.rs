//! Keypad keys on the line as RFC 4733 telephone events: each key exactly once inwards, and the sound under it muted;
//! proper events, or tones where events were not negotiated, outwards. [`ToneKeys`] hears them where events were not negotiated.
mod tone;

pub use tone::ToneKeys;

use crate::frame::TICK;
use crate::ingress::Mute;
use crate::packet::Rtp;
use std::collections::VecDeque;
use std::f32::consts::TAU;
use std::time::{Duration, Instant};

/// The event codes 0–15 (RFC 4733 section 3.2), in their order.
const KEYS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'];
/// A key whose end is lost is over when its packets stay away this long.
const OVER: Duration = Duration::from_millis(150);
/// A gateway lets one part in so many of a second of the tone through before it notices: 25 ms.
const LEAK: u32 = 40;
/// How long a key can still mute sound that waits in the jitter buffer.
const FORGET: Duration = Duration::from_secs(5);
/// RFC 4733 section 2.5.1.3: a longer key goes on under a new timestamp.
const SEGMENT: u16 = 0xf000;

/// The clocks, in Hz, of a stream's timestamps and of its keys' durations: one and the same but where a far end knows keys in
/// no other clock than 8000.
#[derive(Clone, Copy, Debug)]
pub struct Clocks {
    pub sound: u32,
    pub events: u32,
}

#[derive(Clone, Copy, Debug)]
struct Press {
    event: u8,
    ssrc: u32,
    start: u32,
    /// In units of the events' clock.
    duration: u16,
    ended: bool,
    last: Instant,
    clocks: Clocks,
}

impl Press {
    /// Whether sound with this timestamp and length lies under it.
    fn covers(&self, timestamp: u32, units: u32) -> bool {
        let Clocks { sound, events } = self.clocks;
        let (leak, length) =
            (i64::from(sound / LEAK), i64::from(self.duration) * i64::from(sound) / i64::from(events.max(1)));
        let from = i64::from(timestamp.wrapping_sub(self.start) as i32);
        from < length + leak && from + i64::from(units) > -leak
    }
}

/// Keys from the far end.
#[derive(Debug, Default)]
pub struct KeysIn {
    /// Newest last.
    presses: VecDeque<Press>,
    sounding: bool,
}

impl KeysIn {
    /// Takes an event packet; a key if this is the first that is seen of it. Anything may be in the payload.
    pub fn push(&mut self, packet: &Rtp, clocks: Clocks) -> Option<char> {
        let &[event, flags, high, low, ..] = &packet.payload[..] else { return None };
        let key = *KEYS.get(usize::from(event))?;
        let (ended, duration, now) = (flags & 0x80 != 0, u16::from_be_bytes([high, low]), packet.arrived);
        if let Some(press) = self.presses.iter_mut().find(|p| p.ssrc == packet.ssrc && p.start == packet.timestamp) {
            (press.duration, press.ended, press.last) = (press.duration.max(duration), press.ended || ended, now);
            return None;
        }
        if let Some(last) = self.presses.back_mut() {
            let near = now.saturating_duration_since(last.last) < OVER;
            let same = last.event == event && near && !packet.marker;
            if last.ssrc == packet.ssrc {
                let ahead = packet.timestamp.wrapping_sub(last.start) as i32;
                if (-50_000..0).contains(&ahead) {
                    // A straggler of a key before the last one.
                    return None;
                }
                // A sender that moves the timestamp with each packet: two presses cannot overlap in time.
                let moved = ahead <= i32::from(last.duration)
                    || (!last.ended && ahead <= i32::from(duration) - i32::from(last.duration));
                let segment = !last.ended && last.duration >= SEGMENT;
                if same && ahead >= 0 && (moved || segment) {
                    (last.start, last.duration, last.ended, last.last) = (packet.timestamp, duration, ended, now);
                    return None;
                }
            } else if same && (duration > last.duration || (last.ended && ended && duration == last.duration)) {
                // The source changed under a key.
                (last.ssrc, last.start, last.duration) = (packet.ssrc, packet.timestamp, duration);
                (last.ended, last.last) = (ended, now);
                return None;
            }
            last.ended = true;
        }
        if self.presses.len() >= 8 {
            self.presses.pop_front();
        }
        let (ssrc, start) = (packet.ssrc, packet.timestamp);
        self.presses.push_back(Press { event, ssrc, start, duration, ended, last: now, clocks });
        self.sounding = !ended;
        Some(key)
    }

    /// Time passes: ends keys whose end was lost, forgets old ones.
    pub fn tick(&mut self, now: Instant) {
        self.presses.retain(|p| now.saturating_duration_since(p.last) < FORGET);
        for press in &mut self.presses {
            press.ended |= now.saturating_duration_since(press.last) >= OVER;
        }
        self.sounding = self.presses.back().is_some_and(|p| !p.ended);
    }

    /// Whether a key is down.
    pub const fn sounding(&self) -> bool {
        self.sounding
    }
}

impl Mute for KeysIn {
    fn mutes(&self, timestamp: u32, units: u32) -> bool {
        self.sounding || self.presses.iter().any(|press| press.covers(timestamp, units))
    }
}

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

/// The two frequencies of a key, in Hz.
pub const fn dual(event: u8) -> (f32, f32) {
    const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
    const COLUMNS: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
    let (row, column) = match event {
        0 => (3, 1),
        10 => (3, 0),
        11 => (3, 2),
        12..=15 => (event as usize - 12, 3),
        _ => ((event as usize + 8) % 9 / 3, (event as usize + 2) % 3),
    };
    (ROWS[row], COLUMNS[column])
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    const CLOCKS: Clocks = Clocks { sound: 8_000, events: 8_000 };

    /// The packets of one press: one per 20 ms, the last three times.
    fn press(t0: Instant, ssrc: u32, event: u8, start: u32, packets: u16) -> Vec<Rtp> {
        (1..=packets + 2)
            .map(|n| {
                let duration = (n.min(packets) * 160).to_be_bytes();
                let flags = if n >= packets { 0x8a } else { 10 };
                Rtp {
                    arrived: t0 + TICK * u32::from(n),
                    payload_type: 101,
                    marker: n == 1,
                    sequence: n,
                    timestamp: start,
                    ssrc,
                    payload: Bytes::copy_from_slice(&[event, flags, duration[0], duration[1]]),
                }
            })
            .collect()
    }

    fn heard(packets: &[Rtp]) -> String {
        let mut keys = KeysIn::default();
        packets
            .iter()
            .filter_map(|p| {
                keys.tick(p.arrived);
                keys.push(p, CLOCKS)
            })
            .collect()
    }

    #[test]
    fn a_key_is_heard_once_whichever_of_its_packets_arrive() {
        let all = press(Instant::now(), 1, 5, 1000, 6);
        for lost in 0..(1u32 << all.len()) - 1 {
            let some: Vec<Rtp> =
                all.iter().enumerate().filter(|(i, _)| lost & (1 << i) == 0).map(|(_, p)| p.clone()).collect();
            assert_eq!(heard(&some), "5", "{lost:b}");
            let twice: Vec<Rtp> = some.iter().flat_map(|p| [p.clone(), p.clone()]).collect();
            assert_eq!(heard(&twice), "5");
            let backwards: Vec<Rtp> = some.iter().rev().cloned().collect();
            assert_eq!(heard(&backwards), "5");
        }
    }

    #[test]
    fn the_same_key_twice_is_two_keys_even_without_the_first_end_and_the_second_start() {
        let t0 = Instant::now();
        let first = press(t0, 1, 1, 1000, 5);
        let second = press(t0 + Duration::from_millis(160), 1, 1, 1000 + 1280, 5);
        let some: Vec<Rtp> = first[..4].iter().chain(&second[1..]).cloned().collect();
        assert_eq!(heard(&some), "11");
        // A new source for the second press.
        let second = press(t0 + Duration::from_millis(400), 2, 1, 77, 5);
        let some: Vec<Rtp> = first.iter().chain(&second[1..]).cloned().collect();
        assert_eq!(heard(&some), "11");
    }

    #[test]
    fn senders_that_move_the_timestamp_and_keys_held_for_long_are_still_one_key() {
        let t0 = Instant::now();
        let mut moving = press(t0, 1, 9, 1000, 8);
        for (n, packet) in moving.iter_mut().enumerate() {
            packet.timestamp += 160 * n as u32;
        }
        assert_eq!(heard(&moving), "9");
        let mut long = press(t0, 1, 3, 1000, 400);
        for (n, packet) in long.iter_mut().enumerate().skip(400) {
            let duration = (160 * (n as u16 - 399)).to_be_bytes();
            packet.timestamp = 1000 + 64_000;
            packet.payload = Bytes::copy_from_slice(&[3, 10, duration[0], duration[1]]);
        }
        assert_eq!(heard(&long), "3");
    }

    #[test]
    fn sound_under_a_key_is_muted_and_sound_after_it_is_not() {
        let t0 = Instant::now();
        let mut keys = KeysIn::default();
        for packet in press(t0, 1, 5, 16_000, 6) {
            keys.push(&packet, CLOCKS);
        }
        keys.tick(t0 + Duration::from_millis(200));
        let muted: Vec<bool> = (0..16).map(|n| keys.mutes(16_000 - 640 + n * 160, 160)).collect();
        let expected =
            [false, false, true, true, true, true, true, true, true, true, true, true, false, false, false, false];
        assert_eq!(muted, expected);
    }

    #[test]
    fn a_key_told_in_another_clock_than_the_sounds_mutes_as_much_of_it() {
        let t0 = Instant::now();
        let muted = |clocks: Clocks| {
            let mut keys = KeysIn::default();
            for packet in press(t0, 1, 5, 96_000, 6) {
                keys.push(&packet, clocks);
            }
            keys.tick(t0 + Duration::from_millis(200));
            let tick = clocks.sound / 50;
            (0..16).map(|n| keys.mutes(96_000 - 4 * tick + n * tick, tick)).collect::<Vec<_>>()
        };
        let opus = muted(Clocks { sound: 48_000, events: 8_000 });
        assert_eq!(opus, muted(CLOCKS));
        assert_eq!(opus.iter().filter(|muted| **muted).count(), 10);
    }

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

    #[test]
    fn keys_have_the_tones_of_the_keypad() {
        let expected = [
            (941, 1336),
            (697, 1209),
            (697, 1336),
            (697, 1477),
            (770, 1209),
            (770, 1336),
            (770, 1477),
            (852, 1209),
            (852, 1336),
            (852, 1477),
            (941, 1209),
            (941, 1477),
            (697, 1633),
            (770, 1633),
            (852, 1633),
            (941, 1633),
        ];
        for (event, tones) in expected.into_iter().enumerate() {
            let (low, high) = dual(event as u8);
            assert_eq!((low as i32, high as i32), tones, "{}", KEYS[event]);
        }
    }
}
