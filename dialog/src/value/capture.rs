//! What survives a telephone line only when it is spelled, checked and corrected in place: names, e-mail addresses, postal addresses and
//! identity numbers. They are read from the text as it was said or written, since `tokens` drops the signs that they are made of.
use crate::language::Language;
use crate::value::ordinals::ordinal_word;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

pub mod address;
pub mod alphabet;
pub mod email;
pub mod id;
pub mod name;
pub mod provinces;
pub mod revise;

/// A text as words and signs: letters and figures stay together, each of `@ . - _ + / ,` between them is a piece of its own. Marks at the
/// end of a sentence go.
pub(crate) fn pieces(text: &str) -> Vec<String> {
    let text: Vec<char> = text.nfc().collect();
    let (mut out, mut word) = (Vec::new(), String::new());
    let flush = |word: &mut String, out: &mut Vec<String>| {
        if !word.is_empty() {
            out.push(std::mem::take(word));
        }
    };
    for (i, &c) in text.iter().enumerate() {
        let before = i.checked_sub(1).map(|at| text[at]).is_some_and(|c| !c.is_whitespace());
        let after = text.get(i + 1).is_some_and(|c| c.is_alphanumeric());
        let letters = i > 0 && text[i - 1].is_alphanumeric() && after;
        match c {
            c if c.is_alphanumeric() => word.push(c),
            '\'' | '’' if letters => word.push('\''),
            '@' => {
                flush(&mut word, &mut out);
                out.push("@".into());
            }
            '.' | '-' | '_' | '+' | '/' | '\u{2011}' if before && after => {
                flush(&mut word, &mut out);
                out.push(if c == '\u{2011}' { '-' } else { c }.to_string());
            }
            ',' => {
                flush(&mut word, &mut out);
                out.push(",".into());
            }
            _ => flush(&mut word, &mut out),
        }
    }
    flush(&mut word, &mut out);
    out
}

/// Pieces in lower case.
pub(crate) fn lower(pieces: &[String]) -> Vec<String> {
    pieces.iter().map(|piece| piece.to_lowercase()).collect()
}

/// Letters without the marks of Vietnamese.
pub(crate) fn fold(text: &str) -> String {
    let bare = |c: char| match c {
        'đ' => 'd',
        'Đ' => 'D',
        c => c,
    };
    text.nfd().filter(|c| !is_combining_mark(*c)).map(bare).collect()
}

/// Whether `words` begin with a phrase of this list, with or without its diacritics: how many words it takes.
pub(crate) fn begins(words: &[String], list: &[&str], language: Language) -> Option<usize> {
    let reads =
        |said: &str, meant: &str| said == meant || language == Language::Vi && said.is_ascii() && fold(meant) == said;
    let fits = |phrase: &&&str| {
        phrase.split(' ').enumerate().all(|(i, meant)| words.get(i).is_some_and(|said| reads(said, meant)))
    };
    list.iter().filter(fits).map(|phrase| phrase.split(' ').count()).max()
}

/// Where what was said begins and ends, without the words that only lead to it ("my name is") and those behind it ("please").
pub(crate) fn bare(low: &[String], leads: &[&str], language: Language) -> std::ops::Range<usize> {
    const BEHIND_EN: [&str; 4] = ["please", "thanks", "thank you", ","];
    const BEHIND_VI: [&str; 10] = ["ạ", "nhé", "nha", "nghe", "dạ", "nhá", "nghen", "vậy", "cảm ơn", ","];
    let mut from = 0;
    while let Some(len) = begins(&low[from..], leads, language).or_else(|| begins(&low[from..], &FILLERS, Language::En))
    {
        from += len;
    }
    let behind: &[&str] = if language == Language::En { &BEHIND_EN } else { &BEHIND_VI };
    let mut to = low.len();
    // "Ạ" has its mark: "a" is a letter.
    let cut = |to: usize| {
        let ends = |phrase: &&&str| {
            let len = phrase.split(' ').count();
            to >= from + len && begins(&low[to - len..to], &[phrase], Language::En) == Some(len)
        };
        behind.iter().find(ends).map(|phrase| phrase.split(' ').count())
    };
    while let Some(len) = cut(to) {
        to -= len;
    }
    from..to
}

/// Sounds of thinking and of politeness before anything.
const FILLERS: [&str; 27] = [
    ",",
    "um",
    "uh",
    "er",
    "hmm",
    "well",
    "so",
    "okay",
    "ok",
    "yes",
    "yeah",
    "sure",
    "right",
    "hi",
    "hello",
    "dạ",
    "vâng",
    "ờ",
    "ừm",
    "à",
    "ừ",
    "thì",
    "thưa",
    "alo",
    "dạ vâng",
    "em ơi",
    "chị ơi",
];

/// A number of a place: "third", "the second", "thứ ba", "đầu tiên", "last": which it is from the front (1 …) or from the end (-1 …), and
/// how many words say so.
pub(crate) fn ordinal(words: &[String], language: Language) -> Option<(i64, usize)> {
    let first = words.first()?.as_str();
    match language {
        Language::En => {
            if first == "last" || first == "final" {
                return Some((-1, 1));
            }
            let (place, len) = (ordinal_word(first)?, 1);
            // "second to last", "second from the end"
            let behind = begins(&words[len..], &["to last", "to the last", "from the end", "from last"], language);
            Some(behind.map_or((place, len), |more| (-place, len + more)))
        }
        Language::Vi => {
            if let Some(len) = begins(words, &["đầu tiên", "thứ nhất", "đầu"], language) {
                return Some((1, len));
            }
            if let Some(len) = begins(words, &["cuối cùng", "sau cùng", "cuối", "chót"], language) {
                return Some((-1, len));
            }
            let at = begins(words, &["thứ", "số thứ"], language)?;
            let next = words.get(at)?.as_str();
            let (place, len) = match next {
                "hai" | "nhì" => (2, 1),
                "tư" => (4, 1),
                _ => {
                    let (place, len) = super::number(&words[at..], language)?;
                    (place, len)
                }
            };
            // "thứ hai từ cuối lên"
            let behind = begins(&words[at + len..], &["từ cuối lên", "từ dưới lên", "từ cuối", "kể từ cuối"], language);
            Some((if behind.is_some() { -place } else { place }, at + len + behind.unwrap_or(0)))
        }
    }
}

/// Digits at the start of pieces, and how many of them they take. A sign ends them.
pub(crate) fn digits(low: &[String], language: Language) -> Option<(String, usize)> {
    let is_sign = |piece: &str| matches!(piece, "," | "@" | "." | "_" | "+" | "/" | "-");
    let words: Vec<String> = low.iter().take_while(|piece| !is_sign(piece)).cloned().collect();
    if words.is_empty() { None } else { super::digits(&words, language) }
}
