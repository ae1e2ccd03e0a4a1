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
}

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
            parts.push(match name.strip_prefix('/') {
                Some(_) => Part::Answer(name.into()),
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
        })
    }

    pub fn fill(&self, mut part: impl FnMut(&Part) -> String) -> String {
        self.0.iter().map(&mut part).collect()
    }

    pub fn slots(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|p| if let Part::Slot(name) = p { Some(name.as_str()) } else { None })
    }

    pub fn answers(&self) -> bool {
        self.0.iter().any(|p| matches!(p, Part::Answer(_)))
    }
}
