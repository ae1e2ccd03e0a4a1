//! Names, e-mail addresses, postal addresses and identity numbers: what is said, and what it is.
use crate::language::Language;
use crate::value::capture::address::{self, AddressPlan, Part, Ward};
use crate::value::capture::alphabet::toned;
use crate::value::capture::email::{self, EmailRead};
use crate::value::capture::id::{self, Cell, CheckRule, Fault, Scheme, Verdict};
use crate::value::capture::provinces::{self, PROVINCES};
use crate::value::capture::revise::{Entry, Revised, Spoken, revise};
use crate::value::capture::{lower, name, pieces};
use jiff::civil::date;

fn name_of(text: &str, language: Language) -> String {
    name::read(&pieces(text), language).map_or_else(|| "none".into(), |read| read.text)
}

fn email_of(text: &str, language: Language) -> String {
    match email::read(&pieces(text), language) {
        Some(EmailRead::Whole(text)) => text,
        Some(EmailRead::Begun(text)) => format!("{text}…"),
        None => "none".into(),
    }
}

#[test]
fn names_are_taken_as_they_are_said_and_as_they_are_spelled() {
    for (said, meant) in [
        ("john smith", "John Smith"),
        ("My name is John Smith.", "John Smith"),
        ("it's McDonald", "McDonald"),
        ("s m i t h", "Smith"),
        ("it's Brian with a y, b r y a n", "Bryan"),
        ("Stephen Hawkes, s t e p h e n", "Stephen Hawkes"),
        ("last name is Nguyen", "Nguyen"),
        ("S-M-I-T-H", "Smith"),
        ("smith, s m y t h", "Smyth"),
        ("john smith, spelled s m y t h e", "John Smythe"),
        ("john j o n smith s m y t h", "Jon Smyth"),
        ("bravo romeo oscar whiskey november", "Brown"),
        ("b as in bravo r o w n", "Brown"),
        ("s for sugar, m like mike, i, t, h", "Smith"),
        ("s m i double t", "Smitt"),
        ("o'brien", "O'Brien"),
        ("anne-marie jones", "Anne-Marie Jones"),
        ("12 people", "none"),
        ("", "none"),
    ] {
        assert_eq!(name_of(said, Language::En), meant, "{said}");
    }
    for (said, meant) in [
        ("tôi tên là Nguyễn Văn An", "Nguyễn Văn An"),
        ("dạ em tên Trần Thị Mai ạ", "Trần Thị Mai"),
        ("nguyễn văn an", "Nguyễn Văn An"),
        ("en nờ a em mờ", "Nam"),
        ("n như nam, a, m", "Nam"),
        ("tê u â en nờ dấu sắc", "Tuấn"),
        ("tuấn, t u â n dấu sắc", "Tuấn"),
        ("lê thị lý, l y dài sắc", "Lê Thị Lý"),
        ("chữ l, chữ i ngắn", "Li"),
        ("n g u y ê n dấu ngã", "Nguyễn"),
        ("h o a huyền", "Hòa"),
        ("hát o a", "Hoa"),
        ("q u y nặng", "Quỵ"),
        ("smith, ét em mờ i ngắn tê hát", "Smith"),
    ] {
        assert_eq!(name_of(said, Language::Vi), meant, "{said}");
    }
}

#[test]
fn the_mark_of_a_syllable_stands_on_its_vowel() {
    for (letters, mark, written) in [
        ("tuân", '\u{301}', "tuấn"),
        ("hoa", '\u{300}', "hòa"),
        ("hoan", '\u{300}', "hoàn"),
        ("thuy", '\u{301}', "thúy"),
        ("nguyên", '\u{303}', "nguyễn"),
        ("quy", '\u{301}', "quý"),
        ("gia", '\u{300}', "già"),
        ("gi", '\u{300}', "gì"),
        ("ngoai", '\u{300}', "ngoài"),
        ("trương", '\u{300}', "trường"),
        ("mai", '\u{301}', "mái"),
        ("xyz", '\u{301}', "xýz"),
    ] {
        assert_eq!(toned(letters, mark), written);
    }
}

