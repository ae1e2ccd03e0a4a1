//! `[speech]`: recognisers and synthesisers.
use super::language::{ByLanguage, DefaultIn, LanguageCode};
use super::{Ear, Ms, RemoteRecogniser, RemoteVoice, blank};
use media::Language;
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
    /// In order of preference.
    pub recognisers: ByLanguage<Vec<Recogniser>>,
    /// In order of preference.
    pub voices: ByLanguage<Vec<Synthesiser>>,
    pub pocketsphinx: ByLanguage<Acoustic>,
    pub whisper: Whisper,
    pub remote_recogniser: Vec<RemoteRecogniser>,
    pub remote_voice: Vec<RemoteVoice>,
    pub zipformer: ByLanguage<Zipformer>,
    pub piper: ByLanguage<Piper>,
    pub kokoro: Kokoro,
    pub clauses: Clauses,
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
            recognisers: ByLanguage::default(),
            voices: ByLanguage::default(),
            pocketsphinx: ByLanguage::default(),
            whisper: Whisper::default(),
            remote_recogniser: Vec::new(),
            remote_voice: Vec::new(),
            zipformer: ByLanguage::default(),
            piper: ByLanguage::default(),
            kokoro: Kokoro::default(),
            clauses: Clauses::default(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Recogniser {
    Pocketsphinx,
    Whisper,
    Zipformer,
    /// The name of a `[[speech.remote_recogniser]]`.
    #[serde(untagged)]
    Remote(String),
}

impl DefaultIn for Vec<Recogniser> {
    fn default_in(_: Language) -> Self {
        // Each of the first two is in use as soon as it has a model; until then it is skipped.
        vec![Recogniser::Zipformer, Recogniser::Whisper, Recogniser::Pocketsphinx]
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Synthesiser {
    Kokoro,
    Piper,
    Flite,
    Espeak,
    /// The name of a `[[speech.remote_voice]]`.
    #[serde(untagged)]
    Remote(String),
}

impl DefaultIn for Vec<Synthesiser> {
    fn default_in(language: Language) -> Self {
        // The neural ones speak as soon as they have a voice; until then they are skipped.
        match language {
            Language::En => vec![Synthesiser::Kokoro, Synthesiser::Piper, Synthesiser::Flite, Synthesiser::Espeak],
            Language::Vi => vec![Synthesiser::Piper, Synthesiser::Espeak],
        }
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

impl DefaultIn for Acoustic {
    fn default_in(language: Language) -> Self {
        let dir = Path::new("/usr/share/pocketsphinx/model/en-us");
        match language {
            Language::En => Self {
                model: Some(dir.join("en-us")),
                dictionary: Some(dir.join("cmudict-en-us.dict")),
                ..Self::default()
            },
            Language::Vi => Self::default(),
        }
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
    pub languages: Vec<LanguageCode>,
}

impl Default for Whisper {
    fn default() -> Self {
        let model = Some("models/ggml-base-q8_0.bin".into());
        Self { model, sha256: None, languages: Language::ALL.map(LanguageCode).into() }
    }
}

/// One language of zipformer transducers.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Zipformer {
    /// The folder with the model's files.
    #[serde(with = "blank::path")]
    pub model: Option<PathBuf>,
}

impl Zipformer {
    /// Where `switchboard models get` puts the model of a language.
    pub fn folder(language: Language) -> PathBuf {
        format!("models/zipformer-{}", language.code()).into()
    }
}

impl DefaultIn for Zipformer {
    fn default_in(language: Language) -> Self {
        Self { model: Some(Self::folder(language)) }
    }
}

/// One language's voice of Piper.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Piper {
    /// `NAME.onnx`, with `NAME.onnx.json` beside it.
    #[serde(with = "blank::path")]
    pub model: Option<PathBuf>,
    /// One of several, by name or number.
    #[serde(with = "blank")]
    pub speaker: Option<String>,
    /// 1.0 is the publisher's pace, 1.2 a fifth faster.
    pub speed: f32,
}

impl Default for Piper {
    fn default() -> Self {
        Self { model: None, speaker: None, speed: 1.0 }
    }
}

impl DefaultIn for Piper {
    fn default_in(_: Language) -> Self {
        Self::default()
    }
}

/// Kokoro, which speaks English.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Kokoro {
    /// `kokoro-v1.0.int8.onnx`.
    #[serde(with = "blank::path")]
    pub model: Option<PathBuf>,
    /// None: [`Kokoro::VOICES`] beside the model.
    #[serde(with = "blank::path")]
    pub voices: Option<PathBuf>,
    /// By its name.
    #[serde(with = "blank")]
    pub voice: Option<String>,
    /// 1.0 is its own pace, 1.2 a fifth faster.
    pub speed: f32,
}

impl Kokoro {
    /// The publisher's file of its voices.
    pub const VOICES: &str = "voices-v1.0.bin";
}

impl Default for Kokoro {
    fn default() -> Self {
        Self { model: None, voices: None, voice: None, speed: 1.0 }
    }
}

/// Where the sound of clauses is kept between starts.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Clauses {
    /// None: nowhere.
    #[serde(with = "blank::path")]
    pub dir: Option<PathBuf>,
    pub size_mb: u32,
}

impl Default for Clauses {
    fn default() -> Self {
        Self { dir: Some("data/clauses".into()), size_mb: 256 }
    }
}
