//! `switchboard models list`: what can be had, what is there, what is in use, and how fast it is here.
use super::catalogue::{Availability, MODELS, Model, ModelKind};
use super::get::uses;
use super::progress::megabytes;
use super::speed::seconds;
use crate::config::{Config, Fault};
use crate::console;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// The directory models are looked for in.
    #[arg(long, default_value = "models")]
    dir: PathBuf,
    #[arg(long, env = "SWITCHBOARD_CONFIG", default_value = "configs/server.toml")]
    config: PathBuf,
}

impl Default for Args {
    fn default() -> Self {
        let config = std::env::var_os("SWITCHBOARD_CONFIG").map(PathBuf::from);
        Self { dir: "models".into(), config: config.unwrap_or_else(|| "configs/server.toml".into()) }
    }
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let loaded = if args.config.is_file() { Config::load(Some(&args.config)) } else { Ok(Config::default()) };
    let told = |why: &Fault| console::warn(format_args!("what is in use is not known: {why}"));
    let config = loaded.inspect_err(told).ok();
    console::say(format_args!(
        "{:22}{:36}{:>9}  {:24}{:15}{}",
        "name", "hears or speaks", "size", "licence", "2 s of speech", "here"
    ))?;
    // What one model takes here tells what the others would.
    let measured: Vec<Option<f64>> = MODELS.iter().map(|model| seconds(model, &args.dir)).collect();
    let unit = MODELS.iter().zip(&measured).find_map(|(model, seconds)| match model.task {
        ModelKind::Whisper { cost: Some(cost) } => seconds.map(|seconds| seconds / cost),
        _ => None,
    });
    for (model, measured) in MODELS.iter().zip(measured) {
        console::say(format_args!("{}", line(model, measured, unit, &state(model, &args.dir, config.as_ref()))))?;
    }
    console::say(format_args!(
        "\n2 s of speech: what one core takes for it{}.\nswitchboard models get NAME fetches one, with its checksum checked.",
        match unit {
            Some(_) => "; ~ is reckoned from those that are here",
            None => ", × whisper-base, of which none is here",
        }
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn line(model: &Model, measured: Option<f64>, unit: Option<f64>, state: &str) -> String {
    let speed = match (model.task, measured, unit) {
        (_, Some(seconds), _) => format!("{seconds:.2} s"),
        (ModelKind::Whisper { cost: Some(cost) }, None, Some(unit)) => format!("~{:.1} s", cost * unit),
        (ModelKind::Whisper { cost: Some(cost) }, None, None) => format!("{cost:.1} ×"),
        _ => "-".into(),
    };
    let (size, licence) = (megabytes(model.bytes), model.licence.name);
    format!("{:22}{:36}{size:>9}  {licence:24}{speed:15}{state}", model.name, what(model))
}

fn what(model: &Model) -> String {
    match model.task {
        ModelKind::Whisper { .. } | ModelKind::Zipformer(_) => format!("hears {}", model.languages),
        ModelKind::VoiceActivity => "notices speech".into(),
        ModelKind::Piper(_) | ModelKind::Kokoro => format!("speaks {}", model.languages),
        ModelKind::TurnEnd => "notices the end of a turn".into(),
    }
}

/// Whether the file is there, as long as it should be, and in use as far as the configuration is known.
fn state(model: &Model, dir: &Path, config: Option<&Config>) -> String {
    match &model.availability {
        Availability::Unread { .. } => "no engine of this version reads it yet".into(),
        Availability::ByHand { .. } => "by hand: `switchboard models get` says how".into(),
        Availability::Fetched(_) | Availability::Folder { .. } => match model.place().map(|place| dir.join(place)) {
            Some(place) if !place.exists() => "-".into(),
            _ if !model.is_whole(dir) => "there, but not whole".into(),
            Some(place) if config.is_some_and(|config| uses(config, &place)) => "fetched, in use".into(),
            _ => "fetched".into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::find;
    use super::*;
    use media::Language;

    #[test]
    fn each_line_says_speed_as_far_as_it_is_known_and_what_is_here() {
        let (base, small) = (find("whisper-base").unwrap(), find("whisper-small").unwrap());
        let measured = line(base, Some(0.553), Some(0.55), "fetched, in use");
        assert!(
            measured.contains("81.8 MB") && measured.contains(" MIT ") && measured.contains("0.55 s"),
            "{measured}"
        );
        assert!(measured.contains("Vietnamese") && measured.ends_with("fetched, in use"), "{measured}");
        assert!(line(small, None, Some(0.5), "-").contains("~2.1 s"));
        assert!(line(small, None, None, "-").contains("4.2 ×"));
        assert!(line(find("silero").unwrap(), None, None, "-").contains("notices speech"));
    }

    #[test]
    fn a_file_is_in_use_fetched_damaged_or_not_there() {
        let dir = crate::testdir("list");
        let (silero, mut config) = (find("silero").unwrap(), Config::default());
        assert_eq!(state(silero, &dir, Some(&config)), "-");
        let path = dir.join("silero_vad_op18_ifless.onnx");
        std::fs::write(&path, "x").unwrap();
        assert_eq!(state(silero, &dir, Some(&config)), "there, but not whole");
        std::fs::write(&path, vec![0; silero.bytes as usize]).unwrap();
        assert_eq!(state(silero, &dir, Some(&config)), "fetched");
        config.speech.silero = Some(path);
        assert_eq!(state(silero, &dir, Some(&config)), "fetched, in use");
        assert_eq!(state(silero, &dir, None), "fetched", "of a faulty configuration nothing is said");
        assert!(state(find("smart-turn").unwrap(), &dir, None).contains("no engine"));
        let folder = find("zipformer-en").unwrap();
        assert_eq!(state(folder, &dir, None), "-");
        std::fs::create_dir_all(dir.join("zipformer-en")).unwrap();
        assert_eq!(state(folder, &dir, None), "there, but not whole");
        for item in folder.items() {
            std::fs::File::create(dir.join(&item.path)).unwrap().set_len(item.bytes).unwrap();
        }
        assert_eq!(state(folder, &dir, None), "fetched");
        config.speech.zipformer[Language::En].model = Some(dir.join("zipformer-en"));
        assert_eq!(state(folder, &dir, Some(&config)), "fetched, in use");
        assert!(line(folder, Some(0.06), None, "fetched").contains("hears English"));
    }
}
