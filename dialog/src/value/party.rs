//! People who are counted by naming them: "just me", "me and my wife", "vợ chồng tôi với hai đứa nhỏ".
use super::number;
use super::words::{begin_with, word};
use crate::language::Language;

/// How many people some words at the start name.
pub(super) struct Party {
    pub count: i64,
    pub len: usize,
    /// Whether the caller, or a baby, is counted too is not said.
    pub is_open: bool,
    /// "Just me", which means nothing else.
    pub is_alone: bool,
}

/// Words for people in place of a unit that is another one: "eight guests".
const UNITS: &[&str] =
    &["guests", "guest", "people", "persons", "person", "pax", "of us", "người", "khách", "vị", "vị khách", "mống"];

/// How many words at the start name people in general.
pub(super) fn unit(words: &[String]) -> Option<usize> {
    // "Hai đứa mình" are two; "hai đứa con" are two besides the caller.
    let of_us = word(words, 0) == "đứa" && matches!(word(words, 1), "mình" | "tụi" | "tui" | "chúng" | "bọn");
    longest(words, UNITS).or(of_us.then_some(1))
}

/// Whether a number with this unit counts people.
pub(crate) fn counts_people(unit: &[String]) -> bool {
    const PEOPLE: &[&str] = &["person", "persons", "people", "guest", "guests", "người", "khách", "hành khách"];
    unit.iter().any(|unit| PEOPLE.contains(&unit.as_str()))
}

/// The caller alone.
const ALONE: &[&str] = &[
    "just me",
    "only me",
    "just myself",
    "only myself",
    "me alone",
    "me only",
    "by myself",
    "on my own",
    "just for me",
    "only for me",
    "just the one of us",
    "chỉ mình tôi",
    "chỉ mình em",
    "chỉ mình anh",
    "chỉ mình chị",
    "chỉ có mình tôi",
    "chỉ có mình em",
    "mỗi mình tôi",
    "mỗi mình em",
    "chỉ tôi",
    "chỉ em",
    "chỉ có tôi",
    "chỉ có em",
    "mình tôi thôi",
    "mình em thôi",
    "có mình tôi",
    "có mình em",
];
/// The caller among others.
const SELF: &[&str] =
    &["me", "myself", "i", "tôi", "em", "anh", "chị", "mình", "tui", "us two", "both of us", "vợ chồng"];
/// Behind a number: so many, the caller among them.
const GROUPS: &[&str] = &[
    "vợ chồng",
    "mẹ con",
    "bố con",
    "cha con",
    "ba con",
    "bà cháu",
    "ông cháu",
    "anh em",
    "chị em",
    "bố mẹ con",
    "chị em gái",
    "anh em trai",
];
/// One other person, behind "my", "a" or nothing. A baby may not be counted.
const OTHERS: &[&str] = &[
    "wife",
    "husband",
    "partner",
    "spouse",
    "girlfriend",
    "boyfriend",
    "friend",
    "friends",
    "colleague",
    "colleagues",
    "coworker",
    "coworkers",
    "kid",
    "kids",
    "child",
    "children",
    "son",
    "sons",
    "daughter",
    "daughters",
    "mother",
    "father",
    "mom",
    "mum",
    "dad",
    "brother",
    "brothers",
    "sister",
    "sisters",
    "boss",
    "client",
    "clients",
    "cousin",
    "cousins",
    "girl",
    "girls",
    "boy",
    "boys",
    "niece",
    "nieces",
    "nephew",
    "nephews",
    "aunt",
    "uncle",
    "grandma",
    "grandpa",
    "grandmother",
    "grandfather",
    "gran",
    "nan",
    "grandson",
    "granddaughter",
    "mate",
    "mates",
    "fiancé",
    "fiancée",
    "neighbour",
    "neighbor",
    "bà nội",
    "bà ngoại",
    "ông nội",
    "ông ngoại",
    "bà xã",
    "ông xã",
    "cô bạn",
    "anh bạn",
    "em gái",
    "em trai",
    "chị gái",
    "anh trai",
    "má",
    "other people",
    "others",
    "vợ",
    "chồng",
    "người bạn",
    "bạn",
    "đứa con",
    "đứa nhỏ",
    "đứa bạn",
    "đứa",
    "con",
    "con nhỏ",
    "người nữa",
    "người",
    "đồng nghiệp",
    "con trai",
    "con gái",
    "mẹ",
    "bố",
    "sếp",
    "bạn gái",
];
const BABIES: &[&str] = &["baby", "babies", "infant", "toddler", "em bé", "bé", "cháu nhỏ", "cháu", "đứa bé"];
/// Two people.
const PAIRS: &[&str] = &["parents", "bố mẹ", "ba má", "ba mẹ"];
const JOINTS: &[&str] = &["and", "with", "plus", "và", "với", "cùng", "cùng với", "cộng", "và cả"];

fn longest(words: &[String], list: &[&str]) -> Option<usize> {
    list.iter().filter(|phrase| begin_with(words, phrase)).map(|phrase| phrase.split(' ').count()).max()
}

