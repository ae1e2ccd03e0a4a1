//! `[log]`: what is logged and how.
use serde::{Deserialize, Serialize};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

/// Targets of ours.
pub(crate) const OURS: [&str; 4] = ["switchboard", "telephony", "media", "dialog"];

/// Crates we use that log something an operator can have use of.
const THEIRS: [&str; 10] =
    ["axum", "hyper", "hyper_util", "reqwest", "rsipstack", "rustls", "sqlx", "tokio_rustls", "tower_http", "tracing"];

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// A level (`error` to `trace`), or directives such as `info,telephony=debug`.
    pub level: String,
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".into(), format: LogFormat::Text }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

impl Log {
    /// What `level` asks for: a level for everything, and levels for targets.
    ///
    /// # Errors
    /// What is wrong with it and what to write, in words.
    pub fn filter(&self) -> Result<Targets, String> {
        const LEVELS: &str = "write off, error, warn, info, debug or trace, or directives like info,telephony=debug";
        let level = |text: &str| match text.trim().to_ascii_lowercase().as_str() {
            "off" => Ok(LevelFilter::OFF),
            "error" => Ok(LevelFilter::ERROR),
            "warn" => Ok(LevelFilter::WARN),
            "info" => Ok(LevelFilter::INFO),
            "debug" => Ok(LevelFilter::DEBUG),
            "trace" => Ok(LevelFilter::TRACE),
            other => Err(format!("{other:?} is no level: {LEVELS}")),
        };
        let (mut targets, mut all) = (Targets::new(), None);
        for directive in self.level.split(',') {
            let Some((target, of)) = directive.split_once('=') else {
                if all.replace(level(directive)?).is_some() {
                    return Err(format!("two levels for everything: {LEVELS}"));
                }
                continue;
            };
            let target = target.trim();
            let named = target.split("::").next().unwrap_or_default();
            if !OURS.contains(&named) && !THEIRS.contains(&named) {
                let [ours, theirs] = [OURS.join(", "), THEIRS.join(", ")];
                return Err(format!("{target:?} is no target: those of ours are {ours}; others that log are {theirs}"));
            }
            targets = targets.with_target(target, level(of)?);
        }
        Ok(match all {
            Some(level) => targets.with_default(level),
            None => targets,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_that_may_be_named_is_a_crate_of_this_server() {
        let lock = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock"));
        for name in OURS.iter().chain(&THEIRS) {
            let names = [(*name).to_owned(), name.replace('_', "-")];
            assert!(names.iter().any(|name| lock.contains(&format!("\nname = \"{name}\"\n"))), "{name}");
        }
    }
}
