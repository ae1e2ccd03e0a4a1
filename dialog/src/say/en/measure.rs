//! Amounts with their units.
use super::money::{is_before_noun, per};
use super::number::{amount, number, ordinal_figure, parts, signed};
use crate::say::reading::{DASHES, Mark, Place, Reading};
use crate::say::word::Word;
use crate::value::words::all_digits;

pub(super) struct Unit {
    written: &'static [&'static str],
    pub one: &'static str,
    pub many: &'static str,
    /// Whether it is one in a word of its own, too: "5 km", but "5 in Boston".
    apart: bool,
}

const fn unit_of(written: &'static [&'static str], one: &'static str, many: &'static str, apart: bool) -> Unit {
    Unit { written, one, many, apart }
}

const UNITS: [Unit; 62] = [
    unit_of(&["mmHg"], "millimeter of mercury", "millimeters of mercury", true),
    unit_of(&["km", "kms"], "kilometer", "kilometers", true),
    unit_of(&["m"], "meter", "meters", true),
    unit_of(&["cm"], "centimeter", "centimeters", true),
    unit_of(&["mm"], "millimeter", "millimeters", true),
    unit_of(&["mi"], "mile", "miles", true),
    unit_of(&["ft"], "foot", "feet", true),
    unit_of(&["in"], "inch", "inches", false),
    unit_of(&["yd", "yds"], "yard", "yards", true),
    unit_of(&["kg", "kgs"], "kilogram", "kilograms", true),
    unit_of(&["g"], "gram", "grams", true),
    unit_of(&["mg"], "milligram", "milligrams", true),
    unit_of(&["lb", "lbs"], "pound", "pounds", true),
    unit_of(&["oz"], "ounce", "ounces", true),
    unit_of(&["l", "L"], "liter", "liters", true),
    unit_of(&["ml", "mL"], "milliliter", "milliliters", true),
    unit_of(&["gal"], "gallon", "gallons", true),
    unit_of(&["tsp"], "teaspoon", "teaspoons", true),
    unit_of(&["tbsp"], "tablespoon", "tablespoons", true),
    unit_of(&["h", "hr", "hrs"], "hour", "hours", true),
    unit_of(&["min", "mins"], "minute", "minutes", true),
    unit_of(&["sec", "secs"], "second", "seconds", true),
    unit_of(&["s"], "second", "seconds", false),
    unit_of(&["ms"], "millisecond", "milliseconds", true),
    unit_of(&["wk", "wks"], "week", "weeks", true),
    unit_of(&["mo", "mos"], "month", "months", true),
    unit_of(&["yr", "yrs"], "year", "years", true),
    unit_of(&["KB", "kB"], "kilobyte", "kilobytes", true),
    unit_of(&["MB"], "megabyte", "megabytes", true),
    unit_of(&["GB"], "gigabyte", "gigabytes", true),
    unit_of(&["TB"], "terabyte", "terabytes", true),
    unit_of(&["Mbps", "Mb/s"], "megabit per second", "megabits per second", true),
    unit_of(&["Gbps", "Gb/s"], "gigabit per second", "gigabits per second", true),
    unit_of(&["Hz"], "hertz", "hertz", true),
    unit_of(&["kHz"], "kilohertz", "kilohertz", true),
    unit_of(&["MHz"], "megahertz", "megahertz", true),
    unit_of(&["GHz"], "gigahertz", "gigahertz", true),
    unit_of(&["W"], "watt", "watts", true),
    unit_of(&["kW"], "kilowatt", "kilowatts", true),
    unit_of(&["kWh"], "kilowatt hour", "kilowatt hours", true),
    unit_of(&["V"], "volt", "volts", true),
    unit_of(&["mAh"], "milliamp hour", "milliamp hours", true),
    unit_of(&["dB"], "decibel", "decibels", true),
    unit_of(&["kcal"], "kilocalorie", "kilocalories", true),
    unit_of(&["cal"], "calorie", "calories", true),
    unit_of(&["ha"], "hectare", "hectares", true),
    unit_of(&["mph"], "mile per hour", "miles per hour", true),
    unit_of(&["kph", "kmh"], "kilometer per hour", "kilometers per hour", true),
    unit_of(&["mpg"], "mile per gallon", "miles per gallon", true),
    unit_of(&["°C", "℃"], "degree Celsius", "degrees Celsius", true),
    unit_of(&["°F", "℉"], "degree Fahrenheit", "degrees Fahrenheit", true),
    unit_of(&["°", "º"], "degree", "degrees", true),
    unit_of(&["%"], "percent", "percent", true),
    unit_of(&["m²", "m2", "sqm"], "square meter", "square meters", true),
    unit_of(&["km²", "km2"], "square kilometer", "square kilometers", true),
    unit_of(&["cm²", "cm2"], "square centimeter", "square centimeters", true),
    unit_of(&["ft²", "ft2", "sqft"], "square foot", "square feet", true),
    unit_of(&["m³", "m3"], "cubic meter", "cubic meters", true),
    unit_of(&["x", "×"], "time", "times", false),
    unit_of(&["pcs", "pc"], "piece", "pieces", true),
    unit_of(&["qt"], "quart", "quarts", true),
    unit_of(&["doz"], "dozen", "dozen", true),
];

