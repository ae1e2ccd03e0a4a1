//! How fast this machine hears or speaks with a model that is here.
use super::catalogue::{Model, ModelKind};
use crate::measure;
use media::Language;
use media::asr::Recogniser;
use media::asr::whisper::{Whisper, WhisperPlan};
use media::tts::Synthesiser;
use media::tts::espeak::Espeak;
use media::tts::flite::Flite;
use std::path::Path;

/// What two seconds of speech take with a recogniser's model or a voice that is here.
pub fn seconds(model: &Model, dir: &Path) -> Option<f64> {
    let path = dir.join(model.place().filter(|_| model.is_whole(dir))?);
    let cost = |engine: &dyn Recogniser, language| {
        let (flite, espeak) = (Flite::load(), Espeak::default());
        let pcm = measure::utterance([&flite as &dyn Synthesiser, &espeak], language);
        measure::recogniser(engine, language, &pcm).ok()
    };
    match model.task {
        ModelKind::Whisper { .. } => {
            let engine = Whisper::load(&WhisperPlan::new(path)).ok()?;
            cost(&engine, Language::En).map(|cost| cost.wait.as_secs_f64())
        }
        #[cfg(feature = "zipformer")]
        ModelKind::Zipformer(language) => {
            use media::asr::zipformer::{Zipformer, ZipformerPlan};
            let engine = Zipformer::load(ZipformerPlan::new(language, path)).ok()?;
            cost(&engine, language).map(|cost| cost.work.as_secs_f64())
        }
        #[cfg(feature = "piper")]
        ModelKind::Piper(language) => {
            use media::tts::piper::{Piper, PiperPlan};
            let engine = Piper::load(&PiperPlan::new(language, path)).ok()?;
            measure::voice(&engine, language).ok().map(|cost| 2.0 * cost.factor)
        }
        #[cfg(feature = "kokoro")]
        ModelKind::Kokoro => {
            use media::tts::kokoro::{Kokoro, KokoroPlan};
            let voices = path.with_file_name(crate::config::Kokoro::VOICES);
            let engine = Kokoro::load(&KokoroPlan::new(path, voices)).ok()?;
            measure::voice(&engine, Language::En).ok().map(|cost| 2.0 * cost.factor)
        }
        _ => None,
    }
}
