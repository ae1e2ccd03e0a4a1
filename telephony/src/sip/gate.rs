//! The gate: raw bytes from the network in; a parsed message, a ready reply, or nothing out. No I/O, no clock, no panic.
//!
//! It stands before the parser, which is lenient where RFC 3261 is not (RFC 4475 lists how that goes wrong) and strict
//! where it is: what is valid is handed on in the one spelling that [`super::syntax`] gives it. A reply is made here, from
//! the bytes themselves, because what the gate refuses has no transaction.
use super::body::{self, Body, Kind};
use super::syntax::{self, Message, NULL_TAG, Part, elements, is_balanced, is_token, parts};
use super::via::{ReplyPort, Via};
use super::{ALLOW, name};
use crate::address::Network;
use rsipstack::sip::headers::make_header;
use rsipstack::sip::prelude::*;
use rsipstack::sip::{Header, Method, Request, Response, SipMessage, StatusCode, Version, typed};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::iter;
use std::net::SocketAddr;
use std::str::FromStr;

/// Longest message taken, start line to body; a longer request is answered 513. RFC 3261 section 18.1.1 asks for 65,535;
/// no honest phone comes near this.
pub const MAX_MESSAGE: usize = 16 * 1024;
/// Bodies of an INVITE that we understand.
pub(super) const BODIES: &str = "application/sdp, multipart/mixed";
/// A request's Vias at most: as many as the proxies that Max-Forwards lets it pass (RFC 3261 section 8.1.1.6). One with more
/// is dropped, for its answer repeats them all.
const MAX_VIAS: usize = 70;
/// Option tags that a reply names as unsupported, at most.
const MAX_TAGS: usize = 32;
/// Option tags (RFC 3261 section 19.2) a peer may require of us.
const SUPPORTED: &[&str] = &["timer", "replaces"];

/// How a message came.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    pub source: SocketAddr,
    /// Over TCP: the length of a body has to be said, and answers go back by the connection.
    pub stream: bool,
    pub reply_port: ReplyPort,
    /// Open and trusted networks: within one of them a Via's `maddr` may send our answers.
    pub networks: &'a [Network],
}

/// An answer to what has no transaction.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    pub bytes: Vec<u8>,
    /// Where it goes, if not by a connection.
    pub to: SocketAddr,
}

/// What becomes of some bytes.
#[derive(Debug)]
pub enum Verdict {
    /// A request carries where it came from: [`return_path`].
    Accept(Box<SipMessage>),
    Reply {
        status: u16,
        why: &'static str,
        reply: Reply,
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

impl Message<'_> {
    fn one(&self, name: &'static str, missing: &'static str, twice: &'static str) -> Result<&str, Fault> {
        self.at_most_one(name, twice)?.ok_or(bad(missing))
    }

    fn at_most_one(&self, name: &'static str, twice: &'static str) -> Result<Option<&str>, Fault> {
        let mut found = self.all(name);
        let first = found.next();
        if found.next().is_some() { Err(bad(twice)) } else { Ok(first) }
    }

    /// All elements of a list that may stand in several fields.
    fn list<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m str> + 'm {
        self.all(name).flat_map(elements)
    }
}

/// Judges one message: a datagram, or what [`super::frame::Framer`] cut from a stream.
pub fn inspect(bytes: &[u8], arrival: &Arrival) -> Verdict {
    if bytes.iter().all(|b| b.is_ascii_whitespace() || *b == 0) {
        return Verdict::Drop("keepalive");
    }
    // Read whole, for what an answer needs may stand behind what is too long.
    let message = Message::read(bytes);
    let oversize = bytes.len() > MAX_MESSAGE;
    if message.start.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("SIP/")) {
        return if oversize { Verdict::Drop("oversize") } else { response(&message, arrival.stream) };
    }
    let method = message.start.split(' ').next().unwrap_or_default();
    if !is_token(method) || !message.start.to_ascii_uppercase().contains("SIP/") {
        return Verdict::Drop(if oversize { "oversize" } else { "not SIP" });
    }
    let verdict = match message.defect {
        _ if oversize => Err(Fault { status: 513, ..bad("oversize") }),
        Some(defect) => Err(bad(defect)),
        None => request(&message, arrival),
    };
    match verdict {
        Ok(request) => Verdict::Accept(Box::new(request.into())),
        Err(fault) => reply(&message, fault, arrival),
    }
}

