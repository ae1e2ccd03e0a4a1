//! Rooms whose legs have different codecs and rates, or change them.
use super::*;
use crate::codec::OpusPlan;
use crate::testkit::sim::tone_at;
use crate::testkit::tone::sine_from;

const L16: Codec = Codec::L16(Rate::Hz16000);

fn opus(rate: Rate) -> Codec {
    Codec::Opus(OpusPlan { rate, dtx: false, ..OpusPlan::default() })
}

/// A bridge of two phones that say a tone each.
fn bridge((a, a_hz): (Codec, f32), (b, b_hz): (Codec, f32)) -> Sim {
    let mut sim = Sim::bridge();
    for (seat, codec, hz) in [(Seat::CALLER, a, a_hz), (Seat::AGENT, b, b_hz)] {
        let impairments = Impairments { delay: MS * 5, ..Impairments::default() };
        let phone = Phone::new(sim.start, codec, tone_at(codec.rate(), hz, 8_000), impairments, 3);
        sim.join(seat, plan(codec), Some(phone));
    }
    sim
}

/// How late a tone of `hz` is against its place, in milliseconds, modulo its period.
fn late(pcm: &[i16], hz: f32, rate: Rate) -> f64 {
    let step = f64::from(hz) * std::f64::consts::TAU / f64::from(rate.hz());
    let (mut sin, mut cos) = (0.0, 0.0);
    for (n, &x) in pcm.iter().enumerate() {
        sin += f64::from(x) * (n as f64 * step).sin();
        cos += f64::from(x) * (n as f64 * step).cos();
    }
    (-cos).atan2(sin).rem_euclid(std::f64::consts::TAU) / std::f64::consts::TAU / f64::from(hz) * 1_000.0
}

#[test]
fn legs_of_any_two_codecs_hear_each_other_at_the_right_pitch_and_level() {
    for other in [L16, Codec::G722, opus(Rate::Hz16000), opus(Rate::Hz48000), Codec::Pcma] {
        let mut sim = bridge((Codec::Pcmu, 700.0), (other, 1_100.0));
        sim.run(Duration::from_secs(3));
        for (seat, codec, hz, own) in
            [(Seat::AGENT, other, 700.0, 1_100.0), (Seat::CALLER, Codec::Pcmu, 1_100.0, 700.0)]
        {
            let (pcm, rate) = (sim.sound_in(seat, codec), codec.rate());
            let pcm = &pcm[pcm.len() - rate.hz() as usize..];
            let level = amplitude(pcm, hz, rate);
            println!("{other:?} {seat:?}: {level:.0}, residue {:.0}", worst_residue(pcm, hz, rate));
            assert!((7_300.0..8_700.0).contains(&level), "{other:?} {seat:?}: {level}");
            assert!(amplitude(pcm, own, rate) < 100.0, "{other:?} {seat:?}: hears itself");
            // Opus codes what is heard, not the waveform.
            let most = if matches!(other, Codec::Opus(_)) { 900.0 } else { 200.0 };
            assert!(worst_residue(pcm, hz, rate) < most, "{other:?} {seat:?}: a click");
        }
    }
}

#[test]
fn changing_the_rate_between_two_legs_costs_less_than_a_millisecond() {
    for other in [L16, Codec::L16(Rate::Hz48000)] {
        // 250 Hz: a tick is a whole number of periods, so that the jitter buffer's share falls out.
        let mut sim = bridge((Codec::L16(Rate::Hz8000), 250.0), (other, 250.0));
        sim.run(Duration::from_secs(2));
        for (seat, codec) in [(Seat::AGENT, other), (Seat::CALLER, Codec::L16(Rate::Hz8000))] {
            let (pcm, rate) = (sim.sound_in(seat, codec), codec.rate());
            let late = late(&pcm[pcm.len() - rate.hz() as usize..], 250.0, rate);
            println!("{other:?} {seat:?}: {late:.3} ms");
            assert!((0.0..0.5).contains(&late), "{other:?} {seat:?}: {late} ms");
        }
    }
}

