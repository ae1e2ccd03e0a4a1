//! Session timers (RFC 4028): which side refreshes a call, and when a call without a refresh ends.
use std::time::{Duration, Instant};

/// The shortest interval anybody may ask for (RFC 4028 section 5).
pub const MIN_SE: Duration = Duration::from_secs(90);

/// What our own INVITE asks for (RFC 4028 section 4 recommends half an hour), unless the peer wants longer.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(1800);

/// The value of Session-Expires in our own INVITE. The peer is asked to refresh: a peer that does so shows that it is still there.
/// `least`: the Min-SE of its 422.
pub fn session_expires(least: Duration) -> String {
    format!("{};refresher=uas", DEFAULT_INTERVAL.max(least).as_secs())
}

/// The session interval of a 2xx to our own INVITE (RFC 4028 section 7.2); `None` where the peer does not support session timers.
/// `expires`: its Session-Expires.
pub fn from_answer(expires: Option<&str>, allows_update: bool) -> Option<SessionInterval> {
    let mut parts = expires?.split(';').map(str::trim);
    let interval = Duration::from_secs(parts.next()?.parse::<u32>().ok()?.into());
    let refresher = match parts.find_map(|part| part.split_once('=').filter(|(name, _)| is_refresher(name))) {
        Some((_, who)) if who.trim().eq_ignore_ascii_case("uas") => Refresher::Peer,
        _ if allows_update => Refresher::Us,
        _ => return None,
    };
    (interval >= MIN_SE).then_some(SessionInterval { interval, refresher })
}

fn is_refresher(name: &str) -> bool {
    name.trim().eq_ignore_ascii_case("refresher")
}

/// Who refreshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresher {
    Peer,
    Us,
}

/// The session interval that both sides agreed on, and which of them refreshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionInterval {
    pub interval: Duration,
    pub refresher: Refresher,
}

/// The request is answered 422 with Min-SE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionIntervalTooSmall;

/// What the timer headers of a session refresh request say.
#[derive(Clone, Copy, Debug)]
pub struct TimerRequest<'a> {
    /// Value of Session-Expires.
    pub expires: Option<&'a str>,
    /// `timer` is in Supported or Require.
    pub supports_timer: bool,
    /// UPDATE is in Allow: this server refreshes by UPDATE alone.
    pub allows_update: bool,
}

/// The answer of a UAS (RFC 4028 section 9 and table 2). Where both may refresh, the peer does.
pub fn agree(asked: TimerRequest) -> Result<Option<SessionInterval>, SessionIntervalTooSmall> {
    let Some(value) = asked.expires else { return Ok(None) };
    let mut parts = value.split(';').map(str::trim);
    let Some(seconds) = parts.next().and_then(|s| s.parse::<u32>().ok()) else { return Ok(None) };
    let interval = Duration::from_secs(seconds.into());
    if interval < MIN_SE {
        // A UAC without support for timers could not act on a 422: a proxy has inserted the interval (RFC 4028 section 8.1).
        return if asked.supports_timer { Err(SessionIntervalTooSmall) } else { Ok(None) };
    }
    let uas = |(name, who): (&str, &str)| is_refresher(name) && who.trim().eq_ignore_ascii_case("uas");
    let ours = parts.filter_map(|part| part.split_once('=')).any(uas) || !asked.supports_timer;
    Ok(match ours {
        false => Some(SessionInterval { interval, refresher: Refresher::Peer }),
        true if asked.allows_update => Some(SessionInterval { interval, refresher: Refresher::Us }),
        true => None,
    })
}

impl SessionInterval {
    /// Value of Session-Expires in the 2xx.
    pub fn header(&self) -> String {
        let refresher = match self.refresher {
            Refresher::Peer => "uac",
            Refresher::Us => "uas",
        };
        format!("{};refresher={refresher}", self.interval.as_secs())
    }
}

/// The running timer of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timer {
    agreed: Option<SessionInterval>,
    since: Option<Instant>,
}

