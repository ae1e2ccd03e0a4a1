//! `Delivery`: how a clause is spoken, besides its words: how fast, and by which phonemes.
use std::ops::Range;

/// How a clause is spoken. A voice that knows nothing of it says the words as they stand.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Delivery {
    /// 100 is the usual speed, 50 half of it, 200 twice; within these two.
    pub speed_percent: u16,
    /// In the order of their places, which do not overlap.
    pub phonemes: Vec<Phonemes>,
}

/// How some words of a clause sound.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Phonemes {
    /// Characters of what is said; whole words, without the marks around them.
    pub chars: Range<usize>,
    /// In the International Phonetic Alphabet.
    pub ipa: String,
}

pub(super) const USUAL_SPEED: u16 = 100;

impl Default for Delivery {
    fn default() -> Self {
        Self { speed_percent: USUAL_SPEED, phonemes: Vec::new() }
    }
}

/// A speed of `prosody`, by its name or as a part of the speed around it: "slow", "80%", "+20%", "1.5".
pub(super) fn speed(rate: &str, around: u16) -> u16 {
    const NAMES: [(&str, u16); 6] =
        [("x-slow", 60), ("slow", 80), ("medium", 100), ("default", 100), ("fast", 120), ("x-fast", 150)];
    let rate = rate.trim();
    let percent = match (NAMES.iter().find(|(name, _)| *name == rate), rate.strip_suffix('%')) {
        (Some((_, percent)), _) => Some(f64::from(*percent)),
        (None, Some(part)) => {
            let change = part.starts_with(['+', '-']);
            part.trim().parse().ok().map(|part: f64| if change { 100.0 + part } else { part })
        }
        (None, None) => rate.parse().ok().map(|times: f64| times * 100.0),
    };
    let Some(percent) = percent.filter(|percent| percent.is_finite()) else { return around };
    // The clamp keeps it within u16.
    (f64::from(around) * percent / 100.0).round().clamp(50.0, 200.0) as u16
}

/// Phonemes of English as a bot's lexicon writes them (ARPAbet, "K EH1 R IY"), in the International Phonetic Alphabet. `None`: one of
/// them is none.
pub(super) fn ipa_of_arpabet(phones: &str) -> Option<String> {
    const PHONES: [(&str, &str); 42] = [
        ("AA", "ɑː"),
        ("AE", "æ"),
        ("AH", "ʌ"),
        ("AO", "ɔː"),
        ("AW", "aʊ"),
        ("AX", "ə"),
        ("AXR", "ɚ"),
        ("AY", "aɪ"),
        ("B", "b"),
        ("CH", "tʃ"),
        ("D", "d"),
        ("DH", "ð"),
        ("DX", "ɾ"),
        ("EH", "ɛ"),
        ("ER", "ɜː"),
        ("EY", "eɪ"),
        ("F", "f"),
        ("G", "ɡ"),
        ("HH", "h"),
        ("IH", "ɪ"),
        ("IY", "iː"),
        ("JH", "dʒ"),
        ("K", "k"),
        ("L", "l"),
        ("M", "m"),
        ("N", "n"),
        ("NG", "ŋ"),
        ("OW", "oʊ"),
        ("OY", "ɔɪ"),
        ("P", "p"),
        ("R", "ɹ"),
        ("S", "s"),
        ("SH", "ʃ"),
        ("T", "t"),
        ("TH", "θ"),
        ("UH", "ʊ"),
        ("UW", "uː"),
        ("V", "v"),
        ("W", "w"),
        ("Y", "j"),
        ("Z", "z"),
        ("ZH", "ʒ"),
    ];
    let one = |phone: &str| {
        let name = phone.trim_end_matches(['0', '1', '2']);
        let ipa = PHONES.iter().find(|(known, _)| *known == name)?.1;
        // A vowel without stress is a weak one.
        Some(match &phone[name.len()..] {
            "1" => format!("ˈ{ipa}"),
            "2" => format!("ˌ{ipa}"),
            "0" if name == "AH" => "ə".to_owned(),
            _ => ipa.to_owned(),
        })
    };
    let all: Vec<String> = phones.split_whitespace().map(one).collect::<Option<_>>()?;
    (!all.is_empty()).then(|| all.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_is_a_part_of_the_one_around_it() {
        for (rate, around, percent) in [
            ("slow", 100, 80),
            ("x-slow", 100, 60),
            ("fast", 100, 120),
            ("80%", 100, 80),
            ("+20%", 100, 120),
            ("-20%", 100, 80),
            ("1.5", 100, 150),
            ("80%", 80, 64),
            ("medium", 80, 80),
            ("5%", 100, 50),
            ("900%", 100, 200),
            ("quickly", 90, 90),
            ("", 90, 90),
            ("NaN", 90, 90),
        ] {
            assert_eq!(speed(rate, around), percent, "{rate}");
        }
    }

    #[test]
    fn phones_of_a_lexicon_have_their_ipa() {
        assert_eq!(ipa_of_arpabet("K EH2 R IY0 OW1 K IY0").as_deref(), Some("kˌɛɹiːˈoʊkiː"));
        assert_eq!(ipa_of_arpabet("AH0 B AW1 T").as_deref(), Some("əbˈaʊt"));
        assert_eq!(ipa_of_arpabet("K QX"), None);
        assert_eq!(ipa_of_arpabet(""), None);
    }
}
