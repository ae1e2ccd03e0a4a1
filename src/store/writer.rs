//! The writer: one thread that puts events on disk in batches, and keeps trying while the disk takes nothing.
use super::disk::Disk;
use super::event::{Event, TimelineEvent};
use super::{Fault, Shared};
use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

/// An event waits at most this long for company.
const LINGER: Duration = Duration::from_millis(250);
const BATCH: usize = 1_000;
/// Between tries of a database that takes nothing.
const PAUSE: Duration = Duration::from_millis(500);
/// Tries after the last handle is gone; then what is left is given up.
const LAST_TRIES: u32 = 10;

pub(super) enum Job {
    Note(Arc<TimelineEvent>),
    /// Answered when everything before it is on disk, or at the first failure.
    Flush(oneshot::Sender<Result<(), String>>),
    /// Stores what is before it, puts all into the one file, and ends the writer.
    Close(oneshot::Sender<Result<(), String>>),
    /// One portion of old calls; answers how many it deleted.
    Prune(Timestamp, oneshot::Sender<Result<usize, String>>),
}

/// What the writer works with.
pub(super) struct Desk {
    pub(super) dir: PathBuf,
    pub(super) lock: std::fs::File,
    pub(super) inbox: mpsc::Receiver<Job>,
    pub(super) shared: Arc<Shared>,
}

/// Starts the thread; returns once the database is ready, with the number of calls that a crash had left open.
pub(super) async fn start(desk: Desk) -> Result<u64, Fault> {
    let directory = {
        let dir = desk.dir.clone();
        move |why| Fault::Directory { dir, why }
    };
    let (ready, answer) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(directory.clone())?;
    let body = move || runtime.block_on(run(desk, ready));
    std::thread::Builder::new().name("writer".into()).spawn(body).map_err(directory)?;
    answer.await.unwrap_or_else(|_| Err(Fault::Unsaved("the writer died while opening the database".into())))
}

async fn run(mut desk: Desk, ready: oneshot::Sender<Result<u64, Fault>>) {
    let opened = async {
        let mut disk = Disk::open(&desk.dir).await?;
        let closed = disk.prepare().await?;
        Ok::<_, Fault>((disk, closed))
    };
    let mut disk = match opened.await {
        Ok((disk, closed)) => {
            // A caller that gave up waiting drops the handles too, which ends the loop below.
            let _ = ready.send(Ok(closed));
            disk
        }
        Err(fault) => return drop(ready.send(Err(fault.named(&desk.dir)))),
    };
    let mut asked = None;
    let (mut jobs, mut batch) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
    while desk.inbox.recv_many(&mut jobs, BATCH).await > 0 {
        if jobs.len() < BATCH && jobs.iter().all(|job| matches!(job, Job::Note(_))) {
            // Asleep, not waiting at the queue: who notes an event wakes nobody.
            let _ = timeout(LINGER, desk.shared.hurry.notified()).await;
            jobs.extend(std::iter::from_fn(|| desk.inbox.try_recv().ok()).take(BATCH - jobs.len()));
        }
        for job in jobs.drain(..) {
            match job {
                Job::Note(noted) => batch.push(noted),
                Job::Flush(done) => disk = save(&desk, disk, &mut batch, Some(done)).await,
                Job::Close(done) => {
                    desk.inbox.close();
                    asked = Some(done);
                }
                Job::Prune(limit, done) => drop(done.send(prune(&desk, &mut disk, limit).await)),
            }
        }
        disk = save(&desk, disk, &mut batch, None).await;
    }
    let closed = disk.close().await;
    if let Err(why) = &closed {
        tracing::warn!(why, "the database did not close cleanly; nothing that was stored is lost");
    }
    drop(desk.lock);
    asked.into_iter().for_each(|done| drop(done.send(closed.clone())));
}

/// Puts the batch on disk, however long it takes: the queue behind it is what bounds memory.
async fn save(
    desk: &Desk,
    mut disk: Disk,
    batch: &mut Vec<Arc<TimelineEvent>>,
    mut flush: Option<oneshot::Sender<Result<(), String>>>,
) -> Disk {
    let shared = &desk.shared;
    let mut tries = 0;
    loop {
        let whole = shared.ledger.torn();
        if batch.is_empty() && whole.is_empty() && tries == 0 {
            break;
        }
        let Err(why) = disk.write(batch, &whole).await else {
            let over = batch.iter().filter(|noted| matches!(noted.event, Event::Ended(_) | Event::Recording(_)));
            over.for_each(|noted| shared.ledger.retire(&noted.call, &noted.event));
            whole.iter().for_each(|call| shared.ledger.mended(&call.id));
            if shared.set_fault(None).is_some() {
                tracing::info!("the database takes calls again");
            }
            break;
        };
        if poisoned(&why) {
            tracing::error!(%why, events = batch.len(), "the database refuses these events for good; they are left out");
            batch.iter().for_each(|noted| shared.lose(&noted.call));
            whole.iter().for_each(|call| shared.ledger.mended(&call.id));
            break;
        }
        tries += 1;
        let said = format!("{why}; calls go on, and are stored when {} takes them again", desk.dir.display());
        if shared.set_fault(Some(said.clone())).is_none() {
            match super::damage(&why) {
                Some(why) => {
                    tracing::error!(why, dir = %desk.dir.display(), "the database is damaged: stop, and put a backup in its place")
                }
                None => {
                    tracing::error!(%why, dir = %desk.dir.display(), "the database takes nothing: check disk space and permissions")
                }
            }
        }
        metrics::counter!("switchboard_store_failures_total").increment(1);
        flush.take().into_iter().for_each(|done| drop(done.send(Err(said.clone()))));
        if desk.inbox.is_closed() && tries >= LAST_TRIES {
            tracing::error!(events = batch.len(), "given up: these events are not stored");
            break;
        }
        sleep(PAUSE).await;
        // A new connection heals what a broken one cannot.
        if let Ok(fresh) = Disk::open(&desk.dir).await {
            disk = fresh;
        }
    }
    batch.clear();
    flush.into_iter().for_each(|done| drop(done.send(Ok(()))));
    disk
}

/// Whether trying again is useless: the content, not the disk, is at fault (SQLite result codes 18, 19, 20, 25).
fn poisoned(why: &sqlx::Error) -> bool {
    let code = why.as_database_error().and_then(|e| e.code()).and_then(|code| code.parse::<u32>().ok());
    matches!(why, sqlx::Error::Encode(_)) || code.is_some_and(|code| matches!(code & 0xff, 18 | 19 | 20 | 25))
}

async fn prune(desk: &Desk, disk: &mut Disk, limit: Timestamp) -> Result<usize, String> {
    let (calls, recordings) = disk.prune(limit).await.map_err(|why| why.to_string())?;
    for recording in recordings {
        let file = desk.dir.join(recording);
        if let Err(why) = std::fs::remove_file(&file)
            && why.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%why, file = %file.display(), "an old recording cannot be deleted");
        }
    }
    Ok(calls)
}
