//! `max_depth`, `exclude`, `prune` and `same_file_system` of `walk`, `glob` and `rglob`: against GNU `find` and
//! `os.walk`, and what is never opened.

#![cfg(target_os = "linux")]

mod common;

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path as StdPath, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use anyfile::path::{Glob, Walk};
use anyfile::{Path, PathError};
use futures_lite::StreamExt;
use futures_lite::future::{block_on, poll_once};

use common::strange::{Tree, ask_find};
use common::tree::tmpfs;
use common::witness::Witness;
use common::{Dir, in_child, run_in_child, run_unprivileged, set_mode};

/// Returns what a search finds, each path once.
#[track_caller]
fn found(glob: Glob) -> BTreeSet<PathBuf> {
    let paths: Vec<Path> = block_on(glob.try_collect()).unwrap();
    let count = paths.len();
    let paths: BTreeSet<PathBuf> = paths.into_iter().map(PathBuf::from).collect();
    assert_eq!(paths.len(), count, "a path was found twice");
    paths
}

/// Returns what a walk lists.
#[track_caller]
fn listed(walk: Walk) -> BTreeSet<PathBuf> {
    let entries: Vec<_> = block_on(walk.try_collect()).unwrap();
    let names = entries.iter().flat_map(|entry| {
        let names = entry.dirs.iter().chain(&entry.files);
        names.map(|name| PathBuf::from(entry.path.join(name)))
    });
    let names: Vec<_> = names.collect();
    let count = names.len();
    let names: BTreeSet<_> = names.into_iter().collect();
    assert_eq!(names.len(), count, "a name was listed twice");
    names
}

/// Returns the directories that a walk reads.
fn read(walk: Walk) -> BTreeSet<PathBuf> {
    let entries: Vec<_> = block_on(walk.try_collect()).unwrap();
    entries.into_iter().map(|entry| entry.path.into()).collect()
}

/// Returns what `find` prints below `root`, without `root` itself, or `None` if it is another `find`.
fn find<'a>(root: &'a StdPath, expression: &str) -> Option<BTreeSet<PathBuf>> {
    // Quoted words are not needed.
    let words = expression.split_whitespace().map(OsStr::new);
    let arguments: Vec<&'a OsStr> = [root.as_os_str()].into_iter().collect();
    let arguments: Vec<&OsStr> = arguments.into_iter().chain(words).collect();
    let paths = ask_find(&arguments)?.into_iter();
    Some(paths.filter(|path| path != root).collect())
}

/// Both kinds of searches, with one worker and with several, with metadata and without, find the same.
#[track_caller]
fn assert_both(
    what: &str,
    base: &Path,
    expected: &BTreeSet<PathBuf>,
    bound: (impl Fn(Glob) -> Glob, impl Fn(Walk) -> Walk),
) {
    for workers in [1, 8] {
        for metadata in [false, true] {
            let glob = base.rglob("*").workers(workers).metadata(metadata);
            assert_eq!(&found(bound.0(glob)), expected, "{what}, rglob");
            for top_down in [false, true] {
                let walk = base.walk().workers(workers).metadata(metadata);
                let walk = bound.1(walk.top_down(top_down));
                assert_eq!(&listed(walk), expected, "{what}, walk");
            }
        }
    }
}

#[test]
fn depths_are_those_of_find() {
    let tree = Tree::new();
    let (root, base) = (tree.root(), Path::new(tree.root()));
    for depth in [0, 1, 2, 3, 7, 24, 25, 26, 27, usize::MAX] {
        let most = depth.min(1000);
        let Some(expected) = find(&root, &format!("-mindepth 1 -maxdepth {most}")) else {
            return;
        };
        let bound = |glob: Glob| glob.max_depth(depth);
        assert_both(
            &format!("depth {depth}"),
            &base,
            &expected,
            (bound, |walk: Walk| walk.max_depth(depth)),
        );
        // A directory at the maximum depth is not read.
        let dirs = format!("-type d -maxdepth {}", most.saturating_sub(1));
        let mut dirs = find(&root, &dirs).unwrap();
        dirs.insert(root.clone());
        if depth == 0 {
            dirs.clear();
        }
        assert_eq!(read(base.walk().max_depth(depth)), dirs, "depth {depth}");
    }
    assert_eq!(found(base.rglob("").max_depth(0)), [root].into());
    // Nothing is opened, so that nothing is missing.
    let missing = &base / "missing";
    assert_eq!(block_on(missing.walk().max_depth(0).count()), 0);
    assert!(
        block_on(missing.walk().max_depth(1).next())
            .unwrap()
            .is_err()
    );
}

