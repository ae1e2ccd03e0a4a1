//! Offers and answers of the field, of the RFCs, and mutated ones.
mod field;
mod wide;

use super::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

mod security;

const OFFER: &str = "v=0\r\no=alice 53655765 2353687637 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n\
    m=audio 6000 RTP/AVP 0 8 97 101 13\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:97 iLBC/8000\r\n\
    a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n";

/// A line of G.711 alone.
fn narrow() -> Prefs {
    Prefs { codecs: vec![Codec::Pcmu, Codec::Pcma], ..Prefs::default() }
}

fn local() -> LocalEnd {
    LocalEnd { address: [192, 0, 2, 1].into(), port: 4000, session_id: 7, version: 1 }
}

fn session() -> Session {
    Session::new(narrow(), [192, 0, 2, 1].into(), 4000)
}

fn with(lines: &[&str]) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nt=0 0\r\n{}\r\n", lines.join("\r\n"))
}

fn answered(offer: &str) -> Negotiated {
    answer(&Offer::parse(offer.as_bytes()).unwrap(), &narrow(), &local()).unwrap()
}

fn refused(offer: &str) -> Fault {
    match Offer::parse(offer.as_bytes()) {
        Ok(offer) => answer(&offer, &narrow(), &local()).unwrap_err(),
        Err(fault) => fault,
    }
}

const C: &str = "c=IN IP4 192.0.2.10";

#[test]
fn a_phones_offer_gets_one_codec_and_keys() {
    let agreed = answered(OFFER);
    assert_eq!(
        agreed.plan,
        LegPlan { telephone_event: Some(101), comfort_noise: Some(13), ..LegPlan::new(Codec::Pcmu, 0) }
    );
    let rtp = "192.0.2.10:6000".parse::<SocketAddr>().unwrap();
    assert_eq!(agreed.remote, Remote { rtp, rtcp: Some("192.0.2.10:6001".parse().unwrap()) });
    assert!(!agreed.hold);
    assert_eq!(
        agreed.text,
        "v=0\r\no=- 7 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 13 101\r\n\
         a=rtpmap:0 PCMU/8000\r\na=rtpmap:13 CN/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n\
         a=ptime:20\r\na=maxptime:60\r\na=sendrecv\r\n"
    );
}

#[test]
fn our_order_of_codecs_counts() {
    let prefs = Prefs { codecs: vec![Codec::Pcma, Codec::Pcmu], ..Prefs::default() };
    let plan = answer(&Offer::parse(OFFER.as_bytes()).unwrap(), &prefs, &local()).unwrap().plan;
    assert_eq!((plan.codec, plan.payload_type), (Codec::Pcma, 8));
}

#[test]
fn static_payload_types_need_no_rtpmap_and_dynamic_ones_are_honoured() {
    let plan = answered(&with(&[C, "m=audio 6000 RTP/AVP 8"])).plan;
    assert_eq!((plan.codec, plan.telephone_event, plan.comfort_noise), (Codec::Pcma, None, None));
    let lines = [C, "m=audio 6000 RTP/AVP 98 99", "a=rtpmap:98 pcma/8000/1", "a=rtpmap:99 TELEPHONE-EVENT/8000"];
    let agreed = answered(&with(&lines));
    assert_eq!((agreed.plan.codec, agreed.plan.payload_type), (Codec::Pcma, 98));
    assert_eq!(agreed.plan.telephone_event, Some(99));
    assert!(agreed.text.contains("m=audio 4000 RTP/AVP 98 99\r\na=rtpmap:98 PCMA/8000\r\n"), "{}", agreed.text);
}

#[test]
fn a_map_that_says_otherwise_beats_the_static_meaning() {
    for map in ["a=rtpmap:0 opus/48000/2", "a=rtpmap:0 PCMU/16000", "a=rtpmap:0 PCMU/8000/2"] {
        let fault = refused(&with(&[C, "m=audio 6000 RTP/AVP 0", map]));
        assert!(matches!(fault, Fault::NoCommonCodec(_)), "{map}: {fault:?}");
    }
}

