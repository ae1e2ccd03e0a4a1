//! Vietnamese words that something follows.
use super::Table;

#[rustfmt::skip]
pub(super) const TABLE: Table = Table {
    open: &[
        // Prepositions and conjunctions.
        "cho", "ở", "tại", "từ", "đến", "tới", "vào", "lúc", "với", "về", "trong", "ngoài", "trên", "dưới", "giữa",
        "qua", "theo", "bằng", "của", "để", "vì", "bởi", "nhưng", "mà", "và", "hoặc", "hay", "là", "thì", "nếu",
        "khi", "rằng", "như", "do", "tuy", "gồm", "kể", "cùng", "hơn",
        // What stands before a noun, a number or a verb.
        "cái", "chiếc", "ngày", "tháng", "thứ", "mùng", "mồng", "số", "quận", "phường", "đường", "các", "những",
        "mỗi", "mấy", "vài", "rất", "hơi", "khá", "cũng", "vẫn", "đều", "khoảng", "tầm", "chừng", "chỉ", "sẽ", "đang",
        "đã", "bị", "hãy", "đừng", "muốn", "cần", "định", "nhờ", "xin", "tên", "mã",
    ],
    whole: &[
        "tuần tới", "tháng tới", "năm tới", "ngày tới", "sắp tới", "lần tới", "không tới", "chưa tới", "đi tới",
        "ai tới", "người tới", "hàng tới", "mới tới", "thứ hai tới", "hôm qua", "đêm qua", "tuần qua", "tháng qua",
        "năm qua", "vừa qua", "bỏ qua", "đi qua", "đi về", "trở về", "quay về", "trả về", "đi vào", "bước vào",
        "một lúc", "có lúc", "bên trong", "ở trong", "bên ngoài", "ở ngoài", "ra ngoài", "bên trên", "ở trên",
        "tầng trên", "phía trên", "bên dưới", "ở dưới", "tầng dưới", "phía dưới", "ở giữa", "từ từ", "sẽ đến",
        "không đến", "chưa đến", "mới đến", "đã đến", "người đến", "đúng mà", "rồi mà", "được mà", "có mà", "ổn mà",
        "rất hay", "chờ đã", "đợi đã", "khoan đã", "từ từ đã", "xem đã", "cái đã", "hai ngày", "ba ngày", "bốn ngày",
        "năm ngày", "sáu ngày", "bảy ngày", "mười ngày", "mấy ngày", "vài ngày", "nửa ngày", "cả ngày", "mỗi ngày",
        "hàng ngày", "một ngày", "hai tháng", "ba tháng", "sáu tháng", "mấy tháng", "một tháng", "hàng tháng",
        "mỗi tháng", "không cần",
    ],
    phrases: &[
        "cho tôi", "cho em", "cho anh", "cho chị", "cho mình", "giúp tôi", "giúp em", "giúp anh", "giúp chị",
        "tôi có", "nhà tôi có", "chúng tôi có", "chúng tôi", "nhà tôi", "bên tôi", "vì tôi", "và tôi", "khi tôi",
        "nếu tôi", "nhưng tôi", "tôi nghĩ", "chắc là", "có lẽ là", "đổi thành", "đổi sang", "chuyển sang",
        "chứ không phải", "thay vì", "có thể", "tức là", "nghĩa là", "kiểu như", "đặt bàn cho",
    ],
    verbs: &[
        "đặt", "đổi", "giữ", "mua", "lấy", "tìm", "gửi", "thêm", "sửa", "hỏi", "báo", "mất", "xem", "mở", "đóng",
    ],
    leads: &[
        "muốn", "cần", "tôi", "em", "anh", "chị", "mình", "xin", "nhờ", "giúp", "được", "hãy", "đã", "bị", "làm",
        "thể", "cho", "để",
    ],
    let_me: &["để tôi", "để em", "để anh", "để chị", "để mình"],
    thinking: &[
        "ờ", "à", "ừm", "ờm", "ơ", "uh", "um", "để xem", "để coi", "xem nào", "thế này", "nói sao nhỉ", "gì nhỉ",
    ],
};
