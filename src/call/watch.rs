//! `Watch`: the limits of a line, whatever talks on it: how long a call may last, be held, or bring no packets.
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
    /// When the bot owes sound and none comes for this long, a standby clip asks for patience.
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
    Hopeless,
    Farewell,
}

/// Told the time; it never reads a clock.
#[derive(Debug)]
pub struct Watch {
    limits: Limits,
    started: Instant,
    held: Option<Instant>,
    silent: Option<Instant>,
}

impl Watch {
    pub fn new(limits: Limits, started: Instant) -> Self {
        Self { limits, started, held: None, silent: None }
    }

    /// A line that was held may have brought nothing meanwhile: what it lacks counts from its resumption.
    pub fn held(&mut self, held: bool, now: Instant) {
        self.held = held.then_some(now);
        self.silent = self.silent.map(|since| if held { since } else { now });
    }

    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// No packet has come since then.
    pub fn silent(&mut self, since: Instant) {
        self.silent = Some(since);
    }

    pub fn sounding(&mut self) {
        self.silent = None;
    }

    /// When [`Self::verdict`] is next worth asking for, and why.
    pub fn deadline(&self) -> (Instant, Why) {
        let call = (self.started + self.limits.call, Why::CallLimit);
        let line = match (self.held, self.silent) {
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
            Why::HoldLimit => End::new(Blame::Caller, Reason::HeldTooLong),
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

    fn reason(watch: &Watch, at: Instant) -> Option<&'static str> {
        watch.verdict(at).map(|end| end.reason.text())
    }

    #[test]
    fn a_line_that_was_silent_while_held_is_given_its_time_again_at_resumption() {
        let t = Instant::now();
        let at = |s: u64| t + Duration::from_secs(s);
        let mut watch = Watch::new(Limits::default(), t);
        watch.held(true, at(2));
        watch.silent(at(2));
        assert_eq!(reason(&watch, at(500)), None);
        watch.held(false, at(500));
        assert_eq!(reason(&watch, at(519)), None);
        assert_eq!(reason(&watch, at(520)), Some("no RTP"));
        watch.sounding();
        assert_eq!(reason(&watch, at(3599)), None);
        assert_eq!(reason(&watch, at(3600)), Some("call limit reached"));
    }

    #[test]
    fn a_hold_ends_at_its_limit() {
        let t = Instant::now();
        let mut watch = Watch::new(Limits::default(), t);
        watch.held(true, t);
        assert_eq!(watch.deadline(), (t + Duration::from_secs(600), Why::HoldLimit));
        assert_eq!(reason(&watch, t + Duration::from_secs(600)), Some("held too long"));
    }
}
