//! The speech engines of this server, in the order the configuration gives, and the bots made ready for them.
use crate::bots::{Parsed, SlotOutline, TaskTitle};
use crate::config::{Recogniser, Speech, Synthesiser, Tools};
use crate::standby::Standby;
use crate::tools;
use dialog::bot::{Bot, Slot, Task};
use dialog::value::kind::Kind;
use futures::future::{join, join_all};
use media::Language;
use media::asr::{self, Ask, Expect, Lexicon};
use media::ear::EarPlan;
use media::remote::RemoteFault;
use media::tts::Synthesiser as _;
use media::tts::cache::Cache;
use media::tts::clause_files::ClauseFiles;
use media::tts::espeak::{self, Espeak};
use media::tts::flite::Flite;
use media::tts::loudness::Levelled;
use media::{Rate, tts, vad};
use recognisers::LoadedRecogniser;
use remote::{Account, RemoteEars, RemoteEngine, RemoteVoices, load};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;

mod recognisers;
pub mod remote;
mod voices;

/// Sound of clauses kept per engine and language: about an hour at 8 kHz.
const CACHE: usize = 64 << 20;
/// Niceness of the threads that synthesise ahead: below speech workers.
const WARM_NICE: i32 = 10;
/// How long they wait before they look again whether calls are at work.
const BUSY_WAIT: Duration = Duration::from_millis(50);

/// A bot that answers calls: its file, and what the recogniser needs of it.
pub struct Loaded {
    pub bot: Arc<Bot>,
    pub lexicon: Lexicon,
}

impl Loaded {
    pub fn voice(&self, rate: Rate) -> tts::Voice {
        tts::Voice { language: language(self.bot.language), name: self.bot.voice.clone().unwrap_or_default(), rate }
    }
}

/// What one language is heard and spoken with.
struct LanguageEngines {
    language: Language,
    ears: Arc<asr::RecogniserChain>,
    voices: Arc<tts::VoiceChain>,
    /// Each keeps what it has said: the first is warmed with what bots are known to say.
    caches: Vec<Arc<Cache>>,
    standby: Arc<Standby>,
    about: Vec<(bool, String)>,
    has_ears: bool,
    /// Voices of neural engines, which a bot may name as its voice.
    speakers: Vec<String>,
    /// Before those of this machine.
    remote_ears: RemoteEars,
    remote_voices: RemoteVoices,
}

pub struct Engines {
    pub vad: vad::Models,
    pub ear_plan: EarPlan,
    vad_about: (bool, String),
    languages: Vec<LanguageEngines>,
    /// The voices that espeak-ng has here; none where it is not installed.
    espeak_voices: Vec<String>,
}

impl Engines {
    /// Takes every engine that works; what is missing is said by [`Engines::about`] and skipped.
    pub fn load(speech: &Speech) -> Self {
        let (vad, vad_about) = match vad::Models::load(speech.silero.as_deref()) {
            Ok(models) => {
                let about = (speech.silero.is_some(), models.describe().to_owned());
                (models, about)
            }
            Err(why) => {
                // Earshot lies inside the binary: loading no file cannot fail.
                let models = vad::Models::load(None).unwrap_or_else(|_| unreachable!("no file is read"));
                let about = (false, format!("{} ({why})", models.describe()));
                (models, about)
            }
        };
        let ear = &speech.ear;
        let whisper = recognisers::whisper(speech);
        let (preroll, start, end) = (ear.preroll_ms.into(), ear.start_ms.into(), ear.end_ms.into());
        let (echo, noise, level) = (ear.echo.into(), ear.noise.into(), ear.level.into());
        let ear_plan = EarPlan { preroll, start, end, echo, noise, level };
        let files = voices::clause_files(speech);
        let languages = Language::ALL.map(|language| LanguageEngines::load(speech, &whisper, &files, language)).into();
        Self { vad, ear_plan, vad_about, languages, espeak_voices: Espeak::default().voices() }.with_remote(speech)
    }

