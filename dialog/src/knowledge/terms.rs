//! Terms: what of a text is looked up. A term is a text with a letter before it: `w` a word (of English its stem, of Vietnamese a
//! syllable), `p` two of them in a row, `b` and `q` the same without the marks of Vietnamese.
use crate::language::Language;
use crate::value::capture::fold;
use std::collections::HashSet;
use std::sync::OnceLock;
use unicode_normalization::UnicodeNormalization;

/// Words that a question is not about.
const LITTLE_EN: &str = "a about across actually after again all also am an and any anybody anyone anything are as at back be been being before but by \
    can can't cannot could did didn't do does doesn't doing don't else even ever every for from get gets getting give given go goes going \
    got had happen happens has have having he hello her here hey hi him his hm how i i'd i'll i'm i've if in into is isn't it it's its just \
    know let let's like little long look make makes many may maybe me might mine more most much must my myself need no not now of off oh ok okay on \
    one only or other our out over please possible really right same say says see shall she should so some somebody someone something sorry \
    still stay such sure somewhere take tell than thank thanks that that's the their them then there there's these they thing things think this those through to \
    too um uh under until up upon us use usually very want wanted wants was way we well were what what's whatever when when's where which \
    while who who's whose why will with within without wonder wondering won't would yes yet you you'd you're you've your yours guys folks";

const LITTLE_VI: &str = "à ạ ai anh ấy bác bạn bao bằng bên bị bởi các cái cả càng chị cho chú chưa chứ có con còn cô của cũng cứ dạ để đã đang đâu đây \
    đấy đến đi điều đó đối được em gì giúp hả hãy hay hình hoặc hỏi khi không là lại làm lên lúc luôn mà mấy mình mọi một muốn nào này nên nếu \
    nha nhé nhỉ như nhưng những nó ở ơi phải ra rằng rất rồi sao sau sẽ ta tại tất thế thì theo thôi tôi từ tới trên trong trước tự và vẫn vào \
    vậy về vì với xin ý cần biết chỉ thể nhà quý khách ừm ờ";

/// Words that stand in questions of every kind: they tell less than their rarity among few pages says.
const USUAL_EN: &str = "first last next new old early late later soon today tomorrow yesterday day days night week month year years time times hour \
    hours minute morning evening two three four five six seven eight nine ten hundred long big small good better best bad whole part bit back \
    away home house place people person man woman friend name number way lot keep come came leave left stay bring brought send sent put turn \
    try work works ask asked call talk tell told say show find found buy bought pay paid cost money use used help start begin end stop wait \
    open close different another own able allowed suitable somewhere";

const USUAL_VI: &str = "ngày giờ tháng tuần năm phút hôm nay mai qua sáng trưa chiều tối đêm lần người hai ba bốn sáu bảy tám chín mười trăm đầu cuối \
    mới cũ lớn nhỏ tốt lâu nhanh chậm trước sau tiền trả mua bán đưa lấy mang gửi nói tìm dùng giữ bắt thêm khác riêng cùng nữa hết mất số loại chỗ nơi";

/// How much a word tells beside its rarity.
pub(super) fn telling(word: &str, language: Language, marks: Marks) -> f32 {
    static EN: OnceLock<WordList> = OnceLock::new();
    static VI: OnceLock<WordList> = OnceLock::new();
    let is_usual = match language {
        Language::En => EN.get_or_init(|| WordList::new(USUAL_EN)).has(word, Marks::Written),
        Language::Vi => VI.get_or_init(|| WordList::new(USUAL_VI)).has(word, marks),
    };
    if is_usual { USUAL } else { 1.0 }
}

/// So much of a word that is usual counts.
pub(super) const USUAL: f32 = 0.5;

/// No word is longer; what follows of one that is counts for nothing.
const LONGEST_WORD: usize = 64;