#[test]
fn e_mail_addresses_are_spelled_said_and_written() {
    for (said, meant) in [
        ("john.smith@gmail.com", "john.smith@gmail.com"),
        ("John dot Smith at gmail dot com", "john.smith@gmail.com"),
        ("my email is j o h n at example dot org", "john@example.org"),
        ("john smith all one word at g mail dot com", "johnsmith@gmail.com"),
        ("john underscore smith nineteen at hotmail", "john_smith19@hotmail.com"),
        ("it's info at my dash shop dot co dot u k please", "info@my-shop.co.uk"),
        ("alpha bravo charlie at yahoo dot com", "abc@yahoo.com"),
        ("b as in bravo o b at outlook dot com", "bob@outlook.com"),
        ("mike at mike jones dot com", "mike@mikejones.com"),
        ("anna double n at gmail dot com", "annann@gmail.com"),
        ("john seven seven at gmail dot com", "john77@gmail.com"),
        ("j-o-h-n at gmail dot com", "john@gmail.com"),
        ("john dot smith", "john.smith…"),
        ("john at gmail dot", "john@gmail.com"),
        ("I do not have an email address to give you", "none"),
        ("john at at gmail dot com", "none"),
    ] {
        assert_eq!(email_of(said, Language::En), meant, "{said}");
    }
    for (said, meant) in [
        ("nam a còng gmail chấm com", "nam@gmail.com"),
        ("email của em là nguyễn văn nam viết liền không dấu a còng gmail chấm com ạ", "nguyenvannam@gmail.com"),
        ("nam chấm nguyễn a móc yahoo chấm com chấm vn", "nam.nguyen@yahoo.com.vn"),
        ("en nờ a em mờ một chín chín không a còng gmail chấm com", "nam1990@gmail.com"),
        ("lan gạch dưới anh a còng công ty chấm vn", "lan_anh@congty.vn"),
        ("lan anh at gmail dot com", "lananh@gmail.com"),
        ("lan.anh@gmail.com", "lan.anh@gmail.com"),
        ("a b c một hai ba a còng outlook chấm com", "abc123@outlook.com"),
        ("n như nam, a, m a còng gờ mail chấm com", "nam@gmail.com"),
    ] {
        assert_eq!(email_of(said, Language::Vi), meant, "{said}");
    }
}

fn id_of(text: &str, scheme: &Scheme, language: Language) -> String {
    let Some(read) = id::read(&pieces(text), scheme, language) else { return "none".into() };
    match scheme.verdict(&read, date(2026, 11, 25)) {
        Verdict::Whole { open } => format!("{read}{}", if open { "+" } else { "" }),
        Verdict::Begun => format!("{read}…"),
        Verdict::Wrong(why) => format!("{why:?}"),
    }
}

