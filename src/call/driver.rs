//! The driver of one call: one task with one `select!`, one input at a time. It reads the clock and owns the line.
//!
//! [`begin`], [`carry_out`] and [`dispatch`] are told the time and do all the rest; the golden calls of `tests/sim` go through them as well.
use super::acts::{self, CallPort, perform};
use super::core::{Act, CallInput, Core};
use super::effects::Effects;
use super::end::{Blame, End, Reason};
use super::page::Incoming;
use super::registry::Order;
use super::timeline;
use super::voices::VoiceHeard;
use crate::language_models::Told;
use crate::store::{CallEvent, LineStats, Mark, Private};
use media::asr::{AsrFault, Heard};
use media::engine::RoomOrder;
use media::leg::LegInput;
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
    /// Of people who speak with each other.
    pub voices: mpsc::Receiver<VoiceHeard>,
    pub spoken: mpsc::Receiver<Spoken>,
    /// Pieces of the answers of language models.
    pub models: mpsc::Receiver<Told>,
    /// Orders that came before the call ran.
    pub early: Vec<Order>,
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
    Voice(VoiceHeard),
    Spoken(Spoken),
    Page(Message),
    Tool(CallInput),
    Model(Told),
    ToolPanicked,
    /// A tool was stopped: the conversation does not want its outcome any more.
    ToolCancelled,
    /// The core's deadline has come.
    Deadline,
}

/// What the driver waits for once the core's acts are carried out.
#[derive(Debug)]
pub enum Wait {
    /// For what reaches the call next.
    Arrival,
    /// For the last statistics of the line: the room is closing, and nothing can be recorded after this event.
    LastLine(CallEvent),
    /// For the line to hang up: the call has ended.
    HangUp(End),
}

/// What the core is told at the start.
pub fn begin(now: Instant, core: &mut impl Core, port: &impl CallPort) {
    if !port.hears() {
        // Told before the call is answered, so that the greeting says it.
        core.handle(now, CallInput::Heard(Heard::Failed(AsrFault::Language("none".into()))));
    }
    core.handle(now, CallInput::Answered);
}

/// Carries out what the core wants.
pub fn carry_out(core: &mut impl Core, port: &mut impl CallPort) -> Wait {
    while let Some(act) = core.poll() {
        match act {
            Act::Note(ended @ CallEvent::Ended(_)) => {
                port.close_room();
                return Wait::LastLine(ended);
            }
            act => {
                if let Some(end) = perform(act, port) {
                    port.close_room();
                    return Wait::HangUp(end);
                }
            }
        }
    }
    Wait::Arrival
}

/// The end of [`Wait::LastLine`].
pub fn note_last(line: Option<LineStats>, ended: CallEvent, port: &mut impl CallPort) {
    line.into_iter().for_each(|line| port.note(CallEvent::Line(line)));
    port.note(ended);
}

/// Does what an arrival calls for: most are inputs of the core.
pub fn dispatch(now: Instant, arrival: Arrival, core: &mut impl Core, port: &mut impl CallPort) {
    let input = match arrival {
        Arrival::Order(Order::End(end)) => CallInput::EndNow(end),
        Arrival::Order(Order::Seat(order)) => CallInput::Seat(acts::seat(order, core.is_disclosed(), port)),
        Arrival::Order(Order::HandBack(hand_back)) => CallInput::HandBack(hand_back),
        Arrival::Order(Order::Guide(guide)) => CallInput::Guide(guide),
        Arrival::Order(Order::Person(order)) => match acts::person(order, port) {
            Some(event) => CallInput::Person(event),
            None => return,
        },
        Arrival::Order(Order::SeatKeys(seat, keys)) => return port.seat_keys(seat, keys),
        Arrival::Order(Order::SeatPlan(seat, plan)) => {
            return port.order(RoomOrder::Leg(seat, LegInput::Configure(plan)));
        }
        Arrival::Order(Order::SeatWords(seat, words)) => return port.tell_seat(seat, words),
        Arrival::Order(Order::Pause(paused)) => return acts::pause_by_operator(paused, port),
        Arrival::Line(change) => match change {
            Change::Plan(plan) => {
                port.tune(plan.codec.rate());
                return port.order(RoomOrder::Leg(Seat::CALLER, LegInput::Configure(plan)));
            }
            Change::Replaced(from) => return port.note(replaced(&from)),
            // Waited for before the call began.
            Change::Up => return,
            Change::OnHold(on_hold) => CallInput::LineOnHold(on_hold),
            Change::Lost(lost) => CallInput::ConnectionLost(lost),
            Change::Key(key) => CallInput::Key(key),
            Change::Referral(news) => CallInput::Person(news.into()),
            Change::Ended(ended) => CallInput::Gone(ended.into()),
        },
        Arrival::Room(Event::Key { seat, key, .. }) if !matches!(seat, Seat::CALLER | Seat::AGENT) => {
            return port.seat_key(seat, key);
        }
        Arrival::Room(event) => {
            if let Event::Played { seat: Seat::CALLER, played } = &event {
                port.played(*played);
            }
            CallInput::Room(event)
        }
        Arrival::Heard(heard) => CallInput::Heard(heard),
        Arrival::Voice(heard) => CallInput::Voice(heard),
        Arrival::Spoken(spoken) => CallInput::Spoken(spoken),
        Arrival::Page(message) => CallInput::Page(message.into()),
        Arrival::Tool(done) => done,
        Arrival::Model((id, news)) => CallInput::Model { id, news },
        Arrival::ToolCancelled => return,
        Arrival::ToolPanicked => CallInput::EndNow(End::new(Blame::Server, Reason::ToolCrashed)),
        Arrival::Deadline => CallInput::Tick,
    };
    core.handle(now, input);
}

/// Runs an answered call to its end and hangs up. The record is complete when this returns.
pub async fn run(mut line: Line, mut core: impl Core, mut effects: Effects, mut inbox: Inbox) -> End {
    begin(Instant::now(), &mut core, &effects);
    for order in std::mem::take(&mut inbox.early) {
        dispatch(Instant::now(), Arrival::Order(order), &mut core, &mut effects);
    }
    loop {
        match carry_out(&mut core, &mut effects) {
            Wait::Arrival => {}
            Wait::LastLine(ended) => {
                let stats = last_line(&mut inbox.room).await;
                note_last(stats, ended, &mut effects);
                continue;
            }
            Wait::HangUp(end) => {
                line.hang_up(end.reason.text()).await;
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
            Some(heard) = inbox.voices.recv() => Arrival::Voice(heard),
            Some(spoken) = inbox.spoken.recv() => Arrival::Spoken(spoken),
            Some(told) = inbox.models.recv() => Arrival::Model(told),
            Some(message) = message(inbox.page.as_mut()) => Arrival::Page(message),
            Some(done) = effects.tools.join_next() => match done {
                Ok(news) => Arrival::Tool(effects.told(news)),
                Err(why) if why.is_cancelled() => Arrival::ToolCancelled,
                Err(_) => Arrival::ToolPanicked,
            },
            () = until(deadline) => Arrival::Deadline,
        };
        dispatch(Instant::now(), arrival, &mut core, &mut effects);
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
            last = line_of(&event).or(last.take());
            if matches!(event, Event::Closed) {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(ROOM_CLOSES, closing).await;
    last
}

/// The statistics of the caller's line, where an event brings them.
pub fn line_of(event: &Event) -> Option<LineStats> {
    match event {
        Event::Stats { seat: Seat::CALLER, stats } => Some(timeline::line(Seat::CALLER, stats)),
        _ => None,
    }
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
