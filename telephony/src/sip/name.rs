//! Names and addresses in header fields: name-addr, tags and URIs (RFC 3261 sections 19.1, 20.10 and 25).
use super::flow::SipTransport;
use super::syntax::{self, Part};
use crate::number::Called;
use crate::party::Party;
use crate::percent::decode;
use rsipstack::sip::{Auth, HostWithPort, Scheme, Uri};
use std::borrow::Cow;

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

/// The elements of a list of addresses. Commas within quotes and angle brackets do not separate.
pub(super) fn list(value: &str) -> impl Iterator<Item = &str> {
    syntax::elements(value).filter(|one| !one.is_empty())
}

/// The place of the opening angle bracket of a name-addr.
fn bracket(value: &str) -> Option<usize> {
    syntax::parts(value).find(|(.., part)| *part == Part::Address).map(|(at, ..)| at)
}

/// The tag of a From or To value. Called for each message of a dialog, it parses nothing else of the value.
pub(super) fn tag(value: &str) -> Option<&str> {
    param(value, "tag")
}

/// The value of a parameter behind an address.
pub(super) fn param<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let mut named =
        syntax::params(value).filter(|(given, value)| given.eq_ignore_ascii_case(name) && !value.is_empty());
    named.next().map(|(_, value)| value)
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

/// The party that a From or To value names; an empty one where there is none.
pub(super) fn party(value: &str) -> Party {
    let value = syntax::readable(value);
    let (display, text) = split(&value);
    let user = Called::of(text).user().to_owned();
    let party = match uri(text) {
        // `tel:` URIs have the number in the place of the host.
        Some(uri) if uri.scheme.as_ref().is_some_and(is_tel) => Party::new(user, ""),
        Some(uri) => Party::new(user, uri.host_with_port.to_string()),
        None => Party::default(),
    };
    party.shown_as(display.unwrap_or_default())
}

fn is_tel(scheme: &Scheme) -> bool {
    matches!(scheme, Scheme::Other(other) if other.eq_ignore_ascii_case("tel"))
}

/// Parses a URI and decodes its user part, so that writing it encodes it once. The user part may contain semicolons (RFC 3261 section
/// 25.1), at which the parser of `rsipstack` would end it.
pub(super) fn uri(text: &str) -> Option<Uri> {
    let mut uri = wire_uri(text)?;
    if let Some(Auth { user, .. }) = &mut uri.auth {
        *user = decode(user);
    }
    Some(uri)
}

/// Parses a URI and keeps its user part as it is written. It may contain separators unescaped (RFC 3261 section 25.1,
/// user-unreserved), at which the parser of `rsipstack` would end it. Parameters whose values that parser refuses are left out.
pub(super) fn wire_uri(text: &str) -> Option<Uri> {
    let user = text.split_once(':').and_then(|(scheme, rest)| Some((scheme, rest.split_once('@')?)));
    let (place, auth) = match user {
        Some((scheme, (user, place))) => (Cow::Owned(format!("{scheme}:{place}")), Some(Auth::from(user))),
        None => (Cow::Borrowed(text), None),
    };
    let mut uri =
        Uri::try_from(place.as_ref()).ok().or_else(|| Uri::try_from(&place[..place.find([';', '?'])?]).ok())?;
    uri.auth = auth;
    Some(uri)
}

/// The text of a request-URI that [`wire_uri`] has parsed, as it stood in the message.
pub(super) fn written(uri: &Uri) -> String {
    match &uri.auth {
        Some(Auth { user, password }) => {
            let scheme = uri.scheme.as_ref().map_or_else(|| "sip".to_owned(), Scheme::to_string);
            let password = password.as_ref().map(|password| format!(":{password}")).unwrap_or_default();
            let rest = Uri { scheme: None, auth: None, ..uri.clone() };
            format!("{scheme}:{user}{password}@{rest}")
        }
        None => uri.to_string(),
    }
}

