//! A server of a test's own: the real binary as a child, or in this process with engines of the test's choice.
use crate::testbed::{Dir, HERE, Process, pause, port, ports, root, seconds, until};
use serde_json::Value;
use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use switchboard::config::{Config, ECHO, Ms, Phone, Several};
use switchboard::engines::Engines;

/// What every test's server shares: loopback, free ports, a directory of its own, the bots and models of this tree.
fn config(dir: &Dir) -> Config {
    let mut config = Config::default();
    let here = |port| SocketAddr::from((HERE, port));
    let sip = here(port());
    (config.sip.udp, config.sip.tcp) = (Several(vec![sip]), Several(vec![sip]));
    config.http.listen = Some(here(port()));
    config.sip.max_calls = 60;
    (config.rtp.ports_from, config.rtp.ports_to) = ports(200);
    config.rtp.drain_ms = Ms(200);
    config.media.realtime = false;
    // The tests share their cores, perhaps with a compiler: only the tests of faults mean to find an engine slow.
    (config.speech.listen_limit_ms, config.speech.speak_limit_ms) = (Ms(4000), Ms(4000));
    config.speech.full_wait_ms = Ms(0);
    // What a machine has fetched changes nothing here.
    config.speech.whisper.model = None;
    config.store.dir = dir.join("data");
    config.bots.dir = patient_bots(dir);
    // Nobody is alerted to anything, unless a test writes rules there.
    config.alerts.file = dir.join("alerts.toml");
    config.speech.silero = std::fs::read_dir(root().join("models")).ok().and_then(|files| {
        files.flatten().map(|file| file.path()).find(|path| path.extension().is_some_and(|x| x == "onnx"))
    });
    config.drain.limit_ms = Ms(10_000);
    config
}

/// The shipped bots, who wait longer for a recogniser that a busy machine makes slow. Its words count the moment they come.
fn patient_bots(dir: &Dir) -> PathBuf {
    let bots = dir.join("bots");
    std::fs::create_dir_all(&bots).expect("a directory");
    for name in BOTS {
        let text = shipped(name);
        std::fs::write(bots.join(name), format!("{text}\n[turn]\nwords_ms = 4000\n")).expect("written");
    }
    bots
}

pub const BOTS: [&str; 2] = ["booking.en.toml", "places.vi.toml"];

/// A bot's file as it is shipped.
pub fn shipped(name: &str) -> String {
    std::fs::read_to_string(root().join("configs/bots").join(name)).expect("a bot")
}

/// Adds a phone with this password.
pub fn phone(config: &mut Config, user: &str, password: &str) {
    let file = config.store.dir.with_file_name(format!("{user}.password"));
    std::fs::write(&file, password).expect("written");
    config.phone.push(Phone { name: user.into(), user: user.into(), password_file: Some(file), password_env: None });
}

/// What a test asks of either kind of server.
pub struct Client {
    pub sip: SocketAddr,
    pub http: SocketAddr,
    token_file: PathBuf,
    web: reqwest::Client,
}

