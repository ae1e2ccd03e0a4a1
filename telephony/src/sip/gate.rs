//! The gate: raw bytes from the network in; a parsed message, a ready reply, or nothing out. No I/O, no clock, no panic.
//!
//! It runs before the parser of `rsipstack`, which accepts some messages that RFC 3261 forbids (RFC 4475 lists such) and rejects some
//! that it allows. Valid messages are passed on in the canonical form of [`super::syntax`]. Refusals are made here, from the bytes
//! themselves, because a refused request has no transaction.
mod field;
mod reply;
mod request;

pub(super) use field::first_of_list;
pub use reply::Reply;
pub(super) use reply::is_acknowledged;
pub(super) use request::return_path;

use super::name;
use super::syntax::{self, Message, NULL_TAG, elements, is_token};
use super::via::{ReplyPort, Via};
use crate::address::Network;
use reply::reply;
use request::RequestHead;
use rsipstack::sip::headers::make_header;
use rsipstack::sip::{Header, Response, SipMessage, StatusCode, Version};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use std::net::SocketAddr;

/// The longest accepted message, start line to body; a longer request is answered 513. RFC 3261 section 18.1.1 asks for 65,535 bytes,
/// which no known phone needs.
pub const MAX_MESSAGE: usize = 16 * 1024;
/// The supported body types of an INVITE.
pub(super) const BODIES: &str = "application/sdp, multipart/mixed";
/// The most Via elements of a request: as many as the proxies that Max-Forwards allows (RFC 3261 section 8.1.1.6). A request with more
/// is dropped, because its answer would repeat them all.
const MAX_VIAS: usize = 70;

/// How a message arrived, and by which rules it is answered.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    pub source: SocketAddr,
    /// Over TCP: Content-Length is mandatory, and answers use the connection.
    pub stream: bool,
    pub reply_port: ReplyPort,
    /// Open and trusted networks: only within one of them is `maddr` of a Via followed.
    pub networks: &'a [Network],
}

impl Arrival<'_> {
    /// Where the answers to a request with this top Via go.
    fn answers_to(&self, via: &Via) -> SocketAddr {
        if self.stream {
            return self.source;
        }
        let is_ours = |address| self.networks.iter().any(|network| network.is_shared_by(self.source.ip(), address));
        via.answer_to(self.source, self.reply_port, is_ours)
    }
}

/// The result of the checks.
#[derive(Debug)]
pub enum Verdict {
    /// A request carries where it came from and where its answers go, for [`return_path`].
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
    // Parsed as a whole: header fields that the answer needs may stand behind the limit.
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
        None => RequestHead::read(&message, arrival).and_then(|head| head.into_request(&message, arrival)),
    };
    match verdict {
        Ok(request) => Verdict::Accept(Box::new(request.into())),
        Err(fault) => reply(&message, fault, arrival),
    }
}

/// The reply to a request that is refused for a reason outside of the message.
pub fn refuse(bytes: &[u8], status: u16, why: &'static str, arrival: &Arrival) -> Verdict {
    reply(&Message::read(bytes), Fault { status, ..bad(why) }, arrival)
}

/// The body: as long as Content-Length says; in a datagram without it, the rest (RFC 3261 section 18.3).
fn body<'m>(message: &Message<'m>, stream: bool) -> Result<&'m [u8], Fault> {
    let Some(digits) = message.at_most_one("content-length", "two Content-Length")? else {
        // Without Content-Type the rest is padding of the datagram.
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
    let number = message.one("cseq", "", "").ok().and_then(field::cseq);
    let (None, Some(_), Ok(body)) = (message.defect, number, body(message, stream)) else { return drop };
    // A response that has reached its user agent has one Via (RFC 3261 section 8.1.3.3).
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

/// Adds the null tag to a party without a tag.
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

#[cfg(test)]
mod tests;
