//! Descriptions from text: lines are put in the order the grammar wants, `rtc-sdp` parses, and what matters is kept.
use super::crypto::Crypto;
use super::{Fault, MAX_BYTES, MAX_LINES, MAX_STREAMS};
use media::leg::Direction;
use rtc_sdp::SessionDescription;
use rtc_sdp::description::common::{Attribute, ConnectionInformation};
use std::fmt::Write;
use std::io::Cursor;
use std::net::IpAddr;

/// One m-line with what belongs to it.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) media: String,
    pub(super) port: u16,
    pub(super) proto: String,
    pub(super) formats: Vec<String>,
    pub(super) mid: Option<String>,
    /// Of its own c-line, else of the session's; `None` where there is none or it is no IP address.
    pub(super) address: Option<IpAddr>,
    pub(super) direction: Direction,
    pub(super) ptime: Option<u16>,
    pub(super) max_ptime: Option<u16>,
    pub(super) rtcp_mux: bool,
    /// RFC 3605: port and, where given, address.
    pub(super) rtcp: Option<(u16, Option<IpAddr>)>,
    /// Those `a=crypto` that can be used, in the order of the other side's preference.
    pub(super) crypto: Vec<Crypto>,
    maps: Vec<Map>,
    /// `fmtp` by payload type.
    parameters: Vec<(u8, String)>,
}

/// A payload type's meaning (`rtpmap`).
#[derive(Clone, Debug)]
struct Map {
    payload_type: u8,
    name: String,
    clock: u32,
    channels: u8,
}

/// Payload types that need no `rtpmap` (RFC 3551 section 6): those this server may meet.
const STATIC: [(u8, &str, u32); 4] = [(0, "PCMU", 8_000), (8, "PCMA", 8_000), (9, "G722", 8_000), (13, "CN", 8_000)];

impl Line {
    /// The dynamic payload types that are mapped: name, clock and number.
    pub(super) fn dynamic(&self) -> impl Iterator<Item = (&str, u32, u8)> {
        self.maps.iter().filter(|m| (96..128).contains(&m.payload_type)).map(|m| (&*m.name, m.clock, m.payload_type))
    }

    /// `key=value` pairs of a payload type's `fmtp`.
    pub(super) fn parameters(&self, payload_type: u8) -> impl Iterator<Item = (&str, &str)> {
        let fmtp = self.parameters.iter().filter(move |(p, _)| *p == payload_type);
        fmtp.flat_map(|(_, text)| text.split(';'))
            .filter_map(|pair| pair.split_once('='))
            .map(|(k, v)| (k.trim(), v.trim()))
    }

    /// Where in the line's order a payload type stands.
    pub(super) fn place(&self, payload_type: u8) -> usize {
        self.formats.iter().position(|f| f.parse() == Ok(payload_type)).unwrap_or(usize::MAX)
    }

    /// The first of the line's formats that means `name` at `clock`, mono (but Opus, which is always written as stereo).
    pub(super) fn payload_type(&self, name: &str, clock: u32) -> Option<u8> {
        self.formats.iter().filter_map(|f| f.parse::<u8>().ok()).find(|&p| {
            // 64–95 with the marker bit would look like RTCP (RFC 5761 section 4); nobody numbers a codec so.
            p < 128 && !(64..96).contains(&p) && self.means(p, name, clock)
        })
    }

    /// The clock by which a payload type is named, where it is named.
    pub(super) fn clock(&self, payload_type: u8) -> Option<u32> {
        self.maps.iter().find(|m| m.payload_type == payload_type).map(|map| map.clock)
    }

    fn means(&self, payload_type: u8, name: &str, clock: u32) -> bool {
        match self.maps.iter().find(|m| m.payload_type == payload_type) {
            Some(map) => {
                let channels = map.channels == 1 || (map.channels == 2 && name == "opus");
                // G.722 counts 8000 a second though its sound has 16000 (RFC 3551 section 4.5.2); some name it by its sound.
                let same = map.clock == clock || (name == "G722" && map.clock == 16_000);
                same && channels && map.name.eq_ignore_ascii_case(name)
            }
            None => STATIC.contains(&(payload_type, name, clock)),
        }
    }

