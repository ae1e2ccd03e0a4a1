//! The browser caller in a real Chromium: scenarios in `tests/e2e/browser/*.mjs`, each against a server of its own.
use crate::server::{BOTS, Server};
use crate::speech::{CALLER, Timeline, say};
use crate::testbed::{Dir, HERE, Process, a_browser_beside_others, alone, port, ports, root, seconds};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use switchboard::config::{Config, Destination, JoiningUsers, OidcRole, Secs};
use switchboard::security::Role;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

/// What the scenarios say.
const CLIPS: [&str; 8] = [
    "book a room",
    "mountain view",
    "today",
    "two thirty p m",
    "half an hour",
    "two people",
    "yes",
    "i want to book a room please",
];

/// Where npm has put what the scenarios need; `None`, with a word, where it has not (`scripts/setup.sh test` does).
pub fn scenarios() -> Option<PathBuf> {
    let dir = root().join("tests/e2e/browser");
    if dir.join("node_modules/playwright-core").is_dir() && Path::new(CHROMIUM).exists() {
        return Some(dir);
    }
    eprintln!("skipped: no {CHROMIUM}, or nothing in tests/e2e/browser/node_modules: run scripts/setup.sh test");
    None
}

pub const CHROMIUM: &str = "/usr/bin/chromium";
const FIREFOX: &str = "/usr/bin/firefox-esr";

/// A clip in wide band, as a browser's microphone has it.
fn clip(dir: &Path, words: &str) {
    let file = dir.join(format!("{}.wav", words.replace(' ', "-")));
    let done =
        Command::new("flite").args(["-voice", CALLER, "-t", words, "-o"]).arg(file).stdin(Stdio::null()).status();
    assert!(done.expect("flite runs (Debian package flite)").success(), "flite says nothing");
}

