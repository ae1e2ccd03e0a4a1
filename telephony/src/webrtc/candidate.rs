//! ICE candidates (RFC 8839 section 5.1): those of the other side, checked; ours, written.
use std::net::{IpAddr, SocketAddr};

/// One candidate of the other side in canonical form; `None` where it is to be ignored. A `.local` name (RFC 8828) is ignored: its host
/// sends checks, from which its address is learned.
pub(super) fn theirs(value: &str) -> Option<String> {
    let words: Vec<&str> = value.strip_prefix("candidate:").unwrap_or(value).split_whitespace().collect();
    let [foundation, "1", transport, priority, address, port, "typ", kind, rest @ ..] = words.as_slice() else {
        return None;
    };
    let foundation_is_sound = !foundation.is_empty()
        && foundation.len() <= 32
        && foundation.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/');
    let priority: u32 = priority.parse().ok()?;
    let address: IpAddr = address.parse().ok()?;
    let port: u16 = port.parse().ok().filter(|&port| port != 0)?;
    if !foundation_is_sound || address.is_unspecified() || address.is_multicast() {
        return None;
    }
    // An active TCP candidate connects to us; this server does not connect to passive ones.
    if !transport.eq_ignore_ascii_case("udp") {
        return None;
    }
    let kind = ["host", "srflx", "prflx", "relay"].into_iter().find(|k| k == kind)?;
    let mut text = format!("{foundation} 1 udp {priority} {address} {port} typ {kind}");
    if kind != "host" {
        // The stack requires a base and does not use it.
        let said = |key: &str| rest.iter().position(|word| *word == key).and_then(|at| rest.get(at + 1));
        let base = said("raddr").and_then(|a| a.parse().ok()).unwrap_or(address);
        let port = said("rport").and_then(|p| p.parse::<u16>().ok()).unwrap_or(9);
        text.push_str(&format!(" raddr {base} rport {port}"));
    }
    Some(text)
}

/// A host candidate of ours. The first has the highest priority (RFC 8445 section 5.1.2.1).
pub(super) fn host(address: SocketAddr, place: usize) -> String {
    let priority = 126u32 << 24 | (0xFFFF - place.min(0xFFFF) as u32) << 8 | 255;
    format!("candidate:{} 1 udp {priority} {} {} typ host", place + 1, address.ip(), address.port())
}

/// The same over TCP, to which pages connect (RFC 6544 section 4.2); its priority is lower than any by UDP.
pub(super) fn passive(address: SocketAddr, place: usize) -> String {
    let priority = 90u32 << 24 | (4 << 13 | (0x1FFF - place.min(0x1FFF) as u32)) << 8 | 255;
    format!("candidate:t{} 1 tcp {priority} {} {} typ host tcptype passive", place + 1, address.ip(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browsers_candidates_are_taken_and_names_are_passed_over() {
        let host =
            "candidate:842163049 1 udp 1677729535 192.0.2.7 46154 typ srflx raddr 10.0.0.1 rport 46154 generation 0";
        assert_eq!(
            theirs(host).as_deref(),
            Some("842163049 1 udp 1677729535 192.0.2.7 46154 typ srflx raddr 10.0.0.1 rport 46154")
        );
        assert_eq!(theirs("1 1 UDP 5 ::1 9 typ host generation 0").as_deref(), Some("1 1 udp 5 ::1 9 typ host"));
        let refused = [
            "",
            "1 1 udp 5 0b1c-22.local 5000 typ host",
            "1 2 udp 5 192.0.2.7 5000 typ host",
            "1 1 tcp 5 192.0.2.7 9 typ host tcptype active",
            "1 1 udp 5 224.0.0.1 5000 typ host",
            "1 1 udp 5 0.0.0.0 5000 typ host",
            "1 1 udp 5 192.0.2.7 0 typ host",
            "1 1 udp 5 192.0.2.7 70000 typ host",
            "1 1 udp 99999999999 192.0.2.7 5000 typ host",
            "é 1 udp 5 192.0.2.7 5000 typ host",
            "1 1 udp 5 192.0.2.7 5000 typ moon",
        ];
        refused.into_iter().for_each(|text| assert_eq!(theirs(text), None, "{text}"));
    }

    #[test]
    fn the_first_address_has_a_higher_priority_than_the_next() {
        let address = "192.0.2.1:7000".parse().unwrap();
        assert_eq!(host(address, 0), "candidate:1 1 udp 2130706431 192.0.2.1 7000 typ host");
        assert_eq!(host(address, 1), "candidate:2 1 udp 2130706175 192.0.2.1 7000 typ host");
        let tcp = "candidate:t1 1 tcp 1520435199 192.0.2.1 7000 typ host tcptype passive";
        assert_eq!(passive(address, 0), tcp);
    }
}
