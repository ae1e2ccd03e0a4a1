//! Offers that phones and exchanges send and other servers take.
use super::*;
use media::Rate;

const PEER: [u8; 4] = [192, 0, 2, 55];

/// Our end of a call that is signalled over IPv4.
fn over_v4() -> Session {
    let mut us = session();
    us.signalled_from(PEER.into());
    us
}

fn ask(us: &mut Session, offer: &str) -> Result<Negotiated, Fault> {
    us.answer(&Offer::parse(offer.as_bytes())?)
}

#[test]
fn linphones_offer_of_a_host_with_both_families_is_answered_over_ipv4() {
    let offer = "v=0\r\no=100 3903 1893 IN IP6 2001:db8:1::7\r\ns=Talk\r\nc=IN IP6 2001:db8:1::7\r\nt=0 0\r\n\
        a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup,jitt,TTL voip-metrics\r\na=record:off\r\n\
        m=audio 7078 RTP/AVPF 96 97 98 0 8 18 101 99 100\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n\
        a=rtpmap:97 speex/16000\r\na=fmtp:97 vbr=on\r\na=rtpmap:98 speex/8000\r\na=rtpmap:101 telephone-event/48000\r\n\
        a=rtpmap:99 telephone-event/16000\r\na=rtpmap:100 telephone-event/8000\r\n\
        a=rtcp-fb:* trr-int 5000\r\na=rtcp-fb:* ccm tmmbr\r\n";
    let agreed = ask(&mut over_v4(), offer).unwrap();
    assert!(agreed.text.contains("c=IN IP4 192.0.2.1\r\n") && agreed.text.contains("m=audio 4000 RTP/AVPF 0 100\r\n"));
    assert_eq!(agreed.remote.rtp, "192.0.2.55:7078".parse::<SocketAddr>().unwrap());
    assert_eq!(agreed.remote.rtcp, Some("192.0.2.55:7079".parse().unwrap()));
    assert!(!agreed.hold);
}

#[test]
fn an_address_of_the_other_family_gives_way_to_the_signallings_in_offers_and_answers() {
    let m = "m=audio 6000 RTP/AVP 0";
    let remote = |c: &str| ask(&mut over_v4(), &with(&[c, m])).map(|agreed| agreed.remote.rtp.to_string());
    assert_eq!(remote("c=IN IP6 2001:db8::7").unwrap(), "192.0.2.55:6000");
    assert_eq!(remote("c=IN IP4 192.0.2.10").unwrap(), "192.0.2.10:6000", "its own word counts where it can");
    assert_eq!(remote("c=IN IP6 ::ffff:192.0.2.10").unwrap(), "192.0.2.10:6000", "IPv4 written as IPv6");
    assert_eq!(remote("c=IN IP6 ff02::1"), Err(Fault::Address));
    // A hold is one in either family.
    let held = ask(&mut over_v4(), &with(&["c=IN IP6 ::", m])).unwrap();
    assert!(held.hold && held.remote.rtp.ip().is_unspecified());
    // What signalling over the other family says of itself is of no use.
    let mut us = session();
    us.signalled_from("2001:db8::7".parse().unwrap());
    assert_eq!(
        ask(&mut us, &with(&["c=IN IP6 2001:db8::7", m])).unwrap_err(),
        Fault::Family { ours: "IP4", theirs: "IP6" }
    );
    // The other way round, and in an answer.
    let mut us = Session::new(narrow(), "2001:db8::1".parse().unwrap(), 4000);
    us.signalled_from("2001:db8::7".parse().unwrap());
    assert_eq!(ask(&mut us, &with(&[C, m])).unwrap().remote.rtp.to_string(), "[2001:db8::7]:6000");
    let mut us = over_v4();
    us.offer();
    let agreed = us.accept(with(&["c=IN IP6 2001:db8::7", m]).as_bytes()).unwrap();
    assert_eq!(agreed.remote.rtp.to_string(), "192.0.2.55:6000");
}

