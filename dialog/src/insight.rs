//! What a caller's words say of their mood: signs, each with the words that give it. Negation and intensity count; what is said
//! again, and the words that an operator forbids, are found here as well.
use crate::language::Language;
use crate::value::words::tokens;

mod en;
mod lexicon;
#[cfg(test)]
mod tests;
mod vi;

use lexicon::Lexicon;

/// What a sign means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cue {
    Insult,
    Threat,
    Anger,
    Sarcasm,
    Frustration,
    /// A complaint, also a polite one.
    Complaint,
    Pleased,
    Thanks,
}

impl Cue {
    pub const ALL: [Self; 8] = [
        Self::Insult,
        Self::Threat,
        Self::Anger,
        Self::Sarcasm,
        Self::Frustration,
        Self::Complaint,
        Self::Pleased,
        Self::Thanks,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Insult => "insult",
            Self::Threat => "threat",
            Self::Anger => "anger",
            Self::Sarcasm => "sarcasm",
            Self::Frustration => "frustration",
            Self::Complaint => "complaint",
            Self::Pleased => "pleased",
            Self::Thanks => "thanks",
        }
    }

    /// What it counts for: below 0, the caller is upset; above, pleased.
    const fn weight(self) -> f32 {
        match self {
            Self::Insult | Self::Threat => -2.0,
            Self::Anger => -1.6,
            Self::Sarcasm => -1.4,
            Self::Frustration | Self::Complaint => -1.0,
            Self::Pleased => 1.0,
            Self::Thanks => 0.4,
        }
    }

    const fn is_good(self) -> bool {
        matches!(self, Self::Pleased | Self::Thanks)
    }
}

/// One sign of mood in a turn.
#[derive(Clone, PartialEq)]
pub struct Sign {
    pub cue: Cue,
    /// Below 0, the caller is upset; above, pleased.
    pub weight: f32,
    /// As they were said.
    pub words: String,
}

/// A caller's words stay out of logs.
impl std::fmt::Debug for Sign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sign({:?}, {:.1})", self.cue, self.weight)
    }
}

/// From here on a turn counts as that of an upset caller, or above its opposite as that of a pleased one.
pub const CLEAR: f32 = 1.0;

/// The signs of one turn, in the order of its words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tone {
    pub signs: Vec<Sign>,
}

impl Tone {
    pub fn weight(&self) -> f32 {
        self.signs.iter().map(|sign| sign.weight).sum()
    }

    pub fn is_upset(&self) -> bool {
        self.weight() <= -CLEAR
    }

    pub fn is_pleased(&self) -> bool {
        self.weight() >= CLEAR
    }
}

/// An intensifier makes a sign count for so much more.
const STRONGER: f32 = 1.5;
/// So many words before a sign may negate it, or make it stronger.
const REACH: usize = 3;

/// The signs in what a caller said.
pub fn tone(text: &str, language: Language) -> Tone {
    let lexicon = of(language);
    let words = tokens(text, language);
    let mut signs = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let Some((cue, len)) = lexicon.longest(&words[at..]) else {
            at += 1;
            continue;
        };
        signs.extend(cue.and_then(|cue| sign(lexicon, &words, at, cue, len)));
        at += len;
    }
    let has_trouble = (0..words.len()).any(|at| lexicon.trouble.iter().any(|one| one.at(&words[at..]).is_some()));
    turn_sarcasm(&mut signs, has_trouble);
    Tone { signs }
}

fn sign(lexicon: &Lexicon, words: &[String], at: usize, cue: Cue, len: usize) -> Option<Sign> {
    let before = &words[at.saturating_sub(REACH)..at];
    let after = &words[at + len..];
    let counted = |weight: f32, cue| Sign { cue, weight, words: words[at..at + len].join(" ") };
    let is = |list: &[&str], word: &String| list.contains(&word.as_str());
    let stronger = before.iter().rev().take(2).any(|word| is(lexicon.intensifiers, word))
        || after.first().is_some_and(|word| is(lexicon.intensifiers_after, word));
    let factor = if stronger { STRONGER } else { 1.0 };
    // A negation reaches over no word that begins another clause.
    let reach = before.iter().rev().take_while(|word| !is(lexicon.breaks, word));
    let negated = reach.clone().any(|word| is(lexicon.negations, word));
    match (negated, cue) {
        (false, _) => Some(counted(cue.weight() * factor, cue)),
        // "Not happy" complains.
        (true, Cue::Pleased) => {
            let mut words = words[at.saturating_sub(reach.count())..at + len].to_vec();
            let first = words.iter().position(|word| is(lexicon.negations, word)).unwrap_or(0);
            let words = words.split_off(first).join(" ");
            Some(Sign { cue: Cue::Complaint, weight: Cue::Complaint.weight(), words })
        }
        // "Not angry", "no thanks" say nothing.
        (true, _) => None,
    }
}

/// Praise beside what has gone wrong is none.
fn turn_sarcasm(signs: &mut Vec<Sign>, has_trouble: bool) {
    let is_bad = has_trouble || signs.iter().any(|sign| sign.cue == Cue::Sarcasm);
    if !is_bad {
        return;
    }
    for sign in signs.iter_mut().filter(|sign| sign.cue == Cue::Pleased) {
        (sign.cue, sign.weight) = (Cue::Sarcasm, Cue::Sarcasm.weight());
    }
    if signs.iter().any(|sign| sign.cue == Cue::Sarcasm) {
        signs.retain(|sign| !sign.cue.is_good());
    }
}

fn of(language: Language) -> &'static Lexicon {
    match language {
        Language::En => en::lexicon(),
        Language::Vi => vi::lexicon(),
    }
}

/// Whether two turns in a row say the same: of at least three words, most are in both.
pub fn says_again(before: &str, now: &str, language: Language) -> bool {
    let distinct = |text: &str| {
        let mut words = tokens(text, language);
        words.sort_unstable();
        words.dedup();
        words
    };
    let (before, now) = (distinct(before), distinct(now));
    if before.len() < 3 || now.len() < 3 {
        return false;
    }
    let both = now.iter().filter(|word| before.binary_search(word).is_ok()).count();
    // Three of four words, of the shorter one.
    both * 4 >= before.len().min(now.len()) * 3 && both * 2 >= before.len().max(now.len())
}

/// The first of these words or phrases that a text has.
pub fn first_of<'a>(phrases: &'a [String], text: &str, language: Language) -> Option<&'a str> {
    let words = tokens(text, language);
    let holds = |phrase: &String| {
        let phrase = tokens(phrase, language);
        !phrase.is_empty() && words.windows(phrase.len()).any(|part| part == phrase)
    };
    phrases.iter().find(|phrase| holds(phrase)).map(String::as_str)
}
