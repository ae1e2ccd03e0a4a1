//! The protocol, as scripts and traces.
use super::*;
use crate::call::transcript::{CutBy, GivenAnswer, Transcript};
use crate::store::{Blame, Reason};
use dialog::bot::Language;
use dialog::clause::Clause;
use dialog::conversation::{AnsweredBy, SayId};
use dialog::say::written::Written;
use std::time::Duration;

/// Runs a script, one step per line; expects the messages and, as `> …`, what the page is understood to want. What is said and heard
/// goes through a transcript.
/// `open`, `say N TEXT`, `spoken N CHARS`, `done N CHARS`, `hush FLOOR`, `cut N CHARS`, `heard TEXT`, `taken TEXT`, `nothing`,
/// `expect KEYS SECRET`, `state NAME`, `slot NAME JSON`, `wait MS`, `bad`, `end`, `got MESSAGE`.
fn check(script: &str, trace: &str) {
    let (mut page, mut transcript) = (Page::new("c1", "booking.en", "en"), Transcript::default());
    let (mut now, mut seen) = (Instant::now(), Vec::new());
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let words: Vec<&str> = rest.splitn(2, ' ').collect();
        let number = |at: usize| words[at].parse::<u32>().unwrap_or_else(|_| panic!("{line}"));
        let say = || SayId(number(0).into());
        let mut got = |page: &mut Page, incoming| {
            seen.extend(page.receive(now, incoming).map(|request| match request {
                PageRequest::Greet => "> greet".into(),
                PageRequest::Type(text) => format!("> type {text}"),
                PageRequest::Key(key) => format!("> key {key}"),
                PageRequest::HangUp => "> bye".into(),
                PageRequest::TooManyMessages => "> enough".into(),
            }));
        };
        match verb {
            "open" => {
                assert!(page.receive(now, Incoming::Opened) == Some(PageRequest::Greet));
                page.greet(&transcript.unheard());
            }
            "bad" => got(&mut page, Incoming::Bad),
            "got" => got(&mut page, Incoming::Text(rest.into())),
            "say" => {
                let spellings = [("two thirty p m".to_owned(), "2:30 pm".to_owned())];
                let written = Written::of(words[1], &spellings, Language::En);
                transcript.says(say(), Clause::new(words[1].into(), written));
            }
            "spoken" => {
                transcript.sounds(say(), now);
                transcript.progress(say(), number(1));
            }
            "done" => {
                transcript.sounds(say(), now);
                transcript.played(say(), number(1), now);
            }
            "hush" => transcript.hushed(say(), CutBy::CallEnd, now),
            "cut" => transcript.cut(say(), number(1), now),
            "heard" => transcript.partial(rest),
            "taken" => {
                let given = GivenAnswer { text: rest.into(), confidence: 0.9, by: AnsweredBy::Voice, secret: false };
                transcript.take_caller_turn(now, given);
            }
            "nothing" => transcript.withdraw_partial(),
            "expect" => {
                page.expect(words[0] == "true", words[1] == "true");
                transcript.expect_secret(words[1] == "true");
            }
            "slot" => page.slot(words[0], serde_json::from_str::<Option<Value>>(words[1]).unwrap().as_ref(), false),
            "state" => page.state(match rest {
                "listening" => PageState::Listening,
                "speaking" => PageState::Speaking,
                _ => PageState::Thinking,
            }),
            "wait" => now += Duration::from_millis(number(0).into()),
            "end" => page.end(End::new(Blame::Nobody, Reason::Done)),
            other => panic!("no such step: {other}"),
        }
        while let Some(change) = transcript.poll() {
            page.change(&change);
        }
        while let Some(message) = page.poll() {
            let value: Value = serde_json::from_str(&message).unwrap();
            let fields = value.as_object().unwrap().iter().filter(|(key, _)| *key != "type" && *key != "message");
            let fields: Vec<String> = fields.map(|(key, value)| format!("{key}={value}")).collect();
            seen.push(format!("{} {}", value["type"].as_str().unwrap(), fields.join(" ")).trim().to_owned());
        }
    }
    let wanted: Vec<&str> = trace.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(seen, wanted, "\nseen:\n{}", seen.join("\n"));
}

