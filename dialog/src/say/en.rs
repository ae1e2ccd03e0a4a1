//! English, as it is said.
mod abbreviation;
mod address;
mod calendar;
mod clock;
mod code;
mod compound;
mod fraction;
mod list;
mod measure;
mod money;
mod number;
mod range;
mod roman;
mod sign;

pub use calendar::{date, duration, near_date, time};
pub use number::{digits, number, ordinal, year};

pub(super) use code::spelled;

use super::reading::Reader;

/// In the order in which they are asked.
pub(super) const READERS: [Reader; 30] = [
    address::web,
    address::phone,
    list::reading,
    code::after_context,
    code::signed,
    code::version,
    calendar::written_date,
    clock::range,
    clock::reading,
    calendar::range,
    address::alley,
    calendar::figures,
    calendar::year_in_text,
    calendar::decade,
    money::range,
    money::reading,
    fraction::reading,
    address::house,
    address::street,
    range::reading,
    measure::reading,
    number::ordinal_in_text,
    roman::reading,
    abbreviation::reading,
    sign::reading,
    number::reading,
    compound::reading,
    code::mixed,
    code::acronym,
    sign::leftover,
];
