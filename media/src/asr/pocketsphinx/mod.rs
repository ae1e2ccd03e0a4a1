//! PocketSphinx's models in grammar mode: the recogniser that needs no download. It recognises what a grammar allows and
//! rejects other speech.
//!
//! The models are loaded and searched here, without the library (ADR 14): one copy serves all callers, and a frame of sound is
//! scored once for both searches. While the caller speaks, one search gives partial words. The final result decodes the whole
//! utterance, with its own cepstral mean, against the grammar and against a free phone loop; words that score far below the
//! phones are rejected (see [`confidence`]). [`Cost`] has the cost of a model.
mod acoustic;
mod confidence;
mod decoder;
mod dictionary;
mod files;
mod front;
mod graph;
mod hearing;
mod mixtures;
mod network;
mod search;
mod segment;
mod sound;
#[cfg(test)]
mod synthetic;
pub mod telex;
#[cfg(test)]
mod tests;

use super::ready_grammars::ReadyGrammars;
use super::{Ask, AsrFault, Caps, Expect, Hearing, Lexicon, Recogniser};
use crate::Language;
use acoustic::Acoustic;
use dictionary::Dictionary;
pub use dictionary::Spelling;
use graph::{Graph, GraphPlan};
use network::Network;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
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
    /// Scores below this are rejected, see [`confidence`]: for wide band and for narrow band. Sentences that a grammar weights as
    /// likely may score lower by [`confidence::trust`].
    pub refuse_below: [f32; 2],
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
        }
    }

    /// A model trained on telephone speech at 8 kHz. The threshold suits a small model of a few phrases.
    pub fn telephone(language: Language, hmm: &Path, dictionary: &Path, spelling: Spelling) -> Self {
        let (hmm, dictionary) = (hmm.to_owned(), dictionary.to_owned());
        let rate = ModelRate::Hz8000;
        Self { language, hmm, dictionary, spelling, rate, refuse_below: [-32.0; 2] }
    }
}

/// The cost of a model.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// The time to load it.
    pub load: Duration,
    /// Bytes of memory for all callers together; `None` where the system does not report it.
    pub bytes: Option<u64>,
}

/// A compiled grammar.
struct Grammar {
    graph: Arc<Graph>,
    network: Network,
}

pub struct PocketSphinx {
    model: Arc<LoadedModel>,
}

struct LoadedModel {
    model: Model,
    acoustic: Acoustic,
    dictionary: Dictionary,
    /// By the SHA-256 of their text and lexicon.
    grammars: ReadyGrammars<[u8; 32], Grammar>,
}

impl PocketSphinx {
    /// Loads the dictionary and the model.
    pub fn load(model: Model) -> Result<Self, AsrFault> {
        let unusable = |what: &Path, why: &dyn std::fmt::Display| {
            AsrFault::Model(format!("{}: {why}; install pocketsphinx-en-us or correct the path", what.display()))
        };
        if !model.hmm.join("mdef").is_file() {
            return Err(unusable(&model.hmm, &"no acoustic model there"));
        }
        let dictionary =
            Dictionary::load(&model.dictionary, model.spelling).map_err(|error| unusable(&model.dictionary, &error))?;
        let acoustic = Acoustic::load(&model.hmm, model.rate.hz()).map_err(|why| unusable(&model.hmm, &why))?;
        Ok(Self { model: Arc::new(LoadedModel { model, acoustic, dictionary, grammars: ReadyGrammars::default() }) })
    }

    /// A description with the measured cost of the model, for `check`.
    pub fn describe(&self, now: impl FnMut() -> std::time::Instant) -> String {
        let cost = match self.measure(now) {
            Ok(Cost { load, bytes: Some(bytes) }) => {
                format!(
                    "its model loads in {} ms and takes {:.1} MB, once for all calls",
                    load.as_millis(),
                    bytes as f64 / 1e6
                )
            }
            Ok(Cost { load, bytes: None }) => format!("its model loads in {} ms", load.as_millis()),
            Err(why) => format!("its model loads no more: {why}"),
        };
        format!("pocketsphinx, in grammar mode; {cost}")
    }

    /// Loads the model once more and measures it. `now` is called before and after.
    pub fn measure(&self, mut now: impl FnMut() -> std::time::Instant) -> Result<Cost, AsrFault> {
        let (before, from) = (resident(), now());
        let again = Acoustic::load(&self.model.model.hmm, self.model.model.rate.hz()).map_err(AsrFault::Model)?;
        let load = now().saturating_duration_since(from);
        let bytes = before.zip(resident()).map(|(before, after)| after.saturating_sub(before));
        drop(again);
        Ok(Cost { load, bytes })
    }
}

/// The resident memory of the process.
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

    fn check(&self, ask: &Ask) -> Result<(), AsrFault> {
        self.model.grammar(ask).map(drop)
    }

    fn open(&self, ask: &Ask) -> Result<Box<dyn Hearing>, AsrFault> {
        let grammar = self.model.grammar(ask)?;
        Ok(Box::new(hearing::Utterance::new(self.model.clone(), grammar)))
    }
}

impl LoadedModel {
    fn no_phone(&self, word: &str, phone: &str) -> AsrFault {
        let has = self.acoustic.phones.names.join(" ");
        AsrFault::Grammar(format!("{word:?} is said with the phone {phone:?}, and the model has only these: {has}"))
    }

    fn grammar(&self, ask: &Ask) -> Result<Arc<Grammar>, AsrFault> {
        if ask.language != self.model.language {
            return Err(AsrFault::Language(format!("{:?}", ask.language)));
        }
        let Expect::Grammar(jsgf) = &ask.expect else {
            return Err(AsrFault::Grammar("pocketsphinx hears what a grammar allows, not free speech".into()));
        };
        let mut key = ring::digest::Context::new(&ring::digest::SHA256);
        key.update(jsgf.as_bytes());
        for (word, phones) in ask.lexicon.iter() {
            key.update(format!("\n{word}\t{}", phones.join(" ")).as_bytes());
        }
        let mut name = [0; 32];
        name.copy_from_slice(key.finish().as_ref());
        self.grammars.get(name, || self.compile(jsgf, &ask.lexicon))
    }

    fn compile(&self, jsgf: &str, lexicon: &Lexicon) -> Result<Grammar, AsrFault> {
        let network = Network::parse(jsgf).map_err(AsrFault::Grammar)?;
        let words = self.dictionary.cut(&network.words(), lexicon).map_err(AsrFault::Pronunciation)?;
        // A phone that the model lacks is reported at load.
        let mut said: HashMap<String, Vec<Vec<u8>>> = HashMap::new();
        for (word, pronunciations) in words {
            let id = |phone: &str| self.acoustic.phones.id(phone).ok_or_else(|| self.no_phone(&word, phone));
            let pronunciations: Result<Vec<Vec<u8>>, AsrFault> =
                pronunciations.iter().map(|pronunciation| pronunciation.split(' ').map(id).collect()).collect();
            said.insert(word.clone(), pronunciations?);
        }
        let (arcs, states, final_state) = network.arcs();
        let plan = GraphPlan { states, final_state, arcs: &arcs, words: &said };
        let graph = Arc::new(Graph::build(&self.acoustic, &plan).map_err(AsrFault::Grammar)?);
        Ok(Grammar { graph, network })
    }
}
