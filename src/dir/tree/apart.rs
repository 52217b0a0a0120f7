//! Whether two paths are apart, so that one can be copied to the other.

use std::fs;
use std::io;
use std::path::{Component, Path};

use super::imp::{CURRENT, Id};
use super::walk::Kind;
use crate::dir::or_current;
use crate::error::invalid_input;
use crate::retry::retry;

/// The error for what would be copied over itself.
pub(super) fn same() -> io::Error {
    invalid_input("source and target are the same")
}

/// The error for a directory that would be copied into itself.
pub(super) fn inside() -> io::Error {
    invalid_input("one directory is inside the other")
}

/// Refuses two names of one thing, whether that is a link or what it leads to.
pub(super) fn check_same(source: &Path, target: &Path) -> io::Result<()> {
    for follow in [false, true] {
        let look = |path: &Path| CURRENT.look(path.as_os_str(), follow);
        if let (Ok(source), Ok(target)) = (look(source), look(target)) {
            if source.id == target.id {
                return Err(same());
            }
        }
    }
    Ok(())
}

/// Refuses to move something onto itself, unless that only writes its name in another way: in a directory
/// that ignores case, `a` and `A` are one name.
pub(super) fn check_move(source: &Path, target: &Path) -> io::Result<()> {
    match is_respelled(source, target) {
        true => Ok(()),
        false => check_same(source, target),
    }
}

/// Whether two different names stand for one entry of one directory, which lists one of them at most. Two
/// hard links are two entries.
fn is_respelled(source: &Path, target: &Path) -> bool {
    let (Some(from), Some(to)) = (source.file_name(), target.file_name()) else {
        return false;
    };
    let id = |path: &Path, follow| {
        CURRENT
            .look(path.as_os_str(), follow)
            .ok()
            .map(|found| found.id)
    };
    let same = |one: Option<Id>, other| one.is_some() && one == other;
    from != to
        && same(id(source, false), id(target, false))
        && same(id(parent(source), true), id(parent(target), true))
        && retry(|| fs::read_dir(parent(target))).is_ok_and(|entries| {
            let names = entries.flatten().map(|entry| entry.file_name());
            names.filter(|name| name == from || name == to).count() < 2
        })
}

/// The directory that a name is in.
fn parent(path: &Path) -> &Path {
    or_current(path.parent().unwrap_or(Path::new("")))
}

/// Refuses to copy something over or into itself; returns the directories that the target is in.
///
/// What counts is what the directories are, not what they are called: there may be links, `..` and more
/// than one mount on the way.
pub(super) fn check(source: &Path, target: &Path, follow: bool) -> io::Result<Vec<Id>> {
    let found = CURRENT.look(source.as_os_str(), follow)?;
    check_same(source, target)?;
    // By the names alone, as `pathlib` does: else the copy would be in the directory that it leads to.
    if found.kind == Kind::Link && is_below(target, source) {
        return Err(inside());
    }
    if found.kind != Kind::Dir {
        return Ok(Vec::new());
    }
    let resolve = |path| retry(|| fs::canonicalize(path));
    let Ok(begin) = resolve(target).or_else(|_| resolve(parent(target))) else {
        // Where nothing is, nothing can be made.
        return Ok(Vec::new());
    };
    let ids = begin
        .ancestors()
        .map(|dir| CURRENT.look(dir.as_os_str(), true));
    let above: Vec<_> = ids.flatten().map(|found| found.id).collect();
    match above.contains(&found.id) {
        true => Err(inside()),
        false => Ok(above),
    }
}

/// Whether the way to `path` is by `dir`, and no `..` leads out of there.
fn is_below(path: &Path, dir: &Path) -> bool {
    let rest = path.strip_prefix(dir);
    rest.is_ok_and(|rest| !rest.components().any(|part| part == Component::ParentDir))
}
