//! What is counted about a leg: for the call's record, for metrics, and for the other side (RTCP); and how good its sound is
//! likely to be thought, by the E-model (ITU-T G.107, 06/2015).
use crate::codec::Codec;
use crate::frame::{Origin, TICK};
use crate::jitter::Counts;
use std::time::Duration;

/// How one leg has gone since it joined.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LegStats {
    /// Packets of sound, as the jitter buffer saw them.
    pub packets: Counts,
    /// Sound that was made up in place of packets that did not come in time.
    pub concealed: Duration,
    /// How often sound was made longer or shorter by a pitch period.
    pub stretches: u64,
    /// How long sound waits between the fastest packet's arrival and being heard.
    pub delay: Duration,
    /// The delay that the network asks for.
    pub target: Duration,
    /// Interarrival jitter, RFC 3550 section 6.4.1.
    pub jitter: Duration,
    pub sent_packets: u32,
    pub sent_octets: u32,
    /// What the other side says about what we send.
    pub remote_loss: Option<f32>,
    pub remote_jitter: Option<Duration>,
    pub round_trip: Option<Duration>,
    /// How often the synthesiser was slower than the caller's ear.
    pub underruns: u64,
    /// How good what the far end says sounds here; `None` before the first packet.
    pub quality: Option<Quality>,
}

/// The E-model's estimate of one direction of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// Transmission rating, 0 to 93.2.
    pub r: f32,
    /// Mean opinion score, 1 to 4.41: what a panel would say of a conversation over this line.
    pub mos: f32,
    /// Share of packets that were not there when they were due: lost or late.
    pub loss: f32,
    /// How much longer losses last than independent ones would (BurstR): 1 is independent.
    pub burst_ratio: f32,
    /// Mouth to ear: half the round trip (0 where RTCP has not told it), one packet's time, the jitter buffer's wait.
    pub delay: Duration,
}

/// G.107 table 2 with every parameter at its default: R = 93.2.
const R_DEFAULT: f32 = 93.2;

/// What a codec costs: the equipment impairment factor, and its robustness to loss (ITU-T G.113 appendix I).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Impairment {
    pub ie: f32,
    pub bpl: f32,
}

impl Impairment {
    /// G.711 with concealment (its appendix I): G.113 table I.4. G.113 has no narrow-band figures for G.722 and none for Opus;
    /// theirs (and L16's, which is given G.711's) are our estimates on the same scale, which ends at 4.41 and so gives no credit for the wider band.
    pub fn of(codec: Codec) -> Self {
        match codec {
            // Sub-band ADPCM keeps state across a loss and takes a while to find back.
            Codec::G722 => Self { ie: 0.0, bpl: 10.0 },
            // At some 24 kbit/s; its own concealment and forward error correction carry it over single losses.
            Codec::Opus(_) => Self { ie: 2.0, bpl: 20.0 },
            Codec::Pcmu | Codec::Pcma | Codec::L16(_) => Self { ie: 0.0, bpl: 25.1 },
        }
    }
}

impl Quality {
    /// `loss` 0 to 1, `delay` mouth to ear.
    pub fn of(codec: Impairment, loss: f32, burst_ratio: f32, delay: Duration) -> Self {
        let r =
            (R_DEFAULT - delay_impairment(delay) - effective_impairment(codec, loss, burst_ratio)).clamp(0.0, 100.0);
        Self { r, mos: mos(r), loss, burst_ratio, delay }
    }
}

/// Ie,eff of G.107 (7-29): what codec and loss cost together.
pub fn effective_impairment(codec: Impairment, loss: f32, burst_ratio: f32) -> f32 {
    let percent = loss.clamp(0.0, 1.0) * 100.0;
    codec.ie + (95.0 - codec.ie) * percent / (percent / burst_ratio.max(1.0) + codec.bpl)
}

/// Idd of G.107 (7-27, 7-28) with the defaults sT = 1, mT = 100 ms. The other delay terms (Idte, Idle) are echo's: at the
/// defaults they are within R = 93.2, and a bot's end sends none back.
pub fn delay_impairment(delay: Duration) -> f32 {
    let x = (delay.as_secs_f32() / 0.1).log2();
    if x <= 0.0 {
        return 0.0;
    }
    25.0 * ((1.0 + x.powi(6)).powf(1.0 / 6.0) - 3.0 * (1.0 + (x / 3.0).powi(6)).powf(1.0 / 6.0) + 2.0)
}

/// MOS of a rating: G.107 annex B.
pub fn mos(r: f32) -> f32 {
    match r {
        r if r <= 0.0 => 1.0,
        r if r >= 100.0 => 4.5,
        r => (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).max(1.0),
    }
}

