//! `Written`: a clause as it is read: "2:30 pm" where the voice says "two thirty p m". What was heard of the one is found in the other.
use super::figure::split_digits;
use super::normal::normal;
use super::value::number;
use super::{en, money, vi};
use crate::language::Language;
use crate::value;
use crate::value::kind::{Kind, Value};
use std::collections::BTreeMap;

/// How a value is said within a sentence, and how it is written; `None` where that is the same, or no easier to read.
pub fn spelling(value: &Value, kind: &Kind, language: Language) -> Option<(String, String)> {
    let today = jiff::civil::Date::ZERO;
    let said = || super::value::value(value, kind, language, today);
    let pair = match value {
        Value::Number(n) => {
            let unit = said().split_once(&number(*n, language)).map(|(_, unit)| unit.to_owned()).unwrap_or_default();
            (said(), format!("{n}{unit}"))
        }
        Value::Digits(digits) => (said(), split_digits(digits).join(" ")),
        // The day alone: a name of the week before it stays as it is, and may stand in the clause before.
        Value::Date(date) if language == Language::En => {
            let said = en::date(*date, false);
            let month = said.split(' ').next().unwrap_or_default().to_owned();
            (said, format!("{month} {}", date.day()))
        }
        Value::Date(date) => (vi::date(*date, false), format!("ngày {} tháng {}", date.day(), date.month())),
        Value::Time(time) => {
            let (hour, minute) = (time.hour(), time.minute());
            match (language, hour, minute) {
                // "noon", "midnight"
                (Language::En, 0 | 12, 0) => return None,
                (Language::En, ..) => {
                    let half = if hour < 12 { "am" } else { "pm" };
                    (said(), format!("{}:{minute:02} {half}", if hour % 12 == 0 { 12 } else { hour % 12 }))
                }
                (Language::Vi, ..) => (said(), format!("{hour}:{minute:02}")),
            }
        }
        Value::Minutes(minutes) if *minutes < 60 && *minutes != 30 => {
            let unit = match language {
                Language::En => "minutes",
                Language::Vi => "phút",
            };
            (said(), format!("{minutes} {unit}"))
        }
        Value::Money(amount) => (said(), money::written(*amount, language)),
        Value::Minutes(_) | Value::Choice(_) | Value::Bool(_) | Value::Span(_) | Value::Text(_) => return None,
    };
    // A single word may mean something else: "one" in "which one", "không" in "đúng không".
    let plain = matches!(value, Value::Number(_) | Value::Digits(_)) && !pair.0.contains(' ');
    (!plain).then(|| (normal(&pair.0, language), pair.1))
}

/// A text with its words as they are spelled for a voice, whatever their case.
pub fn voiced(text: &str, spoken: &BTreeMap<String, String>) -> String {
    if spoken.is_empty() {
        return text.to_owned();
    }
    let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '\'');
    let (mut out, mut rest) = (String::new(), text);
    while let Some(from) = rest.find(part) {
        let word = &rest[from..];
        let word = &word[..word.find(|c| !part(c)).unwrap_or(word.len())];
        out.push_str(&rest[..from]);
        let known = spoken.iter().find(|(written, _)| written.to_lowercase() == word.to_lowercase());
        out.push_str(known.map_or(word, |(_, spoken)| spoken));
        rest = &rest[from + word.len()..];
    }
    out + rest
}

