//! `Delivery`: how a clause is spoken beside its words: how fast, and which of them sound otherwise than they are written.
use std::ops::Range;

/// The speeds that are asked for, in percent of a voice's own: slower or faster speech is hard to follow.
const SPEEDS: std::ops::RangeInclusive<u16> = 50..=200;
/// Of a voice's own pace.
const USUAL: u16 = 100;

/// The words of a clause, with their delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClauseText {
    /// Normalised.
    pub text: String,
    pub delivery: Delivery,
}

impl From<&str> for ClauseText {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<String> for ClauseText {
    fn from(text: String) -> Self {
        Self { text, delivery: Delivery::default() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Delivery {
    percent: u16,
    /// In the order of the text, without overlap.
    phonemes: Vec<Phonemes>,
}

/// How some words of a text sound.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Phonemes {
    /// The characters of the text that they stand for.
    pub chars: Range<u32>,
    /// In the International Phonetic Alphabet.
    pub ipa: String,
}

impl Default for Delivery {
    fn default() -> Self {
        Self { percent: USUAL, phonemes: Vec::new() }
    }
}

impl Delivery {
    /// `percent`: of a voice's own pace; beyond 50 to 200 the nearer of these. Of phonemes that overlap the later are left out.
    pub fn new(percent: u16, phonemes: impl IntoIterator<Item = Phonemes>) -> Self {
        let mut all: Vec<Phonemes> = Vec::new();
        for one in phonemes {
            let is_behind = all.last().is_none_or(|last| last.chars.end <= one.chars.start);
            if is_behind && one.chars.start < one.chars.end && one.ipa.contains(is_sound) {
                all.push(one);
            }
        }
        Self { percent: percent.clamp(*SPEEDS.start(), *SPEEDS.end()), phonemes: all }
    }

    /// As every clause without markup.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// 1.0 is the voice's own pace, 2.0 twice as fast.
    pub fn speed(&self) -> f32 {
        f32::from(self.percent) / f32::from(USUAL)
    }

    pub fn percent(&self) -> u16 {
        self.percent
    }

    pub fn phonemes(&self) -> &[Phonemes] {
        &self.phonemes
    }

    /// That of the rest of the text, behind its first `chars` characters.
    pub fn behind(&self, chars: u32) -> Self {
        let rest = self.phonemes.iter().filter(|one| one.chars.start >= chars);
        let shifted =
            rest.map(|one| Phonemes { chars: one.chars.start - chars..one.chars.end - chars, ipa: one.ipa.clone() });
        Self { percent: self.percent, phonemes: shifted.collect() }
    }

    /// The text in pieces, each with the phonemes that it has instead of its letters. `base`: characters of the whole before `text`.
    pub fn pieces<'a>(&'a self, text: &'a str, base: u32) -> Vec<Piece<'a>> {
        let (mut out, mut done, mut at) = (Vec::new(), 0, base);
        let place = |chars: u32, from: usize| {
            text[from..].char_indices().nth(chars as usize).map_or(text.len(), |(n, _)| from + n)
        };
        let end = base + text.chars().count() as u32;
        for one in self.phonemes.iter().filter(|one| one.chars.start >= base && one.chars.end <= end) {
            let start = place(one.chars.start - at, done);
            let stop = place(one.chars.end - one.chars.start, start);
            out.extend((start > done).then(|| Piece::Letters(&text[done..start])));
            out.push(Piece::Phonemes { ipa: &one.ipa, letters: &text[start..stop] });
            (done, at) = (stop, one.chars.end);
        }
        out.extend((done < text.len()).then(|| Piece::Letters(&text[done..])));
        out
    }
}

/// Marks of stress and length are letters to Unicode.
fn is_sound(c: char) -> bool {
    c.is_alphabetic() && !"ˈˌː".contains(c)
}

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    Letters(&'a str),
    Phonemes {
        ipa: &'a str,
        /// For a voice that does not know these phonemes.
        letters: &'a str,
    },
}

/// IPA as bot files write it, as espeak-ng writes it: without slashes, brackets, ties and dots between syllables, with "ɡ" for "g".
pub fn plain_ipa(ipa: &str) -> String {
    let kept = ipa.chars().filter(|c| !"/[].͜͡".contains(*c));
    kept.map(|c| match c {
        'g' => 'ɡ',
        '\'' => 'ˈ',
        ',' => 'ˌ',
        ':' => 'ː',
        c => c,
    })
    .collect::<String>()
    .trim()
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(percent: u16, phonemes: &[(Range<u32>, &str)]) -> Delivery {
        Delivery::new(
            percent,
            phonemes.iter().map(|(chars, ipa)| Phonemes { chars: chars.clone(), ipa: (*ipa).into() }),
        )
    }

    #[test]
    fn a_speed_stays_within_what_can_be_followed() {
        assert_eq!([10, 50, 120, 999].map(|percent| of(percent, &[]).percent()), [50, 50, 120, 200]);
        assert!(Delivery::default().is_usual() && of(100, &[]).is_usual() && !of(90, &[]).is_usual());
        assert_eq!(of(150, &[]).speed(), 1.5);
    }

    #[test]
    fn words_with_phonemes_are_pieces_of_their_own() {
        let phonemes = |ipa, letters| Piece::Phonemes { ipa, letters };
        let delivery = of(100, &[(6..9, "ˈpiːtsə"), (14..19, "x")]);
        let text = "Große Địa und Wörte";
        assert_eq!(
            delivery.pieces(text, 0),
            [Piece::Letters("Große "), phonemes("ˈpiːtsə", "Địa"), Piece::Letters(" und "), phonemes("x", "Wörte")]
        );
        // Of a part of the text, and behind what has been said.
        assert_eq!(delivery.pieces(" und Wörte", 9), [Piece::Letters(" und "), phonemes("x", "Wörte")]);
        assert_eq!(delivery.behind(10).pieces("und Wörte", 0), [Piece::Letters("und "), phonemes("x", "Wörte")]);
        assert_eq!(delivery.behind(7).phonemes().len(), 1, "a word that is begun is not begun again");
        // A part that holds a word by half.
        assert_eq!(delivery.pieces("Große Đ", 0), [Piece::Letters("Große Đ")]);
        assert_eq!(Delivery::default().pieces("", 0), []);
    }

    #[test]
    fn phonemes_that_overlap_or_stand_for_nothing_are_left_out() {
        let delivery = of(100, &[(0..3, "a"), (2..5, "b"), (5..5, "c"), (6..8, "ˈ"), (8..9, "d")]);
        assert_eq!(delivery.phonemes().iter().map(|one| one.ipa.as_str()).collect::<Vec<_>>(), ["a", "d"]);
    }

    #[test]
    fn ipa_is_written_as_espeak_writes_it() {
        for (ipa, plain) in [
            ("/ˌmɑːɡəˈriːtə/", "ˌmɑːɡəˈriːtə"),
            ("[gəʊ]", "ɡəʊ"),
            ("t͡ʃaʊ", "tʃaʊ"),
            ("ˈpiːt.sə", "ˈpiːtsə"),
            ("'ka:", "ˈkaː"),
        ] {
            assert_eq!(plain_ipa(ipa), plain);
        }
    }
}
