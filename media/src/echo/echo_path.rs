//! `EchoPath`: an upper bound of the echo's level in each band, whatever its delay.
//!
//! A band's gain is a high quantile of received power over the loudest power sent in the last 0.7 s (stochastic approximation,
//! Robbins and Monro, 1951). An echo stays below it at any delay. A caller does not: voices differ in their bands from one moment to
//! the next.
use super::bands::{COUNT, Spectrum};
use std::collections::VecDeque;

/// Ticks of sent sound whose echo may still arrive: 0.7 s.
const REACH: usize = 36;
/// Decay of a room's reverberation per tick, in power: 60 dB in 0.55 s.
const DECAY: f32 = 0.6;
/// Power in a band below which sent sound is silence.
const SILENCE: f32 = 60.0;
/// The step down over the step up of a gain: an echo exceeds its gain in one tick of five. Larger at first, so that a line without
/// echo is known within half a second.
const FALL: f32 = 0.25;
const FIRST_FALL: f32 = 0.3;
/// Steps of a gain (natural logarithm of power, per tick): large at first, so that half a second of sound is enough; later they
/// follow a change of the volume.
const FIRST_STEPS: f32 = 6.0;
const LATER_STEPS: f32 = 0.06;
/// Ticks of sound (0.6 s) before anything is learned: until then the echo may not have arrived.
const ARRIVAL: f32 = 30.0;
/// Ticks after which a gain counts as known, and the factor of its steps up where most of the sound is near-end: 4 dB in a second,
/// so that a path that has become louder is learned all the same.
const KNOWN: f32 = 25.0;
const DISTRUST: f32 = 0.3;
/// The largest gain (natural logarithm of power).
const LOUDEST: f32 = 0.7;
/// Safety margin above the echo, in power.
const MARGIN: f32 = 1.5;

pub struct EchoPath {
    /// Spectra of what was sent, newest first.
    sent: VecDeque<Spectrum>,
    bands: [Band; COUNT],
}

#[derive(Clone, Copy, Default)]
pub(super) struct Band {
    /// The largest power that may arrive at this tick at a gain of 1.
    due: f32,
    /// Natural logarithm of the power gain.
    gain: f32,
    /// Ticks of sound so far.
    seen: f32,
}

impl EchoPath {
    pub fn new() -> Self {
        Self { sent: VecDeque::with_capacity(REACH + 1), bands: [Band::default(); COUNT] }
    }

    /// Takes the spectrum that is sent in the next tick.
    pub fn play(&mut self, sent: &Spectrum) {
        self.sent.push_front(*sent);
        self.sent.truncate(REACH);
        for (index, band) in self.bands.iter_mut().enumerate() {
            let loudest = self.sent.iter().map(|sent| sent[index]).fold(0.0, f32::max);
            band.due = loudest.max(DECAY * band.due);
        }
    }

    /// Learns from what was received in that tick. `near_share`: the share of near-end power, which slows learning.
    pub fn learn(&mut self, received: &Spectrum, near_share: f32) {
        for (band, received) in self.bands.iter_mut().zip(received).filter(|(band, _)| band.due > SILENCE) {
            band.seen += 1.0;
            if band.seen <= ARRIVAL {
                continue;
            }
            let seen = band.seen - ARRIVAL;
            let step = (FIRST_STEPS / seen).max(LATER_STEPS);
            let up = step * if near_share > 0.5 && seen > KNOWN { DISTRUST } else { 1.0 };
            let down = step * if seen <= KNOWN { FIRST_FALL } else { FALL };
            let ratio = (received.max(1.0) / band.due).ln();
            band.gain = if ratio > band.gain {
                (band.gain + up).min(ratio).min(LOUDEST)
            } else {
                (band.gain - down).max(ratio)
            };
        }
    }

    /// A copy of the present state.
    pub fn state(&self) -> [Band; COUNT] {
        self.bands
    }

    /// Restores the gains of an earlier state.
    pub fn unlearn(&mut self, then: &[Band; COUNT]) {
        for (band, then) in self.bands.iter_mut().zip(then) {
            (band.gain, band.seen) = (then.gain, then.seen);
        }
    }

    /// Ticks of sound that the path was learned from.
    pub fn age(&self) -> f32 {
        self.bands.iter().map(|band| band.seen - ARRIVAL).fold(0.0, f32::max)
    }

    /// The share of power in `left` that exceeds the largest possible echo.
    pub fn near_share(&self, left: &Spectrum) -> f32 {
        self.near_share_then(&self.bands, left)
    }

    /// The same for the sound of an earlier state, by the gains known now.
    pub fn near_share_then(&self, then: &[Band; COUNT], left: &Spectrum) -> f32 {
        let due = then.iter().map(|then| then.due);
        let excess = |((band, due), left): ((&Band, f32), &f32)| (left - MARGIN * band.gain.exp() * due).max(0.0);
        let excess: f32 = self.bands.iter().zip(due).zip(left).map(excess).sum();
        excess / left.iter().sum::<f32>().max(1.0)
    }
}
