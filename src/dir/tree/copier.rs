//! Copying a tree.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::Arc;

use super::contents::Contents;
use super::imp;
use super::links::Links;
use super::mirror::{Mirror, Origin, Place};
use super::nest::Level;
use super::walk::{Listed, Look, Visit, Walk};
use super::{CopyCount, Options, Work, apart, metadata};
use crate::dir::{Choice, EntryType, Id};
use crate::error::{PathError, invalid_input};
use crate::retry::retry;

/// The copying of a tree.
pub(super) struct Copier {
    options: Options,
    source: PathBuf,
    walk: Walk,
    target: Mirror,
    target_root: PathBuf,
    /// The directories above the target; `None` before the first step.
    above: Option<Vec<Id>>,
    /// The copies of files with more than one name, if these are to stay links.
    links: Option<Links>,
    /// The file that is being copied.
    file: Option<Contents>,
    done: CopyCount,
}

impl Copier {
    pub(super) fn new(
        source: PathBuf,
        target: PathBuf,
        options: Options,
        filter: Option<Arc<Choice>>,
    ) -> Copier {
        Copier {
            options,
            walk: Walk::new(source.clone(), options.follow_symlinks).filtered(filter),
            source,
            target: Mirror::new(target.clone()),
            target_root: target,
            above: None,
            links: options.preserve_metadata.then(Links::default),
            file: None,
            done: CopyCount::default(),
        }
    }

    pub(super) fn done(&self) -> CopyCount {
        self.done
    }

    fn advance(&mut self) -> io::Result<Option<u64>> {
        if self.file.is_some() {
            return self.copy_chunk().map(Some);
        }
        if self.above.is_none() {
            let follow = self.options.follow_symlinks;
            self.above = Some(apart::check(&self.source, &self.target_root, follow)?);
        }
        let Some(visit) = self.walk.next()? else {
            return Ok(None);
        };
        match visit {
            Visit::Enter => self.enter()?,
            Visit::Leave(level) => self.leave(&level)?,
            Visit::Link => self.copy_link()?,
            Visit::Gone(error) => return Err(error),
            Visit::LeftOut => {}
            Visit::Special(special) => {
                return Err(io::Error::new(ErrorKind::Unsupported, special.reason()));
            }
            Visit::File => {
                self.begin_file()?;
                return self.copy_chunk().map(Some);
            }
        }
        Ok(Some(0))
    }

    /// Creates the copy of the directory that was entered.
    fn enter(&mut self) -> io::Result<()> {
        let Some(source) = self.walk.top() else {
            return Ok(());
        };
        // Links may lead to the target or above it.
        let above = self.above.iter().flatten().any(|id| id == source.id());
        if above || self.target.is_within(source.id()) {
            return Err(apart::inside());
        }
        let place = self.target.place(&self.walk)?;
        let origin = self.make_dir(&place)?;
        let dir = place
            .dir
            .open_dir(place.name, place.root && origin == Origin::Found)?;
        let id = dir.id()?;
        if origin == Origin::Found && self.walk.is_within(&id) {
            return Err(apart::inside());
        }
        self.target.push(dir, id, origin);
        Ok(())
    }

    /// Creates something at a place. The root may need parent directories.
    fn create<R>(
        &self,
        place: &Place<'_>,
        mut create: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        if place.root {
            self.options.parents.attempt(&self.target_root, create)
        } else {
            create()
        }
    }

