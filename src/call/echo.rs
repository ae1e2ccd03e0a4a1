//! `Echo`: the core of an echo call, which has no conversation. The room returns the caller's sound; the call lasts until a party ends
//! it or its line reaches a limit.
use super::core::{Act, CallInput, Core};
use super::end::{Blame, End, Reason};
use super::page::{Incoming, Page, PageRequest, PageState};
use super::seat::{Guide, HandBack};
use super::timeline::line;
use super::watchdog::{Limits, Watchdog, Why};
use crate::store::CallEvent;
use dialog::conversation::GuidanceFault;
use media::room::{Event, Seat};
use std::collections::VecDeque;
use std::time::Instant;

pub struct Echo {
    watchdog: Watchdog,
    /// The page of a browser's call.
    page: Option<Page>,
    started: Instant,
    acts: VecDeque<Act>,
    ended: bool,
}

impl Echo {
    pub fn new(limits: Limits, page: Option<Page>, started: Instant) -> Self {
        Self { watchdog: Watchdog::new(limits, started), page, started, acts: VecDeque::new(), ended: false }
    }

    fn tell_page(&mut self, tell: impl FnOnce(&mut Page)) {
        let Some(page) = &mut self.page else { return };
        tell(page);
        self.acts.extend(std::iter::from_fn(|| page.poll()).map(Act::SendToPage));
    }

    fn page_message(&mut self, now: Instant, incoming: Incoming) {
        let mut request = None;
        self.tell_page(|page| {
            request = page.receive(now, incoming);
            match request {
                Some(PageRequest::Greet) => page.greet(&[]),
                Some(PageRequest::Type(_)) => {
                    page.error("not_taken", "this line says back what it hears, and reads nothing");
                }
                _ => {}
            }
        });
        match request {
            Some(PageRequest::HangUp) => self.end(End::new(Blame::RemoteParty, Reason::HungUp)),
            Some(PageRequest::TooManyMessages) => self.end(End::new(Blame::RemoteParty, Reason::TooManyMessages)),
            Some(PageRequest::Greet | PageRequest::Type(_) | PageRequest::Key(_)) | None => {}
        }
    }

    fn end(&mut self, end: End) {
        self.ended = true;
        self.tell_page(|page| page.end(end));
        self.acts.extend([Act::Note(CallEvent::Ended(end)), Act::End(end)]);
    }
}

impl Core for Echo {
    fn handle(&mut self, now: Instant, input: CallInput) {
        if self.ended {
            return;
        }
        match input {
            CallInput::Answered => {
                self.acts.push_back(Act::Note(CallEvent::Answered));
                self.tell_page(|page| page.state(PageState::Listening));
            }
            CallInput::Room(Event::Silent { seat: Seat::CALLER, since }) => self.watchdog.packets_stopped(since),
            CallInput::Room(Event::Sounding { seat: Seat::CALLER }) => self.watchdog.packets_resumed(),
            CallInput::Room(Event::Stats { seat, stats }) => {
                self.acts.push_back(Act::Note(CallEvent::Line(line(seat, &stats))))
            }
            CallInput::Room(Event::Closed) => self.end(End::new(Blame::Server, Reason::MediaStopped)),
            CallInput::LineOnHold(stopped) | CallInput::ConnectionLost(stopped) => {
                self.watchdog.set_on_hold(stopped, now)
            }
            CallInput::Page(incoming) => self.page_message(now, incoming),
            CallInput::Seat(news) => {
                let ms = now.saturating_duration_since(self.started).as_millis() as u64;
                self.acts.push_back(Act::Note(news.mark(ms)));
            }
            CallInput::HandBack(HandBack { reply, .. }) | CallInput::Guide(Guide { reply, .. }) => {
                self.acts.push_back(Act::Reply(reply, Err(GuidanceFault::NoBot)));
            }
            CallInput::Gone(end) | CallInput::EndNow(end) => self.end(end),
            CallInput::Tick => {
                if let Some(end) = self.watchdog.verdict(now) {
                    self.end(end);
                }
            }
            // Speech, keys and playout: nothing listens to them, and the room plays no utterance.
            CallInput::Room(_)
            | CallInput::Heard(_)
            | CallInput::Voice(_)
            | CallInput::Spoken(_)
            | CallInput::Key(_)
            | CallInput::Person(_)
            | CallInput::Model { .. }
            | CallInput::ToolDone { .. } => {}
        }
    }

    fn poll(&mut self) -> Option<Act> {
        self.acts.pop_front()
    }

    fn deadline(&self) -> Option<(Instant, Why)> {
        (!self.ended).then(|| self.watchdog.deadline())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn acts(echo: &mut Echo, now: Instant, input: CallInput) -> Vec<Act> {
        echo.handle(now, input);
        std::iter::from_fn(|| echo.poll()).collect()
    }

    fn ends(acts: &[Act]) -> Option<End> {
        match acts {
            [.., Act::Note(CallEvent::Ended(noted)), Act::End(end)] if noted == end => Some(*end),
            _ => None,
        }
    }

    #[test]
    fn an_echo_is_answered_and_lasts_until_its_line_brings_no_packets() {
        let t = Instant::now();
        let mut echo = Echo::new(Limits::default(), None, t);
        assert!(matches!(acts(&mut echo, t, CallInput::Answered)[..], [Act::Note(CallEvent::Answered)]));
        assert_eq!(echo.deadline(), Some((t + Duration::from_secs(3600), Why::CallLimit)));
        assert!(acts(&mut echo, t, CallInput::Key('1')).is_empty());
        echo.handle(t, CallInput::Room(Event::Silent { seat: Seat::CALLER, since: t }));
        let (at, why) = echo.deadline().unwrap();
        assert_eq!((at, why), (t + Duration::from_secs(20), Why::NoRtp));
        assert!(acts(&mut echo, at - Duration::from_millis(1), CallInput::Tick).is_empty());
        assert_eq!(ends(&acts(&mut echo, at, CallInput::Tick)), Some(End::new(Blame::Network, Reason::NoRtp)));
        assert_eq!(echo.deadline(), None);
        assert!(acts(&mut echo, at, CallInput::Gone(Reason::HungUp.into())).is_empty(), "a call ends once");
    }

    #[test]
    fn a_page_is_told_that_the_line_listens_reads_nothing_and_ends() {
        let t = Instant::now();
        let mut echo = Echo::new(Limits::default(), Some(Page::new("id", "echo", "en")), t);
        echo.handle(t, CallInput::Answered);
        echo.handle(t, CallInput::Page(Incoming::Opened));
        let mut told = acts(&mut echo, t, CallInput::Page(Incoming::Text(r#"{"type":"text","text":"hello"}"#.into())));
        let text = format!("{told:?}");
        assert!(text.contains("listening") && text.contains("not_taken"), "{text}");
        told = acts(&mut echo, t, CallInput::Page(Incoming::Text(r#"{"type":"bye"}"#.into())));
        assert_eq!(ends(&told), Some(End::new(Blame::RemoteParty, Reason::HungUp)));
        assert!(matches!(&told[0], Act::SendToPage(message) if message.contains("\"end\"")), "{told:?}");
    }
}
