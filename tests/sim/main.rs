//! Whole calls under simulated time: the real room and the real core of a call, with a scripted caller at one end and scripted
//! engines at the other. No thread, no socket, no clock: an hour passes in seconds, and every run is the same.
//!
//! Each call leaves a trace in `tests/golden`; `UPDATE_GOLDEN=1` rewrites them. What `invariants` says holds in every call.

mod booking;
mod caller;
mod ear;
mod fault;
mod golden;
mod hour;
mod interruption;
mod invariants;
mod keypad;
mod line;
mod listener;
mod page;
mod parts;
mod person;
mod plan;
mod port;
mod recogniser;
mod rig;
mod silence;
mod supervisor;
mod texts;
mod voice;
