//! Corrections in place: "no, seven not nine", "the third digit is five", "the last four are one two three four", «số bảy chứ không phải
//! chín», «chữ số thứ ba là năm». One part of an entry is changed, the rest stays.
use super::alphabet::letter;
use super::{begins, digits, email, fold, ordinal};
use crate::language::Language;

/// What the characters of an entry may be said as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoken {
    Digits,
    /// Letters and digits.
    Code,
    Name,
    Email,
}

/// What a correction comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Revised {
    Text(String),
    /// What is to be changed stands there more than once, and nobody can say which is meant.
    Several,
    /// The words correct nothing of this entry.
    None,
}

/// An entry that may be corrected.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    pub text: &'a str,
    pub spoken: Spoken,
    pub language: Language,
    /// The groups in which it is read back.
    pub groups: &'a [usize],
}

/// What takes the place of what.
struct Change {
    old: String,
    new: String,
}

/// Characters of an entry by their place.
struct Places {
    from: usize,
    count: usize,
    new: String,
    /// What stood there, as the caller says.
    old: Option<String>,
}

const LEADS_EN: [&str; 42] = [
    "no",
    "nope",
    "sorry",
    "actually",
    "wait",
    "almost",
    "not quite",
    "close",
    "it's",
    "it is",
    "that's",
    "that is",
    "it should be",
    "should be",
    "i said",
    "i meant",
    "i mean",
    "make that",
    "make it",
    "the number is",
    "with",
    "with a",
    "with an",
    "a",
    "an",
    "the",
    "there's a",
    "there is a",
    "correction",
    "but",
    "and",
    ",",
    "that should be",
    "it must be",
    "is",
    "digit",
    "number",
    "letter",
    "um",
    "uh",
    "no no",
    "that was",
];
const LEADS_VI: [&str; 36] = [
    "không",
    "dạ không",
    "không không",
    "à không",
    "ủa không",
    "sai rồi",
    "sai",
    "nhầm rồi",
    "nhầm",
    "à",
    "dạ",
    "ờ",
    "là",
    "phải là",
    "số",
    "chữ số",
    "con số",
    "con",
    "chữ",
    "chữ cái",
    "ký tự",
    "em nói",
    "tôi nói",
    "anh nói",
    "chị nói",
    "ý tôi là",
    "ý em là",
    "đúng ra là",
    "đúng ra",
    "phải",
    "sửa lại",
    "xin lỗi",
    "gần đúng",
    "thật ra là",
    "thật ra",
    ",",
];

/// The entry with what these words change; `fits`: whether a text may be such an entry, which decides where several may be meant.
pub fn revise(entry: Entry, low: &[String], fits: impl Fn(&str) -> bool) -> Revised {
    // What only leads to a correction stands before it: the shortest reading comes first.
    for from in (0..=leads(low, entry.language)).rev() {
        let rest = &low[from..];
        if rest.is_empty() {
            continue;
        }
        if let Some(places) = by_place(entry, rest) {
            return put(entry, &places);
        }
        if let Some(change) = exchange(entry, rest) {
            return exchanged(entry, &change, &fits);
        }
    }
    Revised::None
}

/// How many pieces at the start refuse what was understood, or only lead to what is meant.
pub fn led(low: &[String], language: Language) -> usize {
    leads(low, language)
}

/// How many words at the start only lead to a correction.
fn leads(low: &[String], language: Language) -> usize {
    let list: &[&str] = if language == Language::En { &LEADS_EN } else { &LEADS_VI };
    let mut at = 0;
    while let Some(len) = begins(&low[at..], list, language) {
        at += len;
    }
    at
}

/// Words without those of this list at their start.
fn after<'a>(words: &'a [String], list: &[&str], language: Language) -> &'a [String] {
    let mut rest = words;
    while let Some(len) = begins(rest, list, language) {
        rest = &rest[len..];
    }
    rest
}

const ARTICLES: [&str; 17] = [
    "a",
    "an",
    "the",
    "it's",
    "it is",
    "is",
    "but",
    ",",
    "digit",
    "letter",
    "number",
    "số",
    "chữ số",
    "con số",
    "chữ",
    "chữ cái",
    "là",
];

