//! Logs: text or JSON on standard error, with a ceiling for other people's crates.
use crate::config::{Log, LogFormat};
use std::io;
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error(
        "log.level = {level:?}: {why}; write error, warn, info, debug or trace, or directives like info,telephony=debug"
    )]
    Level { level: String, why: String },
    #[error("logs are started already")]
    Twice,
}

/// Starts logging for the whole process; once.
pub fn start(log: &Log) -> Result<(), Fault> {
    subscriber(log, io::stderr)?.try_init().map_err(|_| Fault::Twice)
}

/// The same, to anywhere: tests read it back.
pub fn subscriber<W>(log: &Log, to: W) -> Result<impl Subscriber + Send + Sync + use<W>, Fault>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let wanted =
        || log.level.parse::<EnvFilter>().map_err(|e| Fault::Level { level: log.level.clone(), why: e.to_string() });
    let ceiling = filter_fn(|event| *event.level() <= ceiling(event));
    let base = tracing_subscriber::fmt::layer().with_writer(to).with_ansi(false);
    let layer = match log.format {
        LogFormat::Text => base.boxed(),
        LogFormat::Json => base.json().flatten_event(true).boxed(),
    };
    Ok(tracing_subscriber::registry().with(layer.with_filter(wanted()?.and(ceiling))))
}

/// The most a crate may say, whatever is asked for. Ours keep people and words out of their logs by type. Others print messages,
/// headers and addresses at debug and trace; `rsipstack` quotes headers in its warnings too, and `telephony` says the same in its own words.
fn ceiling(event: &Metadata<'_>) -> LevelFilter {
    let of = event.target().split("::").next().unwrap_or_default();
    match of {
        "switchboard" | "media" | "dialog" | "telephony" => LevelFilter::TRACE,
        "rsipstack" => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: &str, format: LogFormat) -> String {
        let page = Page::default();
        let writer = page.clone();
        let subscriber = subscriber(&Log { level: level.into(), format }, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            tracing::trace!(target: "telephony::sip", "ours in detail");
            tracing::info!(target: "switchboard", calls = 3, "ours");
            tracing::trace!(target: "rsipstack::transport", "INVITE sip:100@");
            tracing::debug!(target: "rsipstack", "INVITE sip:100@");
            tracing::warn!(target: "rsipstack::dialog", "bad header sip:100@");
            tracing::debug!(target: "hyper::proto", "GET /secret");
            tracing::info!(target: "sqlx", "theirs");
        });
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn other_crates_never_print_messages_even_when_trace_is_asked_for() {
        for level in ["trace", "rsipstack=trace,hyper=trace,telephony=trace,switchboard=info,sqlx=trace"] {
            let text = logged(level, LogFormat::Text);
            assert!(text.contains("ours in detail") && text.contains("theirs"), "{text}");
            assert!(!text.contains("sip:100@") && !text.contains("/secret"), "{text}");
        }
    }

    #[test]
    fn the_level_that_is_asked_for_holds_for_our_own() {
        let text = logged("info", LogFormat::Text);
        assert!(text.contains("ours") && !text.contains("in detail"), "{text}");
        assert!(logged("error", LogFormat::Text).is_empty());
    }

    #[test]
    fn json_logs_are_one_object_per_line() {
        let text = logged("switchboard=info", LogFormat::Json);
        let line: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
        assert_eq!((&line["message"], &line["calls"]), (&"ours".into(), &3.into()));
    }

    #[test]
    fn a_level_that_does_not_exist_is_named() {
        let fault =
            subscriber(&Log { level: "media=loudest".into(), format: LogFormat::Text }, io::sink).err().unwrap();
        assert!(fault.to_string().contains("media=loudest"), "{fault}");
    }
}
