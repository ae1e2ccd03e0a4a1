//! The body of an INVITE, an ACK or their answers: finds the session description, alone or as one part of several (RFC 5621,
//! RFC 2046), as exchanges send it that tunnel ISUP (SIP-I) or add a location. Never panics.
use super::syntax;
use rsipstack::sip::headers::make_header;
use rsipstack::sip::{Header, Method, SipMessage};

/// How deep multipart bodies may be nested, and how many parts are read in each.
const MAX_DEPTH: usize = 4;
const MAX_PARTS: usize = 32;

/// What a body holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body<'a> {
    Description(&'a [u8]),
    /// Nothing, or content whose handling is optional.
    Ignored,
    /// Content whose handling is required (RFC 3204 section 4) and that this server does not know.
    NotUnderstood,
}

/// The header fields that describe a body, or a part of one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BodyHeaders<'a> {
    /// Content-Type.
    pub media: &'a str,
    /// Content-Disposition; empty where there is none.
    pub disposition: &'a str,
}

/// Reads a body. Of several descriptions the first counts, among alternatives the last (RFC 2046 section 5.1.4). Parts beside a
/// description are passed over, whatever handling they ask for: an exchange that adds ISUP can do without an answer to it.
pub(super) fn read<'a>(described_by: BodyHeaders<'_>, body: &'a [u8]) -> Body<'a> {
    read_at_depth(described_by, body, MAX_DEPTH)
}

fn read_at_depth<'a>(described_by: BodyHeaders<'_>, body: &'a [u8], depth: usize) -> Body<'a> {
    let media: String = without_parameters(described_by.media).chars().filter(|c| !c.is_whitespace()).collect();
    let media = media.to_ascii_lowercase();
    let optional = parameter(described_by.disposition, "handling").is_some_and(|h| h.eq_ignore_ascii_case("optional"));
    let not_understood = if optional { Body::Ignored } else { Body::NotUnderstood };
    if media == "application/sdp" {
        // The description of an early session (RFC 3959), which this server does not support.
        let early = without_parameters(described_by.disposition).eq_ignore_ascii_case("early-session");
        return if early { not_understood } else { Body::Description(body) };
    }
    let boundary = parameter(described_by.media, "boundary").filter(|b| (1..=70).contains(&b.len()));
    let Some(boundary) = boundary.filter(|_| media.starts_with("multipart/") && depth > 0) else {
        return not_understood;
    };
    let mut found = Body::Ignored;
    for part in parts(body, boundary.as_bytes()) {
        match (read_part(part, depth - 1), found) {
            (session @ Body::Description(_), Body::Description(_)) if media == "multipart/alternative" => {
                found = session
            }
            (_, Body::Description(_)) | (Body::Ignored, _) => {}
            (other, _) => found = other,
        }
    }
    if optional && found == Body::NotUnderstood { Body::Ignored } else { found }
}

/// A value without its parameters.
fn without_parameters(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

/// A parameter's value, unquoted.
fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = syntax::params(value).find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    Some(value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value))
}

/// The parts between the delimiter lines, each with its header fields. Where the closing delimiter is missing, the last part ends with
/// the body.
fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<&'a [u8]> {
    let (mut parts, mut begun, mut at) = (Vec::new(), None, 0);
    for line in body.split_inclusive(|b| *b == b'\n') {
        let after = line.strip_prefix(b"--").and_then(|rest| rest.strip_prefix(boundary)).map(<[u8]>::trim_ascii);
        if let Some(after @ (b"" | b"--")) = after {
            if let Some(part) = begun.and_then(|from| body.get(from..at)) {
                // The line end before a delimiter line is part of the delimiter.
                let part = part.strip_suffix(b"\n").unwrap_or(part);
                parts.push(part.strip_suffix(b"\r").unwrap_or(part));
            }
            if after == b"--" || parts.len() == MAX_PARTS {
                return parts;
            }
            begun = Some(at + line.len());
        }
        at += line.len();
    }
    parts.extend(begun.and_then(|from| body.get(from..)));
    parts
}

/// Reads one part: header fields, an empty line, content.
fn read_part(part: &[u8], depth: usize) -> Body<'_> {
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
    // A part without Content-Type is plain text (RFC 2046 section 5.1). Parts with a transfer encoding are not decoded: no known SIP
    // implementation sends them.
    let media = if plain { media } else { "" };
    read_at_depth(BodyHeaders { media, disposition }, part.get(at..).unwrap_or_default(), depth)
}