/// Characters at the start, as the entry may be said, and how many words they take.
fn sequence(entry: Entry, words: &[String]) -> Option<(String, usize)> {
    // "The second letter is a": where nothing else is left, that is it.
    let rest = after(words, &ARTICLES, entry.language);
    let skipped = if rest.is_empty() { 0 } else { words.len() - rest.len() };
    let (mut out, mut at) = (String::new(), skipped);
    while at < words.len() && !is_stop(&words[at..], entry.language) {
        let rest = &words[at..];
        let until = (1..rest.len()).find(|i| is_stop(&rest[*i..], entry.language)).unwrap_or(rest.len());
        let rest = &rest[..until];
        let figures = || digits(rest, entry.language);
        let next = match entry.spoken {
            Spoken::Digits => figures(),
            Spoken::Code => {
                figures().or_else(|| letter(rest, entry.language)).map(|(text, len)| (text.to_uppercase(), len))
            }
            Spoken::Name => letter(rest, entry.language)
                .or_else(|| Some((rest[0].clone(), 1)).filter(|(word, _)| word.chars().all(char::is_alphabetic))),
            Spoken::Email => email::part(rest, entry.language),
        };
        let Some((text, len)) = next.filter(|(_, len)| *len > 0) else { break };
        out.push_str(&text);
        at += len;
    }
    (at > skipped && !out.is_empty()).then_some((out, at))
}

/// Words at which a sequence ends.
fn is_stop(words: &[String], language: Language) -> bool {
    const EN: [&str; 15] = [
        "not", "instead", "rather", "to", "with", "should", "is", "it's", "but", "and not", "must", "was", "please",
        "in place", "are",
    ];
    const VI: [&str; 14] = [
        "chứ",
        "không phải",
        "mà",
        "thành",
        "bằng",
        "phải là",
        "là",
        "thay vì",
        "thay cho",
        "nhé",
        "ạ",
        "nha",
        "chớ",
        "hổng phải",
    ];
    // A letter, and no "ạ" without its mark.
    let is_letter = words.first().is_some_and(|word| word == "a");
    !is_letter && begins(words, if language == Language::En { &EN } else { &VI }, language).is_some()
}

fn is_end(words: &[String], language: Language) -> bool {
    after(words, &["please", "there", "instead", "ạ", "nhé", "nha", "nghen", "dạ", ",", "cơ", "thôi"], language)
        .is_empty()
}

/// "Seven not nine", "not nine but seven", "change the nine to a seven", "the nine is a seven".
fn exchange(entry: Entry, words: &[String]) -> Option<Change> {
    let language = entry.language;
    let (refuse, lead_old, between): (&[&str], &[&str], &[&str]) = match language {
        Language::En => (
            &["not", "and not", "instead of", "rather than", "in place of", "but not"],
            &["change", "replace", "switch", "swap"],
            &["to", "with", "by", "into", "for", "should be", "is", "must be", "should have been", "was"],
        ),
        Language::Vi => (
            &[
                "chứ không phải là",
                "chứ không phải",
                "không phải là",
                "không phải",
                "thay vì",
                "thay cho",
                "chứ hổng phải",
                "chứ đâu phải",
                "mà không phải",
                "chớ không phải",
                "hổng phải",
            ],
            &["đổi", "sửa", "thay", "đổi lại", "sửa lại"],
            &["thành", "bằng", "phải là", "sang", "lại thành"],
        ),
    };
    let pair = |old: String, new: String, rest: &[String]| is_end(rest, language).then_some(Change { old, new });
    if let Some(len) = begins(words, refuse, language) {
        let (old, used) = sequence(entry, &words[len..])?;
        let rest = after(
            &words[len + used..],
            &["but", "but rather", "it's", "it is", "mà là", "mà", "là", "phải là", ",", "số"],
            language,
        );
        // "Not nine seven", without the comma that nobody hears.
        if rest.is_empty()
            && let [old, new] = old.chars().collect::<Vec<char>>()[..]
        {
            return Some(Change { old: old.into(), new: new.into() });
        }
        let (new, used) = sequence(entry, rest)?;
        return pair(old, new, &rest[used..]);
    }
    if let Some(len) = begins(words, lead_old, language) {
        let (old, used) = sequence(entry, &words[len..])?;
        let rest = &words[len + used..];
        let (new, more) = begins(rest, between, language).and_then(|len| {
            let (new, used) = sequence(entry, &rest[len..])?;
            Some((new, len + used))
        })?;
        return pair(old, new, &rest[more..]);
    }
    let (first, used) = sequence(entry, words)?;
    let rest = after(&words[used..], &[","], language);
    if let Some(len) = begins(rest, refuse, language) {
        let (old, used) = sequence(entry, &rest[len..])?;
        return pair(old, first, &rest[len + used..]);
    }
    let len = begins(rest, between, language)?;
    let (new, used) = sequence(entry, &rest[len..])?;
    pair(first, new, &rest[len + used..])
}