#[test]
fn keys_need_the_codecs_clock() {
    let lines =
        [C, "m=audio 6000 RTP/AVP 0 96 97", "a=rtpmap:96 telephone-event/48000", "a=rtpmap:97 telephone-event/8000"];
    assert_eq!(answered(&with(&lines)).plan.telephone_event, Some(97));
    assert_eq!(answered(&with(&lines[..3])).plan.telephone_event, None);
}

#[test]
fn other_streams_are_refused_in_their_place_with_their_mids() {
    let agreed = answered(&with(&[
        C,
        "m=video 7000 RTP/AVP 96 97",
        "a=mid:v",
        "m=audio 7002 RTP/SAVP 0",
        "a=mid:sec",
        "m=audio 7004 RTP/AVP 0",
        "a=mid:sound",
        "m=image 7006 udptl t38",
        "m=wonder 7008/2 TCP/X *",
    ]));
    let streams = agreed.text.split("m=").skip(1).collect::<Vec<_>>();
    assert_eq!(streams[0], "video 0 RTP/AVP 96 97\r\na=mid:v\r\n");
    assert_eq!(streams[1], "audio 0 RTP/SAVP 0\r\na=mid:sec\r\n");
    assert!(streams[2].starts_with("audio 4000 RTP/AVP 0\r\n") && streams[2].ends_with("a=mid:sound\r\n"));
    assert_eq!(&streams[3..], ["image 0 udptl t38\r\n", "wonder 0 TCP/X *\r\n"]);
    assert_eq!(agreed.remote.rtp.port(), 7004);
}

#[test]
fn packet_time_is_as_asked_within_bounds() {
    let cases: [(&[&str], u64); 10] = [
        (&[], 20),
        (&["a=ptime:30"], 30),
        (&["a=ptime:5"], 10),
        (&["a=ptime:120"], 60),
        (&["a=ptime:60", "a=maxptime:40"], 40),
        (&["a=maxptime:10"], 10),
        (&["a=maxptime:3"], 10),
        (&["a=ptime:25"], 20),
        (&["a=ptime:20.0"], 20),
        (&["a=ptime:-7", "a=maxptime:x"], 20),
    ];
    for (asked, got) in cases {
        let agreed = answered(&with(&[&[C, "m=audio 6000 RTP/AVP 0"], asked].concat()));
        assert_eq!(agreed.plan.ptime, Duration::from_millis(got), "{asked:?}");
        assert!(agreed.text.contains(&format!("a=ptime:{got}\r\n")));
    }
    let session_level = answered(&with(&["a=ptime:40", "m=audio 6000 RTP/AVP 0", C]));
    assert_eq!(session_level.plan.ptime, Duration::from_millis(40));
}

#[test]
fn directions_are_mirrored_and_holds_seen() {
    use Direction::*;
    for (theirs, session, ours, hold) in [
        ("a=sendrecv", "a=inactive", SendRecv, false),
        ("a=sendonly", "a=tool:x", RecvOnly, true),
        ("a=recvonly", "a=tool:x", SendOnly, false),
        ("a=inactive", "a=tool:x", Inactive, true),
        ("a=tool:x", "a=sendonly", RecvOnly, true),
        ("a=tool:x", "a=tool:x", SendRecv, false),
    ] {
        let agreed = answered(&with(&[C, session, "m=audio 6000 RTP/AVP 0", theirs]));
        assert_eq!((agreed.plan.direction, agreed.hold), (ours, hold), "{theirs} {session}");
    }
}

#[test]
fn the_old_style_of_hold_silences_us() {
    let agreed = answered(&with(&["c=IN IP4 0.0.0.0", "m=audio 6000 RTP/AVP 0"]));
    assert!(agreed.hold && agreed.remote.rtp.ip().is_unspecified());
    assert_eq!(agreed.plan.direction, Direction::RecvOnly);
    assert!(agreed.text.contains("a=recvonly\r\n"));
}

