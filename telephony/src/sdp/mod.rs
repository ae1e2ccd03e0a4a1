//! Offer and answer (RFC 3264) over SDP (RFC 8866) for one audio stream. `rtc-sdp` parses the text.
//!
//! [`Session`] holds the negotiation of one call: it answers offers, makes offers and accepts answers, and keeps what RFC 3264 wants
//! kept (session id and version, order of the m-lines, payload types). The free functions here are stateless.
mod choice;
mod crypto;
mod direction;
mod format;
mod keys;
mod read;
mod session;
#[cfg(test)]
mod tests;
pub(crate) mod web;
mod write;

pub use crypto::Security;
pub use session::Session;

use crate::rtp::{Remote, Secrets, Suite};
use choice::{Choice, Order};
use crypto::{Crypto, Profile};
use direction::SendReceive;
use format::PayloadTypes;
use keys::KeyNegotiation;
use media::codec::{Codec, OpusPlan};
use media::leg::{Direction, LegPlan};
use read::MediaLine;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// The longest description read; longer ones are refused unread.
pub const MAX_BYTES: usize = 16 * 1024;
/// The most m-lines read.
pub const MAX_STREAMS: usize = 32;
/// The most lines read.
pub const MAX_LINES: usize = 1_024;
/// The shortest and the longest packet time, in ms.
const PTIME: (u64, u64) = (10, 60);

/// What this server supports and prefers.
#[derive(Clone, Debug, PartialEq)]
pub struct Prefs {
    /// In our order of preference, which decides among the codecs of an offer: a phone that lists G.711 first by default is still
    /// heard in wide band. In an answer to our offer the other side's order decides (RFC 3264 section 7).
    pub codecs: Vec<Codec>,
    /// The packet time where the other side asks for none, 10–60 ms.
    pub ptime: Duration,
    /// Negotiate telephone-event 0–16 (RFC 4733) for keys.
    pub telephone_event: bool,
    /// Accept comfort noise (RFC 3389) where it is offered. Our own offers never list it: the other side would suppress silence, which
    /// cuts off the beginnings of words.
    pub comfort_noise: bool,
    /// RTP and RTCP on one port (RFC 5761) where both sides support it.
    pub rtcp_mux: bool,
    /// Whether sound is encrypted.
    pub security: Security,
    /// The SRTP suites that are accepted, and offered in this order.
    pub suites: Vec<Suite>,
    /// The direction that we offer and answer: `SendOnly` or `Inactive` puts the other side on hold.
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

/// Our end of the stream, as our descriptions name it. Without rtcp-mux, RTCP is on the next port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalEnd {
    pub address: IpAddr,
    pub port: u16,
    /// `sess-id` of the o-line; the same through a call.
    pub session_id: u64,
    /// `sess-version` of the o-line; rises by one with each changed text.
    pub version: u64,
}

/// A parsed offer. It holds no names, subjects or phone numbers of the description, so it can be logged.
#[derive(Clone, Debug)]
pub struct Offer {
    lines: Vec<MediaLine>,
}

