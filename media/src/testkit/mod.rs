//! Tools of the tests: seeded networks, rooms and voices, tones, WAV files, and whole rooms under simulated time.
pub mod acoustics;
pub mod netem;
pub mod sim;
pub mod tone;
pub mod voices;
pub mod wav;
