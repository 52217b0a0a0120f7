//! Removing what has been copied, at the end of a move.

use std::io;
use std::path::PathBuf;

use super::Work;
use super::mirror::{Made, Mirror};
use super::walk::{Kind, Visit, Walk};
use crate::error::{Operation, PathError};

/// Removes a tree, but for what is not in its copy.
pub(super) struct Remover {
    walk: Walk,
    copy: Mirror,
}

impl Remover {
    pub(super) fn new(source: PathBuf, target: PathBuf) -> Remover {
        Remover {
            walk: Walk::new(source, false),
            copy: Mirror::new(target),
        }
    }

    fn enter(&mut self) -> io::Result<()> {
        let place = self.copy.place(&self.walk)?;
        let dir = place.dir.open_dir(place.name, false)?;
        self.copy.push(Made::new(dir, false)?);
        Ok(())
    }

    /// Removes a file or a link whose copy looks the same.
    fn remove(&self) -> io::Result<()> {
        let place = self.copy.place(&self.walk)?;
        let (old, new) = (self.walk.look()?, place.dir.look(place.name, false));
        let same = new.is_ok_and(|new| {
            old.kind == new.kind && (old.kind != Kind::File || old.len == new.len)
        });
        if !same {
            return Err(io::Error::other("it is not the same as its copy"));
        }
        let (dir, name) = self.walk.here()?;
        dir.remove_file(name)
    }

    fn advance(&mut self) -> io::Result<bool> {
        let Some(visit) = self.walk.next()? else {
            return Ok(false);
        };
        self.copy.wake(&self.walk)?;
        match visit {
            Visit::Enter => self.enter()?,
            Visit::File | Visit::Link | Visit::Special(_) => self.remove()?,
            Visit::Leave(_) => {
                self.copy.pop();
                let (parent, name) = self.walk.here()?;
                parent.remove_dir(name)?;
            }
        }
        Ok(true)
    }
}

impl Work for Remover {
    fn step(&mut self) -> io::Result<Option<u64>> {
        match self.advance() {
            Ok(more) => Ok(more.then_some(0)),
            Err(error) => {
                let path = self.walk.path();
                Err(PathError::wrap(Operation::RemoveMoved, &path, error))
            }
        }
    }
}
