//! Stalls of the network, after which all packets arrive at once: an ear misses nothing, and people catch up.
use super::*;
use crate::frame::Frame;
use std::ops::Range;
use std::slice::from_ref;

/// The most frames for an ear in a tick.
const MOST: usize = 8;

#[derive(Default)]
struct Run {
    people: Vec<i16>,
    /// What an ear hears, with the tick it was given it in.
    ear: Vec<(u64, Frame)>,
    awaited: usize,
    /// The delay after each tick.
    delays: Vec<Duration>,
    known: bool,
}

impl Run {
    fn sound(&self) -> Vec<i16> {
        self.ear.iter().flat_map(|(_, frame)| frame.pcm().to_vec()).collect()
    }

    /// The most frames of any tick.
    fn most(&self) -> usize {
        let count = |tick: u64| self.ear.iter().filter(|(at, _)| *at == tick).count();
        self.ear.iter().map(|(tick, _)| count(*tick)).max().unwrap_or(0)
    }
}

/// What is sent at those milliseconds arrives 5 ms later, and what is sent within a stall when it is over.
fn play(line: &mut Ingress, codec: Codec, sent: &[(usize, Rtp)], stalls: &[Range<usize>], ticks: u64) -> Run {
    let (t0, mut run, mut sent) = (Instant::now(), Run::default(), sent.iter().peekable());
    let due = |ms: usize| 5 + stalls.iter().find(|stall| stall.contains(&ms)).map_or(ms, |stall| stall.end);
    for tick in 0..ticks {
        let (now, pos) = (t0 + TICK * tick as u32 + MS * 7, SamplePos::of_tick(tick));
        while let Some((ms, packet)) = sent.next_if(|(ms, _)| due(*ms) <= tick as usize * 20 + 7) {
            line.push(Rtp { arrived: t0 + MS * due(*ms) as u32, ..packet.clone() }, Content::Sound(codec));
        }
        let frame = line.pull(now, pos, &Open);
        run.people.extend_from_slice(frame.pcm());
        match line.for_ear(now, pos, MOST, &Open) {
            ForEar::Now => run.ear.push((tick, frame)),
            ForEar::Awaited { suppresses, .. } => {
                run.awaited += 1;
                run.known = suppresses;
            }
            ForEar::Late(frames) => run.ear.extend(frames.into_iter().map(|frame| (tick, frame))),
        }
        run.delays.push(line.delay(now));
        assert!(line.jitter().held_packets() <= 256 && line.pcm.len() <= 8000);
    }
    run
}

fn clean(pcm: &[i16]) -> Vec<i16> {
    pcm.iter().map(|&x| ULAW_TO_PCM[usize::from(ulaw(x))]).collect()
}

impl Run {
    /// For each frame that the ear hears unchanged: the time, and the delay beyond the minimum (ms).
    fn lags(&self, said: &[i16]) -> Vec<(usize, usize)> {
        let lag = |(tick, frame): &(u64, Frame)| {
            let now = *tick as usize * 20 + 7;
            // Among what was said of late.
            let from = (now * 8).saturating_sub(6_000 * 8).min(said.len());
            let place = find(&said[from..(now * 8).min(said.len())], frame.pcm())? + from;
            Some((now, now.saturating_sub(place / 8 + 25)))
        };
        self.ear.iter().filter_map(lag).collect()
    }
}

/// Asserts that all of `said` is heard in order, except for joints of 5 ms.
fn assert_whole(sound: &[i16], said: &[i16]) {
    let mut from = find(sound, &said[..160]).expect("its beginning");
    for (n, piece) in said.chunks_exact(160).enumerate() {
        let rest = &sound[from..(from + 160 + 40).min(sound.len())];
        // A joint lies within one piece or at its end.
        let next = find(rest, piece).map(|place| from + place);
        from = next.unwrap_or_else(|| {
            let near = (from.saturating_sub(40)..from + 80).find(|&at| sound[at..].starts_with(&piece[120..]));
            near.unwrap_or_else(|| panic!("what was said {} ms after the beginning is not heard", n * 20)) - 120
        }) + 160;
    }
}

