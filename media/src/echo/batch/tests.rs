//! Batch cancellation: how much echo is left before and under a voice, and what happens to a voice without echo.
use super::*;
use crate::noise::rms;
use crate::testkit::acoustics::{Acoustics, Place};
use crate::testkit::voices;
use std::time::Duration;

/// Samples (1 s) from the bot's first sound to a caller's.
const BEGINS: usize = 8_000;
const LENGTH: usize = 20_800;

/// A canceller that has kept 2.2 s of a bot in a room and a caller who begins later; the received sound, and that of the caller alone.
fn kept(number: usize, loss_db: f32, ms: u64, begins: usize) -> (BatchCanceller, Vec<i16>, Vec<i16>) {
    let place = Place { loss_db, delay: Duration::from_millis(ms), seed: 40 + number as u64, ..Place::default() };
    let (mut phone, mut alone) = (Acoustics::new(place), Acoustics::new(place));
    let (bot, voice) = (voices::talk(number, 2.2), voices::reply(number));
    let (mut batch, mut received, mut clean) = (BatchCanceller::new(Rate::Hz8000), Vec::new(), Vec::new());
    for tick in 0..LENGTH / 160 {
        let piece = |of: &[i16], begins: usize| -> Vec<i16> {
            (tick * 160..tick * 160 + 160)
                .map(|n| n.checked_sub(begins).and_then(|n| of.get(n)).copied().unwrap_or(0))
                .collect()
        };
        let (far, said) = (piece(&bot, 0), piece(&voice, begins));
        let near = phone.tick(&far, &said);
        clean.extend(alone.tick(&[0; 160], &said));
        batch.push(SamplePos::of_tick(tick as u64), &near, &far);
        received.extend(near);
    }
    (batch, received, clean)
}

/// The attenuation of the echo in dB.
fn lower(received: &[i16], clean: &[i16], left: &[i16]) -> f32 {
    let off = |sound: &[i16]| -> Vec<i16> { sound.iter().zip(clean).map(|(a, b)| a.saturating_sub(*b)).collect() };
    20.0 * (rms(&off(received)) / rms(&off(left))).log10()
}

#[test]
fn an_echo_is_cancelled_before_a_voice_and_under_it() {
    let (mut before, mut under) = (Vec::new(), Vec::new());
    for (number, (loss_db, ms)) in
        [(20.0, 60), (15.0, 180), (15.0, 310), (10.0, 430), (10.0, 90), (6.0, 240)].into_iter().enumerate()
    {
        let (batch, received, clean) = kept(number, loss_db, ms, BEGINS);
        let lag = batch.lag().unwrap_or_else(|| panic!("no echo at {loss_db} dB, {ms} ms"));
        assert!((lag / 8).abs_diff(ms as usize) <= 12, "{lag} samples, {ms} ms");
        let left = batch.cancel();
        assert_eq!(left.len(), received.len());
        let over = |range: std::ops::Range<usize>| lower(&received[range.clone()], &clean[range.clone()], &left[range]);
        before.push(over(0..BEGINS));
        under.push(over(BEGINS..BEGINS + 8_000));
    }
    println!("echo lower by {before:.1?} dB before the voice, {under:.1?} dB under it");
    let mean = |all: &[f32]| all.iter().sum::<f32>() / all.len() as f32;
    assert!(mean(&before) > 9.0 && mean(&under) > 3.0, "{before:?}, {under:?}");
}

#[test]
fn where_nothing_comes_back_a_voice_is_left_to_the_sample_as_it_came() {
    let mut touched = Vec::new();
    for number in 0..24 {
        let (batch, received, _) = kept(number, 70.0, 150, [BEGINS, 3_000][number % 2]);
        if batch.cancel() != received {
            touched.push(number);
        }
    }
    assert!(touched.len() <= 1, "an echo where there is none: {touched:?}");
}

#[test]
fn an_utterance_gets_the_sound_of_its_own_place_in_the_call() {
    let cancelled = Cancelled { begins: SamplePos(4_800), pcm: (1..=1_000).collect() };
    let replaced = |from: u64| {
        let mut pcm = [0; 4];
        cancelled.replace(SamplePos(from), &mut pcm);
        pcm
    };
    assert_eq!(replaced(4_800), [1, 2, 3, 4]);
    assert_eq!(replaced(4_800 + 30), [11, 12, 13, 14]);
    assert_eq!(replaced(4_800 - 6), [0, 0, 1, 2]);
    assert_eq!(replaced(4_800 + 998 * 3), [999, 1_000, 0, 0]);
    // Kept sound keeps its position at either rate, within half a millisecond.
    for rate in [Rate::Hz8000, Rate::Hz16000] {
        let mut batch = BatchCanceller::new(rate);
        for tick in 10..60 {
            let mut near = vec![0; rate.per_tick()];
            if tick == 30 {
                near[0] = 10_000;
            }
            batch.push(SamplePos::of_tick(tick), &near, &vec![0; rate.per_tick()]);
        }
        let cancelled = batch.cancelled();
        assert_eq!(cancelled.begins, SamplePos::of_tick(10));
        let peak = (0..cancelled.pcm.len()).max_by_key(|at| cancelled.pcm[*at].unsigned_abs()).unwrap_or(0);
        assert!(peak.abs_diff(20 * 320) <= 8, "{rate:?}: {peak}");
    }
}

#[test]
fn any_sound_from_anywhere_is_cleaned_without_a_panic() {
    let mut rng = crate::noise::Rng::new(3);
    for rate in [Rate::Hz8000, Rate::Hz16000] {
        let mut batch = BatchCanceller::new(rate);
        batch.cancelled().replace(SamplePos(7), &mut [1; 50]);
        for tick in 0..210 {
            let sound: Vec<i16> = (0..rate.per_tick()).map(|_| rng.next_u64() as i16).collect();
            batch.push(SamplePos::of_tick(if tick == 5 { 900 } else { tick }), &sound, &sound);
            if tick == 6 || tick == 12 || tick == 30 {
                batch.cancelled();
            }
        }
        let cancelled = batch.cancelled();
        for (from, length) in [(0, 0), (0, 48_000), (3_000_000_000, 700), (96_000, 1), (100_000, 90_000)] {
            let mut pcm = vec![0; length];
            cancelled.replace(SamplePos(from), &mut pcm);
            assert_eq!(pcm.len(), length);
        }
    }
}
