//! A network that stands still in the caller's words and then brings them at once: the bot's way to the ear, whole, with a real
//! recogniser at its end.
use crate::sound::{self, Noise, Tape, models};
use crate::steps::{STAGES, meaning};
use crate::{BOOKING, ask, bot, english, hear};
use media::Language;
use media::codec::Codec;
use media::ear::{Ear, EarPlan};
use media::frame::TICK;
use media::leg::LineRules;
use media::packet::{Packet, Rtp};
use media::room::{BotMode, Input, Output, Room, Seat};
use media::testkit::netem::Impairments;
use media::testkit::sim::{Phone, plan};
use media::vad::Edge;
use std::ops::Range;
use std::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);
/// The caller begins so long after the call.
const BEGINS: u64 = 1_500;
/// Silence after which a bot takes a turn, however little was understood.
const TURN: u64 = 1_000;

/// What a recogniser is given of the first turn, and when the last pause of it was noticed, in ms of the call.
fn turn(pcm: Vec<i16>, codec: Codec, still: Range<u64>) -> (Vec<i16>, u64) {
    let start = Instant::now();
    let mut noise = Noise(1);
    let rate = codec.rate();
    let first = BEGINS * u64::from(rate.hz()) / 1_000;
    let voice = Box::new(move |from: u64, n: usize| {
        let said = |at: u64| at.checked_sub(first).and_then(|at| pcm.get(at as usize)).copied().unwrap_or(0);
        (from..from + n as u64)
            .map(|at| (f64::from(said(at)) + noise.room()).clamp(-32_000.0, 32_000.0) as i16)
            .collect()
    });
    let impairments = Impairments { delay: MS * 20, jitter: MS * 4, ..Impairments::default() };
    let mut phone = Phone::new(start, codec, voice, impairments, 7);
    let at = |ms: u64| start + MS * ms as u32;
    phone.net.still = Some(at(still.start)..at(still.end));
    let mut room = Room::new(start, BotMode::Speaks, LineRules::default());
    room.handle(start, Input::Join { seat: Seat::CALLER, plan: plan(codec), seed: 1 });
    let (mut ear, tape) = (Ear::new(EarPlan::default(), models()), Tape::default());
    ear.listen(Some(Box::new(tape.clone())));
    let (mut speaks, mut paused, mut frames) = (false, None, Vec::new());
    for tick in 1..1_000 {
        let now = start + TICK * tick;
        phone.run(now);
        while let Some((arrived, packet)) = phone.net.recv(now) {
            let Packet::Rtp(packet) = packet else { continue };
            room.handle(now, Input::packet(Seat::CALLER, Packet::Rtp(Rtp { arrived, ..packet })));
        }
        room.handle(now, Input::Tick);
        while let Some(output) = room.poll() {
            let Output::Frame { received, sent, .. } = output else { continue };
            ear.admit(received, *sent, &mut frames);
            for frame in frames.drain(..) {
                match ear.hear(&frame) {
                    Some(Edge::Start { .. }) => speaks = true,
                    Some(Edge::End { .. }) => (speaks, paused) = (false, Some(u64::from(tick) * 20)),
                    None => {}
                }
            }
        }
        if !speaks && paused.is_some_and(|paused| u64::from(tick) * 20 >= paused + TURN) {
            break;
        }
    }
    let (mut pcm, mark) = std::mem::take(&mut *tape.0.lock().expect("the tape"));
    pcm.truncate(mark);
    (pcm, paused.unwrap_or(0))
}

/// Every step of a booking in every voice, with a stall at another place of each: before the words, at their beginning, within
/// them, at their end.
fn recognised(codec: Codec, stall: u64) -> (usize, usize, u64) {
    let Some(engine) = english() else { return (0, 0, 0) };
    let bot = bot("booking.en.toml");
    let people = sound::shared("speech/en");
    let (mut right, mut all, mut latest) = (0, 0, 0);
    for (step, (name, said, clip)) in BOOKING.into_iter().enumerate() {
        let stage = STAGES.iter().find(|stage| stage.name == name).expect("a stage");
        let ask = ask(&bot, stage, Language::En);
        let mut callers: Vec<(&str, Vec<i16>)> =
            ["slt", "kal16", "rms", "awb"].map(|voice| (voice, sound::say(voice, said))).into();
        if let (Some(dir), false) = (&people, clip.is_empty()) {
            callers.push(("human", sound::read(&dir.join(clip).with_extension("wav"))));
        }
        for (place, (caller, pcm)) in callers.into_iter().enumerate() {
            let length = pcm.len() as u64 / 8;
            let pcm = if codec.rate().hz() == 8_000 {
                pcm
            } else {
                let (mut up, mut out) = (media::resample::Resampler::new(8_000, codec.rate().hz()), Vec::new());
                up.push(&pcm, &mut out);
                out
            };
            // From all of the stall but a little before the words to the last fifth of them.
            let share = ((step * 5 + place * 7) % 20) as f64 / 19.0;
            let before = (stall as f64 * 0.8).min(1_000.0);
            let from = (BEGINS as f64 - before + share * (before + length as f64 * 0.8)) as u64;
            let (heard, paused) = turn(pcm, codec, from..from + stall);
            let hypothesis = hear(&**engine, &ask, &heard);
            let text = hypothesis.text.as_deref();
            all += 1;
            if text.is_some_and(|text| meaning(&bot, stage, text) == meaning(&bot, stage, said)) {
                right += 1;
                latest = latest.max(paused.saturating_sub((from + stall).max(BEGINS + length)));
            } else {
                let at = from as i64 - BEGINS as i64;
                println!(
                    "    {stall} ms from {at} of {length} ms: {caller} {said:?} -> {text:?}, {} ms",
                    heard.len() / 16
                );
            }
        }
    }
    println!(
        "{}, stall of {stall} ms: {right} of {all} recognised, the last pause noticed {latest} ms after all had come",
        codec.name()
    );
    (right, all, latest)
}

#[test]
fn words_that_a_network_holds_back_are_recognised_as_if_it_had_not() {
    for stall in [0, 300, 500, 1_000, 2_000, 4_000] {
        let (right, all, latest) = recognised(Codec::Pcmu, stall);
        assert!(right * 20 >= all * 19, "a stall of {stall} ms: {right} of {all}");
        // Four seconds are heard within 0.6; the gate's 200 ms, and what a voice trails off with.
        assert!(latest <= 1_100, "a stall of {stall} ms: {latest}");
    }
}

#[test]
fn words_of_a_browser_are_recognised_likewise() {
    // Browsers send silence unless they are asked not to.
    let codec = Codec::Opus(media::codec::OpusPlan { dtx: false, ..Default::default() });
    // What the codec makes of some is not the network's fault.
    let (usual, ..) = recognised(codec, 0);
    for stall in [500, 1_000, 2_000, 4_000] {
        let (right, _, latest) = recognised(codec, stall);
        assert!(right * 20 >= usual * 19, "a stall of {stall} ms: {right}, else {usual}");
        assert!(latest <= 1_100, "a stall of {stall} ms: {latest}");
    }
}