#[test]
fn what_is_excluded_is_what_find_prunes() {
    let tree = Tree::new();
    let (root, base) = (tree.root(), Path::new(tree.root()));
    let mut sizes = BTreeSet::new();
    for (pattern, test) in [
        ("a", "-name a"),
        ("main.rs", "-name main.rs"),
        ("*.rs", "-name *.rs"),
        ("d*", "-name d*"),
        ("deep[12]", "-name deep[12]"),
        ("**/b", "-name b"),
        ("b/c", "-path */b/c"),
        ("b/c/", "-path */b/c"),
        ("names/*", "-path */names/* -not -path */names/*/*"),
        ("a/**/x", "-path */a/*x -name x"),
        ("wide/**", "-path */wide/*"),
        // A link to a directory is one, here as in a pattern of `glob`.
        ("a/", "-name a -xtype d"),
        ("nothing", "-name nothing"),
        ("*", "-name *"),
        ("**", "-name *"),
    ] {
        let expression = format!("-mindepth 1 ( {test} -prune ) -o -mindepth 1 -print0 -false");
        let Some(expected) = find(&root, &expression) else {
            return;
        };
        sizes.insert(expected.len());
        let bound = |glob: Glob| glob.exclude(pattern);
        assert_both(
            pattern,
            &base,
            &expected,
            (bound, |walk: Walk| walk.exclude(pattern)),
        );
    }
    assert!(sizes.len() > 8, "{sizes:?}");
    let several = "-mindepth 1 ( ( -name a -o -name wide ) -prune ) -o -print0 -false";
    let expected = find(&root, several).unwrap();
    let bound = |glob: Glob| glob.exclude("a").exclude(String::from("wide"));
    assert_both(
        "several",
        &base,
        &expected,
        (bound, |walk: Walk| walk.exclude("wide").exclude("a")),
    );
    // The case matters as for the pattern of the search.
    let expected = find(
        &root,
        "-mindepth 1 ( -iname UPPER -prune ) -o -print0 -false",
    )
    .unwrap();
    assert_eq!(
        found(base.rglob("*").exclude("UPPER").case_sensitive(false)),
        expected
    );
    assert_eq!(found(base.rglob("*").case_sensitive(true).exclude("x")), {
        find(&root, "-mindepth 1 ( -name x -prune ) -o -print0 -false").unwrap()
    });
}

#[test]
fn what_is_pruned_is_what_find_prunes() {
    let tree = Tree::new();
    let (root, base) = (tree.root(), Path::new(tree.root()));
    for name in ["a", "b", "names", "deep1", "nothing"] {
        // It is printed all the same.
        let expression = format!("-mindepth 1 -type d -name {name} -prune");
        let Some(pruned) = find(&root, &expression) else {
            return;
        };
        let expression = format!("-mindepth 1 -print0 -type d -name {name} -prune -false");
        let expected = find(&root, &expression).unwrap();
        let prunes = move |dir: &Path| {
            assert_eq!(dir.info().is_dir(), Some(true));
            dir.file_name() == Some(OsStr::new(name))
        };
        let bound = |glob: Glob| glob.prune(prunes);
        assert_both(
            name,
            &base,
            &expected,
            (bound, |walk: Walk| walk.prune(prunes)),
        );
        // It is called once for each directory that would be read, and not for the first.
        for depth in [2, 100] {
            let calls = Arc::new(Mutex::new(Vec::new()));
            let notes = calls.clone();
            let note = move |dir: &Path| {
                notes.lock().unwrap().push(PathBuf::from(dir.clone()));
                prunes(dir)
            };
            found(base.rglob("*").max_depth(depth).prune(note));
            let expression = format!(
                "-mindepth 1 -maxdepth {} -type d -print0 -name {name} -prune -false",
                depth - 1
            );
            let expected = find(&root, &expression).unwrap();
            let calls = calls.lock().unwrap();
            assert_eq!(calls.len(), expected.len());
            assert_eq!(calls.iter().cloned().collect::<BTreeSet<_>>(), expected);
        }
        println!("{name}: {} pruned", pruned.len());
    }
}

