//! Voice activity: where speech begins and where it stops.
use crate::SamplePos;
use std::time::Instant;

/// The gate's verdict. It carries the sample where speech began or stopped, not the moment it was noticed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Edge {
    /// `arrived`: when the network delivered that sample.
    Start {
        at: SamplePos,
        arrived: Option<Instant>,
    },
    End {
        at: SamplePos,
        arrived: Option<Instant>,
    },
}
