//! `ClauseFiles`: the sound of clauses, kept in a folder between starts. What is used least goes when the folder is full.
//!
//! A file's name is the checksum of all that decides how its clause sounds, so that the sound of another model or text is another
//! file. A file that is not whole is no sound, and goes.
use ring::digest::{SHA256, digest};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The SHA-256 of what decides how a clause sounds.
pub type Key = [u8; 32];

/// A chunk of sound, with the characters that are said once it has been played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub pcm: Vec<i16>,
    pub upto_char: u32,
}

/// The first bytes of a file. Another form, or another level of all voices ([`super::loudness::LEVEL_DBFS`]), is another number.
const FORM: &[u8; 8] = b"CLAUSE 1";
const SUM: usize = 32;
const EXTENSION: &str = "clause";
/// The folder, shared by the caches of all voices.
pub struct ClauseFiles {
    dir: PathBuf,
    /// Of all files together.
    limit: u64,
    index: Mutex<Index>,
}

#[derive(Default)]
struct Index {
    /// Of each file its length, and when it was used, in numbers that rise.
    files: HashMap<Key, (u64, u64)>,
    bytes: u64,
    clock: u64,
}

impl ClauseFiles {
    /// Opens the folder and makes it where it is missing; nobody else may read it.
    ///
    /// # Errors
    /// Where the disk or the permissions do not allow it.
    pub fn open(dir: &Path, limit: u64) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        #[cfg(unix)]
        fs::set_permissions(dir, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
        let mut found = Vec::new();
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let (path, about) = (entry.path(), entry.metadata()?);
            match path.extension().and_then(|extension| extension.to_str()) {
                Some(EXTENSION) => found.extend(key_of(&path).map(|key| (about.modified().ok(), key, about.len()))),
                // What a write that was broken off has left.
                Some("part") => fs::remove_file(path)?,
                _ => {}
            }
        }
        found.sort();
        let mut index = Index::default();
        for (_, key, length) in found {
            index.clock += 1;
            index.bytes += length;
            index.files.insert(key, (length, index.clock));
        }
        let files = Self { dir: dir.to_owned(), limit, index: Mutex::new(index) };
        files.make_room(0);
        Ok(files)
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.dir.join(format!("{}.{EXTENSION}", hex(key)))
    }

    /// The sound of a clause, if it is kept.
    pub fn find(&self, key: &Key) -> Option<Vec<Piece>> {
        {
            let mut index = self.index();
            index.clock += 1;
            let clock = index.clock;
            index.files.get_mut(key)?.1 = clock;
        }
        let path = self.path(key);
        match fs::read(&path).ok().as_deref().and_then(read) {
            Some(pieces) => {
                touch(&path);
                Some(pieces)
            }
            None => {
                tracing::warn!(file = %path.display(), "a clause that was kept is not whole: it is made again");
                self.remove(key);
                None
            }
        }
    }

    fn remove(&self, key: &Key) {
        let mut index = self.index();
        if let Some((length, _)) = index.files.remove(key) {
            index.bytes -= length;
        }
        let _ = fs::remove_file(self.path(key));
    }

    /// Keeps the sound of a clause.
    pub fn keep(&self, key: &Key, pieces: &[Piece]) {
        let bytes = written(pieces);
        let length = bytes.len() as u64;
        if length > self.limit / 4 || self.index().files.contains_key(key) {
            return;
        }
        self.make_room(length);
        let (path, part) = (self.path(key), self.dir.join(format!("{}.part", hex(key))));
        let done =
            File::create(&part).and_then(|mut file| file.write_all(&bytes)).and_then(|()| fs::rename(&part, &path));
        if let Err(why) = done {
            let _ = fs::remove_file(&part);
            tracing::warn!(file = %path.display(), %why, "a clause cannot be kept");
            return;
        }
        let mut index = self.index();
        index.clock += 1;
        let clock = index.clock;
        index.bytes += length;
        if let Some((before, _)) = index.files.insert(*key, (length, clock)) {
            index.bytes -= before;
        }
    }

    /// Removes what was used least recently until `length` more bytes have room.
    fn make_room(&self, length: u64) {
        loop {
            let oldest = {
                let index = self.index();
                if index.bytes + length <= self.limit {
                    return;
                }
                index.files.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| *key)
            };
            let Some(oldest) = oldest else { return };
            self.remove(&oldest);
        }
    }
}

/// The file counts as used now, at the next start too.
fn touch(path: &Path) {
    #[cfg(unix)]
    if let Ok(file) = File::open(path) {
        // SAFETY: an open descriptor; without times the kernel sets its own.
        unsafe { libc::futimens(std::os::fd::AsRawFd::as_raw_fd(&file), std::ptr::null()) };
    }
    #[cfg(not(unix))]
    let _ = path;
}

