//! Acoustic scores: how well each tied state of a model fits a frame, by mixtures of Gaussians of which only the best densities count.
//!
//! Scores are Sphinx's: negative logarithms to the base 1.0001, shifted right by 10, so that 1 is a tenth of a neper. Several frames
//! are scored together, since a model's densities do not fit into the first-level cache.
use super::files::{Parameters, Params, Phones, load, sendump};
use super::front::{FEATURES, Feature};
use std::ops::Range;
use std::path::Path;

/// One unit of a score, in nepers.
pub const UNIT: f64 = 1024.0 * 9.999_500_033_330_835e-5;
/// The number of densities that count of each mixture.
const TOP: usize = 2;
/// The largest distance of a density's score from the best of all codebooks.
const FARTHEST: i32 = 96;
/// Densities in a block, computed in parallel.
const LANES: usize = 32;
/// Floors of variances and mixture weights.
const VARIANCE: f64 = 1e-4;
const WEIGHT: f64 = 1e-7;
/// The most feature streams, and the bound of a density's score: their sum fits into 32 bits.
const STREAMS: usize = 8;
const BOUND: f32 = 1e7;

pub struct Mixtures {
    /// The range of each stream in a feature.
    streams: Vec<Range<usize>>,
    densities: usize,
    /// Blocks of densities per codebook and stream.
    blocks: usize,
    /// For each codebook and stream: blocks of a constant, then a quadratic and a linear coefficient for each value of the stream.
    tables: Vec<Vec<[f32; LANES]>>,
    /// Each senone's codebook, and whether senones share codebooks.
    codebook: Vec<u16>,
    shared: bool,
    /// `[stream][density][senone]`.
    weights: Vec<u8>,
    senones: usize,
    sums: [u8; 256],
    fma: bool,
}

impl Mixtures {
    pub fn load(dir: &Path, params: &Params, phones: &Phones) -> Result<Self, String> {
        if dir.join("feature_transform").exists() {
            return Err("feature_transform (LDA) is not supported".into());
        }
        let means = Parameters::read(&load(dir, "means")?, 3).map_err(|why| format!("means: {why}"))?;
        let variances = Parameters::read(&load(dir, "variances")?, 3).map_err(|why| format!("variances: {why}"))?;
        let [codebooks, streams_, densities, ref lengths @ ..] = means.dimensions[..] else {
            return Err("means: it has no dimensions".into());
        };
        let streams = split(params.get("svspec"), lengths.len().max(streams_))?;
        let lengths = streams.iter().map(ExactSizeIterator::len);
        let size = codebooks.checked_mul(densities).and_then(|all| all.checked_mul(lengths.sum()));
        if size != Some(means.values.len())
            || size != Some(variances.values.len())
            || streams.len() != streams_
            || size == Some(0)
        {
            return Err("means and variances do not fit the features".into());
        }
        if means.values.iter().chain(&variances.values).any(|value| !value.is_finite()) {
            return Err("means and variances: not all are numbers".into());
        }
        let blocks = densities.div_ceil(LANES);
        let tables = tables(&means, &variances, &streams);
        let senones = phones.senones;
        let (weights, by) = weights(dir)?;
        if by != [streams.len(), densities, senones] {
            return Err("the mixture weights do not fit the densities".into());
        }
        let codebook = match codebooks {
            1 => vec![0; senones],
            n if n == senones => (0..senones).map(|i| i as u16).collect(),
            n if n == phones.names.len() => phones.owners(),
            _ => return Err("means: neither one codebook of densities, nor one a phone, nor one a state".into()),
        };
        let sums = std::array::from_fn(|d| (((-(d as f64) * UNIT).exp().ln_1p() / UNIT) + 0.5) as u8);
        let shared = codebooks != senones;
        let fma = has_fma();
        Ok(Self { streams, densities, blocks, tables, codebook, shared, weights, senones, sums, fma })
    }

    /// The senones of a search in the order of their scores.
    pub fn order(&self, senones: impl IntoIterator<Item = u16>) -> Vec<u16> {
        let mut senones: Vec<u16> = senones.into_iter().collect();
        senones.sort_unstable_by_key(|&senone| (self.codebook[usize::from(senone)], senone));
        senones.dedup();
        senones
    }

    /// Appends a row of scores of `senones` for each of `frames`; 0 is the best of a row.
    pub fn score(&self, frames: &[Feature], senones: &[u16], scratch: &mut Scratch, out: &mut Vec<i32>) {
        let mut codebooks: Vec<u16> = senones.iter().map(|&senone| self.codebook[usize::from(senone)]).collect();
        codebooks.dedup();
        let streams = self.streams.len();
        let Scratch { tops } = scratch;
        tops.clear();
        tops.resize(frames.len() * codebooks.len() * streams, [(0, 0.0); TOP]);
        for (b, &codebook) in codebooks.iter().enumerate() {
            for (s, stream) in self.streams.iter().enumerate() {
                let table = &self.tables[usize::from(codebook) * streams + s];
                for (f, frame) in frames.iter().enumerate() {
                    let x = &frame[stream.clone()];
                    tops[(f * codebooks.len() + b) * streams + s] = best(self.fma, table, self.blocks, x);
                }
            }
        }
        for tops in tops.chunks_exact(codebooks.len() * streams) {
            self.row(tops, &codebooks, senones, out);
        }
    }