#[test]
fn a_hold_of_ours_is_offered_and_answered() {
    let mut us = session();
    us.direct(Direction::SendOnly);
    let agreed = us.answer(&Offer::parse(OFFER.as_bytes()).unwrap()).unwrap();
    assert_eq!((agreed.plan.direction, agreed.hold), (Direction::SendOnly, false));
    us.direct(Direction::Inactive);
    assert!(us.offer().contains("a=inactive\r\n"));
}

#[test]
fn rtcp_goes_where_it_is_asked() {
    let case = |attribute| answered(&with(&[C, "m=audio 6000 RTP/AVP 0", attribute])).remote.rtcp;
    let address = |a: &str| Some(a.parse().unwrap());
    assert_eq!(case("a=rtcp:7001"), address("192.0.2.10:7001"));
    assert_eq!(case("a=rtcp:7001 IN IP4 192.0.2.77"), address("192.0.2.77:7001"));
    assert_eq!(case("a=rtcp:7001 IN IP6 2001:db8::1"), address("192.0.2.10:7001"));
    assert_eq!(case("a=rtcp:nonsense"), address("192.0.2.10:6001"));
    assert_eq!(case("a=rtcp-mux"), None);
    let prefs = Prefs { rtcp_mux: false, ..Prefs::default() };
    let offer = Offer::parse(with(&[C, "m=audio 6000 RTP/AVP 0", "a=rtcp-mux"]).as_bytes()).unwrap();
    let agreed = answer(&offer, &prefs, &local()).unwrap();
    assert_eq!(agreed.remote.rtcp, address("192.0.2.10:6001"));
    assert!(!agreed.text.contains("rtcp-mux"));
}

#[test]
fn a_streams_own_connection_beats_the_sessions() {
    let agreed = answered(&with(&["c=IN IP4 192.0.2.99", "m=audio 6000 RTP/AVP 0", "c=IN IP4 192.0.2.10/127"]));
    assert_eq!(agreed.remote.rtp, "192.0.2.10:6000".parse::<SocketAddr>().unwrap());
}

#[test]
fn ipv6_is_answered_with_ipv6() {
    let mut us = Session::new(narrow(), "2001:db8::1".parse().unwrap(), 4000);
    let offer = with(&["c=IN IP6 2001:db8::2", "m=audio 6000 RTP/AVP 0"]);
    let agreed = us.answer(&Offer::parse(offer.as_bytes()).unwrap()).unwrap();
    assert_eq!(agreed.remote.rtp, "[2001:db8::2]:6000".parse::<SocketAddr>().unwrap());
    assert!(agreed.text.contains("c=IN IP6 2001:db8::1\r\n"));
    assert_eq!(refused(&offer), Fault::Family { ours: "IP4", theirs: "IP6" });
}

