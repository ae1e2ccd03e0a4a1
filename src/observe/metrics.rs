//! Metrics in Prometheus' text format. What calls do is counted from the same events that the store takes.
use crate::store::{Call, Event, Latency, name_of};
use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use std::time::Duration;

const SECONDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0, 1.5, 2.5, 5.0];

/// Of mean opinion scores: the steps lie where users begin to complain (G.107 annex B: 4.03 satisfied, 3.6 some are not).
const SCORES: [f64; 10] = [1.5, 2.0, 2.58, 3.1, 3.6, 3.8, 4.03, 4.2, 4.34, 4.4];

/// The process's metrics: installed at the first call, the same afterwards.
pub fn install() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(build).clone()
}

fn build() -> PrometheusHandle {
    let builder = PrometheusBuilder::new();
    let buckets = builder.set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS);
    let buckets = buckets.and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_mos".into()), &SCORES));
    let recorder = buckets.unwrap_or_else(|_| PrometheusBuilder::new()).build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::error!("another metrics recorder is installed: /metrics stays empty");
        return handle;
    }
    describe();
    // Histograms grow until they are folded, also when nobody reads /metrics.
    let upkeep = handle.clone();
    let fold = move || {
        loop {
            std::thread::sleep(Duration::from_secs(5));
            upkeep.run_upkeep();
        }
    };
    if std::thread::Builder::new().name("metrics".into()).spawn(fold).is_err() {
        tracing::warn!("no thread for metrics: read /metrics often");
    }
    handle
}

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_gauge!("switchboard_calls_live", "Calls in progress");
    describe_gauge!("switchboard_tasks", "Tasks of the runtime that live");
    describe_gauge!("switchboard_rtp_ports", "Pairs of RTP ports that calls hold");
    describe_gauge!("process_resident_memory_bytes", "Memory of this process");
    describe_counter!("switchboard_calls_started_total", "Calls begun, by direction");
    describe_counter!("switchboard_calls_ended_total", "Calls over, by whose doing");
    describe_counter!("switchboard_sip_refused_total", "SIP messages refused or dropped, by reason");
    describe_counter!("switchboard_widget_refused_total", "Web pages refused, by reason");
    describe_gauge!("switchboard_webrtc_peers", "Browsers' connections");
    describe_gauge!("switchboard_webrtc_sockets", "UDP sockets of browsers' connections");
    describe_counter!("switchboard_turns_total", "Turns in ended calls, by speaker");
    describe_histogram!(
        "switchboard_response_seconds",
        "End of the caller's speech to the bot's first sound on the wire"
    );
    describe_histogram!("switchboard_response_part_seconds", "The parts of it");
    describe_histogram!("switchboard_line_mos", "How good lines of ended calls sounded here (E-model, ITU-T G.107)");
    describe_counter!("switchboard_silence_milliseconds_total", "Silence in ended calls, by kind");
    describe_counter!("switchboard_store_lost_events_total", "Timeline events that found the store's queue full");
    describe_counter!("switchboard_store_failures_total", "Tries of the database that failed");
    describe_gauge!("switchboard_store_queue", "Events waiting for the database");
    describe_gauge!("switchboard_store_ill", "1 while the database takes nothing");
    describe_counter!("switchboard_http_requests_total", "API requests, by route and status");
}

/// Counts one event of a call. The gauge of live calls comes from the ledger when /metrics is read.
pub fn count(event: &Event) {
    match event {
        Event::Started(s) => {
            counter!("switchboard_calls_started_total", "direction" => name_of(&s.direction)).increment(1);
        }
        Event::Latency(latency) => respond(latency),
        Event::Ended(end) => counter!("switchboard_calls_ended_total", "blame" => end.blame.name()).increment(1),
        Event::Answered
        | Event::Turn(_)
        | Event::Slot(_)
        | Event::Silence(_)
        | Event::Line(_)
        | Event::Mark(_)
        | Event::Recording(_) => {}
    }
}

/// Counts what a call added up to (a turn or silence may be noted more than once while it lasts).
pub fn sum_up(call: &Call) {
    for turn in &call.turns {
        counter!("switchboard_turns_total", "speaker" => name_of(&turn.speaker)).increment(1);
    }
    for silence in &call.silences {
        let ms = silence.ended_ms.saturating_sub(silence.started_ms);
        counter!("switchboard_silence_milliseconds_total", "kind" => name_of(&silence.kind)).increment(ms);
    }
    for mos in call.lines.iter().filter_map(|line| line.mos) {
        histogram!("switchboard_line_mos").record(f64::from(mos));
    }
}

fn respond(l: &Latency) {
    let seconds = |ms: u32| f64::from(ms) / 1000.0;
    histogram!("switchboard_response_seconds").record(seconds(l.total_ms));
    for (part, ms) in [
        ("endpoint", l.endpoint_ms),
        ("recognise", l.recognise_ms),
        ("think", l.think_ms),
        ("synthesise", l.synthesise_ms),
        ("playout", l.playout_ms),
    ] {
        histogram!("switchboard_response_part_seconds", "part" => part).record(seconds(ms));
    }
}

/// What signalling has refused or dropped since it started, by reason.
pub fn refused(reason: &'static str, count: u64) {
    counter!("switchboard_sip_refused_total", "reason" => reason).absolute(count);
}

/// One request of the API. `route` is its pattern, never the address that was asked for.
pub fn request(route: &str, status: u16) {
    counter!("switchboard_http_requests_total", "route" => route.to_owned(), "status" => status.to_string())
        .increment(1);
}

/// Values that are read, not counted.
pub fn set(name: &'static str, value: f64) {
    gauge!(name).set(value);
}
