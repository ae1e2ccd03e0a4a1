//! The gate: raw bytes from the network in; a parsed message, a ready reply, or nothing out. No I/O, no clock, no panic.
//!
//! It stands before the parser, which is lenient where RFC 3261 is not (RFC 4475 lists how that goes wrong). A reply is
//! made here, from the bytes themselves, because what the gate refuses has no transaction.
use super::body::{self, Body, Kind};
use super::{ALLOW, name};
use rsipstack::sip::prelude::*;
use rsipstack::sip::{Method, SipMessage, typed};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::str::FromStr;

/// Longest message taken, start line to body. RFC 3261 section 18.1.1 asks for 65,535; no honest phone comes near this.
pub const MAX_MESSAGE: usize = 16 * 1024;
const MAX_HEADERS: usize = 128;
/// Bodies of an INVITE that we understand.
pub(super) const BODIES: &str = "application/sdp, multipart/mixed";
/// Option tags (RFC 3261 section 19.2) a peer may require of us.
const SUPPORTED: &[&str] = &["timer", "replaces"];

/// What becomes of some bytes.
#[derive(Debug)]
pub enum Verdict {
    Accept(Box<SipMessage>),
    /// These bytes go back to where the request came from.
    Reply {
        status: u16,
        why: &'static str,
        bytes: Vec<u8>,
    },
    Drop(&'static str),
}

/// What is wrong with a request: a status, a reason for the counters, further header lines for the reply.
struct Fault {
    status: u16,
    why: &'static str,
    extra: String,
}

const fn bad(why: &'static str) -> Fault {
    Fault { status: 400, why, extra: String::new() }
}

/// The header fields the gate looks at, unfolded, in order. Values are raw bytes as they came.
struct Headers<'a> {
    lines: Vec<(&'a str, Cow<'a, str>)>,
}

impl<'a> Headers<'a> {
    fn all<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h str> + 'h {
        self.lines.iter().filter(move |(n, _)| *n == name).map(|(_, v)| v.as_ref())
    }

    fn one(&self, name: &'static str, missing: &'static str, twice: &'static str) -> Result<&str, Fault> {
        let mut found = self.all(name);
        match (found.next(), found.next()) {
            (Some(value), None) => Ok(value),
            (None, _) => Err(bad(missing)),
            (Some(_), Some(_)) => Err(bad(twice)),
        }
    }

    fn at_most_one(&self, name: &'static str, twice: &'static str) -> Result<Option<&str>, Fault> {
        let mut found = self.all(name);
        let first = found.next();
        if found.next().is_some() { Err(bad(twice)) } else { Ok(first) }
    }
}

/// Judges one message: a datagram, or what [`super::frame::Framer`] cut from a stream.
pub fn inspect(bytes: &[u8]) -> Verdict {
    if bytes.len() > MAX_MESSAGE {
        return Verdict::Drop("oversize");
    }
    let start = bytes.iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(bytes.len());
    let bytes = &bytes[start..];
    if bytes.iter().all(|b| b.is_ascii_whitespace() || *b == 0) {
        return Verdict::Drop("keepalive");
    }
    let Scan { end, control, bare } = scan(bytes);
    let head = &bytes[..end.unwrap_or(bytes.len())];
    let body = end.map_or(&[][..], |end| &bytes[end + 4..]);
    let (text, utf8) = match std::str::from_utf8(head) {
        Ok(text) => (Cow::Borrowed(text), true),
        Err(_) => (String::from_utf8_lossy(head), false),
    };
    let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    let first = lines.next().unwrap_or_default();
    let (headers, sound) = unfold(lines);

    if first.starts_with("SIP/") {
        return response(bytes, first, &headers, utf8 && sound && end.is_some());
    }
    let method = first.split(' ').next().unwrap_or_default();
    if !is_token(method) || !first.to_ascii_uppercase().contains("SIP/") {
        return Verdict::Drop("not SIP");
    }
    let verdict = if !utf8 {
        Err(bad("not UTF-8"))
    } else if end.is_none() {
        Err(bad("no end of headers"))
    } else if !sound || control {
        Err(bad("malformed header line"))
    } else if bare {
        Err(bad("bare CR or LF"))
    } else {
        request(bytes, first, &headers, body)
    };
    match verdict {
        Ok(message) => Verdict::Accept(Box::new(message)),
        // An ACK is never answered (RFC 3261 section 17).
        Err(fault) if method.eq_ignore_ascii_case("ACK") => Verdict::Drop(fault.why),
        Err(fault) => reply(&headers, fault),
    }
}

/// What one pass over a message's bytes finds.
struct Scan {
    /// Where the headers end: at the first empty line.
    end: Option<usize>,
    /// A control character in them.
    control: bool,
    /// A CR without its LF in them, or the other way round.
    bare: bool,
}

