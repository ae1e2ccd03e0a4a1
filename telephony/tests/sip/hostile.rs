//! What an outsider may not do to us.
use crate::bot::{Bot, password, plan, until};
use crate::SECOND;
use telephony::sip::digest::{Challenge, Request};
use telephony::sip::{Credentials, SipPlan};
use tokio::net::UdpSocket;
use tokio::time::timeout;

fn closed() -> SipPlan {
    SipPlan { open: vec![], phones: vec![password("lan")], ..plan() }
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
        let value = challenge.answer(&who, &Request { method: "INVITE", uri: &uri, body: b"" });
        format!("Authorization: {value}\r\n")
    };
    let guesses = format!("{}{}", answer("open barley").repeat(40), answer("open sesame"));
    socket.send(invite(2, &guesses).as_bytes()).await.expect("sent");
    until(|| bot.sip.report().refused.contains_key("wrong password"), "the guess to be refused").await;
    assert_eq!(bot.sip.report().refused["wrong password"], 1);
    bot.calls(0).await;
}