#[test]
fn a_wide_caller_is_wide_in_the_ear_and_at_the_other_wide_end() {
    let mut sim = bridge((opus(Rate::Hz16000), 5_500.0), (Codec::G722, 500.0));
    // The ear of a caller hears where the bot does not rest.
    sim.input(Input::Bot(BotMode::Speaks));
    sim.run(Duration::from_secs(3));
    let ear: Vec<i16> =
        sim.heard.iter().filter(|(seat, _)| *seat == Seat::CALLER).flat_map(|(_, f)| f.pcm().to_vec()).collect();
    assert!(amplitude(&ear[ear.len() - 16_000..], 5_500.0, Rate::Hz16000) > 5_000.0);
    assert!(sim.heard.iter().all(|(_, frame)| frame.rate == Rate::Hz16000));
    let far = sim.sound_in(Seat::AGENT, Codec::G722);
    assert!(amplitude(&far[far.len() - 16_000..], 5_500.0, Rate::Hz16000) > 5_000.0);
}

#[test]
fn a_far_end_that_switches_codecs_in_mid_stream_is_heard_on_and_one_straggler_switches_nothing() {
    let wide = opus(Rate::Hz16000);
    let mut sim = Sim::new(BotMode::Speaks);
    let phone = Phone::new(sim.start, Codec::Pcmu, tone(HZ, 8_000), Impairments::default(), 3);
    let agreed = LegPlan { also: vec![(96, wide)], ..plan(Codec::Pcmu) };
    sim.join(Seat::CALLER, agreed, Some(phone));
    sim.run(Duration::from_secs(2));
    // One packet of Opus among G.711.
    let stray = {
        let (mut encoder, mut payload) = (wide.encoder(), Vec::new());
        encoder.encode(&[0; 320], &mut payload);
        payload
    };
    if let Some(phone) = sim.phones.get_mut(&0) {
        phone.rtp(sim.now, 96, stray.into());
    }
    sim.run(MS * 400);
    assert!(sim.heard.iter().all(|(_, frame)| frame.rate == Rate::Hz8000));
    for (codec, rate) in [(wide, Rate::Hz16000), (Codec::Pcmu, Rate::Hz8000)] {
        if let Some(phone) = sim.phones.get_mut(&0) {
            phone.switch(codec, tone_at(rate, HZ, 8_000));
        }
        sim.heard.clear();
        sim.run(Duration::from_secs(2));
        let old = sim.heard.iter().filter(|(_, frame)| frame.rate != rate).count();
        assert!(old <= 4, "{old} ticks to follow");
        let pcm: Vec<i16> = sim.heard[50..].iter().flat_map(|(_, frame)| frame.pcm().to_vec()).collect();
        assert!((7_000.0..9_000.0).contains(&amplitude(&pcm, HZ, rate)), "{codec:?}");
    }
}

#[test]
fn what_the_bot_has_yet_to_say_keeps_its_pitch_and_length_when_the_line_changes_its_rate() {
    let mut sim = bot();
    let said = |utterance: u64, hz: f32, rate: Rate, last| {
        let pcm = sine(hz, rate, rate.hz() as usize * 3, 8_000);
        Input::sound(
            Seat::CALLER,
            Sound { utterance: UtteranceId(utterance), pcm, rate, upto_char: 30, interruptible: true, last },
        )
    };
    sim.input(said(1, 600.0, Rate::Hz8000, true));
    sim.input(said(2, 900.0, Rate::Hz8000, true));
    sim.run(Duration::from_secs(1));
    sim.input(Input::Leg(Seat::CALLER, LegInput::Configure(plan(L16))));
    // A voice of another rate, as the clips made ahead are.
    sim.input(said(3, 1_300.0, Rate::Hz8000, true));
    sim.run(Duration::from_secs(4));
    sim.input(Input::Leg(Seat::CALLER, LegInput::Configure(plan(Codec::Pcmu))));
    sim.run(Duration::from_secs(6));
    let wide = sim.sound_in(Seat::CALLER, L16);
    let level = |from: usize, hz| amplitude(&wide[from * 160..(from + 50) * 160], hz, Rate::Hz16000);
    for (from, hz) in [(10, 600.0), (140, 600.0), (220, 900.0), (340, 900.0)] {
        assert!((7_800.0..8_200.0).contains(&level(from, hz)), "{hz} Hz at {from}: {}", level(from, hz));
    }
    assert!(worst_residue(&wide[1_600..28_800], 600.0, Rate::Hz16000) < 60.0, "no click, and nothing but the tone");
    let done: Vec<_> = sim
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Played { played, .. } if played.phase == Phase::Done => {
                Some((played.utterance.0, played.chars, (played.at - sim.start).as_millis()))
            }
            _ => None,
        })
        .collect();
    let expected = [(1, 30, 3_000), (2, 30, 6_000), (3, 30, 9_000)];
    assert_eq!(done.len(), 3, "{done:?}");
    for ((id, chars, at), (id2, chars2, at2)) in done.into_iter().zip(expected) {
        assert!((id, chars) == (id2, chars2) && at.abs_diff(at2) <= 60, "{id}: {chars} characters by {at} ms");
    }
    // The last second of G.711 of the third clause.
    let narrow = sim.sound(Seat::CALLER);
    assert!(amplitude(&narrow[narrow.len() - 24_000..narrow.len() - 20_000], 1_300.0, Rate::Hz8000) > 7_500.0);
}

