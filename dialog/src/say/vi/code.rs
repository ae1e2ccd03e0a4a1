//! Codes, and figures that the words around them make codes: said digit by digit.
use super::number::{digits, number, spell};
use crate::say::code::{self, Part, Voice, code, grouped, groups, is_capitals, runs, with_following};
use crate::say::reading::{Mark, Place, Reading, is_dash};
use crate::say::word::Word;
use crate::value::words::all_digits;

const VOICE: Voice =
    Voice {
        number, digits, spell, letters, dot: "chấm", slash: "xuyệt", underscore: "gạch dưới", plus: "cộng"
    };

/// The names of letters in acronyms and codes.
const LETTERS: [(char, &str); 33] = [
    ('a', "a"),
    ('ă', "á"),
    ('â', "ớ"),
    ('b', "bê"),
    ('c', "xê"),
    ('d', "đê"),
    ('đ', "đờ"),
    ('e', "e"),
    ('ê', "ê"),
    ('f', "ép"),
    ('g', "giê"),
    ('h', "hát"),
    ('i', "i"),
    ('j', "gi"),
    ('k', "ca"),
    ('l', "lờ"),
    ('m', "em"),
    ('n', "en"),
    ('o', "ô"),
    ('ô', "ô"),
    ('ơ', "ơ"),
    ('p', "pê"),
    ('q', "quy"),
    ('r', "rờ"),
    ('s', "ét"),
    ('t', "tê"),
    ('u', "u"),
    ('ư', "ư"),
    ('v', "vê"),
    ('w', "vê kép"),
    ('x', "ích"),
    ('y', "y"),
    ('z', "dét"),
];

/// Letters one by one.
pub(crate) fn letters(text: &str) -> String {
    let name = |c: char| {
        LETTERS.iter().find(|(letter, _)| *letter == c).map_or_else(|| c.to_string(), |(_, name)| (*name).to_owned())
    };
    text.to_lowercase().chars().filter(|c| c.is_alphabetic()).map(name).collect::<Vec<_>>().join(" ")
}

/// What is named before a code, by its last words.
const NAMES: [&str; 40] = [
    "ext",
    "tk",
    "đường dây nóng",
    "dây nóng",
    "lỗi",
    "tham chiếu",
    "mst",
    "mã",
    "otp",
    "pin",
    "tài khoản",
    "stk",
    "số thẻ",
    "thẻ",
    "mật khẩu",
    "đuôi",
    "số cuối",
    "tổng đài",
    "hotline",
    "máy lẻ",
    "máy nhánh",
    "nhánh",
    "căn cước",
    "cccd",
    "cmnd",
    "hộ chiếu",
    "đơn hàng",
    "số hiệu",
    "mã số",
    "vận đơn",
    "hợp đồng",
    "sê ri",
    "biên lai",
    "hóa đơn",
    "hoá đơn",
    "điện thoại",
    "sđt",
    "bưu chính",
    "tra cứu",
    "định danh",
];
/// Words after which three figures and more are dialled.
const CALLS: [&str; 4] = ["gọi", "số", "quay", "nhắn"];
const LINKS: [&str; 3] = ["là", "số", "của"];

/// What a code is for, between its name and itself: "mã xác nhận 4071".
const DESCRIBED: [&str; 39] = [
    "mở", "khóa", "cửa", "két", "tủ", "xác", "nhận", "thực", "giao", "dịch", "đặt", "chỗ", "phòng", "bàn", "vé", "bảo",
    "mật", "khách", "hàng", "đơn", "hồ", "sơ", "bệnh", "nhân", "viên", "thành", "vận", "giảm", "giá", "khuyến", "mãi",
    "thuế", "tra", "cứu", "kích", "hoạt", "sinh", "căn", "hộ",
];
/// Names of codes in English, before a colon.
const ENGLISH: [&str; 7] = ["code", "booking", "id", "ref", "password", "tracking", "order"];

/// What makes the figure before it an amount.
const SUMS: [&str; 9] = ["nghìn", "ngàn", "triệu", "tỷ", "tỉ", "đồng", "đ", "usd", "%"];

