//! What Kokoro calls the sounds of a text: espeak-ng's phonemes in the alphabet of its training (misaki's), and their numbers.

/// The numbers of its alphabet (config.json of hexgrad/Kokoro-82M).
const SYMBOLS: [(char, i32); 114] = [
    (';', 1),
    (':', 2),
    (',', 3),
    ('.', 4),
    ('!', 5),
    ('?', 6),
    ('—', 9),
    ('…', 10),
    ('"', 11),
    ('(', 12),
    (')', 13),
    ('“', 14),
    ('”', 15),
    (' ', 16),
    ('\u{303}', 17),
    ('ʣ', 18),
    ('ʥ', 19),
    ('ʦ', 20),
    ('ʨ', 21),
    ('ᵝ', 22),
    ('ꭧ', 23),
    ('A', 24),
    ('I', 25),
    ('O', 31),
    ('Q', 33),
    ('S', 35),
    ('T', 36),
    ('W', 39),
    ('Y', 41),
    ('ᵊ', 42),
    ('a', 43),
    ('b', 44),
    ('c', 45),
    ('d', 46),
    ('e', 47),
    ('f', 48),
    ('h', 50),
    ('i', 51),
    ('j', 52),
    ('k', 53),
    ('l', 54),
    ('m', 55),
    ('n', 56),
    ('o', 57),
    ('p', 58),
    ('q', 59),
    ('r', 60),
    ('s', 61),
    ('t', 62),
    ('u', 63),
    ('v', 64),
    ('w', 65),
    ('x', 66),
    ('y', 67),
    ('z', 68),
    ('ɑ', 69),
    ('ɐ', 70),
    ('ɒ', 71),
    ('æ', 72),
    ('β', 75),
    ('ɔ', 76),
    ('ɕ', 77),
    ('ç', 78),
    ('ɖ', 80),
    ('ð', 81),
    ('ʤ', 82),
    ('ə', 83),
    ('ɚ', 85),
    ('ɛ', 86),
    ('ɜ', 87),
    ('ɟ', 90),
    ('ɡ', 92),
    ('ɥ', 99),
    ('ɨ', 101),
    ('ɪ', 102),
    ('ʝ', 103),
    ('ɯ', 110),
    ('ɰ', 111),
    ('ŋ', 112),
    ('ɳ', 113),
    ('ɲ', 114),
    ('ɴ', 115),
    ('ø', 116),
    ('ɸ', 118),
    ('θ', 119),
    ('œ', 120),
    ('ɹ', 123),
    ('ɾ', 125),
    ('ɻ', 126),
    ('ʁ', 128),
    ('ɽ', 129),
    ('ʂ', 130),
    ('ʃ', 131),
    ('ʈ', 132),
    ('ʧ', 133),
    ('ʊ', 135),
    ('ʋ', 136),
    ('ʌ', 138),
    ('ɣ', 139),
    ('ɤ', 140),
    ('χ', 142),
    ('ʎ', 143),
    ('ʒ', 147),
    ('ʔ', 148),
    ('ˈ', 156),
    ('ˌ', 157),
    ('ː', 158),
    ('ʰ', 162),
    ('ʲ', 164),
    ('↓', 169),
    ('→', 171),
    ('↗', 172),
    ('↘', 173),
    ('ᵻ', 177),
];
/// Silence before and after a text.
const SILENCE: i32 = 0;
/// The most symbols of one run.
const MOST: usize = 510;

/// How English is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accent {
    American,
    British,
}

impl Accent {
    /// By the first letter of a voice's name: `b` is British, and all others, of which only `a` is English, speak as Americans.
    pub fn of(voice: &str) -> Self {
        if voice.starts_with('b') { Self::British } else { Self::American }
    }

    /// The voice of espeak-ng that gives its phonemes.
    pub const fn espeak(self) -> &'static str {
        match self {
            Self::American => "en-us",
            Self::British => "en-gb",
        }
    }
}

/// One letter for two, in both accents; then what each accent has of its own.
const BOTH: [(&str, &str); 11] = [
    ("tʃ", "ʧ"),
    ("dʒ", "ʤ"),
    ("eɪ", "A"),
    ("aɪ", "I"),
    ("aʊ", "W"),
    ("ɔɪ", "Y"),
    ("r", "ɹ"),
    ("ɐ", "ə"),
    ("x", "k"),
    ("ɬ", "l"),
    ("ʔ", "t"),
];
const AMERICAN: [(&str, &str); 6] = [("oʊ", "O"), ("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ"), ("ɪə", "iə"), ("ɚ", "əɹ"), ("ː", "")];
const BRITISH: [(&str, &str); 3] = [("əʊ", "Q"), ("eə", "ɛː"), ("iə", "ɪə")];

