//! Tables: what was said, what it means.
mod capture;
mod said;
mod written;

use super::found::Reading;
use super::*;
use jiff::civil::{date, time};

/// A Wednesday.
fn now() -> DateTime {
    date(2026, 11, 25).at(9, 0, 0, 0)
}

fn json(kind: &Kind, text: &str, language: Language) -> String {
    let words = tokens(text, language);
    match find(kind, &words, language, now()) {
        Some(found) if found.len == words.len() => found.value.json().to_string().trim_matches('"').to_string(),
        Some(found) => format!("only {} words", found.len),
        None => "nothing".into(),
    }
}

fn check(kind: Kind, language: Language, rows: &[(&str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .map(|(text, value)| (text, value, json(&kind, text, language)))
        .filter(|(_, value, got)| *value != got)
        .map(|(text, value, got)| format!("{text}: wanted {value}, got {got}"))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn english_times_are_understood() {
    check(
        Kind::Time,
        Language::En,
        &[
            ("two thirty p m", "14:30"),
            ("2:30 pm", "14:30"),
            ("2:30 p.m.", "14:30"),
            ("2:30PM.", "14:30"),
            ("2 pm", "14:00"),
            ("2pm", "14:00"),
            ("half past two", "14:30"),
            ("half past nine", "09:30"),
            ("noon", "12:00"),
            ("midnight", "00:00"),
            ("ten a m", "10:00"),
            ("twelve p m", "12:00"),
            ("twelve a m", "00:00"),
            ("quarter to three", "14:45"),
            ("a quarter past eight in the morning", "08:15"),
            ("ten past four", "16:10"),
            ("twenty minutes to five", "16:40"),
            ("three o'clock", "15:00"),
            ("two oh five p m", "14:05"),
            ("fourteen thirty", "14:30"),
            ("nine in the evening", "21:00"),
            ("seven forty five", "07:45"),
            ("two", "14:00"),
            ("14:30", "14:30"),
            ("today", "nothing"),
            ("ninety nine", "nothing"),
        ],
    );
}

#[test]
fn english_dates_are_understood() {
    check(
        Kind::Date,
        Language::En,
        &[
            ("today", "2026-11-25"),
            ("tomorrow", "2026-11-26"),
            ("the day after tomorrow", "2026-11-27"),
            ("friday", "2026-11-27"),
            ("monday", "2026-11-30"),
            ("wednesday", "2026-12-02"),
            ("next monday", "2026-11-30"),
            ("next friday", "2026-12-04"),
            ("this friday", "2026-11-27"),
            ("saturday this weekend", "2026-11-28"),
            ("december 24th", "2026-12-24"),
            ("December twenty fourth", "2026-12-24"),
            ("december the twenty fourth", "2026-12-24"),
            ("the twenty fourth of december", "2026-12-24"),
            ("24 december 2027", "2027-12-24"),
            ("january first", "2027-01-01"),
            ("january first twenty twenty eight", "2028-01-01"),
            ("february 29th", "2028-02-29"),
            ("february 30th", "nothing"),
            ("the third", "2026-12-03"),
            ("12/24/2026", "2026-12-24"),
            ("2026-12-24", "2026-12-24"),
            ("in three days", "2026-11-28"),
            ("in a week", "2026-12-02"),
            ("monday the seventh of december", "2026-12-07"),
            ("someday", "nothing"),
        ],
    );
}

#[test]
fn english_durations_numbers_and_digits_are_understood() {
    check(
        Kind::Duration,
        Language::En,
        &[
            ("half an hour", "PT30M"),
            ("an hour", "PT1H"),
            ("one hour", "PT1H"),
            ("an hour and a half", "PT1H30M"),
            ("one and a half hours", "PT1H30M"),
            ("two and a half hours", "PT2H30M"),
            ("two hours", "PT2H"),
            ("1.5 hours", "PT1H30M"),
            ("two hours and fifteen minutes", "PT2H15M"),
            ("ninety minutes", "PT1H30M"),
            ("45 minutes", "PT45M"),
            ("three quarters of an hour", "PT45M"),
            ("thirty", "PT30M"),
            ("two", "PT2H"),
            ("forever", "nothing"),
        ],
    );
    let people = Kind::Number { min: 1, max: 2_500, unit: vec!["person".into(), "people".into()] };
    check(
        people,
        Language::En,
        &[
            ("two people", "2"),
            ("2 people", "2"),
            ("a person", "1"),
            ("one person", "1"),
            ("twenty five", "25"),
            ("a hundred and five people", "105"),
            ("two thousand three hundred and one", "2301"),
            ("1,250", "1250"),
            ("zero people", "nothing"),
            ("two thirty", "nothing"),
        ],
    );
    check(
        Kind::Digits { min: 2, max: 8 },
        Language::En,
        &[
            ("four eight two one", "4821"),
            ("four oh two", "402"),
            ("double five one", "551"),
            ("triple zero seven", "0007"),
            ("48 21", "4821"),
            ("4821.", "4821"),
            ("forty eight twenty one", "4821"),
            ("four", "nothing"),
            ("1 2 3 4 5 6 7 8 9", "nothing"),
        ],
    );
    check(
        Kind::Phone,
        Language::En,
        &[("650-555-0123", "6505550123"), ("six five oh five five five oh one two three", "6505550123")],
    );
}

#[test]
fn vietnamese_values_are_understood() {
    check(
        Kind::Time,
        Language::Vi,
        &[
            ("hai giờ rưỡi chiều", "14:30"),
            ("mười bốn giờ ba mươi", "14:30"),
            ("14h30", "14:30"),
            ("14:30", "14:30"),
            ("hai giờ chiều", "14:00"),
            ("hai giờ", "14:00"),
            ("8h sáng", "08:00"),
            ("chín giờ kém mười lăm", "08:45"),
            ("chín giờ tối", "21:00"),
            ("mười hai giờ trưa", "12:00"),
            ("mười hai giờ đêm", "00:00"),
            ("một giờ trưa", "13:00"),
            ("bảy giờ mười lăm phút", "07:15"),
            ("nửa đêm", "00:00"),
            ("hai mươi giờ", "20:00"),
        ],
    );
    check(
        Kind::Date,
        Language::Vi,
        &[
            ("hôm nay", "2026-11-25"),
            ("ngày mai", "2026-11-26"),
            ("ngày kia", "2026-11-27"),
            ("thứ hai", "2026-11-30"),
            ("thứ hai tuần sau", "2026-11-30"),
            ("thứ sáu tuần sau", "2026-12-04"),
            ("chủ nhật", "2026-11-29"),
            ("thứ bảy cuối tuần này", "2026-11-28"),
            ("ngày hai mươi lăm tháng mười hai", "2026-12-25"),
            ("ngày hai mươi lăm tháng mười hai năm 2027", "2027-12-25"),
            ("mùng ba tháng tư", "2027-04-03"),
            ("25/12", "2026-12-25"),
            ("ngày 25/12/2026", "2026-12-25"),
            ("ngày ba mươi", "2026-11-30"),
            ("ngày ba mươi mốt tháng hai", "nothing"),
        ],
    );
    check(
        Kind::Duration,
        Language::Vi,
        &[
            ("nửa tiếng", "PT30M"),
            ("một tiếng rưỡi", "PT1H30M"),
            ("hai tiếng", "PT2H"),
            ("chín mươi phút", "PT1H30M"),
            ("hai giờ", "PT2H"),
            ("một tiếng mười lăm phút", "PT1H15M"),
            ("30 phút", "PT30M"),
        ],
    );
    check(
        Kind::Number { min: 0, max: 9_000_000, unit: vec!["người".into()] },
        Language::Vi,
        &[
            ("hai người", "2"),
            ("mười lăm", "15"),
            ("hai mươi mốt", "21"),
            ("hai lăm", "25"),
            ("một trăm linh năm", "105"),
            ("một nghìn hai trăm", "1200"),
            ("hai triệu năm trăm nghìn", "2500000"),
            ("1.250.000", "1250000"),
        ],
    );
    check(
        Kind::Digits { min: 1, max: 10 },
        Language::Vi,
        &[
            ("không một hai", "012"),
            ("không chín một hai ba bốn năm sáu bảy tám", "0912345678"),
            ("0912 345 678", "0912345678"),
        ],
    );
}

#[test]
fn what_a_free_recogniser_writes_becomes_the_same_words() {
    assert_eq!(tokens("2:30 P.M., please!", Language::En), ["2:30", "pm", "please"]);
    assert_eq!(tokens("I'd like half-an-hour.", Language::En), ["i'd", "like", "half", "an", "hour"]);
    assert_eq!(tokens("14h30", Language::Vi), ["14", "h", "30"]);
    assert_eq!(tokens("tie\u{302}\u{301}ng", Language::Vi), ["tiếng"]);
    assert_eq!(tokens("$1,250", Language::En), ["1250", "dollars"]);
}

#[test]
fn an_hour_without_its_half_of_the_day_falls_into_the_working_day() {
    let words = tokens("two", Language::En);
    let found = find(&Kind::Time, &words, Language::En, now()).map(|f| (f.value, f.reading, f.growth));
    assert_eq!(found, Some((Value::Time(time(14, 0, 0, 0)), Reading::OnlyIfAsked, Growth::Open)));
}

#[test]
fn no_words_make_a_parser_panic() {
    let mut seed = 7u64;
    let lists = [
        "two",
        "hundred",
        "thousand",
        "million",
        "a",
        "and",
        "half",
        "past",
        "to",
        "oh",
        "99999999999",
        "1:99",
        "2026-13-45",
        "31/2",
        "hai",
        "mươi",
        "trăm",
        "linh",
        "nghìn",
        "tỷ",
        "giờ",
        "kém",
        "ngày",
        "tháng",
        "năm",
        "next",
        "in",
        "days",
        "365",
        "9999",
        "0/0",
        "-",
        "double",
        "point",
        "1,5",
        "1.5",
        "rưỡi",
        "số",
        "không",
        "no",
        "h",
        "0930",
        "fours",
        "a",
        "as",
        "in",
    ];
    let kinds = [
        Kind::Date,
        Kind::Time,
        Kind::Duration,
        Kind::Phone,
        Kind::YesNo,
        Kind::Number { min: 0, max: i64::MAX, unit: vec![] },
        Kind::Digits { min: 1, max: 32 },
    ];
    for _ in 0..20_000 {
        let mut words = Vec::new();
        for _ in 0..6 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            words.push(lists[(seed >> 33) as usize % lists.len()].to_string());
        }
        for kind in &kinds {
            for language in [Language::En, Language::Vi] {
                if let Some(found) = find(kind, &words, language, now()) {
                    assert!((1..=words.len()).contains(&found.len), "{words:?} {kind:?}");
                }
            }
        }
    }
}