/// The directories that `os.walk` visits if the list of directories is edited as Python code does it.
#[test]
fn walk_visits_what_os_walk_does() {
    const SCRIPT: &str = "
import os, sys
root, most, pruned = os.fsencode(sys.argv[1]), int(sys.argv[2]), [os.fsencode(name) for name in sys.argv[3:]]
for path, dirs, files in os.walk(root):
    sys.stdout.buffer.write(path + b'\\0')
    depth = path.count(b'/') - root.count(b'/')
    dirs[:] = [name for name in dirs if depth + 1 < most and name not in pruned]
";
    let tree = Tree::new();
    for (most, pruned) in [(100, &["a", "dirs"][..]), (2, &[]), (3, &["b"]), (1, &[])] {
        let mut python = Command::new("python3");
        python
            .args(["-c", SCRIPT])
            .arg(tree.root())
            .arg(most.to_string())
            .args(pruned);
        let output = match python.output() {
            Ok(output) => output,
            Err(error) => return println!("skipped: python3 does not start: {error}"),
        };
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let paths = output
            .stdout
            .split(|&byte| byte == 0)
            .filter(|path| !path.is_empty());
        let expected: BTreeSet<_> = paths
            .map(|path| PathBuf::from(OsStr::from_bytes(path)))
            .collect();
        let prune = move |dir: &Path| {
            let name = dir.file_name().unwrap_or_default();
            pruned.iter().any(|pruned| name == *pruned)
        };
        let walk = Path::new(tree.root()).walk().max_depth(most).prune(prune);
        assert_eq!(read(walk), expected, "{most}, {pruned:?}");
    }
}

/// Names that are looked up, because the pattern has no wildcard there, are bounded as those that are listed.
#[test]
fn names_that_are_looked_up_are_bounded() {
    let tree = Tree::new();
    let base = Path::new(tree.root());
    let is = |glob: Glob, expected: &[&str]| {
        let expected: BTreeSet<_> = expected.iter().map(|path| tree.join(path)).collect();
        assert_eq!(found(glob), expected);
    };
    let all = ["a/b/main.rs"];
    for pattern in [
        "a/b/main.rs",
        "a/*/main.rs",
        "a/b/main.*",
        "**/b/main.rs",
        "a/./b/main.rs",
    ] {
        is(base.glob(pattern), &all);
        is(base.glob(pattern).max_depth(2), &[]);
        is(base.glob(pattern).max_depth(3), &all);
        for exclude in ["b", "main.rs", "a/b", "a/", "**/main.*"] {
            is(base.glob(pattern).exclude(exclude), &[]);
        }
        is(base.glob(pattern).exclude("main.rs/").exclude("c"), &all);
        for name in ["a", "b"] {
            is(
                base.glob(pattern).prune(move |dir| dir.ends_with(name)),
                &[],
            );
        }
        is(
            base.glob(pattern).prune(|dir| dir.ends_with("main.rs")),
            &all,
        );
        is(base.glob(pattern).same_file_system(true), &all);
    }
    // `..` counts as a name.
    is(base.glob("a/../b/x"), &["a/../b/x"]);
    is(base.glob("a/../b/x").max_depth(3), &[]);
    is(base.glob("a/../b/x").max_depth(4), &["a/../b/x"]);
    is(base.glob("a/../b/x").exclude(".."), &[]);
    is(base.glob("../other/a").exclude("other"), &[]);
    is(base.glob("../other/a"), &["../other/a"]);
}

