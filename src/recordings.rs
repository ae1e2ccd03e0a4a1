//! `switchboard recordings`: takes a recording out of the store by hand, decrypted, also while no server runs.
use crate::config::{self, Config};
use crate::console;
use crate::security::{Action, Audit, Principal};
use crate::store::{self, vault};
use anyhow::{Context, bail};
use media::record::Playback;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const PIECE: usize = 64 * 1024;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Write a call's recording into a file, decrypted with the key that the configuration names.
    Export {
        /// The call, or the path of a recording.
        call: String,
        /// The file to make; one that is there is left alone.
        file: PathBuf,
        #[arg(long, env = "SWITCHBOARD_CONFIG", default_value = "configs/server.toml")]
        config: PathBuf,
    },
}

pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Command::Export { call, file, config } = args.command;
    let config = Config::load(Some(&config))?;
    find(&config.store, &call)?;
    // Before anything of it is written. A database that cannot be used does not keep a recording from its owner.
    if let Err(why) = record(&config.store.dir, &call).await {
        console::warn(format_args!("switchboard: the audit does not hold that this recording was taken out: {why:#}"));
    }
    if export(&config.store, &call, &file)? {
        return Ok(ExitCode::SUCCESS);
    }
    console::warn(format_args!(
        "{}: the recording has no end: the call goes on, the server was killed, or the file was cut. What there is was written.",
        file.display()
    ));
    Ok(ExitCode::from(2))
}

/// Notes in the audit that a recording is taken out: of a call, or by its path.
async fn record(dir: &Path, call: &str) -> anyhow::Result<()> {
    let id = uuid::Uuid::try_parse(call).is_ok().then_some(call);
    let detail = if id.is_some() { serde_json::json!({}) } else { serde_json::json!({"path": call}) };
    let pool = store::access(dir).await?;
    Audit::new(pool.clone()).require(&Principal::command(), Action::RecordingRead, id, detail).await?;
    pool.close().await;
    Ok(())
}

/// Whether the recording was whole.
fn export(store: &config::Store, call: &str, to: &Path) -> anyhow::Result<bool> {
    let from = find(store, call)?;
    let vault = vault::load(store)?;
    let mut playback = Playback::open(&from, vault.as_deref())?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .with_context(|| format!("cannot make {}", to.display()))?;
    let mut at = 0;
    while at < playback.len() {
        let bytes = playback.read(at, PIECE)?;
        if bytes.is_empty() {
            bail!("{} ends before its length", from.display());
        }
        file.write_all(&bytes).with_context(|| format!("cannot write {}", to.display()))?;
        at += bytes.len() as u64;
    }
    Ok(playback.whole())
}

fn find(store: &config::Store, call: &str) -> anyhow::Result<PathBuf> {
    let path = Path::new(call);
    if path.is_file() {
        return Ok(path.to_owned());
    }
    let folder = store.dir.join("recordings");
    let names = ["wav", "opus", "wav.sealed", "opus.sealed"].map(|kind| folder.join(format!("{call}.{kind}")));
    let found = names.into_iter().find(|name| !call.contains('/') && name.is_file());
    found.with_context(|| format!("{} has no recording of the call {call:?}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::record::{Format, RecordPlan, Recorder};
    use media::{Frame, Rate, SamplePos};

    #[test]
    fn an_encrypted_recording_comes_out_in_the_clear_and_a_part_of_one_says_so() {
        let dir = crate::testdir("export");
        let command = ["printf", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"];
        let store = config::Store {
            dir: dir.clone(),
            recording_key_command: command.map(str::to_owned).to_vec(),
            ..config::Store::default()
        };
        let path = dir.join("recordings/some-call.opus.sealed");
        let plan = RecordPlan { path: path.clone(), format: Format::Opus, vault: vault::load(&store).unwrap() };
        let (recorder, mut tap) = Recorder::start(&plan).unwrap();
        for tick in 0..200 {
            let frame = Frame::silence(SamplePos::of_tick(tick), Rate::Hz8000);
            assert!(tap.take(&frame, &frame).is_continue());
        }
        drop(tap);
        while !recorder.done() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        assert!(export(&store, "some-call", &dir.join("out.opus")).unwrap());
        assert!(std::fs::read(dir.join("out.opus")).unwrap().starts_with(b"OggS"));
        assert!(export(&store, "some-call", &dir.join("out.opus")).is_err(), "nothing is overwritten");
        assert!(export(&store, "../some-call", &dir.join("x")).is_err());
        let cut = std::fs::read(&path).unwrap();
        std::fs::write(&path, &cut[..cut.len() - 30]).unwrap();
        assert!(!export(&store, &path.display().to_string(), &dir.join("part.opus")).unwrap());
        let keyless = config::Store { recording_key_command: Vec::new(), ..store };
        let fault = export(&keyless, "some-call", &dir.join("y")).unwrap_err().to_string();
        assert!(fault.contains("recording_key_file"), "{fault}");
    }
}
