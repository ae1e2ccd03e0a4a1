//! `tokens.txt`: what a zipformer model writes, one token and its number on a line, as icefall makes it.
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;

/// SentencePiece's mark of the beginning of a word.
pub const WORD: char = '\u{2581}';

#[derive(Debug)]
pub struct Tokens {
    texts: Vec<String>,
    ids: HashMap<String, i32>,
    /// A token that is treated as a blank, where there is one.
    unknown: Option<i32>,
    writes_capitals: bool,
}

impl Tokens {
    /// # Errors
    /// Says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut ids = HashMap::new();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let wrong = || format!("line {} is no token with its number", number + 1);
            let (token, id) = line.trim_end().rsplit_once([' ', '\t']).ok_or_else(wrong)?;
            let id: i32 = id.parse().ok().filter(|id| (0..1_000_000).contains(id)).ok_or_else(wrong)?;
            if ids.insert(token.trim_end().to_owned(), id).is_some() {
                return Err(format!("line {}: the token stands there twice", number + 1));
            }
        }
        let mut texts = vec![String::new(); ids.values().max().map_or(0, |most| *most as usize + 1)];
        for (token, id) in &ids {
            texts[*id as usize].clone_from(token);
        }
        if ids.is_empty() || texts.iter().any(String::is_empty) {
            return Err("the numbers are not 0, 1, 2 and so on".into());
        }
        let pieces = || texts.iter().filter(|text| is_written(text)).flat_map(|text| text.chars());
        let writes_capitals = pieces().any(char::is_uppercase) && !pieces().any(char::is_lowercase);
        Ok(Self { unknown: ids.get("<unk>").copied(), ids, writes_capitals, texts })
    }

    pub fn len(&self) -> usize {
        self.texts.len()
    }

    pub fn id(&self, token: &str) -> Option<i32> {
        self.ids.get(token).copied()
    }

    /// Whether a token is none that is written: the blank, 0, or the unknown one.
    pub fn is_blank(&self, id: i32) -> bool {
        id == 0 || Some(id) == self.unknown
    }

    /// The length of the longest token, in characters.
    pub fn longest(&self) -> usize {
        self.texts.iter().map(|text| text.chars().count()).max().unwrap_or_default()
    }

    /// Words as the model writes them.
    pub fn spelled(&self, words: &str) -> String {
        if self.writes_capitals { words.to_uppercase() } else { words.to_lowercase() }
    }

    /// The words of tokens: lower case, NFC.
    pub fn words(&self, ids: &[i32]) -> String {
        let mut bytes = Vec::new();
        for text in ids.iter().filter_map(|id| self.texts.get(usize::try_from(*id).ok()?)) {
            match byte(text) {
                Some(byte) => bytes.push(byte),
                None if is_written(text) => bytes.extend_from_slice(text.replace(WORD, " ").as_bytes()),
                None => {}
            }
        }
        let text: String = String::from_utf8_lossy(&bytes).to_lowercase().nfc().collect();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Not one of the marks between angle brackets: blank, end of a sentence, unknown.
fn is_written(text: &str) -> bool {
    text.len() < 3 || !(text.starts_with('<') && text.ends_with('>'))
}

/// A byte of UTF-8 where a token stands for one (`<0xE1>`).
fn byte(token: &str) -> Option<u8> {
    u8::from_str_radix(token.strip_prefix("<0x")?.strip_suffix('>')?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "<blk> 0\n<sos/eos> 1\n<unk> 2\n▁BOOK 3\n▁ 4\nA 5\nING 6\n<0xE1> 7\n<0xBA> 8\n<0xA1> 9\n' 10\n";

    #[test]
    fn tokens_are_written_as_words_in_small_letters() {
        let tokens = Tokens::parse(TEXT).unwrap();
        assert_eq!(tokens.words(&[3, 4, 5, 3, 6]), "book a booking");
        assert_eq!(tokens.words(&[1, 3, 10, 5, 2, 0, 99, -1]), "book'a");
        assert_eq!(tokens.words(&[4, 7, 8, 9]), "ạ", "letters outside of the vocabulary come byte by byte");
        assert_eq!((tokens.id("▁BOOK"), tokens.id("BOOK"), tokens.len(), tokens.longest()), (Some(3), None, 11, 9));
        assert!(tokens.is_blank(0) && tokens.is_blank(2) && !tokens.is_blank(3));
        assert_eq!(tokens.spelled("đặt phòng"), "ĐẶT PHÒNG");
        assert_eq!(Tokens::parse("<blk> 0\n▁a 1\n").unwrap().spelled("Đặt"), "đặt");
    }

    #[test]
    fn a_file_that_is_none_of_tokens_is_refused() {
        for (text, why) in [
            ("", "0, 1, 2"),
            ("a 0\nb 2\n", "0, 1, 2"),
            ("a 0\na 1\n", "twice"),
            ("a 0\nb\n", "line 2"),
            ("a 0\nb x\n", "line 2"),
            ("a 0\nb -1\n", "line 2"),
            ("a 0\nb 99999999999\n", "line 2"),
        ] {
            assert!(Tokens::parse(text).unwrap_err().contains(why), "{text:?}");
        }
    }
}
