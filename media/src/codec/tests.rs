//! Every codec there and back, what Opus makes of loss and silence, and payloads that nobody should send.
use super::*;
use crate::noise::Rng;
use crate::testkit::tone::sine;

fn opus(tweak: impl FnOnce(&mut OpusPlan)) -> Codec {
    let mut plan = OpusPlan::default();
    tweak(&mut plan);
    Codec::Opus(plan)
}

fn all() -> Vec<Codec> {
    let opened = [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000].map(|rate| opus(|plan| plan.rate = rate));
    let plain = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::L16(Rate::Hz8000), Codec::L16(Rate::Hz16000)];
    [&plain[..], &opened[..]].concat()
}

/// Packets of `ms` of this sound.
fn packets(codec: Codec, ms: usize, pcm: &[i16]) -> Vec<Vec<u8>> {
    let mut encoder = codec.encoder();
    let packet = |piece: &[i16]| {
        let mut payload = Vec::new();
        encoder.encode(piece, &mut payload);
        payload
    };
    pcm.chunks_exact(codec.rate().hz() as usize * ms / 1_000).map(packet).collect()
}

fn decoded(codec: Codec, packets: &[Vec<u8>]) -> Vec<i16> {
    let (mut decoder, mut out) = (codec.decoder(), Vec::new());
    packets.iter().for_each(|packet| decoder.decode(packet, &mut out));
    out
}

/// Signal over difference in dB, at the best delay of up to 20 ms, which comes with it in ms.
fn snr(said: &[i16], heard: &[i16], rate: Rate) -> (f64, f64) {
    let n = said.len().min(heard.len()) - rate.per_tick();
    let from = rate.per_tick() * 5;
    let at = |delay: usize| {
        let (mut signal, mut noise) = (0.0, 1.0);
        for i in from..n {
            let (a, b) = (f64::from(said[i]), f64::from(heard[i + delay]));
            signal += a * a;
            noise += (a - b) * (a - b);
        }
        (10.0 * (signal / noise).log10(), delay as f64 * 1_000.0 / f64::from(rate.hz()))
    };
    (0..rate.per_tick()).map(at).fold((f64::MIN, 0.0), |best, now| if now.0 > best.0 { now } else { best })
}

/// Something like a voice: harmonics of a pitch that glides, in syllables.
fn voice(rate: Rate, ms: usize) -> Vec<i16> {
    let hz = f64::from(rate.hz());
    let mut phase = 0.0;
    (0..rate.hz() as usize * ms / 1_000)
        .map(|n| {
            let t = n as f64 / hz;
            phase += (130.0 + 30.0 * (t * 2.3).sin()) / hz;
            let syllable = (0.55 + 0.45 * (t * 4.0 * std::f64::consts::TAU).sin()).max(0.0);
            let sum: f64 = (1..20).map(|k| (phase * f64::from(k) * std::f64::consts::TAU).sin() / f64::from(k)).sum();
            (sum * syllable * 7_000.0) as i16
        })
        .collect()
}

#[test]
fn every_codec_brings_a_voice_through() {
    for codec in all() {
        let rate = codec.rate();
        let said = voice(rate, 2_000);
        for ms in [10, 20, 40, 60] {
            if codec.ptime(Duration::from_millis(ms)) != Duration::from_millis(ms) {
                continue;
            }
            let sent = packets(codec, ms as usize, &said);
            let units: u32 = sent.iter().map(|packet| codec.duration(packet)).sum();
            assert_eq!(units as usize, sent.len() * codec.clock() as usize * ms as usize / 1_000, "{codec:?} {ms} ms");
            let heard = decoded(codec, &sent);
            assert_eq!(heard.len(), sent.len() * rate.hz() as usize * ms as usize / 1_000);
            let (snr, delay) = snr(&said, &heard, rate);
            println!("{codec:?}, {ms} ms: {snr:.1} dB, {delay:.2} ms late");
            // G.191's figures for speech: G.711 some 37 dB, G.722 some 20. Opus codes what is heard, not the waveform.
            let least = match codec {
                Codec::L16(_) => 90.0,
                Codec::Pcmu | Codec::Pcma => 33.0,
                Codec::G722 => 20.0,
                Codec::Opus(_) => 2.0,
            };
            assert!(snr > least, "{codec:?}: {snr}");
            let latest = match codec {
                Codec::G722 => 1.5,
                Codec::Opus(_) => 7.0,
                _ => 0.0,
            };
            assert!(delay <= latest, "{codec:?}: {delay} ms");
        }
    }
}

/// 64 bits of FNV-1a, over known input against what spandsp 0.0.6 makes of it.
fn fnv(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3))
}

