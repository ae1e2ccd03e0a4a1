//! Vietnamese words that change nothing beside a value.
use super::Harmless;

pub(super) const HARMLESS: Harmless = Harmless {
    words: "dạ ạ à ờ ơ ừ ừm uh um vâng ừa ok okay oke thì là mà cho tôi em anh chị mình bạn cô chú bác dì cậu con cháu ông bà quý khách tụi bọn \
        chúng ta tui nhà muốn cần xin đặt lấy chọn đi ghé tới đến vào lúc ở tại trong với và cùng có được nhé nha nhá nghen nghe thôi luôn rồi vậy \
        thế đó đấy này đây ấy cái chiếc chắc làm ơn giúp giùm dùm hộ vui lòng cảm cám á hen hén ha nè ơi alo lô a chào để xem thử coi tính định dự \
        kiến sẽ đang đã vừa mới thích ưng ổn tốt đúng chính xác chỉ cũng nên phải biết nghĩ thấy nói bảo hẹn họp bay tham dự chuyến vé bàn phòng \
        chỗ nơi thành phố tỉnh địa điểm ngày hôm bữa buổi số mã điện thoại việc cuộc gặp tiệc sinh nhật cưới công tác du lịch ăn uống sáng trưa \
        chiều tối đêm khuya size cỡ đơn hàng bắt đầu rảnh tiện thuận hợp khởi hành khám lịch giữ tên nhóm đoàn của đâu",
    people: "vợ chồng bè gia đình đồng nghiệp sếp ba má bố mẹ người đứa bé trai gái thằng lớp khách",
    phrases: &[
        "hay là",
        "thì sao",
        "được không",
        "có được không",
        "được hông",
        "được chứ",
        "được chưa",
        "cũng được",
        "kể cả tôi",
        "kể cả em",
        "kể cả anh",
        "kể cả chị",
        "kể cả mình",
        "tính cả tôi",
        "tính cả em",
        "tính cả mình",
        "cả nhà",
        "cả nhóm",
        "cả đoàn",
        "cả gia đình",
        "gia đình em",
        "gia đình tôi",
        "gia đình mình",
        "gia đình anh",
        "gia đình chị",
        "bên em",
        "bên tôi",
        "bên mình",
        "bên anh",
        "bên chị",
        "cả thảy",
        "tổng cộng",
        "tổng cộng là",
        "tất cả",
        "tất cả là",
        "có lẽ",
        "không biết",
        "không sao",
        "vậy thôi",
        "thế thôi",
        "không vấn đề gì",
    ],
    matter: &["à thôi", "à mà thôi", "và tôi", "với tôi", "bắt đầu bằng", "bắt đầu là", "giờ bên"],
};
