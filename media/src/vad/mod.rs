//! Voice activity: where speech begins and where it stops.
//!
//! Two detectors look at the same 32 ms [`WINDOW`]: Silero v6.2 (a recurrent network, run by rten) and earshot (a small
//! network inside its crate). Their log-odds are added ([`Vad`]); the [`gate`] turns the stream of them into [`Edge`]s.
pub mod earshot;
pub mod gate;
pub mod silero;

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
}

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
    /// The window before, which Silero is shown first after it has looked away.
    last: [i16; WINDOW],
    /// Windows that Silero has not looked at since it last did.
    away: u32,
    looks: u64,
    windows: u64,
}

/// Weight of each detector's log-odds; their sum is speech where it is positive.
const WEIGHT: f32 = 0.6;
/// Log-odds of earshot below which Silero need not look while nothing rises above the noise.
const SUSPICION: f32 = -0.3;
/// What a window counts as for Silero that it does not look at.
const UNSEEN: f32 = -6.0;
/// Silero starts afresh after having looked away for this many windows (0.5 s).
const FORGET: u32 = 16;

impl Vad {
    pub fn new(models: &Models) -> Self {
        Self {
            earshot: earshot::Earshot::new(),
            silero: models.silero.clone().map(|model| (model, silero::Memory::new())),
            last: [0; WINDOW],
            away: 0,
            looks: 0,
            windows: 0,
        }
    }

    /// The log-odds that `window` is speech.
    pub fn score(&mut self, window: &[i16; WINDOW], attention: Attention) -> f32 {
        self.windows += 1;
        let earshot = self.earshot.score(window);
        let Some((model, memory)) = &mut self.silero else { return earshot };
        if attention == Attention::Idle && earshot < SUSPICION {
            self.away += 1;
            self.last = *window;
            return WEIGHT * (UNSEEN + earshot);
        }
        if self.away > 0 {
            if self.away >= FORGET {
                *memory = silero::Memory::new();
            }
            self.away = 0;
            self.looks += 1;
            // What it says of the window before is of no use any more; a fault shows at the next one.
            let _ = model.score(memory, &self.last);
        }
        self.looks += 1;
        self.last = *window;
        match model.score(memory, window) {
            Ok(silero) => WEIGHT * (silero + earshot),
            Err(why) => {
                tracing::warn!(%why, "Silero failed on one line, which goes on with earshot alone");
                self.silero = None;
                earshot
            }
        }
    }

    /// Windows judged, and how often Silero ran for them.
    pub fn looks(&self) -> (u64, u64) {
        (self.windows, self.looks)
    }

    /// Forgets the sound so far.
    pub fn reset(&mut self) {
        self.earshot = earshot::Earshot::new();
        if let Some((_, memory)) = &mut self.silero {
            *memory = silero::Memory::new();
        }
        self.last = [0; WINDOW];
        self.away = 0;
    }
}

/// Log-odds of a probability, kept within ±9.2 so that one detector alone cannot decide for ever.
fn logit(p: f32) -> f32 {
    let p = p.clamp(1e-4, 1.0 - 1e-4);
    (p / (1.0 - p)).ln()
}
