//! Ears, opened and closed by the call and by how supervisors take part.
use super::super::ears::EarCommand;
use super::super::tick::RoomOrder;
use super::*;
use crate::ear::EarState;
use crate::hears::Supervision;
use crate::room::BotMode;

#[test]
fn an_ear_is_open_while_the_call_and_the_room_let_it_hear() {
    use EarState::{Closed, Open};
    let supervisor = Seat(2);
    let (room, _events, slot) = slot(1);
    let (mut driver, inbox) = driver(vec![slot]);
    driver.slots[0].begin(driver.epoch);
    let mut ticks = 1u64..;
    let mut told = |ordered: Result<(), Refused>| {
        ordered.unwrap();
        let now = driver.at(ticks.next().unwrap());
        driver.turn(1, now, now);
        let orders = inbox.try_recv().unwrap_or_default().orders;
        let states = orders.into_iter().filter_map(|order| match order {
            EarCommand::SetState(_, seat, state) => Some((seat, state)),
            _ => None,
        });
        states.collect::<Vec<_>>()
    };
    let join = |seat: Seat| room.join(seat, Phone::pair().0, plan(Codec::Pcmu), Some(EarPlan::default()));
    assert_eq!(told(join(Seat::CALLER)), []);
    // Who only listens is for no ear.
    assert_eq!(told(join(supervisor)), [(supervisor, Closed)]);
    assert_eq!(told(room.supervise(supervisor, Supervision::Whisper)), [(supervisor, Open)]);
    assert_eq!(told(room.supervise(supervisor, Supervision::Monitor)), [(supervisor, Closed)]);
    // In a takeover each voice is transcribed, the caller's too.
    assert_eq!(told(room.supervise(supervisor, Supervision::TakeOver)), [(supervisor, Open)]);
    // The call closes the caller's ear meanwhile: it stays closed when the bot goes on.
    assert_eq!(told(room.set_ear(Seat::CALLER, Closed)), [(Seat::CALLER, Closed)]);
    assert_eq!(told(room.supervise(supervisor, Supervision::Monitor)), [(supervisor, Closed)]);
    assert_eq!(told(room.set_ear(Seat::CALLER, Open)), [(Seat::CALLER, Open)]);
    assert_eq!(told(room.bot(BotMode::Rests)), [(Seat::CALLER, Closed)]);
    assert_eq!(told(room.bot(BotMode::Speaks)), [(Seat::CALLER, Open)]);
    assert_eq!(told(room.leave(supervisor)), []);
    // While an agent speaks with the caller in the bot's place, both are transcribed.
    assert_eq!(told(room.order(RoomOrder::AgentApart(true))), []);
    assert_eq!(told(join(Seat::AGENT)), [(Seat::AGENT, Closed)]);
    assert_eq!(told(room.order(RoomOrder::AgentApart(false))), [(Seat::AGENT, Open)]);
    assert_eq!(told(room.bot(BotMode::Rests)), []);
    assert_eq!(told(room.leave(Seat::AGENT)), [(Seat::CALLER, Closed)]);
    assert_eq!(told(room.bot(BotMode::Speaks)), [(Seat::CALLER, Open)]);
}