/// Where `part` begins in `whole`.
fn find(whole: &[i16], part: &[i16]) -> Option<usize> {
    whole.windows(part.len()).position(|window| window == part)
}

#[test]
fn an_ear_hears_all_that_a_stall_held_back_and_people_are_in_time_again_within_three_seconds() {
    let mut pcm = voice(8_000 * 14);
    // A pause, in which people and ear may meet.
    pcm[8_000 * 12..8_000 * 13].fill(0);
    for stall in [120, 300, 500, 1_000, 2_000, 4_000] {
        let (from, to) = (3_000, 3_000 + stall);
        let mut line = ingress();
        let run = play(&mut line, Codec::Pcmu, &packets(&pcm, 20), from_ref(&(from..to)), 690);
        // From before the stall to half a second after it, not a sample is missing, made up or twice.
        let said = &clean(&pcm)[(from - 500) * 8..(to + 400) * 8];
        assert!(find(&run.sound(), said).is_some(), "{stall} ms: the ear misses something");
        assert!(run.most() <= MOST);
        // Caught up as fast as that allows.
        let lag = |n: usize| (run.ear[n].0 * SamplePos::PER_TICK - run.ear[n].1.pos.0) / SamplePos::PER_TICK;
        let caught = (0..run.ear.len()).filter(|&n| run.ear[n].0 as usize * 20 > to + 40 + stall / 5);
        assert!(
            caught.clone().count() > 100 && caught.map(lag).all(|lag| lag <= 1),
            "{stall} ms: the ear stays behind"
        );
        // And what is said is heard soon.
        let lags = run.lags(&clean(&pcm)[..8_000 * 12]);
        let latest = lags.iter().filter(|(now, _)| *now > to + 40 + stall / 5).max_by_key(|(_, lag)| *lag).unwrap();
        assert!(latest.1 < 60, "{stall} ms: heard {latest:?}");
        // Each tick's sound once, in its place.
        let places: Vec<u64> = run.ear.iter().map(|(_, frame)| frame.pos.0 / SamplePos::PER_TICK).collect();
        assert!(places.is_sorted(), "{stall} ms: {places:?}");
        let counts = line.jitter().counts();
        let excess = (stall as u64 + 20).saturating_sub(500) / 20;
        assert!(counts.skipped <= excess && (counts.lost, counts.late) == (0, 0), "{stall} ms: {counts:?}");
        let after = &run.delays[(to + 3_000) / 20..];
        let longest = after.iter().max().unwrap();
        assert!(*longest < MS * 60, "{stall} ms: {longest:?} three seconds later");
        assert!(!line.has_ear_stream(), "{stall} ms: people and ear hear the same again");
    }
}

#[test]
fn what_came_late_says_when_it_arrived() {
    let pcm = voice(8_000 * 8);
    let run = play(&mut ingress(), Codec::Pcmu, &packets(&pcm, 20), from_ref(&(3_000..4_000)), 390);
    let late: Vec<_> = run.ear.iter().filter(|(tick, frame)| *tick * SamplePos::PER_TICK > frame.pos.0).collect();
    assert!(late.len() >= 40, "{}", late.len());
    let arrived: Vec<_> = late.iter().filter_map(|(_, frame)| frame.arrived).collect();
    // One held packet after the other, and those that came while the ear caught up.
    assert!(arrived.is_sorted() && *arrived.last().unwrap() - arrived[5] < MS * 200, "{arrived:?}");
    assert!(late.iter().all(|(_, frame)| frame.origin == Origin::Line));
}

#[test]
fn a_stall_that_follows_a_stall_loses_nothing_either() {
    let pcm = voice(8_000 * 12);
    let stalls = [3_000..4_500, 4_700..6_000, 6_040..6_500];
    let run = play(&mut ingress(), Codec::Pcmu, &packets(&pcm, 20), &stalls, 590);
    let said = clean(&pcm);
    assert_whole(&run.sound(), &said[2_500 * 8..6_900 * 8]);
    let late: Vec<_> = run.lags(&said).into_iter().filter(|(now, lag)| *now > 6_700 && *lag >= 60).collect();
    assert!(late.is_empty(), "what is said after the last stall is heard late: {late:?}");
}