#[test]
fn what_cannot_be_answered_says_why() {
    let m = "m=audio 6000 RTP/AVP 0";
    let cases = [
        (with(&[C, "m=audio 6000 RTP/AVP 3 18"]), "no common codec: offer one of PCMU, PCMA", 488),
        (with(&[C, "m=audio 6000 RTP/SAVP 0"]), "RTP/SAVP only", 488),
        (with(&[C, "m=video 6000 RTP/AVP 96"]), "no audio", 488),
        (with(&[C, "m=audio 0 RTP/AVP 0"]), "no audio", 488),
        (with(&[m]), "c= line", 488),
        (with(&["c=IN IP4 phone.example", m]), "host names", 488),
        (with(&["c=IN IP4 224.2.1.1/127", m]), "unicast", 488),
        (with(&["c=IN IP5 1.2.3.4", m]), "SDP line 5: c= needs", 400),
        (with(&[C, "m=audio 65536 RTP/AVP 0"]), "line 6: m= needs a port", 400),
        (with(&[C, "m=audio 6000 RTP/AVP"]), "line 6: m= needs 1 to 128 formats", 400),
        (with(&[C, "m=audio"]), "line 6: m= needs media", 400),
        (with(&[C, "nonsense"]), "line 6: not of the form", 400),
        (with(&[C, "x=1"]), "line 6: unknown type letter", 400),
        ("".into(), "no o= line", 400),
        ("hello".into(), "line 1: not of the form", 400),
        ("o=- 1 1 IN IP4 1.2.3.4".into(), "begins with v=0", 400),
        ("v=1".into(), "begins with v=0", 400),
        ("v=0\r\nv=0".into(), "line 2: a second v=", 400),
        ("v=0\r\no=- one 1 IN IP4 1.2.3.4".into(), "line 2: o= needs", 400),
        (format!("{OFFER}{}", "a=x\r\n".repeat(4_000)), "at most 16384", 413),
        (format!("{OFFER}{}", "a=x\n".repeat(1_100)), "too many lines", 400),
        (format!("{OFFER}{}", "m=x 0 y z\n".repeat(40)), "too many m-lines", 400),
    ];
    for (offer, words, status) in cases {
        let fault = refused(&offer);
        assert!(fault.to_string().contains(words), "{words}: {fault}");
        assert_eq!(fault.status(), status, "{fault}");
    }
}

#[test]
fn descriptions_as_they_come_are_forgiven() {
    for offer in [
        "v=0\no=- 1 1 IN IP4 192.0.2.10\ns=\nc=IN IP4 192.0.2.10\nt=0 0\nm=audio 6000 RTP/AVP 0\n",
        "v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\nm=audio 6000 RTP/AVP 0\r\nc=IN IP4 192.0.2.10",
        "v=0\r\no=John Q. Public 1 1 IN IP4 host\r\ns=a \u{1F4DE}\r\nb=AS:64.5\r\na=x\r\nc=IN IP4 192.0.2.10\r\n\
         u=::\r\nt=0 0\r\nk=clear:x\r\nm=audio 6000 RTP/AVP 0\r\nb=\r\ni=\r\n\r\n\0",
    ] {
        assert_eq!(answered(offer).remote.rtp, "192.0.2.10:6000".parse::<SocketAddr>().unwrap());
    }
    let latin = b"v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=\xE9t\xE9\r\nc=IN IP4 1.2.3.4\r\nt=0 0\r\nm=audio 6 RTP/AVP 0\r\n";
    assert!(Offer::parse(latin).is_ok());
}

#[test]
fn nothing_of_the_callers_name_is_kept() {
    let offer =
        Offer::parse(OFFER.replace("alice", "+15551234567").replace("s=-", "s=+15551234567").as_bytes()).unwrap();
    assert!(!format!("{offer:?}").contains("5551234567"));
    let fault = Offer::parse(OFFER.replace("o=alice 5", "o=+15551234567 x").as_bytes()).unwrap_err();
    assert!(!format!("{fault} {fault:?}").contains("5551234567"));
}

#[test]
fn a_version_rises_only_when_the_text_changes() {
    let mut us = session();
    let offer = Offer::parse(OFFER.as_bytes()).unwrap();
    let held = Offer::parse(OFFER.replace("sendrecv", "sendonly").as_bytes()).unwrap();
    let origin = |text: &str| text.lines().nth(1).unwrap().split(' ').map(str::to_owned).collect::<Vec<_>>();
    let first = us.answer(&offer).unwrap().text;
    assert_eq!(us.answer(&offer).unwrap().text, first);
    let second = us.answer(&held).unwrap().text;
    assert_eq!(us.answer(&held).unwrap().text, second);
    let third = us.answer(&offer).unwrap().text;
    let [a, b, c] = [&first, &second, &third].map(|t| origin(t));
    assert_eq!((&a[1], &b[1]), (&b[1], &c[1]), "one session id");
    assert_eq!([&a[2], &b[2], &c[2]], ["1", "2", "3"]);
    assert!(us.answer(&Offer::parse(with(&[C, "m=audio 6 RTP/AVP 3"]).as_bytes()).unwrap()).is_err());
    assert_eq!(us.answer(&offer).unwrap().text, third, "a refused offer changes nothing");
}

