//! The keys of an address and of an identity number.
use super::check::{BotFault, Check};
use crate::bot::file::{CheckFile, PartFile, SchemeFile, SlotFile};
use crate::language::Language;
use crate::value::capture::address::{AddressPlan, Part, Ward};
use crate::value::capture::id::{Cell, CheckRule, Scheme};
use crate::value::capture::provinces;

/// The most characters of a pattern.
const LONGEST: usize = 40;

pub(super) fn scheme(check: &Check, key: &str, slot: &mut SlotFile) -> Result<Scheme, BotFault> {
    let remedy = "write scheme = \"card\", \"iban\", \"citizen\", \"tax\" or \"isbn\", or a pattern like \"AA-9999\"";
    match (slot.scheme, slot.pattern.take()) {
        (Some(_), Some(_)) => check.fault(format!("{key}.pattern"), "stands beside a scheme", "keep one of the two"),
        (None, None) => check.fault(format!("{key}.scheme"), "is missing", remedy),
        (Some(_), None) if slot.check.is_some() => {
            check.fault(format!("{key}.check"), "belongs to a pattern", "remove it: a scheme has its own check digits")
        }
        (Some(scheme), None) => Ok(match scheme {
            SchemeFile::Card => Scheme::Card,
            SchemeFile::Iban => Scheme::Iban,
            SchemeFile::Citizen => Scheme::Citizen,
            SchemeFile::Tax => Scheme::Tax,
            SchemeFile::Isbn => Scheme::Isbn,
        }),
        (None, Some(text)) => pattern(check, &format!("{key}.pattern"), &text, slot.check),
    }
}

/// "AA-9999-99": A is a letter, 9 a digit, X either; a dash, a dot, a stroke or a space parts the groups in which it is read back; another
/// character stands for itself.
fn pattern(check: &Check, key: &str, text: &str, rule: Option<CheckFile>) -> Result<Scheme, BotFault> {
    let (mut cells, mut groups) = (Vec::new(), vec![0]);
    for c in text.chars() {
        let cell = match c {
            '-' | ' ' | '.' | '/' => {
                groups.push(0);
                continue;
            }
            'A' => Cell::Letter,
            '9' => Cell::Digit,
            'X' => Cell::Either,
            c if c.is_ascii_digit() || c.is_ascii_uppercase() => Cell::Only(c),
            _ => {
                let problem = format!("{c:?} means nothing in a pattern");
                return check.fault(
                    key,
                    problem,
                    "use A for a letter, 9 for a digit, X for either, capitals and digits for themselves",
                );
            }
        };
        cells.push(cell);
        if let Some(last) = groups.last_mut() {
            *last += 1;
        }
    }
    groups.retain(|count| *count > 0);
    if cells.is_empty() || cells.len() > LONGEST {
        return check.fault(key, "has no character, or too many", format!("use 1 to {LONGEST}"));
    }
    let letters = cells.iter().any(|cell| !matches!(cell, Cell::Digit | Cell::Only('0'..='9')));
    let check_rule = rule.map(|rule| match rule {
        CheckFile::Luhn => CheckRule::Luhn,
        CheckFile::Mod10 => CheckRule::Mod10,
        CheckFile::Mod11 => CheckRule::Mod11,
        CheckFile::Mod97 => CheckRule::Mod97,
    });
    if letters && check_rule.is_some_and(|rule| rule != CheckRule::Mod97) {
        return check.fault(
            key,
            "has letters, which this check does not count",
            "use check = \"mod97\", or digits alone",
        );
    }
    Ok(Scheme::Pattern { cells, groups, check: check_rule })
}

pub(super) fn address(check: &Check, key: &str, slot: &mut SlotFile) -> Result<AddressPlan, BotFault> {
    let usual: &[Part] = match check.language {
        Language::Vi => &[Part::Number, Part::Street, Part::Ward, Part::Province],
        Language::En => &[Part::Number, Part::Street, Part::City],
    };
    let parts = slot.parts.take().map_or_else(|| usual.to_vec(), |all| all.into_iter().map(part).collect());
    let twice = parts.iter().enumerate().find(|(at, part)| parts[..*at].contains(part));
    if parts.is_empty() || twice.is_some() {
        return check.fault(format!("{key}.parts"), "names no part, or one twice", "name each part once");
    }
    let mut wards = Vec::new();
    for (i, line) in slot.wards.take().unwrap_or_default().iter().enumerate() {
        let at = format!("{key}.wards[{i}]");
        let (name, province) =
            line.split_once(',').map_or((line.trim(), None), |(name, of)| (name.trim(), Some(of.trim())));
        check.text(&at, name)?;
        let province = match province.map(|of| (of, provinces::named(of))) {
            Some((of, None)) => {
                return check.fault(at, format!("{of:?} is no province"), "write it as it is called, or leave it out");
            }
            Some((_, Some(province))) => Some(province.now),
            None => None,
        };
        wards.push(Ward { name: name.to_owned(), province });
    }
    Ok(AddressPlan { parts, wards })
}

fn part(file: PartFile) -> Part {
    match file {
        PartFile::Number => Part::Number,
        PartFile::Street => Part::Street,
        PartFile::Unit => Part::Unit,
        PartFile::Ward => Part::Ward,
        PartFile::District => Part::District,
        PartFile::Province => Part::Province,
        PartFile::City => Part::City,
        PartFile::State => Part::State,
        PartFile::Postcode => Part::Postcode,
    }
}
