//! `Srtp`: SRTP and SRTCP of one leg (RFC 3711): keys, packet indices and replay protection. It is told the time.
//!
//! It is used on the media thread of the leg. New keys arrive as a [`Rekey`], made by the signalling, whose threads derive the session
//! keys. Indices belong to the leg and continue when keys change (RFC 3711 section 3.3.1), so that no key is used twice with one index.
mod cipher;
mod keys;
#[cfg(test)]
mod tests;

use super::limits::LARGEST;
use cipher::{Cipher, PacketIndex, RTCP_HEADER};
pub use keys::{Keys, Mki, Secrets, Suite};
use std::fmt;
use std::time::{Duration, Instant};

/// For how long packets under the previous key of the other side are accepted.
const GRACE: Duration = Duration::from_secs(5);
/// After this time our new key is used in any case: a far end on hold sends no packet that shows that it has our answer.
const SILENCE: Duration = Duration::from_secs(1);
/// The most SSRCs of one leg that are kept in each direction. A phone has one, a few after transfers.
const SOURCES: usize = 8;
/// The replay window: how late a packet may arrive and still be told from a replayed one.
const WINDOW: u64 = u128::BITS as u64;
/// Indices have 48 bits, those of SRTCP 31 (RFC 3711 section 9.2).
const LAST: u64 = (1 << 48) - 1;
const LAST_RTCP: u32 = (1 << 31) - 1;
/// The fixed part of an RTP header.
const RTP_HEADER: usize = 12;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("neither RTP nor RTCP, or cut off")]
    Malformed,
    #[error("not sealed with a key of the other side")]
    Unauthentic,
    #[error("a packet heard before, or too old to tell")]
    Replayed,
    #[error("the packet does not fit its buffer")]
    TooLong,
    #[error("this index has been used, or all are: new keys are needed")]
    Spent,
}

/// When our new key is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// At once: the other side has it.
    Now,
    /// When the other side uses its own new key, which shows that it has our answer.
    WithTheirs,
}

/// A master key and the session keys derived from it.
struct Key {
    keys: Keys,
    cipher: Cipher,
}

impl Key {
    fn new(keys: Keys) -> Self {
        Self { cipher: Cipher::new(&keys), keys }
    }
}

/// New keys for a wire.
pub(super) struct Rekey {
    ours: Key,
    theirs: Key,
    switch: Switch,
}

impl Rekey {
    pub(super) fn new(secrets: Secrets, switch: Switch) -> Self {
        Self { ours: Key::new(secrets.ours), theirs: Key::new(secrets.theirs), switch }
    }
}

/// Our new key, until it is used.
struct Next {
    key: Key,
    by: Instant,
    /// The other side's key has changed too: a packet under it shows that our answer has arrived.
    with_theirs: bool,
}

/// A received SSRC.
#[derive(Clone, Copy, Default)]
struct Heard {
    ssrc: u32,
    /// The number of the key that the packet `highest` was authenticated with.
    era: u32,
    highest: u64,
    /// Bit n: the packet `highest - n` has been received.
    seen: u128,
    used: u64,
}

impl Heard {
    fn replays(&self, index: u64) -> bool {
        match self.highest.checked_sub(index) {
            None => false,
            Some(behind) => behind >= WINDOW || self.seen >> behind & 1 == 1,
        }
    }

    fn accept(&mut self, index: u64) {
        match self.highest.checked_sub(index) {
            Some(behind) => self.seen |= 1u128.checked_shl(behind as u32).unwrap_or(0),
            None => {
                let ahead = u32::try_from(index - self.highest).unwrap_or(u32::MAX);
                self.seen = self.seen.checked_shl(ahead).unwrap_or(0) | 1;
                self.highest = index;
            }
        }
    }

    /// The index closest to the highest (RFC 3711 appendix A).
    fn estimate(&self, sequence: u16) -> u64 {
        nearest(self.highest, sequence).unwrap_or(u64::from(sequence))
    }

    /// The index where the sender's sequence numbers have stepped back and its roll-over counter has been raised, as no index may be used
    /// twice (RFC 3711 section 3.3.1). Authentication shows whether that is so.
    fn round_on(&self, sequence: u16) -> Option<u64> {
        let index = self.estimate(sequence);
        (index + WINDOW <= self.highest).then_some(index + (1 << 16))
    }
}

fn nearest(index: u64, sequence: u16) -> Option<u64> {
    let step = sequence.wrapping_sub(index as u16) as i16;
    index.checked_add_signed(i64::from(step))
}

/// The received SSRCs; beyond the limit the longest silent one is dropped. Only authenticated packets enter one.
#[derive(Default)]
struct Sources {
    known: [Option<Heard>; SOURCES],
    clock: u64,
}

