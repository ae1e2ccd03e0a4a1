//! `Resources`: what calls are made with: the parts of the server that they share.
use super::approvals::queue::ApprovalQueue;
use crate::bots::Bots;
use crate::config::Config;
use crate::engines::{Engines, Loaded};
use crate::store::Store;
use crate::store::vault::RecordingPolicy;
use crate::tools::Toolbox;
use media::engine::Engine;
use media::pool::Pool;
use std::sync::Arc;

pub struct Resources {
    pub config: Arc<Config>,
    pub engine: Arc<Engine>,
    pub pool: Arc<Pool>,
    pub engines: Arc<Engines>,
    pub bots: Arc<Bots<Loaded>>,
    pub store: Store,
    pub recording_policy: RecordingPolicy,
    pub approvals: ApprovalQueue,
    pub toolbox: Toolbox,
    /// The date and time at which each call begins, in place of the clock's.
    pub begins: Option<jiff::civil::DateTime>,
}
