//! Offer and answer (RFC 3264) over SDP (RFC 8866) for one audio stream; `rtc-sdp` parses, this layer decides.
//!
//! [`Session`] is what a leg holds: it answers offers, makes offers and accepts answers, and keeps the books that the
//! RFC asks for (session id and version, order of the m-lines, payload types). The free functions below it are stateless.
mod crypto;
mod format;
mod keys;
mod read;
#[cfg(test)]
mod tests;
pub(crate) mod web;
mod write;

use crate::rtp::{Remote, Secrets, Suite};
pub use crypto::Security;
use crypto::{Crypto, Profile};
use format::Types;
use keys::KeyNegotiation;
use media::codec::{Codec, OpusPlan};
use media::leg::{Direction, LegPlan};
use read::Line;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// The longest description read; longer ones are refused unread.
pub const MAX_BYTES: usize = 16 * 1024;
/// The most m-lines read.
pub const MAX_STREAMS: usize = 32;
/// The most lines read.
pub const MAX_LINES: usize = 1_024;
/// The least and the most sound in one packet.
const PTIME: (u64, u64) = (10, 60);

/// What we can do and like, best codec first.
#[derive(Clone, Debug, PartialEq)]
pub struct Prefs {
    /// In our order of preference, which counts among what the other side offers: a phone that lists G.711 first by habit is
    /// still heard in wide band. In an answer to an offer of ours their order counts (RFC 3264 section 7).
    pub codecs: Vec<Codec>,
    /// Sound per packet where the other side does not say, 10–60 ms.
    pub ptime: Duration,
    /// Negotiate keys as RFC 4733 events 0–16.
    pub telephone_event: bool,
    /// Accept comfort noise (RFC 3389) where it is offered. Our own offers never list it: it invites the other side to
    /// suppress silence, which clips the beginnings of words.
    pub comfort_noise: bool,
    /// RTP and RTCP on one port (RFC 5761) where both sides want it.
    pub rtcp_mux: bool,
    /// Whether sound is encrypted.
    pub security: Security,
    /// The suites taken, and offered in this order.
    pub suites: Vec<Suite>,
    /// What we want to do with the stream: `SendOnly` or `Inactive` puts the other side on hold.
    pub direction: Direction,
}

impl Default for Prefs {
    fn default() -> Self {
        Self {
            codecs: vec![Codec::Opus(OpusPlan::default()), Codec::G722, Codec::Pcmu, Codec::Pcma],
            ptime: Duration::from_millis(20),
            telephone_event: true,
            comfort_noise: true,
            rtcp_mux: true,
            security: Security::default(),
            suites: Suite::ALL.to_vec(),
            direction: Direction::SendRecv,
        }
    }
}

/// Our end of the stream, as the other side is told. RTCP without mux is on the next port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    pub address: IpAddr,
    pub port: u16,
    /// `sess-id` of the o-line; the same through a call.
    pub session_id: u64,
    /// `sess-version` of the o-line; rises by one with each changed text.
    pub version: u64,
}

/// An offer that was understood. Holds no names, subjects or numbers of the description, so it can be logged.
#[derive(Clone, Debug)]
pub struct Offer {
    lines: Vec<Line>,
}

/// What both sides agreed on. `Debug` hides the text: keys stand in it.
#[derive(Clone, PartialEq)]
pub struct Negotiated {
    pub plan: LegPlan,
    /// Where they want our packets. An unspecified address (`0.0.0.0`) means: none, the old style of hold.
    pub remote: Remote,
    /// The keys of either direction; `None`: plain RTP.
    pub secrets: Option<Secrets>,
    /// They do not listen at present: `sendonly`, `inactive` or an unspecified address.
    pub hold: bool,
    /// The answer to send; empty after [`accept`].
    pub text: String,
}