/// How the words before a figure name it: `None` where it is no code; the second says that they stand directly before it.
fn named(place: Place<'_>) -> Option<bool> {
    let word = |back: usize| place.back(back).map_or("", |word| word.lower.as_str());
    let name = |back: usize| {
        let two = format!("{} {}", word(back + 1), word(back));
        NAMES.contains(&word(back)) || NAMES.contains(&two.as_str())
    };
    if name(1) || (LINKS.contains(&word(1)) && word(1) != "là" && name(2)) || (is_dash(word(1)) && name(2)) {
        return Some(true);
    }
    // "Mã xác nhận: 4071", "code: 4071", "Mã khách hàng 10442"
    let open = |back: &usize| *back == 1 || place.back(*back).is_some_and(|word| word.after.is_empty());
    let colon = place.back(1).is_some_and(|word| word.after.ends_with(':'));
    if colon && (1..=6).take_while(open).any(|back| name(back) || ENGLISH.contains(&word(back))) {
        return Some(true);
    }
    let told = |back: &usize| open(back) && DESCRIBED.contains(&word(*back));
    if let Some(words) = (1..=4).take_while(told).last()
        && matches!(word(words + 1), "mã" | "số hiệu")
    {
        return Some(true);
    }
    // "Mã xác nhận của quý khách là 7716."
    (word(1) == "là" && (2..=12).any(name)).then_some(false)
}

fn counts_nothing(place: Place<'_>, words: usize) -> bool {
    const NO_NOUNS: [&str; 22] = [
        "và", "hoặc", "hay", "để", "nếu", "khi", "nhé", "ạ", "ngay", "cho", "thì", "rồi", "của", "tại", "ở", "vào",
        "đã", "đang", "sẽ", "có", "trên", "từ",
    ];
    let open = place.ahead(words - 1).is_some_and(|place| place.word().after.is_empty());
    !open || place.next(words).is_none_or(|word| NO_NOUNS.contains(&word.lower.as_str()) || is_dash(word.core))
}

/// "Mã là 4071", "tài khoản 0011 0042", "gọi 113", "CCCD 001204005678".
pub(super) fn after_context(place: Place<'_>) -> Option<Reading> {
    let core = place.core().trim_start_matches('#');
    let dialled = place.before() == "gọi"
        || (CALLS.contains(&place.before())
            && place.back(2).is_some_and(|word| matches!(word.lower.as_str(), "gọi" | "bấm" | "quay")));
    // "Soạn DK gửi 9084", "Công an: 113"
    let sent = place.before() == "gửi"
        && (2..=6)
            .filter_map(|back| place.back(back))
            .any(|word| matches!(word.lower.as_str(), "soạn" | "nhắn" | "tin"));
    let emergency = matches!(core, "111" | "112" | "113" | "114" | "115")
        && place.back(1).is_some_and(|word| word.after.ends_with(':'));
    let named = named(place).or((dialled || sent || emergency).then_some(false))?;
    let Some(first) = groups(core) else {
        let codes = core.contains(|c: char| c.is_ascii_digit())
            && core.chars().all(|c| c.is_ascii_digit() || c.is_uppercase() || c == '-');
        return (codes && named).then(|| Reading::new(1, spelled(core)));
    };
    // "1.250" is a number.
    if core.contains(['.', ',']) && first.len() == 2 {
        return None;
    }
    let (all, words) = with_following(place, &first);
    let total: usize = all.iter().map(String::len).sum();
    // "thẻ 100 nghìn", "hợp đồng 100 trang"
    let few = total < 4 && !all[0].starts_with('0') && !counts_nothing(place, words);
    let sum = place.next(words).is_some_and(|word| SUMS.contains(&word.lower.as_str()));
    if few || sum {
        return None;
    }
    let long = total > 2 || (total > 1 && all[0].starts_with('0'));
    if !long || !(named || counts_nothing(place, words)) {
        return None;
    }
    Some(Reading::new(words, grouped(&all, &VOICE)))
}

/// "*101#", "#DH10234", "15/2020/NĐ-CP".
pub(super) fn signed(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    let said = code::keys(core, "sao", "thăng", &VOICE)
        .or_else(|| code::hashed(core, &VOICE, |_| false))
        .or_else(|| document(core))?;
    Some(Reading::new(1, said))
}

/// The number, the year and the kind of a document of law: "15/2020/NĐ-CP".
fn document(core: &str) -> Option<String> {
    const KINDS: [(&str, &str); 8] = [
        ("NĐ", "nghị định"),
        ("CP", "chính phủ"),
        ("TT", "thông tư"),
        ("QĐ", "quyết định"),
        ("TTg", "thủ tướng"),
        ("NQ", "nghị quyết"),
        ("UBND", "ủy ban nhân dân"),
        ("QH", "quốc hội"),
    ];
    let mut sides = core.splitn(3, '/');
    let (n, year, kind) = (sides.next()?, sides.next()?, sides.next()?);
    let figure = |text: &str| text.parse::<i64>().ok().filter(|_| all_digits(text));
    let (n, year) = (figure(n)?, figure(year).filter(|year| (1945..2100).contains(year))?);
    let parts = code::parts(kind).filter(|_| kind.starts_with(char::is_uppercase))?;
    let said = parts.iter().filter_map(|part| match part {
        Part::Letters(text) => Some(
            KINDS.iter().find(|(short, _)| short == text).map_or_else(|| letters(text), |(_, name)| (*name).to_owned()),
        ),
        Part::Digits(text) => Some(figure(text).map_or_else(|| spell(text), number)),
        _ => None,
    });
    Some(format!("{} năm {} {}", number(n), number(year), said.collect::<Vec<_>>().join(" ")))
}

