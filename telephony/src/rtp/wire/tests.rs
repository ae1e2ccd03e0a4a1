//! The wire on real sockets of the loopback.
use super::*;
use crate::rtp::{Keys, Latching, Ports, PortsPlan, Suite, test_range};
use media::Wire;
use media::packet::Report;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::thread::sleep;

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// A leg's wire and the other side's sockets.
struct Line {
    wire: UdpWire,
    control: Control,
    rtp: UdpSocket,
    rtcp: UdpSocket,
    to: SocketAddr,
    ports: Ports,
}

fn peer(ip: IpAddr) -> UdpSocket {
    let socket = UdpSocket::bind((ip, 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    socket
}

impl Line {
    /// `advertised` says where the other side's SDP puts it, given where its sockets are.
    fn open(ip: IpAddr, latching: Latching, advertised: impl Fn(Remote) -> Remote) -> Self {
        let from = test_range(1);
        Self::among(
            PortsPlan { bind: ip, advertise: ip, from, to: from + 1, latching, ..PortsPlan::default() },
            advertised,
        )
    }

    fn among(plan: PortsPlan, advertised: impl Fn(Remote) -> Remote) -> Self {
        let ip = plan.bind;
        let ports = Ports::new(plan);
        let (rtp, rtcp) = (peer(ip), peer(ip));
        let truth = Remote { rtp: rtp.local_addr().unwrap(), rtcp: Some(rtcp.local_addr().unwrap()) };
        let socket = ports.take().unwrap();
        let to = SocketAddr::new(ip, socket.port());
        let (wire, control) = socket.wire(advertised(truth));
        Self { wire, control, rtp, rtcp, to, ports }
    }

    fn plain() -> Self {
        Self::open(V4, Latching::Anyone, |truth| truth)
    }

    fn muxed() -> Self {
        Self::open(V4, Latching::Anyone, |truth| Remote { rtcp: None, ..truth })
    }

    fn rtcp_to(&self) -> SocketAddr {
        SocketAddr::new(self.to.ip(), self.to.port() + 1)
    }

    /// All that has arrived. Loopback delivers within the sender's system call.
    fn heard(&mut self) -> Vec<Packet> {
        let now = Instant::now();
        std::iter::from_fn(|| self.wire.recv(now)).collect()
    }

    fn sequences(&mut self) -> Vec<u16> {
        let rtp = |p| if let Packet::Rtp(rtp) = p { Some(rtp.sequence) } else { None };
        self.heard().into_iter().filter_map(rtp).collect()
    }
}

fn rtp(sequence: u16) -> Rtp {
    Rtp {
        arrived: Instant::now(),
        payload_type: 0,
        marker: sequence == 1,
        sequence,
        timestamp: u32::from(sequence) * 160,
        ssrc: 0xABCD,
        payload: Bytes::from(vec![sequence as u8; 160]),
    }
}

fn datagram(rtp: &Rtp) -> Vec<u8> {
    let mut out = [0; MTU];
    let length = write(rtp, &mut out).unwrap();
    out[..length].to_vec()
}

fn say(from: &UdpSocket, to: SocketAddr, sequences: impl IntoIterator<Item = u16>) {
    for sequence in sequences {
        from.send_to(&datagram(&rtp(sequence)), to).unwrap();
    }
}

fn report(report_state: &mut ReportState, rtcp: &Rtcp) -> Vec<u8> {
    let mut out = [0; MTU];
    let length = report_state.write(rtcp, Instant::now(), SystemTime::now(), &mut out).unwrap();
    out[..length].to_vec()
}

#[test]
fn a_packet_arrives_as_it_was_sent_both_ways() {
    for (ip, latching) in [(V4, Latching::Anyone), (V6, Latching::Nobody)] {
        let mut line = Line::open(ip, latching, |truth| truth);
        say(&line.rtp, line.to, [1]);
        let [Packet::Rtp(heard)] = &line.heard()[..] else { panic!("one packet") };
        assert_eq!(heard, &Rtp { arrived: heard.arrived, ..rtp(1) });
        line.wire.send(&Packet::Rtp(rtp(9)));
        let mut buffer = [0; MTU];
        let (length, from) = line.rtp.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..length], from), (&datagram(&rtp(9))[..], line.to));
        let stats = line.control.stats();
        assert_eq!((stats.received, stats.sent, stats.refused, stats.strangers), (1, 1, 0, 0));
        assert_eq!(stats.remote, Some(line.rtp.local_addr().unwrap()));
    }
}

