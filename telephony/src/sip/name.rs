//! Names and addresses in headers: name-addr, tags and URIs (RFC 3261 sections 19.1, 20.10 and 25).
use crate::party::Party;
use rsipstack::sip::{Auth, Uri};

/// Display name and URI of a From, To or Contact value, without its parameters.
pub(super) fn split(value: &str) -> (Option<String>, &str) {
    let (mut quoted, mut escaped) = (false, false);
    let open = value.char_indices().find(|(_, c)| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted => return true,
            _ => {}
        }
        false
    });
    match open {
        Some((at, _)) => {
            let rest = &value[at + 1..];
            let uri = rest.split('>').next().unwrap_or_default().trim();
            (Some(unquote(value[..at].trim())).filter(|name| !name.is_empty()), uri)
        }
        None => (None, value.split(';').next().unwrap_or_default().trim()),
    }
}

fn unquote(name: &str) -> String {
    let Some(inner) = name.strip_prefix('"').and_then(|n| n.strip_suffix('"')) else { return name.to_owned() };
    let mut out = String::with_capacity(inner.len());
    let mut escaped = false;
    for c in inner.chars() {
        if c == '\\' && !escaped {
            escaped = true;
        } else {
            out.push(c);
            escaped = false;
        }
    }
    out
}

/// The party a From or To value names. A value that names none gives an empty one.
pub(super) fn party(value: &str) -> Party {
    let (display, text) = split(value);
    let party = match uri(text) {
        Some(uri) => match uri.auth {
            Some(auth) => Party::new(auth.user, uri.host_with_port.to_string()),
            // tel:+8412… carries the number where sip: has the host.
            None if text.len() > 4 && text[..4].eq_ignore_ascii_case("tel:") => {
                Party::new(uri.host_with_port.to_string(), "")
            }
            None => Party::new("", uri.host_with_port.to_string()),
        },
        None => Party::default(),
    };
    party.shown_as(display.unwrap_or_default())
}

/// A URI whose user part is decoded, so that writing it encodes it once and not twice.
pub(super) fn uri(text: &str) -> Option<Uri> {
    let mut uri = Uri::try_from(text).ok()?;
    if let Some(Auth { user, .. }) = &mut uri.auth {
        *user = decode(user);
    }
    Some(uri)
}

/// Percent-decoding; what is no valid escape stays.
pub(super) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let escape = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let byte =
            escape.and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte {
            // A control byte, decoded, could end a header line.
            Some(byte) if byte >= 0x20 && byte != 0x7f => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parties_come_out_of_every_form_of_a_header() {
        let name = |value: &str| party(value).expose();
        assert_eq!(name("\"A. <G.> Bell\" <sip:agb@bell.com>;tag=1"), "\"A. <G.> Bell\" <sip:agb@bell.com>");
        assert_eq!(
            name("Anonymous <sip:c8oqz84zk7z@privacy.org>;tag=h"),
            "\"Anonymous\" <sip:c8oqz84zk7z@privacy.org>"
        );
        assert_eq!(name("sip:+12125551212@server.com:5070;tag=8"), "<sip:+12125551212@server.com:5070>");
        assert_eq!(name("<sip:%61lice@x>"), "<sip:alice@x>");
        assert_eq!(party("<tel:+84912345678>;tag=1").user(), "+84912345678");
        assert_eq!(name("\"a\\\"b\" <sip:x@y>"), "\"a\\\"b\" <sip:x@y>");
        party("");
        party("<");
        party("\"");
    }

    #[test]
    fn an_escaped_line_end_is_not_let_through() {
        assert_eq!(decode("a%0d%0aVia%3a%zz%"), "a%0d%0aVia:%zz%");
    }
}
