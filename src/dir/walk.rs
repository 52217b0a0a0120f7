//! The walk through a tree: each directory with the names of its entries.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::crew::{Explore, Found};
use super::iterdir::failed;
use super::scan::{Join, Naming, Scan};
use super::{Above, Entry, EntryType};

/// A walk through a tree.
pub(crate) struct Walk {
    pub(crate) base: Arc<Path>,
    pub(crate) order: Order,
    pub(crate) follow_symlinks: bool,
    /// Whether names are sorted within their directory, and the directories themselves.
    pub(crate) sort: bool,
    pub(crate) on_error: Option<Mutex<OnError>>,
    pub(crate) prune: Option<Mutex<Prune>>,
    pub(crate) workers: usize,
    above: Above,
}

pub(crate) type OnError = Box<dyn FnMut(io::Error) + Send>;

/// A function that returns `true` for a directory that is left out.
pub(crate) type Prune = Box<dyn FnMut(&Entry) -> bool + Send>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    TopDown,
    BottomUp,
}

/// A directory and the names of its entries.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) dir: Entry,
    pub(crate) dirs: Vec<OsString>,
    pub(crate) files: Vec<OsString>,
}

pub(crate) enum Task {
    Enter(Entry),
    /// A directory below which everything has been walked.
    Leave(Listing),
}

impl Walk {
    pub(crate) fn new(base: Arc<Path>) -> Walk {
        Walk {
            base,
            order: Order::TopDown,
            follow_symlinks: false,
            sort: false,
            on_error: None,
            prune: None,
            workers: 0,
            above: Above::default(),
        }
    }

    fn failed(&self, dir: &Path, error: io::Error, found: &mut Found<Walk>) {
        let error = failed(dir, error);
        match &self.on_error {
            None => found.items.push(Err(error)),
            Some(f) => f.lock().unwrap_or_else(PoisonError::into_inner)(error),
        }
    }

    fn prunes(&self, dir: &Entry) -> bool {
        let prune = self.prune.as_ref();
        prune.is_some_and(|f| f.lock().unwrap_or_else(PoisonError::into_inner)(dir))
    }

    /// Reads the names in a directory. Also returns its directories that are to be walked.
    fn list(&self, dir: Entry) -> io::Result<(Listing, Vec<Entry>)> {
        let mut scan = Scan::open(dir.path.clone(), Naming::Pathlib)?;
        let mut join = Join::new(&dir.path, Naming::Pathlib);
        let (mut dirs, mut files, mut below) = (Vec::new(), Vec::new(), Vec::new());
        while scan.read(|name, kind| {
            let is_file = matches!(kind, Some(EntryType::File | EntryType::Special(_)));
            if is_file || kind == Some(EntryType::Link) && !self.follow_symlinks {
                return files.push(name.to_owned());
            }
            let path = join.name(name);
            let entry = Entry { path, kind };
            if entry.is_dir() {
                dirs.push(name.to_owned());
                below.push(entry);
            } else {
                files.push(name.to_owned());
            }
        })? {}
        if self.sort {
            dirs.sort_unstable();
            files.sort_unstable();
            below.sort_unstable_by(|a, b| a.path.file_name().cmp(&b.path.file_name()));
        }
        Ok((Listing { dir, dirs, files }, below))
    }
}

impl Explore for Walk {
    type Task = Task;
    type Item = Listing;

    fn begin(&mut self) -> Task {
        let path = self.base.clone();
        Task::Enter(Entry { path, kind: None })
    }

    fn workers(&self) -> usize {
        // Where the order matters, a single worker keeps it.
        if self.sort || self.order == Order::BottomUp {
            1
        } else {
            self.workers
        }
    }

    fn explore(&self, task: Task, found: &mut Found<Walk>) {
        let dir = match task {
            Task::Enter(dir) => dir,
            Task::Leave(listing) => return found.items.push(Ok(listing)),
        };
        if dir.kind == Some(EntryType::Link) && self.above.leads_back(&dir.path, &self.base) {
            let error = io::Error::other("it is a symbolic link to one of its parent directories");
            return self.failed(&dir.path, error, found);
        }
        let path = dir.path.clone();
        match self.list(dir) {
            Err(error) => self.failed(&path, error, found),
            Ok((listing, mut below)) => {
                below.retain(|entry| !self.prunes(entry));
                match self.order {
                    Order::TopDown => found.items.push(Ok(listing)),
                    Order::BottomUp => found.tasks.push(Task::Leave(listing)),
                }
                // The last task is the next one.
                found.tasks.extend(below.into_iter().rev().map(Task::Enter));
            }
        }
    }
}
