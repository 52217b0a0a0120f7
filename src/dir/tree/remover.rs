//! Removing a tree: all of it, or at the end of a move, what was copied.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::Work;
use super::imp::CURRENT;
use super::mirror::{Mirror, Origin};
use super::walk::{Visit, Walk};
use crate::dir::EntryType;
use crate::error::{Operation, PathError, invalid_input};
use crate::retry::retry;

/// The removal of a tree.
pub(super) struct Remover {
    walk: Walk,
    /// What the root may be, until the first step looks at it.
    unchecked: Option<Root>,
    /// The tree in which everything must have a copy before it is removed, if there is one.
    copy: Option<Mirror>,
    operation: Operation,
    removed: u64,
}

/// What the root of a tree that is removed may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    /// A directory, or a link.
    Dir,
    Any,
}

impl Root {
    /// Returns the path by which the tree at `path` is removed. It must name the root itself.
    fn find(self, path: &Path) -> io::Result<PathBuf> {
        // Without trailing separators and dots: `link/` is the directory that the link leads to.
        let root = path.components().as_path();
        let found = retry(|| fs::symlink_metadata(root))?;
        let left_out = &path.as_os_str().as_encoded_bytes()[root.as_os_str().len()..];
        if root.file_name().is_none() || left_out.contains(&b'.') {
            // The system reports this, too, but only after everything in it has been removed.
            return Err(invalid_input("the path does not end with a name"));
        }
        let is_all = left_out.is_empty();
        if found.is_symlink() && !is_all {
            let reason = "the name before the trailing separator is a symbolic link";
            return Err(io::Error::new(ErrorKind::NotADirectory, reason));
        }
        let must_be_dir = self == Root::Dir || !is_all;
        if must_be_dir && !found.is_symlink() && !found.is_dir() {
            // Returns the system's error.
            CURRENT.open_dir(root.as_os_str(), false)?;
        }
        Ok(root.to_path_buf())
    }

    fn operation(self) -> Operation {
        match self {
            Root::Dir => Operation::RemoveTree,
            Root::Any => Operation::RemoveAny,
        }
    }
}

impl Remover {
    /// Creates the removal of everything at `path`, which must be such a root.
    pub(super) fn new(path: PathBuf, root: Root) -> Remover {
        Remover {
            walk: Walk::new(path, false),
            unchecked: Some(root),
            copy: None,
            operation: root.operation(),
            removed: 0,
        }
    }

    /// Creates the removal of everything at `source` that has a copy at `target`.
    pub(super) fn of_copied(source: PathBuf, target: PathBuf) -> Remover {
        Remover {
            unchecked: None,
            copy: Some(Mirror::new(target)),
            operation: Operation::RemoveMoved,
            ..Remover::new(source, Root::Any)
        }
    }

    /// Returns the number of entries that have been removed.
    pub(super) fn removed(&self) -> u64 {
        self.removed
    }

    fn advance(&mut self) -> io::Result<bool> {
        if let Some(root) = self.unchecked.take() {
            self.walk = Walk::new(root.find(&self.walk.path())?, false);
        }
        #[cfg(not(unix))]
        if self.copy.is_none() {
            return self.remove_at_once();
        }
        let Some(visit) = self.walk.next()? else {
            return Ok(false);
        };
        let removed = match visit {
            Visit::Enter => return self.enter().map(|()| true),
            Visit::File | Visit::Link | Visit::Special(_) => self.remove(),
            Visit::Gone(error) => Err(error),
            Visit::LeftOut => return Ok(true),
            Visit::Leave(_) => {
                if let Some(copy) = &mut self.copy {
                    copy.pop()?;
                }
                self.remove_dir()
            }
        };
        match removed {
            Ok(()) => self.removed += 1,
            // Another process has removed it.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// Removes everything in one step: std does that by open directories, which cannot be redirected
    /// meanwhile.
    #[cfg(not(unix))]
    fn remove_at_once(&mut self) -> io::Result<bool> {
        let path = self.walk.path();
        if fs::symlink_metadata(&path)?.is_dir() {
            fs::remove_dir_all(path)?;
        } else {
            self.remove()?;
        }
        self.removed = 1;
        Ok(false)
    }

    fn enter(&mut self) -> io::Result<()> {
        if let Some(copy) = &mut self.copy {
            let place = copy.place(&self.walk)?;
            let dir = place.dir.open_dir(place.name, false)?;
            let id = dir.id()?;
            copy.push(dir, id, Origin::Found);
        }
        Ok(())
    }

    /// Removes a file or a link. If there must be a copy, that must look the same.
    fn remove(&self) -> io::Result<()> {
        if let Some(copy) = &self.copy {
            let place = copy.place(&self.walk)?;
            let (old, new) = (self.walk.look()?, place.dir.look(place.name, false));
            let same = new.is_ok_and(|new| {
                old.kind == new.kind && (old.kind != EntryType::File || old.len == new.len)
            });
            if !same {
                return Err(io::Error::other("it differs from its copy"));
            }
        }
        let (dir, name) = self.walk.here()?;
        dir.remove_file(name)
    }

    /// Removes a directory that is empty by now.
    fn remove_dir(&self) -> io::Result<()> {
        let (parent, name) = self.walk.here()?;
        parent.remove_dir(name)
    }
}

impl Work for Remover {
    fn step(&mut self) -> io::Result<Option<u64>> {
        match self.advance() {
            Ok(more) => Ok(more.then_some(0)),
            Err(error) => Err(PathError::wrap(self.operation, &self.walk.path(), error)),
        }
    }
}
