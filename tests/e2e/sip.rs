//! Signalling: calls that come, change, are refused and end.
use crate::baresip;
use crate::peer::Peer;
use crate::server::{Inside, Server, echo_only, phone, shipped};
use crate::sipp::plays;
use crate::speech::{Timeline, tone};
use crate::testbed::{alone, beside_others, pause, seconds, until};
use switchboard::config::{Codec, Config, Ms, ReplyPort};

/// Who ended each call, and why.
fn ends(calls: &[serde_json::Value]) -> Vec<(&str, &str)> {
    calls
        .iter()
        .map(|call| (call["end"]["blame"].as_str().unwrap_or("-"), call["end"]["reason"].as_str().unwrap_or("-")))
        .collect()
}

fn closed(config: &mut Config) {
    config.sip.open_networks = vec!["192.0.2.0/24".parse().expect("a network")];
}

/// Sends a tone to the echo and asks for it back.
async fn echoes(to: &str, codec: &str) {
    let timeline = Timeline::new(5000).lay(1500, &tone(1000.0, 2000, 0.3));
    let heard = baresip::call_with(codec, to, &timeline).finish().await;
    let spans = heard.sound.spans(-30.0, 100);
    assert_eq!(spans.len(), 1, "{codec} {to}: {spans:?} {:.0} dB\n{}", heard.sound.level(), heard.log);
    let (span, sound) = (spans[0], &heard.sound);
    assert!((1900..=2100).contains(&span.length()), "{codec}: {span:?}");
    let share = sound.part(span.from + 40, span.to - 40).share_of_tone(1000.0);
    assert!(share > 0.95, "{codec}: {share}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tone_comes_back_from_the_echo_over_either_codec_and_either_transport() {
    let _machine = beside_others().await;
    let server = Server::start("echo").await;
    let (udp, tcp) = (format!("sip:echo@{}", server.sip), format!("sip:echo@{};transport=tcp", server.sip));
    tokio::join!(echoes(&udp, "PCMU"), echoes(&udp, "PCMA"), echoes(&tcp, "PCMU"));
    let calls = server.ended(3).await;
    assert_eq!(ends(&calls), [("caller", "hung up"); 3]);
    assert!(calls.iter().all(|call| call["bot"] == "echo" && call["via"] == "open"), "{calls:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tone_comes_back_from_the_echo_over_opus_and_g722() {
    let _machine = alone().await;
    let server = Server::start("echo-wide").await;
    let uri = format!("sip:echo@{}", server.sip);
    echoes(&uri, "opus").await;
    echoes(&uri, "G722").await;
    assert_eq!(ends(&server.ended(2).await), [("caller", "hung up"); 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_greets_a_caller_over_opus() {
    let _machine = beside_others().await;
    let server = Server::start("bot-opus").await;
    let heard = baresip::call_with("opus", &format!("sip:booking@{}", server.sip), &Timeline::new(7000)).finish().await;
    let spoken: usize = heard.sound.spans(-40.0, 300).iter().map(|span| span.length()).sum();
    assert!(heard.log.contains("opus") && spoken > 1500, "{spoken} ms of speech\n{}", heard.log);
}

#[tokio::test(flavor = "multi_thread")]
async fn wide_band_is_answered_whatever_the_offers_order() {
    let _machine = beside_others().await;
    let server = Server::with("wide", echo_only).await;
    plays(server.sip, "wide_codecs", &[]).await;
    let server = Server::with("wide-g722", |config| {
        echo_only(config);
        config.rtp.codecs = vec![Codec::G722, Codec::Pcma];
    })
    .await;
    plays(server.sip, "wide_g722", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_given_up_while_it_rings_never_begins() {
    let _machine = beside_others().await;
    let server = Server::with("cancel", |config| config.call.answer_delay_ms = Ms(3000)).await;
    plays(server.sip, "cancel", &[]).await;
    let calls = server.ended(1).await;
    assert_eq!(ends(&calls), [("caller", "cancelled")]);
    assert!(calls[0]["answered_at"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_never_acknowledged_ends_and_blames_the_network() {
    let _machine = beside_others().await;
    // sipp sends no sound, which ends a call as well.
    let server = Server::with("lost-ack", |config| config.call.no_rtp_ms = Ms(60_000)).await;
    plays(server.sip, "lost_ack", &["-timeout", "50s", "-recv_timeout", "40000"]).await;
    assert_eq!(ends(&server.ended(1).await), [("network", "no ACK came")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_that_comes_again_is_one_call() {
    let _machine = beside_others().await;
    let server = Server::with("repeated", |config| config.call.answer_delay_ms = Ms(300)).await;
    plays(server.sip, "repeated_invite", &[]).await;
    server.ended(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_change_while_they_last() {
    let _machine = beside_others().await;
    let server = Server::start("changes").await;
    let names = ["change_codec", "delayed_offer", "delayed_offer_glare", "within"];
    for name in names {
        plays(server.sip, name, &[]).await;
    }
    assert_eq!(ends(&server.ended(names.len()).await), [("caller", "hung up"); 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn time_on_hold_is_in_the_record_of_the_call() {
    let _machine = beside_others().await;
    let server = Server::start("hold").await;
    plays(server.sip, "hold", &["-s", "booking"]).await;
    let calls = server.ended(1).await;
    let silences = calls[0]["silences"].as_array().expect("a list");
    let held: Vec<_> = silences.iter().filter(|silence| silence["kind"] == "muted_or_held").collect();
    assert_eq!(held.len(), 1, "{silences:#?}");
    let length = held[0]["ended_ms"].as_u64().expect("ms") - held[0]["started_ms"].as_u64().expect("ms");
    assert!((250..800).contains(&length), "{length}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_follows_the_caller_to_another_port() {
    let _machine = alone().await;
    let server = Server::start("moves").await;
    let mut peer = Peer::call(server.sip, "echo").await.expect("answered");
    peer.say(&tone(1000.0, 600, 0.3)).await;
    pause(1000).await;
    let before = peer.heard().sound;
    peer.moves().await;
    peer.say(&tone(700.0, 600, 0.3)).await;
    pause(1000).await;
    let after = peer.hang_up().await.sound;
    let at = before.spans(-30.0, 100)[0];
    assert!(before.part(at.from, at.to).share_of_tone(1000.0) > 0.95);
    let spans = after.spans(-30.0, 100);
    let last = spans[spans.len() - 1];
    assert!(after.part(last.from, last.to).share_of_tone(700.0) > 0.95, "{spans:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_follows_a_caller_whose_nat_gives_it_another_port() {
    let _machine = alone().await;
    let server = Server::start("rebinds").await;
    let peer = Peer::call(server.sip, "echo").await.expect("answered");
    peer.say(&tone(1000.0, 600, 0.3)).await;
    pause(1000).await;
    peer.rebinds();
    // rtp.timeout_ms, and a little.
    pause(2500).await;
    peer.say(&tone(700.0, 600, 0.3)).await;
    pause(1000).await;
    let sound = peer.hang_up().await.sound;
    let spans = sound.spans(-30.0, 100);
    let heard = |hz: f64| spans.iter().any(|span| sound.part(span.from, span.to).share_of_tone(hz) > 0.95);
    assert!(heard(1000.0) && heard(700.0), "{spans:?}");
    assert_eq!(server.ended(1).await[0]["end"]["reason"], "hung up");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_no_calls_are_answered() {
    let _machine = beside_others().await;
    let server = Server::start("requests").await;
    for name in ["options", "subscribe", "require_100rel", "no_common_codec"] {
        plays(server.sip, name, &[]).await;
    }
    plays(server.sip, "call", &["-t", "t1"]).await;
    assert_eq!(ends(&server.ended(1).await), [("caller", "hung up")]);
}

/// A phone that sends by one port and listens at another, without `rport` (RFC 3261 section 18.2.2), and one behind a router.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_goes_to_the_port_that_the_key_says_and_what_gets_none_is_counted() {
    let _machine = beside_others().await;
    for reply_port in [ReplyPort::Via, ReplyPort::Source] {
        let server = Server::with("ports", |config| config.sip.reply_port = reply_port).await;
        let [out, listening] = [(); 2].map(|()| std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket"));
        let own = listening.local_addr().expect("an address");
        let text = format!(
            "OPTIONS sip:{server} SIP/2.0\r\nVia : SIP / 2.0 / UDP {own} ; branch = z9hG4bK1\r\nf: <sip:a@{own}> ; tag = 1\r\n\
             t: <sip:{server}>\r\ni: ports\r\nCSeq: 1 OPTIONS\r\n\r\n",
            server = server.sip
        );
        out.send_to(text.as_bytes(), server.sip).expect("sent");
        let socket = if reply_port == ReplyPort::Via { &listening } else { &out };
        socket.set_read_timeout(Some(seconds(5))).expect("a limit");
        let mut buffer = [0; 2048];
        let length = tokio::task::block_in_place(|| socket.recv(&mut buffer)).expect("an answer");
        assert!(buffer[..length].starts_with(b"SIP/2.0 200 "), "{}", String::from_utf8_lossy(&buffer[..length]));
        out.send_to(b"\r\n\r\n", server.sip).expect("sent");
        until(seconds(5), "what gets no answer to be counted", || async {
            (server.metric("switchboard_sip_unanswered_total").await >= 1.0).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_registers_and_calls_with_its_password() {
    let _machine = beside_others().await;
    let server = Server::with("phone", |config| {
        closed(config);
        phone(config, "reception", "open sesame");
    })
    .await;
    let good = ["-au", "reception", "-ap", "open sesame"];
    plays(server.sip, "register", &good).await;
    plays(server.sip, "register_wrong", &["-au", "reception", "-ap", "open barley"]).await;
    let uri = format!("echo@{}", server.sip);
    plays(server.sip, "call_with_password", &[&good[..], &["-auth_uri", &uri]].concat()).await;
    let calls = server.ended(1).await;
    assert_eq!(calls[0]["via"], "phone reception");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_may_not_call() {
    let _machine = beside_others().await;
    let server = Server::with("stranger", closed).await;
    plays(server.sip, "forbidden", &[]).await;
    assert_eq!(server.calls().await.len(), 0);
    assert!(server.metric("switchboard_sip_refused_total").await >= 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_that_no_route_names_is_unknown() {
    let _machine = beside_others().await;
    let server = Server::with("unknown", echo_only).await;
    assert_eq!(Peer::call(server.sip, "nobody").await.err(), Some(404));
    let peer = Peer::call(server.sip, "echo").await.expect("answered");
    peer.hang_up().await;
    server.ended(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_more_than_allowed_is_told_so() {
    let _machine = beside_others().await;
    for status in [486, 503] {
        let server = Server::with("full", |config| {
            config.sip.max_calls = 1;
            config.sip.full_status = status;
        })
        .await;
        let first = Peer::call(server.sip, "echo").await.expect("answered");
        assert_eq!(Peer::call(server.sip, "echo").await.err(), Some(status));
        first.hang_up().await;
        let second = Peer::call(server.sip, "echo").await.expect("there is room again");
        second.hang_up().await;
        server.ended(2).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_whose_file_is_broken_at_the_start_takes_no_calls_until_it_is_mended() {
    let _machine = beside_others().await;
    let server = Server::with("broken-bot", |config| {
        let file = config.bots.dir.join("booking.en.toml");
        let text = shipped("booking.en.toml").replace("language = \"en\"", "langauge = \"en\"");
        std::fs::write(file, text).expect("written");
    })
    .await;
    plays(server.sip, "unavailable", &["-s", "booking"]).await;
    std::fs::write(server.dir.join("bots/booking.en.toml"), shipped("booking.en.toml")).expect("written");
    let answer = server.authorised(reqwest::Method::POST, "/api/v1/bots/reload").send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    plays(server.sip, "brief_call", &["-s", "booking"]).await;
    let calls = server.ended(1).await;
    assert_eq!(calls[0]["bot"], "booking.en", "the refused call is no call");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_without_a_voice_takes_no_calls_and_health_says_so_while_the_echo_goes_on() {
    let _machine = beside_others().await;
    let inside = Inside::start("voiceless", vec![], vec![], |_| ()).await;
    plays(inside.sip, "unavailable", &["-s", "booking"]).await;
    plays(inside.sip, "brief_call", &["-s", "echo"]).await;
    let calls = inside.ended(1).await;
    assert_eq!(calls[0]["bot"], "echo", "the refused call is no call");
    let health = inside.request(reqwest::Method::GET, "/health/ready").send().await.expect("an answer");
    let health = health.text().await.expect("a text");
    assert!(health.contains("no voice for English"), "{health}");
    inside.server.stop().await;
}
