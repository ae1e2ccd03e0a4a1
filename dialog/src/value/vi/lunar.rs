//! The Vietnamese lunar calendar: the months of the moon as they fall at UTC+7, by the algorithm that Hồ Ngọc Đức published
//! ("Thuật toán tính âm lịch", after Meeus, Astronomical Algorithms, 1998).
use jiff::civil::{Date, date};
use std::f64::consts::PI;

/// The Julian day number of a date.
fn julian(day: Date) -> i64 {
    let epoch = date(2000, 1, 1);
    2_451_545 + day.since(epoch).map_or(0, |span| i64::from(span.get_days()))
}

fn civil(julian: i64) -> Option<Date> {
    date(2000, 1, 1).checked_add(jiff::Span::new().try_days(julian - 2_451_545).ok()?).ok()
}

/// The day, at UTC+7, of the new moon number `k`, counted from that of 1 January 1900.
fn new_moon(k: i64) -> i64 {
    let k = k as f64;
    let t = k / 1236.85;
    let (t2, t3, rad) = (t * t, t * t * t, PI / 180.0);
    let mean = 2_415_020.759_33 + 29.530_588_68 * k + 0.000_117_8 * t2 - 0.000_000_155 * t3
        + 0.000_33 * ((166.56 + 132.87 * t - 0.009_173 * t2) * rad).sin();
    let sun = (359.2242 + 29.105_356_08 * k - 0.000_033_3 * t2 - 0.000_003_47 * t3) * rad;
    let moon = (306.0253 + 385.816_918_06 * k + 0.010_730_6 * t2 + 0.000_012_36 * t3) * rad;
    let node = (21.2964 + 390.670_506_46 * k - 0.001_652_8 * t2 - 0.000_002_39 * t3) * rad;
    let correction = (0.1734 - 0.000_393 * t) * sun.sin() + 0.0021 * (2.0 * sun).sin() - 0.4068 * moon.sin()
        + 0.0161 * (2.0 * moon).sin()
        - 0.0004 * (3.0 * moon).sin()
        + 0.0104 * (2.0 * node).sin()
        - 0.0051 * (sun + moon).sin()
        - 0.0074 * (sun - moon).sin()
        + 0.0004 * (2.0 * node + sun).sin()
        - 0.0004 * (2.0 * node - sun).sin()
        - 0.0006 * (2.0 * node + moon).sin()
        + 0.0010 * (2.0 * node - moon).sin()
        + 0.0005 * (2.0 * moon + sun).sin();
    // Terrestrial time is ahead of universal time by this, in days.
    let ahead = -0.000_278 + 0.000_265 * t + 0.000_262 * t2;
    (mean + correction - ahead + 0.5 + 7.0 / 24.0).floor() as i64
}

/// In which twelfth of its way round the year the sun stands as a day begins at UTC+7: 0 from the spring equinox on.
fn sun_sector(day: i64) -> i64 {
    let t = (day as f64 - 0.5 - 7.0 / 24.0 - 2_451_545.0) / 36_525.0;
    let (t2, rad) = (t * t, PI / 180.0);
    let anomaly = (357.529_10 + 35_999.050_30 * t - 0.000_155_9 * t2 - 0.000_000_48 * t * t2) * rad;
    let mean = 280.466_45 + 36_000.769_83 * t + 0.000_303_2 * t2;
    let centre = (1.914_600 - 0.004_817 * t - 0.000_014 * t2) * anomaly.sin()
        + (0.019_993 - 0.000_101 * t) * (2.0 * anomaly).sin()
        + 0.000_290 * (3.0 * anomaly).sin();
    let longitude = (mean + centre).rem_euclid(360.0);
    (longitude / 30.0).floor() as i64
}

/// The number of the new moon that begins the eleventh month of a year: the month in which the winter solstice falls.
fn eleventh_month(year: i16) -> i64 {
    let k = ((julian(date(year, 12, 31)) - 2_415_021) as f64 / 29.530_588_853).floor() as i64;
    if sun_sector(new_moon(k)) >= 9 { k - 1 } else { k }
}

