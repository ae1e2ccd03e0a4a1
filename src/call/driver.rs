//! The driver of one call: one task with one `select!`, one input at a time. It reads the clock and owns the line.
use super::effects::Effects;
use super::end::{Blame, End, Reason};
use super::page::{Incoming, Page, PageRequest, PageState};
use super::talk::{Act, Input, Limits, Talk};
use super::timeline;
use super::watchdog::Watchdog;
use crate::store::{Event as Note, Line, Mark, Private, Store};
use media::asr::Heard;
use media::engine::RoomHandle;
use media::room::{Event, Seat};
use media::tts::Spoken;
use std::time::{Duration, Instant};
use telephony::webrtc::{Data, Message};
use telephony::{Change, Line as Telephone, Party};
use tokio::sync::mpsc;

/// What reaches a call from outside.
#[derive(Clone, Copy, Debug)]
pub enum Order {
    /// End at once.
    End(End),
    /// Pause the recording, or resume it.
    Pause(bool),
}

/// The queues a call reads from.
pub struct Inbox {
    pub room: mpsc::Receiver<Event>,
    pub heard: mpsc::Receiver<Heard>,
    pub spoken: mpsc::Receiver<Spoken>,
    pub orders: mpsc::Receiver<Order>,
    /// The messages of a browser's page; `None` for a phone.
    pub page: Option<mpsc::Receiver<Message>>,
}

/// Runs an answered call to its end and hangs up. The record is complete when this returns.
pub async fn run(mut line: Telephone, mut talk: Talk, mut effects: Effects, mut inbox: Inbox) -> End {
    if !effects.hears {
        // Told before the call is answered, so that the greeting says it.
        let deaf = Heard::Failed(media::asr::AsrFault::Language("none".into()));
        talk.handle(Instant::now(), Input::Heard(deaf));
    }
    talk.handle(Instant::now(), Input::Answered);
    loop {
        while let Some(act) = talk.poll() {
            if let Act::Note(Note::Ended(_)) = &act {
                // Nothing can be recorded after this: the line's final statistics are noted before it.
                effects.room.close();
                if let Some(line) = last_line(&mut inbox.room).await {
                    effects.store.note(&effects.id, Note::Line(line));
                }
            }
            if let Some(end) = effects.perform(act) {
                line.hang_up(end.reason.text()).await;
                effects.room.close();
                return end;
            }
        }
        let deadline = talk.deadline().map(|(at, _)| at);
        let input = tokio::select! {
            biased;
            Some(order) = inbox.orders.recv() => match order {
                Order::End(end) => Input::EndNow(end),
                Order::Pause(paused) => {
                    effects.pause(paused);
                    continue;
                }
            },
            change = line.next() => match change {
                Change::Plan(plan) => {
                    effects.speaker.tune(plan.codec.rate());
                    // The room applies the plan at its next tick. A full queue means that the room is gone, which an event reports.
                    let _ = effects.room.configure(Seat::CALLER, plan);
                    continue;
                }
                Change::Replaced(from) => {
                    effects.store.note(&effects.id, replaced(&from));
                    continue;
                }
                Change::Held(held) => Input::LineHeld(held),
                Change::Lost(lost) => Input::ConnectionLost(lost),
                // Waited for before the call began.
                Change::Up => continue,
                Change::Key(key) => Input::Key(key),
                Change::Ended(ended) => Input::Gone(ended.into()),
            },
            Some(event) = inbox.room.recv() => Input::Room(event),
            Some(heard) = inbox.heard.recv() => Input::Heard(heard),
            Some(spoken) = inbox.spoken.recv() => Input::Spoken(spoken),
            Some(message) = said(inbox.page.as_mut()) => Input::Page(message.into()),
            Some(done) = effects.tools.join_next() => match done {
                Ok(input) => input,
                // The conversation does not want its outcome any more.
                Err(why) if why.is_cancelled() => continue,
                Err(_) => Input::EndNow(End::new(Blame::Server, Reason::ToolCrashed)),
            },
            () = until(deadline) => Input::Tick,
        };
        talk.handle(Instant::now(), input);
    }
}