/// The bounds count from the directory at which the search begins, however it is written.
#[test]
fn every_base() {
    const NAME: &str = "every_base";
    if !in_child() {
        // The current directory is another one there.
        run_in_child(NAME, &[]);
        return;
    }
    let tree = Tree::new();
    std::env::set_current_dir(tree.root()).unwrap();
    let root = tree.root();
    for base in [
        OsStr::new(""),
        OsStr::new("."),
        OsStr::new("./"),
        OsStr::new("a"),
        OsStr::new("a/"),
        OsStr::new("./a"),
        OsStr::new("a/."),
        OsStr::new("a/.."),
        OsStr::new(".."),
        OsStr::new("deep0/../a//b"),
        OsStr::new("b/to-a"),
        root.as_os_str(),
        OsStr::new("/proc/self/cwd/a"),
    ] {
        let start = Path::new(base);
        let dir = if base.is_empty() {
            OsStr::new(".")
        } else {
            base
        };
        let real = fs::canonicalize(dir).unwrap();
        let below = |paths: BTreeSet<PathBuf>| -> BTreeSet<PathBuf> {
            paths
                .into_iter()
                .map(|path| path.strip_prefix(base).unwrap_or(&path).to_path_buf())
                .collect()
        };
        for depth in [1, 2, 3] {
            for name in ["b", "a", "root", "x"] {
                let prune = format!(
                    "-mindepth 1 -maxdepth {depth} ( -name {name} -prune ) -o -mindepth 1 -print0 -false"
                );
                let Some(expected) = find(&real, &prune) else {
                    return;
                };
                let expected: BTreeSet<_> = expected
                    .iter()
                    .map(|path| path.strip_prefix(&real).unwrap().to_path_buf())
                    .collect();
                let glob = start
                    .rglob("*")
                    .max_depth(depth)
                    .exclude(name)
                    .same_file_system(true);
                assert_eq!(below(found(glob)), expected, "{base:?}, {depth}, {name}");
                let walk = start
                    .walk()
                    .max_depth(depth)
                    .exclude(name)
                    .same_file_system(true);
                assert_eq!(below(listed(walk)), expected, "{base:?}, {depth}, {name}");
            }
        }
    }
    std::env::set_current_dir("/").unwrap();
}

#[test]
fn a_pattern_that_excludes_must_be_one() {
    let dir = Dir::new();
    dir.file("file", "x");
    let base = Path::new(dir.path());
    for (pattern, reason) in [
        ("", "the pattern is empty"),
        (".", "the pattern is empty"),
        ("/", "the pattern is not relative"),
        ("/file", "the pattern is not relative"),
        ("a\0b", "the pattern contains a NUL byte"),
    ] {
        let check = |error: io::Error| {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().ends_with(reason), "{error}");
            assert_eq!(PathError::of(&error).unwrap().path(), StdPath::new(pattern));
        };
        let items: Vec<_> = block_on(base.rglob("*").exclude("x").exclude(pattern).collect());
        assert_eq!(items.len(), 1);
        items.into_iter().for_each(|item| check(item.unwrap_err()));
        let items: Vec<_> = block_on(base.walk().exclude(pattern).collect());
        assert_eq!(items.len(), 1);
        items.into_iter().for_each(|item| check(item.unwrap_err()));
        let errors = Arc::new(Mutex::new(Vec::new()));
        let notes = errors.clone();
        let walk = base
            .walk()
            .exclude(pattern)
            .on_error(move |error| notes.lock().unwrap().push(error));
        assert_eq!(block_on(walk.count()), 0);
        let errors: Vec<_> = errors.lock().unwrap().drain(..).collect();
        assert_eq!(errors.len(), 1);
        errors.into_iter().for_each(check);
    }
}

