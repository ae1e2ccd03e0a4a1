//! The whole command against a bot of tones on real sockets.
use super::*;
use crate::clip::tests::tone;
use crate::level::{decibels, power};
use crate::place::host_of;
use clap::Parser;
use media::Bytes;
use media::codec::Codec;
use media::packet::{Packet, Rtp, Wire};
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::{Arc, Mutex};
use telephony::address::Network;
use telephony::webrtc::{WebRtc, WebRtcPlan};

#[derive(clap::Parser)]
struct Program {
    #[command(flatten)]
    args: Args,
}

/// A bot on 127.0.0.1 that takes one call: it greets, and answers 300 ms after a caller's 200 ms of silence. It hangs up
/// after its second answer.
async fn bot() -> (Sip, u16) {
    let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let plan = SipPlan { udp: vec![local], tcp: vec![], open: Network::LOOPBACK.to_vec(), ..SipPlan::default() };
    let ports = PortsPlan { from: 34_000, to: 34_999, ..PortsPlan::default() };
    let (sip, mut rings) = Sip::start(plan, Ports::new(ports)).await.unwrap();
    let port = sip.udp().unwrap().port();
    tokio::spawn(async move {
        let line = rings.recv().await.unwrap().answer().await.unwrap();
        serve(line).await;
    });
    (sip, port)
}

async fn serve(mut line: Line) {
    let (wire, plan) = (line.wire.take().unwrap(), line.plan.clone());
    let (done, over) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        talk(wire, plan.codec, plan.payload_type);
        done.send(()).ok();
    });
    over.await.ok();
    line.hang_up("test over").await;
}

