//! What sounds behind a caller, as a rehearsal's file has it.
use super::check::{Fault, Source};
use super::file::NoiseFile;
use super::{Noise, NoiseSound};
use std::path::Path;

/// How far below the voice noise may be, in decibels.
const BELOW: std::ops::RangeInclusive<f32> = -10.0..=60.0;

pub(super) fn noise(source: &Source<'_>, line: usize, read: NoiseFile) -> Result<Noise, Fault> {
    if !BELOW.contains(&read.below_db) {
        let (least, most) = (BELOW.start(), BELOW.end());
        return Err(source.fault(line, format!("`below_db` of noise is from {least} to {most}")));
    }
    let sound = match (read.kind.as_deref(), read.file) {
        (Some("white"), None) => NoiseSound::White,
        (Some("car"), None) => NoiseSound::Car,
        (Some("babble"), None) => NoiseSound::Babble,
        (Some(kind), None) => {
            return Err(source.fault(line, format!("there is no noise {kind:?}: use white, car, babble, or a `file`")));
        }
        (None, Some(file)) => NoiseSound::File(Path::new(source.file).parent().unwrap_or(Path::new("")).join(file)),
        _ => return Err(source.fault(line, "noise has either a `kind` or a `file`")),
    };
    Ok(Noise { sound, below: read.below_db })
}
