//! `Lateness`: how late packets arrive relative to the fastest, and the cost of each delay. All in clock units.
//!
//! The cost of a delay is the delay itself and, for each percent of packets that would miss it, [`JitterPlan::delay_per_loss`]
//! (the cost function of WebRTC's reorder optimiser, over lateness against the fastest packet of the last seconds).
//! Spikes (runs of packets held up together) that recur are waited for at any cost, as by NetEQ's peak detector.
use super::JitterPlan;
use super::clock::Clock;
use std::time::Duration;

const BIN: Duration = Duration::from_millis(1);
const BINS: usize = 512;
/// The interval at which costs are computed.
const ROUND: Duration = Duration::from_millis(100);
/// The fastest packet of this many half seconds is the zero of lateness.
const FASTEST: usize = 8;
/// The least wait, for ticks that come a little early.
const GUARD: Duration = Duration::from_millis(1);
/// Weight, in packets, of the prior: an exponential tail with the mean observed so far.
const EXPECTED: f32 = 10.0;
/// The value of a repair (in-band correction, or a bridge to the next sound) relative to a packet in time.
const REPAIR: f32 = 0.5;
/// A spike holds up at least this many packets in a row.
const RUN: u32 = 3;
/// Packets held up together for longer than this are a stall. Stalls do not count in the histogram; they are waited for if they recur
/// within the largest delay.
const STALL: Duration = Duration::from_millis(200);
/// Packets needed before spikes are detected.
const KNOWN: f32 = 100.0;
/// Spikes further apart than this do not recur.
const RECUR: Duration = Duration::from_secs(10);
/// A spike is at least this much above the usual delay.
const STANDS_OUT: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(super) struct Lateness {
    memory: f32,
    clock: Clock,
    min_delay: i64,
    max_delay: i64,
    guard: i64,
    bin: i64,
    length: i64,
    /// Cost of all packets being late, in clock units.
    cost_of_loss: f32,
    /// Transit of the fastest packet: per half second, and of all of them.
    fastest: [i64; FASTEST],
    fastest_of_all: Option<i64>,
    period: i64,
    /// The histogram of lateness, in which newer packets weigh more, its sum, and the weight of the next packet.
    shares: [f32; BINS],
    total: f32,
    weight: f32,
    packets: f32,
    /// The last bin that holds anything.
    top: usize,
    /// The share of packets later than the end of each bin, computed up to the bin from which waiting cannot be worth it; the number of
    /// bins computed; and an upper bound of the share beyond.
    later: [f32; BINS],
    computed: usize,
    beyond: f32,
    round: i64,
    wanted: i64,
    /// The wanted delay without spikes.
    usual: i64,
    /// The present run of packets held up together: their number, the largest lateness, and when the last one arrived and was sent.
    run: (u32, i64, (i64, i64)),
    /// The last spikes by arrival and lateness; newest last.
    spikes: [Option<(i64, i64)>; 4],
    /// The lateness of spikes that recur.
    recurring: i64,
    /// [`RECUR`], [`STALL`] and [`STANDS_OUT`] in clock units.
    spans: (i64, i64, i64),
}

impl Lateness {
    pub(super) fn new(plan: &JitterPlan, clock: Clock) -> Self {
        let units = |time: Duration| clock.units(time);
        let mut lateness = Self {
            memory: plan.memory,
            clock,
            min_delay: units(plan.min_delay),
            max_delay: units(plan.max_delay).max(units(plan.min_delay)),
            guard: units(GUARD),
            bin: units(BIN).max(1),
            length: units(ROUND).max(1),
            cost_of_loss: units(plan.delay_per_loss) as f32 * 100.0,
            fastest: [i64::MAX; FASTEST],
            fastest_of_all: None,
            period: 0,
            shares: [0.0; BINS],
            total: 0.0,
            weight: 1.0,
            packets: 0.0,
            top: 0,
            later: [0.0; BINS],
            computed: 0,
            beyond: 0.0,
            round: 0,
            wanted: 0,
            usual: 0,
            run: (0, 0, (0, 0)),
            spikes: [None; 4],
            recurring: 0,
            spans: (units(RECUR), units(STALL), units(STANDS_OUT)),
        };
        lateness.compute();
        lateness
    }

    /// Another path or another sender: the fastest packet is unknown, the histogram stays.
    pub(super) fn forget(&mut self) {
        (self.fastest, self.fastest_of_all) = ([i64::MAX; FASTEST], None);
        self.run = (0, 0, (0, 0));
    }

    /// The least transit time (arrival minus timestamp) of the last seconds.
    pub(super) const fn fastest(&self) -> Option<i64> {
        self.fastest_of_all
    }

    /// The delay of least cost, beyond that of the fastest packet.
    pub(super) const fn wanted(&self) -> i64 {
        self.wanted
    }

    /// Takes a packet, in the order of arrival.
    pub(super) fn learn(&mut self, arrival: i64, transit: i64) {
        let fastest = self.note_transit(arrival, transit);
        let late = transit.saturating_sub(fastest);
        // Lateness beyond the largest delay is a stall and no reason to wait longer; nor are the packets held up with it.
        if late > self.max_delay {
            self.run = (self.run.0 + 1, late, (arrival, arrival - transit));
            return;
        }
        self.spike(arrival, transit, late);
        if self.run.0 > 1 && self.run.1 > self.spans.1 {
            return;
        }
        self.packets += 1.0;
        self.weight /= self.memory;
        self.weigh(late, self.weight);
        let round = arrival.div_euclid(self.length);
        if round != self.round {
            self.round = round;
            self.compute();
        }
    }

