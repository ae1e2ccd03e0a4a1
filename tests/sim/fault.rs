//! Engines and tools that fail.
use crate::plan::{Plan, ms};
use crate::recogniser::Fails;
use dialog::conversation::ToolFault;

const ALL: &str = "book a room in boston today at two p m for one hour for two people";

#[test]
fn a_recogniser_that_fails_leads_to_the_keypad() {
    let mut plan = Plan::shipped("booking.en");
    plan.recogniser.fails = Fails::Pause(2);
    let mut call = plan.answer();
    call.say("book a room");
    call.say("boston");
    call.enter("6");
    call.enter("1204");
    call.hear_out();
    call.hang_up();
    call.check("recogniser_fails");
}

#[test]
fn without_any_recogniser_the_keypad_is_offered_from_the_start() {
    let mut plan = Plan::shipped("booking.en");
    plan.recogniser.fails = Fails::Opening;
    let mut call = plan.answer();
    call.enter("2");
    call.enter("1234");
    call.enter("1");
    call.run_out();
    call.check("no_recogniser");
}

#[test]
fn a_synthesiser_that_fails_on_every_clause_ends_the_call_with_something_fitting() {
    let mut plan = Plan::shipped("booking.en");
    plan.voice.fails = Some((1, ms(600)));
    let mut call = plan.answer();
    call.run_out();
    call.check("no_synthesiser");
}

#[test]
fn a_synthesiser_that_fails_in_mid_call_ends_it_with_something_fitting() {
    let mut plan = Plan::shipped("booking.en");
    plan.voice.fails = Some((5, ms(600)));
    let mut call = plan.answer();
    call.say("book a room");
    call.say("boston");
    call.run_out();
    call.check("synthesiser_fails");
}

#[test]
fn a_clause_whose_sound_stops_is_covered_for_and_the_call_ends() {
    let mut plan = Plan::shipped("booking.en");
    plan.voice.stops = Some(6);
    let mut call = plan.answer();
    call.say("book a room");
    call.say("boston");
    call.run_out();
    call.check("lost_sound");
}

#[test]
fn late_words_are_waited_for_and_taken() {
    let mut plan = Plan::shipped("booking.en");
    plan.recogniser.took = ms(2_200);
    let mut call = plan.answer();
    call.say("book a room");
    call.say("boston");
    call.hear_out();
    call.hang_up();
    call.check("late_words");
}

#[test]
fn words_that_never_come_are_asked_for_again_and_then_the_engine_is_to_blame() {
    let mut plan = Plan::shipped("booking.en");
    plan.recogniser.took = ms(30_000);
    let mut call = plan.answer();
    // After three times the caller is led to the keys.
    for _ in 0..6 {
        call.hear_out();
        call.pass(ms(500));
        call.speak("book a room");
        call.pass(ms(8_000));
    }
    call.run_out();
    call.check("unheard");
}

#[test]
fn a_slow_synthesiser_is_covered_by_a_standby_clip() {
    let mut plan = Plan::shipped("booking.en");
    plan.voice.first = ms(1_600);
    let mut call = plan.answer();
    call.say("book a room");
    call.hear_out();
    call.hang_up();
    call.check("slow_synthesiser");
}

#[test]
fn a_slow_tool_is_excused_and_its_answer_is_spoken() {
    let mut call = Plan::with_tool([(ms(6_500), Ok(serde_json::json!({ "reference": 4711 })))]).answer();
    call.say(ALL);
    call.say("yes");
    call.run_out();
    call.check("slow_tool");
}

#[test]
fn a_quick_tool_needs_no_excuse() {
    let mut call = Plan::with_tool([(ms(300), Ok(serde_json::json!({ "reference": 4711 })))]).answer();
    call.say(ALL);
    call.say("yes");
    call.run_out();
    call.check("quick_tool");
}

#[test]
fn a_tool_that_fails_is_apologised_for() {
    let mut call = Plan::with_tool([(ms(400), Err(ToolFault::Status(500)))]).answer();
    call.say(ALL);
    call.say("yes");
    call.run_out();
    call.check("failing_tool");
}

#[test]
fn a_tool_that_never_answers_is_given_up() {
    let mut call = Plan::with_tool([]).answer();
    call.say(ALL);
    call.say("yes");
    call.run_out();
    call.check("lost_tool");
}
