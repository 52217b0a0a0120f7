//! Counting what is to be copied.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::walk::{Visit, Walk};
use super::{CopyCount, Options, Work};
use crate::dir::Choice;

/// The counting of a tree.
pub(super) struct Counter {
    walk: Walk,
    count: CopyCount,
}

impl Counter {
    pub(super) fn new(root: PathBuf, options: Options, filter: Option<Arc<Choice>>) -> Counter {
        Counter {
            walk: Walk::new(root, options.follow_symlinks).filtered(filter),
            count: CopyCount::default(),
        }
    }

    pub(super) fn count(&self) -> CopyCount {
        self.count
    }
}

impl Work for Counter {
    fn step(&mut self) -> io::Result<Option<u64>> {
        match self.walk.next()? {
            Some(Visit::Leave(_) | Visit::Gone(_) | Visit::LeftOut) => {}
            Some(Visit::File) => {
                self.count.bytes += self.walk.look()?.len;
                self.count.entries += 1;
            }
            Some(_) => self.count.entries += 1,
            None => return Ok(None),
        }
        Ok(Some(0))
    }
}
