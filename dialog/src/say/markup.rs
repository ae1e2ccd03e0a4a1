//! Markup in a bot's sentences: the part of SSML 1.1 that comes down to words, pauses, speeds and phonemes.
//!
//! `break` is a mark with its pause, `sub` and `say-as` say other words than are written, `phoneme` says how its words sound, `prosody`
//! how fast. Other elements (`speak`, `p`, `s`, `emphasis`, `voice`, `lang`) are left out and their text is said.
use super::characters::{digits, spelled};
use super::delivery::{USUAL_SPEED, ipa_of_arpabet, speed};
use super::{en, vi};
use crate::language::Language;
use std::collections::BTreeMap;

/// What is said for an element, and what people read there.
pub(super) enum Element {
    Words {
        said: Said,
        written: String,
        /// How it sounds.
        ipa: Option<String>,
    },
    /// A pause, by the mark that makes one as long.
    Pause(char),
}

/// How the text of an element is said.
pub(super) enum Said {
    /// As it stands here.
    Finished(String),
    /// As any text is.
    Text(String),
}

/// Stands in a text for an element, which is found by it. Characters of this range are taken out of texts before.
const FIRST: u32 = 0xE000;
const LAST: u32 = 0xF8FF;

/// A text with its elements.
pub(super) struct Marked {
    /// The text, a character in the place of each element.
    pub text: String,
    elements: Vec<Element>,
    /// From which byte of the text on how fast it is said, where that is not the usual speed throughout.
    pub speeds: Vec<(usize, u16)>,
}

const NAMES: [&str; 12] =
    ["speak", "p", "s", "break", "sub", "say-as", "phoneme", "prosody", "emphasis", "voice", "lang", "mark"];

impl Marked {
    pub fn new(text: &str, language: Language) -> Self {
        let clean: String = text.chars().filter(|c| !(FIRST..=LAST).contains(&u32::from(*c))).collect();
        let (mut out, mut elements, mut speeds) = (String::new(), Vec::new(), Vec::new());
        let mut around = vec![USUAL_SPEED];
        let mut rest = clean.as_str();
        while let Some(at) = rest.find('<') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let Some(tag) = Tag::parse(rest) else {
                out.push('<');
                rest = &rest[1..];
                continue;
            };
            rest = &rest[tag.length..];
            let element = match tag.name {
                "break" => tag.pause().map(Element::Pause),
                "prosody" if tag.is_empty => None,
                "prosody" => {
                    let now = around.last().copied().unwrap_or(USUAL_SPEED);
                    if tag.opens {
                        around.push(speed(tag.attribute("rate"), now));
                    } else if around.len() > 1 {
                        around.pop();
                    }
                    let then = around.last().copied().unwrap_or(USUAL_SPEED);
                    if then != now {
                        speeds.push((out.len(), then));
                    }
                    None
                }
                "sub" | "say-as" | "phoneme" if tag.opens => {
                    let end = format!("</{}>", tag.name);
                    // An element without an end is empty: its text is said as it stands.
                    let (inner, behind) = rest.split_once(&end).filter(|_| !tag.is_empty).unwrap_or(("", rest));
                    rest = behind;
                    let written = without_tags(inner);
                    Some(Element::Words { said: tag.said(&written, language), written, ipa: tag.ipa(language) })
                }
                // The end of a paragraph or a sentence is one without a mark, too.
                "p" | "s" if !tag.opens && !out.trim_end().ends_with(['.', '!', '?', ':', ';', '…']) => {
                    Some(Element::Pause('.'))
                }
                _ => None,
            };
            let sign = u32::try_from(elements.len())
                .ok()
                .and_then(|n| char::from_u32(FIRST + n))
                .filter(|c| u32::from(*c) <= LAST);
            // A tag that says nothing parts no words.
            if let (Some(element), Some(sign)) = (element, sign) {
                let pause = matches!(element, Element::Pause(_));
                if pause || out.ends_with(char::is_alphanumeric) {
                    out.push(' ');
                }
                out.push(sign);
                if pause || rest.starts_with(char::is_alphanumeric) {
                    out.push(' ');
                }
                elements.push(element);
            }
        }
        out.push_str(rest);
        Self { text: out, elements, speeds }
    }

    /// The element that a word of the text stands for.
    pub fn element(&self, word: &str) -> Option<&Element> {
        let mut chars = word.chars();
        let sign = chars.next().filter(|_| chars.next().is_none())?;
        self.elements.get(u32::from(sign).checked_sub(FIRST)? as usize)
    }
}