/// Letters and digits, each by itself, with pauses where they change.
pub(crate) fn spelled(core: &str) -> String {
    runs(core, &VOICE, |_| false)
}

/// What holds letters and figures: "AB-1234", "VN253", "5G", "iPhone15".
pub(super) fn mixed(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    if !core.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let fields: Vec<&str> = core.split('.').collect();
    if fields.len() > 2 && fields.iter().all(|field| all_digits(field) && field.len() < 4) {
        let said = fields.iter().map(|field| {
            if fields.len() > 3 { spell(field) } else { field.parse().map_or_else(|_| spell(field), number) }
        });
        return Some(Reading::new(1, said.collect::<Vec<_>>().join(" chấm ")));
    }
    code(core, &VOICE).map(|said| Reading::new(1, said))
}

/// "2.1" of a version is no amount.
pub(super) fn version(place: Place<'_>) -> Option<Reading> {
    let named = matches!(place.before(), "bản" | "version" | "ios" | "android");
    let fields: Vec<&str> = place.core().split('.').collect();
    let said =
        fields.iter().map(|field| field.parse().ok().filter(|_| all_digits(field) && field.len() < 5).map(number));
    let said = said.collect::<Option<Vec<_>>>().filter(|_| named && fields.len() > 1)?;
    Some(Reading::new(1, said.join(" chấm ")))
}

/// Acronyms said letter by letter although they hold vowels.
const INITIALS: [&str; 42] = [
    "ACB", "BMI", "COD", "EVN", "VIB", "OCB", "POS", "KPI", "ICU", "MRI", "PCR", "ETA", "USD", "EUR", "IOS", "UBS",
    "AED", "ATM", "OTP", "USB", "API", "ID", "IP", "FBI", "CIA", "UK", "USA", "EU", "VIP", "AI", "IT", "CEO", "VAT",
    "URL", "DI", "SUV", "LED", "VPN", "IBAN", "EMS", "ISO", "GDP",
];

/// What is told apart by a letter, by the last word of its name.
const LETTERED: [&str; 12] =
    ["án", "hạng", "loại", "khu", "nhóm", "hàng", "cửa", "cổng", "lô", "vitamin", "lớp", "câu"];

/// "VTV", "HSBC", "U.S.": letter by letter. In a text that is all in capitals nothing is an acronym.
pub(super) fn acronym(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    let initials: Vec<&str> = core.split('.').collect();
    let lettered = initials.iter().all(|i| i.chars().count() == 1 && i.chars().all(char::is_uppercase));
    if lettered && initials.len() > 1 {
        return Some(Reading::abbreviation(1, letters(core), Mark::Both));
    }
    // The initial of a name: "D. Trump", but "Hạng C. Xin mời."
    let dotted = place.word().after == "." && place.next(1).is_some_and(Word::is_capital);
    let initial = dotted && !LETTERED.contains(&place.before());
    let mark = if initial { Mark::Abbreviation } else { Mark::Sentence };
    // "vitamin C", "hàng C": a consonant alone has its name.
    if lettered && core.is_ascii() && !"AEIOUY".contains(core) {
        return Some(Reading::abbreviation(1, letters(core), mark));
    }
    // "điểm b"
    let point = matches!(place.before(), "điểm" | "mục" | "ý") && core.chars().count() == 1;
    if point && core.is_ascii() && core.chars().all(|c| c.is_ascii_lowercase() && !"aeiouy".contains(c)) {
        return Some(Reading::new(1, letters(core)));
    }
    if lettered && initial {
        return Some(Reading::abbreviation(1, core, mark));
    }
    let vowels = core.to_lowercase().contains(['a', 'ă', 'â', 'e', 'ê', 'i', 'o', 'ô', 'ơ', 'u', 'ư', 'y']);
    let loud = [place.back(1), place.next(1)]
        .iter()
        .flatten()
        .any(|word| is_capitals(word.core, 3..=40) && word.core.to_lowercase() != word.core && !word.core.is_ascii());
    (is_capitals(core, 2..=5) && (INITIALS.contains(&core) || !vowels) && !loud).then(|| Reading::new(1, letters(core)))
}