    /// Creates a directory, or finds one that is used as it is.
    fn make_dir(&self, place: &Place<'_>) -> io::Result<Origin> {
        let error = match self.create(place, || place.dir.make_dir(place.name)) {
            Ok(()) => return Ok(Origin::Made),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => error,
            Err(error) => return Err(error),
        };
        if self.options.moving && place.root {
            // As with `rename`, an empty directory is replaced.
            place.dir.remove_dir(place.name)?;
            place.dir.make_dir(place.name)?;
            return Ok(Origin::Made);
        }
        let mergeable = self.options.exist_ok && place.origin == Origin::Found;
        let is_dir = |place: &Place<'_>| {
            let found = place.dir.look(place.name, place.root);
            found.is_ok_and(|found| found.kind == EntryType::Dir)
        };
        if mergeable && is_dir(place) {
            Ok(Origin::Found)
        } else {
            Err(error)
        }
    }

    /// Finishes a directory. Its permissions are set only now, since they may make it read-only.
    fn leave(&mut self, level: &Level<Listed>) -> io::Result<()> {
        if let Some(made) = self.target.pop()? {
            if made.data == Origin::Made || self.options.preserve_metadata {
                let (from, to) = (level.dir()?.as_file()?, made.dir()?.as_file()?);
                metadata::carry(&from, &to, &level.data.metadata, &self.options)?;
            }
        }
        self.done.entries += 1;
        Ok(())
    }

    fn copy_link(&mut self) -> io::Result<()> {
        let place = self.target.place(&self.walk)?;
        let (keep_times, keep_owner) = (self.options.preserve_metadata, self.options.moving);
        let copy = || {
            let from = self.walk.here()?;
            place
                .dir
                .copy_link(place.name, from, keep_times, keep_owner)
        };
        match self.create(&place, copy) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let merges = self.options.exist_ok || self.options.moving;
                let replaces = merges && self.options.overwrite;
                let there = place.dir.look(place.name, false)?;
                if !replaces || place.origin == Origin::Made || there.kind == EntryType::Dir {
                    return Err(error);
                }
                if there.id == self.walk.look()?.id {
                    return Err(apart::same());
                }
                place.dir.remove_file(place.name)?;
                copy()?;
            }
            result => result?,
        }
        self.done.entries += 1;
        Ok(())
    }

    /// Opens a file and its copy. If the file was copied under another name, makes a link to that copy
    /// instead and opens nothing.
    fn begin_file(&mut self) -> io::Result<()> {
        let (dir, name) = self.walk.here()?;
        let from = dir.open_file(name, self.walk.follows())?;
        let metadata = retry(|| from.metadata())?;
        if !metadata.is_file() {
            return Err(io::Error::other("no longer a regular file"));
        }
        // If it cannot be a link, for whatever reason, it is copied.
        if self.link(&from, &metadata).is_ok() {
            if let Some(links) = &mut self.links {
                links.count(&metadata);
            }
            self.done.bytes += metadata.len();
            self.done.entries += 1;
            return Ok(());
        }
        let place = self.target.place(&self.walk)?;
        let to = match self.create(&place, || place.dir.create_file(place.name)) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.replace(&place, &from, error)?
            }
            result => result?,
        };
        if let Some(links) = &mut self.links {
            links.add(&metadata, &to, self.walk.names())?;
        }
        self.file = Some(Contents::new(from, to, metadata));
        Ok(())
    }

    /// Makes another link to the copy of this file, if it has one.
    fn link(&self, from: &File, metadata: &Metadata) -> io::Result<()> {
        let first = self.links.as_ref().and_then(|links| links.find(metadata));
        let first = first.ok_or(ErrorKind::NotFound)?;
        let place = self.target.place(&self.walk)?;
        let parent = self.target.open_parent(&first.path)?;
        let dir = parent.as_ref().map_or_else(|| self.target.root_dir(), Ok)?;
        let name = first.path.file_name().unwrap_or_default();
        let is_first = |found: &Look| found.id == first.id;
        if !is_first(&dir.look(name, false)?) {
            return Err(io::Error::other("the copy was moved in the meantime"));
        }
        match place.dir.look(place.name, false) {
            Ok(_) if !self.options.overwrite => return Err(ErrorKind::AlreadyExists.into()),
            // The link is there from an earlier copy.
            Ok(there) if is_first(&there) => return Ok(()),
            Ok(there) if place.origin == Origin::Found => {
                let is_file = matches!(there.kind, EntryType::File | EntryType::Link);
                if !is_file || there.id == imp::id(from)? {
                    return Err(ErrorKind::AlreadyExists.into());
                }
                place.dir.remove_file(place.name)?;
            }
            _ => {}
        }
        place.dir.hard_link(place.name, (dir, name))?;
        if is_first(&place.dir.look(place.name, false)?) {
            Ok(())
        } else {
            place.dir.remove_file(place.name)?;
            Err(io::Error::other("the copy was moved in the meantime"))
        }
    }

    /// Empties and opens, or replaces, the existing file that `error` reports.
    fn replace(&self, place: &Place<'_>, from: &File, error: io::Error) -> io::Result<File> {
        if place.origin == Origin::Made || !self.options.overwrite {
            return Err(error);
        }
        // A link named as the target means what it leads to. Any other link may lead out of the tree.
        let follow = place.root && !self.options.moving;
        match place.dir.look(place.name, follow).map(|found| found.kind) {
            Ok(EntryType::File) if self.options.moving => {}
            Ok(EntryType::Link) => {}
            Ok(EntryType::File) => {
                return self.empty(place.dir.overwrite_file(place.name, follow)?, from);
            }
            Ok(EntryType::Dir) => return Err(ErrorKind::IsADirectory.into()),
            Ok(EntryType::Special(_)) => {
                return Err(invalid_input("the target is not a regular file"));
            }
            // The link leads nowhere: the file is created there, as std and `pathlib` do.
            Err(_) if follow => {
                return self.empty(place.dir.create_through(place.name)?, from);
            }
            Err(_) => return Err(error),
        }
        place.dir.remove_file(place.name)?;
        place.dir.create_file(place.name)
    }

    fn copy_chunk(&mut self) -> io::Result<u64> {
        let Some(file) = &mut self.file else {
            return Ok(0);
        };
        let step = file.advance()?;
        self.done.bytes += step.passed;
        if step.is_last {
            metadata::carry(&file.from, &file.to, &file.metadata, &self.options)?;
            self.file = None;
            self.done.entries += 1;
        }
        Ok(step.copied)
    }

    /// Empties the file that is to be overwritten and returns it. Fails if it is the file that is copied.
    fn empty(&self, to: File, from: &File) -> io::Result<File> {
        if !retry(|| to.metadata())?.is_file() || imp::is_same(from, &to)? {
            return Err(apart::same());
        }
        metadata::shut(&to, &self.options)?;
        to.set_len(0)?;
        Ok(to)
    }
}

impl Work for Copier {
    fn step(&mut self) -> io::Result<Option<u64>> {
        self.advance().map_err(|error| {
            let (from, to) = (self.walk.path(), self.target.path(&self.walk));
            PathError::wrap_pair(self.options.operation(), &from, &to, error)
        })
    }
}