#[test]
fn identity_numbers_are_read_and_their_check_digits_counted() {
    let plate = Scheme::Pattern {
        cells: vec![Cell::Letter, Cell::Letter, Cell::Digit, Cell::Digit, Cell::Digit],
        groups: vec![2, 3],
        check: None,
    };
    let ean = Scheme::Pattern { cells: vec![Cell::Digit; 8], groups: vec![4, 4], check: Some(CheckRule::Mod10) };
    for (scheme, said, meant) in [
        (Scheme::Card, "4111 1111 1111 1111", "4111111111111111"),
        (Scheme::Card, "my card number is four one one one, one one one one, 1111 1111", "4111111111111111"),
        (Scheme::Card, "4111-1111-1111-1112", "CheckDigit"),
        (Scheme::Card, "378282246310005", "378282246310005"),
        (Scheme::Card, "forty one eleven", "4111…"),
        (Scheme::Card, "5555 5555 5555 4444", "5555555555554444"),
        (Scheme::Card, "triple five", "555…"),
        (Scheme::Iban, "GB29 NWBK 6016 1331 9268 19", "GB29NWBK60161331926819"),
        (
            Scheme::Iban,
            "g b two nine n w b k six zero one six one three three one nine two six eight one nine",
            "GB29NWBK60161331926819",
        ),
        (Scheme::Iban, "golf bravo two nine november", "GB29N…"),
        (Scheme::Iban, "DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        (Scheme::Iban, "DE88 3704 0044 0532 0130 00", "CheckDigit"),
        (Scheme::Iban, "XX89 3704", "Country"),
        (Scheme::Iban, "DE89 3704 0044 0532 0130 001", "TooLong"),
        (Scheme::Isbn, "978-3-16-148410-0", "9783161484100"),
        (Scheme::Isbn, "0-306-40615-2", "0306406152"),
        (Scheme::Isbn, "zero eight zero four four two nine five seven x", "080442957X"),
        (Scheme::Isbn, "978-3-16-148410-1", "CheckDigit"),
        (plate.clone(), "a b one two three", "AB123"),
        (plate.clone(), "AB123", "AB123"),
        (plate.clone(), "alpha 1", "Shape"),
        (ean.clone(), "7351 3537", "73513537"),
        (ean, "7351 3538", "CheckDigit"),
        (Scheme::Card, "I don't have it", "none"),
    ] {
        assert_eq!(id_of(said, &scheme, Language::En), meant, "{said}");
    }
    for (scheme, said, meant) in [
        (Scheme::Citizen, "không không một một chín không không một hai ba bốn năm", "001190012345"),
        (Scheme::Citizen, "số căn cước của tôi là 079 203 012345", "079203012345"),
        (Scheme::Citizen, "003190012345", "Province"),
        (Scheme::Citizen, "001 399 012345", "Birth"),
        (Scheme::Citizen, "001 1 90", "001190…"),
        (Scheme::Tax, "0300588569", "0300588569+"),
        (Scheme::Tax, "mã số thuế là không ba không không năm tám tám năm sáu chín", "0300588569+"),
        (Scheme::Tax, "0300588568", "CheckDigit"),
        (Scheme::Tax, "0300588569-001", "0300588569001"),
        (Scheme::Tax, "0300588569-000", "Branch"),
        (Scheme::Card, "bốn một một một, một một một một, một một một một, một một một hai", "CheckDigit"),
        (plate, "bê như bến tre, xê, một hai ba", "BC123"),
    ] {
        assert_eq!(id_of(said, &scheme, Language::Vi), meant, "{said}");
    }
}

#[test]
fn a_number_is_never_accepted_with_one_digit_wrong() {
    for (scheme, right) in [
        (Scheme::Card, "4539578763621486"),
        (Scheme::Iban, "DE89370400440532013000"),
        (Scheme::Tax, "0300588569"),
        (Scheme::Isbn, "9783161484100"),
        (Scheme::Isbn, "0306406152"),
    ] {
        let today = date(2026, 11, 25);
        assert!(matches!(scheme.verdict(right, today), Verdict::Whole { .. }), "{right}");
        for at in 0..right.len() {
            for digit in '0'..='9' {
                let mut wrong: Vec<char> = right.chars().collect();
                if wrong[at] == digit || !wrong[at].is_ascii_digit() {
                    continue;
                }
                wrong[at] = digit;
                let wrong: String = wrong.into_iter().collect();
                assert!(!matches!(scheme.verdict(&wrong, today), Verdict::Whole { .. }), "{wrong}");
            }
        }
    }
    assert_eq!(Scheme::Citizen.verdict("0011", date(2026, 1, 1)), Verdict::Begun);
    assert_eq!(Scheme::Card.verdict("41111111111111111111", date(2026, 1, 1)), Verdict::Wrong(Fault::TooLong));
}

#[test]
fn there_are_34_provinces_made_of_63() {
    assert_eq!(PROVINCES.len(), 34);
    let made: usize = PROVINCES.iter().map(|(now, before)| if *now == "Huế" { 1 } else { 1 + before.len() }).sum();
    assert_eq!(made, 63);
    for (said, now, before) in [
        ("hà nội", "Hà Nội", None),
        ("tỉnh hải dương", "Hải Phòng", Some("Hải Dương")),
        ("hai duong", "Hải Phòng", Some("Hải Dương")),
        ("sài gòn", "Hồ Chí Minh", None),
        ("bình dương", "Hồ Chí Minh", Some("Bình Dương")),
        ("khánh hoà", "Khánh Hòa", None),
        ("thừa thiên huế", "Huế", Some("Thừa Thiên Huế")),
        ("tp hcm", "Hồ Chí Minh", None),
        ("bà rịa - vũng tàu", "Hồ Chí Minh", Some("Bà Rịa Vũng Tàu")),
    ] {
        let province = provinces::named(said).unwrap_or_else(|| panic!("{said}"));
        assert_eq!((province.now, province.before), (now, before), "{said}");
    }
    assert_eq!(provinces::named("paris"), None);
}

fn address_of(text: &str, asked: Option<Part>, language: Language) -> String {
    let plan = AddressPlan {
        parts: vec![Part::Number, Part::Street, Part::Ward, Part::Province],
        wards: vec![Ward { name: "Bến Nghé".into(), province: Some("Hồ Chí Minh") }],
    };
    let read = address::read(&pieces(text), &plan, asked, language);
    read.map_or_else(
        || "none".into(),
        |read| {
            let all: std::collections::BTreeMap<String, serde_json::Value> =
                read.json().as_object().cloned().unwrap_or_default().into_iter().collect();
            serde_json::to_string(&all).unwrap_or_default()
        },
    )
}

#[test]
fn addresses_are_read_in_their_parts() {
    for (said, asked, meant) in [
        (
            "số 12 đường Nguyễn Trãi, phường Thanh Xuân, Hà Nội",
            None,
            r#"{"number":"12","province":"Hà Nội","street":"Nguyễn Trãi","ward":"Thanh Xuân"}"#,
        ),
        (
            "mười hai xuyệt năm a lê lợi phường bến nghé",
            None,
            r#"{"number":"12/5A","province":"Hồ Chí Minh","street":"Lê Lợi","ward":"Bến Nghé"}"#,
        ),
        ("phường năm quận mười hai", None, r#"{"district":"12","ward":"5"}"#),
        (
            "xã An Sơn, huyện Nam Sách, tỉnh Hải Dương",
            None,
            r#"{"district":"Nam Sách","old_province":"Hải Dương","province":"Hải Phòng","ward":"An Sơn"}"#,
        ),
        ("Cầu Giấy", Some(Part::Ward), r#"{"ward":"Cầu Giấy"}"#),
        ("Trần Phú", Some(Part::Street), r#"{"street":"Trần Phú"}"#),
        ("ở bình dương ạ", Some(Part::Province), r#"{"old_province":"Bình Dương","province":"Hồ Chí Minh"}"#),
        ("paris", Some(Part::Province), "none"),
        (
            "15 Hai Bà Trưng phường Cửa Nam Hà Nội",
            None,
            r#"{"number":"15","province":"Hà Nội","street":"Hai Bà Trưng","ward":"Cửa Nam"}"#,
        ),
        ("xóm 3 xã Nghi Phong Nghệ An", None, r#"{"province":"Nghệ An","street":"Xóm 3","ward":"Nghi Phong"}"#),
        (
            "so 8 duong Tran Phu, phuong Lang, Ha Noi",
            None,
            r#"{"number":"8","province":"Hà Nội","street":"Tran Phu","ward":"Lang"}"#,
        ),
        ("số một hai ba lê lợi", None, r#"{"number":"123","street":"Lê Lợi"}"#),
        ("số 5 ngõ 10 phố Huế", None, r#"{"number":"5 ngõ 10","street":"Huế"}"#),
    ] {
        assert_eq!(address_of(said, asked, Language::Vi), meant, "{said}");
    }
    for (said, asked, meant) in [
        ("12 Elm Street, Springfield", None, r#"{"city":"Springfield","number":"12","street":"Elm Street"}"#),
        ("twelve elm street in springfield", None, r#"{"city":"Springfield","number":"12","street":"Elm Street"}"#),
        ("it's 221b baker street", None, r#"{"number":"221B","street":"Baker Street"}"#),
        (
            "42 oak avenue, apartment 3b, portland, oregon, 97201",
            None,
            r#"{"city":"Portland","number":"42","postcode":"97201","state":"Oregon","street":"Oak Avenue","unit":"Apartment 3B"}"#,
        ),
        ("boston", Some(Part::City), r#"{"city":"Boston"}"#),
        ("elm street", Some(Part::Street), r#"{"street":"Elm Street"}"#),
        ("what do you need that for", None, "none"),
    ] {
        assert_eq!(address_of(said, asked, Language::En), meant, "{said}");
    }
}

fn revised(text: &str, spoken: Spoken, said: &str, language: Language) -> String {
    let groups = [4, 4, 4, 4];
    let entry = Entry { text, spoken, language, groups: &groups };
    match revise(entry, &lower(&pieces(said)), |_| true) {
        Revised::Text(text) => text,
        Revised::Several => "several".into(),
        Revised::None => "none".into(),
    }
}

#[test]
fn a_part_of_an_entry_is_corrected_in_place() {
    use Spoken::{Digits, Email, Name};
    for (text, spoken, said, meant) in [
        ("4091", Digits, "no, seven not nine", "4071"),
        ("4091", Digits, "seven, not nine", "4071"),
        ("4091", Digits, "not nine, seven", "4071"),
        ("4091", Digits, "it's not nine but seven", "4071"),
        ("4091", Digits, "seven instead of nine", "4071"),
        ("4091", Digits, "change the nine to a seven", "4071"),
        ("4091", Digits, "the nine should be a seven", "4071"),
        ("4091", Digits, "the third digit is seven", "4071"),
        ("4091", Digits, "no, the third one is seven", "4071"),
        ("4091", Digits, "the 3rd digit is 7", "4071"),
        ("4091", Digits, "the third digit is seven not nine", "4071"),
        ("4091", Digits, "the second to last digit is seven", "4071"),
        ("4091", Digits, "the last digit should be five", "4095"),
        ("4091", Digits, "the last two digits are seven one", "4071"),
        ("4091", Digits, "the first two are five five", "5591"),
        ("4999", Digits, "seven not nine", "several"),
        ("4091", Digits, "seven not eight", "none"),
        ("4091", Digits, "no", "none"),
        ("4091", Digits, "the last three digits are seven", "several"),
        ("4111222233334444", Digits, "the second group is two two two five", "4111222533334444"),
        ("Smith", Name, "it's a y not an i", "Smyth"),
        ("Smith", Name, "y as in yankee not i", "Smyth"),
        ("Smith", Name, "the third letter is y", "Smyth"),
        ("Bob Jones", Name, "r not b", "several"),
        ("john@hotmail.com", Email, "no, gmail not hotmail", "john@gmail.com"),
        ("john-smith@gmail.com", Email, "dot not dash", "john.smith@gmail.com"),
        ("john_smith@gmail.com", Email, "it's a dash instead of underscore", "john-smith@gmail.com"),
    ] {
        assert_eq!(revised(text, spoken, said, Language::En), meant, "{said}");
    }
    for (text, spoken, said, meant) in [
        ("4091", Digits, "số bảy chứ không phải chín", "4071"),
        ("4091", Digits, "không, bảy chứ không phải chín", "4071"),
        ("4091", Digits, "bảy không phải chín", "4071"),
        ("4091", Digits, "không phải chín mà là bảy", "4071"),
        ("4091", Digits, "đổi số chín thành số bảy", "4071"),
        ("4091", Digits, "chữ số thứ ba là bảy", "4071"),
        ("4091", Digits, "số thứ ba phải là bảy ạ", "4071"),
        ("4091", Digits, "số cuối là năm", "4095"),
        ("4091", Digits, "số đầu tiên là năm", "5091"),
        ("4091", Digits, "hai số cuối là bảy một", "4071"),
        ("4999", Digits, "bảy chứ không phải chín", "several"),
        ("4091", Digits, "đúng rồi", "none"),
        ("long@gmail.com", Email, "chữ thứ hai là a", "lang@gmail.com"),
        ("Lan Anh", Name, "chữ đầu là h", "Han Anh"),
        ("nam@yahoo.com", Email, "gmail chứ không phải yahoo", "nam@gmail.com"),
        ("nam.vu@gmail.com", Email, "gạch dưới chứ không phải chấm", "several"),
    ] {
        assert_eq!(revised(text, spoken, said, Language::Vi), meant, "{said}");
    }
}

#[test]
fn no_text_makes_a_reader_panic() {
    let mut seed = 17_u64;
    let words = [
        "a",
        "b",
        "double",
        "at",
        "dot",
        "not",
        "nine",
        "the",
        "third",
        "digit",
        "is",
        "chữ",
        "số",
        "thứ",
        "ba",
        "như",
        "nam",
        "dấu",
        "sắc",
        "chứ",
        "không",
        "phải",
        "a còng",
        "@",
        ".",
        "-",
        "/",
        ",",
        "phường",
        "quận",
        "hà",
        "nội",
        "12",
        "street",
        "last",
        "four",
        "ê",
        "ơ",
        "'",
        "đ",
        "cuối",
        "năm",
        "mười",
        "tỉnh",
        "thành",
        "phố",
        "spelled",
        "space",
        "ß",
        "İ",
    ];
    for _ in 0..1_500 {
        let mut text = Vec::new();
        for _ in 0..7 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push(words[(seed >> 33) as usize % words.len()]);
        }
        let text = text.join(" ");
        for language in [Language::En, Language::Vi] {
            let said = pieces(&text);
            name::read(&said, language);
            email::read(&said, language);
            id::read(&said, &Scheme::Iban, language);
            address::read(&said, &AddressPlan::default(), Some(Part::Ward), language);
            revised("12341234", Spoken::Digits, &text, language);
            revised("İn ẞa", Spoken::Name, &text, language);
            revised("a.b@c.de", Spoken::Email, &text, language);
        }
    }
}
