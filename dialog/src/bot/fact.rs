//! `Fact`: what a bot knows beside its tasks, and the questions that ask for it.
use crate::language::Language;
use crate::value::words::starts;

/// An answer to a question that callers may ask at any time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Whole questions (tokens). Others that hold their words of meaning count as well.
    pub questions: Vec<Vec<String>>,
    /// Phrases (tokens) that ask for it wherever they stand.
    pub words: Vec<Vec<String>>,
    pub say: String,
}

/// Words of a question that do not tell what it asks for.
const LITTLE_EN: [&str; 52] = [
    "what", "what's", "is", "are", "was", "the", "a", "an", "do", "does", "did", "you", "your", "yours", "have", "has",
    "got", "can", "could", "would", "will", "i", "i'd", "me", "my", "we", "us", "our", "to", "of", "in", "at", "for",
    "on", "please", "tell", "know", "like", "it", "it's", "its", "that", "this", "there", "so", "and", "um", "uh",
    "want", "need", "any", "be",
];
const LITTLE_VI: [&str; 36] = [
    "là", "gì", "có", "không", "cho", "tôi", "hỏi", "em", "anh", "chị", "bạn", "mình", "bên", "của", "thì", "ở", "ạ",
    "dạ", "à", "vậy", "thế", "được", "ơi", "xin", "với", "nhé", "nha", "và", "các", "những", "cái", "này", "đó",
    "muốn", "biết", "ừm",
];

/// The words of meaning.
fn content(words: &[String], language: Language) -> Vec<&String> {
    let little: &[&str] = match language {
        Language::En => &LITTLE_EN,
        Language::Vi => &LITTLE_VI,
    };
    words.iter().filter(|word| !little.contains(&word.as_str())).collect()
}

/// The fact that is asked for: the one of which most words were said.
pub(crate) fn asked_for(facts: &[Fact], words: &[String], language: Language) -> Option<usize> {
    let said = content(words, language);
    // All words of meaning of the one stand in the other, which has few besides: "how much is it" asks "how much is a room?".
    let holds_most = |one: &[&String], other: &[&String]| {
        !one.is_empty() && other.len() < 2 * one.len() && one.iter().all(|word| other.contains(word))
    };
    let asks = |question: &Vec<String>| {
        let asked = content(question, language);
        let same = *question == words || holds_most(&asked, &said) || holds_most(&said, &asked);
        same.then_some(question.len())
    };
    let holds = |phrase: &Vec<String>| (0..words.len()).any(|at| starts(&words[at..], phrase)).then_some(phrase.len());
    let matched = |fact: &Fact| fact.questions.iter().filter_map(asks).chain(fact.words.iter().filter_map(holds)).max();
    let all = facts.iter().enumerate().filter_map(|(i, fact)| matched(fact).map(|len| (len, i)));
    all.max_by_key(|(len, i)| (*len, std::cmp::Reverse(*i))).map(|(_, i)| i)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::words::tokens;

    #[test]
    fn a_question_is_known_by_its_words_of_meaning() {
        let fact = |questions: &[&str], words: &[&str], language| {
            let read = |all: &[&str]| all.iter().map(|text| tokens(text, language)).collect();
            Fact { questions: read(questions), words: read(words), say: String::new() }
        };
        let en = [
            fact(&["When are you open?", "What are your opening hours?"], &["opening hours"], Language::En),
            fact(&["How much is a room?"], &["price", "how much"], Language::En),
            fact(&["Where are you?"], &["address"], Language::En),
        ];
        for (text, wanted) in [
            ("when are you open", Some(0)),
            ("when do you open", Some(0)),
            ("are you open on sundays", None),
            ("when are you open on sundays", Some(0)),
            ("what are your hours", None),
            ("tell me the opening hours please", Some(0)),
            ("how much does it cost", Some(1)),
            ("what's the price", Some(1)),
            ("where are you", Some(2)),
            ("where is the bathroom", None),
            ("what's your address", Some(2)),
            ("boston", None),
            ("", None),
        ] {
            assert_eq!(asked_for(&en, &tokens(text, Language::En), Language::En), wanted, "{text}");
        }
        let vi = [
            fact(&["Mấy giờ mở cửa?"], &["giờ mở cửa"], Language::Vi),
            fact(&["Giá bao nhiêu?"], &["giá", "bao nhiêu tiền"], Language::Vi),
        ];
        for (text, wanted) in [
            ("mấy giờ mở cửa vậy em", Some(0)),
            ("cho tôi hỏi giờ mở cửa", Some(0)),
            ("bên em mấy giờ thì mở cửa", Some(0)),
            ("phòng bao nhiêu tiền một giờ", Some(1)),
            ("mấy giờ rồi", None),
        ] {
            assert_eq!(asked_for(&vi, &tokens(text, Language::Vi), Language::Vi), wanted, "{text}");
        }
    }
}