impl Client {
    fn new(config: &Config) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let http = config.http.listen.expect("a web address");
        let sip = *config.sip.udp.first().or(config.sip.tcp.first()).expect("a SIP address");
        Self {
            sip,
            http,
            token_file: config.token_file(),
            web: reqwest::Client::builder().no_proxy().build().expect("a client"),
        }
    }

    pub fn token(&self) -> String {
        std::fs::read_to_string(&self.token_file).expect("the token's file").trim().to_owned()
    }

    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.web.request(method, format!("http://{}{path}", self.http))
    }

    pub fn authorised(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.request(method, path).bearer_auth(self.token())
    }

    /// A JSON document of the API.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.authorised(reqwest::Method::GET, path).send().await.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("a text");
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_else(|why| panic!("{path}: {why}: {text}"))
    }

    /// Every call, oldest first, with its timeline.
    pub async fn calls(&self) -> Vec<Value> {
        let list = self.get("/api/v1/calls?limit=200").await;
        let mut calls = Vec::new();
        for call in list["calls"].as_array().expect("a list").iter().rev() {
            let id = call["id"].as_str().expect("an id");
            calls.push(self.get(&format!("/api/v1/calls/{id}?timeline=true")).await);
        }
        calls
    }

    /// Every call, once there are `many` and all have ended.
    pub async fn ended(&self, many: usize) -> Vec<Value> {
        until(seconds(20), &format!("{many} calls to have ended"), || async {
            let calls = self.get("/api/v1/calls?limit=200").await;
            let calls = calls["calls"].as_array().cloned().unwrap_or_default();
            (calls.len() >= many && calls.iter().all(|call| call["state"] == "ended")).then_some(())
        })
        .await;
        let calls = self.calls().await;
        assert_eq!(calls.len(), many, "calls: {calls:#?}");
        calls
    }

    /// The only call there is, live or not.
    pub async fn call(&self) -> Value {
        let calls = self.calls().await;
        assert_eq!(calls.len(), 1, "one call");
        calls.into_iter().next().expect("one")
    }

    /// The id of the only live call, once there is one.
    pub async fn live(&self) -> String {
        until(seconds(5), "a live call", || async {
            let calls = self.get("/api/v1/calls?state=live").await;
            let call = &calls["calls"][0];
            call["answered_at"].as_str().and(call["id"].as_str()).map(str::to_owned)
        })
        .await
    }

    /// The value of a metric, summed over its labels.
    pub async fn metric(&self, name: &str) -> f64 {
        let text = self
            .authorised(reqwest::Method::GET, "/metrics")
            .send()
            .await
            .expect("metrics")
            .text()
            .await
            .expect("text");
        let of = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{']));
        text.lines().filter(of).filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// The recording of a call.
    /// A recording that nothing is written to any more: the writer closes it when it comes to it, after the call's end.
    pub async fn recording(&self, id: &str) -> Vec<u8> {
        let path = format!("/api/v1/calls/{id}/recording");
        let read = async || {
            let answer = self.authorised(reqwest::Method::GET, &path).send().await.expect("an answer");
            assert!(answer.status().is_success(), "recording: {}", answer.status());
            answer.bytes().await.expect("bytes").to_vec()
        };
        let mut before = read().await;
        loop {
            pause(300).await;
            let now = read().await;
            if now.len() == before.len() {
                return now;
            }
            before = now;
        }
    }

    async fn is_ready(&self) -> bool {
        let answer = self.request(reqwest::Method::GET, "/health/ready").send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }
}

/// The binary, as a child.
pub struct Server {
    pub client: Client,
    process: Process,
    // After the process, so that nothing writes there any more.
    pub dir: Dir,
}

impl std::ops::Deref for Server {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Server {
    pub async fn start(name: &str) -> Self {
        Self::with(name, |_| ()).await
    }

    /// Starts one whose configuration is changed by `change`, and waits until it is ready.
    pub async fn with(name: &str, change: impl FnOnce(&mut Config)) -> Self {
        let dir = Dir::new(name);
        let mut config = config(&dir);
        std::fs::create_dir_all(&config.store.dir).expect("a store");
        change(&mut config);
        std::fs::write(dir.join("server.toml"), toml::to_string(&config).expect("TOML")).expect("written");
        let process = launch(&dir);
        let mut server = Self { client: Client::new(&config), process, dir };
        server.ready().await;
        server
    }

    async fn ready(&mut self) {
        for _ in 0..1500 {
            if self.client.is_ready().await {
                return;
            }
            if let Some(status) = self.process.ended(seconds(0)).await {
                panic!("the server ended: {status}\n{}", self.log());
            }
            pause(20).await;
        }
        panic!("the server is not ready after 30 s\n{}", self.log());
    }

    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.dir.join("server.log")).unwrap_or_default()).into_owned()
    }

    pub fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// How it ended; it must within `s` seconds.
    pub async fn exited(&mut self, s: u64) -> ExitStatus {
        match self.process.ended(seconds(s)).await {
            Some(status) => status,
            None => panic!("the server does not end\n{}", self.log()),
        }
    }

    /// Kills it as a power cut would, and starts it again.
    pub async fn crash(&mut self) {
        self.signal("KILL");
        self.exited(5).await;
        self.process = launch(&self.dir);
        self.ready().await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(40).collect();
            eprintln!("the server's last lines:\n{}", tail.into_iter().rev().collect::<Vec<_>>().join("\n"));
        }
    }
}

fn launch(dir: &Dir) -> Process {
    let log = File::options().create(true).append(true).open(dir.join("server.log")).expect("a log");
    // Another binary than the one built beside the tests: SWITCHBOARD_BIN.
    let other = std::env::var_os("SWITCHBOARD_BIN");
    let mut command = Command::new(other.as_deref().unwrap_or(env!("CARGO_BIN_EXE_switchboard").as_ref()));
    command.arg("serve").arg("--config").arg(dir.join("server.toml")).current_dir(root());
    command.env("RUST_BACKTRACE", "1").stdin(Stdio::null());
    command.stdout(log.try_clone().expect("a second handle")).stderr(log);
    Process::new(command.spawn().expect("the server's binary"))
}

/// A server in this process, with engines of the test's choice.
pub struct Inside {
    pub client: Client,
    pub server: switchboard::server::Server,
    #[expect(dead_code, reason = "kept as long as the server")]
    dir: Dir,
}

impl std::ops::Deref for Inside {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Inside {
    pub async fn start(
        name: &str,
        ears: Vec<Arc<dyn media::asr::Recogniser>>,
        voices: Vec<Arc<dyn media::tts::Synthesiser>>,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let dir = Dir::new(name);
        let mut config = config(&dir);
        std::fs::create_dir_all(&config.store.dir).expect("a store");
        change(&mut config);
        let vad = media::vad::Models::load(config.speech.silero.as_deref()).expect("voice activity");
        let client = Client::new(&config);
        let engines = Engines::of(vad, ears, voices).with_remote(&config.speech);
        let server = switchboard::server::Server::start(config, engines).await.expect("started");
        Self { client, server, dir }
    }
}

/// Routes `user` to the echo.
pub fn echo_only(config: &mut Config) {
    config.default_route = None;
    config.route.retain(|route| route.bot == ECHO);
}
