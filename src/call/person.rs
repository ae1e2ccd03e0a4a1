//! What reaches a call from the search for a person, and what its core is told of it.
use crate::store::{CallEvent, Mark, Private};
use dialog::conversation::PersonFault;
use media::Wire;
use media::leg::LegPlan;
use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;
use telephony::Referral;

/// From the line of a person, or from who looks for one.
pub enum PersonOrder {
    /// A connected line takes the agent's seat, apart from the caller at first.
    Join {
        name: String,
        wire: Box<dyn Wire>,
        plan: LegPlan,
    },
    /// The line was negotiated again.
    Plan(LegPlan),
    /// The line has ended.
    Leave,
    Event(PersonEvent),
}

impl fmt::Debug for PersonOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Join { .. } => f.write_str("Join"),
            Self::Plan(_) => f.write_str("Plan"),
            Self::Leave => f.write_str("Leave"),
            Self::Event(event) => write!(f, "{event:?}"),
        }
    }
}

/// What has come of the search for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonEvent {
    /// The far end's call to somebody else has this provisional status.
    Progress(u16),
    /// The caller waits at this place, from 1, and for about so long, where that can be told.
    Waiting {
        place: u32,
        wait: Option<Duration>,
    },
    /// An agent is asked to take the call.
    Offered(String),
    /// An agent does not take it.
    Refused {
        by: String,
        why: String,
    },
    Failed(PersonFault),
    /// The caller's telephone cannot be transferred, by this status of its refusal: the server may call the person itself.
    Unsupported(u16),
    /// The caller speaks with somebody elsewhere: the call is over here.
    Transferred,
    /// They have the agent's seat, apart from the caller.
    Joined(String),
    Left,
}

impl From<Referral> for PersonEvent {
    fn from(news: Referral) -> Self {
        match news {
            Referral::Progress(status) => Self::Progress(status),
            Referral::Outcome(200..300) => Self::Transferred,
            Referral::Outcome(status) => Self::Failed(fault_of(status)),
            Referral::Refused(status) if lacks_refer(status) => Self::Unsupported(status),
            Referral::Refused(_) => Self::Failed(PersonFault::NotPossible),
            Referral::Late => Self::Failed(PersonFault::NoAnswer),
            Referral::Untold => Self::Failed(PersonFault::Unknown),
        }
    }
}

/// Whether this status of a refusal says that the far end knows no REFER, or nothing of what it needs: Method Not Allowed, Bad Extension
/// (RFC 3261 section 21), Bad Event (RFC 6665 section 8.3.2), Not Implemented.
const fn lacks_refer(status: u16) -> bool {
    matches!(status, 405 | 420 | 489 | 501)
}

/// Why a person is not reached whose line refuses the call with this status (RFC 3261 section 21).
pub const fn fault_of(status: u16) -> PersonFault {
    match status {
        486 | 600 => PersonFault::Busy,
        403 | 603 => PersonFault::Declined,
        408 | 480 | 487 => PersonFault::NoAnswer,
        _ => PersonFault::NotPossible,
    }
}

/// A line of a call's timeline about persons, `ms` after the call began.
pub fn mark(name: &str, ms: u64, more: &Value) -> CallEvent {
    let mut data = json!({ "ms": ms });
    if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
        data.extend(more.clone());
    }
    CallEvent::Mark(Mark { name: name.into(), data: Private(data) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outcome_of_a_transfer_says_why_nobody_speaks_with_the_caller() {
        use PersonFault::{Busy, Declined, NoAnswer, NotPossible, Unknown};
        let failed = |news: Referral| match PersonEvent::from(news) {
            PersonEvent::Failed(fault) => fault,
            event => panic!("{event:?}"),
        };
        for (status, fault) in
            [(486, Busy), (600, Busy), (603, Declined), (408, NoAnswer), (480, NoAnswer), (404, NotPossible)]
        {
            assert_eq!(failed(Referral::Outcome(status)), fault, "{status}");
        }
        assert_eq!(failed(Referral::Refused(403)), NotPossible);
        for status in [405, 420, 489, 501] {
            assert_eq!(PersonEvent::from(Referral::Refused(status)), PersonEvent::Unsupported(status));
        }
        assert_eq!((failed(Referral::Late), failed(Referral::Untold)), (NoAnswer, Unknown));
        assert_eq!(PersonEvent::from(Referral::Outcome(202)), PersonEvent::Transferred);
        assert_eq!(PersonEvent::from(Referral::Progress(180)), PersonEvent::Progress(180));
    }
}
