//! What a text sounds like: figures become words, texts become clauses, values are read back.
use crate::language::Language;
use crate::value::kind::{Kind, Value};
use jiff::civil::Date;

pub mod en;
mod figure;
pub mod vi;
mod word;
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

/// Normalises a text and cuts it where a speaker breathes: the first clause early (from 20 characters, at any of `, ; : . ! ?`), so
/// that it sounds soon, then sentences of 30 to 300 characters.
pub fn clauses(text: &str, language: Language) -> Vec<String> {
    chunk(&normal(text, language))
}

/// The cutting alone. A mark is a boundary only with the space after it.
pub fn chunk(text: &str) -> Vec<String> {
    const FIRST_MIN_CHARS: usize = 20;
    const MIN_CHARS: usize = 30;
    const MAX_CHARS: usize = 300;
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
        let cut = if out.is_empty() {
            length >= FIRST_MIN_CHARS && (sentence || breath)
        } else {
            length >= MIN_CHARS && sentence
        };
        // A sentence without end is cut at a breath, or at a word.
        let long = length >= MAX_CHARS && (breath || sentence || c.is_whitespace());
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
    match value {
        Value::Choice(name) => match kind {
            Kind::Choice(all) => all.iter().find(|c| c.name == *name).map_or_else(|| name.clone(), |c| c.say.clone()),
            _ => name.clone(),
        },
        Value::Bool(yes) => match (language, yes) {
            (Language::En, true) => "yes",
            (Language::En, false) => "no",
            (Language::Vi, true) => "có",
            (Language::Vi, false) => "không",
        }
        .into(),
        Value::Number(n) => {
            let said = number(*n, language);
            match kind {
                Kind::Number { unit, .. } if !unit.is_empty() => {
                    let name = if *n == 1 { unit.first() } else { unit.get(1).or(unit.first()) };
                    format!("{said} {}", name.map_or("", String::as_str))
                }
                _ => said,
            }
        }
        Value::Digits(text) => match language {
            Language::En => en::digits(text),
            Language::Vi => vi::digits(text),
        },
        Value::Date(date) => match language {
            Language::En => en::near_date(*date, today),
            Language::Vi => vi::near_date(*date, today),
        },
        Value::Time(time) => match language {
            Language::En => en::time(time.hour().into(), time.minute().into()),
            Language::Vi => vi::time(time.hour().into(), time.minute().into()),
        },
        Value::Minutes(minutes) => match language {
            Language::En => en::duration(*minutes),
            Language::Vi => vi::duration(*minutes),
        },
        Value::Text(text) => text.clone(),
    }
}

/// A whole number in words.
pub fn number(n: i64, language: Language) -> String {
    match language {
        Language::En => en::number(n),
        Language::Vi => vi::number(n),
    }
}

#[cfg(test)]
mod tests;
