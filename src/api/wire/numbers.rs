//! The JSON of numbers: how the calls since a moment went.
use crate::store::{CallCounts, Tally};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Since {
    /// Calls that ended before do not count; at most 31 days ago; not given: the last 24 hours.
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

#[derive(Serialize, Deserialize, ToSchema)]
pub struct CallNumbers {
    #[serde(flatten)]
    pub counts: CallCounts,
    /// Of answered calls, from the answer to the end.
    pub mean_ms: Option<u64>,
    /// How long answers took.
    pub median_answer_ms: Option<u32>,
    pub p95_answer_ms: Option<u32>,
    /// How many began in each of 24 hours from `since` on, the last with what came after.
    pub hours: Vec<u64>,
}

impl From<&Tally> for CallNumbers {
    fn from(tally: &Tally) -> Self {
        Self {
            counts: tally.counts,
            mean_ms: tally.talk_ms.checked_div(tally.counts.answered),
            median_answer_ms: tally.percentile(0.5),
            p95_answer_ms: tally.percentile(0.95),
            hours: tally.hours.to_vec(),
        }
    }
}
