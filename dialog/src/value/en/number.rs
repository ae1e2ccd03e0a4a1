//! English numbers and strings of digits.
use crate::language::Language;
use crate::value::figures::{fraction, times};
use crate::value::words::{all_digits, begin_with, starts, tokens, word};

pub(crate) const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
pub(crate) const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

pub(super) fn one(word: &str) -> Option<i64> {
    ONES.iter().position(|w| *w == word).map(|i| i as i64)
}

pub(super) fn ten(word: &str) -> Option<i64> {
    TENS.iter().position(|w| *w == word).map(|i| (i as i64 + 2) * 10)
}

/// A number of 0–99 in words or figures.
pub(super) fn small(words: &[String]) -> Option<(i64, usize)> {
    let first = word(words, 0);
    if let Some(n) = one(first) {
        return Some((n, 1));
    }
    if let Some(n) = ten(first) {
        return Some(match one(word(words, 1)) {
            Some(u @ 1..=9) => (n + u, 2),
            _ => (n, 1),
        });
    }
    (all_digits(first) && first.len() <= 2).then(|| first.parse().ok().map(|n| (n, 1)))?
}

/// What a word multiplies the number before it with.
fn scale(word: &str) -> Option<i64> {
    match word {
        "thousand" | "grand" => Some(1_000),
        "million" => Some(1_000_000),
        _ => None,
    }
}

/// Numbers by names of their own.
const NAMED: [(&str, i64); 8] = [
    ("half a dozen", 6),
    ("a half dozen", 6),
    ("half dozen", 6),
    ("a dozen", 12),
    ("one dozen", 12),
    ("a couple of", 2),
    ("a couple", 2),
    ("a pair of", 2),
];

/// "one and a half thousand", "two and a half million".
fn halves(words: &[String]) -> Option<(i64, usize)> {
    let (whole, len) = small(words).filter(|(_, len)| begin_with(&words[*len..], "and a half"))?;
    let scale = match word(words, len + 3) {
        "hundred" => 100,
        word => scale(word)?,
    };
    Some((whole * scale + scale / 2, len + 4))
}

/// "half a million", "a quarter of a million", "a couple of hundred", "half a grand".
fn parts_of_scale(words: &[String]) -> Option<(i64, usize)> {
    let of = |word: &str| if word == "hundred" { Some(100) } else { scale(word) };
    for (phrase, times, parts) in
        [("half a", 1, 2), ("a quarter of a", 1, 4), ("quarter of a", 1, 4), ("a couple of", 2, 1), ("a couple", 2, 1)]
    {
        let len = phrase.split(' ').count();
        if let Some(scale) = of(word(words, len)).filter(|_| begin_with(words, phrase)) {
            return Some((scale * times / parts, len + 1));
        }
    }
    None
}

/// A whole number: "two", "a hundred and five", "12", "two thousand", "1.5 million", "half a dozen".
pub fn number(words: &[String]) -> Option<(i64, usize)> {
    let first = word(words, 0);
    if let Some(found) = parts_of_scale(words) {
        return Some(found);
    }
    if let Some((name, n)) = NAMED.iter().find(|(name, _)| begin_with(words, name)) {
        return Some((*n, name.split(' ').count()));
    }
    if let Some(found) = halves(words) {
        return Some(found);
    }
    if let Some((whole, part)) = fraction(first, '.') {
        return times(whole, part, scale(word(words, 1))?).map(|n| (n, 2));
    }
    let (mut total, mut len) = (0, 0);
    let mut current: Option<i64> = None;
    if all_digits(first) {
        current = Some(first.parse().ok().filter(|_| first.len() <= 12)?);
        len = 1;
    } else if (first == "a" || first == "one") && matches!(word(words, 1), "hundred" | "thousand" | "grand" | "million")
    {
        current = Some(1);
        len = 1;
    } else if matches!(first, "hundred" | "thousand") {
        current = Some(1);
    } else if let Some((n, l)) = small(words) {
        current = Some(n);
        len = l;
        if word(words, len) == "dozen" {
            return Some((n * 12, len + 1));
        }
    }
    loop {
        match (word(words, len), current) {
            ("hundred", Some(n @ 1..=99)) => {
                len += 1;
                let skip = usize::from(word(words, len) == "and");
                match small(words.get(len + skip..).unwrap_or_default()) {
                    Some((rest, l)) => {
                        current = Some(n * 100 + rest);
                        len += skip + l;
                    }
                    None => current = Some(n * 100),
                }
            }
            (word, Some(n)) if n > 0 && scale(word).is_some() => {
                len += 1;
                total = n.checked_mul(scale(word)?).and_then(|n| n.checked_add(total))?;
                // "two grand and a half"
                if begin_with(&words[len..], "and a half") && scale(self::word(words, len + 3)).is_none() {
                    return total.checked_add(scale(word)? / 2).map(|total| (total, len + 3));
                }
                let skip = usize::from(self::word(words, len) == "and");
                current = below_thousand(words.get(len + skip..).unwrap_or_default()).map(|(rest, l)| {
                    len += skip + l;
                    rest
                });
            }
            _ => break,
        }
    }
    (len > 0).then(|| (total + current.unwrap_or(0), len))
}