fn scan(bytes: &[u8]) -> Scan {
    let mut found = Scan { end: None, control: false, bare: false };
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b' '..=b'~' | 0x80.. | b'\t' => {}
            b'\r' if bytes[at..].starts_with(b"\r\n\r\n") => return Scan { end: Some(at), ..found },
            b'\r' => found.bare |= bytes.get(at + 1) != Some(&b'\n'),
            b'\n' => found.bare |= at == 0 || bytes[at - 1] != b'\r',
            _ => found.control = true,
        }
    }
    found
}

/// Header lines joined with their continuations; false where one is no header line at all or there are too many.
fn unfold<'a>(lines: impl Iterator<Item = &'a str>) -> (Headers<'a>, bool) {
    let mut headers = Headers { lines: Vec::with_capacity(16) };
    let mut sound = true;
    for line in lines {
        if line.starts_with([' ', '\t']) {
            match headers.lines.last_mut() {
                Some((_, value)) => {
                    let value = value.to_mut();
                    value.push(' ');
                    value.push_str(line.trim());
                }
                None => sound = false,
            }
            continue;
        }
        let Some((name, value)) = line.split_once(':') else {
            sound = false;
            continue;
        };
        let name = name.trim_end_matches([' ', '\t']);
        if !is_token(name) || headers.lines.len() == MAX_HEADERS {
            sound = false;
            continue;
        }
        headers.lines.push((known(name), Cow::Borrowed(value.trim())));
    }
    (headers, sound)
}

/// The long, lower-case name of a header field the gate looks at; any other as it is written.
fn known(name: &str) -> &str {
    const KNOWN: &[(&str, &str)] = &[
        ("via", "v"),
        ("from", "f"),
        ("to", "t"),
        ("call-id", "i"),
        ("cseq", ""),
        ("contact", "m"),
        ("content-length", "l"),
        ("content-type", "c"),
        ("content-encoding", "e"),
        ("content-disposition", ""),
        ("max-forwards", ""),
        ("require", ""),
        ("route", ""),
        ("record-route", ""),
    ];
    KNOWN.iter().find(|(l, s)| name.eq_ignore_ascii_case(l) || name.eq_ignore_ascii_case(s)).map_or(name, |(l, _)| l)
}

fn response(bytes: &[u8], first: &str, headers: &Headers, sound: bool) -> Verdict {
    let mut parts = first.splitn(3, ' ');
    let status = parts.nth(1).and_then(|code| code.parse::<u16>().ok());
    let cseq = headers.one("cseq", "", "").ok().and_then(cseq);
    if !sound || !first.starts_with("SIP/2.0 ") || !status.is_some_and(|s| (100..700).contains(&s)) || cseq.is_none() {
        return Verdict::Drop("malformed response");
    }
    match SipMessage::try_from(bytes) {
        Ok(SipMessage::Response(r)) if TransactionKey::from_response(&r, TransactionRole::Client).is_ok() => {
            Verdict::Accept(Box::new(SipMessage::Response(r)))
        }
        _ => Verdict::Drop("malformed response"),
    }
}