/// Reduces the body of a message to its session description, the only content that the code behind this reads.
pub(super) fn reduce_to_description(message: &mut SipMessage) {
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
    let mut described_by = BodyHeaders::default();
    for header in headers.iter() {
        match header {
            Header::ContentType(value) => described_by.media = value.value(),
            Header::ContentDisposition(value) => described_by.disposition = value.value(),
            _ => {}
        }
    }
    let only = match read(described_by, body) {
        Body::Description(part) if part.len() < body.len() => part.to_vec(),
        Body::Ignored => Vec::new(),
        Body::Description(_) | Body::NotUnderstood => return,
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
        read(BodyHeaders { media, disposition: "" }, body.as_bytes())
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
                assert_eq!(body(media, &text), Body::Description(SDP.as_bytes()), "{media} {text}");
            }
        }
        assert_eq!(body("application / SDP;x=y", SDP), Body::Description(SDP.as_bytes()));
    }

    #[test]
    fn parts_within_parts_are_looked_into_and_the_last_alternative_counts() {
        let nest = |inner: &str, media: &str, text: &str| {
            let inner_part = format!("--{inner}\r\nContent-Type: {media}\r\n\r\n{text}\r\n--{inner}--\r\n");
            format!("--b1\r\nContent-Type: multipart/mixed;boundary={inner}\r\n\r\n{inner_part}\r\n--b1--\r\n")
        };
        assert_eq!(
            body("multipart/mixed;boundary=b1", &nest("b1x", "application/sdp", SDP)),
            Body::Description(SDP.as_bytes())
        );
        let other = "v=0\r\no=- 2 2 IN IP6 ::1\r\n";
        let two = mixed(&[sdp(), part("Content-Type: application/sdp", other), isup("optional")]);
        assert_eq!(body("multipart/alternative;boundary=b1", &two), Body::Description(other.as_bytes()));
        assert_eq!(body("multipart/mixed;boundary=b1", &two), Body::Description(SDP.as_bytes()));
        // Too deep is nothing we understand, and no stack is used up.
        let mut deep = format!("--x99\r\nContent-Type: application/sdp\r\n\r\n{SDP}\r\n--x99--\r\n");
        for n in (1..99).rev() {
            let header = format!("Content-Type: multipart/mixed;boundary=x{}", n + 1);
            deep = format!("--x{n}\r\n{header}\r\n\r\n{deep}\r\n--x{n}--\r\n");
        }
        assert_eq!(body("multipart/mixed;boundary=x1", &deep), Body::NotUnderstood);
        assert_eq!(
            body("multipart/mixed;boundary=x97", &deep[deep.find("--x97").unwrap()..]),
            Body::Description(SDP.as_bytes())
        );
    }

    #[test]
    fn what_is_no_description_says_whether_it_matters() {
        let of = |media, disposition| read(BodyHeaders { media, disposition }, b"x");
        assert_eq!(of("application/isup", ""), Body::NotUnderstood);
        assert_eq!(of("application/isup", "signal; handling=required"), Body::NotUnderstood);
        assert_eq!(of("application/isup", "signal ; Handling = Optional"), Body::Ignored);
        assert_eq!(of("application/sdp", "early-session;handling=optional"), Body::Ignored);
        assert_eq!(of("", ""), Body::NotUnderstood);
        assert_eq!(of("multipart/mixed", ""), Body::NotUnderstood, "no boundary");
        assert_eq!(body("multipart/mixed;boundary=b1", &mixed(&[isup("optional")])), Body::Ignored);
        assert_eq!(body("multipart/mixed;boundary=b1", &mixed(&[isup("required")])), Body::NotUnderstood);
        let coded = part("Content-Type: application/sdp\r\nContent-Transfer-Encoding: base64", "dj0w");
        assert_eq!(body("multipart/mixed;boundary=b1", &mixed(&[coded])), Body::NotUnderstood);
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
            read(BodyHeaders { media: "multipart/mixed;boundary=b1", disposition: "" }, &bytes);
        }
        for media in ["multipart/;boundary=", "multipart/x;boundary=\"", ";=;", "multipart/mixed;boundary=--"] {
            body(media, &whole);
        }
    }
}