struct Tag<'a> {
    name: &'a str,
    attributes: BTreeMap<&'a str, &'a str>,
    /// Not the end of an element.
    opens: bool,
    /// An element without text: `<break/>`.
    is_empty: bool,
    /// Bytes of the text.
    length: usize,
}

impl<'a> Tag<'a> {
    /// The tag at the start of a text; `None` for any other text that begins with "<".
    fn parse(text: &'a str) -> Option<Self> {
        let end = text.find('>')?;
        let inner = text.get(1..end)?;
        let (opens, inner) = inner.strip_prefix('/').map_or((true, inner), |inner| (false, inner));
        let (is_empty, inner) = inner.strip_suffix('/').map_or((false, inner), |inner| (true, inner));
        let (name, mut rest) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
        if !NAMES.contains(&name) {
            return None;
        }
        let mut attributes = BTreeMap::new();
        while let Some((key, value)) = rest.split_once('=') {
            let value = value.trim_start();
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            let (value, behind) = value[1..].split_once(quote)?;
            attributes.insert(key.trim(), value);
            rest = behind;
        }
        rest.trim().is_empty().then_some(Self { name, attributes, opens, is_empty, length: end + 1 })
    }

    fn attribute(&self, name: &str) -> &'a str {
        self.attributes.get(name).copied().unwrap_or_default()
    }

    /// The mark whose pause is nearest to that of a `break`; `None` where there is to be none.
    fn pause(&self) -> Option<char> {
        let time = self.attribute("time");
        let ms: Option<f64> = match time.strip_suffix("ms") {
            Some(ms) => ms.trim().parse().ok(),
            None => time.strip_suffix('s').and_then(|s| s.trim().parse().ok()).map(|s: f64| s * 1000.0),
        };
        match (ms, self.attribute("strength")) {
            (Some(ms), _) if ms < 100.0 => None,
            (Some(ms), _) if ms < 220.0 => Some(','),
            (Some(ms), _) if ms < 300.0 => Some(';'),
            (Some(ms), _) if ms < 500.0 => Some('.'),
            (Some(_), _) | (None, "x-strong") => Some('…'),
            (None, "none") => None,
            (None, "x-weak" | "weak") => Some(','),
            (None, "medium") => Some(';'),
            (None, _) => Some('.'),
        }
    }

    /// How the text of a `phoneme` sounds. `None`: its phonemes are in no alphabet that is known.
    fn ipa(&self, language: Language) -> Option<String> {
        let phones = self.attribute("ph").trim();
        let known = match (self.name, self.attribute("alphabet"), language) {
            ("phoneme", "ipa" | "", _) => Some(phones.to_owned()),
            ("phoneme", "x-arpabet" | "x-lexicon", Language::En) => ipa_of_arpabet(phones),
            _ => None,
        };
        known.filter(|ipa| !ipa.is_empty())
    }

    /// How the text of a `sub`, a `say-as` or a `phoneme` is said.
    fn said(&self, text: &str, language: Language) -> Said {
        let figures = || text.chars().filter(char::is_ascii_digit).collect::<String>();
        let whole = || text.trim().replace(',', "").parse::<i64>().ok();
        let ordinal = |n: i64| match language {
            Language::En => en::ordinal(n),
            Language::Vi => format!("thứ {}", vi::ordinal(n)),
        };
        match (self.name, self.attribute("interpret-as")) {
            // Without an alias it says its text.
            ("sub", _) if self.attribute("alias").trim().is_empty() => Said::Text(text.to_owned()),
            ("sub", _) => Said::Text(self.attribute("alias").to_owned()),
            (_, "characters" | "spell-out" | "verbatim") => Said::Finished(spelled(text, language)),
            (_, "digits" | "telephone") if !figures().is_empty() => Said::Finished(digits(&figures(), language)),
            (_, "ordinal") => whole()
                .filter(|n| (1..100_000).contains(n))
                .map_or_else(|| Said::Text(text.to_owned()), |n| Said::Finished(ordinal(n))),
            (_, "cardinal" | "number") => {
                whole().map_or_else(|| Said::Text(text.to_owned()), |n| Said::Finished(super::number(n, language)))
            }
            // Dates, times and money are read as they are written.
            _ => Said::Text(text.to_owned()),
        }
    }
}

