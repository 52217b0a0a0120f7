//! Whether two paths are apart, so that one can be copied to the other.

use std::fs;
use std::io;
use std::path::Path;

use super::imp::{CURRENT, Id};
use super::walk::Kind;
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

/// Refuses to copy something over or into itself; returns the directories that the target is in.
///
/// What counts is what the directories are, not what they are called: there may be links, `..` and more
/// than one mount on the way.
pub(super) fn check(source: &Path, target: &Path, follow: bool) -> io::Result<Vec<Id>> {
    let found = CURRENT.look(source.as_os_str(), follow)?;
    check_same(source, target)?;
    if found.kind != Kind::Dir {
        return Ok(Vec::new());
    }
    let parent = match target.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let Ok(begin) =
        retry(|| fs::canonicalize(target)).or_else(|_| retry(|| fs::canonicalize(parent)))
    else {
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
