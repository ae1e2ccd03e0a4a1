//! Calls by keys.
use crate::plan::{Plan, ms};
use crate::recogniser::Fails;
use switchboard::call::driver::Arrival;
use switchboard::store::CallEvent;
use telephony::Change;

#[test]
fn the_pieces_of_a_booking_by_keypad() {
    let mut call = Plan::shipped("booking.en").answer();
    call.say("book a room");
    call.enter("3");
    call.enter("1204");
    call.enter("0930");
    call.enter("45#");
    call.enter("2");
    call.pass(ms(3_000));
    call.enter("1");
    call.run_out();
    call.check("keypad");
}

#[test]
fn a_key_in_mid_prompt_hushes_it_at_once_and_beats_the_words_of_its_turn() {
    let mut call = Plan::shipped("booking.en").answer();
    call.say("cancel a booking");
    call.hear(ms(600));
    call.keys("1");
    call.speak("nine nine");
    call.keys("234");
    call.hear(ms(4_000));
    call.speak("yes");
    call.run_out();
    call.check("keys_beat_words");
}

/// The orders of a tick are done before its sound is taken: else the clause would be played and cut, and not refused.
#[test]
fn sound_that_is_made_within_the_tick_of_a_hush_is_never_played() {
    let mut plan = Plan::shipped("booking.en");
    plan.voice.first = ms(1_401);
    let mut call = plan.answer();
    // The fourth clause is made at 5604 ms, and the key comes before the tick at 5620 ms.
    call.pass(ms(5_610));
    call.note("line", "brings key 1");
    call.arrive(Arrival::Line(Change::Key('1')));
    call.hear_out();
    call.hang_up();
    let made = |(at, line): &(u64, String)| *at == 5_604 && line == "voice    4 made";
    assert!(call.port.trace.iter().any(made), "{}", crate::golden::text(&mut call.port.trace));
    call.check("hush_in_the_tick_of_sound");
}

#[test]
fn a_key_in_the_midst_of_speech_ends_that_speech() {
    let mut call = Plan::shipped("booking.en").answer();
    call.say("cancel a booking");
    call.hear_out();
    call.pass(ms(300));
    call.speak("one");
    call.keys("5678");
    call.hear_out();
    call.pass(ms(2_000));
    call.hang_up();
    call.check("key_in_speech");
}

#[test]
fn secret_digits_leave_no_trace() {
    let bot = r#"
        name = "bank"
        language = "en"
        greeting = "Hello, this is the bank."
        [[slot]]
        name = "pin"
        type = "digits"
        length = 4
        secret = true
        prompt = "What is your secret number?"
        [[slot]]
        name = "amount"
        type = "number"
        min = 1
        max = 90
        prompt = "How many dollars?"
        [[task]]
        name = "pay"
        slots = ["pin", "amount"]
        confirm = "You want to pay {amount} dollars. Is that right?"
        on_done = { say = "It is paid." }
    "#;
    let mut call = Plan::new(bot.into()).answer();
    call.enter("4711");
    call.say("twenty");
    call.say("go back");
    call.say("go back");
    call.say("four seven one two");
    call.say("thirty");
    call.say("yes");
    call.run_out();
    let told: Vec<_> = call
        .port
        .trace
        .iter()
        .filter(|(_, line)| {
            !line.starts_with("caller")
                && !line.starts_with("words")
                && !line.starts_with("partly")
                && !line.starts_with("key ")
        })
        .collect();
    assert!(told.iter().all(|(_, line)| !line.contains("4711") && !line.contains("four seven")), "{told:?}");
    call.check("secret");
}

#[test]
fn vietnamese_places_by_keypad_where_nobody_hears() {
    let mut plan = Plan::shipped("places.vi");
    plan.recogniser.fails = Fails::Absent;
    let mut call = plan.answer();
    call.enter("2");
    call.enter("1");
    call.run_out();
    call.check("places_keypad");
}

#[test]
fn vietnamese_places_by_voice() {
    let mut call = Plan::shipped("places.vi").answer();
    call.say("khách sạn");
    call.say("không");
    call.say("cà phê");
    call.say("đúng");
    call.run_out();
    // The record shows what the bot's file says, and not how it is spelled for the voice.
    let read = |note: &CallEvent| matches!(note, CallEvent::Turn(turn) if turn.heard.0.ends_with("karaoke, mát xa, hay trạm ATM?"));
    assert!(call.port.invariants.notes.iter().any(|(_, note)| read(note)));
    call.check("places");
}
