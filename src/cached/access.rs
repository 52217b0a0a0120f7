//! What a handle permits, as far as the system tells without waiting.

use std::fs::File;

/// How a file was opened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Access {
    /// It is not known to be closed to writing.
    pub(crate) writable: bool,
    /// Opened with `O_DIRECT`: buffers, offsets and lengths have to be aligned.
    pub(crate) direct: bool,
}

impl Access {
    /// That of a file that is opened for reading and nothing else.
    #[cfg(target_os = "linux")]
    pub(crate) const READ: Access = Access {
        writable: false,
        direct: false,
    };

    /// Of a handle of which nothing is known: what it does not permit, the system refuses.
    pub(crate) const UNKNOWN: Access = Access {
        writable: true,
        direct: false,
    };

    /// Asks the descriptor. Only its own flags are read: this never waits, whatever the file is.
    #[cfg(unix)]
    pub(crate) fn of(file: &File) -> Access {
        use rustix::fs::OFlags;

        let Ok(flags) = rustix::fs::fcntl_getfl(file) else {
            return Access::UNKNOWN;
        };
        let mode = flags & OFlags::RWMODE;
        Access {
            writable: mode == OFlags::WRONLY || mode == OFlags::RDWR,
            direct: is_direct(flags),
        }
    }

    #[cfg(not(unix))]
    pub(crate) fn of(_: &File) -> Access {
        Access::UNKNOWN
    }
}

#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "netbsd"
))]
fn is_direct(flags: rustix::fs::OFlags) -> bool {
    flags.contains(rustix::fs::OFlags::DIRECT)
}

/// The others have no such flag, or none that asks for alignment.
#[cfg(all(
    unix,
    not(any(
        target_os = "linux",
        target_os = "android",
        target_os = "freebsd",
        target_os = "netbsd"
    ))
))]
fn is_direct(_: rustix::fs::OFlags) -> bool {
    false
}