#[test]
fn a_page_reads_figures_and_counts_what_was_heard_in_them() {
    check(
        r#"
        open
        say 1 At two thirty p m today.
        say 2 Right?
        spoken 1 9
        spoken 1 18
        cut 1 20
        "#,
        r#"
        hello bot="booking.en" call="c1" language="en" version=1
        expect keys=false secret=false
        state state="thinking"
        bot say=1 text="At 2:30 pm today." turn=0
        bot say=2 text="Right?" turn=0
        spoken chars=3 done=false say=1
        spoken chars=11 done=false say=1
        interrupted chars=13 say=1
        "#,
    );
}

#[test]
fn a_channel_that_opens_late_or_again_is_told_how_things_stand() {
    check(
        r#"
        expect true false
        say 1 Welcome.
        say 2 Which room?
        state speaking
        spoken 1 3
        open
        done 1 8
        slot room "red"
        slot day null
        open
        "#,
        r#"
        hello bot="booking.en" call="c1" language="en" version=1
        expect keys=true secret=false
        bot say=1 text="Welcome." turn=0
        spoken chars=3 done=false say=1
        bot say=2 text="Which room?" turn=0
        spoken chars=0 done=false say=2
        state state="speaking"
        spoken chars=8 done=true say=1
        slot confirmed=false name="room" value="red"
        slot confirmed=false name="day" value=null
        hello bot="booking.en" call="c1" language="en" version=1
        expect keys=true secret=false
        slot confirmed=false name="room" value="red"
        bot say=2 text="Which room?" turn=0
        spoken chars=0 done=false say=2
        state state="speaking"
        "#,
    );
}

const HELLO: &str = r#"hello bot="booking.en" call="c1" language="en" version=1
    expect keys=false secret=false
    state state="thinking"
    "#;

fn opened(script: &str, trace: &str) {
    check(&format!("open\n{script}"), &format!("{HELLO}\n{trace}"));
}

#[test]
fn an_interruption_is_told_with_what_was_heard_before_the_answer_to_it() {
    opened(
        "say 1 One.
        say 2 Two.
        say 3 Three.
        done 1 4
        spoken 2 1
        hush 4
        taken no
        say 4 Sorry?
        cut 2 3
        spoken 4 2
        say 5 Go on.
        hush 6
        cut 4 2
        done 5 3",
        r#"bot say=1 text="One." turn=0
        bot say=2 text="Two." turn=0
        bot say=3 text="Three." turn=0
        spoken chars=4 done=true say=1
        spoken chars=1 done=false say=2
        caption by="voice" final=true text="no" turn=1
        interrupted chars=3 say=2
        bot say=4 text="Sorry?" turn=2
        spoken chars=2 done=false say=4
        bot say=5 text="Go on." turn=2
        interrupted chars=2 say=4"#,
    );
}

#[test]
fn a_playout_that_never_tells_of_a_cut_holds_nothing_back_for_long() {
    opened(
        "say 1 One.
        spoken 1 1
        hush 2
        taken no
        say 2 Two.
        spoken 2 1",
        r#"bot say=1 text="One." turn=0
        spoken chars=1 done=false say=1
        caption by="voice" final=true text="no" turn=1
        interrupted chars=1 say=1
        bot say=2 text="Two." turn=2
        spoken chars=1 done=false say=2"#,
    );
}

#[test]
fn captions_grow_and_become_final_or_go() {
    opened(
        "heard book
        heard book
        heard book a
        taken book a room
        heard uh
        nothing
        nothing
        heard mm
        say 1 Yes?
        spoken 1 2
        heard yes
        expect true true
        heard 4821",
        r#"caption final=false text="book" turn=0
        caption final=false text="book a" turn=0
        caption by="voice" final=true text="book a room" turn=0
        caption final=false text="uh" turn=1
        caption final=true text=null turn=1
        caption final=false text="mm" turn=1
        bot say=1 text="Yes?" turn=1
        spoken chars=2 done=false say=1
        caption final=true text=null turn=1
        caption final=false text="yes" turn=2
        expect keys=true secret=true
        caption final=false secret=true text="****" turn=2"#,
    );
}

