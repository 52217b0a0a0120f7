//! Directories: streams of their entries, read in parts on the pool, and operations on whole trees.

mod bounds;
mod crew;
mod entries;
mod entry_type;
mod glob;
mod id;
mod iterdir;
mod read_dir;
mod scan;
pub(crate) mod tree;
mod walk;

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use bounds::{Bounds, Choice};
pub(crate) use crew::{Batches, Explore};
pub(crate) use entries::Entries;
pub(crate) use entry_type::{EntryType, Special};
pub(crate) use glob::Glob;
pub(crate) use id::{Device, Id};
pub(crate) use iterdir::Iterdir;
pub(crate) use read_dir::{DirEntry, ReadDir};
pub(crate) use scan::{Detail, Naming};
pub(crate) use walk::{Listing, Order, Walk};

use crate::retry::retry;

/// An entry that was found in a directory.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) path: Arc<Path>,
    /// The type of the entry, or `None` if neither the directory nor the system would tell.
    pub(crate) kind: Option<EntryType>,
    /// The metadata of the entry, if it was asked for and the system told it.
    pub(crate) metadata: Option<Arc<Metadata>>,
}

impl Entry {
    fn new(path: Arc<Path>, kind: Option<EntryType>) -> Entry {
        let metadata = None;
        Entry {
            path,
            kind,
            metadata,
        }
    }

    /// Returns the entry at `path`, which has this metadata.
    fn found(path: Arc<Path>, metadata: Metadata, detail: Detail) -> Entry {
        Entry {
            path,
            kind: Some(metadata.file_type().into()),
            metadata: (detail == Detail::Metadata).then(|| Arc::new(metadata)),
        }
    }

    /// Returns the entry for a path that no directory listed. May block.
    fn unlisted(path: Arc<Path>, detail: Detail) -> Entry {
        let metadata = match detail {
            Detail::Type => None,
            Detail::Metadata => retry(|| fs::symlink_metadata(or_current(&path))).ok(),
        };
        match metadata {
            Some(metadata) => Entry::found(path, metadata, detail),
            None => Entry::new(path, None),
        }
    }

    /// Returns `true` if the entry is a directory, or a symbolic link to one. May block.
    fn is_dir(&self) -> bool {
        match self.kind {
            Some(EntryType::Dir) => true,
            Some(EntryType::File | EntryType::Special(_)) => false,
            Some(EntryType::Link) | None => {
                retry(|| fs::metadata(&self.path)).is_ok_and(|found| found.is_dir())
            }
        }
    }
}

/// Returns the path to use where a directory is read: the empty path means the current directory.
fn or_current(path: &Path) -> &Path {
    if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    }
}

/// The directories above the last link that was followed. Most of them are above the next link, too, and
/// querying all of them for each link takes minutes in a deep tree.
#[derive(Debug, Default)]
struct Above(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    path: PathBuf,
    /// The identities of the directories above the path, by the length of their own paths.
    ids: BTreeMap<usize, Vec<Id>>,
}

impl Above {
    /// Returns `true` if the directory at `path` is one of the directories above it. Following it would
    /// never end, or would visit everything once more.
    ///
    /// Only symbolic links can lead back, so nothing else needs this check. The search began at `base`.
    fn leads_back(&self, path: &Path, base: &Path) -> bool {
        let Ok(target) = Id::at(path) else {
            return false;
        };
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The queries are made without the lock, since they may block. Other workers begin with nothing
        // known meanwhile.
        let mut known = mem::take(&mut *lock());
        known.turn_to(path);
        let leads_back = known.contains(&target, base);
        *lock() = known;
        leads_back
    }
}

impl Known {
    /// Moves on to another path, and forgets the directories that are not above it.
    fn turn_to(&mut self, path: &Path) {
        let (new, old) = (path.as_os_str(), self.path.as_os_str());
        let bytes = new.as_encoded_bytes().iter().zip(old.as_encoded_bytes());
        let same = bytes.take_while(|(new, old)| new == old).count();
        let is_above = |dir: &&Path| len(dir) <= same && self.path.starts_with(dir);
        let kept = path.ancestors().skip(1).find(is_above).map_or(0, len);
        self.ids.split_off(&(kept + 1));
        self.path = path.to_path_buf();
    }

    /// Returns `true` if one of the directories above the path is `target`.
    fn contains(&mut self, target: &Id, base: &Path) -> bool {
        for dir in self.path.ancestors().skip(1) {
            // The directories above this one are known as well.
            if self.ids.contains_key(&len(dir)) {
                break;
            }
            // No name leads above the base, and the directory in front of `..` is not above it.
            let named = or_current(dir);
            if named == or_current(base) || dir.ends_with("..") {
                self.ids = self.ids.split_off(&len(dir));
                self.ids.insert(len(dir), upwards(named));
                break;
            }
            self.ids.insert(len(dir), Id::at(dir).into_iter().collect());
        }
        self.ids.values().flatten().any(|id| id == target)
    }
}

/// Returns the identities of a directory and of all directories above it.
fn upwards(dir: &Path) -> Vec<Id> {
    let path = retry(|| fs::canonicalize(dir)).unwrap_or_default();
    path.ancestors().flat_map(Id::at).collect()
}

fn len(path: &Path) -> usize {
    path.as_os_str().len()
}
