//! `RequestHead`: the checks of a request, in the order in which they refuse, and the request that passes them.
use super::field::{self, first_of_list};
use super::{Arrival, Fault, MAX_VIAS, bad, body, headers, tag_null};
use crate::sip::syntax::{self, Message};
use crate::sip::via::Via;
use crate::sip::{ALLOW, name};
use rsipstack::sip::headers::make_header;
use rsipstack::sip::prelude::*;
use rsipstack::sip::{Header, Method, Request, Uri, Version, typed};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use std::net::SocketAddr;
use std::str::FromStr;

/// The header field by which a request carries its source, and where its answers go, to the transaction layer. No peer can
/// send one of this name: it is no token.
const RETURN_PATH: &str = "(way)";

/// Where a request came from and where responses to it go.
pub(in crate::sip) fn return_path(request: &Request) -> Option<(SocketAddr, SocketAddr)> {
    let value = request.headers.iter().find_map(|header| match header {
        Header::Other(name, value) if name == RETURN_PATH => Some(value),
        _ => None,
    });
    let (source, answers) = value?.split_once(' ')?;
    Some((source.parse().ok()?, answers.parse().ok()?))
}

/// What a request is made of, once all of it has been checked.
pub(super) struct RequestHead<'m> {
    method: Method,
    uri: Uri,
    from: &'m str,
    via: TopVia<'m>,
    body: &'m [u8],
}

/// The Via of who sent the request to us.
struct TopVia<'m> {
    via: Via<'m>,
    /// It, with the true source written into it.
    stamped: String,
    /// What follows it in the same field.
    rest: &'m str,
}

impl<'m> TopVia<'m> {
    fn read(message: &'m Message, arrival: &Arrival) -> Result<Self, Fault> {
        let vias = message.first("via").ok_or(bad("no Via"))?;
        for name in ["via", "contact", "route", "record-route"] {
            if message.all(name).any(field::has_stray_separators) {
                return Err(bad("stray separators"));
            }
        }
        if message.list("via").nth(MAX_VIAS).is_some() {
            return Err(bad("too many Vias"));
        }
        let top = first_of_list(vias);
        let via = Via::parse(top).ok_or(bad("malformed Via"))?;
        let stamped = via.stamped(arrival.source, arrival.reply_port);
        let usable =
            vias.is_ascii() && via.protocol.eq_ignore_ascii_case("SIP/2.0") && typed::Via::parse(&stamped).is_ok();
        if !usable || via.branch().is_some_and(str::is_empty) {
            return Err(bad("malformed Via"));
        }
        let rest = &vias[vias.find(top).map_or(vias.len(), |at| at + top.len())..];
        Ok(Self { via, stamped, rest })
    }
}

/// Method and request-URI as they are written, of a request line in the version that we speak.
fn request_line(line: &str) -> Result<(&str, &str), Fault> {
    let words: Vec<&str> = line.split(' ').collect();
    let [method, uri, version] = words[..] else { return Err(bad("malformed request line")) };
    if version.eq_ignore_ascii_case("SIP/2.0") {
        return Ok((method, uri));
    }
    let digits = version.get(4..).and_then(|v| v.split_once('.')).is_some_and(|(a, b)| {
        [a, b].iter().all(|n| (1..=3).contains(&n.len()) && n.bytes().all(|c| c.is_ascii_digit()))
    });
    Err(if digits { Fault { status: 505, ..bad("version") } } else { bad("malformed version") })
}

fn known_method(written: &str) -> Result<Method, Fault> {
    let unknown = || Fault { status: 501, why: "unknown method", extra: format!("Allow: {ALLOW}\r\n") };
    let method = Method::from_str(written).map_err(|_| unknown())?;
    if method.to_string() == written { Ok(method) } else { Err(unknown()) }
}

impl<'m> RequestHead<'m> {
    pub(super) fn read(message: &'m Message, arrival: &Arrival) -> Result<Self, Fault> {
        let (written, uri) = request_line(&message.start)?;
        let (_, named) = field::cseq(message.one("cseq", "no CSeq", "two CSeq")?).ok_or(bad("malformed CSeq"))?;
        let via = TopVia::read(message, arrival)?;
        let from = field::party(message.one("from", "no From", "two From")?)?;
        let to = field::party(message.one("to", "no To", "two To")?)?;
        field::call_id(message)?;
        field::max_forwards(message)?;
        let body = body(message, arrival.stream)?;
        let method = known_method(written)?;
        if named != written {
            return Err(bad("CSeq names another method"));
        }
        field::request_uri(uri)?;
        let uri = name::wire_uri(uri).ok_or(bad("malformed request-URI"))?;
        let head = Self { method, uri, from, via, body };
        head.check_for_method(message, to)?;
        Ok(head)
    }

