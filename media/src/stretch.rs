//! Time-scale change by one pitch period (WSOLA, Verhelst and Roelands 1993): sound becomes longer or shorter without a gap.
use crate::Rate;
use crate::noise::rms;

/// How sound repeats itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Period {
    pub samples: usize,
    /// Normalised correlation of one period with the next, -1.0–1.0.
    pub likeness: f32,
}

/// The periods of human voices: 66–400 Hz, the range of G.711 Appendix I widened to high voices.
pub const fn shortest(rate: Rate) -> usize {
    rate.hz() as usize / 400
}
pub const fn longest(rate: Rate) -> usize {
    rate.hz() as usize * 3 / 200
}

/// Normalised correlation of two sounds of one length, of each `STEP`th sample: in eight sums, so that the compiler does several
/// samples at once.
fn likeness<const STEP: usize>(a: &[i16], b: &[i16]) -> f32 {
    const LANES: usize = 8;
    let (mut ab, mut aa, mut bb) = ([0f32; LANES], [0f32; LANES], [0f32; LANES]);
    let mut add = |lane: usize, x: i16, y: i16| {
        let (x, y) = (f32::from(x), f32::from(y));
        ab[lane] += x * y;
        aa[lane] += x * x;
        bb[lane] += y * y;
    };
    let (mut left, mut right) = (a.chunks_exact(LANES * STEP), b.chunks_exact(LANES * STEP));
    for (a, b) in left.by_ref().zip(right.by_ref()) {
        for lane in 0..LANES {
            add(lane, a[lane * STEP], b[lane * STEP]);
        }
    }
    let rest = left.remainder().iter().step_by(STEP).zip(right.remainder().iter().step_by(STEP));
    for (lane, (&x, &y)) in rest.enumerate() {
        add(lane, x, y);
    }
    let sum = |lanes: [f32; LANES]| lanes.iter().sum::<f32>();
    sum(ab) / ((1.0 + sum(aa)) * (1.0 + sum(bb))).sqrt()
}

/// Finds the lag in `lags` that maximises the likeness of `a(lag)` and `b(lag)`: coarse first, then each neighbour.
fn search<'a>(
    lags: std::ops::RangeInclusive<usize>,
    rate: Rate,
    pair: impl Fn(usize) -> (&'a [i16], &'a [i16]),
) -> Period {
    let stride = rate.hz() as usize / 4_000;
    let score = |lag: usize, step: usize| {
        let (a, b) = pair(lag);
        match step {
            1 => likeness::<1>(a, b),
            2 => likeness::<2>(a, b),
            4 => likeness::<4>(a, b),
            _ => likeness::<12>(a, b),
        }
    };
    let best = |lags: &mut dyn Iterator<Item = usize>, step: usize| {
        lags.map(|lag| Period { samples: lag, likeness: score(lag, step) })
            .fold(None::<Period>, |best, p| best.filter(|b| b.likeness >= p.likeness).or(Some(p)))
    };
    let (first, last) = (*lags.start(), *lags.end());
    let coarse = best(&mut lags.step_by(stride), stride);
    let Some(coarse) = coarse else { return Period { samples: first, likeness: -1.0 } };
    let near = coarse.samples.saturating_sub(stride).max(first)..=(coarse.samples + stride).min(last);
    best(&mut near.into_iter(), 1).unwrap_or(coarse)
}

/// The period of the newest sound in `history`, which must hold at least 35 ms.
pub fn period(history: &[i16], rate: Rate) -> Period {
    let window = rate.per_tick().min(history.len().saturating_sub(longest(rate)));
    let newest = &history[history.len() - window..];
    search(shortest(rate)..=longest(rate), rate, |lag| {
        (newest, &history[history.len() - window - lag..history.len() - lag])
    })
}

/// How willing a change is to be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Only where nobody hears it: in clear periods and in quiet.
    Low,
    /// The delay is far off: take what is there.
    High,
}

impl Urgency {
    const fn likeness(self) -> f32 {
        match self {
            Self::Low => 0.75,
            Self::High => 0.2,
        }
    }
}

