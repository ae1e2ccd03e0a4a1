//! `DocumentSource`: where documents lie that a bot answers by.

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentSource {
    /// A file, or a folder with what lies in it, beside the bot's file.
    pub path: String,
    /// Stands before the headings of its files.
    pub title: Option<String>,
}
