//! Figures as people and recognisers write them: runs of digits, grouped thousands, fractions.

pub(crate) fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// "1.5", "1,5": the whole and the digits of the fraction; `point` begins the fraction.
pub(crate) fn fraction(text: &str, point: char) -> Option<(i64, &str)> {
    let (whole, part) = text.split_once(point)?;
    let fits = all_digits(whole) && all_digits(part) && whole.len() <= 9 && part.len() <= 3;
    Some((whole.parse().ok().filter(|_| fits)?, part))
}

/// So many times `whole` and its fraction ("1.5" of 1,000,000); `None` where that is no whole number.
pub(crate) fn times(whole: i64, part: &str, scale: i64) -> Option<i64> {
    let below = 10_i64.checked_pow(u32::try_from(part.len()).ok()?)?;
    let part = part.parse::<i64>().ok()?.checked_mul(scale)?;
    (part % below == 0).then(|| whole.checked_mul(scale)?.checked_add(part / below))?
}

/// "230", "1430": hour and minute written as one figure.
pub(crate) fn joined_clock(word: &str) -> Option<(i64, i64)> {
    if !all_digits(word) || !(3..=4).contains(&word.len()) {
        return None;
    }
    let (hour, minute) = word.split_at(word.len() - 2);
    let (hour, minute) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some((hour, minute))
}