impl Sources {
    fn find(&self, ssrc: u32) -> Option<Heard> {
        self.known.iter().flatten().find(|heard| heard.ssrc == ssrc).copied()
    }

    fn keep(&mut self, heard: Heard) {
        self.clock += 1;
        let place = self.known.iter_mut().min_by_key(|place| match place {
            Some(known) if known.ssrc == heard.ssrc => (0, 0),
            None => (1, 0),
            Some(known) => (2, known.used),
        });
        if let Some(place) = place {
            *place = Some(Heard { used: self.clock, ..heard });
        }
    }
}

/// The state of one leg.
pub(super) struct Srtp {
    ours: Key,
    next: Option<Next>,
    theirs: Key,
    before: Option<(Key, Instant)>,
    /// The number of keys of the other side so far.
    era: u32,
    heard: Sources,
    heard_rtcp: Sources,
    /// Our SSRCs, with the last index used.
    sent: [Option<(u32, u64)>; SOURCES],
    sent_rtcp: u32,
    plain: Box<[u8; LARGEST]>,
}

impl fmt::Debug for Srtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Srtp").field("suite", &self.ours.keys.suite).finish_non_exhaustive()
    }
}

impl Srtp {
    pub(super) fn new(keys: Rekey) -> Self {
        Self {
            ours: keys.ours,
            next: None,
            theirs: keys.theirs,
            before: None,
            era: 0,
            heard: Sources::default(),
            heard_rtcp: Sources::default(),
            sent: [None; SOURCES],
            sent_rtcp: 0,
            plain: Box::new([0; LARGEST]),
        }
    }

    /// Takes new keys. Unchanged ones stay in use.
    pub(super) fn rekey(&mut self, now: Instant, keys: Rekey) {
        let Rekey { ours, theirs, switch } = keys;
        let with_theirs = theirs.keys != self.theirs.keys;
        if with_theirs {
            self.before = Some((std::mem::replace(&mut self.theirs, theirs), now + GRACE));
            self.era += 1;
        }
        if ours.keys == self.ours.keys {
            self.next = None;
        } else if switch == Switch::Now {
            (self.ours, self.next) = (ours, None);
        } else if self.next.as_ref().is_none_or(|next| next.key.keys != ours.keys) {
            self.next = Some(Next { key: ours, by: now + SILENCE, with_theirs });
        }
    }

    /// Drops a previous key whose time is over, and starts to use a new one.
    pub(super) fn tick(&mut self, now: Instant) {
        self.before.take_if(|(_, until)| *until <= now);
        if let Some(next) = self.next.take_if(|next| next.by <= now) {
            self.ours = next.key;
        }
    }

    /// Authenticates and decrypts a datagram, RTP or RTCP (told apart as RFC 5761 says).
    pub(super) fn unprotect(&mut self, datagram: &[u8]) -> Result<&[u8], Fault> {
        let length = if is_rtcp(datagram) { self.open_rtcp(datagram)? } else { self.open_rtp(datagram)? };
        self.plain.get(..length).ok_or(Fault::Malformed)
    }

    fn open_rtp(&mut self, datagram: &[u8]) -> Result<usize, Fault> {
        let start = payload(datagram).ok_or(Fault::Malformed)?;
        let (sequence, ssrc) = (u16_at(datagram, 2), u32_at(datagram, 8));
        let known = self.heard.find(ssrc);
        let mut fault = Fault::Unauthentic;
        let keys = [Some((&self.theirs, self.era)), self.before.as_ref().map(|(key, _)| (key, self.era - 1))];
        for (key, era) in keys.into_iter().flatten() {
            // Under a key that has authenticated no packet yet, the roll-over counter begins at 0 (RFC 4568 section 6.4.1) or continues; the
            // first packets may be lost or late, so that the sequence number may already have wrapped.
            let first = u64::from(sequence);
            let later = (sequence < 0x8000).then_some(first | 1 << 16);
            let tries = match known {
                Some(heard) if heard.era == era => [Some(heard.estimate(sequence)), heard.round_on(sequence), None],
                Some(heard) if heard.era < era => [Some(heard.estimate(sequence)), Some(first), later],
                Some(heard) => [Some(heard.estimate(sequence)), None, None],
                None => [Some(first), later, None],
            };
            for index in tries.into_iter().flatten() {
                let goes_on = known.filter(|heard| nearest(heard.highest, sequence) == Some(index) || heard.era >= era);
                if goes_on.is_some_and(|heard| heard.replays(index)) {
                    fault = Fault::Replayed;
                    continue;
                }
                let place = PacketIndex::Rtp { ssrc, index };
                let Some(length) = key.cipher.open(datagram, start, place, &mut *self.plain) else { continue };
                let began = Heard { ssrc, era, highest: index, seen: 1, used: 0 };
                let mut heard = goes_on.unwrap_or(began);
                heard.accept(index);
                heard.era = heard.era.max(era);
                self.heard.keep(heard);
                if era == self.era
                    && let Some(next) = self.next.take_if(|next| next.with_theirs)
                {
                    self.ours = next.key;
                }
                return Ok(length);
            }
        }
        Err(fault)
    }