#[test]
fn the_true_sender_behind_a_nat_is_learned_once_and_strangers_are_refused() {
    let private = Remote { rtp: "10.9.8.7:4000".parse().unwrap(), rtcp: Some("10.9.8.7:4001".parse().unwrap()) };
    let mut line = Line::open(V4, Latching::Anyone, |_| private);
    assert_eq!(line.control.stats().remote, None);
    say(&line.rtp, line.to, 1..=3);
    assert_eq!(line.sequences(), [1, 2, 3], "nothing is lost while learning");
    assert_eq!(line.control.stats().remote, Some(line.rtp.local_addr().unwrap()));
    let stranger = peer(V4);
    say(&stranger, line.to, 100..110);
    say(&line.rtp, line.to, [4]);
    assert_eq!(line.sequences(), [4]);
    assert_eq!(line.control.stats().strangers, 10);
    line.wire.send(&Packet::Rtp(rtp(1)));
    assert!(line.rtp.recv_from(&mut [0; MTU]).is_ok(), "we answer to where the sound comes from");
}

/// A line whose far end is behind a NAT and may move at once.
fn roaming() -> Line {
    let private = Remote { rtp: "10.9.8.7:4000".parse().unwrap(), rtcp: Some("10.9.8.7:4001".parse().unwrap()) };
    let from = test_range(1);
    let silence = Duration::ZERO;
    Line::among(PortsPlan { from, to: from + 1, silence, ..PortsPlan::default() }, |_| private)
}

#[test]
fn a_sender_that_a_nat_gave_another_port_is_followed_with_sound_and_reports() {
    let mut line = roaming();
    say(&line.rtp, line.to, 1..=3);
    assert_eq!(line.sequences(), [1, 2, 3]);
    let (moved, moved_rtcp) = (peer(V4), peer(V4));
    say(&moved, line.to, 10..=13);
    assert_eq!(line.sequences(), [11, 12, 13], "the first may be a guess");
    let here = moved.local_addr().unwrap();
    assert_eq!(line.control.stats().remote, Some(here));
    line.wire.send(&Packet::Rtp(rtp(1)));
    assert!(moved.recv_from(&mut [0; MTU]).is_ok());
    line.wire.send(&Packet::Rtcp(Rtcp::Receiver { ssrc: 9, report: None }));
    assert_eq!(line.control.stats().rtcp_sent, 0, "where its reports come from now is not known yet");
    moved_rtcp
        .send_to(&report(&mut ReportState::new(), &Rtcp::Receiver { ssrc: 5, report: None }), line.rtcp_to())
        .unwrap();
    line.wire.recv(Instant::now() + RTCP_EVERY);
    line.wire.send(&Packet::Rtcp(Rtcp::Receiver { ssrc: 9, report: None }));
    assert!(moved_rtcp.recv_from(&mut [0; MTU]).is_ok());
}

#[test]
fn one_packet_that_a_key_opens_moves_a_line_and_none_that_it_does_not() {
    let mut line = roaming();
    let (mut them, _) = sealed_line(&line, Suite::AesGcm, Switch::Now);
    for sequence in [1, 2] {
        line.rtp.send_to(&sealed(&mut them, &datagram(&rtp(sequence))), line.to).unwrap();
    }
    assert_eq!(line.sequences(), [1, 2]);
    let (stranger, moved) = (peer(V4), peer(V4));
    say(&stranger, line.to, 3..=9);
    assert!(line.sequences().is_empty());
    moved.send_to(&sealed(&mut them, &datagram(&rtp(40))), line.to).unwrap();
    assert_eq!(line.sequences(), [40]);
    assert_eq!(line.control.stats().remote, Some(moved.local_addr().unwrap()));
}