fn hex(key: &Key) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn key_of(path: &Path) -> Option<Key> {
    let name = path.file_stem()?.to_str().filter(|name| name.len() == 64 && name.is_ascii())?;
    let mut key = [0; 32];
    for (byte, at) in key.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&name[at..at + 2], 16).ok()?;
    }
    Some(key)
}

/// [`FORM`]; of each piece the characters said after it, its samples' count, and the samples; the checksum of all before.
fn written(pieces: &[Piece]) -> Vec<u8> {
    let mut out = FORM.to_vec();
    for piece in pieces {
        out.extend(piece.upto_char.to_le_bytes());
        out.extend((piece.pcm.len() as u32).to_le_bytes());
        out.extend(piece.pcm.iter().flat_map(|sample| sample.to_le_bytes()));
    }
    let sum = digest(&SHA256, &out);
    out.extend(sum.as_ref());
    out
}

fn read(file: &[u8]) -> Option<Vec<Piece>> {
    let (content, sum) = file.split_at_checked(file.len().checked_sub(SUM)?)?;
    if digest(&SHA256, content).as_ref() != sum {
        return None;
    }
    let (mut rest, mut pieces) = (content.strip_prefix(FORM)?, Vec::new());
    while !rest.is_empty() {
        let (upto_char, after) = rest.split_first_chunk()?;
        let (count, after) = after.split_first_chunk()?;
        let (samples, after) = after.split_at_checked((u32::from_le_bytes(*count) as usize).checked_mul(2)?)?;
        let pcm = samples.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
        pieces.push(Piece { pcm, upto_char: u32::from_le_bytes(*upto_char) });
        rest = after;
    }
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("switchboard-clauses-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        dir
    }

    fn clause(samples: usize) -> Vec<Piece> {
        vec![Piece { pcm: vec![-7; samples], upto_char: 3 }, Piece { pcm: vec![], upto_char: 5 }]
    }

    fn files(dir: &Path) -> usize {
        fs::read_dir(dir).unwrap().count()
    }

    #[test]
    fn a_clause_is_there_at_the_next_start() {
        let dir = dir("next");
        let kept = ClauseFiles::open(&dir, 1 << 20).unwrap();
        assert!(kept.find(&[1; 32]).is_none());
        kept.keep(&[1; 32], &clause(400));
        let again = ClauseFiles::open(&dir, 1 << 20).unwrap();
        assert_eq!(again.find(&[1; 32]), Some(clause(400)));
        assert!(again.find(&[2; 32]).is_none());
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&dir).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o700);
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_broken_file_is_no_sound_and_goes() {
        let dir = dir("broken");
        let kept = ClauseFiles::open(&dir, 1 << 20).unwrap();
        kept.keep(&[1; 32], &clause(400));
        let path = kept.path(&[1; 32]);
        let whole = fs::read(&path).unwrap();
        for broken in [&whole[..whole.len() - 1], &whole[1..], &[0; 9], &[]] {
            fs::write(&path, broken).unwrap();
            let kept = ClauseFiles::open(&dir, 1 << 20).unwrap();
            assert!(kept.find(&[1; 32]).is_none());
            assert!(!path.exists());
        }
        let mut other = whole.clone();
        other[20] ^= 1;
        assert_eq!((read(&other), read(&whole)), (None, Some(clause(400))));
        fs::write(dir.join("half.part"), "x").unwrap();
        ClauseFiles::open(&dir, 1 << 20).unwrap();
        assert_eq!(files(&dir), 0);
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn the_folder_is_bounded_and_the_clause_unused_longest_goes_first() {
        let dir = dir("bounded");
        // Each file has 856 bytes.
        let kept = ClauseFiles::open(&dir, 4_000).unwrap();
        for number in 0..4 {
            kept.keep(&[number; 32], &clause(400));
        }
        assert!(kept.find(&[0; 32]).is_some());
        kept.keep(&[4; 32], &clause(400));
        let there: Vec<bool> = (0..5).map(|number| kept.find(&[number; 32]).is_some()).collect();
        assert_eq!(there, [true, false, true, true, true]);
        kept.keep(&[5; 32], &clause(4_000));
        assert_eq!(files(&dir), 4, "one clause never takes the whole folder");
        let smaller = ClauseFiles::open(&dir, 2_000).unwrap();
        assert_eq!((files(&dir), smaller.index().files.len()), (2, 2));
        fs::remove_dir_all(dir).unwrap();
    }
}
