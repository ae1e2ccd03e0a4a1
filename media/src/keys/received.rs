//! `KeysIn`: telephone events from the far end: each key exactly once, and the sound under it muted.
use super::{Clocks, KEYS};
use crate::ingress::Mute;
use crate::packet::Rtp;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A key whose end is lost is over when its packets stay away this long.
const OVER: Duration = Duration::from_millis(150);
/// A gateway lets one part in so many of a second of the tone through before it notices: 25 ms.
const LEAK: u32 = 40;
/// How long a key can still mute sound that waits in the jitter buffer.
const FORGET: Duration = Duration::from_secs(5);
/// RFC 4733 section 2.5.1.3: a longer key goes on under a new timestamp.
const SEGMENT: u16 = 0xf000;
/// After so long a packet of a key that has ended and that says it is shorter than before is no late one.
const AGAIN: Duration = Duration::from_millis(40);
/// A packet so many numbers back is late; one further back is of a sender that has begun anew (RFC 3550 appendix A.1).
const LATE: u16 = 100;

#[derive(Clone, Copy, Debug)]
struct Press {
    event: u8,
    ssrc: u32,
    start: u32,
    /// The highest number of its packets.
    sequence: u16,
    /// In units of the events' clock.
    duration: u16,
    /// Its end was told.
    closed: bool,
    /// It is over, by its end or since nothing more came of it.
    ended: bool,
    last: Instant,
    clocks: Clocks,
}

impl Press {
    /// Whether a packet was sent after all that were seen of this key.
    const fn precedes(&self, packet: &Rtp) -> bool {
        let ahead = packet.sequence.wrapping_sub(self.sequence) as i16;
        ahead > 0
    }

    /// Whether a packet of the same event and timestamp begins another key, of a sender that does not move its timestamp. What
    /// was sent later than all of this key and is shorter is none of it, nor is what goes on behind its end; senders that
    /// mark each packet are told by that, too.
    fn is_over_before(&self, packet: &Rtp, ended: bool, duration: u16) -> bool {
        let shorter = duration < self.duration;
        let begins = if packet.marker {
            shorter || (self.closed && !ended)
        } else {
            // A network that renumbers packets makes late ones look new.
            self.ended && shorter && self.quiet(packet.arrived) >= AGAIN
        };
        self.precedes(packet) && begins
    }

