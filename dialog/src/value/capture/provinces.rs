//! The provinces of Vietnam: the 34 since July 2025 (Resolution 202/2025/QH15), and of which of the 63 before each was made. Districts
//! ended with the same reform.
use super::{begins, fold};
use crate::language::Language;

/// Each province as it is now, and the former ones that it was made of, itself left out.
pub const PROVINCES: [(&str, &[&str]); 34] = [
    ("Hà Nội", &[]),
    ("Huế", &["Thừa Thiên Huế"]),
    ("Lai Châu", &[]),
    ("Điện Biên", &[]),
    ("Sơn La", &[]),
    ("Lạng Sơn", &[]),
    ("Quảng Ninh", &[]),
    ("Thanh Hóa", &[]),
    ("Nghệ An", &[]),
    ("Hà Tĩnh", &[]),
    ("Cao Bằng", &[]),
    ("Tuyên Quang", &["Hà Giang"]),
    ("Lào Cai", &["Yên Bái"]),
    ("Thái Nguyên", &["Bắc Kạn"]),
    ("Phú Thọ", &["Vĩnh Phúc", "Hòa Bình"]),
    ("Bắc Ninh", &["Bắc Giang"]),
    ("Hưng Yên", &["Thái Bình"]),
    ("Hải Phòng", &["Hải Dương"]),
    ("Ninh Bình", &["Hà Nam", "Nam Định"]),
    ("Quảng Trị", &["Quảng Bình"]),
    ("Đà Nẵng", &["Quảng Nam"]),
    ("Quảng Ngãi", &["Kon Tum"]),
    ("Gia Lai", &["Bình Định"]),
    ("Khánh Hòa", &["Ninh Thuận"]),
    ("Lâm Đồng", &["Đắk Nông", "Bình Thuận"]),
    ("Đắk Lắk", &["Phú Yên"]),
    ("Hồ Chí Minh", &["Bà Rịa Vũng Tàu", "Bình Dương"]),
    ("Đồng Nai", &["Bình Phước"]),
    ("Tây Ninh", &["Long An"]),
    ("Cần Thơ", &["Sóc Trăng", "Hậu Giang"]),
    ("Vĩnh Long", &["Bến Tre", "Trà Vinh"]),
    ("Đồng Tháp", &["Tiền Giang"]),
    ("Cà Mau", &["Bạc Liêu"]),
    ("An Giang", &["Kiên Giang"]),
];

/// Provinces that are cities under the government.
const CITIES: [&str; 6] = ["Hà Nội", "Huế", "Hải Phòng", "Đà Nẵng", "Hồ Chí Minh", "Cần Thơ"];

/// What people call a province besides its name.
const OTHER_NAMES: [(&str, &str); 19] = [
    ("sài gòn", "Hồ Chí Minh"),
    ("tp hcm", "Hồ Chí Minh"),
    ("hcm", "Hồ Chí Minh"),
    ("tphcm", "Hồ Chí Minh"),
    ("thành phố hồ chí minh", "Hồ Chí Minh"),
    ("vũng tàu", "Bà Rịa Vũng Tàu"),
    ("bà rịa", "Bà Rịa Vũng Tàu"),
    ("bà rịa - vũng tàu", "Bà Rịa Vũng Tàu"),
    ("thừa thiên", "Thừa Thiên Huế"),
    ("thừa thiên - huế", "Thừa Thiên Huế"),
    ("đắc lắc", "Đắk Lắk"),
    ("đắk lắc", "Đắk Lắk"),
    ("đăk lăk", "Đắk Lắk"),
    ("đắc nông", "Đắk Nông"),
    ("đăk nông", "Đắk Nông"),
    ("bắc cạn", "Bắc Kạn"),
    ("kontum", "Kon Tum"),
    ("thanh hoá", "Thanh Hóa"),
    ("khánh hoà", "Khánh Hòa"),
];

/// A province as it was named: as it is now, and as it was where that is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Province {
    pub now: &'static str,
    pub before: Option<&'static str>,
}

impl Province {
    pub fn is_city(&self) -> bool {
        CITIES.contains(&self.now)
    }
}

/// All names, present and former.
pub fn all_names() -> impl Iterator<Item = &'static str> {
    PROVINCES.iter().flat_map(|(now, before)| std::iter::once(*now).chain(before.iter().copied()))
}

/// The province of this name, present or former.
fn of_name(name: &str) -> Option<Province> {
    PROVINCES.iter().find_map(|(now, before)| {
        let former = before.iter().copied().find(|former| *former == name);
        (*now == name || former.is_some()).then_some(Province { now, before: former })
    })
}

/// A province of this name as it is written, with or without its diacritics.
pub fn named(text: &str) -> Option<Province> {
    let words: Vec<String> = super::lower(&super::pieces(text));
    let (province, len) = find(&words)?;
    (len == words.len()).then_some(province)
}

/// A province at the start of words, with or without its diacritics, and how many of them name it. The longest name wins.
pub fn find(words: &[String]) -> Option<(Province, usize)> {
    let lead = begins(words, &["tỉnh", "thành phố", "tp", "t p"], Language::Vi).unwrap_or(0);
    let rest = &words[lead..];
    let length = |name: &str| {
        // Recognisers write a name without any of its diacritics; "hoà" and "hòa" are the same.
        let meant: Vec<&str> = name.split(' ').filter(|word| *word != "-").collect();
        let mut at = 0;
        for word in &meant {
            at += usize::from(rest.get(at).is_some_and(|said| said == "-"));
            let said = rest.get(at)?;
            let fits = said == word || said.is_ascii() && fold(word) == *said || same_syllable(said, word);
            if !fits {
                return None;
            }
            at += 1;
        }
        Some(at)
    };
    let names = all_names().filter_map(|name| Some((of_name(name)?, length(&name.to_lowercase())?)));
    let others = OTHER_NAMES.iter().filter_map(|(said, name)| Some((of_name(name)?, length(said)?)));
    names.chain(others).max_by_key(|(_, len)| *len).map(|(province, len)| (province, lead + len))
}

/// "hoà" and "hòa": the same letters and marks, the mark on another vowel.
fn same_syllable(said: &str, meant: &str) -> bool {
    use unicode_normalization::UnicodeNormalization;
    let sorted = |text: &str| {
        let mut all: Vec<char> = text.nfd().collect();
        all.sort_unstable();
        all
    };
    fold(said) == fold(meant) && sorted(said) == sorted(meant)
}
