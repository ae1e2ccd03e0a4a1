//! Vietnamese, as it is said in the north.
mod abbreviation;
mod address;
mod calendar;
mod clock;
mod code;
mod fraction;
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
pub(super) const READERS: [Reader; 24] = [
    address::web,
    address::plate,
    address::phone,
    code::after_context,
    code::version,
    fraction::around_the_clock,
    clock::range,
    clock::reading,
    calendar::range,
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
];
