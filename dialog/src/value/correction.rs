//! Words by which a caller changes what was said before: the whole of it ("start over"), its last part ("scratch that"), or some
//! value ("make it four").
use super::words::begin_with;
use crate::language::Language;

/// Words that mean change wherever they stand.
const EN: [&str; 22] = [
    "no",
    "nope",
    "nah",
    "not",
    "wrong",
    "incorrect",
    "change",
    "make it",
    "make that",
    "instead",
    "actually",
    "rather",
    "i said",
    "i meant",
    "i mean",
    "correction",
    "sorry",
    "switch",
    "move it",
    "different",
    "scratch that",
    "let's do",
];
const VI: [&str; 27] = [
    "sorry",
    "không phải",
    "không đúng",
    "sai",
    "nhầm",
    "đổi",
    "sửa",
    "à không",
    "ủa không",
    "khoan không",
    "khoan khoan",
    "ơ không",
    "á không",
    "ý tôi là",
    "ý là",
    "ý em là",
    "ý anh là",
    "ý chị là",
    "tôi nói",
    "em nói",
    "mà là",
    "chứ không",
    "thay vì",
    "thay bằng",
    "chuyển sang",
    "đính chính",
    "xin lỗi",
];
/// In Vietnamese "không" also means zero, and at the end of a sentence it asks: it means change only at the start.
const VI_FIRST: [&str; 4] = ["không", "khoan", "dạ không", "ờ không"];

/// Whether these words say that something is to be other than it was.
pub fn means_change(words: &[String], language: Language) -> bool {
    let anywhere =
        |list: &[&str]| (0..words.len()).any(|at| list.iter().any(|phrase| begin_with(&words[at..], phrase)));
    match language {
        Language::En => anywhere(&EN),
        Language::Vi => anywhere(&VI) || VI_FIRST.iter().any(|phrase| begin_with(words, phrase)),
    }
}

/// What takes back the value before, besides what takes back a part of one.
const CORRECTS: [&str; 16] = [
    "wait",
    "hang on",
    "hold on",
    "oops",
    "better",
    "make it",
    "thôi",
    "à quên",
    "à không",
    "ủa không",
    "ơ không",
    "á không",
    "lộn",
    "í lộn",
    "ý lộn",
    "chuyển thành",
];

/// Whether the words at the start take back the value before them.
pub fn corrects(words: &[String]) -> bool {
    CORRECTS.iter().any(|phrase| begin_with(words, phrase))
}

/// How many words at the start are a phrase of correction, the words aside that refuse ("not", "không phải"). `is_first`: nothing stands
/// before them.
pub(crate) fn phrase(words: &[String], is_first: bool, language: Language) -> Option<usize> {
    const REFUSING: [&str; 10] = [
        "not",
        "not that",
        "different",
        "wrong",
        "incorrect",
        "không phải",
        "chứ không",
        "thay vì",
        "chứ hổng phải",
        "chứ không phải",
    ];
    let (any, last, all): (&[&str], &[&str], &[&str]) = match language {
        Language::En => (&EN, &LAST_EN, &ALL_EN),
        Language::Vi => (&VI, &LAST_VI, &ALL_VI),
    };
    let first: &[&str] = if is_first && language == Language::Vi { &VI_FIRST } else { &[] };
    let phrases =
        any.iter().chain(last).chain(all).chain(first).chain(&CORRECTS).filter(|phrase| !REFUSING.contains(phrase));
    phrases.filter(|phrase| begin_with(words, phrase)).map(|phrase| phrase.split(' ').count()).max()
}

/// What a caller takes back of a value that they give in parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenBack {
    /// The part that they gave last.
    Last,
    All,
}

const LAST_EN: [&str; 21] = [
    "actually",
    "no actually",
    "i said",
    "no i said",
    "make that",
    "or rather",
    "wait no",
    "scratch that",
    "strike that",
    "no",
    "no no",
    "no sorry",
    "no wait",
    "sorry",
    "correction",
    "i mean",
    "i meant",
    "not that",
    "delete that",
    "undo",
    "oops",
];
const ALL_EN: [&str; 8] = [
    "start over",
    "start again",
    "start from the beginning",
    "from the beginning",
    "from the start",
    "all wrong",
    "clear that",
    "clear it",
];
const LAST_VI: [&str; 16] = [
    "sorry",
    "sai",
    "sai rồi",
    "không đúng",
    "à không",
    "không phải",
    "bỏ số đó",
    "xóa số đó",
    "xoá số đó",
    "nhầm",
    "xin lỗi",
    "ý tôi là",
    "khoan",
    "sửa lại",
    "à nhầm",
    "à quên",
];
const ALL_VI: [&str; 6] = ["làm lại từ đầu", "làm lại", "bắt đầu lại", "đọc lại từ đầu", "từ đầu", "nói lại từ đầu"];

/// What the words at the start take back, and how many of them say so.
pub fn taken_back(words: &[String], language: Language) -> Option<(TakenBack, usize)> {
    let (all, last): (&[&str], &[&str]) = match language {
        Language::En => (&ALL_EN, &LAST_EN),
        Language::Vi => (&ALL_VI, &LAST_VI),
    };
    let longest = |list: &[&str]| {
        let fits = list.iter().filter(|phrase| begin_with(words, phrase));
        fits.map(|phrase| phrase.split(' ').count()).max()
    };
    longest(all).map(|len| (TakenBack::All, len)).or_else(|| longest(last).map(|len| (TakenBack::Last, len)))
}
