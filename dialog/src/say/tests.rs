//! Tables: as written, as said.
use super::*;
use crate::value::kind::{Kind, Value};

/// A table of what is written and what is said, `written => said`; `#` begins a heading.
fn check(language: Language, table: &str, least: usize) {
    let rows: Vec<(&str, &str)> = table.lines().filter_map(|line| line.split_once(" => ")).collect();
    let wrong: Vec<String> = rows
        .iter()
        .map(|(text, said)| (text, said, normal(text, language)))
        .filter(|(_, said, got)| *said != got)
        .map(|(text, said, got)| format!("{text}\n  wanted {said}\n  got    {got}"))
        .collect();
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    assert!(rows.len() >= least, "{}", rows.len());
}

#[test]
fn english_is_said_as_people_say_it() {
    check(Language::En, include_str!("tests/en.txt"), 580);
    check(Language::En, include_str!("tests/en_prompts.txt"), 160);
}

#[test]
fn vietnamese_is_said_as_people_say_it() {
    check(Language::Vi, include_str!("tests/vi.txt"), 510);
    check(Language::Vi, include_str!("tests/vi_prompts.txt"), 160);
}

#[test]
fn odd_figures_leave_no_double_space() {
    for language in [Language::En, Language::Vi] {
        for text in [
            "A380",
            "x86",
            "R2-D2",
            "3.000.0",
            "1:2:3",
            "12/",
            "$",
            "$$5",
            "%5",
            "1e9",
            "99999999999999999999",
            "٣",
            "5/0",
            "..5",
        ] {
            let said = normal(text, language);
            assert!(!said.contains("  "), "{text} → {said}");
            chunk(&said);
        }
    }
}

/// Texts may come from anywhere: pieces of what the readers look for, in any order, neither panic nor get stuck.
#[test]
fn whatever_is_written_is_said_somehow() {
    const PIECES: [&str; 64] = [
        "1",
        "25",
        "305",
        "2026",
        "1250000",
        "0",
        "00",
        "12/5",
        "12:30",
        "1.5",
        "2,5",
        "-",
        "–",
        "/",
        ".",
        ",",
        ":",
        "'",
        "\"",
        "(",
        ")",
        " ",
        " ",
        " ",
        " ",
        "$",
        "€",
        "đ",
        "k",
        "tr",
        "m²",
        "°C",
        "%",
        "A",
        "AB",
        "St",
        "Dr",
        "No",
        "St.",
        "p.m.",
        "am",
        "h",
        "giờ",
        "ngày",
        "tháng",
        "mã",
        "là",
        "code",
        "is",
        "XIV",
        "chapter",
        "Q.",
        "TP",
        "@",
        "example.com",
        "https://",
        "½",
        "¾",
        "x",
        "+84",
        "ế",
        "→",
        "#",
        "Dec",
    ];
    let mut seed: u64 = 7;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    for _ in 0..4_000 {
        let text: String = (0..=next(9)).map(|_| PIECES[next(PIECES.len())]).collect();
        for language in [Language::En, Language::Vi] {
            let clauses = clauses(&text, language, &Spoken::new(), &[]);
            for SaidClause { said, written, delivery } in clauses {
                assert!(!said.contains("  "), "{text} → {said}");
                let long = said.chars().count() as u32;
                assert!(
                    written.is_none_or(|written| written.heard(long) as usize == written.text.chars().count()),
                    "{text}"
                );
                assert_eq!(delivery, Delivery::default(), "{text}");
            }
        }
    }
}

#[test]
fn numbers_of_every_size_have_words() {
    for n in [0, 1, -1, 19, 20, 1_000_001, 999_999_999_999_999, i64::MIN, i64::MAX] {
        assert!(!en::number(n).is_empty() && !vi::number(n).is_empty());
    }
    assert_eq!(en::number(1_000_000_000_000), "one trillion");
    assert_eq!(vi::number(1_002_003), "một triệu không trăm linh hai nghìn không trăm linh ba");
}

#[test]
fn the_first_clause_leaves_early_and_the_rest_in_sentences() {
    let text = "You want a room in Mountain View, for two people. Is that right? Please say yes or no, and take your time with it.";
    assert_eq!(
        chunk(text),
        [
            "You want a room in Mountain View,",
            "for two people. Is that right?",
            "Please say yes or no, and take your time with it."
        ]
    );
    assert_eq!(chunk("Yes."), ["Yes."]);
    assert_eq!(chunk("Hello, I am here."), ["Hello, I am here."]);
    assert_eq!(chunk(""), Vec::<String>::new());
    assert_eq!(chunk(" ... "), Vec::<String>::new());
    let long = "word ".repeat(200);
    assert!(chunk(&long).iter().all(|c| c.chars().count() <= 301));
}

#[test]
fn values_are_read_back_as_they_were_meant() {
    use jiff::civil::{date, time};
    let today = date(2026, 11, 25);
    let en = |v: Value, k: Kind| value(&v, &k, Language::En, today);
    let vi = |v: Value, k: Kind| value(&v, &k, Language::Vi, today);
    assert_eq!(en(Value::Date(today), Kind::Date), "today");
    assert_eq!(en(Value::Date(date(2026, 11, 26)), Kind::Date), "tomorrow");
    assert_eq!(en(Value::Date(date(2026, 12, 4)), Kind::Date), "on Friday, December fourth");
    assert_eq!(en(Value::Date(date(2027, 1, 1)), Kind::Date), "on Friday, January first, twenty twenty seven");
    assert_eq!(en(Value::Time(time(14, 30, 0, 0)), Kind::Time), "two thirty p m");
    assert_eq!(en(Value::Time(time(12, 0, 0, 0)), Kind::Time), "noon");
    for (minutes, said) in [
        (30, "half an hour"),
        (60, "an hour"),
        (90, "an hour and a half"),
        (150, "two and a half hours"),
        (45, "forty five minutes"),
        (135, "two hours and fifteen minutes"),
    ] {
        assert_eq!(en(Value::Minutes(minutes), Kind::Duration), said);
    }
    let people = || Kind::Number { min: 1, max: 9, unit: vec!["person".into(), "people".into()] };
    assert_eq!(en(Value::Number(1), people()), "one person");
    assert_eq!(en(Value::Number(2), people()), "two people");
    assert_eq!(en(Value::Digits("4821".into()), Kind::Phone), "four eight two one");
    assert_eq!(vi(Value::Date(today), Kind::Date), "hôm nay");
    assert_eq!(vi(Value::Date(date(2026, 12, 25)), Kind::Date), "thứ sáu, ngày hai mươi lăm tháng mười hai");
    assert_eq!(vi(Value::Time(time(14, 30, 0, 0)), Kind::Time), "hai giờ rưỡi chiều");
    assert_eq!(vi(Value::Time(time(21, 0, 0, 0)), Kind::Time), "chín giờ tối");
    assert_eq!(vi(Value::Minutes(90), Kind::Duration), "một tiếng rưỡi");
    assert_eq!(vi(Value::Number(2), Kind::Number { min: 1, max: 9, unit: vec!["người".into()] }), "hai người");
}