/// What is left out is not opened. The system tells of every directory that is.
#[test]
fn what_is_left_out_is_never_opened() {
    let dir = Dir::new();
    for name in ["out", "deep/out", "in"] {
        fs::create_dir_all(dir.join(name).join("inner")).unwrap();
        dir.file(&format!("{name}/file"), "x");
    }
    symlink("../out", dir.join("in/out")).unwrap();
    let base = Path::new(dir.path());
    let opened = |search: &dyn Fn()| -> usize {
        let watched = ["out", "out/inner", "deep/out", "deep/out/inner"];
        let witness = Witness::new(watched.map(|name| dir.join(name)));
        search();
        // Adding a watch opens nothing.
        witness.seen()
    };
    let prune = |path: &Path| path.ends_with("out");
    assert!(
        opened(&|| drop(found(base.rglob("*")))) > 0,
        "the witness sees nothing"
    );
    assert!(opened(&|| drop(listed(base.walk()))) > 0);
    for metadata in [false, true] {
        let searches: [(&str, &dyn Fn()); 10] = [
            ("rglob, exclude", &|| {
                drop(found(base.rglob("*").metadata(metadata).exclude("out")))
            }),
            ("rglob, exclude/", &|| {
                drop(found(base.rglob("*").metadata(metadata).exclude("out/")))
            }),
            ("rglob, prune", &|| {
                drop(found(base.rglob("*").metadata(metadata).prune(prune)))
            }),
            ("rglob, links", &|| {
                let glob = base.rglob("*").recurse_symlinks(true).metadata(metadata);
                drop(found(glob.exclude("out")));
            }),
            ("glob, exclude", &|| {
                drop(found(base.glob("out/*/*").exclude("out")))
            }),
            ("glob, prune", &|| {
                drop(found(base.glob("*/out/*").prune(prune)))
            }),
            ("rglob, depth", &|| {
                drop(found(base.rglob("*").metadata(metadata).max_depth(1)))
            }),
            ("walk, exclude", &|| {
                drop(listed(base.walk().metadata(metadata).exclude("out")))
            }),
            ("walk, prune", &|| {
                let walk = base.walk().follow_symlinks(true).metadata(metadata);
                drop(listed(walk.prune(prune)));
            }),
            ("walk, depth", &|| {
                drop(listed(base.walk().metadata(metadata).max_depth(1)))
            }),
        ];
        for (what, search) in searches {
            assert_eq!(opened(search), 0, "{what}");
        }
    }
}

/// A directory that may not be read is no error if it is left out.
#[test]
fn what_is_left_out_may_be_unreadable() {
    const NAME: &str = "what_is_left_out_may_be_unreadable";
    if !in_child() {
        return run_unprivileged(NAME);
    }
    let dir = Dir::new();
    fs::create_dir_all(dir.join("open/locked")).unwrap();
    dir.file("open/file", "x");
    set_mode(dir.join("open/locked"), 0);
    let base = Path::new(dir.path());
    let names =
        |names: &[&str]| -> BTreeSet<_> { names.iter().map(|name| dir.join(name)).collect() };
    let errors = |items: Vec<bool>| items.into_iter().filter(|is_error| *is_error).count();
    assert_eq!(
        errors(block_on(
            base.rglob("*").map(|item| item.is_err()).collect()
        )),
        1
    );
    assert_eq!(
        errors(block_on(base.walk().map(|item| item.is_err()).collect())),
        1
    );
    let all = names(&["open", "open/file", "open/locked"]);
    let locked = |path: &Path| path.ends_with("locked");
    assert_eq!(found(base.rglob("*").prune(locked)), all);
    assert_eq!(listed(base.walk().prune(locked)), all);
    assert_eq!(found(base.rglob("*").max_depth(2)), all);
    assert_eq!(listed(base.walk().max_depth(2)), all);
    let rest = names(&["open", "open/file"]);
    assert_eq!(found(base.rglob("*").exclude("locked")), rest);
    assert_eq!(listed(base.walk().exclude("locked/")), rest);
    set_mode(dir.join("open/locked"), 0o700);
}

