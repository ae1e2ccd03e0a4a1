//! Vietnamese addresses.
use super::super::begins;
use super::super::provinces;
use super::marks::{MARKS, keeps_mark};
use super::written::{house, title};
use super::{Address, AddressPlan, Part, Ward};
use crate::language::Language;

pub(super) fn read(raw: &[String], low: &[String], plan: &AddressPlan, asked: Option<Part>) -> Option<Address> {
    let restored = with_marks(low);
    let low = restored.as_slice();
    let mut reader = Reader { raw, low, at: 0, asked, open: asked, out: Address::default() };
    while reader.at < low.len() {
        let joins = begins(reader.rest(), &["ở", "thuộc", "của", "dạ", "thì", "là", "cũ"], Language::En).is_some();
        if low[reader.at] == "," || joins && !reader.out.is_empty() {
            reader.at += 1;
            reader.open = None;
            continue;
        }
        let mark = mark_at(reader.rest());
        let len = reader.province(mark).or_else(|| reader.listed_ward(plan, mark));
        let len = len.or_else(|| reader.part(mark))?;
        reader.at += len;
    }
    (!reader.out.is_empty()).then_some(reader.out)
}

/// Words that were written without any diacritics, with those of the words for parts: then these are found as they are, and a name like
/// "Phong" is no "phòng".
fn with_marks(low: &[String]) -> Vec<String> {
    let mut out = low.to_vec();
    if !low.iter().all(|word| word.is_ascii()) {
        return out;
    }
    for at in 0..out.len() {
        let found = MARKS.iter().filter_map(|(mark, _)| Some((*mark, begins(&out[at..], &[mark], Language::Vi)?)));
        if let Some((mark, len)) = found.max_by_key(|(_, len)| *len) {
            out.splice(at..at + len, mark.split(' ').map(str::to_owned));
        }
    }
    out
}

/// A word by which a part begins, the part, and how many words it takes.
type Mark = Option<(&'static str, Part, usize)>;

fn mark_at(words: &[String]) -> Mark {
    let fits = |(mark, part): &(&'static str, Part)| Some((*mark, *part, begins(words, &[mark], Language::En)?));
    MARKS.iter().filter_map(fits).max_by_key(|(.., len)| *len)
}

/// An address while it is read: each part says how many words it takes.
struct Reader<'a> {
    raw: &'a [String],
    low: &'a [String],
    at: usize,
    asked: Option<Part>,
    /// The part that words without a mark are.
    open: Option<Part>,
    out: Address,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a [String] {
        &self.low[self.at..]
    }

    /// A province needs no word before it, where it ends what was said or a mark follows.
    fn province(&mut self, mark: Mark) -> Option<usize> {
        let (province, len) = provinces::find(self.rest())?;
        let is_free = self.out.get(Part::Province).is_none() && ends_part(&self.rest()[len..]);
        let is_marked = mark.is_some_and(|(_, part, _)| part == Part::Province);
        let is_other = mark.is_some() && !is_marked;
        let is_answer = matches!(self.asked, Some(Part::Street | Part::Ward)) && self.at == 0 && mark.is_none();
        if !is_free || is_other || is_answer {
            return None;
        }
        self.out.set_province(province);
        Some(len)
    }

    fn listed_ward(&mut self, plan: &AddressPlan, mark: Mark) -> Option<usize> {
        let (ward, len) = listed(plan, self.rest(), mark)?;
        self.out.set(Part::Ward, ward.name.clone());
        let province = ward.province.and_then(provinces::named);
        if let Some(province) = province.filter(|_| self.out.get(Part::Province).is_none()) {
            self.out.set_province(province);
        }
        Some(len)
    }

    /// A part behind its mark, or the one that is open.
    fn part(&mut self, mark: Mark) -> Option<usize> {
        let rest = self.rest();
        let is_number = starts_number(rest) && self.out.get(Part::Number).is_none();
        let (part, from) = match mark {
            // A city that is no province: one of a district's rank.
            Some(("thành phố", _, len)) => (Part::District, len),
            Some((_, Part::Province, _)) => return None,
            Some((mark, part, len)) => (part, if keeps_mark(mark) { 0 } else { len }),
            None if is_number && self.open.is_none_or(|part| part == Part::Number) => (Part::Number, 0),
            None => (self.open.or(following(&self.out)).filter(|part| *part != Part::Province)?, 0),
        };
        let marked = mark.map_or(0, |(.., len)| len);
        let len = match part {
            Part::Number => number_length(rest, from.max(marked)),
            _ => part_length(rest, from.max(marked)),
        };
        if len <= from || len <= marked {
            return None;
        }
        let text = match part {
            Part::Number => house(&rest[from..len], Language::Vi),
            _ => title(&self.raw[self.at + from..self.at + len]),
        };
        let text = match self.out.get(part) {
            // "số 12 ngõ 5": one after the other.
            Some(before) if matches!(part, Part::Number | Part::Unit | Part::Street) => format!("{before} {text}"),
            Some(_) => return None,
            None => text,
        };
        self.out.set(part, text);
        self.open = None;
        Some(len)
    }
}

/// What follows the last part that is known, where no word says which part it is: a street behind a number.
fn following(out: &Address) -> Option<Part> {
    let last = out.parts.iter().map(|(part, _)| *part).filter(|part| *part != Part::Province).max();
    match last {
        Some(Part::Number) => Some(Part::Street),
        _ => None,
    }
}

/// A ward that the file of the bot lists, perhaps behind its mark.
fn listed<'a>(plan: &'a AddressPlan, rest: &[String], mark: Mark) -> Option<(&'a Ward, usize)> {
    let from = mark.map_or(Some(0), |(_, part, len)| (part == Part::Ward).then_some(len))?;
    let length = |ward: &'a Ward| {
        let name = ward.name.to_lowercase();
        let len = begins(&rest[from..], &[&name], Language::Vi)?;
        ends_part(&rest[from + len..]).then_some((ward, from + len))
    };
    plan.wards.iter().filter_map(length).max_by_key(|(_, len)| *len)
}

