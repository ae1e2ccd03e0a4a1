//! Conversion between Telex, an ASCII input method for Vietnamese, and Unicode: `khasch sajn` ⇄ `khách sạn`.
//!
//! Dictionaries of older Vietnamese models write their syllables so. Tone keys: `f` huyền, `s` sắc, `r` hỏi, `x` ngã,
//! `j` nặng; they follow their vowel (`khasch`) or end the syllable (`khachs`).

/// Each vowel's keys, then its plain form and its five tones in the order of [`TONES`].
const VOWELS: [(&str, &str); 12] = [
    ("aw", "ăằắẳẵặ"),
    ("aa", "âầấẩẫậ"),
    ("ee", "êềếểễệ"),
    ("oo", "ôồốổỗộ"),
    ("ow", "ơờớởỡợ"),
    ("uw", "ưừứửữự"),
    ("a", "aàáảãạ"),
    ("e", "eèéẻẽẹ"),
    ("i", "iìíỉĩị"),
    ("o", "oòóỏõọ"),
    ("u", "uùúủũụ"),
    ("y", "yỳýỷỹỵ"),
];
const TONES: &str = "fsrxj";

/// One lower-case NFC word in Telex, each tone key right after its vowel. Other letters stay as they are.
pub fn to_telex(word: &str) -> String {
    let mut out = String::with_capacity(word.len() + 4);
    for c in word.chars() {
        if c == 'đ' {
            out.push_str("dd");
            continue;
        }
        let found = VOWELS.iter().find_map(|(keys, forms)| Some((keys, forms.chars().position(|form| form == c)?)));
        match found {
            Some((keys, tone)) => {
                out.push_str(keys);
                out.extend(tone.checked_sub(1).and_then(|tone| TONES.chars().nth(tone)));
            }
            None => out.push(c),
        }
    }
    out
}

/// One Telex syllable in NFC.
pub fn from_telex(keys: &str) -> String {
    // Letters as (index into VOWELS or None, the letter).
    let mut letters: Vec<(Option<usize>, char)> = Vec::new();
    let mut tone = None;
    let (mut rest, mut toned) = (keys, None);
    while let Some(c) = rest.chars().next() {
        if let Some(tail) = rest.strip_prefix("dd") {
            letters.push((None, 'đ'));
            rest = tail;
        } else if let Some((i, (keys, forms))) = VOWELS.iter().enumerate().find(|(_, (keys, _))| rest.starts_with(keys))
        {
            letters.push((Some(i), forms.chars().next().unwrap_or(c)));
            rest = &rest[keys.len()..];
        } else {
            rest = &rest[c.len_utf8()..];
            let after_vowel = letters.last().is_some_and(|(vowel, _)| vowel.is_some());
            match TONES.find(c) {
                // Syllables do not end in these letters: after a vowel they are tone keys.
                Some(t) if tone.is_none() && (after_vowel || (rest.is_empty() && has_vowel(&letters))) => {
                    tone = Some(t + 1);
                    toned = after_vowel.then(|| letters.len() - 1);
                }
                _ => letters.push((None, c)),
            }
        }
    }
    let bearer =
        if rest.is_empty() && toned.is_some() && !keys.ends_with(|c| TONES.contains(c)) { toned } else { None };
    let bearer = bearer.or_else(|| tone.and_then(|_| bearer_of(&letters)));
    letters
        .iter()
        .enumerate()
        .map(|(i, &(vowel, letter))| match (vowel, tone) {
            (Some(v), Some(t)) if Some(i) == bearer => VOWELS[v].1.chars().nth(t).unwrap_or(letter),
            _ => letter,
        })
        .collect()
}

fn has_vowel(letters: &[(Option<usize>, char)]) -> bool {
    letters.iter().any(|(vowel, _)| vowel.is_some())
}

/// Where a tone typed at the end goes: on the vowel with a mark of its own, before a final consonant on the last vowel,
/// else on the last but one (the old style: hóa, mùa), `qu` and `gi` counting as consonants.
fn bearer_of(letters: &[(Option<usize>, char)]) -> Option<usize> {
    let mut vowels: Vec<usize> = (0..letters.len()).filter(|&i| letters[i].0.is_some()).collect();
    let glide = matches!(letters, [(_, 'q'), (_, 'u'), ..] | [(_, 'g'), (_, 'i'), ..]);
    if glide && vowels.len() > 1 {
        vowels.remove(0);
    }
    if let Some(&marked) = vowels.iter().rev().find(|&&i| letters[i].0.is_some_and(|v| v < 6)) {
        return Some(marked);
    }
    let open = letters.last().is_some_and(|(vowel, _)| vowel.is_some());
    match (vowels.len(), open) {
        (0, _) => None,
        (n, true) if n > 1 => Some(vowels[n - 2]),
        (n, _) => Some(vowels[n - 1]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telex_and_unicode_translate_both_ways() {
        for (telex, word) in [
            ("khasch", "khách"),
            ("sajn", "sạn"),
            ("caf", "cà"),
            ("phee", "phê"),
            ("mast", "mát"),
            ("xa", "xa"),
            ("trajm", "trạm"),
            ("teem", "têm"),
            ("ddusng", "đúng"),
            ("khoong", "không"),
            ("trowr", "trở"),
            ("laji", "lại"),
            ("nguwowfi", "người"),
            ("dduwowjc", "được"),
            ("awn", "ăn"),
            ("ddeens", "đến"),
            ("tooi", "tôi"),
            ("quys", "quý"),
        ] {
            assert_eq!(from_telex(telex), word);
            assert_eq!(from_telex(&to_telex(word)), word, "{word} through {}", to_telex(word));
        }
        assert_eq!(to_telex("khách"), "khasch");
        assert_eq!(to_telex("trở"), "trowr");
    }

    #[test]
    fn a_tone_typed_at_the_end_finds_its_vowel() {
        for (telex, word) in
            [("khachs", "khách"), ("dduwowcj", "được"), ("hoaf", "hòa"), ("giaf", "già"), ("quaf", "quà")]
        {
            assert_eq!(from_telex(telex), word);
        }
    }

    #[test]
    fn every_toned_vowel_comes_back() {
        for forms in VOWELS.map(|(_, forms)| forms) {
            for c in forms.chars() {
                assert_eq!(from_telex(&to_telex(&format!("t{c}"))), format!("t{c}"));
            }
        }
    }
}
