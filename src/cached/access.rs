//! The access that a handle permits, as far as the system tells without waiting.

use std::fs::File;

/// The access mode of an open file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Access {
    /// Whether it is open for writing, or may be.
    pub(crate) writable: bool,
    /// Whether it was opened with `O_DIRECT`: buffers, offsets and lengths have to be aligned.
    pub(crate) direct: bool,
}

impl Access {
    /// The access of a file that was opened for reading only.
    #[cfg(target_os = "linux")]
    pub(crate) const READ: Access = Access {
        writable: false,
        direct: false,
    };

    /// The access of an unknown handle. The system refuses what it does not permit.
    pub(crate) const UNKNOWN: Access = Access {
        writable: true,
        direct: false,
    };

    /// The access of a file that was just opened, without custom flags.
    pub(crate) fn opened(writable: bool) -> Access {
        Access {
            writable,
            direct: false,
        }
    }

    /// Queries the flags of the descriptor, which never blocks, whatever the file is.
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

/// Other systems have no such flag, or none that requires alignment.
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
