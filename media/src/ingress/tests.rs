//! Packets in, frames out: seeded impairments in simulated time.
use super::*;
use crate::codec::g711::{ULAW_TO_PCM, ulaw};
use crate::frame::TICK;
use crate::noise::{Rng, rms};
use crate::testkit::netem::{Impairments, Netem, Order};
use crate::testkit::tone::{sine, worst_residue};
use bytes::Bytes;

mod stall;

const MS: Duration = Duration::from_millis(1);

struct Open;
impl Mute for Open {
    fn mutes(&self, _: u32, _: u32) -> bool {
        false
    }
}

/// A synthetic voice: harmonics of a gliding pitch up to 2 kHz, in syllables.
fn voice(samples: usize) -> Vec<i16> {
    let mut phase = 0.0f64;
    (0..samples)
        .map(|n| {
            let t = n as f64 / 8000.0;
            phase += std::f64::consts::TAU * (130.0 + 30.0 * (t * 1.7).sin()) / 8000.0;
            let loud = (0.55 + 0.45 * (t * 9.0).sin()) * 2500.0;
            (1..=12).map(|k| (phase * f64::from(k)).sin() / f64::from(k)).sum::<f64>() * loud
        })
        .map(|x| x as i16)
        .collect()
}

fn packets(pcm: &[i16], ptime: usize) -> Vec<(usize, Rtp)> {
    let t0 = Instant::now();
    let size = ptime * 8;
    pcm.chunks_exact(size)
        .enumerate()
        .map(|(n, chunk)| {
            let payload: Bytes = chunk.iter().map(|&x| ulaw(x)).collect();
            let (sequence, timestamp) = ((65_530 + n) as u16, 4_294_960_000u32.wrapping_add((n * size) as u32));
            let packet = Rtp { arrived: t0, payload_type: 0, marker: n == 0, sequence, timestamp, ssrc: 7, payload };
            ((n + 1) * ptime, packet)
        })
        .collect()
}

/// Plays what is sent at those milliseconds through a network; the sender's clock runs this much faster.
fn call(ingress: &mut Ingress, sent: Vec<(usize, Rtp)>, impairments: Impairments, seed: u64, ppm: f64) -> Vec<i16> {
    let (t0, mut net) = (Instant::now(), Netem::new(impairments, seed));
    let last = sent.last().map_or(0, |(ms, _)| *ms);
    for (ms, packet) in sent {
        net.send(t0 + Duration::from_secs_f64(ms as f64 / 1000.0 / (1.0 + ppm / 1e6)), packet);
    }
    let mut out = Vec::new();
    // A faster clock has said everything sooner.
    for tick in 0..(last as f64 / (1.0 + ppm.max(0.0) / 1e6) / 20.0) as u32 {
        let now = t0 + TICK * tick + MS * 7;
        while let Some((arrived, packet)) = net.recv(now) {
            ingress.push(Rtp { arrived, ..packet }, Content::Sound(Codec::Pcmu));
        }
        let frame = ingress.pull(now, SamplePos::of_tick(u64::from(tick)), &Open);
        assert_eq!(frame.pcm().len(), 160);
        assert!(ingress.pcm.len() <= 8000, "what is decoded stays little");
        out.extend_from_slice(frame.pcm());
    }
    out
}

fn ingress() -> Ingress {
    Ingress::new(Codec::Pcmu, JitterPlan::default(), 1)
}

/// The largest level above 3 kHz in any 5 ms: clicks have power there, the voice has none.
fn click(pcm: &[i16]) -> f32 {
    // Four differences: 12 dB up at 4 kHz each, 50 dB down at 500 Hz.
    let mut x: Vec<f32> = pcm.iter().map(|&x| f32::from(x)).collect();
    for _ in 0..4 {
        x = x.windows(2).map(|w| (w[1] - w[0]) / 2.0).collect();
    }
    x.chunks(40).map(|c| (c.iter().map(|x| x * x).sum::<f32>() / c.len() as f32).sqrt()).fold(0.0, f32::max)
}

#[test]
fn a_calm_line_is_heard_bit_for_bit_and_soon() {
    let pcm = voice(80_000);
    let mut line = ingress();
    let out = call(&mut line, packets(&pcm, 20), Impairments::default(), 1, 0.0);
    let clean: Vec<i16> = pcm.iter().map(|&x| ULAW_TO_PCM[usize::from(ulaw(x))]).collect();
    let lag = (160..480).find(|&lag| out[lag + 4000..lag + 8000] == clean[4000..8000]);
    assert!(lag.is_some_and(|lag| lag <= 41 * 8 && out[lag + 500..] == clean[500..out.len() - lag]), "{lag:?}");
    assert_eq!((line.concealed(), line.stretches()), (Duration::ZERO, 0));
}