fn request(bytes: &[u8], first: &str, headers: &Headers, body: &[u8]) -> Result<SipMessage, Fault> {
    let parts: Vec<&str> = first.split(' ').collect();
    let [method, uri, version] = parts[..] else { return Err(bad("malformed request line")) };
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        let digits = version.get(4..).and_then(|v| v.split_once('.')).is_some_and(|(a, b)| {
            [a, b].iter().all(|n| (1..=3).contains(&n.len()) && n.bytes().all(|c| c.is_ascii_digit()))
        });
        return Err(if digits {
            Fault { status: 505, why: "version", extra: String::new() }
        } else {
            bad("malformed version")
        });
    }

    let number = headers.one("cseq", "no CSeq", "two CSeq")?;
    let (_, named) = cseq(number).ok_or(bad("malformed CSeq"))?;
    let via = headers.all("via").next().ok_or(bad("no Via"))?;
    for name in ["via", "contact", "route", "record-route"] {
        if headers.all(name).any(has_stray_separators) {
            return Err(bad("stray separators"));
        }
    }
    let first_via = first_of_list(via);
    let typed = typed::Via::parse(first_via).map_err(|_| bad("malformed Via"))?;
    if !first_via.to_ascii_uppercase().replace([' ', '\t'], "").starts_with("SIP/2.0/") {
        return Err(bad("malformed Via"));
    }
    if typed.branch().is_some_and(|branch| branch.value().is_empty()) {
        return Err(bad("malformed Via"));
    }
    let from = headers.one("from", "no From", "two From")?;
    let to = headers.one("to", "no To", "two To")?;
    let call_id = headers.one("call-id", "no Call-ID", "two Call-ID")?;
    if call_id.is_empty() || call_id.contains([' ', '\t']) {
        return Err(bad("malformed Call-ID"));
    }
    if [from, to].iter().any(|value| !balanced(value) || has_stray_separators(value)) {
        return Err(bad("malformed From or To"));
    }
    if name::tag(to).is_none() {
        // Within a dialog the tags alone are read; who cannot be matched by them is answered 481 or finds no transaction.
        typed::From::parse(from).map_err(|_| bad("malformed From or To"))?;
        typed::To::parse(to).map_err(|_| bad("malformed From or To"))?;
    }
    if name::tag(from).is_none() {
        return Err(bad("no From tag"));
    }
    if let Some(hops) = headers.at_most_one("max-forwards", "two Max-Forwards")?
        && (hops.is_empty() || hops.len() > 3 || hops.parse::<u8>().is_err())
    {
        return Err(bad("malformed Max-Forwards"));
    }
    if let Some(length) = headers.at_most_one("content-length", "two Content-Length")? {
        let digits = !length.is_empty() && length.len() <= 9 && length.bytes().all(|c| c.is_ascii_digit());
        match length.parse::<usize>() {
            Ok(length) if digits && length <= body.len() => {}
            Ok(_) if digits => return Err(bad("shorter than Content-Length")),
            _ => return Err(bad("malformed Content-Length")),
        }
    } else if !body.is_empty() {
        return Err(bad("no Content-Length"));
    }

    let Ok(known_method) = Method::from_str(method) else {
        return Err(Fault { status: 501, why: "unknown method", extra: format!("Allow: {ALLOW}\r\n") });
    };
    if known_method.to_string() != method {
        return Err(Fault { status: 501, why: "unknown method", extra: format!("Allow: {ALLOW}\r\n") });
    }
    if named != method {
        return Err(bad("CSeq names another method"));
    }
    request_uri(uri)?;
    if known_method == Method::Invite {
        let contact = headers.all("contact").next().ok_or(bad("no Contact"))?;
        if typed::Contact::parse_header_list(contact).map_or(true, |list| list.is_empty()) || !balanced(contact) {
            return Err(bad("malformed Contact"));
        }
    }
    if !matches!(known_method, Method::Ack | Method::Cancel) {
        let unknown: Vec<&str> = headers
            .all("require")
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|tag| !tag.is_empty() && !SUPPORTED.iter().any(|known| known.eq_ignore_ascii_case(tag)))
            .filter(|tag| is_token(tag))
            .collect();
        if !unknown.is_empty() {
            let extra = format!("Unsupported: {}\r\n", unknown.join(", "));
            return Err(Fault { status: 420, why: "required extension", extra });
        }
    }
    if matches!(known_method, Method::Invite | Method::Update) && !body.is_empty() && has_length(headers) {
        media_type(headers, body)?;
    }

    match SipMessage::try_from(bytes) {
        Ok(message @ SipMessage::Request(_)) => Ok(message),
        _ => Err(bad("malformed")),
    }
}

fn has_length(headers: &Headers) -> bool {
    headers.all("content-length").next().is_some_and(|length| !length.trim_start_matches('0').is_empty())
}

/// 415 for a body that has to be understood and holds no session description (RFC 3261 section 8.2.3, RFC 5621).
fn media_type(headers: &Headers, body: &[u8]) -> Result<(), Fault> {
    let media = headers.at_most_one("content-type", "two Content-Type")?.ok_or(bad("no Content-Type"))?;
    let disposition = headers.all("content-disposition").next().unwrap_or_default();
    if body::read(Kind { media, disposition }, body) == Body::Strange {
        let extra = format!("Accept: {BODIES}\r\n");
        return Err(Fault { status: 415, why: "body type", extra });
    }
    match headers.all("content-encoding").next() {
        Some(encoding) if !encoding.eq_ignore_ascii_case("identity") => {
            Err(Fault { status: 415, why: "body encoding", extra: "Accept-Encoding: identity\r\n".into() })
        }
        _ => Ok(()),
    }
}

fn request_uri(uri: &str) -> Result<(), Fault> {
    let (scheme, rest) = uri.split_once(':').ok_or(bad("malformed request-URI"))?;
    let mut letters = scheme.chars();
    if !letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        || !letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    {
        return Err(bad("malformed request-URI"));
    }
    if !["sip", "sips", "tel"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return Err(Fault { status: 416, why: "URI scheme", extra: String::new() });
    }
    // Embedded headers have no meaning in a request-URI (RFC 3261 table 1), angle brackets and quotes no place.
    if rest.is_empty() || rest.contains(['<', '>', '"', '?']) || has_stray_separators(rest) {
        return Err(bad("malformed request-URI"));
    }
    Ok(())
}

