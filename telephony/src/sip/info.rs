//! INFO (RFC 6086): keys of the telephone keypad, as `application/dtmf-relay` or `application/dtmf`.
use rsipstack::sip::headers::make_header;
use rsipstack::sip::{Header, Request};

/// The status and header fields that answer an INFO, and its key, from `application/dtmf-relay` or `application/dtmf`.
pub(super) fn answer(request: &Request) -> (u16, Option<char>, Vec<Header>) {
    let kind = request.headers.iter().find_map(|header| match header {
        Header::ContentType(kind) => {
            Some(kind.value().split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
        }
        _ => None,
    });
    let body = std::str::from_utf8(&request.body).unwrap_or_default();
    let signal = match kind.as_deref() {
        None => return (200, None, vec![]),
        Some("application/dtmf") => body.trim(),
        Some("application/dtmf-relay") => body
            .lines()
            .filter_map(|line| line.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("signal"))
            .map_or("", |(_, value)| value.trim()),
        Some(_) => {
            let accept = "application/dtmf-relay, application/dtmf".into();
            return (415, None, vec![make_header("Accept", accept)]);
        }
    };
    // Some phones write 10 and 11 for star and hash, as RFC 4733 numbers them.
    let key = match signal {
        "10" => Some('*'),
        "11" => Some('#'),
        one if one.len() == 1 => {
            one.chars().next().map(|c| c.to_ascii_uppercase()).filter(|c| "0123456789*#ABCD".contains(*c))
        }
        _ => None,
    };
    (200, key, vec![])
}

#[cfg(test)]
mod tests {
    use super::*;
    use rsipstack::sip::{Method, Uri, Version};

    fn said(kind: Option<&str>, body: &str) -> (u16, Option<char>) {
        let headers: Vec<Header> = kind.map(|kind| make_header("Content-Type", kind.into())).into_iter().collect();
        let request = Request {
            method: Method::Info,
            uri: Uri::default(),
            version: Version::V2,
            headers: headers.into(),
            body: body.into(),
        };
        let (status, key, _) = answer(&request);
        (status, key)
    }

    #[test]
    fn an_info_is_a_key_in_either_of_its_two_forms() {
        assert_eq!(said(Some("application/dtmf-relay"), "Signal=5\r\nDuration=160\r\n"), (200, Some('5')));
        assert_eq!(said(Some("application/dtmf-relay; x=y"), "Duration = 160\nsignal = #"), (200, Some('#')));
        assert_eq!(said(Some("Application/DTMF"), "*\r\n"), (200, Some('*')));
        assert_eq!(said(Some("application/dtmf-relay"), "Signal=11"), (200, Some('#')));
        assert_eq!(said(Some("application/dtmf"), "d"), (200, Some('D')));
        assert_eq!(said(Some("application/dtmf"), "12"), (200, None));
        assert_eq!(said(Some("application/dtmf"), ""), (200, None));
        assert_eq!(said(Some("text/plain"), "5"), (415, None));
        assert_eq!(said(None, ""), (200, None));
    }
}
