//! Metrics in Prometheus' text format. What calls do is counted from the same events that the store takes.
use crate::store::{Blame, Call, CallEvent, Direction, Latency, Store, name_of};
use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

const SECONDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0, 1.5, 2.5, 5.0];

/// Of silences: from a breath to a caller who has left the phone.
const SILENCES: [f64; 9] = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0];

/// Of mean opinion scores: the steps lie where users begin to complain (G.107 annex B: 4.03 satisfied, 3.6 some are not).
const SCORES: [f64; 10] = [1.5, 2.0, 2.58, 3.1, 3.6, 3.8, 4.03, 4.2, 4.34, 4.4];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Counter,
    /// A counter of seconds, with fractions, which is read rather than counted.
    Seconds,
    Gauge,
    Histogram,
}

/// One metric, as `# HELP` and docs/operations.md tell it.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    pub name: &'static str,
    /// Its labels, parted by commas.
    pub by: &'static str,
    pub kind: Kind,
    pub help: &'static str,
}

const fn metric(kind: Kind, name: &'static str, by: &'static str, help: &'static str) -> Metric {
    Metric { name, by, kind, help }
}

/// Every metric there is.
#[rustfmt::skip]
pub const ALL: &[Metric] = &[
    metric(Kind::Gauge, "switchboard_build_info", "version", "1, with the version of this server"),
    metric(Kind::Gauge, "switchboard_calls_live", "", "Calls in progress"),
    metric(Kind::Counter, "switchboard_calls_started_total", "direction", "Calls begun"),
    metric(Kind::Counter, "switchboard_calls_ended_total", "blame", "Calls over, by whose doing"),
    metric(Kind::Counter, "switchboard_turns_total", "speaker", "Turns in ended calls"),
    metric(Kind::Histogram, "switchboard_response_seconds", "", "End of the caller's speech to the bot's first sound on the wire"),
    metric(Kind::Histogram, "switchboard_response_part_seconds", "part", "The parts of a response"),
    metric(Kind::Histogram, "switchboard_silence_seconds", "kind", "Silences in ended calls"),
    metric(Kind::Histogram, "switchboard_line_mos", "", "How good lines of ended calls sounded here (E-model, ITU-T G.107)"),
    metric(Kind::Counter, "switchboard_recordings_total", "recorded", "Recordings that were closed or could not be made, by how much of the call is kept"),
    metric(Kind::Counter, "switchboard_people_recordings_broken_total", "", "Recordings of the people beside a caller that broke off"),
    metric(Kind::Counter, "switchboard_call_commands_lost_total", "", "Orders of calls that a media or speech thread was too busy for"),
    metric(Kind::Gauge, "switchboard_rooms", "", "Calls on media threads"),
    metric(Kind::Counter, "switchboard_media_missed_ticks_total", "", "Ticks of 20 ms left out by a stall"),
    metric(Kind::Counter, "switchboard_media_late_verdicts_total", "", "Verdicts of an ear too late for their tick"),
    metric(Kind::Counter, "switchboard_media_lost_events_total", "", "News of the sound that a call took too late"),
    metric(Kind::Counter, "switchboard_media_broken_rooms_total", "", "Rooms that failed"),
    metric(Kind::Seconds, "switchboard_media_busy_seconds_total", "", "Time that media threads spent in ticks"),
    metric(Kind::Gauge, "switchboard_speech_urgent", "", "Sessions that wait for a speech worker to answer"),
    metric(Kind::Gauge, "switchboard_speech_later", "", "Sessions that wait for a speech worker for partial words"),
    metric(Kind::Gauge, "switchboard_speech_workers_abandoned", "", "Speech workers lost to hung engines at this moment"),
    metric(Kind::Gauge, "switchboard_speech_wait_seconds", "", "How long nine of ten answers and clauses of the last ten seconds waited at most for a speech worker and its processor"),
    metric(Kind::Gauge, "switchboard_speech_full", "", "1 while bots take no new calls because that is too long"),
    metric(Kind::Counter, "switchboard_speech_refused_total", "", "Calls refused for that"),
    metric(Kind::Counter, "switchboard_remote_done_total", "engine", "Utterances and clauses that an engine of another machine did"),
    metric(Kind::Counter, "switchboard_remote_failures_total", "engine,reason", "Those that it failed, which an engine of this machine took over"),
    metric(Kind::Counter, "switchboard_embedded_questions_total", "", "Searches of documents by words and meaning"),
    metric(Kind::Counter, "switchboard_embedding_failures_total", "reason", "Requests for vectors that failed: documents were searched by words alone"),
    metric(Kind::Gauge, "switchboard_sip_dialogs", "", "SIP dialogs under way"),
    metric(Kind::Gauge, "switchboard_sip_transactions", "", "SIP transactions under way"),
    metric(Kind::Gauge, "switchboard_sip_finished_transactions", "", "SIP transactions remembered for copies of their requests"),
    metric(Kind::Counter, "switchboard_sip_refused_total", "reason", "SIP messages refused or dropped"),
    metric(Kind::Counter, "switchboard_sip_unanswered_total", "reason", "SIP messages that asked for no answer, or had no way for one"),
    metric(Kind::Gauge, "switchboard_rtp_ports", "", "Pairs of RTP ports that calls hold"),
    metric(Kind::Gauge, "switchboard_webrtc_peers", "", "Browsers' connections"),
    metric(Kind::Gauge, "switchboard_webrtc_sockets", "", "UDP sockets of browsers' connections"),
    metric(Kind::Counter, "switchboard_widget_refused_total", "reason", "Web pages refused"),
    metric(Kind::Gauge, "switchboard_store_queue", "", "Events waiting for the database"),
    metric(Kind::Gauge, "switchboard_store_ill", "", "1 while the database takes nothing"),
    metric(Kind::Counter, "switchboard_store_failures_total", "", "Tries of the database that failed"),
    metric(Kind::Counter, "switchboard_store_lost_events_total", "", "Timeline events that found the store's queue full"),
    metric(Kind::Counter, "switchboard_alerts_total", "rule,severity", "Alerts, by the rule that was set off"),
    metric(Kind::Counter, "switchboard_alerts_lost_total", "", "Alerts and ends of calls that the database did not take: neither stored nor sent"),
    metric(Kind::Counter, "switchboard_alerts_missed_events_total", "", "Events of calls that came too fast for the alerts"),
    metric(Kind::Counter, "switchboard_webhook_tries_total", "webhook,outcome", "Messages sent to webhooks: delivered, failed for good, or waiting to be tried again"),
    metric(Kind::Gauge, "switchboard_webhook_waiting", "", "Messages that wait for webhooks"),
    metric(Kind::Counter, "switchboard_http_requests_total", "route,status", "API requests"),
    metric(Kind::Gauge, "switchboard_tasks", "", "Tasks of the runtime that live"),
    metric(Kind::Seconds, "process_cpu_seconds_total", "", "User and system CPU time of this process"),
    metric(Kind::Gauge, "process_open_fds", "", "Files this process has open"),
    metric(Kind::Gauge, "process_max_fds", "", "Files this process may have open"),
    metric(Kind::Gauge, "process_resident_memory_bytes", "", "Memory of this process"),
    metric(Kind::Gauge, "process_virtual_memory_bytes", "", "Address space of this process"),
    metric(Kind::Gauge, "process_virtual_memory_max_bytes", "", "Address space this process may have; 0: no limit"),
    metric(Kind::Gauge, "process_threads", "", "Threads of this process"),
    metric(Kind::Gauge, "process_start_time_seconds", "", "When this process started, in seconds since 1970"),
];

