//! The walk through the source tree, which copying, counting and removing share.

use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::vec;

use super::imp::{self, CURRENT, Dir};
use super::nest::{Level, Nest};
use crate::dir::{Choice, Entry, EntryType, Id, Special};
use crate::error::symlink_loop;

/// What is known about an entry without opening it.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) kind: EntryType,
    pub(super) len: u64,
    pub(super) id: Id,
}

/// A name in a directory, and its kind if the directory tells it.
pub(super) type Found = (OsString, Option<EntryType>);

/// A step of a walk.
pub(super) enum Visit {
    /// A directory was entered, and is now the [top](Walk::top).
    Enter,
    /// The end of this directory was reached.
    Leave(Box<Level<Listed>>),
    File,
    Link,
    Special(Special),
    /// The directory lists the name, but nothing is there any more.
    Gone(io::Error),
    /// The [filter](Walk::filtered) does not include the entry.
    LeftOut,
}

/// A walk through a tree, with directories before and after their contents.
///
/// The root is treated as a name in the current directory, so that it may be of any kind.
pub(super) struct Walk {
    root: PathBuf,
    follow: bool,
    /// Chooses the entries that are visited.
    filter: Option<Arc<Choice>>,
    begun: bool,
    /// The directories around the current place.
    levels: Nest<Listed>,
    /// The name of the current place in the innermost directory; `None` for that directory itself, and for
    /// the root.
    current: Option<OsString>,
}

/// What is known about a directory that was entered.
pub(super) struct Listed {
    name: OsString,
    /// The metadata from before its entries were read.
    pub(super) metadata: Metadata,
    entries: Entries,
}

impl Listed {
    /// Reads the names that are left, because the directory is closed while the walk is deep below it.
    fn read_rest(&mut self) -> io::Result<()> {
        let rest: Vec<Found> = self.entries.by_ref().collect::<io::Result<_>>()?;
        self.entries = Entries::Rest(rest.into_iter());
        Ok(())
    }
}

/// The entries of a directory that are left.
enum Entries {
    Open(imp::Entries),
    Rest(vec::IntoIter<Found>),
}

impl Iterator for Entries {
    type Item = io::Result<Found>;

    fn next(&mut self) -> Option<io::Result<Found>> {
        match self {
            Entries::Open(entries) => entries.next(),
            Entries::Rest(entries) => entries.next().map(Ok),
        }
    }
}

impl Walk {
    /// Creates a walk that follows symbolic links, or returns them as links.
    pub(super) fn new(root: PathBuf, follow: bool) -> Walk {
        Walk {
            root,
            follow,
            filter: None,
            begun: false,
            levels: Nest::new(),
            current: None,
        }
    }

    /// Visits only entries that the filter includes, and the root.
    pub(super) fn filtered(self, filter: Option<Arc<Choice>>) -> Walk {
        Walk { filter, ..self }
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Visit>> {
        if !self.begun {
            self.begun = true;
            return self.visit(None).map(Some);
        }
        self.current = None;
        let Some(top) = self.levels.top_mut() else {
            return Ok(None);
        };
        let Some((name, kind)) = top.data.entries.next().transpose()? else {
            return self.leave();
        };
        self.current = Some(name);
        if self.leaves_out(kind) {
            return Ok(Some(Visit::LeftOut));
        }
        match self.visit(kind) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Some(Visit::Gone(error))),
            visit => visit.map(Some),
        }
    }

    /// Returns `true` if the filter does not include the current place, whose kind may be known.
    fn leaves_out(&self, known: Option<EntryType>) -> bool {
        let Some(filter) = &self.filter else {
            return false;
        };
        // Some filesystems store the type only with the file.
        let look = || {
            let (dir, name) = self.here().ok()?;
            dir.look(name, false).ok().map(|found| found.kind)
        };
        let path = Arc::from(self.path());
        !filter.includes(&Entry::new(path, known.or_else(look)))
    }

    /// Visits the current place, whose kind may be known.
    fn visit(&mut self, known: Option<EntryType>) -> io::Result<Visit> {
        let kind = match known {
            Some(kind) if !(self.follow && kind == EntryType::Link) => kind,
            _ => self.look()?.kind,
        };
        match kind {
            EntryType::File => Ok(Visit::File),
            EntryType::Link => Ok(Visit::Link),
            EntryType::Special(special) => Ok(Visit::Special(special)),
            EntryType::Dir => {
                self.enter()?;
                Ok(Visit::Enter)
            }
        }
    }

    fn enter(&mut self) -> io::Result<()> {
        let (parent, name) = self.here()?;
        let dir = parent.open_dir(name, self.follow)?;
        let id = dir.id()?;
        if self.follow && self.is_within(&id) {
            return Err(symlink_loop());
        }
        let listed = Listed {
            name: name.to_owned(),
            metadata: dir.metadata()?,
            entries: Entries::Open(dir.entries()?),
        };
        self.current = None;
        match self.levels.push(dir, id, listed) {
            Some(closed) => closed.read_rest(),
            None => Ok(()),
        }
    }

    fn leave(&mut self) -> io::Result<Option<Visit>> {
        let Some(level) = self.levels.pop() else {
            return Ok(None);
        };
        self.current = self.levels.top().map(|_| level.data.name.clone());
        match self.levels.wake(|| level.dir()?.parent()) {
            // If a link was followed, `..` leads elsewhere.
            Err(_) if self.follow => {
                let dir = self.find_top()?;
                self.levels.wake(|| Ok(dir))?;
            }
            result => result?,
        }
        Ok(Some(Visit::Leave(Box::new(level))))
    }

    /// Opens the path of the innermost directory again, name by name from the root.
    fn find_top(&self) -> io::Result<Dir> {
        let mut dir = CURRENT.open_dir(self.root.as_os_str(), self.follow)?;
        for level in self.levels.levels().iter().skip(1) {
            dir = dir.open_dir(&level.data.name, self.follow)?;
        }
        Ok(dir)
    }

    /// Returns the directory that contains the current place, and its name there. Not to be called for a
    /// directory just entered.
    pub(super) fn here(&self) -> io::Result<(&Dir, &OsStr)> {
        match (self.levels.top(), &self.current) {
            (Some(level), Some(name)) => Ok((level.dir()?, name)),
            _ => Ok((&CURRENT, self.root.as_os_str())),
        }
    }

    /// Queries what the current place is.
    pub(super) fn look(&self) -> io::Result<Look> {
        let (dir, name) = self.here()?;
        dir.look(name, self.follow)
    }

    /// Returns `true` if symbolic links are followed.
    pub(super) fn follows(&self) -> bool {
        self.follow
    }

    /// Returns the innermost directory.
    pub(super) fn top(&self) -> Option<&Level<Listed>> {
        self.levels.top()
    }

    /// Returns `true` if the current place is this directory or is in it.
    pub(super) fn is_within(&self, id: &Id) -> bool {
        self.levels.contains(id)
    }

    /// Returns the names that lead from the root to the current place.
    pub(super) fn names(&self) -> impl DoubleEndedIterator<Item = &OsStr> {
        let levels = self.levels.levels().iter().skip(1);
        let names = levels.map(|level| level.data.name.as_os_str());
        names.chain(self.current.as_deref())
    }

    /// Returns the path of the current place.
    pub(super) fn path(&self) -> PathBuf {
        below(&self.root, self.names())
    }
}

/// Returns the path that leads from `root` by `names`, without a separator at the end if there are none.
pub(super) fn below<'a>(root: &Path, names: impl Iterator<Item = &'a OsStr>) -> PathBuf {
    let mut path = root.to_path_buf();
    path.extend(names);
    path
}
