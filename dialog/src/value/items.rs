//! Lists of items as callers say them: "two small margheritas and three large hams".
use super::correction::{TakenBack, phrase, taken_back};
use super::found::{Found, Growth};
use super::item::{Count, Intent, Item, ItemField, ItemPlan, Items};
use super::kind::Value;
use super::number;
use super::words::{begin_with, starts, tokens, word};
use crate::language::Language;
use std::sync::Arc;

/// Whether a caller says that nothing else is wanted.
pub(crate) fn says_that_is_all(words: &[String], language: Language) -> bool {
    const EN: [&str; 12] = [
        "that's all",
        "that is all",
        "that's it",
        "that is it",
        "that'll be all",
        "that will be all",
        "nothing else",
        "nothing more",
        "nothing",
        "no",
        "i'm done",
        "that's everything",
    ];
    const VI: [&str; 9] =
        ["hết rồi", "hết", "thế thôi", "vậy thôi", "chỉ vậy thôi", "không", "đủ rồi", "thế là đủ", "vậy là đủ"];
    let (phrases, polite): (&[&str], &[&str]) = match language {
        Language::En => (&EN, &["no", "thanks", "thank", "you", "please", "for", "now"]),
        Language::Vi => (&VI, &["dạ", "ạ", "nhé", "không", "cảm", "ơn"]),
    };
    (0..words.len()).any(|at| {
        let longest = phrases
            .iter()
            .filter(|phrase| begin_with(&words[at..], phrase))
            .map(|phrase| phrase.split(' ').count())
            .max();
        longest
            .is_some_and(|len| words[..at].iter().chain(&words[at + len..]).all(|word| polite.contains(&word.as_str())))
    })
}

/// Whether a word beside items says nothing about them.
pub(crate) fn is_joint(word: &str, language: Language) -> bool {
    const EN: [&str; 66] = [
        "uhh", "guess", "think", "all", "ta", "cheers", "thank", "you", "go", "ones", "and", "of", "them", "with",
        "also", "plus", "then", "the", "a", "an", "some", "please", "um", "uh", "er", "well", "so", "i", "i'd", "i'll",
        "like", "to", "want", "can", "could", "would", "we", "we'd", "we'll", "have", "get", "take", "order", "me",
        "us", "for", "need", "it's", "that's", "yes", "yeah", "ok", "okay", "hi", "hello", "thanks", "just", "at",
        "on", "in", "from", "by", "my", "will", "be", "is",
    ];
    const VI: [&str; 50] = [
        "order", "size", "shop", "bạn", "giao", "ship", "hết", "cảm", "ơn", "trong", "đó", "gồm", "nghen", "nha",
        "nhá", "nhen", "giúp", "giùm", "luôn", "ơi", "và", "với", "cùng", "thêm", "nữa", "cho", "tôi", "em", "anh",
        "chị", "mình", "muốn", "đặt", "lấy", "gọi", "mua", "cần", "dạ", "ạ", "à", "ừ", "ừm", "nhé", "xin", "thì", "là",
        "rồi", "vâng", "cái", "phần",
    ];
    match language {
        Language::En => EN.contains(&word),
        Language::Vi => VI.contains(&word) || COUNTERS_VI.contains(&word),
    }
}

/// What may stand between a count and what is counted.
const COUNTERS_VI: [&str; 10] = ["cái", "phần", "chiếc", "suất", "ly", "cốc", "tô", "đĩa", "bánh", "con"];

/// Words that change what was said before, which say nothing about items either.
pub(crate) fn is_change(words: &[String], language: Language) -> Option<usize> {
    let phrases: &[&str] = match language {
        Language::En => &[
            "no",
            "nope",
            "sorry",
            "actually",
            "make it",
            "make that",
            "change it to",
            "change that to",
            "change",
            "instead",
            "i said",
            "i meant",
            "i mean",
            "add",
            "another",
            "more",
            "as well",
            "extra",
            "remove",
            "without",
            "take off",
            "take away",
            "delete",
            "drop",
            "cancel",
            "leave out",
            "only",
        ],
        Language::Vi => &[
            "không phải",
            "không",
            "à",
            "nhầm",
            "sửa lại",
            "sửa",
            "đổi thành",
            "đổi",
            "ý tôi là",
            "thành",
            "thôi",
            "bỏ",
            "xóa",
            "xoá",
            "bớt",
            "hủy",
            "chỉ",
        ],
    };
    phrases.iter().filter(|phrase| begin_with(words, phrase)).map(|phrase| phrase.split(' ').count()).max()
}

