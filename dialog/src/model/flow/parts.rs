//! `Parts`: what a caller has given of an entry that is longer than one turn: "four oh" of a code of four digits, a month without its
//! day, the first letters of a spelled word. And what their next words make of it.
use crate::keypad;
use crate::language::Language;
use crate::turn::backchannel::is_hesitation;
use crate::value::capture::address::Address;
use crate::value::correction::{TakenBack, taken_back};
use crate::value::found::Found;
use crate::value::item::Items;
use crate::value::kind::{Kind, Value};
use crate::value::words::all_digits;
use crate::value::{self, is_begun};
use jiff::civil::DateTime;

/// The words that each turn has brought, for one slot.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Parts {
    pub slot: usize,
    turns: Vec<Vec<String>>,
    /// A list of items of which something is still to be asked.
    pub items: Option<Items>,
    /// An address of which parts are still to be asked.
    pub address: Option<Address>,
}

/// What words come to at a slot that takes an entry in parts.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Entered {
    /// A value. `sure`: it was said in one turn, and nothing of it was taken back.
    Whole { found: Found, sure: bool },
    /// Something is still to come.
    Begun(Parts),
    /// No part of an entry.
    Other,
}

/// The slot that is asked for, and when the call began.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub slot: usize,
    pub kind: &'a Kind,
    pub language: Language,
    pub now: DateTime,
}

impl Parts {
    pub fn is_empty(&self) -> bool {
        self.turns.is_empty() && self.items.is_none() && self.address.is_none()
    }

    /// A list of items that is not whole.
    pub fn of_items(slot: usize, items: Items) -> Parts {
        Parts { slot, items: Some(items), ..Parts::default() }
    }

    /// An address that is not whole.
    pub fn of_address(slot: usize, address: Address) -> Parts {
        Parts { slot, address: Some(address), ..Parts::default() }
    }

    /// What these turns have brought.
    pub fn of_turns(slot: usize, turns: Vec<Vec<String>>) -> Parts {
        Parts { slot, turns, ..Parts::default() }
    }

    /// All words so far.
    pub fn words(&self) -> Vec<String> {
        self.turns.concat()
    }

    /// The digits that were given of a slot, where nothing but digits was.
    pub fn digits(&self, slot: usize, language: Language) -> Option<String> {
        let of = |turn: &Vec<String>| {
            let (digits, len) = value::digits(turn, language)?;
            (len == turn.len()).then_some(digits)
        };
        let digits: String = self.turns.iter().map(of).collect::<Option<_>>()?;
        (self.slot == slot && !digits.is_empty()).then_some(digits)
    }

    /// All words so far as one entry. Digits of two turns are no number together: "forty", "seven one" is 4071.
    fn joined(&self, asked: Asked) -> Vec<String> {
        let is_numeric = matches!(asked.kind, Kind::Digits { .. } | Kind::Phone);
        let digits = self.digits(asked.slot, asked.language).filter(|_| is_numeric && self.turns.len() > 1);
        digits.map_or_else(|| self.words(), |digits| vec![digits])
    }

    /// The value that keys come to, alone or behind what was said of it. `true`: it cannot be the other of the two.
    pub fn keyed(&self, asked: Asked, keys: &str) -> Option<(Value, bool)> {
        let value = |keys: &str| keypad::value(asked.kind, keys, asked.language, asked.now.date());
        let given = self.digits(asked.slot, asked.language).filter(|given| !keys.starts_with(given.as_str()));
        let (alone, joined) = (value(keys), given.and_then(|given| value(&format!("{given}{keys}"))));
        let sure = alone.is_none() || joined.is_none();
        joined.or(alone).map(|value| (value, sure))
    }

    /// The words of each turn.
    pub fn turns(&self) -> impl Iterator<Item = &[String]> {
        self.turns.iter().map(Vec::as_slice)
    }

    /// The parts with one more.
    fn and(&self, words: &[String]) -> Parts {
        let mut turns = self.turns.clone();
        if !words.is_empty() {
            turns.push(words.to_vec());
        }
        Parts { turns, ..Parts::of_turns(self.slot, Vec::new()) }
    }

