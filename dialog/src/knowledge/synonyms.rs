//! Words by which callers and pages name the same thing, in groups: what a text says is looked up by the groups of its words, too.
use super::words;
use crate::language::Language;
use crate::value::capture::fold;
use std::collections::HashMap;
use std::sync::OnceLock;

/// One word or several in a row, as they are compared.
type Phrase = Vec<String>;

/// The phrases of a language with the groups that each stands in, by their first word, the longest first.
type ByWord = HashMap<String, Vec<(Phrase, Vec<u32>)>>;

struct Groups {
    known: ByWord,
    /// The same without marks, of Vietnamese.
    bare: ByWord,
}

/// Words of a text that stand in groups.
pub(super) struct Span {
    /// The first one's index.
    pub at: usize,
    pub len: usize,
    pub groups: &'static [u32],
}

fn lines(language: Language) -> impl Iterator<Item = Vec<Phrase>> {
    let text = match language {
        Language::En => include_str!("synonyms/en.txt"),
        Language::Vi => include_str!("synonyms/vi.txt"),
    };
    let phrase = move |text: &str| -> Phrase {
        words::telling_words(text, language).iter().map(|word| words::stem(word, language)).collect()
    };
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines.map(move |line| line.split(',').map(phrase).collect())
}

fn groups(language: Language) -> &'static Groups {
    static EN: OnceLock<Groups> = OnceLock::new();
    static VI: OnceLock<Groups> = OnceLock::new();
    let at = match language {
        Language::En => &EN,
        Language::Vi => &VI,
    };
    at.get_or_init(|| {
        let mut groups = Groups { known: ByWord::new(), bare: ByWord::new() };
        for (group, line) in lines(language).enumerate() {
            for phrase in line {
                if language == Language::Vi {
                    add(&mut groups.bare, phrase.iter().map(|word| fold(word)).collect(), group as u32);
                }
                add(&mut groups.known, phrase, group as u32);
            }
        }
        let all = groups.known.values_mut().chain(groups.bare.values_mut());
        all.for_each(|phrases| phrases.sort_by_key(|(phrase, _)| std::cmp::Reverse(phrase.len())));
        groups
    })
}

fn add(to: &mut ByWord, phrase: Phrase, group: u32) {
    let Some(first) = phrase.first() else { return };
    let known = to.entry(first.clone()).or_default();
    match known.iter_mut().find(|(other, _)| *other == phrase) {
        Some((_, groups)) if !groups.contains(&group) => groups.push(group),
        Some(_) => {}
        None => known.push((phrase, vec![group])),
    }
}

/// The longest phrases of these words that stand in groups, one behind the other.
pub(super) fn spans<'a>(words: &'a [&'a str], language: Language) -> impl Iterator<Item = Span> + 'a {
    let groups = groups(language);
    let bare = language == Language::Vi && words.iter().all(|word| word.is_ascii());
    let known = if bare { &groups.bare } else { &groups.known };
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < words.len() {
            let begins = |phrase: &Phrase| {
                phrase.len() <= words.len() - at && phrase.iter().zip(&words[at..]).all(|(one, other)| one == other)
            };
            let found = known.get(words[at]).and_then(|phrases| phrases.iter().find(|(phrase, _)| begins(phrase)));
            if let Some((phrase, groups)) = found {
                let span = Span { at, len: phrase.len(), groups };
                at += span.len;
                return Some(span);
            }
            at += 1;
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meanings(text: &str, language: Language) -> Vec<u32> {
        let words = words::telling_words(text, language);
        let stems: Vec<String> = words.iter().map(|word| words::stem(word, language)).collect();
        let stems: Vec<&str> = stems.iter().map(String::as_str).collect();
        spans(&stems, language).flat_map(|span| span.groups).copied().collect()
    }

    fn share(one: &str, other: &str, language: Language) -> bool {
        let (one, other) = (meanings(one, language), meanings(other, language));
        one.iter().any(|group| other.contains(group))
    }

    #[test]
    fn what_means_the_same_shares_a_group_with_and_without_marks_and_what_does_not_shares_none() {
        for (one, other) in [("cost", "a price"), ("our little beagle", "animals"), ("call it off", "cancellation")] {
            assert!(share(one, other, Language::En), "{one}, {other}");
        }
        for (one, other) in [("chi phí gửi", "giá"), ("chi phi", "giá"), ("dem theo con meo", "thú nuôi")] {
            assert!(share(one, other, Language::Vi), "{one}, {other}");
        }
        assert!(!share("a zebra crossing", "the price", Language::En) && !share("call me", "cancel", Language::En));
    }

    #[test]
    fn every_group_has_several_phrases_of_at_most_five_words() {
        for language in Language::ALL {
            for group in lines(language) {
                assert!(group.len() > 1, "{group:?}");
                for phrase in &group {
                    assert!((1..=5).contains(&phrase.len()), "{phrase:?} of {group:?}");
                }
            }
        }
    }
}
