//! Whisper through whisper.cpp: free speech in any language its model knows, once a user has brought a ggml file.
//!
//! One context is shared by all calls; each decode borrows a state from a pool and runs on the calling thread alone
//! (whisper.cpp's own threads spin at barriers: on a busy machine two are ten times slower than one). Whisper takes sound
//! of 30 s at once; the encoder is cut to the length of the utterance (`audio_ctx`), which saves most of the time.
mod decode;
mod figures;
pub mod file;
mod hearing;
mod parameters;
mod reader;
mod score;
mod vocabulary;
mod written_grammar;

use super::ready_grammars::ReadyGrammars;
use super::{Ask, AsrFault, Caps, Expect, Hearing, Recogniser};
use crate::Language;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use whisper_rs::{WhisperContext, WhisperContextParameters, WhisperState};
use written_grammar::Grammar;

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
    vocabulary: vocabulary::Vocabulary,
    silence: Mutex<reader::Silence>,
    /// By their text and language.
    grammars: ReadyGrammars<(Arc<str>, Language), Grammar>,
    languages: Vec<Language>,
    /// Whether a decode is cheap enough for partial words.
    partials: bool,
    partial_every: Duration,
    partials_up_to: usize,
}

/// Of one core, what decoding two seconds of speech takes with a model of the size of Whisper `tiny`; larger ones take more in proportion
/// to [`size`].
const TINY: Duration = Duration::from_millis(290);

/// What scoring a grammar may take beside the decode with a model of that size, on a machine that is busy.
const SCORING: Duration = Duration::from_millis(1_800);

/// The size of a model's encoder, `tiny` being 1.
fn size(context: &WhisperContext) -> f64 {
    let (layers, state) = (context.model_n_audio_layer(), context.model_n_audio_state());
    f64::from(layers) * f64::from(state).powi(2) / (4.0 * 384.0 * 384.0)
}

/// States kept for the next decode; more than this many at once are dropped after use.
const MOST_IDLE: usize = 16;

impl Whisper {
    /// Loads the model (30 ms for the smallest, a second for the largest) and decodes silence.
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
        file::check_lengths(path).map_err(|why| refused(why, again))?;
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
        let again_because = |why: AsrFault| refused(why.to_string(), again);
        let silence = create_state(&context).and_then(|state| reader::Silence::new(state, languages[0]));
        let (silence, size) = (silence.map_err(again_because)?, size(&context));
        Ok(Self(Arc::new(Engine {
            vocabulary: vocabulary::Vocabulary::of(&context),
            silence: Mutex::new(silence),
            grammars: ReadyGrammars::default(),
            context,
            idle: Mutex::default(),
            running: AtomicUsize::new(0),
            languages,
            partials: TINY.mul_f64(size) <= plan.partial_every / 4,
            partial_every: plan.partial_every,
            partials_up_to: plan.partials_up_to,
        })))
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
            Err(AsrFault::Language(format!("the Whisper model is not set for {}", language.code())))
        }
    }
}

impl Recogniser for Whisper {
    fn name(&self) -> &'static str {
        "whisper"
    }

    fn caps(&self, language: Language) -> Option<Caps> {
        self.hears(language).ok().map(|()| Caps { needs_grammar: false, partials: self.0.partials })
    }

    /// Whisper has a word for everything: only the language can be wrong.
    fn check(&self, ask: &Ask) -> Result<(), AsrFault> {
        self.hears(ask.language)
    }

    /// Where `ask` has a grammar, its sentences are scored; what is none of them is heard as free text, and so is everything
    /// where the grammar is too large or not well-formed.
    fn open(&self, ask: &Ask) -> Result<Box<dyn Hearing>, AsrFault> {
        self.hears(ask.language)?;
        let expected = match &ask.expect {
            Expect::Grammar(jsgf) => self
                .0
                .grammar(jsgf, ask.language)
                .inspect_err(|why| tracing::debug!(%why, "a grammar is not scored; Whisper hears free speech"))
                .ok(),
            Expect::Anything => None,
        };
        if let Some(grammar) = &expected {
            self.0.prepare(grammar)?;
        }
        Ok(Box::new(hearing::WhisperUtterance::new(self.0.clone(), ask.language, expected)))
    }

    /// A decode costs by the size of the encoder (2 s of speech on one thread: tiny 0.3 s, base 0.55 s, small 2.3 s), the sentences of a
    /// grammar cost as much again, and once more while silence has not been asked about them. A busy machine stretches it.
    fn patience(&self, utterance: Duration) -> Duration {
        let decode = utterance.max(Duration::from_secs(1)).mul_f64(0.25) + SCORING;
        Duration::from_millis(500) + decode.mul_f64(size(&self.0.context).clamp(1.0, 8.0))
    }
}

impl Engine {
    fn grammar(&self, jsgf: &Arc<str>, language: Language) -> Result<Arc<Grammar>, AsrFault> {
        let parse = || Grammar::parse(jsgf, language).map_err(AsrFault::Grammar);
        self.grammars.get((jsgf.clone(), language), parse)
    }

    fn take_state(&self) -> Result<WhisperState, AsrFault> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| create_state(&self.context), Ok)
    }

    fn put_state(&self, state: WhisperState) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_IDLE {
            idle.push(state);
        }
    }
}

fn create_state(context: &WhisperContext) -> Result<WhisperState, AsrFault> {
    let failed = |why| AsrFault::Engine(format!("Whisper has no memory for a decode: {why}"));
    context.create_state().map_err(failed)
}

/// The model that tests use, beside its scripts.
#[cfg(test)]
fn fixture() -> PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/whisper/ggml-switchboard-test-q5_0.bin")
}

#[cfg(test)]
mod tests;
