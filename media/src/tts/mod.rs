//! Synthesis: clauses in, PCM and marks out. Adapters of engines are folders beside this file.
pub mod cache;
mod chain;
pub mod clause_files;
mod clause_formatter;
pub mod delivery;
#[cfg(unix)]
pub mod espeak;
#[cfg(all(unix, feature = "piper"))]
mod fingerprint;
#[cfg(feature = "flite")]
pub mod flite;
#[cfg(all(unix, feature = "kokoro"))]
pub mod kokoro;
pub mod loudness;
#[cfg(all(unix, feature = "piper"))]
mod parts;
#[cfg(all(unix, feature = "piper"))]
pub mod piper;
pub mod remote;
pub mod scripted;

pub use chain::VoiceChain;

use crate::{Language, Rate};
use delivery::{ClauseText, Delivery};
use std::ops::ControlFlow;
use std::time::Instant;

/// The number of a clause; numbers rise through a call. A playout never plays sound below its floor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtteranceId(pub u64);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Voice {
    pub language: Language,
    /// The engine's name of the voice (`rms`, `kal16`, `vi`); an engine that does not know it takes its default.
    pub name: String,
    /// The rate the sound is wanted at: the line's.
    pub rate: Rate,
}

/// A stretch of sound, at the voice's rate.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    pub pcm: &'a [i16],
    /// When this chunk has been played, the caller has heard this many characters of the text.
    pub upto_char: u32,
}

/// Takes a clause's sound from its engine; `Break` ends it.
pub type TakeChunk<'a> = dyn FnMut(Chunk<'_>) -> ControlFlow<()> + 'a;

/// One synthesiser, shared by all calls. `speak` runs on a speech worker and may block it.
pub trait Synthesiser: Send + Sync {
    fn name(&self) -> &'static str;
    fn speaks(&self, language: Language) -> bool;
    /// Synthesises normalised text into `sink`, chunk by chunk; `Break` from the sink ends it early (that is no fault). An empty
    /// chunk means that the engine is alive and waits for its turn.
    fn speak(&self, voice: &Voice, text: &str, sink: &mut TakeChunk<'_>) -> Result<(), TtsFault>;
    /// Like [`Synthesiser::speak`], as a bot's markup wants it. An engine that cannot do a part of it says the words as ever.
    fn deliver(
        &self,
        voice: &Voice,
        text: &str,
        delivery: &Delivery,
        sink: &mut TakeChunk<'_>,
    ) -> Result<(), TtsFault> {
        if !delivery.is_usual() {
            tracing::debug!(engine = self.name(), "this voice knows neither speeds nor phonemes of a text");
        }
        self.speak(voice, text, sink)
    }
    /// A text that changes with everything but the clause and the voice that decides how it sounds: the model, its settings. Sound may
    /// be kept between starts by it; without one it is not.
    fn fingerprint(&self) -> Option<&str> {
        None
    }
    /// What has to be done once for a voice before it speaks (measuring its level): a call that is the first would wait for it.
    fn prepare(&self, _voice: &Voice) -> Result<(), TtsFault> {
        Ok(())
    }
    /// Checks whether the engine works, with a word that nobody hears. A wrapper with a cache probes the engine behind it.
    fn probe(&self, voice: &Voice, sink: &mut TakeChunk<'_>) -> Result<(), TtsFault> {
        self.speak(voice, "a", sink)
    }
}

/// A piece of sound for a leg's playout.
#[derive(Clone, Debug)]
pub struct Sound {
    pub utterance: UtteranceId,
    /// At `rate`; a playout of another rate converts it.
    pub pcm: Vec<i16>,
    pub rate: Rate,
    pub upto_char: u32,
    pub interruptible: bool,
    /// The utterance has no further sound. `pcm` may be empty.
    pub last: bool,
}

/// Events of a speaking session for its call.
#[derive(Clone, Debug, PartialEq)]
pub enum Spoken {
    /// The first sound of an utterance has left for the playout.
    Started {
        utterance: UtteranceId,
        engine: &'static str,
        at: Instant,
    },
    Done {
        utterance: UtteranceId,
    },
    /// No engine could synthesise it. The playout has got the end of the utterance.
    Failed {
        utterance: UtteranceId,
        fault: TtsFault,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TtsFault {
    #[error("no voice for this language: {0}")]
    Language(String),
    #[error("engine failed: {0}")]
    Engine(String),
    #[error("engine took longer than its limit")]
    Late,
    #[error("all speech workers are busy")]
    Busy,
}

/// A call's voice, as the call sees it: says clauses in order, their sound goes to a [`Sink`], news of them are [`Spoken`]. Dropping it
/// ends it.
pub trait Speak: Send {
    /// Queues one clause after the clauses before it.
    ///
    /// # Errors
    /// [`TtsFault::Busy`] when too many clauses wait, or when the voice was not admitted.
    fn say(&self, utterance: UtteranceId, text: ClauseText, interruptible: bool) -> Result<(), TtsFault>;
    /// Sets the line's rate for clauses that have not begun.
    fn tune(&self, rate: Rate);
    /// Answers come too late, so that clauses are said by a quicker voice than one whose sound is long in coming; or in time again.
    fn hurry(&self, hurries: bool);
    /// Drops clauses below `floor`; one in progress stops. Hushed clauses have no further events.
    fn hush(&self, floor: UtteranceId);
}

/// Takes the sound of a speaking session: a leg's playout.
pub trait Sink: Send {
    /// Never blocks. The playout drops hushed sound.
    ///
    /// # Errors
    /// Why the sound was not taken.
    fn sound(&mut self, sound: Sound) -> Result<(), Unsent>;
}

/// Why a [`Sink`] did not take a piece of sound.
#[derive(Debug)]
pub enum Unsent {
    /// The queue is full. The piece is returned, to be offered again later.
    Full(Sound),
    /// The call is gone.
    Gone,
}
