//! Encrypted calls: a bare caller whose SRTP is another implementation, and two servers of ours.
use crate::bot::{Bot, HERE, Manner, plan, ports};
use rtc_srtp::context::Context;
use rtc_srtp::protection_profile::ProtectionProfile;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use telephony::rtp::{Keys, Suite};
use telephony::sdp::{Prefs, Security};
use telephony::sip::{Dial, Sip, SipPlan};

const SSRC: u32 = 0x5EED_5EED;

fn secure(security: Security) -> SipPlan {
    SipPlan { prefs: Prefs { security, ..Prefs::default() }, ..plan() }
}

fn context(suite: Suite, inline: &str) -> Context {
    let profile = match suite {
        Suite::AesCm80 => ProtectionProfile::Aes128CmHmacSha1_80,
        Suite::AesCm32 => ProtectionProfile::Aes128CmHmacSha1_32,
        Suite::AesGcm => ProtectionProfile::AeadAes128Gcm,
        other => panic!("{other:?}"),
    };
    let master = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, inline).expect("base64");
    let (key, salt) = master.split_at(suite.key());
    let provider = rtc_crypto::default_provider().expect("ring");
    Context::new(key, salt, profile, None, None, provider.crypto()).expect("keys")
}

fn rtp(sequence: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend(sequence.to_be_bytes());
    packet.extend((u32::from(sequence) * 160).to_be_bytes());
    packet.extend(SSRC.to_be_bytes());
    packet.extend([sequence as u8; 160]);
    packet
}

/// A caller in a call.
struct Caller {
    sip: UdpSocket,
    rtp: UdpSocket,
    server: SocketAddr,
    to: String,
    sequence: u32,
}

impl Caller {
    fn new(server: SocketAddr) -> Self {
        let bind = || {
            let socket = UdpSocket::bind((HERE, 0)).expect("a socket");
            socket.set_read_timeout(Some(Duration::from_secs(5))).expect("a limit");
            socket
        };
        Self { sip: bind(), rtp: bind(), server, to: format!("<sip:echo@{server}>"), sequence: 0 }
    }

    fn send(&self, method: &str, body: &str) {
        let here = self.sip.local_addr().expect("an address");
        let (to, sequence) = (&self.to, self.sequence);
        let text = format!(
            "{method} sip:echo@{} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK-{here}-{sequence}-{method};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:a@{here}>;tag=a\r\nTo: {to}\r\nCall-ID: secure-{here}\r\n\
             CSeq: {sequence} {method}\r\nContact: <sip:a@{here}>\r\nContent-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.server,
            body.len(),
        );
        self.sip.send_to(text.as_bytes(), self.server).expect("sent");
    }

    /// The final answer to an INVITE that offers this.
    fn invite(&mut self, profile: &str, crypto: &str) -> String {
        self.sequence += 1;
        let port = self.rtp.local_addr().expect("an address").port();
        let sdp = format!(
            "v=0\r\no=- 1 {} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} {profile} 0\r\n\
             {crypto}a=rtcp-mux\r\n",
            self.sequence
        );
        self.send("INVITE", &sdp);
        let mut buffer = [0; 4096];
        loop {
            let length = self.sip.recv(&mut buffer).expect("an answer");
            let answer = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if answer.starts_with("SIP/2.0 1") {
                continue;
            }
            let to = answer.lines().find_map(|line| line.strip_prefix("To: ")).expect("To").to_owned();
            if answer.starts_with("SIP/2.0 2") {
                self.to = to;
                self.send("ACK", "");
            }
            return answer;
        }
    }

    /// Sends and expects the echo of each.
    fn echoes(&self, port: u16, out: &mut Context, back: &mut Context, sequences: impl IntoIterator<Item = u16>) {
        let mut buffer = [0; 2048];
        for sequence in sequences {
            let sealed = out.encrypt_rtp(&rtp(sequence)).expect("sealed");
            self.rtp.send_to(&sealed, (HERE, port)).expect("sent");
            let length = self.rtp.recv(&mut buffer).unwrap_or_else(|why| panic!("no echo of {sequence}: {why}"));
            let plain = back.decrypt_rtp(&buffer[..length]).unwrap_or_else(|why| panic!("echo of {sequence}: {why}"));
            assert_eq!(&plain[..], rtp(sequence));
        }
    }
}

/// Port, suite and key of an answer.
fn answered(answer: &str) -> (u16, Suite, String) {
    assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
    let port = answer.lines().find_map(|line| line.strip_prefix("m=audio ")?.split(' ').next()?.parse().ok());
    let crypto = answer.lines().find_map(|line| line.strip_prefix("a=crypto:1 ")).expect("a key");
    let (suite, key) = crypto.split_once(" inline:").expect("inline");
    (port.expect("a port"), Suite::of(suite).expect("a suite"), key.trim().to_owned())
}

