//! Silences of every kind.
use crate::plan::{Plan, ms};
use crate::rig::Call;
use switchboard::store::{CallEvent, SilenceKind};

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
fn a_caller_who_begins_just_before_the_bot_ends_the_silence() {
    let plan = || {
        let mut plan = Plan::shipped("booking.en");
        plan.voice.first = ms(600);
        plan
    };
    // The silence before the bot's answer, as it is noted last.
    let ended = |call: &Call, until: u64| {
        let mut noted = call.port.invariants.notes.iter().filter_map(|(_, note)| match note {
            CallEvent::Silence(silence) if silence.kind == SilenceKind::BotWorking => Some(silence.ended_ms),
            _ => None,
        });
        noted.rfind(|ended| *ended <= until).expect("the bot has worked")
    };
    let mut call = plan().answer();
    call.say("book a room");
    call.hear(ms(20));
    let answer = ended(&call, u64::MAX);
    for earlier in (20..=160).step_by(20) {
        let mut call = plan().answer();
        call.say("book a room");
        call.pass(ms(answer - earlier - call.at(call.port.now)));
        call.speak("boston");
        call.run_out();
        call.check_invariants();
        let began = call.port.invariants.notes.iter().filter_map(|(_, note)| match note {
            CallEvent::Mark(mark) if mark.name == "speech_started" => mark.data.0["ms"].as_u64(),
            _ => None,
        });
        let began = began.max().expect("the caller has spoken");
        assert_eq!(ended(&call, answer), began.min(answer), "{earlier} ms before the bot");
    }
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
fn what_nobody_understands_three_times_leads_to_the_keys_and_six_times_ends_the_call_politely() {
    let mut call = Plan::shipped("booking.en").answer();
    for _ in 0..6 {
        call.hear_out();
        call.pass(ms(500));
        call.noise("mumbles", ms(900));
    }
    call.run_out();
    call.check("mumbling");
}