#[test]
fn an_offer_within_a_call_keeps_streams_and_payload_types() {
    let mut us = session();
    let lines =
        [C, "m=video 7000 RTP/AVP 96", "m=audio 6000 RTP/AVP 8 96", "a=mid:1", "a=rtpmap:96 telephone-event/8000"];
    us.answer(&Offer::parse(with(&lines).as_bytes()).unwrap()).unwrap();
    let text = us.offer();
    let streams = text.split("m=").skip(1).collect::<Vec<_>>();
    assert_eq!(streams[0], "video 0 RTP/AVP 96\r\n");
    assert!(streams[1].starts_with("audio 4000 RTP/AVP 0 8 96\r\n") && streams[1].ends_with("a=mid:1\r\n"), "{text}");
    assert_eq!(us.offer(), text, "unchanged, so the version is the same");
    assert!(matches!(us.accept(OFFER.as_bytes()), Err(Fault::Answer(_))), "one m-line is missing");
    let answer = with(&[C, "m=video 0 RTP/AVP 96", "m=audio 6002 RTP/AVP 8"]);
    assert_eq!(us.accept(answer.as_bytes()).unwrap().remote.rtp.port(), 6002);
}

#[test]
fn answers_that_do_not_fit_the_offer_are_refused() {
    for (lines, words) in [
        (&[C, "m=audio 0 RTP/AVP 0"][..], "refused"),
        (&[C, "m=audio 6000 RTP/AVP 3"], "no codec"),
        (&[C, "m=video 6000 RTP/AVP 0"], "not the audio"),
        (&[C, "m=audio 6000 RTP/SAVP 0"], "not the audio"),
        (&[C, "m=audio 6000 RTP/AVP 0", "m=audio 6002 RTP/AVP 0"], "number of m-lines"),
        (&[C], "number of m-lines"),
        (&["m=audio 6000 RTP/AVP 0"], "c= line"),
        (&["c=IN IP6 ::1", "m=audio 6000 RTP/AVP 0"], "IP6"),
    ] {
        let mut us = session();
        us.offer();
        let fault = us.accept(with(lines).as_bytes()).unwrap_err();
        assert!(fault.to_string().contains(words), "{words}: {fault}");
    }
}

/// Both ends come to the same call, whatever they like.
#[test]
fn offer_answer_and_accept_agree() {
    let mut random = StdRng::seed_from_u64(3264);
    let directions = [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive];
    for _ in 0..2_000 {
        let mut prefs = || Prefs {
            codecs: match random.random_range(0..3) {
                0 => vec![Codec::Pcmu, Codec::Pcma],
                1 => vec![Codec::Pcma],
                _ => Prefs::default().codecs,
            },
            ptime: Duration::from_millis(random.random_range(1..=6) * 10),
            telephone_event: random.random(),
            comfort_noise: random.random(),
            rtcp_mux: random.random(),
            direction: directions[random.random_range(0..4)],
            security: Security::Off,
            suites: Suite::ALL.to_vec(),
        };
        let (a, b) = (prefs(), prefs());
        let mut caller = Session::new(a.clone(), [192, 0, 2, 1].into(), 4000);
        let mut called = Session::new(b.clone(), [192, 0, 2, 2].into(), 6000);
        let offer = Offer::parse(caller.offer().as_bytes()).unwrap();
        let theirs = called.answer(&offer).unwrap();
        let ours = caller.accept(theirs.text.as_bytes()).unwrap();
        let (p, q) = (&ours.plan, &theirs.plan);
        assert_eq!((p.codec.name(), p.payload_type), (q.codec.name(), q.payload_type));
        assert_eq!((p.telephone_event, p.event_clock), (q.telephone_event, q.event_clock));
        assert_eq!(p.telephone_event.is_some(), a.telephone_event && b.telephone_event);
        assert_eq!((p.ptime, q.ptime), (p.codec.ptime(a.ptime), p.codec.ptime(a.ptime)));
        assert_eq!((p.direction.sends(), p.direction.receives()), (q.direction.receives(), q.direction.sends()));
        assert_eq!(p.direction.sends(), a.direction.sends() && b.direction.receives());
        let mux = a.rtcp_mux && b.rtcp_mux;
        assert_eq!((ours.remote.rtcp.is_none(), theirs.remote.rtcp.is_none()), (mux, mux));
        assert_eq!((ours.remote.rtp.port(), theirs.remote.rtp.port()), (6000, 4000));
        // And back: the called side offers anew, the caller answers.
        let again = caller.answer(&Offer::parse(called.offer().as_bytes()).unwrap()).unwrap();
        let back = called.accept(again.text.as_bytes()).unwrap();
        assert_eq!(again.plan.codec.name(), back.plan.codec.name());
        assert_eq!(again.plan.telephone_event.is_some(), p.telephone_event.is_some());
    }
}

