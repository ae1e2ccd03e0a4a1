//! `Mention`: a value that a sentence names, and which of them are meant: refused ones are not, a corrected one stands for what it
//! corrects, and of several that contradict each other none is.
use crate::language::Language;
use crate::value::around::{Role, Surroundings, Unclear, is_conditional, is_contrast, is_otherwise, moves};
use crate::value::correction::{corrects, means_change, taken_back};
use crate::value::found::{Doubt, Found, Reading};
use crate::value::kind::{Kind, Value};
use crate::value::words::begin_with;

/// A value for a slot, and where it ends in the sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct Fill {
    pub slot: usize,
    pub found: Found,
    pub end: usize,
}

/// A value for a slot, and where it stands in the sentence.
pub(super) struct Mention<'a> {
    pub slot: usize,
    pub kind: &'a Kind,
    /// `None`: a day that its month does not have, or several days at once.
    pub found: Option<Found>,
    pub why_none: Unclear,
    pub start: usize,
    pub end: usize,
    /// The slot's own words lead to it.
    pub is_cued: bool,
    /// It is the beginning of a span: "from two to four" where a time and a duration are asked for.
    pub begins_span: bool,
}

/// What a sentence gives: values that are meant, and slots of which something was said that is no value.
#[derive(Default)]
pub struct Given {
    pub fills: Vec<Fill>,
    pub unclear: Vec<(usize, Unclear)>,
    /// What the words around each mention make of it.
    pub roles: Vec<Role>,
}

/// What the mentions of a sentence come to.
pub(super) fn given(mentions: &[Mention], words: &[String], language: Language) -> Given {
    let roles = roles(mentions, words, language);
    let mut slots: Vec<usize> = mentions.iter().map(|mention| mention.slot).collect();
    slots.dedup();
    let mut given = Given::default();
    for (i, slot) in slots.iter().enumerate() {
        if slots[..i].contains(slot) {
            continue;
        }
        match meant(*slot, mentions, &roles, words, language) {
            Ok(Some(fill)) => given.fills.push(fill),
            Ok(None) => {}
            Err(why) => given.unclear.push((*slot, why)),
        }
    }
    given.fills.sort_by_key(|fill| fill.end);
    Given { roles, ..given }
}

/// What the words around each mention make of it.
fn roles(mentions: &[Mention], words: &[String], language: Language) -> Vec<Role> {
    let mut roles: Vec<Role> = Vec::new();
    for (i, mention) in mentions.iter().enumerate() {
        let from = i.checked_sub(1).map_or(0, |before| mentions[before].end);
        let to = mentions.get(i + 1).map_or(words.len(), |next| next.start);
        let around = Surroundings {
            own: &words[mention.start..mention.end],
            before: &words[from..mention.start],
            after: &words[mention.end..to],
            is_first: i == 0,
            is_last: i + 1 == mentions.len(),
            language,
        };
        let refused_before = i > 0 && roles[i - 1] == Role::Refused && mentions[i - 1].slot == mention.slot;
        roles.push(match &mention.found {
            _ if refused_before && around.is_joined_to_refused() => Role::Refused,
            // "Not this week, Thursday of next week"
            None if around.is_refused() => Role::Refused,
            None => Role::Unclear(mention.why_none),
            // "two people and two more"
            Some(_)
                if i > 0
                    && matches!(mention.kind, Kind::Number { .. })
                    && mentions[i - 1].slot == mention.slot
                    && around.is_added() =>
            {
                Role::Unclear(Unclear::Rest)
            }
            Some(_) if i > 0 && is_several(&mentions[i - 1]) && around.follows_container() => {
                Role::Unclear(Unclear::Rest)
            }
            Some(found) => around.role(mention.kind, found, mention.is_cued),
        });
    }
    roles
}

fn is_several(mention: &Mention) -> bool {
    matches!(mention.found.as_ref().map(|found| &found.value), Some(Value::Number(count)) if *count > 1)
}