/// The process's metrics: installed at the first call, the same afterwards.
pub fn install() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(build).clone()
}

fn build() -> PrometheusHandle {
    let builder = PrometheusBuilder::new();
    let buckets = builder.set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS);
    let buckets = buckets.and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_mos".into()), &SCORES));
    let buckets = buckets.and_then(|builder| {
        builder.set_buckets_for_metric(Matcher::Full("switchboard_silence_seconds".into()), &SILENCES)
    });
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
        tracing::warn!("the thread that folds histograms did not start: they grow until /metrics is read");
    }
    handle
}

/// Says what each is, and begins those counters at 0 whose labels are known: a rate needs a beginning.
fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    for Metric { name, by, kind, help } in ALL.iter().copied() {
        match kind {
            Kind::Counter => {
                describe_counter!(name, help);
                if by.is_empty() {
                    counter!(name).absolute(0);
                }
            }
            Kind::Gauge => describe_gauge!(name, help),
            Kind::Histogram => describe_histogram!(name, help),
            Kind::Seconds => {}
        }
    }
    gauge!("switchboard_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    for direction in [Direction::Inbound, Direction::Outbound] {
        counter!("switchboard_calls_started_total", "direction" => name_of(&direction)).absolute(0);
    }
    for blame in Blame::ALL {
        counter!("switchboard_calls_ended_total", "blame" => blame.name()).absolute(0);
    }
}