/// Where a text is said in other words than it is written, as pairs of the one and the other: "a tê em" for "ATM", "ten percent" for
/// "10%". Words that both have keep their order, and stand between.
pub fn readings(written: &str, said: &str, language: Language) -> Vec<(String, String)> {
    let words = |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
    let (written, said) = (words(written), words(said));
    if written.len() * said.len() > 1_000_000 {
        return Vec::new();
    }
    // The longest common subsequence, from each place to the end.
    let bare = |word: &str| word.trim_matches(MARKS).to_lowercase();
    let same = |w: usize, s: usize| bare(&written[w]) == bare(&said[s]);
    let mut common = vec![vec![0u32; said.len() + 1]; written.len() + 1];
    for w in (0..written.len()).rev() {
        for s in (0..said.len()).rev() {
            let skipped = common[w + 1][s].max(common[w][s + 1]);
            common[w][s] = if same(w, s) { common[w + 1][s + 1] + 1 } else { skipped };
        }
    }
    let (mut pairs, mut w, mut s, mut from) = (Vec::new(), 0, 0, (0, 0));
    loop {
        let met = w < written.len() && s < said.len() && same(w, s);
        if met || (w == written.len() && s == said.len()) {
            let run = |words: &[String]| words.join(" ").trim_matches(MARKS).to_owned();
            let pair = (run(&said[from.1..s]), run(&written[from.0..w]));
            // A single figure is a word that may mean something else: "one" in "which one".
            let figure = !pair.0.contains(' ') && pair.1.chars().all(|c| c.is_ascii_digit());
            if !pair.0.is_empty() && !pair.1.is_empty() && !figure {
                pairs.push((normal(&pair.0, language), pair.1));
            }
            if !met {
                return pairs;
            }
            (w, s) = (w + 1, s + 1);
            from = (w, s);
        } else if s == said.len() || (w < written.len() && common[w + 1][s] >= common[w][s + 1]) {
            w += 1;
        } else {
            s += 1;
        }
    }
}

/// Marks at a word's ends that are no part of it.
const MARKS: [char; 14] = ['.', ',', ';', ':', '!', '?', '…', '(', ')', '"', '“', '”', '[', ']'];

/// A clause as it is read.
#[derive(Clone, PartialEq, Eq)]
pub struct Written {
    pub text: String,
    /// The places where a value begins and ends, in turn: characters before it in what is said, and in what is written.
    bounds: Vec<(u32, u32)>,
}

/// It may hold a caller's words.
impl std::fmt::Debug for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Written({} values)", self.bounds.len() / 2)
    }
}

impl Written {
    /// `None` where none of these is said in it. Of two that begin together the longer one counts.
    pub fn of(said: &str, spellings: &[(String, String)], language: Language) -> Option<Self> {
        let said: Vec<char> = said.chars().collect();
        let (mut text, mut bounds, mut at) = (String::new(), Vec::new(), 0);
        let word = |at: usize| said.get(at).is_some_and(|c| c.is_alphanumeric());
        // "two people" is no part of "twenty two people".
        let figure = |word: String| {
            let word = [word.to_lowercase()];
            value::number(&word, language).is_some()
        };
        let alone = |at: usize, to: usize| {
            let before: String = said[..at]
                .strip_suffix(&[' '])
                .unwrap_or_default()
                .rsplit(|c| *c == ' ')
                .next()
                .into_iter()
                .flatten()
                .collect();
            let after: String = said[to..]
                .strip_prefix(&[' '])
                .unwrap_or_default()
                .split(|c| *c == ' ')
                .next()
                .into_iter()
                .flatten()
                .collect();
            !figure(before) && !figure(after)
        };
        while at < said.len() {
            let fits = |spoken: &str| {
                let long = spoken.chars().count();
                let same = said
                    .get(at..at + long)?
                    .iter()
                    .zip(spoken.chars())
                    .all(|(a, b)| a.to_lowercase().eq(b.to_lowercase()));
                let whole = (at == 0 || !word(at - 1)) && !word(at + long);
                (long > 0 && same && whole && alone(at, at + long)).then_some(long)
            };
            let best = spellings
                .iter()
                .filter_map(|(spoken, written)| Some((fits(spoken)?, written)))
                .max_by_key(|(long, _)| *long);
            match best {
                Some((long, written)) => {
                    // Nothing of it is read before all of it is heard.
                    bounds.push((at as u32, text.chars().count() as u32));
                    text.push_str(written);
                    at += long;
                    bounds.push((at as u32, text.chars().count() as u32));
                }
                None => {
                    text.push(said[at]);
                    at += 1;
                }
            }
        }
        (!bounds.is_empty()).then_some(Self { text, bounds })
    }