#[test]
fn stalls_that_return_leave_no_delay_behind() {
    let pcm = voice(8_000 * 18);
    let stalls = [3_000..4_000, 7_000..9_000, 13_000..13_900];
    let run = play(&mut ingress(), Codec::Pcmu, &packets(&pcm, 20), &stalls, 890);
    for (end, next) in [(4_000, 7_000), (9_000, 13_000), (13_900, 17_700)] {
        let late = run.delays[(end + 2_900) / 20..next / 20].iter().max().unwrap();
        assert!(*late < MS * 60, "{late:?} three seconds after {end} ms");
    }
    let late: Vec<_> = run.lags(&clean(&pcm)).into_iter().filter(|(now, lag)| *now > 14_300 && *lag >= 60).collect();
    assert!(late.is_empty(), "{late:?}");
}

#[test]
fn numbers_that_wrap_within_a_stall_lose_nothing() {
    let pcm = voice(8_000 * 8);
    let mut sent = packets(&pcm, 20);
    for (_, packet) in &mut sent {
        packet.sequence = packet.sequence.wrapping_sub(170);
        packet.timestamp = packet.timestamp.wrapping_add(7_296).wrapping_sub(180 * 160);
    }
    let at = |ms: usize| &sent[ms / 20].1;
    assert!(at(3_000).sequence > at(4_000).sequence && at(3_000).timestamp > at(4_000).timestamp);
    let mut line = ingress();
    let run = play(&mut line, Codec::Pcmu, &sent, from_ref(&(3_000..4_000)), 390);
    assert_whole(&run.sound(), &clean(&pcm)[2_500 * 8..7_500 * 8]);
    let counts = line.jitter().counts();
    assert!((counts.lost, counts.late, counts.unheard) == (0, 0, 0) && counts.skipped <= 26, "{counts:?}");
}

#[test]
fn of_a_stall_beyond_five_seconds_the_last_five_are_heard_and_the_rest_is_counted() {
    let pcm = voice(8_000 * 14);
    let mut line = ingress();
    let run = play(&mut line, Codec::Pcmu, &packets(&pcm, 20), from_ref(&(3_000..10_000)), 690);
    let counts = line.jitter().counts();
    assert!((350 - 256..=350 - 250).contains(&counts.unheard), "{counts:?}");
    assert_whole(&run.sound(), &clean(&pcm)[5_200 * 8..12_000 * 8]);
}

#[test]
fn a_packet_that_comes_alone_and_too_late_holds_nothing_up() {
    let pcm = voice(8_000 * 6);
    let mut sent = packets(&pcm, 20);
    let (_, packet) = sent.remove(150);
    let place = sent.iter().position(|(ms, _)| *ms == 3_800).unwrap();
    sent.insert(place, (3_800, packet));
    let mut line = ingress();
    let run = play(&mut line, Codec::Pcmu, &sent, &[], 290);
    let counts = line.jitter().counts();
    assert_eq!((counts.late, counts.skipped, counts.lost), (1, 0, 0), "{counts:?}");
    assert!(run.most() == 1 && run.delays[150..].iter().all(|delay| *delay < MS * 60));
}

#[test]
fn a_line_that_thins_out_bit_by_bit_and_then_brings_all_loses_nothing_to_an_ear() {
    let pcm = voice(8_000 * 10);
    // For two seconds each packet is held up longer, and then all is there.
    let mut sent = packets(&pcm, 20);
    for (ms, _) in &mut sent {
        if (3_000..5_000).contains(ms) {
            *ms += *ms - 3_000;
        } else if (5_000..7_000).contains(ms) {
            *ms = 7_000;
        }
    }
    let run = play(&mut ingress(), Codec::Pcmu, &sent, &[], 490);
    let sound = run.sound();
    // Sound is stretched until some is skipped for people; from there on the ear's is unchanged.
    assert!(find(&sound, &clean(&pcm)[5_200 * 8..7_300 * 8]).is_some());
}

