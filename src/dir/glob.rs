//! The search for paths in a tree that match a pattern.
//!
//! The pattern is a list of parts, and a place in it tells which parts are still to come. A directory is
//! examined for all its places at once, so that no path is found twice. It is read only if a part requires
//! that: a literal name is looked up.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Component, Path};
use std::sync::Arc;

use super::crew::{Explore, Found};
use super::iterdir::failed;
use super::scan::{Detail, Join, Listed, Naming, Scan};
use super::{Above, Bounds, Entries, Entry, EntryType};
use crate::error::{Operation, PathError, invalid_input, is_symlink_loop};
use crate::pattern::Segment;
use crate::retry::retry;

/// The number of waiting directories from which a worker goes down into them before it reads on.
const MANY: usize = 1024;

/// The number of entries after which the reading of a directory is interrupted for other tasks.
const LONG: usize = 64;

/// A search of a tree.
#[derive(Debug)]
pub(crate) struct Glob {
    pub(crate) base: Arc<Path>,
    pub(crate) pattern: Arc<Path>,
    /// Whether `**` stands in front of the pattern.
    pub(crate) anywhere: bool,
    /// Whether case matters; `None` means as on the system. If it is set, even literal names are compared
    /// with what the directory lists.
    pub(crate) case_sensitive: Option<bool>,
    pub(crate) recurse_symlinks: bool,
    pub(crate) bounds: Bounds,
    pub(crate) detail: Detail,
    pub(crate) workers: usize,
    above: Above,
    /// The parts of the pattern, set when the search begins.
    parts: Vec<Part>,
    dirs_only: bool,
}

#[derive(Debug)]
enum Part {
    /// `**`: any number of directories.
    AnyDepth,
    /// `..`, which no directory lists.
    Parent,
    Literal(OsString),
    Name(Segment),
}

/// Indices of parts, in order, any of which may be the next.
type Places = Arc<[usize]>;

pub(crate) enum Task {
    /// The pattern is invalid, for this reason.
    Refuse(io::Error),
    /// A path that may exist, and the places that may follow it.
    Look(Arc<Path>, Vec<usize>),
    /// A path that may be a directory, and the places in it.
    Open(Arc<Path>, Places),
    Read(Scan, Places),
}

impl Glob {
    pub(crate) fn new(base: Arc<Path>, pattern: Arc<Path>, anywhere: bool) -> Glob {
        Glob {
            bounds: Bounds::new(base.clone()),
            base,
            pattern,
            anywhere,
            case_sensitive: None,
            recurse_symlinks: false,
            detail: Detail::Type,
            workers: 0,
            above: Above::default(),
            parts: Vec::new(),
            dirs_only: false,
        }
    }

    fn parse(&mut self) -> io::Result<()> {
        let pattern = self.pattern.as_os_str().as_encoded_bytes();
        if pattern.contains(&0) {
            return Err(invalid_input("the pattern contains a NUL byte"));
        }
        self.dirs_only = match pattern.last() {
            Some(&byte) => std::path::is_separator(byte.into()),
            // `**/` stands in front.
            None => self.anywhere,
        };
        for component in self.pattern.components() {
            self.parts.push(match component {
                Component::CurDir => continue,
                Component::ParentDir => Part::Parent,
                Component::Normal(name) if name == "**" => Part::AnyDepth,
                Component::Normal(name) if self.case_sensitive.is_none() && is_literal(name) => {
                    Part::Literal(name.to_owned())
                }
                Component::Normal(name) => {
                    let case_sensitive = self.case_sensitive.unwrap_or(!cfg!(windows));
                    Part::Name(Segment::new(name, case_sensitive))
                }
                Component::Prefix(_) | Component::RootDir => {
                    return Err(invalid_input("the pattern is not relative"));
                }
            });
        }
        if self.anywhere {
            self.parts.insert(0, Part::AnyDepth);
        }
        if self.parts.is_empty() {
            return Err(invalid_input("the pattern is empty"));
        }
        self.parts
            .dedup_by(|a, b| matches!((a, b), (Part::AnyDepth, Part::AnyDepth)));
        Ok(())
    }

    fn is_end(&self, place: usize) -> bool {
        place == self.parts.len()
    }

