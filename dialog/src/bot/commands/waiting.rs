//! Callers who ask for a moment and say what for: "hang on, let me check my diary", "khoan, để chị hỏi ông xã đã".
use crate::language::Language;
use crate::value::number;
use crate::value::words::begin_with;

const FIRST_EN: [&str; 14] = [
    "hang on",
    "hold on",
    "wait",
    "one moment",
    "one second",
    "one sec",
    "one minute",
    "just a moment",
    "just a second",
    "just a sec",
    "just a minute",
    "bear with me",
    "give me a",
    "sorry hang on",
];
const FOR_EN: [&str; 13] = [
    "let me",
    "i need to",
    "i have to",
    "i'll",
    "i've got to",
    "i just need",
    "while i",
    "till i",
    "until i",
    "i'm just",
    "i'm looking",
    "my wife",
    "my husband",
];
const DOING_EN: [&str; 12] =
    ["check", "look", "ask", "find", "get", "grab", "see", "think", "open", "fetch", "looking", "checking"];
/// What is done meanwhile, where nothing else asks for the moment: "let me ask my wife".
const ALONE_EN: [&str; 12] = [
    "let me check",
    "let me look",
    "let me ask",
    "let me grab",
    "let me find",
    "let me get my",
    "let me open",
    "let me just check",
    "let me just look",
    "let me just ask",
    "let me just find",
    "i'll just check",
];
const FIRST_VI: [&str; 9] = ["khoan", "đợi", "chờ", "từ từ", "gượm", "ấy khoan", "ủa khoan", "dạ đợi", "dạ chờ"];
const FOR_VI: [&str; 12] =
    ["để", "cho em", "cho anh", "cho chị", "cho mình", "cho tôi", "chút", "xíu", "tí", "lát", "một phút", "đã"];
const ALONE_VI: [&str; 4] = ["để", "để em", "để anh", "để chị"];
const DONE_VI: [&str; 12] =
    ["hỏi", "coi", "xem", "mở", "kiếm", "tìm", "lấy giấy", "lấy bút", "lục", "kiểm tra", "nhớ", "nghĩ"];

/// Whether a whole sentence asks to wait. One with a number may as well hold the answer.
pub(super) fn asks_to_wait(words: &[String], language: Language) -> bool {
    let has = |list: &[&str]| (0..words.len()).any(|at| list.iter().any(|phrase| begin_with(&words[at..], phrase)));
    let begins = |list: &[&str]| {
        let openers = words.iter().take_while(|word| {
            matches!(word.as_str(), "oh" | "um" | "uh" | "okay" | "ok" | "well" | "dạ" | "ờ" | "à" | "ủa")
        });
        let rest = &words[openers.count()..];
        list.iter().any(|phrase| begin_with(rest, phrase))
    };
    let counts = (0..words.len()).any(|at| number(&words[at..], language).is_some_and(|(n, _)| n > 1));
    let asks = match language {
        Language::En => begins(&FIRST_EN) && has(&FOR_EN) && has(&DOING_EN) || begins(&ALONE_EN),
        Language::Vi => {
            has(&FIRST_VI) && has(&FOR_VI) && has(&DONE_VI)
                || begins(&ALONE_VI) && has(&DONE_VI) && words.iter().rev().take(2).any(|word| word == "đã")
        }
    };
    asks && !counts
}
