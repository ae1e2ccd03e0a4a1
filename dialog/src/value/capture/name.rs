//! A person's name: as it was said, and as it was spelled.
use super::alphabet::spelling;
use super::{bare, begins, fold, lower};
use crate::language::Language;

const LEADS_EN: [&str; 38] = [
    "just put it under",
    "just put",
    "it's under the name",
    "last name is",
    "my last name is",
    "surname is",
    "the surname is",
    "my name is",
    "my name's",
    "the name is",
    "the name's",
    "name is",
    "my full name is",
    "it's",
    "it is",
    "this is",
    "i'm",
    "i am",
    "that's",
    "that is",
    "that would be",
    "they call me",
    "call me",
    "first name is",
    "first name",
    "my first name is",
    "i said",
    "here's my name",
    "under",
    "it's under",
    "it's spelled",
    "i spell it",
    "spelled",
    "you can put",
    "put it under",
    "the name",
    "no it's",
    "mister",
];
const LEADS_VI: [&str; 37] = [
    "tôi tên là",
    "tôi tên",
    "tên tôi là",
    "tên là",
    "tên của tôi là",
    "họ và tên là",
    "họ tên là",
    "họ tên",
    "họ và tên",
    "em tên là",
    "em tên",
    "tên em là",
    "anh tên là",
    "anh tên",
    "chị tên là",
    "chị tên",
    "tên anh là",
    "tên chị là",
    "mình tên là",
    "mình tên",
    "tên mình là",
    "mình là",
    "tôi là",
    "em là",
    "anh là",
    "chị là",
    "cô là",
    "chú là",
    "bác là",
    "cháu là",
    "tên",
    "là",
    "đánh vần là",
    "đánh vần",
    "viết là",
    "tên đầy đủ là",
    "cô tên",
];
/// What stands between a name and its spelling.
const JOINTS: [&str; 37] = [
    ",",
    "spelled",
    "spelt",
    "spelling",
    "that's",
    "that is",
    "i spell it",
    "i spell that",
    "that's spelled",
    "it's spelled",
    "which is spelled",
    "is spelled",
    "with",
    "last name is",
    "last name",
    "my last name is",
    "surname",
    "surname is",
    "family name",
    "and",
    "then",
    "so that's",
    "đánh vần là",
    "đánh vần",
    "viết là",
    "là",
    "chữ",
    "tức là",
    "ghi là",
    "gồm",
    "họ",
    "tên lót là",
    "tên lót",
    "chữ lót",
    "tên đệm là",
    "tên đệm",
    "em đánh vần là",
];

/// The words of a name, and whether some of them were spelled.
#[derive(Clone, Debug, PartialEq)]
pub struct NameRead {
    pub text: String,
    pub spelled: bool,
}

/// The name that pieces are, all of them. `None`: they are none.
pub fn read(pieces: &[String], language: Language) -> Option<NameRead> {
    let low = lower(pieces);
    let span = bare(&low, if language == Language::En { &LEADS_EN } else { &LEADS_VI }, language);
    let (raw, low) = (&pieces[span.clone()], &low[span]);
    let mut words: Vec<String> = Vec::new();
    let (mut at, mut spelled) = (0, false);
    while at < low.len() {
        let rest = &low[at..];
        if let Some(len) = hint(rest, language).filter(|_| !words.is_empty()) {
            at += len;
            continue;
        }
        if let Some((written, len)) =
            spelling(rest, language, 2).filter(|(_, len)| is_spelling(&rest[..*len], at == 0 && *len == rest.len()))
        {
            merge(&mut words, written.iter().map(|word| capital(word)).collect());
            spelled = true;
            at += len;
            continue;
        }
        if let Some(len) = begins(rest, &JOINTS, language).filter(|_| at > 0 && !is_part_of_name(rest, language)) {
            at += len;
            continue;
        }
        let joins = rest[0] == "-" && !words.is_empty() && rest.len() > 1;
        if joins {
            let next = format!("{}-{}", words.pop().unwrap_or_default(), written(&raw[at + 1]));
            words.push(next);
            at += 2;
            continue;
        }
        if rest[0] == "." {
            at += 1;
            continue;
        }
        if !rest[0].chars().all(|c| c.is_alphabetic() || c == '\'') {
            return None;
        }
        words.push(written(&raw[at]));
        at += 1;
    }
    let letters: usize = words.iter().map(|word| word.chars().filter(|c| c.is_alphabetic()).count()).sum();
    let fits = !words.is_empty() && words.len() <= 8 && letters >= 2;
    fits.then(|| NameRead { text: words.join(" "), spelled })
}