/// A context that has gone round the counter once.
fn round(suite: Suite, inline: &str) -> Context {
    let (mut seal, mut open) = (context(suite, inline), context(suite, inline));
    for sequence in [65_535, 0] {
        open.decrypt_rtp(&seal.encrypt_rtp(&rtp(sequence)).expect("sealed")).expect("opened");
    }
    open
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_in_mid_call_keeps_the_sound_and_the_roll_over_counter() {
    let bot = Bot::with(secure(Security::Offered), Manner::Echo).await;
    let server = bot.udp();
    let caller = move || {
        for suite in [Suite::AesCm80, Suite::AesCm32, Suite::AesGcm] {
            let crypto = |keys: &Keys| format!("a=crypto:1 {} inline:{}\r\n", suite.name(), keys.encode());
            let (first, second) = (Keys::random(suite), Keys::random(suite));
            let mut caller = Caller::new(server);
            let (port, chosen, key) = answered(&caller.invite("RTP/SAVP", &crypto(&first)));
            assert_eq!(chosen, suite);
            let (mut out, mut back) = (context(suite, &first.encode()), context(suite, &key));
            caller.echoes(port, &mut out, &mut back, [65_533, 65_534, 65_535, 0, 1]);
            // The same key again, as a phone does that holds and takes back.
            let (_, _, same) = answered(&caller.invite("RTP/SAVP", &crypto(&first)));
            assert_eq!(same, key, "nothing begins anew");
            caller.echoes(port, &mut out, &mut back, 2..5);
            let (_, _, renewed) = answered(&caller.invite("RTP/SAVP", &crypto(&second)));
            assert_ne!(renewed, key);
            // What was in flight under the old key, then the new one, in the second round.
            let late = out.encrypt_rtp(&rtp(5)).expect("sealed");
            caller.rtp.send_to(&late, (HERE, port)).expect("sent");
            let mut buffer = [0; 2048];
            let length = caller.rtp.recv(&mut buffer).expect("the echo of what was in flight");
            assert_eq!(&back.decrypt_rtp(&buffer[..length]).expect("under the old key, for now")[..], rtp(5));
            let (mut out, mut back) = (round(suite, &second.encode()), round(suite, &renewed));
            caller.echoes(port, &mut out, &mut back, 6..12);
            caller.sequence += 1;
            caller.send("BYE", "");
        }
    };
    tokio::task::spawn_blocking(caller).await.expect("the caller");
    bot.calls(3).await;
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_call_is_refused_where_encryption_is_required_and_told_why() {
    let bot = Bot::with(secure(Security::Required), Manner::Echo).await;
    let server = bot.udp();
    let answers = tokio::task::spawn_blocking(move || {
        [("RTP/AVP", ""), ("RTP/SAVP", "a=crypto:1 F8_128_HMAC_SHA1_80 inline:QUJD\r\n")]
            .map(|(profile, crypto)| Caller::new(server).invite(profile, crypto))
    });
    for (answer, why) in answers.await.expect("the caller").iter().zip(["offer RTP/SAVP", "without an a=crypto"]) {
        assert!(answer.starts_with("SIP/2.0 488") && answer.contains("Warning: 399 switchboard \""), "{answer}");
        assert!(answer.contains(why), "{answer}");
    }
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_of_ours_call_each_other_encrypted_with_every_suite() {
    let called = Bot::with(secure(Security::Offered), Manner::Echo).await;
    for (calls, suite) in (1..).zip(Suite::ALL) {
        let prefs = Prefs { security: Security::Required, suites: vec![suite], ..Prefs::default() };
        let (sip, _rings) = Sip::start(plan(), ports()).await.expect("started");
        let dial = Dial { to: format!("sip:echo@{}", called.udp()), prefs: Some(prefs), ..Dial::default() };
        let mut line = sip.dial(dial).await.expect("answered");
        assert_eq!(line.suite, Some(suite));
        let mut wire = line.wire.take().expect("a wire");
        let echoes = called.echoes.clone();
        let echo = tokio::task::spawn_blocking(move || {
            let rtp = |sequence| media::packet::Rtp {
                arrived: Instant::now(),
                payload_type: 0,
                marker: false,
                sequence,
                timestamp: 0,
                ssrc: SSRC,
                payload: vec![sequence as u8; 160].into(),
            };
            // A wire drops what had waited for long before it was first read.
            assert!(wire.recv(Instant::now()).is_none());
            for sequence in [65_534, 65_535, 0, 1] {
                let before = echoes.count();
                wire.send(&media::packet::Packet::Rtp(rtp(sequence)));
                echoes.wait_for(before + 1);
                let heard = wire.recv(Instant::now());
                let Some(media::packet::Packet::Rtp(heard)) = heard else { panic!("{sequence}: {heard:?}") };
                assert_eq!((heard.sequence, &heard.payload[..]), (sequence, &[sequence as u8; 160][..]));
            }
        });
        echo.await.expect("the echo");
        line.hang_up("done").await;
        called.calls(calls).await;
        sip.stop(Duration::from_secs(1)).await;
    }
    called.gone().await;
}
