//! `Clause`: one piece of what the bot says, as it is said and as it is read, and how much of it the caller has heard.
use crate::say::written::Written;
pub use crate::say::{Delivery, Phonemes};

/// The number of one clause the bot says; numbers rise through a conversation and are never used twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SayId(pub u64);

/// What has been heard is counted in characters of what is said, because that is what a voice reports.
#[derive(Clone, PartialEq, Eq)]
pub struct Clause {
    said: String,
    /// Its characters.
    chars: u32,
    /// As it is read, where that differs from what is said.
    written: Option<Written>,
    /// How it is spoken, besides its words.
    pub delivery: Delivery,
    /// Characters of `said` that have been heard.
    heard: u32,
    settled: bool,
}

/// Without the text, which may hold a caller's words.
impl std::fmt::Debug for Clause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clause({} of {} characters heard, settled: {})", self.heard, self.chars(), self.settled)
    }
}

impl Clause {
    pub fn new(said: String, written: Option<Written>) -> Self {
        let chars = said.chars().count() as u32;
        Self { said, chars, written, delivery: Delivery::default(), heard: 0, settled: false }
    }

    /// As a voice says it: figures in words, words as they are spelled for the voice.
    pub fn said(&self) -> &str {
        &self.said
    }

    /// As people read it.
    pub fn written(&self) -> &str {
        self.written.as_ref().map_or(&self.said, |written| &written.text)
    }

    /// Characters of what is said.
    pub fn chars(&self) -> u32 {
        self.chars
    }

    /// So many characters have been heard, at least.
    pub fn hear(&mut self, chars: u32) {
        self.heard = chars.min(self.chars()).max(self.heard);
    }

    /// Nothing more of it will be heard.
    pub fn settle(&mut self) {
        self.settled = true;
    }

    pub fn is_settled(&self) -> bool {
        self.settled
    }

    /// Nothing more of it will be heard, and not all of it was.
    pub fn is_cut(&self) -> bool {
        self.settled && self.heard < self.chars()
    }

    pub fn chars_heard(&self) -> u32 {
        self.heard
    }

    /// Characters heard of what people read.
    pub fn written_chars_heard(&self) -> u32 {
        self.written.as_ref().map_or(self.heard, |written| written.heard(self.heard))
    }

    /// What was heard of it as people read it, to the last whole word.
    pub fn heard(&self) -> &str {
        whole_words(self.written(), self.written_chars_heard() as usize)
    }
}

/// The first `chars` characters of a text, back to the last whole word.
fn whole_words(text: &str, chars: usize) -> &str {
    let Some((end, _)) = text.char_indices().nth(chars) else { return text };
    let boundary = text[end..].starts_with(char::is_whitespace) || end == 0;
    let upto = if boundary { end } else { text[..end].rfind(char::is_whitespace).unwrap_or(0) };
    text[..upto].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn a_cut_text_ends_with_the_last_whole_word() {
        assert_eq!(whole_words("one two three", 9), "one two");
        assert_eq!(whole_words("one two three", 7), "one two");
        assert_eq!(whole_words("một hai ba", 99), "một hai ba");
        assert_eq!(whole_words("dạ vâng ạ", 4), "dạ");
        assert_eq!(whole_words("one", 0), "");
    }

    #[test]
    fn what_was_heard_grows_up_to_the_whole() {
        let mut clause = Clause::new("How are you?".into(), None);
        clause.hear(4);
        clause.hear(2);
        assert_eq!((clause.chars_heard(), clause.heard(), clause.is_cut()), (4, "How", false));
        clause.settle();
        assert!(clause.is_cut());
        clause.hear(99);
        assert_eq!((clause.chars_heard(), clause.heard(), clause.is_cut()), (12, "How are you?", false));
    }

    #[test]
    fn what_was_heard_is_told_as_it_is_read() {
        let spellings = [("ka ra ô kê".to_owned(), "karaoke".to_owned())];
        let said = "Quý khách tìm quán ka ra ô kê, đúng không?";
        let mut clause = Clause::new(said.into(), Written::of(said, &spellings, Language::Vi));
        assert_eq!((clause.said(), clause.written()), (said, "Quý khách tìm quán karaoke, đúng không?"));
        let heard = [18, 24, 30, 35, 42].map(|chars| {
            clause.hear(chars);
            clause.heard().to_owned()
        });
        let read = ["", "", " karaoke,", " karaoke, đúng", " karaoke, đúng không?"];
        assert_eq!(heard, read.map(|rest| format!("Quý khách tìm quán{rest}")));
    }
}
