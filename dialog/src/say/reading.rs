//! `Reading`: how one or several words of a text are said. The readers of a language are asked at each word in their order; the first
//! that knows what stands there says how it is said, and how many words that takes.
use super::word::{Word, words};
use crate::value::en::{DAYS, MONTHS};
use std::ops::Range;

/// A word of a text with those around it.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    words: &'a [Word<'a>],
    at: usize,
}

pub(super) struct Reading {
    /// How many words it takes.
    pub words: usize,
    pub said: String,
    pub mark: Mark,
    /// What people read there, where that is not what stands in the text.
    pub written: Option<String>,
    /// A pause behind what was said so far, by its mark, which nobody reads.
    pub pause: Option<char>,
    /// How it sounds, where that is told.
    pub ipa: Option<String>,
}

/// What the first mark behind the last word of a reading is. All but the first of these speak of a dot.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// A sign that is read with the word: "5'".
    Sign,
    /// The end of a sentence, or any other mark.
    Sentence,
    /// A part of the abbreviation: "Dr."
    Abbreviation,
    /// A part of the abbreviation, and the end of a sentence where one begins behind it: "5 p.m."
    Both,
}

impl Reading {
    pub fn new(words: usize, said: impl Into<String>) -> Self {
        Self::abbreviation(words, said, Mark::Sentence)
    }

    pub fn abbreviation(words: usize, said: impl Into<String>, mark: Mark) -> Self {
        Self { words, said: said.into(), mark, written: None, pause: None, ipa: None }
    }
}

pub(super) type Reader = fn(Place<'_>) -> Option<Reading>;

/// A part of a word that holds a dash, or a whole word: "9am-5pm" is "9am", "-", "5pm", like "9am - 5pm".
pub(super) struct Piece<'a> {
    pub text: &'a str,
    /// How many words have ended with it, where one ends.
    pub words: Option<usize>,
}

pub(super) const DASHES: [char; 4] = ['-', '–', '—', '−'];

/// What stands alone and only sets words apart.
pub(super) fn is_separator(text: &str) -> bool {
    matches!(text, "-" | "–" | "—" | "|" | "•" | "·" | "/")
}

/// Whether a text begins with a figure.
pub(super) fn is_figure(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

pub(super) fn is_dash(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| DASHES.contains(&c)) && chars.next().is_none()
}

impl<'a> Place<'a> {
    /// Whether one of the two words before begins with a figure: "4 x", "4 m x".
    pub fn is_behind_figure(self) -> bool {
        [1, 2].iter().any(|back| self.back(*back).is_some_and(|word| is_figure(word.core)))
    }

    pub fn word(self) -> &'a Word<'a> {
        &self.words[self.at]
    }

    pub fn core(self) -> &'a str {
        self.word().core
    }

    pub fn lower(self) -> &'a str {
        &self.word().lower
    }

    /// The word so many words ahead, where no mark stands between but the dots of abbreviations.
    pub fn next(self, ahead: usize) -> Option<&'a Word<'a>> {
        let words = self.words.get(self.at..=self.at + ahead)?;
        let open = words[..ahead].iter().all(Word::is_open) && words[1..].iter().all(|word| word.before.is_empty());
        open.then(|| &words[ahead])
    }

    /// The core of the next word, where no mark at all stands between.
    pub fn following(self) -> Option<&'a str> {
        self.next(1).filter(|_| self.word().after.is_empty()).map(|word| word.core)
    }

    pub fn ahead(self, words: usize) -> Option<Place<'a>> {
        (self.at + words < self.words.len()).then_some(Place { words: self.words, at: self.at + words })
    }

    /// The word so many words back in the same sentence.
    pub fn back(self, words: usize) -> Option<&'a Word<'a>> {
        let from = self.at.checked_sub(words)?;
        let within = &self.words[from..self.at];
        let ends = |word: &Word<'_>| {
            word.after.contains(['!', '?', ';', '…'])
                || (word.after.contains('.') && word.core.chars().count() > 4 && word.lower != "thurs")
        };
        (!within.iter().any(ends)).then(|| &self.words[from])
    }

    /// The word before in lower case, or nothing where a sentence begins.
    pub fn before(self) -> &'a str {
        self.back(1).map_or("", |word| &word.lower)
    }

    /// The word before, where no mark stands between.
    pub fn joined_before(self) -> Option<&'a Word<'a>> {
        self.back(1).filter(|word| word.after.is_empty() && self.word().before.is_empty())
    }

    /// Whether a quotation that began before goes on here.
    pub fn is_quoted(self) -> bool {
        let marks = |word: &Word<'_>| [word.before, word.core, word.after].concat().matches('"').count();
        let earlier: usize = self.words[..self.at].iter().map(marks).sum();
        earlier % 2 == 1 || self.word().before.contains('"')
    }

    /// The words from here on, cut at dashes.
    pub fn pieces(self, limit: usize) -> Vec<Piece<'a>> {
        let mut out = Vec::new();
        for ahead in 0..limit {
            let Some(word) = self.next(ahead) else { break };
            let core = word.core;
            let mut from = 0;
            for (at, c) in core.char_indices().filter(|(at, c)| *at > 0 && DASHES.contains(c)) {
                out.push(Piece { text: &core[from..at], words: None });
                from = at + c.len_utf8();
                out.push(Piece { text: &core[at..from], words: (from == core.len()).then_some(ahead + 1) });
            }
            if from < core.len() {
                out.push(Piece { text: &core[from..], words: Some(ahead + 1) });
            }
        }
        out
    }
}