#[test]
fn packets_of_up_to_240_ms_arrive_whole_sealed_or_not() {
    // 240 ms of PCMU, and of L16 at 16 kHz: more than one Ethernet frame holds.
    for bytes in [1_920, 7_680] {
        let mut line = Line::plain();
        let long = Rtp { payload: Bytes::from(vec![7; bytes]), ..rtp(1) };
        let mut out = vec![0; 12 + bytes];
        write(&long, &mut out).unwrap();
        line.rtp.send_to(&out, line.to).unwrap();
        let [Packet::Rtp(heard)] = &line.heard()[..] else { panic!("one packet") };
        assert_eq!(heard.payload, long.payload);
        let (mut them, _) = sealed_line(&line, Suite::AesCm80, Switch::Now);
        out[3] = 2;
        let length = out.len();
        out.resize(length + 32, 0);
        let length = them.protect(&mut out, length).unwrap();
        line.rtp.send_to(&out[..length], line.to).unwrap();
        let [Packet::Rtp(heard)] = &line.heard()[..] else { panic!("one packet") };
        assert_eq!((heard.sequence, &heard.payload), (2, &long.payload));
    }
}

#[test]
fn only_the_advertised_address_is_heard_where_learning_is_off() {
    let mut line = Line::open(V4, Latching::Nobody, |truth| truth);
    let stranger = peer(V4);
    say(&stranger, line.to, 1..5);
    say(&line.rtp, line.to, [7]);
    assert_eq!(line.sequences(), [7]);
    assert_eq!(line.control.stats().strangers, 4);
}

#[test]
fn a_new_remote_opens_learning_again() {
    let mut line = Line::plain();
    say(&line.rtp, line.to, [1, 2]);
    assert_eq!(line.sequences(), [1, 2]);
    let moved = peer(V4);
    say(&moved, line.to, [1]);
    assert_eq!(line.sequences(), [0u16; 0]);
    line.control.set_remote(Remote { rtp: moved.local_addr().unwrap(), rtcp: None });
    say(&moved, line.to, [2, 3]);
    assert_eq!(line.sequences(), [2, 3]);
    say(&line.rtp, line.to, [4]);
    assert_eq!(line.sequences(), [0u16; 0], "the old address is a stranger now");
    assert_eq!(line.control.stats().remote, Some(moved.local_addr().unwrap()));
    line.wire.send(&Packet::Rtp(rtp(1)));
    assert!(moved.recv_from(&mut [0; MTU]).is_ok());
    line.control.set_remote(Remote { rtp: moved.local_addr().unwrap(), rtcp: None });
    say(&peer(V4), line.to, [1, 2, 3]);
    assert_eq!(line.sequences(), [0u16; 0], "the same remote again opens nothing");
}

#[test]
fn a_held_line_sends_nothing_until_it_is_resumed() {
    let mut line = Line::plain();
    let truth = Remote { rtp: line.rtp.local_addr().unwrap(), rtcp: Some(line.rtcp.local_addr().unwrap()) };
    line.control.set_remote(Remote { rtp: "0.0.0.0:5".parse().unwrap(), rtcp: None });
    assert!(line.heard().is_empty());
    line.wire.send(&Packet::Rtp(rtp(1)));
    line.wire.send(&Packet::Rtcp(Rtcp::Goodbye { ssrc: 1 }));
    assert_eq!((line.control.stats().sent, line.control.stats().refused), (0, 2));
    line.control.set_remote(truth);
    line.heard();
    line.wire.send(&Packet::Rtp(rtp(2)));
    assert!(line.rtp.recv_from(&mut [0; MTU]).is_ok());
}

/// Waits until the kernel stamps packets on arrival: it begins a moment after the first socket has asked for it, and stamps
/// those that came before when they are read.
fn until_stamped(line: &mut Line) {
    for _ in 0..400 {
        say(&line.rtp, line.to, [0]);
        let sent = Instant::now();
        sleep(Duration::from_millis(5));
        if matches!(line.heard()[..], [Packet::Rtp(Rtp { arrived, .. })] if arrived < sent + Duration::from_millis(2)) {
            return;
        }
    }
    panic!("the kernel stamps no packet");
}

