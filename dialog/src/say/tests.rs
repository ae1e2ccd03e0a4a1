//! Tables: as written, as said.
use super::*;
use crate::value::kind::{Kind, Value};

fn check(language: Language, rows: &[(&str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .map(|(text, said)| (text, said, normal(text, language)))
        .filter(|(_, said, got)| *said != got)
        .map(|(text, said, got)| format!("{text}\n  wanted {said}\n  got    {got}"))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn english_is_said_as_people_say_it() {
    check(
        Language::En,
        &[
            ("$1,250.50", "one thousand two hundred and fifty dollars and fifty cents"),
            ("It costs $29.", "It costs twenty nine dollars."),
            ("$1", "one dollar"),
            ("$0.99", "ninety nine cents"),
            ("$0.01", "one cent"),
            ("$3.5", "three point five dollars"),
            ("-$20", "minus twenty dollars"),
            ("$5k", "five thousand dollars"),
            ("$2M", "two million dollars"),
            ("€20", "twenty euros"),
            ("£1.01", "one pound and one penny"),
            ("£3.20", "three pounds and twenty pence"),
            ("0", "zero"),
            ("7", "seven"),
            ("13", "thirteen"),
            ("21", "twenty one"),
            ("40", "forty"),
            ("100", "one hundred"),
            ("105", "one hundred and five"),
            ("999", "nine hundred and ninety nine"),
            ("1000", "one thousand"),
            ("1,001", "one thousand and one"),
            ("12,345", "twelve thousand three hundred and forty five"),
            ("1,000,000", "one million"),
            ("2,500,000", "two million five hundred thousand"),
            ("3.14", "three point one four"),
            ("0.5", "zero point five"),
            ("-5", "minus five"),
            ("007", "zero zero seven"),
            ("50%", "fifty percent"),
            ("12.5%", "twelve point five percent"),
            ("1st", "first"),
            ("2nd floor", "second floor"),
            ("the 24th", "the twenty fourth"),
            ("the 30th", "the thirtieth"),
            ("100th", "one hundredth"),
            ("101st", "one hundred and first"),
            ("2:30 p.m.", "two thirty p m."),
            ("at 2:30 p.m. today", "at two thirty p m today"),
            ("2:30pm", "two thirty p m"),
            ("9 am", "nine a m"),
            ("9am", "nine a m"),
            ("12 pm", "noon"),
            ("12:00 am", "midnight"),
            ("14:30", "two thirty p m"),
            ("9:05 am", "nine oh five a m"),
            ("10:00", "ten o'clock"),
            ("8:15", "eight fifteen"),
            ("12/25/2025", "December twenty fifth, twenty twenty five"),
            ("2025-12-25", "December twenty fifth, twenty twenty five"),
            ("December 24", "December twenty fourth"),
            ("December 24, 2026", "December twenty fourth, twenty twenty six"),
            ("in 1999", "in nineteen ninety nine"),
            ("in 2005", "in two thousand and five"),
            ("since 1900", "since nineteen hundred"),
            ("650-555-0123", "six five zero, five five five, zero one two three"),
            ("(650) 555-0123", "six five zero, five five five, zero one two three"),
            ("Call +1 650 555 0123.", "Call plus one, six five zero, five five five, zero one two three."),
            ("Dr. Smith", "Doctor Smith"),
            ("Mr. and Mrs. Jones", "Mister and Missus Jones"),
            ("tea & coffee", "tea and coffee"),
            ("e.g. a room", "for example a room"),
            ("No. 5", "number five"),
            ("#12", "number twelve"),
            ("10-12", "ten to twelve"),
            ("5 km", "five km"),
            ("5km", "five kilometers"),
            ("1kg", "one kilogram"),
            ("20°C", "twenty degrees"),
            ("24/7", "twenty four seven"),
            ("1/2", "one half"),
            ("(today)", "today"),
            ("\"Yes\", she said.", "Yes, she said."),
            ("Room 12 - quiet", "Room twelve quiet"),
            ("123456789012", "one two three, four five six, seven eight nine, zero one two"),
        ],
    );
}

#[test]
fn vietnamese_is_said_as_people_say_it() {
    check(
        Language::Vi,
        &[
            ("1.250.000 đồng", "một triệu hai trăm năm mươi nghìn đồng"),
            ("1.250.000đ", "một triệu hai trăm năm mươi nghìn đồng"),
            ("1.250.000 VND", "một triệu hai trăm năm mươi nghìn đồng"),
            ("1,250,000", "một triệu hai trăm năm mươi nghìn"),
            ("0912 345 678", "không chín một hai, ba bốn năm, sáu bảy tám"),
            ("0912345678", "không chín một hai, ba bốn năm, sáu bảy tám"),
            ("0912.345.678", "không chín một hai, ba bốn năm, sáu bảy tám"),
            ("+84 912 345 678", "cộng tám bốn, chín một hai, ba bốn năm, sáu bảy tám"),
            ("25/12/2025", "ngày hai mươi lăm tháng mười hai năm hai nghìn không trăm hai mươi lăm"),
            ("ngày 25/12/2025", "ngày hai mươi lăm tháng mười hai năm hai nghìn không trăm hai mươi lăm"),
            ("ngày 5/4", "ngày mùng năm tháng tư"),
            ("25/12", "ngày hai mươi lăm tháng mười hai"),
            ("01/01/2026", "ngày mùng một tháng một năm hai nghìn không trăm hai mươi sáu"),
            ("0", "không"),
            ("4", "bốn"),
            ("5", "năm"),
            ("10", "mười"),
            ("11", "mười một"),
            ("14", "mười bốn"),
            ("15", "mười lăm"),
            ("20", "hai mươi"),
            ("21", "hai mươi mốt"),
            ("24", "hai mươi tư"),
            ("25", "hai mươi lăm"),
            ("31", "ba mươi mốt"),
            ("55", "năm mươi lăm"),
            ("99", "chín mươi chín"),
            ("100", "một trăm"),
            ("101", "một trăm linh một"),
            ("105", "một trăm linh năm"),
            ("110", "một trăm mười"),
            ("115", "một trăm mười lăm"),
            ("121", "một trăm hai mươi mốt"),
            ("1000", "một nghìn"),
            ("1005", "một nghìn không trăm linh năm"),
            ("1.050", "một nghìn không trăm năm mươi"),
            ("2025", "hai nghìn không trăm hai mươi lăm"),
            ("10.000", "mười nghìn"),
            ("150.000", "một trăm năm mươi nghìn"),
            ("1.000.000", "một triệu"),
            ("2.000.005", "hai triệu không trăm linh năm"),
            ("3.000.000.000", "ba tỷ"),
            ("-5", "âm năm"),
            ("1,5", "một phẩy năm"),
            ("3,14", "ba phẩy mười bốn"),
            ("2,05", "hai phẩy không năm"),
            ("50%", "năm mươi phần trăm"),
            ("12,5%", "mười hai phẩy năm phần trăm"),
            ("14h30", "mười bốn giờ rưỡi"),
            ("14:30", "mười bốn giờ rưỡi"),
            ("8h", "tám giờ"),
            ("9h05", "chín giờ không năm"),
            ("7:45 sáng", "bảy giờ bốn mươi lăm sáng"),
            ("100k", "một trăm nghìn"),
            ("2tr", "hai triệu"),
            ("5km", "năm ki lô mét"),
            ("5 km", "năm ki lô mét"),
            ("20m2", "hai mươi mét vuông"),
            ("30°C", "ba mươi độ xê"),
            ("TP.HCM", "thành phố Hồ Chí Minh"),
            ("TP. HCM", "thành phố Hồ Chí Minh"),
            ("Q.1", "quận một"),
            ("P.5, Q.10", "phường năm, quận mười"),
            ("trạm ATM", "trạm a tê em"),
            ("SĐT: 0901234567", "số điện thoại: không chín không một, hai ba bốn, năm sáu bảy"),
            ("10-12 người", "mười đến mười hai người"),
            ("cơm & phở", "cơm và phở"),
            ("$50", "năm mươi đô la"),
            ("$1,250.50", "một nghìn hai trăm năm mươi phẩy năm mươi đô la"),
            ("Giá 250.000đ.", "Giá hai trăm năm mươi nghìn đồng."),
            ("(hôm nay)", "hôm nay"),
            ("3/4", "ba phần tư"),
            ("1/2", "một phần hai"),
        ],
    );
}

#[test]
fn nothing_with_a_figure_in_it_keeps_the_figure() {
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
