//! `WebOrigin`: where a page comes from, as browsers write it in the `Origin` header (RFC 6454 section 6.2).
use axum::http::Uri;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WebOrigin(String);

impl WebOrigin {
    /// `https://shop.example`, `http://127.0.0.1:8080`: scheme, host, and the port where it is not the scheme's own. `None` for
    /// `null`, for anything with a path, and for a host no browser would write.
    pub fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
        let (host, port) = (uri.host()?.to_ascii_lowercase(), uri.port_u16());
        let own = if scheme == "https" { 443 } else { 80 };
        let plain = host.chars().all(|c| c.is_ascii_alphanumeric() || ".-[]:_".contains(c));
        let authority = uri.authority()?.as_str();
        if !plain
            || text.len() > 255
            || text.ends_with('/')
            || authority.contains('@')
            || text.len() != scheme.len() + 3 + authority.len()
        {
            return None;
        }
        Some(Self(match port.filter(|port| *port != own) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        }))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and port, for records.
    pub fn host(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, host)| host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_writes() {
        for (text, origin) in [
            ("https://shop.example", "https://shop.example"),
            ("https://SHOP.example:443", "https://shop.example"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ] {
            assert_eq!(WebOrigin::parse(text).unwrap().as_str(), origin);
        }
        for text in [
            "",
            "null",
            "*",
            "shop.example",
            "https://shop.example/",
            "https://shop.example/x",
            "ftp://x",
            "https://a@b",
            "https://*.x",
            "file:///x",
            "https://x?y",
            "https:// x",
        ] {
            assert_eq!(WebOrigin::parse(text), None, "{text}");
        }
        assert_eq!(WebOrigin::parse("https://shop.example:444").unwrap().host(), "shop.example:444");
    }
}
