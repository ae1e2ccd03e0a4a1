//! `Headers`: what a trunk said of a call in header fields of SIP, and a bot's sentences with it.
use super::template::{Part, Template};
use std::collections::BTreeMap;

/// Values by the field's name; names are compared without case. Without SIP, and for a field that did not come, a value is
/// empty.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(BTreeMap<String, String>);

impl std::fmt::Debug for Headers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Headers(…)")
    }
}

impl FromIterator<(String, String)> for Headers {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(values: I) -> Self {
        Self(values.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect())
    }
}

impl Headers {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As it came: for requests to services.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// As it can be said: nothing in it is taken for a gap, or for more than one line.
    pub(crate) fn spoken(&self, name: &str) -> String {
        let plain = |c: char| if c.is_control() || matches!(c, '{' | '}') { ' ' } else { c };
        crate::say::unmarked(self.value(name).chars().map(plain).collect::<String>().trim())
    }

    /// A sentence whose gaps are header fields; any other gap stays.
    pub(super) fn fill(&self, text: &str) -> String {
        let Ok(template) = Template::parse(text) else { return text.to_owned() };
        let filled = template.fill(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Header(name) => self.spoken(name),
            Part::Slot(_) | Part::Answer(_) | Part::Known(_) => part.source(),
        });
        without_holes(&filled)
    }
}

/// Where nothing was filled in, no space stays before another or before punctuation, and no comma before the end.
pub(crate) fn without_holes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let closes = matches!(c, ',' | '.' | '?' | '!');
        while closes && out.ends_with([' ', ',']) || c == ' ' && out.ends_with(' ') {
            out.pop();
        }
        out.push(c);
    }
    out.trim_start_matches([' ', ',']).trim_end().to_owned()
}

/// Whether a text has a gap for a header field.
pub(super) fn is_in(text: &str) -> bool {
    text.contains('{') && Template::parse(text).is_ok_and(|template| template.headers())
}