/// A number that may follow "thousand": "five", "500".
fn below_thousand(words: &[String]) -> Option<(i64, usize)> {
    let first = word(words, 0);
    small(words).or_else(|| (all_digits(first) && first.len() == 3).then(|| first.parse().ok().map(|n| (n, 1)))?)
}

/// "a person", "an adult": one of what is counted.
pub(crate) fn article(words: &[String], unit: &[String]) -> Option<(i64, usize)> {
    let counted = || unit.iter().any(|u| starts(words.get(1..).unwrap_or_default(), &tokens(u, Language::En)));
    (matches!(word(words, 0), "a" | "an") && counted()).then_some((1, 1))
}

/// Sounds and signs between the digits of a string.
const BETWEEN: [&str; 8] = ["um", "uh", "er", "erm", "then", "dash", "hyphen", "space"];

/// A string of digits: "four oh two", "double five", "three zeros", "48 21", "one eight hundred".
pub fn digits(words: &[String]) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut len = 0;
    while len < words.len() {
        // What stands between digits belongs to them, and not what stands behind them.
        let gap = words[len..].iter().take_while(|w| BETWEEN.contains(&w.as_str())).count();
        let rest = words.get(len + if len > 0 { gap } else { 0 }..).unwrap_or_default();
        let Some((digits, used)) = next_digits(rest)? else { break };
        out.push_str(&digits);
        len = words.len() - rest.len() + used;
        if out.len() > 64 {
            return None;
        }
    }
    (len > 0).then_some((out, len))
}

/// The digits that the first words are; `Some(None)`: they are none; `None`: nobody can say which.
fn next_digits(words: &[String]) -> Option<Option<(String, usize)>> {
    let (first, second) = (word(words, 0), word(words, 1));
    // "three 5s"
    let mark = usize::from(word(words, 2) == "s");
    let count = match first {
        "double" => Some(2),
        "triple" | "treble" => Some(3),
        _ if plural(second).is_some() || mark > 0 => single(first).filter(|n| (2..=4).contains(n)).map(|n| n as usize),
        _ => None,
    };
    if let (Some(times), Some(digit)) = (count, single(second).or_else(|| plural(second))) {
        return Some(Some((digit.to_string().repeat(times), 2 + mark)));
    }
    if let Some(digit) = single(first) {
        return hundreds(words, digit);
    }
    if let Some((n, used)) = small(words).filter(|(n, _)| *n >= 10 && !all_digits(first)) {
        return Some(Some((n.to_string(), used)));
    }
    let figures = !first.is_empty() && first.split(['-', '.']).all(all_digits);
    Some(figures.then(|| (first.chars().filter(char::is_ascii_digit).collect(), 1)))
}

/// "eight hundred five five five": in a string of digits, 800 and what follows. Before fewer digits, or before another number, it
/// may as well be a number ("four hundred five"): then nobody can say which digits it means.
fn hundreds(words: &[String], digit: i64) -> Option<Option<(String, usize)>> {
    let zeros = match word(words, 1) {
        "hundred" => "00",
        "thousand" => "000",
        _ => return Some(Some((digit.to_string(), 1))),
    };
    let behind = words[2..].iter().take_while(|w| single(w).is_some() || all_digits(w));
    let count: usize = behind.map(|w| if all_digits(w) { w.len() } else { 1 }).sum();
    let alone = count == 0 && small(&words[2..]).is_none() && word(words, 2) != "and";
    (alone || count >= 3).then(|| Some((format!("{digit}{zeros}"), 2)))
}

fn single(word: &str) -> Option<i64> {
    match word {
        "oh" | "o" | "nought" | "naught" | "nil" => Some(0),
        w if w.len() == 1 && all_digits(w) => w.parse().ok(),
        w => one(w).filter(|n| *n < 10),
    }
}

/// "zeros", "fives".
fn plural(word: &str) -> Option<i64> {
    match word {
        "sixes" => Some(6),
        w => w.strip_suffix("es").and_then(single).or_else(|| w.strip_suffix('s').and_then(single)),
    }
}