    /// What these words make of the parts.
    pub fn enter(&self, asked: Asked, words: &[String]) -> Entered {
        if !matches!(asked.kind, Kind::Digits { .. } | Kind::Phone | Kind::Date | Kind::Choice(_)) {
            return Entered::Other;
        }
        let mut given = if self.slot == asked.slot { self.clone() } else { Parts::default() };
        given.slot = asked.slot;
        let had = !given.is_empty();
        // "oh …": who has not begun yet thinks.
        if !had && is_hesitation(words) {
            return Entered::Other;
        }
        // Words that take back stand before the new part, and are an answer of their own only where there is something to take back.
        let (mut rest, mut back) = (words.to_vec(), None);
        while had
            && let Some((what, len)) = taken_back(&rest, asked.language).or_else(|| refused(&rest, asked.language))
        {
            back = if back == Some(TakenBack::All) { back } else { Some(what) };
            rest.drain(..len);
        }
        match back {
            Some(TakenBack::Last) => _ = given.turns.pop(),
            Some(TakenBack::All) => given.turns.clear(),
            None => {}
        }
        let mut changed = back.is_some();
        if changed && rest.is_empty() {
            return Entered::Begun(given);
        }
        if let Some(digits) = corrected(asked, &rest) {
            (rest, changed) = (vec![digits], true);
            if rest[0].is_empty() {
                return Entered::Begun(given);
            }
        }
        let rest = bare(asked.kind, &rest, asked.language);
        if rest.is_empty() {
            return Entered::Other;
        }
        let all = given.and(rest);
        let joined = all.joined(asked);
        // The next part, or all of it once more: that where it begins with what is known.
        let known = given.digits(asked.slot, asked.language);
        let again = known.is_some_and(|known| {
            let digits = value::digits(rest, asked.language).map(|(digits, _)| digits).unwrap_or_default();
            digits.len() > known.len() && digits.starts_with(&known)
        });
        let readings = match again {
            true => [(rest, false), (joined.as_slice(), false)],
            false => [(joined.as_slice(), !had && !changed), (rest, false)],
        };
        for (words, sure) in readings {
            let found = value::find(asked.kind, words, asked.language, asked.now);
            if let Some(found) = found.filter(|found| found.len == words.len()) {
                return Entered::Whole { found, sure };
            }
        }
        match () {
            () if is_begun(asked.kind, &joined, asked.language) => Entered::Begun(all),
            () if is_begun(asked.kind, rest, asked.language) => {
                Entered::Begun(Parts { turns: vec![rest.to_vec()], ..given })
            }
            () => Entered::Other,
        }
    }
}

/// The words without those that only lead to an entry ("it's", "the code is"), and without a "please" behind it.
fn bare<'a>(kind: &Kind, words: &'a [String], language: Language) -> &'a [String] {
    let lead: &[&str] = match (kind, language) {
        (Kind::Digits { .. } | Kind::Phone, Language::En) => &[
            "it's", "it", "is", "the", "my", "code", "number", "phone", "um", "uh", "well", "so", "okay", "ok", "and",
            "then",
        ],
        (Kind::Digits { .. } | Kind::Phone, Language::Vi) => &["dạ", "là", "số", "mã", "thì", "ờ", "ừm", "à", "rồi"],
        (_, Language::En) => &["um", "uh", "well", "so", "and", "then", "it's", "on", "in"],
        (_, Language::Vi) => &["dạ", "là", "ờ", "ừm", "à", "vào"],
    };
    let count = words.iter().take_while(|word| lead.contains(&word.as_str())).count();
    // Behind digits fillers say that more is to come, which the digits say themselves.
    let fillers: &[&str] = match kind {
        Kind::Digits { .. } | Kind::Phone => {
            &["um", "uh", "er", "hmm", "and", "then", "dash", "ờ", "ừm", "à", "rồi", "thì", "gạch"]
        }
        _ => &[],
    };
    let tail = |word: &&String| matches!(word.as_str(), "please" | "ạ" | "nhé") || fillers.contains(&word.as_str());
    let behind = words[count..].iter().rev().take_while(tail).count();
    &words[count..words.len() - behind]
}

