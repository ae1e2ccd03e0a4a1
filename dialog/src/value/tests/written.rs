//! What recognisers write (Whisper, Deepgram, Google) means what is said.
use super::now;
use crate::language::Language::{self, En, Vi};
use crate::value::find;
use crate::value::kind::{Choice, Kind};
use crate::value::words::tokens;

fn number(min: i64, max: i64, unit: &[&str]) -> Kind {
    Kind::Number { min, max, unit: unit.iter().map(|unit| unit.to_string()).collect() }
}

/// The value that all of the words are.
fn json(kind: &Kind, text: &str, language: Language) -> Option<String> {
    let words = tokens(text, language);
    let found = find(kind, &words, language, now())?;
    (found.len == words.len()).then(|| found.value.json().to_string().trim_matches('"').to_string())
}

/// Rows of what is written, what is said, and the value of both.
fn check(kind: Kind, language: Language, rows: &[(&str, &str, &str)]) -> usize {
    let mut wrong = Vec::new();
    for (written, said, value) in rows {
        for text in [written, said] {
            let got = json(&kind, text, language).unwrap_or_else(|| "nothing".into());
            if got != *value {
                wrong.push(format!("{text:?}: wanted {value}, got {got} ({:?})", tokens(text, language)));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    rows.len()
}

#[test]
fn english_is_the_same_written_and_said() {
    let times = check(
        Kind::Time,
        En,
        &[
            ("230 pm", "two thirty p m", "14:30"),
            ("230 PM.", "two thirty p m", "14:30"),
            ("2.30pm", "two thirty p m", "14:30"),
            ("2:30 P.M.", "two thirty p m", "14:30"),
            ("2:30pm.", "two thirty p m", "14:30"),
            ("2:30", "two thirty", "14:30"),
            ("2.30", "two thirty", "14:30"),
            ("230", "two thirty", "14:30"),
            ("2, 30", "two thirty", "14:30"),
            ("2 30", "two thirty", "14:30"),
            ("2 30 p.m.", "two thirty p m", "14:30"),
            ("14:30", "fourteen thirty", "14:30"),
            ("14h30", "fourteen thirty", "14:30"),
            ("1430", "fourteen thirty", "14:30"),
            ("1430 hours", "fourteen thirty", "14:30"),
            ("1400 hours.", "fourteen hundred hours", "14:00"),
            ("0830 hours", "oh eight thirty", "08:30"),
            ("0 8 30", "zero eight thirty", "08:30"),
            ("9 AM", "nine a m", "09:00"),
            ("9am.", "nine a m", "09:00"),
            ("9 a. m.", "nine a m", "09:00"),
            ("1030 am", "ten thirty a m", "10:30"),
            ("10:30AM", "ten thirty a m", "10:30"),
            ("Ten-thirty a.m.", "ten thirty a m", "10:30"),
            ("3 o'clock", "three o'clock", "15:00"),
            ("3 o’clock.", "three o'clock", "15:00"),
            ("3 O Clock", "three o'clock", "15:00"),
            ("12 noon", "noon", "12:00"),
            ("12:00 noon", "noon", "12:00"),
            ("12 midnight", "midnight", "00:00"),
            ("Half past 2.", "half past two", "14:30"),
            ("Half-past 2", "half past two", "14:30"),
            ("Quarter to 3.", "quarter to three", "14:45"),
            ("10 past 4", "ten past four", "16:10"),
            ("20 to 5", "twenty minutes to five", "16:40"),
            ("10 till 3", "ten to three", "14:50"),
            ("2:05 p.m.", "two oh five p m", "14:05"),
            ("205 pm", "two oh five p m", "14:05"),
            ("915 in the morning", "nine fifteen in the morning", "09:15"),
            ("7 this evening", "seven in the evening", "19:00"),
            ("12:15", "twelve fifteen", "12:15"),
            ("Noon.", "noon", "12:00"),
        ],
    );
    let dates = check(
        Kind::Date,
        En,
        &[
            ("December 24th.", "december twenty fourth", "2026-12-24"),
            ("December 24", "december twenty fourth", "2026-12-24"),
            ("Dec. 24th", "december twenty fourth", "2026-12-24"),
            ("Dec 24", "december twenty fourth", "2026-12-24"),
            ("24 Dec", "the twenty fourth of december", "2026-12-24"),
            ("24th of December", "the twenty fourth of december", "2026-12-24"),
            ("the 24 th of December", "the twenty fourth of december", "2026-12-24"),
            ("December the 24th", "december the twenty fourth", "2026-12-24"),
            ("The 3rd of May.", "the third of may", "2027-05-03"),
            ("May 3rd", "may third", "2027-05-03"),
            ("May 3", "may third", "2027-05-03"),
            ("3 May", "the third of may", "2027-05-03"),
            ("Sept 1st", "september first", "2027-09-01"),
            ("the 1st", "the first", "2026-12-01"),
            ("1st", "the first", "2026-12-01"),
            ("the 2nd", "the second", "2026-12-02"),
            ("the 3 rd", "the third", "2026-12-03"),
            ("12/24", "december twenty fourth", "2026-12-24"),
            ("24/12", "december twenty fourth", "2026-12-24"),
            ("12/24/2026", "december twenty fourth twenty twenty six", "2026-12-24"),
            ("12/24/26", "december twenty fourth twenty twenty six", "2026-12-24"),
            ("12-24-2026", "december twenty fourth twenty twenty six", "2026-12-24"),
            ("24.12.2026", "the twenty fourth of december", "2026-12-24"),
            ("2026-12-24", "december twenty fourth", "2026-12-24"),
            ("December 24, 2027", "december twenty fourth twenty twenty seven", "2027-12-24"),
            ("Fri.", "friday", "2026-11-27"),
            ("Friday, Dec 4", "friday december fourth", "2026-12-04"),
            ("Friday the 4th", "friday the fourth", "2026-12-04"),
            ("Friday 4th", "friday the fourth", "2026-12-04"),
            ("Mon, December 7th", "monday the seventh of december", "2026-12-07"),
            ("Next Mon", "next monday", "2026-11-30"),
            ("In 3 days", "in three days", "2026-11-28"),
            ("This coming Friday.", "this friday", "2026-11-27"),
            ("The day after tomorrow.", "the day after tomorrow", "2026-11-27"),
        ],
    );
    let durations = check(
        Kind::Duration,
        En,
        &[
            ("30 min", "thirty minutes", "PT30M"),
            ("30 mins.", "thirty minutes", "PT30M"),
            ("30-minute", "thirty minutes", "PT30M"),
            ("1/2 hour", "half an hour", "PT30M"),
            ("1/2 an hour", "half an hour", "PT30M"),
            ("½ hour", "half an hour", "PT30M"),
            ("Half-an-hour", "half an hour", "PT30M"),
            ("1 hr", "an hour", "PT1H"),
            ("1.5 hours", "one and a half hours", "PT1H30M"),
            ("1½ hours", "one and a half hours", "PT1H30M"),
            ("1 1/2 hours", "one and a half hours", "PT1H30M"),
            ("One point five hours.", "one and a half hours", "PT1H30M"),
            ("2 hrs", "two hours", "PT2H"),
            ("2h", "two hours", "PT2H"),
            ("1h30", "an hour and a half", "PT1H30M"),
            ("1h 30m", "an hour and thirty minutes", "PT1H30M"),
            ("90m", "ninety minutes", "PT1H30M"),
            ("1 hour 30 minutes", "an hour and a half", "PT1H30M"),
            ("1 hour 30", "one hour thirty", "PT1H30M"),
            ("2.25 hours", "two hours and fifteen minutes", "PT2H15M"),
            ("0.5 hours", "half an hour", "PT30M"),
        ],
    );
    let numbers = check(
        number(0, 9_000_000, &["dollar", "dollars"]),
        En,
        &[
            ("$20", "twenty dollars", "20"),
            ("$ 20", "twenty dollars", "20"),
            ("$20.00", "twenty dollars", "20"),
            ("20$", "twenty dollars", "20"),
            ("20 USD", "twenty dollars", "20"),
            ("$1,250", "one thousand two hundred and fifty dollars", "1250"),
            ("$1,250,000", "one million two hundred and fifty thousand dollars", "1250000"),
            ("$1.5 million", "one million five hundred thousand dollars", "1500000"),
            ("$20k", "twenty thousand dollars", "20000"),
            ("2 million", "two million", "2000000"),
            ("5 thousand", "five thousand", "5000"),
            ("2 thousand 5 hundred", "two thousand five hundred", "2500"),
            ("Twenty-five.", "twenty five", "25"),
            ("25", "twenty five", "25"),
            ("1,250", "one thousand two hundred and fifty", "1250"),
        ],
    );
    let digits = check(
        Kind::Digits { min: 3, max: 10 },
        En,
        &[
            ("4719", "four seven one nine", "4719"),
            ("4-7-1-9", "four seven one nine", "4719"),
            ("4, 7, 1, 9.", "four seven one nine", "4719"),
            ("4,7,1,9", "four seven one nine", "4719"),
            ("4.7.1.9", "four seven one nine", "4719"),
            ("4,719", "four seven one nine", "4719"),
            ("47 19", "forty seven nineteen", "4719"),
            ("47-19", "forty seven nineteen", "4719"),
            ("4–7–1–9", "four seven one nine", "4719"),
            ("ten four seventy-one", "ten four seventy one", "10471"),
            ("10 4 71", "ten four seventy one", "10471"),
            ("Four oh seven one.", "four zero seven one", "4071"),
            ("4 O 7 1", "four oh seven one", "4071"),
            ("4-oh-7-1", "four oh seven one", "4071"),
            ("double 4 7", "double four seven", "447"),
            ("Double-oh seven", "double zero seven", "007"),
            ("44 71", "double four seven one", "4471"),
            ("Three 5s", "triple five", "555"),
            ("three fives", "triple five", "555"),
            ("two zeros seven one", "double zero seven one", "0071"),
            ("nought nought seven", "zero zero seven", "007"),
            ("four, uh, seven, um, one", "four seven one", "471"),
            ("four dash seven one", "four seven one", "471"),
        ],
    );
    let phones = check(
        Kind::Phone,
        En,
        &[
            ("650-555-0123", "six five oh five five five oh one two three", "6505550123"),
            ("(650) 555-0123", "six five oh five five five oh one two three", "6505550123"),
            ("650.555.0123", "six five oh five five five oh one two three", "6505550123"),
            ("650 555 0123.", "six five oh five five five oh one two three", "6505550123"),
            ("6505550123", "six five oh five five five oh one two three", "6505550123"),
            ("+1 650 555 0123", "one six five oh five five five oh one two three", "16505550123"),
            ("1-800-555-0123", "one eight hundred five five five oh one two three", "18005550123"),
        ],
    );
    let choice = |name: &str| Choice { name: name.into(), say: name.into(), words: vec![tokens(name, En)], key: None };
    let spelled = check(
        Kind::Choice(vec![choice("boston"), choice("new york"), choice("atm")]),
        En,
        &[
            ("B-O-S-T-O-N.", "boston", "boston"),
            ("B O S T O N", "boston", "boston"),
            ("B.O.S.T.O.N.", "boston", "boston"),
            ("Bravo Oscar Sierra Tango Oscar November", "boston", "boston"),
            ("A as in Alpha, T as in Tango, M as in Mike", "a t m", "atm"),
            ("A for Alpha, T for Tom, M for Mary", "a t m", "atm"),
            ("A.T.M.", "a t m", "atm"),
            ("N E double U Y O R K", "november echo whiskey yankee oscar romeo kilo", "new york"),
        ],
    );
    assert!(times + dates + durations + numbers + digits + phones + spelled >= 140);
}

#[test]
fn vietnamese_is_the_same_written_and_said() {
    let times = check(
        Kind::Time,
        Vi,
        &[
            ("14h30", "mười bốn giờ ba mươi", "14:30"),
            ("14:30", "mười bốn giờ ba mươi", "14:30"),
            ("14 giờ 30", "mười bốn giờ ba mươi", "14:30"),
            ("14g30", "mười bốn giờ ba mươi", "14:30"),
            ("14 giờ 30 phút.", "mười bốn giờ ba mươi phút", "14:30"),
            ("1430", "mười bốn giờ ba mươi", "14:30"),
            ("2h30 chiều", "hai giờ rưỡi chiều", "14:30"),
            ("2 giờ rưỡi", "hai giờ rưỡi", "14:30"),
            ("2 rưỡi", "hai rưỡi", "14:30"),
            ("Hai giờ rưởi.", "hai giờ rưỡi", "14:30"),
            ("2 giờ chiều", "hai giờ chiều", "14:00"),
            ("2h chiều", "hai giờ chiều", "14:00"),
            ("9h kém 15", "chín giờ kém mười lăm", "08:45"),
            ("9 giờ kém 15", "chín giờ kém mười lăm", "08:45"),
            ("9 kém 15", "chín kém mười lăm", "08:45"),
            ("9h15", "chín giờ mười lăm", "09:15"),
            ("9h15p", "chín giờ mười lăm phút", "09:15"),
            ("8h sáng", "tám giờ sáng", "08:00"),
            ("8 giờ 05", "tám giờ không năm", "08:05"),
            ("8h05 tối", "tám giờ không năm tối", "20:05"),
            ("12h trưa", "mười hai giờ trưa", "12:00"),
            ("12 giờ đêm", "mười hai giờ đêm", "00:00"),
            ("20 giờ", "hai mươi giờ", "20:00"),
            ("7 giờ tối", "bảy giờ tối", "19:00"),
        ],
    );
    let dates = check(
        Kind::Date,
        Vi,
        &[
            ("ngày 3/5", "ngày ba tháng năm", "2027-05-03"),
            ("3/5", "ngày ba tháng năm", "2027-05-03"),
            ("ngày 3-5", "ngày ba tháng năm", "2027-05-03"),
            ("ngày 3.5", "ngày ba tháng năm", "2027-05-03"),
            ("Ngày 3 tháng 5.", "ngày ba tháng năm", "2027-05-03"),
            ("3 tháng 5", "mùng ba tháng năm", "2027-05-03"),
            ("mùng 3", "mùng ba", "2026-12-03"),
            ("Mồng 3", "mùng ba", "2026-12-03"),
            ("mùng 3 tháng 4", "mùng ba tháng tư", "2027-04-03"),
            ("25/12/2026", "ngày hai mươi lăm tháng mười hai năm hai nghìn không trăm hai mươi sáu", "2026-12-25"),
            ("12/25", "ngày hai mươi lăm tháng mười hai", "2026-12-25"),
            ("ngày 25 tháng 12 năm 2026", "ngày hai mươi lăm tháng mười hai năm hai không hai sáu", "2026-12-25"),
            ("Thứ 2", "thứ hai", "2026-11-30"),
            ("thứ 4 tuần sau", "thứ tư tuần sau", "2026-12-02"),
            ("Thứ 7.", "thứ bảy", "2026-11-28"),
            ("T6", "thứ sáu", "2026-11-27"),
            ("ngày 30 tháng này", "ngày ba mươi tháng này", "2026-11-30"),
            ("ngày 3 tháng sau", "ngày ba tháng sau", "2026-12-03"),
        ],
    );
    let durations = check(
        Kind::Duration,
        Vi,
        &[
            ("30 phút", "ba mươi phút", "PT30M"),
            ("30p", "ba mươi phút", "PT30M"),
            ("1 tiếng rưỡi", "một tiếng rưỡi", "PT1H30M"),
            ("1,5 tiếng", "một tiếng rưỡi", "PT1H30M"),
            ("1.5 giờ", "một tiếng rưỡi", "PT1H30M"),
            ("1 tiếng 15", "một tiếng mười lăm", "PT1H15M"),
            ("2h", "hai giờ", "PT2H"),
            ("1h30", "một tiếng ba mươi phút", "PT1H30M"),
            ("½ tiếng", "nửa tiếng", "PT30M"),
        ],
    );
    let numbers = check(
        number(0, 9_000_000, &["đồng"]),
        Vi,
        &[
            ("1.250.000 đồng", "một triệu hai trăm năm mươi nghìn đồng", "1250000"),
            ("1,250,000 đồng", "một triệu hai trăm năm mươi nghìn đồng", "1250000"),
            ("1.250.000đ", "một triệu hai trăm năm mươi nghìn đồng", "1250000"),
            ("1.250.000₫", "một triệu hai trăm năm mươi nghìn đồng", "1250000"),
            ("1.250.000 VND", "một triệu hai trăm năm mươi nghìn đồng", "1250000"),
            ("50k", "năm mươi nghìn", "50000"),
            ("50 nghìn", "năm mươi nghìn", "50000"),
            ("1,5 triệu", "một triệu rưỡi", "1500000"),
            ("1.5 triệu", "một triệu năm trăm nghìn", "1500000"),
            ("2tr5", "hai triệu năm", "2500000"),
            ("2 triệu rưỡi", "hai triệu rưỡi", "2500000"),
            ("2 triệu 500 nghìn", "hai triệu năm trăm nghìn", "2500000"),
            ("120", "một trăm hai", "120"),
            ("105", "một trăm linh năm", "105"),
            ("10", "một chục", "10"),
            ("2005", "hai nghìn lẻ năm", "2005"),
            ("2.500", "hai nghìn rưỡi", "2500"),
        ],
    );
    let digits = check(
        Kind::Digits { min: 2, max: 10 },
        Vi,
        &[
            ("0 9 1 2", "không chín một hai", "0912"),
            ("0912", "không chín một hai", "0912"),
            ("0,9,1,2", "không chín một hai", "0912"),
            ("0-9-1-2", "không chín một hai", "0912"),
            ("20 30", "hai mươi ba mươi", "2030"),
            ("15", "mười lăm", "15"),
            ("25", "hai mươi lăm", "25"),
            ("000", "ba số không", "000"),
            ("3 số 9", "ba con chín", "999"),
            ("4, ờ, 7", "bốn bảy", "47"),
        ],
    );
    let phones = check(
        Kind::Phone,
        Vi,
        &[
            ("0912.345.678", "không chín một hai ba bốn năm sáu bảy tám", "0912345678"),
            ("0912 345 678", "không chín một hai ba bốn năm sáu bảy tám", "0912345678"),
            ("0912-345-678", "không chín một hai ba bốn năm sáu bảy tám", "0912345678"),
            ("+84 912 345 678", "không chín một hai ba bốn năm sáu bảy tám", "0912345678"),
            ("+84912345678", "không chín một hai ba bốn năm sáu bảy tám", "0912345678"),
        ],
    );
    assert!(times + dates + durations + numbers + digits + phones >= 80);
}

#[test]
fn what_may_be_two_things_is_no_value() {
    let people = || number(1, 20, &["person", "people"]);
    for (kind, text, language) in [
        (people(), "230", En),
        (people(), "two thirty", En),
        (people(), "2 30", En),
        (people(), "2-3 people", En),
        (people(), "two dozen", En),
        (people(), "10k", En),
        (people(), "2.5", En),
        (number(0, 500, &[]), "$12.50", En),
        (number(0, 500, &[]), "one twenty", En),
        (Kind::Time, "2-3 pm", En),
        (Kind::Time, "26:10", En),
        (Kind::Time, "990", En),
        (Kind::Date, "february 30th", En),
        (Kind::Date, "13/13", En),
        (Kind::Digits { min: 3, max: 5 }, "four hundred five", En),
        (Kind::Digits { min: 3, max: 5 }, "four hundred and twenty", En),
        (Kind::Phone, "one eight hundred five", En),
        (number(1, 20, &["người"]), "hai ba người", Vi),
        (number(1, 20, &["người"]), "1,5", Vi),
        (Kind::Time, "25h", Vi),
    ] {
        assert_eq!(json(&kind, text, language), None, "{kind:?}: {text}");
    }
}
