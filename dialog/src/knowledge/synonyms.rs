//! Words by which callers and pages name the same thing, in groups.
use super::terms;
use crate::language::Language;
use crate::value::capture::fold;
use std::sync::OnceLock;

/// A word, or two in a row.
pub(super) type Phrase = Vec<String>;

/// The groups of a language: a group a line, phrases apart by commas.
struct Groups {
    groups: Vec<Vec<Phrase>>,
    /// The same without marks, of Vietnamese.
    bare: Vec<Vec<Phrase>>,
}

fn groups(language: Language) -> &'static Groups {
    static EN: OnceLock<Groups> = OnceLock::new();
    static VI: OnceLock<Groups> = OnceLock::new();
    let (at, text) = match language {
        Language::En => (&EN, include_str!("synonyms/en.txt")),
        Language::Vi => (&VI, include_str!("synonyms/vi.txt")),
    };
    at.get_or_init(|| {
        let phrase = |text: &str| terms::words(text).iter().map(|word| terms::stem(word, language)).collect::<Phrase>();
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
        let groups: Vec<Vec<Phrase>> = lines.map(|line| unlike(line.split(',').map(phrase).collect())).collect();
        let bare = match language {
            Language::En => Vec::new(),
            Language::Vi => groups.iter().map(|group| group.iter().map(without_marks).collect()).collect(),
        };
        Groups { groups, bare }
    })
}

/// Without the forms of a word that stands before them.
fn unlike(phrases: Vec<Phrase>) -> Vec<Phrase> {
    let mut out: Vec<Phrase> = Vec::new();
    for phrase in phrases {
        if !out.contains(&phrase) {
            out.push(phrase);
        }
    }
    out
}

fn without_marks(phrase: &Phrase) -> Phrase {
    phrase.iter().map(|word| fold(word)).collect()
}

/// What the first words of a text are called otherwise: how many words that is, and the phrases of the same meaning.
pub(super) fn of(words: &[&str], language: Language) -> Option<(usize, Vec<Phrase>)> {
    let all = groups(language);
    let bare = language == Language::Vi && words.iter().all(|word| word.is_ascii());
    let known = if bare { &all.bare } else { &all.groups };
    let begins =
        |phrase: &Phrase| phrase.len() <= words.len() && phrase.iter().zip(words).all(|(one, other)| one == other);
    let lengths = |group: &Vec<Phrase>| group.iter().filter(|phrase| begins(phrase)).map(Vec::len).max();
    let longest = known.iter().filter_map(lengths).max()?;
    // A word of two meanings has the words of both.
    let meant = known.iter().filter(|group| group.iter().any(|phrase| phrase.len() == longest && begins(phrase)));
    let others = meant.flatten().filter(|phrase| !(phrase.len() == longest && begins(phrase))).cloned();
    Some((longest, others.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_known_by_its_group_with_and_without_marks() {
        let names = |words: &[&str], language| {
            let (len, others) = of(words, language)?;
            Some((len, others.iter().map(|phrase| phrase.join(" ")).collect::<Vec<_>>()))
        };
        let (len, others) = names(&["cost", "of"], Language::En).unwrap();
        assert!(len == 1 && others.contains(&terms::stem("price", Language::En)), "{others:?}");
        let (len, others) = names(&["chi", "phí", "gửi"], Language::Vi).unwrap();
        assert!(len == 2 && others.contains(&"giá".to_owned()), "{others:?}");
        let (_, bare) = names(&["chi", "phi"], Language::Vi).unwrap();
        assert!(bare.contains(&"gia".to_owned()), "{bare:?}");
        assert_eq!(names(&["zebra"], Language::En), None);
    }

    #[test]
    fn no_phrase_has_more_than_two_words_and_none_stands_twice_in_a_group() {
        for language in Language::ALL {
            for group in &groups(language).groups {
                assert!(group.len() > 1, "{group:?}");
                for (i, phrase) in group.iter().enumerate() {
                    assert!((1..=2).contains(&phrase.len()), "{phrase:?}");
                    assert!(!group[..i].contains(phrase), "{phrase:?} twice");
                }
            }
        }
    }
}
