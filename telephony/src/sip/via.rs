//! `Via`: the top Via of a request: who sent it, by its own account, and where the responses go (RFC 3261 section 18.2).
use super::syntax::{Part, elements, parts};
use crate::address::same_family;
use std::net::{IpAddr, SocketAddr};

/// Where UDP responses go for a request that does not ask for `rport` (RFC 3581).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplyPort {
    /// The port of the Via's sent-by (RFC 3261 section 18.2.2): peers who send from one port and listen on another.
    #[default]
    Via,
    /// The port it came from: peers behind a NAT who do not know RFC 3581.
    Source,
}

const DEFAULT_PORT: u16 = 5060;

/// One element of a Via field in canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Via<'a> {
    /// `SIP/2.0`.
    pub protocol: &'a str,
    transport: &'a str,
    host: &'a str,
    port: Option<u16>,
    params: Vec<&'a str>,
}

impl<'a> Via<'a> {
    pub(super) fn parse(element: &'a str) -> Option<Self> {
        let (sent, rest) = element.split_once(' ')?;
        let (protocol, transport) = sent.rsplit_once('/')?;
        let ends = parts(rest).filter(|(_, c, part)| *c == ';' && *part == Part::Plain).map(|(at, ..)| at);
        let ends: Vec<usize> = ends.chain([rest.len()]).collect();
        let sent_by = &rest[..ends[0]];
        let (host, port) = match sent_by.rsplit_once(':') {
            // The colons of an IPv6 address stand within brackets.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().ok()?)),
            _ => (sent_by, None),
        };
        if host.is_empty() || transport.is_empty() || host.contains([' ', '"', '<', '>', ',']) {
            return None;
        }
        let params = ends.windows(2).map(|pair| &rest[pair[0] + 1..pair[1]]).collect();
        Some(Self { protocol, transport, host, port, params })
    }

