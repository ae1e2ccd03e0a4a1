//! What a store must not lose, and what it must not hold up.
use super::*;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Instant;

fn started(bot: &str) -> CallEvent {
    CallEvent::Started(Started {
        direction: Direction::Inbound,
        via: "open".into(),
        from: "sip:100@example.test".into(),
        to: "sip:booking@example.test".into(),
        bot: bot.into(),
        language: "en".into(),
        headers: [("X-Customer".to_owned(), Private::from("4711, \"ä\""))].into(),
    })
}

fn turn(started_ms: u64, text: &str) -> CallEvent {
    CallEvent::Turn(Turn {
        speaker: Speaker::Caller,
        text: text.into(),
        heard: text.into(),
        interrupted: false,
        started_ms,
        ended_ms: started_ms + 900,
        confidence: Some(0.875),
        by: Some(crate::store::AnswerMethod::Voice),
    })
}

fn ended(blame: Blame, reason: &str) -> CallEvent {
    CallEvent::Ended(End { blame, reason: Reason::of(reason) })
}

/// A call with one of everything.
fn talk(store: &Store) -> String {
    let id = Store::new_id();
    store.note(&id, started("booking.en"));
    store.note(&id, CallEvent::Answered);
    let path = store.recordings().join("a.wav").display().to_string();
    store.note(&id, CallEvent::Recording(Recording::started(path.clone())));
    store.note(&id, turn(1_000, "book a room"));
    let bot = Turn {
        speaker: Speaker::Bot,
        text: "Which place?".into(),
        heard: "Which".into(),
        interrupted: true,
        started_ms: 2_300,
        ended_ms: 2_600,
        confidence: None,
        by: None,
    };
    store.note(&id, CallEvent::Turn(bot));
    store.note(
        &id,
        CallEvent::Slot(Slot { name: "what".into(), value: Some(Private(json!("room"))), confirmed: false }),
    );
    store.note(&id, CallEvent::Slot(Slot { name: "wrong".into(), value: Some(Private(json!(1))), confirmed: false }));
    store.note(&id, CallEvent::Slot(Slot { name: "wrong".into(), value: None, confirmed: false }));
    store.note(&id, CallEvent::Slot(Slot { name: "people".into(), value: Some(Private(json!(2))), confirmed: true }));
    store.note(
        &id,
        CallEvent::Slot(Slot {
            name: "pin".into(),
            value: Some(Private::<serde_json::Value>::withheld()),
            confirmed: true,
        }),
    );
    store.note(&id, CallEvent::Silence(Silence { kind: SilenceKind::BotWorking, started_ms: 1_900, ended_ms: 2_300 }));
    store.note(&id, CallEvent::Latency(Latency::of(1, [200, 5, 1, 150, 20])));
    for received in [250, 500] {
        let line =
            LineStats { seat: "caller".into(), received, mos: Some(4.41), loss: Some(0.0), ..LineStats::default() };
        store.note(&id, CallEvent::Line(line));
    }
    store.note(&id, CallEvent::Mark(Mark { name: "hold".into(), data: Private(json!({"ms": 300})) }));
    store.note(&id, CallEvent::Recording(Recording { path, recorded: Recorded::Whole, closed: true }));
    id
}

