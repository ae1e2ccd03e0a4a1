//! Silences of every kind.
use crate::rig::{Plan, ms};

#[test]
fn a_silent_caller_is_asked_again_and_then_left_politely() {
    let mut call = Plan::shipped("booking.en").answer();
    call.run_out();
    call.check("silent_caller");
}

#[test]
fn a_caller_who_comes_back_after_the_first_reminder_goes_on() {
    let mut call = Plan::shipped("booking.en").answer();
    call.say("book a room");
    call.hear_out();
    call.pass(ms(6_500));
    call.say("boston");
    call.hear_out();
    call.hang_up();
    call.check("reminded");
}

#[test]
fn a_caller_may_ask_for_time() {
    let mut call = Plan::shipped("booking.en").answer();
    call.say("book a room");
    call.say("wait a moment");
    call.hear_out();
    call.pass(ms(20_000));
    call.speak("boston");
    call.hear_out();
    call.hang_up();
    call.check("wait");
}

#[test]
fn what_nobody_understands_three_times_ends_the_call_politely() {
    let mut call = Plan::shipped("booking.en").answer();
    for _ in 0..3 {
        call.hear_out();
        call.pass(ms(500));
        call.noise("mumbles", ms(900));
    }
    call.run_out();
    call.check("mumbling");
}
