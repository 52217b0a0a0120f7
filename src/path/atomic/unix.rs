//! Putting a file in place on Unix.
//!
//! All calls are relative to one open directory. So another process that replaces the directory can neither
//! redirect the rename nor cause a temporary file to be left behind.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::{self, AtFlags, FileType, Mode, OFlags, RawMode, Stat};
use rustix::io::Errno;

use super::{Options, in_place, not_regular, rename_to_free};
use crate::permissions::{self, Attributes, Permissions};
use crate::retry::retry;

/// The maximum number of names that are tried for the temporary file.
const MOST_NAMES: usize = 1 << 16;

/// Creates a temporary file in `dir`, for the contents of the file at `path`.
pub(super) fn create(dir: &Path, path: &Path, options: Options) -> io::Result<(File, New)> {
    let name = last(path);
    // The directory is opened first, so that a failure changes nothing.
    let dir = Directory::open(dir)?;
    let old = if options.no_replace {
        None
    } else {
        dir.find(name)?
    };
    let (file, temporary) = dir.create(old.as_ref(), options.mode)?;
    let new = New {
        dir,
        name: name.to_owned(),
        old,
        options,
        temporary: Mutex::new(Some(temporary)),
    };
    Ok((file, new))
}

/// Returns the part of a path after its parent, including a trailing slash.
fn last(path: &Path) -> &OsStr {
    let parent = path.parent().map_or(0, |parent| parent.as_os_str().len());
    let last = &path.as_os_str().as_bytes()[parent..];
    let slashes = last.iter().take_while(|&&byte| byte == b'/').count();
    OsStr::from_bytes(&last[slashes..])
}

/// A temporary file, and the name that it will get. Dropping this removes the file, unless it is in place.
#[derive(Debug)]
pub(in crate::path) struct New {
    dir: Directory,
    name: OsString,
    /// The attributes of the old file when the temporary file was created.
    old: Option<Old>,
    options: Options,
    /// The name of the temporary file, as long as it has one. Held while the file is put in place or removed,
    /// since both must not happen at once.
    temporary: Mutex<Option<OsString>>,
}

impl New {
    /// Gives the file its permissions and its name. Has no effect on a file that is in place, except that the
    /// directory is synced again.
    pub(in crate::path) fn put_in_place(&self, file: &File) -> io::Result<()> {
        let mut temporary = self.temporary();
        if let Some(from) = &*temporary {
            self.finish(file)?;
            self.rename(from)?;
            *temporary = None;
        }
        if self.options.sync {
            self.dir.sync()?;
        }
        Ok(())
    }

    pub(in crate::path) fn is_in_place(&self) -> bool {
        self.temporary().is_none()
    }

    /// Removes the temporary file. Fails if it is in place.
    pub(in crate::path) fn remove(&self) -> io::Result<()> {
        let mut temporary = self.temporary();
        let name = temporary.as_ref().ok_or_else(in_place)?;
        retry(|| fs::unlinkat(&self.dir.0, name, AtFlags::empty()))?;
        *temporary = None;
        Ok(())
    }

    /// Gives the file the attributes of the old one, and syncs it.
    fn finish(&self, file: &File) -> io::Result<()> {
        // The attributes may have changed since the temporary file was created: what was denied in the meantime
        // must stay denied.
        let found = if self.options.no_replace {
            None
        } else {
            self.dir.find(&self.name)?
        };
        if let Some(old) = found.as_ref().or(self.old.as_ref()) {
            old.hand_on(file)?;
        }
        if self.options.sync {
            file.sync_all()?;
        }
        Ok(())
    }

    fn rename(&self, from: &OsStr) -> io::Result<()> {
        let (dir, to) = (self.dir.0.as_fd(), &*self.name);
        if self.options.no_replace {
            rename_to_free((dir, from), (dir, to))
        } else {
            Ok(retry(|| fs::renameat(dir, from, dir, to))?)
        }
    }

