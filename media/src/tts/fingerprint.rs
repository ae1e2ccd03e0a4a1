//! The fingerprint of an engine: a checksum of all that decides how it sounds.
use ring::digest::{Context, SHA256};
use std::fmt::Write;

/// The SHA-256 of files and settings, one after the other, in hexadecimal.
pub fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut digest = Context::new(&SHA256);
    parts.into_iter().for_each(|part| digest.update(part));
    digest.finish().as_ref().iter().fold(String::new(), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}
