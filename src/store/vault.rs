//! Reads the key of the recordings from a file, or from the output of a program such as a key service's client. It is never an
//! argument of the command line, where other processes could see it.
use crate::config;
use media::record::{BadKeys, Vault};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

/// The longest a key command may run.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(15);
/// Between looks at a running key command.
const STEP: Duration = Duration::from_millis(20);

#[derive(Debug, thiserror::Error)]
pub enum NoKey {
    #[error("store.recording_key_file {file} cannot be read ({why}): make it with `umask 077; openssl rand -hex 32 > {file}`", file = .file.display())]
    File { file: PathBuf, why: std::io::Error },
    #[error("others can read store.recording_key_file {file}: run `chmod 600 {file}`", file = .0.display())]
    Open(PathBuf),
    #[error(
        "store.recording_key_command: {program} does not start ({why}): write the program and its arguments as a list"
    )]
    Start { program: String, why: std::io::Error },
    /// Its output may hold the key and is not part of the message.
    #[error("store.recording_key_command: {program} failed ({how}): run it by hand to see why")]
    Failed { program: String, how: String },
    #[error("the key of the recordings: {0}")]
    Bad(#[from] BadKeys),
}

/// How recordings are stored.
#[derive(Clone, Debug)]
pub enum RecordingPolicy {
    Plain,
    Encrypted(Arc<Vault>),
    /// They should be encrypted and there is no key: no call is recorded, for this reason.
    Refused(String),
}

impl RecordingPolicy {
    /// What the configuration asks for. A key that cannot be read is logged; calls then go on without being recorded.
    pub fn of(store: &config::Store) -> Self {
        match load(store) {
            Ok(None) => Self::Plain,
            Ok(Some(vault)) => {
                tracing::info!(key = vault.id(), "recordings are encrypted");
                Self::Encrypted(vault)
            }
            Err(why) => {
                tracing::error!(%why, "no call is recorded until the key can be read: correct store.recording_key_file or store.recording_key_command, and restart");
                Self::Refused(why.to_string())
            }
        }
    }

    pub fn vault(&self) -> Option<&Arc<Vault>> {
        if let Self::Encrypted(vault) = self { Some(vault) } else { None }
    }
}

/// The keys that the configuration names; `None` where recordings are in the clear.
///
/// # Errors
/// [`NoKey`]: then nothing may be recorded, because it would not be encrypted.
pub fn load(store: &config::Store) -> Result<Option<Arc<Vault>>, NoKey> {
    let text = match (&store.recording_key_file, store.recording_key_command.split_first()) {
        (Some(file), _) => read(file)?,
        (None, Some((program, arguments))) => ask(program, arguments)?,
        (None, None) => return Ok(None),
    };
    Ok(Some(Arc::new(Vault::parse(&text)?)))
}

fn read(file: &Path) -> Result<String, NoKey> {
    let fault = |why| NoKey::File { file: file.to_owned(), why };
    let about = std::fs::metadata(file).map_err(fault)?;
    if std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o077 != 0 {
        return Err(NoKey::Open(file.to_owned()));
    }
    std::fs::read_to_string(file).map_err(fault)
}

fn ask(program: &str, arguments: &[String]) -> Result<String, NoKey> {
    let failed = |how: String| NoKey::Failed { program: program.into(), how };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|why| NoKey::Start { program: program.into(), why })?;
    let printed = gather(child.stdout.take());
    for _ in 0..COMMAND_TIMEOUT.as_millis() / STEP.as_millis() {
        match child.try_wait() {
            Ok(None) => std::thread::sleep(STEP),
            Ok(Some(status)) if status.success() => {
                // Not read to the end of the pipe: a child that the program left running may hold it open.
                let mut text = Vec::new();
                while let Ok(piece) = printed.recv_timeout(STEP) {
                    text.extend_from_slice(&piece);
                }
                return String::from_utf8(text).map_err(|_| failed("it prints no text".into()));
            }
            Ok(Some(status)) => return Err(failed(status.to_string())),
            Err(why) => return Err(failed(why.to_string())),
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    Err(failed(format!("no answer within {} s", COMMAND_TIMEOUT.as_secs())))
}

/// The output of the program, piece by piece; output too long for a key stays in the pipe.
fn gather(pipe: Option<ChildStdout>) -> Receiver<Vec<u8>> {
    let (pieces, printed) = sync_channel(4);
    std::thread::spawn(move || {
        let Some(mut pipe) = pipe else { return };
        let mut piece = [0; 1024];
        while let Ok(length @ 1..) = pipe.read(&mut piece) {
            if pieces.send(piece[..length].to_vec()).is_err() {
                return;
            }
        }
    });
    printed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testdir;
    use std::os::unix::fs::PermissionsExt;

    const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    fn by(file: Option<PathBuf>, command: &[&str]) -> Result<Option<Arc<Vault>>, NoKey> {
        let recording_key_command = command.iter().map(|part| (*part).to_owned()).collect();
        load(&config::Store { recording_key_file: file, recording_key_command, ..config::Store::default() })
    }

    #[test]
    fn a_key_comes_from_a_file_or_from_a_program() {
        let file = testdir("key").join("key");
        std::fs::write(&file, format!("{KEY}\n")).unwrap();
        let fault = by(Some(file.clone()), &[]).unwrap_err();
        assert!(fault.to_string().contains("chmod 600"), "{fault}");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let from_file = by(Some(file), &[]).unwrap().unwrap();
        let from_program = by(None, &["printf", KEY]).unwrap().unwrap();
        assert_eq!(from_file.id(), from_program.id());
        assert!(by(None, &[]).unwrap().is_none());
    }

    #[test]
    fn no_key_says_why_and_never_what_was_read() {
        let missing = by(Some("/nowhere/key".into()), &[]).unwrap_err().to_string();
        assert!(missing.contains("openssl rand"), "{missing}");
        for (command, word) in [
            (&["no-such-program"][..], "does not start"),
            (&["sh", "-c", "echo topsecret; exit 3"], "exit status: 3"),
            (&["printf", "topsecret"], "line 1"),
            (&["true"], "no key"),
            (&["sh", "-c", "sleep 60 & printf topsecret"], "line 1"),
        ] {
            let fault = by(None, command).unwrap_err().to_string();
            assert!(fault.contains(word) && !fault.contains("topsecret"), "{fault}");
        }
    }
}
