//! `Lateness`: how late packets come against the fastest, and the delay that nearly all of them meet. All in clock units.
use super::JitterPlan;
use std::time::Duration;

const BIN: Duration = Duration::from_millis(2);
const BINS: usize = 300;
/// How often the latest packet enters the histogram.
const ROUND: Duration = Duration::from_millis(200);
/// The fastest packet of this many half seconds is the zero of lateness.
const FASTEST: usize = 8;
/// Packets should wait at least this long, so that a tick that comes a little early finds them.
const GUARD: Duration = Duration::from_millis(1);
/// Before anything is known: the latest packet of a fifth of a second is a tick late.
const EXPECTED: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(super) struct Lateness {
    quantile: f32,
    memory: f32,
    clock: u32,
    least: i64,
    most: i64,
    guard: i64,
    bin: i64,
    length: i64,
    /// Transit of the fastest packet, per half second.
    fastest: [i64; FASTEST],
    turn: i64,
    shares: [f32; BINS],
    rounds: f32,
    round: i64,
    /// The latest packet of this round.
    latest: i64,
    wanted: i64,
}

impl Lateness {
    pub(super) fn new(plan: &JitterPlan, clock: u32) -> Self {
        let units = |time: Duration| (time.as_micros() as i64).saturating_mul(i64::from(clock)) / 1_000_000;
        let mut shares = [0.0; BINS];
        shares[(EXPECTED.as_millis() / BIN.as_millis()) as usize] = 1.0;
        let mut lateness = Self {
            quantile: plan.quantile,
            memory: plan.memory,
            clock,
            least: units(plan.least),
            most: units(plan.most).max(units(plan.least)),
            guard: units(GUARD),
            bin: units(BIN).max(1),
            length: units(ROUND).max(1),
            fastest: [i64::MAX; FASTEST],
            turn: 0,
            shares,
            rounds: 2.0,
            round: 0,
            latest: 0,
            wanted: 0,
        };
        lateness.choose();
        lateness
    }

    /// Another path or another sender: the fastest packet is unknown, the mood of the network stays.
    pub(super) fn forget(&mut self) {
        self.fastest = [i64::MAX; FASTEST];
    }

    /// The transit time (arrival less timestamp) of the fastest packet of the last seconds.
    pub(super) fn fastest(&self) -> Option<i64> {
        self.fastest.iter().copied().min().filter(|&fastest| fastest != i64::MAX)
    }

    /// How long packets should wait beyond what the fastest needs.
    pub(super) const fn wanted(&self) -> i64 {
        self.wanted
    }

    pub(super) fn learn(&mut self, arrival: i64, transit: i64) {
        let turn = arrival.div_euclid((i64::from(self.clock) / 2).max(1));
        if turn > self.turn {
            for old in (self.turn + 1..=turn).rev().take(FASTEST) {
                self.fastest[old.rem_euclid(FASTEST as i64) as usize] = i64::MAX;
            }
            self.turn = turn;
        }
        let slot = &mut self.fastest[turn.rem_euclid(FASTEST as i64) as usize];
        *slot = (*slot).min(transit);
        let round = arrival.div_euclid(self.length);
        if round != self.round {
            self.close(round);
        }
        let late = self.fastest().map_or(0, |fastest| transit.saturating_sub(fastest));
        // What is later than any delay we would choose is a stall, and no reason to wait longer.
        if late <= self.most {
            self.latest = self.latest.max(late);
        }
    }

    fn close(&mut self, round: i64) {
        let bin = (self.latest / self.bin).clamp(0, BINS as i64 - 1) as usize;
        let memory = self.memory.min(1.0 - 1.0 / (self.rounds + 1.0));
        for share in &mut self.shares {
            *share *= memory;
        }
        self.shares[bin] += 1.0 - memory;
        (self.rounds, self.round, self.latest) = (self.rounds + 1.0, round, 0);
        self.choose();
    }

    fn choose(&mut self) {
        let mut left = self.shares.iter().sum::<f32>() * (1.0 - self.quantile);
        let mut bin = BINS;
        while bin > 1 && left >= self.shares[bin - 1] {
            left -= self.shares[bin - 1];
            bin -= 1;
        }
        self.wanted = (bin as i64 * self.bin).clamp(self.least, self.most) + self.guard;
    }
}
