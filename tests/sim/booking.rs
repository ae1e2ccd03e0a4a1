//! Bookings as they should go.
use crate::plan::{Plan, ms};

#[test]
fn a_whole_booking() {
    let mut call = Plan::shipped("booking.en").answer();
    for words in ["book a room", "mountain view", "today", "two thirty p m", "half an hour", "two people", "yes"] {
        call.say(words);
    }
    call.run_out();
    call.check("booking");
}

#[test]
fn several_slots_at_once_are_not_asked_for_again() {
    let mut call = Plan::shipped("booking.en").answer();
    for words in ["book a room today for two people", "seattle", "nine a m", "two hours", "yes"] {
        call.say(words);
    }
    call.run_out();
    call.check("several_slots");
}

#[test]
fn a_correction_at_the_confirmation_changes_one_value() {
    let mut call = Plan::shipped("booking.en").answer();
    call.say("book a room in chicago tomorrow at two p m for one hour for three people");
    call.say("no");
    call.say("the place");
    call.say("boston");
    call.say("no four people");
    call.say("yes");
    call.run_out();
    call.check("correction");
}

#[test]
fn a_pause_within_an_answer_does_not_cut_it_off() {
    let mut call = Plan::shipped("booking.en").answer();
    call.say("cancel my booking");
    call.say("one two");
    call.pass(ms(600));
    call.speak("three four");
    call.say("yes");
    call.run_out();
    call.check("pause");
}

#[test]
fn doubtful_words_are_asked_about() {
    let mut call = Plan::shipped("booking.en").answer();
    call.say("book a room");
    call.hear_out();
    call.port.recogniser.confidence = 0.35;
    call.pass(ms(400));
    call.speak("boston");
    call.hear_out();
    call.port.recogniser.confidence = 0.9;
    call.pass(ms(400));
    call.speak("no");
    call.say("seattle");
    call.hear_out();
    call.hang_up();
    call.check("doubt");
}
