//! What a recogniser of grammars can hear of names, e-mail addresses and identity numbers: letters, digits and signs, one by one.
use super::{en, vi};
use crate::language::Language;
use crate::value::kind::Kind;

const LETTERS: &str =
    "a | b | c | d | e | f | g | h | i | j | k | l | m | n | o | p | q | r | s | t | u | v | w | x | y | z";
const RADIO: &str = "alpha | bravo | charlie | delta | echo | foxtrot | golf | hotel | india | juliet | kilo | lima | mike | november | oscar \
     | papa | quebec | romeo | sierra | tango | uniform | victor | whiskey | x ray | yankee | zulu";

/// One entry of this kind.
pub(super) fn entry(kind: &Kind, language: Language) -> String {
    let digit = match language {
        Language::En => en::DIGITS,
        Language::Vi => vi::DIGIT,
    };
    match (kind, language) {
        (Kind::Id(scheme), _) if !scheme.has_letters() => format!("({digit})+"),
        // The letters of a Vietnamese model's dictionary are its own: what it has of them is words.
        (Kind::Id(_), Language::Vi) => format!("({digit})+"),
        (Kind::Id(_), Language::En) => format!("({digit} | {LETTERS} | {RADIO})+"),
        (Kind::Name, Language::En) => format!("([double] ({LETTERS} | {RADIO}))+"),
        (Kind::Email, Language::En) => format!(
            "({digit} | {LETTERS} | {RADIO} | at | dot | dash | underscore | gmail | yahoo | hotmail | outlook | com | net | org)+"
        ),
        _ => String::new(),
    }
}

/// "Seven not nine", "the third digit is five": what changes one digit of an identity number. `None`: it is of another kind.
pub(super) fn in_place(kind: &Kind, language: Language) -> Option<String> {
    let is_id = matches!(kind, Kind::Id(_));
    is_id.then(|| match language {
        Language::En => format!(
            "(<NULL> | no) ({digit}) not ({digit}) | the (first | second | third | fourth | fifth | sixth | seventh | eighth | last) digit is ({digit})",
            digit = en::DIGIT
        ),
        Language::Vi => format!("(<NULL> | không) số ({digit}) không phải số ({digit})", digit = vi::DIGIT),
    })
}