#[test]
fn arrival_times_are_the_kernels_in_order_and_close_to_sending() {
    let mut line = Line::plain();
    until_stamped(&mut line);
    let mut sent = Vec::new();
    for sequence in 1..=20 {
        let before = Instant::now();
        say(&line.rtp, line.to, [sequence]);
        sent.push((before, Instant::now()));
        sleep(Duration::from_millis(3));
    }
    // The reader comes late on purpose.
    sleep(Duration::from_millis(100));
    let heard = line.heard();
    assert_eq!(heard.len(), 20);
    // Far from the reader's time all of them, and most of them near the sender's: a busy machine delivers some late.
    let (near, far) = (Duration::from_millis(2), Duration::from_millis(60));
    let (mut last, mut close) = (None, 0);
    for (packet, (before, after)) in heard.iter().zip(sent) {
        let Packet::Rtp(rtp) = packet else { panic!("{packet:?}") };
        let within = |slack: Duration| rtp.arrived + slack >= before && rtp.arrived <= after + slack;
        assert!(within(far), "sequence {}", rtp.sequence);
        close += u32::from(within(near));
        assert!(last.is_none_or(|last| rtp.arrived >= last));
        last = Some(rtp.arrived);
    }
    assert!(close >= 12, "{close} of 20");
}

#[test]
fn early_media_that_nobody_heard_is_not_played_late() {
    let mut line = Line::plain();
    say(&line.rtp, line.to, 1..=30);
    sleep(STALE + Duration::from_millis(50));
    say(&line.rtp, line.to, 31..=33);
    assert_eq!(line.sequences(), [31, 32, 33]);
    assert_eq!(line.control.stats().stale, 30);
    say(&line.rtp, line.to, [34]);
    sleep(STALE + Duration::from_millis(50));
    assert_eq!(line.sequences(), [34], "later a late reader drops nothing");
}

#[test]
fn a_burst_is_read_whole_but_a_flood_waits_for_the_next_tick() {
    let mut line = Line::plain();
    say(&line.rtp, line.to, 0..20);
    assert_eq!(line.sequences(), (0..20).collect::<Vec<_>>());
    say(&line.rtp, line.to, 20..120);
    assert_eq!(line.sequences().len(), BUDGET);
    assert_eq!(line.sequences().len(), 100 - BUDGET);
}

#[test]
fn rtcp_is_told_apart_on_one_port() {
    let mut line = Line::muxed();
    let sender = Rtcp::Sender { ssrc: 5, rtp_timestamp: 1, packets: 2, octets: 3, report: None };
    say(&line.rtp, line.to, [1]);
    line.rtp.send_to(&report(&mut ReportState::new(), &sender), line.to).unwrap();
    say(&line.rtp, line.to, [2]);
    let heard = line.heard();
    assert!(matches!(&heard[..], [Packet::Rtp(_), Packet::Rtcp(r), Packet::Rtp(_)] if *r == sender), "{heard:?}");
    line.wire.send(&Packet::Rtcp(Rtcp::Receiver { ssrc: 1, report: None }));
    let (length, from) = line.rtp.recv_from(&mut [0; MTU]).unwrap();
    assert_eq!((from, length % 4), (line.to, 0));
    assert_eq!((line.control.stats().rtcp_received, line.control.stats().rtcp_sent), (1, 1));
}

