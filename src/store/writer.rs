//! `Writer`: one thread that writes events to the database in batches and retries while writes fail.
use super::disk::Disk;
use super::event::{CallEvent, TimelineEvent};
use super::{Fault, Shared};
use crate::security::WriteTurns;
use jiff::Timestamp;
use media::record::people_path;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

/// How long a batch is collected.
const BATCH_WAIT: Duration = Duration::from_millis(250);
const BATCH: usize = 1_000;
/// Between retries of a failed write.
const RETRY_INTERVAL: Duration = Duration::from_millis(500);
/// Retries after the last handle has been dropped; then the remaining events are dropped.
const LAST_TRIES: u32 = 10;

/// What was erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    pub calls: usize,
    pub recordings: usize,
}

pub(super) enum Job {
    Note(Arc<TimelineEvent>),
    /// Answered when everything before it is on disk, or at the first failure.
    Flush(oneshot::Sender<Result<(), String>>),
    /// Stores what is queued before it, moves the write-ahead log into the database file, and ends the writer.
    Close(oneshot::Sender<Result<(), String>>),
    /// Deletes one portion of old calls; answered with their number.
    Prune(Timestamp, oneshot::Sender<Result<usize, String>>),
    /// Erases these calls, with their recordings.
    Erase(Vec<String>, oneshot::Sender<Result<Erased, String>>),
}

pub(super) struct Writer {
    pub(super) dir: PathBuf,
    pub(super) lock: std::fs::File,
    pub(super) inbox: mpsc::Receiver<Job>,
    pub(super) shared: Arc<Shared>,
    pub(super) turns: WriteTurns,
}

/// Starts the thread; returns once the database is ready, with the number of calls that a crash had left open.
pub(super) async fn start(writer: Writer) -> Result<u64, Fault> {
    let directory = {
        let dir = writer.dir.clone();
        move |why| Fault::Directory { dir, why }
    };
    let (ready, answer) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(directory.clone())?;
    let body = move || runtime.block_on(run(writer, ready));
    std::thread::Builder::new().name("writer".into()).spawn(body).map_err(directory)?;
    answer.await.unwrap_or_else(|_| Err(Fault::Unsaved("the writer died while opening the database".into())))
}

async fn run(mut writer: Writer, ready: oneshot::Sender<Result<u64, Fault>>) {
    let opened = async {
        let mut disk = Disk::open(&writer.dir, writer.turns.clone()).await?;
        let closed = disk.prepare().await?;
        Ok::<_, Fault>((disk, closed))
    };
    let mut disk = match opened.await {
        Ok((disk, closed)) => {
            // If nobody waits for the answer any more, the handles are dropped as well, which ends the loop below.
            let _ = ready.send(Ok(closed));
            disk
        }
        Err(fault) => return drop(ready.send(Err(fault.named(&writer.dir)))),
    };
    let mut asked = None;
    let (mut jobs, mut batch) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
    while writer.inbox.recv_many(&mut jobs, BATCH).await > 0 {
        if jobs.len() < BATCH && jobs.iter().all(|job| matches!(job, Job::Note(_))) {
            // Sleeping instead of waiting on the queue: noting an event wakes no thread.
            let _ = timeout(BATCH_WAIT, writer.shared.wake.notified()).await;
            jobs.extend(std::iter::from_fn(|| writer.inbox.try_recv().ok()).take(BATCH - jobs.len()));
        }
        for job in jobs.drain(..) {
            match job {
                Job::Note(noted) => batch.push(noted),
                Job::Flush(done) => disk = save(&writer, disk, &mut batch, Some(done)).await,
                Job::Close(done) => {
                    writer.inbox.close();
                    asked = Some(done);
                }
                Job::Erase(calls, done) => drop(done.send(erase(&writer, &mut disk, &calls).await)),
                Job::Prune(limit, done) => drop(done.send(prune(&writer, &mut disk, limit).await)),
            }
        }
        disk = save(&writer, disk, &mut batch, None).await;
    }
    let closed = disk.close().await;
    if let Err(why) = &closed {
        tracing::warn!(why, "the database did not close cleanly; nothing that was stored is lost");
    }
    drop(writer.lock);
    asked.into_iter().for_each(|done| drop(done.send(closed.clone())));
}

/// Writes the batch, however long it takes; the bounded queue limits the memory used meanwhile.
async fn save(
    writer: &Writer,
    mut disk: Disk,
    batch: &mut Vec<Arc<TimelineEvent>>,
    mut flush: Option<oneshot::Sender<Result<(), String>>>,
) -> Disk {
    let shared = &writer.shared;
    let mut tries = 0;
    loop {
        let whole = shared.ledger.incomplete();
        if batch.is_empty() && whole.is_empty() && tries == 0 {
            break;
        }
        let Err(why) = disk.write(batch, &whole).await else {
            let over =
                batch.iter().filter(|noted| matches!(noted.event, CallEvent::Ended(_) | CallEvent::Recording(_)));
            over.for_each(|noted| shared.ledger.retire(&noted.call, &noted.event));
            whole.iter().for_each(|call| shared.ledger.stored_whole(&call.id));
            if shared.set_fault(None).is_some() {
                tracing::info!("the database takes calls again");
            }
            break;
        };
        if unstorable(&why) {
            tracing::error!(%why, events = batch.len(), "the database refuses these events for good; they are left out");
            batch.iter().for_each(|noted| shared.count_lost(&noted.call));
            whole.iter().for_each(|call| shared.ledger.stored_whole(&call.id));
            break;
        }
        tries += 1;
        let said = format!("{why}; calls go on, and are stored when {} takes them again", writer.dir.display());
        if shared.set_fault(Some(said.clone())).is_none() {
            match super::damage(&why) {
                Some(why) => {
                    tracing::error!(why, dir = %writer.dir.display(), "the database is damaged: stop, and put a backup in its place")
                }
                None => {
                    tracing::error!(%why, dir = %writer.dir.display(), "the database takes nothing: check disk space and permissions")
                }
            }
        }
        metrics::counter!("switchboard_store_failures_total").increment(1);
        flush.take().into_iter().for_each(|done| drop(done.send(Err(said.clone()))));
        if writer.inbox.is_closed() && tries >= LAST_TRIES {
            tracing::error!(
                events = batch.len(),
                "these events are not stored: the database took none of them in time"
            );
            break;
        }
        sleep(RETRY_INTERVAL).await;
        // A new connection works where the old one is broken.
        if let Ok(fresh) = Disk::open(&writer.dir, writer.turns.clone()).await {
            disk = fresh;
        }
    }
    batch.clear();
    flush.into_iter().for_each(|done| drop(done.send(Ok(()))));
    disk
}

