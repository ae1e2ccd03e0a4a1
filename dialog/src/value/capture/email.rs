//! E-mail addresses as people say, spell and write them.
use super::alphabet::letter;
use super::{bare, begins, digits, fold, lower};
use crate::language::Language;

/// Hosts that are known by their first word alone.
const HOSTS: [(&str, &str); 9] = [
    ("gmail", "gmail.com"),
    ("googlemail", "googlemail.com"),
    ("yahoo", "yahoo.com"),
    ("hotmail", "hotmail.com"),
    ("outlook", "outlook.com"),
    ("icloud", "icloud.com"),
    ("aol", "aol.com"),
    ("protonmail", "protonmail.com"),
    ("gmx", "gmx.net"),
];

/// What recognisers write, and callers say, for parts of hosts.
const HEARD: [(&str, &str); 22] = [
    ("g mail", "gmail"),
    ("gee mail", "gmail"),
    ("gờ mail", "gmail"),
    ("gi meo", "gmail"),
    ("gờ meo", "gmail"),
    ("di meo", "gmail"),
    ("ji mail", "gmail"),
    ("hot mail", "hotmail"),
    ("hót mail", "hotmail"),
    ("hót meo", "hotmail"),
    ("out look", "outlook"),
    ("ao lúc", "outlook"),
    ("i cloud", "icloud"),
    ("ai cờ lao", "icloud"),
    ("da hu", "yahoo"),
    ("ya hoo", "yahoo"),
    ("già hu", "yahoo"),
    ("google mail", "googlemail"),
    ("proton mail", "protonmail"),
    ("vi en", "vn"),
    ("vê nờ", "vn"),
    ("việt nam", "vn"),
];

const LEADS_EN: [&str; 24] = [
    "my email is",
    "my email address is",
    "my e-mail is",
    "the email is",
    "the email address is",
    "email is",
    "email address is",
    "my address is",
    "the address is",
    "it's",
    "it is",
    "that's",
    "that is",
    "that would be",
    "you can use",
    "you can reach me at",
    "reach me at",
    "send it to",
    "use",
    "i said",
    "my e - mail is",
    "here it is",
    "my email's",
    "email",
];
const LEADS_VI: [&str; 26] = [
    "email của tôi là",
    "email của em là",
    "email của anh là",
    "email của chị là",
    "email của mình là",
    "email tôi là",
    "email em là",
    "email anh là",
    "email chị là",
    "email mình là",
    "email là",
    "địa chỉ email là",
    "địa chỉ email của tôi là",
    "địa chỉ email của em là",
    "địa chỉ mail là",
    "mail của tôi là",
    "mail của em là",
    "mail là",
    "mail em là",
    "gửi về",
    "gửi vào",
    "địa chỉ là",
    "là",
    "i meo là",
    "email",
    "của tôi là",
];
/// How it is written, which an address does not have by itself.
const MANNER: [&str; 33] = [
    "all one word",
    "one word",
    "all together",
    "altogether",
    "no spaces",
    "no space",
    "without spaces",
    "all lowercase",
    "all lower case",
    "lowercase",
    "lower case",
    "in lowercase",
    "all small letters",
    "with no spaces",
    "viết liền không dấu",
    "viết liền",
    "viết liền nhau",
    "viết thường",
    "viết dính",
    "liền nhau",
    "không dấu",
    "không cách",
    "không có dấu",
    "chữ thường",
    "không viết hoa",
    "không hoa",
    "viết liền hết",
    "tất cả viết thường",
    "viết thường hết",
    "không khoảng trắng",
    ",",
    "and then",
    "rồi",
];
const SIGNS_EN: [(&str, char); 17] = [
    ("at sign", '@'),
    ("at symbol", '@'),
    ("at", '@'),
    ("dot", '.'),
    ("point", '.'),
    ("period", '.'),
    ("full stop", '.'),
    ("underscore", '_'),
    ("under score", '_'),
    ("underline", '_'),
    ("dash", '-'),
    ("hyphen", '-'),
    ("minus", '-'),
    ("minus sign", '-'),
    ("plus", '+'),
    ("plus sign", '+'),
    ("@", '@'),
];
const SIGNS_VI: [(&str, char); 26] = [
    ("a còng", '@'),
    ("a vòng", '@'),
    ("a móc", '@'),
    ("a cồng", '@'),
    ("a còm", '@'),
    ("dấu a còng", '@'),
    ("ký tự a còng", '@'),
    ("ác móc", '@'),
    ("át", '@'),
    ("at", '@'),
    ("@", '@'),
    ("chấm", '.'),
    ("dấu chấm", '.'),
    ("đốt", '.'),
    ("dot", '.'),
    ("gạch dưới", '_'),
    ("dấu gạch dưới", '_'),
    ("gạch chân", '_'),
    ("shift gạch", '_'),
    ("gạch ngang", '-'),
    ("dấu gạch ngang", '-'),
    ("gạch nối", '-'),
    ("dấu gạch nối", '-'),
    ("gạch giữa", '-'),
    ("dấu trừ", '-'),
    ("dấu cộng", '+'),
];

/// What pieces come to.
#[derive(Clone, Debug, PartialEq)]
pub enum EmailRead {
    Whole(String),
    /// The beginning of an address.
    Begun(String),
}