/// Unmounts what was mounted there.
struct Mounted(PathBuf);

impl Mounted {
    /// Mounts with these arguments, or prints why that is impossible.
    fn new(arguments: &[&OsStr], at: PathBuf) -> Option<Mounted> {
        let output = Command::new("mount").args(arguments).arg(&at).output();
        if output.is_ok_and(|output| output.status.success()) {
            return Some(Mounted(at));
        }
        println!("skipped: nothing can be mounted");
        None
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn mounts_are_not_crossed() {
    let dir = Dir::new();
    for name in ["a/b", "mount", "a/bind", "deep/mount"] {
        fs::create_dir_all(dir.join(name)).unwrap();
    }
    dir.file("a/b/file", "x");
    let tmpfs = ["-t", "tmpfs", "tmpfs"].map(OsStr::new);
    let bind = [OsString::from("--bind"), dir.join("a/b").into()];
    let mounts = [
        Mounted::new(&tmpfs, dir.join("mount")),
        Mounted::new(&tmpfs, dir.join("deep/mount")),
        // It is the same filesystem, as `find` sees it.
        Mounted::new(&[&bind[0], &bind[1]], dir.join("a/bind")),
    ];
    if mounts.iter().any(Option::is_none) {
        return;
    }
    for name in ["mount", "deep/mount"] {
        fs::create_dir_all(dir.join(name).join("inner")).unwrap();
        dir.file(&format!("{name}/inner/file"), "x");
    }
    symlink("../../mount/inner", dir.join("a/b/to-inner")).unwrap();
    symlink(dir.path(), dir.join("mount/inner/back")).unwrap();
    symlink("../a", dir.join("deep/to-a")).unwrap();
    for start in ["", "mount", "deep/../deep", "a"] {
        let start = dir.join(start);
        let base = Path::new(&start);
        let Some(expected) = find(&start, "-xdev -mindepth 1") else {
            return;
        };
        assert_both(
            "-xdev",
            &base,
            &expected,
            (
                |glob: Glob| glob.same_file_system(true),
                |walk: Walk| walk.same_file_system(true),
            ),
        );
        let all = find(&start, "-mindepth 1").unwrap();
        assert_both(
            "all",
            &base,
            &all,
            (
                |glob: Glob| glob.same_file_system(false),
                |walk: Walk| walk.same_file_system(false),
            ),
        );
    }
    let base = Path::new(dir.path());
    assert!(listed(base.walk().same_file_system(true)).contains(&dir.join("a/bind/file")));
    // A name that is looked up leads no further than a pattern.
    assert_eq!(
        found(base.glob("mount/inner/file").same_file_system(true)),
        BTreeSet::new()
    );
    assert_eq!(
        found(base.glob("mount").same_file_system(true)),
        [dir.join("mount")].into()
    );
    // A link to another filesystem is not followed, one that stays is.
    let walk = || base.walk().follow_symlinks(true).same_file_system(true);
    let dirs = read(walk());
    assert!(dirs.contains(&dir.join("deep/to-a/b")), "{dirs:?}");
    let other = dir.join("mount");
    assert!(
        !dirs
            .iter()
            .any(|dir| dir.ends_with("to-inner") || dir.starts_with(&other)),
        "{dirs:?}"
    );
    let followed = found(
        base.rglob("*")
            .recurse_symlinks(true)
            .same_file_system(true),
    );
    assert_eq!(followed, listed(walk()));
    // A mount point is not opened.
    let witness = Witness::new(["mount", "deep/mount"].map(|name| dir.join(name)));
    for metadata in [false, true] {
        found(base.rglob("*").metadata(metadata).same_file_system(true));
        listed(base.walk().metadata(metadata).same_file_system(true));
    }
    assert_eq!(witness.seen(), 0);
    listed(base.walk());
    assert!(witness.seen() > 0);
}

/// The same without the right to mount: by a link.
#[test]
fn links_to_another_filesystem_are_not_followed() {
    let (dir, Some(there)) = (Dir::new(), common::elsewhere()) else {
        return;
    };
    fs::write(there.path().join("file"), "x").unwrap();
    fs::create_dir(dir.join("real")).unwrap();
    dir.file("real/file", "x");
    symlink(there.path(), dir.join("far")).unwrap();
    symlink("real", dir.join("near")).unwrap();
    let base = Path::new(dir.path());
    let expected: BTreeSet<_> = ["far", "near", "near/file", "real", "real/file"]
        .map(|name| dir.join(name))
        .into();
    for metadata in [false, true] {
        let walk = base.walk().follow_symlinks(true).metadata(metadata);
        assert_eq!(listed(walk.same_file_system(true)), expected);
        let glob = base.rglob("*").recurse_symlinks(true).metadata(metadata);
        assert_eq!(found(glob.same_file_system(true)), expected);
    }
    // The search begins where the link leads to.
    let far = &base / "far";
    assert_eq!(
        listed(far.walk().same_file_system(true)),
        [dir.join("far/file")].into()
    );
}

#[test]
fn a_panic_of_prune_resumes_in_the_consumer() {
    let dir = Dir::new();
    fs::create_dir(dir.join("inner")).unwrap();
    let prune = |_: &Path| -> bool { panic::resume_unwind(Box::new("on purpose")) };
    let mut glob = Path::new(dir.path()).rglob("*").prune(prune);
    let mut walk = Path::new(dir.path()).walk().prune(prune);
    let runs: [&mut dyn FnMut(); 2] = [
        &mut || while block_on(glob.next()).is_some() {},
        &mut || while block_on(walk.next()).is_some() {},
    ];
    for run in runs {
        let panic = panic::catch_unwind(AssertUnwindSafe(&mut *run)).unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"on purpose"));
        run();
    }
}

