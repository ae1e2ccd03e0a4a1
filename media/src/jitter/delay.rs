//! `Delay`: how long packets wait now, and which way that should go.
//!
//! Sound is taken once per tick, so waiting comes in steps: with nothing left over from tick to tick, a packet waits as
//! long as the last one. Sound stretched by less than a tick only adds delay; a whole tick more lets every packet come a
//! tick later. So steps are weighed whole, by [`Lateness::cost`], and once begun are gone through with.
use super::{Lateness, Pace};

/// What a step up, or down, must gain to be worth its stretching: shares of a tick and of the present delay.
const UP: (f32, f32) = (0.2, 0.1);
const DOWN: (f32, f32) = (0.4, 0.2);
/// A step down must have been worth it for this many ticks on end.
const PATIENCE: u32 = 100;
/// Ticks over which the least sound left over is measured.
const MEASURE: u32 = 25;

#[derive(Clone, Debug)]
pub(super) struct Delay {
    tick: i64,
    slack: i64,
    /// How much earlier than needed the last packets were taken.
    margins: [i64; 4],
    /// The least sound left over after a tick, in this and the last half second.
    spare: [i64; 2],
    ticks: u32,
    /// For how many ticks a step down has been worth it.
    patience: u32,
    /// For how many ticks the step under way has waited for sound that can be stretched.
    stuck: u32,
    /// What is still to be gained (or, negative, lost) of the step under way.
    step: i64,
}

impl Delay {
    pub(super) fn new(tick: i64, slack: i64) -> Self {
        Self { tick, slack, margins: [i64::MAX; 4], spare: [i64::MAX; 2], ticks: 0, patience: 0, stuck: 0, step: 0 }
    }

    /// The stream is another, or its sound stands still.
    pub(super) fn forget(&mut self) {
        (self.margins, self.spare, self.step) = ([i64::MAX; 4], [i64::MAX; 2], 0);
    }

    /// Sound stands still for a while.
    pub(super) fn rest(&mut self) {
        (self.spare, self.step) = ([i64::MAX; 2], 0);
    }

    /// A packet is taken after it could have waited this long.
    pub(super) fn taken(&mut self, margin: i64) {
        self.margins.rotate_left(1);
        self.margins[3] = margin;
    }

    pub(super) fn margin(&self) -> Option<i64> {
        self.margins.iter().copied().min().filter(|&margin| margin != i64::MAX)
    }

    /// Whether waiting `longer` would be worth it.
    pub(super) fn pays(&self, lateness: &Lateness, longer: i64) -> bool {
        let Some(margin) = self.margin() else { return true };
        let now = lateness.cost(margin);
        now.is_infinite() || lateness.cost(margin + longer) + self.worth(margin, UP) < now
    }

    fn worth(&self, margin: i64, (tick, delay): (f32, f32)) -> f32 {
        tick * self.tick as f32 + delay * margin as f32
    }

    /// Which way to lean. `spare`: decoded sound left after this tick.
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
            // What is very far off need not wait.
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
        // Sound that is left over at every tick only adds delay: no packet is needed any earlier without it.
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
            // Done: only packets taken from now on tell how long they wait.
            (self.margins, self.step) = ([i64::MAX; 4], 0);
        }
    }
}
