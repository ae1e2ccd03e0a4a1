//! Terms: what of a text is looked up. A term is a text with a letter before it: `w` a word (of English its stem, of Vietnamese a
//! syllable), `p` two of them in a row, `b` and `q` the same without the marks of Vietnamese, `c` what a group of `synonyms` means.
use super::synonyms;
use super::words::{Marks, is_little, stem, telling_words, words};
use crate::language::Language;
use crate::value::capture::fold;

pub(super) fn word(word: &str) -> String {
    format!("w{word}")
}

pub(super) fn pair(one: &str, other: &str) -> String {
    format!("p{one} {other}")
}

pub(super) fn bare_word(word: &str) -> String {
    format!("b{}", fold(word))
}

/// What a group of words means (`synonyms`).
pub(super) fn meaning(group: u32) -> String {
    format!("c{group}")
}

pub(super) fn bare_pair(one: &str, other: &str) -> String {
    format!("q{} {}", fold(one), fold(other))
}

/// What a question may ask for by its kind, and what of a text is of that kind.
pub(super) const TIME: &str = "#time";
pub(super) const MONEY: &str = "#money";
pub(super) const DURATION: &str = "#duration";

/// Which of these a text holds.
fn kinds(text: &str) -> impl Iterator<Item = String> {
    let low = text.to_lowercase();
    let has_figure = low.bytes().any(|byte| byte.is_ascii_digit());
    let figure_before = |mark: &str| {
        low.match_indices(mark).any(|(at, _)| low[..at].trim_end().ends_with(|c: char| c.is_ascii_digit()))
    };
    let clock = [" a.m", " p.m", " am", " pm", "giờ", "h ", "h, "].into_iter().any(figure_before)
        || low.match_indices(':').any(|(at, _)| {
            let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
            digit(low[..at].chars().next_back()) && digit(low[at + 1..].chars().next())
        });
    let money = has_figure
        && (low.contains(['$', '€', '£', '₫'])
            || ["dollar", "euro", "cent", "pound", "đồng", "vnd", "đ "].into_iter().any(figure_before));
    let lasts = words(&low).windows(2).any(|two| is_count(&two[0]) && UNITS.contains(&two[1].as_str()));
    let all = [(clock, TIME), (money, MONEY), (lasts, DURATION)];
    all.into_iter().filter(|(is, _)| *is).map(|(_, kind)| kind.to_owned())
}

/// Units of durations.
const UNITS: [&str; 20] = [
    "minute", "minutes", "hour", "hours", "day", "days", "week", "weeks", "month", "months", "year", "years", "phút",
    "tiếng", "ngày", "tuần", "tháng", "năm", "night", "nights",
];

fn is_count(word: &str) -> bool {
    const COUNTS: &str = "one two three four five six seven eight nine ten twelve fourteen fifteen twenty thirty forty sixty ninety \
        một hai ba bốn năm sáu bảy tám chín mười";
    word.bytes().all(|byte| byte.is_ascii_digit()) || COUNTS.split_whitespace().any(|count| count == word)
}

/// What kind of thing a question asks for, where its words say so.
pub(super) fn asked_kind(words: &[String], language: Language) -> Option<&'static str> {
    let has = |phrase: &str| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        words.windows(phrase.len()).any(|window| window.iter().zip(&phrase).all(|(one, other)| one == other))
    };
    let (time, money, lasts): (&[&str], &[&str], &[&str]) = match language {
        Language::En => (
            &["when", "what time", "how early", "how late", "until when", "hours"],
            &["how much", "cost", "costs", "price", "expensive"],
            &["how long", "how many days", "how many weeks", "how many months"],
        ),
        Language::Vi => (
            &["mấy giờ", "khi nào", "lúc nào", "bao giờ", "may gio", "khi nao", "luc nao", "bao gio"],
            &[
                "bao nhiêu tiền",
                "mất bao nhiêu",
                "thì bao nhiêu",
                "nhiêu tiền",
                "thêm nhiêu",
                "hết nhiêu",
                "tốn nhiêu",
                "mat bao nhieu",
                "thi bao nhieu",
                "nhieu tien",
                "giá",
                "hết bao nhiêu",
                "tốn bao nhiêu",
                "bao nhieu tien",
                "gia",
                "het bao nhieu",
                "ton bao nhieu",
            ],
            &["bao lâu", "bao nhiêu ngày", "mấy ngày", "bao lau", "bao nhieu ngay", "may ngay"],
        ),
    };
    if money.iter().any(|phrase| has(phrase)) {
        return Some(MONEY);
    }
    if lasts.iter().any(|phrase| has(phrase)) {
        return Some(DURATION);
    }
    time.iter().any(|phrase| has(phrase)).then_some(TIME)
}

/// All terms of a text.
pub(super) fn of_text(text: &str, language: Language) -> Vec<String> {
    let mut out: Vec<String> = kinds(text).collect();
    // No pair reaches over the end of a sentence or a line.
    for piece in text.split(['.', '!', '?', ';', ':', '\n', ',', '(', ')']) {
        let words = telling_words(piece, language);
        let stems: Vec<(String, bool)> =
            words.iter().map(|word| (stem(word, language), is_little(word, language, Marks::Written))).collect();
        let spoken: Vec<&str> = stems.iter().map(|(stem, _)| stem.as_str()).collect();
        out.extend(synonyms::spans(&spoken, language).flat_map(|span| span.groups.iter().copied().map(meaning)));
        for (i, (stem, little)) in stems.iter().enumerate() {
            if !little {
                out.push(word(stem));
            }
            if language == Language::Vi && !little {
                out.push(bare_word(stem));
            }
            let Some((next, next_little)) = stems.get(i + 1) else { continue };
            if *little && *next_little || language == Language::En && (*little || *next_little) {
                continue;
            }
            out.push(pair(stem, next));
            if language == Language::Vi {
                out.push(bare_pair(stem, next));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_of_vietnamese_have_pairs_and_bare_letters_and_no_little_words() {
        let terms = of_text("Phí giữ xe là bao nhiêu?", Language::Vi);
        for wanted in ["wphí", "wxe", "pgiữ xe", "qgiu xe", "bphi"] {
            assert!(terms.iter().any(|term| term == wanted), "{wanted}: {terms:?}");
        }
        assert!(!terms.iter().any(|term| term == "wlà" || term == "wbao"));
    }
}