    fn param(&self, name: &str) -> Option<&'a str> {
        self.params.iter().find_map(|param| {
            let (given, value) = param.split_once('=').unwrap_or((param, ""));
            given.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(super) fn branch(&self) -> Option<&'a str> {
        self.param("branch")
    }

    /// Whether responses go to the source port of the request.
    fn to_source(&self, port: ReplyPort) -> bool {
        port == ReplyPort::Source || self.param("rport").is_some()
    }

    /// The element with `received` and `rport` set to the true source (RFC 3261 section 18.2.1, RFC 3581 section 4), whatever the sender
    /// has written there.
    pub(super) fn stamped(&self, source: SocketAddr, port: ReplyPort) -> String {
        let Self { protocol, transport, host, .. } = self;
        let mut out = format!("{protocol}/{transport} {host}");
        if let Some(port) = self.port {
            out.push_str(&format!(":{port}"));
        }
        for param in &self.params {
            let name = param.split('=').next().unwrap_or_default();
            if !["received", "rport", ""].iter().any(|ours| name.eq_ignore_ascii_case(ours)) {
                out.push(';');
                out.push_str(param);
            }
        }
        out.push_str(&format!(";received={}", source.ip().to_canonical()));
        if self.to_source(port) {
            out.push_str(&format!(";rport={}", source.port()));
        }
        out
    }

    /// The destination of responses to a datagram. `maddr` is followed only where `is_ours` allows its address: otherwise a request could
    /// direct responses to any host.
    pub(super) fn answer_to(
        &self,
        source: SocketAddr,
        port: ReplyPort,
        is_ours: impl Fn(IpAddr) -> bool,
    ) -> SocketAddr {
        let own = self.port.filter(|port| *port != 0).unwrap_or(DEFAULT_PORT);
        let maddr = self.param("maddr").and_then(|text| text.trim_matches(['[', ']']).parse::<IpAddr>().ok());
        match maddr.filter(|address| same_family(*address, source.ip()) && !address.is_multicast()) {
            Some(address) if is_ours(address) => SocketAddr::new(address, own),
            _ if self.to_source(port) => source,
            _ => SocketAddr::new(source.ip(), own),
        }
    }
}

/// The destination of a response whose stream has closed (RFC 3261 section 18.2.2): the address in `received`, the port of sent-by.
pub(super) fn return_address(vias: &str) -> Option<SocketAddr> {
    let via = Via::parse(elements(vias).next()?)?;
    let address = via.param("received")?.trim_matches(['[', ']']).parse().ok()?;
    Some(SocketAddr::new(address, via.port.filter(|port| *port != 0).unwrap_or(DEFAULT_PORT)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn via(text: &str) -> Via<'_> {
        Via::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    fn source() -> SocketAddr {
        ([198, 51, 100, 7], 4242).into()
    }

    fn goes_to(text: &str, port: ReplyPort) -> String {
        via(text).answer_to(source(), port, |address| address == IpAddr::from([203, 0, 113, 9])).to_string()
    }

    #[test]
    fn responses_go_where_the_via_asks_for_them() {
        for (text, expected) in [
            ("SIP/2.0/UDP 192.0.2.1:5070;branch=z;rport", "198.51.100.7:4242"),
            ("SIP/2.0/UDP 192.0.2.1:5070;RPort=;branch=z", "198.51.100.7:4242"),
            ("SIP/2.0/UDP 192.0.2.1:5070;branch=z", "198.51.100.7:5070"),
            ("SIP/2.0/UDP pc.example.com;branch=z", "198.51.100.7:5060"),
            ("SIP/2.0/UDP [2001:db8::1]:5099", "198.51.100.7:5099"),
            ("SIP/2.0/UDP [2001:db8::1]", "198.51.100.7:5060"),
            ("SIP/2.0/UDP h:0", "198.51.100.7:5060"),
            ("SIP/2.0/UDP h:5070;maddr=203.0.113.9", "203.0.113.9:5070"),
            ("SIP/2.0/UDP h:5070;maddr=203.0.113.9;rport", "203.0.113.9:5070"),
            ("SIP/2.0/UDP h:5070;maddr=203.0.113.10", "198.51.100.7:5070"),
            ("SIP/2.0/UDP h:5070;maddr=224.0.1.75", "198.51.100.7:5070"),
            ("SIP/2.0/UDP h:5070;maddr=other.example.com", "198.51.100.7:5070"),
        ] {
            assert_eq!(goes_to(text, ReplyPort::Via), expected, "{text}");
        }
        assert_eq!(goes_to("SIP/2.0/UDP 192.0.2.1:5070;branch=z", ReplyPort::Source), "198.51.100.7:4242");
    }

    #[test]
    fn the_true_source_is_written_and_nothing_else_changed() {
        for (text, port, expected) in [
            (
                "SIP/2.0/UDP h;received=1.1.1.1;rport=1;branch=z;x=\"a;b\"",
                ReplyPort::Via,
                "SIP/2.0/UDP h;branch=z;x=\"a;b\";received=198.51.100.7;rport=4242",
            ),
            ("SIP/2.0/UDP h:5070;branch=z", ReplyPort::Via, "SIP/2.0/UDP h:5070;branch=z;received=198.51.100.7"),
            ("SIP/2.0/UDP h", ReplyPort::Source, "SIP/2.0/UDP h;received=198.51.100.7;rport=4242"),
        ] {
            assert_eq!(via(text).stamped(source(), port), expected);
        }
    }

    #[test]
    fn what_is_no_via_is_none() {
        for text in
            ["", "SIP/2.0/UDP", "SIP/2.0/UDP ", "SIP/2.0/UDP ;branch=z", "UDP h", "SIP/2.0/UDP h:x", "SIP/2.0/ h"]
        {
            assert_eq!(Via::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_response_without_its_stream_has_a_way_back() {
        let vias = "SIP/2.0/TCP pc.example.com:5077;branch=z;received=192.0.2.7, SIP/2.0/UDP far;branch=y";
        assert_eq!(return_address(vias), Some(([192, 0, 2, 7], 5077).into()));
        assert_eq!(return_address("SIP/2.0/TCP pc.example.com;branch=z"), None, "the gate writes received");
    }
}