/// The date of a day of a lunar year that begins in `year`; `None`: that month has no such day. A leap month is not meant.
fn solar(year: i16, month: i64, day: i64) -> Option<Date> {
    // Months 11 and 12 belong to the solstice of this year, the others to that of the year before.
    let (from, to) = match month {
        11.. => (eleventh_month(year), eleventh_month(year.checked_add(1)?)),
        _ => (eleventh_month(year.checked_sub(1)?), eleventh_month(year)),
    };
    let mut ahead = if month >= 11 { month - 11 } else { month + 1 };
    // Thirteen months between two solstices: the first within which the sun stays in its twelfth repeats its number.
    if to - from > 12 {
        let stays = |i: &i64| sun_sector(new_moon(from + i)) == sun_sector(new_moon(from + i + 1));
        let leap = (1..=13).find(stays).unwrap_or(13);
        ahead += i64::from(ahead >= leap);
    }
    let (first, next) = (new_moon(from + ahead), new_moon(from + ahead + 1));
    (1..=next - first).contains(&day).then(|| civil(first + day - 1))?
}

/// The next such day of the lunar calendar, today included.
pub(super) fn next(today: Date, month: i64, day: i64) -> Option<Date> {
    (-1..=2).find_map(|years| solar(today.year().checked_add(years)?, month, day).filter(|date| *date >= today))
}

/// The next day of any lunar month with this number, today included.
pub(super) fn next_day(today: Date, day: i64) -> Option<Date> {
    (1..=12).filter_map(|month| next(today, month, day)).min()
}

/// The next last day of the lunar year, today included.
pub(super) fn new_years_eve(today: Date) -> Option<Date> {
    let eve = |years| solar(today.year().checked_add(years)?, 1, 1)?.yesterday().ok();
    (0..=2).find_map(|years| eve(years).filter(|date| *date >= today))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lunar_new_year_falls_where_the_calendars_say() {
        for (year, month, day) in [
            (1968, 1, 29),
            (1985, 1, 21),
            (2000, 2, 5),
            (2007, 2, 17),
            (2010, 2, 14),
            (2015, 2, 19),
            (2016, 2, 8),
            (2017, 1, 28),
            (2018, 2, 16),
            (2019, 2, 5),
            (2020, 1, 25),
            (2021, 2, 12),
            (2022, 2, 1),
            (2023, 1, 22),
            (2024, 2, 10),
            (2025, 1, 29),
            (2026, 2, 17),
            (2027, 2, 6),
            (2028, 1, 26),
            (2029, 2, 13),
            (2030, 2, 2),
        ] {
            assert_eq!(solar(year, 1, 1), Some(date(year, month, day)), "{year}");
        }
    }

    #[test]
    fn other_days_of_the_lunar_calendar() {
        // Mid-autumn, the 15th of the eighth month.
        for (year, month, day) in [(2020, 10, 1), (2023, 9, 29), (2024, 9, 17), (2025, 10, 6), (2026, 9, 25)] {
            assert_eq!(solar(year, 8, 15), Some(date(year, month, day)), "{year}");
        }
        // Hùng Kings' day, the 10th of the third month; 2023 has a leap second month before it.
        for (year, month, day) in [(2022, 4, 10), (2023, 4, 29), (2024, 4, 18), (2025, 4, 7), (2026, 4, 26)] {
            assert_eq!(solar(year, 3, 10), Some(date(year, month, day)), "{year}");
        }
        assert_eq!(new_years_eve(date(2026, 11, 25)), Some(date(2027, 2, 5)));
        assert_eq!(next(date(2026, 11, 25), 12, 23), Some(date(2027, 1, 30)));
        assert_eq!(solar(2026, 1, 31), None);
    }
}
