//! The target tree, place by place where the source tree is.

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;

use super::held::{Held, OPEN};
use super::imp::{CURRENT, Dir, Id};
use super::walk::{Walk, below};

/// The directories of a target tree around the place that a [`Walk`] is at.
pub(super) struct Mirror {
    root: PathBuf,
    levels: Vec<Made>,
}

/// A directory of the target.
pub(super) struct Made {
    dir: Held,
    /// It was made by us: what is in it and not from us does not belong there.
    pub(super) fresh: bool,
}

impl Made {
    pub(super) fn new(dir: Dir, fresh: bool) -> io::Result<Made> {
        let dir = Held::new(dir)?;
        Ok(Made { dir, fresh })
    }

    pub(super) fn dir(&self) -> io::Result<&Dir> {
        self.dir.dir()
    }

    pub(super) fn id(&self) -> &Id {
        self.dir.id()
    }
}

/// Where something belongs.
pub(super) struct Place<'a> {
    pub(super) dir: &'a Dir,
    pub(super) name: &'a OsStr,
    /// It is the whole target.
    pub(super) root: bool,
    /// Its directory was made by us.
    pub(super) fresh: bool,
}

impl Mirror {
    pub(super) fn new(root: PathBuf) -> Mirror {
        let levels = Vec::new();
        Mirror { root, levels }
    }

    /// Where what the walk is at belongs, once the directory of that is [awake](Mirror::wake).
    pub(super) fn place<'a>(&'a self, walk: &'a Walk) -> io::Result<Place<'a>> {
        match (self.levels.last(), walk.names().next_back()) {
            (Some(made), Some(name)) => Ok(Place {
                dir: made.dir()?,
                name,
                root: false,
                fresh: made.fresh,
            }),
            _ => Ok(Place {
                dir: &CURRENT,
                name: self.root.as_os_str(),
                root: true,
                fresh: false,
            }),
        }
    }

    pub(super) fn path(&self, walk: &Walk) -> PathBuf {
        below(&self.root, walk.names())
    }

    /// Makes sure that the innermost directory is open.
    pub(super) fn wake(&mut self, walk: &Walk) -> io::Result<()> {
        // The root has no name on the way.
        let names = self.levels.len().saturating_sub(1);
        match self.levels.last_mut() {
            Some(made) => made
                .dir
                .wake(|| below(&self.root, walk.names().take(names))),
            None => Ok(()),
        }
    }

    pub(super) fn push(&mut self, made: Made) {
        self.levels.push(made);
        if let Some(index) = self.levels.len().checked_sub(OPEN + 1) {
            self.levels[index].dir.release();
        }
    }

    pub(super) fn pop(&mut self) -> Option<Made> {
        self.levels.pop()
    }

    /// Whether this is one of the directories around the current place.
    pub(super) fn is_within(&self, id: &Id) -> bool {
        self.levels.iter().any(|made| made.id() == id)
    }
}
