//! `switchboard models`: which speech models can be used, how to get one, and whether one's file is what it should be.
use crate::console;
use anyhow::Context;
use media::asr::whisper::{Whisper, WhisperPlan, file};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// Look at this ggml file: is it a Whisper model, and does its checksum hold?
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    /// The SHA-256 that the file must have.
    #[arg(long, value_name = "HEX", requires = "check")]
    sha256: Option<String>,
}

const ADVICE: &str = "\
Switchboard works with nothing to download: English is heard by pocketsphinx in grammar mode (Debian's packages), voices are
flite and espeak-ng, voice activity is Silero (fetched by `make setup`) and earshot (inside the binary).

Better ears: a Whisper model as a ggml file.
  1. Get one: any ggml file made for whisper.cpp. `tiny` and `base` keep up with calls on two cores (about 0.3 and 0.5 s of one
     core for 2 s of speech); `base` hears what a bot expects in Vietnamese too. For free Vietnamese speech, convert PhoWhisper
     with whisper.cpp's models/convert-h5-to-ggml.py.
  2. Check it:  switchboard models --check models/ggml-base-q8_0.bin --sha256 <the checksum its publisher gives>
  3. Use it, in configs/server.toml:
       [speech.whisper]
       model = \"models/ggml-base-q8_0.bin\"
       sha256 = \"<the same checksum>\"
  4. Restart, and see that it is in use:  switchboard check
";

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Some(path) = args.check else {
        console::print(ADVICE)?;
        return Ok(ExitCode::SUCCESS);
    };
    let sum = file::sha256(&path).with_context(|| format!("cannot read {}", path.display()))?;
    console::say(format_args!("{}\n  sha256 {sum}", path.display()))?;
    if let Some(known) = file::identify(&path)? {
        console::say(format_args!("  known as {}", known.name))?;
    }
    if let Some(wanted) = &args.sha256 {
        file::verify(&path, wanted)?;
    }
    let model = Whisper::load(&WhisperPlan::new(&path))?;
    console::say(format_args!("  {}", model.describe()))?;
    console::say(format_args!("  a Whisper model that loads: set speech.whisper.model to use it"))?;
    Ok(ExitCode::SUCCESS)
}