/// Futures that wait for the next item are dropped after one poll, again and again. Nothing is lost.
#[test]
fn dropped_at_every_poll() {
    let tree = Tree::new();
    let base = Path::new(tree.root());
    let glob = || {
        let glob = base
            .rglob("*")
            .max_depth(6)
            .exclude("a/")
            .same_file_system(true);
        glob.prune(|dir| dir.ends_with("names"))
    };
    let expected = found(glob());
    for _ in 0..20 {
        let (mut glob, mut seen, mut dropped) = (glob(), BTreeSet::new(), 0);
        loop {
            match block_on(poll_once(glob.next())) {
                None => dropped += 1,
                Some(None) => break,
                Some(Some(path)) => assert!(seen.insert(PathBuf::from(path.unwrap()))),
            }
        }
        assert_eq!(seen, expected, "{dropped} dropped");
    }
    // The stream itself is dropped after each number of items, and leaves nothing open.
    for items in 0..expected.len() {
        let mut glob = glob();
        for _ in 0..items {
            assert!(block_on(glob.next()).is_some());
        }
    }
    common::until("no directory is open", || {
        !common::descriptors()
            .iter()
            .any(|path| path.starts_with(tree.root()))
    });
}

/// A search that is bounded holds no more of a large tree than another one, and ends soon.
#[test]
fn a_whole_filesystem_is_bounded() {
    let Some(mounted) = tmpfs("16m") else { return };
    for number in 0..2000 {
        fs::create_dir(mounted.path().join(number.to_string())).unwrap();
        fs::write(mounted.path().join(format!("{number}/file")), "").unwrap();
    }
    let base = Path::new(mounted.path());
    assert_eq!(
        found(base.rglob("*").max_depth(1).same_file_system(true)).len(),
        2000
    );
    assert_eq!(
        found(base.rglob("*").exclude("1*")).len(),
        2 * (2000 - 1111)
    );
    assert_eq!(
        found(base.rglob("file").prune(|dir| dir.ends_with("7"))).len(),
        1999
    );
}
