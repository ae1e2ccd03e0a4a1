//! Speech engines of other machines. Each listening session and each call's voice is an async task outside of the speech pool; where the
//! engine fails, or is slower than its patience, the engines of this machine take over what it has begun.
//!
//! [`utterance`] and [`clauses`] decide what is sent, believed and handed over; they are cores, told the time. [`listening`] and [`speaking`] drive
//! them over a [`connection`]. What protocols mean is in `media::asr::remote` and `media::tts::remote`.
mod clauses;
pub(crate) mod connection;
mod engine;
mod listening;
pub mod load;
mod speaking;
mod utterance;

pub use clauses::word_of;
pub use engine::{Account, RemoteEngine};
pub use listening::{RemoteListener, RemoteRecogniser};
pub use speaking::{RemoteSpeaker, RemoteVoice, VoiceSetup};
use std::sync::Arc;

pub type SharedRecogniser = Arc<RemoteRecogniser>;
pub type SharedVoice = Arc<RemoteVoice>;
/// The engines of one language, in their order.
pub type RemoteEars = Vec<SharedRecogniser>;
pub type RemoteVoices = Vec<SharedVoice>;
