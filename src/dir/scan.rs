//! Reading one directory in parts.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirEntry, Metadata, ReadDir};
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{Entries, Entry, EntryType, or_current};
use crate::retry::retry;

/// The meaning of a directory's path, and the naming of its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// As in `std`: the path of each entry begins with the path of the directory. The empty path is no
    /// directory.
    Std,
    /// As in `pathlib`: `.` and the empty path are the current directory, whose entries are bare names.
    Pathlib,
}

/// What is wanted of each entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Its type, which comes with the listing.
    #[default]
    Type,
    /// Its metadata. If it is a symbolic link, that of the link.
    Metadata,
}

impl Detail {
    pub(crate) fn of(metadata: bool) -> Detail {
        if metadata {
            Detail::Metadata
        } else {
            Detail::Type
        }
    }
}

/// An open directory that is read in parts.
pub(crate) struct Scan {
    dir: Arc<Path>,
    open: Open,
}

enum Open {
    #[cfg(unix)]
    Raw(raw::Open),
    /// In a box, because on Windows it holds an entry of 600 bytes.
    Std(Box<ReadDir>, Detail),
}

impl Scan {
    pub(super) fn open(dir: Arc<Path>, naming: Naming, detail: Detail) -> io::Result<Scan> {
        let path = match naming {
            Naming::Std => &dir,
            Naming::Pathlib => or_current(&dir),
        };
        let open = match detail {
            #[cfg(unix)]
            Detail::Type => Open::Raw(raw::Open::new(path)?),
            // Only std makes a `Metadata`, and its entries ask for it relative to the open directory.
            detail => Open::Std(Box::new(retry(|| fs::read_dir(path))?), detail),
        };
        Ok(Scan { dir, open })
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Reads the next part, a few hundred entries. Returns `true` if more may follow.
    ///
    /// `.` and `..` are skipped. The last part may be empty.
    pub(super) fn read(&mut self, found: impl FnMut(Listed<'_>)) -> io::Result<bool> {
        match &mut self.open {
            #[cfg(unix)]
            Open::Raw(open) => open.read(&self.dir, found),
            Open::Std(open, detail) => read_std(open, *detail, found),
        }
    }
}

/// An entry as the directory lists it.
pub(super) struct Listed<'a> {
    pub(super) name: &'a OsStr,
    pub(super) kind: Option<EntryType>,
    /// The entry whose metadata is wanted.
    asked: Option<&'a DirEntry>,
}

impl Listed<'_> {
    /// Returns the metadata of the entry if that is wanted. May block.
    fn metadata(&self) -> Option<Metadata> {
        // The entry may have been removed since it was listed.
        self.asked.and_then(|entry| retry(|| entry.metadata()).ok())
    }

    /// Adds the entry, which is at `path`, with its metadata if that is wanted. May block.
    pub(super) fn add(&self, path: &Path, entries: &mut Entries) {
        let metadata = self.metadata();
        let kind = metadata.as_ref().map(|found| found.file_type().into());
        entries.push(path, kind.or(self.kind), metadata);
    }

    /// Returns the entry, which is at `path`, with its metadata if that is wanted. May block.
    pub(super) fn at(&self, path: Arc<Path>) -> Entry {
        match self.metadata() {
            Some(metadata) => Entry::found(path, metadata, Detail::Metadata),
            None => Entry::new(path, self.kind),
        }
    }
}