fn without_tags(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let length = Tag::parse(&rest[at..]).map_or(0, |tag| tag.length);
        if length == 0 {
            out.push('<');
        }
        rest = &rest[at + length.max(1)..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use crate::language::Language::{self, En, Vi};
    use crate::say::{Spoken, clauses};

    /// What is said, and what people read.
    fn read(text: &str, language: Language) -> (String, String) {
        let all = clauses(text, language, &Spoken::new(), &[]);
        let said: Vec<&str> = all.iter().map(|clause| clause.said.as_str()).collect();
        let written =
            all.iter().map(|clause| clause.written.as_ref().map_or(clause.said.as_str(), |written| &written.text));
        (said.join(" | "), written.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn elements_say_other_words_than_are_written() {
        for (language, text, said, written) in [
            (
                En,
                r#"Ask <sub alias="the World Wide Web Consortium">W3C</sub>."#,
                "Ask the World Wide Web Consortium.",
                "Ask W3C.",
            ),
            (En, r#"It is <say-as interpret-as="digits">4071</say-as>."#, "It is four zero seven one.", "It is 4071."),
            (En, r#"Spell <say-as interpret-as="characters">Bo1</say-as>!"#, "Spell B O, one!", "Spell Bo1!"),
            (En, r#"The <say-as interpret-as='ordinal'>3</say-as> door"#, "The third door", "The 3 door"),
            (
                En,
                r#"Code <say-as interpret-as="cardinal">4071</say-as>"#,
                "Code four thousand and seventy one",
                "Code 4071",
            ),
            (
                En,
                r#"On <say-as interpret-as="date">12/24/2026</say-as>"#,
                "On December twenty fourth, twenty twenty six",
                "On 12/24/2026",
            ),
            (
                En,
                r#"<speak><prosody pitch="high">Room 5</prosody> is <phoneme ph="x">free</phoneme></speak>"#,
                "Room five is free",
                "Room 5 is free",
            ),
            (Vi, r#"Mã <say-as interpret-as="characters">AB1</say-as>"#, "Mã a bê, một", "Mã AB1"),
            (Vi, r#"Cửa <say-as interpret-as="ordinal">4</say-as>"#, "Cửa thứ tư", "Cửa 4"),
            (Vi, r#"<sub alias="oát áp">WhatsApp</sub> 5%"#, "oát áp năm phần trăm", "WhatsApp 5%"),
            (En, "Press <sub>5</sub> or <sub alias=''>6</sub>.", "Press five or six.", "Press 5 or 6."),
        ] {
            assert_eq!(read(text, language), (said.to_owned(), written.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_break_is_the_mark_with_its_pause_and_is_not_read() {
        let (said, written) = read(r#"One moment <break time="1s"/> I will look."#, En);
        assert_eq!((said.as_str(), written.as_str()), ("One moment… | I will look.", "One moment I will look."));
        let (said, written) = read(r#"Hello.<break time="800ms"/>How are you?"#, En);
        assert_eq!((said.as_str(), written.as_str()), ("Hello… | How are you?", "Hello. How are you?"));
        let (said, written) = read(r#"Press one<break strength="weak"/>or two."#, En);
        assert_eq!((said.as_str(), written.as_str()), ("Press one, or two.", "Press one or two."));
        let (said, written) = read(r#"Press one,<break time="50ms"/> or two.<break/>"#, En);
        assert_eq!((said.as_str(), written.as_str()), ("Press one, or two.", "Press one, or two."));
    }

    type Speeds = Vec<(String, u16)>;
    type Sounds = Vec<(String, String)>;

    /// Clauses with their speed, and words with their phonemes.
    fn delivered(text: &str, language: Language) -> (Speeds, Sounds) {
        let all = clauses(text, language, &Spoken::new(), &[]);
        let speeds = all.iter().map(|clause| (clause.said.clone(), clause.delivery.speed_percent)).collect();
        let words = |clause: &crate::say::SaidClause| {
            let said: Vec<char> = clause.said.chars().collect();
            let word = |range: &std::ops::Range<usize>| said[range.clone()].iter().collect::<String>();
            let all = clause.delivery.phonemes.iter().map(|one| (word(&one.chars), one.ipa.clone()));
            all.collect::<Vec<_>>()
        };
        (speeds, all.iter().flat_map(words).collect())
    }

    #[test]
    fn a_clause_has_one_speed_and_keeps_what_its_words_mean() {
        for (language, text, wanted) in [
            (
                En,
                r#"Your code is <prosody rate="slow">4071</prosody>, thank you."#,
                &[("Your code is", 100), ("four zero seven one,", 80), ("thank you.", 100)][..],
            ),
            (En, r#"<prosody rate="80%">Room 5.</prosody>"#, &[("Room five.", 80)]),
            (
                En,
                r#"<prosody rate="fast">Terms apply. <prosody rate="50%">Really</prosody> they do.</prosody> Bye."#,
                &[("Terms apply.", 120), ("Really", 60), ("they do.", 120), ("Bye.", 100)],
            ),
            (En, r#"<prosody rate="slow"></prosody>Hello <prosody rate="fast"/>there."#, &[("Hello there.", 100)]),
            (
                Vi,
                r#"Mã là <prosody rate="slow">4071</prosody> ạ."#,
                &[("Mã là", 100), ("bốn không bảy một", 80), ("ạ.", 100)],
            ),
        ] {
            let wanted: Vec<(String, u16)> = wanted.iter().map(|(said, speed)| ((*said).to_owned(), *speed)).collect();
            assert_eq!(delivered(text, language).0, wanted, "{text}");
        }
        let (said, written) = read(r#"Your code is <prosody rate="slow">4071</prosody>."#, En);
        assert_eq!((said.as_str(), written.as_str()), ("Your code is | four zero seven one.", "Your code is 4071."));
    }

    #[test]
    fn phonemes_belong_to_their_words_and_are_not_read() {
        for (language, text, said, phonemes) in [
            (
                En,
                r#"Try the <phoneme alphabet="ipa" ph="ˈfɪkə">fika</phoneme>, 5 of us."#,
                "Try the fika, five of us.",
                &[("fika", "ˈfɪkə")][..],
            ),
            (
                En,
                r#"<phoneme ph="naɪn">9</phoneme> <phoneme alphabet="x-arpabet" ph="K AE1 T S">cats</phoneme>"#,
                "nine cats",
                &[("nine", "naɪn"), ("cats", "kˈæts")],
            ),
            // Phonemes that nobody knows are left out, the words are not.
            (En, r#"A <phoneme alphabet="x-sampa" ph="{">cat</phoneme>."#, "A cat.", &[]),
            (
                Vi,
                r#"Quán <phoneme alphabet="ipa" ph="fəː">phở</phoneme> 24"#,
                "Quán phở hai mươi tư",
                &[("phở", "fəː")],
            ),
        ] {
            let wanted: Vec<(String, String)> =
                phonemes.iter().map(|(word, ipa)| ((*word).to_owned(), (*ipa).to_owned())).collect();
            let (speeds, found) = delivered(text, language);
            assert_eq!((speeds.len(), speeds[0].0.as_str()), (1, said), "{text}");
            assert_eq!(found, wanted, "{text}");
        }
    }

    #[test]
    fn what_is_no_markup_is_said_as_ever() {
        for (text, said) in [
            ("a <5% fee", "a less than five percent fee"),
            ("if a < b", "if a less than b"),
            ("<unknown>x</unknown>", "<unknown>x</unknown>"),
            ("<sub alias=\"open", "<sub alias=\"open"),
            ("x \u{E000} y", "x y"),
        ] {
            assert_eq!(read(text, En).0, said, "{text}");
        }
    }
}
