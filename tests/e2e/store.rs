//! What is kept when the server is killed, and how it stops when it is asked to.
use crate::peer::Peer;
use crate::server::Server;
use crate::sound::Sound;
use crate::speech::{CALLER, say};
use crate::testbed::{HERE, alone, beside_others, pause, seconds, until};
use serde_json::{Value, json};
use softphone::page::Page;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use switchboard::store::{Call, Reason, Store, Wanted};
use telephony::webrtc::{Data, Message};

#[tokio::test(flavor = "multi_thread")]
async fn a_call_survives_the_death_of_the_server_in_the_record() {
    let _machine = alone().await;
    let mut server = Server::start("crash").await;
    let peer = Peer::call(server.sip, "booking").await.expect("answered");
    peer.hears_out(peer.answered, seconds(20)).await;
    let clip = say(CALLER, "book a room");
    let began = peer.say(&clip).await;
    peer.hears_out(began + Duration::from_millis(clip.ms() as u64), seconds(10)).await;
    pause(1500).await;
    let lasted = peer.answered.elapsed();
    let before = server.call().await;
    server.crash().await;
    peer.vanish();
    let call = server.call().await;
    assert_eq!((call["state"].as_str(), call["end"]["blame"].as_str()), (Some("ended"), Some("server")), "{call:#?}");
    assert_eq!(call["turns"], before["turns"], "all that was a second old is kept");
    assert!(call["turns"].as_array().is_some_and(|turns| turns.len() == 3), "{call:#?}");
    assert!(call["ended_at"].is_string());
    let file = server.dir.join("recording.wav");
    std::fs::write(&file, server.recording(call["id"].as_str().expect("an id")).await).expect("written");
    let sides = Sound::channels(&file);
    let recorded = Duration::from_millis(sides[0].ms() as u64);
    assert!(
        recorded + Duration::from_millis(1500) > lasted && recorded < lasted + seconds(1),
        "{recorded:?} of {lasted:?}"
    );
    assert!(sides.len() == 2 && sides.iter().all(|side| !side.spans(-45.0, 300).is_empty()), "both sides are there");
    let again = Peer::call(server.sip, "echo").await.expect("the server answers again");
    again.hang_up().await;
    server.ended(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_asked_to_stop_lets_the_call_end_and_takes_no_other() {
    let _machine = beside_others().await;
    let mut server = Server::start("drain").await;
    let peer = Peer::call(server.sip, "echo").await.expect("answered");
    server.signal("TERM");
    pause(500).await;
    assert_eq!(Peer::call(server.sip, "echo").await.err(), Some(503));
    let answer = server.request(reqwest::Method::GET, "/health/ready").send().await.expect("an answer");
    assert_eq!(answer.status(), 503);
    let said = peer.say(&crate::speech::tone(1000.0, 500, 0.3)).await;
    pause(1200).await;
    let heard = peer.heard();
    let after = heard.sound.part(heard.place(said), heard.sound.ms());
    let span = after.spans(-30.0, 100)[0];
    assert!(after.part(span.from, span.to).share_of_tone(1000.0) > 0.95, "the live call goes on");
    let hung_up = Instant::now();
    peer.hang_up().await;
    assert!(server.exited(5).await.success());
    assert!(hung_up.elapsed() < seconds(5), "it stops as soon as nobody talks");
    let calls = alone_in_its_file(&server).await;
    assert_eq!((calls.len(), calls[0].end.map(|end| end.reason)), (1, Some(Reason::HungUp)));
}

/// The calls in a copy of the database's file, without what may lie beside it.
async fn alone_in_its_file(server: &Server) -> Vec<Call> {
    let copy = server.dir.join("copy");
    std::fs::create_dir_all(&copy).expect("a directory");
    std::fs::copy(server.dir.join("data/switchboard.db"), copy.join("switchboard.db")).expect("copied");
    let store = Store::open(&copy).await.expect("a database");
    store.calls(Wanted::newest(100)).await.expect("calls")
}

/// Reads a page's channel up to a message of this type.
async fn told(data: &mut Data, kind: &str) -> Value {
    let reading = async {
        while let Some(message) = data.inbox.recv().await {
            if let Message::Text(text) = message
                && let Ok(message) = serde_json::from_str::<Value>(&text)
                && message["type"] == kind
            {
                return message;
            }
        }
        panic!("the channel closed before {kind}");
    };
    tokio::time::timeout(seconds(10), reading).await.expect("in time")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_the_calls_now_and_tells_phone_and_page() {
    let _machine = beside_others().await;
    let mut server = Server::start("hurry").await;
    let peer = Peer::call(server.sip, "echo").await.expect("answered");
    let page = Page::open(&format!("http://{}/", server.http), HERE.into()).expect("a page");
    let mut call = page.call("booking.en").await.expect("answered");
    told(&mut call.data, "hello").await;
    server.signal("TERM");
    until(seconds(5), "the drain", || async {
        let answer = server.request(reqwest::Method::GET, "/health/ready").send().await.expect("an answer");
        (answer.status() == 503).then_some(())
    })
    .await;
    assert!(!peer.is_over(), "the first lets calls go on");
    let again = Instant::now();
    server.signal("TERM");
    let end = told(&mut call.data, "end").await;
    assert_eq!((&end["blame"], &end["reason"]), (&json!("server"), &json!("server stopped")));
    until(seconds(5), "the phone to be told", || async { peer.is_over().then_some(()) }).await;
    assert!(server.exited(8).await.success());
    assert!(again.elapsed() < seconds(8), "the drain's ten seconds are not waited for");
    let calls = alone_in_its_file(&server).await;
    assert_eq!(calls.len(), 2);
    assert!(calls.iter().all(|call| call.end.is_some_and(|end| end.reason == Reason::ServerStopped)), "{calls:#?}");
}

/// A file system of a few bytes; none where this user may mount none.
struct Small(PathBuf);

impl Small {
    fn mount(at: &Path) -> Option<Self> {
        std::fs::create_dir_all(at).expect("a directory");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=96k", "none"]).arg(at).output();
        if mount.is_ok_and(|out| out.status.success()) {
            return Some(Self(at.to_owned()));
        }
        eprintln!("skipped: this user may mount no small file system");
        None
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // The server has the folder open still, perhaps.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_that_finds_the_disk_full_says_so_and_the_call_goes_on() {
    let _machine = beside_others().await;
    let mut small = None;
    let server = Server::with("full", |config| small = Small::mount(&config.store.dir.join("recordings"))).await;
    if small.is_none() {
        return;
    }
    for (turn, recorded) in [(1, "part"), (2, "no")] {
        let peer = Peer::call(server.sip, "booking").await.expect("answered");
        let id = server.live().await;
        let path = format!("/api/v1/calls/{id}");
        until(seconds(15), "the disk to be full", || async {
            let call = server.get(&format!("{path}?timeline=true")).await;
            let timeline = call["timeline"].as_array().expect("a timeline");
            (call["recorded"] == recorded && timeline.iter().any(|event| event["name"] == "recording_broken"))
                .then_some(())
        })
        .await;
        let pause =
            server.authorised(reqwest::Method::PUT, &format!("{path}/recording")).json(&json!({"paused": true}));
        assert_eq!(pause.send().await.expect("an answer").status(), 409, "nothing is recorded any more");
        assert!(!peer.is_over(), "the call goes on");
        peer.hang_up().await;
        server.ended(turn).await;
        let call = server.get(&path).await;
        assert_eq!((&call["recorded"], &call["end"]["reason"]), (&json!(recorded), &json!("hung up")));
        let answer =
            server.authorised(reqwest::Method::GET, &format!("{path}/recording")).send().await.expect("an answer");
        if recorded == "part" {
            assert_eq!(answer.headers()["x-recording-whole"], "false");
            let wav = answer.bytes().await.expect("bytes");
            assert!(wav.len() > 20_000, "{}", wav.len());
            assert_eq!(wav[40..44], (wav.len() as u32 - 44).to_le_bytes(), "the header fits");
            // The next call finds no place at all.
            let rest = small.as_ref().expect("mounted").0.join("rest");
            let _ = std::fs::write(rest, vec![1; 200_000]);
        } else {
            assert_eq!(answer.status(), 404);
        }
        let log = server.log();
        let line = log.lines().find(|line| line.contains("recording broke off") && line.contains(&id));
        assert!(line.is_some_and(|line| line.contains("ERROR") && line.contains("check the disk's space")), "{log}");
        assert_eq!(server.metric("switchboard_recordings_total").await, f64::from(turn as u32));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_asked_to_stop_ends_calls_that_outlast_its_patience() {
    let _machine = beside_others().await;
    let mut server = Server::with("patience", |config| config.drain.limit_ms = switchboard::config::Ms(1000)).await;
    let peer = Peer::call(server.sip, "echo").await.expect("answered");
    server.signal("TERM");
    assert!(server.exited(8).await.success());
    pause(100).await;
    assert!(peer.is_over(), "the phone is told");
}
