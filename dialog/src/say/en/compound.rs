//! Figures joined to words by dashes, and figures with a plus: "100-year-old", "mid-1990s", "500+".
use super::calendar;
use super::number::{amount, ordinal, ordinal_figure, year};
use crate::say::reading::{DASHES, Place, Reading};
use crate::value::words::all_digits;

/// What stands before a figure and says more of it.
const PREFIXES: [&str; 11] = ["mid", "pre", "post", "early", "late", "sub", "non", "under", "over", "top", "covid"];
/// Of these, what stands before years.
const BEFORE_YEARS: [&str; 5] = ["mid", "pre", "post", "early", "late"];
/// What is written for a scale behind a figure.
const SCALES: [(char, &str); 4] = [('k', "thousand"), ('K', "thousand"), ('m', "million"), ('M', "million")];

pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    if let Some(figure) = core.strip_suffix("++") {
        return Some(Reading::new(1, format!("{} plus plus", amount(figure)?)));
    }
    if let Some(figure) = core.strip_suffix('+') {
        let (figure, scale) = SCALES
            .iter()
            .find_map(|(short, scale)| Some((figure.strip_suffix(*short)?, format!(" {scale}"))))
            .unwrap_or((figure, String::new()));
        return Some(Reading::new(1, format!("{}{scale} plus", amount(figure)?)));
    }
    // "a 3- to 5-day wait"
    if let Some(figure) = core.strip_suffix(DASHES) {
        let joined = place.following().is_some_and(|next| matches!(next, "to" | "or" | "and"));
        return amount(figure).filter(|_| joined).map(|said| Reading::new(1, said));
    }
    let parts: Vec<&str> = core.split(DASHES).collect();
    let (first, rest) = parts.split_first().filter(|(_, rest)| !rest.is_empty())?;
    let word = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_alphabetic() && !c.is_uppercase() || matches!(c, '\'' | '’'))
    };
    let led = PREFIXES.contains(&first.to_lowercase().as_str()) && rest.len() == 1;
    let begins = amount(first).is_some() || ordinal_figure(first).is_some();
    if !(led || begins && rest.iter().any(|part| word(part) && part.chars().count() > 1)) {
        return None;
    }
    let years = BEFORE_YEARS.contains(&first.to_lowercase().as_str());
    let said = |part: &&str| {
        let figure: Option<i64> = part.parse().ok().filter(|_| all_digits(part) && part.len() == 4 && years);
        match figure.filter(|y| (1001..2100).contains(y)) {
            Some(y) => Some(year(y)),
            None => ordinal_figure(part)
                .map(ordinal)
                .or_else(|| amount(part))
                .or_else(|| calendar::decade_of(part))
                .or_else(|| word(&part.to_lowercase()).then(|| (*part).to_owned())),
        }
    };
    let said = parts.iter().map(said).collect::<Option<Vec<_>>>()?;
    Some(Reading::new(1, said.join(" ")))
}
