//! Vietnamese values as JSGF.
use crate::say::vi as say;
use crate::value::kind::SpanOf;
use crate::value::vi::DAYS;

pub(super) const DIGIT: &str = "không | một | hai | ba | bốn | năm | sáu | bảy | tám | chín";
const UNIT: &str = "một | hai | ba | bốn | năm | sáu | bảy | tám | chín";
const AFTER_TEN: &str = "một | mốt | hai | ba | tư | bốn | lăm | sáu | bảy | tám | chín";
const TENS: &str = "(hai | ba | bốn | năm | sáu | bảy | tám | chín) mươi";

pub(super) fn number(min: i64, max: i64) -> String {
    if max - min < 30 {
        return (min..=max).map(say::number).collect::<Vec<_>>().join(" | ");
    }
    let tens = format!("mười [{AFTER_TEN}] | {TENS} [{AFTER_TEN}]");
    let hundreds = format!("({DIGIT}) trăm [(linh | lẻ) ({UNIT}) | {tens}]");
    match max {
        ..=99 => format!("không | {UNIT} | {tens}"),
        100..=999 => format!("không | {UNIT} | {tens} | {hundreds}"),
        _ => format!("không | {UNIT} | {tens} | {hundreds} | ({UNIT} | {tens}) (nghìn | ngàn) [{hundreds}]"),
    }
}

/// The numbers from ten to ninety nine.
pub(super) fn two_places() -> String {
    format!("mười [{AFTER_TEN}] | {TENS} [{AFTER_TEN}]")
}

pub(super) fn date() -> String {
    let days: Vec<String> = (1..=31).map(say::number).collect();
    let months: Vec<String> = (1..=12).map(say::month).collect();
    format!(
        "hôm nay | ngày mai | ngày kia | ({}) (<NULL> | tuần sau | tuần này | tuần tới) | cuối tuần [này | sau] \
         | (ngày | mùng) ({}) [tháng ({})]",
        DAYS.join(" | "),
        days.join(" | "),
        months.join(" | ")
    )
}

/// A month whose day is still to come.
pub(super) fn month() -> String {
    let months: Vec<String> = (1..=12).map(say::month).collect();
    format!("tháng ({})", months.join(" | "))
}

/// The day of a month that is known.
pub(super) fn day_of_month() -> String {
    let days: Vec<String> = (1..=31).map(say::number).collect();
    format!("(<NULL> | ngày | mùng) ({})", days.join(" | "))
}

pub(super) fn time() -> String {
    let hours: Vec<String> = (1..=23).map(say::number).collect();
    format!(
        "({}) giờ (<NULL> | rưỡi | [kém] (năm | mười | mười lăm | hai mươi | hai mươi lăm | ba mươi | bốn mươi | bốn mươi lăm | năm mươi) [phút]) \
         (<NULL> | [buổi] (sáng | trưa | chiều | tối) | đêm) | giữa trưa | nửa đêm",
        hours.join(" | ")
    )
}

pub(super) fn duration() -> String {
    let hours: Vec<String> = (1..=12).map(say::number).collect();
    format!(
        "nửa tiếng | nửa giờ | tiếng rưỡi | ({}) (tiếng | giờ) [rưỡi | (mười lăm | ba mươi | bốn mươi lăm) [phút]] \
         | (năm | mười | mười lăm | hai mươi | ba mươi | bốn mươi | bốn mươi lăm | năm mươi | sáu mươi | chín mươi) phút",
        hours.join(" | ")
    )
}

/// From one end to the other, or one end with a word that says which it is. `end`: what an end may be.
pub(super) fn span(end: &str, of: SpanOf) -> String {
    let weeks = if of == SpanOf::Dates { " | tuần (này | sau | tới)" } else { "" };
    format!("((từ | <NULL>) ({end}) đến | (trước | sau | từ)) ({end}){weeks}")
}