#[test]
fn what_is_lost_in_a_stall_leaves_the_ear_where_people_are() {
    let pcm = voice(8_000 * 8);
    let mut sent = packets(&pcm, 20);
    sent.retain(|(ms, _)| !(3_000..4_000).contains(ms));
    let mut line = ingress();
    let run = play(&mut line, Codec::Pcmu, &sent, &[], 390);
    assert!((45..=54).contains(&run.awaited), "{}", run.awaited);
    let places: Vec<u64> = run.ear.iter().map(|(_, frame)| frame.pos.0 / SamplePos::PER_TICK).collect();
    let leaps: Vec<_> = places.windows(2).filter(|w| w[1] - w[0] > 1).collect();
    assert!(leaps.len() == 1 && leaps[0][1] - leaps[0][0] >= 45, "{leaps:?}");
    // An ear waits for packets that have been overtaken, 60 ms, and no longer.
    let first = run.ear.iter().find(|(tick, _)| *tick > 170).unwrap();
    assert!(first.0 <= 205, "{}", first.0);
    assert!(!line.has_ear_stream() && line.jitter().counts().lost == 50);
}

#[test]
fn a_sender_that_sends_no_silence_is_known_from_its_second_pause_on() {
    let pcm = voice(8_000 * 12);
    let mut sent = packets(&pcm, 20);
    // No number is missing.
    sent.retain(|(ms, _)| !(3_000..4_000).contains(ms) && !(6_000..7_000).contains(ms));
    for (n, (_, packet)) in sent.iter_mut().enumerate() {
        packet.sequence = n as u16;
    }
    let before: Vec<_> = sent.iter().filter(|(ms, _)| *ms < 4_100).cloned().collect();
    let mut line = ingress();
    assert!(!play(&mut line, Codec::Pcmu, &before, &[], 199).known);
    let run = play(&mut ingress(), Codec::Pcmu, &sent, &[], 590);
    assert!(run.known && run.awaited >= 90, "{}", run.awaited);
    for ms in [4_000, 7_000] {
        let first = run.ear.iter().find(|(tick, _)| *tick as usize * 20 >= ms - 100).unwrap();
        assert!(first.0 as usize * 20 <= ms + 20, "speech waits: {ms} {}", first.0);
    }
}

#[test]
fn an_opus_sender_that_says_that_it_ceases_is_known_from_its_first_pause_on() {
    let codec = Codec::Opus(crate::codec::OpusPlan::default());
    for (last, known) in [(1, true), (2, true), (40, false)] {
        let mut line = Ingress::new(codec, JitterPlan::default(), 1);
        let packets: Vec<_> = (0..50u32)
            .map(|n| {
                let payload = vec![0x48; if n == 49 { last } else { 40 }];
                let (sequence, timestamp, arrived) = (n as u16, n * 960, Instant::now());
                let payload = payload.into();
                let packet = Rtp { arrived, payload_type: 96, marker: false, sequence, timestamp, ssrc: 7, payload };
                ((n as usize + 1) * 20, packet)
            })
            .collect();
        let run = play(&mut line, codec, &packets, &[], 80);
        assert_eq!(run.known, known, "{last}");
    }
}