/// Who is named at the start of `words`, where it is more than one, or the caller alone.
pub(super) fn party(words: &[String], language: Language) -> Option<Party> {
    if let Some(len) = longest(words, ALONE).or_else(|| alone_vi(words)) {
        // "Just me and my wife"
        let more = longest(&words[len..], JOINTS).and_then(|joint| member(&words[len + joint..], language));
        if more.is_none() {
            return Some(Party { count: 1, len, is_open: false, is_alone: true });
        }
    }
    let skip = usize::from(matches!(word(words, 0), "just" | "only" | "chỉ"));
    let (mut at, mut all) = (skip, Vec::new());
    while let Some(member) = member(&words[at..], language) {
        at += member.len;
        all.push(member);
        match longest(&words[at..], JOINTS).filter(|joint| self::member(&words[at + joint..], language).is_some()) {
            Some(joint) => at += joint,
            None if self::member(&words[at..], language).is_some_and(|next| next.is_owned) => {}
            None => break,
        }
    }
    let has_self = all.iter().any(|member| member.is_self);
    // "Two adults and two kids" does not say who is counted; "my wife and two kids" leaves open whether the caller is.
    let has_own = all.iter().any(|member| member.is_owned);
    let count: i64 = all.iter().map(|member| member.count).sum();
    let is_open = !has_self || all.iter().any(|member| member.is_open);
    let is_party = has_self && count > 1 || has_own && all.len() > 1;
    is_party.then_some(Party { count: count + i64::from(!has_self), len: at, is_open, is_alone: false })
}

/// "Có mình anh thôi", "mỗi mình cô".
fn alone_vi(words: &[String]) -> Option<usize> {
    const ONLY: [&str; 8] =
        ["có mình", "chỉ mình", "chỉ có mình", "mỗi mình", "có mỗi mình", "chỉ có mỗi mình", "có mỗi", "một mình"];
    const WHO: [&str; 11] = ["tôi", "em", "anh", "chị", "mình", "tui", "cô", "chú", "bác", "con", "cháu"];
    let len = longest(words, &ONLY)?;
    WHO.contains(&word(words, len)).then_some(len + 1 + usize::from(word(words, len + 1) == "thôi"))
}

struct Member {
    count: i64,
    len: usize,
    is_self: bool,
    /// "my wife": somebody of the caller's.
    is_owned: bool,
    /// A baby, or somebody of whom nothing is said: "four people and me" may be four or five.
    is_open: bool,
}

fn member(words: &[String], language: Language) -> Option<Member> {
    if let Some(len) = longest(words, SELF).filter(|_| {
        let others = ["em bé", "em gái", "em trai", "chị gái", "anh trai", "cô bạn", "anh bạn"];
        !others.iter().any(|other| begin_with(words, other))
    }) {
        let couple = matches!(word(words, len - 1), "chồng" | "two") || begin_with(words, "both of us");
        let len = len + if couple { behind(&words[len..]) } else { 0 };
        return Some(Member {
            count: if couple { 2 } else { 1 },
            len,
            is_self: true,
            is_owned: couple,
            is_open: false,
        });
    }
    let grouped =
        number(words, language).and_then(|(count, used)| Some((count, used + longest(&words[used..], GROUPS)?)));
    if let Some((count, len)) = grouped {
        let len = len + behind(&words[len..]);
        return Some(Member { count, len, is_self: true, is_owned: true, is_open: false });
    }
    let owned = usize::from(matches!(word(words, 0), "my" | "our" | "the" | "her" | "his" | "their"));
    let rest = &words[owned..];
    let article = matches!(word(rest, 0), "a" | "an" | "another" | "one" | "một");
    let (count, used) = match article {
        true => (1, 1),
        // "Ba mẹ" are parents, and no three mothers.
        false if longest(rest, PAIRS).is_some() => (1, 0),
        false => number(rest, language).filter(|_| word(rest, 0) != "không").unwrap_or((1, 0)),
    };
    let noun = &rest[used..];
    let of = |list: &[&str], each: i64| longest(noun, list).map(|len| (each, len));
    let (each, len) = of(BABIES, 1).or_else(|| of(PAIRS, 2)).or_else(|| of(OTHERS, 1))?;
    let behind = if language == Language::Vi { behind(&noun[len..]) } else { 0 };
    // Without an article or a number it is the caller's own: "vợ", "con trai".
    let is_open = longest(noun, BABIES).is_some() || longest(noun, &["người", "người nữa"]) == Some(1) && len == 1;
    let is_owned = owned > 0 || used == 0;
    // "The kids": how many is not said.
    let is_plural = language == Language::En
        && (word(noun, len - 1).ends_with('s') && word(noun, 0) != "boss" || word(noun, 0) == "children");
    (language == Language::Vi || owned + used > 0).then_some(())?;
    (!is_plural || used > 0 || longest(noun, PAIRS).is_some()).then_some(())?;
    Some(Member { count: each * count, len: owned + used + len + behind, is_self: false, is_owned, is_open })
}

/// "của tôi", "tôi" behind those who are named.
fn behind(words: &[String]) -> usize {
    let of = usize::from(word(words, 0) == "của");
    of + usize::from(matches!(word(words, of), "tôi" | "em" | "anh" | "chị" | "mình" | "tui"))
}
