//! Words by which callers want to be forgotten: whole ways to say it, and words before them by which they say the opposite.
use super::longest;
use crate::language::Language;
use std::ops::Range;

struct Wish {
    phrases: &'static [&'static str],
    before: &'static [&'static str],
}

/// So many words before a phrase are looked at.
const REACH: usize = 3;

const EN: Wish = Wish {
    phrases: &[
        "forget me",
        "forget about me",
        "forget all about me",
        "forget everything about me",
        "forget everything you know about me",
        "forget what you know about me",
        "forget who i am",
        "forget my name",
        "forget my number",
        "forget my data",
        "forget my details",
        "do not remember me",
        "don't remember me",
        "stop remembering me",
        "not to be remembered",
        "delete my data",
        "delete my details",
        "delete my information",
        "delete everything about me",
        "delete everything you know about me",
        "delete what you know about me",
        "erase my data",
        "erase my details",
        "erase my information",
        "erase me",
        "erase everything about me",
        "erase what you know about me",
    ],
    before: &["don't", "do not", "never", "didn't", "did you", "did not", "won't", "will you", "not", "why", "you"],
};

const VI: Wish = Wish {
    phrases: &[
        "quên tôi đi",
        "quên em đi",
        "quên anh đi",
        "quên chị đi",
        "hãy quên tôi",
        "quên hết về tôi",
        "quên thông tin của tôi",
        "quên hết thông tin",
        "đừng nhớ tôi",
        "đừng ghi nhớ tôi",
        "đừng nhớ thông tin",
        "đừng ghi nhớ thông tin",
        "đừng lưu thông tin",
        "không muốn được ghi nhớ",
        "xóa thông tin của tôi",
        "xoá thông tin của tôi",
        "xóa dữ liệu của tôi",
        "xoá dữ liệu của tôi",
        "xóa hết thông tin",
        "xoá hết thông tin",
        "xóa thông tin cá nhân",
        "xoá thông tin cá nhân",
    ],
    before: &["đừng", "không được", "chớ", "sao", "đã"],
};

/// What the grammar of a bot that remembers offers for it.
pub(crate) const fn listed(language: Language) -> &'static [&'static str] {
    match language {
        Language::En => &["forget me", "delete my data"],
        Language::Vi => &["quên tôi đi", "xóa thông tin của tôi"],
    }
}

/// The words by which a caller wants to be forgotten.
pub(super) fn find(words: &[String], language: Language) -> Option<Range<usize>> {
    let wish = match language {
        Language::En => &EN,
        Language::Vi => &VI,
    };
    let is_reversed = |at: usize| {
        let from = at.saturating_sub(REACH);
        (from..at).any(|before| longest(wish.before, words, before).is_some_and(|len| before + len <= at))
    };
    (0..words.len()).find_map(|at| {
        let len = longest(wish.phrases, words, at).filter(|_| !is_reversed(at))?;
        Some(at..at + len)
    })
}
