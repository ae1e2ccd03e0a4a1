//! `switchboard rehearse --voice`: a shipped bot and a broken one, called over SIP by a synthesised caller with noise and an interruption.
use crate::server::shipped;
use crate::testbed::{Dir, beside_others, root};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const REHEARSAL: &str = "configs/rehearsals/booking.en.toml";

/// Engines that are on every machine of ours, given time by a machine that others use too.
const CONFIG: &str = r#"
[media]
realtime = false
[speech]
listen_limit_ms = 4000
speak_limit_ms = 4000
full_wait_ms = 0
[speech.recognisers]
en = ["pocketsphinx"]
[speech.voices]
en = ["flite"]
[speech.whisper]
model = ""
"#;

/// The rehearsal with this bot of its own beside it.
fn written(dir: &Dir, bot: &str) -> (PathBuf, PathBuf) {
    let text = std::fs::read_to_string(root().join(REHEARSAL)).expect("a rehearsal");
    let text = text.replace("../bots/booking.en.toml", "booking.en.toml");
    let (rehearsal, config, own) = (dir.join("rehearsal.toml"), dir.join("server.toml"), dir.join("booking.en.toml"));
    // The words of a busy machine's recogniser count whenever they come.
    let bot = format!("{bot}\n[turn]\nwords_ms = 4000\n");
    for (path, text) in [(&rehearsal, text.as_str()), (&own, bot.as_str()), (&config, CONFIG)] {
        std::fs::write(path, text).expect("written");
    }
    (rehearsal, config)
}

async fn rehearse(rehearsal: &Path, config: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchboard"));
    command.arg("rehearse").arg(rehearsal).arg("--config").arg(config).args(["--voice", "--runs", "1"]).args(more);
    command.current_dir(root()).stdin(Stdio::null());
    tokio::task::spawn_blocking(move || command.output()).await.expect("a thread").expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shipped_bot_is_rehearsed_by_voice_over_noise_and_an_interruption() {
    let _machine = beside_others().await;
    let dir = Dir::new("rehearse-by-voice");
    let (rehearsal, config) = written(&dir, &shipped("booking.en.toml"));
    let (page, xml) = (dir.join("report.html"), dir.join("report.xml"));
    let files = [page.to_str().expect("a text"), xml.to_str().expect("a text")];
    let done =
        rehearse(&rehearsal, &config, &["--scenario", "by voice", "--html", files[0], "--junit", files[1]]).await;
    let (out, err) = (text(&done.stdout), text(&done.stderr));
    assert!(done.status.success(), "{out}\n{err}");
    assert!(out.contains("1 calls: 1 passed") && out.contains("1 interruptions"), "{out}");
    assert!(out.contains("words were heard otherwise"), "{out}");
    let page = std::fs::read_to_string(page).expect("a page");
    assert!(page.contains("Said and heard") && page.contains("caller, interrupting"), "{page}");
    assert!(std::fs::read_to_string(xml).expect("XML").contains("failures=\"0\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_bot_fails_its_rehearsal_by_voice() {
    let _machine = beside_others().await;
    let dir = Dir::new("rehearse-broken");
    // "Is that right" has a standing answer: a bot that asks that is not stuck.
    let confirm = "You want to cancel the booking with the code {code}. Is that right?";
    let bot = shipped("booking.en.toml");
    assert!(bot.contains(confirm));
    let (rehearsal, config) = written(&dir, &bot.replace(confirm, "All is well."));
    let done = rehearse(&rehearsal, &config, &["--scenario", "by voice"]).await;
    let out = text(&done.stdout);
    assert_eq!(done.status.code(), Some(1), "{out}\n{}", text(&done.stderr));
    assert!(out.contains("expected to hear \"four eight two one\"") && out.contains("--voice --scenario"), "{out}");
}

#[tokio::test]
async fn what_cannot_be_rehearsed_by_voice_is_refused_before_any_call() {
    let dir = Dir::new("rehearse-refused");
    let (rehearsal, config) = written(&dir, &shipped("booking.en.toml"));
    let asked = std::fs::read_to_string(&rehearsal).expect("a rehearsal").replace("only = \"text\"\n", "");
    std::fs::write(&rehearsal, asked).expect("written");
    let done = rehearse(&rehearsal, &config, &["--scenario", "mishears"]).await;
    let err = text(&done.stderr);
    assert!(!done.status.success() && err.contains("`confidence`") && err.contains("rehearsal.toml:"), "{err}");
}
