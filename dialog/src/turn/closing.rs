//! How sentences begin and end: words that nothing follows ("please", "ạ"), greetings that the matter itself follows, and words that take back
//! what stands before them.
use crate::language::Language;
use crate::value::capture::fold;
use crate::value::words::begin_with;

/// Words behind a sentence that is whole, the longer ones first.
#[rustfmt::skip]
const EN_LAST: &[&str] = &[
    "thank you very much", "thank you so much", "if that's possible", "if you can", "if possible", "that would be all",
    "that will be all", "that's all", "that's it", "thanks a lot", "many thanks", "thank you", "i suppose", "i think",
    "i guess", "thanks", "please", "cheers", "ma'am", "madam", "sir",
];
#[rustfmt::skip]
const VI_LAST: &[&str] = &[
    "cảm ơn em nhé", "cảm ơn nhiều", "cảm ơn em", "cảm ơn anh", "cảm ơn chị", "cảm ơn bạn", "cảm ơn", "cám ơn em",
    "cám ơn", "thế thôi", "vậy thôi", "với nhé", "với ạ", "thôi ạ", "em nhé", "nhé em", "nha em", "ạ", "nhé", "nha",
    "nhá", "nhe", "thôi",
];

/// What opens a call.
#[rustfmt::skip]
const EN_GREETINGS: &[&str] = &[
    "hello there", "hi there", "hello", "hi", "hey", "good morning", "good afternoon", "good evening", "excuse me",
    "sorry to bother you",
];
#[rustfmt::skip]
const VI_GREETINGS: &[&str] = &[
    "xin chào", "chào em", "chào anh", "chào chị", "chào bạn", "chào cô", "chào shop", "chào", "alo", "a lô", "em ơi",
    "anh ơi", "chị ơi", "bạn ơi", "cô ơi", "shop ơi", "cho hỏi", "cho tôi hỏi", "cho em hỏi", "cho anh hỏi",
    "cho chị hỏi", "cho mình hỏi",
];

/// What stands around a greeting.
const EN_AROUND: &[&str] = &["yes", "yeah", "okay", "ok", "so", "well", "uh", "um", "sorry"];
const VI_AROUND: &[&str] = &["dạ", "vâng", "ạ", "à", "ờ", "ừ", "em", "anh", "chị", "nhé"];

/// Behind a value they take it back, and another one follows; the first ones alone do.
const EN_TAKES_BACK: &[&str] = &["no", "wait", "actually", "rather", "oops"];
const EN_AND_SO: &[&str] = &["sorry", "uh", "um", "i", "mean", "well", "oh"];
const VI_TAKES_BACK: &[&str] = &["không", "nhầm", "quên", "khoan", "lộn"];
const VI_AND_SO: &[&str] = &["à", "ờ", "ơ", "ấy", "chết", "xin", "lỗi", "phải"];

/// Whether words behind a value take it back, and say nothing else: "three, no", "ba, à không".
pub fn takes_back(words: &[String], language: Language) -> bool {
    let (takes_back, around) = match language {
        Language::En => (EN_TAKES_BACK, EN_AND_SO),
        Language::Vi => (VI_TAKES_BACK, VI_AND_SO),
    };
    let is_one = |list: &[&str], word: &String| list.contains(&word.as_str());
    words.iter().any(|word| is_one(takes_back, word))
        && words.iter().all(|word| is_one(takes_back, word) || is_one(around, word))
}

/// Whether the words end with one that was said and then spelled to its end: "Anna, a n n a".
pub fn is_spelled_out(words: &[String]) -> bool {
    let letters = words.iter().rev().take_while(|word| word.chars().count() == 1).count();
    let (said, letters) = words.split_at(words.len() - letters);
    let spelled = fold(&letters.concat());
    letters.len() > 1 && said.iter().any(|word| fold(word) == spelled)
}

