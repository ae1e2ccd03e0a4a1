//! Parses descriptions: brings their lines into the order of the grammar, parses them with `rtc-sdp`, and keeps what is used.
use super::crypto::Crypto;
use super::{Fault, MAX_BYTES, MAX_LINES, MAX_STREAMS};
use media::leg::Direction;
use rtc_sdp::SessionDescription;
use rtc_sdp::description::common::{Attribute, ConnectionInformation};
use std::fmt::Write;
use std::io::Cursor;
use std::net::IpAddr;

/// One m-line with its attributes.
#[derive(Clone, Debug)]
pub(super) struct MediaLine {
    pub(super) media: String,
    pub(super) port: u16,
    pub(super) proto: String,
    pub(super) formats: Vec<String>,
    pub(super) mid: Option<String>,
    /// The address of its own c-line, else of the session's; `None` without one, or where it is no IP address.
    pub(super) address: Option<IpAddr>,
    pub(super) direction: Direction,
    pub(super) ptime: Option<u16>,
    pub(super) max_ptime: Option<u16>,
    pub(super) rtcp_mux: bool,
    /// `a=rtcp` (RFC 3605): port and, where given, address.
    pub(super) rtcp: Option<(u16, Option<IpAddr>)>,
    /// The usable `a=crypto`, in the other side's order of preference.
    pub(super) crypto: Vec<Crypto>,
    maps: Vec<RtpMap>,
    /// `fmtp` by payload type.
    parameters: Vec<(u8, String)>,
}

/// One `a=rtpmap`.
#[derive(Clone, Debug)]
struct RtpMap {
    payload_type: u8,
    name: String,
    clock: u32,
    channels: u8,
}

/// Static payload types (RFC 3551 section 6) that peers of this server may use.
const STATIC: [(u8, &str, u32); 4] = [(0, "PCMU", 8_000), (8, "PCMA", 8_000), (9, "G722", 8_000), (13, "CN", 8_000)];

impl MediaLine {
    /// The dynamic payload types of the line: name, clock rate and payload type.
    pub(super) fn dynamic(&self) -> impl Iterator<Item = (&str, u32, u8)> {
        self.maps.iter().filter(|m| (96..128).contains(&m.payload_type)).map(|m| (&*m.name, m.clock, m.payload_type))
    }

    /// The `key=value` pairs in the `fmtp` of a payload type.
    pub(super) fn parameters(&self, payload_type: u8) -> impl Iterator<Item = (&str, &str)> {
        let fmtp = self.parameters.iter().filter(move |(p, _)| *p == payload_type);
        fmtp.flat_map(|(_, text)| text.split(';'))
            .filter_map(|pair| pair.split_once('='))
            .map(|(k, v)| (k.trim(), v.trim()))
    }

    /// The place of a payload type in the line's order.
    pub(super) fn place(&self, payload_type: u8) -> usize {
        self.formats.iter().position(|f| f.parse() == Ok(payload_type)).unwrap_or(usize::MAX)
    }

    /// The first of the line's formats with this name and clock rate, mono (but Opus, which is always written as stereo).
    pub(super) fn payload_type(&self, name: &str, clock: u32) -> Option<u8> {
        self.formats.iter().filter_map(|f| f.parse::<u8>().ok()).find(|&p| {
            // 64–95 with the marker bit would look like RTCP (RFC 5761 section 4).
            p < 128 && !(64..96).contains(&p) && self.means(p, name, clock)
        })
    }

    /// The clock rate in the `rtpmap` of a payload type, where there is one.
    pub(super) fn clock(&self, payload_type: u8) -> Option<u32> {
        self.maps.iter().find(|m| m.payload_type == payload_type).map(|map| map.clock)
    }

    fn means(&self, payload_type: u8, name: &str, clock: u32) -> bool {
        match self.maps.iter().find(|m| m.payload_type == payload_type) {
            Some(map) => {
                let channels = map.channels == 1 || (map.channels == 2 && name == "opus");
                // G.722 has the clock rate 8000 though its sampling rate is 16000 (RFC 3551 section 4.5.2); some write 16000.
                let same = map.clock == clock || (name == "G722" && map.clock == 16_000);
                same && channels && map.name.eq_ignore_ascii_case(name)
            }
            None => STATIC.contains(&(payload_type, name, clock)),
        }
    }

    fn new(
        raw: WrittenMediaLine,
        own: Option<&ConnectionInformation>,
        attributes: &[Attribute],
        session: &Attributes<'_>,
    ) -> Self {
        let media = Attributes { connection: own, attributes };
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
            maps: media.attributes.iter().filter(|a| a.key == "rtpmap").filter_map(RtpMap::read).collect(),
            parameters: media.attributes.iter().filter(|a| a.key == "fmtp").filter_map(parameters).collect(),
        }
    }
}

