//! Alerting: what is found out about live calls is recorded, stored, shown and told: moods, alerts, what could be done next. It feeds
//! [`Monitor`](crate::insight::monitor::Monitor), and holds the rules and the webhooks.
mod feed;
mod outbox;
#[cfg(test)]
mod tests;

use crate::config::{AlertsFile, Webhook};
use crate::insight::health::HealthPlan;
use crate::store::{Alert, AlertBook, Fault, Store};
use crate::webhooks::Webhooks;
use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;

/// Alerts that a watcher may lag behind; a slower one misses some, which the list has.
const WATCH: usize = 256;

/// A running watch over all calls.
pub struct Alerting {
    file: PathBuf,
    shared: Arc<Shared>,
    webhooks: Arc<Webhooks>,
    stop: watch::Sender<bool>,
    /// The feed, then the task that stores what it finds.
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

struct Shared {
    rules: RwLock<Arc<AlertsFile>>,
    store: Store,
    book: AlertBook,
    told: broadcast::Sender<Arc<Alert>>,
}

impl Shared {
    fn rules(&self) -> Arc<AlertsFile> {
        self.rules.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tell(&self, alert: Alert) {
        // It fails where nobody watches.
        let _ = self.told.send(Arc::new(alert));
    }
}

impl Alerting {
    /// Watches the calls of `store` from now on, by the rules of `file`; without that file nobody is alerted.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn start(store: Store, plan: HealthPlan, file: PathBuf) -> Result<Self, String> {
        let rules = AlertsFile::read(&file)?.unwrap_or_else(|| {
            tracing::warn!(file = %file.display(), "there is no file of alerts: nobody is alerted to anything");
            AlertsFile::default()
        });
        warn(&rules.webhook);
        let webhooks = Arc::new(Webhooks::start(store.deliveries(), rules.webhook.clone()));
        let (told, book) = (broadcast::channel(WATCH).0, store.alerts());
        let shared = Arc::new(Shared { rules: RwLock::new(Arc::new(rules)), store, book, told });
        let stop = watch::Sender::new(false);
        let (outbox, storing) = outbox::start(shared.clone(), webhooks.clone());
        let feeding = feed::start(shared.clone(), plan, outbox, stop.subscribe());
        Ok(Self { file, shared, webhooks, stop, tasks: Mutex::new(vec![feeding, storing]) })
    }

    /// Reads the file again. It blocks on it.
    ///
    /// # Errors
    /// What is wrong with the file; the rules before it stay in force.
    pub fn reload(&self) -> Result<(), String> {
        let read = AlertsFile::read(&self.file);
        if matches!(read, Ok(None)) && *self.shared.rules() == AlertsFile::default() {
            return Ok(());
        }
        let gone = || format!("{} is gone; the rules that it had stay", self.file.display());
        let rules = read
            .and_then(|read| read.ok_or_else(gone))
            .inspect_err(|why| tracing::error!("alerts: not reloaded, the rules before go on: {why}"))?;
        warn(&rules.webhook);
        self.webhooks.set(rules.webhook.clone());
        *self.shared.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
        tracing::info!("alerts: rules loaded");
        Ok(())
    }

    /// Every alert from now on, and those that somebody has seen.
    pub fn watch(&self) -> broadcast::Receiver<Arc<Alert>> {
        self.shared.told.subscribe()
    }

    pub fn webhooks(&self) -> &Webhooks {
        &self.webhooks
    }

    /// Notes that somebody has seen an alert, and tells the others. The first one stays.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn see(&self, id: &str, by: &str) -> Result<Option<Alert>, Fault> {
        let first = self.shared.book.see(id, by, Timestamp::now()).await?;
        let alert = self.shared.book.one(id).await?;
        if let Some(alert) = alert.clone().filter(|_| first) {
            self.shared.tell(alert);
        }
        Ok(alert)
    }

    /// Stores what was found of the calls until now, and finds nothing more. What waits for webhooks is sent after the next start.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            if task.await.is_err() {
                tracing::error!("a task of the alerts failed: the last alerts may not be stored");
            }
        }
    }
}

/// A webhook whose secret cannot be read tells nobody: its messages wait and are tried again.
fn warn(webhooks: &[Webhook]) {
    for webhook in webhooks {
        if let Err(why) = webhook.secret() {
            tracing::error!(webhook = webhook.name, "this webhook cannot be told of anything: {why}");
        }
    }
}