/// A text as lower-case words in NFC, without the clitics of English.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut word = String::new();
    let mut flush = |word: &mut String| {
        let whole = std::mem::take(word);
        let bare = whole.trim_matches('\'');
        if !bare.is_empty() {
            out.push(bare.to_owned());
        }
    };
    for c in text.nfc().flat_map(char::to_lowercase) {
        match c {
            c if c.is_alphanumeric() && word.len() < LONGEST_WORD => word.push(c),
            c if c.is_alphanumeric() => {}
            '\'' | '’' if !word.is_empty() => word.push('\''),
            _ => flush(&mut word),
        }
    }
    flush(&mut word);
    out
}

/// Words of a list; those of Vietnamese also without their marks, for what was typed so.
struct WordList {
    words: HashSet<&'static str>,
    bare: HashSet<String>,
}

impl WordList {
    fn new(list: &'static str) -> WordList {
        let words: HashSet<&str> = list.split_whitespace().collect();
        WordList { bare: words.iter().map(|word| fold(word)).collect(), words }
    }

    fn has(&self, word: &str, marks: Marks) -> bool {
        match marks {
            Marks::Written => self.words.contains(word),
            Marks::LeftOut => self.bare.contains(word),
        }
    }
}

/// Whether a text has the marks of Vietnamese.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Marks {
    Written,
    LeftOut,
}

/// Whether a question is not about this word.
pub(super) fn is_little(word: &str, language: Language, marks: Marks) -> bool {
    static EN: OnceLock<WordList> = OnceLock::new();
    static VI: OnceLock<WordList> = OnceLock::new();
    match language {
        Language::En => EN.get_or_init(|| WordList::new(LITTLE_EN)).has(word, Marks::Written),
        Language::Vi => VI.get_or_init(|| WordList::new(LITTLE_VI)).has(word, marks),
    }
}

/// One word as it is compared.
pub(super) fn stem(word: &str, language: Language) -> String {
    match language {
        Language::En => english_stem(word),
        Language::Vi => word.to_owned(),
    }
}

pub(super) fn word(word: &str) -> String {
    format!("w{word}")
}

pub(super) fn pair(one: &str, other: &str) -> String {
    format!("p{one} {other}")
}

pub(super) fn bare_word(word: &str) -> String {
    format!("b{}", fold(word))
}

pub(super) fn bare_pair(one: &str, other: &str) -> String {
    format!("q{} {}", fold(one), fold(other))
}

/// What a question may ask for by its kind, and what of a text is of that kind.
pub(super) const TIME: &str = "#time";
pub(super) const MONEY: &str = "#money";
pub(super) const DURATION: &str = "#duration";

/// Which of these a text holds.
fn kinds(text: &str) -> impl Iterator<Item = String> {
    let low = text.to_lowercase();
    let has_figure = low.bytes().any(|byte| byte.is_ascii_digit());
    let figure_before = |mark: &str| {
        low.match_indices(mark).any(|(at, _)| low[..at].trim_end().ends_with(|c: char| c.is_ascii_digit()))
    };
    let clock = [" a.m", " p.m", " am", " pm", "giờ", "h ", "h, "].into_iter().any(figure_before)
        || low.match_indices(':').any(|(at, _)| {
            let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
            digit(low[..at].chars().next_back()) && digit(low[at + 1..].chars().next())
        });
    let money = has_figure
        && (low.contains(['$', '€', '£', '₫'])
            || ["dollar", "euro", "cent", "pound", "đồng", "vnd", "đ "].into_iter().any(figure_before));
    let lasts = words(&low).windows(2).any(|two| is_count(&two[0]) && UNITS.contains(&two[1].as_str()));
    let all = [(clock, TIME), (money, MONEY), (lasts, DURATION)];
    all.into_iter().filter(|(is, _)| *is).map(|(_, kind)| kind.to_owned())
}

/// Units of durations.
const UNITS: [&str; 20] = [
    "minute", "minutes", "hour", "hours", "day", "days", "week", "weeks", "month", "months", "year", "years", "phút",
    "tiếng", "ngày", "tuần", "tháng", "năm", "night", "nights",
];

