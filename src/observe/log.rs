//! Logs: text or JSON on standard error, with a ceiling for other people's crates.
use crate::config::{Log, LogFormat, OURS};
use std::io;
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("log.level = {level:?}: {why}")]
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
    let wanted = log.filter().map_err(|why| Fault::Level { level: log.level.clone(), why })?;
    let ceiling = filter_fn(|event| *event.level() <= ceiling(event));
    // A line that cannot be written is lost in silence: to say so on standard error would end the thread where nobody reads that.
    let base = tracing_subscriber::fmt::layer().with_writer(to).with_ansi(false).log_internal_errors(false);
    let layer = match log.format {
        LogFormat::Text => base.boxed(),
        LogFormat::Json => base.json().flatten_event(true).boxed(),
    };
    Ok(tracing_subscriber::registry().with(layer.with_filter(wanted.and(ceiling))))
}

/// The most a crate may say, whatever is asked for. Ours keep people and words out of their logs by type. Others print messages,
/// headers and addresses at debug and trace; `rsipstack` quotes headers in its warnings too, and `rmcp` messages of MCP servers: `telephony`
/// and `tools` say the same in their own words.
fn ceiling(event: &Metadata<'_>) -> LevelFilter {
    let of = event.target().split("::").next().unwrap_or_default();
    match of {
        ours if OURS.contains(&ours) => LevelFilter::TRACE,
        "rsipstack" | "rmcp" => LevelFilter::ERROR,
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
            tracing::warn!(target: "rmcp::service", "unexpected message sip:100@");
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
    fn a_level_or_a_target_that_does_not_exist_is_named() {
        let refused = |level: &str| {
            let log = Log { level: level.into(), format: LogFormat::Text };
            subscriber(&log, io::sink).err().unwrap_or_else(|| panic!("{level:?} is taken")).to_string()
        };
        for wrong in ["loud", "media=loudest", "", "info,", "info,debug", "3", "warn,switchboard=", "info;debug"] {
            let fault = refused(wrong);
            assert!(fault.contains(&format!("{wrong:?}")) && fault.contains("debug or trace"), "{fault}");
        }
        for wrong in ["info,telefony=debug", "switchboard.store=debug", "=debug", "media[span]=debug", "regex=info"] {
            let fault = refused(wrong);
            assert!(fault.contains("is no target") && fault.contains("telephony, media"), "{fault}");
        }
        for right in ["WARN", " info , telephony::sip = debug", "off", "media=trace", "error,hyper=info,sqlx=off"] {
            let log = Log { level: right.into(), format: LogFormat::Text };
            assert!(subscriber(&log, io::sink).is_ok(), "{right:?}");
        }
    }

    /// Where nobody reads what is logged, nothing else goes wrong.
    #[test]
    fn a_log_that_cannot_be_written_ends_nothing() {
        struct Closed;
        impl io::Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }

            fn flush(&mut self) -> io::Result<()> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
        }
        let log = Log { level: "info".into(), format: LogFormat::Text };
        let subscriber = subscriber(&log, || Closed).unwrap();
        tracing::subscriber::with_default(subscriber, || tracing::info!(target: "switchboard", "unheard"));
    }
}
