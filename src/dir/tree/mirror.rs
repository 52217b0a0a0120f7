//! The target tree, at the place that corresponds to that in the source tree.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use super::imp::{CURRENT, Dir};
use super::nest::{Level, Nest};
use super::walk::{Walk, below};
use crate::dir::Id;

/// The directories of a target tree around the place that a [`Walk`] is at.
pub(super) struct Mirror {
    root: PathBuf,
    levels: Nest<Origin>,
}

/// The origin of a directory in the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// It was created by this copy: anything in it that is not from this copy does not belong there.
    Made,
    Found,
}

/// The place of an entry in the target.
pub(super) struct Place<'a> {
    pub(super) dir: &'a Dir,
    pub(super) name: &'a OsStr,
    /// Whether the place is the root of the target.
    pub(super) root: bool,
    /// The origin of the directory.
    pub(super) origin: Origin,
}

impl Mirror {
    pub(super) fn new(root: PathBuf) -> Mirror {
        let levels = Nest::new();
        Mirror { root, levels }
    }

    /// Returns the place of what the walk is at.
    pub(super) fn place<'a>(&'a self, walk: &'a Walk) -> io::Result<Place<'a>> {
        match (self.levels.top(), walk.names().next_back()) {
            (Some(level), Some(name)) => Ok(Place {
                dir: level.dir()?,
                name,
                root: false,
                origin: level.data,
            }),
            _ => Ok(Place {
                dir: &CURRENT,
                name: self.root.as_os_str(),
                root: true,
                origin: Origin::Found,
            }),
        }
    }

    pub(super) fn path(&self, walk: &Walk) -> PathBuf {
        below(&self.root, walk.names())
    }

    /// Opens the directory that contains `path`, which is relative to the root. Follows no link on the way.
    /// Returns `None` for the root.
    pub(super) fn open_parent(&self, path: &Path) -> io::Result<Option<Dir>> {
        let mut dir: Option<Dir> = None;
        for name in path.parent().into_iter().flat_map(Path::iter) {
            let outer = dir.as_ref().map_or_else(|| self.root_dir(), Ok)?;
            dir = Some(outer.open_dir(name, false)?);
        }
        Ok(dir)
    }

    /// Returns the directory at the root, if it is one.
    pub(super) fn root_dir(&self) -> io::Result<&Dir> {
        match self.levels.levels() {
            [root, ..] => root.dir(),
            [] => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    pub(super) fn push(&mut self, dir: Dir, id: Id, origin: Origin) {
        self.levels.push(dir, id, origin);
    }

    /// Removes the innermost directory, and opens the one around it.
    pub(super) fn pop(&mut self) -> io::Result<Option<Level<Origin>>> {
        let Some(level) = self.levels.pop() else {
            return Ok(None);
        };
        self.levels.wake(|| level.dir()?.parent())?;
        Ok(Some(level))
    }

    /// Returns `true` if this is one of the directories around the current place.
    pub(super) fn is_within(&self, id: &Id) -> bool {
        self.levels.contains(id)
    }
}