pub(super) fn unit(written: &str, apart: bool) -> Option<&'static Unit> {
    UNITS.iter().find(|unit| unit.written.contains(&written) && (unit.apart || !apart))
}

/// A unit, or one of it for each of another: "mg/ml", "km/h".
fn units(written: &str, one: bool, apart: bool) -> Option<String> {
    let name = |unit: &Unit| if one { unit.one } else { unit.many }.to_owned();
    if let Some(unit) = unit(written, apart) {
        return Some(name(unit));
    }
    let (above, below) = written.split_once('/')?;
    // "mg/5ml"
    let end = below.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
    if let (Some(figure), Some(unit_below)) = (amount(&below[..end]), unit(&below[end..], false)) {
        return Some(format!("{} per {figure} {}", name(unit(above, apart)?), unit_below.many));
    }
    let below = match unit(below, false) {
        Some(unit) => format!(" per {}", unit.one),
        None => per(&written[above.len()..])?,
    };
    Some(format!("{}{below}", name(unit(above, apart)?)))
}

/// What is written for a scale behind a figure without a currency.
const SCALES: [(&str, &str); 6] =
    [("k", "thousand"), ("K", "thousand"), ("M", "million"), ("bn", "billion"), ("mn", "million"), ("tn", "trillion")];

/// What "4K" is said of, letter by letter.
const SCREENS: [&str; 8] = ["tv", "video", "videos", "screen", "monitor", "display", "resolution", "camera"];

/// What measures an amount behind its figures, with a space before it.
fn suffix(rest: &str, figure: &str, before_noun: bool) -> Option<String> {
    let one = before_noun || (parts(figure.trim_start_matches(DASHES)) == Some((1, None)));
    if let Some((_, scale)) = SCALES.iter().find(|(short, _)| *short == rest) {
        return Some(format!(" {scale}"));
    }
    match rest.strip_prefix(DASHES) {
        // "5-lb"
        Some(rest) => Some(format!(" {}", units(rest, true, false)?)),
        None => units(rest, one, false).map(|unit| format!(" {unit}")).or_else(|| per(rest)),
    }
}

pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    if let Some(said) = feet_and_inches(place) {
        return Some(said);
    }
    let start = core.find(|c: char| c.is_ascii_digit())?;
    if !matches!(&core[..start], "" | "-" | "−" | "+" | "~" | "≈" | "±" | "<" | ">") {
        return None;
    }
    let about = match &core[..start] {
        "~" | "≈" => "about ",
        "±" => "plus or minus ",
        "<" => "less than ",
        ">" => "more than ",
        _ => "",
    };
    let text = core.trim_start_matches(['~', '≈', '±', '<', '>']);
    let (head, text) = dimensions(text)?;
    let end =
        text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '−' | '+'))).unwrap_or(text.len());
    let figure = text[..end].trim_end_matches(DASHES);
    let rest = &text[figure.len()..];
    if let Some(said) = items_or_minutes(place, text, figure, rest) {
        return Some(Reading::new(1, said));
    }
    if !rest.is_empty() {
        let before_noun = is_before_noun(place, 1);
        if rest == "K" && place.next(1).is_some_and(|word| SCREENS.contains(&word.lower.as_str())) {
            return None;
        }
        let figure_said = signed(figure)?;
        let unit = suffix(rest, figure, before_noun)?;
        let mark = if rest.ends_with(char::is_alphabetic) { Mark::Both } else { Mark::Sentence };
        return Some(Reading::abbreviation(1, format!("{about}{head}{figure_said}{unit}"), mark));
    }
    let said = signed(figure)?;
    // "33 W. 5th St" and "88 W 3rd St" have no watts.
    let street = place.next(2).is_some_and(|word| ordinal_figure(word.core).is_some());
    let initial = |word: &Word<'_>| {
        word.is_capital() && word.core.len() == 1 && (word.after == "." && place.next(2).is_some() || street)
    };
    let next = place.next(1).filter(|word| place.word().after.is_empty() && !initial(word));
    // "5 in." alone is a length, "5 in Boston" is none.
    let inches = next.filter(|word| word.core == "in" && word.after == ".").and_then(|_| unit("in", false));
    let behind = next.map(|word| word.core);
    // "1,200 sq ft", "8 fl. oz."
    let kind = match behind {
        Some("sq") => Some("square"),
        Some("fl") => Some("fluid"),
        _ => None,
    };
    if let (Some(kind), Some(unit)) = (kind, place.next(2).and_then(|word| unit(word.core, true))) {
        return Some(Reading::abbreviation(3, format!("{about}{head}{said} {kind} {}", unit.many), Mark::Both));
    }
    let one = is_before_noun(place, 2) || (parts(figure) == Some((1, None)));
    let inches = inches.map(|unit| if one { unit.one } else { unit.many }.to_owned());
    match inches.or_else(|| behind.and_then(|behind| units(behind, one, true))) {
        // "2 lbs. of beef"
        Some(unit) => Some(Reading::abbreviation(2, format!("{about}{head}{said} {unit}"), Mark::Both)),
        None => (!about.is_empty() || !head.is_empty()).then(|| Reading::new(1, format!("{about}{head}{said}"))),
    }
}

