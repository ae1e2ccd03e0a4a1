//! Whether somebody who waits for a person asks to be called back instead.
use crate::language::Language;
use crate::value::words::tokens;

/// What is said for it, among other words.
pub(crate) const fn call_back_phrases(language: Language) -> &'static [&'static str] {
    match language {
        Language::En => &[
            "call me back",
            "please call me back",
            "call back",
            "a call back",
            "callback",
            "call me later",
            "ring me back",
            "phone me back",
            "give me a call back",
        ],
        Language::Vi => &[
            "gọi lại cho tôi",
            "gọi lại",
            "gọi lại sau",
            "gọi lại cho mình",
            "gọi lại cho em",
            "gọi lại cho anh",
            "gọi lại cho chị",
            "gọi tôi sau",
            "gọi lại giúp tôi",
        ],
    }
}

const NEGATIONS_EN: [&str; 5] = ["don't", "not", "no", "never", "without"];
const NEGATIONS_VI: [&str; 4] = ["không", "đừng", "chưa", "khỏi"];
/// So many words before the phrase may refuse it.
const REACH: usize = 3;

pub(crate) fn asks_for_call_back(words: &[String], language: Language) -> bool {
    let negations = match language {
        Language::En => &NEGATIONS_EN[..],
        Language::Vi => &NEGATIONS_VI[..],
    };
    call_back_phrases(language).iter().map(|phrase| tokens(phrase, language)).any(|phrase| {
        let at = words.windows(phrase.len()).position(|window| window == phrase);
        at.is_some_and(|at| !words[at.saturating_sub(REACH)..at].iter().any(|word| negations.contains(&word.as_str())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_wants_to_be_called_back_is_told_from_who_does_not() {
        let asks = |text: &str, language| asks_for_call_back(&tokens(text, language), language);
        for text in ["Call me back.", "could you call me back please", "I'd like a call back", "ring me back tomorrow"]
        {
            assert!(asks(text, Language::En), "{text}");
        }
        for text in ["don't call me back", "no call back please", "I will wait", "hello", "call me a taxi"] {
            assert!(!asks(text, Language::En), "{text}");
        }
        for text in ["Gọi lại cho tôi nhé.", "dạ cho em gọi lại sau", "vui lòng gọi lại cho chị"] {
            assert!(asks(text, Language::Vi), "{text}");
        }
        for text in ["đừng gọi lại", "tôi chờ được", "không cần gọi lại"] {
            assert!(!asks(text, Language::Vi), "{text}");
        }
    }
}
