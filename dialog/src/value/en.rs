//! English words to values.
mod answer;
mod date;
mod duration;
mod number;
mod time;

pub(in crate::value) use answer::{ANSWERS, RESERVATIONS};
pub(crate) use date::{DAYS, MONTHS};
pub use date::{date, is_month, no_such_date};
pub use duration::duration;
pub(crate) use number::{ONES, TENS, article};
pub use number::{digits, number};
pub use time::time;