async fn eventually<F: Future<Output = bool>>(what: &str, check: impl Fn() -> F) {
    let start = Instant::now();
    while !check().await {
        assert!(start.elapsed() < Duration::from_secs(10), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_call_reads_the_same_live_ended_and_after_a_restart() {
    let dir = crate::testdir("store-same");
    let store = Store::open(&dir).await.unwrap();
    let id = talk(&store);
    let live = store.call(&id).await.unwrap().unwrap();
    assert_eq!(live.state, CallState::Live);
    assert_eq!(live.turns.len(), 2);
    assert_eq!(live.slots.keys().collect::<Vec<_>>(), ["people", "pin", "what"]);
    assert_eq!(live.latency[0].total_ms, 376);
    assert_eq!((live.lines.len(), live.lines[0].received, live.lines[0].mos), (1, 500, Some(4.41)));
    store.note(&id, ended(Blame::RemoteParty, "hung up"));
    store.note(&id, ended(Blame::Server, "call crashed"));
    let over = store.call(&id).await.unwrap().unwrap();
    assert_eq!(over.end, Some(End::new(Blame::RemoteParty, Reason::HungUp)));
    store.flush().await.unwrap();
    assert!(store.shared.ledger.get(&id).is_none(), "an ended call leaves memory once it is on disk");
    let stored = store.call(&id).await.unwrap().unwrap();
    assert_eq!(stored, over);
    assert_eq!(store.recording(&stored).unwrap(), dir.join("recordings/a.wav"));
    let timeline = store.timeline(&id).await.unwrap();
    assert_eq!(timeline.len(), 17);
    assert_eq!(timeline[0].event, started("booking.en"));
    assert_eq!(timeline[16].event, ended(Blame::RemoteParty, "hung up"));
    store.close().await.unwrap();
    drop(store);
    let store = Store::open(&dir).await.unwrap();
    assert_eq!(store.call(&id).await.unwrap().unwrap(), over);
    assert_eq!(store.calls(Wanted::newest(10)).await.unwrap(), [over]);
}

#[tokio::test]
async fn a_turn_names_any_of_the_four_who_speak_in_a_call() {
    use media::hears::Talker::{Agent, Bot, Caller, Supervisor};
    let dir = crate::testdir("store-speakers");
    let store = Store::open(&dir).await.unwrap();
    let id = Store::new_id();
    store.note(&id, started("booking.en"));
    // All at one moment: they are told apart by who they are.
    for talker in [Caller, Bot, Agent, Supervisor] {
        let CallEvent::Turn(turn) = turn(1_000, "hello") else { unreachable!() };
        store.note(&id, CallEvent::Turn(Turn { speaker: talker.into(), ..turn }));
    }
    let named = |call: Call| {
        let call = serde_json::to_value(call).unwrap();
        let names = call["turns"].as_array().unwrap().iter().map(|turn| turn["speaker"].as_str().unwrap().to_owned());
        names.collect::<BTreeSet<_>>()
    };
    let all: BTreeSet<String> = ["agent", "bot", "caller", "supervisor"].map(str::to_owned).into();
    assert_eq!(named(store.call(&id).await.unwrap().unwrap()), all, "live");
    store.note(&id, ended(Blame::RemoteParty, "hung up"));
    store.close().await.unwrap();
    drop(store);
    let store = Store::open(&dir).await.unwrap();
    assert_eq!(named(store.call(&id).await.unwrap().unwrap()), all, "from the database");
    let timeline = store.timeline(&id).await.unwrap();
    let turns = timeline.iter().filter(|event| matches!(event.event, CallEvent::Turn(_)));
    assert_eq!(turns.count(), 4);
}

#[tokio::test]
async fn after_a_clean_stop_the_file_alone_holds_every_call() {
    let dir = crate::testdir("store-alone");
    let store = Store::open(&dir).await.unwrap();
    let (first, second) = (talk(&store), talk(&store));
    for id in [&first, &second] {
        store.note(id, ended(Blame::RemoteParty, "hung up"));
    }
    let before = store.calls(Wanted::newest(10)).await.unwrap();
    // Other parts of the server still hold it: that is no reason to leave the file behind.
    let other = store.clone();
    store.close().await.unwrap();
    let alone = crate::testdir("store-alone-copy");
    std::fs::copy(dir.join(disk::FILE), alone.join(disk::FILE)).unwrap();
    assert!(!dir.join("switchboard.db-wal").exists(), "nothing lies beside it");
    let copy = Store::open(&alone).await.unwrap();
    assert_eq!(copy.calls(Wanted::newest(10)).await.unwrap(), before);
    assert_eq!(copy.timeline(&second).await.unwrap().len(), 17);
    other.note(&first, CallEvent::Answered);
    assert!(other.health().fault.is_some(), "and whoever still writes is told");
}

#[tokio::test]
async fn a_recording_that_is_closed_after_its_call_is_told_and_kept() {
    let store = Store::open(&crate::testdir("store-closed")).await.unwrap();
    let path = || "recordings/b.wav".to_owned();
    for (recorded, kept) in [(Recorded::Whole, true), (Recorded::Part, true), (Recorded::No, false)] {
        let id = Store::new_id();
        store.note(&id, started("b"));
        store.note(&id, CallEvent::Recording(Recording::started(path())));
        let call = store.call(&id).await.unwrap().unwrap();
        assert!(call.is_recording() && call.recorded == Recorded::Part);
        store.note(&id, ended(Blame::RemoteParty, "hung up"));
        store.flush().await.unwrap();
        let call = store.call(&id).await.unwrap().unwrap();
        assert!(!call.is_recording() && call.recorded == Recorded::Part, "the writer is at it still");
        store.note(&id, CallEvent::Recording(Recording { path: path(), recorded, closed: true }));
        store.note(&id, CallEvent::Answered);
        assert_eq!(store.call(&id).await.unwrap().unwrap().recorded, recorded);
        store.flush().await.unwrap();
        assert!(store.shared.ledger.get(&id).is_none(), "then it leaves memory");
        let call = store.call(&id).await.unwrap().unwrap();
        assert_eq!((call.recorded, store.recording(&call).is_some()), (recorded, kept));
        assert_eq!(store.timeline(&id).await.unwrap().len(), 4, "nothing else follows an end");
    }
}

#[test]
fn a_wall_clock_that_is_set_does_not_reach_the_records() {
    use ledger::{ClockReading, Ledger};
    let (wall, steady) = (Timestamp::from_second(1_790_000_000).unwrap(), Instant::now());
    for step in [-7_200, 7_200] {
        let at = |s: u64, by: i64| ClockReading {
            wall: wall.checked_add(jiff::SignedDuration::from_secs(s as i64 + by)).unwrap(),
            steady: steady + Duration::from_secs(s),
        };
        let ledger = Ledger::default();
        ledger.apply("a", at(0, 0), started("b")).unwrap();
        assert_eq!(ledger.apply("a", at(1, 0), CallEvent::Answered).unwrap().at_ms, 1_000);
        let end = ledger.apply("a", at(5, step), ended(Blame::RemoteParty, "hung up")).unwrap();
        assert_eq!((end.at_ms, end.at), (5_000, at(5, 0).wall));
        let call = ledger.get("a").unwrap();
        assert_eq!(call.ended_at.unwrap().duration_since(call.started_at).as_secs(), 5);
    }
}

#[tokio::test]
async fn events_noted_by_several_threads_leave_in_the_order_of_their_times() {
    let store = Store::open(&crate::testdir("store-order")).await.unwrap();
    store.note("a", started("b"));
    let mut events = store.watch();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    store.note("a", CallEvent::Mark(Mark { name: "key".into(), data: Private::default() }));
                }
            });
        }
    });
    let times: Vec<_> = std::iter::from_fn(|| events.try_recv().ok()).map(|event| event.at).collect();
    assert_eq!(times.len(), 400);
    assert!(times.is_sorted());
}