#[test]
fn the_page_may_type_press_keys_and_hang_up_and_nothing_else() {
    opened(
        r##"got {"type":"text","text":"  2 people "}
        got {"type":"key","key":"#"}
        got {"type":"key","key":"55"}
        got {"type":"key","key":"A"}
        got {"type":"text","text":" "}
        got {"type":"text","text":7}
        got {"type":"dance"}
        got {"no":"type"}
        got [1]
        got {"type":
        bad
        got {"type":"bye"}
        end"##,
        r#"> type 2 people
        > key #
        error code="bad_message"
        error code="bad_message"
        error code="bad_message"
        error code="bad_message"
        error code="unknown_type"
        error code="bad_message"
        error code="bad_message"
        error code="bad_message"
        error code="bad_message"
        > bye
        end blame="nobody" reason="done""#,
    );
    let long = |count: usize| format!("got {}", json!({"type": "text", "text": "é".repeat(count)}));
    opened(&long(500), &format!("> type {}", "é".repeat(500)));
    opened(&long(501), r#"error code="bad_message""#);
}

#[test]
fn a_flood_is_answered_with_little_and_ends_the_call() {
    let mut page = Page::new("c1", "b", "en");
    let mut now = Instant::now();
    let take = |page: &mut Page, now| page.receive(now, Incoming::Text(r#"{"type":"key","key":"1"}"#.into()));
    let requests: Vec<_> = (0..120).map(|_| take(&mut page, now)).collect();
    assert_eq!(requests.iter().filter(|request| **request == Some(PageRequest::Key('1'))).count(), 20);
    assert!(requests[118].is_none() && requests[119] == Some(PageRequest::TooManyMessages));
    page.greet(&[]);
    assert!(page.out.len() < 20);
    now += Duration::from_millis(50);
    assert!(page.receive(now, Incoming::Text(r#"{"type":"bye"}"#.into())) == Some(PageRequest::HangUp));
}

#[test]
fn debug_shows_no_words() {
    assert!(!format!("{:?}", Incoming::Text("my pin".into())).contains("pin"));
}

#[test]
fn a_mutated_message_is_understood_or_answered_and_never_more() {
    let messages = [
        r#"{"type":"text","text":"two people é"}"#,
        r#"{"type":"key","key":"5"}"#,
        r#"{"type":"bye"}"#,
        "[{}]",
        "\"\"",
    ];
    let (mut seed, mut now, mut keys) = (7u32, Instant::now(), 0);
    let mut dice = |below: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as usize % below.max(1)
    };
    let mut page = Page::new("c1", "b", "en");
    page.greet(&[]);
    for round in 0..20_000 {
        let mut bytes = messages[round % messages.len()].as_bytes().to_vec();
        for _ in 0..dice(4) {
            let at = dice(bytes.len());
            match dice(3) {
                0 => bytes[at] = dice(256) as u8,
                1 => bytes.insert(at, b"\"{}[]:,\\0"[dice(9)]),
                _ => drop(bytes.drain(at..(at + dice(8)).min(bytes.len()))),
            }
            bytes.push(b' ');
        }
        now += Duration::from_secs(1);
        match page.receive(now, Incoming::Text(String::from_utf8_lossy(&bytes).into_owned())) {
            Some(PageRequest::Type(text)) => assert!(text.chars().count() <= 500),
            Some(PageRequest::Key(key)) => {
                assert!("0123456789*#".contains(key));
                keys += 1;
            }
            Some(PageRequest::TooManyMessages) => page = Page::new("c1", "b", "en"),
            Some(PageRequest::Greet | PageRequest::HangUp) | None => {}
        }
        while page.poll().is_some() {}
    }
    assert!(keys > 1_000, "most mutations leave the key alone: {keys}");
}