/// Number and method of a CSeq value; the number is below 2^31 (RFC 3261 section 8.1.1.5).
fn cseq(value: &str) -> Option<(u32, &str)> {
    let mut parts = value.split_ascii_whitespace();
    let (number, method) = (parts.next()?, parts.next()?);
    let digits = number.bytes().all(|c| c.is_ascii_digit());
    let number = number.parse().ok().filter(|n| digits && *n < 1 << 31)?;
    (parts.next().is_none() && is_token(method)).then_some((number, method))
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&c))
}

/// Quotes close, and so do angle brackets outside them.
fn balanced(value: &str) -> bool {
    let (mut quoted, mut escaped, mut angle) = (false, false, 0i32);
    for c in value.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted => angle += 1,
            '>' if !quoted => angle -= 1,
            _ => {}
        }
        if !(0..=1).contains(&angle) {
            return false;
        }
    }
    !quoted && angle == 0
}

/// An empty parameter or list element: `;;`, `,,`, `;,` or one at the end, outside quotes.
fn has_stray_separators(value: &str) -> bool {
    let (mut quoted, mut escaped, mut last) = (false, false, ' ');
    for c in value.chars().filter(|c| !matches!(c, ' ' | '\t')) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' | ',' if !quoted && matches!(last, ';' | ',') => return true,
            _ => {}
        }
        last = if quoted { '"' } else { c };
    }
    matches!(last, ';' | ',')
}

/// The first element of a comma-separated list.
pub(super) fn first_of_list(value: &str) -> &str {
    let mut quoted = false;
    let cut = value.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == ',' && !quoted
    });
    cut.map_or(value, |(at, _)| &value[..at]).trim()
}

/// The reply to a refused request, or nothing where the request does not say where it belongs.
fn reply(headers: &Headers, fault: Fault) -> Verdict {
    let clean = |value: &str| value.chars().all(|c| c >= ' ' && c != '\u{7f}' && c != char::REPLACEMENT_CHARACTER);
    let mut text = format!("SIP/2.0 {} {}\r\n", fault.status, phrase(fault.status));
    let mut vias = 0;
    for value in headers.all("via").filter(|value| clean(value)) {
        text.push_str(&format!("Via: {value}\r\n"));
        vias += 1;
    }
    if vias == 0 || headers.all("cseq").next().is_none() {
        return Verdict::Drop(fault.why);
    }
    for (name, title) in [("from", "From"), ("to", "To"), ("call-id", "Call-ID"), ("cseq", "CSeq")] {
        let Some(value) = headers.all(name).next().filter(|value| clean(value)) else { continue };
        text.push_str(&format!("{title}: {value}"));
        if name == "to" && !value.to_ascii_lowercase().contains("tag=") {
            text.push_str(&format!(";tag=g{:x}", fingerprint(headers)));
        }
        text.push_str("\r\n");
    }
    text.push_str(&fault.extra);
    text.push_str("Content-Length: 0\r\n\r\n");
    Verdict::Reply { status: fault.status, why: fault.why, bytes: text.into_bytes() }
}

/// The same for each retransmission, as a To tag has to be where no transaction keeps it (RFC 3261 section 8.2.7).
fn fingerprint(headers: &Headers) -> u64 {
    let mut hasher = DefaultHasher::new();
    for name in ["call-id", "from", "cseq"] {
        headers.all(name).next().hash(&mut hasher);
    }
    hasher.finish()
}

/// Reason phrases of RFC 3261 section 21 for what the gate sends.
fn phrase(status: u16) -> &'static str {
    match status {
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        501 => "Not Implemented",
        505 => "Version Not Supported",
        _ => "Bad Request",
    }
}

/// The request with `received` and `rport` of its true source in the top Via (RFC 3261 section 18.2.1, RFC 3581).
pub(super) fn stamp(message: &mut SipMessage, source: std::net::SocketAddr) {
    let SipMessage::Request(request) = message else { return };
    let Ok(via) = request.via_header_mut() else { return };
    let whole = via.value().to_owned();
    let first = first_of_list(&whole);
    let rest = &whole[whole.find(first).map_or(whole.len(), |at| at + first.len())..];
    let mut stamped = String::with_capacity(whole.len() + 48);
    for (at, part) in first.split(';').enumerate() {
        let name = part.split('=').next().unwrap_or_default().trim().to_ascii_lowercase();
        if at == 0 || !matches!(name.as_str(), "received" | "rport") {
            if at > 0 {
                stamped.push(';');
            }
            stamped.push_str(part.trim());
        }
    }
    let address = source.ip().to_canonical();
    stamped.push_str(&format!(";received={address};rport={}{rest}", source.port()));
    via.replace(stamped);
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
