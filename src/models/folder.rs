//! The directory that models are kept in: one `get` at a time works in it, and a file is there whole or not at all.
use crate::atomic_file;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Room left on the disk beside what is fetched.
const SPARE: u64 = 16 << 20;

#[derive(Debug, thiserror::Error)]
pub enum FolderFault {
    #[error("{} cannot be made or written: {why}; name another directory with --dir, or run as a user who may write there", dir.display())]
    Closed { dir: PathBuf, why: io::Error },
    #[error("another `switchboard models get` is at work in {}: wait until it is done", .0.display())]
    Busy(PathBuf),
    #[error("the disk of {} has {free} free, and {needed} are needed: make room, or name another directory with --dir", dir.display())]
    Full { dir: PathBuf, free: String, needed: String },
    #[error("cannot write {}: {why}", file.display())]
    Unwritten { file: PathBuf, why: io::Error },
}

/// A directory of models that this process alone changes, as long as this lives.
#[derive(Debug)]
pub struct Folder {
    dir: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the directory where it is not there.
    ///
    /// # Errors
    /// Where it cannot be written, or another process is at work in it.
    pub fn open(dir: &Path) -> Result<Self, FolderFault> {
        let closed = |why| FolderFault::Closed { dir: dir.to_owned(), why };
        fs::create_dir_all(dir).map_err(closed)?;
        let lock = OpenOptions::new().write(true).create(true).truncate(false).open(dir.join(".get.lock"));
        let lock = lock.map_err(closed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { dir: dir.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(FolderFault::Busy(dir.to_owned())),
            Err(TryLockError::Error(why)) => Err(closed(why)),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Makes the folder that a file of several is put in.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn make(&self, name: &str) -> Result<(), FolderFault> {
        let path = self.path(name);
        let Some(dir) = path.parent() else { return Ok(()) };
        fs::create_dir_all(dir).map_err(|why| FolderFault::Closed { dir: dir.to_owned(), why })
    }

    /// Where a file grows until it is whole.
    pub fn part(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.part"))
    }

    /// Where wheels that make a file are kept until it is made.
    pub fn wheels(&self, name: &str) -> PathBuf {
        self.dir.join(format!(".{name}.wheels"))
    }

    /// Makes sure that so many bytes more have room.
    ///
    /// # Errors
    /// Says what is free and what is needed.
    pub fn room(&self, bytes: u64) -> Result<(), FolderFault> {
        // Where the system does not tell, writing tells.
        let Ok(free) = free(&self.dir) else { return Ok(()) };
        if free >= bytes + SPARE {
            return Ok(());
        }
        let text = super::progress::megabytes;
        Err(FolderFault::Full { dir: self.dir.clone(), free: text(free), needed: text(bytes + SPARE) })
    }

    /// Gives the part its name, once all of it is on the disk.
    ///
    /// # Errors
    /// Where the disk does not take it.
    pub fn complete(&self, name: &str) -> Result<PathBuf, FolderFault> {
        let (part, whole) = (self.part(name), self.path(name));
        let unwritten = |why| FolderFault::Unwritten { file: whole.clone(), why };
        atomic_file::complete(&part, &whole).map_err(unwritten)?;
        // What was noted of the part.
        remove(&validator(&part)).map_err(unwritten)?;
        Ok(whole)
    }
}

/// The file beside a part that keeps its ETag.
pub fn validator(part: &Path) -> PathBuf {
    let mut name = part.as_os_str().to_owned();
    name.push(".etag");
    name.into()
}

/// Removes a file that may not be there.
pub fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(why) if why.kind() != ErrorKind::NotFound => Err(why),
        _ => Ok(()),
    }
}

/// Bytes that this user may still write on the disk of a directory (statvfs(3)).
fn free(dir: &Path) -> io::Result<u64> {
    use std::os::unix::ffi::OsStrExt;
    let path = std::ffi::CString::new(dir.as_os_str().as_bytes())?;
    let mut about = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: the path ends with a NUL, and statvfs writes nothing but the struct it is given.
    if unsafe { libc::statvfs(path.as_ptr(), about.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: statvfs has filled it.
    let about = unsafe { about.assume_init() };
    #[allow(clippy::unnecessary_cast, reason = "the fields' types differ between platforms")]
    let (blocks, size) = (about.f_bavail as u64, about.f_frsize as u64);
    Ok(blocks.saturating_mul(size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_at_once_do_not_work_in_one_directory() {
        let dir = crate::testdir("folder");
        let first = Folder::open(&dir.join("models")).unwrap();
        let second = Folder::open(&dir.join("models")).unwrap_err();
        assert!(matches!(second, FolderFault::Busy(_)) && second.to_string().contains("another"), "{second}");
        drop(first);
        Folder::open(&dir.join("models")).unwrap();
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named_with_what_to_do() {
        let dir = crate::testdir("folder");
        fs::write(dir.join("file"), "x").unwrap();
        let why = Folder::open(&dir.join("file/models")).unwrap_err().to_string();
        assert!(why.contains("file/models") && why.contains("--dir"), "{why}");
    }

    #[test]
    fn a_disk_with_too_little_room_is_told_before_anything_is_fetched() {
        let dir = crate::testdir("folder");
        let folder = Folder::open(&dir).unwrap();
        folder.room(1).unwrap();
        let why = folder.room(1 << 60).unwrap_err().to_string();
        assert!(why.contains("free") && why.contains("MB") && why.contains("--dir"), "{why}");
    }
}
