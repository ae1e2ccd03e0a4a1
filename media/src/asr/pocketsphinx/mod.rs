//! PocketSphinx: the recogniser that works with nothing to download. It hears what a grammar allows and says when it heard
//! something else.
//!
//! While the caller speaks, one decoder follows the sound for partial words. The final comes from hearing the whole
//! utterance again, with its own cepstral mean, against the grammar and against a free loop of phones: words the phones
//! speak against are refused (see [`confidence`]). What it costs is in [`Cost`].
mod confidence;
mod decoder;
mod dictionary;
mod hearing;
mod jsgf;
mod network;
mod sound;
pub mod telex;
#[cfg(test)]
mod tests;

use super::{Ask, Caps, Expect, Fault, Hearing, Language, Recogniser};
use decoder::Decoder;
use dictionary::Dictionary;
pub use dictionary::Spelling;
use network::Network;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use sound::ModelRate;

/// One acoustic model and how it is used.
#[derive(Clone, Debug)]
pub struct Model {
    pub language: Language,
    /// The directory of the acoustic model (`mdef`, `means`, …).
    pub hmm: PathBuf,
    pub dictionary: PathBuf,
    pub spelling: Spelling,
    pub rate: ModelRate,
    /// A hypothesis scoring below this is refused, see [`confidence`]: in wide band, and over a telephone. An answer that
    /// a grammar calls likely may score lower, by [`confidence::trust`].
    pub refuse_below: [f32; 2],
    /// Decoders that may follow callers for partial words at a time; beyond it finals still come, partials do not.
    pub decoders: usize,
}

impl Model {
    /// Debian's `pocketsphinx-en-us`.
    pub fn debian_english() -> Self {
        let base = Path::new("/usr/share/pocketsphinx/model/en-us");
        Self {
            language: Language::En,
            hmm: base.join("en-us"),
            dictionary: base.join("cmudict-en-us.dict"),
            spelling: Spelling::Plain,
            rate: ModelRate::Hz16000,
            refuse_below: [-24.0, -28.0],
            decoders: 96,
        }
    }

    /// A model trained on telephone speech at 8 kHz. The threshold suits a small model of a few phrases.
    pub fn telephone(language: Language, hmm: &Path, dictionary: &Path, spelling: Spelling) -> Self {
        let (hmm, dictionary) = (hmm.to_owned(), dictionary.to_owned());
        let rate = ModelRate::Hz8000;
        Self { language, hmm, dictionary, spelling, rate, refuse_below: [-32.0; 2], decoders: 96 }
    }
}

/// What the engine costs, measured by [`PocketSphinx::measure`].
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// From nothing to a decoder ready for a grammar.
    pub start: Duration,
    /// Further bytes of memory per decoder; `None` where the system does not tell.
    pub bytes: Option<u64>,
}

/// A grammar ready to be heard.
struct Grammar {
    name: String,
    fsg: String,
    words: Vec<(String, String)>,
    network: Network,
}

/// Grammars kept ready; the one unused longest goes first.
const GRAMMARS: usize = 64;

pub struct PocketSphinx {
    model: Arc<Loaded>,
}

struct Loaded {
    model: Model,
    dictionary: Dictionary,
    grammars: Mutex<VecDeque<Arc<Grammar>>>,
    /// Idle decoders: for partial words (fast), and for finals (every state scored, so that two searches compare).
    live: Mutex<Vec<Decoder>>,
    whole: Mutex<Vec<Decoder>>,
    live_out: AtomicUsize,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Live,
    Whole,
}

impl PocketSphinx {
    /// Loads the dictionary and a first decoder of each kind, so that a broken model is found now.
    pub fn load(model: Model) -> Result<Self, Fault> {
        let unusable = |what: &Path, why: &dyn std::fmt::Display| {
            Fault::Model(format!("{}: {why}; install pocketsphinx-en-us or correct the path", what.display()))
        };
        if !model.hmm.join("mdef").is_file() {
            return Err(unusable(&model.hmm, &"no acoustic model there"));
        }
        let dictionary =
            Dictionary::load(&model.dictionary, model.spelling).map_err(|error| unusable(&model.dictionary, &error))?;
        let loaded = Loaded {
            model,
            dictionary,
            grammars: Mutex::default(),
            live: Mutex::default(),
            whole: Mutex::default(),
            live_out: AtomicUsize::new(0),
        };
        let (live, whole) = (loaded.new_decoder(Use::Live)?, loaded.new_decoder(Use::Whole)?);
        lock(&loaded.live).push(live);
        lock(&loaded.whole).push(whole);
        Ok(Self { model: Arc::new(loaded) })
    }

    /// The engine in words for people, with its cost measured now; for `check`.
    pub fn describe(&self, now: impl FnMut() -> std::time::Instant) -> String {
        let cost = match self.measure(now) {
            Ok(Cost { start, bytes: Some(bytes) }) => {
                format!("a decoder starts in {} ms and takes {:.1} MB", start.as_millis(), bytes as f64 / 1e6)
            }
            Ok(Cost { start, bytes: None }) => format!("a decoder starts in {} ms", start.as_millis()),
            Err(why) => format!("no further decoder: {why}"),
        };
        format!("pocketsphinx, in grammar mode; {cost}")
    }

