//! Markdown (CommonMark 0.31, and tables): its headings, paragraphs and items without their marks. What is code is text.
use super::outline::Outline;
use super::plain::bullet;

pub(super) fn outline(text: &str) -> Outline {
    let mut reading = Reading { outline: Outline::default(), paragraph: String::new(), begins: 1, header: None };
    let (from, title) = front_matter(text);
    if let Some(title) = title {
        reading.outline.heading(0, &plain(title));
    }
    let mut fence: Option<&str> = None;
    let mut comment = false;
    for (at, line) in text.lines().enumerate().skip(from) {
        let (number, trimmed) = (at as u32 + 1, line.trim());
        if comment || trimmed.starts_with("<!--") {
            comment = !trimmed.contains("-->");
            continue;
        }
        if let Some(mark) = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark)) {
            reading.close();
            fence = if fence == Some(mark) { None } else { fence.or(Some(mark)) };
            continue;
        }
        match fence {
            Some(_) => reading.text(number, trimmed),
            None => reading.line(number, line),
        }
    }
    reading.close();
    reading.outline
}

/// How many lines of `---` … `---` stand first, and the title in them.
fn front_matter(text: &str) -> (usize, Option<&str>) {
    let mut lines = text.lines().enumerate();
    if lines.next().is_none_or(|(_, line)| line.trim_end() != "---") {
        return (0, None);
    }
    let mut title = None;
    for (at, line) in lines {
        if line.trim_end() == "---" {
            return (at + 1, title);
        }
        if let Some(value) = line.strip_prefix("title:") {
            title = Some(value.trim().trim_matches(['"', '\'']));
        }
    }
    (0, None)
}

struct Reading {
    outline: Outline,
    paragraph: String,
    begins: u32,
    /// The cells of the first row of the table that is read.
    header: Option<Vec<String>>,
}

impl Reading {
    fn line(&mut self, number: u32, line: &str) {
        let trimmed = line.trim().trim_start_matches('>').trim_start();
        let level = trimmed.bytes().take_while(|byte| *byte == b'#').count();
        if trimmed.is_empty() {
            return self.close();
        }
        if (1..=6).contains(&level) && trimmed[level..].starts_with([' ', '\t']) {
            self.close();
            return self.outline.heading(level, &plain(trimmed[level..].trim().trim_end_matches('#')));
        }
        if is_rule(trimmed) {
            return match trimmed.starts_with('=') || trimmed.starts_with('-') {
                // The line above is a heading.
                true if !self.paragraph.is_empty() => {
                    let level = if trimmed.starts_with('=') { 1 } else { 2 };
                    let text = std::mem::take(&mut self.paragraph);
                    self.outline.heading(level, &plain(&text));
                }
                _ => self.close(),
            };
        }
        if trimmed.starts_with('|') {
            return self.row(number, trimmed);
        }
        match bullet(trimmed) {
            Some(item) => {
                self.close();
                self.outline.item(number, &plain(item.trim_start_matches("[ ] ").trim_start_matches("[x] ")));
            }
            None => self.text(number, trimmed),
        }
    }

    fn text(&mut self, number: u32, line: &str) {
        self.header = None;
        if self.paragraph.is_empty() {
            self.begins = number;
        }
        self.paragraph.push(' ');
        self.paragraph.push_str(line);
    }

    /// A row of a table: each cell with what its column is called.
    fn row(&mut self, number: u32, line: &str) {
        let header = self.header.take();
        self.close();
        let cells: Vec<String> = line.trim_matches('|').split('|').map(|cell| plain(cell.trim())).collect();
        if cells.iter().all(|cell| cell.chars().all(|c| "-: ".contains(c))) {
            self.header = header;
            return;
        }
        let Some(header) = header else {
            self.header = Some(cells);
            return;
        };
        let named =
            cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()).map(|(at, cell)| match header.get(at) {
                Some(name) if at > 0 && !name.is_empty() => format!("{name} {cell}"),
                _ => cell.clone(),
            });
        self.outline.paragraph(number, &format!("{}.", named.collect::<Vec<_>>().join(", ")));
        self.header = Some(header);
    }

    fn close(&mut self) {
        self.header = None;
        let text = std::mem::take(&mut self.paragraph);
        self.outline.paragraph(self.begins, &plain(&text));
    }
}

/// `---`, `***`, `===`.
fn is_rule(line: &str) -> bool {
    let first = line.chars().next().unwrap_or(' ');
    "-*_=".contains(first)
        && line.chars().filter(|c| *c == first).count() >= 2
        && line.chars().all(|c| c == first || c == ' ')
}

/// A text without the marks of emphasis, code and links; of a link or picture its words stay.
pub(super) fn plain(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        match c {
            '\\' if chars.get(at + 1).is_some_and(char::is_ascii_punctuation) => {
                at += 1;
                out.push(chars[at]);
            }
            '!' if chars.get(at + 1) == Some(&'[') => {}
            '`' => {}
            '*' => {}
            // Between letters it is part of a name.
            '_' if !(at > 0
                && chars[at - 1].is_alphanumeric()
                && chars.get(at + 1).is_some_and(|c| c.is_alphanumeric())) => {}
            '~' if chars.get(at + 1) == Some(&'~') || at > 0 && chars[at - 1] == '~' => {}
            '[' => {}
            ']' => {
                // What a link leads to.
                let close = match chars.get(at + 1) {
                    Some('(') => Some(')'),
                    Some('[') => Some(']'),
                    _ => None,
                };
                if let Some(end) = close.and_then(|close| chars[at + 1..].iter().position(|c| *c == close)) {
                    at += 1 + end;
                }
            }
            '<' => match chars[at..].iter().position(|c| *c == '>') {
                Some(end) if chars.get(at + 1).is_some_and(|c| c.is_ascii_alphabetic() || *c == '/') => {
                    let inner: String = chars[at + 1..at + end].iter().collect();
                    // An address in brackets is text, an element is none.
                    if inner.contains("://") || inner.contains('@') {
                        out.push_str(&inner);
                    } else {
                        out.push(' ');
                    }
                    at += end;
                }
                _ => out.push(c),
            },
            c => out.push(c),
        }
        at += 1;
    }
    super::html::decoded(&out)
}
