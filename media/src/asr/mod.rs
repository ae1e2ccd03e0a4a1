//! Recognition: sound in, words out. Adapters of engines are folders beside this file; [`fused`] asks two of them.
mod abort;
mod chain;
pub mod fused;
// Without a recogniser of its own, only remote ones read grammars.
#[cfg_attr(not(any(feature = "pocketsphinx", feature = "whisper", feature = "zipformer")), allow(dead_code))]
mod jsgf;
mod lull;
#[cfg(feature = "pocketsphinx")]
pub mod pocketsphinx;
mod probe;
#[cfg(any(feature = "pocketsphinx", feature = "whisper", feature = "zipformer"))]
mod ready_grammars;
pub mod remote;
pub mod scripted;
mod text;
#[cfg(feature = "whisper")]
pub mod whisper;
#[cfg(feature = "zipformer")]
pub mod zipformer;

pub use abort::Abort;
pub use chain::RecogniserChain;
pub(crate) use lull::Lull;
pub use probe::{PROBE, sound as probe_sound};

use crate::{Language, SamplePos};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The confidence that words have at most which are to be asked about ("Did you say …?"): less than a bot's `turn.good`.
pub(crate) const ASKED: f32 = 0.45;
/// Where a caller rises by less than this (dB) above noise or others who speak, the words of a recogniser that knows the grammar alone may
/// be wrong however sure it is ("tuesday" for "today"): quiet lines have 41 and more.
pub(crate) const NOISY_DB: f32 = 24.0;

/// Pronunciations a bot brings for words the engine's dictionary lacks (word to phones, in the engine's own notation).
pub type Lexicon = Arc<BTreeMap<String, Vec<String>>>;

/// What a listening session is to recognise, fixed before the caller speaks.
#[derive(Clone, Debug)]
pub struct Ask {
    pub language: Language,
    pub expect: Expect,
    pub lexicon: Lexicon,
}

#[derive(Clone, Debug)]
pub enum Expect {
    /// A JSGF grammar (JSpeech Grammar Format, W3C note of 2000) with one public rule; words are lower case, NFC.
    Grammar(Arc<str>),
    /// Free speech, for engines without need of a grammar.
    Anything,
}

/// What an engine can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// It recognises only what a grammar allows.
    pub needs_grammar: bool,
    /// It gives partial words while the caller speaks.
    pub partials: bool,
}

/// One recogniser, shared by all calls. `open` and the calls on [`Hearing`] run on a speech worker and may block it.
pub trait Recogniser: Send + Sync {
    /// The engine's name for logs, metrics and `check`, e.g. `pocketsphinx`.
    fn name(&self) -> &'static str;
    fn caps(&self, language: Language) -> Option<Caps>;
    /// Checks at load whether `ask` can be recognised: the error names words without a pronunciation.
    fn check(&self, ask: &Ask) -> Result<(), AsrFault>;
    fn open(&self, ask: &Ask) -> Result<Box<dyn Hearing>, AsrFault>;
    /// Checks whether the engine works, with generated sound ([`PROBE`] long). `ask`: one that it failed on.
    fn probe(&self, ask: &Ask) -> Result<(), AsrFault> {
        let mut hearing = self.open(ask)?;
        hearing.sound(&probe::sound())?;
        hearing.finish().map(drop)
    }
    /// How long one call on a [`Hearing`] that has had this much sound may take before the engine counts as hung. The
    /// server's own limit (`speech.listen_limit_ms`) applies where it is longer.
    fn patience(&self, utterance: Duration) -> Duration {
        utterance / 4 + Duration::from_millis(350)
    }
}

/// The recognition of one utterance: 16 kHz mono PCM in, the best words so far out.
pub trait Hearing: Send {
    /// More sound of this utterance. Words so far, where the engine has partials and they changed.
    fn sound(&mut self, pcm: &[i16]) -> Result<Option<String>, AsrFault>;
    /// More sound of this utterance, without partial words: `finish` is about to follow, or the server is behind. An engine that
    /// decodes the whole utterance in `finish` need only store it.
    fn keep(&mut self, pcm: &[i16]) -> Result<(), AsrFault> {
        self.sound(pcm).map(drop)
    }
    /// How far, in dB, the caller's speech rises above noise and others who speak, where that is known: comes before `finish`. For engines that
    /// trust themselves less in noise.
    fn rises_above(&mut self, _db: f32) {}
    /// The words of all sound so far. The caller may go on afterwards (a pause, not an end): then `sound` continues the
    /// same utterance, and a later `finish` covers it whole.
    fn finish(&mut self) -> Result<Hypothesis, AsrFault>;
    /// Works ahead for `finish`: the caller may have paused, and the server has time. What it finds is used where no more than quiet follows.
    /// For engines whose `finish` takes longer than some tens of milliseconds.
    fn look_ahead(&mut self) -> Result<(), AsrFault> {
        Ok(())
    }
    /// The flag of this utterance's session. While it is raised, `finish` and `look_ahead` may end early with [`AsrFault::Aborted`]; while it
    /// is raised or hurried, `sound` may end without partial words. The utterance stays whole. For engines that work for longer than
    /// some tens of milliseconds.
    fn abort_by(&mut self, _abort: &Abort) {}
}

/// A result. `text` is `None` for speech that is nothing the session asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    pub text: Option<String>,
    /// 0.0–1.0.
    pub confidence: f32,
}

/// From a listening session to the call.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// Words so far; they may still change.
    Partial { text: String },
    /// All words from `from` to a pause at `to`. If the caller goes on, a later `Final` with the same `from` replaces it.
    Final {
        hypothesis: Hypothesis,
        from: SamplePos,
        to: SamplePos,
        engine: &'static str,
        took: Duration,
        done_at: Instant,
    },
    /// No engine could recognise it; the call goes on without recognition until the next session.
    Failed(AsrFault),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AsrFault {
    #[error("no recogniser for this language: {0}")]
    Language(String),
    #[error("no pronunciation for {0:?}: add it to the bot's [lexicon], for example `{example} = \"…\"`", example = .0.first().map_or("word", String::as_str))]
    Pronunciation(Vec<String>),
    #[error("grammar refused: {0}")]
    Grammar(String),
    #[error("model not usable: {0}")]
    Model(String),
    #[error("engine failed: {0}")]
    Engine(String),
    #[error("engine took longer than its limit")]
    Late,
    /// The session has raised its [`Abort`].
    #[error("the result is not wanted any more")]
    Aborted,
    #[error("all speech workers are busy")]
    Busy,
}

/// A listening session, as an ear sees it: takes the sound of one turn. Never blocks: a session whose queue is full ends with
/// [`Heard::Failed`].
pub trait Listen: Send {
    fn cue(&mut self, cue: Cue);
}

/// From an ear to a listening session.
#[derive(Clone, Debug, PartialEq)]
pub enum Cue {
    /// Speech began at `at`; sound from a little earlier (pre-roll) follows.
    Begin { at: SamplePos },
    /// The caller speaks from `at` on; all sound so far but the newest `keep` samples was that of somebody further away, and belongs to no
    /// utterance.
    Anew { at: SamplePos, keep: usize },
    /// 16 kHz mono sound, in order, from `Begin` until the session is dropped or `Pause`.
    Sound(Vec<i16>),
    /// How far, in dB, the caller's speech rises above the line's noise and above whoever speaks behind them: before a `Pause`, where it is
    /// known.
    Above { db: f32 },
    /// Silence since `at`. A `Begin` may follow when the caller goes on with the same turn: then the silence between
    /// follows as sound too, so that the utterance stays whole.
    Pause { at: SamplePos },
}
