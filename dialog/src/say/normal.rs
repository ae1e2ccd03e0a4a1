//! Normalisation: figures, signs and abbreviations become words.
use super::markup::{Element, Marked, Said};
use super::plain::plain;
use super::reading::{Place, Read, Reading, read};
use super::{en, vi};
use crate::language::Language;
use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization;

/// How words are spelled for the voice, by the words as they are written.
pub type Spoken = BTreeMap<String, String>;

/// A text as a synthesiser should get it: no figure, sign or abbreviation left.
pub fn normal(text: &str, language: Language) -> String {
    reading(text, language, &Spoken::new()).said
}

/// The same with the words of `spoken` as they are spelled for the voice, and with what is written where another thing is said.
pub(super) fn reading(text: &str, language: Language, spoken: &Spoken) -> Read {
    let text = plain(&text.nfc().collect::<String>());
    let marked = Marked::new(&text, language);
    let known: Vec<(Vec<String>, &str)> = spoken
        .iter()
        .map(|(written, said)| (written.to_lowercase().split_whitespace().map(str::to_owned).collect(), said.as_str()))
        .collect();
    let element = |place: Place<'_>| {
        Some(match marked.element(place.core())? {
            Element::Pause(mark) => Reading { pause: Some(*mark), ..Reading::new(1, "") },
            Element::Words { said, written, ipa } => {
                let said = match said {
                    Said::Finished(said) => said.clone(),
                    Said::Text(text) => normal(text, language),
                };
                Reading { written: Some(written.clone()), ipa: ipa.clone(), ..Reading::new(1, said) }
            }
        })
    };
    let lexicon = |place: Place<'_>| {
        let fits = |words: &[String]| {
            let same = |(ahead, word): (usize, &String)| place.next(ahead).is_some_and(|next| next.lower == *word);
            !words.is_empty() && words.iter().enumerate().all(same)
        };
        let (words, said) = known.iter().filter(|(words, _)| fits(words)).max_by_key(|(words, _)| words.len())?;
        Some(Reading::new(words.len(), normal(said, language)))
    };
    let readers = match language {
        Language::En => &en::READERS[..],
        Language::Vi => &vi::READERS[..],
    };
    let mut read = read(&marked.text, &marked.speeds, &|place| element(place).or_else(|| lexicon(place)), readers);
    read.speeds.dedup_by(|later, earlier| later.1 == earlier.1);
    read
}