#[test]
fn the_order_of_packets_that_come_in_time_makes_no_difference() {
    let sent = packets(&voice(40_000), 20);
    for seed in 0..10 {
        // Both wait as long from the start; one of them gets its packets shuffled, and some twice.
        let plan = JitterPlan { min_delay: MS * 60, ..JitterPlan::default() };
        let play =
            |impairments| call(&mut Ingress::new(Codec::Pcmu, plan.clone(), 1), sent.clone(), impairments, seed, 0.0);
        let straight = play(Impairments { delay: MS * 40, ..Impairments::default() });
        let jitter = Impairments { jitter: MS * 40, duplicate: 0.1, order: Order::Lost, ..Impairments::default() };
        let shuffled = play(jitter);
        let best = (0..4).any(|ticks| {
            let n = 160 * ticks;
            straight[16_000 + n..36_000] == shuffled[16_000..36_000 - n]
                || straight[16_000..36_000 - n] == shuffled[16_000 + n..36_000]
        });
        assert!(best, "seed {seed}: other sound than in order");
    }
}

#[test]
fn whatever_arrives_there_is_one_whole_frame_per_tick() {
    for seed in 0..6u64 {
        let mut rng = Rng::new(seed);
        let (mut line, t0) = (ingress(), Instant::now());
        let (mut sequence, mut timestamp) = (0u16, 0u32);
        for tick in 0..500u32 {
            let now = t0 + TICK * tick;
            for _ in 0..rng.next_u64() % 4 {
                match rng.next_u64() % 20 {
                    0 => sequence = rng.next_u64() as u16,
                    1 => timestamp = rng.next_u64() as u32,
                    2 => (sequence, timestamp) = (sequence.wrapping_sub(3), timestamp.wrapping_sub(480)),
                    _ => {}
                }
                let size = [0, 1, 33, 80, 160, 160, 160, 160, 480, 960, 1400][rng.next_u64() as usize % 11];
                let payload = Bytes::from((0..size).map(|_| rng.next_u64() as u8).collect::<Vec<_>>());
                let content = match rng.next_u64() % 10 {
                    0 => Content::Noise,
                    1 => Content::Event,
                    2 => Content::Sound(Codec::Pcma),
                    _ => Content::Sound(Codec::Pcmu),
                };
                let ssrc = u32::from(rng.next_u64().is_multiple_of(30));
                let arrived = now - MS * (rng.next_u64() % 60) as u32;
                let packet = Rtp { arrived, payload_type: 0, marker: false, sequence, timestamp, ssrc, payload };
                (sequence, timestamp) = (sequence.wrapping_add(1), timestamp.wrapping_add(size as u32));
                line.push(packet, content);
            }
            assert_eq!(line.pull(now, SamplePos::of_tick(u64::from(tick)), &Open).pcm().len(), 160);
            assert!(line.pcm.len() < 8000 && line.jitter().held_packets() <= 256, "seed {seed}");
        }
    }
}

#[test]
fn loss_and_jitter_leave_no_clicks() {
    let pcm = voice(160_000);
    let clean: Vec<i16> = pcm.iter().map(|&x| ULAW_TO_PCM[usize::from(ulaw(x))]).collect();
    // What zeros in the place of lost packets do, for scale.
    let mut torn = clean.clone();
    torn.chunks_mut(160).step_by(20).for_each(|packet| packet.fill(0));
    for (name, impairments) in [
        ("loss", Impairments { loss: 0.05, ..Impairments::default() }),
        ("bursts", Impairments { loss: 0.05, burst: 3, ..Impairments::default() }),
        ("jitter", Impairments { tail: MS * 20, order: Order::Lost, ..Impairments::default() }),
        ("both", Impairments { loss: 0.05, burst: 3, tail: MS * 30, order: Order::Lost, ..Impairments::default() }),
    ] {
        for seed in 0..2 {
            let out = call(&mut ingress(), packets(&pcm, 20), impairments, seed, 0.0);
            let (ours, bare) = (click(&out[8_000..]), click(&clean));
            assert!(ours < 2.0 * bare && click(&torn) > 2.0 * bare, "{name} {seed}: {ours}, clean {bare}");
            assert!(rms(&out[8_000..]) > 0.8 * rms(&clean), "{name} {seed}: a hole");
        }
    }
}

#[test]
fn a_packet_that_comes_late_by_less_than_its_length_is_still_heard_in_part() {
    let sent = packets(&sine(200.0, crate::Rate::Hz8000, 32_000, 8000), 60);
    let (t0, mut line) = (Instant::now(), ingress());
    let mut due: Vec<(u64, Rtp)> = sent.into_iter().map(|(ms, packet)| (ms as u64, packet)).collect();
    due[20].0 += 35;
    for tick in 0..150u64 {
        let now = t0 + MS * (tick * 20 + 3) as u32;
        for (ms, packet) in due.extract_if(.., |(ms, _)| *ms <= tick * 20 + 3) {
            let arrived = t0 + MS * ms as u32;
            line.push(Rtp { arrived, ..packet }, Content::Sound(Codec::Pcmu));
        }
        line.pull(now, SamplePos::of_tick(tick), &Open);
    }
    assert!(line.concealed() <= MS * 40 && line.concealed() > Duration::ZERO, "{:?}", line.concealed());
    assert_eq!((line.jitter().counts().late, line.jitter().counts().lost), (0, 0));
}

