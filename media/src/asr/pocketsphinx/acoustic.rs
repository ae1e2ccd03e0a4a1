//! An acoustic model, loaded once and shared by all decoders.
use super::files::{Parameters, Params, Phones, load};
use super::front::FrontEnd;
use super::mixtures::{Mixtures, UNIT};
use std::path::Path;

/// States per phone.
pub const STATES: usize = 3;

/// The score of what is impossible: below any other, also after adding scores to it.
pub const IMPOSSIBLE: i32 = i32::MIN / 4;
/// Noises that a model may have.
const NOISES: usize = 64;
/// Floor of transition probabilities.
const TRANSITION: f64 = 1e-4;

/// From each state to itself, the next ones, and the exit of the phone.
pub type Transitions = [[i32; STATES + 1]; STATES];

pub struct Acoustic {
    pub front: FrontEnd,
    pub phones: Phones,
    pub mixtures: Mixtures,
    pub transitions: Vec<Transitions>,
    /// Silence and noises, by their names in paths.
    pub fillers: Vec<(String, u8)>,
}

impl Acoustic {
    pub fn load(dir: &Path, rate: f64) -> Result<Self, String> {
        let params = Params::read(&String::from_utf8_lossy(&load(dir, "feat.params")?));
        let phones = Phones::read(&load(dir, "mdef")?).map_err(|why| format!("mdef: {why}"))?;
        if phones.states != STATES {
            return Err(format!("mdef: {} states a phone are not supported, {STATES} are", phones.states));
        }
        let transitions =
            transitions(&load(dir, "transition_matrices")?).map_err(|why| format!("transition_matrices: {why}"))?;
        if transitions.len() < phones.transitions() {
            return Err("transition_matrices: it has fewer than mdef speaks of".into());
        }
        let noises = load(dir, "noisedict").map(|text| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default();
        let mut fillers = vec![("<sil>".to_owned(), phones.silence)];
        for (name, phone) in noises.lines().filter_map(|line| line.trim().split_once([' ', '\t'])) {
            if let (false, Some(phone)) = (name.starts_with('<'), phones.id(phone.trim())) {
                fillers.push((name.to_owned(), phone));
            }
        }
        if fillers.len() > NOISES {
            return Err(format!("noisedict: more than {NOISES} noises"));
        }
        let front = FrontEnd::new(&params, rate)?;
        let mixtures = Mixtures::load(dir, &params, &phones)?;
        Ok(Self { front, phones, mixtures, transitions, fillers })
    }
}

fn transitions(bytes: &[u8]) -> Result<Vec<Transitions>, String> {
    let Parameters { dimensions, values } = Parameters::read(bytes, 3)?;
    if dimensions.get(1..3) != Some(&[STATES, STATES + 1]) || values.len() != dimensions[0] * STATES * (STATES + 1) {
        return Err(format!("its phones have other than {STATES} states"));
    }
    let score = |row: &[f32], to: usize| {
        let sum: f64 = row.iter().map(|&p| f64::from(p)).sum::<f64>().max(f64::MIN_POSITIVE);
        let p = f64::from(row[to]) / sum;
        // A byte, as SphinxTrain stores them.
        if p > 0.0 { -((-p.clamp(TRANSITION, 1.0).ln() / UNIT) as i32).min(254) } else { IMPOSSIBLE }
    };
    let matrix = |values: &[f32]| {
        std::array::from_fn(|from| std::array::from_fn(|to| score(&values[from * (STATES + 1)..][..STATES + 1], to)))
    };
    Ok(values.chunks_exact(STATES * (STATES + 1)).map(matrix).collect())
}
