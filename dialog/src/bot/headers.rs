//! `Headers`: what a trunk said of a call in header fields of SIP, and a bot's sentences with it.
use super::{Bot, Part, Template};
use std::collections::BTreeMap;
use std::sync::Arc;

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
    /// As it came: for requests to services.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// As it can be said: nothing in it is taken for a gap, or for more than one line.
    pub(crate) fn spoken(&self, name: &str) -> String {
        let plain = |c: char| if c.is_control() || matches!(c, '{' | '}') { ' ' } else { c };
        self.value(name).chars().map(plain).collect::<String>().trim().to_owned()
    }

    /// A sentence whose gaps are header fields; any other gap stays.
    fn fill(&self, text: &str) -> String {
        let Ok(template) = Template::parse(text) else { return text.to_owned() };
        let filled = template.fill(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Header(name) => self.spoken(name),
            Part::Slot(name) | Part::Answer(name) => format!("{{{name}}}"),
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

impl Bot {
    /// The bot as it is in one call: its sentences hold what the trunk said of it. Later gaps are filled as they come.
    pub fn with_headers(self: Arc<Self>, headers: Headers) -> Arc<Self> {
        let mut bot = match (self.has_header_gaps, headers.0.is_empty()) {
            (false, true) => return self,
            _ => (*self).clone(),
        };
        if bot.has_header_gaps {
            bot.sentences().into_iter().filter(|text| is_in(text)).for_each(|text| *text = headers.fill(text));
            bot.has_header_gaps = false;
        }
        bot.headers = headers;
        Arc::new(bot)
    }

    /// The same bot for a call that no trunk brought, unless it is already one call's own.
    pub(crate) fn without_header_gaps(self: Arc<Self>) -> Arc<Self> {
        if self.has_header_gaps { self.with_headers(Headers::default()) } else { self }
    }

    /// Every sentence that is said as it stands, or with gaps that are filled by their names.
    pub(super) fn sentences(&mut self) -> Vec<&mut String> {
        let Self { disclosure, greeting, closing, slots, tasks, prompts, .. } = self;
        let mut all: Vec<&mut String> = disclosure.iter_mut().chain([greeting, closing]).collect();
        for slot in slots {
            all.push(&mut slot.prompt);
            all.extend(slot.reprompts.iter_mut().chain(&mut slot.help));
        }
        all.extend(
            tasks
                .iter_mut()
                .filter_map(|task| task.done.call.as_mut())
                .flat_map(|call| [&mut call.late, &mut call.failed].into_iter().flatten()),
        );
        all.extend(prompts.all_mut());
        all
    }
}