#[test]
fn rtcp_has_its_own_port_otherwise_and_a_sender_report_answered_gives_the_round_trip() {
    let mut line = Line::plain();
    line.wire.send(&Packet::Rtp(rtp(1)));
    line.wire.send(&Packet::Rtcp(Rtcp::Sender {
        ssrc: 0xABCD,
        rtp_timestamp: 1,
        packets: 1,
        octets: 160,
        report: None,
    }));
    let mut buffer = [0; MTU];
    let (length, from) = line.rtcp.recv_from(&mut buffer).unwrap();
    assert_eq!(from, line.rtcp_to());
    let mut them = ReportState::new();
    them.read(&buffer[..length], Instant::now(), |_| ()).unwrap();
    sleep(Duration::from_millis(40));
    let block = Report { ssrc: 0xABCD, fraction_lost: 0.5, jitter: 8, ..Report::default() };
    let answer = report(&mut them, &Rtcp::Receiver { ssrc: 9, report: Some(block) });
    line.rtcp.send_to(&answer, line.rtcp_to()).unwrap();
    let heard = line.heard();
    let [Packet::Rtcp(Rtcp::Receiver { ssrc: 9, report: Some(back) })] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!((back.fraction_lost, back.jitter), (0.5, 8));
    let round_trip = back.round_trip.expect("known by LSR and DLSR");
    assert!(round_trip < Duration::from_millis(30), "the 40 ms they held it do not count: {round_trip:?}");
    assert!(line.control.stats().round_trip.is_some());
}

#[test]
fn a_goodbye_reaches_the_leg_and_a_strangers_does_not() {
    let mut line = Line::muxed();
    say(&line.rtp, line.to, [1]);
    line.heard();
    let goodbye = report(&mut ReportState::new(), &Rtcp::Goodbye { ssrc: 5 });
    UdpSocket::bind("127.0.0.2:0").unwrap().send_to(&goodbye, line.to).unwrap();
    assert!(line.heard().is_empty());
    assert_eq!(line.control.stats().strangers, 1);
    line.rtp.send_to(&goodbye, line.to).unwrap();
    assert!(matches!(&line.heard()[..], [Packet::Rtcp(_), Packet::Rtcp(Rtcp::Goodbye { ssrc: 5 })]));
}

#[test]
fn padding_sources_and_extensions_are_taken_off() {
    let mut bytes = datagram(&rtp(3));
    bytes[0] = 0x80 | 0x20 | 0x10 | 2;
    // Two sources, then an extension of three words whose first id is the reserved 15, then payload and padding.
    let head = [&[1; 8][..], &[0xBE, 0xDE, 0, 3], &[0xF0, 9, 9, 9, 8, 8, 8, 8, 7, 7, 7, 7]].concat();
    bytes.splice(12..12, head);
    bytes.extend([0, 0, 0, 4]);
    assert_eq!(parse(&bytes, Instant::now()).unwrap().payload, rtp(3).payload);
    *bytes.last_mut().unwrap() = 0;
    assert!(parse(&bytes, Instant::now()).is_none(), "padding of nothing");
    *bytes.last_mut().unwrap() = 200;
    assert!(parse(&bytes, Instant::now()).is_none(), "more padding than payload");
    let mut old = datagram(&rtp(3));
    old[0] = 0x40;
    assert!(parse(&old, Instant::now()).is_none(), "version 1");
}

#[test]
fn twenty_thousand_random_datagrams_neither_panic_nor_deafen() {
    let mut line = Line::plain();
    say(&line.rtp, line.to, [1]);
    line.heard();
    let mut random = StdRng::seed_from_u64(3550);
    let whole = [datagram(&rtp(2)), report(&mut ReportState::new(), &Rtcp::Goodbye { ssrc: 5 })];
    let (mut sent, mut packets) = (0, 0);
    for round in 0..20_000 / 50 {
        for _ in 0..50 {
            let mut bytes = if random.random() {
                (0..random.random_range(0..300)).map(|_| random.random()).collect::<Vec<u8>>()
            } else {
                let mut bytes = whole[random.random_range(0..2)].clone();
                for _ in 0..4 {
                    let at = random.random_range(0..bytes.len());
                    bytes[at] = random.random();
                }
                bytes
            };
            if random.random_range(0..100) == 0 {
                bytes.resize(9_000, 0x80);
            }
            let to = if random.random() { line.to } else { line.rtcp_to() };
            line.rtp.send_to(&bytes, to).unwrap();
            sent += 1;
        }
        // Every tick 200 ms later than the last, so that both ports are read.
        let now = Instant::now() + Duration::from_millis(200 * round);
        packets += std::iter::from_fn(|| line.wire.recv(now)).count();
    }
    let stats = line.control.stats();
    assert_eq!(sent, 20_000);
    assert_eq!(stats.received + stats.rtcp_received + stats.malformed + stats.strangers, sent + 1);
    assert!(stats.malformed > 1_000 && packets > 1_000, "{stats:?}");
    line.tick_over();
    say(&line.rtp, line.to, [77]);
    assert_eq!(line.sequences(), [77]);
}

