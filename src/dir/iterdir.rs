//! The entries of one directory.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::Entry;
use super::crew::{Explore, Found};
use super::scan::{Join, Scan};
use crate::error::{Operation, PathError};

/// Lists one directory.
pub(crate) struct Iterdir {
    pub(crate) dir: Arc<Path>,
}

pub(crate) enum Task {
    Open(Arc<Path>),
    Read(Scan),
}

impl Explore for Iterdir {
    type Task = Task;
    type Item = Entry;

    fn begin(&mut self) -> Task {
        Task::Open(self.dir.clone())
    }

    fn workers(&self) -> usize {
        1
    }

    fn explore(&self, task: Task, found: &mut Found<Iterdir>) {
        let mut scan = match task {
            Task::Read(scan) => scan,
            Task::Open(dir) => match Scan::open(dir.clone()) {
                Ok(scan) => scan,
                Err(error) => return found.items.push(Err(failed(&dir, error))),
            },
        };
        let mut join = Join::new(scan.dir());
        let items = &mut found.items;
        let more = scan.read(|name, kind| {
            let path = join.name(name);
            items.push(Ok(Entry { path, kind }));
        });
        match more {
            Ok(true) => found.tasks.push(Task::Read(scan)),
            Ok(false) => {}
            Err(error) => items.push(Err(failed(scan.dir(), error))),
        }
    }
}

/// Says which directory could not be read.
pub(super) fn failed(dir: &Path, error: io::Error) -> io::Error {
    PathError::wrap(Operation::ReadDir, dir, error)
}
