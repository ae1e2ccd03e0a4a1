//! `Speech`: the clauses of an answer while it is being written. The first one leaves early, so that it sounds soon; a clause ends
//! where a speaker breathes, and never within an abbreviation or a number.
use super::claims::may_become_claim;
use super::readable::readable;
use crate::language::Language;
use crate::say;
use crate::turn::unfinished::{begins_phrase, is_unfinished};
use crate::value::words::tokens;

/// The first clause has so many characters at least, each further one so many.
const FIRST_MIN_CHARS: usize = 20;
const MIN_CHARS: usize = 30;
/// A sentence without end is cut at a breath.
const MAX_CHARS: usize = 240;
/// What is said before a clause is complete has so many words and characters at least.
const EARLY_MIN_WORDS: usize = 4;
const EARLY_MIN_CHARS: usize = 12;
/// No phrase that something has to follow has more words.
const ENDING_WORDS: usize = 8;
/// No abbreviation with its dot is longer.
const ABBREVIATION_MOST_CHARS: usize = 8;

pub(super) struct Speech {
    language: Language,
    /// What has come, and how much of it is read.
    raw: String,
    read: usize,
    /// Words that no clause was made of yet.
    words: String,
    begun: bool,
}

impl Speech {
    pub fn new(language: Language) -> Speech {
        Speech { language, raw: String::new(), read: 0, words: String::new(), begun: false }
    }

    /// Takes more of the answer; the clauses that are complete with it.
    pub fn push(&mut self, more: &str) -> Vec<String> {
        self.raw.push_str(more);
        self.clauses(false)
    }

    /// Nothing more comes: what is left.
    pub fn finish(&mut self) -> Vec<String> {
        self.clauses(true)
    }

