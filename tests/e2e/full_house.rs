//! Figures of a full house: sixty calls whose bots speak, ten supervisors who listen, ten who watch the wall.
use crate::peer::Peer;
use crate::server::{Client, Server};
use crate::supervision::{Supervisor, long_winded};
use crate::testbed::{alone, pause, ports, seconds, until};
use futures::StreamExt;
use reqwest::StatusCode;
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// As many of the first calls have a listener.
const SEATS: usize = 10;
const WALLS: usize = 10;
/// Changes of a mode while it is measured, and the time between two.
const CHANGES: usize = 60;
const BETWEEN: Duration = Duration::from_millis(350);

/// A row of the wall with a supervisor in it, as a watcher was told: when, by whom, of which call, in which mode.
struct Told {
    at: Instant,
    wall: usize,
    call: String,
    mode: String,
}

/// Watches the wall, as a browser does.
async fn watch(server: &Client, wall: usize, told: mpsc::Sender<Told>) {
    let mut request = format!("ws://{}/api/v1/wall", server.http).into_client_request().expect("an address");
    let token = format!("Bearer {}", server.token());
    request.headers_mut().insert("authorization", token.parse().expect("a header"));
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.expect("connected");
    tokio::spawn(async move {
        while let Some(Ok(message)) = socket.next().await {
            let (at, Message::Text(text)) = (Instant::now(), message) else { continue };
            let news: Value = serde_json::from_str(&text).expect("JSON");
            for row in news["calls"].as_array().into_iter().flatten().filter(|_| news["event"] == "rows") {
                let Some(mode) = row["seats"][0]["mode"].as_str() else { continue };
                let call = row["id"].as_str().expect("an id").to_owned();
                if told.try_send(Told { at, wall, call, mode: mode.into() }).is_err() {
                    return;
                }
            }
        }
    });
}

/// At this share of them, sorted.
fn at(share: f64, of: &mut [Duration]) -> f64 {
    of.sort_unstable();
    let place = ((of.len() as f64 * share) as usize).min(of.len().saturating_sub(1));
    of.get(place).map_or(f64::NAN, |time| time.as_secs_f64() * 1_000.0)
}

/// `make supervise` prints them. HOUSE_CALLS (60) changes how many calls there are, SWITCHBOARD_BIN runs another binary than the tests' own.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints figures: make supervise"]
async fn figures_of_sixty_calls_ten_listeners_and_ten_walls() {
    let many: usize = std::env::var("HOUSE_CALLS").map_or(60, |many| many.parse().expect("a number"));
    assert!(many >= SEATS, "HOUSE_CALLS: at least {SEATS}");
    let _machine = alone().await;
    let server = Server::with("full-house", |config| {
        std::fs::write(config.bots.dir.join("booking.en.toml"), long_winded()).expect("written");
        (config.rtp.ports_from, config.rtp.ports_to) = ports(400);
        config.sip.max_calls = 80;
    })
    .await;
    let mut callers = Vec::new();
    for _ in 0..many {
        callers.push(Peer::call(server.sip, "booking").await.expect("answered"));
    }
    let calls = until(seconds(30), "every call to be answered", || async {
        let live = server.get("/api/v1/calls?state=live&limit=200").await;
        let answered = |call: &Value| call["answered_at"].as_str().and(call["id"].as_str()).map(str::to_owned);
        let calls: Vec<String> = live["calls"].as_array().expect("calls").iter().filter_map(answered).collect();
        (calls.len() == many).then_some(calls)
    })
    .await;
    let (tell, mut told) = mpsc::channel(100_000);
    for wall in 0..WALLS {
        watch(&server, wall, tell.clone()).await;
    }
    let mut seats = Vec::new();
    for call in &calls[..SEATS] {
        seats.push(Supervisor::join(&server, call, "monitor", 1_500.0).await.expect("joined"));
    }
    pause(2_000).await;
    let spent = async || server.metric("process_cpu_seconds_total").await;
    let (before, began) = (spent().await, Instant::now());
    let mut changes = Vec::new();
    for n in 0..CHANGES {
        let mode = if (n / SEATS).is_multiple_of(2) { "whisper" } else { "monitor" };
        changes.push((Instant::now(), &calls[n % SEATS], mode));
        let (status, problem) = seats[n % SEATS].mode(&server, mode).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{problem}");
        tokio::time::sleep(BETWEEN).await;
    }
    let (cpu, lasted) = (spent().await - before, began.elapsed().as_secs_f64());
    pause(1_000).await;
    assert!(callers.iter().all(|caller| !caller.is_over()), "every call is live to the end");
    let mut pacing: Vec<Duration> = callers.iter().flat_map(Peer::pacing).collect();
    let all: Vec<Told> = std::iter::from_fn(|| told.try_recv().ok()).collect();
    let mut shown = Vec::new();
    for (since, call, mode) in changes {
        for wall in 0..WALLS {
            let one =
                all.iter().find(|one| one.at >= since && one.wall == wall && one.call == *call && one.mode == mode);
            shown.push(one.unwrap_or_else(|| panic!("wall {wall} was not told of {mode}")).at - since);
        }
    }
    println!(
        "{many} calls, {SEATS} listeners, {WALLS} walls: event -> on the wall: median {:.0} ms, p95 {:.0} ms (at most 300)",
        at(0.5, &mut shown),
        at(0.95, &mut shown)
    );
    println!(
        "pacing at the callers (what waking their threads took is in it): p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms (at most 5), most {:.1} ms",
        at(0.5, &mut pacing),
        at(0.99, &mut pacing),
        at(0.999, &mut pacing),
        at(1.0, &mut pacing)
    );
    println!(
        "CPU of the server: {:.2} cores, {:.2} ms per call-second",
        cpu / lasted,
        cpu * 1_000.0 / lasted / many as f64
    );
    drop(seats);
    for caller in callers {
        caller.hang_up().await;
    }
}
