//! Whisper through whisper.cpp: free speech in any language its model knows, once a user has brought a ggml file.
//!
//! One context is shared by all calls; each decode borrows a state from a pool and runs on the calling thread alone
//! (whisper.cpp's own threads spin at barriers: on a busy machine two are ten times slower than one). Whisper takes sound
//! of 30 s at once; the encoder is cut to the length of the utterance (`audio_ctx`), which saves most of the time.
mod decode;
pub mod file;
mod hearing;
mod text;

use super::{Ask, AsrFault, Caps, Hearing, Recogniser};
use crate::Language;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use whisper_rs::{WhisperContext, WhisperContextParameters, WhisperState};

/// Which model, and how it is used.
#[derive(Clone, Debug)]
pub struct WhisperPlan {
    /// A ggml file: Whisper's own, or one trained further (PhoWhisper for Vietnamese).
    pub model: PathBuf,
    /// The file's SHA-256, where it is to be checked at start-up.
    pub sha256: Option<String>,
    /// What it is to be asked for; a model of English alone hears no other language whatever this says.
    pub languages: Vec<Language>,
    /// New sound between two decodes for partial words. Long utterances wait longer.
    pub partial_every: Duration,
    /// Partial words are left out while this many decodes are running.
    pub partials_up_to: usize,
}

impl WhisperPlan {
    pub fn new(model: impl Into<PathBuf>) -> Self {
        Self {
            model: model.into(),
            sha256: None,
            languages: vec![Language::En, Language::Vi],
            partial_every: Duration::from_millis(600),
            partials_up_to: 1,
        }
    }
}

/// A loaded model; a clone of the `Arc` inside goes into each [`Hearing`].
pub struct Whisper(Arc<Engine>);

struct Engine {
    context: WhisperContext,
    /// States that no decode uses: 22–36 MB each, about as many as there are speech workers.
    idle: Mutex<Vec<WhisperState>>,
    running: AtomicUsize,
    languages: Vec<Language>,
    partial_every: Duration,
    partials_up_to: usize,
}

/// States kept for the next decode; more than this many at once are dropped after use.
const MOST_IDLE: usize = 16;

impl Whisper {
    /// Loads the model (30 ms for the smallest, a second for the largest) and decodes half a second of silence.
    ///
    /// # Errors
    /// [`AsrFault::Model`] names the file and what to do.
    pub fn load(plan: &WhisperPlan) -> Result<Self, AsrFault> {
        let path = plan.model.as_path();
        let refused = |why: String, remedy: &str| AsrFault::Model(format!("{} ({why}): {remedy}", path.display()));
        if !path.is_file() {
            return Err(refused(
                "there is no such file".into(),
                "set the path of a ggml file; `switchboard models` says where to get one",
            ));
        }
        if let Some(expected) = &plan.sha256 {
            file::verify(path, expected).map_err(|why| AsrFault::Model(why.to_string()))?;
        }
        let again = "fetch it again; `switchboard models` says where from and checks it";
        file::walk(path).map_err(|why| refused(why, again))?;
        // Without a log feature of whisper-rs these hooks drop what whisper.cpp and ggml would print.
        whisper_rs::install_logging_hooks();
        let context = WhisperContext::new_with_params(path, WhisperContextParameters::default())
            .map_err(|_| refused("whisper.cpp refuses it".into(), again))?;
        let multilingual = context.is_multilingual();
        let languages: Vec<Language> =
            plan.languages.iter().copied().filter(|language| multilingual || *language == Language::En).collect();
        if languages.is_empty() {
            return Err(refused(
                "it knows none of the languages it is set for".into(),
                "name languages it was trained on",
            ));
        }
        let language = languages[0];
        let whisper = Self(Arc::new(Engine {
            context,
            idle: Mutex::default(),
            running: AtomicUsize::new(0),
            languages,
            partial_every: plan.partial_every,
            partials_up_to: plan.partials_up_to,
        }));
        whisper.0.decode(&[0.0; 8_000], language).map_err(|why| refused(why.to_string(), again))?;
        Ok(whisper)
    }

    /// The model in words for people: its size and file type.
    pub fn describe(&self) -> String {
        let context = &self.0.context;
        let languages = if context.is_multilingual() { "many languages" } else { "English" };
        let (layers, state) = (context.model_n_audio_layer(), context.model_n_audio_state());
        format!("Whisper, {layers} layers of {state}, ggml file type {}, {languages}", context.model_ftype())
    }

    fn hears(&self, language: Language) -> Result<(), AsrFault> {
        if self.0.languages.contains(&language) {
            Ok(())
        } else {
            Err(AsrFault::Language(format!("the Whisper model is not set for {}", decode::code(language))))
        }
    }
}

impl Recogniser for Whisper {
    fn name(&self) -> &'static str {
        "whisper"
    }

    fn caps(&self, language: Language) -> Option<Caps> {
        self.hears(language).ok().map(|()| Caps { needs_grammar: false, partials: true })
    }

    /// Whisper has a word for everything: only the language can be wrong.
    fn check(&self, ask: &Ask) -> Result<(), AsrFault> {
        self.hears(ask.language)
    }

    /// Whisper hears free text whatever `ask` expects; what fits a grammar is decided where its words are understood.
    fn open(&self, ask: &Ask) -> Result<Box<dyn Hearing>, AsrFault> {
        self.hears(ask.language)?;
        Ok(Box::new(hearing::Utterance::new(self.0.clone(), ask.language)))
    }

    /// A decode costs by the size of the encoder (2 s of speech on one thread: tiny 0.3 s, base 0.55 s, small 2.3 s), and a
    /// busy machine stretches it.
    fn patience(&self, utterance: Duration) -> Duration {
        let (layers, state) = (self.0.context.model_n_audio_layer(), self.0.context.model_n_audio_state());
        let size = f64::from(layers) * f64::from(state).powi(2) / (4.0 * 384.0 * 384.0);
        Duration::from_millis(500) + utterance.max(Duration::from_secs(1)).mul_f64((0.25 * size).clamp(0.25, 8.0))
    }
}

impl Engine {
    fn take_state(&self) -> Result<WhisperState, AsrFault> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(state) => Ok(state),
            None => self
                .context
                .create_state()
                .map_err(|why| AsrFault::Engine(format!("Whisper has no memory for a decode: {why}"))),
        }
    }

    fn put_state(&self, state: WhisperState) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_IDLE {
            idle.push(state);
        }
    }
}

/// The model that tests use, beside its scripts.
#[cfg(test)]
fn fixture() -> PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/whisper/ggml-switchboard-test-q5_0.bin")
}

#[cfg(test)]
mod tests;
