//! `[store]`: where calls are kept, and how their recordings are.
use super::blank;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    pub dir: PathBuf,
    pub recording: bool,
    pub recording_format: RecordingFormat,
    /// Recordings are encrypted with the key in this file.
    #[serde(with = "blank::path")]
    pub recording_key_file: Option<PathBuf>,
    /// A program and its arguments; it prints the key.
    pub recording_key_command: Vec<String>,
    /// Ended calls and their recordings older than this are deleted; 0 keeps them for ever.
    pub retention_days: u32,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            dir: "data".into(),
            recording: true,
            recording_format: RecordingFormat::Wav,
            recording_key_file: None,
            recording_key_command: Vec::new(),
            retention_days: 90,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordingFormat {
    Wav,
    Opus,
}

impl From<RecordingFormat> for media::record::Format {
    fn from(format: RecordingFormat) -> Self {
        match format {
            RecordingFormat::Wav => Self::Wav,
            RecordingFormat::Opus => Self::Opus,
        }
    }
}
