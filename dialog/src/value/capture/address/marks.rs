//! The words by which parts of a Vietnamese address begin.
use super::Part;

/// Words that begin a part of a Vietnamese address.
pub(super) const MARKS: [(&str, Part); 36] = [
    ("số nhà", Part::Number),
    ("nhà số", Part::Number),
    ("số", Part::Number),
    ("đường", Part::Street),
    ("phố", Part::Street),
    ("đại lộ", Part::Street),
    ("quốc lộ", Part::Street),
    ("tỉnh lộ", Part::Street),
    ("ngõ", Part::Number),
    ("ngách", Part::Number),
    ("hẻm", Part::Number),
    ("kiệt", Part::Number),
    ("lô", Part::Number),
    ("căn hộ", Part::Unit),
    ("căn", Part::Unit),
    ("phòng", Part::Unit),
    ("tầng", Part::Unit),
    ("lầu", Part::Unit),
    ("chung cư", Part::Unit),
    ("tòa nhà", Part::Unit),
    ("tòa", Part::Unit),
    ("toà", Part::Unit),
    ("ấp", Part::Street),
    ("thôn", Part::Street),
    ("xóm", Part::Street),
    ("tổ", Part::Street),
    ("khu phố", Part::Street),
    ("phường", Part::Ward),
    ("xã", Part::Ward),
    ("thị trấn", Part::Ward),
    ("đặc khu", Part::Ward),
    ("quận", Part::District),
    ("huyện", Part::District),
    ("thị xã", Part::District),
    ("thành phố", Part::Province),
    ("tỉnh", Part::Province),
];

/// Whether the mark belongs to the text of its part ("phường 5" is "Phường 5"): those that are more than the name of the part.
pub(super) fn keeps_mark(mark: &str) -> bool {
    !matches!(
        mark,
        "số nhà" | "nhà số" | "số" | "đường" | "phố" | "phường" | "xã" | "quận" | "huyện" | "tỉnh" | "thành phố"
    )
}