    /// How many characters of what is written have been heard, when so many of what is said have.
    pub fn heard(&self, said: u32) -> u32 {
        let before = self.bounds.iter().rposition(|(spoken, _)| *spoken <= said);
        let (spoken, written) = before.map_or((0, 0), |at| self.bounds[at]);
        // Bounds with an even index begin a value.
        if before.is_some_and(|at| at % 2 == 0) { written } else { written + (said - spoken) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};

    fn spellings(language: Language) -> Vec<(String, String)> {
        let unit =
            if language == Language::En { vec!["person".into(), "people".into()] } else { vec!["người".into()] };
        let number = Kind::Number { min: 0, max: 99, unit };
        let values = [
            (Value::Time(time(14, 30, 0, 0)), Kind::Time),
            (Value::Date(date(2026, 12, 4)), Kind::Date),
            (Value::Number(2), number),
            (Value::Minutes(45), Kind::Duration),
            (Value::Digits("4279".into()), Kind::Digits { min: 4, max: 4 }),
        ];
        values.iter().filter_map(|(value, kind)| spelling(value, kind, language)).collect()
    }

    fn written(said: &str, language: Language) -> String {
        Written::of(said, &spellings(language), language).map_or_else(|| said.to_owned(), |written| written.text)
    }

    #[test]
    fn values_are_read_in_figures() {
        let said =
            "You want a room on Friday, December fourth at two thirty p m for forty five minutes for two people.";
        let read = "You want a room on Friday, December 4 at 2:30 pm for 45 minutes for 2 people.";
        assert_eq!(written(said, Language::En), read);
        assert_eq!(written("Two thirty p m, is that right?", Language::En), "2:30 pm, is that right?");
        assert_eq!(written("Your code is four two seven nine.", Language::En), "Your code is 4279.");
        let said = "Thứ sáu, ngày mùng bốn tháng mười hai, hai giờ rưỡi chiều, hai người.";
        assert_eq!(written(said, Language::Vi), "Thứ sáu, ngày 4 tháng 12, 14:30, 2 người.");
        assert_eq!(written("Mười hai người.", Language::Vi), "Mười hai người.");
        for same in ["today", "twenty two people", "four two seven nine one", "half an hour", ""] {
            assert_eq!(written(same, Language::En), same);
        }
        assert_eq!(spelling(&Value::Time(time(12, 0, 0, 0)), &Kind::Time, Language::En), None);
    }

    #[test]
    fn a_text_is_read_as_it_is_written_and_not_as_it_is_spelled_for_the_voice() {
        let spoken = BTreeMap::from([("karaoke".to_owned(), "ka ra ô kê".to_owned())]);
        let read = |text: &str, language| {
            let said = super::super::normal(&voiced(text, &spoken), language);
            let pairs = readings(text, &said, language);
            let written = Written::of(&said, &pairs, language).map(|written| written.text);
            (said.clone(), written.unwrap_or(said))
        };
        let text = "Quý khách tìm cà phê, Karaoke, hay trạm ATM?";
        let said = "Quý khách tìm cà phê, ka ra ô kê, hay trạm a tê em?";
        assert_eq!(read(text, Language::Vi), (said.to_owned(), text.to_owned()));
        let text = "That is 25% of $1,250, see which one you want.";
        let (said, shown) = read(text, Language::En);
        assert!(said.contains("twenty five percent of one thousand"), "{said}");
        assert_eq!(shown, text);
        // Half a word is no word.
        assert_eq!(voiced("karaokes, ATM-karaoke karaoke", &spoken), "karaokes, ATM-karaoke ka ra ô kê");
        assert!(readings("", "", Language::En).is_empty());
    }

    #[test]
    fn what_was_heard_of_one_is_found_in_the_other() {
        let said = "At two thirty p m today.";
        let written = Written::of(said, &spellings(Language::En), Language::En).unwrap();
        assert_eq!(written.text, "At 2:30 pm today.");
        let read: Vec<String> = [0, 2, 3, 9, 16, 17, 18, 23, 24]
            .map(|heard| written.text.chars().take(written.heard(heard) as usize).collect())
            .to_vec();
        let wanted =
            ["", "At", "At ", "At ", "At ", "At 2:30 pm", "At 2:30 pm ", "At 2:30 pm today", "At 2:30 pm today."];
        assert_eq!(read, wanted);
    }
}
