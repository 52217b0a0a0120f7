//! The listing of one directory as std's: with the types and numbers that come with it.

use std::collections::VecDeque;
use std::fs::{self, FileType};
use std::io;
#[cfg(unix)]
use std::os::unix::fs::DirEntryExt;
use std::path::Path;
use std::sync::Arc;

use super::crew::{Explore, Found};
use super::iterdir::failed;
use super::scan::{Join, Naming};
use crate::retry::retry;

/// The number of entries in one part.
const PART: usize = 512;

/// The listing of one directory, whose entries have std's [`FileType`].
///
/// Only std makes one without a system call for each entry, so std reads the directory.
pub(crate) struct ReadDir(pub(crate) Arc<Path>);

/// An entry that was found by [`ReadDir`].
#[derive(Clone)]
pub(crate) struct DirEntry {
    pub(crate) path: Arc<Path>,
    /// The type of the entry, or `None` if neither the directory nor the system would tell.
    pub(crate) file_type: Option<FileType>,
    #[cfg(unix)]
    pub(crate) ino: u64,
}

impl DirEntry {
    /// Takes what std knows of the entry at `path`. May block, if the directory does not list types.
    ///
    /// std's entry itself keeps the directory open.
    fn new(listed: &fs::DirEntry, path: Arc<Path>) -> DirEntry {
        DirEntry {
            path,
            file_type: retry(|| listed.file_type()).ok(),
            #[cfg(unix)]
            ino: listed.ino(),
        }
    }
}

impl Explore for ReadDir {
    /// The directory, once it is open.
    type Task = Option<fs::ReadDir>;
    type Items = VecDeque<io::Result<DirEntry>>;

    fn begin(&mut self) -> Option<fs::ReadDir> {
        None
    }

    fn workers(&self) -> usize {
        1
    }

    fn explore(&self, open: Option<fs::ReadDir>, found: &mut Found<ReadDir>) {
        match self.read(open, &mut found.items) {
            Ok(more) => found.tasks.extend(more.map(Some)),
            Err(error) => found.items.push_back(Err(failed(&self.0, error))),
        }
    }
}

impl ReadDir {
    /// Reads the next part. Returns the open directory if more may follow.
    fn read(
        &self,
        open: Option<fs::ReadDir>,
        found: &mut VecDeque<io::Result<DirEntry>>,
    ) -> io::Result<Option<fs::ReadDir>> {
        let mut open = match open {
            Some(open) => open,
            None => retry(|| fs::read_dir(&self.0))?,
        };
        let mut join = Join::new(&self.0, Naming::Std);
        for _ in 0..PART {
            let Some(listed) = open.next().transpose()? else {
                return Ok(None);
            };
            let path = join.name(&listed.file_name());
            found.push_back(Ok(DirEntry::new(&listed, path)));
        }
        Ok(Some(open))
    }
}
