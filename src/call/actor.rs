//! The driver of one call: one task, one `select!`, one input at a time. It reads the clock and owns the line.
use super::end::{Blame, End};
use super::perform::Hands;
use super::talk::{Input, Talk};
use media::asr::Heard;
use media::room::{Event, Seat};
use media::tts::Spoken;
use std::time::Instant;
use telephony::{Change, Line};
use tokio::sync::mpsc;

/// What reaches a call from outside.
#[derive(Clone, Copy, Debug)]
pub enum Order {
    /// End at once.
    End(End),
}

/// The queues a call reads from.
pub struct Inbox {
    pub room: mpsc::Receiver<Event>,
    pub heard: mpsc::Receiver<Heard>,
    pub spoken: mpsc::Receiver<Spoken>,
    pub orders: mpsc::Receiver<Order>,
}

/// Runs an answered call to its end and hangs up. The record is complete when this returns.
pub async fn run(mut line: Line, mut talk: Talk, mut hands: Hands, mut inbox: Inbox) -> End {
    talk.handle(Instant::now(), Input::Answered);
    loop {
        while let Some(act) = talk.poll() {
            if let Some(end) = hands.perform(act) {
                line.hang_up(end.reason).await;
                hands.room.close();
                return end;
            }
        }
        let deadline = talk.deadline().map(|(at, _)| at);
        let input = tokio::select! {
            biased;
            Some(Order::End(end)) = inbox.orders.recv() => Input::EndNow(end),
            change = line.next() => match change {
                Change::Plan(plan) => {
                    // The room takes the new plan at its next tick; a full queue means it is gone, which it says itself.
                    let _ = hands.room.configure(Seat::CALLER, plan);
                    continue;
                }
                Change::Held(held) => Input::Held(held),
                Change::Key(key) => Input::Key(key),
                Change::Ended(ended) => Input::Gone(super::desk::end_of(ended)),
            },
            Some(event) = inbox.room.recv() => Input::Room(event),
            Some(heard) = inbox.heard.recv() => Input::Heard(heard),
            Some(spoken) = inbox.spoken.recv() => Input::Spoken(spoken),
            Some(done) = hands.tools.join_next() => match done {
                Ok(input) => input,
                Err(_) => Input::EndNow(End::new(Blame::Server, "tool crashed")),
            },
            () = until(deadline) => Input::Tick,
        };
        talk.handle(Instant::now(), input);
    }
}

/// An echo call has no conversation: it lasts until somebody ends it.
pub async fn echo(
    line: &mut Line,
    orders: &mut mpsc::Receiver<Order>,
    room: &mut mpsc::Receiver<Event>,
    configure: impl Fn(media::leg::LegPlan),
) -> End {
    loop {
        tokio::select! {
            Some(Order::End(end)) = orders.recv() => return end,
            change = line.next() => match change {
                Change::Plan(plan) => configure(plan),
                Change::Ended(ended) => return super::desk::end_of(ended),
                Change::Held(_) | Change::Key(_) => {}
            },
            event = room.recv() => if matches!(event, None | Some(Event::Closed)) {
                return End::new(Blame::Server, "media stopped");
            },
        }
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
