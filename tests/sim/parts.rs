//! Codes that are given in parts, and values that somebody else says.
use crate::plan::{Plan, ms};
use crate::rig::Call;

/// Says each part, and pauses behind it.
fn dictate(call: &mut Call, parts: &[(&str, u64)]) {
    call.hear_out();
    call.pass(ms(400));
    for (part, pause) in parts {
        call.speak(part);
        call.pass(ms(*pause));
    }
}

#[test]
fn the_digits_of_a_code_with_long_pauses_between_them_are_one_code() {
    let mut call = Plan::shipped("booking.en").answer();
    call.say("cancel my booking");
    dictate(&mut call, &[("four", 900), ("oh", 1_200), ("seven", 1_500), ("one", 0)]);
    call.say("yes");
    call.run_out();
    call.check("digits_with_pauses");
}

#[test]
fn a_code_of_any_length_is_whole_when_its_caller_says_no_more() {
    let bot = r#"
        name = "accounts"
        language = "en"
        greeting = "Hello, this is the bank."
        [[slot]]
        name = "account"
        type = "digits"
        min = 3
        max = 12
        prompt = "What is the number of your account?"
        [[task]]
        name = "balance"
        slots = ["account"]
        confirm = "You want the balance of account {account}. Is that right?"
        on_done = { say = "It will be sent to you." }
    "#;
    let mut call = Plan::new(bot.into()).answer();
    dictate(&mut call, &[("four oh", 900), ("seven one", 1_200), ("nine", 1_500), ("two three", 0)]);
    call.say("yes");
    call.run_out();
    call.check("digits_of_any_length");
}

#[test]
fn who_stops_after_half_of_a_code_is_asked_for_the_rest_and_not_from_the_start() {
    let mut call = Plan::shipped("booking.en").answer();
    call.say("cancel my booking");
    dictate(&mut call, &[("four", 900), ("eight", 0)]);
    call.say("no four oh");
    call.say("seven one");
    call.say("yes");
    call.say("yes");
    call.run_out();
    call.check("half_a_code");
}

#[test]
fn a_value_that_somebody_else_says_over_the_read_back_changes_nothing() {
    let mut call = Plan::shipped("booking.en").answer();
    call.say("book a room in chicago tomorrow at two p m for one hour for three people");
    call.hear(ms(1_500));
    call.speak("at four p m");
    call.say("no");
    call.say("yes");
    call.run_out();
    call.check("overheard");
}
