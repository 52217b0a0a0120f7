//! Directories on Unix. Names are looked up in an open directory, so that it does not matter if the path to
//! it changes.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawMode, Timespec, Timestamps};

use super::walk::{Found, Look};
use crate::dir::{EntryType, Id, Special};
use crate::retry::retry;

/// Returns the identity of a file.
pub(super) fn id(file: &File) -> io::Result<Id> {
    Ok(Id::of(&retry(|| file.metadata())?))
}

/// Returns `true` if both are handles to the same file.
pub(super) fn is_same(one: &File, other: &File) -> io::Result<bool> {
    Ok(id(one)? == id(other)?)
}

/// Returns the identity of the file with this metadata and the number of its names, if that is more than
/// one.
pub(super) fn names(metadata: &Metadata) -> Option<(Id, u64)> {
    let names = metadata.nlink();
    (names > 1).then(|| (Id::of(metadata), names))
}

/// The mode of a new file, which only its owner may use.
const NEW_FILE: Mode = Mode::RUSR.union(Mode::WUSR);

/// An open directory, or the current one.
pub(super) struct Dir(Option<File>);

/// The current directory, in which a name may be a path.
pub(super) static CURRENT: Dir = Dir(None);

impl Dir {
    fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_ref().map_or(CWD, File::as_fd)
    }

    fn open(&self, name: &OsStr, flags: OFlags, mode: Mode, follow: bool) -> io::Result<File> {
        let nofollow = if follow {
            OFlags::empty()
        } else {
            OFlags::NOFOLLOW
        };
        let flags = flags | nofollow | OFlags::CLOEXEC;
        let file = retry(|| rustix::fs::openat(self.fd(), name, flags, mode))?;
        Ok(File::from(file))
    }

    pub(super) fn open_dir(&self, name: &OsStr, follow: bool) -> io::Result<Dir> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let dir = self.open(name, flags, Mode::empty(), follow)?;
        Ok(Dir(Some(dir)))
    }

    /// Opens the parent directory.
    pub(super) fn parent(&self) -> io::Result<Dir> {
        self.open_dir(OsStr::new(".."), false)
    }

    /// Opens a file for reading. Does not block if something else has taken its place, such as a FIFO.
    pub(super) fn open_file(&self, name: &OsStr, follow: bool) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        self.open(name, flags, Mode::empty(), follow)
    }

    /// Creates a new file, which only its owner may use.
    pub(super) fn create_file(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        self.open(name, flags, NEW_FILE, false)
    }

    /// Opens a file for writing, and keeps its contents.
    pub(super) fn overwrite_file(&self, name: &OsStr, follow: bool) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        self.open(name, flags, Mode::empty(), follow)
    }

    /// Creates the file that a link leads to, as [`create_file`](Dir::create_file), or opens it if it
    /// exists by now.
    pub(super) fn create_through(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NONBLOCK | OFlags::NOCTTY;
        self.open(name, flags, NEW_FILE, true)
    }

    /// Creates a directory, which only its owner may use.
    pub(super) fn make_dir(&self, name: &OsStr) -> io::Result<()> {
        Ok(retry(|| rustix::fs::mkdirat(self.fd(), name, Mode::RWXU))?)
    }

    /// Creates a link with the target of another one, and with its times and its owner if these are kept.
    pub(super) fn copy_link(
        &self,
        name: &OsStr,
        from: (&Dir, &OsStr),
        keep_times: bool,
        keep_owner: bool,
    ) -> io::Result<()> {
        let old = (from.0.fd(), from.1);
        let target = retry(|| rustix::fs::readlinkat(old.0, old.1, Vec::new()))?;
        retry(|| rustix::fs::symlinkat(&target, self.fd(), name))?;
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        let found = retry(|| rustix::fs::statat(old.0, old.1, flags))?;
        if keep_owner {
            let give = |user, group| {
                let _ = retry(|| rustix::fs::chownat(self.fd(), name, user, group, flags));
            };
            give(None, Some(rustix::fs::Gid::from_raw(found.st_gid)));
            give(Some(rustix::fs::Uid::from_raw(found.st_uid)), None);
        }
        if keep_times {
            let times = times(&found);
            retry(|| rustix::fs::utimensat(self.fd(), name, &times, flags))?;
        }
        Ok(())
    }

    /// Creates a hard link to a file elsewhere.
    pub(super) fn hard_link(&self, name: &OsStr, old: (&Dir, &OsStr)) -> io::Result<()> {
        let (dir, flags) = (old.0.fd(), AtFlags::empty());
        Ok(retry(|| {
            rustix::fs::linkat(dir, old.1, self.fd(), name, flags)
        })?)
    }

    pub(super) fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        self.unlink(name, AtFlags::empty())
    }

    pub(super) fn remove_dir(&self, name: &OsStr) -> io::Result<()> {
        self.unlink(name, AtFlags::REMOVEDIR)
    }

    fn unlink(&self, name: &OsStr, flags: AtFlags) -> io::Result<()> {
        Ok(retry(|| rustix::fs::unlinkat(self.fd(), name, flags))?)
    }

    pub(super) fn look(&self, name: &OsStr, follow: bool) -> io::Result<Look> {
        let flags = if follow {
            AtFlags::empty()
        } else {
            AtFlags::SYMLINK_NOFOLLOW
        };
        let found = retry(|| rustix::fs::statat(self.fd(), name, flags))?;
        let kind = EntryType::from_raw(FileType::from_raw_mode(found.st_mode as RawMode));
        // The types of these fields differ between systems.
        #[allow(clippy::unnecessary_cast)]
        let (len, dev, ino) = (
            found.st_size as u64,
            found.st_dev as u64,
            found.st_ino as u64,
        );
        Ok(Look {
            kind: kind.unwrap_or(EntryType::Special(Special::Unknown)),
            len,
            id: Id::new(dev, ino),
        })
    }

    pub(super) fn entries(&self) -> io::Result<Entries> {
        // This uses the same open directory, which nobody else reads: opening it again requires the right
        // to search it.
        let dir = OwnedFd::from(self.as_file()?);
        Ok(Entries(Some(rustix::fs::Dir::new(dir)?)))
    }

    pub(super) fn id(&self) -> io::Result<Id> {
        Ok(Id::of(&self.metadata()?))
    }

    pub(super) fn metadata(&self) -> io::Result<Metadata> {
        match &self.0 {
            Some(dir) => retry(|| dir.metadata()),
            None => retry(|| std::fs::metadata(".")),
        }
    }

    /// Returns the directory as a file whose attributes can be copied.
    pub(super) fn as_file(&self) -> io::Result<File> {
        match &self.0 {
            Some(dir) => dir.try_clone(),
            None => File::open("."),
        }
    }
}

/// The names in a directory.
pub(super) struct Entries(Option<rustix::fs::Dir>);

impl Iterator for Entries {
    type Item = io::Result<Found>;

    fn next(&mut self) -> Option<io::Result<Found>> {
        loop {
            let Some(entry) = self.0.as_mut()?.read() else {
                self.0 = None;
                return None;
            };
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => return Some(Err(error.into())),
            };
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                let name = OsString::from_vec(name.to_vec());
                return Some(Ok((name, EntryType::from_raw(entry.file_type()))));
            }
        }
    }
}

fn times(found: &rustix::fs::Stat) -> Timestamps {
    // The types of these fields differ between systems.
    #[allow(clippy::unnecessary_cast)]
    let time = |seconds, nanos| Timespec {
        tv_sec: seconds,
        tv_nsec: nanos,
    };
    Timestamps {
        last_access: time(found.st_atime as _, found.st_atime_nsec as _),
        last_modification: time(found.st_mtime as _, found.st_mtime_nsec as _),
    }
}
