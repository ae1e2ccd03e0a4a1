//! Times of day as they are written, and spans of them.
use super::calendar::{clock, time};
use super::number::number;
use crate::say::reading::{Mark, Piece, Place, Reading, is_dash};
use crate::value::words::all_digits;

/// "14h30", "14:30", "8h", "9g05", "8 giờ"; also "8" alone where `bare`.
#[derive(Clone, Copy)]
struct Clock {
    hour: i64,
    minute: Option<i64>,
    /// Whether a sign says that it is a time.
    marked: bool,
}

impl Clock {
    fn parse(text: &str, bare: bool, dotted: bool) -> Option<Self> {
        let lower = text.to_lowercase();
        let parts = lower.split_once([':', 'h', 'g']).or_else(|| lower.split_once('.').filter(|_| dotted));
        let (hour, minute, marked) = match parts {
            Some((hour, "")) if !lower.ends_with(':') => (hour, None, true),
            Some((hour, minute)) => {
                let minute = minute.trim_end_matches("ph").trim_end_matches(['p', '\'']);
                (hour, Some(minute.parse().ok().filter(|_| all_digits(minute) && minute.len() == 2)?), true)
            }
            None => (lower.as_str(), None, false),
        };
        // "5g" are grams.
        if lower.ends_with('g') || !(marked || bare) || !all_digits(hour) || hour.len() > 2 {
            return None;
        }
        let hour: i64 = hour.parse().ok().filter(|hour| *hour <= 24)?;
        (minute.is_none_or(|minute| minute < 60)).then_some(Self { hour, minute, marked })
    }

    fn said(self) -> String {
        clock(self.hour, self.minute.unwrap_or(0))
    }
}

fn at(pieces: &[Piece<'_>], dotted: bool) -> Option<(Clock, usize)> {
    let first = pieces.first()?;
    let clock = Clock::parse(first.text, true, dotted)?;
    let hours = pieces.get(1).is_some_and(|piece| piece.text.to_lowercase() == "giờ") && first.words.is_some();
    Some(if hours && !clock.marked { (Clock { marked: true, ..clock }, 2) } else { (clock, 1) })
}

/// "8:00 - 17:00", "8h-17h30", "9-10h".
pub(super) fn range(place: Place<'_>) -> Option<Reading> {
    if !place.core().starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let pieces = place.pieces(5);
    let dotted = pieces.iter().any(|piece| is_part_of_day(piece.text));
    let (from, taken) = at(&pieces, dotted)?;
    pieces.get(taken).filter(|piece| is_dash(piece.text))?;
    let (to, more) = at(&pieces[taken + 1..], dotted)?;
    let words = pieces[taken + more].words?;
    if !to.marked {
        return None;
    }
    let from = if from.marked { from.said() } else { number(from.hour) };
    Some(Reading::new(words, format!("{from} đến {}", to.said())))
}

/// What stands behind an hour and says of which half of the day it is.
fn is_part_of_day(word: &str) -> bool {
    matches!(
        word.to_lowercase().as_str(),
        "sáng" | "trưa" | "chiều" | "tối" | "đêm" | "khuya" | "am" | "pm" | "a.m" | "p.m"
    )
}

/// Whether a dot stands for the colon of a time, as the words around it say: "9.30 sáng", "lúc 9.30".
fn is_dotted(place: Place<'_>) -> bool {
    const CLOSING: [&str; 12] = ["ngày", "hôm", "thứ", "mai", "nhé", "ạ", "và", "hoặc", "đến", "tại", "ở", "để"];
    let behind = place.following();
    behind.is_some_and(is_part_of_day) || (place.before() == "lúc" && behind.is_none_or(|next| CLOSING.contains(&next)))
}

/// "14h30", "2:30 PM", "9 AM", "1h30p".
pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    let half = |text: &str| match text.replace('.', "").to_lowercase().as_str() {
        "am" => Some(0),
        "pm" => Some(12),
        _ => None,
    };
    let digits = core.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '.');
    let (figures, afternoon, words) =
        match (half(&core[digits.len()..]), place.next(1).and_then(|word| half(word.core))) {
            (Some(half), _) => (digits, Some(half), 1),
            (None, Some(half)) => (core, Some(half), 2),
            (None, None) => (core, None, 1),
        };
    let clock = Clock::parse(figures, afternoon.is_some(), afternoon.is_some() || is_dotted(place))?;
    if let Some(afternoon) = afternoon.filter(|_| (1..=12).contains(&clock.hour)) {
        let said = time(clock.hour % 12 + afternoon, clock.minute.unwrap_or(0));
        return Some(Reading::abbreviation(words, said, Mark::Both));
    }
    if core.to_lowercase().ends_with(['p', '\'']) || core.to_lowercase().ends_with("ph") {
        return Some(Reading::new(1, format!("{} giờ {} phút", number(clock.hour), number(clock.minute?))));
    }
    Some(Reading::new(1, clock.said()))
}