    /// Adds the engines of other machines that the configuration names.
    pub fn with_remote(mut self, speech: &Speech) -> Self {
        let ears = load::recognisers(speech);
        let voices = load::voices(speech);
        for engines in &mut self.languages {
            let (language, name) = (engines.language, engines.language.name());
            for recogniser in &speech.recognisers[language] {
                let Recogniser::Remote(wanted) = recogniser else { continue };
                let (about, ear) = named(&ears, wanted, (name, "heard", "engine"));
                engines.about.push(about);
                engines.remote_ears.extend(ear);
            }
            for voice in &speech.voices[language] {
                let Synthesiser::Remote(wanted) = voice else { continue };
                let (about, voice) = named(&voices, wanted, (name, "spoken", "voice"));
                engines.about.push(about);
                engines.remote_voices.extend(voice);
            }
        }
        self
    }

    /// Engines given by hand, the same for all languages: for tests of what engines can do wrong.
    pub fn of(vad: vad::Models, ears: Vec<Arc<dyn asr::Recogniser>>, voices: Vec<Arc<dyn tts::Synthesiser>>) -> Self {
        let engines = |language| LanguageEngines {
            language,
            ears: Arc::new(asr::RecogniserChain::new(ears.clone())),
            voices: Arc::new(tts::VoiceChain::new(voices.clone())),
            caches: voices.iter().map(|voice| Arc::new(Cache::new(voice.clone(), CACHE))).collect(),
            standby: Arc::default(),
            about: Vec::new(),
            has_ears: !ears.is_empty(),
            speakers: Vec::new(),
            remote_ears: Vec::new(),
            remote_voices: Vec::new(),
        };
        let languages = Language::ALL.map(engines).into();
        let vad_about = (true, vad.describe().to_owned());
        Self { vad_about, vad, ear_plan: EarPlan::default(), languages, espeak_voices: Vec::new() }
    }

    fn of_language(&self, language: Language) -> &LanguageEngines {
        self.languages.iter().find(|engines| engines.language == language).unwrap_or(&self.languages[0])
    }

    pub fn ears(&self, language: Language) -> Arc<asr::RecogniserChain> {
        self.of_language(language).ears.clone()
    }

    pub fn voices(&self, language: Language) -> Arc<tts::VoiceChain> {
        self.of_language(language).voices.clone()
    }

    /// Recognisers of other machines, which hear before those of this one.
    pub fn remote_ears(&self, language: Language) -> &RemoteEars {
        &self.of_language(language).remote_ears
    }

    /// Voices of other machines, which speak before those of this one.
    pub fn remote_voices(&self, language: Language) -> &RemoteVoices {
        &self.of_language(language).remote_voices
    }

    /// How long the words of an utterance may take at most.
    pub fn longest_wait(&self, language: Language, utterance: Duration) -> Duration {
        let remote = self.remote_ears(language).iter().map(|engine| engine.patience).max().unwrap_or_default();
        remote + self.ears(language).longest_wait(language, utterance)
    }

    /// What a call falls back on when no voice answers in time.
    pub fn standby(&self, language: Language) -> Arc<Standby> {
        self.of_language(language).standby.clone()
    }

    /// Whether a bot of this language can hear at all; if not, it works by keypad.
    pub fn can_hear(&self, language: Language) -> bool {
        let engines = self.of_language(language);
        engines.has_ears || !engines.remote_ears.is_empty()
    }

    /// Whether a bot of this language has any voice.
    pub fn can_speak(&self, language: Language) -> bool {
        let engines = self.of_language(language);
        !engines.caches.is_empty() || !engines.remote_voices.is_empty()
    }

    /// Which engines serve, and what to do for better ones: one line each, with whether nothing better is to be had.
    pub fn about(&self) -> Vec<(bool, String)> {
        let (good, vad) = &self.vad_about;
        let vad = (*good, format!("voice activity: {vad}"));
        std::iter::once(vad).chain(self.languages.iter().flat_map(|engines| engines.about.clone())).collect()
    }

