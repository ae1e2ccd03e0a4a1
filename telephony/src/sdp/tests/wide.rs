//! Wide band: Opus, G.722 and L16, their parameters, clocks and payload types.
use super::*;
use media::Rate;

/// As Linphone writes it, with G.711 first as many phones have it.
pub(super) const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n\
    m=audio 6000 RTP/AVP 0 8 9 96 97 98 99 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:96 opus/48000/2\r\n\
    a=fmtp:96 useinbandfec=1; maxplaybackrate=16000;usedtx=1; maxaveragebitrate=20000\r\na=rtpmap:97 L16/16000\r\n\
    a=rtpmap:98 L16/44100/2\r\na=rtpmap:99 telephone-event/48000\r\na=rtpmap:101 telephone-event/8000\r\n\
    a=ptime:30\r\n";

fn answered_with(codecs: &[Codec], offer: &str) -> Negotiated {
    let prefs = Prefs { codecs: codecs.to_vec(), ..Prefs::default() };
    answer(&Offer::parse(offer.as_bytes()).unwrap(), &prefs, &local()).unwrap()
}

fn opus() -> Codec {
    Codec::Opus(OpusPlan::default())
}

fn plan_of(negotiated: &Negotiated) -> OpusPlan {
    match negotiated.plan.codec {
        Codec::Opus(plan) => plan,
        other => panic!("{other:?}"),
    }
}

#[test]
fn wide_band_is_taken_first_whatever_the_offers_order() {
    let agreed = answered_with(&Prefs::default().codecs, OFFER);
    let plan = &agreed.plan;
    assert_eq!((plan.codec.name(), plan.payload_type, plan.codec.rate()), ("opus", 96, Rate::Hz16000));
    // Keys in Opus' own clock; 30 ms are no Opus frame.
    assert_eq!((plan.telephone_event, plan.event_clock, plan.comfort_noise), (Some(99), 48_000, None));
    assert_eq!(plan.ptime, Duration::from_millis(20));
    let expected = "m=audio 4000 RTP/AVP 96 99\r\na=rtpmap:96 opus/48000/2\r\n\
        a=fmtp:96 maxplaybackrate=16000;sprop-maxcapturerate=16000;stereo=0;useinbandfec=1\r\n\
        a=rtpmap:99 telephone-event/48000\r\na=fmtp:99 0-16\r\na=ptime:20\r\na=maxptime:60\r\n";
    assert!(agreed.text.contains(expected), "{}", agreed.text);

    let g722 = answered_with(&[Codec::G722, opus()], OFFER).plan;
    assert_eq!((g722.codec, g722.payload_type, g722.telephone_event), (Codec::G722, 9, Some(101)));
    assert_eq!((g722.codec.clock(), g722.event_clock, g722.ptime), (8_000, 8_000, Duration::from_millis(30)));
    let l16 = answered_with(&[Codec::L16(Rate::Hz16000), Codec::Pcmu], OFFER);
    assert_eq!((l16.plan.codec, l16.plan.payload_type), (Codec::L16(Rate::Hz16000), 97));
    // No event of 16 kHz is offered: the one of 8 kHz serves.
    assert_eq!((l16.plan.telephone_event, l16.plan.event_clock), (Some(101), 8_000));
    assert!(l16.text.contains("a=rtpmap:97 L16/16000\r\na=rtpmap:101 telephone-event/8000\r\n"), "{}", l16.text);
    assert_eq!(answered_with(&[Codec::Pcma, opus()], OFFER).plan.codec, Codec::Pcma, "the list decides");
}

#[test]
fn what_the_far_end_says_of_its_opus_is_obeyed() {
    let ours = OpusPlan { bitrate: 32_000, ..OpusPlan::default() };
    let with = |fmtp: &str| {
        let lines = [C, "m=audio 6000 RTP/AVP 107", "a=rtpmap:107 opus/48000/2", fmtp];
        plan_of(&answered_with(&[Codec::Opus(ours)], &with(&lines)))
    };
    let plain = OpusPlan { fec: false, dtx: false, ..ours };
    assert_eq!(with("a=sendrecv"), plain, "neither copies nor gaps are sent unasked");
    assert_eq!(with("a=fmtp:96 useinbandfec=1"), plain, "another payload type's parameters");
    let full = "a=fmtp:107 maxplaybackrate=8000; sprop-maxcapturerate=8000; maxaveragebitrate=20000;stereo=1;\
        useinbandfec=1;UseDTX=1 ;cbr=1";
    let told = OpusPlan { far_hz: 8_000, bitrate: 20_000, constant: true, ..ours };
    assert_eq!(with(full), told);
    assert_eq!(with("a=fmtp:107 maxaveragebitrate=500000").bitrate, 32_000, "ours is the ceiling");
    let nonsense = "a=fmtp:107 maxplaybackrate=-1;maxaveragebitrate=x;useinbandfec=yes;;=;usedtx";
    assert_eq!(with(nonsense), plain);
    assert_eq!(
        with("a=fmtp:107 maxplaybackrate=1;maxaveragebitrate=1"),
        OpusPlan { far_hz: 8_000, bitrate: 6_000, ..plain }
    );
}

