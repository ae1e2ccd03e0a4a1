//! sipp as the far end: one scenario, a bounded time, and what became of its calls.
use crate::testbed::{Dir, port, root};
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

/// What became of a scenario's calls.
#[derive(Debug)]
pub struct Outcome {
    pub successful: u64,
    pub failed: u64,
    /// Requests sent again because no answer came in time.
    pub repeated: u64,
    /// sipp's own words, and every message of a single call.
    pub words: String,
}

impl Outcome {
    /// All calls went as the scenario says.
    pub fn succeeded(self) -> Self {
        assert!(
            self.failed == 0 && self.successful > 0,
            "{} failed, {} not: {}",
            self.failed,
            self.successful,
            self.words
        );
        self
    }
}

/// A running sipp.
pub struct Sipp {
    name: String,
    child: Child,
    dir: Dir,
}

/// Starts a scenario against `server`. `more` are further arguments.
pub fn start(server: SocketAddr, name: &str, more: &[&str]) -> Sipp {
    let file = root().join("tests/scenarios").join(format!("{name}.xml"));
    let mut arguments = vec![server.to_string(), "-sf".into(), file.display().to_string()];
    arguments.extend(more.iter().map(|word| (*word).to_owned()));
    run(name, arguments)
}

fn run(name: &str, arguments: Vec<String>) -> Sipp {
    let (dir, own, rtp) = (Dir::new(&format!("sipp-{name}")), port(), port());
    let mut command = Command::new("sipp");
    command.args(&arguments).args(["-i", "127.0.0.1", "-mi", "127.0.0.1", "-nostdin", "-timeout_error"]);
    command.args(["-p", &own.to_string(), "-mp", &rtp.to_string()]).current_dir(root());
    let given = |option: &str| arguments.iter().any(|argument| argument == option);
    if !given("-m") {
        command.args(["-m", "1"]);
    }
    if !given("-timeout") {
        command.args(["-timeout", "40s", "-recv_timeout", "20000"]);
    }
    if !given("-s") {
        command.args(["-s", "echo"]);
    }
    if !given("-r") {
        command.arg("-trace_msg").arg("-message_file").arg(dir.join("messages"));
    }
    command.args(["-trace_err", "-error_file"]).arg(dir.join("errors"));
    command.args(["-trace_stat", "-fd", "1", "-stf"]).arg(dir.join("stat.csv"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let child = command.spawn().expect("sipp runs (Debian package sip-tester)");
    Sipp { name: name.into(), child, dir }
}

impl Sipp {
    /// Waits for its end, a minute at the most.
    pub async fn finish(self) -> Outcome {
        self.finish_within(Duration::from_secs(60)).await
    }

    pub async fn finish_within(mut self, limit: Duration) -> Outcome {
        let ended = tokio::time::timeout(limit, self.child.wait()).await;
        let status = ended.unwrap_or_else(|_| panic!("{}: sipp does not end", self.name)).expect("a child of ours");
        let read = |name| String::from_utf8_lossy(&std::fs::read(self.dir.join(name)).unwrap_or_default()).into_owned();
        let table = read("stat.csv");
        let mut lines = table.lines();
        let names: Vec<&str> = lines.next().unwrap_or_default().split(';').collect();
        let last: Vec<&str> = lines.next_back().unwrap_or_default().split(';').collect();
        let count = |name: &str| -> u64 {
            let at = names.iter().position(|other| *other == name).unwrap_or_else(|| panic!("no {name} in {table}"));
            last.get(at)
                .and_then(|value| value.parse().ok())
                .unwrap_or_else(|| panic!("{name} of {}: {table}", self.name))
        };
        Outcome {
            successful: count("SuccessfulCall(C)"),
            failed: count("FailedCall(C)"),
            repeated: count("Retransmissions(C)"),
            words: format!("{} ended with {status}\n{}\n{}", self.name, read("errors"), read("messages")),
        }
    }
}

/// Runs a scenario to its end; every call of it must go as it says.
pub async fn plays(server: SocketAddr, name: &str, more: &[&str]) -> Outcome {
    start(server, name, more).finish().await.succeeded()
}