    /// What depends on the method.
    fn check_for_method(&self, message: &Message, to: &str) -> Result<(), Fault> {
        let method = self.method;
        field::contacts(message, method, self.from, &self.via.via)?;
        if method == Method::Register && !is_sip(name::split(to).1) {
            return Err(bad("address of record is no SIP URI"));
        }
        if !matches!(method, Method::Ack | Method::Cancel) {
            field::required_extensions(message)?;
        }
        if matches!(method, Method::Invite | Method::Update) && !self.body.is_empty() {
            field::media_type(message, self.body)?;
        }
        if method == Method::Invite && !field::accepts_description(message) {
            return Err(Fault { status: 406, ..bad("no description accepted") });
        }
        Ok(())
    }

    /// The request as the transaction layer gets it.
    pub(super) fn into_request(self, message: &Message, arrival: &Arrival) -> Result<Request, Fault> {
        let Self { method, uri, from, via, body } = self;
        let mut headers = headers(message);
        if let Some(Header::Via(top)) = headers.iter_mut().find(|header| matches!(header, Header::Via(_))) {
            top.replace(format!("{}{}", via.stamped, via.rest));
        }
        // RFC 3261 section 12.1.1: a From without a tag has a null one.
        tag_null(&mut headers, |header| matches!(header, Header::From(_)));
        if method == Method::Invite && message.first("contact").is_none() {
            // RFC 2543: a caller that gives no Contact is reached at the address in From.
            headers.push(make_header("Contact", format!("<{}>", syntax::readable(name::split(from).1))));
        }
        let answers = arrival.answers_to(&via.via);
        headers.push(Header::Other(RETURN_PATH.into(), format!("{} {answers}", arrival.source)));
        let request = Request { method, uri, version: Version::V2, headers: headers.into(), body: body.to_vec() };
        TransactionKey::from_request(&request, TransactionRole::Server).map_err(|_| bad("malformed"))?;
        // An answer needs To to be readable, too.
        request.to_header().and_then(|to| to.tag()).map_err(|_| bad("malformed From or To"))?;
        Ok(request)
    }
}

fn is_sip(uri: &str) -> bool {
    let starts_with = |scheme: &&str| uri.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    ["sip:", "sips:"].iter().any(starts_with)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault<T>(result: Result<T, Fault>) -> Option<(u16, &'static str)> {
        result.err().map(|fault| (fault.status, fault.why))
    }

    #[test]
    fn a_request_line_of_another_version_is_told_apart_from_a_malformed_one() {
        assert_eq!(request_line("INVITE sip:a@b sip/2.0").ok(), Some(("INVITE", "sip:a@b")));
        for (line, expected) in [
            ("INVITE sip:a@b SIP/7.0", (505, "version")),
            ("INVITE sip:a@b SIP/2.00", (505, "version")),
            ("INVITE sip:a@b SIP/2", (400, "malformed version")),
            ("INVITE sip:a@b SIP/2.0x", (400, "malformed version")),
            ("INVITE  sip:a@b SIP/2.0", (400, "malformed request line")),
            ("INVITE SIP/2.0", (400, "malformed request line")),
        ] {
            assert_eq!(fault(request_line(line)), Some(expected), "{line}");
        }
    }

    #[test]
    fn a_method_is_known_in_the_one_spelling_that_rfc_3261_gives_it() {
        assert_eq!(known_method("INVITE").ok(), Some(Method::Invite));
        for unknown in ["invite", "Invite", "NEWMETHOD"] {
            assert_eq!(fault(known_method(unknown)), Some((501, "unknown method")), "{unknown}");
        }
    }

    #[test]
    fn an_address_of_record_is_a_sip_uri() {
        assert!(is_sip("SIP:a@b") && is_sip("sips:a@b"));
        assert!(!is_sip("tel:+1") && !is_sip("si") && !is_sip("é"));
    }
}
