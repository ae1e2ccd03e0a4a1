//! `Outline`: headings and paragraphs of a document in their order, and the passages that they make.
use dialog::knowledge::DocumentPassage;
use std::path::Path;

/// A passage of a section ends after so many words where a paragraph does.
const ENOUGH_WORDS: usize = 90;
/// A longer paragraph is cut between sentences.
const MOST_WORDS: usize = 180;
/// A longer heading is cut.
const HEADING_CHARS: usize = 120;

#[derive(Default)]
pub(super) struct Outline {
    pieces: Vec<Piece>,
}

enum Piece {
    Heading { level: usize, text: String },
    Paragraph { line: u32, text: String },
}

impl Outline {
    /// A heading; level 1 is the outermost.
    pub fn heading(&mut self, level: usize, text: &str) {
        let text: String = joined(text).chars().take(HEADING_CHARS).collect();
        if !text.is_empty() {
            self.pieces.push(Piece::Heading { level, text });
        }
    }

    /// A paragraph that begins at a line.
    pub fn paragraph(&mut self, line: u32, text: &str) {
        let text = joined(text);
        if text.chars().any(char::is_alphanumeric) {
            self.pieces.push(Piece::Paragraph { line, text });
        }
    }

    /// An item of a list: it belongs to what leads to the list, and to the items before it.
    pub fn item(&mut self, line: u32, text: &str) {
        let text = joined(text);
        let text = text.trim_end_matches([';', ',']);
        if let Some(Piece::Paragraph { text: before, .. }) = self.pieces.last_mut()
            && (before.ends_with(':') || before.ends_with(';'))
            && before.split(' ').count() < MOST_WORDS
        {
            before.push_str(&format!(" {text};"));
            return;
        }
        self.paragraph(line, text);
    }

    pub fn passages(self, document: &str, title: Option<&str>) -> Vec<DocumentPassage> {
        let has_heading = self.pieces.iter().any(|piece| matches!(piece, Piece::Heading { .. }));
        let mut above: Vec<(usize, String)> = Vec::new();
        if let Some(title) = title {
            above.push((0, title.trim().to_owned()));
        } else if !has_heading {
            let name = Path::new(document).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            above.push((0, name.replace(['-', '_', '.'], " ")));
        }
        let mut cutting = Cutting { document, above, passages: Vec::new(), open: None };
        self.pieces.into_iter().for_each(|piece| cutting.take(piece));
        cutting.close();
        cutting.passages
    }
}

struct Cutting<'a> {
    document: &'a str,
    above: Vec<(usize, String)>,
    passages: Vec<DocumentPassage>,
    open: Option<DocumentPassage>,
}

impl Cutting<'_> {
    fn take(&mut self, piece: Piece) {
        match piece {
            Piece::Heading { level, text } => {
                self.close();
                // A page often has its title once more as its first heading.
                self.above.retain(|(above, known)| *above < level && *known != text);
                self.above.push((level, text));
            }
            Piece::Paragraph { line, text } => {
                let text = text.trim_end_matches(';');
                for (part, text) in parts(text).into_iter().enumerate() {
                    if part > 0 || self.open.as_ref().is_some_and(|open| words(&open.text) + words(&text) > MOST_WORDS)
                    {
                        self.close();
                    }
                    let (document, headings) = (self.document.to_owned(), &self.above);
                    let open = self.open.get_or_insert_with(|| DocumentPassage {
                        document,
                        headings: headings.iter().map(|(_, text)| text.clone()).collect(),
                        line,
                        text: String::new(),
                    });
                    if !open.text.is_empty() {
                        open.text.push('\n');
                    }
                    open.text.push_str(&text);
                }
                if self.open.as_ref().is_some_and(|open| words(&open.text) >= ENOUGH_WORDS) {
                    self.close();
                }
            }
        }
    }

    fn close(&mut self) {
        self.passages.extend(self.open.take());
    }
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// A paragraph in parts that are no longer than a passage may be.
fn parts(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut count = 0;
    for word in text.split(' ') {
        let last = out.last_mut().expect("there is one from the start");
        let ends = last.ends_with(['.', '!', '?', ';']) && count >= ENOUGH_WORDS;
        if ends || count >= MOST_WORDS {
            out.push(word.to_owned());
            count = 1;
            continue;
        }
        last.push_str(if count == 0 { "" } else { " " });
        last.push_str(word);
        count += 1;
    }
    out
}

/// A text with single spaces.
fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
