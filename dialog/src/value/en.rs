//! English words to values.
mod answer;
mod date;
mod duration;
mod number;
mod time;

pub use answer::yes_no;
pub(crate) use date::{DAYS, MONTHS, ORDINALS};
pub use date::{date, is_month, no_such_date};
pub use duration::duration;
pub(crate) use number::{ONES, TENS, article};
pub use number::{digits, number};
pub use time::time;
