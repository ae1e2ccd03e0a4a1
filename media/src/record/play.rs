//! `Playback`: reads the plain bytes of a recording from any offset, sealed or not.
use super::seal::{End, HEADER, LONGEST, NoKey, Opener, TAG, Vault};
use super::{RecordFault, SEALED, wav};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

pub struct Playback {
    path: PathBuf,
    file: File,
    len: u64,
    sealed: Option<Sealed>,
    /// Whether a plain file is complete.
    ended: bool,
}

struct Sealed {
    opener: Opener,
    pieces: Vec<Piece>,
    /// The piece that was opened last.
    open: Option<(usize, Vec<u8>)>,
    /// Whether the last piece is sealed as the last.
    whole: bool,
    /// The header's sizes are filled in when it is read.
    wav: bool,
}

/// One piece: its offset in the file, and the offset of its first byte in the plain content.
struct Piece {
    at: u64,
    from: u64,
    len: u64,
}

impl Playback {
    /// Opens a recording; of one that still grows, or was cut off, the part that exists.
    ///
    /// # Errors
    /// [`RecordFault::Unreadable`], [`RecordFault::Locked`], [`RecordFault::OtherKey`], [`RecordFault::Version`]; [`RecordFault::Damaged`] if its end was changed.
    pub fn open(path: &Path, vault: Option<&Vault>) -> Result<Self, RecordFault> {
        let unreadable = |why: io::Error| RecordFault::Unreadable { path: path.to_owned(), why: why.to_string() };
        let mut file = File::open(path).map_err(unreadable)?;
        let len = file.metadata().map_err(unreadable)?.len();
        let mut head = Vec::new();
        Read::by_ref(&mut file).take(HEADER as u64).read_to_end(&mut head).map_err(unreadable)?;
        let path = path.to_owned();
        // A sealed file that has just been created is empty.
        let named = path.extension().is_some_and(|e| e == SEALED);
        if !named && !Opener::is_sealed(&head) {
            let ended = ended(&mut file, &path, len).map_err(unreadable)?;
            return Ok(Self { path, file, len, sealed: None, ended });
        }
        let Some(vault) = vault else { return Err(RecordFault::Locked(path)) };
        let Ok(header) = head.try_into() else { return Ok(Self { path, file, len: 0, sealed: None, ended: false }) };
        let opener = Opener::new(header, vault).map_err(|why| match why {
            NoKey::Other(id) => RecordFault::OtherKey { path: path.clone(), id },
            NoKey::Version => RecordFault::Version(path.clone()),
            NoKey::NotSealed => RecordFault::Damaged { path: path.clone(), piece: 0 },
        })?;
        let wav = path.with_extension("").extension().is_some_and(|e| e == "wav");
        let pieces = pieces(&file, len).map_err(unreadable)?;
        let clear = pieces.last().map_or(0, |last| last.from + last.len);
        let sealed = Sealed { opener, pieces, open: None, whole: false, wav };
        let mut playback = Self { path, file, len: clear, sealed: Some(sealed), ended: false };
        playback.try_end()?;
        Ok(playback)
    }

    /// The length of the plain content.
    pub const fn len(&self) -> u64 {
        self.len
    }

    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether the end of the recording is present. For a plain WAV file only that its header fits its length, as it does at every
    /// moment: whether the recording is complete is in the call's record.
    pub fn whole(&self) -> bool {
        self.sealed.as_ref().map_or(self.ended, |sealed| sealed.whole)
    }

