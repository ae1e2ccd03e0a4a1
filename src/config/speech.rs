//! `[speech]`: recognisers and synthesisers.
use super::{Ear, Ms, blank};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Speech {
    /// 0: one less than the machine has cores, but two at least, so that a long clause never delays an answer.
    pub threads: usize,
    pub listen_limit_ms: Ms,
    pub speak_limit_ms: Ms,
    pub full_wait_ms: Ms,
    #[serde(with = "blank::path")]
    pub silero: Option<PathBuf>,
    pub ear: Ear,
    pub recognisers: Recognisers,
    pub voices: Voices,
    pub pocketsphinx: Pocketsphinx,
    pub whisper: Whisper,
}

impl Speech {
    /// How many speech workers to start on a machine with `cores` cores.
    pub fn workers(&self, cores: usize) -> usize {
        if self.threads == 0 { cores.saturating_sub(1).max(2) } else { self.threads }
    }
}

impl Default for Speech {
    fn default() -> Self {
        Self {
            threads: 0,
            listen_limit_ms: Ms(700),
            speak_limit_ms: Ms(600),
            full_wait_ms: Ms(400),
            silero: Some("models/silero_vad_op18_ifless.onnx".into()),
            ear: Ear::default(),
            recognisers: Recognisers::default(),
            voices: Voices::default(),
            pocketsphinx: Pocketsphinx::default(),
            whisper: Whisper::default(),
        }
    }
}

/// Recognisers in order of preference, per language.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recognisers {
    pub en: Vec<Recogniser>,
    pub vi: Vec<Recogniser>,
}

impl Default for Recognisers {
    fn default() -> Self {
        // Whisper is in use as soon as it has a model; until then it is skipped.
        let both = vec![Recogniser::Whisper, Recogniser::Pocketsphinx];
        Self { en: both.clone(), vi: both }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Recogniser {
    Pocketsphinx,
    Whisper,
}

/// Synthesisers in order of preference, per language.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Voices {
    pub en: Vec<Synthesiser>,
    pub vi: Vec<Synthesiser>,
}

impl Default for Voices {
    fn default() -> Self {
        Self { en: vec![Synthesiser::Flite, Synthesiser::Espeak], vi: vec![Synthesiser::Espeak] }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Synthesiser {
    Flite,
    Espeak,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pocketsphinx {
    pub en: Acoustic,
    pub vi: Acoustic,
}

impl Default for Pocketsphinx {
    fn default() -> Self {
        let dir = Path::new("/usr/share/pocketsphinx/model/en-us");
        let en = Acoustic {
            model: Some(dir.join("en-us")),
            dictionary: Some(dir.join("cmudict-en-us.dict")),
            ..Acoustic::default()
        };
        Self { en, vi: Acoustic::default() }
    }
}

/// One language of pocketsphinx.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Acoustic {
    #[serde(with = "blank::path")]
    pub model: Option<PathBuf>,
    #[serde(with = "blank::path")]
    pub dictionary: Option<PathBuf>,
    pub spelling: Spelling,
    /// The rate the model was trained at: 8000 or 16000.
    pub rate_hz: u32,
    /// A hypothesis scoring below this is taken for something else than was asked for.
    pub refuse_below: f32,
}

impl Default for Acoustic {
    fn default() -> Self {
        Self { model: None, dictionary: None, spelling: Spelling::Plain, rate_hz: 16_000, refuse_below: -28.0 }
    }
}

/// How a dictionary writes its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Spelling {
    /// As they are written.
    Plain,
    /// Vietnamese in Telex (`khasch sajn`).
    Telex,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Whisper {
    #[serde(with = "blank::path")]
    pub model: Option<PathBuf>,
    #[serde(with = "blank")]
    pub sha256: Option<String>,
    pub languages: Vec<Language>,
}

impl Default for Whisper {
    fn default() -> Self {
        Self { model: None, sha256: None, languages: vec![Language::En, Language::Vi] }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    En,
    Vi,
}

impl From<Language> for media::Language {
    fn from(language: Language) -> Self {
        match language {
            Language::En => Self::En,
            Language::Vi => Self::Vi,
        }
    }
}
