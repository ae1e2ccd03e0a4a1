//! The `[[document]]`s of a bot file.
use super::check::{BotFault, Check};
use crate::bot::document::DocumentSource;
use crate::bot::file::DocumentFile;

/// More are no list that anybody looks after: a folder holds them.
const MOST: usize = 100;

pub(super) fn documents(check: &Check, read: Vec<DocumentFile>) -> Result<Vec<DocumentSource>, BotFault> {
    if read.len() > MOST {
        return check.fault("document", "more than 100", "put them into a folder, and name that");
    }
    let document = |(i, file): (usize, DocumentFile)| {
        check.text(&format!("document[{i}].path"), &file.path)?;
        if let Some(title) = &file.title {
            check.text(&format!("document[{i}].title"), title)?;
        }
        Ok(DocumentSource { path: file.path, title: file.title })
    };
    read.into_iter().enumerate().map(document).collect()
}
