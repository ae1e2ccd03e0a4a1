//! What an outsider may not do to us.
use crate::bot::{Bot, password, plan, sipp_to, until};
use crate::{SECOND, caller, to};
use std::time::Instant;
use telephony::sip::digest::{Challenge, SignedRequest};
use telephony::sip::{Credentials, SipPlan, SipTransport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};
use tokio::time::timeout;

fn closed() -> SipPlan {
    SipPlan { open: vec![], phones: vec![password("lan")], ..plan() }
}

fn options(n: usize) -> String {
    format!(
        "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP c;branch=z9hG4bK{n}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\n\
         Call-ID: {n}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
}

/// Whether the far end closes this stream within two seconds.
async fn closes(stream: &mut TcpStream) -> bool {
    let end = async {
        let mut buffer = [0; 4096];
        while stream.read(&mut buffer).await.is_ok_and(|length| length > 0) {}
    };
    timeout(2 * SECOND, end).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_with_many_answers_tries_one_password_and_pays_for_it() {
    let bot = Bot::start(closed()).await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("socket");
    socket.connect(bot.udp()).await.expect("connected");
    let here = socket.local_addr().expect("address");
    let invite = |n: u32, more: &str| {
        format!(
            "INVITE sip:echo@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{n};rport\r\nFrom: <sip:a@b>;tag=1\r\n\
             To: <sip:echo@b>\r\nCall-ID: {n}\r\nCSeq: 1 INVITE\r\nContact: <sip:a@{here}>\r\n{more}Content-Length: 0\r\n\r\n",
            to = bot.udp()
        )
    };
    let mut buffer = [0; 4096];
    socket.send(invite(1, "").as_bytes()).await.expect("sent");
    let length = timeout(SECOND, socket.recv(&mut buffer)).await.expect("in time").expect("challenged");
    let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
    let challenge = text.lines().find_map(|line| line.strip_prefix("WWW-Authenticate: "));
    let challenge = Challenge::best(challenge.into_iter()).expect("a challenge");
    let uri = format!("sip:echo@{}", bot.udp());
    let answer = |password: &str| {
        let who = Credentials { user: "lan".into(), password: password.into() };
        let value = challenge.answer(&who, &SignedRequest { method: "INVITE", uri: &uri, body: b"" });
        format!("Authorization: {value}\r\n")
    };
    let guesses = format!("{}{}", answer("open barley").repeat(40), answer("open sesame"));
    socket.send(invite(2, &guesses).as_bytes()).await.expect("sent");
    until(|| bot.sip.report().refused.contains_key("wrong password"), "the guess to be refused").await;
    assert_eq!(bot.sip.report().refused["wrong password"], 1);
    bot.calls(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outsider_does_not_take_all_connections() {
    let mut strict = closed();
    strict.limits.connections_per_source = 2;
    let bot = Bot::start(strict).await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(TcpStream::connect(bot.tcp()).await.expect("connected"));
    }
    assert!(closes(&mut streams[2]).await);
    assert_eq!(bot.sip.report().refused["connections of one source"], 1);
    drop(streams);
    until(|| bot.sip.report().streams == 0, "the streams to be gone").await;
    let mut stream = TcpStream::connect(bot.tcp()).await.expect("connected");
    stream.write_all(b"\r\n\r\n").await.expect("sent");
    let mut pong = [0; 2];
    timeout(SECOND, stream.read_exact(&mut pong)).await.expect("in time").expect("there is room again");
}

#[tokio::test(flavor = "multi_thread")]
async fn we_call_while_peers_hold_all_their_connections() {
    let bot = Bot::start(plan()).await;
    let mut full = plan();
    full.limits.connections = 1;
    let us = Bot::start(full).await;
    let _held = TcpStream::connect(us.tcp()).await.expect("connected");
    until(|| us.sip.report().streams == 1, "the stream").await;
    assert!(closes(&mut TcpStream::connect(us.tcp()).await.expect("connected")).await);
    us.sip.dial(to(&bot, SipTransport::Tcp)).await.expect("answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_neither_keep_a_stranger_nor_are_they_free() {
    let mut strict = closed();
    strict.limits.stranger = SECOND / 2;
    (strict.limits.rate, strict.limits.burst) = (1, 4);
    let bot = Bot::start(strict).await;
    let begun = Instant::now();
    let mut stream = TcpStream::connect(bot.tcp()).await.expect("connected");
    while begun.elapsed() < 5 * SECOND && stream.write_all(b"\r\n\r\n").await.is_ok() {
        tokio::time::sleep(SECOND / 50).await;
    }
    assert!(begun.elapsed() < 3 * SECOND, "it is closed in spite of its pings");
    let refused = bot.sip.report().refused;
    assert_eq!(refused["strange connection"], 1);
    assert!(refused["rate"] >= 5, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_has_called_with_its_password_is_no_stranger() {
    let mut strict = closed();
    strict.limits.stranger = SECOND / 2;
    let (bot, us) = (Bot::start(strict).await, caller().await);
    let credentials = Credentials { user: "lan".into(), password: "open sesame".into() };
    let mut dial = to(&bot, SipTransport::Tcp);
    dial.credentials = Some(credentials);
    let mut line = us.dial(dial).await.expect("answered");
    line.hang_up("done").await;
    tokio::time::sleep(SECOND).await;
    assert_eq!(bot.sip.report().streams, 1, "it stays open");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_never_reads_loses_its_stream_before_it_costs_memory() {
    let bot = Bot::start(plan()).await;
    let socket = TcpSocket::new_v4().expect("socket");
    socket.set_recv_buffer_size(4096).expect("small");
    let mut stream = socket.connect(bot.tcp()).await.expect("connected");
    let flood = async {
        for n in 0.. {
            if stream.write_all(options(n).as_bytes()).await.is_err() {
                return;
            }
        }
    };
    timeout(8 * SECOND, flood).await.expect("closed");
    assert!(bot.sip.report().refused["unread replies"] >= 1);
    until(|| bot.sip.report().streams == 0, "the stream to be gone").await;
    // Others are served as before.
    sipp_to(bot.tcp(), "options", &["-t", "t1"]).await;
}
