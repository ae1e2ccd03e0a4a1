//! Numbers that a grammar has in words, as Whisper writes them: `twenty five` is `25`, `oh five` is `05`, `fifth` is `5th`.
use crate::Language;

/// The most words of one number that are written as figures.
pub(super) const LONGEST: usize = 6;

const EN: &[(&str, u32)] = &[
    ("zero", 0),
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("eleven", 11),
    ("twelve", 12),
    ("thirteen", 13),
    ("fourteen", 14),
    ("fifteen", 15),
    ("sixteen", 16),
    ("seventeen", 17),
    ("eighteen", 18),
    ("nineteen", 19),
    ("twenty", 20),
    ("thirty", 30),
    ("forty", 40),
    ("fifty", 50),
    ("sixty", 60),
    ("seventy", 70),
    ("eighty", 80),
    ("ninety", 90),
];

const EN_ORDINALS: &[(&str, u32)] = &[
    ("first", 1),
    ("second", 2),
    ("third", 3),
    ("fourth", 4),
    ("fifth", 5),
    ("sixth", 6),
    ("seventh", 7),
    ("eighth", 8),
    ("ninth", 9),
    ("tenth", 10),
    ("eleventh", 11),
    ("twelfth", 12),
    ("thirteenth", 13),
    ("fourteenth", 14),
    ("fifteenth", 15),
    ("sixteenth", 16),
    ("seventeenth", 17),
    ("eighteenth", 18),
    ("nineteenth", 19),
    ("twentieth", 20),
    ("thirtieth", 30),
];

const VI: &[(&str, u32)] = &[
    ("không", 0),
    ("một", 1),
    ("mốt", 1),
    ("hai", 2),
    ("ba", 3),
    ("bốn", 4),
    ("tư", 4),
    ("năm", 5),
    ("lăm", 5),
    ("nhăm", 5),
    ("sáu", 6),
    ("bảy", 7),
    ("bẩy", 7),
    ("tám", 8),
    ("chín", 9),
];

fn find(table: &[(&str, u32)], word: &str) -> Option<u32> {
    table.iter().find(|(name, _)| *name == word).map(|(_, number)| *number)
}

/// Whether a word can be part of a number.
pub(super) fn is_number(word: &str, language: Language) -> bool {
    match language {
        Language::En => {
            find(EN, word).is_some()
                || find(EN_ORDINALS, word).is_some()
                || matches!(word, "oh" | "hundred" | "thousand" | "and" | "a")
        }
        Language::Vi => {
            find(VI, word).is_some() || matches!(word, "mười" | "mươi" | "trăm" | "nghìn" | "ngàn" | "linh" | "lẻ")
        }
    }
}

/// The figures of a number in words; `None` where the words are no number, or not a whole one.
pub(super) fn figures(words: &[&str], language: Language) -> Option<String> {
    match language {
        Language::En => english(words),
        Language::Vi => vietnamese(words),
    }
}

fn english(words: &[&str]) -> Option<String> {
    match words {
        ["oh"] => return Some("0".into()),
        ["oh" | "zero", unit] => return find(EN, unit).filter(|n| (1..10).contains(n)).map(|n| format!("0{n}")),
        _ => {}
    }
    if let Some((last, before)) = words.split_last()
        && let Some(ordinal) = find(EN_ORDINALS, last)
    {
        let tens = match before {
            [] => 0,
            [tens] if ordinal < 10 => find(EN, tens).filter(|n| *n >= 20)?,
            _ => return None,
        };
        let number = tens + ordinal;
        let ending = match (number % 10, number) {
            (_, 11..=13) => "th",
            (1, _) => "st",
            (2, _) => "nd",
            (3, _) => "rd",
            _ => "th",
        };
        return Some(format!("{number}{ending}"));
    }
    // `total` has the thousands, `part` what is below them.
    let (mut total, mut part, mut last) = (0, 0, u32::MAX);
    for (index, word) in words.iter().enumerate() {
        match *word {
            "a" if index == 0 && words.len() > 1 => part = 1,
            "and" if index > 0 && index + 1 < words.len() && part % 100 == 0 => last = u32::MAX,
            "hundred" if (1..100).contains(&part) => (part, last) = (part * 100, u32::MAX),
            "thousand" if total == 0 && part > 0 => (total, part, last) = (part * 1_000, 0, u32::MAX),
            word => {
                let number = find(EN, word)?;
                let fits = match last {
                    u32::MAX => part % 100 == 0 && (number > 0 || words.len() == 1),
                    20.. => last % 10 == 0 && (1..10).contains(&number),
                    _ => false,
                };
                if !fits {
                    return None;
                }
                (part, last) = (part + number, number);
            }
        }
    }
    (words.last() != Some(&"and") && words != ["a"]).then(|| (total + part).to_string())
}