/// What is due at the deadline of a [`Timer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The refresh did not come: BYE (RFC 4028 section 10).
    Expired,
    /// This server has to refresh.
    Refresh,
}

impl Timer {
    /// A session refresh came, or ours was answered.
    pub fn refreshed(&mut self, now: Instant, agreed: Option<SessionInterval>) {
        *self = Self { agreed, since: agreed.map(|_| now) };
    }

    /// Our refresh was sent; the next one is due after half of the interval.
    pub fn renewed(&mut self, now: Instant) {
        self.since = self.agreed.map(|_| now);
    }

    pub fn deadline(&self) -> Option<(Instant, Why)> {
        let (agreed, since) = (self.agreed?, self.since?);
        Some(match agreed.refresher {
            Refresher::Us => (since + agreed.interval / 2, Why::Refresh),
            Refresher::Peer => {
                let early = Duration::from_secs(32).min(agreed.interval / 3);
                (since + agreed.interval - early, Why::Expired)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(
        expires: &str,
        supports_timer: bool,
        allows_update: bool,
    ) -> Result<Option<SessionInterval>, SessionIntervalTooSmall> {
        agree(TimerRequest { expires: Some(expires), supports_timer, allows_update })
    }

    #[test]
    fn an_answer_to_our_own_invite_says_who_refreshes() {
        let who = |expires, allows_update| from_answer(expires, allows_update).map(|agreed| agreed.refresher);
        assert_eq!(session_expires(Duration::ZERO), "1800;refresher=uas");
        assert_eq!(session_expires(Duration::from_secs(3600)), "3600;refresher=uas");
        assert_eq!(who(Some("1800;refresher=uas"), false), Some(Refresher::Peer));
        assert_eq!(who(Some("1800 ; refresher=UAC"), true), Some(Refresher::Us));
        assert_eq!(who(Some("1800;refresher=uac"), false), None, "we refresh by UPDATE alone");
        assert_eq!(who(Some("60;refresher=uas"), true), None);
        assert_eq!(who(Some("soon"), true), None);
        assert_eq!(who(None, true), None);
    }

    #[test]
    fn the_peer_refreshes_where_it_can_and_we_where_it_insists() {
        let header = |r: Result<Option<SessionInterval>, _>| r.expect("fine").map(|agreed| agreed.header());
        assert_eq!(header(ask("1800", true, true)).as_deref(), Some("1800;refresher=uac"));
        assert_eq!(header(ask("1800;refresher=uac", true, false)).as_deref(), Some("1800;refresher=uac"));
        assert_eq!(header(ask("1800 ;refresher=uas", true, true)).as_deref(), Some("1800;refresher=uas"));
        assert_eq!(header(ask("1800", false, true)).as_deref(), Some("1800;refresher=uas"));
        assert_eq!(header(ask("1800;refresher=uas", true, false)), None);
        assert_eq!(ask("60", true, true), Err(SessionIntervalTooSmall));
        assert_eq!(header(ask("soon", true, true)), None);
        assert_eq!(agree(TimerRequest { expires: None, supports_timer: true, allows_update: true }), Ok(None));
    }

    #[test]
    fn a_call_without_its_refresh_expires_a_little_early() {
        let (now, mut timer) = (Instant::now(), Timer::default());
        assert_eq!(timer.deadline(), None);
        timer.refreshed(now, ask("1800", true, true).expect("fine"));
        assert_eq!(timer.deadline(), Some((now + Duration::from_secs(1768), Why::Expired)));
        timer.refreshed(now, ask("90", true, true).expect("fine"));
        assert_eq!(timer.deadline(), Some((now + Duration::from_secs(60), Why::Expired)));
        timer.refreshed(now, ask("1800;refresher=uas", true, true).expect("fine"));
        assert_eq!(timer.deadline(), Some((now + Duration::from_secs(900), Why::Refresh)));
        timer.refreshed(now, None);
        assert_eq!(timer.deadline(), None);
    }
}
