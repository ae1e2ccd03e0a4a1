//! What no reader knows: words with signs within them. Each sign is said or makes a pause, and figures are said.
use super::reading::{DASHES, Place, Reading};

/// How signs and figures are said in a language.
pub(super) struct Voice {
    /// The name of a sign that has one.
    pub sign: fn(char) -> Option<&'static str>,
    pub number: fn(i64) -> String,
    /// Digits one by one, in groups.
    pub digits: fn(&str) -> String,
}

/// What stands within words and is no sign of its own.
fn joins(c: char) -> bool {
    matches!(c, '\'' | '’' | '\u{301}' | '\u{200d}') || DASHES.contains(&c)
}

/// Marks that part words; brackets and pictures do not.
fn is_pause(c: char) -> bool {
    matches!(c, ',' | ';' | ':' | '|' | '.' | '!' | '?' | '…' | '•' | '·')
}

pub(super) fn reading(place: Place<'_>, voice: &Voice) -> Option<Reading> {
    let core = place.core();
    // Text in angle brackets stands as it is.
    if core.chars().all(|c| c.is_alphabetic() || joins(c)) || core.contains('<') || core.contains("=\"") {
        return None;
    }
    // "person(s)"
    for plural in ["s", "es"] {
        let stem = core.strip_suffix(plural).and_then(|stem| stem.strip_suffix('('));
        if let Some(stem) = stem.filter(|stem| stem.chars().all(char::is_alphabetic)) {
            return Some(Reading::new(1, format!("{stem}{plural}")));
        }
    }
    let (mut said, mut rest): (Vec<String>, &str) = (Vec::new(), core);
    while let Some(first) = rest.chars().next() {
        let run = |fits: fn(char) -> bool| rest.find(|c| !fits(c)).unwrap_or(rest.len());
        let length = if first.is_ascii_digit() {
            let length = run(|c| c.is_ascii_digit());
            let figures = &rest[..length];
            let whole = figures.parse().ok().filter(|_| length < 7 && !figures.starts_with('0'));
            said.push(whole.map_or_else(|| (voice.digits)(figures), voice.number));
            length
        } else if first.is_alphabetic() {
            let length = run(|c| c.is_alphabetic() || joins(c));
            said.push(rest[..length].trim_end_matches(DASHES).to_owned());
            length
        } else {
            // "Node.js": a dot before a small letter is no end of a sentence.
            let is_name = first != '.' || rest[1..].starts_with(char::is_lowercase);
            match ((voice.sign)(first).filter(|_| is_name), said.last_mut()) {
                (Some(name), _) => said.push(name.to_owned()),
                // A mark within a word is a short pause.
                (None, Some(last)) if is_pause(first) && !last.ends_with(',') => last.push(','),
                (None, _) => {}
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    let said = said.join(" ");
    if said.is_empty() {
        let pause = place.ahead(1).is_some() && place.word().after.is_empty();
        return Some(Reading { pause: pause.then_some(','), ..Reading::new(1, "") });
    }
    Some(Reading::new(1, said.trim_end_matches(',')))
}
