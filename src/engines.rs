//! The speech engines of this server, in the order the configuration gives, and the bots made ready for them.
use crate::bots::Parsed;
use crate::config::{self, Acoustic, Speech};
use dialog::bot::Bot;
use media::asr::{self, Ask, Expect, Language, Lexicon};
use media::ear::EarPlan;
use media::pool::Pool;
use media::{tts, vad};
use std::sync::Arc;

/// A bot that answers calls: its file, and what the recogniser needs of it.
pub struct Loaded {
    pub bot: Arc<Bot>,
    pub lexicon: Lexicon,
}

/// What one language is heard and spoken with.
struct Tongue {
    language: Language,
    ears: Arc<asr::Chain>,
    voices: Arc<tts::Chain>,
    /// Engines in use, and why others are not.
    ears_about: Vec<String>,
    voices_about: Vec<String>,
    has_ears: bool,
}

pub struct Engines {
    pub vad: vad::Models,
    pub ear_plan: EarPlan,
    vad_about: String,
    tongues: Vec<Tongue>,
}

impl Engines {
    /// Takes every engine that works; what is missing is said by [`Engines::about`] and costs only itself.
    pub fn load(speech: &Speech) -> Self {
        let (vad, vad_about) = match vad::Models::load(speech.silero.as_deref()) {
            Ok(models) => (models.clone(), models.describe().to_owned()),
            Err(why) => {
                let models = vad::Models::alone();
                let about = format!("{} ({why})", models.describe());
                (models, about)
            }
        };
        let ear = &speech.ear;
        let ear_plan = EarPlan { preroll: ear.preroll_ms.into(), start: ear.start_ms.into(), end: ear.end_ms.into() };
        let tongues = [config::Language::En, config::Language::Vi].map(|language| tongue(speech, language)).into();
        Self { vad, ear_plan, vad_about, tongues }
    }

    /// Engines given by hand, the same for both languages: for tests of what engines can do wrong.
    pub fn of(vad: vad::Models, ears: Vec<Arc<dyn asr::Recogniser>>, voices: Vec<Arc<dyn tts::Synthesiser>>) -> Self {
        let tongue = |language| Tongue {
            language,
            ears: Arc::new(asr::Chain::new(ears.clone())),
            voices: Arc::new(tts::Chain::new(voices.clone())),
            ears_about: ears.iter().map(|engine| engine.name().to_owned()).collect(),
            voices_about: voices.iter().map(|engine| engine.name().to_owned()).collect(),
            has_ears: !ears.is_empty(),
        };
        let tongues = vec![tongue(Language::En), tongue(Language::Vi)];
        Self { vad_about: vad.describe().to_owned(), vad, ear_plan: EarPlan::default(), tongues }
    }

    fn tongue(&self, language: Language) -> &Tongue {
        self.tongues.iter().find(|tongue| tongue.language == language).unwrap_or(&self.tongues[0])
    }

    pub fn ears(&self, language: Language) -> Arc<asr::Chain> {
        self.tongue(language).ears.clone()
    }

    pub fn voices(&self, language: Language) -> Arc<tts::Chain> {
        self.tongue(language).voices.clone()
    }

    /// Whether a bot of this language can hear at all; if not, it works by keypad.
    pub fn can_hear(&self, language: Language) -> bool {
        self.tongue(language).has_ears
    }

    /// Which engines serve, and what to do for better ones: one line each, with whether it is as good as it gets.
    pub fn about(&self) -> Vec<(bool, String)> {
        let mut lines = vec![format!("voice activity: {}", self.vad_about)];
        for tongue in &self.tongues {
            let name = name(tongue.language);
            lines.push(format!("{name} is heard by: {}", tongue.ears_about.join("; ")));
            lines.push(format!("{name} is spoken by: {}", tongue.voices_about.join("; ")));
        }
        lines
    }

    /// Engines that rest after a hang or a failure.
    pub fn sick(&self) -> Vec<String> {
        let sick = |tongue: &Tongue| {
            let name = name(tongue.language);
            let ears = tongue.ears.sick().into_iter().map(move |engine| format!("{name} recogniser {engine} is ill"));
            let voices = tongue.voices.sick().into_iter().map(move |engine| format!("{name} voice {engine} is ill"));
            ears.chain(voices).collect::<Vec<_>>()
        };
        self.tongues.iter().flat_map(sick).collect()
    }

    /// Reads a bot's file and makes sure that everything it may ask can be heard.
    pub fn read(&self, name: &str, text: &str) -> Result<Parsed<Loaded>, String> {
        let bot = Bot::parse(text, name).map_err(|why| why.to_string())?;
        let language = language(bot.language);
        let lexicon: Lexicon = Arc::new(bot.lexicon.clone());
        if self.can_hear(language) {
            for expect in bot.asks() {
                let ask = Ask { language, expect: Expect::Grammar(expect.grammar.into()), lexicon: lexicon.clone() };
                self.ears(language).check(&ask).map_err(|why| why.to_string())?;
            }
        }
        let code = code(language).to_owned();
        Ok(Parsed { bot: Loaded { bot: Arc::new(bot), lexicon }, language: code })
    }
}

pub const fn language(language: dialog::bot::Language) -> Language {
    match language {
        dialog::bot::Language::En => Language::En,
        dialog::bot::Language::Vi => Language::Vi,
    }
}

pub const fn code(language: Language) -> &'static str {
    match language {
        Language::En => "en",
        Language::Vi => "vi",
    }
}

const fn name(language: Language) -> &'static str {
    match language {
        Language::En => "English",
        Language::Vi => "Vietnamese",
    }
}
