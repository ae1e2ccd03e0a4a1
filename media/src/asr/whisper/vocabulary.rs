//! Whisper's tokens: pieces of text, and how a text is cut into them (byte pair encoding, Sennrich et al., 2016).
use std::collections::{HashMap, HashSet};

pub(super) type Token = whisper_rs::WhisperTokenId;

/// The tokens of text. A lower number was merged earlier.
pub(super) struct Vocabulary {
    tokens: HashMap<Vec<u8>, Token>,
    bytes: Vec<Vec<u8>>,
    /// The end of a text, then the marks that may stand before it.
    ends: Vec<Token>,
    /// The tokens that a free text is written with.
    written: Vec<Token>,
}

/// What a text of words has none of, by itself or behind a space (`non_speech_tokens` of whisper.cpp).
const NO_SPEECH: &str = "\" # ( ) * + / : ; < = > @ [ \\ ] ^ _ ` { | } ~ 「 」 『 』 << >> <<< >>> -- --- -( -[ (' (\" (( )) ((( ))) [[ ]] {{ }} \
                         ♪♪ ♪♪♪ ♩ ♪ ♫ ♬ ♭ ♮ ♯";

impl Vocabulary {
    /// `bytes`: of each token of text, in their order; `end`: the token that ends a text.
    pub fn new(bytes: Vec<Vec<u8>>, end: Token) -> Self {
        let all = bytes.iter().enumerate().rev().filter(|(_, bytes)| !bytes.is_empty());
        let tokens: HashMap<Vec<u8>, Token> = all.map(|(id, bytes)| (bytes.clone(), id as Token)).collect();
        let marks = [".", ",", "!", "?", "..."].iter().filter_map(|mark| tokens.get(mark.as_bytes()).copied());
        let ends = std::iter::once(end).chain(marks).collect();
        let signs = NO_SPEECH.split_whitespace().flat_map(|sign| [sign.to_owned(), format!(" {sign}")]);
        let begins_with_mark = [" -", " '"].map(str::to_owned);
        let unwritten: HashSet<Token> =
            signs.chain(begins_with_mark).filter_map(|sign| tokens.get(sign.as_bytes()).copied()).collect();
        let written = (0..bytes.len() as Token).filter(|token| !unwritten.contains(token)).collect();
        Self { tokens, bytes, ends, written }
    }

    pub fn of(context: &whisper_rs::WhisperContext) -> Self {
        let bytes = |id| context.token_to_bytes(id).unwrap_or_default().to_vec();
        Self::new((0..context.token_eot()).map(bytes).collect(), context.token_eot())
    }

    pub fn token(&self, bytes: &[u8]) -> Option<Token> {
        self.tokens.get(bytes).copied()
    }

    /// The tokens of text.
    pub fn all(&self) -> impl Iterator<Item = Token> + use<> {
        0..self.bytes.len() as Token
    }

    /// The tokens that a free text is written with.
    pub fn written(&self) -> &[Token] {
        &self.written
    }

    /// The text of a token; empty where it stands for none.
    pub fn bytes(&self, token: Token) -> &[u8] {
        self.bytes.get(token as usize).map_or(&[], Vec::as_slice)
    }

    /// Whether a token's text begins with a small letter.
    pub fn begins_small(&self, token: Token) -> bool {
        String::from_utf8_lossy(self.bytes(token)).trim_start().starts_with(char::is_lowercase)
    }

    /// The tokens that end a text. Behind figures a full stop or a comma may go on with decimals: there it is the end alone.
    pub fn ends(&self, behind_figures: bool) -> &[Token] {
        if behind_figures { &self.ends[..1] } else { &self.ends }
    }

    /// Where the tokens of a text end, in bytes.
    pub fn cuts(&self, text: &str) -> Vec<usize> {
        let (mut cuts, mut at) = (Vec::new(), 0);
        for unit in units(text) {
            for piece in self.merge(unit) {
                at += piece.len();
                cuts.push(at);
            }
        }
        cuts
    }

    /// Joins the pair that was merged earliest until none is left.
    fn merge(&self, unit: &str) -> Vec<Vec<u8>> {
        let mut pieces: Vec<Vec<u8>> = unit.bytes().map(|byte| vec![byte]).collect();
        loop {
            let pairs = pieces.windows(2).enumerate();
            let known = pairs.filter_map(|(at, pair)| self.token(&pair.concat()).map(|token| (token, at)));
            let Some((_, at)) = known.min() else { return pieces };
            let second = pieces.remove(at + 1);
            pieces[at].extend(second);
        }
    }
}

/// The units of a text that are cut each by itself: words, figures and marks, with one space before them.
fn units(text: &str) -> Vec<&str> {
    let class = |letter: char| match letter {
        letter if letter.is_alphabetic() => 0,
        letter if letter.is_numeric() => 1,
        _ => 2,
    };
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let space = usize::from(first == ' ' && rest.len() > 1);
        let Some(kind) = rest[space..].chars().next() else { break };
        let length = if kind == '\'' && space == 0 && rest.len() > 1 {
            // "'s" and "'clock" begin a unit.
            1 + rest[1..].find(|letter| class(letter) != 0).unwrap_or(rest.len() - 1)
        } else {
            let same = |letter: char| letter != ' ' && letter != '\'' && class(letter) == class(kind);
            space + rest[space..].find(|letter| !same(letter)).unwrap_or(rest.len() - space)
        };
        let (unit, tail) = rest.split_at(length.max(first.len_utf8()));
        out.push(unit);
        rest = tail;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_into_words_figures_and_marks() {
        for (text, parts) in [
            (" Two thirty", vec![" Two", " thirty"]),
            (", please", vec![",", " please"]),
            (" 2:30pm", vec![" 2", ":", "30", "pm"]),
            (" o'clock", vec![" o", "'clock"]),
            ("p.m", vec!["p", ".", "m"]),
            (" khách", vec![" khách"]),
            (" ", vec![" "]),
        ] {
            assert_eq!(units(text), parts, "{text}");
        }
    }

    #[test]
    fn pieces_that_were_merged_first_are_joined_first() {
        let bytes = (0..=255u8).map(|byte| vec![byte]);
        let pieces = ["om", "oo", " r", " ro", "ro", " room"].map(|piece| piece.as_bytes().to_vec());
        let vocabulary = Vocabulary::new(bytes.chain(pieces).collect(), 999);
        assert_eq!(vocabulary.cuts(" room"), [5]);
        // "om" was merged before "oo".
        assert_eq!(vocabulary.cuts(" oom"), [1, 2, 4]);
        assert_eq!(vocabulary.cuts(" ro"), [3]);
        assert_eq!(vocabulary.token(b" room"), Some(261));
    }
}
