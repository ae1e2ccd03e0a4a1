//! A file's new contents, which are there whole or not at all: written beside it, brought to the disk, and renamed.
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

/// Who may read the new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Who could read the file that is replaced; its owner stays, too.
    Kept,
    /// By these permission bits.
    Mode(u32),
}

/// Replaces `file` by `contents`. Nobody else reads them before they have their place; where this fails, the file is as before.
///
/// # Errors
/// Where the disk or the permissions do not allow it.
pub fn replace(file: &Path, contents: &[u8], access: Access) -> io::Result<()> {
    let fresh = beside(file);
    write(&fresh, file, contents, access).inspect_err(|_| drop(fs::remove_file(&fresh)))
}

fn write(fresh: &Path, file: &Path, contents: &[u8], access: Access) -> io::Result<()> {
    // What a process that was killed has left.
    let _ = fs::remove_file(fresh);
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(fresh)?;
    out.write_all(contents)?;
    match access {
        Access::Kept => {
            let about = fs::metadata(file)?;
            fchown(&out, Some(about.uid()), Some(about.gid()))?;
            out.set_permissions(about.permissions())?;
        }
        Access::Mode(mode) => out.set_permissions(Permissions::from_mode(mode))?,
    }
    complete(fresh, file)
}

/// Gives a file that has been written beside its place its name, once all of it is on the disk.
///
/// # Errors
/// Where the disk does not take it.
pub fn complete(fresh: &Path, file: &Path) -> io::Result<()> {
    File::open(fresh)?.sync_all()?;
    fs::rename(fresh, file)
}

/// Where the new contents of a file are written.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(file: &Path) -> u32 {
        fs::metadata(file).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_replaced_with_the_access_it_had_or_is_to_have() {
        let file = crate::testdir("atomic").join("a.toml");
        replace(&file, b"one", Access::Mode(0o640)).unwrap();
        assert_eq!((fs::read(&file).unwrap(), mode(&file)), (b"one".to_vec(), 0o640));
        fs::write(beside(&file), "left by a process that was killed").unwrap();
        replace(&file, b"two", Access::Kept).unwrap();
        assert_eq!((fs::read(&file).unwrap(), mode(&file)), (b"two".to_vec(), 0o640));
        replace(&file, b"three", Access::Mode(0o600)).unwrap();
        assert_eq!((fs::read(&file).unwrap(), mode(&file)), (b"three".to_vec(), 0o600));
        assert!(!beside(&file).exists());
    }

    #[test]
    fn a_file_that_cannot_be_replaced_stays_as_it_is() {
        let dir = crate::testdir("atomic");
        assert!(replace(&dir.join("none/a.toml"), b"one", Access::Mode(0o600)).is_err());
        // A directory has the name.
        fs::create_dir_all(dir.join("a.toml/b")).unwrap();
        assert!(replace(&dir.join("a.toml"), b"one", Access::Mode(0o600)).is_err());
        assert!(dir.join("a.toml/b").exists() && !beside(&dir.join("a.toml")).exists());
    }
}
