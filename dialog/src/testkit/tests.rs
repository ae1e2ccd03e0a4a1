//! Whole conversations under simulated time.
use super::*;
use crate::clause::{Clause, SayId};
use crate::history::Line;

mod approval;
mod booking;
mod brain;
mod call;
mod callers;
mod capture;
mod change;
mod chat;
mod desk;
mod documents;
mod doubted;
mod floor;
mod handing;
mod headers;
mod items;
mod listening;
mod lookup;
mod memory;
mod money;
mod parts;
mod person;
mod places;
mod random;
mod rights;
mod strangers;
mod supervised;
mod tools;
mod turn_figures;
mod typed;
mod unclear;
mod understood;

const BOOKING: &str = include_str!("../../../configs/bots/booking.en.toml");
const PLACES: &str = include_str!("../../../configs/bots/places.vi.toml");

/// A small bot with every kind of ending: a code that is secret, a tool, a free text.
const DESK: &str = concat!(
    include_str!("desk.toml"),
    r#"
[[task]]
name = "message"
phrases = ["leave a message"]
slots = ["message", "urgent"]
[task.on_done]
say = "Your message is noted."
then = "ask"
[[slot]]
name = "message"
type = "text"
prompt = "What is your message?"
[[slot]]
name = "urgent"
type = "yes_no"
prompt = "Is it urgent?"
"#
);

fn sim(bot: &str) -> Sim {
    let mut sim = Sim::new(Bot::parse(bot, "test.toml").unwrap_or_else(|e| panic!("{e}")));
    sim.input(Input::Answered);
    sim
}