/// The reply to a request that is refused for another reason than its own words.
pub fn refuse(bytes: &[u8], status: u16, why: &'static str, arrival: &Arrival) -> Verdict {
    reply(&Message::read(bytes), Fault { status, ..bad(why) }, arrival)
}

/// A field of ours in a request on its way to the transaction layer. No peer can send one of that name: it is no token.
const RETURN_PATH: &str = "(way)";

/// Where a request came from and where responses to it go.
pub(super) fn return_path(request: &Request) -> Option<(SocketAddr, SocketAddr)> {
    let value = request.headers.iter().find_map(|header| match header {
        Header::Other(name, value) if name == RETURN_PATH => Some(value),
        _ => None,
    });
    let (source, answers) = value?.split_once(' ')?;
    Some((source.parse().ok()?, answers.parse().ok()?))
}

/// The body, as long as Content-Length says; in a datagram without it, all there is (RFC 3261 section 18.3).
fn body<'m>(message: &Message<'m>, stream: bool) -> Result<&'m [u8], Fault> {
    let Some(digits) = message.at_most_one("content-length", "two Content-Length")? else {
        // A body whose kind nobody says is the padding of a datagram.
        let padding = message.first("content-type").is_none();
        return match (stream, padding) {
            (true, _) => Err(bad("no Content-Length on a stream")),
            (false, true) => Ok(&[]),
            (false, false) => Ok(message.body),
        };
    };
    let length = syntax::length(digits).ok_or(bad("malformed Content-Length"))?;
    message.body.get(..length).ok_or(bad("shorter than Content-Length"))
}

fn headers(message: &Message) -> Vec<Header> {
    message.fields.iter().map(|field| make_header(&field.name, field.value.clone())).collect()
}

fn response(message: &Message, stream: bool) -> Verdict {
    let drop = Verdict::Drop("malformed response");
    let mut words = message.start.splitn(3, ' ');
    let (version, code, reason) = (words.next(), words.next(), words.next().unwrap_or_default().trim());
    let code = code.filter(|code| code.len() == 3).and_then(|code| code.parse::<u16>().ok());
    let (Some(code @ 100..700), true) = (code, version.is_some_and(|v| v.eq_ignore_ascii_case("SIP/2.0"))) else {
        return drop;
    };
    let number = message.one("cseq", "", "").ok().and_then(cseq);
    let (None, Some(_), Ok(body)) = (message.defect, number, body(message, stream)) else { return drop };
    // A user agent's own Via is the only one by the time a response has come back (RFC 3261 section 8.1.3.3).
    if message.list("via").nth(1).is_some() {
        return Verdict::Drop("response for another");
    }
    let Ok(status_code) = StatusCode::try_from((code, reason)) else { return drop };
    let plain = reason.is_empty() || matches!(status_code, StatusCode::Other(..));
    let wire_reason = (!plain && !reason.eq_ignore_ascii_case(status_code.text())).then(|| reason.to_owned());
    let mut headers = headers(message);
    if code > 100 {
        // RFC 3261 section 12.1.2: a To without a tag has a null one.
        tag_null(&mut headers, |header| matches!(header, Header::To(_)));
    }
    let response =
        Response { status_code, wire_reason, version: Version::V2, headers: headers.into(), body: body.to_vec() };
    if TransactionKey::from_response(&response, TransactionRole::Client).is_err() {
        return drop;
    }
    Verdict::Accept(Box::new(response.into()))
}

/// The null tag, for a party that has none.
fn tag_null(headers: &mut [Header], is_party: impl Fn(&Header) -> bool) {
    let party = headers.iter_mut().find(|header| is_party(header));
    match party {
        Some(Header::From(from)) if name::tag(from.value()).is_none() => {
            from.replace(format!("{};tag={NULL_TAG}", from.value()));
        }
        Some(Header::To(to)) if name::tag(to.value()).is_none() => to.replace(format!("{};tag={NULL_TAG}", to.value())),
        _ => {}
    }
}

