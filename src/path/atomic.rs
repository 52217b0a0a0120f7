//! Replacing the contents of a file in one step.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
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
    let old = match fs::metadata(path) {
        Ok(old) if old.is_file() => Some(old),
        Ok(old) if old.is_dir() => return Err(ErrorKind::IsADirectory.into()),
        Ok(_) => return Err(invalid_input("it is not a regular file")),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    // Opened before anything is changed: if that fails, nothing is.
    let dir_handle = Directory::open(dir)?;
    // From here on, dropping `new` removes the temporary file.
    let create = |path: &StdPath| creation(old.as_ref()).open(path);
    let mut new = tempfile::Builder::new().make_in(dir, create)?;
    let file = new.as_file_mut();
    file.write_all(data)?;
    if let Some(old) = &old {
        adopt(file, old)?;
    }
    file.sync_all()?;
    new.persist(path).map_err(|error| error.error)?;
    dir_handle.sync()
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

/// How the temporary file is created: nobody can read it who could not read the old one.
fn creation(old: Option<&Metadata>) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        // The system takes the umask away from it.
        options.mode(old.map_or(0o666, |old| old.permissions().mode() & 0o700));
    }
    #[cfg(not(unix))]
    let _ = old;
    options
}

/// Gives the new file the permissions of the old one, and its owner and group if the process may.
fn adopt(file: &File, old: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let new = file.metadata()?;
        if new.gid() != old.gid() {
            let _ = fchown(file, None, Some(old.gid()));
        }
        if new.uid() != old.uid() {
            let _ = fchown(file, Some(old.uid()), None);
        }
    }
    // After the owner, a change of which clears the bits for set-user-id and set-group-id.
    file.set_permissions(old.permissions())
}

/// A directory whose entries can be synced.
struct Directory(#[cfg(unix)] File);

#[cfg(unix)]
impl Directory {
    fn open(path: &StdPath) -> io::Result<Directory> {
        // A FIFO in the place of the directory must not be waited for.
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::DIRECTORY.bits();
        let options = OpenOptions::new()
            .read(true)
            .custom_flags(flags as i32)
            .open(path);
        Ok(Directory(options?))
    }

    fn sync(self) -> io::Result<()> {
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

#[cfg(not(unix))]
impl Directory {
    fn open(_: &StdPath) -> io::Result<Directory> {
        Ok(Directory())
    }

    fn sync(self) -> io::Result<()> {
        Ok(())
    }
}
