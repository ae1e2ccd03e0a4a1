//! Vietnamese sentences: what is clear however it is said, and what has to be asked about although a value stands in it.
use crate::testkit::tests::understood::{Row, check_rows};

const CLEAR: &[Row] = &[
    ("city", "cho mình book ở Sài Gòn nha", "sài gòn"),
    ("city", "cho mình book ở da nang", "đà nẵng"),
    ("date", "hôm bữa chị nói thứ hai nhưng giờ đổi qua thứ ba", "2026-12-01"),
    ("city", "đà nẵng giúp em nha, cám ơn nhiều", "đà nẵng"),
    ("city", "huế, khoan, không, hà nội", "hà nội"),
    ("date", "mai nhen", "2026-11-26"),
    ("time", "tám giờ tối chứ hổng phải tám giờ sáng", "20:00"),
    ("time", "3h PM nha", "15:00"),
    ("people", "tụi mình sáu người, sorry, bảy", "7"),
    ("code", "hai số năm, rồi không chín", "5509"),
    ("city date", "hà nội thứ ba, à thôi, sài gòn thứ tư", "sài gòn 2026-12-02"),
    ("city", "chị muốn ra Hà Nội á em", "hà nội"),
    ("city", "không đi Sài Gòn nữa, đi Huế", "huế"),
    ("city", "huế hết phòng rồi, đà nẵng", "đà nẵng"),
    ("date", "ngay hôm nay luôn", "2026-11-25"),
    ("date", "thứ hai đầu tuần sau á", "2026-11-30"),
    ("date", "không phải tuần này, thứ năm tuần sau", "2026-12-03"),
    ("time", "bảy giờ, bảy giờ tối á", "19:00"),
    ("time", "em qua lúc mười giờ kém mười lăm sáng", "09:45"),
    ("time", "năm giờ, ủa không, sáu giờ chiều", "18:00"),
    ("time", "bốn giờ sáng, à nhầm, chiều", "16:00"),
    ("date", "mai hông được, mốt nha", "2026-11-27"),
    ("date", "còn thứ năm thì sao", "2026-11-26"),
    ("date", "mùng bốn tháng mười hai, thứ sáu", "2026-12-04"),
    ("date time", "thứ hai ngày ba mươi tám giờ mười lăm sáng", "2026-11-30 08:15"),
    ("phone", "gọi anh số không bảy không ba một hai ba bốn năm sáu", "0703123456"),
    ("time people", "tám / tối, cho sáu", "20:00 6"),
    ("duration", "bốn lăm phút là đủ rồi", "PT45M"),
    ("people", "tụi tui năm người lận", "5"),
    ("people", "em với ba người nữa", "4"),
    ("money", "ba triệu chẵn", "3000000"),
    ("money", "hai triệu mốt", "2100000"),
    ("money", "năm trăm k", "500000"),
    ("agreed", "dạ phải", "true"),
];

const ASKED_ABOUT: &[Row] = &[
    ("people", "hai bàn bốn người", "asks"),
    ("people", "phòng bốn", "asks"),
    ("date time people", "thứ sáu tám giờ tối hai ba người", "2026-11-27 20:00 -?"),
    ("duration", "hai giờ chiều", "asks"),
    ("people", "bốn, à không, anh em không đi, ba", "4?"),
    ("agreed", "tới lúc đó rồi tính", "asks"),
    ("agreed", "phải xem đã", "asks"),
    ("city", "huế thì thôi", "huế?"),
    ("city", "rời huế", "huế?"),
    ("city", "đi huế rồi", "huế?"),
    ("amount", "năm mười ngàn", "50000?"),
    ("city", "huế, à không, không phải huế", "huế?"),
    ("date", "thứ sáu, à không, thứ sáu em bận", "2026-11-27?"),
    ("people", "bốn người hôm qua", "4?"),
    ("date", "bữa kia á, cái bữa mà anh gọi", "asks"),
    ("date", "thứ hai, cái bữa mà anh gọi", "2026-11-30?"),
    ("duration", "hai mươi phút ba lần", "asks"),
    ("agreed", "được thì lấy", "asks"),
    ("city", "người hà nội", "hà nội?"),
    ("times people", "từ hai đến bốn người", "asks"),
    ("time", "qua bốn giờ chiều", "asks"),
];

#[test]
fn what_is_clear() {
    check_rows(CLEAR, "vi");
}

#[test]
fn what_is_asked_about() {
    check_rows(ASKED_ABOUT, "vi");
}