impl fmt::Debug for Negotiated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plan, remote, secrets, hold, text: _ } = self;
        let mut shown = f.debug_struct("Negotiated");
        shown.field("plan", plan).field("remote", remote).field("secrets", secrets).field("hold", hold);
        shown.finish_non_exhaustive()
    }
}

/// Why a description is not acceptable. No variant carries the description's text, which can hold names and numbers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("SDP of {0} bytes: at most {MAX_BYTES} are read")]
    TooLarge(usize),
    #[error("SDP line {line}: {what}")]
    Syntax { line: usize, what: &'static str },
    #[error("SDP has no audio stream with a port: offer m=audio")]
    NoAudio,
    #[error(
        "audio is offered as {0} only: RTP/AVP and RTP/AVPF are what this server speaks, and RTP/SAVP and RTP/SAVPF where \
         its rtp.srtp allows it"
    )]
    Profile(String),
    #[error("calls to this server are encrypted: offer RTP/SAVP with a=crypto")]
    Plain,
    #[error("RTP/SAVP comes without an a=crypto that is understood: offer AES_CM_128_HMAC_SHA1_80 with one inline key")]
    NoCrypto,
    #[error("no common codec: offer one of {0}")]
    NoCommonCodec(String),
    #[error("the audio stream needs a c= line with one unicast IP address (host names are not resolved)")]
    Address,
    #[error("the audio stream is on {theirs}, this server's RTP is on {ours}: offer the same address family")]
    Family { ours: &'static str, theirs: &'static str },
    #[error("this is no browser's call: {0}")]
    Browser(&'static str),
    #[error("the answer does not fit our offer: {0}")]
    Answer(&'static str),
}

impl Fault {
    /// The SIP response that tells the offerer (RFC 3261 sections 21.4.1 and 21.4.26).
    pub const fn status(&self) -> u16 {
        match self {
            Self::Syntax { .. } => 400,
            Self::TooLarge(_) => 413,
            _ => 488,
        }
    }
}

impl Offer {
    /// Reads a description. Order and presence of lines that do not matter here (`b=`, `i=`, a missing `t=`) are forgiven.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        read::read(bytes).map(|lines| Self { lines })
    }

    /// The address at which the first stream of sound with a port is wanted.
    pub fn address(&self) -> Option<IpAddr> {
        self.lines.iter().find(|line| line.media == "audio" && line.port != 0)?.address
    }

    /// The stream we take, and what we take of it: the first audio line that can be answered, encrypted before plain.
    fn choose(&self, prefs: &Prefs) -> Result<(usize, &Line, Choice, Option<&Crypto>), Fault> {
        let mut fault = Fault::NoAudio;
        for encrypted in [true, false] {
            for (at, line) in self.lines.iter().enumerate() {
                if line.media != "audio" || line.port == 0 {
                    continue;
                }
                match keys::choose(line, prefs.security, &prefs.suites) {
                    Ok(crypto) if crypto.is_some() == encrypted => match Choice::of(line, prefs, Order::Ours) {
                        Some(choice) => return Ok((at, line, choice, crypto)),
                        None => fault = Fault::NoCommonCodec(names(&prefs.codecs)),
                    },
                    Ok(_) => {}
                    Err(why) if fault == Fault::NoAudio => fault = why,
                    Err(_) => {}
                }
            }
        }
        Err(fault)
    }
}

/// Whose order of codecs counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Ours,
    Theirs,
}

/// A codec and what goes beside it, with the payload types of one m-line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Choice {
    codec: Codec,
    payload_type: u8,
    /// The other codecs both sides know.
    others: Vec<(u8, Codec)>,
    /// Payload type and clock.
    telephone_event: Option<(u8, u32)>,
    comfort_noise: Option<u8>,
}