#[test]
fn g722_is_the_itus_to_the_bit() {
    let mut x = 1u32;
    let noise: Vec<i16> = (0..32_000)
        .map(|i| {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (x >> 16) as i16 >> (1 + i / 800 % 7)
        })
        .collect();
    let coded = packets(Codec::G722, 20, &noise);
    assert_eq!(fnv(coded.concat()), 0x2107_8160_904d_adf0, "{:?}", &coded[0][..16]);
    let back = decoded(Codec::G722, &coded);
    assert_eq!(fnv(back.iter().flat_map(|s| s.to_le_bytes())), 0x2dc7_bf7e_08d3_ab49, "{:?}", &back[..12]);
}

#[test]
fn wide_band_is_wide() {
    for codec in [Codec::G722, Codec::L16(Rate::Hz16000), opus(|_| {}), opus(|plan| plan.rate = Rate::Hz48000)] {
        let said = sine(5_000.0, codec.rate(), codec.rate().hz() as usize, 8_000);
        let heard = decoded(codec, &packets(codec, 20, &said));
        let level = crate::testkit::tone::amplitude(&heard[heard.len() / 2..], 5_000.0, codec.rate());
        assert!((5_600.0..11_000.0).contains(&level), "{codec:?}: {level}");
    }
    // A far end that plays no more than 8 kHz is sent no more.
    let narrow = opus(|plan| (plan.far_hz, plan.dtx) = (8_000, false));
    let said = sine(5_000.0, narrow.rate(), 16_000, 8_000);
    let heard = decoded(narrow, &packets(narrow, 20, &said));
    assert!(crate::testkit::tone::amplitude(&heard[8_000..], 5_000.0, narrow.rate()) < 300.0);
}

/// What is left of a voice when every fifth packet is lost, in dB: the lost packets' places alone.
fn quality_under_loss(codec: Codec, repair: impl Fn(&mut dyn Decoder, &[u8], &mut Vec<i16>)) -> f64 {
    let (said, tick) = (voice(codec.rate(), 6_000), codec.rate().per_tick());
    let mut encoder = codec.encoder();
    encoder.expect(0.2);
    let sent: Vec<Vec<u8>> = said
        .chunks_exact(tick)
        .map(|piece| {
            let mut payload = Vec::new();
            encoder.encode(piece, &mut payload);
            payload
        })
        .collect();
    let whole = decoded(codec, &sent);
    let (mut decoder, mut out) = (codec.decoder(), Vec::new());
    for (n, packet) in sent.iter().enumerate() {
        if n % 5 == 4 && n + 1 < sent.len() {
            repair(&mut *decoder, &sent[n + 1], &mut out);
        } else {
            decoder.decode(packet, &mut out);
        }
        assert_eq!(out.len(), (n + 1) * tick);
    }
    let (mut signal, mut noise) = (0.0, 1.0);
    for n in (10..sent.len() - 1).filter(|n| n % 5 == 4) {
        for i in n * tick..(n + 1) * tick {
            signal += f64::from(whole[i]).powi(2);
            noise += (f64::from(whole[i]) - f64::from(out[i])).powi(2);
        }
    }
    10.0 * (signal / noise).log10()
}

#[test]
fn opus_conceals_better_than_silence_and_corrects_better_than_it_conceals() {
    for rate in [Rate::Hz16000, Rate::Hz48000] {
        let codec = opus(|plan| plan.rate = rate);
        let tick = rate.per_tick();
        let concealed = quality_under_loss(codec, |decoder, _, out| assert!(decoder.conceal(tick, out)));
        let corrected = quality_under_loss(codec, |decoder, next, out| {
            if !decoder.fec(next, tick, out) {
                assert!(decoder.conceal(tick, out));
            }
        });
        println!("{rate:?}: concealed {concealed:.1} dB, corrected {corrected:.1} dB");
        assert!(concealed > 1.0 && corrected > concealed + 3.0, "{rate:?}: {concealed} {corrected}");
    }
}

#[test]
fn packets_without_a_copy_of_the_last_one_say_nothing_about_it() {
    let plain = opus(|plan| plan.fec = false);
    let sent = packets(plain, 20, &voice(plain.rate(), 500));
    let (mut decoder, mut out) = (plain.decoder(), Vec::new());
    assert!(!decoder.conceal(320, &mut out), "nothing was heard yet");
    for packet in &sent {
        assert!(!decoder.fec(packet, 320, &mut out) && out.is_empty());
    }
    for codec in [Codec::Pcmu, Codec::G722] {
        assert!(!codec.decoder().fec(&[0; 160], 160, &mut out) && !codec.decoder().conceal(160, &mut out));
    }
}

