//! What the line does to a call.
use crate::rig::{Plan, ms};
use media::leg::Direction;
use switchboard::call::talk::Input;
use switchboard::call::{Blame, End, Reason};

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
    call.phone.muted = true;
    call.note("line", "dies");
    call.run_out();
    call.check("no_rtp");
}

#[test]
fn a_line_that_comes_back_goes_on() {
    let mut call = Plan::shipped("booking.en").answer();
    call.say("book a room");
    call.hear_out();
    call.phone.muted = true;
    call.note("line", "dies");
    call.pass(ms(4_000));
    call.phone.muted = false;
    call.note("line", "comes back");
    call.pass(ms(500));
    call.speak("boston");
    call.hear_out();
    call.hang_up();
    call.check("rtp_again");
}

#[test]
fn the_operator_ends_a_call_in_mid_prompt() {
    let mut call = Plan::shipped("booking.en").answer();
    call.hear(ms(2_000));
    call.tell(Input::EndNow(End::new(Blame::Nobody, Reason::Operator)));
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