    fn quiet(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.last)
    }

    fn follow(&mut self, packet: &Rtp, ended: bool, duration: u16) {
        if self.precedes(packet) {
            self.sequence = packet.sequence;
        }
        (self.duration, self.last) = (self.duration.max(duration), packet.arrived);
        (self.closed, self.ended) = (self.closed || ended, self.ended || ended);
    }

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
        // Another event under the same timestamp is another key.
        let same = |p: &&mut Press| p.ssrc == packet.ssrc && p.start == packet.timestamp && p.event == event;
        let before = self.presses.iter_mut().rev().find(same);
        let again = before.as_ref().is_some_and(|press| press.is_over_before(packet, ended, duration));
        if let Some(press) = before.filter(|_| !again) {
            press.follow(packet, ended, duration);
            return None;
        }
        if let Some(last) = self.presses.back_mut().filter(|_| !again) {
            let near = last.quiet(now) < OVER;
            let same = last.event == event && near && !packet.marker;
            if last.ssrc == packet.ssrc {
                let ahead = packet.timestamp.wrapping_sub(last.start) as i32;
                if ahead < 0 && (0..LATE).contains(&last.sequence.wrapping_sub(packet.sequence)) {
                    // A late packet of a key before the last one.
                    return None;
                }
                // A sender that moves the timestamp with each packet: two presses cannot overlap in time.
                let moved = ahead <= i32::from(last.duration)
                    || (!last.ended && ahead <= i32::from(duration) - i32::from(last.duration));
                let segment = !last.ended && last.duration >= SEGMENT;
                if same && ahead >= 0 && (moved || segment) {
                    (last.start, last.duration, last.sequence) = (packet.timestamp, duration, packet.sequence);
                    (last.closed, last.ended, last.last) = (ended, ended, now);
                    return None;
                }
            } else if same && (duration > last.duration || (last.ended && ended && duration == last.duration)) {
                // The source changed under a key.
                (last.ssrc, last.start, last.duration) = (packet.ssrc, packet.timestamp, duration);
                (last.closed, last.ended, last.last, last.sequence) = (ended, ended, now, packet.sequence);
                return None;
            }
            last.ended = true;
        }
        if self.presses.len() >= 8 {
            self.presses.pop_front();
        }
        let (ssrc, start, sequence) = (packet.ssrc, packet.timestamp, packet.sequence);
        let press = Press { event, ssrc, start, sequence, duration, closed: ended, ended, last: now, clocks };
        self.presses.push_back(press);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::TICK;
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

    /// One press after another, 60 ms apart, under one timestamp, as senders do that never move it.
    fn frozen(events: &[u8], packets: u16) -> Vec<Vec<Rtp>> {
        let (t0, each) = (Instant::now(), u32::from(packets) + 2);
        let one = |(n, event): (u32, &u8)| {
            let mut packets = press(t0 + TICK * (n * (each + 3)), 1, *event, 1000, packets);
            packets
                .iter_mut()
                .for_each(|packet| packet.sequence = packet.sequence.wrapping_add((65_530 + n * each) as u16));
            packets
        };
        (0..).zip(events).map(one).collect()
    }

    #[test]
    fn another_event_is_another_key_even_under_the_same_timestamp() {
        let all = frozen(&[5, 6, 5, 10], 5).concat();
        assert_eq!(heard(&all), "565*");
        // The first key's ends come once more while the second is down.
        let [first, second] = &frozen(&[5, 6], 5)[..] else { panic!("two") };
        let late: Vec<Rtp> = [&first[..], &second[..2], &first[4..], &second[2..]].concat();
        assert_eq!(heard(&late), "56");
        // One packet of each is enough, whichever it is.
        for (a, b) in (0..7).flat_map(|a| (0..7).map(move |b| (a, b))) {
            assert_eq!(heard(&[first[a].clone(), second[b].clone()]), "56", "{a} {b}");
        }
    }

    #[test]
    fn a_marker_after_an_end_is_another_key_even_under_the_same_timestamp() {
        assert_eq!(heard(&frozen(&[1, 1, 1], 5).concat()), "111");
        let [first, second] = &frozen(&[1, 1], 4)[..] else { panic!("two") };
        for kept in 0..1u32 << 12 {
            let some: Vec<Rtp> = first
                .iter()
                .chain(second)
                .enumerate()
                .filter(|(n, _)| kept & (1 << n) != 0)
                .map(|(_, packet)| packet.clone())
                .collect();
            // What must be there to tell them apart: more of the first than its beginning, and the second's marker.
            if kept & 0b11_1110 != 0 && kept & 1 << 6 != 0 {
                assert_eq!(heard(&some), "11", "{kept:b}");
                let twice: Vec<Rtp> = some.iter().flat_map(|p| [p.clone(), p.clone()]).collect();
                assert_eq!(heard(&twice), "11", "{kept:b}");
            }
        }
        // The marker is lost, but what comes is shorter than what was.
        assert_eq!(heard(&[&first[..], &second[1..]].concat()), "11");
        // The first key's end is lost and the second follows at once.
        let mut close = second.clone();
        close.iter_mut().for_each(|packet| packet.arrived -= TICK * 3);
        assert_eq!(heard(&[&first[..3], &close[..]].concat()), "11");
    }

    #[test]
    fn ends_that_are_repeated_with_markers_or_longer_are_still_one_key() {
        let t0 = Instant::now();
        let mut marked = press(t0, 1, 7, 1000, 6);
        marked.iter_mut().for_each(|packet| packet.marker = true);
        assert_eq!(heard(&marked), "7");
        let mut growing = press(t0, 1, 7, 1000, 6);
        for (n, packet) in (1u16..).zip(&mut growing) {
            let [high, low] = (n * 160).to_be_bytes();
            packet.payload = Bytes::copy_from_slice(&[7, packet.payload[1], high, low]);
        }
        assert_eq!(heard(&growing), "7");
        // Half a second without a packet in the middle of a key, and its end.
        let mut held = press(t0, 1, 7, 1000, 40);
        held.drain(10..30);
        assert_eq!(heard(&held), "7");
    }

    #[test]
    fn the_timestamps_end_and_steps_back_of_it_swallow_no_key() {
        let t0 = Instant::now();
        let key = |n: u32, sequence: u32, start: u32| {
            let mut packets = press(t0 + TICK * (n * 12), 1, n as u8, start, 5);
            packets.iter_mut().for_each(|packet| packet.sequence = packet.sequence.wrapping_add(sequence as u16));
            packets
        };
        let over = [key(1, 100, 0xffff_fe00), key(2, 107, 0x0000_0400), key(3, 114, 0x0000_0c00)];
        assert_eq!(heard(&over.concat()), "123");
        // A sender that has begun anew, 4 s back, with its numbers going on, or back by more than may be late.
        assert_eq!(heard(&[key(1, 1_000, 64_000), key(2, 1_007, 32_000)].concat()), "12");
        assert_eq!(heard(&[key(1, 1_000, 64_000), key(2, 800, 32_000)].concat()), "12");
        // What is late of a key that nobody remembers is none.
        let straggler = key(1, 990, 60_000)[6].clone();
        assert_eq!(heard(&[key(2, 1_000, 64_000), vec![straggler]].concat()), "2");
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
}