/// The same bot behind the HTTP of a server for pages; what it was asked is kept.
async fn web_bot() -> (String, Arc<Mutex<Vec<String>>>) {
    use axum::extract::Request;
    use axum::response::IntoResponse;
    let webrtc = WebRtc::start(WebRtcPlan::default()).unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let answer = {
        let asked = asked.clone();
        async move |request: Request| {
            let (head, body) = request.into_parts();
            let body = axum::body::to_bytes(body, 65_536).await.unwrap();
            let text = |name: &str| head.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
            asked.lock().unwrap().push(format!("{} {} {}", head.method, head.uri, text("authorization")));
            assert!(!text("origin").is_empty() || head.method == "DELETE");
            match head.uri.path() {
                "/api/v1/widget/sessions" if String::from_utf8_lossy(&body).contains("nobody") => {
                    let problem = json!({ "title": "no such bot", "detail": "this bot is not public" });
                    (axum::http::StatusCode::FORBIDDEN, problem.to_string()).into_response()
                }
                "/api/v1/widget/sessions" => {
                    (axum::http::StatusCode::CREATED, json!({ "token": "t1" }).to_string()).into_response()
                }
                "/api/v1/widget/calls" => {
                    let answered = webrtc.answer(&String::from_utf8_lossy(&body)).await.unwrap();
                    let caption = json!({ "type": "bot", "say": 1, "turn": 0, "text": "Hello" }).to_string();
                    answered.data.outbox.send(caption).await.unwrap();
                    tokio::spawn(async move {
                        serve(answered.line).await;
                        drop(answered.data);
                    });
                    let location = [("location", "/api/v1/widget/calls/7")];
                    (axum::http::StatusCode::CREATED, location, answered.sdp).into_response()
                }
                _ => axum::http::StatusCode::OK.into_response(),
            }
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
    (base, asked)
}

fn talk(mut wire: Box<dyn Wire>, codec: Codec, payload_type: u8) {
    let rate = if codec == Codec::Pcmu { 8_000 } else { 16_000 };
    let (mut encoder, mut decoder) = (codec.encoder(), codec.decoder());
    let start = Instant::now();
    // In ticks of 20 ms.
    let mut speaks = vec![(5, 30)];
    let mut last_heard = None;
    let sound = tone(500.0, rate, 0.02, 0.3).iter().map(|s| (s * 32768.0) as i16).collect::<Vec<_>>();
    for tick in 0..1500u32 {
        std::thread::sleep((start + Duration::from_millis(20) * tick).saturating_duration_since(Instant::now()));
        let now = Instant::now();
        while let Some(packet) = wire.recv(now) {
            let Packet::Rtp(rtp) = packet else { continue };
            let mut pcm = Vec::new();
            decoder.decode(&rtp.payload, &mut pcm);
            if decibels(power(&pcm)) > -40.0 {
                last_heard = Some(tick);
            }
        }
        if last_heard.is_some_and(|heard| tick >= heard + 10) {
            last_heard = None;
            speaks.push((tick + 15, tick + 50));
        }
        if speaks.len() == 3 && tick > speaks[2].1 {
            return;
        }
        let loud = speaks.iter().any(|s| (s.0..s.1).contains(&tick));
        let mut payload = Vec::new();
        let silence = vec![0; sound.len()];
        encoder.encode(if loud { &sound } else { &silence }, &mut payload);
        let (sequence, timestamp, payload) = (tick as u16, tick * codec.clock() / 50, Bytes::from(payload));
        let packet = Rtp { arrived: now, payload_type, marker: tick == 0, sequence, timestamp, ssrc: 3, payload };
        wire.send(&Packet::Rtp(packet));
    }
}

fn wav(dir: &Path, name: &str, length: f64) -> String {
    let path = dir.join(name);
    let pcm = tone(350.0, 16_000, length, 0.3);
    let format = hound::SampleFormat::Int;
    let spec = hound::WavSpec { channels: 1, sample_rate: 16_000, bits_per_sample: 16, sample_format: format };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    pcm.iter().for_each(|s| writer.write_sample((s * 32767.0) as i16).unwrap());
    writer.finalize().unwrap();
    path.display().to_string()
}

/// An empty directory of one test's own.
fn directory(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join("switchboard-tests").join(format!("softphone-{name}-{:016x}", random()));
    std::fs::create_dir_all(&path).unwrap();
    path
}

async fn call(port: u16, dir: &Path, inputs: usize) -> (ExitCode, serde_json::Value) {
    call_at(&[format!("sip:bot@127.0.0.1:{port}")], dir, inputs).await
}

async fn call_at(target: &[String], dir: &Path, inputs: usize) -> (ExitCode, serde_json::Value) {
    let (json, heard) = (dir.join("report.json"), dir.join("heard.wav"));
    let mut line = vec!["call".to_owned(), "--patience".into(), "2".into()];
    line.extend_from_slice(target);
    line.extend(["--json".into(), json.display().to_string(), "--record".into(), heard.display().to_string()]);
    line.extend(["--token-file".into(), dir.join("none").display().to_string()]);
    for input in 0..inputs {
        line.extend(["--play".into(), wav(dir, &format!("{input}.wav"), 0.4)]);
    }
    let code = run(Program::parse_from(line).args, |_| unreachable!("the report goes to a file")).await.unwrap();
    (code, serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_with_two_answered_inputs_succeeds_and_is_reported() {
    let dir = directory("answered");
    let (_sip, port) = bot().await;
    let (code, report) = call(port, &dir, 2).await;
    assert_eq!(code, ExitCode::SUCCESS, "{report:#}");
    assert_eq!((&report["complete"], &report["ended"]["by"]), (&json!(true), &json!("the bot")), "{report:#}");
    for turn in report["turns"].as_array().unwrap() {
        // 200 ms until it notices, 300 ms of thought, and up to three ticks of its own and of the wire.
        let response = turn["response_ms"].as_f64().unwrap();
        assert!((460.0..=620.0).contains(&response), "{report:#}");
        let spoke = turn["caller_stopped_ms"].as_f64().unwrap() - turn["caller_began_ms"].as_f64().unwrap();
        assert!((380.0..=430.0).contains(&spoke), "{report:#}");
    }
    let heard = hound::WavReader::open(dir.join("heard.wav")).unwrap();
    let lasted = report["ended_ms"].as_f64().unwrap() / 1e3;
    assert!((f64::from(heard.duration()) / 8000.0 - lasted).abs() < 0.5, "{lasted}");
    std::fs::remove_dir_all(dir).ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_over_http_is_held_and_measured_like_a_phone_call() {
    let dir = directory("web");
    let (base, asked) = web_bot().await;
    let (code, report) = call_at(&[base.clone(), "--bot".into(), "booking.en".into()], &dir, 2).await;
    assert_eq!(code, ExitCode::SUCCESS, "{report:#}");
    assert_eq!((&report["complete"], &report["ended"]["by"]), (&json!(true), &json!("the bot")), "{report:#}");
    for turn in report["turns"].as_array().unwrap() {
        // As by phone, and the look-ahead of Opus.
        let response = turn["response_ms"].as_f64().unwrap();
        assert!((460.0..=660.0).contains(&response), "{report:#}");
    }
    let asked = asked.lock().unwrap().clone();
    let expected = ["POST /api/v1/widget/calls Bearer t1", "DELETE /api/v1/widget/calls/7 Bearer t1"];
    assert_eq!(asked[1..], expected, "{asked:?}");
    let (code, report) = call_at(&[base, "--bot".into(), "nobody".into()], &dir, 0).await;
    assert_eq!((code, &report["refused"]["status"]), (ExitCode::FAILURE, &json!(403)), "{report:#}");
    assert_eq!(report["refused"]["reason"], "this bot is not public");
    std::fs::remove_dir_all(dir).ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_ends_before_all_is_said_fails_and_names_what_was_left() {
    let dir = directory("cut");
    let (_sip, port) = bot().await;
    let (code, report) = call(port, &dir, 3).await;
    assert_eq!(code, ExitCode::FAILURE, "{report:#}");
    assert_eq!(report["complete"], false);
    assert!(report["unsaid"][0].as_str().is_some_and(|name| name.ends_with("2.wav")), "{report:#}");
    std::fs::remove_dir_all(dir).ok();
}

#[tokio::test]
async fn a_refused_call_fails_with_what_the_far_end_said() {
    let dir = directory("refused");
    let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let plan = SipPlan { udp: vec![local], tcp: vec![], open: vec![], ..SipPlan::default() };
    let (sip, _rings) = Sip::start(plan, Ports::new(PortsPlan::default())).await.unwrap();
    let (code, report) = call(sip.udp().unwrap().port(), &dir, 0).await;
    assert_eq!(code, ExitCode::FAILURE);
    assert_eq!(report["answered"], false);
    assert!(report["refused"]["status"].as_u64().is_some_and(|status| status >= 400), "{report:#}");
    std::fs::remove_dir_all(dir).ok();
}

#[test]
fn the_host_of_a_uri_is_found_among_its_parts() {
    assert_eq!(host_of("sip:booking@127.0.0.1:5060"), Some(("127.0.0.1", 5060)));
    assert_eq!(host_of("sip:a:b@example.com;transport=tcp"), Some(("example.com", 5060)));
    assert_eq!(host_of("sip:a@[::1]:5070;x=y"), Some(("::1", 5070)));
    assert_eq!(host_of("sip:example.com?Subject=x"), Some(("example.com", 5060)));
    for wrong in ["booking", "tel:+84", "sip:", "sip:a@", "sip:a@b:port", "sip:a@[::1"] {
        assert_eq!(host_of(wrong), None, "{wrong}");
    }
}

#[test]
fn a_closed_port_is_known_at_once_and_an_open_one_is_not_called_closed() {
    let open = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = open.local_addr().unwrap();
    assert!(!nobody_listens(address, address.ip()));
    drop(open);
    assert!(nobody_listens(address, address.ip()));
    assert_eq!(route_to(address).unwrap(), address.ip());
}