#[test]
fn the_offers_address_is_that_of_its_sound() {
    let address = |lines: &[&str]| Offer::parse(with(lines).as_bytes()).unwrap().address();
    let (v4, v6) = ("192.0.2.10".parse().ok(), "2001:db8::7".parse().ok());
    assert_eq!(address(&[C, "m=audio 6000 RTP/AVP 0", "c=IN IP6 2001:db8::7"]), v6);
    assert_eq!(address(&["m=video 7000 RTP/AVP 96", "c=IN IP6 2001:db8::7", "m=audio 6000 RTP/AVP 0", C]), v4);
    assert_eq!(address(&["m=audio 0 RTP/AVP 0", "c=IN IP6 2001:db8::7", "m=audio 6000 RTP/AVP 0", C]), v4);
    assert_eq!(address(&["m=video 7000 RTP/AVP 96", C]), None);
}

#[test]
fn a_stream_of_another_medium_needs_no_format_to_be_refused() {
    let lines = [
        C,
        "m=audio 6000 RTP/AVP 0",
        "m=video 0 RTP/AVP",
        "m=image 7000 udptl",
        "m=audio 0 RTP/AVP",
        "m=text 0 RTP/AVP 98",
    ];
    let agreed = answered(&with(&lines));
    let streams = agreed.text.split("m=").skip(2).collect::<Vec<_>>();
    assert_eq!(
        streams,
        ["video 0 RTP/AVP 0\r\n", "image 0 udptl 0\r\n", "audio 0 RTP/AVP 0\r\n", "text 0 RTP/AVP 98\r\n"]
    );
    Offer::parse(agreed.text.as_bytes()).unwrap();
}

#[test]
fn session_ids_of_any_length_are_taken() {
    for id in ["18446744073709551616", "3921871020000000000000000001", "-1234567", "0", &"9".repeat(64)] {
        let offer = OFFER.replace("53655765 2353687637", &format!("{id} {id}"));
        assert_eq!(answered(&offer).remote.rtp.port(), 6000, "{id}");
    }
    for wrong in ["", "-", "1a", "0x7", "1.5", &"9".repeat(65)] {
        let fault = refused(&OFFER.replace("53655765 2353687637", &format!("{wrong} 1")));
        assert!(matches!(fault, Fault::Syntax { line: 2, .. }), "{wrong}: {fault}");
    }
}

#[test]
fn g722_named_by_its_sound_is_g722_and_is_named_so_in_the_answer() {
    let prefs = Prefs { codecs: vec![Codec::G722, Codec::L16(Rate::Hz16000)], ..Prefs::default() };
    let ask = |format: &str, map: &str| {
        let lines = [C, &format!("m=audio 6000 RTP/AVP {format}"), map];
        answer(&Offer::parse(with(&lines).as_bytes()).unwrap(), &prefs, &local())
    };
    for (format, map) in [
        ("9", "a=sendrecv"),
        ("9", "a=rtpmap:9 G722/8000"),
        ("9", "a=rtpmap:9 G722/16000"),
        ("102", "a=rtpmap:102 g722/16000/1"),
    ] {
        let agreed = ask(format, map).unwrap();
        // The clock of its timestamps is 8000 whatever it is called (RFC 3551 section 4.5.2).
        assert_eq!((agreed.plan.codec, agreed.plan.payload_type.to_string().as_str()), (Codec::G722, format));
        let named = if map.contains("16000") { "G722/16000" } else { "G722/8000" };
        assert!(agreed.text.contains(&format!("a=rtpmap:{format} {named}\r\n")), "{}", agreed.text);
    }
    assert!(ask("102", "a=rtpmap:102 G722/48000").is_err());
    let l16 = ask("102", "a=rtpmap:102 L16/8000");
    assert!(l16.is_err(), "no other codec has two names");
}

