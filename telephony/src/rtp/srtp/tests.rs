//! The state of a leg against itself, against another implementation, and against rubbish.
use super::*;
use crate::rtp::limits::MTU;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rtc_srtp::context::Context;
use rtc_srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use rtc_srtp::protection_profile::ProtectionProfile;

const SSRC: u32 = 0xCAFE_BABE;

/// A packet of 20 ms of PCMU.
fn rtp_of(ssrc: u32, sequence: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend(sequence.to_be_bytes());
    packet.extend(u32::from(sequence).wrapping_mul(160).to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend((0..160).map(|n| (n as u8) ^ (sequence as u8)));
    packet
}

fn rtp(sequence: u16) -> Vec<u8> {
    rtp_of(SSRC, sequence)
}

/// An empty receiver report with a goodbye.
fn rtcp() -> Vec<u8> {
    let mut packet = vec![0x80, 201, 0, 1];
    packet.extend(SSRC.to_be_bytes());
    packet.extend([0x81, 203, 0, 1]);
    packet.extend(SSRC.to_be_bytes());
    packet
}

fn secrets(suite: Suite) -> Secrets {
    Secrets { ours: Keys::random(suite), theirs: Keys::random(suite) }
}

fn turned(secrets: &Secrets) -> Secrets {
    Secrets { ours: secrets.theirs.clone(), theirs: secrets.ours.clone() }
}

fn leg(secrets: &Secrets) -> Srtp {
    Srtp::new(Rekey::new(secrets.clone(), Switch::Now))
}

/// Two ends of a stream.
fn pair(suite: Suite) -> (Srtp, Srtp, Secrets) {
    let secrets = secrets(suite);
    (leg(&secrets), leg(&turned(&secrets)), secrets)
}

fn seal(leg: &mut Srtp, packet: &[u8]) -> Vec<u8> {
    let mut buffer = [0; MTU];
    buffer[..packet.len()].copy_from_slice(packet);
    let length = leg.protect(&mut buffer, packet.len()).unwrap();
    buffer[..length].to_vec()
}

/// Sends packets of these numbers over.
fn carry(from: &mut Srtp, to: &mut Srtp, sequences: impl IntoIterator<Item = u16>) {
    for sequence in sequences {
        let sealed = seal(from, &rtp(sequence));
        assert_eq!(to.unprotect(&sealed), Ok(&rtp(sequence)[..]), "{sequence}");
    }
}

#[test]
fn what_is_sealed_is_opened_and_grows_by_the_tag_of_its_suite() {
    for (suite, growth, rtcp_growth) in [
        (Suite::AesCm80, 10, 14),
        (Suite::AesCm32, 4, 14),
        (Suite::Aes256Cm80, 10, 14),
        (Suite::Aes256Cm32, 4, 14),
        (Suite::AesGcm, 16, 20),
        (Suite::Aes256Gcm, 16, 20),
    ] {
        let (mut us, mut them, _) = pair(suite);
        let sealed = seal(&mut us, &rtp(7));
        assert_eq!(sealed.len(), 172 + growth);
        assert_eq!(sealed[..12], rtp(7)[..12], "the header stays readable");
        assert_ne!(sealed[12..172], rtp(7)[12..]);
        assert_eq!(them.unprotect(&sealed), Ok(&rtp(7)[..]));
        assert_eq!(us.unprotect(&seal(&mut them, &rtp(9))), Ok(&rtp(9)[..]), "and back, under another key");
        let sealed = seal(&mut us, &rtcp());
        assert_eq!(sealed.len(), 16 + rtcp_growth);
        assert_eq!(them.unprotect(&sealed), Ok(&rtcp()[..]));
        assert!(us.unprotect(&rtp(8)).is_err() && us.unprotect(&rtcp()).is_err(), "plain packets are nobody's");
    }
}

#[test]
fn a_source_after_another_is_sealed_however_many_there_were() {
    let (mut us, mut them, _) = pair(Suite::AesGcm);
    for ssrc in 1..=2 * SOURCES as u32 + 1 {
        for sequence in [7, 8] {
            let packet = rtp_of(ssrc, sequence);
            let sealed = seal(&mut us, &packet);
            assert_eq!(them.unprotect(&sealed), Ok(&packet[..]), "source {ssrc}");
        }
    }
}

#[test]
fn header_extensions_and_contributing_sources_stay_readable() {
    for suite in [Suite::AesCm80, Suite::AesGcm] {
        let (mut us, mut them, _) = pair(suite);
        let mut packet = rtp(3);
        packet[0] = 0x92;
        let more = [[1; 4], [2; 4], [0xBE, 0xDE, 0, 1], [3; 4]].concat();
        packet.splice(12..12, more);
        let sealed = seal(&mut us, &packet);
        assert_eq!(sealed[..28], packet[..28]);
        assert_ne!(sealed[28..44], packet[28..44]);
        assert_eq!(them.unprotect(&sealed), Ok(&packet[..]));
    }
}

fn other(keys: &Keys) -> Context {
    let profile = match keys.suite {
        Suite::AesCm80 => ProtectionProfile::Aes128CmHmacSha1_80,
        Suite::AesCm32 => ProtectionProfile::Aes128CmHmacSha1_32,
        Suite::Aes256Cm80 => ProtectionProfile::Aes256CmHmacSha1_80,
        Suite::Aes256Cm32 => ProtectionProfile::Aes256CmHmacSha1_32,
        Suite::AesGcm => ProtectionProfile::AeadAes128Gcm,
        Suite::Aes256Gcm => ProtectionProfile::AeadAes256Gcm,
    };
    let provider = rtc_crypto::default_provider().unwrap();
    let (rtp, rtcp) = (srtp_replay_protection(64), srtcp_replay_protection(64));
    Context::new(keys.key(), keys.salt(), profile, Some(rtp), Some(rtcp), provider.crypto()).unwrap()
}

#[test]
fn another_implementation_agrees_on_every_byte_across_the_roll_over() {
    for suite in Suite::ALL {
        let (mut us, mut them, secrets) = pair(suite);
        let (mut out, mut back) = (other(&secrets.ours), other(&secrets.ours));
        for n in 0..40u16 {
            let packet = rtp(n.wrapping_sub(20));
            let sealed = seal(&mut us, &packet);
            assert_eq!(out.encrypt_rtp(&packet).unwrap(), &sealed[..], "{suite:?} {n}");
            assert_eq!(back.decrypt_rtp(&sealed).unwrap(), &packet[..]);
            assert_eq!(them.unprotect(&sealed), Ok(&packet[..]));
            let sealed = seal(&mut us, &rtcp());
            assert_eq!(out.encrypt_rtcp(&rtcp()).unwrap(), &sealed[..], "{suite:?} {n}");
            assert_eq!(back.decrypt_rtcp(&sealed).unwrap(), &rtcp()[..]);
            assert_eq!(them.unprotect(&sealed), Ok(&rtcp()[..]));
        }
    }
}

#[test]
fn late_packets_around_the_roll_over_are_opened_and_copies_are_not() {
    for suite in [Suite::AesCm32, Suite::AesGcm] {
        let (mut us, mut them, _) = pair(suite);
        // Four times round the counter, with a step that leaves no wrap out.
        for n in (0..4 * 65_536 - 300u32).step_by(20_000) {
            carry(&mut us, &mut them, [n as u16]);
        }
        carry(&mut us, &mut them, [65_500]);
        let sealed: Vec<_> = (65_501..=65_600u32).map(|n| seal(&mut us, &rtp(n as u16))).collect();
        let mut order: Vec<usize> = (0..sealed.len()).collect();
        let mut random = StdRng::seed_from_u64(3711);
        for at in 0..order.len() {
            let with = random.random_range(at..(at + 40).min(order.len()));
            order.swap(at, with);
        }
        for &at in &order {
            let plain = rtp((65_501 + at) as u16);
            assert_eq!(them.unprotect(&sealed[at]), Ok(&plain[..]), "{at}");
            assert_eq!(them.unprotect(&sealed[at]), Err(Fault::Replayed));
        }
        assert!(sealed.iter().all(|sealed| them.unprotect(sealed) == Err(Fault::Replayed)));
        assert_eq!(us.heard.find(SSRC).map(|heard| heard.highest), None, "the directions are apart");
        assert_eq!(them.heard.find(SSRC).unwrap().highest, (4 << 16) + 64);
    }
}

#[test]
fn what_is_too_old_to_tell_from_a_copy_is_refused() {
    let (mut us, mut them, _) = pair(Suite::AesCm80);
    let early: Vec<_> = (1..=2u16).map(|n| seal(&mut us, &rtp(n))).collect();
    carry(&mut us, &mut them, [129]);
    assert_eq!(them.unprotect(&early[0]), Err(Fault::Replayed));
    assert_eq!(them.unprotect(&early[1]), Ok(&rtp(2)[..]), "127 behind is within the window");
}

#[test]
fn numbers_that_step_back_are_opened_in_the_next_round_and_in_this_one_are_copies() {
    for suite in [Suite::AesCm80, Suite::AesGcm] {
        let (mut us, mut them, secrets) = pair(suite);
        carry(&mut us, &mut them, 40_000..40_050);
        // Who has told its cipher to begin anew seals with indices that have served: nobody can tell it from a copy.
        let mut anew = leg(&secrets);
        for sequence in [37_500, 37_501, 39_900] {
            assert_eq!(them.unprotect(&seal(&mut anew, &rtp(sequence))), Err(Fault::Replayed), "{sequence}");
        }
        // A sender that counts on goes through the end of its round; what lies between is never sent.
        for sequence in [60_000, 14_000] {
            seal(&mut us, &rtp(sequence));
        }
        carry(&mut us, &mut them, 37_500..37_600);
        assert_eq!(
            them.unprotect(&seal(&mut leg(&secrets), &rtp(37_600))),
            Err(Fault::Unauthentic),
            "of the round before"
        );
        carry(&mut us, &mut them, 37_601..37_700);
    }
}

#[test]
fn a_stream_whose_first_packets_were_lost_at_the_roll_over_is_opened() {
    let (mut us, mut them, _) = pair(Suite::AesCm80);
    let late = seal(&mut us, &rtp(65_535));
    carry(&mut us, &mut them, 3..6);
    assert_eq!(them.unprotect(&late), Ok(&rtp(65_535)[..]));
    carry(&mut us, &mut them, 6..9);
}

#[test]
fn no_index_seals_two_packets() {
    let (mut us, _, _) = pair(Suite::AesGcm);
    let mut buffer = [0; MTU];
    let mut send = |us: &mut Srtp, sequence| {
        buffer[..172].copy_from_slice(&rtp(sequence));
        us.protect(&mut buffer, 172)
    };
    assert!(send(&mut us, 9).is_ok());
    assert_eq!(send(&mut us, 9), Err(Fault::Spent));
    assert_eq!(send(&mut us, 8), Err(Fault::Spent));
    us.sent[0] = Some((SSRC, LAST));
    assert_eq!(send(&mut us, 0), Err(Fault::Spent));
    us.sent_rtcp = LAST_RTCP;
    buffer[..16].copy_from_slice(&rtcp());
    assert_eq!(us.protect(&mut buffer, 16), Err(Fault::Spent));
    assert_eq!(us.protect(&mut [0x80; 16], 13), Err(Fault::TooLong), "no room for the tag");
}

#[test]
fn a_new_source_begins_at_zero_and_an_old_one_goes_on() {
    let (mut us, mut them, _) = pair(Suite::AesCm80);
    carry(&mut us, &mut them, [40_000, 60_000, 10_000]);
    for ssrc in 1..=6 {
        let packet = rtp_of(ssrc, 65_000);
        assert_eq!(them.unprotect(&seal(&mut us, &packet)), Ok(&packet[..]));
    }
    carry(&mut us, &mut them, [10_001]);
    assert_eq!(them.heard.find(SSRC).unwrap().highest, (1 << 16) + 10_001);
}

/// Brings both ends to the third round of the counter.
fn rounds(us: &mut Srtp, them: &mut Srtp) {
    carry(us, them, (0..=13).map(|n| (n * 12_000u32) as u16));
    assert_eq!(them.heard.find(SSRC).unwrap().highest >> 16, 2);
}

#[test]
fn a_new_key_keeps_the_roll_over_counter_and_what_is_in_flight_is_opened_for_a_while() {
    for suite in [Suite::AesCm80, Suite::AesGcm] {
        let (mut us, mut them, before) = pair(suite);
        let now = Instant::now();
        rounds(&mut us, &mut them);
        let last = (13 * 12_000u32) as u16;
        let flying: Vec<_> = (1..=3u16).map(|n| seal(&mut us, &rtp(last.wrapping_add(n)))).collect();
        let after = secrets(suite);
        us.rekey(now, Rekey::new(after.clone(), Switch::Now));
        them.rekey(now, Rekey::new(turned(&after), Switch::Now));
        assert_eq!(them.unprotect(&flying[0]), Ok(&rtp(last.wrapping_add(1))[..]));
        carry(&mut us, &mut them, [last.wrapping_add(4)]);
        assert_eq!(them.heard.find(SSRC).unwrap().highest >> 16, 2, "{suite:?}");
        assert_eq!(them.unprotect(&flying[1]), Ok(&rtp(last.wrapping_add(2))[..]), "overtaken by the new key");
        assert_eq!(them.unprotect(&flying[1]), Err(Fault::Replayed));
        them.tick(now + GRACE);
        assert_eq!(them.unprotect(&flying[2]), Err(Fault::Unauthentic), "the old key is gone");
        assert_ne!(before, after);
    }
}

#[test]
fn a_phone_that_begins_anew_at_zero_with_a_new_key_is_heard_too() {
    for sequence in [60_000, 5] {
        let (mut us, mut them, _) = pair(Suite::AesCm80);
        rounds(&mut us, &mut them);
        let after = secrets(Suite::AesCm80);
        them.rekey(Instant::now(), Rekey::new(turned(&after), Switch::Now));
        let mut anew = leg(&after);
        carry(&mut anew, &mut them, [sequence, sequence + 1]);
        assert_eq!(them.heard.find(SSRC).unwrap().highest, u64::from(sequence) + 1);
    }
}

#[test]
fn our_new_key_waits_until_the_other_side_shows_that_it_has_it() {
    let (mut us, mut them, _) = pair(Suite::AesCm80);
    let now = Instant::now();
    carry(&mut us, &mut them, 0..3);
    carry(&mut them, &mut us, 0..3);
    let after = secrets(Suite::AesGcm);
    // Their offer came, our answer left: they do not have it yet.
    us.rekey(now, Rekey::new(after.clone(), Switch::WithTheirs));
    carry(&mut us, &mut them, 3..6);
    carry(&mut them, &mut us, 3..6);
    us.tick(now + SILENCE / 2);
    assert!(us.next.is_some());
    // It has arrived.
    them.rekey(now, Rekey::new(turned(&after), Switch::Now));
    carry(&mut us, &mut them, 6..9);
    carry(&mut them, &mut us, 6..9);
    assert!(us.next.is_none());
    carry(&mut us, &mut them, 9..12);
    assert_eq!(us.ours.keys, after.ours);
}

#[test]
fn our_new_key_does_not_wait_for_ever() {
    let (mut us, mut them, _) = pair(Suite::AesCm80);
    let (now, after) = (Instant::now(), secrets(Suite::AesCm80));
    us.rekey(now, Rekey::new(after.clone(), Switch::WithTheirs));
    // A copy of the request gets a copy of the answer, which puts nothing off.
    us.rekey(now + SILENCE / 2, Rekey::new(after.clone(), Switch::WithTheirs));
    them.rekey(now, Rekey::new(turned(&after), Switch::Now));
    us.tick(now + SILENCE);
    assert!(us.next.is_none());
    carry(&mut us, &mut them, 0..3);
}

#[test]
fn the_same_keys_again_change_nothing() {
    let (mut us, mut them, secrets) = pair(Suite::AesCm80);
    rounds(&mut us, &mut them);
    let sealed = seal(&mut us, &rtp(30_000));
    for switch in [Switch::Now, Switch::WithTheirs] {
        us.rekey(Instant::now(), Rekey::new(secrets.clone(), switch));
        them.rekey(Instant::now(), Rekey::new(turned(&secrets), switch));
    }
    assert!(us.next.is_none() && them.before.is_none());
    assert_eq!(them.unprotect(&sealed), Ok(&rtp(30_000)[..]));
    assert_eq!(them.unprotect(&sealed), Err(Fault::Replayed), "what was heard is still known");
    carry(&mut us, &mut them, 30_001..30_003);
}

#[test]
fn a_new_key_does_not_begin_the_index_of_rtcp_anew() {
    let (mut us, mut them, _) = pair(Suite::AesCm80);
    let old = seal(&mut us, &rtcp());
    assert!(them.unprotect(&old).is_ok());
    let after = secrets(Suite::AesGcm);
    us.rekey(Instant::now(), Rekey::new(after.clone(), Switch::Now));
    them.rekey(Instant::now(), Rekey::new(turned(&after), Switch::Now));
    assert_eq!(us.sent_rtcp, 1);
    assert_eq!(them.unprotect(&old), Err(Fault::Replayed));
    let sealed = seal(&mut us, &rtcp());
    assert_eq!(them.unprotect(&sealed), Ok(&rtcp()[..]));
    assert_eq!(them.unprotect(&sealed), Err(Fault::Replayed));
    // A phone that does, is heard.
    assert!(leg(&turned(&after)).unprotect(&seal(&mut leg(&after), &rtcp())).is_ok());
}

#[test]
fn rtcp_that_is_not_encrypted_is_refused() {
    let (mut us, mut them, _) = pair(Suite::AesCm80);
    let mut sealed = seal(&mut us, &rtcp());
    sealed[16] &= 0x7F;
    assert_eq!(them.unprotect(&sealed), Err(Fault::Unauthentic));
}

#[test]
fn a_master_key_identifier_is_taken_off_and_a_wrong_one_is_nobodys() {
    for suite in [Suite::AesCm80, Suite::AesGcm] {
        let (mut us, _, mut secrets) = pair(suite);
        secrets.ours.mki = Some(Mki { value: 0x0102, length: 2 });
        let mut them = leg(&turned(&secrets));
        for (packet, behind) in [(rtp(1), 10), (rtcp(), 10)] {
            let mut sealed = seal(&mut us, &packet);
            let at = sealed.len() - if suite == Suite::AesCm80 { behind } else { 0 };
            sealed.splice(at..at, [1, 2]);
            let mut wrong = sealed.clone();
            wrong[at] = 7;
            assert_eq!(them.unprotect(&wrong), Err(Fault::Unauthentic), "{suite:?}");
            assert_eq!(them.unprotect(&sealed), Ok(&packet[..]), "{suite:?}");
        }
    }
}

#[test]
fn rubbish_is_refused_and_never_panics_nor_moves_the_state() {
    let mut random = StdRng::seed_from_u64(3711);
    for suite in [Suite::AesCm80, Suite::AesCm32, Suite::AesGcm] {
        let (mut us, mut them, mut secrets) = pair(suite);
        secrets.ours.mki = Some(Mki { value: 1, length: 4 });
        let mut marked = leg(&turned(&secrets));
        rounds(&mut us, &mut them);
        them.rekey(Instant::now(), Rekey::new(self::secrets(suite), Switch::Now));
        let sealed = [seal(&mut us, &rtp(30_000)), seal(&mut us, &rtcp())];
        for whole in &sealed {
            for cut in 0..whole.len() {
                assert!(them.unprotect(&whole[..cut]).is_err() && marked.unprotect(&whole[..cut]).is_err(), "{cut}");
            }
            for _ in 0..1_500 {
                let mut datagram = whole.clone();
                for _ in 0..random.random_range(1..6) {
                    let at = random.random_range(0..datagram.len());
                    datagram[at] = datagram[at].wrapping_add(random.random_range(1..=255));
                }
                datagram.truncate(random.random_range(0..=datagram.len()));
                let marker = datagram == *whole;
                assert!(marker || them.unprotect(&datagram).is_err());
                assert!(marked.unprotect(&datagram).is_err());
                // What we send is ours, yet its writer may err.
                let mut buffer = [0; MTU];
                buffer[..datagram.len()].copy_from_slice(&datagram);
                let _ = marked.protect(&mut buffer, datagram.len());
            }
        }
        assert!(them.heard.known.iter().flatten().all(|heard| heard.ssrc == SSRC), "no stranger is remembered");
        assert_eq!(them.unprotect(&sealed[0]), Ok(&rtp(30_000)[..]));
    }
}

/// `cargo test -p telephony --release srtp_costs -- --ignored --nocapture`: CPU time of a packet of 172 bytes, sealed and
/// opened.
#[test]
#[ignore = "prints a table; run it alone and optimised"]
fn srtp_costs() {
    fn cpu() -> Duration {
        // SAFETY: all zeroes is a valid timespec, and the kernel fills it.
        let mut time: libc::timespec = unsafe { std::mem::zeroed() };
        // SAFETY: the pointer is to a timespec of ours.
        unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    }
    const PACKETS: u32 = 200_000;
    println!("{:<24} {:>9} {:>11}   µs per packet", "suite", "protect", "unprotect");
    for suite in Suite::ALL {
        let (mut us, mut them, _) = pair(suite);
        let (mut sealing, mut opening) = (Duration::ZERO, Duration::ZERO);
        let mut batch: Vec<[u8; 256]> = vec![[0; 256]; 1000];
        for round in 0..PACKETS / 1000 {
            for (at, buffer) in batch.iter_mut().enumerate() {
                buffer[..172].copy_from_slice(&rtp((round * 1000 + at as u32) as u16));
            }
            let begun = cpu();
            let mut length = 0;
            batch.iter_mut().for_each(|buffer| length = us.protect(buffer, 172).unwrap());
            sealing += cpu() - begun;
            let begun = cpu();
            batch.iter().for_each(|buffer| assert_eq!(them.unprotect(&buffer[..length]).unwrap().len(), 172));
            opening += cpu() - begun;
        }
        let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(PACKETS);
        println!("{:<24} {:>9.3} {:>11.3}", suite.name(), each(sealing), each(opening));
    }
    let provider = rtc_crypto::default_provider().unwrap();
    println!("(rtc-srtp with {}, for comparison)", provider.name());
    for suite in [Suite::AesCm80, Suite::AesGcm] {
        let keys = Keys::random(suite);
        let (mut out, mut back) = (other(&keys), other(&keys));
        let packets: Vec<_> = (0..60_000u16).map(rtp).collect();
        let begun = cpu();
        let sealed: Vec<_> = packets.iter().map(|packet| out.encrypt_rtp(packet).unwrap()).collect();
        let half = cpu();
        sealed.iter().for_each(|packet| assert_eq!(back.decrypt_rtp(packet).unwrap().len(), 172));
        let each = |time: Duration| time.as_secs_f64() * 1e6 / 60_000.0;
        println!("{:<24} {:>9.3} {:>11.3}", suite.name(), each(half - begun), each(cpu() - half));
    }
}