impl Choice {
    fn of(line: &Line, prefs: &Prefs, order: Order) -> Option<Self> {
        let find = |codec: &Codec| {
            let payload_type = line.payload_type(codec.name(), codec.clock())?;
            let codec = match *codec {
                Codec::Opus(ours) => Codec::Opus(format::opus(ours, line, payload_type)),
                codec => codec,
            };
            Some((payload_type, codec))
        };
        let mut others: Vec<(u8, Codec)> = prefs.codecs.iter().filter_map(find).collect();
        if order == Order::Theirs {
            others.sort_by_key(|(payload_type, _)| line.place(*payload_type));
        }
        if others.is_empty() {
            return None;
        }
        let (payload_type, codec) = others.remove(0);
        let beside = |wanted: bool, name, clock| line.payload_type(name, clock).filter(|_| wanted);
        // Phones that write 8000 beside every codec are many (RFC 4733 section 2.1 wants the codec's clock).
        let event = |clock| beside(prefs.telephone_event, "telephone-event", clock).map(|p| (p, clock));
        Some(Self {
            codec,
            payload_type,
            others,
            telephone_event: event(codec.clock()).or_else(|| event(8_000)),
            comfort_noise: beside(prefs.comfort_noise, "CN", codec.clock()),
        })
    }
}

/// Answers an offer: one codec, keys, and every other stream refused in its place.
pub fn answer(offer: &Offer, prefs: &Prefs, local: &Local) -> Result<Negotiated, Fault> {
    let (.., crypto) = offer.choose(prefs)?;
    answer_with(offer, prefs, local, crypto.map(|crypto| KeyNegotiation::default().secrets(crypto)))
}

fn answer_with(offer: &Offer, prefs: &Prefs, local: &Local, secrets: Option<Secrets>) -> Result<Negotiated, Fault> {
    let (at, line, choice, crypto) = offer.choose(prefs)?;
    let agreed = Negotiated { secrets, ..agree(line, &choice, prefs, local.address)? };
    let ours = crypto.zip(agreed.secrets.as_ref());
    let mux = agreed.remote.rtcp.is_none();
    let audio = write::Audio {
        codecs: vec![(choice.codec, choice.payload_type)],
        named: line.clock(choice.payload_type),
        events: choice.telephone_event.into_iter().collect(),
        comfort_noise: choice.comfort_noise,
        ptime: agreed.plan.ptime,
        mux,
        direction: agreed.plan.direction,
        mid: line.mid.clone(),
        profile: Profile::of(&line.proto).unwrap_or_default(),
        crypto: ours.map(|(theirs, s)| Crypto { tag: theirs.tag, keys: s.ours.clone() }).into_iter().collect(),
    };
    let streams = offer.lines.iter().enumerate().map(|(i, other)| (i != at).then_some(other)).collect::<Vec<_>>();
    Ok(Negotiated { text: write::text(local, &audio, &streams), ..agreed })
}

/// An offer of one audio stream with all our codecs, not encrypted.
pub fn offer(prefs: &Prefs, local: &Local) -> String {
    write::text(local, &write::Audio::offer(prefs, &Types::default(), None), &[None])
}

/// Reads the answer to [`offer`].
pub fn accept(prefs: &Prefs, answer: &[u8]) -> Result<Negotiated, Fault> {
    let (lines, types) = (read::read(answer)?, Types::default());
    let agreed = accept_at(prefs, &lines, (0, 1), None, &types)?;
    if let Some(line) = lines.first() {
        KeyNegotiation::default().accept(line, Security::Off)?;
    }
    Ok(agreed)
}

