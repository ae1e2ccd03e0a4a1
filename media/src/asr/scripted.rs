//! A recogniser that follows a script: for demonstrations and tests.
use super::{Ask, AsrFault, Caps, Hearing, Hypothesis, Recogniser};
use crate::Language;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{park, sleep};
use std::time::Duration;

/// The result of one `finish`.
#[derive(Clone, Debug)]
pub enum Act {
    /// These words, after this long.
    Answer {
        text: String,
        after: Duration,
    },
    /// This result.
    Return(Result<Hypothesis, AsrFault>),
    /// Speech that is nothing the session asked for.
    Refuse,
    Fail,
    /// Never returns.
    Hang,
}

/// A fault before `finish`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    None,
    /// `open` never returns.
    HangOnOpen,
    /// The first sound never returns.
    HangOnSound,
    /// Every `open` fails.
    FailOnOpen,
    /// The first sound panics.
    PanicOnSound,
}

/// Follows its acts in order, over all calls, and repeats the last one.
pub struct Scripted {
    acts: Arc<Mutex<VecDeque<Act>>>,
    trouble: Trouble,
}

impl Scripted {
    pub fn new(acts: impl IntoIterator<Item = Act>) -> Self {
        Self { acts: Arc::new(Mutex::new(acts.into_iter().collect())), trouble: Trouble::None }
    }

    /// Always these words, at once.
    pub fn always(text: &str) -> Self {
        Self::new([Act::Answer { text: text.to_owned(), after: Duration::ZERO }])
    }

    pub fn with(mut self, trouble: Trouble) -> Self {
        self.trouble = trouble;
        self
    }
}

impl Recogniser for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn caps(&self, _: Language) -> Option<Caps> {
        Some(Caps { needs_grammar: false, partials: true })
    }

    fn check(&self, _: &Ask) -> Result<(), AsrFault> {
        Ok(())
    }

    fn open(&self, _: &Ask) -> Result<Box<dyn Hearing>, AsrFault> {
        match self.trouble {
            Trouble::HangOnOpen => hang(),
            Trouble::FailOnOpen => Err(AsrFault::Engine("told to fail".into())),
            trouble => Ok(Box::new(Script { acts: self.acts.clone(), trouble, heard: 0, shown: 0 })),
        }
    }
}

struct Script {
    acts: Arc<Mutex<VecDeque<Act>>>,
    trouble: Trouble,
    heard: usize,
    shown: usize,
}

/// Samples of sound per partial word of the answer.
const WORD: usize = 16_000 / 4;

impl Hearing for Script {
    fn sound(&mut self, pcm: &[i16]) -> Result<Option<String>, AsrFault> {
        match self.trouble {
            Trouble::HangOnSound => hang(),
            Trouble::PanicOnSound => panic!("told to panic"),
            _ => {}
        }
        self.heard += pcm.len();
        let acts = self.acts.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Act::Answer { text, .. }) = acts.front() else { return Ok(None) };
        let words: Vec<&str> = text.split_whitespace().take(self.heard / WORD).collect();
        if words.len() <= self.shown {
            return Ok(None);
        }
        self.shown = words.len();
        Ok(Some(words.join(" ")))
    }

    fn finish(&mut self) -> Result<Hypothesis, AsrFault> {
        let act = {
            let mut acts = self.acts.lock().unwrap_or_else(PoisonError::into_inner);
            if acts.len() > 1 { acts.pop_front() } else { acts.front().cloned() }
        };
        match act {
            Some(Act::Answer { text, after }) => {
                sleep(after);
                Ok(Hypothesis { text: Some(text), confidence: 1.0 })
            }
            Some(Act::Return(result)) => result,
            Some(Act::Refuse) | None => Ok(Hypothesis { text: None, confidence: 0.0 }),
            Some(Act::Fail) => Err(AsrFault::Engine("told to fail".into())),
            Some(Act::Hang) => hang(),
        }
    }
}

fn hang() -> ! {
    loop {
        park();
    }
}
