//! Letters as people say them: alone, by the alphabet of radio telephony, by an example ("n như nam", "s for sugar"), by their names in
//! Vietnamese ("en nờ", "i ngắn"), and the marks that Vietnamese puts on a syllable ("dấu sắc").
use super::provinces;
use super::{begins, fold};
use crate::language::Language;
use crate::value::spelled;
use crate::value::words::word;

/// English names of letters that are no words of their own.
const NAMES_EN: [(&str, &str); 24] = [
    ("bee", "b"),
    ("cee", "c"),
    ("dee", "d"),
    ("eff", "f"),
    ("ef", "f"),
    ("gee", "g"),
    ("aitch", "h"),
    ("haitch", "h"),
    ("jay", "j"),
    ("kay", "k"),
    ("el", "l"),
    ("ell", "l"),
    ("em", "m"),
    ("en", "n"),
    ("pee", "p"),
    ("cue", "q"),
    ("queue", "q"),
    ("ar", "r"),
    ("ess", "s"),
    ("tee", "t"),
    ("vee", "v"),
    ("ex", "x"),
    ("wye", "y"),
    ("double you", "w"),
];

/// Vietnamese names of letters, as they are called at school and in the alphabet, and of the consonants of two letters.
const NAMES_VI: [(&str, &str); 89] = [
    ("bê", "b"),
    ("bờ", "b"),
    ("bi", "b"),
    ("xê", "c"),
    ("cê", "c"),
    ("cờ", "c"),
    ("dê", "d"),
    ("dờ", "d"),
    ("đê", "đ"),
    ("đờ", "đ"),
    ("ép", "f"),
    ("ép phờ", "f"),
    ("ép phê", "f"),
    ("giê", "g"),
    ("gờ", "g"),
    ("gê", "g"),
    ("hát", "h"),
    ("hắt", "h"),
    ("hờ", "h"),
    ("i ngắn", "i"),
    ("y ngắn", "i"),
    ("i tờ", "i"),
    ("gi", "j"),
    ("dơi", "j"),
    ("ca", "k"),
    ("ka", "k"),
    ("e lờ", "l"),
    ("en lờ", "l"),
    ("el lờ", "l"),
    ("lờ", "l"),
    ("em mờ", "m"),
    ("e mờ", "m"),
    ("mờ", "m"),
    ("em", "m"),
    ("en nờ", "n"),
    ("e nờ", "n"),
    ("anh nờ", "n"),
    ("nờ", "n"),
    ("en", "n"),
    ("pê", "p"),
    ("pờ", "p"),
    ("quy", "q"),
    ("cu", "q"),
    ("quờ", "q"),
    ("e rờ", "r"),
    ("rờ", "r"),
    ("ét sì", "s"),
    ("ét xì", "s"),
    ("ét", "s"),
    ("sờ", "s"),
    ("sờ nặng", "s"),
    ("ét sờ", "s"),
    ("tê", "t"),
    ("tờ", "t"),
    ("vê", "v"),
    ("vờ", "v"),
    ("vê kép", "w"),
    ("vê đúp", "w"),
    ("đắp liu", "w"),
    ("đáp liu", "w"),
    ("đúp liu", "w"),
    ("đắp bờ liu", "w"),
    ("ích xì", "x"),
    ("ích", "x"),
    ("xờ", "x"),
    ("xờ nhẹ", "x"),
    ("y dài", "y"),
    ("i dài", "y"),
    ("y cà rét", "y"),
    ("i cờ rét", "y"),
    ("y cờ rét", "y"),
    ("i gờ rét", "y"),
    ("dét", "z"),
    ("zét", "z"),
    ("giét", "z"),
    ("a mũ", "â"),
    ("e mũ", "ê"),
    ("o mũ", "ô"),
    ("o móc", "ơ"),
    ("o râu", "ơ"),
    ("u móc", "ư"),
    ("u râu", "ư"),
    ("a ớ", "ă"),
    ("d gạch", "đ"),
    ("ngờ", "ng"),
    ("nhờ", "nh"),
    ("thờ", "th"),
    ("chờ", "ch"),
    ("trờ", "tr"),
];