fn exchanged(entry: Entry, change: &Change, fits: &impl Fn(&str) -> bool) -> Revised {
    let (text, old) = (lower(entry.text), lower(&change.old));
    let mut all: Vec<usize> = Vec::new();
    for at in 0..text.len() {
        if text[at..].starts_with(&old) {
            all.push(at);
        }
    }
    // A letter without its marks is meant where none with these marks is there.
    if all.is_empty() && entry.spoken == Spoken::Name {
        let bare = |text: &[char]| fold(&text.iter().collect::<String>()).chars().collect::<Vec<char>>();
        let (text, old) = (bare(&text), bare(&old));
        all.extend((0..text.len()).filter(|at| text[*at..].starts_with(&old)));
    }
    let new = |at: &usize| replaced(entry, *at, old.len(), &change.new);
    let mut fitting = all.iter().map(new).filter(|text| fits(text));
    match (all.as_slice(), fitting.next(), fitting.next()) {
        ([], ..) => Revised::None,
        ([at], ..) => Revised::Text(new(at)),
        (_, Some(one), None) => Revised::Text(one),
        _ => Revised::Several,
    }
}

fn lower(text: &str) -> Vec<char> {
    // One character each, so that places stay the same.
    text.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect()
}

/// The entry with other characters at some place; a capital stays one.
fn replaced(entry: Entry, at: usize, count: usize, new: &str) -> String {
    let chars: Vec<char> = entry.text.chars().collect();
    let was_capital = chars.get(at).is_some_and(|c| c.is_uppercase());
    let (front, behind) = (&chars[..at.min(chars.len())], &chars[(at + count).min(chars.len())..]);
    let mut middle: Vec<char> = new.chars().collect();
    if was_capital && let Some(first) = middle.first_mut() {
        *first = first.to_uppercase().next().unwrap_or(*first);
    }
    front.iter().chain(&middle).chain(behind).collect()
}

/// "The third digit is five", "the last four are one two three four", "the second group is …".
fn by_place(entry: Entry, words: &[String]) -> Option<Places> {
    let language = entry.language;
    let length = places(entry).len();
    let (from, count, rest) = match language {
        Language::En => english_place(entry, words, length)?,
        Language::Vi => vietnamese_place(entry, words, length)?,
    };
    let is: &[&str] = match language {
        Language::En => &["is", "should be", "must be", "are", "was", "has to be", "to be", "ought to be", ",", "it's"],
        Language::Vi => &["là", "phải là", "mới đúng là", "đúng là", "thành", ","],
    };
    let rest = &rest[begins(rest, is, language)?..];
    let (new, used) = sequence(entry, rest)?;
    let rest = &rest[used..];
    if is_end(rest, language) {
        return Some(Places { from, count, new, old: None });
    }
    let refuse: &[&str] = if language == Language::En {
        &["not", "and not", "instead of"]
    } else {
        &["chứ không phải", "không phải"]
    };
    let len = begins(rest, refuse, language)?;
    let (old, used) = sequence(entry, &rest[len..])?;
    is_end(&rest[len + used..], language).then_some(Places { from, count, new, old: Some(old) })
}

