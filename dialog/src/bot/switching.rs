//! Words by which callers want to speak another language, whichever the bot's is.
use crate::language::Language;
use crate::value::words::begin_with;

/// What a grammar offers for it where the bot has a sibling: by the language of the bot.
pub(crate) const fn listed(language: Language) -> &'static [&'static str] {
    match language {
        Language::En => &["vietnamese please", "can we speak vietnamese", "i want to speak vietnamese"],
        Language::Vi => &["nói tiếng anh đi", "cho tôi nói tiếng anh", "tiếng anh được không"],
    }
}

/// The names of a language, in both, as they are said and as a recogniser of the other language or a writer without marks has them.
const fn names(language: Language) -> &'static [&'static str] {
    match language {
        Language::En => &["english", "tiếng anh", "tieng anh"],
        Language::Vi => &["vietnamese", "tiếng việt", "tieng viet", "tiếng viet"],
    }
}

/// Words that may stand beside the name of a language where nothing but that language is wanted.
const BESIDE: &[&str] = &[
    // English
    "please", "in", "speak", "to", "can", "could", "we", "i", "you", "do", "want", "would", "like", "i'd", "talk",
    "let's", "let", "us", "me", "switch", "change", "use", "rather", "prefer", "a", "the", "language", "ok", "okay",
    "sorry", "hello", "hi", "yes", "no", "go", "on", "now", "instead", "need", "with", "only", "my",
    // Vietnamese
    "nói", "noi", "đi", "di", "cho", "tôi", "toi", "em", "anh", "chị", "mình", "bằng", "bang", "muốn", "muon", "được",
    "duoc", "không", "khong", "xin", "làm", "ơn", "lam", "on", "chuyển", "chuyen", "sang", "dùng", "dung", "giúp",
    "giup", "nhé", "nhe", "ạ", "dạ", "có", "co", "thể", "the", "vui", "lòng", "alo", "à", "ơi", "thôi", "qua", "hãy",
    "hay",
];

/// The language that these words wish for, and nothing else. `own`: of the bot, which is wished for by nobody.
pub(crate) fn wish(words: &[String], own: Language) -> Option<Language> {
    let other = [Language::En, Language::Vi].into_iter().find(|language| *language != own)?;
    let at = (0..words.len()).find_map(|at| {
        let rest = words.get(at..)?;
        let len =
            names(other).iter().filter(|name| begin_with(rest, name)).map(|name| name.split(' ').count()).max()?;
        Some(at..at + len)
    })?;
    let beside = words[..at.start].iter().chain(&words[at.end..]);
    // "Do you speak English?" is asked by who wants it; "my English teacher" names something else.
    beside.clone().all(|word| BESIDE.contains(&word.as_str())).then_some(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::words::tokens;

    fn wished(text: &str, own: Language) -> Option<Language> {
        wish(&tokens(text, own), own)
    }

    #[test]
    fn a_language_is_wished_for_in_either() {
        for text in [
            "English please",
            "can we speak English?",
            "do you speak English",
            "nói tiếng Anh đi",
            "cho tôi nói tiếng Anh",
            "English",
        ] {
            assert_eq!(wished(text, Language::Vi), Some(Language::En), "{text}");
            assert_eq!(wished(text, Language::En), None, "{text}");
        }
        for text in [
            "nói tiếng Việt đi",
            "tiếng Việt",
            "Vietnamese, please",
            "I'd like to speak Vietnamese",
            "noi tieng viet di",
        ] {
            assert_eq!(wished(text, Language::En), Some(Language::Vi), "{text}");
            assert_eq!(wished(text, Language::Vi), None, "{text}");
        }
        for language in [Language::En, Language::Vi] {
            for phrase in listed(language) {
                assert!(wished(phrase, language).is_some_and(|wished| wished != language), "{phrase}");
            }
        }
    }

    #[test]
    fn a_language_that_is_only_named_is_no_wish() {
        for text in ["a Vietnamese restaurant", "my teacher is Vietnamese", "a table at the Vietnamese place"] {
            assert_eq!(wished(text, Language::En), None, "{text}");
        }
        for text in ["tôi học lớp tiếng Anh buổi tối", "English breakfast"] {
            assert_eq!(wished(text, Language::Vi), None, "{text}");
        }
    }
}
