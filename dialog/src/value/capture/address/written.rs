//! House numbers and names as they are written.
use super::super::lower;
use super::marks::MARKS;
use crate::language::Language;

/// "mười hai xuyệt năm a" as "12/5A".
pub(super) fn house(low: &[String], language: Language) -> String {
    let (mut out, mut at) = (String::new(), 0);
    while at < low.len() {
        let rest = &low[at..];
        let mark = MARKS.iter().any(|(mark, _)| *mark == rest[0]);
        if mark {
            out.push_str(&format!("{}{} ", if out.is_empty() { "" } else { " " }, rest[0]));
            at += 1;
            continue;
        }
        match (rest[0].as_str(), crate::value::number(rest, language)) {
            ("/" | "xuyệt" | "xẹt" | "suyệt" | "trên" | "slash", _) => {
                out.push('/');
                at += 1;
            }
            ("-" | "gạch" | "dash", _) => {
                out.push('-');
                at += 1;
            }
            (_, Some((_, len))) if language == Language::En => {
                out.push_str(
                    &crate::value::digits(&rest[..len], language)
                        .map_or_else(|| rest[..len].concat(), |(text, _)| text),
                );
                at += len;
            }
            (_, Some((number, len))) => {
                out.push_str(&number.to_string());
                at += len;
            }
            (word, None) => {
                out.push_str(&word.to_uppercase());
                at += 1;
            }
        }
    }
    out.trim().to_owned()
}

/// Words as names are written.
pub(super) fn title(raw: &[String]) -> String {
    let word = |word: &String| -> String {
        let mut chars = word.chars();
        let is_written = word.chars().any(char::is_uppercase);
        match chars.next() {
            Some(first) if !is_written => first.to_uppercase().chain(chars).collect(),
            _ => word.clone(),
        }
    };
    // "phường năm", "quận mười hai": a ward or a district that is a number.
    if let Some((number, _)) = crate::value::number(&lower(raw), Language::Vi).filter(|(_, len)| *len == raw.len()) {
        return number.to_string();
    }
    raw.iter().map(word).collect::<Vec<_>>().join(" ").replace(" / ", "/").replace(" - ", "-").replace(" . ", ".")
}