#[test]
fn what_stands_in_offers_beside_sound_does_no_harm() {
    let audio = "m=audio 6000 RTP/AVP 0 8 101";
    for more in [
        // Names in any case, layers, sizes and bandwidths.
        &[C, audio, "a=rtpmap:0 pcmu/8000", "a=rtpmap:8 PcmA/8000/1", "a=rtpmap:101 Telephone-Event/8000"][..],
        &[C, "m=audio 6000/2 RTP/AVP 0 8 101", "a=rtpmap:101 telephone-event/8000"],
        &[
            C,
            "b=AS:80",
            "b=TIAS:64000",
            audio,
            "b=AS:64",
            "b=RS:0",
            "b=RR:0",
            "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-15",
        ],
        &[
            C,
            audio,
            "a=rtpmap:101 telephone-event/8000",
            "a=ptime:20",
            "a=maxptime:140",
            "a=minptime:10",
            "a=silenceSupp:off - - - -",
        ],
        // A fax beside it, and addresses per stream.
        &[
            audio,
            C,
            "a=rtpmap:101 telephone-event/8000",
            "m=image 6002 udptl t38",
            C,
            "a=T38FaxVersion:0",
            "a=T38MaxBitRate:14400",
            "a=T38FaxUdpEC:t38UDPRedundancy",
        ],
        // A phone with ICE and bundles: it takes an answer without them.
        &[
            C,
            "a=group:BUNDLE 0 1",
            "a=ice-ufrag:abcd",
            "a=ice-pwd:0123456789012345678901",
            "a=ice-options:trickle",
            "a=msid-semantic: WMS",
            audio,
            "a=mid:0",
            "a=candidate:1 1 UDP 2130706431 192.0.2.10 6000 typ host",
            "a=candidate:1 2 UDP 2130706430 192.0.2.10 6001 typ host",
            "a=candidate:2 1 UDP 1694498815 198.51.100.3 6000 typ srflx raddr 192.0.2.10 rport 6000",
            "a=remote-candidates:1 192.0.2.1 9",
            "a=end-of-candidates",
            "a=ssrc:1 cname:x",
            "a=rtcp:6001 IN IP4 192.0.2.10",
            "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
            "a=rtpmap:101 telephone-event/8000",
            "m=video 6004 RTP/AVP 96",
            "a=mid:1",
        ],
        // Capabilities nobody has to take up (RFC 5939), and alternatives of address (RFC 6947).
        &[
            C,
            audio,
            "a=rtpmap:101 telephone-event/8000",
            "a=tcap:1 RTP/SAVPF RTP/AVPF",
            "a=pcfg:1 t=1",
            "a=altc:1 IP6 2001:db8::7 6000",
            "a=altc:2 IP4 192.0.2.10 6000",
        ],
    ] {
        let agreed = answered(&with(more));
        assert_eq!((agreed.plan.codec, agreed.plan.telephone_event), (Codec::Pcmu, Some(101)), "{more:?}");
        assert_eq!(agreed.remote.rtp, "192.0.2.10:6000".parse::<SocketAddr>().unwrap());
        for told in ["ice-", "candidate", "BUNDLE", "t38UDP", "pcfg"] {
            assert!(!agreed.text.contains(told), "{}", agreed.text);
        }
    }
    // Sound that is switched off is no sound.
    assert_eq!(refused(&with(&[C, "m=audio 0 RTP/AVP 0"])), Fault::NoAudio);
}

#[test]
fn long_packets_are_taken_and_answered_with_what_we_send() {
    for asked in [120, 180, 240] {
        let agreed = answered(&with(&[
            C,
            "m=audio 6000 RTP/AVP 0",
            &format!("a=ptime:{asked}"),
            &format!("a=maxptime:{asked}"),
        ]));
        assert_eq!(agreed.plan.ptime, Duration::from_millis(60), "{asked}");
    }
}