    /// Adds a place, and the places after it that are reached since `**` may match nothing. Some may have
    /// been added before. Returns `true` if the end is among them.
    fn arrive(&self, mut place: usize, places: &mut Vec<usize>) -> bool {
        while !self.is_end(place) {
            places.push(place);
            if !matches!(self.parts[place], Part::AnyDepth) {
                return false;
            }
            place += 1;
        }
        true
    }

    /// Checks whether `path` exists, and adds a task for what may follow it.
    fn look(&self, path: Arc<Path>, arrived: &[usize], found: &mut Found<Glob>) {
        let mut entry = Entry::new(path.clone(), None);
        if self.bounds.exclude(|| entry.clone()) {
            return;
        }
        let mut places = Vec::new();
        let mut at_end = false;
        for &place in arrived {
            at_end |= self.arrive(place, &mut places);
        }
        if at_end {
            match retry(|| fs::symlink_metadata(super::or_current(&path))) {
                Ok(metadata) => {
                    entry = Entry::found(path.clone(), metadata, self.detail);
                    // `**` matches directories only, even where it matches nothing.
                    let any_kind = !self.dirs_only && arrived.iter().any(|&at| self.is_end(at));
                    if any_kind || entry.is_dir() {
                        found.items.add(&entry);
                    }
                }
                // Opening the base will report the error.
                Err(_) if path == self.base => {}
                Err(error) if is_absence(&error) => return,
                Err(error) => {
                    let error = PathError::wrap(Operation::SymlinkMetadata, &path, error);
                    return found.items.fail(error);
                }
            }
        }
        if !places.is_empty() && self.bounds.admit(&entry) {
            places.sort_unstable();
            found.tasks.push(Task::Open(path, places.into()));
        }
    }

    /// Looks up the names that are found without reading the directory: `..`, and all literal names if it
    /// is not read.
    fn look_up(&self, dir: &Path, places: &[usize], is_read: bool, found: &mut Found<Glob>) {
        // Several places may need the same name, but it is one path.
        let mut names: Vec<(&OsStr, Vec<usize>)> = Vec::new();
        for &place in places {
            let name = match &self.parts[place] {
                Part::Parent => "..".as_ref(),
                Part::Literal(name) if !is_read => name.as_os_str(),
                Part::Literal(_) | Part::Name(_) | Part::AnyDepth => continue,
            };
            match names.iter_mut().find(|(known, _)| *known == name) {
                Some((_, next)) => next.push(place + 1),
                None => names.push((name, vec![place + 1])),
            }
        }
        for (name, next) in names {
            self.look(Join::new(dir, Naming::Pathlib).name(name), &next, found);
        }
    }

    fn open(&self, dir: Arc<Path>, places: Places, found: &mut Found<Glob>) {
        let reads = |&place: &usize| matches!(self.parts[place], Part::AnyDepth | Part::Name(_));
        if !places.iter().any(reads) {
            return self.look_up(&dir, &places, false, found);
        }
        match Scan::open(dir.clone(), Naming::Pathlib, self.detail) {
            Ok(scan) => {
                self.look_up(&dir, &places, true, found);
                self.read(scan, places, found);
            }
            Err(error) => {
                // A directory that may not be listed may still be searched.
                self.look_up(&dir, &places, false, found);
                if dir == self.base || !is_absence(&error) {
                    found.items.fail(failed(&dir, error));
                }
            }
        }
    }

    fn read(&self, mut scan: Scan, places: Places, found: &mut Found<Glob>) {
        let mut join = Join::new(scan.dir(), Naming::Pathlib);
        let before = found.tasks.len();
        let mut seen = 0;
        loop {
            let more = scan.read(|listed| {
                seen += 1;
                self.meet(&mut join, &listed, &places, found);
            });
            match more {
                Ok(false) => return,
                Err(error) => return found.items.fail(failed(scan.dir(), error)),
                Ok(true) if seen < LONG => {}
                Ok(true) => break,
            }
        }
        // Reading on first closes the directory sooner; going down first keeps fewer directories in memory.
        let next = if found.tasks.len() < MANY {
            found.tasks.len()
        } else {
            before
        };
        found.tasks.insert(next, Task::Read(scan, places));
    }

