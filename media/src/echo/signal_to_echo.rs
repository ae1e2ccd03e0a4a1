//! `Rise`: how far who speaks rises above all that came while only we did. Where that is far, a recogniser does better with the
//! line as it came than with what a canceller leaves of it.
use super::bands::Spectrum;
use std::collections::VecDeque;

/// A caller is noticed within so many ticks: what they say until then is no measure of the line.
const NOTICED: usize = 8;
/// Ticks (0.4 s) before which nothing is known of a line.
const ENOUGH: usize = 20;
/// What the loudest power of a caller and of a line keep from tick to tick.
const CALLER_KEEPS: f32 = 0.95;
const LINE_KEEPS: f32 = 0.995;

#[derive(Default)]
pub(super) struct Rise {
    caller: f32,
    line: f32,
    ticks: usize,
    /// The newest ticks in which nobody was noticed.
    newest: VecDeque<f32>,
}

impl Rise {
    /// One tick, and whether a caller speaks in it.
    pub(super) fn push(&mut self, came: &Spectrum, caller: bool) {
        let power = came.iter().sum();
        if caller {
            self.caller = (CALLER_KEEPS * self.caller).max(power);
            self.newest.clear();
            return;
        }
        self.caller = 0.0;
        self.line *= LINE_KEEPS;
        self.newest.push_back(power);
        if self.newest.len() > NOTICED
            && let Some(power) = self.newest.pop_front()
        {
            self.line = self.line.max(power);
            self.ticks += 1;
        }
    }

    /// In dB; nothing where nobody speaks, or too little of the line was heard.
    pub(super) fn decibels(&self) -> f32 {
        if self.ticks < ENOUGH { 0.0 } else { 10.0 * (self.caller.max(1.0) / self.line.max(1.0)).log10() }
    }
}