/// "2x Margherita" are two of them, "3x faster" is three times so fast; "3m25s".
fn items_or_minutes(place: Place<'_>, text: &str, figure: &str, rest: &str) -> Option<String> {
    let items = matches!(rest, "x" | "×") && place.following().is_some_and(is_item);
    if items { signed(figure) } else { minutes_and_seconds(text) }
}

/// Whether a word behind "2x" names what there are two of.
fn is_item(next: &str) -> bool {
    const COMPARED: [&str; 20] = [
        "faster", "slower", "more", "less", "better", "worse", "larger", "bigger", "smaller", "cheaper", "higher",
        "lower", "longer", "the", "per", "a", "daily", "weekly", "as", "zoom",
    ];
    next.starts_with(char::is_alphabetic) && !COMPARED.contains(&next)
}

/// "3m25s", "1h30m": "three minutes twenty five seconds".
fn minutes_and_seconds(text: &str) -> Option<String> {
    let (one, rest, units) = match (text.split_once('h'), text.split_once('m')) {
        (Some((hours, rest)), _) => {
            (hours, rest.strip_suffix('m').or_else(|| rest.strip_suffix("min"))?, ("hour", "minute"))
        }
        (None, Some((minutes, rest))) => (minutes, rest.strip_suffix('s')?, ("minute", "second")),
        _ => return None,
    };
    let said = |figure: &str, unit: &str| {
        let n: i64 = figure.parse().ok().filter(|_| all_digits(figure) && figure.len() < 3)?;
        Some(format!("{} {unit}{}", number(n), if n == 1 { "" } else { "s" }))
    };
    Some(format!("{} {}", said(one, units.0)?, said(rest, units.1)?))
}

/// "10x15": "ten by " and the rest.
fn dimensions(text: &str) -> Option<(String, &str)> {
    let (mut head, mut rest) = (String::new(), text);
    while let Some((side, more)) = rest
        .split_once(['x', '×'])
        .filter(|(side, more)| amount(side).is_some() && more.starts_with(|c: char| c.is_ascii_digit()))
    {
        head.push_str(&amount(side)?);
        head.push_str(" by ");
        rest = more;
    }
    Some((head, rest))
}

/// "5'10"", "6'".
fn feet_and_inches(place: Place<'_>) -> Option<Reading> {
    let word = place.word();
    if let Some((feet, inches)) = word.core.split_once(['\'', '’', '′']).filter(|(f, i)| all_digits(f) && all_digits(i))
    {
        let (feet, inches) = (feet.parse().ok()?, inches.parse().ok()?);
        return Some(Reading::new(1, format!("{} foot {}", number(feet), number(inches))));
    }
    // "16"", where no quotation ends.
    let inches =
        word.after.starts_with(['"', '”', '″']) && all_digits(word.core) && word.core.len() < 4 && !place.is_quoted();
    if inches {
        let n: i64 = word.core.parse().ok()?;
        let said = format!("{} {}", number(n), if n == 1 { "inch" } else { "inches" });
        return Some(Reading::abbreviation(1, said, Mark::Sign));
    }
    // "24"x18"x6""
    if word.core.contains("\"x") {
        let sides: Option<Vec<String>> = word.core.split('x').map(|side| amount(side.trim_end_matches('"'))).collect();
        return sides.map(|sides| Reading::abbreviation(1, format!("{} inches", sides.join(" by ")), Mark::Sign));
    }
    let quoted = !word.before.is_empty();
    let feet = word.core.strip_suffix('′').or_else(|| word.after.starts_with(['\'', '’']).then_some(word.core));
    let feet: i64 = feet.filter(|f| all_digits(f) && f.len() < 3 && !quoted)?.parse().ok()?;
    let said = format!("{} {}", number(feet), if feet == 1 { "foot" } else { "feet" });
    Some(Reading::abbreviation(1, said, if word.core.ends_with('′') { Mark::Sentence } else { Mark::Sign }))
}
