//! Atomically replacing the contents of a file.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::error::{invalid_input, symlink_loop};
use crate::retry::retry;

/// The maximum number of symbolic links that Linux follows in one lookup.
const MAX_LINKS: usize = 40;

/// Writes `data` to a new file in the same directory, and renames it to `path`.
pub(super) fn replace(path: &Path, data: &[u8]) -> io::Result<()> {
    if path.as_os_str().is_empty() {
        // This fails, before a temporary file is created in the current directory.
        fs::metadata(path)?;
    }
    let path = &follow(path)?;
    let dir = match path.parent() {
        Some(dir) if dir != Path::new("") => dir,
        _ => Path::new("."),
    };
    match retry(|| fs::metadata(path)) {
        Ok(old) if old.is_file() => {}
        Ok(old) if old.is_dir() => return Err(ErrorKind::IsADirectory.into()),
        Ok(_) => return Err(not_regular()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    imp::replace_in(dir, path, data)
}

/// Returns the path that the symbolic links at `path` lead to, whether it exists or not.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    for _ in 0..=MAX_LINKS {
        let Ok(target) = retry(|| fs::read_link(&path)) else {
            return Ok(path);
        };
        path.pop();
        path.push(target);
    }
    Err(symlink_loop())
}

fn not_regular() -> io::Error {
    invalid_input("not a regular file")
}

/// All calls are relative to one open directory. So another process that replaces the directory can neither
/// redirect the rename nor cause a temporary file to be left behind.
#[cfg(unix)]
mod imp {
    use std::ffi::{OsStr, OsString};
    use std::fs::{File, OpenOptions};
    use std::hash::{BuildHasher, Hasher, RandomState};
    use std::io::{self, ErrorKind, Write};
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::OpenOptionsExt;
    use std::path::Path;

    use rustix::fs::{self, AtFlags, FileType, Mode, OFlags, Stat};
    use rustix::io::Errno;

    use crate::permissions::{self, Attributes, Permissions};
    use crate::retry::retry;

    /// The maximum number of names that are tried for the temporary file.
    const MOST_NAMES: usize = 1 << 16;

    pub(super) fn replace_in(dir: &Path, path: &Path, data: &[u8]) -> io::Result<()> {
        let name = last(path);
        // The directory is opened first, so that a failure changes nothing.
        let dir = Directory::open(dir)?;
        let old = dir.find(name)?;
        // From here on, dropping `new` removes the temporary file.
        let mut new = Temporary::create(&dir, old.as_ref())?;
        new.file.write_all(data)?;
        if let Some(old) = &old {
            old.hand_on(&new.file)?;
        }
        new.file.sync_all()?;
        new.rename(name)?;
        dir.sync()
    }

    /// Returns the part of a path after its parent, including a trailing slash.
    fn last(path: &Path) -> &OsStr {
        let parent = path.parent().map_or(0, |parent| parent.as_os_str().len());
        let last = &path.as_os_str().as_bytes()[parent..];
        let slashes = last.iter().take_while(|&&byte| byte == b'/').count();
        OsStr::from_bytes(&last[slashes..])
    }

    /// The attributes of the old file that are copied to the new one.
    struct Old {
        permissions: Permissions,
        attributes: Attributes,
    }

    impl Old {
        fn read(file: &File) -> io::Result<Old> {
            let found = retry(|| file.metadata())?;
            if !found.is_file() {
                return Err(super::not_regular());
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
                return Err(super::not_regular());
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

    /// A new file in a directory. It is removed on drop unless it was renamed.
    struct Temporary<'a> {
        dir: &'a Directory,
        /// The name of the file. Empty after the rename.
        name: OsString,
        file: File,
    }

    impl Temporary<'_> {
        /// Creates the file. If it replaces another one, only the owner can use it until [`Old::hand_on`].
        fn create<'a>(dir: &'a Directory, old: Option<&Old>) -> io::Result<Temporary<'a>> {
            // The system applies the umask, or the default ACL of the directory.
            let mode = match old {
                Some(_) => Mode::RUSR | Mode::WUSR,
                None => Mode::from_raw_mode(0o666),
            };
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            for _ in 0..MOST_NAMES {
                let number = RandomState::new().build_hasher().finish();
                let name = OsString::from(format!(".tmp{number:016x}"));
                match retry(|| fs::openat(&dir.0, &name, flags, mode)) {
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
            let dir = &self.dir.0;
            retry(|| fs::renameat(dir, &self.name, dir, name))?;
            self.name.clear();
            Ok(())
        }
    }

    impl Drop for Temporary<'_> {
        fn drop(&mut self) {
            if !self.name.is_empty() {
                let remove = || fs::unlinkat(&self.dir.0, &self.name, AtFlags::empty());
                let _ = retry(remove);
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
