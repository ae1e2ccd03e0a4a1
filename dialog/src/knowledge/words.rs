//! Words of a text as they are compared, and how much each tells.
use crate::language::Language;
use crate::value::capture::fold;
use std::collections::HashMap;
use std::sync::OnceLock;
use unicode_normalization::UnicodeNormalization;

/// How much the everyday words of callers tell of what they ask for: in hundredths, the words behind it. What is not in the list tells
/// all that its rarity among the pages says.
struct Everyday {
    words: HashMap<&'static str, f32>,
    /// The same without marks, of Vietnamese: of two words that are one then, what tells more.
    bare: HashMap<String, f32>,
}

fn everyday(language: Language) -> &'static Everyday {
    static EN: OnceLock<Everyday> = OnceLock::new();
    static VI: OnceLock<Everyday> = OnceLock::new();
    let (at, text) = match language {
        Language::En => (&EN, include_str!("everyday/en.txt")),
        Language::Vi => (&VI, include_str!("everyday/vi.txt")),
    };
    at.get_or_init(|| {
        let mut all = Everyday { words: HashMap::new(), bare: HashMap::new() };
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((hundredths, words)) = line.split_once(':') else { continue };
            let tells = hundredths.parse::<f32>().map_or(1.0, |hundredths| hundredths / 100.0);
            for word in words.split_whitespace() {
                all.words.insert(word, tells);
                let bare = all.bare.entry(fold(word)).or_insert(tells);
                *bare = bare.max(tells);
            }
        }
        all
    })
}

/// How much a word tells beside its rarity, 0 to 1.
pub(super) fn telling(word: &str, language: Language, marks: Marks) -> f32 {
    let known = everyday(language);
    let tells = match (language, marks) {
        (Language::Vi, Marks::LeftOut) => known.bare.get(word),
        _ => known.words.get(word),
    };
    tells.copied().unwrap_or(1.0)
}

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

/// The words of a text without those that stand between the parts of what is one: "call it off", "take the money".
pub(super) fn telling_words(text: &str, language: Language) -> Vec<String> {
    const BETWEEN: [&str; 22] = [
        "a", "an", "the", "my", "your", "our", "his", "her", "their", "its", "it", "them", "him", "me", "us", "some",
        "any", "this", "that", "these", "those", "just",
    ];
    let mut all = words(text);
    if language == Language::En {
        all.retain(|word| !BETWEEN.contains(&word.as_str()));
    }
    all
}

/// Whether a text has the marks of Vietnamese.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Marks {
    Written,
    LeftOut,
}

/// Whether a question is not about this word.
pub(super) fn is_little(word: &str, language: Language, marks: Marks) -> bool {
    telling(word, language, marks) <= 0.0
}

/// One word as it is compared.
pub(super) fn stem(word: &str, language: Language) -> String {
    match language {
        Language::En => english_stem(word),
        Language::Vi => word.to_owned(),
    }
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
    fn words_are_the_same_in_either_normal_form() {
        let decomposed: String = "Hoàn tiền đặt cọc".nfd().collect();
        assert_eq!(words(&decomposed), words("hoàn tiền đặt cọc"));
        assert_eq!(words("What's up—“don't”?"), ["what's", "up", "don't"]);
    }
}