fn request(message: &Message, arrival: &Arrival) -> Result<Request, Fault> {
    let words: Vec<&str> = message.start.split(' ').collect();
    let [method, uri, version] = words[..] else { return Err(bad("malformed request line")) };
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        let digits = version.get(4..).and_then(|v| v.split_once('.')).is_some_and(|(a, b)| {
            [a, b].iter().all(|n| (1..=3).contains(&n.len()) && n.bytes().all(|c| c.is_ascii_digit()))
        });
        return Err(if digits { Fault { status: 505, ..bad("version") } } else { bad("malformed version") });
    }

    let number = message.one("cseq", "no CSeq", "two CSeq")?;
    let (_, named) = cseq(number).ok_or(bad("malformed CSeq"))?;
    let vias = message.first("via").ok_or(bad("no Via"))?;
    for name in ["via", "contact", "route", "record-route"] {
        if message.all(name).any(has_stray_separators) {
            return Err(bad("stray separators"));
        }
    }
    if message.list("via").nth(MAX_VIAS).is_some() {
        return Err(bad("too many Vias"));
    }
    let via = Via::parse(first_of_list(vias)).ok_or(bad("malformed Via"))?;
    let stamped = via.stamped(arrival.source, arrival.reply_port);
    let usable = vias.is_ascii() && via.protocol.eq_ignore_ascii_case("SIP/2.0") && typed::Via::parse(&stamped).is_ok();
    if !usable || via.branch().is_some_and(str::is_empty) {
        return Err(bad("malformed Via"));
    }
    let from = party(message.one("from", "no From", "two From")?)?;
    let to = party(message.one("to", "no To", "two To")?)?;
    let call_id = message.one("call-id", "no Call-ID", "two Call-ID")?;
    if call_id.is_empty() || !call_id.is_ascii() || call_id.contains([' ', '\t']) {
        return Err(bad("malformed Call-ID"));
    }
    let hops = message.at_most_one("max-forwards", "two Max-Forwards")?;
    if hops.is_some_and(|hops| hops.is_empty() || !hops.bytes().all(|c| c.is_ascii_digit())) {
        // A number too large is as good as none: we forward nothing (RFC 4475 section 3.1.2.4).
        return Err(bad("malformed Max-Forwards"));
    }
    let body = body(message, arrival.stream)?;

    let unknown = || Fault { status: 501, why: "unknown method", extra: format!("Allow: {ALLOW}\r\n") };
    let known_method = Method::from_str(method).map_err(|_| unknown())?;
    if known_method.to_string() != method {
        return Err(unknown());
    }
    if named != method {
        return Err(bad("CSeq names another method"));
    }
    request_uri(uri)?;
    let uri = name::wire_uri(uri).ok_or(bad("malformed request-URI"))?;
    contacts(message, known_method, from, &via)?;
    if known_method == Method::Register
        && !["sip:", "sips:"].iter().any(|scheme| starts_with(name::split(to).1, scheme))
    {
        return Err(bad("address of record is no SIP URI"));
    }
    if !matches!(known_method, Method::Ack | Method::Cancel) {
        let required: Vec<&str> = message.list("require").filter(|tag| !tag.is_empty()).collect();
        if !required.iter().all(|tag| is_token(tag)) {
            return Err(bad("malformed Require"));
        }
        let known = |tag: &str| SUPPORTED.iter().any(|known| known.eq_ignore_ascii_case(tag));
        let unknown: Vec<&str> = required.into_iter().filter(|tag| !known(tag)).take(MAX_TAGS).collect();
        if !unknown.is_empty() {
            let extra = format!("Unsupported: {}\r\n", unknown.join(", "));
            return Err(Fault { status: 420, why: "required extension", extra });
        }
    }
    if matches!(known_method, Method::Invite | Method::Update) && !body.is_empty() {
        media_type(message, body)?;
    }
    if known_method == Method::Invite && !accepts_description(message) {
        return Err(Fault { status: 406, ..bad("no description accepted") });
    }

    let mut headers = headers(message);
    let rest = &vias[vias.find(first_of_list(vias)).map_or(vias.len(), |at| at + first_of_list(vias).len())..];
    if let Some(Header::Via(top)) = headers.iter_mut().find(|header| matches!(header, Header::Via(_))) {
        top.replace(format!("{stamped}{rest}"));
    }
    // RFC 3261 section 12.1.1: a From without a tag has a null one.
    tag_null(&mut headers, |header| matches!(header, Header::From(_)));
    if known_method == Method::Invite && message.first("contact").is_none() {
        // RFC 2543: the calls of one that gives no Contact come from its address.
        headers.push(make_header("Contact", format!("<{}>", syntax::readable(name::split(from).1))));
    }
    let answers = if arrival.stream {
        arrival.source
    } else {
        let (networks, source) = (arrival.networks, arrival.source.ip());
        let is_ours = |address| networks.iter().any(|network| network.is_shared_by(source, address));
        via.answer_to(arrival.source, arrival.reply_port, is_ours)
    };
    headers.push(Header::Other(RETURN_PATH.into(), format!("{} {answers}", arrival.source)));
    let request =
        Request { method: known_method, uri, version: Version::V2, headers: headers.into(), body: body.to_vec() };
    TransactionKey::from_request(&request, TransactionRole::Server).map_err(|_| bad("malformed"))?;
    // What answers need of To, too.
    request.to_header().and_then(|to| to.tag()).map_err(|_| bad("malformed From or To"))?;
    Ok(request)
}

