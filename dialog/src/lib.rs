//! What touches a word: turn-taking, the conversation, bots, slots, prompts and how numbers are said.
//!
//! `dialog` is a text machine. It depends on no other crate of ours, reads no clock and does no I/O, so a bot can be run as
//! a chat in a terminal, and an hour of conversation takes milliseconds in a test.

pub mod conversation;
