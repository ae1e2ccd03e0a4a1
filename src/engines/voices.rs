//! The voices of this machine, as the configuration wants them.
use crate::config::{Kokoro, Piper, Speech, Synthesiser};
use media::Language;
use media::tts;
use media::tts::clause_files::ClauseFiles;
use media::tts::espeak::Espeak;
use media::tts::flite::Flite;
use std::sync::Arc;

/// A voice of this machine.
pub struct LoadedVoice {
    pub engine: Arc<dyn tts::Synthesiser>,
    /// In words for people.
    pub about: String,
    /// The names of its own that a bot may give as its voice.
    pub speakers: Vec<String>,
}

impl LoadedVoice {
    fn new(about: impl Into<String>, engine: impl tts::Synthesiser + 'static) -> Self {
        Self { engine: Arc::new(engine), about: about.into(), speakers: Vec::new() }
    }
}

#[cfg(feature = "piper")]
fn piper(of: &Piper, language: Language) -> Result<Option<LoadedVoice>, String> {
    use media::tts::piper::{self, PiperPlan};
    let Some(model) = &of.model else { return Ok(None) };
    let plan = PiperPlan { speaker: of.speaker.clone(), speed: of.speed, ..PiperPlan::new(language, model) };
    // rten panics at some damaged files.
    let loaded = std::panic::catch_unwind(|| piper::Piper::load(&plan))
        .map_err(|_| format!("{} cannot be read: fetch the voice again", model.display()))?;
    let engine = loaded.map_err(|why| why.to_string())?;
    let (about, mut speakers): (_, Vec<String>) = (engine.describe(), engine.speakers().map(str::to_owned).collect());
    speakers.sort_unstable();
    Ok(Some(LoadedVoice { speakers, ..LoadedVoice::new(about, engine) }))
}

#[cfg(not(feature = "piper"))]
fn piper(of: &Piper, _: Language) -> Result<Option<LoadedVoice>, String> {
    match of.model {
        Some(_) => Err("this binary was built without it (cargo feature `piper`)".into()),
        None => Ok(None),
    }
}

#[cfg(feature = "kokoro")]
fn kokoro(of: &Kokoro, language: Language) -> Result<Option<LoadedVoice>, String> {
    use media::tts::kokoro::{self, KokoroPlan};
    let Some(model) = &of.model else { return Ok(None) };
    if language != Language::En {
        return Err("it speaks English alone".into());
    }
    let voices = of.voices.clone().unwrap_or_else(|| model.with_file_name(Kokoro::VOICES));
    let plan = KokoroPlan { voice: of.voice.clone(), speed: of.speed, ..KokoroPlan::new(model, voices) };
    // rten panics at some damaged files.
    let loaded = std::panic::catch_unwind(|| kokoro::Kokoro::load(&plan))
        .map_err(|_| format!("{} cannot be read: fetch it again", model.display()))?;
    let engine = loaded.map_err(|why| why.to_string())?;
    let (about, speakers) = (engine.describe(), engine.speakers().map(str::to_owned).collect());
    Ok(Some(LoadedVoice { speakers, ..LoadedVoice::new(about, engine) }))
}

#[cfg(not(feature = "kokoro"))]
fn kokoro(of: &Kokoro, _: Language) -> Result<Option<LoadedVoice>, String> {
    match of.model {
        Some(_) => Err("this binary was built without it (cargo feature `kokoro`)".into()),
        None => Ok(None),
    }
}

/// The folder for clauses between starts, which only neural voices use.
pub fn clause_files(speech: &Speech) -> Option<Arc<ClauseFiles>> {
    let is_used = |language: &Language| {
        let has = |engine| speech.voices[*language].contains(&engine);
        has(Synthesiser::Piper) && speech.piper[*language].model.is_some()
            || has(Synthesiser::Kokoro) && speech.kokoro.model.is_some()
    };
    let dir = speech.clauses.dir.as_ref().filter(|_| Language::ALL.iter().any(is_used))?;
    let opened = ClauseFiles::open(dir, u64::from(speech.clauses.size_mb) << 20);
    opened
        .inspect_err(|why| tracing::warn!(dir = %dir.display(), %why, "clauses are not kept between starts"))
        .ok()
        .map(Arc::new)
}

fn espeak() -> Result<LoadedVoice, String> {
    let espeak = Espeak::new("espeak-ng");
    espeak.check().map_err(|why| why.to_string())?;
    Ok(LoadedVoice::new("espeak", espeak))
}

/// Loads a voice. `Ok(None)`: nothing is configured for it, or it is one of another machine.
///
/// # Errors
/// Why it does not speak, and what to do.
pub fn load(voice: &Synthesiser, speech: &Speech, language: Language) -> Result<Option<LoadedVoice>, String> {
    match voice {
        Synthesiser::Kokoro => kokoro(&speech.kokoro, language),
        Synthesiser::Piper => piper(&speech.piper[language], language),
        Synthesiser::Flite => Ok(Some(LoadedVoice::new("flite", Flite::load()))),
        Synthesiser::Espeak => espeak().map(Some),
        Synthesiser::Remote(_) => Ok(None),
    }
}