/// Plays a scenario: a node process that drives Chromium, and asks by lines of `order …` for what only the server's owner can do.
async fn plays(name: &str, change: impl FnOnce(&mut Config)) {
    let Some(dir) = scenarios() else { return };
    let shop = port();
    let mut server = Server::with(name, |config| {
        config.widget.origins = vec![format!("http://{HERE}:{shop}")];
        config.widget.public = vec!["booking.en".into(), "places.vi".into()];
        config.widget.sessions_per_minute = 600;
        change(config);
    })
    .await;
    CLIPS.iter().for_each(|words| clip(server.dir.path(), words));
    // Chromium's own microphone plays its file from when it is opened, again and again: first when the greeting is over.
    Timeline::new(16_000).lay(13_500, &say(CALLER, "book a room")).sound().write(&server.dir.join("timeline.wav"));
    let mut command = tokio::process::Command::new("node");
    command.arg(dir.join(name).with_extension("mjs")).current_dir(&dir);
    command.env("BASE", format!("http://{}", server.http)).env("ADMIN", server.token()).env("CHROMIUM", CHROMIUM);
    command
        .env("CLIPS", server.dir.path())
        .env("SHOP_PORT", shop.to_string())
        .env("OUT", root().join("target/browser"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut node = command.spawn().expect("node runs (Debian package nodejs)");
    let (mut orders, lines) = (node.stdin.take().expect("piped"), node.stdout.take().expect("piped"));
    let mut lines = BufReader::new(lines).lines();
    let story = async {
        let mut told = Vec::new();
        while let Some(line) = lines.next_line().await.expect("text") {
            match line.strip_prefix("order ") {
                Some("freeze") => server.signal("STOP"),
                Some("thaw") => server.signal("CONT"),
                Some("crash") => server.crash().await,
                Some("leave") => server.signal("TERM"),
                Some(order) => panic!("no such order: {order}"),
                None => {
                    println!("{line}");
                    told.push(line);
                    continue;
                }
            }
            orders.write_all(b"done\n").await.expect("node reads");
        }
        told
    };
    let told = tokio::time::timeout(seconds(600), story).await.unwrap_or_else(|_| panic!("{name} does not end"));
    let status = node.wait().await.expect("a child of ours");
    assert!(status.success(), "{name}:\n{}", told.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_booked_by_voice_in_a_browser() {
    let _machine = a_browser_beside_others().await;
    plays("booking", |_| ()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_takes_a_caller_who_waits() {
    let _machine = a_browser_beside_others().await;
    plays("agents", |config| {
        let file = config.bots.dir.join("booking.en.toml");
        let bot = std::fs::read_to_string(&file).expect("a bot");
        std::fs::write(&file, format!("person = \"front-desk\"\n{bot}")).expect("written");
        // Pictures take their time.
        let queue = Destination { queue: Some(Vec::new()), ring_s: Secs(240), ..Destination::default() };
        config.destinations.insert("front-desk".into(), queue);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_not_ours_signs_people_in() {
    let _machine = a_browser_beside_others().await;
    if !root().join("tests/e2e/browser/node_modules/oidc-provider").is_dir() {
        eprintln!("skipped: nothing in tests/e2e/browser/node_modules/oidc-provider: run scripts/setup.sh test");
        return;
    }
    let secret = Dir::new("oidc-secret");
    let file = secret.path().join("client");
    std::fs::write(&file, "a secret of the browser tests: + %\n").expect("written");
    plays("oidc", |config| {
        // The scenario's provider takes the port that others keep for their shop; by another name, for it is of another site.
        let shop = config.widget.origins[0].rsplit(':').next().expect("a port").to_owned();
        let oidc = &mut config.oidc;
        (oidc.name, oidc.client_id) = ("Shop & Co".into(), "switchboard".into());
        oidc.issuer = Some(format!("http://localhost:{shop}"));
        oidc.client_secret_file = Some(file);
        oidc.scopes = ["openid", "email", "groups"].map(str::to_owned).into();
        oidc.users = JoiningUsers::Made;
        oidc.role =
            vec![OidcRole { claim: "groups".into(), value: "ops".into(), role: Role::Supervisor, bots: Vec::new() }];
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_yields_in_the_browsers_ear() {
    let _machine = alone().await;
    plays("interruption", |_| ()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_types_and_presses_keys() {
    let _machine = a_browser_beside_others().await;
    plays("turns", |_| ()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_microphone_there_is_help_and_the_call_goes_on() {
    let _machine = a_browser_beside_others().await;
    plays("microphone", |_| ()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chromiums_own_microphone_is_heard() {
    let _machine = a_browser_beside_others().await;
    plays("device", |_| ()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_comes_back_in_the_middle_of_a_call() {
    let _machine = alone().await;
    plays("restart", |_| ()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_begin_and_end_in_one_moment_do_not_mix() {
    let _machine = a_browser_beside_others().await;
    plays("moments", |_| ()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_through_a_relay_is_heard_both_ways() {
    let _machine = a_browser_beside_others().await;
    let dir = Dir::new("relay");
    let (at, cli) = (port(), port());
    let (from, to) = ports(60);
    // Relays to this machine itself are refused unless asked for, and then the console needs a password.
    let config = format!(
        "listening-ip=127.0.0.1\nrelay-ip=127.0.0.1\nlistening-port={at}\nmin-port={from}\nmax-port={to}\nrealm=test\n\
         use-auth-secret\nstatic-auth-secret=north\nallow-loopback-peers\ncli-ip=127.0.0.1\ncli-port={cli}\n\
         cli-password=unused\nno-tls\nno-dtls\nfingerprint\nlog-file=stdout\npidfile={dir}/pid\nuserdb={dir}/db\n",
        dir = dir.path().display()
    );
    std::fs::write(dir.join("turn.conf"), config).expect("written");
    std::fs::write(dir.join("secret"), "north").expect("written");
    let log = std::fs::File::create(dir.join("turn.log")).expect("a log");
    let mut command = Command::new("turnserver");
    command.arg("-c").arg(dir.join("turn.conf")).current_dir(dir.path()).stdin(Stdio::null());
    let Ok(turnserver) = command.stdout(log.try_clone().expect("a handle")).stderr(log).spawn() else {
        eprintln!("skipped: no turnserver (Debian package coturn)");
        return;
    };
    let _turnserver = Process::new(turnserver);
    plays("relay", |config| {
        config.rtc.turn = vec![format!("turn:{HERE}:{at}?transport=udp")];
        config.rtc.turn_secret_file = Some(dir.join("secret"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_may_send_no_udp_calls_over_tcp() {
    let _machine = a_browser_beside_others().await;
    plays("tcp", |_| ()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_tells_clearly_when_the_server_is_gone() {
    let _machine = a_browser_beside_others().await;
    plays("ends", |config| config.drain.limit_ms = switchboard::config::Ms(1500)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_call_is_told_why() {
    let _machine = a_browser_beside_others().await;
    plays("admission", |config| config.widget.sessions_per_minute = 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_widget_works_on_other_sites() {
    let _machine = a_browser_beside_others().await;
    plays("embed", |_| ()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pages_author_is_told_what_to_mend_and_its_visitor_a_neutral_sentence() {
    let _machine = a_browser_beside_others().await;
    plays("author", |_| ()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn microphones_and_speakers_are_chosen_and_both_voices_are_measured() {
    let _machine = alone().await;
    plays("devices", |_| ()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_widget_is_a_package_with_types() {
    let _machine = a_browser_beside_others().await;
    plays("package", |_| ()).await;
}

/// Pictures take their time: a bot that hears nothing waits for them, and does not hang up.
fn unhurried(config: &mut Config) {
    for name in BOTS {
        let path = config.bots.dir.join(name);
        let text = std::fs::read_to_string(&path).expect("a bot");
        std::fs::write(path, format!("{text}\n[silence]\nprompt_ms = 600000\n")).expect("written");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_cut_on_small_screens_and_every_accent_can_be_read() {
    let _machine = a_browser_beside_others().await;
    plays("sizes", unhurried).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_state_can_be_read_by_everyone() {
    let _machine = a_browser_beside_others().await;
    plays("looks", unhurried).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_the_console_can_be_read_by_everyone() {
    let _machine = a_browser_beside_others().await;
    plays("console_looks", |_| ()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_listens_whispers_takes_over_and_hands_back() {
    let _machine = alone().await;
    plays("seat", |_| ()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_admin_sees_a_real_call_on_the_wall_and_on_its_page_and_hears_it_again() {
    let _machine = alone().await;
    plays("console", |_| ()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_adds_a_supervisor_of_one_bot_and_a_token_and_the_audit_shows_both() {
    let _machine = a_browser_beside_others().await;
    plays("administration", |_| ()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wall_of_five_hundred_calls_shows_what_is_so_and_keeps_the_focus() {
    let _machine = alone().await;
    plays("wall_speed", |_| ()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn firefox_calls_too() {
    let _machine = alone().await;
    // Firefox never looks for a way over loopback. Nothing is sent here: a UDP socket only picks its route.
    let route = std::net::UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("192.0.2.1:9")?;
        socket.local_addr()
    });
    let own = route.ok().map(|address| address.ip()).filter(|ip| !ip.is_loopback() && !ip.is_unspecified());
    match own.filter(|_| Path::new(FIREFOX).exists()) {
        Some(own) => plays("firefox", |config| config.rtc.bind = vec![own]).await,
        None => eprintln!("skipped: no {FIREFOX}, or this machine has no address but loopback"),
    }
}
