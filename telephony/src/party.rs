//! `Party`: the caller or the called party, as signalling names it. Its `Debug` hides who it is.
use std::fmt;
use std::net::IpAddr;

/// A person or service named by a SIP URI (RFC 3261 section 19.1). `Debug` hides the user part and the display name.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Party {
    display: Option<String>,
    user: String,
    host: String,
}

impl Party {
    /// `user` may be empty, as in a URI without a user part.
    pub fn new(user: impl Into<String>, host: impl Into<String>) -> Self {
        Self { display: None, user: user.into(), host: host.into() }
    }

    /// The same party with this display name; an empty one is none.
    pub fn shown_as(mut self, display: impl Into<String>) -> Self {
        self.display = Some(display.into()).filter(|name| !name.is_empty());
        self
    }

    /// The same party at an address. URIs have brackets around IPv6 addresses.
    pub fn on(self, address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => self.at(&address.to_string()),
            IpAddr::V6(address) => self.at(&format!("[{address}]")),
        }
    }

    /// The same party at another host.
    pub fn at(mut self, host: &str) -> Self {
        self.host = host.to_owned();
        self
    }

    pub fn display(&self) -> Option<&str> {
        self.display.as_deref()
    }

    pub fn user(&self) -> &str {
        &self.user
    }

    pub fn host(&self) -> &str {
        &self.host
    }

    /// `sip:user@host`, or `tel:user` where there is no host: for the peer and for the database, never for a log.
    pub fn uri(&self) -> String {
        match (self.user.as_str(), self.host.as_str()) {
            ("", host) => format!("sip:{host}"),
            (number, "") => format!("tel:{number}"),
            (user, host) => format!("sip:{user}@{host}"),
        }
    }

    /// The party in full, as a name-addr: for the operator's screen and the database, never for a log.
    pub fn expose(&self) -> String {
        match &self.display {
            Some(name) => format!("\"{}\" <{}>", name.replace('\\', "\\\\").replace('"', "\\\""), self.uri()),
            None => format!("<{}>", self.uri()),
        }
    }
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Party(…@{})", self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_the_user_nor_the_display_name() {
        let party = Party::new("0912345678", "example.com").shown_as("Lan Anh");
        let shown = format!("{party:?}");
        assert!(!shown.contains("0912345678") && !shown.contains("Lan"), "{shown}");
        assert_eq!(party.expose(), "\"Lan Anh\" <sip:0912345678@example.com>");
    }

    #[test]
    fn a_quote_in_a_display_name_cannot_end_it() {
        assert_eq!(Party::new("a", "b").shown_as("x\" <sip:evil@c>").expose(), "\"x\\\" <sip:evil@c>\" <sip:a@b>");
    }
}
