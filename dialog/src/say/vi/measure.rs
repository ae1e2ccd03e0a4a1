//! Amounts with their units.
use super::money::per;
use super::number::{amount, number, signed};
use crate::say::reading::{DASHES, Mark, Place, Reading};
use crate::value::words::all_digits;

/// As they are written, whether in a word of its own, too, and as they are said.
const UNITS: [(&[&str], bool, &str); 46] = [
    (&["mmHg"], true, "mi li mét thủy ngân"),
    (&["km", "Km", "KM"], true, "ki lô mét"),
    (&["m"], true, "mét"),
    (&["dm"], true, "đề xi mét"),
    (&["cm"], true, "xen ti mét"),
    (&["mm"], true, "mi li mét"),
    (&["m2", "m²"], true, "mét vuông"),
    (&["km2", "km²"], true, "ki lô mét vuông"),
    (&["m3", "m³"], true, "mét khối"),
    (&["ha"], true, "héc ta"),
    (&["kg", "Kg", "KG"], true, "ki lô gam"),
    (&["g", "gr"], true, "gam"),
    (&["mg"], true, "mi li gam"),
    (&["l", "L"], true, "lít"),
    (&["ml", "mL"], true, "mi li lít"),
    (&["%"], true, "phần trăm"),
    (&["‰"], true, "phần nghìn"),
    (&["°C", "℃", "ºC"], true, "độ xê"),
    (&["°F"], true, "độ ép"),
    (&["°", "º"], true, "độ"),
    (&["h"], true, "giờ"),
    (&["ph"], true, "phút"),
    (&["p", "'", "’"], false, "phút"),
    (&["s"], false, "giây"),
    (&["ms"], true, "mi li giây"),
    (&["KB", "kB"], true, "ki lô bai"),
    (&["MB"], true, "mê ga bai"),
    (&["GB"], true, "ghi ga bai"),
    (&["TB"], true, "tê ra bai"),
    (&["Mbps"], true, "mê ga bít trên giây"),
    (&["Gbps"], true, "ghi ga bít trên giây"),
    (&["Hz"], true, "héc"),
    (&["kHz"], true, "ki lô héc"),
    (&["MHz"], true, "mê ga héc"),
    (&["GHz"], true, "ghi ga héc"),
    (&["W"], true, "oát"),
    (&["kW"], true, "ki lô oát"),
    (&["kWh"], true, "ki lô oát giờ"),
    (&["V"], true, "vôn"),
    (&["mAh"], true, "mi li ampe giờ"),
    (&["dB"], true, "đề xi ben"),
    (&["kcal"], true, "ki lô ca lo"),
    (&["cal"], true, "ca lo"),
    (&["x"], false, "lần"),
    (&["HP", "hp"], true, "mã lực"),
    (&["\"", "″"], false, "inch"),
];

fn unit(written: &str, apart: bool) -> Option<&'static str> {
    UNITS.iter().find(|(all, alone, _)| all.contains(&written) && (*alone || !apart)).map(|(.., said)| *said)
}

/// A unit, or one of it for each of another: "km/h", "m/s", "kg/người".
pub(super) fn units(written: &str, apart: bool) -> Option<String> {
    if let Some(said) = unit(written, apart) {
        return Some(said.to_owned());
    }
    let (above, below) = written.split_once('/')?;
    let above_said = unit(above, apart)?;
    // "mg/5ml"
    let end = below.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
    if let (Some(figure), Some(name)) = (amount(&below[..end]), unit(&below[end..], false)) {
        return Some(format!("{above_said} trên {figure} {name}"));
    }
    match unit(below, false) {
        Some(below) => Some(format!("{above_said} trên {below}")),
        None => Some(format!("{above_said}{}", per(&written[above.len()..])?)),
    }
}

pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let word = place.word();
    let core = word.core;
    let text = core.trim_start_matches(['~', '≈', '±', '<', '>']);
    let about = match &core[..core.len() - text.len()] {
        "" => "",
        "<" => "dưới ",
        ">" => "trên ",
        "±" => "cộng trừ ",
        _ => "khoảng ",
    };
    let (head, text) = dimensions(text);
    let end =
        text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '−' | '+'))).unwrap_or(text.len());
    let (figure, rest) = text.split_at(end);
    let said = signed(figure)?;
    if let Some(said) = composed(text).or_else(|| months(place, figure, rest)) {
        return Some(Reading::new(1, said));
    }
    // "cao 1m3"
    if let Some(said) = height(place, figure, rest) {
        return Some(Reading::new(1, said));
    }
    if !rest.is_empty() {
        let unit = units(rest, false).map(|unit| format!(" {unit}")).or_else(|| broken(rest)).or_else(|| per(rest))?;
        let mark = if rest.ends_with(char::is_alphabetic) { Mark::Both } else { Mark::Sentence };
        return Some(Reading::abbreviation(1, format!("{about}{head}{said}{unit}"), mark));
    }
    // "30'" where no quote was opened.
    if word.before.is_empty() && word.after.starts_with(['\'', '’']) && all_digits(figure) {
        return Some(Reading::abbreviation(1, format!("{said} phút"), Mark::Sign));
    }
    let behind = place.following().and_then(|next| units(next, true));
    match behind {
        // "5 kg. gạo"
        Some(unit) => Some(Reading::abbreviation(2, format!("{about}{head}{said} {unit}"), Mark::Both)),
        None => (!about.is_empty() || !head.is_empty()).then(|| Reading::new(1, format!("{about}{head}{said}"))),
    }
}

