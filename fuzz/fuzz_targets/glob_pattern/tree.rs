//! A tree that is always the same, searched by the library and by a walk through a table.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::OnceLock;

use anyfile::Path;
use futures_lite::{StreamExt, future::block_on};
use tempfile::TempDir;

use crate::oracle::{anchor, is_segment_match, names};

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Dir,
    File,
    /// To what stands at this path in the tree.
    Link(&'static [u8]),
}

/// Searched from `BASE`, so that `..` leads somewhere.
const TREE: &[(&[u8], Kind)] = &[
    (b"up", Kind::Dir),
    (b"up/side", Kind::Dir),
    (b"up/side/a", Kind::File),
    (b"up/base", Kind::Dir),
    (b"up/base/a", Kind::Dir),
    (b"up/base/a/a", Kind::Dir),
    (b"up/base/a/a/b.rs", Kind::File),
    (b"up/base/a/.h", Kind::File),
    (b"up/base/a/[x]", Kind::File),
    (b"up/base/a/back", Kind::Link(BASE)),
    (b"up/base/B", Kind::Dir),
    (b"up/base/B/\xFF\xC3\xA9", Kind::File),
    (b"up/base/B/side", Kind::Link(b"up/side")),
    (b"up/base/b.rs", Kind::File),
    (b"up/base/nowhere", Kind::Link(b"up/nowhere")),
    (b"up/base/to.rs", Kind::Link(b"up/base/b.rs")),
];

const BASE: &[u8] = b"up/base";

fn kind(place: &[u8]) -> Option<Kind> {
    let entry = TREE.iter().find(|(path, _)| *path == place);
    entry.map(|&(_, kind)| kind)
}

/// Returns the directory at `place`, or the one that a link there leads to.
fn directory(place: &[u8]) -> Option<&[u8]> {
    match kind(place)? {
        Kind::Dir => Some(place),
        Kind::File => None,
        Kind::Link(target) => (kind(target) == Some(Kind::Dir)).then_some(target),
    }
}

/// Returns the directories above a directory, and then itself.
fn and_above(place: &[u8]) -> Vec<&[u8]> {
    let slashes = (0..place.len()).filter(|&at| place[at] == b'/');
    let mut dirs: Vec<_> = slashes.map(|at| &place[..at]).collect();
    dirs.push(place);
    dirs
}

fn tree() -> &'static PathBuf {
    static DIR: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let make = || {
        let memory = std::path::Path::new("/dev/shm");
        let dir = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        let dir = dir.expect("a temporary directory");
        for (path, kind) in TREE {
            let path = dir.path().join(OsStr::from_bytes(path));
            let made = match kind {
                Kind::Dir => fs::create_dir(path),
                Kind::File => fs::write(path, ""),
                Kind::Link(target) => symlink(dir.path().join(OsStr::from_bytes(target)), path),
            };
            made.expect("an entry of the tree");
        }
        let base = dir.path().join(OsStr::from_bytes(BASE));
        (dir, base)
    };
    &DIR.get_or_init(make).1
}

/// A search of the tree as the documentation tells it, by every way there is.
struct Search {
    ignore_case: bool,
    recurse_symlinks: bool,
    dirs_only: bool,
    found: BTreeSet<Vec<u8>>,
}

impl Search {
    /// `way` has the directory and those above it: those that were gone through since the last `..`, or since
    /// the search began, and those above where that was.
    fn select(&mut self, shown: &[u8], way: &[&[u8]], parts: &[&[u8]]) {
        let here = *way.last().expect("the base");
        let Some((&part, rest)) = parts.split_first() else {
            self.found.insert(shown.to_vec());
            return;
        };
        if part == b"**" {
            self.select(shown, way, rest);
        }
        if part == b".." {
            let parent = here
                .rsplitn(2, |&byte| byte == b'/')
                .nth(1)
                .unwrap_or_default();
            let shown = [shown, b"/.."].concat();
            return self.select(&shown, &and_above(parent), rest);
        }
        for (place, kind) in TREE {
            let name = match place.strip_prefix(here) {
                Some(name) if here.is_empty() => name,
                Some([b'/', name @ ..]) => name,
                _ => continue,
            };
            if name.is_empty() || name.contains(&b'/') {
                continue;
            }
            let shown = [shown, b"/", name].concat();
            let dir = directory(place);
            if part == b"**" {
                let is_followed = match kind {
                    Kind::Dir => true,
                    Kind::File => false,
                    Kind::Link(target) => self.recurse_symlinks && !way.contains(target),
                };
                // A link that leads back is found, but not followed.
                let is_wanted = !self.dirs_only || self.recurse_symlinks && dir.is_some();
                match dir.filter(|_| is_followed) {
                    Some(dir) => self.select(&shown, &[way, &[dir]].concat(), parts),
                    None if rest.is_empty() && is_wanted => _ = self.found.insert(shown),
                    None => {}
                }
            } else if is_segment_match(part, name, self.ignore_case) {
                match dir {
                    Some(dir) => self.select(&shown, &[way, &[dir]].concat(), rest),
                    None if rest.is_empty() && !self.dirs_only => _ = self.found.insert(shown),
                    None => {}
                }
            }
        }
    }
}

pub fn search(pattern: &[u8], options: u8) {
    let [ignore_case, compare, anywhere, recurse_symlinks] =
        [1, 2, 4, 8].map(|bit| options & bit != 0);
    let mut parts = names(pattern);
    let count = |name: &[u8]| parts.iter().filter(|part| **part == name).count();
    let is_empty = parts.is_empty() && !anywhere;
    let is_valid = !is_empty && anchor(pattern) == 0 && !pattern.contains(&0);
    if count(b"..") > 2 || count(b"**") > 3 || ignore_case && !pattern.is_ascii() {
        return;
    }
    let (base, os_pattern) = (Path::new(tree()), OsStr::from_bytes(pattern));
    let mut glob = if anywhere {
        base.rglob(os_pattern)
    } else {
        base.glob(os_pattern)
    };
    glob = glob.recurse_symlinks(recurse_symlinks);
    if ignore_case || compare {
        glob = glob.case_sensitive(!ignore_case);
    }
    let found: std::io::Result<Vec<Path>> = block_on(glob.try_collect());
    let Ok(found) = found else {
        assert!(!is_valid, "{}: {found:?}", pattern.escape_ascii());
        return;
    };
    assert!(is_valid, "{} is accepted", pattern.escape_ascii());
    if anywhere {
        parts.insert(0, b"**");
    }
    let mut search = Search {
        ignore_case,
        recurse_symlinks,
        // Of the empty pattern, only the `**/` in front of it is left.
        dirs_only: pattern.is_empty() || pattern.ends_with(b"/"),
        found: BTreeSet::new(),
    };
    search.select(tree().as_os_str().as_bytes(), &and_above(BASE), &parts);
    let bytes = |path: &Path| path.as_os_str().as_bytes().to_vec();
    let mut found: Vec<Vec<u8>> = found.iter().map(bytes).collect();
    found.sort_unstable();
    let expected: Vec<Vec<u8>> = search.found.into_iter().collect();
    let show = |paths: &[Vec<u8>]| {
        let paths = paths
            .iter()
            .map(|path| String::from_utf8_lossy(path).into_owned());
        paths.collect::<Vec<_>>()
    };
    let context = (pattern.escape_ascii().to_string(), options & 15);
    assert_eq!(show(&found), show(&expected), "{context:?}");
}
