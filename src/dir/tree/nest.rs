//! The directories around a place in a tree, of which only the innermost are held open.

use std::collections::HashSet;
use std::io;

use super::imp::{Dir, Id};

/// How many directories are held open, beside the root.
const OPEN: usize = 32;

/// Directories in each other, the root first.
///
/// The root and the innermost are open. The others are opened again on the way back, as what `..` is from
/// the inside: a path from the root might be longer than the system takes.
pub(super) struct Nest<T> {
    levels: Vec<Level<T>>,
    ids: HashSet<Id>,
}

/// One of the directories, and what else is known of it.
pub(super) struct Level<T> {
    /// `None` while it is not open.
    dir: Option<Dir>,
    id: Id,
    /// The same directory is around this one, too: somebody has mounted it there.
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

    /// The innermost directory.
    pub(super) fn top(&self) -> Option<&Level<T>> {
        self.levels.last()
    }

    pub(super) fn top_mut(&mut self) -> Option<&mut Level<T>> {
        self.levels.last_mut()
    }

    /// All of them, the root first.
    pub(super) fn levels(&self) -> &[Level<T>] {
        &self.levels
    }

    /// Whether this is one of the directories.
    pub(super) fn contains(&self, id: &Id) -> bool {
        self.ids.contains(id)
    }

    /// Adds one more, inside of the others; returns what is known of the one that has been closed for it.
    pub(super) fn push(&mut self, dir: Dir, id: Id, data: T) -> Option<&mut T> {
        let again = !self.ids.insert(id.clone());
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

    /// Takes the innermost away. The one around it may have to be [opened](Nest::wake) then.
    pub(super) fn pop(&mut self) -> Option<Level<T>> {
        let level = self.levels.pop()?;
        if !level.again {
            self.ids.remove(&level.id);
        }
        Some(level)
    }

    /// Makes sure that the innermost is open: `open` opens it again, and must find the same as before.
    pub(super) fn wake(&mut self, open: impl FnOnce() -> io::Result<Dir>) -> io::Result<()> {
        let Some(level) = self.levels.last_mut().filter(|level| level.dir.is_none()) else {
            return Ok(());
        };
        let dir = open()?;
        if dir.id()? != level.id {
            return Err(io::Error::other("the directory has been moved meanwhile"));
        }
        level.dir = Some(dir);
        Ok(())
    }
}
