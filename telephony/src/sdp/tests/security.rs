//! Encrypted streams: what is offered, answered, refused and renewed.
use super::*;

const KEY: &str = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4";
const OTHER: &str = "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj";
const SAVP: &str = "m=audio 6000 RTP/SAVP 0";
const AVP: &str = "m=audio 6000 RTP/AVP 0";

fn prefs(security: Security) -> Prefs {
    Prefs { security, ..Prefs::default() }
}

fn us(security: Security) -> Session {
    Session::new(prefs(security), [192, 0, 2, 1].into(), 4000)
}

fn ask(us: &mut Session, lines: &[&str]) -> Result<Negotiated, Fault> {
    us.answer(&Offer::parse(with(&[&[C], lines].concat()).as_bytes()).unwrap())
}

fn suite(agreed: &Negotiated) -> Option<Suite> {
    agreed.secrets.as_ref().map(|secrets| secrets.ours.suite)
}

#[test]
fn an_encrypted_offer_is_answered_with_its_tag_its_suite_and_a_key_of_ours() {
    let agreed = ask(&mut us(Security::Offered), &[SAVP, "a=crypto:9 F8_X inline:QUJD", KEY, OTHER]).unwrap();
    let secrets = agreed.secrets.unwrap();
    assert_eq!((secrets.ours.suite, secrets.theirs.suite), (Suite::AesCm80, Suite::AesCm80), "the first that is known");
    assert_ne!(secrets.ours, secrets.theirs);
    let line = format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{}\r\n", secrets.ours.encode());
    assert!(agreed.text.contains("m=audio 4000 RTP/SAVP 0\r\n") && agreed.text.contains(&line), "{}", agreed.text);
    assert_eq!(agreed.text.matches("a=crypto").count(), 1);
}

#[test]
fn the_policy_decides_what_becomes_of_an_offer() {
    use Security::{Off, Offered, Required};
    let cm = Some(Suite::AesCm80);
    for (security, lines, expected) in [
        (Off, &[SAVP, KEY][..], Err(Fault::Profile("RTP/SAVP".into()))),
        (Off, &[AVP, KEY], Ok(None)),
        (Off, &[AVP], Ok(None)),
        (Offered, &[SAVP, KEY], Ok(cm)),
        (Offered, &[SAVP], Err(Fault::NoCrypto)),
        (Offered, &[SAVP, &format!("{KEY} UNENCRYPTED_SRTP")], Err(Fault::NoCrypto)),
        (Offered, &[AVP, KEY], Ok(cm)),
        (Offered, &[AVP, &format!("{KEY} KDR=1")], Ok(None)),
        (Offered, &[AVP], Ok(None)),
        (Offered, &[AVP, C, SAVP, KEY], Ok(cm)),
        (Required, &[SAVP, OTHER], Ok(Some(Suite::AesCm32))),
        (Required, &[AVP, KEY], Ok(cm)),
        (Required, &[AVP], Err(Fault::Plain)),
        (Required, &[AVP, C, SAVP, KEY], Ok(cm)),
        (Required, &["m=audio 6000 RTP/SAVPF 0", KEY], Ok(cm)),
        (Offered, &["m=audio 6000 RTP/SAVPF 0", KEY], Ok(cm)),
        (Offered, &["m=audio 6000 RTP/AVPF 0", KEY], Ok(cm)),
        (Offered, &["m=audio 6000 RTP/AVPF 0"], Ok(None)),
        (Required, &["m=audio 6000 RTP/AVPF 0"], Err(Fault::Plain)),
        (Off, &["m=audio 6000 RTP/SAVPF 0", KEY], Err(Fault::Profile("RTP/SAVPF".into()))),
        // Keys by DTLS are a browser's.
        (Offered, &["m=audio 6000 RTP/SAVPF 0", "a=fingerprint:sha-256 00"], Err(Fault::NoCrypto)),
        (Offered, &["m=audio 6000 UDP/TLS/RTP/SAVPF 0"], Err(Fault::Profile("UDP/TLS/RTP/SAVPF".into()))),
    ] {
        let answer = ask(&mut us(security), lines);
        if let Err(fault) = &answer {
            assert_eq!(fault.status(), 488);
        }
        assert_eq!(answer.as_ref().map(suite), expected.as_ref().map(|suite| *suite), "{security:?} {lines:?}");
        if let Ok(agreed) = answer {
            assert_eq!(agreed.text.contains("a=crypto"), agreed.secrets.is_some());
        }
    }
    assert!(Fault::Plain.to_string().contains("offer RTP/SAVP with a=crypto"));
}

#[test]
fn the_profile_that_is_offered_is_answered_and_kept() {
    for (profile, security) in [
        ("RTP/AVP", Security::Off),
        ("RTP/AVPF", Security::Off),
        ("RTP/AVPF", Security::Offered),
        ("RTP/SAVP", Security::Offered),
        ("RTP/SAVPF", Security::Offered),
        ("RTP/SAVPF", Security::Required),
    ] {
        let mut us = us(security);
        let line = format!("m=audio 6000 {profile} 0");
        // As Linphone writes what it would like to be told of.
        let feedback = ["a=rtcp-fb:* trr-int 1000", "a=rtcp-fb:* ccm tmmbr", "a=rtcp-xr:rcvr-rtt=all:10000"];
        let mut lines = vec![line.as_str(), KEY];
        lines.extend(feedback);
        let agreed = ask(&mut us, &lines).unwrap();
        let ours = format!("m=audio 4000 {profile} 0\r\n");
        assert!(agreed.text.contains(&ours) && !agreed.text.contains("rtcp-fb"), "{}", agreed.text);
        let again = us.offer();
        assert!(again.contains(&format!("m=audio 4000 {profile} ")), "{again}");
        let crypto =
            format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{}", crate::rtp::Keys::random(Suite::AesCm80).encode());
        let crypto = if agreed.secrets.is_some() { &crypto } else { "a=x" };
        assert_eq!(
            us.accept(with(&[C, &line, crypto]).as_bytes()).unwrap().secrets.is_some(),
            agreed.secrets.is_some()
        );
    }
    // An answer with feedback to an offer without is harmless.
    let mut us = us(Security::Off);
    us.offer();
    us.accept(with(&[C, "m=audio 6000 RTP/AVPF 0"]).as_bytes()).unwrap();
    assert!(us.offer().contains("RTP/AVPF"));
}

