//! `Delay`: how long packets wait at present, and whether that should change.
//!
//! Sound is taken once per tick, so waiting changes in steps of a tick: stretching by less only adds delay, while a whole tick lets
//! every packet arrive a tick later. Steps are therefore weighed as a whole, by [`Lateness::cost`], and completed once begun.
use super::{Lateness, Pace};

/// The least gain of a step up and of a step down: shares of a tick and of the present delay.
const UP: (f32, f32) = (0.2, 0.1);
const DOWN: (f32, f32) = (0.4, 0.2);
/// Consecutive ticks for which a step down must be worth it.
const PATIENCE: u32 = 100;
/// Ticks over which the least spare sound is measured.
const MEASURE: u32 = 25;

#[derive(Clone, Debug)]
pub(super) struct Delay {
    tick: i64,
    slack: i64,
    /// How long the last packets could have waited.
    margins: [i64; 4],
    /// The least spare sound after a tick, in the last half second and in this one.
    spare: [i64; 2],
    ticks: u32,
    /// For how many ticks a step down has been worth it.
    patience: u32,
    /// Ticks for which the step in progress has waited for sound that can be stretched.
    stuck: u32,
    /// What is left of the step in progress: sound to add or, negative, to remove.
    step: i64,
}

impl Delay {
    pub(super) fn new(tick: i64, slack: i64) -> Self {
        Self { tick, slack, margins: [i64::MAX; 4], spare: [i64::MAX; 2], ticks: 0, patience: 0, stuck: 0, step: 0 }
    }

    /// Another stream, or its sound has stopped.
    pub(super) fn forget(&mut self) {
        (self.margins, self.spare, self.step) = ([i64::MAX; 4], [i64::MAX; 2], 0);
    }

    /// Sound pauses.
    pub(super) fn rest(&mut self) {
        (self.spare, self.step) = ([i64::MAX; 2], 0);
    }

    /// A packet is taken that had arrived this long before.
    pub(super) fn taken(&mut self, margin: i64) {
        self.margins.rotate_left(1);
        self.margins[3] = margin;
    }

    pub(super) fn margin(&self) -> Option<i64> {
        self.margins.iter().copied().min().filter(|&margin| margin != i64::MAX)
    }

    /// Whether a delay longer by `longer` would be worth it.
    pub(super) fn pays(&self, lateness: &Lateness, longer: i64) -> bool {
        let Some(margin) = self.margin() else { return true };
        let now = lateness.cost(margin);
        now.is_infinite() || lateness.cost(margin + longer) + self.worth(margin, UP) < now
    }

    fn worth(&self, margin: i64, (tick, delay): (f32, f32)) -> f32 {
        tick * self.tick as f32 + delay * margin as f32
    }

    /// Which way the speed should change. `spare`: decoded sound left after this tick.
    pub(super) fn pace(&mut self, spare: i64, lateness: &Lateness) -> Pace {
        self.ticks += 1;
        if self.ticks >= MEASURE {
            (self.spare, self.ticks) = ([self.spare[1], i64::MAX], 0);
        }
        self.spare[1] = self.spare[1].min(spare);
        let Some(margin) = self.margin() else { return Pace::Keep };
        let tick = self.tick;
        self.stuck = if self.step == 0 { 0 } else { self.stuck + 1 };
        if self.stuck > PATIENCE {
            (self.step, self.stuck) = (0, 0);
        }
        if self.step <= 0 && self.step >= -self.slack {
            let now = lateness.cost(margin);
            let (mut best, mut steps) = (0.0, 0);
            let worth = (self.worth(margin, UP), self.worth(margin, DOWN));
            let down = (margin - lateness.min_delay()).max(0) / tick;
            for step in (1..=down).map(|n| -n).chain(1..=(lateness.wanted() - margin).max(tick) / tick + 1) {
                let threshold = if step > 0 { worth.0 } else { worth.1 };
                let gain = now - lateness.cost(margin + step * tick);
                if gain > best && gain > threshold {
                    (best, steps) = (gain, step);
                }
            }
            // Large steps need less patience.
            self.patience = if steps < 0 { self.patience + (-steps) as u32 } else { 0 };
            if steps >= 0 || self.patience > PATIENCE {
                (self.step, self.patience) = (steps * tick, 0);
            }
        }
        if self.step > 0 {
            return Pace::Grow { urgent: self.step > 2 * tick };
        }
        if self.step < -self.slack {
            return Pace::Shrink { limit: (-self.step) as u32, urgent: self.step < -4 * tick };
        }
        // Sound that is spare at every tick only adds delay.
        let idle = self.spare[0].min(self.spare[1]);
        if self.spare[0] != i64::MAX && idle > self.slack {
            return Pace::Shrink { limit: idle as u32, urgent: false };
        }
        Pace::Keep
    }

    /// Sound became longer (or, negative, shorter).
    pub(super) fn stretched(&mut self, units: i64) {
        for spare in &mut self.spare {
            if *spare != i64::MAX {
                *spare = (*spare + units).max(0);
            }
        }
        self.stuck = 0;
        if self.step == 0 {
            return;
        }
        self.step = if self.step > 0 { (self.step - units).max(0) } else { (self.step - units).min(0) };
        if self.step <= 0 && self.step >= -self.slack {
            // Done: margins are measured anew.
            (self.margins, self.step) = ([i64::MAX; 4], 0);
        }
    }
}