    /// Words to say although their clause is not complete, where more than the voice needs at a time would else be waited for: whole words
    /// that something follows, up to where a new phrase begins if there is such a place. `None`: there are too few, or none by which
    /// a speaker could pause.
    pub fn take_early(&mut self) -> Option<String> {
        let end = self.early_end()?;
        let clause: String = self.words.drain(..end).collect();
        self.begun = true;
        Some(clause.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    pub fn has_early(&self) -> bool {
        self.early_end().is_some()
    }

    /// From the end on: the last place before a phrase or behind a comma, else the last place of all.
    fn early_end(&self) -> Option<usize> {
        let mut any = None;
        for (end, _) in self.words.rmatch_indices(char::is_whitespace) {
            let (before, behind) = self.words.split_at(end);
            if before.trim().chars().count() < EARLY_MIN_CHARS {
                break;
            }
            // "Yes, of course,"
            if before.ends_with([',', ';', ':']) {
                return Some(end);
            }
            let next = behind.split_whitespace().next().unwrap_or_default().to_lowercase();
            let before_phrase = begins_phrase(&next, self.language);
            if (before_phrase || any.is_none()) && self.may_pause_behind(before) {
                if before_phrase {
                    return Some(end);
                }
                any = Some(end);
            }
        }
        any
    }

    /// Whether these are enough words, and none that something has to follow.
    fn may_pause_behind(&self, before: &str) -> bool {
        let is_word = |word: &&str| word.chars().all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-'));
        let words: Vec<&str> = before.split_whitespace().collect();
        if words.len() < EARLY_MIN_WORDS || !words.last().is_some_and(is_word) {
            return false;
        }
        let ending = tokens(&words[words.len().saturating_sub(ENDING_WORDS)..].join(" "), self.language);
        !is_unfinished(&ending, self.language) && !may_become_claim(&ending, self.language)
    }

    fn clauses(&mut self, ended: bool) -> Vec<String> {
        let (words, read) = readable(&self.raw, self.read, ended);
        self.words.push_str(&words);
        self.read = read;
        let mut out = Vec::new();
        while let Some(end) = self.boundary(ended) {
            let clause: String = self.words.drain(..end).collect();
            let clause = clause.split_whitespace().collect::<Vec<_>>().join(" ");
            if clause.chars().any(char::is_alphanumeric) {
                self.begun = true;
                out.push(clause);
            }
        }
        out
    }

    /// Where the first clause of what is left ends; `None`: only what is to come can tell.
    fn boundary(&self, ended: bool) -> Option<usize> {
        let text = &self.words;
        let mut length = 0;
        for (at, c) in text.char_indices() {
            let behind = &text[at + c.len_utf8()..];
            if length == 0 && c.is_whitespace() {
                continue;
            }
            length += 1;
            if c == '\n' {
                return Some(at + 1);
            }
            let Some(next) = behind.chars().next() else { break };
            let ends_word = next.is_whitespace();
            let sentence = matches!(c, '.' | '!' | '?' | '…') && ends_word;
            let breath = matches!(c, ',' | ';' | ':') && ends_word;
            let is_due = match self.begun {
                false => length >= FIRST_MIN_CHARS && (sentence || breath),
                true => length >= MIN_CHARS && sentence,
            };
            let is_long = length >= MAX_CHARS && (sentence || breath || c.is_whitespace());
            if !is_due && !is_long {
                continue;
            }
            let end = at + c.len_utf8();
            if c != '.' {
                return Some(end);
            }
            match self.ends_sentence(end, ended) {
                Some(true) => return Some(end),
                Some(false) => {}
                None => return None,
            }
        }
        (ended && !text.is_empty()).then_some(text.len())
    }

    /// Whether the dot before this byte ends a sentence, and is not that of an abbreviation: the reader of figures and abbreviations
    /// knows, from the word before it and the whole one behind it. `None`: that has not come yet.
    fn ends_sentence(&self, end: usize, ended: bool) -> Option<bool> {
        let (before, behind) = self.words.split_at(end);
        let mut words = before.rsplit(char::is_whitespace);
        let word = words.next().unwrap_or_default();
        if word.chars().count() > ABBREVIATION_MOST_CHARS {
            return Some(true);
        }
        // The initial of a name.
        let mut letters = word.trim_start_matches(['(', '"', '“']).chars();
        if letters.next().is_some_and(char::is_uppercase) && letters.as_str() == "." && self.language == Language::En {
            return Some(word.starts_with('I'));
        }
        let previous = words.next().filter(|word| word.ends_with(char::is_alphanumeric)).unwrap_or_default();
        let is_mark = |next: &str| say::normal(&format!("{previous} {word} {next}"), self.language).contains('.');
        // Whatever follows.
        if ["Abc", "abc", "5"].into_iter().all(is_mark) {
            return Some(true);
        }
        let next = behind.trim_start();
        let whole = next.find(char::is_whitespace).map(|end| &next[..end]);
        let next = whole.or(ended.then_some(next))?.trim_end_matches(|c: char| !c.is_alphanumeric());
        if next.is_empty() {
            return Some(true);
        }
        Some(is_mark(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn streamed(text: &str, language: Language, step: usize) -> Vec<String> {
        let mut speech = Speech::new(language);
        let chars: Vec<char> = text.chars().collect();
        let mut out = Vec::new();
        for piece in chars.chunks(step) {
            out.extend(speech.push(&piece.iter().collect::<String>()));
        }
        out.extend(speech.finish());
        out
    }

    #[test]
    fn clauses_are_the_same_however_the_text_arrives() {
        let cases: [(Language, &str, &[&str]); 8] = [
            (
                Language::En,
                "Good morning, Dr. Smith, how are you today? The room is free at 3.5 hours from now. It costs $1,200.50 a day.",
                &[
                    "Good morning, Dr. Smith,",
                    "how are you today? The room is free at 3.5 hours from now.",
                    "It costs $1,200.50 a day.",
                ],
            ),
            (
                Language::En,
                "You can see Mr. J. Brown on Main St. near No. 5 at 4 p.m. on Friday. Shall I book it for you now?",
                &[
                    "You can see Mr. J. Brown on Main St. near No. 5 at 4 p.m. on Friday.",
                    "Shall I book it for you now?",
                ],
            ),
            (
                Language::En,
                "We close each day at 5 p.m. Then we open at nine.",
                &["We close each day at 5 p.m.", "Then we open at nine."],
            ),
            (Language::En, "Sure. It is free.", &["Sure. It is free."]),
            (
                Language::Vi,
                "Dạ, phòng khám của BS. Lan ở TP. Hồ Chí Minh, Q. 1 ạ. Giá là 1.200.000đ một lần khám. Anh chị muốn đặt lịch lúc 14g30 không ạ?",
                &[
                    "Dạ, phòng khám của BS. Lan ở TP. Hồ Chí Minh,",
                    "Q. 1 ạ. Giá là 1.200.000đ một lần khám.",
                    "Anh chị muốn đặt lịch lúc 14g30 không ạ?",
                ],
            ),
            (Language::En, "**Rooms**\n- Boston\n- Hanoi", &["Rooms", "Boston", "Hanoi"]),
            (Language::En, "```\nlet x = 1;\n```", &[]),
            (Language::En, "", &[]),
        ];
        for (language, text, clauses) in cases {
            for step in [1, 2, 3, 7, 1_000] {
                assert_eq!(streamed(text, language, step), clauses, "by {step}: {text}");
            }
        }
    }

    #[test]
    fn whole_words_can_leave_before_their_clause_is_complete() {
        let cases = [
            (Language::En, "We have noodle soup and rice with gri", Some("We have noodle soup and rice")),
            (Language::En, "We have noodle so", None),
            (Language::En, "We have noodle soup f", Some("We have noodle soup")),
            (Language::En, "Yes, of course, we are op", Some("Yes, of course,")),
            (Language::En, "It costs $5 a pl", None),
            (Language::En, "Then we can see you at 5 p.m. on Fr", Some("Then we can see you")),
            (Language::En, "There is a table for tw", Some("There is a table")),
            // What is to come may make a claim of it.
            (Language::En, "Your table is now bo", None),
            (Language::En, "Okay I've just bo", None),
            (Language::Vi, "Dạ bên em có phở bò và bún ch", Some("Dạ bên em có phở bò")),
            (Language::Vi, "Dạ em đã đ", None),
            (Language::Vi, "Dạ vâng ạ", None),
        ];
        for (language, text, early) in cases {
            let mut speech = Speech::new(language);
            assert!(speech.push(text).is_empty(), "{text}");
            assert_eq!(speech.take_early().as_deref(), early, "{text}");
            let rest = early.map_or(text.trim(), |early| text[early.len()..].trim());
            assert_eq!(speech.finish().join(" "), rest);
        }
    }

    #[test]
    fn the_first_clause_leaves_while_the_rest_is_written() {
        let mut speech = Speech::new(Language::En);
        assert!(speech.push("Of course, I can help you with that.").is_empty(), "the sentence may go on");
        assert_eq!(speech.push(" What"), ["Of course, I can help you with that."]);
        assert_eq!(speech.finish(), ["What"]);
    }
}