    /// Tries each engine of other machines once, without a caller's words: its name, and how long it took.
    pub async fn probe_remote(&self) -> Vec<(String, Result<Duration, RemoteFault>)> {
        let (mut ears, mut voices) = (RemoteEars::new(), RemoteVoices::new());
        for engines in &self.languages {
            ears.extend(engines.remote_ears.iter().cloned());
            voices.extend(engines.remote_voices.iter().cloned());
        }
        // One engine may serve several languages.
        ears.sort_by_key(|ear| ear.name());
        ears.dedup_by_key(|ear| ear.name());
        voices.sort_by_key(|voice| voice.name());
        voices.dedup_by_key(|voice| voice.name());
        let ears = join_all(ears.iter().map(async |ear| (format!("recogniser {}", ear.name()), ear.probe().await)));
        let voices =
            join_all(voices.iter().map(async |voice| (format!("voice {}", voice.name()), voice.probe().await)));
        let (mut answers, of_voices) = join(ears, voices).await;
        answers.extend(of_voices);
        answers
    }

    /// Engines that rest after a hang or a failure.
    pub fn resting(&self) -> Vec<String> {
        let resting = |engines: &LanguageEngines| {
            let name = engines.language.name();
            let ears =
                engines.ears.unhealthy().into_iter().map(move |engine| format!("{name} recogniser {engine} is ill"));
            let voices =
                engines.voices.unhealthy().into_iter().map(move |engine| format!("{name} voice {engine} is ill"));
            let remote_ears = engines.remote_ears.iter().filter(|engine| !engine.is_well()).map(|engine| engine.name());
            let remote_voices =
                engines.remote_voices.iter().filter(|engine| !engine.is_well()).map(|engine| engine.name());
            let remote_ears = remote_ears.map(|engine| format!("{name} recogniser {engine} is ill"));
            let remote_voices = remote_voices.map(|engine| format!("{name} voice {engine} is ill"));
            remote_ears.chain(remote_voices).chain(ears).chain(voices).collect::<Vec<_>>()
        };
        self.languages.iter().flat_map(resting).collect()
    }

    /// Has the standby clips and each bot's standing prompts spoken once, in the background, so that a call finds them
    /// ready. Without these threads calls synthesise what they say themselves. No prompt is begun while `is_busy` says that calls
    /// are at work.
    pub fn warm(
        self: &Arc<Self>,
        bots: Vec<Arc<Loaded>>,
        is_busy: impl Fn() -> bool + Send + Clone + 'static,
    ) -> Warming {
        let (busy, warming) = mpsc::sync_channel::<()>(1);
        for engines in &self.languages {
            for (place, cache) in engines.caches.iter().enumerate() {
                let (standby, language, cache) = (engines.standby.clone(), engines.language, cache.clone());
                // The first engine of a language is waited for; the others are for its failures.
                let busy = (place == 0).then(|| busy.clone());
                background(move || {
                    let _busy = busy;
                    // The engine before may hang; if it does not, it has spoken by then.
                    std::thread::sleep(Duration::from_secs(2) * place as u32);
                    if let Err(why) = standby.warm(cache.as_ref(), language) {
                        tracing::warn!(engine = cache.name(), %why, "the standby clips cannot be synthesised ahead");
                    }
                });
            }
        }
        let engines = self.clone();
        background(move || {
            let wait = || {
                while is_busy() {
                    std::thread::sleep(BUSY_WAIT);
                }
            };
            let each = |rate: Rate, work: &dyn Fn(&Cache, &Loaded, &tts::Voice) -> Result<(), tts::TtsFault>| {
                for loaded in &bots {
                    let engines = engines.of_language(language(loaded.bot.language));
                    let Some(cache) = engines.caches.first() else { continue };
                    if let Err(why) = work(cache, loaded, &loaded.voice(rate)) {
                        tracing::warn!(bot = loaded.bot.name, %why, "the prompts of a bot cannot be synthesised ahead");
                    }
                }
            };
            let prepare = |cache: &Cache, _: &Loaded, voice: &tts::Voice| {
                wait();
                cache.prepare(voice)
            };
            let prompts = |cache: &Cache, loaded: &Loaded, voice: &tts::Voice| {
                cache.warm(voice, loaded.bot.prompts().iter().map(String::as_str), wait).map(drop)
            };
            // Most lines are narrow; wide ones come next.
            for rate in [Rate::Hz8000, Rate::Hz16000] {
                each(rate, &prepare);
                // Browsers' calls have their prompts made when they are said.
                if rate == Rate::Hz8000 {
                    each(Rate::Hz48000, &prepare);
                }
                each(rate, &prompts);
            }
            drop(busy);
        });
        Warming(warming)
    }

