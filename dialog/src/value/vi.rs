//! Vietnamese words to values.
mod answer;
mod date;
mod duration;
mod lunar;
mod number;
mod time;

pub use answer::yes_no;
pub(crate) use date::DAYS;
pub use date::{date, is_month, lunar_date, no_such_date};
pub use duration::duration;
pub(crate) use number::DIGITS;
pub use number::{digits, number};
pub use time::time;
