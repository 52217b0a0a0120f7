//! The directories around a place in a tree. Only the innermost are held open.

use std::collections::HashSet;
use std::io;

use super::imp::Dir;
use crate::dir::Id;

/// The maximum number of directories that are held open, in addition to the root.
const OPEN: usize = 32;

/// Nested directories, the root first.
///
/// The root and the innermost directories are open. The others are opened again on the way back, as the
/// `..` of the directory inside: a path from the root might be too long for the system.
pub(super) struct Nest<T> {
    levels: Vec<Level<T>>,
    ids: HashSet<Id>,
}

/// One of the directories, and what else is known about it.
pub(super) struct Level<T> {
    /// The open directory; `None` while it is closed.
    dir: Option<Dir>,
    id: Id,
    /// Whether the same directory is around this one, too: it was mounted there.
    again: bool,
    pub(super) data: T,
}

impl<T> Level<T> {
    pub(super) fn dir(&self) -> io::Result<&Dir> {
        self.dir
            .as_ref()
            .ok_or_else(|| io::Error::other("the directory is not open"))
    }

    pub(super) fn id(&self) -> &Id {
        &self.id
    }
}

impl<T> Nest<T> {
    pub(super) fn new() -> Nest<T> {
        Nest {
            levels: Vec::new(),
            ids: HashSet::new(),
        }
    }

    /// Returns the innermost directory.
    pub(super) fn top(&self) -> Option<&Level<T>> {
        self.levels.last()
    }

    pub(super) fn top_mut(&mut self) -> Option<&mut Level<T>> {
        self.levels.last_mut()
    }

    /// Returns all directories, the root first.
    pub(super) fn levels(&self) -> &[Level<T>] {
        &self.levels
    }

    /// Returns `true` if this is one of the directories.
    pub(super) fn contains(&self, id: &Id) -> bool {
        self.ids.contains(id)
    }

    /// Adds a directory inside the others. Returns the data of the directory that was closed for it.
    pub(super) fn push(&mut self, dir: Dir, id: Id, data: T) -> Option<&mut T> {
        let again = !self.ids.insert(Id::clone(&id));
        self.levels.push(Level {
            dir: Some(dir),
            id,
            again,
            data,
        });
        let outer = self.levels.len().checked_sub(OPEN + 1)?;
        let level = self.levels.get_mut(outer).filter(|_| outer > 0)?;
        level.dir = None;
        Some(&mut level.data)
    }

    /// Removes the innermost directory. The one around it may have to be [opened](Nest::wake) then.
    pub(super) fn pop(&mut self) -> Option<Level<T>> {
        let level = self.levels.pop()?;
        if !level.again {
            self.ids.remove(&level.id);
        }
        Some(level)
    }

    /// Makes sure that the innermost directory is open. `open` opens it again, and must find the same one
    /// as before.
    pub(super) fn wake(&mut self, open: impl FnOnce() -> io::Result<Dir>) -> io::Result<()> {
        let Some(level) = self.levels.last_mut().filter(|level| level.dir.is_none()) else {
            return Ok(());
        };
        let dir = open()?;
        if dir.id()? != level.id {
            return Err(io::Error::other("the directory was moved in the meantime"));
        }
        level.dir = Some(dir);
        Ok(())
    }
}