/// The same once more, for the consonants that did not fit: what they are called is no other word.
const PAIRS_VI: [(&str, &str); 4] = [("phờ", "ph"), ("khờ", "kh"), ("ngờ kép", "ngh"), ("gờ kép", "gh")];

/// What leads to a letter and says nothing.
const LEADS: [&str; 9] =
    ["chữ cái", "chữ", "capital", "uppercase", "lowercase", "lower case", "upper case", "the letter", "letter"];

/// Two words that people give as an example, besides the provinces.
const EXAMPLES: [&str; 10] =
    ["sài gòn", "đà lạt", "nha trang", "việt nam", "quy nhơn", "mỹ tho", "vũng tàu", "hội an", "phan thiết", "hạ long"];

/// The letters that the words at the start name (one, two by "double" or a consonant of two letters), and how many words do.
pub fn letter(words: &[String], language: Language) -> Option<(String, usize)> {
    let lead = begins(words, &LEADS, language).unwrap_or(0);
    let rest = words.get(lead..)?;
    let named = match language {
        Language::En => longest(rest, &NAMES_EN, language),
        Language::Vi => longest(rest, &NAMES_VI, language).or_else(|| longest(rest, &PAIRS_VI, language)),
    };
    let single = || {
        let first = word(rest, 0);
        let is_letter = first.chars().count() == 1 && first.chars().all(char::is_alphabetic);
        (is_letter && language == Language::Vi).then(|| (first.to_owned(), 1))
    };
    let (letters, mut len) = match named.or_else(single) {
        Some(named) => named,
        None => {
            let (letters, len) = spelled::letter(rest, language)?;
            return Some((letters, lead + len));
        }
    };
    if let Some(more) = example(&rest[len..], &letters, language) {
        len += more;
    }
    Some((letters, lead + len))
}

fn longest(words: &[String], table: &[(&str, &str)], language: Language) -> Option<(String, usize)> {
    // A name of one word has its marks: without them it is another word ("ho", "to").
    let fits = |(name, letters): &(&str, &str)| {
        let len =
            if name.contains(' ') { begins(words, &[name], language)? } else { usize::from(word(words, 0) == *name) };
        (len > 0).then(|| ((*letters).to_owned(), len))
    };
    table.iter().filter_map(fits).max_by_key(|(_, len)| *len)
}

/// "như nam", "như Hà Nội", "as in alpha", "for sugar": how many words the example takes, where it begins with these letters.
pub(super) fn example(words: &[String], letters: &str, language: Language) -> Option<usize> {
    let lead: &[&str] = match language {
        Language::En => &["as in", "like in", "for", "like", "is for", "as"],
        Language::Vi => {
            &["như trong chữ", "như trong từ", "như trong", "như chữ", "như từ", "như", "trong chữ", "trong từ"]
        }
    };
    let len = begins(words, lead, language)?;
    let rest = &words[len..];
    let fits = fold(word(rest, 0)).starts_with(&fold(letters));
    if !fits {
        return None;
    }
    let names = provinces::all_names().map(str::to_lowercase);
    let known = names.chain(EXAMPLES.map(str::to_owned)).filter(|_| language == Language::Vi);
    let longest = known.filter_map(|name| begins(rest, &[&name], language)).max();
    Some(len + longest.unwrap_or(1))
}

