//! What the body of an INVITE, an ACK or their answers is to us: a session description, alone or as one part of several
//! (RFC 5621, RFC 2046), as exchanges send it that tunnel ISUP (SIP-I) or name a place. No panic, whatever it holds.
use super::syntax;
use rsipstack::sip::headers::make_header;
use rsipstack::sip::{Header, Method, SipMessage};

/// How deep parts may lie within parts, and how many are looked at in each.
const DEEPEST: usize = 4;
const MOST: usize = 32;

/// What a body comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body<'a> {
    Session(&'a [u8]),
    /// Nothing that we have to understand.
    Nothing,
    /// Something that its sender wants understood, and that we do not.
    Strange,
}

/// The headers that tell what a body, or a part of one, is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Kind<'a> {
    /// Content-Type.
    pub media: &'a str,
    /// Content-Disposition, or nothing.
    pub disposition: &'a str,
}

/// Reads a body. Of several descriptions the first counts, among alternatives the last (RFC 2046 section 5.1.4). Parts beside a
/// description are passed over, whatever handling they ask for: an exchange that adds ISUP can do without an answer to it.
pub(super) fn read<'a>(kind: Kind<'_>, body: &'a [u8]) -> Body<'a> {
    within(kind, body, DEEPEST)
}

fn within<'a>(kind: Kind<'_>, body: &'a [u8], depth: usize) -> Body<'a> {
    let media: String = first(kind.media).chars().filter(|c| !c.is_whitespace()).collect();
    let media = media.to_ascii_lowercase();
    let optional = parameter(kind.disposition, "handling").is_some_and(|h| h.eq_ignore_ascii_case("optional"));
    let strange = if optional { Body::Nothing } else { Body::Strange };
    if media == "application/sdp" {
        // Early media of a leg of its own (RFC 3959) is nothing we speak.
        let early = first(kind.disposition).eq_ignore_ascii_case("early-session");
        return if early { strange } else { Body::Session(body) };
    }
    let boundary = parameter(kind.media, "boundary").filter(|b| (1..=70).contains(&b.len()));
    let Some(boundary) = boundary.filter(|_| media.starts_with("multipart/") && depth > 0) else { return strange };
    let mut found = Body::Nothing;
    for part in parts(body, boundary.as_bytes()) {
        match (part_of(part, depth - 1), found) {
            (session @ Body::Session(_), Body::Session(_)) if media == "multipart/alternative" => found = session,
            (_, Body::Session(_)) | (Body::Nothing, _) => {}
            (other, _) => found = other,
        }
    }
    if optional && found == Body::Strange { Body::Nothing } else { found }
}

/// A value without its parameters.
fn first(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

/// A parameter's value, unquoted.
fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = syntax::params(value).find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    Some(value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value))
}

/// What lies between the delimiter lines, each part with its headers. A body that is cut off ends its last part.
fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<&'a [u8]> {
    let (mut parts, mut begun, mut at) = (Vec::new(), None, 0);
    for line in body.split_inclusive(|b| *b == b'\n') {
        let after = line.strip_prefix(b"--").and_then(|rest| rest.strip_prefix(boundary)).map(<[u8]>::trim_ascii);
        if let Some(after @ (b"" | b"--")) = after {
            if let Some(part) = begun.and_then(|from| body.get(from..at)) {
                // The line end before a delimiter belongs to it.
                let part = part.strip_suffix(b"\n").unwrap_or(part);
                parts.push(part.strip_suffix(b"\r").unwrap_or(part));
            }
            if after == b"--" || parts.len() == MOST {
                return parts;
            }
            begun = Some(at + line.len());
        }
        at += line.len();
    }
    parts.extend(begun.and_then(|from| body.get(from..)));
    parts
}