/// The items of a whole sentence, and where the last one ends; `None`: there are none. `other`: how many words at a place are
/// something else. A word that is neither, nor one that says nothing about items, was not understood.
pub(crate) fn heard(
    words: &[String],
    plan: &Arc<ItemPlan>,
    language: Language,
    other: impl Fn(usize) -> usize,
) -> Option<(Items, usize)> {
    let (mut list, mut at, mut end) = (Vec::new(), 0, 0);
    let (mut is_partly_heard, mut is_unknown) = (false, false);
    while at < words.len() {
        let limit = (at..words.len()).find(|at| other(*at) > 0).unwrap_or(words.len());
        let step = is_change(&words[at..], language);
        if other(at) > 0 {
            at += other(at);
        } else if let Some((more, used)) = read(&words[at..limit], plan, language) {
            // "pepperoni pizzas": what is counted is not known.
            let is_of_unknown = is_unknown && more.first().is_some_and(|item| item.is_bare());
            list.extend(more.into_iter().skip(usize::from(is_of_unknown)));
            is_unknown = false;
            at += used.max(1);
            end = at;
        } else {
            is_unknown = step.is_none() && !is_joint(&words[at], language);
            is_partly_heard |= is_unknown;
            at += step.unwrap_or(1);
        }
    }
    // "To large ham and for small mushroom": a recogniser's "two" and "four".
    let sounds_counted = |at: usize| {
        let begins = at == 0 || word(words, at - 1) == "and";
        let piece = words.get(at + 1).filter(|word| !is_joint(word, language));
        let counts = || read(&words[at + 1..], plan, language).is_some_and(|(more, _)| !more[0].is_counted);
        begins && matches!(word(words, at), "to" | "too" | "for") && piece.is_some() && counts()
    };
    is_partly_heard |= language == Language::En && (0..words.len()).any(sounds_counted);
    let intent = Intent::of(words, language);
    (!list.is_empty()).then(|| (Items { plan: plan.clone(), list, is_partly_heard, intent }, end))
}

/// Items at the start of `words`, as far as they go.
pub(super) fn find(words: &[String], plan: &Arc<ItemPlan>, language: Language) -> Option<Found> {
    let (list, len) = read(words, plan, language)?;
    let items = Items { plan: plan.clone(), list, is_partly_heard: false, intent: Intent::Has };
    let growth = if items.is_whole() { Growth::Likely } else { Growth::Open };
    let is_bare = items.list.iter().all(|item| item.is_bare() && !item.is_counted);
    let found = Found::new(Value::Items(items), len).growing(growth);
    Some(if is_bare { found.only_if_asked() } else { found })
}

fn read(words: &[String], plan: &ItemPlan, language: Language) -> Option<(Vec<Item>, usize)> {
    let mut reader =
        Reader { words, plan, language, list: Vec::new(), open: None, replaced: None, len: 0, added: Vec::new() };
    reader.read();
    reader.part_groups();
    (!reader.list.is_empty()).then_some((reader.list, reader.len))
}

/// Whether a word adds what follows it to the items before: "three large and two ham".
fn is_added(word: &str) -> bool {
    ["and", "plus", "with", "also", "then", "và", "với", "cùng", "thêm", "cộng"].contains(&word)
}

/// What one or more words are to an item.
#[derive(Clone, Copy)]
enum Piece {
    Count(i64),
    /// "a", "an": one, where an item follows.
    Article,
    Field {
        field: usize,
        choice: usize,
        is_plural: bool,
    },
    Unit {
        is_plural: bool,
    },
}

struct Reader<'a> {
    words: &'a [String],
    plan: &'a ItemPlan,
    language: Language,
    list: Vec<Item>,
    /// The item that is being read, and how many words were taken before it.
    open: Option<(Item, usize)>,
    /// An item that was taken back: what takes its place has of it what is not said anew.
    replaced: Option<Item>,
    /// How many words the items so far take.
    len: usize,
    /// Of each item, whether a word adds it to those before.
    added: Vec<bool>,
}

