//! How many instructions each stage of the sound path takes per frame: run under callgrind by `scripts/stages.sh`, which
//! compares with `media/benches/stages.baseline`. Counts, unlike times, are the same on a busy machine.
//!
//! Every stage is a function `stage_NAME` of its own, so that callgrind's inclusive counts tell them apart; what comes before
//! (warming up, making input) lies outside of it. Run plainly, it only proves that all stages work.
use media::codec::{Codec, Decoder, Encoder};
use media::conceal::{Conceal, Fade};
use media::egress::Egress;
use media::frame::TICK;
use media::jitter::{Content, Jitter, JitterPlan, Play};
use media::leg::{LegPlan, LineRules};
use media::mix::Mix;
use media::packet::{Packet, Rtp};
use media::playout::Playout;
use media::resample::Resampler;
use media::room::{BotMode, Input, Room, Seat};
use media::stretch::{self, Urgency};
use media::tts::{Sound, UtteranceId};
use media::vad::{WINDOW, earshot};
use media::{Bytes, Rate};
use std::hint::black_box;
use std::time::Instant;

/// Frames that a stage is given; `scripts/stages.sh` divides by it.
const FRAMES: usize = 200;
const WARM_UP: usize = 50;

/// A voice's buzz with pauses, loud enough that nothing takes it for silence.
fn speech(samples: usize) -> Vec<i16> {
    let mut seed = 1u32;
    (0..samples)
        .map(|n| {
            let t = n as f32 / 8_000.0;
            let voice: f32 = (1..=8).map(|k| (std::f32::consts::TAU * 130.0 * k as f32 * t).sin() / k as f32).sum();
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let hiss = (seed >> 16) as f32 / 65_536.0 - 0.5;
            let talks = if t % 1.6 < 1.2 { 4_000.0 } else { 0.0 };
            (voice * talks + hiss * 30.0) as i16
        })
        .collect()
}

fn plan() -> LegPlan {
    LegPlan { telephone_event: Some(101), ..LegPlan::new(Codec::Pcmu, 0) }
}

/// A line's packets, one per tick, in order.
struct Line {
    payloads: Vec<Bytes>,
    start: Instant,
    tick: u32,
}

impl Line {
    fn new() -> Self {
        let mut encoder = Codec::Pcmu.encoder();
        let payloads = speech(16_000)
            .chunks_exact(160)
            .map(|pcm| {
                let mut payload = Vec::new();
                encoder.encode(pcm, &mut payload);
                Bytes::from(payload)
            })
            .collect();
        Self { payloads, start: Instant::now(), tick: 0 }
    }

    fn now(&self) -> Instant {
        self.start + TICK * self.tick
    }

    /// The next packet, which arrives a little before its tick; time moves on by one.
    fn next(&mut self) -> Rtp {
        self.tick += 1;
        Rtp {
            arrived: self.now() - TICK / 4,
            payload_type: 0,
            marker: false,
            sequence: self.tick as u16,
            timestamp: self.tick * 160,
            ssrc: 7,
            payload: self.payloads[self.tick as usize % self.payloads.len()].clone(),
        }
    }
}

#[inline(never)]
fn stage_g711(codec: &mut (Box<dyn Decoder>, Box<dyn Encoder>), payloads: &[Bytes], frames: usize) {
    let (mut pcm, mut coded) = (Vec::with_capacity(160), Vec::with_capacity(160));
    for payload in payloads.iter().cycle().take(frames) {
        pcm.clear();
        coded.clear();
        codec.0.decode(payload, &mut pcm);
        codec.1.encode(&pcm, &mut coded);
        black_box(&coded);
    }
}

#[inline(never)]
fn stage_jitter(jitter: &mut Jitter, line: &mut Line, frames: usize) {
    for _ in 0..frames {
        let packet = line.next();
        jitter.push(packet, Content::Sound(Codec::Pcmu));
        let mut left = 160u32;
        while left > 0 {
            left = match black_box(jitter.pull(line.now(), left)) {
                Play::Decode { payload, .. } => left.saturating_sub(payload.len() as u32),
                _ => 0,
            };
        }
        black_box(jitter.pace(0));
    }
}

#[inline(never)]
fn stage_conceal(conceal: &mut Conceal, pcm: &[i16], frames: usize) {
    let mut out = Vec::with_capacity(320);
    // Every fifth is lost.
    for (n, tick) in pcm.chunks_exact(160).cycle().take(frames).enumerate() {
        out.clear();
        if n % 5 == 4 {
            conceal.extend(Fade::Slow, 160, &mut out);
        } else {
            out.extend_from_slice(tick);
            conceal.merge(&mut out);
            conceal.heard(&out);
        }
        black_box(&out);
    }
}

#[inline(never)]
fn stage_stretch(pcm: &[i16], frames: usize) {
    let mut sound = Vec::with_capacity(640);
    for (n, ticks) in pcm.chunks_exact(480).cycle().take(frames).enumerate() {
        sound.clear();
        sound.extend_from_slice(&ticks[160..]);
        if n % 2 == 0 {
            black_box(stretch::shrink(&mut sound, 160, 160, Rate::Hz8000, 30.0, Urgency::Low));
        } else {
            black_box(stretch::grow(&ticks[..160], &mut sound, Rate::Hz8000, 30.0, Urgency::Low));
        }
    }
}

