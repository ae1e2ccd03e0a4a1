//! The recognisers of this machine, as the configuration wants them.
use crate::config::{Acoustic, Speech, Spelling, Zipformer};
use media::Language;
use media::asr;
use media::asr::pocketsphinx::{self, Model, ModelRate, PocketSphinx};
use std::sync::Arc;

/// Scores of the same words are this much nearer to 0 in wide band than over a telephone.
const WIDE_BAND: f32 = 4.0;

/// A recogniser of grammars and one of free speech, on the same utterance.
pub fn both(ears: &[Arc<dyn asr::Recogniser>]) -> Option<Arc<dyn asr::Recogniser>> {
    let first = ears.iter().find(|ear| ear.name() == "pocketsphinx")?.clone();
    // In the order of the configuration.
    let (second, name) = ears.iter().find_map(|ear| match ear.name() {
        "whisper" => Some((ear.clone(), "pocketsphinx+whisper")),
        "zipformer" => Some((ear.clone(), "pocketsphinx+zipformer")),
        _ => None,
    })?;
    Some(Arc::new(asr::fused::Fused::new(name, first, second)))
}

pub type LoadedRecogniser = (Arc<dyn asr::Recogniser>, String);

pub fn pocketsphinx(acoustic: &Acoustic, language: Language) -> Result<Option<LoadedRecogniser>, String> {
    let (Some(hmm), Some(dictionary)) = (&acoustic.model, &acoustic.dictionary) else { return Ok(None) };
    let model = Model {
        language,
        hmm: hmm.clone(),
        dictionary: dictionary.clone(),
        spelling: match acoustic.spelling {
            Spelling::Plain => pocketsphinx::Spelling::Plain,
            Spelling::Telex => pocketsphinx::Spelling::Telex,
        },
        rate: if acoustic.rate_hz == 8_000 { ModelRate::Hz8000 } else { ModelRate::Hz16000 },
        refuse_below: [acoustic.refuse_below + WIDE_BAND, acoustic.refuse_below],
    };
    let engine = PocketSphinx::load(model).map_err(|why| why.to_string())?;
    let about = engine.describe(std::time::Instant::now);
    Ok(Some((Arc::new(engine), about)))
}

#[cfg(feature = "zipformer")]
pub fn zipformer(of: &Zipformer, language: Language) -> Result<Option<LoadedRecogniser>, String> {
    use media::asr::zipformer::{self, ZipformerPlan};
    let Some(dir) = &of.model else { return Ok(None) };
    // The folder that `switchboard models get` makes is used once it holds this file; another one is wanted.
    if *dir == Zipformer::folder(language) && matches!(dir.join("tokens.txt").try_exists(), Ok(false)) {
        return Ok(None);
    }
    let loaded = std::panic::catch_unwind(|| zipformer::Zipformer::load(ZipformerPlan::new(language, dir)))
        .map_err(|_| format!("{}: its files cannot be read: fetch the model again", dir.display()))?;
    let engine = loaded.map_err(|why| why.to_string())?;
    let about = engine.describe();
    Ok(Some((Arc::new(engine), about)))
}

#[cfg(not(feature = "zipformer"))]
pub fn zipformer(of: &Zipformer, language: Language) -> Result<Option<LoadedRecogniser>, String> {
    match &of.model {
        Some(dir) if *dir != Zipformer::folder(language) || dir.exists() => {
            Err("this binary was built without it (cargo feature `zipformer`)".into())
        }
        _ => Ok(None),
    }
}

/// One model for all its languages.
#[cfg(feature = "whisper")]
pub fn whisper(speech: &Speech) -> Result<Option<LoadedRecogniser>, String> {
    use media::asr::whisper::{Whisper, WhisperPlan};
    let Some(model) = &speech.whisper.model else { return Ok(None) };
    // The file that `make run` offers is used where it is there; one whose checksum is given is wanted.
    let is_offered = speech.whisper.model == crate::config::Whisper::default().model;
    if is_offered && speech.whisper.sha256.is_none() && matches!(model.try_exists(), Ok(false)) {
        return Ok(None);
    }
    let plan = WhisperPlan {
        sha256: speech.whisper.sha256.clone(),
        languages: speech.whisper.languages.iter().map(|language| language.0).collect(),
        ..WhisperPlan::new(model)
    };
    let engine = Whisper::load(&plan).map_err(|why| why.to_string())?;
    let about = engine.describe();
    Ok(Some((Arc::new(engine), about)))
}

#[cfg(not(feature = "whisper"))]
pub fn whisper(speech: &Speech) -> Result<Option<LoadedRecogniser>, String> {
    match speech.whisper.model {
        Some(_) => Err("this binary was built without it (cargo feature `whisper`)".into()),
        None => Ok(None),
    }
}