/// A no to what was understood so far ("that's wrong"), and its words. In Vietnamese "không" may be a zero.
fn refused(words: &[String], language: Language) -> Option<(TakenBack, usize)> {
    let (yes, len) = value::yes_no(words, language).filter(|_| language == Language::En)?;
    (!yes).then_some((TakenBack::Last, len))
}

/// Digits of which a part was taken back as they were said: "four oh eight, no, seven" is 407. New digits stand in place of as many
/// as they are, or of fewer where only so the entry has its length. An empty text: all was taken back. `None`: nothing was.
pub(super) fn corrected(asked: Asked, words: &[String]) -> Option<String> {
    let (min, max) = match asked.kind {
        Kind::Digits { min, max } => (*min, *max),
        Kind::Phone => (7, 15),
        _ => return None,
    };
    let words = bare(asked.kind, words, asked.language);
    let (mut digits, mut at) = value::digits(words, asked.language)?;
    let mut changed = false;
    while at < words.len() {
        let (back, len) = taken_back(&words[at..], asked.language)?;
        let last = last_digits(&words[..at], asked.language);
        at += len;
        changed = true;
        let (fresh, used) = value::digits(&words[at..], asked.language).unwrap_or_default();
        let like_the_last = last > 1 && words.get(at).is_some_and(|word| word.len() == last && all_digits(word));
        at += used;
        let places = match (back, fresh.len()) {
            (TakenBack::All, _) => digits.len(),
            // "scratch that": the last word of digits.
            (TakenBack::Last, 0) => last,
            (TakenBack::Last, _) if like_the_last => last,
            // "four five, sorry, four seven one": more than was said, or the same beginning: all of it anew.
            (TakenBack::Last, count) if count > digits.len() || count > 1 && starts_alike(&digits, &fresh) => {
                digits.len()
            }
            (TakenBack::Last, count) => {
                let fits = |places: &usize| (min..=max).contains(&(digits.len() - places + count));
                let most = count.min(digits.len());
                let places = (1..=most).rev().find(fits);
                // "Zero nine one two, no, four five seven": most of it anew, and nobody can say where that stands.
                if places.is_none() && count > 1 && 2 * count > digits.len() {
                    return Some(String::new());
                }
                places.unwrap_or(most)
            }
        };
        digits.truncate(digits.len() - places.min(digits.len()));
        digits.push_str(&fresh);
    }
    changed.then_some(digits)
}

/// Whether two strings of digits have their first half of the shorter one in common, and as many digits.
fn starts_alike(digits: &str, fresh: &str) -> bool {
    let common = digits.bytes().zip(fresh.bytes()).take_while(|(a, b)| a == b).count();
    fresh.len() == digits.len() && common > 0 || common > 1
}

