//! Tools of the tests: seeded networks, tones, voices, labelled speech, WAV files, and whole rooms under simulated time.
pub mod labelled;
pub mod netem;
pub mod phrases;
pub mod sim;
pub mod tone;
pub mod voice;
pub mod wav;
