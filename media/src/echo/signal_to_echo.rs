//! `SignalToEcho`: the level of a caller above the loudest echo. Where it is high, recognition is better on the raw sound than on the
//! canceller's output.
use super::bands::Spectrum;
use std::collections::VecDeque;

/// A caller is noticed within this many ticks: sound so recent may hold a caller and is not measured as echo yet.
const NOTICED: usize = 8;
/// Ticks (0.4 s) of echo needed before there is an estimate.
const ENOUGH: usize = 20;
/// Decay of both peaks per tick, in power.
const CALLER_DECAY: f32 = 0.95;
const ECHO_DECAY: f32 = 0.995;

#[derive(Default)]
pub(super) struct SignalToEcho {
    caller: f32,
    echo: f32,
    ticks: usize,
    /// Power of the newest ticks without a caller.
    newest: VecDeque<f32>,
}

impl SignalToEcho {
    /// Takes one tick. `caller`: whether a caller speaks in it.
    pub(super) fn push(&mut self, received: &Spectrum, caller: bool) {
        let power = received.iter().sum();
        if caller {
            self.caller = (CALLER_DECAY * self.caller).max(power);
            self.newest.clear();
            return;
        }
        self.caller = 0.0;
        self.echo *= ECHO_DECAY;
        self.newest.push_back(power);
        if self.newest.len() > NOTICED
            && let Some(power) = self.newest.pop_front()
        {
            self.echo = self.echo.max(power);
            self.ticks += 1;
        }
    }

    /// In dB; 0 where nobody speaks or too little echo was heard.
    pub(super) fn decibels(&self) -> f32 {
        if self.ticks < ENOUGH { 0.0 } else { 10.0 * (self.caller.max(1.0) / self.echo.max(1.0)).log10() }
    }
}
