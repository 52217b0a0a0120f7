//! Replacing the contents of a file in one step.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path as StdPath, PathBuf};

use crate::error::{invalid_input, symlink_loop};

/// As many links in a row as Linux follows.
const MAX_LINKS: usize = 40;

/// Writes `data` to a file beside the one at `path`, and renames it into that one's place.
pub(super) fn replace(path: &StdPath, data: &[u8]) -> io::Result<()> {
    let path = &follow(path)?;
    let dir = match path.parent() {
        Some(dir) if dir != StdPath::new("") => dir,
        _ => StdPath::new("."),
    };
    match fs::metadata(path) {
        Ok(old) if old.is_file() => {}
        Ok(old) if old.is_dir() => return Err(ErrorKind::IsADirectory.into()),
        Ok(_) => return Err(not_regular()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    imp::replace_in(dir, path, data)
}

/// Where the symbolic links at `path` lead, whether there is something or not.
fn follow(path: &StdPath) -> io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    for _ in 0..=MAX_LINKS {
        let Ok(target) = fs::read_link(&path) else {
            return Ok(path);
        };
        path.pop();
        path.push(target);
    }
    Err(symlink_loop())
}

fn not_regular() -> io::Error {
    invalid_input("it is not a regular file")
}

/// Everything is done in one directory, which is opened once: whoever puts another one in its place
/// cannot have a file replaced here that was looked at there, nor have anything left behind.
#[cfg(unix)]
mod imp {
    use std::ffi::{OsStr, OsString};
    use std::fs::{File, OpenOptions};
    use std::hash::{BuildHasher, Hasher, RandomState};
    use std::io::{self, ErrorKind, Write};
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::OpenOptionsExt;
    use std::path::Path;

    use rustix::fs::{self, AtFlags, FileType, Gid, Mode, OFlags, Stat, Uid};
    use rustix::io::{Errno, retry_on_intr};

    /// Names that are tried for the temporary file.
    const MOST_NAMES: usize = 1 << 16;

    pub(super) fn replace_in(dir: &Path, path: &Path, data: &[u8]) -> io::Result<()> {
        let name = last(path);
        // Opened before anything is changed: if that fails, nothing is.
        let dir = Directory::open(dir)?;
        let old = dir.find(name)?;
        // From here on, dropping `new` removes the temporary file.
        let mut new = Temporary::create(&dir, old.as_ref())?;
        new.file.write_all(data)?;
        if let Some(old) = &old {
            adopt(&new.file, old)?;
        }
        new.file.sync_all()?;
        new.rename(name)?;
        dir.sync()
    }

    /// What a path says after its parent, be it a name or one with a slash.
    fn last(path: &Path) -> &OsStr {
        let parent = path.parent().map_or(0, |parent| parent.as_os_str().len());
        let last = &path.as_os_str().as_bytes()[parent..];
        let slashes = last.iter().take_while(|&&byte| byte == b'/').count();
        OsStr::from_bytes(&last[slashes..])
    }

    /// Gives the new file the permissions of the old one, and its owner and group if the process may.
    fn adopt(file: &File, old: &Stat) -> io::Result<()> {
        let new = fs::fstat(file)?;
        if new.st_gid != old.st_gid {
            let _ = fs::fchown(file, None, Some(Gid::from_raw(old.st_gid)));
        }
        if new.st_uid != old.st_uid {
            let _ = fs::fchown(file, Some(Uid::from_raw(old.st_uid)), None);
        }
        // After the owner, a change of which clears the bits for set-user-id and set-group-id.
        Ok(fs::fchmod(file, Mode::from_raw_mode(old.st_mode))?)
    }

    struct Directory(File);

    impl Directory {
        fn open(path: &Path) -> io::Result<Directory> {
            // A FIFO in the place of the directory must not be waited for.
            let flags = OFlags::DIRECTORY.bits() as i32;
            let options = OpenOptions::new().read(true).custom_flags(flags).open(path);
            Ok(Directory(options?))
        }

        /// The regular file of that name, if there is one.
        fn find(&self, name: &OsStr) -> io::Result<Option<Stat>> {
            match fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(found) if FileType::from_raw_mode(found.st_mode) == FileType::RegularFile => {
                    Ok(Some(found))
                }
                Ok(_) => Err(super::not_regular()),
                Err(Errno::NOENT) => Ok(None),
                Err(errno) => Err(errno.into()),
            }
        }

        fn sync(&self) -> io::Result<()> {
            match self.0.sync_all() {
                // Some filesystems have no such call for directories, and nothing else to offer.
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

    /// A new file in a directory, removed again unless it is renamed.
    struct Temporary<'a> {
        dir: &'a Directory,
        /// Empty once it is renamed.
        name: OsString,
        file: File,
    }

    impl Temporary<'_> {
        /// Nobody can read it who could not read the old one.
        fn create<'a>(dir: &'a Directory, old: Option<&Stat>) -> io::Result<Temporary<'a>> {
            // The system takes the umask away from it.
            let mode = match old {
                Some(old) => Mode::from_raw_mode(old.st_mode) & Mode::RWXU,
                None => Mode::from_raw_mode(0o666),
            };
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            for _ in 0..MOST_NAMES {
                let number = RandomState::new().build_hasher().finish();
                let name = OsString::from(format!(".tmp{number:016x}"));
                match retry_on_intr(|| fs::openat(&dir.0, &name, flags, mode)) {
                    Ok(file) => {
                        let file = file.into();
                        return Ok(Temporary { dir, name, file });
                    }
                    Err(Errno::EXIST) => {}
                    Err(errno) => return Err(errno.into()),
                }
            }
            Err(ErrorKind::AlreadyExists.into())
        }

        fn rename(mut self, name: &OsStr) -> io::Result<()> {
            fs::renameat(&self.dir.0, &self.name, &self.dir.0, name)?;
            self.name.clear();
            Ok(())
        }
    }

    impl Drop for Temporary<'_> {
        fn drop(&mut self) {
            if !self.name.is_empty() {
                let _ = fs::unlinkat(&self.dir.0, &self.name, AtFlags::empty());
            }
        }
    }
}

#[cfg(not(unix))]
mod imp {
    use std::fs::{self, OpenOptions};
    use std::io::{self, ErrorKind, Write};
    use std::path::Path;

    pub(super) fn replace_in(dir: &Path, path: &Path, data: &[u8]) -> io::Result<()> {
        let old = match fs::metadata(path) {
            Ok(old) => Some(old),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        // From here on, dropping `new` removes the temporary file.
        let create = |path: &Path| OpenOptions::new().write(true).create_new(true).open(path);
        let mut new = tempfile::Builder::new().make_in(dir, create)?;
        let file = new.as_file_mut();
        file.write_all(data)?;
        if let Some(old) = old {
            file.set_permissions(old.permissions())?;
        }
        file.sync_all()?;
        new.persist(path).map_err(|error| error.error)?;
        Ok(())
    }
}
