//! Rehearsals: scripted callers against a bot, by text in simulated time, with what is expected of it.
//!
//! Layout: a [`scenario`] is read from TOML; a [`caller`] follows it in a [`call`], whose [`tools`] answer from the file; the [`record`] of the
//! call is judged by its [`verdict`], and where the scenario has statements for one, by a [`judge`]. A [`model`] is asked for that, and for what a
//! caller with a goal says. [`run`] does that for all runs of all scenarios, [`report`] tells what came of it.
//!
//! It uses `dialog` only, and reads no clock: who runs it says at which moment time begins.
//!
//! Modules use those that stand before them in this list, never one behind: `random`, `pattern`, `model`, `scenario`, `tools`, `record`, `caller`,
//! `call`, `verdict`, `judge`, `run`, `report`.

pub mod call;
pub mod caller;
pub mod difference;
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

#[cfg(test)]
mod tests;
