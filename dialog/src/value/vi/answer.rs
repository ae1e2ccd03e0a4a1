//! A Vietnamese yes or no.
use crate::value::words::word;

/// "dạ đúng rồi", "vâng", "không phải". "dạ" is only politeness before a "không".
pub fn yes_no(words: &[String]) -> Option<(bool, usize)> {
    const NO: [&str; 6] = ["không", "sai", "chưa", "chẳng", "hông", "đừng"];
    const POLITE: [&str; 6] = ["dạ", "vâng", "ừ", "ừm", "ờ", "à"];
    const YES: [&str; 9] = ["đúng", "phải", "có", "được", "chính", "ok", "okay", "rồi", "chuẩn"];
    let mut len = 0;
    while POLITE.contains(&word(words, len)) {
        len += 1;
    }
    let polite = len > 0;
    if NO.contains(&word(words, len)) {
        len += 1;
        while matches!(word(words, len), "phải" | "đúng" | "có" | "được" | "rồi" | "ạ" | "sai") {
            len += 1;
        }
        return Some((false, len));
    }
    let mut yes = false;
    let agree = word(words, len) == "đồng" && word(words, len + 1) == "ý";
    if agree {
        (yes, len) = (true, len + 2);
    }
    while YES.contains(&word(words, len)) || (yes && matches!(word(words, len), "xác" | "ạ" | "vậy")) {
        yes = true;
        len += 1;
    }
    // "đúng không", "phải không" asks, it does not deny; "vâng" alone is a yes.
    (yes || polite).then_some((true, len))
}