/// Whether a retry is useless: the content of the events is at fault, not the disk (SQLite result codes 18, 19, 20, 25).
fn unstorable(why: &sqlx::Error) -> bool {
    let code = why.as_database_error().and_then(|e| e.code()).and_then(|code| code.parse::<u32>().ok());
    matches!(why, sqlx::Error::Encode(_)) || code.is_some_and(|code| matches!(code & 0xff, 18 | 19 | 20 | 25))
}

async fn prune(writer: &Writer, disk: &mut Disk, limit: Timestamp) -> Result<usize, String> {
    let (calls, recordings) = disk.prune(limit).await.map_err(|why| why.to_string())?;
    for recording in recordings {
        if let Err(why) = remove(&writer.dir.join(recording)) {
            tracing::warn!(why, "an old recording cannot be deleted");
        }
    }
    Ok(calls)
}

/// Recordings that cannot be deleted make it an error: who asked has to know.
async fn erase(writer: &Writer, disk: &mut Disk, calls: &[String]) -> Result<Erased, String> {
    let (calls, files) = disk.erase(calls).await.map_err(|why| why.to_string())?;
    let left: Vec<String> = files.iter().filter_map(|file| remove(&writer.dir.join(file)).err()).collect();
    if left.is_empty() { Ok(Erased { calls, recordings: files.len() }) } else { Err(left.join("; ")) }
}

/// Removes a recording, and what people beside the caller said, where it is there.
fn remove(recording: &Path) -> Result<(), String> {
    let removed = [recording, &people_path(recording)].map(|file| match std::fs::remove_file(file) {
        Err(why) if why.kind() != ErrorKind::NotFound => Err(format!("{} cannot be deleted: {why}", file.display())),
        _ => Ok(()),
    });
    removed.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use crate::store::{CallEvent, Direction, Fault, Private, Reason, Started, Store};
    use std::collections::BTreeMap;
    use std::time::Duration;

    fn started() -> CallEvent {
        CallEvent::Started(Started {
            direction: Direction::Inbound,
            via: "open".into(),
            from: Private::default(),
            to: Private::default(),
            bot: "booking.en".into(),
            language: "en".into(),
            headers: BTreeMap::new(),
        })
    }

    /// Longer than SQLite has a connection of calls try again.
    const LONG: Duration = Duration::from_millis(900);

    #[tokio::test(flavor = "multi_thread")]
    async fn calls_wait_while_another_part_of_the_server_writes_and_fail_only_beside_other_processes() {
        let dir = crate::testdir("store-turns");
        let store = Store::open(&dir).await.unwrap();
        let access = store.access();
        let mut held = access.begin("a slow part").await.unwrap();
        sqlx::query("update sessions set seen_us = 0").execute(&mut *held).await.unwrap();
        store.note("a", started());
        let slow = tokio::spawn(async move {
            tokio::time::sleep(LONG).await;
            held.commit().await.unwrap();
        });
        store.flush().await.unwrap();
        assert!(slow.is_finished() || slow.await.is_ok());
        assert_eq!(store.health().fault, None);
        // Another process has no turn among ours: SQLite says so, and the call is stored once it is done.
        let other = crate::store::access(&dir).await.unwrap();
        let held = other.begin("another process").await.unwrap();
        store.note("a", CallEvent::Ended(Reason::HungUp.into()));
        assert!(matches!(store.flush().await, Err(Fault::Unsaved(why)) if why.contains("locked")));
        held.commit().await.unwrap();
        tokio::time::timeout(Duration::from_secs(20), async {
            while store.flush().await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await
        .unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_wants_to_write_while_calls_are_written_gets_their_turn() {
        let store = Store::open(&crate::testdir("store-many-turns")).await.unwrap();
        let audit = crate::security::Audit::new(store.access());
        let by = crate::security::Principal::admin_token();
        let mut tasks = Vec::new();
        for number in 0..40_u32 {
            let (store, audit, by) = (store.clone(), audit.clone(), by.clone());
            tasks.push(tokio::spawn(async move {
                let call = number.to_string();
                store.note(&call, started());
                audit
                    .require(&by, crate::security::Action::CallPlaced, Some(&call), serde_json::json!({}))
                    .await
                    .unwrap();
                store.note(&call, CallEvent::Answered);
                store.flush().await.unwrap();
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!((store.health().fault, store.health().lost), (None, 0));
    }
}
