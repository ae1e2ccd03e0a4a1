//! `Forbidden`: a subject that a bot does not speak about, by whom it may be brought up, and what it says instead.
use crate::language::Language;
use crate::value::capture::fold;

/// What no caller and no language model leads the bot to speak about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forbidden {
    /// As the record has it.
    pub name: String,
    /// Phrases (tokens), any of which brings it up, wherever they stand.
    pub words: Vec<Vec<String>>,
    pub say: String,
}

/// The subject that these words bring up, typed without marks as well.
pub(crate) fn touched(all: &[Forbidden], words: &[String], language: Language) -> Option<usize> {
    let is_word = |meant: &String, said: &String| match language {
        Language::En => {
            said == meant || said.strip_suffix('s') == Some(meant) || said.strip_suffix("'s") == Some(meant)
        }
        Language::Vi => said == meant || said.is_ascii() && fold(meant) == *said,
    };
    let holds = |phrase: &Vec<String>| {
        words.windows(phrase.len()).any(|said| phrase.iter().zip(said).all(|(meant, said)| is_word(meant, said)))
    };
    all.iter().position(|subject| subject.words.iter().any(holds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::words::tokens;

    #[test]
    fn a_subject_is_known_by_its_phrases_and_by_no_part_of_a_word() {
        let subject = |words: &[&str], language| {
            let words = words.iter().map(|text| tokens(text, language)).collect();
            [Forbidden { name: "a".into(), words, say: String::new() }]
        };
        let en = subject(&["election", "vote for"], Language::En);
        for (text, wanted) in [
            ("who won the election", true),
            ("what about elections", true),
            ("whom should I vote for?", true),
            ("I vote", false),
            ("the selection of wines", false),
            ("", false),
        ] {
            assert_eq!(touched(&en, &tokens(text, Language::En), Language::En).is_some(), wanted, "{text}");
        }
        let vi = subject(&["bầu cử"], Language::Vi);
        for (text, wanted) in [("cuộc bầu cử này", true), ("bau cu", true), ("bầu trời", false)] {
            assert_eq!(touched(&vi, &tokens(text, Language::Vi), Language::Vi).is_some(), wanted, "{text}");
        }
    }
}