#[test]
fn odd_lengths_are_mended_to_the_sample() {
    let codec = opus(|_| {});
    let mut encoder = codec.encoder();
    encoder.expect(0.25);
    let (mut decoder, mut sent) = (codec.decoder(), Vec::new());
    for piece in voice(codec.rate(), 1_000).chunks_exact(320) {
        sent.clear();
        encoder.encode(piece, &mut sent);
        decoder.decode(&sent, &mut Vec::new());
    }
    for samples in [1, 39, 40, 41, 160, 319, 320, 333, 640, 1_921] {
        let mut out = vec![7; 5];
        assert!(decoder.conceal(samples, &mut out));
        assert_eq!(out.len(), samples + 5);
        if decoder.fec(&sent, samples, &mut out) {
            assert_eq!(out.len(), 2 * samples + 5);
        }
    }
}

#[test]
fn silence_is_not_sent_where_the_far_end_wants_it_so() {
    let quiet = vec![0i16; 320 * 100];
    let count = |codec| packets(codec, 20, &quiet).iter().filter(|packet| !packet.is_empty()).count();
    let saving = count(opus(|plan| plan.dtx = true));
    assert!((3..40).contains(&saving), "{saving} of 100 packets; one in 400 ms keeps the line known");
    assert_eq!(count(opus(|plan| plan.dtx = false)), 100);
}

#[test]
fn what_an_opus_packet_lasts_stands_in_its_first_bytes() {
    let cases: [(&[u8], u32); 12] = [
        (&[], 0),
        (&[0x08], 960),
        (&[0x18, 1, 2], 2_880),
        (&[0x80], 120),
        (&[0xf8, 1], 960),
        (&[0x09, 1, 1], 1_920),
        (&[0x0a, 1, 1], 1_920),
        (&[0x0b], 0),
        (&[0x0b, 0], 0),
        (&[0x0b, 6, 1], 5_760),
        (&[0x0b, 7, 1], 0),
        (&[0x83, 48, 1], 5_760),
    ];
    for (packet, units) in cases {
        assert_eq!(opus::duration(packet), units, "{packet:?}");
        assert_eq!(::opus::packet::get_nb_samples(packet, 48_000).unwrap_or(0) as u32, units, "{packet:?}");
    }
}

#[test]
fn packets_of_several_frames_and_of_one_byte_keep_their_time() {
    let codec = opus(|_| {});
    let sent = packets(codec, 20, &voice(codec.rate(), 400));
    let (mut decoder, mut out) = (codec.decoder(), Vec::new());
    // Code 3, two frames of variable size (RFC 6716 section 3.2.5), made by hand of two packets.
    let [a, b] = [&sent[4], &sent[5]];
    assert!(a.len() < 250 && a[0] == b[0], "{} bytes, {} {}", a.len(), a[0], b[0]);
    let two = [&[a[0] | 3, 0x82, (a.len() - 1) as u8][..], &a[1..], &b[1..]].concat();
    decoder.decode(&two, &mut out);
    assert_eq!((codec.duration(&two), out.len()), (1_920, 640));
    decoder.decode(&[a[0]], &mut out);
    assert_eq!(out.len(), 960, "one byte: the far end is silent for a frame");
}

#[test]
fn ten_thousand_hostile_payloads_a_codec_never_panic_and_never_grow() {
    for codec in all() {
        let mut rng = Rng::new(0x0b5);
        let good = packets(codec, 20, &voice(codec.rate(), 400));
        let (mut decoder, mut out) = (codec.decoder(), Vec::new());
        for _ in 0..10_000 {
            let mut payload = good[rng.next_u64() as usize % good.len()].clone();
            for _ in 0..rng.next_u64() % 4 {
                let at = rng.next_u64() as usize % payload.len().max(1);
                match rng.next_u64() % 4 {
                    0 => payload.iter_mut().skip(at).take(1).for_each(|byte| *byte = rng.next_u64() as u8),
                    1 => payload.truncate(at),
                    2 => payload.extend((0..rng.next_u64() % 1_400).map(|_| rng.next_u64() as u8)),
                    _ => payload.iter_mut().take(2).for_each(|byte| *byte = rng.next_u64() as u8),
                }
            }
            out.clear();
            let units = u64::from(codec.duration(&payload));
            match rng.next_u64() % 8 {
                0 => drop(decoder.fec(&payload, (rng.next_u64() % 4_000) as usize, &mut out)),
                1 => drop(decoder.conceal((rng.next_u64() % 4_000) as usize, &mut out)),
                _ => {
                    decoder.decode(&payload, &mut out);
                    let whole = units * u64::from(codec.rate().hz()) / u64::from(codec.clock());
                    assert_eq!(out.len() as u64, whole, "{codec:?}: {} bytes", payload.len());
                }
            }
            assert!(out.len() < 20_000);
        }
        decoder.reset();
    }
}