    fn temporary(&self) -> MutexGuard<'_, Option<OsString>> {
        self.temporary
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for New {
    fn drop(&mut self) {
        if self.temporary().is_some() {
            let _ = self.remove();
        }
    }
}

/// The attributes of the old file that are copied to the new one.
#[derive(Debug)]
struct Old {
    permissions: Permissions,
    attributes: Attributes,
}

impl Old {
    fn read(file: &File) -> io::Result<Old> {
        let found = retry(|| file.metadata())?;
        if !found.is_file() {
            return Err(not_regular());
        }
        Ok(Old {
            permissions: Permissions::of(file, &found)?,
            // Attributes that belong to the old contents are dropped, as when a file is written in place.
            attributes: Attributes::of(file)?.of_any_contents(),
        })
    }

    /// Applies the attributes to the new file. Until then, only its owner can use it.
    fn hand_on(&self, new: &File) -> io::Result<()> {
        // The owner is first, because changing it clears bits of the mode.
        self.permissions.keep_owner(new);
        // Setting attributes needs the owner's bits, which the default ACL of the directory may deny.
        // Where modes are fixed, this fails, and the attributes are set all the same.
        let _ = permissions::shut(new);
        self.attributes.put_on(new)?;
        self.permissions.keep_all(new)
    }
}

#[derive(Debug)]
struct Directory(File);

impl Directory {
    fn open(path: &Path) -> io::Result<Directory> {
        // If the path is a FIFO, opening it must not block.
        let flags = OFlags::DIRECTORY.bits() as i32;
        let options = OpenOptions::new().read(true).custom_flags(flags).open(path);
        Ok(Directory(options?))
    }

    /// Returns the attributes of the regular file of that name, if there is one.
    fn find(&self, name: &OsStr) -> io::Result<Option<Old>> {
        // The type is checked before the file is opened, because opening a device may have side effects.
        let look = || fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW);
        let found = match retry(look) {
            Ok(found) => found,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(errno.into()),
        };
        if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
            return Err(not_regular());
        }
        match self.open_file(name, OFlags::RDONLY) {
            Ok(file) => Old::read(&file).map(Some),
            // Replacing a file does not need permission to read it.
            Err(_) => self.look_at(name, &found).map(Some),
        }
    }

    /// Returns the attributes that are known without reading the file.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn look_at(&self, name: &OsStr, _found: &Stat) -> io::Result<Old> {
        let handle = self.open_file(name, OFlags::PATH)?;
        Ok(Old {
            permissions: Permissions::of(&handle, &retry(|| handle.metadata())?)?,
            attributes: Attributes::default(),
        })
    }

    /// Returns the attributes that are known without opening the file.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn look_at(&self, _name: &OsStr, found: &Stat) -> io::Result<Old> {
        Ok(Old {
            permissions: Permissions::of_stat(found),
            attributes: Attributes::default(),
        })
    }

    fn open_file(&self, name: &OsStr, access: OFlags) -> io::Result<File> {
        let careful = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let flags = access | careful;
        let opened = retry(|| fs::openat(&self.0, name, flags, Mode::empty()));
        Ok(opened?.into())
    }

    /// Creates a temporary file, and returns its name. If it replaces another one, only its owner can use it
    /// until [`Old::hand_on`].
    fn create(&self, old: Option<&Old>, mode: u32) -> io::Result<(File, OsString)> {
        // The system applies the umask, or the default ACL of the directory.
        let mode = match old {
            Some(_) => Mode::RUSR | Mode::WUSR,
            None => Mode::from_raw_mode(mode as RawMode),
        };
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        for _ in 0..MOST_NAMES {
            let number = RandomState::new().build_hasher().finish();
            let name = OsString::from(format!(".tmp{number:016x}"));
            match retry(|| fs::openat(&self.0, &name, flags, mode)) {
                Ok(file) => return Ok((file.into(), name)),
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    fn sync(&self) -> io::Result<()> {
        match self.0.sync_all() {
            // Some filesystems do not support syncing a directory.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::InvalidInput | ErrorKind::Unsupported
                ) =>
            {
                Ok(())
            }
            result => result,
        }
    }
}
