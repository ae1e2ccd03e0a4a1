//! What touches a word: turn-taking, the conversation, bots, slots, prompts and how numbers are said.
//!
//! `dialog` is a text machine. It depends on no other crate of ours, reads no clock and does no I/O, so a bot can be run as
//! a chat in a terminal, and an hour of conversation takes milliseconds in a test.
//!
//! Layout: [`conversation`] is the core a driver talks to; inside it [`turn`] decides whose turn it is, [`model`] what to say and do,
//! [`history`] keeps what was heard of each [`clause`]. A [`bot`] is read from TOML. [`value`] reads what was said, [`say`] writes what will be spoken,
//! [`keypad`] knows what keys mean, [`insight`] what words tell of a mood, [`budget`] whether the bot answers in time. What they hand to each other stands in [`language`], [`memory`], [`expect`],
//! [`guidance`], [`person`], [`tool`] and [`approval`]; what of it is personal knows [`guard`]. [`knowledge`] searches the passages of documents. [`simulated`] runs a conversation in
//! simulated time, [`random`] has numbers of chance for it.
//!
//! Modules use those that stand before them in this list, never one behind:
//! `random`, `language`, `memory`, `expect`, `guidance`, `person`, `tool`, `approval`, `value`, `guard`, `knowledge`, `say`, `clause`, `history`, `keypad`, `insight`, `budget`, `turn`, `bot`,
//! `model`, `conversation`, `simulated`.

pub mod approval;
pub mod bot;
pub mod budget;
pub mod clause;
pub mod conversation;
pub mod expect;
pub mod guard;
pub mod guidance;
pub mod history;
pub mod insight;
pub mod keypad;
pub mod knowledge;
pub mod language;
pub mod memory;
pub mod model;
pub mod person;
pub mod random;
pub mod say;
pub mod seat_words;
pub mod simulated;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
pub mod tool;
pub mod turn;
pub mod value;