/// The address that pieces are, all of them. `None`: they are none, and begin none.
pub fn read(pieces: &[String], language: Language) -> Option<EmailRead> {
    let low = lower(pieces);
    let span = bare(&low, if language == Language::En { &LEADS_EN } else { &LEADS_VI }, language);
    let low = &low[span];
    // Letters, figures and signs are what an address is made of; many words beside few of these are a sentence.
    let (mut out, mut at, mut signs, mut words) = (String::new(), 0, 0, 0);
    while at < low.len() {
        let rest = &low[at..];
        let (text, len) = next(rest, low, at, out.contains('@'), language)?;
        let is_word = text.len() > 1 && text.chars().all(char::is_alphabetic) && len == 1;
        (signs, words) = if is_word { (signs, words + 1) } else { (signs + 1, words) };
        out.push_str(&text);
        at += len;
        if out.len() > 128 {
            return None;
        }
    }
    let out = out.trim_matches('.').to_owned();
    match with_host(&out) {
        Some(whole) => Some(EmailRead::Whole(whole)),
        None if out.matches('@').count() > 1 => None,
        None => {
            let (local, host) = out.split_once('@').map_or((out.as_str(), None), |(local, host)| (local, Some(host)));
            let fits = is_local(local) && host.is_none_or(|host| host.chars().all(is_host_char));
            (fits && !out.is_empty() && (words <= 3 || signs >= words)).then_some(EmailRead::Begun(out))
        }
    }
}

/// The next letters, figures or sign.
fn next(rest: &[String], all: &[String], at: usize, in_host: bool, language: Language) -> Option<(String, usize)> {
    if let Some(len) = begins(rest, &MANNER, language) {
        return Some((String::new(), len));
    }
    let signs: &[(&str, char)] = if language == Language::En { &SIGNS_EN } else { &SIGNS_VI };
    let sign = |(name, sign): &(&str, char)| begins(rest, &[name], language).map(|len| (*sign, len));
    if let Some((sign, len)) = signs.iter().filter_map(sign).max_by_key(|(_, len)| *len) {
        return Some((sign.to_string(), len));
    }
    if let Some((heard, len)) = heard(rest, language).filter(|_| in_host || all[..at].iter().any(|word| word == "@")) {
        return Some((heard.to_owned(), len));
    }
    let first = rest[0].as_str();
    match first {
        // "s-m-i-t-h": a letter at a time.
        "-" if is_single(all.get(at.wrapping_sub(1))) && is_single(all.get(at + 1)) => return Some((String::new(), 1)),
        "." | "-" | "_" | "+" => return Some((first.to_owned(), 1)),
        _ => {}
    }
    // "O" alone is a zero among figures only.
    let is_figure = |word: Option<&String>| word.is_some_and(|word| word.bytes().all(|b| b.is_ascii_digit()));
    let is_letter_o = first == "o" && !is_figure(all.get(at.wrapping_sub(1))) && !is_figure(all.get(at + 1));
    if let Some(figures) = digits(rest, language).filter(|_| !is_letter_o) {
        return Some(figures);
    }
    if let Some((letters, len)) = letter(rest, language).filter(|(_, len)| is_letter(rest, *len, all, at, language)) {
        return Some((fold(&letters), len));
    }
    let word = fold(first);
    word.chars().all(|c| c.is_ascii_alphanumeric()).then_some((word, 1))
}

/// The same for a part of an address that a caller corrects.
pub(super) fn part(rest: &[String], language: Language) -> Option<(String, usize)> {
    next(rest, rest, 0, true, language)
}

fn heard(rest: &[String], language: Language) -> Option<(&'static str, usize)> {
    let fits = |(said, meant): &(&str, &'static str)| begins(rest, &[said], language).map(|len| (*meant, len));
    HEARD.iter().filter_map(fits).max_by_key(|(_, len)| *len)
}

fn is_single(word: Option<&String>) -> bool {
    word.is_some_and(|word| word.chars().count() == 1 && word.chars().all(char::is_alphanumeric))
}

/// A word that is a letter's name ("mike", "em") is one beside another letter, or with its example; else it is itself.
fn is_letter(rest: &[String], len: usize, all: &[String], at: usize, language: Language) -> bool {
    if len > 1 || is_single(rest.first()) {
        return true;
    }
    let behind = rest.get(1..).and_then(|rest| letter(rest, language)).is_some();
    let before = at > 0 && (is_single(all.get(at - 1)) || letter(&all[at - 1..at], language).is_some());
    // Two names of people in a row ("mike oscar") are rather names than letters: three are letters.
    let run = |from: usize| {
        all[from..].iter().take_while(|word| letter(std::slice::from_ref(word), language).is_some()).count()
    };
    let start = (0..=at).rev().take_while(|from| letter(&all[*from..=*from], language).is_some()).last().unwrap_or(at);
    (behind || before) && run(start) >= 3
}

/// A whole address, its host filled in where it is known by its first word.
fn with_host(text: &str) -> Option<String> {
    let (local, host) = text.split_once('@')?;
    let host = HOSTS.iter().find(|(name, _)| *name == host).map_or(host, |(_, host)| host);
    let labels: Vec<&str> = host.split('.').collect();
    let label = |label: &&str| {
        !label.is_empty() && label.chars().all(is_host_char) && !label.starts_with('-') && !label.ends_with('-')
    };
    let end = labels.last()?;
    let fits =
        labels.len() > 1 && labels.iter().all(label) && end.len() >= 2 && end.chars().all(|c| c.is_ascii_alphabetic());
    (is_local(local) && fits).then(|| format!("{local}@{host}"))
}

fn is_local(local: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+');
    !local.is_empty()
        && local.len() <= 64
        && local.chars().all(fits)
        && !local.contains("..")
        && !local.starts_with('.')
        && !local.ends_with('.')
}

fn is_host_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.')
}

/// Whether a text is an address as it stands.
pub fn is_address(text: &str) -> bool {
    with_host(text).is_some_and(|whole| whole == text)
}
