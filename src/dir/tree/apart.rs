//! Checks that two paths are apart, so that one can be copied to the other.

use std::fs;
use std::io;
use std::path::{Component, Path};

use super::imp::CURRENT;
use crate::dir::{EntryType, Id, or_current};
use crate::error::invalid_input;
use crate::retry::retry;

/// Returns the error for copying something over itself.
pub(super) fn same() -> io::Error {
    invalid_input("source and target are the same")
}

/// Returns the error for copying a directory into itself.
pub(super) fn inside() -> io::Error {
    invalid_input("one directory is inside the other")
}

/// Returns an error if both paths name the same thing, be it a link or what the link leads to.
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

/// Returns an error if something would be moved onto itself. Only changing the spelling of its name is
/// allowed: in a case-insensitive directory, `a` and `A` are one name.
pub(super) fn check_move(source: &Path, target: &Path) -> io::Result<()> {
    if is_respelled(source, target) {
        Ok(())
    } else {
        check_same(source, target)
    }
}

/// Returns `true` if two different names stand for one entry of one directory, which lists at most one of
/// them. Two hard links are two entries.
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

/// Returns the directory that contains `path`.
fn parent(path: &Path) -> &Path {
    or_current(path.parent().unwrap_or(Path::new("")))
}

/// Returns the directories that the target is in, or an error if something would be copied over or into
/// itself.
///
/// Directories are compared by identity, not by name: there may be links, `..` and several mounts on the
/// way.
pub(super) fn check(source: &Path, target: &Path, follow: bool) -> io::Result<Vec<Id>> {
    let found = CURRENT.look(source.as_os_str(), follow)?;
    check_same(source, target)?;
    // Links are compared by name, as in `pathlib`: otherwise the copy would be in the directory that the
    // link leads to.
    if found.kind == EntryType::Link && is_below(target, source) {
        return Err(inside());
    }
    if found.kind != EntryType::Dir {
        return Ok(Vec::new());
    }
    // Missing parent directories may be created: in the first one that exists.
    let resolve = |path| retry(|| fs::canonicalize(or_current(path))).ok();
    let Some(begin) = target.ancestors().find_map(resolve) else {
        return Ok(Vec::new());
    };
    let ids = begin
        .ancestors()
        .map(|dir| CURRENT.look(dir.as_os_str(), true));
    let above: Vec<_> = ids.flatten().map(|found| found.id).collect();
    if above.contains(&found.id) {
        Err(inside())
    } else {
        Ok(above)
    }
}

/// Returns `true` if `path` leads through `dir` and no `..` leads out of it.
fn is_below(path: &Path, dir: &Path) -> bool {
    let rest = path.strip_prefix(dir);
    rest.is_ok_and(|rest| !rest.components().any(|part| part == Component::ParentDir))
}
