//! `OwnWords`: the words of a bot's own texts, cut once and not in each turn of each call.
use crate::value::capture::fold;
use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

/// Words as they are written in Vietnamese, and as people write them who leave out the diacritics.
#[derive(Debug)]
pub(crate) struct Phrase {
    pub words: Vec<String>,
    bare: Vec<String>,
}

impl Phrase {
    pub fn new(words: Vec<String>) -> Self {
        let bare = words.iter().map(|word| fold(word)).collect();
        Self { words, bare }
    }

    /// Whether some words begin with it, any of its own with or without diacritics.
    pub fn begins(&self, said: &[String]) -> bool {
        let own = self.words.iter().zip(&self.bare);
        let reads =
            |(said, (word, bare)): (&String, (&String, &String))| said == word || said.is_ascii() && said == bare;
        said.get(..self.words.len()).is_some_and(|said| said.iter().zip(own).all(reads))
    }

    /// Whether some words begin with it, all without diacritics.
    pub fn begins_bare(&self, said: &[String]) -> bool {
        let reads = |(said, bare): (&String, &String)| said.is_ascii() && said == bare;
        said.get(..self.bare.len()).is_some_and(|said| said.iter().zip(&self.bare).all(reads))
    }
}

#[derive(Debug)]
pub(crate) struct OwnWords {
    /// All that stand in the names and questions of slots, and in the phrases and names of tasks.
    pub all: HashSet<String>,
    /// By which callers name each slot.
    pub names: Vec<Vec<Vec<String>>>,
    /// What the number of each slot counts.
    pub units: Vec<Vec<Vec<String>>>,
    /// The name and the question of each slot.
    pub questions: Vec<Vec<String>>,
    /// The cues of each slot.
    pub cues: Vec<Vec<Vec<String>>>,
    /// The values that each slot offers; in Vietnamese alone, like what follows.
    pub values: Vec<Vec<Phrase>>,
    /// The names among these that have two words and more.
    pub long_names: Vec<Phrase>,
    /// By which callers ask for a task or a command, and answer yes and no.
    pub phrases: Vec<Phrase>,
}

/// They are cut where they are first asked for. A copy of the bot whose sentences are filled for one call has its own.
#[derive(Clone, Debug, Default)]
pub(super) struct CutOnce(OnceLock<Arc<OwnWords>>);

impl CutOnce {
    pub fn get(&self, cut: impl FnOnce() -> OwnWords) -> &OwnWords {
        self.0.get_or_init(|| Arc::new(cut()))
    }
}