/// Counts what happens in calls, by the store's events.
pub fn follow(store: &Store) {
    store.listen(|event, ended| {
        count(event);
        ended.into_iter().for_each(sum_up);
    });
}

/// Counts one event of a call. The gauge of live calls comes from the ledger when /metrics is read.
fn count(event: &CallEvent) {
    match event {
        CallEvent::Started(s) => {
            counter!("switchboard_calls_started_total", "direction" => name_of(&s.direction)).increment(1);
        }
        CallEvent::Latency(latency) => respond(latency),
        CallEvent::Ended(end) => counter!("switchboard_calls_ended_total", "blame" => end.blame.name()).increment(1),
        CallEvent::Answered
        | CallEvent::Turn(_)
        | CallEvent::Slot(_)
        | CallEvent::Silence(_)
        | CallEvent::Line(_)
        | CallEvent::Mark(_)
        | CallEvent::Recording(_) => {}
    }
}

/// Counts what a call added up to (a turn or silence may be noted more than once while it lasts).
fn sum_up(call: &Call) {
    for turn in &call.turns {
        counter!("switchboard_turns_total", "speaker" => name_of(&turn.speaker)).increment(1);
    }
    for silence in &call.silences {
        let ms = silence.ended_ms.saturating_sub(silence.started_ms);
        histogram!("switchboard_silence_seconds", "kind" => name_of(&silence.kind)).record(ms as f64 / 1000.0);
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

/// What signalling has left without an answer since it started, by reason.
pub fn unanswered(reason: &'static str, count: u64) {
    counter!("switchboard_sip_unanswered_total", "reason" => reason).absolute(count);
}

/// One request of the API. `route` is its pattern, never the address that was asked for.
pub fn request(route: &str, status: u16) {
    counter!("switchboard_http_requests_total", "route" => route.to_owned(), "status" => status.to_string())
        .increment(1);
}

/// Counters of seconds, which the recorder would round.
static WHOLE: Mutex<BTreeMap<&'static str, f64>> = Mutex::new(BTreeMap::new());

/// A value that is read: of a counter, what it has come to since the start.
pub fn set(name: &'static str, value: f64) {
    match ALL.iter().find(|metric| metric.name == name).map(|metric| metric.kind) {
        Some(Kind::Counter) => counter!(name).absolute(value as u64),
        Some(Kind::Seconds) => drop(WHOLE.lock().unwrap_or_else(PoisonError::into_inner).insert(name, value)),
        Some(Kind::Gauge | Kind::Histogram) | None => gauge!(name).set(value),
    }
}

/// Reads what the system knows of this process.
pub fn read_process() {
    let of = metrics_process::collector::collect();
    let numbers = [
        ("process_open_fds", of.open_fds),
        ("process_max_fds", of.max_fds),
        ("process_resident_memory_bytes", of.resident_memory_bytes),
        ("process_virtual_memory_bytes", of.virtual_memory_bytes),
        ("process_virtual_memory_max_bytes", of.virtual_memory_max_bytes),
        ("process_threads", of.threads),
        ("process_start_time_seconds", of.start_time_seconds),
    ];
    let numbers = numbers.into_iter().filter_map(|(name, value)| Some((name, value? as f64)));
    numbers.chain(of.cpu_seconds_total.map(|spent| ("process_cpu_seconds_total", spent))).for_each(|(n, v)| set(n, v));
}

/// All of it as text.
pub fn render(handle: &PrometheusHandle) -> String {
    let mut text = handle.render();
    for (name, value) in WHOLE.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        let help = ALL.iter().find(|metric| metric.name == *name).map_or("", |metric| metric.help);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}\n");
    }
    text
}

#[cfg(test)]
mod tests;