/// Places of the characters that are counted: those of a name are its letters.
fn places(entry: Entry) -> Vec<usize> {
    let counted = |c: char| entry.spoken != Spoken::Name || c != ' ';
    entry.text.chars().enumerate().filter(|(_, c)| counted(*c)).map(|(at, _)| at).collect()
}

/// Where a place lies among so many; from the end where it is below zero.
fn at(place: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    let at = if place < 0 { length + place } else { place - 1 };
    (0..length).contains(&at).then_some(at as usize)
}

fn group(entry: Entry, place: i64) -> Option<(usize, usize)> {
    let index = at(place, entry.groups.len())?;
    Some((entry.groups[..index].iter().sum(), entry.groups[index]))
}

type Found<'a> = (usize, usize, &'a [String]);

fn english_place<'a>(entry: Entry, words: &'a [String], length: usize) -> Option<Found<'a>> {
    let words = after(words, &["the"], Language::En);
    let (place, len) = ordinal(words, Language::En)?;
    let rest = &words[len..];
    if let Some(len) = begins(rest, &["group", "block", "part", "set"], Language::En) {
        let (from, count) = group(entry, place)?;
        return Some((from, count, &rest[len..]));
    }
    // "the last four digits"
    let several =
        crate::value::number(rest, Language::En).filter(|(count, _)| (2..=8).contains(count) && place.abs() == 1);
    let (count, used) = several.map_or((1, 0), |(count, used)| (count as usize, used));
    let rest = &rest[used..];
    const NOUNS: [&str; 12] = [
        "digits",
        "digit",
        "numbers",
        "number",
        "letters",
        "letter",
        "characters",
        "character",
        "one",
        "figure",
        "figures",
        "ones",
    ];
    let noun = begins(rest, &NOUNS, Language::En);
    let from = if place < 0 {
        length.checked_sub(if several.is_some() { count } else { place.unsigned_abs() as usize })?
    } else {
        at(place, length)?
    };
    // "The third is five" says a place as well, "last is …" does.
    Some((from, count, &rest[noun.unwrap_or(0)..]))
}

fn vietnamese_place<'a>(entry: Entry, words: &'a [String], length: usize) -> Option<Found<'a>> {
    const NOUNS: [&str; 9] = ["chữ số", "con số", "số", "chữ cái", "chữ", "ký tự", "kí tự", "con", "ô"];
    if let Some(len) = begins(words, &["nhóm", "cụm", "cụm số", "nhóm số"], Language::Vi) {
        let (place, used) = ordinal(&words[len..], Language::Vi)?;
        let (from, count) = group(entry, place)?;
        return Some((from, count, &words[len + used..]));
    }
    // "bốn số cuối"
    if let Some((count, used)) = crate::value::number(words, Language::Vi).filter(|(count, _)| (2..=8).contains(count))
        && let Some(len) = begins(&words[used..], &NOUNS, Language::Vi)
        && let Some((place, more)) = ordinal(&words[used + len..], Language::Vi)
        && place.abs() == 1
    {
        let count = count as usize;
        let from = if place < 0 { length.checked_sub(count)? } else { 0 };
        return Some((from, count, &words[used + len + more..]));
    }
    let len = begins(words, &NOUNS, Language::Vi)?;
    let (place, used) = ordinal(&words[len..], Language::Vi)?;
    Some((at(place, length)?, 1, &words[len + used..]))
}

/// The entry with characters put at their places.
fn put(entry: Entry, change: &Places) -> Revised {
    let all = places(entry);
    let Some(from) = all.get(change.from).copied() else { return Revised::None };
    let Some(last) = all.get(change.from + change.count - 1).copied() else { return Revised::None };
    let count = last + 1 - from;
    let there: String = lower(entry.text)[from..=last].iter().collect();
    if change.old.as_ref().is_some_and(|old| lower(old).iter().collect::<String>() != there) {
        return Revised::Several;
    }
    // "The last four are seven": not so many characters as places.
    let is_same = change.new.chars().count() == change.count || entry.spoken == Spoken::Email;
    if !is_same { Revised::Several } else { Revised::Text(replaced(entry, from, count, &change.new)) }
}