/// Reads the answer to an offer of so many m-lines, ours at this place, made with these payload types.
fn accept_at(
    prefs: &Prefs,
    lines: &[Line],
    (at, streams): (usize, usize),
    ours: Option<IpAddr>,
    types: &Types,
) -> Result<Negotiated, Fault> {
    if lines.len() != streams {
        return Err(Fault::Answer("it has another number of m-lines"));
    }
    let line = lines.get(at).ok_or(Fault::Answer("it has another number of m-lines"))?;
    if line.media != "audio" || Profile::of(&line.proto).is_none() {
        return Err(Fault::Answer("its m-line is not the audio stream that was offered"));
    }
    if line.port == 0 {
        return Err(Fault::Answer("the audio stream is refused"));
    }
    let choice = Choice::of(line, prefs, Order::Theirs).ok_or(Fault::Answer("it names no codec that was offered"))?;
    let mut agreed = agree(line, &choice, prefs, ours.unwrap_or(line.address.ok_or(Fault::Address)?))?;
    // They may switch to any codec of their answer, under our numbers (RFC 3264 section 6.1) or, as some do, under theirs.
    let all = std::iter::once((choice.payload_type, choice.codec)).chain(choice.others);
    agreed.plan.also = all.flat_map(|(p, codec)| [(types.of_codec(codec), codec), (p, codec)]).collect();
    agreed.plan.also.retain(|(p, _)| *p != choice.payload_type);
    agreed.plan.also.dedup_by_key(|(p, _)| *p);
    Ok(agreed)
}

/// What the other side's line and ours come to.
fn agree(line: &Line, choice: &Choice, prefs: &Prefs, ours: IpAddr) -> Result<Negotiated, Fault> {
    let address = line.address.ok_or(Fault::Address)?;
    if address.is_multicast() {
        return Err(Fault::Address);
    }
    if address.is_ipv4() != ours.is_ipv4() {
        return Err(Fault::Family { ours: family(ours), theirs: family(address) });
    }
    let silent = address.is_unspecified();
    // An unspecified address asks for silence whatever the direction says (RFC 3264 section 8.4).
    let they = SendReceive::of(line.direction);
    let they = SendReceive { receives: they.receives && !silent, ..they };
    let we = SendReceive::of(prefs.direction);
    let rtcp = match line.rtcp {
        _ if line.rtcp_mux && prefs.rtcp_mux => None,
        Some((port, host)) => {
            Some(SocketAddr::new(host.filter(|h| h.is_ipv4() == ours.is_ipv4()).unwrap_or(address), port))
        }
        None => Some(SocketAddr::new(address, line.port.checked_add(1).unwrap_or(line.port))),
    };
    Ok(Negotiated {
        plan: LegPlan {
            codec: choice.codec,
            payload_type: choice.payload_type,
            also: Vec::new(),
            telephone_event: choice.telephone_event.map(|(p, _)| p),
            also_events: [8_000, 16_000, 48_000]
                .into_iter()
                .filter_map(|clock| Some((line.payload_type("telephone-event", clock)?, clock)))
                .filter(|(p, _)| choice.telephone_event.is_some_and(|(chosen, _)| chosen != *p))
                .collect(),
            event_clock: choice.telephone_event.map_or(choice.codec.clock(), |(_, clock)| clock),
            comfort_noise: choice.comfort_noise,
            ptime: choice.codec.ptime(ptime(line, prefs)),
            direction: SendReceive { sends: we.sends && they.receives, receives: we.receives && they.sends }
                .direction(),
        },
        remote: Remote { rtp: SocketAddr::new(address, line.port), rtcp },
        secrets: None,
        hold: silent || matches!(line.direction, Direction::SendOnly | Direction::Inactive),
        text: String::new(),
    })
}

/// How much sound they want in a packet: as they ask, else as we like, in steps of 10 ms and never over their maximum.
fn ptime(line: &Line, prefs: &Prefs) -> Duration {
    let (least, most) = PTIME;
    let asked = line.ptime.map_or(prefs.ptime.as_millis() as u64, u64::from);
    let most = line.max_ptime.map_or(most, |m| u64::from(m).clamp(least, most));
    Duration::from_millis(asked.clamp(least, most) / 10 * 10)
}

/// A direction as two facts.
#[derive(Clone, Copy)]
struct SendReceive {
    sends: bool,
    receives: bool,
}

impl SendReceive {
    const fn of(direction: Direction) -> Self {
        Self { sends: direction.sends(), receives: direction.receives() }
    }

