//! Removing a tree: all of it, or what has been copied, at the end of a move.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::Work;
use super::imp::CURRENT;
use super::mirror::{Mirror, Origin};
use super::walk::{Kind, Visit, Walk};
use crate::error::{Operation, PathError, invalid_input};
use crate::retry::retry;

/// Removes a tree.
pub(super) struct Remover {
    walk: Walk,
    /// Where everything must have a copy to be removed, if it must.
    copy: Option<Mirror>,
    removed: u64,
}

/// The path by which the tree at `path` can be removed: what it names must be that tree, or a link.
pub(super) fn find_root(path: &Path) -> io::Result<PathBuf> {
    // Without what is left out of a name: `link/` is the directory that the link leads to.
    let root = path.components().as_path();
    let found = retry(|| fs::symlink_metadata(root))?;
    let left_out = &path.as_os_str().as_encoded_bytes()[root.as_os_str().len()..];
    if root.file_name().is_none() || left_out.contains(&b'.') {
        // The system would say so, too, but only after all in it has been removed.
        return Err(invalid_input("the path does not end with a name"));
    }
    let is_all = left_out.is_empty();
    if found.is_symlink() && !is_all {
        let reason = "what stands before the last separator is a symbolic link";
        return Err(io::Error::new(ErrorKind::NotADirectory, reason));
    }
    if !found.is_symlink() && !found.is_dir() {
        // In the words of the system.
        CURRENT.open_dir(root.as_os_str(), false)?;
    }
    Ok(root.to_path_buf())
}

impl Remover {
    /// Removes all that is at `root`.
    pub(super) fn new(root: PathBuf) -> Remover {
        Remover {
            walk: Walk::new(root, false),
            copy: None,
            removed: 0,
        }
    }

    /// Removes all that is at `source` and has a copy at `target`.
    pub(super) fn of_copied(source: PathBuf, target: PathBuf) -> Remover {
        Remover {
            copy: Some(Mirror::new(target)),
            ..Remover::new(source)
        }
    }

    /// How many entries are gone.
    pub(super) fn removed(&self) -> u64 {
        self.removed
    }

    fn advance(&mut self) -> io::Result<bool> {
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
            Visit::Leave(_) => {
                if let Some(copy) = &mut self.copy {
                    copy.pop()?;
                }
                self.remove_dir()
            }
        };
        match removed {
            Ok(()) => self.removed += 1,
            // Somebody else was faster.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// Removes everything in one step: std has what it takes to do that by open directories, which cannot
    /// be led elsewhere meanwhile.
    #[cfg(not(unix))]
    fn remove_at_once(&mut self) -> io::Result<bool> {
        fs::remove_dir_all(self.walk.path())?;
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

    /// Removes a file or a link; if there is to be a copy, only if that looks the same.
    fn remove(&self) -> io::Result<()> {
        if let Some(copy) = &self.copy {
            let place = copy.place(&self.walk)?;
            let (old, new) = (self.walk.look()?, place.dir.look(place.name, false));
            let same = new.is_ok_and(|new| {
                old.kind == new.kind && (old.kind != Kind::File || old.len == new.len)
            });
            if !same {
                return Err(io::Error::other("it is not the same as its copy"));
            }
        }
        let (dir, name) = self.walk.here()?;
        dir.remove_file(name)
    }

    /// Removes a directory with nothing in it any more.
    fn remove_dir(&self) -> io::Result<()> {
        let (parent, name) = self.walk.here()?;
        parent.remove_dir(name)
    }

    fn operation(&self) -> Operation {
        match self.copy {
            Some(_) => Operation::RemoveMoved,
            None => Operation::RemoveTree,
        }
    }
}

impl Work for Remover {
    fn step(&mut self) -> io::Result<Option<u64>> {
        match self.advance() {
            Ok(more) => Ok(more.then_some(0)),
            Err(error) => Err(PathError::wrap(self.operation(), &self.walk.path(), error)),
        }
    }
}
