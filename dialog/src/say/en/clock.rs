//! Times of day as they are written, and spans of them.
use super::calendar::{hour_and_minute, time};
use crate::say::reading::{Mark, Piece, Place, Reading, is_dash};
use crate::value::words::all_digits;

#[derive(Clone, Copy, PartialEq)]
enum Half {
    Morning,
    Afternoon,
}

#[derive(Clone, Copy)]
struct Clock {
    hour: i64,
    minute: i64,
    /// "9:00", not "9".
    minutes_written: bool,
    half: Option<Half>,
}

impl Clock {
    /// "2:30", "2:30pm", "9am", "14:30"; also "9" alone where `bare`, and "9.30" where `dotted`.
    fn parse(text: &str, bare: bool, dotted: bool) -> Option<Self> {
        let named = match text.to_lowercase().as_str() {
            "noon" => Some(Half::Afternoon),
            "midnight" => Some(Half::Morning),
            _ => None,
        };
        if named.is_some() {
            return Some(Self { hour: 12, minute: 0, minutes_written: false, half: named });
        }
        let figures = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '.');
        let rest = &text[figures.len()..];
        let half = if rest.is_empty() { None } else { Some(half(rest)?) };
        let (hour, minute, minutes_written) =
            match figures.split_once(':').or_else(|| figures.split_once('.').filter(|_| half.is_some() || dotted)) {
                Some((hour, minute)) if minute.len() == 2 => {
                    (hour, minute.parse().ok().filter(|_| all_digits(minute))?, true)
                }
                Some(_) => return None,
                None => (figures, 0, false),
            };
        let fits = all_digits(hour) && hour.len() <= 2 && (bare || minutes_written || half.is_some());
        let hour: i64 = hour.parse().ok().filter(|_| fits)?;
        let possible = minute < 60 && if half.is_some() { (1..=12).contains(&hour) } else { hour <= 24 };
        possible.then_some(Self { hour, minute, minutes_written, half })
    }

    fn with(self, half: Option<Half>) -> Self {
        Self { half: self.half.or(half), ..self }
    }

    /// Whether the hour is one of twenty four.
    fn is_of_day(self) -> bool {
        self.half.is_none() && (self.hour > 12 || self.hour == 0)
    }

    /// "two thirty p m", "eight fifteen", "ten o'clock".
    fn said(self) -> String {
        match self.half {
            Some(half) => time(self.hour % 12 + if half == Half::Afternoon { 12 } else { 0 }, self.minute),
            None if self.is_of_day() => time(self.hour % 24, self.minute),
            None if self.minute == 0 => format!("{} o'clock", hour_and_minute(self.hour, 0)),
            None => self.dial(),
        }
    }

    /// Without its half of the day.
    fn dial(self) -> String {
        hour_and_minute(self.hour, self.minute)
    }

    fn of_day(self) -> String {
        time(self.hour % 24, self.minute)
    }
}

fn half(text: &str) -> Option<Half> {
    match text.replace('.', "").to_lowercase().as_str() {
        "am" => Some(Half::Morning),
        "pm" => Some(Half::Afternoon),
        _ => None,
    }
}

/// A time at the start of the pieces, with its half in a piece of its own: and how many pieces it takes.
fn at(pieces: &[Piece<'_>], bare: bool, dotted: bool) -> Option<(Clock, usize)> {
    let first = pieces.first()?;
    let written = pieces.get(1).and_then(|piece| half(piece.text)).filter(|_| first.words.is_some());
    let clock = Clock::parse(first.text, bare || written.is_some(), dotted || written.is_some())?;
    match (written, clock.half) {
        (Some(_), None) if clock.hour <= 12 && clock.hour > 0 => Some((clock.with(written), 2)),
        _ => Some((clock, 1)),
    }
}

fn dot(place: Place<'_>, words: usize) -> Mark {
    let last = place.ahead(words - 1).map_or("", |place| place.core());
    if last.to_lowercase().ends_with(".m") { Mark::Both } else { Mark::Sentence }
}

/// "9am-5pm", "9:00 - 17:00", "9–11 am", "7:30-9:00 pm".
pub(super) fn range(place: Place<'_>) -> Option<Reading> {
    if !place.core().starts_with(|c: char| c.is_ascii_digit()) && !place.lower().starts_with("noon") {
        return None;
    }
    let pieces = place.pieces(5);
    let ends_in_half = |text: &str| half(text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.')).is_some();
    let dotted = pieces.iter().any(|piece| ends_in_half(piece.text));
    let (from, taken) = at(&pieces, true, dotted)?;
    let dash = pieces.get(taken).filter(|piece| is_dash(piece.text) || piece.text == "to")?;
    let (to, more) = at(&pieces[taken + 1..], true, dotted)?;
    let end = &pieces[taken + more];
    let words = end.words?;
    let sure = from.minutes_written || to.minutes_written || from.half.is_some() || to.half.is_some();
    if !sure || (dash.text == "to" && from.half.is_some() == to.half.is_some() && !(from.is_of_day() || to.is_of_day()))
    {
        return None;
    }
    let said = match (from.half, to.half) {
        (None, None) if from.is_of_day() || to.is_of_day() => format!("{} to {}", from.of_day(), to.of_day()),
        (None, None) => {
            let hours = from.minute == 0 && to.minute == 0;
            format!("{} to {}{}", from.dial(), to.dial(), if hours { " o'clock" } else { "" })
        }
        (None, Some(_)) => {
            // "11-2 pm" begins in the morning, and is said without it all the same.
            format!("{} to {}", from.dial(), to.said())
        }
        (Some(_), None) => format!("{} to {}", from.said(), to.dial()),
        (Some(_), Some(_)) => format!("{} to {}", from.said(), to.said()),
    };
    Some(Reading::abbreviation(words, said, dot(place, words)))
}

/// Whether a dot stands for the colon of a time, as the words around it say: "at 9.30 on Monday".
fn is_dotted(place: Place<'_>) -> bool {
    const CLOSING: [&str; 15] = [
        "on", "in", "for", "today", "tomorrow", "tonight", "sharp", "and", "or", "to", "every", "this", "next",
        "please", "if",
    ];
    let lead = matches!(place.before(), "at" | "until" | "till");
    lead && place.following().is_none_or(|next| CLOSING.contains(&next))
}

/// "2:30 p.m.", "9am", "14:30".
pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    if !place.core().starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let pieces = place.pieces(2);
    let (clock, taken) = at(&pieces, false, is_dotted(place))?;
    let words = pieces[taken - 1].words?;
    // "It is 2:1" and a score are no times: minutes have two figures, which `Clock::parse` asks for.
    let o_clock = place.next(words).is_some_and(|word| word.lower == "o'clock");
    let said = if o_clock { clock.dial() } else { clock.said() };
    Some(Reading::abbreviation(words, said, dot(place, words)))
}
