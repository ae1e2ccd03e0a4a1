//! The JSON of numbers: how the calls since a moment went.
use crate::store::Tally;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Since {
    /// Calls that ended before do not count; not given: the last 24 hours.
    #[param(value_type = Option<String>, format = "date-time")]
    pub since: Option<jiff::Timestamp>,
}

/// How the calls since a moment went.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Numbers {
    pub since: jiff::Timestamp,
    /// Calls that are live now.
    pub live: u64,
    pub all: CallNumbers,
    pub bots: BTreeMap<String, CallNumbers>,
}

/// Calls that have ended, and how: each of those below but `answered` counts another part of them.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct CallNumbers {
    pub ended: u64,
    pub answered: u64,
    /// The bot brought them to their end.
    pub contained: u64,
    /// The caller wanted a person.
    pub transferred: u64,
    /// The caller hung up before the end.
    pub abandoned: u64,
    /// The bot gave up: nothing was said, or nothing understood.
    pub given_up: u64,
    /// Network, engines or server.
    pub failed: u64,
    /// Of answered calls, from the answer to the end.
    pub mean_ms: Option<u64>,
    /// How long answers took.
    pub median_answer_ms: Option<u32>,
    pub p95_answer_ms: Option<u32>,
    /// Sentences that were understood, and those that were not.
    pub understood: u64,
    pub not_understood: u64,
    /// How many began in each of 24 hours from `since` on, the last with what came after.
    pub hours: Vec<u64>,
}

impl From<&Tally> for CallNumbers {
    fn from(tally: &Tally) -> Self {
        let &Tally { ended, answered, contained, transferred, abandoned, given_up, failed, .. } = tally;
        Self {
            ended,
            answered,
            contained,
            transferred,
            abandoned,
            given_up,
            failed,
            mean_ms: tally.talk_ms.checked_div(answered),
            median_answer_ms: tally.percentile(0.5),
            p95_answer_ms: tally.percentile(0.95),
            understood: tally.understood,
            not_understood: tally.not_understood,
            hours: tally.hours.to_vec(),
        }
    }
}