    /// Compares one entry of a directory with all parts that may come next.
    fn meet(&self, join: &mut Join, listed: &Listed<'_>, places: &Places, found: &mut Found<Glob>) {
        let name = listed.name;
        let mut candidate = Candidate {
            join,
            listed,
            path: None,
            is_dir: None,
        };
        if self
            .bounds
            .exclude(|| Entry::new(candidate.path(), listed.kind))
        {
            return;
        }
        let mut next = Vec::new();
        let mut matched = false;
        for &place in &places[..] {
            let taken = match &self.parts[place] {
                Part::Parent => false,
                Part::Literal(literal) if cfg!(windows) => literal.eq_ignore_ascii_case(name),
                Part::Literal(literal) => literal == name,
                Part::Name(segment) => segment.is_match(name),
                Part::AnyDepth if self.descends(&mut candidate) => {
                    matched |= self.arrive(place, &mut next);
                    false
                }
                Part::AnyDepth => {
                    // A link that leads back is a directory, too, if links are followed.
                    let is_wanted = !self.dirs_only || self.recurse_symlinks && candidate.is_dir();
                    matched |= self.is_end(place + 1) && is_wanted;
                    false
                }
            };
            if taken && self.is_end(place + 1) {
                matched |= !self.dirs_only || candidate.is_dir();
            } else if taken && candidate.is_dir() {
                matched |= self.arrive(place + 1, &mut next);
            }
        }
        if next.is_empty() {
            if matched {
                listed.add(candidate.join.path(name), &mut found.items);
            }
            return;
        }
        let dir = if matched {
            let dir = listed.at(candidate.path());
            found.items.add(&dir);
            dir
        } else {
            Entry::new(candidate.path(), listed.kind)
        };
        if self.bounds.admit(&dir) {
            next.sort_unstable();
            next.dedup();
            // Below `**`, most directories have the same places as the directory that they are in.
            let places = if next[..] == places[..] {
                places.clone()
            } else {
                next.into()
            };
            found.tasks.push(Task::Open(dir.path, places));
        }
    }

    /// Returns `true` if `**` descends into the entry.
    fn descends(&self, candidate: &mut Candidate<'_>) -> bool {
        match candidate.listed.kind {
            Some(EntryType::Dir) => true,
            Some(EntryType::Link) => {
                self.recurse_symlinks
                    && candidate.is_dir()
                    && !self.above.leads_back(&candidate.path(), &self.base)
            }
            Some(EntryType::File | EntryType::Special(_)) | None => false,
        }
    }
}

/// A listed entry whose path and type are determined only when needed.
struct Candidate<'a> {
    join: &'a mut Join,
    listed: &'a Listed<'a>,
    path: Option<Arc<Path>>,
    is_dir: Option<bool>,
}

impl Candidate<'_> {
    fn path(&mut self) -> Arc<Path> {
        let path = self
            .path
            .get_or_insert_with(|| self.join.name(self.listed.name));
        path.clone()
    }

    fn is_dir(&mut self) -> bool {
        match (self.listed.kind, self.is_dir) {
            (Some(EntryType::Dir), _) => true,
            (Some(EntryType::File | EntryType::Special(_)), _) => false,
            (Some(EntryType::Link) | None, Some(is_dir)) => is_dir,
            (kind @ (Some(EntryType::Link) | None), None) => {
                let is_dir = Entry::new(self.path(), kind).is_dir();
                *self.is_dir.insert(is_dir)
            }
        }
    }
}

impl Explore for Glob {
    type Task = Task;
    type Items = Entries;

    fn begin(&mut self) -> Task {
        let parsed = self.parse().map_err(|error| {
            let (base, pattern) = (&self.base, &self.pattern);
            PathError::wrap_pair(Operation::Glob, base, pattern, error)
        });
        let case_sensitive = self.case_sensitive.unwrap_or(!cfg!(windows));
        match parsed.and_then(|()| self.bounds.begin(case_sensitive)) {
            Ok(()) => Task::Look(self.base.clone(), vec![0]),
            Err(error) => Task::Refuse(error),
        }
    }

    fn workers(&self) -> usize {
        self.workers
    }

    fn explore(&self, task: Task, found: &mut Found<Glob>) {
        match task {
            Task::Refuse(error) => found.items.fail(error),
            Task::Look(path, places) => self.look(path, &places, found),
            Task::Open(dir, places) => self.open(dir, places, found),
            Task::Read(scan, places) => self.read(scan, places, found),
        }
    }
}

/// Returns `true` if the path does not exist, or not any more, or is a link that leads nowhere.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) || is_symlink_loop(error)
}

fn is_literal(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    !bytes.iter().any(|byte| b"*?[".contains(byte))
}