/// A From or To value whose quotes and brackets close, with something in the place of an address.
fn party(value: &str) -> Result<&str, Fault> {
    let tag = name::tag(value);
    let sound = is_balanced(value)
        && !has_stray_separators(value)
        && name::split(value).1.split_once(':').is_some_and(|(scheme, rest)| is_token(scheme) && !rest.is_empty())
        && tag.is_none_or(|tag| tag.is_ascii() && !tag.contains([' ', ',']));
    if sound { Ok(value) } else { Err(bad("malformed From or To")) }
}

fn starts_with(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|first| first.eq_ignore_ascii_case(start))
}

/// What RFC 3261 sections 8.1.1.8 and 20.10 ask of Contact in requests that make a call or a binding.
fn contacts(message: &Message, method: Method, from: &str, via: &Via) -> Result<(), Fault> {
    let invites = method == Method::Invite;
    if !invites && method != Method::Register {
        return Ok(());
    }
    let mut given = 0;
    for contact in message.list("contact") {
        given += 1;
        let (_, uri) = name::split(contact);
        let bracketed = parts(contact).any(|(_, _, part)| part == Part::Address);
        // Without brackets a question mark could belong to either (RFC 3261 section 20).
        let clear = bracketed || !uri.contains(['?', ',']);
        let sound = if contact == "*" {
            !invites
        } else {
            is_balanced(contact) && clear && uri.is_ascii() && name::uri(uri).is_some_and(|uri| uri.scheme.is_some())
        };
        if !sound {
            return Err(bad("malformed Contact"));
        }
    }
    // A peer of RFC 2543 need not give one; its branch shows that it is one.
    let old = !via.branch().is_some_and(|branch| branch.starts_with("z9hG4bK"));
    if invites && given == 0 && !(old && name::uri(&syntax::readable(name::split(from).1)).is_some()) {
        return Err(bad("no Contact"));
    }
    Ok(())
}

/// Whether the answer to an INVITE may carry a session description (RFC 3261 section 20.1).
fn accepts_description(message: &Message) -> bool {
    let mut asked = message.all("accept").peekable();
    asked.peek().is_none()
        || message.list("accept").any(|range| {
            let range = range.split(';').next().unwrap_or_default();
            ["application/sdp", "application/*", "*/*"].iter().any(|fits| range.eq_ignore_ascii_case(fits))
        })
}

