//! What a caller does: speaks, coughs, types, holds, hangs up, listens.
use crate::plan::ms;
use crate::rig::Call;
use bytes::Bytes;
use media::frame::TICK;
use media::leg::Direction;
use media::packet::{Packet, Rtp};
use std::time::Duration;
use switchboard::call::driver::Arrival;
use telephony::{Change, Ended, EndedBy};

/// A character of the caller's speech lasts this long, and each utterance this much more.
const CHAR: Duration = ms(70);
const BREATH: Duration = ms(200);
/// A caller thinks this long before an answer.
const THINK: Duration = ms(400);

impl Call {
    /// Sound of the caller from now on; words, if it has any.
    fn sound(&mut self, length: Duration, words: Option<&str>, pcm: Option<Vec<i16>>) {
        let from = (self.port.now - self.port.start).as_micros() as u64 * 8 / 1000;
        let to = from + length.as_micros() as u64 * 8 / 1000;
        self.port.microphone.borrow_mut().sounds.push_back((from, to, pcm));
        if let Some(words) = words {
            self.port.recogniser.say(self.port.now, length, words);
        }
    }

    /// Says something at once, and is done when it is said.
    pub fn speak(&mut self, text: &str) {
        self.speak_for(text, CHAR * text.chars().count() as u32 + BREATH);
    }

    /// Says it in this time.
    pub fn speak_for(&mut self, text: &str, length: Duration) {
        self.note("caller", format!("says {text:?} for {} ms", length.as_millis()));
        self.sound(length, Some(text), None);
        self.pass(length);
    }

    /// Says something with this sound (8 kHz).
    pub fn speak_as(&mut self, text: &str, pcm: Vec<i16>) {
        let length = Duration::from_micros(pcm.len() as u64 * 125);
        self.note("caller", format!("says {text:?} for {} ms", length.as_millis()));
        self.sound(length, Some(text), Some(pcm));
        self.pass(length);
    }

    /// Listens to the bot to its end, thinks for a moment and answers.
    pub fn say(&mut self, text: &str) {
        self.hear_out();
        self.pass(THINK);
        self.speak(text);
    }

    /// A sound that is no word: a cough, somebody else in the room.
    pub fn noise(&mut self, what: &str, length: Duration) {
        self.note("caller", format!("{what} for {} ms", length.as_millis()));
        self.sound(length, None, None);
        self.pass(length);
    }

    /// Waits for the bot to say something (it may be at it) and hears it out; what is cut off is followed by something else.
    pub fn hear_out(&mut self) {
        let mut began = false;
        for _ in 0..ticks(Duration::from_secs(60)) {
            began |= !self.port.open.is_empty();
            if self.end.is_some() || (began && self.port.open.is_empty() && !self.port.was_cut) {
                return;
            }
            self.pass(ms(20));
        }
        panic!("{} ms: the bot says nothing\n{}", self.at(self.port.now), crate::golden::text(&mut self.port.trace));
    }

    /// Hears so much of what the bot says next.
    pub fn hear(&mut self, length: Duration) {
        let heard = |call: &Self| call.port.listener.ticks.values().sum::<u64>();
        let before = heard(self);
        for _ in 0..ticks(Duration::from_secs(60)) {
            if heard(self) - before >= ticks(length) {
                return;
            }
            self.pass(ms(20));
        }
        panic!("{} ms: the bot says nothing\n{}", self.at(self.port.now), crate::golden::text(&mut self.port.trace));
    }

    /// Types, each key for 100 ms and as long a pause behind it. The phone sends RFC 4733 events in place of sound.
    pub fn keys(&mut self, keys: &str) {
        for key in keys.chars() {
            let event = "0123456789*#".find(key).expect("a key") as u8;
            let timestamp = self.port.phone.base.wrapping_add(self.port.phone.sent as u32);
            self.port.phone.muted = true;
            for packet in 0..7_u16 {
                let duration = (packet + 1).min(5) * 160;
                let flags = if packet >= 4 { 0x8a } else { 0x0a };
                let [high, low] = duration.to_be_bytes();
                let sequence = self.port.phone.sequence;
                self.port.phone.sequence = sequence.wrapping_add(1);
                let rtp = Rtp {
                    arrived: self.port.now,
                    payload_type: 101,
                    marker: packet == 0,
                    sequence,
                    timestamp,
                    ssrc: self.port.phone.ssrc,
                    payload: Bytes::copy_from_slice(&[event, flags, high, low]),
                };
                self.port.phone.net.send(self.port.now, Packet::Rtp(rtp));
                // The last packet of an event goes out three times.
                if packet < 4 {
                    self.pass(ms(20));
                }
            }
            self.pass(ms(20));
            self.port.phone.muted = false;
            self.pass(ms(100));
        }
    }

    /// Listens to the bot to its end, and then types.
    pub fn enter(&mut self, keys: &str) {
        self.hear_out();
        self.pass(THINK);
        self.keys(keys);
    }

    /// Puts the bot on hold by re-INVITE: silently, or with music.
    pub fn hold(&mut self, direction: Direction) {
        self.note("line", format!("held, {direction:?}"));
        self.port.phone.muted = direction == Direction::Inactive;
        self.configure(direction);
        self.arrive(Arrival::Line(Change::OnHold(true)));
    }

    pub fn resume(&mut self) {
        self.note("line", "resumed");
        self.port.phone.muted = false;
        self.configure(Direction::SendRecv);
        self.arrive(Arrival::Line(Change::OnHold(false)));
    }

    /// The network towards the bot stands still for a while, from so long from now on, and then brings all at once.
    pub fn stall(&mut self, after: Duration, length: Duration) {
        self.note("line", format!("stands still in {} ms for {} ms", after.as_millis(), length.as_millis()));
        self.port.phone.net.still = Some(self.port.now + after..self.port.now + after + length);
    }

    pub fn hang_up(&mut self) {
        self.note("caller", "hangs up");
        self.arrive(Arrival::Line(Change::Ended(Ended { by: EndedBy::Caller, reason: "hung up" })));
    }

    /// Lets the call run to its end.
    pub fn run_out(&mut self) {
        for _ in 0..ticks(Duration::from_secs(300)) {
            if self.end.is_some() {
                return;
            }
            self.pass(ms(20));
        }
    }
}

/// The number of ticks in this time.
fn ticks(time: Duration) -> u64 {
    (time.as_millis() / TICK.as_millis()) as u64
}
