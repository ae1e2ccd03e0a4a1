//! A text as pieces that know where they stand in it: words, figures and signs.
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A word, a figure, or one sign.
pub(super) struct Piece {
    /// Its bytes in the text.
    pub range: Range<usize>,
    /// In small letters, composed.
    pub word: String,
    pub is_capital: bool,
    /// No space stands before it.
    pub is_joined: bool,
}

impl Piece {
    pub fn is_word(&self) -> bool {
        self.word.chars().all(|c| c.is_alphanumeric() || matches!(c, '\'' | '’'))
    }

    pub fn is_figures(&self) -> bool {
        !self.word.is_empty() && self.word.bytes().all(|b| b.is_ascii_digit())
    }

    pub fn is_sign(&self, signs: &str) -> bool {
        let mut chars = self.word.chars();
        chars.next().is_some_and(|c| signs.contains(c)) && chars.next().is_none()
    }
}

pub(super) fn cut(text: &str) -> Vec<Piece> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let is_letter = |at: usize| chars.get(at).is_some_and(|(_, c)| c.is_alphanumeric() || is_combining_mark(*c));
    let within = |at: usize| {
        is_letter(at)
            || (at > 0 && matches!(chars.get(at), Some((_, '\'' | '’'))) && is_letter(at - 1) && is_letter(at + 1))
    };
    let mut out = Vec::new();
    let (mut at, mut is_joined) = (0, false);
    while at < chars.len() {
        let begin = chars[at].0;
        if chars[at].1.is_whitespace() {
            (at, is_joined) = (at + 1, false);
            continue;
        }
        let mut to = at + 1;
        while is_letter(at) && within(to) {
            to += 1;
        }
        let end = chars.get(to).map_or(text.len(), |(at, _)| *at);
        let word = text[begin..end].nfc().flat_map(char::to_lowercase).collect();
        out.push(Piece { range: begin..end, word, is_capital: chars[at].1.is_uppercase(), is_joined });
        (at, is_joined) = (to, true);
    }
    out
}
