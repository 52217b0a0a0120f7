//! What a search of a tree leaves out.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{Device, Entry, or_current};
use crate::pattern::Pattern;

/// A function that chooses entries. It is called by one thread at a time.
pub(crate) struct Choice(Mutex<Box<Includes>>);

type Includes = dyn FnMut(&Entry) -> bool + Send;

impl Choice {
    pub(crate) fn new(f: impl FnMut(&Entry) -> bool + Send + 'static) -> Choice {
        Choice(Mutex::new(Box::new(f)))
    }

    pub(super) fn includes(&self, entry: &Entry) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)(entry)
    }
}

impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Choice").finish_non_exhaustive()
    }
}

/// The bounds of a search that begins at a directory.
#[derive(Debug)]
pub(crate) struct Bounds {
    base: Arc<Path>,
    /// The maximum number of names below the base; `None` means no limit.
    pub(crate) max_depth: Option<usize>,
    pub(crate) same_file_system: bool,
    /// Chooses directories that are not entered.
    pub(crate) prune: Option<Choice>,
    /// The patterns of what is left out, as they were given.
    pub(crate) patterns: Vec<PathBuf>,
    /// The same, set when the search begins.
    excluded: Vec<Excluded>,
    /// The device of the base, if it is needed and known.
    device: OnceLock<Option<Device>>,
}

#[derive(Debug)]
struct Excluded {
    pattern: Pattern,
    dirs_only: bool,
}

impl Bounds {
    pub(super) fn new(base: Arc<Path>) -> Bounds {
        Bounds {
            base,
            max_depth: None,
            same_file_system: false,
            prune: None,
            patterns: Vec::new(),
            excluded: Vec::new(),
            device: OnceLock::new(),
        }
    }

    /// Compiles the patterns. Fails if one is invalid.
    pub(super) fn begin(&mut self, case_sensitive: bool) -> io::Result<()> {
        for text in &self.patterns {
            let last = text.as_os_str().as_encoded_bytes().last();
            self.excluded.push(Excluded {
                pattern: Pattern::anywhere(text, case_sensitive)?,
                dirs_only: last.is_some_and(|&byte| std::path::is_separator(byte.into())),
            });
        }
        Ok(())
    }

    /// Returns `true` if an entry is left out. May block, if it may be a link to a directory.
    pub(super) fn exclude(&self, entry: impl FnOnce() -> Entry) -> bool {
        if self.excluded.is_empty() {
            return false;
        }
        let entry = entry();
        let Some(below) = self.below(&entry.path) else {
            return false;
        };
        self.excluded.iter().any(|excluded| {
            excluded.pattern.full_match(below) && (!excluded.dirs_only || entry.is_dir())
        })
    }

    /// Returns `true` if a directory that was not left out is read. May block.
    pub(super) fn admit(&self, dir: &Entry) -> bool {
        let Some(below) = self.below(&dir.path) else {
            return self.max_depth != Some(0);
        };
        // The filesystem comes last, since asking for it may take long.
        let is_deep = self
            .max_depth
            .is_some_and(|max| below.components().count() >= max);
        let is_pruned = || self.prune.as_ref().is_some_and(|prune| prune.includes(dir));
        let is_elsewhere = || self.same_file_system && self.is_elsewhere(dir);
        !is_deep && !is_pruned() && !is_elsewhere()
    }

    /// Returns the path below the base, or `None` for the base itself.
    fn below<'a>(&self, path: &'a Path) -> Option<&'a Path> {
        // The paths in `.` do not begin with it.
        let below = path.strip_prefix(&self.base).unwrap_or(path);
        (below != Path::new("")).then_some(below)
    }

    /// Returns `true` if a directory is on another device than the base. If that is not known, opening it will
    /// tell why.
    fn is_elsewhere(&self, dir: &Entry) -> bool {
        let at_base = || Device::at(or_current(&self.base)).ok();
        let base = self.device.get_or_init(at_base).as_ref();
        let known = dir.metadata.as_deref().filter(|found| found.is_dir());
        let device = known.and_then(Device::of);
        let device = device.or_else(|| Device::at(&dir.path).ok());
        base.is_some_and(|base| device.is_some_and(|device| device != *base))
    }
}
