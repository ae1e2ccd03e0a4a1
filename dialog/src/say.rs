//! What a text sounds like: figures become words, texts become clauses, values are read back.
use crate::value::{Kind, Language, Value};
use jiff::civil::Date;

pub mod en;
pub mod vi;
pub mod written;

/// A text as a synthesiser should get it: no figure, sign or abbreviation left.
pub fn normal(text: &str, language: Language) -> String {
    use unicode_normalization::UnicodeNormalization;
    let text: String = text.nfc().collect();
    match language {
        Language::En => en::normal(&text),
        Language::Vi => vi::normal(&text),
    }
}

/// Normalises a text and cuts it where a voice breathes: the first clause early (from 20 characters, at any of `, ; : . ! ?`), so
/// that it sounds soon, then sentences of 30 to 300 characters.
pub fn clauses(text: &str, language: Language) -> Vec<String> {
    chunk(&normal(text, language))
}

/// The cutting alone. A mark is a boundary only with the space after it.
pub fn chunk(text: &str) -> Vec<String> {
    const FIRST: usize = 20;
    const LEAST: usize = 30;
    const MOST: usize = 300;
    let mut out: Vec<String> = Vec::new();
    let mut clause = String::new();
    let mut length = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        clause.push(c);
        length += 1;
        let end = chars.peek().is_none_or(|next| next.is_whitespace());
        let sentence = matches!(c, '.' | '!' | '?' | '…') && end;
        let breath = matches!(c, ',' | ';' | ':') && end;
        let cut = if out.is_empty() { length >= FIRST && (sentence || breath) } else { length >= LEAST && sentence };
        // A sentence without end is cut at a breath, or at a word.
        let long = length >= MOST && (breath || sentence || c.is_whitespace());
        if cut || long {
            out.push(std::mem::take(&mut clause).trim().to_string());
            length = 0;
        }
    }
    let rest = clause.trim();
    if !rest.is_empty() {
        // A few words at the end belong to the sentence before them.
        match out.last_mut().filter(|_| rest.chars().count() < 12) {
            Some(last) => {
                last.push(' ');
                last.push_str(rest);
            }
            None => out.push(rest.to_string()),
        }
    }
    out.retain(|c| c.chars().any(char::is_alphanumeric));
    out
}

/// A value as the bot says it. Dates bring their preposition ("today", "on Friday, December fourth").
pub fn value(value: &Value, kind: &Kind, language: Language, today: Date) -> String {
    let en = language == Language::En;
    match value {
        Value::Choice(name) => match kind {
            Kind::Choice(all) => all.iter().find(|c| c.name == *name).map_or_else(|| name.clone(), |c| c.say.clone()),
            _ => name.clone(),
        },
        Value::Bool(yes) => match (en, yes) {
            (true, true) => "yes",
            (true, false) => "no",
            (false, true) => "có",
            (false, false) => "không",
        }
        .into(),
        Value::Number(n) => {
            let said = if en { en::number(*n) } else { vi::number(*n) };
            match kind {
                Kind::Number { unit, .. } if !unit.is_empty() => {
                    let name = if *n == 1 { unit.first() } else { unit.get(1).or(unit.first()) };
                    format!("{said} {}", name.map_or("", String::as_str))
                }
                _ => said,
            }
        }
        Value::Digits(digits) => {
            if en {
                en::digits(digits)
            } else {
                vi::digits(digits)
            }
        }
        Value::Date(date) => {
            if en {
                en::near_date(*date, today)
            } else {
                vi::near_date(*date, today)
            }
        }
        Value::Time(time) => {
            if en {
                en::time(time.hour().into(), time.minute().into())
            } else {
                vi::time(time.hour().into(), time.minute().into())
            }
        }
        Value::Minutes(minutes) => {
            if en {
                en::duration(*minutes)
            } else {
                vi::duration(*minutes)
            }
        }
        Value::Text(text) => text.clone(),
    }
}

/// A word of a text, taken from its punctuation: `("("`, `"$5"`, `"),"`.
struct Word<'a> {
    before: &'a str,
    core: &'a str,
    after: &'a str,
}

fn words(text: &str) -> Vec<Word<'_>> {
    text.split_whitespace()
        .map(|w| {
            let start = w.find(|c: char| !matches!(c, '(' | '"' | '“' | '[' | '\'' | '‘')).unwrap_or(w.len());
            let rest = &w[start..];
            let end = rest
                .rfind(|c: char| {
                    !matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | ')' | '"' | '”' | ']' | '\'' | '’' | '…')
                })
                .map_or(0, |i| i + rest[i..].chars().next().map_or(0, char::len_utf8));
            Word { before: &w[..start], core: &rest[..end], after: &rest[end..] }
        })
        .collect()
}