/// A decoder whose samples show which method made them.
struct Script;
impl Decoder for Script {
    fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) {
        out.extend(payload.iter().map(|_| 1000));
    }
    fn fec(&mut self, next: &[u8], samples: usize, out: &mut Vec<i16>) -> bool {
        let knows = next.first() == Some(&1);
        out.resize(out.len() + if knows { samples } else { 0 }, 2000);
        knows
    }
    fn conceal(&mut self, samples: usize, out: &mut Vec<i16>) -> bool {
        out.resize(out.len() + samples, 3000);
        true
    }
    fn reset(&mut self) {}
}

#[test]
fn a_codec_that_corrects_errors_is_asked_first_and_one_that_conceals_second() {
    // How a lost packet is replaced, by the correction in the next one and by the delay.
    let heard = |correction: u8, waits: u32| {
        let plan = JitterPlan { min_delay: MS * waits, ..JitterPlan::default() };
        let mut line = Ingress::new(Codec::Pcmu, plan, 1).decoded_by(|_| Box::new(Script));
        let mut sent = packets(&vec![0; 3200], 20);
        sent.iter_mut().for_each(|(_, packet)| packet.payload = vec![correction; 160].into());
        sent.remove(10);
        let out = call(&mut line, sent, Impairments::default(), 1, 0.0);
        (out.contains(&2000), out.contains(&3000), line.corrected(), line.concealed())
    };
    assert_eq!(heard(1, 40), (true, false, TICK, Duration::ZERO));
    assert_eq!(heard(0, 40), (false, true, Duration::ZERO, TICK));
    let (corrected, concealed, ..) = heard(1, 0);
    assert!(!corrected && concealed, "nothing is known of a packet whose successor is not here");
}

#[test]
fn frequent_loss_is_worth_waiting_for_what_repairs_it() {
    let impairments = Impairments { loss: 0.08, ..Impairments::default() };
    let mut line = ingress();
    call(&mut line, packets(&voice(240_000), 20), impairments, 3, 0.0);
    assert!(line.jitter().target() >= MS * 20, "{:?}", line.jitter().target());
    let mut calm = ingress();
    call(&mut calm, packets(&voice(240_000), 20), Impairments { loss: 0.005, ..Impairments::default() }, 3, 0.0);
    assert!(calm.jitter().target() < MS * 10, "{:?}", calm.jitter().target());
}

fn drift(seconds: usize, ppm: f64) {
    let tone = sine(200.0, crate::Rate::Hz8000, seconds * 8000, 8000);
    let mut line = ingress();
    let impairments = Impairments { jitter: MS * 2, ..Impairments::default() };
    let out = call(&mut line, packets(&tone, 20), impairments, 5, ppm);
    let counts = line.jitter().counts();
    assert_eq!((counts.late, counts.lost, counts.skipped), (0, 0, 0), "{ppm}");
    assert_eq!(line.concealed(), Duration::ZERO, "{ppm}");
    let seams = worst_residue(&out[8_000..], 200.0, crate::Rate::Hz8000);
    assert!(seams < 1200.0 && click(&out[8_000..]) < 60.0, "{ppm}: {seams}, {}", click(&out[8_000..]));
    // 20 ms at a time, a pitch period at a time.
    assert!(line.stretches() as f64 <= 20.0 + seconds as f64 * ppm.abs() / 1e6 / 0.0025, "{}", line.stretches());
}

#[test]
fn a_clock_that_drifts_for_an_hour_is_followed_without_a_glitch() {
    drift(3600, 200.0);
    drift(3600, -200.0);
}

#[test]
fn packets_of_up_to_240_ms_are_heard_whole() {
    let pcm = voice(80_000);
    for ptime in [60, 120, 180, 240] {
        let mut line = ingress();
        // Long packets leave a little late, as those of a busy phone do.
        let impairments = Impairments { jitter: MS * 10, ..Impairments::default() };
        let out = call(&mut line, packets(&pcm, ptime), impairments, 3, 0.0);
        let counts = line.jitter().counts();
        assert_eq!((counts.refused, counts.lost, counts.skipped), (0, 0, 0), "{ptime}");
        let concealed = line.concealed();
        assert!(concealed <= MS * 120, "{ptime}: {concealed:?} made up in ten seconds");
        assert!(rms(&out[16_000..72_000]) > 0.9 * rms(&pcm[16_000..72_000]), "{ptime}");
    }
}
