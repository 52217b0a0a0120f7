//! Putting a complete file in place of another one, in one step.
//!
//! The new contents are written to a temporary file in the same directory, by
//! [`write_atomic`](super::Path::write_atomic) in one job, and by [`open_atomic`](super::Path::open_atomic) bit by
//! bit. Then [`New::put_in_place`] does the rest.

mod options;
#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

#[cfg(unix)]
use super::rename::rename_to_free;
use crate::error::{invalid_input, symlink_loop};
use crate::retry::retry;
pub(super) use imp::New;
pub(super) use options::{Options, atomic_setters};
#[cfg(not(unix))]
use other as imp;
#[cfg(unix)]
use unix as imp;

/// The maximum number of symbolic links that Linux follows in one lookup.
const MAX_LINKS: usize = 40;

/// Writes `data` to a new file in the same directory, and puts it in place.
pub(super) fn replace(path: &Path, data: &[u8], options: Options) -> io::Result<()> {
    let (mut file, new) = begin(path, options)?;
    file.write_all(data)?;
    new.put_in_place(&file)
}

/// Creates a temporary file for new contents of the file at `path`. Unless it is put in place, dropping the
/// [`New`] removes it.
pub(super) fn begin(path: &Path, options: Options) -> io::Result<(File, New)> {
    options.parents.attempt(path, || create(path, options))
}

fn create(path: &Path, options: Options) -> io::Result<(File, New)> {
    if path.as_os_str().is_empty() {
        // This fails, before a temporary file is created in the current directory.
        fs::metadata(path)?;
    }
    if options.no_replace {
        if retry(|| fs::symlink_metadata(path)).is_ok() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        return imp::create(directory(path), path, options);
    }
    let path = &follow(path)?;
    match retry(|| fs::metadata(path)) {
        Ok(old) if old.is_file() => {}
        Ok(old) if old.is_dir() => return Err(ErrorKind::IsADirectory.into()),
        Ok(_) => return Err(not_regular()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    imp::create(directory(path), path, options)
}

/// Returns the directory that contains `path`.
fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(dir) if dir != Path::new("") => dir,
        _ => Path::new("."),
    }
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

/// Returns the error for removing a file that is in place.
pub(super) fn in_place() -> io::Error {
    invalid_input("the new contents are in place already")
}