/// What an echo call works with.
pub struct Echo<'a> {
    pub line: &'a mut Telephone,
    pub room: &'a RoomHandle,
    pub orders: mpsc::Receiver<Order>,
    pub events: &'a mut mpsc::Receiver<Event>,
    pub limits: Limits,
    pub store: &'a Store,
    pub id: &'a str,
    /// The page of a browser's call, which is sent the states of the line.
    pub page: Option<(Page, Data)>,
}

/// Runs an echo call, which has no conversation, until a party ends it or its line reaches a limit.
pub async fn echo(mut echo: Echo<'_>) -> End {
    let mut page = echo.page.take();
    show(&mut page, |page| page.state(PageState::Listening));
    let end = echoes(echo, &mut page).await;
    show(&mut page, |page| page.end(end));
    end
}

/// Sends the messages that `tell` puts into the page.
fn show(page: &mut Option<(Page, Data)>, tell: impl FnOnce(&mut Page)) {
    let Some((page, data)) = page else { return };
    tell(page);
    while let Some(message) = page.poll() {
        // If the queue is full, the leg ends the call of a page that does not read.
        data.outbox.try_send(message).ok();
    }
}

async fn echoes(echo: Echo<'_>, page: &mut Option<(Page, Data)>) -> End {
    let Echo { line, room, mut orders, events, limits, store, id, .. } = echo;
    let mut watchdog = Watchdog::new(limits, Instant::now());
    loop {
        tokio::select! {
            Some(order) = orders.recv() => match order {
                Order::End(end) => return end,
                // An echo is not recorded.
                Order::Pause(_) => {}
            },
            change = line.next() => match change {
                Change::Plan(plan) => {
                    // A full queue means that the room is gone, which it says itself.
                    let _ = room.configure(Seat::CALLER, plan);
                }
                Change::Replaced(from) => store.note(id, replaced(&from)),
                Change::Held(held) | Change::Lost(held) => watchdog.set_held(held, Instant::now()),
                Change::Ended(ended) => return ended.into(),
                Change::Key(_) | Change::Up => {}
            },
            event = events.recv() => match event {
                Some(Event::Silent { since, .. }) => watchdog.packets_stopped(since),
                Some(Event::Sounding { .. }) => watchdog.packets_resumed(),
                Some(Event::Stats { seat, stats }) => store.note(id, Note::Line(timeline::line(seat, &stats))),
                None | Some(Event::Closed) => return End::new(Blame::Server, Reason::MediaStopped),
                Some(_) => {}
            },
            Some(message) = said(page.as_mut().map(|(_, data)| &mut data.inbox)) => {
                let mut request = None;
                show(page, |page| {
                    request = page.receive(Instant::now(), message.into());
                    if let Some(PageRequest::Type(_)) = request {
                        page.error("not_taken", "this line says back what it hears, and reads nothing");
                    }
                });
                match request {
                    Some(PageRequest::HangUp) => return End::new(Blame::RemoteParty, Reason::HungUp),
                    Some(PageRequest::TooManyMessages) => return End::new(Blame::RemoteParty, Reason::TooManyMessages),
                    Some(PageRequest::Type(_) | PageRequest::Key(_)) | None => {}
                }
            }
            () = until(Some(watchdog.deadline().0)) => {
                if let Some(end) = watchdog.verdict(Instant::now()) {
                    return end;
                }
            }
        }
    }
}

/// The record of a line that another far end has taken over (INVITE with Replaces).
fn replaced(from: &Party) -> Note {
    Note::Mark(Mark { name: "line_replaced".into(), data: Private(serde_json::json!({ "from": from.uri() })) })
}

/// The final statistics of the caller's line, which a closing room reports within a tick.
pub(super) async fn last_line(events: &mut mpsc::Receiver<Event>) -> Option<Line> {
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
    let _ = tokio::time::timeout(Duration::from_millis(150), closing).await;
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

async fn said(page: Option<&mut mpsc::Receiver<Message>>) -> Option<Message> {
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