/// The value of a slot that is meant; an error where something was said of it, and no single value is.
fn meant(
    slot: usize,
    mentions: &[Mention],
    roles: &[Role],
    words: &[String],
    language: Language,
) -> Result<Option<Fill>, Unclear> {
    let own: Vec<usize> = (0..mentions.len()).filter(|i| mentions[*i].slot == slot).collect();
    if leaves_a_choice(&own, mentions, words, language) {
        return Err(Unclear::Several);
    }
    let said: Vec<usize> = own.iter().copied().filter(|i| roles[*i] != Role::Refused).collect();
    if said.is_empty() {
        return if own.is_empty() { Ok(None) } else { Err(Unclear::Refused) };
    }
    let said: Vec<usize> = said.into_iter().filter(|i| roles[*i] != Role::Foreign).collect();
    let Some(&last) = said.last() else { return Err(Unclear::Rest) };
    // What stands before a correction no longer counts.
    let corrects = |i: &usize| {
        // "New York on Tuesday, actually no, Boston on Wednesday": what stands between the two days corrects both values.
        let from = own.iter().rfind(|before| *before < i).map_or(0, |before| mentions[*before].end);
        let between = &words[from..mentions[*i].start];
        *i > said[0] && (is_correction(between, language) || is_now(&words[..from], between, language))
    };
    let first = said.iter().copied().rfind(corrects).unwrap_or(said[0]);
    let mut counted: Vec<usize> = said.into_iter().filter(|i| *i >= first).collect();
    let all = counted.clone();
    let is_vague = |i: usize| all.iter().any(|other| is_said_better(&mentions[i], &mentions[*other]));
    counted.retain(|i| !is_vague(*i));
    let last = counted.last().copied().unwrap_or(last);
    let value = |i: usize| mentions[i].found.as_ref().map(|found| &found.value);
    let is_same = counted.iter().all(|i| value(*i) == value(last));
    let moved = counted.len() == 2 && is_moved(words, &mentions[counted[0]], &mentions[last], language);
    let behind = &words[mentions[last].end..];
    let contrasted = counted.len() == 2 && {
        let (first, second) = (&mentions[counted[0]], &mentions[last]);
        is_contrast(&words[..first.start], &words[first.end..second.start], language)
    };
    let corrected = moved || contrasted || counted.len() == 2 && is_correction_behind(behind, language);
    if counted.len() > 1 && is_total(&counted, mentions, words) {
        return Ok(mentions[last].found.as_ref().map(|found| Fill {
            slot,
            found: found.clone(),
            end: mentions[last].end,
        }));
    }
    if !is_same && !corrected {
        return Err(match roles[last] {
            Role::Unclear(why) if why != Unclear::Rest => why,
            _ => Unclear::Several,
        });
    }
    if let Some(Role::Unclear(why)) = counted.iter().map(|i| roles[*i]).find(|role| *role != Role::Meant && !moved) {
        return Err(why);
    }
    // Of the same value said twice, the surer words count.
    let surest = counted.iter().copied().max_by_key(|i| {
        let found = mentions[*i].found.as_ref();
        let sure = found.is_some_and(|found| found.doubt.is_none() && found.reading == Reading::Certain);
        (sure, *i)
    });
    let chosen = &mentions[if is_same { surest.unwrap_or(last) } else { last }];
    // "From two to four, no, until five": the other end stays.
    let before =
        mentions[..first].iter().rev().find(|mention| mention.slot == slot).and_then(|mention| mention.found.as_ref());
    let is_given_up = is_given_up(last, &own, mentions, roles, words, language);
    let fill = |found: &Found| {
        let found = found.with_other_end(before.map(|found| &found.value));
        let found = if is_given_up { found.doubtful(Doubt::Beside) } else { found };
        Fill { slot, found, end: mentions[last].end }
    };
    Ok(chosen.found.as_ref().map(fill))
}

/// "If Tuesday is not free then Wednesday", "thứ bảy, không được thì chủ nhật": which one holds is not known yet.
fn leaves_a_choice(own: &[usize], mentions: &[Mention], words: &[String], language: Language) -> bool {
    let between = |pair: &[usize]| &words[mentions[pair[0]].end..mentions[pair[1]].start];
    own.len() > 1 && is_conditional(words, language) || own.windows(2).any(|pair| is_otherwise(between(pair), language))
}

/// "Ten plus me, so eleven", "tám người thêm hai người nữa là mười": the last number is what the ones before it come to.
fn is_total(counted: &[usize], mentions: &[Mention], words: &[String]) -> bool {
    const SUMS: [&str; 9] = ["so", "makes", "that's", "equals", "altogether", "total", "là", "thành", "cộng"];
    let Some(numbers) = counted
        .iter()
        .map(|i| match mentions[*i].found.as_ref().map(|found| &found.value) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        })
        .collect::<Option<Vec<i64>>>()
    else {
        return false;
    };
    let [parts @ .., total] = &numbers[..] else { return false };
    let (first, before, last) = (counted[0], counted[counted.len() - 2], counted[counted.len() - 1]);
    let sums = &words[mentions[before].end..mentions[last].start];
    let has_self = words[mentions[first].end..mentions[last].start]
        .iter()
        .any(|word| matches!(word.as_str(), "me" | "myself" | "tôi" | "em" | "anh" | "chị" | "mình"));
    let sum: i64 = parts.iter().sum();
    sums.iter().any(|word| SUMS.contains(&word.as_str())) && (sum == *total || has_self && sum + 1 == *total)
}

