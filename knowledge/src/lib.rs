//! The documents of a bot: its files and folders are read and cut into passages, which `dialog` searches. A bot is read by the server, by
//! `switchboard talk` and by rehearsals; all of them load its documents here.
use dialog::bot::{Bot, DocumentSource};
use dialog::knowledge::{DocumentPassage, Knowledge};
use std::path::Path;
use std::sync::Arc;

mod files;
mod format;
mod html;
mod markdown;
mod outline;
mod plain;

pub use files::KnowledgeFault;
pub use format::Format;

/// So many passages of one bot are searched at most.
const MOST_PASSAGES: usize = 20_000;

/// Reads the documents that a bot's file names, beside it in `dir`.
///
/// # Errors
/// [`KnowledgeFault`].
pub fn load(bot: &mut Bot, dir: &Path) -> Result<(), KnowledgeFault> {
    if bot.documents.is_empty() {
        return Ok(());
    }
    let mut passages = Vec::new();
    let mut left = files::MOST_BYTES;
    for source in &bot.documents {
        let DocumentSource { path, title } = source;
        let before = passages.len();
        for file in files::read(dir, path, &mut left)? {
            passages.extend(cut(&file.name, &file.text, file.format, title.as_deref()));
        }
        if passages.len() == before {
            return Err(KnowledgeFault::Nothing { path: path.clone() });
        }
        if passages.len() > MOST_PASSAGES {
            return Err(KnowledgeFault::TooMuch { path: path.clone() });
        }
    }
    bot.knowledge = Some(Arc::new(Knowledge::new(bot.language, passages)));
    Ok(())
}

/// A document in passages. `title` stands before its headings.
pub fn cut(name: &str, text: &str, format: Format, title: Option<&str>) -> Vec<DocumentPassage> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let outline = match format {
        Format::Markdown => markdown::outline(text),
        Format::Text => plain::outline(text),
        Format::Html => html::outline(text),
    };
    outline.passages(name, title)
}

#[cfg(test)]
mod tests;
