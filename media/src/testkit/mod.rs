//! Tools of the tests: seeded networks, tones, WAV files, and whole rooms under simulated time.
pub mod netem;
pub mod phrases;
pub mod sim;
pub mod tone;
pub mod wav;
