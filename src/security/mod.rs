//! Who may do what: users, sessions, tokens, the audit; secrets, and where a page comes from.
use std::fmt;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

mod access;
mod attempts;
mod audit;
mod checks;
mod failures;
mod fault;
mod identity;
mod origin;
mod passwords;
mod pool;
mod principal;
mod provided;
mod random;
mod record;
mod roles;
mod sessions;
#[cfg(test)]
mod tests;
mod tokens;
mod users;
mod verdict;
mod welcome;

pub use access::{Access, AccessPlan, SignedIn};
pub use audit::{Action, Audit};
pub use fault::AccessFault;
pub use identity::{Granted, Identity, Invitation, Joining};
pub use origin::WebOrigin;
pub use passwords::composed;
pub use pool::{AccessPool, WriteTransaction, WriteTurns};
pub use principal::{ADMIN_TOKEN, COMMAND, Principal, PrincipalKind};
pub use random::{base64url, digest, digits, hex, secret};
pub use record::AuditRecord;
pub use roles::{Reach, Right, Rights, Role};
pub use sessions::{SESSION_COOKIE, SessionLimits, csrf, session_cookie};
pub use tokens::{ApiToken, MadeToken, NewToken};
pub use users::{NewUser, User, UserChange, UserIdentity};
pub use verdict::{AuditFlaw, AuditVerdict};

/// A password or token. `Debug` hides it; comparing takes the same time wherever it differs.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub fn new(word: impl Into<String>) -> Self {
        Self(word.into())
    }

    /// The word itself, for those who must use it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Compares digests, so that neither content nor length shows in the time taken.
    pub fn is(&self, offered: &str) -> bool {
        let digest = |word: &str| ring::digest::digest(&ring::digest::SHA256, word.as_bytes());
        let (ours, theirs) = (digest(&self.0), digest(offered));
        ours.as_ref().iter().zip(theirs.as_ref()).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("cannot use the token file {file}: {why}", file = file.display())]
    File { file: PathBuf, why: std::io::Error },
    #[error("the token in {file} is shorter than 32 characters: delete the file and start again to get a new one", file = .0.display())]
    Short(PathBuf),
    #[error("others can read the token file {file}: run `chmod 600 {file}`", file = .0.display())]
    Open(PathBuf),
    #[error("the system gives no random numbers")]
    Random,
}

/// The API's token out of `file`; made (256 random bits, base64url, mode 600) when there is none yet.
pub fn token(file: &Path) -> Result<Secret, Fault> {
    let fault = |why| Fault::File { file: file.to_owned(), why };
    match std::fs::read_to_string(file) {
        Ok(text) => {
            if others_read(file).map_err(fault)? {
                return Err(Fault::Open(file.to_owned()));
            }
            let word = text.trim();
            if word.len() < 32 { Err(Fault::Short(file.to_owned())) } else { Ok(Secret::new(word)) }
        }
        Err(why) if why.kind() == ErrorKind::NotFound => make(file),
        Err(why) => Err(fault(why)),
    }
}

fn make(file: &Path) -> Result<Secret, Fault> {
    let fault = |why| Fault::File { file: file.to_owned(), why };
    let word = random::secret().map_err(|_| Fault::Random)?;
    if let Some(dir) = file.parent() {
        std::fs::create_dir_all(dir).map_err(fault)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = options.open(file).map_err(fault)?;
    out.write_all(format!("{word}\n").as_bytes()).and_then(|()| out.sync_all()).map_err(fault)?;
    Ok(Secret::new(word))
}

#[cfg(unix)]
fn others_read(file: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(std::fs::metadata(file)?.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn others_read(_: &Path) -> std::io::Result<bool> {
    Ok(false)
}
