//! A network that stands still and then brings all at once: what an ear has of it, and what people do.
use super::{MS, Open, SAMPLES, Voice};
use media::SamplePos;
use media::codec::Codec;
use media::codec::g711::ulaw;
use media::frame::TICK;
use media::ingress::{ForEar, Ingress};
use media::jitter::{Content, JitterPlan};
use media::noise::{Rng, rms};
use media::packet::Rtp;
use media::testkit::netem::{Impairments, Netem};
use std::time::{Duration, Instant};

/// In ms.
const STALLS: [u32; 4] = [500, 1_000, 2_000, 4_000];
/// People should be in time again so long after a stall.
const AFTER: Duration = Duration::from_secs(3);
/// As many frames as a room lets an ear have in a tick.
const MOST: usize = 8;

#[derive(Default)]
struct Call {
    /// Loud pieces of 20 ms that were held back, and those of them that the ear heard as they were said.
    held: usize,
    heard: usize,
    /// From the end of the stall to the tick in which the ear had all of it.
    caught_up: Duration,
    /// What people were spared and what was made up for them.
    skipped: Duration,
    concealed: Duration,
    /// People's delay from three seconds after the stall on, at most.
    delay: Duration,
}

fn call(voice: &Voice, stall: Duration, seed: u64) -> Option<Call> {
    let (t0, mut rng) = (Instant::now(), Rng::new(seed ^ 0x57a11));
    let phase = TICK.mul_f32(rng.unit());
    let from = Duration::from_secs(2) + Duration::from_secs(2).mul_f32(rng.unit());
    let length = Duration::from_secs_f64(voice.pcm.len() as f64 / 8_000.0);
    let end = (from + stall + AFTER + Duration::from_secs(1) < length).then_some(from + stall)?;
    let mut net = Netem::new(Impairments { delay: MS * 20, jitter: MS * 4, ..Impairments::default() }, seed);
    net.still = Some(t0 + from..t0 + end);
    for (n, chunk) in voice.pcm.chunks_exact(SAMPLES).enumerate() {
        let payload: media::Bytes = chunk.iter().map(|&x| ulaw(x)).collect();
        net.send(t0 + phase + TICK * (n as u32 + 1), (n, payload));
    }
    let mut ingress = Ingress::new(Codec::Pcmu, JitterPlan::default(), seed);
    let (mut ear, mut call) = (Vec::new(), Call::default());
    for tick in 0..(voice.pcm.len() / SAMPLES) as u32 {
        let (now, pos) = (t0 + TICK * tick, SamplePos::of_tick(u64::from(tick)));
        while let Some((arrived, (n, payload))) = net.recv(now) {
            let (sequence, timestamp) = (n as u16, n as u32 * SAMPLES as u32);
            let packet = Rtp { arrived, payload_type: 0, marker: n == 0, sequence, timestamp, ssrc: 7, payload };
            ingress.push(packet, Content::Sound(Codec::Pcmu));
        }
        let frame = ingress.pull(now, pos, &Open);
        match ingress.for_ear(now, pos, MOST, &Open) {
            ForEar::Now => ear.extend_from_slice(frame.pcm()),
            ForEar::Awaited { .. } => {}
            ForEar::Late(frames) => {
                if call.caught_up.is_zero() && TICK * tick > end && frames.len() < MOST {
                    call.caught_up = TICK * tick - end;
                }
                frames.iter().for_each(|frame| ear.extend_from_slice(frame.pcm()));
            }
        }
        if TICK * tick >= end + AFTER {
            call.delay = call.delay.max(ingress.delay(now));
        }
    }
    let place = |time: Duration| (time.as_millis() / TICK.as_millis()) as usize;
    let loud = rms(&voice.pcm) * 0.2;
    for piece in voice.pcm.chunks_exact(SAMPLES).take(place(end)).skip(place(from)).filter(|piece| rms(piece) > loud) {
        call.held += 1;
        call.heard += usize::from(ear.windows(SAMPLES).any(|window| window == piece));
    }
    call.skipped = TICK * ingress.jitter().counts().skipped as u32;
    call.concealed = ingress.concealed();
    Some(call)
}

/// Prints a row for each stall, over all voices that are long enough.
pub fn run(voices: &[Voice], seeds: u64) {
    println!(
        "| stall | calls | ear: heard of what was held back | all of it after | people: spared | made up | delay 3 s after, at most |"
    );
    println!("|---|---|---|---|---|---|---|");
    for stall in STALLS.map(|ms| MS * ms) {
        let calls: Vec<Call> = voices
            .iter()
            .enumerate()
            .flat_map(|(v, voice)| {
                (0..seeds).filter_map(move |seed| call(voice, stall, seed * 7_920 + v as u64 * 104_729))
            })
            .collect();
        let most = |of: fn(&Call) -> Duration| calls.iter().map(of).max().unwrap_or_default().as_millis();
        let mean =
            |of: fn(&Call) -> Duration| calls.iter().map(of).sum::<Duration>().as_millis() / calls.len().max(1) as u128;
        let (held, heard) = calls.iter().fold((0, 0), |(held, heard), call| (held + call.held, heard + call.heard));
        println!(
            "| {:.1} s | {} | {:.1} % | {} ms | {} ms | {} ms | {} ms |",
            stall.as_secs_f32(),
            calls.len(),
            heard as f64 * 100.0 / held.max(1) as f64,
            most(|call| call.caught_up),
            mean(|call| call.skipped),
            mean(|call| call.concealed),
            most(|call| call.delay),
        );
    }
}