fn is_correction(between: &[String], language: Language) -> bool {
    if is_otherwise(between, language) {
        return false;
    }
    let takes_back = |at: usize| taken_back(&between[at..], language).is_some() || corrects(&between[at..]);
    // "Một triệu, à triệu hai"
    let amends = language == Language::Vi && matches!(between, [only] if only == "à");
    amends || (0..between.len()).any(takes_back) || means_change(between, language)
}

/// Whether the value at `last` is taken back by what is said behind it, or is said and refused: "Boston, oh no, not Boston", "Friday, no,
/// I'm working Friday".
fn is_given_up(
    last: usize,
    own: &[usize],
    mentions: &[Mention],
    roles: &[Role],
    words: &[String],
    language: Language,
) -> bool {
    const NO: [&str; 7] = ["no", "nope", "không", "à không", "ủa không", "ơ không", "á không"];
    let value = |i: usize| mentions[i].found.as_ref().map(|found| &found.value);
    let before = |i: usize| &words[mentions[i - 1].end..mentions[i].start];
    let says_no = |between: &[String]| (0..between.len()).any(|at| NO.iter().any(|no| begin_with(&between[at..], no)));
    let behind = own.iter().any(|i| *i > last && takes_back(before(*i), language));
    let refused = own.iter().any(|i| *i != last && roles[*i] == Role::Refused && value(*i) == value(last));
    let again = own.iter().rfind(|i| **i < last).is_some_and(|i| value(*i) == value(last) && says_no(before(last)));
    behind || refused || again
}

/// "Four, no, my brother can't come, three": the value before is taken back, whatever the words behind make of the next one.
fn takes_back(between: &[String], language: Language) -> bool {
    let refuses = |at: usize| ["không phải", "not that"].iter().any(|phrase| begin_with(&between[at..], phrase));
    (0..between.len())
        .any(|at| !refuses(at) && (taken_back(&between[at..], language).is_some() || corrects(&between[at..])))
}

/// "It was five but now it's seven", "hồi nãy bốn, giờ năm người".
fn is_now(before: &[String], between: &[String], language: Language) -> bool {
    let (then, now): (&[&str], &[&str]) = match language {
        Language::En => (
            &["was", "were", "used to", "said", "had", "before", "usually", "normally", "last time"],
            &["now", "this time"],
        ),
        Language::Vi => (
            &[
                "hồi nãy",
                "hôm bữa",
                "lúc trước",
                "lúc nãy",
                "ban đầu",
                "lần trước",
                "trước tôi",
                "trước em",
                "trước anh",
                "trước chị",
                "trước mình",
                "trước đây",
                "hồi trước",
                "mọi khi",
                "mọi lần",
                "bình thường",
            ],
            &["giờ", "bây giờ", "lần này", "bữa nay"],
        ),
    };
    let has = |words: &[String], list: &[&str]| {
        (0..words.len()).any(|at| list.iter().any(|phrase| begin_with(&words[at..], phrase)))
    };
    has(before, then) && has(between, now)
}

/// "new york instead"
fn is_correction_behind(behind: &[String], language: Language) -> bool {
    let phrases: &[&str] = match language {
        Language::En => &["instead", "rather", "is better", "would be better", "works better", "is best"],
        Language::Vi => &["tốt hơn", "thì hơn", "hay hơn", "tiện hơn", "đẹp hơn"],
    };
    phrases.iter().any(|phrase| begin_with(behind, phrase))
}

/// "Seven, seven in the evening": the first one is the same hour, said less exactly.
fn is_said_better(vague: &Mention, other: &Mention) -> bool {
    let (Some(vague), Some(other)) = (&vague.found, &other.found) else { return false };
    match (&vague.value, &other.value) {
        (Value::Time(first), Value::Time(second)) => {
            vague.doubt == Some(Doubt::HalfOfDay)
                && other.doubt.is_none()
                && first.hour() % 12 == second.hour() % 12
                && first.minute() == second.minute()
        }
        _ => false,
    }
}

/// "change it from three to four", "đổi từ ba giờ sang bốn giờ".
fn is_moved(words: &[String], from: &Mention, to: &Mention, language: Language) -> bool {
    let moves = moves(&words[..from.start], language);
    let led = words[..from.start].last().is_some_and(|word| matches!(word.as_str(), "from" | "từ"));
    let joined =
        matches!(words[from.end..to.start].first().map(String::as_str), Some("to" | "sang" | "thành" | "qua" | "đến"));
    moves && led && joined
}
