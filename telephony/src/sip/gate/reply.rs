//! `Reply`: the gate's answer to a request that it refuses, made from the request's own bytes: it has no transaction.
use super::field::first_of_list;
use super::{Arrival, Fault, MAX_VIAS, Verdict};
use crate::sip::name;
use crate::sip::syntax::{self, Message, NULL_TAG, elements};
use crate::sip::via::Via;
use rsipstack::sip::Request;
use rsipstack::sip::prelude::*;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::iter;
use std::net::SocketAddr;

/// An answer to a request that has no transaction.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    pub bytes: Vec<u8>,
    /// The destination of a datagram. A reply over TCP goes back by the request's connection.
    pub to: SocketAddr,
}

/// The reply to a refused request. A request without a readable Via or CSeq is dropped: its answer could not be matched.
pub(super) fn reply(message: &Message, fault: Fault, arrival: &Arrival) -> Verdict {
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
    let to = via.as_ref().map_or(arrival.source, |via| arrival.answers_to(via));
    let stamped = via.map_or(top.to_owned(), |via| via.stamped(arrival.source, arrival.reply_port));
    // A list stays one field, so that the reply does not outgrow the request. Elements that are no Via are left out: no proxy
    // could follow them.
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

/// The To tag of a reply, computed from the request: each retransmission gets the same (RFC 3261 section 8.2.7), and the ACK is
/// recognised by it.
fn tag(call_id: Option<&str>, from: Option<&str>, cseq: &str) -> String {
    let from_tag = from.and_then(name::tag).filter(|tag| !tag.starts_with(NULL_TAG));
    let mut hasher = DefaultHasher::new();
    (call_id, from_tag, cseq.split(' ').next()).hash(&mut hasher);
    format!("g{:x}", hasher.finish())
}

/// Whether this is the ACK of a reply that the gate made.
pub(in crate::sip) fn is_acknowledged(ack: &Request) -> bool {
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