    fn open_rtcp(&mut self, datagram: &[u8]) -> Result<usize, Fault> {
        if datagram.len() < RTCP_HEADER || datagram[0] >> 6 != 2 {
            return Err(Fault::Malformed);
        }
        let ssrc = u32_at(datagram, 4);
        let known = self.heard_rtcp.find(ssrc);
        let mut fault = Fault::Unauthentic;
        let keys = [Some((&self.theirs, self.era)), self.before.as_ref().map(|(key, _)| (key, self.era - 1))];
        for (key, era) in keys.into_iter().flatten() {
            let Some(word) = key.cipher.word(datagram) else { return Err(Fault::Malformed) };
            let index = word & LAST_RTCP;
            // Unencrypted SRTCP is never negotiated; late reports under the previous key are not needed.
            if word == index || known.is_some_and(|heard| heard.era > era) {
                continue;
            }
            // Each key has its own list of SRTCP indices: some phones begin again at 0.
            let goes_on = known.filter(|heard| heard.era == era);
            if goes_on.is_some_and(|heard| heard.replays(index.into())) {
                fault = Fault::Replayed;
                continue;
            }
            let place = PacketIndex::Rtcp { ssrc, index };
            let Some(length) = key.cipher.open(datagram, RTCP_HEADER, place, &mut *self.plain) else { continue };
            let began = Heard { ssrc, era, highest: index.into(), seen: 1, used: 0 };
            let mut heard = goes_on.unwrap_or(began);
            heard.accept(index.into());
            self.heard_rtcp.keep(heard);
            return Ok(length);
        }
        Err(fault)
    }

    /// Encrypts and authenticates the first `length` bytes of `buffer` in place; returns the new length.
    pub(super) fn protect(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, Fault> {
        let packet = buffer.get(..length).ok_or(Fault::TooLong)?;
        if is_rtcp(packet) {
            if length < RTCP_HEADER {
                return Err(Fault::Malformed);
            }
            if self.sent_rtcp == LAST_RTCP {
                return Err(Fault::Spent);
            }
            self.sent_rtcp += 1;
            let place = PacketIndex::Rtcp { ssrc: u32_at(packet, 4), index: self.sent_rtcp };
            return self.ours.cipher.seal(buffer, RTCP_HEADER, length, place).ok_or(Fault::TooLong);
        }
        let start = payload(packet).ok_or(Fault::Malformed)?;
        let (sequence, ssrc) = (u16_at(packet, 2), u32_at(packet, 8));
        let known = self.sent.iter().position(|sent| sent.is_none_or(|(source, _)| source == ssrc));
        let place = known.unwrap_or_else(|| {
            // One SSRC is used at a time, and a change of the clock rate brings a new one: the oldest is dropped.
            self.sent.rotate_left(1);
            self.sent[SOURCES - 1] = None;
            SOURCES - 1
        });
        let sent = &mut self.sent[place];
        let index = match sent {
            None => u64::from(sequence),
            // An index is used for one packet only: a second one would reveal both (RFC 3711 section 9.1).
            Some((_, last)) => nearest(*last, sequence).filter(|i| *i > *last && *i <= LAST).ok_or(Fault::Spent)?,
        };
        *sent = Some((ssrc, index));
        self.ours.cipher.seal(buffer, start, length, PacketIndex::Rtp { ssrc, index }).ok_or(Fault::TooLong)
    }
}

/// RFC 5761 section 4.
pub(super) fn is_rtcp(datagram: &[u8]) -> bool {
    datagram.get(1).is_some_and(|second| (192..224).contains(second))
}

/// Where the payload of an RTP packet begins: behind CSRCs and header extension, which are not encrypted.
fn payload(packet: &[u8]) -> Option<usize> {
    let first = *packet.first().filter(|first| *first >> 6 == 2)?;
    let mut start = RTP_HEADER + 4 * usize::from(first & 0x0F);
    if first & 0x10 != 0 {
        let words = packet.get(start + 2..start + 4)?;
        start += 4 + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]));
    }
    (start <= packet.len()).then_some(start)
}

/// Two bytes at a place that the caller has checked.
fn u16_at(packet: &[u8], at: usize) -> u16 {
    packet.get(at..at + 2).and_then(|b| b.try_into().ok()).map_or(0, u16::from_be_bytes)
}

fn u32_at(packet: &[u8], at: usize) -> u32 {
    packet.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_be_bytes)
}
