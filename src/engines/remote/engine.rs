//! `RemoteEngine`: one engine of another machine, shared by all calls, and whether it works.
use media::Language;
use media::health::{Health, ProbePace, Probed};
use media::remote::RemoteFault;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::time::sleep_until;

/// How an engine is tried without a caller's words.
pub trait Account: Send + Sync + Sized + 'static {
    /// `patience`: how long an answer may take.
    fn probe(&self, language: Language, patience: Duration) -> impl Future<Output = Result<(), RemoteFault>> + Send;
}

pub struct RemoteEngine<A> {
    /// Its name in the configuration.
    name: &'static str,
    /// What is shown of its address: scheme and host.
    origin: String,
    pub account: A,
    /// How long a caller waits for it.
    pub patience: Duration,
    /// The first language that it serves.
    language: Language,
    health: Health<()>,
    /// A task probes it.
    is_probed: AtomicBool,
}

impl<A: Account> RemoteEngine<A> {
    /// `url`: for its origin. Its name lives as long as the process: engines are loaded once.
    pub fn new(name: &str, url: &str, account: A, patience: Duration, language: Language) -> Arc<Self> {
        let name = name.to_owned().leak();
        let origin = reqwest::Url::parse(url).ok();
        let origin =
            origin.map_or_else(String::new, |url| format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default()));
        let (health, is_probed) = (Health::new(1), AtomicBool::new(false));
        Arc::new(Self { name, origin, account, patience, language, health, is_probed })
    }

    pub const fn name(&self) -> &'static str {
        self.name
    }

    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether callers are given to it.
    pub fn is_well(&self) -> bool {
        !self.health.is_unhealthy(0)
    }

    /// It has done what a call asked for.
    pub fn succeeded(&self) {
        metrics::counter!("switchboard_remote_done_total", "engine" => self.name).increment(1);
        self.health.succeeded(0);
    }

    /// It is left, and nothing is wrong with it.
    pub fn left(&self, fault: RemoteFault) {
        metrics::counter!("switchboard_remote_failures_total", "engine" => self.name, "reason" => fault.reason())
            .increment(1);
        tracing::debug!(engine = self.name, %fault, "a remote engine is left; those of this machine take over");
    }

    /// It has failed a call. After two failures in a row it rests until a probe finds it well.
    pub fn failed(self: &Arc<Self>, fault: RemoteFault) {
        self.left(fault);
        let rests = self.health.failed(0, &(), Instant::now());
        if rests && !self.is_probed.swap(true, Ordering::AcqRel) {
            tracing::warn!(engine = self.name, %fault, "a remote engine rests");
            tokio::spawn(self.clone().probe_until_well());
        }
    }

    async fn probe_until_well(self: Arc<Self>) {
        loop {
            while let Some(due) = self.health.next_due(ProbePace::Rest) {
                sleep_until(due.into()).await;
                if self.health.due(Instant::now(), ProbePace::Rest).is_none() {
                    continue;
                }
                let outcome = match self.probe().await {
                    Ok(_) => {
                        tracing::info!(engine = self.name, "a remote engine works again");
                        Probed::Works
                    }
                    Err(fault) => {
                        tracing::debug!(engine = self.name, %fault, "a remote engine still fails");
                        Probed::Fails
                    }
                };
                self.health.probed(0, outcome, Instant::now());
            }
            self.is_probed.store(false, Ordering::Release);
            // It may have failed again before this task was known to end.
            if self.is_well() || self.is_probed.swap(true, Ordering::AcqRel) {
                return;
            }
        }
    }

    /// Tries it once. How long it took.
    pub async fn probe(&self) -> Result<Duration, RemoteFault> {
        let began = Instant::now();
        self.account.probe(self.language, self.patience * 2).await?;
        Ok(began.elapsed())
    }
}
