//! switchboard: a server of voice bots. `call` joins line, sound and words; the rest serves the people around a call.

pub mod accounts;
pub mod alerting;
pub mod api;
mod atomic_file;
pub mod bots;
pub mod call;
pub mod chat;
pub mod config;
pub mod console;
pub mod doctor;
pub mod embeddings;
pub mod engines;
pub mod insight;
pub mod language_models;
pub mod limits;
pub mod measure;
pub mod models;
pub mod observe;
pub mod oidc;
pub mod outbound;
pub mod plans;
pub mod recorded;
pub mod recordings;
pub mod rehearse;
pub mod security;
pub mod server;
pub mod speech_models;
pub mod standby;
pub mod store;
pub mod tools;
mod web_client;
pub mod webhooks;
pub mod widget;

/// An empty directory of one test's own. Those of runs more than an hour ago are removed.
#[cfg(test)]
pub(crate) fn testdir(name: &str) -> std::path::PathBuf {
    let all = std::env::temp_dir().join("switchboard-tests");
    let dir = all.join(format!("{name}-{}", uuid::Uuid::now_v7()));
    std::fs::create_dir_all(&dir).unwrap();
    let old = |entry: &std::fs::DirEntry| {
        let changed = entry.metadata().and_then(|about| about.modified()).ok();
        changed.and_then(|at| at.elapsed().ok()).is_some_and(|age| age.as_secs() > 3600)
    };
    for entry in std::fs::read_dir(all).unwrap().filter_map(Result::ok).filter(old) {
        // Another test process may be faster.
        let _ = std::fs::remove_dir_all(entry.path());
    }
    dir
}
