//! Names, e-mail addresses, postal addresses and identity numbers as the bot says them: in a sentence, and where they are checked.
use super::characters::{digits, number, spelled};
use super::{normal, outside::unmarked};
use crate::language::Language;
use crate::value::capture::address::{Address, Part};
use crate::value::capture::fold;
use crate::value::capture::id::Scheme;
use crate::value::capture::provinces;
use unicode_normalization::UnicodeNormalization;

/// An identity number, group by group.
pub fn id(text: &str, scheme: &Scheme, language: Language) -> String {
    let chars: Vec<char> = text.chars().collect();
    let (mut at, mut all) = (0, Vec::new());
    for size in scheme.groups(chars.len()) {
        let group: String = chars[at..(at + size).min(chars.len())].iter().collect();
        at += group.len();
        // Characters one by one: nobody writes "forty five" down as it was meant.
        all.push(if group.bytes().all(|b| b.is_ascii_digit()) {
            digits(&group, language)
        } else {
            spelled(&group, language)
        });
    }
    all.retain(|group| !group.is_empty());
    all.join(", ")
}

/// How an identity number is written: its groups apart.
pub fn written_id(text: &str, scheme: &Scheme) -> String {
    let chars: Vec<char> = text.chars().collect();
    let (mut at, mut all) = (0, Vec::new());
    for size in scheme.groups(chars.len()) {
        all.push(chars[at..(at + size).min(chars.len())].iter().collect::<String>());
        at += size;
    }
    all.retain(|group| !group.is_empty());
    all.join(" ")
}

pub fn email(text: &str, language: Language) -> String {
    normal(text, language)
}

/// An address of e-mail letter by letter, its host as a word where it is one.
pub fn spelled_email(text: &str, language: Language) -> String {
    let (local, host) = text.split_once('@').map_or((text, ""), |(local, host)| (local, host));
    let mut said: Vec<String> = Vec::new();
    let mut run = String::new();
    let flush = |run: &mut String, said: &mut Vec<String>| {
        if !run.is_empty() {
            said.push(spelled(&std::mem::take(run), language));
        }
    };
    for c in local.chars() {
        let sign = match (c, language) {
            ('.', Language::En) => "dot",
            ('.', Language::Vi) => "chấm",
            ('_', Language::En) => "underscore",
            ('_', Language::Vi) => "gạch dưới",
            ('-', Language::En) => "dash",
            ('-', Language::Vi) => "gạch ngang",
            ('+', Language::En) => "plus",
            ('+', Language::Vi) => "dấu cộng",
            (c, _) => {
                run.push(c);
                continue;
            }
        };
        flush(&mut run, &mut said);
        said.push(sign.to_owned());
    }
    flush(&mut run, &mut said);
    let local = said.join(", ");
    if host.is_empty() {
        return local;
    }
    // The host as it is said behind the sign in a whole address.
    let at = if language == Language::En { " at " } else { " a còng " };
    let whole = normal(&format!("x@{host}"), language);
    let host = whole.split_once(at).map_or(host, |(_, host)| host);
    format!("{local},{at}{host}")
}

/// A name, and how it is spelled. A Vietnamese name is heard as it is written; one with letters of other languages is not.
pub fn spelled_name(text: &str, language: Language) -> String {
    let name = unmarked(text);
    match language {
        Language::En => format!("{name}, spelled {}", letters(text, language)),
        Language::Vi if text.split(' ').all(is_vietnamese) => name,
        Language::Vi => format!("{name}, đánh vần là {}", letters(text, language)),
    }
}

fn letters(text: &str, language: Language) -> String {
    let word = |word: &str| spelled(&fold(word).to_lowercase(), language);
    text.split(' ').map(word).collect::<Vec<_>>().join(", ")
}

