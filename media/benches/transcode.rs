//! What joining a G.711 phone and an Opus phone costs beside libopus alone: a room of two legs in simulated time, no sockets,
//! and the same packets and the same sound through a bare decoder and encoder with the same settings, in turn in one run.
//!
//! `cargo bench -p media --features testkit --bench transcode`. Prints CPU milliseconds per second of call, the median of the
//! rounds, and the ratio. Nothing is asserted: machines differ.
use media::codec::{Codec, OpusPlan};
use media::frame::TICK;
use media::leg::LineRules;
use media::packet::{Packet, Rtp};
use media::resample::Resampler;
use media::room::{BotMode, Input, Room, Seat};
use media::testkit::sim::plan;
use media::{Bytes, Rate};
use std::hint::black_box;
use std::time::{Duration, Instant};

const SECONDS: usize = 60;
const ROUNDS: usize = 7;

/// CPU time of this thread.
fn cpu() -> Duration {
    // SAFETY: getrusage writes into the struct it is given and nothing else.
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        libc::getrusage(libc::RUSAGE_THREAD, &mut usage);
        usage
    };
    let time = |t: libc::timeval| Duration::from_secs(t.tv_sec as u64) + Duration::from_micros(t.tv_usec as u64);
    time(usage.ru_utime) + time(usage.ru_stime)
}

/// Harmonics of a gliding pitch in syllables, at 8 kHz.
fn voice() -> Vec<i16> {
    let mut phase = 0.0;
    let sample = |n: usize| {
        let t = n as f64 / 8_000.0;
        phase += (130.0 + 30.0 * (t * 2.3).sin()) / 8_000.0;
        let syllable = (0.55 + 0.45 * (t * 4.0 * std::f64::consts::TAU).sin()).max(0.0);
        let sum: f64 = (1..20).map(|k| (phase * f64::from(k) * std::f64::consts::TAU).sin() / f64::from(k)).sum();
        (sum * syllable * 7_000.0) as i16
    };
    (0..8_000 * SECONDS).map(sample).collect()
}

fn coded(codec: Codec, pcm: &[i16]) -> Vec<Bytes> {
    let mut encoder = codec.encoder();
    let packet = |piece: &[i16]| {
        let mut payload = Vec::new();
        encoder.encode(piece, &mut payload);
        payload.into()
    };
    pcm.chunks_exact(codec.rate().per_tick()).map(packet).collect()
}

/// Two legs that hear each other.
fn bridge(narrow: &[Bytes], wide: &[Bytes], codec: Codec) -> Duration {
    let start = Instant::now();
    let mut room = Room::new(start, BotMode::Speaks, LineRules::default());
    room.handle(start, Input::Bot(BotMode::Rests));
    let legs = [(Seat::CALLER, plan(Codec::Pcmu), narrow), (Seat::AGENT, plan(codec), wide)];
    for (seat, plan, _) in &legs {
        room.handle(start, Input::Join { seat: *seat, plan: plan.clone(), seed: 1 });
    }
    let before = cpu();
    for n in 0..narrow.len() {
        let now = start + TICK * n as u32;
        for (seat, plan, packets) in &legs {
            let packet = Rtp {
                arrived: now,
                payload_type: plan.payload_type,
                marker: n == 0,
                sequence: n as u16,
                timestamp: n as u32 * plan.codec.clock() / 50,
                ssrc: 7,
                payload: packets[n].clone(),
            };
            room.handle(now, Input::packet(*seat, Packet::Rtp(packet)));
        }
        room.handle(now, Input::Tick);
        while let Some(output) = room.poll() {
            black_box(output);
        }
    }
    cpu() - before
}

/// The codec's own work on the same sound.
fn alone(wide: &[Bytes], sound: &[i16], plan: OpusPlan) -> Duration {
    let mut decoder = opus::Decoder::new(plan.rate.hz(), opus::Channels::Mono).expect("a decoder");
    let mut encoder =
        opus::Encoder::new(plan.rate.hz(), opus::Channels::Mono, opus::Application::Voip).expect("an encoder");
    encoder.set_signal(opus::Signal::Voice).expect("set");
    encoder.set_complexity(i32::from(plan.complexity)).expect("set");
    encoder.set_bitrate(opus::Bitrate::Bits(plan.bitrate as i32)).expect("set");
    encoder.set_inband_fec(plan.fec).expect("set");
    encoder.set_packet_loss_perc(5).expect("set");
    let (mut pcm, mut payload) = (vec![0; plan.rate.per_tick()], vec![0; 1_200]);
    let before = cpu();
    for (packet, piece) in wide.iter().zip(sound.chunks_exact(plan.rate.per_tick())) {
        black_box(decoder.decode(packet, &mut pcm, false).expect("sound"));
        black_box(encoder.encode(piece, &mut payload).expect("a packet"));
    }
    cpu() - before
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1_000.0 / SECONDS as f64
}

fn main() {
    let said = voice();
    let narrow = coded(Codec::Pcmu, &said);
    for rate in [Rate::Hz16000, Rate::Hz48000] {
        let plan = OpusPlan { rate, dtx: false, ..OpusPlan::default() };
        let (mut up, mut sound) = (Resampler::new(8_000, rate.hz()), Vec::new());
        up.push(&said, &mut sound);
        let wide = coded(Codec::Opus(plan), &sound);
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            bare.push(alone(&wide, &sound, plan));
            ours.push(bridge(&narrow, &wide, Codec::Opus(plan)));
        }
        let (ours, bare) = (median(ours), median(bare));
        println!(
            "PCMU <-> Opus at {} Hz, complexity {}, {} bit/s, CPU per second of call, median of {ROUNDS}: \
             two legs {ours:.3} ms, libopus alone {bare:.3} ms, ratio {:.2}",
            rate.hz(),
            plan.complexity,
            plan.bitrate,
            ours / bare
        );
    }
}