/// "With a y", "with two ns": the spelling that follows says it anew, and where none does, the read-back is spelled.
fn hint(words: &[String], language: Language) -> Option<usize> {
    let len = begins(words, &["with a", "with an", "with two", "with one", "with double"], language)?;
    (language == Language::En && words.get(len).is_some_and(|word| word.chars().count() <= 2)).then_some(len + 1)
}

/// Letters that are words as well are a spelling where most of them are single letters, or there is nothing else ("bravo oscar bravo").
fn is_spelling(words: &[String], alone: bool) -> bool {
    let single = words.iter().filter(|word| word.chars().count() == 1 && word.chars().all(char::is_alphabetic)).count();
    let marked = words.iter().any(|word| {
        matches!(word.as_str(), "as" | "như" | "dấu" | "chữ" | "double" | "mũ" | "nờ" | "mờ" | "lờ" | "rờ")
    });
    single >= 2 || single >= 1 && marked || marked && words.len() > 2 || alone && words.len() >= 3 || words.len() >= 3
}

/// "Họ" and "chữ" begin no name; "Và", "With" neither. English "and" joins two people, and is no name.
fn is_part_of_name(words: &[String], language: Language) -> bool {
    language == Language::En && words.len() == 1 && matches!(words[0].as_str(), "then")
}

/// A word as a name is written: with a capital where none was written.
fn written(raw: &str) -> String {
    if raw.chars().any(char::is_uppercase) { raw.to_owned() } else { capital(raw) }
}

fn capital(word: &str) -> String {
    let mut out = String::new();
    let mut first = true;
    for c in word.chars() {
        if first {
            out.extend(c.to_uppercase())
        } else {
            out.push(c)
        }
        first = c == '-' || c == '\'' && out.chars().count() == 2;
    }
    out
}

/// Puts words that were spelled in the place of those that they spell, or behind all.
pub(super) fn merge(words: &mut Vec<String>, spelled: Vec<String>) {
    for word in spelled {
        // "Smith, S M Y T H": the word that is spelled was said just before.
        let said = words.pop_if(|said| is_alike(said, &word)).is_some();
        match words.iter().rposition(|other| fold(&other.to_lowercase()) == fold(&word.to_lowercase())) {
            Some(at) => words[at] = word,
            None if said => words.push(word),
            // "Stephen Hawkes, s t e v e n": a word before the last one.
            None => match words.iter().rposition(|other| is_alike(other, &word)) {
                Some(at) => words[at] = word,
                None => words.push(word),
            },
        }
    }
}

/// Whether two words may be the same name in two spellings.
pub(super) fn is_alike(said: &str, spelled: &str) -> bool {
    let plain = |text: &str| fold(&text.to_lowercase());
    let (said, spelled) = (plain(said), plain(spelled));
    let first = |text: &str| text.chars().next().map(|c| if matches!(c, 'c' | 'q') { 'k' } else { c });
    let most = said.chars().count().max(spelled.chars().count()) / 2;
    said == spelled || first(&said) == first(&spelled) && distance(&said, &spelled) <= most
}

/// How many letters have to be changed, put in or left out.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut above = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let cost = if x == *y { above } else { 1 + above.min(row[j]).min(row[j + 1]) };
            above = std::mem::replace(&mut row[j + 1], cost);
        }
    }
    row[b.len()]
}

/// A name with these words in place of those that they correct: one word like one of its own takes that one's place; else it is all anew.
pub fn corrected(known: &str, said: &NameRead) -> String {
    let mut words: Vec<String> = known.split(' ').map(str::to_owned).collect();
    let new: Vec<&str> = said.text.split(' ').collect();
    if let [one] = new.as_slice()
        && words.len() > 1
        && let Some(at) = words.iter().position(|word| is_alike(word, one))
    {
        words[at] = (*one).to_owned();
        return words.join(" ");
    }
    said.text.clone()
}