#[test]
fn twenty_thousand_mutated_descriptions_never_panic() {
    let mut random = StdRng::seed_from_u64(8866);
    let seeds = [
        OFFER.to_owned(),
        with(&[C, "a=ptime:20", "m=video 1 RTP/AVP 96", "a=mid:v", "m=audio 6000/2 RTP/AVP 8 13 96", "c=IN IP6 ::1"]),
        with(&["c=IN IP4 0.0.0.0", "m=audio 9 RTP/AVP 0", "a=rtcp:5 IN IP4 1.2.3.4", "a=rtcp-mux", "a=inactive"]),
    ];
    let seeds = [&seeds[..], &[wide::OFFER.to_owned()]].concat();
    let pieces: [&[u8]; 12] = [
        b"\r\n",
        b"m=",
        b"a=rtpmap:",
        b"\0",
        b"4294967296",
        b"-1",
        b"/",
        b" ",
        b"\xFF\xFE",
        b"c=IN IP4 ",
        "é\u{85}".as_bytes(),
        b"99999999999999999999",
    ];
    let (mut read, mut agreed) = (0, 0);
    for _ in 0..20_000 {
        let mut bytes = seeds[random.random_range(0..seeds.len())].clone().into_bytes();
        for _ in 0..random.random_range(1..8) {
            let at = random.random_range(0..bytes.len());
            let end = (at + random.random_range(0..12)).min(bytes.len());
            match random.random_range(0..5) {
                0 => bytes[at] = random.random(),
                1 => drop(bytes.drain(at..end)),
                2 => drop(bytes.splice(at..at, pieces[random.random_range(0..pieces.len())].iter().copied())),
                3 => {
                    let copy = bytes[at..end].to_vec();
                    let to = random.random_range(0..bytes.len());
                    drop(bytes.splice(to..to, copy));
                }
                _ => bytes.truncate(at.max(1)),
            }
            if bytes.is_empty() {
                bytes.push(b'v');
            }
        }
        let mut us = Session::new(Prefs::default(), [192, 0, 2, 1].into(), 4000);
        if let Ok(offer) = Offer::parse(&bytes) {
            read += 1;
            if let Ok(negotiated) = us.answer(&offer) {
                agreed += 1;
                Offer::parse(negotiated.text.as_bytes()).expect("our answer can be read");
                assert!((10..=60).contains(&(negotiated.plan.ptime.as_millis() as u64)));
            }
        }
        us.offer();
        let _ = us.accept(&bytes);
    }
    assert!(read > 1_000 && agreed > 500, "mutations reach the deep parts: {read} read, {agreed} agreed");
}
