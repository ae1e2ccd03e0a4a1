//! Questions that callers ask back: whether words ask something, and which slot they ask about.
use crate::bot::Bot;
use crate::language::Language;
use crate::value::kind::Kind;
use crate::value::words::begin_with;

/// Words that open a question.
const FIRST_EN: [&str; 33] = [
    "what",
    "what's",
    "when",
    "when's",
    "how",
    "how's",
    "which",
    "who",
    "whose",
    "where",
    "where's",
    "why",
    "did",
    "do",
    "does",
    "is",
    "are",
    "can",
    "could",
    "will",
    "would",
    "should",
    "may",
    "have you",
    "has",
    "am i",
    "tell me",
    "i wonder",
    "i was wondering",
    "is there",
    "are there",
    "do you know",
    "any",
];
/// Words that ask wherever they stand, and words that ask at the end.
const ANYWHERE_VI: [&str; 9] = ["mấy", "gì", "nào", "bao nhiêu", "bao lâu", "bao giờ", "đâu", "tại sao", "vì sao"];
const LAST_VI: [&str; 7] = ["không", "chưa", "à", "hả", "sao", "hông", "nhỉ"];
/// "Whichever", and "not at all": no questions.
const NO_QUESTION_VI: [&str; 8] =
    ["nào cũng", "gì cũng", "đâu cũng", "không đâu", "phải đâu", "cần đâu", "không có gì", "được đâu"];
/// Words before a question that is still one: "and", "so", "sorry".
const OPENERS_EN: [&str; 10] = ["and", "so", "but", "sorry", "um", "uh", "okay", "well", "hey", "hi"];

/// Words of a question for all there is to choose from.
const ALL_THERE_IS_EN: [&str; 12] =
    ["have", "there", "options", "choices", "available", "choose", "pick", "offer", "possible", "got", "cover", "list"];
const ALL_THERE_IS_VI: [&str; 5] = ["có", "chọn", "những", "loại", "các"];

/// Whether words ask something.
pub(super) fn is_question(words: &[String], language: Language) -> bool {
    let anywhere =
        |list: &[&str]| (0..words.len()).any(|at| list.iter().any(|phrase| begin_with(&words[at..], phrase)));
    match language {
        Language::En => {
            let openers = words.iter().take_while(|word| OPENERS_EN.contains(&word.as_str())).count();
            FIRST_EN.iter().any(|phrase| begin_with(&words[openers..], phrase))
        }
        Language::Vi => {
            let last =
                words.iter().rev().find(|word| !matches!(word.as_str(), "ạ" | "vậy" | "em" | "anh" | "chị" | "thế"));
            let asks_last = words.len() > 2 && last.is_some_and(|word| LAST_VI.contains(&word.as_str()));
            // "Hoá đơn đỏ hay hoá đơn thường vậy em"
            let end = words.iter().rev().take(2);
            let asks_which =
                words.iter().any(|word| word == "hay") && end.into_iter().any(|word| word == "vậy" || word == "thế");
            (anywhere(&ANYWHERE_VI) || asks_last || asks_which) && !anywhere(&NO_QUESTION_VI)
        }
    }
}

/// The slot of these that a question is about: one whose name or question has a word of it ("what cities do you have?"), or else the
/// one that was asked for, where the question asks for all there is.
pub(super) fn slot_asked_about(bot: &Bot, slots: &[usize], asked: Option<usize>, words: &[String]) -> Option<usize> {
    let is_meant = |slot: &usize| {
        let own = &bot.own_words().questions[*slot];
        words.iter().any(|word| is_noun(word, bot.language) && own.iter().any(|own| is_same(own, word, bot.language)))
    };
    let can_tell = |slot: &usize| {
        let slot = &bot.slots[*slot];
        slot.help.is_some() || matches!(slot.kind, Kind::Choice(_) | Kind::Number { .. })
    };
    let all: &[&str] = match bot.language {
        Language::En => &ALL_THERE_IS_EN,
        Language::Vi => &ALL_THERE_IS_VI,
    };
    let asks_for_all = words.iter().any(|word| all.contains(&word.as_str()));
    let meant = asked.filter(is_meant).or_else(|| slots.iter().copied().filter(can_tell).find(is_meant));
    meant.or(asked.filter(|_| asks_for_all))
}

/// Whether a word may name what a slot is for.
fn is_noun(word: &str, language: Language) -> bool {
    const LITTLE_EN: [&str; 24] = [
        "what", "which", "how", "many", "much", "when", "where", "would", "have", "your", "need", "want", "like",
        "does", "that", "this", "will", "with", "there", "please", "from", "long", "should", "could",
    ];
    const LITTLE_VI: [&str; 16] = [
        "quý", "khách", "muốn", "tìm", "hay", "nào", "mấy", "gì", "cho", "bạn", "tôi", "có", "không", "là", "ở", "xin",
    ];
    match language {
        Language::En => word.len() > 3 && !LITTLE_EN.contains(&word),
        Language::Vi => word.chars().count() > 1 && !LITTLE_VI.contains(&word),
    }
}

/// Whether two words are one, in the singular or the plural.
fn is_same(one: &str, other: &str, language: Language) -> bool {
    if language == Language::Vi {
        return one == other;
    }
    let singular = |word: &str| match word.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => word.strip_suffix('s').unwrap_or(word).to_string(),
    };
    singular(one) == singular(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::words::tokens;

    #[test]
    fn questions_are_told_from_answers() {
        for (text, language, wanted) in [
            ("what cities do you have", Language::En, true),
            ("and how much is it", Language::En, true),
            ("can you do four p m", Language::En, true),
            ("boston", Language::En, false),
            ("four p m", Language::En, false),
            ("that's what i said", Language::En, false),
            ("có những thành phố nào", Language::Vi, true),
            ("bao nhiêu tiền", Language::Vi, true),
            ("bên em có chỗ đậu xe không", Language::Vi, true),
            ("không", Language::Vi, false),
            ("hôm nào cũng được", Language::Vi, false),
            ("không phải đâu", Language::Vi, false),
            ("bốn giờ chiều", Language::Vi, false),
        ] {
            assert_eq!(is_question(&tokens(text, language), language), wanted, "{text}");
        }
    }

    #[test]
    fn a_question_is_about_the_slot_that_it_names() {
        let booking = include_str!("../../../../configs/bots/booking.en.toml");
        let bot = Bot::parse(booking, "booking").unwrap_or_else(|e| panic!("{e}"));
        let about = |text: &str, asked: Option<usize>| {
            let slots: Vec<usize> = (0..bot.slots.len()).collect();
            slot_asked_about(&bot, &slots, asked, &tokens(text, Language::En)).map(|slot| bot.slots[slot].name.clone())
        };
        assert_eq!(about("what cities do you have", None).as_deref(), Some("place"));
        assert_eq!(about("which cities are there", Some(1)).as_deref(), Some("place"));
        assert_eq!(about("how many people can come", Some(2)).as_deref(), Some("people"));
        assert_eq!(about("what do you have", Some(0)).as_deref(), Some("place"));
        assert_eq!(about("what is the weather like", Some(0)), None);
    }
}
