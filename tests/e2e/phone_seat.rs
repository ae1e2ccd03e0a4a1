//! A supervisor at a telephone: called by the server, or dialling in, they press keys to listen, to speak and to hand back, and each ear hears whom it should.
use crate::peer::Peer;
use crate::server::Inside;
use crate::sound::{Sound, from_ulaw};
use crate::supervision::{BOT, CALLER, caller, long_winded, server_with};
use crate::testbed::{HERE, alone, pause, seconds, until};
use media::testkit::tone::amplitude;
use reqwest::Method;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;

/// A telephone that answers one call, presses keys by INFO (RFC 6086) and hears G.711.
struct Phone {
    sip: UdpSocket,
    rtp: UdpSocket,
    server: SocketAddr,
    /// The INVITE by which it was called.
    invite: String,
    sequence: u32,
}

/// The header fields of this name.
fn fields<'a>(message: &'a str, name: &str) -> Vec<&'a str> {
    let of_name = |line: &&str| line.split_once(':').is_some_and(|(field, _)| field.trim().eq_ignore_ascii_case(name));
    message.lines().take_while(|line| !line.is_empty()).filter(of_name).collect()
}

fn value<'a>(message: &'a str, name: &str) -> &'a str {
    fields(message, name).first().and_then(|line| line.split_once(':')).map(|(_, value)| value.trim()).expect("a field")
}

impl Phone {
    async fn receive(sip: &UdpSocket) -> (String, SocketAddr) {
        let mut bytes = vec![0; 4096];
        let received = tokio::time::timeout(seconds(10), sip.recv_from(&mut bytes)).await.expect("a message in time");
        let (length, from) = received.expect("received");
        (String::from_utf8_lossy(&bytes[..length]).into_owned(), from)
    }

    /// Waits to be called, and answers.
    async fn answers(sip: UdpSocket) -> Self {
        let (invite, server) = Self::receive(&sip).await;
        assert!(invite.starts_with("INVITE "), "{invite}");
        let rtp = UdpSocket::bind((HERE, 0)).await.expect("a port");
        let port = rtp.local_addr().expect("an address").port();
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 {HERE}\r\ns=-\r\nc=IN IP4 {HERE}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\na=sendrecv\r\n"
        );
        let vias = fields(&invite, "Via").join("\r\n");
        let own = sip.local_addr().expect("an address");
        let answer = format!(
            "SIP/2.0 200 OK\r\n{vias}\r\nFrom: {}\r\nTo: {};tag=phone\r\nCall-ID: {}\r\nCSeq: {}\r\nContact: <sip:anna@{own}>\r\n\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
            value(&invite, "From"),
            value(&invite, "To"),
            value(&invite, "Call-ID"),
            value(&invite, "CSeq"),
            sdp.len(),
        );
        sip.send_to(answer.as_bytes(), server).await.expect("sent");
        let (ack, _) = Self::receive(&sip).await;
        assert!(ack.starts_with("ACK "), "{ack}");
        Self { sip, rtp, server, invite, sequence: 0 }
    }

    async fn press(&mut self, keys: &str) {
        for key in keys.chars() {
            self.sequence += 1;
            let contact = value(&self.invite, "Contact").trim_start_matches('<').split('>').next().expect("a URI");
            let body = format!("Signal={key}\r\nDuration=160\r\n");
            let own = self.sip.local_addr().expect("an address");
            let info = format!(
                "INFO {contact} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{}\r\nMax-Forwards: 70\r\nFrom: {};tag=phone\r\n\
                 To: {}\r\nCall-ID: {}\r\nCSeq: {} INFO\r\nContent-Type: application/dtmf-relay\r\nContent-Length: {}\r\n\r\n{body}",
                self.sequence,
                value(&self.invite, "To"),
                value(&self.invite, "From"),
                value(&self.invite, "Call-ID"),
                self.sequence,
                body.len(),
            );
            self.sip.send_to(info.as_bytes(), self.server).await.expect("sent");
            let (answer, _) = Self::receive(&self.sip).await;
            assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
        }
    }

    /// What it hears for so long from now on.
    async fn hears(&self, time: Duration) -> Sound {
        let (until, mut bytes, mut pcm) = (Instant::now() + time, [0; 2048], Vec::new());
        // What waits is of before.
        while self.rtp.try_recv(&mut bytes).is_ok() {}
        while let Ok(Ok(length)) = tokio::time::timeout_at(until.into(), self.rtp.recv(&mut bytes)).await {
            // RFC 3550 section 5.1: twelve bytes without contributing sources; payload type 0.
            if length > 12 && bytes[1] & 0x7f == 0 {
                pcm.extend(bytes[12..length].iter().map(|byte| from_ulaw(*byte)));
            }
        }
        Sound(pcm)
    }

    /// Whether it hears a tone in the half second from now on.
    async fn has(&self, hz: f32) -> bool {
        let heard = self.hears(Duration::from_millis(500)).await;
        assert!(heard.ms() > 300, "packets come: {} ms", heard.ms());
        amplitude(&heard.0, hz, media::Rate::Hz8000) > 800.0
    }
}

