//! Vietnamese sentences: what stands beside a value and may matter, and what names a value by more than itself.
use crate::testkit::tests::understood::{Row, check_rows};

const WORDS_BESIDE_A_VALUE: &[Row] = &[
    ("city", "gần Hà Nội", "hà nội?"),
    ("city", "sát bên đà nẵng", "đà nẵng?"),
    ("city", "ngoại ô hà nội", "hà nội?"),
    ("city", "phía nam sài gòn", "sài gòn?"),
    ("city", "quanh hà nội", "hà nội?"),
    ("city", "vùng lân cận đà nẵng", "đà nẵng?"),
    ("city", "cho chị đặt ở sài gòn nha em", "sài gòn"),
    ("city", "dạ em đi huế với gia đình", "huế"),
    ("city", "tôi ở huế nhưng muốn đặt ở đà nẵng", "đà nẵng"),
    ("city", "ở đâu cũng được miễn không phải hà nội", "asks"),
    ("time", "đừng lấy ba giờ, bốn giờ rưỡi đi", "16:30"),
    ("date", "nếu không được thứ ba thì thứ tư", "asks"),
    ("date", "thứ tư trừ khi bên em đóng cửa", "asks"),
    ("date", "lỡ thứ hai hết chỗ thì thứ ba", "asks"),
    ("date", "thứ sáu nếu còn chỗ", "asks"),
    ("date", "miễn còn chỗ thì thứ sáu", "2026-11-27?"),
    ("city", "nếu huế hết phòng thì cho em đà nẵng", "asks"),
    ("time", "ba giờ, ba giờ kín thì bốn giờ", "asks"),
    ("money", "hai trăm ngàn một người", "200000?"),
    ("money", "năm trăm ngàn một đêm", "500000?"),
    ("money", "mỗi người hai trăm ngàn", "200000?"),
    ("money", "khoảng năm trăm ngàn", "500000"),
    ("amount", "hai trăm ngàn một người", "200000?"),
    ("amount", "ba chục một đêm", "30?"),
    ("agreed", "không không, đúng rồi", "asks"),
    ("agreed", "dạ không cần đâu", "false"),
    ("agreed", "có nếu miễn phí", "asks"),
    ("phone", "số anh là 0 9 1 2, à không, 4 5 7", "asks"),
    ("code", "mã của em là một hai ba bốn", "1234"),
    ("city date", "huế / không phải, đà nẵng", "đà nẵng -"),
    ("city date", "huế / không phải huế / đà nẵng", "đà nẵng -"),
];

const FURTHER_SENTENCES: &[Row] = &[
    ("city", "không huế", "huế?"),
    ("city", "huế, à mà thôi", "huế?"),
    ("people", "bốn người một bàn", "4?"),
    ("people", "bốn người với tôi", "5?"),
    ("people", "ba mẹ với tôi", "3"),
    ("people", "gia đình em sáu người", "6"),
    ("date", "thứ bảy, không được thì chủ nhật", "asks"),
    ("times", "không trước chín giờ sáng", "09:00/.."),
    ("times", "từ hai giờ đến bốn giờ / không, đến năm giờ", "14:00/17:00"),
];

const PEOPLE_BY_NAME: &[Row] = &[
    ("people", "chỉ mình tôi", "1"),
    ("people", "chỉ có mình em thôi", "1"),
    ("people", "hai vợ chồng", "2"),
    ("people", "vợ chồng em", "2"),
    ("people", "vợ chồng tôi với hai đứa nhỏ", "4"),
    ("people", "hai vợ chồng với một đứa con", "3"),
    ("people", "tôi và hai người bạn", "3"),
    ("people", "em với chồng em", "2"),
    ("people", "hai mẹ con", "2"),
    ("people", "bốn người tụi em", "4"),
    ("people", "bốn người bên em", "4"),
    ("people", "cả nhà năm người", "5"),
    ("people", "tổng cộng sáu người", "6"),
    ("people", "bốn khách", "4"),
    ("people", "không phải năm, sáu", "6"),
    ("people", "không phải ba người đâu, bốn người", "4"),
    ("people", "gia đình tôi", "asks"),
    ("people", "hai người với một em bé", "asks"),
    ("people", "bốn người với một con chó", "asks"),
];

const CLOCKS: &[Row] = &[
    ("time", "kém năm phút nửa đêm", "23:55"),
    ("time", "nửa đêm kém năm", "23:55"),
    ("time", "nửa đêm thiếu mười", "23:50"),
    ("time", "còn mười phút nữa là nửa đêm", "23:50"),
    ("time", "kém mười phút bốn giờ chiều", "15:50"),
    ("time", "kém mười ba giờ chiều", "14:50"),
    ("time", "kém mười lăm ba giờ", "14:45"),
    ("time", "ba giờ thiếu mười lăm", "14:45"),
    ("time", "giữa trưa mười phút", "12:10"),
    ("time", "gần nửa đêm", "asks"),
    ("time", "hai giờ hơn một chút", "asks"),
    ("date", "cuối tuần", "asks"),
    ("date", "giữa tuần", "asks"),
    ("date", "thứ bảy cuối tuần này", "2026-11-28"),
    ("date", "cuối tuần sau thứ bảy", "2026-12-05"),
    ("date time people", "mùng hai tháng mười hai mười giờ sáng hai người", "2026-12-02 10:00 2"),
];

const SPANS_AND_THEIR_ENDS: &[Row] = &[
    ("times", "sau sáu giờ tối", "18:00/.."),
    ("times", "từ hai giờ trong một tiếng rưỡi", "14:00/15:30"),
    ("times", "hai tiếng bắt đầu từ ba giờ", "15:00/17:00"),
    ("times people", "từ hai giờ đến bốn giờ / không, đến năm giờ", "14:00/17:00 -"),
    ("times people", "từ hai giờ đến bốn giờ / đổi thành từ ba giờ", "15:00/16:00 -"),
    ("dates people", "từ thứ hai đến thứ tư / không, đến thứ sáu", "2026-11-30/2026-12-04 -"),
    ("dates", "từ thứ hai trong ba ngày", "2026-11-30/2026-12-02"),
    ("dates", "ngày nào tuần sau cũng được trừ thứ hai", "asks"),
    ("time duration", "từ hai giờ đến bốn giờ chiều", "14:00 PT2H"),
    ("time duration", "từ ba giờ đến bốn giờ rưỡi", "15:00 PT1H30M"),
    ("time duration", "trong khoảng hai giờ đến bốn giờ", "asks"),
    ("date time duration", "thứ hai từ chín giờ sáng đến mười hai giờ trưa", "2026-11-30 09:00 PT3H"),
];

#[test]
fn words_beside_a_value() {
    check_rows(WORDS_BESIDE_A_VALUE, "vi");
}

#[test]
fn people_by_name() {
    check_rows(PEOPLE_BY_NAME, "vi");
}

#[test]
fn clocks() {
    check_rows(CLOCKS, "vi");
}

#[test]
fn spans_and_their_ends() {
    check_rows(SPANS_AND_THEIR_ENDS, "vi");
}

#[test]
fn further_sentences() {
    check_rows(FURTHER_SENTENCES, "vi");
}