    /// Whether some engine that speaks this language has a voice of that name. An engine that is not installed here may have it: then
    /// the bot speaks with another until it is.
    fn voice_exists(&self, language: Language, name: Option<&str>) -> Result<(), String> {
        let Some(name) = name.filter(|name| !name.is_empty()) else { return Ok(()) };
        let flite = if language == Language::En { &Flite::VOICES[..] } else { &[] };
        let own = |voice: &str| voice.split('-').next() == Some(language.code());
        let base = name.split('+').next().unwrap_or_default();
        let espeak = self.espeak_voices.iter().any(|voice| voice == base) || self.espeak_voices.is_empty();
        let speakers = &self.of_language(language).speakers;
        if flite.contains(&name)
            || speakers.iter().any(|speaker| speaker == name)
            || (espeak::is_voice_name(name) && own(base) && espeak)
        {
            return Ok(());
        }
        let espeak = self.espeak_voices.iter().map(String::as_str).filter(|voice| own(voice));
        let known: Vec<&str> = speakers.iter().map(String::as_str).chain(flite.iter().copied()).chain(espeak).collect();
        Err(format!(
            "no engine has a voice {name:?} for {}; use one of {}, or leave it out",
            language.name(),
            known.join(", ")
        ))
    }

    /// Reads a bot's file, and beside it in `dir` what its tools refer to and its documents.
    pub fn read_with_tools(&self, name: &str, text: &str, plan: &Tools, dir: &Path) -> Result<Parsed<Loaded>, String> {
        let mut parsed = self.read(name, text)?;
        let bot = Arc::make_mut(&mut parsed.bot.bot);
        tools::resolve(bot, plan, dir).map_err(|why| format!("{name}: {why}"))?;
        knowledge::load(bot, dir).map_err(|why| format!("{name}: {why}"))?;
        Ok(parsed)
    }

    /// Reads a bot's file and makes sure that everything it may ask can be heard.
    pub fn read(&self, name: &str, text: &str) -> Result<Parsed<Loaded>, String> {
        let bot = Bot::parse(text, name).map_err(|why| why.to_string())?.disclosed();
        let language = language(bot.language);
        let lexicon: Lexicon = Arc::new(bot.lexicon.clone());
        if self.of_language(language).has_ears {
            for expect in dialog::model::grammar::all(&bot) {
                let ask = Ask { language, expect: Expect::Grammar(expect.grammar.into()), lexicon: lexicon.clone() };
                self.ears(language).check(&ask).map_err(|why| format!("{name}: {why}"))?;
            }
        }
        self.voice_exists(language, bot.voice.as_deref()).map_err(|why| format!("{name}: `voice`: {why}"))?;
        let titles = bot.titles.iter().map(|(of, title)| (of.code().to_owned(), title.clone())).collect();
        let (tasks, slots) = (bot.tasks.iter().map(|task| title(&bot, task)).collect(), outlines(&bot));
        let code = language.code().to_owned();
        Ok(Parsed { bot: Loaded { bot: Arc::new(bot), lexicon }, language: code, titles, tasks, slots })
    }
}

fn title(bot: &Bot, task: &Task) -> TaskTitle {
    let slots = task.slots.iter().filter_map(|at| bot.slots.get(*at)).filter(|slot| !slot.secret);
    let slots = slots.map(|slot| slot.name.clone()).collect();
    TaskTitle { name: task.name.clone(), title: task.say.clone(), slots }
}

fn outlines(bot: &Bot) -> Vec<SlotOutline> {
    let choices = |kind: &Kind| match kind {
        Kind::Choice(choices) => choices.iter().map(|choice| choice.name.clone()).collect(),
        _ => Vec::new(),
    };
    let outline =
        |slot: &Slot| SlotOutline { name: slot.name.clone(), kind: slot.kind.name(), choices: choices(&slot.kind) };
    bot.slots.iter().filter(|slot| !slot.secret).map(outline).collect()
}

/// The synthesis of known prompts into the cache, in the background. Each of its threads holds a sender.
pub struct Warming(mpsc::Receiver<()>);

impl Warming {
    /// Waits until all is spoken, `limit` at most; whether it is. It blocks its thread.
    pub fn wait(self, limit: Duration) -> bool {
        self.0.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Disconnected)
    }
}