    const fn direction(self) -> Direction {
        match (self.sends, self.receives) {
            (true, true) => Direction::SendRecv,
            (true, false) => Direction::SendOnly,
            (false, true) => Direction::RecvOnly,
            (false, false) => Direction::Inactive,
        }
    }
}

const fn family(address: IpAddr) -> &'static str {
    match address {
        IpAddr::V4(_) => "IP4",
        IpAddr::V6(_) => "IP6",
    }
}

fn names(codecs: &[Codec]) -> String {
    codecs.iter().map(|c| c.name()).collect::<Vec<_>>().join(", ")
}

/// The offers and answers of one call, from our side. `Debug` hides what was sent: keys stand in it.
#[derive(Clone)]
pub struct Session {
    prefs: Prefs,
    local: Local,
    /// The last text that was sent: a re-offer that changes nothing repeats it, version and all.
    sent: Option<String>,
    /// The m-lines of the call in their order: `None` is the audio stream, the others stay refused (RFC 3264 section 8).
    streams: Vec<Option<Line>>,
    mid: Option<String>,
    types: Types,
    keys: KeyNegotiation,
    /// Where the other side's signalling comes from.
    peer: Option<IpAddr>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("local", &self.local).field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl Session {
    /// A call that has said nothing yet. `address` and `port` are what the other side is to send to.
    pub fn new(prefs: Prefs, address: IpAddr, port: u16) -> Self {
        // 31 bits: some phones keep it in a signed int.
        let session_id = u64::from(rand::random::<u32>() >> 1).max(1);
        let local = Local { address, port, session_id, version: 0 };
        Self {
            prefs,
            local,
            sent: None,
            streams: vec![None],
            mid: None,
            types: Types::default(),
            keys: KeyNegotiation::default(),
            peer: None,
        }
    }

    /// Where the other side's signalling comes from. Its sound is expected there where its description names an address of
    /// an IP family that ours does not go by: a host of both families mostly listens on either, and one behind another port
    /// is learned by its first packets.
    pub fn signalled_from(&mut self, peer: IpAddr) {
        self.peer = Some(peer.to_canonical());
    }

    fn within_reach(&self, lines: &mut [Line]) {
        let v4 = self.local.address.is_ipv4();
        let Some(peer) = self.peer.filter(|peer| peer.is_ipv4() == v4) else { return };
        for line in lines {
            match &mut line.address {
                Some(address) if address.is_ipv4() == v4 || address.is_multicast() => {}
                // The old style of hold means the same in either family.
                Some(address) if address.is_unspecified() && v4 => *address = Ipv4Addr::UNSPECIFIED.into(),
                Some(address) if address.is_unspecified() => *address = Ipv6Addr::UNSPECIFIED.into(),
                Some(address) => *address = peer,
                None => {}
            }
        }
    }

    /// A call with another far end over the same address and port.
    pub fn for_another(&self) -> Self {
        Self::new(self.prefs.clone(), self.local.address, self.local.port)
    }

    /// The wanted direction from now on: `SendOnly` or `Inactive` in the next offer holds the other side.
    pub fn direct(&mut self, direction: Direction) {
        self.prefs.direction = direction;
    }

    /// Answers an offer, the first or a later one. A fault leaves the call as it was.
    pub fn answer(&mut self, offer: &Offer) -> Result<Negotiated, Fault> {
        let mut offer = offer.clone();
        self.within_reach(&mut offer.lines);
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

    /// An offer: for an INVITE of ours, for a delayed offer, or within the call with the streams it has.
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
        self.within_reach(&mut lines);
        let mut agreed = accept_at(&self.prefs, &lines, place, Some(self.local.address), &self.types)?;
        let line = lines.get(at).ok_or(Fault::Answer("it has another number of m-lines"))?;
        let (profile, secrets) = self.keys.accept(line, self.prefs.security)?;
        self.keys.settle(profile, secrets.clone());
        agreed.secrets = secrets;
        self.types.learn(line);
        Ok(agreed)
    }
}
