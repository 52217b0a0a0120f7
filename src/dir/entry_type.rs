//! The types of files.

use std::fs;
#[cfg(unix)]
use std::os::unix::fs::FileTypeExt;

/// The type of a file. A symbolic link is a type of its own, unless it was followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum EntryType {
    File,
    Dir,
    Link,
    Special(Special),
}

/// The type of a file that is neither a regular file, a directory nor a symbolic link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Special {
    #[cfg(unix)]
    Fifo,
    #[cfg(unix)]
    Socket,
    #[cfg(unix)]
    BlockDevice,
    #[cfg(unix)]
    CharDevice,
    Unknown,
}

impl EntryType {
    /// Returns the type that the system names so, or `None` if it does not know.
    #[cfg(unix)]
    pub(super) fn from_raw(found: rustix::fs::FileType) -> Option<EntryType> {
        use rustix::fs::FileType;
        match found {
            FileType::RegularFile => Some(EntryType::File),
            FileType::Directory => Some(EntryType::Dir),
            FileType::Symlink => Some(EntryType::Link),
            FileType::Fifo => Some(EntryType::Special(Special::Fifo)),
            FileType::Socket => Some(EntryType::Special(Special::Socket)),
            FileType::BlockDevice => Some(EntryType::Special(Special::BlockDevice)),
            FileType::CharacterDevice => Some(EntryType::Special(Special::CharDevice)),
            _ => None,
        }
    }
}

impl From<fs::FileType> for EntryType {
    fn from(found: fs::FileType) -> EntryType {
        if found.is_symlink() {
            EntryType::Link
        } else if found.is_dir() {
            EntryType::Dir
        } else if found.is_file() {
            EntryType::File
        } else {
            EntryType::Special(Special::of(found))
        }
    }
}

impl Special {
    #[cfg(unix)]
    fn of(found: fs::FileType) -> Special {
        if found.is_fifo() {
            Special::Fifo
        } else if found.is_socket() {
            Special::Socket
        } else if found.is_block_device() {
            Special::BlockDevice
        } else if found.is_char_device() {
            Special::CharDevice
        } else {
            Special::Unknown
        }
    }

    #[cfg(not(unix))]
    fn of(_: fs::FileType) -> Special {
        Special::Unknown
    }

    /// Returns the reason why such a file is not copied.
    pub(super) fn reason(self) -> &'static str {
        match self {
            #[cfg(unix)]
            Special::Fifo => "it is a named pipe",
            #[cfg(unix)]
            Special::Socket => "it is a socket",
            #[cfg(unix)]
            Special::BlockDevice | Special::CharDevice => "it is a device",
            Special::Unknown => "it is neither a file, a directory nor a link",
        }
    }
}