#[tokio::test]
async fn a_damaged_database_is_called_that_once_with_what_to_do() {
    let dir = crate::testdir("store-damaged");
    let store = Store::open(&dir).await.unwrap();
    talk(&store);
    store.close().await.unwrap();
    drop(store);
    let file = dir.join(disk::FILE);
    let good = std::fs::read(&file).unwrap();
    assert!(matches!(probe(&dir).await, Ok(Some(1))));
    // No database at all, and one with a hole where its tables are listed.
    let mut hole = good.clone();
    hole[100..4_096].fill(0xa5);
    for bytes in [b"this is no database, whatever its name says".repeat(200), hole] {
        std::fs::write(&file, &bytes).unwrap();
        for fault in [Store::open(&dir).await.err().unwrap(), probe(&dir).await.err().unwrap()] {
            assert!(matches!(fault, Fault::Damaged { .. }), "{fault:?}");
            let said = format!("{:#}", anyhow::Error::from(fault));
            assert!(said.contains("switchboard.db is damaged") && said.contains("backup"), "{said}");
            let words = ["is damaged", "file is not a database", "malformed"];
            assert!(words.iter().all(|words| said.matches(words).count() <= 1), "{said}");
        }
    }
    // A page that neither the list of tables nor a count of the calls reads.
    for page in 1..good.len() / 4_096 {
        let mut bytes = good.clone();
        bytes[page * 4_096..][..4_096].fill(0xff);
        std::fs::write(&file, &bytes).unwrap();
        assert!(matches!(probe(&dir).await, Err(Fault::Damaged { .. })), "page {page}");
    }
    std::fs::write(&file, good).unwrap();
    assert!(Store::open(&dir).await.is_ok(), "it was the file");
    assert!(matches!(probe(&crate::testdir("store-none")).await, Ok(None)));
}

#[tokio::test]
async fn a_later_turn_with_the_same_start_replaces_the_earlier() {
    let store = Store::open(&crate::testdir("store-replace")).await.unwrap();
    let id = Store::new_id();
    store.note(&id, started("b"));
    for text in ["two thirty", "two thirty p m"] {
        store.note(&id, turn(5_000, text));
    }
    store.note(&id, turn(1_000, "first"));
    let texts = |call: &Call| call.turns.iter().map(|turn| turn.text.0.clone()).collect::<Vec<_>>();
    assert_eq!(texts(&store.call(&id).await.unwrap().unwrap()), ["first", "two thirty p m"]);
    store.note(&id, ended(Blame::Nobody, "done"));
    store.flush().await.unwrap();
    assert_eq!(texts(&store.call(&id).await.unwrap().unwrap()), ["first", "two thirty p m"]);
}

