//! Writes descriptions of phone calls.
use super::crypto::{Crypto, Profile};
use super::format::{self, PayloadTypes};
use super::read::MediaLine;
use super::{LocalEnd, PTIME, Prefs, family};
use media::codec::Codec;
use media::leg::Direction;
use std::fmt::Write;
use std::time::Duration;

/// Our audio stream, as a description names it.
pub(super) struct Audio {
    pub(super) codecs: Vec<(Codec, u8)>,
    /// The clock rate by which the other side names the first codec, where it has: some write G722/16000 for G722/8000.
    pub(super) named: Option<u32>,
    /// The payload type and clock rate of each telephone-event.
    pub(super) events: Vec<(u8, u32)>,
    pub(super) comfort_noise: Option<u8>,
    pub(super) ptime: Duration,
    pub(super) mux: bool,
    pub(super) direction: Direction,
    pub(super) mid: Option<String>,
    pub(super) profile: Profile,
    pub(super) crypto: Vec<Crypto>,
}

impl Audio {
    /// An offer of all that is supported.
    pub(super) fn offer(prefs: &Prefs, types: &PayloadTypes, mid: Option<String>) -> Self {
        let Prefs { codecs, ptime, telephone_event, rtcp_mux, direction, .. } = prefs;
        // telephone-event has the clock rate of the codec beside it (RFC 4733 section 2.1).
        let mut clocks: Vec<u32> = codecs.iter().map(|c| c.clock()).collect();
        clocks.sort_unstable();
        clocks.dedup();
        clocks.retain(|_| *telephone_event);
        Self {
            codecs: codecs.iter().map(|&c| (c, types.of_codec(c))).collect(),
            named: None,
            events: clocks.into_iter().map(|clock| (types.of_format("telephone-event", clock), clock)).collect(),
            comfort_noise: None,
            ptime: *ptime,
            mux: *rtcp_mux,
            direction: *direction,
            mid,
            profile: Profile::Avp,
            crypto: Vec::new(),
        }
    }
}

/// The text of a description. `streams`: the m-lines in order; `None` is our audio stream, the others are refused with port 0.
pub(super) fn text(local: &LocalEnd, audio: &Audio, streams: &[Option<&MediaLine>]) -> String {
    let LocalEnd { address, session_id, version, .. } = local;
    let family = family(*address);
    let mut text = format!(
        "v=0\r\no=- {session_id} {version} IN {family} {address}\r\ns=-\r\nc=IN {family} {address}\r\nt=0 0\r\n"
    );
    for stream in streams {
        // Writing to a String cannot fail.
        let _ = match stream {
            None => sound(&mut text, local.port, audio),
            Some(other) => refused(&mut text, other, ""),
        };
    }
    text
}

fn sound(text: &mut String, port: u16, audio: &Audio) -> std::fmt::Result {
    write!(text, "m=audio {port} {}", audio.profile.name())?;
    let events = audio.events.iter().map(|(p, _)| *p);
    let payload_types = audio.codecs.iter().map(|(_, p)| *p).chain(audio.comfort_noise).chain(events);
    for payload_type in payload_types {
        write!(text, " {payload_type}")?;
    }
    text.push_str("\r\n");
    let clock = audio.codecs.first().map_or(8_000, |(codec, _)| codec.clock());
    for (codec, payload_type) in &audio.codecs {
        // RFC 7587 section 7: Opus is always written with two channels.
        let channels = if matches!(codec, Codec::Opus(_)) { "/2" } else { "" };
        let named = audio.named.unwrap_or(codec.clock());
        write!(text, "a=rtpmap:{payload_type} {}/{named}{channels}\r\n", codec.name())?;
        if let Some(parameters) = format::parameters(*codec) {
            write!(text, "a=fmtp:{payload_type} {parameters}\r\n")?;
        }
    }
    if let Some(payload_type) = audio.comfort_noise {
        write!(text, "a=rtpmap:{payload_type} CN/{clock}\r\n")?;
    }
    for (payload_type, clock) in &audio.events {
        write!(text, "a=rtpmap:{payload_type} telephone-event/{clock}\r\na=fmtp:{payload_type} 0-16\r\n")?;
    }
    write!(text, "a=ptime:{}\r\na=maxptime:{}\r\n", audio.ptime.as_millis(), PTIME.1)?;
    for crypto in &audio.crypto {
        crypto.write(text)?;
    }
    if audio.mux {
        text.push_str("a=rtcp-mux\r\n");
    }
    write!(text, "a={}\r\n", direction(audio.direction))?;
    mid(text, audio.mid.as_deref())
}

pub(super) const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::SendRecv => "sendrecv",
        Direction::SendOnly => "sendonly",
        Direction::RecvOnly => "recvonly",
        Direction::Inactive => "inactive",
    }
}

/// `connection` is its c-line, where the session has none.
pub(super) fn refused(text: &mut String, line: &MediaLine, connection: &str) -> std::fmt::Result {
    // A refused m-line needs at least one format, which has no meaning (RFC 3264 section 6).
    let formats = if line.formats.is_empty() { "0".to_owned() } else { line.formats.join(" ") };
    write!(text, "m={} 0 {} {formats}\r\n{connection}", line.media, line.proto)?;
    mid(text, line.mid.as_deref())
}

fn mid(text: &mut String, mid: Option<&str>) -> std::fmt::Result {
    mid.map_or(Ok(()), |mid| write!(text, "a=mid:{mid}\r\n"))
}