/// One part: its headers, an empty line, and what it holds.
fn part_of(part: &[u8], depth: usize) -> Body<'_> {
    let mut headers: Vec<String> = Vec::new();
    let mut at = 0;
    for line in part.split_inclusive(|b| *b == b'\n') {
        at += line.len();
        if line.trim_ascii().is_empty() {
            break;
        }
        let text = String::from_utf8_lossy(line.trim_ascii());
        match headers.last_mut() {
            Some(last) if line.starts_with(b" ") || line.starts_with(b"\t") => {
                last.push(' ');
                last.push_str(&text);
            }
            _ => headers.push(text.into_owned()),
        }
    }
    let value = |name: &str| {
        let mut named = headers.iter().filter_map(|header| header.split_once(':'));
        named.find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map_or("", |(_, value)| value.trim())
    };
    let (media, disposition) = (value("Content-Type"), value("Content-Disposition"));
    let encoding = value("Content-Transfer-Encoding");
    let plain = ["", "7bit", "8bit", "binary"].iter().any(|plain| encoding.eq_ignore_ascii_case(plain));
    // Without a type it is plain text (RFC 2046 section 5.1), and encoded ones are nobody's habit in SIP.
    let media = if plain { media } else { "" };
    within(Kind { media, disposition }, part.get(at..).unwrap_or_default(), depth)
}