impl Line {
    /// Reads until nothing is left.
    fn tick_over(&mut self) {
        while !self.heard().is_empty() {}
    }
}

#[test]
fn a_packet_that_fits_no_datagram_is_refused_not_sent() {
    let mut line = Line::plain();
    line.wire.send(&Packet::Rtp(Rtp { payload: Bytes::from(vec![0; MTU]), ..rtp(1) }));
    assert_eq!((line.control.stats().sent, line.control.stats().refused), (0, 1));
}

#[test]
fn a_dropped_wire_gives_its_ports_back() {
    let line = Line::plain();
    assert_eq!(line.ports.in_use(), 1);
    drop(line.wire);
    assert_eq!(line.ports.in_use(), 0);
    assert!(UdpSocket::bind(line.to).is_ok(), "closed, not only forgotten");
}

#[test]
fn packets_are_marked_for_expedited_forwarding_and_stamped() {
    let line = Line::plain();
    let get = |level, option| {
        let (mut value, mut length): (libc::c_int, libc::socklen_t) = (0, 4);
        // SAFETY: the kernel writes at most `length` bytes to `value`.
        let result = unsafe {
            let fd = std::os::fd::AsRawFd::as_raw_fd(&line.wire.rtp);
            libc::getsockopt(fd, level, option, (&raw mut value).cast(), &raw mut length)
        };
        assert_eq!(result, 0);
        value
    };
    assert_eq!(get(libc::IPPROTO_IP, libc::IP_TOS), 0xB8);
    assert_ne!(get(libc::SOL_SOCKET, libc::SO_TIMESTAMPNS), 0);
}

/// The other side's state, and the keys as the leg knows them.
fn sealed_line(line: &Line, suite: Suite, switch: Switch) -> (Srtp, Secrets) {
    let secrets = Secrets { ours: Keys::random(suite), theirs: Keys::random(suite) };
    let turned = Secrets { ours: secrets.theirs.clone(), theirs: secrets.ours.clone() };
    line.control.secure(Some(secrets.clone()), switch);
    (Srtp::new(Rekey::new(turned, Switch::Now)), secrets)
}

fn sealed(by: &mut Srtp, plain: &[u8]) -> Vec<u8> {
    let mut buffer = [0; MTU];
    buffer[..plain.len()].copy_from_slice(plain);
    let length = by.protect(&mut buffer, plain.len()).unwrap();
    buffer[..length].to_vec()
}

#[test]
fn where_keys_were_agreed_on_sound_and_reports_go_encrypted_both_ways() {
    for mut line in [Line::plain(), Line::muxed()] {
        let (mut them, _) = sealed_line(&line, Suite::AesCm80, Switch::Now);
        let muxes = line.wire.latch.uses_rtcp_mux();
        let (rtcp_socket, rtcp_to) = if muxes {
            (line.rtp.try_clone().unwrap(), line.to)
        } else {
            (line.rtcp.try_clone().unwrap(), line.rtcp_to())
        };
        line.wire.send(&Packet::Rtp(rtp(1)));
        line.wire.send(&Packet::Rtcp(Rtcp::Receiver { ssrc: 9, report: None }));
        let mut buffer = [0; MTU];
        let length = line.rtp.recv(&mut buffer).unwrap();
        assert_ne!(&buffer[12..172], &datagram(&rtp(1))[12..], "not even the first packet is plain");
        assert_eq!(them.unprotect(&buffer[..length]), Ok(&datagram(&rtp(1))[..]));
        let length = rtcp_socket.recv(&mut buffer).unwrap();
        assert!(is_compound(them.unprotect(&buffer[..length]).unwrap()));

        line.rtp.send_to(&sealed(&mut them, &datagram(&rtp(7))), line.to).unwrap();
        let report = report(&mut ReportState::new(), &Rtcp::Goodbye { ssrc: 5 });
        rtcp_socket.send_to(&sealed(&mut them, &report), rtcp_to).unwrap();
        let heard = line.heard();
        assert!(
            matches!(&heard[..], [Packet::Rtp(one), Packet::Rtcp(_), Packet::Rtcp(Rtcp::Goodbye { ssrc: 5 })] if one.sequence == 7),
            "{heard:?}"
        );
        let stats = line.control.stats();
        assert_eq!((stats.received, stats.sent, stats.rtcp_received, stats.rtcp_sent), (1, 1, 1, 1));
    }
}

