//! Vietnamese, as it is said in the north.
mod abbreviation;
mod address;
mod calendar;
mod clock;
mod code;
mod fraction;
mod list;
mod measure;
mod money;
mod number;
mod range;
mod roman;
mod sign;

pub use calendar::{date, duration, month, near_date, time};
pub use number::{digits, number, ordinal};

pub(super) use code::spelled;

use super::reading::Reader;

/// In the order in which they are asked.
pub(super) const READERS: [Reader; 29] = [
    address::web,
    address::plate,
    address::phone,
    list::reading,
    list::plus,
    code::after_context,
    code::signed,
    code::version,
    fraction::around_the_clock,
    clock::range,
    clock::reading,
    calendar::range,
    address::alley,
    calendar::figures,
    calendar::named,
    money::range,
    money::reading,
    address::house,
    fraction::reading,
    range::reading,
    measure::reading,
    roman::reading,
    address::district,
    abbreviation::reading,
    sign::reading,
    number::reading,
    code::mixed,
    code::acronym,
    sign::leftover,
];
