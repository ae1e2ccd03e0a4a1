//! Two figures with a dash between them.
use super::measure;
use super::number::{amount, number, ordinal, ordinal_figure, pairs, signed};
use crate::say::reading::{DASHES, Mark, Place, Reading, is_dash};
use crate::value::words::all_digits;

/// "10-12", "10 - 12", "5-10%", "1st-3rd", "A-C": what measures the second measures both.
pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    if is_dash(core) {
        let figure = |text: &str| signed(text.trim_end_matches('%')).is_some();
        let before = place.joined_before()?;
        let behind = place.following()?;
        // "2 days - 3 days", "10kg - 15kg"
        let measured = || {
            let same = place.next(2).is_some_and(|word| word.lower == before.lower);
            let unit = measure::unit(before.core, true).is_some();
            let counted = place.back(2).is_some_and(|word| word.after.is_empty() && figure(word.core));
            (same || unit) && counted && figure(behind)
        };
        let with_unit = |text: &str| {
            let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',')))?;
            (end > 0).then(|| measure::unit(&text[end..], false))?
        };
        let fits = figure(before.core) && figure(behind)
            || measured()
            || with_unit(before.core).is_some() && (with_unit(behind).is_some() || figure(behind));
        return fits.then(|| Reading::new(1, "to"));
    }
    // "5% - 10%"
    if let Some(least) = core.strip_suffix('%').and_then(signed)
        && place.following().is_some_and(is_dash)
        && let Some(most) = place.ahead(1).and_then(|dash| dash.following())
        && let Some(most) = most.strip_suffix('%').and_then(signed)
    {
        return Some(Reading::new(3, format!("{least} to {most} percent")));
    }
    let (from, to) = core
        .char_indices()
        .find(|(at, c)| *at > 0 && DASHES.contains(c))
        .map(|(at, c)| (&core[..at], &core[at + c.len_utf8()..]))?;
    if let (Some(from), Some(to)) = (ordinal_figure(from), ordinal_figure(to)) {
        return Some(Reading::new(1, format!("{} to {}", ordinal(from), ordinal(to))));
    }
    // "No. 2021-17" is no span.
    if let (Ok(year @ 1000..10_000), Ok(n @ 0..100)) = (from.parse::<i64>(), to.parse::<i64>()) {
        return Some(Reading::new(1, format!("{} dash {}", pairs(year), number(n))));
    }
    let least = signed(from.trim_end_matches('%'))?;
    if let Some(most) = signed(to) {
        // A unit in the next word is read with the second figure.
        let unit = place.following().and_then(|next| measure::unit(next, true));
        let one = measure_is_one(place);
        return Some(match unit {
            Some(unit) => {
                let said = format!("{least} to {most} {}", if one { unit.one } else { unit.many });
                Reading::abbreviation(2, said, Mark::Both)
            }
            None => Reading::new(1, format!("{least} to {most}")),
        });
    }
    let end = to.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ','))).filter(|end| *end > 0)?;
    let (figure, rest) = to.split_at(end);
    let unit = measure::unit(rest, false)?;
    (all_digits(&figure.replace(['.', ','], ""))).then_some(())?;
    Some(Reading::new(1, format!("{least} to {} {}", amount(figure)?, unit.many)))
}

/// "a 5-10 km run"
fn measure_is_one(place: Place<'_>) -> bool {
    super::money::is_before_noun(place, 2)
}
