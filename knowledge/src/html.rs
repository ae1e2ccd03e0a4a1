//! HTML as pages of companies are written: headings, paragraphs, items and rows, without what is not shown. Tolerant: what is not
//! closed ends where its surroundings do.
use super::outline::Outline;

/// Elements whose content nobody reads as text.
const HIDDEN: [&str; 9] = ["script", "style", "noscript", "template", "svg", "nav", "select", "iframe", "object"];
/// Elements that end a paragraph.
const BLOCKS: [&str; 28] = [
    "p",
    "div",
    "section",
    "article",
    "main",
    "header",
    "footer",
    "aside",
    "ul",
    "ol",
    "dl",
    "dt",
    "dd",
    "table",
    "thead",
    "tbody",
    "tr",
    "blockquote",
    "pre",
    "figure",
    "figcaption",
    "form",
    "fieldset",
    "address",
    "details",
    "summary",
    "body",
    "html",
];

pub(super) fn outline(text: &str) -> Outline {
    let mut reading =
        Reading { outline: Outline::default(), text: String::new(), line: 1, begins: 1, within: Within::Paragraph };
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        reading.add(&rest[..open]);
        rest = &rest[open..];
        let skipped = reading.markup(rest);
        reading.line += newlines(&rest[..skipped]);
        rest = &rest[skipped..];
    }
    reading.add(rest);
    reading.close();
    reading.outline
}

#[derive(Clone, Copy, PartialEq)]
enum Within {
    Paragraph,
    Heading(usize),
    Title,
    Item,
}

struct Reading {
    outline: Outline,
    text: String,
    line: u32,
    begins: u32,
    within: Within,
}

impl Reading {
    fn add(&mut self, text: &str) {
        if self.text.trim().is_empty() && !text.trim().is_empty() {
            self.text.clear();
            self.begins = self.line + newlines(&text[..text.len() - text.trim_start().len()]);
        }
        self.text.push_str(&decoded(text));
        self.line += newlines(text);
    }

    /// Reads the markup at the start of `rest`: how long it is.
    fn markup(&mut self, rest: &str) -> usize {
        // "a < b".
        if !rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c)) {
            self.text.push('<');
            return 1;
        }
        if rest.starts_with("<!--") {
            return rest.find("-->").map_or(rest.len(), |end| end + 3);
        }
        let name: String = rest[1..]
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        let Some(end) = end_of_tag(rest) else { return rest.len() };
        // `<!doctype …>`, `<?xml …?>`, `</>`.
        if name.is_empty() {
            return end;
        }
        let closes = rest.starts_with("</");
        if !closes && HIDDEN.contains(&name.as_str()) && !rest[..end].ends_with("/>") {
            self.close();
            let closing = format!("</{name}");
            return find_ignoring_case(&rest[end..], &closing).map_or(rest.len(), |at| {
                let from = end + at;
                from + end_of_tag(&rest[from..]).unwrap_or(rest.len() - from)
            });
        }
        match (name.as_str(), closes) {
            ("h1" | "h2" | "h3" | "h4" | "h5" | "h6", closes) => {
                self.close();
                let level = usize::from(name.as_bytes()[1] - b'0');
                self.within = if closes { Within::Paragraph } else { Within::Heading(level) };
            }
            ("title", closes) => {
                self.close();
                self.within = if closes { Within::Paragraph } else { Within::Title };
            }
            ("li", closes) => {
                self.close();
                self.within = if closes { Within::Paragraph } else { Within::Item };
            }
            ("td" | "th", true) => self.text.push_str(", "),
            ("br" | "hr", _) => self.text.push(' '),
            (name, _) if BLOCKS.contains(&name) => self.close(),
            _ => {}
        }
        end
    }

    fn close(&mut self) {
        let text = std::mem::take(&mut self.text);
        let text = text.trim().trim_end_matches(',');
        match self.within {
            _ if text.is_empty() => {}
            Within::Heading(level) => self.outline.heading(level, text),
            Within::Title => self.outline.heading(0, text),
            Within::Item => self.outline.item(self.begins, text),
            Within::Paragraph => self.outline.paragraph(self.begins, text),
        }
        self.within = Within::Paragraph;
    }
}

fn newlines(text: &str) -> u32 {
    text.bytes().filter(|byte| *byte == b'\n').count() as u32
}

/// Behind the `>` of a tag; one in quotes ends nothing.
fn end_of_tag(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return Some(at + 1),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

fn find_ignoring_case(text: &str, wanted: &str) -> Option<usize> {
    text.as_bytes().windows(wanted.len()).position(|window| window.eq_ignore_ascii_case(wanted.as_bytes()))
}

/// A text with its character references (HTML Standard section 13.5: the common ones, and all numeric ones) as characters.
pub(super) fn decoded(text: &str) -> String {
    const NAMED: [(&str, &str); 24] = [
        ("amp", "&"),
        ("lt", "<"),
        ("gt", ">"),
        ("quot", "\""),
        ("apos", "'"),
        ("nbsp", " "),
        ("ndash", "–"),
        ("mdash", "—"),
        ("hellip", "…"),
        ("rsquo", "’"),
        ("lsquo", "‘"),
        ("ldquo", "“"),
        ("rdquo", "”"),
        ("euro", "€"),
        ("pound", "£"),
        ("copy", "©"),
        ("reg", "®"),
        ("trade", "™"),
        ("deg", "°"),
        ("times", "×"),
        ("middot", "·"),
        ("bull", "•"),
        ("laquo", "«"),
        ("raquo", "»"),
    ];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(12).position(|byte| byte == b';');
        let character = end.and_then(|end| {
            let name = &rest[1..end];
            let number = |digits: &str, base| u32::from_str_radix(digits, base).ok().and_then(char::from_u32);
            match name.strip_prefix('#') {
                Some(hex) if hex.starts_with(['x', 'X']) => number(&hex[1..], 16).map(String::from),
                Some(digits) => number(digits, 10).map(String::from),
                None => NAMED.iter().find(|(known, _)| *known == name).map(|(_, is)| (*is).to_owned()),
            }
        });
        match character.zip(end) {
            Some((character, end)) => {
                out.push_str(&character);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}