    /// Reads bytes from offset `from`: at least one unless that is the end, `most` at most.
    ///
    /// # Errors
    /// [`RecordFault::Unreadable`], [`RecordFault::Damaged`].
    pub fn read(&mut self, from: u64, most: usize) -> Result<Vec<u8>, RecordFault> {
        let most = most.min(usize::try_from(self.len.saturating_sub(from)).unwrap_or(usize::MAX));
        let Some(sealed) = &mut self.sealed else {
            let mut bytes = vec![0; most];
            let read = self.file.seek(SeekFrom::Start(from)).and_then(|_| self.file.read_exact(&mut bytes));
            return read.map(|()| bytes).map_err(|why| unreadable(&self.path, &why));
        };
        if most == 0 {
            return Ok(Vec::new());
        }
        let number = sealed.pieces.partition_point(|piece| piece.from + piece.len <= from);
        let Some(piece) = sealed.pieces.get(number) else { return Ok(Vec::new()) };
        if sealed.open.as_ref().is_none_or(|(open, _)| *open != number) {
            let last = sealed.whole && number + 1 == sealed.pieces.len();
            let bytes = read_piece(&mut self.file, piece).map_err(|why| unreadable(&self.path, &why))?;
            let end = if last { End::Last } else { End::More };
            let plain = sealed.opener.open(number as u32, end, bytes);
            let damaged = || RecordFault::Damaged { path: self.path.clone(), piece: number };
            sealed.open = Some((number, plain.ok_or_else(damaged)?));
        }
        let at = (from - piece.from) as usize;
        let plain = sealed.open.as_ref().map_or(&[][..], |(_, plain)| plain.get(at..).unwrap_or_default());
        let mut bytes = plain[..plain.len().min(most)].to_vec();
        if sealed.wav {
            for (place, size) in wav::sizes(self.len) {
                for (byte, at) in size.into_iter().zip(place..) {
                    let here = at.checked_sub(from).and_then(|here| usize::try_from(here).ok());
                    here.and_then(|here| bytes.get_mut(here)).into_iter().for_each(|to| *to = byte);
                }
            }
        }
        Ok(bytes)
    }

    /// Finds out whether the last piece is sealed as the last.
    fn try_end(&mut self) -> Result<(), RecordFault> {
        let Some(sealed) = &mut self.sealed else { return Ok(()) };
        let Some((piece, number)) = sealed.pieces.last().zip(sealed.pieces.len().checked_sub(1)) else { return Ok(()) };
        let bytes = read_piece(&mut self.file, piece).map_err(|why| unreadable(&self.path, &why))?;
        sealed.whole = sealed.opener.open(number as u32, End::Last, bytes.clone()).is_some();
        if !sealed.whole && sealed.opener.open(number as u32, End::More, bytes).is_none() {
            return Err(RecordFault::Damaged { path: self.path.clone(), piece: number });
        }
        Ok(())
    }
}

/// Whether a plain file is complete: its WAV header fits, or its last Ogg page has the end-of-stream flag (RFC 3533 section 6).
fn ended(file: &mut File, path: &Path, len: u64) -> io::Result<bool> {
    const LAST: u8 = 4;
    let mut bytes = Vec::new();
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("wav") => {
            file.seek(SeekFrom::Start(0))?;
            Read::by_ref(file).take(wav::HEADER).read_to_end(&mut bytes)?;
            let fits = |(at, size): (u64, [u8; 4])| bytes.get(at as usize..at as usize + 4) == Some(&size[..]);
            Ok(wav::sizes(len).into_iter().all(fits))
        }
        Some("opus") => {
            // A page is 65,307 bytes at most.
            file.seek(SeekFrom::Start(len.saturating_sub(65_307)))?;
            file.read_to_end(&mut bytes)?;
            let page = bytes.windows(4).rposition(|four| four == b"OggS");
            Ok(page.and_then(|page| bytes.get(page + 5)).is_some_and(|kind| kind & LAST != 0))
        }
        _ => Ok(true),
    }
}

fn unreadable(path: &Path, why: &io::Error) -> RecordFault {
    RecordFault::Unreadable { path: path.to_owned(), why: why.to_string() }
}

fn read_piece(file: &mut File, piece: &Piece) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; piece.len as usize + TAG];
    file.seek(SeekFrom::Start(piece.at))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// The complete pieces of a file of `len` bytes, up to one that is cut off or too long.
fn pieces(file: &File, len: u64) -> io::Result<Vec<Piece>> {
    let mut reader = BufReader::with_capacity(512, file);
    let (mut all, mut at, mut from) = (Vec::new(), HEADER as u64, 0);
    reader.seek(SeekFrom::Start(at))?;
    while at + 4 + TAG as u64 <= len {
        let mut size = [0; 4];
        reader.read_exact(&mut size)?;
        let size = u64::from(u32::from_be_bytes(size));
        let next = at + 4 + size + TAG as u64;
        if next > len || size > LONGEST as u64 {
            break;
        }
        all.push(Piece { at: at + 4, from, len: size });
        (at, from) = (next, from + size);
        reader.seek_relative((size + TAG as u64) as i64)?;
    }
    Ok(all)
}
