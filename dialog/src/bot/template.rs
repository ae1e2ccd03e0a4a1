//! `Template`: text with `{slot}`, `{/json/pointer}` and `{lookup/pointer}` in it, taken apart at load.
use crate::say::SayAs;

/// A text whose gaps are known to be fillable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(pub Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Text(String),
    Slot(SlotGap),
    Answer(AnswerGap),
    /// A header field of the caller's INVITE, by its name in lower case: what a trunk says of a call.
    Header(String),
    /// What is known of the caller from earlier calls, by the slot's name.
    Known(String),
}

/// A slot's value, as it is said (or as it stands in JSON, inside a tool's URL and body).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotGap {
    pub name: String,
    /// `None`: as values of its kind are said.
    pub say_as: Option<SayAs>,
    /// The sentence is left out where it is missing.
    pub optional: bool,
}

/// A part of a tool's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerGap {
    /// The lookup whose answer it is part of, by name; `None`: the answer that has just come.
    pub lookup: Option<String>,
    /// RFC 6901; empty: the whole answer.
    pub pointer: String,
    /// `None`: as the text or number that it is.
    pub say_as: Option<SayAs>,
    /// The sentence is left out where it is missing.
    pub optional: bool,
}

/// What stands before the name of a header field in a gap.
const SIP: &str = "sip.";

/// What stands before the name of a slot in a gap for what is known of the caller.
const CALLER: &str = "caller.";

impl Template {
    /// Splits a text at its braces; the error says what is wrong with which of them.
    pub fn parse(text: &str) -> Result<Template, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let close = rest[open..].find('}').ok_or_else(|| format!("`{{` without `}}` in {text:?}"))? + open;
            if open > 0 {
                parts.push(Part::Text(rest[..open].into()));
            }
            parts.push(gap(rest[open + 1..close].trim()).map_err(|problem| format!("{problem} in {text:?}"))?);
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
        self.fill(Part::source)
    }

    pub fn fill(&self, mut part: impl FnMut(&Part) -> String) -> String {
        self.0.iter().map(&mut part).collect()
    }

    /// Whether it needs nothing but what is known of the call before its first word.
    pub fn is_known_at_once(&self) -> bool {
        self.0.iter().all(|p| matches!(p, Part::Text(_) | Part::Header(_) | Part::Known(_)))
    }

    pub fn headers(&self) -> bool {
        self.0.iter().any(|p| matches!(p, Part::Header(_)))
    }

    /// The slots that it has gaps for, as they are known from earlier calls.
    pub fn known(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|p| if let Part::Known(name) = p { Some(name.as_str()) } else { None })
    }

    pub fn slots(&self) -> impl Iterator<Item = &SlotGap> {
        self.0.iter().filter_map(|p| if let Part::Slot(gap) = p { Some(gap) } else { None })
    }

    pub fn answers(&self) -> impl Iterator<Item = &AnswerGap> {
        self.0.iter().filter_map(|p| if let Part::Answer(gap) = p { Some(gap) } else { None })
    }
}

impl Part {
    /// As it stood in the file.
    pub fn source(&self) -> String {
        let marks = |say_as: &Option<SayAs>, optional: bool| {
            let form = say_as.map(|form| format!(":{}", form.name())).unwrap_or_default();
            format!("{form}{}", if optional { "?" } else { "" })
        };
        match self {
            Part::Text(text) => text.clone(),
            Part::Slot(gap) => format!("{{{}{}}}", gap.name, marks(&gap.say_as, gap.optional)),
            Part::Answer(gap) => {
                let lookup = gap.lookup.as_deref().unwrap_or_default();
                format!("{{{lookup}{}{}}}", gap.pointer, marks(&gap.say_as, gap.optional))
            }
            Part::Header(name) => format!("{{{SIP}{name}}}"),
            Part::Known(name) => format!("{{{CALLER}{name}}}"),
        }
    }
}

/// What stands between two braces.
fn gap(text: &str) -> Result<Part, String> {
    match text.strip_prefix(SIP) {
        Some(field) if is_token(field) => return Ok(Part::Header(field.to_ascii_lowercase())),
        Some(_) => return Err(format!("`{{{text}}}` names no header field")),
        None => {}
    }
    if let Some(name) = text.strip_prefix(CALLER) {
        return match name.is_empty() || name.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            true => Err(format!("`{{{text}}}` names no slot")),
            false => Ok(Part::Known(name.to_owned())),
        };
    }
    let (rest, optional) = text.strip_suffix('?').map_or((text, false), |rest| (rest, true));
    let (name, say_as) = match rest.rsplit_once(':') {
        Some((name, form)) => match SayAs::named(form) {
            Some(form) => (name, Some(form)),
            None => {
                let known: Vec<&str> = SayAs::ALL.iter().map(|form| form.name()).collect();
                return Err(format!("no such form `:{form}` (there are {})", known.join(", ")));
            }
        },
        None => (rest, None),
    };
    if name.is_empty() {
        return Err("empty `{}`".into());
    }
    Ok(match name.find('/') {
        Some(at) => {
            let lookup = Some(&name[..at]).filter(|lookup| !lookup.is_empty()).map(str::to_owned);
            Part::Answer(AnswerGap { lookup, pointer: name[at..].into(), say_as, optional })
        }
        None => Part::Slot(SlotGap { name: name.into(), say_as, optional }),
    })
}

/// Whether it can be the name of a header field (RFC 3261 section 25.1).
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&c))
}
