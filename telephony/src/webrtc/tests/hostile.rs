//! Descriptions, fragments and datagrams that lie: refused, never believed, and nothing panics.
use super::*;
use crate::webrtc::testkit;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// What Chromium 150 offers for a microphone and a data channel, its addresses exchanged.
const CHROMIUM: &str = "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
a=extmap-allow-mixed\r\na=msid-semantic: WMS 61317484\r\n\
m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n\
a=candidate:842163049 1 udp 1677729535 192.0.2.7 46154 typ srflx raddr 0.0.0.0 rport 0 generation 0 network-cost 999\r\n\
a=candidate:1 1 udp 2122260223 1f4712db-ea17-4bcf-a596-105139dfd8bf.local 51320 typ host generation 0\r\n\
a=ice-ufrag:AbCd\r\na=ice-pwd:4NLhyzdJXbhAdEvmAHJsAxZz\r\na=ice-options:trickle\r\n\
a=fingerprint:sha-256 6B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08\r\n\
a=setup:actpass\r\na=mid:0\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n\
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=sendrecv\r\na=msid:61317484 7e3b\r\na=rtcp-mux\r\na=rtcp-rsize\r\n\
a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n\
a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
a=rtpmap:13 CN/8000\r\na=rtpmap:110 telephone-event/48000\r\na=rtpmap:126 telephone-event/8000\r\n\
a=ssrc:3570614608 cname:4TOk42mSjXCkVIa6\r\na=ssrc:3570614608 msid:61317484 7e3b\r\n\
m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:AbCd\r\na=ice-pwd:4NLhyzdJXbhAdEvmAHJsAxZz\r\n\
a=ice-options:trickle\r\na=fingerprint:sha-256 6B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08\r\n\
a=setup:actpass\r\na=mid:1\r\na=sctp-port:5000\r\na=max-message-size:262144\r\n";

#[tokio::test]
async fn chromiums_offer_is_answered_with_opus_keys_and_the_channel_and_video_is_refused_in_its_place() {
    let server = WebRtc::start(plan(Ice::Full)).unwrap();
    let answered = server.answer(CHROMIUM).await.unwrap();
    let sdp = &answered.sdp;
    let m: Vec<&str> = sdp.lines().filter(|l| l.starts_with("m=")).collect();
    assert!(m[0].ends_with(" UDP/TLS/RTP/SAVPF 111 110") && m[1].ends_with("DTLS/SCTP webrtc-datachannel"), "{m:?}");
    assert!(
        sdp.contains("a=group:BUNDLE 0 1") && sdp.contains("a=max-message-size:4096") && !sdp.contains("extmap"),
        "{sdp}"
    );
    assert_eq!(answered.line.plan.telephone_event, Some(110));
    assert_eq!(answered.line.plan.codec, Codec::Opus(OpusPlan { dtx: false, ..OpusPlan::default() }));
    let video = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:v\r\na=rtpmap:96 VP8/90000\r\n";
    let with_video = CHROMIUM.replace("m=application", &format!("{video}m=application"));
    let sdp = server.answer(&with_video).await.unwrap().sdp;
    let m: Vec<&str> = sdp.lines().filter(|l| l.starts_with("m=")).collect();
    assert!(m.len() == 3 && m[1].starts_with("m=video 0 "), "{m:?}");
    assert_eq!(sdp.matches("\r\nc=IN IP4 ").count(), 3, "Firefox reads no m-line without a c-line: {sdp}");
}

/// What Firefox 153 offers, likewise.
const FIREFOX: &str = "v=0\r\no=mozilla...THIS_IS_SDPARTA-99.0 5667969146351792058 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n\
a=sendrecv\r\n\
a=fingerprint:sha-256 E9:6A:AB:1D:1A:31:79:B1:08:2C:73:C3:FC:51:2A:D7:C9:57:36:DB:55:A0:F9:4E:A4:D0:F8:0C:48:95:3D:77\r\n\
a=group:BUNDLE 0 1\r\na=ice-options:trickle\r\na=msid-semantic:WMS *\r\n\
m=audio 9 UDP/TLS/RTP/SAVPF 109 9 0 8 101\r\nc=IN IP4 0.0.0.0\r\na=sendrecv\r\n\
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=extmap-allow-mixed\r\n\
a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1\r\na=fmtp:101 0-15\r\n\
a=ice-pwd:3511ed7baf3be493e2374c9049762d5f\r\na=ice-ufrag:becce363\r\na=mid:0\r\na=msid:{37256fe3} {0ebc0e80}\r\n\
a=rtcp-mux\r\na=rtpmap:109 opus/48000/2\r\na=rtpmap:9 G722/8000/1\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
a=rtpmap:101 telephone-event/8000\r\na=setup:actpass\r\na=ssrc:332803052 cname:{7449c6fe}\r\n\
m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=bundle-only\r\na=sendrecv\r\n\
a=ice-pwd:3511ed7baf3be493e2374c9049762d5f\r\na=ice-ufrag:becce363\r\na=mid:1\r\na=setup:actpass\r\n\
a=sctp-port:5000\r\na=max-message-size:1073741823\r\n";

