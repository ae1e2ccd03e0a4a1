//! Zipformer transducers (Yao and others, 2023; Graves, 2012) as sherpa-onnx publishes them for processors: recognisers of free
//! speech that hear while the caller speaks, in Rust on rten.
//!
//! A folder holds a model: `encoder*.onnx`, `decoder*.onnx`, `joiner*.onnx` (int8 or float), `tokens.txt` and, where the publisher
//! gives one, `bpe.model`. An encoder that keeps a state hears its sound chunk by chunk (320 ms); one without hears the utterance
//! at its end. What the step expects is favoured, not required: its phrases are the "hot words" of the search. Each utterance is
//! decoded by itself, one thread per speech worker; many lines in one run of a graph would need a seam that gathers them.
mod beam;
mod context;
mod expected;
mod fbank;
mod files;
mod graphs;
mod hearing;
mod pieces;
#[cfg(test)]
mod tests;
mod tokens;

use super::ready_grammars::ReadyGrammars;
use super::{Ask, AsrFault, Caps, Expect, Hearing, Recogniser};
use crate::Language;
use crate::inference::{self, Threads};
use beam::Search;
use expected::Expected;
use fbank::Fbank;
use files::Files;
use graphs::{Decoder, Encoder, EncoderKind, Joiner};
use pieces::Pieces;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokens::Tokens;

/// Which model, and how it is used.
#[derive(Clone, Debug)]
pub struct ZipformerPlan {
    pub language: Language,
    /// The folder with its files.
    pub dir: PathBuf,
    /// How many sequences of tokens the search follows; 1 is the greedy search, which knows no expected phrases.
    pub beam: usize,
}

impl ZipformerPlan {
    pub fn new(language: Language, dir: impl Into<PathBuf>) -> Self {
        Self { language, dir: dir.into(), beam: 4 }
    }
}

/// A loaded model; a clone of the `Arc` inside goes into each [`Hearing`].
pub struct Zipformer(Arc<Engine>);

struct Engine {
    plan: ZipformerPlan,
    fbank: Fbank,
    encoder: Encoder,
    decoder: Decoder,
    joiner: Joiner,
    tokens: Tokens,
    pieces: Pieces,
    /// By their text.
    grammars: ReadyGrammars<Arc<str>, Expected>,
}

impl Zipformer {
    /// Loads the graphs and lets them hear a moment of silence, so that what rten cannot run is known at once.
    ///
    /// # Errors
    /// [`AsrFault::Model`] names the file and what to do.
    pub fn load(plan: ZipformerPlan) -> Result<Self, AsrFault> {
        let refused = |path: &Path, why: String| {
            let again = "fetch the model again; `switchboard models` says where from";
            AsrFault::Model(format!("{} ({why}): {again}", path.display()))
        };
        let files = Files::find(&plan.dir).map_err(|why| refused(&plan.dir, why))?;
        let text = std::fs::read_to_string(&files.tokens).map_err(|why| why.to_string());
        let tokens = text.and_then(|text| Tokens::parse(&text)).map_err(|why| refused(&files.tokens, why))?;
        let pieces = match &files.pieces {
            Some(path) => read_pieces(path).map_err(|why| refused(path, why))?,
            None => Pieces::default(),
        };
        let engine = Engine {
            fbank: Fbank::new(),
            encoder: Encoder::load(&files.encoder).map_err(|why| refused(&files.encoder, why))?,
            decoder: Decoder::load(&files.decoder).map_err(|why| refused(&files.decoder, why))?,
            joiner: Joiner::load(&files.joiner).map_err(|why| refused(&files.joiner, why))?,
            tokens,
            pieces,
            grammars: ReadyGrammars::default(),
            plan,
        };
        if engine.tokens.len() < engine.decoder.vocabulary {
            let (known, wanted) = (engine.tokens.len(), engine.decoder.vocabulary);
            return Err(refused(&files.tokens, format!("it has {known} tokens, and the model writes {wanted}")));
        }
        let mut trial = hearing::ZipformerUtterance::new(Arc::new(engine), None);
        trial
            .keep(&[0; 16_000])
            .and_then(|()| trial.finish())
            .map_err(|why| refused(&files.encoder, why.to_string()))?;
        Ok(Self(trial.into_engine()))
    }

    /// The model in words for people.
    pub fn describe(&self) -> String {
        let way = match self.0.encoder.kind {
            EncoderKind::Streaming { shift, .. } => format!("streaming, {} ms at once", shift * 10),
            EncoderKind::WholeUtterances => "whole utterances".into(),
        };
        format!("a zipformer transducer ({way}, {} tokens)", self.0.decoder.vocabulary)
    }

    fn hears(&self, language: Language) -> Result<(), AsrFault> {
        if language == self.0.plan.language {
            Ok(())
        } else {
            Err(AsrFault::Language(format!("the zipformer model is not set for {}", language.code())))
        }
    }
}

fn read_pieces(path: &Path) -> Result<Pieces, String> {
    let bytes = std::fs::read(path).map_err(|why| why.to_string())?;
    if path.extension().is_some_and(|extension| extension == "model") {
        Pieces::of_model(&bytes)
    } else {
        Pieces::of_vocabulary(&String::from_utf8_lossy(&bytes))
    }
}

impl Recogniser for Zipformer {
    fn name(&self) -> &'static str {
        "zipformer"
    }

    fn caps(&self, language: Language) -> Option<Caps> {
        let partials = matches!(self.0.encoder.kind, EncoderKind::Streaming { .. });
        self.hears(language).ok().map(|()| Caps { needs_grammar: false, partials })
    }

    /// It may write anything: only the language can be wrong.
    fn check(&self, ask: &Ask) -> Result<(), AsrFault> {
        self.hears(ask.language)
    }

    fn open(&self, ask: &Ask) -> Result<Box<dyn Hearing>, AsrFault> {
        self.hears(ask.language)?;
        let expected = match &ask.expect {
            Expect::Grammar(jsgf) => self
                .0
                .expected(jsgf)
                .inspect_err(|why| tracing::debug!(%why, "a grammar is not favoured; the model hears free speech"))
                .ok(),
            Expect::Anything => None,
        };
        Ok(Box::new(hearing::ZipformerUtterance::new(self.0.clone(), expected)))
    }

    /// A call may have the whole utterance to catch up with: a fifth of its time on a busy machine.
    fn patience(&self, utterance: Duration) -> Duration {
        utterance / 2 + Duration::from_millis(700)
    }
}

impl Engine {
    fn search<'a>(&'a self, expected: Option<&'a Expected>) -> Search<'a> {
        let context = expected.map(|expected| &expected.context);
        let Self { decoder, joiner, tokens, plan, .. } = self;
        Search { decoder, joiner, tokens, context, width: plan.beam.max(1) }
    }

    fn expected(&self, jsgf: &Arc<str>) -> Result<Arc<Expected>, String> {
        self.grammars.get(jsgf.clone(), || Expected::parse(jsgf, &self.tokens, &self.pieces))
    }

    /// Runs `work` where rten runs, so that its graphs do not change threads one by one.
    fn on_threads(&self, work: impl FnOnce(&Threads) -> Result<(), String> + Send) -> Result<(), AsrFault> {
        let threads = inference::threads();
        threads.run(|| work(&threads)).map_err(AsrFault::Engine)
    }
}
