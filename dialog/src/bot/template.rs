//! `Template`: text with `{slot}` and `{/json/pointer}` in it, taken apart at load.

/// A text whose gaps are known to be fillable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(pub Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Text(String),
    /// A slot's value, as it is said (or as it stands in JSON, inside a tool's URL and body).
    Slot(String),
    /// A part of the tool's answer (RFC 6901 pointer).
    Answer(String),
    /// A header field of the caller's INVITE, by its name in lower case: what a trunk says of a call.
    Header(String),
}

/// What stands before the name of a header field in a gap.
const SIP: &str = "sip.";

impl Template {
    /// Splits a text at its braces; the error says which one does not close.
    pub fn parse(text: &str) -> Result<Template, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let close = rest[open..].find('}').ok_or_else(|| format!("`{{` without `}}` in {text:?}"))? + open;
            if open > 0 {
                parts.push(Part::Text(rest[..open].into()));
            }
            let name = rest[open + 1..close].trim();
            parts.push(match name.strip_prefix(SIP) {
                Some(field) if is_token(field) => Part::Header(field.to_ascii_lowercase()),
                Some(_) => return Err(format!("`{{{name}}}` names no header field in {text:?}")),
                None if name.starts_with('/') => Part::Answer(name.into()),
                None if name.is_empty() => return Err(format!("empty `{{}}` in {text:?}")),
                None => Part::Slot(name.into()),
            });
            rest = &rest[close + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.into()));
        }
        Ok(Template(parts))
    }

    pub fn is_static(&self) -> bool {
        self.0.iter().all(|p| matches!(p, Part::Text(_)))
    }

    /// The text as it stood in the file.
    pub fn source(&self) -> String {
        self.fill(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Slot(name) | Part::Answer(name) => format!("{{{name}}}"),
            Part::Header(name) => format!("{{{SIP}{name}}}"),
        })
    }

    pub fn fill(&self, mut part: impl FnMut(&Part) -> String) -> String {
        self.0.iter().map(&mut part).collect()
    }

    pub fn slots(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|p| if let Part::Slot(name) = p { Some(name.as_str()) } else { None })
    }

    /// Whether it needs nothing but what is known of the call before its first word.
    pub fn is_known_at_once(&self) -> bool {
        self.0.iter().all(|p| matches!(p, Part::Text(_) | Part::Header(_)))
    }

    pub fn headers(&self) -> bool {
        self.0.iter().any(|p| matches!(p, Part::Header(_)))
    }

    pub fn answers(&self) -> bool {
        self.0.iter().any(|p| matches!(p, Part::Answer(_)))
    }
}

/// Whether it can be the name of a header field (RFC 3261 section 25.1).
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&c))
}
