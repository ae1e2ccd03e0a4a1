//! Supervisors in live calls, on real sockets: a SIP caller, and supervisors by WebRTC. Each voice is a tone of its own, so that at every ear
//! Goertzel's filter tells who is heard there.
use crate::browser::{CHROMIUM, scenarios};
use crate::peer::Peer;
use crate::server::{Client, Inside};
use crate::sound::Sound;
use crate::speech::tone;
use crate::testbed::{HERE, alone, pause, seconds, until};
use media::Language;
use media::asr::scripted::{Act, Scripted as Ear};
use media::packet::{Packet, Rtp};
use media::testkit::tone::{amplitude, sine_from};
use media::tts::{Chunk, Synthesiser, TakeChunk, TtsFault, Voice};
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use switchboard::config::Config;
use telephony::webrtc::{Answered, WebRtc, WebRtcPlan};
use telephony::{Change, Line};
use tokio::io::{AsyncBufReadExt, BufReader};

pub const CALLER: f32 = 700.0;
pub const BOT: f32 = 1_000.0;
const ANNA: f32 = 1_500.0;
const BEN: f32 = 2_100.0;

/// A tone of this amplitude or more is heard, one below the second is not.
const HEARD: f32 = 800.0;
const UNHEARD: f32 = 150.0;

/// A voice that says everything in one tone.
struct OneTone;

