//! A Vietnamese yes or no.
use crate::value::words::word;

const NO: [&str; 9] = ["không", "sai", "chưa", "chẳng", "hông", "hổng", "đừng", "nhầm", "khỏi"];
const POLITE: [&str; 7] = ["dạ", "vâng", "ừ", "ừm", "ờ", "à", "ừa"];
const YES: [&str; 12] = ["đúng", "phải", "có", "được", "chính", "ok", "okay", "oke", "rồi", "chuẩn", "ừ", "vâng"];
/// What may follow a yes or a no.
const TAIL: [&str; 11] = ["xác", "ạ", "vậy", "nhé", "nha", "luôn", "em", "anh", "chị", "bạn", "ơi"];

/// A second "không", where it is no zero: "không, không chín một hai" is a no and a number.
fn is_no_again(words: &[String], at: usize) -> bool {
    word(words, at) == "không" && super::number::digits(words.get(at + 1..).unwrap_or_default()).is_none()
}

/// "dạ đúng rồi", "vâng", "không phải". "dạ" is only politeness before a "không".
pub fn yes_no(words: &[String]) -> Option<(bool, usize)> {
    let mut len = 0;
    while POLITE.contains(&word(words, len)) {
        len += 1;
    }
    let polite = len > 0;
    if NO.contains(&word(words, len)) {
        len += 1;
        while matches!(word(words, len), "phải" | "đúng" | "có" | "được" | "rồi" | "sai" | "cần" | "đâu")
            || is_no_again(words, len)
            || TAIL.contains(&word(words, len))
        {
            len += 1;
        }
        return Some((false, len));
    }
    let mut yes = false;
    let agree = word(words, len) == "đồng" && word(words, len + 1) == "ý";
    if agree {
        (yes, len) = (true, len + 2);
    }
    while YES.contains(&word(words, len)) || ((yes || polite) && TAIL.contains(&word(words, len))) {
        yes |= YES.contains(&word(words, len));
        len += 1;
    }
    // "đúng không", "phải không" asks: it is neither.
    if yes && matches!(word(words, len), "không" | "chưa") && len + 1 == words.len() {
        return None;
    }
    (yes || polite).then_some((true, len))
}