    /// The least transit time of the last seconds, this one included.
    fn note_transit(&mut self, arrival: i64, transit: i64) -> i64 {
        let period = arrival.div_euclid((i64::from(self.clock.hz()) / 2).max(1));
        let slot = |period: i64| period.rem_euclid(FASTEST as i64) as usize;
        if period > self.period {
            for old in (self.period + 1..=period).rev().take(FASTEST) {
                self.fastest[slot(old)] = i64::MAX;
            }
            self.period = period;
            self.fastest_of_all = self.fastest.iter().copied().min().filter(|&fastest| fastest != i64::MAX);
        }
        let of_period = &mut self.fastest[slot(period)];
        *of_period = (*of_period).min(transit);
        let fastest = self.fastest_of_all.map_or(transit, |fastest| fastest.min(transit));
        self.fastest_of_all = Some(fastest);
        fastest
    }

    /// A packet was lost, and the packet that repairs it was this late.
    pub(super) fn repaired(&mut self, late: i64) {
        if late <= self.max_delay {
            self.weigh(late.max(0), self.weight * REPAIR);
        }
    }

    fn weigh(&mut self, late: i64, weight: f32) {
        let bin = (late / self.bin).clamp(0, BINS as i64 - 1) as usize;
        self.shares[bin] += weight;
        self.top = self.top.max(bin);
        self.total += weight;
        if self.weight > 1e6 {
            for share in &mut self.shares {
                *share *= 1e-6;
            }
            (self.total, self.weight) = (self.total * 1e-6, self.weight * 1e-6);
            self.top = self.shares.iter().rposition(|&share| share > self.total * 1e-9).unwrap_or(0);
        }
    }

    /// Detects packets that were held up together: they arrive at once, each less late than the one before.
    fn spike(&mut self, arrival: i64, transit: i64, late: i64) {
        let (packets, height, (last, sent)) = self.run;
        let at = arrival - transit;
        let together = packets > 0 && at > sent && 2 * (arrival - last) <= at - sent;
        self.run = match late > self.usual {
            true if together => (packets + 1, height.max(late), (arrival, at)),
            true => (1, late, (arrival, at)),
            false => (0, 0, (arrival, at)),
        };
        let over = packets >= RUN && !(together && self.run.0 > 0);
        let spike = self.usual + self.spans.2..=self.max_delay;
        if over && self.packets > KNOWN && spike.contains(&height) {
            self.spikes.rotate_left(1);
            self.spikes[3] = Some((arrival, height));
            self.recurring = self.recurring_spikes();
        }
    }

    /// The lateness of spikes that recur.
    fn recurring_spikes(&self) -> i64 {
        let now = self.round * self.length;
        let apart = self.spans.0;
        let mut height = 0;
        for pair in self.spikes.windows(2) {
            if let [Some((first, a)), Some((second, b))] = *pair
                && second - first <= apart
                && now - second <= 2 * apart
            {
                height = height.max(a.max(b));
            }
        }
        height
    }

    fn compute(&mut self) {
        let scale = 1.0 / self.total.max(f32::MIN_POSITIVE);
        let counted = &self.shares[..=self.top];
        let mean: f32 = counted.iter().enumerate().map(|(bin, share)| bin as f32 * share * scale).sum();
        let belief = EXPECTED / (self.packets + EXPECTED);
        let (mut later, fall) = (0.0, (-1.0 / mean.max(1e-3)).exp());
        for (bin, share) in counted.iter().enumerate().rev() {
            self.later[bin] = later * scale * (1.0 - belief);
            later += share;
        }
        let mut tail = belief * fall;
        let mut best = (f32::INFINITY, 0);
        self.computed = BINS;
        for (bin, later) in self.later.iter_mut().enumerate() {
            if bin > self.top {
                // No packets beyond. The search ends where the expected loss costs less than another bin of delay.
                *later = 0.0;
                if self.cost_of_loss * tail < self.bin as f32 {
                    self.computed = bin;
                    break;
                }
            }
            *later += tail;
            tail *= fall;
            let delay = (bin as i64 + 1) * self.bin;
            let cost = delay as f32 + self.cost_of_loss * *later;
            if cost < best.0 {
                best = (cost, delay);
            }
        }
        self.beyond = tail;
        self.usual = best.1.clamp(self.min_delay, self.max_delay.max(self.bin)) + self.guard;
        self.recurring = self.recurring_spikes();
        self.wanted = self.usual.max(self.recurring.min(self.max_delay) + self.guard);
    }

    /// The least wait of a packet.
    pub(super) const fn min_delay(&self) -> i64 {
        self.guard + self.bin
    }

    /// The cost of a delay, in clock units; infinite where no packet would be in time.
    pub(super) fn cost(&self, delay: i64) -> f32 {
        let reach = delay - self.guard;
        if reach < 0 {
            return f32::INFINITY;
        }
        if reach < self.min_delay.max(self.recurring) {
            // Below the configured minimum the cost falls towards it.
            return 1e9 - reach as f32;
        }
        // The bin that contains the delay counts in part.
        let (bin, part) = (reach / self.bin, (reach % self.bin) as f32 / self.bin as f32);
        let at = |bin: i64| match usize::try_from(bin) {
            Err(_) => 1.0,
            Ok(bin) if bin < self.computed => self.later[bin],
            Ok(_) => self.beyond,
        };
        let later = at(bin - 1) * (1.0 - part) + at(bin) * part;
        delay as f32 + self.cost_of_loss * later
    }
}
