//! `RecordingFile`: the file of a recording, plain or sealed. It grows during the call and is valid at every moment.
use super::seal::{End, Sealer};
use super::state::State;
use super::{Format, RecordFault, RecordOutcome, RecordPlan, wav};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

/// A file that nothing was written to yet.
pub(super) enum NewFile {
    Made(Box<RecordingFile>),
    /// Created with the first sound.
    Planned(RecordPlan),
}

impl NewFile {
    /// The file, which exists from now on.
    pub fn create(self) -> Result<RecordingFile, RecordFault> {
        match self {
            Self::Made(file) => Ok(*file),
            Self::Planned(RecordPlan { path, format, vault }) => {
                let sealer = vault.as_deref().map(Sealer::new).transpose()?;
                let disk = |why: io::Error| RecordFault::Disk { path: path.clone(), why: why.to_string() };
                RecordingFile::create(&path, format, sealer).map_err(disk)
            }
        }
    }
}

/// The file of a recording, plain or sealed.
pub(super) struct RecordingFile {
    file: File,
    pub format: Format,
    sealer: Option<Sealer>,
    /// The length of its plain content.
    plain: u64,
    /// The length of the valid part of the file.
    intact: u64,
}

impl RecordingFile {
    /// Creates the file (and its folder), with access for this user only.
    pub fn create(path: &Path, format: Format, sealer: Option<Sealer>) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            private_folder(folder)?;
        }
        Ok(Self { file: private_file(path)?, format, sealer, plain: 0, intact: 0 })
    }

    /// Appends bytes and updates the header. `end`: whether these are the last.
    pub fn append(&mut self, bytes: &[u8], end: End) -> io::Result<()> {
        let plain = self.plain + bytes.len() as u64;
        let mut written = bytes.len() as u64;
        if let Some(sealer) = &mut self.sealer {
            let mut sealed = if self.plain == 0 { sealer.header().to_vec() } else { Vec::new() };
            sealer.seal(bytes, end, &mut sealed)?;
            written = sealed.len() as u64;
            self.file.write_all(&sealed)?;
        } else {
            self.file.write_all(bytes)?;
            self.size(plain)?;
        }
        (self.plain, self.intact) = (plain, self.intact + written);
        Ok(())
    }

    /// Updates the sizes in a plain WAV header.
    fn size(&mut self, plain: u64) -> io::Result<()> {
        if self.format != Format::Wav || self.sealer.is_some() {
            return Ok(());
        }
        for (at, value) in wav::sizes(plain) {
            self.file.seek(SeekFrom::Start(at))?;
            self.file.write_all(&value)?;
        }
        self.file.seek(SeekFrom::End(0)).map(drop)
    }

    /// Removes the file of a recording that is not wanted any more.
    pub fn remove(self, state: &State) {
        let emptied = self.file.set_len(0);
        // The path may be that of a device.
        let removed = match self.file.metadata().is_ok_and(|about| about.is_file()) {
            true => std::fs::remove_file(&state.path),
            false => Ok(()),
        };
        if let Err(why) = emptied.and(removed) {
            tracing::error!(path = %state.path.display(), %why, "a recording that was to be dropped could not be removed");
        }
        state.end(RecordOutcome::Nothing(None));
    }

    /// Ends a broken recording: truncates the file to its valid part, or removes it where there is none.
    pub fn give_up(mut self, state: &State) {
        let fault = state.fault().clone();
        let cut =
            self.file.set_len(self.intact).and_then(|()| if self.intact == 0 { Ok(()) } else { self.size(self.plain) });
        if let Err(why) = cut {
            tracing::warn!(path = %state.path.display(), %why, "the end of a broken recording cannot be cut off");
        }
        let Some(fault) = fault.filter(|_| self.intact > 0) else {
            // The path may be that of a device.
            if self.file.metadata().is_ok_and(|about| about.is_file()) {
                let _ = std::fs::remove_file(&state.path);
            }
            return state.end(RecordOutcome::Nothing(state.fault().clone()));
        };
        state.end(RecordOutcome::Part(fault));
    }
}

/// Creates missing folders with mode 0700, so that other users do not see the number of calls.
fn private_folder(path: &Path) -> io::Result<()> {
    let mut folder = DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(path)
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new();
    file.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    file.open(path)
}
