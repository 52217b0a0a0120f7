//! Copying a tree.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::PathBuf;

use super::imp::{self, Id};
use super::mirror::{Mirror, Origin, Place};
use super::nest::Level;
use super::walk::{Kind, Listed, Visit, Walk};
use super::{CopyCount, Options, Work, apart, metadata};
use crate::error::{PathError, invalid_input};

/// The most that is copied in one step.
const CHUNK: u64 = 4 << 20;

/// Copies a tree.
pub(super) struct Copier {
    options: Options,
    source: PathBuf,
    walk: Walk,
    target: Mirror,
    target_root: PathBuf,
    /// The directories that the target is in; `None` before anything was done.
    above: Option<Vec<Id>>,
    /// The file that is being copied.
    file: Option<Contents>,
    done: CopyCount,
}

/// A file on its way.
struct Contents {
    from: File,
    to: File,
    metadata: Metadata,
}

impl Copier {
    pub(super) fn new(source: PathBuf, target: PathBuf, options: Options) -> Copier {
        Copier {
            options,
            walk: Walk::new(source.clone(), options.follow_symlinks),
            source,
            target: Mirror::new(target.clone()),
            target_root: target,
            above: None,
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
            Visit::Special(reason) => return Err(io::Error::new(ErrorKind::Unsupported, reason)),
            Visit::File => {
                self.file = Some(self.begin_file()?);
                return self.copy_chunk().map(Some);
            }
        }
        Ok(Some(0))
    }

    /// Makes the directory that has been entered.
    fn enter(&mut self) -> io::Result<()> {
        let Some(source) = self.walk.top() else {
            return Ok(());
        };
        // Links may lead there.
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

    /// Makes a directory, or finds one that will do.
    fn make_dir(&self, place: &Place<'_>) -> io::Result<Origin> {
        let error = match place.dir.make_dir(place.name) {
            Ok(()) => return Ok(Origin::Made),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => error,
            Err(error) => return Err(error),
        };
        if self.options.moving && place.root {
            // As `rename` does: a directory with nothing in it is replaced.
            place.dir.remove_dir(place.name)?;
            place.dir.make_dir(place.name)?;
            return Ok(Origin::Made);
        }
        let mergeable = self.options.exist_ok && place.origin == Origin::Found;
        let is_dir = |place: &Place<'_>| {
            let found = place.dir.look(place.name, place.root);
            found.is_ok_and(|found| found.kind == Kind::Dir)
        };
        match mergeable && is_dir(place) {
            true => Ok(Origin::Found),
            false => Err(error),
        }
    }

    /// Finishes a directory: only now that everything is in it may it become read-only.
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
        match copy() {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let replaces = self.options.exist_ok || self.options.moving;
                let there = place.dir.look(place.name, false)?;
                if !replaces || place.origin == Origin::Made || there.kind == Kind::Dir {
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

    /// Opens a file and the one that its contents go to.
    fn begin_file(&self) -> io::Result<Contents> {
        let (dir, name) = self.walk.here()?;
        let from = dir.open_file(name, self.walk.follows())?;
        let metadata = from.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is not a regular file any more"));
        }
        let place = self.target.place(&self.walk)?;
        let to = match place.dir.create_file(place.name) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.replace(&place, &from, error)?
            }
            result => result?,
        };
        Ok(Contents { from, to, metadata })
    }

    /// Opens, with nothing in it, the file that is in the place of a copy: `error` says so.
    fn replace(&self, place: &Place<'_>, from: &File, error: io::Error) -> io::Result<File> {
        if place.origin == Origin::Made {
            return Err(error);
        }
        // Whoever names a link as the target means what it leads to. Other links lead out of the tree.
        let follow = place.root && !self.options.moving;
        match place.dir.look(place.name, follow).map(|found| found.kind) {
            Ok(Kind::File) if self.options.moving => {}
            Ok(Kind::Link) => {}
            Ok(Kind::File) => {
                let to = place.dir.overwrite_file(place.name, follow)?;
                if !to.metadata()?.is_file() || imp::is_same(from, &to)? {
                    return Err(apart::same());
                }
                metadata::shut(&to, &self.options)?;
                to.set_len(0)?;
                return Ok(to);
            }
            Ok(Kind::Dir) => return Err(ErrorKind::IsADirectory.into()),
            Ok(Kind::Special(_)) => return Err(invalid_input("the target is not a regular file")),
            // A link that leads nowhere.
            Err(_) => return Err(error),
        }
        place.dir.remove_file(place.name)?;
        place.dir.create_file(place.name)
    }

    fn copy_chunk(&mut self) -> io::Result<u64> {
        let Some(file) = &self.file else {
            return Ok(0);
        };
        let copied = copy_bytes(&file.from, &file.to)?;
        self.done.bytes += copied;
        if copied < CHUNK {
            metadata::carry(&file.from, &file.to, &file.metadata, &self.options)?;
            self.file = None;
            self.done.entries += 1;
        }
        Ok(copied)
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

/// Copies what is next, up to a chunk; here std has the kernel do it, and share the blocks if it can.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn copy_bytes(from: &File, mut to: &File) -> io::Result<u64> {
    io::copy(&mut from.take(CHUNK), &mut to)
}

/// Copies what is next, up to a chunk.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn copy_bytes(from: &File, to: &File) -> io::Result<u64> {
    // std reads into the buffer of the writer.
    let mut to = io::BufWriter::with_capacity(256 * 1024, to);
    let copied = io::copy(&mut from.take(CHUNK), &mut to)?;
    io::Write::flush(&mut to)?;
    Ok(copied)
}