/// Letters one after another from the start, with the marks of Vietnamese put where they belong: the words that they spell, and how many
/// words that took. `least`: fewer letters than so many are no spelling.
pub fn spelling(words: &[String], language: Language, least: usize) -> Option<(Vec<String>, usize)> {
    let (mut out, mut now, mut at, mut letters) = (Vec::new(), String::new(), 0, 0);
    while at < words.len() {
        let rest = &words[at..];
        if letters > 0
            && let Some((tone, len)) = tone(rest, language)
        {
            now = toned(&now, tone);
            at += len;
            continue;
        }
        if letters > 0
            && let Some(len) = begins(rest, &SPACES, language)
            && letter(&rest[len.min(rest.len())..], language).is_some()
        {
            out.push(std::mem::take(&mut now));
            at += len;
            continue;
        }
        if let Some((sign, len)) = sign(rest, language).filter(|_| letters > 0)
            && letter(&rest[len..], language).is_some()
        {
            now.push(sign);
            at += len;
            continue;
        }
        // "S-M-I-T-H", "s, m, i, t, h"
        if letters > 0 && matches!(rest[0].as_str(), "-" | "." | ",") && letter(&rest[1..], language).is_some() {
            at += 1;
            continue;
        }
        let Some((text, len)) = letter(rest, language) else { break };
        now.push_str(&text);
        letters += text.chars().count();
        at += len;
    }
    out.push(now);
    out.retain(|word| !word.is_empty());
    (letters >= least && !out.is_empty()).then_some((out, at))
}

/// What stands between the words that are spelled.
const SPACES: [&str; 13] = [
    "space",
    "new word",
    "next word",
    "then",
    "cách",
    "khoảng trắng",
    "dấu cách",
    "chữ tiếp theo",
    "từ tiếp theo",
    "tiếp theo",
    "xuống chữ",
    "rồi",
    "rồi đến",
];

fn sign(words: &[String], language: Language) -> Option<(char, usize)> {
    match language {
        Language::En => [("hyphen", '-'), ("dash", '-'), ("apostrophe", '\'')]
            .iter()
            .find_map(|(name, sign)| (word(words, 0) == *name).then_some((*sign, 1))),
        Language::Vi => begins(words, &["gạch nối", "gạch ngang"], language).map(|len| ('-', len)),
    }
}

/// The marks of Vietnamese: grave, acute, hook, tilde, dot below.
fn tone(words: &[String], language: Language) -> Option<(char, usize)> {
    const TONES: [(&str, char); 10] = [
        ("dấu huyền", '\u{300}'),
        ("dấu sắc", '\u{301}'),
        ("dấu hỏi", '\u{309}'),
        ("dấu ngã", '\u{303}'),
        ("dấu nặng", '\u{323}'),
        ("huyền", '\u{300}'),
        ("sắc", '\u{301}'),
        ("hỏi", '\u{309}'),
        ("ngã", '\u{303}'),
        ("nặng", '\u{323}'),
    ];
    if language != Language::Vi {
        return None;
    }
    let len = begins(words, &["có dấu", "thêm dấu"], language).map_or(0, |len| len - 1);
    TONES.iter().find_map(|(name, tone)| begins(&words[len..], &[name], language).map(|more| (*tone, len + more)))
}

/// A syllable with its mark on the vowel where Vietnamese writes it: on â ê ô ơ ư ă where there is one (the ơ of ươ), on the last vowel
/// before a consonant, else on the first of two and the middle of three. The u of "qu" and the i of "gi" before a vowel are none.
pub fn toned(syllable: &str, tone: char) -> String {
    use unicode_normalization::UnicodeNormalization;
    let chars: Vec<char> = syllable.chars().collect();
    let is_vowel = |c: char| "aăâeêioôơuưy".contains(c);
    let low: Vec<char> = syllable.to_lowercase().chars().collect();
    if low.len() != chars.len() {
        return syllable.to_owned();
    }
    let glide = match low.as_slice() {
        ['q', 'u', ..] => 2,
        ['g', 'i', next, ..] if is_vowel(*next) => 2,
        _ => 0,
    };
    let vowels: Vec<usize> = (glide..low.len()).filter(|at| is_vowel(low[*at])).collect();
    let Some(last) = vowels.last().copied() else { return syllable.to_owned() };
    let marked = vowels.iter().rev().copied().find(|at| "ăâêôơư".contains(low[*at]));
    let closed = last + 1 < low.len();
    let at = match (marked, vowels.len()) {
        (Some(at), _) => at,
        (None, 1) => last,
        (None, _) if closed => last,
        (None, 2) => vowels[0],
        (None, _) => vowels[1],
    };
    let mut out: String = chars[..=at].iter().collect();
    out.push(tone);
    out.extend(&chars[at + 1..]);
    out.nfc().collect()
}
