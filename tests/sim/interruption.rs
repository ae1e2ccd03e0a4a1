//! The caller's voice over the bot's.
use crate::ear::Ear;
use crate::plan::{Plan, ms};
use media::testkit::netem::{Impairments, Order};

#[test]
fn a_short_cough_ducks_and_loses_nothing() {
    let mut call = Plan::shipped("booking.en").answer();
    call.hear(ms(7_000));
    call.noise("coughs", ms(90));
    call.hear_out();
    call.hang_up();
    call.check("cough");
}

#[test]
fn a_long_cough_holds_and_the_bot_goes_on_where_it_was() {
    let mut call = Plan::shipped("booking.en").answer();
    call.hear(ms(7_000));
    call.noise("coughs", ms(500));
    call.hear_out();
    call.hang_up();
    call.check("long_cough");
}

#[test]
fn a_back_channel_is_no_interruption() {
    let mut call = Plan::shipped("booking.en").answer();
    call.hear(ms(7_000));
    call.speak_for("uh-huh", ms(420));
    call.hear_out();
    call.hang_up();
    call.check("back_channel");
}

#[test]
fn an_interruption_leaves_what_was_heard() {
    let mut call = Plan::shipped("booking.en").answer();
    call.hear(ms(7_000));
    call.speak("book a room in boston");
    call.hear_out();
    call.hang_up();
    call.check("interruption");
}

#[test]
fn an_interrupted_disclosure_is_made_up_for_and_the_answer_counts() {
    let mut call = Plan::shipped("booking.en").answer();
    call.hear(ms(1_000));
    call.speak("cancel my booking");
    call.hear_out();
    call.hang_up();
    call.check("disclosure");
}

#[test]
fn somebody_else_who_talks_on_and_on_pauses_the_bot_which_then_goes_on() {
    let mut call = Plan::shipped("booking.en").answer();
    call.hear(ms(7_000));
    call.noise("somebody talks", ms(2_500));
    call.hear_out();
    call.hang_up();
    call.check("somebody_else");
}

#[test]
fn who_goes_on_before_the_words_are_there_is_answered_once_with_all_of_it() {
    let mut plan = Plan::shipped("booking.en");
    plan.recogniser.took = ms(900);
    let mut call = plan.answer();
    call.say("book a room");
    call.pass(ms(700));
    call.speak("in boston");
    call.hear_out();
    call.hang_up();
    call.check("goes_on");
}

#[test]
fn loss_and_jitter_make_no_difference_to_what_is_said() {
    let mut plan = Plan::shipped("booking.en");
    plan.impairments =
        Impairments { delay: ms(40), jitter: ms(60), loss: 0.3, order: Order::Lost, ..Impairments::default() };
    let mut call = plan.answer();
    for words in ["book a room today for two people", "seattle", "nine a m", "two hours"] {
        call.say(words);
    }
    call.hear(ms(1_500));
    call.speak("no eight people");
    call.say("yes");
    call.run_out();
    call.check("bad_line");
}

/// Speech as a telephone has it, by the synthesiser that comes with the product.
fn speech(text: &str) -> Vec<i16> {
    use media::tts::{Synthesiser, Voice, flite::Flite};
    let mut pcm = Vec::new();
    let voice = Voice { language: media::Language::En, name: "slt".into(), rate: media::Rate::Hz8000 };
    Flite::load()
        .speak(&voice, text, &mut |chunk| {
            pcm.extend_from_slice(chunk.pcm);
            std::ops::ControlFlow::Continue(())
        })
        .expect("flite speaks");
    pcm
}

#[test]
fn the_real_ear_hears_a_voice_and_the_bot_yields_to_it() {
    let mut plan = Plan::shipped("booking.en");
    plan.ear = Ear::real();
    let mut call = plan.answer();
    call.hear(ms(7_000));
    call.speak_as("book a room in boston", speech("book a room in boston"));
    call.hear_out();
    call.pass(ms(500));
    call.speak_as("tomorrow", speech("tomorrow"));
    call.hear_out();
    call.hang_up();
    call.check_invariants();
    let turns: Vec<&str> = call
        .port
        .trace
        .iter()
        .filter(|(_, line)| line.starts_with("turn     of the caller"))
        .map(|(_, l)| l.as_str())
        .collect();
    assert!(
        turns.len() == 2 && turns[0].contains("book a room in boston") && turns[1].contains("tomorrow"),
        "{turns:?}"
    );
}