#[test]
fn of_two_audio_lines_the_encrypted_one_is_taken_and_the_other_refused() {
    let agreed = ask(&mut us(Security::Offered), &[AVP, C, "m=audio 6002 RTP/SAVP 0", KEY]).unwrap();
    assert_eq!(agreed.remote.rtp.port(), 6002);
    assert!(agreed.text.contains("m=audio 0 RTP/AVP 0\r\nm=audio 4000 RTP/SAVP 0\r\n"), "{}", agreed.text);
}

#[test]
fn a_hold_keeps_both_keys_and_a_new_key_of_theirs_gets_a_new_one_of_ours() {
    let mut us = us(Security::Offered);
    let first = ask(&mut us, &[SAVP, KEY]).unwrap();
    let held = ask(&mut us, &[SAVP, KEY, "a=sendonly"]).unwrap();
    assert_eq!(held.secrets, first.secrets);
    assert_eq!(ask(&mut us, &[SAVP, KEY]).unwrap().secrets, first.secrets);
    let renewed = ask(&mut us, &[SAVP, OTHER]).unwrap().secrets.unwrap();
    let first = first.secrets.unwrap();
    assert!(renewed.theirs != first.theirs && renewed.ours != first.ours);
    let again = us.offer();
    assert!(
        again.contains("RTP/SAVP") && again.contains(&renewed.ours.encode()),
        "what is in force is offered: {again}"
    );
    assert_eq!(again.matches("a=crypto").count(), 1);
    // A refused offer leaves them as they are, a plain one ends them: no key serves a stream that has begun anew.
    assert!(ask(&mut us, &[SAVP]).is_err());
    assert_eq!(ask(&mut us, &[SAVP, OTHER]).unwrap().secrets.unwrap(), renewed);
    assert_eq!(ask(&mut us, &[AVP]).unwrap().secrets, None);
    assert!(!us.offer().contains("crypto"));
    assert_ne!(ask(&mut us, &[SAVP, OTHER]).unwrap().secrets.unwrap().ours, renewed.ours);
}

#[test]
fn two_of_us_agree_as_their_policies_let_them() {
    use Security::{Off, Offered, Required};
    for (caller, called, expected) in [
        (Off, Off, Some(false)),
        (Off, Offered, Some(false)),
        (Off, Required, None),
        (Offered, Off, Some(false)),
        (Offered, Offered, Some(true)),
        (Offered, Required, Some(true)),
        (Required, Off, None),
        (Required, Offered, Some(true)),
        (Required, Required, Some(true)),
    ] {
        let (mut caller, mut called) = (us(caller), us(called));
        let offer = caller.offer();
        assert_eq!(caller.offer(), offer, "unchanged, keys and all");
        let Ok(theirs) = called.answer(&Offer::parse(offer.as_bytes()).unwrap()) else {
            assert_eq!(expected, None);
            continue;
        };
        let ours = caller.accept(theirs.text.as_bytes()).unwrap();
        assert_eq!(Some(ours.secrets.is_some()), expected);
        let turned = theirs.secrets.map(|s| Secrets { ours: s.theirs, theirs: s.ours });
        assert_eq!(ours.secrets, turned, "each sends with what the other opens by");
        // Later offers of either side change nothing.
        let again = caller.answer(&Offer::parse(called.offer().as_bytes()).unwrap()).unwrap();
        assert_eq!(again.secrets, ours.secrets);
        let back = called.accept(again.text.as_bytes()).unwrap();
        assert_eq!(back.secrets, turned_of(&ours));
    }
}

fn turned_of(agreed: &Negotiated) -> Option<Secrets> {
    agreed.secrets.clone().map(|s| Secrets { ours: s.theirs, theirs: s.ours })
}

#[test]
fn an_answer_must_take_a_key_that_was_offered() {
    for (security, lines) in [
        (Security::Required, &[AVP][..]),
        (Security::Required, &[SAVP]),
        (Security::Required, &[SAVP, OTHER]),
        (
            Security::Required,
            &[SAVP, "a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"],
        ),
        (Security::Offered, &[SAVP]),
    ] {
        let mut us = us(security);
        us.offer();
        let fault = us.accept(with(&[&[C], lines].concat()).as_bytes()).unwrap_err();
        assert!(matches!(fault, Fault::Answer(why) if why.contains("keys")), "{fault:?} {lines:?}");
    }
}

#[test]
fn nothing_that_may_be_logged_holds_a_key() {
    let mut us = us(Security::Offered);
    let offer = Offer::parse(with(&[C, SAVP, KEY]).as_bytes()).unwrap();
    let agreed = us.answer(&offer).unwrap();
    let secrets = agreed.secrets.clone().unwrap();
    for text in [format!("{offer:?}"), format!("{:?}", agreed.secrets), format!("{us:?}")] {
        for key in [secrets.ours.encode(), secrets.theirs.encode()] {
            assert!(!text.contains(&key[..8]), "{text}");
        }
    }
}