    fn new(raw: Raw, own: Option<&ConnectionInformation>, attributes: &[Attribute], session: &Level<'_>) -> Self {
        let media = Level { connection: own, attributes };
        Self {
            media: raw.media,
            port: raw.port,
            proto: raw.proto,
            formats: raw.formats,
            mid: media.value("mid").filter(|m| is_token(m)).map(str::to_owned),
            address: media.connection.or(session.connection).and_then(address),
            direction: media.direction().or(session.direction()).unwrap_or(Direction::SendRecv),
            ptime: media.value("ptime").or(session.value("ptime")).and_then(milliseconds),
            max_ptime: media.value("maxptime").or(session.value("maxptime")).and_then(milliseconds),
            rtcp_mux: media.has("rtcp-mux"),
            rtcp: media.value("rtcp").and_then(rtcp),
            crypto: media.values("crypto").filter_map(Crypto::read).collect(),
            maps: media.attributes.iter().filter(|a| a.key == "rtpmap").filter_map(Map::read).collect(),
            parameters: media.attributes.iter().filter(|a| a.key == "fmtp").filter_map(parameters).collect(),
        }
    }
}

impl Map {
    /// `<payload type> <encoding name>/<clock rate>[/<channels>]`.
    fn read(attribute: &Attribute) -> Option<Self> {
        let mut words = attribute.value.as_deref()?.split_whitespace();
        let payload_type = words.next()?.parse().ok()?;
        let mut parts = words.next()?.split('/');
        let (name, clock) = (parts.next()?.to_owned(), parts.next()?.parse().ok()?);
        // Nonsense is kept as something nobody asks for, so that the payload type is not taken for a static one.
        let channels = parts.next().map_or(1, |channels| channels.parse().unwrap_or(0));
        Some(Self { payload_type, name, clock, channels })
    }
}

/// `<payload type> <parameters>`.
fn parameters(attribute: &Attribute) -> Option<(u8, String)> {
    let (payload_type, text) = attribute.value.as_deref()?.trim().split_once(char::is_whitespace)?;
    Some((payload_type.parse().ok()?, text.to_owned()))
}

/// The session's part of a description, or one stream's.
struct Level<'a> {
    connection: Option<&'a ConnectionInformation>,
    attributes: &'a [Attribute],
}

impl<'a> Level<'a> {
    fn has(&self, key: &str) -> bool {
        self.attributes.iter().any(|a| a.key == key)
    }

    fn value(&self, key: &str) -> Option<&'a str> {
        self.attributes.iter().find(|a| a.key == key)?.value.as_deref().map(str::trim)
    }

    fn values(&self, key: &str) -> impl Iterator<Item = &'a str> {
        self.attributes.iter().filter(move |a| a.key == key).filter_map(|a| a.value.as_deref())
    }

    fn direction(&self) -> Option<Direction> {
        self.attributes.iter().find_map(|a| match a.key.as_str() {
            "sendrecv" => Some(Direction::SendRecv),
            "sendonly" => Some(Direction::SendOnly),
            "recvonly" => Some(Direction::RecvOnly),
            "inactive" => Some(Direction::Inactive),
            _ => None,
        })
    }
}

fn address(connection: &ConnectionInformation) -> Option<IpAddr> {
    let address: IpAddr = connection.address.as_ref()?.address.split('/').next()?.parse().ok()?;
    Some(address.to_canonical())
}

/// Whole milliseconds of `20`, `20.0` or `20 `; nonsense counts as not said.
fn milliseconds(value: &str) -> Option<u16> {
    let whole = value.split(|c: char| !c.is_ascii_digit()).next()?;
    whole.parse().ok().filter(|&ms| ms > 0)
}

/// `<port> [IN IP4|IP6 <address>]`.
fn rtcp(value: &str) -> Option<(u16, Option<IpAddr>)> {
    let mut words = value.split_whitespace();
    let port = words.next()?.parse().ok().filter(|&p| p != 0)?;
    Some((port, words.nth(2).and_then(|a| a.parse().ok())))
}

/// A `token` of RFC 8866 section 9, generously: what can be repeated in an answer without harm.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_graphic())
}

/// An m-line as it was written: an answer repeats it.
struct Raw {
    media: String,
    port: u16,
    proto: String,
    formats: Vec<String>,
}

impl Raw {
    fn read(value: &str) -> Result<Self, &'static str> {
        let words = value.split_whitespace().collect::<Vec<_>>();
        let [media, port, proto, formats @ ..] = words.as_slice() else {
            return Err("m= needs media, port, protocol and formats");
        };
        if formats.len() > 128 {
            return Err("m= needs 1 to 128 formats");
        }
        if !words.iter().all(|w| is_token(w)) {
            return Err("m= holds something that is no token");
        }
        let port = port.split('/').next().and_then(|p| p.parse().ok()).ok_or("m= needs a port of 0 to 65535")?;
        // A stream that will be refused anyway may come without.
        if formats.is_empty() && *media == "audio" && port != 0 {
            return Err("m= needs 1 to 128 formats");
        }
        let formats = formats.iter().map(|&f| f.to_owned()).collect();
        Ok(Self { media: (*media).to_owned(), port, proto: (*proto).to_owned(), formats })
    }
}

