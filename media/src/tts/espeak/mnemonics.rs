//! English phonemes in espeak-ng's own letters (its docs/phonemes.md), by which a text may hold them: `[[h@l'oU]]`.
use crate::tts::delivery::plain_ipa;

/// IPA, and espeak-ng's letters for it: two sounds before one.
const LETTERS: [(&str, &str); 68] = [
    ("tʃ", "tS"),
    ("dʒ", "dZ"),
    ("eɪ", "eI"),
    ("aɪ", "aI"),
    ("aʊ", "aU"),
    ("ɔɪ", "OI"),
    ("oʊ", "oU"),
    ("əʊ", "oU"),
    ("ɪə", "i@"),
    ("iə", "i@"),
    ("eə", "e@"),
    ("ɛə", "e@"),
    ("ʊə", "U@"),
    ("ɑːɹ", "A@"),
    ("iː", "i:"),
    ("uː", "u:"),
    ("ɑː", "A:"),
    ("ɔː", "O:"),
    ("ɜː", "3:"),
    ("ɛː", "e@"),
    ("aː", "A:"),
    ("ɚ", "3"),
    ("ɝ", "3:"),
    ("ə", "@"),
    ("æ", "a"),
    ("a", "a"),
    ("ɐ", "a#"),
    ("ʌ", "V"),
    ("ɛ", "E"),
    ("e", "E"),
    ("ɪ", "I"),
    ("ᵻ", "I2"),
    ("i", "i"),
    ("ʊ", "U"),
    ("u", "u:"),
    ("ɒ", "0"),
    ("ɑ", "A:"),
    ("ɔ", "O"),
    ("o", "oU"),
    ("p", "p"),
    ("b", "b"),
    ("t", "t"),
    ("d", "d"),
    ("k", "k"),
    ("ɡ", "g"),
    ("f", "f"),
    ("v", "v"),
    ("θ", "T"),
    ("ð", "D"),
    ("s", "s"),
    ("z", "z"),
    ("ʃ", "S"),
    ("ʒ", "Z"),
    ("h", "h"),
    ("m", "m"),
    ("n", "n"),
    ("ŋ", "N"),
    ("l", "l"),
    ("ɫ", "l"),
    ("ɹ", "r"),
    ("r", "r"),
    ("w", "w"),
    ("j", "j"),
    ("ɾ", "t#"),
    ("ʔ", "?"),
    ("ˈ", "'"),
    ("ˌ", ","),
    (" ", "||"),
];

/// Phonemes as a text for espeak-ng's English voices holds them; `None` where one of them is none of English.
pub fn english(ipa: &str) -> Option<String> {
    let (plain, mut out) = (plain_ipa(ipa), String::from("[["));
    let mut rest = plain.as_str();
    while !rest.is_empty() {
        let (from, to) = LETTERS.iter().find(|(from, _)| rest.starts_with(from))?;
        out.push_str(to);
        rest = &rest[from.len()..];
    }
    out.push_str("]]");
    (out.len() > 4).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_phonemes_have_letters_and_others_have_none() {
        for (ipa, letters) in [
            ("həˈloʊ", "[[h@'loU]]"),
            ("/ˌmɑːɡəˈriːtə/", "[[,mA:g@'ri:t@]]"),
            ("t͡ʃɛɹ", "[[tSEr]]"),
            ("ˈnuː ˈjɔːk", "[['nu:||'jO:k]]"),
        ] {
            assert_eq!(english(ipa).as_deref(), Some(letters));
        }
        assert_eq!((english("çœ"), english(""), english("tɔj˧˥")), (None, None, None));
    }
}
