//! Whether a clause claims that something has been done. A bot says so only after the tool that does it has said so.
use crate::language::Language;
use crate::value::words::tokens;

/// Phrases that claim it by themselves.
const EN_PHRASES: [&str; 9] = [
    "you're all set",
    "you are all set",
    "it's done",
    "it is done",
    "that's done",
    "that is done",
    "all done",
    "is now confirmed",
    "taken care of",
];

const EN_DONE: [&str; 22] = [
    "booked",
    "reserved",
    "scheduled",
    "rescheduled",
    "cancelled",
    "canceled",
    "confirmed",
    "placed",
    "ordered",
    "submitted",
    "sent",
    "updated",
    "changed",
    "refunded",
    "transferred",
    "registered",
    "created",
    "processed",
    "completed",
    "moved",
    "added",
    "removed",
];

/// What makes of such a word a claim: "I have booked", "has been booked", "is booked".
const EN_BEFORE: [&str; 9] = ["have", "i've", "we've", "has", "been", "is", "are", "i", "just"];

/// Between the two.
const EN_BETWEEN: [&str; 6] = ["now", "just", "already", "successfully", "been", "all"];

/// Which make none of it.
const EN_NEGATIONS: [&str; 16] = [
    "not", "haven't", "hasn't", "isn't", "aren't", "never", "once", "if", "when", "until", "before", "after", "will",
    "would", "can", "unless",
];

const VI_DONE: [&str; 16] = [
    "đặt",
    "giữ",
    "hủy",
    "huỷ",
    "xác nhận",
    "gửi",
    "chuyển",
    "đổi",
    "cập nhật",
    "hoàn tiền",
    "đăng ký",
    "tạo",
    "thêm",
    "xóa",
    "thanh toán",
    "hoàn tất",
];

const VI_PHRASES: [&str; 6] =
    ["đặt thành công", "hủy thành công", "thực hiện thành công", "đã xong", "xong rồi", "đã thành công"];

const VI_NEGATIONS: [&str; 9] = ["chưa", "không", "nếu", "khi", "sau khi", "trước khi", "sẽ", "được chưa", "hay chưa"];

/// Whether what follows these words may make a claim of them: "I have just".
pub(super) fn may_become_claim(words: &[String], language: Language) -> bool {
    words.last().is_some_and(|word| match language {
        Language::En => EN_BEFORE.contains(&word.as_str()) || EN_BETWEEN.contains(&word.as_str()),
        Language::Vi => ["đã", "được", "vừa", "mới"].contains(&word.as_str()),
    })
}

/// Whether these words claim a deed. A question claims nothing.
pub(super) fn claims_deed(clause: &str, language: Language) -> bool {
    if clause.trim_end().ends_with('?') {
        return false;
    }
    let words = tokens(clause, language);
    let has = |phrase: &str| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        words.windows(phrase.len()).position(|part| part.iter().zip(&phrase).all(|(word, part)| word == part))
    };
    match language {
        Language::En => {
            let negated =
                |at: usize| words[at.saturating_sub(6)..at].iter().any(|w| EN_NEGATIONS.contains(&w.as_str()));
            EN_PHRASES.iter().filter_map(|phrase| has(phrase)).any(|at| !negated(at))
                || (0..words.len()).any(|at| is_claimed_in_english(&words, at) && !negated(at))
        }
        Language::Vi => {
            let negated = || VI_NEGATIONS.iter().any(|phrase| has(phrase).is_some());
            let done = || {
                VI_DONE
                    .iter()
                    .any(|verb| has(&format!("đã {verb}")).is_some() || has(&format!("đã được {verb}")).is_some())
            };
            (VI_PHRASES.iter().any(|phrase| has(phrase).is_some()) || done()) && !negated()
        }
    }
}

/// "I have now booked": the word at `at` is something done, and what stands before it says so.
fn is_claimed_in_english(words: &[String], at: usize) -> bool {
    if !EN_DONE.contains(&words[at].as_str()) {
        return false;
    }
    let before = words[..at].iter().rev().find(|word| !EN_BETWEEN.contains(&word.as_str()) || word.as_str() == "been");
    before.is_some_and(|word| EN_BEFORE.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_told_from_a_plan_a_question_and_a_denial() {
        for (language, clause, claims) in [
            (Language::En, "I have booked your table for two.", true),
            (Language::En, "Your table has been reserved.", true),
            (Language::En, "Great, I've just placed the order!", true),
            (Language::En, "Your appointment is now confirmed.", true),
            (Language::En, "You're all set.", true),
            (Language::En, "I cancelled it.", true),
            (Language::En, "I have not booked anything yet.", false),
            (Language::En, "Shall I say it is booked?", false),
            (Language::En, "Once it is booked, you get a message.", false),
            (Language::En, "I can book a table for you.", false),
            (Language::En, "The room is free, and it costs ten dollars.", false),
            (Language::En, "It will be sent when you agree.", false),
            (Language::Vi, "Dạ, em đã đặt bàn cho anh rồi ạ.", true),
            (Language::Vi, "Lịch hẹn của chị đã được xác nhận.", true),
            (Language::Vi, "Đặt thành công rồi ạ.", true),
            (Language::Vi, "Em chưa đặt bàn ạ.", false),
            (Language::Vi, "Em sẽ đặt bàn khi anh đồng ý.", false),
            (Language::Vi, "Anh muốn đặt bàn lúc mấy giờ ạ?", false),
            (Language::Vi, "Nhà hàng mở cửa từ chín giờ sáng.", false),
        ] {
            assert_eq!(claims_deed(clause, language), claims, "{clause}");
        }
    }
}
