//! Abbreviations.
use crate::say::reading::{Mark, Place, Reading};

/// What they are said as, whatever stands around them.
const WORDS: [(&str, &str); 82] = [
    ("VN", "Việt Nam"),
    ("HN", "Hà Nội"),
    ("SG", "Sài Gòn"),
    ("SĐT", "số điện thoại"),
    ("sđt", "số điện thoại"),
    ("ĐT", "điện thoại"),
    ("DĐ", "di động"),
    ("STK", "số tài khoản"),
    ("UBND", "ủy ban nhân dân"),
    ("HĐND", "hội đồng nhân dân"),
    ("CMND", "chứng minh nhân dân"),
    ("CCCD", "căn cước công dân"),
    ("GPLX", "giấy phép lái xe"),
    ("BHYT", "bảo hiểm y tế"),
    ("BHXH", "bảo hiểm xã hội"),
    ("BHTN", "bảo hiểm thất nghiệp"),
    ("GTGT", "giá trị gia tăng"),
    ("TNCN", "thu nhập cá nhân"),
    ("TNHH", "trách nhiệm hữu hạn"),
    ("MTV", "một thành viên"),
    ("CN", "chi nhánh"),
    ("CP", "cổ phần"),
    ("CTCP", "công ty cổ phần"),
    ("TMCP", "thương mại cổ phần"),
    ("Cty", "công ty"),
    ("CTY", "công ty"),
    ("DNTN", "doanh nghiệp tư nhân"),
    ("HTX", "hợp tác xã"),
    ("NHNN", "ngân hàng nhà nước"),
    ("CSKH", "chăm sóc khách hàng"),
    ("KH", "khách hàng"),
    ("NV", "nhân viên"),
    ("GĐ", "giám đốc"),
    ("PGĐ", "phó giám đốc"),
    ("TGĐ", "tổng giám đốc"),
    ("HĐQT", "hội đồng quản trị"),
    ("TTTM", "trung tâm thương mại"),
    ("KCN", "khu công nghiệp"),
    ("KĐT", "khu đô thị"),
    ("KTX", "ký túc xá"),
    ("BV", "bệnh viện"),
    ("BQL", "ban quản lý"),
    ("ĐH", "đại học"),
    ("ĐHQG", "đại học quốc gia"),
    ("CĐ", "cao đẳng"),
    ("THPT", "trung học phổ thông"),
    ("THCS", "trung học cơ sở"),
    ("GDĐT", "giáo dục đào tạo"),
    ("HS", "học sinh"),
    ("SV", "sinh viên"),
    ("GV", "giáo viên"),
    ("CLB", "câu lạc bộ"),
    ("ĐKKD", "đăng ký kinh doanh"),
    ("MST", "mã số thuế"),
    ("XNK", "xuất nhập khẩu"),
    ("TMĐT", "thương mại điện tử"),
    ("CNTT", "công nghệ thông tin"),
    ("PCCC", "phòng cháy chữa cháy"),
    ("CSGT", "cảnh sát giao thông"),
    ("QĐ", "quyết định"),
    ("NĐ", "nghị định"),
    ("ĐC", "địa chỉ"),
    ("đ/c", "địa chỉ"),
    ("ko", "không"),
    ("đc", "được"),
    ("SMS", "tin nhắn"),
    ("ATM", "a tê em"),
    ("PIN", "pin"),
    ("Wi-Fi", "oai phai"),
    ("WiFi", "oai phai"),
    ("Wifi", "oai phai"),
    ("wifi", "oai phai"),
    ("OK", "ô kê"),
    ("ok", "ô kê"),
    ("v.v", "vân vân"),
    ("vv", "vân vân"),
    ("vd", "ví dụ"),
    ("VD", "ví dụ"),
    ("tr", "trang"),
    ("km", "ki lô mét"),
    ("KM", "ki lô mét"),
    ("kg", "ki lô gam"),
];

/// Titles, before a name; several may be joined ("PGS.TS").
const TITLES: [(&str, &str); 20] = [
    ("ThS", "thạc sĩ"),
    ("Ths", "thạc sĩ"),
    ("TS", "tiến sĩ"),
    ("PGS", "phó giáo sư"),
    ("GS", "giáo sư"),
    ("BS", "bác sĩ"),
    ("Bs", "bác sĩ"),
    ("BSCKI", "bác sĩ chuyên khoa một"),
    ("BSCKII", "bác sĩ chuyên khoa hai"),
    ("KS", "kỹ sư"),
    ("KTS", "kiến trúc sư"),
    ("LS", "luật sư"),
    ("DS", "dược sĩ"),
    ("NSND", "nghệ sĩ nhân dân"),
    ("NSƯT", "nghệ sĩ ưu tú"),
    ("Mr", "ông"),
    ("Mrs", "bà"),
    ("Ms", "cô"),
    ("Dr", "bác sĩ"),
    ("Prof", "giáo sư"),
];

/// Words that are joined without another between: "anh/chị".
const PEOPLE: [&str; 10] = ["anh", "chị", "ông", "bà", "cô", "chú", "em", "bạn", "bác", "cháu"];

/// What something is counted for: "3 lần/ngày".
const EACH: [&str; 12] =
    ["ngày", "tuần", "tháng", "năm", "giờ", "phút", "đêm", "lần", "người", "khách", "phòng", "chiếc"];

fn known(core: &str) -> Option<&'static str> {
    WORDS.iter().find(|(written, _)| *written == core).map(|(_, said)| *said)
}

pub(super) fn reading(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    // "tr" is a page before a figure only.
    if core == "tr"
        && !(place.word().after == "."
            && place.next(1).is_some_and(|word| word.core.starts_with(|c: char| c.is_ascii_digit())))
    {
        return None;
    }
    let titles: Option<Vec<&str>> = core
        .split(['.', '-'])
        .map(|title| TITLES.iter().find(|(written, _)| *written == title).map(|(_, said)| *said))
        .collect();
    if let Some(titles) = titles {
        let name = place.next(1).is_some_and(|word| word.is_capital());
        return (name || place.word().after.starts_with('.'))
            .then(|| Reading::abbreviation(1, titles.join(" "), Mark::Abbreviation));
    }
    if let Some(said) = known(core) {
        return Some(Reading::abbreviation(1, said, Mark::Both));
    }
    // "Cty.TNHH", "ĐH.KHTN": abbreviations joined by dots.
    let joined: Option<Vec<&str>> = core.split('.').map(known).collect();
    if let Some(joined) = joined {
        return Some(Reading::abbreviation(1, joined.join(" "), Mark::Both));
    }
    let (one, other) = core.split_once('/')?;
    let word = |text: &str| text.chars().count() > 1 && text.chars().all(char::is_alphabetic);
    if !word(one) || !word(other) {
        return None;
    }
    // "3 lần/ngày"
    let counted = place.joined_before().is_some_and(|word| word.core.ends_with(|c: char| c.is_ascii_digit()));
    if counted && EACH.contains(&other) {
        return Some(Reading::new(1, format!("{one} một {other}")));
    }
    let people = [one, other].iter().all(|word| PEOPLE.contains(&word.to_lowercase().as_str()));
    Some(Reading::new(1, if people || one == "và" { format!("{one} {other}") } else { format!("{one} hoặc {other}") }))
}
