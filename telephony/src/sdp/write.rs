//! Descriptions as text.
use super::crypto::{Crypto, Profile};
use super::read::Line;
use super::{Local, PTIME, Prefs, family};
use media::codec::Codec;
use media::leg::Direction;
use std::fmt::Write;
use std::time::Duration;

/// Our audio stream.
pub(super) struct Audio {
    pub(super) codecs: Vec<(Codec, u8)>,
    pub(super) telephone_event: Option<u8>,
    pub(super) comfort_noise: Option<u8>,
    pub(super) ptime: Duration,
    pub(super) mux: bool,
    pub(super) direction: Direction,
    pub(super) mid: Option<String>,
    pub(super) profile: Profile,
    pub(super) crypto: Vec<Crypto>,
}

impl Audio {
    /// All we can do. `event` is telephone-event's payload type.
    pub(super) fn offer(prefs: &super::Prefs, event: u8, mid: Option<String>) -> Self {
        let Prefs { codecs, ptime, telephone_event, rtcp_mux, direction, .. } = prefs;
        Self {
            codecs: codecs.iter().map(|&c| (c, static_payload_type(c))).collect(),
            telephone_event: telephone_event.then_some(event),
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

/// RFC 3551 section 6, table 4.
pub(super) const fn static_payload_type(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => 0,
        Codec::Pcma => 8,
    }
}

/// A description; `streams` in order, `None` where our audio stream stands, the others refused with port 0.
pub(super) fn text(local: &Local, audio: &Audio, streams: &[Option<&Line>]) -> String {
    let Local { address, session_id, version, .. } = local;
    let family = family(*address);
    let mut text = format!(
        "v=0\r\no=- {session_id} {version} IN {family} {address}\r\ns=-\r\nc=IN {family} {address}\r\nt=0 0\r\n"
    );
    for stream in streams {
        // Writing to a String cannot fail.
        let _ = match stream {
            None => sound(&mut text, local.port, audio),
            Some(other) => refused(&mut text, other),
        };
    }
    text
}

fn sound(text: &mut String, port: u16, audio: &Audio) -> std::fmt::Result {
    write!(text, "m=audio {port} {}", audio.profile.name())?;
    let payload_types = audio.codecs.iter().map(|(_, p)| *p).chain(audio.comfort_noise).chain(audio.telephone_event);
    for payload_type in payload_types {
        write!(text, " {payload_type}")?;
    }
    text.push_str("\r\n");
    let clock = audio.codecs.first().map_or(8_000, |(codec, _)| codec.clock());
    for (codec, payload_type) in &audio.codecs {
        write!(text, "a=rtpmap:{payload_type} {}/{}\r\n", codec.name(), codec.clock())?;
    }
    if let Some(payload_type) = audio.comfort_noise {
        write!(text, "a=rtpmap:{payload_type} CN/{clock}\r\n")?;
    }
    if let Some(payload_type) = audio.telephone_event {
        write!(text, "a=rtpmap:{payload_type} telephone-event/{clock}\r\na=fmtp:{payload_type} 0-16\r\n")?;
    }
    write!(text, "a=ptime:{}\r\na=maxptime:{}\r\n", audio.ptime.as_millis(), PTIME.1)?;
    for crypto in &audio.crypto {
        crypto.write(text)?;
    }
    if audio.mux {
        text.push_str("a=rtcp-mux\r\n");
    }
    let direction = match audio.direction {
        Direction::SendRecv => "sendrecv",
        Direction::SendOnly => "sendonly",
        Direction::RecvOnly => "recvonly",
        Direction::Inactive => "inactive",
    };
    write!(text, "a={direction}\r\n")?;
    mid(text, audio.mid.as_deref())
}

fn refused(text: &mut String, line: &Line) -> std::fmt::Result {
    write!(text, "m={} 0 {} {}\r\n", line.media, line.proto, line.formats.join(" "))?;
    mid(text, line.mid.as_deref())
}

fn mid(text: &mut String, mid: Option<&str>) -> std::fmt::Result {
    mid.map_or(Ok(()), |mid| write!(text, "a=mid:{mid}\r\n"))
}
