//! The way through the source tree, which copying, counting and removing share.

use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::vec;

use super::held::{Held, OPEN};
use super::imp::{self, CURRENT, Dir, Id};
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
    Leave(Box<Level>),
    File,
    Link,
    Special(&'static str),
}

/// A way through a tree, directories before and after what is in them.
///
/// The root is seen as a name in the current directory, so that it may be of any kind.
pub(super) struct Walk {
    root: PathBuf,
    follow: bool,
    begun: bool,
    /// The directories around the current place.
    levels: Vec<Level>,
    /// The name of the current place in the innermost of them; `None` for that one itself, and for the root.
    current: Option<OsString>,
}

/// A directory on the way.
pub(super) struct Level {
    name: OsString,
    dir: Held,
    /// As it was before its entries were read.
    pub(super) metadata: Metadata,
    entries: Entries,
}

impl Level {
    pub(super) fn dir(&self) -> io::Result<&Dir> {
        self.dir.dir()
    }

    pub(super) fn id(&self) -> &Id {
        self.dir.id()
    }

    /// Closes the directory for as long as the way is deep below it.
    fn release(&mut self) -> io::Result<()> {
        let rest: Vec<Found> = self.entries.by_ref().collect::<io::Result<_>>()?;
        self.entries = Entries::Rest(rest.into_iter());
        self.dir.release();
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
            levels: Vec::new(),
            current: None,
        }
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Visit>> {
        if !self.begun {
            self.begun = true;
            return self.visit(None).map(Some);
        }
        self.current = None;
        self.wake()?;
        let Some(top) = self.levels.last_mut() else {
            return Ok(None);
        };
        let Some((name, kind)) = top.entries.next().transpose()? else {
            return self.leave();
        };
        self.current = Some(name);
        self.visit(kind).map(Some)
    }

    /// Makes sure that the innermost directory is open.
    fn wake(&mut self) -> io::Result<()> {
        let Some((Level { name, dir, .. }, outer)) = self.levels.split_last_mut() else {
            return Ok(());
        };
        let names = outer.iter().map(|level| &level.name).chain([&*name]);
        // The first is the root's.
        dir.wake(|| below(&self.root, names.skip(1).map(OsString::as_os_str)))
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
        let level = Level {
            name: name.to_owned(),
            metadata: dir.metadata()?,
            entries: Entries::Open(dir.entries()?),
            dir: Held::new(dir)?,
        };
        if self.follow && self.is_within(level.id()) {
            return Err(symlink_loop());
        }
        self.levels.push(level);
        self.current = None;
        if let Some(index) = self.levels.len().checked_sub(OPEN + 1) {
            self.levels[index].release()?;
        }
        Ok(())
    }

    fn leave(&mut self) -> io::Result<Option<Visit>> {
        let Some(level) = self.levels.pop() else {
            return Ok(None);
        };
        self.current = (!self.levels.is_empty()).then(|| level.name.clone());
        self.wake()?;
        Ok(Some(Visit::Leave(Box::new(level))))
    }

    /// The directory in which the current place has a name, and that name; not for one just entered.
    pub(super) fn here(&self) -> io::Result<(&Dir, &OsStr)> {
        match (self.levels.last(), &self.current) {
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
    pub(super) fn top(&self) -> Option<&Level> {
        self.levels.last()
    }

    /// Whether the current place is in this directory, or is it.
    pub(super) fn is_within(&self, id: &Id) -> bool {
        self.levels.iter().any(|level| level.id() == id)
    }

    /// The names that lead from the root to the current place.
    pub(super) fn names(&self) -> impl DoubleEndedIterator<Item = &OsStr> {
        let levels = self
            .levels
            .iter()
            .skip(1)
            .map(|level| level.name.as_os_str());
        levels.chain(self.current.as_deref())
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
