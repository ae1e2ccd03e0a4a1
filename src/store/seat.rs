//! `OccupiedSeat`: who else is in a call beside caller and bot, as marks of its timeline tell it.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// The mode of who speaks with the caller as an agent.
pub const AGENT_MODE: &str = "agent";

/// A supervisor or an agent who takes part in a call.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
pub struct OccupiedSeat {
    pub seat: u8,
    pub name: String,
    /// `monitor`, `whisper`, `barge` or `takeover`; `agent`: the person whom the bot put the caller through to.
    pub mode: String,
    /// Since when they take part in this mode.
    pub since: Timestamp,
}

/// What a mark says of one seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeatMark {
    Taken { seat: u8, name: String, mode: String },
    Left { seat: u8 },
}

impl SeatMark {
    /// What a mark of this name says that holds this; `None`: it is not about who takes part.
    pub(super) fn of(name: &str, data: &Value) -> Option<Self> {
        let text = |key: &str| data[key].as_str().unwrap_or_default().to_owned();
        let seat = || u8::try_from(data["seat"].as_u64()?).ok();
        match name {
            "seat_joined" | "seat_mode" => Some(Self::Taken { seat: seat()?, name: text("name"), mode: text("mode") }),
            "person_joined" => Some(Self::Taken { seat: seat()?, name: text("name"), mode: AGENT_MODE.into() }),
            "seat_left" | "person_left" => Some(Self::Left { seat: seat()? }),
            _ => None,
        }
    }
}

impl OccupiedSeat {
    /// The mark by which they took part.
    pub fn mark(&self) -> SeatMark {
        SeatMark::Taken { seat: self.seat, name: self.name.clone(), mode: self.mode.clone() }
    }

    /// Brings the list of a call up to date.
    pub(super) fn apply(seats: &mut Vec<Self>, at: Timestamp, mark: SeatMark) {
        match mark {
            SeatMark::Taken { seat, name, mode } => {
                seats.retain(|taken| taken.seat != seat);
                seats.push(Self { seat, name, mode, since: at });
                seats.sort_by_key(|taken| taken.seat);
            }
            SeatMark::Left { seat } => seats.retain(|taken| taken.seat != seat),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn agents_and_supervisors_are_in_a_call_until_they_leave_it() {
        let mut seats = Vec::new();
        let mut tell = |name: &str, data: Value| -> Vec<(u8, String)> {
            if let Some(news) = SeatMark::of(name, &data) {
                OccupiedSeat::apply(&mut seats, Timestamp::UNIX_EPOCH, news);
            }
            seats.iter().map(|seat| (seat.seat, format!("{} {}", seat.name, seat.mode))).collect()
        };
        tell("seat_joined", json!({"seat": 2, "name": "anna", "mode": "monitor"}));
        let both = tell("person_joined", json!({"ms": 5, "seat": 1, "name": "lan", "destination": "desk"}));
        assert_eq!(both, [(1, "lan agent".into()), (2, "anna monitor".into())]);
        let changed = tell("seat_mode", json!({"seat": 2, "name": "anna", "mode": "barge"}));
        assert_eq!(changed[1], (2, "anna barge".into()));
        assert_eq!(tell("person_left", json!({"ms": 9, "seat": 1})), [(2, "anna barge".into())]);
        assert_eq!(tell("seat_waits", json!({"seat": 3, "name": "minh", "mode": "monitor"})).len(), 1);
        assert_eq!(tell("seat_joined", json!({"seat": 300, "name": "x", "mode": "monitor"})).len(), 1);
        assert!(tell("seat_left", json!({"seat": 2})).is_empty());
    }
}
