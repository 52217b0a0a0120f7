//! Directories that are held open while they are among the innermost of a tree.

use std::io;
use std::path::PathBuf;

use super::imp::{CURRENT, Dir, Id};

/// How many of the directories around the current place are open.
pub(super) const OPEN: usize = 32;

/// A directory that is open, or known well enough to be opened again.
pub(super) struct Held {
    dir: Option<Dir>,
    id: Id,
}

impl Held {
    pub(super) fn new(dir: Dir) -> io::Result<Held> {
        let id = dir.id()?;
        Ok(Held { dir: Some(dir), id })
    }

    pub(super) fn id(&self) -> &Id {
        &self.id
    }

    pub(super) fn release(&mut self) {
        self.dir = None;
    }

    /// Opens the directory again, which must be the same as before.
    pub(super) fn wake(&mut self, path: impl FnOnce() -> PathBuf) -> io::Result<()> {
        if self.dir.is_some() {
            return Ok(());
        }
        let dir = CURRENT.open_dir(path().as_os_str(), true)?;
        if dir.id()? != self.id {
            return Err(io::Error::other("the directory has been moved meanwhile"));
        }
        self.dir = Some(dir);
        Ok(())
    }

    /// The directory, if it is awake.
    pub(super) fn dir(&self) -> io::Result<&Dir> {
        self.dir
            .as_ref()
            .ok_or_else(|| io::Error::other("the directory is not open"))
    }
}
