//! What RFC 3261 asks of single header fields and of the request-URI. Values are in the canonical form of [`crate::sip::syntax`].
use super::{BODIES, Fault, bad};
use crate::sip::body::{self, Body, BodyHeaders};
use crate::sip::name;
use crate::sip::syntax::{self, Message, Part, elements, is_balanced, is_token, parts};
use crate::sip::via::Via;
use rsipstack::sip::Method;

/// Option tags that a reply names as unsupported, at most.
const MAX_TAGS: usize = 32;
/// The option tags (RFC 3261 section 19.2) that this server supports in Require.
const SUPPORTED: &[&str] = &["timer", "replaces"];

/// A From or To value with balanced quotes and brackets, and a URI.
pub(super) fn party(value: &str) -> Result<&str, Fault> {
    let tag = name::tag(value);
    let sound = is_balanced(value)
        && !has_stray_separators(value)
        && name::split(value).1.split_once(':').is_some_and(|(scheme, rest)| is_token(scheme) && !rest.is_empty())
        && tag.is_none_or(|tag| tag.is_ascii() && !tag.contains([' ', ',']));
    if sound { Ok(value) } else { Err(bad("malformed From or To")) }
}

/// Contact of INVITE and REGISTER (RFC 3261 sections 8.1.1.8 and 20.10).
pub(super) fn contacts(message: &Message, method: Method, from: &str, via: &Via) -> Result<(), Fault> {
    let invites = method == Method::Invite;
    if !invites && method != Method::Register {
        return Ok(());
    }
    let mut given = 0;
    for contact in message.list("contact") {
        given += 1;
        let (_, uri) = name::split(contact);
        let bracketed = parts(contact).any(|(_, _, part)| part == Part::Address);
        // Without brackets a question mark is ambiguous (RFC 3261 section 20).
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
    // Contact is optional for a client of RFC 2543, whose branch lacks the magic cookie.
    let old = !via.branch().is_some_and(|branch| branch.starts_with("z9hG4bK"));
    if invites && given == 0 && !(old && name::uri(&syntax::readable(name::split(from).1)).is_some()) {
        return Err(bad("no Contact"));
    }
    Ok(())
}

/// Call-ID is one word of visible ASCII.
pub(super) fn call_id(message: &Message) -> Result<(), Fault> {
    let call_id = message.one("call-id", "no Call-ID", "two Call-ID")?;
    let sound = !call_id.is_empty() && call_id.is_ascii() && !call_id.contains([' ', '\t']);
    if sound { Ok(()) } else { Err(bad("malformed Call-ID")) }
}

/// Max-Forwards is a number of any size: this server forwards nothing (RFC 4475 section 3.1.2.4).
pub(super) fn max_forwards(message: &Message) -> Result<(), Fault> {
    let hops = message.at_most_one("max-forwards", "two Max-Forwards")?;
    let sound = hops.is_none_or(|hops| !hops.is_empty() && hops.bytes().all(|c| c.is_ascii_digit()));
    if sound { Ok(()) } else { Err(bad("malformed Max-Forwards")) }
}

/// 420 for an extension that we do not support (RFC 3261 section 8.2.2.3).
pub(super) fn required_extensions(message: &Message) -> Result<(), Fault> {
    let required: Vec<&str> = message.list("require").filter(|tag| !tag.is_empty()).collect();
    if !required.iter().all(|tag| is_token(tag)) {
        return Err(bad("malformed Require"));
    }
    let known = |tag: &str| SUPPORTED.iter().any(|known| known.eq_ignore_ascii_case(tag));
    let unknown: Vec<&str> = required.into_iter().filter(|tag| !known(tag)).take(MAX_TAGS).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let extra = format!("Unsupported: {}\r\n", unknown.join(", "));
    Err(Fault { status: 420, why: "required extension", extra })
}

/// Whether the answer to an INVITE may carry a session description (RFC 3261 section 20.1).
pub(super) fn accepts_description(message: &Message) -> bool {
    let mut asked = message.all("accept").peekable();
    asked.peek().is_none()
        || message.list("accept").any(|range| {
            let range = range.split(';').next().unwrap_or_default();
            ["application/sdp", "application/*", "*/*"].iter().any(|fits| range.eq_ignore_ascii_case(fits))
        })
}

/// 415 for a body that has to be understood and holds no session description (RFC 3261 section 8.2.3, RFC 5621).
pub(super) fn media_type(message: &Message, body: &[u8]) -> Result<(), Fault> {
    let media = message.at_most_one("content-type", "two Content-Type")?.ok_or(bad("no Content-Type"))?;
    let disposition = message.first("content-disposition").unwrap_or_default();
    if body::read(BodyHeaders { media, disposition }, body) == Body::NotUnderstood {
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

/// A `sip:`, `sips:` or `tel:` URI with a host or a number.
pub(super) fn request_uri(uri: &str) -> Result<(), Fault> {
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
    // A user part may contain separators. Embedded header fields are not allowed in a request-URI (RFC 3261 table 1), nor are angle
    // brackets and quotes.
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
pub(super) fn cseq(value: &str) -> Option<(u32, &str)> {
    let mut parts = value.split_ascii_whitespace();
    let (number, method) = (parts.next()?, parts.next()?);
    let digits = number.bytes().all(|c| c.is_ascii_digit());
    let number = number.parse().ok().filter(|n| digits && *n < 1 << 31)?;
    (parts.next().is_none() && is_token(method)).then_some((number, method))
}

/// An empty parameter or list element: `;;`, `,,`, `;,` or one at the end, outside quotes and addresses.
pub(super) fn has_stray_separators(value: &str) -> bool {
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
pub(in crate::sip) fn first_of_list(value: &str) -> &str {
    elements(value).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cseq_is_a_number_below_two_to_the_31_and_a_method() {
        assert_eq!(cseq("2147483647 INVITE"), Some((2_147_483_647, "INVITE")));
        for wrong in ["2147483648 INVITE", "+1 INVITE", "1", "INVITE", "1 INVITE x", "1 IN<VITE", ""] {
            assert_eq!(cseq(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn stray_separators_are_seen_outside_of_quotes_and_addresses_alone() {
        for stray in [";;", "a;", "a,,b", "a; ,b", "<sip:a@b>;x=1;"] {
            assert!(has_stray_separators(stray), "{stray:?}");
        }
        for sound in ["", "a;b,c;d", "\";;\" <sip:a@b;;c>;x", "\"a,\""] {
            assert!(!has_stray_separators(sound), "{sound:?}");
        }
    }

    #[test]
    fn a_party_has_an_address_with_a_scheme() {
        for sound in ["<sip:a@b>", "sip:a@b;tag=1", "\"A, B\" <tel:+15551212>;tag=1"] {
            assert!(party(sound).is_ok(), "{sound:?}");
        }
        for wrong in ["", "a@b", "<sip:>", "<sip:a@b", "\"A <sip:a@b>", "<sip:a@b>;tag=1,2", "<sip:a@b>;;tag=1"] {
            assert!(party(wrong).is_err(), "{wrong:?}");
        }
    }
}
