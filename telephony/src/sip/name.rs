//! Names and addresses in headers: name-addr, tags and URIs (RFC 3261 sections 19.1, 20.10 and 25).
use crate::number::Called;
use crate::party::Party;
use rsipstack::sip::{Auth, HostWithPort, Scheme, Uri};

/// Display name and URI of a From, To or Contact value, without its parameters.
pub(super) fn split(value: &str) -> (Option<String>, &str) {
    match bracket(value) {
        Some(at) => {
            let rest = &value[at + 1..];
            let uri = rest.split('>').next().unwrap_or_default().trim();
            (Some(unquote(value[..at].trim())).filter(|name| !name.is_empty()), uri)
        }
        None => (None, value.split(';').next().unwrap_or_default().trim()),
    }
}

/// The elements of a list of addresses: commas within quotes and angle brackets belong to them.
pub(super) fn list(value: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped, mut angle) = (false, false, false);
    let each = value.split(move |c| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted => angle = true,
            '>' if !quoted => angle = false,
            ',' => return !quoted && !angle,
            _ => {}
        }
        false
    });
    each.map(str::trim).filter(|one| !one.is_empty())
}

/// Where the angle bracket of a name-addr opens.
fn bracket(value: &str) -> Option<usize> {
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
    open.map(|(at, _)| at)
}

/// The tag of a From or To value. It is looked for in each message of a dialog, so nothing else of the value is read.
pub(super) fn tag(value: &str) -> Option<&str> {
    let params = match bracket(value) {
        Some(at) => value[at..].split_once('>')?.1,
        None => value.split_once(';')?.1,
    };
    let mut quoted = false;
    let mut each = params.split(|c| {
        quoted ^= c == '"';
        c == ';' && !quoted
    });
    let tag = each.find_map(|param| {
        let (name, tag) = param.split_once('=')?;
        name.trim().eq_ignore_ascii_case("tag").then(|| tag.trim())
    });
    tag.filter(|tag| !tag.is_empty())
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
    let user = Called::of(text).user().to_owned();
    let party = match uri(text) {
        // tel:+8412… carries the number where sip: has the host.
        Some(uri) if uri.scheme.as_ref().is_some_and(is_tel) => Party::new(user, ""),
        Some(uri) => Party::new(user, uri.host_with_port.to_string()),
        None => Party::default(),
    };
    party.shown_as(display.unwrap_or_default())
}

fn is_tel(scheme: &Scheme) -> bool {
    matches!(scheme, Scheme::Other(other) if other.eq_ignore_ascii_case("tel"))
}

/// A URI whose user part is decoded, so that writing it encodes it once and not twice. The user part may hold semicolons
/// (RFC 3261 section 25.1), at which the parser beneath would end it.
pub(super) fn uri(text: &str) -> Option<Uri> {
    let Some((before, after)) = text.split_once('@') else { return Uri::try_from(text).ok() };
    let (scheme, userinfo) = before.split_once(':')?;
    let mut uri = Uri::try_from(format!("{scheme}:{after}")).ok()?;
    let (user, password) = match userinfo.split_once(':') {
        Some((user, password)) => (user, Some(password.to_owned())),
        None => (userinfo, None),
    };
    uri.auth = Some(Auth { user: decode(user), password });
    Some(uri)
}

/// A request-URI as it stood in the message: the parser takes what stands behind a semicolon of its user part for
/// parameters, and writes it as it was.
pub(super) fn written(uri: &Uri) -> String {
    match &uri.auth {
        Some(Auth { user, .. }) => {
            let scheme = uri.scheme.as_ref().map_or_else(|| "sip".to_owned(), Scheme::to_string);
            let rest = Uri { scheme: None, auth: None, ..uri.clone() };
            format!("{scheme}:{user}@{rest}")
        }
        None => uri.to_string(),
    }
}

/// Whether a call can be placed to this: a SIP URI with a host and, if any, a port that can be.
pub fn is_address(text: &str) -> bool {
    let Some(uri) = uri(text) else { return false };
    let HostWithPort { host, port } = &uri.host_with_port;
    let named = match host {
        rsipstack::sip::Host::Domain(name) => {
            !name.0.is_empty() && name.0.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'.' | b'_'))
        }
        rsipstack::sip::Host::IpAddr(_) => true,
    };
    uri.scheme == Some(Scheme::Sip) && named && port.as_ref().is_none_or(|port| port.0 != 0)
}

/// Percent-decoding; what is no valid escape stays.
pub(crate) fn decode(text: &str) -> String {
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
    fn a_tag_is_found_among_other_parameters_and_nowhere_else() {
        assert_eq!(tag("\"A;tag=0 <x>\" <sip:a@b;tag=1>;x=y;TAG = 7"), Some("7"));
        assert_eq!(tag("sip:a@b;tag=8"), Some("8"));
        assert_eq!(tag("<sip:a@b>;x=\";tag=1\";tag=2;y"), Some("2"));
        for none in ["<sip:a@b;tag=1>", "<sip:a@b>", "sip:a@b", "<sip:a@b>;tag", "<sip:a@b>;tag=", "<sip:a@b", ""] {
            assert_eq!(tag(none), None, "{none}");
        }
    }

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
        assert_eq!(party("<tel:+84-912-345-678>;tag=1").user(), "+84912345678");
        assert_eq!(name("<sip:+84912;npdi;rn=+849@x:5070;user=phone>;tag=1"), "<sip:+84912@x:5070>");
        assert_eq!(name("<sip:x>"), "<sip:x>");
        assert_eq!(name("\"a\\\"b\" <sip:x@y>"), "\"a\\\"b\" <sip:x@y>");
        party("");
        party("<");
        party("\"");
    }

    #[test]
    fn semicolons_of_the_user_part_stay_in_it() {
        let target = uri("sip:+84912;ext=1;phone-context=x@192.0.2.1:5070;transport=tcp").expect("a URI");
        assert_eq!(target.host_with_port.to_string(), "192.0.2.1:5070");
        assert_eq!(target.to_string(), "sip:+84912;ext=1;phone-context=x@192.0.2.1:5070;transport=TCP");
        for text in
            ["sip:echo;npdi;rn=+12065550100@192.0.2.1:5070;user=phone", "sip:%65cho@x", "sip:x:5060", "tel:+84-9"]
        {
            assert_eq!(written(&Uri::try_from(text).expect("a URI")), text);
        }
    }

    #[test]
    fn an_address_to_call_has_a_host_and_a_port_that_can_be() {
        for good in ["sip:100@127.0.0.1", "SIP:a;b=c@host.example:5070;transport=tcp", "sip:x@[::1]:5060", "sip:host"] {
            assert!(is_address(good), "{good}");
        }
        for bad in
            ["sip:100@127.0.0.1:99999", "sip:100@127.0.0.1:0", "sip:100@", "sip:", "tel:+84", "sips:a@b", "sip:a@[::1"]
        {
            assert!(!is_address(bad), "{bad}");
        }
    }

    #[test]
    fn an_escaped_line_end_is_not_let_through() {
        assert_eq!(decode("a%0d%0aVia%3a%zz%"), "a%0d%0aVia:%zz%");
    }
}