/// The words before those that end a sentence. `None`: it does not end so.
pub fn before_last(words: &[String], language: Language) -> Option<&[String]> {
    let last = match language {
        Language::En => EN_LAST,
        Language::Vi => VI_LAST,
    };
    let ends = |phrase: &&&str| {
        let at = words.len().checked_sub(phrase.split(' ').count());
        at.is_some_and(|at| begin_with(&words[at..], phrase))
    };
    let phrase = last.iter().find(ends)?;
    Some(&words[..words.len() - phrase.split(' ').count()])
}

/// Whether the words greet, and say nothing else.
pub fn is_greeting(words: &[String], language: Language) -> bool {
    let (greetings, around) = match language {
        Language::En => (EN_GREETINGS, EN_AROUND),
        Language::Vi => (VI_GREETINGS, VI_AROUND),
    };
    let (mut left, mut greets) = (words, false);
    while !left.is_empty() {
        let length = |list: &[&str]| {
            let fitting = list.iter().filter(|phrase| begin_with(left, phrase));
            fitting.map(|phrase| phrase.split(' ').count()).max()
        };
        let Some(length) = length(greetings).inspect(|_| greets = true).or_else(|| length(around)) else {
            return false;
        };
        left = &left[length..];
    }
    greets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::words::tokens;

    #[test]
    fn what_ends_a_sentence_is_told_from_it() {
        for (language, text, before) in [
            (Language::En, "chicago please", Some("chicago")),
            (Language::En, "well seattle i think", Some("well seattle")),
            (Language::En, "No, thank you very much.", Some("no")),
            (Language::En, "i think", Some("")),
            (Language::En, "chicago", None),
            (Language::Vi, "đặt bàn nhé", Some("đặt bàn")),
            (Language::Vi, "hải phòng ạ", Some("hải phòng")),
            (Language::Vi, "không cảm ơn em", Some("không")),
            (Language::Vi, "hải phòng", None),
            (Language::Vi, "", None),
        ] {
            let words = tokens(text, language);
            let found = before_last(&words, language).map(|words| words.join(" "));
            assert_eq!(found.as_deref(), before, "{text}");
        }
    }

    #[test]
    fn a_value_that_is_taken_back_has_another_behind_it() {
        for (language, text, does) in [
            (Language::En, "no", true),
            (Language::En, "no sorry", true),
            (Language::En, "oh wait i mean", true),
            (Language::En, "sorry", false),
            (Language::En, "no thank you", false),
            (Language::Vi, "à không", true),
            (Language::Vi, "à nhầm", true),
            (Language::Vi, "ạ", false),
            (Language::Vi, "", false),
        ] {
            assert_eq!(takes_back(&tokens(text, language), language), does, "{text}");
        }
    }

    #[test]
    fn a_name_is_spelled_to_its_end() {
        for (language, text, is) in [
            (Language::En, "my name is peter p e t e r", true),
            (Language::En, "my name is peter p e t e", false),
            (Language::En, "p e t e r", false),
            (Language::En, "i want a", false),
            (Language::Vi, "em tên là hoàng h o a n g", true),
            (Language::Vi, "lan l a n", true),
            (Language::Vi, "lan l a", false),
            (Language::Vi, "", false),
        ] {
            assert_eq!(is_spelled_out(&tokens(text, language)), is, "{text}");
        }
    }

    #[test]
    fn a_greeting_is_all_that_was_said() {
        for (language, text, is) in [
            (Language::En, "yes hello", true),
            (Language::En, "Good morning.", true),
            (Language::En, "hi i have a question", false),
            (Language::En, "okay", false),
            (Language::Vi, "dạ chào em ạ", true),
            (Language::Vi, "alo", true),
            (Language::Vi, "em ơi đặt bàn", false),
            (Language::Vi, "vâng", false),
            (Language::Vi, "", false),
        ] {
            assert_eq!(is_greeting(&tokens(text, language), language), is, "{text}");
        }
    }
}
