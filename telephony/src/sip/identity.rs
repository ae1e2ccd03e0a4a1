//! What is taken from a trunk's INVITE beside the called party: the asserted caller (RFC 3325), and the header fields that the trunk's
//! allow-list names.
use super::name;
use super::plan::Trunk;
use crate::headers::Headers;
use crate::party::Party;
use rsipstack::sip::Request;

/// The header fields of `request` that the allow-list of `trunk` names, and whether one was left out because it is too long.
pub(super) fn allowed_headers(request: &Request, trunk: &Trunk) -> (Headers, bool) {
    let (mut found, mut long) = (Headers::default(), false);
    for name in trunk.headers.iter().filter(|name| !Headers::NEVER.iter().any(|never| never.eq_ignore_ascii_case(name)))
    {
        for value in values(request, name) {
            if !found.add(name, value) {
                found.remove(name);
                long = true;
                break;
            }
        }
    }
    (found, long)
}

/// The caller that the trunk asserts, its number where it gives one. `None` without P-Asserted-Identity, and where the caller asks
/// for privacy (`Privacy: id` or `user`, RFC 3323 and 3325).
pub(super) fn asserted_caller(request: &Request) -> Option<Party> {
    let private = |value: &str| {
        value.split([';', ',']).any(|token| ["id", "user"].iter().any(|kind| token.trim().eq_ignore_ascii_case(kind)))
    };
    if values(request, "Privacy").any(private) {
        return None;
    }
    let mut all = values(request, "P-Asserted-Identity").flat_map(name::list).map(name::party).collect::<Vec<_>>();
    all.retain(|party| !party.user().is_empty());
    // Two identities are a SIP URI and a tel URI of one caller; the tel URI is the number.
    let number = all.iter().position(|party| party.host().is_empty()).unwrap_or(0);
    let display = all.iter().find_map(|party| party.display().map(str::to_owned));
    let party = all.into_iter().nth(number)?;
    Some(if party.display().is_some() { party } else { party.shown_as(display.unwrap_or_default()) })
}

fn values<'a>(request: &'a Request, name: &'a str) -> impl Iterator<Item = &'a str> {
    request
        .headers
        .iter()
        .filter(move |header| header.name().eq_ignore_ascii_case(name))
        .map(|header| header.value().trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rsipstack::sip::headers::make_header;
    use rsipstack::sip::{Method, Uri, Version};

    fn request(headers: &[(&str, &str)]) -> Request {
        let headers: Vec<_> = headers.iter().map(|(name, value)| make_header(name, (*value).to_owned())).collect();
        Request {
            method: Method::Invite,
            uri: Uri::default(),
            version: Version::V2,
            headers: headers.into(),
            body: vec![],
        }
    }

    fn trunk(headers: &[&str]) -> Trunk {
        let headers = headers.iter().map(|name| (*name).to_owned()).collect();
        Trunk { name: "t".into(), networks: vec![], registration: None, headers }
    }

    #[test]
    fn only_what_the_list_names_comes_through_by_its_spelling_there() {
        let sent = request(&[
            ("x-customer", "4711"),
            ("X-Secret", "no"),
            ("History-Info", "<sip:a@b>;index=1"),
            ("History-Info", "<sip:c@d>;index=1.1"),
            ("Diversion", "<sip:e@f>;reason=user-busy"),
            ("Authorization", "Digest x"),
        ]);
        let (found, long) =
            allowed_headers(&sent, &trunk(&["X-Customer", "History-Info", "diversion", "authorization", "X-None"]));
        let found: Vec<_> = found.iter().collect();
        let history = "<sip:a@b>;index=1, <sip:c@d>;index=1.1";
        assert_eq!(
            found,
            [("History-Info", history), ("X-Customer", "4711"), ("diversion", "<sip:e@f>;reason=user-busy")]
        );
        assert!(!long);
        assert!(allowed_headers(&sent, &trunk(&[])).0.is_empty());
    }

    #[test]
    fn a_value_that_is_too_long_is_left_out_whole() {
        let (fits, longer) = ("x".repeat(Headers::LONGEST), "x".repeat(Headers::LONGEST + 1));
        let sent = request(&[("X-A", &fits), ("X-B", &longer), ("X-C", &fits), ("X-C", "y")]);
        let (found, long) = allowed_headers(&sent, &trunk(&["X-A", "X-B", "X-C"]));
        assert_eq!(found.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["X-A"]);
        assert!(long && !format!("{found:?}").contains("xx"));
    }

    #[test]
    fn the_asserted_caller_is_the_number_unless_privacy_is_asked_for() {
        let who = |headers: &[(&str, &str)]| asserted_caller(&request(headers)).map(|party| party.expose());
        assert_eq!(who(&[]), None);
        assert_eq!(
            who(&[("P-Asserted-Identity", "\"Bell, A.\" <sip:agb@bell.com>, <tel:+1-206-555-0100>")]).as_deref(),
            Some("\"Bell, A.\" <tel:+12065550100>")
        );
        assert_eq!(
            who(&[("P-Asserted-Identity", "<sip:+12065550100;cpc=ordinary@x>"), ("Privacy", "none")]).as_deref(),
            Some("<sip:+12065550100@x>")
        );
        for private in ["id", "header; ID", "user", "user;id;critical"] {
            assert_eq!(who(&[("P-Asserted-Identity", "<tel:+1>"), ("Privacy", private)]), None, "{private}");
        }
        assert_eq!(who(&[("P-Asserted-Identity", "<sip:host>")]), None);
    }
}
