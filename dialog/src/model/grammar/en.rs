//! English values as JSGF.
use crate::say::en as say;
use crate::value::en::{DAYS, MONTHS};
use crate::value::kind::SpanOf;

pub(super) const DIGIT: &str = "zero | oh | one | two | three | four | five | six | seven | eight | nine";
/// Where the count of digits is open anyway.
pub(super) const DIGITS: &str = "[double] (zero | oh | one | two | three | four | five | six | seven | eight | nine)";
const UNIT: &str = "one | two | three | four | five | six | seven | eight | nine";
const TEEN: &str = "ten | eleven | twelve | thirteen | fourteen | fifteen | sixteen | seventeen | eighteen | nineteen";

/// The numbers from `min` to `max`, and a few more where that keeps it small: the slot checks its bounds itself.
pub(super) fn number(min: i64, max: i64) -> String {
    if max - min < 30 {
        return (min..=max).map(say::number).collect::<Vec<_>>().join(" | ");
    }
    let tens = "(twenty | thirty | forty | fifty | sixty | seventy | eighty | ninety)";
    let below = format!("zero | {UNIT} | {TEEN} | {tens} [{UNIT}]");
    match max {
        ..=99 => below,
        100..=999 => format!("{below} | (a | {UNIT}) hundred [[and] ({below})]"),
        _ => format!(
            "[({UNIT} | {TEEN} | {tens} [{UNIT}]) thousand [and]] [({UNIT}) hundred [and]] ({UNIT} | {TEEN} | {tens} [{UNIT}]) \
             | ({UNIT} | {TEEN}) (hundred | thousand) | zero"
        ),
    }
}

/// The numbers from ten to ninety nine.
pub(super) fn two_places() -> String {
    format!("{TEEN} | (twenty | thirty | forty | fifty | sixty | seventy | eighty | ninety) [{UNIT}]")
}

pub(super) fn date() -> String {
    let ordinals: Vec<String> = (1..=31).map(say::ordinal).collect();
    format!(
        "today | tomorrow | tonight | [the] day after tomorrow | (<NULL> | this | next | last) ({0}) | (this | next) weekend \
         | in (a | two | three | four | five) (day | days | week | weeks) | (a week | two weeks) from (today | tomorrow | {0}) \
         | (({1}) [the] | the) ({2})",
        DAYS.join(" | "),
        MONTHS.join(" | "),
        ordinals.join(" | ")
    )
}

/// A month whose day is still to come.
pub(super) fn month() -> String {
    MONTHS.join(" | ")
}

/// The day of a month that is known.
pub(super) fn day_of_month() -> String {
    let ordinals: Vec<String> = (1..=31).map(say::ordinal).collect();
    format!("(<NULL> | the) ({})", ordinals.join(" | "))
}

/// `asked`: an hour alone is an answer.
pub(super) fn time(asked: bool) -> String {
    let hours: Vec<String> = (1..=12).map(say::number).collect();
    let hours = hours.join(" | ");
    let minutes = format!(
        "(thirty | fifteen | forty five) | (ten | twenty | forty | fifty) | (oh | twenty | thirty | forty | fifty) ({UNIT})"
    );
    let half = "p m | a m | in the morning | in the afternoon | in the evening | at night";
    let alone = if asked { "<NULL> | " } else { "" };
    format!(
        "noon | midnight | ({hours}) ({alone}o'clock | ({minutes}) | ({minutes}) ({half}) | ({half})) \
         | (half past | quarter past | a quarter past | quarter to | a quarter to) ({hours}) [{half}]"
    )
}

pub(super) fn duration() -> String {
    let hours: Vec<String> = (2..=12).map(say::number).collect();
    format!(
        "half an hour | a half hour | (an | one) hour [and a half | [and] (fifteen | thirty | forty five)] \
         | ({}) (hours [[and] (fifteen | thirty | forty five)] | and a half hours) \
         | (five | ten | fifteen | twenty | thirty | forty | forty five | fifty | sixty | ninety) minutes",
        hours.join(" | ")
    )
}

/// From one end to the other, or one end with a word that says which it is. `end`: what an end may be.
pub(super) fn span(end: &str, of: SpanOf) -> String {
    let weeks = if of == SpanOf::Dates { " | (this | next) (week | weekend)" } else { "" };
    format!("((from | between | <NULL>) ({end}) (to | until | and) | (before | after | until | from)) ({end}){weeks}")
}