fn is_count(word: &str) -> bool {
    const COUNTS: &str = "one two three four five six seven eight nine ten twelve fourteen fifteen twenty thirty forty sixty ninety \
        một hai ba bốn năm sáu bảy tám chín mười";
    word.bytes().all(|byte| byte.is_ascii_digit()) || COUNTS.split_whitespace().any(|count| count == word)
}

/// What kind of thing a question asks for, where its words say so.
pub(super) fn asked_kind(words: &[String], language: Language) -> Option<&'static str> {
    let has = |phrase: &str| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        words.windows(phrase.len()).any(|window| window.iter().zip(&phrase).all(|(one, other)| one == other))
    };
    let (time, money, lasts): (&[&str], &[&str], &[&str]) = match language {
        Language::En => (
            &["when", "what time", "how early", "how late", "until when", "hours"],
            &["how much", "cost", "costs", "price", "expensive"],
            &["how long", "how many days", "how many weeks", "how many months"],
        ),
        Language::Vi => (
            &["mấy giờ", "khi nào", "lúc nào", "bao giờ", "may gio", "khi nao", "luc nao", "bao gio"],
            &[
                "bao nhiêu tiền",
                "giá",
                "hết bao nhiêu",
                "tốn bao nhiêu",
                "bao nhieu tien",
                "gia",
                "het bao nhieu",
                "ton bao nhieu",
            ],
            &["bao lâu", "bao nhiêu ngày", "mấy ngày", "bao lau", "bao nhieu ngay", "may ngay"],
        ),
    };
    if money.iter().any(|phrase| has(phrase)) {
        return Some(MONEY);
    }
    if lasts.iter().any(|phrase| has(phrase)) {
        return Some(DURATION);
    }
    time.iter().any(|phrase| has(phrase)).then_some(TIME)
}

/// All terms of a text.
pub(super) fn of_text(text: &str, language: Language) -> Vec<String> {
    let mut out: Vec<String> = kinds(text).collect();
    // No pair reaches over the end of a sentence or a line.
    for piece in text.split(['.', '!', '?', ';', ':', '\n', ',', '(', ')']) {
        let words: Vec<String> = words(piece);
        let stems: Vec<(String, bool)> =
            words.iter().map(|word| (stem(word, language), is_little(word, language, Marks::Written))).collect();
        for (i, (stem, little)) in stems.iter().enumerate() {
            if !little {
                out.push(word(stem));
            }
            if language == Language::Vi && !little {
                out.push(bare_word(stem));
            }
            let Some((next, next_little)) = stems.get(i + 1) else { continue };
            if *little && *next_little || language == Language::En && (*little || *next_little) {
                continue;
            }
            out.push(pair(stem, next));
            if language == Language::Vi {
                out.push(bare_pair(stem, next));
            }
        }
    }
    out
}

/// Forms that no rule makes.
const IRREGULAR: &str = "paid/pay unpaid/pay sent/send bought/buy broke/break broken/break left/leave went/go gone/go stolen/steal stole/steal \
    lost/lose forgot/forget forgotten/forget children/child wrote/write written/write gave/give given/give took/take taken/take found/find \
    kept/keep held/hold sold/sell brought/bring caught/catch flew/fly flown/fly flight/fly flights/fly flying/fly swam/swim swum/swim ate/eat eaten/eat drank/drink \
    drunk/drink slept/sleep met/meet teeth/tooth feet/foot spoke/speak spoken/speak hired/hire hurt/hurt drove/drive driven/drive rang/ring \
    built/build lent/lend spent/spend taught/teach worn/wear tore/tear torn/tear chose/choose chosen/choose froze/freeze frozen/freeze";

