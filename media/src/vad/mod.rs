//! Voice activity: where speech begins and where it stops.
//!
//! Two detectors look at the same 32 ms [`WINDOW`]: Silero v6.2 (a recurrent network, computed by [`silero`] for all lines of a
//! thread at once) and earshot (a small network inside its crate). Their log-odds are added ([`Vad`]); the [`gate`] turns the
//! stream of them into [`Edge`]s.
pub mod earshot;
pub mod gate;
mod shape;
pub mod silero;

pub use silero::{Look, Scratch};

use crate::SamplePos;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Samples at 16 kHz that are judged at once: 32 ms.
pub const WINDOW: usize = 512;

/// The gate's verdict. It carries the sample where speech began or stopped, not the moment it was noticed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Edge {
    /// `arrived`: when the network delivered that sample.
    Start {
        at: SamplePos,
        arrived: Option<Instant>,
    },
    End {
        at: SamplePos,
        arrived: Option<Instant>,
    },
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

    /// Models whose Silero panics at each look.
    #[cfg(test)]
    pub(crate) fn crashing() -> Self {
        Self { silero: None, crashes: true }
    }

    /// What listens, in words for people.
    pub fn describe(&self) -> &'static str {
        match self.silero {
            Some(_) => "Silero v6.2 and earshot, fused",
            None => {
                "earshot alone: no Silero model, so faint or noisy speech is noticed later; `make setup` fetches it"
            }
        }
    }

    /// Lets Silero look at all windows that lines have due at this moment; what each gets is the same in any company.
    pub fn look(&self, scratch: &mut Scratch, due: &mut [&mut Look]) {
        #[cfg(test)]
        assert!(!self.crashes || due.is_empty(), "a crash of a test");
        if let Some(silero) = &self.silero {
            silero.look(scratch, due);
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

/// How closely a window is worth looking at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attention {
    /// Silero looks whatever earshot says: somebody is speaking, or the sound has just risen.
    Full,
    /// Nothing rises above the line's noise: Silero looks only where earshot suspects something. What it has not seen does not
    /// lull it: it notices speech sooner than one that looks at every window, and costs less.
    Idle,
}

/// Both detectors of one line. Windows are given in order: [`Vad::show`], Silero's look if one is due, [`Vad::score`].
pub struct Vad {
    earshot: earshot::Earshot,
    /// Of the window last shown.
    earshot_odds: f32,
    fused: bool,
    windows: u64,
    /// What Silero remembers of the line; away while it looks.
    look: Option<Box<Look>>,
}

/// Weight of each detector's log-odds; their sum is speech where it is positive.
const WEIGHT: f32 = 0.6;
/// Log-odds of earshot below which Silero need not look while nothing rises above the noise.
const SUSPICION: f32 = -0.3;
/// What a window counts as for Silero that it does not look at.
const UNSEEN: f32 = -6.0;
/// Windows (0.5 s) that Silero looks at whatever they hold, so that it knows the line.
const WARM_UP: u64 = 16;
/// Where earshot is alone, only sounds as predictable (dB) as voiced speech begin speech; others are at most doubtful.
const VOICED_DB: std::ops::Range<f32> = 2.0..26.0;
const UNVOICED: f32 = 0.3;
/// What the gate asks more of earshot alone than of both ([`gate::GatePlan`]).
const CREDULITY: f32 = 0.8;

impl Vad {
    pub fn new(models: &Models) -> Self {
        let fused = models.are_fused();
        Self { earshot: earshot::Earshot::new(), earshot_odds: 0.0, fused, windows: 0, look: None }
    }

    /// Takes the line's next window. What comes back goes to [`Models::look`] and from there to [`Vad::score`]; nothing where
    /// Silero need not look, or is not there.
    pub fn show(&mut self, window: &[i16; WINDOW], attention: Attention) -> Option<Box<Look>> {
        self.windows += 1;
        self.earshot_odds = self.earshot.score(window);
        if !self.fused {
            let shape = shape::predictability(window);
            if !VOICED_DB.contains(&shape) {
                self.earshot_odds = self.earshot_odds.min(UNVOICED);
            }
            return None;
        }
        self.look.get_or_insert_default().show(window);
        let dull = attention == Attention::Idle && self.earshot_odds < SUSPICION && self.windows > WARM_UP;
        self.look.take_if(|_| !dull)
    }

    /// The log-odds that the window last shown is speech.
    pub fn score(&mut self, look: Option<Box<Look>>) -> f32 {
        if !self.fused {
            return self.earshot_odds;
        }
        let silero = look.as_ref().map_or(UNSEEN, |look| look.odds());
        self.look = look.or(self.look.take());
        WEIGHT * (silero + self.earshot_odds)
    }

    /// The same where Silero could not look: what earshot says, which takes more for speech than is.
    pub fn alone(&self) -> f32 {
        self.earshot_odds - CREDULITY
    }

    /// What earshot by itself says of the window last shown.
    pub fn earshot_odds(&self) -> f32 {
        self.earshot_odds
    }

    /// What comes next does not follow on what was before. Silero keeps its memory of the line.
    pub fn cut(&mut self) {
        self.earshot = earshot::Earshot::new();
        if let Some(look) = &mut self.look {
            look.cut();
        }
    }
}

/// Log-odds of a probability, kept within ±9.2 so that one detector alone cannot decide for ever.
fn logit(p: f32) -> f32 {
    let p = p.clamp(1e-4, 1.0 - 1e-4);
    (p / (1.0 - p)).ln()
}

#[cfg(test)]
mod tests;
