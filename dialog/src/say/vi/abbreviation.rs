//! Abbreviations.
use super::money::per;
use crate::say::reading::{Mark, Place, Reading};

/// What they are said as, whatever stands around them.
const WORDS: [(&str, &str); 115] = [
    ("SpO2", "ét pê ô hai"),
    ("mmHg", "mi li mét thủy ngân"),
    ("HSD", "hạn sử dụng"),
    ("TK", "tài khoản"),
    ("GD", "giao dịch"),
    ("PGD", "phòng giao dịch"),
    ("XN", "xét nghiệm"),
    ("BN", "bệnh nhân"),
    ("KQ", "kết quả"),
    ("SL", "số lượng"),
    ("SP", "sản phẩm"),
    ("ĐVT", "đơn vị tính"),
    ("NH", "ngân hàng"),
    ("CK", "chuyển khoản"),
    ("LH", "liên hệ"),
    ("HĐ", "hợp đồng"),
    ("GPKD", "giấy phép kinh doanh"),
    ("GCN", "giấy chứng nhận"),
    ("QSDĐ", "quyền sử dụng đất"),
    ("ĐTDĐ", "điện thoại di động"),
    ("KCB", "khám chữa bệnh"),
    ("BGĐ", "ban giám đốc"),
    ("QLDA", "quản lý dự án"),
    ("TCHC", "tổ chức hành chính"),
    ("TCT", "tổng cục thuế"),
    ("ĐK", "đăng ký"),
    ("GD&ĐT", "giáo dục và đào tạo"),
    ("HCNS", "hành chính nhân sự"),
    ("CMT", "chứng minh thư"),
    ("ext", "máy lẻ"),
    ("Ext", "máy lẻ"),
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
    ("Đ/c", "địa chỉ"),
    ("Đ/C", "địa chỉ"),
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

/// What stands before the name of a place or a company.
const NAMED: [&str; 14] =
    ["BV", "ĐH", "ĐHQG", "CĐ", "KTX", "KCN", "KĐT", "TTTM", "THPT", "THCS", "Cty", "CTY", "CTCP", "UBND"];

fn known(core: &str) -> Option<&'static str> {
    WORDS.iter().find(|(written, _)| *written == core).map(|(_, said)| *said)
}

/// What means a room, a department, the police or a plate by what stands behind it: "P. khám", "P.TCHC", "CA Q.1", "BS 59-X3 123.45".
fn office(place: Place<'_>) -> Option<Reading> {
    let core = place.core();
    // "CA: 113", "CA Q.1"
    if core == "CA" && (place.word().after == ":" || place.next(1).is_some_and(|word| word.is_capital())) {
        return Some(Reading::new(1, "công an"));
    }
    // "P. khám 12"
    const ROOMS: [&str; 8] = ["khám", "mổ", "chờ", "bệnh", "họp", "hành", "nhân", "kế"];
    let room = place.next(1).is_some_and(|word| ROOMS.contains(&word.lower.as_str()) || known(word.core).is_some());
    if core == "P" && place.word().after == "." && room {
        return Some(Reading::abbreviation(1, "phòng", Mark::Abbreviation));
    }
    // "P.TCHC"
    if let Some(name) = core.strip_prefix("P.").and_then(known) {
        return Some(Reading::new(1, format!("phòng {name}")));
    }
    // "BS 59-X3 123.45" is a plate.
    if core == "BS" && place.next(1).is_some_and(|word| word.core.starts_with(|c: char| c.is_ascii_digit())) {
        return Some(Reading::new(1, "biển số"));
    }
    None
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
    if let Some(said) = office(place) {
        return Some(said);
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
        // "BV. Bạch Mai": the dot belongs to what stands before a name.
        let named = place.word().after == "." && place.next(1).is_some_and(|word| word.is_capital());
        let mark = if named && NAMED.contains(&core) { Mark::Abbreviation } else { Mark::Both };
        return Some(Reading::abbreviation(1, said, mark));
    }
    // "Cty.TNHH", "ĐH.KHTN": abbreviations joined by dots.
    let joined: Option<Vec<&str>> = core.split('.').map(known).collect();
    if let Some(joined) = joined {
        return Some(Reading::abbreviation(1, joined.join(" "), Mark::Both));
    }
    let (one, other) = core.split_once('/')?;
    let word = |text: &str| text.chars().count() > 1 && text.chars().all(char::is_alphabetic);
    // "4.500 người/km2"
    let behind_figure = place.joined_before().is_some_and(|word| word.core.ends_with(|c: char| c.is_ascii_digit()));
    if word(one) && behind_figure && matches!(other, "km2" | "km²" | "m2" | "m²" | "m3" | "m³" | "ha") {
        return Some(Reading::new(1, format!("{one}{}", per(&core[one.len()..])?)));
    }
    if !word(one) || !word(other) {
        return None;
    }
    // "3 lần/ngày"
    let counted = place.joined_before().is_some_and(|word| word.core.ends_with(|c: char| c.is_ascii_digit()));
    if counted && EACH.contains(&other) {
        return Some(Reading::new(1, format!("{one} một {other}")));
    }
    // "CMND/CCCD"
    let said = |text: &str| known(text).map_or_else(|| text.to_owned(), str::to_owned);
    let (one, other) = (said(one), said(other));
    let people = [&one, &other].iter().all(|word| PEOPLE.contains(&word.to_lowercase().as_str()));
    Some(Reading::new(1, if people || one == "và" { format!("{one} {other}") } else { format!("{one} hoặc {other}") }))
}