/// Leaves of a message's body what is a session description, so that nobody behind here meets anything else.
pub(super) fn simplify(message: &mut SipMessage) {
    let (headers, body) = match message {
        SipMessage::Request(request)
            if matches!(request.method, Method::Invite | Method::Ack | Method::Update | Method::PRack) =>
        {
            (&mut request.headers, &mut request.body)
        }
        SipMessage::Request(_) => return,
        SipMessage::Response(response) => (&mut response.headers, &mut response.body),
    };
    if body.is_empty() {
        return;
    }
    let mut kind = Kind::default();
    for header in headers.iter() {
        match header {
            Header::ContentType(value) => kind.media = value.value(),
            Header::ContentDisposition(value) => kind.disposition = value.value(),
            _ => {}
        }
    }
    let only = match read(kind, body) {
        Body::Session(part) if part.len() < body.len() => part.to_vec(),
        Body::Nothing => Vec::new(),
        Body::Session(_) | Body::Strange => return,
    };
    headers.retain(|header| !matches!(header, Header::ContentType(_) | Header::ContentDisposition(_)));
    if !only.is_empty() {
        headers.push(make_header("Content-Type", "application/sdp".into()));
    }
    *body = only;
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\n";

    fn part(headers: &str, body: &str) -> String {
        format!("--b1\r\n{headers}\r\n\r\n{body}\r\n")
    }

    fn sdp() -> String {
        part("Content-Type: application/sdp", SDP)
    }

    fn isup(handling: &str) -> String {
        let headers =
            "Content-Type: application/ISUP;base=itu-t92+;version=itu-t92+\r\nContent-Disposition: signal;handling=";
        part(&format!("{headers}{handling}"), "\u{1}\0\n--b2\r\n--\r\n\u{7}")
    }

    fn mixed(parts: &[String]) -> String {
        format!("preamble\r\n{}--b1--\r\nepilogue\r\n{}", parts.concat(), sdp())
    }

    fn body<'a>(media: &'a str, body: &'a str) -> Body<'a> {
        read(Kind { media, disposition: "" }, body.as_bytes())
    }

    #[test]
    fn a_description_is_found_among_other_parts_whichever_comes_first() {
        for text in [
            mixed(&[sdp(), isup("optional")]),
            mixed(&[isup("required"), sdp()]),
            mixed(&[part("Content-Type: text/plain\r\nX-Other: 1", "hello"), isup("optional"), sdp()]),
            // RFC 5621 figure 2, with a name of its own and a folded header.
            mixed(&[part(
                "Content-ID: <1@x>\r\nContent-Type:\r\n application/sdp\r\nContent-Disposition: session",
                SDP,
            )]),
            // Cut off, and with bare line feeds.
            format!("--b1\r\nContent-Type: application/sdp\r\n\r\n{SDP}"),
            mixed(&[sdp()]).replace("\r\n--b1", "\n--b1 ").replace("sdp\r\n\r\n", "sdp\n\n"),
        ] {
            for media in [
                "multipart/mixed;boundary=b1",
                "Multipart / Mixed ; charset=x ; BOUNDARY=\"b1\"",
                "multipart/related;boundary=b1;type=\"a;b\"",
            ] {
                assert_eq!(body(media, &text), Body::Session(SDP.as_bytes()), "{media} {text}");
            }
        }
        assert_eq!(body("application / SDP;x=y", SDP), Body::Session(SDP.as_bytes()));
    }

    #[test]
    fn parts_within_parts_are_looked_into_and_the_last_alternative_counts() {
        let nest = |inner: &str, kind: &str, text: &str| {
            let inner_part = format!("--{inner}\r\nContent-Type: {kind}\r\n\r\n{text}\r\n--{inner}--\r\n");
            format!("--b1\r\nContent-Type: multipart/mixed;boundary={inner}\r\n\r\n{inner_part}\r\n--b1--\r\n")
        };
        assert_eq!(
            body("multipart/mixed;boundary=b1", &nest("b1x", "application/sdp", SDP)),
            Body::Session(SDP.as_bytes())
        );
        let other = "v=0\r\no=- 2 2 IN IP6 ::1\r\n";
        let two = mixed(&[sdp(), part("Content-Type: application/sdp", other), isup("optional")]);
        assert_eq!(body("multipart/alternative;boundary=b1", &two), Body::Session(other.as_bytes()));
        assert_eq!(body("multipart/mixed;boundary=b1", &two), Body::Session(SDP.as_bytes()));
        // Too deep is nothing we understand, and no stack is used up.
        let mut deep = format!("--x99\r\nContent-Type: application/sdp\r\n\r\n{SDP}\r\n--x99--\r\n");
        for n in (1..99).rev() {
            let kind = format!("Content-Type: multipart/mixed;boundary=x{}", n + 1);
            deep = format!("--x{n}\r\n{kind}\r\n\r\n{deep}\r\n--x{n}--\r\n");
        }
        assert_eq!(body("multipart/mixed;boundary=x1", &deep), Body::Strange);
        assert_eq!(
            body("multipart/mixed;boundary=x97", &deep[deep.find("--x97").unwrap()..]),
            Body::Session(SDP.as_bytes())
        );
    }

    #[test]
    fn what_is_no_description_says_whether_it_matters() {
        let of = |media, disposition| read(Kind { media, disposition }, b"x");
        assert_eq!(of("application/isup", ""), Body::Strange);
        assert_eq!(of("application/isup", "signal; handling=required"), Body::Strange);
        assert_eq!(of("application/isup", "signal ; Handling = Optional"), Body::Nothing);
        assert_eq!(of("application/sdp", "early-session;handling=optional"), Body::Nothing);
        assert_eq!(of("", ""), Body::Strange);
        assert_eq!(of("multipart/mixed", ""), Body::Strange, "no boundary");
        assert_eq!(body("multipart/mixed;boundary=b1", &mixed(&[isup("optional")])), Body::Nothing);
        assert_eq!(body("multipart/mixed;boundary=b1", &mixed(&[isup("required")])), Body::Strange);
        let coded = part("Content-Type: application/sdp\r\nContent-Transfer-Encoding: base64", "dj0w");
        assert_eq!(body("multipart/mixed;boundary=b1", &mixed(&[coded])), Body::Strange);
    }

    #[test]
    fn rubbish_never_panics() {
        let mut random = <rand::rngs::StdRng as rand::SeedableRng>::seed_from_u64(5621);
        let whole = mixed(&[isup("optional"), sdp(), part("", "x")]);
        for _ in 0..20_000 {
            let mut bytes = whole.clone().into_bytes();
            for _ in 0..rand::Rng::random_range(&mut random, 1..8) {
                let at = rand::Rng::random_range(&mut random, 0..bytes.len());
                bytes[at] = b"\r\n-b1 :;=\"\0\xff"[rand::Rng::random_range(&mut random, 0..12)];
            }
            bytes.truncate(rand::Rng::random_range(&mut random, 0..=bytes.len()));
            read(Kind { media: "multipart/mixed;boundary=b1", disposition: "" }, &bytes);
        }
        for media in ["multipart/;boundary=", "multipart/x;boundary=\"", ";=;", "multipart/mixed;boundary=--"] {
            body(media, &whole);
        }
    }
}
