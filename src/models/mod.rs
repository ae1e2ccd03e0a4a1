//! `switchboard models`: which speech models can be had, fetches them, and says whether one's file is what it should be.
pub mod catalogue;
mod convert;
mod fetch;
mod folder;
mod get;
mod kokoro;
mod list;
mod mirror;
mod model;
mod progress;
mod settings;
mod speed;
mod wheel;

use crate::console;
use anyhow::Context;
use media::asr::whisper::{Whisper, WhisperPlan, file};
pub use progress::megabytes;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List the models that can be had, how fast they are here, which are here and which are in use.
    List(list::Args),
    /// Fetch models, from their publishers or a mirror, and check them.
    Get(get::Args),
    /// Look at a ggml file: is it a Whisper model, and does its checksum hold?
    Check {
        file: PathBuf,
        /// The SHA-256 that the file must have.
        #[arg(long, value_name = "HEX")]
        sha256: Option<String>,
    },
}

pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        None => list::run(&list::Args::default()),
        Some(Command::List(args)) => list::run(&args),
        Some(Command::Get(args)) => get::run(args).await,
        Some(Command::Check { file, sha256 }) => check(&file, sha256.as_deref()),
    }
}

fn check(path: &Path, wanted: Option<&str>) -> anyhow::Result<ExitCode> {
    let sum = file::sha256(path).with_context(|| format!("cannot read {}", path.display()))?;
    console::say(format_args!("{}\n  sha256 {sum}", path.display()))?;
    let known = catalogue::by_sum(&sum);
    if let Some(known) = known {
        console::say(format_args!("  known as {}", known.name))?;
    }
    if let Some(wanted) = wanted {
        file::compare(path, sum, wanted)?;
    }
    if known.is_some_and(|known| !matches!(known.task, catalogue::ModelKind::Whisper { .. })) {
        console::say(format_args!("  whole"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let model = Whisper::load(&WhisperPlan::new(path))?;
    console::say(format_args!("  {}", model.describe()))?;
    console::say(format_args!("  a Whisper model that loads: set speech.whisper.model to use it"))?;
    Ok(ExitCode::SUCCESS)
}
