//! What dasp takes for the loops of the sound path, beside ours: conversion, mixing, loudness, resampling of 20 ms at 8 kHz.
//!
//! `cargo bench --workspace --bench dasp` prints nanoseconds per frame, the least of the rounds; every contender is a function of
//! its own, so that callgrind counts its instructions as well. Nothing is asserted: see docs/adr/0015.
use dasp::Sample;
use dasp::interpolate::linear::Linear;
use dasp::interpolate::sinc::Sinc;
use dasp::ring_buffer::Fixed;
use dasp::rms::Rms;
use dasp::signal::{self, Signal};
use media::mix::Mix;
use media::noise::{nearest, rms};
use media::resample::Resampler;
use std::hint::black_box;
use std::time::Instant;

const TICK: usize = 160;
const FRAMES: usize = 200;
const ROUNDS: usize = 25;
/// Taps of the windowed sinc; ours has as many.
const TAPS: usize = 24;

fn speech() -> Vec<i16> {
    let sample = |n: usize| {
        let t = n as f32 / 8_000.0;
        (1..=8).map(|k| (std::f32::consts::TAU * 130.0 * k as f32 * t).sin() / k as f32).sum::<f32>() * 4_000.0
    };
    (0..TICK * FRAMES).map(|n| sample(n) as i16).collect()
}

#[inline(never)]
fn ours_to_float(pcm: &[i16], out: &mut [f32]) {
    for (out, &sample) in out.iter_mut().zip(pcm) {
        *out = f32::from(sample) / 32_768.0;
    }
}

#[inline(never)]
fn dasp_to_float(pcm: &[i16], out: &mut [f32]) {
    for (out, sample) in out.iter_mut().zip(pcm) {
        *out = sample.to_sample();
    }
}

#[inline(never)]
fn ours_to_integer(sound: &[f32], out: &mut [i16]) {
    for (out, &sample) in out.iter_mut().zip(sound) {
        *out = nearest(sample * 32_768.0);
    }
}

#[inline(never)]
fn dasp_to_integer(sound: &[f32], out: &mut [i16]) {
    for (out, sample) in out.iter_mut().zip(sound) {
        *out = sample.to_sample();
    }
}

#[inline(never)]
fn ours_mix(voices: [&[i16]; 3], out: &mut [i16]) {
    let mut mix = Mix::new(out);
    voices.iter().for_each(|voice| mix.add(voice));
    mix.finish();
}

/// In `f32`: integers of dasp add without saturating.
#[inline(never)]
fn dasp_mix([a, b, c]: [&[i16]; 3], out: &mut [i16]) {
    let voice = |pcm| signal::from_iter(<[i16]>::iter(pcm).map(|sample| sample.to_sample::<f32>()));
    let mixed = voice(a).add_amp(voice(b)).add_amp(voice(c));
    for (out, sample) in out.iter_mut().zip(mixed.until_exhausted()) {
        *out = sample.to_sample();
    }
}

#[inline(never)]
fn ours_rms(pcm: &[i16]) -> f32 {
    rms(pcm)
}

#[inline(never)]
fn dasp_rms(pcm: &[i16], window: &mut Rms<f32, Box<[f32]>>) -> f32 {
    for sample in pcm {
        window.next(sample.to_sample::<f32>());
    }
    window.current()
}

#[inline(never)]
fn ours_resample(resampler: &mut Resampler, pcm: &[i16], out: &mut Vec<i16>) {
    out.clear();
    resampler.push(pcm, out);
}

#[inline(never)]
fn dasp_linear(pcm: &[i16], out: &mut Vec<i16>) {
    let source = signal::from_iter(pcm.iter().copied());
    let wide = source.from_hz_to_hz(Linear::new(0, 0), 8_000.0, 16_000.0);
    out.clear();
    out.extend(wide.take(2 * TICK));
}

#[inline(never)]
fn dasp_sinc(pcm: &[i16], out: &mut Vec<i16>) {
    let source = signal::from_iter(pcm.iter().map(|sample| sample.to_sample::<f32>()));
    let wide = source.from_hz_to_hz(Sinc::new(Fixed::from([0f32; TAPS])), 8_000.0, 16_000.0);
    out.clear();
    out.extend(wide.take(2 * TICK).map(|sample| sample.to_sample::<i16>()));
}

/// Nanoseconds per frame, the least of the rounds.
fn time(name: &str, mut frame: impl FnMut(usize)) {
    let round = |frame: &mut dyn FnMut(usize)| {
        let begun = Instant::now();
        (0..FRAMES).for_each(&mut *frame);
        begun.elapsed().as_nanos() as f64 / FRAMES as f64
    };
    let least = (0..ROUNDS).map(|_| round(&mut frame)).fold(f64::INFINITY, f64::min);
    println!("{name:16} {least:8.0} ns");
}

fn main() {
    let pcm = speech();
    let tick = |n: usize| &pcm[n % FRAMES * TICK..][..TICK];
    let (mut float, mut whole) = ([0f32; TICK], [0i16; TICK]);
    time("ours_to_float", |n| ours_to_float(tick(n), black_box(&mut float)));
    time("dasp_to_float", |n| dasp_to_float(tick(n), black_box(&mut float)));
    time("ours_to_integer", |_| ours_to_integer(black_box(&float), black_box(&mut whole)));
    time("dasp_to_integer", |_| dasp_to_integer(black_box(&float), black_box(&mut whole)));
    let voices = |n: usize| [tick(n), tick(n + 1), tick(n + 2)];
    time("ours_mix", |n| ours_mix(voices(n), black_box(&mut whole)));
    time("dasp_mix", |n| dasp_mix(voices(n), black_box(&mut whole)));
    let mut window = Rms::new(Fixed::from(vec![0f32; TICK].into_boxed_slice()));
    time("ours_rms", |n| _ = black_box(ours_rms(tick(n))));
    time("dasp_rms", |n| _ = black_box(dasp_rms(tick(n), &mut window)));
    let (mut resampler, mut wide) = (Resampler::new(8_000, 16_000), Vec::with_capacity(4 * TICK));
    time("ours_resample", |n| ours_resample(&mut resampler, tick(n), black_box(&mut wide)));
    time("dasp_linear", |n| dasp_linear(tick(n), black_box(&mut wide)));
    time("dasp_sinc", |n| dasp_sinc(tick(n), black_box(&mut wide)));
}