/// Whether a call can be placed to this text: a SIP URI with a host and, where it has one, a valid port.
pub fn is_address(text: &str) -> bool {
    let Some(uri) = uri(text) else { return false };
    let HostWithPort { host, port } = &uri.host_with_port;
    let named = match host {
        rsipstack::sip::Host::Domain(name) => {
            let sound = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'.' | b'_');
            // The last label of a host name begins with a letter (RFC 3261 section 25.1): 256.1.1.1 is neither a name nor an address.
            let last = name.0.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
            name.0.bytes().all(sound) && last.starts_with(|c: char| c.is_ascii_alphabetic())
        }
        rsipstack::sip::Host::IpAddr(_) => true,
    };
    uri.scheme == Some(Scheme::Sip) && named && port.as_ref().is_none_or(|port| port.0 != 0)
}

/// The transport that a SIP URI asks for (RFC 3261 section 19.1.1): `Ok(None)` where it asks for none, an error where it is not
/// supported: another transport could send a call in the clear for which encryption was asked.
pub fn transport(text: &str) -> Result<Option<SipTransport>, &'static str> {
    let place = text.rsplit_once('@').map_or(text, |(_, place)| place);
    let parameters = place.split('?').next().unwrap_or_default().split(';').skip(1);
    let value = |parameter: &str| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        name.trim().eq_ignore_ascii_case("transport").then(|| value.trim().to_ascii_lowercase())
    };
    match parameters.filter_map(value).next().as_deref() {
        None => Ok(None),
        Some("udp") => Ok(Some(SipTransport::Udp)),
        Some("tcp") => Ok(Some(SipTransport::Tcp)),
        Some(_) => Err("asks for a transport other than udp and tcp"),
    }
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
    fn a_user_part_may_hold_what_separates_elsewhere() {
        let user = |text: &str| uri(text).and_then(|uri| uri.auth).map(|auth| auth.user);
        assert_eq!(user("sip:user;par=u%40example.net@example.com").as_deref(), Some("user;par=u@example.net"));
        assert_eq!(user("sip:what?;/?:x@example.com;lr").as_deref(), Some("what?;/?"));
        assert_eq!(user("sip:a@b?Replaces=c%40d;x").as_deref(), Some("a"));
        let odd = uri("sip:a@b:5070;transport=pigeon;lr").expect("a URI");
        assert_eq!((odd.host_with_port.to_string().as_str(), odd.params.len()), ("b:5070", 0));
        let back = wire_uri("sip:user;par=u%40example.net@example.com").expect("a URI");
        assert_eq!(back.host_with_port.to_string(), "example.com");
    }

    #[test]
    fn semicolons_of_the_user_part_stay_in_it() {
        let target = uri("sip:+84912;ext=1;phone-context=x@192.0.2.1:5070;transport=tcp").expect("a URI");
        assert_eq!(target.host_with_port.to_string(), "192.0.2.1:5070");
        assert_eq!(target.to_string(), "sip:+84912;ext=1;phone-context=x@192.0.2.1:5070;transport=TCP");
        for text in
            ["sip:echo;npdi;rn=+12065550100@192.0.2.1:5070;user=phone", "sip:%65cho@x", "sip:x:5060", "tel:+84-9"]
        {
            assert_eq!(wire_uri(text).as_ref().map(written).as_deref(), Some(text));
        }
    }

    #[test]
    fn an_address_to_call_has_a_host_and_a_port_that_can_be() {
        for good in ["sip:100@127.0.0.1", "SIP:a;b=c@host.example:5070;transport=tcp", "sip:x@[::1]:5060", "sip:host"] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "sip:100@127.0.0.1:99999",
            "sip:100@127.0.0.1:0",
            "sip:100@256.1.1.1",
            "sip:100@",
            "sip:",
            "tel:+84",
            "sips:a@b",
            "sip:a@[::1",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }

    #[test]
    fn a_transport_is_taken_as_it_is_asked_for() {
        for (text, asked) in [
            ("sip:a@b", Ok(None)),
            ("sip:a;transport=tls@b", Ok(None)),
            ("sip:a@b;lr;transport=UDP", Ok(Some(SipTransport::Udp))),
            ("sip:b;Transport=tcp?Subject=x", Ok(Some(SipTransport::Tcp))),
        ] {
            assert_eq!(transport(text), asked, "{text}");
        }
        for other in ["tls", "TLS", "sctp", "ws", "wss", "pigeon", ""] {
            assert!(transport(&format!("sip:a@b;transport={other}")).is_err(), "{other}");
        }
    }
}