/// What both sides agreed on. `Debug` hides the text, which can hold SRTP keys.
#[derive(Clone, PartialEq)]
pub struct Negotiated {
    pub plan: LegPlan,
    /// Where the other side wants our packets. An unspecified address (`0.0.0.0`) means nowhere: the hold of RFC 2543.
    pub remote: Remote,
    /// The keys of either direction; `None`: plain RTP.
    pub secrets: Option<Secrets>,
    /// The other side has put us on hold: `sendonly`, `inactive` or an unspecified address.
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

/// Why a description is not acceptable. No variant holds text of the description, which can contain names and phone numbers.
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
    /// Parses a description. The order and presence of lines that are not used here (`b=`, `i=`, a missing `t=`) are not checked.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        read::read(bytes).map(|lines| Self { lines })
    }

    /// The address of the first audio stream that is not refused (port 0).
    pub fn address(&self) -> Option<IpAddr> {
        self.lines.iter().find(|line| line.media == "audio" && line.port != 0)?.address
    }

    /// The stream to accept, and the codec and key of it: the first audio line that can be answered, encrypted lines before plain ones.
    fn choose(&self, prefs: &Prefs) -> Result<(usize, &MediaLine, Choice, Option<&Crypto>), Fault> {
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

/// Answers an offer: one codec with telephone-event; every other stream is refused at its place.
pub fn answer(offer: &Offer, prefs: &Prefs, local: &LocalEnd) -> Result<Negotiated, Fault> {
    let (.., crypto) = offer.choose(prefs)?;
    answer_with(offer, prefs, local, crypto.map(|crypto| KeyNegotiation::default().secrets(crypto)))
}

fn answer_with(offer: &Offer, prefs: &Prefs, local: &LocalEnd, secrets: Option<Secrets>) -> Result<Negotiated, Fault> {
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

/// An offer of one audio stream with all our codecs, without SRTP.
pub fn offer(prefs: &Prefs, local: &LocalEnd) -> String {
    write::text(local, &write::Audio::offer(prefs, &PayloadTypes::default(), None), &[None])
}

/// Reads the answer to [`offer`].
pub fn accept(prefs: &Prefs, answer: &[u8]) -> Result<Negotiated, Fault> {
    let (lines, types) = (read::read(answer)?, PayloadTypes::default());
    let agreed = accept_at(prefs, &lines, (0, 1), None, &types)?;
    if let Some(line) = lines.first() {
        KeyNegotiation::default().accept(line, Security::Off)?;
    }
    Ok(agreed)
}

/// Reads the answer to an offer of `streams` m-lines, the audio stream at the place `at`, made with the payload types `types`.
fn accept_at(
    prefs: &Prefs,
    lines: &[MediaLine],
    (at, streams): (usize, usize),
    ours: Option<IpAddr>,
    types: &PayloadTypes,
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
    // The other side may switch to any codec of its answer, with the payload types of our offer (RFC 3264 section 6.1) or, as some
    // implementations do, with those of its answer.
    let all = std::iter::once((choice.payload_type, choice.codec)).chain(choice.others);
    agreed.plan.also = all.flat_map(|(p, codec)| [(types.of_codec(codec), codec), (p, codec)]).collect();
    agreed.plan.also.retain(|(p, _)| *p != choice.payload_type);
    agreed.plan.also.dedup_by_key(|(p, _)| *p);
    Ok(agreed)
}

/// What follows from the other side's m-line and our preferences.
fn agree(line: &MediaLine, choice: &Choice, prefs: &Prefs, ours: IpAddr) -> Result<Negotiated, Fault> {
    let address = line.address.ok_or(Fault::Address)?;
    if address.is_multicast() {
        return Err(Fault::Address);
    }
    if address.is_ipv4() != ours.is_ipv4() {
        return Err(Fault::Family { ours: family(ours), theirs: family(address) });
    }
    let silent = address.is_unspecified();
    // An unspecified address asks us to send nothing, whatever the direction says (RFC 3264 section 8.4).
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
            direction: we.facing(they).direction(),
        },
        remote: Remote { rtp: SocketAddr::new(address, line.port), rtcp },
        secrets: None,
        hold: silent || matches!(line.direction, Direction::SendOnly | Direction::Inactive),
        text: String::new(),
    })
}

/// The packet time: as the other side asks, else as we prefer, in steps of 10 ms and at most its maximum.
fn ptime(line: &MediaLine, prefs: &Prefs) -> Duration {
    let (least, most) = PTIME;
    let asked = line.ptime.map_or(prefs.ptime.as_millis() as u64, u64::from);
    let most = line.max_ptime.map_or(most, |m| u64::from(m).clamp(least, most));
    Duration::from_millis(asked.clamp(least, most) / 10 * 10)
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