    /// Appends one frame's scores, from the best densities of its codebooks.
    fn row(&self, tops: &[[(u32, f32); TOP]], codebooks: &[u16], senones: &[u16], out: &mut Vec<i32>) {
        let streams = self.streams.len();
        let first = out.len();
        let floor = |score: f32| score.floor().clamp(-BOUND, BOUND) as i32;
        let mut norms = [0; STREAMS];
        if self.shared {
            for (s, norm) in norms.iter_mut().enumerate().take(streams) {
                *norm = tops.iter().skip(s).step_by(streams).map(|top| floor(top[0].1)).max().unwrap_or(0);
            }
        }
        let (mut b, mut best) = (usize::MAX, i32::MAX);
        let mut near = [[(0_usize, 0_i32); TOP]; STREAMS];
        for &senone in senones {
            let codebook = self.codebook[usize::from(senone)];
            if b == usize::MAX || codebooks[b] != codebook {
                b = b.wrapping_add(1);
                for (s, near) in near.iter_mut().enumerate().take(streams) {
                    for (near, &(density, score)) in near.iter_mut().zip(&tops[b * streams + s]) {
                        let behind = norms[s] - floor(score);
                        let behind = if self.shared { behind.min(FARTHEST) } else { behind };
                        *near = ((s * self.densities + density as usize) * self.senones, behind);
                    }
                }
            }
            let score: i32 = near[..streams]
                .iter()
                .map(|near| {
                    let [a, b] = near.map(|(at, behind)| behind + i32::from(self.weights[at + usize::from(senone)]));
                    let (low, apart) = (a.min(b), a.abs_diff(b));
                    low - i32::from(self.sums.get(apart as usize).copied().unwrap_or(0))
                })
                .sum();
            best = best.min(score);
            out.push(score);
        }
        out[first..].iter_mut().for_each(|score| *score = best - *score);
    }
}

/// Memory that is reused from call to call.
#[derive(Default)]
pub struct Scratch {
    tops: Vec<[(u32, f32); TOP]>,
}

/// Parses `-svspec`, e.g. `0-12/13-25/26-38`; without it all values are one stream.
fn split(spec: Option<&str>, streams: usize) -> Result<Vec<Range<usize>>, String> {
    let Some(spec) = spec else {
        return if streams == 1 {
            Ok(std::iter::once(0..FEATURES).collect())
        } else {
            Err("means: more streams than features".into())
        };
    };
    let range = |part: &str| {
        let (first, last) = part.split_once('-')?;
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        (first <= last && last < FEATURES).then_some(first..last + 1)
    };
    let ranges: Option<Vec<_>> = spec.split('/').map(range).collect();
    ranges
        .filter(|r| r.len() == streams && streams <= STREAMS)
        .ok_or_else(|| "feat.params: -svspec is not understood".into())
}

/// The tables of [`Mixtures`], by codebook and stream.
fn tables(means: &Parameters, variances: &Parameters, streams: &[Range<usize>]) -> Vec<Vec<[f32; LANES]>> {
    let (codebooks, densities) = (means.dimensions[0], means.dimensions[2]);
    let blocks = densities.div_ceil(LANES);
    let mut at = 0;
    let mut tables: Vec<Vec<[f32; LANES]>> = Vec::with_capacity(codebooks * streams.len());
    for stream in (0..codebooks).flat_map(|_| streams.iter()) {
        let rows = 1 + 2 * stream.len();
        let mut table = vec![[0.0; LANES]; blocks * rows];
        for density in 0..blocks * LANES {
            let block = &mut table[density / LANES * rows..][..rows];
            let lane = density % LANES;
            if density >= densities {
                block[0][lane] = f32::NEG_INFINITY;
                continue;
            }
            let mut constant = 0.0;
            for i in 0..stream.len() {
                let (mean, variance) = (f64::from(means.values[at]), f64::from(variances.values[at]).max(VARIANCE));
                at += 1;
                let factor = 1.0 / (2.0 * variance * UNIT);
                constant -= (2.0 * std::f64::consts::PI * variance).ln() / (2.0 * UNIT) + mean * mean * factor;
                block[1 + 2 * i][lane] = -factor as f32;
                block[2 + 2 * i][lane] = (2.0 * mean * factor) as f32;
            }
            block[0][lane] = constant as f32;
        }
        tables.push(table);
    }
    tables
}

/// The mixture weights of a model, by stream, density and senone, and these dimensions.
fn weights(dir: &Path) -> Result<(Vec<u8>, [usize; 3]), String> {
    if !dir.join("sendump").exists() {
        return mixture_weights(&load(dir, "mixture_weights")?).map_err(|why| format!("mixture_weights: {why}"));
    }
    let (streams, densities, senones, weights) =
        sendump(&load(dir, "sendump")?).map_err(|why| format!("sendump: {why}"))?;
    Ok((weights, [streams, densities, senones]))
}

