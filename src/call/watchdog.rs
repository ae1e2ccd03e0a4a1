//! `Watchdog`: ends a call that lasts too long, is on hold for too long, or receives no packets for too long.
use super::end::{Blame, End, Reason};
use std::time::{Duration, Instant};

/// Limits of a call that are not the conversation's to decide.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// No call lasts longer.
    pub call: Duration,
    /// A held call ends after this.
    pub hold: Duration,
    /// A line without packets ends after this (counted from the last packet).
    pub no_rtp: Duration,
    /// When sound of the bot is due for this long, a standby clip is played.
    pub dead_air: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call: Duration::from_secs(3600),
            hold: Duration::from_secs(600),
            no_rtp: Duration::from_secs(20),
            dead_air: Duration::from_millis(1100),
        }
    }
}

/// Why a deadline is set, for traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Conversation,
    CallLimit,
    HoldLimit,
    NoRtp,
    DeadAir,
    NoSound,
    LastWords,
    /// The search for a person begins, or one has heard enough of the brief.
    Person,
    Voices,
}

/// Told the time; it never reads a clock.
#[derive(Debug)]
pub struct Watchdog {
    limits: Limits,
    started: Instant,
    on_hold_since: Option<Instant>,
    silent_since: Option<Instant>,
}

impl Watchdog {
    pub fn new(limits: Limits, started: Instant) -> Self {
        Self { limits, started, on_hold_since: None, silent_since: None }
    }

    /// A line on hold may send no packets: the time without packets counts from its resumption.
    pub fn set_on_hold(&mut self, on_hold: bool, now: Instant) {
        self.on_hold_since = on_hold.then_some(now);
        self.silent_since = self.silent_since.map(|since| if on_hold { since } else { now });
    }

    pub fn is_on_hold(&self) -> bool {
        self.on_hold_since.is_some()
    }

    /// No packet has come since then.
    pub fn packets_stopped(&mut self, since: Instant) {
        self.silent_since = Some(since);
    }

    pub fn packets_resumed(&mut self) {
        self.silent_since = None;
    }

    /// The next limit that will be reached, and which one.
    pub fn deadline(&self) -> (Instant, Why) {
        let call = (self.started + self.limits.call, Why::CallLimit);
        let line = match (self.on_hold_since, self.silent_since) {
            (Some(at), _) => Some((at + self.limits.hold, Why::HoldLimit)),
            (None, Some(at)) => Some((at + self.limits.no_rtp, Why::NoRtp)),
            (None, None) => None,
        };
        line.filter(|line| line.0 < call.0).unwrap_or(call)
    }

    /// The end of the call, once a limit is reached.
    pub fn verdict(&self, now: Instant) -> Option<End> {
        let (at, why) = self.deadline();
        let end = match why {
            Why::HoldLimit => End::new(Blame::RemoteParty, Reason::HeldTooLong),
            Why::NoRtp => End::new(Blame::Network, Reason::NoRtp),
            _ => End::new(Blame::Server, Reason::CallLimit),
        };
        (now >= at).then_some(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn reason(watchdog: &Watchdog, at: Instant) -> Option<&'static str> {
        watchdog.verdict(at).map(|end| end.reason.text())
    }

    #[test]
    fn a_line_that_was_silent_while_held_is_given_its_time_again_at_resumption() {
        let t = Instant::now();
        let at = |s: u64| t + Duration::from_secs(s);
        let mut watchdog = Watchdog::new(Limits::default(), t);
        watchdog.set_on_hold(true, at(2));
        watchdog.packets_stopped(at(2));
        assert_eq!(reason(&watchdog, at(500)), None);
        watchdog.set_on_hold(false, at(500));
        assert_eq!(reason(&watchdog, at(519)), None);
        assert_eq!(reason(&watchdog, at(520)), Some("no RTP"));
        watchdog.packets_resumed();
        assert_eq!(reason(&watchdog, at(3599)), None);
        assert_eq!(reason(&watchdog, at(3600)), Some("call limit reached"));
    }

    #[test]
    fn a_hold_ends_at_its_limit() {
        let t = Instant::now();
        let mut watchdog = Watchdog::new(Limits::default(), t);
        watchdog.set_on_hold(true, t);
        assert_eq!(watchdog.deadline(), (t + Duration::from_secs(600), Why::HoldLimit));
        assert_eq!(reason(&watchdog, t + Duration::from_secs(600)), Some("held too long"));
    }
}
