//! What is kept when the server is killed, and how it stops when it is asked to.
use crate::peer::Peer;
use crate::server::Server;
use crate::sound::Sound;
use crate::speech::{CALLER, say};
use crate::testbed::{alone, beside_others, pause, seconds};
use std::time::{Duration, Instant};

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