/// "3p25s", "1h30p": "ba phút hai mươi lăm giây".
fn composed(text: &str) -> Option<String> {
    // "2N1Đ": days and nights
    if let Some((days, nights)) = text.strip_suffix('Đ').and_then(|text| text.split_once('N')) {
        let figure = |text: &str| text.parse().ok().filter(|_| all_digits(text) && text.len() < 3).map(number);
        return Some(format!("{} ngày {} đêm", figure(days)?, figure(nights)?));
    }
    let (one, rest, units) = match (text.split_once('h'), text.split_once('p')) {
        (Some((hours, rest)), _) => (hours, rest.strip_suffix('p')?, ("giờ", "phút")),
        (None, Some((minutes, rest))) => (minutes, rest.strip_suffix('s')?, ("phút", "giây")),
        _ => return None,
    };
    let said = |figure: &str| figure.parse().ok().filter(|_| all_digits(figure) && figure.len() < 3).map(number);
    Some(format!("{} {} {} {}", said(one)?, units.0, said(rest)?, units.1))
}

/// "6T" of a term: months; of a load: tons.
fn months(place: Place<'_>, figure: &str, rest: &str) -> Option<String> {
    const TERMS: [&str; 8] = ["hạn", "hành", "góp", "kỳ", "vay", "trong", "lãi", "gói"];
    const LOADS: [&str; 4] = ["xe", "tải", "nặng", "trọng"];
    let named =
        |names: &[&str]| (1..=7).filter_map(|back| place.back(back)).any(|word| names.contains(&word.lower.as_str()));
    let unit = match rest {
        "T" | "th" if named(&TERMS) => "tháng",
        "T" if named(&LOADS) => "tấn",
        _ => return None,
    };
    Some(format!("{} {unit}", amount(figure)?))
}

/// "1m3" of a height is no volume.
fn height(place: Place<'_>, figure: &str, rest: &str) -> Option<String> {
    const TALL: [&str; 5] = ["cao", "dài", "rộng", "sâu", "dưới"];
    let tall = (1..=4).filter_map(|back| place.back(back)).any(|word| TALL.contains(&word.lower.as_str()));
    let tenths: i64 = rest.strip_prefix('m')?.parse().ok().filter(|_| matches!(rest, "m2" | "m3") && tall)?;
    Some(format!("{} mét {}", amount(figure)?, number(tenths)))
}

/// "m75" behind "1": "một mét bảy mươi lăm"; "kg5": "rưỡi".
fn broken(rest: &str) -> Option<String> {
    let end = rest.find(|c: char| c.is_ascii_digit())?;
    let (name, figures) = rest.split_at(end);
    let unit = unit(name, false).filter(|_| matches!(name, "m" | "kg" | "km" | "l"))?;
    let n: i64 = figures.parse().ok().filter(|_| all_digits(figures) && figures.len() < 3)?;
    Some(if figures == "5" { format!(" {unit} rưỡi") } else { format!(" {unit} {}", number(n)) })
}

/// "3x4": "ba nhân " and the rest.
fn dimensions(text: &str) -> (String, &str) {
    let (mut head, mut rest) = (String::new(), text);
    while let Some((side, more)) =
        rest.split_once(['x', '×']).filter(|(_, more)| more.starts_with(|c: char| c.is_ascii_digit()))
        && let Some(said) = amount(side.trim_end_matches(['m', 'c']))
    {
        let unit = match &side[side.trim_end_matches(['m', 'c']).len()..] {
            "m" => " mét",
            "cm" => " xen ti mét",
            "mm" => " mi li mét",
            _ => "",
        };
        head.push_str(&format!("{said}{unit} nhân "));
        rest = more;
    }
    (head, rest)
}

/// What measures the second of two figures: "8-10%".
pub(super) fn split(text: &str) -> Option<(&str, String)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',')))?;
    let (figure, rest) = text.split_at(end);
    (!rest.starts_with(DASHES)).then_some(())?;
    Some((figure, units(rest, false)?))
}
