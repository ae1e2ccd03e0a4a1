//! `Transfer`: a REFER of ours (RFC 3515) and the NOTIFYs that tell how it goes, the last of which is the outcome. Told the time.
use crate::line::Referral;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long a far end that has accepted a REFER may take to send its first NOTIFY, which is due at once (RFC 3515 section 2.4.4).
const FIRST_NOTIFY: Duration = Duration::from_secs(8);

/// One REFER, from its sending to its outcome.
#[derive(Debug)]
pub(super) struct Transfer {
    state: State,
    /// When the outcome is due.
    until: Instant,
    out: VecDeque<Referral>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The REFER is not answered.
    Asked,
    /// It was accepted, and nothing was told yet; the first NOTIFY is due then.
    Accepted(Instant),
    Told,
    Over,
}

/// What a NOTIFY of this subscription says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Notified {
    /// The status of the message/sipfrag.
    pub status: Option<u16>,
    /// No NOTIFY follows.
    pub terminated: bool,
}

impl Notified {
    /// Reads `Subscription-State` and the body of a NOTIFY.
    pub(super) fn read(subscription: Option<&str>, body: &[u8]) -> Self {
        let state = subscription.and_then(|value| value.split(';').next()).map(str::trim).unwrap_or_default();
        let line = body.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let status = std::str::from_utf8(line).ok().and_then(|line| {
            let rest = line.trim().strip_prefix("SIP/2.0 ")?;
            let code: u16 = rest.get(..3)?.parse().ok()?;
            let ends = rest.as_bytes().get(3).is_none_or(|byte| *byte == b' ');
            (ends && (100..700).contains(&code)).then_some(code)
        });
        Self { status, terminated: state.eq_ignore_ascii_case("terminated") }
    }
}

impl Transfer {
    pub(super) fn new(now: Instant, limit: Duration) -> Self {
        Self { state: State::Asked, until: now + limit, out: VecDeque::new() }
    }

    /// The final response to the REFER.
    pub(super) fn answered(&mut self, now: Instant, status: u16) {
        match (self.state, status) {
            (State::Asked, 200..300) => self.state = State::Accepted(now + FIRST_NOTIFY),
            (State::Asked, _) => self.end(Referral::Refused(status)),
            // The first NOTIFY may overtake the response (RFC 3515 section 2.4.4).
            (State::Told, 300..) => self.end(Referral::Refused(status)),
            _ => {}
        }
    }

    pub(super) fn notified(&mut self, notified: Notified) {
        if self.state == State::Over {
            return;
        }
        match notified.status {
            Some(status) if status >= 200 => self.end(Referral::Outcome(status)),
            _ if notified.terminated => self.end(Referral::Untold),
            Some(status) => {
                self.state = State::Told;
                self.out.push_back(Referral::Progress(status));
            }
            None => self.state = State::Told,
        }
    }

    /// The deadline has come.
    pub(super) fn expire(&mut self, now: Instant) {
        match self.state {
            State::Over => {}
            State::Accepted(at) if now >= at => self.end(Referral::Untold),
            _ if now >= self.until => self.end(Referral::Late),
            _ => {}
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Over => None,
            State::Accepted(at) => Some(at.min(self.until)),
            State::Asked | State::Told => Some(self.until),
        }
    }

    pub(super) fn poll(&mut self) -> Option<Referral> {
        self.out.pop_front()
    }

    pub(super) fn is_over(&self) -> bool {
        self.state == State::Over && self.out.is_empty()
    }

    fn end(&mut self, outcome: Referral) {
        self.state = State::Over;
        self.out.push_back(outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    fn news(transfer: &mut Transfer) -> Vec<Referral> {
        std::iter::from_fn(|| transfer.poll()).collect()
    }

    fn accepted() -> (Transfer, Instant) {
        let start = Instant::now();
        let mut transfer = Transfer::new(start, LIMIT);
        transfer.answered(start, 202);
        (transfer, start)
    }

    fn fragment(line: &str, state: &str) -> Notified {
        Notified::read(Some(state), line.as_bytes())
    }

    #[test]
    fn the_final_notify_is_the_outcome_and_what_follows_it_is_not() {
        for status in [200, 486, 603] {
            let (mut transfer, _) = accepted();
            transfer.notified(fragment("SIP/2.0 100 Trying\r\n", "active;expires=60"));
            transfer.notified(fragment("SIP/2.0 180 Ringing", "active"));
            transfer.notified(fragment(&format!("SIP/2.0 {status} Whatever\r\nContact: <sip:a@b>\r\n"), "terminated"));
            transfer.notified(fragment("SIP/2.0 200 OK", "terminated"));
            transfer.answered(Instant::now(), 500);
            let expected = [Referral::Progress(100), Referral::Progress(180), Referral::Outcome(status)];
            assert_eq!(news(&mut transfer), expected);
            assert!(transfer.is_over() && transfer.deadline().is_none());
        }
    }

    #[test]
    fn a_refusal_is_told_at_once() {
        let start = Instant::now();
        let mut transfer = Transfer::new(start, LIMIT);
        transfer.answered(start, 405);
        assert_eq!(news(&mut transfer), [Referral::Refused(405)]);
    }

    #[test]
    fn an_outcome_that_does_not_come_is_late_and_none_at_all_is_untold() {
        let (mut transfer, start) = accepted();
        assert_eq!(transfer.deadline(), Some(start + FIRST_NOTIFY));
        transfer.expire(start + FIRST_NOTIFY);
        assert_eq!(news(&mut transfer), [Referral::Untold]);
        let (mut transfer, start) = accepted();
        transfer.notified(fragment("SIP/2.0 100 Trying", "active"));
        assert_eq!(transfer.deadline(), Some(start + LIMIT));
        transfer.expire(start + FIRST_NOTIFY);
        transfer.expire(start + LIMIT);
        assert_eq!(news(&mut transfer), [Referral::Progress(100), Referral::Late]);
        let mut transfer = Transfer::new(start, LIMIT);
        transfer.expire(start + LIMIT);
        assert_eq!(news(&mut transfer), [Referral::Late], "not even the REFER was answered");
    }

    #[test]
    fn a_subscription_that_ends_without_an_outcome_tells_none() {
        let (mut transfer, _) = accepted();
        transfer.notified(fragment("SIP/2.0 100 Trying", "terminated;reason=timeout"));
        assert_eq!(news(&mut transfer), [Referral::Untold]);
        let (mut transfer, _) = accepted();
        transfer.notified(fragment("", "terminated"));
        assert_eq!(news(&mut transfer), [Referral::Untold]);
    }

    #[test]
    fn a_notify_may_come_before_the_response() {
        let start = Instant::now();
        let mut transfer = Transfer::new(start, LIMIT);
        transfer.notified(fragment("SIP/2.0 100 Trying", "active"));
        transfer.answered(start, 202);
        assert_eq!(transfer.deadline(), Some(start + LIMIT));
        transfer.notified(fragment("SIP/2.0 200 OK", "terminated"));
        assert_eq!(news(&mut transfer), [Referral::Progress(100), Referral::Outcome(200)]);
    }

    #[test]
    fn what_is_no_status_line_has_no_status() {
        for body in ["", "SIP/2.0 2000 OK", "SIP/2.0 99 x", "SIP/2.0 abc", "SIP/3.0 200 OK", "200 OK", "SIP/2.0 700 x"]
        {
            assert_eq!(Notified::read(None, body.as_bytes()).status, None, "{body}");
        }
        assert!(Notified::read(Some("Terminated;reason=noresource"), b"\xff\n").terminated);
    }
}