/// Reads mixture weights stored as counts, which are normalised here.
fn mixture_weights(bytes: &[u8]) -> Result<(Vec<u8>, [usize; 3]), String> {
    let Parameters { dimensions, values } = Parameters::read(bytes, 3)?;
    let [senones, streams, densities, ..] = dimensions[..] else { return Err("it has no dimensions".into()) };
    if values.len() != senones * streams * densities {
        return Err("its dimensions do not fit its numbers".into());
    }
    let mut weights = vec![0; values.len()];
    for (i, row) in values.chunks_exact(densities.max(1)).enumerate() {
        let (senone, stream) = (i / streams, i % streams);
        let sum: f64 = row.iter().map(|&w| f64::from(w)).sum::<f64>().max(f64::MIN_POSITIVE);
        let floored = row.iter().map(|&w| (f64::from(w) / sum).max(WEIGHT));
        let whole: f64 = floored.clone().sum();
        for (density, weight) in floored.enumerate() {
            let log = -(weight / whole).ln() / UNIT;
            weights[(stream * densities + density) * senones + senone] = log.clamp(0.0, 255.0) as u8;
        }
    }
    Ok((weights, [streams, densities, senones]))
}

impl Phones {
    /// The base phone of each senone.
    fn owners(&self) -> Vec<u16> {
        let mut owners = vec![u16::MAX; self.senones];
        for (phone, sequence) in self.every() {
            for &senone in self.senones_of(sequence) {
                let owner = &mut owners[usize::from(senone)];
                if *owner == u16::MAX {
                    *owner = u16::from(phone);
                }
            }
        }
        // A senone that no phone uses is never scored.
        owners.into_iter().map(|owner| if owner == u16::MAX { 0 } else { owner }).collect()
    }
}

type Best = [(u32, f32); TOP];

/// `FMA`: the processor multiplies and adds in one instruction.
#[inline(always)]
fn best_of<const FMA: bool>(table: &[[f32; LANES]], blocks: usize, x: &[f32]) -> Best {
    let rows = 1 + 2 * x.len();
    let mut best: Best = [(0, f32::MIN); TOP];
    for (block, rows) in table.chunks_exact(rows).take(blocks).enumerate() {
        let (mut squares, mut plains) = (rows[0], [0.0_f32; LANES]);
        for (pair, &x) in rows[1..].chunks_exact(2).zip(x) {
            let squared = x * x;
            for lane in 0..LANES {
                if FMA {
                    squares[lane] = pair[0][lane].mul_add(squared, squares[lane]);
                    plains[lane] = pair[1][lane].mul_add(x, plains[lane]);
                } else {
                    squares[lane] += pair[0][lane] * squared;
                    plains[lane] += pair[1][lane] * x;
                }
            }
        }
        squares.iter_mut().zip(plains).for_each(|(square, plain)| *square += plain);
        let mut highest = squares;
        let mut width = LANES / 2;
        while width > 0 {
            for lane in 0..width {
                let other = highest[lane + width];
                if other > highest[lane] {
                    highest[lane] = other;
                }
            }
            width /= 2;
        }
        if highest[0] <= best[TOP - 1].1 {
            continue;
        }
        for (lane, &score) in squares.iter().enumerate() {
            if score > best[1].1 {
                let here = ((block * LANES + lane) as u32, score);
                best = if score > best[0].1 { [here, best[0]] } else { [best[0], here] };
            }
        }
    }
    best
}

fn best(fma: bool, table: &[[f32; LANES]], blocks: usize, x: &[f32]) -> Best {
    #[cfg(target_arch = "x86_64")]
    if fma {
        // SAFETY: `fma` is true where the processor has said that it has both features.
        return unsafe { best_with_fma(table, blocks, x) };
    }
    _ = fma;
    best_of::<false>(table, blocks, x)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn best_with_fma(table: &[[f32; LANES]], blocks: usize, x: &[f32]) -> Best {
    best_of::<true>(table, blocks, x)
}

fn has_fma() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_two_densities_are_found_alike_on_every_processor() {
        let mut seed = 7_u32;
        let mut number = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1 << 24) as f32 - 0.5
        };
        let (blocks, rows) = (4, 27);
        let table: Vec<[f32; LANES]> = (0..blocks * rows).map(|_| std::array::from_fn(|_| number())).collect();
        let x: Vec<f32> = (0..13).map(|_| number()).collect();
        let mut all: Vec<(u32, f32)> = Vec::new();
        for (at, rows) in table.chunks_exact(rows).enumerate() {
            for lane in 0..LANES {
                let terms =
                    rows[1..].chunks_exact(2).zip(&x).map(|(pair, x)| pair[0][lane] * x * x + pair[1][lane] * x);
                all.push(((at * LANES + lane) as u32, rows[0][lane] + terms.sum::<f32>()));
            }
        }
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        for fma in [false, has_fma()] {
            let found = best(fma, &table, blocks, &x);
            assert_eq!(found.map(|(density, _)| density), [all[0].0, all[1].0], "fma: {fma}");
            assert!((found[1].1 - all[1].1).abs() < 1e-4);
        }
    }
}
