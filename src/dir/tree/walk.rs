//! The way through the source tree, which copying, counting and removing share.

use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::vec;

use super::imp::{self, CURRENT, Dir, Id};
use super::nest::{Level, Nest};
use crate::error::symlink_loop;

/// What something in a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Dir,
    Link,
    /// None of these, and why that cannot be copied.
    Special(&'static str),
}

/// What is known of something without opening it.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) kind: Kind,
    pub(super) len: u64,
    pub(super) id: Id,
}

/// A name in a directory, and what it is if the directory tells.
pub(super) type Found = (OsString, Option<Kind>);

/// A place on the way.
pub(super) enum Visit {
    /// A directory, which is now the [top](Walk::top).
    Enter,
    /// The end of a directory: that one.
    Leave(Box<Level<Listed>>),
    File,
    Link,
    Special(&'static str),
    /// A name whose directory has told it, and where nothing is any more.
    Gone(io::Error),
}

/// A way through a tree, directories before and after what is in them.
///
/// The root is seen as a name in the current directory, so that it may be of any kind.
pub(super) struct Walk {
    root: PathBuf,
    follow: bool,
    begun: bool,
    /// The directories around the current place.
    levels: Nest<Listed>,
    /// The name of the current place in the innermost of them; `None` for that one itself, and for the root.
    current: Option<OsString>,
}

/// What is known of a directory on the way.
pub(super) struct Listed {
    name: OsString,
    /// As it was before its entries were read.
    pub(super) metadata: Metadata,
    entries: Entries,
}

impl Listed {
    /// Reads the names that are still to be seen, since the directory is closed while the way is deep below.
    fn read_rest(&mut self) -> io::Result<()> {
        let rest: Vec<Found> = self.entries.by_ref().collect::<io::Result<_>>()?;
        self.entries = Entries::Rest(rest.into_iter());
        Ok(())
    }
}

/// What is still to be seen in a directory.
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
    /// Symbolic links are followed, or seen as such.
    pub(super) fn new(root: PathBuf, follow: bool) -> Walk {
        Walk {
            root,
            follow,
            begun: false,
            levels: Nest::new(),
            current: None,
        }
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
        match self.visit(kind) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Some(Visit::Gone(error))),
            visit => visit.map(Some),
        }
    }

    /// The current place, of this kind if that is known.
    fn visit(&mut self, known: Option<Kind>) -> io::Result<Visit> {
        let kind = match known {
            Some(kind) if !(self.follow && kind == Kind::Link) => kind,
            _ => self.look()?.kind,
        };
        match kind {
            Kind::File => Ok(Visit::File),
            Kind::Link => Ok(Visit::Link),
            Kind::Special(reason) => Ok(Visit::Special(reason)),
            Kind::Dir => {
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
            // Where a link was followed, `..` leads elsewhere.
            Err(_) if self.follow => {
                let dir = self.find_top()?;
                self.levels.wake(|| Ok(dir))?;
            }
            result => result?,
        }
        Ok(Some(Visit::Leave(Box::new(level))))
    }

    /// Opens what is now where the innermost directory was, name by name from the root.
    fn find_top(&self) -> io::Result<Dir> {
        let mut dir = CURRENT.open_dir(self.root.as_os_str(), self.follow)?;
        for level in self.levels.levels().iter().skip(1) {
            dir = dir.open_dir(&level.data.name, self.follow)?;
        }
        Ok(dir)
    }

    /// The directory in which the current place has a name, and that name; not for one just entered.
    pub(super) fn here(&self) -> io::Result<(&Dir, &OsStr)> {
        match (self.levels.top(), &self.current) {
            (Some(level), Some(name)) => Ok((level.dir()?, name)),
            _ => Ok((&CURRENT, self.root.as_os_str())),
        }
    }

    /// What the current place is.
    pub(super) fn look(&self) -> io::Result<Look> {
        let (dir, name) = self.here()?;
        dir.look(name, self.follow)
    }

    /// Whether links are followed.
    pub(super) fn follows(&self) -> bool {
        self.follow
    }

    /// The innermost directory.
    pub(super) fn top(&self) -> Option<&Level<Listed>> {
        self.levels.top()
    }

    /// Whether the current place is in this directory, or is it.
    pub(super) fn is_within(&self, id: &Id) -> bool {
        self.levels.contains(id)
    }

    /// The names that lead from the root to the current place.
    pub(super) fn names(&self) -> impl DoubleEndedIterator<Item = &OsStr> {
        let levels = self.levels.levels().iter().skip(1);
        let names = levels.map(|level| level.data.name.as_os_str());
        names.chain(self.current.as_deref())
    }

    /// The path of the current place.
    pub(super) fn path(&self) -> PathBuf {
        below(&self.root, self.names())
    }
}

/// The path that leads from `root` by `names`; without a slash at the end if there are none.
pub(super) fn below<'a>(root: &Path, names: impl Iterator<Item = &'a OsStr>) -> PathBuf {
    let mut path = root.to_path_buf();
    path.extend(names);
    path
}
