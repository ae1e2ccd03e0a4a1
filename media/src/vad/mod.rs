//! Voice activity: where speech begins and where it stops.
//!
//! Two detectors judge the same 32 ms [`WINDOW`]: Silero v6.2 (a recurrent network, computed by [`silero`] for all lines of a
//! thread at once) and earshot (a small network inside its crate). Their log-odds are added ([`Vad`]); the [`gate`] turns the
//! stream of log-odds into [`Edge`]s.
pub mod earshot;
mod foreground;
pub mod gate;
mod predictability;
pub mod silero;

pub use silero::{Scratch, SileroState};

use crate::SamplePos;
use crate::prosody::VoiceFeatures;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Samples at 16 kHz that are judged at once: 32 ms.
pub const WINDOW: usize = 512;

/// A start or an end of speech. It carries the position where speech began or stopped, not the time of the decision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Edge {
    /// `arrived`: when the network delivered that sample.
    Start { at: SamplePos, arrived: Option<Instant> },
    /// `voice`: what the speech sounded like, where it was long enough.
    End { at: SamplePos, arrived: Option<Instant>, voice: Option<VoiceFeatures> },
}

/// The models that ears share; a clone is a handle.
#[derive(Clone)]
pub struct Models {
    silero: Option<Arc<silero::Silero>>,
    #[cfg(test)]
    crashes: bool,
}

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VadFault {
    #[error("{} is missing: run `make setup`, which takes it out of the silero-vad wheel, or set the path of the model", .0.display())]
    Missing(PathBuf),
    #[error("{} is not the Silero v6.2 model ({why}): delete it and run `make setup`", .path.display())]
    Corrupt { path: PathBuf, why: String },
}

impl Models {
    /// Loads Silero from `silero` (`silero_vad_op18_ifless.onnx` of the Python package silero-vad 6.2.3) and tries it once.
    /// `None`: earshot alone, with a stricter gate.
    ///
    /// # Errors
    /// [`VadFault`] names the file and what to do; the caller may go on with `load(None)`.
    pub fn load(silero: Option<&Path>) -> Result<Self, VadFault> {
        Ok(Self {
            silero: silero.map(silero::Silero::load).transpose()?.map(Arc::new),
            #[cfg(test)]
            crashes: false,
        })
    }

    /// Models whose Silero panics at each inference.
    #[cfg(test)]
    pub(crate) fn crashing() -> Self {
        Self { silero: None, crashes: true }
    }

    /// The detectors in use, for operators.
    pub fn describe(&self) -> &'static str {
        match self.silero {
            Some(_) => "Silero v6.2 and earshot, fused",
            None => {
                "earshot alone: no Silero model, so faint or noisy speech is noticed later; `make setup` fetches it"
            }
        }
    }

    /// Runs Silero on all windows that lines have due. The result of a line does not depend on the others.
    pub fn infer(&self, scratch: &mut Scratch, due: &mut [&mut SileroState]) {
        #[cfg(test)]
        assert!(!self.crashes || due.is_empty(), "a crash of a test");
        if let Some(silero) = &self.silero {
            silero.infer(scratch, due);
        }
    }

    pub(crate) fn are_fused(&self) -> bool {
        #[cfg(test)]
        if self.crashes {
            return true;
        }
        self.silero.is_some()
    }
}

/// When Silero judges a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SileroPolicy {
    /// Always: somebody speaks, or the sound has just risen.
    Always,
    /// Only where earshot suspects speech: nothing rises above the line's noise. Windows of noise would bias the network's state, so
    /// without them it notices speech sooner, at less cost.
    OnSuspicion,
}

/// Both detectors of one line. For each window in order: [`Vad::push`], [`Models::infer`] if it returns a line, [`Vad::score`].
pub struct Vad {
    earshot: earshot::Earshot,
    /// Of the last window.
    earshot_odds: f32,
    fused: bool,
    windows: u64,
    /// Silero's state of the line; taken out during inference.
    state: Option<Box<SileroState>>,
}

/// Weight of each detector's log-odds; their sum is speech where it is positive.
const WEIGHT: f32 = 0.6;
/// Log-odds of earshot from which it suspects speech.
const SUSPICION: f32 = -0.3;
/// Silero's log-odds of a window that it does not judge.
const UNSEEN: f32 = -6.0;
/// Windows (0.5 s) at the start of a line that Silero always judges, to adapt to it.
const WARM_UP: u64 = 16;
/// For earshot alone: only sounds as predictable (dB) as voiced speech can begin speech; the log-odds of others are limited.
const VOICED_DB: std::ops::Range<f32> = 2.0..26.0;
const UNVOICED: f32 = 0.3;
/// Subtracted from earshot's log-odds where it replaces both detectors: it takes more for speech than they do.
const CREDULITY: f32 = 0.8;

impl Vad {
    pub fn new(models: &Models) -> Self {
        let fused = models.are_fused();
        Self { earshot: earshot::Earshot::new(), earshot_odds: 0.0, fused, windows: 0, state: None }
    }

    /// Takes the line's next window. A returned line goes to [`Models::infer`] and then to [`Vad::score`]; `None` where Silero is
    /// not needed or not loaded.
    pub fn push(&mut self, window: &[i16; WINDOW], policy: SileroPolicy) -> Option<Box<SileroState>> {
        self.windows += 1;
        self.earshot_odds = self.earshot.score(window);
        if !self.fused {
            let predictability = predictability::predictability(window);
            if !VOICED_DB.contains(&predictability) {
                self.earshot_odds = self.earshot_odds.min(UNVOICED);
            }
            return None;
        }
        self.state.get_or_insert_default().push(window);
        let skip = policy == SileroPolicy::OnSuspicion && self.earshot_odds < SUSPICION && self.windows > WARM_UP;
        self.state.take_if(|_| !skip)
    }

    /// The log-odds that the last window is speech.
    pub fn score(&mut self, state: Option<Box<SileroState>>) -> f32 {
        if !self.fused {
            return self.earshot_odds;
        }
        let silero = state.as_ref().map_or(UNSEEN, |state| state.odds());
        self.state = state.or(self.state.take());
        WEIGHT * (silero + self.earshot_odds)
    }

    /// The same without Silero.
    pub fn earshot_only(&self) -> f32 {
        self.earshot_odds - CREDULITY
    }

    /// Earshot's own log-odds of the last window.
    pub fn earshot_odds(&self) -> f32 {
        self.earshot_odds
    }

    /// A discontinuity: the next sound does not follow the last. Silero keeps its state of the line.
    pub fn cut(&mut self) {
        self.earshot = earshot::Earshot::new();
        if let Some(state) = &mut self.state {
            state.cut();
        }
    }
}

/// Log-odds of a probability, limited to ±9.2 so that one detector cannot outweigh the other by any amount.
fn logit(p: f32) -> f32 {
    let p = p.clamp(1e-4, 1.0 - 1e-4);
    (p / (1.0 - p)).ln()
}

#[cfg(test)]
mod tests;
