//! A caller at a web page: what the page is told while they speak, interrupt, type, and lose their connection.
use crate::plan::{Plan, ms};
use crate::rig::Call;
use serde_json::Value;
use switchboard::call::driver::Arrival;
use switchboard::store::CallEvent;
use telephony::Change;
use telephony::webrtc::Message;

fn type_in(call: &mut Call, text: &str) {
    call.note("types", format!("{text:?}"));
    let message = serde_json::json!({"type": "text", "text": text}).to_string();
    call.arrive(Arrival::Page(Message::Text(message)));
}

/// What the page was told, in order.
fn told(call: &Call) -> Vec<Value> {
    let messages = call.port.trace.iter().filter_map(|(_, line)| line.strip_prefix("page ").map(str::trim));
    messages.map(|message| serde_json::from_str(message).unwrap_or_else(|e| panic!("{message}: {e}"))).collect()
}

#[test]
fn a_page_is_told_of_a_booking_by_voice_and_by_text() {
    let mut call = Plan { page: true, ..Plan::shipped("booking.en") }.answer();
    call.pass(ms(180));
    call.arrive(Arrival::Page(Message::Opened));
    call.say("book a room");
    // Into the question, by voice.
    call.hear(ms(900));
    call.speak("boston");
    call.hear(ms(600));
    // Into the next one, by text.
    type_in(&mut call, "tomorrow");
    call.hear(ms(700));
    call.note("line", "is lost");
    call.arrive(Arrival::Line(Change::Lost(true)));
    call.pass(ms(4_000));
    call.note("line", "is back");
    call.arrive(Arrival::Page(Message::Opened));
    call.arrive(Arrival::Line(Change::Lost(false)));
    for text in ["2:30 pm", "an hour", "2 people"] {
        call.hear_out();
        call.pass(ms(300));
        type_in(&mut call, text);
        call.pass(ms(200));
    }
    call.hear_out();
    call.arrive(Arrival::Page(Message::Text(r#"{"type":"key","key":"1"}"#.into())));
    call.hear_out();
    call.run_out();
    let messages = told(&call);
    let of = |kind: &str| messages.iter().filter(|message| message["type"] == kind).collect::<Vec<_>>();
    assert_eq!(of("hello").len(), 2);
    assert_eq!(messages.last().map(|last| &last["type"]), Some(&Value::from("end")));
    assert!(!of("interrupted").is_empty());
    // Every answer's parts add up, and are those of the record.
    let recorded = call.port.invariants.notes.iter().filter(|(_, note)| matches!(note, CallEvent::Latency(_))).count();
    assert_eq!(of("latency").len(), recorded);
    for latency in of("latency") {
        let parts = ["endpoint_ms", "recognise_ms", "think_ms", "synthesise_ms", "playout_ms"];
        let sum: u64 = parts.iter().filter_map(|part| latency[part].as_u64()).sum();
        assert_eq!(Some(sum), latency["total_ms"].as_u64());
        assert!(
            of("caption").iter().any(|caption| caption["turn"] == latency["turn"] && caption["final"] == true),
            "{latency}"
        );
    }
    call.check("page");
}

#[test]
fn a_page_that_hangs_up_is_the_caller_who_does() {
    let mut call = Plan { page: true, ..Plan::shipped("booking.en") }.answer();
    call.pass(ms(300));
    call.arrive(Arrival::Page(Message::Opened));
    call.hear(ms(1_000));
    call.arrive(Arrival::Page(Message::Text(r#"{"type":"bye"}"#.into())));
    let end = call.end.map(|end| (end.blame.name(), end.reason.text()));
    assert_eq!(end, Some(("caller", "hung up")));
    assert_eq!(told(&call).last().map(|last| last["reason"].clone()), Some(Value::from("hung up")));
}
