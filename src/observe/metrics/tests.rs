//! The metrics by the book, by the documents, and by the source.
use super::*;
use crate::store::{End, LineStats, Private, Reason, Silence, SilenceKind, Speaker, Started, Turn};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn root() -> PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

/// Every metric with a value.
fn rendered() -> String {
    let handle = install();
    let silence = Silence { kind: SilenceKind::DeadAir, started_ms: 100, ended_ms: 1_350 };
    let turn = Turn {
        speaker: Speaker::Bot,
        text: "Hello.".into(),
        heard: "Hello.".into(),
        interrupted: false,
        started_ms: 0,
        ended_ms: 100,
        confidence: None,
        by: None,
    };
    let started = Started {
        direction: Direction::Inbound,
        via: "open".into(),
        from: Private::default(),
        to: Private::default(),
        bot: "b".into(),
        language: "en".into(),
        headers: [("X-Customer".to_owned(), Private::default())].into(),
    };
    let mut call = Call::new("x", jiff::Timestamp::UNIX_EPOCH, &started);
    (call.turns, call.silences) = (vec![turn], vec![silence]);
    call.lines = vec![LineStats { mos: Some(4.2), ..LineStats::default() }];
    sum_up(&call);
    for event in [CallEvent::Started(started), CallEvent::Latency(Latency::of(1, [200, 4, 1, 120, 18]))] {
        count(&event);
    }
    count(&CallEvent::Ended(End::from(Reason::Done)));
    refused("full", 3);
    unanswered("keepalive", 3);
    request("/health/live", 200);
    counter!("switchboard_widget_refused_total", "reason" => "flood").increment(1);
    counter!("switchboard_recordings_total", "recorded" => "part").increment(1);
    counter!("switchboard_remote_done_total", "engine" => "vosk").increment(1);
    counter!("switchboard_remote_failures_total", "engine" => "vosk", "reason" => "late").increment(1);
    read_process();
    for metric in ALL.iter().filter(|metric| metric.by.is_empty()) {
        match metric.kind {
            _ if metric.name.starts_with("process_") => {}
            Kind::Gauge | Kind::Seconds => set(metric.name, 1.25),
            Kind::Counter => set(metric.name, 7.0),
            Kind::Histogram => {}
        }
    }
    render(&handle)
}

#[test]
fn every_metric_that_is_told_says_what_it_is_and_by_the_book() {
    let text = rendered();
    let word = |line: &str, n: usize| line.split([' ', '{']).nth(n).unwrap_or_default().to_owned();
    let of = |kind: &str| -> BTreeSet<String> {
        let lines = text.lines().filter(|line| line.starts_with(&format!("# {kind} ")));
        lines.map(|line| word(line, 2)).collect()
    };
    let all: BTreeSet<String> = ALL.iter().map(|metric| metric.name.to_owned()).collect();
    assert_eq!(of("TYPE"), all);
    assert_eq!(of("HELP"), all);
    for metric in ALL {
        let counts = matches!(metric.kind, Kind::Counter | Kind::Seconds);
        assert_eq!(metric.name.ends_with("_total"), counts, "{}: `_total` is a counter's", metric.name);
        let kind = match metric.kind {
            Kind::Counter | Kind::Seconds => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        assert!(text.contains(&format!("# TYPE {} {kind}\n", metric.name)), "{}: {kind}", metric.name);
        for unit in ["_ms", "milli", "_kb", "_minutes", "_percent"] {
            assert!(!metric.name.contains(unit), "{}: base units", metric.name);
        }
    }
    assert!(text.contains("switchboard_silence_seconds_sum{kind=\"dead_air\"} 1.25"), "{text}");
    assert!(text.contains("switchboard_silence_seconds_bucket{kind=\"dead_air\",le=\"60\"}"), "{text}");
    assert!(text.contains("switchboard_media_busy_seconds_total 1.25\n"), "{text}");
    assert!(
        text.contains(concat!("switchboard_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1\n")),
        "{text}"
    );
    assert!(text.contains("switchboard_calls_ended_total{blame=\"engine\"} 0\n"), "a rate has a beginning: {text}");
    let number = |name: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or_else(|| panic!("{name}: {text}"))
    };
    assert!(number("process_resident_memory_bytes") > 1e6 && number("process_open_fds") >= 3.0);
    assert!(number("process_cpu_seconds_total") > 0.0 && number("process_start_time_seconds") > 1.7e9);
}

#[test]
fn promtool_finds_no_fault() {
    let tool = Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut tool) = tool else { return println!("skipped: no promtool here (Debian: prometheus)") };
    std::io::Write::write_all(&mut tool.stdin.take().unwrap(), rendered().as_bytes()).unwrap();
    let out = tool.wait_with_output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn the_documents_list_every_metric_with_its_labels_and_no_other() {
    let docs = std::fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let table = docs.split("| metric | |").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap();
    let cells = table.lines().filter_map(|row| row.strip_prefix("| `")?.split(" |").next());
    let written: BTreeSet<&str> =
        cells.flat_map(|cell| cell.split('`').step_by(2)).filter(|name| !name.is_empty()).collect();
    let known: BTreeSet<String> = ALL
        .iter()
        .map(
            |metric| {
                if metric.by.is_empty() { metric.name.into() } else { format!("{}{{{}}}", metric.name, metric.by) }
            },
        )
        .collect();
    assert_eq!(written, known.iter().map(String::as_str).collect());
    // What is advised to be watched exists.
    for name in docs.split(['`', ' ', '(', '[', '{', '\n', ')']).filter(|word| word.starts_with("switchboard_")) {
        let name = name.trim_end_matches([',', '.']);
        let family = ["_sum", "_count", "_bucket"].iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name);
        assert!(ALL.iter().any(|metric| metric.name == family), "{name} is no metric");
    }
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn no_metric_is_counted_that_is_not_described() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let mut seen = 0;
    for file in files.iter().filter(|file| !file.to_string_lossy().contains("tests")) {
        let text = std::fs::read_to_string(file).unwrap();
        let names = text.split("\"switchboard_").skip(1).filter_map(|rest| rest.split('"').next());
        // The cookies of sessions and of signing in are called like one.
        for name in names.filter(|name| !name.starts_with("session") && !name.starts_with("sign_in")) {
            seen += 1;
            let name = format!("switchboard_{name}");
            if name == crate::security::SESSION_COOKIE {
                continue;
            }
            assert!(ALL.iter().any(|metric| metric.name == name), "{}: {name} is not in metrics::ALL", file.display());
        }
    }
    assert!(seen > 40, "the source is found");
}