    /// Starts one more decoder and measures it. `now` is asked before and after.
    pub fn measure(&self, mut now: impl FnMut() -> std::time::Instant) -> Result<Cost, Fault> {
        let (before, from) = (resident(), now());
        let decoder = self.model.new_decoder(Use::Live)?;
        let start = now().saturating_duration_since(from);
        let bytes = before.zip(resident()).map(|(before, after)| after.saturating_sub(before));
        lock(&self.model.live).push(decoder);
        Ok(Cost { start, bytes })
    }
}

/// The process's memory now.
fn resident() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    statm.split_whitespace().nth(1)?.parse::<u64>().ok().map(|pages| pages * 4096)
}

impl Recogniser for PocketSphinx {
    fn name(&self) -> &'static str {
        "pocketsphinx"
    }

    fn caps(&self, language: Language) -> Option<Caps> {
        (language == self.model.model.language).then_some(Caps { needs_grammar: true, partials: true })
    }

    fn check(&self, ask: &Ask) -> Result<(), Fault> {
        self.model.grammar(ask).map(drop)
    }

    fn open(&self, ask: &Ask) -> Result<Box<dyn Hearing>, Fault> {
        let grammar = self.model.grammar(ask)?;
        Ok(Box::new(hearing::Utterance::new(self.model.clone(), grammar)))
    }
}

impl Loaded {
    fn new_decoder(&self, kind: Use) -> Result<Decoder, Fault> {
        let path = |path: &Path| path.to_string_lossy().into_owned();
        let model = &self.model;
        let rate = match model.rate {
            ModelRate::Hz8000 => "8000",
            ModelRate::Hz16000 => "16000",
        };
        let whole = if kind == Use::Whole { "yes" } else { "no" };
        let options = [
            ("-hmm", path(&model.hmm)),
            // Words come with each grammar.
            ("-dict", "/dev/null".into()),
            ("-samprate", rate.into()),
            ("-allphone_ci", "yes".into()),
            ("-compallsen", whole.into()),
            ("-topn", "2".into()),
            ("-wip", confidence::INSERTION.to_string()),
            // The ear has its own voice activity, and its echo canceller the noise.
            ("-remove_silence", "no".into()),
            ("-remove_noise", "no".into()),
        ];
        Decoder::new(&options.map(|(key, value)| (key.to_owned(), value)))
    }

    fn grammar(&self, ask: &Ask) -> Result<Arc<Grammar>, Fault> {
        if ask.language != self.model.language {
            return Err(Fault::Language(format!("{:?}", ask.language)));
        }
        let Expect::Grammar(jsgf) = &ask.expect else {
            return Err(Fault::Grammar("pocketsphinx hears what a grammar allows, not free speech".into()));
        };
        let mut key = ring::digest::Context::new(&ring::digest::SHA256);
        key.update(jsgf.as_bytes());
        for (word, phones) in ask.lexicon.iter() {
            key.update(format!("\n{word}\t{}", phones.join(" ")).as_bytes());
        }
        let name: String = key.finish().as_ref()[..12].iter().map(|byte| format!("{byte:02x}")).collect();
        let mut known = lock(&self.grammars);
        if let Some(at) = known.iter().position(|grammar| grammar.name == name)
            && let Some(grammar) = known.remove(at)
        {
            known.push_front(grammar.clone());
            return Ok(grammar);
        }
        drop(known);
        let network = Network::parse(jsgf).map_err(Fault::Grammar)?;
        let words = self.dictionary.cut(&network.words(), &ask.lexicon).map_err(Fault::Pronunciation)?;
        let fsg = network.fsg(|word| dictionary::alias(word, &ask.lexicon));
        let grammar = Arc::new(Grammar { name, fsg, words, network });
        // A phone the model does not have, or a grammar the decoder cannot take, shows now and not in a call.
        self.with_whole(|decoder| decoder.learn(&grammar.name, &grammar.fsg, &grammar.words))?;
        let mut known = lock(&self.grammars);
        known.push_front(grammar.clone());
        known.truncate(GRAMMARS);
        Ok(grammar)
    }

    /// Lends a decoder for a whole utterance. There are as many as workers ask at once.
    fn with_whole<T>(&self, work: impl FnOnce(&mut Decoder) -> Result<T, Fault>) -> Result<T, Fault> {
        let idle = lock(&self.whole).pop();
        let mut decoder = match idle {
            Some(decoder) => decoder,
            None => self.new_decoder(Use::Whole)?,
        };
        let result = work(&mut decoder);
        decoder.rest();
        lock(&self.whole).push(decoder);
        result
    }

    /// A decoder to follow one caller, while there is one.
    fn take_live(&self) -> Option<Decoder> {
        if self.live_out.fetch_add(1, Ordering::AcqRel) < self.model.decoders {
            let idle = lock(&self.live).pop();
            if let Some(decoder) = idle.or_else(|| self.new_decoder(Use::Live).ok()) {
                return Some(decoder);
            }
        }
        self.live_out.fetch_sub(1, Ordering::AcqRel);
        None
    }

    fn give_live(&self, mut decoder: Decoder) {
        decoder.rest();
        self.live_out.fetch_sub(1, Ordering::AcqRel);
        lock(&self.live).push(decoder);
    }
}