#[test]
fn an_opus_line_goes_on_where_it_stopped_as_if_nothing_had_been() {
    let codec = Codec::Opus(crate::codec::OpusPlan::default());
    let pcm: Vec<i16> = {
        let (mut up, mut out) = (crate::resample::Resampler::new(8_000, codec.rate().hz()), Vec::new());
        up.push(&voice(8_000 * 9), &mut out);
        out
    };
    let (mut encoder, tick) = (codec.encoder(), codec.rate().per_tick());
    let sent: Vec<_> = pcm
        .chunks_exact(tick)
        .enumerate()
        .map(|(n, chunk)| {
            let mut payload = Vec::new();
            encoder.encode(chunk, &mut payload);
            let (sequence, timestamp) = (n as u16, n as u32 * codec.clock() / 50);
            let payload = payload.into();
            let arrived = Instant::now();
            ((n + 1) * 20, Rtp { arrived, payload_type: 96, marker: false, sequence, timestamp, ssrc: 7, payload })
        })
        .collect();
    let mut decoder = codec.decoder();
    let mut whole = Vec::new();
    sent.iter().for_each(|(_, packet)| decoder.decode(&packet.payload, &mut whole));
    let mut line = Ingress::new(codec, JitterPlan::default(), 1);
    let run = play(&mut line, codec, &sent, from_ref(&(3_000..5_000)), 440);
    let heard = run.sound();
    // A tenth of a second after the stop the decoder is where it would have been.
    let (from, to) = (3_200 * tick / 20, 5_200 * tick / 20);
    let lag = |at: usize| {
        let pairs = |lag: usize| heard[at + lag..].iter().zip(&whole[at..]).take(tick * 5);
        (0..tick * 10)
            .min_by_key(|&lag| pairs(lag).map(|(&a, &b)| (i64::from(a) - i64::from(b)).abs()).sum::<i64>())
            .unwrap()
    };
    let lag = lag(from);
    let rest: Vec<i16> = (from..to).map(|n| heard[n + lag].saturating_sub(whole[n])).collect();
    assert!(rms(&rest) < 0.1 * rms(&whole[from..to]), "{} of {}", rms(&rest), rms(&whole[from..to]));
    assert!(run.delays[8_000 / 20..].iter().all(|delay| *delay < MS * 60), "{:?}", run.delays[400]);
}

#[test]
fn a_sender_that_floods_is_heard_no_faster_than_time_passes_and_nothing_grows() {
    for stall in [false, true] {
        let (mut line, t0) = (ingress(), Instant::now());
        let (mut n, mut frames, mut widest) = (0u32, 0, 0);
        for tick in 0..2_000u64 {
            let now = t0 + TICK * tick as u32;
            // Ten times as fast as it may, with a second's stall in every three.
            let quiet = stall && tick % 150 >= 100;
            for _ in 0..if quiet { 0 } else { 10 } {
                let payload = Bytes::from_static(&[0x20; 160]);
                let (sequence, timestamp) = (n as u16, n * 160);
                let packet =
                    Rtp { arrived: now, payload_type: 0, marker: false, sequence, timestamp, ssrc: 7, payload };
                line.push(packet, Content::Sound(Codec::Pcmu));
                n += 1;
            }
            let pos = SamplePos::of_tick(tick);
            line.pull(now, pos, &Open);
            match line.for_ear(now, pos, MOST, &Open) {
                ForEar::Late(late) => {
                    assert!(late.iter().all(|frame| frame.pos <= pos));
                    (frames, widest) = (frames + late.len(), widest.max(late.len()));
                }
                ForEar::Now => frames += 1,
                ForEar::Awaited { .. } => {}
            }
            assert!(line.jitter().held_packets() <= 256 && line.pcm.len() < 8_000);
        }
        assert!(widest <= MOST && frames <= 2_000 + 30, "{frames} frames, {widest} at once");
    }
}

#[test]
fn a_line_that_is_held_or_begins_anew_joins_people_and_ear() {
    let pcm = voice(8_000 * 8);
    let sent = packets(&pcm, 20);
    let mut line = ingress();
    play(&mut line, Codec::Pcmu, &sent, from_ref(&(3_000..20_000)), 200);
    assert!(line.has_ear_stream());
    line.reset();
    assert!(!line.has_ear_stream());
    let mut line = ingress();
    play(&mut line, Codec::Pcmu, &sent, from_ref(&(3_000..20_000)), 200);
    let other: Vec<_> = sent.iter().cloned().map(|(ms, packet)| (ms, Rtp { ssrc: 9, ..packet })).collect();
    let run = play(&mut line, Codec::Pcmu, &other, &[], 100);
    assert!(!line.has_ear_stream());
    assert!(find(&run.sound(), &clean(&pcm)[8_000..12_000]).is_some());
}