#[test]
fn opus_is_opus_with_two_channels_or_none_written_and_never_at_another_clock() {
    for (map, taken) in [
        ("opus/48000/2", true),
        ("OPUS/48000/2", true),
        ("opus/48000", true),
        ("opus/48000/6", false),
        ("opus/48000/x", false),
        ("opus/16000/2", false),
        ("L16/16000/2", false),
        ("G722/16000", true),
        ("G722/48000", false),
    ] {
        let offer = with(&[C, "m=audio 6000 RTP/AVP 96 0", &format!("a=rtpmap:96 {map}")]);
        let codecs = [opus(), Codec::G722, Codec::L16(Rate::Hz16000), Codec::Pcmu];
        assert_eq!(answered_with(&codecs, &offer).plan.codec != Codec::Pcmu, taken, "{map}");
    }
}

#[test]
fn our_offer_names_everything_with_its_parameters_and_every_clock_of_keys() {
    let prefs = Prefs {
        codecs: vec![opus(), Codec::G722, Codec::Pcmu, Codec::Pcma, Codec::L16(Rate::Hz16000)],
        ..Prefs::default()
    };
    let text = offer(&prefs, &local());
    let expected = "m=audio 4000 RTP/AVP 111 9 0 8 118 101 113 110\r\na=rtpmap:111 opus/48000/2\r\n\
        a=fmtp:111 maxplaybackrate=16000;sprop-maxcapturerate=16000;stereo=0;useinbandfec=1\r\n\
        a=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:118 L16/16000\r\n\
        a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=rtpmap:113 telephone-event/16000\r\n\
        a=fmtp:113 0-16\r\na=rtpmap:110 telephone-event/48000\r\na=fmtp:110 0-16\r\n";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn in_an_answer_their_order_counts_and_they_may_switch_to_what_else_they_name() {
    let mut us = Session::new(Prefs::default(), [192, 0, 2, 1].into(), 4000);
    us.offer();
    let lines = [C, "m=audio 6002 RTP/AVP 9 96 0 97", "a=rtpmap:96 opus/48000/2", "a=rtpmap:97 telephone-event/8000"];
    let plan = us.accept(with(&lines).as_bytes()).unwrap().plan;
    assert_eq!((plan.codec, plan.payload_type, plan.telephone_event), (Codec::G722, 9, Some(97)));
    let also: Vec<_> = plan.also.iter().map(|(p, codec)| (*p, codec.name())).collect();
    assert_eq!(also, [(111, "opus"), (96, "opus"), (0, "PCMU")], "under our number, and under theirs");
}

#[test]
fn a_number_keeps_its_meaning_through_a_call() {
    let mut us = Session::new(Prefs::default(), [192, 0, 2, 1].into(), 4000);
    // Their 111 is something else, and their Opus is 120.
    let lines = [
        C,
        "m=audio 6000 RTP/AVP 111 120 98",
        "a=rtpmap:111 SILK/16000",
        "a=rtpmap:120 opus/48000/2",
        "a=rtpmap:98 telephone-event/8000",
    ];
    us.answer(&Offer::parse(with(&lines).as_bytes()).unwrap()).unwrap();
    let text = us.offer();
    assert!(text.contains("RTP/AVP 120 9 0 8 98 110\r\n"), "{text}");
    // And where only our number is taken, another one is found.
    let mut us = Session::new(Prefs::default(), [192, 0, 2, 1].into(), 4000);
    let lines = [C, "m=audio 6000 RTP/AVP 0 111 110", "a=rtpmap:111 SILK/16000", "a=rtpmap:110 x/8000"];
    us.answer(&Offer::parse(with(&lines).as_bytes()).unwrap()).unwrap();
    let text = us.offer();
    assert!(text.contains("RTP/AVP 96 9 0 8 101 102\r\n"), "{text}");
}
