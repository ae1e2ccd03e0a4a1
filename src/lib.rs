//! switchboard: a server of voice bots. `call` joins line, sound and words; the rest serves the people around a call.

pub mod api;
pub mod bots;
pub mod config;
pub mod observe;
pub mod security;
pub mod softphone;
pub mod store;

/// An empty directory of one test's own.
#[cfg(test)]
pub(crate) fn testdir(name: &str) -> std::path::PathBuf {
    let dir = std::env::temp_dir().join(format!("switchboard-{name}-{}", uuid::Uuid::now_v7()));
    std::fs::create_dir_all(&dir).unwrap();
    dir
}
