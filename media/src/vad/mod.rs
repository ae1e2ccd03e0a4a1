//! Voice activity: where speech begins and where it stops.
//!
//! Two detectors look at the same 32 ms [`WINDOW`]: Silero v6.2 (a recurrent network, run by rten) and earshot (a small
//! network inside its crate). Their log-odds are added ([`Vad`]); the [`gate`] turns the stream of them into [`Edge`]s.
pub mod earshot;
pub mod gate;
mod shape;
pub mod silero;

use crate::SamplePos;
use std::collections::VecDeque;
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
}

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
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
    /// [`Fault`] names the file and what to do; the caller may go on with `load(None)`.
    pub fn load(silero: Option<&Path>) -> Result<Self, Fault> {
        Ok(Self { silero: silero.map(silero::Silero::load).transpose()?.map(Arc::new) })
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

    pub(crate) fn are_fused(&self) -> bool {
        self.silero.is_some()
    }
}

/// How closely a window is worth looking at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attention {
    /// Silero looks whatever earshot says: somebody is speaking, or the sound has just risen.
    Full,
    /// Nothing rises above the line's noise: Silero looks only where earshot suspects something.
    Idle,
}

/// Both detectors of one line. Windows are given in order.
pub struct Vad {
    earshot: earshot::Earshot,
    silero: Option<(Arc<silero::Silero>, silero::Memory)>,
    /// The newest windows that Silero has not looked at; it is shown them first when it looks again.
    missed: VecDeque<[i16; WINDOW]>,
    looks: u64,
    windows: u64,
    failed: bool,
}

/// Weight of each detector's log-odds; their sum is speech where it is positive.
const WEIGHT: f32 = 0.6;
/// Log-odds of earshot below which Silero need not look while nothing rises above the noise.
const SUSPICION: f32 = -0.3;
/// What a window counts as for Silero that it does not look at.
const UNSEEN: f32 = -6.0;
/// Windows (128 ms) that Silero is shown when it looks again. It keeps its memory meanwhile: one that starts afresh
/// takes longer to notice speech.
const CATCH_UP: usize = 4;
/// Windows (0.5 s) that Silero looks at whatever they hold, so that it knows the line.
const WARM_UP: u64 = 16;
/// Where earshot is alone, only sounds as predictable (dB) as voiced speech begin speech; others are at most doubtful.
const VOICED_DB: std::ops::Range<f32> = 2.0..26.0;
const UNVOICED: f32 = 0.3;
/// What earshot's word is less worth where Silero fails to give its own.
const HANDICAP: f32 = 0.8;

impl Vad {
    pub fn new(models: &Models) -> Self {
        Self {
            earshot: earshot::Earshot::new(),
            silero: models.silero.clone().map(|model| (model, silero::Memory::new())),
            missed: VecDeque::with_capacity(CATCH_UP),
            looks: 0,
            windows: 0,
            failed: false,
        }
    }

    /// The log-odds that `window` is speech.
    pub fn score(&mut self, window: &[i16; WINDOW], attention: Attention) -> f32 {
        self.windows += 1;
        let earshot = self.earshot.score(window);
        let Some((model, memory)) = &mut self.silero else {
            let shape = shape::predictability(window);
            return if VOICED_DB.contains(&shape) { earshot } else { earshot.min(UNVOICED) };
        };
        if attention == Attention::Idle && earshot < SUSPICION && self.windows > WARM_UP {
            if self.missed.len() == CATCH_UP {
                self.missed.pop_front();
            }
            self.missed.push_back(*window);
            return WEIGHT * (UNSEEN + earshot);
        }
        for window in self.missed.drain(..) {
            self.looks += 1;
            // What it says of them is of no use any more; a fault shows at the next one.
            let _ = model.score(memory, &window);
        }
        self.looks += 1;
        match model.score(memory, window) {
            Ok(silero) => WEIGHT * (silero + earshot),
            Err(why) => {
                if !self.failed {
                    tracing::warn!(%why, "Silero failed on one line, which goes on with earshot alone");
                    self.failed = true;
                }
                earshot - HANDICAP
            }
        }
    }

    /// Windows judged, and how often Silero ran for them.
    pub fn looks(&self) -> (u64, u64) {
        (self.windows, self.looks)
    }

    /// What comes next does not follow on what was before. Silero keeps its memory of the line.
    pub fn cut(&mut self) {
        self.earshot = earshot::Earshot::new();
        self.missed.clear();
    }
}

/// Log-odds of a probability, kept within ±9.2 so that one detector alone cannot decide for ever.
fn logit(p: f32) -> f32 {
    let p = p.clamp(1e-4, 1.0 - 1e-4);
    (p / (1.0 - p)).ln()
}
