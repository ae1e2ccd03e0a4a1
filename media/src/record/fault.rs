//! `RecordFault`: faults of a recording.
use std::path::PathBuf;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordFault {
    #[error("{} cannot be written ({why}): check the disk's space and the folder's rights", .path.display())]
    Disk { path: PathBuf, why: String },
    #[error("{} cannot be read: {why}", .path.display())]
    Unreadable { path: PathBuf, why: String },
    #[error("the writer thread does not start: {0}")]
    Thread(String),
    #[error("the disk is too slow for this call's recording; it ends here")]
    Slow,
    #[error("the machine stood still for so long that this call's recording ends here")]
    Stalled,
    #[error("the system gives no random numbers, so nothing can be encrypted")]
    Random,
    #[error("{} is not a WAV file that was begun here", .0.display())]
    NotWav(PathBuf),
    #[error("{} is encrypted, and no key is set: set store.recording_key_file or store.recording_key_command", .0.display())]
    Locked(PathBuf),
    #[error(
        "{} is encrypted with the key {id}, which is none of ours: add that key as a further line to what \
         store.recording_key_file or store.recording_key_command gives", .path.display()
    )]
    OtherKey { path: PathBuf, id: String },
    #[error("{} was changed or is damaged in piece {piece} of its sound: take it from a backup", .path.display())]
    Damaged { path: PathBuf, piece: usize },
    #[error("{} is encrypted in a way this version does not know: use the version that wrote it, or a newer one", .0.display())]
    Version(PathBuf),
}
