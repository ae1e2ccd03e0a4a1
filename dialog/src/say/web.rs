//! E-mail addresses and those of web pages.
use crate::value::words::all_digits;

/// How the signs of an address are said in a language.
pub(super) struct Voice {
    pub at: &'static str,
    pub dot: &'static str,
    pub slash: &'static str,
    pub dash: &'static str,
    pub underscore: &'static str,
    pub plus: &'static str,
    pub colon: &'static str,
    pub question: &'static str,
    pub equals: &'static str,
    pub and: &'static str,
    pub hash: &'static str,
    pub percent: &'static str,
    pub tilde: &'static str,
    /// Digits one by one.
    pub spell: fn(&str) -> String,
    /// Letters one by one.
    pub letters: fn(&str) -> String,
}

/// Ends of names that tell an address from an abbreviation ("e.g"), and that are said as words.
const WORDS: [&str; 14] =
    ["com", "org", "net", "info", "biz", "app", "dev", "gov", "edu", "shop", "online", "site", "store", "cloud"];
/// The same, said letter by letter.
const LETTERS: [&str; 19] =
    ["vn", "uk", "us", "eu", "io", "ai", "de", "fr", "jp", "cn", "kr", "sg", "ca", "au", "nl", "tv", "me", "ch", "th"];

/// What is no end of a name, and said letter by letter, too.
const ACRONYMS: [&str; 5] = ["faq", "api", "url", "io", "id"];

fn is_name(host: &str) -> bool {
    let labels: Vec<&str> = host.split('.').collect();
    let fits = |label: &&str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    let end = labels.last().map(|end| end.to_lowercase()).unwrap_or_default();
    // "me" and the like end sentences without a space behind the dot, too.
    let known = WORDS.contains(&end.as_str()) || (LETTERS.contains(&end.as_str()) && host == host.to_lowercase());
    labels.len() > 1 && labels.iter().all(fits) && known && !all_digits(labels[0])
}

/// An address as it is said; `None` for anything else.
pub(super) fn address(core: &str, voice: &Voice) -> Option<String> {
    if let Some((user, host)) = core.split_once('@') {
        let user = user.strip_prefix("mailto:").unwrap_or(user);
        let fits = !user.is_empty() && user.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '+'));
        let labels = host.split('.').count() > 1 && host.split('.').all(|label| !label.is_empty());
        return (fits && labels).then(|| format!("{} {} {}", part(user, voice), voice.at, part(host, voice)));
    }
    let bare = ["https://", "http://"].iter().find_map(|scheme| core.strip_prefix(scheme));
    let rest = bare.unwrap_or(core).trim_end_matches('/');
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    ((bare.is_some() && !host.is_empty()) || host.starts_with("www.") || is_name(host)).then(|| part(rest, voice))
}

/// Names, figures and signs, one after the other.
fn part(text: &str, voice: &Voice) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let run = |fits: fn(char) -> bool| rest.find(|c| !fits(c)).unwrap_or(rest.len());
        let (length, word) = if first.is_ascii_digit() {
            let length = run(|c| c.is_ascii_digit());
            (length, (voice.spell)(&rest[..length]))
        } else if first.is_alphabetic() {
            let length = run(char::is_alphabetic);
            let name = &rest[..length];
            let lower = name.to_lowercase();
            let end = LETTERS.contains(&lower.as_str()) && text[..text.len() - rest.len()].ends_with('.');
            let silent = name.chars().count() < 4 && !lower.contains(['a', 'e', 'i', 'o', 'u', 'y']);
            (
                length,
                if end || silent || ACRONYMS.contains(&lower.as_str()) {
                    (voice.letters)(name)
                } else {
                    name.to_owned()
                },
            )
        } else {
            let sign = match first {
                '@' => voice.at,
                '.' => voice.dot,
                '/' => voice.slash,
                '-' => voice.dash,
                '_' => voice.underscore,
                '+' => voice.plus,
                ':' => voice.colon,
                '?' => voice.question,
                '=' => voice.equals,
                '&' => voice.and,
                '#' => voice.hash,
                '%' => voice.percent,
                '~' => voice.tilde,
                _ => "",
            };
            (first.len_utf8(), sign.to_owned())
        };
        if !word.is_empty() {
            said.push(word);
        }
        rest = &rest[length..];
    }
    said.join(" ")
}