impl LanguageEngines {
    fn load(
        speech: &Speech,
        whisper: &Result<Option<LoadedRecogniser>, String>,
        files: &Option<Arc<ClauseFiles>>,
        language: Language,
    ) -> Self {
        let name = language.name();
        let mut about = Vec::new();
        let mut ears: Vec<Arc<dyn asr::Recogniser>> = Vec::new();
        for engine in &speech.recognisers[language] {
            let loaded = match engine {
                Recogniser::Pocketsphinx => recognisers::pocketsphinx(&speech.pocketsphinx[language], language),
                Recogniser::Zipformer => recognisers::zipformer(&speech.zipformer[language], language),
                Recogniser::Whisper => whisper.clone().map(|ear| ear.filter(|(ear, _)| ear.caps(language).is_some())),
                Recogniser::Remote(_) => continue,
            };
            match loaded {
                Ok(Some((engine, what))) => {
                    about.push((true, format!("{name} is heard by {what}")));
                    ears.push(engine);
                }
                // Not configured: reported only where no other recogniser is, below.
                Ok(None) => {}
                Err(why) => about.push((false, format!("{name} is not heard by {engine:?}: {why}"))),
            }
        }
        if let Some(both) = recognisers::both(&ears) {
            let second = if both.name().ends_with("zipformer") { "zipformer" } else { "Whisper" };
            about.push((true, format!("{name}: what pocketsphinx is not sure of, {second} decides")));
            ears.insert(0, both);
        }
        if ears.is_empty() {
            about.push((
                false,
                format!("{name} is not heard: its bots work by keypad (`switchboard models get whisper-base` lets them hear)"),
            ));
        }
        let (mut caches, mut speakers) = (Vec::new(), Vec::new());
        for engine in &speech.voices[language] {
            match voices::load(engine, speech, language) {
                Ok(Some(loaded)) => {
                    about.push((true, format!("{name} is spoken by {}", loaded.about)));
                    speakers.extend(loaded.speakers);
                    let cache = Cache::new(Arc::new(Levelled::new(loaded.engine)), CACHE).with_files(files.clone());
                    caches.push(Arc::new(cache));
                }
                // Not configured.
                Ok(None) => {}
                Err(why) => about.push((false, format!("{name} is not spoken by {engine:?}: {why}"))),
            }
        }
        let voices = caches.iter().map(|cache| cache.clone() as Arc<dyn tts::Synthesiser>).collect();
        Self {
            language,
            has_ears: !ears.is_empty(),
            ears: Arc::new(asr::RecogniserChain::new(ears)),
            voices: Arc::new(tts::VoiceChain::new(voices)),
            caches,
            standby: Arc::default(),
            about,
            speakers,
            remote_ears: Vec::new(),
            remote_voices: Vec::new(),
        }
    }
}

/// The engine of another machine that has this name, and what `about` says of it. `done`: what a language is by it; `kind`: what it is.
fn named<A: Account>(
    known: &load::Named<Arc<RemoteEngine<A>>>,
    wanted: &str,
    (language, done, kind): (&str, &str, &str),
) -> ((bool, String), Option<Arc<RemoteEngine<A>>>) {
    match known.iter().find(|(name, _)| name == wanted) {
        Some((_, Ok(engine))) => {
            ((true, format!("{language} is {done} by {wanted}, at {}", engine.origin())), Some(engine.clone()))
        }
        Some((_, Err(why))) => ((false, format!("{language} is not {done} by {wanted}: {why}")), None),
        None => ((false, format!("{language} is not {done} by {wanted}: there is no such {kind}")), None),
    }
}

fn background(work: impl FnOnce() + Send + 'static) {
    let work = || {
        media::pool::lower_priority(WARM_NICE);
        work();
    };
    if let Err(why) = std::thread::Builder::new().name("warm".into()).spawn(work) {
        tracing::warn!(%why, "the thread that synthesises prompts ahead did not start");
    }
}

/// The language of a bot as `media`, which knows no bots, names it.
pub const fn language(language: dialog::bot::Language) -> Language {
    match language {
        dialog::bot::Language::En => Language::En,
        dialog::bot::Language::Vi => Language::Vi,
    }
}

#[cfg(test)]
mod tests;