#[tokio::test]
async fn calls_are_listed_newest_first_and_page_by_page() {
    let store = Store::open(&crate::testdir("store-list")).await.unwrap();
    let mut ids: Vec<String> = (0..25).map(|_| Store::new_id()).collect();
    for (number, id) in ids.iter().enumerate() {
        store.note(id, started("b"));
        if number % 5 != 0 {
            store.note(id, ended(Blame::RemoteParty, "hung up"));
        }
        if number == 12 {
            store.flush().await.unwrap();
        }
    }
    ids.sort();
    ids.reverse();
    let list = async |state, limit, before: Option<&str>| -> Vec<String> {
        store
            .calls(Wanted { state, limit, before, bots: None })
            .await
            .unwrap()
            .into_iter()
            .map(|call| call.id)
            .collect()
    };
    assert_eq!(list(None, 100, None).await, ids);
    let mut paged = Vec::new();
    while let page @ [.., _] = list(None, 7, paged.last().map(String::as_str)).await.as_slice() {
        paged.extend_from_slice(page);
    }
    assert_eq!(paged, ids);
    assert_eq!(list(Some(CallState::Live), 100, None).await.len(), 5);
    assert_eq!(list(Some(CallState::Ended), 100, None).await.len(), 20);
    assert_eq!(list(Some(CallState::Live), 2, None).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_calls_at_once_are_all_kept() {
    let store = Store::open(&crate::testdir("store-many")).await.unwrap();
    let calls: Vec<_> = (0..40)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let id = Store::new_id();
                store.note(&id, started("b"));
                for number in 0..50 {
                    store.note(&id, turn(number * 1_000, "words"));
                    tokio::task::yield_now().await;
                }
                store.note(&id, ended(Blame::RemoteParty, "hung up"));
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    store.flush().await.unwrap();
    assert_eq!(store.health(), Health::default());
    let stored = store.calls(Wanted { state: Some(CallState::Ended), ..Wanted::newest(100) }).await.unwrap();
    assert_eq!(stored.len(), 40);
    assert!(stored.iter().all(|call| call.turns.len() == 50));
    assert_eq!(stored.iter().map(|call| &call.id).collect::<BTreeSet<_>>().len(), 40);
}

#[tokio::test]
async fn events_of_unknown_calls_are_dropped() {
    let store = Store::open(&crate::testdir("store-unknown")).await.unwrap();
    store.note("nobody", turn(0, "words"));
    store.flush().await.unwrap();
    assert_eq!(store.call("nobody").await.unwrap(), None);
    assert_eq!(store.timeline("nobody").await.unwrap(), []);
}

#[tokio::test]
async fn a_watcher_sees_every_event_and_a_slow_one_is_told_what_it_missed() {
    let store = Store::open(&crate::testdir("store-watch")).await.unwrap();
    let mut watcher = store.watch();
    let id = Store::new_id();
    store.note(&id, started("b"));
    assert_eq!(watcher.recv().await.unwrap().event, started("b"));
    for number in 0..WATCH as u64 + 10 {
        store.note(&id, turn(number, "words"));
    }
    assert!(matches!(watcher.recv().await, Err(broadcast::error::RecvError::Lagged(10))));
}

#[tokio::test]
async fn a_second_server_is_kept_out_of_the_directory() {
    let dir = crate::testdir("store-lock");
    let _store = Store::open(&dir).await.unwrap();
    assert!(matches!(Store::open(&dir).await, Err(Fault::InUse(_))));
}

/// Another program that holds the database's write lock.
async fn intruder(dir: &Path) -> sqlx::SqliteConnection {
    use sqlx::{ConnectOptions, Executor};
    let mut connection = disk::options(dir).connect().await.unwrap();
    connection.execute("begin immediate").await.unwrap();
    connection
}

#[tokio::test]
async fn a_locked_database_is_reported_and_nothing_is_lost_when_it_frees() {
    use sqlx::Executor;
    let dir = crate::testdir("store-locked");
    let store = Store::open(&dir).await.unwrap();
    let mut other = intruder(&dir).await;
    let id = talk(&store);
    assert!(matches!(store.flush().await, Err(Fault::Unsaved(why)) if why.contains("locked")));
    assert!(store.health().fault.unwrap().contains("locked"));
    let live = store.call(&id).await.unwrap().unwrap();
    assert_eq!(live.turns.len(), 2, "the ledger answers meanwhile");
    store.note(&id, ended(Blame::RemoteParty, "hung up"));
    other.execute("rollback").await.unwrap();
    eventually("the writer tries again", async || store.health().fault.is_none()).await;
    store.flush().await.unwrap();
    assert!(store.shared.ledger.get(&id).is_none());
    assert_eq!(store.timeline(&id).await.unwrap().len(), 17);
}

#[tokio::test]
async fn a_queue_that_overflows_never_blocks_and_its_calls_are_stored_whole_at_their_end() {
    use sqlx::Executor;
    let dir = crate::testdir("store-overflow");
    let store = Store::open(&dir).await.unwrap();
    let mut other = intruder(&dir).await;
    let (talked, chatter) = (talk(&store), Store::new_id());
    assert!(store.flush().await.is_err());
    store.note(&chatter, started("b"));
    let begin = Instant::now();
    for number in 0..3 * QUEUE as u64 {
        store.note(&chatter, CallEvent::Mark(Mark { name: "tick".into(), data: Private(json!(number)) }));
    }
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    assert!(store.health().lost >= QUEUE as u64);
    // From here on everything is lost on the way, even the end and a whole call.
    store.note(&talked, turn(60_000, "late words"));
    store.note(&talked, ended(Blame::RemoteParty, "hung up"));
    let late = talk(&store);
    store.note(&late, ended(Blame::RemoteParty, "hung up"));
    let before = store.call(&late).await.unwrap().unwrap();
    other.execute("rollback").await.unwrap();
    eventually("the writer tries again", async || store.health().fault.is_none()).await;
    store.flush().await.unwrap();
    assert!(store.shared.ledger.get(&talked).is_none() && store.shared.ledger.get(&late).is_none());
    let call = store.call(&talked).await.unwrap().unwrap();
    assert_eq!(call.turns.last().unwrap().text.0, "late words");
    assert_eq!(call.end.unwrap().reason, Reason::HungUp);
    assert_eq!(store.call(&late).await.unwrap().unwrap(), before);
}

#[tokio::test]
async fn old_calls_go_with_their_recordings_and_new_ones_stay() {
    let store = Store::open(&crate::testdir("store-prune")).await.unwrap();
    let old = talk(&store);
    let files = ["a.wav", "a.people.wav"].map(|name| store.recordings().join(name));
    files.iter().for_each(|file| std::fs::write(file, "sound").unwrap());
    store.note(&old, ended(Blame::RemoteParty, "hung up"));
    store.flush().await.unwrap();
    let limit = Timestamp::now();
    tokio::time::sleep(Duration::from_millis(5)).await;
    let new = Store::new_id();
    let live = Store::new_id();
    store.note(&new, started("b"));
    store.note(&live, started("b"));
    store.note(&new, ended(Blame::RemoteParty, "hung up"));
    store.flush().await.unwrap();
    assert_eq!(store.prune(limit).await.unwrap(), 1);
    assert_eq!(store.call(&old).await.unwrap(), None);
    assert_eq!(store.timeline(&old).await.unwrap(), []);
    assert!(files.iter().all(|file| !file.exists()));
    assert_eq!(store.calls(Wanted::newest(10)).await.unwrap().len(), 2);
}

#[test]
fn debug_shows_neither_people_nor_words() {
    let event = turn(0, "my words");
    let mark = CallEvent::Mark(Mark { name: "m".into(), data: Private(json!("my words")) });
    let slot = CallEvent::Slot(Slot { name: "s".into(), value: Some(Private(json!("my words"))), confirmed: true });
    let mut call = match started("b") {
        CallEvent::Started(started) => Call::new("id", Timestamp::UNIX_EPOCH, &started),
        other => panic!("{other:?}"),
    };
    call.apply(Timestamp::UNIX_EPOCH, &event);
    call.apply(Timestamp::UNIX_EPOCH, &slot);
    let text = format!("{event:?} {mark:?} {slot:?} {:?} {call:?}", started("b"));
    assert!(!text.contains("my words") && !text.contains("100@"), "{text}");
    assert_eq!(Private::<String>::withheld().0, WITHHELD);
}

#[test]
fn the_parts_of_a_latency_sum_to_its_total() {
    let l = Latency::of(3, [210, 4, 1, 130, 17]);
    assert_eq!(l.total_ms, l.endpoint_ms + l.recognise_ms + l.think_ms + l.synthesise_ms + l.playout_ms);
    assert_eq!(Latency::of(1, [u32::MAX, 1, 0, 0, 0]).total_ms, u32::MAX);
}

const VICTIM: &str = "SWITCHBOARD_TEST_VICTIM";

/// The process that the next test kills: it notes calls until it dies, and prints each number one second after noting it.
#[test]
#[ignore = "runs only as the child of the test below"]
fn victim() {
    let Some(dir) = std::env::var_os(VICTIM) else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = Store::open(Path::new(&dir)).await.unwrap();
        let id = Store::new_id();
        store.note(&id, started("b"));
        println!("\ncall {id}");
        for number in 0..6_000_u64 {
            store.note(&id, turn(number, "words"));
            if let Some(old) = number.checked_sub(100) {
                println!("\nsafe {old}");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
}

#[tokio::test]
async fn a_kill_loses_at_most_the_last_second_and_the_call_ends_with_the_server_to_blame() {
    use std::io::BufRead;
    let dir = crate::testdir("store-kill");
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::tests::victim", "--ignored", "--nocapture", "--test-threads=1"])
        .env(VICTIM, &dir)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let (mut id, mut safe) = (String::new(), 0_u64);
    for line in std::io::BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
        if let Some(text) = line.strip_prefix("call ") {
            id = text.into();
        }
        if let Some(text) = line.strip_prefix("safe ") {
            safe = text.parse().unwrap();
            if safe == 80 {
                child.kill().unwrap();
            }
        }
    }
    child.wait().unwrap();
    assert!(safe >= 80, "the victim ran");
    let store = Store::open(&dir).await.unwrap();
    let call = store.call(&id).await.unwrap().unwrap();
    assert!(
        call.turns.len() as u64 > safe,
        "{} turns of {safe} noted more than a second before the kill",
        call.turns.len()
    );
    assert_eq!(call.end, Some(End::new(Blame::Server, Reason::ServerStopped)));
    assert!(call.ended_at.unwrap() > call.started_at);
    let timeline = store.timeline(&id).await.unwrap();
    assert_eq!(timeline.last().unwrap().event, ended(Blame::Server, "server stopped"));
}

/// The process that the next test lets run into a full disk.
#[tokio::test]
#[ignore = "runs only as the child of the test below"]
async fn sufferer() {
    let Some(dir) = std::env::var_os(VICTIM) else { return };
    let store = Store::open(Path::new(&dir)).await.unwrap();
    let id = talk(&store);
    store.flush().await.unwrap();
    let long = "x".repeat(10_000);
    for number in 0..400 {
        store.note(&id, turn(10_000 + number, &long));
    }
    let Err(Fault::Unsaved(why)) = store.flush().await else { panic!("the disk is not full") };
    assert!(why.contains("calls go on") && why.contains(dir.to_str().unwrap()), "{why}");
    assert!(store.health().fault.is_some());
    let begin = Instant::now();
    store.note(&id, ended(Blame::RemoteParty, "hung up"));
    let call = store.call(&id).await.unwrap().unwrap();
    assert_eq!((call.state, call.turns.len()), (CallState::Ended, 402));
    assert!(begin.elapsed() < Duration::from_millis(500));
    println!("\nsuffered");
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_reported_and_calls_go_on() {
    let dir = crate::testdir("store-full");
    // No file may grow past a megabyte, and the signal that says so is ignored, so that writing fails as on a full disk.
    let out = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "store::tests::sufferer", "--ignored", "--nocapture", "--test-threads=1"])
        .env(VICTIM, &dir)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success() && text.contains("suffered"), "{text}{}", String::from_utf8_lossy(&out.stderr));
}

#[tokio::test]
async fn nobody_else_on_this_machine_can_read_what_is_stored() {
    use std::os::unix::fs::PermissionsExt;
    let dir = crate::testdir("store-private").join("made/here");
    let store = Store::open(&dir).await.unwrap();
    talk(&store);
    store.flush().await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode(&dir), mode(dir.parent().unwrap()), mode(&store.recordings())], [0o700; 3]);
    let files: Vec<PathBuf> = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    let files: Vec<&PathBuf> = files.iter().filter(|path| path.is_file()).collect();
    assert!(files.len() >= 3, "database, its log, the lock: {files:?}");
    for file in files {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
}