impl RtpMap {
    /// `<payload type> <encoding name>/<clock rate>[/<channels>]`.
    fn read(attribute: &Attribute) -> Option<Self> {
        let mut words = attribute.value.as_deref()?.split_whitespace();
        let payload_type = words.next()?.parse().ok()?;
        let mut parts = words.next()?.split('/');
        let (name, clock) = (parts.next()?.to_owned(), parts.next()?.parse().ok()?);
        // A malformed `rtpmap` is kept under a name that no codec has, so that the payload type is not taken for a static one.
        let channels = parts.next().map_or(1, |channels| channels.parse().unwrap_or(0));
        Some(Self { payload_type, name, clock, channels })
    }
}

/// `<payload type> <parameters>`.
fn parameters(attribute: &Attribute) -> Option<(u8, String)> {
    let (payload_type, text) = attribute.value.as_deref()?.trim().split_once(char::is_whitespace)?;
    Some((payload_type.parse().ok()?, text.to_owned()))
}

/// The attributes and connection of the session, or of one stream.
struct Attributes<'a> {
    connection: Option<&'a ConnectionInformation>,
    attributes: &'a [Attribute],
}

impl<'a> Attributes<'a> {
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

/// Whole milliseconds of `20`, `20.0` or `20 `; `None` for a malformed value.
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

/// Whether text is a `token` of RFC 8866 section 9, or at least can be repeated in an answer without harm.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_graphic())
}

/// An m-line as it was written; an answer repeats it.
struct WrittenMediaLine {
    media: String,
    port: u16,
    proto: String,
    formats: Vec<String>,
}

impl WrittenMediaLine {
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
        // A stream that is refused anyway may come without formats.
        if formats.is_empty() && *media == "audio" && port != 0 {
            return Err("m= needs 1 to 128 formats");
        }
        let formats = formats.iter().map(|&f| f.to_owned()).collect();
        Ok(Self { media: (*media).to_owned(), port, proto: (*proto).to_owned(), formats })
    }
}

/// The lines that are used, of the session or of one stream.
#[derive(Default)]
struct Section<'a> {
    connection: Option<&'a str>,
    attributes: Vec<&'a str>,
}

impl Section<'_> {
    fn write(&self, text: &mut String, between: &str) {
        // Writing to a String cannot fail.
        let _ = self.connection.map(|c| write!(text, "c={c}\r\n"));
        text.push_str(between);
        for attribute in &self.attributes {
            let _ = write!(text, "a={attribute}\r\n");
        }
    }
}

pub(super) fn read(bytes: &[u8]) -> Result<Vec<MediaLine>, Fault> {
    if bytes.len() > MAX_BYTES {
        return Err(Fault::TooLarge(bytes.len()));
    }
    let text = String::from_utf8_lossy(bytes);
    let mut origin = false;
    let mut parts = vec![Section::default()];
    let mut written = Vec::new();
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
            b'm' if written.len() == MAX_STREAMS => return Err(syntax("too many m-lines")),
            b'm' => {
                written.push(WrittenMediaLine::read(value).map_err(syntax)?);
                parts.push(Section::default());
            }
            b's' | b't' | b'i' | b'u' | b'e' | b'p' | b'b' | b'k' | b'z' | b'r' => {}
            // RFC 8866 section 5: a description with an unknown type letter is ignored.
            _ => return Err(syntax("unknown type letter")),
        }
    }
    if !origin {
        return Err(Fault::Syntax { line: 1, what: "no o= line" });
    }
    parse(&normalised(&parts, &written), written)
}

/// The description in the order of the grammar, without the lines that are not used, and without names.
fn normalised(parts: &[Section<'_>], written: &[WrittenMediaLine]) -> String {
    let mut text = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\n".to_owned();
    if let Some((session, streams)) = parts.split_first() {
        session.write(&mut text, "t=0 0\r\n");
        for (part, raw) in streams.iter().zip(written) {
            // The parser accepts six media types; the true one stands in `WrittenMediaLine`.
            let media = if raw.media == "audio" { "audio" } else { "application" };
            let _ = write!(text, "m={media} {} {} 0\r\n", raw.port, raw.proto.trim_matches('/').replace("//", "/"));
            part.write(&mut text, "");
        }
    }
    text
}

fn parse(text: &str, written: Vec<WrittenMediaLine>) -> Result<Vec<MediaLine>, Fault> {
    let description = SessionDescription::unmarshal(&mut Cursor::new(text.as_bytes()))
        .map_err(|_| Fault::Syntax { line: 1, what: "not a session description" })?;
    if description.media_descriptions.len() != written.len() {
        return Err(Fault::Syntax { line: 1, what: "not a session description" });
    }
    let session =
        Attributes { connection: description.connection_information.as_ref(), attributes: &description.attributes };
    Ok(written
        .into_iter()
        .zip(&description.media_descriptions)
        .map(|(raw, m)| MediaLine::new(raw, m.connection_information.as_ref(), &m.attributes, &session))
        .collect())
}

/// Whether an o-line holds session id and version, numbers of any length (RFC 8866 section 5.2); negative ones come from signed
/// counters. The user name before them may contain spaces.
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