/// Whether a word may be a syllable of Vietnamese: none of its letters is foreign, and it has marks or few letters.
fn is_vietnamese(word: &str) -> bool {
    let plain = fold(&word.to_lowercase());
    let marked = word.nfd().count() > word.chars().count() || word.contains(['đ', 'Đ']);
    let foreign = plain.contains(['f', 'j', 'w', 'z', '-', '\'']);
    let vowels = plain.chars().filter(|c| "aeiouy".contains(*c)).count();
    let last = plain.chars().last().unwrap_or(' ');
    !foreign && (marked || vowels <= 3 && plain.len() <= 6 && "aeiouyncghmpt".contains(last) && !plain.contains("ee"))
}

/// The parts of a postal address, with the province of before where another name was said.
pub fn address(address: &Address, language: Language) -> String {
    let get = |part| address.get(part);
    let number = get(Part::Number).map(|text| house(text, language));
    let street = get(Part::Street).map(|text| normal(text, language));
    let unit = get(Part::Unit).map(|text| normal(text, language));
    let mut all: Vec<String> = Vec::new();
    match language {
        Language::En => {
            all.extend(joined([number, street]));
            all.extend(unit);
            all.extend(get(Part::Ward).map(|text| format!("{text} ward")));
            all.extend(get(Part::District).map(|text| format!("{text} district")));
            all.extend(get(Part::City).map(str::to_owned));
            all.extend(get(Part::State).map(str::to_owned));
            all.extend(get(Part::Postcode).map(|text| digits(text, language)));
            all.extend(get(Part::Province).map(|now| match address.old_province {
                Some(old) => format!("{now}, formerly {old}"),
                None => now.to_owned(),
            }));
        }
        Language::Vi => {
            all.extend(joined([number.map(|text| format!("số {text}")), street]));
            all.extend(unit);
            all.extend(
                get(Part::Ward).map(|text| marked(text, "phường", &["thị trấn", "đặc khu", "xã", "phường"], language)),
            );
            all.extend(
                get(Part::District).map(|text| marked(text, "quận huyện", &["thị xã", "quận", "huyện"], language)),
            );
            all.extend(get(Part::Province).map(|now| province(now, address.old_province)));
            all.extend(get(Part::City).map(str::to_owned));
            all.extend(get(Part::Postcode).map(|text| digits(text, language)));
        }
    }
    all.join(", ")
}

fn joined(parts: [Option<String>; 2]) -> Option<String> {
    let all: Vec<String> = parts.into_iter().flatten().collect();
    (!all.is_empty()).then(|| all.join(" "))
}

/// "thành phố Hải Phòng", "tỉnh Hải Dương cũ, nay thuộc thành phố Hải Phòng".
fn province(now: &str, old: Option<&str>) -> String {
    let is_city = provinces::named(now).is_some_and(|province| province.is_city());
    let now = format!("{} {now}", if is_city { "thành phố" } else { "tỉnh" });
    match old {
        Some(old) => format!("tỉnh {old} cũ, nay thuộc {now}"),
        None => now,
    }
}

/// A part with the word for it, unless it has one.
fn marked(text: &str, mark: &str, own: &[&str], language: Language) -> String {
    let low = text.to_lowercase();
    let said = normal(text, language);
    if own.iter().any(|own| low.starts_with(own)) || mark.contains(' ') { said } else { format!("{mark} {said}") }
}

/// "12/5A": figures one by one where they are many, with the word for the stroke.
fn house(text: &str, language: Language) -> String {
    let stroke = if language == Language::En { " slash " } else { " xuyệt " };
    let part = |part: &str| {
        let words = part.split(' ').map(|word| match word.parse::<i64>() {
            Ok(figure) if language == Language::Vi && word.len() < 4 => number(figure, language),
            Ok(_) => digits(word, language),
            Err(_) if word.chars().any(|c| c.is_ascii_digit()) => spelled(word, language),
            Err(_) => word.to_lowercase(),
        });
        words.collect::<Vec<_>>().join(" ")
    };
    text.split('/').map(part).collect::<Vec<_>>().join(stroke)
}
