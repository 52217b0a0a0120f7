//! Reading one directory in parts.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{EntryType, or_current};
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

/// An open directory that is read in parts.
pub(crate) struct Scan {
    dir: Arc<Path>,
    open: imp::Open,
}

impl Scan {
    pub(super) fn open(dir: Arc<Path>, naming: Naming) -> io::Result<Scan> {
        let open = imp::Open::new(match naming {
            Naming::Std => &dir,
            Naming::Pathlib => or_current(&dir),
        })?;
        Ok(Scan { dir, open })
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Reads the next part, a few hundred entries. Returns `true` if more may follow.
    ///
    /// `.` and `..` are skipped. The last part may be empty.
    pub(super) fn read(
        &mut self,
        mut found: impl FnMut(&OsStr, Option<EntryType>),
    ) -> io::Result<bool> {
        let dir = &self.dir;
        self.open.read(|name, kind| {
            // Some filesystems store the type only with the file.
            let ask = || retry(|| std::fs::symlink_metadata(dir.join(name))).ok();
            let kind = kind.or_else(|| ask().map(|found| found.file_type().into()));
            found(name, kind);
        })
    }
}

/// A directory to which names are joined, with one allocation each.
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
        self.path.clear();
        self.path.push(&self.dir);
        self.path.push(name);
        Arc::from(Path::new(&self.path))
    }
}

/// Reads directories by system call, which saves an allocation for each entry.
#[cfg(target_os = "linux")]
mod imp {
    use rustix::fs::{Mode, OFlags, RawDir};
    use rustix::io::Errno;
    use std::ffi::OsStr;
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::OwnedFd;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    use super::EntryType;
    use crate::retry::retry;

    /// The size of one part, in bytes: up to about 500 names of usual length.
    const PART: usize = 16 * 1024;

    pub(super) struct Open(OwnedFd);

    impl Open {
        pub(super) fn new(dir: &Path) -> io::Result<Open> {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let dir = retry(|| rustix::fs::open(dir, flags, Mode::empty()))?;
            Ok(Open(dir))
        }

        pub(super) fn read(
            &mut self,
            mut found: impl FnMut(&OsStr, Option<EntryType>),
        ) -> io::Result<bool> {
            let mut buffer = [MaybeUninit::uninit(); PART];
            let mut entries = RawDir::new(&self.0, &mut buffer);
            loop {
                match entries.next() {
                    Some(Ok(entry)) => {
                        let name = entry.file_name().to_bytes();
                        if name != b"." && name != b".." {
                            found(
                                OsStr::from_bytes(name),
                                EntryType::from_raw(entry.file_type()),
                            );
                        }
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

#[cfg(not(target_os = "linux"))]
mod imp {
    use std::ffi::OsStr;
    use std::fs::{self, ReadDir};
    use std::io;
    use std::path::Path;

    use super::EntryType;
    use crate::retry::retry;

    /// The number of entries in one part.
    const PART: usize = 512;

    pub(super) struct Open(ReadDir);

    impl Open {
        pub(super) fn new(dir: &Path) -> io::Result<Open> {
            retry(|| fs::read_dir(dir)).map(Open)
        }

        pub(super) fn read(
            &mut self,
            mut found: impl FnMut(&OsStr, Option<EntryType>),
        ) -> io::Result<bool> {
            for _ in 0..PART {
                let Some(entry) = self.0.next().transpose()? else {
                    return Ok(false);
                };
                found(
                    &entry.file_name(),
                    entry.file_type().ok().map(EntryType::from),
                );
            }
            Ok(true)
        }
    }
}