/// How the supervisor takes part, as the call tells it, once it is so.
async fn mode(site: &Inside, call: &str, wanted: &str) -> Value {
    until(seconds(5), wanted, || async {
        let call = site.get(&format!("/api/v1/calls/{call}")).await;
        (call["seats"][0]["mode"] == wanted).then(|| call["seats"][0].clone())
    })
    .await
}

/// What the audit's records of this action say, in their order.
fn details(audit: &Value, action: &str) -> Vec<Value> {
    let records = audit["records"].as_array().expect("records").iter().rev();
    let text =
        records.filter(|record| record["action"] == action).map(|record| record["detail"].as_str().expect("text"));
    text.map(|text| serde_json::from_str(text).expect("JSON")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_is_called_hears_nothing_before_a_key_and_takes_part_by_keys() {
    let _machine = alone().await;
    let sip = UdpSocket::bind((HERE, 0)).await.expect("a port");
    let at = sip.local_addr().expect("an address");
    let site = server_with("phone-seat", long_winded(), move |config| {
        config.supervisor_phones.insert("admin.token".into(), format!("sip:anna@{at}"));
    })
    .await;
    let (_peer, call) = caller(&site).await;
    pause(2_000).await;
    let asked = site.authorised(Method::POST, &format!("/api/v1/calls/{call}/seats/phone"));
    let answering = tokio::spawn(Phone::answers(sip));
    let answer = asked.send().await.expect("an answer");
    assert_eq!(answer.status(), 202);
    assert_eq!(answer.json::<Value>().await.expect("JSON"), json!({"seat": 2}));
    let mut phone = answering.await.expect("answered");
    mode(&site, &call, "absent").await;
    assert!(phone.has(BOT).await, "the words that ask for a key");
    assert!(!phone.has(CALLER).await, "nothing of the call");
    phone.press("*4").await;
    assert!(!phone.has(CALLER).await, "1 comes first");
    for (keys, wanted) in [("1", "monitor"), ("*2", "whisper"), ("*3", "barge"), ("*4", "takeover"), ("*5", "monitor")]
    {
        phone.press(keys).await;
        let seat = mode(&site, &call, wanted).await;
        assert_eq!(seat["name"], "admin.token");
        assert!(phone.has(CALLER).await, "{wanted}");
    }
    // There is nothing to hand back now: they are told, and nothing changes.
    phone.press("*5").await;
    pause(300).await;
    mode(&site, &call, "monitor").await;
    let left =
        site.authorised(Method::DELETE, &format!("/api/v1/calls/{call}/seats/2")).send().await.expect("an answer");
    assert_eq!(left.status(), 200);
    let (bye, _) = Phone::receive(&phone.sip).await;
    assert!(bye.starts_with("BYE "), "{bye}");
    let audit = site.get(&format!("/api/v1/audit?call={call}")).await;
    let of = |action: &str| details(&audit, action);
    assert_eq!(of("seat_taken"), [json!({"by": "telephone", "mode": "absent", "seat": 2})]);
    let modes: Vec<Value> = of("seat_mode_changed").iter().map(|detail| detail["mode"].clone()).collect();
    assert_eq!(modes, ["monitor", "whisper", "barge", "takeover"]);
    assert_eq!((of("guided").len(), of("seat_left").len()), (1, 1));
}

/// Whether a telephone has heard a tone since then.
fn has_heard(phone: &Peer, since: Instant, hz: f32) -> bool {
    let heard = phone.heard();
    // Eight samples a millisecond.
    let pcm = heard.sound.0.get(heard.place(since) * 8..).unwrap_or_default();
    assert!(pcm.len() > 2_400, "packets come: {}", pcm.len());
    amplitude(pcm, hz, media::Rate::Hz8000) > 800.0
}

/// Presses keys, and gives the moment at which they are all pressed and what came before has been said.
async fn presses(phone: &Peer, keys: &str) -> Instant {
    phone.press(keys);
    pause(300 * keys.len() as u64 + 1_000).await;
    let since = Instant::now();
    pause(600).await;
    since
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_dials_in_hears_nothing_before_their_pin_and_three_wrong_ones_hang_up() {
    let _machine = alone().await;
    let dial_in = |config: &mut switchboard::config::Config| config.supervisor_dial_in = Some("70".into());
    let site = server_with("dial-in", long_winded(), dial_in).await;
    let (_peer, call) = caller(&site).await;
    pause(2_000).await;
    let expect = async || -> Value {
        let asked = site.authorised(Method::POST, &format!("/api/v1/calls/{call}/seats/dial-in"));
        let answer = asked.send().await.expect("an answer");
        assert_eq!(answer.status(), 202);
        answer.json().await.expect("JSON")
    };
    let told = expect().await;
    let (dial, pin) = (told["dial"].as_str().expect("a number"), told["pin"].as_str().expect("a PIN"));
    let other = format!("70{:04}", (dial[2..].parse::<u32>().expect("digits") + 1) % 10_000);
    assert_eq!(Peer::call(site.sip, &other).await.err(), Some(404), "nobody is expected there");
    let phone = Peer::call(site.sip, dial).await.expect("answered");
    assert_eq!(Peer::call(site.sip, dial).await.err(), Some(404), "a code is for one call");
    mode(&site, &call, "absent").await;
    let early = site.authorised(Method::PATCH, &format!("/api/v1/calls/{call}/seats/2"));
    let early = early.json(&json!({"mode": "monitor"})).send().await.expect("an answer");
    assert_eq!(early.status(), 409, "it is not known who is there");
    let since = presses(&phone, "1").await;
    assert!(has_heard(&phone, since, BOT), "the words that ask for a PIN");
    assert!(!has_heard(&phone, since, CALLER), "nothing of the call");
    let since = presses(&phone, &format!("*{pin}")).await;
    assert!(!has_heard(&phone, since, CALLER), "1 comes first");
    for (keys, wanted) in [("1", "monitor"), ("*4", "takeover"), ("*5", "monitor")] {
        let since = presses(&phone, keys).await;
        mode(&site, &call, wanted).await;
        assert!(has_heard(&phone, since, CALLER), "{wanted}");
    }
    phone.hang_up().await;
    until(seconds(5), "the seat to be free", || async {
        let call = site.get(&format!("/api/v1/calls/{call}")).await;
        call["seats"].as_array().is_some_and(Vec::is_empty).then_some(())
    })
    .await;
    let told = expect().await;
    let stranger = Peer::call(site.sip, told["dial"].as_str().expect("a number")).await.expect("answered");
    let wrong = if told["pin"] == "111111" { "222222" } else { "111111" };
    for _ in 0..2 {
        presses(&stranger, wrong).await;
        assert!(!stranger.is_over());
    }
    stranger.press(wrong);
    until(seconds(10), "the third wrong PIN to end it", || async { stranger.is_over().then_some(()) }).await;
    let audit = site.get(&format!("/api/v1/audit?call={call}")).await;
    let ends: Vec<Value> = details(&audit, "seat_left").iter().map(|detail| detail["why"].clone()).collect();
    assert_eq!(ends, ["hung up", "a wrong PIN was entered three times"]);
}
