//! Rehearsals: scripted callers against a bot, by text in simulated time or by voice, with what is expected of it.
//!
//! Layout: a [`scenario`] is read from TOML; a [`caller`] follows it in a [`call`], whose [`tools`] answer from the file; the [`record`] of the
//! call is judged by its [`verdict`], and where the scenario has statements for one, by a [`judge`]. A [`model`] is asked for that, and for what a
//! caller with a goal says. [`run`] does that for all runs of all scenarios, [`report`] tells what came of it.
//!
//! By voice the same caller is in a [`voice`] call, a core too: who opens its sockets implements [`voice::VoiceCalls`].
//!
//! It uses `dialog` only, and reads no clock: who runs it says at which moment time begins.
//!
//! Modules use those that stand before them in this list, never one behind: `random`, `pattern`, `model`, `scenario`, `tools`, `ear`, `record`,
//! `caller`, `call`, `voice`, `verdict`, `judge`, `run`, `report`.

pub mod call;
pub mod caller;
pub mod difference;
pub mod ear;
pub mod judge;
pub mod model;
pub mod pattern;
pub mod random;
pub mod record;
pub mod recorded;
pub mod report;
pub mod run;
pub mod scenario;
pub mod tools;
pub mod verdict;
pub mod voice;

#[cfg(test)]
mod tests;
