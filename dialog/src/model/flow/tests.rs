//! The flow without time.
use super::*;
use crate::testkit::today;
use crate::tool::{HttpRequest, Method, ToolId};

const TRIP: &str = r#"
name = "trip"
language = "en"
greeting = "Trips."
[[task]]
name = "trip"
phrases = ["book a trip"]
slots = ["from_city", "to_city", "seats", "day"]
confirm = "From {from_city} to {to_city} {day} for {seats}?"
[task.on_done]
method = "GET"
url = "http://127.0.0.1:1/trip?from={from_city}&seats={seats}"
say = ["Booked, {/price} dollars.", "It leaves from platform {/platform?}."]
[[task]]
name = "report"
phrases = ["report a problem"]
slots = ["seats"]
[task.on_done]
url = "http://127.0.0.1:1/report"
body = { kind = "seat {seats}", seats = "{seats}", fixed = [1, true] }
say = "Reported."
[[slot]]
name = "from_city"
type = "choice"
cues = ["from"]
values = ["new york", "boston"]
prompt = "From where?"
[[slot]]
name = "to_city"
type = "choice"
cues = ["to"]
values = ["new york", "boston"]
prompt = "Where to?"
read_back = "To {value}, good."
[[slot]]
name = "seats"
type = "number"
min = 1
max = 60
prompt = "How many seats?"
confirm = "always"
[[slot]]
name = "day"
type = "date"
prompt = "Which day?"
"#;

fn flow() -> Flow {
    let bot = Bot::parse(TRIP, "trip").unwrap_or_else(|e| panic!("{e}"));
    let mut flow = Flow::new(Arc::new(bot), today());
    flow.open();
    flow
}

/// The caller has heard the question, and says this.
fn hear(flow: &mut Flow, text: &str, confidence: f32) -> Reply {
    flow.hear(text, confidence, 1.0)
}

fn said(reply: &Reply) -> Vec<&str> {
    reply.say.iter().map(|s| s.text.as_str()).collect()
}

fn request(reply: Reply) -> HttpRequest {
    let Next::Run(call) = reply.next else { panic!("a call") };
    HttpRequest::of(&call).expect("an HTTP request")
}

#[test]
fn cues_tell_slots_of_one_kind_apart() {
    let mut flow = flow();
    let reply = hear(&mut flow, "book a trip to boston from new york tomorrow", 0.9);
    assert_eq!(said(&reply), ["To boston, good.", "How many seats?"]);
    let values: Vec<String> = reply.slots.iter().map(|s| s.value.clone().unwrap_or_default().to_string()).collect();
    assert_eq!(values, ["\"boston\"", "\"new york\"", "\"2026-11-26\""]);
}

#[test]
fn a_get_holds_its_values_percent_encoded_and_an_answer_is_spoken() {
    let mut flow = flow();
    hear(&mut flow, "book a trip to boston from new york tomorrow", 0.9);
    assert_eq!(said(&hear(&mut flow, "two", 0.9)), ["Did you say two?"]);
    assert_eq!(said(&hear(&mut flow, "yes", 0.9)), ["From new york to boston tomorrow for two?"]);
    let request = request(hear(&mut flow, "yes", 0.9));
    assert_eq!(request.url, "http://127.0.0.1:1/trip?from=new%20york&seats=2");
    assert_eq!((request.method, &request.body), (Method::Get, &None));
    let reply = flow.interview.tool_done(ToolId(1), Ok(serde_json::json!({"price": 29})));
    assert_eq!(said(&reply)[0], "Booked, 29 dollars.");
    assert_eq!((reply.next, reply.incomplete), (Next::HangUp(HangUpReason::Done), None));
}

#[test]
fn a_body_keeps_the_types_of_its_values() {
    let mut flow = flow();
    hear(&mut flow, "report a problem", 0.9);
    hear(&mut flow, "twelve", 0.9);
    assert_eq!(
        request(hear(&mut flow, "yes", 0.9)).body,
        Some(serde_json::json!({"kind": "seat 12", "seats": 12, "fixed": [1, true]}))
    );
}

#[test]
fn another_task_can_be_asked_for_in_the_middle() {
    let mut flow = flow();
    hear(&mut flow, "book a trip from boston", 0.9);
    assert_eq!(said(&hear(&mut flow, "report a problem", 0.9)), ["How many seats?"]);
}

#[test]
fn a_slot_is_named_to_change_it() {
    let mut flow = flow();
    hear(&mut flow, "book a trip to boston from new york tomorrow", 0.9);
    hear(&mut flow, "two", 0.9);
    hear(&mut flow, "yes", 0.9);
    assert_eq!(said(&hear(&mut flow, "no the day", 0.9)), ["Which day?"]);
    assert_eq!(
        said(&hear(&mut flow, "friday", 0.9)),
        ["From new york to boston on Friday, November twenty seventh for two?"]
    );
    assert_eq!(said(&hear(&mut flow, "no", 0.9)), ["What should I change?"]);
    assert_eq!(
        said(&hear(&mut flow, "to new york", 0.9)),
        ["From new york to new york on Friday, November twenty seventh for two?"]
    );
}

#[test]
fn a_number_out_of_range_is_not_taken_in_part() {
    let mut flow = flow();
    hear(&mut flow, "report a problem", 0.9);
    let reply = hear(&mut flow, "a hundred and five", 0.9);
    assert_eq!(said(&reply), ["It can be from one to sixty.", "How many seats?"]);
    assert!(reply.slots.is_empty());
}

#[test]
fn the_kind_of_an_answer_tells_what_may_follow() {
    let mut flow = flow();
    assert_eq!(flow.answer_kind("book a trip"), AnswerKind::Whole);
    assert_eq!(flow.answer_kind("i'd like to book a trip"), AnswerKind::Likely);
    assert_eq!(flow.answer_kind("i'd like to book a trip please"), AnswerKind::Whole);
    assert_eq!(flow.answer_kind("i'd like to book a trip that is cheap"), AnswerKind::Whole);
    assert_eq!(flow.answer_kind("book a trip to"), AnswerKind::Unfinished);
    assert_eq!(flow.answer_kind("hello"), AnswerKind::Unfinished);
    assert_eq!(flow.answer_kind("let me see"), AnswerKind::Unfinished);
    assert_eq!(flow.answer_kind("i see"), AnswerKind::Remark);
    assert_eq!(flow.answer_kind("uh-huh"), AnswerKind::Backchannel);
    assert_eq!(flow.answer_kind("yes"), AnswerKind::Backchannel);
    assert_eq!(flow.answer_kind("go back"), AnswerKind::Whole);
    hear(&mut flow, "book a trip to boston from new york", 0.9);
    assert_eq!(flow.answer_kind("twenty"), AnswerKind::Likely);
    hear(&mut flow, "twenty", 0.9);
    assert_eq!(flow.answer_kind("yes"), AnswerKind::YesNo);
    hear(&mut flow, "yes", 0.9);
    assert_eq!(flow.answer_kind("tomorrow"), AnswerKind::Whole);
    assert_eq!(flow.answer_kind("december twenty"), AnswerKind::Likely);
    assert_eq!(flow.answer_kind("tomorrow and"), AnswerKind::Unfinished);
}
