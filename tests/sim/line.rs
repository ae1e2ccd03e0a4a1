//! What the line does to a call.
use crate::plan::{Plan, ms};
use media::leg::Direction;
use switchboard::call::driver::Arrival;
use switchboard::call::{Blame, End, Order, Reason};

#[test]
fn a_hold_in_mid_prompt_loses_nothing() {
    let mut call = Plan::shipped("booking.en").answer();
    call.hear(ms(7_000));
    call.hold(Direction::Inactive);
    call.pass(ms(15_000));
    call.resume();
    call.hear_out();
    call.pass(ms(500));
    call.speak("book a room");
    call.hear_out();
    call.hang_up();
    call.check("hold");
}

#[test]
fn music_on_hold_is_no_caller() {
    let mut call = Plan::shipped("booking.en").answer();
    call.say("book a room");
    call.hear(ms(800));
    call.hold(Direction::RecvOnly);
    call.noise("music", ms(9_000));
    call.pass(ms(1_000));
    call.resume();
    call.hear_out();
    call.pass(ms(500));
    call.speak("boston");
    call.hear_out();
    call.hang_up();
    call.check("music_on_hold");
}

#[test]
fn a_hold_that_never_ends_ends_the_call() {
    let mut call = Plan::shipped("booking.en").answer();
    call.hear_out();
    call.hold(Direction::Inactive);
    call.pass(ms(601_000));
    call.check("held_too_long");
}

#[test]
fn a_line_without_packets_ends_and_the_network_is_to_blame() {
    let mut call = Plan::shipped("booking.en").answer();
    call.say("book a room");
    call.hear(ms(500));
    call.port.phone.muted = true;
    call.note("line", "dies");
    call.run_out();
    call.check("no_rtp");
}

#[test]
fn a_line_that_comes_back_goes_on() {
    let mut call = Plan::shipped("booking.en").answer();
    call.say("book a room");
    call.hear_out();
    call.port.phone.muted = true;
    call.note("line", "dies");
    call.pass(ms(4_000));
    call.port.phone.muted = false;
    call.note("line", "comes back");
    call.pass(ms(500));
    call.speak("boston");
    call.hear_out();
    call.hang_up();
    call.check("rtp_again");
}

#[test]
fn what_a_network_holds_back_is_understood_when_it_comes() {
    let mut call = Plan::shipped("booking.en").answer();
    // All of an answer within the stall, its end, its beginning, its middle, what follows it, and the silence before.
    let turns = [
        ("book a room", -300, 2_000),
        ("mountain view", 400, 1_000),
        ("today", -600, 900),
        ("two thirty p m", 500, 500),
        ("half an hour", 200, 4_000),
        ("two people", -2_000, 1_500),
        ("yes", -100, 500),
    ];
    for (words, from, length) in turns {
        call.hear_out();
        call.pass(ms(400));
        let before = u64::try_from(-from).unwrap_or(0);
        call.stall(ms(u64::try_from(from).unwrap_or(0)), ms(length));
        call.pass(ms(before));
        call.speak(words);
    }
    call.run_out();
    call.check("stall");
}

#[test]
fn keys_that_a_network_holds_back_are_each_taken_once() {
    let mut call = Plan::shipped("booking.en").answer();
    call.hear_out();
    call.pass(ms(400));
    // All of one within the stall, and then one that it cuts in two.
    call.stall(ms(0), ms(1_500));
    call.keys("1");
    call.hear_out();
    call.pass(ms(400));
    call.stall(ms(60), ms(900));
    call.keys("1");
    call.hear_out();
    call.hang_up();
    call.check("stall_keys");
}

#[test]
fn who_speaks_over_the_bot_as_the_network_stops_is_heard_when_it_goes_on() {
    let mut call = Plan::shipped("booking.en").answer();
    call.hear(ms(7_000));
    call.stall(ms(400), ms(1_500));
    call.speak("book a room");
    call.hear_out();
    call.hang_up();
    call.check("stall_over_the_bot");
}

#[test]
fn a_cough_over_the_bot_as_the_network_stops_leaves_no_call_in_silence() {
    let mut call = Plan::shipped("booking.en").answer();
    call.hear(ms(7_000));
    call.stall(ms(160), ms(2_000));
    call.noise("coughs", ms(200));
    call.pass(ms(8_000));
    call.hang_up();
    call.check("stall_in_a_cough");
}

#[test]
fn a_line_that_dies_in_mid_word_ends_the_turn_and_says_so() {
    let mut call = Plan::shipped("booking.en").answer();
    call.hear_out();
    call.pass(ms(400));
    call.stall(ms(500), ms(60_000));
    call.speak("book a room");
    call.run_out();
    call.check("stall_for_good");
}

#[test]
fn the_operator_ends_a_call_in_mid_prompt() {
    let mut call = Plan::shipped("booking.en").answer();
    call.hear(ms(2_000));
    call.arrive(Arrival::Order(Order::End(End::new(Blame::Nobody, Reason::Operator))));
    call.pass(ms(1_000));
    call.check("operator");
}

#[test]
fn a_caller_may_hang_up_while_the_tool_runs() {
    let mut call = Plan::with_tool([]).answer();
    call.say("book a room in boston today at two p m for one hour for two people");
    call.say("yes");
    call.pass(ms(2_500));
    call.hang_up();
    call.check("gone_while_working");
}
