//! Tools of the tests: seeded networks, rooms, tones, voices, labelled speech, models, WAV files, and whole rooms under simulated time.
pub mod acoustics;
pub mod detectors;
pub mod labelled;
pub mod netem;
pub mod phrases;
pub mod sim;
pub mod ticks;
pub mod tone;
pub mod voice;
pub mod voices;
pub mod wav;