#[test]
fn what_is_not_sealed_with_their_key_is_counted_and_nobody_is_learned_by_it() {
    let mut line = Line::open(V4, Latching::Anyone, |truth| Remote { rtp: "10.9.8.7:4000".parse().unwrap(), ..truth });
    let (mut them, _) = sealed_line(&line, Suite::AesGcm, Switch::Now);
    let stranger = peer(V4);
    say(&stranger, line.to, 1..=4);
    let good = sealed(&mut them, &datagram(&rtp(20)));
    let mut bad = good.clone();
    bad[50] ^= 1;
    for datagram in [&bad[..], &good, &good, &good[..9]] {
        line.rtp.send_to(datagram, line.to).unwrap();
    }
    line.rtp.send_to(&sealed(&mut them, &datagram(&rtp(21))), line.to).unwrap();
    assert_eq!(line.sequences(), [20, 21]);
    let stats = line.control.stats();
    assert_eq!((stats.unauthentic, stats.replayed, stats.malformed, stats.strangers), (5, 1, 1, 0));
    assert_eq!(stats.remote, Some(line.rtp.local_addr().unwrap()));
}

#[test]
fn new_keys_take_effect_between_two_packets_and_plain_ones_too() {
    let mut line = Line::plain();
    let (mut them, secrets) = sealed_line(&line, Suite::AesCm80, Switch::Now);
    line.rtp.send_to(&sealed(&mut them, &datagram(&rtp(65_535))), line.to).unwrap();
    line.rtp.send_to(&sealed(&mut them, &datagram(&rtp(0))), line.to).unwrap();
    assert_eq!(line.sequences(), [65_535, 0]);
    line.control.secure(Some(secrets), Switch::WithTheirs);
    let flying = sealed(&mut them, &datagram(&rtp(1)));
    let new = Secrets { ours: Keys::random(Suite::AesGcm), theirs: Keys::random(Suite::AesGcm) };
    line.control.secure(Some(new.clone()), Switch::WithTheirs);
    them.rekey(Instant::now(), Rekey::new(Secrets { ours: new.theirs.clone(), theirs: new.ours.clone() }, Switch::Now));
    line.wire.send(&Packet::Rtp(rtp(1)));
    line.rtp.send_to(&flying, line.to).unwrap();
    line.rtp.send_to(&sealed(&mut them, &datagram(&rtp(2))), line.to).unwrap();
    assert_eq!(line.sequences(), [1, 2], "the roll-over counter goes on under the new key");
    line.wire.send(&Packet::Rtp(rtp(2)));
    let mut buffer = [0; MTU];
    for sequence in 1..=2 {
        let length = line.rtp.recv(&mut buffer).unwrap();
        assert_eq!(them.unprotect(&buffer[..length]), Ok(&datagram(&rtp(sequence))[..]));
    }
    assert_eq!(line.wire.srtp.as_ref().map(|srtp| format!("{srtp:?}")), Some("Srtp { suite: AesGcm, .. }".into()));
    line.control.secure(None, Switch::Now);
    say(&line.rtp, line.to, [3]);
    assert_eq!(line.sequences(), [3]);
}