fn vietnamese(words: &[&str]) -> Option<String> {
    let below_100 = |words: &[&str]| -> Option<u32> {
        match words {
            ["mười"] => Some(10),
            ["mười", unit] => find(VI, unit).filter(|n| *n > 0).map(|n| 10 + n),
            [tens, "mươi" | "mười"] => find(VI, tens).filter(|n| *n > 1).map(|n| n * 10),
            [tens, "mươi" | "mười", unit] => {
                let (tens, unit) = (find(VI, tens).filter(|n| *n > 1)?, find(VI, unit).filter(|n| *n > 0)?);
                Some(tens * 10 + unit)
            }
            ["linh" | "lẻ", unit] => find(VI, unit).filter(|n| *n > 0),
            [unit] => find(VI, unit),
            _ => None,
        }
    };
    match words {
        [hundreds, "trăm"] => find(VI, hundreds).filter(|n| *n > 0).map(|n| n * 100),
        [hundreds, "trăm", rest @ ..] => {
            let (hundreds, rest) = (find(VI, hundreds).filter(|n| *n > 0)?, below_100(rest)?);
            Some(hundreds * 100 + rest)
        }
        ["linh" | "lẻ", ..] => None,
        _ => below_100(words),
    }
    .map(|number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{En, Vi};

    #[test]
    fn numbers_in_words_are_written_in_figures() {
        for (language, words, written) in [
            (En, "two", "2"),
            (En, "oh", "0"),
            (En, "zero", "0"),
            (En, "oh five", "05"),
            (En, "twenty five", "25"),
            (En, "a hundred", "100"),
            (En, "two hundred and five", "205"),
            (En, "three thousand four hundred and twenty one", "3421"),
            (En, "twenty first", "21st"),
            (En, "twelfth", "12th"),
            (En, "thirtieth", "30th"),
            (Vi, "năm", "5"),
            (Vi, "mười lăm", "15"),
            (Vi, "hai mươi mốt", "21"),
            (Vi, "ba mươi", "30"),
            (Vi, "một trăm linh năm", "105"),
            (Vi, "hai trăm ba mươi", "230"),
        ] {
            let words: Vec<&str> = words.split(' ').collect();
            assert_eq!(figures(&words, language).as_deref(), Some(written), "{words:?}");
            assert!(words.iter().all(|word| is_number(word, language)), "{words:?}");
        }
    }

    #[test]
    fn words_that_are_no_number_have_no_figures() {
        for (language, words) in [
            (En, "two thirty"),
            (En, "four seven"),
            (En, "twenty twelve"),
            (En, "a"),
            (En, "and"),
            (En, "two hundred and"),
            (En, "zero hundred"),
            (En, "people"),
            (Vi, "hai ba"),
            (Vi, "linh năm"),
            (Vi, "trăm"),
        ] {
            let words: Vec<&str> = words.split(' ').collect();
            assert_eq!(figures(&words, language), None, "{words:?}");
        }
    }
}
