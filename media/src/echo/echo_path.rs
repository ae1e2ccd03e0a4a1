//! `Path`: what is known of an echo's way without having found it: how loud our own sound can come back, band by band.
//!
//! A band's gain is a high quantile of what arrives over the loudest that was sent in the last 0.7 s (stochastic
//! approximation, Robbins and Monro, 1951). Whatever the delay is, or becomes, an echo stays below it; a caller does not, since
//! voices differ in their bands from one moment to the next.
use super::bands::{COUNT, Spectrum};
use std::collections::VecDeque;

/// Ticks of our sound that may still be on their way: 0.7 s and a room's response.
const REACH: usize = 36;
/// What a room keeps of its power from tick to tick: 60 dB in 0.55 s.
const KEPT: f32 = 0.6;
/// Power in a band below which what was sent is silence.
const SILENCE: f32 = 60.0;
/// What a gain sinks by for what it rises by: an echo is louder than its gain says in one tick of five; faster at first, so that
/// a line without echo is known for one in half a second.
const FALL: f32 = 0.25;
const FIRST_FALL: f32 = 0.3;
/// How fast a gain moves (natural logarithm of power, per tick): the sum of its first steps is far, so that half a second
/// of sound is enough; later ones follow a hand on the volume.
const FIRST_STEPS: f32 = 6.0;
const LATER_STEPS: f32 = 0.06;
/// Ticks of sound (0.6 s) before anything is learned: until then its echo may not have arrived, and a way that is quiet so
/// far may still turn out to be loud.
const ARRIVAL: f32 = 30.0;
/// Ticks after which a gain is believed, and how much less it rises with sound that is somebody's own: 4 dB in a second, so
/// that a way that has become louder is learned all the same.
const KNOWN: f32 = 25.0;
const DISTRUST: f32 = 0.3;
/// No echo comes back louder than this, however little is known.
const LOUDEST: f32 = 0.7;
/// What must rise above the echo, in power.
const MARGIN: f32 = 1.5;

pub struct Path {
    /// What was sent, newest first.
    sent: VecDeque<Spectrum>,
    bands: [Band; COUNT],
}

#[derive(Clone, Copy, Default)]
pub(super) struct Band {
    /// The loudest that may arrive at this tick if nothing is lost on the way.
    due: f32,
    /// Natural logarithm of the share of power that comes back.
    gain: f32,
    /// Ticks that it was learned from.
    seen: f32,
}

impl Path {
    pub fn new() -> Self {
        Self { sent: VecDeque::with_capacity(REACH + 1), bands: [Band::default(); COUNT] }
    }

    /// The next tick's sound, as it is sent.
    pub fn play(&mut self, sent: &Spectrum) {
        self.sent.push_front(*sent);
        self.sent.truncate(REACH);
        for (index, band) in self.bands.iter_mut().enumerate() {
            let loudest = self.sent.iter().map(|sent| sent[index]).fold(0.0, f32::max);
            band.due = loudest.max(KEPT * band.due);
        }
    }

    /// What arrived in that tick, echo and all, and how much of it is somebody's own: that teaches hardly anything.
    pub fn learn(&mut self, came: &Spectrum, own: f32) {
        for (band, came) in self.bands.iter_mut().zip(came).filter(|(band, _)| band.due > SILENCE) {
            band.seen += 1.0;
            if band.seen <= ARRIVAL {
                continue;
            }
            let seen = band.seen - ARRIVAL;
            let step = (FIRST_STEPS / seen).max(LATER_STEPS);
            let up = step * if own > 0.5 && seen > KNOWN { DISTRUST } else { 1.0 };
            let down = step * if seen <= KNOWN { FIRST_FALL } else { FALL };
            let ratio = (came.max(1.0) / band.due).ln();
            band.gain = if ratio > band.gain {
                (band.gain + up).min(ratio).min(LOUDEST)
            } else {
                (band.gain - down).max(ratio)
            };
        }
    }

    /// What is due and known at this moment.
    pub fn state(&self) -> [Band; COUNT] {
        self.bands
    }

    /// Forgets what was learned since then.
    pub fn unlearn(&mut self, then: &[Band; COUNT]) {
        for (band, then) in self.bands.iter_mut().zip(then) {
            (band.gain, band.seen) = (then.gain, then.seen);
        }
    }

    /// Ticks of sound that the way has been learned from.
    pub fn age(&self) -> f32 {
        self.bands.iter().map(|band| band.seen - ARRIVAL).fold(0.0, f32::max)
    }

    /// The share of the sound that is `left` which no echo explains.
    pub fn own(&self, left: &Spectrum) -> f32 {
        self.own_then(&self.bands, left)
    }

    /// The same of sound that was left `then`, by what is known now.
    pub fn own_then(&self, then: &[Band; COUNT], left: &Spectrum) -> f32 {
        let due = then.iter().map(|then| then.due);
        let own = |((band, due), left): ((&Band, f32), &f32)| (left - MARGIN * band.gain.exp() * due).max(0.0);
        let own: f32 = self.bands.iter().zip(due).zip(left).map(own).sum();
        own / left.iter().sum::<f32>().max(1.0)
    }
}