/// How many digits the last word of digits is.
fn last_digits(words: &[String], language: Language) -> usize {
    let one = |at: usize| value::digits(&words[at..], language).map_or(0, |(digits, _)| digits.len());
    match words.last() {
        Some(word) if all_digits(word) => word.len(),
        Some(_) => one(words.len() - 1),
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::today;
    use crate::value::words::tokens;

    fn enter(kind: &Kind, language: Language, turns: &[&str]) -> String {
        let mut given = Parts::default();
        let mut seen = Vec::new();
        for text in turns {
            let asked = Asked { slot: 0, kind, language, now: today() };
            let entered = given.enter(asked, &tokens(text, language));
            seen.push(match &entered {
                Entered::Whole { found, sure } => {
                    format!("{}{}", found.value.json().to_string().trim_matches('"'), if *sure { "" } else { "?" })
                }
                Entered::Begun(parts) => format!("[{}]", parts.words().join(" ")),
                Entered::Other => "other".into(),
            });
            given = match entered {
                Entered::Begun(parts) => parts,
                Entered::Whole { .. } => Parts::default(),
                Entered::Other => given,
            };
        }
        seen.join(", ")
    }

    #[test]
    fn digits_grow_over_turns_and_are_taken_back() {
        let four = Kind::Digits { min: 4, max: 4 };
        for (turns, seen) in [
            (&["four oh seven one"][..], "4071"),
            (&["four oh", "seven one"], "[four oh], 4071?"),
            (&["four", "oh", "seven", "one"], "[four], [four oh], [four oh seven], 4071?"),
            (&["4 0", "71"], "[4 0], 4071?"),
            (&["the code is four oh", "and then seven one please"], "[four oh], 4071?"),
            // The whole once more.
            (&["four oh", "one two three four"], "[four oh], 1234?"),
            (&["four oh", "no seven one", "two three"], "[four oh], [seven one], 7123?"),
            (&["four", "eight", "no oh", "seven one"], "[four], [four eight], [four oh], 4071?"),
            (&["four", "eight", "scratch that", "oh seven one"], "[four], [four eight], [four], 4071?"),
            (&["four eight", "start over", "oh seven one two"], "[four eight], [], 0712"),
            // Taken back within a turn.
            (&["four oh eight no seven one"], "4071?"),
            (&["four oh eight one no seven one"], "4071?"),
            (&["four oh eight no seven"], "[407]"),
            (&["four oh eight scratch that"], "[40]"),
            (&["one two start over four oh seven one"], "4071?"),
            // Too many for what there is: what was said last counts.
            (&["four oh", "seven one two"], "[four oh], [seven one two]"),
            (&["banana"], "other"),
            (&["no"], "other"),
            (&["four oh", "banana"], "[four oh], other"),
            // Two turns are no number together, and all of it may be said again.
            (&["forty", "seven one"], "[forty], 4071?"),
            (&["four oh", "four oh seven one"], "[four oh], 4071?"),
            // Refused in other words.
            (&["four eight", "that's wrong", "four oh seven one"], "[four eight], [], 4071"),
            (&["four", "eight", "no that's wrong", "oh seven one"], "[four], [four eight], [four], 4071?"),
            (&["four", "eight", "no i said oh", "seven one"], "[four], [four eight], [four oh], 4071?"),
            // Fillers.
            (&["four oh um", "seven one"], "[four oh], 4071?"),
            (&["four oh and then", "seven one"], "[four oh], 4071?"),
            (&["oh"], "other"),
        ] {
            assert_eq!(enter(&four, Language::En, turns), seen, "{turns:?}");
        }
        for (turns, seen) in [
            (&["six five oh", "five five five oh one two three"][..], "[six five oh], 6505550123?"),
            (&["650", "555", "no 556", "0123"], "[650], [650 555], [650 556], 6505560123?"),
            (&["650 555 no 556 0123"], "6505560123?"),
            (&["six five oh", "six five oh five five five oh one two three"], "[six five oh], 6505550123?"),
        ] {
            assert_eq!(enter(&Kind::Phone, Language::En, turns), seen, "{turns:?}");
        }
        for (turns, seen) in [
            (&["bốn không", "bảy một"][..], "[bốn không], 4071?"),
            (&["bốn", "tám", "à không không", "bảy một"], "[bốn], [bốn tám], [bốn không], 4071?"),
            (&["40", "làm lại từ đầu", "1 2 3 4"], "[40], [], 1234"),
            (&["bốn tám", "sai rồi", "bốn không bảy một"], "[bốn tám], [], 4071"),
        ] {
            assert_eq!(enter(&four, Language::Vi, turns), seen, "{turns:?}");
        }
        for (turns, seen) in
            [(&["0912 345 678 à không 679"][..], "0912345679?"), (&["0912345678 không phải 679"], "0912345679?")]
        {
            assert_eq!(enter(&Kind::Phone, Language::Vi, turns), seen, "{turns:?}");
        }
    }

    #[test]
    fn a_date_and_a_spelled_word_grow_too() {
        for (language, turns, seen) in [
            (Language::En, &["december", "fourth"][..], "[december], 2026-12-04?"),
            (Language::En, &["december", "the 4th"], "[december], 2026-12-04?"),
            (Language::En, &["december", "friday"], "[december], 2026-11-27?"),
            (Language::Vi, &["tháng mười hai", "ngày bốn"], "[tháng mười hai], 2026-12-04?"),
            (Language::Vi, &["ngày", "bốn tháng mười hai"], "[ngày], 2026-12-04?"),
            (Language::Vi, &["tháng năm", "ngày bốn"], "[tháng năm], 2027-05-04?"),
        ] {
            assert_eq!(enter(&Kind::Date, language, turns), seen, "{turns:?}");
        }
    }
}