/// Reads the next part of a directory with std.
fn read_std(
    open: &mut ReadDir,
    detail: Detail,
    mut found: impl FnMut(Listed<'_>),
) -> io::Result<bool> {
    let part = match detail {
        Detail::Type => 512,
        // Each entry costs a system call, which may wait for the disk.
        Detail::Metadata => 64,
    };
    for _ in 0..part {
        let Some(entry) = open.next().transpose()? else {
            return Ok(false);
        };
        found(Listed {
            name: &entry.file_name(),
            kind: entry.file_type().ok().map(EntryType::from),
            asked: (detail == Detail::Metadata).then_some(&entry),
        });
    }
    Ok(true)
}

/// A directory to which names are joined.
pub(super) struct Join {
    dir: OsString,
    path: OsString,
}

impl Join {
    pub(super) fn new(dir: &Path, naming: Naming) -> Join {
        let dir = match naming {
            Naming::Pathlib if dir == Path::new(".") => OsString::new(),
            // Ends with a separator where one is needed.
            Naming::Pathlib | Naming::Std => dir.join("").into_os_string(),
        };
        Join {
            dir,
            path: OsString::new(),
        }
    }

    pub(super) fn name(&mut self, name: &OsStr) -> Arc<Path> {
        self.path(name).into()
    }

    pub(super) fn path(&mut self, name: &OsStr) -> &Path {
        self.path.clear();
        self.path.push(&self.dir);
        self.path.push(name);
        Path::new(&self.path)
    }
}

/// Reads directories with rustix. std's [`ReadDir`] allocates for each entry, and panics when it is dropped if closing
/// the directory fails, as it may on network filesystems.
#[cfg(unix)]
mod raw {
    use std::ffi::{CStr, OsStr};
    use std::fs;
    use std::io;
    use std::os::fd::OwnedFd;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    use rustix::fs::{FileType, Mode, OFlags};

    use super::{EntryType, Listed};
    use crate::retry::retry;
    pub(super) use imp::Open;

    fn open(dir: &Path) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(retry(|| rustix::fs::open(dir, flags, Mode::empty()))?)
    }

    /// Reports an entry of the directory at `dir`, unless it is `.` or `..`.
    fn report(dir: &Path, name: &CStr, kind: FileType, found: &mut impl FnMut(Listed<'_>)) {
        let name = OsStr::from_bytes(name.to_bytes());
        if name != "." && name != ".." {
            // Some filesystems store the type only with the file.
            let ask = || retry(|| fs::symlink_metadata(dir.join(name))).ok();
            let kind =
                EntryType::from_raw(kind).or_else(|| ask().map(|found| found.file_type().into()));
            let asked = None;
            found(Listed { name, kind, asked });
        }
    }

    /// By system call.
    #[cfg(target_os = "linux")]
    mod imp {
        use std::io;
        use std::mem::MaybeUninit;
        use std::os::fd::OwnedFd;
        use std::path::Path;

        use rustix::fs::RawDir;
        use rustix::io::Errno;

        use super::{Listed, open, report};

        /// The size of one part, in bytes: up to about 500 names of usual length.
        const PART: usize = 16 * 1024;

        pub(in crate::dir::scan) struct Open(OwnedFd);

        impl Open {
            pub(in crate::dir::scan) fn new(dir: &Path) -> io::Result<Open> {
                open(dir).map(Open)
            }

            /// Reads the next part of the directory, which is at `dir`.
            pub(in crate::dir::scan) fn read(
                &mut self,
                dir: &Path,
                mut found: impl FnMut(Listed<'_>),
            ) -> io::Result<bool> {
                let mut buffer = [MaybeUninit::uninit(); PART];
                let mut entries = RawDir::new(&self.0, &mut buffer);
                loop {
                    match entries.next() {
                        Some(Ok(entry)) => {
                            report(dir, entry.file_name(), entry.file_type(), &mut found);
                        }
                        Some(Err(Errno::INTR)) => continue,
                        // A directory that was removed meanwhile has no more entries.
                        None | Some(Err(Errno::NOENT)) => return Ok(false),
                        Some(Err(errno)) => return Err(errno.into()),
                    }
                    if entries.is_buffer_empty() {
                        return Ok(true);
                    }
                }
            }
        }
    }

    /// By `readdir`.
    #[cfg(not(target_os = "linux"))]
    mod imp {
        use std::io;
        use std::path::Path;

        use rustix::fs::Dir;
        use rustix::io::Errno;

        use super::{Listed, open, report};

        /// The number of entries in one part.
        const PART: usize = 512;

        pub(in crate::dir::scan) struct Open(Dir);

        impl Open {
            pub(in crate::dir::scan) fn new(dir: &Path) -> io::Result<Open> {
                Ok(Open(Dir::new(open(dir)?)?))
            }

            /// Reads the next part of the directory, which is at `dir`.
            pub(in crate::dir::scan) fn read(
                &mut self,
                dir: &Path,
                mut found: impl FnMut(Listed<'_>),
            ) -> io::Result<bool> {
                for _ in 0..PART {
                    match self.0.read() {
                        Some(Ok(entry)) => {
                            report(dir, entry.file_name(), entry.file_type(), &mut found);
                        }
                        // A directory that was removed meanwhile has no more entries.
                        None | Some(Err(Errno::NOENT)) => return Ok(false),
                        Some(Err(errno)) => return Err(errno.into()),
                    }
                }
                Ok(true)
            }
        }
    }
}
