//! Markup in a bot's sentences: the part of SSML 1.1 that comes down to words and pauses.
//!
//! `break` is a mark with its pause, `sub` and `say-as` say other words than are written. Other elements (`speak`, `p`, `s`,
//! `prosody`, `phoneme`, `emphasis`, `voice`, `lang`) are left out and their text is said: an engine is given words.
use super::value::{digits, spelled};
use super::{en, vi};
use crate::language::Language;
use std::collections::BTreeMap;

/// What is said for an element, and what people read there.
pub(super) enum Element {
    Words {
        said: Said,
        written: String,
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
}

const NAMES: [&str; 12] =
    ["speak", "p", "s", "break", "sub", "say-as", "phoneme", "prosody", "emphasis", "voice", "lang", "mark"];

impl Marked {
    pub fn new(text: &str, language: Language) -> Self {
        let clean: String = text.chars().filter(|c| !(FIRST..=LAST).contains(&u32::from(*c))).collect();
        let (mut out, mut elements) = (String::new(), Vec::new());
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
                "sub" | "say-as" if tag.opens => {
                    let end = format!("</{}>", tag.name);
                    // An element without an end is empty: its text is said as it stands.
                    let (inner, behind) = rest.split_once(&end).unwrap_or(("", rest));
                    rest = behind;
                    let written = without_tags(inner);
                    Some(Element::Words { said: tag.said(&written, language), written })
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
        Self { text: out, elements }
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
    /// Bytes of the text.
    length: usize,
}

impl<'a> Tag<'a> {
    /// The tag at the start of a text; `None` for any other text that begins with "<".
    fn parse(text: &'a str) -> Option<Self> {
        let end = text.find('>')?;
        let inner = text.get(1..end)?;
        let (opens, inner) = inner.strip_prefix('/').map_or((true, inner), |inner| (false, inner));
        let inner = inner.strip_suffix('/').unwrap_or(inner);
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
        rest.trim().is_empty().then_some(Self { name, attributes, opens, length: end + 1 })
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

    /// How the text of a `sub` or a `say-as` is said.
    fn said(&self, text: &str, language: Language) -> Said {
        let figures = || text.chars().filter(char::is_ascii_digit).collect::<String>();
        let whole = || text.trim().replace(',', "").parse::<i64>().ok();
        let ordinal = |n: i64| match language {
            Language::En => en::ordinal(n),
            Language::Vi => format!("thứ {}", vi::ordinal(n)),
        };
        match (self.name, self.attribute("interpret-as")) {
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
        let said: Vec<&str> = all.iter().map(|(said, _)| said.as_str()).collect();
        let written = all.iter().map(|(said, written)| written.as_ref().map_or(said.as_str(), |written| &written.text));
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
                r#"<speak><prosody rate="slow">Room 5</prosody> is <phoneme ph="x">free</phoneme></speak>"#,
                "Room five is free",
                "Room 5 is free",
            ),
            (Vi, r#"Mã <say-as interpret-as="characters">AB1</say-as>"#, "Mã a bê, một", "Mã AB1"),
            (Vi, r#"Cửa <say-as interpret-as="ordinal">4</say-as>"#, "Cửa thứ tư", "Cửa 4"),
            (Vi, r#"<sub alias="oát áp">WhatsApp</sub> 5%"#, "oát áp năm phần trăm", "WhatsApp 5%"),
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
