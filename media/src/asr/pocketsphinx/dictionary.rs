//! A pronunciation dictionary in the CMU form: `word phone phone …`, further pronunciations as `word(2)`.
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// How a dictionary writes its words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spelling {
    #[default]
    Plain,
    /// Vietnamese in Telex: see [`super::telex`].
    Telex,
}

/// The whole dictionary as text with a sorted index: 4 MB for 134,000 English words.
pub struct Dictionary {
    text: String,
    /// Where each line begins, in order of its word.
    lines: Vec<u32>,
    spelling: Spelling,
}

impl Dictionary {
    pub fn load(path: &Path, spelling: Spelling) -> io::Result<Self> {
        let text = String::from_utf8(super::files::read(path)?);
        Ok(Self::parse(text.map_err(|_| io::Error::other("it is not in UTF-8"))?, spelling))
    }

    pub fn parse(text: String, spelling: Spelling) -> Self {
        let mut lines: Vec<u32> = Vec::new();
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            if line.trim_end().contains([' ', '\t']) && !line.starts_with([';', '#', ' ']) {
                lines.extend(u32::try_from(at));
            }
            at += line.len();
        }
        lines.sort_by_key(|&at| entry(&text, at).0);
        Self { text, lines, spelling }
    }

    /// Every pronunciation of a lower-case NFC word, each as phones with a space between.
    pub fn pronunciations(&self, word: &str) -> Vec<String> {
        let word = match self.spelling {
            Spelling::Plain => word.to_owned(),
            Spelling::Telex => super::telex::to_telex(word),
        };
        let first = self.lines.partition_point(|&at| entry(&self.text, at).0 < word.as_str());
        self.lines[first..]
            .iter()
            .map(|&at| entry(&self.text, at))
            .take_while(|(key, _)| *key == word)
            .map(|(_, phones)| phones.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect()
    }

    /// All pronunciations of these words, those of the bot's lexicon first; `Err` names the words without any.
    pub fn cut(
        &self,
        words: &[String],
        lexicon: &BTreeMap<String, Vec<String>>,
    ) -> Result<Vec<(String, Vec<String>)>, Vec<String>> {
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for word in words {
            let mut pronunciations: Vec<String> =
                lexicon.get(word).map(|phones| phones.join(" ")).into_iter().collect();
            pronunciations.extend(self.pronunciations(word));
            pronunciations.dedup();
            if pronunciations.is_empty() {
                missing.push(word.clone());
            }
            found.push((word.clone(), pronunciations));
        }
        if missing.is_empty() { Ok(found) } else { Err(missing) }
    }
}

/// The word of the line at `at`, without the number of its pronunciation, and its phones.
fn entry(text: &str, at: u32) -> (&str, &str) {
    let line = text[at as usize..].lines().next().unwrap_or("");
    let (word, phones) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    let base = match word.rfind('(') {
        Some(open) if open > 0 && word.ends_with(')') => &word[..open],
        _ => word,
    };
    (base, phones)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_with_all_pronunciations_and_missing_ones_are_named() {
        let text = "hour  AW ER\nhour(2) AW R\na AH\nhalf HH AE F\n".to_owned();
        let dictionary = Dictionary::parse(text, Spelling::Plain);
        let mut lexicon = BTreeMap::new();
        lexicon.insert("fika".to_owned(), vec!["F".to_owned(), "IY".to_owned(), "K".to_owned(), "AH".to_owned()]);
        let words = ["hour", "fika"].map(String::from);
        let cut = dictionary.cut(&words, &lexicon).unwrap();
        let expected =
            |word: &str, phones: &[&str]| (word.to_owned(), phones.iter().map(|phones| (*phones).to_owned()).collect());
        assert_eq!(cut, [expected("hour", &["AW ER", "AW R"]), expected("fika", &["F IY K AH"])]);
        let unknown = ["half", "zyzzy", "qwx"].map(String::from);
        assert_eq!(dictionary.cut(&unknown, &lexicon), Err(vec!["zyzzy".to_owned(), "qwx".to_owned()]));
    }

    #[test]
    fn a_telex_dictionary_is_asked_in_unicode() {
        let dictionary = Dictionary::parse("khasch k h a s c h\nsajn s a j n\n".to_owned(), Spelling::Telex);
        assert_eq!(dictionary.pronunciations("khách"), ["k h a s c h"]);
        assert!(dictionary.pronunciations("khach").is_empty());
    }
}
