//! Whether words break off within a phrase: they end in a word that something has to follow, or in one that people say while they think.
use crate::language::Language;

mod en;
mod vi;

/// What tells it in one language. Phrases are words joined by spaces.
struct Table {
    /// Words that something follows: prepositions, conjunctions, articles, auxiliaries.
    open: &'static [&'static str],
    /// Endings that are whole although their last word is among `open`: "log in", "next week" by its Vietnamese word.
    whole: &'static [&'static str],
    /// Longer endings that something follows: "i want", "cho tôi".
    phrases: &'static [&'static str],
    /// Verbs that lack their object where one of `leads` stands before them: "i want to change".
    verbs: &'static [&'static str],
    leads: &'static [&'static str],
    /// With one word behind them they say that somebody thinks: "let me check".
    let_me: &'static [&'static str],
    /// What is said while somebody thinks.
    thinking: &'static [&'static str],
}

fn table(language: Language) -> &'static Table {
    match language {
        Language::En => &en::TABLE,
        Language::Vi => &vi::TABLE,
    }
}

/// Whether the sentence ends with a word that something has to follow ("at", "and"), or with a sound of thinking ("um").
pub fn is_unfinished(words: &[String], language: Language) -> bool {
    let table = table(language);
    let Some((last, before)) = words.split_last() else { return false };
    let one_of = |list: &[&str], word: &String| list.contains(&word.as_str());
    if ends_with_any(words, table.whole) {
        return false;
    }
    if ends_with_any(words, table.phrases) || ends_with_thought(words, table).is_some() {
        return true;
    }
    let lacks_object = one_of(table.verbs, last) && before.last().is_some_and(|word| one_of(table.leads, word));
    lacks_object || one_of(table.open, last)
}

/// Whether something has to follow this word, so that a phrase begins with it: "with", "and".
pub fn begins_phrase(word: &str, language: Language) -> bool {
    table(language).open.contains(&word)
}

/// Whether the whole sentence is what people say while they think: "let me see".
pub fn is_thinking(words: &[String], language: Language) -> bool {
    let mut left = words;
    while !left.is_empty() {
        let Some(len) = ends_with_thought(left, table(language)) else { return false };
        left = &left[..left.len() - len];
    }
    !words.is_empty()
}

/// How many words at the end say that somebody thinks.
fn ends_with_thought(words: &[String], table: &Table) -> Option<usize> {
    let length = |phrase: &str| phrase.split(' ').count();
    let let_me = words.len() > 1 && ends_with_any(&words[..words.len() - 1], table.let_me);
    let one = let_me.then(|| 1 + length(table.let_me[0]));
    let whole = table.thinking.iter().filter(|phrase| ends_with(words, phrase)).map(|phrase| length(phrase));
    whole.chain(one).max()
}

fn ends_with_any(words: &[String], phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| ends_with(words, phrase))
}

fn ends_with(words: &[String], phrase: &str) -> bool {
    let mut own = words.iter().rev();
    phrase.rsplit(' ').all(|word| own.next().is_some_and(|own| own == word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::words::tokens;

    #[test]
    fn words_that_something_has_to_follow_are_told_from_whole_sentences() {
        let unfinished = [
            (Language::En, "I'd like a table for"),
            (Language::En, "my car broke down and"),
            (Language::En, "i want to change"),
            (Language::En, "my wife and my"),
            (Language::En, "it is on the second floor of the"),
            (Language::En, "well let me see"),
            (Language::En, "i"),
            (Language::En, "five five double"),
            (Language::Vi, "cho tôi đặt bàn cho"),
            (Language::Vi, "tôi muốn"),
            (Language::Vi, "xe tôi bị hỏng và"),
            (Language::Vi, "cho tôi"),
            (Language::Vi, "ngày"),
            (Language::Vi, "khoảng"),
            (Language::Vi, "dạ để xem"),
        ];
        let whole = [
            (Language::En, "where are you from"),
            (Language::En, "i can't log in"),
            (Language::En, "i want to cancel"),
            (Language::En, "two people"),
            (Language::En, ""),
            (Language::Vi, "thứ hai tuần tới"),
            (Language::Vi, "hôm qua"),
            (Language::Vi, "từ từ"),
            (Language::Vi, "hai ngày"),
            (Language::Vi, "ở trên"),
            (Language::Vi, "đúng mà"),
            (Language::Vi, "có"),
            (Language::Vi, "chờ đã"),
            (Language::Vi, "của tôi"),
        ];
        for (language, text) in unfinished {
            assert!(is_unfinished(&tokens(text, language), language), "{text}");
        }
        for (language, text) in whole {
            assert!(!is_unfinished(&tokens(text, language), language), "{text}");
        }
    }

    #[test]
    fn thinking_is_all_of_a_sentence_or_its_end() {
        for (language, text, is) in [
            (Language::En, "let me see", true),
            (Language::En, "um let me think", true),
            (Language::En, "wait a moment", false),
            (Language::En, "let me see tomorrow", false),
            (Language::Vi, "ờ để em nghĩ", true),
            (Language::Vi, "chờ một chút", false),
            (Language::Vi, "", false),
        ] {
            assert_eq!(is_thinking(&tokens(text, language), language), is, "{text}");
        }
    }
}
