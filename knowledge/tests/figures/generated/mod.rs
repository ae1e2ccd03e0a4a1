//! Pages that differ in a few words alone: branches of a chain, and products of one kind.
use dialog::bot::Language;

const CITIES_EN: [&str; 26] = [
    "Leeds", "Porto", "Austin", "Boston", "Denver", "Bergen", "Lyon", "Turin", "Gdansk", "Cork", "Ghent", "Graz",
    "Malmo", "Tampere", "Utrecht", "Basel", "Split", "Varna", "Plzen", "Lodz", "Bath", "York", "Derby", "Exeter",
    "Dundee", "Perth",
];
const CITIES_VI: [&str; 26] = [
    "Huế",
    "Vinh",
    "Đà Nẵng",
    "Cần Thơ",
    "Hải Phòng",
    "Nha Trang",
    "Đà Lạt",
    "Quy Nhơn",
    "Biên Hòa",
    "Vũng Tàu",
    "Mỹ Tho",
    "Bến Tre",
    "Cà Mau",
    "Rạch Giá",
    "Long Xuyên",
    "Phan Thiết",
    "Buôn Ma Thuột",
    "Pleiku",
    "Kon Tum",
    "Tam Kỳ",
    "Quảng Ngãi",
    "Đồng Hới",
    "Thanh Hóa",
    "Nam Định",
    "Thái Bình",
    "Hạ Long",
];
const PRODUCTS: [(&str, &str, &str); 25] = [
    ("kettle", "amdun", "ấm đun"),
    ("heater", "maysuoi", "máy sưởi"),
    ("toaster", "lonuong", "lò nướng bánh"),
    ("iron", "banui", "bàn ủi"),
    ("fan", "quat", "quạt đứng"),
    ("blender", "mayxay", "máy xay"),
    ("fryer", "noichien", "nồi chiên"),
    ("vacuum", "hutbui", "máy hút bụi"),
    ("oven", "lovisong", "lò vi sóng"),
    ("dryer", "maysay", "máy sấy tóc"),
    ("shaver", "mayca", "máy cạo râu"),
    ("scale", "can", "cân điện tử"),
    ("lamp", "den", "đèn bàn"),
    ("radio", "dai", "đài radio"),
    ("speaker", "loa", "loa không dây"),
    ("humidifier", "taoam", "máy tạo ẩm"),
    ("purifier", "locbui", "máy lọc bụi"),
    ("grill", "vinuong", "vỉ nướng"),
    ("mixer", "danhtrung", "máy đánh trứng"),
    ("cooker", "noicom", "nồi cơm"),
    ("freezer", "tudong", "tủ đông"),
    ("washer", "maygiat", "máy giặt"),
    ("juicer", "mayep", "máy ép trái cây"),
    ("sealer", "hutchankhong", "máy hút chân không"),
    ("projector", "maychieu", "máy chiếu"),
];
const LINES: [&str; 5] = ["Aria", "Nordic", "Cobalt", "Linea", "Terra"];

/// A name as a file is called.
fn file(name: &str) -> String {
    super::bare(name).to_lowercase().replace(' ', "")
}

pub fn pages(language: Language) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let cities = if language == Language::En { CITIES_EN } else { CITIES_VI };
    for (i, city) in cities.iter().enumerate() {
        let (opens, closes, line, stop) = (8 + i % 3, 17 + i % 4, 2 + i * 3 % 17, 1 + i % 5);
        all.push(match language {
            Language::En => (
                format!("branch/{}.md", file(city)),
                format!(
                    "# Branch {city}\n## Opening hours\nMonday to Friday from {opens} a.m. to {closes}:30, Saturdays from {} a.m. to {}. \
                     Closed on Sundays.\n## Getting there\nTram {line}, stop {city} Market; from there it is {stop} minutes on foot.\n",
                    opens + 1,
                    closes - 3
                ),
            ),
            Language::Vi => (
                format!("chinhanh/{}.md", file(city)),
                format!(
                    "# Chi nhánh {city}\n## Giờ mở cửa\nThứ hai đến thứ sáu từ {opens} giờ đến {closes} giờ 30, thứ bảy từ {} giờ đến {} giờ. \
                     Chủ nhật nghỉ.\n## Đường đi\nXe buýt số {line}, trạm chợ {city}; từ đó đi bộ {stop} phút.\n",
                    opens + 1,
                    closes - 3
                ),
            ),
        });
    }
    for (i, (en, file, vi)) in PRODUCTS.iter().enumerate() {
        let (name, watts, weight) = (LINES[i % LINES.len()], 200 + i * 90, 1 + i % 6);
        all.push(match language {
            Language::En => (
                format!("product/{en}.md"),
                format!(
                    "# {name} {en}\n## Technical data\n{watts} watts, {weight} kilograms, cable of {} metres.\n## Care\nUnplug the {en}, let it \
                     cool and wipe it with a damp cloth. Descale it with citric acid every {} weeks.\n",
                    1 + i % 3,
                    2 + i % 7
                ),
            ),
            Language::Vi => (
                format!("sanpham/{file}.md"),
                format!(
                    "# {vi} {name}\n## Thông số\nCông suất {watts} watt, nặng {weight} kí, dây dài {} mét.\n## Vệ sinh\nRút phích {vi}, để nguội rồi \
                     lau bằng khăn ẩm. Tẩy cặn bằng axit xitric mỗi {} tuần.\n",
                    1 + i % 3,
                    2 + i % 7
                ),
            ),
        });
    }
    all
}
