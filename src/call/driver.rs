//! The driver of one call: one task with one `select!`, one input at a time. It reads the clock and owns the line.
//!
//! [`first_inputs`] and [`step`] say what the core is told and do nothing; the golden calls of `tests/sim` go through them as well.
use super::core::{Act, Core, Input};
use super::effects::Effects;
use super::end::{Blame, End, Reason};
use super::page::Incoming;
use super::registry::Order;
use super::timeline;
use crate::store::{CallEvent, LineStats, Mark, Private};
use media::asr::{AsrFault, Heard};
use media::engine::RoomOrder;
use media::leg::{self, LegPlan};
use media::room::{Event, Seat};
use media::tts::Spoken;
use std::time::{Duration, Instant};
use telephony::webrtc::Message;
use telephony::{Change, Line, Party};
use tokio::sync::mpsc;

/// The longest a closing room may take to report its last events.
const ROOM_CLOSES: Duration = Duration::from_millis(150);

/// The queues a call reads from.
pub struct Inbox {
    pub room: mpsc::Receiver<Event>,
    pub heard: mpsc::Receiver<Heard>,
    pub spoken: mpsc::Receiver<Spoken>,
    pub orders: mpsc::Receiver<Order>,
    /// The messages of a browser's page; `None` for a phone.
    pub page: Option<mpsc::Receiver<Message>>,
}

/// What reaches a call from outside.
pub enum Arrival {
    Order(Order),
    Line(Change),
    Room(Event),
    Heard(Heard),
    Spoken(Spoken),
    Page(Message),
    Tool(Input),
    ToolPanicked,
    /// A tool was stopped: the conversation does not want its outcome any more.
    ToolCancelled,
    /// The core's deadline has come.
    Deadline,
}

/// What the driver does with an arrival.
#[derive(Debug)]
pub enum Step {
    Handle(Input),
    /// The caller's leg is configured anew.
    Configure(LegPlan),
    /// By an operator: pause the recording, or resume it.
    PauseRecording(bool),
    Note(CallEvent),
    Ignore,
}

/// What the core is told at the start. `hears`: whether there is a recogniser where one is wanted.
pub fn first_inputs(hears: bool) -> Vec<Input> {
    // Told before the call is answered, so that the greeting says it.
    let deaf = (!hears).then(|| Input::Heard(Heard::Failed(AsrFault::Language("none".into()))));
    deaf.into_iter().chain([Input::Answered]).collect()
}

/// What is done with an arrival.
pub fn step(arrival: Arrival) -> Step {
    Step::Handle(match arrival {
        Arrival::Order(Order::End(end)) => Input::EndNow(end),
        Arrival::Order(Order::Pause(paused)) => return Step::PauseRecording(paused),
        Arrival::Line(change) => match change {
            Change::Plan(plan) => return Step::Configure(plan),
            Change::Replaced(from) => return Step::Note(replaced(&from)),
            // Waited for before the call began.
            Change::Up => return Step::Ignore,
            Change::Held(held) => Input::LineHeld(held),
            Change::Lost(lost) => Input::ConnectionLost(lost),
            Change::Key(key) => Input::Key(key),
            Change::Ended(ended) => Input::Gone(ended.into()),
        },
        Arrival::Room(event) => Input::Room(event),
        Arrival::Heard(heard) => Input::Heard(heard),
        Arrival::Spoken(spoken) => Input::Spoken(spoken),
        Arrival::Page(message) => Input::Page(message.into()),
        Arrival::Tool(done) => done,
        Arrival::ToolCancelled => return Step::Ignore,
        Arrival::ToolPanicked => Input::EndNow(End::new(Blame::Server, Reason::ToolCrashed)),
        Arrival::Deadline => Input::Tick,
    })
}

/// The order to the room that [`Step::Configure`] is.
pub fn configure(plan: LegPlan) -> RoomOrder {
    RoomOrder::Leg(Seat::CALLER, leg::Input::Configure(plan))
}

/// Runs an answered call to its end and hangs up. The record is complete when this returns.
pub async fn run(mut line: Line, mut core: impl Core, mut effects: Effects, mut inbox: Inbox) -> End {
    for input in first_inputs(effects.hears()) {
        core.handle(Instant::now(), input);
    }
    loop {
        while let Some(act) = core.poll() {
            if let Act::Note(CallEvent::Ended(_)) = &act {
                // Nothing can be recorded after this: the line's final statistics are noted before it.
                effects.room.close();
                if let Some(line) = last_line(&mut inbox.room).await {
                    effects.store.note(&effects.id, CallEvent::Line(line));
                }
            }
            if let Some(end) = effects.perform(act) {
                line.hang_up(end.reason.text()).await;
                effects.room.close();
                return end;
            }
        }
        let deadline = core.deadline().map(|(at, _)| at);
        let arrival = tokio::select! {
            biased;
            Some(order) = inbox.orders.recv() => Arrival::Order(order),
            change = line.next() => Arrival::Line(change),
            // A closed queue is the last event of a room that could not send it.
            event = inbox.room.recv() => Arrival::Room(event.unwrap_or(Event::Closed)),
            Some(heard) = inbox.heard.recv() => Arrival::Heard(heard),
            Some(spoken) = inbox.spoken.recv() => Arrival::Spoken(spoken),
            Some(message) = message(inbox.page.as_mut()) => Arrival::Page(message),
            Some(done) = effects.tools.join_next() => match done {
                Ok(input) => Arrival::Tool(input),
                Err(why) if why.is_cancelled() => Arrival::ToolCancelled,
                Err(_) => Arrival::ToolPanicked,
            },
            () = until(deadline) => Arrival::Deadline,
        };
        match step(arrival) {
            Step::Handle(input) => core.handle(Instant::now(), input),
            Step::Configure(plan) => {
                effects.speech.iter().for_each(|speech| speech.speaker.tune(plan.codec.rate()));
                // A refused order means that the room is gone, which an event reports.
                let _ = effects.room.order(configure(plan));
            }
            Step::PauseRecording(paused) => effects.pause(paused),
            Step::Note(note) => effects.store.note(&effects.id, note),
            Step::Ignore => {}
        }
    }
}

/// The record of a line that another far end has taken over (INVITE with Replaces).
fn replaced(from: &Party) -> CallEvent {
    CallEvent::Mark(Mark { name: "line_replaced".into(), data: Private(serde_json::json!({ "from": from.uri() })) })
}

/// The final statistics of the caller's line, which a closing room reports within a tick.
async fn last_line(events: &mut mpsc::Receiver<Event>) -> Option<LineStats> {
    let mut last = None;
    let closing = async {
        while let Some(event) = events.recv().await {
            match event {
                Event::Stats { seat: Seat::CALLER, stats } => last = Some(timeline::line(Seat::CALLER, &stats)),
                Event::Closed => break,
                _ => {}
            }
        }
    };
    let _ = tokio::time::timeout(ROOM_CLOSES, closing).await;
    last
}

impl From<Message> for Incoming {
    fn from(message: Message) -> Self {
        match message {
            Message::Opened => Self::Opened,
            Message::Text(text) => Self::Text(text),
            Message::Bad => Self::Bad,
        }
    }
}

async fn message(page: Option<&mut mpsc::Receiver<Message>>) -> Option<Message> {
    match page {
        Some(page) => page.recv().await,
        None => std::future::pending().await,
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