/// A text as it is said, with the places where that differs from what is written.
pub(super) struct Read {
    pub said: String,
    pub changes: Vec<Change>,
    /// From which byte of what is said on how fast it is.
    pub speeds: Vec<(usize, u16)>,
    /// Bytes of what is said, and how they sound.
    pub sounds: Vec<(Range<usize>, String)>,
}

/// A part of what is said, in bytes, and how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub said: Range<usize>,
    pub written: String,
}

/// Marks that make no sound and no pause.
const SILENT: [char; 9] = ['(', ')', '"', '“', '”', '[', ']', '«', '»'];

/// Marks that make a pause.
const MARKS: [char; 7] = ['.', ',', '!', '?', ';', ':', '…'];

/// Reads a text: `first` is asked before the readers; `speeds`: from which byte of the text on how fast it is said.
pub(super) fn read(
    text: &str,
    speeds: &[(usize, u16)],
    first: &dyn Fn(Place<'_>) -> Option<Reading>,
    readers: &[Reader],
) -> Read {
    let all = words(text);
    let mut out = Read { said: String::new(), changes: Vec::new(), speeds: Vec::new(), sounds: Vec::new() };
    let mut speeds = speeds.iter().peekable();
    let mut at = 0;
    while at < all.len() {
        while let Some((_, speed)) = speeds.next_if(|(from, _)| *from <= all[at].place.start) {
            out.speeds.push((out.said.len(), *speed));
        }
        let place = Place { words: &all, at };
        match first(place).or_else(|| readers.iter().find_map(|reader| reader(place))) {
            Some(Reading { pause: Some(mark), .. }) => {
                out.pause(mark);
                at += 1;
            }
            Some(reading) => {
                let count = reading.words.clamp(1, all.len() - at);
                let (first, last) = (&all[at], &all[at + count - 1]);
                let after = after(&reading, last.after, all.get(at + count));
                // A quote before it may be a part of it ("'70s").
                let before = first.before.trim_start_matches(['\'', '‘']);
                let written = match &reading.written {
                    Some(written) => format!("{}{written}{}", first.before, last.after),
                    None => text[first.place.start..last.place.end].to_owned(),
                };
                let place = out.put(before, &reading.said, after, &written);
                if let (Some(place), Some(ipa)) = (place, reading.ipa) {
                    out.sounds.push((place, ipa));
                }
                at += count;
            }
            None => {
                let word = &all[at];
                out.put(word.before, word.core, word.after, &text[word.place.clone()]);
                at += 1;
            }
        }
    }
    out
}

/// Whether a word in capitals goes on with a sentence: "5 p.m. ET", "8 a.m. Monday".
fn goes_on(word: &Word<'_>) -> bool {
    let zone = (2..=4).contains(&word.core.len()) && word.core.chars().all(|c| c.is_ascii_uppercase());
    zone || DAYS.contains(&word.lower.as_str()) || MONTHS.contains(&word.lower.as_str())
}

/// The marks behind a reading without the dot that is a part of its abbreviation.
fn after<'a>(reading: &Reading, marks: &'a str, next: Option<&Word<'_>>) -> &'a str {
    if reading.mark == Mark::Sign {
        return marks.strip_prefix(|_| true).unwrap_or(marks);
    }
    let Some(rest) = marks.strip_prefix('.').filter(|_| reading.mark != Mark::Sentence) else { return marks };
    let begins = next.is_none_or(|word| word.is_capital() && reading.mark == Mark::Both && !goes_on(word));
    if rest.is_empty() && begins { marks } else { rest }
}

impl Read {
    /// The changes within a part of what is said, in bytes from its start.
    pub fn within(&self, place: Range<usize>) -> Vec<Change> {
        let inside = |change: &&Change| place.start <= change.said.start && change.said.end <= place.end;
        let moved = |change: &Change| Change {
            said: change.said.start - place.start..change.said.end - place.start,
            written: change.written.clone(),
        };
        self.changes.iter().filter(inside).map(moved).collect()
    }

    /// Adds words with the marks around them, and tells where the words stand; `written`: all of it as it stands in the text.
    fn put(&mut self, before: &str, said: &str, after: &str, written: &str) -> Option<Range<usize>> {
        let said = said.trim();
        let marks: String = after.chars().filter(|c| !SILENT.contains(c)).collect();
        if said.is_empty() {
            if let (Some(mark), false) = (marks.chars().next(), self.said.is_empty())
                && !self.said.ends_with(MARKS)
            {
                self.said.push(mark);
            }
            return None;
        }
        if !self.said.is_empty() {
            self.said.push(' ');
        }
        let from = self.said.len();
        self.said.extend(before.chars().filter(|c| !SILENT.contains(c)));
        let words = self.said.len();
        self.said.push_str(said);
        let place = words..self.said.len();
        self.said.push_str(&marks);
        if self.said[from..] != *written {
            self.changes.push(Change { said: from..self.said.len(), written: written.to_owned() });
        }
        Some(place)
    }

    /// Makes the pause behind what was said so far as long as that of `mark`.
    fn pause(&mut self, mark: char) {
        let rank = |mark: char| match mark {
            ',' => 1,
            ';' | ':' => 2,
            '.' | '!' | '?' => 3,
            _ => 4,
        };
        let Some(last) = self.said.chars().last() else { return };
        let known = MARKS.contains(&last);
        if known && rank(last) >= rank(mark) {
            return;
        }
        let end = self.said.len();
        if known {
            self.said.pop();
        }
        let from = self.said.len();
        self.said.push(mark);
        match self.changes.last_mut().filter(|change| known && change.said.end == end) {
            Some(change) => change.said.end = self.said.len(),
            None => {
                let written = if known { last.to_string() } else { String::new() };
                self.changes.push(Change { said: from..self.said.len(), written });
            }
        }
    }
}
