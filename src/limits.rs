//! Limits: what the system lets this process have, and who may read what it writes.
use std::io;

/// Files that may be open at once: now (soft), and after [`raise_files`] (hard).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Files {
    pub soft: u64,
    pub hard: u64,
}

/// The limit of open files (getrlimit(2), `RLIMIT_NOFILE`); 0 where it cannot be read.
pub fn files() -> Files {
    let limit = read(libc::RLIMIT_NOFILE);
    Files { soft: limit.rlim_cur, hard: limit.rlim_max }
}

/// Raises the soft limit of open files to the hard one: the soft one is often 1024 for the sake of programs that use
/// select(2), and a call takes three. Never lowers it.
///
/// # Errors
/// That of setrlimit(2).
pub fn raise_files() -> io::Result<Files> {
    let mut limit = read(libc::RLIMIT_NOFILE);
    if limit.rlim_cur < limit.rlim_max {
        limit.rlim_cur = limit.rlim_max;
        // SAFETY: setrlimit reads the struct it is given and nothing else.
        if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) } != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(files())
}

/// From now on whatever this process makes is its user's alone, unless the maker asks for less than that (umask(2)).
pub fn keep_private() {
    // SAFETY: umask sets a number of the process and cannot fail.
    unsafe { libc::umask(0o077) };
}

fn read(which: libc::__rlimit_resource_t) -> libc::rlimit {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: getrlimit writes into the struct it is given and nothing else.
    let ok = unsafe { libc::getrlimit(which, &mut limit) } == 0;
    if ok { limit } else { libc::rlimit { rlim_cur: 0, rlim_max: 0 } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_may_open_as_many_files_as_the_system_allows() {
        let before = files();
        // As a login shell has it.
        let low = libc::rlimit { rlim_cur: before.soft.min(1024), rlim_max: before.hard };
        // SAFETY: setrlimit reads the struct it is given and nothing else.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &low) }, 0);
        assert_eq!(files().soft, low.rlim_cur);
        assert_eq!(raise_files().unwrap(), Files { soft: before.hard, hard: before.hard });
    }
}
