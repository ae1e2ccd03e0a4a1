//! What touches a sample: jitter, codecs, voice activity, recognition, synthesis, playout, mixing and recording.
//!
//! `media` knows no SIP and no words' meaning. Its cores ([`room::Room`], [`leg::Leg`], [`ear::Ear`]) are told the time
//! and never read a clock; the thread loops in [`engine`] and [`pool`] are the drivers.

pub mod asr;
pub mod chain;
pub mod codec;
mod complex;
pub mod conceal;
pub mod ear;
pub mod ear_input;
pub mod echo;
pub mod egress;
pub mod engine;
pub mod frame;
pub mod health;
pub mod hears;
#[cfg(any(feature = "piper", feature = "zipformer"))]
mod inference;
pub mod ingress;
pub mod jitter;
pub mod keys;
pub mod language;
pub mod leg;
pub mod levels;
pub mod line;
pub mod mix;
pub mod music;
pub mod noise;
pub mod packet;
pub mod playout;
pub mod pool;
pub mod prosody;
#[cfg(any(feature = "piper", feature = "zipformer"))]
mod protobuf;
pub mod record;
pub mod remote;
pub mod resample;
pub mod room;
pub mod seat;
pub mod stats;
pub mod stretch;
pub mod tap;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
pub mod tts;
pub mod vad;

pub use bytes::Bytes;
pub use frame::{Frame, Rate, SamplePos};
pub use language::Language;
pub use packet::{Packet, Wire};