fn ends_part(rest: &[String]) -> bool {
    let ends = |rest: &[String]| MARKS.iter().any(|(mark, _)| begins(rest, &[mark], Language::En).is_some());
    rest.is_empty()
        || rest[0] == ","
        || ends(rest)
        || begins(rest, &["ở", "thuộc", "cũ", "ạ", "nhé"], Language::En).is_some()
}

/// How many words belong to a part: up to the next mark, comma, or a province that ends all.
fn part_length(rest: &[String], from: usize) -> usize {
    let is_end = |at: usize| {
        let behind = &rest[at..];
        // "Phố" and "số" may be inside of a name: a name has one word at least.
        at > from
            && (ends_part(behind) || provinces::find(behind).is_some_and(|(_, len)| len == behind.len() && at > from))
    };
    (from + 1..=rest.len()).find(|at| *at == rest.len() || is_end(*at)).unwrap_or(rest.len())
}

fn starts_number(rest: &[String]) -> bool {
    rest.first().is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        || crate::value::begins_number(rest, Language::Vi)
}

/// How many words a house number takes: figures, "xuyệt", a letter behind. Digits may come one by one; a street may begin with a number.
fn number_length(rest: &[String], from: usize) -> usize {
    const STREETS: [&str; 3] = ["hai bà trưng", "ba tháng hai", "ba đình"];
    let (mut at, mut last) = (from, None);
    while at < rest.len() {
        let behind = &rest[at..];
        let is_street = at > from && begins(behind, &STREETS, Language::En).is_some();
        let is_sign =
            at > from && matches!(behind[0].as_str(), "/" | "-" | "xuyệt" | "xẹt" | "suyệt" | "trên" | "gạch" | "bis");
        let is_letter = at > from && behind[0].chars().count() == 1 && behind[0].chars().all(char::is_alphabetic);
        let is_figure = behind[0].starts_with(|c: char| c.is_ascii_digit());
        let number = crate::value::number(behind, Language::Vi);
        // Behind "mười lăm" or "15" a further number belongs to what follows.
        let is_apart = last.is_some_and(|last| last > 9 || is_figure);
        match number {
            Some(_) if is_street || is_apart => break,
            Some((number, len)) => {
                last = Some(if is_figure { i64::MAX } else { number });
                at += len;
            }
            None if is_figure && last.is_none() || is_sign || is_letter => {
                last = None;
                at += 1;
            }
            None => break,
        }
    }
    at
}
