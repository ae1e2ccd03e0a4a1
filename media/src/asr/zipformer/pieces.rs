//! `Pieces`: how words are cut into the tokens that a model was trained with, so that expected phrases can be told to the search.
use super::tokens::{Tokens, WORD};
use crate::protobuf::{Fields, Value};
use std::collections::HashMap;

/// A byte-pair encoding (Sennrich, Haddow and Birch, 2016) as SentencePiece keeps it. Without one, a word is cut into the longest
/// tokens there are, from its beginning.
#[derive(Debug, Default)]
pub struct Pieces {
    /// Of each piece, how early it is joined: the higher, the earlier.
    scores: HashMap<String, f32>,
}

impl Pieces {
    /// Reads `bpe.vocab`, sherpa-onnx's form: a piece, a tab and its score on each line.
    ///
    /// # Errors
    /// Names the line that is wrong.
    pub fn of_vocabulary(text: &str) -> Result<Self, String> {
        let entry = |(number, line): (usize, &str)| {
            let wrong = || format!("line {} is no piece with its score", number + 1);
            let (piece, score) = line.split_once('\t').ok_or_else(wrong)?;
            Ok((piece.to_owned(), score.trim().parse().map_err(|_| wrong())?))
        };
        let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty());
        Ok(Self { scores: lines.map(entry).collect::<Result<_, String>>()? })
    }

    /// Reads `bpe.model`, SentencePiece's own form: a protocol buffer whose first field, repeated, is a piece with its score.
    ///
    /// # Errors
    /// Where it is none.
    pub fn of_model(bytes: &[u8]) -> Result<Self, String> {
        let mut scores = HashMap::new();
        let mut fields = Fields(bytes);
        while let Some((number, value)) = fields.next()? {
            let (1, Value::Bytes(piece)) = (number, value) else { continue };
            let (mut text, mut score, mut fields) = (None, 0.0, Fields(piece));
            while let Some((number, value)) = fields.next()? {
                match (number, value) {
                    (1, Value::Bytes(bytes)) => text = Some(String::from_utf8_lossy(bytes).into_owned()),
                    (2, Value::Four(bytes)) => score = f32::from_le_bytes(bytes),
                    _ => {}
                }
            }
            scores.insert(text.ok_or("a piece has no text")?, score);
        }
        if scores.is_empty() { Err("it has no pieces".into()) } else { Ok(Self { scores }) }
    }

    /// The tokens of a phrase; none where a letter of it has no token.
    pub fn cut(&self, tokens: &Tokens, phrase: &str) -> Option<Vec<i32>> {
        let words = tokens.spelled(phrase);
        let mut out = Vec::new();
        for word in words.split_whitespace() {
            let word = format!("{WORD}{word}");
            let pieces = if self.scores.is_empty() { longest(tokens, &word)? } else { self.merged(&word) };
            for piece in pieces {
                out.push(tokens.id(&piece).filter(|id| !tokens.is_blank(*id))?);
            }
        }
        Some(out).filter(|out| !out.is_empty())
    }

    /// Joins the two neighbours whose joint piece has the best score, until there are none.
    fn merged(&self, word: &str) -> Vec<String> {
        let mut pieces: Vec<String> = word.chars().map(String::from).collect();
        loop {
            let joint =
                |at: usize| self.scores.get(&format!("{}{}", pieces[at], pieces[at + 1])).map(|score| (at, *score));
            let joints = (0..pieces.len().saturating_sub(1)).filter_map(joint);
            // Of equal ones the first.
            let best = joints.reduce(|best, other| if other.1 > best.1 { other } else { best });
            let Some((at, _)) = best else { return pieces };
            let second = pieces.remove(at + 1);
            pieces[at].push_str(&second);
        }
    }
}

fn longest(tokens: &Tokens, word: &str) -> Option<Vec<String>> {
    let letters: Vec<char> = word.chars().collect();
    let (mut at, mut out) = (0, Vec::new());
    while at < letters.len() {
        let most = (letters.len() - at).min(tokens.longest());
        let piece = (1..=most).rev().map(|length| letters[at..at + length].iter().collect::<String>());
        let piece = piece.into_iter().find(|piece| tokens.id(piece).is_some())?;
        at += piece.chars().count();
        out.push(piece);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::super::tests::fixture;
    use super::*;

    fn tokens() -> Tokens {
        Tokens::parse(&std::fs::read_to_string(fixture("tokens.txt")).unwrap()).unwrap()
    }

    /// What SentencePiece itself gives, of the fixture's `pieces.txt`: a phrase, and its pieces.
    #[test]
    fn phrases_are_cut_as_sentencepiece_cuts_them() {
        let pieces = Pieces::of_model(&std::fs::read(fixture("bpe.model")).unwrap()).unwrap();
        let tokens = tokens();
        let (mut same, text) = (0, std::fs::read_to_string(fixture("pieces.txt")).unwrap());
        for line in text.lines() {
            let (phrase, cut) = line.split_once('|').unwrap();
            let expected: Vec<i32> = cut.split(' ').map(|id| id.parse().unwrap()).collect();
            assert_eq!(pieces.cut(&tokens, &phrase.to_lowercase()), Some(expected), "{phrase}");
            same += 1;
        }
        assert!(same >= 20, "{same}");
        let listed: String = pieces.scores.iter().map(|(piece, score)| format!("{piece}\t{score}\n")).collect();
        let listed = Pieces::of_vocabulary(&listed).unwrap();
        assert_eq!(listed.cut(&tokens, "mountain view"), pieces.cut(&tokens, "mountain view"));
    }

    #[test]
    fn without_a_bpe_words_are_cut_into_the_longest_tokens() {
        let tokens = tokens();
        let cut = Pieces::default().cut(&tokens, "book a room").unwrap();
        assert_eq!(tokens.words(&cut), "book a room");
        assert_eq!(cut, [tokens.id("▁BOOK"), tokens.id("▁A"), tokens.id("▁ROOM")].map(Option::unwrap));
        assert_eq!(Pieces::default().cut(&tokens, "zürich"), None, "a letter without a token");
        assert_eq!(Pieces::default().cut(&tokens, " "), None);
    }

    #[test]
    fn damaged_files_are_refused() {
        let whole = std::fs::read(fixture("bpe.model")).unwrap();
        assert!(Pieces::of_model(&whole[..whole.len() / 2]).is_err() || whole.len() < 4);
        assert!(Pieces::of_model(b"").is_err() && Pieces::of_model(&[0xff; 40]).is_err());
        assert!(Pieces::of_vocabulary("a\t0\nb").unwrap_err().contains("line 2"));
        assert!(Pieces::of_vocabulary("a\tx").unwrap_err().contains("line 1"));
        // Any bytes give a result.
        for seed in 0..200_u32 {
            let bytes: Vec<u8> = (0..64).map(|n| (seed.wrapping_mul(2_654_435_761) >> (n % 24)) as u8 ^ n).collect();
            let _ = Pieces::of_model(&bytes);
        }
    }
}
