//! SIP over real sockets: sipp plays the far end, or a second server of ours does.
mod bot;
mod calls;
mod family;
mod grammar;
mod hostile;
mod raw;
mod refer;
mod secure;
mod torture;

use bot::{Bot, Manner, free_port, password, plan, ports, sipp, sipp_to, until};
use media::codec::Codec;
use media::leg::Direction;
use std::time::{Duration, Instant};
use telephony::sip::{
    Algorithm, Credentials, Dial, Registration, RegistrationState, Sip, SipPlan, SipTransport, Trunk,
};
use telephony::{CallOrigin, Change, Decline, Ended, EndedBy, Party};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

const SECOND: Duration = Duration::from_secs(1);
const HUNG_UP: Change = Change::Ended(Ended { by: EndedBy::Caller, reason: "hung up" });

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_answered_and_hung_up_by_the_caller() {
    let bot = Bot::start(plan()).await;
    sipp(&bot, "call", &[]).await;
    let calls = bot.calls(1).await;
    assert_eq!((calls[0].user.as_str(), &calls[0].origin), ("echo", &CallOrigin::Open));
    assert_eq!(calls[0].changes, [HUNG_UP]);
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_over_tcp_is_answered_and_hung_up_from_either_side() {
    let bot = Bot::start(plan()).await;
    sipp_to(bot.tcp(), "call", &["-t", "t1"]).await;
    assert_eq!(bot.calls(1).await[0].changes, [HUNG_UP]);
    bot.gone().await;
    let bot = Bot::with(plan(), Manner::HangUp).await;
    sipp_to(bot.tcp(), "hung_up", &["-t", "t1"]).await;
    bot.calls(1).await;
    bot.gone().await;
    until(|| bot.sip.report().streams == 0, "the stream to close").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_hangs_up() {
    let bot = Bot::with(plan(), Manner::HangUp).await;
    sipp(&bot, "hung_up", &[]).await;
    let ended = Change::Ended(Ended { by: EndedBy::Us, reason: "the bot has finished" });
    assert_eq!(bot.calls(1).await[0].changes, [ended]);
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ring_given_up_is_cancelled() {
    let bot = Bot::with(plan(), Manner::Ring).await;
    sipp(&bot, "cancel", &[]).await;
    bot.calls(1).await;
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_caller_holds_and_takes_back() {
    let bot = Bot::start(plan()).await;
    sipp(&bot, "hold", &[]).await;
    let changes = &bot.calls(1).await[0].changes;
    let [Change::Plan(held), Change::OnHold(true), Change::Plan(back), Change::OnHold(false), last] = &changes[..]
    else {
        panic!("{changes:?}");
    };
    assert_eq!((held.direction, back.direction, last), (Direction::RecvOnly, Direction::SendRecv, &HUNG_UP));
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_caller_moves_to_another_codec() {
    let bot = Bot::start(plan()).await;
    sipp(&bot, "change_codec", &[]).await;
    let changes = &bot.calls(1).await[0].changes;
    assert!(matches!(&changes[0], Change::Plan(plan) if plan.codec == Codec::Pcma), "{changes:?}");
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_without_an_offer_gets_ours() {
    let bot = Bot::start(plan()).await;
    sipp(&bot, "delayed_offer", &[]).await;
    assert_eq!(bot.calls(1).await[0].changes, [HUNG_UP]);
    sipp(&bot, "delayed_offer_glare", &[]).await;
    bot.calls(2).await;
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_ack_ends_the_call() {
    let bot = Bot::start(plan()).await;
    let begun = Instant::now();
    sipp(&bot, "lost_ack", &[]).await;
    let ended = Change::Ended(Ended { by: EndedBy::Network, reason: "no ACK came" });
    assert_eq!(bot.calls(1).await[0].changes, [ended]);
    assert!(begun.elapsed() > plan().timers.patience());
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_that_comes_again_is_one_call() {
    let bot = Bot::start(plan()).await;
    sipp(&bot, "repeated_invite", &[]).await;
    bot.calls(1).await;
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_within_a_call_is_answered() {
    let bot = Bot::start(plan()).await;
    sipp(&bot, "within", &[]).await;
    let changes = &bot.calls(1).await[0].changes;
    let [Change::Plan(_), Change::OnHold(true), Change::Key('5'), last] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!(last, &HUNG_UP);
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_outside_a_call_are_answered() {
    let bot = Bot::start(plan()).await;
    for name in ["options", "subscribe", "require_100rel", "no_common_codec"] {
        sipp(&bot, name, &[]).await;
    }
    bot.calls(0).await;
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_room_is_busy_and_draining_is_unavailable() {
    let mut full = plan();
    full.limits.calls = 0;
    let bot = Bot::start(full).await;
    sipp(&bot, "busy", &[]).await;
    assert_eq!(bot.sip.report().refused["calls"], 1);
    bot.sip.drain();
    sipp(&bot, "unavailable", &[]).await;
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_may_not_call() {
    let bot = Bot::start(SipPlan { open: vec![], ..plan() }).await;
    sipp(&bot, "forbidden", &[]).await;
    assert_eq!(bot.sip.report().refused["forbidden"], 1);
    bot.calls(0).await;
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_registers_and_calls_with_its_password() {
    let bot = Bot::start(SipPlan { open: vec![], phones: vec![password("lan")], ..plan() }).await;
    let good = ["-au", "lan", "-ap", "open sesame"];
    sipp(&bot, "register", &good).await;
    assert_eq!(bot.sip.report().phones, 1);
    assert!(bot.sip.locate("lan").expect("registered").to.starts_with("sip:tester@127.0.0.1:"));
    sipp(&bot, "register_wrong", &["-au", "lan", "-ap", "open barley"]).await;
    let uri = format!("echo@{}", bot.udp());
    sipp(&bot, "call_with_password", &[&good[..], &["-auth_uri", &uri]].concat()).await;
    assert_eq!(bot.calls(1).await[0].origin, CallOrigin::Phone("lan".into()));
    assert_eq!(bot.sip.report().refused["wrong password"], 1);
    bot.gone().await;
}

/// A trunk on loopback whose INVITEs may bring these header fields.
fn exchange(headers: &[&str]) -> Trunk {
    let headers = headers.iter().map(|name| (*name).to_owned()).collect();
    let networks = vec!["127.0.0.0/8".parse().expect("network")];
    Trunk { name: "provider".into(), networks, registration: None, headers }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_calls_from_its_network() {
    let trunk = exchange(&[]);
    let bot = Bot::start(SipPlan { open: vec![], trunks: vec![trunk], ..plan() }).await;
    assert_eq!(bot.sip.report().trunks, [("provider".to_owned(), RegistrationState::Trusted)]);
    sipp(&bot, "call", &[]).await;
    assert_eq!(bot.calls(1).await[0].origin, CallOrigin::Trunk("provider".into()));
}

fn to(bot: &Bot, transport: SipTransport) -> Dial {
    let address = if transport == SipTransport::Udp { bot.udp() } else { bot.tcp() };
    Dial { to: format!("sip:booking@{address}"), transport, timeout: 5 * SECOND, ..Dial::default() }
}

async fn caller() -> Sip {
    Sip::start(plan(), ports()).await.expect("started").0
}

#[tokio::test(flavor = "multi_thread")]
async fn we_call_over_udp_and_tcp_with_a_password_in_either_algorithm() {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        let strict = SipPlan { open: vec![], phones: vec![password("lan")], algorithms: vec![algorithm], ..plan() };
        let (bot, us) = (Bot::start(strict).await, caller().await);
        for transport in [SipTransport::Udp, SipTransport::Tcp] {
            let refused = us.dial(to(&bot, transport)).await.expect_err("no password");
            assert_eq!(refused.status, 401);
            let who = Credentials { user: "lan".into(), password: "open sesame".into() };
            let mut dial =
                Dial { credentials: Some(who), from: Some(Party::new("lan", "here")), ..to(&bot, transport) };
            dial.outbound_proxy =
                Some(format!("sip:{}", if transport == SipTransport::Udp { bot.udp() } else { bot.tcp() }));
            let mut line = us.dial(dial).await.expect("answered");
            assert_eq!(line.plan.codec.name(), "opus", "the first of both lists");
            assert!(line.wire.take().is_some());
            assert_eq!(line.hang_up("done").await, Ended { by: EndedBy::Us, reason: "done" });
        }
        let calls = bot.calls(2).await;
        assert!(calls.iter().all(|call| call.changes == [HUNG_UP] && call.user == "booking"), "{calls:?}");
        bot.gone().await;
        until(|| us.report().dialogs + us.report().transactions == 0, "our side to be gone").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_ours_is_refused_cancelled_and_hung_up_by_the_far_end() {
    let (bot, us) = (Bot::with(plan(), Manner::Decline(Decline::Unknown)).await, caller().await);
    assert_eq!(us.dial(to(&bot, SipTransport::Udp)).await.expect_err("declined").status, 404);

    let bot = Bot::with(plan(), Manner::Ring).await;
    let late = us.dial(Dial { timeout: SECOND / 5, ..to(&bot, SipTransport::Udp) }).await.expect_err("rings on");
    assert_eq!((late.status, late.reason.as_str()), (408, "it rang too long"));
    assert!(timeout(SECOND / 5, us.dial(to(&bot, SipTransport::Tcp))).await.is_err(), "the future is dropped");
    bot.calls(2).await;
    bot.gone().await;

    let bot = Bot::with(plan(), Manner::HangUp).await;
    let mut line = us.dial(to(&bot, SipTransport::Udp)).await.expect("answered");
    assert_eq!(line.next().await, HUNG_UP);
    assert_eq!(line.next().await, HUNG_UP, "and again when asked again");
    bot.gone().await;

    // A far end that says nothing at all: the call's place is free as soon as it is given up.
    let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    let to_silent =
        Dial { to: format!("sip:x@{}", silent.local_addr().expect("an address")), ..to(&bot, SipTransport::Udp) };
    assert!(timeout(SECOND / 5, us.dial(to_silent)).await.is_err(), "the future is dropped");
    until(|| us.report().calls == 0, "the place to be free").await;
    assert_eq!(us.report().transactions, 1, "the INVITE still waits for an answer");

    let nobody = Dial { to: format!("sip:x@127.0.0.1:{}", free_port()), timeout: 5 * SECOND, ..Dial::default() };
    assert_eq!(us.dial(nobody).await.expect_err("nobody there").status, 408);
    assert_eq!(us.dial(Dial { to: "hello".into(), ..Dial::default() }).await.expect_err("no URI").status, 400);
    until(|| us.report().calls + us.report().dialogs + us.report().transactions == 0, "our side to be gone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_dropped_hangs_up() {
    let (bot, us) = (Bot::start(plan()).await, caller().await);
    drop(us.dial(to(&bot, SipTransport::Udp)).await.expect("answered"));
    assert_eq!(bot.calls(1).await[0].changes, [HUNG_UP]);
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_registers_and_leaves_when_the_server_stops() {
    let provider = Bot::start(SipPlan { open: vec![], phones: vec![password("lan")], ..plan() }).await;
    let registration = |word: &str, transport, registrar| Registration {
        registrar: format!("sip:{registrar}"),
        user: "lan".into(),
        credentials: Credentials { user: "lan".into(), password: word.into() },
        expires: 300 * SECOND,
        transport,
        outbound_proxy: None,
    };
    for (transport, registrar) in [(SipTransport::Udp, provider.udp()), (SipTransport::Tcp, provider.tcp())] {
        let trunk = |name: &str, word| Trunk {
            name: name.into(),
            networks: vec![],
            registration: Some(registration(word, transport, registrar)),
            headers: vec![],
        };
        let trunks = vec![trunk("good", "open sesame"), trunk("bad", "open barley")];
        let (us, mut rings) = Sip::start(SipPlan { trunks, open: vec![], ..plan() }, ports()).await.expect("started");
        let wanted =
            [("good".to_owned(), RegistrationState::Registered), ("bad".to_owned(), RegistrationState::Refused(401))];
        until(|| us.report().trunks == wanted, "both trunks to have an answer").await;
        assert_eq!(provider.sip.report().phones, 1);
        // The provider may call us now, with no other right than our registration.
        let call = Dial { timeout: 5 * SECOND, ..provider.sip.locate("lan").expect("registered") };
        assert_eq!(call.transport, transport);
        let (line, ring) = tokio::join!(provider.sip.dial(call), async {
            let ring = rings.recv().await.expect("a ring");
            let origin = ring.origin.clone();
            (ring.answer().await, origin)
        });
        assert_eq!(ring.1, CallOrigin::Trunk("good".into()));
        assert!(line.is_ok() && ring.0.is_ok(), "{line:?} {:?}", ring.0);
        drop((line, ring));
        us.stop(SECOND).await;
        until(|| provider.sip.report().phones == 0, "the registration to be taken back").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_ends_live_calls_with_a_bye() {
    let (bot, us) = (Bot::start(plan()).await, caller().await);
    let mut line = us.dial(to(&bot, SipTransport::Udp)).await.expect("answered");
    bot.sip.stop(SECOND / 10).await;
    assert_eq!(line.next().await, HUNG_UP);
    let ended = Change::Ended(Ended { by: EndedBy::Us, reason: "the server stops" });
    assert_eq!(bot.calls(1).await[0].changes, [ended]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_request_is_answered_at_the_gate_and_counted() {
    let bot = Bot::start(plan()).await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("socket");
    let text = "INVITE sip:a@b SIP/7.0\r\nVia: SIP/2.0/UDP c;branch=z9hG4bK1;rport\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\n\
        Call-ID: 1\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";
    socket.send_to(text.as_bytes(), bot.udp()).await.expect("sent");
    let mut buffer = [0; 2048];
    let length = timeout(SECOND, socket.recv(&mut buffer)).await.expect("in time").expect("answered");
    assert!(buffer[..length].starts_with(b"SIP/2.0 505 "));
    assert_eq!(bot.sip.report().refused["version"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_200_comes_again_until_its_ack() {
    let bot = Bot::start(plan()).await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("socket");
    socket.connect(bot.udp()).await.expect("connected");
    let here = socket.local_addr().expect("address");
    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n";
    let request = |method: &str, branch: &str, to: &str, seq: u32, body: &str| {
        format!(
            "{method} sip:echo@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{branch};rport\r\n\
             From: <sip:a@{here}>;tag=1\r\nTo: {to}\r\nCall-ID: again\r\nCSeq: {seq} {method}\r\n\
             Contact: <sip:a@{here}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .replacen(to, "127.0.0.1", 1)
    };
    for _ in 0..3 {
        // Copies that come before any answer are one call too.
        socket.send(request("INVITE", "1", "<sip:echo@here>", 1, sdp).as_bytes()).await.expect("sent");
    }
    let mut buffer = [0; 4096];
    let (mut copies, mut to) = (0, String::new());
    while copies < 4 {
        let length = timeout(SECOND, socket.recv(&mut buffer)).await.expect("in time").expect("received");
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if text.starts_with("SIP/2.0 200") {
            copies += 1;
            to = text.lines().find_map(|line| line.strip_prefix("To: ")).expect("To").to_owned();
        }
    }
    socket.send(request("ACK", "2", &to, 1, "").as_bytes()).await.expect("sent");
    // One more may have crossed the ACK; then there is silence.
    timeout(SECOND / 10, socket.recv(&mut buffer)).await.ok();
    assert!(timeout(SECOND / 2, socket.recv(&mut buffer)).await.is_err(), "no copy after the ACK");
    let bye = request("BYE", "3", &to, 2, "");
    for _ in 0..2 {
        socket.send(bye.as_bytes()).await.expect("sent");
        let length = timeout(SECOND, socket.recv(&mut buffer)).await.expect("in time").expect("received");
        assert!(buffer[..length].starts_with(b"SIP/2.0 200"), "a copy of the BYE gets a copy of its answer");
    }
    assert_eq!(bot.calls(1).await[0].changes, [HUNG_UP]);
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_answers_pings_and_closes_on_half_a_message_or_a_lie_about_its_length() {
    let mut short = plan();
    short.limits.half_message = SECOND / 5;
    short.limits.idle = 20 * SECOND;
    let bot = Bot::start(short).await;
    let mut stream = TcpStream::connect(bot.tcp()).await.expect("connected");
    stream.write_all(b"\r\n\r\n").await.expect("sent");
    let mut buffer = [0; 2048];
    let length = timeout(SECOND, stream.read(&mut buffer)).await.expect("in time").expect("answered");
    assert_eq!(&buffer[..length], b"\r\n");
    stream.write_all(b"OPTIONS sip:a@b SIP/2.0\r\nVia: ").await.expect("sent");
    let closed = timeout(2 * SECOND, stream.read(&mut buffer)).await.expect("in time");
    assert!(matches!(closed, Ok(0) | Err(_)), "{closed:?}");

    let mut stream = TcpStream::connect(bot.tcp()).await.expect("connected");
    let text = "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP c;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\n\
        Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: -1\r\n\r\n";
    stream.write_all(text.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    timeout(2 * SECOND, stream.read_to_end(&mut answer)).await.expect("closed in time").ok();
    assert!(answer.starts_with(b"SIP/2.0 400 "), "{}", String::from_utf8_lossy(&answer));
    until(|| bot.sip.report().streams == 0, "the streams to be gone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_calls_at_once_leave_nothing_behind() {
    let bot = Bot::start(plan()).await;
    sipp(&bot, "brief_call", &["-m", "100", "-r", "100", "-l", "100"]).await;
    assert!(bot.calls(100).await.iter().all(|call| call.changes == [HUNG_UP]));
    bot.gone().await;
    until(|| bot.sip.report().finished == 0, "finished transactions to be forgotten").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_200_gets_a_copy_of_its_ack() {
    let us = caller().await;
    let peer = UdpSocket::bind("127.0.0.1:0").await.expect("socket");
    let here = peer.local_addr().expect("address");
    let far_end = async {
        let mut buffer = [0; 4096];
        let mut heard = Vec::new();
        let (mut ok, mut proxied) = (String::new(), false);
        while heard.len() < 4 {
            let (length, from) =
                timeout(5 * SECOND, peer.recv_from(&mut buffer)).await.expect("in time").expect("received");
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let header = |name: &str| text.lines().find(|line| line.starts_with(name)).expect(name).to_owned();
            let echo =
                [header("Via:"), header("From:"), header("Call-ID:"), header("CSeq:"), header("To:")].join("\r\n");
            let method = text.split(' ').next().expect("method").to_owned();
            proxied |=
                method != "INVITE" && text.contains("Route: <sip:127.0.0.1:") && text.contains("Route: <sip:proxy");
            heard.push(method.clone());
            match method.as_str() {
                "INVITE" => {
                    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n";
                    ok = format!(
                        "SIP/2.0 200 OK\r\n{echo};tag=far\r\nContact: <sip:%2Bb@{here}>\r\n\
                         Record-Route: <sip:proxy.invalid;lr>, <sip:{here};lr>\r\n\
                         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
                        sdp.len()
                    );
                    peer.send_to(ok.as_bytes(), from).await.expect("sent");
                }
                "ACK" if heard.len() < 3 => drop(peer.send_to(ok.as_bytes(), from).await.expect("sent")),
                "BYE" => {
                    assert!(text.starts_with("BYE sip:+b@"), "{text}");
                    let bye = format!("SIP/2.0 200 OK\r\n{echo}\r\nContent-Length: 0\r\n\r\n");
                    peer.send_to(bye.as_bytes(), from).await.expect("sent");
                }
                _ => {}
            }
        }
        (heard, proxied)
    };
    let calling = async {
        let dial = Dial { to: format!("sip:b@{here}"), timeout: 5 * SECOND, ..Dial::default() };
        let mut line = us.dial(dial).await.expect("answered");
        assert_eq!(line.plan.codec, Codec::Pcma);
        tokio::time::sleep(SECOND / 5).await;
        line.hang_up("done").await
    };
    let ((heard, proxied), _) = tokio::join!(far_end, calling);
    assert_eq!(heard, ["INVITE", "ACK", "ACK", "BYE"]);
    assert!(proxied, "requests within the dialog carry its route set");
    until(|| us.report().dialogs + us.report().transactions == 0, "all to be gone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_asks_too_much_is_not_heard() {
    let mut strict = SipPlan { open: vec![], ..plan() };
    strict.limits.rate = 10;
    strict.limits.burst = 20;
    let bot = Bot::start(strict).await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("socket");
    for n in 0..100 {
        let text = format!(
            "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP c;branch=z9hG4bK{n}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\n\
             Call-ID: {n}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        );
        socket.send_to(text.as_bytes(), bot.udp()).await.expect("sent");
    }
    until(|| bot.sip.report().refused.get("rate").is_some_and(|&rate| rate >= 70), "the limit to act").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_log_line_names_a_caller() {
    bot::listen_to_logs();
    let bot = Bot::start(SipPlan { phones: vec![password("lan")], ..plan() }).await;
    for name in ["call", "within", "no_common_codec", "require_100rel"] {
        sipp(&bot, name, &[]).await;
    }
    sipp(&bot, "register_wrong", &["-au", "lan", "-ap", "open barley"]).await;
    assert_eq!(
        caller()
            .await
            .dial(Dial { to: "sip:tester@nowhere.invalid".into(), ..Dial::default() })
            .await
            .expect_err("no such host")
            .status,
        503
    );
    bot.calls(2).await;
    let closed = Bot::start(SipPlan { open: vec![], ..plan() }).await;
    sipp(&closed, "forbidden", &[]).await;
    for why in ["wrong password", "forbidden"] {
        let told = |line: &String| line.contains(why) && line.contains("127.0.0.1");
        until(|| bot::logged().iter().any(told), "the refusal to be logged").await;
    }
    until(|| bot::logged().iter().any(|line| line.contains("call over")), "something to be logged").await;
    for line in bot::logged() {
        for word in ["tester", "echo@", "booking", "barley", "sesame", "<sip"] {
            assert!(!line.contains(word), "{line}");
        }
    }
}
