//! What commands do when nobody reads what they print.
use crate::server::{Server, shipped};
use crate::testbed::{Process, beside_others, pause, root, seconds};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

/// Where nobody reads: writing fails as into the pipe of a `head` that has ended.
fn unread() -> Stdio {
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    drop(theirs);
    OwnedFd::from(ours).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_whose_reader_has_gone_ends_without_a_word() {
    let _machine = beside_others().await;
    let server = Server::start("unread").await;
    let config = server.dir.join("server.toml").display().to_string();
    let bot = server.dir.join("talk.toml");
    std::fs::write(&bot, shipped("booking.en.toml")).expect("written");
    let (bot, sip) = (bot.display().to_string(), format!("sip:echo@{}", server.sip));
    for arguments in [
        &["check", "--config", &config][..],
        &["models"],
        &["talk", "--bot", &bot],
        &["call", &sip, "--timeout", "2", "--json", "-"],
    ] {
        let mut command = Command::new(BINARY);
        command.args(arguments).current_dir(root()).stdin(Stdio::null()).stdout(unread()).stderr(Stdio::piped());
        let out = tokio::task::spawn_blocking(move || command.output().expect("it runs")).await.expect("a thread");
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(!said.contains("panicked") && !said.contains("Broken pipe"), "{arguments:?}: {said}");
        assert_eq!(out.status.code(), Some(141), "{arguments:?}: {said}");
        // A call tells its course there where the report goes to standard output.
        assert!(said.is_empty() || arguments[0] == "call", "{arguments:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_nobody_reads_serves_on_and_stops_as_it_should() {
    let _machine = beside_others().await;
    // Its configuration, and then the place is free for one whose output goes nowhere.
    let mut first = Server::start("unread-server").await;
    first.signal("TERM");
    assert!(first.exited(8).await.success());
    let mut command = Command::new(BINARY);
    command.arg("serve").arg("--config").arg(first.dir.join("server.toml")).current_dir(root());
    command.stdin(Stdio::null()).stdout(unread()).stderr(unread());
    let mut process = Process::new(command.spawn().expect("it runs"));
    let ready = async || {
        let answer = first.request(reqwest::Method::GET, "/health/ready").send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    };
    for _ in 0..1500 {
        if ready().await {
            break;
        }
        assert!(process.ended(seconds(0)).await.is_none(), "it ended");
        pause(20).await;
    }
    let peer = crate::peer::Peer::call(first.sip, "echo").await.expect("answered");
    peer.hang_up().await;
    process.signal("TERM");
    assert!(process.ended(seconds(15)).await.is_some_and(|status| status.success()), "it stops as it should");
}
