//! The WAV file of a recording: 44 bytes of header, then sound. The header's sizes fit the file at every moment. In a sealed file,
//! which can only be appended to, they are filled in when it is read.
use super::RecordFault;
use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

pub(super) const HEADER: u64 = 44;

/// A header with the sizes of a stream of unknown length.
pub(super) fn header(rate: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER as usize);
    out.extend(b"RIFF\xff\xff\xff\xffWAVEfmt ");
    out.extend(16u32.to_le_bytes());
    // PCM, two channels, 16 bit.
    out.extend([1, 0, 2, 0]);
    out.extend(rate.to_le_bytes());
    out.extend((rate * 4).to_le_bytes());
    out.extend([4, 0, 16, 0]);
    out.extend(b"data\xff\xff\xff\xff");
    out
}

/// The two sizes in a header, with their offsets, for a file of this length.
pub(super) fn sizes(length: u64) -> [(u64, [u8; 4]); 2] {
    let size = |before: u64| u32::try_from(length.saturating_sub(before)).unwrap_or(u32::MAX).to_le_bytes();
    [(4, size(8)), (40, size(HEADER))]
}

/// Corrects the header of an interrupted recording to the length of its file.
///
/// # Errors
/// [`RecordFault::Disk`]; [`RecordFault::NotWav`] where there is no header, and so no sound.
pub fn finalise(path: &Path) -> Result<(), RecordFault> {
    let disk = |why: io::Error| RecordFault::Disk { path: path.to_owned(), why: why.to_string() };
    let not_wav = || RecordFault::NotWav(path.to_owned());
    let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(disk)?;
    let length = file.metadata().map_err(disk)?.len();
    let mut head = Vec::new();
    Read::by_ref(&mut file).take(4096).read_to_end(&mut head).map_err(disk)?;
    if head.get(..4) != Some(b"RIFF") || head.get(8..12) != Some(b"WAVE") {
        return Err(not_wav());
    }
    let word = |at: usize| head.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
    let (mut at, mut align) = (12, 4);
    let data = loop {
        let (Some(id), Some(size)) = (head.get(at..at + 4), word(at + 4)) else { return Err(not_wav()) };
        if id == b"data" {
            break at + 8;
        }
        if id == b"fmt " {
            align = head.get(at + 20..at + 22).map_or(4, |b| u64::from(u16::from_le_bytes([b[0], b[1]]))).max(1);
        }
        at = at.saturating_add(8).saturating_add(size as usize).saturating_add(size as usize & 1);
    };
    let sound = (length - data as u64) / align * align;
    let mut put = |at: u64, value: u64| -> io::Result<()> {
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes())
    };
    put(4, data as u64 - 8 + sound).and_then(|()| put(data as u64 - 4, sound)).map_err(disk)?;
    file.set_len(data as u64 + sound).map_err(disk)
}
