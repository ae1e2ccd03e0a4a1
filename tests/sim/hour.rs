//! An hour of conversation.
use crate::plan::Plan;
use std::time::Instant;
use switchboard::call::{Blame, Reason};
use switchboard::store::CallEvent;

#[test]
fn an_hour_long_call_keeps_all_laws_and_takes_seconds() {
    let wall = Instant::now();
    let mut plan = Plan::shipped("booking.en");
    plan.bot.push_str("\n[silence]\nturns = 10000\n");
    let mut call = plan.answer();
    while call.end.is_none() {
        for words in ["book a room", "mountain view", "today", "two thirty p m", "start again"] {
            if call.end.is_none() {
                call.say(words);
            }
        }
    }
    call.check_invariants();
    assert_eq!(call.end.map(|end| (end.blame, end.reason)), Some((Blame::Server, Reason::CallLimit)));
    let (_, last) = call.port.invariants.notes.last().expect("notes");
    assert!(
        matches!(last, CallEvent::Ended(_))
            && call.at(call.port.invariants.notes[call.port.invariants.notes.len() - 1].0) == 3_600_000
    );
    let answers: Vec<u32> = call
        .port
        .invariants
        .notes
        .iter()
        .filter_map(|(_, note)| if let CallEvent::Latency(l) = note { Some(l.total_ms) } else { None })
        .collect();
    assert!(answers.len() > 300, "{} answers", answers.len());
    assert!(answers.iter().all(|ms| *ms < 900), "{:?}", answers.iter().max());
    println!("{} answers in an hour, simulated in {:?}", answers.len(), wall.elapsed());
}
