//! Directories on systems where they are known by their paths only.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::walk::{Found, Look};
use crate::dir::{EntryType, Id, or_current};
use crate::id::FileId;

/// Returns `true` if both are handles to the same file.
pub(super) fn is_same(one: &File, other: &File) -> io::Result<bool> {
    Ok(FileId::of_file(one)? == FileId::of_file(other)?)
}

/// Fails: a file's path cannot be determined from its handle.
pub(super) fn id(_file: &File) -> io::Result<Id> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Returns `None`: stable Rust does not tell how many names a file has.
pub(super) fn names(_metadata: &Metadata) -> Option<(Id, u64)> {
    None
}

/// A directory; `None` is the current one. `PathBuf::new` is `const` only from Rust 1.91 on.
pub(super) struct Dir(Option<PathBuf>);

/// The current directory, in which a name may be a path.
pub(super) static CURRENT: Dir = Dir(None);

impl Dir {
    fn join(&self, name: &OsStr) -> PathBuf {
        match &self.0 {
            Some(dir) => dir.join(name),
            None => PathBuf::from(name),
        }
    }

    pub(super) fn open_dir(&self, name: &OsStr, follow: bool) -> io::Result<Dir> {
        match self.look(name, follow)?.kind {
            EntryType::Dir => Ok(Dir(Some(self.join(name)))),
            _ => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// Opens the parent directory.
    pub(super) fn parent(&self) -> io::Result<Dir> {
        let path = self.path();
        let parent = or_current(path.parent().unwrap_or(path));
        Ok(Dir(Some(parent.to_path_buf())))
    }

    /// Opens a file for reading.
    pub(super) fn open_file(&self, name: &OsStr, follow: bool) -> io::Result<File> {
        self.open(name, File::options().read(true), follow)
    }

    /// Creates a new file.
    pub(super) fn create_file(&self, name: &OsStr) -> io::Result<File> {
        File::create_new(self.join(name))
    }

    /// Opens a file for writing, and keeps its contents.
    pub(super) fn overwrite_file(&self, name: &OsStr, follow: bool) -> io::Result<File> {
        self.open(name, File::options().write(true), follow)
    }

    /// Creates the file that a link leads to, or opens it if it exists by now.
    pub(super) fn create_through(&self, name: &OsStr) -> io::Result<File> {
        let mut options = File::options();
        options.write(true).create(true).truncate(false);
        options.open(self.join(name))
    }

    fn open(&self, name: &OsStr, options: &OpenOptions, follow: bool) -> io::Result<File> {
        match self.look(name, follow)?.kind {
            EntryType::File => options.open(self.join(name)),
            _ => Err(io::Error::other("no longer a regular file")),
        }
    }

    pub(super) fn make_dir(&self, name: &OsStr) -> io::Result<()> {
        fs::create_dir(self.join(name))
    }

    /// Creates a link with the target of another one.
    #[cfg(windows)]
    pub(super) fn copy_link(
        &self,
        name: &OsStr,
        from: (&Dir, &OsStr),
        _keep_times: bool,
        _keep_owner: bool,
    ) -> io::Result<()> {
        use std::os::windows::fs::{FileTypeExt, symlink_dir, symlink_file};
        let (old, new) = (from.0.join(from.1), self.join(name));
        if junction::exists(&old).unwrap_or(false) {
            return junction::create(junction::get_target(&old)?, new);
        }
        let target = fs::read_link(&old)?;
        if fs::symlink_metadata(&old)?.file_type().is_symlink_dir() {
            symlink_dir(target, new)
        } else {
            symlink_file(target, new)
        }
    }

    /// Creates a hard link to a file elsewhere.
    pub(super) fn hard_link(&self, name: &OsStr, old: (&Dir, &OsStr)) -> io::Result<()> {
        fs::hard_link(old.0.join(old.1), self.join(name))
    }

    /// Removes a file or a link. On Windows, a link to a directory is removed as a directory.
    pub(super) fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        let path = self.join(name);
        fs::remove_file(&path).or_else(|error| match self.look(name, false)?.kind {
            EntryType::Link => fs::remove_dir(&path),
            _ => Err(error),
        })
    }

    pub(super) fn remove_dir(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_dir(self.join(name))
    }

    pub(super) fn look(&self, name: &OsStr, follow: bool) -> io::Result<Look> {
        let path = self.join(name);
        let metadata = if follow {
            fs::metadata(&path)?
        } else {
            fs::symlink_metadata(&path)?
        };
        let id = if follow {
            Id::at(&path)?
        } else {
            Id::of_link(&path)?
        };
        Ok(Look {
            kind: metadata.file_type().into(),
            len: metadata.len(),
            id,
        })
    }

    pub(super) fn entries(&self) -> io::Result<Entries> {
        fs::read_dir(self.path()).map(|entries| Entries(Box::new(entries)))
    }

    pub(super) fn id(&self) -> io::Result<Id> {
        Id::at(self.path())
    }

    pub(super) fn metadata(&self) -> io::Result<Metadata> {
        fs::metadata(self.path())
    }

    /// Opens the directory as a file whose attributes can be copied.
    #[cfg(windows)]
    pub(super) fn as_file(&self) -> io::Result<File> {
        use std::os::windows::fs::OpenOptionsExt;
        const FILE_READ_ATTRIBUTES: u32 = 0x80;
        const FILE_WRITE_ATTRIBUTES: u32 = 0x100;
        const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
        let open = |access| {
            // Directories cannot be opened without this flag.
            let mut options = File::options();
            options
                .access_mode(access)
                .custom_flags(FILE_FLAG_BACKUP_SEMANTICS);
            options.open(self.path())
        };
        // The attributes of the source may not be changeable.
        open(FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES).or_else(|_| open(FILE_READ_ATTRIBUTES))
    }

    fn path(&self) -> &Path {
        or_current(self.0.as_deref().unwrap_or(Path::new("")))
    }
}

/// The names in a directory. In a box, because on Windows it holds an entry of 600 bytes.
pub(super) struct Entries(Box<fs::ReadDir>);

impl Iterator for Entries {
    type Item = io::Result<Found>;

    fn next(&mut self) -> Option<io::Result<Found>> {
        let found = self.0.next()?.and_then(|entry| {
            let kind = entry.file_type()?.into();
            Ok((entry.file_name(), Some(kind)))
        });
        Some(found)
    }
}