/// The symbols of phonemes, without those that it does not know.
fn letters(phonemes: &str, accent: Accent) -> String {
    let own = match accent {
        Accent::American => &AMERICAN[..],
        Accent::British => &BRITISH[..],
    };
    let out = BOTH.iter().chain(own).fold(phonemes.to_owned(), |text, (from, to)| text.replace(from, to));
    out.chars().filter(|c| number(*c).is_some()).collect()
}

fn number(symbol: char) -> Option<i32> {
    SYMBOLS.iter().find(|(known, _)| *known == symbol).map(|(_, number)| *number)
}

/// Phonemes of espeak-ng in pieces of which each is short enough for one run: cut behind a mark or at a space, the last before it is too
/// late, or within a word of more symbols than that.
pub fn pieces(phonemes: &str, accent: Accent) -> Vec<&str> {
    let (mut out, mut rest) = (Vec::new(), phonemes);
    while letters(rest, accent).chars().count() > MOST {
        let (mut cut, mut last) = (None, rest.len());
        for (at, c) in rest.char_indices().skip(1) {
            if letters(&rest[..at], accent).chars().count() > MOST {
                break;
            }
            last = at;
            if c == ' ' {
                cut = Some(at);
            }
        }
        let (piece, behind) = rest.split_at(cut.unwrap_or(last));
        out.push(piece);
        rest = behind.trim_start();
    }
    out.push(rest);
    out
}

/// The graph's input for phonemes of espeak-ng, with silence around; the symbols without it choose a voice's style. None: no sound. There
/// are at most [`MOST`] of them in a piece of [`pieces`].
pub fn numbers(phonemes: &str, accent: Accent) -> Option<Vec<i32>> {
    let symbols = letters(phonemes, accent);
    if !symbols.contains(char::is_alphabetic) {
        return None;
    }
    let numbers = symbols.chars().filter_map(number).take(MOST);
    Some([SILENCE].into_iter().chain(numbers).chain([SILENCE]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phonemes_are_written_in_the_alphabet_of_its_training() {
        for (accent, phonemes, expected) in [
            (Accent::American, "ɡˈʊd mˈɔːɹnɪŋ.", "ɡˈʊd mˈɔɹnɪŋ."),
            (Accent::American, "həlˈoʊ wˈɜːld,", "həlˈO wˈɜɹld,"),
            (Accent::American, "tʃˈeɪndʒ dɪskˈʌvɚ", "ʧˈAnʤ dɪskˈʌvəɹ"),
            (Accent::American, "bˈɜːɹd", "bˈɜɹd"),
            (Accent::British, "həlˈəʊ wˈɜːld", "həlˈQ wˈɜːld"),
            (Accent::British, "ðeə", "ðɛː"),
        ] {
            assert_eq!(letters(phonemes, accent), expected);
        }
    }

    #[test]
    fn a_text_of_more_symbols_than_one_run_takes_is_cut_between_words_and_nothing_of_it_is_lost() {
        for accent in [Accent::American, Accent::British] {
            let word = "ɡˈʊd mˈɔːɹnɪŋ, ";
            let long = word.repeat(80);
            let all = pieces(long.trim_end(), accent);
            assert!(all.len() > 1);
            for piece in &all {
                let many = numbers(piece, accent).unwrap().len();
                assert!(many <= MOST + 2 && many > MOST / 2 || *piece == *all.last().unwrap(), "{many}");
                assert!(piece.starts_with("ɡˈʊd") || piece.starts_with("mˈɔ"), "{piece}");
            }
            let letters_of = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            assert_eq!(all.iter().map(|piece| letters_of(piece)).collect::<String>(), letters_of(&long));
            assert_eq!(pieces("hˈaɪ.", accent), ["hˈaɪ."]);
            // One word of a thousand symbols.
            let word = "a".repeat(1_000);
            assert_eq!(pieces(&word, accent).iter().map(|piece| piece.len()).collect::<Vec<_>>(), [510, 490]);
        }
    }

    #[test]
    fn a_text_lies_between_silences_and_one_without_a_sound_is_none() {
        assert_eq!(numbers("a.", Accent::American).unwrap(), [0, 43, 4, 0]);
        assert_eq!(numbers("日 ...", Accent::American), None);
        assert_eq!(numbers("", Accent::British), None);
        assert_eq!(numbers(&"a".repeat(4_000), Accent::British).unwrap().len(), MOST + 2);
        assert_eq!((Accent::of("bf_emma"), Accent::of("af_heart"), Accent::of("jf_alpha")), {
            (Accent::British, Accent::American, Accent::American)
        });
    }
}
