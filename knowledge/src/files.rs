//! The files of documents, within bounds.
use super::format::Format;
use std::path::{Path, PathBuf};

/// All documents of a bot together.
pub(super) const MOST_BYTES: u64 = 16 * 1024 * 1024;
const MOST_FILES: usize = 2_000;
/// So deep folders are looked into.
const DEEPEST: usize = 8;

/// Why a bot's documents cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KnowledgeFault {
    #[error("`document`: cannot read {}: {why}", path.display())]
    Unreadable { path: PathBuf, why: std::io::Error },
    #[error("`document`: {} is no document: name a .md, .txt or .html file, or a folder of them", path.display())]
    Unknown { path: PathBuf },
    #[error("`document`: {} is not UTF-8: save it so", path.display())]
    NotText { path: PathBuf },
    #[error("`document`: {path} holds no text: name a file or folder that does, or remove it")]
    Nothing { path: String },
    #[error("`document`: {path} is too much: 2,000 files, 16 MB and 20,000 passages are the most")]
    TooMuch { path: String },
}

pub(super) struct DocumentFile {
    /// Beside the bot's file.
    pub name: String,
    pub text: String,
    pub format: Format,
}

/// The document at `path` beside `dir`, or all of a folder by their names. `left`: so many bytes may still be read.
pub(super) fn read(dir: &Path, path: &str, left: &mut u64) -> Result<Vec<DocumentFile>, KnowledgeFault> {
    let root = dir.join(path);
    let meta = std::fs::metadata(&root).map_err(|why| KnowledgeFault::Unreadable { path: root.clone(), why })?;
    let mut files = Vec::new();
    match meta.is_dir() {
        true => walk(&root, PathBuf::from(path), 0, &mut files)
            .map_err(|(path, why)| KnowledgeFault::Unreadable { path, why })?,
        false if Format::of(&root).is_none() => return Err(KnowledgeFault::Unknown { path: root }),
        false => files.push((root, PathBuf::from(path))),
    }
    if files.len() > MOST_FILES {
        return Err(KnowledgeFault::TooMuch { path: path.to_owned() });
    }
    files.sort();
    let mut out = Vec::new();
    for (file, name) in files {
        let Some(format) = Format::of(&file) else { continue };
        let unreadable = |why| KnowledgeFault::Unreadable { path: file.clone(), why };
        let long = std::fs::metadata(&file).map_err(unreadable)?.len();
        *left = left.checked_sub(long).ok_or_else(|| KnowledgeFault::TooMuch { path: path.to_owned() })?;
        let bytes = std::fs::read(&file).map_err(unreadable)?;
        let text = String::from_utf8(bytes).map_err(|_| KnowledgeFault::NotText { path: file.clone() })?;
        out.push(DocumentFile { name: name.display().to_string(), text, format });
    }
    Ok(out)
}

/// The documents below a folder, without what is hidden.
fn walk(
    dir: &Path,
    name: PathBuf,
    depth: usize,
    files: &mut Vec<(PathBuf, PathBuf)>,
) -> Result<(), (PathBuf, std::io::Error)> {
    let unreadable = |why| (dir.to_owned(), why);
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let (path, name) = (entry.path(), name.join(entry.file_name()));
        if entry.file_name().to_string_lossy().starts_with('.') || files.len() > MOST_FILES {
            continue;
        }
        // A link leads nowhere: what a folder holds is what lies in it.
        let kind = entry.file_type().map_err(|why| (path.clone(), why))?;
        if kind.is_dir() && depth < DEEPEST {
            walk(&path, name, depth + 1, files)?;
        } else if kind.is_file() && Format::of(&path).is_some() {
            files.push((path, name));
        }
    }
    Ok(())
}
