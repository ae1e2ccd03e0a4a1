//! The driver of one call: one task, one `select!`, one input at a time. It reads the clock and owns the line.
use super::end::{Blame, End, Reason};
use super::page::{Incoming, Page, State, Wish};
use super::perform::Hands;
use super::talk::{Act, Input, Limits, Talk};
use super::timeline;
use super::watch::Watch;
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
    /// Keep silence in the recording, or go on.
    Pause(bool),
}

/// The queues a call reads from.
pub struct Inbox {
    pub room: mpsc::Receiver<Event>,
    pub heard: mpsc::Receiver<Heard>,
    pub spoken: mpsc::Receiver<Spoken>,
    pub orders: mpsc::Receiver<Order>,
    /// From a browser's page; of a phone nothing comes.
    pub page: Option<mpsc::Receiver<Message>>,
}

/// Runs an answered call to its end and hangs up. The record is complete when this returns.
pub async fn run(mut line: Telephone, mut talk: Talk, mut hands: Hands, mut inbox: Inbox) -> End {
    if !hands.hears {
        // Known before the greeting, which then says so instead of being cut off by the first question that nobody hears.
        let deaf = Heard::Failed(media::asr::AsrFault::Language("none".into()));
        talk.handle(Instant::now(), Input::Heard(deaf));
    }
    talk.handle(Instant::now(), Input::Answered);
    loop {
        while let Some(act) = talk.poll() {
            if let Act::Note(Note::Ended(_)) = &act {
                // This closes the record: how the line went in all comes before.
                hands.room.close();
                if let Some(line) = last_line(&mut inbox.room).await {
                    hands.store.note(&hands.id, Note::Line(line));
                }
            }
            if let Some(end) = hands.perform(act) {
                line.hang_up(end.reason.text()).await;
                hands.room.close();
                return end;
            }
        }
        let deadline = talk.deadline().map(|(at, _)| at);
        let input = tokio::select! {
            biased;
            Some(order) = inbox.orders.recv() => match order {
                Order::End(end) => Input::EndNow(end),
                Order::Pause(paused) => {
                    hands.pause(paused);
                    continue;
                }
            },
            change = line.next() => match change {
                Change::Plan(plan) => {
                    hands.speaker.tune(plan.codec.rate());
                    // The room takes the new plan at its next tick; a full queue means it is gone, which it says itself.
                    let _ = hands.room.configure(Seat::CALLER, plan);
                    continue;
                }
                Change::Replaced(from) => {
                    hands.store.note(&hands.id, replaced(&from));
                    continue;
                }
                Change::Held(held) => Input::Held(held),
                Change::Lost(lost) => Input::Lost(lost),
                // Waited for before the call began.
                Change::Up => continue,
                Change::Key(key) => Input::Key(key),
                Change::Ended(ended) => Input::Gone(ended.into()),
            },
            Some(event) = inbox.room.recv() => Input::Room(event),
            Some(heard) = inbox.heard.recv() => Input::Heard(heard),
            Some(spoken) = inbox.spoken.recv() => Input::Spoken(spoken),
            Some(message) = said(inbox.page.as_mut()) => Input::Page(message.into()),
            Some(done) = hands.tools.join_next() => match done {
                Ok(input) => input,
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
    /// Of a browser's caller, who is told that the line listens and when it ends.
    pub page: Option<(Page, Data)>,
}

/// An echo call has no conversation: it lasts until somebody ends it, or its line reaches a limit.
pub async fn echo(mut echo: Echo<'_>) -> End {
    let mut page = echo.page.take();
    show(&mut page, |page| page.state(State::Listening));
    let end = echoes(echo, &mut page).await;
    show(&mut page, |page| page.end(end));
    end
}

/// Tells the page of a line without a conversation.
fn show(page: &mut Option<(Page, Data)>, tell: impl FnOnce(&mut Page)) {
    let Some((page, data)) = page else { return };
    tell(page);
    while let Some(message) = page.poll() {
        // Full: the leg ends the call of a page that does not read.
        data.outbox.try_send(message).ok();
    }
}

async fn echoes(echo: Echo<'_>, page: &mut Option<(Page, Data)>) -> End {
    let Echo { line, room, mut orders, events, limits, store, id, .. } = echo;
    let mut watch = Watch::new(limits, Instant::now());
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
                Change::Held(held) | Change::Lost(held) => watch.held(held, Instant::now()),
                Change::Ended(ended) => return ended.into(),
                Change::Key(_) | Change::Up => {}
            },
            event = events.recv() => match event {
                Some(Event::Silent { since, .. }) => watch.silent(since),
                Some(Event::Sounding { .. }) => watch.sounding(),
                Some(Event::Stats { seat, stats }) => store.note(id, Note::Line(timeline::line(seat, &stats))),
                None | Some(Event::Closed) => return End::new(Blame::Server, Reason::MediaStopped),
                Some(_) => {}
            },
            Some(message) = said(page.as_mut().map(|(_, data)| &mut data.inbox)) => {
                let mut wish = None;
                show(page, |page| {
                    wish = page.take(Instant::now(), message.into());
                    if let Some(Wish::Type(_)) = wish {
                        page.error("not_taken", "this line says back what it hears, and reads nothing");
                    }
                });
                match wish {
                    Some(Wish::Bye) => return End::new(Blame::Caller, Reason::HungUp),
                    Some(Wish::Enough) => return End::new(Blame::Caller, Reason::TooManyMessages),
                    Some(Wish::Type(_) | Wish::Key(_)) | None => {}
                }
            }
            () = until(Some(watch.deadline().0)) => {
                if let Some(end) = watch.verdict(Instant::now()) {
                    return end;
                }
            }
        }
    }
}

/// Another far end has taken over: who it says it is.
fn replaced(from: &Party) -> Note {
    Note::Mark(Mark { name: "line_replaced".into(), data: Private(serde_json::json!({ "from": from.uri() })) })
}

/// How the caller's line went in all: a room that is closing says so within a tick.
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
