//! What the bot thinks: a `Brain` says what to say, to ask and to do. `Flow` is the one there is: a frame of slots, filled in any
//! order; it needs no language model.
pub mod brain;
pub mod chat;
pub mod flow;
pub mod grammar;
pub mod handed;
pub mod language_model;
pub(crate) mod numbered;
pub mod step;
pub mod thought;
