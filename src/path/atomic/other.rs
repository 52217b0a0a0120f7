//! Putting a file in place on systems where files are known by their paths only.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf, absolute};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempPath;

use super::{Options, in_place};

/// Creates a temporary file in `dir`, for the contents of the file at `path`.
pub(super) fn create(dir: &Path, path: &Path, options: Options) -> io::Result<(File, New)> {
    let create = |path: &Path| OpenOptions::new().write(true).create_new(true).open(path);
    // Absolute, because the current directory may change until the file is put in place.
    let created = tempfile::Builder::new().make_in(absolute(dir)?, create)?;
    let (file, temporary) = created.into_parts();
    let new = New {
        path: absolute(path)?,
        options,
        temporary: Mutex::new(Some(temporary)),
    };
    Ok((file, new))
}

/// A temporary file, and the name that it will get. Dropping this removes the file, unless it is in place.
#[derive(Debug)]
pub(in crate::path) struct New {
    path: PathBuf,
    options: Options,
    /// The temporary file, as long as it has its own name. Held while the file is put in place or removed,
    /// since both must not happen at once.
    temporary: Mutex<Option<TempPath>>,
}

impl New {
    /// Gives the file its permissions and its name. Has no effect on a file that is in place.
    pub(in crate::path) fn put_in_place(&self, file: &File) -> io::Result<()> {
        let mut temporary = self.temporary();
        let Some(from) = temporary.take() else {
            return Ok(());
        };
        let result = match self.finish(file) {
            Ok(()) if self.options.no_replace => from.persist_noclobber(&self.path),
            Ok(()) => from.persist(&self.path),
            Err(error) => {
                *temporary = Some(from);
                return Err(error);
            }
        };
        result.map_err(|failed| {
            *temporary = Some(failed.path);
            failed.error
        })
    }

    pub(in crate::path) fn is_in_place(&self) -> bool {
        self.temporary().is_none()
    }

    /// Removes the temporary file. Fails if it is in place.
    pub(in crate::path) fn remove(&self) -> io::Result<()> {
        let temporary = self.temporary().take();
        temporary.ok_or_else(in_place)?.close()
    }

    /// Gives the file the permissions of the old one, and syncs it.
    fn finish(&self, file: &File) -> io::Result<()> {
        match fs::metadata(&self.path) {
            Ok(old) if !self.options.no_replace => file.set_permissions(old.permissions())?,
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        if self.options.sync {
            file.sync_all()?;
        }
        Ok(())
    }

    fn temporary(&self) -> MutexGuard<'_, Option<TempPath>> {
        self.temporary
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