#[inline(never)]
fn stage_mix(pcm: &[i16], frames: usize) {
    let mut out = [0; 160];
    let ticks: Vec<&[i16]> = pcm.chunks_exact(160).collect();
    for voices in ticks.windows(3).cycle().take(frames) {
        let mut mix = Mix::new(&mut out);
        voices.iter().for_each(|voice| mix.add(voice));
        mix.finish();
        black_box(&out);
    }
}

#[inline(never)]
fn stage_playout(playout: &mut Playout, now: Instant, frames: usize) {
    let mut out = [0; 160];
    for tick in 0..frames as u32 {
        out.fill(0);
        playout.fill(now + TICK * tick, &mut out);
        while let Some(played) = playout.poll() {
            black_box(played);
        }
        black_box(&out);
    }
}

#[inline(never)]
fn stage_egress(egress: &mut Egress, pcm: &mut [i16], (now, tick): (Instant, u64), frames: usize) {
    for (n, sound) in pcm.chunks_exact_mut(160).take(frames).enumerate() {
        egress.tick(now + TICK * n as u32, tick + n as u64, sound, &mut |packet| drop(black_box(packet)));
    }
}

#[inline(never)]
fn stage_resample(up: &mut Resampler, pcm: &[i16], frames: usize) {
    let mut out = Vec::with_capacity(640);
    for tick in pcm.chunks_exact(160).cycle().take(frames) {
        out.clear();
        up.push(tick, &mut out);
        black_box(&out);
    }
}

#[inline(never)]
fn stage_earshot(vad: &mut earshot::Earshot, windows: &[[i16; WINDOW]], frames: usize) {
    for window in windows.iter().cycle().take(frames) {
        black_box(vad.score(window));
    }
}

/// Everything a room does in a tick, but the wires.
fn tick(room: &mut Room, line: &mut Line, seats: u8) {
    let packet = line.next();
    for seat in 0..seats {
        room.handle(line.now(), Input::packet(Seat(seat), Packet::Rtp(packet.clone())));
    }
    room.handle(line.now(), Input::Tick);
    while let Some(output) = room.poll() {
        drop(black_box(output));
    }
}

#[inline(never)]
fn stage_echo_tick(room: &mut Room, line: &mut Line, frames: usize) {
    // Its name, so that no two of these are the same function to the compiler.
    (0..frames).for_each(|_| tick(room, line, black_box(("echo", 1)).1));
}

#[inline(never)]
fn stage_bot_tick(room: &mut Room, line: &mut Line, frames: usize) {
    // Its name, so that no two of these are the same function to the compiler.
    (0..frames).for_each(|_| tick(room, line, black_box(("bot", 1)).1));
}

#[inline(never)]
fn stage_bridge_tick(room: &mut Room, line: &mut Line, frames: usize) {
    // Its name, so that no two of these are the same function to the compiler.
    (0..frames).for_each(|_| tick(room, line, black_box(("bridge", 2)).1));
}

/// A room with its seats taken, some ticks old.
fn room(bot: BotMode, seats: u8) -> (Room, Line) {
    let mut line = Line::new();
    let mut room = Room::new(line.now(), bot, LineRules::default());
    for seat in 0..seats {
        room.handle(line.now(), Input::Join { seat: Seat(seat), plan: plan(), seed: u64::from(seat) + 1 });
    }
    if bot == BotMode::Speaks {
        room.handle(line.now(), Input::sound(Seat::CALLER, sound()));
    }
    (0..WARM_UP).for_each(|_| tick(&mut room, &mut line, seats));
    (room, line)
}

/// As much as all frames need, and the warm-up.
fn sound() -> Sound {
    let pcm = speech((FRAMES + WARM_UP + 10) * 160);
    Sound { utterance: UtteranceId(1), pcm, rate: Rate::Hz8000, upto_char: 100, interruptible: true, last: true }
}

fn main() {
    let mut line = Line::new();
    let mut pcm = speech(FRAMES * 160);
    let now = line.now();
    let mut codec = (Codec::Pcmu.decoder(), Codec::Pcmu.encoder());
    stage_g711(&mut codec, &line.payloads, FRAMES);
    let mut jitter = Jitter::new(JitterPlan::default(), 8_000);
    stage_jitter(&mut jitter, &mut line, FRAMES);
    let mut conceal = Conceal::new(Rate::Hz8000, 1);
    conceal.heard(&pcm[..1600]);
    stage_conceal(&mut conceal, &pcm, FRAMES);
    stage_stretch(&pcm, FRAMES);
    stage_mix(&pcm, FRAMES);
    let mut playout = Playout::new(Rate::Hz8000);
    playout.push(sound());
    stage_playout(&mut playout, now, FRAMES);
    let mut egress = Egress::new(plan(), 1);
    stage_egress(&mut egress, &mut pcm, (now, 0), FRAMES);
    stage_resample(&mut Resampler::new(8_000, 16_000), &pcm, FRAMES);
    let windows: Vec<[i16; WINDOW]> = pcm.chunks_exact(WINDOW).filter_map(|window| window.try_into().ok()).collect();
    stage_earshot(&mut earshot::Earshot::new(), &windows, FRAMES);
    let (mut echo, mut line) = room(BotMode::Echoes, 1);
    stage_echo_tick(&mut echo, &mut line, FRAMES);
    let (mut bot, mut line) = room(BotMode::Speaks, 1);
    stage_bot_tick(&mut bot, &mut line, FRAMES);
    let (mut bridge, mut line) = room(BotMode::Rests, 2);
    stage_bridge_tick(&mut bridge, &mut line, FRAMES);
}
