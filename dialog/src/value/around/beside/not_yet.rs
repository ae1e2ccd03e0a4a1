//! Clauses behind a value by which callers say that they do not know another one yet: "Boston, but I'm not sure about the date yet". They leave
//! the value as it is.
use crate::language::Language;
use crate::value::words::{begin_with, ends_with};

const JOINTS: [&str; 17] = [
    "but", "and", "though", "although", "however", "just", "only", "so", "oh", "um", "nhưng", "mà", "còn", "với", "và",
    "chỉ", "có",
];
const BEFORE_EN: [&str; 20] = [
    "i'm not sure",
    "i am not sure",
    "we're not sure",
    "not sure",
    "i'm not certain",
    "not certain",
    "i don't know",
    "we don't know",
    "don't know",
    "i haven't decided",
    "we haven't decided",
    "haven't decided",
    "i haven't fixed",
    "i haven't settled",
    "i have no idea",
    "no idea",
    "i couldn't say",
    "i can't say",
    "i'm still thinking",
    "undecided",
];
const BEFORE_VI: [&str; 14] = [
    "chưa biết",
    "chưa rõ",
    "chưa chắc",
    "chưa chốt",
    "chưa tính",
    "chưa quyết",
    "chưa quyết định",
    "chưa nghĩ ra",
    "không biết",
    "không rõ",
    "không chắc",
    "hổng biết",
    "hông biết",
    "không nhớ",
];
/// Between such words and the name.
const LINKS: [&str; 18] = [
    "about", "of", "on", "yet", "really", "exactly", "quite", "the", "my", "our", "which", "what", "as", "to", "là",
    "được", "về", "cái",
];
const BEHIND_EN: [&str; 14] = [
    "i'm not sure",
    "i am not sure",
    "i don't know",
    "i haven't decided",
    "we haven't decided",
    "is not fixed",
    "isn't fixed",
    "is not decided",
    "isn't decided",
    "isn't settled",
    "is still open",
    "is open",
    "is not known",
    "i'm still thinking about",
];
const BEHIND_VI: [&str; 14] = [
    "chưa biết",
    "chưa rõ",
    "chưa chắc",
    "chưa chốt",
    "chưa tính",
    "chưa quyết",
    "chưa quyết định",
    "không biết",
    "không chắc",
    "tính sau",
    "nói sau",
    "báo sau",
    "để sau",
    "từ từ tính",
];
const WHO: [&str; 14] =
    ["thì", "là", "em", "tôi", "anh", "chị", "mình", "con", "cháu", "cô", "chú", "tụi", "bên", "vẫn"];
/// What may stand behind the whole of it.
const TAIL: [&str; 22] = [
    "yet",
    "though",
    "right now",
    "at the moment",
    "now",
    "it is",
    "it'll be",
    "it would be",
    "exactly",
    "of us",
    "we are",
    "we'll be",
    "nữa",
    "nào",
    "mấy",
    "bao nhiêu",
    "hết",
    "em",
    "ạ",
    "nha",
    "lắm",
    "được",
];

/// How many words at the start say that another value is not known yet. `name`: how many words at a place name it.
pub(super) fn not_known_yet(
    words: &[String],
    language: Language,
    name: &dyn Fn(&[String]) -> Option<usize>,
) -> Option<usize> {
    let (before, behind) = phrases(language);
    let start = over(words, &JOINTS, 0);
    let subject = if language == Language::Vi { over(words, &WHO, start) } else { start };
    let ahead = longest(before, &words[subject..]).and_then(|len| {
        let at = over(words, &LINKS, subject + len);
        Some(at + name(&words[at..])?)
    });
    let after = || {
        let article = over(words, &["the", "my", "our", "cái"], start);
        let at = over(words, &WHO, article + name(&words[article..])?);
        Some(at + longest(behind, &words[at..])?)
    };
    ahead.or_else(after).map(|end| over(words, &TAIL, end))
}

/// Whether the last of these words say that what follows is not known: "and I'm not sure", "mà chưa biết".
pub fn ends_not_knowing(words: &[String], language: Language) -> bool {
    let (before, _) = phrases(language);
    before.iter().any(|phrase| ends_with(words, phrase))
}

fn phrases(language: Language) -> (&'static [&'static str], &'static [&'static str]) {
    match language {
        Language::En => (&BEFORE_EN, &BEHIND_EN),
        Language::Vi => (&BEFORE_VI, &BEHIND_VI),
    }
}

/// Where the words at `at` go on behind phrases of a list.
fn over(words: &[String], list: &[&str], mut at: usize) -> usize {
    while let Some(len) = longest(list, &words[at..]) {
        at += len;
    }
    at
}

fn longest(list: &[&str], words: &[String]) -> Option<usize> {
    list.iter().filter(|phrase| begin_with(words, phrase)).map(|phrase| phrase.split(' ').count()).max()
}