/// A stem by which forms of a word are one: "cancellations", "cancelled" and "cancel"; light, and the same for a question and a page.
fn english_stem(word: &str) -> String {
    let word = word.split('\'').next().unwrap_or(word);
    let word = IRREGULAR.split_whitespace().find_map(|pair| pair.strip_prefix(word)?.strip_prefix('/')).unwrap_or(word);
    if word.len() < 4 || !word.is_ascii() || word.bytes().any(|b| b.is_ascii_digit()) {
        return word.to_owned();
    }
    let mut stem = plural(word);
    for (suffix, least) in [
        ("ational", 3),
        ("ization", 4),
        ("ation", 3),
        ("ments", 3),
        ("ment", 3),
        ("able", 4),
        ("ible", 4),
        ("ness", 4),
        ("ings", 3),
        ("ing", 3),
        ("edly", 3),
        ("ed", 3),
        ("ally", 4),
        ("ly", 4),
        ("ion", 4),
        ("ful", 4),
        ("al", 4),
    ] {
        let Some(rest) = stem.strip_suffix(suffix).filter(|rest| rest.len() >= least && has_vowel(rest)) else {
            continue;
        };
        stem = undoubled(rest).to_owned();
        break;
    }
    if stem.len() > 3 {
        stem = stem.strip_suffix(['e', 'y', 'i']).unwrap_or(&stem).to_owned();
    }
    undoubled(&stem).to_owned()
}

fn plural(word: &str) -> String {
    if let Some(rest) = word.strip_suffix("ier").or_else(|| word.strip_suffix("iest")).filter(|rest| rest.len() > 2) {
        return format!("{rest}y");
    }
    if let Some(rest) = word.strip_suffix("ies").filter(|rest| rest.len() > 2) {
        return format!("{rest}y");
    }
    for ending in ["sses", "shes", "ches", "xes", "zes"] {
        if word.ends_with(ending) {
            return word[..word.len() - 2].to_owned();
        }
    }
    match word.strip_suffix('s') {
        Some(rest) if !rest.ends_with(['s', 'u', 'i']) => rest.to_owned(),
        _ => word.to_owned(),
    }
}

fn has_vowel(text: &str) -> bool {
    text.contains(['a', 'e', 'i', 'o', 'u', 'y'])
}

/// "cancell" as "cancel".
fn undoubled(text: &str) -> &str {
    let bytes = text.as_bytes();
    match bytes {
        [.., one, other] if one == other && !b"aeiou".contains(one) && text.len() > 3 => &text[..text.len() - 1],
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_have_one_stem_and_other_words_another() {
        for forms in [
            &["cancel", "cancels", "cancelled", "cancellation", "cancellations", "cancelling"][..],
            &["delivery", "deliver", "deliveries", "delivered", "delivering"],
            &["pay", "pays", "paying", "payment", "payments"],
            &["charge", "charges", "charging", "charged"],
            &["refund", "refunds", "refundable", "refunded"],
            &["address", "addresses"],
            &["reserve", "reservation", "reserved", "reserving"],
            &["ship", "shipping", "shipped", "shipment"],
        ] {
            let stems: Vec<String> = forms.iter().map(|form| stem(form, Language::En)).collect();
            assert!(stems.iter().all(|stem| *stem == stems[0]), "{forms:?}: {stems:?}");
        }
        for (one, other) in
            [("price", "prize"), ("bus", "bush"), ("meeting", "meat"), ("station", "stable"), ("need", "need's")]
        {
            let same = stem(one, Language::En) == stem(other, Language::En);
            assert_eq!(same, other == "need's", "{one} {other}");
        }
    }

    #[test]
    fn terms_of_vietnamese_have_pairs_and_bare_letters_and_no_little_words() {
        let terms = of_text("Phí giữ xe là bao nhiêu?", Language::Vi);
        for wanted in ["wphí", "wxe", "pgiữ xe", "qgiu xe", "bphi"] {
            assert!(terms.iter().any(|term| term == wanted), "{wanted}: {terms:?}");
        }
        assert!(!terms.iter().any(|term| term == "wlà" || term == "wbao"));
    }

    #[test]
    fn words_are_the_same_in_either_normal_form() {
        let decomposed: String = "Hoàn tiền đặt cọc".nfd().collect();
        assert_eq!(words(&decomposed), words("hoàn tiền đặt cọc"));
        assert_eq!(words("What's up—“don't”?"), ["what's", "up", "don't"]);
    }
}