/// Makes sound longer by one period, at the front of `pcm`: fades from it into the period before, so that it is heard twice.
/// `past` is what was heard just before. Returns the samples gained.
pub fn grow(past: &[i16], pcm: &mut Vec<i16>, rate: Rate, quiet: f32, urgency: Urgency) -> usize {
    let most = longest(rate).min(past.len()).min(pcm.len());
    if most <= shortest(rate) {
        return 0;
    }
    let period = if rms(&pcm[..most]) < quiet && rms(&past[past.len() - most..]) < quiet {
        Period { samples: most, likeness: 1.0 }
    } else {
        search(shortest(rate)..=most, rate, |lag| (&pcm[..lag], &past[past.len() - lag..]))
    };
    if period.likeness < urgency.likeness() {
        return 0;
    }
    let n = period.samples;
    let again: Vec<i16> = cross(&pcm[..n], &past[past.len() - n..]).collect();
    pcm.splice(0..0, again);
    n
}

/// Makes sound shorter by one period, at the front of `pcm`, if at least `keep` samples remain and no more than `most` go.
/// Returns the samples lost.
pub fn shrink(pcm: &mut Vec<i16>, keep: usize, most: usize, rate: Rate, quiet: f32, urgency: Urgency) -> usize {
    let most = longest(rate).min(most).min(pcm.len() / 2).min(pcm.len().saturating_sub(keep));
    if most <= shortest(rate) {
        return 0;
    }
    let period = if rms(&pcm[..2 * most]) < quiet {
        Period { samples: most, likeness: 1.0 }
    } else {
        search(shortest(rate)..=most, rate, |lag| (&pcm[..lag], &pcm[lag..2 * lag]))
    };
    if period.likeness < urgency.likeness() {
        return 0;
    }
    let n = period.samples;
    let both: Vec<i16> = cross(&pcm[..n], &pcm[n..2 * n]).collect();
    pcm.splice(0..2 * n, both);
    n
}

/// From `a` to `b`, linearly.
pub fn cross<'a>(a: &'a [i16], b: &'a [i16]) -> impl Iterator<Item = i16> + 'a {
    let n = a.len().min(b.len()) as f32;
    a.iter().zip(b).enumerate().map(move |(i, (&x, &y))| {
        let t = (i as f32 + 0.5) / n;
        (f32::from(x) * (1.0 - t) + f32::from(y) * t).round() as i16
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::tone::sine;

    /// The largest step between neighbours that a clean sine of this pitch and size has.
    fn steepest(pcm: &[i16]) -> i32 {
        pcm.windows(2).map(|w| (i32::from(w[1]) - i32::from(w[0])).abs()).max().unwrap_or(0)
    }

    #[test]
    fn the_period_of_a_voice_is_found() {
        for hz in [80.0, 125.0, 200.0, 320.0] {
            let found = period(&sine(hz, Rate::Hz8000, 480, 8000), Rate::Hz8000);
            let periods = found.samples as f32 * hz / 8000.0;
            assert!((periods - periods.round()).abs() < 0.06 && found.likeness > 0.98, "{hz} Hz: {found:?}");
        }
    }

    #[test]
    fn growing_and_shrinking_leave_no_step_in_a_tone() {
        let tone = sine(180.0, Rate::Hz8000, 640, 8000);
        let clean = steepest(&tone);
        let (past, mut pcm) = (tone[..160].to_vec(), tone[160..].to_vec());
        let gained = grow(&past, &mut pcm, Rate::Hz8000, 20.0, Urgency::Low);
        assert!(gained > 0 && pcm.len() == 480 + gained);
        let joined: Vec<i16> = past.iter().chain(&pcm).copied().collect();
        assert!(steepest(&joined) < clean + clean / 4);
        let mut pcm = tone[160..].to_vec();
        let lost = shrink(&mut pcm, 160, 1000, Rate::Hz8000, 20.0, Urgency::Low);
        assert!(lost > 0 && pcm.len() == 480 - lost);
        let joined: Vec<i16> = past.iter().chain(&pcm).copied().collect();
        assert!(steepest(&joined) < clean + clean / 4);
    }

    #[test]
    fn noise_that_repeats_nowhere_is_left_alone_unless_it_is_urgent() {
        let mut rng = crate::noise::Rng::new(3);
        let mut noise: Vec<i16> = (0..480).map(|_| (rng.next_u64() as i16) / 4).collect();
        assert_eq!(shrink(&mut noise, 160, 1000, Rate::Hz8000, 20.0, Urgency::Low), 0);
        assert_eq!(noise.len(), 480);
    }
}
