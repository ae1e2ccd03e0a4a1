//! `Session`: the offers and answers of one call, from our side.
use super::crypto::Profile;
use super::format::PayloadTypes;
use super::keys::KeyNegotiation;
use super::read::{self, MediaLine};
use super::{Fault, LocalEnd, Negotiated, Offer, Prefs, accept_at, answer_with, write};
use media::leg::Direction;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What both sides have said of one call so far. `Debug` hides what was sent: keys stand in it.
#[derive(Clone)]
pub struct Session {
    prefs: Prefs,
    local: LocalEnd,
    /// The last description that was sent. A new one that says the same repeats it, with its version.
    sent: Option<String>,
    /// The m-lines of the call in order: `None` is the audio stream, the others stay refused (RFC 3264 section 8).
    streams: Vec<Option<MediaLine>>,
    mid: Option<String>,
    types: PayloadTypes,
    keys: KeyNegotiation,
    /// The address that the other side's signalling comes from.
    peer: Option<IpAddr>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("local", &self.local).field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl Session {
    /// The negotiation of a new call. `address`, `port`: where the other side is to send.
    pub fn new(prefs: Prefs, address: IpAddr, port: u16) -> Self {
        // 31 bits: some phones store it in a signed 32-bit integer.
        let session_id = u64::from(rand::random::<u32>() >> 1).max(1);
        let local = LocalEnd { address, port, session_id, version: 0 };
        Self {
            prefs,
            local,
            sent: None,
            streams: vec![None],
            mid: None,
            types: PayloadTypes::default(),
            keys: KeyNegotiation::default(),
            peer: None,
        }
    }

    /// Sets the address that the other side's signalling comes from. Where its description names an address of another IP family
    /// than ours, its sound is expected from the signalling address: most hosts of both families listen on both, and another port is
    /// learned from the first packets.
    pub fn signalled_from(&mut self, peer: IpAddr) {
        self.peer = Some(peer.to_canonical());
    }

    fn replace_unreachable_addresses(&self, lines: &mut [MediaLine]) {
        let v4 = self.local.address.is_ipv4();
        let Some(peer) = self.peer.filter(|peer| peer.is_ipv4() == v4) else { return };
        for line in lines {
            match &mut line.address {
                Some(address) if address.is_ipv4() == v4 || address.is_multicast() => {}
                // The hold of RFC 2543 means the same in either family.
                Some(address) if address.is_unspecified() && v4 => *address = Ipv4Addr::UNSPECIFIED.into(),
                Some(address) if address.is_unspecified() => *address = Ipv6Addr::UNSPECIFIED.into(),
                Some(address) => *address = peer,
                None => {}
            }
        }
    }

    /// The negotiation with another far end over the same address and port.
    pub fn for_another(&self) -> Self {
        Self::new(self.prefs.clone(), self.local.address, self.local.port)
    }

    /// Sets the direction of our next descriptions: `SendOnly` or `Inactive` puts the other side on hold.
    pub fn direct(&mut self, direction: Direction) {
        self.prefs.direction = direction;
    }

    /// Answers an offer, the first or a later one. A fault changes nothing.
    pub fn answer(&mut self, offer: &Offer) -> Result<Negotiated, Fault> {
        let mut offer = offer.clone();
        self.replace_unreachable_addresses(&mut offer.lines);
        let offer = &offer;
        let (at, line, _, crypto) = offer.choose(&self.prefs)?;
        let secrets = crypto.map(|crypto| self.keys.secrets(crypto));
        let mut agreed = answer_with(offer, &self.prefs, &self.local, secrets.clone())?;
        self.keys.settle(Profile::of(&line.proto).unwrap_or_default(), secrets.clone());
        self.streams = offer.lines.iter().enumerate().map(|(i, other)| (i != at).then(|| other.clone())).collect();
        self.mid = line.mid.clone();
        self.types.learn(line);
        if self.sent.as_ref() != Some(&agreed.text) {
            self.local.version += 1;
            agreed = answer_with(offer, &self.prefs, &self.local, secrets)?;
            self.sent = Some(agreed.text.clone());
        }
        Ok(agreed)
    }

    /// Our offer: in an INVITE of ours, as a delayed offer, or within the call with the streams that it has.
    pub fn offer(&mut self) -> String {
        let (profile, crypto) = self.keys.offer(self.prefs.security, &self.prefs.suites);
        let audio = write::Audio::offer(&self.prefs, &self.types, self.mid.clone());
        let audio = write::Audio { profile, crypto, ..audio };
        let streams = self.streams.iter().map(Option::as_ref).collect::<Vec<_>>();
        let mut text = write::text(&self.local, &audio, &streams);
        if self.sent.as_ref() != Some(&text) {
            self.local.version += 1;
            text = write::text(&self.local, &audio, &streams);
            self.sent = Some(text.clone());
        }
        text
    }

    /// Takes the answer to the last [`Self::offer`].
    pub fn accept(&mut self, answer: &[u8]) -> Result<Negotiated, Fault> {
        let at = self.streams.iter().position(Option::is_none).unwrap_or(0);
        let (mut lines, place) = (read::read(answer)?, (at, self.streams.len()));
        self.replace_unreachable_addresses(&mut lines);
        let mut agreed = accept_at(&self.prefs, &lines, place, Some(self.local.address), &self.types)?;
        let line = lines.get(at).ok_or(Fault::Answer("it has another number of m-lines"))?;
        let (profile, secrets) = self.keys.accept(line, self.prefs.security)?;
        self.keys.settle(profile, secrets.clone());
        agreed.secrets = secrets;
        self.types.learn(line);
        Ok(agreed)
    }
}