/// Lines that matter, of the session or of one stream.
#[derive(Default)]
struct Part<'a> {
    connection: Option<&'a str>,
    attributes: Vec<&'a str>,
}

impl Part<'_> {
    fn write(&self, text: &mut String, between: &str) {
        // Writing to a String cannot fail.
        let _ = self.connection.map(|c| write!(text, "c={c}\r\n"));
        text.push_str(between);
        for attribute in &self.attributes {
            let _ = write!(text, "a={attribute}\r\n");
        }
    }
}

pub(super) fn read(bytes: &[u8]) -> Result<Vec<Line>, Fault> {
    if bytes.len() > MAX_BYTES {
        return Err(Fault::TooLarge(bytes.len()));
    }
    let text = String::from_utf8_lossy(bytes);
    let mut origin = false;
    let mut parts = vec![Part::default()];
    let mut raws = Vec::new();
    let mut version = false;
    for (at, line) in text.split('\n').enumerate() {
        let line = line.trim_matches(['\r', '\0', ' ', '\t']);
        let syntax = |what| Fault::Syntax { line: at + 1, what };
        if line.is_empty() {
            continue;
        }
        if at >= MAX_LINES {
            return Err(syntax("too many lines"));
        }
        let (letter, value) = match line.as_bytes() {
            [letter, b'=', ..] => (*letter, line[2..].trim()),
            _ => return Err(syntax("not of the form <type>=<value>")),
        };
        if !version && (letter != b'v' || value != "0") {
            return Err(syntax("a description begins with v=0"));
        }
        let last = parts.len() - 1;
        match letter {
            b'v' if version => return Err(syntax("a second v=")),
            b'v' => version = true,
            b'o' if !has_numbers(value) => return Err(syntax("o= needs a numeric session id and version")),
            b'o' => origin = true,
            b'c' => {
                connection(value).map_err(syntax)?;
                parts[last].connection.get_or_insert(value);
            }
            b'a' => parts[last].attributes.push(value),
            b'm' if raws.len() == MAX_STREAMS => return Err(syntax("too many m-lines")),
            b'm' => {
                raws.push(Raw::read(value).map_err(syntax)?);
                parts.push(Part::default());
            }
            b's' | b't' | b'i' | b'u' | b'e' | b'p' | b'b' | b'k' | b'z' | b'r' => {}
            // RFC 8866 section 5: a description with a type letter that is not understood is not to be used.
            _ => return Err(syntax("unknown type letter")),
        }
    }
    if !origin {
        return Err(Fault::Syntax { line: 1, what: "no o= line" });
    }
    parse(&tidy(&parts, &raws), raws)
}

/// The description in the grammar's order, without what does not matter to us and without names.
fn tidy(parts: &[Part<'_>], raws: &[Raw]) -> String {
    let mut text = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\n".to_owned();
    if let Some((session, streams)) = parts.split_first() {
        session.write(&mut text, "t=0 0\r\n");
        for (part, raw) in streams.iter().zip(raws) {
            // The parser knows six media; the true one stands in `Raw`.
            let media = if raw.media == "audio" { "audio" } else { "application" };
            let _ = write!(text, "m={media} {} {} 0\r\n", raw.port, raw.proto.trim_matches('/').replace("//", "/"));
            part.write(&mut text, "");
        }
    }
    text
}

fn parse(text: &str, raws: Vec<Raw>) -> Result<Vec<Line>, Fault> {
    let description = SessionDescription::unmarshal(&mut Cursor::new(text.as_bytes()))
        .map_err(|_| Fault::Syntax { line: 1, what: "not a session description" })?;
    if description.media_descriptions.len() != raws.len() {
        return Err(Fault::Syntax { line: 1, what: "not a session description" });
    }
    let session =
        Level { connection: description.connection_information.as_ref(), attributes: &description.attributes };
    Ok(raws
        .into_iter()
        .zip(&description.media_descriptions)
        .map(|(raw, m)| Line::new(raw, m.connection_information.as_ref(), &m.attributes, &session))
        .collect())
}

/// Whether an o-line holds session id and version; the user name before them may hold spaces. They are numbers of any length
/// (RFC 8866 section 5.2) that mean something to their sender alone, below zero where it has a signed counter.
fn has_numbers(value: &str) -> bool {
    let words = value.split_whitespace().collect::<Vec<_>>();
    let [.., id, version, _network, _family, _address] = words.as_slice() else { return false };
    let number = |word: &str| {
        let digits = word.strip_prefix('-').unwrap_or(word);
        (1..=64).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    };
    number(id) && number(version)
}

fn connection(value: &str) -> Result<(), &'static str> {
    match value.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["IN", "IP4" | "IP6", _address] => Ok(()),
        _ => Err("c= needs IN, IP4 or IP6, and an address"),
    }
}
