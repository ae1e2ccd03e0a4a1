//! Vietnamese words to values.
mod answer;
mod date;
mod duration;
mod lunar;
mod number;
mod time;

pub(in crate::value) use answer::{ANSWERS, RESERVATIONS, asks_whether};
pub(crate) use date::DAYS;
pub use date::{date, is_month, lunar_date, no_such_date};
pub use duration::duration;
pub(crate) use number::DIGITS;
pub use number::{digits, number};
pub use time::time;