/// Puts spoken words back between their marks. Brackets and quotes make no sound.
fn put(out: &mut String, before: &str, spoken: &str, after: &str) {
    let silent = |c: &char| !matches!(c, '(' | ')' | '"' | '“' | '”' | '[' | ']');
    let spoken = spoken.trim();
    let marks: String = after.chars().filter(silent).collect();
    if spoken.is_empty() {
        if let (Some(mark), false) = (marks.chars().next(), out.is_empty())
            && !out.ends_with(['.', ',', '!', '?', ';', ':'])
        {
            out.push(mark);
        }
        return;
    }
    if !out.is_empty() {
        out.push(' ');
    }
    out.extend(before.chars().filter(silent));
    out.push_str(spoken);
    out.push_str(&marks);
}

fn digits_only(text: &str) -> bool {
    crate::value::all_digits(text)
}

/// "1,250.50" → 1250 and "50"; `thousands` groups three digits, `point` begins the fraction.
fn figure(text: &str, thousands: char, point: char) -> Option<(i64, Option<&str>)> {
    let (whole, fraction) = match text.split_once(point) {
        Some((w, f)) if digits_only(f) => (w, Some(f)),
        Some(_) => return None,
        None => (text, None),
    };
    let groups: Vec<&str> = whole.split(thousands).collect();
    let grouped = groups.len() > 1
        && (1..=3).contains(&groups[0].len())
        && groups[0] != "0"
        && groups[1..].iter().all(|g| g.len() == 3);
    if !groups.iter().all(|g| digits_only(g)) || !(groups.len() == 1 || grouped) || whole.len() > 15 {
        return None;
    }
    Some((groups.concat().parse().ok()?, fraction))
}

/// A phone number that begins here: how many words it takes, and its digits in groups.
fn phone(words: &[Word<'_>]) -> Option<(usize, Vec<String>)> {
    let mut groups: Vec<String> = Vec::new();
    let mut used = 0;
    for (i, word) in words.iter().enumerate() {
        let core = word.core.strip_prefix('+').filter(|_| i == 0).unwrap_or(word.core);
        let parts: Vec<&str> = core.split(['-', '.', '(', ')']).filter(|p| !p.is_empty()).collect();
        if parts.is_empty() || !parts.iter().all(|p| digits_only(p)) {
            break;
        }
        groups.extend(parts.iter().map(|p| p.to_string()));
        used = i + 1;
        if word.after.contains([',', '.', ';', '!', '?', ':']) {
            break;
        }
    }
    let first = words.first()?;
    let total: usize = groups.iter().map(String::len).sum();
    let plus = first.core.starts_with('+');
    let bracket = first.before.contains('(') && groups.first().is_some_and(|g| g.len() == 3);
    let zero = groups.first().is_some_and(|g| g.starts_with('0'));
    let dashes = groups.iter().map(String::len).eq([3, 3, 4]);
    // A date or a grouped number is none.
    let dated = used == 1 && groups.len() == 3 && groups[0].len() == 4 && groups[1].len() <= 2;
    let known = (plus && total >= 8) || (bracket && total == 10) || (zero && total >= 9) || dashes;
    if !known || total > 15 || dated || (used == 1 && groups.len() > 1 && groups.iter().any(|g| g.len() < 2)) {
        return None;
    }
    if groups.len() == 1 {
        groups = split_digits(&groups[0]);
    }
    Some((used, groups))
}

/// Says the phone number that begins here, if one does: returns how many words it took. `plus` is how the language says a
/// leading +, `spell` how it says digits one by one.
fn put_phone(out: &mut String, words: &[Word<'_>], plus: &str, spell: fn(&str) -> String) -> Option<usize> {
    let (used, groups) = phone(words)?;
    let said: Vec<String> = groups.iter().map(|group| spell(group)).collect();
    let plus = if words[0].core.starts_with('+') { plus } else { "" };
    put(out, "", &format!("{plus}{}", said.join(", ")), words[used - 1].after);
    Some(used)
}

/// Groups a run of digits as people read it: 4-3-3 for ten, three by three otherwise.
pub(crate) fn split_digits(digits: &str) -> Vec<String> {
    let sizes: &[usize] = match digits.len() {
        0..=5 => return vec![digits.to_string()],
        6 => &[3, 3],
        7 => &[3, 4],
        8 => &[4, 4],
        9 => &[3, 3, 3],
        10 => &[4, 3, 3],
        11 => &[4, 3, 4],
        _ => &[3, 3, 3, 3],
    };
    let mut out = Vec::new();
    let mut rest = digits;
    for size in sizes {
        let (group, tail) = rest.split_at((*size).min(rest.len()));
        out.push(group.to_string());
        rest = tail;
    }
    if !rest.is_empty() {
        out.push(rest.to_string());
    }
    out
}

#[cfg(test)]
mod tests;
