//! Whole conversations.
use super::*;

const BOOKING: &str = include_str!("../../../configs/bots/booking.en.toml");

#[test]
fn print_a_booking() {
    let mut sim = Sim::new(Bot::parse(BOOKING, "booking").unwrap_or_else(|e| panic!("{e}")));
    sim.input(Input::Answered);
    for words in ["book a room", "mountain view", "today", "two thirty p m", "half an hour", "two people", "yes"] {
        sim.say(words);
    }
    sim.listen();
    println!("{}", sim.look().join("\n"));
    let asks = sim.talk.deadline();
    println!("{asks:?}");
}