#[tokio::test]
async fn a_channel_that_is_offered_within_the_bundle_alone_is_answered_with_a_port() {
    let server = WebRtc::start(plan(Ice::Lite)).unwrap();
    let answered = server.answer(FIREFOX).await.unwrap();
    let channel = answered.sdp.lines().find(|l| l.starts_with("m=application")).unwrap();
    assert!(
        !channel.starts_with("m=application 0 ") && answered.sdp.contains("a=group:BUNDLE 0 1"),
        "{}",
        answered.sdp
    );
    assert_eq!(answered.line.plan.telephone_event, Some(101));
    // The same without the word is a stream that was given up.
    let sdp = server.answer(&FIREFOX.replace("a=bundle-only\r\n", "")).await.unwrap().sdp;
    assert!(sdp.contains("m=application 0 ") && sdp.contains("a=group:BUNDLE 0\r\n"), "{sdp}");
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused_with_a_reason() {
    let server = WebRtc::start(plan(Ice::Lite)).unwrap();
    let without = |text: &str| CHROMIUM.split_inclusive("\r\n").filter(|l| !l.contains(text)).collect::<String>();
    let offers = [
        String::new(),
        "v=0".into(),
        without("ice-ufrag"),
        without("ice-pwd"),
        without("fingerprint"),
        without("rtcp-mux"),
        without("opus"),
        without("a=mid"),
        CHROMIUM.replace("sha-256", "md5"),
        CHROMIUM.replace("actpass", "passive"),
        CHROMIUM.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
        CHROMIUM.replace("6B:8B", "XY:8B"),
        CHROMIUM.replace("AbCd", "a"),
        CHROMIUM.repeat(9),
    ];
    for offer in offers {
        let fault = server.answer(&offer).await.unwrap_err();
        assert!(matches!(fault, Fault::Sdp(_)), "{fault:?}");
    }
    assert_eq!(server.report(), super::super::WebRtcReport::default(), "a refused offer opens nothing");
}

/// A random change of the kinds that find mistakes.
fn mutate(text: &str, random: &mut StdRng) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..random.random_range(1..5) {
        let at = random.random_range(0..bytes.len());
        let end = (at + random.random_range(1..40)).min(bytes.len());
        match random.random_range(0..6) {
            0 => bytes[at] = random.random(),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let piece = bytes[at..end].to_vec();
                let to = random.random_range(0..bytes.len());
                bytes.splice(to..to, piece);
            }
            3 => bytes.truncate(at.max(1)),
            4 => drop(bytes.splice(at..at, b"99999999999999999999".iter().copied())),
            _ => drop(bytes.splice(at..at, b"\r\na=".iter().copied())),
        }
        if bytes.is_empty() {
            bytes.push(b'v');
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn twenty_thousand_mutated_offers_and_fragments_are_read_without_a_panic() {
    let mut random = StdRng::seed_from_u64(8_829);
    let fragment = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n\
                    a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ srflx raddr 10.0.0.1 rport 5\r\na=end-of-candidates\r\n";
    let (mut offers, mut fragments) = (0, 0);
    for _ in 0..10_000 {
        offers += usize::from(testkit::description(&mutate(CHROMIUM, &mut random)));
        fragments += usize::from(testkit::fragment(&mutate(fragment, &mut random)));
    }
    assert!(offers > 1_000 && fragments > 1_000, "{offers} {fragments}: nothing was tried");
}

#[tokio::test]
async fn mutated_offers_that_are_accepted_do_not_trouble_the_stack() {
    let server = WebRtc::start(plan(Ice::Full)).unwrap();
    let mut random = StdRng::seed_from_u64(9_725);
    let mut answered = 0;
    for _ in 0..300 {
        answered += usize::from(server.answer(&mutate(CHROMIUM, &mut random)).await.is_ok());
    }
    assert!(answered > 20, "{answered}");
    until("every task to end", || server.report().peers == 0).await;
}

#[tokio::test]
async fn garbage_on_the_port_of_a_call_does_it_no_harm() {
    let Pair { mut bot, mut page, .. } = pair(plan(Ice::Lite)).await;
    up(&mut bot, &mut page).await;
    let line = bot.call.sdp.lines().find(|l| l.starts_with("a=candidate:")).unwrap().to_owned();
    let port: u16 = line.split(' ').nth(5).unwrap().parse().unwrap();
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut random = StdRng::seed_from_u64(5_764);
    for n in 0..3_000 {
        let mut datagram: Vec<u8> = (0..random.random_range(1..200)).map(|_| random.random()).collect();
        // STUN, DTLS, RTP and RTCP by their first byte (RFC 7983).
        datagram[0] = [0, 1, 20, 22, 63, 128, 144][random.random_range(0..7)];
        socket.send_to(&datagram, ("127.0.0.1", port)).unwrap();
        if n % 16 == 0 {
            tokio::task::yield_now().await;
        }
    }
    sleep(50 * MS).await;
    drop((bot.heard(), page.heard()));
    assert!(up(&mut bot, &mut page).await < 1_000 * MS);
}
