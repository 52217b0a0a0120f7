//! Directories: what is in them, read in parts on the pool, and whole trees.

mod crew;
mod glob;
mod iterdir;
mod scan;
pub(crate) mod tree;
mod walk;

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

pub(crate) use crew::{Batches, Explore};
pub(crate) use glob::Glob;
pub(crate) use iterdir::Iterdir;
pub(crate) use walk::{Listing, Order, Walk};

use crate::retry::retry;

/// What a directory says that an entry is. It looks through no link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryType {
    File,
    Dir,
    Link,
    Other,
}

impl From<fs::FileType> for EntryType {
    fn from(found: fs::FileType) -> EntryType {
        if found.is_symlink() {
            EntryType::Link
        } else if found.is_dir() {
            EntryType::Dir
        } else if found.is_file() {
            EntryType::File
        } else {
            EntryType::Other
        }
    }
}

/// A path that a scan found.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) path: Arc<Path>,
    /// `None` if neither the directory nor the system would tell.
    pub(crate) kind: Option<EntryType>,
}

impl Entry {
    /// Whether it is a directory, or a link that ends at one. May wait.
    fn is_dir(&self) -> bool {
        match self.kind {
            Some(EntryType::Dir) => true,
            Some(EntryType::File | EntryType::Other) => false,
            Some(EntryType::Link) | None => {
                retry(|| fs::metadata(&self.path)).is_ok_and(|found| found.is_dir())
            }
        }
    }
}

/// The directory that a path means where directories are read: the empty one is the current directory.
fn or_current(path: &Path) -> &Path {
    match path.as_os_str().is_empty() {
        true => Path::new("."),
        false => path,
    }
}

/// Whether the directory at `path` is one of those above it: to follow it would never end, or go through
/// everything once more.
///
/// Only a symbolic link leads back, so nothing else needs to be asked about. The search began at `base`.
fn leads_back(path: &Path, base: &Path) -> bool {
    let Ok(target) = identity(path) else {
        return false;
    };
    let is_target = |dir: &Path| identity(dir).is_ok_and(|dir| dir == target);
    for dir in path.ancestors().skip(1).map(or_current) {
        if is_target(dir) {
            return true;
        }
        // Above the base no name tells the way, and what stands in front of `..` is not above it.
        if dir == or_current(base) || dir.ends_with("..") {
            let top = fs::canonicalize(dir);
            return top.is_ok_and(|top| top.ancestors().skip(1).any(is_target));
        }
    }
    false
}

/// What tells one directory from another.
#[cfg(unix)]
fn identity(path: &Path) -> io::Result<impl PartialEq + use<>> {
    use std::os::unix::fs::MetadataExt;
    let metadata = retry(|| fs::metadata(path))?;
    Ok((metadata.dev(), metadata.ino()))
}

/// What tells one directory from another.
#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<impl PartialEq + use<>> {
    fs::canonicalize(path)
}
