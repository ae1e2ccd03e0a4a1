//! IPv4 and IPv6 side by side, offers of the one over the other, and bodies of several parts.
use super::bot::{Bot, HERE, Manner, free_port, plan, sipp_with};
use media::packet::{Packet, Rtp};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use telephony::rtp::{Ports, PortsPlan, RtpAddress};
use telephony::sip::{Dial, Sip, SipPlan, SipTransport};

const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// Listens on both families, or on IPv6 alone.
fn plan_on(homes: &[IpAddr]) -> SipPlan {
    let at: Vec<SocketAddr> = homes.iter().map(|ip| SocketAddr::new(*ip, 0)).collect();
    SipPlan { udp: at.clone(), tcp: at, ..plan() }
}

fn ports_on(homes: &[IpAddr], from: u16) -> Ports {
    let home = |ip: &IpAddr| RtpAddress { bind: *ip, advertise: *ip };
    let (first, other) = (home(&homes[0]), homes.get(1).map(home));
    let (bind, advertise) = (first.bind, first.advertise);
    Ports::new(PortsPlan { bind, advertise, other, from, to: from + 99, drain: Duration::ZERO, ..PortsPlan::default() })
}

fn rtp(sequence: u16) -> Rtp {
    let (arrived, payload) = (Instant::now(), vec![sequence as u8; 160].into());
    Rtp { arrived, payload_type: 0, marker: false, sequence, timestamp: u32::from(sequence) * 160, ssrc: 7, payload }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_go_over_ipv6_both_ways_by_datagram_and_stream_with_their_sound() {
    for (n, homes) in (0..).zip([&[V6][..], &[HERE, V6], &[V6, HERE]]) {
        let called = Bot::on(plan_on(homes), ports_on(homes, 28_400 + 400 * n), Manner::Echo).await;
        let (us, _rings) = Sip::start(plan_on(homes), ports_on(homes, 28_600 + 400 * n)).await.expect("started");
        let mut calls = 0;
        for transport in [SipTransport::Udp, SipTransport::Tcp] {
            let places = if transport == SipTransport::Udp { called.sip.all_udp() } else { called.sip.all_tcp() };
            assert_eq!(places.len(), homes.len());
            for to in places {
                let mut line = us
                    .dial(Dial { to: format!("sip:echo@{to}"), transport, ..Dial::default() })
                    .await
                    .expect("answered");
                let mut wire = line.wire.take().expect("a wire");
                let echoes = called.echoes.clone();
                let heard = tokio::task::spawn_blocking(move || {
                    // A wire drops what had waited for long before it was first read.
                    assert!(wire.recv(Instant::now()).is_none());
                    let before = echoes.count();
                    for sequence in 1..=3 {
                        wire.send(&Packet::Rtp(rtp(sequence)));
                    }
                    echoes.wait_for(before + 3);
                    let packets = std::iter::from_fn(|| wire.recv(Instant::now()));
                    let sequences = packets.map(|packet| match packet {
                        Packet::Rtp(packet) => packet.sequence,
                        Packet::Rtcp(packet) => panic!("{packet:?}"),
                    });
                    sequences.collect::<Vec<_>>()
                });
                assert_eq!(heard.await.expect("heard"), [1, 2, 3], "{to}");
                line.hang_up("done").await;
                calls += 1;
                called.calls(calls).await;
            }
        }
        called.gone().await;
        us.stop(Duration::from_secs(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_phone_calls_over_ipv6() {
    let bot = Bot::on(plan_on(&[V6]), ports_on(&[V6], 29_600), Manner::Answer).await;
    sipp_with(bot.udp(), "call", "[::1]", &[]).await;
    sipp_with(bot.tcp(), "call", "[::1]", &["-t", "t1"]).await;
    bot.calls(2).await;
    bot.gone().await;
}

/// What a caller sends by hand, and what it hears.
struct Hand {
    sip: UdpSocket,
    server: SocketAddr,
    call: String,
}

impl Hand {
    fn new(ip: IpAddr, server: SocketAddr) -> Self {
        let sip = UdpSocket::bind((ip, 0)).expect("a socket");
        sip.set_read_timeout(Some(Duration::from_secs(5))).expect("a limit");
        let call = format!("hand-{}", sip.local_addr().expect("an address").port());
        Self { sip, server, call }
    }

    fn send(&self, method: &str, to: &str, kind: &str, body: &str) {
        let (here, call) = (self.sip.local_addr().expect("an address"), &self.call);
        let kind = if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
        let seq = if method == "BYE" { 2 } else { 1 };
        let text = format!(
            "{method} sip:echo@{} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{call}{method};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:a@{here}>;tag=a\r\nTo: {to}\r\nCall-ID: {call}\r\nCSeq: {seq} {method}\r\nContact: <sip:a@{here}>\r\n\
             {kind}Content-Length: {}\r\n\r\n{body}",
            self.server,
            body.len()
        );
        self.sip.send_to(text.as_bytes(), self.server).expect("sent");
    }

    fn answer(&self) -> String {
        let mut buffer = [0; 4096];
        loop {
            let length = self.sip.recv(&mut buffer).expect("an answer");
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if !text.starts_with("SIP/2.0 1") {
                return text;
            }
        }
    }

    /// Calls with this body, and hangs up where it is answered; gives the answer, and does `amid` in the call.
    fn call(&self, kind: &str, body: &str, amid: impl FnOnce(&str)) -> String {
        let to = format!("<sip:echo@{}>", self.server);
        self.send("INVITE", &to, kind, body);
        let answer = self.answer();
        let to = answer.lines().find_map(|line| line.strip_prefix("To: ")).expect("To").to_owned();
        self.send("ACK", &to, "", "");
        if answer.starts_with("SIP/2.0 200") {
            amid(&answer);
            self.send("BYE", &to, "", "");
            assert!(self.answer().starts_with("SIP/2.0 200"));
        }
        answer
    }
}

fn datagram(sequence: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend(sequence.to_be_bytes());
    packet.extend((u32::from(sequence) * 160).to_be_bytes());
    packet.extend(0xabcd_u32.to_be_bytes());
    packet.extend([sequence as u8; 160]);
    packet
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_of_ipv6_over_ipv4_is_answered_over_ipv4_and_its_sender_learned() {
    let bot = Bot::with(plan(), Manner::Echo).await;
    let server = bot.udp();
    let caller = move || {
        for profile in ["RTP/AVP", "RTP/AVPF"] {
            // The phone's port for IPv4 is another one than it names for IPv6.
            let sound = UdpSocket::bind((HERE, 0)).expect("a socket");
            sound.set_read_timeout(Some(Duration::from_secs(5))).expect("a limit");
            let offer = format!(
                "v=0\r\no=- 1 1 IN IP6 2001:db8::7\r\ns=-\r\nc=IN IP6 2001:db8::7\r\nt=0 0\r\nm=audio {} {profile} 0\r\n",
                free_port()
            );
            let answer = Hand::new(HERE, server).call("application/sdp", &offer, |answer| {
                assert!(answer.contains("c=IN IP4 127.0.0.1\r\n") && answer.contains(profile), "{answer}");
                let port =
                    answer.lines().find_map(|line| line.strip_prefix("m=audio ")?.split(' ').next()?.parse().ok());
                let port: u16 = port.expect("a port");
                for sequence in 1..=3 {
                    sound.send_to(&datagram(sequence), (HERE, port)).expect("sent");
                }
                let mut buffer = [0; 2048];
                let length = sound.recv(&mut buffer).expect("an echo at the port it sends from");
                assert_eq!(length, datagram(3).len());
            });
            assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
        }
    };
    tokio::task::spawn_blocking(caller).await.expect("the caller");
    bot.calls(2).await;
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_goes_by_the_family_of_the_offer_where_both_are_served() {
    let homes = [HERE, V6];
    let bot = Bot::on(plan_on(&homes), ports_on(&homes, 29_700), Manner::Answer).await;
    let server = bot.udp();
    let caller = move || {
        for (c, ours) in [("IP4 127.0.0.1", "c=IN IP4 127.0.0.1"), ("IP6 ::1", "c=IN IP6 ::1")] {
            let offer = format!("v=0\r\no=- 1 1 IN {c}\r\ns=-\r\nc=IN {c}\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n");
            let answer = Hand::new(HERE, server).call("application/sdp", &offer, |_| {});
            assert!(answer.contains(&format!("{ours}\r\n")), "{answer}");
        }
    };
    tokio::task::spawn_blocking(caller).await.expect("the caller");
    bot.calls(2).await;
}

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n";

/// As an exchange sends it that tunnels ISUP (SIP-I): the description behind another part.
fn isup(sdp: &str) -> String {
    format!(
        "--unique-boundary-1\r\nContent-Type: application/ISUP;version=itu-t92+\r\nContent-Disposition: signal;handling=optional\r\n\r\n\
         \u{1}\0\u{49}\0\r\n--unique-boundary-1\r\nContent-Type: application/sdp\r\n\r\n{sdp}\r\n--unique-boundary-1--\r\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_description_among_other_parts_is_answered_and_a_body_that_holds_none_is_not() {
    let bot = Bot::start(plan()).await;
    let server = bot.udp();
    let caller = move || {
        let (mixed, none) = ("multipart/mixed;boundary=unique-boundary-1", |_: &str| {});
        let answer = Hand::new(HERE, server).call(mixed, &isup(SDP), none);
        assert!(answer.starts_with("SIP/2.0 200") && answer.contains("m=audio "), "{answer}");
        assert!(answer.contains("Content-Type: application/sdp\r\n"), "{answer}");
        let bad = Hand::new(HERE, server).call(mixed, &isup("v=0\r\no=- x"), none);
        assert!(bad.starts_with("SIP/2.0 400"), "{bad}");
        let strange = Hand::new(HERE, server).call("application/isup", "\u{1}", none);
        assert!(
            strange.starts_with("SIP/2.0 415") && strange.contains("Accept: application/sdp, multipart/mixed\r\n"),
            "{strange}"
        );
        // Parts that need not be understood and no description: the offer is ours, and the answer is in the ACK.
        let hand = Hand::new(HERE, server);
        let to = format!("<sip:echo@{server}>");
        let only = isup(SDP).replace("application/sdp", "application/x;x=\"y\"");
        hand.send(
            "INVITE",
            &to,
            mixed,
            &only.replace(
                "Content-Type: application/x",
                "Content-Disposition: x;handling=optional\r\nContent-Type: application/x",
            ),
        );
        let answer = hand.answer();
        assert!(answer.starts_with("SIP/2.0 200") && answer.contains("a=rtpmap:"), "{answer}");
        let to = answer.lines().find_map(|line| line.strip_prefix("To: ")).expect("To").to_owned();
        hand.send("ACK", &to, mixed, &isup(SDP));
        hand.send("BYE", &to, "", "");
        assert!(hand.answer().starts_with("SIP/2.0 200"));
    };
    tokio::task::spawn_blocking(caller).await.expect("the caller");
    bot.calls(2).await;
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_several_parts_to_a_call_of_ours_is_read() {
    let far = UdpSocket::bind((HERE, 0)).expect("a socket");
    far.set_read_timeout(Some(Duration::from_secs(5))).expect("a limit");
    let to = far.local_addr().expect("an address");
    let answers = std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        loop {
            let (length, from) = far.recv_from(&mut buffer).expect("a request");
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if text.starts_with("ACK ") {
                continue;
            }
            let kept = ["Via: ", "From: ", "Call-ID: ", "CSeq: "];
            let kept: String =
                text.lines().filter(|l| kept.iter().any(|k| l.starts_with(k))).map(|l| format!("{l}\r\n")).collect();
            let to = text.lines().find(|line| line.starts_with("To: ")).expect("To");
            let tag = if to.contains("tag=") { "" } else { ";tag=far" };
            let (kind, body) = if text.starts_with("INVITE ") {
                ("Content-Type: multipart/mixed; boundary=\"unique-boundary-1\"\r\n", isup(SDP))
            } else {
                ("", String::new())
            };
            let answer = format!(
                "SIP/2.0 200 OK\r\n{kept}{to}{tag}\r\nContact: <sip:far@{}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
                far.local_addr().expect("an address"),
                body.len()
            );
            far.send_to(answer.as_bytes(), from).expect("sent");
            if text.starts_with("BYE ") {
                return;
            }
        }
    });
    let (us, _rings) = Sip::start(plan(), ports_on(&[HERE], 29_900)).await.expect("started");
    let mut line = us.dial(Dial { to: format!("sip:far@{to}"), ..Dial::default() }).await.expect("answered");
    assert_eq!(line.plan.codec, media::codec::Codec::Pcmu);
    line.hang_up("done").await;
    tokio::task::spawn_blocking(move || answers.join()).await.expect("joined").expect("the far end");
}
