//! The walk through a tree: each directory with the names of its entries.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::crew::{Explore, Found};
use super::iterdir::failed;
use super::scan::{Detail, Join, Naming, Scan};
use super::{Above, Bounds, Entry, EntryType};

/// A walk through a tree.
pub(crate) struct Walk {
    pub(crate) base: Arc<Path>,
    pub(crate) order: Order,
    pub(crate) follow_symlinks: bool,
    /// Whether names are sorted within their directory, and the directories themselves.
    pub(crate) sort: bool,
    pub(crate) on_error: Option<Mutex<OnError>>,
    pub(crate) bounds: Bounds,
    pub(crate) detail: Detail,
    pub(crate) workers: usize,
    above: Above,
}

pub(crate) type OnError = Box<dyn FnMut(io::Error) + Send>;

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
    /// All entries, if their metadata is wanted.
    pub(crate) entries: Vec<Entry>,
}

pub(crate) enum Task {
    /// A pattern is invalid, for this reason.
    Refuse(io::Error),
    Begin(Arc<Path>),
    Enter(Entry),
    /// A directory below which everything has been walked.
    Leave(Listing),
}

impl Walk {
    pub(crate) fn new(base: Arc<Path>) -> Walk {
        Walk {
            bounds: Bounds::new(base.clone()),
            base,
            order: Order::TopDown,
            follow_symlinks: false,
            sort: false,
            on_error: None,
            detail: Detail::Type,
            workers: 0,
            above: Above::default(),
        }
    }

    fn failed(&self, dir: &Path, error: io::Error, found: &mut Found<Walk>) {
        self.report(failed(dir, error), found);
    }

    fn report(&self, error: io::Error, found: &mut Found<Walk>) {
        match &self.on_error {
            None => found.items.push_back(Err(error)),
            Some(f) => f.lock().unwrap_or_else(PoisonError::into_inner)(error),
        }
    }

    /// Reads the names in a directory. Also returns its directories that are to be walked.
    fn list(&self, dir: Entry) -> io::Result<(Listing, Vec<Entry>)> {
        let mut scan = Scan::open(dir.path.clone(), Naming::Pathlib, self.detail)?;
        let mut join = Join::new(&dir.path, Naming::Pathlib);
        let (mut dirs, mut files) = (Vec::new(), Vec::new());
        let (mut entries, mut below) = (Vec::new(), Vec::new());
        while scan.read(|listed| {
            if self
                .bounds
                .exclude(|| Entry::new(join.name(listed.name), listed.kind))
            {
                return;
            }
            let name = listed.name.to_owned();
            let may_be_dir = match listed.kind {
                Some(EntryType::File | EntryType::Special(_)) => false,
                Some(EntryType::Link) => self.follow_symlinks,
                Some(EntryType::Dir) | None => true,
            };
            if !may_be_dir && self.detail == Detail::Type {
                return files.push(name);
            }
            let entry = listed.at(join.name(listed.name));
            if self.detail == Detail::Metadata {
                entries.push(entry.clone());
            }
            if may_be_dir && entry.is_dir() {
                dirs.push(name);
                below.push(entry);
            } else {
                files.push(name);
            }
        })? {}
        if self.sort {
            dirs.sort_unstable();
            files.sort_unstable();
            for found in [&mut entries, &mut below] {
                found.sort_unstable_by(|a, b| a.path.file_name().cmp(&b.path.file_name()));
            }
        }
        let listing = Listing {
            dir,
            dirs,
            files,
            entries,
        };
        Ok((listing, below))
    }

    fn enter(&self, dir: Entry, found: &mut Found<Walk>) {
        let path = dir.path.clone();
        match self.list(dir) {
            Err(error) => self.failed(&path, error, found),
            Ok((listing, mut below)) => {
                below.retain(|entry| self.bounds.admit(entry));
                match self.order {
                    Order::TopDown => found.items.push_back(Ok(listing)),
                    Order::BottomUp => found.tasks.push(Task::Leave(listing)),
                }
                // The last task is the next one.
                found.tasks.extend(below.into_iter().rev().map(Task::Enter));
            }
        }
    }

    fn leads_back(&self, dir: &Entry) -> bool {
        dir.kind == Some(EntryType::Link) && self.above.leads_back(&dir.path, &self.base)
    }
}

impl Explore for Walk {
    type Task = Task;
    type Items = VecDeque<io::Result<Listing>>;

    fn begin(&mut self) -> Task {
        match self.bounds.begin(!cfg!(windows)) {
            Ok(()) => Task::Begin(self.base.clone()),
            Err(error) => Task::Refuse(error),
        }
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
        match task {
            Task::Refuse(error) => self.report(error, found),
            Task::Begin(base) => {
                let base = Entry::unlisted(base, self.detail);
                if self.bounds.admit(&base) {
                    self.enter(base, found);
                }
            }
            Task::Enter(dir) if self.leads_back(&dir) => {
                let reason = "it is a symbolic link to one of its parent directories";
                self.failed(&dir.path, io::Error::other(reason), found);
            }
            Task::Enter(dir) => self.enter(dir, found),
            Task::Leave(listing) => found.items.push_back(Ok(listing)),
        }
    }
}