impl Synthesiser for OneTone {
    fn name(&self) -> &'static str {
        "one tone"
    }

    fn speaks(&self, _: Language) -> bool {
        true
    }

    fn speak(&self, voice: &Voice, text: &str, sink: &mut TakeChunk<'_>) -> Result<(), TtsFault> {
        let per_char = voice.rate.per_tick() * 3;
        for (at, char) in (0..text.chars().count()).zip(1..) {
            let pcm = sine_from(BOT, voice.rate, (at * per_char) as u64, per_char, 8_000);
            if sink(Chunk { pcm: &pcm, upto_char: char }).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// A bot that asks for a minute without a breath, and is not interrupted by the caller's tone.
pub fn long_winded() -> String {
    let long = "and so on ".repeat(100);
    let asks = BOOKING.replace("At what time shall it begin, please?", &format!("{}.", long.trim_end()));
    asks.replace("[[task]]", "[turn]\nhold_ms = 10000\nhush_ms = 20000\n[[task]]")
}

const BOOKING: &str = r#"
name = "rooms"
language = "en"
disclosure = "Hi."
greeting = "Rooms."
[[slot]]
name = "time"
type = "time"
prompt = "At what time shall it begin, please?"
[[slot]]
name = "people"
type = "number"
min = 1
max = 20
prompt = "How many?"
[[task]]
name = "book"
slots = ["time", "people"]
confirm = "At {time} for {people}?"
on_done = { say = "Noted." }
"#;

async fn server(name: &str, bot: String) -> Inside {
    server_with(name, bot, |_| ()).await
}

/// A server with this bot, whose voice is one tone.
pub async fn server_with(name: &str, bot: String, change: impl FnOnce(&mut Config)) -> Inside {
    Inside::start(name, vec![Arc::new(Ear::new([Act::Refuse]))], vec![Arc::new(OneTone)], |config| {
        std::fs::write(config.bots.dir.join("booking.en.toml"), bot).expect("written");
        config.call.dead_air_ms = switchboard::config::Ms(3_000);
        change(config);
    })
    .await
}

/// What a supervisor's line was sent, packet by packet.
type Received = Arc<Mutex<Vec<(Instant, Vec<i16>)>>>;

/// A supervisor at a browser's end of the line: a tone goes out, and what comes in is kept.
pub struct Supervisor {
    line: Line,
    location: String,
    received: Received,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// When the offer was sent.
    asked: Instant,
}

impl Supervisor {
    /// Joins a call; the status and the words of a refusal.
    pub async fn join(site: &Client, call: &str, mode: &str, hz: f32) -> Result<Self, (StatusCode, String)> {
        let plan = WebRtcPlan { bind: vec![HERE.into()], ..WebRtcPlan::default() };
        let web = WebRtc::start(plan).expect("a driver");
        let offered = web.offer().await.expect("an offer");
        let request = site.authorised(Method::POST, &format!("/api/v1/calls/{call}/seats?mode={mode}"));
        let asked = Instant::now();
        let answer =
            request.header(CONTENT_TYPE, "application/sdp").body(offered.sdp.clone()).send().await.expect("sent");
        let status = answer.status();
        let location = answer.headers().get(LOCATION).and_then(|l| l.to_str().ok()).unwrap_or_default().to_owned();
        let text = answer.text().await.expect("a text");
        if status != StatusCode::CREATED {
            return Err((status, text));
        }
        let Answered { mut line, .. } = offered.accept(&text).await.expect("an answer");
        let (received, stop) = (Received::default(), Arc::<AtomicBool>::default());
        let (kept, stopped) = (received.clone(), stop.clone());
        let (wire, plan) = (line.wire.take().expect("a wire"), line.plan.clone());
        let thread = std::thread::spawn(move || carry(wire, &plan, hz, &kept, &stopped));
        let mut supervisor = Self { line, location, received, stop, thread: Some(thread), asked };
        while supervisor.line.next().await != Change::Up {}
        Ok(supervisor)
    }

    pub async fn mode(&self, site: &Client, mode: &str) -> (StatusCode, Value) {
        let answer = site.authorised(Method::PATCH, &self.location).json(&json!({"mode": mode})).send().await;
        let answer = answer.expect("sent");
        (answer.status(), answer.json().await.unwrap_or_default())
    }

    async fn leave(mut self, site: &Inside) {
        let left = site.authorised(Method::DELETE, &self.location).send().await.expect("sent");
        assert_eq!(left.status(), StatusCode::OK);
        self.die();
    }

    /// Sends nothing any more, and does not say so.
    fn die(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }

    /// The first packet of its line.
    async fn first_packet(&self) -> Duration {
        until(seconds(5), "a packet at the supervisor's", || async {
            self.received.lock().expect("no panic").first().map(|(at, _)| *at - self.asked)
        })
        .await
    }

    /// How loud a tone is in what came between these moments.
    fn hears(&self, hz: f32, from: Instant, to: Instant) -> f32 {
        let received = self.received.lock().expect("no panic");
        let pcm: Vec<i16> = received
            .iter()
            .filter(|(at, _)| (from..to).contains(at))
            .flat_map(|(_, pcm)| pcm.iter().copied())
            .collect();
        let rate = if received.first().is_some_and(|(_, pcm)| pcm.len() == 960) {
            media::Rate::Hz48000
        } else {
            media::Rate::Hz16000
        };
        assert!(!pcm.is_empty(), "no packet came to a supervisor");
        amplitude(&pcm, hz, rate)
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.die();
    }
}

/// The sound of a supervisor's line, both ways, every 20 ms.
fn carry(
    mut wire: Box<dyn media::Wire>,
    plan: &media::leg::LegPlan,
    hz: f32,
    received: &Mutex<Vec<(Instant, Vec<i16>)>>,
    stop: &AtomicBool,
) {
    let (mut encoder, mut decoder, rate) = (plan.codec.encoder(), plan.codec.decoder(), plan.codec.rate());
    let (begun, mut sent) = (Instant::now(), 0_u32);
    while !stop.load(Ordering::Acquire) {
        let now = Instant::now();
        while let Some(packet) = wire.recv(now) {
            let Packet::Rtp(packet) = packet else { continue };
            let mut pcm = Vec::new();
            decoder.decode(&packet.payload, &mut pcm);
            received.lock().expect("no panic").push((packet.arrived, pcm));
        }
        if now >= begun + media::frame::TICK * sent {
            let pcm = sine_from(hz, rate, u64::from(sent) * rate.per_tick() as u64, rate.per_tick(), 8_000);
            let mut payload = Vec::new();
            encoder.encode(&pcm, &mut payload);
            wire.send(&Packet::Rtp(Rtp {
                arrived: now,
                payload_type: plan.payload_type,
                marker: sent == 0,
                sequence: sent as u16,
                timestamp: sent * 960,
                ssrc: 77,
                payload: payload.into(),
            }));
            sent += 1;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// How loud a tone is at the caller's between these moments.
fn caller_hears(peer: &Peer, hz: f32, from: Instant, to: Instant) -> f32 {
    let heard = peer.heard();
    let part: Sound = heard.sound.part(heard.place(from), heard.place(to));
    amplitude(&part.0, hz, media::Rate::Hz8000)
}

/// The first moment after `since` at which a tone is heard at the caller's (`sounds`), or not any more for 100 ms.
async fn turns(peer: &Peer, hz: f32, since: Instant, sounds: bool) -> Duration {
    until(seconds(5), "a change of what the caller hears", || async {
        let heard = peer.heard();
        let from = heard.place(since);
        let blocks = heard.sound.part(from, heard.sound.ms());
        // Whole blocks only: in a part of one the tones are not orthogonal, and one passes for another.
        let loud: Vec<bool> =
            blocks.0.chunks_exact(160).map(|block| amplitude(block, hz, media::Rate::Hz8000) > HEARD).collect();
        let at = if sounds {
            loud.iter().position(|loud| *loud)
        } else {
            let last = loud.iter().rposition(|loud| *loud).map_or(0, |last| last + 1);
            (loud.len() >= last + 5).then_some(last)
        };
        at.map(|block| Duration::from_millis(block as u64 * 20))
    })
    .await
}

/// Who is heard in 500 ms from now on: at the caller's, at anna's, at ben's.
async fn ears(peer: &Peer, anna: Option<&Supervisor>, ben: Option<&Supervisor>) -> [String; 3] {
    pause(300).await;
    let from = Instant::now();
    pause(500).await;
    let to = Instant::now();
    pause(100).await;
    let letters = |level: &dyn Fn(f32) -> f32| {
        [(CALLER, 'c'), (BOT, 'b'), (ANNA, 'a'), (BEN, 'n')]
            .into_iter()
            .filter(|(hz, _)| {
                let level = level(*hz);
                assert!(!(UNHEARD..HEARD).contains(&level), "a tone of {hz} Hz is neither heard nor unheard: {level}");
                level >= HEARD
            })
            .map(|(_, letter)| letter)
            .collect::<String>()
    };
    let of = |supervisor: Option<&Supervisor>| {
        supervisor.map_or_else(String::new, |supervisor| letters(&|hz| supervisor.hears(hz, from, to)))
    };
    [letters(&|hz| caller_hears(peer, hz, from, to)), of(anna), of(ben)]
}

/// A caller who sounds their tone for two minutes.
pub async fn caller(site: &Inside) -> (Peer, String) {
    let peer = Peer::call(site.sip, "booking").await.expect("answered");
    let call = site.live().await;
    peer.say(&tone(f64::from(CALLER), 120_000, 0.25)).await;
    (peer, call)
}

#[tokio::test(flavor = "multi_thread")]
async fn in_every_mode_each_ear_hears_whom_it_should_and_nobody_else() {
    let _machine = alone().await;
    let site = server("seats-tones", long_winded()).await;
    let (peer, call) = caller(&site).await;
    assert_eq!(ears(&peer, None, None).await, ["b", "", ""], "alone");
    let anna = Supervisor::join(&site, &call, "monitor", ANNA).await.expect("joined");
    let ben = Supervisor::join(&site, &call, "monitor", BEN).await.expect("joined");
    // The mode of each, and who is heard at the caller's, at anna's and at ben's.
    for (modes, expected) in [
        (["monitor", "monitor"], ["b", "cb", "cb"]),
        (["whisper", "monitor"], ["b", "cb", "cb"]),
        (["barge", "monitor"], ["ba", "cb", "cb"]),
        (["barge", "whisper"], ["ba", "cb", "cb"]),
        (["barge", "barge"], ["ban", "cb", "cb"]),
        (["takeover", "monitor"], ["a", "c", "c"]),
        (["takeover", "whisper"], ["a", "c", "c"]),
        (["takeover", "barge"], ["an", "c", "c"]),
        (["whisper", "whisper"], ["b", "cb", "cb"]),
        (["monitor", "takeover"], ["n", "c", "c"]),
        (["monitor", "monitor"], ["b", "cb", "cb"]),
    ] {
        for (supervisor, mode) in [&anna, &ben].into_iter().zip(modes) {
            assert_eq!(supervisor.mode(&site, mode).await.0, StatusCode::NO_CONTENT, "{modes:?}");
        }
        // After a takeover the bot says first that it is back.
        if expected[0].contains('b') {
            turns(&peer, BOT, Instant::now(), true).await;
        }
        assert_eq!(ears(&peer, Some(&anna), Some(&ben)).await, expected, "{modes:?}");
    }
    anna.leave(&site).await;
    ben.leave(&site).await;
    assert_eq!(ears(&peer, None, None).await, ["b", "", ""], "alone again");
    let seats = site.get(&format!("/api/v1/calls/{call}/seats")).await;
    assert_eq!(seats["seats"], json!([]));
    peer.hang_up().await;
    site.ended(1).await;
    site.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_human_takes_a_call_over_in_mid_sentence_and_hands_it_back_with_what_was_agreed() {
    let _machine = alone().await;
    let site = server("seats-handback", BOOKING.into()).await;
    let peer = Peer::call(site.sip, "booking").await.expect("answered");
    let call = site.live().await;
    let anna = Supervisor::join(&site, &call, "monitor", ANNA).await.expect("joined");
    // In the midst of the first question.
    turns(&peer, BOT, peer.answered, true).await;
    pause(900).await;
    let taken = Instant::now();
    assert_eq!(anna.mode(&site, "takeover").await.0, StatusCode::NO_CONTENT);
    turns(&peer, ANNA, taken, true).await;
    // Somebody else is told by whom it is taken over.
    let ben = Supervisor::join(&site, &call, "barge", BEN).await.expect("joined");
    let (status, problem) = ben.mode(&site, "takeover").await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("taken_over")), "{problem}");
    assert!(problem["detail"].as_str().expect("words").contains("admin.token has taken this call over"), "{problem}");
    let refused = Supervisor::join(&site, &call, "takeover", BEN).await.err().expect("refused");
    assert_eq!(refused.0, StatusCode::CONFLICT, "{}", refused.1);
    let live = site.get(&format!("/api/v1/calls/{call}")).await;
    let modes: Vec<&Value> = live["seats"].as_array().expect("seats").iter().map(|seat| &seat["mode"]).collect();
    assert_eq!(modes, ["takeover", "barge"]);
    assert_eq!(ben.mode(&site, "monitor").await.0, StatusCode::NO_CONTENT);
    // Silence, keys and a minute of nothing end no call: 8 s are more than the bot would wait.
    peer.press("7");
    pause(8_000).await;
    let hand_back =
        |body: Value| site.authorised(Method::POST, &format!("/api/v1/calls/{call}/handback")).json(&body).send();
    let wrong = hand_back(json!({"slots": {"people": 99}})).await.expect("sent");
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let problem: Value = wrong.json().await.expect("a problem");
    assert!(problem["detail"].as_str().expect("words").contains("`people`"), "{problem}");
    let back = Instant::now();
    let done =
        hand_back(json!({"slots": {"time": "15:00", "people": "two"}, "promise": "a window"})).await.expect("sent");
    assert_eq!(done.status(), StatusCode::OK);
    turns(&peer, BOT, back, true).await;
    peer.hears_out(back, seconds(20)).await;
    peer.press("1");
    until(seconds(20), "the end", || async { peer.is_over().then_some(()) }).await;
    let record = site.ended(1).await.remove(0);
    assert_eq!(record["end"]["reason"], "done", "{record:#}");
    assert_eq!(record["slots"], json!({"time": "15:00", "people": 2}));
    let said: Vec<&str> =
        record["turns"].as_array().expect("turns").iter().filter_map(|turn| turn["text"].as_str()).collect();
    let said = said.join(" | ");
    assert_eq!(said.matches("Rooms.").count(), 1, "no second greeting: {said}");
    assert!(said.contains("I'm back with you. At 3:00 pm for two?") && said.contains("Noted."), "{said}");
    let cut = record["turns"]
        .as_array()
        .expect("turns")
        .iter()
        .find(|turn| turn["interrupted"] == true)
        .expect("one was cut");
    assert!(cut["heard"].as_str().expect("a text").len() < cut["text"].as_str().expect("a text").len(), "{cut}");
    let marks: Vec<&str> =
        record["timeline"].as_array().expect("a timeline").iter().filter_map(|event| event["name"].as_str()).collect();
    for name in ["seat_joined", "seat_mode", "taken_over", "handed_back", "bot_back"] {
        assert!(marks.contains(&name), "{name}: {marks:?}");
    }
    drop((anna, ben));
    site.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_take_over_at_once_one_does_and_the_other_is_told() {
    let _machine = alone().await;
    let site = server("seats-race", BOOKING.into()).await;
    let (peer, call) = caller(&site).await;
    let anna = Supervisor::join(&site, &call, "monitor", ANNA).await.expect("joined");
    let ben = Supervisor::join(&site, &call, "monitor", BEN).await.expect("joined");
    for round in 0..10 {
        let both = futures::future::join(anna.mode(&site, "takeover"), ben.mode(&site, "takeover")).await;
        let mut statuses = [both.0.0.as_u16(), both.1.0.as_u16()];
        let winner = if statuses[0] == 204 { &anna } else { &ben };
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 409], "round {round}");
        assert_eq!(winner.mode(&site, "monitor").await.0, StatusCode::NO_CONTENT);
    }
    drop((anna, ben));
    peer.hang_up().await;
    site.ended(1).await;
    site.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_who_vanishes_in_a_takeover_leaves_the_call_to_the_bot_within_three_seconds() {
    let _machine = alone().await;
    let site = server("seats-killed", BOOKING.into()).await;
    let peer = Peer::call(site.sip, "booking").await.expect("answered");
    let call = site.live().await;
    turns(&peer, BOT, peer.answered, true).await;
    let mut anna = Supervisor::join(&site, &call, "takeover", ANNA).await.expect("joined");
    turns(&peer, ANNA, Instant::now(), true).await;
    pause(1_000).await;
    let died = Instant::now();
    anna.die();
    let back = turns(&peer, BOT, died + Duration::from_millis(200), true).await + Duration::from_millis(200);
    println!("supervise: browser gone → bot heard by the caller {} ms", back.as_millis());
    assert!(back <= seconds(3), "{back:?}");
    // It listens, were it to come back, and holds the call no more.
    let seats = site.get(&format!("/api/v1/calls/{call}/seats")).await;
    assert_eq!(seats["seats"][0]["mode"], "monitor", "{seats}");
    peer.hears_out(died, seconds(20)).await;
    peer.hang_up().await;
    let record = site.ended(1).await.remove(0);
    let said = record["turns"].to_string();
    assert!(said.contains("I'm back with you. At what time"), "{said}");
    drop(anna);
    site.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chromium_hears_the_call_soon_and_when_it_is_killed_the_bot_has_the_call_again() {
    let _machine = alone().await;
    let Some(dir) = scenarios() else { return };
    let site = server("seats-chromium", long_winded()).await;
    let peer = Peer::call(site.sip, "booking").await.expect("answered");
    let call = site.live().await;
    let mut command = tokio::process::Command::new("node");
    command.arg(dir.join("supervise.mjs")).current_dir(&dir).env("CALL", &call);
    command.env("BASE", format!("http://{}", site.http)).env("ADMIN", site.token()).env("CHROMIUM", CHROMIUM);
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).kill_on_drop(true);
    let mut node = command.spawn().expect("node runs (Debian package nodejs)");
    let mut lines = BufReader::new(node.stdout.take().expect("piped")).lines();
    let mut killed = None;
    let story = async {
        while let Some(line) = lines.next_line().await.expect("text") {
            match line.as_str() {
                "killed" => killed = Some(Instant::now()),
                "taken" => assert!(turns(&peer, BOT, Instant::now(), false).await < seconds(2), "the bot rests"),
                line => println!("{line}"),
            }
        }
    };
    tokio::time::timeout(seconds(90), story).await.expect("the scenario ends");
    let killed = killed.expect("the scenario succeeds");
    let back = turns(&peer, BOT, killed + Duration::from_millis(300), true).await + Duration::from_millis(300);
    println!("supervise: Chromium killed → bot heard by the caller {} ms (≤ 3000 ms)", back.as_millis());
    assert!(back <= seconds(3), "{back:?}");
    peer.hang_up().await;
    site.ended(1).await;
    site.server.stop().await;
}

/// The figures of `make supervise`.
#[tokio::test(flavor = "multi_thread")]
async fn seats_are_heard_soon_and_a_takeover_silences_the_bot_at_once() {
    let _machine = alone().await;
    let site = server("seats-figures", long_winded()).await;
    let (peer, call) = caller(&site).await;
    let (mut first, mut heard, mut silent) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..7 {
        let anna = Supervisor::join(&site, &call, "monitor", ANNA).await.expect("joined");
        first.push(anna.first_packet().await);
        turns(&peer, BOT, Instant::now(), true).await;
        pause(300).await;
        let asked = Instant::now();
        anna.mode(&site, "barge").await;
        heard.push(turns(&peer, ANNA, asked, true).await);
        let asked = Instant::now();
        anna.mode(&site, "takeover").await;
        silent.push(turns(&peer, BOT, asked, false).await);
        anna.mode(&site, "monitor").await;
        anna.leave(&site).await;
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        (times[times.len() / 2], times[times.len() - 1])
    };
    for (what, times, limit) in [
        ("seat's request → first sound", &mut first, 700),
        ("mode change → heard", &mut heard, 200),
        ("takeover → bot silent at the caller", &mut silent, 40),
    ] {
        let (median, worst) = median(times);
        println!("supervise: {what}: median {} ms, worst {} ms (≤ {limit} ms)", median.as_millis(), worst.as_millis());
    }
    // Far above the figures, which a busy machine may miss: broken is what takes seconds.
    assert!(first[3] < seconds(3) && heard[3] < seconds(1) && silent[3] < Duration::from_millis(500));
    peer.hang_up().await;
    site.ended(1).await;
    site.server.stop().await;
}