/// Counts in what runs sound was made up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bursts {
    heard: u64,
    concealed: u64,
    runs: u64,
    within: bool,
}

impl Bursts {
    /// One tick of sound.
    pub fn tick(&mut self, origin: Origin) {
        let concealed = origin == Origin::Concealed;
        self.heard += u64::from(origin == Origin::Line);
        self.concealed += u64::from(concealed);
        self.runs += u64::from(concealed && !self.within);
        self.within = concealed;
    }

    /// BurstR of G.107 section 7.5: the mean length of losses against that of independent ones at the same rate, 1/(1-p). Told
    /// once there were a few, as a single pair is no pattern.
    pub fn ratio(&self) -> f32 {
        if self.runs < 4 {
            return 1.0;
        }
        let mean = self.concealed as f32 / self.runs as f32;
        let kept = self.heard as f32 / (self.heard + self.concealed) as f32;
        (mean * kept).clamp(1.0, 10.0)
    }
}

/// The estimate of what a leg has received so far.
pub fn quality(codec: Codec, ptime: Duration, bursts: &Bursts, stats: &LegStats) -> Option<Quality> {
    let Counts { received, lost, late, skipped, .. } = stats.packets;
    let due = received + lost;
    if due == 0 {
        return None;
    }
    let loss = ((lost + late + skipped) as f32 / due as f32).min(1.0);
    let network = stats.round_trip.unwrap_or_default() / 2;
    // Half a tick is what sound waits on average for the next one to begin.
    let delay = network + ptime + stats.delay + TICK / 2;
    // Sound is also made up where nothing was lost, as when the buffer grows.
    let burst_ratio = if loss > 0.0 { bursts.ratio() } else { 1.0 };
    Some(Quality::of(Impairment::of(codec), loss, burst_ratio, delay))
}

#[cfg(test)]
mod tests {
    use super::*;

    const G711: Impairment = Impairment { ie: 0.0, bpl: 25.1 };

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn near(is: f32, should: f32, within: f32) {
        assert!((is - should).abs() <= within, "{is} is not {should}");
    }

    #[test]
    fn the_scale_is_that_of_g_107() {
        // Annex B, table B.1, and the default connection.
        for (r, expected) in [
            (93.2, 4.41),
            (90.0, 4.34),
            (80.0, 4.03),
            (70.0, 3.60),
            (60.0, 3.10),
            (50.0, 2.58),
            (0.0, 1.0),
            (100.0, 4.5),
        ] {
            near(mos(r), expected, 0.0065);
        }
        near(Quality::of(G711, 0.0, 1.0, Duration::ZERO).r, 93.2, 0.001);
        assert!((0..100).all(|r| mos(r as f32 + 1.0) >= mos(r as f32)), "better is never worse");
    }

    #[test]
    fn delay_costs_nothing_below_100_ms_and_much_above_200() {
        near(delay_impairment(ms(100)), 0.0, 1e-4);
        near(delay_impairment(ms(150)), 0.16, 0.02);
        near(delay_impairment(ms(200)), 3.04, 0.05);
        near(delay_impairment(ms(400)), 23.6, 0.5);
        assert!((1..100).all(|n| delay_impairment(ms(n * 10 + 10)) >= delay_impairment(ms(n * 10))));
    }

    #[test]
    fn loss_costs_as_much_as_g_113_says_and_bursts_cost_more() {
        // 95 · 1 / (1 + 25.1) and so on; a burst ratio of 2 halves what the rate adds below.
        near(effective_impairment(G711, 0.01, 1.0), 3.64, 0.01);
        near(effective_impairment(G711, 0.05, 1.0), 15.78, 0.01);
        near(effective_impairment(G711, 0.05, 2.0), 17.21, 0.01);
        // G.729A with its concealment: Ie 11, Bpl 19.
        near(effective_impairment(Impairment { ie: 11.0, bpl: 19.0 }, 0.02, 1.0), 19.0, 0.01);
        near(Quality::of(G711, 0.05, 1.0, ms(60)).mos, 3.91, 0.02);
    }

    #[test]
    fn independent_losses_have_a_burst_ratio_of_one_and_triples_nearly_three() {
        let mut rng = crate::noise::Rng::new(5);
        let (mut alone, mut triples) = (Bursts::default(), Bursts::default());
        for tick in 0..50_000 {
            let lost = |lost| if lost { Origin::Concealed } else { Origin::Line };
            alone.tick(lost(rng.unit() < 0.05));
            triples.tick(lost(tick % 60 < 3));
        }
        near(alone.ratio(), 1.0, 0.05);
        near(triples.ratio(), 2.85, 0.01);
    }
}