#[test]
fn silence_is_left_out_of_an_opus_stream_and_speech_after_it_is_marked_and_in_its_place() {
    let codec = Codec::Opus(OpusPlan { fec: false, ..OpusPlan::default() });
    let mut sim = Sim::new(BotMode::Echoes);
    let voice = move |from: u64, n: usize| {
        // Two seconds of tone, three of nothing, by turns.
        let loud = (from / 16_000) % 5 < 2;
        if loud { sine_from(400.0, Rate::Hz16000, from, n, 8_000) } else { vec![0; n] }
    };
    let plain = opus(Rate::Hz16000);
    let phone = Phone::new(sim.start, plain, Box::new(voice), Impairments::default(), 3);
    sim.join(Seat::CALLER, plan(codec), Some(phone));
    sim.run(Duration::from_secs(10));
    let sent = sim.rtp(Seat::CALLER);
    assert!((200..420).contains(&sent.len()), "{} of 500 packets", sent.len());
    let (at, first) = sent[0];
    let (mut gaps, mut marks) = (0, 0);
    for (pair, (now, packet)) in sent.windows(2).zip(&sent[1..]) {
        let (before, _) = (pair[0].1, ());
        let step = packet.timestamp.wrapping_sub(before.timestamp);
        assert_eq!(packet.sequence, before.sequence.wrapping_add(1), "no number is left out");
        assert_eq!(packet.marker, step > 960, "a mark where, and only where, something was left out");
        let ticks = (*now - at).as_millis() as u32 / 20;
        assert_eq!(packet.timestamp.wrapping_sub(first.timestamp), ticks * 960, "time goes on");
        gaps += u32::from(step > 960);
        marks += u32::from(packet.marker);
    }
    assert!(gaps >= 2 && gaps == marks, "{gaps} gaps, {marks} marks");
}

#[test]
fn keys_count_in_the_clock_that_was_agreed_and_another_clock_is_another_stream() {
    let durations = |event_clock: u32| {
        let mut sim = Sim::new(BotMode::Speaks);
        sim.join(Seat::CALLER, LegPlan { event_clock, ..plan(opus(Rate::Hz16000)) }, None);
        sim.input(Input::keys(Seat::CALLER, Keys { keys: "5".into(), tone: MS * 60, gap: MS * 60 }));
        sim.run(MS * 400);
        let events = sim.rtp(Seat::CALLER).into_iter().filter(|(_, p)| p.payload_type == 101);
        events.map(|(_, p)| u16::from_be_bytes([p.payload[2], p.payload[3]])).collect::<Vec<_>>()
    };
    assert_eq!(durations(48_000), [960, 1_920, 2_880, 2_880, 2_880]);
    assert_eq!(durations(8_000), [160, 320, 480, 480, 480]);

    let mut sim = bot();
    sim.run(MS * 200);
    sim.input(Input::Leg(Seat::CALLER, LegInput::Configure(plan(opus(Rate::Hz16000)))));
    sim.run(MS * 200);
    sim.input(Input::Leg(Seat::CALLER, LegInput::Configure(plan(Codec::Pcma))));
    sim.run(MS * 200);
    sim.input(Input::Leg(Seat::CALLER, LegInput::Configure(plan(Codec::Pcmu))));
    sim.run(MS * 200);
    let mut sources: Vec<_> = sim.rtp(Seat::CALLER).iter().map(|(_, p)| (p.payload_type, p.ssrc)).collect();
    sources.dedup();
    let [(0, a), (96, b), (8, c), (0, d)] = sources[..] else { panic!("{sources:?}") };
    assert!(a != b && b != c && c == d, "one clock, one source");
}
