//! `Word`: a word of a text apart from the marks around it, and how spoken words are put back between these marks.

/// A word of a text, taken from its punctuation: `("("`, `"$5"`, `"),"`.
pub(super) struct Word<'a> {
    pub before: &'a str,
    pub core: &'a str,
    pub after: &'a str,
}

pub(super) fn words(text: &str) -> Vec<Word<'_>> {
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
pub(super) fn put(out: &mut String, before: &str, spoken: &str, after: &str) {
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