impl Reader<'_> {
    /// Items go on over words that say nothing, until a word that is nothing of them.
    fn read(&mut self) {
        let mut at = 0;
        while at < self.words.len() {
            if let Some((piece, used)) = self.piece(at) {
                if !self.put(piece) {
                    break;
                }
                at += used;
                self.len = at;
            } else if let Some(used) = self.takes_back(at) {
                self.replaced = self.open.take().map(|(item, _)| item).or_else(|| self.list.pop());
                self.added.truncate(self.list.len());
                at += used;
            } else if at > 0 && is_joint(word(self.words, at), self.language) {
                at += 1;
            } else {
                break;
            }
        }
        // A count that something else follows may count that: "for three people".
        if let Some((item, before)) = self.open.take() {
            if item.is_bare() && !item.is_counted && at < self.words.len() {
                self.len = before;
            } else {
                self.push(item, before);
            }
        }
    }

    /// Takes a piece; `false`: nobody can say what it means here.
    fn put(&mut self, piece: Piece) -> bool {
        let before = self.len;
        let new = |count| (Item { count, is_counted: false, fields: vec![None; self.plan.fields.len()] }, before);
        match piece {
            Piece::Count(_) | Piece::Article => {
                // "two three": which of them counts?
                if self.open.as_ref().is_some_and(|(item, _)| item.is_bare() && !item.is_counted) {
                    return false;
                }
                let count = if let Piece::Count(n) = piece { Count::Said(n) } else { Count::One };
                let next = new(count);
                if let Some((item, before)) = self.open.replace(next) {
                    self.push(item, before);
                }
            }
            Piece::Field { field, choice, is_plural } => {
                let (mut item, from) = match self.open.take() {
                    // "small ham, large ham"
                    Some((item, from)) if item.fields[field].is_some() => {
                        self.push(item, from);
                        new(Count::One)
                    }
                    Some(open) => open,
                    None => new(Count::One),
                };
                item.fields[field] = Some(choice);
                item.count = if is_plural && item.count == Count::One { Count::Open } else { item.count };
                self.open = Some((item, from));
            }
            Piece::Unit { is_plural } => {
                let (mut item, from) = self.open.take().unwrap_or_else(|| new(Count::One));
                item.count = if is_plural && item.count == Count::One { Count::Open } else { item.count };
                item.is_counted = true;
                self.open = Some((item, from));
            }
        }
        true
    }

    fn push(&mut self, mut item: Item, before: usize) {
        let joints = &self.words[before.min(self.words.len())..];
        let joints = joints.iter().take_while(|word| is_joint(word, self.language));
        self.added.push(joints.into_iter().any(|word| is_added(word)));
        if let Some(old) = self.replaced.take() {
            item.count = if matches!(item.count, Count::Said(_)) { item.count } else { old.count };
            for (new, old) in item.fields.iter_mut().zip(&old.fields) {
                *new = new.or(*old);
            }
        }
        self.list.push(item);
    }

    /// "Three large, two ham and one mushroom": the first one counts those behind it, and says what all of them are.
    fn part_groups(&mut self) {
        let mut at = 0;
        while at < self.list.len() {
            if let Some(parts) = self.parts_of(at) {
                let group = self.list.remove(at);
                self.added.remove(at);
                for part in &mut self.list[at..at + parts] {
                    for (own, common) in part.fields.iter_mut().zip(&group.fields) {
                        *own = own.or(*common);
                    }
                }
                at += parts;
            } else {
                at += 1;
            }
        }
    }

    /// How many items behind this one are its parts: their counts make up its own, and what it lacks they have.
    fn parts_of(&self, at: usize) -> Option<usize> {
        let group = &self.list[at];
        let Count::Said(all) = group.count else { return None };
        let fits = |part: &Item| {
            let mut fields = part.fields.iter().zip(&group.fields);
            part.count != Count::Open
                && fields.all(|(own, common)| own.is_some() != common.is_some() || group.is_bare())
        };
        let parts = self.list[at + 1..].iter().take_while(|part| !part.is_bare() && fits(part));
        let sums = parts.scan(0, |sum, part| {
            *sum += part.number();
            Some(*sum)
        });
        let parts = sums.take_while(|sum| *sum <= all).position(|sum| sum == all)? + 1;
        (!group.is_whole() && parts > 1 && !self.added[at + 1]).then_some(parts)
    }

    /// How many words take back what was said before, where an item follows: "two small, no, three small hams".
    fn takes_back(&self, at: usize) -> Option<usize> {
        let (what, mut len) = taken_back(self.words.get(at..)?, self.language)?;
        // "No, make that two"
        while let Some(more) = phrase(&self.words[at + len..], false, self.language) {
            len += more;
        }
        let known = at > 0 && (self.open.is_some() || !self.list.is_empty());
        (known && what == TakenBack::Last && self.piece(at + len).is_some()).then_some(len)
    }

    fn piece(&self, at: usize) -> Option<(Piece, usize)> {
        let rest = self.words.get(at..)?;
        if let Some(found) = self.field(rest).or_else(|| self.unit(rest)) {
            return Some(found);
        }
        // "a large one"
        let behind_field = at > 0 && self.open.as_ref().is_some_and(|(item, _)| !item.is_bare());
        if self.language == Language::En
            && behind_field
            && matches!(word(rest, 0), "one" | "ones")
            && self.field(&rest[1..]).is_none()
        {
            return Some((Piece::Unit { is_plural: word(rest, 0) == "ones" }, 1));
        }
        if let Some((n, used)) = self.count(rest) {
            let is_counter = |at: &usize| COUNTERS_VI.contains(&word(rest, *at)) && self.unit(&rest[*at..]).is_none();
            let counters = (used..rest.len()).take_while(is_counter).count();
            let counters = if self.language == Language::Vi { counters } else { 0 };
            return (1..=self.plan.max).contains(&n).then_some((Piece::Count(n), used + counters));
        }
        let article = matches!(word(rest, 0), "a" | "an" | "another" | "one") && self.language == Language::En;
        let item = rest.get(1..).and_then(|rest| self.field(rest).or_else(|| self.unit(rest)));
        (article && item.is_some()).then_some((Piece::Article, 1))
    }

    /// A count, without the words at its end with which a field begins: "twenty four seasons" is twenty of them.
    fn count(&self, rest: &[String]) -> Option<(i64, usize)> {
        let (n, used) = count(rest, self.language)?;
        let begins = |at: &usize| self.field(&rest[*at..]).is_some_and(|(_, len)| at + len > used);
        match (1..used).find(begins) {
            Some(at) => count(&rest[..at], self.language).filter(|(_, used)| *used == at),
            None => Some((n, used)),
        }
    }

    fn field(&self, rest: &[String]) -> Option<(Piece, usize)> {
        let of = |(field, plan): (usize, &ItemField)| {
            let choices: Vec<(usize, usize, bool)> = plan
                .choices
                .iter()
                .enumerate()
                .flat_map(|(choice, plan)| {
                    plan.words
                        .iter()
                        .filter_map(move |phrase| Some((choice, phrase.len(), self.is_named_by(rest, phrase)?)))
                })
                .collect();
            choices
                .into_iter()
                .max_by_key(|(_, len, _)| *len)
                .map(|(choice, len, is_plural)| (Piece::Field { field, choice, is_plural }, len))
        };
        self.plan.fields.iter().enumerate().filter_map(of).max_by_key(|(_, len)| *len)
    }

    fn unit(&self, rest: &[String]) -> Option<(Piece, usize)> {
        let of = |(index, unit): (usize, &String)| {
            let phrase = tokens(unit, self.language);
            let is_plural = self.is_named_by(rest, &phrase)? || (index > 0 && self.plan.unit[0] != *unit);
            Some((Piece::Unit { is_plural }, phrase.len()))
        };
        self.plan.unit.iter().enumerate().filter_map(of).max_by_key(|(_, len)| *len)
    }

    /// Whether words begin with this phrase (`false`), or with its English plural (`true`).
    fn is_named_by(&self, words: &[String], phrase: &[String]) -> Option<bool> {
        if starts(words, phrase) {
            return Some(false);
        }
        let (last, front) = phrase.split_last()?;
        let said = words.get(front.len()).filter(|_| words.starts_with(front) && self.language == Language::En)?;
        let stem = last.strip_suffix('y').map(|stem| format!("{stem}ies"));
        let plural = *said == format!("{last}s") || *said == format!("{last}es") || stem.as_ref() == Some(said);
        plural.then_some(true)
    }
}

/// "two", "a couple of", "half a dozen".
fn count(words: &[String], language: Language) -> Option<(i64, usize)> {
    const EN: [(&str, i64); 6] = [
        ("a couple of", 2),
        ("a couple", 2),
        ("a pair of", 2),
        ("half a dozen", 6),
        ("a dozen", 12),
        ("one dozen", 12),
    ];
    let phrase = EN.iter().find(|(phrase, _)| language == Language::En && begin_with(words, phrase));
    if let Some((phrase, n)) = phrase {
        return Some((*n, phrase.split(' ').count()));
    }
    let (n, used) = number(words, language)?;
    match (word(words, used), language) {
        ("dozen", Language::En) | ("tá", Language::Vi) => n.checked_mul(12).map(|n| (n, used + 1)),
        _ => Some((n, used)),
    }
}