/// 415 for a body that has to be understood and holds no session description (RFC 3261 section 8.2.3, RFC 5621).
fn media_type(message: &Message, body: &[u8]) -> Result<(), Fault> {
    let media = message.at_most_one("content-type", "two Content-Type")?.ok_or(bad("no Content-Type"))?;
    let disposition = message.first("content-disposition").unwrap_or_default();
    if body::read(Kind { media, disposition }, body) == Body::Strange {
        let extra = format!("Accept: {BODIES}\r\n");
        return Err(Fault { status: 415, why: "body type", extra });
    }
    match message.all("content-encoding").next() {
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
    // A user part may hold what separates elsewhere. Embedded headers have no meaning in a request-URI (RFC 3261 table 1),
    // angle brackets and quotes no place.
    let (_, place) = rest.split_once('@').unwrap_or(("", rest));
    if place.is_empty()
        || !uri.is_ascii()
        || rest.contains(['<', '>', '"'])
        || place.contains(['?', '@'])
        || has_stray_separators(place)
    {
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

/// An empty parameter or list element: `;;`, `,,`, `;,` or one at the end, outside quotes and addresses.
fn has_stray_separators(value: &str) -> bool {
    let mut last = ' ';
    for (_, c, part) in parts(value).filter(|(_, c, _)| !matches!(c, ' ' | '\t')) {
        let c = if part == Part::Plain { c } else { '"' };
        if matches!((last, c), (';' | ',', ';' | ',')) {
            return true;
        }
        last = c;
    }
    matches!(last, ';' | ',')
}

/// The first element of a comma-separated list.
pub(super) fn first_of_list(value: &str) -> &str {
    elements(value).next().unwrap_or_default()
}

/// The reply to a refused request, or nothing where the request does not say where it belongs.
fn reply(message: &Message, fault: Fault, arrival: &Arrival) -> Verdict {
    let Fault { status, why, extra } = fault;
    let method = message.start.split(' ').next().unwrap_or_default();
    let clean = |value: &&str| !syntax::has_controls(value);
    let number = message.first("cseq").filter(clean);
    let mut vias = message.all("via").filter(clean);
    // An ACK is never answered (RFC 3261 section 17).
    let (Some(first), Some(number), false) = (vias.next(), number, method.eq_ignore_ascii_case("ACK")) else {
        return Verdict::Drop(why);
    };
    if message.list("via").nth(MAX_VIAS).is_some() {
        return Verdict::Drop("too many Vias");
    }
    let top = first_of_list(first);
    let via = Via::parse(top);
    let to = match &via {
        Some(via) if !arrival.stream => {
            let (networks, source) = (arrival.networks, arrival.source.ip());
            let is_ours = |address| networks.iter().any(|network| network.is_shared_by(source, address));
            via.answer_to(arrival.source, arrival.reply_port, is_ours)
        }
        _ => arrival.source,
    };
    let stamped = via.map_or(top.to_owned(), |via| via.stamped(arrival.source, arrival.reply_port));
    // A list stays one field, so that the reply does not outgrow the request. What is no Via leads nowhere.
    let is_via = |via: &&str| Via::parse(via).is_some();
    let list: Vec<&str> = iter::once(stamped.as_str()).chain(elements(first).skip(1).filter(is_via)).collect();
    let mut text = format!("SIP/2.0 {status} {}\r\nVia: {}\r\n", phrase(status), list.join(", "));
    for field in vias {
        let list: Vec<&str> = elements(field).filter(is_via).collect();
        if !list.is_empty() {
            text.push_str(&format!("Via: {}\r\n", list.join(", ")));
        }
    }
    let [from, called, call_id] = ["from", "to", "call-id"].map(|name| message.first(name).filter(clean));
    for (title, value) in [("From", from), ("To", called), ("Call-ID", call_id), ("CSeq", Some(number))] {
        let Some(value) = value else { continue };
        text.push_str(&format!("{title}: {value}"));
        if title == "To" && name::tag(value).is_none() {
            text.push_str(&format!(";tag={}", tag(call_id, from, number)));
        }
        text.push_str("\r\n");
    }
    text.push_str(&extra);
    text.push_str("Content-Length: 0\r\n\r\n");
    let bytes = syntax::restore(text.as_bytes()).into_owned();
    Verdict::Reply { status, why, reply: Reply { bytes, to } }
}

/// The To tag of a reply: the same for each retransmission (RFC 3261 section 8.2.7), and known again in its ACK.
fn tag(call_id: Option<&str>, from: Option<&str>, cseq: &str) -> String {
    let from_tag = from.and_then(name::tag).filter(|tag| !tag.starts_with(NULL_TAG));
    let mut hasher = DefaultHasher::new();
    (call_id, from_tag, cseq.split(' ').next()).hash(&mut hasher);
    format!("g{:x}", hasher.finish())
}

/// Whether this is the ACK of a reply that the gate made.
pub(super) fn is_acknowledged(ack: &Request) -> bool {
    let (Ok(call_id), Ok(from), Ok(to), Ok(cseq)) =
        (ack.call_id_header(), ack.from_header(), ack.to_header(), ack.cseq_header())
    else {
        return false;
    };
    name::tag(to.value()) == Some(tag(Some(call_id.value()), Some(from.value()), cseq.value()).as_str())
}

/// Reason phrases of RFC 3261 section 21 for what the gate sends.
fn phrase(status: u16) -> &'static str {
    match status {
        406 => "Not Acceptable",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        482 => "Loop Detected",
        501 => "Not Implemented",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        _ => "Bad Request",
    }
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
