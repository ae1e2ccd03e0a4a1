//! Encrypted calls: a phone that is not ours, and the softphone.
use crate::baresip;
use crate::peer::Peer;
use crate::server::{Server, echo_only};
use crate::sound::Sound;
use crate::speech::{Timeline, tone};
use crate::testbed::{beside_others, pause};
use std::process::Stdio;
use switchboard::config::{Config, Srtp};

fn required(config: &mut Config) {
    config.rtp.srtp = Srtp::Required;
}

/// A tone of two seconds comes back from the echo whole and clean.
async fn echoes(mode: &str, to: &str) -> String {
    let timeline = Timeline::new(5000).lay(1500, &tone(1000.0, 2000, 0.3));
    let heard = baresip::call_encrypted(mode, to, &timeline).finish().await;
    let spans = heard.sound.spans(-30.0, 100);
    assert_eq!(spans.len(), 1, "{mode}: {spans:?}\n{}", heard.log);
    assert!((1900..=2100).contains(&spans[0].length()), "{mode}: {spans:?}");
    let share = heard.sound.part(spans[0].from + 40, spans[0].to - 40).share_of_tone(1000.0);
    assert!(share > 0.95, "{mode}: {share}");
    heard.log
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_with_srtp_hears_its_echo_and_one_without_is_refused() {
    let _machine = beside_others().await;
    let server = Server::with("srtp", required).await;
    let to = format!("sip:echo@{}", server.sip);
    let (mandatory, asked) = tokio::join!(echoes("srtp-mand", &to), echoes("srtp", &to));
    for log in [mandatory, asked] {
        assert!(log.to_lowercase().contains("srtp is enabled"), "{log}");
    }
    assert_eq!(Peer::call(server.sip, "echo").await.err(), Some(488), "plain RTP");
    server.ended(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_holds_and_takes_back_stays_encrypted_and_is_heard() {
    let _machine = beside_others().await;
    let server = Server::with("srtp-hold", required).await;
    let timeline = Timeline::new(9000).lay(500, &tone(1000.0, 1500, 0.3)).lay(6500, &tone(600.0, 1500, 0.3));
    let phone = baresip::call_encrypted("srtp-mand", &format!("sip:booking@{}", server.sip), &timeline);
    server.live().await;
    pause(3000).await;
    phone.order("hold");
    pause(1000).await;
    phone.order("resume");
    phone.finish().await;
    // This phone keeps no sound after a hold, encrypted or not: what the server heard of it is in the recording.
    let call = server.ended(1).await.remove(0);
    let file = server.dir.join("held.wav");
    std::fs::write(&file, server.recording(call["id"].as_str().expect("an id")).await).expect("written");
    let caller = &Sound::channels(&file)[0];
    let spans = caller.spans(-30.0, 100);
    let (first, last) = (spans.first().expect("sound"), spans.last().expect("sound"));
    assert!(caller.part(first.from + 40, first.to - 40).share_of_tone(1000.0) > 0.95, "{spans:?}");
    assert!(caller.part(last.from + 40, last.to - 40).share_of_tone(600.0) > 0.95, "{spans:?}");
    assert!(call["timeline"].to_string().contains("held"), "{call:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_softphone_talks_to_the_echo_with_every_suite() {
    let _machine = beside_others().await;
    let server = Server::with("srtp-softphone", |config| {
        required(config);
        echo_only(config);
    })
    .await;
    let sound = server.dir.join("tone.wav");
    Timeline::new(800).lay(0, &tone(700.0, 800, 0.3)).sound().write(&sound);
    let suites =
        ["AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AEAD_AES_128_GCM", "AEAD_AES_256_GCM", "offered"];
    for suite in suites {
        let heard = server.dir.join(&format!("{suite}.wav"));
        let mut call = tokio::process::Command::new(env!("CARGO_BIN_EXE_switchboard"));
        call.args(["call", &format!("sip:echo@{}", server.sip), "--patience", "1", "--timeout", "15", "--srtp", suite]);
        call.arg("--play").arg(&sound).arg("--record").arg(&heard).stdin(Stdio::null());
        let output = call.output().await.expect("the softphone runs");
        let text = String::from_utf8_lossy(&output.stdout);
        let named = if suite == "offered" { "AEAD_AES_128_GCM" } else { suite };
        assert!(text.contains(named), "{suite}: {text}{}", String::from_utf8_lossy(&output.stderr));
        let heard = Sound::read(&heard);
        let spans = heard.spans(-30.0, 100);
        assert!(!spans.is_empty(), "{suite}: nothing came back\n{text}");
        let share = heard.part(spans[0].from + 40, spans[0].to - 40).share_of_tone(700.0);
        assert!(share > 0.95, "{suite}: {share}");
    }
    server.ended(suites.len()).await;
}
