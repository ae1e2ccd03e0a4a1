//! Plain text: paragraphs apart by empty lines; a short line by itself without a full stop is a heading.
use super::outline::Outline;

const HEADING_WORDS: usize = 10;

pub(super) fn outline(text: &str) -> Outline {
    let mut outline = Outline::default();
    let mut paragraph: Vec<&str> = Vec::new();
    let mut begins = 1;
    let mut level = 1;
    for (at, line) in text.lines().chain([""]).enumerate() {
        if !line.trim().is_empty() {
            if paragraph.is_empty() {
                begins = at as u32 + 1;
            }
            paragraph.push(line.trim());
            continue;
        }
        match paragraph.as_slice() {
            [] => {}
            [one] if is_heading(one) => {
                // The first one is the document's title.
                outline.heading(level, one.trim_end_matches(':'));
                level = 2;
            }
            lines => items(&mut outline, begins, lines),
        }
        paragraph.clear();
    }
    outline
}

fn is_heading(line: &str) -> bool {
    let is_item = bullet(line).is_some();
    !is_item && !line.ends_with(['.', '!', ',', ';']) && line.split_whitespace().count() <= HEADING_WORDS
}

/// Lines of a paragraph; those that begin with a bullet are items.
fn items(outline: &mut Outline, begins: u32, lines: &[&str]) {
    let mut text = String::new();
    let mut from = begins;
    for (at, line) in lines.iter().enumerate() {
        let here = begins + at as u32;
        match bullet(line) {
            Some(item) => {
                outline.paragraph(from, &text);
                text.clear();
                outline.item(here, item);
                from = here + 1;
            }
            None => {
                if text.is_empty() {
                    from = here;
                }
                text.push(' ');
                text.push_str(line);
            }
        }
    }
    outline.paragraph(from, &text);
}

/// The item of a list that a line is.
pub(super) fn bullet(line: &str) -> Option<&str> {
    let line = line.trim_start();
    for mark in ["- ", "* ", "+ ", "• ", "– "] {
        if let Some(item) = line.strip_prefix(mark) {
            return Some(item.trim());
        }
    }
    let figures = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = line[figures..].strip_prefix(". ").or_else(|| line[figures..].strip_prefix(") "))?;
    (1..=2).contains(&figures).then(|| rest.trim())
}
